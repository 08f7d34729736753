/* SPDX-License-Identifier: MIT */
/* files.c - answers of many files, several read at a time, and their sum. Command layer. */
#include "files.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"

static void report_no_memory(void)
{
	cmd_error(NULL, "not enough memory for the statistics");
}

void files_init(struct stat_files *f, const struct stat_options *opt)
{
	memset(f, 0, sizeof(*f));
	if (!answer_init(&f->sum, opt, NULL)) {
		report_no_memory();
		f->sum.status = STATUS_TROUBLE;
	}
}

/* Room for the answer about a trace, wherever it is among the inputs. */
static bool files_room(struct stat_files *f, size_t n)
{
	if (!array_room(&f->answers, &f->cap, n, sizeof(struct stat_answer *)))
		return false;
	while (f->n < n)
		f->answers[f->n++] = NULL;
	return true;
}

static struct stat_answer *new_answer(const struct stat_options *opt, const char *file)
{
	struct stat_answer *a = calloc(1, sizeof(*a));

	if (a && !answer_init(a, opt, file)) {
		answer_release(a);
		free(a);
		return NULL;
	}
	return a;
}

struct stat_answer *files_add(struct stat_files *f, const struct stat_options *opt, const char *file)
{
	struct stat_answer *a = files_room(f, f->n + 1) ? new_answer(opt, file) : NULL;

	if (a)
		f->answers[f->n - 1] = a;
	else
		report_no_memory();
	return a;
}

/* Places that no answer came for are left out. */
static void close_gaps(struct stat_files *f)
{
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (f->answers[i])
			f->answers[n++] = f->answers[i];
	}
	f->n = n;
}

int files_sum(struct stat_files *f)
{
	close_gaps(f);
	for (size_t i = 0; i < f->n; i++)
		answer_merge(&f->sum, f->answers[i], f->n > 1);
	return worse(f->sum.status, answer_check(&f->sum));
}

/* ---- several at a time */

struct work {
	const struct stat_options *opt;
	struct cmd_inputs *inputs;
	struct stat_files *files;
	pthread_mutex_t lock;           /* of `files` */
	bool no_memory;
};

/* False: there is no memory for it, or was none for another. `a` may be NULL. */
static bool keep_answer(struct work *w, size_t index, struct stat_answer *a)
{
	bool kept;

	pthread_mutex_lock(&w->lock);
	kept = a && !w->no_memory && files_room(w->files, index + 1);
	if (kept)
		w->files->answers[index] = a;
	w->no_memory |= !kept;
	pthread_mutex_unlock(&w->lock);
	if (!kept && a)
		answer_release(a);
	if (!kept)
		free(a);
	return kept;
}

static void *do_traces(void *arg)
{
	struct work *w = arg;
	struct cmd_trace *trace;

	while (cmd_inputs_next(w->inputs, &trace) == 0) {
		struct stat_answer *a = new_answer(w->opt, cmd_input_name(trace->name));

		if (!keep_answer(w, trace->index, a)) {
			cmd_trace_close(trace);
			break;
		}
		collect(a, w->opt, trace);
		cmd_trace_close(trace);
	}
	return NULL;
}

static void run_all(struct work *w, size_t njobs)
{
	pthread_t *threads = njobs > 1 ? calloc(njobs, sizeof(*threads)) : NULL;
	size_t started = 0;

	while (threads && started + 1 < njobs &&
	       pthread_create(&threads[started], NULL, do_traces, w) == 0)
		started++;
	do_traces(w);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	free(threads);
}

int files_collect(struct stat_files *f, const struct stat_options *opt, struct cmd_inputs *inputs)
{
	struct work w = { .opt = opt, .inputs = inputs, .files = f, .lock = PTHREAD_MUTEX_INITIALIZER };

	progress_start("traces", opt->common.quiet || opt->jobs > 1);
	run_all(&w, cmd_inputs_single(inputs) ? 1 : (size_t)opt->jobs);
	progress_stop();
	close_gaps(f);
	if (w.no_memory) {
		report_no_memory();
		return STATUS_TROUBLE;
	}
	for (size_t i = 0; i < f->n; i++) {
		if (f->answers[i]->error->code != TT_OK)
			cmd_report(f->answers[i]->file, f->answers[i]->error);
	}
	return files_sum(f);
}

void files_release(struct stat_files *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->answers[i])
			answer_release(f->answers[i]);
		free(f->answers[i]);
	}
	answer_release(&f->sum);
	free(f->answers);
}
