/* SPDX-License-Identifier: MIT */
/*
 * pool.c - chunks from the region: large ones that come back to a list, small ones cut
 * from large ones. Stands on emit.h.
 */
#include "emit/emit.h"

#define ALIGNMENT 64
/* Asked of the system at a time. */
#define POPULATE_NBYTES (256 * 1024)

void tt_em_chunks_add(struct tt_em_chunks *list, struct tt_em_chunk *c)
{
	c->next = NULL;
	if (list->last != NULL)
		list->last->next = c;
	else
		list->first = c;
	list->last = c;
}

static bool populate(struct tt_em_trace *t, uint8_t *to)
{
	if (t->populated == NULL || to <= t->populated)
		return true;
	if ((size_t)(t->fresh_end - to) > POPULATE_NBYTES)
		to += POPULATE_NBYTES;
	else
		to = t->fresh_end;
	if (!tt_em_region_populate(t->populated, to))
		return false;
	t->populated = to;
	return true;
}

void *tt_em_pool_forever(struct tt_em_trace *t, size_t nbytes)
{
	uint8_t *p = t->fresh;

	nbytes = (nbytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if ((size_t)(t->fresh_end - p) < nbytes || !populate(t, p + nbytes))
		return NULL;
	t->fresh += nbytes;
	t->free_nbytes -= nbytes;
	return p;
}

static struct tt_em_chunk *pop(struct tt_em_chunk **list)
{
	struct tt_em_chunk *c = *list;

	if (c != NULL)
		*list = c->next;
	return c;
}

static struct tt_em_chunk *get_large(struct tt_em_trace *t)
{
	struct tt_em_chunk *c = pop(&t->free_large);

	if (c != NULL)
		t->free_nbytes -= TT_EM_CHUNK_LARGE;
	return c != NULL ? c : tt_em_pool_forever(t, TT_EM_CHUNK_LARGE);
}

static struct tt_em_chunk *get_small(struct tt_em_trace *t)
{
	struct tt_em_chunk *c = pop(&t->free_small), *part;
	uint8_t *block;

	if (c != NULL) {
		t->free_nbytes -= TT_EM_CHUNK_SMALL;
		return c;
	}
	c = get_large(t);
	if (c == NULL)
		return NULL;
	t->free_nbytes += TT_EM_CHUNK_LARGE - TT_EM_CHUNK_SMALL;
	block = (uint8_t *)c;
	for (size_t at = TT_EM_CHUNK_SMALL; at < TT_EM_CHUNK_LARGE; at += TT_EM_CHUNK_SMALL) {
		part = (struct tt_em_chunk *)(void *)(block + at);
		part->next = t->free_small;
		t->free_small = part;
	}
	return c;
}

/*
 * The last part is reserved for the flusher, which must be able to write what each generation
 * needs. Threads that get nothing ask again and again: not under the lock.
 */
static struct tt_em_chunk *get(struct tt_em_trace *t, uint32_t nbytes)
{
	const struct tt_emit *e = tt_em_self;
	bool flusher = e != NULL && e->flusher;
	struct tt_em_chunk *c = NULL;

	if (!flusher && atomic_load_explicit(&t->full, memory_order_relaxed))
		return NULL;
	tt_em_lock_take(&tt_em_tracer.lock);
	if (flusher || t->free_nbytes >= t->reserve_nbytes + TT_EM_CHUNK_LARGE)
		c = nbytes == TT_EM_CHUNK_SMALL ? get_small(t) : get_large(t);
	if (c == NULL)
		atomic_store_explicit(&t->full, true, memory_order_relaxed);
	tt_em_lock_give(&tt_em_tracer.lock);
	return c;
}

struct tt_em_chunk *tt_em_pool_get(struct tt_em_trace *t, uint32_t nbytes)
{
	struct tt_em_chunk *c;
	uint64_t used;

	c = get(t, nbytes);
	used = atomic_fetch_add_explicit(&t->gen_nbytes, nbytes, memory_order_relaxed);
	if ((c == NULL || used + nbytes >= t->gen_limit) &&
	    !atomic_exchange_explicit(&t->flusher_woken, true, memory_order_relaxed)) {
		atomic_store_explicit(&tt_em_tracer.gen_full, true, memory_order_relaxed);
		tt_em_flusher_wake();
	}
	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	c->nbytes = nbytes;
	c->end = (uint8_t *)c + nbytes;
	atomic_store_explicit(&c->pos, c->data, memory_order_relaxed);
	return c;
}

void tt_em_pool_put(struct tt_em_trace *t, struct tt_em_chunks *chunks)
{
	struct tt_em_chunk *c, **list;

	if (chunks->first == NULL)
		return;
	tt_em_lock_take(&tt_em_tracer.lock);
	while ((c = chunks->first) != NULL) {
		chunks->first = c->next;
		t->free_nbytes += c->nbytes;
		list = c->nbytes == TT_EM_CHUNK_SMALL ? &t->free_small : &t->free_large;
		c->next = *list;
		*list = c;
	}
	chunks->last = NULL;
	atomic_store_explicit(&t->full, false, memory_order_relaxed);
	tt_em_lock_give(&tt_em_tracer.lock);
}
