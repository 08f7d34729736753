/* SPDX-License-Identifier: MIT */
/*
 * stat.c - `tracetool stat`: answers about traces. Options and what they ask for. Command
 * layer: spans (tracetool_analyze.h) go into tables, whose rows are printed.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/progress.h"
#include "go.h"
#include "metrics.h"
#include "mmu.h"
#include "partial.h"
#include "rows.h"

static const char *const format_names[] = { "text", "json", "csv", NULL };

/* The words of --by, and what they are. */
static const char *const by_words[] = { "func", "site", "stack", "waker", "goroutine", "reason",
					"task", "file", "proc", "thread", "all", "type", NULL };
static const enum stat_by by_values[] = { BY_FUNC, BY_SITE, BY_STACK, BY_WAKER, BY_GOROUTINE, BY_REASON,
					  BY_TASK, BY_FILE, BY_PROC, BY_THREAD, BY_ALL, BY_REASON };

/* "50,90,99,99.9" into columns p50, p90, p99, p99.9. */
static int parse_percentiles(void *target, const char *value, struct opt_mistake *why)
{
	struct stat_quantiles *q = target;

	q->given = true;
	q->n = 0;
	for (const char *at = value;; at++) {
		char *end;
		double percent = strtod(at, &end);

		if (end == at || !(percent >= 0 && percent <= 100) || (*end != ',' && *end != '\0') ||
		    end - at > 8)
			return opt_mistake(why, "is not a list of percentages (example: 50,90,99)");
		if (q->n == MAX_QUANTILES)
			return opt_mistake(why, "has more than %d percentages", MAX_QUANTILES);
		q->parts[q->n] = percent / 100;
		snprintf(q->names[q->n++], sizeof(q->names[0]), "p%.*s", (int)(end - at), at);
		at = end;
		if (*at == '\0')
			return 0;
	}
}

#define AT(field) .at = offsetof(struct stat_options, field)

static const struct opt table[] = {
	OPT_HEADING("What is shown"),
	{ .kind = OPT_CHOICE, .name = "by", .meta = "KEY", .choices = by_words,
	  .help = "a row for each: func (the function that a goroutine\n"
		  "began with), site (the program's function that it is\n"
		  "in), stack, waker (the program's function that woke\n"
		  "it), goroutine, proc, thread, reason, task, file,\n"
		  "all; type (of tasks and regions) is the same as\n"
		  "reason", AT(by) },
	{ .kind = OPT_STRING, .name = "sort", .meta = "COLUMN",
	  .help = "largest first by this column, or by `key`", AT(sort) },
	{ .kind = OPT_NUMBER, .letter = 'n', .name = "limit", .meta = "N",
	  .help = "the first N rows; 0: all\n"
		  "default: 30 in text, all otherwise; of the\n"
		  "longest waits in a summary, 5", AT(limit) },
	{ .kind = OPT_OWN, .name = "percentiles", .meta = "P[,...]", .parse = parse_percentiles,
	  .help = "these percentiles; default: 50,90,99", AT(quantiles) },
	{ .kind = OPT_FLAG, .name = "histogram",
	  .help = "also the distribution as bars", AT(histogram) },
	{ .kind = OPT_FLAG, .name = "go",
	  .help = "exactly what Go's tools compute, their quirks\n"
		  "included; requires --format=json", AT(go) },
	OPT_HEADING("Selection"),
	CHOOSER_OPTIONS(struct stat_options, selection),
	OPT_HEADING("Several traces"),
	{ .kind = OPT_STRING, .name = "diff", .meta = "OLD",
	  .help = "compare with the trace OLD: both, and the change,\n"
		  "the largest first", AT(diff) },
	{ .kind = OPT_FLAG, .name = "partial",
	  .help = "print what --merge needs to add traces up", AT(partial) },
	{ .kind = OPT_FLAG, .name = "merge",
	  .help = "FILEs are answers of --partial: add them up", AT(merge) },
	{ .kind = OPT_NUMBER, .letter = 'j', .name = "jobs", .meta = "N", .max = 256,
	  .help = "read N files at a time, or a single one with two\n"
		  "threads if N > 1; default: one per processor", AT(jobs) },
	CMD_INPUTS_OPTIONS(struct stat_options, inputs),
	OPT_HEADING("Checks"),
	{ .kind = OPT_LIST, .name = "fail-if", .meta = "EXPRESSION",
	  .help = "exit with 1 if this is true ('stw.max > 20ms');\n"
		  "may be repeated", AT(fail_if) },
	OPT_HEADING("Output"),
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = format_names,
	  .help = "text (for people, default), json (one object per\n"
		  "view), or csv", AT(format) },
	CMD_COMMON_OPTIONS(struct stat_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "stat",
	.synopsis = "[VIEW] [OPTION...] FILE...",
	.summary = "Answers questions about traces: where the time went, who waited for what and\n"
		   "how long, how long the pauses were. VIEW is one of\n"
		   "  summary               one screen about everything (default)\n"
		   "  goroutines            how long they ran, could run, waited, were in syscalls\n"
		   "  sched                 scheduling latency: from runnable to running\n"
		   "  blocks, locks         all waits; waits for locks, and who held them\n"
		   "  holders               who held locks that others waited for\n"
		   "  syscalls              system calls, and how long they held a processor\n"
		   "  gc, stw, mmu          phases of the collector and other ranges; pauses;\n"
		   "                        what the collector leaves to the program\n"
		   "  tasks, regions        those that the program marks\n"
		   "  procs, threads        how busy each was",
	.notes = "Exit status: 0 fine, 1 a trace is bad (what was read is shown) or --fail-if\n"
		 "found something, 2 a usage, I/O or resource error.",
	.table = table,
};

