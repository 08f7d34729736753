/* SPDX-License-Identifier: MIT */
/*
 * load_test.c - where generations begin and end, in each version, and what stands
 * between them: framing and its errors.
 */
#include "tests/gen_support.h"
#include "tests/suites.h"

/* ---- what ends a generation, since 1.26 */

START_TEST(a_mark_ends_a_generation)
{
	struct build b;
	struct gen_input t;
	const struct tt_generation *g;
	uint64_t ends[3];

	build_init(&b, 26);
	gen_build(&b, 7);
	ends[0] = b.len;
	gen_build(&b, 7); /* numbers are not compared */
	ends[1] = b.len;
	gen_build(&b, 3);
	ends[2] = b.len;
	gen_open(&t, &b, 0);
	for (uint64_t i = 0; i < 3; i++) {
		g = gen_next(&t);
		ck_assert_uint_eq(tt_generation_number(g), i < 2 ? 7 : 3);
		ck_assert_uint_eq(tt_generation_ordinal(g), i + 1);
		ck_assert_uint_eq(tt_generation_offset(g), i == 0 ? 16 : ends[i - 1]);
		ck_assert_uint_eq(tt_generation_end(g), ends[i]);
	}
	gen_expect_end(&t);
	gen_close(&t);
}
END_TEST

START_TEST(a_batch_that_begins_with_the_mark_ends_a_generation_too)
{
	struct build b;
	struct gen_input t;

	build_init(&b, 26);
	build_clock(&b, 7, 100, 1000);
	build_raw(&b, 999, 1, 1, "\x34\x01\x02", 3); /* its number and the rest do not count */
	gen_build(&b, 8);
	gen_open(&t, &b, 0);
	ck_assert_uint_eq(tt_generation_number(gen_next(&t)), 7);
	ck_assert_uint_eq(tt_generation_number(gen_next(&t)), 8);
	gen_expect_end(&t);
	gen_close(&t);
	/* as the first batch it gives the generation its number */
	build_init(&b, 26);
	build_raw(&b, 999, 1, 1, "\x34", 1);
	gen_open(&t, &b, 0);
	gen_expect_error(&t, TT_E_NO_FREQUENCY, 16, "no frequency event found");
	ck_assert_uint_eq(tt_reader_error(t.r)->generation, 999);
	gen_close(&t);
}
END_TEST

START_TEST(marks_in_a_row_are_a_generation_without_a_clock)
{
	struct build b;
	struct gen_input t;
	uint64_t at;

	build_init(&b, 26);
	gen_build(&b, 7);
	at = b.len;
	build_mark(&b);
	gen_open(&t, &b, 0);
	gen_next(&t);
	gen_expect_error(&t, TT_E_NO_FREQUENCY, at, "no frequency event found");
	ck_assert_uint_eq(tt_reader_error(t.r)->generation, TT_UNKNOWN);
	gen_close(&t);
}
END_TEST

START_TEST(a_file_may_end_between_generations_only)
{
	for (int flags = 0; flags <= TT_OPEN_LIKE_GO; flags += TT_OPEN_LIKE_GO) {
		struct build b;
		struct gen_input t;
		uint64_t end;

		build_init(&b, 26);
		gen_build(&b, 7);
		gen_open(&t, &b, (unsigned)flags);
		gen_next(&t);
		gen_expect_end(&t);
		gen_close(&t);

		/* cut before the first thread's batch: Go says nothing */
		build_init(&b, 26);
		gen_build(&b, 7);
		build_clock(&b, 8, 100, 1000);
		build_experiment(&b, 1, 8, 7, 100);
		build_close(&b);
		end = b.len;
		gen_open(&t, &b, (unsigned)flags);
		gen_next(&t);
		if (flags == TT_OPEN_LIKE_GO)
			gen_expect_end(&t);
		else
			gen_expect_error(&t, TT_E_CUT_OFF, end,
				     "the trace ends inside a generation, before any thread's events");
		gen_close(&t);

		/* behind it: even if that is empty */
		build_init(&b, 26);
		build_clock(&b, 8, 100, 1000);
		build_raw(&b, 8, 7, 100, "", 0);
		end = b.len;
		gen_open(&t, &b, (unsigned)flags);
		gen_expect_error(&t, TT_E_CUT_OFF, end,
			     "incomplete generation found; trace likely truncated");
		ck_assert_uint_eq(tt_reader_error(t.r)->generation, 8);
		gen_close(&t);
	}
}
END_TEST

