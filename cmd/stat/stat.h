/* SPDX-License-Identifier: MIT */
/*
 * stat.h - what the parts of `tracetool stat` share. Command layer, inside stat only.
 *
 *	stat.c          options and files; runs what they ask for
 *	view.c          the views: their source, keys and columns
 *	files.c         many files, several at a time, and their sum
 *	collect.c       one trace: spans and events into tables and facts
 *	count.c         which tables count a span, and as what
 *	holders.c       who holds the locks that others wait for
 *	peers.c         goroutines that wait for one another, as for a pool
 *	woken.c         when goroutines that waited were woken
 *	answer.c        the tables and facts of a trace, and how two are added
 *	keys.c          the keys of rows as text
 *	table.c dist.c  rows of distributions by key; durations as a distribution
 *	util.c          mutator utilization; util_ends.c how it begins and ends, for --merge
 *	rows.c          the rows that are printed, in their order
 *	text.c data.c   a view as text; as JSON or CSV
 *	summary.c       the view `summary` as text; lines.c pieces of its lines
 *	findings.c      causes of trouble that its numbers show; findings_text.c in words
 *	worth.c         what it says is worth a look: these, and commands
 *	mmu.c           the view `mmu`
 *	metrics.c       the numbers of a summary by name, for JSON and --fail-if
 *	expression.c    --fail-if
 *	diff.c          --diff
 *	partial.c       --partial: an answer as JSON that can be merged
 *	merge.c parse.c --merge: reads it; parse.c reads JSON
 *	go.c ...        --go: what Go's summarizer computes (go.h)
 */
#ifndef CMD_STAT_STAT_H
#define CMD_STAT_STAT_H

#include "cli/choose.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/out.h"
#include "table.h"
#include "util_ends.h"

enum stat_format { FORMAT_TEXT, FORMAT_JSON, FORMAT_CSV };

/* The tables of a summary, and that of another view. Those that are not asked for have no
 * measures. */
enum stat_table_number {
	TABLE_STATES,           /* by function */
	TABLE_WAITS,            /* by reason */
	TABLE_SITES,            /* waits by the program's function and the reason */
	TABLE_RANGES,           /* by name */
	TABLE_PROCS,
	TABLE_TASKS,            /* by type */
	TABLE_GROWTH,           /* by function */
	TABLE_VIEW,
	TABLE_SYSCALLS,         /* by the program's function */
	TABLE_HOLDERS,          /* by the place that waits and that of the holder */
	TABLE_PEERS,            /* the same of waits for one another (peers.h) */
	TABLE_ASSISTS,          /* ranges by the program's function and the name */
	NTABLES
};

/* ---- views */

/* What a column shows of a measure. */
enum stat_value {
	VALUE_N,
	VALUE_SUM,
	VALUE_MEAN,
	VALUE_MIN,
	VALUE_MAX,
	VALUE_AT,               /* when the longest began */
	VALUE_ID,               /* whose the longest was */
	VALUE_SHARE,            /* of its sum in that of the first measure */
	VALUE_QUANTILES,        /* a column for each of --percentiles */
};

struct stat_column {
	const char *name;
	unsigned measure;
	enum stat_value value;
};

enum { MAX_COLUMNS = 10 };

struct stat_view {
	const char *name;
	const char *key;        /* what they are by default; NULL: as by_name() says */
	const char *sort;       /* the column by default; NULL: the first sum */
	enum stat_source source;
	enum stat_by by;        /* by default */
	unsigned bys;           /* a bit for each enum stat_by that makes sense */
	struct stat_column columns[MAX_COLUMNS];
};

/* The view of this name; NULL: none. `summary` and `mmu` have no source. */
const struct stat_view *view_named(const char *name);
/* The i-th one, or NULL. */
const struct stat_view *view_at(size_t i);
/* "func", "goroutine", ...: what a key is called. */
const char *by_name(enum stat_by by);
/* The same for people: "type" of a task, for example. */
const char *view_key(const struct stat_view *view, enum stat_by by);
/* The table that the rows of a view are in. */
enum stat_table_number view_table(const struct stat_view *view);

