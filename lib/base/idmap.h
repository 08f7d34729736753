/* SPDX-License-Identifier: MIT */
/*
 * idmap.h - from 64-bit ids to small numbers (u32). Ids of real traces are dense
 * and live in a plain array; any others go to a hash table with a secret seed,
 * so that a hostile file cannot make it slow. Base layer.
 */
#ifndef TT_BASE_IDMAP_H
#define TT_BASE_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define TT_IDMAP_NONE UINT32_MAX

struct tt_idmap {
	struct tt_mem *mem;
	uint64_t seed;
	size_t count;           /* ids present, dense and hashed */
	uint32_t *dense;        /* value of id i, or TT_IDMAP_NONE */
	size_t ndense;
	struct tt_idmap_slot *slots; /* open addressing, linear probing */
	size_t nslots;          /* 0 or a power of two */
	size_t nhashed;
};

struct tt_idmap_slot {
	uint64_t id;
	uint32_t value;         /* TT_IDMAP_NONE: free */
};

/* The finalizer of MurmurHash3: every bit of the number reaches every bit. */
static inline uint64_t tt_mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* Allocates nothing yet. `mem` outlives the map. */
void tt_idmap_init(struct tt_idmap *map, struct tt_mem *mem, uint64_t seed);
void tt_idmap_release(struct tt_idmap *map);
/* Forgets all ids. Keeps the room if it was needed: takes no longer than adding did. */
void tt_idmap_clear(struct tt_idmap *map);
/* `id` must not be present, `value` not TT_IDMAP_NONE. False: tt_mem_code(). */
bool tt_idmap_add(struct tt_idmap *map, uint64_t id, uint32_t value);
/* An absent id is a no-op. */
void tt_idmap_remove(struct tt_idmap *map, uint64_t id);

uint32_t tt_idmap_find_hashed(const struct tt_idmap *map, uint64_t id);

/* The value of an id in the plain array; TT_IDMAP_NONE: it is not there, but may be elsewhere. */
static inline uint32_t tt_idmap_find_dense(const struct tt_idmap *map, uint64_t id)
{
	return id < map->ndense ? map->dense[id] : TT_IDMAP_NONE;
}

/* The value of an id, or TT_IDMAP_NONE. */
static inline uint32_t tt_idmap_find(const struct tt_idmap *map, uint64_t id)
{
	uint32_t value = tt_idmap_find_dense(map, id);

	if (value != TT_IDMAP_NONE || map->nhashed == 0)
		return value;
	return tt_idmap_find_hashed(map, id);
}

/* All ids from 1 to one less than this are in the plain array. */
uint64_t tt_idmap_dense_end(const struct tt_idmap *map);

/* An id for bytes, by FNV-1a. It is never small, or it would fill the plain array. */
uint64_t tt_idmap_id_of(uint64_t seed, const void *data, size_t nbytes);

/* A number that an outsider cannot know, for tt_idmap_init(). */
uint64_t tt_random_seed(void);

#endif
