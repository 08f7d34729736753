/* SPDX-License-Identifier: MIT */
/*
 * spans_scopes.c - what begins with one event and ends with another: regions, ranges, tasks,
 * and the states of an experiment's resources. Stands on spans_texts.c.
 */
#include <string.h>

#include "analyze/spans.h"

/* What a scope is found by. */
struct key {
	enum tt_span_kind kind;
	enum tt_resource scope;
	uint8_t type;
	int64_t id;
	uint64_t key;
	const void *what;
};

/* ---- records */

static uint32_t new_scope(struct tt_spans *s, enum tt_span_kind kind, int64_t id)
{
	uint32_t slot = s->free_scope;
	struct tt_span_scope *scope;

	if (slot != TT_SPAN_NO_SLOT) {
		s->free_scope = s->scopes.at[slot].next;
	} else {
		if (s->scopes.n >= TT_SPAN_NO_SLOT || !TT_ARRAY_ROOM(&s->mem, &s->scopes))
			return TT_SPAN_NO_SLOT;
		slot = (uint32_t)s->scopes.n++;
	}
	scope = &s->scopes.at[slot];
	memset(scope, 0, sizeof(*scope));
	scope->used = true;
	scope->kind = (uint8_t)kind;
	scope->id = id;
	scope->below = scope->above = scope->next = scope->before = TT_SPAN_NO_SLOT;
	return slot;
}

static void free_scope(struct tt_spans *s, uint32_t slot)
{
	s->scopes.at[slot].used = false;
	s->scopes.at[slot].next = s->free_scope;
	s->free_scope = slot;
}

/* ---- finding them */

/* Never small: those would fill the plain array of the map. */
static uint64_t hash_of(const struct tt_spans *s, const struct key *key)
{
	uint64_t h = tt_mix((uint64_t)key->id + s->seed);

	h = tt_mix(h + key->key);
	h = tt_mix(h + (uint64_t)(uintptr_t)key->what);
	h = tt_mix(h + ((uint64_t)key->kind << 16 | (uint64_t)key->scope << 8 | key->type));
	return h | UINT64_C(1) << 63;
}

static struct key key_of(const struct tt_span_scope *scope)
{
	return (struct key){
		.kind = (enum tt_span_kind)scope->kind,
		.scope = (enum tt_resource)scope->scope,
		.type = scope->type,
		.id = scope->id,
		.key = scope->kind == TT_SPAN_RANGE ? scope->more : 0,
		.what = scope->kind == TT_SPAN_RESOURCE ? scope->of : NULL,
	};
}

static bool is_of_key(const struct tt_span_scope *scope, const struct key *key)
{
	const struct key own = key_of(scope);

	return own.kind == key->kind && own.scope == key->scope && own.id == key->id &&
	       own.key == key->key && own.type == key->type && own.what == key->what;
}

/* The map that has it, and what it has there. */
static struct tt_idmap *map_of(struct tt_spans *s, const struct key *key, uint64_t *id)
{
	bool task = key->kind == TT_SPAN_TASK;

	*id = task ? (uint64_t)key->id : hash_of(s, key);
	return task ? &s->task_ids : &s->scope_hashes;
}

/* The innermost one, or TT_SPAN_NO_SLOT. */
static uint32_t find(struct tt_spans *s, const struct key *key)
{
	uint64_t id;
	const struct tt_idmap *map = map_of(s, key, &id);
	uint32_t slot = tt_idmap_find(map, id);

	while (slot != TT_SPAN_NO_SLOT && !is_of_key(&s->scopes.at[slot], key))
		slot = s->scopes.at[slot].below;
	return slot;
}

_Static_assert(TT_SPAN_NO_SLOT == TT_IDMAP_NONE, "no slot is what an absent id has");

/* A new one, not yet in any list of a goroutine. */
static uint32_t open(struct tt_spans *s, const struct key *key)
{
	uint64_t id;
	struct tt_idmap *map = map_of(s, key, &id);
	uint32_t below = tt_idmap_find(map, id), slot = new_scope(s, key->kind, key->id);
	struct tt_span_scope *scope;

	if (slot == TT_SPAN_NO_SLOT)
		return slot;
	tt_idmap_remove(map, id);
	if (!tt_idmap_add(map, id, slot))
		return TT_SPAN_NO_SLOT;
	scope = &s->scopes.at[slot];
	scope->scope = (uint8_t)key->scope;
	scope->type = key->type;
	scope->more = key->key;
	scope->of = key->what;
	scope->below = below;
	if (below != TT_SPAN_NO_SLOT)
		s->scopes.at[below].above = slot;
	return slot;
}

