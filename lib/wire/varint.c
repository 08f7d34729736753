/* SPDX-License-Identifier: MIT */
/* varint.c - unsigned LEB128, the rare forms. */
#include "wire/varint.h"

int tt_varint_slow(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
	uint64_t v = 0;

	if (p == end)
		return TT_VARINT_EMPTY;
	for (int n = 0; n < TT_VARINT_MAX; n++) {
		if (p + n == end)
			return TT_VARINT_CUT;
		if (n == TT_VARINT_MAX - 1 && p[n] > 1)
			return TT_VARINT_OVERFLOW;
		v |= (uint64_t)(p[n] & 0x7f) << (7 * n);
		if (p[n] < 0x80) {
			*value = v;
			return n + 1;
		}
	}
	return TT_VARINT_OVERFLOW;
}
