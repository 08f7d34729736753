/* SPDX-License-Identifier: MIT */
/*
 * feed_ahead.c - reads ahead on a thread of its own, so that unpacking and what is
 * done with the bytes go on at a time. Stands on base.
 *
 * The thread has all to itself that lies below. Pieces go through a ring; what the
 * other side is shown of the bottom, for progress, is as it was behind the piece
 * that was taken last.
 */
#include "io/feed.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

/* With what else is in a piece a power of two, so that the ring fills its pages; less
 * where each allocation is marked byte by byte. */
#define PIECE_HEADER_NBYTES (2 * sizeof(uint64_t))
#ifdef TT_MEM_WATCHED
#define PIECE_NBYTES (((size_t)32 << 10) - PIECE_HEADER_NBYTES)
#else
#define PIECE_NBYTES (((size_t)256 << 10) - PIECE_HEADER_NBYTES)
#endif
#define NPIECES 16u

struct piece {
	size_t n;               /* 0: the end, or an error */
	uint64_t bottom_at;
	uint8_t data[PIECE_NBYTES];
};

struct ahead_feed {
	struct tt_feed feed;
	struct tt_feed shown;   /* the bottom, as seen from above */
	struct piece *pieces;
	size_t pos;             /* of the piece at head, handed out already */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by the lock: pieces head..tail are full */
	uint64_t head, tail;
	bool stop;
	struct tt_error error;  /* behind the last piece; written before that is full */
};

static struct piece *piece_at(struct ahead_feed *f, uint64_t i)
{
	return &f->pieces[i % NPIECES];
}

/* One piece more; false if it was the last. The room in the ring is this thread's. */
static bool read_piece(struct ahead_feed *f)
{
	struct piece *p = piece_at(f, f->tail);
	struct tt_error err;

	if (tt_feed_read(f->feed.below, p->data, PIECE_NBYTES, &p->n, &err) != 0) {
		f->error = err;
		p->n = 0;
	}
	p->bottom_at = f->feed.below->bottom->at;
	return p->n != 0;
}

static void *work(void *arg)
{
	struct ahead_feed *f = arg;
	bool more = true;

	pthread_mutex_lock(&f->lock);
	while (more && !f->stop) {
		if (f->tail - f->head == NPIECES) {
			pthread_cond_wait(&f->changed, &f->lock);
			continue;
		}
		pthread_mutex_unlock(&f->lock);
		more = read_piece(f);
		pthread_mutex_lock(&f->lock);
		f->tail++;
		pthread_cond_signal(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* The oldest piece, when there is one. */
static const struct piece *wait_piece(struct ahead_feed *f)
{
	pthread_mutex_lock(&f->lock);
	while (f->head == f->tail)
		pthread_cond_wait(&f->changed, &f->lock);
	pthread_mutex_unlock(&f->lock);
	return piece_at(f, f->head);
}

static void drop_piece(struct ahead_feed *f)
{
	f->pos = 0;
	pthread_mutex_lock(&f->lock);
	f->head++;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

/* Not called again behind the end or an error, whose piece stays. */
static int ahead_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		      struct tt_error *err)
{
	struct ahead_feed *f = (struct ahead_feed *)feed;
	const struct piece *p = wait_piece(f);
	size_t n = p->n - f->pos < room ? p->n - f->pos : room;

	*got = n;
	f->shown.at = p->bottom_at;
	if (p->n == 0) {
		*err = f->error;
		return -f->error.code;
	}
	memcpy(buf, p->data + f->pos, n);
	f->pos += n;
	if (f->pos == p->n)
		drop_piece(f);
	return 0;
}

static void ahead_close(struct tt_feed *feed)
{
	struct ahead_feed *f = (struct ahead_feed *)feed;

	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->changed);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	tt_mem_free_pages(feed->mem, f->pieces, NPIECES * sizeof(*f->pieces));
}

static const struct tt_feed_ops ops = {
	sizeof(struct ahead_feed), ahead_read, NULL, ahead_close,
};

/* Signals are for the threads of the program. */
static bool start(struct ahead_feed *f)
{
	sigset_t all, before;
	bool started;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	started = pthread_create(&f->thread, NULL, work, f) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

void tt_feed_read_ahead(struct tt_feed **top)
{
	struct tt_feed *below = *top;
	struct tt_error ignored;
	struct ahead_feed *f;

	/* a pipe could keep the thread when it is to end; `mem` is for one thread only */
	if (!below->alone || below->below != below->bottom || below->bottom->size == 0 ||
	    below->ended || below->error.code != TT_OK)
		return;
	f = (struct ahead_feed *)tt_feed_new(&ops, below, below->mem, &ignored);
	if (f == NULL)
		return;
	f->pieces = tt_mem_alloc_pages(below->mem, NPIECES * sizeof(*f->pieces));
	f->shown.at = below->bottom->at;
	f->shown.size = below->bottom->size;
	f->feed.at = below->at;
	f->feed.bottom = &f->shown;
	tt_error_clear(&f->error);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	if (f->pieces != NULL && start(f)) {
		*top = &f->feed;
		return;
	}
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	tt_mem_free_pages(below->mem, f->pieces, NPIECES * sizeof(*f->pieces));
	tt_mem_free(below->mem, f, sizeof(*f));
}
