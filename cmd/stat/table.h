/* SPDX-License-Identifier: MIT */
/*
 * table.h - rows of distributions by a key: the content of a view. A row's key is text, so
 * that tables of many traces can be merged. Command layer, inside stat only.
 */
#ifndef CMD_STAT_TABLE_H
#define CMD_STAT_TABLE_H

#include "dist.h"
#include "cli/numbers.h"
#include "tracetool_analyze.h"

/* Which spans a table counts, and what of them. */
enum stat_source {
	SOURCE_STATES,          /* goroutines: their lives and all their states */
	SOURCE_RUNNABLE,        /* the time from runnable to running */
	SOURCE_WAITING,
	SOURCE_SYSCALL,
	SOURCE_RANGE,
	SOURCE_PAUSE,           /* of ranges, those that stop the world */
	SOURCE_LOCK,            /* waits for locks, and an experiment's ranges with a key */
	SOURCE_TASK,
	SOURCE_REGION,
	SOURCE_PROC,
	SOURCE_THREAD,
	SOURCE_GROWTH,          /* goroutines that were created, and those that did not end */
	SOURCE_HOLD,            /* waits for locks with a known holder (holders.h) */
	SOURCE_PEER,            /* waits for one another (peers.h), with the measures of holds */
};

/* The measures of each source. */
enum { MAX_MEASURES = 6 };
enum { STATES_LIFE, STATES_RUNNING, STATES_RUNNABLE, STATES_WAITING, STATES_SYSCALL, STATES_BLOCKED };
enum { SYSCALL_ALL, SYSCALL_HELD, SYSCALL_BLOCKED };
enum { PROC_RUNNING, PROC_IDLE };
enum { THREAD_PROC, THREAD_RUNNING, THREAD_SYSCALL };
enum { GROWTH_CREATED, GROWTH_LEFT };
enum { HOLD_WAIT, HOLD_HELD };
unsigned source_nmeasures(enum stat_source source);
/* "wait", "held": the name of a measure in JSON and in files. */
const char *source_measure(enum stat_source source, unsigned measure);

/* What a key says. */
enum stat_by {
	BY_ALL,                 /* one row */
	BY_FUNC,                /* the function that the goroutine began with */
	BY_SITE,                /* the program's function that the stack is in */
	BY_STACK,
	BY_WAKER,               /* the program's function that woke the goroutine */
	BY_GOROUTINE,
	BY_REASON,              /* of a range its name and kind, of regions and tasks their type */
	BY_TASK,
	BY_FILE,
	BY_PROC,
	BY_THREAD,
};

struct stat_row {
	struct dist d[MAX_MEASURES];
};

enum { TABLE_LAST = 256 };

struct stat_table {
	enum stat_source source;
	enum stat_by by;
	unsigned nmeasures;
	bool users;             /* goroutines of the runtime's own are left out */
	bool reasons;           /* the key is followed by ": " and the reason */
	bool no_memory;
	struct texts keys;
	struct stat_row **rows; /* by the number of the key; a row stays where it is */
	size_t nrows, cap;
	/* of the trace at hand: the row of a number or id, as found before; and the ones that
	 * were found last, by the low bits of the id */
	struct id_map known;
	struct known_row {
		uint64_t id;
		uint32_t row;           /* plus 1; 0: none */
	} last[TABLE_LAST];
};

/* Where the row of an id is kept. */
static inline struct known_row *table_last(struct stat_table *t, uint64_t id)
{
	return &t->last[(id ^ id >> 32) % TABLE_LAST];
}

void table_init(struct stat_table *t, enum stat_source source, enum stat_by by);
void table_release(struct stat_table *t);
/* The row of a key, which is there from now on. NUMBER_NONE: no memory. */
uint32_t table_number(struct stat_table *t, struct tt_str key);
/* The same row itself. NULL: no memory. */
struct stat_row *table_row(struct stat_table *t, struct tt_str key);
/* A row whose key was not used is none. */
bool table_has(const struct stat_table *t, size_t row);
struct tt_str table_key(const struct stat_table *t, size_t row);
/* Adds all rows of `from`, which has the same source; with `key`, to that one row. */
void table_merge(struct stat_table *t, const struct stat_table *from, const struct tt_str *key);
/* The sum of all rows. False: no memory. Release with row_release(). */
bool table_total(const struct stat_table *t, struct stat_row *total);
void row_release(struct stat_row *row);

#endif
