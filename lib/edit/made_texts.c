/* SPDX-License-Identifier: MIT */
/* made_texts.c - strings that are made up. Stands on made_texts.h. */
#include "edit/made_texts.h"

#include <string.h>

void tt_made_texts_release(struct tt_made_texts *m, struct tt_mem *mem)
{
	for (size_t i = 0; i < m->all.n; i++)
		tt_mem_free(mem, (char *)(uintptr_t)m->all.at[i].data, m->all.at[i].len);
	TT_ARRAY_RELEASE(mem, &m->all);
	memset(m, 0, sizeof(*m));
}

bool tt_made_texts_add(struct tt_made_texts *m, struct tt_generation *g, uint64_t id,
		       struct tt_str text)
{
	char *data;

	if (text.len == 0)
		return tt_generation_add_string(g, id, (struct tt_str){"", 0});
	data = tt_mem_alloc(g->mem, text.len);
	if (data == NULL || !TT_ARRAY_ROOM(g->mem, &m->all)) {
		tt_mem_free(g->mem, data, text.len);
		return false;
	}
	memcpy(data, text.data, text.len);
	text.data = data;
	m->all.at[m->all.n++] = text;
	return tt_generation_add_string(g, id, text);
}

bool tt_made_strings_need(struct tt_made_strings *m, uint64_t id)
{
	struct tt_str text;

	if (id == 0 || tt_idmap_find(&m->gen->string_ids, id) != TT_IDMAP_NONE)
		return true;
	if (m->from != NULL && tt_generation_string(m->from, id, &text))
		return tt_made_texts_add(&m->texts, m->gen, id, text);
	return tt_generation_add_string(m->gen, id, m->lost);
}

static bool define(void *strings, uint64_t id)
{
	return tt_made_strings_need(strings, id);
}

static bool id_of(void *strings, struct tt_str text, uint64_t *id)
{
	struct tt_made_strings *m = strings;

	return tt_generation_find_text(m->gen, text, id) ||
	       tt_made_texts_add(&m->texts, m->gen, *id, text);
}

struct tt_synth_strings tt_made_strings_of(struct tt_made_strings *m)
{
	return (struct tt_synth_strings){m, id_of, define};
}
