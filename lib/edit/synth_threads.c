/* SPDX-License-Identifier: MIT */
/*
 * synth_threads.c - threads leave their goroutine and P where they must not go on with
 * them; later, threads take up what the next generation says that they have. Stands on
 * synth.h.
 */
#include "edit/synth_impl.h"

/* ---- threads leave what they have */

/* Whether a thread has what is required of it, and goes on with it. */
static bool is_kept(const struct tt_synth *s, const struct tt_m_state *m)
{
	if (m->p != TT_NONE) {
		const struct tt_entry_p *e = tt_entry_p(s->entry, m->p);
		const struct tt_p_state *p = tt_order_p(s->order, m->p);

		if (e == NULL || p == NULL || e->thread != m->id || e->status != p->status ||
		    (p->status != TT_P_RUNNING && p->status != TT_P_SYSCALL) ||
		    tt_synth_p_scopes_differ(s, p))
			return false;
	}
	if (m->g != TT_NONE) {
		const struct tt_entry_g *e = tt_entry_g(s->entry, m->g);
		const struct tt_g_state *g = tt_order_g(s->order, m->g);

		if (e == NULL || g == NULL || e->thread != m->id || e->status != g->status ||
		    (g->status != TT_G_RUNNING && g->status != TT_G_SYSCALL) ||
		    tt_synth_g_scopes_differ(s, g))
			return false;
	}
	return m->p != TT_NONE || m->g != TT_NONE;
}

static bool has_thread_with_g(const struct tt_synth *s, int64_t g)
{
	for (size_t i = 0; i < s->order->ms.n; i++)
		if (s->order->ms.at[i].g == g)
			return true;
	return false;
}

static bool has_thread_with_p(const struct tt_synth *s, int64_t p)
{
	for (size_t i = 0; i < s->order->ms.n; i++)
		if (s->order->ms.at[i].p == p)
			return true;
	return false;
}

/* What runs without a thread, since statuses gave that another goroutine or P, gets a new
 * one. */
static void give_threads(struct tt_synth *s)
{
	for (size_t i = 0; i < s->order->gs.n && !s->failed; i++) {
		const struct tt_g_state *g = &s->order->gs.at[i];
		int64_t m;

		if ((g->status != TT_G_RUNNING && g->status != TT_G_SYSCALL) ||
		    has_thread_with_g(s, g->id))
			continue;
		m = tt_synth_new_thread(s);
		tt_synth_add(s, g->status == TT_G_RUNNING ? m : TT_NONE, TT_EV_GO_STATUS, 3,
			     (uint64_t)g->id, (uint64_t)m, (uint64_t)g->status);
	}
	for (size_t i = 0; i < s->order->ps.n && !s->failed; i++) {
		const struct tt_p_state *p = &s->order->ps.at[i];

		if ((p->status == TT_P_RUNNING || p->status == TT_P_SYSCALL) &&
		    !has_thread_with_p(s, p->id))
			tt_synth_add(s, tt_synth_new_thread(s), TT_EV_PROC_STATUS, 2,
				     (uint64_t)p->id, (uint64_t)p->status);
	}
}

/* A goroutine in a syscall comes back without its P. */
static void end_syscall(struct tt_synth *s, const struct tt_m_state *m)
{
	const struct tt_p_state *p = m->p == TT_NONE ? NULL : tt_order_p(s->order, m->p);
	int64_t thread = m->id;

	if (p != NULL && p->status == TT_P_SYSCALL)
		tt_synth_stop_p(s, thread);
	tt_synth_add(s, thread, TT_EV_GO_SYSCALL_END_BLOCKED, 0);
}

static void leave(struct tt_synth *s, size_t slot)
{
	struct tt_m_state m = s->order->ms.at[slot];
	const struct tt_g_state *g = m.g == TT_NONE ? NULL : tt_order_g(s->order, m.g);

	if (m.g != TT_NONE && g == NULL)
		tt_synth_give_up(s);
	if (g != NULL && g->status == TT_G_RUNNING) {
		if (m.p == TT_NONE)
			tt_synth_start_p(s, m.id, tt_synth_idle_p(s));
		tt_synth_stop_running(s, m.id, m.g);
	} else if (g != NULL && g->status == TT_G_SYSCALL) {
		end_syscall(s, &m);
	} else if (g != NULL) {
		tt_synth_give_up(s);
	}
	if (!s->failed && s->order->ms.at[slot].p != TT_NONE)
		tt_synth_stop_p(s, m.id);
}

