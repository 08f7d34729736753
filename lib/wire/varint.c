/* SPDX-License-Identifier: MIT */
/* varint.c - unsigned LEB128, more than one byte. */
#include "wire/varint.h"

/* As tt_varint(), where TT_VARINT_MAX bytes may be read. Go writes sizes of batches in as many. */
static int take_unchecked(const uint8_t *p, uint64_t *value)
{
	const uint8_t *after = p;
	uint64_t low;

	if (tt_varint_unchecked(&after, value))
		return (int)(after - p);
	low = tt_varint_join(tt_load_le64(p));
	if (p[8] < 0x80) {
		*value = low | (uint64_t)p[8] << 56;
		return 9;
	}
	if (p[9] > 1)
		return TT_VARINT_OVERFLOW;
	*value = low | (uint64_t)(p[8] & 0x7f) << 56 | (uint64_t)p[9] << 63;
	return 10;
}

int tt_varint_slow(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
	uint64_t v = 0;

	if (tt_likely(end - p >= TT_VARINT_MAX))
		return take_unchecked(p, value);
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
