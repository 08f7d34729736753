/* SPDX-License-Identifier: MIT */
/*
 * gen_test.c - what is in a generation: each table and its errors, ids, limits, the
 * clock, samples, experimental batches.
 */
#include "tests/gen_support.h"
#include "tests/suites.h"

/* ---- errors of tables */

static const struct table_case {
	const char *bytes;
	size_t n;
	int code;
	size_t at;              /* offset in the batch's data */
	const char *message;
} table_cases[] = {
	/* strings */
	{BYTES("\x04\x06"), TT_E_STRING_RECORD, 1, "expected string event, got 6"},
	{BYTES("\x04\x05\x01\x01x\xff"), TT_E_STRING_RECORD, 5, "expected string event, got 255"},
	{BYTES("\x04\x05"), TT_E_TABLE_CUT, 2,
	 "string record lacks a number at the end of its batch"},
	{BYTES("\x04\x05\x01"), TT_E_TABLE_CUT, 3,
	 "string record lacks a number at the end of its batch"},
	{BYTES("\x04\x05\x80"), TT_E_STRING_RECORD, 2, "unexpected EOF"},
	{BYTES("\x04\x05\x01\x80\x80"), TT_E_STRING_RECORD, 3, "unexpected EOF"},
	{BYTES("\x04\x05" TOO_LARGE), TT_E_STRING_RECORD, 2,
	 "binary: varint overflows a 64-bit integer"},
	{BYTES("\x04\x05\x01" TOO_LONG), TT_E_STRING_RECORD, 3,
	 "binary: varint overflows a 64-bit integer"},
	{BYTES("\x04\x05\x01\x81\x08"), TT_E_STRING_SIZE, 1,
	 "invalid string size 1025, maximum is 1024"},
	{BYTES("\x04\x05\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), TT_E_STRING_SIZE, 1,
	 "invalid string size 18446744073709551615, maximum is 1024"},
	{BYTES("\x04\x05\x01\x04" "abc"), TT_E_STRING_RECORD, 7,
	 "failed to read full string: read 3 but wanted 4"},
	{BYTES("\x04\x05\x01\x80\x08"), TT_E_STRING_RECORD, 5,
	 "failed to read full string: read 0 but wanted 1024"},
	{BYTES("\x04\x05\x01\x01" "a\x05\x02\x01" "b\x05\x01\x02" "cd"), TT_E_STRING_DUPLICATE, 9,
	 "multiple strings with the same ID: id=1, new=cd, existing=a"},
	{BYTES("\x04\x05\x01\x01" "a\x05\x81\x00\x01" "a"), TT_E_STRING_DUPLICATE, 5,
	 "multiple strings with the same ID: id=1, new=a, existing=a"},
	{BYTES("\x04\x05\x00\x02" "ab"), TT_E_STRING_DUPLICATE, 1,
	 "multiple strings with the same ID: id=0, new=ab, existing="},

	/* stacks */
	{BYTES("\x02\x04"), TT_E_STACK_RECORD, 1, "expected stack event, got 4"},
	{BYTES("\x02\x03"), TT_E_TABLE_CUT, 2, "stack record lacks a number at the end of its batch"},
	{BYTES("\x02\x03\x01"), TT_E_TABLE_CUT, 3,
	 "stack record lacks a number at the end of its batch"},
	{BYTES("\x02\x03\xff"), TT_E_STACK_RECORD, 2, "unexpected EOF"},
	{BYTES("\x02\x03\x01" TOO_LARGE), TT_E_STACK_RECORD, 3,
	 "binary: varint overflows a 64-bit integer"},
	{BYTES("\x02\x03\x01\x81\x01"), TT_E_STACK_SIZE, 1, "invalid stack size 129, maximum is 128"},
	{BYTES("\x02\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), TT_E_STACK_SIZE, 1,
	 "invalid stack size 18446744073709551615, maximum is 128"},
	{BYTES("\x02\x03\x09\x01"), TT_E_STACK_RECORD, 4, "reading frame 1's PC for stack 9: EOF"},
	{BYTES("\x02\x03\x09\x01\x05"), TT_E_STACK_RECORD, 5,
	 "reading frame 1's funcID for stack 9: EOF"},
	{BYTES("\x02\x03\x09\x01\x05\x00\x80"), TT_E_STACK_RECORD, 6,
	 "reading frame 1's fileID for stack 9: unexpected EOF"},
	{BYTES("\x02\x03\x09\x01\x05\x00\x00" TOO_LARGE), TT_E_STACK_RECORD, 7,
	 "reading frame 1's line for stack 9: binary: varint overflows a 64-bit integer"},
	{BYTES("\x02\x03\x09\x02\x05\x00\x00\x01"), TT_E_STACK_RECORD, 8,
	 "reading frame 2's PC for stack 9: EOF"},

	/* CPU samples */
	{BYTES("\x06\x06"), TT_E_SAMPLE_RECORD, 1, "expected CPU sample event, got 6"},
	{BYTES("\x06\x07"), TT_E_TABLE_CUT, 2,
	 "CPU sample record lacks a number at the end of its batch"},
	{BYTES("\x06\x07\x01\x02\x03\x04"), TT_E_TABLE_CUT, 6,
	 "CPU sample record lacks a number at the end of its batch"},
	{BYTES("\x06\x07\x01\x02\x03\x04\x80"), TT_E_SAMPLE_RECORD, 6, "unexpected EOF"},
	{BYTES("\x06\x07\x01" TOO_LARGE), TT_E_SAMPLE_RECORD, 3,
	 "binary: varint overflows a 64-bit integer"},

	/* an end of a generation where none may be, and numbers that may not be */
};

static void expect_table_error(unsigned version, const struct table_case *c, bool like_go)
{
	struct build b;
	struct gen_input t;
	const struct tt_error *err;
	uint64_t batch, data;

	build_init(&b, version);
	build_clock(&b, 5, 100, 1000);
	gen_build_thread(&b, 5, 7, 101);
	batch = b.len;
	build_raw(&b, 5, 9, 102, c->bytes, c->n);
	data = b.body;
	gen_build_thread(&b, 5, 7, 103);
	if (version >= 26)
		build_mark(&b);
	gen_open(&t, &b, like_go ? TT_OPEN_LIKE_GO : 0);
	if (like_go && c->code == TT_E_TABLE_CUT) {
		gen_expect_end(&t);
	} else {
		err = gen_expect_error(&t, c->code, data + c->at, c->message);
		ck_assert_uint_eq(err->batch_offset, batch);
		ck_assert_uint_eq(err->generation, 5);
		ck_assert_int_eq(err->thread, 9);
	}
	gen_close(&t);
}

START_TEST(table_errors_have_code_place_and_go_s_words)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		expect_table_error(test_versions[v], &table_cases[_i], false);
		expect_table_error(test_versions[v], &table_cases[_i], true);
	}
}
END_TEST

