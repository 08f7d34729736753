/* SPDX-License-Identifier: MIT */
/* lead.c - events that lead to a generation from the state before it. Stands on edit. */
#include "base/error.h"
#include "repair/repair.h"

int tt_repair_lead(struct tt_repair *r, struct tt_made_entries *made)
{
	const struct tt_generation *g = made->strings.gen;
	const struct tt_synth_start start = {&r->led, r->last_ns, tt_made_entries_strings(made),
					     false};

	if (!r->start.begun)
		return TT_REPAIR_GO_ON;
	if (!tt_entry_find(&r->entry, &r->probe, g, &r->start) ||
	    !tt_order_copy(&r->led, &r->start))
		return tt_repair_no_memory(r);
	tt_order_begin_generation(&r->led, g);
	if (tt_synth_build(&r->synth, &start, &r->entry) && r->synth.events.n != 0)
		return TT_OK;
	r->synth.events.n = 0;
	return r->synth.no_memory ? tt_repair_no_memory(r) : TT_REPAIR_GO_ON;
}

/* Whether a thread has a goroutine or a P that does not run any more. */
static bool is_torn(const struct tt_order *o)
{
	for (size_t i = 0; i < o->ms.n; i++) {
		const struct tt_m_state *m = &o->ms.at[i];
		const struct tt_g_state *g = m->g == TT_NONE ? NULL : tt_order_g(o, m->g);
		const struct tt_p_state *p = m->p == TT_NONE ? NULL : tt_order_p(o, m->p);

		if ((g != NULL && g->status != TT_G_RUNNING && g->status != TT_G_SYSCALL) ||
		    (p != NULL && p->status == TT_P_IDLE))
			return true;
	}
	return false;
}

bool tt_repair_tears_state(const struct tt_repair *r, uint64_t number)
{
	bool lost = r->lost.uncounted || r->lost.events != 0 || tt_repair_missing_before(r, number) != 0;

	return lost && is_torn(&r->pass.order) && !is_torn(&r->start);
}
