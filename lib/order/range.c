/* SPDX-License-Identifier: MIT */
/*
 * range.c - handlers of the garbage collector's phase and of ranges: something
 * that a goroutine or a P does from a begin event to an end event. The spec says what
 * a range belongs to (`shows begin goroutine self ...`). Source: Go's
 * internal/trace/order.go, advanceGC*, advanceGoRange*, advanceGCSweep*, rangeState.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "order/handlers.h"

/* ---- the mark phase, ordered by its own sequence */

static enum tt_advance gc_await(struct tt_order *o, uint64_t seq)
{
	if (seq != o->gc_seq + 1)
		return tt_not_yet(o, "the collector is at sequence %" PRIu64
				  "; it must be at %" PRIu64, o->gc_seq, seq - 1);
	return TT_ADVANCED;
}

/* The first event of the collector sets its state, in any context. */
static enum tt_advance gc_first(struct tt_order *o, struct tt_step *s)
{
	o->gc_seq = s->ev->args[0];
	o->gc_state = TT_GC_RUNNING;
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

static enum tt_advance gc_next(struct tt_order *o, struct tt_step *s, enum tt_gc_state state)
{
	o->gc_seq = s->ev->args[0];
	o->gc_state = state;
	if (tt_check_context(o, s) != TT_ADVANCED)
		return TT_BROKEN;
	tt_queue_step(o, s);
	return TT_ADVANCED;
}

enum tt_advance tt_advance_gc_active(struct tt_order *o, struct tt_step *s)
{
	if (o->initial) {
		if (o->gc_state != TT_GC_UNDETERMINED)
			return tt_broken(o, TT_E_GC,
					 "GCActive in the first generation isn't first GC event");
		return gc_first(o, s);
	}
	tt_assume_gc(o, TT_ASSUME_GC_RUNNING, s->ev->args[0]);
	if (gc_await(o, s->ev->args[0]) != TT_ADVANCED)
		return TT_NOT_YET;
	if (o->gc_state != TT_GC_RUNNING)
		return tt_broken(o, TT_E_GC, "encountered GCActive while GC was not in progress");
	return gc_next(o, s, TT_GC_RUNNING);
}

enum tt_advance tt_advance_gc_begin(struct tt_order *o, struct tt_step *s)
{
	tt_assume_gc(o, TT_ASSUME_GC_NOT_RUNNING, s->ev->args[0]);
	if (o->gc_state == TT_GC_UNDETERMINED)
		return gc_first(o, s);
	if (gc_await(o, s->ev->args[0]) != TT_ADVANCED)
		return TT_NOT_YET;
	if (o->gc_state == TT_GC_RUNNING)
		return tt_broken(o, TT_E_GC,
				 "encountered GCBegin while GC was already in progress");
	return gc_next(o, s, TT_GC_RUNNING);
}

enum tt_advance tt_advance_gc_end(struct tt_order *o, struct tt_step *s)
{
	tt_assume_gc(o, TT_ASSUME_GC_RUNNING, s->ev->args[0]);
	if (gc_await(o, s->ev->args[0]) != TT_ADVANCED)
		return TT_NOT_YET;
	if (o->gc_state == TT_GC_NOT_RUNNING)
		return tt_broken(o, TT_E_GC, "encountered GCEnd when GC was not in progress");
	if (o->gc_state == TT_GC_UNDETERMINED)
		return tt_broken(o, TT_E_GC,
				 "encountered GCEnd when GC was in an undetermined state");
	return gc_next(o, s, TT_GC_NOT_RUNNING);
}

/* ---- ranges of a goroutine or a P */

/* The type that names a range: that of its begin event. */
static uint8_t range_type(const struct tt_step *s)
{
	return s->def->pair != 0 ? s->def->pair : s->def->spec.type;
}

static const char *range_name(const struct tt_order *o, uint8_t type)
{
	return tt_specs_def(o->specs, type)->spec.name;
}

/*
 * Where the slot of the open scopes of the range's resource is kept. NULL: the resource
 * is not known, and o->err says so.
 */
static uint32_t *resource_of(struct tt_order *o, const struct tt_step *s)
{
	const struct tt_event_view *view = &s->def->view;
	bool self = view->id_arg < 0;
	int64_t id = self ? 0 : (int64_t)s->ev->args[view->id_arg];
	char name[TT_EVENT_NAME_SIZE];

	if (view->resource == TT_RESOURCE_PROC) {
		struct tt_p_state *p = tt_find_p(o, self ? s->cur.proc : id);

		if (p == NULL)
			tt_broken(o, TT_E_RANGE, "encountered %s for unknown proc %" PRId64,
				  tt_step_name(o, s, name), self ? s->cur.proc : id);
		return p == NULL ? NULL : &p->scopes;
	}
	if (self) {
		struct tt_g_state *g = tt_current_g(o, s);

		if (g == NULL)
			tt_broken(o, TT_E_RANGE,
				  "encountered event of type %u without known state for current "
				  "goroutine %" PRId64,
				  s->def->spec.type, s->cur.goroutine);
		return g == NULL ? NULL : &g->scopes;
	}
	struct tt_g_state *g = tt_find_g(o, id);

	if (g == NULL)
		tt_broken(o, TT_E_RANGE, "uninitialized goroutine %" PRId64 " found during %s", id,
			  tt_step_name(o, s, name));
	return g == NULL ? NULL : &g->scopes;
}

static bool is_open(const struct tt_open_scopes *e, uint8_t type, uint64_t kind)
{
	for (size_t i = 0; i < e->ranges.n; i++)
		if (e->ranges.at[i].type == type && e->ranges.at[i].kind == kind)
			return true;
	return false;
}

static enum tt_advance open_range(struct tt_order *o, struct tt_open_scopes *e, uint8_t type,
				  uint64_t kind)
{
	if (!TT_ARRAY_ROOM(o->mem, &e->ranges))
		return tt_broken_memory(o);
	e->ranges.at[e->ranges.n++] = (struct tt_open_range){type, kind};
	return TT_ADVANCED;
}

/* The check and the resource that all three begin with. NULL: broken. */
static struct tt_open_scopes *ranges_of(struct tt_order *o, struct tt_step *s)
{
	uint32_t *slot;
	struct tt_open_scopes *e;

