/* SPDX-License-Identifier: MIT */
/*
 * pieces_test.c - files taken apart: traces one after the other, foreign bytes among their
 * batches, copies that changed all bytes. Each file is read from memory, and from a pipe that
 * gives some bytes at a time.
 */
#include <pthread.h>
#include <unistd.h>

#include "pieces/offsets.h"
#include "tests/build.h"
#include "tests/suites.h"
#include "tracetool.h"

/* ---- traces */

/* A generation that every version accepts: its tables come last. */
static void add_generation(struct build *b, uint64_t n)
{
	static const uint8_t events[] = {13, 1, 0, 1, 25, 1, 1, 7, 2};

	build_clock(b, n, n * 1000000, 15625000);
	build_raw(b, n, 7, n * 1000000 + 1, events, sizeof(events));
	build_batch(b, n, BUILD_NOBODY, n * 1000000 + 2);
	build_byte(b, 4);
	build_string(b, 1, "go 1.26 trace\0\0\0\1", 17);
	build_close(b);
	if (b->version >= 26)
		build_mark(b);
}

static void make_trace(struct build *b, unsigned version, unsigned generations)
{
	build_init(b, version);
	for (unsigned i = 1; i <= generations; i++)
		add_generation(b, i);
}

static void add_text(struct build *b, const char *text)
{
	build_bytes(b, text, strlen(text));
}

/* ---- taking apart */

/* What is expected: a letter for each piece, T trace, F front, t text, z zeros, o other. */
static void check_pieces(const struct tt_pieces *p, const char *kinds, size_t size)
{
	static const char letters[] = {
		[TT_PIECE_TRACE] = 'T', [TT_PIECE_FRONT] = 'F', [TT_PIECE_TEXT] = 't',
		[TT_PIECE_ZEROS] = 'z', [TT_PIECE_OTHER] = 'o',
	};
	char got[64] = "";
	struct tt_piece piece;
	uint64_t end = 0;
	size_t i;

	for (i = 0; tt_pieces_at(p, i, &piece) && i < sizeof(got) - 1; i++) {
		got[i] = letters[piece.kind];
		ck_assert_uint_eq(piece.offset, end);
		end += piece.nbytes;
	}
	ck_assert_str_eq(got, kinds);
	ck_assert_uint_eq(end, size);
}

static unsigned read_generations(struct tt_reader *r)
{
	const struct tt_generation *g;
	unsigned n = 0;

	while (tt_reader_next_generation(r, &g) == 0)
		n++;
	return n;
}

static void check_taken(struct tt_pieces *p, const char *kinds, size_t size, unsigned generations)
{
	struct tt_reader *r;
	struct tt_error err;
	unsigned n = 0;
	int rc;

	while ((rc = tt_pieces_next(p, &r, &err)) == 0) {
		n += read_generations(r);
		tt_reader_close(r);
	}
	ck_assert_int_eq(rc, 1);
	ck_assert_uint_eq(n, generations);
	check_pieces(p, kinds, size);
	tt_pieces_close(p);
}

struct writing {
	const struct build *b;
	size_t step;
	int fd;
};

static void *write_slowly(void *arg)
{
	const struct writing *w = arg;

	for (size_t at = 0; at < w->b->len; at += w->step) {
		size_t n = w->b->len - at < w->step ? w->b->len - at : w->step;

		if (write(w->fd, w->b->data + at, n) != (ssize_t)n)
			break;
	}
	close(w->fd);
	return NULL;
}

/* Takes it apart in several ways, and releases it. */
static void expect(struct build *b, const char *kinds, unsigned generations)
{
	struct tt_pieces *p;
	struct tt_error err;

	ck_assert_int_eq(tt_pieces_open_memory(&p, b->data, b->len, NULL, &err), 0);
	check_taken(p, kinds, b->len, generations);
	for (size_t step = 1; step < 100; step = step * 5 + 2) {
		struct writing w = {b, step, -1};
		pthread_t thread;
		int ends[2];

		ck_assert_int_eq(pipe(ends), 0);
		w.fd = ends[1];
		ck_assert_int_eq(pthread_create(&thread, NULL, write_slowly, &w), 0);
		ck_assert_int_eq(tt_pieces_open_fd(&p, ends[0], NULL, &err), 0);
		check_taken(p, kinds, b->len, generations);
		pthread_join(thread, NULL);
		close(ends[0]);
	}
	build_release(b);
}

