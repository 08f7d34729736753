/* SPDX-License-Identifier: MIT */
/* wire_test.c - the flat reader of raw events. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/suites.h"
#include "tests/wire_support.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) s, sizeof(s) - 1

static struct tt_error err;

/* A trace of a version's header and these bytes. */
static void raw_trace(struct guarded *g, unsigned version, const char *bytes, size_t len)
{
	char trace[256];
	int n = snprintf(trace, sizeof(trace), "go 1.%u trace%c%c", version, 0, 0) + 1;

	ck_assert_uint_le((size_t)n + len, sizeof(trace));
	memcpy(trace + n, bytes, len);
	guarded_init(g, trace, (size_t)n + len);
}

/* Text to bytes to text, whatever spec the events come from. */
START_TEST(raw_events_print_as_they_were_assembled)
{
	struct text body, text;
	struct guarded g;
	struct tt_wire *w;
	size_t len;
	char *got;
	int rc;

	ck_assert_msg(tt_specs_add(wire_specs, "long", wire_long_names, strlen(wire_long_names),
				   &err) == 0,
		      "%s", err.message);
	body = every_event(100);
	text = with_header(&body);
	wire_assemble(&g, text.at, text.len);
	w = wire_open(&g, 0);
	got = wire_text_of(w, &len, &rc);
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(len, body.len);
	ck_assert_mem_eq(got, body.at, len);
	ck_assert_uint_eq(tt_wire_version(w), 26);
	tt_wire_close(w);
	guarded_release(&g);
	free(got);
	free(body.at);
	free(text.at);
}
END_TEST

/* _i is the size of the reads: 0 memory, 9 a mapped file, 10 a reasonable stream. */
START_TEST(raw_events_are_the_same_however_they_arrive)
{
	struct text body = every_event(_i < 9 ? 2 : 150), text = with_header(&body);
	struct tt_options opt = {.size = sizeof(opt), .specs = wire_specs};
	struct guarded g;
	struct trickle t;
	struct tt_wire *w;
	size_t len;
	char *got;
	int rc, fd = -1;

	wire_assemble(&g, text.at, text.len);
	if (_i == 0) {
		rc = tt_wire_open_memory(&w, g.data, g.len, &opt, &err);
	} else if (_i == 9) {
		fd = input_file(g.data, g.len);
		rc = tt_wire_open_fd(&w, fd, &opt, &err);
	} else {
		trickle_start(&t, g.data, g.len, _i == 10 ? 1500 : (size_t)_i);
		rc = tt_wire_open_fd(&w, t.fd, &opt, &err);
	}
	ck_assert_msg(rc == 0, "%s", err.message);
	got = wire_text_of(w, &len, &rc);
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(len, body.len);
	ck_assert_mem_eq(got, body.at, len);
	tt_wire_close(w);
	if (fd >= 0)
		close(fd);
	else if (_i != 0)
		trickle_stop(&t);
	guarded_release(&g);
	free(got);
	free(body.at);
	free(text.at);
}
END_TEST

/* Offsets are those of the type bytes: each event begins where the last one ended. */
START_TEST(raw_offsets_cover_the_file)
{
	static const char text[] =
		"Trace Go1.26\nSync\nFrequency freq=300\nString id=1\n\tdata=\"abc\"\n"
		"Stack id=1 nframes=1\n\tpc=1 func=2 file=3 line=4\nEndOfGeneration\n";
	static const uint64_t offsets[] = {16, 17, 20, 26, 33};
	const struct tt_wire_event *ev;
	struct guarded g;
	struct tt_wire *w;

	wire_assemble(&g, BYTES(text));
	w = wire_open(&g, 0);
	for (size_t i = 0; i < COUNT(offsets); i++) {
		ck_assert_int_eq(tt_wire_next(w, &ev), 0);
		ck_assert_uint_eq(ev->offset, offsets[i]);
		ck_assert_uint_eq(ev->type, g.data[offsets[i]]);
	}
	ck_assert_int_eq(tt_wire_next(w, &ev), TT_END);
	ck_assert_int_eq(tt_wire_next(w, &ev), TT_END);
	tt_wire_close(w);
	guarded_release(&g);
}
END_TEST

