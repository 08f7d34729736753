/* SPDX-License-Identifier: MIT */
/*
 * like_go.c - the four profiles that Go's tools make of states, exactly as they make them.
 * Command layer. Source: Go 1.27, cmd/trace/pprof.go. Its quirks:
 *
 * - An interval begins with the event that shows the state, a status too, and has that
 *   event's own stack: of a goroutine that was woken, the stack of the one who woke it.
 * - It counts only from the goroutine's first run on, unless that does not come. So the wait
 *   from the creation to the first run is left out.
 * - What is open at the end is left out.
 * - Stacks are equal if the program counters of their first 128 frames are, zeros at the end
 *   aside; the stack that is shown is the one that came last.
 */
#include "export.h"

#include <stdlib.h>
#include <string.h>

struct interval {
	uint32_t stack;
	int64_t ns;
};

struct followed {
	bool tracking, ran;
	int64_t since_ns;
	uint32_t stack;
	/* those before its first run */
	struct interval *early;
	size_t nearly, early_cap;
};

struct state {
	struct followed *goroutines;
	size_t n, cap;
	struct texts counters;          /* of stacks, as bytes */
	uint32_t *last;                 /* the stack that came last, by the number of those */
	size_t nlast, last_cap;
};

/* Made with the first event. NULL: no memory. */
static struct state *state_of(struct sampler *s)
{
	if (!s->state)
		s->state = calloc(1, sizeof(struct state));
	s->profile->no_memory |= !s->state;
	return s->state;
}

static struct followed *followed_of(struct sampler *s, int64_t id)
{
	uint32_t i = id_map_find(&s->ids, (uint64_t)id);
	struct state *state = state_of(s);

	if (!state)
		return NULL;
	if (i != NUMBER_NONE)
		return &state->goroutines[i];
	if (!array_room(&state->goroutines, &state->cap, state->n + 1, sizeof(*state->goroutines)) ||
	    !id_map_set(&s->ids, (uint64_t)id, (uint32_t)state->n)) {
		s->profile->no_memory = true;
		return NULL;
	}
	state->goroutines[state->n] = (struct followed){ 0 };
	return &state->goroutines[state->n++];
}

static bool contains(struct tt_str s, const char *what)
{
	return s.len > 0 && memmem(s.data, s.len, what, strlen(what)) != NULL;
}

static bool is_tracked(const struct sampler *s, const struct tt_transition *t)
{
	switch ((enum profile_type)s->profile->opt->type) {
	case PROFILE_NET:
		return t->to == TT_STATE_WAITING && t->reason.len == 7 && contains(t->reason, "network");
	case PROFILE_SYNC:
		return t->to == TT_STATE_WAITING &&
		       (contains(t->reason, "chan") || contains(t->reason, "sync") ||
			contains(t->reason, "select"));
	case PROFILE_SYSCALL:
		return t->to == TT_STATE_SYSCALL;
	default:
		return t->to == TT_STATE_RUNNABLE;
	}
}

static enum tt_state wanted_state(const struct sampler *s)
{
	switch ((enum profile_type)s->profile->opt->type) {
	case PROFILE_SYSCALL:
		return TT_STATE_SYSCALL;
	case PROFILE_SCHED:
		return TT_STATE_RUNNABLE;
	default:
		return TT_STATE_WAITING;
	}
}

/* The number of the stacks that are equal to this one. */
static uint32_t group_of(struct sampler *s, uint32_t stack)
{
	struct state *state = s->state;
	struct tt_frame frames[TT_MAX_FRAMES];
	uint64_t counters[TT_V2_MAX_FRAMES];
	int n = tt_spans_stack(s->spans, stack, frames);
	uint32_t group;

	n = n > TT_V2_MAX_FRAMES ? TT_V2_MAX_FRAMES : n;
	while (n > 0 && frames[n - 1].pc == 0)
		n--;
	for (int i = 0; i < n; i++)
		counters[i] = frames[i].pc;
	group = texts_number(&state->counters, (struct tt_str){ (const char *)counters,
								(size_t)n * sizeof(*counters) });
	if (group == NUMBER_NONE ||
	    !array_room(&state->last, &state->last_cap, (size_t)group + 1, sizeof(*state->last))) {
		s->profile->no_memory = true;
		return 0;
	}
	while (state->nlast <= group)
		state->last[state->nlast++] = 0;
	state->last[group] = stack;
	return group;
}

/* (samples have the numbers of groups until the end) */
static void add(struct sampler *s, uint32_t stack, int64_t ns)
{
	const struct profile_key key = { .stack = ns > 0 ? group_of(s, stack) : 0,
					 .goroutine = TT_NONE };

	if (ns > 0)
		profile_add(s->profile, &key, 1, ns);
}

static void end_interval(struct sampler *s, struct followed *g, int64_t now)
{
	g->tracking = false;
	if (g->ran) {
		add(s, g->stack, now - g->since_ns);
		return;
	}
	if (!array_room(&g->early, &g->early_cap, g->nearly + 1, sizeof(*g->early))) {
		s->profile->no_memory = true;
		return;
	}
	g->early[g->nearly++] = (struct interval){ g->stack, now - g->since_ns };
}

static void take_event(struct sampler *s, const struct tt_event *ev)
{
	struct tt_transition t;
	struct followed *g;

	if (ev->kind != TT_KIND_TRANSITION)
		return;
	t = tt_event_transition(ev);
	g = t.resource == TT_RESOURCE_GOROUTINE ? followed_of(s, t.id) : NULL;
	if (!g)
		return;
	if (g->tracking && t.to != wanted_state(s)) {
		end_interval(s, g, ev->time_ns);
	} else if (!g->tracking && is_tracked(s, &t)) {
		g->tracking = true;
		g->since_ns = ev->time_ns;
		g->stack = tt_spans_stack_of(s->spans, ev);
	}
	if (t.to == TT_STATE_RUNNING && t.from != t.to && !g->ran) {
		g->ran = true;
		g->nearly = 0;
	}
}

static void finish(struct sampler *s)
{
	struct state *state = s->state;
	struct profile *p = s->profile;

	for (size_t i = 0; state && i < state->n; i++) {
		const struct followed *g = &state->goroutines[i];

		for (size_t k = 0; k < g->nearly; k++)
			add(s, g->early[k].stack, g->early[k].ns);
	}
	for (size_t i = 0; i < p->n; i++) {
		uint32_t group = p->samples[i].key.stack;

		p->samples[i].key.stack = group < state->nlast ? state->last[group] : 0;
	}
}

static void release(struct sampler *s)
{
	struct state *state = s->state;

	for (size_t i = 0; state && i < state->n; i++)
		free(state->goroutines[i].early);
	if (state) {
		free(state->goroutines);
		free(state->last);
		texts_release(&state->counters);
	}
	free(state);
}

const struct sampler_ops go_sampler = { take_event, NULL, finish, release };
