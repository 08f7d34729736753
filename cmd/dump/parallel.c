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
enum { MAX_SHARES = 4 };

struct shares {
	const struct dump_format *format;
	dump_walk_fn *walk;
	struct dump_share *shares;
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

bool dump_share_stopped(const struct dump_share *s)
{
	return atomic_load_explicit(&s->all->stopped, memory_order_relaxed);
}

/* ------------------------------------------------------------------ writing */

static void stop(struct shares *all)
{
	pthread_mutex_lock(&all->lock);
	all->stopped = true;
	pthread_cond_broadcast(&all->turned);
	pthread_mutex_unlock(&all->lock);
}

/* Until it is the chunk's turn; false if that never comes. */
static bool wait_turn(struct shares *all, uint64_t chunk)
{
	bool stopped;

	pthread_mutex_lock(&all->lock);
	while (all->turn < chunk && !all->stopped)
		pthread_cond_wait(&all->turned, &all->lock);
	stopped = all->stopped;
	pthread_mutex_unlock(&all->lock);
	return !stopped;
}

static void pass_turn(struct shares *all)
{
	pthread_mutex_lock(&all->lock);
	all->turn++;
	if (out_failed(&out_stdout))
		all->stopped = true;
	pthread_cond_broadcast(&all->turned);
	pthread_mutex_unlock(&all->lock);
}

/* The share's chunk is whole, or the walk ended in it. False: it is not wanted any more. */
static bool write_chunk(struct dump_share *s)
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
static void end_all(struct dump_share *s, const struct tt_event *ev)
{
	struct shares *all = s->all;
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
static void finish(struct dump_share *s, const struct tt_event *ev, bool failed)
{
	if (s->mine && write_chunk(s)) {
		if (s->d->status != STATUS_FINE || dump_no_memory(s->d) || s->text.error != 0)
			end_all(s, ev);
		else if (!failed)
			pass_turn(s->all);
	}
	if (failed)
		stop(s->all);
}

/* Errors of the trace come to all readers, those of the machine maybe to one. */
static bool machine_failed(const struct dump_share *s, int rc)
{
	return rc < 0 && cmd_status(tt_reader_error(s->d->reader)) == STATUS_TROUBLE;
}

/* ------------------------------------------------------------------ threads */

/* How many threads there are must be known before one begins. */
static void wait_begin(struct shares *all)
{
	pthread_mutex_lock(&all->lock);
	while (!all->begun)
		pthread_cond_wait(&all->turned, &all->lock);
	pthread_mutex_unlock(&all->lock);
}

/* By the thread that used it: text that found no memory lies with its thread (out.c). */
static void release(struct dump_share *s)
{
	out_release_memory(&s->text);
	tt_reader_close(s->own.reader);
	stack_cache_release(&s->own.stacks);
	stack_cache_release(&s->own.tops);
	dump_filter_release(&s->own.filter);
}

static void *work(void *arg)
{
	struct dump_share *s = arg;
	struct shares *all = s->all;
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
static bool start_thread(struct dump_share *s)
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

static void share_init(struct shares *all, unsigned index, struct dump *d)
{
	struct dump_share *s = &all->shares[index];

	s->all = all;
	s->index = index;
	s->d = d;
	s->mine = index == 0;
	out_init_memory(&s->text);
	d->share = s;
}

/* A dump like the leader's, at the start of the trace. */
static bool another(struct dump *to, const struct dump *from)
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
static void print_apart(struct dump_share *s)
{
	s->d->out = &s->text;
	s->d->prints_ahead = true;
}

/* The leader has printed the first chunk: the others are to print from the second on. */
static void begin(struct shares *all, struct dump *leader)
{
	unsigned n = 1;

	for (; n < all->wanted; n++) {
		struct dump_share *s = &all->shares[n];

		if (!another(&s->own, leader))
			break;
		share_init(all, n, &s->own);
		print_apart(s);
		if (!start_thread(s)) {
			release(s);
			break;
		}
	}
	if (n > 1)
		print_apart(leader->share);
	pthread_mutex_lock(&all->lock);
	all->n = n;
	all->begun = true;
	all->turn = 1;
	pthread_cond_broadcast(&all->turned);
	pthread_mutex_unlock(&all->lock);
}

void dump_share_turn(struct dump *d)
{
	struct dump_share *s = d->share;

	if (!s->all->begun) {
		begin(s->all, d);
	} else if (s->all->n > 1 && s->mine && write_chunk(s)) {
		if (s->index == 0)
			dump_findings(d);
		pass_turn(s->all);
	}
	s->chunk++;
	s->mine = s->chunk % s->all->n == s->index;
}

/* ----------------------------------------------------------------------- walk */

/* The leader's walk is over: the others come to the same end, or are told to stop. */
static int join(struct shares *all, struct dump *d, int rc, const struct tt_event *ev)
{
	finish(d->share, ev, machine_failed(d->share, rc));
	for (unsigned i = 1; i < all->n; i++)
		pthread_join(all->shares[i].thread, NULL);
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

int dump_shares_walk(struct dump *d, const struct dump_format *format, dump_walk_fn *walk,
		     const struct tt_event **ev)
{
	uint64_t jobs = d->opt->jobs;
	struct shares all = {
		.format = format,
		.walk = walk,
		.wanted = jobs < MAX_SHARES ? (unsigned)jobs : MAX_SHARES,
		.n = 1,
	};
	int rc;

	/* who looks at a terminal wants to see what there is; a limit is for one reader */
	if (jobs > 1 && !d->colour && d->opt->common.max_memory == 0)
		all.shares = calloc(all.wanted, sizeof(*all.shares));
	if (!all.shares)
		return walk(d, format, ev);
	pthread_mutex_init(&all.lock, NULL);
	pthread_cond_init(&all.turned, NULL);
	share_init(&all, 0, d);
	rc = walk(d, format, ev);
	if (all.n > 1)
		rc = join(&all, d, rc, *ev);
	out_release_memory(&all.shares[0].text);
	d->share = NULL;
	pthread_cond_destroy(&all.turned);
	pthread_mutex_destroy(&all.lock);
	free(all.shares);
	return rc;
}