/* Types are those of the header's version, but for experiments. */
static const struct {
	unsigned version;
	const char *bytes;
	size_t len;
	const char *text; /* NULL: no event of this version */
} gates[] = {
	{22, BYTES("\x00"), NULL},
	{26, BYTES("\x00"), NULL},
	{22, BYTES("\x11\x05"), "GoDestroy dt=5\n"},
	{22, BYTES("\x2d\x01\x02\x03"), NULL},
	{23, BYTES("\x2d\x01\x02\x03"), "GoSwitch dt=1 g=2 g_seq=3\n"},
	{23, BYTES("\x32"), NULL},
	{25, BYTES("\x32"), "Sync\n"},
	{25, BYTES("\x34"), NULL},
	{26, BYTES("\x34"), "EndOfGeneration\n"},
	{25, BYTES("\x35"), NULL},
	{26, BYTES("\x35"), "\n"},
	{26, BYTES("\x7f"), "\n"},
	{26, BYTES("\x89"), NULL},
	{26, BYTES("\xff"), NULL},
	{22, BYTES("\x80\x01\x02\x03\x04"), "Span dt=1 id=2 npages_value=3 kindclass=4\n"},
	{23, BYTES("\x88\x01\x02"), "GoroutineStackFree dt=1 id=2\n"},
	{26, BYTES("\x88\x01\x02"), "GoroutineStackFree dt=1 id=2\n"},
};

START_TEST(raw_types_are_those_of_the_version)
{
	struct guarded g;
	struct tt_wire *w;
	size_t len;
	char *got;
	int rc;

	raw_trace(&g, gates[_i].version, gates[_i].bytes, gates[_i].len);
	w = wire_open(&g, TT_OPEN_LIKE_GO);
	got = wire_text_of(w, &len, &rc);
	if (gates[_i].text == NULL) {
		char message[64];

		snprintf(message, sizeof(message), "invalid event type: %u",
			 (uint8_t)gates[_i].bytes[0]);
		ck_assert_int_eq(rc, -TT_E_EVENT_TYPE);
		ck_assert_str_eq(tt_wire_error(w)->message, message);
		ck_assert_uint_eq(tt_wire_error(w)->offset, 16);
		ck_assert_int_eq(tt_wire_error(w)->event_type, (uint8_t)gates[_i].bytes[0]);
		ck_assert_uint_eq(len, 0);
	} else {
		ck_assert_int_eq(rc, TT_END);
		ck_assert_uint_eq(len, strlen(gates[_i].text));
		ck_assert_mem_eq(got, gates[_i].text, len);
	}
	free(got);
	tt_wire_close(w);
	guarded_release(&g);
}
END_TEST

#define TEN "\x80\x80\x80\x80\x80\x80\x80\x80\x80"

