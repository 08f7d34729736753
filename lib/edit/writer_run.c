/* SPDX-License-Identifier: MIT */
/*
 * writer_run.c - events that are followed many at once: what the writer's past would have
 * learnt of each is taken from the state of the pass where they end, and the last stack of
 * each goroutine is noted on the way. Stands on writer_run.h.
 */
#include "edit/writer_run.h"

#include <string.h>

void tt_writer_run_release(struct tt_writer *w)
{
	struct tt_writer_run *run = w->run;

	if (run == NULL)
		return;
	TT_ARRAY_RELEASE(&w->mem, &run->gs);
	TT_ARRAY_RELEASE(&w->mem, &run->ps);
	TT_ARRAY_RELEASE(&w->mem, &run->copies);
	TT_ARRAY_RELEASE(&w->mem, &run->streams);
	TT_ARRAY_RELEASE(&w->mem, &run->stacks);
	TT_ARRAY_RELEASE(&w->mem, &run->strings);
	tt_mem_free(&w->mem, run, sizeof(*run));
	w->run = NULL;
}

/* ---- what both ways share (writer_copy.c) */

/* Events that only the long way knows: those of experiments, and their batches. */
static bool is_special(const struct tt_event_spec *spec)
{
	return spec->experiment != NULL || spec->norders > 0 || spec->type > TT_LAST_TYPE_OF_GO;
}

bool tt_writer_run_can(const struct tt_writer *w, const struct tt_pass *p)
{
	const struct tt_order *o = &p->order;

	return w->err.code == TT_OK && !w->held.any && !w->has_theft && !w->past.stays &&
	       p->kept == NULL && o->count == 0 && p->gen->experimental.n == 0 &&
	       o->subjects == NULL && o->keyed == NULL && o->stacks_end <= UINT32_MAX;
}

/* Whether nothing has to be known of an event where it is followed, but what order knows. */
static bool is_plain(enum tt_kind kind)
{
	return kind != TT_KIND_TRANSITION && kind != TT_KIND_TASK_BEGIN && kind != TT_KIND_LABEL;
}

/* The last part before the end is left to the long way: there, an event may come before earlier
 * ones, if these have to wait for it. It is the eighth part, but no more than this. */
#define MARGIN_NS INT64_C(2000000)

static int64_t long_way_from(int64_t begin_ns, int64_t end_ns)
{
	int64_t length_ns;

	if (end_ns == INT64_MAX || end_ns <= begin_ns ||
	    __builtin_sub_overflow(end_ns, begin_ns, &length_ns))
		return end_ns == INT64_MAX ? INT64_MAX : begin_ns;
	return end_ns - (length_ns / 8 < MARGIN_NS ? length_ns / 8 + 1 : MARGIN_NS);
}

static bool grow(struct tt_writer *w, struct tt_noted **at, size_t *n, size_t *cap, size_t want)
{
	if (want <= *n)
		return true;
	if (!tt_mem_grow(&w->mem, at, cap, want, sizeof(**at)))
		return false;
	memset(*at + *n, 0, (want - *n) * sizeof(**at));
	*n = want;
	return true;
}

int tt_writer_run_note_all(struct tt_writer *w)
{
	struct tt_writer_run *run = w->run;
	const struct tt_order *o = &run->pass->order;

	return grow(w, &run->gs.at, &run->gs.n, &run->gs.cap, o->gs.n) &&
			       grow(w, &run->ps.at, &run->ps.n, &run->ps.cap, o->ps.n)
		       ? TT_OK
		       : tt_writer_no_memory(w);
}

int tt_writer_run_begin(struct tt_writer *w, struct tt_pass *p, int64_t end_ns)
{
	struct tt_writer_run *run = w->run;

	if (run == NULL)
		run = w->run = tt_mem_zalloc(&w->mem, 1, sizeof(*run));
	if (run == NULL)
		return tt_writer_no_memory(w);
	run->any = true;
	run->pass = p;
	run->gen = p->gen;
	run->gs.n = run->ps.n = 0;
	run->in_group = run->renumbers = false;
	run->nevents_begun = p->nevents;
	run->until_ns = long_way_from(p->last_ns, end_ns);
	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(p->specs, (uint8_t)type);

		if (type == TT_EV_PROCS_CHANGE || (spec != NULL && is_special(spec)))
			tt_pass_hand_out_type(p, type);
		run->unwanted[type] = spec != NULL && type != TT_EV_PROCS_CHANGE &&
				      !is_special(spec) && is_plain(spec->kind);
	}
	return tt_writer_run_note_all(w);
}

/* A goroutine's first event in a generation is a status, or creates it; its slot may have been that
 * of another one. With a status, numbers begin anew. */
static void forget_old(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_noted *noted = NULL;

	switch (ev->spec->type) {
	case TT_EV_GO_CREATE:
	case TT_EV_GO_CREATE_SYSCALL:
	case TT_EV_GO_CREATE_BLOCKED:
	case TT_EV_GO_STATUS:
	case TT_EV_GO_STATUS_STACK:
		noted = tt_writer_run_g(w, (int64_t)ev->args[0]);
		break;
	case TT_EV_PROC_STATUS:
		noted = tt_writer_run_p(w, (int64_t)ev->args[0]);
		break;
	default:
		break;
	}
	if (noted != NULL)
		*noted = (struct tt_noted){0};
}

