/* SPDX-License-Identifier: MIT */
/*
 * flusher.h - the tracer's own thread, which ends generations and writes them, and how start,
 * stop and snapshots talk to it. Stands on write.h.
 *
 * A struct tt_em_flusher lives from start to stop. It belongs to the flusher's thread while
 * that runs; other threads touch only what is atomic, and snapshot_fd and snapshot_errno
 * around a request.
 */
#ifndef TT_EMIT_FLUSHER_H
#define TT_EMIT_FLUSHER_H

#include <limits.h>
#include <pthread.h>

#include "emit/write.h"

struct tt_em_flusher {
	struct tt_em_writer writer;
	struct tt_em_sink sink;
	/* the program's: see struct tt_emit_options */
	void (*generation)(void *arg, struct tt_emit *e);
	void *arg;
	const struct tt_specs *specs;
	uint64_t period_ns;
	void *region;
	size_t region_nbytes;
	char shared_path[PATH_MAX];     /* "": the region is no file */
	pthread_t thread;
	_Atomic uint32_t asked, done;   /* generations to end on request */
	_Atomic uint32_t ready;         /* 1: the first generation has begun, 2: it could not */
	_Atomic bool stop, exiting;
	bool stuck;                     /* a thread was left inside a section */
	uint64_t gen, generations;      /* the current one; how many have ended */
	int snapshot_fd;                /* -1: none asked for */
	int snapshot_errno;
	uint64_t reported_lost;         /* in the trace itself */
	uint16_t incarnations[TT_EM_NTIDS];
};

/* ---------------------------------------------------------------- flusher.c */

/* Whether membarrier works here; asked once in a process. */
bool tt_em_membarrier_init(void);
/* All clocks at one moment. */
struct tt_em_sync_point tt_em_sync_now(void);
/* A pthread's function, of a struct tt_em_flusher: to the end of the trace. */
void *tt_em_flusher_run(void *flusher);

/* ------------------------------------------------------------------ setup.c */

/* All that a trace needs before it begins. On failure tt_em_setup_release() is due too. */
int tt_em_setup(struct tt_em_flusher *f, const struct tt_emit_options *opt, struct tt_error *err);
/* Gives all of it back, `f` included. */
void tt_em_setup_release(struct tt_em_flusher *f);

#endif
