/* SPDX-License-Identifier: MIT */
/*
 * resume.c - threads that go on after a gap. Most often none of their own batches is missing
 * there, but one may be: then their next events contradict the state that was reached. Stands on
 * order.
 */
#include "repair/salvage.h"

/* So many events with a sequence number after a gap show that nothing is missing in it. */
#define NPROOF 8

bool tt_salvage_has_sequence(unsigned type)
{
	switch (type) {
	case TT_EV_PROC_START:
	case TT_EV_PROC_STEAL:
	case TT_EV_GO_START:
	case TT_EV_GO_UNBLOCK:
	case TT_EV_GO_SYSCALL_BEGIN:
	case TT_EV_GO_SWITCH:
	case TT_EV_GO_SWITCH_DESTROY:
		return true;
	default:
		return false;
	}
}

bool tt_salvage_is_silent(unsigned type)
{
	return type == TT_EV_HEAP_ALLOC || type == TT_EV_HEAP_GOAL || type == TT_EV_USER_LOG ||
	       type == TT_EV_GO_LABEL || type >= TT_FIRST_EXPERIMENTAL;
}

/* The first batch of a thread, as it will be ordered, that lies in a batch of the list. */
static uint32_t first_in(const struct tt_salvage *s, const struct tt_thread_batches *t,
			 const struct tt_raw_batch *in)
{
	const struct tt_event_batch *all = s->gen.batches.at;
	uint32_t i = t->first;

	while (i != TT_NO_BATCH && (all[i].data_offset < in->data_offset ||
				    all[i].data_offset - in->data_offset >= in->size))
		i = all[i].next;
	return i;
}

/* Whether `head` comes soon after the beginning of batch `i` of its thread: too soon to show that
 * nothing is missing before that. */
static bool comes_soon(const struct tt_salvage *s, uint32_t i, const struct tt_raw_event *head)
{
	unsigned n = 0;

	for (; i != TT_NO_BATCH && n < NPROOF; i = s->gen.batches.at[i].next) {
		const struct tt_event_batch *b = &s->gen.batches.at[i];
		const uint8_t *p = b->data, *end = p + b->size;
		struct tt_raw_event ev;
		uint64_t dt;

		if (i == head->batch)
			end = p + (head->offset - b->data_offset);
		while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL)
			n += tt_salvage_has_sequence(ev.type);
		if (i == head->batch)
			return n < NPROOF;
	}
	return false;
}

bool tt_salvage_cut_resumed(struct tt_salvage *s, const struct tt_merge *merge, int64_t thread)
{
	uint32_t at = tt_idmap_find(&s->resumed, (uint64_t)thread);
	struct tt_thread_batches *t;

	if (at == TT_IDMAP_NONE)
		return false;
	t = &s->gen.threads.at[tt_idmap_find(&s->gen.thread_ids, (uint64_t)thread)];
	for (size_t i = 0; i < merge->heap.n; i++) {
		const struct tt_cursor *c = merge->heap.at[i].of.item;
		uint32_t first;

		if (c->thread != thread)
			continue;
		first = first_in(s, t, &s->list.at[at].head);
		if (!comes_soon(s, first, c->head))
			return false;
		tt_salvage_cut(s, t, first, 0);
		return true;
	}
	return false;
}
