/* SPDX-License-Identifier: MIT */
/*
 * join_made.c - the generation of the events that are made up between two pieces: it has a
 * number that no other one has, and the strings that those events need. Stands on join.h.
 */
#include "edit/join.h"

void tt_join_made_init(struct tt_join *j)
{
	tt_generation_init(&j->made, j->mem, j->w->specs);
	j->made.reader = tt_random_seed();
}

void tt_join_made_release(struct tt_join *j)
{
	tt_made_texts_release(&j->strings.texts, j->mem);
	tt_generation_release(&j->made);
}

void tt_join_made_begin(struct tt_join *j, uint64_t number)
{
	uint64_t reader = j->made.reader, ordinal = j->made.ordinal + 1;

	tt_made_texts_release(&j->strings.texts, j->mem);
	tt_generation_clear(&j->made);
	j->made.reader = reader;
	j->made.ordinal = ordinal;
	j->made.number = number;
}

struct tt_synth_strings tt_join_made_strings(struct tt_join *j)
{
	/* the name of what is open: by the generation written last, if it began there */
	j->strings.gen = &j->made;
	j->strings.from = &j->w->tables.gen;
	j->strings.lost = (struct tt_str){"", 0};
	return tt_made_strings_of(&j->strings);
}
