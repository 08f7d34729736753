/* SPDX-License-Identifier: MIT */
/*
 * offsets.h - where bytes were before others in front of them were left out: a growing map from
 * offsets after that to offsets before it, of a few bytes for each place. Stands on wire.
 */
#ifndef TT_PIECES_OFFSETS_H
#define TT_PIECES_OFFSETS_H

#include "base/mem.h"

/* Every so many places one in full; the bytes of those after it begin at `at`. */
struct tt_offsets_mark {
	uint64_t to, from;
	size_t at;
};

struct tt_offsets {
	struct tt_mem *mem;
	TT_ARRAY(uint8_t) bytes;
	TT_ARRAY(struct tt_offsets_mark) marks;
	size_t n;
	uint64_t to, from;      /* the place that was added last */
};

void tt_offsets_init(struct tt_offsets *o, struct tt_mem *mem);
void tt_offsets_release(struct tt_offsets *o);
/* From offset `to` on, bytes come from `from` on. Neither is smaller than last time, nor are
 * there more of the former than of the latter. False: no memory. */
bool tt_offsets_add(struct tt_offsets *o, uint64_t to, uint64_t from);
uint64_t tt_offsets_find(const struct tt_offsets *o, uint64_t to);

#endif
