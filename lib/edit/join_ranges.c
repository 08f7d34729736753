/* SPDX-License-Identifier: MIT */
/*
 * join_ranges.c - ranges of experiments where something is missing between two pieces: one that a
 * later piece begins again has ended meanwhile, and one that it ends has begun. The event that says
 * so is made up right before. Stands on join.h.
 */
#include "edit/join.h"

#include <string.h>

#include "edit/writer_declared.h"
#include "edit/writer_kept.h"
#include "spec/spec.h"

/* The definition of an experiment's event about a range, and which range; NULL: it is none. */
static const struct tt_event_def *find_range(const struct tt_join *j, const struct tt_event *ev,
					     struct tt_range_key *key, bool *is_open)
{
	const struct tt_event_def *def;
	struct tt_event ours = *ev;

	if (ev->spec == NULL || ev->spec->experiment == NULL ||
	    ev->spec->range.role == TT_RANGE_NONE)
		return NULL;
	def = tt_specs_def(j->w->specs, ev->spec->type);
	if (def == NULL || def->spec.range.role != ev->spec->range.role)
		return NULL;
	ours.spec = &def->spec;
	*key = tt_writer_range_of(&ours);
	*is_open = tt_writer_declared_is_open(&j->w->order, key, def->spec.range.scope);
	return def;
}

bool tt_join_ranges_is_restated(const struct tt_join *j, const struct tt_event *ev)
{
	struct tt_range_key key;
	const struct tt_event_def *def;
	bool is_open;

	if (j->nsources == 1)
		return false;
	def = find_range(j, ev, &key, &is_open);
	return def != NULL && is_open && def->spec.range.role == TT_RANGE_BEGIN;
}

/* The arguments of an event about that range, where the other one is: of a resource, both say the
 * same. False: it cannot be made up there. */
static bool find_args(const struct tt_join *j, const struct tt_event_def *def,
		      const struct tt_event *ev, const struct tt_range_key *key, uint64_t *args)
{
	const struct tt_event_def *other = tt_specs_def(j->w->specs, ev->spec->type);
	const struct tt_range_spec *range = &def->spec.range;
	int order = tt_join_resource_order(def), its = tt_join_resource_order(other);

	memset(args, 0, TT_MAX_ARGS * sizeof(*args));
	if (order == TT_MORE_RESOURCES)
		return false;
	if (order >= 0) {
		const struct tt_order_spec *of = &def->spec.orders[order];

		if (its < 0 || other->spec.orders[its].resource != of->resource ||
		    of->role != TT_ROLE_USE || of->to >= 0)
			return false;
		args[of->arg] = ev->args[other->spec.orders[its].arg];
	}
	if (range->id_arg >= 0)
		args[range->id_arg] = key->id;
	if (range->key_arg >= 0)
		args[range->key_arg] = key->key;
	return tt_join_can_make(j, def, ev, args);
}

/* The event of that role with the fewest arguments; NULL: there is none that can be made up. */
static const struct tt_event_def *find_event(const struct tt_join *j, const struct tt_event *ev,
					     const struct tt_range_key *key,
					     enum tt_range_role role, uint64_t *args)
{
	const struct tt_event_def *best = NULL;
	uint64_t tried[TT_MAX_ARGS];

	for (unsigned type = 1; type < 256; type++) {
		const struct tt_event_def *def = tt_specs_def(j->w->specs, type);

		if (def == NULL || def->spec.range.role != role ||
		    def->spec.range.begin != key->type ||
		    (best != NULL && best->spec.nargs <= def->spec.nargs) ||
		    !find_args(j, def, ev, key, tried))
			continue;
		best = def;
		memcpy(args, tried, sizeof(tried));
	}
	return best;
}

static int make(struct tt_join *j, const struct tt_event *ev, const struct tt_event_def *def,
		const uint64_t *args)
{
	struct tt_event made = *ev;

	made.spec = &def->spec;
	made.args = args;
	j->progress.made++;
	return tt_writer_insert(j->w, &made);
}

int tt_join_ranges_take(struct tt_join *j, const struct tt_event *ev)
{
	const struct tt_event_def *def, *other;
	uint64_t args[TT_MAX_ARGS];
	struct tt_range_key key;
	bool begins, is_open;

	if (j->progress.gaps == 0)
		return TT_OK;
	def = find_range(j, ev, &key, &is_open);
	if (def == NULL)
		return TT_OK;
	begins = def->spec.range.role == TT_RANGE_BEGIN;
	if (begins ? !is_open || def->spec.range.nested
		   : is_open || (def->spec.range.role == TT_RANGE_ACTIVE && j->w->order.initial))
		return TT_OK;
	other = find_event(j, ev, &key, begins ? TT_RANGE_END : TT_RANGE_BEGIN, args);
	/* (without one, the writer says what is wrong) */
	return other == NULL ? TT_OK : make(j, ev, other, args);
}
