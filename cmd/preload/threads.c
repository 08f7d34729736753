/* SPDX-License-Identifier: MIT */
/*
 * threads.c - threads that begin, end and are waited for. Stands on preload.h.
 *
 * The emitter's own thread must not keep a program alive whose other threads have all
 * ended by pthread_exit(): whoever is last stops the trace.
 */
#include "preload.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>

TLS struct preload_self preload_self;

static pthread_key_t key;
static bool have_key;
static _Atomic int nthreads;

/* Behind the emitter's last round of destructors, whose key is the older one. */
#define LAST_ROUND (PTHREAD_DESTRUCTOR_ITERATIONS - 1)

static void thread_ends(void *arg)
{
	if (++preload_self.rounds < LAST_ROUND) {
		pthread_setspecific(key, arg);
		return;
	}
	if (atomic_fetch_sub(&nthreads, 1) == 1 && tt_emit_on()) {
		preload_self.quiet = true;
		tt_emit_stop(NULL);
		preload_self.quiet = false;
	}
}

bool preload_threads_init(void)
{
	if (!have_key)
		have_key = pthread_key_create(&key, thread_ends) == 0;
	return have_key;
}

void preload_thread_expected(void)
{
	atomic_fetch_add(&nthreads, 1);
}

void preload_thread_begin(void)
{
	if (have_key && !preload_self.counted) {
		preload_self.counted = true;
		pthread_setspecific(key, &preload_self);
	}
}

void preload_threads_forked(void)
{
	nthreads = 0;
	preload_self.counted = false;
	preload_self.rounds = 0;
	preload_self.outer = 0;
}

/* ------------------------------------------------------------------ beginning */

/* What a new thread is to do; C11's functions return an int. */
struct beginning {
	void *(*start)(void *arg);
	int (*start_c11)(void *arg);
	void *arg;
	uint64_t token;
};

static struct beginning take_over(void *arg)
{
	struct beginning b = *(struct beginning *)arg;

	preload_free(arg);
	preload_thread_begin();
	tt_emit_thread_begin(b.token);
	return b;
}

static void *run(void *arg)
{
	struct beginning b = take_over(arg);

	return b.start(b.arg);
}

static int run_c11(void *arg)
{
	struct beginning b = take_over(arg);

	return b.start_c11(b.arg);
}

/* Tells of a thread that `b` is for. A start's address is told as a return address. */
static void announce(struct beginning *b, uintptr_t start, uintptr_t caller)
{
	int saved = errno;
	struct preload_stack stack;
	struct tt_emit *e;

	preload_stack_take(&stack, caller);
	e = tt_emit_acquire();
	if (e != NULL) {
		b->token = tt_emit_thread_create(e, start + 1,
						 tt_emit_stack(e, stack.pcs, stack.n));
		tt_emit_release(e);
	}
	preload_thread_expected();
	errno = saved;
}

static void take_back(struct beginning *b)
{
	int saved = errno;

	atomic_fetch_sub(&nthreads, 1);
	tt_emit_thread_cancel(b->token);
	preload_free(b);
	errno = saved;
}

static int (*real_pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
			  void *(*start)(void *), void *restrict arg)
{
	struct beginning *b = preload_on() ? preload_alloc(sizeof(*b)) : NULL;
	int result;

	if (b == NULL)
		return REAL(pthread_create)(thread, attr, start, arg);
	*b = (struct beginning){ .start = start, .arg = arg };
	announce(b, (uintptr_t)start, CALLER);
	result = REAL(pthread_create)(thread, attr, run, b);
	if (result != 0)
		take_back(b);
	return result;
}

static int (*real_thrd_create)(thrd_t *, thrd_start_t, void *);

EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
	struct beginning *b = preload_on() ? preload_alloc(sizeof(*b)) : NULL;
	int result;

	if (b == NULL)
		return REAL(thrd_create)(thread, start, arg);
	*b = (struct beginning){ .start_c11 = start, .arg = arg };
	announce(b, (uintptr_t)start, CALLER);
	result = REAL(thrd_create)(thread, run_c11, b);
	if (result != thrd_success)
		take_back(b);
	return result;
}

/* -------------------------------------------------------------------- joining */

#define JOINS(name, params, args) \
	static int(*real_##name) params; \
	EXPORT int name params; \
	EXPORT int name params \
	{ \
		bool told = preload_on() && preload_block_begin("sync join", CALLER, FRAME); \
		int result = REAL(name) args; \
\
		if (told) \
			preload_block_end(); \
		return result; \
	}

JOINS(pthread_join, (pthread_t thread, void **value), (thread, value))
JOINS(pthread_timedjoin_np, (pthread_t thread, void **value, const struct timespec *until),
      (thread, value, until))
JOINS(pthread_clockjoin_np,
      (pthread_t thread, void **value, clockid_t clock, const struct timespec *until),
      (thread, value, clock, until))
JOINS(thrd_join, (thrd_t thread, int *value), (thread, value))
