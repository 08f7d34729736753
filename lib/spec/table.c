/* SPDX-License-Identifier: MIT */
/*
 * table.c - the specs there are, by type and by name. Stands on base and the
 * parser beside it.
 */
#include "spec/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Twice as many as there are types, so that probing stays short. */
#define NSLOTS 512
/* Nobody writes a larger spec; keeps a wrong path from filling the memory. */
#define MAX_FILE_NBYTES (UINT32_C(16) << 20)
/* Header versions whose event tables are sized. */
#define FIRST_VERSION 22
#define LAST_VERSION 26

struct tt_specs {
	struct tt_mem mem;
	struct tt_spec_file *files;
	const struct tt_spec_event *events[TT_SPEC_MAX_TYPE + 1];
	const struct tt_experiment_spec *experiments[256];
	const struct tt_spec_file *owners[256]; /* the file of each experiment */
	uint8_t by_name[NSLOTS]; /* types, open addressing; 0: free */
	unsigned ntypes[LAST_VERSION - FIRST_VERSION + 1];
};

/* ------------------------------------------------------------------- names */

static size_t slot_of(const char *name)
{
	uint32_t hash = UINT32_C(2166136261);

	for (; *name != '\0'; name++)
		hash = (hash ^ (uint8_t)*name) * UINT32_C(16777619);
	return (hash ^ hash >> 16) % NSLOTS;
}

static void index_names(struct tt_specs *specs)
{
	size_t slot;
	unsigned type;

	memset(specs->by_name, 0, sizeof(specs->by_name));
	for (type = 1; type <= TT_SPEC_MAX_TYPE; type++) {
		if (specs->events[type] == NULL)
			continue;
		slot = slot_of(specs->events[type]->def.spec.name);
		while (specs->by_name[slot] != 0)
			slot = (slot + 1) % NSLOTS;
		specs->by_name[slot] = (uint8_t)type;
	}
}

static const char *const arg_types[] = {
	[TT_ARG_NUMBER] = "",
	[TT_ARG_SEQ] = "seq",
	[TT_ARG_PSTATUS] = "pstatus",
	[TT_ARG_GSTATUS] = "gstatus",
	[TT_ARG_G] = "g",
	[TT_ARG_M] = "m",
	[TT_ARG_P] = "p",
	[TT_ARG_STRING] = "string",
	[TT_ARG_STACK] = "stack",
	[TT_ARG_VALUE] = "value",
	[TT_ARG_TASK] = "task",
};

const char *tt_arg_type_name(enum tt_arg_type type)
{
	return (size_t)type < COUNT(arg_types) ? arg_types[type] : "";
}

static const char *const kinds[TT_KIND_COUNT] = {
	[TT_KIND_BAD] = "Bad",
	[TT_KIND_SYNC] = "Sync",
	[TT_KIND_METRIC] = "Metric",
	[TT_KIND_LABEL] = "Label",
	[TT_KIND_STACK_SAMPLE] = "StackSample",
	[TT_KIND_RANGE_BEGIN] = "RangeBegin",
	[TT_KIND_RANGE_ACTIVE] = "RangeActive",
	[TT_KIND_RANGE_END] = "RangeEnd",
	[TT_KIND_TASK_BEGIN] = "TaskBegin",
	[TT_KIND_TASK_END] = "TaskEnd",
	[TT_KIND_REGION_BEGIN] = "RegionBegin",
	[TT_KIND_REGION_END] = "RegionEnd",
	[TT_KIND_LOG] = "Log",
	[TT_KIND_TRANSITION] = "StateTransition",
	[TT_KIND_EXPERIMENTAL] = "Experimental",
};

const char *tt_kind_name(enum tt_kind kind)
{
	return (size_t)kind < COUNT(kinds) ? kinds[kind] : "Bad";
}

/* -------------------------------------------------------------------- adding */

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

/* Makes a file without mistakes part of the table; what it replaces makes way. */
static void commit(struct tt_specs *specs, struct tt_spec_file *file)
{
	const struct tt_experiment_spec *experiment = &file->experiment;
	size_t i;

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
	file->next = specs->files;
	specs->files = file;
}

static struct tt_spec_file *file_new(struct tt_mem *mem)
{
	return tt_mem_zalloc(mem, 1, sizeof(struct tt_spec_file));
}

