/* SPDX-License-Identifier: MIT */
/*
 * inputs.h - all traces that the operands of a verb stand for, one after the other: files,
 * all traces of archives and folders, and those that lists of names give. For verbs that
 * take many files. Command layer: stands on cli.h.
 *
 *	struct verb_options {
 *		struct cmd_common common;
 *		struct cmd_inputs_options inputs;
 *	};
 *	static const struct opt table[] = {
 *		...
 *		CMD_INPUTS_OPTIONS(struct verb_options, inputs),
 *		CMD_COMMON_OPTIONS(struct verb_options, common),
 *		OPT_TABLE_END,
 *	};                              (min_operands and max_operands stay 0)
 *
 *	struct cmd_inputs *inputs;
 *	struct cmd_trace *t;
 *
 *	status = cmd_inputs_check(&command, &o.inputs, &o.common, &operands);
 *	if (status == OPT_RUN)
 *		status = cmd_inputs_open(&inputs, &o.inputs, &input, &operands);
 *	while (cmd_inputs_next(inputs, &t) == 0) {
 *		if (!t->reader) {           (or t->pieces, see below)
 *			cmd_report(t->name, &t->error);
 *			status = worse(status, cmd_status(&t->error));
 *		} else {
 *			... read t->reader, say t->name ...
 *		}
 *		cmd_trace_close(t);
 *	}
 *	status = worse(status, cmd_inputs_close(inputs, o.common.verbose));
 *	cmd_inputs_options_release(&o.inputs);
 *
 * What an operand stands for:
 *
 *	FILE            the trace in it, whatever it begins with; `-`: standard input
 *	FOLDER          all files below it that begin as a trace, compressed or not, in the
 *	                order of their names' bytes; with --all-files all files, also archives.
 *	                Links to files are followed, links to folders are not
 *	ARCHIVE         its only file, whatever it begins with; of several files those that
 *	                begin as a trace, in the order of the archive, or with --all-files all
 *	ARCHIVE:MEMBER  that one; ARCHIVE:PATTERN (with *, ? or [) those that match it
 *
 * What macOS adds to folders and archives (tt_is_litter()) does not count. With --member each
 * operand is one archive's member, and folders are refused. That a folder or an archive has
 * no trace is an error. Time and memory: each byte is read once, whatever the number of
 * members; a small member (16 MiB) is held in memory, a larger one streams. All names of one
 * folder are in memory, and those of the folders around it.
 */
#ifndef CMD_CLI_INPUTS_H
#define CMD_CLI_INPUTS_H

#include "cli.h"

struct cmd_inputs_options {
	struct opt_list lists;  /* of --files-from */
	bool nul, all_files;
	bool take_apart;        /* set by the verb: each trace is a file with all traces in it,
	                           as `pieces` and not as `reader` */
};

/* The rows of a table whose struct `type` holds `field`, a cmd_inputs_options. */
#define CMD_INPUTS_OPTIONS(type, field)                                                         \
	OPT_HEADING("Files"),                                                                   \
	{ .kind = OPT_LIST, .name = "files-from", .meta = "LIST",                               \
	  .help = "also read the files that this file names, one a\n"                           \
		  "line; - for standard input (may be repeated)",                               \
	  .at = offsetof(type, field.lists) },                                                  \
	{ .kind = OPT_FLAG, .letter = '0', .name = "null",                                      \
	  .help = "names in LIST end with a NUL byte (find -print0)",                           \
	  .at = offsetof(type, field.nul) },                                                    \
	{ .kind = OPT_FLAG, .name = "all-files",                                                \
	  .help = "of folders and archives, read all files, not only\n"                         \
		  "those that begin as a trace",                                                \
	  .at = offsetof(type, field.all_files) }

/* Whether the options and operands go together, and name anything. OPT_RUN, or the answer of
 * opt_usage(). */
int cmd_inputs_check(const struct opt_command *command, const struct cmd_inputs_options *o,
		     const struct cmd_common *common, const struct opt_operands *operands);
/* cmd_check_output() of what they name, and of the lists of names. */
int cmd_inputs_check_output(const struct opt_command *command, const char *path,
			    const struct cmd_inputs_options *o, const struct opt_operands *operands,
			    const struct opt_list *specs);
void cmd_inputs_options_release(struct cmd_inputs_options *o);

struct cmd_inputs;

/* A trace to read. */
struct cmd_trace {
	const char *name;       /* PATH, ARCHIVE:MEMBER, or `-`: for people, print it with
	                           cmd_input_name(). Any bytes. Lives until the trace is closed */
	size_t index;           /* of traces of this run, from 0: the order for reports */
	struct tt_reader *reader; /* NULL: `error` says why, */
	struct tt_pieces *pieces; /* or with take_apart this one */
	struct tt_error error;
};

/* STATUS_FINE, or STATUS_TROUBLE after a message. What it is given outlives the inputs. */
int cmd_inputs_open(struct cmd_inputs **out, const struct cmd_inputs_options *o,
		    const struct cmd_input *input, const struct opt_operands *operands);
/*
 * The output of the verb, before the first trace is asked for: `path` may be NULL, fd -1. A
 * trace found in a folder or list that the output would replace is an error then; another
 * such file of a folder is left out.
 */
void cmd_inputs_output(struct cmd_inputs *in, const char *path, int fd);
/* Whether there was such a trace: then the output must not be written. */
bool cmd_inputs_clash(const struct cmd_inputs *in);
/* Whether it is known that there is one trace at most: then its reader may have all threads. */
bool cmd_inputs_single(const struct cmd_inputs *in);

/*
 * The next trace: 0, or 1 at the end. Close it with cmd_trace_close(). Several threads may
 * ask, and have a trace each. A thread that asks for another one first closes the one it
 * has: the call may wait for a trace that streams from an archive.
 */
int cmd_inputs_next(struct cmd_inputs *in, struct cmd_trace **out);
/*
 * Opens the same bytes once more, from the beginning; the reader is the caller's. 0 or an
 * error in *err. TT_E_ARGUMENT: the input can be read only once.
 */
int cmd_trace_open_again(struct tt_reader **out, const struct cmd_trace *t, struct tt_error *err);
/* The same, with all traces that the file may hold one after the other. */
int cmd_trace_open_pieces_again(struct tt_pieces **out, const struct cmd_trace *t,
				struct tt_error *err);
/* As cmd_find_cause(). */
void cmd_trace_find_cause(const struct cmd_trace *t, struct tt_error *err);
/* As cmd_report_cause(). */
int cmd_trace_report_cause(const struct cmd_trace *t, struct tt_reader *r,
			   const struct tt_error *err);
void cmd_trace_close(struct cmd_trace *t);

/* After the last trace is closed. With --verbose says how many files were left out. Returns
 * STATUS_FINE, or STATUS_TROUBLE after a message if there was no memory for all traces. */
int cmd_inputs_close(struct cmd_inputs *in, bool verbose);

#endif
