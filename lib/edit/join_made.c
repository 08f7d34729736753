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
	tt_made_texts_release(&j->texts, j->mem);
	tt_generation_release(&j->made);
}

void tt_join_made_begin(struct tt_join *j, uint64_t number)
{
	uint64_t reader = j->made.reader, ordinal = j->made.ordinal + 1;

	tt_made_texts_release(&j->texts, j->mem);
	tt_generation_clear(&j->made);
	j->made.reader = reader;
	j->made.ordinal = ordinal;
	j->made.number = number;
}

static bool id_of_text(void *arg, struct tt_str text, uint64_t *id)
{
	struct tt_join *j = arg;

	return tt_made_texts_id_of(&j->texts, &j->made, text, id);
}

/* The name of what is open: by the generation written last, if it began there. */
static bool define_id(void *arg, uint64_t id)
{
	struct tt_join *j = arg;
	struct tt_str text = {"", 0};

	if (id == 0 || tt_idmap_find(&j->made.string_ids, id) != TT_IDMAP_NONE)
		return true;
	(void)tt_generation_string(&j->w->tables.gen, id, &text);
	return tt_made_texts_add(&j->texts, &j->made, id, text);
}

struct tt_synth_strings tt_join_made_strings(struct tt_join *j)
{
	return (struct tt_synth_strings){j, id_of_text, define_id};
}
