/* SPDX-License-Identifier: MIT */
/*
 * parallel.c - generations ordered side by side. Workers share a loader, which goes
 * through the reader's bytes before it. Each worker in turn loads the next generation into
 * a free slot and orders it; so does the reader's thread where it would have to wait.
 * Stands on pass.h.
 */
#include "event/parallel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "order/speculate.h"
#include "wire/embedded.h"

enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_DONE };

/* A generation, and the pass that orders it. */
struct slot {
	enum slot_state state;  /* guarded by the lock; the rest belongs to the thread that
	                           made it busy, and to the reader when it is done */
	bool is_init;           /* all of this: when the slot is first used */
	struct tt_mem mem;
	struct tt_generation gen;
	size_t gen_nbytes;      /* of mem */
	struct tt_pass pass;
	struct tt_assumptions assumptions;
	bool ordered;           /* to its end, on assumptions */
	/* after the generation: */
	struct tt_loader next_loader;
	uint64_t next_offset;
};

struct tt_parallel {
	const struct tt_reader *reader; /* workers read of it what does not change */
	struct tt_mem mem;
	struct tt_source *src;
	struct tt_order trial;  /* kept for later on the reader's account, while there is room */
	bool trying;            /* it is needed now */
	unsigned nslots, nthreads;
	uint64_t slot_limit_nbytes;
	bool has_buffers;       /* each worker, for batches */
	struct slot *slots;
	struct slot *taken;     /* the reader is in its generation; NULL: in its own */
	pthread_t *threads;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by the lock */
	struct tt_loader loader;
	uint64_t reader_offset; /* of the generation that the reader is in */
	bool ended;             /* there are no more generations, or none that can be loaded */
	uint64_t shortage_offset; /* of the one that found no memory, or TT_UNKNOWN */
	bool stop;
};

bool tt_generation_brings_specs(const struct tt_generation *gen)
{
	/* embedded specs, and events that go among those of the threads */
	for (size_t i = 0; i < gen->experimental.n; i++) {
		const struct tt_batch *b = &gen->experimental.at[i];

		if (b->experiment == TT_EMBEDDED_IN && b->size != 0 &&
		    b->data[0] >= TT_EMBEDDED_SPEC)
			return true;
	}
	return false;
}

/* ---- one generation */

static void slot_init(struct slot *s, const struct tt_reader *r, uint64_t limit_nbytes)
{
	if (s->is_init)
		return;
	s->is_init = true;
	s->mem.limit_nbytes = limit_nbytes;
	tt_generation_init(&s->gen, &s->mem, r->specs);
	tt_pass_init(&s->pass, &s->mem, r->specs, r->version);
	tt_assumptions_init(&s->assumptions, &s->mem);
	tt_order_speculate(&s->pass.order, &s->assumptions);
}

static void slot_release(struct slot *s)
{
	if (!s->is_init)
		return;
	tt_pass_release(&s->pass);
	tt_generation_release(&s->gen);
	tt_assumptions_release(&s->assumptions);
}

/* Orders the generation in the slot as one that is not the first. */
static bool order_alone(struct slot *s)
{
	struct tt_pass *p = &s->pass;

	tt_order_start_alone(&p->order);
	p->findings.list.n = 0;
	p->nevents = 0;
	p->last_ns = INT64_MIN;
	tt_pass_take(p, &s->gen);
	return !tt_generation_brings_specs(&s->gen) && tt_findings_room(p, &p->err) == TT_OK &&
	       tt_pass_begin(p) == TT_OK && tt_pass_drain(p) == TT_OK && !s->assumptions.failed;
}

/* ---- many; the lock is held around all of these */

static struct slot *free_slot(struct tt_parallel *a)
{
	for (unsigned i = 0; i < a->nslots; i++)
		if (a->slots[i].state == SLOT_FREE)
			return &a->slots[i];
	return NULL;
}

