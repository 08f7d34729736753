/* SPDX-License-Identifier: MIT */
/* table.c - the specs there are: what is kept of them, and answers. Stands on base. */
#include "spec/table.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ------------------------------------------------------------------ keeping */

static size_t slot_of(struct tt_str name)
{
	uint64_t hash = tt_hash_bytes(0, name.data, name.len);

	return (hash ^ hash >> 32) % TT_SPEC_NSLOTS;
}

static void index_names(struct tt_specs *specs)
{
	const char *name;
	size_t slot;
	unsigned type;

	memset(specs->by_name, 0, sizeof(specs->by_name));
	for (type = 1; type <= TT_SPEC_MAX_TYPE; type++) {
		if (specs->events[type] == NULL)
			continue;
		name = specs->events[type]->def.spec.name;
		slot = slot_of((struct tt_str){name, strlen(name)});
		while (specs->by_name[slot] != 0)
			slot = (slot + 1) % TT_SPEC_NSLOTS;
		specs->by_name[slot] = (uint8_t)type;
	}
}

static void remove_event(struct tt_specs *specs, const struct tt_event_spec *spec)
{
	if (spec != NULL)
		specs->events[spec->type] = NULL;
}

static void remove_experiment(struct tt_specs *specs, const struct tt_experiment_spec *experiment)
{
	unsigned type;

	if (experiment == NULL)
		return;
	for (type = 1; type <= TT_SPEC_MAX_TYPE; type++)
		if (specs->events[type] != NULL &&
		    specs->events[type]->def.spec.experiment_id == experiment->id)
			specs->events[type] = NULL;
	specs->owners[experiment->id] = NULL;
	specs->experiments[experiment->id] = NULL;
}

static void index_tags(struct tt_spec_file *file)
{
	for (size_t i = 0; i < file->nbatches; i++) {
		const struct tt_batch_spec *spec = &file->batches[i].spec;

		if (!spec->part)
			file->by_tag[spec->tag < 0 ? TT_SPEC_NTAGS - 1 : spec->tag] =
				(uint16_t)(i + 1);
	}
}

void tt_specs_commit(struct tt_specs *specs, struct tt_spec_file *file)
{
	const struct tt_experiment_spec *experiment = &file->experiment;
	size_t i;

	if (file->renewed != 0)
		remove_experiment(specs, tt_specs_experiment_id(specs, file->renewed));
	if (file->replaces) {
		remove_experiment(specs, tt_specs_experiment_named(specs, experiment->name));
		remove_experiment(specs, tt_specs_experiment_id(specs, experiment->id));
	}
	if (experiment->id != 0) {
		specs->experiments[experiment->id] = experiment;
		specs->owners[experiment->id] = file;
	}
	for (i = 0; i < file->nevents; i++) {
		const struct tt_event_spec *spec = &file->events[i].def.spec;

		remove_event(specs, tt_specs_event_named(specs, spec->name));
		remove_event(specs, tt_specs_event(specs, spec->type));
	}
	for (i = 0; i < file->nevents; i++)
		specs->events[file->events[i].def.spec.type] = &file->events[i];
	index_names(specs);
	index_tags(file);
	file->next = specs->files;
	specs->files = file;
}

/*
 * The size of Go's event table for a header version. The events of experiments
 * joined it with 1.26, though traces of 1.23 hold them too: Go 1.27,
 * src/internal/trace/version/version.go.
 */
static unsigned count_types(const struct tt_specs *specs, unsigned version)
{
	unsigned type = TT_SPEC_MAX_TYPE + 1;

	while (--type > 0) {
		const struct tt_spec_event *event = specs->events[type];

		if (event != NULL && event->def.spec.since <= version &&
		    (event->def.spec.experiment == NULL || version >= TT_LAST_VERSION))
			break;
	}
	return type + 1;
}

void tt_specs_size(struct tt_specs *specs)
{
	for (unsigned v = TT_FIRST_VERSION; v <= TT_LAST_VERSION; v++)
		specs->ntypes[v - TT_FIRST_VERSION] = count_types(specs, v);
}

/* ----------------------------------------------------------------- answers */

const struct tt_event_def *tt_specs_def(const struct tt_specs *specs, unsigned type)
{
	if (type > TT_SPEC_MAX_TYPE || specs->events[type] == NULL)
		return NULL;
	return &specs->events[type]->def;
}

const struct tt_event_spec *tt_specs_event(const struct tt_specs *specs, unsigned type)
{
	const struct tt_event_def *def = tt_specs_def(specs, type);

	return def != NULL ? &def->spec : NULL;
}

const struct tt_event_spec *tt_specs_event_of(const struct tt_specs *specs, struct tt_str name)
{
	size_t slot;

	for (slot = slot_of(name); specs->by_name[slot] != 0; slot = (slot + 1) % TT_SPEC_NSLOTS) {
		const struct tt_event_spec *spec = tt_specs_event(specs, specs->by_name[slot]);

		if (spec != NULL && strlen(spec->name) == name.len &&
		    memcmp(spec->name, name.data, name.len) == 0)
			return spec;
	}
	return NULL;
}

const struct tt_event_spec *tt_specs_event_named(const struct tt_specs *specs, const char *name)
{
	return tt_specs_event_of(specs, (struct tt_str){name, strlen(name)});
}

const struct tt_event_def *tt_specs_builtin(const struct tt_specs *specs, unsigned type)
{
	const char *name = tt_builtin_event_names[type];
	const struct tt_event_spec *spec = name != NULL ? tt_specs_event_named(specs, name) : NULL;

	return spec != NULL ? tt_event_def_of(spec) : NULL;
}

