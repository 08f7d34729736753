/* SPDX-License-Identifier: MIT */
/*
 * writer_declared.c - resources and ranges of experiments where a trace is cut. A resource is
 * stated by an event that restates it; if the spec has none, by the event that created it, and
 * by that which set its state last where this is needed. An open range is stated by its active
 * event, or else by the event that began it. writer_kept.h has those events. Stands on
 * writer_declared.h.
 */
#include "edit/writer_declared.h"

#include <stdlib.h>
#include <string.h>

#include "edit/writer_kept.h"
#include "order/keyed.h"
#include "order/life.h"

/* ---- which events state a resource */

#define NSTATES (TT_MAX_STATES + 1) /* the last one: its state is not known */

/* What states the resources of one class. */
struct ways {
	unsigned n;
	struct way {
		uint8_t type, order;
	} at[8];
	uint16_t permits[NSTATES]; /* of a state: the others in which it can do all the same */
};

static unsigned state_index(uint8_t state)
{
	return state < TT_MAX_STATES ? state : TT_MAX_STATES;
}

/* An event that needs one of the states in `from` is possible in the i-th one; in which others
 * too? */
static void limit(struct ways *ways, uint16_t from)
{
	for (unsigned s = 0; s < NSTATES; s++)
		if (s == TT_MAX_STATES || (from >> s & 1) != 0)
			ways->permits[s] &= from;
}

/* It is about nothing else whose number or life it would change. */
static bool is_alone(const struct tt_event_spec *spec, unsigned i)
{
	for (unsigned k = 0; k < spec->norders; k++)
		if (k != i && spec->orders[k].of == TT_ORDER_RESOURCE)
			return false;
	return spec->range.role == TT_RANGE_NONE;
}

static bool find_ways(struct tt_writer *w, size_t class, struct ways *ways)
{
	struct tt_order *o = &w->past.order;

	ways->n = 0;
	memset(ways->permits, 0xff, sizeof(ways->permits));
	for (unsigned type = 1; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(w->specs, type);

		for (unsigned i = 0; def != NULL && i < def->spec.norders; i++) {
			const struct tt_order_spec *order = &def->spec.orders[i];
			const struct tt_subject_class *c = tt_subject_class_of(o, def, i);

			if (c == NULL)
				return tt_writer_no_memory(w) == TT_OK;
			if (c != &o->subjects->classes.at[class])
				continue;
			if (order->from != 0)
				limit(ways, order->from);
			if (order->role == TT_ROLE_RESTATE && order->arg >= 0 &&
			    def->spec.since <= w->version && is_alone(&def->spec, i) &&
			    ways->n < sizeof(ways->at) / sizeof(ways->at[0]))
				ways->at[ways->n++] = (struct way){(uint8_t)type, (uint8_t)i};
		}
	}
	return true;
}

/* The value whose name is that of the state; false: there is none. */
static bool value_of(const struct tt_event_spec *spec, const struct tt_order_spec *order,
		     uint8_t state, uint64_t *value)
{
	const struct tt_values_spec *values = spec->args[order->to_arg].values;

	for (unsigned i = 0; values != NULL && state < order->resource->nstates &&
			     i < values->nvalues; i++) {
		if (strcmp(values->values[i].name, order->resource->states[state]) == 0) {
			*value = values->values[i].value;
			return true;
		}
	}
	return false;
}

unsigned tt_writer_declared_lead(const struct tt_event_spec *spec,
				 const struct tt_order_spec *order, uint8_t state, uint64_t *args)
{
	if (order->to_arg >= 0)
		return value_of(spec, order, state, &args[order->to_arg]) ? state : TT_MAX_STATES;
	if (order->to < 0)
		return TT_MAX_STATES;
	if (order->if_arg < 0)
		return state_index((uint8_t)order->to);
	args[order->if_arg] = order->otherwise != (int8_t)state;
	return state_index((uint8_t)(args[order->if_arg] != 0 ? order->to : order->otherwise));
}

/* Whether a resource in one state can be said to be in the other: what follows is possible. */
static bool may_stand_for(const struct ways *ways, unsigned said, unsigned state)
{
	return said == state || said == TT_MAX_STATES || (ways->permits[state] >> said & 1) != 0;
}

