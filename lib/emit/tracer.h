/* SPDX-License-Identifier: MIT */
/*
 * tracer.h - what the tracer's parts share: its state beside the region, the flusher's
 * thread, what is made before a trace begins. Stands on flush.h.
 */
#ifndef TT_EMIT_TRACER_H
#define TT_EMIT_TRACER_H

#include <limits.h>
#include <pthread.h>

#include "emit/flush.h"

/* What the flusher has, and how others talk to it. */
struct tt_em_flush {
	struct tt_em_writer writer;
	struct tt_em_sink sink;
	void (*generation)(void *arg, struct tt_emit *e);
	void *arg;
	const struct tt_specs *specs;
	uint64_t period_ns;
	void *region;
	size_t region_nbytes;
	bool shared;
	char shared_path[PATH_MAX];
	pthread_t thread;
	_Atomic uint32_t bell;          /* changes when there is something to do */
	_Atomic uint32_t asked, done;   /* generations to end on request */
	_Atomic uint32_t ready;         /* 1: the first generation has begun, 2: it could not */
	_Atomic bool stop, exiting, full;
	bool stuck;                     /* a thread was left inside a section */
	uint64_t gen, generations;
	int snapshot_fd;                /* -1: none asked for */
	int snapshot_errno;
	uint64_t reported_lost;             /* in the trace itself */
	uint16_t incarnations[TT_EM_NTIDS];
};

/* The one that runs; NULL: tracing is off. Changes under tt_em_control. */
extern struct tt_em_flush *tt_em_flush;
/* Of start, stop and snapshot: one at a time. */
extern struct tt_em_lock tt_em_control;
/* Of traces in this process. */
extern uint64_t tt_em_epoch;

void tt_em_set_on(bool on);
/* As the last generation left them. */
void tt_em_counts_set(const struct tt_em_flush *f);

/* ---------------------------------------------------------------- flusher.c */

/* Whether membarrier works here; asked once in a process. */
bool tt_em_membarrier_init(void);
/* All clocks at one moment. */
struct tt_em_sync_point tt_em_sync_now(void);
/* A pthread's function, of a struct tt_em_flush: to the end of the trace. */
void *tt_em_flusher_run(void *flush);

/* ------------------------------------------------------------------ setup.c */

/* All that a trace needs before it begins. On failure tt_em_setup_release() is due too. */
int tt_em_setup(struct tt_em_flush *f, const struct tt_emit_options *opt, struct tt_error *err);
/* Gives all of it back, `f` included. */
void tt_em_setup_release(struct tt_em_flush *f);

#endif
