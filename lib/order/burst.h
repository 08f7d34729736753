/* SPDX-License-Identifier: MIT */
/*
 * burst.h - discards events of one thread, one after the other while it is the earliest:
 * they change the state, but are not queued. The processor guesses each event's type
 * before it has read it, and a wrong guess costs as long as it takes to find out. So the
 * thread's position is in variables of the caller: nothing that leads to a type is read
 * back from memory right after it was written there. Private to lib; stands on merge.h.
 */
#ifndef TT_ORDER_BURST_H
#define TT_ORDER_BURST_H

#include "order/merge.h"

struct tt_burst {
	struct tt_cursor *c; /* is written again by tt_burst_end() */
	struct tt_raw_event *head, *spare;
	const uint8_t *pos;             /* after the head */
	int64_t time_ns;                /* of the head */
	uint8_t type;                   /* of the head */
	int64_t until_ns;               /* from then on another thread or a CPU sample is earlier */
};

/* The root's; false if its thread is not known yet. */
static TT_ALWAYS_INLINE bool tt_burst_begin(struct tt_burst *burst, const struct tt_merge *m)
{
	struct tt_cursor *c = m->heap.at[0].of.item;

	if (c->m == TT_NO_SLOT)
		return false;
	*burst = (struct tt_burst){
		.c = c,
		.head = c->head,
		.spare = c->spare,
		.pos = c->pos,
		.time_ns = c->head->time_ns,
		.type = c->head->type,
		.until_ns = m->heap.second_key < m->sample_ns ? m->heap.second_key : m->sample_ns,
	};
	return true;
}

/*
 * Lets the head advance by its rule in fast.h and decodes the next one. False: nothing was
 * changed, and the event is left to tt_merge_advance().
 */
static TT_ALWAYS_INLINE bool tt_burst_step(struct tt_burst *burst, struct tt_merge *m,
					   struct tt_order *o)
{
	struct tt_cursor *c = burst->c;
	struct tt_raw_event *next = burst->spare;
	const uint8_t *after;
	uint8_t type;
	uint64_t dt;

	/* (a time of 0 means that of the batch: tt_cursor_next()) */
	if (c->end - burst->pos < TT_EVENT_MAX_SIZE || burst->time_ns == 0)
		return false;
	type = *burst->pos;
	after = tt_raw_event_decode_unchecked(&m->cursors.plan, burst->pos, next, &dt);
	if (after == NULL ||
	    !tt_fast_advance(o, &o->ms.at[c->m], burst->type, burst->head->args))
		return false;
	next->offset = c->offset_of_null + (uintptr_t)burst->pos;
	next->batch = c->batch;
	next->time_ns = tt_ns_add(tt_rate_to_ns(&m->cursors.rate, dt), burst->time_ns);
	burst->spare = burst->head;
	burst->head = next;
	burst->pos = after;
	burst->time_ns = next->time_ns;
	burst->type = type;
	return true;
}

static TT_ALWAYS_INLINE void tt_burst_end(const struct tt_burst *burst, struct tt_merge *m)
{
	struct tt_cursor *c = burst->c;

	c->head = burst->head;
	c->spare = burst->spare;
	c->pos = burst->pos;
	c->last_ns = m->heap.at[0].key = burst->time_ns;
	if (burst->time_ns > m->heap.second_key)
		tt_cursor_heap_sink(&m->heap);
}

#endif
