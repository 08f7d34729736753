/* SPDX-License-Identifier: MIT */
/*
 * goroutine.c - handlers of goroutine events, syscalls aside. Source: Go's
 * internal/trace/order.go, advanceGoStatus, advanceGoCreate, advanceGoStart,
 * advanceGoStopExec, advanceGoUnblock, advanceGoSwitch.
 */
#include <inttypes.h>

#include "order/handlers.h"

static enum tt_state public_state(unsigned status)
{
	static const uint8_t states[TT_G_NSTATUS] = {
		[TT_G_BAD] = TT_STATE_UNDETERMINED, [TT_G_RUNNABLE] = TT_STATE_RUNNABLE,
		[TT_G_RUNNING] = TT_STATE_RUNNING,  [TT_G_SYSCALL] = TT_STATE_SYSCALL,
		[TT_G_WAITING] = TT_STATE_WAITING,
	};

	return states[status];
}

static enum tt_advance wrong_thread(struct tt_order *o, int64_t id, int64_t other)
{
	return tt_broken(o, TT_E_STATUS,
			 "inconsistent thread for syscalling goroutine %" PRId64
			 ": thread has goroutine %" PRId64,
			 id, other);
}

/*
 * A status Syscall: of the current thread's goroutine, or of one that was in a
 * syscall on another thread for the whole generation. Then the event has the context
 * of that thread (but the emitter's P: Go does so).
 */
static enum tt_advance syscall_status(struct tt_order *o, struct tt_step *s, int64_t id,
				      int64_t thread)
{
	struct tt_m_state *m;

	if (thread == TT_NONE)
		return tt_broken(o, TT_E_STATUS,
				 "found goroutine %" PRId64 " in syscall without a thread", id);
	tt_assume_syscall(o, s, id, thread);
	if (thread == s->cur.thread) {
		if (!o->initial && s->cur.goroutine != id)
			return wrong_thread(o, id, s->cur.goroutine);
		tt_set_g(o, s, id);
		return TT_ADVANCED;
	}
	m = tt_find_m(o, thread);
	if (m != NULL && m->g != id)
		return wrong_thread(o, id, m->g);
	if (m != NULL) {
		s->cur.goroutine = id;
	} else {
		m = tt_add_m(o, thread);
		if (m == NULL)
			return tt_broken_memory(o);
		tt_m_set_g(m, id);
	}
	s->cur.thread = thread;
	return TT_ADVANCED;
}

enum tt_advance tt_advance_go_status(struct tt_order *o, struct tt_step *s)
{
	int64_t id = (int64_t)s->ev->args[0];
	unsigned status = (uint8_t)s->ev->args[2]; /* Go: tracev2.GoStatus is a byte */
	enum tt_state was;
	struct tt_g_state *g = tt_find_g(o, id);

	if (status >= TT_G_NSTATUS)
		return tt_broken(o, TT_E_STATUS, "invalid status for goroutine %" PRId64 ": %u", id,
				 status);
	was = public_state(status);
	if (g != NULL) {
		if (g->status != status)
			return tt_broken(o, TT_E_STATUS,
					 "inconsistent status for goroutine %" PRId64
					 ": old %s vs. new %s",
					 id, tt_g_status_name(g->status), tt_g_status_name(status));
		g->seq = tt_seq_at(o, 0);
	} else if (o->initial || tt_is_speculative(o)) {
		g = tt_add_g(o, id, status);
		if (g == NULL)
			return tt_broken_memory(o);
		was = TT_STATE_UNDETERMINED;
		tt_assume_g(o, g);
	} else {
		return tt_broken(o, TT_E_STATUS,
				 "found goroutine status for new goroutine after the first "
				 "generation: id=%" PRId64 " status=%s",
				 id, tt_g_status_name(status));
	}
	s->ev->args[2] = status;
	if (status == TT_G_RUNNING)
		tt_bind_g(o, s, g);
	if (status == TT_G_SYSCALL &&
	    syscall_status(o, s, id, (int64_t)s->ev->args[1]) != TT_ADVANCED)
		return TT_BROKEN;
	tt_queue_step(o, s)->was_ = (uint8_t)was;
	return TT_ADVANCED;
}

/* The current goroutine of an event that only a running one can have; NULL: broken. */
static struct tt_g_state *running_g(struct tt_order *o, struct tt_step *s)
{
	struct tt_g_state *g;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return NULL;
	g = tt_current_g(o, s);
	if (g != NULL && g->status == TT_G_RUNNING)
		return g;
	tt_wrong_g(o, s, g, "Running");
	return NULL;
}

