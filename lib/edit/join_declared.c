/* SPDX-License-Identifier: MIT */
/*
 * join_declared.c - the life and the states of an experiment's resources where something is
 * missing between two pieces. What a later piece does with a resource shows that it was created,
 * destroyed, or in another state meanwhile: the events of the spec that lead there are made up
 * right before. What a piece only restates is not written again. Stands on join.h.
 */
#include "edit/join.h"

#include <string.h>

#include "edit/writer_declared.h"
#include "order/life.h"
#include "spec/spec.h"

/* A way that has more events than this is not looked for. */
#define MAX_EVENTS 4

/* One of an event's resources, as the result has it. */
struct resource {
	const struct tt_order_spec *order;
	const struct tt_subject_class *class;
	uint64_t id;
	enum tt_life life;
	uint8_t state;          /* or TT_STATE_UNKNOWN */
};

/* False: the i-th order is about no resource that has a life, or there is no memory. */
static bool find_resource(struct tt_join *j, const struct tt_event_def *def, unsigned i,
			  const uint64_t *args, struct resource *out)
{
	struct tt_order *o = &j->w->order;
	const struct tt_subject *subject;

	out->order = &def->spec.orders[i];
	if (out->order->of != TT_ORDER_RESOURCE || out->order->arg < 0)
		return false;
	out->class = tt_subject_class_of(o, def, i);
	if (out->class == NULL || !out->class->lives)
		return false;
	out->id = args[out->order->arg];
	subject = tt_subject_at(o, tt_subject_find(out->class, out->id));
	out->life = subject == NULL ? TT_LIFE_UNKNOWN : (enum tt_life)subject->life;
	out->state = subject == NULL ? TT_STATE_UNKNOWN : subject->state;
	return true;
}

static bool may_be_in(const struct tt_order_spec *order, uint8_t state)
{
	return order->from == 0 || state == TT_STATE_UNKNOWN || (order->from >> state & 1) != 0;
}

/* ---- what is restated */

/* What a piece restates takes a nanosecond an event. */
static void follow_row(struct tt_join *j, const struct tt_event *ev)
{
	j->declared.in_row = !j->declared.seen || ev->kind == TT_KIND_SYNC ||
			     ev->time_ns <= j->declared.row_ns + 1;
	j->declared.seen = true;
	j->declared.row_ns = ev->time_ns;
}

void tt_join_declared_begin_source(struct tt_join *j)
{
	j->declared.seen = false;
}

void tt_join_declared_see(struct tt_join *j, const struct tt_event *ev)
{
	if (j->nsources > 1 && (!j->declared.seen || j->declared.in_row))
		follow_row(j, ev);
}

/* Right after the event that created it, one sets the state that it had last. */
static bool sets_same_state(const struct tt_join *j, const struct tt_event_def *def,
			    const struct resource *r, const uint64_t *args)
{
	uint64_t same[TT_MAX_ARGS];

	memcpy(same, args, sizeof(same));
	return j->declared.dropped == r->class && j->declared.dropped_id == r->id &&
	       r->order->role == TT_ROLE_USE &&
	       tt_writer_declared_lead(&def->spec, r->order, r->state, same) == r->state &&
	       memcmp(same, args, sizeof(same)) == 0;
}

bool tt_join_declared_is_restated(struct tt_join *j, const struct tt_event *ev)
{
	const struct tt_event_def *def;
	uint64_t args[TT_MAX_ARGS] = {0};
	struct resource r;
	bool restated;

	if (j->nsources == 1 || ev->spec == NULL || ev->spec->norders != 1)
		return false;
	def = tt_specs_def(j->w->specs, ev->spec->type);
	if (def == NULL || !find_resource(j, def, 0, ev->args, &r) || r.life != TT_LIFE_LIVE)
		return false;
	memcpy(args, ev->args, ev->spec->nargs * sizeof(*args));
	restated = r.order->role == TT_ROLE_CREATE || sets_same_state(j, def, &r, args);
	j->declared.dropped = restated ? r.class : NULL;
	j->declared.dropped_id = r.id;
	return restated;
}

