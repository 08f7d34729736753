/* SPDX-License-Identifier: MIT */
/*
 * writer_state.c - what is restated where the result begins: the state that the events
 * before lead to. A cut in the source's first generation goes on in a first generation:
 * what the source has not stated yet, it states later. After any other cut, the result begins
 * with a generation that holds nothing but the state, so that what follows is not the first
 * one and shows what it did in the source. Stands on writer.h.
 */
#include <string.h>

#include "edit/writer_alone.h"
#include "edit/writer_declared.h"
#include "edit/writer_heap.h"
#include "edit/writer_moment.h"
#include "edit/writer_ranges.h"

static void release_list(struct tt_writer *w, struct tt_restatement *list)
{
	TT_ARRAY_RELEASE(&w->mem, &list->events);
	TT_ARRAY_RELEASE(&w->mem, &list->declared);
	TT_ARRAY_RELEASE(&w->mem, &list->args);
}

static bool add_p(struct tt_writer *w, struct tt_restatement *list, int64_t thread, int64_t p,
		  unsigned status)
{
	const uint64_t args[] = {(uint64_t)p, status};

	w->progress.procs++;
	return tt_writer_restate(w, list, thread, TT_EV_PROC_STATUS, 2, args);
}

static bool add_g(struct tt_writer *w, struct tt_restatement *list, int64_t thread, int64_t g,
		  unsigned status, bool with_stack)
{
	uint64_t args[] = {(uint64_t)g, (uint64_t)thread, status, 0};

	w->progress.goroutines++;
	/* (GoStatusStack came with Go 1.23) */
	if (with_stack && w->version > 22 && !tt_writer_past_stack(w, g, &args[3]))
		return tt_writer_no_memory(w) == TT_OK;
	if (args[3] != 0)
		return tt_writer_restate(w, list, thread, TT_EV_GO_STATUS_STACK, 4, args);
	return tt_writer_restate(w, list, thread, TT_EV_GO_STATUS, 3, args);
}

/* Which goroutines and processors: all, or those that their generation has stated. */
struct choice {
	const struct tt_order *of;
	bool stated_only;
	bool with_stacks;
};

static bool is_chosen(const struct choice *c, struct tt_seq seq)
{
	return !c->stated_only || seq.generation == c->of->gen->number;
}

/* A thread with its P, and then its goroutine. */
static bool add_thread(struct tt_writer *w, struct tt_restatement *list, const struct choice *c,
		       const struct tt_m_state *m)
{
	const struct tt_p_state *p = tt_order_p(c->of, m->p);
	const struct tt_g_state *g = tt_order_g(c->of, m->g);

	if (p != NULL && is_chosen(c, p->seq) && !add_p(w, list, m->id, p->id, p->status))
		return false;
	if (g == NULL || !is_chosen(c, g->seq))
		return true;
	if (p != NULL && (g->status == TT_G_RUNNING || g->status == TT_G_SYSCALL))
		list->runner = m->id;
	return add_g(w, list, m->id, g->id, g->status, c->with_stacks);
}

static bool add_statuses(struct tt_writer *w, struct tt_restatement *list, const struct choice *c)
{
	const struct tt_order *o = c->of;

	list->runner = TT_NONE;
	for (size_t i = 0; i < o->ms.n; i++)
		if (!add_thread(w, list, c, &o->ms.at[i]))
			return false;
	for (size_t i = 0; i < o->ps.n; i++) {
		const struct tt_p_state *p = &o->ps.at[i];

		if ((p->status == TT_P_IDLE || p->status == TT_P_ABANDONED) &&
		    is_chosen(c, p->seq) && !add_p(w, list, TT_NONE, p->id, p->status))
			return false;
	}
	for (size_t i = 0; i < o->gs.n; i++) {
		const struct tt_g_state *g = &o->gs.at[i];
		bool rests = g->status == TT_G_RUNNABLE || g->status == TT_G_WAITING ||
			     g->status == TT_G_BAD;

		if (g->status == TT_G_GONE || !is_chosen(c, g->seq))
			continue;
		/* (what runs on no thread is no valid state, but a trace may have it) */
		if (!rests && (g->status == TT_G_SYSCALL ||
			       tt_writer_thread_with(o, TT_NONE, g->id) != TT_NONE))
			continue;
		if (!add_g(w, list, TT_NONE, g->id, g->status, c->with_stacks))
			return false;
	}
	return true;
}

