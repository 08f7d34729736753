/* SPDX-License-Identifier: MIT */
/*
 * mutate_test.c - the mutator of the fuzz targets, lib/fuzz/mutate.h: what it makes has
 * whole batches, is not what it was, and mostly has events that can be ordered.
 */
#include "fuzz/mutate.h"

#include "tests/reader_support.h"
#include "tests/rich.h"
#include "tests/script.h"
#include "tests/suites.h"

#define NSEEDS 3000
#define HEADER_NBYTES 16

/* The fuzzer's: here only how often it was asked, and no change. */
static unsigned nasked;

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	(void)data;
	(void)max_size;
	nasked++;
	return size;
}

struct seen {
	unsigned same, framed, ordered;
};

static void look(struct seen *seen, const struct build *was, const uint8_t *data, size_t size)
{
	struct tt_options opt = test_options(0);
	const struct tt_wire_event *wire;
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	struct tt_wire *w;
	unsigned nevents = 0;
	int rc;

	seen->same += size == was->len && memcmp(data, was->data, size) == 0;
	ck_assert_int_eq(tt_wire_open_memory(&w, data, size, &opt, &err), 0);
	while ((rc = tt_wire_next(w, &wire)) == 0)
		;
	seen->framed += rc == TT_END || rc < -TT_E_BATCH_SIZE;
	tt_wire_close(w);
	r = test_open(data, size, 0);
	while (tt_reader_next(r, &ev) == 0)
		nevents += ev->kind != TT_KIND_SYNC;
	seen->ordered += nevents > 1;
	tt_reader_close(r);
}

START_TEST(mutants_have_whole_batches_and_events_in_order)
{
	static uint8_t data[1 << 16];
	struct seen seen = {0};
	struct build b;
	size_t size;

	script_build(&b, test_versions[_i], RICH_SCRIPT);
	nasked = 0;
	for (unsigned seed = 1; seed <= NSEEDS; seed++) {
		memcpy(data, b.data, b.len);
		size = mutate(data, b.len, sizeof(data), seed * 7919, HEADER_NBYTES);
		ck_assert_uint_le(size, sizeof(data));
		ck_assert_mem_eq(data, b.data, HEADER_NBYTES);
		look(&seen, &b, data, size);
	}
	ck_assert_uint_eq(seen.framed, NSEEDS);
	ck_assert_uint_gt(seen.ordered, NSEEDS * 3 / 4);
	/* those of bytes, which do nothing here, and neighbours that are alike */
	ck_assert_uint_ge(nasked, NSEEDS / 16);
	ck_assert_uint_lt(seen.same, nasked + NSEEDS / 4);
	build_release(&b);
}
END_TEST

/* One after the other, as a fuzzer does, into no more room than there is. */
START_TEST(mutants_of_mutants_stay_in_their_room)
{
	struct build b;
	uint8_t *data;
	size_t size, max;

	script_build(&b, 26, RICH_SCRIPT);
	size = b.len;
	max = b.len + 10;
	data = malloc(max);
	ck_assert_ptr_nonnull(data);
	memcpy(data, b.data, b.len);
	for (unsigned seed = 1; seed <= NSEEDS; seed++) {
		size = mutate(data, size, max, seed, HEADER_NBYTES);
		ck_assert_uint_le(size, max);
		ck_assert_uint_ge(size, HEADER_NBYTES);
	}
	free(data);
	build_release(&b);
}
END_TEST

Suite *mutate_suite(void)
{
	Suite *suite = suite_create("mutate");
	TCase *tc = tcase_create("mutants");

	tcase_add_loop_test(tc, mutants_have_whole_batches_and_events_in_order, 0, 4);
	tcase_add_test(tc, mutants_of_mutants_stay_in_their_room);
	suite_add_tcase(suite, tc);
	return suite;
}
