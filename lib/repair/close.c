/* SPDX-License-Identifier: MIT */
/* close.c - what a broken generation needs at its end so that another one can follow. */
#include "base/error.h"
#include "repair/repair.h"

/* The Ps whose status a batch says. False: no memory. */
static bool find_ps(struct tt_repair *r, const struct tt_decode_plan *plan,
		    const struct tt_event_batch *b)
{
	const uint8_t *p = b->data, *end = p + b->size;
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end && (p = tt_raw_event_decode(plan, p, end, &ev, &dt)) != NULL) {
		if (ev.type != TT_EV_PROC_STATUS)
			continue;
		if (!TT_ARRAY_ROOM(r->mem, &r->next_ps))
			return false;
		r->next_ps.at[r->next_ps.n++] = (int64_t)ev.args[0];
	}
	return true;
}

/*
 * Of the first generation that is handed out: the Ps of the one after it. Go states all Ps in each
 * generation, and a later one may have no new ones.
 */
static bool find_next_ps(struct tt_repair *r)
{
	const struct tt_generation *g = tt_candidate_gen(r, r->next);
	uint32_t doubted = r->next->whole ? TT_NO_BATCH : r->next->salvage.doubt.batch;
	struct tt_decode_plan plan;

	r->next_ps.n = 0;
	if (r->any)
		return true;
	tt_decode_plan_init(&plan, g->specs);
	for (size_t i = 0; i < g->batches.n; i++)
		if (i != doubted && !find_ps(r, &plan, &g->batches.at[i]))
			return false;
	return true;
}

int tt_repair_close(struct tt_repair *r)
{
	struct tt_salvage *s = &r->cur->salvage;
	const struct tt_synth_start start = {&r->pass.order, s->last_ns,
					     tt_made_entries_strings(&s->made), false};

	if (!r->next->loaded || r->next->none)
		return TT_OK;
	if (!find_next_ps(r) || !tt_synth_close(&r->ends, &start, r->next_ps.at, r->next_ps.n))
		return tt_fail(&r->err, tt_mem_code(r->mem), "no memory to repair a generation");
	return TT_OK;
}