/* ---- tasks and metrics: a goroutine that runs has to say them */

static bool add_tasks(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		      const struct tt_order *o)
{
	for (size_t i = 0; i < o->tasks.n; i++) {
		const struct tt_task_state *task = &o->tasks.at[i];
		uint64_t args[] = {task->id, task->parent == TT_NO_TASK ? 0 : task->parent, 0, 0};

		if (tt_idmap_find(&o->task_ids, task->id) != i)
			continue;
		if (!tt_writer_add_text(w, (struct tt_str){task->name->bytes, task->name->len},
					&args[2]))
			return tt_writer_no_memory(w) == TT_OK;
		w->progress.tasks++;
		if (!tt_writer_restate(w, list, thread, TT_EV_USER_TASK_BEGIN, 4, args))
			return false;
	}
	return true;
}

static bool add_procs(struct tt_writer *w, struct tt_restatement *list, int64_t thread)
{
	const uint64_t args[] = {w->procs, 0};

	if (w->procs == 0)
		return true;
	w->progress.metrics++;
	return tt_writer_restate(w, list, thread, TT_EV_PROCS_CHANGE, 2, args);
}

/* ---- labels of goroutines that run */

static bool add_labels(struct tt_writer *w, struct tt_restatement *list, const struct tt_order *o)
{
	for (size_t i = 0; i < o->ms.n; i++) {
		const struct tt_m_state *m = &o->ms.at[i];
		const struct tt_g_state *g = m->p == TT_NONE ? NULL : tt_order_g(o, m->g);
		const struct tt_shared_string *text =
			g == NULL ? NULL : tt_writer_past_label_of(w, g);
		uint64_t id;

		if (text == NULL)
			continue;
		if (!tt_writer_add_text(w, (struct tt_str){text->bytes, text->len}, &id))
			return tt_writer_no_memory(w) == TT_OK;
		w->progress.labels++;
		if (!tt_writer_restate(w, list, m->id, TT_EV_GO_LABEL, 1, &id))
			return false;
	}
	return true;
}

/* ---- experiments */

static bool add_planned(struct tt_writer *w, struct tt_restatement *list, size_t i, int64_t thread)
{
	struct tt_restated e = list->declared.at[i];

	if (e.thread == 0)
		e.thread = thread;
	if (!TT_ARRAY_ROOM(&w->mem, &list->events))
		return tt_writer_no_memory(w) == TT_OK;
	list->events.at[list->events.n++] = e;
	return true;
}

static bool has_declared(const struct tt_restatement *list, enum tt_declared_place place)
{
	for (size_t i = 0; i < list->declared.n; i++)
		if (list->declared.at[i].place == place)
			return true;
	return false;
}

/* Those of one place, on this thread unless they have one of their own. */
static bool add_declared(struct tt_writer *w, struct tt_restatement *list,
			 enum tt_declared_place place, int64_t thread)
{
	for (size_t i = 0; i < list->declared.n; i++)
		if (list->declared.at[i].place == place && !add_planned(w, list, i, thread))
			return false;
	return true;
}

