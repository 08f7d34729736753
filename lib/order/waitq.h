/* SPDX-License-Identifier: MIT */
/*
 * waitq.h - many threads whose heads wait. Go's reader sorts all threads for each event
 * that the earliest one holds up, and tries them one by one. Here a head that waits
 * sleeps until an event names what it waits for, so that an event costs as much as those
 * it wakes. What comes out is the same. Private to lib/order; part of merge.h.
 *
 * That holds while all times differ: then the next event is that of the earliest head
 * that can advance, however Go's reader keeps its threads. Where two times are equal it
 * depends on how they lie in its heap. So the steps since it last sorted are written
 * down; when a time comes that is there already, they are done again on the heap
 * itself, which goes on from there as Go's.
 */
#ifndef TT_ORDER_WAITQ_H
#define TT_ORDER_WAITQ_H

#include "base/idmap.h"
#include "base/sort.h"

/* What is known of one cursor. */
struct tt_waiter {
	uint32_t at;            /* its place in `all` */
	uint32_t next;          /* sleeps for the same, or TT_IDMAP_NONE */
};

/* The event that advanced on a cursor, and the time of the one that follows it. */
struct tt_waitq_step {
	uint32_t cursor;
	bool ended;             /* none follows */
	int64_t before, after;
};

struct tt_waitq {
	bool on;
	size_t least;           /* with fewer threads, trying all of them costs no more */
	/* of.index is that of the cursor; `all` and `awake` are heaps with room for all */
	TT_ARRAY(struct tt_keyed) all, awake;
	TT_ARRAY(struct tt_waiter) waiters;
	struct tt_idmap sleepers; /* by what they wait for: the first of those who do */
	uint32_t restless;      /* first of those who are tried again at each event */
	struct tt_idmap times;  /* of all heads */
	TT_ARRAY(struct tt_waitq_step) steps; /* since Go's reader sorted */
	/* Where times are often equal, beginning does not pay: ever more rarely then. */
	size_t nadvanced;       /* events since it began */
	unsigned pause, pauses; /* how often not to begin, now and the next time */
};

struct tt_merge;
struct tt_order;
struct tt_error;

void tt_waitq_init(struct tt_waitq *w);
void tt_waitq_release(struct tt_waitq *w, struct tt_mem *mem);

/*
 * The root of the merge's heap, which was just sorted, has to wait. True: there are
 * enough others, of different times, and tt_waitq_advance() is to be called from now on,
 * while `on` is set; of the heap only n and the key of its root are kept.
 */
bool tt_waitq_begin(struct tt_merge *m, const struct tt_order *o);
/* As tt_merge_advance_slowly(). */
int tt_waitq_advance(struct tt_merge *m, struct tt_order *o, struct tt_error *err);

#endif
