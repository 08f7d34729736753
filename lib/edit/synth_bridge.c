/* SPDX-License-Identifier: MIT */
/*
 * synth_bridge.c - made-up events that let one event happen, where others are lost that it waits
 * for: the goroutine or the P that it is about becomes what the event requires. Numbers of a
 * sequence that are lost are not made up; the event gets the one that is next. What has to happen
 * on no thread of the trace happens on one that is made up, with a P of its own. Stands on synth.h.
 */
#include "edit/made.h"
#include "edit/synth_impl.h"

void tt_synth_begin_bridges(struct tt_synth *s, const struct tt_synth_start *start,
			    const struct tt_synth_bridges *bridges)
{
	s->start = *start;
	s->bridges = *bridges;
	s->order = start->order;
	s->entry = bridges->nothing;
	s->events.n = s->kept.n = 0;
	s->failed = s->no_memory = s->shared_done = false;
	s->spare = TT_NONE;
	s->new_m = TT_FIRST_MADE_M;
	s->new_g = TT_FIRST_MADE_G;
}

/* ---- threads */

static int64_t holder_of_g(const struct tt_synth *s, int64_t g)
{
	for (size_t i = 0; i < s->order->ms.n; i++)
		if (s->order->ms.at[i].g == g)
			return s->order->ms.at[i].id;
	return TT_NONE;
}

static int64_t holder_of_p(const struct tt_synth *s, int64_t p)
{
	for (size_t i = 0; i < s->order->ms.n; i++)
		if (s->order->ms.at[i].p == p)
			return s->order->ms.at[i].id;
	return TT_NONE;
}

static int64_t p_of(const struct tt_synth *s, int64_t thread)
{
	const struct tt_m_state *m = tt_order_m(s->order, thread);

	return m == NULL ? TT_NONE : m->p;
}

static int64_t g_of(const struct tt_synth *s, int64_t thread)
{
	const struct tt_m_state *m = tt_order_m(s->order, thread);

	return m == NULL ? TT_NONE : m->g;
}

/* The made-up thread that goroutines run on. */
static int64_t spare(struct tt_synth *s)
{
	if (s->spare == TT_NONE)
		s->spare = tt_synth_new_thread(s);
	return s->spare;
}

/* The same with the made-up P. */
static int64_t spare_with_p(struct tt_synth *s)
{
	spare(s);
	if (p_of(s, s->spare) != TT_NONE)
		return s->spare;
	if (tt_order_p(s->order, s->bridges.made_p) == NULL)
		tt_synth_add(s, TT_NONE, TT_EV_PROC_STATUS, 2, (uint64_t)s->bridges.made_p,
			     (uint64_t)TT_P_IDLE);
	tt_synth_start_p(s, s->spare, s->bridges.made_p);
	return s->spare;
}

/* What a goroutine must not be in when it stops, and what it may not be in when it goes on: the end
 * of that is lost. */
static void end_ranges(struct tt_synth *s, int64_t thread, const struct tt_g_state *g)
{
	int64_t id = g->id;

	tt_synth_end_pauses_of(s, thread, id);
	if (!s->failed && tt_order_is_range_open(s->order, tt_order_g(s->order, id)->scopes,
						 TT_EV_GC_MARK_ASSIST_BEGIN))
		tt_synth_add(s, thread, TT_EV_GC_MARK_ASSIST_END, 0);
}

/* The goroutine of a thread leaves it: the thread has a P still, unless it is in a syscall. */
static void stop_g(struct tt_synth *s, int64_t thread, bool blocks)
{
	int64_t id = g_of(s, thread);
	const struct tt_g_state *g = tt_order_g(s->order, id);
	const struct tt_p_state *p = tt_order_p(s->order, p_of(s, thread));

	if (g == NULL || (g->status == TT_G_RUNNING && p == NULL)) {
		tt_synth_give_up(s);
	} else if (g->status == TT_G_RUNNING) {
		end_ranges(s, thread, g);
		tt_synth_add(s, thread, blocks ? TT_EV_GO_BLOCK : TT_EV_GO_STOP, 2, UINT64_C(0),
			     UINT64_C(0));
	} else {
		if (p != NULL && p->status == TT_P_SYSCALL)
			tt_synth_stop_p(s, thread);
		tt_synth_add(s, thread, TT_EV_GO_SYSCALL_END_BLOCKED, 0);
	}
}

