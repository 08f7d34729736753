/* SPDX-License-Identifier: MIT */
/*
 * parallel.h - generations side by side: while the reader orders one, others are loaded
 * and ordered alone (order/assume.h) by threads that look ahead. The reader takes what
 * was found out about a generation if it joins with what came before, and orders the
 * generation itself if not. It stands in the generation that was loaded ahead, as if it
 * had loaded it itself, so that whatever else it says of a trace does not depend on
 * this. Stands on reader.h.
 */
#ifndef TT_EVENT_PARALLEL_H
#define TT_EVENT_PARALLEL_H

#include "event/reader.h"

struct tt_parallel;

/*
 * The reader comes to its next generation. True: it was loaded ahead, and now is r->gen;
 * r->loader and r->src stand behind it. Waits if somebody is at it.
 */
bool tt_parallel_load(struct tt_reader *r);
/* The reader leaves the generation it stands in. */
void tt_parallel_leave(struct tt_reader *r);
/*
 * The reader handed out a generation's Sync and nothing more of it. True: all of
 * its events are as if they had been checked. Starts to look ahead if options ask
 * for it and there is more to come.
 */
bool tt_parallel_take(struct tt_reader *r);
/* Waits for the threads and forgets all that they know but the generation in which the
 * reader stands; looking ahead may start anew behind that. */
void tt_parallel_stop(struct tt_reader *r);
/* Begins to look ahead and waits until all that can be done is, so that a test knows it. */
void tt_parallel_settle(struct tt_reader *r);
/* Whether the generation changes how those behind it are to be read. */
bool tt_generation_brings_specs(const struct tt_generation *gen);

#endif
