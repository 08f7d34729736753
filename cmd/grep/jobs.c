/* SPDX-License-Identifier: MIT */
/*
 * jobs.c - several files searched at a time, and their lines in the order of the files: the
 * first file that is not done writes to standard output; what others find is kept until it is
 * their turn. One that finds much waits for it. Command layer.
 */
#include <pthread.h>
#include <stdlib.h>

#include "grep.h"

/* As much text as a file keeps in memory. */
enum { KEPT_NBYTES = 1 << 20 };

struct grep_jobs {
	const struct grep_options *opt;
	struct cmd_inputs *inputs;
	grep_trace_fn *search;
	const void *arg;
	pthread_mutex_t lock;
	pthread_cond_t turn_changed;
	size_t turn;            /* the index of the trace that may write */
	bool over;              /* nothing more is to be searched */
	bool found;
	int status;
};

static void write_kept(const struct out *kept)
{
	size_t n = (size_t)(kept->pos - kept->buffer);

	if (out_failed(kept))
		out_stdout.error = kept->error;
	else if (n > 0)
		out_end(&out_stdout, out_text(&out_stdout, out_begin(&out_stdout), kept->buffer, n));
}

void grep_wait_turn(struct grep_output *w)
{
	if (!w->jobs || w->out == &out_stdout)
		return;
	pthread_mutex_lock(&w->jobs->lock);
	while (w->jobs->turn != w->index)
		pthread_cond_wait(&w->jobs->turn_changed, &w->jobs->lock);
	pthread_mutex_unlock(&w->jobs->lock);
	write_kept(&w->kept);
	out_release_memory(&w->kept);
	w->out = &out_stdout;
}

void grep_written(struct grep_output *w)
{
	if (w->out != &out_stdout && w->out->pos - w->out->buffer > KEPT_NBYTES)
		grep_wait_turn(w);
}

/* The next trace may write. */
static void end_turn(struct grep_jobs *jobs, bool found, int status)
{
	pthread_mutex_lock(&jobs->lock);
	jobs->turn++;
	jobs->found |= found;
	jobs->status = worse(jobs->status, status);
	/* as grep's -q: that one is found is all that counts */
	jobs->over |= (jobs->opt->silent && jobs->found) || out_failed(&out_stdout);
	pthread_cond_broadcast(&jobs->turn_changed);
	pthread_mutex_unlock(&jobs->lock);
}

static bool is_over(struct grep_jobs *jobs)
{
	bool over;

	pthread_mutex_lock(&jobs->lock);
	over = jobs->over;
	pthread_mutex_unlock(&jobs->lock);
	return over;
}

static void *search_traces(void *arg)
{
	struct grep_jobs *jobs = arg;
	struct cmd_trace *t;

	while (!is_over(jobs) && cmd_inputs_next(jobs->inputs, &t) == 0) {
		struct grep_output w = { .jobs = jobs, .index = t->index, .out = &w.kept };
		int status = STATUS_FINE;
		bool found;

		out_init_memory(&w.kept);
		found = jobs->search(jobs->opt, t, jobs->arg, &w, &status);
		/* (one that waits holds its trace: the one before does not wait for it) */
		grep_wait_turn(&w);
		cmd_trace_close(t);
		end_turn(jobs, found, status);
	}
	return NULL;
}

bool grep_jobs_run(const struct grep_options *opt, struct cmd_inputs *inputs, grep_trace_fn *search,
		   const void *arg, int *status)
{
	struct grep_jobs jobs = { .opt = opt, .inputs = inputs, .search = search, .arg = arg,
				  .lock = PTHREAD_MUTEX_INITIALIZER,
				  .turn_changed = PTHREAD_COND_INITIALIZER };
	size_t n = (size_t)opt->jobs, started = 0;
	pthread_t *threads = calloc(n, sizeof(*threads));

	while (threads && started + 1 < n &&
	       pthread_create(&threads[started], NULL, search_traces, &jobs) == 0)
		started++;
	search_traces(&jobs);
	while (started > 0)
		pthread_join(threads[--started], NULL);
	free(threads);
	pthread_cond_destroy(&jobs.turn_changed);
	pthread_mutex_destroy(&jobs.lock);
	*status = worse(*status, jobs.status);
	return jobs.found;
}
