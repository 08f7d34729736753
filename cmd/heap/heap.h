/* SPDX-License-Identifier: MIT */
/*
 * heap.h - what the parts of `tracetool heap` share. Command layer, inside heap only.
 *
 *	heap.c          options; counts objects by type or stack while a trace is read
 *	report.c        prints the counts: text, JSON, CSV, collapsed stacks
 */
#ifndef CMD_HEAP_HEAP_H
#define CMD_HEAP_HEAP_H

#include "cli/cli.h"
#include "cli/out.h"
#include "tracetool_analyze.h"

/* Lifetimes as counts: eight steps for each doubling, so a value is off by 6 % at most. */
enum { LIFE_STEPS = 8, LIFE_BUCKETS = 64 * LIFE_STEPS };

/* The objects of one type, or of one stack. */
struct heap_row {
	uint64_t allocs, alloc_nbytes;  /* while the trace ran */
	uint64_t frees;                 /* of these */
	uint64_t live, live_nbytes;
	uint64_t found;                 /* of the live ones: from before the trace */
	uint32_t *lives;                /* of those freed, by LIFE_BUCKETS; NULL: none */
};

struct heap_stats {
	struct heap_row *rows;          /* by type number, or by mark */
	size_t nrows, cap;
	struct heap_row sum;
	int64_t start_ns, end_ns;       /* of the part of the trace that was read */
	bool complete;                  /* the trace was read to its end, or to --at */
};

enum heap_by { HEAP_BY_TYPE, HEAP_BY_STACK };
enum heap_format { HEAP_TEXT, HEAP_JSON, HEAP_CSV, HEAP_COLLAPSED };

struct heap_report {
	const struct tt_heap *heap;
	const struct heap_stats *stats;
	int by;
	const char *const *stacks;      /* by mark: "main;f;g", outermost first; [0] is "" */
	size_t limit;                   /* rows */
	const size_t *order;            /* of rows with any objects */
	size_t norder;
	const struct tt_heap_object *oldest;
	size_t noldest;
};

void heap_text(const struct heap_report *r);
void heap_json(const struct heap_report *r);
void heap_csv(const struct heap_report *r);
void heap_collapsed(const struct heap_report *r);

#endif