/* ---- planning */

static enum tt_declared_place place_of(const struct tt_event_def *def)
{
	if ((def->needs & (TT_NEED_NO_PROC | TT_NEED_NO_GOROUTINE)) != 0)
		return TT_PLACE_BARE;
	return (def->needs & (TT_NEED_PROC | TT_NEED_GOROUTINE)) != 0 ? TT_PLACE_RUNNING
								      : TT_PLACE_ANY;
}

static bool is_experiment_embedded(const struct tt_writer *w, const struct tt_event_def *def)
{
	for (unsigned type = TT_LAST_TYPE_OF_GO + 1; type < 256; type++)
		if (w->plans[type].spec != NULL && w->plans[type].embedded &&
		    w->plans[type].spec->experiment_id == def->spec.experiment_id)
			return true;
	return false;
}

/* Has no stacks: those are not known any more. */
static bool plan(struct tt_writer *w, struct tt_restatement *list, const struct tt_event_def *def,
		 uint64_t *args, struct tt_restated e)
{
	for (unsigned i = 0; i < def->nstacks; i++)
		args[def->stack_args[i]] = 0;
	e.type = def->spec.type;
	e.nargs = def->spec.nargs;
	e.declared = true;
	e.embedded = is_experiment_embedded(w, def);
	e.args = list->args.n;
	if (!TT_ARRAY_ROOM(&w->mem, &list->declared) ||
	    !tt_writer_restated_args(w, list, e.nargs, args))
		return tt_writer_no_memory(w) == TT_OK;
	list->declared.at[list->declared.n++] = e;
	return true;
}

/* The arguments of a kept event, in the places that another one of the same pair has them. */
static bool copy_args(struct tt_writer *w, const struct tt_kept_event *k,
		      const struct tt_event_def *def, uint64_t *args)
{
	const struct tt_event_def *from = tt_specs_def(w->specs, k->type);
	uint64_t values[TT_MAX_ARGS];

	memcpy(values, k->args, sizeof(values));
	for (unsigned i = 0; i < from->nstrings; i++) {
		uint64_t *value = &values[from->string_args[i]];
		const struct tt_shared_string *s = k->strings[i];

		*value = 0;
		if (s != NULL &&
		    !tt_writer_add_text(w, (struct tt_str){s->bytes, s->len}, value))
			return tt_writer_no_memory(w) == TT_OK;
	}
	memset(args, 0, TT_MAX_ARGS * sizeof(*args));
	for (unsigned i = 0; i < def->spec.nargs; i++)
		for (unsigned j = 0; j < from->spec.nargs; j++)
			if (strcmp(def->spec.args[i].name, from->spec.args[j].name) == 0 &&
			    def->spec.args[i].type == from->spec.args[j].type)
				args[i] = values[j];
	return true;
}

/* An event that states a resource, and the state that it is in then. */
struct statement {
	const struct tt_event_def *def; /* NULL: there is none */
	unsigned state;
	uint64_t args[TT_MAX_ARGS];
};

/* By an event that restates it: to its state, or to one that may stand for it, if one does. */
static void find_restating(struct tt_writer *w, const struct ways *ways,
			   const struct tt_subject *subject, struct statement *out)
{
	unsigned state = state_index(subject->state);

	out->def = NULL;
	for (unsigned i = 0; i < ways->n; i++) {
		const struct tt_event_def *def = tt_specs_def(w->specs, ways->at[i].type);
		const struct tt_order_spec *order = &def->spec.orders[ways->at[i].order];
		struct statement s = {.def = def};

		s.state = tt_writer_declared_lead(&def->spec, order, subject->state, s.args);
		s.args[order->arg] = subject->id;
		if (out->def == NULL || s.state == state ||
		    (out->state != state && may_stand_for(ways, s.state, state)))
			*out = s;
	}
}

/* By an event that was kept. False: no memory. */
static bool find_kept(struct tt_writer *w, uint64_t sort, const struct tt_subject *subject,
		      struct statement *out, const struct tt_order_spec **order)
{
	const struct tt_kept_event *kept =
		tt_writer_kept_find(w, sort, subject->class, subject->id);

