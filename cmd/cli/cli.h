/* SPDX-License-Identifier: MIT */
/*
 * cli.h - what all verbs of the command line share: the exit statuses, the
 * options that every reading verb has, opening inputs, and messages. Command
 * layer: stands on tracetool.h only. The files of this folder:
 *
 *	options.c       one table of options drives parsing and --help
 *	selection.c selector.c selector_span.c
 *	                the options that choose, and which events and intervals they choose
 *	pattern.c idset.c event.c
 *	                patterns of names and stacks; sets of numbers; what an event is about
 *	input.c         opening what a verb reads, with the common options
 *	cause.c         why a trace is broken, where the whole file shows it
 *	message.c       messages on standard error
 *	progress.c      the line that says how far a run is
 *	out.c           a buffered writer, and text that is safe for a terminal
 *	screen.c        how wide a line for people may be, and breaking longer ones
 *	json.c csv.c units.c
 *	                members of JSON objects; CSV cells; counts, sizes and times
 *	wall.c          wall clock times
 *	describe.c arguments.c stacks.c
 *	                what happened in an event; rendered stacks
 *	meaning.c       a number as its spec says that it is meant
 *	fields.c        the fields of a record
 *	choose.c        which intervals the selection options choose
 *	numbers.c       small numbers for ids and texts, arrays that grow
 *	numbered.c      names of output files that are counted
 *	inputs.c walk.c all traces of files, folders, archives and lists of names
 *	inputs_file.c inputs_archive.c inputs_folder.c inputs_list.c
 *	                the steps from an operand to a trace (inputs_from.h)
 *	url.c           URLs among the arguments, without their passwords
 *	outfile.c       an output file, which appears whole or not at all
 *	traceout.c      a trace in such a file, compressed if its name says so
 *	dynlib.c        libraries that are loaded when they are needed
 *	restore.c       an anonymized trace with its old names
 *
 * A verb is a folder cmd/NAME with `int cmd_NAME(int argc, char **argv)` in NAME.c,
 * and a line in verbs.h. argv[0] is the verb. It parses its options (options.h) into
 * a local struct, runs, prints to `out_stdout` (out.h), and returns an exit status;
 * main() flushes and checks standard output after it. A verb never calls exit().
 */
#ifndef CMD_CLI_CLI_H
#define CMD_CLI_CLI_H

#include "options.h"
#include "tracetool.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum {
	STATUS_FINE = 0,
	STATUS_BAD = 1,     /* the trace is bad, or a check failed */
	STATUS_TROUBLE = 2, /* usage, input and output, resources */
};

/* Of several files, or of several steps with one, the worst status wins. */
static inline int worse(int a, int b)
{
	return a > b ? a : b;
}

#include "verbs.h"

/* ---- options of reading verbs */

struct cmd_common {
	struct opt_list specs;
	const char *member;
	uint64_t max_memory;
	bool quiet, verbose;
};

/* A row of a verb's options table whose struct `type` holds `field`, an opt_list. */
#define CMD_SPEC_OPTION(type, field)                                                            \
	{ .kind = OPT_LIST, .name = "spec", .meta = "FILE",                                     \
	  .help = "read event specs from FILE too (may be repeated)",                           \
	  .at = offsetof(type, field) }

/* The rows of one whose `field` is a cmd_common. */
#define CMD_COMMON_OPTIONS(type, field)                                                         \
	OPT_HEADING("Common options"),                                                          \
	CMD_SPEC_OPTION(type, field.specs),                                                     \
	{ .kind = OPT_STRING, .name = "member", .meta = "NAME",                                 \
	  .help = "read this member of an archive;\nARCHIVE:NAME as FILE does the same",        \
	  .at = offsetof(type, field.member) },                                                 \
	{ .kind = OPT_SIZE, .name = "max-memory", .meta = "SIZE",                               \
	  .help = "stop if a generation needs more (512M, 2G);\n"                               \
		  "default: a quarter of the machine's memory",                                 \
	  .at = offsetof(type, field.max_memory), .min = 1 << 20 },                             \
	{ .kind = OPT_FLAG, .letter = 'q', .name = "quiet",                                     \
	  .help = "no warnings, no progress", .at = offsetof(type, field.quiet) },              \
	{ .kind = OPT_FLAG, .letter = 'v', .name = "verbose",                                   \
	  .help = "more messages", .at = offsetof(type, field.verbose) },                       \
	OPT_HELP

/* ---- inputs */

/* What inputs are opened with: the specs with those of --spec, and the limits. */
struct cmd_input {
	struct tt_specs *specs;
	struct tt_options options;
};

