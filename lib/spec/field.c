/* SPDX-License-Identifier: MIT */
/*
 * field.c - the clause `field` of batches and records: how its value is written, how many
 * there are, and when it is there. Stands on base.
 */
#include "spec/parse.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* -------------------------------------------------------------------- types */

static const struct field_type {
	const char *word;
	enum tt_field_type type;
	uint32_t size;
	bool big_endian;
	bool sized;             /* a number may follow: how many bytes there are */
} types[] = {
	{"varint", TT_FIELD_VARINT, 0, false, false},
	{"zigzag", TT_FIELD_ZIGZAG, 0, false, false},
	{"u8", TT_FIELD_UINT, 1, false, false},
	{"u16", TT_FIELD_UINT, 2, false, false},
	{"u32", TT_FIELD_UINT, 4, false, false},
	{"u64", TT_FIELD_UINT, 8, false, false},
	{"i8", TT_FIELD_INT, 1, false, false},
	{"i16", TT_FIELD_INT, 2, false, false},
	{"i32", TT_FIELD_INT, 4, false, false},
	{"i64", TT_FIELD_INT, 8, false, false},
	{"f32", TT_FIELD_FLOAT, 4, false, false},
	{"f64", TT_FIELD_FLOAT, 8, false, false},
	{"u16be", TT_FIELD_UINT, 2, true, false},
	{"u32be", TT_FIELD_UINT, 4, true, false},
	{"u64be", TT_FIELD_UINT, 8, true, false},
	{"i16be", TT_FIELD_INT, 2, true, false},
	{"i32be", TT_FIELD_INT, 4, true, false},
	{"i64be", TT_FIELD_INT, 8, true, false},
	{"f32be", TT_FIELD_FLOAT, 4, true, false},
	{"f64be", TT_FIELD_FLOAT, 8, true, false},
	{"bool", TT_FIELD_BOOL, 1, false, false},
	{"bytes", TT_FIELD_BYTES, 0, false, true},
	{"string", TT_FIELD_STRING, 0, false, true},
	{"cstring", TT_FIELD_CSTRING, 0, false, false},
};

const char *tt_field_type_name(const struct tt_field_spec *field)
{
	size_t i;

	if (field->type == TT_FIELD_RECORD)
		return field->record->name;
	for (i = 0; i < COUNT(types); i++)
		if (types[i].type == field->type && types[i].big_endian == field->big_endian &&
		    (types[i].size == field->size || types[i].sized))
			return types[i].word;
	return "";
}

bool tt_spec_is_field_type(const char *word)
{
	size_t i;

	for (i = 0; i < COUNT(types); i++)
		if (strcmp(types[i].word, word) == 0)
			return true;
	return strcmp(word, "list") == 0;
}

bool tt_spec_is_integer(const struct tt_field_spec *field)
{
	return !field->list && (field->type == TT_FIELD_VARINT || field->type == TT_FIELD_ZIGZAG ||
				field->type == TT_FIELD_UINT || field->type == TT_FIELD_INT);
}

/* The fewest bytes that a value of the field's type takes. */
static uint32_t min_size_of_one(const struct tt_spec_parser *p, const struct tt_field_spec *field,
				const struct tt_spec_field *kept)
{
	if (field->type == TT_FIELD_RECORD)
		return p->file->batches[kept->record].spec.min_size;
	return field->size == 0 ? 1 : field->size;
}

static uint32_t min_size_of(const struct tt_spec_parser *p, const struct tt_field_spec *field,
			    const struct tt_spec_field *kept)
{
	uint64_t size = min_size_of_one(p, field, kept);

	if (field->condition != TT_IF_ALWAYS || (field->list && field->count_field >= 0))
		return 0;
	if (field->list)
		size = field->count == 0 ? 1 : size * field->count;
	return size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
}

/* --------------------------------------------------------------------- name */

