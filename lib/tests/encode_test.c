/* SPDX-License-Identifier: MIT */
/*
 * encode_test.c - batches and tables that the encoders write, read again: every kind, the
 * largest numbers and texts, and where a batch of 64 KiB ends and the next begins.
 */
#include "gen/encode.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "spec/types.h"
#include "tests/gen_support.h"
#include "tests/suites.h"
#include "wire/batch.h"
#include "wire/event.h"
#include "wire/header.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_BATCHES 64

static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, INT64_MAX,
				   UINT64_C(1) << 63, UINT64_MAX};
static const struct tt_batch_head events_of_7 = {.generation = 5, .thread = 7, .time = 101};
static const struct tt_batch_head tables = {.generation = 5, .thread = TT_NONE, .time = 100};
static const struct tt_clock sync_clock = {
	.trace_ticks = 100,
	.mono_ns = UINT64_MAX,
	.wall_sec = 1700000000,
	.wall_nsec = 999999999,
};

/* What is written, and the batches that are read of it. */
static struct tt_mem mem;
static struct tt_bytes out;
static struct tt_encoder enc;
static struct tt_specs *specs;
static struct tt_error err;
static struct tt_source *src;
static struct tt_raw_batch batches[MAX_BATCHES];
static size_t nbatches;

static void setup(void)
{
	mem = (struct tt_mem){0};
	out = (struct tt_bytes){.mem = &mem};
	src = NULL;
	tt_encoder_init_bytes(&enc, &out);
	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
}

static void teardown(void)
{
	tt_source_close(src);
	tt_bytes_release(&out);
	tt_specs_free(specs);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}

static void read_batches(void)
{
	const struct tt_framing framing = {.like_go = false};
	int rc;

	ck_assert(!enc.failed);
	tt_source_close(src);
	ck_assert_int_eq(tt_source_open_memory(&src, out.data, out.len, NULL, &mem, &err), 0);
	for (nbatches = 0;; nbatches++) {
		ck_assert_uint_lt(nbatches, MAX_BATCHES);
		rc = tt_batch_read(src, &framing, &batches[nbatches], &err);
		if (rc != TT_OK)
			break;
	}
	ck_assert_msg(rc == TT_END, "%s", err.message);
}

static void expect_batch(size_t i, const struct tt_batch_head *head, size_t size)
{
	const struct tt_raw_batch *b = &batches[i];

	ck_assert_uint_lt(i, nbatches);
	ck_assert_int_eq(b->kind, head->experimental ? TT_RAW_BATCH_EXPERIMENT : TT_RAW_BATCH_EVENTS);
	ck_assert_uint_eq(b->experiment, head->experiment);
	ck_assert_uint_eq(b->generation, head->generation);
	ck_assert_int_eq(b->thread, head->thread);
	ck_assert_uint_eq(b->time, head->time);
	ck_assert_uint_eq(b->size, size);
}

/* ------------------------------------------------------------ whole batches */

START_TEST(header_of_each_version_is_read)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		uint8_t header[TT_HEADER_SIZE];
		unsigned version = 0;

		tt_put_header(header, test_versions[v]);
		tt_source_close(src);
		ck_assert_int_eq(tt_source_open_memory(&src, header, sizeof(header), NULL, &mem,
						       &err), 0);
		ck_assert_msg(tt_header_read(src, &version, &err) == 0, "%s", err.message);
		ck_assert_uint_eq(version, test_versions[v]);
		ck_assert_uint_eq(tt_source_offset(src), sizeof(header));
	}
}
END_TEST

