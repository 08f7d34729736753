/* SPDX-License-Identifier: MIT */
/* merge.c - the threads of one generation, merged into one order. Stands on gen. */
#include "order/merge.h"

#include <assert.h>
#include <string.h>

#include "base/error.h"
#include "gen/clock.h"

/* What is run for each event: the calls would cost as much as the work. */
#define TT_ALWAYS_INLINE inline __attribute__((always_inline))

void tt_merge_init(struct tt_merge *m, struct tt_mem *mem, const struct tt_specs *specs)
{
	memset(m, 0, sizeof(*m));
	m->mem = mem;
	tt_decode_plan_init(&m->plan, specs);
}

void tt_merge_release(struct tt_merge *m)
{
	TT_ARRAY_RELEASE(m->mem, &m->cursors);
	TT_ARRAY_RELEASE(m->mem, &m->heap);
}

void tt_merge_clear(struct tt_merge *m)
{
	m->gen = NULL;
	m->cursors.n = m->heap.n = 0;
	m->next_sample = 0;
}

/* ---- cursors */

static bool next_batch(const struct tt_generation *gen, struct tt_cursor *c)
{
	const struct tt_event_batch *b;

	if (c->next_batch == TT_NO_BATCH)
		return false;
	b = &gen->batches.at[c->next_batch];
	c->pos = b->data;
	c->end = b->data + b->size;
	c->end_offset = b->data_offset + b->size;
	c->batch_time = b->time;
	c->last_ns = 0;
	c->batch = c->next_batch;
	c->next_batch = b->next;
	return true;
}

/* Completes the place of an error that an event of this batch causes. */
static void place(const struct tt_merge *m, const struct tt_cursor *c, uint32_t batch,
		  struct tt_error *err)
{
	const struct tt_event_batch *b = &m->gen->batches.at[batch];

	tt_error_in_batch(err, b->data_offset - b->header_nbytes, m->gen->number, c->thread);
}

static int cannot_decode(const struct tt_merge *m, const struct tt_cursor *c, struct tt_error *err)
{
	tt_timed_error(&m->plan, c->pos, c->end, c->end_offset - (uint64_t)(c->end - c->pos), err);
	place(m, c, c->batch, err);
	return -err->code;
}

/* Decodes the next event into c->head: 0, 1 if there is none, or an error. */
static TT_ALWAYS_INLINE int next_event(struct tt_merge *m, struct tt_cursor *c, struct tt_error *err)
{
	struct tt_timed *ev = c->head == &c->slots[0] ? &c->slots[1] : &c->slots[0];
	const uint8_t *behind;
	uint64_t dt;

	if (c->pos == c->end && !next_batch(m->gen, c))
		return TT_END;
	/* Go does so whenever the time is 0, not only at a batch's start */
	if (c->last_ns == 0)
		c->last_ns = tt_ticks_to_ns(c->batch_time, m->gen->ns_per_tick);
	behind = tt_timed_decode(&m->plan, c->pos, c->end, ev, &dt);
	if (behind == NULL)
		return cannot_decode(m, c, err);
	ev->offset = c->end_offset - (uint64_t)(c->end - c->pos);
	/* each dt is converted, and so cut to whole nanoseconds, on its own */
	c->last_ns = tt_ns_add(tt_ticks_to_ns(dt, m->gen->ns_per_tick), c->last_ns);
	ev->time_ns = c->last_ns;
	c->pos = behind;
	c->head = ev;
	c->head_batch = c->batch;
	return TT_OK;
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
 * Among equal children the left one moves up; a parent beats both. The moving
 * element is held in two variables: as one struct it would be read back in a
 * piece right behind the write of its key, which stalls the processor.
 */
static TT_ALWAYS_INLINE void sift_down(struct tt_keyed *heap, size_t n, size_t i)
{
	int64_t key = heap[i].key;
	void *item = heap[i].of.item;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= n)
			break;
		if (child + 1 < n && heap[child + 1].key < heap[child].key)
			child++;
		if (heap[child].key >= key)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i].key = key;
	heap[i].of.item = item;
}

static TT_ALWAYS_INLINE void heap_update(struct tt_merge *m, size_t i)
{
	if (sift_up(m->heap.at, i) == i)
		sift_down(m->heap.at, m->heap.n, i);
}

/* Moves the element to the root without comparing, then takes the root away. */
static void heap_remove(struct tt_merge *m, size_t i)
{
	for (; i > 0; i = (i - 1) / 2)
		swap(m->heap.at, i, (i - 1) / 2);
	m->heap.at[0] = m->heap.at[--m->heap.n];
	sift_down(m->heap.at, m->heap.n, 0);
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
	rc = next_event(m, c, err);
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
	/* all at once: the heap holds pointers to cursors */
	if (!tt_mem_grow(m->mem, &m->cursors.at, &m->cursors.cap, n, sizeof(*m->cursors.at)) ||
	    !tt_mem_grow(m->mem, &m->heap.at, &m->heap.cap, n, sizeof(*m->heap.at)))
		return tt_fail(err, tt_mem_code(m->mem), "no memory for %zu threads", n);
	for (size_t i = 0; i < n && rc == TT_OK; i++)
		rc = add_cursor(m, &gen->threads.at[i], err);
	return rc;
}

/* ---- advancing */

static int broken(const struct tt_merge *m, const struct tt_cursor *c, const struct tt_order *order,
		  struct tt_error *err)
{
	*err = order->err;
	tt_error_at(err, c->head->offset);
	place(m, c, c->head_batch, err);
	err->event_type = c->head->type;
	return -err->code;
}

/* Tries the i-th of the heap: 0, 1 if it has to wait, or an error. */
static TT_ALWAYS_INLINE int try_advance(struct tt_merge *m, struct tt_order *order, size_t i,
			      struct tt_error *err)
{
	struct tt_cursor *c = m->heap.at[i].of.item;
	int rc;

	switch (tt_order_try(order, c->thread, &c->m, c->head)) {
	case TT_NOT_YET:
		return 1;
	case TT_BROKEN:
		return broken(m, c, order, err);
	case TT_ADVANCED:
		break;
	}
	rc = next_event(m, c, err);
	if (rc < 0) {
		order->count = 0; /* the event that advanced is lost, as in Go's reader */
		return rc;
	}
	if (rc == TT_END) {
		heap_remove(m, i);
	} else {
		m->heap.at[i].key = c->head->time_ns;
		heap_update(m, i);
	}
	return TT_OK;
}

static int stuck(const struct tt_merge *m, struct tt_error *err)
{
	const struct tt_cursor *first = m->heap.at[0].of.item;

	tt_fail(err, TT_E_STUCK, "broken trace: failed to advance: frontier:");
	err->offset = first->head->offset;
	place(m, first, first->head_batch, err);
	err->event_type = first->head->type;
	return -TT_E_STUCK;
}

/*
 * The head has to wait: lets the first of the others advance that can. A sorted
 * array is a heap too. Index 0 is not tried again, whoever came there: Go's reader
 * does not either.
 */
static __attribute__((noinline)) int advance_another(struct tt_merge *m, struct tt_order *order,
						     struct tt_error *err)
{
	tt_sort_like_go(m->heap.at, m->heap.n);
	for (size_t i = 1; i < m->heap.n; i++) {
		int rc = try_advance(m, order, i, err);

		if (rc <= 0)
			return rc;
	}
	return stuck(m, err);
}

int tt_merge_advance(struct tt_merge *m, struct tt_order *order, struct tt_error *err)
{
	int rc = try_advance(m, order, 0, err);

	return rc <= 0 ? rc : advance_another(m, order, err);
}
