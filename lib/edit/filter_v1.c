/* SPDX-License-Identifier: MIT */
/*
 * filter_v1.c - events of format v1 as those of v2. That format knows Ps rather than threads:
 * many events name no thread, a goroutine may lose its P in a syscall without an event,
 * and contexts are those after an event. Here each event gets the thread that the result has
 * its P on, and what was left out comes before it. What cannot happen in v2 is left out and
 * counted. Stands on filter.h.
 */
#include <string.h>

#include "edit/filter.h"

/* Threads of Ps, and of goroutines in syscalls, for which the trace names none. */
#define P_THREADS TT_FIRST_MADE_M
#define G_THREADS (2 * TT_FIRST_MADE_M)

struct adapted {
	struct tt_filter *f;
	const struct tt_order *o;
	const struct tt_event *from;
	struct tt_event ev;
	uint64_t args[TT_MAX_ARGS];
	bool inside;
};

static int64_t thread_of_p(const struct tt_order *o, int64_t p)
{
	for (size_t i = 0; p != TT_NONE && i < o->ms.n; i++)
		if (o->ms.at[i].p == p)
			return o->ms.at[i].id;
	return TT_NONE;
}

static int64_t thread_of_g(const struct tt_order *o, int64_t g)
{
	for (size_t i = 0; g != TT_NONE && i < o->ms.n; i++)
		if (o->ms.at[i].g == g)
			return o->ms.at[i].id;
	return TT_NONE;
}

static int64_t p_of_thread(const struct tt_order *o, int64_t thread)
{
	const struct tt_m_state *m = tt_order_m(o, thread);

	return m == NULL ? TT_NONE : m->p;
}

static int64_t g_of_thread(const struct tt_order *o, int64_t thread)
{
	const struct tt_m_state *m = tt_order_m(o, thread);

	return m == NULL ? TT_NONE : m->g;
}

/* An event that the trace left out, a nanosecond after the one before. */
static int add(struct adapted *a, enum tt_event_type type, int64_t thread, uint64_t arg)
{
	const uint64_t args[TT_MAX_ARGS] = {arg};
	const struct tt_event ev = {
		.thread = thread,
		.proc = TT_NONE,
		.goroutine = TT_NONE,
		.spec = tt_specs_event(a->f->w->specs, type),
		.args = args,
		.generation = a->from->generation,
	};

	a->f->progress.made++;
	return tt_writer_insert(a->f->w, &ev);
}

static int stop_p(struct adapted *a, int64_t thread)
{
	return add(a, TT_EV_PROC_STOP, thread, 0);
}

/* The thread is free for another P, and the P for another thread. */
static int free_both(struct adapted *a, int64_t thread, int64_t p)
{
	int64_t holder = thread_of_p(a->o, p);
	int rc = TT_OK;

	if (holder != TT_NONE && holder != thread)
		rc = stop_p(a, holder);
	if (rc == TT_OK && p_of_thread(a->o, thread) != TT_NONE && p_of_thread(a->o, thread) != p)
		rc = stop_p(a, thread);
	return rc;
}

/* The thread that an event of a P happens on, which has the P then. */
static int find_thread(struct adapted *a)
{
	struct tt_event *ev = &a->ev;
	int64_t holder = thread_of_p(a->o, ev->proc);
	const struct tt_p_state *p = tt_order_p(a->o, ev->proc);

	if (holder != TT_NONE) {
		ev->thread = holder;
		return TT_OK;
	}
	if (ev->proc == TT_NONE)
		return TT_OK;
	if (ev->thread == TT_NONE || p_of_thread(a->o, ev->thread) != TT_NONE)
		ev->thread = P_THREADS + ev->proc;
	if (p == NULL || (tt_event_def_of(ev->spec)->needs & TT_NEED_PROC) == 0)
		return TT_OK;
	return add(a, TT_EV_PROC_START, ev->thread, (uint64_t)ev->proc);
}

/* A goroutine that is in a syscall on the thread loses it. */
static int move_syscall(struct adapted *a)
{
	int64_t g = g_of_thread(a->o, a->ev.thread);
	const struct tt_g_state *state = tt_order_g(a->o, g);
	int64_t p = p_of_thread(a->o, a->ev.thread);
	int rc;

	if (state == NULL || state->status != TT_G_SYSCALL || p == TT_NONE)
		return TT_OK;
	/* its P goes on elsewhere */
	rc = stop_p(a, a->ev.thread);
	a->ev.thread = P_THREADS + p;
	while (g_of_thread(a->o, a->ev.thread) != TT_NONE)
		a->ev.thread += P_THREADS;
	return rc < 0 ? rc : add(a, TT_EV_PROC_START, a->ev.thread, (uint64_t)p);
}