void tt_synth_leave_all(struct tt_synth *s)
{
	if (!s->start.goes_on)
		give_threads(s);
	if (!tt_mem_grow(s->mem, &s->kept.at, &s->kept.cap, s->order->ms.n, sizeof(bool))) {
		tt_synth_give_up_memory(s);
		return;
	}
	s->kept.n = s->order->ms.n;
	for (size_t i = 0; i < s->kept.n; i++)
		s->kept.at[i] = s->start.goes_on || is_kept(s, &s->order->ms.at[i]);
	for (size_t i = 0; i < s->kept.n && !s->failed; i++)
		if (!s->kept.at[i])
			leave(s, i);
}

/* ---- threads take up what they must have */

/* The P that a thread must have, if it is known already: else its status makes it. */
static const struct tt_entry_p *p_of_thread(const struct tt_synth *s, int64_t thread)
{
	for (size_t i = 0; i < s->entry->ps.n; i++) {
		const struct tt_entry_p *e = &s->entry->ps.at[i];

		if (e->thread == thread && tt_order_p(s->order, e->id) != NULL &&
		    (e->status == TT_P_RUNNING || e->status == TT_P_SYSCALL))
			return e;
	}
	return NULL;
}

static void take_up_g(struct tt_synth *s, const struct tt_entry_g *e)
{
	int64_t thread = e->thread == TT_NONE ? tt_synth_new_thread(s) : e->thread;
	const struct tt_entry_p *own = p_of_thread(s, thread);
	enum tt_p_status after = e->status == TT_G_SYSCALL ? TT_P_SYSCALL : TT_P_RUNNING;
	const struct tt_m_state *m = tt_order_m(s->order, thread);

	if (m == NULL || m->p == TT_NONE)
		tt_synth_start_p(s, thread, own != NULL ? own->id : tt_synth_idle_p(s));
	tt_synth_start_g(s, thread, e->id);
	if (e->status == TT_G_SYSCALL)
		tt_synth_begin_syscall(s, thread);
	if (own == NULL || own->status != after)
		tt_synth_stop_p(s, thread);
}

/* Goroutines of threads that have a P of their own, or of those that have none. */
static void take_up_gs(struct tt_synth *s, bool with_own_p)
{
	for (size_t i = 0; i < s->entry->gs.n && !s->failed; i++) {
		const struct tt_entry_g *e = &s->entry->gs.at[i];
		const struct tt_g_state *g = tt_order_g(s->order, e->id);

		if (e->status != TT_G_RUNNING && e->status != TT_G_SYSCALL)
			continue;
		if (g->status == TT_G_RUNNABLE &&
		    (p_of_thread(s, e->thread) != NULL) == with_own_p)
			take_up_g(s, e);
	}
}

/* A P in a syscall, or left in one by its thread, with no goroutine that is known: it gets
 * a new one. */
static void take_up_syscall(struct tt_synth *s, const struct tt_entry_p *e)
{
	int64_t thread = tt_synth_new_thread(s);

	tt_synth_start_p(s, thread, e->id);
	tt_synth_start_new_g(s, thread);
	tt_synth_begin_syscall(s, thread);
	if (e->status == TT_P_ABANDONED)
		tt_synth_add(s, thread, TT_EV_GO_DESTROY_SYSCALL, 0);
}

static void take_up_ps(struct tt_synth *s)
{
	for (size_t i = 0; i < s->entry->ps.n && !s->failed; i++) {
		const struct tt_entry_p *e = &s->entry->ps.at[i];
		const struct tt_p_state *p = tt_order_p(s->order, e->id);

		if (p == NULL || p->status == e->status)
			continue;
		if (e->status == TT_P_RUNNING)
			tt_synth_start_p(s, e->thread == TT_NONE ? tt_synth_new_thread(s) : e->thread,
					 e->id);
		else if (e->status == TT_P_SYSCALL || e->status == TT_P_ABANDONED)
			take_up_syscall(s, e);
	}
}

void tt_synth_take_up_all(struct tt_synth *s)
{
	take_up_gs(s, false);
	take_up_gs(s, true);
	take_up_ps(s);
}
