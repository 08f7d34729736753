/* SPDX-License-Identifier: MIT */
/* selector_span.c - which intervals of a trace are chosen. Command layer. */
#include <stdlib.h>
#include <string.h>

#include "selector.h"

/* The goroutine, processor or thread that a span is of, or on which it began. */
static int64_t id_of(const struct tt_span *span, enum tt_resource resource)
{
	bool of_goroutine = span->kind == TT_SPAN_GOROUTINE || span->kind == TT_SPAN_LIFE ||
			    span->kind == TT_SPAN_REGION;
	enum tt_resource scope = of_goroutine ? TT_RESOURCE_GOROUTINE
				 : span->kind == TT_SPAN_PROC ? TT_RESOURCE_PROC
				 : span->kind == TT_SPAN_RANGE ? span->scope : TT_RESOURCE_NONE;

	if (scope == resource)
		return span->id;
	return resource == TT_RESOURCE_GOROUTINE ? span->goroutine
	       : resource == TT_RESOURCE_PROC ? span->proc : span->thread;
}

static bool match_id(const struct id_list *list, const struct tt_span *span,
		     enum tt_resource resource)
{
	return list->n == 0 || id_list_has(list, id_of(span, resource));
}

static bool match_task(const struct selector *s, const struct tt_spans *spans,
		       const struct tt_span *span)
{
	const struct task_list *tasks = &s->selection->tasks;
	int64_t task = span->kind == TT_SPAN_TASK ? span->id : (int64_t)span->task;

	if (tasks->ids.n == 0 && tasks->names.n == 0)
		return true;
	if (span->kind == TT_SPAN_TASK && names_have(&tasks->names, tt_spans_name(spans, span->name)))
		return true;
	return id_list_has(&tasks->ids, task) || id_set_has(&s->tasks, task);
}

/* Room for the verdicts of all stacks that there are by now. */
static bool need_verdicts(struct selector *s, uint32_t n)
{
	uint32_t cap = n < UINT32_MAX / 2 ? 2 * n : n;
	uint8_t *larger;

	if (n <= s->nspan_verdicts)
		return true;
	larger = realloc(s->span_verdicts, cap);
	if (!larger)
		return false;
	memset(larger + s->nspan_verdicts, 0, cap - s->nspan_verdicts);
	s->span_verdicts = larger;
	s->nspan_verdicts = cap;
	return true;
}

static bool match_stack(struct selector *s, const struct tt_spans *spans, uint32_t stack)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	bool matches;

	if (stack == 0)
		return false;
	if (stack < s->nspan_verdicts && s->span_verdicts[stack] != 0)
		return s->span_verdicts[stack] == 2;
	matches = stack_pattern_matches(&s->selection->stack, frames,
					tt_spans_stack(spans, stack, frames));
	if (need_verdicts(s, tt_spans_nstacks(spans)) && stack < s->nspan_verdicts)
		s->span_verdicts[stack] = matches ? 2 : 1;
	return matches;
}

bool selector_match_span(struct selector *s, const struct tt_spans *spans,
			 const struct tt_span *span, int64_t *start_ns, int64_t *end_ns)
{
	const struct selection *selection = s->selection;

	*start_ns = span->start_ns;
	*end_ns = span->end_ns;
	if (!s->active)
		return true;
	return selector_clip(s, start_ns, end_ns) &&
	       match_id(&selection->threads, span, TT_RESOURCE_THREAD) &&
	       match_id(&selection->goroutines, span, TT_RESOURCE_GOROUTINE) &&
	       match_id(&selection->procs, span, TT_RESOURCE_PROC) &&
	       match_task(s, spans, span) &&
	       (selection->regions.n == 0 || span->kind != TT_SPAN_REGION ||
		names_have(&selection->regions, tt_spans_name(spans, span->name))) &&
	       (selection->stack.n == 0 || match_stack(s, spans, span->stack) ||
		match_stack(s, spans, span->start_stack));
}