/* ---- what leads there */

/* Whether each record that it refers to is one that the event at hand refers to, too. */
static bool refers_to_same(const struct tt_event_def *def, const uint64_t *args,
			   const struct tt_event_def *other, const uint64_t *others)
{
	for (unsigned i = 0; i < def->spec.nargs; i++) {
		bool found = (def->refers >> i & 1) == 0;

		for (unsigned k = 0; !found && other != NULL && k < other->spec.nargs; k++)
			found = (other->refers >> k & 1) != 0 && others[k] == args[i] &&
				other->spec.args[k].batch == def->spec.args[i].batch;
		if (!found)
			return false;
	}
	return true;
}

bool tt_join_can_make(const struct tt_join *j, const struct tt_event_def *def,
		      const struct tt_event *ev, uint64_t *args)
{
	const struct tt_m_state *m = tt_order_m(&j->w->order, ev->thread);
	int64_t p = m == NULL ? TT_NONE : m->p, g = m == NULL ? TT_NONE : m->g;
	unsigned needs = def->needs;

	if ((needs & TT_NEED_NO_THREAD) != 0 || def->spec.since > j->w->version ||
	    (p == TT_NONE && (needs & TT_NEED_PROC) != 0) ||
	    (g == TT_NONE && (needs & TT_NEED_GOROUTINE) != 0) ||
	    (p != TT_NONE && (needs & TT_NEED_NO_PROC) != 0) ||
	    (g != TT_NONE && (needs & TT_NEED_NO_GOROUTINE) != 0))
		return false;
	if (def->thread_arg >= 0)
		args[def->thread_arg] = (uint64_t)ev->thread;
	if (def->proc_arg >= 0)
		args[def->proc_arg] = (uint64_t)p;
	if (def->goroutine_arg >= 0)
		args[def->goroutine_arg] = (uint64_t)g;
	return refers_to_same(def, args, tt_specs_def(j->w->specs, ev->spec->type), ev->args);
}

int tt_join_resource_order(const struct tt_event_def *def)
{
	int found = TT_NO_RESOURCE;

	for (unsigned i = 0; i < def->spec.norders; i++) {
		const struct tt_order_spec *order = &def->spec.orders[i];

		if (order->of == TT_ORDER_RESOURCE && order->arg >= 0 && found == TT_NO_RESOURCE)
			found = (int)i;
		else if (order->of == TT_ORDER_RESOURCE || order->arg >= 0)
			return TT_MORE_RESOURCES;
	}
	return found;
}

/* Whether such an event is about one resource and nothing else, but for numbers, which the writer
 * counts. */
static bool is_plain(const struct tt_event_def *def)
{
	return def->spec.range.role == TT_RANGE_NONE && tt_join_resource_order(def) >= 0;
}

/* What a resource needs before an event. */
struct need {
	enum tt_role role;      /* TT_ROLE_USE: only another state */
	uint16_t states;        /* a bit for each that will do */
};

static struct need need_of(const struct resource *r)
{
	if (r->order->role == TT_ROLE_CREATE)
		return (struct need){TT_ROLE_DESTROY, 0};
	if (r->life != TT_LIFE_LIVE)
		return (struct need){TT_ROLE_CREATE, 0};
	return (struct need){TT_ROLE_USE, r->order->from};
}

/* Whether the event does that, if the resource is in a state that permits it. */
static bool serves(const struct tt_event_def *def, const struct resource *r, struct need need,
		   uint64_t *args)
{
	const struct tt_order_spec *order = &def->spec.orders[tt_join_resource_order(def)];

	memset(args, 0, TT_MAX_ARGS * sizeof(*args));
	args[order->arg] = r->id;
	if (need.role != TT_ROLE_USE)
		return order->role == need.role ||
		       (need.role == TT_ROLE_CREATE && order->role == TT_ROLE_RESTATE &&
			r->life != TT_LIFE_DEAD);
	for (uint8_t s = 0; s < TT_MAX_STATES && order->role == TT_ROLE_USE; s++)
		if ((need.states >> s & 1) != 0 &&
		    tt_writer_declared_lead(&def->spec, order, s, args) == s)
			return true;
	return false;
}