/* ---- --go */

static int go_trace(struct cmd_trace *trace, bool quiet)
{
	const char *file = cmd_input_name(trace->name);
	struct go_summary s;
	const struct tt_event *ev;
	uint64_t n = 0;
	int rc, status = STATUS_FINE;

	if (!trace->reader)
		return cmd_trace_report_cause(trace, NULL, &trace->error);
	go_summary_init(&s);
	progress_start(file, quiet);
	while ((rc = tt_reader_next(trace->reader, &ev)) == 0 && !s.no_memory) {
		go_summary_event(&s, ev);
		if ((++n & PROGRESS_MASK) == 0)
			progress_show_reader(trace->reader);
	}
	progress_stop();
	if (rc < 0)
		status = cmd_trace_report_cause(trace, trace->reader,
						tt_reader_error(trace->reader));
	go_summary_finish(&s);
	if (s.no_memory) {
		cmd_error(file, "not enough memory for the statistics");
		status = STATUS_TROUBLE;
	} else {
		go_summary_json(&s, rc == 1, &out_stdout);
	}
	go_summary_release(&s);
	return status;
}

static int go_traces(const struct stat_options *opt, struct cmd_inputs *inputs)
{
	struct cmd_trace *trace;
	int status = STATUS_FINE;

	while (cmd_inputs_next(inputs, &trace) == 0) {
		status = worse(status, go_trace(trace, opt->common.quiet));
		cmd_trace_close(trace);
	}
	return status;
}

/* ---- views */

static int no_memory(void)
{
	cmd_error(NULL, "not enough memory for the statistics");
	return STATUS_TROUBLE;
}

static void print_answer(const struct stat_answer *a, const struct metrics *m,
			 const struct findings *findings, const struct stat_options *opt, bool first)
{
	if (opt->format == FORMAT_TEXT)
		summary_text(a, m, opt, findings);
	else if (opt->format == FORMAT_JSON)
		summary_json(a, m, opt, findings);
	else
		summary_csv(m, a->file ? a->file : "total", findings, first);
}

