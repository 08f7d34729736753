/* SPDX-License-Identifier: MIT */
/*
 * validate.c - `tracetool validate`: a verdict for each trace, several traces at
 * once if asked, printed in the order of the command line. Command layer: stands
 * on verdict.h and report.h.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/inputs.h"
#include "cli/outfile.h"
#include "cli/progress.h"
#include "report.h"

struct validate_options {
	struct cmd_common common;
	struct cmd_inputs_options inputs;
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
	CMD_INPUTS_OPTIONS(struct validate_options, inputs),
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
};

/* ---- jobs */

/* A trace that is checked. All but `verdict`, which belongs to one thread until the job is
 * done, is guarded by the pool's lock. */
struct job {
	struct pool *pool;
	char *name;             /* for people */
	struct tt_progress progress;
	bool done;
	struct verdict verdict;
};

/* What the threads that check traces share. If there is one trace only, several threads
 * check it. */
struct pool {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a job is done, or a thread has ended */
	const struct verdict_options *opt;
	struct cmd_inputs *inputs;
	struct job **jobs;      /* in the order of the inputs; NULL: not begun yet */
	size_t n, capacity;
	size_t running;         /* threads that have not ended */
	bool stop;              /* the report cannot be written: no more verdicts are needed */
	bool no_memory;
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

static bool make_room(struct pool *pool, size_t n)
{
	size_t capacity = pool->capacity * 2 > n ? pool->capacity * 2 : n + 15;
	struct job **grown;

	if (n <= pool->capacity)
		return true;
	grown = realloc(pool->jobs, capacity * sizeof(*grown));
	if (!grown)
		return false;
	memset(grown + pool->capacity, 0, (capacity - pool->capacity) * sizeof(*grown));
	pool->jobs = grown;
	pool->capacity = capacity;
	return true;
}

/* NULL: no memory, or the report cannot be written. */
static struct job *begin_job(struct pool *pool, const struct cmd_trace *trace)
{
	struct job *job = calloc(1, sizeof(*job));
	char *name = strdup(cmd_input_name(trace->name));

