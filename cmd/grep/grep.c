/* SPDX-License-Identifier: MIT */
/* grep.c - `tracetool grep`: its options, and one file after the other. Command layer. */
#include "grep.h"

#include "cli/out.h"
#include "cli/progress.h"

static const char *const format_names[] = { "text", "json", NULL };

#define AT(field) .at = offsetof(struct grep_options, field)

static const struct opt table[] = {
	OPT_HEADING("Intervals: one of these options searches them, and not events"),
	{ .kind = OPT_OWN, .name = "longer-than", .meta = "TIME", .parse = selection_parse_time,
	  .help = "that take longer than TIME (10ms)", AT(longer_than) },
	{ .kind = OPT_LIST, .name = "reason", .meta = "REASON",
	  .help = "waits for this reason (* any text, ? any byte)", AT(reasons) },
	{ .kind = OPT_OWN, .name = "state", .meta = "STATE[,...]", .parse = grep_parse_states,
	  .help = "goroutines that are runnable, running, waiting,\n"
		  "or in a syscall", AT(states) },
	{ .kind = OPT_LIST, .name = "range", .meta = "NAME",
	  .help = "ranges of this name ('stop-the-world*')", AT(ranges) },
	OPT_HEADING("Selection: an event or interval must pass all of them"),
	SELECTION_OPTIONS(struct grep_options, selection),
	OPT_HEADING("Output"),
	{ .kind = OPT_FLAG, .letter = 'c', .name = "count", .help = "only the number of hits per file",
	  AT(count) },
	{ .kind = OPT_FLAG, .letter = 'l', .name = "files-with-matches",
	  .help = "only the names of files with hits", AT(with) },
	{ .kind = OPT_FLAG, .letter = 'L', .name = "files-without-match",
	  .help = "only the names of files without hits", AT(without) },
	{ .kind = OPT_FLAG, .name = "silent", .help = "nothing: the exit status says it", AT(silent) },
	{ .kind = OPT_NUMBER, .letter = 'n', .name = "limit", .meta = "N", .min = 1,
	  .help = "stop after N hits in a file", AT(limit) },
	{ .kind = OPT_DURATION, .letter = 'A', .name = "after", .meta = "TIME",
	  .help = "also all events up to TIME after each hit", AT(after_ns) },
	{ .kind = OPT_DURATION, .letter = 'B', .name = "before", .meta = "TIME",
	  .help = "also all events up to TIME before each hit", AT(before_ns) },
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = format_names,
	  .help = "text (for people, default) or json (one object per\nline)", AT(format) },
	{ .kind = OPT_NUMBER, .letter = 'j', .name = "jobs", .meta = "N", .max = 256,
	  .help = "search N files at a time; default: one per processor", AT(jobs) },
	CMD_INPUTS_OPTIONS(struct grep_options, inputs),
	CMD_COMMON_OPTIONS(struct grep_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "grep",
	.synopsis = "[OPTION...] FILE...",
	.summary = "Prints the events, or the intervals between events, that are selected in each\n"
		   "trace: a line each with the file, the generation, and the time from its start.",
	.notes = "Exit status: 0 found, 1 not found, 2 a usage, I/O or resource error, or a trace\n"
		 "is bad (hits before its error are printed).",
	.table = table,
};

/* Options that have no meaning together are mistakes: none is ignored. */
static int check_usage(struct grep_options *opt, const struct opt_operands *files)
{
	bool of_events = opt->selection.kinds.n != 0 || opt->selection.experiment;
	bool of_spans = opt->longer_than.given || opt->reasons.n || opt->states || opt->ranges.n;
	int status;

	if (of_events && of_spans)
		return opt_usage(&command, "--kind and --experiment select events, but "
					   "--longer-than, --reason, --state and --range intervals");
	if (opt->longer_than.absolute)
		return opt_usage(&command, "--longer-than takes a duration (example: 10ms)");
	if (opt->count + opt->with + opt->without + opt->silent > 1)
		return opt_usage(&command, "only one of -c, -l, -L and --silent can be given");
	if (grep_wants_context(opt) && !grep_prints_hits(opt))
		return opt_usage(&command, "-A and -B print events, but -c, -l, -L and --silent "
					   "none");
	opt->spans = of_spans || (opt->selection.regions.n != 0 && !of_events);
	status = selection_check(&opt->selection, &command);
	if (status != OPT_RUN)
		return status;
	return cmd_inputs_check(&command, &opt->inputs, &opt->common, files);
}

