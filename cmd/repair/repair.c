/* SPDX-License-Identifier: MIT */
/*
 * repair.c - `tracetool repair`: what can be kept of a damaged trace, as a new one; of a file
 * that holds several, the first, or each in a file of its own. Before a new one gets its name,
 * all of it is read, and what is broken in it is left out. Command layer: stands on outfile.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/numbered.h"
#include "cli/traceout.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "left_out.h"
#include "tracetool_write.h"

struct repair_options {
	struct cmd_common common;
	const char *output, *all;
};

static const struct opt table[] = {
	OPT_HEADING("Output"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "OUT",
	  .help = "write the repaired trace to OUT, compressed if its\n"
		  "name ends in .zst; '-' is standard output",
	  .at = offsetof(struct repair_options, output) },
	{ .kind = OPT_STRING, .name = "all", .meta = "NAME-%d",
	  .help = "write each trace of FILE to a file of its own;\n%d is its number, from 1",
	  .at = offsetof(struct repair_options, all) },
	CMD_COMMON_OPTIONS(struct repair_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "repair",
	.synopsis = "[OPTION...] {-o OUT | --all=NAME-%d} FILE",
	.summary = "Turns a damaged or cut-off trace into one that can be read, and keeps all of\n"
		   "it that can be kept. Leaves out what is not the trace's, and undoes what a copy\n"
		   "did to it. FILE itself is not changed.",
	.notes = "Exit status: 0 nothing is lost, 1 something is lost, left out or in doubt or\n"
		 "events are made up, 2 a usage, I/O or resource error. tracetool-repair(1) says\n"
		 "what is kept and what is made up.",
	.table = table,
	.min_operands = 1,
	.max_operands = 1,
};

struct run {
	const struct repair_options *opt;
	char *path;             /* of the input, */
	const char *name;       /* and for messages */
	const struct cmd_input *input;
	struct tt_pieces *pieces; /* of the input */
	struct left_out left_out;
	unsigned others;        /* traces after the first, which are left out */
	/* of the current trace: */
	const char *output;
	struct trace_output to;
	uint64_t *ends;         /* of its generations: where each ends, before it is compressed */
	size_t nends, ends_cap;
	uint64_t nwritten;
	/* what is written is read again; if the output is not a regular file, it is first
	 * written here */
	FILE *scratch;
	struct out scratch_out;
	char *scratch_buffer;
	uint64_t generations, whole, events, doubted_events, made_events;
	uint64_t lost_events, lost_nbytes, unread_nbytes;
	bool lost_more;         /* more events than lost_events */
	bool advised;           /* to give a spec */
};

/* ---- reporting */

static void report_made(const struct run *run, const struct tt_repair *r)
{
	struct tt_made_event ev;

	for (size_t i = 0; tt_repair_made(r, i, &ev); i++) {
		char args[256] = "";
		size_t used = 0;

		for (unsigned k = 0; k < ev.spec->nargs && used < sizeof(args); k++)
			used += (size_t)snprintf(args + used, sizeof(args) - used, " %s=%" PRId64,
						 ev.spec->args[k].name, (int64_t)ev.args[k]);
		cmd_error(run->name, "made up: thread %" PRId64 ": %s%s", ev.thread, ev.spec->name,
			  args);
	}
}

static void report_lost(struct run *run, const struct tt_repaired *g)
{
	struct tt_error why = g->why;
	char place[256];

	if (why.code == TT_OK)
		return;
	cmd_place_in_input(run->pieces, &why);
	cmd_error(run->name, "%s: %.*s", cmd_location(&why, place, sizeof(place)),
		  (int)strcspn(why.message, "\n"), why.message);
	if (g->unknown_type >= 0 && !run->advised) {
		cmd_error(run->name,
			  "no spec defines event type %d: the rest of its thread is lost. %s",
			  g->unknown_type, tt_code_advice(TT_E_EVENT_TYPE));
		run->advised = true;
	}
}

/* "2", and what more is lost that cannot be counted. */
static const char *lost_text(uint64_t events, uint64_t unread_nbytes, bool more, char *text,
			     size_t size)
{
	int n = 0;

	if (!more)
		snprintf(text, size, "%" PRIu64, events);
	else if (events == 0 && unread_nbytes == 0)
		snprintf(text, size, "unknown");
	else if (events != 0)
		n = snprintf(text, size, "at least %" PRIu64, events);
	if (more && unread_nbytes != 0)
		snprintf(text + n, size - (size_t)n, "%sthose in %" PRIu64 " unreadable byte%s",
			 n > 0 ? " and " : "", unread_nbytes, plural(unread_nbytes));
	return text;
}

