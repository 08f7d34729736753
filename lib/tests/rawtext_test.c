/* SPDX-License-Identifier: MIT */
/*
 * rawtext_test.c - raw events as text, the assembler that turns the text back, and
 * the manual that describes both.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/suites.h"
#include "tests/wire_support.h"
#include "wire/assemble.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define BYTES(s) s, sizeof(s) - 1

static struct tt_mem mem;
static struct tt_error err;

START_TEST(wire_format_fills_any_room_and_no_more)
{
	struct text body, text;
	const struct tt_wire_event *ev;
	struct guarded g;
	struct tt_wire *w;

	ck_assert_msg(tt_specs_add(wire_specs, "long", wire_long_names, strlen(wire_long_names),
				   &err) == 0,
		      "%s", err.message);
	body = every_event(1);
	text = with_header(&body);
	wire_assemble(&g, text.at, text.len);
	w = wire_open(&g, 0);
	while (tt_wire_next(w, &ev) == 0) {
		size_t need = tt_wire_format(ev, NULL, 0);
		char *whole = malloc(need), *part = malloc(need + 1);

		ck_assert_uint_eq(tt_wire_format(ev, whole, need), need);
		ck_assert_int_eq(whole[need - 1], '\n');
		for (size_t size = 0; size <= need; size += need < 2000 ? 1 : 97) {
			memset(part, '#', need + 1);
			ck_assert_uint_eq(tt_wire_format(ev, part, size), need);
			ck_assert_mem_eq(part, whole, size);
			for (size_t i = size; i <= need; i++)
				ck_assert_int_eq(part[i], '#');
		}
		free(whole);
		free(part);
	}
	tt_wire_close(w);
	guarded_release(&g);
	free(body.at);
	free(text.at);
}
END_TEST

START_TEST(wire_format_takes_an_event_of_the_callers_own)
{
	static const struct tt_wire_frame frames[] = {{1, 2, 3, 4}};
	struct tt_wire_event ev = {
		.spec = tt_specs_event_named(wire_specs, "GoStart"),
		.nargs = 3,
		.args = {1, 20, 300},
		.frames = frames,
		.nframes = 1,
		.data = {"x", 1},
	};
	static const char want[] =
		"GoStart dt=1 g=20 g_seq=300\n\tpc=1 func=2 file=3 line=4\n\tdata=\"x\"\n";
	char out[128];

	ck_assert_uint_eq(tt_wire_format(&ev, out, sizeof(out)), sizeof(want) - 1);
	ck_assert_mem_eq(out, want, sizeof(want) - 1);
}
END_TEST

/* What people may write, and what it is in full. */
static const struct {
	const char *loose, *full;
} forms[] = {
	{"Trace Go1.26", "Trace Go1.26\n"},
	{"\n # a comment\r\n\t Trace \t Go1.22 # another\n\n", "Trace Go1.22\n"},
	{"Trace Go1.26\n  GoStart\tdt=1   g=2\tg_seq=3  \r\n",
	 "Trace Go1.26\nGoStart dt=1 g=2 g_seq=3\n"},
	{"Trace Go1.26\nGoStart dt=0x1f g=-1 g_seq=-9223372036854775807#c\n",
	 "Trace Go1.26\nGoStart dt=31 g=18446744073709551615 g_seq=9223372036854775809\n"},
	{"Trace Go1.26\nEventBatch gen=1 m=2 time=3\nSync\nFrequency freq=200\n"
	 "EventBatch gen=1 m=2 time=3 # empty\nEndOfGeneration\n",
	 "Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=4\nSync\nFrequency freq=200\n"
	 "EventBatch gen=1 m=2 time=3 size=0\nEndOfGeneration\n"},
	{"Trace Go1.26\nEventBatch gen=1 m=2 time=3\nStrings\nString id=1\ndata=\"\\u00e9\" # e\n"
	 "ExperimentalBatch exp=1 gen=1 m=2 time=3\nEventBatch gen=1 m=2 time=3\n",
	 "Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=6\nStrings\nString "
	 "id=1\n\tdata=\"\xc3\xa9\"\n"
	 "ExperimentalBatch exp=1 gen=1 m=2 time=3\nEventBatch gen=1 m=2 time=3 size=0\n"},
	{"Trace Go1.26\nStack id=1\npc=1 func=2 file=3 line=4\npc=5 func=6 file=7 line=8\nStack "
	 "id=2\n",
	 "Trace Go1.26\nStack id=1 nframes=2\n\tpc=1 func=2 file=3 line=4\n"
	 "\tpc=5 func=6 file=7 line=8\nStack id=2 nframes=0\n"},
	/* a size is taken at its word */
	{"Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=99999\nSync\n",
	 "Trace Go1.26\nEventBatch gen=1 m=2 time=3 size=99999\nSync\n"},
};