static const unsigned versions[] = {22, 23, 25, 26};
enum { NVERSIONS = sizeof(versions) / sizeof(versions[0]) };

START_TEST(one_trace_is_one_piece)
{
	struct build b;

	make_trace(&b, versions[_i], 3);
	expect(&b, "T", 3);
}
END_TEST

START_TEST(each_header_begins_a_trace)
{
	struct build b, other;

	make_trace(&b, versions[_i], 2);
	make_trace(&other, versions[(_i + 1) % NVERSIONS], 2);
	build_bytes(&b, other.data, other.len);
	build_bytes(&b, other.data, other.len);
	build_release(&other);
	expect(&b, "TTT", 6);
}
END_TEST

/* Cut anywhere, the first one ends where the second begins, even inside of a batch. */
START_TEST(a_trace_that_is_cut_ends_at_the_next_header)
{
	struct build whole;

	make_trace(&whole, versions[_i], 1);
	for (size_t cut = 17; cut < whole.len; cut++) {
		struct build b = {0};
		struct tt_pieces *p;
		struct tt_reader *r;
		struct tt_error err;
		struct tt_piece piece;
		bool found = false;

		build_bytes(&b, whole.data, cut);
		build_bytes(&b, whole.data, whole.len);
		ck_assert_int_eq(tt_pieces_open_memory(&p, b.data, b.len, NULL, &err), 0);
		while (tt_pieces_next(p, &r, &err) != 1)
			tt_reader_close(r);
		for (size_t i = 0; tt_pieces_at(p, i, &piece); i++)
			found |= piece.offset == cut && piece.trace == 2;
		/* (16 bytes in front of the end of a batch of strings, a header is that end) */
		if (!found)
			ck_assert_uint_eq(cut + 16, whole.len - (versions[_i] >= 26));
		tt_pieces_close(p);
		build_release(&b);
	}
	build_release(&whole);
}
END_TEST

START_TEST(text_between_batches_is_left_out)
{
	struct build b = {0}, trace;

	make_trace(&trace, versions[_i], 1);
	add_text(&b, "starting\n");
	build_bytes(&b, trace.data, trace.len);
	b.version = versions[_i];
	add_text(&b, "1 of 4 done\n");
	add_generation(&b, 2);
	add_text(&b, "4 of 4 done\n");
	build_release(&trace);
	expect(&b, "FTtTt", 2);
}
END_TEST

/* What pieces there are if bytes are between two batches, after the events or after the table. */
static void expect_between(unsigned version, bool after_table, const char *bytes, const char *kinds)
{
	static const uint8_t events[] = {13, 1, 0, 1, 25, 1, 1, 7, 2};
	struct tt_pieces *p;
	struct tt_reader *r;
	struct tt_error err;
	struct build b;

	build_init(&b, version);
	build_clock(&b, 1, 1000000, 15625000);
	build_raw(&b, 1, 7, 1000001, events, sizeof(events));
	if (!after_table)
		add_text(&b, bytes);
	build_batch(&b, 1, BUILD_NOBODY, 1000002);
	build_byte(&b, 4);
	build_string(&b, 1, "main.main", 9);
	build_close(&b);
	if (after_table)
		add_text(&b, bytes);
	if (version >= 26)
		build_mark(&b);
	add_generation(&b, 2);
	ck_assert_int_eq(tt_pieces_open_memory(&p, b.data, b.len, NULL, &err), 0);
	while (tt_pieces_next(p, &r, &err) != 1)
		tt_reader_close(r);
	check_pieces(p, kinds, b.len);
	tt_pieces_close(p);
	build_release(&b);
}

/* Bytes that were added to a batch push its last ones out: these are its own, and no text. */
START_TEST(the_end_of_a_damaged_batch_is_no_text)
{
	static const struct {
		const char *bytes;
		bool after_events, after_table; /* it is text there */
	} cases[] = {
		{"\n", true, true},     {"ok\n", true, true},     {"a line without an end", true, true},
		{".", true, false},     {"50%", true, false},     {"\r50%", true, false},
		{"\v\t", false, false}, {"\v\n", false, false},  {"\v(", false, false},
		{"!", false, false},    {" ", false, false},      {"\t ", false, false},
		{" $", true, false},    {"gopark", true, false},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		expect_between(versions[_i], false, cases[i].bytes,
			       cases[i].after_events ? "TtT" : "T");
		expect_between(versions[_i], true, cases[i].bytes,
			       cases[i].after_table ? "TtT" : "T");
	}
}
END_TEST