static bool waits_next(const struct tt_synth *s, int64_t g)
{
	return s->bridges.waits_next(s->bridges.arg, g);
}

/* The same, where it does not matter how: as its own next event requires. */
static void make_g_leave(struct tt_synth *s, int64_t thread)
{
	stop_g(s, thread, waits_next(s, g_of(s, thread)));
}

static void leave(struct tt_synth *s, int64_t thread)
{
	if (g_of(s, thread) != TT_NONE)
		make_g_leave(s, thread);
	if (!s->failed && p_of(s, thread) != TT_NONE)
		tt_synth_stop_p(s, thread);
}

/* ---- goroutines */

/* A goroutine that is not known: its creation is lost. (A status would say that it was there from
 * the beginning, and it may have ended meanwhile.) */
static void know_g(struct tt_synth *s, int64_t id, bool waits)
{
	bool can_block = tt_specs_event(s->order->specs, TT_EV_GO_CREATE_BLOCKED)->since <=
			 s->order->version;

	tt_synth_add(s, spare_with_p(s), waits && can_block ? TT_EV_GO_CREATE_BLOCKED : TT_EV_GO_CREATE,
		     3, (uint64_t)id, UINT64_C(0), UINT64_C(0));
}

/* It leaves its thread. */
static void free_g(struct tt_synth *s, const struct tt_g_state *g, bool blocks)
{
	int64_t thread = holder_of_g(s, g->id);

	if (thread == TT_NONE)
		tt_synth_give_up(s);
	else
		stop_g(s, thread, blocks);
}

static void unblock(struct tt_synth *s, int64_t id)
{
	tt_synth_add(s, spare_with_p(s), TT_EV_GO_UNBLOCK, 3, (uint64_t)id,
		     tt_synth_next_g_seq(s, id), UINT64_C(0));
}

static void run_and_block(struct tt_synth *s, int64_t id)
{
	int64_t thread = spare_with_p(s);

	tt_synth_start_g(s, thread, id);
	stop_g(s, thread, true);
}

/* The goroutine becomes runnable, or waits. */
static void lead_g(struct tt_synth *s, int64_t id, unsigned status)
{
	const struct tt_g_state *g = tt_order_g(s->order, id);

	if (status != TT_G_RUNNABLE && status != TT_G_WAITING) {
		tt_synth_give_up(s);
		return;
	}
	if (g == NULL)
		know_g(s, id, status == TT_G_WAITING);
	else if (g->status == TT_G_RUNNING || g->status == TT_G_SYSCALL)
		free_g(s, g, status == TT_G_WAITING);
	if (s->failed)
		return;
	g = tt_order_g(s->order, id);
	tt_synth_restate_g(s, id, spare(s));
	if (!s->failed && g->status == TT_G_WAITING && status == TT_G_RUNNABLE)
		unblock(s, id);
	else if (!s->failed && g->status == TT_G_RUNNABLE && status == TT_G_WAITING)
		run_and_block(s, id);
}

/* The same, and an event has the next number of its sequence. */
static void lead_g_to(struct tt_synth *s, struct tt_raw_event *head, unsigned status)
{
	int64_t id = (int64_t)head->args[0];

	lead_g(s, id, status);
	if (!s->failed)
		head->args[1] = tt_synth_next_g_seq(s, id);
}

/* ---- Ps */