	pthread_mutex_lock(&pool->lock);
	if (!job || !name || !make_room(pool, trace->index + 1))
		pool->no_memory = pool->stop = true;
	if (pool->stop) {
		free(job);
		free(name);
		job = NULL;
	} else {
		job->pool = pool;
		job->name = name;
		pool->jobs[trace->index] = job;
		pool->n = pool->n > trace->index ? pool->n : trace->index + 1;
		pthread_cond_broadcast(&pool->changed);
	}
	pthread_mutex_unlock(&pool->lock);
	return job;
}

/* A thread that checks one trace after the other until none is left. */
static void *check_traces(void *arg)
{
	struct pool *pool = arg;
	struct cmd_trace *trace;
	struct job *job;

	while (cmd_inputs_next(pool->inputs, &trace) == 0 && (job = begin_job(pool, trace))) {
		struct verdict_options opt = *pool->opt;

		opt.progress = note_progress;
		opt.arg = job;
		verdict_make(&job->verdict, trace, &opt);
		cmd_trace_close(trace);
		trace = NULL;
		pthread_mutex_lock(&pool->lock);
		job->done = true;
		pthread_cond_broadcast(&pool->changed);
		pthread_mutex_unlock(&pool->lock);
	}
	if (trace)
		cmd_trace_close(trace);
	pthread_mutex_lock(&pool->lock);
	pool->running--;
	pthread_cond_broadcast(&pool->changed);
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

/* Waits until job i is begun. NULL: there are no more. */
static struct job *wait_for_begin(struct pool *pool, size_t i)
{
	struct job *job;

	pthread_mutex_lock(&pool->lock);
	while (pool->running > 0 && (i >= pool->n || !pool->jobs[i]))
		pthread_cond_wait(&pool->changed, &pool->lock);
	job = i < pool->n ? pool->jobs[i] : NULL;
	pthread_mutex_unlock(&pool->lock);
	return job;
}

/* Shows how far the job is until it is done. */
static void wait_for_end(struct pool *pool, struct job *job, bool quiet)
{
	progress_start(job->name, quiet);
	pthread_mutex_lock(&pool->lock);
	while (!job->done) {
		struct timespec until = in_a_moment();

		pthread_cond_timedwait(&pool->changed, &pool->lock, &until);
		progress_show(&job->progress);
	}
	pthread_mutex_unlock(&pool->lock);
	progress_stop();
}

/* Prints the verdicts in the order of the inputs, each as soon as it is known. */
static void print_verdicts(struct pool *pool, struct report *report, const struct report_ops *ops,
			   bool quiet)
{
	struct job *job;

	while (!out_failed(report->out) && (job = wait_for_begin(pool, report->nprinted))) {
		wait_for_end(pool, job, quiet);
		if (ops->file)
			ops->file(report, &job->verdict);
		report->nprinted++;
		report->status = worse(report->status, job->verdict.status);
	}
	if (!out_failed(report->out))
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stop = true;
	pthread_mutex_unlock(&pool->lock);
}

/* Starts up to `want` threads. If there is none, the verdicts are made here. */
static size_t start_threads(struct pool *pool, pthread_t *threads, size_t want)
{
	size_t started = 0;

	pool->running = want;
	while (started < want && pthread_create(&threads[started], NULL, check_traces, pool) == 0)
		started++;
	pthread_mutex_lock(&pool->lock);
	pool->running -= want - started;
	pthread_mutex_unlock(&pool->lock);
	if (started > 0)
		return started;
	pool->running = 1;
	check_traces(pool);
	return 0;
}

static void check_all(struct pool *pool, struct report *report, const struct validate_options *o)
{
	const struct report_ops *ops = formats[o->format];
	bool single = cmd_inputs_single(pool->inputs);
	pthread_t threads[1024];
	size_t started;

	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->changed, NULL);
	if (ops->begin)
		ops->begin(report);
	/* for a single trace, a thread is needed only to show progress meanwhile */
	if (single)
		started = start_threads(pool, threads, progress_wanted(o->common.quiet));
	else
		started = start_threads(pool, threads, o->jobs);
	print_verdicts(pool, report, ops, o->common.quiet);
	for (size_t i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	pthread_cond_destroy(&pool->changed);
	pthread_mutex_destroy(&pool->lock);
}

/* ---- the run */

/* Ends the report: formats that begin with sums are printed now. */
static int end_report(struct pool *pool, struct report *report, const struct report_ops *ops)
{
	const struct verdict **verdicts = calloc(pool->n + 1, sizeof(*verdicts));

	if (!verdicts || pool->no_memory) {
		free(verdicts);
		cmd_error(NULL, "%s", strerror(ENOMEM));
		return STATUS_TROUBLE;
	}
	for (size_t i = 0; i < pool->n; i++)
		verdicts[i] = &pool->jobs[i]->verdict;
	report->verdicts = verdicts;
	report->n = pool->n;
	if (ops->end && !out_failed(report->out))
		ops->end(report);
	free(verdicts);
	return report->status;
}

/* If the report would replace one of the inputs, it is not written. */
static int finish(struct outfile *file, const struct cmd_inputs *inputs)
{
	if (!cmd_inputs_clash(inputs))
		return outfile_finish(file);
	cmd_error(file->target, "this output is also an input: use another one with -o");
	outfile_discard(file);
	return STATUS_TROUBLE;
}

static void release_jobs(struct pool *pool)
{
	for (size_t i = 0; i < pool->n; i++) {
		if (!pool->jobs[i])
			continue;
		verdict_release(&pool->jobs[i]->verdict);
		free(pool->jobs[i]->name);
		free(pool->jobs[i]);
	}
	free(pool->jobs);
}

static int validate(const struct validate_options *o, struct cmd_inputs *inputs,
		    const struct cmd_input *input)
{
	struct verdict_options opt = {
		.input = input, .strict = o->strict, .salvage = o->salvage,
	};
	struct pool pool = { .opt = &opt, .inputs = inputs };
	struct report report = {
		.strict = o->strict, .quiet = o->common.quiet, .verbose = o->common.verbose,
	};
	struct outfile file;
	int status;

	if (outfile_open(&file, o->report) != STATUS_FINE)
		return STATUS_TROUBLE;
	cmd_inputs_output(inputs, o->report, file.target ? file.out->fd : -1);
	report.out = file.out;
	report.colour = !file.target && cmd_colour(STDOUT_FILENO);
	check_all(&pool, &report, o);
	status = end_report(&pool, &report, formats[o->format]);
	status = worse(status, finish(&file, inputs));
	release_jobs(&pool);
	return status;
}

/* Whether the options and files go together. OPT_RUN, or a status after a message. */
static int check_usage(const struct validate_options *o, const struct opt_operands *files)
{
	int status = cmd_inputs_check(&command, &o->inputs, &o->common, files);

	if (status != OPT_RUN)
		return status;
	if (o->salvage && formats[o->format] != &report_text && formats[o->format] != &report_json)
		return opt_usage(&command,
				 "--salvage-report requires --format=text or json");
	/* each file is read twice for a salvage report */
	for (size_t i = 0; i < files->n; i++) {
		if (o->salvage && strcmp(files->items[i], "-") == 0)
			return opt_usage(&command, "standard input can be read only once");
	}
	return cmd_inputs_check_output(&command, o->report, &o->inputs, files, &o->common.specs);
}

static int run(const struct validate_options *o, const struct opt_operands *files)
{
	struct cmd_input input;
	struct cmd_inputs *inputs = NULL;
	int status = cmd_input_init(&input, &o->common);

	if (status == STATUS_FINE)
		status = cmd_inputs_open(&inputs, &o->inputs, &input, files);
	if (status == STATUS_FINE) {
		input.options.flags = TT_OPEN_EXPERIMENTAL; /* where the heap is replayed */
		input.options.threads = cmd_inputs_single(inputs) ? (unsigned)o->jobs : 1;
		status = validate(o, inputs, &input);
	}
	status = worse(status, cmd_inputs_close(inputs, o->common.verbose));
	cmd_input_release(&input);
	return status;
}

int cmd_validate(int argc, char **argv)
{
	struct validate_options o = {
		.inputs.take_apart = true,
		.jobs = cmd_processors(),
	};
	struct opt_operands files;
	int status = opt_parse(&command, argc, argv, &o, &files);

	if (status == OPT_RUN)
		status = check_usage(&o, &files);
	if (status == OPT_RUN)
		status = run(&o, &files);
	cmd_inputs_options_release(&o.inputs);
	opt_list_release(&o.common.specs);
	return status;
}
