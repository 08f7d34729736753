/* SPDX-License-Identifier: MIT */
/*
 * writer_tables.c - the tables of the generation at hand: strings and stacks with their ids,
 * CPU samples, experimental batches. An id of the source is kept as long as it is free: a
 * generation that is copied keeps all of them. Stands on writer.h.
 */
#include <string.h>

#include "base/hash.h"
#include "edit/writer.h"
#include "wire/embedded.h"

#define BLOCK_NBYTES ((size_t)64 << 10)

/* ---- memory */

static uint8_t *keep(struct tt_writer *w, size_t n)
{
	struct tt_writer_arena *a = &w->tables.arena;
	struct tt_bytes *block = a->blocks.n == 0 ? NULL : &a->blocks.at[a->blocks.n - 1];

	if (block == NULL || block->cap - block->len < n) {
		if (!TT_ARRAY_ROOM(&w->mem, &a->blocks))
			return NULL;
		block = &a->blocks.at[a->blocks.n];
		*block = (struct tt_bytes){.mem = &w->mem};
		if (!tt_bytes_room(block, n < BLOCK_NBYTES ? BLOCK_NBYTES : n))
			return NULL;
		a->blocks.n++;
	}
	block->len += n;
	return block->data + block->len - n;
}

static void clear_arena(struct tt_writer_arena *a)
{
	for (size_t i = 0; i < a->blocks.n; i++)
		tt_bytes_release(&a->blocks.at[i]);
	a->blocks.n = 0;
}

/* ---- life */

void tt_writer_tables_init(struct tt_writer *w)
{
	struct tt_writer_tables *t = &w->tables;

	tt_generation_init(&t->gen, &w->mem, w->specs);
	tt_idmap_init(&t->texts, &w->mem, tt_random_seed());
	t->next_string = t->next_stack = 1;
	t->serial = 1;
}

void tt_writer_tables_clear(struct tt_writer *w)
{
	struct tt_writer_tables *t = &w->tables;

	tt_generation_clear(&t->gen);
	tt_idmap_clear(&t->texts);
	t->samples.n = t->batches.n = t->string_of.n = t->stack_of.n = 0;
	t->source = NULL;
	t->next_string = t->next_stack = 1;
	t->serial++;
	clear_arena(&t->arena);
}

void tt_writer_tables_release(struct tt_writer *w)
{
	struct tt_writer_tables *t = &w->tables;

	clear_arena(&t->arena);
	TT_ARRAY_RELEASE(&w->mem, &t->arena.blocks);
	TT_ARRAY_RELEASE(&w->mem, &t->samples);
	TT_ARRAY_RELEASE(&w->mem, &t->batches);
	TT_ARRAY_RELEASE(&w->mem, &t->string_of);
	TT_ARRAY_RELEASE(&w->mem, &t->stack_of);
	tt_idmap_release(&t->texts);
	tt_generation_release(&t->gen);
}

/* ---- entries */

static uint64_t free_id(const struct tt_idmap *ids, uint64_t *next)
{
	while (tt_idmap_find(ids, *next) != TT_IDMAP_NONE)
		++*next;
	return (*next)++;
}

/* A name that is longer than the format allows loses its beginning, as in Go. */
static struct tt_str cut(struct tt_writer *w, struct tt_str text)
{
	size_t over = text.len > TT_STRING_MAX_SIZE ? text.len - TT_STRING_MAX_SIZE : 0;

	w->progress.cut += over != 0;
	return over == 0 ? text : (struct tt_str){text.data + over, text.len - over};
}

static bool add_string(struct tt_writer *w, uint64_t id, struct tt_str text)
{
	uint8_t *copy = keep(w, text.len == 0 ? 1 : text.len);

	if (copy == NULL)
		return false;
	if (text.len != 0)
		memcpy(copy, text.data, text.len);
	w->nbytes += text.len + 4;
	return tt_generation_add_string(&w->tables.gen, id,
					(struct tt_str){(const char *)copy, text.len});
}

