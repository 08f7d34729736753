/* SPDX-License-Identifier: MIT */
/*
 * batch.c - the clauses of a batch (`batch`, `field`, its `shows`), and those by
 * which an event's arguments refer to one (`refers`, `scales`). Stands on base.
 */
#include "spec/parse.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NUMBERS (1u << TT_ARG_NUMBER | 1u << TT_ARG_VALUE)

/* ------------------------------------------------------------------- fields */

static const struct field_type {
	const char *word;
	enum tt_field_type type;
	uint32_t size;
} types[] = {
	{"varint", TT_FIELD_VARINT, 0}, {"u8", TT_FIELD_UINT, 1},	{"u16", TT_FIELD_UINT, 2},
	{"u32", TT_FIELD_UINT, 4},	{"u64", TT_FIELD_UINT, 8},	{"i8", TT_FIELD_INT, 1},
	{"i16", TT_FIELD_INT, 2},	{"i32", TT_FIELD_INT, 4},	{"i64", TT_FIELD_INT, 8},
	{"bytes", TT_FIELD_BYTES, 0},	{"string", TT_FIELD_STRING, 0},
};

const char *tt_field_type_name(const struct tt_field_spec *field)
{
	size_t i;

	for (i = 0; i < COUNT(types); i++)
		if (types[i].type == field->type &&
		    (types[i].size == field->size || field->type == TT_FIELD_BYTES))
			return types[i].word;
	return "";
}

static bool is_number(const struct tt_field_spec *field)
{
	return field->type != TT_FIELD_BYTES && field->type != TT_FIELD_STRING;
}

static int find_field(const struct tt_batch_spec *spec, const char *name)
{
	int i;

	for (i = 0; i < spec->nfields; i++)
		if (strcmp(spec->fields[i].name, name) == 0)
			return i;
	return -1;
}

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

	if (word == NULL || !tt_spec_check_arg_name(p, word, "a field's name"))
		return false;
	if (find_field(spec, word->text) >= 0) {
		tt_spec_report(p, word->column, "name-taken",
			       "a second field `%.40s`: give it another name", word->text);
		return false;
	}
	if (spec->nfields == TT_MAX_FIELDS) {
		tt_spec_report(p, word->column, "too-many",
			       "more than %d fields: a record cannot have so many", TT_MAX_FIELDS);
		return false;
	}
	if (is_column(word->text)) {
		tt_spec_report(
			p, word->column, "reserved-word",
			"files of records have a column `%s` already: give the field another name",
			word->text);
		return false;
	}
	field->name = word->text;
	return true;
}

/* A number may follow `bytes`: how many there are in each record. */
static bool take_size(struct tt_spec_parser *p, struct tt_field_spec *field)
{
	const struct tt_spec_word *word = tt_spec_peek(p);
	int size;

	if (field->type != TT_FIELD_BYTES || word == NULL || word->quoted || word->text[0] < '0' ||
	    word->text[0] > '9')
		return true;
	size = tt_spec_take_number(p, "how many bytes", 1, 65536);
	field->size = size < 0 ? 0 : (uint32_t)size;
	return size >= 0;
}

static bool take_field_type(struct tt_spec_parser *p, struct tt_field_spec *field)
{
	const struct tt_spec_word *word = tt_spec_take(p, "the field's type");
	const char *words[COUNT(types)];
	size_t i;

	for (i = 0; word != NULL && i < COUNT(types); i++) {
		words[i] = types[i].word;
		if (word->quoted || strcmp(word->text, types[i].word) != 0)
			continue;
		field->type = types[i].type;
		field->size = types[i].size;
		if (field->type == TT_FIELD_VARINT)
			field->meaning = tt_spec_arg_type(field->name);
		return take_size(p, field);
	}
	if (word != NULL)
		tt_spec_unknown(p, word, "field type", words, COUNT(types));
	return false;
}

