/* SPDX-License-Identifier: MIT */
/*
 * made_texts.h - strings of a generation that are made up, with copies of their texts; and those
 * that events need which are made up. Stands on synth.h.
 */
#ifndef TT_EDIT_MADE_TEXTS_H
#define TT_EDIT_MADE_TEXTS_H

#include "edit/synth.h"
#include "gen/generation.h"

/* Zero: none. They must live as long as the entries of the generation. */
struct tt_made_texts {
	TT_ARRAY(struct tt_str) all;
};

void tt_made_texts_release(struct tt_made_texts *m, struct tt_mem *mem);
/* Adds a string with a copy of the text. False: no memory. */
bool tt_made_texts_add(struct tt_made_texts *m, struct tt_generation *g, uint64_t id,
		       struct tt_str text);

/* The strings of a generation that gets events which are made up. */
struct tt_made_strings {
	struct tt_generation *gen;
	const struct tt_generation *from; /* has the texts of ids that `gen` lacks; or NULL */
	struct tt_str lost;     /* the text of ids of which neither has one; it lives on */
	struct tt_made_texts texts;
};

/* Makes sure that the id has a text. False: no memory. */
bool tt_made_strings_need(struct tt_made_strings *m, uint64_t id);
/* The same as the events need it; the strings must live as long. */
struct tt_synth_strings tt_made_strings_of(struct tt_made_strings *m);

#endif
