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

static bool add_string(struct tt_made_entries *m, uint64_t id, const char *data, size_t len)
{
	struct tt_generation *g = m->gen;

	if (!TT_ARRAY_ROOM(g->mem, &g->strings) ||
	    !tt_idmap_add(&g->string_ids, id, (uint32_t)g->strings.n))
		return false;
	g->strings.at[g->strings.n++] = (struct tt_string_entry){id, data, len};
	return true;
}

bool tt_made_entries_need_string(struct tt_made_entries *m, uint64_t id)
{
	return id == 0 || tt_idmap_find(&m->gen->string_ids, id) != TT_IDMAP_NONE ||
	       add_string(m, id, TT_LOST_TEXT, sizeof(TT_LOST_TEXT) - 1);
}

bool tt_made_entries_need_stack(struct tt_made_entries *m, uint64_t id)
{
	struct tt_generation *g = m->gen;

	if (id == 0 || tt_idmap_find(&g->stack_ids, id) != TT_IDMAP_NONE)
		return true;
	if (!TT_ARRAY_ROOM(g->mem, &g->stacks) ||
	    !tt_idmap_add(&g->stack_ids, id, (uint32_t)g->stacks.n))
		return false;
	g->stacks.at[g->stacks.n++] = (struct tt_stack_entry){id, (const uint8_t *)"", 0};
	return true;
}

/* ---- for events that are made up */

static bool define_string(void *entries, uint64_t id)
{
	return tt_made_entries_need_string(entries, id);
}

/* A copy of the text that lives as long as the entries. */
static const char *keep_text(struct tt_made_entries *m, struct tt_str text)
{
	struct tt_mem *mem = m->gen->mem;
	char *data = tt_mem_alloc(mem, text.len);

	if (data == NULL || !TT_ARRAY_ROOM(mem, &m->texts)) {
		tt_mem_free(mem, data, text.len);
		return NULL;
	}
	memcpy(data, text.data, text.len);
	m->texts.at[m->texts.n++] = (struct tt_str){data, text.len};
	return data;
}

static bool string_id_of(void *entries, struct tt_str text, uint64_t *id)
{
	struct tt_made_entries *m = entries;
	const char *data;

	if (tt_generation_find_text(m->gen, text, id))
		return true;
	data = keep_text(m, text);
	if (data == NULL)
		return false;
	return add_string(m, *id, data, text.len);
}

struct tt_synth_strings tt_made_entries_strings(struct tt_made_entries *m)
{
	return (struct tt_synth_strings){m, string_id_of, define_string};
}
