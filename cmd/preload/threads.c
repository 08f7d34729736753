/* SPDX-License-Identifier: MIT */
/*
 * threads.c - threads that begin, end and are waited for. Stands on preload.h.
 *
 * The emitter's own thread must not keep a program alive whose other threads have all
 * ended by pthread_exit(): the last of them stops the trace.
 */
#include "preload.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <threads.h>

static pthread_key_t key;
static bool have_key;
static _Atomic int nthreads;

/* After the emitter's last round of destructors, whose key is older. */
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

/* What a new thread runs; a start function of C11 returns an int. */
struct new_thread {
	void *(*start)(void *arg);
	int (*start_c11)(void *arg);
	void *arg;
	uint64_t token;
};

static struct new_thread begin_thread(void *arg)
{
	struct new_thread n = *(struct new_thread *)arg;

	preload_free(arg);
	preload_thread_begin();
	tt_emit_thread_begin(n.token);
	return n;
}

static void *run(void *arg)
{
	struct new_thread n = begin_thread(arg);

	return n.start(n.arg);
}

static int run_c11(void *arg)
{
	struct new_thread n = begin_thread(arg);

	return n.start_c11(n.arg);
}

/*
 * Announces the thread that `n` is for. Addresses of code are return addresses: the start's
 * is one byte further.
 */
static void announce(struct new_thread *n, uintptr_t start, uintptr_t caller)
{
	int saved = errno;
	struct preload_stack stack;
	struct tt_emit *e;

	preload_stack_take(&stack, caller);
	e = tt_emit_acquire();
	if (e != NULL) {
		n->token = tt_emit_thread_create(e, start + 1,
						 tt_emit_stack(e, stack.pcs, stack.n));
		tt_emit_release(e);
	}
	preload_thread_expected();
	errno = saved;
}

static void retract(struct new_thread *n)
{
	int saved = errno;

	atomic_fetch_sub(&nthreads, 1);
	tt_emit_thread_cancel(n->token);
	preload_free(n);
	errno = saved;
}

static int (*real_pthread_create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

EXPORT int pthread_create(pthread_t *restrict thread, const pthread_attr_t *restrict attr,
			  void *(*start)(void *), void *restrict arg)
{
	struct new_thread *n = preload_on() ? preload_alloc(sizeof(*n)) : NULL;
	int result;

	if (n == NULL)
		return REAL(pthread_create)(thread, attr, start, arg);
	*n = (struct new_thread){ .start = start, .arg = arg };
	announce(n, (uintptr_t)start, CALLER);
	result = REAL(pthread_create)(thread, attr, run, n);
	if (result != 0)
		retract(n);
	return result;
}

static int (*real_thrd_create)(thrd_t *, thrd_start_t, void *);

EXPORT int thrd_create(thrd_t *thread, thrd_start_t start, void *arg)
{
	struct new_thread *n = preload_on() ? preload_alloc(sizeof(*n)) : NULL;
	int result;

	if (n == NULL)
		return REAL(thrd_create)(thread, start, arg);
	*n = (struct new_thread){ .start_c11 = start, .arg = arg };
	announce(n, (uintptr_t)start, CALLER);
	result = REAL(thrd_create)(thread, run_c11, n);
	if (result != thrd_success)
		retract(n);
	return result;
}

/* -------------------------------------------------------------------- joining */

#define JOINS(name, params, args) \
	static int(*real_##name) params; \
	EXPORT int name params; \
	EXPORT int name params \
	{ \
		bool reported = preload_on() && preload_block_begin("sync join", CALLER, FRAME); \
		int result = REAL(name) args; \
\
		if (reported) \
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
