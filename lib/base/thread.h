/* SPDX-License-Identifier: MIT */
/* thread.h - threads of the library's own. Base layer. */
#ifndef TT_BASE_THREAD_H
#define TT_BASE_THREAD_H

#include <pthread.h>

/* As pthread_create(). The thread takes no signals: these are for the program's own. */
int tt_thread_start(pthread_t *thread, void *(*run)(void *arg), void *arg);
/*
 * The same, for one that has as much to do as the caller: Linux may leave a new thread
 * beside its maker for tens of milliseconds though another processor is idle.
 */
int tt_thread_start_apart(pthread_t *thread, void *(*run)(void *arg), void *arg);

#endif
