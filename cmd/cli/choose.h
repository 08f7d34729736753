/* SPDX-License-Identifier: MIT */
/*
 * choose.h - which spans (tracetool_analyze.h) the selection options choose, in the verbs that
 * answer about intervals. Command layer, on selection.h.
 */
#ifndef CMD_CLI_CHOOSE_H
#define CMD_CLI_CHOOSE_H

#include "idset.h"
#include "selection.h"
#include "tracetool_analyze.h"

/* The rows in a verb's options table whose struct `type` holds `field`, a selection. */
#define CHOOSER_OPTIONS(type, field)                                                           \
	{ .kind = OPT_OWN, .name = "from", .meta = "TIME", .parse = selection_parse_time,      \
	  .help = "from this time on (1.5s, 20ms, 300us, 40ns),\n"                             \
		  "counted from the start of the trace; or @NS, the\n"                         \
		  "trace's own nanoseconds", .at = offsetof(type, field.from) },               \
	{ .kind = OPT_OWN, .name = "to", .meta = "TIME", .parse = selection_parse_time,        \
	  .help = "up to this time; intervals are clipped at both", .at = offsetof(type, field.to) }, \
	{ .kind = OPT_OWN, .letter = 'g', .name = "generation", .meta = "N[-[M]]",             \
	  .parse = selection_parse_generations,                                                \
	  .help = "the times of these generations (3, 3-5, 3-)", .at = offsetof(type, field.generations) }, \
	{ .kind = OPT_OWN, .letter = 'G', .name = "goroutine", .meta = "ID[,...]",             \
	  .parse = selection_parse_ids, .help = "of these goroutines", .at = offsetof(type, field.goroutines) }, \
	{ .kind = OPT_OWN, .letter = 'P', .name = "proc", .meta = "ID[,...]",                  \
	  .parse = selection_parse_ids, .help = "what began on these processors",              \
	  .at = offsetof(type, field.procs) },                                                 \
	{ .kind = OPT_OWN, .letter = 'T', .name = "thread", .meta = "ID[,...]",                \
	  .parse = selection_parse_ids, .help = "what began on these threads",                 \
	  .at = offsetof(type, field.threads) },                                               \
	{ .kind = OPT_OWN, .name = "task", .meta = "ID[,...]|NAME", .parse = selection_parse_tasks, \
	  .help = "these tasks, and what is in their regions\n"                                \
		  "(in NAME, * is any text, ? any byte)", .at = offsetof(type, field.tasks) }, \
	{ .kind = OPT_LIST, .name = "region", .meta = "NAME",                                  \
	  .help = "regions of this name (* and ?), and what is in them", .at = offsetof(type, field.regions) }, \
	{ .kind = OPT_OWN, .name = "stack", .meta = "PATTERN[;...]", .parse = stack_pattern_parse, \
	  .help = "with a function in the stack whose name contains\n"                         \
		  "PATTERN (* and ?); or with several that call each\n"                        \
		  "other, outermost first (**: any number of frames)", .at = offsetof(type, field.stack) }

struct chooser {
	const struct selection *selection;
	const struct tt_spans *spans;
	struct id_set tasks;            /* with a name that was chosen */
	uint8_t *stacks;                /* by number: 0 not matched yet, 1 no, 2 yes */
	size_t nstacks;
	bool no_memory;
};

/* Of every event, before the spans that it ends. */
void choose_event(struct chooser *c, const struct tt_event *ev);
/* Whether a span is chosen, its time aside. */
bool choose(struct chooser *c, const struct tt_span *span);
void chooser_release(struct chooser *c);

/* ---- time: --from, --to and --generation */

struct span_window {
	const struct selection *selection;
	int64_t from_ns, to_ns;         /* on the trace's clock */
	int64_t wanted_ns;              /* what --from says */
	bool in_generations;            /* the generation at hand is one of those */
	/* Intervals that end inside are taken whole, all others not at all: then windows that adjoin
	 * have each interval once. */
	bool by_end;
};

/* With the first event. */
void span_window_begin(struct span_window *w, const struct selection *selection, int64_t start_ns);
/* With every Sync: only then it is known when generations begin and end. */
void span_window_sync(struct span_window *w, const struct tt_event *ev);
/* Whether an event at this time is inside; of events in their order. */
bool span_window_has(const struct span_window *w, int64_t time_ns);
/* Cuts a span to the window; false: no part of it is inside. */
bool span_window_clip(const struct span_window *w, struct tt_span *span);

#endif
