/* SPDX-License-Identifier: MIT */
/*
 * proc.c - handlers of processor events. Source: Go's internal/trace/order.go,
 * advanceProcStatus, advanceProcStart, advanceProcStop, advanceProcSteal.
 */
#include <inttypes.h>

#include "order/handlers.h"

/* As the public sees it: a P in a syscall still runs. */
static enum tt_state public_state(unsigned status)
{
	static const uint8_t states[TT_P_NSTATUS] = {
		[TT_P_BAD] = TT_STATE_UNDETERMINED, [TT_P_RUNNING] = TT_STATE_RUNNING,
		[TT_P_IDLE] = TT_STATE_IDLE,	    [TT_P_SYSCALL] = TT_STATE_RUNNING,
		[TT_P_ABANDONED] = TT_STATE_IDLE,
	};

	return states[status];
}

/* The thread that holds p, or NULL. Slow, and rare. */
static const struct tt_m_state *holder_of(const struct tt_order *o, int64_t p)
{
	for (size_t i = 0; i < o->ms.n; i++)
		if (o->ms.at[i].p == p)
			return &o->ms.at[i];
	return NULL;
}

/*
 * A status SyscallAbandoned of a P that is known to be in a syscall is promoted to
 * Syscall: nothing was lost. The event has the context of the thread that has the P and
 * is about to lose it.
 */
static enum tt_advance promote(struct tt_order *o, struct tt_step *s, int64_t id)
{
	const struct tt_m_state *m = holder_of(o, id);
	struct tt_context own = s->cur;

	if (m == NULL)
		return tt_broken(o, TT_E_PROC,
				 "failed to find sched context for proc %" PRId64
				 " that's about to be stolen",
				 id);
	s->ev->args[1] = TT_P_SYSCALL;
	s->cur = (struct tt_context){m->id, id, m->g};
	tt_queue_step(o, s)->was_ = TT_STATE_RUNNING;
	s->cur = own;
	return TT_ADVANCED;
}

static enum tt_advance known_status(struct tt_order *o, struct tt_step *s, struct tt_p_state *p,
				    unsigned status)
{
	p->seq = tt_seq_at(o, 0);
	if (status == TT_P_ABANDONED && p->status == TT_P_SYSCALL)
		return promote(o, s, p->id);
	if (status == TT_P_ABANDONED && p->status == TT_P_ABANDONED)
		s->ev->args[1] = TT_P_ABANDONED;
	else if (p->status != status)
		return tt_broken(o, TT_E_STATUS,
				 "inconsistent status for proc %" PRId64 ": old %s vs. new %s",
				 p->id, tt_p_status_name(p->status), tt_p_status_name(status));
	tt_queue_step(o, s)->was_ = (uint8_t)public_state(status);
	return TT_ADVANCED;
}

enum tt_advance tt_advance_proc_status(struct tt_order *o, struct tt_step *s)
{
	int64_t id = (int64_t)s->ev->args[0];
	unsigned status = (uint8_t)s->ev->args[1]; /* Go: tracev2.ProcStatus is a byte */
	struct tt_p_state *p = tt_find_p(o, id);
	enum tt_advance result = TT_ADVANCED;

	if (status >= TT_P_NSTATUS)
		return tt_broken(o, TT_E_STATUS, "invalid status for proc %" PRId64 ": %u", id,
				 status);
	if (p == NULL && tt_is_speculative(o)) {
		p = tt_assume_p(o, id, status);
		if (p == NULL)
			return tt_broken_memory(o);
		if (status == TT_P_ABANDONED)
			s->ev->args[1] = p->status;
		tt_queue_step(o, s)->was_ = TT_STATE_UNDETERMINED;
	} else if (p != NULL) {
		result = known_status(o, s, p, status);
	} else if (tt_add_p(o, id, status) == NULL) {
		return tt_broken_memory(o);
	} else {
		tt_queue_step(o, s)->was_ = o->initial ? TT_STATE_UNDETERMINED : TT_STATE_NOT_EXIST;
	}
	if (status == TT_P_RUNNING || status == TT_P_SYSCALL)
		tt_set_p(o, s, id);
	return result;
}

/* The event waits for P `id`: for this status, or (NULL) for the number before. */
static enum tt_advance await_p(struct tt_order *o, int64_t id, uint64_t seq, const char *wanted)
{
	const struct tt_p_state *p = tt_find_p(o, id);

