/* SPDX-License-Identifier: MIT */
/*
 * selection.h - the options that choose events, which have the same spelling and meaning in
 * each verb that has them; selector.h is what they choose. Command layer, on options.h.
 */
#ifndef CMD_CLI_SELECTION_H
#define CMD_CLI_SELECTION_H

#include <stdbool.h>

#include "options.h"
#include "pattern.h"

/* Numbers that an option lists: 1,2,3; "none" is TT_NONE. Release with id_list_release(). */
struct id_list {
	int64_t *ids;
	size_t n;
};

void id_list_release(struct id_list *list);

static inline bool id_list_has(const struct id_list *list, int64_t id)
{
	for (size_t i = 0; i < list->n; i++) {
		if (list->ids[i] == id)
			return true;
	}
	return false;
}

/* From the first to the last, by their numbers in the trace. */
struct generation_range {
	uint64_t first, last;
};

#define ALL_GENERATIONS { 0, UINT64_MAX }

static inline bool generation_range_is_all(struct generation_range range)
{
	return range.first == 0 && range.last == UINT64_MAX;
}

static inline bool generation_range_has(struct generation_range range, uint64_t generation)
{
	return generation >= range.first && generation <= range.last;
}

/* From the start of the trace, or on its own clock. */
struct time_point {
	bool given, absolute;
	int64_t ns;
};

/* On the clock of a trace that starts then; one far behind the trace is INT64_MAX. */
int64_t time_point_ns(const struct time_point *t, int64_t start_ns);

/* Numbers, and patterns of names. */
struct task_list {
	struct id_list ids;
	struct opt_list names;
};

/* Whether one of the patterns is the whole text. */
bool names_have(const struct opt_list *patterns, struct tt_str text);

/*
 * For OPT_OWN rows: into a struct id_list, a struct generation_range ("3", "3-5", "3-"), a
 * struct time_point ("20ms", "@5382974722624"), a struct task_list ("7", "1,2", "request*").
 */
opt_parse_fn selection_parse_ids, selection_parse_generations, selection_parse_time,
	selection_parse_tasks;

/* All of them. Begin with SELECTION_ALL. */
struct selection {
	struct time_point from, to;
	struct generation_range generations;
	struct opt_list kinds;
	struct id_list goroutines, procs, threads;
	struct task_list tasks;
	struct opt_list regions; /* patterns of their names */
	const char *experiment;
	bool any_experiment;    /* its number may be one that no spec has: for batches */
	struct stack_pattern stack;
};

#define SELECTION_ALL { .generations = ALL_GENERATIONS }

/* Whether they leave anything out. */
bool selection_chooses(const struct selection *s);
/* Whether they choose some goroutines, processors or events rather than times, or all events but
 * those of kinds that no other event needs. */
bool selection_chooses_some(const struct selection *s);
/* OPT_RUN, or the answer of opt_usage(): they contradict each other. */
int selection_check(const struct selection *s, const struct opt_command *command);
void selection_release(struct selection *s);

/* Their rows in a verb's options table whose struct `type` holds `field`, a selection. */
#define SELECTION_OPTIONS(type, field)                                                          \
	{ .kind = OPT_OWN, .name = "from", .meta = "TIME", .parse = selection_parse_time,       \
	  .help = "from this time on (1.5s, 20ms, 300us, 40ns),\n"                              \
		  "counted from the start of the trace; or @NS, the\n"                          \
		  "trace's own nanoseconds (time_ns in JSON)",                                  \
	  .at = offsetof(type, field.from) },                                                   \
	{ .kind = OPT_OWN, .name = "to", .meta = "TIME", .parse = selection_parse_time,         \
	  .help = "up to this time, included", .at = offsetof(type, field.to) },                \
	{ .kind = OPT_OWN, .letter = 'g', .name = "generation", .meta = "N[-[M]]",              \
	  .parse = selection_parse_generations, .help = "events of these generations",          \
	  .at = offsetof(type, field.generations) },                                            \
	{ .kind = OPT_LIST, .letter = 'k', .name = "kind", .meta = "KIND[,...]",                \
	  .help = "events of these kinds (StateTransition, Metric, ...)\n"                      \
		  "or names (GoBlock, HeapObjectAlloc, ...);\n"                                 \
		  "with ! before a name: all but these",                                        \
	  .at = offsetof(type, field.kinds) },                                                  \
	{ .kind = OPT_OWN, .letter = 'G', .name = "goroutine", .meta = "ID[,...]",              \
	  .parse = selection_parse_ids,                                                         \
	  .help = "events on or about these goroutines\n"                                       \
		  "(none: events on no goroutine)", .at = offsetof(type, field.goroutines) },   \
	{ .kind = OPT_OWN, .letter = 'P', .name = "proc", .meta = "ID[,...]",                   \
	  .parse = selection_parse_ids,                                                         \
	  .help = "events on or about these processors", .at = offsetof(type, field.procs) },   \
	{ .kind = OPT_OWN, .letter = 'T', .name = "thread", .meta = "ID[,...]",                 \
	  .parse = selection_parse_ids,                                                         \
	  .help = "events on or about these threads", .at = offsetof(type, field.threads) },    \
	{ .kind = OPT_OWN, .letter = 'M', .parse = selection_parse_ids, .meta = "ID[,...]",     \
	  .help = "same as --thread", .at = offsetof(type, field.threads) },                    \
	{ .kind = OPT_OWN, .name = "task", .meta = "ID[,...]|NAME",                             \
	  .parse = selection_parse_tasks,                                                       \
	  .help = "begin and end, regions and log messages of these\n"                          \
		  "tasks (in NAME, * is any text, ? any byte)",                                 \
	  .at = offsetof(type, field.tasks) },                                                  \
	{ .kind = OPT_LIST, .name = "region", .meta = "NAME",                                   \
	  .help = "begin and end of regions of this name (* and ?)",                            \
	  .at = offsetof(type, field.regions) },                                                \
	{ .kind = OPT_STRING, .letter = 'e', .name = "experiment", .meta = "NAME",              \
	  .help = "events of this experiment", .at = offsetof(type, field.experiment) },        \
	{ .kind = OPT_OWN, .name = "stack", .meta = "PATTERN[;...]",                            \
	  .parse = stack_pattern_parse,                                                         \
	  .help = "events with a function in their stack whose name\n"                          \
		  "contains PATTERN (* any text, ? any byte); or with\n"                        \
		  "several that call each other, outermost first\n"                             \
		  "(**: any number of frames)", .at = offsetof(type, field.stack) }

#endif