START_TEST(batches_of_each_kind_and_number_are_read)
{
	static const int experiments[] = {-1, 0, 1, 127, 128, 255};
	static const size_t sizes[] = {0, 1, TT_BATCH_MAX_SIZE - 1, TT_BATCH_MAX_SIZE};
	uint8_t *body = calloc(1, TT_BATCH_MAX_SIZE);

	ck_assert_ptr_nonnull(body);
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct tt_batch_head head = {
			.experimental = experiments[_i] >= 0,
			.experiment = experiments[_i] >= 0 ? (uint8_t)experiments[_i] : 0,
			.generation = numbers[i],
			.thread = (int64_t)numbers[(i + 1) % COUNT(numbers)],
			.time = numbers[(i + 2) % COUNT(numbers)],
		};

		out.len = 0;
		for (size_t s = 0; s < COUNT(sizes); s++)
			tt_encode_batch(&enc, &head, body, sizes[s]);
		read_batches();
		ck_assert_uint_eq(nbatches, COUNT(sizes));
		for (size_t s = 0; s < COUNT(sizes); s++)
			expect_batch(s, &head, sizes[s]);
	}
	free(body);
}
END_TEST

START_TEST(mark_is_written_since_1_26)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		out.len = 0;
		tt_encode_end_mark(&enc, test_versions[v]);
		read_batches();
		ck_assert_uint_eq(nbatches, test_versions[v] >= 26);
		if (nbatches != 0)
			ck_assert_int_eq(batches[0].kind, TT_RAW_BATCH_END);
	}
}
END_TEST

START_TEST(order_of_calls_is_order_of_batches)
{
	tt_encode_begin(&enc, &tables);
	tt_encode_string(&enc, 1, (struct tt_str){"a", 1});
	tt_encode_batch(&enc, &events_of_7, "x", 1);
	tt_encode_string(&enc, 2, (struct tt_str){"b", 1});
	tt_encode_bytes(&enc, "\x01\x05\x08\x09\x00", 5);
	tt_encode_string(&enc, 3, (struct tt_str){"c", 1});
	tt_encode_begin(&enc, &events_of_7);
	tt_encode_event(&enc, TT_EV_GO_START, 300, (uint64_t[]){1, 2}, 2);
	tt_encode_end_mark(&enc, 26);
	read_batches();
	ck_assert_uint_eq(nbatches, 7);
	expect_batch(0, &tables, 5);
	expect_batch(1, &events_of_7, 1);
	expect_batch(2, &tables, 5);
	expect_batch(3, &(struct tt_batch_head){.generation = 5, .thread = 8, .time = 9}, 0);
	expect_batch(4, &tables, 5);
	expect_batch(5, &(struct tt_batch_head){.generation = 5, .thread = 7, .time = 300}, 4);
	ck_assert_int_eq(batches[6].kind, TT_RAW_BATCH_END);
}
END_TEST