/* Each on its goroutine. */
static bool add_own(struct tt_writer *w, struct tt_restatement *list, const struct tt_order *o)
{
	for (size_t i = 0; i < list->declared.n; i++) {
		const struct tt_restated *e = &list->declared.at[i];
		const struct tt_g_state *g =
			e->place == TT_PLACE_OWN ? tt_order_g(o, e->goroutine) : NULL;
		int64_t thread = g == NULL ? TT_NONE : tt_writer_thread_with(o, TT_NONE, g->id);
		struct tt_moment moment;
		bool possible = true;

		if (g == NULL)
			continue;
		if (thread != TT_NONE) {
			if (!add_planned(w, list, i, thread))
				return false;
			continue;
		}
		if (!tt_writer_begin_moment(w, list, g, &moment, &possible)) {
			if (possible)
				return false;
			continue;
		}
		if (!add_planned(w, list, i, moment.thread) || !tt_writer_end_moment(w, list, &moment))
			return false;
	}
	return true;
}

/* ---- what some goroutine has to say */

static bool add_said(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		     const struct tt_order *o)
{
	return add_procs(w, list, thread) && add_tasks(w, list, thread, o) &&
	       add_declared(w, list, TT_PLACE_RUNNING, thread);
}

static bool add_spoken(struct tt_writer *w, struct tt_restatement *list, const struct tt_order *o)
{
	struct tt_moment moment;
	bool possible;

	if (w->procs == 0 && o->task_ids.count == 0 && !has_declared(list, TT_PLACE_RUNNING))
		return true;
	if (list->runner != TT_NONE)
		return add_said(w, list, list->runner, o);
	if (!tt_writer_begin_moment(w, list, NULL, &moment, &possible))
		return !possible;
	return add_said(w, list, moment.thread, o) && tt_writer_end_moment(w, list, &moment);
}

/* ---- restating */

static int emit_list(struct tt_writer *w, const struct tt_restatement *list)
{
	int rc = TT_OK;

	for (size_t i = 0; rc == TT_OK && i < list->events.n; i++) {
		const struct tt_restated *e = &list->events.at[i];
		uint64_t args[TT_MAX_ARGS];

		if (e->nargs != 0)
			memcpy(args, list->args.at + e->args, e->nargs * sizeof(*args));
		tt_writer_renumber(w, e->thread, e->type, args);
		rc = e->declared ? tt_writer_declared_emit(w, e, args)
				 : tt_writer_emit(w, e->thread, e->type, args, e->nargs,
						  w->last_ns + 1);
	}
	return rc;
}

/* A pause begins, and what brings its goroutine to a processor. */
#define MOST_PAUSE_EVENTS 8

static size_t count_open_pauses(const struct tt_order *o, const struct tt_g_state *g)
{
	const struct tt_open_scopes *e = tt_order_scopes(o, g->scopes);
	size_t n = 0;

	for (size_t r = 0; e != NULL && r < e->ranges.n; r++)
		n += e->ranges.at[r].type == TT_EV_STW_BEGIN;
	return n;
}

static size_t count_stated(const struct tt_order *o)
{
	const struct choice c = {.of = o, .stated_only = true};
	size_t n = 0;

	for (size_t i = 0; i < o->ps.n; i++)
		n += is_chosen(&c, o->ps.at[i].seq);
	for (size_t i = 0; i < o->gs.n; i++)
		if (o->gs.at[i].status != TT_G_GONE)
			n += is_chosen(&c, o->gs.at[i].seq) +
			     MOST_PAUSE_EVENTS * count_open_pauses(o, &o->gs.at[i]);
	return n;
}

/* All that is known, in the generation that w->number is going to be. (Tools that reckon with
 * processors want to know first how many there are.) */
static bool list_past(struct tt_writer *w, struct tt_restatement *list)
{
	const struct tt_order *o = &w->past.order;
	const struct choice all = {.of = o, .with_stacks = true};

	return tt_writer_declared_plan(w, list) &&
	       add_declared(w, list, TT_PLACE_BARE, tt_writer_bare_thread(o)) &&
	       add_statuses(w, list, &all) &&
	       add_declared(w, list, TT_PLACE_ANY, tt_writer_any_thread(list, o)) &&
	       tt_writer_ranges_without_p(w, list, o) && add_spoken(w, list, o) &&
	       tt_writer_ranges_collection(w, list, o, o->gc_seq) &&
	       tt_writer_ranges_restate(w, list, o) && add_labels(w, list, o) &&
	       add_own(w, list, o) && tt_writer_heap_restate(w, list) &&
	       tt_writer_declared_number(w, list);
}

