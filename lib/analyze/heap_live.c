/* SPDX-License-Identifier: MIT */
/* heap_live.c - the live objects of a heap, one after the other. Stands on heap_spans.c. */
#include "analyze/heap.h"

uint64_t tt_heap_nlive(const struct tt_heap *h)
{
	return h->nlive;
}

/* The loose ones first, then span by span. */
int tt_heap_live(const struct tt_heap *h, struct tt_heap_walk *w, struct tt_heap_object *out)
{
	const struct tt_heap_span *span;

	for (; w->in == NULL && w->at < h->loose.n; w->at++) {
		if (!h->loose.at[w->at].live)
			continue;
		*out = h->loose.at[w->at++].object;
		return TT_OK;
	}
	if (w->in == NULL && !w->spans) {
		w->spans = true;
		w->in = h->spans.all;
		w->at = 0;
	}
	for (span = w->in; span != NULL; span = span->next, w->at = 0) {
		if (span->serial == 0 || span->bits == NULL)
			continue;
		while (w->at < span->nslots && !tt_heap_span_bit(span, w->at, TT_HEAP_SLOT_LIVE))
			w->at++;
		if (w->at == span->nslots)
			continue;
		*out = tt_heap_object_in(h, span, w->at++);
		w->in = span;
		return TT_OK;
	}
	w->in = NULL;
	w->at = h->loose.n;
	return TT_END;
}
