/* SPDX-License-Identifier: MIT */
/*
 * dump.c - `tracetool dump`: its options, and the one walk over the events that
 * all formats share. Command layer.
 */
#include <inttypes.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/units.h"
#include "parallel.h"

static const char *const format_names[] = { "text", "go", "wire", "json", "csv", NULL };

#define AT(field) .at = offsetof(struct dump_options, field)

static const struct opt table[] = {
	OPT_HEADING("Output"),
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = format_names,
	  .help = "text (for people, default), json (one object per\n"
		  "line), csv, go (as go tool trace -d=parsed prints),\n"
		  "or wire (undecoded events, as -d=wire prints)", AT(format) },
	{ .kind = OPT_FLAG, .name = "stacks", .help = "show all frames (text, json)", AT(stacks) },
	{ .kind = OPT_FLAG, .name = "durations",
	  .help = "show how long a wait, syscall, range or region took\n"
		  "where it ends (text, json, csv)", AT(durations) },
	{ .kind = OPT_STRING, .name = "names", .meta = "MAP",
	  .help = "show the old names of an anonymized trace, by the\n"
		  "list that 'anonymize --map' wrote", AT(names) },
	{ .kind = OPT_FLAG, .name = "header",
	  .help = "begin with the line that assemble needs (wire)", AT(header) },
	{ .kind = OPT_NUMBER, .letter = 'j', .name = "jobs", .meta = "N",
	  .help = "print on N threads (default: one per processor)", AT(jobs),
	  .min = 1, .max = 1024 },
	OPT_HEADING("Filters: an event must pass all of them"),
	SELECTION_OPTIONS(struct dump_options, selection),
	{ .kind = OPT_NUMBER, .letter = 'n', .name = "limit", .meta = "N", .min = 1,
	  .help = "stop after N events", AT(limit) },
	OPT_HEADING("Tables of each generation, instead of events (text, json)"),
	{ .kind = OPT_FLAG, .name = "strings", .help = "its strings", AT(strings) },
	{ .kind = OPT_FLAG, .name = "stacks-table", .help = "its stacks", AT(stacks_table) },
	{ .kind = OPT_FLAG, .name = "samples", .help = "its CPU samples", AT(samples) },
	{ .kind = OPT_FLAG, .name = "batches", .help = "its experimental batches", AT(batches) },
	{ .kind = OPT_FLAG, .name = "sync",
	  .help = "its clock and its position in the file", AT(sync) },
	CMD_COMMON_OPTIONS(struct dump_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "dump",
	.synopsis = "[OPTION...] FILE",
	.summary = "Prints the events of a trace in order. FILE is plain, compressed, a member\n"
		   "of an archive (ARCHIVE:NAME), or - for standard input.",
	.notes = "Exit status: 0 fine, 1 the trace is bad, 2 a usage, I/O or resource error.",
	.table = table,
	.min_operands = 1,
	.max_operands = 1,
};

/* ---- walk */

/* Whether this thread prints the events that follow. */
static bool owns_chunk(const struct dump *d)
{
	return !d->worker || d->worker->owns_chunk;
}

/* Whether it prints messages and progress. */
static bool is_main(const struct dump *d)
{
	return !d->worker || d->worker->index == 0;
}

/* Every thread needs what a Sync means for the events after it; only one prints it. */
static void print_sync(struct dump *d, const struct dump_format *format, const struct tt_event *ev,
		       bool matched)
{
	struct out *own = d->out, nowhere;

	if (owns_chunk(d)) {
		format->sync(d, ev, matched);
		return;
	}
	out_init_memory(&nowhere);
	d->out = &nowhere;
	format->sync(d, ev, matched);
	d->out = own;
	out_release_memory(&nowhere);
}

static void take_sync(struct dump *d, const struct dump_format *format, const struct tt_event *ev)
{
	bool matched;

	stack_cache_reset(&d->stacks);
	stack_cache_reset(&d->tops);
	if (format->begin_generation)
		format->begin_generation(d);
	if (d->events++ == 0) {
		d->start_ns = ev->time_ns;
		selector_begin(&d->selector, ev->time_ns);
	}
	d->last_ns = ev->time_ns;
	if (d->spans)
		dump_durations_take(d, ev);
	matched = selector_match(&d->selector, ev);
	d->printed += matched && !format->sync_is_no_line;
	print_sync(d, format, ev, matched);
	if (d->colour)
		out_flush(&out_stdout);
	/* while other threads write, messages have to wait for this thread's turn */
	if (is_main(d) && !d->prints_ahead)
		dump_findings(d);
}