static int64_t earlier(int64_t time_ns, size_t n)
{
	return time_ns > (int64_t)n ? time_ns - (int64_t)n : 1;
}

/* The result's first generation is the source's first one, from the cut on. */
static int restate_in_place(struct tt_writer *w, int64_t time_ns)
{
	struct tt_restatement list = {.runner = TT_NONE, .with_pauses = true};
	int rc;

	tt_writer_number(w, w->past.source->number);
	/* (those are kept where events are copied: writer_copy.c) */
	if (w->past.source->experimental.n == 0)
		tt_writer_leave_ids(w, w->past.source);
	rc = list_past(w, &list) ? TT_OK : -w->err.code;
	if (rc == TT_OK)
		rc = tt_writer_open_generation(w, earlier(time_ns, list.events.n + 1),
					       w->past.source);
	if (rc == TT_OK && !tt_writer_copy_batches(w, w->past.source))
		rc = -w->err.code;
	w->aligned = true;
	if (rc == TT_OK)
		rc = emit_list(w, &list);
	release_list(w, &list);
	return rc;
}

/* How much further the clocks of a generation are than those of the next one, at the same
 * moment. */
static int64_t lead_of_clock(const struct tt_clock *old, const struct tt_clock *clock)
{
	int64_t between = tt_ns_sub(clock->trace_ns, old->trace_ns);
	int64_t mono = tt_ns_sub((int64_t)(old->mono_ns - clock->mono_ns), -between);
	int64_t wall = tt_ns_sub((int64_t)((old->wall_sec - clock->wall_sec) * TT_NS_PER_S +
					   old->wall_nsec - clock->wall_nsec),
				 -between);

	return mono > wall ? mono : wall;
}

/* Which generation another one is, that only restates: its number and its clock are those by
 * which pieces are known to be of one recording. */
struct identity {
	uint64_t number;
	const struct tt_clock *clock; /* NULL: it is not known */
	int64_t lead_ns;        /* of the clock before that of the next one */
};

/* The one before that in which `first` is. Where a generation begins, its reader may have it
 * where the one before was; at the end, none may be left. */
static struct identity identity_of(const struct tt_writer_past *past, const struct tt_event *first)
{
	const struct tt_generation *next = first->generation;
	struct identity id = {.number = past->number, .clock = past->has_clock ? &past->clock : NULL};

	if (first->kind != TT_KIND_SYNC) {
		id.number--;
		id.clock = past->had_clock && past->has_clock ? &past->old_clock : NULL;
		id.lead_ns = id.clock == NULL ? 0 : lead_of_clock(id.clock, &past->clock);
	} else if (next != NULL) {
		id.number = next->number - 1;
		id.clock = next->has_clock ? id.clock : NULL;
		id.lead_ns = id.clock == NULL ? 0 : lead_of_clock(id.clock, &next->clock);
	}
	if (id.lead_ns < -TT_CLOCK_ERROR_NS || id.lead_ns > TT_CLOCK_ERROR_NS)
		id.clock = NULL;
	id.number += id.number == 0;
	return id;
}

int tt_writer_restate_before(struct tt_writer *w, int64_t time_ns, const struct tt_event *first)
{
	struct tt_restatement list = {.runner = TT_NONE, .own_generation = true};
	struct identity id = identity_of(&w->past, first);
	int rc;

	if (id.clock != NULL && id.lead_ns >= 0)
		time_ns = earlier(time_ns, (size_t)id.lead_ns + 1);
	tt_writer_number(w, id.number);
	rc = list_past(w, &list) ? TT_OK : -w->err.code;
	if (rc == TT_OK)
		rc = tt_writer_open_generation(w, earlier(time_ns, list.events.n + 2),
					       w->past.source);
	if (rc == TT_OK && id.clock != NULL)
		tt_writer_use_clock(w, id.clock);
	if (rc == TT_OK && !tt_writer_past_batches(w))
		rc = -w->err.code;
	if (rc == TT_OK)
		rc = tt_writer_use_ns(w);
	if (rc == TT_OK)
		rc = emit_list(w, &list);
	if (rc == TT_OK)
		rc = tt_writer_close_generation(w);
	release_list(w, &list);
	return rc;
}

