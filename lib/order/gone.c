/* SPDX-License-Identifier: MIT */
/*
 * gone.c - a goroutine ends: its record is removed, and what is only known of goroutines
 * that are there. Stands on keyed.c and subject.c.
 */
#include "order/handlers.h"
#include "order/keyed.h"
#include "order/subject.h"

static void free_scopes(struct tt_order *o, uint32_t slot)
{
	struct tt_open_scopes *e = &o->open_scopes.at[slot];

	for (size_t i = 0; i < e->regions.n; i++)
		tt_shared_string_drop(&o->names, e->regions.at[i].name);
	e->regions.n = e->ranges.n = 0;
	tt_keyed_drop(o, e);
	e->next_free = o->free_scopes;
	o->free_scopes = slot;
}

void tt_remove_g(struct tt_order *o, struct tt_g_state *g)
{
	uint32_t slot = (uint32_t)(g - o->gs.at);

	if (o->on_assume != NULL)
		o->on_assume->g_removed(o, g);
	tt_subjects_g_ended(o, g->id);
	if (g->scopes != TT_NO_SLOT)
		free_scopes(o, g->scopes);
	tt_idmap_remove(&o->g_ids, (uint64_t)g->id);
	g->status = TT_G_GONE;
	g->scopes = o->free_g;
	o->free_g = slot;
}
