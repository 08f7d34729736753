/* SPDX-License-Identifier: MIT */
/*
 * varint.h - unsigned LEB128, the only number of the format: 7 bits a byte, least
 * significant first, the top bit says that more follow. At most 10 bytes; it
 * need not be minimal. Source: Go's encoding/binary Uvarint. Stands on nothing.
 */
#ifndef TT_WIRE_VARINT_H
#define TT_WIRE_VARINT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define TT_VARINT_MAX 10

/* The 8 bytes at p, the first one lowest. */
static inline uint64_t tt_load_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

/* What a varint at p, before end, turns out to be. */
enum tt_varint_error {
	TT_VARINT_EMPTY = 0,    /* p == end */
	TT_VARINT_CUT = -1,     /* end comes before the last byte */
	TT_VARINT_OVERFLOW = -2,/* more than 64 bits */
};

int tt_varint_slow(const uint8_t *p, const uint8_t *end, uint64_t *value);

/* Bytes taken, 1 to 10, or an enum tt_varint_error; *value only on success. */
static inline int tt_varint(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
	if (p < end && p[0] < 0x80) {
		*value = p[0];
		return 1;
	}
	return tt_varint_slow(p, end, value);
}

/* Takes a varint that was read before and found good. */
static inline uint64_t tt_varint_trusted(const uint8_t **p)
{
	uint64_t value = 0;
	unsigned shift = 0;

	while (**p >= 0x80) {
		value |= (uint64_t)(*(*p)++ & 0x7f) << shift;
		shift += 7;
	}
	return value | (uint64_t)*(*p)++ << shift;
}

/* Writes the minimal form, returns its length. */
static inline size_t tt_varint_put(uint8_t out[TT_VARINT_MAX], uint64_t value)
{
	size_t n = 0;

	for (; value >= 0x80; value >>= 7)
		out[n++] = (uint8_t)(value | 0x80);
	out[n++] = (uint8_t)value;
	return n;
}

#endif