START_TEST(nothing_begun_or_dropped_is_written)
{
	tt_encode_begin(&enc, &tables);
	tt_encode_record(&enc, TT_EV_STRINGS);
	tt_encode_begin(&enc, &events_of_7);
	tt_encode_end(&enc);
	tt_encode_string(&enc, 1, (struct tt_str){"a", 1});
	tt_encode_drop(&enc);
	tt_encode_end(&enc);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

static void put_record(int table, uint8_t byte, size_t size)
{
	uint8_t *record = tt_encode_record(&enc, table);

	memset(record, byte, size);
	tt_encode_record_end(&enc, record + size);
}

START_TEST(tables_never_share_a_batch)
{
	const struct tt_batch_head experiment = {.experimental = true, .experiment = 1, .generation = 5};

	tt_encode_begin(&enc, &tables);
	tt_encode_string(&enc, 1, (struct tt_str){"a", 1});
	tt_encode_stack(&enc, 1, NULL, 0);
	tt_encode_string(&enc, 2, (struct tt_str){"b", 1});
	tt_encode_event(&enc, TT_EV_GO_DESTROY, 200, NULL, 0);
	tt_encode_string(&enc, 3, (struct tt_str){"c", 1});
	/* the byte of an experiment's table may be 0 */
	tt_encode_begin(&enc, &experiment);
	put_record(0, 1, 2);
	put_record(TT_NO_TABLE, 2, 3);
	tt_encode_end(&enc);
	read_batches();
	ck_assert_uint_eq(nbatches, 7);
	expect_batch(0, &tables, 5);
	expect_batch(1, &tables, 4);
	expect_batch(2, &tables, 5);
	expect_batch(3, &(struct tt_batch_head){.generation = 5, .thread = TT_NONE, .time = 200}, 2);
	expect_batch(4, &tables, 5);
	expect_batch(5, &experiment, 3);
	expect_batch(6, &experiment, 3);
	ck_assert_mem_eq(batches[5].data, "\x00\x01\x01", 3);
	ck_assert_mem_eq(batches[6].data, "\x02\x02\x02", 3);
}
END_TEST

/* ------------------------------------------------------------------- limits */

START_TEST(batch_is_filled_to_its_last_byte)
{
	/* with the table's byte and what stands before it: one less, just it, one more */
	for (size_t over = 0; over < 3; over++) {
		out.len = 0;
		tt_encode_begin(&enc, &tables);
		put_record(1, 1, 1000);
		put_record(1, 1, TT_BATCH_MAX_SIZE - 1 - 1000 - 1 + over);
		put_record(1, 1, 1);
		tt_encode_end(&enc);
		read_batches();
		ck_assert_uint_eq(nbatches, over == 0 ? 1 : 2);
		switch (over) {
		case 0:
			expect_batch(0, &tables, TT_BATCH_MAX_SIZE);
			break;
		case 1:
			expect_batch(0, &tables, TT_BATCH_MAX_SIZE);
			expect_batch(1, &tables, 2);
			break;
		default:
			expect_batch(0, &tables, 1001);
			expect_batch(1, &tables, TT_BATCH_MAX_SIZE - 998);
		}
	}
}
END_TEST

START_TEST(largest_record_has_a_batch_of_its_own)
{
	tt_encode_begin(&enc, &tables);
	put_record(1, 1, TT_BATCH_MAX_SIZE - 1);
	put_record(1, 1, TT_BATCH_MAX_SIZE - 1);
	put_record(1, 1, 1);
	put_record(1, 1, TT_BATCH_MAX_SIZE - 1);
	tt_encode_end(&enc);
	read_batches();
	ck_assert_uint_eq(nbatches, 4);
	expect_batch(0, &tables, TT_BATCH_MAX_SIZE);
	expect_batch(1, &tables, TT_BATCH_MAX_SIZE);
	expect_batch(2, &tables, 2);
	expect_batch(3, &tables, TT_BATCH_MAX_SIZE);
}
END_TEST

START_TEST(batches_may_be_smaller)
{
	enc.full = 100;
	tt_encode_begin(&enc, &tables);
	put_record(1, 1, 98);
	put_record(1, 1, 1);
	put_record(1, 1, 99);
	put_record(1, 1, 500);
	tt_encode_end(&enc);
	read_batches();
	ck_assert_uint_eq(nbatches, 3);
	expect_batch(0, &tables, 100);
	expect_batch(1, &tables, 100);
	expect_batch(2, &tables, 501);
}
END_TEST

/* Events of one thread in as many batches as they take; times[] are their own again. */
static size_t read_event_times(uint64_t *times)
{
	struct tt_decode_plan plan;
	struct tt_raw_event ev;
	size_t n = 0;

	tt_decode_plan_init(&plan, specs);
	for (size_t i = 0; i < nbatches; i++) {
		const uint8_t *p = batches[i].data, *end = p + batches[i].size;
		uint64_t time = batches[i].time, dt;

		while (p < end) {
			p = tt_raw_event_decode(&plan, p, end, &ev, &dt);
			ck_assert_ptr_nonnull(p);
			time += dt;
			times[n++] = time;
			ck_assert_uint_eq(ev.args[0], n);
		}
	}
	return n;
}

START_TEST(event_that_moves_to_the_next_batch_keeps_its_time)
{
	enum { NEVENTS = 20000 };
	uint64_t *times = malloc(NEVENTS * sizeof(*times)), time = 1000;
	size_t n;

	ck_assert_ptr_nonnull(times);
	tt_encode_begin(&enc, &events_of_7);
	for (uint64_t i = 1; i <= NEVENTS; i++) {
		tt_encode_event(&enc, TT_EV_GO_UNBLOCK, time, (uint64_t[]){i, 5, UINT64_MAX >> i % 7},
				3);
		time += i % 300;
	}
	tt_encode_end(&enc);
	read_batches();
	ck_assert_uint_gt(nbatches, 4);
	for (size_t i = 0; i < nbatches; i++) {
		ck_assert_int_eq(batches[i].thread, 7);
		if (i + 1 < nbatches)
			ck_assert_uint_gt(batches[i].size, TT_BATCH_MAX_SIZE - 20);
	}
	n = read_event_times(times);
	ck_assert_uint_eq(n, NEVENTS);
	time = 1000;
	for (uint64_t i = 1; i <= NEVENTS; i++) {
		ck_assert_uint_eq(times[i - 1], time);
		time += i % 300;
	}
	free(times);
}
END_TEST

START_TEST(event_fills_a_batch_to_its_last_byte)
{
	for (int over = 0; over < 2; over++) {
		size_t n = 0;

		out.len = 0;
		tt_encode_begin(&enc, &events_of_7);
		/* of 2 bytes each, but for the last but one */
		for (; n < TT_BATCH_MAX_SIZE / 2 - 2; n++)
			tt_encode_event(&enc, TT_EV_GO_DESTROY, 100, NULL, 0);
		tt_encode_event(&enc, TT_EV_GO_DESTROY, over ? 228 : 227, NULL, 0);
		tt_encode_event(&enc, TT_EV_GO_DESTROY, 300, NULL, 0);
		tt_encode_end(&enc);
		read_batches();
		ck_assert_uint_eq(nbatches, over ? 2 : 1);
		ck_assert_uint_eq(batches[0].size, over ? TT_BATCH_MAX_SIZE - 1 : TT_BATCH_MAX_SIZE);
		if (over) {
			ck_assert_uint_eq(batches[1].time, 300);
			ck_assert_mem_eq(batches[1].data, "\x11\x00", 2);
		}
	}
}
END_TEST

/* ------------------------------------------------------------- tables, read */

/* What has been written so far, as the generation of a trace of this version. */
static void open_generation(struct gen_input *t, unsigned version)
{
	struct build b;

	tt_encode_end(&enc);
	build_init(&b, version);
	build_bytes(&b, out.data, out.len);
	gen_build_thread(&b, 5, 7, 101);
	out.len = 0;
	tt_encode_end_mark(&enc, version);
	ck_assert(!enc.failed);
	build_bytes(&b, out.data, out.len);
	gen_open(t, &b, 0);
}

static void begin_tables(unsigned version)
{
	out.len = 0;
	tt_encode_begin(&enc, &tables);
	tt_encode_sync(&enc, version, 1000, &sync_clock);
}

START_TEST(clock_of_each_version_is_read)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		const struct tt_generation *g;
		struct gen_input t;

		begin_tables(test_versions[v]);
		open_generation(&t, test_versions[v]);
		g = gen_next(&t);
		ck_assert_uint_eq(tt_generation_number(g), 5);
		ck_assert_uint_eq(tt_generation_frequency(g), 1000);
		if (test_versions[v] >= 25) {
			const struct tt_clock *clock = tt_generation_clock(g);

			ck_assert_ptr_nonnull(clock);
			ck_assert_uint_eq(clock->trace_ticks, 100);
			ck_assert_uint_eq(clock->mono_ns, UINT64_MAX);
			ck_assert_uint_eq(clock->wall_sec, 1700000000);
			ck_assert_uint_eq(clock->wall_nsec, 999999999);
		} else {
			ck_assert_ptr_null(tt_generation_clock(g));
		}
		gen_expect_end(&t);
		gen_close(&t);
	}
}
END_TEST

