/* SPDX-License-Identifier: MIT */
/* quote_test.c - quoted strings as Go's strconv.Quote writes them, and back. */
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "tests/input.h"
#include "tests/sanitized.h"
#include "tests/suites.h"
#include "tracetool.h"
#include "wire/unquote.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What strconv.Quote of Go 1.27 makes of these. */
static const struct {
	const char *bytes;
	size_t len;
	const char *quoted;
} quotes[] = {
	{"", 0, "\"\""},
	{"plain text 'n ~ all", 19, "\"plain text 'n ~ all\""},
	{"a\"b\\c\n", 6, "\"a\\\"b\\\\c\\n\""},
	{"\a\b\t\n\v\f\r", 7, "\"\\a\\b\\t\\n\\v\\f\\r\""},
	{"\0\1\x06\x0e\x1f\x7f", 6, "\"\\x00\\x01\\x06\\x0e\\x1f\\x7f\""},
	{"\xc3\xa9\xf0\x9f\x98\x80", 6, "\"\xc3\xa9\xf0\x9f\x98\x80\""},
	{"\xe2\x80\xa8\xc2\xad\xc2\xa0\xe3\x80\x80", 10, "\"\\u2028\\u00ad\\u00a0\\u3000\""},
	{"\xef\xbf\xbd", 3, "\"\xef\xbf\xbd\""},
	{"\xff\xfe", 2, "\"\\xff\\xfe\""},
	{"\xc0\x80", 2, "\"\\xc0\\x80\""},
	{"\xe0\x9f\xbf", 3, "\"\\xe0\\x9f\\xbf\""},
	{"\xed\xa0\x80", 3, "\"\\xed\\xa0\\x80\""},
	{"\xf0\x8f\xbf\xbf", 4, "\"\\xf0\\x8f\\xbf\\xbf\""},
	{"\xf4\x90\x80\x80", 4, "\"\\xf4\\x90\\x80\\x80\""},
	{"\xf4\x8f\xbf\xbf", 4, "\"\\U0010ffff\""},
	{"\xee\x80\x80", 3, "\"\\ue000\""},
	{"\xe2\x82", 2, "\"\\xe2\\x82\""},
	{"\xe2\x82x", 3, "\"\\xe2\\x82x\""},
	{"\xf0\x9f\x98", 3, "\"\\xf0\\x9f\\x98\""},
	/* new in Unicode 17, and of no assigned plane */
	{"\xf0\x96\xba\xa0", 4, "\"\xf0\x96\xba\xa0\""},
	{"\xf1\x80\x80\x80", 4, "\"\\U00040000\""},
};

START_TEST(quote_writes_what_go_writes)
{
	struct tt_str s = {quotes[_i].bytes, quotes[_i].len};
	char out[64];
	size_t n = tt_quote(s, out, sizeof(out));

	ck_assert_uint_eq(n, strlen(quotes[_i].quoted));
	ck_assert_mem_eq(out, quotes[_i].quoted, n);
}
END_TEST

START_TEST(quote_of_no_bytes_at_no_address)
{
	char out[2];

	ck_assert_uint_eq(tt_quote((struct tt_str){NULL, 0}, out, sizeof(out)), 2);
	ck_assert_mem_eq(out, "\"\"", 2);
}
END_TEST

START_TEST(quote_fills_any_room_and_no_more)
{
	struct tt_str s = {quotes[_i].bytes, quotes[_i].len};
	size_t need = tt_quote(s, NULL, 0);

	for (size_t size = 0; size <= need; size++) {
		char out[64];

		memset(out, '#', sizeof(out));
		ck_assert_uint_eq(tt_quote(s, out, size), need);
		ck_assert_mem_eq(out, quotes[_i].quoted, size);
		for (size_t i = size; i < sizeof(out); i++)
			ck_assert_int_eq(out[i], '#');
	}
}
END_TEST

START_TEST(quote_reads_no_byte_behind_its_end)
{
	struct guarded g;
	char out[64];
	size_t n;

	guarded_init(&g, quotes[_i].bytes, quotes[_i].len);
	n = tt_quote((struct tt_str){(const char *)g.data, g.len}, out, sizeof(out));
	ck_assert_mem_eq(out, quotes[_i].quoted, n);
	guarded_release(&g);
}
END_TEST

/* Counted with strconv.IsPrint of Go 1.27 over all code points. */
START_TEST(printable_are_as_many_as_go_has)
{
	size_t bmp = 0, rest = 0;

	for (uint32_t c = 0; c < 0x10000; c++)
		bmp += tt_printable(c);
	for (uint32_t c = 0x10000; c <= 0x10ffff; c++)
		rest += tt_printable(c);
	ck_assert_uint_eq(bmp, 55592);
	ck_assert_uint_eq(rest, 104021);
	ck_assert(!tt_printable(0x110000));
	ck_assert(!tt_printable(UINT32_MAX));
}
END_TEST

