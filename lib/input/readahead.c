/* SPDX-License-Identifier: MIT */
/* readahead.c - a thread that reads a feed ahead. It alone has all that lies below. */
#include "input/readahead.h"

#include <stdlib.h>

#include "base/thread.h"

/* It tells of what it has read after so much: early enough for who waits. */
#define STROKE_NBYTES ((size_t)256 << 10)

struct tt_pump {
	struct tt_feed *feed;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by the lock */
	struct tt_tank *filling, *last; /* those that are not full; NULL: there is none */
	uint64_t bottom_at;
	bool ended, stop;
	struct tt_error error;  /* what ended it, or code 0 */
};

/* One read to the tank, without the lock: its room is this thread's. */
static size_t stroke(struct tt_pump *p, const struct tt_tank *t, struct tt_error *err)
{
	size_t room = t->nbytes - t->filled, n;

	tt_error_clear(err);
	if (room > STROKE_NBYTES)
		room = STROKE_NBYTES;
	return tt_feed_read(p->feed, t->data + t->filled, room, &n, err) == 0 ? n : 0;
}

static void *work(void *arg)
{
	struct tt_pump *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->stop && !p->ended) {
		struct tt_tank *t = p->filling;
		struct tt_error err;
		size_t n;

		if (t == NULL) {
			pthread_cond_wait(&p->changed, &p->lock);
			continue;
		}
		pthread_mutex_unlock(&p->lock);
		n = stroke(p, t, &err);
		pthread_mutex_lock(&p->lock);
		t->filled += n;
		p->bottom_at = p->feed->bottom->at;
		p->ended = n == 0;
		if (p->ended)
			p->error = err;
		if (t->filled == t->nbytes)
			p->filling = t->next;
		pthread_cond_signal(&p->changed);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct tt_pump *tt_pump_new(struct tt_feed *feed)
{
	struct tt_pump *p;

	/* a pipe could keep the thread when it is to end; `mem` is for one thread only */
	if (!feed->alone || feed->below != feed->bottom || feed->bottom->size == 0 ||
	    feed->ended || feed->error.code != TT_OK)
		return NULL;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return NULL;
	p->feed = feed;
	p->bottom_at = feed->bottom->at;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->changed, NULL);
	if (tt_thread_start_apart(&p->thread, work, p) == 0)
		return p;
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
	return NULL;
}

void tt_pump_free(struct tt_pump *p)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->stop = true;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->changed);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

void tt_pump_give(struct tt_pump *p, struct tt_tank *t)
{
	t->next = NULL;
	pthread_mutex_lock(&p->lock);
	if (p->filling == NULL)
		p->filling = t;
	else
		p->last->next = t;
	p->last = t;
	pthread_cond_signal(&p->changed);
	pthread_mutex_unlock(&p->lock);
}

size_t tt_pump_wait(struct tt_pump *p, const struct tt_tank *t, size_t known, int *rc,
		    struct tt_error *err)
{
	size_t filled;

	*rc = 0;
	pthread_mutex_lock(&p->lock);
	while (t->filled == known && !p->ended)
		pthread_cond_wait(&p->changed, &p->lock);
	filled = t->filled;
	if (filled == known && p->error.code != TT_OK) {
		*err = p->error;
		*rc = -p->error.code;
	}
	pthread_mutex_unlock(&p->lock);
	return filled;
}

uint64_t tt_pump_bottom_at(struct tt_pump *p)
{
	uint64_t at;

	pthread_mutex_lock(&p->lock);
	at = p->bottom_at;
	pthread_mutex_unlock(&p->lock);
	return at;
}
