/* SPDX-License-Identifier: MIT */
/* heap.c - the cursors of a merge, the earliest first. Stands on base. */
#include "order/heap.h"

static void swap(struct tt_keyed *heap, size_t i, size_t j)
{
	struct tt_keyed t = heap[i];

	heap[i] = heap[j];
	heap[j] = t;
}

static size_t sift_up(struct tt_keyed *heap, size_t i)
{
	while (i > 0 && heap[(i - 1) / 2].key > heap[i].key) {
		swap(heap, i, (i - 1) / 2);
		i = (i - 1) / 2;
	}
	return i;
}

static void sift_down(struct tt_keyed *heap, size_t i)
{
	tt_cursor_heap_place(heap, i, heap[i]);
}

/* Later than all: the elements from..end-1. */
static void fill(struct tt_cursor_heap *h, size_t from, size_t end)
{
	for (size_t i = from; i < end; i++)
		h->at[i] = (struct tt_keyed){INT64_MAX, {.item = NULL}};
}

bool tt_cursor_heap_begin(struct tt_cursor_heap *h, struct tt_mem *mem, size_t n)
{
	h->n = 0;
	if (!tt_mem_grow(mem, &h->at, &h->cap, 2 * n + 3, sizeof(*h->at)))
		return false;
	fill(h, 0, 2 * n + 3);
	tt_cursor_heap_note_second(h);
	return true;
}

void tt_cursor_heap_add(struct tt_cursor_heap *h, int64_t key, void *item)
{
	h->at[h->n] = (struct tt_keyed){key, {.item = item}};
	sift_up(h->at, h->n++);
	tt_cursor_heap_note_second(h);
}

void tt_cursor_heap_move(struct tt_cursor_heap *h, size_t i)
{
	if (sift_up(h->at, i) == i)
		sift_down(h->at, i);
	tt_cursor_heap_note_second(h);
}

void tt_cursor_heap_sink(struct tt_cursor_heap *h)
{
	h->at[0] = tt_cursor_heap_sink_root(h, h->at[0]);
}

/* Moves the element to the root without comparing, then takes the root away. */
void tt_cursor_heap_remove(struct tt_cursor_heap *h, size_t i)
{
	for (; i > 0; i = (i - 1) / 2)
		swap(h->at, i, (i - 1) / 2);
	h->at[0] = h->at[--h->n];
	h->at[h->n].key = INT64_MAX;
	sift_down(h->at, 0);
	tt_cursor_heap_note_second(h);
}

void tt_cursor_heap_sort(struct tt_cursor_heap *h)
{
	tt_sort_like_go(h->at, h->n);
	tt_cursor_heap_note_second(h);
}

void tt_cursor_heap_resize(struct tt_cursor_heap *h, size_t n)
{
	h->n = n;
	fill(h, n, 2 * n + 3);
}
