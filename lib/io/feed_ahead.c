/* SPDX-License-Identifier: MIT */
/*
 * feed_ahead.c - reads ahead on a thread of its own, so that unpacking and what is
 * done with the bytes go on at a time. Stands on base.
 *
 * The thread has all to itself that lies below. Pieces go from hand to hand: full ones in
 * their order, empty ones back. What the other side is shown of the bottom, for progress,
 * is as it was behind the piece that was taken last.
 */
#include "io/feed.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

/* With what else is in a piece a power of two, so that a block of them fills its pages; less
 * where each allocation is marked byte by byte. */
#ifdef TT_MEM_WATCHED
#define PIECE_SIZE ((size_t)32 << 10)
#else
#define PIECE_SIZE ((size_t)256 << 10)
#endif
#define PIECES_A_BLOCK 8
#define BLOCK_NBYTES (PIECES_A_BLOCK * PIECE_SIZE)
/* It has as much in any case. */
#define ROOM_NBYTES (2 * (uint64_t)BLOCK_NBYTES)

struct piece {
	struct piece *next;     /* of those that are full, or free */
	struct piece *next_block; /* of a block's first piece */
	size_t n;               /* 0: the end, or an error */
	uint64_t bottom_at;
	uint8_t data[];
};
#define PIECE_NBYTES (PIECE_SIZE - sizeof(struct piece))

struct ahead_feed {
	struct tt_feed feed;
	struct tt_feed shown;   /* the bottom, as seen from above */
	size_t pos;             /* of the first full piece, handed out already */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* guarded by the lock */
	struct piece *full, *last; /* the oldest and the newest; NULL: there is none */
	struct piece *free;     /* used last, used first: no more are touched than are needed */
	struct tt_mem mem;      /* what lies ahead is no generation's: an account of its own */
	struct piece *blocks;
	uint64_t room;          /* bytes that all blocks may have */
	bool stop;
	struct tt_error error;  /* behind the last piece; written before that is full */
};

/* False: there is no room, or no memory. */
static bool add_block(struct ahead_feed *f)
{
	struct piece *first;
	uint8_t *block;

	if (f->room - f->mem.used_nbytes < BLOCK_NBYTES)
		return false;
	block = tt_mem_alloc_pages(&f->mem, BLOCK_NBYTES);
	if (block == NULL)
		return false;
	first = (struct piece *)(void *)block;
	first->next_block = f->blocks;
	f->blocks = first;
	for (size_t i = PIECES_A_BLOCK; i-- > 0;) {
		struct piece *p = (struct piece *)(void *)(block + i * PIECE_SIZE);

		p->next = f->free;
		f->free = p;
	}
	return true;
}

static void free_blocks(struct ahead_feed *f)
{
	while (f->blocks != NULL) {
		struct piece *block = f->blocks;

		f->blocks = block->next_block;
		tt_mem_free_pages(&f->mem, block, BLOCK_NBYTES);
	}
}

/* False if it was the last. */
static bool read_piece(struct ahead_feed *f, struct piece *p)
{
	struct tt_error err;

	if (tt_feed_read(f->feed.below, p->data, PIECE_NBYTES, &p->n, &err) != 0) {
		f->error = err;
		p->n = 0;
	}
	p->bottom_at = f->feed.below->bottom->at;
	return p->n != 0;
}

static void append(struct ahead_feed *f, struct piece *p)
{
	p->next = NULL;
	if (f->full == NULL)
		f->full = p;
	else
		f->last->next = p;
	f->last = p;
}

static void *work(void *arg)
{
	struct ahead_feed *f = arg;
	bool more = true;

	pthread_mutex_lock(&f->lock);
	while (more && !f->stop) {
		struct piece *p;

		if (f->free == NULL && !add_block(f)) {
			pthread_cond_wait(&f->changed, &f->lock);
			continue;
		}
		p = f->free;
		f->free = p->next;
		pthread_mutex_unlock(&f->lock);
		more = read_piece(f, p);
		pthread_mutex_lock(&f->lock);
		append(f, p);
		pthread_cond_signal(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* The oldest piece, when there is one. */
static const struct piece *wait_piece(struct ahead_feed *f)
{
	const struct piece *p;

	pthread_mutex_lock(&f->lock);
	while (f->full == NULL)
		pthread_cond_wait(&f->changed, &f->lock);
	p = f->full;
	pthread_mutex_unlock(&f->lock);
	return p;
}

static void drop_piece(struct ahead_feed *f)
{
	struct piece *p;

	f->pos = 0;
	pthread_mutex_lock(&f->lock);
	p = f->full;
	f->full = p->next;
	p->next = f->free;
	f->free = p;
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
	free_blocks(f);
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
	f->mem.limit_nbytes = below->mem->limit_nbytes / 2;
	f->room = ROOM_NBYTES;
	f->shown.at = below->bottom->at;
	f->shown.size = below->bottom->size;
	f->feed.at = below->at;
	f->feed.bottom = &f->shown;
	tt_error_clear(&f->error);
	pthread_mutex_init(&f->lock, NULL);
	pthread_cond_init(&f->changed, NULL);
	/* without a block it would wait for good */
	if (add_block(f) && start(f)) {
		*top = &f->feed;
		return;
	}
	pthread_cond_destroy(&f->changed);
	pthread_mutex_destroy(&f->lock);
	free_blocks(f);
	tt_mem_free(below->mem, f, sizeof(*f));
}

void tt_feed_ahead_of(struct tt_feed *top, uint64_t nbytes)
{
	struct ahead_feed *f = (struct ahead_feed *)top;

	if (top->ops != &ops || nbytes <= ROOM_NBYTES)
		return;
	pthread_mutex_lock(&f->lock);
	if (nbytes > f->room) {
		f->room = nbytes;
		pthread_cond_signal(&f->changed);
	}
	pthread_mutex_unlock(&f->lock);
}
