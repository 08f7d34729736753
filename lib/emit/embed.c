/* SPDX-License-Identifier: MIT */
/*
 * embed.c - what Go's format has no place for and its tools pass over: events that
 * Go's reader does not know, in private batches of experiment 1, batches of other
 * experiments than that, and the specs that tell of them (tracetool-format(5), "Private
 * batches"). Stands on emit.h.
 */
#include "emit/emit.h"
#include "wire/embedded.h"

#define HEAD_MAX (TT_EMBEDDED_HEAD + 4 * TT_VARINT_MAX)
/* tt_varint_put() may overwrite 8 bytes after a number. */
#define EVENT_ROOM (TT_EVENT_MAX_SIZE + sizeof(uint64_t))

_Static_assert(HEAD_MAX <= UINT8_MAX, "a chunk tells how long its head is");

static size_t put_head(uint8_t *to, enum tt_embedded_kind kind)
{
	tt_embedded_put_head(to, kind);
	return TT_EMBEDDED_HEAD;
}

/* ------------------------------------------------------------------- events */

/* A batch for the thread's events of this generation. */
static struct tt_em_chunk *begin_batch(struct tt_emit *e)
{
	struct tt_em_slot *slot = &e->thread->slots[tt_em_parity(e)];
	size_t nbytes = slot->embedded == NULL ? TT_EM_CHUNK_SMALL : TT_EM_CHUNK_LARGE;
	struct tt_em_chunk *c = tt_em_pool_get(tt_em_trace(), (uint32_t)nbytes);
	uint8_t *p;

	if (c == NULL) {
		tt_em_lost(e);
		return NULL;
	}
	c->gen = e->gen;
	c->m = e->thread->m;
	c->experiment = TT_EMBEDDED_IN;
	c->closed = true;
	c->start = tt_em_clock_now();
	if (slot->embedded != NULL && c->start < slot->embedded->last)
		c->start = slot->embedded->last;
	c->last = c->start;
	p = c->data + put_head(c->data, TT_EMBEDDED_EVENTS);
	p = tt_varint_put(p, c->m);
	p = tt_varint_put(p, c->start);
	c->nhead = (uint8_t)(p - c->data);
	tt_em_put_done(c, p);
	tt_em_chunks_add(&e->thread->slots[tt_em_parity(e)].batches, c);
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
	struct tt_em_chunk *c = e->thread->slots[tt_em_parity(e)].embedded;
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

/* A text in as many batches as it takes. */
static void carry_text(struct tt_emit *e, unsigned experiment, struct tt_str text, uint8_t *scratch)
{
	size_t at = 0, n, len;
	uint8_t *p;

	do {
		p = scratch + put_head(scratch, TT_EMBEDDED_SPEC);
		p = tt_varint_put(p, experiment);
		p = tt_varint_put(p, at);
		p = tt_varint_put(p, text.len);
		n = (size_t)(p - scratch);
		len = text.len - at < TT_EMIT_BATCH_MAX - n ? text.len - at : TT_EMIT_BATCH_MAX - n;
		memcpy(scratch + n, text.data + at, len);
		if (!tt_emit_batch(e, TT_EMBEDDED_IN, scratch, n + len))
			return;
		at += len;
	} while (at < text.len);
}

void tt_em_embed_specs(struct tt_emit *e, const struct tt_specs *specs, uint8_t *scratch)
{
	struct tt_str text;

	for (unsigned id = 1; specs != NULL && id <= UINT8_MAX; id++) {
		if (tt_specs_source(specs, id, &text))
			carry_text(e, id, text, scratch);
	}
}
