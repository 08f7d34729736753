/* SPDX-License-Identifier: MIT */
/*
 * burst.h - events of one thread that nobody wants, one behind another while it is the
 * earliest. The processor guesses each event's type before it has read it, and a wrong
 * guess costs as long as it takes to find out. So where the thread stands is in
 * variables of the caller: nothing that leads to a type is read back from memory
 * right after it was written there. Private to lib; stands on merge.h.
 */
#ifndef TT_ORDER_BURST_H
#define TT_ORDER_BURST_H

#include "order/merge.h"

struct tt_burst {
	struct tt_cursor *c; /* is written again by tt_burst_end() */
	struct tt_raw_event *head, *spare;
	const uint8_t *pos;             /* behind the head */
	int64_t time_ns;                /* of the head */
	unsigned type;                  /* of the head */
	int64_t until_ns;               /* from then on another thread or a CPU sample is earlier */
};

/* The root's; false if it has nothing for a run. */
static TT_ALWAYS_INLINE bool tt_burst_begin(struct tt_burst *run, const struct tt_merge *m)
{
	struct tt_cursor *c = m->heap.at[0].of.item;

	if (c->m == TT_NO_SLOT)
		return false;
	*run = (struct tt_burst){
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
 * Lets the head advance by its shortcut and decodes the next one. False: nothing was
 * changed, since it takes tt_merge_advance().
 */
static TT_ALWAYS_INLINE bool tt_burst_step(struct tt_burst *run, struct tt_merge *m,
					   struct tt_order *o)
{
	struct tt_cursor *c = run->c;
	struct tt_raw_event *next = run->spare;
	const uint8_t *behind;
	unsigned type;
	uint64_t dt;

	/* (a time of 0 stands for the batch's: tt_cursor_next()) */
	if (c->end - run->pos < TT_EVENT_MAX_SIZE || run->time_ns == 0)
		return false;
	type = *run->pos;
	behind = tt_raw_event_decode_unchecked(&m->cursors.plan, run->pos, next, &dt);
	if (behind == NULL ||
	    !tt_hot_advance(o, &(struct tt_hot_step){run->head, run->type, &o->ms.at[c->m], true}))
		return false;
	next->offset = c->offset_of_null + (uintptr_t)run->pos;
	next->batch = c->batch;
	next->time_ns = tt_ns_add(tt_rate_to_ns(&m->cursors.rate, dt), run->time_ns);
	run->spare = run->head;
	run->head = next;
	run->pos = behind;
	run->time_ns = next->time_ns;
	run->type = type;
	return true;
}

static TT_ALWAYS_INLINE void tt_burst_end(const struct tt_burst *run, struct tt_merge *m)
{
	struct tt_cursor *c = run->c;

	c->head = run->head;
	c->spare = run->spare;
	c->pos = run->pos;
	c->last_ns = m->heap.at[0].key = run->time_ns;
	if (run->time_ns > m->heap.second_key)
		tt_cursor_heap_sink(&m->heap);
}

#endif
