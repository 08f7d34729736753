/* SPDX-License-Identifier: MIT */
/* tables.c - the records of a generation, ready to be looked up. */
#include "experiment/tables.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"

void tt_tables_init(struct tt_tables *t, struct tt_mem *mem, const struct tt_specs *specs)
{
	*t = (struct tt_tables){.mem = mem, .specs = specs, .seed = tt_random_seed()};
}

void tt_tables_release(struct tt_tables *t)
{
	for (size_t i = 0; i < t->tables.n; i++) {
		tt_idmap_release(&t->tables.at[i].keys);
		TT_ARRAY_RELEASE(t->mem, &t->tables.at[i].entries);
	}
	TT_ARRAY_RELEASE(t->mem, &t->tables);
	TT_ARRAY_RELEASE(t->mem, &t->singles);
}

static bool is_current(const struct tt_tables *t, const struct tt_batch_spec *spec)
{
	const struct tt_batch_spec *found;

	for (size_t i = 0; (found = tt_specs_batch(t->specs, spec->experiment_id, i)) != NULL; i++)
		if (found == spec)
			return true;
	return false;
}

void tt_tables_specs_changed(struct tt_tables *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->tables.n; i++) {
		if (is_current(t, t->tables.at[i].spec)) {
			t->tables.at[n++] = t->tables.at[i];
			continue;
		}
		tt_idmap_release(&t->tables.at[i].keys);
		TT_ARRAY_RELEASE(t->mem, &t->tables.at[i].entries);
	}
	t->tables.n = n;
	n = 0;
	for (size_t i = 0; i < t->singles.n; i++)
		if (is_current(t, t->singles.at[i].spec))
			t->singles.at[n++] = t->singles.at[i];
	t->singles.n = n;
}

/* ---- reading */

static struct tt_table *find_table(const struct tt_tables *t, const struct tt_batch_spec *spec)
{
	for (size_t i = 0; i < t->tables.n; i++)
		if (t->tables.at[i].spec == spec)
			return &t->tables.at[i];
	return NULL;
}

static struct tt_single *find_single(const struct tt_tables *t, const struct tt_batch_spec *spec)
{
	for (size_t i = 0; i < t->singles.n; i++)
		if (t->singles.at[i].spec == spec)
			return &t->singles.at[i];
	return NULL;
}

/* There are as many as there are kinds of batches in the specs. */
static struct tt_table *make_table(struct tt_tables *t, const struct tt_batch_spec *spec)
{
	struct tt_table *table = find_table(t, spec);

	if (table != NULL)
		return table;
	if (!TT_ARRAY_ROOM(t->mem, &t->tables))
		return NULL;
	table = &t->tables.at[t->tables.n++];
	*table = (struct tt_table){.spec = spec};
	tt_idmap_init(&table->keys, t->mem, t->seed);
	return table;
}

static struct tt_single *make_single(struct tt_tables *t, const struct tt_batch_spec *spec)
{
	struct tt_single *single = find_single(t, spec);

	if (single != NULL)
		return single;
	if (!TT_ARRAY_ROOM(t->mem, &t->singles))
		return NULL;
	single = &t->singles.at[t->singles.n++];
	*single = (struct tt_single){.spec = spec};
	return single;
}

/* One batch on its way into the tables. */
struct filing {
	struct tt_tables *t;
	struct tt_records records;
	const struct tt_batch *batch;
	uint32_t number;        /* of the batch */
	struct tt_table *table; /* if its records have keys */
	struct tt_single *single;
};

static void keep_problem(struct tt_table_problem *problem, const struct filing *f,
			 const struct tt_record_fault *fault, uint64_t key)
{
	if (problem->batch != NULL)
		return;
	*problem = (struct tt_table_problem){f->records.spec, f->batch, *fault, key};
}

/* Enters a record that began at `pos`. False: no memory. */
static bool enter(struct filing *f, const struct tt_record *record, size_t pos)
{
	struct tt_table *table = f->table;
	uint64_t key = record->values[record->spec->key].number;

	if (tt_idmap_find(&table->keys, key) != TT_IDMAP_NONE) {
		const struct tt_record_fault fault = {.index = record->index,
						      .offset = record->offset};

		keep_problem(&f->t->taken_key, f, &fault, key);
		return true;
	}
	if (!TT_ARRAY_ROOM(f->t->mem, &table->entries) ||
	    !tt_idmap_add(&table->keys, key, (uint32_t)table->entries.n))
		return false;
	table->entries.at[table->entries.n++] =
		(struct tt_table_entry){f->number, (uint32_t)pos, record->index};
	return true;
}

/* Of two in a generation the first counts, as with keys. */
static void keep_single(struct filing *f, const struct tt_record *record)
{
	if (f->single->known && f->single->ordinal == f->t->gen->ordinal)
		return;
	f->single->known = true;
	f->single->ordinal = f->t->gen->ordinal;
	for (unsigned i = 0; i < record->spec->nfields; i++)
		f->single->values[i] = record->values[i].number;
}

static bool file_records(struct filing *f)
{
	struct tt_record record;
	struct tt_record_fault fault;
	size_t pos;
	int rc;

	for (;;) {
		pos = f->records.pos;
		rc = tt_records_read(&f->records, &record, &fault);
		if (rc == TT_END)
			return true;
		if (rc < 0) {
			keep_problem(&f->t->bad_record, f, &fault, 0);
			if (f->table != NULL)
				f->table->cut = true;
			return true;
		}
		if (f->table != NULL && !enter(f, &record, pos))
			return false;
		if (f->single != NULL)
			keep_single(f, &record);
	}
}