/* What files of records say of each, and of a record's batch. */
static bool is_column(const char *name)
{
	return strcmp(name, "offset") == 0 || strcmp(name, "thread") == 0 ||
	       strcmp(name, "batch") == 0;
}

static bool take_field_name(struct tt_spec_parser *p, struct tt_field_spec *field)
{
	const struct tt_batch_spec *spec = &p->batch->spec;
	const struct tt_spec_word *word = tt_spec_take(p, "the field's name");

	if (word == NULL || !tt_spec_check_name(p, word, "a field's name"))
		return false;
	if (tt_spec_find_field(spec, word->text) >= 0) {
		tt_spec_report(p, word->column, "name-taken",
			       "a second field `%.40s`: give it another name", word->text);
		return false;
	}
	if (spec->nfields == TT_MAX_FIELDS) {
		tt_spec_report(p, word->column, "too-many",
			       "more than %d fields: a record cannot have so many", TT_MAX_FIELDS);
		return false;
	}
	if (is_column(word->text) && !spec->part) {
		tt_spec_report(
			p, word->column, "reserved-word",
			"files of records have a column `%s` already: give the field another name",
			word->text);
		return false;
	}
	field->name = word->text;
	return true;
}

/* --------------------------------------------------------------------- type */

static bool is_digits(const struct tt_spec_word *word)
{
	return word != NULL && !word->quoted && word->text[0] >= '0' && word->text[0] <= '9';
}

/* A number may follow `bytes` and `string`: how many there are in each record. */
static bool take_size(struct tt_spec_parser *p, struct tt_field_spec *field)
{
	int size;

	if (!is_digits(tt_spec_peek(p)))
		return true;
	size = tt_spec_take_number(p, "how many bytes", 1, 65536);
	field->size = size < 0 ? 0 : (uint32_t)size;
	return size >= 0;
}

/* The index of a record that is defined already, and is not the one being read, or -1. */
static int find_record(const struct tt_spec_parser *p, const char *name)
{
	const struct tt_spec_file *file = p->file;

	for (size_t i = 0; i < file->nbatches; i++) {
		const struct tt_spec_batch *batch = &file->batches[i];

		if (batch != p->batch && batch->spec.part && batch->spec.name != NULL &&
		    strcmp(batch->spec.name, name) == 0)
			return (int)i;
	}
	return -1;
}

static void unknown_type(struct tt_spec_parser *p, const struct tt_spec_word *word)
{
	const char *words[COUNT(types) + 1 + TT_SPEC_MAX_RECORDS];
	const char *nearest = NULL;
	bool has_room = tt_spec_mistakes_has_room(p->mistakes);
	size_t n = 0;

	for (size_t i = 0; i < COUNT(types); i++)
		words[n++] = types[i].word;
	words[n++] = "list";
	for (size_t i = 0; has_room && i < p->file->nbatches; i++) {
		const struct tt_batch_spec *spec = &p->file->batches[i].spec;

		if (spec->part && spec->name != NULL && spec != &p->batch->spec)
			words[n++] = spec->name;
	}
	if (has_room)
		nearest = tt_spec_nearest(word->text, words, n);
	if (nearest != NULL)
		tt_spec_unknown(p, word, "field type", words, n);
	else
		tt_spec_report(p, word->column, "unknown-word",
			       "unknown field type `%.40s`; expected `varint`, `u32`, `string` or "
			       "another type of tracetool-spec(5), or a `record` of the lines above",
			       word->text);
}

/* The record that a field is, or its elements are. False with a mistake. */
static bool take_record(struct tt_spec_parser *p, const struct tt_spec_word *word,
			struct tt_field_spec *field, struct tt_spec_field *kept)
{
	unsigned depth;

