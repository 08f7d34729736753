/* SPDX-License-Identifier: MIT */
/*
 * hot.h - the commonest events, to be inlined where events are tried; a call costs as much
 * as their work. A shortcut does what the handler of its event does where nothing holds
 * it up; where anything does it changes nothing, and the handler is asked, which alone
 * knows why an event waits or is broken. Which events have one is said in dispatch.c.
 * Private to lib/order.
 */
#ifndef TT_ORDER_HOT_H
#define TT_ORDER_HOT_H

#include "order/handlers.h"

/* An event on its way through a shortcut. */
struct tt_hot_step {
	struct tt_raw_event *ev;
	unsigned type;          /* ev->type, which may be known without looking there */
	struct tt_m_state *m;   /* of its thread */
	bool quiet;             /* nobody wants the event: it is not queued */
};

/* Queues the event, before it changes its thread's context. */
static TT_ALWAYS_INLINE void tt_hot_queue(struct tt_order *o, const struct tt_hot_step *s)
{
	if (!s->quiet)
		tt_queue(o, (struct tt_context){s->m->id, s->m->p, s->m->g}, o->rules[s->ev->type].def,
			 s->ev);
}

/* The thread's context had a goroutine and has none from now on, or the reverse. */
static TT_ALWAYS_INLINE void tt_hot_flip_g(struct tt_m_state *m, int64_t g)
{
	m->g = g;
	m->has ^= TT_NEED_GOROUTINE | TT_NEED_NO_GOROUTINE;
}

/* The goroutine of the thread, if it is known where it lies and has this status. */
static TT_ALWAYS_INLINE struct tt_g_state *tt_hot_g(struct tt_order *o, const struct tt_hot_step *s,
						    enum tt_g_status status)
{
	struct tt_g_state *g = &o->gs.at[s->m->g_slot];

	if (s->m->g_slot >= o->gs.n || g->id != s->m->g || g->status != status)
		return NULL;
	return g;
}

/* The goroutine that the event names, if it has this status and the number is due. */
static TT_ALWAYS_INLINE struct tt_g_state *
tt_hot_next_g(struct tt_order *o, const struct tt_hot_step *s, enum tt_g_status status)
{
	struct tt_g_state *g = tt_find_g(o, (int64_t)s->ev->args[0]);

	if (g == NULL || g->status != status || g->seq.n + 1 != s->ev->args[1] ||
	    g->seq.generation != o->gen->number)
		return NULL;
	return g;
}

static TT_ALWAYS_INLINE bool tt_hot_start(struct tt_order *o, const struct tt_hot_step *s)
{
	struct tt_g_state *g = tt_hot_next_g(o, s, TT_G_RUNNABLE);

	if (g == NULL)
		return false;
	tt_hot_queue(o, s);
	g->status = TT_G_RUNNING;
	g->seq.n++;
	tt_hot_flip_g(s->m, g->id);
	s->m->g_slot = (uint32_t)(g - o->gs.at);
	return true;
}

static TT_ALWAYS_INLINE bool tt_hot_unblock(struct tt_order *o, const struct tt_hot_step *s)
{
	struct tt_g_state *g = tt_hot_next_g(o, s, TT_G_WAITING);

	if (g == NULL)
		return false;
	tt_hot_queue(o, s);
	g->status = TT_G_RUNNABLE;
	g->seq.n++;
	return true;
}

/* The running goroutine stops, and is `status` from then on. */
static TT_ALWAYS_INLINE bool tt_hot_stop(struct tt_order *o, const struct tt_hot_step *s,
					 enum tt_g_status status)
{
	struct tt_g_state *g = tt_hot_g(o, s, TT_G_RUNNING);

	if (g == NULL)
		return false;
	tt_hot_queue(o, s);
	g->status = (uint8_t)status;
	tt_hot_flip_g(s->m, TT_NONE);
	return true;
}

static TT_ALWAYS_INLINE bool tt_hot_syscall_begin(struct tt_order *o, const struct tt_hot_step *s)
{
	struct tt_g_state *g = tt_hot_g(o, s, TT_G_RUNNING);
	struct tt_p_state *p = tt_find_p(o, s->m->p);

	if (g == NULL || p == NULL || p->seq.n + 1 != s->ev->args[0] ||
	    p->seq.generation != o->gen->number)
		return false;
	tt_hot_queue(o, s);
	g->status = TT_G_SYSCALL;
	p->status = TT_P_SYSCALL;
	p->seq.n++;
	return true;
}

static TT_ALWAYS_INLINE bool tt_hot_syscall_end(struct tt_order *o, const struct tt_hot_step *s)
{
	struct tt_g_state *g = tt_hot_g(o, s, TT_G_SYSCALL);
	struct tt_p_state *p = tt_find_p(o, s->m->p);

	if (g == NULL || p == NULL || p->status != TT_P_SYSCALL)
		return false;
	tt_hot_queue(o, s);
	g->status = TT_G_RUNNING;
	p->status = TT_P_RUNNING;
	return true;
}

/* True: the event advanced. */
static TT_ALWAYS_INLINE bool tt_hot_advance(struct tt_order *o, const struct tt_hot_step *s)
{
	const struct tt_shortcut *shortcut = &o->shortcuts[s->type];

	if ((shortcut->needs & ~(unsigned)s->m->has) != 0)
		return false;
	switch (shortcut->hot) {
	case TT_HOT_GO_START:
		return tt_hot_start(o, s);
	case TT_HOT_GO_UNBLOCK:
		return tt_hot_unblock(o, s);
	case TT_HOT_GO_BLOCK:
		return tt_hot_stop(o, s, TT_G_WAITING);
	case TT_HOT_GO_STOP:
		return tt_hot_stop(o, s, TT_G_RUNNABLE);
	case TT_HOT_SYSCALL_BEGIN:
		return tt_hot_syscall_begin(o, s);
	case TT_HOT_SYSCALL_END:
		return tt_hot_syscall_end(o, s);
	case TT_HOT_IN_CONTEXT:
		tt_hot_queue(o, s);
		return true;
	default:
		return false;
	}
}

/* Lets the next event of a thread advance if it can take a shortcut; see tt_order_try(). */
static TT_ALWAYS_INLINE bool tt_hot_try(struct tt_order *o, uint32_t m, struct tt_raw_event *ev)
{
	return m != TT_NO_SLOT &&
	       tt_hot_advance(o, &(struct tt_hot_step){ev, ev->type, &o->ms.at[m], false});
}

#endif
