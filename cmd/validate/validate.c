/* SPDX-License-Identifier: MIT */
/*
 * validate.c - `tracetool validate`: a verdict for each file, several files at
 * once if asked, printed in the order of the command line. Command layer: stands
 * on verdict.h and report.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/outfile.h"
#include "cli/progress.h"
#include "report.h"

struct validate_options {
	struct cmd_common common;
	int format;
	bool strict;
	bool salvage;
	uint64_t jobs;
	const char *report;
};

static const char *const format_names[] = { "text", "json", "junit", "sarif", "github", NULL };

static const struct report_ops *const formats[] = {
	&report_text, &report_json, &report_junit, &report_sarif, &report_github,
};

static const struct opt table[] = {
	OPT_HEADING("Verdict"),
	{ .kind = OPT_FLAG, .name = "strict", .help = "treat warnings as errors",
	  .at = offsetof(struct validate_options, strict) },
	{ .kind = OPT_FLAG, .name = "salvage-report",
	  .help = "also measure what 'tracetool repair' would keep\n(text, json)",
	  .at = offsetof(struct validate_options, salvage) },
	{ .kind = OPT_NUMBER, .letter = 'j', .name = "jobs", .meta = "N",
	  .help = "use N threads (default: one per processor)",
	  .at = offsetof(struct validate_options, jobs), .min = 1, .max = 1024 },
	OPT_HEADING("Report"),
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = format_names,
	  .help = "text (default), json, junit, sarif, or github",
	  .at = offsetof(struct validate_options, format) },
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "REPORT",
	  .help = "write the report to this file\n(default: standard output)",
	  .at = offsetof(struct validate_options, report) },
	CMD_COMMON_OPTIONS(struct validate_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "validate",
	.synopsis = "[OPTION...] FILE...",
	.summary = "Checks whether each trace is valid: reads all of it and checks the order of\n"
		   "its events. After an error it continues with the next generation.",
	.notes = "Exit status: 0 all traces are valid, 1 one is broken, 2 one could not be read.\n"
		 "tracetool-validate(1) explains every finding.",
	.table = table,
	.min_operands = 1,
};

/* ---- jobs */

/* The files, and what the threads that check them share. `lock` guards all but finished
 * verdicts. If there are fewer files than threads, several threads check one file. */
struct pool {
	pthread_mutex_t lock;
	pthread_cond_t finished;
	const struct verdict_options *opt;
	char **files;
	struct verdict *verdicts;
	struct job *jobs;
	size_t n, next;
	bool stop;              /* the report cannot be written: no more verdicts are needed */
};

struct job {
	struct pool *pool;
	struct tt_progress progress;
	bool done;
};

static bool note_progress(void *arg, const struct tt_progress *now)
{
	struct job *job = arg;
	bool stop;

	pthread_mutex_lock(&job->pool->lock);
	job->progress = *now;
	stop = job->pool->stop;
	pthread_mutex_unlock(&job->pool->lock);
	return !stop;
}