/* One trace: whether it has hits. */
static bool grep_trace(const struct grep_options *opt, const struct cmd_trace *t, const void *specs,
		       struct grep_output *output, int *status)
{
	struct search s = { .opt = opt, .command = &command, .trace = t, .output = output,
			    .file = cmd_input_name(t->name), .tops = { .render = text_top } };

	selector_init(&s.selector, &opt->selection, specs);
	if (t->reader) {
		grep_search(&s);
	} else {
		struct tt_error err = t->error;

		cmd_trace_find_cause(t, &err);
		grep_wait_turn(output);
		cmd_report(s.file, &err);
		s.status = STATUS_TROUBLE;
	}
	grep_print_file(&s);
	stack_cache_release(&s.tops);
	selector_release(&s.selector);
	*status = worse(*status, s.status);
	return s.nhits != 0;
}

static bool one_by_one(const struct grep_options *opt, struct cmd_inputs *inputs,
		       const struct tt_specs *specs, int *status)
{
	struct grep_output output = { .out = &out_stdout };
	struct cmd_trace *t;
	bool found = false;

	while (!(opt->silent && found) && !out_failed(&out_stdout) &&
	       cmd_inputs_next(inputs, &t) == 0) {
		progress_start(cmd_input_name(t->name), opt->common.quiet);
		found |= grep_trace(opt, t, specs, &output, status);
		progress_stop();
		cmd_trace_close(t);
	}
	return found;
}

static int run_inputs(const struct grep_options *opt, struct cmd_input *in,
		      const struct opt_operands *files)
{
	struct cmd_inputs *inputs;
	bool found;
	int status = cmd_inputs_open(&inputs, &opt->inputs, in, files);

	if (status != STATUS_FINE)
		return status;
	/* of a single file, what reads ahead takes all processors */
	if (opt->jobs == 1 || cmd_inputs_single(inputs)) {
		in->options.threads = cmd_processors();
		found = one_by_one(opt, inputs, in->specs, &status);
	} else {
		in->options.threads = 1;
		found = grep_jobs_run(opt, inputs, grep_trace, in->specs, &status);
	}
	status = worse(status, cmd_inputs_close(inputs, opt->common.verbose));
	/* as grep's -q: that one is found is all that counts */
	if (opt->silent && found)
		return STATUS_FINE;
	return status != STATUS_FINE ? status : found ? STATUS_FINE : STATUS_BAD;
}

static int run(const struct grep_options *opt, const struct opt_operands *files)
{
	struct cmd_input in;
	int status = cmd_input_init(&in, &opt->common);

	in.options.flags = TT_OPEN_SKIM;
	if (status == STATUS_FINE)
		status = run_inputs(opt, &in, files);
	cmd_input_release(&in);
	return status;
}

int cmd_grep(int argc, char **argv)
{
	struct grep_options opt = { .selection = SELECTION_ALL, .limit = UINT64_MAX };
	struct opt_operands files;
	int status = opt_parse(&command, argc, argv, &opt, &files);

	if (status == OPT_RUN)
		status = check_usage(&opt, &files);
	if (opt.jobs == 0)
		opt.jobs = cmd_processors();
	if (status == OPT_RUN)
		status = run(&opt, &files);
	opt_list_release(&opt.common.specs);
	cmd_inputs_options_release(&opt.inputs);
	opt_list_release(&opt.reasons);
	opt_list_release(&opt.ranges);
	selection_release(&opt.selection);
	return status;
}
