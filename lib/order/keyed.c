/* SPDX-License-Identifier: MIT */
/*
 * keyed.c - open ranges of experiments in a hash table: a hostile trace may open millions.
 * Stands on state.c.
 */
#include "order/keyed.h"

#include <string.h>

#include "order/handlers.h"

/* An open range, in a list of those with its hash, the innermost first; and if it belongs to
 * a goroutine, in a list of those. Slots in lists are counted from 1. */
struct keyed {
	struct tt_range_key key;
	uint64_t kind;
	struct tt_shared_string *name; /* of the kind; or NULL */
	uint32_t scopes;        /* of the goroutine, or TT_NO_SLOT */
	uint32_t next, before;  /* of the goroutine; of a free record: the next free one */
	uint32_t below;         /* with the same hash */
	bool used;
	bool top;               /* the first of those with its hash */
};

struct tt_keyed_ranges {
	struct tt_idmap tops;   /* by hash */
	uint64_t seed;
	TT_ARRAY(struct keyed) records;
	uint32_t free;
	size_t nopen;
	bool were_open;
};

/* ---- all of them */

static struct tt_keyed_ranges *ranges_of(struct tt_order *o)
{
	struct tt_keyed_ranges *all = o->keyed;

	if (all != NULL)
		return all;
	all = o->keyed = tt_mem_zalloc(o->mem, 1, sizeof(*all));
	if (all != NULL) {
		all->seed = tt_random_seed();
		tt_idmap_init(&all->tops, o->mem, all->seed);
	}
	return all;
}

static void drop_names(struct tt_order *o)
{
	for (size_t i = 0; i < o->keyed->records.n; i++)
		if (o->keyed->records.at[i].used)
			tt_shared_string_drop(&o->names, o->keyed->records.at[i].name);
}

void tt_keyed_reset(struct tt_order *o)
{
	struct tt_keyed_ranges *all = o->keyed;

	if (all == NULL)
		return;
	drop_names(o);
	tt_idmap_clear(&all->tops);
	all->records.n = all->nopen = 0;
	all->free = 0;
	all->were_open = false;
}

void tt_keyed_release(struct tt_order *o)
{
	struct tt_keyed_ranges *all = o->keyed;

	if (all == NULL)
		return;
	drop_names(o);
	tt_idmap_release(&all->tops);
	TT_ARRAY_RELEASE(o->mem, &all->records);
	tt_mem_free(o->mem, all, sizeof(*all));
	o->keyed = NULL;
}

bool tt_keyed_were_open(const struct tt_order *o)
{
	return o->keyed != NULL && o->keyed->were_open;
}

bool tt_keyed_are_open(const struct tt_order *o)
{
	return o->keyed != NULL && o->keyed->nopen != 0;
}

/* ---- finding */

/* Never small: those would fill the plain array of the map. */
static uint64_t hash_of(const struct tt_keyed_ranges *all, const struct tt_range_key *key)
{
	uint64_t h = tt_mix(key->key + all->seed);

	h = tt_mix(h + key->id);
	return tt_mix(h + key->type) | UINT64_C(1) << 63;
}

static bool same(const struct tt_range_key *a, const struct tt_range_key *b)
{
	return a->key == b->key && a->id == b->id && a->type == b->type;
}

/* The first one with the hash, counted from 1; 0: there is none. */
static uint32_t top_of(const struct tt_keyed_ranges *all, uint64_t hash)
{
	uint32_t top = tt_idmap_find(&all->tops, hash);

	return top == TT_IDMAP_NONE ? 0 : top + 1;
}

/* The innermost one, counted from 1; 0: it is not open. *above is the one over it, or 0. */
static uint32_t find(const struct tt_keyed_ranges *all, const struct tt_range_key *key,
		     uint64_t hash, uint32_t *above)
{
	uint32_t at = top_of(all, hash);

	*above = 0;
	while (at != 0 && !same(&all->records.at[at - 1].key, key)) {
		*above = at;
		at = all->records.at[at - 1].below;
	}
	return at;
}

