/* SPDX-License-Identifier: MIT */
/*
 * range.c - handlers of the garbage collector's phase and of ranges: something
 * that lasts from a begin event to an end event. The spec says what a range belongs to
 * (`shows begin goroutine self ...`, `range begin global by lock`). Source: Go's
 * internal/trace/order.go, advanceGC*, advanceGoRange*, advanceGCSweep*, rangeState.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "order/handlers.h"
#include "order/keyed.h"

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
	if (o->probes && o->gc_state == TT_GC_UNDETERMINED)
		return gc_next(o, s, TT_GC_NOT_RUNNING);
	if (gc_await(o, s->ev->args[0]) != TT_ADVANCED)
		return TT_NOT_YET;
	if (o->gc_state == TT_GC_NOT_RUNNING)
		return tt_broken(o, TT_E_GC, "encountered GCEnd when GC was not in progress");
	if (o->gc_state == TT_GC_UNDETERMINED)
		return tt_broken(o, TT_E_GC,
				 "encountered GCEnd when GC was in an undetermined state");
	return gc_next(o, s, TT_GC_NOT_RUNNING);
}

/* ---- what a range belongs to */

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
	const struct tt_range_spec *range = &s->def->spec.range;
	bool self = range->id_arg < 0;
	int64_t id = self ? 0 : (int64_t)s->ev->args[range->id_arg];
	char name[TT_EVENT_NAME_SIZE];

	if (range->scope == TT_RESOURCE_PROC) {
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

/* ---- ranges of a goroutine or a P, in its list: a few at a time */

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

static enum tt_advance advance_begin(struct tt_order *o, struct tt_step *s)
{
	int8_t kind_arg = s->def->view.kind_arg;
	uint64_t kind = kind_arg < 0 ? 0 : s->ev->args[kind_arg];
	uint8_t type = s->def->spec.range.begin;
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

static enum tt_advance advance_active(struct tt_order *o, struct tt_step *s)
{
	uint8_t type = s->def->spec.range.begin;
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

static enum tt_advance advance_end(struct tt_order *o, struct tt_step *s)
{
	uint8_t type = s->def->spec.range.begin;
	struct tt_open_scopes *e = ranges_of(o, s);
	size_t i = 0;
	uint64_t kind;

	if (e == NULL)
		return TT_BROKEN;
	while (i < e->ranges.n && e->ranges.at[i].type != type)
		i++;
	if (i == e->ranges.n && o->probes) {
		tt_queue_step(o, s)->extra_ = 0;
		return TT_ADVANCED;
	}
	if (i == e->ranges.n)
		return tt_broken(o, TT_E_RANGE, "tried to end event %s, but not in-flight",
				 range_name(o, type));
	kind = e->ranges.at[i].kind;
	/* Go swaps with the last: the order decides which of two is ended first */
	e->ranges.at[i] = e->ranges.at[--e->ranges.n];
	tt_queue_step(o, s)->extra_ = kind;
	return TT_ADVANCED;
}

/* ---- ranges by key, each by itself (keyed.c) */

/*
 * Which one the event is about; *scopes is the slot of those of the goroutine that it
 * belongs to, or TT_NO_SLOT.
 */
static enum tt_advance find_key(struct tt_order *o, const struct tt_step *s,
				struct tt_range_key *key, uint32_t *scopes)
{
	const struct tt_range_spec *range = &s->def->spec.range;
	const uint64_t *args = s->ev->args;
	uint32_t *slot;

	*key = (struct tt_range_key){
		.key = range->key_arg < 0 ? 0 : args[range->key_arg],
		.type = range->begin,
	};
	*scopes = TT_NO_SLOT;
	switch (range->scope) {
	case TT_RESOURCE_NONE:
		return TT_ADVANCED;
	case TT_RESOURCE_THREAD:
		key->id = range->id_arg < 0 ? (uint64_t)s->cur.thread : args[range->id_arg];
		if (range->id_arg < 0 && s->cur.thread == TT_NONE)
			return tt_broken(o, TT_E_CONTEXT, "expected a thread but didn't have one");
		return TT_ADVANCED;
	case TT_RESOURCE_PROC:
		key->id = range->id_arg < 0 ? (uint64_t)s->cur.proc : args[range->id_arg];
		return resource_of(o, s) == NULL ? TT_BROKEN : TT_ADVANCED;
	case TT_RESOURCE_GOROUTINE:
		break;
	}
	key->id = range->id_arg < 0 ? (uint64_t)s->cur.goroutine : args[range->id_arg];
	slot = resource_of(o, s);
	if (slot == NULL)
		return TT_BROKEN;
	if (tt_open_scopes_of(o, slot) == NULL)
		return tt_broken_memory(o);
	*scopes = *slot;
	return TT_ADVANCED;
}

/* ": slot 7", or nothing. */
static const char *which(const struct tt_step *s, const struct tt_range_key *key, char *out,
			 size_t size)
{
	int8_t arg = s->def->spec.range.key_arg;

	*out = '\0';
	if (arg >= 0)
		snprintf(out, size, ": %s %" PRIu64, s->def->spec.args[arg].name, key->key);
	return out;
}

static enum tt_advance open_keyed(struct tt_order *o, const struct tt_step *s,
				  const struct tt_range_key *key, uint32_t scopes)
{
	int8_t arg = s->def->view.kind_arg;
	uint64_t kind = arg < 0 ? 0 : s->ev->args[arg];
	struct tt_shared_string *name = NULL;
	struct tt_str ignored;

	/* (an event with a string that is not there is refused when it is handed out) */
	if (arg >= 0 && tt_generation_string(o->gen, kind, &ignored)) {
		name = tt_shared_string_take(&o->names, kind);
		if (name == NULL)
			return tt_broken_memory(o);
	}
	if (tt_keyed_open(o, key, scopes, kind, name))
		return TT_ADVANCED;
	tt_shared_string_drop(&o->names, name);
	return tt_broken_memory(o);
}

static enum tt_advance begin_keyed(struct tt_order *o, const struct tt_step *s,
				   const struct tt_range_key *key, uint32_t scopes)
{
	char text[256];

	if (!s->def->spec.range.nested && tt_keyed_is_open(o, key))
		return tt_broken(o, TT_E_RANGE,
				 "discovered event already in-flight for when starting event %s%s",
				 range_name(o, key->type), which(s, key, text, sizeof(text)));
	return open_keyed(o, s, key, scopes);
}

static enum tt_advance active_keyed(struct tt_order *o, const struct tt_step *s,
				    const struct tt_range_key *key, uint32_t scopes)
{
	char text[256];
	bool is_open = tt_keyed_is_open(o, key);

	if (o->initial && is_open)
		return tt_broken(o, TT_E_RANGE,
				 "found named active range already in first gen: {%u 0}%s",
				 key->type, which(s, key, text, sizeof(text)));
	if (!o->initial && !is_open)
		return tt_broken(o, TT_E_RANGE, "resource is missing active range: %s%s",
				 range_name(o, key->type), which(s, key, text, sizeof(text)));
	return is_open ? TT_ADVANCED : open_keyed(o, s, key, scopes);
}

static enum tt_advance end_keyed(struct tt_order *o, const struct tt_step *s,
				 const struct tt_range_key *key)
{
	char text[256];
	struct tt_event *ev;
	struct tt_str name;
	uint64_t kind;

	if (!tt_keyed_is_open(o, key))
		return tt_broken(o, TT_E_RANGE, "tried to end event %s, but not in-flight%s",
				 range_name(o, key->type), which(s, key, text, sizeof(text)));
	kind = tt_keyed_close(o, key, &name);
	ev = tt_queue_step(o, s);
	ev->extra_ = kind;
	ev->text_ = name;
	return TT_ADVANCED;
}

static enum tt_advance advance_keyed(struct tt_order *o, struct tt_step *s)
{
	struct tt_range_key key;
	uint32_t scopes;
	enum tt_advance result;

	if (tt_check_context(o, s) != TT_ADVANCED || find_key(o, s, &key, &scopes) != TT_ADVANCED)
		return TT_BROKEN;
	if (s->def->spec.range.role == TT_RANGE_END)
		return end_keyed(o, s, &key);
	result = s->def->spec.range.role == TT_RANGE_BEGIN ? begin_keyed(o, s, &key, scopes)
							   : active_keyed(o, s, &key, scopes);
	if (result == TT_ADVANCED)
		tt_queue_step(o, s)->extra_ = 0;
	return result;
}

/* ---- which handler */

/* Whether its ranges are in a list: those of Go's own events are. */
static bool is_listed(const struct tt_event_def *begin)
{
	const struct tt_range_spec *range = &begin->spec.range;

	return range->key_arg < 0 && !range->nested &&
	       (range->scope == TT_RESOURCE_PROC || range->scope == TT_RESOURCE_GOROUTINE) &&
	       (begin->spec.experiment == NULL || !begin->view.has_kind);
}

tt_handler *tt_range_handler(const struct tt_order *o, const struct tt_event_def *def)
{
	static tt_handler *const handlers[] = {
		[TT_RANGE_BEGIN] = advance_begin,
		[TT_RANGE_ACTIVE] = advance_active,
		[TT_RANGE_END] = advance_end,
	};

	if (def->spec.range.role == TT_RANGE_NONE)
		return NULL;
	return is_listed(tt_specs_def(o->specs, def->spec.range.begin))
		       ? handlers[def->spec.range.role]
		       : advance_keyed;
}
