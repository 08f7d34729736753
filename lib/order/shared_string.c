/* SPDX-License-Identifier: MIT */
/* shared_string.c - names that outlive their generation. Stands on gen. */
#include "order/shared_string.h"

#include <string.h>

void tt_shared_strings_init(struct tt_shared_strings *t, struct tt_mem *mem)
{
	memset(t, 0, sizeof(*t));
	t->mem = mem;
}

static void drop_cache(struct tt_shared_strings *t)
{
	for (size_t i = 0; i < t->cached.n; i++)
		tt_shared_string_drop(t, t->cached.at[i]);
	t->cached.n = 0;
}

void tt_shared_strings_release(struct tt_shared_strings *t)
{
	drop_cache(t);
	TT_ARRAY_RELEASE(t->mem, &t->cached);
}

void tt_shared_strings_begin_generation(struct tt_shared_strings *t,
					const struct tt_generation *gen)
{
	drop_cache(t);
	t->gen = gen;
}

/* Where the cache has the i-th string; made on first use, and larger where the generation has
 * more strings by now. NULL: no memory. */
static struct tt_shared_string **cached_at(struct tt_shared_strings *t, size_t i)
{
	size_t n = tt_generation_nstrings(t->gen) + 1;

	if (i >= t->cached.n) {
		if (!tt_mem_grow(t->mem, &t->cached.at, &t->cached.cap, n, sizeof(*t->cached.at)))
			return NULL;
		memset(t->cached.at + t->cached.n, 0, (n - t->cached.n) * sizeof(*t->cached.at));
		t->cached.n = n;
	}
	return &t->cached.at[i];
}

struct tt_shared_string *tt_shared_string_new(struct tt_shared_strings *t, struct tt_str s)
{
	struct tt_shared_string *string = tt_mem_alloc(t->mem, sizeof(*string) + s.len);

	if (string == NULL)
		return NULL;
	string->references = 1;
	string->len = (uint32_t)s.len;
	memcpy(string->bytes, s.data, s.len);
	return string;
}

struct tt_shared_string *tt_shared_string_take(struct tt_shared_strings *t, uint64_t id)
{
	uint32_t index = tt_idmap_find(&t->gen->string_ids, id);
	struct tt_shared_string **cached =
		cached_at(t, index == TT_IDMAP_NONE ? 0 : (size_t)index + 1);
	struct tt_str s;

	if (cached == NULL)
		return NULL;
	if (*cached == NULL) {
		tt_generation_string(t->gen, id, &s);
		*cached = tt_shared_string_new(t, s);
	}
	if (*cached != NULL)
		(*cached)->references++;
	return *cached;
}

void tt_shared_string_drop(struct tt_shared_strings *t, struct tt_shared_string *string)
{
	if (string != NULL && --string->references == 0)
		tt_mem_free(t->mem, string, sizeof(*string) + string->len);
}

bool tt_shared_string_equal(const struct tt_shared_string *a, const struct tt_shared_string *b)
{
	return a == b || (a->len == b->len && memcmp(a->bytes, b->bytes, a->len) == 0);
}
