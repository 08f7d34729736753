/* SPDX-License-Identifier: MIT */
/*
 * info.h - what the parts of `tracetool info` share. Command layer, inside info only.
 *
 *	info.c     options, and the one walk over the generations, which drives a format
 *	count.c    what --count counts, from event to event
 *	pieces.c   a damaged file taken apart: other traces in it, text, bytes in front
 *	names.c    words that all formats use: versions, containers, where a spec is from
 *	text.c json.c csv.c
 *	           the formats: tables of functions
 *
 * Nothing is kept of a generation once its row is printed, so that memory does not grow
 * with their number.
 */
#ifndef CMD_INFO_INFO_H
#define CMD_INFO_INFO_H

#include "cli/cli.h"
#include "cli/idset.h"
#include "cli/inputs.h"
#include "cli/out.h"

enum info_format_id {
	INFO_TEXT,
	INFO_JSON,
	INFO_CSV,
};

struct info_options {
	struct cmd_common common;
	struct cmd_inputs_options inputs;
	int format;             /* enum info_format_id */
	bool table;             /* a line per file */
	bool count;
};

/* A row of the table of generations. */
struct info_generation {
	uint64_t number, ordinal;
	uint64_t offset, end;
	uint64_t frequency;
	struct tt_generation_summary summary;
	uint64_t nstrings, nstacks, nsamples, nexperimental;
	bool complete;          /* false: damage keeps the rest from being read */
	bool has_times, has_clock;
	struct tt_clock clock;
	uint64_t nevents;       /* with --count, and then last_ns of the summary is exact */
};

/* An experiment with batches or, with --count, events. */
struct info_experiment {
	uint64_t nbatches, nbytes, nevents;
};

/* What --count counts. */
struct info_count {
	uint64_t nevents;
	uint64_t kinds[TT_KIND_COUNT];
	uint64_t goroutines, procs; /* that existed at any time */
};

/* A damaged place. Of many, the first INFO_MAX_DAMAGES are kept. */
struct info_damage {
	struct tt_error err;
	uint64_t skipped_nbytes;
	bool resumed;           /* generations that follow were read */
};
enum { INFO_MAX_DAMAGES = 64 };

enum { INFO_MAX_THREADS = 1 << 20 };

/* One file. */
struct info {
	const struct info_options *opt;
	const char *file;       /* as messages name it */
	size_t index;           /* among the traces of this run */
	struct tt_specs *specs; /* those of the command line, and */
	struct tt_specs *builtin; /* the built-in ones alone; NULL: not needed yet */
	const struct cmd_trace *trace;
	struct tt_reader *reader; /* its; NULL: it could not be opened */
	struct tt_progress progress;
	/* the sums over all generations */
	uint64_t ngenerations;
	struct info_generation total; /* .clock is that of the first generation that has one */
	struct id_set threads;  /* that wrote events: at most INFO_MAX_THREADS are told apart */
	bool more_threads;      /* there were more */
	struct info_experiment experiments[256];
	struct info_count count;
	struct info_damage *damages;
	size_t ndamages;        /* all of them */
	size_t damages_cap;
	struct tt_pieces *pieces; /* all that the file holds; NULL: a trace and nothing else, or it
	                           is not known */
	bool in_generation;     /* its row is not printed yet */
	struct info_generation now;
	bool said_no_spec;
	int status;
};

/* All but `end` may be NULL. If a file could not be opened, f->reader is NULL. */
struct info_format {
	void (*header)(void);   /* before the first file */
	void (*begin)(const struct info *f);
	void (*generation)(const struct info *f, const struct info_generation *g);
	void (*end)(const struct info *f);
};

extern const struct info_format info_text, info_json, info_csv, info_table_text,
	info_table_json, info_table_csv;

/* total.summary.last_ns is the time of the last event, not that of the last batch. */
static inline bool info_end_is_exact(const struct info *f)
{
	return f->total.complete && (f->opt->count || tt_reader_version(f->reader) < 22);
}

/* ---- count.c */

/* A Sync is of a generation that f->now describes already. */
void info_count_event(struct info *f, const struct tt_event *ev);

/* ---- pieces.c */

/* Sets f->pieces of a damaged file, if it can be read once more and holds more than a trace. */
void info_take_apart(struct info *f, const struct cmd_trace *t);

/* ---- names.c */

/* "v1", "v2", and the versions of Go that write such a header: "1.26 or later". */
const char *info_format_name(unsigned version);
const char *info_go_versions(unsigned version);
/* "plain", "zstd", "gzip, tar member dir/a.trace": escaped. */
char *info_container(const struct info *f, struct out *o, char *p);
/* The name of an experiment, or NULL. */
const char *info_experiment_name(const struct info *f, unsigned id);
/* Where its spec is from: "built-in", "option", "trace", or "none". */
const char *info_spec_origin(const struct info *f, unsigned id);
/* Whether an experiment has batches or events; the number of those that have. */
bool info_has_experiment(const struct info *f, unsigned id);
unsigned info_nexperiments(const struct info *f);
/* "trace", "front", "text", "zeros", "other". */
const char *info_piece_kind(const struct tt_piece *piece);
/* How many damages are kept. */
size_t info_ndamages_kept(const struct info *f);

#endif