/* A batch of the trace is after them: they are damage. */
START_TEST(bytes_after_which_a_batch_ends_the_file_are_no_others)
{
	struct tt_pieces *p;
	struct tt_reader *r;
	struct tt_error err;
	struct build b;

	build_init(&b, versions[_i]);
	build_clock(&b, 1, 1000000, 15625000);
	build_bytes(&b, "\xff\xfe\xfd\x1\x2", 5);
	build_batch(&b, 1, BUILD_NOBODY, 1000002);
	build_byte(&b, 4);
	build_string(&b, 1, "main.main", 9);
	build_close(&b);
	ck_assert_int_eq(tt_pieces_open_memory(&p, b.data, b.len, NULL, &err), 0);
	while (tt_pieces_next(p, &r, &err) != 1)
		tt_reader_close(r);
	check_pieces(p, "T", b.len);
	tt_pieces_close(p);
	build_release(&b);
}
END_TEST

START_TEST(what_follows_a_trace_is_foreign)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *kinds;
	} tails[] = {
		{"\n", 1, "Tt"},	  {"bye\n", 4, "Tt"},	{"\0\0\0\0", 4, "Tz"},
		{"\xff\xfe\xfd", 3, "To"}, {"\2\3\n", 3, "To"}, {"go 1.2", 6, "TT"},
	};

	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		struct tt_pieces *p;
		struct tt_reader *r;
		struct tt_error err;
		struct build b;

		make_trace(&b, versions[_i], 2);
		build_bytes(&b, tails[i].bytes, tails[i].n);
		ck_assert_int_eq(tt_pieces_open_memory(&p, b.data, b.len, NULL, &err), 0);
		while (tt_pieces_next(p, &r, &err) != 1)
			tt_reader_close(r);
		check_pieces(p, tails[i].kinds, b.len);
		tt_pieces_close(p);
		build_release(&b);
	}
}
END_TEST

/* ---- copies that changed all bytes */

static void add_crlf(struct build *b, const struct build *trace)
{
	for (size_t i = 0; i < trace->len; i++) {
		if (trace->data[i] == '\n')
			build_byte(b, '\r');
		build_byte(b, trace->data[i]);
	}
}

/* In UTF-8, as Latin-1 or, the euro sign for 0x80, as Windows-1252. */
static void add_latin1(struct build *b, const struct build *trace, bool windows)
{
	for (size_t i = 0; i < trace->len; i++) {
		uint8_t byte = trace->data[i];

		if (windows && byte == 0x80) {
			build_bytes(b, "\xe2\x82\xac", 3);
			continue;
		}
		if (byte >= 0x80)
			build_byte(b, 0xc0 | byte >> 6);
		build_byte(b, byte < 0x80 ? byte : 0x80 | (byte & 0x3f));
	}
}

/* Each alone, and after another trace, which was not changed. */
START_TEST(copies_are_undone)
{
	struct build trace, other;

	for (unsigned kind = 0; kind < 6; kind++) {
		struct build b = {0};

		make_trace(&trace, versions[_i], 10);
		make_trace(&other, 23, 1);
		if (kind >= 3)
			build_bytes(&b, other.data, other.len);
		if (kind % 3 == 0)
			add_crlf(&b, &trace);
		else
			add_latin1(&b, &trace, kind % 3 == 2);
		build_release(&trace);
		build_release(&other);
		expect(&b, kind >= 3 ? "TT" : "T", kind >= 3 ? 11 : 10);
	}
}
END_TEST

START_TEST(a_later_copy_that_cannot_be_undone_is_passed_over)
{
	struct build b, other;
	struct tt_pieces *p;
	struct tt_reader *r;
	struct tt_error err;

	make_trace(&b, 26, 1);
	make_trace(&other, 26, 0);
	for (unsigned i = 0; i < 20; i++)
		build_bytes(&other, "\1\1\xef\xbf\xbd", 5);
	build_bytes(&b, other.data, other.len);
	build_release(&other);
	make_trace(&other, 22, 1);
	build_bytes(&b, other.data, other.len);
	build_release(&other);
	ck_assert_int_eq(tt_pieces_open_memory(&p, b.data, b.len, NULL, &err), 0);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), 0);
	tt_reader_close(r);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), -TT_E_REENCODED);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), 0);
	tt_reader_close(r);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), 1);
	check_pieces(p, "TTT", b.len);
	tt_pieces_close(p);
	build_release(&b);
}
END_TEST