/* The batch with the clock, whose form depends on the version. */
static const struct sync_case {
	unsigned version;
	struct table_case c;
} sync_cases[] = {
	{22, {BYTES("\x08"), TT_E_TABLE_CUT, 1, "sync record lacks a number at the end of its batch"}},
	{22, {BYTES("\x08\x80"), TT_E_SYNC_RECORD, 1, "unexpected EOF"}},
	{22, {BYTES("\x08\x01\x08\x02"), TT_E_SYNC_DUPLICATE, 2, "found multiple frequency events"}},
	{22, {BYTES("\x08\x00\x08\x02"), TT_E_SYNC_DUPLICATE, 2, "found multiple frequency events"}},
	{22, {BYTES("\x08\x01\x33\x01\x01\x01\x01"), TT_E_SYNC_RECORD, 2,
	      "expected frequency or clock snapshot event, got 51"}},
	{23, {BYTES("\x08\x01\x09"), TT_E_SYNC_RECORD, 2,
	      "expected frequency or clock snapshot event, got 9"}},
	{25, {BYTES("\x32\x08"), TT_E_TABLE_CUT, 2,
	      "sync record lacks a number at the end of its batch"}},
	{25, {BYTES("\x32\x33\x01\x02\x03"), TT_E_TABLE_CUT, 5,
	      "sync record lacks a number at the end of its batch"}},
	{26, {BYTES("\x32\x33\x01\x02\x80"), TT_E_SYNC_RECORD, 4, "unexpected EOF"}},
	{26, {BYTES("\x32\x33" TOO_LONG), TT_E_SYNC_RECORD, 2,
	      "binary: varint overflows a 64-bit integer"}},
	{26, {BYTES("\x32\x08\x01\x33\x01\x01\x01\x01\x33\x01\x01\x01\x01"), TT_E_SYNC_DUPLICATE, 8,
	      "found multiple clock snapshot events"}},
	{26, {BYTES("\x32\x08\x01\x08\x01"), TT_E_SYNC_DUPLICATE, 3, "found multiple frequency events"}},
	{26, {BYTES("\x32\x32"), TT_E_SYNC_RECORD, 1,
	      "expected frequency or clock snapshot event, got 50"}},
};

