/* SPDX-License-Identifier: MIT */
/* parallel.c - one dump printed by several threads. Command layer. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "parallel.h"

/*
 * Each worker reads the whole trace, so that more of them would hardly be faster. And each
 * may use as much memory as a single one, by default a quarter of the machine's.
 */
enum { MAX_WORKERS = 4 };

struct workers {
	const struct dump_format *format;
	dump_walk_fn *walk;
	struct dump_worker *workers;
	unsigned wanted, n;     /* threads; 1: no others, or not yet */
	pthread_mutex_t lock;
	pthread_cond_t turned;
	atomic_bool stopped;    /* nothing more is to be written */
	/* guarded by the lock */
	bool begun;
	uint64_t turn;          /* the chunk to be written next */
	int status;             /* a format stopped with it */
	bool no_memory;
	struct tt_error failure; /* of a reader but the main worker's, or code 0 */
};

bool dump_worker_stopped(const struct dump_worker *w)
{
	return atomic_load_explicit(&w->all->stopped, memory_order_relaxed);
}

/* ---- writing */

static void stop(struct workers *all)
{
	pthread_mutex_lock(&all->lock);
	all->stopped = true;
	pthread_cond_broadcast(&all->turned);
	pthread_mutex_unlock(&all->lock);
}

/* Waits until it is the chunk's turn; false: it will not be written. */
static bool wait_turn(struct workers *all, uint64_t chunk)
{
	bool stopped;

	pthread_mutex_lock(&all->lock);
	while (all->turn < chunk && !all->stopped)
		pthread_cond_wait(&all->turned, &all->lock);
	stopped = all->stopped;
	pthread_mutex_unlock(&all->lock);
	return !stopped;
}

static void pass_turn(struct workers *all)
{
	pthread_mutex_lock(&all->lock);
	all->turn++;
	if (out_failed(&out_stdout))
		all->stopped = true;
	pthread_cond_broadcast(&all->turned);
	pthread_mutex_unlock(&all->lock);
}

/* The worker's chunk is complete, or the walk ended in it. False: it is no longer wanted. */
static bool write_chunk(struct dump_worker *w)
{
	if (!wait_turn(w->all, w->chunk))
		return false;
	if (w->text.error == 0)
		out_block(&out_stdout, w->text.buffer, (size_t)(w->text.pos - w->text.buffer));
	w->text.pos = w->text.buffer;
	return true;
}

/*
 * A format stopped at this event, or memory ran out: that ends all walks, once everything
 * before it is written. Printing ahead gives no messages, so the event is printed again.
 */
static void stop_all(struct dump_worker *w, const struct tt_event *ev)
{
	struct workers *all = w->all;
	struct dump *d = w->d;
	bool no_memory = dump_no_memory(d) || w->text.error != 0;

	d->out = &out_stdout;
	d->prints_ahead = false;
	if (!no_memory && ev->kind == TT_KIND_SYNC)
		all->format->sync(d, ev, true);
	else if (!no_memory)
		all->format->event(d, ev);
	pthread_mutex_lock(&all->lock);
	all->status = d->status;
	all->no_memory = no_memory;
	pthread_mutex_unlock(&all->lock);
	stop(all);
}

/*
 * The walk of a thread is over: its last chunk is written if it is its own. If the machine
 * failed this thread's reader, other threads may read on, but nothing may be written after
 * this chunk.
 */
static void finish_walk(struct dump_worker *w, const struct tt_event *ev, bool failed)
{
	if (w->owns_chunk && write_chunk(w)) {
		if (w->d->status != STATUS_FINE || dump_no_memory(w->d) || w->text.error != 0)
			stop_all(w, ev);
		else if (!failed)
			pass_turn(w->all);
	}
	if (failed)
		stop(w->all);
}

/* All readers find the errors of a trace; those of the machine may hit one of them. */
static bool machine_failed(const struct dump_worker *w, int rc)
{
	return rc < 0 && cmd_status(tt_reader_error(w->d->reader)) == STATUS_TROUBLE;
}

/* ---- threads */

/* A thread must know how many there are before it walks. */
static void wait_until_begun(struct workers *all)
{
	pthread_mutex_lock(&all->lock);
	while (!all->begun)
		pthread_cond_wait(&all->turned, &all->lock);
	pthread_mutex_unlock(&all->lock);
}

/* In the thread that used it: text without memory is in a buffer of its thread (out.c). */
static void worker_release(struct dump_worker *w)
{
	out_release_memory(&w->text);
	tt_spans_free(w->own.spans);
	tt_reader_close(w->own.reader);
	stack_cache_release(&w->own.stacks);
	stack_cache_release(&w->own.tops);
	out_release_memory(&w->own.scratch);
	selector_release(&w->own.selector);
}