	out->def = NULL;
	*order = NULL;
	if (kept == NULL)
		return true;
	out->def = tt_specs_def(w->specs, kept->type);
	if (!copy_args(w, kept, out->def, out->args))
		return false;
	for (unsigned i = 0; i < out->def->spec.norders; i++) {
		const struct tt_order_spec *o = &out->def->spec.orders[i];

		if (o->of == TT_ORDER_RESOURCE && is_alone(&out->def->spec, i))
			*order = o;
	}
	if (*order == NULL) {
		out->def = NULL;
		return true;
	}
	if ((*order)->to_arg < 0) {
		uint64_t args[TT_MAX_ARGS];

		memcpy(args, out->args, sizeof(args));
		out->state = tt_writer_declared_lead(&out->def->spec, *order, subject->state, args);
	} else {
		out->state = state_index(subject->state);
	}
	return true;
}

static bool state_it(struct tt_writer *w, struct tt_restatement *list, struct statement *s,
		     enum tt_declared_place place, uint64_t *count)
{
	const struct tt_restated e = {.place = (uint8_t)place, .count = count};

	return plan(w, list, s->def, s->args, e);
}

/* Whether a resource that nothing states would be a fault. */
static bool must_be_created(const struct tt_writer *w, const struct tt_subject_class *class)
{
	return class->unknown == TT_BREACH_DEFAULT ? w->number == 1
						   : class->unknown != TT_BREACH_NOTHING;
}

/*
 * By an event that restates it, or by that which created it; if neither leads to its state, by
 * that which did besides.
 */
static bool plan_resource(struct tt_writer *w, struct tt_restatement *list,
			  const struct ways *ways, const struct tt_subject *subject)
{
	const struct tt_subject_class *class = &w->past.order.subjects->classes.at[subject->class];
	unsigned state = state_index(subject->state);
	const struct tt_order_spec *order;
	struct statement restating, s, change;
	enum tt_declared_place place;

	find_restating(w, ways, subject, &restating);
	s = restating;
	if (restating.def == NULL || !may_stand_for(ways, restating.state, state)) {
		if (!find_kept(w, TT_KEPT_CREATED, subject, &s, &order))
			return false;
		if (s.def == NULL)
			s = restating;
		else if (restating.def == NULL && !must_be_created(w, class))
			return true;
	}
	if (s.def == NULL)
		return true;
	place = place_of(s.def);
	if (may_stand_for(ways, s.state, state))
		return state_it(w, list, &s, place, &w->progress.resources);
	if (!find_kept(w, TT_KEPT_CHANGED, subject, &change, &order))
		return false;
	if (change.def == NULL || change.state != state || place_of(change.def) == TT_PLACE_BARE ||
	    (order->from != 0 && s.state != TT_MAX_STATES && (order->from >> s.state & 1) == 0))
		return true;
	return state_it(w, list, &s, place, &w->progress.resources) &&
	       state_it(w, list, &change,
			place == TT_PLACE_RUNNING ? place : place_of(change.def), NULL);
}

static bool is_live(const struct tt_subjects *all, uint32_t slot)
{
	const struct tt_subject *subject = &all->records.at[slot];
	const struct tt_subject_class *class = &all->classes.at[subject->class];

	return subject->life == TT_LIFE_LIVE && class->of == TT_ORDER_RESOURCE && class->lives &&
	       tt_subject_find(class, subject->id) == slot;
}

static bool plan_resources(struct tt_writer *w, struct tt_restatement *list)
{
	const struct tt_subjects *all = w->past.order.subjects;
	size_t n = all == NULL ? 0 : all->classes.n;
	struct ways *ways = n == 0 ? NULL : tt_mem_zalloc(&w->mem, n, sizeof(*ways));
	bool good = ways != NULL;

	if (n == 0)
		return true;
	for (size_t i = 0; good && i < n; i++)
		good = find_ways(w, i, &ways[i]);
	for (uint32_t i = 0; good && i < all->records.n; i++)
		if (is_live(all, i))
			good = plan_resource(w, list, &ways[all->records.at[i].class],
					     &all->records.at[i]);
	tt_mem_free(&w->mem, ways, n * sizeof(*ways));
	return good || tt_writer_no_memory(w) == TT_OK;
}

/* ---- ranges */