START_TEST(generations_do_not_mix)
{
	struct build b;
	struct gen_input t;
	uint64_t at;
	const struct tt_error *err;

	build_init(&b, 26);
	build_clock(&b, 7, 100, 1000);
	at = b.len;
	gen_build_thread(&b, 8, 9, 101);
	gen_open(&t, &b, 0);
	err = gen_expect_error(&t, TT_E_GENERATION_MIXED, at,
			   "broken trace: missing end-of-generation event, or generations are "
			   "interleaved");
	ck_assert_uint_eq(err->batch_offset, at);
	ck_assert_uint_eq(err->generation, 8);
	ck_assert_int_eq(err->thread, 9);
	gen_close(&t);
}
END_TEST

START_TEST(generation_zero_is_none)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct gen_input t;
		uint64_t at;

		build_init(&b, test_versions[v]);
		gen_build_thread(&b, 0, 9, 101);
		gen_open(&t, &b, 0);
		gen_expect_error(&t, TT_E_GENERATION_ZERO, 16, "invalid generation number 0");
		gen_close(&t);

		build_init(&b, test_versions[v]);
		build_clock(&b, 7, 100, 1000);
		at = b.len;
		gen_build_thread(&b, 0, 9, 101);
		gen_open(&t, &b, 0);
		gen_expect_error(&t, TT_E_GENERATION_ZERO, at, "invalid generation number 0");
		ck_assert_uint_eq(tt_reader_error(t.r)->generation, 0);
		ck_assert_int_eq(tt_reader_error(t.r)->thread, 9);
		gen_close(&t);
	}
}
END_TEST

/* ---- what ends a generation before 1.26 */

START_TEST(the_next_number_or_the_end_ends_a_generation_before_1_26)
{
	for (size_t v = 0; test_versions[v] < 26; v++) {
		struct build b;
		struct gen_input t;
		const struct tt_generation *g;
		uint64_t end[2];

		build_init(&b, test_versions[v]);
		gen_build(&b, 7);
		end[0] = b.len;
		gen_build(&b, 8);
		end[1] = b.len;
		gen_open(&t, &b, 0);
		for (uint64_t i = 0; i < 2; i++) {
			g = gen_next(&t);
			ck_assert_uint_eq(tt_generation_number(g), 7 + i);
			ck_assert_uint_eq(tt_generation_ordinal(g), 1 + i);
			ck_assert_uint_eq(tt_generation_offset(g), i == 0 ? 16 : end[0]);
			ck_assert_uint_eq(tt_generation_end(g), end[i]);
			/* the first batch, read with the generation before, is in */
			ck_assert_uint_eq(tt_generation_frequency(g), 1000000000);
			ck_assert_int_eq(tt_generation_start_ns(g), 100);
		}
		gen_expect_end(&t);
		gen_close(&t);
	}
}
END_TEST

