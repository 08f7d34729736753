/* SPDX-License-Identifier: MIT */
/*
 * hot.h - the handlers of the commonest events, to be inlined where events are
 * tried; a call costs as much as their work. Which events they order is said in
 * dispatch.c alone, as for all handlers. What they do when an event has to wait or
 * shows a broken trace is out of line. Private to lib/order.
 */
#ifndef TT_ORDER_HOT_H
#define TT_ORDER_HOT_H

#include "order/handlers.h"
#include "order/merge.h"

/* ---- what seldom happens (goroutine.c, syscall.c) */

/* The event waits: writes for what. */
enum tt_advance tt_await_g(struct tt_order *o, const struct tt_g_state *g, int64_t id,
			   enum tt_g_status status, struct tt_seq seq);
/* The current goroutine is unknown (`g` NULL) or is in another status than `wanted`. */
enum tt_advance tt_wrong_g(struct tt_order *o, const struct tt_step *s,
			   const struct tt_g_state *g, const char *wanted);
enum tt_advance tt_wrong_syscall_begin(struct tt_order *o, const struct tt_step *s,
				       const struct tt_p_state *p, struct tt_seq seq);
enum tt_advance tt_wrong_syscall_end(struct tt_order *o, const struct tt_step *s,
				     const struct tt_p_state *p);

/* ---- the handlers */

static TT_ALWAYS_INLINE void tt_hot_emit(struct tt_order *o, const struct tt_step *s)
{
	if (!s->quiet)
		tt_emit(o, s);
}

static TT_ALWAYS_INLINE bool tt_g_is_next(const struct tt_g_state *g, enum tt_g_status status,
				struct tt_seq seq)
{
	return g != NULL && g->status == status && tt_seq_succeeds(seq, g->seq);
}

static TT_ALWAYS_INLINE enum tt_advance tt_hot_in_context(struct tt_order *o, struct tt_step *s)
{
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	tt_hot_emit(o, s);
	return TT_ADVANCED;
}

static TT_ALWAYS_INLINE enum tt_advance tt_hot_go_start(struct tt_order *o, struct tt_step *s)
{
	int64_t id = (int64_t)s->ev->args[0];
	struct tt_seq seq = tt_seq_at(o, s->ev->args[1]);
	struct tt_g_state *g = tt_find_g(o, id);

	if (!tt_g_is_next(g, TT_G_RUNNABLE, seq))
		return tt_await_g(o, g, id, TT_G_RUNNABLE, seq);
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	g->status = TT_G_RUNNING;
	g->seq = seq;
	tt_bind_g(o, s, g);
	tt_hot_emit(o, s);
	return TT_ADVANCED;
}

static TT_ALWAYS_INLINE enum tt_advance tt_hot_go_unblock(struct tt_order *o, struct tt_step *s)
{
	int64_t id = (int64_t)s->ev->args[0];
	struct tt_seq seq = tt_seq_at(o, s->ev->args[1]);
	struct tt_g_state *g = tt_find_g(o, id);

	/* no context to check: anything can unblock a goroutine */
	if (!tt_g_is_next(g, TT_G_WAITING, seq))
		return tt_await_g(o, g, id, TT_G_WAITING, seq);
	g->status = TT_G_RUNNABLE;
	g->seq = seq;
	tt_hot_emit(o, s);
	return TT_ADVANCED;
}

/* The running goroutine stops, and is `status` from then on. */
static TT_ALWAYS_INLINE enum tt_advance tt_hot_go_stop(struct tt_order *o, struct tt_step *s,
					     enum tt_g_status status)
{
	struct tt_g_state *g;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	g = tt_current_g(o, s);
	if (g == NULL || g->status != TT_G_RUNNING)
		return tt_wrong_g(o, s, g, "Running");
	g->status = (uint8_t)status;
	tt_set_g(o, s, TT_NONE);
	tt_hot_emit(o, s);
	return TT_ADVANCED;
}

static TT_ALWAYS_INLINE enum tt_advance tt_hot_syscall_begin(struct tt_order *o, struct tt_step *s)
{
	struct tt_seq seq = tt_seq_at(o, s->ev->args[0]);
	struct tt_g_state *g;
	struct tt_p_state *p;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	g = tt_current_g(o, s);
	if (g == NULL || g->status != TT_G_RUNNING)
		return tt_wrong_g(o, s, g, "Running");
	p = tt_find_p(o, s->cur.proc);
	/* the P runs here, so its sequence cannot be anywhere else: never "not yet" */
	if (p == NULL || !tt_seq_succeeds(seq, p->seq))
		return tt_wrong_syscall_begin(o, s, p, seq);
	g->status = TT_G_SYSCALL;
	p->status = TT_P_SYSCALL;
	p->seq = seq;
	tt_hot_emit(o, s);
	return TT_ADVANCED;
}

static TT_ALWAYS_INLINE enum tt_advance tt_hot_syscall_end(struct tt_order *o, struct tt_step *s)
{
	struct tt_g_state *g;
	struct tt_p_state *p;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	g = tt_current_g(o, s);
	if (g == NULL || g->status != TT_G_SYSCALL)
		return tt_wrong_g(o, s, g, "Running");
	p = tt_find_p(o, s->cur.proc);
	if (p == NULL || p->status != TT_P_SYSCALL)
		return tt_wrong_syscall_end(o, s, p);
	g->status = TT_G_RUNNING;
	p->status = TT_P_RUNNING;
	tt_hot_emit(o, s);
	return TT_ADVANCED;
}

/* ---- trying an event */

/*
 * Tries the event of a thread. `*m` is the thread's slot, TT_NO_SLOT before its
 * first try: a try makes the thread known even if the event then has to wait, as
 * in Go. On TT_ADVANCED the events stand in o->queue; on TT_BROKEN o->err has code
 * and message. May change ev->args, as Go does.
 */
enum tt_advance tt_order_try(struct tt_order *o, int64_t thread, uint32_t *m, struct tt_timed *ev);

/*
 * The same, where it is wanted for each event. `quiet`: of the commonest events
 * none is queued; the others are.
 */
static TT_ALWAYS_INLINE enum tt_advance tt_hot_try(struct tt_order *o, struct tt_cursor *c,
						   bool quiet)
{
	struct tt_timed *ev = c->head;
	const struct tt_rule *rule = &o->rules[ev->type];
	const uint32_t slot = c->m;
	struct tt_step s;

	if (rule->hot == TT_HOT_NONE || slot == TT_NO_SLOT)
		return tt_order_try(o, c->thread, &c->m, ev);
	s.def = rule->def;
	s.ev = ev;
	s.m = slot;
	s.quiet = quiet;
	s.cur.thread = c->thread;
	s.cur.proc = o->ms.at[slot].p;
	s.cur.goroutine = o->ms.at[slot].g;
	switch (rule->hot) {
	case TT_HOT_GO_START:
		return tt_hot_go_start(o, &s);
	case TT_HOT_GO_UNBLOCK:
		return tt_hot_go_unblock(o, &s);
	case TT_HOT_GO_BLOCK:
		return tt_hot_go_stop(o, &s, TT_G_WAITING);
	case TT_HOT_GO_STOP:
		return tt_hot_go_stop(o, &s, TT_G_RUNNABLE);
	case TT_HOT_SYSCALL_BEGIN:
		return tt_hot_syscall_begin(o, &s);
	case TT_HOT_SYSCALL_END:
		return tt_hot_syscall_end(o, &s);
	case TT_HOT_IN_CONTEXT:
	case TT_HOT_NONE:
		break;
	}
	return tt_hot_in_context(o, &s);
}

#endif
