/* SPDX-License-Identifier: MIT */
/*
 * writer_before.c - what has to be stated before an event: the goroutines and processors on
 * which it happens and that it is about, if the generation at hand does not have them yet.
 * Stands on writer_moment.h.
 */
#include "edit/writer_moment.h"

/* A status goes to the next moment that is free. */
static int state(struct tt_writer *w, int64_t thread, uint8_t type, const uint64_t *args,
		 unsigned nargs)
{
	int rc = w->following ? TT_OK : tt_writer_use_ns(w);

	return rc < 0 ? rc : tt_writer_emit(w, thread, type, args, nargs, w->last_ns + 1);
}

static int introduce_p(struct tt_writer *w, int64_t thread, int64_t p, enum tt_p_status status)
{
	const uint64_t args[] = {(uint64_t)p, status};

	return state(w, thread, TT_EV_PROC_STATUS, args, 2);
}

static int introduce_g(struct tt_writer *w, int64_t thread, int64_t g, enum tt_g_status status)
{
	const uint64_t args[] = {(uint64_t)g, (uint64_t)thread, status};

	return state(w, thread, TT_EV_GO_STATUS, args, 3);
}

static bool is_stated(const struct tt_order *o, struct tt_seq seq)
{
	return seq.generation == o->gen->number;
}

/* The status of a P or a goroutine that this generation does not have yet. */
static int restate_p(struct tt_writer *w, int64_t id)
{
	const struct tt_order *o = tt_writer_order(w);
	const struct tt_p_state *p = tt_order_p(o, id);
	bool held = p != NULL && (p->status == TT_P_RUNNING || p->status == TT_P_SYSCALL);

	if (p == NULL || is_stated(o, p->seq))
		return TT_OK;
	return introduce_p(w, held ? tt_writer_thread_with(o, id, TT_NONE) : TT_NONE, id,
			   (enum tt_p_status)p->status);
}

static int restate_g(struct tt_writer *w, int64_t id)
{
	const struct tt_order *o = tt_writer_order(w);
	const struct tt_g_state *g = tt_order_g(o, id);
	bool held = g != NULL && (g->status == TT_G_RUNNING || g->status == TT_G_SYSCALL);

	if (g == NULL || is_stated(o, g->seq))
		return TT_OK;
	return introduce_g(w, held ? tt_writer_thread_with(o, TT_NONE, id) : TT_NONE, id,
			   (enum tt_g_status)g->status);
}

/* The P and the goroutine in whose context the event happens. */
static int state_context(struct tt_writer *w, const struct tt_writer_stream *s,
			 const struct tt_event *ev, int64_t thread, uint8_t needs)
{
	const struct tt_order *o = tt_writer_order(w);
	const struct tt_m_state *m = tt_writer_m_of(o, s, thread);
	bool returns = ev->spec->type == TT_EV_GO_SYSCALL_END,
	     in_syscall = returns || ev->spec->type == TT_EV_GO_SYSCALL_END_BLOCKED ||
			  ev->spec->type == TT_EV_GO_DESTROY_SYSCALL;
	int64_t p = m == NULL ? TT_NONE : m->p, g = m == NULL ? TT_NONE : m->g;
	int rc = TT_OK;

	if (thread == TT_NONE)
		return TT_OK;
	if (p == TT_NONE && (needs & TT_NEED_PROC) != 0 && ev->proc != TT_NONE &&
	    tt_order_p(o, ev->proc) == NULL)
		rc = introduce_p(w, thread, ev->proc, returns ? TT_P_SYSCALL : TT_P_RUNNING);
	else if (p != TT_NONE && (needs & TT_NEED_PROC) != 0)
		rc = restate_p(w, p);
	if (rc < 0)
		return rc;
	if (g == TT_NONE && (needs & TT_NEED_GOROUTINE) != 0 && ev->goroutine != TT_NONE &&
	    tt_order_g(o, ev->goroutine) == NULL)
		return introduce_g(w, thread, ev->goroutine,
				   in_syscall ? TT_G_SYSCALL : TT_G_RUNNING);
	if (g != TT_NONE && (needs & TT_NEED_GOROUTINE) != 0)
		return restate_g(w, g);
	return TT_OK;
}

/* The goroutine or P that the event is about, if its events are numbered. */
static int state_subject(struct tt_writer *w, const struct tt_event *ev, int64_t thread)
{
	const struct tt_order *o = tt_writer_order(w);
	int64_t id = ev->spec->nargs > 0 ? (int64_t)ev->args[0] : TT_NONE;

	switch (ev->spec->type) {
	case TT_EV_GO_START:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SWITCH:
	case TT_EV_GO_SWITCH_DESTROY:
		if (tt_order_g(o, id) != NULL)
			return restate_g(w, id);
		return introduce_g(w, ev->spec->type == TT_EV_GO_UNBLOCK ? TT_NONE : thread, id,
				   ev->spec->type == TT_EV_GO_START ? TT_G_RUNNABLE
								    : TT_G_WAITING);
	case TT_EV_PROC_START:
		if (tt_order_p(o, id) != NULL)
			return restate_p(w, id);
		return introduce_p(w, thread, id, TT_P_IDLE);
	case TT_EV_PROC_STEAL:
		if (tt_order_p(o, id) != NULL)
			return restate_p(w, id);
		return introduce_p(w, (int64_t)ev->args[2], id, TT_P_SYSCALL);
	default:
		return TT_OK;
	}
}

int tt_writer_state_before(struct tt_writer *w, const struct tt_writer_stream *s,
			   const struct tt_event *ev, int64_t thread, uint8_t needs)
{
	const struct tt_order *o = tt_writer_order(w);
	int rc;

	if (tt_writer_is_status(ev->spec->type))
		return TT_OK;
	if (s != NULL && s->m != TT_NO_SLOT && o->ms.at[s->m].p == s->p_stated &&
	    o->ms.at[s->m].g == s->g_stated && s->p_stated != TT_NONE &&
	    s->g_stated != TT_NONE)
		rc = TT_OK;
	else
		rc = state_context(w, s, ev, thread, needs);
	return rc < 0 ? rc : state_subject(w, ev, thread);
}

void tt_writer_remember_stated(struct tt_writer *w, struct tt_writer_stream *s)
{
	const struct tt_m_state *m = &w->order.ms.at[s->m];
	const struct tt_p_state *p;
	const struct tt_g_state *g;

	if (m->p == s->p_stated && m->g == s->g_stated)
		return;
	p = tt_order_p(&w->order, m->p);
	g = tt_order_g(&w->order, m->g);
	s->p_stated = p != NULL && is_stated(&w->order, p->seq) ? p->id : TT_NONE;
	s->g_stated = g != NULL && is_stated(&w->order, g->seq) ? g->id : TT_NONE;
}