/* To Go it is an empty trace since 1.26, and lacks a frequency before. */
START_TEST(a_header_alone_is_cut_off)
{
	for (size_t v = 0; v < COUNT(test_versions); v++) {
		struct build b;
		struct gen_input t;

		build_init(&b, test_versions[v]);
		gen_open(&t, &b, 0);
		gen_expect_error(&t, TT_E_CUT_OFF, 16, "the trace ends after its header");
		gen_close(&t);
		/* a longer header: "go  1.26 trace" */
		build_init(&b, test_versions[v]);
		build_bytes(&b, "", 1);
		memmove(b.data + 3, b.data + 2, 14);
		gen_open(&t, &b, 0);
		gen_expect_error(&t, TT_E_CUT_OFF, 17, "the trace ends after its header");
		gen_close(&t);
		build_init(&b, test_versions[v]);
		gen_open(&t, &b, TT_OPEN_LIKE_GO);
		if (test_versions[v] >= 26)
			gen_expect_end(&t);
		else
			gen_expect_error(&t, TT_E_NO_FREQUENCY, 16, "no frequency event found");
		gen_close(&t);
	}
}
END_TEST

START_TEST(numbers_grow_by_one_before_1_26)
{
	static const uint64_t wrong[] = {9, 6, 1, UINT64_MAX};

	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct build b;
		struct gen_input t;
		uint64_t at;

		build_init(&b, 22);
		gen_build(&b, 7);
		at = b.len;
		gen_build(&b, wrong[i]);
		gen_open(&t, &b, 0);
		/* the one before is lost, good as it was */
		gen_expect_error(&t, TT_E_GENERATION_ORDER, at, "generations out of order");
		ck_assert_uint_eq(tt_reader_error(t.r)->generation, wrong[i]);
		gen_close(&t);
	}
}
END_TEST

START_TEST(the_highest_number_has_no_next_before_1_26)
{
	struct build b;
	struct gen_input t;
	uint64_t at;

	build_init(&b, 22);
	gen_build(&b, UINT64_MAX);
	at = b.len;
	gen_build(&b, 0);
	gen_open(&t, &b, 0);
	gen_expect_error(&t, TT_E_GENERATION_ZERO, at, "invalid generation number 0");
	gen_close(&t);
}
END_TEST

START_TEST(marks_are_no_ends_before_1_26)
{
	struct build b;
	struct gen_input t;
	uint64_t at;

	build_init(&b, 23);
	gen_build(&b, 7);
	at = b.len;
	build_mark(&b);
	gen_open(&t, &b, 0);
	gen_expect_error(&t, TT_E_GENERATION_ZERO, at, "invalid generation number 0");
	gen_close(&t);

	build_init(&b, 25);
	gen_build(&b, 7);
	at = b.len;
	build_raw(&b, 7, 3, 100, "\x34", 1);
	gen_open(&t, &b, 0);
	gen_expect_error(&t, TT_E_GENERATION_MARK, at + 7,
		     "internal error: unexpectedly processing EndOfGeneration; broken trace?");
	ck_assert_uint_eq(tt_reader_error(t.r)->batch_offset, at);
	gen_close(&t);
}
END_TEST

START_TEST(damage_behind_a_generation_comes_after_it_before_1_26)
{
	struct build b;
	struct gen_input t;
	uint64_t at;

	build_init(&b, 22);
	gen_build(&b, 7);
	at = b.len;
	build_byte(&b, 0x99);
	gen_open(&t, &b, 0);
	ck_assert_uint_eq(tt_generation_number(gen_next(&t)), 7);
	ck_assert_int_eq(tt_reader_error(t.r)->code, TT_OK);
	gen_expect_error(&t, TT_E_BATCH_TYPE, at, "expected batch event, got event 153");
	gen_close(&t);

	/* but what the generation lacks itself comes first */
	build_init(&b, 22);
	gen_build_thread(&b, 7, 1, 100);
	build_byte(&b, 0x99);
	gen_open(&t, &b, 0);
	gen_expect_error(&t, TT_E_NO_FREQUENCY, 16, "no frequency event found");
	gen_close(&t);
}
END_TEST

/* ---- framing */

