/* SPDX-License-Identifier: MIT */
/* idset.c - a set of numbers, in blocks that are hashed with open addressing. Command layer. */
#include "idset.h"

#include <stdlib.h>
#include <sys/random.h>

#include "units.h"

static uint64_t key_of(int64_t id)
{
	return (uint64_t)id >> 6;
}

static uint64_t bit_of(int64_t id)
{
	return UINT64_C(1) << ((uint64_t)id & 63);
}

static size_t home_of(const struct id_set *set, uint64_t key)
{
	uint64_t h = (key ^ set->seed) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(h ^ h >> 32) & (set->room - 1);
}

/* Where the block is, or where it would be added. There is a free entry. */
static size_t place_of(const struct id_set *set, uint64_t key)
{
	size_t i = home_of(set, key);

	while (set->blocks[i].bits != 0 && set->blocks[i].key != key)
		i = (i + 1) & (set->room - 1);
	return i;
}

static bool grow(struct id_set *set)
{
	struct id_set larger = *set;

	larger.room = set->room ? 2 * set->room : 64;
	if (set->room == 0 && getrandom(&larger.seed, sizeof(larger.seed), GRND_NONBLOCK) < 0)
		larger.seed = (uint64_t)now_ns();
	larger.blocks = calloc(larger.room, sizeof(*larger.blocks));
	if (!larger.blocks)
		return false;
	for (size_t i = 0; i < set->room; i++) {
		if (set->blocks[i].bits != 0)
			larger.blocks[place_of(&larger, set->blocks[i].key)] = set->blocks[i];
	}
	free(set->blocks);
	set->blocks = larger.blocks;
	set->room = larger.room;
	set->seed = larger.seed;
	return true;
}

static bool add_bits(struct id_set *set, uint64_t key, uint64_t bits)
{
	struct id_block *block;

	if (2 * set->nblocks >= set->room && !grow(set))
		return false;
	block = &set->blocks[place_of(set, key)];
	set->nblocks += block->bits == 0;
	set->n += (size_t)__builtin_popcountll(bits & ~block->bits);
	block->key = key;
	block->bits |= bits;
	return true;
}

bool id_set_add(struct id_set *set, int64_t id)
{
	return add_bits(set, key_of(id), bit_of(id));
}

bool id_set_add_all(struct id_set *set, const struct id_set *more)
{
	for (size_t i = 0; i < more->room; i++)
		if (more->blocks[i].bits != 0 &&
		    !add_bits(set, more->blocks[i].key, more->blocks[i].bits))
			return false;
	return true;
}

static uint64_t bits_at(const struct id_set *set, uint64_t key)
{
	return set->room == 0 ? 0 : set->blocks[place_of(set, key)].bits;
}

bool id_set_has(const struct id_set *set, int64_t id)
{
	return (bits_at(set, key_of(id)) & bit_of(id)) != 0;
}

bool id_set_has_all(const struct id_set *set, const struct id_set *some)
{
	for (size_t i = 0; i < some->room; i++)
		if ((some->blocks[i].bits & ~bits_at(set, some->blocks[i].key)) != 0)
			return false;
	return true;
}

/* Entries that follow move up, so that none of them is cut off from its home. */
static void close_gap(struct id_set *set, size_t gap)
{
	size_t mask = set->room - 1;

	for (size_t i = (gap + 1) & mask; set->blocks[i].bits != 0; i = (i + 1) & mask) {
		size_t home = home_of(set, set->blocks[i].key);

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		set->blocks[gap] = set->blocks[i];
		gap = i;
	}
	set->blocks[gap].bits = 0;
}

void id_set_remove(struct id_set *set, int64_t id)
{
	size_t i;

	if (!id_set_has(set, id))
		return;
	i = place_of(set, key_of(id));
	set->n--;
	set->blocks[i].bits &= ~bit_of(id);
	if (set->blocks[i].bits != 0)
		return;
	set->nblocks--;
	close_gap(set, i);
}

void id_set_release(struct id_set *set)
{
	free(set->blocks);
	*set = (struct id_set){ 0 };
}
