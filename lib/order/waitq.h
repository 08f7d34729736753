/* SPDX-License-Identifier: MIT */
/*
 * waitq.h - many threads whose heads wait. Go's reader sorts all threads for each event
 * that the earliest one holds up, and tries them one by one. Here a head that waits
 * sleeps until an event names what it waits for, so that an event costs as much as those
 * that it wakes. The order of events is the same. Private to lib/order; part of merge.h.
 *
 * That holds while all times differ: then the next event is that of the earliest head
 * that can advance, however Go's reader keeps its threads. Of two equal times, the first
 * is the one that its heap has first. So a log keeps what advanced since Go's reader last
 * sorted; when a time comes that another head has, the log is replayed on the heap itself,
 * which goes on from there as Go's.
 */
#ifndef TT_ORDER_WAITQ_H
#define TT_ORDER_WAITQ_H

#include "base/idmap.h"
#include "order/cursor.h"
#include "order/heap.h"

/* What is known of one cursor. */
struct tt_waiter {
	uint32_t at;            /* its place in `all` */
	uint32_t next;          /* the next one that waits for the same, or TT_IDMAP_NONE */
};

/* An event of a cursor advanced: its time, and that of the next one. */
struct tt_waitq_entry {
	uint32_t cursor;
	bool ended;             /* there is no next one */
	int64_t before, after;
};

struct tt_waitq {
	bool on;                /* the next ones are: */
	struct tt_cursors *cursors;
	struct tt_cursor_heap *heap;
	size_t least;           /* with fewer threads, trying all of them costs no more */
	/* of.index is that of the cursor; `all` and `awake` are heaps with room for all */
	TT_ARRAY(struct tt_keyed) all, awake;
	TT_ARRAY(struct tt_waiter) waiters;
	struct tt_idmap sleepers; /* by what they wait for: the first cursor that does */
	uint32_t pollers;       /* the first of those that are tried again at each event */
	struct tt_idmap times;  /* of all heads */
	TT_ARRAY(struct tt_waitq_entry) log; /* since Go's reader sorted */
	/* Where times are often equal, beginning does not pay: it is put off ever longer. */
	size_t nadvanced;       /* events since it began */
	unsigned nput_off;      /* how often not to begin from now on */
	unsigned backoff;       /* and the next time */
};

struct tt_order;

void tt_waitq_init(struct tt_waitq *w);
void tt_waitq_release(struct tt_waitq *w, struct tt_mem *mem);

/*
 * The root of the heap, which was just sorted, has to wait. True: there are enough
 * others, of different times, and tt_waitq_advance() is to be called from now on, while
 * `on` is set; of the heap only n and the key of its root are kept.
 */
bool tt_waitq_begin(struct tt_waitq *w, struct tt_cursors *cursors, struct tt_cursor_heap *heap,
		    const struct tt_order *o);
/* As tt_merge_advance_slowly(). */
int tt_waitq_advance(struct tt_waitq *w, struct tt_order *o, struct tt_error *err);

#endif