static bool add_stack(struct tt_writer *w, uint64_t id, const struct tt_wire_frame *frames,
		      size_t nframes)
{
	uint8_t buf[TT_V2_MAX_FRAMES * 4 * TT_VARINT_MAX], *p = buf, *copy;

	for (size_t i = 0; i < nframes; i++) {
		p = tt_varint_put(p, frames[i].pc);
		p = tt_varint_put(p, frames[i].func);
		p = tt_varint_put(p, frames[i].file);
		p = tt_varint_put(p, frames[i].line);
	}
	copy = keep(w, (size_t)(p - buf) + 1);
	if (copy == NULL)
		return false;
	memcpy(copy, buf, (size_t)(p - buf));
	w->nbytes += (size_t)(p - buf) + 4;
	return tt_generation_add_stack(&w->tables.gen,
				       &(struct tt_stack_entry){id, copy, (uint32_t)nframes});
}

/* The id of a text, which is `wish` if the text is new and `wish` is free; 0: any is good. */
static bool id_of_text(struct tt_writer *w, struct tt_str text, uint64_t wish, uint64_t *out)
{
	struct tt_writer_tables *t = &w->tables;
	struct tt_generation *g = &t->gen;
	uint64_t key = tt_idmap_id_of(t->texts.seed, text.data, text.len);
	uint32_t i = tt_idmap_find(&t->texts, key);

	if (i != TT_IDMAP_NONE && g->strings.at[i].len == text.len &&
	    memcmp(g->strings.at[i].data, text.data, text.len) == 0) {
		*out = g->strings.at[i].id;
		return true;
	}
	*out = wish != 0 && tt_idmap_find(&g->string_ids, wish) == TT_IDMAP_NONE
		       ? wish
		       : free_id(&g->string_ids, &t->next_string);
	if (i == TT_IDMAP_NONE && !tt_idmap_add(&t->texts, key, (uint32_t)g->strings.n))
		return false;
	return add_string(w, *out, text);
}

bool tt_writer_add_text(struct tt_writer *w, struct tt_str text, uint64_t *out)
{
	*out = 0;
	text = cut(w, text);
	return text.len == 0 || id_of_text(w, text, 0, out);
}

bool tt_writer_add_frames(struct tt_writer *w, const struct tt_wire_frame *frames, size_t nframes,
			  uint64_t *out)
{
	*out = 0;
	if (nframes == 0)
		return true;
	*out = free_id(&w->tables.gen.stack_ids, &w->tables.next_stack);
	return add_stack(w, *out, frames, nframes);
}

/* ---- entries of a source */

static bool resize_map(struct tt_writer *w, void *array, size_t *n, size_t *cap, size_t want)
{
	uint64_t *at;

	if (!tt_mem_grow(&w->mem, array, cap, want, sizeof(uint64_t)))
		return false;
	memcpy(&at, array, sizeof(at));
	memset(at, 0, want * sizeof(*at));
	*n = want;
	return true;
}

/* Turns to the generation that ids are of. */
static bool use_source(struct tt_writer *w, const struct tt_generation *from)
{
	struct tt_writer_tables *t = &w->tables;

	if (t->source == from && t->source_ordinal == from->ordinal &&
	    t->source_reader == from->reader &&
	    t->string_of.n == from->strings.n + 1 && t->stack_of.n == from->stacks.n + 1)
		return true;
	t->source = from;
	t->source_ordinal = from->ordinal;
	t->source_reader = from->reader;
	return resize_map(w, &t->string_of.at, &t->string_of.n, &t->string_of.cap,
			  from->strings.n + 1) &&
	       resize_map(w, &t->stack_of.at, &t->stack_of.n, &t->stack_of.cap,
			  from->stacks.n + 1);
}

static bool fail_id(struct tt_writer *w, int code, const char *what, uint64_t id)
{
	tt_fail(&w->err, code, "found invalid %s ID %llu", what, (unsigned long long)id);
	return false;
}

