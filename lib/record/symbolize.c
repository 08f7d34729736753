/* SPDX-License-Identifier: MIT */
/*
 * symbolize.c - names for a generation's code. Batches are copied but for the tables that
 * hold addresses: stacks, and the types of heap objects. New texts get numbers behind
 * those that the generation has, in batches of their own ahead of the end mark.
 *
 *	stack       number, frames, then for each: address, func, file, line
 *	type        number, address, size, pointer bytes, length of name, name
 */
#include "record/symbolize.h"

#include <stdio.h>
#include <string.h>

#include "spec/types.h"
#include "wire/varint.h"
#include "tracetool_write.h"

void tt_symbolizer_init(struct tt_symbolizer *n, const struct tt_specs *specs, struct tt_mem *mem)
{
	const struct tt_experiment_spec *heap =
		tt_specs_builtin_experiment(specs, TT_EXPERIMENT_ALLOC_FREE);

	memset(n, 0, sizeof(*n));
	n->mem = mem;
	n->heap = heap != NULL ? heap->id : 0;
	tt_idmap_init(&n->known, mem, tt_random_seed());
	tt_idmap_init(&n->frames, mem, tt_random_seed());
}

void tt_symbolizer_release(struct tt_symbolizer *n)
{
	if (n->mem == NULL)
		return;
	tt_idmap_release(&n->known);
	tt_idmap_release(&n->frames);
	TT_ARRAY_RELEASE(n->mem, &n->texts);
	TT_ARRAY_RELEASE(n->mem, &n->named);
	TT_ARRAY_RELEASE(n->mem, &n->pool);
	TT_ARRAY_RELEASE(n->mem, &n->payload);
	TT_ARRAY_RELEASE(n->mem, &n->out);
}

/* ------------------------------------------------------------------- bytes */

static bool put_bytes(struct tt_symbolizer *n, tt_bytes *b, const void *data, size_t len)
{
	if (len > b->cap - b->n &&
	    (len > SIZE_MAX - b->n || !tt_mem_grow(n->mem, &b->at, &b->cap, b->n + len, 1)))
		return false;
	if (len != 0)
		memcpy(b->at + b->n, data, len);
	b->n += len;
	return true;
}

static bool put_number(struct tt_symbolizer *n, tt_bytes *b, uint64_t value)
{
	uint8_t bytes[TT_VARINT_MAX];

	return put_bytes(n, b, bytes, (size_t)(tt_varint_put(bytes, value) - bytes));
}

/* What is left of a batch's data. */
struct cursor {
	const uint8_t *pos, *end;
};

static bool take_number(struct cursor *c, uint64_t *value)
{
	int n = tt_varint(c->pos, c->end, value);

	if (n > 0)
		c->pos += n;
	return n > 0;
}

static bool take_bytes(struct cursor *c, uint64_t len, struct tt_str *out)
{
	if (len > (uint64_t)(c->end - c->pos))
		return false;
	*out = (struct tt_str){(const char *)c->pos, (size_t)len};
	c->pos += len;
	return true;
}

static bool take_type(struct cursor *c, uint8_t type)
{
	if (c->pos == c->end || *c->pos != type)
		return false;
	c->pos++;
	return true;
}

/* ------------------------------------------------------------ batches made */

static bool begin_batch(struct tt_symbolizer *n, const struct tt_raw_batch *like, uint8_t first)
{
	n->like = *like;
	n->payload.n = 0;
	return put_bytes(n, &n->payload, &first, 1);
}

/* Writes what the payload has up to `len`; the head alone is no batch. */
static bool end_batch(struct tt_symbolizer *n, size_t len)
{
	uint8_t type = n->like.experiment != 0 ? TT_EV_EXPERIMENTAL_BATCH : TT_EV_EVENT_BATCH;
	uint8_t experiment = (uint8_t)n->like.experiment;

	if (len <= 1)
		return true;
	return put_bytes(n, &n->out, &type, 1) &&
	       put_bytes(n, &n->out, &experiment, experiment != 0) &&
	       put_number(n, &n->out, n->like.generation) &&
	       put_number(n, &n->out, (uint64_t)n->like.thread) &&
	       put_number(n, &n->out, n->like.time) && put_number(n, &n->out, len) &&
	       put_bytes(n, &n->out, n->payload.at, len);
}

/* Behind a record that began at `start`: it moves to a new batch if this one overflows. */
static bool end_record(struct tt_symbolizer *n, size_t start)
{
	size_t len = n->payload.n - start;

	if (n->payload.n <= TT_BATCH_MAX_SIZE)
		return true;
	if (!end_batch(n, start))
		return false;
	memmove(n->payload.at + 1, n->payload.at + start, len);
	n->payload.n = 1 + len;
	return true;
}

/* ------------------------------------------------------------------- texts */