START_TEST(strings_of_each_size_and_id_are_read)
{
	static const size_t sizes[] = {0, 1, 127, 128, 1023, TT_STRING_MAX_SIZE};
	const struct tt_generation *g;
	struct gen_input t;
	char text[TT_STRING_MAX_SIZE];
	struct tt_str got;

	memset(text, 'x', sizeof(text));
	begin_tables(26);
	for (size_t i = 0; i < 200; i++)
		tt_encode_string(&enc, i < 190 ? i + 1 : UINT64_MAX - i,
				 (struct tt_str){text, sizes[i % COUNT(sizes)]});
	tt_encode_string(&enc, UINT64_MAX, (struct tt_str){NULL, 0});
	open_generation(&t, 26);
	g = gen_next(&t);
	ck_assert_uint_eq(tt_generation_nstrings(g), 201);
	for (size_t i = 0; i < 200; i++) {
		ck_assert(tt_generation_string(g, i < 190 ? i + 1 : UINT64_MAX - i, &got));
		ck_assert_uint_eq(got.len, sizes[i % COUNT(sizes)]);
		ck_assert_mem_eq(got.data, text, got.len);
	}
	ck_assert(tt_generation_string(g, UINT64_MAX, &got));
	ck_assert_uint_eq(got.len, 0);
	gen_expect_end(&t);
	gen_close(&t);
}
END_TEST