/* ", in doubt: 5", or nothing. */
static const char *doubted_text(uint64_t events, char *text, size_t size)
{
	text[0] = '\0';
	if (events != 0)
		snprintf(text, size, ", in doubt: %" PRIu64, events);
	return text;
}

/* What is missing before a generation, and what of it is not its own. */
static void report_exceptions(const struct run *run, const struct tt_repaired *g)
{
	if (g->missing_generations != 0)
		cmd_error(run->name,
			  "generations missing before generation %" PRIu64 ": %" PRIu64
			  ", made up without events: %" PRIu64,
			  g->number, g->missing_generations, g->made_generations);
	if ((g->flags & TT_REPAIRED_FREQUENCY_ASSUMED) != 0)
		cmd_error(run->name,
			  "generation %" PRIu64 ": the frequency of its clock is lost: 15625000 "
			  "ticks a second, as on every system but Windows, is assumed",
			  g->number);
	if ((g->flags & TT_REPAIRED_CLOCK_MADE) != 0)
		cmd_error(run->name, "generation %" PRIu64 ": its clock snapshot is lost, and made up",
			  g->number);
	if ((g->flags & TT_REPAIRED_TICKS) != 0)
		cmd_error(run->name, "the clock's frequency is lost: times and durations are ticks, "
				     "shown as if a tick were a nanosecond");
	if (g->lost_names != 0)
		cmd_error(run->name,
			  "events that have no name or stack now, because it is lost: %" PRIu64,
			  g->lost_names);
	if (g->doubted_events != 0)
		cmd_error(run->name,
			  "generation %" PRIu64 ": events in doubt are those of %" PRIu64
			  " damaged batch%s, at 0x%" PRIx64 "%s: their %stimes and arguments "
			  "may be wrong", g->number, g->doubted_batches,
			  g->doubted_batches == 1 ? "" : "es",
			  tt_pieces_offset(run->pieces, g->doubted_offset),
			  g->doubted_batches == 1 ? "" : " and later",
			  (g->flags & TT_REPAIRED_ODD_THREAD) != 0 ? "threads, " : "");
}

static void report_generation(struct run *run, const struct tt_repair *r,
			      const struct tt_repaired *g)
{
	bool more = (g->flags & TT_REPAIRED_LOST_MORE) != 0;
	char lost[96], doubted[40];

	if (run->opt->common.quiet)
		return;
	report_lost(run, g);
	report_exceptions(run, g);
	if (g->whole && g->made_events != 0)
		cmd_error(run->name,
			  "generation %" PRIu64 ": kept as it is; events made up before its own: "
			  "%" PRIu64, g->number, g->made_events);
	else if (g->whole && run->opt->common.verbose)
		cmd_error(run->name,
			  "generation %" PRIu64 ": kept as it is; bytes %" PRIu64 " to %" PRIu64
			  ", events: %" PRIu64, g->number, tt_pieces_offset(run->pieces, g->offset),
			  tt_pieces_offset(run->pieces, g->end - 1) + 1, g->events);
	if (g->whole && g->lost_nbytes != 0)
		cmd_error(run->name, "around generation %" PRIu64 ": bytes lost: %" PRIu64,
			  g->number, g->lost_nbytes);
	if (!g->whole)
		cmd_error(run->name,
			  "generation %" PRIu64 ": events kept: %" PRIu64 "%s, lost: %s"
			  ", made up: %" PRIu64 "; table entries made up: %" PRIu64
			  "; bytes lost: %" PRIu64,
			  g->number, g->events,
			  doubted_text(g->doubted_events, doubted, sizeof(doubted)),
			  lost_text(g->lost_events, g->unread_nbytes, more, lost, sizeof(lost)),
			  g->made_events, g->made_entries, g->lost_nbytes);
	if (run->opt->common.verbose)
		report_made(run, r);
}

static bool lost_any(const struct run *run)
{
	return run->whole != run->generations || run->lost_nbytes != 0 || run->lost_events != 0 ||
	       run->lost_more || run->made_events != 0;
}

static bool left_out_any(const struct run *run)
{
	return run->left_out.text + run->left_out.zeros + run->left_out.other != 0 ||
	       run->others != 0;
}

