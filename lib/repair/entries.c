/* SPDX-License-Identifier: MIT */
/* entries.c - table entries that are made up. Stands on gen. */
#include "repair/entries.h"

#include <string.h>

void tt_made_entries_begin(struct tt_made_entries *m, struct tt_generation *gen)
{
	m->gen = gen;
	m->first_string = gen->strings.n;
	m->first_stack = gen->stacks.n;
}

void tt_made_entries_release(struct tt_made_entries *m, struct tt_mem *mem)
{
	tt_made_texts_release(&m->texts, mem);
	memset(m, 0, sizeof(*m));
}

bool tt_made_entries_need_string(struct tt_made_entries *m, uint64_t id)
{
	static const struct tt_str text = {TT_LOST_TEXT, sizeof(TT_LOST_TEXT) - 1};

	return id == 0 || tt_idmap_find(&m->gen->string_ids, id) != TT_IDMAP_NONE ||
	       tt_generation_add_string(m->gen, id, text);
}

bool tt_made_entries_need_stack(struct tt_made_entries *m, uint64_t id)
{
	static const uint8_t no_frames[1];

	return id == 0 || tt_idmap_find(&m->gen->stack_ids, id) != TT_IDMAP_NONE ||
	       tt_generation_add_stack(m->gen, &(struct tt_stack_entry){id, no_frames, 0});
}

/* ---- for events that are made up */

static bool define_string(void *entries, uint64_t id)
{
	return tt_made_entries_need_string(entries, id);
}

static bool string_id_of(void *entries, struct tt_str text, uint64_t *id)
{
	struct tt_made_entries *m = entries;

	return tt_made_texts_id_of(&m->texts, m->gen, text, id);
}

struct tt_synth_strings tt_made_entries_strings(struct tt_made_entries *m)
{
	return (struct tt_synth_strings){m, string_id_of, define_string};
}
