/* SPDX-License-Identifier: MIT */
/*
 * names.c - the names of a file's batches, records and blocks of values, and those of the
 * fields in one. Stands on lexer.c.
 */
#include "spec/parse.h"

#include <string.h>

/* The batch, record or block of values that has the name, and what it is; NULL: none. */
static const char *find_named(const struct tt_spec_file *file, const char *name, unsigned *line)
{
	for (size_t i = 0; i < file->nbatches; i++) {
		const struct tt_spec_batch *batch = &file->batches[i];

		if (batch->spec.name != NULL && strcmp(batch->spec.name, name) == 0) {
			*line = batch->name_at.line;
			return batch->spec.part ? "record" : "batch";
		}
	}
	for (size_t i = 0; i < file->nvalues; i++) {
		const struct tt_spec_values *values = &file->values[i];

		if (values->spec.name != NULL && strcmp(values->spec.name, name) == 0) {
			*line = values->name_at.line;
			return values->spec.flags ? "flags" : "enum";
		}
	}
	return NULL;
}

bool tt_spec_is_free_name(struct tt_spec_parser *p, const char *name, struct tt_spec_position at)
{
	unsigned line = 0;
	const char *of = find_named(p->file, name, &line);

	if (of != NULL && strcmp(of, p->line.words[0].text) == 0)
		tt_spec_report(p, at.column, "name-taken",
			       "a second %s `%s`, the first is in line %u: rename one", of, name,
			       line);
	else if (of != NULL)
		tt_spec_report(p, at.column, "name-taken",
			       "`%s` is the name of the %s in line %u: rename one", name, of, line);
	return of == NULL;
}

int tt_spec_find_field(const struct tt_batch_spec *spec, const char *name)
{
	int i;

	for (i = 0; i < spec->nfields; i++)
		if (strcmp(spec->fields[i].name, name) == 0)
			return i;
	return -1;
}

int tt_spec_take_field(struct tt_spec_parser *p, const char *what)
{
	const struct tt_batch_spec *spec = &p->batch->spec;
	const struct tt_spec_word *word = tt_spec_take(p, what);
	const char *names[TT_MAX_FIELDS];
	int field, i;

	if (word == NULL)
		return -1;
	field = word->quoted ? -1 : tt_spec_find_field(spec, word->text);
	if (field >= 0)
		return field;
	for (i = 0; i < spec->nfields; i++)
		names[i] = spec->fields[i].name;
	if (spec->nfields == 0)
		tt_spec_report(p, word->column, "unknown-word",
			       "unknown field `%.40s`; name the %s's fields with `field` before "
			       "this line",
			       word->text, spec->part ? "record" : "batch");
	else
		tt_spec_unknown(p, word, "field", names, spec->nfields);
	return -1;
}