static int adapt_status(struct adapted *a)
{
	struct tt_event *ev = &a->ev;

	if (a->args[2] == TT_G_SYSCALL)
		ev->thread = G_THREADS + (int64_t)a->args[0];
	else if (a->args[2] != TT_G_RUNNING)
		ev->thread = TT_NONE;
	a->args[1] = (uint64_t)ev->thread;
	ev->proc = a->args[2] == TT_G_RUNNING ? ev->proc : TT_NONE;
	ev->goroutine = TT_NONE;
	return a->args[2] == TT_G_RUNNING ? find_thread(a) : TT_OK;
}

static int adapt_start_of_p(struct adapted *a)
{
	int64_t p = (int64_t)a->args[0];

	if (a->ev.thread == TT_NONE)
		a->ev.thread = P_THREADS + p;
	/* a goroutine in a syscall may be there still: then another thread runs the P */
	if (g_of_thread(a->o, a->ev.thread) != TT_NONE)
		a->ev.thread = P_THREADS + p;
	a->ev.proc = TT_NONE;
	return free_both(a, a->ev.thread, p);
}

/* The end of a syscall that cost the P is on the thread that the goroutine was left on. */
static int adapt_return(struct adapted *a)
{
	int64_t thread = thread_of_g(a->o, a->from->goroutine);

	a->ev.thread = thread;
	a->ev.proc = TT_NONE;
	if (thread != TT_NONE && p_of_thread(a->o, thread) != TT_NONE)
		return stop_p(a, thread);
	return TT_OK;
}

/* The collector's phase is nobody's: any thread may say that it begins or ends. That of the
 * goroutine which does shows that goroutine; format v1 has a P of its own for it. */
static int adapt_gc(struct adapted *a)
{
	a->ev.thread = thread_of_g(a->o, a->from->goroutine);
	a->ev.proc = a->ev.goroutine = TT_NONE;
	return TT_OK;
}

static int adapt(struct adapted *a)
{
	struct tt_event *ev = &a->ev;
	int rc;

	switch (ev->spec->type) {
	case TT_EV_GO_STATUS:
	case TT_EV_GO_STATUS_STACK:
		return adapt_status(a);
	case TT_EV_PROC_STATUS:
	case TT_EV_PROC_START:
		return adapt_start_of_p(a);
	case TT_EV_GO_SYSCALL_END_BLOCKED:
		return adapt_return(a);
	case TT_EV_PROC_STOP:
		ev->thread = thread_of_p(a->o, ev->proc);
		return TT_OK;
	case TT_EV_GC_BEGIN:
	case TT_EV_GC_END:
		return adapt_gc(a);
	case TT_EV_GO_START:
		/* the context was that after it */
		ev->goroutine = TT_NONE;
		rc = find_thread(a);
		return rc < 0 ? rc : move_syscall(a);
	case TT_EV_GO_UNBLOCK:
		return ev->proc == TT_NONE ? TT_OK : find_thread(a);
	default:
		return find_thread(a);
	}
}

/* Whether the result's state allows it: format v1 has less to say of what is going on. */
static bool is_possible(const struct adapted *a)
{
	uint8_t needs = tt_event_def_of(a->ev.spec)->needs;
	int64_t g = g_of_thread(a->o, a->ev.thread);

	if (tt_filter_is_gc(a->ev.spec->type))
		return true;
	if ((needs & TT_NEED_THREAD) != 0 && a->ev.thread == TT_NONE)
		return false;
	if ((needs & TT_NEED_GOROUTINE) == 0)
		return true;
	return g == TT_NONE ? tt_order_g(a->o, a->ev.goroutine) == NULL : g == a->from->goroutine;
}

int tt_filter_write_v1(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	struct adapted a = {
		.f = f,
		.o = tt_writer_order(f->w),
		.from = ev,
		.ev = *ev,
		.inside = inside,
	};
	int rc;

	memcpy(a.args, ev->args, ev->spec->nargs * sizeof(*a.args));
	a.ev.args = a.args;
	if (ev->kind == TT_KIND_STACK_SAMPLE)
		return inside ? tt_writer_event(f->w, ev) : tt_writer_follow(f->w, ev);
	rc = tt_writer_prepare(f->w, ev, inside);
	a.o = tt_writer_order(f->w);
	if (rc == TT_OK)
		rc = adapt(&a);
	if (rc < 0)
		return rc;
	if (!is_possible(&a)) {
		f->progress.impossible++;
		return TT_OK;
	}
	return inside ? tt_writer_event(f->w, &a.ev) : tt_writer_follow(f->w, &a.ev);
}