/* ---- options */

enum { MAX_QUANTILES = 8 };

struct stat_quantiles {
	bool given;             /* on the command line */
	size_t n;
	double parts[MAX_QUANTILES];
	char names[MAX_QUANTILES][12]; /* "p99.9" */
};

struct stat_options {
	struct cmd_common common;
	struct cmd_inputs_options inputs;
	const struct stat_view *view;
	int format, by;         /* by: an index of by_choices, 0: the view's */
	const char *sort;
	uint64_t limit;         /* UINT64_MAX: the default of the format */
	struct stat_quantiles quantiles;
	bool go, histogram, partial, merge;
	const char *diff;
	struct opt_list fail_if;
	uint64_t jobs;
	struct selection selection;
};

/* ---- an answer */

/* The windows of minimum mutator utilization in a summary. */
enum { NWINDOWS = 3 };
extern const int64_t stat_windows[NWINDOWS];

/* What is known about a trace beside its tables; of several traces the sum, or the extreme. */
struct stat_facts {
	uint64_t nfiles, nbroken;
	uint64_t nevents, ngenerations;
	int64_t start_ns, end_ns;       /* of the only trace; times of the first and last event */
	uint64_t duration_ns;           /* of what was selected */
	int64_t from_ns, to_ns;         /* where that begins and ends, of the only trace */
	uint64_t goroutines_start, created, ended, peak, live;
	uint64_t nprocs;                /* the most that there were at a time; else those seen */
	uint64_t heap_max, heap_goal_max, heap_last;
	uint64_t collector_ns;          /* of processors, as utilization counts it */
	uint64_t util_ns;               /* time for which utilization is known, times processors */
	double mmu[NWINDOWS];
	int64_t mmu_at[NWINDOWS];
};

/* What was found out about one trace, or about several together. */
struct stat_answer {
	char *file;                     /* of one trace; its own copy */
	int status;
	struct tt_error *error;         /* that ended the trace, or kept it from being opened */
	bool opened;
	struct stat_facts facts;
	struct stat_table tables[NTABLES];
	struct util util;               /* with a summary and the view mmu */
	struct util_ends ends;          /* of it, with --partial and --merge */
	bool no_memory;
};

/* Whether the options need the tables of a summary; utilization; who holds locks. */
bool wants_summary(const struct stat_options *opt);
bool wants_utilization(const struct stat_options *opt);
bool wants_holders(const struct stat_options *opt);
/* The tables that the options ask for, empty; all of it is zero before. `file` may be NULL.
 * False: no memory. */
bool answer_init(struct stat_answer *a, const struct stat_options *opt, const char *file);
void answer_release(struct stat_answer *a);
/* Adds the answer about the next part of the same trace, whose intervals were counted in the part
 * in which they end. */
void answer_append(struct stat_answer *a, const struct stat_answer *part);
/* Adds one answer to another. */
void answer_merge(struct stat_answer *a, const struct stat_answer *from, bool by_file);
/* STATUS_TROUBLE after a message if there was no memory. */
int answer_check(const struct stat_answer *a);

/* Reads a trace. Prints nothing; the status and the error are in the answer. */
void collect(struct stat_answer *a, const struct stat_options *opt, struct cmd_trace *trace);

/* ---- keys.c */

/* The number that sets the key of a span apart in its trace; false: there is none. */
bool key_id(const struct stat_table *t, const struct tt_span *span, uint64_t *id);
/* The key as text, appended to *o. */
void key_text(const struct tt_spans *spans, const char *file, const struct stat_table *t,
	      const struct tt_span *span, struct out *o);
/* The innermost function of a stack that is the program's own, else its outermost one. */
struct tt_str site_of(const struct tt_spans *spans, uint32_t stack);
/* The function of the thread that writes the trace of a native program. */
#define NATIVE_FLUSHER "tracetool.flush"
/* Whether a function belongs to the runtime: "" and what begins with "runtime.", but
 * runtime.main. */
bool is_system_function(struct tt_str name);

#endif
