/* SPDX-License-Identifier: MIT */
/*
 * fast.h - what is done for nearly every event, to be inlined where events are tried: a
 * call costs as much as the work. Stands on order.h.
 *
 * The rules of the commonest events are here, and only here. A rule either lets its event
 * happen, which changes the state, or does nothing and returns false. It comes after the
 * context was found to be what the event needs. The event's handler begins with it, and
 * then says why the event has to wait or is broken. dispatch.c knows which events have one.
 */
#ifndef TT_ORDER_FAST_H
#define TT_ORDER_FAST_H

#include "base/compiler.h"
#include "order/declared.h"

/* The rules of fast.h. */
enum tt_fast_rule {
	TT_FAST_NONE,           /* the handler alone knows */
	TT_FAST_IN_CONTEXT,     /* the context is all that the event needs */
	TT_FAST_UNREAD,         /* the same, and no argument has to be read: for direct.h */
	TT_FAST_GO_START,
	TT_FAST_GO_UNBLOCK,
	TT_FAST_GO_BLOCK,
	TT_FAST_GO_STOP,
	TT_FAST_SYSCALL_BEGIN,
	TT_FAST_SYSCALL_END,
	TT_FAST_ORDER,          /* tt_fast_order(), which is not inlined: few traces need it */
	TT_FAST_KEPT,           /* as TT_FAST_IN_CONTEXT, of an event that is handed out: for
	                           direct.h */
	TT_NFAST,
};

/*
 * What the specs say of the events that have a rule of their own: the context that they
 * need, how many arguments they have, and which is a stack and which a string. If a spec says
 * something else, the event has no rule.
 */
#define TT_FAST_RUNNING (TT_NEED_THREAD | TT_NEED_PROC | TT_NEED_GOROUTINE)
#define TT_FAST_IDLE (TT_NEED_THREAD | TT_NEED_PROC | TT_NEED_NO_GOROUTINE)
static const struct tt_fast_shape {
	uint8_t needs, nargs, stack, string;
} tt_fast_shapes[TT_NFAST] = {
	[TT_FAST_GO_START] = {TT_FAST_IDLE, 2, TT_ARG_ZERO, TT_ARG_ZERO},
	[TT_FAST_GO_UNBLOCK] = {0, 3, 2, TT_ARG_ZERO},
	[TT_FAST_GO_BLOCK] = {TT_FAST_RUNNING, 2, 1, 0},
	[TT_FAST_GO_STOP] = {TT_FAST_RUNNING, 2, 1, 0},
	[TT_FAST_SYSCALL_BEGIN] = {TT_FAST_RUNNING, 2, 1, TT_ARG_ZERO},
	[TT_FAST_SYSCALL_END] = {TT_FAST_RUNNING, 0, TT_ARG_ZERO, TT_ARG_ZERO},
};

/* Whether events with this rule are among those. */
static inline bool tt_fast_has_shape(enum tt_fast_rule rule)
{
	return rule >= TT_FAST_GO_START && rule <= TT_FAST_SYSCALL_END;
}

/* ---- finding records: NULL if unknown. Pointers live until the next add of that kind. */

static TT_ALWAYS_INLINE struct tt_g_state *tt_find_g(const struct tt_order *o, int64_t id)
{
	uint32_t slot = tt_idmap_find(&o->g_ids, (uint64_t)id);

	return slot == TT_IDMAP_NONE ? NULL : &o->gs.at[slot];
}

static TT_ALWAYS_INLINE struct tt_p_state *tt_find_p(const struct tt_order *o, int64_t id)
{
	uint32_t slot = tt_idmap_find(&o->p_ids, (uint64_t)id);

	return slot == TT_IDMAP_NONE ? NULL : &o->ps.at[slot];
}

static inline struct tt_m_state *tt_find_m(const struct tt_order *o, int64_t id)
{
	uint32_t slot = tt_idmap_find(&o->m_ids, (uint64_t)id);

	return slot == TT_IDMAP_NONE ? NULL : &o->ms.at[slot];
}

/* The goroutine, if it has this status and its events are numbered in this generation. */
static TT_ALWAYS_INLINE struct tt_g_state *
tt_find_numbered_g(const struct tt_order *o, uint64_t id, enum tt_g_status status)
{
	struct tt_g_state *g = tt_find_g(o, (int64_t)id);

	if (g == NULL || g->status != status || g->seq.generation != o->gen->number)
		return NULL;
	return g;
}