static bool same(const struct tt_symbolizer *n, uint32_t i, struct tt_str text)
{
	return n->texts.at[i].len == text.len &&
	       memcmp(n->pool.at + n->texts.at[i].at, text.data, text.len) == 0;
}

/* The text's number in this generation; 0 for none. */
static bool intern(struct tt_symbolizer *n, const char *s, uint64_t *id)
{
	size_t len = s != NULL ? strlen(s) : 0;
	struct tt_str text = {len > TT_STRING_MAX_SIZE ? s + len - TT_STRING_MAX_SIZE : s, len > TT_STRING_MAX_SIZE ? TT_STRING_MAX_SIZE : len};
	uint64_t h = tt_idmap_id_of(n->known.seed, text.data, text.len);
	uint32_t i = tt_idmap_find(&n->known, h);

	*id = 0;
	if (text.len == 0)
		return true;
	if (i != TT_IDMAP_NONE && same(n, i, text)) {
		*id = n->texts.at[i].id;
		return true;
	}
	if (!TT_ARRAY_ROOM(n->mem, &n->texts) ||
	    (i == TT_IDMAP_NONE && !tt_idmap_add(&n->known, h, (uint32_t)n->texts.n)))
		return false;
	*id = ++n->last_string;
	n->texts.at[n->texts.n++] = (struct tt_symbolizer_text){*id, n->pool.n, text.len};
	return put_bytes(n, &n->pool, text.data, text.len);
}

static bool put_texts(struct tt_symbolizer *n, const struct tt_raw_batch *like)
{
	if (!begin_batch(n, like, TT_EV_STRINGS))
		return false;
	for (size_t i = 0; i < n->texts.n; i++) {
		const struct tt_symbolizer_text *t = &n->texts.at[i];
		size_t start = n->payload.n;

		if (!put_number(n, &n->payload, TT_EV_STRING) ||
		    !put_number(n, &n->payload, t->id) || !put_number(n, &n->payload, t->len) ||
		    !put_bytes(n, &n->payload, n->pool.at + t->at, t->len) || !end_record(n, start))
			return false;
	}
	return end_batch(n, n->payload.n);
}

/* ------------------------------------------------------------------ frames */

static bool name_frame(struct tt_symbolizer *n, uint64_t pc, struct tt_symbolizer_frame *f)
{
	struct tt_symbol symbol = {NULL, NULL, 0};
	uint32_t i = tt_idmap_find(&n->frames, pc);

	if (i != TT_IDMAP_NONE) {
		*f = n->named.at[i];
		return true;
	}
	*f = (struct tt_symbolizer_frame){.known = n->symbol(n->arg, pc, &symbol),
					  .line = symbol.line};
	if (f->known && (!intern(n, symbol.func, &f->func) || !intern(n, symbol.file, &f->file)))
		return false;
	if (!TT_ARRAY_ROOM(n->mem, &n->named) ||
	    !tt_idmap_add(&n->frames, pc, (uint32_t)n->named.n))
		return false;
	n->named.at[n->named.n++] = *f;
	return true;
}

static bool put_frame(struct tt_symbolizer *n, const uint64_t frame[4])
{
	struct tt_symbolizer_frame f;

	if (!name_frame(n, frame[0], &f))
		return false;
	return put_number(n, &n->payload, frame[0]) &&
	       put_number(n, &n->payload, f.known ? f.func : frame[1]) &&
	       put_number(n, &n->payload, f.known ? f.file : frame[2]) &&
	       put_number(n, &n->payload, f.known ? f.line : frame[3]);
}

/* What became of a table. */
enum made { MADE, BAD_TABLE, NO_MEMORY };

static enum made put_stack(struct tt_symbolizer *n, struct cursor *c)
{
	uint64_t id, nframes, frame[4];

	if (!take_type(c, TT_EV_STACK) || !take_number(c, &id) || !take_number(c, &nframes))
		return BAD_TABLE;
	if (!put_number(n, &n->payload, TT_EV_STACK) || !put_number(n, &n->payload, id) ||
	    !put_number(n, &n->payload, nframes))
		return NO_MEMORY;
	for (uint64_t i = 0; i < nframes; i++) {
		for (int k = 0; k < 4; k++) {
			if (!take_number(c, &frame[k]))
				return BAD_TABLE;
		}
		if (!put_frame(n, frame))
			return NO_MEMORY;
	}
	return MADE;
}

/* ------------------------------------------------------------------- types */

/* FUNC (FILE:LINE), the file without its folders. */
static size_t type_name(const struct tt_symbol *s, char text[TT_STRING_MAX_SIZE])
{
	const char *file = s->file != NULL ? s->file : "", *slash = strrchr(file, '/');
	int len = snprintf(text, TT_STRING_MAX_SIZE, "%.700s (%.200s:%llu)", s->func != NULL ? s->func : "?",
			   slash != NULL ? slash + 1 : file, (unsigned long long)s->line);

	return len < 0 ? 0 : len < TT_STRING_MAX_SIZE ? (size_t)len : TT_STRING_MAX_SIZE - 1;
}

