/* SPDX-License-Identifier: MIT */
/* bytes.h - bytes that are appended to, on a memory account. */
#ifndef TT_BASE_BYTES_H
#define TT_BASE_BYTES_H

#include "base/mem.h"

struct tt_bytes {
	struct tt_mem *mem;
	uint8_t *data;
	size_t len, cap;
};

/* Makes sure that `n` more fit, at data + len. False: tt_mem_code(), nothing changed. */
bool tt_bytes_room(struct tt_bytes *b, size_t n);
/* Appends a copy. False: as above. */
bool tt_bytes_put(struct tt_bytes *b, const void *data, size_t n);
/* Gives the memory back; the account stays. */
void tt_bytes_release(struct tt_bytes *b);

#endif
