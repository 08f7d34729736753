/* SPDX-License-Identifier: MIT */
/*
 * filter_choice.c - which goroutines stay: those that chosen events happen on or are about,
 * and those without which such an event could not be. Stands on filter.h.
 */
#include "edit/filter.h"

static int no_memory(struct tt_filter *f)
{
	return tt_writer_no_memory(f->w);
}

/* ---- tasks */

bool tt_filter_wants_task(const struct tt_filter *f, uint64_t task)
{
	uint32_t i = tt_idmap_find(&f->task_ids, task);

	return i != TT_IDMAP_NONE && f->tasks.at[i].wanted;
}

static int see_task(struct tt_filter *f, const struct tt_event *ev, bool chosen)
{
	uint64_t id = tt_event_task(ev).id;
	uint32_t i = tt_idmap_find(&f->task_ids, id);

	if (ev->kind == TT_KIND_TASK_END) {
		if (!chosen || i == TT_IDMAP_NONE)
			return TT_OK;
		f->tasks.at[i].wanted = true;
		return tt_filter_include(f, f->tasks.at[i].goroutine, TT_FILTER_RANGE);
	}
	if (i != TT_IDMAP_NONE)
		return TT_OK;
	if (!TT_ARRAY_ROOM(f->mem, &f->tasks) ||
	    !tt_idmap_add(&f->task_ids, id, (uint32_t)f->tasks.n))
		return no_memory(f);
	f->tasks.at[f->tasks.n++] = (struct tt_filter_task){.goroutine = ev->goroutine};
	return TT_OK;
}

/* ---- ranges */

static int see_gc(struct tt_filter *f, const struct tt_event *ev, bool chosen)
{
	f->keeps_gc |= chosen;
	if (!TT_ARRAY_ROOM(f->mem, &f->collectors))
		return no_memory(f);
	f->collectors.at[f->collectors.n++] = ev->goroutine;
	if (!f->keeps_gc)
		return TT_OK;
	while (f->collectors.n > 0) {
		int rc = tt_filter_include(f, f->collectors.at[--f->collectors.n], TT_FILTER_RANGE);

		if (rc < 0)
			return rc;
	}
	return TT_OK;
}

/* A range whose end is chosen needs its begin, even if that is not. */
static int see_scope(struct tt_filter *f, uint8_t begin, int64_t id, bool begins, bool chosen)
{
	struct tt_filter_range *range = &f->ranges[begin];
	uint64_t key = (uint64_t)id << 8 | begin;
	bool unchosen = tt_idmap_find(&f->unchosen, key) != TT_IDMAP_NONE;

	if (!begins) {
		range->wants_begin |= chosen && unchosen;
		return TT_OK;
	}
	range->chosen |= chosen;
	if (chosen && unchosen)
		tt_idmap_remove(&f->unchosen, key);
	return chosen || unchosen || tt_idmap_add(&f->unchosen, key, 0) ? TT_OK : no_memory(f);
}

static int see_range(struct tt_filter *f, const struct tt_event *ev, bool chosen)
{
	if (tt_filter_is_gc(ev->spec->type))
		return see_gc(f, ev, chosen);
	return see_scope(f, ev->spec->range.begin, tt_event_range(ev).id,
			 ev->spec->range.role != TT_RANGE_END, chosen);
}

/* ---- processors */

/* Which goroutine a P is in a syscall with, or was when that goroutine ended. */
static int see_syscall(struct tt_filter *f, const struct tt_event *ev)
{
	uint32_t i = tt_idmap_find(&f->p_ids, (uint64_t)ev->proc);
	int64_t g = tt_event_transition(ev).id;

	if (i != TT_IDMAP_NONE) {
		f->syscalls.at[i] = g;
		return TT_OK;
	}
	if (!TT_ARRAY_ROOM(f->mem, &f->syscalls) ||
	    !tt_idmap_add(&f->p_ids, (uint64_t)ev->proc, (uint32_t)f->syscalls.n))
		return no_memory(f);
	f->syscalls.at[f->syscalls.n++] = g;
	return TT_OK;
}

/* A theft shows who took the P; only if its goroutine stays is it a theft in the result. */
static int see_transition(struct tt_filter *f, const struct tt_event *ev, bool chosen)
{
	struct tt_transition t = tt_event_transition(ev);
	uint32_t i;

	if (t.resource == TT_RESOURCE_GOROUTINE && t.to == TT_STATE_SYSCALL &&
	    ev->proc != TT_NONE)
		return see_syscall(f, ev);
	if (!chosen || ev->spec->type != TT_EV_PROC_STEAL)
		return TT_OK;
	i = tt_idmap_find(&f->p_ids, ev->args[0]);
	return i == TT_IDMAP_NONE ? TT_OK : tt_filter_include(f, f->syscalls.at[i], TT_FILTER_VICTIM);
}

/* ---- events */

/* The goroutine that a transition or a range is about, if it is one. */
static int64_t subject(const struct tt_event *ev)
{
	if (ev->kind == TT_KIND_TRANSITION) {
		struct tt_transition t = tt_event_transition(ev);

		return t.resource == TT_RESOURCE_GOROUTINE ? t.id : TT_NONE;
	}
	if (ev->kind >= TT_KIND_RANGE_BEGIN && ev->kind <= TT_KIND_RANGE_END) {
		struct tt_range r = tt_event_range(ev);

		return r.scope == TT_RESOURCE_GOROUTINE ? r.id : TT_NONE;
	}
	return TT_NONE;
}

static int see_special(struct tt_filter *f, const struct tt_event *ev, bool chosen)
{
	if (ev->spec->experiment != NULL)
		return tt_filter_see_declared(f, ev, chosen);
	switch (ev->kind) {
	case TT_KIND_TRANSITION:
		return see_transition(f, ev, chosen);
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		return see_range(f, ev, chosen);
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		return see_task(f, ev, chosen);
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		return see_scope(f, TT_EV_USER_REGION_BEGIN, ev->goroutine,
				 ev->kind == TT_KIND_REGION_BEGIN, chosen);
	case TT_KIND_LABEL:
		f->keeps_labels |= chosen;
		return TT_OK;
	default:
		return TT_OK;
	}
}

/* An event that says another number of Ps than before stays: Go's viewer dies of an event on a P
 * beyond that number. (What was said before the part that is wanted is restated.) */
static int see_procs(struct tt_filter *f, const struct tt_event *ev, bool inside)
{
	if (ev->spec->type != TT_EV_PROCS_CHANGE || ev->args[0] == f->procs)
		return TT_OK;
	f->procs = ev->args[0];
	return inside ? tt_filter_include(f, ev->goroutine, TT_FILTER_PROCS) : TT_OK;
}

int tt_filter_choose(struct tt_filter *f, const struct tt_event *ev, bool inside, bool chosen)
{
	int rc;

	if (ev->kind == TT_KIND_SYNC)
		return TT_OK;
	f->chose = true;
	chosen = chosen && inside;
	if (tt_filter_keeps_all(f))
		return ev->spec->experiment == NULL ? TT_OK
						    : tt_filter_see_declared(f, ev, chosen);
	rc = see_special(f, ev, chosen);
	if (rc == TT_OK)
		rc = see_procs(f, ev, inside);
	if (rc < 0 || !chosen)
		return rc;
	rc = tt_filter_include(f, ev->goroutine, TT_FILTER_RUNS);
	return rc < 0 ? rc : tt_filter_include(f, subject(ev), TT_FILTER_SUBJECT);
}