START_TEST(assemble_takes_what_people_write)
{
	struct guarded loose, full;

	wire_assemble(&loose, forms[_i].loose, strlen(forms[_i].loose));
	wire_assemble(&full, forms[_i].full, strlen(forms[_i].full));
	ck_assert_uint_eq(loose.len, full.len);
	ck_assert_mem_eq(loose.data, full.data, full.len);
	guarded_release(&loose);
	guarded_release(&full);
}
END_TEST

/* Bytes as Go's runtime writes them: sizes take 10 bytes, all else is short. */
START_TEST(assemble_writes_bytes_as_go_programs_do)
{
	static const char text[] =
		"Trace Go1.26\nEventBatch gen=1 m=-1 time=300\nStrings\nString id=1\n"
		"data=\"ab\"\nExperimentalBatch exp=1 gen=1 m=5 time=6\ndata=\"xyz\"\n"
		"ExperimentalBatch exp=1 gen=1 m=5 time=6\nEndOfGeneration";
	static const char want[] = "go 1.26 trace\0\0\0"
				   "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xac\x02\x86"
				   "\x80\x80\x80\x80\x80\x80\x80\x80\x00"
				   "\x04\x05\x01\x02"
				   "ab"
				   "\x31\x01\x01\x05\x06\x83\x80\x80\x80\x80\x80\x80\x80\x80\x00xyz"
				   "\x31\x01\x01\x05\x06\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"
				   "\x34";
	struct guarded g;

	wire_assemble(&g, BYTES(text));
	ck_assert_uint_eq(g.len, sizeof(want) - 1);
	ck_assert_mem_eq(g.data, want, g.len);
	guarded_release(&g);
}
END_TEST

static const struct {
	const char *text, *message;
} mistakes[] = {
	{"", "1:1: there is no line 'Trace Go1.NN'"},
	{"\n# nothing\n", "3:1: there is no line 'Trace Go1.NN'"},
	{"GoStart dt=1\n", "1:1: the first line must be 'Trace Go1.NN', NN one of 11, 19, 21, 22, 23, 25, 26"},
	{"Trace Go1.24\n", "1:1: the first line must be 'Trace Go1.NN', NN one of 11, 19, 21, 22, 23, 25, 26"},
	{"TraceGo1.26\n", "1:1: the first line must be 'Trace Go1.NN', NN one of 11, 19, 21, 22, 23, 25, 26"},
	{"Trace Go1.x\n", "1:11: expected a number of at most 64 bits, not 'x'"},
	{"Trace Go1.26 x\n", "1:14: unexpected text at the end of the line"},
	{"Trace Go1.26\n  GoStrat dt=1\n", "2:3: no event has the name 'GoStrat'"},
	{"Trace Go1.26\nSync\"\n", "2:5: unexpected text at the end of the line"},
	{"Trace Go1.26\nGoStart dt=1 g=2\n", "2:17: expected 'g_seq=' in GoStart"},
	{"Trace Go1.26\nGoStart dt=1 g_seq=2 g=2\n", "2:14: expected 'g=' in GoStart"},
	{"Trace Go1.26\nGoStart dt=1 g=2 g_seq=\n",
	 "2:24: expected a number of at most 64 bits, not ''"},
	{"Trace Go1.26\nGoStart dt=1 g=2 g_seq=18446744073709551616\n",
	 "2:24: expected a number of at most 64 bits, not '18446744073709551616'"},
	{"Trace Go1.26\nGoDestroy dt=0x10000000000000000\n",
	 "2:14: expected a number of at most 64 bits, not '0x10000000000000000'"},
	{"Trace Go1.26\nGoDestroy dt=-9223372036854775808\n",
	 "2:14: expected a number of at most 64 bits, not '-9223372036854775808'"},
	{"Trace Go1.26\nGoDestroy dt=0x1F\n",
	 "2:14: expected a number of at most 64 bits, not '0x1F'"},
	{"Trace Go1.26\nGoDestroy dt=1 2\n", "2:16: unexpected text at the end of the line"},
	{"Trace Go1.26\npc=1 func=2 file=3 line=4\n", "2:1: a frame must follow a Stack"},
	{"Trace Go1.26\nStack id=1\npc=1 func=2 line=4\n",
	 "3:13: expected 'file=' in a frame"},
	{"Trace Go1.26\nStack id=1\nx=1\n", "3:1: expected 'pc=' in a frame"},
	{"Trace Go1.26\nStack id=1 nframes=2\npc=1 func=2 file=3 line=4\nSync\n",
	 "4:1: the Stack above says nframes=2 but has 1 frames"},
	{"Trace Go1.26\nStack id=1 nframes=0\npc=1 func=2 file=3 line=4\n",
	 "4:1: the Stack above says nframes=0 but has 1 frames"},
	{"Trace Go1.26\nSync\ndata=\"x\"\n",
	 "3:1: a line of data must follow an event that has data"},
	{"Trace Go1.26\nString id=1\ndata=\"x\"\ndata=\"x\"\n",
	 "4:1: a line of data must follow an event that has data"},
	{"Trace Go1.26\nString id=1\n\tdata=x\n", "3:7: expected a quoted text"},
	{"Trace Go1.26\nString id=1\n\tdata=\"abc\n", "3:7: the quote is not closed"},
	{"Trace Go1.26\nString id=1\n\tdata=\"a\\qc\"\n", "3:9: not an escape sequence of Go"},
	{"Trace Go1.26\nString id=1\n\tdata=\"a\" b\n", "3:11: unexpected text at the end of the line"},
};

