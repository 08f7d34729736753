/* SPDX-License-Identifier: MIT */
/*
 * threads.c - the events of a thread in a broken generation: the table entries that they name,
 * where they end, and which cannot be. Stands on entries.h.
 */
#include "repair/salvage_impl.h"

bool tt_salvage_need_ids(struct tt_salvage *s, const struct tt_raw_event *ev)
{
	const struct tt_event_def *def = tt_specs_def(s->gen.specs, ev->type);

	for (unsigned i = 0; i < def->nstacks; i++)
		if (!tt_made_entries_need_stack(&s->made, ev->args[def->stack_args[i]]))
			return false;
	for (unsigned i = 0; i < def->nstrings; i++)
		if (!tt_made_entries_need_string(&s->made, ev->args[def->string_args[i]]))
			return false;
	return true;
}

void tt_salvage_end_thread(struct tt_salvage *s, struct tt_thread_batches *t, uint32_t before,
			   uint32_t i)
{
	for (uint32_t next; i != TT_NO_BATCH; i = next) {
		next = s->gen.batches.at[i].next;
		s->gen.batches.at[i].size = 0;
		s->gen.batches.at[i].next = TT_NO_BATCH;
	}
	if (before == TT_NO_BATCH)
		t->first = TT_NO_BATCH;
	else
		s->gen.batches.at[before].next = TT_NO_BATCH;
	t->last = before;
}

void tt_salvage_end_thread_in(struct tt_salvage *s, struct tt_thread_batches *t, uint32_t before,
			      uint32_t i)
{
	if (s->gen.batches.at[i].size == 0)
		tt_salvage_end_thread(s, t, before, i);
	else
		tt_salvage_end_thread(s, t, i, s->gen.batches.at[i].next);
}

void tt_salvage_cut(struct tt_salvage *s, struct tt_thread_batches *t, uint32_t batch,
		    uint32_t nbytes)
{
	uint32_t before = TT_NO_BATCH;

	for (uint32_t k = t->first; k != batch; k = s->gen.batches.at[k].next)
		before = k;
	s->gen.batches.at[batch].size = nbytes & 0xffffff;
	tt_salvage_end_thread_in(s, t, before, batch);
}

/* Whether an event says of no thread that a goroutine or P runs on it. */
static bool runs_nowhere(int64_t thread, const struct tt_raw_event *ev)
{
	if (thread != TT_NONE)
		return false;
	if (ev->type == TT_EV_GO_STATUS)
		return (ev->args[2] & 0xff) == TT_G_RUNNING || (ev->args[2] & 0xff) == TT_G_SYSCALL;
	return ev->type == TT_EV_PROC_STATUS && (ev->args[1] & 0xff) == TT_P_RUNNING;
}

bool tt_salvage_cannot_be(const struct tt_salvage *s, int64_t thread, const struct tt_raw_event *ev)
{
	return tt_specs_def(s->gen.specs, ev->type)->spec.since > s->version ||
	       runs_nowhere(thread, ev);
}