/* Out of the list of those with its hash. False: no memory. */
static bool unlink_hash(struct tt_spans *s, const struct tt_span_scope *scope)
{
	const struct key key = key_of(scope);
	struct tt_idmap *map;
	uint64_t id;

	if (scope->below != TT_SPAN_NO_SLOT)
		s->scopes.at[scope->below].above = scope->above;
	if (scope->above != TT_SPAN_NO_SLOT) {
		s->scopes.at[scope->above].below = scope->below;
		return true;
	}
	map = map_of(s, &key, &id);
	tt_idmap_remove(map, id);
	return scope->below == TT_SPAN_NO_SLOT || tt_idmap_add(map, id, scope->below);
}

/* ---- the ranges of a goroutine, which end with it */

static bool is_of_goroutine(const struct tt_span_scope *scope)
{
	return scope->kind == TT_SPAN_RANGE && scope->scope == TT_RESOURCE_GOROUTINE;
}

static void link_goroutine(struct tt_spans *s, struct tt_span_goroutine *g, uint32_t slot)
{
	s->scopes.at[slot].next = g->ranges;
	if (g->ranges != TT_SPAN_NO_SLOT)
		s->scopes.at[g->ranges].before = slot;
	g->ranges = slot;
}

static void unlink_goroutine(struct tt_spans *s, uint32_t slot)
{
	const struct tt_span_scope *scope = &s->scopes.at[slot];
	struct tt_span_goroutine *g;

	if (!is_of_goroutine(scope))
		return;
	if (scope->next != TT_SPAN_NO_SLOT)
		s->scopes.at[scope->next].before = scope->before;
	if (scope->before != TT_SPAN_NO_SLOT)
		s->scopes.at[scope->before].next = scope->next;
	g = tt_spans_goroutine(s, scope->id);
	if (g != NULL && g->ranges == slot)
		g->ranges = scope->next;
}

/* ---- beginning and ending */

/* It begins with this event; or, if `ev` is NULL, it did before the generation. */
static void set_begin(struct tt_spans *s, struct tt_span_scope *scope, const struct tt_event *ev)
{
	scope->began_before = ev == NULL;
	if (ev == NULL) {
		scope->start_ns = s->sync_ns;
		scope->by = (struct tt_span_context){TT_NONE, TT_NONE, TT_NONE};
		return;
	}
	scope->start_ns = ev->time_ns;
	scope->by = (struct tt_span_context){ev->goroutine, ev->proc, ev->thread};
	scope->stack = tt_span_own_stack(s, tt_event_stack(ev, NULL));
}

/* The goroutine that it is of, or began on; TT_NONE: none, or it is not known. */
static int64_t goroutine_of(const struct tt_span_scope *scope)
{
	return scope->kind == TT_SPAN_REGION || is_of_goroutine(scope) ? scope->id : scope->by.goroutine;
}

void tt_spans_scope_span(const struct tt_spans *s, const struct tt_span_scope *scope,
			 struct tt_span *out)
{
	const struct tt_span_goroutine *g = tt_spans_goroutine(s, goroutine_of(scope));

	*out = (struct tt_span){
		.kind = (enum tt_span_kind)scope->kind,
		.flags = TT_SPAN_NOT_ENDED | (scope->began_before ? TT_SPAN_BEGAN_BEFORE : 0),
		.scope = (enum tt_resource)scope->scope,
		.id = scope->id,
		.start_ns = scope->start_ns,
		.end_ns = s->now_ns,
		.taken_ns = TT_NOT_TAKEN,
		.name = scope->name,
		.detail = scope->detail,
		.func = g == NULL ? 0 : g->func,
		.stack = scope->stack,
		.start_stack = s->flags & TT_SPANS_STACKS ? scope->stack : 0,
		.goroutine = scope->by.goroutine,
		.proc = scope->by.proc,
		.thread = scope->by.thread,
		.end_goroutine = TT_NONE,
		.end_proc = TT_NONE,
		.end_thread = TT_NONE,
	};
	if (scope->kind == TT_SPAN_RANGE) {
		out->key = scope->more;
		out->spec = scope->of;
	} else if (scope->kind == TT_SPAN_REGION) {
		out->task = scope->more;
	} else if (scope->kind == TT_SPAN_TASK) {
		out->task = (uint64_t)scope->id;
		out->parent = scope->more;
	}
}

static void set_end(struct tt_spans *s, struct tt_span *span, const struct tt_event *ev)
{
	span->flags &= ~(unsigned)TT_SPAN_NOT_ENDED;
	span->end_goroutine = ev->goroutine;
	span->end_proc = ev->proc;
	span->end_thread = ev->thread;
	span->end_stack = tt_span_event_stack(s, tt_event_stack(ev, NULL));
}

