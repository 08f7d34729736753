/* SPDX-License-Identifier: MIT */
/* merge.c - the threads of one generation, merged into one order. Stands on gen. */
#include "order/direct.h"

#include <string.h>

#include "base/error.h"

void tt_merge_init(struct tt_merge *m, struct tt_mem *mem, const struct tt_specs *specs)
{
	memset(m, 0, sizeof(*m));
	tt_cursors_init(&m->cursors, mem, specs);
	tt_waitq_init(&m->waits);
}

void tt_merge_release(struct tt_merge *m)
{
	struct tt_mem *mem = m->cursors.mem;

	tt_waitq_release(&m->waits, mem);
	tt_cursors_release(&m->cursors);
	TT_ARRAY_RELEASE(mem, &m->heap);
}

/* ---- CPU samples */

static void note_sample(struct tt_merge *m)
{
	bool left = m->next_sample < m->nsamples;

	m->sample_ns = left ? m->cursors.gen->samples.at[m->next_sample].time_ns : INT64_MAX;
}

const struct tt_sample *tt_merge_sample(struct tt_merge *m)
{
	const struct tt_sample *s = &m->cursors.gen->samples.at[m->next_sample++];

	note_sample(m);
	return s;
}

/* ---- a generation */

void tt_merge_clear(struct tt_merge *m)
{
	m->cursors.gen = NULL;
	m->waits.on = false;
	m->untried = NULL;
	m->cursors.n = m->heap.n = 0;
	m->next_sample = m->nsamples = 0;
	m->sample_ns = INT64_MAX;
}

int tt_merge_begin(struct tt_merge *m, const struct tt_generation *gen, struct tt_error *err)
{
	size_t n = gen->threads.n;

	tt_merge_clear(m);
	/* all at once: the heap holds pointers to cursors */
	if (!tt_cursors_begin(&m->cursors, gen) || !tt_cursor_heap_begin(&m->heap, m->cursors.mem, n))
		return tt_fail(err, tt_mem_code(m->cursors.mem), "no memory for %zu threads", n);
	for (size_t i = 0; i < n; i++) {
		struct tt_cursor *c = &m->cursors.at[m->cursors.n];
		int rc = tt_cursors_add(&m->cursors, &gen->threads.at[i], err);

		if (rc < 0)
			return rc;
		if (rc == TT_OK)
			tt_cursor_heap_add(&m->heap, c->head->time_ns, c);
	}
	m->nsamples = gen->samples.n;
	note_sample(m);
	return TT_OK;
}

void tt_merge_skip(struct tt_merge *m)
{
	m->heap.n = 0;
	m->waits.on = false;
	m->next_sample = m->nsamples;
	note_sample(m);
}

/* ---- advancing */

/*
 * The head has to wait: lets the first of the others advance that can. Index 0 is not
 * tried again, whichever comes there by sorting: Go's reader does not either.
 */
static int advance_another(struct tt_merge *m, struct tt_order *order, struct tt_error *err)
{
	const struct tt_cursor *tried_first = m->heap.at[0].of.item;
	bool counted = false;
	int rc = TT_OK;

	tt_cursor_heap_sort(&m->heap);
	if (tt_waitq_begin(&m->waits, &m->cursors, &m->heap, order))
		return tt_waitq_advance(&m->waits, order, err);
	if (m->tally != NULL && m->heap.at[0].of.item == tried_first)
		rc = tt_direct_run_second(m->tally, m, order, &counted, err);
	if (counted)
		return rc;
	for (size_t i = 1; i < m->heap.n; i++) {
		struct tt_cursor *c = m->heap.at[i].of.item;
		enum tt_advance tried;

		tt_cursor_settle(&m->cursors, c, m->heap.at[i].key);
		tried = tt_order_try(order, c->thread, &c->m, c->head);
		if (tried == TT_ADVANCED)
			return tt_merge_next(m, order, i, err);
		if (tried == TT_BROKEN)
			return tt_cursor_broken(&m->cursors, c, &order->err, err);
	}
	if (m->heap.at[0].of.item != tried_first) {
		tt_cursor_settle(&m->cursors, m->heap.at[0].of.item, m->heap.at[0].key);
		m->untried = m->heap.at[0].of.item;
	}
	return tt_cursor_stuck(&m->cursors, m->heap.at[0].of.item, err);
}

int tt_merge_advance_slowly(struct tt_merge *m, struct tt_order *order, struct tt_error *err)
{
	struct tt_cursor *c = m->heap.at[0].of.item;

	if (m->waits.on)
		return tt_waitq_advance(&m->waits, order, err);
	switch (tt_order_try(order, c->thread, &c->m, c->head)) {
	case TT_ADVANCED:
		return tt_merge_next(m, order, 0, err);
	case TT_BROKEN:
		return tt_cursor_broken(&m->cursors, c, &order->err, err);
	case TT_NOT_YET:
		break;
	}
	return advance_another(m, order, err);
}
