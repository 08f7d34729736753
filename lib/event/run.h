/* SPDX-License-Identifier: MIT */
/*
 * run.h - the events of a generation in runs: most of them in few bytes (struct tt_brief_event), for
 * callers that want little of each. A run can be ahead of its caller: then a thread of its own
 * orders the events and stores them in a ring of blocks, while the caller has to do with
 * those before. All else, such as loading the next generation, is done by the caller's thread, so
 * that what it gets does not depend on the other one. Stands on ahead.h.
 */
#ifndef TT_EVENT_RUN_H
#define TT_EVENT_RUN_H

#include "event/ahead.h"

/* Where the caller is. All is zero before tt_event_run_begin(). */
struct tt_event_run {
	struct tt_mem *mem;
	struct tt_pass *pass;
	const struct tt_event_block *block;     /* at hand, or NULL */
	/* its briefs up to the next of its others, or to its end */
	const struct tt_brief_event *next, *end;
	unsigned nothers;       /* of the others, so many were handed out */
	int64_t last_ns;        /* time of the event handed out last */
	uint64_t nevents_begun; /* of the trace, when the run began */
	struct tt_event made;   /* a brief as an event */
	struct tt_event_block own; /* without a thread */
	struct tt_ahead *ahead; /* NULL: there never was a thread */
	bool is_ahead;          /* the thread has the pass */
	uint64_t ahead_nbytes;  /* of events in a generation, from which a thread is worth it */
};

/* NULL: no memory. `mem` is that of the pass. */
struct tt_event_run *tt_event_run_new(struct tt_mem *mem, struct tt_pass *pass);
/* NULL is a no-op. */
void tt_event_run_free(struct tt_event_run *run);
/* The pass has begun a generation. With `ahead`, a thread is to order it, if that is worth it and there
 * can be one. */
void tt_event_run_begin(struct tt_event_run *run, bool ahead);
/*
 * The next event, which lives until the next call: 0; 1: there is none; or codes 50 to 70 with the
 * error of the pass. After that the pass is the caller's again.
 */
int tt_event_run_next(struct tt_event_run *run, const struct tt_event **ev);
/* The caller wants no more events of the generation; the pass is its own again, somewhere on the way. */
void tt_event_run_stop(struct tt_event_run *run);
/* No event of the generation is left. Waits for the thread. */
bool tt_event_run_done(struct tt_event_run *run);
/* How many events of the trace were handed out. */
uint64_t tt_event_run_nevents(const struct tt_event_run *run);

/* The time of a brief as an event, after an event at this time. */
static inline int64_t tt_event_run_time_of(const struct tt_brief_event *ev, int64_t last_ns)
{
	return tt_ns_after(ev->raw_time_ns, last_ns);
}

#endif