/* Of the sum alone, or of each file and then the sum. */
static int print_summary_of(const struct stat_files *f, const struct stat_answer *a,
			    const struct stat_options *opt, bool first)
{
	struct metrics *m = calloc(1, sizeof(*m));
	bool fine = m && metrics_init(m, a, &opt->quantiles);
	struct findings findings = { 0 };

	if (a == &f->sum) {
		fine = fine && metrics_name_files(m, f->answers, f->n, &opt->quantiles);
		findings_of_files(&findings, f);
	} else if (a->opened) {
		findings_add(&findings, a);
	}
	fine = fine && !findings.no_memory;
	if (fine)
		print_answer(a, m, &findings, opt, first);
	findings_release(&findings);
	if (m)
		metrics_release(m);
	free(m);
	return fine ? STATUS_FINE : no_memory();
}

static int print_summary(const struct stat_files *f, const struct stat_options *opt)
{
	int status = STATUS_FINE;

	if (f->n == 1)
		return print_summary_of(f, f->answers[0], opt, true);
	if (opt->format == FORMAT_TEXT) {
		if (!summary_table(f->answers, f->n, &f->sum, opt))
			return no_memory();
		out_end(&out_stdout, put_char(out_begin(&out_stdout), '\n'));
	}
	for (size_t i = 0; opt->format != FORMAT_TEXT && i < f->n; i++)
		status = worse(status, print_summary_of(f, f->answers[i], opt, i == 0));
	return worse(status, print_summary_of(f, &f->sum, opt, false));
}

/* Who held the locks that the view `locks` says were waited for. */
static int print_holders(const struct stat_files *f, const struct stat_options *opt)
{
	struct stat_options holders = *opt;
	struct stat_rows rows;
	int status;

	holders.view = view_named("holders");
	holders.by = (int)holders.view->by;
	holders.sort = NULL;
	holders.histogram = false;
	status = rows_init(&rows, &holders, f);
	if (status == STATUS_FINE && rows.n > 0) {
		out_end(&out_stdout, put_char(out_begin(&out_stdout), '\n'));
		print_text(&rows, &holders);
	}
	rows_release(&rows);
	return status;
}

static int print_rows(const struct stat_files *f, const struct stat_options *opt)
{
	struct stat_rows rows;
	int status = rows_init(&rows, opt, f);

	if (status == STATUS_FINE && opt->format == FORMAT_TEXT) {
		print_text(&rows, opt);
		if (strcmp(opt->view->name, "locks") == 0)
			status = print_holders(f, opt);
	}
	else if (status == STATUS_FINE && opt->format == FORMAT_JSON)
		print_json(&rows, opt, f);
	else if (status == STATUS_FINE)
		print_csv(&rows, opt);
	rows_release(&rows);
	return status;
}

static int check(const struct stat_files *f, const struct stat_options *opt)
{
	struct metrics *m = calloc(1, sizeof(*m));
	int status = STATUS_TROUBLE;

	if (m && metrics_init(m, &f->sum, &opt->quantiles) &&
	    (f->n == 1 || metrics_name_files(m, f->answers, f->n, &opt->quantiles)))
		status = fail_if(opt, m);
	else
		no_memory();
	if (m)
		metrics_release(m);
	free(m);
	return status;
}

static int print(const struct stat_files *f, const struct stat_options *opt)
{
	if (strcmp(opt->view->name, "summary") == 0)
		return print_summary(f, opt);
	if (strcmp(opt->view->name, "mmu") == 0) {
		print_mmu(f, opt);
		return STATUS_FINE;
	}
	return print_rows(f, opt);
}

static bool any_opened(const struct stat_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->answers[i]->opened)
			return true;
	}
	return false;
}

static int answer_all(struct stat_files *f, const struct stat_options *opt)
{
	int status = STATUS_FINE;

	if (!any_opened(f))
		return status;
	for (size_t i = 0; opt->partial && i < f->n; i++)
		print_partial(f->answers[i], opt);
	if (!opt->partial)
		status = print(f, opt);
	if (opt->fail_if.n > 0)
		status = worse(status, check(f, opt));
	return status;
}

