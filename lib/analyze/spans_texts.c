/* SPDX-License-Identifier: MIT */
/*
 * spans_texts.c - one number for each name and each stack, across generations. A
 * generation's own ids are looked up once for each id that is asked for.
 */
#include <string.h>

#include "analyze/spans.h"
#include "base/hash.h"

void tt_span_texts_init(struct tt_span_texts *t, struct tt_mem *mem, uint64_t seed)
{
	t->mem = mem;
	t->seed = seed;
	tt_idmap_init(&t->name_hashes, mem, seed);
	tt_idmap_init(&t->stack_hashes, mem, seed);
	tt_idmap_init(&t->names_by_id, mem, seed);
}

static void forget_generation(struct tt_span_texts *t)
{
	tt_mem_free(t->mem, t->by_index, t->nby_index * sizeof(*t->by_index));
	t->by_index = NULL;
	t->nby_index = 0;
	tt_idmap_clear(&t->names_by_id);
	memset(t->last, 0, sizeof(t->last));
	memset(t->last_stacks, 0, sizeof(t->last_stacks));
}

void tt_span_texts_release(struct tt_span_texts *t)
{
	forget_generation(t);
	for (size_t i = 0; i < t->names.n; i++)
		tt_mem_free(t->mem, t->names.at[i].data, t->names.at[i].len);
	TT_ARRAY_RELEASE(t->mem, &t->names);
	TT_ARRAY_RELEASE(t->mem, &t->stacks);
	TT_ARRAY_RELEASE(t->mem, &t->frames);
	tt_idmap_release(&t->name_hashes);
	tt_idmap_release(&t->stack_hashes);
	tt_idmap_release(&t->names_by_id);
}

void tt_span_texts_begin(struct tt_span_texts *t, const struct tt_generation *gen)
{
	size_t n = tt_generation_nstacks(gen) + 1;

	forget_generation(t);
	t->gen = gen;
	t->by_index = tt_mem_zalloc(t->mem, n, sizeof(*t->by_index));
	if (t->by_index == NULL)
		t->failed = true;
	else
		t->nby_index = n;
}

/* ---- names */

static uint32_t add_name(struct tt_span_texts *t, uint64_t hash, struct tt_str text)
{
	struct tt_span_name name = {.len = text.len};
	uint32_t number = (uint32_t)t->names.n + 1;

	if (number == TT_IDMAP_NONE || !TT_ARRAY_ROOM(t->mem, &t->names))
		return 0;
	name.data = tt_mem_alloc(t->mem, text.len);
	if (name.data == NULL)
		return 0;
	if (!tt_idmap_add(&t->name_hashes, hash, number)) {
		tt_mem_free(t->mem, name.data, name.len);
		return 0;
	}
	memcpy(name.data, text.data, text.len);
	t->names.at[t->names.n++] = name;
	return number;
}

uint32_t tt_span_texts_name(struct tt_span_texts *t, struct tt_str text)
{
	uint64_t hash;
	uint32_t number;

	if (text.len == 0)
		return 0;
	for (hash = tt_idmap_id_of(t->seed, text.data, text.len);; hash++) {
		number = tt_idmap_find(&t->name_hashes, hash);
		if (number == TT_IDMAP_NONE)
			break;
		if (t->names.at[number - 1].len == text.len &&
		    memcmp(t->names.at[number - 1].data, text.data, text.len) == 0)
			return number;
	}
	number = add_name(t, hash, text);
	t->failed |= number == 0;
	return number;
}

uint32_t tt_span_texts_find_string(struct tt_span_texts *t, uint64_t id)
{
	struct tt_str text;
	uint32_t number;

	number = tt_idmap_find(&t->names_by_id, id);
	if (number == TT_IDMAP_NONE) {
		if (!tt_generation_string(t->gen, id, &text))
			return 0;
		number = tt_span_texts_name(t, text);
		t->failed |= !tt_idmap_add(&t->names_by_id, id, number);
	}
	t->last[id % TT_SPAN_NLAST] = (struct tt_span_string){id, number};
	return number;
}

/* ---- stacks */

/* The frames of a stack with names for texts, innermost first: how many. */
static uint32_t name_frames(struct tt_span_texts *t, uint64_t id, struct tt_span_frame *out)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_generation_stack(t->gen, id, frames);

	for (int i = 0; i < n; i++)
		out[i] = (struct tt_span_frame){
			.pc = frames[i].pc,
			.line = frames[i].line,
			.func = tt_span_texts_name(t, frames[i].func),
			.file = tt_span_texts_name(t, frames[i].file),
		};
	return n < 0 ? 0 : (uint32_t)n;
}