static void report_all(const struct run *run)
{
	const char *name = run->opt->all ? run->output : run->name;
	char lost[96], doubted[40];

	if (run->opt->common.quiet)
		return;
	if (!lost_any(run))
		/* (a file that lacks whole batches may be valid, too) */
		cmd_error(name,
			  "nothing is lost of the trace that is there; generations: %" PRIu64
			  ", events: %" PRIu64 "%s",
			  run->generations, run->events,
			  doubted_text(run->doubted_events, doubted, sizeof(doubted)));
	else
		cmd_error(name,
			  "in all, generations kept: %" PRIu64 ", %" PRIu64
			  " of them whole; events kept: %" PRIu64 "%s, lost: %s; bytes lost: "
			  "%" PRIu64,
			  run->generations, run->whole, run->events,
			  doubted_text(run->doubted_events, doubted, sizeof(doubted)),
			  lost_text(run->lost_events, run->unread_nbytes, run->lost_more, lost,
				    sizeof(lost)),
			  run->lost_nbytes);
}

/* ---- writing */

static struct out *out_of(struct run *run)
{
	return run->scratch ? &run->scratch_out : run->to.file.out;
}

static void write_str(struct run *run, struct tt_str s)
{
	struct out *o = out_of(run);

	out_end(o, out_str(o, out_begin(o), s));
	run->nwritten += s.len;
}

/* (without memory, less is compressed by itself) */
static void note_end(struct run *run)
{
	if (run->nends == run->ends_cap) {
		size_t cap = run->ends_cap * 2 + 16;
		uint64_t *ends = realloc(run->ends, cap * sizeof(*ends));

		if (!ends)
			return;
		run->ends = ends;
		run->ends_cap = cap;
	}
	run->ends[run->nends++] = run->nwritten;
}

/* What was kept and lost: of a generation, or after the last one. */
static void add_to_totals(struct run *run, const struct tt_repaired *g)
{
	run->whole += g->whole;
	run->events += g->events;
	run->doubted_events += g->doubted_events;
	run->made_events += g->made_events;
	run->lost_events += g->lost_events;
	run->lost_nbytes += g->lost_nbytes;
	run->unread_nbytes += g->unread_nbytes;
	run->lost_more |= (g->flags & TT_REPAIRED_LOST_MORE) != 0;
}

/* Writes all generations. A STATUS_*. */
static int write_all(struct run *run, struct tt_reader *reader, struct tt_repair *r)
{
	struct tt_repaired g;
	int rc;

	write_str(run, tt_repair_header(r));
	progress_start(run->name, run->opt->common.quiet);
	while ((rc = tt_repair_next(r, &g)) == 0 && !out_failed(out_of(run))) {
		report_generation(run, r, &g);
		run->generations++;
		add_to_totals(run, &g);
		write_str(run, g.front);
		write_str(run, g.bytes);
		note_end(run);
		progress_show_reader(reader);
	}
	progress_stop();
	if (rc < 0) {
		cmd_report(run->name, tt_repair_error(r));
		return STATUS_TROUBLE;
	}
	if (rc == 1) {
		if (!run->opt->common.quiet)
			report_lost(run, &g);
		add_to_totals(run, &g);
	}
	return STATUS_FINE;
}

/* ---- reading it again */

/*
 * Where the generation begins at which reading the new trace fails, or UINT64_MAX if all
 * of it can be read. *n: generations before that.
 */
static uint64_t first_bad(struct tt_reader *reader, uint64_t *n)
{
	const struct tt_event *ev;
	uint64_t begin = 0, nevents = 0;
	int rc;

	*n = 0;
	while ((rc = tt_reader_next(reader, &ev)) == 0) {
		if ((++nevents & PROGRESS_MASK) == 0)
			progress_show_reader(reader);
		if (ev->kind != TT_KIND_SYNC || !ev->generation)
			continue;
		begin = tt_generation_offset(ev->generation);
		*n = tt_generation_ordinal(ev->generation) - 1;
	}
	return rc == 1 ? UINT64_MAX : begin;
}

static int report_failure(const struct run *run, int failure)
{
	/* (bytes of the input are written from where it is mapped) */
	if (failure == EFAULT)
		cmd_error(run->name, "truncated while it was read: read a copy of it");
	else
		cmd_error(run->output, "%s", strerror(failure));
	return STATUS_TROUBLE;
}

