/* SPDX-License-Identifier: MIT */
/* stacks.c - the cache of rendered stacks. Command layer. */
#include "stacks.h"

#include <errno.h>
#include <stdlib.h>

struct stack_entry {
	size_t at, len;         /* in the cache's text */
	bool rendered;
};

/* More text than this is dropped, and rendered again when it is needed. */
#define TEXT_MAX ((size_t)8 << 20)

static void drop_texts(struct stack_cache *c)
{
	for (size_t i = 0; i < c->nentries; i++)
		c->entries[i].rendered = false;
	c->text.pos = c->text.buffer;
}

void stack_cache_reset(struct stack_cache *c)
{
	free(c->entries);
	c->entries = NULL;
	c->nentries = 0;
	c->generation = NULL;
	c->text.pos = c->text.buffer;
}

void stack_cache_release(struct stack_cache *c)
{
	stack_cache_reset(c);
	out_release_memory(&c->text);
}

/* Index 0 is the empty stack's, so a generation of n stacks needs n + 1. */
static bool prepare(struct stack_cache *c, const struct tt_generation *g)
{
	size_t n = tt_generation_nstacks(g) + 1;

	if (c->generation == g && c->entries)
		return true;
	stack_cache_reset(c);
	if (!c->text.buffer)
		out_init_memory(&c->text);
	c->entries = calloc(n, sizeof(*c->entries));
	if (!c->entries) {
		c->text.error = ENOMEM;
		return false;
	}
	c->nentries = n;
	c->generation = g;
	return true;
}

static void render(struct stack_cache *c, uint64_t id, struct stack_entry *e)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_generation_stack(c->generation, id, frames);
	char *p = out_begin(&c->text);

	e->at = (size_t)(p - c->text.buffer);
	if (n >= 0)
		p = c->render(&c->text, p, frames, n);
	out_end(&c->text, p);
	/* A text for which there was no memory is lost as a whole. */
	e->len = c->text.error ? 0 : (size_t)(p - c->text.buffer) - e->at;
	e->rendered = true;
}

bool stack_known(const struct tt_generation *g, uint64_t id)
{
	return id == 0 || tt_generation_stack_index(g, id) != 0;
}

struct tt_str stack_cache_get(struct stack_cache *c, const struct tt_generation *g, uint64_t id)
{
	struct stack_entry *e;
	size_t index = tt_generation_stack_index(g, id);

	if (!prepare(c, g) || index >= c->nentries || (index == 0 && id != 0))
		return (struct tt_str){ NULL, 0 };
	e = &c->entries[index];
	if (!e->rendered) {
		if ((size_t)(c->text.pos - c->text.buffer) > TEXT_MAX)
			drop_texts(c);
		render(c, id, e);
	}
	return (struct tt_str){ e->len ? c->text.buffer + e->at : NULL, e->len };
}
