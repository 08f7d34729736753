/* SPDX-License-Identifier: MIT */
/*
 * grep.h - what the parts of `tracetool grep` share. Command layer, inside grep only.
 *
 *	grep.c     options, and one file after the other
 *	search.c   the walk over one file, and which of its generations are read
 *	spans.c    which intervals are hits
 *	context.c  the events around hits, for -A and -B
 *	print.c    lines of text and JSON
 *	jobs.c     several files at a time
 */
#ifndef CMD_GREP_GREP_H
#define CMD_GREP_GREP_H

#include "cli/cli.h"
#include "cli/describe.h"
#include "cli/inputs.h"
#include "cli/selector.h"
#include "tracetool_analyze.h"

enum grep_format {
	GREP_TEXT,
	GREP_JSON,
};

struct grep_options {
	struct cmd_common common;
	struct cmd_inputs_options inputs;
	struct selection selection;
	struct time_point longer_than;
	struct opt_list reasons, ranges;
	unsigned states;        /* a bit for each enum tt_state */
	int format;             /* enum grep_format */
	bool count, with, without, silent;
	uint64_t limit;         /* hits in a file */
	int64_t after_ns, before_ns;
	uint64_t jobs;          /* files at a time */
	bool spans;             /* intervals are searched, not events */
};

static inline bool grep_wants_context(const struct grep_options *opt)
{
	return opt->after_ns != 0 || opt->before_ns != 0;
}

/* Whether lines are printed for hits, and not for files. */
static inline bool grep_prints_hits(const struct grep_options *opt)
{
	return !opt->count && !opt->with && !opt->without && !opt->silent;
}

/* Pieces of time around hits: sorted and apart from each other once they are complete. */
struct grep_windows {
	struct grep_window {
		int64_t start_ns, end_ns;
	} *at;
	size_t n, cap;
	size_t next;            /* the first that is not over */
	bool failed;            /* no memory, or too many */
};

/* Which generations can have hits, as far as a look at the tables says. */
struct grep_plan {
	uint8_t *may;           /* one for each generation, in the order of the file */
	size_t n, cap;
	size_t first, last;     /* that may have hits; first == n: none may */
	bool complete;          /* there are no more generations */
};

/* Where the lines of a file go: standard output, or memory until it is the file's turn. */
struct grep_output {
	struct grep_jobs *jobs; /* NULL: files are searched one after the other */
	size_t index;           /* of the trace */
	struct out *out;        /* &out_stdout or &kept */
	struct out kept;
};

/* One file. */
struct search {
	const struct grep_options *opt;
	const struct opt_command *command;
	const struct cmd_trace *trace;
	const char *file;       /* as messages name it */
	struct grep_output *output;
	struct tt_reader *reader; /* of the pass at hand */
	struct selector selector;
	struct tt_spans *spans;         /* or NULL */
	struct stack_cache tops;
	struct grep_plan plan;
	struct grep_windows windows;
	bool collecting;        /* the first of two passes: windows, no lines */
	bool started;
	int64_t start_ns;       /* of the first generation */
	uint64_t generation;    /* the number of that at hand */
	uint64_t nevents, nhits;
	bool printed;           /* a line of this file */
	bool said_no_spec;
	int64_t printed_ns;     /* of the latest event with context */
	int status;             /* STATUS_TROUBLE, or STATUS_FINE */
};

/* ---- search.c */

/* Searches one file. s->nhits and s->status are the answer. */
void grep_search(struct search *s);

/* ---- spans.c */

/* For an OPT_OWN row: a state or a list of them into an unsigned. */
opt_parse_fn grep_parse_states;
/* Whether an interval is a hit; *start_ns and *end_ns are then cut to the window. */
bool grep_span_matches(struct search *s, const struct tt_span *span, int64_t *start_ns,
		       int64_t *end_ns);
/* False if no generation with these strings can have such an interval begin. */
bool grep_may_begin_in(const struct search *s, const struct tt_generation *g);

/* ---- context.c */

void grep_windows_add(struct grep_windows *w, const struct grep_options *opt, int64_t start_ns,
		      int64_t end_ns);
/* No more are added. */
void grep_windows_complete(struct grep_windows *w);
/* Whether a time is in one; times do not go back. */
bool grep_windows_have(struct grep_windows *w, int64_t ns);
/* Whether all are over. */
bool grep_windows_over(const struct grep_windows *w);

/* ---- jobs.c */

/* Searches one trace: whether it has hits. */
typedef bool grep_trace_fn(const struct grep_options *opt, const struct cmd_trace *t,
			   const void *arg, struct grep_output *output, int *status);
/* Searches all, opt->jobs at a time: whether any has hits. *status becomes the worst. */
bool grep_jobs_run(const struct grep_options *opt, struct cmd_inputs *inputs, grep_trace_fn *search,
		   const void *arg, int *status);
/* Returns when all files before are done: lines go to standard output from now on. To be called
 * before any message. */
void grep_wait_turn(struct grep_output *output);
/* A line was written. */
void grep_written(struct grep_output *output);

/* ---- print.c */

/* An event that is a hit, or one near a hit. */
void grep_print_event(struct search *s, const struct tt_event *ev, bool hit);
void grep_print_span(struct search *s, const struct tt_span *span, int64_t start_ns,
		     int64_t end_ns);
/* With -c, -l or -L, what is said of a file. */
void grep_print_file(const struct search *s);

#endif
