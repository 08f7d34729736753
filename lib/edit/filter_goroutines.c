/* SPDX-License-Identifier: MIT */
/* filter_goroutines.c - the goroutines that stay, and why. Stands on filter.h. */
#include "edit/filter.h"

int tt_filter_include(struct tt_filter *f, int64_t g, enum tt_filter_reason why)
{
	if (g == TT_NONE || tt_idmap_find(&f->g_ids, (uint64_t)g) != TT_IDMAP_NONE)
		return TT_OK;
	if (!TT_ARRAY_ROOM(f->mem, &f->gs) ||
	    !tt_idmap_add(&f->g_ids, (uint64_t)g, (uint32_t)f->gs.n))
		return tt_writer_no_memory(f->w);
	f->gs.at[f->gs.n++] = (struct tt_filter_g){g, (uint8_t)why};
	return TT_OK;
}

bool tt_filter_goroutine(const struct tt_filter *f, size_t i, int64_t *id,
			 enum tt_filter_reason *why)
{
	if (i >= f->gs.n)
		return false;
	*id = f->gs.at[i].id;
	*why = (enum tt_filter_reason)f->gs.at[i].why;
	return true;
}