static bool is_listed(const struct tt_order *o, const struct tt_range_key *range,
		      enum tt_resource scope)
{
	const struct tt_g_state *g =
		scope == TT_RESOURCE_GOROUTINE ? tt_order_g(o, (int64_t)range->id) : NULL;
	const struct tt_p_state *p =
		scope == TT_RESOURCE_PROC ? tt_order_p(o, (int64_t)range->id) : NULL;
	const struct tt_open_scopes *e = g != NULL   ? tt_order_scopes(o, g->scopes)
					 : p != NULL ? tt_order_scopes(o, p->scopes)
						     : NULL;

	for (size_t i = 0; e != NULL && i < e->ranges.n; i++)
		if (e->ranges.at[i].type == range->type)
			return true;
	return false;
}

bool tt_writer_declared_is_open(const struct tt_order *o, const struct tt_range_key *range,
				enum tt_resource scope)
{
	return tt_keyed_is_open(o, range) || is_listed(o, range, scope);
}

/* The event that says that a range is open; without one, that which begins it. */
static const struct tt_event_def *stating(const struct tt_specs *specs, uint8_t begin)
{
	for (unsigned type = 1; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(specs, type);

		if (def != NULL && def->spec.range.role == TT_RANGE_ACTIVE &&
		    def->spec.range.begin == begin)
			return def;
	}
	return tt_specs_def(specs, begin);
}

static int64_t thread_of_p(const struct tt_order *o, int64_t p)
{
	for (size_t i = 0; i < o->ms.n; i++)
		if (o->ms.at[i].p == p)
			return o->ms.at[i].id;
	return TT_NONE;
}

static bool plan_range(struct tt_writer *w, struct tt_restatement *list,
		       const struct tt_kept_event *k)
{
	const struct tt_order *o = &w->past.order;
	const struct tt_event_def *def = stating(w->specs, k->range.type);
	const struct tt_range_spec *range = &def->spec.range;
	struct tt_restated e = {.place = (uint8_t)place_of(def), .count = &w->progress.ranges};
	uint64_t args[TT_MAX_ARGS];

	if (!tt_writer_declared_is_open(o, &k->range, range->scope))
		return true;
	if (range->scope == TT_RESOURCE_THREAD)
		e.thread = (int64_t)k->range.id;
	if (range->scope == TT_RESOURCE_GOROUTINE && range->id_arg < 0) {
		e.place = TT_PLACE_OWN;
		e.goroutine = (int64_t)k->range.id;
	} else if (range->scope == TT_RESOURCE_PROC && range->id_arg < 0) {
		e.place = TT_PLACE_ANY;
		e.thread = thread_of_p(o, (int64_t)k->range.id);
		if (e.thread == TT_NONE)
			return true;
	}
	if (!copy_args(w, k, def, args))
		return false;
	if (range->id_arg >= 0)
		args[range->id_arg] = k->range.id;
	if (range->key_arg >= 0)
		args[range->key_arg] = k->range.key;
	return plan(w, list, def, args, e);
}

static int by_serial(const void *a, const void *b)
{
	const struct tt_kept_event *const *x = a, *const *y = b;

	return ((*x)->serial > (*y)->serial) - ((*x)->serial < (*y)->serial);
}

/* In the order in which they began: of nested ones, the outer ones first. */
static bool plan_ranges(struct tt_writer *w, struct tt_restatement *list)
{
	const struct tt_writer_declared *d = w->past.declared;
	const struct tt_kept_event **open;
	size_t n = 0;
	bool good = true;

	if (d == NULL || d->all.n == 0)
		return true;
	open = tt_mem_zalloc(&w->mem, d->all.n, sizeof(const struct tt_kept_event *));
	if (open == NULL)
		return tt_writer_no_memory(w) == TT_OK;
	for (size_t i = 0; i < d->all.n; i++)
		if (d->all.at[i] != NULL && d->all.at[i]->is_range)
			open[n++] = d->all.at[i];
	qsort(open, n, sizeof(const struct tt_kept_event *), by_serial);
	for (size_t i = 0; good && i < n; i++)
		good = plan_range(w, list, open[i]);
	tt_mem_free(&w->mem, open, d->all.n * sizeof(const struct tt_kept_event *));
	return good;
}

