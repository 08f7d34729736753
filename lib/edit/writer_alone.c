/* SPDX-License-Identifier: MIT */
/* writer_alone.c - a window's generation written alone. Stands on writer_alone.h. */
#include "edit/writer_alone.h"

int tt_writer_begin_alone(struct tt_writer *w, const struct tt_pass *pass)
{
	struct tt_writer_alone *alone = tt_mem_zalloc(&w->mem, 1, sizeof(*alone));

	if (alone == NULL)
		return tt_writer_no_memory(w);
	w->alone = alone;
	alone->pass = pass;
	tt_assumptions_init(&alone->past, &w->mem);
	tt_assumptions_init(&alone->written, &w->mem);
	tt_order_speculate(&w->past.order, &alone->past);
	tt_order_speculate(&w->order, &alone->written);
	tt_order_start_alone(&w->past.order);
	tt_order_start_alone(&w->order);
	w->procs = TT_PROCS_BEFORE;
	/* the header is the other one's */
	w->begun = true;
	return TT_OK;
}

void tt_writer_end_alone(struct tt_writer *w)
{
	struct tt_writer_alone *alone = w->alone;

	if (alone == NULL)
		return;
	tt_order_end_alone(&w->past.order);
	tt_order_end_alone(&w->order);
	tt_assumptions_release(&alone->past);
	tt_assumptions_release(&alone->written);
	if (alone->begun)
		tt_writer_past_release(w);
	tt_mem_free(&w->mem, alone, sizeof(*alone));
	w->alone = NULL;
}

void tt_writer_alone_began(struct tt_writer *w, int64_t before_ns)
{
	struct tt_writer_alone *alone = w->alone;

	alone->begun = true;
	alone->before_ns = before_ns;
	alone->procs = w->procs;
	alone->nevents = alone->pass->nevents;
}

int tt_writer_alone_take_past(struct tt_writer *w)
{
	struct tt_order *o = &w->order;

	if (!tt_writer_has_same_states(o, &w->past.order))
		return tt_fail(&w->err, TT_E_ARGUMENT, "what is restated is not what was known");
	if (!tt_order_adopt(o, &w->past.order))
		return tt_writer_no_memory(w);
	/* (each status begins the numbers anew) */
	for (size_t i = 0; i < o->gs.n; i++)
		o->gs.at[i].seq.n = 0;
	for (size_t i = 0; i < o->ps.n; i++)
		o->ps.at[i].seq.n = 0;
	tt_writer_forget_slots(w);
	w->alone->number = w->number;
	w->alone->clock = w->clock;
	return TT_OK;
}
