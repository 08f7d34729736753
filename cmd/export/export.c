/* SPDX-License-Identifier: MIT */
/* export.c - `tracetool export`: a trace in formats of other tools. Command layer. */
#include "export.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/outfile.h"

static const char *const format_names[] = { "pprof", "collapsed", NULL };
static const char *const type_names[] = { "net", "sync", "syscall", "sched", "offcpu", "wall",
					  "cpu", "alloc", "inuse", NULL };

/* "goroutine,reason" */
static int parse_labels(void *target, const char *value, struct opt_mistake *why)
{
	unsigned *labels = target;

	for (const char *at = value;;) {
		size_t len = strcspn(at, ","), i = 0;

		while (i < NLABELS && (strlen(label_names[i]) != len || memcmp(label_names[i], at, len) != 0))
			i++;
		if (i == NLABELS)
			return opt_mistake(why, "is not a list of goroutine, func, state, reason, task");
		*labels |= 1U << i;
		if (at[len] == '\0')
			return 0;
		at += len + 1;
	}
}

#define AT(field) .at = offsetof(struct export_options, field)

static const struct opt table[] = {
	OPT_HEADING("What is exported"),
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = format_names,
	  .help = "pprof (for `go tool pprof`, default) or collapsed\n"
		  "(a line for each stack, for flame graphs)", AT(format) },
	{ .kind = OPT_CHOICE, .name = "type", .meta = "TYPE", .choices = type_names,
	  .help = "net, sync, syscall, sched: time that goroutines wait\n"
		  "for the network, for each other, in system calls, to\n"
		  "run; offcpu: all time not running; wall: all time;\n"
		  "cpu: CPU samples; alloc, inuse: objects (AllocFree)\n"
		  "default: sync", AT(type) },
	{ .kind = OPT_FLAG, .name = "go",
	  .help = "exactly what `go tool trace -pprof=TYPE` makes", AT(like_go) },
	{ .kind = OPT_OWN, .name = "label", .meta = "LABEL[,...]", .parse = parse_labels,
	  .help = "tell samples apart by goroutine, func (that it began\n"
		  "with), state, reason, task", AT(labels) },
	{ .kind = OPT_NUMBER, .name = "hz", .meta = "N", .min = 1, .max = 1000000,
	  .help = "CPU samples a second, which a trace does not say;\n"
		  "default: 100, as Go's profiler", AT(hz) },
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "FILE",
	  .help = "write to FILE, which appears once it is complete;\n"
		  "default: standard output", AT(output) },
	OPT_HEADING("Selection"),
	CHOOSER_OPTIONS(struct export_options, selection),
	CMD_COMMON_OPTIONS(struct export_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "export",
	.synopsis = "[OPTION...] FILE",
	.summary = "Writes what a trace says about time or memory by stack, for tools that show\n"
		   "profiles.",
	.notes = "Exit status: 0 fine, 1 the trace is bad (what was read is exported), 2 a usage,\n"
		 "I/O or resource error.",
	.table = table,
	.min_operands = 1,
	.max_operands = 1,
};

struct run {
	struct tt_reader *reader;
	struct tt_spans *spans;
	struct tt_heap *heap;
	struct profile profile;
};

static bool needs_heap(const struct export_options *opt)
{
	return opt->type == PROFILE_ALLOC || opt->type == PROFILE_INUSE;
}

static int open_run(struct run *run, const struct export_options *opt, const struct cmd_input *in,
		    const char *path, struct tt_error *err)
{
	struct tt_spans_options spans = {
		.size = sizeof(spans),
		.flags = TT_SPANS_STACKS,
		.max_memory_nbytes = opt->common.max_memory,
	};
	struct tt_heap_options heap = {
		.size = sizeof(heap),
		.flags = TT_HEAP_OBJECTS,
		.specs = in->specs,
		.max_memory_nbytes = opt->common.max_memory,
	};
	int rc = cmd_open_reader(&run->reader, in, path, err);

	if (rc < 0)
		return rc;
	spans.specs = tt_reader_specs(run->reader);
	rc = tt_spans_new(&run->spans, &spans, err);
	if (rc < 0 || !needs_heap(opt))
		return rc;
	return tt_heap_new(&run->heap, &heap, err);
}

