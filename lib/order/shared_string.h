/* SPDX-License-Identifier: MIT */
/*
 * shared_string.h - names that outlive their generation: of tasks and regions. Counted
 * references; within a generation each string is copied once. Stands on gen.
 */
#ifndef TT_ORDER_SHARED_STRING_H
#define TT_ORDER_SHARED_STRING_H

#include "gen/generation.h"

struct tt_shared_string {
	uint32_t references;
	uint32_t len;
	char bytes[];
};

struct tt_shared_strings {
	struct tt_mem *mem;
	const struct tt_generation *gen;
	/* of the generation's i-th string, [0] of the empty one; NULL: not asked for yet */
	TT_ARRAY(struct tt_shared_string *) cached;
};

void tt_shared_strings_init(struct tt_shared_strings *t, struct tt_mem *mem);
void tt_shared_strings_release(struct tt_shared_strings *t);
/* Drops the cache: strings are now those of `gen`. */
void tt_shared_strings_begin_generation(struct tt_shared_strings *t,
					const struct tt_generation *gen);
/* A string of the generation, which exists, with a reference for the caller; NULL: no memory. */
struct tt_shared_string *tt_shared_string_take(struct tt_shared_strings *t, uint64_t id);
/* A string of its own; NULL: no memory. */
struct tt_shared_string *tt_shared_string_new(struct tt_shared_strings *t, struct tt_str s);
/* NULL is a no-op. */
void tt_shared_string_drop(struct tt_shared_strings *t, struct tt_shared_string *string);
bool tt_shared_string_equal(const struct tt_shared_string *a, const struct tt_shared_string *b);

#endif
