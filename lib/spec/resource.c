/* SPDX-License-Identifier: MIT */
/*
 * resource.c - the block `resource`: which arguments name resources of one kind, which
 * states they have, and how bad it is if a trace breaks their rules. A kind that no block
 * describes is that of the argument's name. Stands on base.
 */
#include "spec/parse.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct tt_spec_resource *find_named(const struct tt_spec_file *file,
						 const char *name)
{
	for (size_t i = 0; i < file->nresources; i++)
		if (file->resources[i].spec.name != NULL &&
		    strcmp(file->resources[i].spec.name, name) == 0)
			return &file->resources[i];
	return NULL;
}

/* Whether arguments of this name are of the resource. */
static bool is_named(const struct tt_spec_resource *resource, const char *arg)
{
	if (resource->spec.name == NULL)
		return false;
	if (resource->nnames == 0)
		return strcmp(resource->spec.name, arg) == 0;
	for (unsigned i = 0; i < resource->nnames; i++)
		if (strcmp(resource->names[i], arg) == 0)
			return true;
	return false;
}

/* Room for one more; NULL: none. */
static struct tt_spec_resource *add(struct tt_spec_parser *p)
{
	struct tt_spec_file *file = p->file;
	void *array = file->resources;
	struct tt_spec_resource *resource;

	if (file->nresources == TT_SPEC_MAX_RESOURCES) {
		tt_spec_report(p, 1, "too-many", "more than %d resources: reading stops here",
			       TT_SPEC_MAX_RESOURCES);
		p->stop = true;
		return NULL;
	}
	if (!tt_mem_grow(p->mem, &array, &file->resource_cap, file->nresources + 1,
			 sizeof(*file->resources))) {
		p->out_of_memory = true;
		p->stop = true;
		return NULL;
	}
	file->resources = array;
	resource = &file->resources[file->nresources++];
	*resource = (struct tt_spec_resource){
		.spec = {.doc = "", .experiment = file->experiment.name},
		.name_at = {p->line.number, 1},
	};
	return resource;
}

/* ------------------------------------------------------------------- the block */

bool tt_spec_begin_resource(struct tt_spec_parser *p)
{
	p->resource = add(p);
	if (p->resource == NULL)
		return false;
	p->resource->declared = true;
	return true;
}

/* The states of a resource of another experiment, as far as its spec is there. */
static void take_states(struct tt_spec_parser *p, struct tt_resource_spec *spec)
{
	const struct tt_experiment_spec *experiment =
		p->specs == NULL ? NULL : tt_specs_experiment_named(p->specs, spec->experiment);
	const struct tt_resource_spec *own;

	for (size_t i = 0; experiment != NULL; i++) {
		own = tt_specs_resource(p->specs, experiment->id, i);
		if (own == NULL)
			return;
		if (strcmp(own->name, spec->name) != 0 ||
		    strcmp(own->experiment, spec->experiment) != 0)
			continue;
		spec->nstates = own->nstates;
		memcpy(spec->states, own->states, sizeof(spec->states));
		return;
	}
}

void tt_spec_read_resource(struct tt_spec_parser *p)
{
	struct tt_resource_spec *spec = &p->resource->spec;
	const struct tt_spec_resource *old;
	const char *name, *of = NULL;

	p->resource->name_at = tt_spec_here(p);
	name = tt_spec_take_name(p, "the resource's name");
	if (name == NULL)
		return;
	if (tt_spec_accept(p, "of")) {
		of = tt_spec_take_name(p, "the experiment whose resource it is");
		if (of == NULL)
			return;
	}
	if (!tt_spec_done(p))
		return;
	old = find_named(p->file, name);
	if (old != NULL && !old->declared) {
		tt_spec_report(p, p->resource->name_at.column, "out-of-place",
			       "resource `%s` is used in line %u already: move this block before "
			       "that event",
			       name, old->name_at.line);
		return;
	}
	if (old != NULL) {
		tt_spec_report(p, p->resource->name_at.column, "name-taken",
			       "a second resource `%s`, the first is in line %u: rename one", name,
			       old->name_at.line);
		return;
	}
	spec->name = name;
	if (of != NULL) {
		spec->experiment = of;
		take_states(p, spec);
	}
}

