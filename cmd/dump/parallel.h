/* SPDX-License-Identifier: MIT */
/*
 * parallel.h - one dump printed by several threads. Command layer, inside dump only.
 *
 * Each worker has a reader of its own and walks over the whole trace, but prints only
 * every Nth chunk of 4096 events, where N is the number of workers. It writes a chunk
 * itself as soon as all chunks before it are written. Threads share only the number of
 * the chunk to be written next: handing over events, or their text, takes longer than
 * reading them twice. The output is the same, to the byte, for any number of workers.
 */
#ifndef CMD_DUMP_PARALLEL_H
#define CMD_DUMP_PARALLEL_H

#include <pthread.h>

#include "dump.h"

struct workers;

enum { DUMP_CHUNK_EVENTS = 4096 };

/* One thread; index 0 is the main one, the caller's. */
struct dump_worker {
	struct workers *all;
	unsigned index;
	bool owns_chunk;        /* it prints the events of the chunk that its walk is in */
	uint64_t chunk;         /* the number of that chunk */
	struct dump *d;
	struct out text;        /* of the chunk, if it is its own */
	struct dump own;        /* *d of each but the main worker, whose is the caller's */
	pthread_t thread;
};

/* The walk that the threads run: dump.c. */
typedef int dump_walk_fn(struct dump *d, const struct dump_format *format,
			 const struct tt_event **ev);

/*
 * Walks with d->opt->jobs workers, the caller's thread included. Returns what `walk`
 * returns, and *d is as if there were one thread. The others begin with the second chunk;
 * there are no others if the trace cannot be read twice.
 */
int dump_parallel_walk(struct dump *d, const struct dump_format *format, dump_walk_fn *walk,
		       const struct tt_event **ev);

/* The walk reached the end of a chunk, which this worker writes if it is its own. */
void dump_worker_end_chunk(struct dump *d);
/* The walk passed an event. */
static inline void dump_worker_step(struct dump *d)
{
	if (d->events % DUMP_CHUNK_EVENTS == 0)
		dump_worker_end_chunk(d);
}
/* Whether the walk has to end because of another worker. */
bool dump_worker_stopped(const struct dump_worker *w);

#endif
