/* SPDX-License-Identifier: MIT */
/*
 * fuzz_encode.c - records from bytes, through the encoders of batches and tables, and read
 * again: they come out in order, each as a plain writer writes it; a batch holds records
 * of one table and one header alone, at most 64 KiB of them, and ends early only if it had
 * to; events keep their times.
 */
#include <stdint.h>
#include <string.h>

#include "fuzz/require.h"
#include "gen/encode.h"
#include "spec/types.h"
#include "wire/batch.h"

#define MAX_RECORDS 4096
#define MAX_NBYTES (UINT32_C(1) << 18) /* and one record more */
/* Type, numbers and what else the largest of them has, a stack. */
#define RECORD_MAX (1 + (2 + 4 * TT_V2_MAX_FRAMES) * TT_VARINT_MAX)

/* What was written, and has to be found. */
struct record {
	enum { TABLE, EVENT, BATCH } kind;
	unsigned group;         /* only records of one may share a batch */
	size_t full;
	int table;
	struct tt_batch_head head;
	uint64_t time;          /* of an event */
	size_t at, size;        /* of its bytes, those of an event without type and dt */
	uint8_t type;           /* of an event */
};

struct run {
	const uint8_t *data, *end; /* choices */
	struct tt_encoder enc;
	struct tt_bytes out, expected;
	struct record records[MAX_RECORDS];
	size_t n;
	unsigned group;
	uint64_t time;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t choice(struct run *r)
{
	return r->data < r->end ? *r->data++ : 0;
}

static uint64_t number(struct run *r)
{
	uint8_t c = choice(r);

	if (c < 0x80)
		return c;
	return UINT64_MAX >> (c & 0x3f);
}

/* As plain as can be: the encoder has another way. */
static void expect_number(struct run *r, uint64_t value)
{
	uint8_t byte;

	do {
		byte = (uint8_t)(value % 128 + (value >= 128 ? 128 : 0));
		REQUIRE(tt_bytes_put(&r->expected, &byte, 1));
		value /= 128;
	} while (value != 0);
}

static struct record *begin_record(struct run *r, int kind, int table)
{
	struct record *record = &r->records[r->n++];

	*record = (struct record){
		.kind = kind,
		.group = r->group,
		.full = r->enc.full,
		.table = table,
		.head = r->enc.head,
		.at = r->expected.len,
	};
	return record;
}

static void put_string(struct run *r)
{
	static char text[TT_STRING_MAX_SIZE];
	uint64_t id = number(r);
	size_t len = choice(r) * 1025u / 256;
	struct record *record = begin_record(r, TABLE, TT_EV_STRINGS);

	expect_number(r, TT_EV_STRING);
	expect_number(r, id);
	expect_number(r, len);
	memset(text, (int)(id & 0xff), len);
	REQUIRE(tt_bytes_put(&r->expected, text, len));
	record->size = r->expected.len - record->at;
	tt_encode_string(&r->enc, id, (struct tt_str){text, len});
}

static void put_stack(struct run *r)
{
	struct tt_wire_frame frames[TT_V2_MAX_FRAMES];
	uint64_t id = number(r), some = number(r);
	size_t n = choice(r) % (TT_V2_MAX_FRAMES + 1);
	struct record *record = begin_record(r, TABLE, TT_EV_STACKS);

	expect_number(r, TT_EV_STACK);
	expect_number(r, id);
	expect_number(r, n);
	for (size_t i = 0; i < n; i++) {
		frames[i] = (struct tt_wire_frame){some >> i % 64, i, some, i * some};
		expect_number(r, frames[i].pc);
		expect_number(r, frames[i].func);
		expect_number(r, frames[i].file);
		expect_number(r, frames[i].line);
	}
	record->size = r->expected.len - record->at;
	tt_encode_stack(&r->enc, id, frames, n);
}

static void put_sample(struct run *r)
{
	uint64_t v[5];
	struct tt_sample sample;
	struct record *record = begin_record(r, TABLE, TT_EV_CPU_SAMPLES);

	expect_number(r, TT_EV_CPU_SAMPLE);
	for (int i = 0; i < 5; i++) {
		v[i] = number(r);
		expect_number(r, v[i]);
	}
	sample = (struct tt_sample){
		.thread = (int64_t)v[1],
		.proc = (int64_t)v[2],
		.goroutine = v[3] == 0 ? TT_NONE : (int64_t)v[3],
		.stack = v[4],
	};
	/* the largest number is that of no goroutine, too, which is written as 0 */
	if (v[3] == UINT64_MAX) {
		r->expected.len = record->at;
		r->n--;
		return;
	}
	record->size = r->expected.len - record->at;
	tt_encode_sample(&r->enc, v[0], &sample);
}

static void put_event(struct run *r)
{
	uint8_t type = (uint8_t)(0x80 | choice(r));
	unsigned nargs = choice(r) % (TT_MAX_ARGS + 1);
	uint64_t args[TT_MAX_ARGS], dt = number(r);
	struct record *record = begin_record(r, EVENT, TT_NO_TABLE);

	r->time = r->time + dt < r->time ? UINT64_MAX : r->time + dt;
	record->time = r->time;
	record->type = type;
	for (unsigned i = 0; i < nargs; i++) {
		args[i] = number(r);
		expect_number(r, args[i]);
	}
	record->size = r->expected.len - record->at;
	tt_encode_event(&r->enc, type, r->time, args, nargs);
}

static void put_batch(struct run *r)
{
	static const uint8_t zeros[TT_BATCH_MAX_SIZE];
	static const size_t sizes[] = {0, 1, 300, TT_BATCH_MAX_SIZE - 1, TT_BATCH_MAX_SIZE};
	size_t size = sizes[choice(r) % 5];
	struct record *record;

	r->group++;
	record = begin_record(r, BATCH, TT_NO_TABLE);
	r->group++;
	record->size = size;
	REQUIRE(tt_bytes_put(&r->expected, zeros, size));
	tt_encode_batch(&r->enc, &record->head, zeros, size);
}

static void begin_batch(struct run *r)
{
	uint8_t experiment = choice(r);
	const struct tt_batch_head head = {
		.experimental = experiment % 2 != 0,
		.experiment = experiment % 2 != 0 ? experiment : 0,
		.generation = number(r),
		.thread = (int64_t)number(r),
		.time = number(r),
	};

	r->group++;
	r->time = head.time;
	r->enc.full = choice(r) % 4 == 0 ? 100 : TT_BATCH_MAX_SIZE;
	tt_encode_begin(&r->enc, &head);
}

static void write_one(struct run *r, uint8_t what)
{
	switch (what % 8) {
	case 0:
		begin_batch(r);
		break;
	case 1:
		put_string(r);
		break;
	case 2:
		put_stack(r);
		break;
	case 3:
		put_sample(r);
		break;
	case 4:
		put_batch(r);
		break;
	default:
		put_event(r);
	}
}

static bool has_room(const struct run *r)
{
	return r->n < MAX_RECORDS && r->expected.len < MAX_NBYTES;
}

static void write_all(struct run *r)
{
	while (r->data < r->end && has_room(r)) {
		uint8_t what = choice(r);
		const uint8_t *again = r->data;

		/* the same record again and again fills a batch from few choices */
		for (unsigned i = 0; i <= (what >> 3) * 8u && has_room(r); i++) {
			r->data = again;
			write_one(r, what);
		}
	}
	tt_encode_end(&r->enc);
	REQUIRE(!r->enc.failed);
}

/* The bytes that a record has as the first one of a batch, or after an event. */
static struct tt_str bytes_of(struct run *r, const struct record *record, uint64_t last_time)
{
	static uint8_t event[RECORD_MAX];
	struct tt_bytes *e = &r->expected;
	size_t at = e->len, n;

