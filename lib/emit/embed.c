/* SPDX-License-Identifier: MIT */
/*
 * embed.c - what Go's format has no place for, in batches of experiment 1, which Go's tools
 * skip: events that Go's reader does not know, batches of other experiments, and the specs of
 * both (tracetool-format(5), "Embedded batches"). Stands on emit.h and wire/embedded.h.
 */
#include "emit/emit.h"
#include "wire/embedded.h"

#define HEAD_MAX (TT_EMBEDDED_HEAD + 4 * TT_VARINT_MAX)
/* With the 8 bytes that tt_varint_put() may overwrite after a number. */
#define EVENT_ROOM (TT_EVENT_MAX_SIZE + sizeof(uint64_t))

_Static_assert(HEAD_MAX <= UINT8_MAX, "struct tt_em_chunk.nhead");

static size_t put_head(uint8_t *to, enum tt_embedded_kind kind)
{
	tt_embedded_put_head(to, kind);
	return TT_EMBEDDED_HEAD;
}

/* ------------------------------------------------------------------- events */

/* A batch for the thread's events of this generation. */
static struct tt_em_chunk *begin_batch(struct tt_emit *e)
{
	struct tt_em_slot *slot = tt_em_slot(e);
	const struct tt_em_chunk *last = slot->embedded;
	struct tt_em_chunk *c;
	uint8_t *p;

	c = tt_em_thread_chunk(e, last == NULL ? TT_EM_CHUNK_SMALL : TT_EM_CHUNK_LARGE);
	if (c == NULL)
		return NULL;
	c->experiment = TT_EMBEDDED_IN;
	c->closed = true;
	if (last != NULL && c->start < last->last)
		c->start = last->last;
	c->last = c->start;
	p = c->data + put_head(c->data, TT_EMBEDDED_EVENTS);
	p = tt_varint_put(p, c->m);
	p = tt_varint_put(p, c->start);
	c->nhead = (uint8_t)(p - c->data);
	tt_em_put_done(c, p);
	tt_em_chunks_add(&slot->batches, c);
	slot->embedded = c;
	return c;
}

/*
 * Later than the thread's last event in its own batches, and its next one there is
 * later than this: so the two can be merged.
 */
static uint64_t time_between(struct tt_em_chunk *own, const struct tt_em_chunk *embedded)
{
	uint64_t now = tt_em_clock_now();

	if (now <= own->last)
		now = own->last + 1;
	if (now < embedded->last)
		now = embedded->last;
	own->floor = now;
	return now;
}

void tt_em_embed_event(struct tt_emit *e, unsigned type, const uint64_t *args, unsigned nargs)
{
	struct tt_em_chunk *c = tt_em_slot(e)->embedded;
	uint64_t now;
	uint8_t *p;

	if (c == NULL || (size_t)(c->end - c->pos) < EVENT_ROOM)
		c = begin_batch(e);
	if (c == NULL)
		return;
	now = time_between(e->chunk, c);
	p = atomic_load_explicit(&c->pos, memory_order_relaxed);
	*p++ = (uint8_t)type;
	p = tt_varint_put(p, now - c->last);
	for (unsigned i = 0; i < nargs; i++)
		p = tt_varint_put(p, args[i]);
	c->last = now;
	tt_em_put_done(c, p);
}

/* ------------------------------------------------------------------ batches */

_Static_assert(TT_EMIT_BATCH_MAX + TT_EM_EMBED_HEAD_MAX + sizeof(struct tt_em_chunk) <=
		       TT_EM_CHUNK_LARGE,
	       "a wrapped batch fits");

uint8_t tt_em_embed_batch_head(unsigned experiment, uint8_t head[TT_EM_EMBED_HEAD_MAX])
{
	size_t n;

	if (experiment == TT_EMBEDDED_IN || tt_em_tracer.all_inline)
		return 0;
	n = put_head(head, TT_EMBEDDED_BATCH);
	/* allowed experiments take one byte */
	head[n++] = (uint8_t)experiment;
	return (uint8_t)n;
}

/* -------------------------------------------------------------------- specs */

/* False: no memory. */
static bool embed_piece(struct tt_emit *e, struct tt_str head, struct tt_str text)
{
	const size_t max_small = TT_EM_CHUNK_SMALL - sizeof(struct tt_em_chunk);
	size_t n = head.len + text.len;
	struct tt_em_chunk *c;

	c = tt_em_thread_chunk(e, n <= max_small ? TT_EM_CHUNK_SMALL : TT_EM_CHUNK_LARGE);
	if (c == NULL)
		return false;
	c->experiment = TT_EMBEDDED_IN;
	c->closed = true;
	memcpy(c->data, head.data, head.len);
	memcpy(c->data + head.len, text.data, text.len);
	tt_em_put_done(c, c->data + n);
	tt_em_chunks_add(&tt_em_slot(e)->batches, c);
	return true;
}

/* A text in as many batches as it takes. */
static void embed_text(struct tt_emit *e, unsigned experiment, struct tt_str text)
{
	uint8_t head[HEAD_MAX], *p;
	size_t at = 0, n, len;

	do {
		p = head + put_head(head, TT_EMBEDDED_SPEC);
		p = tt_varint_put(p, experiment);
		p = tt_varint_put(p, at);
		p = tt_varint_put(p, text.len);
		n = (size_t)(p - head);
		len = text.len - at < TT_EMIT_BATCH_MAX - n ? text.len - at : TT_EMIT_BATCH_MAX - n;
		if (!embed_piece(e, (struct tt_str){(const char *)head, n},
				 (struct tt_str){text.data + at, len}))
			return;
		at += len;
	} while (at < text.len);
}

void tt_em_embed_specs(struct tt_emit *e, const struct tt_specs *specs)
{
	struct tt_str text;

	tt_em_busy_begin(e);
	for (unsigned id = 1; specs != NULL && id <= UINT8_MAX; id++) {
		if (tt_specs_source(specs, id, &text))
			embed_text(e, id, text);
	}
	tt_em_busy_end(e);
}
