/* SPDX-License-Identifier: MIT */
/*
 * shared_string.h - names that outlive their generation: of tasks and regions. Counted
 * references; within a generation each string is copied once. Stands on gen.
 */
#ifndef TT_ORDER_SHARED_STRING_H
#define TT_ORDER_SHARED_STRING_H

#include "gen/generation.h"

struct tt_text {
	uint32_t references;
	uint32_t len;
	char bytes[];
};

struct tt_texts {
	struct tt_mem *mem;
	const struct tt_generation *gen;
	/* of the generation's i-th string, [0] of the empty one; NULL: not asked for yet */
	TT_ARRAY(struct tt_text *) cached;
};

void tt_texts_init(struct tt_texts *t, struct tt_mem *mem);
void tt_texts_release(struct tt_texts *t);
/* Drops the cache: strings are now those of `gen`. */
void tt_texts_turn(struct tt_texts *t, const struct tt_generation *gen);
/* The text of a string that exists, with a reference for the caller; NULL: no memory. */
struct tt_text *tt_text_take(struct tt_texts *t, uint64_t id);
/* A text of its own; NULL: no memory. */
struct tt_text *tt_text_new(struct tt_texts *t, struct tt_str s);
/* NULL is a no-op. */
void tt_text_drop(struct tt_texts *t, struct tt_text *text);
bool tt_text_equal(const struct tt_text *a, const struct tt_text *b);

#endif
