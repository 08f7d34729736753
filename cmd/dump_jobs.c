/* SPDX-License-Identifier: MIT */
/* dump_jobs.c - blocks of events on their way from reading to writing. Command layer. */
#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

#include "dump_jobs.h"

enum {
	BLOCK_EVENTS = 512,
	BLOCK_ARGS = BLOCK_EVENTS * 6,
	BLOCK_TEXT = 8192,      /* of texts that live no longer than their event */
	TEXT_KEPT = 4 << 20,    /* a block's text that was larger is given back */
	BLOCKS_A_THREAD = 4,
	MAX_THREADS = 64,
};

enum block_state { BLOCK_FREE, BLOCK_FILLED, BLOCK_PRINTING, BLOCK_PRINTED };

struct block {
	enum block_state state; /* guarded by the lock */
	size_t n, nargs, ntext;
	size_t printed;         /* fewer than n: the next one ends the walk */
	struct out text;
	struct tt_event events[BLOCK_EVENTS];
	uint64_t args[BLOCK_ARGS];
	char texts[BLOCK_TEXT];
};

/* A thread that prints; the first is the one that reads. */
struct printer {
	struct dump_jobs *jobs;
	struct dump d;          /* with caches and an output of its own */
	uint64_t generation;    /* ordinal of the one in its caches */
	pthread_t thread;
};

struct dump_jobs {
	struct dump *d;
	const struct dump_format *format;
	unsigned nthreads;      /* wanted */
	unsigned nstarted;      /* begin with 1: the reading one */
	struct printer *printers;
	/* A ring: blocks head..taken are being printed, taken..tail wait for a printer, the
	 * one at tail is being filled. */
	struct block *blocks;
	size_t nblocks;
	uint64_t head, taken, tail;
	pthread_mutex_t lock;
	pthread_cond_t filled, printed;
	bool stop;
};

static struct block *block_at(const struct dump_jobs *j, uint64_t i)
{
	return &j->blocks[i % j->nblocks];
}

/* ----------------------------------------------------------------- printing */

/* A generation's texts are in no other. */
static void turn(struct printer *p, const struct tt_generation *g)
{
	if (p->generation == tt_generation_ordinal(g))
		return;
	p->generation = tt_generation_ordinal(g);
	stack_cache_reset(&p->d.stacks);
	stack_cache_reset(&p->d.tops);
	if (p->jobs->format->turn)
		p->jobs->format->turn();
}

static void print_block(struct printer *p, struct block *b)
{
	turn(p, b->events[0].generation);
	p->d.out = &b->text;
	p->d.status = STATUS_FINE;
	b->text.pos = b->text.buffer;
	for (b->printed = 0; b->printed < b->n; b->printed++) {
		dump_print(&p->d, p->jobs->format, &b->events[b->printed]);
		if (dump_no_memory(&p->d))
			b->text.error = ENOMEM;
		if (p->d.status != STATUS_FINE || b->text.error)
			break;
	}
}

/* Takes the next block that waits and prints it; the lock is held around. */
static void print_next(struct printer *p)
{
	struct dump_jobs *j = p->jobs;
	struct block *b = block_at(j, j->taken++);

	b->state = BLOCK_PRINTING;
	pthread_mutex_unlock(&j->lock);
	print_block(p, b);
	pthread_mutex_lock(&j->lock);
	b->state = BLOCK_PRINTED;
	pthread_cond_signal(&j->printed);
}