	if (tt_check_context(o, s) != TT_ADVANCED)
		return NULL;
	slot = resource_of(o, s);
	if (slot == NULL)
		return NULL;
	e = tt_open_scopes_of(o, slot);
	if (e == NULL)
		tt_broken_memory(o);
	return e;
}

enum tt_advance tt_advance_range_begin(struct tt_order *o, struct tt_step *s)
{
	int8_t kind_arg = s->def->view.kind_arg;
	uint64_t kind = kind_arg < 0 ? 0 : s->ev->args[kind_arg];
	uint8_t type = range_type(s);
	struct tt_open_scopes *e = ranges_of(o, s);

	if (e == NULL)
		return TT_BROKEN;
	if (is_open(e, type, kind))
		return tt_broken(o, TT_E_RANGE,
				 "discovered event already in-flight for when starting event %s",
				 range_name(o, type));
	if (open_range(o, e, type, kind) != TT_ADVANCED)
		return TT_BROKEN;
	tt_queue_step(o, s)->extra_ = kind;
	return TT_ADVANCED;
}

/* "[{28 0} {26 7}]", as Go prints the list; cut where the message would be too long. */
static void list_ranges(const struct tt_open_scopes *e, char *out, size_t size)
{
	size_t used = 0;
	int n = snprintf(out, size, "[");

	for (size_t i = 0; i < e->ranges.n && n > 0 && (size_t)n < size - used; i++) {
		used += (size_t)n;
		n = snprintf(out + used, size - used, "%s{%u %" PRIu64 "}", i == 0 ? "" : " ",
			     e->ranges.at[i].type, e->ranges.at[i].kind);
	}
	if (n > 0 && (size_t)n < size - used)
		snprintf(out + used + n, size - used - (size_t)n, "]");
}

enum tt_advance tt_advance_range_active(struct tt_order *o, struct tt_step *s)
{
	uint8_t type = range_type(s);
	struct tt_open_scopes *e = ranges_of(o, s);

	if (e == NULL)
		return TT_BROKEN;
	if (!is_open(e, type, 0) && tt_assume_range(o, s, type) &&
	    open_range(o, e, type, 0) != TT_ADVANCED)
		return TT_BROKEN;
	if (o->initial) {
		if (is_open(e, type, 0))
			return tt_broken(o, TT_E_RANGE,
					 "found named active range already in first gen: {%u 0}",
					 type);
		if (open_range(o, e, type, 0) != TT_ADVANCED)
			return TT_BROKEN;
	} else if (!is_open(e, type, 0)) {
		char list[1024];

		list_ranges(e, list, sizeof(list));
		return tt_broken(o, TT_E_RANGE, "resource is missing active range: %s %s",
				 range_name(o, type), list);
	}
	tt_queue_step(o, s)->extra_ = 0;
	return TT_ADVANCED;
}

enum tt_advance tt_advance_range_end(struct tt_order *o, struct tt_step *s)
{
	uint8_t type = range_type(s);
	struct tt_open_scopes *e = ranges_of(o, s);
	size_t i = 0;
	uint64_t kind;

	if (e == NULL)
		return TT_BROKEN;
	while (i < e->ranges.n && e->ranges.at[i].type != type)
		i++;
	if (i == e->ranges.n)
		return tt_broken(o, TT_E_RANGE, "tried to end event %s, but not in-flight",
				 range_name(o, type));
	kind = e->ranges.at[i].kind;
	/* Go swaps with the last: the order decides which of two is ended first */
	e->ranges.at[i] = e->ranges.at[--e->ranges.n];
	tt_queue_step(o, s)->extra_ = kind;
	return TT_ADVANCED;
}
