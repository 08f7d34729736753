/* SPDX-License-Identifier: MIT */
/*
 * mutate.h - libFuzzer's mutations of a trace's bytes that leave its batches whole: it
 * is taken apart into batches, one of them or an event in it is changed, and all is put
 * together with the right sizes. So changes reach what lies behind the framing: tables,
 * events and their order. Some mutations stay those of bytes, for the framing itself.
 * For fuzz targets whose input is batches; fuzz_wire.c and others include it.
 */
#ifndef TT_FUZZ_MUTATE_H
#define TT_FUZZ_MUTATE_H

#include "spec/spec.h"
#include "tests/build.h"
#include "wire/batch.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

#define MUTATE_MAX_BATCHES 256
#define MUTATE_MAX_EVENTS 1024

struct mutate_batch {
	const uint8_t *experiment; /* its number, or NULL: a batch of events */
	uint64_t header[3];     /* generation, thread, time */
	const uint8_t *data;
	size_t n;
	bool mark;              /* an end of a generation comes behind it */
};

struct mutate {
	unsigned seed;
	struct mutate_batch batches[MUTATE_MAX_BATCHES];
	size_t n;
	const uint8_t *rest;    /* where no batch begins, to the end */
	size_t nrest;
	uint8_t body[2 * TT_BATCH_MAX_SIZE]; /* of the batch that changes */
};

static inline size_t mutate_choice(struct mutate *m, size_t n)
{
	m->seed = m->seed * 1664525 + 1013904223;
	return (m->seed >> 8) % n;
}

/* ---- apart */

static inline const uint8_t *mutate_number(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
	int n = p == NULL ? 0 : tt_varint(p, end, value);

	return n > 0 ? p + n : NULL;
}

/* The byte behind the batch at p, or NULL. */
static inline const uint8_t *mutate_take(struct mutate_batch *b, const uint8_t *p, const uint8_t *end)
{
	uint64_t size = 0;

	*b = (struct mutate_batch){0};
	if (p == end || (*p != 0x01 && *p != 0x31))
		return NULL;
	if (*p++ == 0x31) {
		if (p == end)
			return NULL;
		b->experiment = p++;
	}
	for (int i = 0; i < 3; i++)
		p = mutate_number(p, end, &b->header[i]);
	p = mutate_number(p, end, &size);
	if (p == NULL || size > (uint64_t)(end - p) || size > TT_BATCH_MAX_SIZE)
		return NULL;
	b->data = p;
	b->n = (size_t)size;
	p += size;
	b->mark = p < end && *p == 0x34;
	return p + b->mark;
}

static inline void mutate_apart(struct mutate *m, const uint8_t *data, size_t size)
{
	const uint8_t *p = data, *end = data + size, *next = p;

	while (m->n < MUTATE_MAX_BATCHES && next != NULL) {
		next = mutate_take(&m->batches[m->n], p, end);
		m->n += next != NULL;
		p = next != NULL ? next : p;
	}
	m->rest = p;
	m->nrest = (size_t)(end - p);
}

/* ---- one event */

/* Where the events of a batch begin, and their end; 0: it has none, or a table. */
static inline size_t mutate_events(const struct mutate_batch *b, const struct tt_specs *specs,
				   size_t begins[MUTATE_MAX_EVENTS + 1])
{
	const uint8_t *p = b->data, *end = p + b->n;
	uint64_t ignored;
	size_t n = 0;

	while (p != NULL && p < end && n < MUTATE_MAX_EVENTS) {
		const struct tt_event_def *def = tt_specs_def(specs, *p);

		begins[n] = (size_t)(p++ - b->data);
		if (b->experiment != NULL || def == NULL || !def->spec.timed)
			break;
		for (unsigned i = 0; i < def->spec.nargs + 1u; i++)
			p = mutate_number(p, end, &ignored);
		n += p != NULL;
	}
	if (p == end)
		begins[n] = b->n;
	return n;
}

/* A number of the event becomes a neighbour, a small one or a very large one. */
static inline size_t mutate_event_number(struct mutate *m, uint8_t *out, const uint8_t *event, size_t n)
{
	const uint8_t *p = event + 1, *end = event + n, *next = NULL;
	size_t which, nnumbers = 0, len;
	uint64_t value = 0;

	for (const uint8_t *q = p; q != NULL && q < end; q = mutate_number(q, end, &value))
		nnumbers++;
	which = nnumbers == 0 ? 0 : mutate_choice(m, nnumbers);
	for (size_t i = 0; i <= which && (i == 0 || next != NULL); i++) {
		p = i == 0 ? p : next;
		next = mutate_number(p, end, &value);
	}
	if (next == NULL)
		return 0;
	switch (mutate_choice(m, 8)) {
	case 0:
		value = UINT64_MAX >> mutate_choice(m, 64);
		break;
	case 1:
	case 2:
		value = mutate_choice(m, 12);
		break;
	default:
		value += mutate_choice(m, 2) == 0 ? 1 : UINT64_MAX;
		break;
	}
	len = (size_t)(p - event);
	memcpy(out, event, len);
	len = (size_t)(tt_varint_put(out + len, value) - out);
	memcpy(out + len, next, (size_t)(end - next));
	return len + (size_t)(end - next);
}

