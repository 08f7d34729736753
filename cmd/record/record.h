/* SPDX-License-Identifier: MIT */
/*
 * record.h - what the parts of `tracetool record` share. Command layer, inside record
 * only.
 *
 *	record.c        options, and which source they name
 *	stdin.c url.c command.c native/
 *	                the sources: standard input, a Go server, a command that writes
 *	                a trace, a native program
 *	session.c       one recording: from a source into files, until it ends
 *	check.c         the check that runs beside it
 *
 * A source is read by one function that waits for bytes. It starts a command or a
 * transfer at the first read, when the output is already open; while it waits it calls
 * record_wait() or record_tick(), so that progress and messages appear.
 */
#ifndef CMD_RECORD_RECORD_H
#define CMD_RECORD_RECORD_H

#include <sys/types.h>

#include "cli/cli.h"
#include "tracetool_write.h"

/* The longest time that an option or a URL may ask for. */
#define RECORD_MAX_SECONDS INT64_C(1000000000)

struct record_options {
	struct opt_list specs;
	const char *output;
	const char *url;
	int64_t seconds_ns, timeout_ns; /* of the URL; < 0: not given */
	uint64_t rotate_nbytes, keep;
	int64_t rotate_ns;
	uint64_t max_memory;
	bool quiet;
	bool heap, stacks, follow;      /* of a native program */
};

struct record;

struct record_source {
	const char *name;       /* for messages */
	struct record *record;
	/* As in struct tt_input; ECANCELED when the user asked to stop. */
	int64_t (*read)(struct record_source *s, void *buf, size_t room);
	/* After the last read; may be NULL. That a source is `broken` was reported then.
	   Returns a STATUS_*, or the exit status of a command. */
	int (*finish)(struct record_source *s);
	bool started;           /* it gave a byte */
	bool broken;            /* the last read failed */
	/* Why, if there is more to say than errno does; one line. */
	char why[1024];
};

/* ---- stopping */

/* From now on signals stop the recording, not the process. A STATUS_*. */
int record_catch_signals(void);
/* How often the user asked to stop: SIGINT, SIGTERM, SIGHUP. */
int record_stops(void);
/* Sends such a signal on to a child if it was sent to this process alone. *seen is how many
 * there were at the last call; 0 at first. */
void record_forward_stop(pid_t pid, int *seen);
/* Readable while there are signals to handle, SIGCHLD included; for polling. */
int record_wake_fd(void);
void record_wake_clear(void);

/* ---- waiting */

/* Shows progress and reports what the check found. */
void record_tick(struct record *r);
/* Waits until fd (-1: none) is readable, a signal arrives or the time is over. */
void record_wait(struct record *r, int fd, int timeout_ms);
/* Whether the source should stop now: sets errno. */
bool record_cancelled(void);

/* ---- sources */

/* Each calls record_run() with its source, and returns its status. */
int record_run(struct record *r, struct record_source *s);
int record_standard_input(struct record *r);
int record_url(struct record *r, const struct opt_command *command);
/* Whether an argument contains `{}`. */
bool record_has_placeholder(char **argv);
/* argv ends with NULL; `{}` in it is replaced by the file that the trace goes to. */
int record_command(struct record *r, char **argv);
/* The same without `{}`: the program is native, and a library in it writes the trace. */
int record_native(struct record *r, char **argv);

struct record {
	const struct record_options *opt;
	const struct cmd_input *in;
	const struct record_source *source; /* while it runs */
	struct tt_recorder *recorder;
	struct record_check *check;
	int64_t start_ns;
	/* For a native program: as in struct tt_recorder_options. */
	bool (*symbol)(void *arg, uint64_t pc, struct tt_symbol *out);
	void *symbol_arg;
};

/* ---- check */

/*
 * Reads whole generations in a thread of its own, in order, as validate does. The
 * recording never waits for it: the check ends if too much of the trace is queued.
 */
struct record_check;

/* NULL if there is no memory or no thread, after a message. */
struct record_check *record_check_start(const struct cmd_input *in);
/* Queues the next bytes of the stream; data is NULL if there was no memory to keep them. */
void record_check_add(struct record_check *c, const void *data, size_t nbytes);

struct record_checked {
	uint64_t events, generations;
	bool complete;          /* all that was recorded is checked */
};
struct record_checked record_check_progress(struct record_check *c);
/* The next finding; false if there is none yet. *more: how many were not kept so far. */
bool record_check_finding(struct record_check *c, struct tt_error *err, uint64_t *more);
/* The end of the stream: waits until all is read. */
void record_check_end(struct record_check *c);
/* STATUS_FINE, or what the worst finding means. */
int record_check_status(struct record_check *c);
void record_check_free(struct record_check *c);

#endif
