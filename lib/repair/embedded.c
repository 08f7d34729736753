/* SPDX-License-Identifier: MIT */
/*
 * embedded.c - which batch of the input an event came from: a thread's own, or one of an
 * experiment in which it was embedded. Stands on order.
 */
#include "repair/salvage.h"

/* The batch of the input that a run of events lies in; the list is in their order. */
static struct tt_salvaged_batch *container(struct tt_salvage *s, const struct tt_event_batch *run)
{
	size_t low = 0, high = s->list.n;

	while (high - low > 1) {
		size_t mid = low + (high - low) / 2;

		if (s->list.at[mid].head.data_offset <= run->data_offset)
			low = mid;
		else
			high = mid;
	}
	return &s->list.at[low];
}

static bool is_embedded(struct tt_salvage *s, uint32_t run)
{
	return container(s, &s->gen.batches.at[run])->head.kind == TT_RAW_BATCH_EXPERIMENT;
}

void tt_salvage_measure(struct tt_salvage *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		s->list.at[i].reach = 0;
	for (size_t i = 0; i < s->gen.threads.n; i++) {
		uint32_t moved = tt_salvage_first_moved(s, &s->gen.threads.at[i]);

		for (uint32_t k = s->gen.threads.at[i].first; k != moved;
		     k = s->gen.batches.at[k].next) {
			const struct tt_event_batch *run = &s->gen.batches.at[k];
			struct tt_salvaged_batch *b = container(s, run);
			uint64_t reach = run->data_offset - b->head.data_offset + run->size;

			if (reach > b->reach)
				b->reach = (uint32_t)reach;
		}
	}
}

void tt_salvage_note_damaged(struct tt_salvage *s, const struct tt_event_batch *b)
{
	container(s, b)->suspect = true;
}

void tt_salvage_mark_embedded(struct tt_salvage *s)
{
	tt_salvage_measure(s);
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.at[i].head.kind == TT_RAW_BATCH_EXPERIMENT)
			s->list.at[i].embedded = s->list.at[i].reach;
}

/* Ends the thread's embedded events at the head of its cursor. */
static void end_embedded(struct tt_salvage *s, const struct tt_cursor *c)
{
	uint32_t i = tt_idmap_find(&s->gen.thread_ids, (uint64_t)c->thread);
	struct tt_thread_batches *t = &s->gen.threads.at[i];
	uint32_t *link = &t->first;
	bool is_after = false;

	t->last = TT_NO_BATCH;
	while ((i = *link) != TT_NO_BATCH) {
		struct tt_event_batch *run = &s->gen.batches.at[i];

		if (i == c->head->batch)
			run->size = (c->head->offset - run->data_offset) & 0xffffff;
		else if (is_after && is_embedded(s, i))
			run->size = 0;
		is_after |= i == c->head->batch;
		if (run->size == 0) {
			*link = run->next;
			run->next = TT_NO_BATCH;
		} else {
			t->last = i;
			link = &run->next;
		}
	}
}

bool tt_salvage_end_embedded(struct tt_salvage *s, const struct tt_merge *merge,
			    const struct tt_error *why)
{
	bool any = false;

	for (size_t i = 0; i < merge->heap.n; i++) {
		const struct tt_cursor *c = merge->heap.at[i].of.item;

		if ((why->code != TT_E_STUCK && c->thread != why->thread) ||
		    !is_embedded(s, c->head->batch))
			continue;
		end_embedded(s, c);
		any = true;
	}
	return any;
}
