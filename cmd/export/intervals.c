/* SPDX-License-Identifier: MIT */
/*
 * intervals.c - profiles of the time that goroutines are in a state, and of CPU samples.
 * Command layer.
 */
#include "export.h"

#include <stdlib.h>
#include <string.h>

static bool contains(struct tt_str s, const char *what)
{
	return s.len > 0 && memmem(s.data, s.len, what, strlen(what)) != NULL;
}

/* Whether a profile of this type has the time of such a span. */
static bool is_wanted(const struct sampler *s, const struct tt_span *span)
{
	struct tt_str reason = tt_spans_name(s->spans, span->name);

	switch ((enum profile_type)s->profile->opt->type) {
	case PROFILE_NET:
		return span->state == TT_STATE_WAITING && reason.len == 7 && contains(reason, "network");
	case PROFILE_SYNC:
		return span->state == TT_STATE_WAITING &&
		       (contains(reason, "chan") || contains(reason, "sync") ||
			contains(reason, "select"));
	case PROFILE_SYSCALL:
		return span->state == TT_STATE_SYSCALL;
	case PROFILE_SCHED:
		return span->state == TT_STATE_RUNNABLE;
	case PROFILE_OFFCPU:
		return span->state != TT_STATE_RUNNING;
	default:
		return true;
	}
}

static struct profile_key key_of(const struct tt_span *span, uint32_t stack)
{
	return (struct profile_key){
		.stack = stack,
		.func = span->func,
		.reason = span->name,
		.state = span->state,
		.goroutine = span->id,
		.task = span->task,
	};
}

/* ---- CPU samples of what runs, oldest first, one list for each goroutine */

struct pending {
	uint32_t *stacks;
	size_t n, cap;
};

static struct pending *pending_of(struct sampler *s, int64_t goroutine, bool add)
{
	uint32_t i = id_map_find(&s->ids, (uint64_t)goroutine);
	struct pending *all;

	if (i == NUMBER_NONE && add) {
		if (!array_room(&s->state, &s->state_cap, s->nstate + 1, sizeof(*all)) ||
		    !id_map_set(&s->ids, (uint64_t)goroutine, (uint32_t)s->nstate)) {
			s->profile->no_memory = true;
			return NULL;
		}
		i = (uint32_t)s->nstate++;
		all = s->state;
		all[i] = (struct pending){ 0 };
	}
	all = s->state;
	return i == NUMBER_NONE ? NULL : &all[i];
}

static void keep_sample(struct sampler *s, const struct tt_event *ev)
{
	struct pending *p;

	if (ev->kind != TT_KIND_STACK_SAMPLE || ev->goroutine == TT_NONE ||
	    s->profile->opt->type != PROFILE_WALL)
		return;
	p = pending_of(s, ev->goroutine, true);
	if (!p)
		return;
	if (!array_room(&p->stacks, &p->cap, p->n + 1, sizeof(*p->stacks))) {
		s->profile->no_memory = true;
		return;
	}
	p->stacks[p->n++] = tt_spans_stack_of(s->spans, ev);
}

/* The time is divided among the samples, or goes to where the goroutine was last seen. */
static void add_running(struct sampler *s, const struct tt_span *span)
{
	struct pending *p = pending_of(s, span->id, false);
	int64_t left = span->end_ns - span->start_ns;
	struct profile_key key = key_of(span, span->stack);

	if (!p || p->n == 0) {
		profile_add(s->profile, &key, 1, left);
		return;
	}
	for (size_t i = 0; i < p->n; i++) {
		int64_t part = left / (int64_t)(p->n - i);

		key.stack = p->stacks[i];
		profile_add(s->profile, &key, i == 0, part);
		left -= part;
	}
	p->n = 0;
}

static void add_span(struct sampler *s, const struct tt_span *span)
{
	struct profile_key key;

	if (span->kind != TT_SPAN_GOROUTINE || !is_wanted(s, span))
		return;
	if (span->state == TT_STATE_RUNNING) {
		add_running(s, span);
		return;
	}
	key = key_of(span, span->stack);
	profile_add(s->profile, &key, 1, span->end_ns - span->start_ns);
}

static void release(struct sampler *s)
{
	struct pending *all = s->state;

	for (size_t i = 0; i < s->nstate; i++)
		free(all[i].stacks);
	free(all);
}

const struct sampler_ops interval_sampler = { keep_sample, add_span, NULL, release };

/* ---- CPU samples alone */

static void add_sample(struct sampler *s, const struct tt_event *ev)
{
	struct tt_span now = { .id = ev->goroutine };
	struct profile_key key;

	if (ev->kind != TT_KIND_STACK_SAMPLE || ev->time_ns < s->window.from_ns || ev->time_ns > s->window.to_ns)
		return;
	if (ev->goroutine == TT_NONE ||
	    !tt_spans_open(s->spans, TT_SPAN_GOROUTINE, ev->goroutine, 0, &now)) {
		now.kind = TT_SPAN_GOROUTINE;
		now.thread = ev->thread;
	}
	now.proc = ev->proc;
	now.stack = tt_spans_stack_of(s->spans, ev);
	if (!choose(&s->chooser, &now))
		return;
	key = key_of(&now, now.stack);
	profile_add(s->profile, &key, 1, s->profile->period);
}

const struct sampler_ops cpu_sampler = { add_sample, NULL, NULL, NULL };
