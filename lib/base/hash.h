/* SPDX-License-Identifier: MIT */
/*
 * hash.h - hashes for tables in memory: small and fast, but keys can be chosen so that all
 * collide. For keys that come from a trace use an idmap, which has a secret seed.
 */
#ifndef TT_BASE_HASH_H
#define TT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* 2^64 divided by the golden ratio. */
#define TT_HASH_FACTOR UINT64_C(0x9e3779b97f4a7c15)

/* Of a number: the high bits depend on all of it. */
static inline uint64_t tt_hash_number(uint64_t number)
{
	return number * TT_HASH_FACTOR;
}

/* Of bytes: FNV-1a. */
static inline uint64_t tt_hash_bytes(uint64_t seed, const void *data, size_t nbytes)
{
	const uint8_t *p = data;
	uint64_t h = seed ^ UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < nbytes; i++)
		h = (h ^ p[i]) * UINT64_C(0x100000001b3);
	return h;
}

#endif