/* The slot of the generation that begins at an offset, or NULL. */
static struct slot *slot_at(struct tt_parallel *a, uint64_t offset)
{
	for (unsigned i = 0; i < a->nslots; i++)
		if (a->slots[i].state != SLOT_FREE && a->slots[i].gen.offset == offset)
			return &a->slots[i];
	return NULL;
}

/* Loads the next generation that the reader did not come to yet. */
static bool load_next(struct tt_parallel *a, struct slot *s)
{
	uint64_t others;
	int rc;

	slot_init(s, a->reader, a->slot_limit_nbytes);
	others = s->mem.used_nbytes - s->gen_nbytes;
	do {
		rc = tt_loader_next(&a->loader, &s->gen, &s->pass.err);
	} while (rc == TT_OK && s->gen.offset <= a->reader_offset);
	s->gen_nbytes = (size_t)(s->mem.used_nbytes - others);
	a->ended = rc != TT_OK;
	if (rc == -TT_E_LIMIT || rc == -TT_E_MEMORY)
		a->shortage_offset = s->gen.offset;
	s->next_loader = a->loader;
	s->next_offset = tt_source_offset(a->src);
	return !a->ended;
}

/* Does one generation, with buffers of the caller's, or NULL. False: there is none to be
 * done, or no slot for it. */
static bool work_once(struct tt_parallel *a, struct tt_batch_buffers *buffers)
{
	struct slot *s = a->ended ? NULL : free_slot(a);
	bool ordered;

	if (s == NULL || !load_next(a, s))
		return false;
	s->state = SLOT_BUSY;
	pthread_mutex_unlock(&a->lock);
	s->pass.merge.cursors.buffers = buffers;
	ordered = order_alone(s);
	s->pass.merge.cursors.buffers = NULL;
	pthread_mutex_lock(&a->lock);
	s->ordered = ordered;
	s->state = s->gen.offset < a->reader_offset ? SLOT_FREE : SLOT_DONE;
	pthread_cond_broadcast(&a->changed);
	return true;
}