static void *work(void *arg)
{
	struct printer *p = arg;
	struct dump_jobs *j = p->jobs;

	pthread_mutex_lock(&j->lock);
	while (!j->stop) {
		if (j->taken < j->tail)
			print_next(p);
		else
			pthread_cond_wait(&j->filled, &j->lock);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}

/* When the first block is full: by now all that events are printed with is known. */
static void prepare_printers(struct dump_jobs *j)
{
	for (unsigned i = 0; i < j->nthreads; i++) {
		struct printer *p = &j->printers[i];

		p->jobs = j;
		p->d = *j->d;
		p->d.prints_ahead = true;
		p->d.stacks = (struct stack_cache){ .render = j->d->stacks.render };
		p->d.tops = (struct stack_cache){ .render = j->d->tops.render };
	}
}

static void start_threads(struct dump_jobs *j)
{
	while (j->nstarted < j->nthreads) {
		struct printer *p = &j->printers[j->nstarted];

		if (pthread_create(&p->thread, NULL, work, p) != 0) {
			j->nthreads = j->nstarted;
			return;
		}
		j->nstarted++;
	}
}

/* ------------------------------------------------------------------ writing */

/* The oldest block is printed: writes it. */
static void write_block(struct dump_jobs *j, struct block *b)
{
	struct dump *d = j->d;

	if (b->text.error)
		d->stacks.text.error = b->text.error;
	else if (d->status == STATUS_FINE && !dump_no_memory(d))
		out_block(d->out, b->text.buffer, (size_t)(b->text.pos - b->text.buffer));
	/* an event that ends the walk has messages: they come from this thread, in time */
	if (d->status == STATUS_FINE && !dump_no_memory(d) && b->printed < b->n)
		j->format->event(d, &b->events[b->printed]);
	if (b->text.error || (size_t)(b->text.pos - b->text.buffer) > TEXT_KEPT)
		out_release_memory(&b->text);
	b->n = b->nargs = b->ntext = 0;
}

/* Waits until the oldest block is printed, or does it, and writes it. */
static void write_oldest(struct dump_jobs *j)
{
	struct block *b = block_at(j, j->head);

	pthread_mutex_lock(&j->lock);
	while (b->state != BLOCK_PRINTED) {
		if (j->taken < j->tail)
			print_next(&j->printers[0]);
		else
			pthread_cond_wait(&j->printed, &j->lock);
	}
	pthread_mutex_unlock(&j->lock);
	write_block(j, b);
	b->state = BLOCK_FREE;
	j->head++;
}

/* The block at the tail is full. */
static void hand_over(struct dump_jobs *j)
{
	if (j->tail == 0)
		prepare_printers(j);
	else
		start_threads(j);
	pthread_mutex_lock(&j->lock);
	block_at(j, j->tail)->state = BLOCK_FILLED;
	j->tail++;
	pthread_cond_signal(&j->filled);
	pthread_mutex_unlock(&j->lock);
	if (j->tail - j->head == j->nblocks)
		write_oldest(j);
}

/* ------------------------------------------------------------------ filling */

static bool fits(const struct block *b, const struct tt_event *ev)
{
	return b->n < BLOCK_EVENTS && TT_MAX_ARGS <= BLOCK_ARGS - b->nargs &&
	       ev->text_.len <= BLOCK_TEXT - b->ntext;
}

static void copy_event(struct block *b, const struct tt_event *ev)
{
	struct tt_event *copy = &b->events[b->n++];

	*copy = *ev;
	copy->args = b->args + b->nargs;
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		b->args[b->nargs++] = ev->args[i];
	if (ev->text_.len == 0)
		return;
	memcpy(b->texts + b->ntext, ev->text_.data, ev->text_.len);
	copy->text_.data = b->texts + b->ntext;
	b->ntext += ev->text_.len;
}

void dump_jobs_add(struct dump_jobs *j, const struct tt_event *ev)
{
	if (!fits(block_at(j, j->tail), ev))
		hand_over(j);
	assert(fits(block_at(j, j->tail), ev));
	copy_event(block_at(j, j->tail), ev);
}

void dump_jobs_finish(struct dump_jobs *j)
{
	if (block_at(j, j->tail)->n != 0)
		hand_over(j);
	while (j->head < j->tail)
		write_oldest(j);
}

/* -------------------------------------------------------------------- a life */

static void stop_threads(struct dump_jobs *j)
{
	pthread_mutex_lock(&j->lock);
	j->stop = true;
	pthread_cond_broadcast(&j->filled);
	pthread_mutex_unlock(&j->lock);
	for (unsigned i = 1; i < j->nstarted; i++)
		pthread_join(j->printers[i].thread, NULL);
}

void dump_jobs_free(struct dump_jobs *j)
{
	if (!j)
		return;
	stop_threads(j);
	pthread_cond_destroy(&j->printed);
	pthread_cond_destroy(&j->filled);
	pthread_mutex_destroy(&j->lock);
	for (size_t i = 0; j->blocks && i < j->nblocks; i++)
		out_release_memory(&j->blocks[i].text);
	for (unsigned i = 0; j->printers && i < j->nthreads; i++) {
		stack_cache_release(&j->printers[i].d.stacks);
		stack_cache_release(&j->printers[i].d.tops);
	}
	free(j->blocks);
	free(j->printers);
	free(j);
}

struct dump_jobs *dump_jobs_new(struct dump *d, const struct dump_format *format, unsigned threads)
{
	struct dump_jobs *j;

	if (threads < 2)
		return NULL;
	j = calloc(1, sizeof(*j));
	if (!j)
		return NULL;
	j->d = d;
	j->format = format;
	j->nthreads = threads < MAX_THREADS ? threads : MAX_THREADS;
	j->nstarted = 1;
	j->nblocks = (size_t)BLOCKS_A_THREAD * j->nthreads;
	pthread_mutex_init(&j->lock, NULL);
	pthread_cond_init(&j->filled, NULL);
	pthread_cond_init(&j->printed, NULL);
	j->blocks = calloc(j->nblocks, sizeof(*j->blocks));
	j->printers = calloc(j->nthreads, sizeof(*j->printers));
	if (!j->blocks || !j->printers) {
		dump_jobs_free(j);
		return NULL;
	}
	for (size_t i = 0; i < j->nblocks; i++)
		out_init_memory(&j->blocks[i].text);
	return j;
}
