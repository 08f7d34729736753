/* SPDX-License-Identifier: MIT */
/*
 * fuzz_spec.c - any text as a spec file. Beside not crashing: mistakes come in
 * order, with a place inside the text and a message of one line; a text is added
 * exactly if it has none; what was added holds together; a text that was refused
 * leaves the table as it was.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/require.h"
#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* 52 of the core, 9 of AllocFree */
#define BUILTIN_EVENTS 61

struct seen {
	int n;
	unsigned line, column, nlines;
	size_t size;
};

static void see(void *arg, const struct tt_spec_mistake *m)
{
	struct seen *seen = arg;
	const char *c;

	REQUIRE(m->line >= 1 && m->line <= seen->nlines);
	REQUIRE(m->column >= 1 && m->column <= seen->size + 1);
	REQUIRE(m->line > seen->line || (m->line == seen->line && m->column >= seen->column));
	REQUIRE(m->rule[0] != '\0' && m->message[0] != '\0' && strlen(m->message) < 256);
	for (c = m->message; *c != '\0'; c++)
		REQUIRE((uint8_t)*c >= 0x20 || *c == '\t');
	seen->line = m->line;
	seen->column = m->column;
	seen->n += !m->warning;
}

static int check(const struct tt_specs *specs, const char *text, size_t size)
{
	struct seen seen = {.nlines = 1, .size = size};
	size_t i;
	int n;

	for (i = 0; i < size; i++)
		seen.nlines += text[i] == '\n';
	n = tt_specs_check(specs, text, size, see, &seen);
	REQUIRE(n >= 0 && seen.n == (n < 100 ? n : 100));
	return n;
}

static void check_args(const struct tt_event_spec *spec, const int8_t *args, size_t n,
		       enum tt_arg_type type)
{
	size_t i;

	REQUIRE(n <= spec->nargs);
	for (i = 0; i < n; i++)
		REQUIRE(args[i] >= 0 && args[i] < spec->nargs && spec->args[args[i]].type == type);
}

static void check_view(const struct tt_event_def *def)
{
	const struct tt_event_view *v = &def->view;
	const int8_t indices[] = {v->id_arg,   v->to_arg,  v->reason_arg, v->stack_arg,
				  v->kind_arg, v->args[0], v->args[1],	  v->args[2]};
	size_t i;

	for (i = 0; i < sizeof(indices); i++)
		REQUIRE(indices[i] >= -1 && indices[i] < def->spec.nargs);
	REQUIRE(v->nattributes <= TT_MAX_ATTRIBUTES);
	for (i = 0; i < v->nattributes; i++)
		REQUIRE(v->attributes[i].name != NULL && v->attributes[i].arg >= 0 &&
			v->attributes[i].arg < def->spec.nargs);
	REQUIRE(v->kind_arg < 0 || v->has_kind);
	REQUIRE(v->to != TT_STATE_FROM_ARG || v->to_arg >= 0);
}

static bool is_range(enum tt_kind kind)
{
	return kind == TT_KIND_RANGE_BEGIN || kind == TT_KIND_RANGE_ACTIVE ||
	       kind == TT_KIND_RANGE_END;
}

static bool is_whole(const struct tt_field_spec *field)
{
	return !field->list && field->record == NULL &&
	       (field->type == TT_FIELD_VARINT || field->type == TT_FIELD_ZIGZAG ||
		field->type == TT_FIELD_UINT || field->type == TT_FIELD_INT);
}

static void check_meaning(const struct tt_arg_spec *arg)
{
	REQUIRE((arg->form == TT_FORM_ENUM || arg->form == TT_FORM_FLAGS) == (arg->values != NULL));
	REQUIRE(arg->values == NULL || (arg->values->nvalues >= 1 && arg->values->nvalues <= 64));
	REQUIRE(arg->scaled || (arg->base_field < 0 && arg->unit_field < 0));
	REQUIRE(arg->base_field < 0 || is_whole(&arg->batch->fields[arg->base_field]));
	REQUIRE(arg->unit_field < 0 || is_whole(&arg->batch->fields[arg->unit_field]));
	REQUIRE(arg->batch == NULL || (arg->scaled ? arg->batch->once : arg->batch->key >= 0));
}

