/* SPDX-License-Identifier: MIT */
/* alloc_free.c - the events of AllocFree, and the mark of those that are lost. Stands on gen. */
#include "experiment/alloc_free.h"

/* Those of a HeapObject: its place and its type. */
#define OBJECT_NARGS 2
#define OBJECT_TYPE 1
#define LOST_EVENTS_KEY UINT64_MAX

const struct tt_event_def *tt_alloc_free_event(const struct tt_specs *specs,
					       enum tt_event_type type, unsigned nargs)
{
	const struct tt_experiment_spec *experiment =
		tt_specs_builtin_experiment(specs, TT_EXPERIMENT_ALLOC_FREE);
	const struct tt_event_def *def = tt_specs_builtin(specs, type);

	/* an event of that name in an experiment of another name is another event */
	return experiment != NULL && def != NULL && def->spec.experiment_id == experiment->id &&
			       def->spec.nargs >= nargs
		       ? def
		       : NULL;
}

static const struct tt_event_def *find_object(const struct tt_specs *specs)
{
	return tt_alloc_free_event(specs, TT_EV_HEAP_OBJECT, OBJECT_NARGS);
}

const struct tt_batch_spec *tt_alloc_free_types(const struct tt_specs *specs)
{
	const struct tt_event_def *object = find_object(specs);

	return object == NULL ? NULL : object->spec.args[OBJECT_TYPE].batch;
}

const struct tt_batch_spec *tt_alloc_free_lost_mark(const struct tt_specs *specs, uint64_t *key)
{
	*key = LOST_EVENTS_KEY;
	return tt_alloc_free_types(specs);
}

bool tt_alloc_free_lost_events(const struct tt_specs *specs, const struct tt_generation *g)
{
	const struct tt_event_def *object = find_object(specs);
	const uint64_t args[OBJECT_NARGS] = {[OBJECT_TYPE] = LOST_EVENTS_KEY};
	struct tt_event ev = {.generation = g, .args = args};
	struct tt_record ignored;

	if (object == NULL)
		return false;
	ev.spec = &object->spec;
	return tt_event_record(&ev, OBJECT_TYPE, &ignored) == TT_OK;
}