/* Nobody has the P. */
static void free_p(struct tt_synth *s, int64_t id)
{
	const struct tt_p_state *p = tt_order_p(s->order, id);
	int64_t thread = holder_of_p(s, id);

	if (p == NULL) {
		tt_synth_add(s, TT_NONE, TT_EV_PROC_STATUS, 2, (uint64_t)id, (uint64_t)TT_P_IDLE);
	} else if (p->status == TT_P_ABANDONED) {
		int64_t thief = spare_with_p(s);

		tt_synth_restate_p(s, id, thief);
		tt_synth_add(s, thief, TT_EV_PROC_STEAL, 3, (uint64_t)id,
			     tt_synth_next_p_seq(s, id), (uint64_t)thief);
	} else if (p->status != TT_P_IDLE && thread == TT_NONE) {
		tt_synth_give_up(s);
	} else if (p->status == TT_P_SYSCALL) {
		tt_synth_stop_p(s, thread);
	} else if (p->status == TT_P_RUNNING) {
		leave(s, thread);
	}
}

/* The P is idle, and the event has the next number of its sequence. */
static void lead_p_to(struct tt_synth *s, struct tt_raw_event *head)
{
	int64_t id = (int64_t)head->args[0];

	free_p(s, id);
	if (!s->failed)
		tt_synth_restate_p(s, id, spare(s));
	if (!s->failed)
		head->args[1] = tt_synth_next_p_seq(s, id);
}

/* A thread with a P has the next number of that in its event. */
static void lead_syscall_to(struct tt_synth *s, int64_t thread, struct tt_raw_event *head)
{
	int64_t id = p_of(s, thread);
	const struct tt_p_state *p = tt_order_p(s->order, id);

	if (p == NULL || p->status != TT_P_RUNNING || g_of(s, thread) == TT_NONE) {
		tt_synth_give_up(s);
		return;
	}
	tt_synth_restate_p(s, id, thread);
	if (!s->failed)
		head->args[0] = tt_synth_next_p_seq(s, id);
}

/* The thread is in a syscall with the P, which another one takes then. */
static void lead_victim_to(struct tt_synth *s, struct tt_raw_event *head)
{
	int64_t id = (int64_t)head->args[0], thread = (int64_t)head->args[2];
	const struct tt_p_state *p = tt_order_p(s->order, id);

	if (p_of(s, thread) != id || g_of(s, thread) == TT_NONE) {
		leave(s, thread);
		if (!s->failed)
			free_p(s, id);
		if (s->failed)
			return;
		tt_synth_start_p(s, thread, id);
		tt_synth_start_new_g(s, thread);
	}
	p = tt_order_p(s->order, id);
	/* (a goroutine in a syscall of which the P is taken cannot wait without being started) */
	if (!s->failed && p->status != TT_P_SYSCALL && waits_next(s, g_of(s, thread))) {
		stop_g(s, thread, true);
		if (!s->failed)
			tt_synth_start_new_g(s, thread);
	}
	if (!s->failed && p->status != TT_P_SYSCALL)
		tt_synth_begin_syscall(s, thread);
	if (!s->failed)
		head->args[1] = tt_synth_next_p_seq(s, id);
}

/* Another thread took the P of one that is in a syscall. */
static void lose_p(struct tt_synth *s, int64_t thread)
{
	int64_t id = p_of(s, thread), thief = spare_with_p(s);

	if (!s->failed)
		tt_synth_restate_p(s, id, thief);
	if (!s->failed)
		tt_synth_add(s, thief, TT_EV_PROC_STEAL, 3, (uint64_t)id, tt_synth_next_p_seq(s, id),
			     (uint64_t)thread);
}

/* The thread has no P: its goroutine stays if it comes out of a syscall then. */
static void give_p_up(struct tt_synth *s, int64_t thread)
{
	const struct tt_g_state *g = tt_order_g(s->order, g_of(s, thread));
	const struct tt_p_state *p = tt_order_p(s->order, p_of(s, thread));

	if (g == NULL || g->status != TT_G_SYSCALL || (p != NULL && p->status != TT_P_SYSCALL) ||
	    !s->bridges.ends_syscall(s->bridges.arg, thread))
		leave(s, thread);
	else if (p != NULL)
		lose_p(s, thread);
}

