/* SPDX-License-Identifier: MIT */
/*
 * build.h - puts traces together byte by byte: header, batches, numbers. Knows the
 * framing and nothing more, so that a test may write whatever no writer would.
 * For tests and fuzz targets, which include it; aborts when memory is out.
 */
#ifndef TT_TESTS_BUILD_H
#define TT_TESTS_BUILD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/varint.h"

#define BUILD_NOBODY UINT64_MAX /* the thread of batches that no thread wrote */

struct build {
	uint8_t *data;
	size_t len, cap;
	unsigned version;
	size_t batch;           /* where the open batch begins, */
	size_t body;            /* and its data */
};

static inline void build_bytes(struct build *b, const void *bytes, size_t n)
{
	if (n > b->cap - b->len) {
		b->cap = (b->len + n) * 2;
		b->data = realloc(b->data, b->cap);
		if (b->data == NULL)
			abort();
	}
	if (n != 0)
		memcpy(b->data + b->len, bytes, n);
	b->len += n;
}

static inline void build_byte(struct build *b, unsigned byte)
{
	uint8_t one = (uint8_t)byte;

	build_bytes(b, &one, 1);
}

static inline void build_number(struct build *b, uint64_t value)
{
	uint8_t out[TT_VARINT_MAX];

	build_bytes(b, out, (size_t)(tt_varint_put(out, value) - out));
}

/* Begins a trace of this header version. */
static inline void build_init(struct build *b, unsigned version)
{
	char header[16] = {0};

	*b = (struct build){.version = version};
	snprintf(header, sizeof(header), "go 1.%02u trace", version % 100);
	build_bytes(b, header, sizeof(header));
}

static inline void build_release(struct build *b)
{
	free(b->data);
	b->data = NULL;
}

/* A size whose value comes later: three bytes hold more than any batch. */
static inline void build_open(struct build *b)
{
	build_bytes(b, "\x80\x80", 3);
	b->body = b->len;
}

static inline void build_batch(struct build *b, uint64_t generation, uint64_t thread, uint64_t time)
{
	b->batch = b->len;
	build_byte(b, 0x01);
	build_number(b, generation);
	build_number(b, thread);
	build_number(b, time);
	build_open(b);
}

static inline void build_experiment(struct build *b, unsigned experiment, uint64_t generation,
				    uint64_t thread, uint64_t time)
{
	b->batch = b->len;
	build_byte(b, 0x31);
	build_byte(b, experiment);
	build_number(b, generation);
	build_number(b, thread);
	build_number(b, time);
	build_open(b);
}

/* Makes the open batch this large, whatever follows. */
static inline void build_size(struct build *b, size_t size)
{
	b->data[b->body - 3] = (uint8_t)(size | 0x80);
	b->data[b->body - 2] = (uint8_t)(size >> 7 | 0x80);
	b->data[b->body - 1] = (uint8_t)(size >> 14 & 0x7f);
}

static inline void build_close(struct build *b)
{
	build_size(b, b->len - b->body);
}

/* A batch of these bytes. */
static inline void build_raw(struct build *b, uint64_t generation, uint64_t thread, uint64_t time,
			     const void *bytes, size_t n)
{
	build_batch(b, generation, thread, time);
	build_bytes(b, bytes, n);
	build_close(b);
}

/* The end of a generation, as of 1.26. */
static inline void build_mark(struct build *b)
{
	build_byte(b, 0x34);
}

/* Whatever says what the clock counts in this version. */
static inline void build_clock(struct build *b, uint64_t generation, uint64_t time,
			       uint64_t frequency)
{
	build_batch(b, generation, BUILD_NOBODY, time);
	if (b->version >= 25)
		build_byte(b, 0x32);
	build_byte(b, 0x08);
	build_number(b, frequency);
	if (b->version >= 25) {
		build_byte(b, 0x33);
		build_number(b, 0);
		build_number(b, generation);
		build_number(b, 1700000000 + generation % 1000000);
		build_number(b, 0);
	}
	build_close(b);
}

/* Records of the table batches; their first bytes are 0x04 and 0x02. A frame is an
 * array of four uint64_t: pc func file line. */
static inline void build_string(struct build *b, uint64_t id, const void *text, size_t len)
{
	build_byte(b, 0x05);
	build_number(b, id);
	build_number(b, len);
	build_bytes(b, text, len);
}

static inline void build_stack(struct build *b, uint64_t id, size_t nframes,
			       const void *frames)
{
	const uint64_t *numbers = frames;

	build_byte(b, 0x03);
	build_number(b, id);
	build_number(b, nframes);
	for (size_t i = 0; i < nframes * 4; i++)
		build_number(b, numbers[i]);
}

#endif
