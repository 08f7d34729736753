/* SPDX-License-Identifier: MIT */
/*
 * parallel.h - one dump printed by several threads. Command layer, inside dump only.
 *
 * Each thread has a reader of its own and walks over the whole trace, but prints only its
 * share: of chunks of some thousand events every second one, say, if there are two. It writes
 * a chunk itself when all before it are written. So nothing but the turn goes from
 * thread to thread: handing over events, or their text, takes longer than to
 * read them twice. What comes out is the same, to the byte, for any number of threads.
 */
#ifndef CMD_DUMP_PARALLEL_H
#define CMD_DUMP_PARALLEL_H

#include <pthread.h>

#include "dump.h"

struct shares;

enum { DUMP_CHUNK_EVENTS = 4096 };

/* What a thread has of its own. */
struct dump_share {
	struct shares *all;
	unsigned index;
	bool mine;              /* what comes next is printed by this thread */
	uint64_t chunk;         /* the one that its walk is in */
	struct dump *d;
	struct out text;        /* of the chunk, if it is its own */
	struct dump own;        /* *d of all but the leader, who called; its is the caller's */
	pthread_t thread;
};

/* The walk that the threads run: dump.c. */
typedef int dump_walk_fn(struct dump *d, const struct dump_format *format,
			 const struct tt_event **ev);

/*
 * The walk of d->opt->jobs threads, the caller's included: what `walk` returns, and *d is as if
 * there were one thread. Others begin with the second chunk; if the trace cannot be read
 * twice there are none.
 */
int dump_shares_walk(struct dump *d, const struct dump_format *format, dump_walk_fn *walk,
		     const struct tt_event **ev);

/* A chunk was walked over: it may be this thread's to be written. */
void dump_share_turn(struct dump *d);
/* An event was walked over. */
static inline void dump_share_step(struct dump *d)
{
	if (d->events % DUMP_CHUNK_EVENTS == 0)
		dump_share_turn(d);
}
/* Whether the walk has to end because of another thread. */
bool dump_share_stopped(const struct dump_share *s);

#endif