/* The event to d->out; nothing of it if there is no memory for its stacks. */
static void print_event(struct dump *d, const struct dump_format *format, const struct tt_event *ev)
{
	struct out *o = d->out;
	char *start = o->pos;

	format->event(d, ev);
	/* no half of an event, unless it is so long that a part was written already */
	if (dump_no_memory(d) && o->pos > start)
		o->pos = start;
}

static void take_event(struct dump *d, const struct dump_format *format, const struct tt_event *ev)
{
	d->last_ns = ev->time_ns;
	if ((++d->events & PROGRESS_MASK) == 0 && is_main(d))
		progress_show_reader(d->reader);
	if (d->spans)
		dump_durations_take(d, ev);
	if (!selector_match(&d->selector, ev))
		return;
	d->printed++;
	if (owns_chunk(d))
		print_event(d, format, ev);
	else
		d->pending = false;
}

static bool walk_is_over(const struct dump *d)
{
	return d->printed == d->opt->limit || d->status != STATUS_FINE || out_failed(d->out) ||
	       (d->worker && dump_worker_stopped(d->worker)) ||
	       selector_over(&d->selector, d->last_ns) || dump_no_memory(d);
}

static int report_error(struct dump *d, const struct dump_format *format,
			const struct tt_error *err)
{
	struct tt_error cause = *err;

	if (d->opt->format != DUMP_GO)
		dump_find_cause(d, &cause);
	return format->error ? format->error(d, &cause) : dump_error(d, &cause);
}

/* The next event, or first that which resolve() read to know the trace's own specs. */
static int next_event(struct dump *d, const struct tt_event **ev)
{
	if (!d->first.given)
		return tt_reader_next(d->reader, ev);
	d->first.given = false;
	*ev = d->first.ev;
	return d->first.rc;
}

/* What tt_reader_next() returned last, or 0 if the walk was stopped. */
static int walk_events(struct dump *d, const struct dump_format *format, const struct tt_event **ev)
{
	int rc;

	while ((rc = next_event(d, ev)) == 0) {
		if ((*ev)->kind == TT_KIND_SYNC)
			take_sync(d, format, *ev);
		else
			take_event(d, format, *ev);
		if (walk_is_over(d))
			return 0;
		if (d->worker)
			dump_worker_step(d);
	}
	return rc;
}

/* Names that only the trace's own specs have are known with its first generation. */
static int resolve(struct dump *d)
{
	if (!d->selector.unresolved)
		return OPT_RUN;
	d->first.given = true;
	d->first.rc = tt_reader_next(d->reader, &d->first.ev);
	if (d->first.rc != 0)
		return OPT_RUN;
	return selector_resolve(&d->selector, d->command, tt_reader_specs(d->reader));
}

static int walk(struct dump *d, const struct dump_format *format)
{
	const struct tt_event *ev = NULL;
	int rc = resolve(d);

	if (rc != OPT_RUN)
		return rc;
	if (format->header)
		format->header(d);
	rc = dump_parallel_walk(d, format, walk_events, &ev);
	d->ended = rc == TT_END;
	if (d->opt->common.verbose)
		dump_report_reading(d);
	dump_findings(d);
	if (rc < 0)
		return report_error(d, format, d->failure.code != 0 ? &d->failure
								    : tt_reader_error(d->reader));
	if (dump_no_memory(d)) {
		cmd_error(d->file, d->no_spans ? "out of memory for --durations"
						: "out of memory for the text of an event");
		return STATUS_TROUBLE;
	}
	if (d->status == STATUS_FINE && format->footer)
		format->footer(d);
	return d->status;
}

/* ---- the run */

static const struct dump_format *const formats[] = {
	[DUMP_TEXT] = &dump_text,
	[DUMP_GO] = &dump_go,
	[DUMP_JSON] = &dump_json,
	[DUMP_CSV] = &dump_csv,
};

static bool wants_section(const struct dump_options *opt)
{
	return opt->strings || opt->stacks_table || opt->samples || opt->batches || opt->sync;
}

