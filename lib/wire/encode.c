/* SPDX-License-Identifier: MIT */
/* encode.c - batches out. */
#include "wire/encode.h"

#include <assert.h>
#include <string.h>

#include "spec/types.h"

void tt_put_header(uint8_t out[TT_HEADER_SIZE], unsigned version)
{
	static const char text[TT_HEADER_SIZE] = "go 1.NN trace";

	memcpy(out, text, sizeof(text));
	out[5] = (uint8_t)('0' + version / 10 % 10);
	out[6] = (uint8_t)('0' + version % 10);
}

uint8_t *tt_put_batch_head(uint8_t out[TT_BATCH_MAX_HEADER], const struct tt_batch_head *head,
			   size_t size)
{
	*out++ = head->experimental ? TT_EV_EXPERIMENTAL_BATCH : TT_EV_EVENT_BATCH;
	if (head->experimental)
		*out++ = head->experiment;
	out = tt_varint_put(out, head->generation);
	out = tt_varint_put(out, (uint64_t)head->thread);
	out = tt_varint_put(out, head->time);
	return tt_varint_put(out, size);
}

void tt_encoder_init(struct tt_encoder *e, bool (*put)(void *arg, const void *data, size_t nbytes),
		     void *arg)
{
	e->put = put;
	e->arg = arg;
	e->failed = false;
	e->full = TT_BATCH_MAX_SIZE;
	e->head = (struct tt_batch_head){.thread = TT_NONE};
	e->table = TT_NO_TABLE;
	e->used = 0;
}

static bool append(void *out, const void *data, size_t nbytes)
{
	return tt_bytes_put(out, data, nbytes);
}

void tt_encoder_init_bytes(struct tt_encoder *e, struct tt_bytes *out)
{
	tt_encoder_init(e, append, out);
}

static void put(struct tt_encoder *e, const void *data, size_t nbytes)
{
	if (!e->failed)
		e->failed = !e->put(e->arg, data, nbytes);
}

/* ------------------------------------------------------------ whole batches */

static void put_batch(struct tt_encoder *e, const struct tt_batch_head *head, const void *body,
		      size_t size)
{
	uint8_t header[TT_BATCH_MAX_HEADER];

	put(e, header, (size_t)(tt_put_batch_head(header, head, size) - header));
	if (size != 0)
		put(e, body, size);
}

void tt_encode_end(struct tt_encoder *e)
{
	struct tt_batch_head head = e->head;

	head.time = e->time;
	if (e->used > 0)
		put_batch(e, &head, e->body, e->used);
	e->used = 0;
}

void tt_encode_drop(struct tt_encoder *e)
{
	e->used = 0;
}

void tt_encode_begin(struct tt_encoder *e, const struct tt_batch_head *head)
{
	tt_encode_end(e);
	e->head = *head;
}

void tt_encode_batch(struct tt_encoder *e, const struct tt_batch_head *head, const void *body,
		     size_t size)
{
	assert(size <= TT_BATCH_MAX_SIZE);
	tt_encode_end(e);
	put_batch(e, head, body, size);
}

void tt_encode_bytes(struct tt_encoder *e, const void *data, size_t nbytes)
{
	tt_encode_end(e);
	if (nbytes != 0)
		put(e, data, nbytes);
}

void tt_encode_end_mark(struct tt_encoder *e, unsigned version)
{
	static const uint8_t mark = TT_EV_END_OF_GENERATION;

	tt_encode_end(e);
	if (tt_version_has_end_marks(version))
		put(e, &mark, 1);
}

/* ------------------------------------------------------------------ records */

/* Bytes of the batch at hand that are no record. */
static size_t nfirst(const struct tt_encoder *e)
{
	return e->table != TT_NO_TABLE;
}

uint8_t *tt_encode_record(struct tt_encoder *e, int table)
{
	if (e->table != table)
		tt_encode_end(e);
	if (e->used != 0)
		return e->body + e->used;
	e->table = table;
	e->time = e->head.time;
	if (table != TT_NO_TABLE)
		e->body[0] = (uint8_t)table;
	return e->body + nfirst(e);
}

void tt_encode_record_end(struct tt_encoder *e, const uint8_t *end)
{
	size_t begin = e->used == 0 ? nfirst(e) : e->used, size = (size_t)(end - e->body);

	assert(size - begin <= TT_BATCH_MAX_SIZE - nfirst(e));
	if (size > TT_BATCH_MAX_SIZE) {
		tt_encode_end(e);
		memmove(e->body + nfirst(e), e->body + begin, size - begin);
		size -= begin - nfirst(e);
	}
	e->used = size;
	if (e->used >= e->full)
		tt_encode_end(e);
}

static uint8_t *put_event(uint8_t *p, uint8_t type, uint64_t dt, const uint64_t *args,
			  unsigned nargs)
{
	*p++ = type;
	p = tt_varint_put(p, dt);
	for (unsigned i = 0; i < nargs; i++)
		p = tt_varint_put(p, args[i]);
	return p;
}

/* Not as a record: one that moves to a new batch has another dt there. */
void tt_encode_event(struct tt_encoder *e, uint8_t type, uint64_t time, const uint64_t *args,
		     unsigned nargs)
{
	uint8_t *begin = tt_encode_record(e, TT_NO_TABLE), *end = NULL;

	if (e->used != 0)
		end = put_event(begin, type, time - e->last_time, args, nargs);
	if (end == NULL || end > e->body + TT_BATCH_MAX_SIZE) {
		tt_encode_end(e);
		e->time = time;
		end = put_event(e->body, type, 0, args, nargs);
	}
	e->last_time = time;
	tt_encode_record_end(e, end);
}
