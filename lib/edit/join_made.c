/* SPDX-License-Identifier: MIT */
/*
 * join_made.c - the generation of the events that are made up between two pieces: it has a
 * number that no other one has, and the strings that those events need. Stands on join.h.
 */
#include <string.h>

#include "edit/join.h"

void tt_join_made_init(struct tt_join *j)
{
	tt_generation_init(&j->made, j->mem, j->w->specs);
	j->made.reader = tt_random_seed();
}

static void free_texts(struct tt_join *j)
{
	for (size_t i = 0; i < j->texts.n; i++)
		tt_mem_free(j->mem, (char *)(uintptr_t)j->texts.at[i].data, j->texts.at[i].len);
	j->texts.n = 0;
}

void tt_join_made_release(struct tt_join *j)
{
	free_texts(j);
	TT_ARRAY_RELEASE(j->mem, &j->texts);
	tt_generation_release(&j->made);
}

void tt_join_made_begin(struct tt_join *j, uint64_t number)
{
	uint64_t reader = j->made.reader, ordinal = j->made.ordinal + 1;

	free_texts(j);
	tt_generation_clear(&j->made);
	j->made.reader = reader;
	j->made.ordinal = ordinal;
	j->made.number = number;
}

/* A copy of the text that lives as long as the generation. */
static bool keep_text(struct tt_join *j, struct tt_str *text)
{
	char *data = tt_mem_alloc(j->mem, text->len);

	if (data == NULL || !TT_ARRAY_ROOM(j->mem, &j->texts)) {
		tt_mem_free(j->mem, data, text->len);
		return false;
	}
	memcpy(data, text->data, text->len);
	text->data = data;
	j->texts.at[j->texts.n++] = *text;
	return true;
}

static bool id_of_text(void *arg, struct tt_str text, uint64_t *id)
{
	struct tt_join *j = arg;

	if (tt_generation_find_text(&j->made, text, id))
		return true;
	return keep_text(j, &text) && tt_generation_add_string(&j->made, *id, text);
}

/* The name of what is open: by the generation written last, if it began there. */
static bool define_id(void *arg, uint64_t id)
{
	struct tt_join *j = arg;
	struct tt_str text = {"", 0};

	if (id == 0 || tt_idmap_find(&j->made.string_ids, id) != TT_IDMAP_NONE)
		return true;
	return (!tt_generation_string(&j->w->tables.gen, id, &text) || text.len == 0 ||
		keep_text(j, &text)) &&
	       tt_generation_add_string(&j->made, id, text);
}

struct tt_synth_strings tt_join_made_strings(struct tt_join *j)
{
	return (struct tt_synth_strings){j, id_of_text, define_id};
}
