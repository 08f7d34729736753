/* SPDX-License-Identifier: MIT */
/*
 * split.c - `tracetool split`: a trace in pieces, each of which is a trace. By generations, the
 * pieces have the bytes of the source; by size, time or events, they are cut anywhere, and
 * each one restates what the one before leads to. Command layer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "cli/units.h"
#include "cli/traceout.h"

struct split_options {
	struct cmd_common common;
	uint64_t generations, events, size;
	int64_t time_ns;
	const char *output;
};

/* A duration; a number without a unit is one of seconds. */
static int parse_seconds(void *target, const char *value, struct opt_mistake *why)
{
	int64_t *ns = target;
	char text[64];

	if (value[0] != '\0' && value[strspn(value, "0123456789.")] == '\0') {
		snprintf(text, sizeof(text), "%ss", value);
		value = text;
	}
	if (opt_duration(value, ns) < 0 || *ns <= 0)
		return opt_mistake(why, "is not a time (examples: 2, 0.5, 20ms)");
	return 0;
}

#define AT(field) .at = offsetof(struct split_options, field)

static const struct opt table[] = {
	OPT_HEADING("How large a piece is (one of these)"),
	{ .kind = OPT_NUMBER, .letter = 'g', .name = "generations", .meta = "N", .min = 1,
	  .help = "N generations, byte for byte (elsewhere, -g chooses\n"
		  "generations: here it counts them)", AT(generations) },
	{ .kind = OPT_SIZE, .name = "size", .meta = "SIZE", .min = 4096,
	  .help = "about SIZE bytes (64M), not compressed", AT(size) },
	{ .kind = OPT_OWN, .name = "seconds", .meta = "T", .parse = parse_seconds,
	  .help = "T seconds (1, 0.5), or another time (20ms)", AT(time_ns) },
	{ .kind = OPT_NUMBER, .name = "events", .meta = "N", .min = 1, .help = "N events",
	  AT(events) },
	OPT_HEADING("Output"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "NAME",
	  .help = "the names of the pieces: in NAME, %d or %03d is the\n"
		  "number of the piece, from 1; compressed if NAME ends\n"
		  "in .zst", AT(output) },
	CMD_COMMON_OPTIONS(struct split_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "split",
	.synopsis = "[OPTION...] -o NAME-%03d.trace FILE",
	.summary = "Divides a trace into pieces, each of which is a trace. FILE itself is not\n"
		   "changed; 'tracetool cat' joins the pieces.",
	.notes = "Exit status: 0 fine, 1 the trace is bad (the pieces before the fault are\n"
		 "written), 2 a usage, I/O or resource error.",
	.table = table,
	.min_operands = 1,
	.max_operands = 1,
};

struct run {
	const struct split_options *opt;
	const char *name;       /* of the input, for messages */
	char *source;           /* its path */
	const struct cmd_input *input;
	struct tt_reader *reader;
	/* the piece at hand */
	struct trace_output output;
	bool open;
	char path[4096];
	uint64_t npieces;
};

/* An error of the input. Returns its status. */
static int report_trace(const struct run *run, const struct tt_error *err)
{
	return cmd_report_cause(run->input, run->source, run->reader, err);
}

/* ---- names */

/* Where the conversion of a pattern is, how wide, and what follows it. False: there is none,
 * or several. */
static bool find_number(const char *pattern, size_t *at, int *width, const char **rest)
{
	const char *percent = strchr(pattern, '%');
	char *end;

	if (!percent || !(percent[1] == 'd' || percent[1] == '0'))
		return false;
	*at = (size_t)(percent - pattern);
	*width = (int)strtol(percent + 1, &end, 10);
	*rest = end + 1;
	return *end == 'd' && *width >= 0 && *width <= 9 && !strchr(end + 1, '%');
}

static int open_piece(struct run *run)
{
	const char *pattern = run->opt->output, *rest;
	size_t at;
	int width, n, status;

	if (!find_number(pattern, &at, &width, &rest))
		return STATUS_TROUBLE;
	n = snprintf(run->path, sizeof(run->path), "%.*s%0*" PRIu64 "%s", (int)at, pattern, width,
		     run->npieces + 1, rest);
	if (n < 0 || (size_t)n >= sizeof(run->path)) {
		cmd_error(NULL, "%s: the name is too long", pattern);
		return STATUS_TROUBLE;
	}
	/* (the pattern is no file: only a piece's name can be that of the input) */
	status = cmd_check_output(&command, run->path, &run->source, 1, &run->opt->common.specs);
	if (status == OPT_RUN)
		status = trace_output_open(&run->output, run->path);
	run->open = status == STATUS_FINE;
	return status;
}

static int close_piece(struct run *run)
{
	int status;

	if (!run->open)
		return STATUS_FINE;
	run->open = false;
	status = trace_output_finish(&run->output);
	run->npieces += status == STATUS_FINE;
	if (status == STATUS_FINE && run->opt->common.verbose)
		cmd_error(run->name, "%s", run->path);
	return status;
}

static void discard_piece(struct run *run)
{
	if (run->open)
		trace_output_discard(&run->output);
	run->open = false;
}

/* ---- by generations */

static int write_generation(struct run *run, const struct tt_split_part *piece)
{
	int status = STATUS_FINE;

	if (!run->open) {
		status = open_piece(run);
		if (status != STATUS_FINE)
			return status;
		trace_output_write(&run->output, piece->front);
	}
	trace_output_write(&run->output, piece->bytes);
	/* (what fails is reported when the piece is closed) */
	trace_output_end_generation(&run->output);
	return status;
}

static int split_generations(struct run *run)
{
	struct tt_splitter *pieces;
	struct tt_split_part piece;
	struct tt_error err;
	uint64_t n = 0;
	int status = STATUS_FINE, rc;

	if (tt_splitter_new(&pieces, run->reader, &err) < 0) {
		cmd_report(run->name, &err);
		return cmd_status(&err);
	}
	while ((rc = tt_splitter_next(pieces, &piece)) == 0 && status == STATUS_FINE) {
		status = write_generation(run, &piece);
		if (status == STATUS_FINE && ++n % run->opt->generations == 0)
			status = close_piece(run);
		progress_show_reader(run->reader);
	}
	if (rc < 0)
		status = worse(status, report_trace(run, tt_splitter_error(pieces)));
	tt_splitter_free(pieces);
	return status;
}

/* ---- anywhere */

/* Where the piece at hand ends. */
struct limits {
	uint64_t offset;        /* of the event before */
	int64_t until_ns;
	uint64_t nevents;       /* in the piece */
	uint64_t first_nbytes;  /* of the piece with its first event: most of it is restated */
	bool begun;
};

static uint64_t piece_nbytes(const struct tt_writer *w)
{
	struct tt_writer_progress p = tt_writer_progress(w);

	return p.nbytes + p.pending_nbytes;
}

static bool is_full(const struct split_options *opt, const struct limits *l,
		    const struct tt_event *ev, const struct tt_writer *w)
{
	uint64_t nbytes;

	/* (events that follow from one by Go's rules stay with it) */
	if (ev->kind != TT_KIND_STACK_SAMPLE && ev->offset == l->offset)
		return false;
	if (opt->time_ns != 0)
		return ev->time_ns >= l->until_ns;
	if (opt->events != 0)
		return l->nevents >= opt->events;
	/* (as much of its own as is restated, or many pieces would all have little but that) */
	nbytes = piece_nbytes(w);
	return nbytes >= opt->size && nbytes / 2 >= l->first_nbytes;
}

static void next_period(const struct split_options *opt, struct limits *l, int64_t time_ns)
{
	l->nevents = 0;
	if (!l->begun && __builtin_add_overflow(time_ns, opt->time_ns, &l->until_ns))
		l->until_ns = INT64_MAX;
	l->begun = true;
	if (opt->time_ns != 0 && time_ns >= l->until_ns) {
		int64_t periods = (time_ns - l->until_ns) / opt->time_ns + 1;

		if (__builtin_mul_overflow(periods, opt->time_ns, &periods) ||
		    __builtin_add_overflow(l->until_ns, periods, &l->until_ns))
			l->until_ns = INT64_MAX;
	}
}

/* The piece is complete, and the next one begins. A STATUS_*. */
static int turn(struct run *run, struct tt_writer *w)
{
	int status;

	if (tt_writer_next_trace(w, &run->output.sink) < 0) {
		cmd_report(run->name, tt_writer_error(w));
		return STATUS_TROUBLE;
	}
	status = close_piece(run);
	return status == STATUS_FINE ? open_piece(run) : status;
}

static int write_events(struct run *run, struct tt_writer *w)
{
	struct limits limits = { .offset = UINT64_MAX };
	const struct tt_event *ev;
	uint64_t n = 0;
	int rc;

	while ((rc = tt_reader_next(run->reader, &ev)) == 0) {
		int status = STATUS_FINE;

		if ((++n & PROGRESS_MASK) == 0)
			progress_show_reader(run->reader);
		if (!limits.begun)
			next_period(run->opt, &limits, ev->time_ns);
		if (ev->generation && is_full(run->opt, &limits, ev, w)) {
			next_period(run->opt, &limits, ev->time_ns);
			status = turn(run, w);
		}
		if (status != STATUS_FINE)
			return status;
		if (tt_writer_event(w, ev) < 0) {
			cmd_report(run->name, tt_writer_error(w));
			return cmd_status(tt_writer_error(w));
		}
		limits.nevents += ev->kind != TT_KIND_SYNC;
		if (limits.nevents == 1)
			limits.first_nbytes = piece_nbytes(w);
		limits.offset = ev->offset;
	}
	return rc < 0 ? report_trace(run, tt_reader_error(run->reader)) : STATUS_FINE;
}

static int split_anywhere(struct run *run)
{
	unsigned version = tt_reader_version(run->reader);
	const struct tt_writer_options options = {
		.size = sizeof(options),
		.flags = TT_WRITER_CONTINUES,
		.specs = tt_reader_specs(run->reader),
		.version = version == 22 || version == 23 ? version : 26,
		.max_memory_nbytes = run->opt->common.max_memory,
	};
	struct tt_writer *w;
	struct tt_error err;
	int status = open_piece(run);

	if (status != STATUS_FINE)
		return status;
	if (tt_writer_new(&w, &run->output.sink, &options, &err) < 0) {
		cmd_report(run->name, &err);
		return cmd_status(&err);
	}
	status = write_events(run, w);
	if (status != STATUS_TROUBLE && tt_writer_finish(w) < 0) {
		cmd_report(run->name, tt_writer_error(w));
		status = STATUS_TROUBLE;
	}
	/* (only a trace without an event, which is damaged, leaves a piece without one) */
	if (tt_writer_progress(w).generations == 0)
		discard_piece(run);
	tt_writer_free(w);
	return status;
}

/* ---- the run */

static int split(struct run *run)
{
	struct tt_error err;
	int status;

	if (cmd_open_reader(&run->reader, run->input, run->source, &err) < 0)
		return report_trace(run, &err);
	if (tt_reader_version(run->reader) < 22) {
		cmd_error(run->name, "a trace of Go 1.11 to 1.21 cannot be divided; 'tracetool "
				     "filter' makes one of Go 1.26 of it");
		tt_reader_close(run->reader);
		return STATUS_BAD;
	}
	progress_start(run->name, run->opt->common.quiet);
	status = run->opt->generations != 0 ? split_generations(run) : split_anywhere(run);
	progress_stop();
	if (status == STATUS_TROUBLE)
		discard_piece(run);
	else
		status = worse(status, close_piece(run));
	tt_reader_close(run->reader);
	if (status != STATUS_TROUBLE && !run->opt->common.quiet)
		cmd_error(run->name, "%" PRIu64 " piece%s written", run->npieces,
			  plural(run->npieces));
	return status;
}

static int check(const struct split_options *opt, char **files)
{
	int ways = (opt->generations != 0) + (opt->size != 0) + (opt->time_ns != 0) +
		   (opt->events != 0);
	const char *rest;
	size_t at;
	int width;

	if (ways != 1)
		return opt_usage(&command, "give exactly one of --generations, --size, "
					   "--seconds and --events");
	if (!opt->output)
		return opt_usage(&command, "no output given: use -o NAME-%%03d.trace");
	if (!find_number(opt->output, &at, &width, &rest))
		return opt_usage(&command, "-o: '%s' must have one place for a number (example: "
					   "part-%%03d.trace)", opt->output);
	return cmd_check_output(&command, opt->output, files, 1, &opt->common.specs);
}

int cmd_split(int argc, char **argv)
{
	struct split_options opt = { 0 };
	struct opt_operands operands;
	struct cmd_input input;
	struct run run = { .opt = &opt };
	int status = opt_parse(&command, argc, argv, &opt, &operands);

	if (status == OPT_RUN)
		status = check(&opt, operands.items);
	if (status == OPT_RUN) {
		run.name = cmd_input_name(operands.items[0]);
		run.source = operands.items[0];
		run.input = &input;
		status = cmd_input_init(&input, &opt.common);
		if (status == STATUS_FINE)
			status = split(&run);
		cmd_input_release(&input);
	}
	opt_list_release(&opt.common.specs);
	return status;
}
