/* SPDX-License-Identifier: MIT */
/*
 * cat.c - `tracetool cat`: pieces of one recording as one trace. Command layer.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/inputs.h"
#include "cli/numbers.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "cli/traceout.h"

struct cat_options {
	struct cmd_common common;
	struct cmd_inputs_options inputs;
	const char *output;
};

static const struct opt table[] = {
	OPT_HEADING("Output"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "OUT",
	  .help = "write the trace to OUT, compressed if its name ends\n"
		  "in .zst; '-' is standard output", .at = offsetof(struct cat_options, output) },
	CMD_INPUTS_OPTIONS(struct cat_options, inputs),
	CMD_COMMON_OPTIONS(struct cat_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "cat",
	.synopsis = "[OPTION...] -o OUT FILE...",
	.summary = "Joins pieces of one recording: files of 'tracetool record --rotate-size',\n"
		   "snapshots of a flight recorder, the pieces of 'tracetool split'. They may be\n"
		   "given in any order, and may overlap.",
	.notes = "Exit status: 0 fine, 1 a piece is bad or of another recording, or something is\n"
		 "missing between pieces (what can be joined is written), 2 a usage, I/O or\n"
		 "resource error.",
	.table = table,
};

/* A piece, and when it begins. */
struct piece {
	char *path;             /* owned */
	int64_t start_ns;       /* behind what it restates: see follow_start() */
	bool ends_there;        /* it has nothing else */
	unsigned version;
	size_t place;           /* among those given */
};

struct run {
	const struct cat_options *opt;
	const struct cmd_input *input;
	struct piece *pieces;
	size_t n, room;
	struct trace_output output;
	struct tt_writer *writer;
	struct tt_join *join;
};

/* ---- which comes first */

/*
 * What a piece restates takes a nanosecond an event, and ends where the piece before ends. So the
 * time that such a row of events reaches is no earlier than the end of the piece before, and no
 * later than that of this one, whatever events they are. (The last Sync of a trace is later than
 * its last event.)
 */
static void follow_start(struct piece *piece, struct tt_reader *r)
{
	const struct tt_event *ev;
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0 && ev->generation != NULL &&
	       (ev->kind == TT_KIND_SYNC || ev->time_ns == piece->start_ns + 1))
		piece->start_ns = ev->time_ns;
	piece->ends_there = rc != 0 || ev->generation == NULL;
}

static int read_start(struct run *run, struct piece *piece)
{
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	int rc, status = STATUS_FINE;

	if (cmd_open_reader(&r, run->input, piece->path, &err) < 0)
		return cmd_report_cause(run->input, piece->path, NULL, &err);
	piece->version = tt_reader_version(r);
	rc = tt_reader_next(r, &ev);
	if (rc == 0) {
		piece->start_ns = ev->time_ns;
		follow_start(piece, r);
	} else if (rc < 0) {
		status = cmd_report_cause(run->input, piece->path, r, tt_reader_error(r));
	}
	tt_reader_close(r);
	return status;
}

