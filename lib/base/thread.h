/* SPDX-License-Identifier: MIT */
/* thread.h - threads that the library starts. Base layer. */
#ifndef TT_BASE_THREAD_H
#define TT_BASE_THREAD_H

#include <pthread.h>

/* As pthread_create(). The thread blocks all signals except synchronous faults, so that
 * asynchronous ones reach the program's threads. */
int tt_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);
/*
 * The same with a stack of a megabyte, for a thread that has as much to do as the caller: it
 * moves to another processor, since Linux may leave a new thread on its maker's processor
 * for tens of milliseconds although another one is idle.
 */
int tt_thread_start_apart(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
