/* SPDX-License-Identifier: MIT */
/*
 * inputs_from.h - the steps from an operand to a trace: inputs_file.c, inputs_archive.c,
 * inputs_folder.c, inputs_list.c, each of which uses those before it. Private to inputs.c.
 * Functions that return a trace return NULL where none was found in this step, or memory ran out,
 * which the inputs remember.
 */
#ifndef CMD_CLI_INPUTS_FROM_H
#define CMD_CLI_INPUTS_FROM_H

#include <pthread.h>
#include <stdio.h>
#include <sys/stat.h>

#include "inputs.h"
#include "walk.h"

/* What a folder or an archive gave. */
struct group {
	char *name;
	uint64_t found, left_out;
	char seems[160];        /* what the first that was left out seems to be, or "" */
};

struct cmd_inputs {
	pthread_mutex_t lock;   /* guards all that follows */
	pthread_cond_t closed;  /* a trace that streamed was closed */
	const struct cmd_inputs_options *o;
	const struct cmd_input *input;
	const struct opt_operands *operands;
	size_t at;              /* the next operand */
	size_t list_at;         /* the next list of names, */
	FILE *list;             /* and the one that is being read, or NULL */
	uint64_t list_names;    /* names read from it */
	char *list_name;        /* the name read last */
	struct walk walk;
	struct group folder;    /* without a name: not in a folder */
	struct tt_archive *archive; /* NULL: not in an archive */
	struct group members;
	char *pattern;          /* that members are to match, or NULL */
	struct tt_member member; /* the one that `archive` is at, if it is `ahead` */
	bool ahead;
	struct group *notes;    /* those from which files were left out */
	size_t nnotes;
	size_t index;           /* of the next trace */
	bool ended;
	bool no_memory;
	bool clash;
	struct stat output, temporary; /* st_mode is 0: there is none */
};

struct trace {
	struct cmd_trace public;
	struct cmd_inputs *from;
	char *name;
	char *path;             /* of the file; NULL: it can be read only once */
	char *member;           /* in it; NULL: `path` says it all */
	bool streams;           /* from the archive */
};

/* ---- inputs_file.c */

/* Ends the inputs. False. */
bool inputs_out_of_memory(struct cmd_inputs *in);
void inputs_clear_error(struct tt_error *err);
void inputs_trace_free(struct trace *t);
/* A trace without a reader, yet. `path` and `member` may be NULL. */
struct trace *inputs_trace_new(struct cmd_inputs *in, const char *name, const char *path,
			       const char *member);
/* One that cannot be read, for a reason of the machine or the command line. */
struct trace *inputs_trace_failed(struct cmd_inputs *in, const char *name, int code, int failure,
				  const char *format, ...) __attribute__((format(printf, 5, 6)));
/* Whether what a folder or archive holds is left out: what does not begin as a trace. */
bool inputs_is_left_out(const struct cmd_inputs *in, const struct tt_error *err);
/* Closes a file that is left out: counts it, and keeps what the first one seems to be. */
void inputs_leave_out(struct group *g, struct trace *t);
/* Opens what `rc` says was opened or not, as pieces, where no header was looked at yet. */
int inputs_check_begin(struct trace *t, int rc, bool chosen);
/* The reader or the pieces of a path. An error about the header of a file that the user named
 * is left to those who read the pieces. */
int inputs_open_path(struct cmd_inputs *in, struct trace *t, const char *path, bool chosen);
/* `chosen`: the user named it. NULL: it was left out. */
struct trace *inputs_open_file(struct cmd_inputs *in, const char *path, bool chosen);
/* Files that are left out are mentioned at the end. The name becomes the note's. */
void inputs_end_group(struct cmd_inputs *in, struct group *g);
/* What to say of a folder or an archive in which no trace was found. */
struct trace *inputs_no_trace_in(struct cmd_inputs *in, const struct group *g, const char *what);

/* ---- inputs_archive.c */

/* Closes it. */
void inputs_end_archive(struct cmd_inputs *in);
/* The next trace of the archive. NULL: none, the archive has ended, or one was left out. */
struct trace *inputs_from_archive(struct cmd_inputs *in);
/* Enters the archive that was opened. `pattern` may be NULL; `name` is copied. */
void inputs_enter_archive(struct cmd_inputs *in, const char *name, const char *pattern);
/* An archive with a file for each of its errors opens too. */
struct trace *inputs_from_path(struct cmd_inputs *in, const char *path, bool chosen);
/* The colon before a pattern, if what is before it is a file; NULL: there is none. */
const char *inputs_find_pattern(const char *path);
/* Of ARCHIVE:PATTERN. */
struct trace *inputs_from_pattern(struct cmd_inputs *in, const char *path, const char *colon);

/* ---- inputs_folder.c */

/*
 * A file that was not named on the command line and is the output, or the temporary file of
 * it. If it is a trace, it is an error, since writing would destroy it.
 */
struct trace *inputs_from_output(struct cmd_inputs *in, const char *path, const struct stat *st);
/* *st is set if it is. */
bool inputs_is_output(const struct cmd_inputs *in, const char *path, struct stat *st);
/* NULL: none, the folder has ended, or a file was left out. */
struct trace *inputs_from_folder(struct cmd_inputs *in);
/* The next ones come from there. */
struct trace *inputs_enter_folder(struct cmd_inputs *in, const char *path);

/* ---- inputs_list.c */

/* The first trace of what was named, or NULL if it needs more steps. */
struct trace *inputs_from_operand(struct cmd_inputs *in, const char *path, bool listed);
/* Of the list that is read, or the next one. */
struct trace *inputs_from_list(struct cmd_inputs *in);

#endif
