/* SPDX-License-Identifier: MIT */
/*
 * go.h - `stat --go`: exactly what Go's summarizer computes, its quirks included. Command
 * layer, inside stat only. Source: Go 1.27, internal/trace/summary.go.
 *
 *	go.c            goroutines: states, regions, tasks, event by event
 *	go_ranges.c     ranges
 *	go_stats.c      the sums of a goroutine or region, goroutines and texts by their numbers
 *	go_json.c       the summary as one JSON object
 */
#ifndef CMD_STAT_GO_H
#define CMD_STAT_GO_H

#include "cli/out.h"
#include "cli/numbers.h"
#include "util.h"

/* Sums by name, a few. */
struct go_sums {
	struct go_sum {
		uint32_t name;
		int64_t ns;
	} *at;
	size_t n, cap;
};

/* GoroutineExecStats. */
struct go_stats {
	int64_t exec, sched, syscall, syscall_block, total;
	struct go_sums blocks, ranges;
};

struct go_region {
	uint64_t task;
	uint32_t name;
	bool has_start, has_end;
	int64_t start, end;
	struct go_stats stats;
};

struct go_regions {
	struct go_region *at;
	size_t n, cap;
};

struct go_goroutine {
	int64_t id;
	uint32_t name;
	int64_t creation, start, end;
	struct go_stats stats;
	struct go_regions regions;
	/* what is pending; times of 0: none */
	int64_t last_start, last_runnable, last_block, last_syscall, last_syscall_block;
	uint32_t last_reason;
	int64_t syscall_proc;
	struct go_sums last_ranges;     /* the times at which they began */
	struct go_regions active;       /* a stack */
};

struct go_task {
	uint64_t id, parent;
	uint32_t name;
	bool has_parent, has_start, has_end;
	int64_t start, end;
	uint64_t nlogs, nregions;
	int64_t *goroutines;    /* each once */
	size_t n, cap;
	struct id_map seen;     /* which are in there */
};

/* The utilization for each set of flags that the viewer offers. */
enum { GO_NUTILS = 3 };

struct go_summary {
	bool no_memory;
	bool any;               /* there was an event */
	int64_t first, last, sync;
	struct texts texts;
	struct id_map goroutine_ids, task_ids;
	struct go_goroutine *goroutines;
	size_t ngoroutines, goroutines_cap;
	struct go_task *tasks;
	size_t ntasks, tasks_cap;
	struct id_map syscalling; /* the goroutine in a syscall by its processor, which may be
	                             TT_NONE */
	/* the goroutine that a range of a processor began on, by both */
	struct go_proc_range {
		int64_t proc, goroutine;
		uint32_t name;
	} *proc_ranges;
	size_t nproc_ranges, proc_ranges_cap;
	struct util utils[GO_NUTILS];
};

void go_summary_init(struct go_summary *s);
void go_summary_event(struct go_summary *s, const struct tt_event *ev);
void go_summary_finish(struct go_summary *s);
void go_summary_release(struct go_summary *s);
/* The object that `oracle summary` of Go's reader prints, and a newline. */
void go_summary_json(struct go_summary *s, bool ok, struct out *o);

/* ---- go_ranges.c */

void go_range_event(struct go_summary *s, const struct tt_event *ev);

/* ---- go_stats.c. What is bool is false if there is no memory. */

/* *sum += ns of this name, which is there from now on. */
bool go_sums_add(struct go_sums *sums, uint32_t name, int64_t ns);
/* Where the sum of a name is, or NULL. */
struct go_sum *go_sums_find(const struct go_sums *sums, uint32_t name);
/* What a goroutine's sums would be at a time, what is pending included. */
bool go_stats_snapshot(const struct go_goroutine *g, int64_t now, struct go_stats *out);
/* *stats -= base, of the names that *stats has. */
void go_stats_subtract(struct go_stats *stats, const struct go_stats *base);
int64_t go_stats_unknown(const struct go_stats *stats);
void go_stats_release(struct go_stats *stats);

/* Those of a summary. Where there is no memory, s->no_memory. */
uint32_t go_number_of(struct go_summary *s, struct tt_str text);
/* NULL: there is none yet. */
struct go_goroutine *go_goroutine_of(const struct go_summary *s, int64_t id);
void go_add_sum(struct go_summary *s, struct go_sums *sums, uint32_t name, int64_t ns);

#endif