	if (p == NULL)
		return tt_not_yet(o, "P %" PRId64 " was not mentioned yet", id);
	if (wanted != NULL)
		return tt_not_yet(o, "P %" PRId64 " is %s; it must be %s", id,
				  tt_p_status_name(p->status), wanted);
	return tt_not_yet(o, "P %" PRId64 " is at sequence %" PRIu64 " of generation %" PRIu64
			  "; it must be at %" PRIu64, id, p->seq.n, p->seq.generation, seq - 1);
}

enum tt_advance tt_advance_proc_start(struct tt_order *o, struct tt_step *s)
{
	int64_t id = (int64_t)s->ev->args[0];
	struct tt_seq seq = tt_seq_at(o, s->ev->args[1]);
	struct tt_p_state *p = tt_find_p(o, id);

	tt_await(o, (uint64_t)id, seq.n);
	if (p == NULL || p->status != TT_P_IDLE)
		return await_p(o, id, seq.n, "Idle");
	if (!tt_seq_succeeds(seq, p->seq))
		return await_p(o, id, seq.n, NULL);
	tt_assume_no_p(o, s);
	/* it is in a syscall, and its P was not stolen yet */
	tt_await(o, (uint64_t)s->cur.proc, TT_WAIT_NO_SEQ);
	if (s->cur.proc != TT_NONE)
		return tt_not_yet(o, "the thread still has P %" PRId64, s->cur.proc);
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	p->status = TT_P_RUNNING;
	p->seq = seq;
	tt_set_p(o, s, id);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

enum tt_advance tt_advance_proc_stop(struct tt_order *o, struct tt_step *s)
{
	struct tt_p_state *p = tt_find_p(o, s->cur.proc);
	char name[TT_EVENT_NAME_SIZE];

	if (p == NULL)
		return tt_broken(o, TT_E_PROC, "event %s for proc (%" PRId64 ") that doesn't exist",
				 tt_step_name(o, s, name), s->cur.proc);
	if (p->status != TT_P_RUNNING && p->status != TT_P_SYSCALL)
		return tt_broken(o, TT_E_PROC, "%s event for proc that's not Running or Syscall",
				 tt_step_name(o, s, name));
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	p->status = TT_P_IDLE;
	tt_set_p(o, s, TT_NONE);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

/* Takes p from the thread that the event names. */
static enum tt_advance steal_from(struct tt_order *o, struct tt_step *s, int64_t p, int64_t victim)
{
	struct tt_m_state *m;

	tt_assume_victim(o, s, p, victim);
	if (victim == s->cur.thread) {
		if (s->cur.proc != p)
			return tt_broken(o, TT_E_PROC,
					 "tried to self-steal proc %" PRId64 " (thread %" PRId64
					 "), but got proc %" PRId64 " instead",
					 p, victim, s->cur.proc);
		tt_set_p(o, s, TT_NONE);
		return TT_ADVANCED;
	}
	m = tt_find_m(o, victim);
	if (m == NULL)
		return tt_broken(o, TT_E_PROC, "stole proc from non-existent thread %" PRId64, victim);
	if (m->p != p)
		return tt_broken(o, TT_E_PROC,
				 "tried to steal proc %" PRId64 " from thread %" PRId64
				 ", but got proc %" PRId64 " instead",
				 p, victim, m->p);
	tt_m_set_p(m, TT_NONE);
	return TT_ADVANCED;
}

enum tt_advance tt_advance_proc_steal(struct tt_order *o, struct tt_step *s)
{
	int64_t id = (int64_t)s->ev->args[0];
	struct tt_seq seq = tt_seq_at(o, s->ev->args[1]);
	struct tt_p_state *p = tt_find_p(o, id);
	bool abandoned;

	tt_await(o, (uint64_t)id, seq.n);
	if (p == NULL || (p->status != TT_P_SYSCALL && p->status != TT_P_ABANDONED))
		return await_p(o, id, seq.n, "in a syscall");
	if (!tt_seq_succeeds(seq, p->seq))
		return await_p(o, id, seq.n, NULL);
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	abandoned = p->status == TT_P_ABANDONED;
	p->status = TT_P_IDLE;
	p->seq = seq;
	/* which thread had an abandoned P is not known */
	if (!abandoned && steal_from(o, s, id, (int64_t)s->ev->args[2]) != TT_ADVANCED)
		return TT_BROKEN;
	tt_queue_step(o, s)->was_ = abandoned ? TT_STATE_IDLE : TT_STATE_RUNNING;
	return TT_ADVANCED;
}