const struct tt_experiment_spec *tt_specs_experiment(const struct tt_specs *specs, size_t i)
{
	unsigned id;

	for (id = 1; id < COUNT(specs->experiments); id++)
		if (specs->experiments[id] != NULL && i-- == 0)
			return specs->experiments[id];
	return NULL;
}

const struct tt_experiment_spec *tt_specs_experiment_id(const struct tt_specs *specs, unsigned id)
{
	return id < COUNT(specs->experiments) ? specs->experiments[id] : NULL;
}

const struct tt_experiment_spec *tt_specs_experiment_named(const struct tt_specs *specs,
							   const char *name)
{
	unsigned id;

	for (id = 1; id < COUNT(specs->experiments); id++)
		if (specs->experiments[id] != NULL &&
		    strcmp(specs->experiments[id]->name, name) == 0)
			return specs->experiments[id];
	return NULL;
}

const struct tt_experiment_spec *tt_specs_builtin_experiment(const struct tt_specs *specs,
							     unsigned id)
{
	const char *name = tt_builtin_experiment_names[id];

	return name != NULL ? tt_specs_experiment_named(specs, name) : NULL;
}

const struct tt_batch_spec *tt_specs_batch(const struct tt_specs *specs, unsigned experiment,
					   size_t i)
{
	const struct tt_spec_file *file;

	file = experiment < COUNT(specs->owners) ? specs->owners[experiment] : NULL;
	return file != NULL && i < file->nbatches ? &file->batches[i].spec : NULL;
}

const struct tt_batch_spec *tt_specs_batch_tagged(const struct tt_specs *specs,
						  unsigned experiment, int first)
{
	const struct tt_spec_file *file;
	unsigned found;

	file = experiment < COUNT(specs->owners) ? specs->owners[experiment] : NULL;
	if (file == NULL)
		return NULL;
	found = file->by_tag[TT_SPEC_NTAGS - 1];
	if (found == 0 && first >= 0)
		found = file->by_tag[first];
	return found == 0 ? NULL : &file->batches[found - 1].spec;
}

const struct tt_resource_spec *tt_specs_resource(const struct tt_specs *specs, unsigned experiment,
						 size_t i)
{
	const struct tt_spec_file *file;

	file = experiment < COUNT(specs->owners) ? specs->owners[experiment] : NULL;
	return file != NULL && i < file->nresources ? &file->resources[i].spec : NULL;
}

static int8_t need_of(const struct tt_event_def *def, enum tt_need must, enum tt_need must_not)
{
	return (int8_t)(((def->needs & must) != 0) - ((def->needs & must_not) != 0));
}

struct tt_needs tt_event_needs(const struct tt_event_spec *spec)
{
	const struct tt_event_def *def = tt_event_def_of(spec);

	return (struct tt_needs){
		.thread = need_of(def, TT_NEED_THREAD, TT_NEED_NO_THREAD),
		.proc = need_of(def, TT_NEED_PROC, TT_NEED_NO_PROC),
		.goroutine = need_of(def, TT_NEED_GOROUTINE, TT_NEED_NO_GOROUTINE),
		.thread_arg = def->thread_arg,
		.proc_arg = def->proc_arg,
		.goroutine_arg = def->goroutine_arg,
	};
}

const struct tt_values_spec *tt_specs_values(const struct tt_specs *specs, unsigned experiment,
					     size_t i)
{
	const struct tt_spec_file *file;

	file = experiment < COUNT(specs->owners) ? specs->owners[experiment] : NULL;
	return file != NULL && i < file->nvalues ? &file->values[i].spec : NULL;
}

unsigned tt_specs_ntypes(const struct tt_specs *specs, unsigned version)
{
	if (version < TT_FIRST_VERSION)
		return 0;
	if (version > TT_LAST_VERSION)
		version = TT_LAST_VERSION;
	return specs->ntypes[version - TT_FIRST_VERSION];
}

/* The events of specs that were added have their name in every version. */
const char *tt_specs_event_name(const struct tt_specs *specs, unsigned type, unsigned version,
				char buf[TT_EVENT_NAME_SIZE])
{
	const struct tt_spec_event *event = type <= TT_SPEC_MAX_TYPE ? specs->events[type] : NULL;

	if (event != NULL && (!event->builtin || type < tt_specs_ntypes(specs, version)))
		return event->def.spec.name;
	snprintf(buf, TT_EVENT_NAME_SIZE, "Invalid(%u)", type);
	return buf;
}

static bool is_builtin(struct tt_str source)
{
	const struct tt_builtin_spec *b;

	for (b = tt_builtin_specs; b->name != NULL; b++) {
		if (strlen(b->text) == source.len && memcmp(b->text, source.data, source.len) == 0)
			return true;
	}
	return false;
}

bool tt_specs_is_from_trace(const struct tt_specs *specs, unsigned experiment)
{
	const struct tt_spec_file *file;

	file = experiment < COUNT(specs->owners) ? specs->owners[experiment] : NULL;
	return file != NULL && file->renewed != 0;
}

bool tt_specs_source(const struct tt_specs *specs, unsigned experiment, struct tt_str *out)
{
	const struct tt_spec_file *file;

	file = experiment < COUNT(specs->owners) ? specs->owners[experiment] : NULL;
	if (file == NULL || is_builtin(file->source))
		return false;
	*out = file->source;
	return true;
}
