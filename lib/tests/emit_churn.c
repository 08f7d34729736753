/* SPDX-License-Identifier: MIT */
/* emit_churn.c - threads that do a bit of everything. */
#include "tests/emit_churn.h"

#include <check.h>
#include <time.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

void sleep_ns(long ns)
{
	nanosleep(&(struct timespec){0, ns}, NULL);
}

void do_gc(bool begin)
{
	if (begin)
		tt_emit_range_begin(NULL, TT_EMIT_RANGE_GC, NULL, 0);
	else
		tt_emit_range_end(NULL, TT_EMIT_RANGE_GC, 0, 0);
}

static unsigned roll(unsigned *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

void *short_life(void *arg)
{
	struct tt_emit *e;

	tt_emit_thread_begin(*(const uint64_t *)arg);
	e = tt_emit_acquire();
	if (e != NULL) {
		tt_emit_log(e, 0, "child", "hello", tt_emit_stack_here(e, 0));
		tt_emit_release(e);
	}
	return NULL;
}

void make_child(bool announced, bool cancel)
{
	struct tt_emit *e = tt_emit_acquire();
	pthread_t thread;
	uint64_t token = 0;

	if (e != NULL && announced)
		token = tt_emit_thread_create(e, (uintptr_t)short_life, tt_emit_stack_here(e, 0));
	if (e != NULL)
		tt_emit_release(e);
	if (cancel)
		tt_emit_thread_cancel(token);
	else if (pthread_create(&thread, NULL, short_life, &token) == 0)
		pthread_join(thread, NULL);
}

static void wait_to_be_woken(struct shared *s)
{
	struct tt_emit *e = tt_emit_acquire();
	struct timespec until;

	pthread_mutex_lock(&s->lock);
	if (e != NULL && s->nsleepers < COUNT(s->sleepers))
		s->sleepers[s->nsleepers++] = tt_emit_block(e, "sync cond", tt_emit_stack_here(e, 0));
	if (e != NULL)
		tt_emit_release(e);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 300000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(&s->cond, &s->lock, &until);
	pthread_mutex_unlock(&s->lock);
	tt_emit_unblock();
}

/* The oldest token may be one whose thread has gone on by itself. */
static void wake_somebody(struct shared *s)
{
	struct tt_emit *e = tt_emit_acquire();

	if (e == NULL)
		return;
	pthread_mutex_lock(&s->lock);
	if (s->nsleepers > 0)
		tt_emit_wake(e, s->sleepers[--s->nsleepers], tt_emit_stack_here(e, 0));
	pthread_cond_broadcast(&s->cond);
	pthread_mutex_unlock(&s->lock);
	tt_emit_release(e);
}

void write_objects(struct shared *s, unsigned *state)
{
	for (int i = 0; i < 50; i++) {
		uint64_t id = roll(state);
		struct tt_emit *e;

		if (tt_emit_once2(0, OBJECT_ALLOC, id, id & 127) && tt_emit_once1(0, OBJECT_FREE, id))
			atomic_fetch_add(&s->events, 1);
		e = tt_emit_acquire();
		if (e == NULL)
			return;
		tt_emit_event2(e, OBJECT_ALLOC, id, id & 127);
		tt_emit_event(e, OBJECT_FREE, &id, 1);
		atomic_fetch_add(&s->events, 1);
		tt_emit_release(e);
	}
}

static void write_batches(struct shared *s)
{
	struct tt_emit *e = tt_emit_acquire();

	if (e == NULL)
		return;
	if (tt_emit_batch(e, 1, "\x81" "bytes", 6))
		atomic_fetch_add(&s->batches, 1);
	tt_emit_batch_add(e, 1, (struct tt_str){"\x80", 1}, "record", 6);
	tt_emit_release(e);
}

static void wait_a_little(bool syscall, unsigned *state)
{
	struct tt_emit *e = tt_emit_acquire();

	/* stop may come between: then there is no section to be had */
	if (e == NULL)
		return;
	if (syscall)
		tt_emit_syscall_begin(e, 0);
	else
		tt_emit_block(e, "sync mutex", 0);
	tt_emit_release(e);
	sleep_ns((long)(roll(state) % 200000));
	tt_emit_unblock();
}

void *churn(void *arg)
{
	struct shared *s = arg;
	unsigned state = (unsigned)(uintptr_t)&state;

	while (!atomic_load(&s->stop)) {
		switch (roll(&state) % 10) {
		case 0:
			wait_a_little(true, &state);
			break;
		case 1:
			wait_a_little(false, &state);
			break;
		case 2:
			wait_to_be_woken(s);
			break;
		case 3:
			wake_somebody(s);
			break;
		case 4:
			make_child(true, false);
			break;
		case 5:
			make_child(false, false);
			break;
		case 6:
			make_child(true, true);
			break;
		case 7:
			write_batches(s);
			break;
		case 8:
			do_gc(roll(&state) % 2 == 0);
			break;
		default:
			write_objects(s, &state);
		}
	}
	return NULL;
}

void run_churn(struct shared *s, size_t nthreads, long ms)
{
	pthread_t threads[16];

	for (size_t i = 0; i < nthreads; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, s), 0);
	sleep_ns(ms * 1000000);
	atomic_store(&s->stop, true);
	for (size_t i = 0; i < nthreads; i++)
		pthread_join(threads[i], NULL);
}
