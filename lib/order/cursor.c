/* SPDX-License-Identifier: MIT */
/* cursor.c - the events of each thread of one generation. Stands on gen. */
#include "order/cursor.h"

#include <string.h>

#include "base/error.h"
#include "order/order.h"

void tt_cursors_init(struct tt_cursors *all, struct tt_mem *mem, const struct tt_specs *specs)
{
	memset(all, 0, sizeof(*all));
	all->mem = mem;
	tt_decode_plan_init(&all->plan, specs);
}

void tt_cursors_release(struct tt_cursors *all)
{
	TT_ARRAY_RELEASE(all->mem, all);
}

bool tt_cursors_begin(struct tt_cursors *all, const struct tt_generation *gen)
{
	all->gen = gen;
	all->rate = tt_tick_rate(gen->ns_per_tick);
	all->n = 0;
	return tt_mem_grow(all->mem, &all->at, &all->cap, gen->threads.n, sizeof(*all->at));
}

int tt_cursors_add(struct tt_cursors *all, const struct tt_thread_batches *thread,
		   struct tt_error *err)
{
	struct tt_cursor *c = &all->at[all->n];
	int rc;

	c->pos = c->end = NULL;
	c->next_batch = thread->first;
	c->m = TT_NO_SLOT;
	c->thread = thread->thread;
	c->direct = 0;
	c->head = &c->slots[0];
	c->spare = &c->slots[1];
	c->slots[0].args[TT_ARG_ZERO] = c->slots[1].args[TT_ARG_ZERO] = 0;
	rc = tt_cursor_next(all, c, err);
	if (rc == TT_OK)
		all->n++;
	return rc;
}

/* ---- batches */

void tt_batch_buffers_release(struct tt_batch_buffers *buffers)
{
	tt_mem_free_pages(buffers->mem, buffers->at, TT_BATCH_BUFFERS_NBYTES);
	buffers->at = NULL;
}

/* The i-th, or NULL. */
static uint8_t *buffer_at(struct tt_batch_buffers *buffers, size_t i)
{
	if (buffers == NULL || i >= TT_NBATCH_BUFFERS)
		return NULL;
	if (buffers->at == NULL)
		buffers->at = tt_mem_alloc_pages(buffers->mem, TT_BATCH_BUFFERS_NBYTES);
	return buffers->at == NULL ? NULL : buffers->at[i];
}

/* To map the pages of a smaller batch costs no more than to read it into a buffer. */
#define BUFFERED_MIN_NBYTES 8192

/* Where a batch is best read: in the cursor's buffer, or in place. */
static const uint8_t *batch_data(const struct tt_cursors *all, const struct tt_cursor *c,
				 const struct tt_event_batch *b)
{
	uint8_t *to;

	if (b->size < BUFFERED_MIN_NBYTES || all->gen->src == NULL)
		return b->data;
	to = buffer_at(all->buffers, (size_t)(c - all->at));
	if (to == NULL || !tt_source_reread(all->gen->src, b->data, b->size, to))
		return b->data;
	return to;
}

bool tt_cursor_next_batch(struct tt_cursors *all, struct tt_cursor *c)
{
	const struct tt_event_batch *b;

	if (c->next_batch == TT_NO_BATCH)
		return false;
	b = &all->gen->batches.at[c->next_batch];
	c->pos = batch_data(all, c, b);
	c->end = c->pos + b->size;
	c->scan_end = NULL;
	c->offset_of_null = b->data_offset - (uintptr_t)c->pos;
	c->batch_time = b->time;
	c->last_ns = b->start_ns;
	c->batch = c->next_batch;
	c->next_batch = b->next;
	return true;
}

void tt_cursor_decode_head(const struct tt_cursors *all, struct tt_cursor *c, int64_t time_ns)
{
	struct tt_raw_event *ev = c->head;
	uint64_t dt;

	c->direct = 0;
	c->pos = tt_raw_event_decode(&all->plan, c->head_at, c->end, ev, &dt);
	ev->offset = c->offset_of_null + (uintptr_t)c->head_at;
	ev->batch = c->batch;
	ev->time_ns = c->last_ns = time_ns;
}

/* ---- errors */

/* Completes the place of an error that an event of this batch causes. */
static int fail_in(const struct tt_cursors *all, const struct tt_cursor *c, uint32_t batch,
		   struct tt_error *err)
{
	const struct tt_event_batch *b = &all->gen->batches.at[batch];

	tt_error_in_batch(err, b->data_offset - b->header_nbytes, all->gen->number, c->thread);
	return -err->code;
}

int tt_cursor_cannot_decode(const struct tt_cursors *all, const struct tt_cursor *c,
			    struct tt_error *err)
{
	tt_raw_event_error(&all->plan, c->pos, c->end, c->offset_of_null + (uintptr_t)c->pos, err);
	return fail_in(all, c, c->batch, err);
}

int tt_cursor_broken(const struct tt_cursors *all, const struct tt_cursor *c,
		     const struct tt_error *why, struct tt_error *err)
{
	*err = *why;
	tt_error_at(err, c->head->offset);
	err->event_type = c->head->type;
	return fail_in(all, c, c->head->batch, err);
}

int tt_cursor_stuck(const struct tt_cursors *all, const struct tt_cursor *c, struct tt_error *err)
{
	tt_fail(err, TT_E_STUCK, "broken trace: failed to advance: frontier:");
	err->offset = c->head->offset;
	err->event_type = c->head->type;
	return fail_in(all, c, c->head->batch, err);
}