static int by_start(const void *a, const void *b)
{
	const struct piece *x = a, *y = b;

	if (x->start_ns != y->start_ns)
		return x->start_ns > y->start_ns ? 1 : -1;
	if (x->ends_there != y->ends_there)
		return x->ends_there ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* A header older than 1.25 stays if all pieces have it: they have no wall clock. */
static unsigned common_version(const struct run *run)
{
	unsigned version = run->pieces[0].version;

	for (size_t i = 0; i < run->n; i++) {
		if (run->pieces[i].version != version)
			return 26;
	}
	return version == 22 || version == 23 ? version : 26;
}

static int order_pieces(struct run *run)
{
	for (size_t i = 0; i < run->n; i++) {
		int status = read_start(run, &run->pieces[i]);

		if (status != STATUS_FINE)
			return status;
		if (run->pieces[i].version < 22) {
			cmd_error(cmd_input_name(run->pieces[i].path),
				  "a trace of Go 1.11 to 1.21 is no piece of a recording; "
				  "'tracetool filter' makes one of Go 1.26 of it");
			return STATUS_BAD;
		}
	}
	qsort(run->pieces, run->n, sizeof(*run->pieces), by_start);
	return STATUS_FINE;
}

/* ---- joining */

static void report_piece(const struct run *run, const char *name,
			 const struct tt_join_progress *before)
{
	struct tt_join_progress now = tt_join_progress(run->join);
	int64_t gap_ns = now.gap_ns - before->gap_ns;
	char text[32] = "", *end = text;

	/* (a piece without an event says nothing of the time) */
	if (gap_ns > 0)
		end = put_char(put_duration(put_lit(end, " ("), gap_ns), ')');
	*end = '\0';
	if (run->opt->common.quiet)
		return;
	if (now.gaps != before->gaps)
		cmd_error(name, "something is missing before this piece%s: events made up: "
				"%" PRIu64, text, now.made - before->made);
	else if (now.made != before->made)
		cmd_error(name, "events made up in this piece, for what is missing before: "
				"%" PRIu64, now.made - before->made);
	if (now.moved != before->moved)
		cmd_error(name, "events with a later time than in this piece, to follow those "
				"before: %" PRIu64, now.moved - before->moved);
	if (now.gaps != before->gaps && now.stranger)
		cmd_error(name, "it has no thread of the pieces before: it may be another "
				"program's");
	if (run->opt->common.verbose)
		cmd_error(name, "events that repeat or are restated: %" PRIu64,
			  now.repeated - before->repeated);
}

static int join_piece(struct run *run, const struct piece *piece)
{
	const char *name = cmd_input_name(piece->path);
	struct tt_join_progress before = tt_join_progress(run->join);
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	uint64_t n = 0;
	int status = STATUS_FINE, rc, joined = 0;

	if (cmd_open_reader(&r, run->input, piece->path, &err) < 0)
		return cmd_report_cause(run->input, piece->path, NULL, &err);
	progress_start(name, run->opt->common.quiet);
	if (piece == &run->pieces[run->n - 1])
		tt_join_begin_last(run->join);
	else
		tt_join_begin(run->join);
	while ((rc = tt_reader_next(r, &ev)) == 0 && joined == 0) {
		joined = tt_join_event(run->join, ev);
		if ((++n & PROGRESS_MASK) == 0)
			progress_show_reader(r);
	}
	progress_stop();
	if (joined < 0) {
		const struct tt_error *why = tt_writer_error(run->writer);

		cmd_error(name, "%s", why->message);
		status = why->system && why->code != TT_E_ARGUMENT ? STATUS_TROUBLE : STATUS_BAD;
	} else {
		if (rc < 0)
			status = cmd_report_cause(run->input, piece->path, r, tt_reader_error(r));
		report_piece(run, name, &before);
		if (tt_join_progress(run->join).gaps != before.gaps)
			status = worse(status, STATUS_BAD);
	}
	tt_reader_close(r);
	return status;
}

/* Up to the first piece that does not fit. */
static int join_all(struct run *run)
{
	int status = STATUS_FINE;

	for (size_t i = 0; i < run->n; i++) {
		status = worse(status, join_piece(run, &run->pieces[i]));
		if (status == STATUS_TROUBLE || tt_writer_error(run->writer)->code != TT_OK)
			break;
	}
	return status;
}

static int finish(struct run *run, int status)
{
	bool refused = tt_writer_error(run->writer)->code == TT_E_ARGUMENT;
	struct tt_writer_progress p;

	/* (a piece of another recording is a mistake: no half of the whole is written) */
	if (status == STATUS_TROUBLE || refused) {
		trace_output_discard(&run->output);
		return status;
	}
	if (tt_writer_finish(run->writer) < 0) {
		cmd_report(run->opt->output, tt_writer_error(run->writer));
		trace_output_discard(&run->output);
		return STATUS_TROUBLE;
	}
	p = tt_writer_progress(run->writer);
	if (p.generations == 0) {
		trace_output_discard(&run->output);
		cmd_error(NULL, "%s: no event can be read: no trace is written", run->opt->output);
		return STATUS_BAD;
	}
	if (trace_output_finish(&run->output) != STATUS_FINE)
		return STATUS_TROUBLE;
	if (tt_writer_error(run->writer)->code != TT_OK)
		cmd_error(NULL, "%s: the trace ends before that event; later pieces are left out",
			  run->opt->output);
	if (p.made_clock && !run->opt->common.quiet)
		cmd_error(NULL, "%s: not every piece has a wall clock: where there is none, it "
				"begins at 1970, with the trace's own time added", run->opt->output);
	if (run->opt->common.verbose)
		cmd_error(NULL, "%s: events taken from the pieces: %" PRIu64 ", generations: %"
				PRIu64, run->opt->output, p.events, p.generations);
	return status;
}

static int cat(struct run *run)
{
	struct tt_writer_options options = {
		.size = sizeof(options),
		.specs = run->input->specs,
		.max_memory_nbytes = run->opt->common.max_memory,
	};
	struct tt_error err;
	int status = order_pieces(run);

	if (status != STATUS_FINE)
		return status;
	options.version = common_version(run);
	status = trace_output_open(&run->output, run->opt->output);
	if (status != STATUS_FINE)
		return status;
	if (tt_writer_new(&run->writer, &run->output.sink, &options, &err) < 0 ||
	    tt_join_new(&run->join, run->writer, &err) < 0) {
		cmd_report(NULL, &err);
		trace_output_discard(&run->output);
		status = STATUS_TROUBLE;
	} else {
		status = finish(run, join_all(run));
	}
	tt_join_free(run->join);
	tt_writer_free(run->writer);
	return status;
}

/* ---- which files there are */

static int add_piece(struct run *run, const char *path)
{
	struct piece piece = { .place = run->n };

	if (!cmd_can_be_read_again(path)) {
		cmd_error(cmd_input_name(path), "each piece is read twice, so standard input and "
						"FIFOs cannot be used: write it to a file first");
		return STATUS_TROUBLE;
	}
	piece.path = strdup(path);
	if (!piece.path ||
	    !array_room(&run->pieces, &run->room, run->n + 1, sizeof(*run->pieces))) {
		free(piece.path);
		cmd_error(NULL, "no memory for the names of the pieces");
		return STATUS_TROUBLE;
	}
	run->pieces[run->n++] = piece;
	return STATUS_FINE;
}

/* All that the operands and lists name. */
static int list_pieces(struct run *run, const struct opt_operands *files)
{
	struct cmd_inputs *inputs;
	struct cmd_trace *t;
	int status = cmd_inputs_open(&inputs, &run->opt->inputs, run->input, files);

	if (status != STATUS_FINE)
		return status;
	cmd_inputs_output(inputs, run->opt->output, -1);
	while (status == STATUS_FINE && cmd_inputs_next(inputs, &t) == 0) {
		status = t->reader ? add_piece(run, t->name)
				   : cmd_trace_report_cause(t, NULL, &t->error);
		cmd_trace_close(t);
	}
	return worse(status, cmd_inputs_close(inputs, run->opt->common.verbose));
}

static int run_cat(const struct cat_options *opt, const struct opt_operands *files)
{
	struct cmd_input input;
	struct run run = { .opt = opt, .input = &input };
	int status = cmd_input_init(&input, &opt->common);

	if (status == STATUS_FINE)
		status = list_pieces(&run, files);
	if (status == STATUS_FINE)
		status = cat(&run);
	for (size_t i = 0; i < run.n; i++)
		free(run.pieces[i].path);
	free(run.pieces);
	cmd_input_release(&input);
	return status;
}

static int check(const struct cat_options *opt, const struct opt_operands *files)
{
	int status = cmd_inputs_check(&command, &opt->inputs, &opt->common, files);

	if (status == OPT_RUN)
		status = trace_output_check(&command, opt->output, files->items, files->n,
					    &opt->common.specs);
	if (status == OPT_RUN)
		status = cmd_check_output_of(&command, opt->output, &opt->inputs.lists, "an input");
	return status;
}

int cmd_cat(int argc, char **argv)
{
	struct cat_options opt = { 0 };
	struct opt_operands files;
	int status = opt_parse(&command, argc, argv, &opt, &files);

	if (status == OPT_RUN)
		status = check(&opt, &files);
	if (status == OPT_RUN)
		status = run_cat(&opt, &files);
	cmd_inputs_options_release(&opt.inputs);
	opt_list_release(&opt.common.specs);
	return status;
}
