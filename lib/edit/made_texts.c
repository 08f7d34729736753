/* SPDX-License-Identifier: MIT */
/* made_texts.c - strings that are made up. Stands on gen. */
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

bool tt_made_texts_id_of(struct tt_made_texts *m, struct tt_generation *g, struct tt_str text,
			 uint64_t *id)
{
	return tt_generation_find_text(g, text, id) || tt_made_texts_add(m, g, *id, text);
}
