/* SPDX-License-Identifier: MIT */
/* filter.c - which events stay: those that are chosen, and those that they need. Stands on
 * filter.h. */
#include "edit/filter.h"
#include "edit/entry.h"

#include <stdlib.h>
#include <string.h>

int tt_filter_new(struct tt_filter **out, struct tt_writer *writer, unsigned flags,
		  struct tt_error *err)
{
	struct tt_filter *f = calloc(1, sizeof(*f));

	*out = f;
	if (f == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a filter");
	f->w = writer;
	f->mem = &writer->mem;
	f->flags = flags;
	f->keeps_labels = (flags & TT_FILTER_LABELS) != 0;
	writer->drops_batches = (flags & TT_FILTER_NO_EXPERIMENTS) != 0;
	tt_idmap_init(&f->g_ids, f->mem, tt_random_seed());
	tt_idmap_init(&f->task_ids, f->mem, tt_random_seed());
	tt_idmap_init(&f->p_ids, f->mem, tt_random_seed());
	tt_idmap_init(&f->unchosen, f->mem, tt_random_seed());
	tt_idmap_init(&f->subject_ids, f->mem, tt_random_seed());
	tt_idmap_init(&f->changer_ids, f->mem, tt_random_seed());
	return TT_OK;
}

void tt_filter_free(struct tt_filter *f)
{
	if (f == NULL)
		return;
	TT_ARRAY_RELEASE(f->mem, &f->gs);
	TT_ARRAY_RELEASE(f->mem, &f->tasks);
	TT_ARRAY_RELEASE(f->mem, &f->collectors);
	tt_idmap_release(&f->g_ids);
	tt_idmap_release(&f->task_ids);
	tt_idmap_release(&f->p_ids);
	tt_idmap_release(&f->unchosen);
	tt_idmap_release(&f->subject_ids);
	tt_idmap_release(&f->changer_ids);
	TT_ARRAY_RELEASE(f->mem, &f->subjects);
	TT_ARRAY_RELEASE(f->mem, &f->changers);
	TT_ARRAY_RELEASE(f->mem, &f->syscalls);
	free(f);
}

struct tt_filter_progress tt_filter_progress(const struct tt_filter *f)
{
	return f->progress;
}

/* ---- what the result has open */

/* The range of a goroutine or a P, or the collector's phase, that an event is about. */
static bool is_open(const struct tt_filter *f, const struct tt_event *ev)
{
	const struct tt_order *o = tt_writer_order(f->w);
	struct tt_range range = tt_event_range(ev);
	const struct tt_g_state *g;
	const struct tt_p_state *p;

	/* (before the generation, it may have been, and then its event is no error) */
	if (f->w->alone != NULL)
		return true;
	if (range.scope == TT_RESOURCE_NONE)
		return o->gc_state == TT_GC_RUNNING;
	if (range.scope == TT_RESOURCE_PROC) {
		p = tt_order_p(o, range.id);
		return p != NULL && tt_order_is_range_open(o, p->scopes, ev->spec->range.begin);
	}
	g = tt_order_g(o, range.id);
	return g != NULL && tt_order_is_range_open(o, g->scopes, ev->spec->range.begin);
}

static bool keeps_range(const struct tt_filter *f, const struct tt_event *ev, bool inside,
			bool chosen)
{
	const struct tt_filter_range *range = &f->ranges[ev->spec->range.begin];
	uint8_t type = ev->spec->type;

	/* (the event that says that it is open may happen on any thread) */
	if (tt_event_range(ev).scope == TT_RESOURCE_GOROUTINE &&
	    !tt_filter_has_g(f, tt_event_range(ev).id))
		return false;
	if (ev->spec->range.role == TT_RANGE_END ||
	    (ev->spec->range.role == TT_RANGE_ACTIVE && !tt_writer_order(f->w)->initial))
		return is_open(f, ev);
	if (tt_filter_is_gc(type) && !tt_filter_keeps_all(f))
		return f->keeps_gc;
	return chosen || range->wants_begin || (!inside && range->chosen);
}

/* Whether it ends the innermost region that the result has open on its goroutine; or none is. */
static bool ends_region(const struct tt_filter *f, const struct tt_event *ev, bool *none)
{
	const struct tt_order *o = tt_writer_order(f->w);
	const struct tt_g_state *g = tt_order_g(o, ev->goroutine);
	const struct tt_open_scopes *scopes = g == NULL ? NULL : tt_order_scopes(o, g->scopes);

	*none = scopes == NULL || scopes->regions.n == 0;
	return !*none && tt_entry_is_region(&scopes->regions.at[scopes->regions.n - 1], ev);
}

static bool keeps_region(const struct tt_filter *f, const struct tt_event *ev, bool inside,
			 bool chosen)
{
	const struct tt_filter_range *range = &f->ranges[TT_EV_USER_REGION_BEGIN];
	bool none;

	if (ev->kind == TT_KIND_REGION_BEGIN)
		return chosen || range->wants_begin || (!inside && range->chosen);
	return ends_region(f, ev, &none) || (none && chosen);
}

static bool keeps_task(const struct tt_filter *f, const struct tt_event *ev, bool inside,
		       bool chosen)
{
	if (ev->kind == TT_KIND_TASK_END)
		return chosen || (!inside && tt_filter_wants_task(f, tt_event_task(ev).id));
	return chosen || tt_filter_wants_task(f, tt_event_task(ev).id);
}

/* ---- one event */

static bool is_procs_change(const struct tt_event *ev)
{
	return ev->spec->type == TT_EV_PROCS_CHANGE;
}

/* Whether an event stays on which no transition depends. */
static bool keeps_plain(struct tt_filter *f, const struct tt_event *ev, bool inside, bool chosen)
{
	if (ev->spec->experiment != NULL)
		return (f->flags & TT_FILTER_NO_EXPERIMENTS) == 0 &&
		       (chosen || tt_filter_needs_declared(f, ev));
	switch (ev->kind) {
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		return keeps_range(f, ev, inside, chosen);
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		return keeps_region(f, ev, inside, chosen);
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		return keeps_task(f, ev, inside, chosen);
	case TT_KIND_LABEL:
		return chosen || (!inside && f->keeps_labels);
	case TT_KIND_STACK_SAMPLE:
		return chosen && (f->flags & TT_FILTER_NO_SAMPLES) == 0;
	case TT_KIND_METRIC:
		if (!is_procs_change(ev))
			return chosen;
		return chosen || (inside && ev->args[0] != f->w->procs &&
				  tt_filter_has_g(f, ev->goroutine));
	default:
		return chosen;
	}
}

/* Its goroutine, where one has to run for it, must be in the result. */
static bool has_context(const struct tt_filter *f, const struct tt_event *ev)
{
	return (tt_event_def_of(ev->spec)->needs & TT_NEED_GOROUTINE) == 0 ||
	       tt_filter_has_g(f, ev->goroutine);
}

/* One half of a coroutine switch may be gone: what is left is an event of its own. */
static int write_switch(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	if (tt_filter_has_g(f, ev->goroutine))
		return tt_filter_write(f, ev, inside);
	memset(f->args, 0, sizeof(f->args));
	f->args[0] = ev->args[0];
	return tt_filter_write_as(f, ev, TT_EV_GO_UNBLOCK, ev->thread, inside);
}

static int write_transition(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	struct tt_transition t;

	if (tt_filter_keeps_all(f))
		return tt_filter_write(f, ev, inside);
	t = tt_event_transition(ev);
	if (t.resource == TT_RESOURCE_PROC)
		return tt_filter_proc_event(f, ev, inside);
	if (t.resource != TT_RESOURCE_GOROUTINE || !tt_filter_has_g(f, t.id))
		return TT_OK;
	if (ev->spec->type == TT_EV_GO_SWITCH || ev->spec->type == TT_EV_GO_SWITCH_DESTROY)
		return write_switch(f, ev, inside);
	return tt_filter_write(f, ev, inside);
}

static int write_without_stacks(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	const struct tt_event_def *def = tt_event_def_of(ev->spec);
	struct tt_event other = *ev;
	uint64_t args[TT_MAX_ARGS];

	memcpy(args, ev->args, ev->spec->nargs * sizeof(*args));
	for (unsigned i = 0; i < def->nstacks; i++)
		args[def->stack_args[i]] = 0;
	if (ev->kind == TT_KIND_STACK_SAMPLE)
		args[4] = 0;
	other.args = args;
	return ev->kind == TT_KIND_TRANSITION ? write_transition(f, &other, inside)
					      : tt_filter_write(f, &other, inside);
}

/* Of a filter that keeps everything: an event that has to go nowhere but to the writer. */
static bool is_plain(const struct tt_filter *f, const struct tt_event *ev)
{
	return f->flags == 0 && ev->kind == TT_KIND_TRANSITION && ev->generation != NULL &&
	       !ev->generation->v1;
}

static __attribute__((noinline)) int filter_event(struct tt_filter *f, const struct tt_event *ev,
						  bool inside, bool chosen)
{
	uint64_t written = f->w->progress.events;
	bool all = tt_filter_keeps_all(f);
	int rc;

	if (ev->kind == TT_KIND_SYNC)
		return tt_filter_write(f, ev, inside);
	/* it is restated where the result begins, whoever said it */
	if (is_procs_change(ev) && !inside)
		f->w->procs = ev->args[0];
	/* before the part that is wanted, all of a whole trace counts */
	if (ev->kind != TT_KIND_TRANSITION &&
	    (!has_context(f, ev) || !keeps_plain(f, ev, inside, inside ? chosen : all))) {
		f->progress.dropped += inside;
		f->progress.chosen += inside && chosen;
		return TT_OK;
	}
	if ((f->flags & TT_FILTER_NO_STACKS) != 0)
		rc = write_without_stacks(f, ev, inside);
	else
		rc = ev->kind == TT_KIND_TRANSITION ? write_transition(f, ev, inside)
						    : tt_filter_write(f, ev, inside);
	if (!inside || rc < 0)
		return rc;
	f->progress.chosen += chosen;
	if (f->w->progress.events == written && !f->w->has_theft)
		f->progress.dropped++;
	else
		f->progress.needed += !chosen;
	return rc;
}

int tt_filter_event(struct tt_filter *f, const struct tt_event *ev, bool inside, bool chosen)
{
	if (!inside || !chosen || !is_plain(f, ev))
		return filter_event(f, ev, inside, chosen);
	f->progress.chosen++;
	return tt_writer_event(f->w, ev);
}