static int open_written(struct tt_reader **reader, struct run *run, struct tt_error *err)
{
	int fd = out_of(run)->fd;
	char path[OUTFILE_PATH_ROOM];

	if (!run->scratch) {
		outfile_path_so_far(&run->to.file, path);
		return tt_reader_open(reader, path, &run->input->options, err);
	}
	lseek(fd, 0, SEEK_SET);
	return tt_reader_open_fd(reader, fd, &run->input->options, err);
}

/* In what was written, generations from the one at `bad` on cannot be ordered. */
static int cut_written(struct run *run, uint64_t bad, uint64_t generations,
		       const struct tt_error *why)
{
	if (!run->opt->common.quiet)
		cmd_error(run->name,
			  "after %" PRIu64 " generation%s the repaired trace cannot be ordered: "
			  "the rest is left out: %s",
			  generations, plural(generations), why->message);
	run->generations = generations;
	run->lost_more = true;
	return ftruncate(out_of(run)->fd, (off_t)bad) < 0 ? report_failure(run, errno)
							  : STATUS_FINE;
}

/* Reads what was written, and cuts it before what is broken in it. */
static int check_written(struct run *run)
{
	int failure = out_flush(out_of(run)), status = STATUS_FINE;
	struct tt_reader *reader;
	struct tt_error err;
	uint64_t bad, n;

	if (failure != 0)
		return report_failure(run, failure);
	if (open_written(&reader, run, &err) < 0) {
		cmd_report(run->output, &err);
		return STATUS_TROUBLE;
	}
	progress_start(run->output, run->opt->common.quiet);
	bad = first_bad(reader, &n);
	progress_stop();
	if (bad != UINT64_MAX)
		err = *tt_reader_error(reader);
	tt_reader_close(reader);
	if (bad != UINT64_MAX && err.system) {
		cmd_report(run->output, &err);
		status = STATUS_TROUBLE;
	} else if (bad != UINT64_MAX) {
		status = cut_written(run, bad, n, &err);
	}
	return status;
}

/* To the output, which is standard output or compressed. */
static int copy_scratch(struct run *run)
{
	static char buffer[64 * 1024];
	int fd = run->scratch_out.fd;
	uint64_t at = 0;
	size_t i = 0;
	ssize_t n;

	lseek(fd, 0, SEEK_SET);
	do {
		uint64_t left = i < run->nends ? run->ends[i] - at : sizeof(buffer);

		n = read(fd, buffer, left < sizeof(buffer) ? (size_t)left : sizeof(buffer));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return report_failure(run, errno);
		/* (what cannot be written is reported when the output is complete) */
		if (!trace_output_write(&run->to, (struct tt_str){ buffer, (size_t)n }))
			break;
		at += (uint64_t)n;
		for (; i < run->nends && run->ends[i] == at; i++)
			trace_output_end_generation(&run->to);
	} while (n != 0);
	return STATUS_FINE;
}

/* ---- the run */

static int open_output(struct run *run)
{
	int status = trace_output_open(&run->to, run->output);

	if (status != STATUS_FINE || (run->to.file.temporary && !run->to.packer))
		return status;
	run->scratch_buffer = malloc(OUT_SIZE + OUT_ROOM);
	run->scratch = run->scratch_buffer ? tmpfile() : NULL;
	if (!run->scratch) {
		status = report_failure(run, errno);
		trace_output_discard(&run->to);
		return status;
	}
	out_init(&run->scratch_out, fileno(run->scratch), run->scratch_buffer, OUT_SIZE);
	return STATUS_FINE;
}

/* Gives the output its name, or drops it. */
static int close_output(struct run *run, int status)
{
	/* (a header alone is no trace) */
	if (status == STATUS_FINE && run->generations != 0)
		status = check_written(run);
	if (status == STATUS_FINE && run->generations == 0) {
		cmd_error(run->name, "nothing can be kept: no trace is written");
		status = STATUS_BAD;
	} else if (status == STATUS_FINE && run->scratch) {
		status = copy_scratch(run);
	}
	if (run->scratch)
		fclose(run->scratch);
	free(run->scratch_buffer);
	free(run->ends);
	run->ends = NULL;
	run->ends_cap = 0;
	if (status != STATUS_FINE) {
		trace_output_discard(&run->to);
		return status;
	}
	status = trace_output_finish(&run->to);
	if (status != STATUS_FINE)
		return status;
	return lost_any(run) || run->doubted_events != 0 ? STATUS_BAD : STATUS_FINE;
}