START_TEST(stacks_of_each_depth_are_read)
{
	const struct tt_generation *g;
	struct tt_wire_frame frames[TT_V2_MAX_FRAMES];
	struct tt_frame got[TT_V2_MAX_FRAMES];
	struct gen_input t;

	for (size_t i = 0; i < TT_V2_MAX_FRAMES; i++)
		frames[i] = (struct tt_wire_frame){UINT64_MAX - i, 1, UINT64_MAX,
						   i == 0 ? UINT64_MAX : i};
	begin_tables(26);
	tt_encode_string(&enc, 1, (struct tt_str){"main", 4});
	tt_encode_string(&enc, UINT64_MAX, (struct tt_str){"main.go", 7});
	for (size_t n = 0; n <= TT_V2_MAX_FRAMES; n++)
		tt_encode_stack(&enc, UINT64_MAX - n, frames, n);
	open_generation(&t, 26);
	g = gen_next(&t);
	ck_assert_uint_eq(tt_generation_nstacks(g), TT_V2_MAX_FRAMES + 1);
	for (size_t n = 0; n <= TT_V2_MAX_FRAMES; n++) {
		ck_assert_int_eq(tt_generation_stack(g, UINT64_MAX - n, got), (int)n);
		for (size_t i = 0; i < n; i++) {
			ck_assert_uint_eq(got[i].pc, frames[i].pc);
			ck_assert_uint_eq(got[i].line, frames[i].line);
			ck_assert_uint_eq(got[i].func.len, 4);
			ck_assert_uint_eq(got[i].file.len, 7);
		}
	}
	gen_expect_end(&t);
	gen_close(&t);
}
END_TEST

START_TEST(samples_are_read)
{
	static const struct tt_sample samples[] = {
		{.thread = 7, .proc = 3, .goroutine = 9, .stack = 0},
		{.thread = TT_NONE, .proc = TT_NONE, .goroutine = TT_NONE, .stack = UINT64_MAX},
		{.thread = INT64_MAX, .proc = 0, .goroutine = INT64_MAX, .stack = 128},
	};
	const struct tt_generation *g;
	struct gen_input t;

	begin_tables(26);
	for (size_t i = 0; i < COUNT(samples); i++)
		tt_encode_sample(&enc, 110 + i, &samples[i]);
	open_generation(&t, 26);
	g = gen_next(&t);
	ck_assert_uint_eq(tt_generation_nsamples(g), COUNT(samples));
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct tt_sample got = tt_generation_sample_at(g, i);

		ck_assert_int_eq(got.time_ns, (int64_t)(110 + i) * 1000000);
		ck_assert_int_eq(got.thread, samples[i].thread);
		ck_assert_int_eq(got.proc, samples[i].proc);
		ck_assert_int_eq(got.goroutine, samples[i].goroutine);
		ck_assert_uint_eq(got.stack, samples[i].stack);
	}
	gen_close(&t);
}
END_TEST

