/* SPDX-License-Identifier: MIT */
/*
 * salvage.c - collects the batches of a broken generation: whole, or as far as
 * their records can be read. Stands on gen.
 */
#include "repair/salvage.h"

#include <string.h>

#include "base/error.h"
#include "experiment/embedded.h"
#include "spec/types.h"
#include "wire/varint.h"

void tt_salvage_init(struct tt_salvage *s, struct tt_mem *mem, const struct tt_specs *specs,
		     const struct tt_batch_rules *rules)
{
	memset(s, 0, sizeof(*s));
	s->mem = mem;
	s->rules = rules;
	s->unknown_type = -1;
	tt_generation_init(&s->gen, mem, specs);
}

/* How long the copy of a batch is: its header stands in front of its data. */
static size_t copied_nbytes(const struct tt_raw_batch *b)
{
	return (size_t)(b->data_offset - b->offset) + b->size;
}

static void release_batch(struct tt_salvage *s, struct tt_salvaged_batch *b)
{
	uint8_t *copy = (uint8_t *)(uintptr_t)b->head.data - (b->head.data_offset - b->head.offset);

	tt_mem_free(s->mem, copy, copied_nbytes(&b->head));
	tt_mem_free(s->mem, b->clean, b->head.size);
}

void tt_salvage_release(struct tt_salvage *s)
{
	if (s->mem == NULL)
		return;
	for (size_t i = 0; i < s->list.n; i++)
		release_batch(s, &s->list.at[i]);
	for (size_t i = 0; i < s->texts.n; i++)
		tt_mem_free(s->mem, (char *)(uintptr_t)s->texts.at[i].data, s->texts.at[i].len);
	TT_ARRAY_RELEASE(s->mem, &s->list);
	TT_ARRAY_RELEASE(s->mem, &s->texts);
	tt_generation_release(&s->gen);
	memset(s, 0, sizeof(*s));
}

static int no_memory(const struct tt_salvage *s, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(s->mem), "no memory for what is left of a generation");
}

/* ---- records of a table */

static const uint8_t *skip_numbers(const uint8_t *p, const uint8_t *end, uint64_t n,
				   uint64_t *last)
{
	for (; n > 0; n--) {
		int length = tt_varint(p, end, last);

		if (length <= 0)
			return NULL;
		p += length;
	}
	return p;
}

/* The byte behind the record at p; NULL if it is not whole or too large. */
static const uint8_t *record_end(uint8_t table, const uint8_t *p, const uint8_t *end)
{
	uint64_t n;

	p++;
	switch (table) {
	case TT_EV_STRINGS:
		p = skip_numbers(p, end, 2, &n);
		if (p == NULL || n > TT_STRING_MAX_SIZE || n > (uint64_t)(end - p))
			return NULL;
		return p + n;
	case TT_EV_STACKS:
		p = skip_numbers(p, end, 2, &n);
		if (p == NULL || n > TT_V2_MAX_FRAMES)
			return NULL;
		return skip_numbers(p, end, 4 * n, &n);
	default:
		return skip_numbers(p, end, 5, &n);
	}
}

static bool is_machine(int code)
{
	return code == TT_E_MEMORY || code == TT_E_LIMIT;
}

/*
 * Files a table record by record and keeps those that are good. The handlers of
 * tables pass over a batch's first byte unseen, so that any record may stand
 * behind the byte before it.
 */
static int add_records(struct tt_salvage *s, struct tt_salvaged_batch *b, struct tt_error *err)
{
	const uint8_t *p = b->head.data + 1, *end = b->head.data + b->head.size, *next;
	uint8_t table = b->head.data[0];

	b->clean = tt_mem_alloc(s->mem, b->head.size);
	if (b->clean == NULL)
		return no_memory(s, err);
	b->clean[b->nclean++] = table;
	for (; p < end && (next = record_end(table, p, end)) != NULL; p = next) {
		struct tt_raw_batch one = b->head;
		int rc;

		one.data = p - 1;
		one.data_offset += (uint64_t)(p - 1 - b->head.data);
		one.size = (uint32_t)(next - p + 1);
		rc = s->rules->add[table](&s->gen, &one, err);
		if (rc < 0 && is_machine(-rc))
			return rc;
		if (rc < 0 && rc != -TT_E_STRING_DUPLICATE && rc != -TT_E_STACK_DUPLICATE)
			break;
		if (rc < 0)
			continue;
		memcpy(b->clean + b->nclean, p, (size_t)(next - p));
		b->nclean += (uint32_t)(next - p);
	}
	if (b->nclean == b->head.size) {
		tt_mem_free(s->mem, b->clean, b->head.size);
		b->clean = NULL;
	}
	return TT_OK;
}

/* ---- batches */

static bool is_table(uint8_t first)
{
	return first == TT_EV_STRINGS || first == TT_EV_STACKS || first == TT_EV_CPU_SAMPLES;
}

