/* SPDX-License-Identifier: MIT */
/*
 * direct.h - the fast path where events are only counted: they are read straight from the
 * bytes of their batches and change the state by the rules of fast.h, but nothing is
 * stored about them. Private to lib; stands on merge.h.
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

/* The events counted so far. */
struct tt_tally {
	int64_t last_ns;        /* the time of the last one, as it is handed out */
	uint64_t nevents;
};

/*
 * Counts events of the earliest threads, as long as their types are `direct` and nothing
 * is wrong with them. 0: a CPU sample comes next, no event is left, or the next one is to
 * be tried by tt_merge_advance(). Or the error of tt_merge_advance() that an event cannot
 * be decoded. There are events left, and none is queued.
 */
int tt_direct_run(struct tt_tally *tally, struct tt_merge *m, struct tt_order *o,
		  struct tt_error *err);

#endif