/* How the end of the file inside an event is taken: Go passes some of it over. */
static const struct {
	const char *bytes;
	size_t len;
	int strict, like_go;
	uint64_t offset;
	const char *message;
} ends[] = {
	{BYTES(""), TT_END, TT_END, 0, NULL},
	{BYTES("\x11"), -TT_E_CUT_OFF, TT_END, 17, "the file ends inside an event"},
	{BYTES("\x10\x05"), -TT_E_CUT_OFF, TT_END, 18, "the file ends inside an event"},
	{BYTES("\x10\x85"), -TT_E_CUT_OFF, -TT_E_CUT_OFF, 18, "unexpected EOF"},
	{BYTES("\x10" TEN), -TT_E_CUT_OFF, -TT_E_CUT_OFF, 26, "unexpected EOF"},
	{BYTES("\x10" TEN "\x02"), -TT_E_EVENT_NUMBER, -TT_E_EVENT_NUMBER, 17,
	 "binary: varint overflows a 64-bit integer"},
	{BYTES("\x10\x01" TEN "\x80\x01"), -TT_E_EVENT_NUMBER, -TT_E_EVENT_NUMBER, 18,
	 "binary: varint overflows a 64-bit integer"},
	/* String: id, length, bytes */
	{BYTES("\x05\x01"), -TT_E_CUT_OFF, TT_END, 18, "the file ends inside an event"},
	{BYTES("\x05\x01\x84"), -TT_E_CUT_OFF, -TT_E_CUT_OFF, 19, "unexpected EOF"},
	{BYTES("\x05\x01\x04"), -TT_E_CUT_OFF, TT_END, 19, "the file ends inside an event"},
	{BYTES("\x05\x01\x04"
	       "abc"),
	 -TT_E_CUT_OFF, TT_END, 22, "the file ends inside an event"},
	{BYTES("\x05\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f"
	       "abc"),
	 -TT_E_CUT_OFF, TT_END, 30, "the file ends inside an event"},
	/* Stack: id, count, frames */
	{BYTES("\x03\x01\x02"), -TT_E_CUT_OFF, TT_END, 19, "the file ends inside an event"},
	{BYTES("\x03\x01\x02\x01\x01\x01\x01\x01"), -TT_E_CUT_OFF, TT_END, 24,
	 "the file ends inside an event"},
	{BYTES("\x03\x01\x02\x01\x01\x01\x01\x81"), -TT_E_CUT_OFF, -TT_E_CUT_OFF, 24,
	 "unexpected EOF"},
	{BYTES("\x03\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01\x01"), -TT_E_CUT_OFF, TT_END, 29,
	 "the file ends inside an event"},
	/* ExperimentalBatch: exp, gen, m, time, length, bytes */
	{BYTES("\x31"), -TT_E_CUT_OFF, TT_END, 17, "the file ends inside an event"},
	{BYTES("\x31\x01\x01\x01\x01\x02x"), -TT_E_CUT_OFF, TT_END, 23,
	 "the file ends inside an event"},
};

static void check_end(struct tt_wire *w, int want, uint64_t offset, const char *message)
{
	const struct tt_wire_event *ev;

	/* sticky */
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(tt_wire_next(w, &ev), want);
		ck_assert_ptr_null(ev);
	}
	if (want == TT_END) {
		ck_assert_int_eq(tt_wire_error(w)->code, TT_OK);
	} else {
		ck_assert_int_eq(tt_wire_error(w)->code, -want);
		ck_assert_uint_eq(tt_wire_error(w)->offset, offset);
		ck_assert_uint_eq(tt_wire_error(w)->event_index, 0);
		ck_assert_str_eq(tt_wire_error(w)->message, message);
	}
	tt_wire_close(w);
}

START_TEST(raw_end_inside_an_event)
{
	struct guarded g;

	raw_trace(&g, 26, ends[_i].bytes, ends[_i].len);
	check_end(wire_open(&g, 0), ends[_i].strict, ends[_i].offset, ends[_i].message);
	check_end(wire_open(&g, TT_OPEN_LIKE_GO), ends[_i].like_go, ends[_i].offset,
		  ends[_i].message);
	for (size_t chunk = 1; chunk <= 8; chunk++) {
		struct tt_options opt = {.size = sizeof(opt)};
		struct trickle t;
		struct tt_wire *w;

		trickle_start(&t, g.data, g.len, chunk);
		ck_assert_int_eq(tt_wire_open_fd(&w, t.fd, &opt, &err), 0);
		check_end(w, ends[_i].strict, ends[_i].offset, ends[_i].message);
		trickle_stop(&t);
	}
	guarded_release(&g);
}
END_TEST

