/* SPDX-License-Identifier: MIT */
/* idset.c - a set of numbers, hashed with open addressing. Command layer. */
#include "idset.h"

#include <stdlib.h>
#include <sys/random.h>

#include "units.h"

#define FREE INT64_C(-1)

static size_t home_of(const struct id_set *set, int64_t id)
{
	uint64_t h = ((uint64_t)id ^ set->seed) * UINT64_C(0x9e3779b97f4a7c15);

	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(h ^ h >> 32) & (set->room - 1);
}

/* Where it is, or where it would be added. There is a free entry. */
static size_t place_of(const struct id_set *set, int64_t id)
{
	size_t i = home_of(set, id);

	while (set->ids[i] != FREE && set->ids[i] != id)
		i = (i + 1) & (set->room - 1);
	return i;
}

static bool grow(struct id_set *set)
{
	struct id_set larger = *set;

	larger.room = set->room ? 2 * set->room : 64;
	if (set->room == 0 && getrandom(&larger.seed, sizeof(larger.seed), GRND_NONBLOCK) < 0)
		larger.seed = (uint64_t)now_ns();
	larger.ids = malloc(larger.room * sizeof(*larger.ids));
	if (!larger.ids)
		return false;
	for (size_t i = 0; i < larger.room; i++)
		larger.ids[i] = FREE;
	for (size_t i = 0; i < set->room; i++) {
		if (set->ids[i] != FREE)
			larger.ids[place_of(&larger, set->ids[i])] = set->ids[i];
	}
	free(set->ids);
	*set = larger;
	return true;
}

bool id_set_add(struct id_set *set, int64_t id)
{
	size_t i;

	if (id == FREE) {
		set->n += !set->has_free;
		set->has_free = true;
		return true;
	}
	if (2 * set->n >= set->room && !grow(set))
		return false;
	i = place_of(set, id);
	set->n += set->ids[i] != id;
	set->ids[i] = id;
	return true;
}

bool id_set_has(const struct id_set *set, int64_t id)
{
	if (id == FREE)
		return set->has_free;
	return set->room != 0 && set->ids[place_of(set, id)] == id;
}

/* Entries that follow move up, so that none of them is cut off from its home. */
static void close_gap(struct id_set *set, size_t gap)
{
	size_t mask = set->room - 1;

	for (size_t i = (gap + 1) & mask; set->ids[i] != FREE; i = (i + 1) & mask) {
		size_t home = home_of(set, set->ids[i]);

		if (((i - home) & mask) < ((i - gap) & mask))
			continue;
		set->ids[gap] = set->ids[i];
		gap = i;
	}
	set->ids[gap] = FREE;
}

void id_set_remove(struct id_set *set, int64_t id)
{
	if (!id_set_has(set, id))
		return;
	set->n--;
	if (id == FREE)
		set->has_free = false;
	else
		close_gap(set, place_of(set, id));
}

void id_set_release(struct id_set *set)
{
	free(set->ids);
	*set = (struct id_set){ 0 };
}