static int write_profile(const struct profile *p, const char *file)
{
	struct outfile out;
	int status = outfile_open(&out, p->opt->output);

	if (status != STATUS_FINE)
		return status;
	if (!(p->opt->format == EXPORT_PPROF ? print_pprof(p, out.out) : print_collapsed(p, out.out))) {
		outfile_discard(&out);
		cmd_error(file, "not enough memory for the profile");
		return STATUS_TROUBLE;
	}
	return outfile_finish(&out);
}

static int read_profile(struct run *run, const struct cmd_input *in, const char *path)
{
	int rc, status = STATUS_FINE;

	run->profile.spans = run->spans;
	run->profile.heap = run->heap;
	rc = profile_read(&run->profile, run->reader, run->spans, run->heap);
	if (rc < 0)
		status = cmd_report_cause(in, path, run->reader, tt_reader_error(run->reader));
	if (!run->profile.no_memory)
		return status;
	cmd_error(cmd_input_name(path), "not enough memory for the profile");
	return STATUS_TROUBLE;
}

static int export_file(const struct export_options *opt, const struct cmd_input *in, const char *path)
{
	const char *file = cmd_input_name(path);
	struct run run = { .profile = { .opt = opt, .period = 1 } };
	struct tt_error err;
	int status;

	if (opt->type == PROFILE_CPU)
		run.profile.period = 1000000000 / (int64_t)opt->hz;
	if (open_run(&run, opt, in, path, &err) < 0) {
		status = cmd_report_cause(in, path, NULL, &err);
	} else {
		status = read_profile(&run, in, path);
		if (status != STATUS_TROUBLE)
			status = worse(status, write_profile(&run.profile, file));
		if (run.profile.n == 0 && status == STATUS_FINE && !opt->common.quiet)
			cmd_error(file, "the profile is empty: %s has nothing of type %s",
				  selection_chooses(&opt->selection) ? "what is selected" : "the trace",
				  type_names[opt->type]);
	}
	profile_release(&run.profile);
	tt_heap_free(run.heap);
	tt_spans_free(run.spans);
	tt_reader_close(run.reader);
	return status;
}

static int check_options(const struct export_options *opt, const struct opt_operands *files)
{
	if (opt->like_go && (opt->type > PROFILE_SCHED || opt->labels != 0 ||
			     selection_chooses(&opt->selection)))
		return opt_usage(&command, "--go requires --type=net, sync, syscall or sched, and "
					   "neither labels nor a selection");
	if (selection_check(&opt->selection, &command) != OPT_RUN)
		return STATUS_TROUBLE;
	if (opt->format == EXPORT_PPROF && isatty(STDOUT_FILENO) &&
	    (!opt->output || strcmp(opt->output, "-") == 0))
		return opt_usage(&command, "refusing to write a binary profile to a terminal: use -o "
					   "FILE, or --format=collapsed");
	return cmd_check_output(&command, opt->output, files->items, files->n, &opt->common.specs);
}

int cmd_export(int argc, char **argv)
{
	struct export_options opt = {
		.type = PROFILE_SYNC,
		.hz = 100,
		.selection = SELECTION_ALL,
	};
	struct opt_operands files;
	struct cmd_input input;
	int status = opt_parse(&command, argc, argv, &opt, &files);

	if (status == OPT_RUN)
		status = check_options(&opt, &files);
	if (status == OPT_RUN) {
		status = cmd_input_init(&input, &opt.common);
		if (status == STATUS_FINE)
			status = export_file(&opt, &input, files.items[0]);
		cmd_input_release(&input);
	}
	opt_list_release(&opt.common.specs);
	selection_release(&opt.selection);
	return status;
}
