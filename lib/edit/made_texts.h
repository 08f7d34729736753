/* SPDX-License-Identifier: MIT */
/*
 * made_texts.h - strings of a generation that are made up, with copies of their texts. Stands
 * on gen.
 */
#ifndef TT_EDIT_MADE_TEXTS_H
#define TT_EDIT_MADE_TEXTS_H

#include "gen/generation.h"

/* Zero: none. They must live as long as the entries of the generation. */
struct tt_made_texts {
	TT_ARRAY(struct tt_str) all;
};

void tt_made_texts_release(struct tt_made_texts *m, struct tt_mem *mem);
/* Adds a string with a copy of the text. False: no memory. */
bool tt_made_texts_add(struct tt_made_texts *m, struct tt_generation *g, uint64_t id,
		       struct tt_str text);
/* The id of one with this text, added if there is none. False: no memory. */
bool tt_made_texts_id_of(struct tt_made_texts *m, struct tt_generation *g, struct tt_str text,
			 uint64_t *id);

#endif