static char *unquoted(const char *quoted, size_t len, size_t *n)
{
	const char *p = quoted + 1, *end = quoted + len - 1;
	char *out = malloc(len * TT_UNQUOTE_MAX);

	*n = 0;
	while (p < end) {
		uint8_t bytes[TT_UNQUOTE_MAX];
		size_t got;

		p = tt_unquote(p, end, bytes, &got);
		ck_assert_ptr_nonnull(p);
		memcpy(out + *n, bytes, got);
		*n += got;
	}
	return out;
}

/* All pairs of bytes, and all code points. */
START_TEST(unquote_undoes_quote)
{
	for (uint32_t c = 0; c < 0x110000; c += 16 * TT_EVERY) {
		char bytes[64], quoted[4 * sizeof(bytes) + 2], *back;
		struct tt_str s = {bytes, sizeof(bytes)};
		size_t n, need;

		for (uint32_t i = 0; i < 16; i++) {
			uint32_t v = c + i;

			bytes[4 * i] = (char)(0xf0 | (v >> 18 & 7));
			bytes[4 * i + 1] = (char)(0x80 | (v >> 12 & 0x3f));
			bytes[4 * i + 2] = (char)(v >> 8);
			bytes[4 * i + 3] = (char)v;
		}
		need = tt_quote(s, quoted, sizeof(quoted));
		ck_assert_uint_le(need, sizeof(quoted));
		back = unquoted(quoted, need, &n);
		ck_assert_uint_eq(n, sizeof(bytes));
		ck_assert_mem_eq(back, bytes, n);
		free(back);
	}
}
END_TEST

static const struct {
	const char *text;
	const char *bytes; /* NULL: no escape */
	size_t len;
} escapes[] = {
	{"\\x00", "\0", 1},
	{"\\xfF", "\xff", 1},
	{"\\101", "A", 1},
	{"\\377", "\xff", 1},
	{"\\u00e9", "\xc3\xa9", 2},
	{"\\u20ac", "\xe2\x82\xac", 3},
	{"\\U0001F600", "\xf0\x9f\x98\x80", 4},
	{"\\U00000041", "A", 1},
	{"\\\"", "\"", 1},
	{"\xff", "\xff", 1},
	{"\\", NULL, 0},
	{"\\q", NULL, 0},
	{"\\'", NULL, 0},
	{"\\x", NULL, 0},
	{"\\x4", NULL, 0},
	{"\\x4g", NULL, 0},
	{"\\400", NULL, 0},
	{"\\18", NULL, 0},
	{"\\189", NULL, 0},
	{"\\u12", NULL, 0},
	{"\\ud800", NULL, 0},
	{"\\U00110000", NULL, 0},
	{"\\Uffffffff", NULL, 0},
	{"\\U0001F60", NULL, 0},
};

START_TEST(unquote_takes_the_escapes_of_go)
{
	struct guarded g;
	uint8_t out[TT_UNQUOTE_MAX];
	size_t n;
	const char *begin, *behind;

	guarded_init(&g, escapes[_i].text, strlen(escapes[_i].text));
	begin = (const char *)g.data;
	behind = tt_unquote(begin, begin + g.len, out, &n);
	if (escapes[_i].bytes == NULL) {
		ck_assert_ptr_null(behind);
	} else {
		ck_assert_ptr_eq(behind, begin + g.len);
		ck_assert_uint_eq(n, escapes[_i].len);
		ck_assert_mem_eq(out, escapes[_i].bytes, n);
	}
	guarded_release(&g);
}
END_TEST

Suite *quote_suite(void)
{
	Suite *s = suite_create("quote");
	TCase *tc = tcase_create("quote");

	tcase_add_loop_test(tc, quote_writes_what_go_writes, 0, (int)COUNT(quotes));
	tcase_add_test(tc, quote_of_no_bytes_at_no_address);
	tcase_add_loop_test(tc, quote_fills_any_room_and_no_more, 0, (int)COUNT(quotes));
	tcase_add_loop_test(tc, quote_reads_no_byte_behind_its_end, 0, (int)COUNT(quotes));
	tcase_add_test(tc, printable_are_as_many_as_go_has);
	tcase_add_test(tc, unquote_undoes_quote);
	tcase_add_loop_test(tc, unquote_takes_the_escapes_of_go, 0, (int)COUNT(escapes));
	suite_add_tcase(s, tc);
	return s;
}