/* Ends one; `ev` NULL: with its goroutine. */
static bool close(struct tt_spans *s, uint32_t slot, const struct tt_event *ev)
{
	struct tt_span *span = tt_spans_add(s);
	bool hashed = s->scopes.at[slot].kind != TT_SPAN_REGION;

	if (span == NULL)
		return false;
	tt_spans_scope_span(s, &s->scopes.at[slot], span);
	if (ev != NULL)
		set_end(s, span, ev);
	if (hashed) {
		unlink_goroutine(s, slot);
		if (!unlink_hash(s, &s->scopes.at[slot]))
			return false;
	}
	free_scope(s, slot);
	return true;
}

bool tt_spans_drop_scopes(struct tt_spans *s, struct tt_span_goroutine *g)
{
	while (g->region != TT_SPAN_NO_SLOT) {
		uint32_t slot = g->region;

		g->region = s->scopes.at[slot].below;
		if (!close(s, slot, NULL))
			return false;
	}
	while (g->ranges != TT_SPAN_NO_SLOT)
		if (!close(s, g->ranges, NULL))
			return false;
	return true;
}

/* An end whose begin was not seen: an interval since the start of the trace. */
static bool end_alone(struct tt_spans *s, const struct tt_event *ev, enum tt_span_kind kind,
		      int64_t id, uint64_t task, uint32_t name)
{
	struct tt_span *span = tt_spans_add(s);

	if (span == NULL)
		return false;
	*span = (struct tt_span){
		.kind = kind,
		.flags = TT_SPAN_BEGAN_BEFORE | TT_SPAN_END_ALONE,
		.id = id,
		.start_ns = s->start_ns,
		.end_ns = ev->time_ns,
		.taken_ns = TT_NOT_TAKEN,
		.name = name,
		.goroutine = TT_NONE,
		.proc = TT_NONE,
		.thread = TT_NONE,
		.task = task,
		.parent = TT_NO_TASK,
	};
	set_end(s, span, ev);
	return true;
}

/* ---- ranges */

static struct key range_key(const struct tt_event *ev)
{
	const struct tt_range_spec *range = &ev->spec->range;
	struct key key = {.kind = TT_SPAN_RANGE, .scope = range->scope, .type = range->begin,
			  .id = TT_NONE};

	if (range->id_arg >= 0)
		key.id = (int64_t)ev->args[range->id_arg];
	else if (range->scope == TT_RESOURCE_GOROUTINE)
		key.id = ev->goroutine;
	else if (range->scope == TT_RESOURCE_PROC)
		key.id = ev->proc;
	else if (range->scope == TT_RESOURCE_THREAD)
		key.id = ev->thread;
	if (range->key_arg >= 0)
		key.key = ev->args[range->key_arg];
	return key;
}

/* (one that was found active has the name of the event that began it, too) */
static bool begin_range(struct tt_spans *s, const struct tt_event *ev, const struct key *key)
{
	const struct tt_event_view *view = &tt_event_def_of(ev->spec)->view;
	const struct tt_event_def *def = tt_specs_def(s->specs, ev->spec->range.begin);
	const char *name = def->view.name != NULL ? def->view.name : def->spec.name;
	bool before = ev->spec->range.role == TT_RANGE_ACTIVE;
	struct tt_span_goroutine *g;
	struct tt_span_scope *scope;
	uint32_t slot = open(s, key);

	if (slot == TT_SPAN_NO_SLOT)
		return false;
	scope = &s->scopes.at[slot];
	set_begin(s, scope, before ? NULL : ev);
	scope->of = &def->spec;
	scope->name = tt_span_texts_name(&s->texts, (struct tt_str){name, strlen(name)});
	if (view->kind_arg >= 0)
		scope->detail = tt_span_texts_string(&s->texts, ev->args[view->kind_arg]);
	g = key->scope == TT_RESOURCE_GOROUTINE ? tt_spans_goroutine(s, key->id) : NULL;
	if (g != NULL)
		link_goroutine(s, g, slot);
	return true;
}

bool tt_spans_range(struct tt_spans *s, const struct tt_event *ev)
{
	const struct key key = range_key(ev);
	uint32_t slot;

	if (ev->spec->range.role == TT_RANGE_BEGIN)
		return begin_range(s, ev, &key);
	slot = find(s, &key);
	if (ev->spec->range.role == TT_RANGE_ACTIVE)
		return slot != TT_SPAN_NO_SLOT || begin_range(s, ev, &key);
	return slot == TT_SPAN_NO_SLOT || close(s, slot, ev);
}

/* ---- regions */

bool tt_spans_region(struct tt_spans *s, const struct tt_event *ev)
{
	const struct tt_region r = tt_event_region(ev);
	struct tt_span_goroutine *g = tt_spans_goroutine(s, ev->goroutine);
	uint32_t slot, name = tt_span_texts_name(&s->texts, r.type);
	struct tt_span_scope *scope;

	if (g == NULL)
		return true;
	if (ev->kind == TT_KIND_REGION_END) {
		slot = g->region;
		if (slot == TT_SPAN_NO_SLOT)
			return end_alone(s, ev, TT_SPAN_REGION, g->id, r.task, name);
		g->region = s->scopes.at[slot].below;
		return close(s, slot, ev);
	}
	slot = new_scope(s, TT_SPAN_REGION, g->id);
	if (slot == TT_SPAN_NO_SLOT)
		return false;
	scope = &s->scopes.at[slot];
	scope->below = g->region;
	scope->scope = TT_RESOURCE_GOROUTINE;
	scope->more = r.task;
	scope->name = name;
	set_begin(s, scope, ev);
	g->region = slot;
	return true;
}