/* The generation that is cut restates what it had stated before the cut. */
static int restate_stated(struct tt_writer *w, int64_t time_ns, size_t n)
{
	const struct choice stated = {.of = &w->past.order, .stated_only = true};
	struct tt_restatement list = {.runner = TT_NONE, .with_pauses = true};
	const struct tt_writer_progress counted = w->progress;
	const struct tt_order *o = &w->past.order;
	int rc = add_statuses(w, &list, &stated) ? TT_OK : -w->err.code;

	/* (tt_writer_restate_before() has counted these) */
	w->progress.goroutines = counted.goroutines;
	w->progress.procs = counted.procs;
	tt_writer_number(w, w->past.source->number);
	if (rc == TT_OK)
		rc = tt_writer_open_generation(w, earlier(time_ns, n + 1), w->past.source);
	w->aligned = true;
	/* (a pause begins and ends in one generation, whose strings name it) */
	if (rc == TT_OK && !tt_writer_ranges_pauses(w, &list, o))
		rc = -w->err.code;
	if (rc == TT_OK && !tt_writer_copy_batches(w, w->past.source))
		rc = -w->err.code;
	if (rc == TT_OK)
		rc = emit_list(w, &list);
	release_list(w, &list);
	return rc;
}

/* What is before its generation, another writer restates. */
static int restate_alone(struct tt_writer *w, int64_t time_ns, size_t n)
{
	int rc;

	tt_writer_alone_began(w, earlier(time_ns, n + 1));
	rc = restate_stated(w, time_ns, n);
	return rc == TT_OK ? tt_writer_alone_take_past(w) : rc;
}

int tt_writer_restate_past(struct tt_writer *w, const struct tt_event *first)
{
	bool in_first = w->past.ngenerations == 1, begins = first->kind == TT_KIND_SYNC;
	size_t n = begins ? 0 : count_stated(&w->past.order) + 1;
	int64_t time_ns = w->has_theft ? w->theft_ns : first->time_ns;
	int rc;

	/* where the caller says, but after what was before, which it may be known by */
	if (w->cut_ns < time_ns)
		time_ns = w->cut_ns > w->past.last_ns ? w->cut_ns : w->past.last_ns + 1;

	w->following = false;
	if (w->alone != NULL)
		return begins ? tt_fail(&w->err, TT_E_ARGUMENT, "nothing is before the window")
			      : restate_alone(w, time_ns, n - 1);
	if (in_first && !begins) {
		rc = restate_in_place(w, time_ns);
	} else {
		rc = tt_writer_restate_before(w, earlier(time_ns, n), first);
		if (rc == TT_OK && !begins)
			rc = restate_stated(w, time_ns, n - 1);
	}
	if (!w->past.stays)
		tt_writer_past_release(w);
	return rc;
}

int tt_writer_restate_all(struct tt_writer *w)
{
	const struct choice all = {.of = &w->order};
	struct tt_restatement list = {.runner = TT_NONE};
	const struct tt_order *o = &w->order;
	int rc = tt_writer_use_ns(w);

	if (rc == TT_OK && !(add_statuses(w, &list, &all) &&
			     tt_writer_ranges_without_p(w, &list, o) &&
			     (list.runner == TT_NONE ||
			      tt_writer_ranges_collection(w, &list, o, o->gc_seq + 1)) &&
			     tt_writer_ranges_restate(w, &list, o) &&
			     (list.runner == TT_NONE || add_procs(w, &list, list.runner))))
		rc = -w->err.code;
	if (rc == TT_OK)
		rc = emit_list(w, &list);
	release_list(w, &list);
	return rc;
}