	if (record->kind != EVENT)
		return (struct tt_str){(const char *)e->data + record->at, record->size};
	event[0] = record->type;
	expect_number(r, record->time - last_time);
	n = e->len - at;
	memcpy(event + 1, e->data + at, n);
	e->len = at;
	memcpy(event + 1 + n, e->data + record->at, record->size);
	return (struct tt_str){(const char *)event, 1 + n + record->size};
}

/* Takes the records that a batch holds; returns how many. */
static size_t read_batch(struct run *r, const struct tt_raw_batch *b, size_t first)
{
	const struct record *record = &r->records[first], *next;
	const uint8_t *p = b->data, *end = p + b->size;
	uint64_t last_time = record->time, time = record->kind == EVENT ? record->time : record->head.time;
	size_t n = 0;
	struct tt_str bytes;

	REQUIRE(first < r->n);
	REQUIRE((b->kind == TT_RAW_BATCH_EXPERIMENT) == record->head.experimental);
	REQUIRE(b->experiment == record->head.experiment && b->time == time);
	REQUIRE(b->generation == record->head.generation && b->thread == record->head.thread);
	if (record->kind == TABLE)
		REQUIRE(p < end && *p++ == record->table);
	do {
		next = &r->records[first + n];
		REQUIRE(first + n < r->n && next->group == record->group);
		REQUIRE(next->table == record->table && next->kind == record->kind);
		bytes = bytes_of(r, next, last_time);
		REQUIRE((size_t)(end - p) >= bytes.len);
		REQUIRE(bytes.len == 0 || memcmp(p, bytes.data, bytes.len) == 0);
		p += bytes.len;
		last_time = next->time;
		n++;
	} while (p < end);
	if (first + n == r->n || record->kind == BATCH)
		return n;
	/* did it end for a reason? */
	next = &r->records[first + n];
	REQUIRE(next->group != record->group || next->table != record->table ||
		next->kind != record->kind || b->size >= record->full ||
		b->size + bytes_of(r, next, last_time).len > TT_BATCH_MAX_SIZE);
	return n;
}

static void read_all(struct run *r)
{
	const struct tt_framing framing = {0};
	struct tt_source *src;
	struct tt_raw_batch b;
	struct tt_error err;
	size_t n = 0;
	int rc;

	REQUIRE(tt_source_open_memory(&src, r->out.data, r->out.len, NULL, r->out.mem, &err) == 0);
	while ((rc = tt_batch_read(src, &framing, &b, &err)) == 0)
		n += read_batch(r, &b, n);
	REQUIRE(rc == TT_END && n == r->n);
	tt_source_close(src);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run run;
	struct run *r = &run;
	struct tt_mem mem = {0};

	r->data = data;
	r->end = size == 0 ? data : data + size;
	r->n = 0;
	r->group = 0;
	r->time = 0;
	r->out = (struct tt_bytes){.mem = &mem};
	r->expected = (struct tt_bytes){.mem = &mem};
	REQUIRE(tt_bytes_room(&r->expected, MAX_NBYTES));
	tt_encoder_init_bytes(&r->enc, &r->out);
	write_all(r);
	read_all(r);
	tt_bytes_release(&r->out);
	tt_bytes_release(&r->expected);
	REQUIRE(mem.used_nbytes == 0);
	return 0;
}