START_TEST(assemble_says_where_the_mistake_is)
{
	struct tt_bytes bytes = {.mem = &mem};
	struct guarded text;

	guarded_init(&text, mistakes[_i].text, strlen(mistakes[_i].text));
	ck_assert_int_eq(tt_assemble(wire_specs, (const char *)text.data, text.len, &bytes, &err),
			 -TT_E_SPEC);
	ck_assert_str_eq(err.message, mistakes[_i].message);
	tt_mem_free(&mem, bytes.data, bytes.cap);
	guarded_release(&text);
}
END_TEST

/* NUL is a character like any other: of no name. */
START_TEST(assemble_survives_a_nul)
{
	static const char text[] = "Trace Go1.26\nSync\0Sync\n";
	struct tt_bytes bytes = {.mem = &mem};

	ck_assert_int_eq(tt_assemble(wire_specs, BYTES(text), &bytes, &err), -TT_E_SPEC);
	ck_assert_int_eq(strncmp(err.message, "2:1: ", 5), 0);
	tt_mem_free(&mem, bytes.data, bytes.cap);
}
END_TEST

START_TEST(assemble_stops_at_any_limit_in_order)
{
	struct text body = every_event(2), text = with_header(&body);
	int whole = 0, stopped = 0;

	for (uint64_t limit = 1; limit < 200000; limit += limit / 3 + 1) {
		struct tt_mem small = {.limit_nbytes = limit};
		struct tt_bytes bytes = {.mem = &small};
		int rc = tt_assemble(wire_specs, text.at, text.len, &bytes, &err);

		ck_assert(rc == 0 || rc == -TT_E_LIMIT);
		ck_assert_uint_le(bytes.len, limit);
		whole += rc == 0;
		stopped += rc != 0;
		tt_mem_free(&small, bytes.data, bytes.cap);
		ck_assert_uint_eq(small.used_nbytes, 0);
	}
	ck_assert_int_gt(whole, 0);
	ck_assert_int_gt(stopped, 10);
	free(body.at);
	free(text.at);
}
END_TEST

#define MANUAL "man/tracetool-format.5"

static char *read_manual(void)
{
	FILE *f = fopen(MANUAL, "r");
	char *text = calloc(1, 1 << 16);
	size_t n;

	ck_assert_msg(f != NULL, "cannot open " MANUAL ": the tests run in the top folder");
	n = fread(text, 1, (1 << 16) - 1, f);
	ck_assert_uint_lt(n, (1 << 16) - 1);
	fclose(f);
	return text;
}

/* "10  ProcStart            1.22  dt p p_seq", with a newline on both sides. */
static void add_row(struct text *t, const struct tt_event_spec *spec)
{
	text_add(t, "\n%3u  %-19s  1.%u ", spec->type, spec->name, spec->since);
	if (spec->timed)
		text_add(t, " dt");
	for (unsigned i = 0; i < spec->nargs; i++)
		text_add(t, " %s", spec->args[i].name);
	text_add(t, "%s%s", spec->has_frames ? " frames" : "", spec->has_data ? " data" : "");
	while (t->at[t->len - 1] == ' ')
		t->len--;
	text_add(t, "\n");
}