static void check_event(const struct tt_specs *specs, unsigned type)
{
	const struct tt_event_def *def = tt_specs_def(specs, type);
	const struct tt_event_def *begin;
	const struct tt_event_spec *spec = &def->spec;

	REQUIRE(spec->type == type && spec->nargs <= TT_MAX_ARGS && spec->doc != NULL);
	REQUIRE(tt_specs_event_named(specs, spec->name) == spec);
	REQUIRE((type < 127) == (spec->experiment == NULL));
	REQUIRE(spec->experiment == NULL ||
		tt_specs_experiment_named(specs, spec->experiment)->id == spec->experiment_id);
	REQUIRE(spec->experiment == NULL || (spec->timed && (def->needs & TT_NEED_STATED) != 0));
	REQUIRE(!spec->timed || (!spec->has_data && !spec->has_frames));
	check_args(spec, def->stack_args, def->nstacks, TT_ARG_STACK);
	check_args(spec, def->string_args, def->nstrings, TT_ARG_STRING);
	REQUIRE(spec->stack_arg == -1 || def->stack_args[0] == spec->stack_arg);
	check_view(def);
	for (unsigned i = 0; i < spec->nargs; i++)
		check_meaning(&spec->args[i]);
	begin = tt_specs_def(specs, def->pair);
	REQUIRE(def->pair == 0 || (begin != NULL && begin->pair == 0));
	if (is_range(spec->kind)) {
		REQUIRE(def->view.name != NULL);
		REQUIRE((def->pair == 0) == (spec->kind == TT_KIND_RANGE_BEGIN));
	}
}

static void check_field(const struct tt_batch_spec *spec, unsigned at)
{
	const struct tt_field_spec *field = &spec->fields[at];
	const struct tt_field_spec *of;

	REQUIRE(tt_field_type_name(field)[0] != '\0');
	REQUIRE((field->record != NULL) == (field->list || field->type == TT_FIELD_RECORD));
	REQUIRE((field->form == TT_FORM_ENUM || field->form == TT_FORM_FLAGS) ==
		(field->values != NULL));
	REQUIRE(field->count_field < (int)at && field->if_field < (int)at);
	REQUIRE(field->count_field < 0 ||
		(field->list && field->count == 0 && is_whole(&spec->fields[field->count_field])));
	REQUIRE((field->condition == TT_IF_ALWAYS) == (field->if_field < 0));
	if (field->if_field < 0)
		return;
	of = &spec->fields[field->if_field];
	REQUIRE(is_whole(of) || (of->type == TT_FIELD_BOOL && !of->list));
	REQUIRE(of->condition == TT_IF_ALWAYS);
}

static void check_layout(const struct tt_batch_spec *spec)
{
	REQUIRE(spec->nfields >= 1 && spec->nfields <= TT_MAX_FIELDS && spec->min_size >= 1);
	REQUIRE(spec->key < spec->nfields && (spec->key < 0 || is_whole(&spec->fields[spec->key])));
	REQUIRE(!spec->part || (spec->key < 0 && spec->nshown == 0 && spec->tag < 0));
	for (unsigned i = 0; i < spec->nshown; i++)
		REQUIRE(spec->fields[spec->shown[i]].record == NULL);
	for (unsigned i = 0; i < spec->nfields; i++) {
		const struct tt_batch_spec *inside = spec->fields[i].record;

		check_field(spec, i);
		REQUIRE(inside == NULL || (inside->part && inside->min_size >= 1));
	}
}

static void check_batches(const struct tt_specs *specs, unsigned experiment)
{
	const struct tt_batch_spec *spec;

	for (size_t i = 0; (spec = tt_specs_batch(specs, experiment, i)) != NULL; i++) {
		check_layout(spec);
		REQUIRE(tt_specs_batch_tagged(specs, experiment, spec->tag) == spec || spec->part);
	}
}

static unsigned check_table(const struct tt_specs *specs)
{
	unsigned n = 0, type;

	for (type = 0; type < 256; type++) {
		if (tt_specs_def(specs, type) == NULL)
			continue;
		check_event(specs, type);
		n++;
	}
	for (unsigned e = 0; e < 256; e++)
		check_batches(specs, e);
	return n;
}

static struct tt_specs *new_specs(void)
{
	struct tt_specs *specs;
	struct tt_error error;

	REQUIRE(tt_specs_new(&specs, &error) == 0);
	return specs;
}

static void add(const char *text, size_t size, int mistakes)
{
	struct tt_specs *specs = new_specs();
	struct tt_error error;
	int rc = tt_specs_add(specs, "fuzz", text, size, &error);

	REQUIRE(rc == (mistakes == 0 ? 0 : -TT_E_SPEC));
	REQUIRE(check_table(specs) == BUILTIN_EVENTS || rc == 0);
	if (rc == 0)
		REQUIRE(check(specs, text, size) > 0 || memmem(text, size, "replaces", 8) != NULL);
	tt_specs_free(specs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	static struct tt_specs *builtin; /* made once: it is most of the time */
	int mistakes;

	if (builtin == NULL)
		builtin = new_specs();
	check(NULL, text, size);
	mistakes = check(builtin, text, size);
	if (mistakes == 0 || size % 16 == 0)
		add(text, size, mistakes);
	return 0;
}
