/* SPDX-License-Identifier: MIT */
/*
 * spans.c - events turned into intervals: a new one, the next event, the next span, and what
 * is open when the events end. Stands on the other files of spans.h.
 */
#include <stdlib.h>
#include <string.h>

#include "analyze/spans.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/options.h"
#include "gen/generation.h"

int tt_spans_new(struct tt_spans **out, const struct tt_spans_options *opt, struct tt_error *err)
{
	struct tt_options limits = {.size = sizeof(limits)}, read;
	struct tt_spans *s;
	int rc;

	*out = NULL;
	tt_error_clear(err);
	if (opt == NULL || opt->size < sizeof(*opt) || opt->specs == NULL)
		return tt_fail(err, TT_E_ARGUMENT, "span options without size or specs");
	limits.max_memory_nbytes = opt->max_memory_nbytes;
	rc = tt_options_read(&read, &limits, err);
	if (rc < 0)
		return rc;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for spans");
	s->mem.limit_nbytes = read.max_memory_nbytes;
	s->specs = opt->specs;
	s->flags = opt->flags;
	s->seed = tt_random_seed();
	s->free_goroutine = s->free_scope = TT_SPAN_NO_SLOT;
	tt_span_texts_init(&s->texts, &s->mem, s->seed);
	tt_idmap_init(&s->goroutine_ids, &s->mem, s->seed);
	tt_idmap_init(&s->proc_ids, &s->mem, s->seed);
	tt_idmap_init(&s->task_ids, &s->mem, s->seed);
	tt_idmap_init(&s->scope_hashes, &s->mem, s->seed);
	if (s->flags & TT_SPANS_BRIEF) {
		rc = tt_span_groups_new(s, err);
		if (rc < 0) {
			tt_spans_free(s);
			return rc;
		}
	}
	*out = s;
	return TT_OK;
}

void tt_spans_free(struct tt_spans *s)
{
	if (s == NULL)
		return;
	tt_span_texts_release(&s->texts);
	tt_idmap_release(&s->goroutine_ids);
	tt_idmap_release(&s->proc_ids);
	tt_idmap_release(&s->task_ids);
	tt_idmap_release(&s->scope_hashes);
	TT_ARRAY_RELEASE(&s->mem, &s->goroutines);
	TT_ARRAY_RELEASE(&s->mem, &s->procs);
	TT_ARRAY_RELEASE(&s->mem, &s->scopes);
	TT_ARRAY_RELEASE(&s->mem, &s->ended);
	tt_span_groups_free(s);
	free(s);
}

/* ---- events */

static bool dispatch(struct tt_spans *s, const struct tt_event *ev)
{
	switch (ev->kind) {
	case TT_KIND_TRANSITION:
		return tt_spans_transition(s, ev);
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		return tt_spans_region(s, ev);
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		return tt_spans_task(s, ev);
	default:
		/* an experiment's event may begin a range that it does not show */
		return ev->spec->range.role == TT_RANGE_NONE || tt_spans_range(s, ev);
	}
}

static void begin_generation(struct tt_spans *s, const struct tt_event *ev)
{
	uint64_t ordinal = tt_generation_ordinal(ev->generation);

	if (ordinal == s->generation)
		return;
	s->generation = ordinal;
	s->v1 = ev->generation->v1;
	s->sync_ns = ev->time_ns;
	tt_span_texts_begin(&s->texts, ev->generation);
}

static bool other_event(struct tt_spans *s, const struct tt_event *ev)
{
	if (!s->started) {
		s->started = true;
		s->start_ns = ev->time_ns;
	}
	if (ev->kind == TT_KIND_SYNC && ev->generation != NULL)
		begin_generation(s, ev);
	if (ev->spec == NULL)
		return true;
	return dispatch(s, ev) && (ev->spec->norders == 0 || tt_spans_resources(s, ev));
}

int tt_spans_event(struct tt_spans *s, const struct tt_event *ev)
{
	bool fine;

	s->ended.n = s->next = 0;
	s->now_ns = ev->time_ns;
	/* nearly all are transitions of nothing but goroutines and processors */
	if (tt_likely(s->started && ev->kind == TT_KIND_TRANSITION && ev->spec->norders == 0))
		fine = tt_spans_transition(s, ev);
	else
		fine = other_event(s, ev);
	return tt_likely(fine && !s->texts.failed) ? TT_OK : -tt_mem_code(&s->mem);
}

/* ---- spans */

void tt_spans_finish(struct tt_spans *s)
{
	s->finished = true;
}

