/* SPDX-License-Identifier: MIT */
/*
 * aside.c - a thread that follows the generations before a window's, while the caller's is in that
 * one already. What the caller writes waits here until what is before it is written; from then on
 * the thread writes it. Stands on filter.h and writer_join.h.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/thread.h"
#include "edit/filter.h"
#include "edit/held.h"
#include "edit/writer_join.h"
#include "event/reader.h"

enum {
	/* the caller waits for it from so many bytes on; and before there is something to follow */
	MOST_NBYTES = 8 << 20,
	MOST_EARLY_NBYTES = 64 << 20,
};

struct tt_aside {
	struct tt_aside_options opt;
	pthread_t thread;
	bool began;             /* the thread is there */
	atomic_bool given_up;
	struct tt_filter *filter; /* of the window, with its reader */
	struct tt_reader *reader;
	pthread_mutex_t lock;
	pthread_cond_t to_thread, to_caller;
	/* guarded by the lock */
	struct tt_held held;    /* what the caller wrote */
	bool in_window;         /* the caller is */
	bool stated;            /* what is before it is written: that may follow */
	bool closing;           /* nothing more comes to wait */
	bool done;              /* the thread has nothing left to do */
	int failure;            /* errno of the sink; or 0 */
};

/* ---- the thread: what is before the window */

static bool see(const struct tt_aside *a, const struct tt_event *ev)
{
	return a->opt.see == NULL || ev->kind == TT_KIND_TRANSITION || a->opt.see(a->opt.arg, ev);
}

/* One event, and those after it that can be followed with it. */
static int follow_event(struct tt_aside *a, const struct tt_event *ev)
{
	int rc = see(a, ev) ? tt_filter_event(a->opt.filter, ev, false, false) : TT_END;

	while (rc == TT_OK) {
		rc = tt_filter_follow(a->opt.filter, a->opt.reader, a->opt.from_ns, &ev);
		if (rc == TT_END)
			return TT_OK;
		if (rc == TT_OK && !see(a, ev))
			rc = TT_END;
	}
	return rc;
}

/* Up to the Sync of the window's generation. 0, or it cannot be done. */
static int follow(struct tt_aside *a)
{
	const struct tt_event *ev;
	int rc = TT_OK;

	while (rc == TT_OK && !atomic_load_explicit(&a->given_up, memory_order_relaxed)) {
		rc = tt_reader_next(a->opt.reader, &ev);
		if (rc != TT_OK || ev->generation == NULL || ev->time_ns >= a->opt.from_ns)
			return TT_END;
		if (ev->generation->ordinal > a->opt.last_ordinal)
			return tt_filter_event(a->opt.filter, ev, false, false);
		rc = follow_event(a, ev);
	}
	return TT_END;
}

/* ---- the thread: what the caller writes; the lock is held around these */

static bool wait_for_window(struct tt_aside *a)
{
	while (!a->in_window && !a->closing)
		pthread_cond_wait(&a->to_thread, &a->lock);
	return a->in_window;
}

static bool end_of_sink(const struct tt_aside *a)
{
	return a->opt.sink->end_generation == NULL ||
	       a->opt.sink->end_generation(a->opt.sink->arg);
}

static void write_block(struct tt_aside *a, struct tt_held_block *block)
{
	bool good = a->failure == 0 && !a->given_up;

	pthread_mutex_unlock(&a->lock);
	errno = 0;
	good = good && a->opt.sink->write(a->opt.sink->arg, block->data, block->len) &&
	       (!block->ends || end_of_sink(a));
	pthread_mutex_lock(&a->lock);
	if (!good && a->failure == 0)
		a->failure = errno != 0 ? errno : EIO;
	tt_held_give_back(&a->held, block);
	pthread_cond_signal(&a->to_caller);
}

/* All that the caller writes goes to the sink, block by block. */
static void write_held(struct tt_aside *a)
{
	for (;;) {
		struct tt_held_block *block = tt_held_take(&a->held, a->closing);

		if (block != NULL)
			write_block(a, block);
		else if (a->closing)
			return;
		else
			pthread_cond_wait(&a->to_thread, &a->lock);
	}
}

static void *work(void *arg)
{
	struct tt_aside *a = arg;
	int rc = follow(a);

	pthread_mutex_lock(&a->lock);
	if (rc == TT_OK && !wait_for_window(a))
		rc = TT_END;
	pthread_mutex_unlock(&a->lock);
	if (rc == TT_OK)
		rc = tt_writer_restate_for(a->opt.filter->w, a->filter->w);
	pthread_mutex_lock(&a->lock);
	a->stated = rc == TT_OK;
	pthread_cond_signal(&a->to_caller);
	if (a->stated)
		write_held(a);
	a->done = true;
	pthread_cond_signal(&a->to_caller);
	pthread_mutex_unlock(&a->lock);
	return NULL;
}

/* ---- the caller */

