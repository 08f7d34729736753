/* SPDX-License-Identifier: MIT */
/*
 * parallel.c - generations side by side. A loader of their own goes through the same
 * bytes; whoever is free, the reader's thread too when it would have to wait, loads
 * the next generation and orders it alone. The reader then stands in it without loading
 * it once more. Stands on reader.h.
 */
#include "event/parallel.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "event/pass.h"
#include "order/assume.h"
#include "wire/embedded.h"

enum slot_state { SLOT_FREE, SLOT_BUSY, SLOT_DONE };

/* A generation that is being looked at. */
struct slot {
	enum slot_state state;  /* guarded by the lock; the rest is of whoever made it busy */
	struct tt_reader shadow; /* has no source: it is given a generation and its events */
	struct tt_assumptions assumptions;
	bool begun; /* shadow and assumptions are made: when the slot is first used */
	bool good;
	uint64_t nbytes;        /* that the generation takes of the shadow's memory */
	/* where the reader's loader goes on behind the generation */
	struct tt_loader behind;
	uint64_t behind_offset;
};

struct tt_parallel {
	const struct tt_reader *reader; /* what of it the threads read stays as it is */
	struct tt_mem mem;
	struct tt_source *src;
	struct tt_order trial;  /* kept for later on the reader's account, while there is room */
	bool trying;            /* it is needed now */
	unsigned nslots, nthreads;
	uint64_t slot_limit_nbytes;
	bool windowed;          /* the threads have windows */
	struct slot *slots;
	struct slot *taken;     /* the reader stands in its generation; NULL: in its own */
	pthread_t *threads;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by the lock */
	struct tt_loader loader;
	uint64_t passed;        /* the reader stands at a generation with this offset */
	bool ended;             /* there are no more generations, or none that can be loaded */
	uint64_t short_at;      /* it ended for want of memory for this one, or TT_UNKNOWN */
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

static void slot_begin(struct slot *s, const struct tt_reader *r, uint64_t limit_nbytes)
{
	struct tt_reader *w = &s->shadow;

	if (s->begun)
		return;
	s->begun = true;
	w->options = r->options;
	w->specs = r->specs;
	w->version = r->version;
	w->sample_spec = r->sample_spec;
	w->mem.limit_nbytes = limit_nbytes;
	memcpy(w->checks, r->checks, sizeof(w->checks));
	w->gen = &w->own_gen;
	tt_generation_init(w->gen, &w->mem, w->specs);
	tt_merge_init(&w->merge, &w->mem, w->specs);
	tt_order_init(&w->order, &w->mem, w->specs, w->version);
	s->assumptions.mem = &w->mem;
	tt_order_speculate(&w->order, &s->assumptions);
}

static void slot_release(struct slot *s)
{
	struct tt_reader *w = &s->shadow;

	if (!s->begun)
		return;
	tt_order_release(&w->order);
	tt_merge_release(&w->merge);
	tt_generation_release(w->gen);
	TT_ARRAY_RELEASE(&w->mem, &w->notes);
	TT_ARRAY_RELEASE(&w->mem, &w->words);
	TT_ARRAY_RELEASE(&w->mem, &s->assumptions.list);
}

/* Orders the generation in the slot as one that is not the first. */
static bool order_alone(struct slot *s)
{
	struct tt_reader *w = &s->shadow;

	tt_order_reset(&w->order);
	s->assumptions.list.n = 0;
	s->assumptions.failed = false;
	w->notes.n = 0;
	memset(w->codes_noted, 0, sizeof(w->codes_noted));
	memset(w->experiments_seen, 0, sizeof(w->experiments_seen));
	w->nevents = 0;
	w->last_ns = INT64_MIN;
	w->order.begun = true;
	w->order.initial_generation = 0;
	tt_order_begin_generation(&w->order, w->gen);
	if (tt_generation_brings_specs(w->gen) || tt_findings_room(w, &w->err) < 0 ||
	    tt_merge_begin(&w->merge, w->gen, &w->err) < 0)
		return false;
	w->phase = TT_PHASE_EVENTS;
	return tt_steps_check(w) == TT_OK && !s->assumptions.failed;
}

/* ---- many; the lock is held around all of these */

static struct slot *free_slot(struct tt_parallel *a)
{
	for (unsigned i = 0; i < a->nslots; i++)
		if (a->slots[i].state == SLOT_FREE)
			return &a->slots[i];
	return NULL;
}

/* The slot that holds the generation that begins at an offset, or NULL. */
static struct slot *slot_at(struct tt_parallel *a, uint64_t offset)
{
	for (unsigned i = 0; i < a->nslots; i++)
		if (a->slots[i].state != SLOT_FREE && a->slots[i].shadow.gen->offset == offset)
			return &a->slots[i];
	return NULL;
}

/* Loads the next generation that the reader did not come to yet. */
static bool load_next(struct tt_parallel *a, struct slot *s)
{
	struct tt_reader *w = &s->shadow;
	uint64_t others;
	int rc;

	slot_begin(s, a->reader, a->slot_limit_nbytes);
	others = w->mem.used_nbytes - s->nbytes;
	do {
		rc = tt_loader_next(&a->loader, w->gen, &w->err);
	} while (rc == TT_OK && w->gen->offset <= a->passed);
	s->nbytes = w->mem.used_nbytes - others;
	a->ended = rc != TT_OK;
	if (rc == -TT_E_LIMIT || rc == -TT_E_MEMORY)
		a->short_at = w->gen->offset;
	s->behind = a->loader;
	s->behind_offset = tt_source_offset(a->src);
	return !a->ended;
}

/* Does one generation, in windows of the caller's, or NULL. False: there is none to be done,
 * or no room for it. */
static bool work_once(struct tt_parallel *a, struct tt_batch_buffers *buffers)
{
	struct slot *s = a->ended ? NULL : free_slot(a);
	bool good;

	if (s == NULL || !load_next(a, s))
		return false;
	s->state = SLOT_BUSY;
	pthread_mutex_unlock(&a->lock);
	s->shadow.merge.cursors.buffers = buffers;
	good = order_alone(s);
	s->shadow.merge.cursors.buffers = NULL;
	pthread_mutex_lock(&a->lock);
	s->good = good;
	s->state = s->shadow.gen->offset < a->passed ? SLOT_FREE : SLOT_DONE;
	pthread_cond_broadcast(&a->changed);
	return true;
}

static void *work(void *arg)
{
	struct tt_parallel *a = arg;
	struct tt_mem mem = {0};
	struct tt_batch_buffers buffers = {&mem, NULL};

	pthread_mutex_lock(&a->lock);
	while (!a->stop && !a->ended)
		if (!work_once(a, a->windowed ? &buffers : NULL) && !a->ended)
			pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
	tt_batch_buffers_release(&buffers);
	return NULL;
}

/* ---- a life */

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

static void ahead_free(struct tt_parallel *a)
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
	struct tt_parallel *a = r->ahead;

