/* SPDX-License-Identifier: MIT */
/*
 * info.c - `tracetool info`: its options, and the one walk over the generations that all
 * formats share. Command layer: reads the headers of batches and the tables, and with
 * --count the events.
 */
#include "info.h"

#include <stdlib.h>

#include "cli/progress.h"

static const char *const format_names[] = { "text", "json", "csv", NULL };

#define AT(field) .at = offsetof(struct info_options, field)

static const struct opt table[] = {
	OPT_HEADING("What is shown"),
	{ .kind = OPT_FLAG, .name = "count",
	  .help = "read the events too: how many there are of each\n"
		  "kind, goroutines, processors, the exact end", AT(count) },
	{ .kind = OPT_FLAG, .name = "table", .help = "a line per file, without its generations",
	  AT(table) },
	OPT_HEADING("Output"),
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = format_names,
	  .help = "text (for people, default), json (an object per\n"
		  "file, each on a line), or csv (a row per generation)", AT(format) },
	CMD_INPUTS_OPTIONS(struct info_options, inputs),
	CMD_COMMON_OPTIONS(struct info_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "info",
	.synopsis = "[OPTION...] FILE...",
	.summary = "Shows what each trace file holds: its version, container and size, a row per\n"
		   "generation, threads, tables, experiments, and damage. Reads only the headers of\n"
		   "batches and the tables, which takes milliseconds.",
	.notes = "Exit status: 0 fine, 1 a trace is damaged (what could be read is shown), 2 a\n"
		 "usage, I/O or resource error.",
	.table = table,
};

static const struct info_format *const formats[][2] = {
	[INFO_TEXT] = { &info_text, &info_table_text },
	[INFO_JSON] = { &info_json, &info_table_json },
	[INFO_CSV] = { &info_csv, &info_table_csv },
};

/* Their number in a damaged trace has no limit. */
static void add_thread(struct info *f, int64_t id)
{
	if (f->threads.n >= INFO_MAX_THREADS && !id_set_has(&f->threads, id))
		f->more_threads = true;
	else if (!id_set_add(&f->threads, id))
		f->more_threads = true;
}

/* ---- one generation */

static void describe(struct info_generation *out, const struct tt_generation *g, bool complete)
{
	const struct tt_clock *clock = complete ? tt_generation_clock(g) : NULL;

	*out = (struct info_generation){
		.number = tt_generation_number(g),
		.ordinal = tt_generation_ordinal(g),
		.offset = tt_generation_offset(g),
		.end = tt_generation_end(g),
		.frequency = tt_generation_frequency(g),
		.summary = tt_generation_summary(g),
		.nstrings = tt_generation_nstrings(g),
		.nstacks = tt_generation_nstacks(g),
		.nsamples = tt_generation_nsamples(g),
		.nexperimental = tt_generation_nexperimental(g),
		.complete = complete,
		.has_times = complete || tt_generation_frequency(g) != 0,
		.has_clock = clock != NULL,
	};
	if (clock)
		out->clock = *clock;
}

static void add_times(struct info_generation *total, const struct info_generation *g)
{
	bool first = !total->has_times;

	if (!g->has_times)
		return;
	total->has_times = true;
	if (first || g->summary.first_ns < total->summary.first_ns)
		total->summary.first_ns = g->summary.first_ns;
	if (first || g->summary.last_ns > total->summary.last_ns)
		total->summary.last_ns = g->summary.last_ns;
}

/* All but the events, which are counted one by one. */
static void add_to_total(struct info *f, const struct info_generation *g)
{
	struct info_generation *total = &f->total;

	if (f->ngenerations++ == 0)
		total->complete = true;
	total->complete &= g->complete;
	add_times(total, g);
	total->summary.nbatches += g->summary.nbatches;
	total->summary.event_nbytes += g->summary.event_nbytes;
	total->nstrings += g->nstrings;
	total->nstacks += g->nstacks;
	total->nsamples += g->nsamples;
	total->nexperimental += g->nexperimental;
	if (g->has_clock && !total->has_clock)
		total->clock = g->clock;
	total->has_clock |= g->has_clock;
}

static void add_experiments(struct info *f, const struct tt_generation *g)
{
	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch b = tt_generation_experimental_at(g, i);

		f->experiments[b.experiment & 255].nbatches++;
		f->experiments[b.experiment & 255].nbytes += b.size;
	}
}

static void end_generation(struct info *f, const struct info_format *format)
{
	if (!f->in_generation)
		return;
	f->in_generation = false;
	add_times(&f->total, &f->now);
	if (format->generation)
		format->generation(f, &f->now);
}

/* The row is printed when all is known: with --count, after the last event. */
static void begin_generation(struct info *f, const struct info_format *format,
			     const struct tt_generation *g, bool complete)
{
	describe(&f->now, g, complete);
	if (f->opt->count && complete)
		f->now.summary.last_ns = f->now.summary.first_ns;
	f->in_generation = true;
	add_to_total(f, &f->now);
	if (complete)
		add_experiments(f, g);
	for (size_t i = 0; i < f->now.summary.nthreads; i++)
		add_thread(f, tt_generation_thread_at(g, i));
	if (!f->opt->count)
		end_generation(f, format);
	progress_show_reader(f->reader);
}

/* ---- one file */

static void report_findings(struct info *f)
{
	struct tt_error finding;

	while (!f->opt->common.quiet && tt_reader_finding(f->reader, &finding) == 0) {
		if (cmd_is_news(&finding, &f->said_no_spec))
			cmd_report(f->file, &finding);
	}
}

static int walk_tables(struct info *f, const struct info_format *format)
{
	const struct tt_generation *g;
	int rc;

	while ((rc = tt_reader_next_generation(f->reader, &g)) == 0) {
		begin_generation(f, format, g, true);
		report_findings(f);
	}
	return rc;
}

