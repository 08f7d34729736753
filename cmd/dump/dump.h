/* SPDX-License-Identifier: MIT */
/*
 * dump.h - what the parts of `tracetool dump` share. Command layer, inside dump only.
 *
 *	dump.c          options, and the one walk over the events, which drives a format
 *	parallel.c      the same walk, printed by several threads
 *	text.c json.c csv.c go.c
 *	                the formats: tables of functions
 *	go_stuck.c      the error of Go's format that lists the state of everything
 *	tables.c        the tables of each generation, instead of its events
 *	wire.c          the undecoded events, straight from the file's bytes
 *	durations.c     how long what an event ends has lasted
 *	report.c        messages
 */
#ifndef CMD_DUMP_DUMP_H
#define CMD_DUMP_DUMP_H

#include "cli/cli.h"
#include "cli/out.h"
#include "cli/describe.h"
#include "cli/restore.h"
#include "cli/selector.h"
#include "cli/wall.h"
#include "tracetool_analyze.h"

/* ---- options */

enum dump_format_id {
	DUMP_TEXT,
	DUMP_GO,
	DUMP_WIRE,
	DUMP_JSON,
	DUMP_CSV,
};

struct dump_options {
	struct cmd_common common;
	int format;             /* enum dump_format_id */
	bool stacks;            /* all frames */
	bool durations;         /* of what an event ends */
	uint64_t jobs;          /* threads that print */
	bool header;            /* of the wire format */
	const char *names;      /* a list of old names; or NULL */
	struct selection selection;
	uint64_t limit;
	/* sections */
	bool strings, stacks_table, samples, batches, sync;
};

/* ---- formats */

/*
 * A short text that is likely to be needed again. It is copied whole, whatever its
 * length: a copy of fixed size is faster.
 */
enum { MEMO_SIZE = 128 };

struct memo {
	unsigned len;           /* 0: nothing */
	char text[MEMO_SIZE];
};

/* What go.c printed recently. */
struct go_memos {
	/* several events of one goroutine often follow each other */
	struct go_context {
		int64_t thread, proc, goroutine;
		enum tt_kind kind;
		struct memo memo;
	} contexts[128];
	/* The same few are printed again and again. A reason is known by its address, which
	 * is valid in one generation: they are dropped when another begins. */
	struct go_states {
		const char *reason;
		enum tt_state from, to;
		struct memo memo;
	} states[64];
};

/* How long what an event ends has lasted, as far as it is in the window of the options. */
struct dump_duration {
	bool given;
	bool partial;           /* it began before the trace or the window */
	int64_t ns;
	struct tt_str reason;   /* of a wait */
};

/* One run of dump, as formats see it. */
struct dump {
	const struct dump_options *opt;
	struct cmd_restored *restored; /* what is read, if there are old names */
	const struct opt_command *command;
	const struct cmd_input *input;
	const char *path;
	const char *file;       /* as messages name it */
	struct tt_reader *reader;
	struct selector selector;
	/* What tt_reader_next() gave when it was called for the names of filters alone. */
	struct {
		bool given;
		int rc;
		const struct tt_event *ev;
	} first;
	struct out *out;        /* what formats print to */
	struct dump_worker *worker; /* which events this thread prints; NULL: all */
	struct tt_error failure; /* of another thread's reader, or code 0 */
	struct stack_cache stacks;      /* the format sets its render function */
	struct stack_cache tops;        /* the top function, likewise */
	struct out scratch;             /* see dump_scratch() */
	struct tt_spans *spans; /* with --durations, else NULL */
	bool no_spans;          /* there was no memory for them */
	struct dump_duration duration; /* of the event at hand */
	struct go_memos go;
	int64_t start_ns, last_ns;      /* of the first and the latest event */
	uint64_t events, printed;
	bool pending;                   /* text: a generation's line is still to be printed */
	bool ended;             /* the whole trace was read */
	bool said_no_spec;      /* that no spec names an experiment */
	bool prints_ahead;      /* into memory, before its turn: no messages, no flush */
	bool colour;
	int status;                     /* a format that must stop sets this */
};

struct dump_format {
	unsigned open_flags;    /* enum tt_open_flags */
	bool sync_is_no_line;   /* --limit does not count Syncs */
	void (*header)(struct dump *d); /* this, error and footer may be NULL */
	/* On several threads at once, each with a struct dump of its own. */
	void (*event)(struct dump *d, const struct tt_event *ev);
	/* Another generation begins; may be NULL. */
	void (*begin_generation)(struct dump *d);
	/* `matched`: the filters let it pass. */
	void (*sync)(struct dump *d, const struct tt_event *ev, bool matched);
	/* The error that ended the trace; NULL: dump_error(). Returns the status. */
	int (*error)(struct dump *d, const struct tt_error *err);
	/* At the end, or where a limit stops the walk, if there was no error. */
	void (*footer)(struct dump *d);
};

extern const struct dump_format dump_text, dump_go, dump_json, dump_csv;

/* A text was lost, so printing has to end. */
static inline bool dump_no_memory(const struct dump *d)
{
	return stack_cache_failed(&d->stacks) || stack_cache_failed(&d->tops) ||
	       d->scratch.error != 0 || d->no_spans;
}

/* Where to write a text in d->scratch that is to be changed before it is printed. */
static inline char *dump_scratch(struct dump *d)
{
	if (!d->scratch.buffer)
		out_init_memory(&d->scratch);
	d->scratch.pos = d->scratch.buffer;
	return out_begin(&d->scratch);
}

/* Ends the walk at this event, with this exit status. */
static inline void dump_stop(struct dump *d, int status)
{
	d->status = status;
}

int dump_wire(const struct cmd_input *in, const struct dump_options *opt, const char *path,
	      const struct cmd_restored *restored);
int dump_sections(struct dump *d);

/* ---- shared by several formats */

/* All frames: a line each, or a JSON array. */
stack_render_fn dump_text_frames, dump_json_frames;
/* The innermost function as a member; nothing if there is no frame. */
stack_render_fn dump_json_top;
/* The member "clock". */
char *dump_json_clock(char *p, const struct tt_clock *clock);

/* ---- durations.c */

/* With --durations, once the reader is open. 0, or a code with *err. */
int dump_durations_init(struct dump *d, struct tt_error *err);
/* Each event, before it is printed: sets d->duration. */
void dump_durations_take(struct dump *d, const struct tt_event *ev);
/* ", after 1.2ms (chan receive)", or nothing. */
char *out_duration(struct dump *d, struct out *o, char *p);

/* ---- report.c */

/* Prints what the reader found so far, as warnings, unless -q is given. */
void dump_findings(struct dump *d);
/* Reports an error as all verbs do, with what threads wait for; returns the status. */
int dump_error(struct dump *d, const struct tt_error *err);
/* Puts in the place of an error of the reader what else in the file explains it. */
void dump_find_cause(const struct dump *d, struct tt_error *err);
/* Reports how much was read and printed. */
void dump_report_reading(const struct dump *d);
/* Prints an error of the trace as Go words it, and nothing else. */
void dump_like_go(const struct tt_error *err);
/* After dump_like_go(), of TT_E_STUCK: the rest of Go's text (go_stuck.c). */
void go_print_stuck(struct tt_reader *r, uint64_t generation);

#endif