void tt_spec_read_field(struct tt_spec_parser *p)
{
	struct tt_batch_spec *spec = &p->batch->spec;
	struct tt_field_spec field = {.unit = ""};
	unsigned column;
	bool key;

	if (!take_field_name(p, &field) || !take_field_type(p, &field))
		return;
	column = tt_spec_here(p).column;
	key = tt_spec_accept(p, "key");
	if (!tt_spec_done(p))
		return;
	if (key && !is_number(&field))
		tt_spec_report(
			p, column, "wrong-type",
			"a key must be a number, as arguments are: use `varint`, for example");
	else if (key && spec->key >= 0)
		tt_spec_report(p, column, "contradiction",
			       "`%s` is already the key: keep one of them",
			       spec->fields[spec->key].name);
	else if (key)
		spec->key = (int8_t)spec->nfields;
	spec->fields[spec->nfields++] = field;
}

/* The index of a field of this batch, or -1 with a mistake. */
static int take_shown(struct tt_spec_parser *p)
{
	const struct tt_batch_spec *spec = &p->batch->spec;
	const struct tt_spec_word *word = tt_spec_take(p, "a field of this batch");
	const char *names[TT_MAX_FIELDS];
	int field, i;

	if (word == NULL)
		return -1;
	field = word->quoted ? -1 : find_field(spec, word->text);
	if (field >= 0)
		return field;
	for (i = 0; i < spec->nfields; i++)
		names[i] = spec->fields[i].name;
	if (spec->nfields == 0)
		tt_spec_report(p, word->column, "unknown-word",
			       "unknown field `%.40s`; name the batch's fields with `field` before "
			       "this line",
			       word->text);
	else
		tt_spec_unknown(p, word, "field", names, spec->nfields);
	return -1;
}

void tt_spec_read_shown(struct tt_spec_parser *p)
{
	struct tt_batch_spec *spec = &p->batch->spec;
	const struct tt_spec_word *word;
	int field;

	p->usage = "`shows FIELD [\"UNIT\"] ...`";
	do {
		field = take_shown(p);
		if (field < 0)
			return;
		if (spec->nshown == TT_MAX_FIELDS) {
			tt_spec_report(p, 1, "too-many", "more than %d fields to show",
				       TT_MAX_FIELDS);
			return;
		}
		spec->shown[spec->nshown++] = (uint8_t)field;
		word = tt_spec_peek(p);
		if (word != NULL && word->quoted)
			spec->fields[field].unit = tt_spec_take(p, "a unit")->text;
	} while (tt_spec_peek(p) != NULL);
}

/* ------------------------------------------------------------------- batches */

static const struct tt_spec_batch empty_batch = {.spec = {.doc = "", .tag = -1, .key = -1}};

bool tt_spec_begin_batch(struct tt_spec_parser *p)
{
	struct tt_spec_file *file = p->file;
	void *array = file->batches;

	if (file->nbatches == TT_SPEC_MAX_BATCHES) {
		tt_spec_report(
			p, 1, "too-many",
			"more than %d batches, as many as there are tags: reading stops here",
			TT_SPEC_MAX_BATCHES);
		p->stop = true;
		return false;
	}
	if (!tt_mem_grow(p->mem, &array, &file->batch_cap, file->nbatches + 1,
			 sizeof(*file->batches))) {
		p->out_of_memory = true;
		p->stop = true;
		return false;
	}
	file->batches = array;
	p->batch = &file->batches[file->nbatches++];
	*p->batch = empty_batch;
	p->batch->name_at = p->batch->tag_at = (struct tt_spec_position){p->line.number, 1};
	p->batch->spec.experiment = file->experiment.name;
	p->batch->spec.experiment_id = file->experiment.id;
	return true;
}