static int walk_events(struct info *f, const struct info_format *format)
{
	const struct tt_event *ev;
	int rc;

	while ((rc = tt_reader_next(f->reader, &ev)) == 0) {
		if (ev->kind == TT_KIND_SYNC) {
			end_generation(f, format);
			report_findings(f);
			if (ev->generation)
				begin_generation(f, format, ev->generation, true);
		}
		info_count_event(f, ev);
		if ((f->count.nevents & PROGRESS_MASK) == 0)
			progress_show_reader(f->reader);
	}
	end_generation(f, format);
	return rc;
}

static struct info_damage *add_damage(struct info *f, const struct tt_error *err)
{
	struct info_damage *d;

	if (f->ndamages++ >= INFO_MAX_DAMAGES)
		return NULL;
	if (f->ndamages > f->damages_cap) {
		size_t cap = f->damages_cap ? 2 * f->damages_cap : 4;

		d = realloc(f->damages, cap * sizeof(*d));
		if (!d) {
			f->ndamages--;
			return NULL;
		}
		f->damages = d;
		f->damages_cap = cap;
	}
	d = &f->damages[f->ndamages - 1];
	*d = (struct info_damage){ .err = *err };
	return d;
}

/* Reports what ended a walk. 0: it can go on. */
static int pass_damage(struct info *f, const struct info_format *format)
{
	const struct tt_generation *broken = tt_reader_broken_generation(f->reader);
	struct tt_error err = *tt_reader_error(f->reader);
	struct info_damage *damage;
	uint64_t skipped = 0;
	int rc;

	if (f->ndamages == 0)
		cmd_trace_find_cause(f->trace, &err);
	damage = add_damage(f, &err);
	f->status = worse(f->status, cmd_report_end(f->file, f->reader, &err));
	/* (what a copy changed is no trace any more) */
	if (err.system || err.code == TT_E_REENCODED)
		return -1;
	if (broken) {
		begin_generation(f, format, broken, false);
		end_generation(f, format);
	}
	rc = tt_reader_resync(f->reader, &skipped);
	if (damage) {
		damage->skipped_nbytes = skipped;
		damage->resumed = rc == 0;
	}
	if (rc < 0)
		f->status = worse(f->status, cmd_report_end(f->file, f->reader,
							    tt_reader_error(f->reader)));
	return rc;
}

static void walk(struct info *f, const struct info_format *format)
{
	struct tt_error err;
	int rc;

	do {
		rc = f->opt->count ? walk_events(f, format) : walk_tables(f, format);
		report_findings(f);
		if (rc < 0)
			rc = pass_damage(f, format);
	} while (rc == 0);
	f->progress = tt_reader_progress(f->reader);
	if (info_nexperiments(f) != 0 && tt_specs_new(&f->builtin, &err) < 0) {
		cmd_report(f->file, &err);
		f->status = worse(f->status, cmd_status(&err));
	}
}

static int info_trace(const struct cmd_input *in, const struct info_options *opt,
		      const struct info_format *format, const struct cmd_trace *t)
{
	struct info f = { .opt = opt, .file = cmd_input_name(t->name), .index = t->index,
			  .specs = in->specs, .trace = t, .reader = t->reader };

	progress_start(f.file, opt->common.quiet);
	if (!t->reader) {
		struct tt_error err = t->error;

		cmd_trace_find_cause(t, &err);
		cmd_report(f.file, &err);
		f.status = cmd_status(&err);
		add_damage(&f, &err);
	} else {
		if (format->begin)
			format->begin(&f);
		walk(&f, format);
	}
	if (f.ndamages != 0 && f.status != STATUS_TROUBLE)
		info_take_apart(&f, t);
	progress_stop();
	format->end(&f);
	tt_pieces_close(f.pieces);
	tt_specs_free(f.builtin);
	free(f.damages);
	id_set_release(&f.threads);
	return f.status;
}

/* A file that cannot be opened is no reason to leave out the others. */
static int info_inputs(const struct cmd_input *in, const struct info_options *opt,
		       const struct opt_operands *files)
{
	const struct info_format *format = formats[opt->format][opt->table];
	struct cmd_inputs *inputs;
	struct cmd_trace *t;
	int status = cmd_inputs_open(&inputs, &opt->inputs, in, files);

	if (status != STATUS_FINE)
		return status;
	if (format->header)
		format->header();
	while (!out_failed(&out_stdout) && cmd_inputs_next(inputs, &t) == 0) {
		status = worse(status, info_trace(in, opt, format, t));
		cmd_trace_close(t);
	}
	return worse(status, cmd_inputs_close(inputs, opt->common.verbose));
}

static int run(const struct info_options *opt, const struct opt_operands *files)
{
	struct cmd_input in;
	int status = cmd_input_init(&in, &opt->common);

	in.options.flags = opt->count ? 0 : TT_OPEN_TABLES;
	in.options.threads = opt->count ? cmd_processors() : 1;
	if (status == STATUS_FINE)
		status = info_inputs(&in, opt, files);
	cmd_input_release(&in);
	return status;
}

int cmd_info(int argc, char **argv)
{
	struct info_options opt = { .format = INFO_TEXT };
	struct opt_operands files;
	int status = opt_parse(&command, argc, argv, &opt, &files);

	if (status == OPT_RUN)
		status = cmd_inputs_check(&command, &opt.inputs, &opt.common, &files);
	if (status == OPT_RUN)
		status = run(&opt, &files);
	opt_list_release(&opt.common.specs);
	cmd_inputs_options_release(&opt.inputs);
	return status;
}
