/* SPDX-License-Identifier: MIT */
/*
 * writer_ranges.c - what is restated of ranges that are open where the result begins: of the
 * collector, and pauses of the world. Stands on writer_ranges.h.
 */
#include "edit/writer_ranges.h"

#include "edit/writer_moment.h"

static bool add_range(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		      uint8_t type, uint64_t id)
{
	w->progress.ranges++;
	return tt_writer_restate(w, list, thread, type, 1, &id);
}

static bool add_sweeps(struct tt_writer *w, struct tt_restatement *list, const struct tt_order *o,
		       const struct tt_p_state *p, int64_t thread)
{
	const struct tt_open_scopes *e = tt_order_scopes(o, p->scopes);

	for (size_t r = 0; e != NULL && r < e->ranges.n; r++)
		if (e->ranges.at[r].type == TT_EV_GC_SWEEP_BEGIN &&
		    !add_range(w, list, thread, TT_EV_GC_SWEEP_ACTIVE, (uint64_t)p->id))
			return false;
	return true;
}

/* The string of a pause is the one that its end will show: that of the id in this
 * generation. */
static bool add_pause(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		      uint64_t kind)
{
	uint64_t args[] = {0, 0};

	if (tt_idmap_find(&w->past.source->string_ids, kind) != TT_IDMAP_NONE &&
	    !tt_writer_map_string(w, w->past.source, kind, &args[0]))
		return false;
	w->progress.ranges++;
	return tt_writer_restate(w, list, thread, TT_EV_STW_BEGIN, 2, args);
}

/* A goroutine that has stopped the world may go to another P, and runs nowhere meanwhile. */
static bool add_idle_pause(struct tt_writer *w, struct tt_restatement *list,
			   const struct tt_g_state *g, uint64_t kind)
{
	struct tt_moment moment;
	bool possible;

	if (!tt_writer_begin_moment(w, list, g, &moment, &possible))
		return !possible;
	return add_pause(w, list, moment.thread, kind) && tt_writer_end_moment(w, list, &moment);
}

static bool add_assists(struct tt_writer *w, struct tt_restatement *list, const struct tt_order *o,
			const struct tt_g_state *g, int64_t thread)
{
	const struct tt_open_scopes *e = tt_order_scopes(o, g->scopes);

	for (size_t r = 0; e != NULL && r < e->ranges.n; r++)
		if (e->ranges.at[r].type == TT_EV_GC_MARK_ASSIST_BEGIN &&
		    !add_range(w, list, thread, TT_EV_GC_MARK_ASSIST_ACTIVE, (uint64_t)g->id))
			return false;
	return true;
}

static bool add_pauses(struct tt_writer *w, struct tt_restatement *list, const struct tt_order *o,
		       const struct tt_g_state *g, int64_t thread)
{
	const struct tt_open_scopes *e = tt_order_scopes(o, g->scopes);
	bool runs = g->status == TT_G_RUNNING && thread != TT_NONE;

	for (size_t r = 0; e != NULL && r < e->ranges.n; r++) {
		const struct tt_open_range *range = &e->ranges.at[r];

		if (range->type == TT_EV_STW_BEGIN &&
		    !(runs ? add_pause(w, list, thread, range->kind)
			   : add_idle_pause(w, list, g, range->kind)))
			return false;
	}
	return true;
}

/* A goroutine that has ranges, and is on no thread. */
static bool has_ranges_apart(const struct tt_order *o, const struct tt_g_state *g)
{
	return g->status != TT_G_GONE && tt_order_scopes(o, g->scopes) != NULL &&
	       tt_writer_thread_with(o, TT_NONE, g->id) == TT_NONE;
}

/* Sweeps and mark assists of what is on threads that have a P, or on those that have none; in
 * the order of the statuses, in which the result's reader knows them. */
static bool add_ranges_of_threads(struct tt_writer *w, struct tt_restatement *list,
				  const struct tt_order *o, bool with_p)
{
	for (size_t i = 0; i < o->ms.n; i++) {
		const struct tt_m_state *m = &o->ms.at[i];
		const struct tt_p_state *p = tt_order_p(o, m->p);

		if (with_p && p != NULL && !add_sweeps(w, list, o, p, m->id))
			return false;
	}
	for (size_t i = 0; i < o->ms.n; i++) {
		const struct tt_m_state *m = &o->ms.at[i];
		const struct tt_g_state *g = tt_order_g(o, m->g);

		if (with_p == (m->p != TT_NONE) && g != NULL && !add_assists(w, list, o, g, m->id))
			return false;
	}
	return true;
}

bool tt_writer_ranges_without_p(struct tt_writer *w, struct tt_restatement *list,
				const struct tt_order *o)
{
	if (!add_ranges_of_threads(w, list, o, false))
		return false;
	for (size_t i = 0; i < o->ps.n; i++) {
		const struct tt_p_state *p = &o->ps.at[i];

		if (tt_order_scopes(o, p->scopes) != NULL &&
		    tt_writer_thread_with(o, p->id, TT_NONE) == TT_NONE &&
		    !add_sweeps(w, list, o, p, TT_NONE))
			return false;
	}
	for (size_t i = 0; i < o->gs.n; i++)
		if (has_ranges_apart(o, &o->gs.at[i]) &&
		    !add_assists(w, list, o, &o->gs.at[i], TT_NONE))
			return false;
	return true;
}

bool tt_writer_ranges_collection(struct tt_writer *w, struct tt_restatement *list,
				 const struct tt_order *o, uint64_t seq)
{
	return o->gc_state != TT_GC_RUNNING ||
	       add_range(w, list, list->runner, TT_EV_GC_ACTIVE, seq);
}

bool tt_writer_ranges_pauses(struct tt_writer *w, struct tt_restatement *list,
			     const struct tt_order *o)
{
	for (size_t i = 0; i < o->ms.n; i++) {
		const struct tt_g_state *g = tt_order_g(o, o->ms.at[i].g);

		if (g != NULL && !add_pauses(w, list, o, g, o->ms.at[i].id))
			return false;
	}
	for (size_t i = 0; i < o->gs.n; i++)
		if (has_ranges_apart(o, &o->gs.at[i]) &&
		    !add_pauses(w, list, o, &o->gs.at[i], TT_NONE))
			return false;
	return true;
}

bool tt_writer_ranges_restate(struct tt_writer *w, struct tt_restatement *list,
			      const struct tt_order *o)
{
	return add_ranges_of_threads(w, list, o, true) &&
	       (!list->with_pauses || tt_writer_ranges_pauses(w, list, o));
}