static const struct {
	const char *bytes;
	size_t n;
	int code;
	size_t at;              /* in these bytes */
	const char *message;
} frame_cases[] = {
	{BYTES("\x00"), TT_E_BATCH_TYPE, 0, "expected batch event, got event 0"},
	{BYTES("\xff"), TT_E_BATCH_TYPE, 0, "expected batch event, got event 255"},
	{BYTES("\x01"), TT_E_CUT_OFF, 1, "error reading batch gen: EOF"},
	{BYTES("\x01\x85"), TT_E_CUT_OFF, 2, "error reading batch gen: unexpected EOF"},
	{BYTES("\x01\x05"), TT_E_CUT_OFF, 2, "error reading batch M ID: EOF"},
	{BYTES("\x01\x05\x80\x80"), TT_E_CUT_OFF, 4, "error reading batch M ID: unexpected EOF"},
	{BYTES("\x01\x05\x01"), TT_E_CUT_OFF, 3, "error reading batch timestamp: EOF"},
	{BYTES("\x01\x05\x01\x01"), TT_E_CUT_OFF, 4, "error reading batch size: EOF"},
	{BYTES("\x01\x05\x01\x01\x01"), TT_E_CUT_OFF, 5,
	 "failed to read full batch: read 0 but wanted 1"},
	{BYTES("\x01\x05\x01\x01\x04" "abc"), TT_E_CUT_OFF, 8,
	 "failed to read full batch: read 3 but wanted 4"},
	{BYTES("\x01" TOO_LARGE), TT_E_BATCH_HEADER, 1,
	 "error reading batch gen: binary: varint overflows a 64-bit integer"},
	{BYTES("\x01\x05" TOO_LONG), TT_E_BATCH_HEADER, 2,
	 "error reading batch M ID: binary: varint overflows a 64-bit integer"},
	{BYTES("\x01\x05\x01" TOO_LARGE), TT_E_BATCH_HEADER, 3,
	 "error reading batch timestamp: binary: varint overflows a 64-bit integer"},
	{BYTES("\x01\x05\x01\x01" TOO_LARGE), TT_E_BATCH_HEADER, 4,
	 "error reading batch size: binary: varint overflows a 64-bit integer"},
	{BYTES("\x01\x05\x01\x01\x81\x80\x04"), TT_E_BATCH_SIZE, 0,
	 "invalid batch size 65537, maximum is 65536"},
	{BYTES("\x01\x05\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), TT_E_BATCH_SIZE, 0,
	 "invalid batch size 18446744073709551615, maximum is 65536"},
	{BYTES("\x31"), TT_E_CUT_OFF, 1, "the file ends inside a batch header"},
	{BYTES("\x31\x01"), TT_E_CUT_OFF, 2, "error reading batch gen: EOF"},
	{BYTES("\x31\x01\x05\x01\x01\x02" "a"), TT_E_CUT_OFF, 7,
	 "failed to read full batch: read 1 but wanted 2"},
};

START_TEST(framing_errors_have_code_place_and_go_s_words)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct gen_input t;
		const struct tt_error *err;
		uint64_t at;

		build_init(&b, test_versions[v]);
		gen_build(&b, 5);
		at = b.len;
		build_bytes(&b, frame_cases[_i].bytes, frame_cases[_i].n);
		gen_open(&t, &b, 0);
		gen_next(&t);
		err = gen_expect_error(&t, frame_cases[_i].code, at + frame_cases[_i].at,
				   frame_cases[_i].message);
		if (err->code != TT_E_BATCH_TYPE)
			ck_assert_uint_eq(err->batch_offset, at);
		gen_close(&t);
	}
}
END_TEST

START_TEST(a_lone_first_byte_of_an_experimental_batch_ends_the_trace_as_in_go)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct gen_input t;

		build_init(&b, test_versions[v]);
		gen_build(&b, 5);
		build_byte(&b, 0x31);
		gen_open(&t, &b, TT_OPEN_LIKE_GO);
		gen_next(&t);
		gen_expect_end(&t);
		gen_close(&t);
	}
}
END_TEST