static bool file_batch(struct tt_tables *t, uint32_t number)
{
	struct filing f = {.t = t, .batch = &t->gen->experimental.at[number], .number = number};

	t->experiments[f.batch->experiment / 64] |= UINT64_C(1) << f.batch->experiment % 64;
	if (!tt_records_begin(&f.records, t->specs, f.batch))
		return true;
	if (f.records.spec->key >= 0) {
		f.table = make_table(t, f.records.spec);
		if (f.table == NULL)
			return false;
	}
	if (f.records.spec->once) {
		f.single = make_single(t, f.records.spec);
		if (f.single == NULL)
			return false;
	}
	return file_records(&f);
}

int tt_tables_begin_generation(struct tt_tables *t, struct tt_generation *gen, struct tt_error *err)
{
	t->gen = gen;
	gen->tables = t;
	t->bad_record.batch = t->taken_key.batch = NULL;
	memset(t->experiments, 0, sizeof(t->experiments));
	for (size_t i = 0; i < t->tables.n; i++) {
		tt_idmap_clear(&t->tables.at[i].keys);
		t->tables.at[i].entries.n = 0;
		t->tables.at[i].cut = false;
	}
	for (size_t i = 0; i < t->singles.n; i++)
		t->singles.at[i].known &= t->singles.at[i].spec->lasts;
	for (size_t i = 0; i < gen->experimental.n; i++)
		if (!file_batch(t, (uint32_t)i))
			return tt_fail(err, tt_mem_code(t->mem), "no memory for experimental batches");
	return TT_OK;
}

/* ---- looking up */

/* The tables of the event's generation; NULL for one that has none. */
static const struct tt_tables *tables_of(const struct tt_event *ev)
{
	return ev->generation == NULL ? NULL : ev->generation->tables;
}

/* Whether it is known of all records of the kind that an argument names. */
static bool knows_all(const struct tt_tables *t, const struct tt_table *table, unsigned experiment)
{
	return (table == NULL || !table->cut) &&
	       (t->experiments[experiment / 64 % 4] >> (experiment % 64) & 1) != 0;
}

bool tt_tables_lack(const struct tt_tables *t, const struct tt_arg_spec *arg, uint64_t key)
{
	const struct tt_table *table = find_table(t, arg->batch);

	if (key == 0 || (table != NULL && tt_idmap_find(&table->keys, key) != TT_IDMAP_NONE))
		return false;
	return knows_all(t, table, arg->batch->experiment_id);
}

uint64_t tt_tables_known_end(const struct tt_tables *t, const struct tt_arg_spec *arg)
{
	const struct tt_table *table = find_table(t, arg->batch);

	if (!knows_all(t, table, arg->batch->experiment_id))
		return UINT64_MAX;
	return table == NULL ? 1 : tt_idmap_dense_end(&table->keys);
}

int tt_event_record(const struct tt_event *ev, unsigned arg, struct tt_record *out)
{
	const struct tt_tables *t = tables_of(ev);
	const struct tt_arg_spec *spec = &ev->spec->args[arg];
	const struct tt_table *table;
	const struct tt_table_entry *entry;
	struct tt_records records;
	struct tt_record_fault fault;
	uint32_t found;

	assert(arg < ev->spec->nargs);
	if (t == NULL || spec->batch == NULL || spec->scaled)
		return TT_END;
	table = find_table(t, spec->batch);
	found = table == NULL ? TT_IDMAP_NONE : tt_idmap_find(&table->keys, ev->args[arg]);
	if (found == TT_IDMAP_NONE)
		return TT_END;
	entry = &table->entries.at[found];
	records = (struct tt_records){
		.spec = table->spec,
		.batch = t->gen->experimental.at[entry->batch],
		.pos = entry->pos,
		.index = entry->index,
	};
	/* it was read before and found good */
	return tt_records_read(&records, out, &fault);
}

/* A constant, or a field of the only record of the batch. */
static uint64_t factor_of(const struct tt_single *single, int8_t field, uint64_t constant)
{
	return single == NULL || field < 0 ? constant : single->values[field];
}

bool tt_event_scale(const struct tt_event *ev, unsigned arg, uint64_t *base, uint64_t *unit)
{
	const struct tt_tables *t = tables_of(ev);
	const struct tt_arg_spec *spec = &ev->spec->args[arg];
	const struct tt_single *single = NULL;

	assert(arg < ev->spec->nargs);
	if (!spec->scaled)
		return false;
	if (spec->batch != NULL) {
		single = t == NULL ? NULL : find_single(t, spec->batch);
		if (single == NULL || !single->known)
			return false;
	}
	*base = factor_of(single, spec->base_field, spec->base);
	*unit = factor_of(single, spec->unit_field, spec->unit);
	return true;
}

bool tt_event_address(const struct tt_event *ev, unsigned arg, uint64_t *out)
{
	uint64_t base, unit;

	if (!tt_event_scale(ev, arg, &base, &unit))
		return false;
	*out = base + ev->args[arg] * unit;
	return true;
}
