/* SPDX-License-Identifier: MIT */
/*
 * ahead.c - a thread that orders the events of a generation ahead of the reader's caller,
 * into a ring of blocks. Stands on block.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/thread.h"
#include "event/ahead.h"

enum {
	NBLOCKS = 64,
	/* who waits is woken when there is so much to do that it is worth it */
	ENOUGH = NBLOCKS / 4,
	TEXTS_NBYTES = 2048,
};

/* A block, and what of its other events has to live as long as it. */
struct block {
	struct tt_event_block events;
	struct tt_event others[TT_BLOCK_NOTHERS];
	uint64_t args[TT_BLOCK_NOTHERS][TT_MAX_ARGS];
	size_t ntexts;          /* bytes */
	char texts[TEXTS_NBYTES];
};

struct tt_ahead {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t to_worker, to_caller;
	struct block *blocks;   /* of the ring; each is of the thread or of the caller */
	/* guarded by the lock */
	struct tt_pass *pass;   /* to be ordered; NULL: nothing is to be done */
	uint64_t nfilled, nleft;        /* blocks that were filled, and that the caller has left */
	bool worker_waits, caller_waits;
	uint64_t nused_most;    /* the worker waits until no more blocks than these are in use */
	bool stop, quit;
	/* the caller's */
	uint64_t ntaken;
};

/* ---- the thread */

/* Waits until the caller left all blocks but so many. False: it wants no more. */
static bool wait_for_room(struct tt_ahead *a, uint64_t nused)
{
	a->worker_waits = true;
	a->nused_most = nused;
	while (!a->stop && a->nfilled - a->nleft > nused)
		pthread_cond_wait(&a->to_worker, &a->lock);
	a->worker_waits = false;
	return !a->stop;
}

/* Makes the last event of a block one that lives as long as the block. False: for its text there is no
 * room, and that lives until the next event is ordered. */
static bool keep_last(struct block *b)
{
	unsigned i = b->events.nothers - 1;
	const struct tt_event *ev = b->events.others[i];
	struct tt_event *kept = &b->others[i];
	bool fits = ev->text_.len <= TEXTS_NBYTES - b->ntexts;

	*kept = *ev;
	b->events.others[i] = kept;
	if (ev->spec->nargs > 0)
		memcpy(b->args[i], ev->args, ev->spec->nargs * sizeof(*ev->args));
	kept->args = b->args[i];
	if (fits && ev->text_.len > 0) {
		kept->text_.data = memcpy(b->texts + b->ntexts, ev->text_.data, ev->text_.len);
		b->ntexts += ev->text_.len;
	}
	return fits;
}

/* Orders events into a block until it is full. False: it cannot be kept (keep_last()). */
static bool fill(struct block *b, struct tt_pass *pass)
{
	struct tt_event_block *events = &b->events;
	bool other, kept = true;

	tt_event_block_clear(events);
	b->ntexts = 0;
	do {
		tt_event_block_add(events, pass, &other);
		kept = !other || keep_last(b);
	} while (kept && events->rc == TT_OK && events->nbriefs < TT_BLOCK_NBRIEFS &&
		 events->nothers < TT_BLOCK_NOTHERS);
	return kept;
}

/* Hands a block over. False: the caller wants no more. */
static bool hand_over(struct tt_ahead *a, bool last, bool kept)
{
	bool go_on;

	pthread_mutex_lock(&a->lock);
	a->nfilled++;
	if (last)
		a->pass = NULL;
	if (a->caller_waits && (last || !kept || a->nfilled - a->nleft >= ENOUGH))
		pthread_cond_signal(&a->to_caller);
	if (last)
		go_on = false;
	else if (!kept)
		go_on = wait_for_room(a, 0);
	else if (a->nfilled - a->nleft >= NBLOCKS)
		go_on = wait_for_room(a, NBLOCKS - ENOUGH);
	else
		go_on = !a->stop;
	if (!go_on)
		a->pass = NULL;
	pthread_mutex_unlock(&a->lock);
	return go_on;
}

static void order_all(struct tt_ahead *a, struct tt_pass *pass)
{
	uint64_t n = 0;
	struct block *b;
	bool kept;

	do {
		b = &a->blocks[n++ % NBLOCKS];
		kept = fill(b, pass);
	} while (hand_over(a, b->events.rc != TT_OK, kept));
}

static void *work(void *arg)
{
	struct tt_ahead *a = arg;
	struct tt_pass *pass;

	pthread_mutex_lock(&a->lock);
	while (!a->quit) {
		pass = a->pass;
		if (pass == NULL) {
			pthread_cond_wait(&a->to_worker, &a->lock);
			continue;
		}
		pthread_mutex_unlock(&a->lock);
		order_all(a, pass);
		pthread_mutex_lock(&a->lock);
		if (a->caller_waits)
			pthread_cond_signal(&a->to_caller);
	}
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* ---- the caller */

static void release(struct tt_ahead *a)
{
	pthread_cond_destroy(&a->to_worker);
	pthread_cond_destroy(&a->to_caller);
	pthread_mutex_destroy(&a->lock);
	free(a->blocks);
	free(a);
}

/* On no account, so that a limit holds as if there were no thread. NULL: no memory, or no thread. */
static struct tt_ahead *ahead_new(void)
{
	struct tt_ahead *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->blocks = malloc(NBLOCKS * sizeof(*a->blocks));
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->to_worker, NULL);
	pthread_cond_init(&a->to_caller, NULL);
	if (a->blocks != NULL && tt_thread_start_apart(&a->thread, work, a) == 0)
		return a;
	release(a);
	return NULL;
}

bool tt_ahead_begin(struct tt_ahead **ahead, struct tt_pass *pass)
{
	struct tt_ahead *a = *ahead;

	if (a == NULL)
		a = *ahead = ahead_new();
	if (a == NULL)
		return false;
	pthread_mutex_lock(&a->lock);
	a->nfilled = a->nleft = a->ntaken = 0;
	a->stop = false;
	a->pass = pass;
	pthread_cond_signal(&a->to_worker);
	pthread_mutex_unlock(&a->lock);
	return true;
}

const struct tt_event_block *tt_ahead_next(struct tt_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->nleft = a->ntaken;
	if (a->worker_waits && a->nfilled - a->nleft <= a->nused_most)
		pthread_cond_signal(&a->to_worker);
	a->caller_waits = a->nfilled == a->ntaken;
	while (a->nfilled == a->ntaken)
		pthread_cond_wait(&a->to_caller, &a->lock);
	a->caller_waits = false;
	pthread_mutex_unlock(&a->lock);
	return &a->blocks[a->ntaken++ % NBLOCKS].events;
}

void tt_ahead_stop(struct tt_ahead *a)
{
	pthread_mutex_lock(&a->lock);
	a->stop = true;
	pthread_cond_signal(&a->to_worker);
	a->caller_waits = true;
	while (a->pass != NULL)
		pthread_cond_wait(&a->to_caller, &a->lock);
	a->caller_waits = false;
	pthread_mutex_unlock(&a->lock);
}

void tt_ahead_free(struct tt_ahead *a)
{
	if (a == NULL)
		return;
	pthread_mutex_lock(&a->lock);
	a->quit = true;
	pthread_cond_signal(&a->to_worker);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	release(a);
}