/* The one with the fewest arguments, of which nothing is known; NULL: there is none. Then
 * *states are those in which one could. */
static const struct tt_event_def *find_event(struct tt_join *j, const struct tt_event *ev,
					     const struct resource *r, struct need need,
					     uint64_t *args, uint16_t *states)
{
	const struct tt_event_def *best = NULL;
	uint64_t tried[TT_MAX_ARGS];

	*states = 0;
	for (unsigned type = 1; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(j->w->specs, type);
		int order;

		if (def == NULL || !is_plain(def))
			continue;
		order = tt_join_resource_order(def);
		if (tt_subject_class_of(&j->w->order, def, (unsigned)order) != r->class ||
		    !serves(def, r, need, tried) || !tt_join_can_make(j, def, ev, tried))
			continue;
		*states |= def->spec.orders[order].from;
		if (!may_be_in(&def->spec.orders[order], r->state) ||
		    (best != NULL && best->spec.nargs <= def->spec.nargs))
			continue;
		best = def;
		memcpy(args, tried, sizeof(tried));
	}
	return best;
}

/* Whether the event may not do that with a resource as this one is. */
static bool is_wrong(const struct tt_join *j, const struct resource *r)
{
	switch (r->order->role) {
	case TT_ROLE_CREATE:
		return r->life == TT_LIFE_LIVE && r->class->misuse != TT_BREACH_NOTHING;
	case TT_ROLE_RESTATE:
		return r->life == TT_LIFE_DEAD && r->class->misuse != TT_BREACH_NOTHING;
	case TT_ROLE_USE:
	case TT_ROLE_DESTROY:
		break;
	}
	if (r->life == TT_LIFE_DEAD)
		return r->class->misuse != TT_BREACH_NOTHING;
	if (r->life != TT_LIFE_LIVE)
		return tt_life_unknown(&j->w->order, r->class) != TT_BREACH_NOTHING;
	return !may_be_in(r->order, r->state) && r->class->misuse != TT_BREACH_NOTHING;
}

static int lead_one(struct tt_join *j, const struct tt_event *ev, const struct tt_event_def *def,
		    unsigned i)
{
	struct resource r;
	int rc = TT_OK;

	for (int n = 0; rc == TT_OK && n < MAX_EVENTS; n++) {
		uint64_t args[TT_MAX_ARGS];
		struct tt_event made = *ev;
		const struct tt_event_def *step;
		uint16_t states;

		if (!find_resource(j, def, i, ev->args, &r) || !is_wrong(j, &r))
			break;
		step = find_event(j, ev, &r, need_of(&r), args, &states);
		if (step == NULL && states != 0)
			step = find_event(j, ev, &r, (struct need){TT_ROLE_USE, states}, args,
					  &states);
		/* (the writer says what is wrong) */
		if (step == NULL)
			break;
		made.spec = &step->spec;
		made.args = args;
		rc = tt_writer_insert(j->w, &made);
		j->progress.made++;
	}
	return rc;
}

int tt_join_declared_take(struct tt_join *j, const struct tt_event *ev)
{
	const struct tt_event_def *def;
	int rc = TT_OK;

	if (ev->spec == NULL || ev->spec->norders == 0 || j->progress.gaps == 0)
		return TT_OK;
	def = tt_specs_def(j->w->specs, ev->spec->type);
	for (unsigned i = 0; def != NULL && i < def->spec.norders && rc == TT_OK; i++)
		rc = lead_one(j, ev, def, i);
	return rc;
}