static void file_free(struct tt_spec_file *file, struct tt_mem *mem)
{
	if (file != NULL)
		tt_spec_file_release(file, mem);
	tt_mem_free(mem, file, sizeof(*file));
}

static int no_memory(struct tt_error *err)
{
	return tt_fail(err, TT_E_MEMORY, "out of memory for event specs");
}

/* Why a text of a trace may not be added, or NULL. */
static const char *foreign_problem(const struct tt_spec_file *file, unsigned experiment)
{
	size_t i;

	if (file->experiment.id != experiment)
		return "it is of another experiment than its batch says";
	if (file->replaces)
		return "a spec in a trace may not replace others";
	for (i = 0; i < file->nevents; i++)
		if (file->events[i].replaces)
			return "a spec in a trace may not replace others";
	return NULL;
}

/*
 * `before` is NULL for the text that may hold core events; `foreign` the experiment
 * that a text of a trace must be of, or 0.
 */
static int add(struct tt_specs *specs, const struct tt_specs *before, const char *name,
	       struct tt_str text, unsigned foreign, struct tt_error *err)
{
	struct tt_spec_file *file = file_new(&specs->mem);
	struct tt_spec_notes notes;
	int rc = -TT_E_MEMORY;

	tt_spec_notes_init(&notes, &specs->mem);
	if (file != NULL)
		rc = tt_spec_parse(file, before, text, &notes);
	if (rc == 0 && notes.n > 0) {
		tt_spec_notes_sort(&notes);
		rc = tt_fail(err, TT_E_SPEC, "%s:%u:%u: %s", name, notes.notes[0].at.line,
			     notes.notes[0].at.column, notes.notes[0].message);
	} else if (rc != 0) {
		no_memory(err);
	}
	tt_spec_notes_release(&notes);
	if (rc == 0 && foreign != 0 && foreign_problem(file, foreign) != NULL)
		rc = tt_fail(err, TT_E_SPEC, "%s: %s", name, foreign_problem(file, foreign));
	if (rc == 0)
		commit(specs, file);
	else
		file_free(file, &specs->mem);
	return rc;
}

int tt_specs_add(struct tt_specs *specs, const char *name, const char *text, size_t len,
		 struct tt_error *err)
{
	return add(specs, specs, name, (struct tt_str){text, len}, 0, err);
}

int tt_specs_add_from_trace(struct tt_specs *specs, unsigned experiment, const char *text,
			    size_t len, struct tt_error *err)
{
	return add(specs, specs, "spec in the trace", (struct tt_str){text, len}, experiment, err);
}

int tt_specs_new_layer(struct tt_specs **out, const struct tt_specs *base, struct tt_error *err)
{
	*out = malloc(sizeof(**out));
	if (*out == NULL)
		return no_memory(err);
	**out = *base;
	(*out)->files = NULL;
	(*out)->mem = (struct tt_mem){.used_nbytes = 0};
	return TT_OK;
}

/* ----------------------------------------------------------------- built-in */

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
		    (event->def.spec.experiment == NULL || version >= LAST_VERSION))
			break;
	}
	return type + 1;
}

static int add_builtin(struct tt_specs *specs, struct tt_error *err)
{
	const struct tt_builtin_spec *builtin;
	const struct tt_specs *before = NULL;
	unsigned version;
	size_t i;
	int rc;

	for (builtin = tt_builtin_specs; builtin->name != NULL; builtin++) {
		rc = add(specs, before, builtin->name,
			 (struct tt_str){builtin->text, strlen(builtin->text)}, 0, err);
		if (rc != 0)
			return rc;
		before = specs;
		for (i = 0; i < specs->files->nevents; i++)
			specs->files->events[i].builtin = true;
	}
	for (version = FIRST_VERSION; version <= LAST_VERSION; version++)
		specs->ntypes[version - FIRST_VERSION] = count_types(specs, version);
	return 0;
}

int tt_specs_new(struct tt_specs **out, struct tt_error *err)
{
	struct tt_specs *specs = calloc(1, sizeof(*specs));
	int rc;

	*out = NULL;
	if (specs == NULL)
		return no_memory(err);
	rc = add_builtin(specs, err);
	if (rc == 0)
		*out = specs;
	else
		tt_specs_free(specs);
	return rc;
}

