/* SPDX-License-Identifier: MIT */
/* parallel.c - one dump printed by several threads. Command layer. */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "parallel.h"

/*
 * All of them read all of the trace: more would hardly be faster. And each may take as much
 * memory as one alone, which by default is a quarter of the machine's.
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
	struct tt_error failure; /* of a reader that is not the leader's, or code 0 */
};

bool dump_worker_stopped(const struct dump_worker *s)
{
	return atomic_load_explicit(&s->all->stopped, memory_order_relaxed);
}

/* ---- writing */

static void stop(struct workers *all)
{
	pthread_mutex_lock(&all->lock);
	all->stopped = true;
	pthread_cond_broadcast(&all->turned);
	pthread_mutex_unlock(&all->lock);
}

/* Until it is the chunk's turn; false if that never comes. */
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

/* The share's chunk is whole, or the walk ended in it. False: it is not wanted any more. */
static bool write_chunk(struct dump_worker *s)
{
	if (!wait_turn(s->all, s->chunk))
		return false;
	if (s->text.error == 0)
		out_block(&out_stdout, s->text.buffer, (size_t)(s->text.pos - s->text.buffer));
	s->text.pos = s->text.buffer;
	return true;
}

/*
 * A format stopped at this event, or found no memory: that ends all walks, when all before
 * is written. What is printed ahead has no messages, so the event is printed once more.
 */
static void stop_all(struct dump_worker *s, const struct tt_event *ev)
{
	struct workers *all = s->all;
	struct dump *d = s->d;
	bool no_memory = dump_no_memory(d) || s->text.error != 0;

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
 * failed this thread's reader, others may go on behind: nothing more may be written then.
 */
static void finish(struct dump_worker *s, const struct tt_event *ev, bool failed)
{
	if (s->owns_chunk && write_chunk(s)) {
		if (s->d->status != STATUS_FINE || dump_no_memory(s->d) || s->text.error != 0)
			stop_all(s, ev);
		else if (!failed)
			pass_turn(s->all);
	}
	if (failed)
		stop(s->all);
}

/* Errors of the trace come to all readers, those of the machine maybe to one. */
static bool machine_failed(const struct dump_worker *s, int rc)
{
	return rc < 0 && cmd_status(tt_reader_error(s->d->reader)) == STATUS_TROUBLE;
}

/* ---- threads */

/* How many threads there are must be known before one begins. */
static void wait_begin(struct workers *all)
{
	pthread_mutex_lock(&all->lock);
	while (!all->begun)
		pthread_cond_wait(&all->turned, &all->lock);
	pthread_mutex_unlock(&all->lock);
}

/* By the thread that used it: text that found no memory lies with its thread (out.c). */
static void release(struct dump_worker *s)
{
	out_release_memory(&s->text);
	tt_reader_close(s->own.reader);
	stack_cache_release(&s->own.stacks);
	stack_cache_release(&s->own.tops);
	dump_filter_release(&s->own.filter);
}

static void *work(void *arg)
{
	struct dump_worker *s = arg;
	struct workers *all = s->all;
	const struct tt_event *ev = NULL;
	bool failed;

	wait_begin(all);
	failed = machine_failed(s, all->walk(s->d, all->format, &ev));
	if (failed) {
		pthread_mutex_lock(&all->lock);
		all->failure = *tt_reader_error(s->d->reader);
		pthread_mutex_unlock(&all->lock);
	}
	finish(s, ev, failed);
	release(s);
	return NULL;
}

/* Signals are for the thread that was there before, but for that of an input that is gone
 * (main.c), which comes to the thread that reads it. */
static bool start_thread(struct dump_worker *s)
{
	sigset_t every, before;
	int failed;

	sigfillset(&every);
	sigdelset(&every, SIGBUS);
	pthread_sigmask(SIG_SETMASK, &every, &before);
	failed = pthread_create(&s->thread, NULL, work, s);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed == 0;
}

static void worker_init(struct workers *all, unsigned index, struct dump *d)
{
	struct dump_worker *s = &all->workers[index];

	s->all = all;
	s->index = index;
	s->d = d;
	s->owns_chunk = index == 0;
	out_init_memory(&s->text);
	d->worker = s;
}

/* A dump like the leader's, at the start of the trace. */
static bool copy_dump(struct dump *to, const struct dump *from)
{
	struct tt_error ignored;

	*to = (struct dump){
		.opt = from->opt,
		.command = from->command,
		.file = from->file,
		.filter = from->filter,
		.stacks = { .render = from->stacks.render },
		.tops = { .render = from->tops.render },
	};
	to->filter.stack_verdicts = NULL;
	return tt_reader_open_again(&to->reader, from->reader, &ignored) == 0;
}

/* From here on the thread prints ahead. */
static void print_ahead(struct dump_worker *s)
{
	s->d->out = &s->text;
	s->d->prints_ahead = true;
}

/* The leader has printed the first chunk: the others are to print from the second on. */
static void begin(struct workers *all, struct dump *leader)
{
	unsigned n = 1;

	for (; n < all->wanted; n++) {
		struct dump_worker *s = &all->workers[n];

		if (!copy_dump(&s->own, leader))
			break;
		worker_init(all, n, &s->own);
		print_ahead(s);
		if (!start_thread(s)) {
			release(s);
			break;
		}
	}
	if (n > 1)
		print_ahead(leader->worker);
	pthread_mutex_lock(&all->lock);
	all->n = n;
	all->begun = true;
	all->turn = 1;
	pthread_cond_broadcast(&all->turned);
	pthread_mutex_unlock(&all->lock);
}

void dump_worker_end_chunk(struct dump *d)
{
	struct dump_worker *s = d->worker;

	if (!s->all->begun) {
		begin(s->all, d);
	} else if (s->all->n > 1 && s->owns_chunk && write_chunk(s)) {
		if (s->index == 0)
			dump_findings(d);
		pass_turn(s->all);
	}
	s->chunk++;
	s->owns_chunk = s->chunk % s->all->n == s->index;
}

/* ---- walk */

/* The leader's walk is over: the others come to the same end, or are told to stop. */
static int join(struct workers *all, struct dump *d, int rc, const struct tt_event *ev)
{
	finish(d->worker, ev, machine_failed(d->worker, rc));
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

	/* who looks at a terminal wants to see what there is; a limit is for one reader */
	if (jobs > 1 && !d->colour && d->opt->common.max_memory == 0)
		all.workers = calloc(all.wanted, sizeof(*all.workers));
	if (!all.workers)
		return walk(d, format, ev);
	pthread_mutex_init(&all.lock, NULL);
	pthread_cond_init(&all.turned, NULL);
	worker_init(&all, 0, d);
	rc = walk(d, format, ev);
	if (all.n > 1)
		rc = join(&all, d, rc, *ev);
	out_release_memory(&all.workers[0].text);
	d->worker = NULL;
	pthread_cond_destroy(&all.turned);
	pthread_mutex_destroy(&all.lock);
	free(all.workers);
	return rc;
}