/* Cut at every byte, a file is good where an event ends, and cut off elsewhere. */
START_TEST(raw_cut_at_every_byte)
{
	struct text body = every_event(1), text = with_header(&body);
	const struct tt_wire_event *ev;
	struct guarded g;
	struct tt_wire *w;
	uint8_t *is_start;

	wire_assemble(&g, text.at, text.len);
	is_start = calloc(1, g.len + 1);
	is_start[g.len] = 1;
	w = wire_open(&g, 0);
	while (tt_wire_next(w, &ev) == 0)
		is_start[ev->offset] = 1;
	tt_wire_close(w);
	for (size_t len = 16; len <= g.len; len++) {
		struct guarded cut;
		int rc;

		guarded_init(&cut, g.data, len);
		w = wire_open(&cut, 0);
		do
			rc = tt_wire_next(w, &ev);
		while (rc == 0);
		ck_assert_int_eq(rc, is_start[len] ? TT_END : -TT_E_CUT_OFF);
		if (rc < 0)
			ck_assert_uint_eq(tt_wire_error(w)->offset, len);
		tt_wire_close(w);
		guarded_release(&cut);
	}
	free(is_start);
	guarded_release(&g);
	free(body.at);
	free(text.at);
}
END_TEST

/* As int(n) of Go's reader: nothing follows. */
START_TEST(raw_negative_counts_are_none)
{
	static const char bytes[] = "\x05\x01" TEN "\x01"
				    "\x03\x07" TEN "\x01"
				    "\x34";
	static const char want[] =
		"String id=1\nStack id=7 nframes=9223372036854775808\nEndOfGeneration\n";
	struct guarded g;
	struct tt_wire *w;
	size_t len;
	char *got;
	int rc;

	raw_trace(&g, 26, BYTES(bytes));
	w = wire_open(&g, 0);
	got = wire_text_of(w, &len, &rc);
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(len, sizeof(want) - 1);
	ck_assert_mem_eq(got, want, len);
	free(got);
	tt_wire_close(w);
	guarded_release(&g);
}
END_TEST

/* Of the first event that is no good for want of room. */
static void check_limit(const struct guarded *g, size_t chunk, int want)
{
	struct tt_options opt = {
		.size = sizeof(opt), .specs = wire_specs, .max_memory_nbytes = 1 << 20};
	const struct tt_wire_event *ev;
	struct trickle t;
	struct tt_wire *w;

	trickle_start(&t, g->data, g->len, chunk);
	ck_assert_int_eq(tt_wire_open_fd(&w, t.fd, &opt, &err), 0);
	ck_assert_int_eq(tt_wire_next(w, &ev), want);
	if (want < 0)
		ck_assert(tt_wire_error(w)->system);
	tt_wire_close(w);
	trickle_stop(&t);
}

