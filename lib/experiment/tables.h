/* SPDX-License-Identifier: MIT */
/*
 * tables.h - what the arguments of a generation's events refer to: the records of
 * its experimental batches by their keys, and those records of earlier generations that
 * still hold.
 */
#ifndef TT_EXPERIMENT_TABLES_H
#define TT_EXPERIMENT_TABLES_H

#include "experiment/records.h"
#include "gen/generation.h"

/* The records with a key of one kind of batches, in this generation. */
struct tt_table {
	const struct tt_batch_spec *spec;
	struct tt_idmap keys;   /* key to index in entries */
	bool cut;               /* records of this generation could not be read */
	TT_ARRAY(struct tt_table_entry) entries;
};

struct tt_table_entry {
	uint32_t batch;         /* index among the generation's experimental batches */
	uint32_t pos;           /* in its data */
	uint64_t index;         /* of the record in the batch */
};

/* The one record of a batch that is there `once`. Bytes are not kept. */
struct tt_single {
	const struct tt_batch_spec *spec;
	bool known;
	uint64_t ordinal;       /* of the generation it stood in */
	uint64_t values[TT_MAX_FIELDS];
};

struct tt_tables {
	struct tt_mem *mem;
	const struct tt_specs *specs;
	const struct tt_generation *gen;
	uint64_t seed;
	TT_ARRAY(struct tt_table) tables;
	TT_ARRAY(struct tt_single) singles;
	uint64_t experiments[4]; /* bit e: the generation has a batch of experiment e */
	/* the first of each sort in this generation; batch NULL: none */
	struct tt_table_problem {
		const struct tt_batch_spec *spec;
		const struct tt_batch *batch;
		struct tt_record_fault fault; /* of a key that is taken: index and offset */
		uint64_t key;
	} bad_record, taken_key;
};

void tt_tables_init(struct tt_tables *t, struct tt_mem *mem, const struct tt_specs *specs);
void tt_tables_release(struct tt_tables *t);
/* The specs are not what they were: forgets the tables of those that are gone. */
void tt_tables_specs_changed(struct tt_tables *t);
/*
 * Reads the batches of a generation, whose `tables` it becomes. What is wrong with them is
 * kept above; records after a fault are not there. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_tables_begin_generation(struct tt_tables *t, struct tt_generation *gen,
			       struct tt_error *err);

/*
 * Whether an argument that refers to a batch has a key that no record has, although all records
 * of the generation are known. 0 refers to nothing, and so do the keys of a generation that has
 * no batches of the experiment at all.
 */
bool tt_tables_lack(const struct tt_tables *t, const struct tt_arg_spec *arg, uint64_t key);
/* It lacks none that is less than this. */
uint64_t tt_tables_known_end(const struct tt_tables *t, const struct tt_arg_spec *arg);

/* What an argument that is an address in other units is counted from, and its unit. False: it is
 * none, or no batch says it. */
bool tt_event_scale(const struct tt_event *ev, unsigned arg, uint64_t *base, uint64_t *unit);

#endif
