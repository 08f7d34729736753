/* SPDX-License-Identifier: MIT */
/*
 * merge.h - the threads of one generation, each a cursor over its batches, merged
 * into one order. Stands on gen and on order.h.
 *
 * The earliest head is tried first; if it has to wait, the others are, by time.
 * Which of two equal times comes first decides the order of events, so heap and
 * sort are Go's, step by step. Source: Go's internal/trace/batchcursor.go and
 * reader.go (ReadEvent).
 */
#ifndef TT_ORDER_MERGE_H
#define TT_ORDER_MERGE_H

#include "base/compiler.h"
#include "base/sort.h"
#include "gen/clock.h"
#include "order/order.h"
#include "order/waitq.h"

/* One thread's events. */
struct tt_cursor {
	const uint8_t *pos, *end;       /* what is left of the current batch */
	uint64_t offset_of_null;        /* what is added to an address for its offset in the trace */
	int64_t last_ns;                /* time of the event before; 0: take the batch's */
	uint64_t batch_time;
	uint32_t batch, next_batch;     /* indices in the generation, or TT_NO_BATCH */
	uint32_t m;                     /* slot of the thread in tt_order */
	int64_t thread;
	struct tt_raw_event *head; /* the next event */
	struct tt_raw_event *spare; /* the one before, which stays readable: it is handed out */
	struct tt_raw_event slots[2];
};

/* Batches of so many threads are read to windows, a batch each; of others where they lie. */
#define TT_NBATCH_BUFFERS 32

/* The windows of whoever orders one generation after another. */
struct tt_batch_buffers {
	struct tt_mem *mem;     /* what they count for */
	uint8_t (*at)[TT_BATCH_MAX_SIZE]; /* of the first cursors; NULL: not needed yet */
};

#define TT_BATCH_BUFFERS_NBYTES (TT_NBATCH_BUFFERS * TT_BATCH_MAX_SIZE)

void tt_batch_buffers_release(struct tt_batch_buffers *w);

struct tt_merge {
	struct tt_mem *mem;
	const struct tt_generation *gen;
	struct tt_decode_plan plan;
	struct tt_tick_rate rate;
	TT_ARRAY(struct tt_cursor) cursors;
	struct tt_batch_buffers
		*buffers; /* of whoever orders; NULL: batches are read where they lie */
	/* array heap by time of the head, of.item a cursor; behind the n elements all keys are
	 * INT64_MAX as far as a child can lie */
	TT_ARRAY(struct tt_keyed) heap;
	struct tt_waitq waits;
	int64_t second_key;             /* the least but the root's, or INT64_MAX */
	size_t next_sample;
	int64_t sample_ns;              /* its time; INT64_MAX: there is none */
};

/* Without windows: whoever has some sets them. */
void tt_merge_init(struct tt_merge *m, struct tt_mem *mem, const struct tt_specs *specs);
void tt_merge_release(struct tt_merge *m);
/* Forgets the generation. */
void tt_merge_clear(struct tt_merge *m);
/*
 * Takes up a generation and decodes each thread's first event. Codes 50 to 52,
 * TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_merge_begin(struct tt_merge *m, const struct tt_generation *gen, struct tt_error *err);

/* No event and no sample is left. */
static inline bool tt_merge_done(const struct tt_merge *m)
{
	return m->heap.n == 0 && m->next_sample == m->gen->samples.n;
}

/* A CPU sample comes next, before any event. tt_merge_done() is false. */
static inline bool tt_merge_at_sample(const struct tt_merge *m)
{
	return m->heap.n == 0 || m->sample_ns < m->heap.at[0].key;
}

/* Takes the sample that comes next. */
const struct tt_sample *tt_merge_sample(struct tt_merge *m);
/* Passes over all that is left. */
void tt_merge_skip(struct tt_merge *m);

#endif