START_TEST(sync_errors_have_code_place_and_go_s_words)
{
	const struct sync_case *c = &sync_cases[_i];
	struct build b;
	struct gen_input t;
	uint64_t data;

	build_init(&b, c->version);
	build_raw(&b, 5, BUILD_NOBODY, 102, c->c.bytes, c->c.n);
	data = b.body;
	gen_open(&t, &b, 0);
	gen_expect_error(&t, c->c.code, data + c->c.at, c->c.message);
	gen_close(&t);
}
END_TEST

START_TEST(a_second_frequency_in_another_batch_is_one_too_many)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct gen_input t;
		uint64_t at;

		build_init(&b, test_versions[v]);
		build_clock(&b, 5, 100, 1000);
		build_clock(&b, 5, 100, 1000);
		at = b.body + (test_versions[v] >= 25);
		gen_open(&t, &b, 0);
		gen_expect_error(&t, TT_E_SYNC_DUPLICATE, at, "found multiple frequency events");
		gen_close(&t);
	}
}
END_TEST

/* Before 1.26, where no mark ends a generation, the input may end before the tables. */
static void expect_no_clock(struct gen_input *t, const struct build *b, int code, const char *message)
{
	char cut[128];

	snprintf(cut, sizeof(cut), "the trace ends before the clock and the tables of its last "
		 "generation: %s", message);
	if (b->version >= 26)
		gen_expect_error(t, code, 16, message);
	else
		gen_expect_error(t, TT_E_CUT_OFF, b->len, cut);
}

START_TEST(a_clock_that_is_not_there_is_an_error_of_the_generation)
{
	struct build b;
	struct gen_input t;

	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		build_init(&b, test_versions[v]);
		gen_build_thread(&b, 5, 7, 101);
		if (test_versions[v] >= 26)
			build_mark(&b);
		gen_open(&t, &b, 0);
		expect_no_clock(&t, &b, TT_E_NO_FREQUENCY, "no frequency event found");
		ck_assert_uint_eq(tt_reader_error(t.r)->generation, 5);
		gen_close(&t);
	}
	for (unsigned version = 25; version <= 26; version++) {
		build_init(&b, version);
		build_raw(&b, 5, 7, 101, "\x32\x08\x01", 3);
		if (version >= 26)
			build_mark(&b);
		gen_open(&t, &b, 0);
		expect_no_clock(&t, &b, TT_E_NO_CLOCK, "no clock snapshot event found");
		gen_close(&t);
	}
}
END_TEST

/* The batch of the other versions holds events, then, and untimed ones. */
START_TEST(the_wrong_kind_of_clock_is_none)
{
	struct build b;
	struct gen_input t;

	build_init(&b, 22);
	build_raw(&b, 5, 7, 101, "\x32\x08\x01", 3);
	gen_open(&t, &b, 0);
	expect_no_clock(&t, &b, TT_E_NO_FREQUENCY, "no frequency event found");
	gen_close(&t);
	build_init(&b, 26);
	build_raw(&b, 5, 7, 101, "\x08\x01", 2);
	build_mark(&b);
	gen_open(&t, &b, 0);
	expect_no_clock(&t, &b, TT_E_NO_FREQUENCY, "no frequency event found");
	gen_close(&t);
}
END_TEST

START_TEST(duplicate_stacks_are_errors)
{
	static const uint64_t frame[1][4] = {{255, 0, 0, 1}};

	for (uint64_t id = 0; id < 4; id += 3) {
		struct build b;
		struct gen_input t;
		uint64_t at;

		build_init(&b, 26);
		build_clock(&b, 5, 100, 1000);
		build_batch(&b, 5, 9, 100);
		build_byte(&b, 0x02);
		build_stack(&b, 3, 1, frame);
		at = b.len;
		build_stack(&b, id, 1, frame);
		build_close(&b);
		gen_open(&t, &b, 0);
		gen_expect_error(&t, TT_E_STACK_DUPLICATE, at,
			     id == 0 ? "multiple trace.stacks with the same ID: id=0, new=\t0xff\n"
				       ", existing="
				     : "multiple trace.stacks with the same ID: id=3, new=\t0xff\n"
				       ", existing=\t0xff\n");
		gen_close(&t);
	}
}
END_TEST

/* ---- strings of frames */

static void build_stacks(struct build *b, const uint64_t (*frames)[4])
{
	static const uint64_t ids[] = {9, 4, 7};

	build_batch(b, 5, BUILD_NOBODY, 100);
	build_byte(b, 0x02);
	for (size_t i = 0; i < COUNT(ids); i++)
		build_stack(b, ids[i], 1, frames + i);
	build_close(b);
}

