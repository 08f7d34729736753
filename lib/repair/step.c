/* SPDX-License-Identifier: MIT */
/*
 * step.c - one step of the ordering, as a call: what is inlined for the reader's
 * speed would only make this layer large. Stands on order.
 */
#include "order/merge.h"
#include "repair/salvage.h"

int tt_salvage_advance(struct tt_merge *merge, struct tt_order *order, struct tt_error *err)
{
	return tt_merge_advance(merge, order, err);
}

enum tt_advance tt_salvage_try(struct tt_order *order, int64_t thread, struct tt_raw_event *ev)
{
	uint32_t slot = TT_NO_SLOT;

	return tt_order_try(order, thread, &slot, ev);
}
