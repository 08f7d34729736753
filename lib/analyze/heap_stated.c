/* SPDX-License-Identifier: MIT */
/*
 * heap_stated.c - the spans and objects of a heap at one moment, as the events would state them
 * that lead to it.
 */
#include "analyze/heap.h"

static uint64_t number_of(const struct tt_heap *h, uint64_t address)
{
	return (address - h->base) / h->unit_nbytes;
}

/* They are in no span, so they come before any is stated. */
static bool next_loose(const struct tt_heap *h, struct tt_heap_stating *s,
		       struct tt_heap_stated *out)
{
	while (s->loose < h->loose.n) {
		const struct tt_heap_loose *l = &h->loose.at[s->loose++];

		if (!l->live)
			continue;
		*out = (struct tt_heap_stated){
			.is_loose = true,
			.args = {number_of(h, l->object.address)},
			.mark = l->object.mark,
			.since_ns = l->object.since_ns,
		};
		s->again = l->twice;
		return true;
	}
	return false;
}

static bool next_in_span(const struct tt_heap *h, const struct tt_heap_span *span,
			 struct tt_heap_stating *s, struct tt_heap_stated *out)
{
	if (!s->stated) {
		*out = (struct tt_heap_stated){
			.is_span = true,
			.args = {span->first - (h->base >> h->page_shift), span->npages,
				 span->kindclass},
		};
		s->stated = true;
		s->slot = 0;
		s->again = span->twice;
		return true;
	}
	while (span->nlive != 0 && s->slot < span->nslots) {
		uint64_t slot = s->slot++;

		if (!tt_heap_span_bit(span, slot, TT_HEAP_SLOT_LIVE))
			continue;
		*out = (struct tt_heap_stated){
			.args = {number_of(h, (span->first << h->page_shift) +
						      slot * span->slot_nbytes)},
			.mark = span->slots == NULL ? 0 : span->slots[slot].mark,
			.since_ns = span->slots == NULL ? 0 : span->slots[slot].since_ns,
		};
		s->again = tt_heap_span_bit(span, slot, TT_HEAP_SLOT_TWICE);
		return true;
	}
	return false;
}

bool tt_heap_next_stated(const struct tt_heap *h, struct tt_heap_stating *s,
			 struct tt_heap_stated *out)
{
	if (s->again) {
		s->again = false;
		*out = s->last;
		return true;
	}
	if (!s->begun && !next_loose(h, s, out)) {
		s->begun = true;
		s->span = h->spans.all;
	}
	while (s->begun && s->span != NULL &&
	       (s->span->serial == 0 || !next_in_span(h, s->span, s, out))) {
		s->span = s->span->next;
		s->stated = false;
	}
	if (s->begun && s->span == NULL)
		return false;
	s->last = *out;
	return true;
}
