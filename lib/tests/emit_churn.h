/* SPDX-License-Identifier: MIT */
/*
 * emit_churn.h - threads that do a bit of everything: wait, wake each other, make
 * threads, write objects and batches, at random. Test code only.
 */
#ifndef TT_TESTS_EMIT_CHURN_H
#define TT_TESTS_EMIT_CHURN_H

#include <pthread.h>
#include <stdatomic.h>

#include "tracetool_emit.h"

#define OBJECT_ALLOC 132
#define OBJECT_FREE 133

/* What the threads of a test share, and count: objects, and batches that came out. */
struct shared {
	atomic_bool stop;
	atomic_long events, batches;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	uint64_t sleepers[64];
	size_t nsleepers;
};

#define SHARED_INIT {.lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER}

void sleep_ns(long ns);

/* A thread's body: takes where its token is for an argument, and logs. */
void *short_life(void *token);
void make_child(bool announced, bool cancel);
/* 100 objects, each allocated, freed and then counted. */
void write_objects(struct shared *s, unsigned *state);
void do_gc(bool begin);

/* A thread's body: goes on until s->stop. */
void *churn(void *shared);
/* Some of them for a while. */
void run_churn(struct shared *s, size_t nthreads, long ms);

#endif
