/* SPDX-License-Identifier: MIT */
/* idmap.c - from 64-bit ids to small numbers. Base layer. */
#include "base/idmap.h"

#include <assert.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/hash.h"

void tt_idmap_init(struct tt_idmap *map, struct tt_mem *mem, uint64_t seed)
{
	memset(map, 0, sizeof(*map));
	map->mem = mem;
	map->seed = seed;
}

void tt_idmap_release(struct tt_idmap *map)
{
	tt_mem_free(map->mem, map->dense, map->ndense * sizeof(*map->dense));
	tt_mem_free(map->mem, map->slots, map->nslots * sizeof(*map->slots));
	tt_idmap_init(map, map->mem, map->seed);
}

/* Room for so many ids is kept whatever happens. */
#define KEPT_ROOM 1024

void tt_idmap_clear(struct tt_idmap *map)
{
	/* room that is not used costs time with each clearing: a trace of one large
	 * generation and many small ones would take forever */
	if (map->ndense + map->nslots > KEPT_ROOM + 8 * map->count) {
		tt_idmap_release(map);
		return;
	}
	if (map->ndense != 0)
		memset(map->dense, 0xff, map->ndense * sizeof(*map->dense));
	for (size_t i = 0; i < map->nslots; i++)
		map->slots[i].value = TT_IDMAP_NONE;
	map->count = 0;
	map->nhashed = 0;
}

static size_t slot_of(const struct tt_idmap *map, uint64_t id)
{
	return (size_t)tt_mix(id ^ map->seed) & (map->nslots - 1);
}

uint64_t tt_idmap_id_of(uint64_t seed, const void *data, size_t nbytes)
{
	uint64_t h = tt_hash_bytes(seed, data, nbytes);

	return (h ^ h >> 32) | UINT64_C(1) << 63;
}

uint32_t tt_idmap_find_hashed(const struct tt_idmap *map, uint64_t id)
{
	size_t i = slot_of(map, id);

	while (map->slots[i].value != TT_IDMAP_NONE) {
		if (map->slots[i].id == id)
			return map->slots[i].value;
		i = (i + 1) & (map->nslots - 1);
	}
	return TT_IDMAP_NONE;
}

static void put_hashed(struct tt_idmap *map, uint64_t id, uint32_t value)
{
	size_t i = slot_of(map, id);

	while (map->slots[i].value != TT_IDMAP_NONE)
		i = (i + 1) & (map->nslots - 1);
	map->slots[i] = (struct tt_idmap_slot){id, value};
	map->nhashed++;
}

static bool grow_hashed(struct tt_idmap *map)
{
	struct tt_idmap_slot *old = map->slots;
	size_t nold = map->nslots;
	size_t n = nold == 0 ? 64 : nold * 2;
	struct tt_idmap_slot *slots = tt_mem_zalloc(map->mem, n, sizeof(*slots));

	if (slots == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		slots[i].value = TT_IDMAP_NONE;
	map->slots = slots;
	map->nslots = n;
	map->nhashed = 0;
	for (size_t i = 0; i < nold; i++)
		if (old[i].value != TT_IDMAP_NONE)
			put_hashed(map, old[i].id, old[i].value);
	tt_mem_free(map->mem, old, nold * sizeof(*old));
	return true;
}

/* The array may be four times as long as there are ids: ids that come out of
 * order, and gaps, still find their place in it. */
static bool belongs_in_dense(const struct tt_idmap *map, uint64_t id)
{
	return id < 4 * (uint64_t)map->count + 256;
}

static bool grow_dense(struct tt_idmap *map, uint64_t id)
{
	size_t old = map->ndense, cap = old;

	if (!tt_mem_grow(map->mem, &map->dense, &cap, (size_t)id + 1, sizeof(*map->dense)))
		return false;
	map->ndense = cap;
	memset(map->dense + old, 0xff, (cap - old) * sizeof(*map->dense));
	return true;
}

bool tt_idmap_add(struct tt_idmap *map, uint64_t id, uint32_t value)
{
	assert(value != TT_IDMAP_NONE);
	if (id < map->ndense || belongs_in_dense(map, id)) {
		if (id >= map->ndense && !grow_dense(map, id))
			return false;
		map->dense[id] = value;
	} else {
		if (map->nhashed * 2 >= map->nslots && !grow_hashed(map))
			return false;
		put_hashed(map, id, value);
	}
	map->count++;
	return true;
}

/* Closes the gap that a removed slot leaves, so that no marker is needed. */
static void remove_hashed(struct tt_idmap *map, uint64_t id)
{
	size_t mask = map->nslots - 1;
	size_t gap = slot_of(map, id);

	while (map->slots[gap].id != id)
		gap = (gap + 1) & mask;
	for (size_t i = (gap + 1) & mask; map->slots[i].value != TT_IDMAP_NONE; i = (i + 1) & mask) {
		size_t home = slot_of(map, map->slots[i].id);

		if (((i - home) & mask) >= ((i - gap) & mask)) {
			map->slots[gap] = map->slots[i];
			gap = i;
		}
	}
	map->slots[gap].value = TT_IDMAP_NONE;
	map->nhashed--;
}

void tt_idmap_remove(struct tt_idmap *map, uint64_t id)
{
	if (tt_idmap_find(map, id) == TT_IDMAP_NONE)
		return;
	if (id < map->ndense && map->dense[id] != TT_IDMAP_NONE)
		map->dense[id] = TT_IDMAP_NONE;
	else
		remove_hashed(map, id);
	map->count--;
}

uint64_t tt_random_seed(void)
{
	uint64_t seed;
	struct timespec now;

	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == (ssize_t)sizeof(seed))
		return seed;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_nsec ^ (uint64_t)(uintptr_t)&seed;
}

uint64_t tt_idmap_dense_end(const struct tt_idmap *map)
{
	size_t end = 1;

	while (end < map->ndense && map->dense[end] != TT_IDMAP_NONE)
		end++;
	return end;
}
