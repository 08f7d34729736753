/* SPDX-License-Identifier: MIT */
/*
 * parallel.h - generations ordered side by side. While the reader orders one, workers
 * load later ones and order each alone, in a pass of its own, on assumptions about the
 * state before it (order/assume.h). When the reader comes to such a generation it uses
 * what the worker loaded. If the assumptions hold it commits what the worker found;
 * else it orders the generation itself. So whatever the reader says of a trace does not
 * depend on workers. Stands on pass.h.
 */
#ifndef TT_EVENT_PARALLEL_H
#define TT_EVENT_PARALLEL_H

#include "event/reader.h"

struct tt_parallel;

/*
 * The reader comes to its next generation. True: a worker has loaded it, and it now is
 * r->gen; r->loader and r->src are after it. Waits if a worker is at it.
 */
bool tt_parallel_load(struct tt_reader *r);
/* The reader leaves the generation that it is in. */
void tt_parallel_leave(struct tt_reader *r);
/*
 * The reader has handed out a generation's Sync and is not asked for its events. True:
 * they are ordered and counted, as a worker found them. Else the reader does it. Starts
 * workers if the options ask for them and there is more to read.
 */
bool tt_parallel_commit(struct tt_reader *r);
/* Waits for the workers to stop, and drops all generations but the one that the reader is
 * in. Workers may be started anew after that. */
void tt_parallel_stop(struct tt_reader *r);
/* For tests: starts workers, and waits until they have done all that they can. */
void tt_parallel_settle(struct tt_reader *r);
/* Whether later generations cannot be read without what is embedded in this one. */
bool tt_generation_brings_specs(const struct tt_generation *gen);

#endif