int tt_aside_new(struct tt_aside **out, const struct tt_aside_options *opt, struct tt_error *err)
{
	struct tt_aside *a;

	*out = NULL;
	if (opt->size != sizeof(*opt))
		return tt_fail(err, TT_E_ARGUMENT, "options of an invalid size %zu", opt->size);
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a thread");
	a->opt = *opt;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->to_thread, NULL);
	pthread_cond_init(&a->to_caller, NULL);
	*out = a;
	return TT_OK;
}

/* (a thread that waits for the window makes no room) */
static void wait_for_room(struct tt_aside *a)
{
	while (a->in_window && !a->done &&
	       a->held.nbytes >= (a->stated ? MOST_NBYTES : MOST_EARLY_NBYTES))
		pthread_cond_wait(&a->to_caller, &a->lock);
}

/* False, with errno: no memory, or what was written before cannot be. What cannot be done is of no
 * use, and is not kept. */
static bool put_aside(struct tt_aside *a, const void *data, size_t nbytes)
{
	bool good;

	pthread_mutex_lock(&a->lock);
	wait_for_room(a);
	good = a->done || tt_held_put(&a->held, data, nbytes);
	errno = a->failure != 0 ? a->failure : ENOMEM;
	good = good && a->failure == 0;
	if (a->held.nbytes >= TT_HELD_NBYTES)
		pthread_cond_signal(&a->to_thread);
	pthread_mutex_unlock(&a->lock);
	return good;
}

static bool put(void *arg, const void *data, size_t nbytes)
{
	struct tt_aside *a = arg;

	if (a->began)
		return put_aside(a, data, nbytes);
	return a->opt.sink->write(a->opt.sink->arg, data, nbytes);
}

static bool end_generation(void *arg)
{
	struct tt_aside *a = arg;
	bool good;

	if (!a->began)
		return end_of_sink(a);
	pthread_mutex_lock(&a->lock);
	good = a->done || tt_held_end_generation(&a->held);
	errno = a->failure != 0 ? a->failure : ENOMEM;
	good = good && a->failure == 0;
	pthread_cond_signal(&a->to_thread);
	pthread_mutex_unlock(&a->lock);
	return good;
}

struct tt_sink tt_aside_sink(struct tt_aside *a)
{
	return (struct tt_sink){.write = put, .arg = a, .end_generation = end_generation};
}

int tt_aside_begin(struct tt_aside *a, struct tt_filter *f, struct tt_reader *r)
{
	int rc;

	if (a->began || !tt_filter_keeps_all(f) || f->w->past.any || r->phase != TT_PHASE_LOAD ||
	    !r->skipped_any || tt_version_is_v1(r->version))
		return TT_END;
	a->filter = f;
	a->reader = r;
	if (tt_thread_start_apart(&a->thread, work, a) != 0)
		return TT_END;
	a->began = true;
	rc = tt_writer_begin_alone(f->w, &r->pass);
	if (rc == TT_OK)
		tt_reader_begin_alone(r);
	return rc;
}

void tt_aside_enter(struct tt_aside *a)
{
	pthread_mutex_lock(&a->lock);
	a->in_window = a->began;
	pthread_cond_signal(&a->to_thread);
	pthread_mutex_unlock(&a->lock);
}

/* All events so far were ordered, and nothing is wrong with them. */
static bool is_in_order(const struct tt_reader *r)
{
	return r->phase == TT_PHASE_EVENTS ||
	       ((r->phase == TT_PHASE_FINAL || r->phase == TT_PHASE_OVER) && r->outcome == TT_END);
}

bool tt_aside_is_ready(struct tt_aside *a)
{
	bool ready;

	pthread_mutex_lock(&a->lock);
	ready = !a->in_window || a->stated || a->done;
	pthread_mutex_unlock(&a->lock);
	return ready;
}

int tt_aside_join(struct tt_aside *a)
{
	bool stated;

	pthread_mutex_lock(&a->lock);
	while (a->in_window && !a->stated && !a->done)
		pthread_cond_wait(&a->to_caller, &a->lock);
	stated = a->stated;
	pthread_mutex_unlock(&a->lock);
	if (!stated || !is_in_order(a->reader))
		return TT_END;
	return tt_writer_join(a->filter->w, &a->reader->pass, a->opt.filter->w);
}

/* Waits until the thread has written all. */
static void close_thread(struct tt_aside *a)
{
	pthread_mutex_lock(&a->lock);
	a->closing = true;
	pthread_cond_signal(&a->to_thread);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	a->began = false;
}

bool tt_aside_finish(struct tt_aside *a)
{
	if (a->began)
		close_thread(a);
	errno = a->failure;
	return a->failure == 0;
}

void tt_aside_free(struct tt_aside *a)
{
	if (a == NULL)
		return;
	atomic_store(&a->given_up, true);
	if (a->began)
		close_thread(a);
	pthread_cond_destroy(&a->to_caller);
	pthread_cond_destroy(&a->to_thread);
	pthread_mutex_destroy(&a->lock);
	tt_held_release(&a->held);
	free(a);
}
