/* SPDX-License-Identifier: MIT */
/*
 * heap_spans.h - the spans of a heap, by address: a tree ordered by their first page, with
 * a cache that finds the same few spans again and again.
 */
#ifndef TT_ANALYZE_HEAP_SPANS_H
#define TT_ANALYZE_HEAP_SPANS_H

#include "analyze/sizeclass.h"
#include "base/mem.h"

/* What is kept about a live object. */
struct tt_heap_slot {
	int64_t since_ns;
	uint32_t type, mark;
};

struct tt_heap_span {
	uint64_t first, npages; /* in pages from the heap's base; they do not wrap */
	uint64_t kindclass;     /* as the event has it: */
	struct tt_heap_span_class class;
	bool twice;             /* it came into use while in use: one end is still to come */
	uint64_t slot_nbytes;   /* of a heap span */
	uint64_t nslots;
	uint64_t nlive;
	/* bits: two for each slot, live and twice; NULL until an object comes */
	uint64_t *bits;
	struct tt_heap_slot *slots; /* likewise, if they are kept */
	/* the tree */
	struct tt_heap_span *left, *right;
	uint64_t priority;
	uint64_t serial;        /* another one each time the record is used; 0: free */
	struct tt_heap_span *next;   /* of all records there are */
	struct tt_heap_span *next_free;
};

#define TT_HEAP_SPAN_CACHE 4096

struct tt_heap_spans {
	struct tt_mem *mem;
	struct tt_heap_span *root, *free;
	struct tt_heap_span *all, *last; /* records, in the order in which they were made */
	uint64_t serial, random;
	bool keep_slots;
	struct tt_heap_span_cached {
		uint64_t page, serial;
		struct tt_heap_span *span;
	} cache[TT_HEAP_SPAN_CACHE];
};

void tt_heap_spans_init(struct tt_heap_spans *s, struct tt_mem *mem, bool keep_slots);
void tt_heap_spans_release(struct tt_heap_spans *s);
/* NULL: no memory. No span may be there. */
struct tt_heap_span *tt_heap_spans_add(struct tt_heap_spans *s, uint64_t first, uint64_t npages);
void tt_heap_spans_remove(struct tt_heap_spans *s, struct tt_heap_span *span);
/* One that has pages in common with these, or NULL. npages > 0. */
struct tt_heap_span *tt_heap_spans_overlap(const struct tt_heap_spans *s, uint64_t first,
					   uint64_t npages);
/* The span that has this page, or NULL. */
struct tt_heap_span *tt_heap_spans_search(struct tt_heap_spans *s, uint64_t page);

static inline struct tt_heap_span *tt_heap_spans_at(struct tt_heap_spans *s, uint64_t page)
{
	const struct tt_heap_span_cached *c = &s->cache[page % TT_HEAP_SPAN_CACHE];

	if (c->span != NULL && c->page == page && c->serial == c->span->serial)
		return c->span;
	return tt_heap_spans_search(s, page);
}

/* Gives the objects of a span that has no room for them yet some. False: no memory. */
bool tt_heap_span_make_room(struct tt_heap_spans *s, struct tt_heap_span *span);
/* The same of any span. */
static inline bool tt_heap_span_room(struct tt_heap_spans *s, struct tt_heap_span *span)
{
	return (span->bits != NULL && (span->slots != NULL || !s->keep_slots)) ||
	       tt_heap_span_make_room(s, span);
}

static inline bool tt_heap_span_bit(const struct tt_heap_span *span, uint64_t slot, unsigned which)
{
	return (span->bits[slot / 32] >> (slot % 32 * 2 + which) & 1) != 0;
}

static inline void tt_heap_span_flip(struct tt_heap_span *span, uint64_t slot, unsigned which)
{
	span->bits[slot / 32] ^= UINT64_C(1) << (slot % 32 * 2 + which);
}
#define TT_HEAP_SLOT_LIVE 0
#define TT_HEAP_SLOT_TWICE 1

#endif
