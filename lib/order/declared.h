/* SPDX-License-Identifier: MIT */
/*
 * declared.h - what an event with a declared order can let happen, for waitq.c. Private to
 * lib/order; stands on order.h.
 */
#ifndef TT_ORDER_DECLARED_H
#define TT_ORDER_DECLARED_H

#include "order/order.h"

/*
 * The events that wait for the i-th order of one that just happened, in this context: those
 * that wait for this number of `*id`, and if `*anew`, for number 1. False: none do.
 */
bool tt_declared_awaited(struct tt_order *o, const struct tt_event_def *def, unsigned i,
			 const uint64_t *args, const struct tt_context *context,
			 struct tt_wait *next, bool *anew);

#endif