	if (!word->quoted && p->batch->spec.part && p->batch->spec.name != NULL &&
	    strcmp(p->batch->spec.name, word->text) == 0) {
		tt_spec_report(p, word->column, "contradiction",
			       "record `%s` cannot contain itself: it would have no end",
			       word->text);
		return false;
	}
	kept->record = word->quoted ? -1 : find_record(p, word->text);
	if (kept->record < 0) {
		unknown_type(p, word);
		return false;
	}
	depth = p->file->batches[kept->record].depth;
	if (depth == TT_SPEC_MAX_DEPTH) {
		tt_spec_report(p, word->column, "too-deep",
			       "more than %d records, one in the other: put some of their fields "
			       "into the record around them",
			       TT_SPEC_MAX_DEPTH);
		return false;
	}
	if (p->batch->depth <= depth)
		p->batch->depth = depth + 1;
	field->type = TT_FIELD_RECORD;
	return true;
}

static bool take_type(struct tt_spec_parser *p, struct tt_field_spec *field,
		      struct tt_spec_field *kept)
{
	const struct tt_spec_word *word = tt_spec_take(p, "the field's type");
	size_t i;

	for (i = 0; word != NULL && i < COUNT(types); i++) {
		if (word->quoted || strcmp(word->text, types[i].word) != 0)
			continue;
		field->type = types[i].type;
		field->size = types[i].size;
		field->big_endian = types[i].big_endian;
		if (field->type == TT_FIELD_VARINT)
			field->meaning = tt_spec_arg_type(field->name);
		return !types[i].sized || take_size(p, field);
	}
	return word != NULL && take_record(p, word, field, kept);
}

/* --------------------------------------------------------------------- list */

/* The index of a field that is always there and a whole number, or -1 with a mistake. */
static int8_t take_number_field(struct tt_spec_parser *p, const char *what, bool or_bool)
{
	unsigned column = tt_spec_here(p).column;
	int at = tt_spec_take_field(p, what);
	const struct tt_field_spec *field;

	if (at < 0)
		return -1;
	field = &p->batch->spec.fields[at];
	if (!tt_spec_is_integer(field) && !(or_bool && !field->list &&
					    field->type == TT_FIELD_BOOL))
		tt_spec_report(p, column, "wrong-type",
			       "expected a field that is a whole number, found `%s`", field->name);
	else if (field->condition != TT_IF_ALWAYS)
		tt_spec_report(p, column, "contradiction",
			       "field `%s` is not always there itself: use one without `if`",
			       field->name);
	else
		return (int8_t)at;
	return -1;
}

/* How many there are: a number, or a field; then `of`. False with a mistake. */
static bool take_count(struct tt_spec_parser *p, struct tt_field_spec *field)
{
	static const char *const of[] = {"of"};
	const struct tt_spec_word *word;
	int count = 0;

	if (is_digits(tt_spec_peek(p)))
		count = tt_spec_take_number(p, "how many there are", 1, 65536);
	else
		field->count_field = take_number_field(
			p, "`of`, or how many there are: a number or a field", false);
	if (count < 0 || (count == 0 && field->count_field < 0))
		return false;
	field->count = (uint32_t)count;
	if (tt_spec_accept(p, of[0]))
		return true;
	word = tt_spec_take(p, "`of`");
	if (word != NULL)
		tt_spec_unknown(p, word, "word", of, COUNT(of));
	return false;
}

/* `list [COUNT] of` may come before the type. */
static bool take_list(struct tt_spec_parser *p, struct tt_field_spec *field)
{
	if (!tt_spec_accept(p, "list"))
		return true;
	field->list = true;
	if (!tt_spec_accept(p, "of") && !take_count(p, field))
		return false;
	if (!tt_spec_accept(p, "list"))
		return true;
	tt_spec_report(p, p->line.words[p->next - 1].column, "wrong-type",
		       "a list of lists: make the inner one a field of a `record`, and write the "
		       "record's name here");
	return false;
}

/* The layout of the elements of a list that are no records: one field. */
static bool add_element(struct tt_spec_parser *p, const struct tt_field_spec *field,
			struct tt_spec_field *kept)
{
	struct tt_spec_file *file = p->file;
	void *array = file->elements;
	struct tt_batch_spec *element;

