/* SPDX-License-Identifier: MIT */
/* thread.c - threads of the library's own. Base layer. */
#include "base/thread.h"

#include <sched.h>
#include <signal.h>

/* Of threads that work beside the caller: nothing there recurses, and where address space is
 * limited, stacks should not take it. */
#define STACK_NBYTES ((size_t)1 << 20)

/* Those that come from outside: a thread has to take those of its own faults itself. */
static void fill_outside(sigset_t *set)
{
	static const int own[] = {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGABRT, SIGTRAP};

	sigfillset(set);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(set, own[i]);
}

static int start(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *arg), void *arg)
{
	sigset_t outside, before;
	int failed;

	fill_outside(&outside);
	pthread_sigmask(SIG_SETMASK, &outside, &before);
	failed = pthread_create(thread, attr, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
}

int tt_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	return start(thread, NULL, run, arg);
}

/* To another processor than the caller's, and from there wherever it likes. */
static void move_away(pthread_t thread)
{
	cpu_set_t all, others;
	int here = sched_getcpu();

	if (here < 0 || here >= CPU_SETSIZE || sched_getaffinity(0, sizeof(all), &all) != 0)
		return;
	others = all;
	CPU_CLR((size_t)here, &others);
	if (CPU_COUNT(&others) != 0 && pthread_setaffinity_np(thread, sizeof(others), &others) == 0)
		pthread_setaffinity_np(thread, sizeof(all), &all);
}

int tt_thread_start_apart(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	pthread_attr_t attr;
	int failed = pthread_attr_init(&attr);

	if (failed != 0)
		return failed;
	pthread_attr_setstacksize(&attr, STACK_NBYTES);
	failed = start(thread, &attr, run, arg);
	pthread_attr_destroy(&attr);
	if (failed == 0)
		move_away(*thread);
	return failed;
}
