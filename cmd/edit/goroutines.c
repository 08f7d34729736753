/* SPDX-License-Identifier: MIT */
/*
 * goroutines.c - goroutines by the function that they begin with, and those related to them as
 * Go's viewer has it. Source: Go's internal/trace/summary.go, RelatedGoroutinesV2: who brought a
 * goroutine out of waiting is related to it, in two steps. Command layer.
 */
#include "goroutines.h"

#include <stdlib.h>

#include "cli/event.h"
#include "cli/pattern.h"

void goroutines_init(struct goroutines *g, const struct id_list *ids, const char *func,
		     bool related)
{
	*g = (struct goroutines){ .func = func, .related = related };
	for (size_t i = 0; i < ids->n; i++)
		g->no_memory |= !id_set_add(&g->ids, ids->ids[i]);
}

void goroutines_release(struct goroutines *g)
{
	id_set_release(&g->ids);
	id_set_release(&g->seen);
	free(g->edges);
	g->edges = NULL;
}

/* Whether the outermost function of a stack is asked for. */
static bool begins_with(const struct goroutines *g, const struct tt_generation *gen, uint64_t stack)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_generation_stack(gen, stack, frames);

	return n > 0 && pattern_is(g->func, frames[n - 1].func);
}

static void add_edge(struct goroutines *g, int64_t by, int64_t of)
{
	/* (two pairs with one hash are one in 2^64) */
	int64_t pair = (int64_t)((uint64_t)by * UINT64_C(0x9e3779b97f4a7c15) ^
				 (uint64_t)of * UINT64_C(0xc2b2ae3d27d4eb4f));

	if (id_set_has(&g->seen, pair))
		return;
	if (g->nedges == g->edges_cap) {
		size_t cap = g->edges_cap * 2 + 64;
		struct unblocking *edges = realloc(g->edges, cap * sizeof(*edges));

		if (!edges) {
			g->no_memory = true;
			return;
		}
		g->edges = edges;
		g->edges_cap = cap;
	}
	g->edges[g->nedges++] = (struct unblocking){ by, of };
	g->no_memory |= !id_set_add(&g->seen, pair);
}

void goroutines_see(struct goroutines *g, const struct tt_event *ev)
{
	struct tt_transition t;

	if (ev->kind != TT_KIND_TRANSITION)
		return;
	t = tt_event_transition(ev);
	if (t.resource != TT_RESOURCE_GOROUTINE)
		return;
	if (g->func && t.has_stack && begins_with(g, ev->generation, t.stack))
		g->no_memory |= !id_set_add(&g->ids, t.id);
	if (g->related && ev->goroutine != TT_NONE && t.from == TT_STATE_WAITING &&
	    t.to != TT_STATE_WAITING)
		add_edge(g, ev->goroutine, t.id);
}

bool goroutines_finish(struct goroutines *g)
{
	for (int step = 0; g->related && step < 2; step++) {
		struct id_set more = { 0 };

		for (size_t i = 0; i < g->nedges; i++)
			if (id_set_has(&g->ids, g->edges[i].of))
				g->no_memory |= !id_set_add(&more, g->edges[i].by);
		for (size_t i = 0; i < g->nedges; i++)
			if (id_set_has(&more, g->edges[i].by))
				g->no_memory |= !id_set_add(&g->ids, g->edges[i].by);
		id_set_release(&more);
	}
	return !g->no_memory;
}

bool goroutines_match(const struct goroutines *g, const struct tt_event *ev)
{
	int64_t id = TT_NONE;
	unsigned arg = 0;

	if (id_set_has(&g->ids, ev->goroutine) ||
	    (event_subject(ev, &id) == TT_RESOURCE_GOROUTINE && id_set_has(&g->ids, id)))
		return true;
	while (event_next_named(ev, TT_RESOURCE_GOROUTINE, &arg, &id))
		if (id_set_has(&g->ids, id))
			return true;
	return false;
}
