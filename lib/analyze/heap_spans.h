/* SPDX-License-Identifier: MIT */
/*
 * heap_spans.h - the spans of a heap, by address: a tree ordered by their first page, with
 * a cache before it that finds the same few spans again and again. Stands on base.
 */
#ifndef TT_ANALYZE_HEAP_SPANS_H
#define TT_ANALYZE_HEAP_SPANS_H

#include "base/mem.h"
#include "analyze/sizeclass.h"

/* What is kept of a live object. */
struct tt_heap_slot {
	int64_t since_ns;
	uint32_t type, mark;
};

struct tt_span {
	uint64_t first, npages; /* in pages from the heap's base; they do not wrap */
	struct tt_span_class class;
	bool twice;             /* it came into use while it was; its end is yet to come */
	uint64_t slot_nbytes;   /* of a heap span */
	uint64_t nslots;
	uint64_t nlive;
	/* bits: two for each slot, live and twice; NULL until an object comes */
	uint64_t *bits;
	struct tt_heap_slot *slots; /* likewise, if they are kept */
	/* the tree */
	struct tt_span *left, *right;
	uint64_t priority;
	uint64_t serial;        /* another one each time the record is used; 0: free */
	struct tt_span *next;   /* of all records there are */
	struct tt_span *next_free;
};

#define TT_SPAN_CACHE 4096

struct tt_spans {
	struct tt_mem *mem;
	struct tt_span *root, *all, *free;
	uint64_t serial, random;
	bool keep_slots;
	struct tt_span_cached {
		uint64_t page, serial;
		struct tt_span *span;
	} cache[TT_SPAN_CACHE];
};

void tt_spans_init(struct tt_spans *s, struct tt_mem *mem, bool keep_slots);
void tt_spans_release(struct tt_spans *s);
/* NULL: no memory. No span may be there. */
struct tt_span *tt_spans_add(struct tt_spans *s, uint64_t first, uint64_t npages);
void tt_spans_remove(struct tt_spans *s, struct tt_span *span);
/* One that has pages in common with these, or NULL. npages > 0. */
struct tt_span *tt_spans_overlap(const struct tt_spans *s, uint64_t first, uint64_t npages);
/* The span that has this page, or NULL. */
struct tt_span *tt_spans_search(struct tt_spans *s, uint64_t page);

static inline struct tt_span *tt_spans_at(struct tt_spans *s, uint64_t page)
{
	const struct tt_span_cached *c = &s->cache[page % TT_SPAN_CACHE];

	if (c->span != NULL && c->page == page && c->serial == c->span->serial)
		return c->span;
	return tt_spans_search(s, page);
}

/* Gives the span's objects room. False: no memory. */
bool tt_span_room(struct tt_spans *s, struct tt_span *span);

static inline bool tt_span_bit(const struct tt_span *span, uint64_t slot, unsigned which)
{
	return (span->bits[slot / 32] >> (slot % 32 * 2 + which) & 1) != 0;
}

static inline void tt_span_flip(struct tt_span *span, uint64_t slot, unsigned which)
{
	span->bits[slot / 32] ^= UINT64_C(1) << (slot % 32 * 2 + which);
}
#define TT_SLOT_LIVE 0
#define TT_SLOT_TWICE 1

#endif
