/* SPDX-License-Identifier: MIT */
/*
 * filter.c - `tracetool filter`: the events that a selection chooses, as a trace of their own.
 * A selection of times needs one reading; any other one two, the first to find the goroutines
 * without which the chosen events cannot be; and goroutines that are chosen by their function
 * or their relations one more. Command layer: stands on selector.h.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cli/progress.h"
#include "cli/selector.h"
#include "cli/traceout.h"
#include "edit/before.h"
#include "edit/beside.h"
#include "edit/filter_report.h"
#include "edit/goroutines.h"

/* The time around a moment, if none is given. */
#define DEFAULT_MARGIN_NS INT64_C(10000000)

/* A moment, and how much before and after it. */
struct around {
	struct time_point at;
	int64_t margin_ns;
};

struct filter_options {
	struct cmd_common common;
	struct selection selection;
	struct around around;
	const char *func, *output;
	bool related, no_stacks, no_samples, no_experiments;
};

static int parse_around(void *target, const char *value, struct opt_mistake *why)
{
	struct around *around = target;
	const char *comma = strchr(value, ',');
	char moment[64];
	size_t n = comma ? (size_t)(comma - value) : strlen(value);

	around->margin_ns = DEFAULT_MARGIN_NS;
	if (n >= sizeof(moment))
		return opt_mistake(why, "is not a time (examples: 1.5s, 20ms,5ms)");
	memcpy(moment, value, n);
	moment[n] = '\0';
	if (comma && opt_duration(comma + 1, &around->margin_ns) < 0)
		return opt_mistake(why, "has no duration after the comma (example: 20ms,5ms)");
	return selection_parse_time(&around->at, moment, why);
}

#define AT(field) .at = offsetof(struct filter_options, field)