	if (file->nelements == TT_SPEC_MAX_RECORDS) {
		tt_spec_report(p, 1, "too-many", "more than %d lists: reading stops here",
			       TT_SPEC_MAX_RECORDS);
		p->stop = true;
		return false;
	}
	if (!tt_mem_grow(p->mem, &array, &file->element_cap, file->nelements + 1,
			 sizeof(*file->elements))) {
		p->out_of_memory = true;
		p->stop = true;
		return false;
	}
	file->elements = array;
	kept->element = (int)file->nelements;
	element = &file->elements[file->nelements++];
	*element = (struct tt_batch_spec){
		.name = field->name,
		.doc = "",
		.experiment = file->experiment.name,
		.experiment_id = file->experiment.id,
		.part = true,
		.tag = -1,
		.min_size = min_size_of_one(p, field, kept),
		.key = -1,
		.nfields = 1,
		.fields = {*field},
	};
	element->fields[0].list = false;
	element->fields[0].count = 0;
	element->fields[0].count_field = -1;
	element->fields[0].condition = TT_IF_ALWAYS;
	element->fields[0].if_field = -1;
	element->fields[0].if_value = 0;
	return true;
}

/* ---------------------------------------------------------------- condition */

/* The number that a condition compares with, or the name of one, which is looked up when
 * all names are known. */
static bool take_value(struct tt_spec_parser *p, struct tt_field_spec *field,
		       struct tt_spec_field *kept)
{
	const struct tt_field_spec *of = &p->batch->spec.fields[field->if_field];
	uint64_t max = of->type == TT_FIELD_UINT && of->size < 8
			       ? (UINT64_C(1) << 8 * of->size) - 1
			       : UINT64_MAX;
	uint64_t min = field->condition == TT_IF_HAS ? 1 : 0;
	const struct tt_spec_word *word = tt_spec_peek(p);

	kept->value_at = tt_spec_here(p);
	if (word == NULL || is_digits(word) || word->quoted)
		return tt_spec_take_u64(p, "what the field is compared with", min, max,
					&field->if_value);
	kept->value = tt_spec_take_name(p, "a number or the name of one");
	return kept->value != NULL;
}

/* `if FIELD`, `if FIELD has BITS`, `if FIELD is VALUE` may follow. */
static bool take_condition(struct tt_spec_parser *p, struct tt_field_spec *field,
			   struct tt_spec_field *kept)
{
	if (!tt_spec_accept(p, "if"))
		return true;
	field->if_field = take_number_field(p, "the field that the condition is about", true);
	if (field->if_field < 0)
		return false;
	field->condition = TT_IF_SET;
	if (tt_spec_accept(p, "has"))
		field->condition = TT_IF_HAS;
	else if (tt_spec_accept(p, "is"))
		field->condition = TT_IF_IS;
	return field->condition == TT_IF_SET || take_value(p, field, kept);
}

/* --------------------------------------------------------------- the clause */

/* The end of the line, which may be `key`. False: it is not. */
static bool take_key(struct tt_spec_parser *p, const struct tt_field_spec *field)
{
	struct tt_batch_spec *spec = &p->batch->spec;
	unsigned column = tt_spec_here(p).column;
	bool key = tt_spec_accept(p, "key");

	if (!tt_spec_done(p))
		return false;
	if (!key)
		return true;
	if (spec->part)
		tt_spec_report(p, column, "contradiction",
			       "records inside others have no key: remove the word, or make the "
			       "field one of a `batch`");
	else if (!tt_spec_is_integer(field))
		tt_spec_report(
			p, column, "wrong-type",
			"a key must be a number, as arguments are: use `varint`, for example");
	else if (field->condition != TT_IF_ALWAYS)
		tt_spec_report(p, column, "contradiction",
			       "a key must always be there: remove `if`");
	else if (spec->key >= 0)
		tt_spec_report(p, column, "contradiction",
			       "`%s` is already the key: keep one of them",
			       spec->fields[spec->key].name);
	else
		spec->key = (int8_t)spec->nfields;
	return true;
}