static int file_batch(struct tt_salvage *s, struct tt_salvaged_batch *b, struct tt_error *err)
{
	uint8_t first = b->head.first;
	bool events = b->head.experiment == 0 &&
		      (b->head.size == 0 || s->rules->add[first] == s->rules->add[0]);
	int rc;

	if (events && s->framing_lost) {
		b->dropped = true;
		return TT_OK;
	}
	if (b->head.experiment == 0 && is_table(first) && b->head.size != 0)
		return add_records(s, b, err);
	b->events = events;
	b->sync = b->head.experiment == 0 && !events && first == s->rules->sync;
	rc = tt_generation_add(&s->gen, s->rules, &b->head, err);
	if (rc < 0 && is_machine(-rc))
		return rc;
	if (rc < 0) {
		b->dropped = true;
		s->sync_damaged |= b->sync;
	}
	return TT_OK;
}

/* Copies a batch and files it. */
static int add(struct tt_salvage *s, const struct tt_raw_batch *batch, struct tt_error *err)
{
	size_t nheader = (size_t)(batch->data_offset - batch->offset);
	struct tt_salvaged_batch *b;
	uint8_t *copy;

	if (!TT_ARRAY_ROOM(s->mem, &s->list))
		return no_memory(s, err);
	copy = tt_mem_alloc(s->mem, copied_nbytes(batch));
	if (copy == NULL)
		return no_memory(s, err);
	memcpy(copy, batch->data - nheader, copied_nbytes(batch));
	b = &s->list.at[s->list.n++];
	*b = (struct tt_salvaged_batch){.head = *batch, .cut = s->adding_cut};
	b->head.data = copy + nheader;
	s->gen.batches_read++;
	if (!s->has_time || batch->time < s->gen.min_time)
		s->gen.min_time = batch->time;
	s->has_time = true;
	s->end_offset = batch->data_offset + batch->size;
	return file_batch(s, b, err);
}

/* Whether what is left of a batch holds good events: a thread's own, or embedded ones. */
static bool has_events(const struct tt_raw_batch *b)
{
	const struct tt_batch batch = {
		.experiment = b->experiment,
		.data = b->data,
		.size = b->size,
	};

	return b->size != 0 && (b->kind == TT_RAW_BATCH_EVENTS || tt_embedded_has_events(&batch));
}

/* The batch that the input's end cuts off: its events in front of that are good. */
static int add_cut_batch(struct tt_salvage *s, struct tt_loader *l, struct tt_error *err)
{
	struct tt_raw_batch b;
	const uint8_t *data;
	uint64_t nbytes;
	size_t avail;
	int rc;

	tt_source_peek(l->src, TT_BATCH_MAX_HEADER + TT_BATCH_MAX_SIZE, &data, &avail, err);
	if (avail == 0 || !tt_batch_plausible(data, data + avail, &b, &nbytes) ||
	    b.generation != s->gen.number || nbytes <= avail)
		return TT_OK;
	b.offset = tt_source_offset(l->src);
	b.data_offset = b.offset + (nbytes - b.size);
	b.data = data + (nbytes - b.size);
	b.size -= (uint32_t)(nbytes - avail);
	if (!has_events(&b))
		return TT_OK;
	b.first = b.data[0];
	s->adding_cut = true;
	rc = add(s, &b, err);
	s->adding_cut = false;
	return rc;
}

/* Whatever the framing breaks for: what can be had of the batch there. */
static int framing_lost(struct tt_salvage *s, struct tt_loader *l, int rc, struct tt_error *err)
{
	s->framing_lost = true;
	if (is_machine(-rc) || rc == -TT_E_IO)
		return rc;
	return rc == -TT_E_CUT_OFF && s->gen.number != 0 ? add_cut_batch(s, l, err) : TT_OK;
}

static int collect(struct tt_salvage *s, struct tt_loader *l, uint64_t end, struct tt_error *err)
{
	struct tt_framer framer = l->framer;
	struct tt_raw_batch b;

	tt_framer_begin(&framer);
	while (tt_source_offset(l->src) < end) {
		int rc = tt_framer_next(&framer, l->src, &b, err);

		s->gen.number = framer.number;
		if (rc == TT_FRAMED_INPUT_END)
			return TT_OK;
		if (rc < 0)
			return framing_lost(s, l, rc, err);
		if (rc == TT_FRAMED_MARK) {
			s->end_offset = tt_source_offset(l->src);
			s->ended = true;
			return TT_OK;
		}
		if (rc == TT_FRAMED_NEXT || b.generation == 0 || b.generation != s->gen.number) {
			s->framing_lost = true;
			return TT_OK;
		}
		rc = add(s, &b, err);
		if (rc < 0)
			return rc;
	}
	return TT_OK;
}

int tt_salvage_collect(struct tt_salvage *s, struct tt_loader *l, uint64_t begin, uint64_t end,
		       struct tt_error *err)
{
	uint64_t at = tt_source_offset(l->src);
	int rc;

	s->gen.offset = s->end_offset = begin;
	tt_source_seek(l->src, begin);
	rc = collect(s, l, end, err);
	tt_source_seek(l->src, at);
	return rc;
}

int tt_salvage_on_skipped_batch(void *salvage, const struct tt_raw_batch *batch, struct tt_error *err)
{
	struct tt_salvage *s = salvage;

	if (batch->offset < s->end_offset || batch->generation != s->gen.number)
		return TT_OK;
	s->framing_lost = true;
	return add(s, batch, err);
}
