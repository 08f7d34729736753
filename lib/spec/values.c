/* SPDX-License-Identifier: MIT */
/*
 * values.c - the blocks `enum` and `flags`: names of numbers. Stands on base.
 */
#include "spec/parse.h"

#include <string.h>

/* ------------------------------------------------------------------- blocks */

bool tt_spec_begin_values(struct tt_spec_parser *p)
{
	struct tt_spec_file *file = p->file;
	void *array = file->values;

	if (file->nvalues == TT_SPEC_MAX_VALUES) {
		tt_spec_report(p, 1, "too-many",
			       "more than %d blocks `enum` and `flags`: reading stops here",
			       TT_SPEC_MAX_VALUES);
		p->stop = true;
		return false;
	}
	if (!tt_mem_grow(p->mem, &array, &file->values_cap, file->nvalues + 1,
			 sizeof(*file->values))) {
		p->out_of_memory = true;
		p->stop = true;
		return false;
	}
	file->values = array;
	p->values = &file->values[file->nvalues++];
	*p->values = (struct tt_spec_values){
		.spec = {.doc = ""},
		.name_at = {p->line.number, 1},
		.first = file->nnamed,
	};
	return true;
}

static void read_block(struct tt_spec_parser *p, bool flags)
{
	const char *name;

	p->values->spec.flags = flags;
	p->values->name_at = tt_spec_here(p);
	name = tt_spec_take_name(p, "the block's name");
	if (name == NULL || !tt_spec_done(p))
		return;
	if (tt_spec_find_form(name) != NULL)
		tt_spec_report(p, p->values->name_at.column, "reserved-word",
			       "`%s` is a word of `means`: give the block another name", name);
	else if (tt_spec_is_free_name(p, name, p->values->name_at))
		p->values->spec.name = name;
}

void tt_spec_read_enum(struct tt_spec_parser *p)
{
	read_block(p, false);
}

void tt_spec_read_flags(struct tt_spec_parser *p)
{
	read_block(p, true);
}

/* Whether no value of the block has the name or the number; a mistake if one has. */
static bool is_free_value(struct tt_spec_parser *p, const struct tt_named_value *value,
			  const struct tt_spec_position at[2])
{
	for (unsigned i = 0; i < p->values->spec.nvalues; i++) {
		const struct tt_named_value *of = &p->file->named[p->values->first + i];

		if (strcmp(of->name, value->name) == 0)
			tt_spec_report(p, at[0].column, "name-taken",
				       "a second value `%s`: rename one", value->name);
		else if (of->value == value->value)
			tt_spec_report(p, at[1].column, "id-taken",
				       "this is already the number of `%s`: use another",
				       of->name);
		else
			continue;
		return false;
	}
	return true;
}

void tt_spec_read_value(struct tt_spec_parser *p)
{
	struct tt_spec_file *file = p->file;
	void *array = file->named;
	struct tt_spec_position at[2];
	struct tt_named_value value;

	at[0] = tt_spec_here(p);
	value.name = tt_spec_take_name(p, "the value's name");
	if (value.name == NULL)
		return;
	at[1] = tt_spec_here(p);
	if (!tt_spec_take_u64(p, "the value", p->values->spec.flags ? 1 : 0, UINT64_MAX,
			      &value.value) ||
	    !tt_spec_done(p) || !is_free_value(p, &value, at))
		return;
	if (p->values->spec.nvalues == TT_SPEC_MAX_VALUES) {
		tt_spec_report(p, 1, "too-many", "more than %d values in a block",
			       TT_SPEC_MAX_VALUES);
		return;
	}
	if (!tt_mem_grow(p->mem, &array, &file->named_cap, file->nnamed + 1,
			 sizeof(*file->named))) {
		p->out_of_memory = true;
		p->stop = true;
		return;
	}
	file->named = array;
	file->named[file->nnamed++] = value;
	p->values->spec.nvalues++;
}

void tt_spec_end_values(struct tt_spec_parser *p)
{
	struct tt_spec_values *values = p->values;

	p->values = NULL;
	if (values != NULL && !values->broken && values->spec.nvalues == 0)
		tt_spec_report_at(p, values->name_at, "values-missing",
				  "`%s` has no values: add `value NAME NUMBER`", values->spec.name);
}

/* ----------------------------------------------------- when all is known */

const struct tt_named_value *tt_spec_find_value(const struct tt_values_spec *values,
						const char *name)
{
	for (unsigned i = 0; i < values->nvalues; i++)
		if (strcmp(values->values[i].name, name) == 0)
			return &values->values[i];
	return NULL;
}

void tt_spec_settle_values(struct tt_spec_parser *p)
{
	for (size_t i = 0; i < p->file->nvalues; i++) {
		struct tt_spec_values *values = &p->file->values[i];

		values->spec.values =
			values->spec.nvalues > 0 ? &p->file->named[values->first] : NULL;
	}
}

const struct tt_values_spec *tt_spec_resolve_values(struct tt_spec_parser *p, const char *name,
						    struct tt_spec_position at, enum tt_form *form)
{
	const char *words[TT_SPEC_NFORMS + TT_SPEC_MAX_VALUES];
	const char *nearest = NULL;
	size_t n = 0;

	for (size_t i = 0; i < TT_SPEC_NFORMS; i++)
		words[n++] = tt_spec_form_word(i);
	for (size_t i = 0; i < p->file->nvalues; i++) {
		const struct tt_values_spec *spec = &p->file->values[i].spec;

		if (spec->name == NULL)
			continue;
		if (strcmp(spec->name, name) == 0) {
			*form = spec->flags ? TT_FORM_FLAGS : TT_FORM_ENUM;
			return spec;
		}
		words[n++] = spec->name;
	}
	if (tt_spec_mistakes_has_room(p->mistakes))
		nearest = tt_spec_nearest(name, words, n);
	tt_spec_report_at(p, at, "unknown-word", "unknown meaning `%s`%s%s%s", name,
			  nearest != NULL ? "; did you mean `"
					  : ": write `ns`, `bytes`, `hex` or another word of "
					    "tracetool-spec(5), or the name of an `enum` or "
					    "`flags` block",
			  nearest != NULL ? nearest : "", nearest != NULL ? "`?" : "");
	return NULL;
}