static void *work(void *arg)
{
	struct tt_parallel *a = arg;
	struct tt_mem mem = {0};
	struct tt_batch_buffers buffers = {&mem, NULL};

	pthread_mutex_lock(&a->lock);
	while (!a->stop && !a->ended) {
		if (!work_once(a, a->has_buffers ? &buffers : NULL) && !a->ended)
			pthread_cond_wait(&a->changed, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	tt_batch_buffers_release(&buffers);
	return NULL;
}

/* ---- starting and stopping */

/* A copy of all state: see tt_mem.reclaim. */
static bool reclaim_trial(void *arg)
{
	struct tt_parallel *a = arg;
	struct tt_mem *mem = a->trial.mem;
	uint64_t before = mem->used_nbytes;

	if (a->trying)
		return false;
	tt_order_release(&a->trial);
	tt_order_init(&a->trial, mem, a->reader->specs, a->reader->version);
	return mem->used_nbytes < before;
}

static void keep_trial(struct tt_parallel *a, struct tt_reader *r)
{
	tt_order_init(&a->trial, &r->mem, r->specs, r->version);
	/* what is read again has no stream, which would keep memory there */
	assert(r->mem.reclaim == NULL);
	r->mem.reclaim = reclaim_trial;
	r->mem.reclaim_arg = a;
}

static void drop_trial(struct tt_parallel *a)
{
	struct tt_mem *mem = a->trial.mem;

	if (mem == NULL)
		return;
	mem->reclaim = NULL;
	mem->reclaim_arg = NULL;
	tt_order_release(&a->trial);
}

static void parallel_free(struct tt_parallel *a)
{
	for (unsigned i = 0; a->slots != NULL && i < a->nslots; i++)
		slot_release(&a->slots[i]);
	drop_trial(a);
	tt_source_close(a->src);
	pthread_cond_destroy(&a->changed);
	pthread_mutex_destroy(&a->lock);
	free(a->slots);
	free(a->threads);
	free(a);
}

static void stop_threads(struct tt_parallel *a)
{
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	while (a->nthreads > 0)
		pthread_join(a->threads[--a->nthreads], NULL);
}

void tt_parallel_stop(struct tt_reader *r)
{
	struct tt_parallel *a = r->parallel;

	if (a == NULL)
		return;
	stop_threads(a);
	if (a->taken != NULL)
		return;
	r->parallel = NULL;
	parallel_free(a);
}

static void start_threads(struct tt_parallel *a, unsigned want)
{
	while (a->nthreads < want && tt_thread_start_apart(&a->threads[a->nthreads], work, a) == 0)
		a->nthreads++;
}

/* The same bytes, from where the reader's loader is. */
static bool open_again(struct tt_parallel *a, const struct tt_reader *r)
{
	struct tt_error ignored;
	const uint8_t *data;
	size_t avail;

	if (tt_source_open_again(&a->src, r->src, tt_source_offset(r->src), &a->mem,
				 &ignored) != TT_OK ||
	    a->src == NULL)
		return false;
	a->loader = r->loader;
	a->loader.src = a->src;
	a->loader.on_skipped_batch = NULL;
	return tt_source_peek(a->src, 1, &data, &avail, &ignored) == 0 && avail != 0;
}

/*
 * Workers may take half of the reader's limit: for buffers, if that is the smaller part of
 * it, and for slots. A generation that finds no memory here is ordered by the reader
 * itself, which has all of its own.
 */
static void share_memory(struct tt_parallel *a, unsigned nthreads)
{
	uint64_t limit = a->reader->mem.limit_nbytes;
	uint64_t half = limit / 2, buffers = (uint64_t)nthreads * TT_BATCH_BUFFERS_NBYTES;

	a->has_buffers = limit == 0 || half > 2 * buffers;
	a->slot_limit_nbytes = (a->has_buffers && limit != 0 ? half - buffers : half) / a->nslots;
}

/* NULL: there is nothing that workers could read, or no memory for it. */
static struct tt_parallel *parallel_new(struct tt_reader *r)
{
	struct tt_parallel *a = calloc(1, sizeof(*a));
	unsigned nthreads = r->options.threads;

	if (a == NULL)
		return NULL;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	a->reader = r;
	a->reader_offset = r->gen->offset;
	a->shortage_offset = TT_UNKNOWN;
	a->threads = calloc(nthreads - 1, sizeof(*a->threads));
	a->slots = calloc(nthreads + 1, sizeof(*a->slots));
	if (a->threads == NULL || a->slots == NULL || !open_again(a, r)) {
		parallel_free(a);
		return NULL;
	}
	a->nslots = nthreads + 1;
	share_memory(a, nthreads - 1);
	keep_trial(a, r);
	start_threads(a, nthreads - 1);
	return a;
}

/* ---- the reader's side */

/*
 * The slot with the generation at an offset, which the reader comes to, when it is done;
 * or NULL if no worker took it up. Does others meanwhile.
 */
static struct slot *wait_for(struct tt_parallel *a, uint64_t offset,
			     struct tt_batch_buffers *buffers)
{
	struct slot *s;

	pthread_mutex_lock(&a->lock);
	a->reader_offset = offset;
	for (unsigned i = 0; i < a->nslots; i++)
		if (a->slots[i].state == SLOT_DONE && a->slots[i].gen.offset < offset)
			a->slots[i].state = SLOT_FREE;
	pthread_cond_broadcast(&a->changed);
	for (;;) {
		s = slot_at(a, offset);
		if (s == NULL || s->state == SLOT_DONE)
			break;
		if (!work_once(a, buffers) && s->state != SLOT_DONE)
			pthread_cond_wait(&a->changed, &a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	return s;
}

bool tt_parallel_load(struct tt_reader *r)
{
	struct tt_parallel *a = r->parallel;
	struct slot *s;

	if (a == NULL)
		return false;
	s = wait_for(a, tt_source_offset(r->src), &r->buffers);
	/* (what is embedded would be put into it, for which a slot has no room) */
	if (s == NULL || tt_generation_brings_specs(&s->gen))
		return false;
	/* it counts as the reader's, so that the limit holds as if it had loaded it itself */
	if (!tt_mem_move(&r->mem, &s->mem, s->gen_nbytes))
		return false;
	a->taken = s;
	r->gen = &s->gen;
	r->loader = s->next_loader;
	r->loader.src = r->src;
	tt_source_seek(r->src, s->next_offset);
	tt_source_release(r->src, r->gen->offset);
	return true;
}

void tt_parallel_leave(struct tt_reader *r)
{
	struct tt_parallel *a = r->parallel;

	if (a == NULL || a->taken == NULL)
		return;
	r->gen = &r->own_gen;
	/* back to where it was, so there is room for it */
	tt_mem_move(&a->taken->mem, &r->mem, a->taken->gen_nbytes);
	pthread_mutex_lock(&a->lock);
	a->taken->state = SLOT_FREE;
	a->taken = NULL;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	if (a->stop)
		tt_parallel_stop(r);
}

/* The reader is in the generation that found no memory with the workers, or after it. */
static bool is_past_shortage(struct tt_reader *r)
{
	struct tt_parallel *a = r->parallel;
	bool is_past;

	if (a == NULL || a->taken != NULL)
		return false;
	pthread_mutex_lock(&a->lock);
	is_past = a->shortage_offset <= r->gen->offset;
	pthread_mutex_unlock(&a->lock);
	return is_past;
}

/* Starts workers, if there may be some and are none. */
static void start_workers(struct tt_reader *r)
{
	if (is_past_shortage(r))
		tt_parallel_stop(r);
	if (r->parallel == NULL && r->options.threads > 1 && !r->no_workers)
		r->parallel = parallel_new(r);
}

/* Far from where a time one later than another would be no later any more. */
static bool has_usual_times(const struct tt_pass *p, const struct tt_pass *worker)
{
	return p->last_ns >= 0 && p->last_ns < INT64_MAX / 2 && worker->last_ns < INT64_MAX / 2 &&
	       worker->nevents < INT64_MAX / 4;
}

/* What the worker found in the generation, if its assumptions hold of the reader's state. */
static bool commit(struct tt_reader *r, struct slot *s)
{
	struct tt_pass *p = &r->pass, *worker = &s->pass;
	int64_t last_ns;
	bool holds;

	if (!s->ordered || !has_usual_times(p, worker))
		return false;
	r->parallel->trying = true;
	holds = tt_order_commit(&p->order, &worker->order, &r->parallel->trial);
	r->parallel->trying = false;
	if (!holds)
		return false;
	r->ncommitted++;
	tt_findings_adopt(p, &worker->findings);
	p->nevents += worker->nevents;
	/* each event is at least one later than the one before */
	last_ns = p->last_ns + (int64_t)worker->nevents;
	p->last_ns = worker->last_ns > last_ns ? worker->last_ns : last_ns;
	tt_merge_skip(&p->merge);
	return true;
}

bool tt_parallel_commit(struct tt_reader *r)
{
	if (r->pass.nevents != r->nevents_begun)
		return false;
	start_workers(r);
	return r->parallel != NULL && r->parallel->taken != NULL && commit(r, r->parallel->taken);
}

static bool any_busy(struct tt_parallel *a)
{
	for (unsigned i = 0; i < a->nslots; i++)
		if (a->slots[i].state == SLOT_BUSY)
			return true;
	return false;
}

void tt_parallel_settle(struct tt_reader *r)
{
	struct tt_parallel *a;

	start_workers(r);
	a = r->parallel;
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	/* (the reader's buffers hold what it is about to order) */
	while (work_once(a, NULL))
		continue;
	while (any_busy(a))
		pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
}
