/* SPDX-License-Identifier: MIT */
/* numbers.c - small numbers for ids and texts. Command layer. */
#include "numbers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

bool array_room(void *array, size_t *cap, size_t want, size_t elem_size)
{
	void **at = array, *grown;
	size_t n = *cap + *cap / 2 + 16;

	if (want <= *cap)
		return true;
	if (n < want)
		n = want;
	if (n > SIZE_MAX / elem_size)
		return false;
	grown = realloc(*at, n * elem_size);
	if (!grown)
		return false;
	*at = grown;
	*cap = n;
	return true;
}

/* ---- ids */

/* The finalizer of MurmurHash3. */
static uint64_t mix(uint64_t h)
{
	h ^= h >> 33;
	h *= UINT64_C(0xff51afd7ed558ccd);
	h ^= h >> 33;
	h *= UINT64_C(0xc4ceb9fe1a85ec53);
	return h ^ h >> 33;
}

/* The slot of an id, or the free one where it belongs. */
static size_t slot_of(const struct id_map *m, uint64_t id)
{
	size_t i = (size_t)mix(id ^ m->seed) & (m->nslots - 1);

	while (m->slots[i].used && m->slots[i].id != id)
		i = (i + 1) & (m->nslots - 1);
	return i;
}

uint32_t id_map_find(const struct id_map *m, uint64_t id)
{
	size_t i;

	if (m->nslots == 0)
		return NUMBER_NONE;
	i = slot_of(m, id);
	return m->slots[i].used ? m->slots[i].number : NUMBER_NONE;
}

static bool grow(struct id_map *m)
{
	struct id_map grown = { .nslots = m->nslots ? m->nslots * 2 : 64, .seed = m->seed };

	if (!m->nslots && getrandom(&grown.seed, sizeof(grown.seed), GRND_NONBLOCK) < 0)
		grown.seed = (uint64_t)(uintptr_t)m;
	grown.slots = calloc(grown.nslots, sizeof(*grown.slots));
	if (!grown.slots)
		return false;
	for (size_t i = 0; i < m->nslots; i++) {
		if (m->slots[i].used)
			grown.slots[slot_of(&grown, m->slots[i].id)] = m->slots[i];
	}
	free(m->slots);
	m->slots = grown.slots;
	m->nslots = grown.nslots;
	m->seed = grown.seed;
	return true;
}

bool id_map_set(struct id_map *m, uint64_t id, uint32_t number)
{
	struct id_slot *slot;

	if (m->n * 2 >= m->nslots && !grow(m))
		return false;
	slot = &m->slots[slot_of(m, id)];
	m->n += !slot->used;
	*slot = (struct id_slot){ id, number, true };
	return true;
}

void id_map_release(struct id_map *m)
{
	free(m->slots);
	memset(m, 0, sizeof(*m));
}

/* ---- texts */

/* FNV-1a from a secret start, so that a trace cannot make all texts collide. */
static uint64_t hash_of(const struct texts *t, struct tt_str text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325) ^ t->hashes.seed;

	for (size_t i = 0; i < text.len; i++)
		h = (h ^ (uint8_t)text.data[i]) * UINT64_C(0x100000001b3);
	return h;
}

static uint32_t add_text(struct texts *t, uint64_t hash, struct tt_str text)
{
	char *copy;

	if (t->n >= NUMBER_NONE - 1 || !array_room(&t->at, &t->cap, t->n + 1, sizeof(*t->at)))
		return NUMBER_NONE;
	copy = malloc(text.len);
	if (!copy || !id_map_set(&t->hashes, hash, (uint32_t)t->n + 1)) {
		free(copy);
		return NUMBER_NONE;
	}
	memcpy(copy, text.data, text.len);
	t->at[t->n++] = (struct tt_str){ copy, text.len };
	return (uint32_t)t->n;
}

/* The number of a text, or NUMBER_NONE and *hash is free for it. */
static uint32_t search(const struct texts *t, struct tt_str text, uint64_t *hash)
{
	uint32_t number;

	for (*hash = hash_of(t, text);; ++*hash) {
		number = id_map_find(&t->hashes, *hash);
		if (number == NUMBER_NONE)
			return number;
		if (t->at[number - 1].len == text.len &&
		    memcmp(t->at[number - 1].data, text.data, text.len) == 0)
			return number;
	}
}

uint32_t texts_find(const struct texts *t, struct tt_str text)
{
	uint64_t hash;

	return text.len == 0 ? 0 : search(t, text, &hash);
}

uint32_t texts_number(struct texts *t, struct tt_str text)
{
	uint64_t hash;
	uint32_t number;

	if (text.len == 0)
		return 0;
	/* (the first growth makes the seed) */
	if (t->hashes.nslots == 0 && !grow(&t->hashes))
		return NUMBER_NONE;
	number = search(t, text, &hash);
	return number == NUMBER_NONE ? add_text(t, hash, text) : number;
}

struct tt_str texts_at(const struct texts *t, uint32_t number)
{
	return number == 0 ? (struct tt_str){ "", 0 } : t->at[number - 1];
}

void texts_release(struct texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		free((char *)(uintptr_t)t->at[i].data);
	free(t->at);
	id_map_release(&t->hashes);
	memset(t, 0, sizeof(*t));
}