bool tt_keyed_is_open(const struct tt_order *o, const struct tt_range_key *key)
{
	uint32_t above;

	return o->keyed != NULL && find(o->keyed, key, hash_of(o->keyed, key), &above) != 0;
}

/* ---- opening */

/* Makes `slot`, or nothing if it is 0, the first with this hash. False: no memory. */
static bool set_top(struct tt_keyed_ranges *all, uint64_t hash, uint32_t slot)
{
	tt_idmap_remove(&all->tops, hash);
	if (slot == 0)
		return true;
	all->records.at[slot - 1].top = true;
	return tt_idmap_add(&all->tops, hash, slot - 1);
}

/* A record, counted from 1; 0: no memory. */
static uint32_t new_record(struct tt_order *o)
{
	struct tt_keyed_ranges *all = o->keyed;
	uint32_t slot = all->free;

	if (slot != 0) {
		all->free = all->records.at[slot - 1].next;
		return slot;
	}
	if (all->records.n >= TT_NO_SLOT - 1 || !TT_ARRAY_ROOM(o->mem, &all->records))
		return 0;
	return (uint32_t)++all->records.n;
}

static void free_record(struct tt_keyed_ranges *all, uint32_t slot)
{
	all->records.at[slot - 1].used = false;
	all->records.at[slot - 1].next = all->free;
	all->free = slot;
}

/* Into the list of its goroutine. */
static void link_to_goroutine(struct tt_order *o, uint32_t slot)
{
	struct keyed *range = &o->keyed->records.at[slot - 1];
	uint32_t *first;

	if (range->scopes == TT_NO_SLOT)
		return;
	first = &o->open_scopes.at[range->scopes].keyed;
	range->next = *first;
	if (*first != 0)
		o->keyed->records.at[*first - 1].before = slot;
	*first = slot;
}

static void unlink_from_goroutine(struct tt_order *o, const struct keyed *range)
{
	struct keyed *records = o->keyed->records.at;

	if (range->scopes == TT_NO_SLOT)
		return;
	if (range->next != 0)
		records[range->next - 1].before = range->before;
	if (range->before != 0)
		records[range->before - 1].next = range->next;
	else
		o->open_scopes.at[range->scopes].keyed = range->next;
}

bool tt_keyed_open(struct tt_order *o, const struct tt_range_key *key, uint32_t scopes,
		   uint64_t kind, struct tt_shared_string *name)
{
	struct tt_keyed_ranges *all = ranges_of(o);
	uint32_t slot = all == NULL ? 0 : new_record(o), below;
	uint64_t hash;

	if (slot == 0)
		return false;
	hash = hash_of(all, key);
	below = top_of(all, hash);
	all->records.at[slot - 1] = (struct keyed){
		.key = *key,
		.kind = kind,
		.name = name,
		.scopes = scopes,
		.below = below,
		.used = true,
	};
	if (below != 0)
		all->records.at[below - 1].top = false;
	if (!set_top(all, hash, slot)) {
		free_record(all, slot);
		return false;
	}
	link_to_goroutine(o, slot);
	all->nopen++;
	all->were_open = true;
	return true;
}

/* ---- closing */

/* Takes an open one out of all lists. */
static void close_record(struct tt_order *o, uint32_t slot, uint32_t above, uint64_t hash)
{
	struct tt_keyed_ranges *all = o->keyed;
	const struct keyed *range = &all->records.at[slot - 1];

	unlink_from_goroutine(o, range);
	/* (there is room: it replaces another) */
	if (above == 0)
		set_top(all, hash, range->below);
	else
		all->records.at[above - 1].below = range->below;
	free_record(all, slot);
	all->nopen--;
}

