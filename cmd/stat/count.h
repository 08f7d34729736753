/* SPDX-License-Identifier: MIT */
/*
 * count.h - which tables count a span, and as what. Command layer, inside stat only.
 */
#ifndef CMD_STAT_COUNT_H
#define CMD_STAT_COUNT_H

#include "stat.h"

/* (a syscall counts twice in the table of syscalls) */
enum { NSTATE_NUMBERS = 16, NLANES = NTABLES + 1 };

/*
 * States that count in the same places. They are counted once, and what comes of it is added to
 * all the places at the end.
 */
struct cell {
	struct dist d;
	struct dist *to[NLANES + 1];    /* ends with NULL */
};

struct counter {
	const char *file;
	struct stat_table *tables;
	const struct tt_spans *spans;
	bool no_memory;
	/* which tables count spans of a kind; those of waits, which more of them count */
	struct interest {
		struct stat_table *tables[NTABLES];
		size_t n;
	} interests[TT_SPAN_KIND_COUNT], waiting;
	/* how each of them counts a state of a goroutine, unless it takes more to know */
	struct lanes {
		struct stat_table *tables[NLANES];
		unsigned measures[NLANES];
		size_t n;
	} lanes[NSTATE_NUMBERS];
	unsigned plain_states;  /* a bit for each state of which `lanes` say all */
	bool by_stack;          /* the stack matters of runnable and running goroutines, too */
	/* of groups of states (tt_spans_group()) the cell, and all cells */
	struct cell **of_group;
	size_t ngroups, groups_cap;
	struct cell **cells;
	size_t ncells, cells_cap;
	struct id_map cells_by_hash;
};

/* Finds the tables of the answer that count something. It outlives the counter. */
void counter_init(struct counter *c, struct stat_answer *answer);
void counter_release(struct counter *c);
/* Whether briefs say all that is counted of the states that they are of. */
bool counter_takes_briefs(const struct counter *c);
/* Counts states, of which there may be nothing else in the tables until counter_finish(). */
void counter_add_briefs(struct counter *c, const struct tt_span_brief *briefs, size_t n);
/* Counts any span. */
void counter_add(struct counter *c, const struct tt_span *span);
/* Adds what was counted of briefs to the tables. */
void counter_finish(struct counter *c);

#endif
