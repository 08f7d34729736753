/* SPDX-License-Identifier: MIT */
/*
 * references.c - records of experimental batches that events refer to and that are lost, as the
 * types of heap objects: they are made up, and say so. Stands on experiment.
 */
#include "experiment/alloc_free.h"
#include "experiment/tables.h"
#include "repair/salvage_impl.h"

/* Whether a record of the kind can be made up: it has a key, numbers and texts. */
static bool can_make(const struct tt_batch_spec *spec)
{
	for (unsigned i = 0; i < spec->nfields; i++) {
		const struct tt_field_spec *f = &spec->fields[i];

		if (f->list || f->condition != TT_IF_ALWAYS || f->size != 0 ||
		    (f->type != TT_FIELD_VARINT && f->type != TT_FIELD_STRING))
			return false;
	}
	return spec->key >= 0;
}

/* Whether a record stays: not if the end of the input cuts off its batch. */
static bool stays(const struct tt_salvage *s, const struct tt_record *record)
{
	const struct tt_salvaged_batch *last = &s->list.at[s->list.n - 1];

	return !last->cut || record->offset < last->head.data_offset;
}

/* One argument of an event. False: no memory. */
static bool need_record(struct tt_salvage *s, const struct tt_event *ev, unsigned arg)
{
	const struct tt_arg_spec *of = &ev->spec->args[arg];
	uint64_t key = ev->args[arg];
	struct tt_record record;

	if (key == 0 || of->scaled || of->batch == NULL || of->batch != s->lost_records.spec ||
	    tt_idmap_find(&s->lost_records.ids, key) != TT_IDMAP_NONE ||
	    (tt_event_record(ev, arg, &record) == TT_OK && stays(s, &record)))
		return true;
	if (!TT_ARRAY_ROOM(s->mem, &s->lost_records.keys) ||
	    !tt_idmap_add(&s->lost_records.ids, key, 0))
		return false;
	s->lost_records.keys.at[s->lost_records.keys.n++] = key;
	return true;
}

/* The events of a run that stay. */
static bool need_records(struct tt_salvage *s, const struct tt_batch_spec *types,
			 const struct tt_event_batch *b)
{
	const uint8_t *p = b->data, *end = p + b->size;
	struct tt_raw_event raw;
	uint64_t dt;

	while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &raw, &dt)) != NULL) {
		const struct tt_event_def *def = tt_specs_def(s->gen.specs, raw.type);
		const struct tt_event ev = {
			.generation = &s->gen, .spec = &def->spec, .args = raw.args};

		if (types != NULL && def->spec.experiment_id == types->experiment_id)
			s->lost_records.spec = types;
		for (unsigned i = 0; i < def->spec.nargs; i++)
			if (!need_record(s, &ev, i))
				return false;
	}
	return true;
}

static bool need_all(struct tt_salvage *s)
{
	const struct tt_batch_spec *types = tt_alloc_free_types(s->gen.specs);

	if (types != NULL && !can_make(types))
		types = NULL;
	for (size_t i = 0; i < s->gen.threads.n; i++)
		for (uint32_t k = s->gen.threads.at[i].first; k != TT_NO_BATCH;
		     k = s->gen.batches.at[k].next)
			if (!need_records(s, types, &s->gen.batches.at[k]))
				return false;
	return true;
}

int tt_salvage_find_lost_records(struct tt_salvage *s, struct tt_error *err)
{
	struct tt_tables tables;
	int rc;

	tt_tables_init(&tables, s->mem, s->gen.specs);
	rc = tt_tables_begin_generation(&tables, &s->gen, err);
	if (rc == TT_OK && !need_all(s))
		rc = tt_salvage_no_memory(s, err);
	s->gen.tables = NULL;
	tt_tables_release(&tables);
	return rc;
}
