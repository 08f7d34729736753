/* SPDX-License-Identifier: MIT */
/*
 * declared.h - events with a declared order, for the files that try events. Private to
 * lib/order; stands on order.h.
 */
#ifndef TT_ORDER_DECLARED_H
#define TT_ORDER_DECLARED_H

#include "order/order.h"

/*
 * A rule as those of fast.h, of a simple one (subject.h): lets it happen, or changes nothing
 * and returns false.
 */
bool tt_fast_order(struct tt_order *o, unsigned type, const uint64_t *args);

/*
 * An event just happened in this context: what waits for its i-th order waits for *next, and
 * if *anew, for number 1 too. False: nothing does.
 */
bool tt_declared_awaited(struct tt_order *o, const struct tt_event_def *def, unsigned i,
			 const uint64_t *args, const struct tt_context *context,
			 struct tt_wait *next, bool *anew);

#endif