/* Whether its name and its tag are free; only the first mistake is reported. */
static void check_clash(struct tt_spec_parser *p)
{
	const struct tt_spec_batch *batch = p->batch, *old;

	for (old = p->file->batches; old < batch; old++) {
		if (old->spec.name == NULL)
			continue;
		if (strcmp(old->spec.name, batch->spec.name) == 0)
			tt_spec_report(p, batch->name_at.column, "name-taken",
				       "a second batch `%s`, the first is in line %u: rename one",
				       batch->spec.name, old->name_at.line);
		else if (old->spec.tag < 0 || batch->spec.tag < 0)
			tt_spec_report(
				p, batch->tag_at.column, "contradiction",
				"this batch or `%s` in line %u is `only`, but there are two: "
				"give both a `tag`",
				old->spec.name, old->name_at.line);
		else if (old->spec.tag == batch->spec.tag)
			tt_spec_report(
				p, batch->tag_at.column, "id-taken",
				"tag %d is already that of batch `%s` in line %u: use another",
				batch->spec.tag, old->spec.name, old->name_at.line);
		else
			continue;
		return;
	}
}

static bool take_tag(struct tt_spec_parser *p)
{
	static const char *const words[] = {"only", "tag"};
	const struct tt_spec_word *word;

	if (tt_spec_accept(p, "only"))
		return true;
	if (tt_spec_accept(p, "tag")) {
		p->batch->tag_at = tt_spec_here(p);
		p->batch->spec.tag =
			tt_spec_take_number(p, "the byte that the batch begins with", 0, 255);
		return p->batch->spec.tag >= 0;
	}
	word = tt_spec_take(p, "`only` or `tag`");
	if (word != NULL)
		tt_spec_unknown(p, word, "word", words, COUNT(words));
	return false;
}

void tt_spec_read_batch(struct tt_spec_parser *p)
{
	struct tt_batch_spec *spec = &p->batch->spec;
	const char *name;

	p->batch->name_at = tt_spec_here(p);
	name = tt_spec_take_name(p, "the batch's name");
	if (name == NULL)
		return;
	p->batch->tag_at = tt_spec_here(p);
	if (!take_tag(p))
		return;
	spec->once = tt_spec_accept(p, "once");
	spec->lasts = tt_spec_accept(p, "lasts");
	if (!tt_spec_done(p))
		return;
	spec->name = name;
	check_clash(p);
}

/* What is wrong with the batch as a whole, or NULL. */
static const char *problem_of(const struct tt_batch_spec *spec, const char **rule)
{
	*rule = "fields-missing";
	if (spec->nfields == 0)
		return "has no fields: add `field NAME TYPE`";
	*rule = "contradiction";
	if (spec->once && spec->key >= 0)
		return "has only one record (`once`), so it needs no key: remove one of them";
	if (spec->lasts && !spec->once)
		return "has `lasts`, but many records: add `once`, or remove `lasts`";
	if (spec->nshown > 0 && spec->key < 0)
		return "shows fields for a key, but has no key: end a `field` line with `key`";
	return NULL;
}

void tt_spec_end_batch(struct tt_spec_parser *p)
{
	struct tt_spec_batch *batch = p->batch;
	const char *rule, *problem;

	p->batch = NULL;
	if (batch == NULL || batch->broken)
		return;
	problem = problem_of(&batch->spec, &rule);
	if (problem == NULL)
		return;
	batch->broken = true;
	tt_spec_report_at(p, batch->name_at, rule, "`%s` %s", batch->spec.name, problem);
}

/* ------------------------------------------------------- what arguments refer to */

/* Begins a reference of an argument to a batch; NULL with a mistake. */
static struct tt_spec_ref *take_ref(struct tt_spec_parser *p)
{
	struct tt_spec_event *event = p->event;
	unsigned column = tt_spec_here(p).column;
	struct tt_spec_ref ref = {.arg = tt_spec_take_arg(p, NUMBERS)};
	unsigned i;

	if (ref.arg < 0)
		return NULL;
	for (i = 0; i < event->nrefs; i++) {
		if (event->refs[i].arg != ref.arg)
			continue;
		tt_spec_report(p, column, "contradiction",
			       "a second `refers` or `scales` for argument `%s`: keep one of them",
			       event->def.spec.args[ref.arg].name);
		return NULL;
	}
	ref.batch_at = tt_spec_here(p);
	ref.batch = tt_spec_take_name(p, "a batch of this file");
	if (ref.batch == NULL)
		return NULL;
	/* an argument has one at most, so there is room */
	event->refs[event->nrefs] = ref;
	return &event->refs[event->nrefs];
}

