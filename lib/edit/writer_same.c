/* SPDX-License-Identifier: MIT */
/* writer_same.c - whether two orders know the same, and may. Stands on writer_alone.h. */
#include "edit/writer_alone.h"

static bool has_same_threads(const struct tt_order *mine, const struct tt_order *o)
{
	for (size_t i = 0; i < o->ms.n; i++) {
		const struct tt_m_state *theirs = &o->ms.at[i], *m = tt_order_m(mine, theirs->id);

		if (m == NULL ? theirs->p != TT_NONE || theirs->g != TT_NONE
			      : theirs->p != m->p || theirs->g != m->g)
			return false;
	}
	return true;
}

bool tt_writer_has_same_states(const struct tt_order *mine, const struct tt_order *o)
{
	if (mine->g_ids.count != o->g_ids.count || mine->ps.n != o->ps.n ||
	    !has_same_threads(mine, o))
		return false;
	for (size_t i = 0; i < o->gs.n; i++) {
		const struct tt_g_state *theirs = &o->gs.at[i], *g;

		if (theirs->status == TT_G_GONE)
			continue;
		g = tt_order_g(mine, theirs->id);
		if (g == NULL || g->status != theirs->status)
			return false;
	}
	for (size_t i = 0; i < o->ps.n; i++) {
		const struct tt_p_state *p = tt_order_p(mine, o->ps.at[i].id);

		if (p == NULL || p->status != o->ps.at[i].status)
			return false;
	}
	return true;
}

bool tt_writer_is_world_stopped(const struct tt_writer *w)
{
	const struct tt_order *o = &w->order;

	for (size_t i = 0; i < o->gs.n; i++)
		if (o->gs.at[i].status != TT_G_GONE &&
		    tt_order_is_range_open(o, o->gs.at[i].scopes, TT_EV_STW_BEGIN))
			return true;
	return false;
}

void tt_writer_forget_slots(struct tt_writer *w)
{
	for (size_t i = 0; i < w->streams.n; i++) {
		w->streams.at[i].m = TT_NO_SLOT;
		w->streams.at[i].p_stated = w->streams.at[i].g_stated = TT_NONE;
	}
}
