/* SPDX-License-Identifier: MIT */
/*
 * batch.c - batches and the records in them (`batch`, `record`, `shows` of a batch), and
 * the clauses by which an event's arguments refer to one (`refers`, `scales`). Stands on
 * base.
 */
#include "spec/parse.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(type) (1u << (type))
#define NUMBERS (BIT(TT_ARG_NUMBER) | BIT(TT_ARG_VALUE))
/* What may be the key of a record. */
#define KEYS (NUMBERS | BIT(TT_ARG_G) | BIT(TT_ARG_M) | BIT(TT_ARG_P) | BIT(TT_ARG_TASK))

/* -------------------------------------------------------------------- shown */

/* The index of a field that is one value, or -1 with a mistake. */
static int take_shown(struct tt_spec_parser *p)
{
	unsigned column = tt_spec_here(p).column;
	int at = tt_spec_take_field(p, "a field of this batch");
	const struct tt_field_spec *field;

	if (at < 0)
		return -1;
	field = &p->batch->spec.fields[at];
	if (!field->list && field->type != TT_FIELD_RECORD)
		return at;
	tt_spec_report(p, column, "wrong-type",
		       "expected a field that is one value, found `%s`, which is a %s", field->name,
		       field->list ? "list" : "record");
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

/* Whether there may be one more batch, or one more record. */
static bool has_room(struct tt_spec_parser *p, bool record)
{
	struct tt_spec_file *file = p->file;

	if (record ? file->nrecords < TT_SPEC_MAX_RECORDS
		   : file->nbatches - file->nrecords < TT_SPEC_MAX_BATCHES)
		return true;
	if (record)
		tt_spec_report(p, 1, "too-many", "more than %d records: reading stops here",
			       TT_SPEC_MAX_RECORDS);
	else
		tt_spec_report(
			p, 1, "too-many",
			"more than %d batches, as many as there are tags: reading stops here",
			TT_SPEC_MAX_BATCHES);
	p->stop = true;
	return false;
}

bool tt_spec_begin_batch(struct tt_spec_parser *p, bool record)
{
	struct tt_spec_file *file = p->file;
	void *array = file->batches;

	if (!has_room(p, record))
		return false;
	if (!tt_mem_grow(p->mem, &array, &file->batch_cap, file->nbatches + 1,
			 sizeof(*file->batches))) {
		p->out_of_memory = true;
		p->stop = true;
		return false;
	}
	file->batches = array;
	file->nrecords += record;
	p->batch = &file->batches[file->nbatches++];
	*p->batch = empty_batch;
	p->batch->name_at = p->batch->tag_at = (struct tt_spec_position){p->line.number, 1};
	p->batch->spec.part = record;
	p->batch->spec.experiment = file->experiment.name;
	p->batch->spec.experiment_id = file->experiment.id;
	return true;
}

/* Whether its tag is free; only the first mistake is reported. */
static void check_tag(struct tt_spec_parser *p)
{
	const struct tt_spec_batch *batch = p->batch, *old;

	for (old = p->file->batches; old < batch; old++) {
		if (old->spec.name == NULL || old->spec.part)
			continue;
		if (old->spec.tag < 0 || batch->spec.tag < 0)
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
	if (tt_spec_is_free_name(p, name, p->batch->name_at))
		check_tag(p);
	spec->name = name;
}

void tt_spec_read_record(struct tt_spec_parser *p)
{
	struct tt_spec_position at = p->batch->name_at = tt_spec_here(p);
	const char *name = tt_spec_take_name(p, "the record's name");

	if (name == NULL || !tt_spec_done(p))
		return;
	if (tt_spec_is_field_type(name))
		tt_spec_report(p, at.column, "reserved-word",
			       "`%s` is a type of fields: give the record another name", name);
	else if (tt_spec_is_free_name(p, name, at))
		p->batch->spec.name = name;
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

/* Begins a reference of an argument of one of the types; NULL with a mistake. */
static struct tt_spec_ref *take_ref(struct tt_spec_parser *p, unsigned types)
{
	struct tt_spec_event *event = p->event;
	unsigned column = tt_spec_here(p).column;
	struct tt_spec_ref ref = {.arg = tt_spec_take_arg(p, types)};
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
	/* an argument has one at most, so there is room */
	event->refs[event->nrefs] = ref;
	return &event->refs[event->nrefs];
}

static bool take_batch(struct tt_spec_parser *p, struct tt_spec_ref *ref)
{
	ref->batch_at = tt_spec_here(p);
	ref->batch = tt_spec_take_name(p, "a batch of this file");
	return ref->batch != NULL;
}

void tt_spec_read_refers(struct tt_spec_parser *p)
{
	struct tt_spec_ref *ref = take_ref(p, KEYS);

	if (ref != NULL && take_batch(p, ref) && tt_spec_done(p))
		p->event->nrefs++;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A base or a unit: the name of a field, or a number. */
static bool take_factor(struct tt_spec_parser *p, const char *what, bool only_number,
			struct tt_spec_factor *factor)
{
	const struct tt_spec_word *word = tt_spec_peek(p);

	factor->at = tt_spec_here(p);
	if (only_number || (word != NULL && is_digit(word->text[0]) && !word->quoted))
		return tt_spec_take_u64(p, what, 0, UINT64_MAX, &factor->number);
	word = tt_spec_take(p, what);
	if (word != NULL)
		factor->field = word->text;
	return word != NULL;
}

void tt_spec_read_scales(struct tt_spec_parser *p)
{
	struct tt_spec_ref *ref = take_ref(p, NUMBERS);
	const struct tt_spec_word *word = tt_spec_peek(p);
	bool only_numbers;

	if (ref == NULL)
		return;
	ref->scales = true;
	only_numbers = word != NULL && !word->quoted && is_digit(word->text[0]);
	if (!only_numbers && !take_batch(p, ref))
		return;
	if (!take_factor(p, "the field with the base", only_numbers, &ref->base) ||
	    !take_factor(p, "the field with the unit", only_numbers, &ref->unit) ||
	    !tt_spec_done(p))
		return;
	if (!only_numbers && ref->base.field == NULL && ref->unit.field == NULL)
		tt_spec_report(p, ref->batch_at.column, "contradiction",
			       "base and unit are numbers, so no batch has them: remove `%s`",
			       ref->batch);
	else
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

		if (batch->spec.name == NULL || batch->spec.part)
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
			    const struct tt_spec_factor *factor)
{
	int field = tt_spec_find_field(batch, factor->field);

	/* (a field is named after its batch only) */
	assert(batch != NULL);
	if (field < 0)
		tt_spec_report_at(p, factor->at, "unknown-word",
				  "unknown field `%.40s` of batch `%s`", factor->field,
				  batch->name);
	else if (!tt_spec_is_integer(&batch->fields[field]))
		tt_spec_report_at(p, factor->at, "wrong-type",
				  "expected a number, but field `%s` of batch `%s` is not one",
				  factor->field, batch->name);
	else if (batch->fields[field].condition != TT_IF_ALWAYS)
		tt_spec_report_at(p, factor->at, "contradiction",
				  "field `%s` of batch `%s` is not always there: remove its `if`",
				  factor->field, batch->name);
	else
		return (int8_t)field;
	return -1;
}

static bool resolve_factors(struct tt_spec_parser *p, struct tt_arg_spec *arg,
			    const struct tt_batch_spec *batch, const struct tt_spec_ref *ref)
{
	arg->base = ref->base.number;
	arg->unit = ref->unit.number;
	if (ref->base.field != NULL)
		arg->base_field = resolve_field(p, batch, &ref->base);
	if (ref->unit.field != NULL)
		arg->unit_field = resolve_field(p, batch, &ref->unit);
	return (ref->base.field == NULL || arg->base_field >= 0) &&
	       (ref->unit.field == NULL || arg->unit_field >= 0);
}

static void resolve_ref(struct tt_spec_parser *p, struct tt_spec_event *event,
			const struct tt_spec_ref *ref)
{
	struct tt_arg_spec *arg = &event->def.spec.args[ref->arg];
	const struct tt_spec_batch *batch;

	arg->scaled = ref->scales;
	if (ref->batch == NULL) {
		resolve_factors(p, arg, NULL, ref);
		return;
	}
	batch = find_batch(p, ref);
	if (batch == NULL || batch->broken)
		return;
	if (!ref->scales && batch->spec.key < 0) {
		tt_spec_report_at(p, ref->batch_at, "contradiction",
				  "batch `%s` has no key to refer to: end one of its `field` lines "
				  "with `key`",
				  ref->batch);
		return;
	}
	if (ref->scales && !batch->spec.once) {
		tt_spec_report_at(p, ref->batch_at, "contradiction",
				  "batch `%s` has many records, not one base: end its `batch` line "
				  "with `once`",
				  ref->batch);
		return;
	}
	if (ref->scales && !resolve_factors(p, arg, &batch->spec, ref))
		return;
	arg->batch = &batch->spec;
	if (!ref->scales)
		event->def.refers |= (uint16_t)(1u << ref->arg);
}

void tt_spec_resolve_refs(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	unsigned i;

	for (i = 0; i < event->nrefs; i++)
		resolve_ref(p, event, &event->refs[i]);
}
