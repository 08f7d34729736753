/* SPDX-License-Identifier: MIT */
/* bytes.c - bytes that are appended to. */
#include "base/bytes.h"

#include <string.h>

bool tt_bytes_room(struct tt_bytes *b, size_t n)
{
	if (n <= b->cap - b->len)
		return true;
	if (n > SIZE_MAX - b->len) {
		b->mem->over = true;
		return false;
	}
	return tt_mem_grow(b->mem, &b->data, &b->cap, b->len + n, 1);
}

bool tt_bytes_put(struct tt_bytes *b, const void *data, size_t n)
{
	if (!tt_bytes_room(b, n))
		return false;
	if (n != 0)
		memcpy(b->data + b->len, data, n);
	b->len += n;
	return true;
}

void tt_bytes_release(struct tt_bytes *b)
{
	tt_mem_free(b->mem, b->data, b->cap);
	b->data = NULL;
	b->len = b->cap = 0;
}