/* An event is dropped, comes twice, changes places with the next, or has another number. */
static inline void mutate_one_event(struct mutate *m, struct mutate_batch *b,
				    const struct tt_specs *specs)
{
	size_t begins[MUTATE_MAX_EVENTS + 1] = {0}, n = mutate_events(b, specs, begins);
	size_t which, at, len, put = 0;
	uint8_t *out = m->body;

	if (n < 2) {
		memcpy(out, b->data, b->n);
		b->n = LLVMFuzzerMutate(out, b->n, TT_BATCH_MAX_SIZE);
		b->data = out;
		return;
	}
	which = mutate_choice(m, n - 1);
	at = begins[which];
	len = begins[which + 1] - at;
	memcpy(out, b->data, at);
	switch (mutate_choice(m, 6)) {
	case 0:
		break;
	case 1:
		memcpy(out + at, b->data + at, len);
		memcpy(out + at + len, b->data + at, len);
		put = 2 * len;
		break;
	case 2:
		if (which + 2 < n) {
			put = begins[which + 2] - begins[which + 1];
			memcpy(out + at, b->data + at + len, put);
		}
		memcpy(out + at + put, b->data + at, len);
		len += put;
		put = len;
		break;
	default:
		put = mutate_event_number(m, out + at, b->data + at, len);
		break;
	}
	memcpy(out + at + put, b->data + at + len, b->n - at - len);
	b->n = b->n - len + put;
	b->data = out;
}

/* ---- batches */

/* Its generation, thread or time becomes that of another batch, or a neighbour. */
static inline void mutate_header(struct mutate *m, struct mutate_batch *b)
{
	size_t which = mutate_choice(m, 3);

	if (mutate_choice(m, 2) == 0)
		b->header[which] = m->batches[mutate_choice(m, m->n)].header[which];
	else
		b->header[which] += mutate_choice(m, 2) == 0 ? 1 : UINT64_MAX;
}

static inline void mutate_batches(struct mutate *m, size_t which)
{
	struct mutate_batch *b = &m->batches[which], was = *b;
	size_t other = mutate_choice(m, m->n);

	switch (mutate_choice(m, 4)) {
	case 0:
		memmove(b, b + 1, (--m->n - which) * sizeof(*b));
		break;
	case 1:
		if (m->n < MUTATE_MAX_BATCHES) {
			memmove(&m->batches[other + 1], &m->batches[other],
				(m->n++ - other) * sizeof(*b));
			m->batches[other] = was;
		}
		break;
	case 2:
		*b = m->batches[other];
		m->batches[other] = was;
		break;
	default:
		b->mark = !b->mark;
		break;
	}
}

/* ---- together */

static inline void mutate_put(struct build *out, const struct mutate_batch *b)
{
	build_byte(out, b->experiment != NULL ? 0x31 : 0x01);
	if (b->experiment != NULL)
		build_byte(out, *b->experiment);
	for (int i = 0; i < 3; i++)
		build_number(out, b->header[i]);
	build_number(out, b->n);
	build_bytes(out, b->data, b->n);
	if (b->mark)
		build_mark(out);
}

/*
 * The batches behind the first `skip` bytes, with one of them changed; bytes, as
 * libFuzzer does it, if there are none, and one time in eight.
 */
static inline size_t mutate(uint8_t *data, size_t size, size_t max_size, unsigned seed, size_t skip)
{
	static struct tt_specs *specs; /* made once */
	static struct mutate m;
	struct tt_error err;
	struct build out = {0};
	size_t which;

	if (specs == NULL && tt_specs_new(&specs, &err) != 0)
		abort();
	m.seed = seed;
	m.n = 0;
	if (size > skip)
		mutate_apart(&m, data + skip, size - skip);
	if (m.n == 0 || mutate_choice(&m, 8) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	which = mutate_choice(&m, m.n);
	switch (mutate_choice(&m, 8)) {
	case 0:
		mutate_header(&m, &m.batches[which]);
		break;
	case 1:
		mutate_batches(&m, which);
		break;
	default:
		mutate_one_event(&m, &m.batches[which], specs);
		break;
	}
	build_bytes(&out, data, skip);
	for (size_t i = 0; i < m.n; i++)
		mutate_put(&out, &m.batches[i]);
	build_bytes(&out, m.rest, m.nrest);
	if (out.len <= max_size) {
		memcpy(data, out.data, out.len);
		size = out.len;
	}
	build_release(&out);
	return size;
}

/* ---- targets whose first byte says whether choices or batches follow three more bytes */

static inline size_t mutate_damaged(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	/* choices have no batches */
	if (size > 0 && (data[0] & 4) != 0)
		return LLVMFuzzerMutate(data, size, max_size);
	return mutate(data, size, max_size, seed, 4);
}

/* Cuts and changes a trace as those three bytes say: where it is cut (of 255 parts; 255: nowhere),
 * where a byte is changed, and into what. */
static inline void mutate_damage(struct build *b, const uint8_t *choices)
{
	size_t n = b->len - 16;

	if (choices[0] != 255)
		b->len = 16 + n * choices[0] / 255;
	if (b->len > 16)
		b->data[16 + (b->len - 17) * choices[1] / 255] ^= choices[2];
}

#endif