/* A thread that checks one file after the other until none is left. */
static void *check_files(void *arg)
{
	struct pool *pool = arg;

	pthread_mutex_lock(&pool->lock);
	while (pool->next < pool->n && !pool->stop) {
		size_t i = pool->next++;
		struct verdict_options opt = *pool->opt;

		pthread_mutex_unlock(&pool->lock);
		opt.progress = note_progress;
		opt.arg = &pool->jobs[i];
		verdict_make(&pool->verdicts[i], pool->files[i], &opt);
		pthread_mutex_lock(&pool->lock);
		pool->jobs[i].done = true;
		pthread_cond_broadcast(&pool->finished);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static struct timespec in_a_moment(void)
{
	struct timespec at;

	clock_gettime(CLOCK_REALTIME, &at);
	at.tv_nsec += 100 * 1000 * 1000;
	if (at.tv_nsec >= 1000 * 1000 * 1000) {
		at.tv_nsec -= 1000 * 1000 * 1000;
		at.tv_sec++;
	}
	return at;
}

/* Shows how far file i is until it is done. */
static void wait_for(struct pool *pool, size_t i, bool quiet)
{
	struct job *job = &pool->jobs[i];

	progress_start(cmd_input_name(pool->files[i]), quiet);
	pthread_mutex_lock(&pool->lock);
	while (!job->done) {
		struct timespec until = in_a_moment();

		pthread_cond_timedwait(&pool->finished, &pool->lock, &until);
		progress_show(&job->progress);
	}
	pthread_mutex_unlock(&pool->lock);
	progress_stop();
}

/* Prints the verdicts in the order of the files, each as soon as it is known. */
static void print_verdicts(struct pool *pool, struct report *report, const struct report_ops *ops,
			   bool quiet)
{
	if (ops->begin)
		ops->begin(report);
	for (size_t i = 0; i < pool->n && !out_failed(report->out); i++) {
		wait_for(pool, i, quiet);
		if (ops->file)
			ops->file(report, &pool->verdicts[i]);
		report->status = worse(report->status, pool->verdicts[i].status);
	}
	if (out_failed(report->out)) {
		pthread_mutex_lock(&pool->lock);
		pool->stop = true;
		pthread_mutex_unlock(&pool->lock);
	} else if (ops->end) {
		ops->end(report);
	}
}

static void check_all(struct pool *pool, struct report *report, const struct validate_options *o)
{
	size_t want = o->jobs < pool->n ? o->jobs : pool->n;
	pthread_t threads[1024];
	size_t started = 0;

	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->finished, NULL);
	/* for a single file, a thread is needed only to show progress meanwhile */
	if (pool->n > 1 || progress_wanted(o->common.quiet)) {
		while (started < want &&
		       pthread_create(&threads[started], NULL, check_files, pool) == 0)
			started++;
	}
	if (started == 0)
		check_files(pool);
	print_verdicts(pool, report, formats[o->format], o->common.quiet);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&pool->finished);
	pthread_mutex_destroy(&pool->lock);
}

/* ---- the run */

static int validate(const struct validate_options *o, const struct opt_operands *files,
		    const struct cmd_input *input)
{
	struct verdict_options opt = {
		.input = input, .strict = o->strict, .salvage = o->salvage,
	};
	struct pool pool = { .opt = &opt, .files = files->items, .n = files->n };
	struct report report = {
		.strict = o->strict, .quiet = o->common.quiet, .verbose = o->common.verbose,
	};
	struct outfile file;
	int status = STATUS_TROUBLE;

	pool.verdicts = calloc(pool.n, sizeof(*pool.verdicts));
	pool.jobs = calloc(pool.n, sizeof(*pool.jobs));
	if (!pool.verdicts || !pool.jobs) {
		cmd_error(NULL, "%s", strerror(ENOMEM));
		goto out;
	}
	for (size_t i = 0; i < pool.n; i++)
		pool.jobs[i].pool = &pool;
	if (outfile_open(&file, o->report) != STATUS_FINE)
		goto out;
	report.out = file.out;
	report.verdicts = pool.verdicts;
	report.n = pool.n;
	report.colour = !file.target && cmd_colour(STDOUT_FILENO);
	check_all(&pool, &report, o);
	status = worse(outfile_finish(&file), report.status);
out:
	for (size_t i = 0; pool.verdicts && i < pool.n; i++)
		verdict_release(&pool.verdicts[i]);
	free(pool.verdicts);
	free(pool.jobs);
	return status;
}

/* Whether the options and files go together. OPT_RUN, or a status after a message. */
static int check_usage(const struct validate_options *o, const struct opt_operands *files)
{
	if (o->salvage && formats[o->format] != &report_text && formats[o->format] != &report_json)
		return opt_usage(&command,
				 "--salvage-report requires --format=text or json");
	/* each file is read twice for a salvage report */
	for (size_t i = 0; i < files->n; i++) {
		if (o->salvage && strcmp(files->items[i], "-") == 0)
			return opt_usage(&command, "standard input can be read only once");
	}
	if (cmd_reads_stdin_twice(files->items, files->n))
		return opt_usage(&command, "standard input can be read only once");
	return cmd_check_output(&command, o->report, files->items, files->n, &o->common.specs);
}

int cmd_validate(int argc, char **argv)
{
	struct validate_options o = { .jobs = cmd_processors() };
	struct opt_operands files;
	struct cmd_input input;
	int status = opt_parse(&command, argc, argv, &o, &files);

	if (status == OPT_RUN)
		status = check_usage(&o, &files);
	if (status != OPT_RUN)
		goto out;
	status = cmd_input_init(&input, &o.common);
	input.options.threads = (unsigned)((o.jobs + files.n - 1) / files.n);
	if (status == STATUS_FINE)
		status = validate(&o, &files, &input);
	cmd_input_release(&input);
out:
	opt_list_release(&o.common.specs);
	return status;
}