void tt_spec_read_names(struct tt_spec_parser *p)
{
	struct tt_spec_resource *resource = p->resource;
	const struct tt_spec_word *word;

	do {
		word = tt_spec_take(p, "an argument that names such a resource");
		if (word == NULL || !tt_spec_check_arg_name(p, word, "an argument"))
			return;
		if (resource->nnames == COUNT(resource->names)) {
			tt_spec_report(p, word->column, "too-many", "more than %u names",
				       (unsigned)COUNT(resource->names));
			return;
		}
		for (size_t i = 0; i < p->file->nresources; i++) {
			const struct tt_spec_resource *old = &p->file->resources[i];

			if (old == resource ? resource->nnames > 0 && is_named(old, word->text)
					    : is_named(old, word->text)) {
				tt_spec_report(p, word->column, "name-taken",
					       "`%s` names resource `%s` already: keep one of them",
					       word->text, old->spec.name);
				return;
			}
		}
		resource->names[resource->nnames++] = word->text;
	} while (tt_spec_peek(p) != NULL);
}

void tt_spec_read_states(struct tt_spec_parser *p)
{
	struct tt_resource_spec *spec = &p->resource->spec;
	unsigned column;
	const char *name;

	do {
		column = tt_spec_here(p).column;
		name = tt_spec_take_name(p, "the name of a state");
		if (name == NULL)
			return;
		for (unsigned i = 0; i < spec->nstates; i++) {
			if (strcmp(spec->states[i], name) == 0) {
				tt_spec_report(p, column, "name-taken",
					       "a second state `%s`: rename one", name);
				return;
			}
		}
		if (spec->nstates == TT_MAX_STATES) {
			tt_spec_report(p, column, "too-many", "more than %d states", TT_MAX_STATES);
			return;
		}
		spec->states[spec->nstates++] = name;
	} while (tt_spec_peek(p) != NULL);
}

static enum tt_breach take_breach(struct tt_spec_parser *p, bool nothing)
{
	static const char *const words[] = {"error", "warning", "nothing"};
	static const enum tt_breach breaches[] = {TT_BREACH_ERROR, TT_BREACH_WARNING,
						      TT_BREACH_NOTHING};
	size_t n = nothing ? 3 : 2;

	for (size_t i = 0; i < n; i++)
		if (tt_spec_accept(p, words[i]))
			return tt_spec_done(p) ? breaches[i] : TT_BREACH_DEFAULT;
	if (tt_spec_take(p, "how bad it is") != NULL)
		tt_spec_unknown(p, &p->line.words[1], "word", words, n);
	return TT_BREACH_DEFAULT;
}

void tt_spec_read_unknown(struct tt_spec_parser *p)
{
	p->resource->spec.unknown = take_breach(p, true);
}

void tt_spec_read_misuse(struct tt_spec_parser *p)
{
	p->resource->spec.misuse = take_breach(p, false);
}

void tt_spec_read_reused(struct tt_spec_parser *p)
{
	p->resource->spec.reused = tt_spec_done(p);
}

/* ------------------------------------------------------------------- for events */

int tt_spec_find_resource(struct tt_spec_parser *p, const char *arg)
{
	struct tt_spec_file *file = p->file;
	struct tt_spec_resource *resource;

	for (size_t i = 0; i < file->nresources; i++)
		if (is_named(&file->resources[i], arg))
			return (int)i;
	resource = add(p);
	if (resource == NULL)
		return -1;
	resource->spec.name = arg;
	resource->spec.reused = true;
	return (int)(resource - file->resources);
}

int8_t tt_spec_find_state(struct tt_spec_parser *p, const struct tt_resource_spec *resource,
			  const struct tt_spec_word *word)
{
	for (unsigned i = 0; i < resource->nstates; i++)
		if (!word->quoted && strcmp(resource->states[i], word->text) == 0)
			return (int8_t)i;
	if (resource->nstates == 0 && strcmp(resource->experiment, p->file->experiment.name) != 0)
		tt_spec_report(p, word->column, "unknown-word",
			       "unknown state `%.40s`: the spec of %s, which comes before this one, "
			       "names the states of `%s`",
			       word->text, resource->experiment, resource->name);
	else if (resource->nstates == 0)
		tt_spec_report(p, word->column, "unknown-word",
			       "unknown state `%.40s`: name the states of `%s` with `states`, in a "
			       "block that begins with `resource %s`",
			       word->text, resource->name, resource->name);
	else
		tt_spec_unknown(p, word, "state", resource->states, resource->nstates);
	return -1;
}
