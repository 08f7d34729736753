/* SPDX-License-Identifier: MIT */
/*
 * varint.h - unsigned LEB128, the only number of the format: 7 bits a byte, least
 * significant first, the top bit says that more follow. At most 10 bytes; it
 * need not be minimal. Source: Go's encoding/binary Uvarint.
 */
#ifndef TT_WIRE_VARINT_H
#define TT_WIRE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

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

static inline void tt_store_le64(uint8_t *p, uint64_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	memcpy(p, &v, sizeof(v));
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

/* The value of 8 bytes with 7 bits each, whatever their top bits are. */
static TT_ALWAYS_INLINE uint64_t tt_varint_join(uint64_t v)
{
	v = (v & UINT64_C(0x7f007f007f007f00)) >> 1 | (v & UINT64_C(0x007f007f007f007f));
	v = (v & UINT64_C(0x3fff00003fff0000)) >> 2 | (v & UINT64_C(0x00003fff00003fff));
	return (v & UINT64_C(0x0fffffff00000000)) >> 4 | (v & UINT64_C(0x000000000fffffff));
}

/*
 * Takes a varint of which 8 bytes may be read; false if it is longer. The lengths that
 * are common have a branch each, for which the processor needs no time if it guesses
 * right; of others the groups of 7 bits are moved together pairwise.
 */
static TT_ALWAYS_INLINE bool tt_varint_unchecked(const uint8_t **at, uint64_t *value)
{
	const uint8_t *p = *at;
	uint64_t v, last;

	if (p[0] < 0x80) {
		*value = p[0];
		*at = p + 1;
		return true;
	}
	if (p[1] < 0x80) {
		*value = (p[0] & 0x7fu) | (unsigned)p[1] << 7;
		*at = p + 2;
		return true;
	}
	if (p[2] < 0x80) {
		*value = (p[0] & 0x7fu) | (p[1] & 0x7fu) << 7 | (unsigned)p[2] << 14;
		*at = p + 3;
		return true;
	}
	if (p[3] < 0x80) {
		*value = (p[0] & 0x7fu) | (p[1] & 0x7fu) << 7 | (p[2] & 0x7fu) << 14 |
			 (unsigned)p[3] << 21;
		*at = p + 4;
		return true;
	}
	v = tt_load_le64(p);
	last = ~v & UINT64_C(0x8080808080808080); /* top bits of bytes that end it */
	if (last == 0)
		return false;
	v &= last ^ (last - 1); /* nothing after the first of them */
	*value = tt_varint_join(v);
	*at = p + ((unsigned)__builtin_ctzll(last) + 1) / 8;
	return true;
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

/*
 * Writes the minimal form at p and returns the byte after it. There is room for
 * TT_VARINT_MAX bytes whatever the value: what follows a short one may be overwritten.
 */
static inline uint8_t *tt_varint_put(uint8_t *p, uint64_t value)
{
	unsigned n;

	if (tt_likely(value < 0x80)) {
		*p = (uint8_t)value;
		return p + 1;
	}
	if (value < 0x4000) {
		p[0] = (uint8_t)(value | 0x80);
		p[1] = (uint8_t)(value >> 7);
		return p + 2;
	}
	if (tt_likely(value < UINT64_C(1) << 56)) {
		/* a seventh of up to 62; compilers divide where they take it for rare */
		n = (unsigned)(70 - __builtin_clzll(value)) * 37 >> 8;
		/* 7 bits a byte, by halves */
		value = (value & 0x0fffffff) | (value & 0xfffffff0000000) << 4;
		value = (value & 0x00003fff00003fff) | (value & 0x0fffc0000fffc000) << 2;
		value = (value & 0x007f007f007f007f) | (value & 0x3f803f803f803f80) << 1;
		value |= UINT64_C(0x8080808080808080) & ((UINT64_C(1) << 8 * (n - 1)) - 1);
		tt_store_le64(p, value);
		return p + n;
	}
	for (; value >= 0x80; value >>= 7)
		*p++ = (uint8_t)(value | 0x80);
	*p++ = (uint8_t)value;
	return p;
}

/* In all of TT_VARINT_MAX bytes, whatever the value: where it is filled in later. */
static inline void tt_varint_put_padded(uint8_t out[TT_VARINT_MAX], uint64_t value)
{
	for (int i = 0; i < TT_VARINT_MAX - 1; i++, value >>= 7)
		out[i] = (uint8_t)(value | 0x80);
	out[TT_VARINT_MAX - 1] = (uint8_t)value;
}

#endif
