/* SPDX-License-Identifier: MIT */
/*
 * advance.h - the step of the merge that is done for each event, to be inlined
 * where events are pulled: try the earliest thread's head, decode its next event,
 * stay on the thread while it is the earliest. Private to lib; stands on merge.h.
 */
#ifndef TT_ORDER_ADVANCE_H
#define TT_ORDER_ADVANCE_H

#include "order/hot.h"
#include "order/merge.h"

/* ---- what is not done for each event (merge.c) */

/* Turns to the thread's next batch; false if there is none. */
bool tt_next_batch(struct tt_merge *m, struct tt_cursor *c);
/* The error of an event that cannot be decoded. */
int tt_cannot_decode(const struct tt_merge *m, const struct tt_cursor *c, struct tt_error *err);
/* The i-th of the heap has another key; the root has a later one; the i-th goes. */
void tt_heap_move(struct tt_merge *m, size_t i);
void tt_heap_sink(struct tt_merge *m);
void tt_heap_remove(struct tt_merge *m, size_t i);
/* The root's children changed. */
void tt_heap_note_second(struct tt_merge *m);
/* The i-th of the heap has no next event (`rc` is TT_END) or one that is not good. */
int tt_thread_ended(struct tt_merge *m, struct tt_order *order, size_t i, int rc);
/* The event that advanced is lost, as in Go's reader; `rc`. */
int tt_event_lost(struct tt_order *order, int rc);
/* The errors of a head that is broken, and of all that have to wait. */
int tt_merge_broken(const struct tt_merge *m, const struct tt_cursor *c,
		    const struct tt_order *order, struct tt_error *err);
int tt_merge_stuck(const struct tt_merge *m, struct tt_error *err);
/* As tt_merge_advance(), without a shortcut: if the root has to wait, lets the first of the
 * others advance that can. */
int tt_merge_advance_slowly(struct tt_merge *m, struct tt_order *order, struct tt_error *err);

/* ---- the step */

/* Decodes the next event into c->head: 0, 1 if there is none, or an error. */
static TT_ALWAYS_INLINE int tt_next_event(struct tt_merge *m, struct tt_cursor *c,
					  struct tt_error *err)
{
	struct tt_raw_event *ev = c->spare;
	const uint8_t *behind;
	uint64_t dt;

	if (c->pos == c->end && !tt_next_batch(m, c))
		return TT_END;
	/* Go does so whenever the time is 0, not only at a batch's start */
	if (c->last_ns == 0)
		c->last_ns = tt_rate_to_ns(&m->rate, c->batch_time);
	behind = tt_raw_event_decode(&m->plan, c->pos, c->end, ev, &dt);
	if (behind == NULL)
		return tt_cannot_decode(m, c, err);
	ev->offset = c->offset_of_null + (uintptr_t)c->pos;
	ev->batch = c->batch;
	/* each dt is converted, and so cut to whole nanoseconds, on its own */
	c->last_ns = tt_ns_add(tt_rate_to_ns(&m->rate, dt), c->last_ns);
	ev->time_ns = c->last_ns;
	c->pos = behind;
	c->spare = c->head;
	c->head = ev;
	return TT_OK;
}

/* The i-th of the heap has advanced: makes its next event its head. */
static TT_ALWAYS_INLINE int tt_step_on(struct tt_merge *m, struct tt_order *order, size_t i,
				       struct tt_error *err)
{
	struct tt_cursor *c = m->heap.at[i].of.item;
	int rc = tt_next_event(m, c, err);

	if (rc != TT_OK)
		return tt_thread_ended(m, order, i, rc);
	m->heap.at[i].key = c->head->time_ns;
	/* the root often stays where it is */
	if (i != 0)
		tt_heap_move(m, i);
	else if (c->head->time_ns > m->second_key)
		tt_heap_sink(m);
	return TT_OK;
}

/*
 * Lets one event advance: it then stands in order's queue. 0, or codes 50 to 69.
 * Events are left.
 */
static TT_ALWAYS_INLINE int tt_merge_advance(struct tt_merge *m, struct tt_order *order,
					     struct tt_error *err)
{
	if (tt_hot_try(order, m->heap.at[0].of.item))
		return tt_step_on(m, order, 0, err);
	return tt_merge_advance_slowly(m, order, err);
}

#endif