/* The same inside a generation of 1.26 with events is an error, in Go's words. */
START_TEST(a_lone_first_byte_cuts_a_generation_off)
{
	const unsigned flags[] = {0, TT_OPEN_LIKE_GO};
	struct gen_input t;
	struct build b;

	build_init(&b, 26);
	build_clock(&b, 5, 100, 1000);
	gen_build_thread(&b, 5, 7, 100);
	build_byte(&b, 0x31);
	gen_open(&t, &b, flags[_i]);
	gen_expect_error(&t, TT_E_CUT_OFF, t.bytes.len - 1,
		     "incomplete generation found; trace likely truncated");
	gen_close(&t);
}
END_TEST

START_TEST(numbers_of_a_header_may_be_padded)
{
	static const char batch[] = "\x01\x85\x80\x00\x87\x00\xe4\x80\x80\x00"
				    "\x84\x80\x80\x80\x80\x80\x80\x80\x80\x00\x0d\x01\x03\x02";
	struct build b;
	struct gen_input t;
	const struct tt_generation *g;

	build_init(&b, 26);
	build_bytes(&b, batch, sizeof(batch) - 1);
	build_clock(&b, 5, 200, 1000000000);
	build_mark(&b);
	gen_open(&t, &b, 0);
	g = gen_next(&t);
	ck_assert_uint_eq(tt_generation_number(g), 5);
	ck_assert_int_eq(tt_generation_start_ns(g), 100);
	gen_close(&t);
}
END_TEST

/* ---- what headers say */

START_TEST(a_summary_is_made_of_the_headers)
{
	struct tt_generation_summary s;
	const struct tt_generation *g;
	struct build b;
	struct gen_input t;

	build_init(&b, 26);
	build_clock(&b, 7, 100, 1000000000);
	gen_build_thread(&b, 7, 5, 300);
	gen_build_thread(&b, 7, 9, 200);
	gen_build_thread(&b, 7, 5, 400);
	build_raw(&b, 7, 11, 150, "", 0); /* a thread with nothing to say */
	build_experiment(&b, 1, 7, 5, 900);
	build_close(&b);
	build_mark(&b);
	gen_open(&t, &b, TT_OPEN_TABLES);
	g = gen_next(&t);
	s = tt_generation_summary(g);
	ck_assert_uint_eq(s.nbatches, 6);
	ck_assert_uint_eq(s.nthreads, 3);
	ck_assert_int_eq(tt_generation_thread_at(g, 0), 5);
	ck_assert_int_eq(tt_generation_thread_at(g, 1), 9);
	ck_assert_int_eq(tt_generation_thread_at(g, 2), 11);
	ck_assert_int_eq(s.first_ns, 100);
	ck_assert_int_eq(s.last_ns, 900);
	ck_assert_uint_eq(s.event_nbytes % 3, 0);
	ck_assert_uint_gt(s.event_nbytes, 0);
	ck_assert_ptr_null(tt_reader_broken_generation(t.r));
	gen_expect_end(&t);
	ck_assert_ptr_null(tt_reader_broken_generation(t.r));
	gen_close(&t);
}
END_TEST

START_TEST(events_are_not_looked_at_for_tables_alone)
{
	/* of AllocFree, which has no batch here */
	static const char events[] = "\x81\x01\x01\x01\x01";

	static const unsigned all[] = {0, TT_OPEN_TABLES, TT_OPEN_SKIM};

	for (size_t i = 0; i < COUNT(all); i++) {
		struct tt_error finding;
		struct build b;
		struct gen_input t;

		build_init(&b, 26);
		build_clock(&b, 7, 100, 1000);
		build_raw(&b, 7, 5, 100, events, sizeof(events) - 1);
		build_mark(&b);
		gen_open(&t, &b, all[i]);
		gen_next(&t);
		ck_assert_int_eq(tt_reader_finding(t.r, &finding), i > 0 ? TT_END : TT_OK);
		gen_expect_end(&t);
		gen_close(&t);
	}
}
END_TEST

