/* SPDX-License-Identifier: MIT */
/*
 * synth_idle.c - goroutines and processors that no thread has become as required, and so do
 * the collector and tasks: one spare thread does what has to happen. Stands on synth.h.
 */
#include "edit/synth_impl.h"

/* ---- the spare thread */

static int64_t spare(struct tt_synth *s)
{
	const struct tt_order *o = s->order;

	for (size_t i = 0; i < o->ms.n && s->spare == TT_NONE; i++)
		if (!(i < s->kept.n && s->kept.at[i]) && o->ms.at[i].p == TT_NONE &&
		    o->ms.at[i].g == TT_NONE)
			s->spare = o->ms.at[i].id;
	if (s->spare == TT_NONE)
		s->spare = tt_synth_new_thread(s);
	return s->spare;
}

static int64_t spare_with_p(struct tt_synth *s)
{
	int64_t thread = spare(s);
	const struct tt_m_state *m = tt_order_m(s->order, thread);

	if (m == NULL || m->p == TT_NONE)
		tt_synth_start_p(s, thread, tt_synth_idle_p(s));
	return thread;
}

/* It leaves its P, so that another thread can have that. */
static void rest_spare(struct tt_synth *s)
{
	const struct tt_m_state *m = s->spare == TT_NONE ? NULL : tt_order_m(s->order, s->spare);

	if (m != NULL && m->p != TT_NONE)
		tt_synth_stop_p(s, s->spare);
}

/* ---- goroutines */

static void unblock(struct tt_synth *s, int64_t g)
{
	int64_t thread = spare_with_p(s);

	tt_synth_restate_g(s, g, thread);
	tt_synth_add(s, thread, TT_EV_GO_UNBLOCK, 3, (uint64_t)g, tt_synth_next_g_seq(s, g),
		     UINT64_C(0));
}

/* To where it must be, or from where it can start. */
static void move_g(struct tt_synth *s, const struct tt_entry_g *e)
{
	const struct tt_g_state *g = tt_order_g(s->order, e->id);
	bool must_run = tt_synth_g_scopes_differ(s, g), waits = e->status == TT_G_WAITING;

	if (g->status == TT_G_WAITING && (must_run || !waits)) {
		unblock(s, e->id);
		g = tt_order_g(s->order, e->id);
	}
	if (g->status == TT_G_RUNNABLE && (must_run || waits || e->status == TT_ENTRY_ABSENT)) {
		int64_t thread = spare_with_p(s);

		tt_synth_start_g(s, thread, e->id);
		tt_synth_stop_running(s, thread, e->id);
	}
}

/* Whether the trace's version has events of this type. */
static bool has_type(const struct tt_synth *s, enum tt_event_type type)
{
	return tt_specs_event(s->order->specs, type)->since <= s->order->version;
}

/* A goroutine that waits is created so where the version can say that; else it has to run. */
static void create_g(struct tt_synth *s, const struct tt_entry_g *e)
{
	bool waits = e->status == TT_G_WAITING;
	bool blocked = waits && has_type(s, TT_EV_GO_CREATE_BLOCKED);

	if (e->status == TT_ENTRY_ABSENT)
		return;
	if (e->status == TT_G_BAD)
		tt_synth_give_up(s);
	tt_synth_add(s, spare_with_p(s), blocked ? TT_EV_GO_CREATE_BLOCKED : TT_EV_GO_CREATE, 3,
		     (uint64_t)e->id, UINT64_C(0), UINT64_C(0));
	if (!s->failed && (e->assist || (waits && !blocked)))
		move_g(s, e);
}

static void move_gs(struct tt_synth *s)
{
	for (size_t i = 0; i < s->entry->gs.n && !s->failed; i++) {
		const struct tt_entry_g *e = &s->entry->gs.at[i];
		const struct tt_g_state *g = tt_order_g(s->order, e->id);

		if (g == NULL)
			create_g(s, e);
		else if (g->status == TT_G_WAITING || g->status == TT_G_RUNNABLE)
			move_g(s, e);
	}
}

/* ---- processors */

/* A sweep begins and ends on a thread that takes the P. */
static void move_sweep(struct tt_synth *s, const struct tt_entry_p *e)
{
	int64_t thread = spare(s);

	rest_spare(s);
	tt_synth_start_p(s, thread, e->id);
	if (e->sweep)
		tt_synth_add(s, thread, TT_EV_GC_SWEEP_BEGIN, 1, UINT64_C(0));
	else
		tt_synth_add(s, thread, TT_EV_GC_SWEEP_END, 2, UINT64_C(0), UINT64_C(0));
	rest_spare(s);
}

static void move_ps(struct tt_synth *s)
{
	for (size_t i = 0; i < s->entry->ps.n && !s->failed; i++) {
		const struct tt_entry_p *e = &s->entry->ps.at[i];
		const struct tt_p_state *p = tt_order_p(s->order, e->id);

		/* its status makes it known, but what it is in the middle of has to have begun */
		if (p == NULL && e->sweep) {
			tt_synth_add(s, TT_NONE, TT_EV_PROC_STATUS, 2, (uint64_t)e->id,
				     (uint64_t)TT_P_IDLE);
			p = tt_order_p(s->order, e->id);
		}
		if (p == NULL)
			continue;
		if (p->status == TT_P_ABANDONED && e->status != TT_P_ABANDONED) {
			int64_t thread = spare_with_p(s);

			tt_synth_restate_p(s, e->id, thread);
			tt_synth_add(s, thread, TT_EV_PROC_STEAL, 3, (uint64_t)e->id,
				     tt_synth_next_p_seq(s, e->id), (uint64_t)thread);
		}
		p = tt_order_p(s->order, e->id);
		if (!s->failed && tt_synth_p_scopes_differ(s, p) && p->status == TT_P_IDLE)
			move_sweep(s, e);
	}
}

/* ---- all of it */

void tt_synth_move_idle(struct tt_synth *s)
{
	move_gs(s);
	/* none of these goroutines had to run for a reason of its own */
	if (tt_synth_shared_differs(s)) {
		int64_t thread = spare_with_p(s);

		tt_synth_start_new_g(s, thread);
		tt_synth_lead_shared(s, thread);
		tt_synth_add(s, thread, TT_EV_GO_DESTROY, 0);
	}
	rest_spare(s);
	move_ps(s);
	rest_spare(s);
}