/* ---- findings */

START_TEST(findings_name_the_place_in_the_file)
{
	struct build b = {0}, trace;
	struct tt_pieces *p;
	struct tt_reader *r;
	struct tt_error err;

	make_trace(&trace, 26, 1);
	add_text(&b, "hello\n");
	build_bytes(&b, trace.data, trace.len);
	build_bytes(&b, trace.data, trace.len);
	ck_assert_int_eq(tt_pieces_open_memory(&p, b.data, b.len, NULL, &err), 0);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), 0);
	ck_assert_uint_eq(tt_pieces_offset(p, 0), 6);
	ck_assert_int_eq(tt_pieces_finding(p, &err), 0);
	ck_assert_int_eq(err.code, TT_E_FOREIGN);
	ck_assert_uint_eq(err.offset, 0);
	ck_assert_str_eq(err.message, "the trace begins at byte 6, after text \"hello\"");
	ck_assert_int_eq(tt_pieces_finding(p, &err), 1);
	tt_reader_close(r);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), 0);
	ck_assert_uint_eq(tt_pieces_offset(p, 16), 6 + trace.len + 16);
	ck_assert_int_eq(tt_pieces_finding(p, &err), 0);
	ck_assert_int_eq(err.code, TT_E_ANOTHER_TRACE);
	ck_assert_uint_eq(err.offset, 6 + trace.len);
	tt_reader_close(r);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), 1);
	ck_assert_int_eq(tt_pieces_finding(p, &err), 1);
	tt_pieces_close(p);
	build_release(&trace);
	build_release(&b);
}
END_TEST

START_TEST(no_trace_is_the_error_of_the_header)
{
	struct tt_pieces *p;
	struct tt_reader *r;
	struct tt_error err;

	ck_assert_int_eq(tt_pieces_open_memory(&p, "text", 4, NULL, &err), 0);
	ck_assert_int_eq(tt_pieces_check_header(p, &err), -TT_E_NOT_A_TRACE);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), -TT_E_NOT_A_TRACE);
	ck_assert_ptr_null(r);
	ck_assert_int_eq(tt_pieces_next(p, &r, &err), 1);
	tt_pieces_close(p);
}
END_TEST

/* ---- offsets */

START_TEST(offsets_are_those_before_bytes_were_left_out)
{
	struct tt_mem mem = {0};
	struct tt_offsets o;
	uint64_t to = 0, from = 0;

	tt_offsets_init(&o, &mem);
	ck_assert_uint_eq(tt_offsets_find(&o, 5), 5);
	for (unsigned i = 0; i < 1000; i++) {
		ck_assert(tt_offsets_add(&o, to, from));
		to += i % 7 * 100;
		from += i % 7 * 100 + i % 3;
	}
	to = from = 0;
	for (unsigned i = 0; i < 1000; i++) {
		uint64_t n = i % 7 * 100;

		for (uint64_t k = 0; k < n; k += 33)
			ck_assert_uint_eq(tt_offsets_find(&o, to + k), from + k);
		to += n;
		from += n + i % 3;
	}
	tt_offsets_release(&o);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}
END_TEST

Suite *pieces_suite(void)
{
	Suite *s = suite_create("pieces");
	TCase *t = tcase_create("pieces");

	tcase_add_loop_test(t, one_trace_is_one_piece, 0, NVERSIONS);
	tcase_add_loop_test(t, each_header_begins_a_trace, 0, NVERSIONS);
	tcase_add_loop_test(t, a_trace_that_is_cut_ends_at_the_next_header, 0, NVERSIONS);
	tcase_add_loop_test(t, text_between_batches_is_left_out, 0, NVERSIONS);
	tcase_add_loop_test(t, the_end_of_a_damaged_batch_is_no_text, 0, NVERSIONS);
	tcase_add_loop_test(t, bytes_after_which_a_batch_ends_the_file_are_no_others, 0, NVERSIONS);
	tcase_add_loop_test(t, what_follows_a_trace_is_foreign, 0, NVERSIONS);
	tcase_add_loop_test(t, copies_are_undone, 0, NVERSIONS);
	tcase_add_test(t, a_later_copy_that_cannot_be_undone_is_passed_over);
	tcase_add_test(t, findings_name_the_place_in_the_file);
	tcase_add_test(t, no_trace_is_the_error_of_the_header);
	tcase_add_test(t, offsets_are_those_before_bytes_were_left_out);
	suite_add_tcase(s, t);
	return s;
}