/* ---- tasks */

const struct tt_span_scope *tt_spans_task_of(const struct tt_spans *s, uint64_t id)
{
	uint32_t slot = tt_idmap_find(&s->task_ids, id);

	return slot == TT_SPAN_NO_SLOT ? NULL : &s->scopes.at[slot];
}

bool tt_spans_task(struct tt_spans *s, const struct tt_event *ev)
{
	const struct tt_task task = tt_event_task(ev);
	const struct key key = {.kind = TT_SPAN_TASK, .id = (int64_t)task.id};
	uint32_t slot, name = tt_span_texts_name(&s->texts, task.type);
	struct tt_span_scope *scope;

	if (ev->kind == TT_KIND_TASK_END) {
		slot = find(s, &key);
		return slot == TT_SPAN_NO_SLOT
			       ? end_alone(s, ev, TT_SPAN_TASK, key.id, task.id, name)
			       : close(s, slot, ev);
	}
	slot = open(s, &key);
	if (slot == TT_SPAN_NO_SLOT)
		return false;
	scope = &s->scopes.at[slot];
	set_begin(s, scope, ev);
	scope->more = task.parent;
	scope->name = name;
	return true;
}

/* ---- resources */

/* The name of the state that an event brings a resource into; NULL: as it was. */
static const char *next_state(const struct tt_event *ev, const struct tt_order_spec *order)
{
	const struct tt_values_spec *values;
	int to = order->to;

	if (order->to_arg >= 0) {
		values = ev->spec->args[order->to_arg].values;
		for (unsigned i = 0; values != NULL && i < values->nvalues; i++)
			if (values->values[i].value == ev->args[order->to_arg])
				return values->values[i].name;
		return "";
	}
	if (to < 0)
		return NULL;
	if (order->if_arg >= 0 && ev->args[order->if_arg] == 0)
		to = order->otherwise;
	return to >= 0 && to < order->resource->nstates ? order->resource->states[to] : "";
}

static bool begin_resource(struct tt_spans *s, const struct tt_event *ev, const struct key *key,
			   const struct tt_order_spec *order, uint32_t state)
{
	const struct tt_resource_spec *resource = order->resource;
	bool known = order->role == TT_ROLE_CREATE || state != 0;
	uint32_t slot = open(s, key);
	struct tt_span_scope *scope;

	if (slot == TT_SPAN_NO_SLOT)
		return false;
	scope = &s->scopes.at[slot];
	set_begin(s, scope, known && order->role != TT_ROLE_RESTATE ? ev : NULL);
	scope->name = tt_span_texts_name(&s->texts,
					(struct tt_str){resource->name, strlen(resource->name)});
	scope->detail = state;
	return true;
}

static bool resource_event(struct tt_spans *s, const struct tt_event *ev,
			   const struct tt_order_spec *order)
{
	const char *to = next_state(ev, order);
	const struct key key = {
		.kind = TT_SPAN_RESOURCE,
		.id = order->arg < 0 ? 0 : (int64_t)ev->args[order->arg],
		.what = order->resource,
	};
	uint32_t slot = find(s, &key);
	uint32_t state = to != NULL ? tt_span_texts_name(&s->texts,
							 (struct tt_str){to, strlen(to)})
			 : slot == TT_SPAN_NO_SLOT ? 0
						   : s->scopes.at[slot].detail;

	if (order->role == TT_ROLE_DESTROY)
		return slot == TT_SPAN_NO_SLOT || close(s, slot, ev);
	if (slot != TT_SPAN_NO_SLOT && s->scopes.at[slot].detail == state &&
	    order->role != TT_ROLE_CREATE)
		return true;
	if (slot != TT_SPAN_NO_SLOT && !close(s, slot, ev))
		return false;
	return begin_resource(s, ev, &key, order, state);
}

bool tt_spans_resources(struct tt_spans *s, const struct tt_event *ev)
{
	for (unsigned i = 0; i < ev->spec->norders; i++) {
		const struct tt_order_spec *order = &ev->spec->orders[i];

		/* what has neither a life nor states lasts for no time */
		if (order->of != TT_ORDER_RESOURCE ||
		    (!order->resource->lives && order->resource->nstates == 0))
			continue;
		if (!resource_event(s, ev, order))
			return false;
	}
	return true;
}
