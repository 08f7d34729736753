/* SPDX-License-Identifier: MIT */
/*
 * join_fit.c - whether a piece begins where the one before ends. That it begins earlier does not
 * say so: what it restates takes some time, and what is missing may have taken less. Stands on
 * join.h.
 */
#include "edit/join.h"

/* Where the pieces before end. */
struct place {
	uint64_t nknown;        /* events of the generation up to there */
	uint64_t nstated;       /* and with those right after them that are statuses */
	bool restates;          /* the first one after it says what the generation has said */
};

/* No trace says this again within a generation: the piece is still restating what was before
 * it. */
static bool is_said_again(struct tt_join *j, const struct tt_event *ev)
{
	const struct tt_order *o = &j->w->order;
	const struct tt_g_state *g;
	const struct tt_p_state *p;

	if (ev->spec == NULL || ev->time_ns != j->last_ns + 1)
		return false;
	switch (ev->spec->type) {
	case TT_EV_GO_STATUS:
	case TT_EV_GO_STATUS_STACK:
		g = tt_order_g(o, (int64_t)ev->args[0]);
		return g != NULL && g->seq.generation == o->gen->number;
	case TT_EV_PROC_STATUS:
		p = tt_order_p(o, (int64_t)ev->args[0]);
		return p != NULL && p->seq.generation == o->gen->number;
	case TT_EV_PROCS_CHANGE:
		/* (each generation says it once, whether it changed or not) */
		return j->procs_number == j->w->number && ev->args[0] == j->w->procs;
	case TT_EV_USER_TASK_BEGIN:
		return tt_order_is_task_open(o, ev->args[0]);
	default:
		return tt_join_heap_is_said_again(j, ev);
	}
}

static int find_place(struct tt_join *j, const struct tt_generation *g, struct place *place)
{
	const struct tt_event *ev;
	int rc = tt_entry_probe(&j->probe, g);

	*place = (struct place){0};
	while (rc == TT_OK && (rc = tt_pass_next(&j->probe, &ev)) == TT_OK) {
		bool known = ev->time_ns <= j->last_ns;

		place->restates |= !known && place->nstated == place->nknown && is_said_again(j, ev);
		if (!known && !tt_join_is_status(ev))
			break;
		place->nstated++;
		if (known)
			place->nknown = place->nstated;
	}
	return rc;
}

/* Goes on to there. */
static int advance_to(struct tt_join *j, uint64_t n)
{
	const struct tt_event *ev;
	int rc = TT_OK;

	while (rc == TT_OK && j->probe.nevents < n)
		rc = tt_pass_next(&j->probe, &ev);
	return rc;
}

/* What one does not know, no thread of it has. */
static bool has_same_threads(const struct tt_order *mine, const struct tt_order *theirs)
{
	for (size_t i = 0; i < theirs->ms.n; i++) {
		const struct tt_m_state *t = &theirs->ms.at[i], *m = tt_order_m(mine, t->id);

		if ((tt_order_p(mine, t->p) != NULL && (m == NULL || m->p != t->p)) ||
		    (tt_order_g(mine, t->g) != NULL && (m == NULL || m->g != t->g)))
			return false;
	}
	return true;
}

/* What one does not know is the same in both if `unknown` is. */
static bool is_same_state(const struct tt_order *mine, const struct tt_order *theirs, bool unknown)
{
	for (size_t i = 0; i < theirs->gs.n; i++) {
		const struct tt_g_state *t = &theirs->gs.at[i], *g = tt_order_g(mine, t->id);

		if (t->status != TT_G_GONE && (g == NULL ? !unknown : g->status != t->status))
			return false;
	}
	for (size_t i = 0; i < theirs->ps.n; i++) {
		const struct tt_p_state *t = &theirs->ps.at[i], *p = tt_order_p(mine, t->id);

		if (p == NULL ? !unknown : p->status != t->status)
			return false;
	}
	return true;
}

/* In the first generation of the result, that says for the first time what the collector does. */
static bool is_first_gc(const struct tt_join *j, const struct tt_event *ev)
{
	return j->w->order.initial && j->w->order.gc_state == TT_GC_UNDETERMINED &&
	       ev->spec->type == TT_EV_GC_ACTIVE;
}

/* Whether the collector does what it does where the probe is. If nothing said that so far, the
 * next event that speaks of it does, or the generations before; or it does not matter. */
static int compare_collector(struct tt_join *j, bool *same)
{
	const struct tt_order *theirs = &j->probe.order;
	bool known = theirs->gc_state != TT_GC_UNDETERMINED;
	bool runs = theirs->gc_state == TT_GC_RUNNING;
	const struct tt_event *ev;
	int rc = TT_OK;

	while (!known && rc == TT_OK) {
		rc = tt_pass_next(&j->probe, &ev);
		known = rc == TT_OK && tt_entry_says_gc(ev, &runs);
		if (known && is_first_gc(j, ev))
			runs = false;
	}
	if (!known) {
		known = j->said.has_gc;
		runs = j->said.gc_runs;
	}
	*same = !known || runs == (j->w->order.gc_state == TT_GC_RUNNING);
	return rc;
}

int tt_join_find_fit(struct tt_join *j, const struct tt_generation *g, bool *fits)
{
	const struct tt_order *mine = &j->w->order, *theirs = &j->probe.order;
	struct place place;
	bool same_collector = true;
	int rc = find_place(j, g, &place);

	*fits = true;
	if (rc >= 0)
		rc = tt_entry_probe(&j->probe, g);
	if (rc >= 0)
		rc = advance_to(j, place.nknown);
	/* (between the parts of a switch, the probe has the state after it) */
	if (rc == TT_OK && theirs->count == 0) {
		*fits = !place.restates && is_same_state(mine, theirs, false);
		rc = advance_to(j, place.nstated);
		*fits &= is_same_state(mine, theirs, true) && has_same_threads(mine, theirs);
	}
	if (rc == TT_OK && *fits) {
		rc = compare_collector(j, &same_collector);
		*fits = same_collector;
	}
	/* (a generation that cannot be read shows that where its events are written) */
	return rc < 0 && j->probe.err.system ? tt_writer_no_memory(j->w) : TT_OK;
}