/* The totals begin anew with each trace. */
static void begin_totals(struct run *run)
{
	run->generations = run->whole = run->events = run->doubted_events = run->made_events = 0;
	run->lost_events = run->lost_nbytes = run->unread_nbytes = 0;
	run->lost_more = false;
	run->scratch = NULL;
	run->scratch_buffer = NULL;
	run->nends = 0;
	run->nwritten = 0;
}

/* One trace, to run->output. */
static int repair_trace(struct run *run, struct tt_reader *reader)
{
	struct tt_repair *r;
	struct tt_error err;
	int status;

	begin_totals(run);
	if (tt_repair_new(&r, reader, &err) < 0) {
		cmd_report(run->name, &err);
		status = STATUS_TROUBLE;
	} else {
		status = open_output(run);
		if (status == STATUS_FINE)
			status = close_output(run, write_all(run, reader, r));
	}
	tt_repair_free(r);
	return status;
}

/* The n-th trace, to a file of its own. */
static int repair_numbered(struct run *run, struct tt_reader *reader, unsigned n)
{
	char *name = numbered_name(run->opt->all, n);
	char *const inputs[] = { run->path };
	int status = STATUS_TROUBLE;

	if (!name) {
		cmd_error(NULL, "%s", strerror(ENOMEM));
		return status;
	}
	run->output = name;
	if (cmd_check_output(&command, name, inputs, 1, &run->opt->common.specs) == OPT_RUN) {
		status = repair_trace(run, reader);
		if (run->generations != 0 && status != STATUS_TROUBLE)
			report_all(run);
	}
	free(name);
	return status;
}

/* Reads all of the input, and repairs its first trace, or all. */
static int repair_traces(struct run *run)
{
	int status = STATUS_FINE, rc;
	struct tt_reader *reader;
	struct tt_error err;
	unsigned n = 0;

	while ((rc = tt_pieces_next(run->pieces, &reader, &err)) != 1) {
		n++;
		if (n > 1 && !run->opt->all)
			run->others++;
		else if (rc < 0)
			cmd_report(run->name, &err);
		else
			status = worse(status, run->opt->all ? repair_numbered(run, reader, n)
							     : repair_trace(run, reader));
		if (rc < 0)
			status = worse(status, cmd_status(&err));
		tt_reader_close(reader);
	}
	return status;
}

static int repair(struct run *run)
{
	struct tt_error err;
	int status;

	if (cmd_open_pieces(&run->pieces, run->input, run->path, &err) < 0) {
		cmd_report(run->name, &err);
		return cmd_status(&err);
	}
	status = repair_traces(run);
	run->left_out = report_pieces(run->name, run->pieces, &run->opt->common);
	if (run->others != 0 && !run->opt->common.quiet)
		cmd_error(run->name, "traces left out: %u; --all=NAME-%%d writes each to a file of "
			  "its own", run->others);
	if (!run->opt->all && run->generations != 0 && status != STATUS_TROUBLE)
		report_all(run);
	tt_pieces_close(run->pieces);
	return left_out_any(run) ? worse(status, STATUS_BAD) : status;
}

/* Whether the options go together. OPT_RUN, or a status after a message. */
static int check_usage(const struct repair_options *opt, const struct opt_operands *operands)
{
	if (opt->output && opt->all)
		return opt_usage(&command, "-o and --all exclude each other");
	if (opt->all && !numbered_is_pattern(opt->all))
		return opt_usage(&command, "--all=%s: the name must contain %%d once, for the number",
				 opt->all);
	if (!opt->output && !opt->all)
		return opt_usage(&command, "no output given: use -o OUT");
	if (opt->output && strcmp(opt->output, "-") == 0 && isatty(STDOUT_FILENO))
		return opt_usage(&command,
				 "refusing to write a binary trace to a terminal: use -o OUT");
	return cmd_check_output(&command, opt->output, operands->items, 1, &opt->common.specs);
}

int cmd_repair(int argc, char **argv)
{
	struct repair_options opt = { 0 };
	struct opt_operands operands;
	struct cmd_input input;
	struct run run = { .opt = &opt };
	int status = opt_parse(&command, argc, argv, &opt, &operands);

	if (status != OPT_RUN)
		goto out;
	run.path = operands.items[0];
	run.name = cmd_input_name(run.path);
	run.output = opt.output;
	status = check_usage(&opt, &operands);
	if (status != OPT_RUN)
		goto out;
	run.input = &input;
	status = cmd_input_init(&input, &opt.common);
	if (status == STATUS_FINE)
		status = repair(&run);
	cmd_input_release(&input);
out:
	opt_list_release(&opt.common.specs);
	return status;
}