START_TEST(raw_data_may_be_as_large_as_the_limit)
{
	struct text text = {0};
	const struct tt_wire_event *ev;
	struct guarded g;
	struct tt_wire *w;
	size_t len = _i == 0 ? 300000 : 3000000, wrong = 0;

	text_add(&text, "Trace Go1.26\nString id=1\ndata=\"");
	while (text.len < len)
		text_add(&text, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
	text_add(&text, "\"\n");
	wire_assemble(&g, text.at, text.len);
	check_limit(&g, 4096, _i == 0 ? 0 : -TT_E_LIMIT);
	w = wire_open(&g, 0);
	ck_assert_int_eq(tt_wire_next(w, &ev), 0);
	ck_assert_uint_gt(ev->data.len, len - 64);
	for (size_t i = 0; i < ev->data.len; i += 16)
		wrong += memcmp(ev->data.data + i, "0123456789abcdef", 16) != 0;
	ck_assert_uint_eq(wrong, 0);
	tt_wire_close(w);
	guarded_release(&g);
	free(text.at);
}
END_TEST

START_TEST(raw_frames_may_be_as_many_as_the_limit)
{
	struct text text = {0};
	struct guarded g;

	text_add(&text, "Trace Go1.26\nStack id=1\n");
	for (int i = 0; i < (_i == 0 ? 10000 : 100000); i++)
		text_add(&text, "pc=%d func=1 file=2 line=3\n", i);
	wire_assemble(&g, text.at, text.len);
	check_limit(&g, 4096, _i == 0 ? 0 : -TT_E_LIMIT);
	guarded_release(&g);
	free(text.at);
}
END_TEST

/* With any limit the trace comes whole, or the limit is named. */
START_TEST(raw_stops_at_any_limit_in_order)
{
	struct text body = every_event(2), text = with_header(&body);
	struct guarded g;
	int whole = 0, stopped = 0;

	wire_assemble(&g, text.at, text.len);
	for (uint64_t limit = 1; limit < 2000000; limit += limit / 3 + 1) {
		struct tt_options opt = {
			.size = sizeof(opt), .specs = wire_specs, .max_memory_nbytes = limit};
		const struct tt_wire_event *ev;
		struct trickle t;
		struct tt_wire *w;
		int rc;

		trickle_start(&t, g.data, g.len, g.len);
		rc = tt_wire_open_fd(&w, t.fd, &opt, &err);
		while (rc == 0)
			rc = tt_wire_next(w, &ev);
		ck_assert_msg(rc == TT_END || rc == -TT_E_LIMIT, "limit %" PRIu64 ": %d", limit,
			      rc);
		whole += rc == TT_END;
		stopped += rc != TT_END;
		tt_wire_close(w);
		trickle_stop(&t);
	}
	ck_assert_int_gt(whole, 0);
	ck_assert_int_gt(stopped, 10);
	guarded_release(&g);
	free(body.at);
	free(text.at);
}
END_TEST

START_TEST(raw_open_refuses_options_that_cannot_be)
{
	static const char trace[] = "go 1.26 trace\0\0";
	struct tt_options opt = {.size = 3};
	struct tt_wire *w = (struct tt_wire *)&opt;

	ck_assert_int_eq(tt_wire_open_memory(&w, trace, 16, &opt, &err), -TT_E_ARGUMENT);
	ck_assert_ptr_null(w);
	ck_assert(err.system);
	opt = (struct tt_options){.size = sizeof(opt), .flags = 1u << 30};
	ck_assert_int_eq(tt_wire_open_memory(&w, trace, 16, &opt, &err), -TT_E_ARGUMENT);
	opt = (struct tt_options){.size = sizeof(opt.size)};
	ck_assert_int_eq(tt_wire_open_memory(&w, trace, 16, &opt, &err), 0);
	tt_wire_close(w);
	tt_wire_close(NULL);
	ck_assert_int_eq(tt_wire_open(&w, "/nonexistent/trace", NULL, &err), -TT_E_IO);
	ck_assert_ptr_null(w);
}
END_TEST

static TCase *raw_tests(void)
{
	TCase *tc = tcase_create("raw");

	tcase_add_checked_fixture(tc, wire_setup, wire_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, raw_events_print_as_they_were_assembled);
	tcase_add_loop_test(tc, raw_events_are_the_same_however_they_arrive, 0, 11);
	tcase_add_test(tc, raw_offsets_cover_the_file);
	tcase_add_loop_test(tc, raw_types_are_those_of_the_version, 0, (int)COUNT(gates));
	tcase_add_loop_test(tc, raw_end_inside_an_event, 0, (int)COUNT(ends));
	tcase_add_test(tc, raw_cut_at_every_byte);
	tcase_add_test(tc, raw_negative_counts_are_none);
	tcase_add_loop_test(tc, raw_data_may_be_as_large_as_the_limit, 0, 2);
	tcase_add_loop_test(tc, raw_frames_may_be_as_many_as_the_limit, 0, 2);
	tcase_add_test(tc, raw_stops_at_any_limit_in_order);
	tcase_add_test(tc, raw_open_refuses_options_that_cannot_be);
	return tc;
}

Suite *wire_suite(void)
{
	Suite *s = suite_create("wire");

	suite_add_tcase(s, raw_tests());
	return s;
}
