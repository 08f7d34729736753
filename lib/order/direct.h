/* SPDX-License-Identifier: MIT */
/*
 * direct.h - the fast path where events are only counted: they are read straight from the
 * bytes of their batches and change the state by the rules of fast.h, but nothing is
 * stored about them, except for those of chosen types. Private to lib; stands on merge.h.
 *
 * The cursor of a thread stands after the time of its next event, whose arguments are read
 * when its turn comes. That is later than Go's reader reads them; so this goes no further
 * than where all events can be decoded (cursor.direct_end). All that is unusual is left to
 * tt_merge_advance().
 */
#ifndef TT_ORDER_DIRECT_H
#define TT_ORDER_DIRECT_H

#include "order/merge.h"

/* With more arguments than this, a type is not `direct`. */
#define TT_DIRECT_MAX_ARGS 5

/* Events that were counted, and are handed out, too: those of types with TT_FAST_KEPT. */
#define TT_KEPT_MAX 64
struct tt_kept {
	unsigned next, n;       /* the first that was not handed out, and the end */
	struct tt_event events[TT_KEPT_MAX];
	uint64_t args[TT_KEPT_MAX][TT_MAX_ARGS + 1]; /* [TT_ARG_ZERO] is 0 */
};

/* Where the events of a cursor are copied to, with times in ticks of a nanosecond. */
struct tt_copy {
	uint8_t *at, *room_end; /* before room_end, an event fits, and COPY_NBYTES more */
	int64_t last_ns;        /* that of the event before, or of the batch */
};

/* What is known of a goroutine or a P beside its state, by its slot in the order. */
struct tt_noted {
	uint32_t skipped;       /* numbers of its events that the copy leaves out */
	uint32_t stack;         /* of a goroutine's last stop; 0: none was noted */
};

/* Table entries that copied events name, by id: those below the ends that the order has. */
struct tt_used_ids {
	bool *stacks, *strings;
};

/*
 * An event of one of the commonest types, TT_FAST_GO_START to TT_FAST_SYSCALL_END, as it is
 * handed out for callers that want little of it: all that cannot be found out later, in one
 * line of the processor's cache. Of its arguments those are set that its type has.
 */
struct tt_brief_event {
	int64_t raw_time_ns;
	int64_t thread, proc, goroutine;        /* the context before it */
	uint64_t args[3];
	uint64_t place;                         /* tt_brief_event_offset() and ..._type() */
};

static inline uint64_t tt_brief_event_offset(const struct tt_brief_event *ev)
{
	return ev->place >> 8;
}

static inline uint8_t tt_brief_event_type(const struct tt_brief_event *ev)
{
	return (uint8_t)ev->place;
}

/* Where the next one is to be stored, and the end of the room for them. */
struct tt_brief_room {
	struct tt_brief_event *next, *end;
};

/* The events counted so far. */
struct tt_tally {
	int64_t last_ns;        /* the time of the last one, as it is handed out */
	uint64_t nevents;
	struct tt_kept *kept;   /* NULL: no type is TT_FAST_KEPT */
	/* for tt_direct_note() and tt_direct_copy(): */
	struct tt_noted *gs, *ps;
	const struct tt_used_ids *used;
	bool renumbers;         /* something was skipped */
	struct tt_brief_room briefs;    /* for tt_direct_store() */
};

/*
 * Counts events of the earliest threads, as long as their types are `direct` and nothing
 * is wrong with them. 0: a CPU sample comes next, no event is left, or the next one is to
 * be tried by tt_merge_advance(), be it for want of room among those that are kept. Or the
 * error of tt_merge_advance() that an event cannot be decoded. There are events left, and none
 * is queued.
 */
int tt_direct_run(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o,
		  struct tt_error *err);

/* The same, and notes the stack of each goroutine that stops or begins a syscall. */
int tt_direct_note(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o,
		   struct tt_error *err);
/* The same as tt_direct_run(), and copies each event; one for which there is no room in the
 * copy of its cursor is to be tried by tt_merge_advance(). */
int tt_direct_copy(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o,
		   struct tt_error *err);

/* The same, where all types that are `direct` have a rule with a shape: stores each event as a
 * brief, if there is room. */
int tt_direct_store(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o,
		    struct tt_error *err);

/*
 * The root has to wait, and the heap is sorted: counts events of the second thread that
 * change nothing the root could wait for, as long as no other thread has one as early. *any:
 * whether there was one. Errors as above.
 */
int tt_direct_run_second(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o, bool *any,
			 struct tt_error *err);

#endif