/* Of traces, or of the answers about them. */
static int read_files(struct stat_files *f, const struct stat_options *opt,
		      struct cmd_input *in, const struct opt_operands *operands)
{
	struct cmd_inputs *inputs;
	int status;

	files_init(f, opt);
	if (opt->merge)
		return merge_files(f, opt, operands->items, operands->n);
	status = cmd_inputs_open(&inputs, &opt->inputs, in, operands);
	if (status != STATUS_FINE)
		return status;
	/* of a single file at least what unpacks it runs beside */
	in->options.threads = cmd_inputs_single(inputs) ? (unsigned)opt->jobs : 1;
	status = files_collect(f, opt, inputs);
	return worse(status, cmd_inputs_close(inputs, opt->common.verbose));
}

static int stat_files(const struct stat_options *opt, struct cmd_input *in,
		      const struct opt_operands *operands)
{
	struct stat_files f, old;
	char *old_path[1];
	struct opt_operands old_operands = { old_path, 1 };
	int status = read_files(&f, opt, in, operands);

	if (opt->diff && status != STATUS_TROUBLE) {
		old_path[0] = (char *)(uintptr_t)opt->diff;
		status = worse(status, read_files(&old, opt, in, &old_operands));
		if (any_opened(&old) && any_opened(&f))
			status = worse(status, print_diff(&old, &f, opt));
		files_release(&old);
	} else if (status != STATUS_TROUBLE || !opt->merge) {
		status = worse(status, answer_all(&f, opt));
	}
	files_release(&f);
	return status;
}

static int run(const struct stat_options *opt, struct cmd_input *in,
	       const struct opt_operands *operands)
{
	struct cmd_inputs *inputs;
	int status;

	if (!opt->go)
		return stat_files(opt, in, operands);
	status = cmd_inputs_open(&inputs, &opt->inputs, in, operands);
	if (status != STATUS_FINE)
		return status;
	status = go_traces(opt, inputs);
	return worse(status, cmd_inputs_close(inputs, opt->common.verbose));
}

/* ---- options */

/* A first operand that is the name of a view is one, unless it is the only operand and a file. */
static void take_view(struct stat_options *opt, struct opt_operands *files)
{
	bool more = files->n > 1 || opt->inputs.lists.n > 0;

	opt->view = files->n > 0 ? view_named(files->items[0]) : NULL;
	if (opt->view && more) {
		files->items++;
		files->n--;
		return;
	}
	opt->view = view_named("summary");
}

/* A view among or after the files. */
static int check_order(const struct opt_operands *files)
{
	for (size_t i = 0; i < files->n; i++) {
		const char *word = files->items[i];

		if (view_named(word) && access(word, F_OK) != 0)
			return opt_usage(&command, "'%s' is a view and no file: give one view, before the files",
					 word);
	}
	return OPT_RUN;
}

/* A word that is neither a view nor a file. */
static int check_view(const struct opt_operands *files)
{
	const char *word = files->n > 0 ? files->items[0] : "";
	struct nearest near = { .word = word };
	const struct stat_view *view;
	char all[256] = "";
	size_t n = 0;

	if (word[0] == '\0' || word[strspn(word, "abcdefghijklmnopqrstuvwxyz")] != '\0' ||
	    access(word, F_OK) == 0)
		return OPT_RUN;
	for (size_t i = 0; (view = view_at(i)) != NULL; i++) {
		nearest_try(&near, view->name);
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", i > 0 ? ", " : "", view->name);
	}
	if (near.best)
		return opt_usage(&command, "'%s' is neither a file nor a view; did you mean '%s'?", word,
				 near.best);
	return opt_usage(&command, "'%s' is neither a file nor one of the views %s", word, all);
}