bool tt_writer_map_string(struct tt_writer *w, const struct tt_generation *from, uint64_t id,
			  uint64_t *out)
{
	struct tt_writer_tables *t = &w->tables;
	struct tt_str text;
	uint32_t i;

	*out = 0;
	if (id == 0)
		return true;
	i = tt_idmap_find(&from->string_ids, id);
	if (i == TT_IDMAP_NONE)
		return fail_id(w, TT_E_EVENT_STRING, "string", id);
	if (!use_source(w, from))
		return tt_writer_no_memory(w) == TT_OK;
	*out = t->string_of.at[i];
	if (*out != 0)
		return true;
	text = (struct tt_str){from->strings.at[i].data, from->strings.at[i].len};
	if (!id_of_text(w, cut(w, text), id, out))
		return tt_writer_no_memory(w) == TT_OK;
	t->string_of.at[i] = *out;
	return true;
}

/* The frames of a stack as a reader shows them, with ids of the result. */
static bool map_frames(struct tt_writer *w, const struct tt_generation *from,
		       const struct tt_stack_entry *stack, struct tt_wire_frame *out, size_t *n)
{
	const uint8_t *p = stack->frames;

	*n = stack->nframes < TT_V2_MAX_FRAMES ? stack->nframes : TT_V2_MAX_FRAMES;
	w->progress.cut += *n != stack->nframes;
	for (size_t i = 0; i < *n; i++) {
		uint64_t pc = tt_varint_trusted(&p);
		const struct tt_wire_frame *frame =
			&from->frames.at[tt_idmap_find(&from->pcs, pc)];

		for (unsigned k = 0; k < 3; k++)
			tt_varint_trusted(&p);
		out[i].pc = pc;
		out[i].line = frame->line;
		if (!tt_writer_map_string(w, from, frame->func, &out[i].func) ||
		    !tt_writer_map_string(w, from, frame->file, &out[i].file))
			return false;
	}
	return true;
}

bool tt_writer_map_stack(struct tt_writer *w, const struct tt_generation *from, uint64_t id,
			 uint64_t *out)
{
	struct tt_writer_tables *t = &w->tables;
	struct tt_wire_frame frames[TT_V2_MAX_FRAMES];
	size_t n;
	uint32_t i;

	*out = 0;
	if (id == 0)
		return true;
	i = tt_idmap_find(&from->stack_ids, id);
	if (i == TT_IDMAP_NONE)
		return fail_id(w, TT_E_EVENT_STACK, "stack", id);
	if (!use_source(w, from))
		return tt_writer_no_memory(w) == TT_OK;
	*out = t->stack_of.at[i];
	if (*out != 0)
		return true;
	if (!map_frames(w, from, &from->stacks.at[i], frames, &n))
		return false;
	*out = tt_idmap_find(&t->gen.stack_ids, id) == TT_IDMAP_NONE
		       ? id
		       : free_id(&t->gen.stack_ids, &t->next_stack);
	if (!add_stack(w, *out, frames, n))
		return tt_writer_no_memory(w) == TT_OK;
	t->stack_of.at[i] = *out;
	return true;
}

/* ---- ids that are kept */

bool tt_writer_can_keep_ids(struct tt_writer *w, const struct tt_generation *from)
{
	const struct tt_writer_tables *t = &w->tables;
	const struct tt_generation *g = &t->gen;

	if (!use_source(w, from))
		return tt_writer_no_memory(w) == TT_OK;
	for (size_t i = 0; i < g->strings.n; i++) {
		uint32_t at = tt_idmap_find(&from->string_ids, g->strings.at[i].id);

		if (at != TT_IDMAP_NONE && t->string_of.at[at] != g->strings.at[i].id)
			return false;
	}
	for (size_t i = 0; i < g->stacks.n; i++) {
		uint32_t at = tt_idmap_find(&from->stack_ids, g->stacks.at[i].id);

		if (at != TT_IDMAP_NONE && t->stack_of.at[at] != g->stacks.at[i].id)
			return false;
	}
	return true;
}

void tt_writer_leave_ids(struct tt_writer *w, const struct tt_generation *from)
{
	struct tt_writer_tables *t = &w->tables;

	for (size_t i = 0; i < from->strings.n; i++)
		if (from->strings.at[i].id >= t->next_string && from->strings.at[i].id < UINT64_MAX)
			t->next_string = from->strings.at[i].id + 1;
	for (size_t i = 0; i < from->stacks.n; i++)
		if (from->stacks.at[i].id >= t->next_stack && from->stacks.at[i].id < UINT64_MAX)
			t->next_stack = from->stacks.at[i].id + 1;
}