START_TEST(manual_lists_the_events_of_the_specs)
{
	char *manual = read_manual();

	for (unsigned type = 0; type < 256; type++) {
		const struct tt_event_spec *spec = tt_specs_event(wire_specs, type);
		struct text row = {0};

		if (spec == NULL)
			continue;
		add_row(&row, spec);
		ck_assert_msg(strstr(manual, row.at) != NULL, "not in " MANUAL ": %s", row.at);
		free(row.at);
	}
	free(manual);
}
END_TEST

/* The hexadecimal example, from its header to its end mark. */
START_TEST(manual_shows_a_trace_as_bytes)
{
	static const char want[] =
		"EventBatch gen=1 m=18446744073709551615 time=1 size=15\nSync\n"
		"Frequency freq=15625000\nClockSnapshot dt=0 mono=100 sec=1700000001 nsec=5\n"
		"EventBatch gen=1 m=1 time=10 size=4\nProcStatus dt=1 p=0 pstatus=1\n"
		"EndOfGeneration\n";
	char *manual = read_manual(), *p = strstr(manual, "\n67 6f 20 31"), *got, *next;
	uint8_t bytes[256];
	struct guarded g;
	struct tt_wire *w;
	size_t n = 0, len;
	int rc;

	ck_assert_ptr_nonnull(p);
	for (; *p != '.'; p = next) {
		bytes[n++] = (uint8_t)strtoul(p, &next, 16);
		ck_assert_ptr_ne(p, next);
		next += strspn(next, " \n");
		ck_assert_uint_lt(n, sizeof(bytes));
	}
	guarded_init(&g, bytes, n);
	w = wire_open(&g, 0);
	got = wire_text_of(w, &len, &rc);
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(len, sizeof(want) - 1);
	ck_assert_mem_eq(got, want, len);
	free(got);
	tt_wire_close(w);
	guarded_release(&g);
	free(manual);
}
END_TEST

/* The example of raw text says the sizes that it has. */
START_TEST(manual_shows_a_trace_as_text)
{
	char *manual = read_manual(), *begin = strstr(manual, "\nTrace Go1.26\n");
	struct text loose = {0};
	struct guarded given, counted;
	char *end;

	ck_assert_ptr_nonnull(begin);
	end = strstr(begin, "\n.Ed");
	for (char *line = begin + 1; line < end; line += strcspn(line, "\n") + 1) {
		int len = (int)strcspn(line, "\n");
		char *size = strstr(line, " size=");

		if (size != NULL && size < line + len)
			len = (int)(size - line);
		text_add(&loose, "%.*s\n", len, line);
	}
	wire_assemble(&given, begin, (size_t)(end - begin));
	wire_assemble(&counted, loose.at, loose.len);
	ck_assert_uint_eq(given.len, counted.len);
	ck_assert_mem_eq(given.data, counted.data, given.len);
	guarded_release(&given);
	guarded_release(&counted);
	free(loose.at);
	free(manual);
}
END_TEST

static TCase *text_tests(void)
{
	TCase *tc = tcase_create("text");

	tcase_add_checked_fixture(tc, wire_setup, wire_teardown);
	tcase_add_test(tc, wire_format_fills_any_room_and_no_more);
	tcase_add_test(tc, wire_format_takes_an_event_of_the_callers_own);
	return tc;
}

static TCase *assemble_tests(void)
{
	TCase *tc = tcase_create("assemble");

	tcase_add_checked_fixture(tc, wire_setup, wire_teardown);
	tcase_add_loop_test(tc, assemble_takes_what_people_write, 0, (int)COUNT(forms));
	tcase_add_test(tc, assemble_writes_bytes_as_go_programs_do);
	tcase_add_loop_test(tc, assemble_says_where_the_mistake_is, 0, (int)COUNT(mistakes));
	tcase_add_test(tc, assemble_survives_a_nul);
	tcase_add_test(tc, assemble_stops_at_any_limit_in_order);
	return tc;
}

static TCase *manual_tests(void)
{
	TCase *tc = tcase_create("manual");

	tcase_add_checked_fixture(tc, wire_setup, wire_teardown);
	tcase_add_test(tc, manual_lists_the_events_of_the_specs);
	tcase_add_test(tc, manual_shows_a_trace_as_bytes);
	tcase_add_test(tc, manual_shows_a_trace_as_text);
	return tc;
}

Suite *rawtext_suite(void)
{
	Suite *s = suite_create("rawtext");

	suite_add_tcase(s, text_tests());
	suite_add_tcase(s, assemble_tests());
	suite_add_tcase(s, manual_tests());
	return s;
}
