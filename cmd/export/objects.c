/* SPDX-License-Identifier: MIT */
/* objects.c - profiles of allocated and live objects, from AllocFree. Command layer. */
#include "export.h"

static void add(struct sampler *s, const struct tt_heap_object *o)
{
	const struct profile_key key = { .stack = o->mark, .type = o->type + 1, .goroutine = TT_NONE };

	profile_add(s->profile, &key, 1, (int64_t)o->nbytes);
}

static void take_event(struct sampler *s, const struct tt_event *ev)
{
	struct tt_heap_change change = { 0 };
	uint32_t mark;

	if ((ev->kind != TT_KIND_SYNC && ev->kind != TT_KIND_EXPERIMENTAL) ||
	    ev->time_ns > s->window.to_ns)
		return;
	mark = ev->spec ? tt_spans_stack_of(s->spans, ev) : 0;
	if (tt_heap_event(s->heap, ev, mark, &change) < 0) {
		s->profile->no_memory = true;
		return;
	}
	if (change.began && !change.object.found && ev->time_ns >= s->window.from_ns &&
	    s->profile->opt->type == PROFILE_ALLOC)
		add(s, &change.object);
}

static void finish(struct sampler *s)
{
	struct tt_heap_walk walk = { 0 };
	struct tt_heap_object o;

	tt_heap_finish(s->heap);
	while (s->profile->opt->type == PROFILE_INUSE && tt_heap_live(s->heap, &walk, &o) == 0)
		add(s, &o);
}

const struct sampler_ops object_sampler = { take_event, NULL, finish, NULL };
