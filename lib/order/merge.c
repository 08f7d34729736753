/* SPDX-License-Identifier: MIT */
/* merge.c - the threads of one generation, merged into one order. Stands on gen. */
#include "order/advance.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"

void tt_merge_init(struct tt_merge *m, struct tt_mem *mem, const struct tt_specs *specs)
{
	memset(m, 0, sizeof(*m));
	m->mem = mem;
	tt_decode_plan_init(&m->plan, specs);
	tt_waitq_init(&m->waits);
}

void tt_merge_release(struct tt_merge *m)
{
	tt_waitq_release(&m->waits, m->mem);
	TT_ARRAY_RELEASE(m->mem, &m->cursors);
	TT_ARRAY_RELEASE(m->mem, &m->heap);
}

void tt_merge_clear(struct tt_merge *m)
{
	m->gen = NULL;
	m->waits.on = false;
	m->cursors.n = m->heap.n = 0;
	m->next_sample = 0;
	m->sample_ns = INT64_MAX;
}

/* ---- windows */

void tt_batch_buffers_release(struct tt_batch_buffers *w)
{
	tt_mem_free_pages(w->mem, w->at, TT_BATCH_BUFFERS_NBYTES);
	w->at = NULL;
}

/* The i-th, or NULL. */
static uint8_t *window(struct tt_batch_buffers *w, size_t i)
{
	if (w == NULL || i >= TT_NBATCH_BUFFERS)
		return NULL;
	if (w->at == NULL)
		w->at = tt_mem_alloc_pages(w->mem, TT_BATCH_BUFFERS_NBYTES);
	return w->at == NULL ? NULL : w->at[i];
}

/* ---- CPU samples */

static void note_sample(struct tt_merge *m)
{
	bool left = m->next_sample < m->gen->samples.n;

	m->sample_ns = left ? m->gen->samples.at[m->next_sample].time_ns : INT64_MAX;
}

const struct tt_sample *tt_merge_sample(struct tt_merge *m)
{
	const struct tt_sample *s = &m->gen->samples.at[m->next_sample++];

	note_sample(m);
	return s;
}

void tt_merge_skip(struct tt_merge *m)
{
	m->heap.n = 0;
	m->waits.on = false;
	m->next_sample = m->gen->samples.n;
	note_sample(m);
}

/* ---- cursors */

/* Completes the place of an error that an event of this batch causes. */
static void place(const struct tt_merge *m, const struct tt_cursor *c, uint32_t batch,
		  struct tt_error *err)
{
	const struct tt_event_batch *b = &m->gen->batches.at[batch];

	tt_error_in_batch(err, b->data_offset - b->header_nbytes, m->gen->number, c->thread);
}

/* A small batch is looked at where it lies: its pages cost no more than a read. */
#define WINDOW_MIN_NBYTES 8192

/* Where a batch is best read: in the cursor's window, or where it lies. */
static const uint8_t *batch_data(struct tt_merge *m, const struct tt_cursor *c,
				 const struct tt_event_batch *b)
{
	uint8_t *to;

	if (b->size < WINDOW_MIN_NBYTES || m->gen->src == NULL)
		return b->data;
	to = window(m->buffers, (size_t)(c - m->cursors.at));
	if (to == NULL || !tt_source_reread(m->gen->src, b->data, b->size, to))
		return b->data;
	return to;
}

bool tt_next_batch(struct tt_merge *m, struct tt_cursor *c)
{
	const struct tt_event_batch *b;

	if (c->next_batch == TT_NO_BATCH)
		return false;
	b = &m->gen->batches.at[c->next_batch];
	c->pos = batch_data(m, c, b);
	c->end = c->pos + b->size;
	c->offset_of_null = b->data_offset - (uintptr_t)c->pos;
	c->batch_time = b->time;
	c->last_ns = b->start_ns;
	c->batch = c->next_batch;
	c->next_batch = b->next;
	return true;
}

int tt_cannot_decode(const struct tt_merge *m, const struct tt_cursor *c, struct tt_error *err)
{
	tt_raw_event_error(&m->plan, c->pos, c->end, c->offset_of_null + (uintptr_t)c->pos, err);
	place(m, c, c->batch, err);
	return -err->code;
}

/* ---- the heap: an array with the root at 0, keyed by time */

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

/*
 * Among equal children the left one moves up; a parent beats both. Without a bound: what
 * lies behind the last is later than all. The moving element is held in two variables: as
 * one struct it would be read back in a piece right behind the write of its key, which
 * stalls the processor.
 */
