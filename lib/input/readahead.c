/* SPDX-License-Identifier: MIT */
/* readahead.c - the thread. While it runs it alone uses the feed and all layers below. */
#include "input/readahead.h"

#include <stdlib.h>

#include "base/thread.h"

/* What it has read is handed over in such pieces, so that the caller does not wait long. */
#define PIECE_NBYTES ((size_t)256 << 10)

struct tt_readahead {
	struct tt_feed *feed;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by the lock */
	struct tt_readahead_buffer *filling, *last; /* a list of those not full; NULL: none */
	uint64_t bottom_at;
	bool ended, stop;
	struct tt_error error;  /* what ended it, or code 0 */
};

/* One read into the buffer, without the lock: its room is this thread's. */
static size_t read_piece(struct tt_readahead *r, const struct tt_readahead_buffer *b,
			 struct tt_error *err)
{
	size_t room = b->nbytes - b->filled, n;

	tt_error_clear(err);
	if (room > PIECE_NBYTES)
		room = PIECE_NBYTES;
	return tt_feed_read(r->feed, b->data + b->filled, room, &n, err) == 0 ? n : 0;
}

static void *fill_buffers(void *arg)
{
	struct tt_readahead *r = arg;

	pthread_mutex_lock(&r->lock);
	while (!r->stop && !r->ended) {
		struct tt_readahead_buffer *b = r->filling;
		struct tt_error err;
		size_t n;

		if (b == NULL) {
			pthread_cond_wait(&r->changed, &r->lock);
			continue;
		}
		pthread_mutex_unlock(&r->lock);
		n = read_piece(r, b, &err);
		pthread_mutex_lock(&r->lock);
		b->filled += n;
		r->bottom_at = r->feed->bottom->at;
		r->ended = n == 0;
		if (r->ended)
			r->error = err;
		if (b->filled == b->nbytes)
			r->filling = b->next;
		pthread_cond_signal(&r->changed);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

struct tt_readahead *tt_readahead_new(struct tt_feed *feed)
{
	struct tt_readahead *r;

	/* a pipe could hold the thread when it should end; `mem` is for one thread only */
	if (!feed->fixed_memory || feed->below != feed->bottom || feed->bottom->size == 0 ||
	    feed->ended || feed->error.code != TT_OK)
		return NULL;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->feed = feed;
	r->bottom_at = feed->bottom->at;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->changed, NULL);
	if (tt_thread_start_apart(&r->thread, fill_buffers, r) == 0)
		return r;
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
	return NULL;
}

void tt_readahead_free(struct tt_readahead *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
	pthread_join(r->thread, NULL);
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->lock);
	free(r);
}

void tt_readahead_add(struct tt_readahead *r, struct tt_readahead_buffer *b)
{
	b->next = NULL;
	pthread_mutex_lock(&r->lock);
	if (r->filling == NULL)
		r->filling = b;
	else
		r->last->next = b;
	r->last = b;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->lock);
}

size_t tt_readahead_wait(struct tt_readahead *r, const struct tt_readahead_buffer *b,
			 size_t known, int *rc, struct tt_error *err)
{
	size_t filled;

	*rc = 0;
	pthread_mutex_lock(&r->lock);
	while (b->filled == known && !r->ended)
		pthread_cond_wait(&r->changed, &r->lock);
	filled = b->filled;
	if (filled == known && r->error.code != TT_OK) {
		*err = r->error;
		*rc = -r->error.code;
	}
	pthread_mutex_unlock(&r->lock);
	return filled;
}

uint64_t tt_readahead_bottom_at(struct tt_readahead *r)
{
	uint64_t at;

	pthread_mutex_lock(&r->lock);
	at = r->bottom_at;
	pthread_mutex_unlock(&r->lock);
	return at;
}