static enum made put_type(struct tt_symbolizer *n, struct cursor *c)
{
	uint64_t field[5];
	struct tt_symbol symbol = {NULL, NULL, 0};
	struct tt_str name;
	char text[TT_STRING_MAX_SIZE];

	for (int k = 0; k < 5; k++) {
		if (!take_number(c, &field[k]))
			return BAD_TABLE;
	}
	if (!take_bytes(c, field[4], &name))
		return BAD_TABLE;
	if (name.len == 0 && n->symbol(n->arg, field[1], &symbol))
		name = (struct tt_str){text, type_name(&symbol, text)};
	for (int k = 0; k < 4; k++) {
		if (!put_number(n, &n->payload, field[k]))
			return NO_MEMORY;
	}
	return put_number(n, &n->payload, name.len) &&
	       put_bytes(n, &n->payload, name.data, name.len) ? MADE : NO_MEMORY;
}

/* ------------------------------------------------------------- generations */

static enum made put_table(struct tt_symbolizer *n, const struct tt_raw_batch *b,
			   enum made (*put)(struct tt_symbolizer *, struct cursor *))
{
	struct cursor c = {b->data + 1, b->data + b->size};
	size_t before = n->out.n;
	enum made made = begin_batch(n, b, b->data[0]) ? MADE : NO_MEMORY;

	while (made == MADE && c.pos < c.end) {
		size_t start = n->payload.n;

		made = put(n, &c);
		if (made == MADE && !end_record(n, start))
			made = NO_MEMORY;
	}
	if (made == MADE && !end_batch(n, n->payload.n))
		made = NO_MEMORY;
	if (made == BAD_TABLE)
		n->out.n = before;
	return made;
}

static enum made put_batch(struct tt_symbolizer *n, const struct tt_raw_batch *b)
{
	if (b->size == 0)
		return BAD_TABLE;
	if (b->kind == TT_RAW_BATCH_EVENTS && b->data[0] == TT_EV_STACKS)
		return put_table(n, b, put_stack);
	if (b->kind == TT_RAW_BATCH_EXPERIMENT && b->experiment == n->heap && n->heap != 0 &&
	    b->data[0] == TT_TAG_ALLOC_FREE_TYPES)
		return put_table(n, b, put_type);
	return BAD_TABLE;
}

static void count_strings(struct tt_symbolizer *n, const struct tt_raw_batch *b)
{
	struct cursor c = {b->data, b->data + b->size};
	struct tt_str text;
	uint64_t id, len;

	if (b->kind != TT_RAW_BATCH_EVENTS || !take_type(&c, TT_EV_STRINGS))
		return;
	while (take_type(&c, TT_EV_STRING) && take_number(&c, &id) && take_number(&c, &len) &&
	       take_bytes(&c, len, &text)) {
		if (id > n->last_string && id < UINT64_MAX / 2)
			n->last_string = id;
	}
}

/* The next batch; false: none that is whole. */
static bool next_batch(struct cursor *c, struct tt_raw_batch *b, const uint8_t **begin)
{
	uint64_t nbytes;

	*begin = c->pos;
	if (c->pos == c->end || !tt_batch_plausible(c->pos, c->end, b, &nbytes) ||
	    nbytes > (uint64_t)(c->end - c->pos))
		return false;
	c->pos += nbytes;
	b->data = c->pos - b->size;
	if (b->kind == TT_RAW_BATCH_EXPERIMENT)
		b->experiment = (*begin)[1];
	return true;
}

static void reset(struct tt_symbolizer *n)
{
	tt_idmap_clear(&n->known);
	tt_idmap_clear(&n->frames);
	n->texts.n = n->named.n = n->pool.n = n->out.n = 0;
	n->last_string = 0;
}

bool tt_symbolizer_apply(struct tt_symbolizer *n, const uint8_t *data, size_t nbytes)
{
	struct cursor c = {data, data + nbytes};
	struct tt_raw_batch b, last = {.kind = TT_RAW_BATCH_BAD};
	const uint8_t *begin;

	reset(n);
	while (next_batch(&c, &b, &begin))
		count_strings(n, &b);
	c.pos = data;
	while (next_batch(&c, &b, &begin)) {
		enum made made = BAD_TABLE;

		if (b.kind != TT_RAW_BATCH_END)
			made = put_batch(n, &b);
		else if (last.kind != TT_RAW_BATCH_BAD && !put_texts(n, &last))
			return false;
		if (made == NO_MEMORY ||
		    (made == BAD_TABLE && !put_bytes(n, &n->out, begin, (size_t)(c.pos - begin))))
			return false;
		last = b;
		last.kind = TT_RAW_BATCH_EVENTS;
		last.experiment = 0;
		last.thread = TT_NONE;
	}
	return put_bytes(n, &n->out, c.pos, (size_t)(c.end - c.pos));
}
