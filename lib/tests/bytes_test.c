/* SPDX-License-Identifier: MIT */
/*
 * bytes_test.c - any bytes through the reader: the same whatever they come from, and
 * safe whatever they are, with all that walk.h holds the reader to.
 */
#include <unistd.h>

#include "tests/input.h"
#include "tests/reader_support.h"
#include "tests/rich.h"
#include "tests/script.h"
#include "tests/sanitized.h"
#include "tests/suites.h"
#include "tests/walk.h"

/* ---- the same, whatever the bytes come from */

/* All that both ways of reading say, from an input that cannot be opened twice. */
static void expect_digest(const struct walk *expected, int fd, const char *what)
{
	const struct tt_options opt = test_options(0);
	struct tt_reader *r;
	struct tt_error err;
	struct walk w;

	ck_assert_int_eq(tt_reader_open_fd(&r, fd, &opt, &err), 0);
	walk(&w, r, expected->size, expected->generations);
	tt_reader_close(r);
	ck_assert_msg(w.digest == expected->digest && w.items == expected->items &&
			      w.nerrors == expected->nerrors && w.outcome == expected->outcome,
		      "%s gives something else", what);
}

static void expect_same_everywhere(const uint8_t *data, size_t n, bool generations)
{
	struct guarded g;
	struct walk w;
	struct tt_reader *r;
	char what[40];
	int fd;

	guarded_init(&g, data, n);
	r = test_open(g.data, n, 0);
	walk(&w, r, n, generations);
	tt_reader_close(r);
	guarded_release(&g);

	fd = input_file(data, n);
	expect_digest(&w, fd, "a file");
	close(fd);
	for (size_t chunk = 1; chunk <= 8; chunk++) {
		struct trickle t;

		trickle_start(&t, data, n, chunk);
		snprintf(what, sizeof(what), "a pipe of %zu bytes at a time", chunk);
		expect_digest(&w, t.fd, what);
		trickle_stop(&t);
	}
}

static const struct {
	const char *script;
	int outcome;            /* of the first error, or 0 */
	size_t at;              /* damage: this byte from the end */
	uint8_t value;          /* becomes that; 0: none */
} sources[] = {
	{RICH_SCRIPT, 0, 0, 0},
	{RICH_SCRIPT, 0, 1, 0x35},
	{RICH_SCRIPT, 0, 200, 0xff},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GoSyscallEnd\ngen 2\n7@200: ProcStatus 0 1",
	 -TT_E_GOROUTINE, 0, 0},
	{"8@100: ProcStart 1 1\n9@200: GoStart 1 1", -TT_E_STUCK, 0, 0},
};

START_TEST(bytes_read_the_same_from_everywhere)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;

		script_build(&b, test_versions[v], sources[_i].script);
		if (sources[_i].value != 0)
			b.data[b.len - sources[_i].at] = sources[_i].value;
		expect_same_everywhere(b.data, b.len, false);
		expect_same_everywhere(b.data, b.len, true);
		build_release(&b);
	}
}
END_TEST

/* As a Go program wrote it; from the top folder, where tests are run. */
static size_t read_real_trace(uint8_t *out, size_t size)
{
	FILE *f = fopen("testdata/go1.26-annotations.trace", "rb");
	size_t n;

	ck_assert_msg(f != NULL, "no testdata/go1.26-annotations.trace here");
	n = fread(out, 1, size, f);
	fclose(f);
	ck_assert_uint_gt(n, 2000);
	ck_assert_uint_lt(n, size);
	return n;
}

START_TEST(a_real_trace_reads_the_same_from_everywhere)
{
	static uint8_t data[8192];
	size_t n = read_real_trace(data, sizeof(data));

	expect_same_everywhere(data, n, false);
	expect_same_everywhere(data, n, true);
	/* and in the middle of it, too */
	expect_same_everywhere(data, n / 2, false);
}
END_TEST

/* ---- safe, whatever the bytes are (under sanitizers at every 11th place, another one for
 * each version) */

/* Reads the bytes in all ways there are; the promises are held by walk(). */
static void survive(const uint8_t *data, size_t n)
{
	struct guarded g;

	guarded_init(&g, data, n);
	for (unsigned flags = 0; flags <= TT_OPEN_LIKE_GO; flags += TT_OPEN_LIKE_GO) {
		for (int generations = 0; generations < 2; generations++) {
			const struct tt_options opt = test_options(flags);
			struct tt_reader *r;
			struct tt_error err;
			struct walk w;
			int rc = tt_reader_open_memory(&r, g.data, n, &opt, &err);

			if (rc == 0) {
				walk(&w, r, n, generations);
				ck_assert_uint_lt(w.nerrors, WALK_MAX_ERRORS);
			} else {
				ck_assert(err.code == TT_E_CUT_OFF || err.code == TT_E_VERSION ||
					  err.code == TT_E_NOT_A_TRACE || err.code == TT_E_V1);
				ck_assert_uint_le(err.offset, n);
				ck_assert_ptr_null(r);
			}
			tt_reader_close(r);
		}
	}
	guarded_release(&g);
}

START_TEST(a_trace_may_be_cut_anywhere)
{
	struct build b;

	script_build(&b, test_versions[_i], RICH_SCRIPT);
	for (size_t n = (size_t)_i % TT_EVERY; n <= b.len; n += TT_EVERY)
		survive(b.data, n);
	build_release(&b);
}
END_TEST

START_TEST(a_trace_may_have_any_bit_flipped)
{
	struct build b;

	script_build(&b, test_versions[_i], RICH_SCRIPT);
	for (size_t bit = (size_t)_i % TT_EVERY; bit < b.len * 8; bit += TT_EVERY) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		survive(b.data, b.len);
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	build_release(&b);
}
END_TEST

START_TEST(a_trace_may_lack_any_byte_or_have_one_too_many)
{
	static const uint8_t values[] = {0x00, 0x01, 0x34, 0x7f, 0x80, 0xff};
	struct build b, c;

	script_build(&b, test_versions[_i], RICH_SCRIPT);
	for (size_t at = (size_t)_i % TT_EVERY; at < b.len; at += TT_EVERY) {
		build_init(&c, 26);
		c.len = 0;
		build_bytes(&c, b.data, at);
		build_bytes(&c, b.data + at + 1, b.len - at - 1);
		survive(c.data, c.len);
		for (size_t k = 0; k < COUNT(values); k++) {
			c.len = 0;
			build_bytes(&c, b.data, at);
			build_byte(&c, values[k]);
			build_bytes(&c, b.data + at, b.len - at);
			survive(c.data, c.len);
		}
		build_release(&c);
	}
	build_release(&b);
}
END_TEST

Suite *bytes_suite(void)
{
	Suite *suite = suite_create("bytes");
	TCase *tc = tcase_create("any bytes");

	tcase_add_loop_test(tc, bytes_read_the_same_from_everywhere, 0, COUNT(sources));
	tcase_add_test(tc, a_real_trace_reads_the_same_from_everywhere);
	tcase_add_loop_test(tc, a_trace_may_be_cut_anywhere, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, a_trace_may_have_any_bit_flipped, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, a_trace_may_lack_any_byte_or_have_one_too_many, 0, TEST_NVERSIONS);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return suite;
}
