/* SPDX-License-Identifier: MIT */
/*
 * choose.c - which spans the selection options choose: those of goroutines, processors and
 * threads, of tasks, inside regions, and with stacks that match. Command layer.
 */
#include "choose.h"

#include <stdlib.h>
#include <string.h>

static bool has_id(const struct id_list *list, int64_t id)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->ids[i] == id)
			return true;
	}
	return list->n == 0;
}

static bool is_of_goroutine(const struct tt_span *span)
{
	return span->kind == TT_SPAN_GOROUTINE || span->kind == TT_SPAN_LIFE ||
	       span->kind == TT_SPAN_REGION;
}

/* Tasks are known by their number; which of them have a name that was chosen is kept. */
void choose_event(struct chooser *c, const struct tt_event *ev)
{
	struct tt_task task;

	if (c->selection->tasks.names.n == 0 || ev->kind != TT_KIND_TASK_BEGIN)
		return;
	task = tt_event_task(ev);
	if (names_have(&c->selection->tasks.names, task.type) &&
	    !id_set_add(&c->tasks, (int64_t)task.id))
		c->no_memory = true;
}

static bool is_of_task(const struct chooser *c, const struct tt_span *span)
{
	const struct task_list *tasks = &c->selection->tasks;

	if (tasks->ids.n == 0 && tasks->names.n == 0)
		return true;
	if (!is_of_goroutine(span) && span->kind != TT_SPAN_TASK)
		return false;
	if (tasks->ids.n > 0 && has_id(&tasks->ids, (int64_t)span->task))
		return true;
	return id_set_has(&c->tasks, (int64_t)span->task) ||
	       (span->kind == TT_SPAN_TASK &&
		names_have(&tasks->names, tt_spans_name(c->spans, span->name)));
}

/* A region of such a name, or what ended inside one. */
static bool is_in_region(const struct chooser *c, const struct tt_span *span)
{
	const struct opt_list *names = &c->selection->regions;
	struct tt_span region;

	if (names->n == 0)
		return true;
	if (span->kind == TT_SPAN_REGION)
		return names_have(names, tt_spans_name(c->spans, span->name));
	if (!is_of_goroutine(span))
		return false;
	for (unsigned depth = 0; tt_spans_open(c->spans, TT_SPAN_REGION, span->id, depth, &region);
	     depth++) {
		if (names_have(names, tt_spans_name(c->spans, region.name)))
			return true;
	}
	return false;
}

/* How many stacks there are grows all the time. */
static bool room_for_stacks(struct chooser *c)
{
	size_t n = (size_t)tt_spans_nstacks(c->spans) * 2;
	uint8_t *grown = realloc(c->stacks, n);

	if (!grown)
		return false;
	memset(grown + c->nstacks, 0, n - c->nstacks);
	c->stacks = grown;
	c->nstacks = n;
	return true;
}

static bool has_stack(struct chooser *c, const struct tt_span *span)
{
	struct tt_frame frames[TT_MAX_FRAMES];

	if (c->selection->stack.n == 0)
		return true;
	if (span->stack >= c->nstacks && !room_for_stacks(c)) {
		c->no_memory = true;
		return false;
	}
	if (c->stacks[span->stack] == 0)
		c->stacks[span->stack] =
			stack_pattern_matches(&c->selection->stack, frames,
					      tt_spans_stack(c->spans, span->stack, frames))
				? 2 : 1;
	return c->stacks[span->stack] == 2;
}

bool choose(struct chooser *c, const struct tt_span *span)
{
	const struct selection *s = c->selection;

	return has_id(&s->goroutines, is_of_goroutine(span) ? span->id : span->goroutine) &&
	       has_id(&s->procs, span->kind == TT_SPAN_PROC ? span->id : span->proc) &&
	       has_id(&s->threads, span->thread) && is_of_task(c, span) && is_in_region(c, span) &&
	       has_stack(c, span);
}

void chooser_release(struct chooser *c)
{
	id_set_release(&c->tasks);
	free(c->stacks);
}

/* ---- time */

void span_window_begin(struct span_window *w, const struct selection *selection, int64_t start_ns)
{
	const struct selection *s = selection;
	bool all = generation_range_is_all(s->generations);

	w->selection = s;
	w->wanted_ns = s->from.given ? time_point_ns(&s->from, start_ns) : INT64_MIN;
	/* (what begins with the trace has its first event, in parts, too) */
	if (w->wanted_ns <= start_ns)
		w->wanted_ns = INT64_MIN;
	/* until the first selected generation nothing is selected */
	w->from_ns = all ? w->wanted_ns : INT64_MAX;
	w->to_ns = s->to.given ? time_point_ns(&s->to, start_ns) : INT64_MAX;
	w->in_generations = all;
}

void span_window_sync(struct span_window *w, const struct tt_event *ev)
{
	struct generation_range range = w->selection->generations;
	bool in;

	if (generation_range_is_all(range))
		return;
	/* (the last Sync is of no generation, and ends the one before) */
	in = ev->generation ? generation_range_has(range, tt_generation_number(ev->generation))
			    : w->in_generations;
	if (in && !w->in_generations)
		w->from_ns = ev->time_ns > w->wanted_ns ? ev->time_ns : w->wanted_ns;
	if (!in && w->in_generations)
		w->to_ns = ev->time_ns < w->to_ns ? ev->time_ns : w->to_ns;
	w->in_generations = in;
}

bool span_window_has(const struct span_window *w, int64_t time_ns)
{
	bool after_start = w->by_end && w->from_ns == w->wanted_ns ? time_ns > w->from_ns
								     : time_ns >= w->from_ns;

	return w->in_generations && after_start && time_ns <= w->to_ns;
}

bool span_window_clip(const struct span_window *w, struct tt_span *span)
{
	if (w->by_end)
		return span->end_ns > w->from_ns && span->end_ns <= w->to_ns;
	if (span->start_ns > w->to_ns || (span->end_ns <= w->from_ns && w->from_ns != INT64_MIN))
		return false;
	if (span->start_ns < w->from_ns)
		span->start_ns = w->from_ns;
	if (span->end_ns > w->to_ns)
		span->end_ns = w->to_ns;
	return true;
}