/* ---- the collector, and what is open */

static void lead_gc(struct tt_synth *s, struct tt_entry *gc, const struct tt_raw_event *head)
{
	int64_t thread = spare_with_p(s);
	const struct tt_entry *nothing = s->entry;

	*gc = *nothing;
	gc->has_gc = true;
	gc->gc_seq = head->args[0] - 1;
	gc->gc_running = head->type != TT_EV_GC_BEGIN;
	tt_synth_start_new_g(s, thread);
	s->entry = gc;
	s->shared_done = false;
	tt_synth_lead_shared(s, thread);
	s->entry = nothing;
	tt_synth_add(s, thread, TT_EV_GO_DESTROY, 0);
}

/* Begins what the event ends, or ends what it begins. */
static bool lead_scope(struct tt_synth *s, int64_t thread, const struct tt_raw_event *head)
{
	switch (head->type) {
	case TT_EV_GC_SWEEP_BEGIN:
		tt_synth_add(s, thread, TT_EV_GC_SWEEP_END, 2, UINT64_C(0), UINT64_C(0));
		return true;
	case TT_EV_GC_SWEEP_END:
		tt_synth_add(s, thread, TT_EV_GC_SWEEP_BEGIN, 1, UINT64_C(0));
		return true;
	case TT_EV_GC_MARK_ASSIST_BEGIN:
		tt_synth_add(s, thread, TT_EV_GC_MARK_ASSIST_END, 0);
		return true;
	case TT_EV_GC_MARK_ASSIST_END:
		tt_synth_add(s, thread, TT_EV_GC_MARK_ASSIST_BEGIN, 1, UINT64_C(0));
		return true;
	case TT_EV_USER_REGION_END:
		tt_synth_add(s, thread, TT_EV_USER_REGION_BEGIN, 3, head->args[0], head->args[1],
			     UINT64_C(0));
		return true;
	default:
		return false;
	}
}

/* ---- all of it */

static void lead_to(struct tt_synth *s, int64_t thread, struct tt_raw_event *head)
{
	struct tt_entry gc;

	switch (head->type) {
	case TT_EV_GO_START:
		if (g_of(s, thread) != TT_NONE)
			make_g_leave(s, thread);
		if (p_of(s, thread) == TT_NONE)
			tt_synth_give_up(s);
		else
			lead_g_to(s, head, TT_G_RUNNABLE);
		break;
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SWITCH:
	case TT_EV_GO_SWITCH_DESTROY:
		lead_g_to(s, head, TT_G_WAITING);
		break;
	case TT_EV_GO_STATUS:
	case TT_EV_GO_STATUS_STACK:
		lead_g(s, (int64_t)head->args[0], (unsigned)head->args[2] & 0xff);
		break;
	case TT_EV_PROC_START:
		give_p_up(s, thread);
		if (!s->failed)
			lead_p_to(s, head);
		break;
	case TT_EV_PROC_STEAL:
		lead_victim_to(s, head);
		break;
	case TT_EV_GO_SYSCALL_BEGIN:
		lead_syscall_to(s, thread, head);
		break;
	case TT_EV_GO_SYSCALL_END_BLOCKED:
		tt_synth_stop_p(s, thread);
		break;
	case TT_EV_GC_BEGIN:
	case TT_EV_GC_ACTIVE:
	case TT_EV_GC_END:
		lead_gc(s, &gc, head);
		break;
	default:
		if (!lead_scope(s, thread, head))
			tt_synth_give_up(s);
	}
}

bool tt_synth_bridge(struct tt_synth *s, int64_t thread, struct tt_raw_event *head)
{
	bool failed;

	lead_to(s, thread, head);
	failed = s->failed;
	/* what was made up has happened */
	s->failed = s->no_memory;
	if (s->spare != TT_NONE && p_of(s, s->spare) != TT_NONE)
		leave(s, s->spare);
	s->failed = s->no_memory;
	return !failed;
}
