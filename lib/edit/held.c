/* SPDX-License-Identifier: MIT */
/* held.c - bytes that wait to be written. Stands on held.h. */
#include "edit/held.h"

#include <string.h>

static bool add_block(struct tt_held *h)
{
	struct tt_held_block *block = h->spare;

	if (block == NULL)
		block = tt_mem_alloc_pages(&h->mem, sizeof(*block));
	if (block == NULL)
		return false;
	h->spare = NULL;
	block->next = NULL;
	block->len = 0;
	block->ends = false;
	if (h->last == NULL)
		h->first = block;
	else
		h->last->next = block;
	h->last = block;
	return true;
}

static bool is_complete(const struct tt_held_block *block)
{
	return block->len == TT_HELD_NBYTES || block->ends;
}

bool tt_held_put(struct tt_held *h, const void *data, size_t nbytes)
{
	const uint8_t *from = data;

	while (nbytes != 0) {
		size_t n;

		if ((h->last == NULL || is_complete(h->last)) && !add_block(h))
			return false;
		n = TT_HELD_NBYTES - h->last->len;
		if (n > nbytes)
			n = nbytes;
		memcpy(h->last->data + h->last->len, from, n);
		h->last->len += n;
		h->nbytes += n;
		from += n;
		nbytes -= n;
	}
	return true;
}

bool tt_held_end_generation(struct tt_held *h)
{
	if ((h->last == NULL || h->last->ends) && !add_block(h))
		return false;
	h->last->ends = true;
	return true;
}

struct tt_held_block *tt_held_take(struct tt_held *h, bool any)
{
	struct tt_held_block *block = h->first;

	if (block == NULL || (!any && !is_complete(block)))
		return NULL;
	h->first = block->next;
	if (h->first == NULL)
		h->last = NULL;
	h->nbytes -= block->len;
	return block;
}

void tt_held_give_back(struct tt_held *h, struct tt_held_block *block)
{
	if (h->spare == NULL)
		h->spare = block;
	else
		tt_mem_free_pages(&h->mem, block, sizeof(*block));
}

void tt_held_release(struct tt_held *h)
{
	struct tt_held_block *block;

	while ((block = tt_held_take(h, true)) != NULL)
		tt_mem_free_pages(&h->mem, block, sizeof(*block));
	tt_mem_free_pages(&h->mem, h->spare, sizeof(*h->spare));
	h->spare = NULL;
}