/* What is open, one after the other, in the place of what the last event ended. */
static const struct tt_span *next_open(struct tt_spans *s)
{
	struct tt_span *span;

	s->ended.n = s->next = 0;
	span = tt_spans_add(s);
	if (span == NULL)
		return NULL;
	for (; s->closing_at < s->goroutines.n * 2; s->closing_at++) {
		const struct tt_span_goroutine *g = &s->goroutines.at[s->closing_at / 2];

		if (g->state == TT_STATE_NOT_EXIST)
			continue;
		if (s->closing_at++ % 2 == 0)
			tt_spans_goroutine_state(s, g, span);
		else
			tt_spans_goroutine_life(s, g, span);
		return span;
	}
	for (size_t i = s->closing_at - s->goroutines.n * 2; i < s->procs.n; i++) {
		s->closing_at++;
		tt_spans_proc_state(s, &s->procs.at[i], span);
		return span;
	}
	for (size_t i = s->closing_at - s->goroutines.n * 2 - s->procs.n; i < s->scopes.n; i++) {
		s->closing_at++;
		if (!s->scopes.at[i].used)
			continue;
		tt_spans_scope_span(s, &s->scopes.at[i], span);
		return span;
	}
	s->ended.n = 0;
	return NULL;
}

const struct tt_span *tt_spans_ended(const struct tt_spans *s, size_t *n)
{
	*n = s->finished ? 0 : s->ended.n;
	return s->ended.at;
}

int tt_spans_next(struct tt_spans *s, const struct tt_span **span)
{
	if (s->next < s->ended.n) {
		*span = &s->ended.at[s->next++];
		return TT_OK;
	}
	*span = s->finished ? next_open(s) : NULL;
	s->next = s->ended.n;
	return *span == NULL ? TT_END : TT_OK;
}

int tt_spans_pull(struct tt_spans *s, struct tt_reader *r, const struct tt_span **span)
{
	const struct tt_event *ev;
	int rc;

	while (tt_spans_next(s, span) != TT_OK) {
		if (s->finished)
			return TT_END;
		rc = tt_reader_next(r, &ev);
		if (rc == TT_END)
			tt_spans_finish(s);
		else if (rc == TT_OK)
			rc = tt_spans_event(s, ev);
		if (rc < 0)
			return rc;
	}
	return TT_OK;
}

static bool open_region(const struct tt_spans *s, int64_t goroutine, unsigned depth,
			struct tt_span *out)
{
	const struct tt_span_goroutine *g = tt_spans_goroutine(s, goroutine);
	uint32_t slot = g == NULL ? TT_SPAN_NO_SLOT : g->region;

	while (depth-- > 0 && slot != TT_SPAN_NO_SLOT)
		slot = s->scopes.at[slot].below;
	if (slot == TT_SPAN_NO_SLOT)
		return false;
	tt_spans_scope_span(s, &s->scopes.at[slot], out);
	return true;
}

bool tt_spans_open(const struct tt_spans *s, enum tt_span_kind kind, int64_t id, unsigned depth,
		   struct tt_span *out)
{
	const struct tt_span_goroutine *g;
	const struct tt_span_scope *task;
	const struct tt_span_proc *p;

	if (kind == TT_SPAN_REGION)
		return open_region(s, id, depth, out);
	if (depth > 0)
		return false;
	if (kind == TT_SPAN_PROC) {
		p = tt_spans_proc(s, id);
		if (p != NULL)
			tt_spans_proc_state(s, p, out);
		return p != NULL;
	}
	if (kind == TT_SPAN_TASK) {
		task = tt_spans_task_of(s, (uint64_t)id);
		if (task != NULL)
			tt_spans_scope_span(s, task, out);
		return task != NULL;
	}
	g = kind == TT_SPAN_GOROUTINE || kind == TT_SPAN_LIFE ? tt_spans_goroutine(s, id) : NULL;
	if (g != NULL && kind == TT_SPAN_GOROUTINE)
		tt_spans_goroutine_state(s, g, out);
	else if (g != NULL)
		tt_spans_goroutine_life(s, g, out);
	return g != NULL;
}

uint32_t tt_spans_stack_of(struct tt_spans *s, const struct tt_event *ev)
{
	return tt_span_own_stack(s, tt_event_stack(ev, NULL));
}

uint64_t tt_spans_ngoroutines(const struct tt_spans *s)
{
	return s->goroutine_ids.count;
}

uint64_t tt_spans_peak(const struct tt_spans *s)
{
	return s->nbefore + (uint64_t)s->nmost_more;
}

uint64_t tt_spans_nbefore(const struct tt_spans *s)
{
	return s->nbefore;
}

int64_t tt_spans_start_ns(const struct tt_spans *s)
{
	return s->start_ns;
}

int64_t tt_spans_end_ns(const struct tt_spans *s)
{
	return s->now_ns;
}
