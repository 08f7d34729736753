/* SPDX-License-Identifier: MIT */
/* thread.h - threads of the library's own. Base layer. */
#ifndef TT_BASE_THREAD_H
#define TT_BASE_THREAD_H

#include <pthread.h>

/* As pthread_create(). The thread takes no signals but those of faults of its own: others are for
 * the program's threads. */
int tt_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);
/*
 * The same with a stack of a megabyte, for one that has as much to do as the caller: Linux
 * may leave a new thread beside its maker for tens of milliseconds though another
 * processor is idle.
 */
int tt_thread_start_apart(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