/* (a frame has no padding: equal frames have equal bytes) */
_Static_assert(sizeof(struct tt_span_frame) == 24, "frames are compared by their bytes");

static bool is_stack(const struct tt_span_texts *t, uint32_t number,
		     const struct tt_span_frame *frames, uint32_t n)
{
	const struct tt_span_stack *stack = &t->stacks.at[number - 1];

	return stack->n == n &&
	       memcmp(&t->frames.at[stack->first], frames, n * sizeof(*frames)) == 0;
}

static uint32_t add_stack(struct tt_span_texts *t, uint64_t hash,
			  const struct tt_span_frame *frames, uint32_t n)
{
	uint32_t number = (uint32_t)t->stacks.n + 1;

	if (number == TT_IDMAP_NONE || !TT_ARRAY_ROOM(t->mem, &t->stacks) ||
	    (t->frames.cap - t->frames.n < n &&
	     !tt_mem_grow(t->mem, &t->frames.at, &t->frames.cap, t->frames.n + n,
			  sizeof(*t->frames.at))) ||
	    !tt_idmap_add(&t->stack_hashes, hash, number))
		return 0;
	memcpy(&t->frames.at[t->frames.n], frames, n * sizeof(*frames));
	t->stacks.at[t->stacks.n++] = (struct tt_span_stack){t->frames.n, n};
	t->frames.n += n;
	return number;
}

static uint32_t number_of(struct tt_span_texts *t, uint64_t id)
{
	struct tt_span_frame frames[TT_MAX_FRAMES];
	uint32_t n = name_frames(t, id, frames), number;
	uint64_t hash;

	if (n == 0)
		return 0;
	for (hash = tt_idmap_id_of(t->seed, frames, n * sizeof(*frames));; hash++) {
		number = tt_idmap_find(&t->stack_hashes, hash);
		if (number == TT_IDMAP_NONE)
			break;
		if (is_stack(t, number, frames, n))
			return number;
	}
	number = add_stack(t, hash, frames, n);
	t->failed |= number == 0;
	return number;
}

uint32_t tt_span_texts_stack(struct tt_span_texts *t, uint64_t id)
{
	size_t index = t->nby_index == 0 ? 0 : tt_generation_stack_index(t->gen, id);

	if (index == 0 || index >= t->nby_index)
		return 0;
	if (t->by_index[index].stack == 0)
		t->by_index[index].stack = number_of(t, id);
	return t->by_index[index].stack;
}

uint32_t tt_span_texts_root(struct tt_span_texts *t, uint64_t id)
{
	size_t index = t->nby_index == 0 ? 0 : tt_generation_stack_index(t->gen, id);
	struct tt_frame frames[TT_MAX_FRAMES];
	int n;

	if (index == 0 || index >= t->nby_index)
		return 0;
	if (t->by_index[index].root == 0) {
		n = tt_generation_stack(t->gen, id, frames);
		t->by_index[index].root =
			1 + (n <= 0 ? 0 : tt_span_texts_name(t, frames[n - 1].func));
	}
	return t->by_index[index].root - 1;
}

/* ---- for the caller */

struct tt_str tt_spans_name(const struct tt_spans *s, uint32_t name)
{
	const struct tt_span_name *n;

	if (name == 0 || name > s->texts.names.n)
		return (struct tt_str){"", 0};
	n = &s->texts.names.at[name - 1];
	return (struct tt_str){n->data, n->len};
}

uint32_t tt_spans_nnames(const struct tt_spans *s)
{
	return (uint32_t)s->texts.names.n + 1;
}

uint32_t tt_spans_nstacks(const struct tt_spans *s)
{
	return (uint32_t)s->texts.stacks.n + 1;
}

int tt_spans_stack(const struct tt_spans *s, uint32_t number, struct tt_frame *out)
{
	const struct tt_span_stack *stack;

	if (number == 0 || number > s->texts.stacks.n)
		return 0;
	stack = &s->texts.stacks.at[number - 1];
	for (uint32_t i = 0; i < stack->n; i++) {
		const struct tt_span_frame *frame = &s->texts.frames.at[stack->first + i];

		out[i] = (struct tt_frame){frame->pc, tt_spans_name(s, frame->func),
					   tt_spans_name(s, frame->file), frame->line};
	}
	return (int)stack->n;
}
