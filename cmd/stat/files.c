/* SPDX-License-Identifier: MIT */
/* files.c - answers of many files, several read at a time, and their sum. Command layer. */
#include "files.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"

/* ---- many files */

struct work {
	const struct stat_options *opt;
	const struct cmd_input *in;
	char *const *paths;
	struct stat_answer *answers;
	size_t n;
	atomic_size_t next;
};

static void *do_files(void *arg)
{
	struct work *w = arg;
	size_t i;

	while ((i = atomic_fetch_add(&w->next, 1)) < w->n)
		collect(&w->answers[i], w->opt, w->in, w->paths[i]);
	return NULL;
}

static void run_all(struct work *w)
{
	size_t njobs = w->opt->jobs < w->n ? (size_t)w->opt->jobs : w->n, started = 0;
	pthread_t *threads = njobs > 1 ? calloc(njobs, sizeof(*threads)) : NULL;

	while (threads && started + 1 < njobs &&
	       pthread_create(&threads[started], NULL, do_files, w) == 0)
		started++;
	do_files(w);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	free(threads);
}

static void report(const struct stat_answer *a)
{
	if (a->error->code != TT_OK)
		cmd_report(a->file, a->error);
}

int files_collect(struct stat_files *f, const struct stat_options *opt, const struct cmd_input *in,
		  char *const *paths, size_t n)
{
	struct work w = { .opt = opt, .in = in, .paths = paths, .n = n };

	memset(f, 0, sizeof(*f));
	f->answers = calloc(n + 1, sizeof(*f->answers));
	if (!f->answers) {
		cmd_error(NULL, "not enough memory for the statistics");
		return STATUS_TROUBLE;
	}
	f->n = n;
	answer_init(&f->sum, opt, NULL);
	for (size_t i = 0; i < n; i++)
		answer_init(&f->answers[i], opt, cmd_input_name(paths[i]));
	w.answers = f->answers;
	progress_start(n == 1 ? cmd_input_name(paths[0]) : "", opt->common.quiet || opt->jobs > 1);
	run_all(&w);
	progress_stop();
	for (size_t i = 0; i < n; i++) {
		report(&f->answers[i]);
		answer_merge(&f->sum, &f->answers[i], n > 1);
	}
	return worse(f->sum.status, answer_check(&f->sum));
}

void files_release(struct stat_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		answer_release(&f->answers[i]);
	if (f->answers)
		answer_release(&f->sum);
	free(f->answers);
	memset(f, 0, sizeof(*f));
}