static inline void sift_down(struct tt_keyed *heap, size_t i)
{
	const int64_t key = heap[i].key;
	void *const item = heap[i].of.item;

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

void tt_heap_note_second(struct tt_merge *m)
{
	const struct tt_keyed *heap = m->heap.at;

	m->second_key = heap[1].key < heap[2].key ? heap[1].key : heap[2].key;
}

void tt_heap_move(struct tt_merge *m, size_t i)
{
	if (sift_up(m->heap.at, i) == i)
		sift_down(m->heap.at, i);
	tt_heap_note_second(m);
}

void tt_heap_sink(struct tt_merge *m)
{
	sift_down(m->heap.at, 0);
	tt_heap_note_second(m);
}

/* Moves the element to the root without comparing, then takes the root away. */
void tt_heap_remove(struct tt_merge *m, size_t i)
{
	for (; i > 0; i = (i - 1) / 2)
		swap(m->heap.at, i, (i - 1) / 2);
	m->heap.at[0] = m->heap.at[--m->heap.n];
	m->heap.at[m->heap.n].key = INT64_MAX;
	sift_down(m->heap.at, 0);
	tt_heap_note_second(m);
}

/* ---- a generation */

static int add_cursor(struct tt_merge *m, const struct tt_thread_batches *thread,
		      struct tt_error *err)
{
	struct tt_cursor *c = &m->cursors.at[m->cursors.n];
	int rc;

	c->pos = c->end = NULL;
	c->next_batch = thread->first;
	c->m = TT_NO_SLOT;
	c->thread = thread->thread;
	c->head = &c->slots[0];
	c->spare = &c->slots[1];
	c->slots[0].args[TT_ARG_ZERO] = c->slots[1].args[TT_ARG_ZERO] = 0;
	rc = tt_next_event(m, c, err);
	if (rc != TT_OK)
		return rc == TT_END ? TT_OK : rc;
	m->cursors.n++;
	m->heap.at[m->heap.n] = (struct tt_keyed){c->head->time_ns, {.item = c}};
	sift_up(m->heap.at, m->heap.n++);
	return TT_OK;
}

int tt_merge_begin(struct tt_merge *m, const struct tt_generation *gen, struct tt_error *err)
{
	size_t n = gen->threads.n;
	int rc = TT_OK;

	tt_merge_clear(m);
	m->gen = gen;
	m->rate = tt_tick_rate(gen->ns_per_tick);
	/* all at once: the heap holds pointers to cursors */
	if (!tt_mem_grow(m->mem, &m->cursors.at, &m->cursors.cap, n, sizeof(*m->cursors.at)) ||
	    !tt_mem_grow(m->mem, &m->heap.at, &m->heap.cap, 2 * n + 3, sizeof(*m->heap.at)))
		return tt_fail(err, tt_mem_code(m->mem), "no memory for %zu threads", n);
	for (size_t i = 0; i < 2 * n + 3; i++)
		m->heap.at[i] = (struct tt_keyed){INT64_MAX, {.item = NULL}};
	for (size_t i = 0; i < n && rc == TT_OK; i++)
		rc = add_cursor(m, &gen->threads.at[i], err);
	tt_heap_note_second(m);
	note_sample(m);
	return rc;
}

/* ---- advancing */

int tt_thread_ended(struct tt_merge *m, struct tt_order *order, size_t i, int rc)
{
	if (rc == TT_END) {
		tt_heap_remove(m, i);
		return TT_OK;
	}
	return tt_event_lost(order, rc);
}

int tt_event_lost(struct tt_order *order, int rc)
{
	order->count = 0;
	return rc;
}

int tt_merge_broken(const struct tt_merge *m, const struct tt_cursor *c, const struct tt_order *order,
		  struct tt_error *err)
{
	*err = order->err;
	tt_error_at(err, c->head->offset);
	place(m, c, c->head->batch, err);
	err->event_type = c->head->type;
	return -err->code;
}

int tt_merge_stuck(const struct tt_merge *m, struct tt_error *err)
{
	const struct tt_cursor *first = m->heap.at[0].of.item;

	tt_fail(err, TT_E_STUCK, "broken trace: failed to advance: frontier:");
	err->offset = first->head->offset;
	place(m, first, first->head->batch, err);
	err->event_type = first->head->type;
	return -TT_E_STUCK;
}

/*
 * The head has to wait: lets the first of the others advance that can. A sorted
 * array is a heap too. Index 0 is not tried again, whoever came there: Go's reader
 * does not either.
 */
static int advance_another(struct tt_merge *m, struct tt_order *order, struct tt_error *err)
{
	tt_sort_like_go(m->heap.at, m->heap.n);
	tt_heap_note_second(m);
	if (tt_waitq_begin(m, order))
		return tt_waitq_advance(m, order, err);
	for (size_t i = 1; i < m->heap.n; i++) {
		struct tt_cursor *c = m->heap.at[i].of.item;
		enum tt_advance tried = tt_order_try(order, c->thread, &c->m, c->head);

		if (tried == TT_ADVANCED)
			return tt_step_on(m, order, i, err);
		if (tried == TT_BROKEN)
			return tt_merge_broken(m, c, order, err);
	}
	return tt_merge_stuck(m, err);
}

int tt_merge_advance_slowly(struct tt_merge *m, struct tt_order *order, struct tt_error *err)
{
	struct tt_cursor *c = m->heap.at[0].of.item;

	if (m->waits.on)
		return tt_waitq_advance(m, order, err);
	switch (tt_order_try(order, c->thread, &c->m, c->head)) {
	case TT_ADVANCED:
		return tt_step_on(m, order, 0, err);
	case TT_BROKEN:
		return tt_merge_broken(m, c, order, err);
	case TT_NOT_YET:
		break;
	}
	return advance_another(m, order, err);
}
