/* SPDX-License-Identifier: MIT */
/* entries.c - table entries that are made up. Stands on entries.h. */
#include "repair/entries.h"

#include <string.h>

void tt_made_entries_begin(struct tt_made_entries *m, struct tt_generation *gen)
{
	m->strings.gen = gen;
	m->strings.lost = (struct tt_str){TT_LOST_TEXT, sizeof(TT_LOST_TEXT) - 1};
	m->first_string = gen->strings.n;
	m->first_stack = gen->stacks.n;
}

void tt_made_entries_release(struct tt_made_entries *m, struct tt_mem *mem)
{
	tt_made_texts_release(&m->strings.texts, mem);
	memset(m, 0, sizeof(*m));
}

bool tt_made_entries_need_string(struct tt_made_entries *m, uint64_t id)
{
	return tt_made_strings_need(&m->strings, id);
}

bool tt_made_entries_need_stack(struct tt_made_entries *m, uint64_t id)
{
	static const uint8_t no_frames[1];

	return id == 0 || tt_idmap_find(&m->strings.gen->stack_ids, id) != TT_IDMAP_NONE ||
	       tt_generation_add_stack(m->strings.gen, &(struct tt_stack_entry){id, no_frames, 0});
}

struct tt_synth_strings tt_made_entries_strings(struct tt_made_entries *m)
{
	return tt_made_strings_of(&m->strings);
}
