/* SPDX-License-Identifier: MIT */
/*
 * merge.h - the threads of one generation, merged into one order: the earliest head is
 * tried first; if it has to wait, the others are, by time. What is done for each event is
 * here, to be inlined where events are pulled. Stands on cursor.h and order.h. Source: Go's
 * internal/trace/reader.go (ReadEvent).
 */
#ifndef TT_ORDER_MERGE_H
#define TT_ORDER_MERGE_H

#include "order/cursor.h"
#include "order/fast.h"
#include "order/heap.h"
#include "order/waitq.h"

struct tt_tally;

struct tt_merge {
	struct tt_cursor_heap heap;     /* (first: its address is needed most) */
	struct tt_cursors cursors;
	struct tt_waitq waits;
	struct tt_tally *tally;         /* where events may be counted instead (direct.h), or NULL */
	const struct tt_cursor *untried; /* after TT_E_STUCK: the heap's first, if nobody tried it */
	size_t next_sample, nsamples;
	int64_t sample_ns;              /* time of the next CPU sample, or INT64_MAX */
};

/* Without batch buffers. */
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
	return m->heap.n == 0 && m->next_sample == m->nsamples;
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

/* ---- one event */

/* As tt_merge_advance(), by the handler of the event; if the root has to wait, lets the
 * first of the others advance that can. */
int tt_merge_advance_slowly(struct tt_merge *m, struct tt_order *order, struct tt_error *err);
/* The i-th of the heap has no next event (`rc` is TT_END), or none that can be decoded. */
static inline int tt_merge_no_next(struct tt_merge *m, struct tt_order *order, size_t i, int rc)
{
	if (rc != TT_END) {
		/* the event that advanced is lost, as in Go's reader */
		order->count = 0;
		return rc;
	}
	tt_cursor_heap_remove(&m->heap, i);
	return TT_OK;
}

/* The i-th of the heap has advanced: on to its next event. */
static TT_ALWAYS_INLINE int tt_merge_next(struct tt_merge *m, struct tt_order *order, size_t i,
					  struct tt_error *err)
{
	struct tt_cursor *c = m->heap.at[i].of.item;
	int rc = tt_cursor_next(&m->cursors, c, err);

	if (rc != TT_OK)
		return tt_merge_no_next(m, order, i, rc);
	m->heap.at[i].key = c->head->time_ns;
	/* the root often stays where it is */
	if (i != 0)
		tt_cursor_heap_move(&m->heap, i);
	else if (c->head->time_ns > m->heap.second_key)
		tt_cursor_heap_sink(&m->heap);
	return TT_OK;
}

/*
 * Lets one event advance: it is then in order's queue. 0, or codes 50 to 70.
 * Events are left.
 */
static TT_ALWAYS_INLINE int tt_merge_advance(struct tt_merge *m, struct tt_order *order,
					     struct tt_error *err)
{
	const struct tt_cursor *c = m->heap.at[0].of.item;

	if (tt_fast_try(order, c->m, c->head))
		return tt_merge_next(m, order, 0, err);
	return tt_merge_advance_slowly(m, order, err);
}

#endif