static void add_field(struct tt_spec_parser *p, const struct tt_field_spec *field,
		      const struct tt_spec_field *kept)
{
	struct tt_batch_spec *spec = &p->batch->spec;
	uint64_t size = (uint64_t)spec->min_size + min_size_of(p, field, kept);

	spec->min_size = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
	p->batch->fields[spec->nfields] = *kept;
	spec->fields[spec->nfields++] = *field;
}

void tt_spec_read_field(struct tt_spec_parser *p)
{
	struct tt_field_spec field = {.unit = "", .count_field = -1, .if_field = -1};
	struct tt_spec_field kept = {.name_at = tt_spec_here(p), .record = -1, .element = -1};

	if (!take_field_name(p, &field) || !take_list(p, &field) || !take_type(p, &field, &kept) ||
	    !take_condition(p, &field, &kept) || !take_key(p, &field))
		return;
	if (tt_spec_is_integer(&(struct tt_field_spec){.type = field.type}))
		field.form = tt_spec_form_of_name(field.name);
	if (field.type == TT_FIELD_VARINT)
		tt_spec_warn_suffix(p, field.name, kept.name_at);
	if (field.list && field.type != TT_FIELD_RECORD && !add_element(p, &field, &kept))
		return;
	add_field(p, &field, &kept);
}

/* ------------------------------------------------------- when all is known */

/* The number that the name of a condition stands for. */
static void resolve_condition(struct tt_spec_parser *p, const struct tt_batch_spec *spec,
			      struct tt_field_spec *field, const struct tt_spec_field *kept)
{
	const struct tt_field_spec *of = &spec->fields[field->if_field];
	bool flags = field->condition == TT_IF_HAS;
	const struct tt_named_value *value;

	if (of->values == NULL || of->values->flags != flags) {
		tt_spec_report_at(p, kept->value_at, "wrong-type",
				  "`%s` is no number, and the values of field `%s` have no names: "
				  "write `means %s` and the name of %s block",
				  kept->value, of->name, of->name, flags ? "a `flags`" : "an `enum`");
		return;
	}
	value = tt_spec_find_value(of->values, kept->value);
	if (value != NULL)
		field->if_value = value->value;
	else
		tt_spec_report_at(p, kept->value_at, "unknown-word",
				  "`%s` is no value of `%s`: write one that is, or a number",
				  kept->value, of->values->name);
}

static void resolve_field(struct tt_spec_parser *p, struct tt_spec_batch *batch, unsigned i)
{
	struct tt_field_spec *field = &batch->spec.fields[i];
	const struct tt_spec_field *kept = &batch->fields[i];

	if (kept->values != NULL)
		field->values = tt_spec_resolve_values(p, kept->values, kept->values_at,
						       &field->form);
	if (kept->record >= 0)
		field->record = &p->file->batches[kept->record].spec;
	if (kept->element >= 0) {
		struct tt_batch_spec *element = &p->file->elements[kept->element];

		element->fields[0].form = field->form;
		element->fields[0].values = field->values;
		field->record = element;
	}
}

void tt_spec_resolve_fields(struct tt_spec_parser *p)
{
	for (size_t b = 0; b < p->file->nbatches; b++) {
		struct tt_spec_batch *batch = &p->file->batches[b];

		for (unsigned i = 0; i < batch->spec.nfields; i++)
			resolve_field(p, batch, i);
		for (unsigned i = 0; i < batch->spec.nfields; i++)
			if (batch->fields[i].value != NULL)
				resolve_condition(p, &batch->spec, &batch->spec.fields[i],
						  &batch->fields[i]);
	}
}