bool tt_writer_declared_plan(struct tt_writer *w, struct tt_restatement *list)
{
	return plan_resources(w, list) && plan_ranges(w, list);
}

/* ---- numbers */

/* What one order of an event is about, and the last number that it had in the source. */
static bool find_number(struct tt_writer *w, const struct tt_restated *e, const uint64_t *args,
			unsigned i, uint64_t *key, uint64_t *number)
{
	const struct tt_event_def *def = tt_specs_def(w->specs, e->type);
	const struct tt_order_spec *order = &def->spec.orders[i];
	const struct tt_context context = {e->thread, TT_NONE, e->goroutine};
	struct tt_order *o = &w->past.order;
	const struct tt_subject_class *class = tt_subject_class_of(o, def, i);
	const struct tt_subject *subject;
	uint64_t id;

	if (class == NULL || order->seq_arg < 0 || !order->continues ||
	    !tt_subject_id(order, args, &context, &id))
		return false;
	subject = tt_subject_at(o, tt_subject_find(class, id));
	*number = tt_subject_number(o->subjects, true, subject);
	*key = tt_idmap_id_of((uint64_t)(class - o->subjects->classes.at), &id, sizeof(id));
	return true;
}

/* Counts the events of each sequence; or gives each the number that its first event gets. */
static bool number(struct tt_writer *w, struct tt_restatement *list, struct tt_idmap *counts,
		   bool counted)
{
	for (size_t k = 0; k < list->events.n; k++) {
		const struct tt_restated *e = &list->events.at[k];
		uint64_t *args = list->args.at + e->args, key, last;
		const struct tt_event_spec *spec = &tt_specs_def(w->specs, e->type)->spec;

		for (unsigned i = 0; e->declared && i < spec->norders; i++) {
			uint32_t n;

			if (!find_number(w, e, args, i, &key, &last))
				continue;
			n = tt_idmap_find(counts, key);
			n = n == TT_IDMAP_NONE ? 0 : n;
			if (counted) {
				/* (one that is created begins with 1) */
				args[spec->orders[i].seq_arg] =
					last > n && spec->orders[i].role != TT_ROLE_CREATE
						? last - n + 1
						: 1;
				continue;
			}
			tt_idmap_remove(counts, key);
			if (!tt_idmap_add(counts, key, n + 1))
				return false;
		}
	}
	return true;
}

bool tt_writer_declared_number(struct tt_writer *w, struct tt_restatement *list)
{
	struct tt_idmap counts;
	bool good;

	if (list->declared.n == 0)
		return true;
	tt_idmap_init(&counts, &w->mem, tt_random_seed());
	good = number(w, list, &counts, false) && number(w, list, &counts, true);
	tt_idmap_release(&counts);
	return good || tt_writer_no_memory(w) == TT_OK;
}

/* ---- writing */

int tt_writer_declared_emit(struct tt_writer *w, const struct tt_restated *e, uint64_t *args)
{
	const struct tt_event_def *def = tt_specs_def(w->specs, e->type);
	const struct tt_m_state *m = tt_order_m(&w->order, e->thread);
	struct tt_writer_stream *s = tt_writer_stream(w, e->thread, false);
	uint32_t slot = s == NULL ? TT_NO_SLOT : s->m;
	int rc;

	if (def->thread_arg >= 0)
		args[def->thread_arg] = (uint64_t)e->thread;
	if (def->proc_arg >= 0 && m != NULL)
		args[def->proc_arg] = (uint64_t)m->p;
	if (def->goroutine_arg >= 0 && m != NULL)
		args[def->goroutine_arg] = (uint64_t)m->g;
	if (s != NULL && e->embedded) {
		s = tt_writer_stream(w, e->thread, true);
		if (s != NULL)
			s->m = slot;
	}
	if (s == NULL)
		return tt_writer_no_memory(w);
	rc = tt_writer_emit_to(w, s, e->thread, e->type, args, e->nargs, w->last_ns + 1);
	if (rc == TT_OK && e->count != NULL)
		++*e->count;
	if (rc == TT_OK || w->err.system)
		return rc;
	tt_error_clear(&w->err);
	return TT_OK;
}
