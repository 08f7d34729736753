/* SPDX-License-Identifier: MIT */
/*
 * syscall.c - handlers of goroutines in syscalls and C callbacks. Source: Go's
 * internal/trace/order.go, advanceGoSyscallBegin, advanceGoSyscallEnd,
 * advanceGoSyscallEndBlocked, advanceGoCreateSyscall, advanceGoDestroySyscall.
 */
#include <inttypes.h>

#include "order/handlers.h"

/*
 * The current goroutine, which must have this status; NULL: broken. The message
 * says what Go's says: `wanted` is not always the status that is checked.
 */
static struct tt_g_state *current_g_in(struct tt_order *o, struct tt_step *s,
				       enum tt_g_status status, const char *wanted)
{
	struct tt_g_state *g = tt_current_g(o, s);

	if (g != NULL && g->status == status)
		return g;
	tt_wrong_g(o, s, g, wanted);
	return NULL;
}

static enum tt_advance unknown_proc(struct tt_order *o, const struct tt_step *s)
{
	char name[TT_EVENT_NAME_SIZE];

	return tt_broken(o, TT_E_PROC, "uninitialized proc %" PRId64 " found during %s", s->cur.proc,
			 tt_step_name(o, s, name));
}

/* Begin and end of a syscall: what they do is in fast.h, why they do not is here. */
enum tt_advance tt_advance_syscall_begin(struct tt_order *o, struct tt_step *s)
{
	struct tt_seq seq = tt_seq_at(o, s->ev->args[0]);
	const struct tt_p_state *p;
	char name[TT_EVENT_NAME_SIZE];

	if (tt_check_context(o, s) != TT_ADVANCED ||
	    current_g_in(o, s, TT_G_RUNNING, "Running") == NULL)
		return TT_BROKEN;
	if (tt_fast_syscall_begin(o, tt_step_m(o, s), seq.n)) {
		tt_queue_step(o, s);
		return TT_ADVANCED;
	}
	p = tt_find_p(o, s->cur.proc);
	if (p == NULL)
		return unknown_proc(o, s);
	/* the P runs here, so its sequence cannot be anywhere else: never "not yet" */
	return tt_broken(o, TT_E_SEQUENCE,
			 "failed to advance %s: can't make sequence: %" PRIu64 " (gen=%" PRIu64
			 ") -> %" PRIu64 " (gen=%" PRIu64 ")",
			 tt_step_name(o, s, name), p->seq.n, p->seq.generation, seq.n,
			 seq.generation);
}

enum tt_advance tt_advance_syscall_end(struct tt_order *o, struct tt_step *s)
{
	const struct tt_p_state *p;

	if (tt_check_context(o, s) != TT_ADVANCED ||
	    current_g_in(o, s, TT_G_SYSCALL, "Running") == NULL)
		return TT_BROKEN;
	if (tt_fast_syscall_end(o, tt_step_m(o, s))) {
		tt_queue_step(o, s);
		return TT_ADVANCED;
	}
	p = tt_find_p(o, s->cur.proc);
	if (p == NULL)
		return unknown_proc(o, s);
	return tt_broken(o, TT_E_PROC,
			 "expected proc %" PRId64 " in state Syscall, but got %s instead",
			 s->cur.proc, tt_p_status_name(p->status));
}

enum tt_advance tt_advance_syscall_end_blocked(struct tt_order *o, struct tt_step *s)
{
	struct tt_g_state *g;

	tt_assume_no_p(o, s);
	/* the event says that its P was lost: by ProcStop here, or stolen elsewhere */
	if (s->cur.proc != TT_NONE) {
		const struct tt_p_state *p = tt_find_p(o, s->cur.proc);

		if (p == NULL)
			return unknown_proc(o, s);
		tt_await(o, (uint64_t)s->cur.proc, TT_WAIT_NO_SEQ);
		if (p->status == TT_P_SYSCALL)
			return tt_not_yet(o, "P %" PRId64 " is still in the syscall; it must be "
					  "stolen or stopped first", s->cur.proc);
	}
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	g = current_g_in(o, s, TT_G_SYSCALL, "Running");
	if (g == NULL)
		return TT_BROKEN;
	g->status = TT_G_RUNNABLE;
	tt_set_g(o, s, TT_NONE);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

enum tt_advance tt_advance_create_syscall(struct tt_order *o, struct tt_step *s)
{
	int64_t id = (int64_t)s->ev->args[0];
	struct tt_g_state *g;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	if (tt_find_g(o, id) != NULL)
		return tt_broken(o, TT_E_GOROUTINE,
				 "tried to create goroutine (%" PRId64
				 ") in syscall that already exists",
				 id);
	tt_assume(o, TT_ASSUME_G_ABSENT, id, 0);
	g = tt_add_g(o, id, TT_G_SYSCALL);
	if (g == NULL)
		return tt_broken_memory(o);
	tt_bind_g(o, s, g);
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

/*
 * The thread may come back under the same id and must not find the P still its
 * own, so the P is abandoned here, and that shows as a theft of it.
 */
static enum tt_advance abandon_p(struct tt_order *o, struct tt_step *s)
{
	struct tt_p_state *p = tt_find_p(o, s->cur.proc);
	struct tt_event *steal;
	char name[TT_EVENT_NAME_SIZE];

	if (p == NULL)
		return tt_broken(o, TT_E_PROC, "found invalid proc %" PRId64 " during %s",
				 s->cur.proc, tt_step_name(o, s, name));
	if (p->status != TT_P_SYSCALL)
		return tt_broken(o, TT_E_PROC, "proc %" PRId64 " in unexpected state %s during %s",
				 s->cur.proc, tt_p_status_name(p->status), tt_step_name(o, s, name));
	p->status = TT_P_ABANDONED;
	tt_set_p(o, s, TT_NONE);
	steal = tt_queue_added(o, s, o->proc_steal, &s->cur);
	steal->was_ = TT_STATE_RUNNING;
	o->added_args[steal - o->queue][0] = (uint64_t)s->cur.proc;
	return TT_ADVANCED;
}

enum tt_advance tt_advance_destroy_syscall(struct tt_order *o, struct tt_step *s)
{
	struct tt_g_state *g;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	tt_assume_no_p(o, s);
	g = current_g_in(o, s, TT_G_SYSCALL, "Syscall");
	if (g == NULL)
		return TT_BROKEN;
	tt_remove_g(o, g);
	tt_set_g(o, s, TT_NONE);
	if (s->cur.proc != TT_NONE && abandon_p(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	tt_queue_step(o, s);
	return TT_ADVANCED;
}