/* Loads the specs. 0, or STATUS_TROUBLE after a message. Release in both cases. */
int cmd_input_init(struct cmd_input *in, const struct cmd_common *common);
void cmd_input_release(struct cmd_input *in);

/*
 * As tt_reader_open(), tt_wire_open() and tt_pieces_open(), but "-" is standard input, and
 * ARCHIVE:MEMBER opens that member if no file has the whole name. Nothing is
 * printed: the caller reports *err.
 */
int cmd_open_reader(struct tt_reader **out, const struct cmd_input *in, const char *path,
		    struct tt_error *err);
int cmd_open_wire(struct tt_wire **out, const struct cmd_input *in, const char *path,
		  struct tt_error *err);
int cmd_open_pieces(struct tt_pieces **out, const struct cmd_input *in, const char *path,
		    struct tt_error *err);
/*
 * An error of a trace that was read as one, from its first byte on: if something else in the
 * file explains it, *err becomes that, as validate words it. Such as: a copy changed all bytes, or
 * another trace begins there. An input that cannot be read again leaves it as it is.
 */
void cmd_find_cause(const struct cmd_input *in, const char *path, struct tt_error *err);
/* Reports such an error by cmd_report_end(), after cmd_find_cause(). The reader is NULL if the file
 * could not be opened. */
int cmd_report_cause(const struct cmd_input *in, const char *path, struct tt_reader *r,
		     const struct tt_error *err);
/* The same with the pieces of the file, which are at its beginning. */
void cmd_take_cause(struct tt_pieces *pieces, struct tt_error *err);
/* Whether it is worth to look. */
bool cmd_may_have_cause(const struct tt_error *err);
/* Turns the places of an error about the current trace into places in the input. */
void cmd_place_in_input(const struct tt_pieces *p, struct tt_error *err);
/*
 * OPT_RUN, unless the output `path`, which may be NULL, is a regular file that one of the
 * inputs or specs is read from: writing it would destroy that. Then the answer of opt_usage().
 */
int cmd_check_output(const struct opt_command *command, const char *path, char *const *files,
		     size_t n, const struct opt_list *specs);
/* The same of other files that are read: `what` each is, with an article. */
int cmd_check_output_of(const struct opt_command *command, const char *path,
			const struct opt_list *read, const char *what);
bool cmd_reads_stdin_twice(char *const *files, size_t n);
/* How messages name it: the path, or "standard input". */
const char *cmd_input_name(const char *path);
/* Whether it can be opened more than once: it is no pipe, FIFO or device. */
bool cmd_can_be_read_again(const char *path);
/* What follows the last slash of a path. */
const char *cmd_base_name(const char *path);
/* The number of processors that this process may use. */
unsigned cmd_processors(void);

/* ---- messages */

/* Only one thread at a time may print messages. */

/* The verb that runs, for messages; NULL: none yet. */
void cmd_set_verb(const char *verb);

/*
 * "tracetool VERB: FILE: text" and a newline on stderr; `file` may be NULL. What is
 * not printable is escaped, so the text may hold bytes of a trace.
 */
void cmd_error(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* What to do about the error that was reported last: a line of its own. */
void cmd_advise(const char *advice);

/*
 * An error or finding with its place ("offset 0x1a2b, gen 3, thread 7"), marked
 * as a warning if it is one, and on a second line what to do about it.
 */
void cmd_report(const char *file, const struct tt_error *err);

/*
 * Whether to report a finding. That no spec names an experiment is found in each
 * generation, and said once: then *said becomes true.
 */
bool cmd_is_news(const struct tt_error *finding, bool *said);

/* A set of numbers of experiments. */
struct cmd_numbers {
	uint64_t bits[4];
};

/* The same finding of a batch, for what reads batches and no events: once for each
 * experiment. */
void cmd_report_no_spec(const char *file, const struct tt_batch *batch, struct cmd_numbers *said);

/* The error that ended a reader; if no thread can go on, also what each of them waits for.
 * Returns cmd_status(). */
int cmd_report_end(const char *file, struct tt_reader *r, const struct tt_error *err);

/* The exit status for an error: STATUS_TROUBLE if it is the fault of the machine or of
 * the command line. */
int cmd_status(const struct tt_error *err);

/*
 * The place alone, "offset 0x1a2b, gen 3, thread 7", cut to fit and terminated.
 * Empty if nothing is known. Returns text.
 */
const char *cmd_location(const struct tt_error *err, char *text, size_t size);

/* Whether messages and text on this descriptor may be coloured (NO_COLOR, TERM). */
bool cmd_colour(int fd);

#endif