	if (a == NULL)
		return;
	stop_threads(a);
	if (a->taken != NULL)
		return;
	r->ahead = NULL;
	ahead_free(a);
}

static void start_threads(struct tt_parallel *a, unsigned want)
{
	while (a->nthreads < want && tt_thread_start_apart(&a->threads[a->nthreads], work, a) == 0)
		a->nthreads++;
}

/* The same bytes from where the reader's loader stands. */
static bool open_again(struct tt_parallel *a, const struct tt_reader *r)
{
	struct tt_error ignored;
	const uint8_t *data;
	size_t avail;

	if (tt_source_open_again(&a->src, r->src, tt_source_offset(r->src), &a->mem, &ignored) != 0 ||
	    a->src == NULL)
		return false;
	a->loader = r->loader;
	a->loader.src = a->src;
	a->loader.on_skipped_batch = NULL;
	return tt_source_peek(a->src, 1, &data, &avail, &ignored) == 0 && avail != 0;
}

/*
 * All that lies ahead may take half of the reader's limit: windows, if they are the smaller
 * part of it, and the slots. A generation that finds no memory here is ordered by the
 * reader itself, which has all of its own.
 */
static void share_memory(struct tt_parallel *a, unsigned nthreads)
{
	uint64_t limit = a->reader->mem.limit_nbytes;
	uint64_t half = limit / 2, windows = (uint64_t)nthreads * TT_BATCH_BUFFERS_NBYTES;

	a->windowed = limit == 0 || half > 2 * windows;
	a->slot_limit_nbytes = (a->windowed && limit != 0 ? half - windows : half) / a->nslots;
}

/* NULL: nothing lies ahead that can be looked at, or there is no memory for it. */
static struct tt_parallel *ahead_new(struct tt_reader *r)
{
	struct tt_parallel *a = calloc(1, sizeof(*a));
	unsigned nthreads = r->options.threads;

	if (a == NULL)
		return NULL;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->changed, NULL);
	a->reader = r;
	a->passed = r->gen->offset;
	a->short_at = TT_UNKNOWN;
	a->threads = calloc(nthreads - 1, sizeof(*a->threads));
	a->slots = calloc(nthreads + 1, sizeof(*a->slots));
	if (a->threads == NULL || a->slots == NULL || !open_again(a, r)) {
		ahead_free(a);
		return NULL;
	}
	a->nslots = nthreads + 1;
	share_memory(a, nthreads - 1);
	keep_trial(a, r);
	start_threads(a, nthreads - 1);
	return a;
}

/* ---- taking */