static void *work(void *arg)
{
	struct dump_worker *w = arg;
	struct workers *all = w->all;
	const struct tt_event *ev = NULL;
	bool failed;

	wait_until_begun(all);
	failed = machine_failed(w, all->walk(w->d, all->format, &ev));
	if (failed) {
		pthread_mutex_lock(&all->lock);
		all->failure = *tt_reader_error(w->d->reader);
		pthread_mutex_unlock(&all->lock);
	}
	finish_walk(w, ev, failed);
	worker_release(w);
	return NULL;
}

/* Signals are handled by the main thread, except that of a truncated input (main.c), which
 * the thread that reads it receives. */
static bool start_thread(struct dump_worker *w)
{
	sigset_t every, before;
	int failed;

	sigfillset(&every);
	sigdelset(&every, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	failed = pthread_create(&w->thread, NULL, work, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0;
}

static void worker_init(struct workers *all, unsigned index, struct dump *d)
{
	struct dump_worker *w = &all->workers[index];

	w->all = all;
	w->index = index;
	w->d = d;
	w->owns_chunk = index == 0;
	out_init_memory(&w->text);
	d->worker = w;
}

/* A dump like the main worker's, at the start of the trace. */
static bool copy_dump(struct dump *to, const struct dump *from)
{
	struct tt_error ignored;

	*to = (struct dump){
		.opt = from->opt,
		.command = from->command,
		.file = from->file,
		.stacks = { .render = from->stacks.render },
		.tops = { .render = from->tops.render },
	};
	selector_copy(&to->selector, &from->selector);
	if (tt_reader_open_again(&to->reader, from->reader, &ignored) != 0)
		return false;
	if (dump_durations_init(to, &ignored) == 0)
		return true;
	tt_reader_close(to->reader);
	return false;
}

static void begin_printing_ahead(struct dump_worker *w)
{
	w->d->out = &w->text;
	w->d->prints_ahead = true;
}

/* The main worker has printed the first chunk: the others print from the second on. */
static void start_workers(struct workers *all, struct dump *d)
{
	unsigned n = 1;

	for (; n < all->wanted; n++) {
		struct dump_worker *w = &all->workers[n];

		if (!copy_dump(&w->own, d))
			break;
		worker_init(all, n, &w->own);
		begin_printing_ahead(w);
		if (!start_thread(w)) {
			worker_release(w);
			break;
		}
	}
	if (n > 1)
		begin_printing_ahead(d->worker);
	pthread_mutex_lock(&all->lock);
	all->n = n;
	all->begun = true;
	all->turn = 1;
	pthread_cond_broadcast(&all->turned);
	pthread_mutex_unlock(&all->lock);
}

void dump_worker_end_chunk(struct dump *d)
{
	struct dump_worker *w = d->worker;

	if (!w->all->begun) {
		start_workers(w->all, d);
	} else if (w->all->n > 1 && w->owns_chunk && write_chunk(w)) {
		if (w->index == 0)
			dump_findings(d);
		pass_turn(w->all);
	}
	w->chunk++;
	w->owns_chunk = w->chunk % w->all->n == w->index;
}

/* ---- walk */

/* The main worker's walk is over: the others reach the same end, or stop. */
static int join_workers(struct workers *all, struct dump *d, int rc, const struct tt_event *ev)
{
	finish_walk(d->worker, ev, machine_failed(d->worker, rc));
	for (unsigned i = 1; i < all->n; i++)
		pthread_join(all->workers[i].thread, NULL);
	d->out = &out_stdout;
	d->prints_ahead = false;
	if (all->status != STATUS_FINE)
		d->status = all->status;
	if (all->no_memory)
		d->stacks.text.error = ENOMEM;
	if (all->failure.code == 0)
		return rc;
	d->failure = all->failure;
	return -all->failure.code;
}

int dump_parallel_walk(struct dump *d, const struct dump_format *format, dump_walk_fn *walk,
		       const struct tt_event **ev)
{
	uint64_t jobs = d->opt->jobs;
	struct workers all = {
		.format = format,
		.walk = walk,
		.wanted = jobs < MAX_WORKERS ? (unsigned)jobs : MAX_WORKERS,
		.n = 1,
	};
	int rc;

	/* on a terminal, lines appear as they are printed; a memory limit is for one reader */
	if (jobs > 1 && !d->colour && d->opt->common.max_memory == 0)
		all.workers = calloc(all.wanted, sizeof(*all.workers));
	if (!all.workers)
		return walk(d, format, ev);
	pthread_mutex_init(&all.lock, NULL);
	pthread_cond_init(&all.turned, NULL);
	worker_init(&all, 0, d);
	rc = walk(d, format, ev);
	if (all.n > 1)
		rc = join_workers(&all, d, rc, *ev);
	out_release_memory(&all.workers[0].text);
	d->worker = NULL;
	pthread_cond_destroy(&all.turned);
	pthread_mutex_destroy(&all.lock);
	free(all.workers);
	return rc;
}
