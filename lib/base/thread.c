/* SPDX-License-Identifier: MIT */
/* thread.c - threads of the library's own. Base layer. */
#include "base/thread.h"

#include <sched.h>
#include <signal.h>

int tt_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg)
{
	sigset_t all, before;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	failed = pthread_create(thread, NULL, run, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed;
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
	int failed = tt_thread_start(thread, run, arg);

	if (failed == 0)
		move_away(*thread);
	return failed;
}