bool tt_writer_expect_strings(struct tt_writer *w, size_t n)
{
	struct tt_generation *g = &w->tables.gen;

	return tt_mem_grow(&w->mem, &g->strings.at, &g->strings.cap, g->strings.n + n,
			   sizeof(*g->strings.at));
}

bool tt_writer_keep_string(struct tt_writer *w, const struct tt_generation *from, uint64_t id)
{
	struct tt_writer_tables *t = &w->tables;
	uint64_t mapped;
	uint32_t i;

	if (!tt_writer_map_string(w, from, id, &mapped))
		return false;
	if (mapped == id)
		return true;
	/* (another one has the same text) */
	i = tt_idmap_find(&from->string_ids, id);
	if (!add_string(w, id, cut(w, (struct tt_str){from->strings.at[i].data,
						      from->strings.at[i].len})))
		return tt_writer_no_memory(w) == TT_OK;
	t->string_of.at[i] = id;
	return true;
}

bool tt_writer_keep_stack(struct tt_writer *w, const struct tt_generation *from, uint64_t id)
{
	uint64_t mapped;

	return tt_writer_map_stack(w, from, id, &mapped) &&
	       (mapped == id || fail_id(w, TT_E_EVENT_STACK, "stack", id));
}

/* ---- samples and batches */

bool tt_writer_add_sample(struct tt_writer *w, const struct tt_event *ev)
{
	struct tt_sample sample = {
		.time_ns = ev->time_ns,
		.thread = ev->thread,
		.proc = ev->proc,
		.goroutine = ev->goroutine,
	};
	uint32_t i;

	/* a sample may name a stack that does not exist: Go's tools fail at such a one */
	if (ev->generation == NULL) {
		i = tt_idmap_find(&w->tables.gen.stack_ids, ev->args[4]);
		sample.stack = i == TT_IDMAP_NONE ? 0 : ev->args[4];
	} else if (tt_idmap_find(&ev->generation->stack_ids, ev->args[4]) != TT_IDMAP_NONE &&
		   !tt_writer_map_stack(w, ev->generation, ev->args[4], &sample.stack)) {
		return false;
	}
	if (!TT_ARRAY_ROOM(&w->mem, &w->tables.samples))
		return tt_writer_no_memory(w) == TT_OK;
	w->tables.samples.at[w->tables.samples.n++] = sample;
	w->nbytes += 24;
	return true;
}

bool tt_writer_add_batch(struct tt_writer *w, const struct tt_kept_batch *batch)
{
	uint8_t *copy = keep(w, batch->size + 1);
	struct tt_kept_batch *to;

	if (copy == NULL || !TT_ARRAY_ROOM(&w->mem, &w->tables.batches))
		return tt_writer_no_memory(w) == TT_OK;
	if (batch->size != 0)
		memcpy(copy, batch->data, batch->size);
	to = &w->tables.batches.at[w->tables.batches.n++];
	*to = *batch;
	to->data = copy;
	w->nbytes += batch->size + 16;
	return true;
}

bool tt_writer_embed_batch(struct tt_writer *w, const struct tt_kept_batch *batch)
{
	uint8_t head[TT_EMBEDDED_HEAD + TT_VARINT_MAX];
	struct tt_kept_batch b = *batch;
	struct tt_bytes wrapped = {.mem = &w->mem};
	bool good = true;

	if (batch->experiment > TT_EMBEDDED_IN) {
		tt_embedded_put_head(head, TT_EMBEDDED_BATCH);
		good = tt_bytes_put(&wrapped, head,
				    (size_t)(tt_varint_put(head + TT_EMBEDDED_HEAD,
							   batch->experiment) - head)) &&
		       (b.size == 0 || tt_bytes_put(&wrapped, b.data, b.size));
		b.experiment = TT_EMBEDDED_IN;
		b.data = wrapped.data;
		b.size = wrapped.len;
	}
	if (!good)
		tt_writer_no_memory(w);
	else if (b.size > TT_BATCH_MAX_SIZE)
		tt_fail(&w->err, TT_E_BATCH_SIZE, "a batch of %zu bytes: at most %d fit", b.size,
			TT_BATCH_MAX_SIZE);
	else
		good = tt_writer_add_batch(w, &b);
	tt_bytes_release(&wrapped);
	return good && w->err.code == TT_OK;
}