int tt_specs_new_standalone(struct tt_specs **out, const char *name, const char *text, size_t len,
			    struct tt_error *err)
{
	struct tt_specs *specs = calloc(1, sizeof(*specs));
	int rc;

	*out = NULL;
	if (specs == NULL)
		return no_memory(err);
	rc = add(specs, NULL, name, (struct tt_str){text, len}, 0, err);
	if (rc == 0)
		*out = specs;
	else
		tt_specs_free(specs);
	return rc;
}

void tt_specs_free(struct tt_specs *specs)
{
	struct tt_spec_file *file, *next;

	if (specs == NULL)
		return;
	for (file = specs->files; file != NULL; file = next) {
		next = file->next;
		file_free(file, &specs->mem);
	}
	free(specs);
}

/* ------------------------------------------------------------------- files */

/* Reads up to the limit and one byte more. 0 or a negative code. */
static int read_all(FILE *in, const char *path, char **text, size_t *len, struct tt_error *err)
{
	size_t cap = 0, room, n;
	char *grown;

	for (*text = NULL, *len = 0; *len <= MAX_FILE_NBYTES; *len += n) {
		if (*len == cap) {
			room = cap + cap / 2 + 16384;
			grown = realloc(*text, room);
			if (grown == NULL)
				return no_memory(err);
			*text = grown;
			cap = room;
		}
		n = fread(*text + *len, 1, cap - *len, in);
		if (n == 0)
			return ferror(in) ? tt_fail_errno(err, errno, "cannot read %s", path) : 0;
	}
	return tt_fail(err, TT_E_SPEC, "%s:1:1: larger than 16 MiB: not an event spec", path);
}

int tt_specs_add_file(struct tt_specs *specs, const char *path, struct tt_error *err)
{
	FILE *in = fopen(path, "rbe");
	char *text;
	size_t len;
	int rc;

	if (in == NULL)
		return tt_fail_errno(err, errno, "cannot open %s", path);
	rc = read_all(in, path, &text, &len, err);
	fclose(in);
	if (rc == 0)
		rc = tt_specs_add(specs, path, text, len, err);
	free(text);
	return rc;
}

/* ---------------------------------------------------------------- checking */

int tt_specs_check(const struct tt_specs *specs, const char *text, size_t len,
		   void (*mistake)(void *arg, const struct tt_spec_mistake *m), void *arg)
{
	struct tt_mem mem = {.used_nbytes = 0};
	struct tt_spec_file file = {.next = NULL};
	struct tt_spec_notes notes;
	size_t i;
	int rc;

	tt_spec_notes_init(&notes, &mem);
	rc = tt_spec_parse(&file, specs, (struct tt_str){text, len}, &notes);
	tt_spec_notes_sort(&notes);
	for (i = 0; rc == 0 && i < notes.n && i < TT_SPEC_MAX_MISTAKES; i++) {
		struct tt_spec_note *note = &notes.notes[i];
		struct tt_spec_mistake m = {note->at.line, note->at.column, note->rule,
					    note->message};

		mistake(arg, &m);
	}
	if (rc == 0)
		rc = notes.total < INT32_MAX ? (int)notes.total : INT32_MAX;
	tt_spec_notes_release(&notes);
	tt_spec_file_release(&file, &mem);
	return rc;
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

const struct tt_event_spec *tt_specs_event_named(const struct tt_specs *specs, const char *name)
{
	size_t slot;

	for (slot = slot_of(name); specs->by_name[slot] != 0; slot = (slot + 1) % NSLOTS) {
		const struct tt_event_spec *spec = tt_specs_event(specs, specs->by_name[slot]);

		if (spec != NULL && strcmp(spec->name, name) == 0)
			return spec;
	}
	return NULL;
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

unsigned tt_specs_ntypes(const struct tt_specs *specs, unsigned version)
{
	if (version < FIRST_VERSION)
		return 0;
	if (version > LAST_VERSION)
		version = LAST_VERSION;
	return specs->ntypes[version - FIRST_VERSION];
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

bool tt_specs_source(const struct tt_specs *specs, unsigned experiment, struct tt_str *out)
{
	const struct tt_spec_file *file;

	file = experiment < COUNT(specs->owners) ? specs->owners[experiment] : NULL;
	if (file == NULL || is_builtin(file->source))
		return false;
	*out = file->source;
	return true;
}
