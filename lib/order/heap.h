/* SPDX-License-Identifier: MIT */
/*
 * heap.h - the cursors of a merge, the earliest first. Which of two equal times comes
 * first decides the order of events, so heap and sort are Go's, step by step. Source:
 * Go's internal/trace/batchcursor.go. Stands on base.
 */
#ifndef TT_ORDER_HEAP_H
#define TT_ORDER_HEAP_H

#include "base/mem.h"
#include "base/sort.h"

struct tt_cursor_heap {
	/* the root at 0, of.item a cursor, by the time of its head; after the n elements all
	 * keys are INT64_MAX as far as a child can be */
	struct tt_keyed *at;
	size_t n, cap;
	int64_t second_key;     /* the least except the root's, or INT64_MAX */
};

/* Makes it empty, with room for n. False: no memory. */
bool tt_cursor_heap_begin(struct tt_cursor_heap *h, struct tt_mem *mem, size_t n);
void tt_cursor_heap_add(struct tt_cursor_heap *h, int64_t key, void *item);
/* The i-th has another key. */
void tt_cursor_heap_move(struct tt_cursor_heap *h, size_t i);
/* The root has a later key. */
void tt_cursor_heap_sink(struct tt_cursor_heap *h);
void tt_cursor_heap_remove(struct tt_cursor_heap *h, size_t i);
/* Sorts it; what is sorted is a heap, too. */
void tt_cursor_heap_sort(struct tt_cursor_heap *h);
/* Its elements are the n that were written to h->at; they are to be sorted then. */
void tt_cursor_heap_resize(struct tt_cursor_heap *h, size_t n);

#endif