/* ------------------------------------------------------------------ failure */

struct budget {
	size_t left, calls;
};

static bool spend(void *arg, const void *data, size_t nbytes)
{
	struct budget *b = arg;

	(void)data;
	b->calls++;
	if (nbytes > b->left)
		return false;
	b->left -= nbytes;
	return true;
}

START_TEST(nothing_is_put_after_a_failure)
{
	for (size_t most = 0; most < 30; most++) {
		struct budget b = {.left = most};
		size_t before;

		tt_encoder_init(&enc, spend, &b);
		tt_encode_begin(&enc, &tables);
		for (uint64_t i = 1; i <= 4 && !enc.failed; i++) {
			tt_encode_string(&enc, i, (struct tt_str){"abc", 3});
			tt_encode_end(&enc);
		}
		ck_assert(enc.failed);
		before = b.calls;
		tt_encode_string(&enc, 9, (struct tt_str){"abc", 3});
		tt_encode_batch(&enc, &tables, "x", 1);
		tt_encode_bytes(&enc, "x", 1);
		tt_encode_end_mark(&enc, 26);
		ck_assert_uint_eq(b.calls, before);
	}
}
END_TEST

START_TEST(memory_limit_is_a_failure)
{
	mem.limit_nbytes = 1000;
	tt_encode_begin(&enc, &tables);
	for (uint64_t i = 1; i <= 300; i++)
		tt_encode_string(&enc, i, (struct tt_str){"abc", 3});
	ck_assert(!enc.failed);
	tt_encode_end(&enc);
	ck_assert(enc.failed);
	ck_assert_int_eq(tt_mem_code(&mem), TT_E_LIMIT);
}
END_TEST

Suite *encode_suite(void)
{
	Suite *s = suite_create("encode");
	TCase *wire = tcase_create("batches"), *gen = tcase_create("tables");

	tcase_add_checked_fixture(wire, setup, teardown);
	tcase_add_test(wire, header_of_each_version_is_read);
	tcase_add_loop_test(wire, batches_of_each_kind_and_number_are_read, 0, 6);
	tcase_add_test(wire, mark_is_written_since_1_26);
	tcase_add_test(wire, order_of_calls_is_order_of_batches);
	tcase_add_test(wire, nothing_begun_or_dropped_is_written);
	tcase_add_test(wire, tables_never_share_a_batch);
	tcase_add_test(wire, batch_is_filled_to_its_last_byte);
	tcase_add_test(wire, largest_record_has_a_batch_of_its_own);
	tcase_add_test(wire, batches_may_be_smaller);
	tcase_add_test(wire, event_that_moves_to_the_next_batch_keeps_its_time);
	tcase_add_test(wire, event_fills_a_batch_to_its_last_byte);
	tcase_add_test(wire, nothing_is_put_after_a_failure);
	tcase_add_test(wire, memory_limit_is_a_failure);
	suite_add_tcase(s, wire);
	tcase_add_checked_fixture(gen, setup, teardown);
	tcase_add_test(gen, clock_of_each_version_is_read);
	tcase_add_test(gen, strings_of_each_size_and_id_are_read);
	tcase_add_test(gen, stacks_of_each_depth_are_read);
	tcase_add_test(gen, samples_are_read);
	suite_add_tcase(s, gen);
	return s;
}
