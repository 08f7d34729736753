/* SPDX-License-Identifier: MIT */
/*
 * synth_scopes.c - what is open and must not be, and the reverse: ranges and regions of a
 * goroutine or P, the collector, tasks. Stands on synth.h.
 */
#include "edit/synth_impl.h"

/* The collector's sequence is led on over so many events at most. */
#define MAX_GC_EVENTS (1 << 18)

/* ---- ranges and regions */

bool tt_synth_g_scopes_differ(const struct tt_synth *s, const struct tt_g_state *g)
{
	const struct tt_entry_g *e = tt_entry_g(s->entry, g->id);
	const struct tt_open_scopes *scopes = tt_order_scopes(s->order, g->scopes);

	if (e == NULL || e->status == TT_ENTRY_ABSENT)
		return false;
	return tt_order_is_range_open(s->order, g->scopes, TT_EV_GC_MARK_ASSIST_BEGIN) !=
		       e->assist ||
	       (!e->pause && tt_order_is_range_open(s->order, g->scopes, TT_EV_STW_BEGIN)) ||
	       (e->other_regions && scopes != NULL && scopes->regions.n != 0);
}

bool tt_synth_p_scopes_differ(const struct tt_synth *s, const struct tt_p_state *p)
{
	const struct tt_entry_p *e = tt_entry_p(s->entry, p->id);

	return e != NULL &&
	       tt_order_is_range_open(s->order, p->scopes, TT_EV_GC_SWEEP_BEGIN) != e->sweep;
}

static void end_regions(struct tt_synth *s, int64_t thread, int64_t g)
{
	const struct tt_synth_strings *strings = &s->start.strings;

	while (!s->failed) {
		const struct tt_open_scopes *scopes =
			tt_order_scopes(s->order, tt_order_g(s->order, g)->scopes);
		const struct tt_open_region *top;
		uint64_t name;

		if (scopes == NULL || scopes->regions.n == 0)
			return;
		top = &scopes->regions.at[scopes->regions.n - 1];
		if (!strings->id_of(strings->arg, (struct tt_str){top->name->bytes, top->name->len},
				    &name)) {
			tt_synth_give_up_memory(s);
			return;
		}
		tt_order_strings_grew(s->order);
		tt_synth_add(s, thread, TT_EV_USER_REGION_END, 3, top->task, name, UINT64_C(0));
	}
}

/* The name of a pause is looked up when it ends: it must mean something here. */
void tt_synth_end_pauses_of(struct tt_synth *s, int64_t thread, int64_t g)
{
	const struct tt_synth_strings *strings = &s->start.strings;

	while (!s->failed) {
		uint32_t slot = tt_order_g(s->order, g)->scopes;
		const struct tt_open_scopes *scopes = tt_order_scopes(s->order, slot);

		if (!tt_order_is_range_open(s->order, slot, TT_EV_STW_BEGIN))
			return;
		for (size_t i = 0; i < scopes->ranges.n; i++)
			if (!strings->define(strings->arg, scopes->ranges.at[i].kind))
				tt_synth_give_up_memory(s);
		tt_order_strings_grew(s->order);
		tt_synth_add(s, thread, TT_EV_STW_END, 0);
	}
}

/* ---- the collector and tasks */

/* Leads the collector's sequence on to what is required. Where a generation is lost the
 * collector may have run several times. */
static void lead_gc(struct tt_synth *s, int64_t thread)
{
	const struct tt_order *o = s->order;
	uint64_t target = s->entry->gc_seq;
	bool running = s->entry->gc_running;

	if (!s->entry->has_gc)
		return;
	if (o->gc_state == TT_GC_UNDETERMINED) {
		if (running)
			tt_synth_add(s, thread, TT_EV_GC_BEGIN, 2, target, UINT64_C(0));
		return;
	}
	if (target - o->gc_seq > MAX_GC_EVENTS)
		tt_synth_give_up(s);
	while (!s->failed && o->gc_seq != target) {
		uint64_t left = target - o->gc_seq, next = o->gc_seq + 1;
		bool runs = o->gc_state == TT_GC_RUNNING;

		/* an even number of changes is left if it is to be as it is now */
		if (!runs)
			tt_synth_add(s, thread, TT_EV_GC_BEGIN, 2, next, UINT64_C(0));
		else if ((left % 2 == 0) == running)
			tt_synth_add(s, thread, TT_EV_GC_END, 1, next);
		else
			tt_synth_add(s, thread, TT_EV_GC_ACTIVE, 1, next);
	}
	if ((o->gc_state == TT_GC_RUNNING) != running)
		tt_synth_give_up(s);
}

void tt_synth_lead_shared(struct tt_synth *s, int64_t thread)
{
	const struct tt_entry *e = s->entry;

	if (s->shared_done)
		return;
	s->shared_done = true;
	lead_gc(s, thread);
	for (size_t i = 0; i < e->absent_tasks.n; i++)
		if (tt_order_is_task_open(s->order, e->absent_tasks.at[i]))
			tt_synth_add(s, thread, TT_EV_USER_TASK_END, 2, e->absent_tasks.at[i],
				     UINT64_C(0));
}

bool tt_synth_shared_differs(const struct tt_synth *s)
{
	const struct tt_order *o = s->order;
	const struct tt_entry *e = s->entry;

	if (s->shared_done)
		return false;
	if (e->has_gc &&
	    (o->gc_seq != e->gc_seq || (o->gc_state == TT_GC_RUNNING) != e->gc_running) &&
	    (o->gc_state != TT_GC_UNDETERMINED || e->gc_running))
		return true;
	for (size_t i = 0; i < e->absent_tasks.n; i++)
		if (tt_order_is_task_open(o, e->absent_tasks.at[i]))
			return true;
	return false;
}

/* ---- before a goroutine stops */

/* What the goroutine that runs on the thread has to end and begin. */
static void lead_running(struct tt_synth *s, int64_t thread, int64_t g)
{
	const struct tt_entry_g *e = tt_entry_g(s->entry, g);

	if (s->failed)
		return;
	if (tt_synth_shared_differs(s))
		tt_synth_lead_shared(s, thread);
	if (s->failed || e == NULL || e->status == TT_ENTRY_ABSENT)
		return;
	if (e->other_regions)
		end_regions(s, thread, g);
	if (!e->pause)
		tt_synth_end_pauses_of(s, thread, g);
	if (s->failed)
		return;
	if (tt_order_is_range_open(s->order, tt_order_g(s->order, g)->scopes,
				   TT_EV_GC_MARK_ASSIST_BEGIN) == e->assist)
		return;
	if (e->assist)
		tt_synth_add(s, thread, TT_EV_GC_MARK_ASSIST_BEGIN, 1, UINT64_C(0));
	else
		tt_synth_add(s, thread, TT_EV_GC_MARK_ASSIST_END, 0);
}

void tt_synth_stop_running(struct tt_synth *s, int64_t thread, int64_t g)
{
	const struct tt_entry_g *e = tt_entry_g(s->entry, g);

	lead_running(s, thread, g);
	if (e != NULL && e->status == TT_ENTRY_ABSENT)
		tt_synth_add(s, thread, TT_EV_GO_DESTROY, 0);
	else if (e != NULL && e->status == TT_G_WAITING)
		tt_synth_add(s, thread, TT_EV_GO_BLOCK, 2, UINT64_C(0), UINT64_C(0));
	else
		tt_synth_add(s, thread, TT_EV_GO_STOP, 2, UINT64_C(0), UINT64_C(0));
}