static void drop_passed(struct tt_parallel *a)
{
	for (unsigned i = 0; i < a->nslots; i++)
		if (a->slots[i].state == SLOT_DONE && a->slots[i].shadow.gen->offset < a->passed)
			a->slots[i].state = SLOT_FREE;
	pthread_cond_broadcast(&a->changed);
}

/*
 * The slot with the generation at an offset, which the reader comes to, when it is done;
 * or NULL if nobody took it up. Does others meanwhile.
 */
static struct slot *find_done(struct tt_parallel *a, uint64_t offset,
			      struct tt_batch_buffers *buffers)
{
	struct slot *s;

	pthread_mutex_lock(&a->lock);
	a->passed = offset;
	drop_passed(a);
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

/* Far from where a time one later than another would be no later any more. */
static bool plain_times(const struct tt_reader *r, const struct tt_reader *w)
{
	return r->last_ns >= 0 && r->last_ns < INT64_MAX / 2 && w->last_ns < INT64_MAX / 2 &&
	       w->nevents < INT64_MAX / 4;
}

/* What was found out about the reader's generation, if it joins with what it knows. */
static bool adopt(struct tt_reader *r, struct slot *s)
{
	struct tt_reader *w = &s->shadow;
	int64_t last_ns;
	bool joined;

	if (!s->good || !plain_times(r, w))
		return false;
	r->ahead->trying = true;
	joined = tt_order_commit(&r->order, &w->order, &r->ahead->trial);
	r->ahead->trying = false;
	if (!joined)
		return false;
	r->njoined++;
	tt_findings_adopt(r, w);
	r->nevents += w->nevents;
	/* each event is at least one later than the one before */
	last_ns = r->last_ns + (int64_t)w->nevents;
	r->last_ns = w->last_ns > last_ns ? w->last_ns : last_ns;
	tt_merge_skip(&r->merge);
	return true;
}

bool tt_parallel_load(struct tt_reader *r)
{
	struct tt_parallel *a = r->ahead;
	struct slot *s;

	if (a == NULL)
		return false;
	s = find_done(a, tt_source_offset(r->src), &r->buffers);
	/* (what private batches bring would be put into it, for which a slot has no room) */
	if (s == NULL || tt_generation_brings_specs(s->shadow.gen))
		return false;
	/* it counts as the reader's, so that the limit holds as if it had loaded it itself */
	if (!tt_mem_move(&r->mem, &s->shadow.mem, s->nbytes))
		return false;
	a->taken = s;
	r->gen = s->shadow.gen;
	r->loader = s->behind;
	r->loader.src = r->src;
	tt_source_seek(r->src, s->behind_offset);
	tt_source_release(r->src, r->gen->offset);
	return true;
}

void tt_parallel_leave(struct tt_reader *r)
{
	struct tt_parallel *a = r->ahead;

	if (a == NULL || a->taken == NULL)
		return;
	r->gen = &r->own_gen;
	/* back to where it was, so there is room for it */
	tt_mem_move(&a->taken->shadow.mem, &r->mem, a->taken->nbytes);
	pthread_mutex_lock(&a->lock);
	a->taken->state = SLOT_FREE;
	a->taken = NULL;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
	if (a->stop)
		tt_parallel_stop(r);
}

/* The reader stands in the generation for which there was no memory ahead, or behind it. */
static bool is_past_shortage(struct tt_reader *r)
{
	struct tt_parallel *a = r->ahead;
	bool is_past;

	if (a == NULL || a->taken != NULL)
		return false;
	pthread_mutex_lock(&a->lock);
	is_past = a->short_at <= r->gen->offset;
	pthread_mutex_unlock(&a->lock);
	return is_past;
}

/* Begins to look ahead where that may be and nobody does. */
static void look_ahead(struct tt_reader *r)
{
	if (is_past_shortage(r))
		tt_parallel_stop(r);
	if (r->ahead == NULL && r->options.threads > 1 && !r->no_ahead)
		r->ahead = ahead_new(r);
}

bool tt_parallel_take(struct tt_reader *r)
{
	if (r->nevents != r->nevents_begun)
		return false;
	look_ahead(r);
	return r->ahead != NULL && r->ahead->taken != NULL && adopt(r, r->ahead->taken);
}

static bool busy(struct tt_parallel *a)
{
	for (unsigned i = 0; i < a->nslots; i++)
		if (a->slots[i].state == SLOT_BUSY)
			return true;
	return false;
}

void tt_parallel_settle(struct tt_reader *r)
{
	struct tt_parallel *a;

	look_ahead(r);
	a = r->ahead;
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	/* the reader's windows hold what it is about to order */
	while (work_once(a, NULL))
		continue;
	while (busy(a))
		pthread_cond_wait(&a->changed, &a->lock);
	pthread_mutex_unlock(&a->lock);
}