START_TEST(a_broken_generation_says_how_far_it_was_read)
{
	const struct tt_generation *g;
	struct build b;
	struct gen_input t;
	uint64_t begin;

	build_init(&b, 26);
	gen_build(&b, 7);
	begin = b.len;
	build_clock(&b, 8, 100, 1000000000);
	gen_build_thread(&b, 8, 5, 300);
	build_batch(&b, 8, 6, 400);
	build_size(&b, 50);
	gen_open(&t, &b, TT_OPEN_TABLES);
	gen_next(&t);
	ck_assert_int_eq(tt_reader_next_generation(t.r, &g), -TT_E_CUT_OFF);
	g = tt_reader_broken_generation(t.r);
	ck_assert_ptr_nonnull(g);
	ck_assert_uint_eq(tt_generation_number(g), 8);
	ck_assert_uint_eq(tt_generation_offset(g), begin);
	ck_assert_uint_eq(tt_generation_summary(g).nbatches, 2);
	ck_assert_uint_eq(tt_generation_summary(g).nthreads, 1);
	ck_assert_int_eq(tt_generation_summary(g).last_ns, 300);
	ck_assert_int_eq(tt_reader_resync(t.r, NULL), TT_END);
	ck_assert_ptr_null(tt_reader_broken_generation(t.r));
	gen_close(&t);

	/* an error behind a whole generation breaks none */
	build_init(&b, 25);
	build_clock(&b, 7, 100, 1000000000);
	gen_build_thread(&b, 7, 5, 300);
	build_byte(&b, 0xff);
	gen_open(&t, &b, TT_OPEN_TABLES);
	gen_next(&t);
	ck_assert_int_eq(tt_reader_next_generation(t.r, &g), -TT_E_BATCH_TYPE);
	ck_assert_ptr_null(tt_reader_broken_generation(t.r));
	gen_close(&t);
}
END_TEST

Suite *load_suite(void)
{
	Suite *suite = suite_create("load");
	TCase *ends = tcase_create("ends"), *headers = tcase_create("headers");

	tcase_add_test(ends, a_mark_ends_a_generation);
	tcase_add_test(ends, a_batch_that_begins_with_the_mark_ends_a_generation_too);
	tcase_add_test(ends, marks_in_a_row_are_a_generation_without_a_clock);
	tcase_add_test(ends, a_file_may_end_between_generations_only);
	tcase_add_test(ends, generations_do_not_mix);
	tcase_add_test(ends, generation_zero_is_none);
	tcase_add_test(ends, the_next_number_or_the_end_ends_a_generation_before_1_26);
	tcase_add_test(ends, a_header_alone_is_cut_off);
	tcase_add_test(ends, numbers_grow_by_one_before_1_26);
	tcase_add_test(ends, the_highest_number_has_no_next_before_1_26);
	tcase_add_test(ends, marks_are_no_ends_before_1_26);
	tcase_add_test(ends, damage_behind_a_generation_comes_after_it_before_1_26);
	tcase_add_loop_test(ends, framing_errors_have_code_place_and_go_s_words, 0,
			    COUNT(frame_cases));
	tcase_add_test(ends, a_lone_first_byte_of_an_experimental_batch_ends_the_trace_as_in_go);
	tcase_add_loop_test(ends, a_lone_first_byte_cuts_a_generation_off, 0, 2);
	tcase_add_test(ends, numbers_of_a_header_may_be_padded);
	suite_add_tcase(suite, ends);
	tcase_add_test(headers, a_summary_is_made_of_the_headers);
	tcase_add_test(headers, events_are_not_looked_at_for_tables_alone);
	tcase_add_test(headers, a_broken_generation_says_how_far_it_was_read);
	suite_add_tcase(suite, headers);
	return suite;
}
