/* SPDX-License-Identifier: MIT */
/*
 * go_ranges.c - the ranges of Go's summarizer: which goroutine one counts for, and how long it
 * takes. Command layer.
 */
#include "go.h"

#include <stdio.h>
#include <stdlib.h>

/* "stop-the-world (GC mark termination)" */
static uint32_t range_name(struct go_summary *s, const struct tt_range *r)
{
	char *text;
	uint32_t number;
	int n;

	if (!r->kind.data)
		return go_number_of(s, str_of(r->name));
	n = asprintf(&text, "%s (%.*s)", r->name, (int)(r->kind.len < 1 << 20 ? r->kind.len : 1 << 20),
		     r->kind.data);
	if (n < 0) {
		s->no_memory = true;
		return 0;
	}
	number = go_number_of(s, (struct tt_str){ text, (size_t)n });
	free(text);
	return number;
}

/* The index of a processor's range, or how many there are. */
static size_t proc_range_of(const struct go_summary *s, int64_t proc, uint32_t name)
{
	size_t i = 0;

	while (i < s->nproc_ranges &&
	       (s->proc_ranges[i].proc != proc || s->proc_ranges[i].name != name))
		i++;
	return i;
}

/* The goroutine that a range counts for, when it begins; NULL: none. */
static struct go_goroutine *range_begins(struct go_summary *s, const struct tt_event *ev,
					 const struct tt_range *r, uint32_t name)
{
	struct go_goroutine *g;
	size_t i;

	if (r->scope == TT_RESOURCE_GOROUTINE)
		return go_goroutine_of(s, r->id);
	g = r->scope == TT_RESOURCE_PROC ? go_goroutine_of(s, ev->goroutine) : NULL;
	if (!g)
		return NULL;
	i = proc_range_of(s, r->id, name);
	if (i == s->nproc_ranges) {
		if (!array_room(&s->proc_ranges, &s->proc_ranges_cap, i + 1,
				sizeof(*s->proc_ranges))) {
			s->no_memory = true;
			return NULL;
		}
		s->nproc_ranges++;
	}
	s->proc_ranges[i] = (struct go_proc_range){ r->id, ev->goroutine, name };
	return g;
}

static struct go_goroutine *range_ends(struct go_summary *s, const struct tt_event *ev,
				       const struct tt_range *r, uint32_t name)
{
	struct go_goroutine *g = NULL;
	size_t i;

	if (r->scope == TT_RESOURCE_GOROUTINE)
		return go_goroutine_of(s, r->id);
	if (r->scope != TT_RESOURCE_PROC)
		return NULL;
	i = proc_range_of(s, r->id, name);
	if (i == s->nproc_ranges)
		return NULL;
	/* it counts only if it ends on the goroutine that it began on */
	if (s->proc_ranges[i].goroutine == ev->goroutine)
		g = go_goroutine_of(s, ev->goroutine);
	s->proc_ranges[i] = s->proc_ranges[--s->nproc_ranges];
	return g;
}

static void set_range_begin(struct go_summary *s, struct go_goroutine *g, uint32_t name, int64_t at)
{
	struct go_sum *last = go_sums_find(&g->last_ranges, name);

	if (last)
		last->ns = at;
	else
		go_add_sum(s, &g->last_ranges, name, at);
}

void go_range_event(struct go_summary *s, const struct tt_event *ev)
{
	const struct tt_range r = tt_event_range(ev);
	uint32_t name = range_name(s, &r);
	struct go_goroutine *g;
	struct go_sum *last;

	if (ev->kind != TT_KIND_RANGE_END) {
		g = range_begins(s, ev, &r, name);
		last = g ? go_sums_find(&g->last_ranges, name) : NULL;
		if (last && last->ns != 0 && ev->kind == TT_KIND_RANGE_ACTIVE)
			go_add_sum(s, &g->stats.ranges, name, s->sync - last->ns);
		if (g)
			set_range_begin(s, g, name,
					ev->kind == TT_KIND_RANGE_ACTIVE ? s->sync : ev->time_ns);
		return;
	}
	g = range_ends(s, ev, &r, name);
	last = g ? go_sums_find(&g->last_ranges, name) : NULL;
	if (!last || last->ns == 0)
		return;
	go_add_sum(s, &g->stats.ranges, name, ev->time_ns - last->ns);
	*last = g->last_ranges.at[--g->last_ranges.n];
}