int tt_writer_run_next(struct tt_writer *w, struct tt_pass_run *how, int64_t end_ns,
		       const struct tt_event **ev)
{
	struct tt_writer_run *run = w->run;
	uint64_t nevents = run->pass->nevents;
	int rc;

	how->gs = run->gs.at;
	how->ps = run->ps.at;
	rc = tt_pass_next_but(run->pass, how, run->until_ns, ev);
	if (rc < 0)
		return rc;
	/* (an event is later than in the trace, if that is needed to be after the last) */
	if (run->pass->nevents != nevents && run->pass->last_ns >= end_ns)
		return tt_fail(&w->err, TT_E_TIME_ORDER,
			       "the event at %lld ns comes before others that are far earlier",
			       (long long)run->pass->last_ns);
	if (rc != TT_OK)
		return rc;
	if (is_special((*ev)->spec))
		return tt_fail(&w->err, TT_E_ARGUMENT, "an event of an experiment without batches");
	if ((*ev)->kind != TT_KIND_TRANSITION)
		return TT_OK;
	/* (it may have made some known) */
	if (run->gs.n < run->pass->order.gs.n || run->ps.n < run->pass->order.ps.n)
		rc = tt_writer_run_note_all(w);
	if (rc == TT_OK)
		forget_old(w, *ev);
	return rc;
}

struct tt_noted *tt_writer_run_g(struct tt_writer *w, int64_t id)
{
	uint32_t slot = tt_idmap_find(&w->run->pass->order.g_ids, (uint64_t)id);

	return slot < w->run->gs.n ? &w->run->gs.at[slot] : NULL;
}

struct tt_noted *tt_writer_run_p(struct tt_writer *w, int64_t id)
{
	uint32_t slot = tt_idmap_find(&w->run->pass->order.p_ids, (uint64_t)id);

	return slot < w->run->ps.n ? &w->run->ps.at[slot] : NULL;
}

/* ---- following */

/* What order does not keep of a transition. */
static int note_transition(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);
	struct tt_noted *g;

	if (t.resource != TT_RESOURCE_GOROUTINE)
		return TT_OK;
	if (t.to == TT_STATE_NOT_EXIST) {
		tt_writer_past_forget(w, t.id);
		return TT_OK;
	}
	if (!t.has_stack || t.stack == 0)
		return TT_OK;
	g = tt_writer_run_g(w, t.id);
	if (g != NULL && t.stack <= UINT32_MAX)
		g->stack = (uint32_t)t.stack;
	return TT_OK;
}

/* Where events end that were followed: the past knows what the pass does. */
static int end_following(struct tt_writer *w)
{
	struct tt_writer_run *run = w->run;
	struct tt_order *o = &w->past.order;
	int rc = TT_OK;

	run->any = false;
	if (!tt_order_adopt(o, &run->pass->order))
		return tt_writer_no_memory(w);
	for (size_t i = 0; rc == TT_OK && !run->drops_stacks && i < o->gs.n; i++)
		if (i < run->gs.n && o->gs.at[i].status != TT_G_GONE && run->gs.at[i].stack != 0)
			rc = tt_writer_past_remember(w, o->gs.at[i].id, run->gs.at[i].stack);
	w->past.last_ns = w->given_ns = run->pass->last_ns;
	return rc;
}

int tt_writer_run_follow(struct tt_writer *w, struct tt_pass *p, bool with_stacks, int64_t end_ns,
			 const struct tt_event **ev)
{
	struct tt_pass_run how = {.direct = tt_direct_note};
	int rc = TT_OK;

	if (w->run == NULL || !w->run->any) {
		if (!w->following || w->past.source != p->gen || !tt_writer_run_can(w, p) ||
		    (w->run != NULL && w->run->followed_ordinal == p->gen->ordinal))
			return TT_END;
		rc = tt_writer_run_begin(w, p, end_ns);
		if (rc < 0)
			return rc;
		tt_pass_hand_out_type(p, TT_EV_GO_LABEL);
		w->run->drops_stacks = !with_stacks;
		w->run->followed_ordinal = p->gen->ordinal;
	}
	how.unwanted = w->run->unwanted;
	for (;;) {
		rc = tt_writer_run_next(w, &how, end_ns, ev);
		if (rc != TT_OK)
			return rc == TT_END ? (rc = end_following(w), rc < 0 ? rc : TT_END) : rc;
		if ((*ev)->kind == TT_KIND_TRANSITION)
			rc = note_transition(w, *ev);
		else if ((*ev)->kind == TT_KIND_LABEL)
			rc = tt_writer_past_label(w, &p->order, *ev);
		if (rc < 0)
			return rc;
		if ((*ev)->spec->type == TT_EV_PROCS_CHANGE)
			w->procs = (*ev)->args[0];
		else if ((*ev)->kind != TT_KIND_TASK_BEGIN)
			continue;
		return TT_OK;
	}
}
