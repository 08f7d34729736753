/* SPDX-License-Identifier: MIT */
/*
 * heap_spans.c - the tree of spans: a treap, whose random priorities keep it flat
 * whatever addresses are in a file.
 */
#include "analyze/heap_spans.h"

#include <string.h>

#include "base/idmap.h"

void tt_heap_spans_init(struct tt_heap_spans *s, struct tt_mem *mem, bool keep_slots)
{
	memset(s, 0, sizeof(*s));
	s->mem = mem;
	s->keep_slots = keep_slots;
	s->random = tt_random_seed() | 1;
}

static size_t bits_nbytes(const struct tt_heap_span *span)
{
	return (size_t)((span->nslots + 31) / 32) * sizeof(uint64_t);
}

static void drop_room(struct tt_heap_spans *s, struct tt_heap_span *span)
{
	tt_mem_free(s->mem, span->bits, bits_nbytes(span));
	tt_mem_free(s->mem, span->slots, (size_t)span->nslots * sizeof(*span->slots));
	span->bits = NULL;
	span->slots = NULL;
}

void tt_heap_spans_release(struct tt_heap_spans *s)
{
	struct tt_heap_span *span, *next;

	for (span = s->all; span != NULL; span = next) {
		next = span->next;
		drop_room(s, span);
		tt_mem_free(s->mem, span, sizeof(*span));
	}
	s->all = s->last = s->free = s->root = NULL;
}

bool tt_heap_span_make_room(struct tt_heap_spans *s, struct tt_heap_span *span)
{
	if (span->bits == NULL)
		span->bits = tt_mem_zalloc(s->mem, 1, bits_nbytes(span));
	if (span->bits != NULL && s->keep_slots && span->slots == NULL)
		span->slots = tt_mem_zalloc(s->mem, (size_t)span->nslots, sizeof(*span->slots));
	return span->bits != NULL && (!s->keep_slots || span->slots != NULL);
}

/* ---- the tree */

/* xorshift64: none of it can be known from outside. */
static uint64_t random_number(struct tt_heap_spans *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

/* Parts a tree into those below `first` and the rest. */
static void split(struct tt_heap_span *tree, uint64_t first, struct tt_heap_span **below,
		  struct tt_heap_span **rest)
{
	while (tree != NULL) {
		if (tree->first < first) {
			*below = tree;
			below = &tree->right;
			tree = tree->right;
		} else {
			*rest = tree;
			rest = &tree->left;
			tree = tree->left;
		}
	}
	*below = *rest = NULL;
}

/* One tree of two, all of `a` below all of `b`. */
static struct tt_heap_span *join(struct tt_heap_span *a, struct tt_heap_span *b)
{
	struct tt_heap_span *root = NULL, **at = &root;

	while (a != NULL && b != NULL) {
		if (a->priority > b->priority) {
			*at = a;
			at = &a->right;
			a = a->right;
		} else {
			*at = b;
			at = &b->left;
			b = b->left;
		}
	}
	*at = a != NULL ? a : b;
	return root;
}

static struct tt_heap_span *new_record(struct tt_heap_spans *s)
{
	struct tt_heap_span *span = s->free;

	if (span != NULL) {
		struct tt_heap_span *next = span->next;

		s->free = span->next_free;
		*span = (struct tt_heap_span){.next = next};
		return span;
	}
	span = tt_mem_zalloc(s->mem, 1, sizeof(*span));
	if (span == NULL)
		return NULL;
	*(s->last == NULL ? &s->all : &s->last->next) = span;
	s->last = span;
	return span;
}

struct tt_heap_span *tt_heap_spans_add(struct tt_heap_spans *s, uint64_t first, uint64_t npages)
{
	struct tt_heap_span *span = new_record(s), **at = &s->root;

	if (span == NULL)
		return NULL;
	span->first = first;
	span->npages = npages;
	span->priority = random_number(s);
	span->serial = ++s->serial;
	while (*at != NULL && (*at)->priority > span->priority)
		at = first < (*at)->first ? &(*at)->left : &(*at)->right;
	split(*at, first, &span->left, &span->right);
	*at = span;
	return span;
}

void tt_heap_spans_remove(struct tt_heap_spans *s, struct tt_heap_span *span)
{
	struct tt_heap_span **at = &s->root;

	while (*at != span)
		at = span->first < (*at)->first ? &(*at)->left : &(*at)->right;
	*at = join(span->left, span->right);
	drop_room(s, span);
	span->serial = 0;
	span->next_free = s->free;
	s->free = span;
}

struct tt_heap_span *tt_heap_spans_overlap(const struct tt_heap_spans *s, uint64_t first,
					   uint64_t npages)
{
	struct tt_heap_span *at = s->root, *found = NULL;

	while (at != NULL) {
		if (at->first <= first && first - at->first >= at->npages) {
			at = at->right;
			continue;
		}
		if (at->first <= first || at->first - first < npages) {
			found = at;
			if (npages == 1)
				break;
		}
		at = at->left;
	}
	return found;
}

struct tt_heap_span *tt_heap_spans_search(struct tt_heap_spans *s, uint64_t page)
{
	struct tt_heap_span *span = tt_heap_spans_overlap(s, page, 1);

	if (span != NULL)
		s->cache[page % TT_HEAP_SPAN_CACHE] =
			(struct tt_heap_span_cached){page, span->serial, span};
	return span;
}
