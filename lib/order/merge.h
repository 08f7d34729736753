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

#include "base/sort.h"
#include "gen/clock.h"
#include "order/order.h"

/* One thread's events. */
struct tt_cursor {
	const uint8_t *pos, *end;       /* what is left of the current batch */
	uint64_t end_offset;            /* of `end` in the trace */
	int64_t last_ns;                /* time of the event before; 0: take the batch's */
	uint64_t batch_time;
	uint32_t batch, next_batch;     /* indices in the generation, or TT_NO_BATCH */
	uint32_t head_batch;            /* that of `head` */
	uint32_t m;                     /* slot of the thread in tt_order */
	int64_t thread;
	struct tt_timed *head;          /* the next event */
	struct tt_timed slots[2];       /* the one before stays readable: it is handed out */
};

struct tt_merge {
	struct tt_mem *mem;
	const struct tt_generation *gen;
	struct tt_decode_plan plan;
	struct tt_tick_rate rate;
	TT_ARRAY(struct tt_cursor) cursors;
	TT_ARRAY(struct tt_keyed) heap; /* array heap by time of the head, of.item a cursor */
	int64_t second_key;             /* the least but the root's, or INT64_MAX */
	size_t next_sample;
};

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

/* The CPU sample that comes next, before any event; NULL if none does. */
static inline const struct tt_sample *tt_merge_sample(struct tt_merge *m)
{
	const struct tt_sample *s;

	if (m->next_sample == m->gen->samples.n)
		return NULL;
	s = &m->gen->samples.at[m->next_sample];
	if (m->heap.n != 0 && s->time_ns >= m->heap.at[0].key)
		return NULL;
	m->next_sample++;
	return s;
}

#endif
