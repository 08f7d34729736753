/* SPDX-License-Identifier: MIT */
/* add.c - texts and files of specs into a table, and checks of a text. Stands on parse.c. */
#include "spec/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Nobody writes a larger spec; keeps a wrong path from filling the memory. */
#define MAX_FILE_NBYTES (UINT32_C(16) << 20)

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

/* Why a text from a trace may not be added, or NULL. */
static const char *trace_problem(const struct tt_spec_file *file, unsigned experiment)
{
	size_t i;

	if (file->experiment.id != experiment)
		return "its experiment is not the one that its batch names";
	if (file->replaces)
		return "a spec in a trace must not replace others";
	for (i = 0; i < file->nevents; i++)
		if (file->events[i].replaces)
			return "a spec in a trace must not replace others";
	return NULL;
}

struct addition {
	const char *name;               /* of the text, in messages */
	struct tt_str text;
	const struct tt_specs *before;  /* what the text must fit; NULL: it may be the core */
	unsigned experiment;            /* the one that a text from a trace must be of, and whose
	                                   earlier text it takes the place of; or 0 */
};

/* There is one. */
static const struct tt_spec_kept_mistake *first_mistake(struct tt_spec_mistakes *mistakes)
{
	const struct tt_spec_kept_mistake *kept = mistakes->kept;

	tt_spec_mistakes_sort(mistakes);
	while (kept->warning)
		kept++;
	return kept;
}

static int add(struct tt_specs *specs, const struct addition *a, struct tt_error *err)
{
	struct tt_spec_file *file = tt_mem_zalloc(specs->mem, 1, sizeof(*file));
	struct tt_spec_mistakes mistakes;
	int rc = -TT_E_MEMORY;

	tt_spec_mistakes_init(&mistakes, specs->mem);
	if (file != NULL)
		rc = tt_spec_parse(file, a->before, a->text, a->experiment, &mistakes);
	if (rc == 0 && mistakes.total > 0) {
		const struct tt_spec_kept_mistake *first = first_mistake(&mistakes);

		rc = tt_fail(err, TT_E_SPEC, "%s:%u:%u: %s", a->name, first->at.line,
			     first->at.column, first->message);
	} else if (rc != 0) {
		rc = tt_fail(err, tt_mem_code(specs->mem), "no memory for event specs");
	}
	tt_spec_mistakes_release(&mistakes);
	if (rc == 0 && a->experiment != 0 && trace_problem(file, a->experiment) != NULL)
		rc = tt_fail(err, TT_E_SPEC, "%s: %s", a->name, trace_problem(file, a->experiment));
	if (rc == 0)
		tt_specs_commit(specs, file);
	else
		file_free(file, specs->mem);
	return rc;
}

int tt_specs_add(struct tt_specs *specs, const char *name, const char *text, size_t len,
		 struct tt_error *err)
{
	return add(specs, &(struct addition){name, {text, len}, specs, 0}, err);
}

int tt_specs_add_from_trace(struct tt_specs *specs, unsigned experiment, const char *text,
			    size_t len, struct tt_error *err)
{
	return add(specs, &(struct addition){"spec in the trace", {text, len}, specs, experiment},
		   err);
}

int tt_specs_new_layer(struct tt_specs **out, const struct tt_specs *base, struct tt_mem *mem,
		       struct tt_error *err)
{
	*out = malloc(sizeof(**out));
	if (*out == NULL)
		return no_memory(err);
	**out = *base;
	(*out)->files = NULL;
	(*out)->mem = mem;
	return TT_OK;
}

/* ----------------------------------------------------------------- built-in */

/* Whether what they refer to exists, the library checks where it follows the heap. */
static void own(struct tt_spec_event *event)
{
	event->builtin = true;
	event->def.refers = 0;
}

static int add_builtin(struct tt_specs *specs, struct tt_error *err)
{
	const struct tt_builtin_spec *builtin;
	size_t i;
	int rc;

	for (builtin = tt_builtin_specs; builtin->name != NULL; builtin++) {
		const struct addition a = {
			.name = builtin->name,
			.text = {builtin->text, strlen(builtin->text)},
			.before = builtin != tt_builtin_specs ? specs : NULL,
		};

		rc = add(specs, &a, err);
		if (rc != 0)
			return rc;
		for (i = 0; i < specs->files->nevents; i++)
			own(&specs->files->events[i]);
	}
	tt_specs_size(specs);
	return 0;
}

static struct tt_specs *new_table(void)
{
	struct tt_specs *specs = calloc(1, sizeof(*specs));

	if (specs != NULL)
		specs->mem = &specs->own_mem;
	return specs;
}

int tt_specs_new(struct tt_specs **out, struct tt_error *err)
{
	struct tt_specs *specs = new_table();
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
	struct tt_specs *specs = new_table();
	int rc;

	*out = NULL;
	if (specs == NULL)
		return no_memory(err);
	rc = add(specs, &(struct addition){name, {text, len}, NULL, 0}, err);
	if (rc == 0)
		*out = specs;
	else
		tt_specs_free(specs);
	return rc;
}

int tt_specs_new_v1(struct tt_specs **out, struct tt_error *err)
{
	return tt_specs_new_standalone(out, tt_v1_spec.name, tt_v1_spec.text,
				       strlen(tt_v1_spec.text), err);
}

void tt_specs_free(struct tt_specs *specs)
{
	struct tt_spec_file *file, *next;

	if (specs == NULL)
		return;
	for (file = specs->files; file != NULL; file = next) {
		next = file->next;
		file_free(file, specs->mem);
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
	struct tt_spec_mistakes mistakes;
	size_t left = TT_SPEC_MAX_MISTAKES, i;
	int rc;

	tt_spec_mistakes_init(&mistakes, &mem);
	rc = tt_spec_parse(&file, specs, (struct tt_str){text, len}, 0, &mistakes);
	tt_spec_mistakes_sort(&mistakes);
	for (i = 0; rc == 0 && i < mistakes.n && left > 0; i++) {
		struct tt_spec_kept_mistake *kept = &mistakes.kept[i];
		struct tt_spec_mistake m = {kept->at.line, kept->at.column, kept->rule,
					    kept->message, kept->warning};

		mistake(arg, &m);
		left -= !kept->warning;
	}
	if (rc == 0)
		rc = mistakes.total < INT32_MAX ? (int)mistakes.total : INT32_MAX;
	tt_spec_mistakes_release(&mistakes);
	tt_spec_file_release(&file, &mem);
	return rc;
}