/* The same, if `seq` is due of its numbers. */
static TT_ALWAYS_INLINE struct tt_g_state *tt_find_due_g(const struct tt_order *o, uint64_t id,
							 uint64_t seq, enum tt_g_status status)
{
	struct tt_g_state *g = tt_find_numbered_g(o, id, status);

	return g == NULL || g->seq.n + 1 != seq ? NULL : g;
}

/* The thread's goroutine, if its record is known by its slot and has this status. */
static TT_ALWAYS_INLINE struct tt_g_state *
tt_find_current_g(const struct tt_order *o, const struct tt_m_state *m, enum tt_g_status status)
{
	struct tt_g_state *g = &o->gs.at[m->g_slot];

	if (m->g_slot >= o->gs.n || g->id != m->g || g->status != status)
		return NULL;
	return g;
}

/* ---- what a thread has */

static TT_ALWAYS_INLINE void tt_m_set_p(struct tt_m_state *m, int64_t p)
{
	m->p = p;
	m->has = (uint8_t)((m->has & ~(TT_NEED_PROC | TT_NEED_NO_PROC)) |
			   (p != TT_NONE ? TT_NEED_PROC : TT_NEED_NO_PROC));
}

static TT_ALWAYS_INLINE void tt_m_set_g(struct tt_m_state *m, int64_t g)
{
	m->g = g;
	m->has = (uint8_t)((m->has & ~(TT_NEED_GOROUTINE | TT_NEED_NO_GOROUTINE)) |
			   (g != TT_NONE ? TT_NEED_GOROUTINE : TT_NEED_NO_GOROUTINE));
}

/* As tt_m_set_g() where it had none and g is one, or the reverse: in fewer instructions. */
static TT_ALWAYS_INLINE void tt_m_swap_g(struct tt_m_state *m, int64_t g)
{
	m->g = g;
	m->has ^= TT_NEED_GOROUTINE | TT_NEED_NO_GOROUTINE;
}

/* ---- the rules */

/* GoStart: the goroutine, which was found to be runnable, runs on the thread. */
static TT_ALWAYS_INLINE void tt_start_g(const struct tt_order *o, struct tt_m_state *m,
					struct tt_g_state *g, uint64_t id)
{
	g->status = TT_G_RUNNING;
	g->seq.n++;
	/* (to Go's reader, a thread that runs goroutine -1 runs none) */
	if ((int64_t)id != TT_NONE)
		tt_m_swap_g(m, (int64_t)id);
	m->g_slot = (uint32_t)(g - o->gs.at);
}

static TT_ALWAYS_INLINE bool tt_fast_go_start(struct tt_order *o, struct tt_m_state *m,
					      uint64_t id, uint64_t seq)
{
	struct tt_g_state *g = tt_find_due_g(o, id, seq, TT_G_RUNNABLE);

	if (g == NULL)
		return false;
	tt_start_g(o, m, g, id);
	return true;
}

/* GoUnblock: the goroutine, which was found to wait, is ready to run. Any thread may do it, or
 * none. */
static TT_ALWAYS_INLINE void tt_unblock_g(struct tt_g_state *g)
{
	g->status = TT_G_RUNNABLE;
	g->seq.n++;
}

static TT_ALWAYS_INLINE bool tt_fast_go_unblock(struct tt_order *o, uint64_t id, uint64_t seq)
{
	struct tt_g_state *g = tt_find_due_g(o, id, seq, TT_G_WAITING);

	if (g == NULL)
		return false;
	tt_unblock_g(g);
	return true;
}

/* GoBlock, GoStop: the running goroutine leaves the thread with this status. */
static TT_ALWAYS_INLINE bool tt_fast_go_stop(struct tt_order *o, struct tt_m_state *m,
					     enum tt_g_status status)
{
	struct tt_g_state *g = tt_find_current_g(o, m, TT_G_RUNNING);

	if (g == NULL)
		return false;
	g->status = (uint8_t)status;
	tt_m_swap_g(m, TT_NONE);
	return true;
}

