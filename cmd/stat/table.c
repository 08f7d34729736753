/* SPDX-License-Identifier: MIT */
/* table.c - rows of distributions by a key. Command layer. */
#include "table.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	unsigned n;
	const char *measures[MAX_MEASURES];
} sources[] = {
	[SOURCE_STATES] = { 6, { "life", "running", "runnable", "waiting", "syscall", "blocked" } },
	[SOURCE_RUNNABLE] = { 1, { "latency" } },
	[SOURCE_WAITING] = { 1, { "wait" } },
	[SOURCE_SYSCALL] = { 3, { "syscall", "held", "blocked" } },
	[SOURCE_RANGE] = { 1, { "range" } },
	[SOURCE_PAUSE] = { 1, { "pause" } },
	[SOURCE_LOCK] = { 1, { "lock" } },
	[SOURCE_TASK] = { 1, { "task" } },
	[SOURCE_REGION] = { 1, { "region" } },
	[SOURCE_PROC] = { 2, { "running", "idle" } },
	[SOURCE_THREAD] = { 3, { "proc", "running", "syscall" } },
	[SOURCE_GROWTH] = { 2, { "created", "left" } },
	[SOURCE_HOLD] = { 2, { "wait", "held" } },
	[SOURCE_PEER] = { 2, { "wait", "held" } },
};

unsigned source_nmeasures(enum stat_source source)
{
	return sources[source].n;
}

const char *source_measure(enum stat_source source, unsigned measure)
{
	return sources[source].measures[measure];
}

void table_init(struct stat_table *t, enum stat_source source, enum stat_by by)
{
	memset(t, 0, sizeof(*t));
	t->source = source;
	t->by = by;
	t->nmeasures = sources[source].n;
}

void row_release(struct stat_row *row)
{
	for (size_t i = 0; i < MAX_MEASURES; i++)
		dist_release(&row->d[i]);
}

void table_release(struct stat_table *t)
{
	for (size_t i = 0; i < t->nrows; i++) {
		row_release(t->rows[i]);
		free(t->rows[i]);
	}
	free(t->rows);
	texts_release(&t->keys);
	id_map_release(&t->known);
	memset(t, 0, sizeof(*t));
}

uint32_t table_number(struct stat_table *t, struct tt_str key)
{
	uint32_t number = texts_number(&t->keys, key);

	if (number == NUMBER_NONE ||
	    !array_room(&t->rows, &t->cap, (size_t)number + 1, sizeof(*t->rows))) {
		t->no_memory = true;
		return NUMBER_NONE;
	}
	for (; t->nrows <= number; t->nrows++) {
		t->rows[t->nrows] = calloc(1, sizeof(**t->rows));
		if (!t->rows[t->nrows]) {
			t->no_memory = true;
			return NUMBER_NONE;
		}
	}
	return number;
}

struct stat_row *table_row(struct stat_table *t, struct tt_str key)
{
	uint32_t number = table_number(t, key);

	return number == NUMBER_NONE ? NULL : t->rows[number];
}

bool table_has(const struct stat_table *t, size_t row)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < t->nmeasures; i++)
		n += t->rows[row]->d[i].n;
	return n > 0;
}

struct tt_str table_key(const struct stat_table *t, size_t row)
{
	return texts_at(&t->keys, (uint32_t)row);
}

static void merge_row(struct stat_table *t, struct stat_row *row, const struct stat_row *from)
{
	for (unsigned i = 0; i < t->nmeasures; i++)
		t->no_memory |= !dist_merge(&row->d[i], &from->d[i]);
}

void table_merge(struct stat_table *t, const struct stat_table *from, const struct tt_str *key)
{
	t->no_memory |= from->no_memory;
	for (size_t i = 0; i < from->nrows && !t->no_memory; i++) {
		struct stat_row *row;

		if (!table_has(from, i))
			continue;
		row = table_row(t, key ? *key : table_key(from, i));
		if (row)
			merge_row(t, row, from->rows[i]);
	}
}

bool table_total(const struct stat_table *t, struct stat_row *total)
{
	bool fine = true;

	memset(total, 0, sizeof(*total));
	for (size_t i = 0; i < t->nrows; i++) {
		for (unsigned m = 0; m < t->nmeasures; m++)
			fine = dist_merge(&total->d[m], &t->rows[i]->d[m]) && fine;
	}
	return fine;
}