void tt_spec_read_refers(struct tt_spec_parser *p)
{
	if (take_ref(p) != NULL && tt_spec_done(p))
		p->event->nrefs++;
}

void tt_spec_read_scales(struct tt_spec_parser *p)
{
	struct tt_spec_ref *ref = take_ref(p);
	const struct tt_spec_word *word;

	if (ref == NULL)
		return;
	ref->base_at = tt_spec_here(p);
	word = tt_spec_take(p, "the field with the base");
	if (word == NULL)
		return;
	ref->base = word->text;
	ref->unit_at = tt_spec_here(p);
	word = tt_spec_take(p, "the field with the unit");
	if (word == NULL || !tt_spec_done(p))
		return;
	ref->unit = word->text;
	p->event->nrefs++;
}

static const struct tt_spec_batch *find_batch(struct tt_spec_parser *p,
					      const struct tt_spec_ref *ref)
{
	const char *names[TT_SPEC_MAX_BATCHES];
	const char *nearest = NULL;
	size_t n = 0, i;

	for (i = 0; i < p->file->nbatches; i++) {
		const struct tt_spec_batch *batch = &p->file->batches[i];

		if (batch->spec.name == NULL)
			continue;
		if (strcmp(batch->spec.name, ref->batch) == 0)
			return batch;
		names[n++] = batch->spec.name;
	}
	if (tt_spec_mistakes_has_room(p->mistakes))
		nearest = tt_spec_nearest(ref->batch, names, n);
	tt_spec_report_at(p, ref->batch_at, "unknown-word", "unknown batch `%s`%s%s%s", ref->batch,
			  nearest != NULL ? "; did you mean `" : ": begin one with `batch`",
			  nearest != NULL ? nearest : "", nearest != NULL ? "`?" : "");
	return NULL;
}

/* The index of a number of the batch, or -1 with a mistake. */
static int8_t resolve_field(struct tt_spec_parser *p, const struct tt_batch_spec *batch,
			    const char *name, struct tt_spec_position at)
{
	int field = find_field(batch, name);

	if (field < 0)
		tt_spec_report_at(p, at, "unknown-word", "unknown field `%.40s` of batch `%s`",
				  name, batch->name);
	else if (!is_number(&batch->fields[field]))
		tt_spec_report_at(p, at, "wrong-type",
				  "expected a number, but field `%s` of batch `%s` is not one",
				  name, batch->name);
	else
		return (int8_t)field;
	return -1;
}

static void resolve_ref(struct tt_spec_parser *p, struct tt_spec_event *event,
			const struct tt_spec_ref *ref)
{
	struct tt_arg_spec *arg = &event->def.spec.args[ref->arg];
	const struct tt_spec_batch *batch = find_batch(p, ref);

	if (batch == NULL || batch->broken)
		return;
	if (ref->base == NULL && batch->spec.key < 0) {
		tt_spec_report_at(p, ref->batch_at, "contradiction",
				  "batch `%s` has no key to refer to: end one of its `field` lines "
				  "with `key`",
				  ref->batch);
		return;
	}
	if (ref->base != NULL && !batch->spec.once) {
		tt_spec_report_at(p, ref->batch_at, "contradiction",
				  "batch `%s` has many records, not one base: end its `batch` line "
				  "with `once`",
				  ref->batch);
		return;
	}
	if (ref->base != NULL) {
		arg->base_field = resolve_field(p, &batch->spec, ref->base, ref->base_at);
		arg->unit_field = resolve_field(p, &batch->spec, ref->unit, ref->unit_at);
		if (arg->base_field < 0 || arg->unit_field < 0)
			return;
	}
	arg->batch = &batch->spec;
}

void tt_spec_resolve_refs(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	unsigned i;

	for (i = 0; i < event->nrefs; i++)
		resolve_ref(p, event, &event->refs[i]);
}