/* GoSyscallBegin: goroutine and P are in a syscall, and stay with the thread. */
static TT_ALWAYS_INLINE bool tt_fast_syscall_begin(struct tt_order *o, const struct tt_m_state *m,
						   uint64_t p_seq)
{
	struct tt_g_state *g = tt_find_current_g(o, m, TT_G_RUNNING);
	struct tt_p_state *p = tt_find_p(o, m->p);

	if (g == NULL || p == NULL || p->seq.n + 1 != p_seq ||
	    p->seq.generation != o->gen->number)
		return false;
	g->status = TT_G_SYSCALL;
	p->status = TT_P_SYSCALL;
	p->seq.n++;
	return true;
}

/* GoSyscallEnd: both are back, if the P was not stolen. */
static TT_ALWAYS_INLINE bool tt_fast_syscall_end(struct tt_order *o, const struct tt_m_state *m)
{
	struct tt_g_state *g = tt_find_current_g(o, m, TT_G_SYSCALL);
	struct tt_p_state *p = tt_find_p(o, m->p);

	if (g == NULL || p == NULL || p->status != TT_P_SYSCALL)
		return false;
	g->status = TT_G_RUNNING;
	p->status = TT_P_RUNNING;
	return true;
}

/* ---- any event */

/* Lets an event of a known thread happen by a rule if nothing holds it up. `type` is that
 * of an event with a declared order. */
static TT_ALWAYS_INLINE bool tt_fast_advance(struct tt_order *o, struct tt_m_state *m,
					     enum tt_fast_rule rule, unsigned type,
					     const uint64_t *args)
{
	switch (rule) {
	case TT_FAST_GO_START:
		return tt_fast_go_start(o, m, args[0], args[1]);
	case TT_FAST_GO_UNBLOCK:
		return tt_fast_go_unblock(o, args[0], args[1]);
	case TT_FAST_GO_BLOCK:
		return tt_fast_go_stop(o, m, TT_G_WAITING);
	case TT_FAST_GO_STOP:
		return tt_fast_go_stop(o, m, TT_G_RUNNABLE);
	case TT_FAST_SYSCALL_BEGIN:
		return tt_fast_syscall_begin(o, m, args[0]);
	case TT_FAST_SYSCALL_END:
		return tt_fast_syscall_end(o, m);
	case TT_FAST_IN_CONTEXT:
		return true;
	case TT_FAST_ORDER:
		return tt_fast_order(o, type, args);
	default:
		return false;
	}
}

/* Writes an event of the trace, but for its time and place there. */
static TT_ALWAYS_INLINE void tt_write_event(struct tt_event *ev, const struct tt_order *o,
					    struct tt_context context,
					    const struct tt_event_def *def, const uint64_t *args)
{
	ev->thread = context.thread;
	ev->proc = context.proc;
	ev->goroutine = context.goroutine;
	ev->generation = o->gen;
	ev->spec = &def->spec;
	ev->args = args;
	ev->kind = def->spec.kind;
}

/* Writes an event of the trace to the end of the queue; the caller counts it. */
static TT_ALWAYS_INLINE struct tt_event *tt_queue_event(struct tt_order *o,
							struct tt_context context,
							const struct tt_event_def *def,
							const struct tt_raw_event *raw)
{
	struct tt_event *ev = &o->queue[o->count];

	ev->raw_time_ns = raw->time_ns;
	ev->offset = raw->offset;
	tt_write_event(ev, o, context, def, raw->args);
	return ev;
}

/* Lets an event happen if it has a rule here, and writes it to the end of the queue without
 * counting it there. `m` is the slot of the event's thread, or TT_NO_SLOT. */
static TT_ALWAYS_INLINE bool tt_fast_event(struct tt_order *o, uint32_t m,
					   const struct tt_raw_event *ev)
{
	const struct tt_fast_type *fast = &o->fast[ev->type];
	struct tt_m_state *state;

	if (m == TT_NO_SLOT)
		return false;
	state = &o->ms.at[m];
	/* (written first: it has the context before the event) */
	tt_queue_event(o, (struct tt_context){state->id, state->p, state->g},
		       o->rules[ev->type].def, ev);
	return (state->has | fast->may_lack) == UINT8_MAX &&
	       tt_fast_advance(o, state, fast->rule, ev->type, ev->args);
}

/* The same, and queues it. */
static TT_ALWAYS_INLINE bool tt_fast_try(struct tt_order *o, uint32_t m,
					 const struct tt_raw_event *ev)
{
	if (!tt_fast_event(o, m, ev))
		return false;
	o->count++;
	return true;
}

#endif