static int wrong_key(const struct stat_options *opt)
{
	char all[256] = "";
	size_t n = 0;

	/* (the last is another word for one of them) */
	for (size_t i = 0; i + 1 < ARRAY_SIZE(by_values); i++) {
		if (opt->view->bys >> by_values[i] & 1)
			n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", n > 0 ? ", " : "", by_words[i]);
	}
	return opt_usage(&command, "--by=%s makes no sense for %s, whose keys are %s",
			 by_name((enum stat_by)opt->by), opt->view->name, all);
}

/* An option of which the view mmu makes nothing; NULL: there is none. */
static const char *mmu_lacks(const struct stat_options *opt)
{
	if (strcmp(opt->view->name, "mmu") != 0)
		return NULL;
	if (opt->histogram)
		return "--histogram";
	/* (--fail-if compares percentiles, too) */
	if (opt->quantiles.given && opt->fail_if.n == 0)
		return "--percentiles";
	return opt->limit != UINT64_MAX ? "--limit" : NULL;
}

static int check_options(struct stat_options *opt, const struct opt_operands *files)
{
	if (files->n == 1 && view_named(files->items[0]))
		return opt_usage(&command, "no file given after the view %s", files->items[0]);
	if (check_order(files) != OPT_RUN || check_view(files) != OPT_RUN)
		return STATUS_TROUBLE;
	if (opt->go && (opt->format != FORMAT_JSON || strcmp(opt->view->name, "summary") != 0))
		return opt_usage(&command, "--go requires --format=json and no view");
	if (selection_check(&opt->selection, &command) != OPT_RUN)
		return STATUS_TROUBLE;
	if (mmu_lacks(opt))
		return opt_usage(&command, "mmu has no %s", mmu_lacks(opt));
	if ((opt->by >= 0 || opt->sort) && !opt->view->columns[0].name)
		return opt_usage(&command, "%s requires a view with rows, such as blocks",
				 opt->sort ? "--sort" : "--by");
	opt->by = opt->by < 0 ? (int)opt->view->by : (int)by_values[opt->by];
	if (opt->view->columns[0].name && (opt->view->bys >> opt->by & 1) == 0)
		return wrong_key(opt);
	if ((opt->partial || opt->merge || opt->diff) &&
	    (opt->go || strcmp(opt->view->name, "mmu") == 0))
		return opt_usage(&command, "--partial, --merge and --diff go neither with mmu nor "
					   "with --go");
	if (opt->partial && (opt->merge || opt->diff))
		return opt_usage(&command, "--partial goes neither with --merge nor with --diff");
	if (opt->merge && cmd_reads_stdin_twice(files->items, files->n))
		return opt_usage(&command, "standard input can be read only once");
	if (fail_if_check(&command, opt) != OPT_RUN)
		return STATUS_TROUBLE;
	return opt->merge ? OPT_RUN
			  : cmd_inputs_check(&command, &opt->inputs, &opt->common, files);
}

static void release(struct stat_options *opt)
{
	opt_list_release(&opt->common.specs);
	opt_list_release(&opt->fail_if);
	cmd_inputs_options_release(&opt->inputs);
	selection_release(&opt->selection);
}

int cmd_stat(int argc, char **argv)
{
	struct stat_options opt = {
		.limit = UINT64_MAX,
		.by = -1,
		.selection = SELECTION_ALL,
		.quantiles = { false, 3, { 0.5, 0.9, 0.99 }, { "p50", "p90", "p99" } },
	};
	struct opt_operands files;
	struct cmd_input input;
	int status = opt_parse(&command, argc, argv, &opt, &files);

	if (status == OPT_RUN) {
		take_view(&opt, &files);
		status = check_options(&opt, &files);
	}
	if (status != OPT_RUN) {
		release(&opt);
		return status;
	}
	if (opt.jobs == 0)
		opt.jobs = cmd_processors();
	status = cmd_input_init(&input, &opt.common);
	if (status == STATUS_FINE)
		status = run(&opt, &input, &files);
	cmd_input_release(&input);
	release(&opt);
	return status;
}
