/* SPDX-License-Identifier: MIT */
/*
 * heap.h - the cursors of a merge, the earliest first. Which of two equal times comes
 * first decides the order of events, so heap and sort are Go's, step by step. Source:
 * Go's internal/trace/batchcursor.go. Stands on base.
 */
#ifndef TT_ORDER_HEAP_H
#define TT_ORDER_HEAP_H

#include "base/compiler.h"
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
/* The root has a key later than second_key. */
void tt_cursor_heap_sink(struct tt_cursor_heap *h);
void tt_cursor_heap_remove(struct tt_cursor_heap *h, size_t i);
/* Sorts it; what is sorted is a heap, too. */
void tt_cursor_heap_sort(struct tt_cursor_heap *h);
/* Its elements are the n that were written to h->at; they are to be sorted then. */
void tt_cursor_heap_resize(struct tt_cursor_heap *h, size_t n);

static inline void tt_cursor_heap_note_second(struct tt_cursor_heap *h)
{
	h->second_key = h->at[1].key < h->at[2].key ? h->at[1].key : h->at[2].key;
}

/*
 * Puts `e` at i or deeper. Among equal children the left one moves up; a parent beats
 * both. Without a bound: what follows the last is later than all. The moving element is
 * held in two variables: as one struct it would be read back in a piece right after its
 * key was written, which stalls the processor.
 */
static TT_ALWAYS_INLINE void tt_cursor_heap_place(struct tt_keyed *heap, size_t i, struct tt_keyed e)
{
	const int64_t key = e.key;
	void *const item = e.of.item;

	for (;;) {
		const struct tt_keyed *left = &heap[2 * i + 1];
		bool right = left[1].key < left[0].key;
		int64_t least = right ? left[1].key : left[0].key;

		if (least >= key)
			break;
		heap[i].key = least;
		heap[i].of.item = left[right].of.item;
		i = 2 * i + 1 + right;
	}
	heap[i].key = key;
	heap[i].of.item = item;
}

/*
 * The root, which is later than second_key, sinks. Returns the new root, which is not
 * written yet. It is chosen by a branch, which the processor guesses: so it goes on with
 * that thread before the times are known.
 */
static TT_ALWAYS_INLINE struct tt_keyed tt_cursor_heap_sink_root(struct tt_cursor_heap *h,
								 struct tt_keyed root)
{
	struct tt_keyed first;
	size_t i = 1;

	if (h->at[2].key < h->at[1].key) {
		tt_keep_branch();
		i = 2;
		first = h->at[2];
	} else {
		tt_keep_branch();
		first = h->at[1];
	}
	tt_cursor_heap_place(h->at, i, root);
	tt_cursor_heap_note_second(h);
	return first;
}

#endif
