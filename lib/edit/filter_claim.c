/* SPDX-License-Identifier: MIT */
/*
 * filter_claim.c - events of Ps where goroutines are gone. The result does not know that
 * one of these is in a syscall: to a reader of it the P still runs, so a theft of the P is
 * its stop. Stands on filter.h.
 */
#include <string.h>

#include "edit/filter.h"
#include "edit/writer_moment.h"

static bool is_v1(const struct tt_event *ev)
{
	return ev->generation != NULL && ev->generation->v1;
}

int tt_filter_write(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	if (is_v1(ev) && ev->kind != TT_KIND_SYNC)
		return tt_filter_write_v1(f, ev, inside);
	return inside ? tt_writer_event(f->w, ev) : tt_writer_follow(f->w, ev);
}

int tt_filter_write_as(struct tt_filter *f, const struct tt_event *ev, enum tt_event_type type,
		       int64_t thread, bool inside)
{
	struct tt_event other = *ev;

	other.spec = tt_specs_event(f->w->specs, type);
	other.kind = other.spec->kind;
	other.args = f->args;
	other.thread = thread;
	if (thread != ev->thread)
		other.proc = other.goroutine = TT_NONE;
	return tt_filter_write(f, &other, inside);
}

static bool is_held(const struct tt_p_state *p)
{
	return p->status == TT_P_RUNNING || p->status == TT_P_SYSCALL;
}

/* What the result has of the P, rather than what the source says. */
static int status(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	const struct tt_order *o = tt_writer_order(f->w);
	const struct tt_p_state *p = tt_order_p(o, (int64_t)ev->args[0]);
	int64_t thread = ev->thread;

	if (p == NULL || p->status == ev->args[1])
		return tt_filter_write(f, ev, inside);
	memset(f->args, 0, sizeof(f->args));
	f->args[0] = ev->args[0];
	f->args[1] = p->status;
	if (is_held(p))
		thread = tt_writer_thread_with(o, p->id, TT_NONE);
	return tt_filter_write_as(f, ev, TT_EV_PROC_STATUS, thread, inside);
}

static int stop_p(struct tt_filter *f, const struct tt_event *ev, int64_t thread, bool inside)
{
	return tt_filter_write_as(f, ev, TT_EV_PROC_STOP, thread, inside);
}

static int steal(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	const struct tt_order *o = tt_writer_order(f->w);
	const struct tt_p_state *p = tt_order_p(o, (int64_t)ev->args[0]);
	/* that which the end of a goroutine in a syscall adds has no number */
	bool added = ev->args[1] == 0;

	if (p == NULL)
		return TT_OK;
	if (added && tt_filter_has_g(f, ev->goroutine))
		return tt_filter_write(f, ev, inside);
	if (is_held(p) && (added || p->status == TT_P_RUNNING))
		return stop_p(f, ev, tt_writer_thread_with(o, p->id, TT_NONE), inside);
	if (p->status == TT_P_IDLE || added)
		return TT_OK;
	return tt_filter_write(f, ev, inside);
}

/* A thread that starts a P, where the result has that P or the thread busy, is not what the
 * source has either; the writer refuses it. */
int tt_filter_proc_event(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	const struct tt_m_state *m;

	switch (ev->spec->type) {
	case TT_EV_PROC_STATUS:
		return status(f, ev, inside);
	case TT_EV_PROC_STEAL:
		return steal(f, ev, inside);
	case TT_EV_PROC_STOP:
		/* (format v1 names a thread that the result may have no use for) */
		m = is_v1(ev) ? NULL : tt_order_m(tt_writer_order(f->w), ev->thread);
		if (m != NULL && m->p == TT_NONE)
			return TT_OK;
		return tt_filter_write(f, ev, inside);
	default:
		return tt_filter_write(f, ev, inside);
	}
}