/* The trace itself, or what it was before it was anonymized. */
static int open_reader(struct dump *d, const struct cmd_input *in, const char *path,
		       struct tt_error *err)
{
	struct tt_options plain = in->options;

	if (!d->opt->names)
		return cmd_open_reader(&d->reader, in, path, err);
	plain.member = NULL;
	return tt_reader_open_input(&d->reader, &d->restored->input, &plain, err);
}

static int dump_file(struct cmd_input *in, const struct dump_options *opt, const char *path,
		     struct cmd_restored *restored)
{
	struct dump d = { .opt = opt, .command = &command, .input = in, .path = path,
			  .file = cmd_input_name(path),
			  .restored = restored, .colour = cmd_colour(1), .out = &out_stdout };
	const struct dump_format *format = formats[opt->format];
	struct tt_error err;
	int status = OPT_RUN;

	selector_init(&d.selector, &opt->selection, in->specs);
	in->options.flags = format->open_flags;
	in->options.threads = (unsigned)opt->jobs;
	if (open_reader(&d, in, path, &err) < 0 || dump_durations_init(&d, &err) < 0)
		status = report_error(&d, format, &err);
	if (status == OPT_RUN) {
		progress_start(d.file, opt->common.quiet || isatty(STDOUT_FILENO));
		status = wants_section(opt) ? dump_sections(&d) : walk(&d, format);
		progress_stop();
	}
	tt_spans_free(d.spans);
	tt_reader_close(d.reader);
	stack_cache_release(&d.stacks);
	stack_cache_release(&d.tops);
	out_release_memory(&d.scratch);
	selector_release(&d.selector);
	return status;
}

/* Anything but what tables may be chosen by. */
static bool selects_events(const struct selection *s)
{
	struct selection rest = *s;

	rest.generations = (struct generation_range)ALL_GENERATIONS;
	rest.experiment = NULL;
	return selection_chooses(&rest);
}

/* Options that have no meaning together are mistakes: none is ignored. */
static int check_usage(const struct dump_options *opt)
{
	bool section = wants_section(opt);
	bool limited = opt->limit != UINT64_MAX;

	if (opt->header && opt->format != DUMP_WIRE)
		return opt_usage(&command, "--header requires --format=wire");
	if (opt->stacks && opt->format != DUMP_TEXT && opt->format != DUMP_JSON)
		return opt_usage(&command, "--stacks requires --format=text or json");
	if (opt->durations && (opt->format == DUMP_WIRE || opt->format == DUMP_GO))
		return opt_usage(&command, "--durations requires --format=text, json or csv");
	if (section && opt->durations)
		return opt_usage(&command, "tables have no --durations");
	if (opt->format == DUMP_WIRE && (limited || selection_chooses(&opt->selection)))
		return opt_usage(&command, "--format=wire takes no filters: "
					   "its events are not in order");
	if (section && opt->format != DUMP_TEXT && opt->format != DUMP_JSON)
		return opt_usage(&command, "tables require --format=text or json");
	if (section && (limited || selects_events(&opt->selection)))
		return opt_usage(&command, "tables take no filters but "
					   "--generation and --experiment");
	return selection_check(&opt->selection, &command);
}

static int run(const struct dump_options *opt, const char *path)
{
	struct cmd_restored restored = { 0 };
	struct cmd_input in;
	int status = cmd_input_init(&in, &opt->common);

	if (status == STATUS_FINE && opt->names)
		status = cmd_restored_open(&restored, &in, path, opt->names);
	if (status == STATUS_FINE)
		status = opt->format == DUMP_WIRE ? dump_wire(&in, opt, path, &restored)
						  : dump_file(&in, opt, path, &restored);
	cmd_restored_release(&restored);
	cmd_input_release(&in);
	return status;
}

int cmd_dump(int argc, char **argv)
{
	struct dump_options opt = {
		.selection = SELECTION_ALL,
		.limit = UINT64_MAX,
		.jobs = cmd_processors(),
	};
	struct opt_operands files;
	int status = opt_parse(&command, argc, argv, &opt, &files);

	if (status == OPT_RUN)
		status = check_usage(&opt);
	opt.selection.any_experiment = opt.batches;
	if (status == OPT_RUN)
		status = run(&opt, files.items[0]);
	opt_list_release(&opt.common.specs);
	selection_release(&opt.selection);
	return status;
}
