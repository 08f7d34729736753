/* SPDX-License-Identifier: MIT */
/*
 * count.h - which tables count a span, and as what. Command layer, inside stat only.
 */
#ifndef CMD_STAT_COUNT_H
#define CMD_STAT_COUNT_H

#include "stat.h"

enum { NSTATES_LOG2 = 10, NSTATE_NUMBERS = 16 };

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
		struct stat_table *tables[NTABLES];
		unsigned measures[NTABLES];
		size_t n;
	} lanes[NSTATE_NUMBERS];
	unsigned plain_states;  /* a bit for each state of which `lanes` say all */
	/* states that were counted lately, by a hash of what sets them apart */
	struct counted_state {
		uint64_t func_name, stack_state; /* 0: none; the numbers of texts and the stack */
		struct dist *dists[NTABLES + 1]; /* where they count, and NULL */
	} states[1 << NSTATES_LOG2];
};

/* Finds the tables of the answer that count something. It and `spans` outlive the counter. */
void counter_init(struct counter *c, struct stat_answer *answer, const struct tt_spans *spans);
/* Counts a state of a goroutine whose bit is set in `plain_states`. */
void counter_add_state(struct counter *c, const struct tt_span *span);
/* Counts any span. */
void counter_add_any(struct counter *c, const struct tt_span *span);
static inline void counter_add(struct counter *c, const struct tt_span *span)
{
	if (span->kind == TT_SPAN_GOROUTINE && c->plain_states >> span->state & 1)
		counter_add_state(c, span);
	else
		counter_add_any(c, span);
}

#endif