static const struct opt table[] = {
	OPT_HEADING("Which events"),
	SELECTION_OPTIONS(struct filter_options, selection),
	{ .kind = OPT_OWN, .name = "around", .meta = "TIME[,MARGIN]", .parse = parse_around,
	  .help = "from MARGIN before TIME to MARGIN after it;\ndefault: 10ms", AT(around) },
	{ .kind = OPT_STRING, .name = "func", .meta = "PATTERN",
	  .help = "events on or about goroutines that begin with this\n"
		  "function (* any text, ? any byte)", AT(func) },
	{ .kind = OPT_FLAG, .name = "related",
	  .help = "with -G or --func: also goroutines that unblocked\n"
		  "these, and who unblocked those", AT(related) },
	{ .kind = OPT_FLAG, .name = "no-stacks", .help = "events without stacks", AT(no_stacks) },
	{ .kind = OPT_FLAG, .name = "no-samples", .help = "no CPU samples", AT(no_samples) },
	{ .kind = OPT_FLAG, .name = "no-experiments",
	  .help = "no events and no batches of experiments", AT(no_experiments) },
	OPT_HEADING("Output"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "OUT",
	  .help = "write the trace to OUT, compressed if its name ends\n"
		  "in .zst; '-' is standard output", AT(output) },
	CMD_COMMON_OPTIONS(struct filter_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "filter",
	.synopsis = "[OPTION...] -o OUT FILE",
	.summary = "Writes a smaller trace: the events that 'tracetool dump' prints with the same\n"
		   "options, and what Go's tools need beside them. FILE itself is not changed.",
	.notes = "Exit status: 0 fine, 1 the trace is bad (the events before the fault are\n"
		 "written), 2 a usage, I/O or resource error. tracetool-filter(1) says what is\n"
		 "restated where the new trace begins.",
	.table = table,
	.min_operands = 1,
	.max_operands = 1,
};

struct run {
	const struct filter_options *opt;
	const struct cmd_input *input;
	const char *path, *name; /* of the input; for messages */
	bool chooses;           /* by more than times */
	bool by_goroutine;      /* by what `goroutines` finds */
	struct goroutines goroutines;
	struct selection selection; /* that of the options, as the selector gets it */
	struct trace_output output;
	struct before before;   /* generations that are not read */
	struct beside beside;   /* those before the window's are followed beside it; */
	bool goes_alone, is_apart; /* not once more; that cannot be done, as was found out when
				      some was */
	bool one_by_one;        /* events are not taken many at once: that cannot be done, or */
	bool is_late;           /* is found out when some were */
	struct filter_work work; /* of the last reading */
	bool said;              /* what is wrong with the trace */
	bool ends_before;       /* what is selected, before the first event */
};

/* ---- reading the trace */

/* What is done with each event: 0, 1 to stop, or a negative code. */
typedef int visit_fn(struct run *run, const struct tt_event *ev, bool inside, bool chosen);

/* The trace from its start to the end of the part that is wanted. */
struct pass {
	struct run *run;
	struct selector selector;
	struct tt_reader *reader;
	bool begun, entered;
	bool all;               /* every event is inside, and chosen */
};

static bool is_inside(const struct pass *p, const struct tt_event *ev)
{
	return ev->time_ns >= p->selector.from_ns && ev->time_ns <= p->selector.to_ns &&
	       selector_has_generation(&p->selector, ev->generation);
}

/* Whether no later event can be inside. */
static bool is_over(const struct pass *p, const struct tt_event *ev, bool inside)
{
	return selector_over(&p->selector, ev->time_ns) || (p->entered && !inside);
}

static int begin_pass(struct pass *p, const struct tt_event *first)
{
	const struct around *around = &p->run->opt->around;
	const struct before *before = &p->run->before;
	int64_t start_ns = before->n != 0 ? before->start_ns : first->time_ns;

	p->begun = true;
	selector_begin(&p->selector, start_ns);
	if (around->at.given) {
		int64_t at = time_point_ns(&around->at, start_ns);

		if (__builtin_sub_overflow(at, around->margin_ns, &p->selector.from_ns))
			p->selector.from_ns = INT64_MIN;
		if (__builtin_add_overflow(at, around->margin_ns, &p->selector.to_ns))
			p->selector.to_ns = INT64_MAX;
	}
	p->run->ends_before = p->selector.to_ns < start_ns;
	p->all = !p->selector.active && !around->at.given && !p->run->by_goroutine;
	if (p->selector.from_ns > start_ns)
		tt_writer_begin_at(p->run->work.writer, p->selector.from_ns);
	if (p->selector.unresolved)
		return selector_resolve(&p->selector, &command, tt_reader_specs(p->reader));
	return OPT_RUN;
}

static int write_event(struct run *run, const struct tt_event *ev, bool inside, bool chosen)
{
	return tt_filter_event(run->work.filter, ev, inside, chosen);
}

/* Where the events that follow this one, which is outside, may be inside. */
static int64_t next_inside_ns(const struct pass *p, const struct tt_event *ev)
{
	return selector_has_generation(&p->selector, ev->generation) ? p->selector.from_ns
								     : INT64_MAX;
}

/* The events after this one, many at once as far as that can be done. Negative: it failed. */
static int take_many(struct pass *p, const struct tt_event *last, bool inside)
{
	struct run *run = p->run;
	const struct tt_event *ev;
	int rc;

	/* (a kind that is left out has to be looked for) */
	if (run->one_by_one || (inside && run->selection.kinds.n != 0))
		return 0;
	do {
		rc = inside ? tt_filter_copy(run->work.filter, p->reader, p->selector.to_ns, &ev)
			    : tt_filter_follow(run->work.filter, p->reader, next_inside_ns(p, last),
					       &ev);
		if (rc == 0 && run->before.n != 0)
			before_see(&run->before, ev, inside);
	} while (rc == 0 && !run->before.is_missing);
	/* (more memory is not there in another way) */
	run->is_late |= rc < 0 && rc != -TT_E_MEMORY;
	return rc < 0 ? rc : 0;
}

/* Of the writer, which takes events from the reader, or of that. */
static const struct tt_error *error_of(const struct pass *p)
{
	const struct tt_error *err = tt_writer_error(p->run->work.writer);

	return err->code != TT_OK ? err : tt_reader_error(p->reader);
}

/* (what is outside of a selection of times needs no look) */
static bool is_chosen(struct pass *p, const struct tt_event *ev, bool inside)
{
	const struct run *run = p->run;

	if (p->all)
		return true;
	return (inside || run->chooses) && ev->kind != TT_KIND_SYNC &&
	       selector_match(&p->selector, ev) &&
	       (!run->by_goroutine || goroutines_match(&run->goroutines, ev));
}

/* What was read beside one another is put together, now or later. Negative: that cannot be done. */
static int join(struct run *run, bool later)
{
	int rc = beside_join(&run->beside, &run->before, later);

	run->is_apart |= rc != 0;
	return rc == TT_END ? -1 : rc;
}

/* One event, and those after it that can be taken with it: 0; 1, no later one is wanted; or
 * negative, it failed. */
static int visit_one(struct pass *p, const struct tt_event *ev, visit_fn *visit)
{
	struct run *run = p->run;
	bool inside = p->all || is_inside(p, ev);
	int rc;

	if (!p->all && is_over(p, ev, inside))
		return 1;
	p->entered |= inside;
	if (run->before.n != 0 && (inside || ev->kind != TT_KIND_TRANSITION))
		before_see(&run->before, ev, inside);
	if (run->before.is_missing)
		return 1;
	rc = visit(run, ev, inside, is_chosen(p, ev, inside));
	if (rc != 0 || visit != write_event)
		return rc;
	if (inside)
		beside_in_window(&run->beside);
	rc = take_many(p, ev, inside);
	return rc == 0 && tt_reader_at_generation_end(p->reader) ? join(run, true) : rc;
}

/* To where the reading begins. The codes of tt_reader_next_generation(). */
static int pass_over(struct pass *p)
{
	struct run *run = p->run;
	int rc = beside_begin(&run->beside, &run->work, &run->before);

	return rc == TT_END ? before_pass(&run->before, p->reader) : rc;
}

static int visit_all(struct pass *p, visit_fn *visit)
{
	struct run *run = p->run;
	const struct tt_event *ev;
	uint64_t n = 0;
	int visited = 0, rc = pass_over(p);

	while (rc == 0 && visited == 0 && (rc = tt_reader_next(p->reader, &ev)) == 0) {
		if (!p->begun && begin_pass(p, ev) != OPT_RUN)
			return STATUS_TROUBLE;
		if ((++n & PROGRESS_MASK) == 0)
			progress_show_reader(p->reader);
		/* (the Sync at the end is no event of a generation) */
		if (ev->generation)
			visited = visit_one(p, ev, visit);
	}
	if (visited == 1 || rc == TT_END)
		visited = join(run, false) < 0 ? -1 : 1;
	/* (all that is wrong may be so for that) */
	run->is_apart |= run->beside.apart;
	/* (nothing was read of what is before the window's end) */
	run->before.is_missing |= run->before.n != 0 && visited == 1 && n == 1;
	if (run->before.is_missing || run->is_late || run->is_apart)
		return STATUS_TROUBLE;
	if (rc >= 0 && visited >= 0)
		return STATUS_FINE;
	/* (it may be for what was not read) */
	if (run->before.n != 0) {
		run->before.is_missing = true;
		return STATUS_TROUBLE;
	}
	if (visited < 0) {
		cmd_report(run->name, error_of(p));
		return cmd_status(error_of(p));
	}
	if (run->said)
		return cmd_status(tt_reader_error(p->reader));
	run->said = true;
	return cmd_report_cause(run->input, run->path, p->reader, tt_reader_error(p->reader));
}

static int read_with(struct run *run, struct tt_reader *reader, visit_fn *visit)
{
	struct pass p = { .run = run, .reader = reader };
	int status;

	selector_init(&p.selector, &run->selection, run->input->specs);
	status = visit_all(&p, visit);
	if (status != STATUS_TROUBLE && p.selector.no_memory) {
		cmd_error(run->name, "no memory for the open tasks");
		status = STATUS_TROUBLE;
	}
	selector_release(&p.selector);
	return status;
}

/* Once more from its start. */
static int read_again(struct run *run, visit_fn *visit)
{
	struct tt_reader *reader;
	struct tt_error err;
	int status;

	if (cmd_open_reader(&reader, run->input, run->path, &err) < 0)
		return cmd_report_cause(run->input, run->path, NULL, &err);
	status = read_with(run, reader, visit);
	tt_reader_close(reader);
	return status;
}

static int find_goroutines(struct run *run, const struct tt_event *ev, bool inside, bool chosen)
{
	(void)inside;
	(void)chosen;
	goroutines_see(&run->goroutines, ev);
	return 0;
}

static int choose(struct run *run, const struct tt_event *ev, bool inside, bool chosen)
{
	return tt_filter_choose(run->work.filter, ev, inside, chosen);
}

/* ---- the run */

/* Whether goroutines are chosen with all that they do, and so with their labels. */
static bool chooses_labels(const struct selection *s)
{
	return s->kinds.n == 0 && s->tasks.ids.n == 0 && s->tasks.names.n == 0 &&
	       s->regions.n == 0 && !s->experiment && s->stack.n == 0;
}

static struct filter_plan plan_of(const struct run *run)
{
	const struct filter_options *opt = run->opt;

	return (struct filter_plan){
		.input = run->input,
		.path = run->path,
		.max_memory = opt->common.max_memory,
		.flags = (run->chooses ? TT_FILTER_CHOOSES : 0) |
			 (run->chooses && chooses_labels(&run->selection) ? TT_FILTER_LABELS : 0) |
			 (opt->no_stacks ? TT_FILTER_NO_STACKS : 0) |
			 (opt->no_samples ? TT_FILTER_NO_SAMPLES : 0) |
			 (opt->no_experiments ? TT_FILTER_NO_EXPERIMENTS : 0),
	};
}

/* Whether events before the window and in it can be taken many at once: else one after the other
 * is as good. */
static bool may_go_beside(const struct run *run, const struct filter_plan *plan)
{
	return !run->goes_alone && !run->one_by_one && plan->flags == 0 &&
	       run->selection.kinds.n == 0 &&
	       generation_range_is_all(run->selection.generations);
}

static int open_work(struct run *run)
{
	const struct filter_plan plan = plan_of(run);
	const struct tt_sink *sink = &run->output.sink;
	struct tt_error err;

	if (may_go_beside(run, &plan) && beside_open(&run->beside, &plan, &run->before, sink))
		sink = &run->beside.sink;
	if (filter_work_open(&run->work, &plan, sink, &err) == 0)
		return STATUS_FINE;
	if (!run->work.reader)
		return cmd_report_cause(run->input, run->path, NULL, &err);
	cmd_report(run->name, &err);
	return cmd_status(&err);
}

/* Whether events that are excluded may be such as others need. */
static bool may_exclude_needed(const struct run *run)
{
	return !run->chooses && run->selection.kinds.n != 0 &&
	       cmd_can_be_read_again(run->path) && filter_work_declares(run->input, run->path);
}

static int read_and_write(struct run *run)
{
	int status = STATUS_FINE;

	if (run->by_goroutine)
		status = read_again(run, find_goroutines);
	if (status != STATUS_TROUBLE && !goroutines_finish(&run->goroutines)) {
		cmd_error(run->name, "no memory for the goroutines");
		status = STATUS_TROUBLE;
	}
	if (status != STATUS_TROUBLE && (run->chooses || may_exclude_needed(run)))
		status = read_again(run, choose);
	if (status == STATUS_TROUBLE)
		return status;
	return worse(status, read_with(run, run->work.reader, write_event));
}

static int finish(struct run *run, int status)
{
	if (status != STATUS_TROUBLE && tt_writer_finish(run->work.writer) < 0) {
		cmd_report(run->opt->output, tt_writer_error(run->work.writer));
		status = STATUS_TROUBLE;
	}
	/* (it must write no more when the output is thrown away) */
	if (status == STATUS_TROUBLE) {
		beside_close(&run->beside);
	} else if (!beside_finish(&run->beside)) {
		cmd_error(run->opt->output, "cannot be written: %s", strerror(errno));
		status = STATUS_TROUBLE;
	}
	if (status != STATUS_TROUBLE && tt_writer_progress(run->work.writer).generations == 0) {
		/* (first: what is printed comes before a message) */
		trace_output_discard(&run->output);
		cmd_error(run->name, "%s: no trace is written",
			  run->said	    ? "no event can be read"
			  : !run->ends_before ? "there is no event"
					    : "no event is chosen, since the selection ends "
					      "before the first one");
		return STATUS_BAD;
	}
	if (status == STATUS_TROUBLE) {
		trace_output_discard(&run->output);
		return status;
	}
	if (trace_output_finish(&run->output) != STATUS_FINE)
		return STATUS_TROUBLE;
	if (!run->opt->common.quiet)
		filter_report(&(struct filter_outcome){
			.name = run->name,
			.filter = run->work.filter,
			.writer = run->work.writer,
			.asked = &run->goroutines.ids,
			.chooses = run->chooses,
			.verbose = run->opt->common.verbose,
		});
	return status;
}

static int try_filter(struct run *run)
{
	int status = trace_output_open(&run->output, run->opt->output);

	if (status != STATUS_FINE)
		return status;
	status = open_work(run);
	if (status == STATUS_FINE) {
		progress_start(run->name, run->opt->common.quiet);
		status = read_and_write(run);
		progress_stop();
		status = finish(run, status);
	} else {
		trace_output_discard(&run->output);
	}
	beside_close(&run->beside);
	filter_work_close(&run->work);
	return status;
}

/* Whether what is found out late can be done once more in another way. */
static bool may_begin_again(const struct run *run)
{
	return !run->chooses && outfile_can_be_written_again(run->opt->output) &&
	       cmd_can_be_read_again(run->path);
}

/* A window of time does not need all that is before it, and what of it can be found later only
 * by reading it all does not come up often. */
static bool may_pass_over(const struct run *run)
{
	return may_begin_again(run) && run->opt->common.specs.n == 0;
}

static int filter(struct run *run)
{
	const struct around *around = &run->opt->around;
	struct time_point from = run->selection.from;
	int status;

	if (around->at.given) {
		from = around->at;
		if (__builtin_sub_overflow(from.ns, around->margin_ns, &from.ns))
			from.given = false;
	}
	run->one_by_one = !may_begin_again(run);
	if (may_pass_over(run) && (from.given ||
				   !generation_range_is_all(run->selection.generations)))
		before_find(&run->before, run->input, run->path, &from,
			    run->selection.generations);
	status = try_filter(run);
	while (run->before.is_missing || run->is_late || run->is_apart) {
		/* (what is beside may be why it is late) */
		run->one_by_one |= run->is_late && !run->is_apart;
		run->goes_alone |= run->is_apart;
		run->before.is_missing &= !run->is_apart;
		run->is_late = run->is_apart = false;
		if (run->before.is_missing)
			before_retreat(&run->before, run->input, run->path, &from,
				       run->selection.generations);
		else
			before_begin(&run->before);
		status = try_filter(run);
	}
	before_release(&run->before);
	return status;
}

static int check(const struct filter_options *opt, const struct run *run, char **files)
{
	int status = trace_output_check(&command, opt->output, files, 1, &opt->common.specs);

	if (status == OPT_RUN)
		status = selection_check(&opt->selection, &command);
	if (status != OPT_RUN)
		return status;
	if (opt->around.at.given && (opt->selection.from.given || opt->selection.to.given))
		return opt_usage(&command, "--around goes without --from and --to");
	if (opt->related && !opt->func && opt->selection.goroutines.n == 0)
		return opt_usage(&command, "--related requires -G or --func");
	if (run->chooses && !cmd_can_be_read_again(files[0]))
		return opt_usage(&command, "%s cannot be read twice, as this selection needs: "
					   "write it to a file first",
				 cmd_input_name(files[0]));
	return OPT_RUN;
}

static void set_up(struct run *run, const struct filter_options *opt, const char *path)
{
	const struct selection *s = &opt->selection;

	run->opt = opt;
	run->path = path;
	run->name = cmd_input_name(path);
	run->selection = *s;
	run->by_goroutine = opt->func || opt->related;
	goroutines_init(&run->goroutines, &s->goroutines, opt->func, opt->related);
	/* then the selector need not know them */
	if (run->by_goroutine)
		run->selection.goroutines = (struct id_list){ 0 };
	run->chooses = run->by_goroutine || selection_chooses_some(s);
}

int cmd_filter(int argc, char **argv)
{
	struct filter_options opt = { .selection = SELECTION_ALL };
	struct opt_operands operands;
	struct cmd_input input;
	struct run run = { 0 };
	int status = opt_parse(&command, argc, argv, &opt, &operands);

	if (status == OPT_RUN) {
		set_up(&run, &opt, operands.items[0]);
		status = check(&opt, &run, operands.items);
	}
	if (status == OPT_RUN) {
		run.input = &input;
		status = cmd_input_init(&input, &opt.common);
		input.options.flags |= TT_OPEN_SKIM;
		if (status == STATUS_FINE)
			status = filter(&run);
		cmd_input_release(&input);
	}
	goroutines_release(&run.goroutines);
	selection_release(&opt.selection);
	opt_list_release(&opt.common.specs);
	return status;
}
