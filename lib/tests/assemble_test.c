/* SPDX-License-Identifier: MIT */
/*
 * assemble_test.c - the assembler that takes its text in pieces: it must do what
 * the one for a whole text does (rawtext_test.c), however the pieces are cut.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suites.h"
#include "tracetool_write.h"
#include "wire/assemble.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char text[] =
	"Trace Go1.26\n"
	"EventBatch gen=1 m=7 time=100\n"
	"Stacks\n"
	"Stack id=1\n"
	"\tpc=1 func=2 file=3 line=4\n"
	"\tpc=5 func=6 file=7 line=8 # of two\n"
	"EventBatch gen=1 m=7 time=100 size=9\n"
	"Strings\n"
	"String id=2\n"
	"\tdata=\"a\\nb\"\n"
	"String id=3\n"
	"ExperimentalBatch exp=1 gen=1 m=7 time=100\n"
	"\tdata=\"opaque\"\n"
	"\n"
	"EndOfGeneration\n"
	"EventBatch gen=2 m=7 time=100\n"
	"GoStart dt=1 g=2 g_seq=3";

static struct tt_error err;

struct collected {
	uint8_t bytes[4096];
	size_t n;
};

static void collect(struct collected *c, struct tt_assembler *a)
{
	struct tt_str s = tt_assembler_take(a);

	ck_assert_uint_le(s.len, sizeof(c->bytes) - c->n);
	if (s.len != 0)
		memcpy(c->bytes + c->n, s.data, s.len);
	c->n += s.len;
	ck_assert_uint_eq(tt_assembler_take(a).len, 0);
}

/* The pieces lie in memory of their own, so that reading past one is seen. */
static int add_piece(struct tt_assembler *a, const char *piece, size_t len)
{
	char *copy = malloc(len != 0 ? len : 1);
	int rc;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, piece, len);
	rc = tt_assembler_add(a, copy, len, &err);
	free(copy);
	return rc;
}

static int assemble_pieces(const char *from, size_t len, size_t piece, struct collected *c)
{
	struct tt_assembler *a;
	int rc = tt_assembler_new(&a, NULL, &err);

	ck_assert_int_eq(rc, 0);
	for (size_t at = 0; rc == 0 && at < len; at += piece) {
		rc = add_piece(a, from + at, piece < len - at ? piece : len - at);
		collect(c, a);
	}
	if (rc == 0)
		rc = tt_assembler_finish(a, &err);
	collect(c, a);
	tt_assembler_free(a);
	return rc;
}

START_TEST(pieces_of_any_size_give_the_bytes_of_the_whole)
{
	struct tt_mem mem = {0};
	struct tt_bytes whole = {.mem = &mem};
	struct tt_specs *specs;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	ck_assert_int_eq(tt_assemble(specs, text, sizeof(text) - 1, &whole, &err), 0);
	for (size_t piece = 1; piece <= sizeof(text); piece++) {
		struct collected c = {.n = 0};

		ck_assert_int_eq(assemble_pieces(text, sizeof(text) - 1, piece, &c), 0);
		ck_assert_uint_eq(c.n, whole.len);
		ck_assert_mem_eq(c.bytes, whole.data, whole.len);
	}
	tt_mem_free(&mem, whole.data, whole.cap);
	tt_specs_free(specs);
}
END_TEST

START_TEST(complete_batches_come_before_the_end)
{
	static const char begin[] = "Trace Go1.26\nEventBatch gen=1 m=7 time=100\nGoStop dt=1 "
				    "reason_string=2 stack=3\nEventBatch gen=1 m=8 time=9\n";
	struct tt_assembler *a;

	ck_assert_int_eq(tt_assembler_new(&a, NULL, &err), 0);
	ck_assert_int_eq(add_piece(a, begin, sizeof(begin) - 1), 0);
	/* the header, and the first batch: type, gen, m, time, a size of 10 bytes, 4 bytes */
	ck_assert_uint_eq(tt_assembler_take(a).len, 16 + 4 + 10 + 4);
	ck_assert_int_eq(tt_assembler_finish(a, &err), 0);
	ck_assert_uint_eq(tt_assembler_take(a).len, 4 + 10);
	tt_assembler_free(a);
}
END_TEST

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"", "1:1: there is no line 'Trace Go1.NN'"},
	{"\n\n", "3:1: there is no line 'Trace Go1.NN'"},
	{"Trace Go1.20\n", "1:1: the first line must be 'Trace Go1.NN', NN one of 11, 19, 21, 22, 23, 25, 26"},
	{"Trace Go1.26\n\nNonsense\n", "3:1: no event has the name 'Nonsense'"},
	{"Trace Go1.26\nGoStart dt=1 g=", "2:16: expected a number of at most 64 bits, not ''"},
	{"Trace Go1.26\nStack id=1 nframes=2\n\tpc=1 func=2 file=3 line=4\nGoDestroy dt=1\n",
	 "4:1: the Stack above says nframes=2 but has 1 frames"},
	{"Trace Go1.26\nStack id=1 nframes=1\n", "3:1: the Stack above says nframes=1 but has 0 frames"},
};

START_TEST(a_mistake_has_the_same_place_however_the_text_is_cut)
{
	const char *from = mistakes[_i].text;

	for (size_t piece = 1; piece <= strlen(from) + 1; piece++) {
		struct collected c = {.n = 0};

		ck_assert_int_eq(assemble_pieces(from, strlen(from), piece, &c), -TT_E_SPEC);
		ck_assert_str_eq(err.message, mistakes[_i].message);
	}
}
END_TEST

START_TEST(a_mistake_stays)
{
	static const char bad[] = "no trace\n", good[] = "Trace Go1.26\n";
	struct tt_assembler *a;

	ck_assert_int_eq(tt_assembler_new(&a, NULL, &err), 0);
	ck_assert_int_eq(add_piece(a, bad, sizeof(bad) - 1), -TT_E_SPEC);
	ck_assert_int_eq(add_piece(a, good, sizeof(good) - 1), -TT_E_SPEC);
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(tt_assembler_finish(a, &err), -TT_E_SPEC);
	ck_assert_int_eq(strncmp(err.message, "1:1: ", 5), 0);
	ck_assert_uint_eq(tt_assembler_take(a).len, 0);
	tt_assembler_free(a);
	tt_assembler_free(NULL);
}
END_TEST

Suite *assemble_suite(void)
{
	Suite *s = suite_create("assemble");
	TCase *tc = tcase_create("pieces");

	tcase_add_test(tc, pieces_of_any_size_give_the_bytes_of_the_whole);
	tcase_add_test(tc, complete_batches_come_before_the_end);
	tcase_add_loop_test(tc, a_mistake_has_the_same_place_however_the_text_is_cut, 0,
			    COUNT(mistakes));
	tcase_add_test(tc, a_mistake_stays);
	suite_add_tcase(s, tc);
	return s;
}
