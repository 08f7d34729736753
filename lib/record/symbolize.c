/* SPDX-License-Identifier: MIT */
/*
 * symbolize.c - names for a generation's code. Batches are copied but for the tables that
 * hold addresses: stacks, and the types of heap objects. New texts get numbers after
 * those that the generation has, in batches of their own in front of the end mark.
 *
 *	stack       number, frames, then for each: address, func, file, line
 *	type        number, address, size, pointer bytes, length of name, name
 */
#include "record/symbolize.h"

#include <stdio.h>
#include <string.h>

#include "spec/types.h"
#include "tracetool_write.h"

void tt_symbolizer_init(struct tt_symbolizer *n, const struct tt_specs *specs, struct tt_mem *mem)
{
	const struct tt_experiment_spec *heap =
		tt_specs_builtin_experiment(specs, TT_EXPERIMENT_ALLOC_FREE);

	memset(n, 0, sizeof(*n));
	n->mem = n->pool.mem = n->out.mem = mem;
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
	tt_bytes_release(&n->pool);
	tt_bytes_release(&n->out);
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

/* ---- texts */

static bool is_text(const struct tt_symbolizer *n, uint32_t i, struct tt_str text)
{
	return n->texts.at[i].len == text.len &&
	       memcmp(n->pool.data + n->texts.at[i].at, text.data, text.len) == 0;
}

/* The text's number in this generation; 0 for none. */
static bool intern(struct tt_symbolizer *n, const char *s, uint64_t *id)
{
	struct tt_str text = tt_name_that_fits(s != NULL ? s : "");
	uint64_t h = tt_idmap_id_of(n->known.seed, text.data, text.len);
	uint32_t i = tt_idmap_find(&n->known, h);

	*id = 0;
	if (text.len == 0)
		return true;
	if (i != TT_IDMAP_NONE && is_text(n, i, text)) {
		*id = n->texts.at[i].id;
		return true;
	}
	if (!TT_ARRAY_ROOM(n->mem, &n->texts) ||
	    (i == TT_IDMAP_NONE && !tt_idmap_add(&n->known, h, (uint32_t)n->texts.n)))
		return false;
	*id = ++n->last_string;
	n->texts.at[n->texts.n++] = (struct tt_symbolizer_text){*id, n->pool.len, text.len};
	return tt_bytes_put(&n->pool, text.data, text.len);
}

static void put_texts(struct tt_symbolizer *n, const struct tt_batch_head *head)
{
	tt_encode_begin(&n->enc, head);
	for (size_t i = 0; i < n->texts.n; i++) {
		const struct tt_symbolizer_text *t = &n->texts.at[i];

		tt_encode_string(&n->enc, t->id,
				 (struct tt_str){(const char *)n->pool.data + t->at, t->len});
	}
	tt_encode_end(&n->enc);
}

/* ---- frames */

static bool name_frame(struct tt_symbolizer *n, struct tt_wire_frame *frame)
{
	struct tt_symbol symbol = {NULL, NULL, 0};
	struct tt_symbolizer_frame named = {.frame = *frame};
	uint32_t i = tt_idmap_find(&n->frames, frame->pc);

	if (i != TT_IDMAP_NONE) {
		if (n->named.at[i].known)
			*frame = n->named.at[i].frame;
		return true;
	}
	named.known = n->symbol(n->arg, frame->pc, &symbol);
	if (named.known) {
		named.frame.line = symbol.line;
		if (!intern(n, symbol.func, &named.frame.func) ||
		    !intern(n, symbol.file, &named.frame.file))
			return false;
		*frame = named.frame;
	}
	if (!TT_ARRAY_ROOM(n->mem, &n->named) ||
	    !tt_idmap_add(&n->frames, frame->pc, (uint32_t)n->named.n))
		return false;
	n->named.at[n->named.n++] = named;
	return true;
}

/* What became of a table. */
enum made { MADE, BAD_TABLE, NO_MEMORY };

static enum made put_stack(struct tt_symbolizer *n, struct cursor *c)
{
	struct tt_wire_frame frames[TT_V2_MAX_FRAMES];
	uint64_t id, nframes;

	if (!take_type(c, TT_EV_STACK) || !take_number(c, &id) || !take_number(c, &nframes) ||
	    nframes > TT_V2_MAX_FRAMES)
		return BAD_TABLE;
	for (uint64_t i = 0; i < nframes; i++) {
		if (!take_number(c, &frames[i].pc) || !take_number(c, &frames[i].func) ||
		    !take_number(c, &frames[i].file) || !take_number(c, &frames[i].line))
			return BAD_TABLE;
		if (!name_frame(n, &frames[i]))
			return NO_MEMORY;
	}
	tt_encode_stack(&n->enc, id, frames, (size_t)nframes);
	return MADE;
}

/* ---- types */

/* FUNC (FILE:LINE), the file without its folders. */
static size_t type_name(const struct tt_symbol *s, char text[TT_STRING_MAX_SIZE])
{
	const char *file = s->file != NULL ? s->file : "", *slash = strrchr(file, '/');
	int len = snprintf(text, TT_STRING_MAX_SIZE, "%.700s (%.200s:%llu)",
			   s->func != NULL ? s->func : "?", slash != NULL ? slash + 1 : file,
			   (unsigned long long)s->line);

	return len < 0 ? 0 : len < TT_STRING_MAX_SIZE ? (size_t)len : TT_STRING_MAX_SIZE - 1;
}

static enum made put_type(struct tt_symbolizer *n, struct cursor *c)
{
	uint64_t field[5]; /* the last is the name's length */
	struct tt_symbol symbol = {NULL, NULL, 0};
	struct tt_str name;
	char text[TT_STRING_MAX_SIZE];
	uint8_t *p;

	for (int k = 0; k < 5; k++) {
		if (!take_number(c, &field[k]))
			return BAD_TABLE;
	}
	if (!take_bytes(c, field[4], &name))
		return BAD_TABLE;
	if (name.len == 0 && n->symbol(n->arg, field[1], &symbol))
		name = (struct tt_str){text, type_name(&symbol, text)};
	p = tt_encode_record(&n->enc, TT_TAG_ALLOC_FREE_TYPES);
	for (int k = 0; k < 4; k++)
		p = tt_varint_put(p, field[k]);
	p = tt_varint_put(p, name.len);
	memcpy(p, name.data, name.len);
	tt_encode_record_end(&n->enc, p + name.len);
	return MADE;
}

/* ---- generations */

static enum made put_table(struct tt_symbolizer *n, const struct tt_raw_batch *b,
			   enum made (*put)(struct tt_symbolizer *, struct cursor *))
{
	const struct tt_batch_head head = tt_raw_batch_head(b);
	struct cursor c = {b->data + 1, b->data + b->size};
	size_t before = n->out.len;
	enum made made = MADE;

	tt_encode_begin(&n->enc, &head);
	while (made == MADE && c.pos < c.end)
		made = put(n, &c);
	if (made == BAD_TABLE) {
		tt_encode_drop(&n->enc);
		n->out.len = before;
	}
	tt_encode_end(&n->enc);
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
	n->texts.n = n->named.n = n->pool.len = n->out.len = 0;
	n->last_string = 0;
	tt_encoder_init_bytes(&n->enc, &n->out);
}

bool tt_symbolizer_apply(struct tt_symbolizer *n, const uint8_t *data, size_t nbytes)
{
	struct cursor c = {data, data + nbytes};
	struct tt_batch_head last = {.thread = TT_NONE};
	struct tt_raw_batch b;
	const uint8_t *begin;

	reset(n);
	while (next_batch(&c, &b, &begin))
		count_strings(n, &b);
	c.pos = data;
	while (next_batch(&c, &b, &begin)) {
		enum made made = BAD_TABLE;

		if (b.kind != TT_RAW_BATCH_END)
			made = put_batch(n, &b);
		else if (begin != data)
			put_texts(n, &last);
		if (made == NO_MEMORY)
			return false;
		if (made == BAD_TABLE)
			tt_encode_bytes(&n->enc, begin, (size_t)(c.pos - begin));
		last.generation = b.generation;
		last.time = b.time;
	}
	tt_encode_bytes(&n->enc, c.pos, (size_t)(c.end - c.pos));
	return !n->enc.failed;
}