/* The bytes that the file has: what the reader took out of an embedded batch is put back. */
static struct tt_kept_batch whole_batch(const struct tt_batch *b, int64_t time_ns)
{
	struct tt_kept_batch batch = {b->experiment, b->thread, time_ns, b->data, b->size};
	size_t nhead = (size_t)(b->data_offset - b->offset);
	size_t wrap = TT_EMBEDDED_HEAD + (b->experiment > 0x7f ? 2 : 1);
	uint8_t head[TT_EMBEDDED_HEAD];

	tt_embedded_put_head(head, TT_EMBEDDED_BATCH);
	/* (the least header of a batch has six bytes) */
	if (b->experiment > TT_EMBEDDED_IN && nhead >= wrap + 6 &&
	    memcmp(b->data - wrap, head, sizeof(head)) == 0) {
		batch.experiment = TT_EMBEDDED_IN;
		batch.data -= wrap;
		batch.size += wrap;
	}
	return batch;
}

bool tt_writer_copy_batches(struct tt_writer *w, const struct tt_generation *from)
{
	for (size_t i = 0; !w->drops_batches && i < from->experimental.n; i++) {
		const struct tt_batch *b = &from->experimental.at[i];
		struct tt_kept_batch batch =
			whole_batch(b, tt_generation_ns(from, b->time_ticks));

		if (tt_embedded_body(b, TT_EMBEDDED_EVENTS) == NULL &&
		    !tt_writer_add_batch(w, &batch))
			return false;
	}
	return true;
}

/* ---- out */

static void encode_batches(struct tt_writer *w)
{
	for (size_t i = 0; i < w->tables.batches.n; i++) {
		const struct tt_kept_batch *b = &w->tables.batches.at[i];
		const struct tt_batch_head head = {
			.experimental = true,
			.experiment = (uint8_t)b->experiment,
			.generation = w->number,
			.thread = b->thread,
			.time = tt_writer_ticks(w, b->time_ns > w->base_ns ? b->time_ns : w->base_ns),
		};

		tt_encode_batch(w->enc, &head, b->data, b->size);
	}
}

void tt_writer_encode_tables(struct tt_writer *w)
{
	const struct tt_generation *g = &w->tables.gen;
	const struct tt_batch_head head = {
		.generation = w->number,
		.thread = TT_NONE,
		.time = tt_writer_ticks(w, w->base_ns),
	};

	encode_batches(w);
	tt_encode_begin(w->enc, &head);
	for (size_t i = 0; i < w->tables.samples.n; i++)
		tt_encode_sample(w->enc, tt_writer_ticks(w, w->tables.samples.at[i].time_ns),
				 &w->tables.samples.at[i]);
	for (size_t i = 0; i < g->stacks.n; i++) {
		struct tt_wire_frame frames[TT_V2_MAX_FRAMES];
		const uint8_t *p = g->stacks.at[i].frames;

		for (uint32_t f = 0; f < g->stacks.at[i].nframes; f++) {
			frames[f].pc = tt_varint_trusted(&p);
			frames[f].func = tt_varint_trusted(&p);
			frames[f].file = tt_varint_trusted(&p);
			frames[f].line = tt_varint_trusted(&p);
		}
		tt_encode_stack(w->enc, g->stacks.at[i].id, frames, g->stacks.at[i].nframes);
	}
	for (size_t i = 0; i < g->strings.n; i++)
		tt_encode_string(w->enc, g->strings.at[i].id,
				 (struct tt_str){g->strings.at[i].data, g->strings.at[i].len});
	tt_encode_end(w->enc);
}