START_TEST(frames_name_strings_that_are_there)
{
	static const struct {
		uint64_t frames[3][4];
		const char *message; /* NULL: none */
	} cases[] = {
		{{{1, 0, 0, 0}, {2, 1, 1, 0}, {3, 1, 0, 0}}, NULL},
		/* of several the lowest stack, of a frame the function first */
		{{{1, 6, 0, 0}, {2, 1, 5, 0}, {3, 8, 0, 0}},
		 "found invalid file string ID 5 for stack 4"},
		{{{1, 6, 0, 0}, {2, 1, 1, 0}, {3, 8, 5, 0}},
		 "found invalid func string ID 8 for stack 7"},
		{{{1, UINT64_MAX, 0, 0}, {2, 1, 1, 0}, {3, 1, 1, 0}},
		 "found invalid func string ID 18446744073709551615 for stack 9"},
		/* the first frame of a pc counts: what later ones name is not looked at */
		{{{1, 0, 0, 0}, {1, 6, 6, 0}, {1, 5, 5, 0}}, NULL},
		{{{1, 6, 0, 0}, {1, 0, 0, 0}, {1, 0, 0, 0}},
		 "found invalid func string ID 6 for stack 4"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct build b;
		struct gen_input t;

		build_init(&b, 26);
		build_clock(&b, 5, 100, 1000);
		build_stacks(&b, cases[i].frames);
		build_raw(&b, 5, 9, 100, "\x04\x05\x01\x00", 4);
		build_mark(&b);
		gen_open(&t, &b, 0);
		if (cases[i].message == NULL)
			gen_next(&t);
		else
			gen_expect_error(&t, TT_E_STACK_STRING, 16, cases[i].message);
		gen_close(&t);
	}
}
END_TEST

START_TEST(the_first_frame_of_a_pc_wins_across_batches)
{
	static const uint64_t first[2][4] = {{10, 1, 2, 5}, {20, 0, 0, 6}};
	static const uint64_t later[3][4] = {{20, 1, 2, 7}, {10, 2, 1, 8}, {30, 2, 2, 9}};
	struct tt_frame frames[TT_V2_MAX_FRAMES];
	const struct tt_generation *g;
	struct tt_error finding;
	uint64_t at;
	struct build b;
	struct gen_input t;

	build_init(&b, 26);
	build_clock(&b, 5, 100, 1000);
	build_batch(&b, 5, 9, 100);
	build_byte(&b, 0x02);
	build_stack(&b, 1, 2, first);
	build_close(&b);
	build_batch(&b, 5, 9, 100);
	build_byte(&b, 0x02);
	build_stack(&b, 2, 0, NULL);
	at = b.len;
	build_stack(&b, 3, 3, later);
	build_close(&b);
	build_raw(&b, 5, 9, 100, BYTES("\x04\x05\x01\x01" "f\x05\x02\x01" "g"));
	build_mark(&b);
	gen_open(&t, &b, 0);
	g = gen_next(&t);
	ck_assert_int_eq(tt_generation_stack(g, 3, frames), 3);
	ck_assert_uint_eq(frames[0].pc, 20);
	ck_assert_uint_eq(frames[0].line, 6);
	ck_assert_uint_eq(frames[0].func.len, 0);
	ck_assert_uint_eq(frames[1].pc, 10);
	ck_assert_uint_eq(frames[1].line, 5);
	ck_assert_mem_eq(frames[1].func.data, "f", 1);
	ck_assert_mem_eq(frames[1].file.data, "g", 1);
	ck_assert_uint_eq(frames[2].line, 9);
	ck_assert_int_eq(tt_generation_stack(g, 2, frames), 0);
	/* the two that differ are worth a word, once */
	ck_assert_int_eq(tt_reader_finding(t.r, &finding), 0);
	ck_assert_int_eq(finding.code, TT_W_FRAME_CONFLICT);
	ck_assert_uint_eq(finding.offset, at);
	ck_assert_int_eq(tt_reader_finding(t.r, &finding), TT_END);
	gen_close(&t);
}
END_TEST

/* ---- limits: so much, and one more */

static void expect_size(size_t size, int code, const char *message)
{
	struct build b;
	struct gen_input t;
	uint64_t at;

	build_init(&b, 26);
	build_clock(&b, 5, 100, 1000);
	at = b.len;
	build_experiment(&b, 1, 5, 9, 100);
	for (size_t i = 0; i < size; i++)
		build_byte(&b, 'x');
	build_close(&b);
	build_mark(&b);
	gen_open(&t, &b, 0);
	if (code != TT_OK)
		gen_expect_error(&t, code, at, message);
	else
		ck_assert_uint_eq(tt_generation_experimental_at(gen_next(&t), 0).size, size);
	gen_close(&t);
}

START_TEST(a_batch_holds_64_kib_and_not_a_byte_more)
{
	expect_size(0, TT_OK, NULL);
	expect_size(65536, TT_OK, NULL);
	expect_size(65537, TT_E_BATCH_SIZE, "invalid batch size 65537, maximum is 65536");
}
END_TEST

START_TEST(a_string_of_1024_bytes_and_a_stack_of_128_frames_are_read)
{
	uint64_t many[TT_V2_MAX_FRAMES][4] = {{0}};
	struct tt_frame frames[TT_V2_MAX_FRAMES];
	const struct tt_generation *g;
	char text[1024];
	struct tt_str s;
	struct build b;
	struct gen_input t;

	memset(text, 'y', sizeof(text));
	build_init(&b, 26);
	build_clock(&b, 5, 100, 1000);
	build_batch(&b, 5, 9, 100);
	build_byte(&b, 0x04);
	build_string(&b, 1, text, sizeof(text));
	build_close(&b);
	for (size_t i = 0; i < COUNT(many); i++)
		many[i][0] = UINT64_MAX - i;
	build_batch(&b, 5, 9, 100);
	build_byte(&b, 0x02);
	build_stack(&b, 1, COUNT(many), many);
	build_close(&b);
	build_mark(&b);
	gen_open(&t, &b, 0);
	g = gen_next(&t);
	ck_assert(tt_generation_string(g, 1, &s));
	ck_assert_uint_eq(s.len, sizeof(text));
	ck_assert_mem_eq(s.data, text, sizeof(text));
	ck_assert_int_eq(tt_generation_stack(g, 1, frames), TT_V2_MAX_FRAMES);
	ck_assert_uint_eq(frames[127].pc, UINT64_MAX - 127);
	gen_close(&t);
}
END_TEST

/* ---- ids */

START_TEST(ids_may_be_dense_sparse_and_huge)
{
	static const uint64_t ids[] = {1, 2, 3, 300, 299, 70000, UINT64_MAX, UINT64_MAX - 1,
				       UINT64_C(1) << 63, (UINT64_C(1) << 32) + 1, 4, 5000000000};
	const struct tt_generation *g;
	struct tt_frame frames[TT_V2_MAX_FRAMES];
	struct tt_str s;
	struct build b;
	struct gen_input t;

	build_init(&b, 26);
	build_clock(&b, 5, 100, 1000);
	build_batch(&b, 5, 9, 100);
	build_byte(&b, 0x04);
	for (size_t i = 0; i < COUNT(ids); i++)
		build_string(&b, ids[i], &ids[i], sizeof(ids[i]));
	build_close(&b);
	build_batch(&b, 5, 9, 100);
	build_byte(&b, 0x02);
	for (size_t i = 0; i < COUNT(ids); i++)
		build_stack(&b, ids[i], 1, &(const uint64_t[1][4]){{i + 1, ids[i], 0, i}}[0]);
	build_close(&b);
	build_mark(&b);
	gen_open(&t, &b, 0);
	g = gen_next(&t);
	ck_assert_uint_eq(tt_generation_nstrings(g), COUNT(ids));
	ck_assert_uint_eq(tt_generation_nstacks(g), COUNT(ids));
	for (size_t i = 0; i < COUNT(ids); i++) {
		uint64_t id;

		ck_assert(tt_generation_string(g, ids[i], &s));
		ck_assert_uint_eq(s.len, sizeof(ids[i]));
		ck_assert_mem_eq(s.data, &ids[i], sizeof(ids[i]));
		s = tt_generation_string_at(g, i, &id);
		ck_assert_uint_eq(id, ids[i]);
		ck_assert_mem_eq(s.data, &ids[i], sizeof(ids[i]));
		ck_assert_int_eq(tt_generation_stack(g, ids[i], frames), 1);
		ck_assert_uint_eq(frames[0].pc, i + 1);
		ck_assert_mem_eq(frames[0].func.data, &ids[i], sizeof(ids[i]));
		ck_assert_uint_eq(tt_generation_stack_at(g, i), ids[i]);
		ck_assert_uint_eq(tt_generation_stack_index(g, ids[i]), i + 1);
	}
	/* 0 is empty; others are not there */
	ck_assert(tt_generation_string(g, 0, &s));
	ck_assert_uint_eq(s.len, 0);
	ck_assert_int_eq(tt_generation_stack(g, 0, frames), 0);
	ck_assert_uint_eq(tt_generation_stack_index(g, 0), 0);
	ck_assert(!tt_generation_string(g, 6, &s));
	ck_assert(!tt_generation_string(g, UINT64_MAX - 2, &s));
	ck_assert_int_eq(tt_generation_stack(g, 301, frames), -1);
	ck_assert_uint_eq(tt_generation_stack_index(g, 301), 0);
	gen_close(&t);
}
END_TEST

START_TEST(ids_are_forgotten_with_their_generation)
{
	struct tt_str s;
	struct build b;
	struct gen_input t;
	const struct tt_generation *g;

	build_init(&b, 26);
	for (uint64_t n = 1; n <= 2; n++) {
		build_clock(&b, n, 100, 1000);
		build_batch(&b, n, 9, 100);
		build_byte(&b, 0x04);
		build_string(&b, n, "a", 1);
		build_string(&b, n + UINT64_C(1000000000000), "b", 1);
		build_close(&b);
		build_mark(&b);
	}
	gen_open(&t, &b, 0);
	for (uint64_t n = 1; n <= 2; n++) {
		g = gen_next(&t);
		ck_assert(tt_generation_string(g, n, &s));
		ck_assert(tt_generation_string(g, n + UINT64_C(1000000000000), &s));
		ck_assert(!tt_generation_string(g, 3 - n, &s));
		ck_assert(!tt_generation_string(g, 3 - n + UINT64_C(1000000000000), &s));
		ck_assert_uint_eq(tt_generation_nstrings(g), 2);
	}
	gen_close(&t);
}
END_TEST

/* Whatever room the tables of the one before took. */
START_TEST(generations_may_be_large_and_small_in_turn)
{
	static const uint64_t sizes[] = {5000, 1, 3000, 2, 700};
	struct build b;
	struct gen_input t;
	struct tt_str s;

	build_init(&b, 26);
	for (size_t n = 0; n < COUNT(sizes); n++) {
		build_clock(&b, n + 1, 100, 1000);
		for (uint64_t i = 1; i <= sizes[n];) {
			build_batch(&b, n + 1, 9, 100);
			build_byte(&b, 0x04);
			for (; i <= sizes[n] && b.len - b.body < 60000; i++) {
				build_string(&b, i + n, &i, sizeof(i));
				build_string(&b, i * 1000000007, &i, sizeof(i));
			}
			build_close(&b);
		}
		build_mark(&b);
	}
	gen_open(&t, &b, 0);
	for (size_t n = 0; n < COUNT(sizes); n++) {
		const struct tt_generation *g = gen_next(&t);

		for (uint64_t i = 1; i <= sizes[n]; i++) {
			ck_assert(tt_generation_string(g, i + n, &s) && memcmp(s.data, &i, 8) == 0);
			ck_assert(tt_generation_string(g, i * 1000000007, &s) &&
				  memcmp(s.data, &i, 8) == 0);
		}
		ck_assert(!tt_generation_string(g, sizes[n] + n + 1, &s));
		ck_assert(!tt_generation_string(g, (sizes[n] + 1) * 1000000007, &s));
		ck_assert(n == 0 || !tt_generation_string(g, n, &s));
	}
	gen_close(&t);
}
END_TEST

/* ---- experimental batches */

START_TEST(experimental_batches_are_kept_in_the_order_of_the_file)
{
	struct build b;
	struct gen_input t;
	const struct tt_generation *g;
	static const size_t sizes[] = {3, 0, 1};
	static const int64_t threads[] = {TT_NONE, 9, 8};
	static const uint64_t times[] = {110, 90, UINT64_MAX};
	uint64_t at[3];

	build_init(&b, 26);
	build_clock(&b, 5, 100, 1000);
	at[0] = b.len;
	build_experiment(&b, 1, 5, BUILD_NOBODY, 110);
	build_bytes(&b, "\x04\x34\x02", 3); /* not looked into */
	build_close(&b);
	at[1] = b.len;
	build_experiment(&b, 255, 5, 9, 90);
	build_close(&b);
	at[2] = b.len;
	build_experiment(&b, 1, 5, 8, UINT64_MAX);
	build_byte(&b, 'z');
	build_close(&b);
	gen_build_thread(&b, 5, 7, 101);
	build_mark(&b);
	gen_open(&t, &b, 0);
	g = gen_next(&t);
	ck_assert_uint_eq(tt_generation_nexperimental(g), 3);
	for (size_t i = 0; i < 3; i++) {
		struct tt_batch batch = tt_generation_experimental_at(g, i);

		ck_assert_int_eq(batch.kind, TT_BATCH_EXPERIMENT);
		ck_assert_uint_eq(batch.experiment, i == 1 ? 255 : 1);
		ck_assert_uint_eq(batch.generation, 5);
		ck_assert_uint_eq(batch.offset, at[i]);
		ck_assert_uint_eq(batch.size, sizes[i]);
		ck_assert_int_eq(batch.thread, threads[i]);
		ck_assert_uint_eq(batch.time_ticks, times[i]);
		ck_assert_mem_eq(batch.data, t.bytes.data + batch.data_offset, batch.size);
	}
	/* they count for the generation's time */
	ck_assert_int_eq(tt_generation_start_ns(g), 90000000);
	gen_close(&t);
}
END_TEST

START_TEST(experiment_0_is_a_batch_like_any_other)
{
	struct build b;
	struct gen_input t;
	const struct tt_generation *g;
	struct tt_str s;

	build_init(&b, 26);
	build_experiment(&b, 0, 5, 9, 100);
	build_bytes(&b, "\x04\x05\x01\x01" "a", 5);
	build_close(&b);
	build_clock(&b, 5, 100, 1000);
	build_experiment(&b, 0, 5, 9, 100);
	build_byte(&b, 0x34);
	build_close(&b);
	gen_open(&t, &b, 0);
	g = gen_next(&t);
	ck_assert_uint_eq(tt_generation_nexperimental(g), 0);
	ck_assert(tt_generation_string(g, 1, &s));
	gen_expect_end(&t);
	gen_close(&t);
}
END_TEST

/* ---- the clock */

static const struct tt_generation *clock_of(struct gen_input *t, uint64_t frequency)
{
	struct build b;

	build_init(&b, 26);
	build_clock(&b, 5, 100, frequency);
	build_mark(&b);
	gen_open(t, &b, 0);
	return gen_next(t);
}

START_TEST(clock_rounds_as_go_does)
{
	static const struct {
		uint64_t frequency, ticks;
		int64_t ns;
	} cases[] = {
		{15625000, 1, 64},
		{15625000, 16666903194, 1066681804416},
		/* 1e9 / frequency would give ...030 */
		{15234375, UINT64_C(123456789012345), INT64_C(8103830253118032)},
		{1000000000, UINT64_C(9007199254740993), INT64_C(9007199254740992)},
		{3, 1, 333333333},
		{3, 2, 666666666},
		{2000000000, 1, 0},
		{UINT64_MAX, UINT64_MAX, 999999999},
		/* out of range */
		{1000000000, UINT64_C(1) << 62, INT64_C(1) << 62},
		{1000000000, UINT64_C(9223372036854775295), INT64_C(9223372036854774784)},
		{1000000000, UINT64_C(1) << 63, INT64_MIN},
		{1000000000, UINT64_MAX, INT64_MIN},
		{1, UINT64_C(10000000000), INT64_MIN},
		/* infinite, and none at all */
		{0, 1, INT64_MIN},
		{0, 0, INT64_MIN},
		{1, 0, 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct gen_input t;
		const struct tt_generation *g = clock_of(&t, cases[i].frequency);

		ck_assert_uint_eq(tt_generation_frequency(g), cases[i].frequency);
		ck_assert_int_eq(tt_generation_ns(g, cases[i].ticks), cases[i].ns);
		gen_close(&t);
	}
}
END_TEST

START_TEST(clock_snapshots_are_handed_out_as_they_are)
{
	struct build b;
	struct gen_input t;
	const struct tt_clock *clock;

	build_init(&b, 26);
	build_batch(&b, 5, 9, UINT64_MAX - 1);
	build_bytes(&b, "\x32\x33\x05", 3); /* 5 later: the sum wraps around */
	build_number(&b, 77);
	build_number(&b, UINT64_MAX);
	build_number(&b, 5000000000);
	build_bytes(&b, "\x08\x80\xca\xb5\xee\x01", 6);
	build_close(&b);
	build_mark(&b);
	gen_open(&t, &b, 0);
	clock = tt_generation_clock(gen_next(&t));
	ck_assert_ptr_nonnull(clock);
	ck_assert_uint_eq(clock->trace_ticks, 3);
	ck_assert_int_eq(clock->trace_ns, 6);
	ck_assert_uint_eq(clock->mono_ns, 77);
	ck_assert_uint_eq(clock->wall_sec, UINT64_MAX);
	ck_assert_uint_eq(clock->wall_nsec, 5000000000);
	gen_close(&t);

	build_init(&b, 23);
	gen_build(&b, 5);
	gen_open(&t, &b, 0);
	ck_assert_ptr_null(tt_generation_clock(gen_next(&t)));
	gen_close(&t);
}
END_TEST

START_TEST(a_generation_begins_with_its_earliest_batch_but_0_is_no_time)
{
	static const struct {
		uint64_t times[4];
		int64_t start;
	} cases[] = {
		{{100, 50, 70, 60}, 50},
		{{0, 50, 70, 60}, 50},   /* replaced by the next */
		{{100, 0, 70, 60}, 60},  /* and again */
		{{100, 50, 70, 0}, 0},
		{{0, 0, 0, 0}, 0},
	};

	for (unsigned version = 22; version <= 26; version += 4) {
		for (size_t i = 0; i < COUNT(cases); i++) {
			struct build b;
			struct gen_input t;

			build_init(&b, version);
			build_clock(&b, 5, cases[i].times[0], 1000000000);
			build_raw(&b, 5, 7, cases[i].times[1], "", 0);
			build_experiment(&b, 1, 5, 7, cases[i].times[2]);
			build_close(&b);
			build_raw(&b, 5, 7, cases[i].times[3], "\x04", 1);
			if (version >= 26)
				build_mark(&b);
			gen_open(&t, &b, 0);
			ck_assert_int_eq(tt_generation_start_ns(gen_next(&t)), cases[i].start);
			gen_close(&t);
		}
	}
}
END_TEST

/* ---- CPU samples */

START_TEST(samples_are_converted_and_sorted_by_time)
{
	static const uint64_t samples[][5] = {
		{300, 1, 2, 3, 4}, {100, 5, UINT64_MAX, 0, 0}, {300, 6, 7, 8, 9},
		{200, UINT64_MAX, 0, 1, 99}, {UINT64_MAX, 1, 1, 1, 1},
	};
	static const struct tt_sample expected[] = {
		{INT64_MIN, 1, 1, 1, 1},     {200, 5, TT_NONE, TT_NONE, 0},
		{400, TT_NONE, 0, 1, 99},    {600, 1, 2, 3, 4},
		{600, 6, 7, 8, 9},
	};
	struct build b;
	struct gen_input t;
	const struct tt_generation *g;

	build_init(&b, 26);
	for (size_t i = 0; i < COUNT(samples); i++) {
		build_batch(&b, 5, 9, 100);
		build_bytes(&b, "\x06\x07", 2);
		for (size_t k = 0; k < 5; k++)
			build_number(&b, samples[i][k]);
		build_close(&b);
	}
	build_clock(&b, 5, 100, 500000000); /* the frequency may come last */
	build_mark(&b);
	gen_open(&t, &b, 0);
	g = gen_next(&t);
	ck_assert_uint_eq(tt_generation_nsamples(g), COUNT(expected));
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct tt_sample s = tt_generation_sample_at(g, i);

		ck_assert_int_eq(s.time_ns, expected[i].time_ns);
		ck_assert_int_eq(s.thread, expected[i].thread);
		ck_assert_int_eq(s.proc, expected[i].proc);
		ck_assert_int_eq(s.goroutine, expected[i].goroutine);
		ck_assert_uint_eq(s.stack, expected[i].stack);
	}
	gen_close(&t);
}
END_TEST

Suite *gen_suite(void)
{
	Suite *suite = suite_create("gen");
	TCase *tables = tcase_create("tables");
	TCase *content = tcase_create("content");

	tcase_add_loop_test(tables, table_errors_have_code_place_and_go_s_words, 0,
			    COUNT(table_cases));
	tcase_add_loop_test(tables, sync_errors_have_code_place_and_go_s_words, 0,
			    COUNT(sync_cases));
	tcase_add_test(tables, a_second_frequency_in_another_batch_is_one_too_many);
	tcase_add_test(tables, a_clock_that_is_not_there_is_an_error_of_the_generation);
	tcase_add_test(tables, the_wrong_kind_of_clock_is_none);
	tcase_add_test(tables, duplicate_stacks_are_errors);
	tcase_add_test(tables, frames_name_strings_that_are_there);
	tcase_add_test(tables, the_first_frame_of_a_pc_wins_across_batches);
	tcase_add_test(tables, a_batch_holds_64_kib_and_not_a_byte_more);
	tcase_add_test(tables, a_string_of_1024_bytes_and_a_stack_of_128_frames_are_read);
	tcase_add_test(tables, ids_may_be_dense_sparse_and_huge);
	tcase_add_test(tables, ids_are_forgotten_with_their_generation);
	tcase_add_test(tables, generations_may_be_large_and_small_in_turn);
	suite_add_tcase(suite, tables);

	tcase_add_test(content, experimental_batches_are_kept_in_the_order_of_the_file);
	tcase_add_test(content, experiment_0_is_a_batch_like_any_other);
	tcase_add_test(content, clock_rounds_as_go_does);
	tcase_add_test(content, clock_snapshots_are_handed_out_as_they_are);
	tcase_add_test(content, a_generation_begins_with_its_earliest_batch_but_0_is_no_time);
	tcase_add_test(content, samples_are_converted_and_sorted_by_time);
	suite_add_tcase(suite, content);
	return suite;
}
