/* SPDX-License-Identifier: MIT */
/* stacks.h - a cache of rendered stacks. Command layer, on out.h. */
#ifndef CMD_CLI_STACKS_H
#define CMD_CLI_STACKS_H

#include "out.h"

/*
 * Appends a stack's text; called once for each stack of a generation and kind of
 * text. There are `n` frames, innermost first.
 */
typedef char *stack_render_fn(struct out *o, char *p, const struct tt_frame *frames, int n);

/*
 * Rendered stacks of one generation. They are the same few hundred texts again
 * and again: each is rendered once and then copied. Begin with { .render = ... }.
 */
struct stack_cache {
	stack_render_fn *render;
	const struct tt_generation *generation;
	struct stack_entry *entries;
	size_t nentries;
	struct out text;
};

/* Drops all texts: before the first stack of a generation. */
void stack_cache_reset(struct stack_cache *c);
void stack_cache_release(struct stack_cache *c);
/*
 * The text of a stack, until the next call. It is empty if the stack is unknown, or
 * if there is no memory, which stack_cache_failed() says.
 */
struct tt_str stack_cache_get(struct stack_cache *c, const struct tt_generation *g, uint64_t id);
/* There was no memory for a text: the line with it must not be printed. */
static inline bool stack_cache_failed(const struct stack_cache *c)
{
	return c->text.error != 0;
}

/* Whether the generation has this stack; id 0 is always there. */
bool stack_known(const struct tt_generation *g, uint64_t id);

#endif