static enum tt_advance create(struct tt_order *o, struct tt_step *s, enum tt_g_status status)
{
	int64_t id = (int64_t)s->ev->args[0];
	const struct tt_g_state *creator;
	char name[TT_EVENT_NAME_SIZE];

	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	tt_assume_no_g(o, s);
	tt_assume(o, TT_ASSUME_G_ABSENT, id, 0);
	/* the scheduler itself may create goroutines, but a goroutine that does so runs */
	creator = tt_current_g(o, s);
	if (creator != NULL && creator->status != TT_G_RUNNING)
		return tt_broken(o, TT_E_GOROUTINE, "%s event for goroutine that's not Running",
				 tt_step_name(o, s, name));
	if (tt_find_g(o, id) != NULL)
		return tt_broken(o, TT_E_GOROUTINE,
				 "tried to create goroutine (%" PRId64 ") that already exists", id);
	if (tt_add_g(o, id, status) == NULL)
		return tt_broken_memory(o);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

enum tt_advance tt_advance_go_create(struct tt_order *o, struct tt_step *s)
{
	return create(o, s, TT_G_RUNNABLE);
}

enum tt_advance tt_advance_go_create_blocked(struct tt_order *o, struct tt_step *s)
{
	return create(o, s, TT_G_WAITING);
}

/* The event waits for goroutine `id`: for this status, or for the number before. */
static enum tt_advance await_g(struct tt_order *o, int64_t id, uint64_t seq,
			       enum tt_g_status status)
{
	const struct tt_g_state *g = tt_find_g(o, id);

	if (g == NULL)
		return tt_not_yet(o, "goroutine %" PRId64 " does not exist yet", id);
	if (g->status != status)
		return tt_not_yet(o, "goroutine %" PRId64 " is %s; it must be %s", id,
				  tt_g_status_name(g->status), tt_g_status_name(status));
	return tt_not_yet(o, "goroutine %" PRId64 " is at sequence %" PRIu64
			  " of generation %" PRIu64 "; it must be at %" PRIu64,
			  id, g->seq.n, g->seq.generation, seq - 1);
}

enum tt_advance tt_advance_go_start(struct tt_order *o, struct tt_step *s)
{
	uint64_t id = s->ev->args[0], seq = s->ev->args[1];

	if (tt_find_due_g(o, id, seq, TT_G_RUNNABLE) == NULL) {
		tt_await(o, id, seq);
		return await_g(o, (int64_t)id, seq, TT_G_RUNNABLE);
	}
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	tt_fast_go_start(o, tt_step_m(o, s), id, seq);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

/* The running goroutine stops, and is `status` from then on. */
static enum tt_advance stop(struct tt_order *o, struct tt_step *s, enum tt_g_status status)
{
	if (running_g(o, s) == NULL)
		return TT_BROKEN;
	tt_fast_go_stop(o, tt_step_m(o, s), status);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

enum tt_advance tt_advance_go_stop(struct tt_order *o, struct tt_step *s)
{
	return stop(o, s, TT_G_RUNNABLE);
}

enum tt_advance tt_advance_go_block(struct tt_order *o, struct tt_step *s)
{
	return stop(o, s, TT_G_WAITING);
}

enum tt_advance tt_advance_go_destroy(struct tt_order *o, struct tt_step *s)
{
	struct tt_g_state *g = running_g(o, s);

	if (g == NULL)
		return TT_BROKEN;
	tt_remove_g(o, g);
	tt_set_g(o, s, TT_NONE);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

enum tt_advance tt_advance_go_unblock(struct tt_order *o, struct tt_step *s)
{
	uint64_t id = s->ev->args[0], seq = s->ev->args[1];

	if (!tt_fast_go_unblock(o, id, seq)) {
		tt_await(o, id, seq);
		return await_g(o, (int64_t)id, seq, TT_G_WAITING);
	}
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

/*
 * A coroutine switch shows as three events: the next goroutine is unblocked, the
 * current one blocks or ends, the next one starts.
 */
static enum tt_advance switch_to(struct tt_order *o, struct tt_step *s, bool destroy)
{
	struct tt_g_state *current = running_g(o, s);
	uint64_t id = s->ev->args[0], seq = s->ev->args[1];
	struct tt_context without_g = s->cur;
	struct tt_g_state *next;
	struct tt_event *start;

	if (current == NULL)
		return TT_BROKEN;
	next = tt_find_due_g(o, id, seq, TT_G_WAITING);
	if (next == NULL)
		return await_g(o, (int64_t)id, seq, TT_G_WAITING);
	tt_queue_step(o, s);
	if (destroy)
		tt_remove_g(o, current);
	else
		current->status = TT_G_WAITING;
	tt_queue_added(o, s, destroy ? o->go_destroy : o->go_block, &s->cur);
	next->status = TT_G_RUNNING;
	next->seq.n = seq;
	tt_bind_g(o, s, next);
	without_g.goroutine = TT_NONE;
	start = tt_queue_added(o, s, o->go_start, &without_g);
	o->added_args[start - o->queue][0] = id;
	o->added_args[start - o->queue][1] = seq;
	return TT_ADVANCED;
}

enum tt_advance tt_advance_go_switch(struct tt_order *o, struct tt_step *s)
{
	return switch_to(o, s, false);
}

enum tt_advance tt_advance_go_switch_destroy(struct tt_order *o, struct tt_step *s)
{
	return switch_to(o, s, true);
}