uint64_t tt_keyed_close(struct tt_order *o, const struct tt_range_key *key, struct tt_str *name)
{
	struct tt_keyed_ranges *all = o->keyed;
	uint64_t hash = hash_of(all, key);
	uint32_t above, slot = find(all, key, hash, &above);
	const struct keyed *range = &all->records.at[slot - 1];
	uint64_t kind = range->kind;

	tt_shared_string_drop(&o->names, o->handed_out);
	o->handed_out = range->name;
	*name = range->name == NULL ? (struct tt_str){"", 0}
				    : (struct tt_str){range->name->bytes, range->name->len};
	close_record(o, slot, above, hash);
	return kind;
}

void tt_keyed_drop(struct tt_order *o, struct tt_open_scopes *e)
{
	while (e->keyed != 0) {
		uint32_t slot = e->keyed, above = 0;
		struct keyed *records = o->keyed->records.at;
		uint64_t hash = hash_of(o->keyed, &records[slot - 1].key);

		/* (the one that was opened last comes first in both lists) */
		for (uint32_t at = top_of(o->keyed, hash); at != slot; at = records[at - 1].below)
			above = at;
		tt_shared_string_drop(&o->names, records[slot - 1].name);
		close_record(o, slot, above, hash);
	}
}

/* ---- a second copy */

/* All records, as they are; their names are left to the caller. */
static bool copy_records(struct tt_order *to, const struct tt_keyed_ranges *from)
{
	struct tt_keyed_ranges *all = ranges_of(to);

	if (all == NULL || !tt_mem_grow(to->mem, &all->records.at, &all->records.cap,
					from->records.n, sizeof(*all->records.at)))
		return false;
	if (from->records.n != 0)
		memcpy(all->records.at, from->records.at,
		       from->records.n * sizeof(*from->records.at));
	all->records.n = from->records.n;
	all->free = from->free;
	all->nopen = from->nopen;
	all->were_open = from->were_open;
	for (size_t i = 0; i < all->records.n; i++) {
		all->records.at[i].used = false;
		all->records.at[i].name = NULL;
	}
	for (uint32_t i = 0; i < all->records.n; i++) {
		const struct keyed *range = &from->records.at[i];

		all->records.at[i].used = range->used;
		if (range->used && range->top &&
		    !tt_idmap_add(&all->tops, hash_of(all, &range->key), i))
			return false;
	}
	return true;
}

bool tt_keyed_copy(struct tt_order *to, const struct tt_order *from)
{
	if (from->keyed == NULL)
		return true;
	if (!copy_records(to, from->keyed))
		return false;
	for (size_t i = 0; i < from->keyed->records.n; i++) {
		const struct keyed *range = &from->keyed->records.at[i];

		if (!range->used || range->name == NULL)
			continue;
		to->keyed->records.at[i].name = range->name;
		range->name->references++;
	}
	return true;
}

bool tt_keyed_take(struct tt_order *to, const struct tt_order *from)
{
	if (!tt_keyed_are_open(from))
		return true;
	tt_keyed_reset(to);
	if (!copy_records(to, from->keyed))
		return false;
	for (uint32_t i = 0; i < to->keyed->records.n; i++) {
		const struct tt_shared_string *name = from->keyed->records.at[i].name;
		struct keyed *range = &to->keyed->records.at[i];
		struct tt_g_state *g;

		if (!range->used)
			continue;
		if (name != NULL) {
			range->name = tt_shared_string_new(&to->names,
							   (struct tt_str){name->bytes, name->len});
			if (range->name == NULL)
				return false;
		}
		if (range->scopes == TT_NO_SLOT)
			continue;
		g = tt_find_g(to, (int64_t)range->key.id);
		if (g == NULL || tt_open_scopes_of(to, &g->scopes) == NULL)
			return false;
		range->scopes = g->scopes;
		if (range->before == 0)
			to->open_scopes.at[g->scopes].keyed = i + 1;
	}
	return true;
}
