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
	for (size_t i = 0; i < m->texts.n; i++)
		tt_mem_free(mem, (char *)(uintptr_t)m->texts.at[i].data, m->texts.at[i].len);
	TT_ARRAY_RELEASE(mem, &m->texts);
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

/* A copy of the text that lives as long as the entries. */
static bool keep_text(struct tt_made_entries *m, struct tt_str *text)
{
	struct tt_mem *mem = m->gen->mem;
	char *data = tt_mem_alloc(mem, text->len);

	if (data == NULL || !TT_ARRAY_ROOM(mem, &m->texts)) {
		tt_mem_free(mem, data, text->len);
		return false;
	}
	memcpy(data, text->data, text->len);
	text->data = data;
	m->texts.at[m->texts.n++] = *text;
	return true;
}

static bool string_id_of(void *entries, struct tt_str text, uint64_t *id)
{
	struct tt_made_entries *m = entries;

	return tt_generation_find_text(m->gen, text, id) ||
	       (keep_text(m, &text) && tt_generation_add_string(m->gen, *id, text));
}

struct tt_synth_strings tt_made_entries_strings(struct tt_made_entries *m)
{
	return (struct tt_synth_strings){m, string_id_of, define_string};
}
