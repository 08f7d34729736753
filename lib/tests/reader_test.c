/* SPDX-License-Identifier: MIT */
/*
 * reader_test.c - the pull reader, true to its contract about Syncs, errors, times,
 * findings, threads that wait, memory, and the two ways to read that may be mixed.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sys/mman.h>
#include <unistd.h>

#include "spec/types.h"
#include "tests/reader_support.h"
#include "tests/rich.h"
#include "tests/script.h"
#include "tests/suites.h"
#include "tracetool_write.h"

/* Opens the trace of a script and releases nothing: *b lives as long as it. */
static struct tt_reader *open_script(struct build *b, unsigned version, const char *script)
{
	script_build(b, version, script);
	return test_open(b->data, b->len, 0);
}

static void close_script(struct tt_reader *r, struct build *b)
{
	tt_reader_close(r);
	build_release(b);
}

/* ---- where Syncs stand, and what comes before an error */

static void expect_kinds(struct tt_reader *r, const char *expected)
{
	const struct tt_event *ev;
	char kinds[256];
	size_t n = 0;
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0) {
		ck_assert_uint_lt(n + 1, sizeof(kinds));
		kinds[n++] = ev->kind != TT_KIND_SYNC ? '.' : ev->generation == NULL ? 's' : 'S';
	}
	kinds[n] = '\0';
	ck_assert_str_eq(kinds, expected);
	ck_assert_ptr_null(ev);
}

/* A trace of two generations, of which the table batch at the end is hurt. */
static struct tt_reader *open_hurt(struct build *b, unsigned version, unsigned flags,
				   const char *table, size_t n)
{
	script_build(b, version, "7@100: ProcStatus 0 2, ProcStatus 1 2");
	build_clock(b, 2, 200, 1000000000);
	build_raw(b, 2, 9, 200, "\x0d\x01\x02\x02", 4);
	build_raw(b, 2, 9, 200, table, n);
	if (version >= 26)
		build_mark(b);
	return test_open(b->data, b->len, flags);
}

START_TEST(a_generation_that_cannot_be_loaded_is_a_sync_and_an_error)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct tt_reader *r = open_hurt(&b, test_versions[v], 0, "\x04\x06", 2);

		expect_kinds(r, "S..s");
		ck_assert_int_eq(tt_reader_error(r)->code, TT_E_STRING_RECORD);
		ck_assert_uint_eq(tt_reader_error(r)->event_index, 4);
		close_script(r, &b);
	}
}
END_TEST

START_TEST(a_record_that_lacks_a_number_ends_the_trace_as_in_go_if_asked)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct tt_reader *r = open_hurt(&b, test_versions[v], TT_OPEN_LIKE_GO, "\x04\x05", 2);

		expect_kinds(r, "S..s");
		ck_assert_int_eq(tt_reader_error(r)->code, TT_OK);
		close_script(r, &b);
		r = open_hurt(&b, test_versions[v], 0, "\x04\x05", 2);
		expect_kinds(r, "S..s");
		ck_assert_int_eq(tt_reader_error(r)->code, TT_E_TABLE_CUT);
		close_script(r, &b);
	}
}
END_TEST

START_TEST(a_file_cut_before_its_first_thread_ends_as_in_go_if_asked)
{
	for (unsigned flags = 0; flags <= TT_OPEN_LIKE_GO; flags += TT_OPEN_LIKE_GO) {
		struct build b;
		struct tt_reader *r;

		script_build(&b, 26, "7@100: ProcStatus 0 2");
		build_clock(&b, 2, 200, 1000000000);
		r = test_open(b.data, b.len, flags);
		expect_kinds(r, "S.s");
		ck_assert_int_eq(tt_reader_error(r)->code, flags != 0 ? TT_OK : TT_E_CUT_OFF);
		close_script(r, &b);
	}
}
END_TEST

START_TEST(a_lone_byte_of_a_batch_ends_the_trace_as_in_go_if_asked)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		for (unsigned flags = 0; flags <= TT_OPEN_LIKE_GO; flags += TT_OPEN_LIKE_GO) {
			struct build b;
			struct tt_reader *r;

			script_build(&b, test_versions[v], "7@100: ProcStatus 0 2");
			build_byte(&b, 0x31);
			r = test_open(b.data, b.len, flags);
			expect_kinds(r, "S.s");
			ck_assert_int_eq(tt_reader_error(r)->code,
					 flags != 0 ? TT_OK : TT_E_CUT_OFF);
			close_script(r, &b);
		}
	}
}
END_TEST

START_TEST(damage_behind_a_generation_lets_it_be_read_before_1_26)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct tt_reader *r;

		script_build(&b, test_versions[v], "7@100: ProcStatus 0 2, ProcStatus 1 2");
		build_byte(&b, 0x77);
		r = test_open(b.data, b.len, 0);
		expect_kinds(r, "S..s");
		ck_assert_int_eq(tt_reader_error(r)->code, TT_E_BATCH_TYPE);
		close_script(r, &b);
	}
}
END_TEST

START_TEST(a_thread_that_begins_with_nonsense_takes_the_sync_away)
{
	struct build b;
	struct tt_reader *r;
	const struct tt_error *err;
	uint64_t at;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	build_raw(&b, 1, 7, 100, "\x0d\x01\x02\x02", 4);
	build_raw(&b, 1, 8, 100, "\x00\x01", 2);
	at = b.body;
	build_mark(&b);
	r = test_open(b.data, b.len, 0);
	expect_kinds(r, "");
	err = tt_reader_error(r);
	ck_assert_int_eq(err->code, TT_E_EVENT_UNTIMED);
	ck_assert_str_eq(err->message, "found event without a timestamp: type=0");
	ck_assert_uint_eq(err->offset, at);
	ck_assert_int_eq(err->thread, 8);
	ck_assert_uint_eq(err->generation, 1);
	ck_assert_int_eq(err->event_type, 0);
	ck_assert_uint_eq(err->event_index, 0);
	close_script(r, &b);
}
END_TEST

static const struct {
	const char *bytes;
	size_t n;
	int code;
	size_t at;
	const char *message;
} event_cases[] = {
	{"\x00", 1, TT_E_EVENT_UNTIMED, 0, "found event without a timestamp: type=0"},
	{"\x01", 1, TT_E_EVENT_UNTIMED, 0, "found event without a timestamp: type=1"},
	{"\x32", 1, TT_E_EVENT_UNTIMED, 0, "found event without a timestamp: type=50"},
	{"\x35", 1, TT_E_EVENT_UNTIMED, 0, "found event without a timestamp: type=53"},
	{"\x7f", 1, TT_E_EVENT_UNTIMED, 0, "found event without a timestamp: type=127"},
	{"\x89", 1, TT_E_EVENT_TYPE, 0, "found invalid event type: 137"},
	{"\xff", 1, TT_E_EVENT_TYPE, 0, "found invalid event type: 255"},
	{"\x0d", 1, TT_E_EVENT_NUMBER, 1, "found invalid uvarint for timestamp"},
	{"\x0d\x80", 2, TT_E_EVENT_NUMBER, 1, "found invalid uvarint for timestamp"},
	{"\x0d\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, TT_E_EVENT_NUMBER, 1,
	 "found invalid uvarint for timestamp"},
	{"\x0d\x01", 2, TT_E_EVENT_NUMBER, 2, "found invalid uvarint"},
	{"\x0d\x01\x05", 3, TT_E_EVENT_NUMBER, 3, "found invalid uvarint"},
	{"\x0d\x01\x05\xff", 4, TT_E_EVENT_NUMBER, 3, "found invalid uvarint"},
};

/* It takes the event before it away, which advanced already. */
START_TEST(an_event_that_cannot_be_decoded_swallows_the_one_before)
{
	for (unsigned pad = 0; pad < 2; pad++) {
		struct build b;
		struct tt_reader *r;
		const struct tt_error *err;
		uint64_t at;

		build_init(&b, 26);
		build_clock(&b, 1, 100, 1000000000);
		build_batch(&b, 1, 7, 100);
		build_bytes(&b, "\x0d\x01\x02\x02\x0d\x01\x03\x02\x0d\x01\x04\x02", 12);
		at = b.len;
		build_bytes(&b, event_cases[_i].bytes, event_cases[_i].n);
		build_close(&b);
		/* more of the thread, so that the fast path is taken as well */
		for (unsigned i = 0; i < pad; i++) {
			build_batch(&b, 1, 7, 100);
			for (int k = 0; k < 60; k++)
				build_bytes(&b, "\x0d\x01\x02\x02", 4);
			build_close(&b);
		}
		build_mark(&b);
		r = test_open(b.data, b.len, 0);
		expect_kinds(r, "S..");
		err = tt_reader_error(r);
		ck_assert_int_eq(err->code, event_cases[_i].code);
		ck_assert_str_eq(err->message, event_cases[_i].message);
		ck_assert_uint_eq(err->offset, at + event_cases[_i].at);
		ck_assert_int_eq(err->thread, 7);
		ck_assert_int_eq(err->event_type, (uint8_t)event_cases[_i].bytes[0]);
		ck_assert_uint_eq(err->event_index, 3);
		close_script(r, &b);
	}
}
END_TEST

/* ---- times */

START_TEST(times_grow_and_raw_times_are_kept)
{
	static const struct {
		int64_t time, raw;
	} expected[] = {
		{1, 1}, {101, 101}, {102, 101}, {103, 101}, {104, 50}, {105, 51}, {160, 160}, {161, 160},
	};
	struct build b;
	struct tt_reader *r = open_script(&b, 26, "7@100: Span 1 1 1, +0 Span 2 1 1, +0 Span 3 1 1\n"
					  "7@49: Span 4 1 1, Span 5 1 1, +109 Span 6 1 1");
	const struct tt_event *ev;

	for (size_t i = 0; i < COUNT(expected); i++) {
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
		ck_assert_int_eq(ev->time_ns, expected[i].time);
		if (i + 1 < COUNT(expected))
			ck_assert_int_eq(ev->raw_time_ns, expected[i].raw);
	}
	ck_assert_int_eq(tt_reader_next(r, &ev), TT_END);
	close_script(r, &b);
}
END_TEST

/* A writer may spend more bytes on a number than it needs, as this one on the first
 * event's step in time; in the middle of a batch, where numbers are taken at once, and at
 * its end, where they are taken byte by byte. */
START_TEST(steps_in_time_may_be_padded)
{
	unsigned nevents = _i == 0 ? 60 : 1;
	const struct tt_event *ev;
	struct tt_reader *r;
	struct build b;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	build_batch(&b, 1, 7, 100);
	build_bytes(&b, "\x0d\x85\x80\x80\x80\x80\x80\x80\x80\x00\x01\x02", 12);
	for (unsigned i = 1; i < nevents; i++) {
		build_byte(&b, 0x0d);
		build_number(&b, 1);
		build_number(&b, i + 1);
		build_byte(&b, 2);
	}
	build_close(&b);
	build_mark(&b);
	r = test_open(b.data, b.len, 0);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	for (unsigned i = 0; i < nevents; i++) {
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
		ck_assert_int_eq(ev->raw_time_ns, 105 + i);
	}
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_int_eq(tt_reader_next(r, &ev), TT_END);
	close_script(r, &b);
}
END_TEST

/* One before the event's time, not at it; the rest before the next generation. */
START_TEST(samples_come_before_later_events_only)
{
	static const int64_t expected[] = {-1, 7, 1, 7, 2, 3, -1, -1};
	struct build b;
	struct tt_reader *r = open_script(&b, 26, "7@100: Span 1 1 1, +9 Span 2 1 1\n"
					  "samples: 102 1 0 0 0, 110 2 0 0 0, 900 3 0 5 77\ngen 2");
	const struct tt_event *ev;
	bool has;

	for (size_t i = 0; i < COUNT(expected); i++) {
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
		ck_assert_int_eq(ev->thread, expected[i]);
		if (ev->kind == TT_KIND_STACK_SAMPLE) {
			ck_assert_uint_eq(tt_event_stack(ev, &has), ev->thread == 3 ? 77 : 0);
			ck_assert(has);
			ck_assert_int_eq(ev->goroutine, ev->thread == 3 ? 5 : TT_NONE);
		}
	}
	ck_assert_int_eq(tt_reader_next(r, &ev), TT_END);
	close_script(r, &b);
}
END_TEST

/* ---- findings */

struct expected_finding {
	int code;
	uint64_t generation;
	const char *message;
};

static void expect_findings(struct tt_reader *r, const struct expected_finding *f, size_t n)
{
	struct tt_error found;

	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(tt_reader_finding(r, &found), 0);
		ck_assert_int_eq(found.code, f[i].code);
		ck_assert_uint_eq(found.generation, f[i].generation);
		ck_assert_str_eq(found.message, f[i].message);
	}
	ck_assert_int_eq(tt_reader_finding(r, &found), TT_END);
}

static void read_all(struct tt_reader *r)
{
	const struct tt_event *ev;
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0)
		;
	ck_assert_int_eq(rc, TT_END);
}

static const struct {
	unsigned version;
	const char *script;
	size_t n;
	struct expected_finding f[4];
} finding_cases[] = {
	{22, "7@100: ProcStatus 0 1, GoStatusStack 1 7 2 0, Span 1 2 3\nexperiment 1 7@1: x", 1,
	 {{TT_W_VERSION_EVENT, 1,
	   "event GoStatusStack came with Go 1.23, but the header says Go 1.22"}}},
	{26, "7@100: Span 1 2 3, Span 1 2 3", 1,
	 {{TT_W_EXPERIMENT_EMPTY, 1, "events of experiment AllocFree, but no batch of it"}}},
	{26, "experiment 1 7@100: x", 0, {{0}}},
	{26, "7@100: Span 1 2 3\nexperiment 200 7@1: x\nexperiment 201 7@1: x", 2,
	 {{TT_W_EXPERIMENT_UNKNOWN, 1, "a batch of experiment 200, which no spec names"},
	  {TT_W_EXPERIMENT_EMPTY, 1, "events of experiment AllocFree, but no batch of it"}}},
	{26, "gen 2\ngen 4\ngen 3", 3,
	 {{TT_W_GENERATION_NUMBER, 4, "generation 4 follows generation 2"},
	  {TT_W_GENERATION_NUMBER, 3, "generation 3 follows generation 4"},
	  {TT_W_CLOCK, 3, "the clock snapshot is not later than that of the generation before"}}},
	{26, "gen 1", 2,
	 {{TT_W_GENERATION_NUMBER, 1, "generation 1 follows generation 1"},
	  {TT_W_CLOCK, 1, "the clock snapshot is not later than that of the generation before"}}},
	{26, "samples: 100 7 0 0 1, 101 7 0 0 9, 102 7 0 0 8\ngen 2\nsamples: 1 1 1 1 7", 2,
	 {{TT_W_SAMPLE_STACK, 1, "a CPU sample refers to stack 9, which does not exist"},
	  {TT_W_SAMPLE_STACK, 2, "a CPU sample refers to stack 7, which does not exist"}}},
	{26, "7@100: ProcStatus 0 258", 1,
	 {{TT_W_STATUS_WIDE, 1, "the status of event ProcStatus does not fit in a byte"}}},
};

START_TEST(findings_tell_what_go_passes_over)
{
	struct build b;
	struct tt_reader *r =
		open_script(&b, finding_cases[_i].version, finding_cases[_i].script);

	read_all(r);
	expect_findings(r, finding_cases[_i].f, finding_cases[_i].n);
	close_script(r, &b);
}
END_TEST

START_TEST(findings_have_a_place)
{
	struct build b;
	struct tt_reader *r = open_script(&b, 26, "7@100: ProcStatus 3 2\n7@110: ProcStatus 0 258");
	struct tt_error found;

	read_all(r);
	ck_assert_int_eq(tt_reader_finding(r, &found), 0);
	ck_assert_int_eq(found.code, TT_W_STATUS_WIDE);
	ck_assert_mem_eq(b.data + found.offset, "\x0d\x01\x00\x82\x02", 5);
	ck_assert_int_eq(found.thread, 7);
	ck_assert_uint_eq(found.event_index, 2); /* a Sync and a status came before */
	ck_assert_int_eq(found.event_type, 0x0d);
	close_script(r, &b);
}
END_TEST

/* The kind's string is there when the range begins, and not when it ends. */
START_TEST(a_range_whose_kind_is_gone_is_found)
{
	static const struct expected_finding f[] = {
		{TT_W_RANGE_KIND, 2, "event STWEnd ends a range of kind 9, which is not a string "
				     "of this generation"},
	};
	struct build b;
	struct tt_reader *r;

	build_init(&b, 26);
	build_clock(&b, 1, 1, 1000000000);
	build_raw(&b, 1, 7, 100, "\x0d\x01\x00\x01\x19\x01\x01\x07\x02\x1a\x01\x09\x00", 13);
	build_raw(&b, 1, 7, 100, "\x04\x05\x09\x01x", 5);
	build_mark(&b);
	build_clock(&b, 2, 2, 1000000000);
	build_raw(&b, 2, 7, 200, "\x1b\x01", 2);
	build_mark(&b);
	r = test_open(b.data, b.len, 0);
	read_all(r);
	expect_findings(r, f, 1);
	close_script(r, &b);
}
END_TEST

/* In each version; read like Go, it is what Go makes of it. */
START_TEST(a_trace_of_a_header_alone_is_cut_off)
{
	static const unsigned versions[] = { 22, 23, 25, 26 };
	const struct tt_event *ev;
	struct build b;
	struct tt_reader *r;

	build_init(&b, versions[_i]);
	r = test_open(b.data, b.len, 0);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_int_eq(tt_reader_next(r, &ev), -TT_E_CUT_OFF);
	ck_assert_uint_eq(tt_reader_error(r)->offset, 16);
	ck_assert_int_eq(tt_reader_resync(r, NULL), TT_END);
	tt_reader_close(r);
	r = test_open(b.data, b.len, TT_OPEN_LIKE_GO);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_int_eq(tt_reader_next(r, &ev),
			 versions[_i] < 26 ? -TT_E_NO_FREQUENCY : TT_END);
	close_script(r, &b);
}
END_TEST

START_TEST(a_trace_whose_first_generation_is_damaged_is_not_empty)
{
	struct build b;
	struct tt_reader *r;
	struct tt_error found;

	build_init(&b, 26);
	build_clock(&b, 1, 1, 1000000000);
	r = test_open(b.data, b.len, TT_OPEN_LIKE_GO);
	read_all(r);
	ck_assert_int_eq(tt_reader_finding(r, &found), TT_END);
	close_script(r, &b);
}
END_TEST

/* ---- threads that wait */

/* Of the script below: each goroutine, P and thread has its state. */
static void check_resource_states(const struct tt_reader *r)
{
	struct tt_resource_state s;
	size_t at = 0;

	ck_assert(tt_reader_resource_state(r, TT_RESOURCE_GOROUTINE, &at, &s));
	ck_assert_int_eq(s.id, 1);
	ck_assert_str_eq(s.status, "Running");
	ck_assert_uint_eq(s.seq, 0);
	ck_assert_uint_eq(s.seq_generation, 1);
	ck_assert(!tt_reader_resource_state(r, TT_RESOURCE_GOROUTINE, &at, &s));
	at = 0;
	for (int64_t id = 0; id < 2; id++) {
		ck_assert(tt_reader_resource_state(r, TT_RESOURCE_PROC, &at, &s));
		ck_assert_int_eq(s.id, id);
		ck_assert_str_eq(s.status, id == 0 ? "Running" : "Idle");
	}
	ck_assert(!tt_reader_resource_state(r, TT_RESOURCE_PROC, &at, &s));
	at = 0;
	while (tt_reader_resource_state(r, TT_RESOURCE_THREAD, &at, &s)) {
		ck_assert_ptr_null(s.status);
		ck_assert_int_eq(s.goroutine, s.id == 7 ? 1 : TT_NONE);
		ck_assert_int_eq(s.proc, s.id == 7 ? 0 : TT_NONE);
	}
	ck_assert_uint_eq(at, 3);
	at = 0;
	ck_assert(tt_reader_resource_state(r, TT_RESOURCE_NONE, &at, &s));
	ck_assert_str_eq(s.status, "Undetermined");
	ck_assert(!tt_reader_resource_state(r, TT_RESOURCE_NONE, &at, &s));
}

START_TEST(a_stuck_trace_says_who_waits_for_what)
{
	static const struct {
		int64_t thread, time;
		const char *event, *why;
	} expected[] = {
		{8, 101, "ProcStart", "P 1 is at sequence 0 of generation 1; it must be at 4"},
		{9, 151, "GoStart", "goroutine 9 does not exist yet"},
		{7, 201, "GoUnblock", "goroutine 1 is Running; it must be Waiting"},
	};
	struct build b;
	struct tt_reader *r = open_script(&b, 26, "7@50: ProcStatus 0 1, GoStatus 1 7 2, ProcStatus 1 2\n"
					  "9@150: GoStart 9 1\n8@100: ProcStart 1 5\n"
					  "7@200: GoUnblock 1 1 0");
	const struct tt_event *ev;
	struct tt_waiting t;
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0)
		ck_assert(!tt_reader_waiting(r, 0, &t));
	ck_assert_int_eq(rc, -TT_E_STUCK);
	ck_assert_int_eq(tt_reader_error(r)->thread, 8);
	ck_assert_str_eq(tt_reader_error(r)->message,
			 "broken trace: failed to advance: frontier: "
			 "P 1 is at sequence 0 of generation 1; it must be at 4");
	for (int again = 0; again < 2; again++) {
		for (size_t i = 0; i < COUNT(expected); i++) {
			ck_assert(tt_reader_waiting(r, i, &t));
			ck_assert_int_eq(t.thread, expected[i].thread);
			ck_assert_int_eq(t.time_ns, expected[i].time);
			ck_assert_str_eq(t.spec->name, expected[i].event);
			ck_assert_str_eq(t.why, expected[i].why);
			ck_assert_uint_eq(b.data[t.offset], t.spec->type);
		}
		ck_assert(!tt_reader_waiting(r, COUNT(expected), &t));
		ck_assert_int_eq(tt_reader_next(r, &ev), -TT_E_STUCK);
	}
	check_resource_states(r);
	ck_assert_int_eq(tt_reader_resync(r, NULL), TT_END);
	ck_assert(!tt_reader_waiting(r, 0, &t));
	tt_reader_close(r);
	r = test_open(b.data, b.len, TT_OPEN_LIKE_GO);
	while (tt_reader_next(r, &ev) == 0)
		;
	ck_assert_str_eq(tt_reader_error(r)->message,
			 "broken trace: failed to advance: frontier:");
	close_script(r, &b);
}
END_TEST

/* ---- going on behind an error */

/* The code that ends the trace. */
static int outcome_of(struct tt_reader *r)
{
	const struct tt_event *ev;
	int rc;

	do
		rc = tt_reader_next(r, &ev);
	while (rc == 0);
	return rc;
}

/* Before 1.26, a thread of a killed program waits for one whose events are lost. If strings
 * are there, nothing is lost at the end. */
START_TEST(a_stuck_trace_without_strings_is_cut_off)
{
	static const uint8_t last[] = {TT_EV_PROC_START, 1, 5, 1};
	struct tt_reader *r;
	struct build b;
	size_t all;

	for (size_t v = 0; v < TEST_NVERSIONS && test_versions[v] < 26; v++) {
		script_build(&b, test_versions[v], "7@100: ProcStatus 0 2\n8@110: ProcStart 5 1");
		all = b.len;
		while (memcmp(b.data + b.len - sizeof(last), last, sizeof(last)) != 0)
			b.len--;
		r = test_open(b.data, b.len, 0);
		ck_assert_int_eq(outcome_of(r), -TT_E_CUT_OFF);
		ck_assert_uint_eq(tt_reader_error(r)->offset, b.len);
		ck_assert_str_eq(tt_reader_error(r)->message,
				 "the trace ends before all tables of its last generation: broken "
				 "trace: failed to advance: frontier: P 5 was not mentioned yet");
		tt_reader_close(r);
		r = test_open(b.data, b.len, TT_OPEN_LIKE_GO);
		ck_assert_int_eq(outcome_of(r), -TT_E_STUCK);
		tt_reader_close(r);
		r = test_open(b.data, all, 0);
		ck_assert_int_eq(outcome_of(r), -TT_E_STUCK);
		tt_reader_close(r);
		build_release(&b);
	}
}
END_TEST

START_TEST(resync_goes_on_as_if_the_trace_began_there)
{
	struct build b;
	/* generation 2 contradicts 1; 3 and 4 are good, and a first and a later one */
	struct tt_reader *r = open_script(&b, 26, "7@100: ProcStatus 0 1\ngen 2\n7@200: ProcStatus 0 2\n"
					  "gen 3\n7@300: GoStatus 5 -1 4\ngen 4\n7@400: GoStatus 5 -1 4");
	const struct tt_event *ev;
	uint64_t skipped = 99;

	expect_kinds(r, "S.S");
	ck_assert_int_eq(tt_reader_error(r)->code, TT_E_STATUS);
	ck_assert_int_eq(tt_reader_resync(r, &skipped), 0);
	ck_assert_uint_eq(skipped, 0);
	ck_assert_int_eq(tt_reader_error(r)->code, TT_OK);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_int_eq(ev->kind, TT_KIND_SYNC);
	ck_assert_uint_eq(tt_generation_number(ev->generation), 3);
	ck_assert_uint_eq(tt_generation_ordinal(ev->generation), 3);
	ck_assert_uint_eq(tt_event_sync(ev).n, 3);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_int_eq(tt_event_transition(ev).from, TT_STATE_UNDETERMINED);
	expect_kinds(r, "S.s");
	ck_assert_int_eq(tt_reader_error(r)->code, TT_OK);
	ck_assert_int_eq(tt_reader_resync(r, NULL), TT_END);
	close_script(r, &b);
}
END_TEST

START_TEST(resync_behind_the_last_generation_finds_none)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct tt_reader *r = open_script(&b, test_versions[v], "7@100: GoDestroy");
		const struct tt_event *ev;

		expect_kinds(r, "S");
		ck_assert_int_eq(tt_reader_resync(r, NULL), TT_END);
		ck_assert_int_eq(tt_reader_next(r, &ev), TT_END);
		close_script(r, &b);
	}
}
END_TEST

/* ---- generations and events, mixed */

START_TEST(events_go_on_with_the_generation_that_was_taken)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		struct build b;
		struct tt_reader *r = open_script(&b, test_versions[v],
						  "7@100: ProcStatus 0 1, GoStatus 1 7 2, GoLabel 1\n"
						  "gen 2\n7@200: GoStatus 5 -1 4, Span 1 1 1\n"
						  "gen 3\n7@300: Span 2 1 1");
		const struct tt_generation *g;
		const struct tt_event *ev;

		/* taken first: as if it had not been */
		ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
		ck_assert_uint_eq(tt_generation_number(g), 1);
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
		ck_assert_int_eq(ev->kind, TT_KIND_SYNC);
		ck_assert_ptr_eq(ev->generation, g);
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
		/* the rest of it is dropped, and with it what it said of goroutines */
		ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
		ck_assert_uint_eq(tt_generation_number(g), 2);
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
		ck_assert_uint_eq(tt_event_sync(ev).n, 2);
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
		ck_assert_int_eq(tt_event_transition(ev).from, TT_STATE_UNDETERMINED);
		ck_assert_int_eq(ev->goroutine, TT_NONE);
		expect_kinds(r, ".S.s");
		ck_assert_int_eq(tt_reader_next_generation(r, &g), TT_END);
		ck_assert_ptr_null(g);
		close_script(r, &b);
	}
}
END_TEST

START_TEST(an_event_that_made_three_may_be_left_in_the_middle)
{
	struct build b;
	struct tt_reader *r = open_script(&b, 26, "7@100: ProcStatus 0 1, GoStatus 1 7 2, GoStatus 2 -1 4, "
					  "GoSwitch 2 1\ngen 2\n7@200: Span 1 1 1");
	const struct tt_generation *g;
	const struct tt_event *ev;

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_str_eq(ev->spec->name, "GoSwitch");
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	expect_kinds(r, "S.s");
	close_script(r, &b);
}
END_TEST

/* ---- generations that need not be unpacked */

static bool append(void *arg, const void *data, size_t nbytes)
{
	build_bytes(arg, data, nbytes);
	return true;
}

/* Four generations, each a frame of zstd, and the table: 4 entries of 8 bytes, then a footer.
 * Returns where the last one begins, unpacked. */
static uint64_t build_packed(struct build *packed, unsigned version)
{
	const struct tt_sink sink = {.write = append, .arg = packed};
	const struct tt_generation *g;
	struct tt_packer *packer;
	struct tt_error err;
	struct build b;
	struct tt_reader *r = open_script(&b, version, "7@100: Span 1 1 1\ngen 2\n7@200: Span 2 1 1\n"
					  "gen 3\n7@300: Span 3 1 1\ngen 4\n7@400: Span 4 1 1");
	uint64_t done = 0, last = 0;

	memset(packed, 0, sizeof(*packed));
	ck_assert_int_eq(tt_packer_new(&packer, &sink, &err), 0);
	while (tt_reader_next_generation(r, &g) == 0) {
		ck_assert(tt_packer_write(packer, b.data + done, tt_generation_end(g) - done));
		ck_assert(tt_packer_end_frame(packer));
		last = tt_generation_offset(g);
		done = tt_generation_end(g);
	}
	ck_assert_uint_eq(done, b.len);
	ck_assert(tt_packer_finish(packer));
	tt_packer_free(packer);
	close_script(r, &b);
	return last;
}

#define TABLE_NBYTES (4 * 8 + 9)

/* Reads generation 4, and what has to be read besides: how many were passed over. */
static unsigned read_the_fourth(const struct build *packed, uint64_t begin, unsigned threads)
{
	struct tt_options opt = test_options(TT_OPEN_TABLES);
	const struct tt_generation *g = NULL;
	unsigned npassed = 0, nread = 0;
	uint64_t offset = 0;
	struct tt_error finding;
	struct tt_reader *r;
	int rc;

	opt.threads = threads;
	r = test_open_as(packed->data, packed->len, &opt);
	for (;;) {
		rc = tt_reader_pass_generation(r, 4, 4);
		npassed += rc == 0;
		if (rc == 1)
			rc = tt_reader_next_generation(r, &g);
		else
			continue;
		if (rc != 0)
			break;
		nread++;
		offset = tt_generation_offset(g);
		ck_assert_uint_eq(tt_generation_ordinal(g), nread + npassed);
		ck_assert_uint_eq(tt_generation_number(g), nread + npassed);
	}
	ck_assert_int_eq(rc, TT_END);
	ck_assert_uint_eq(nread + npassed, 4);
	ck_assert_uint_eq(offset, begin);
	ck_assert_int_eq(tt_reader_finding(r, &finding), TT_END);
	tt_reader_close(r);
	return npassed;
}

START_TEST(unwanted_generations_are_not_unpacked)
{
	unsigned version = test_versions[_i / 2], threads = 1 + _i % 2;
	struct tt_reader *r;
	const struct tt_generation *g;
	struct build packed;
	uint64_t begin = build_packed(&packed, version);
	size_t second;

	ck_assert_uint_eq(read_the_fourth(&packed, begin, threads), 2);
	/* so damage in one of them is not seen: the checksum at the end of the second frame */
	second = packed.data[packed.len - TABLE_NBYTES] + packed.data[packed.len - TABLE_NBYTES + 8];
	packed.data[second - 1] ^= 1;
	ck_assert_uint_eq(read_the_fourth(&packed, begin, threads), 2);
	r = test_open(packed.data, packed.len, TT_OPEN_TABLES);
	while (tt_reader_next_generation(r, &g) == 0)
		;
	ck_assert_int_eq(tt_reader_error(r)->code, TT_E_INPUT);
	close_script(r, &packed);
}
END_TEST

START_TEST(a_wrong_table_of_frames_is_none)
{
	struct build packed;
	uint64_t begin = build_packed(&packed, test_versions[_i]);
	uint8_t *table;

	table = packed.data + packed.len - TABLE_NBYTES;
	for (size_t at = 0; at < TABLE_NBYTES; at++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			table[at] ^= (uint8_t)(1u << bit);
			ck_assert_uint_le(read_the_fourth(&packed, begin, 1), 2);
			table[at] ^= (uint8_t)(1u << bit);
		}
	}
	/* sizes that add up, but are those of other frames */
	for (size_t entry = 0; entry + 1 < 4; entry++) {
		table[8 * entry]++;
		table[8 * entry + 8]--;
		ck_assert_uint_le(read_the_fourth(&packed, begin, 1), 2);
		table[8 * entry]--;
		table[8 * entry + 8]++;
		table[8 * entry + 4]++;
		table[8 * entry + 12]--;
		ck_assert_uint_le(read_the_fourth(&packed, begin, 1), 2);
		table[8 * entry + 4]--;
		table[8 * entry + 12]++;
	}
	build_release(&packed);
}
END_TEST

/* ---- generations that another reader has found */

/* Goes to where generations begin, in another order than that of the file. */
static void expect_going(const struct build *b, const uint64_t offsets[4])
{
	struct tt_reader *r = test_open(b->data, b->len, TT_OPEN_SKIM);
	const struct tt_generation *g;
	const struct tt_event *ev;
	struct tt_error finding;

	/* no batch begins there, or nothing does */
	ck_assert_int_eq(tt_reader_go_to_generation(r, offsets[2] + 1, 3), TT_END);
	ck_assert_int_eq(tt_reader_go_to_generation(r, b->len, 3), TT_END);
	ck_assert_int_eq(tt_reader_go_to_generation(r, UINT64_MAX, 3), TT_END);
	ck_assert_int_eq(tt_reader_go_to_generation(r, offsets[2], 0), TT_END);
	ck_assert_int_eq(tt_reader_go_to_generation(r, offsets[2], 3), 0);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_uint_eq(tt_generation_number(ev->generation), 3);
	ck_assert_uint_eq(tt_generation_ordinal(ev->generation), 3);
	ck_assert_uint_eq(tt_generation_offset(ev->generation), offsets[2]);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_uint_eq(tt_generation_number(g), 4);
	ck_assert_uint_eq(tt_generation_end(g), b->len);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), TT_END);
	ck_assert_int_eq(tt_reader_go_to_generation(r, b->len, 5), TT_END);
	ck_assert_int_eq(tt_reader_finding(r, &finding), TT_END);
	ck_assert_uint_eq(tt_reader_progress(r).generations, 4);
	/* back, though the end was reached */
	ck_assert_int_eq(tt_reader_go_to_generation(r, offsets[1], 2), 0);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_uint_eq(tt_generation_number(ev->generation), 2);
	ck_assert_uint_eq(tt_reader_progress(r).generations, 2);
	tt_reader_close(r);
}

START_TEST(a_generation_that_was_found_is_reached_at_once)
{
	const struct tt_generation *g;
	uint64_t offsets[4];
	size_t n = 0;
	struct build b;
	struct tt_reader *r = open_script(&b, test_versions[_i],
					  "7@100: Span 1 1 1\ngen 2\n7@200: Span 2 1 1\n"
					  "gen 3\n7@300: Span 3 1 1\ngen 4\n7@400: Span 4 1 1");

	while (tt_reader_next_generation(r, &g) == 0) {
		ck_assert_uint_lt(n, 4);
		offsets[n++] = tt_generation_offset(g);
	}
	ck_assert_uint_eq(n, 4);
	expect_going(&b, offsets);
	close_script(r, &b);
}
END_TEST

START_TEST(a_packed_trace_has_no_generation_to_go_to)
{
	struct build packed;
	uint64_t begin = build_packed(&packed, test_versions[_i]);
	struct tt_reader *r = test_open(packed.data, packed.len, TT_OPEN_SKIM);
	const struct tt_generation *g;

	ck_assert_int_eq(tt_reader_go_to_generation(r, begin, 4), TT_END);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_uint_eq(tt_generation_number(g), 1);
	close_script(r, &packed);
}
END_TEST

/* ---- generations that are somewhere in the file */

#define NSOUGHT 8

/* Each has events that are longer than a row of four batches needs. */
static struct tt_reader *open_sought(struct build *b, unsigned version, uint64_t offsets[NSOUGHT + 1])
{
	char script[4096], *p = script;
	const struct tt_generation *g;
	struct tt_reader *r;

	for (int i = 1; i <= NSOUGHT; i++) {
		if (i > 1)
			p += sprintf(p, "gen %d\n", i);
		p += sprintf(p, "7@%d00: Span %d 1 1\n8@%d10: Span %d 2 1\n9@%d20: Span %d 3 1\n",
			     i, i, i, i, i, i);
	}
	r = open_script(b, version, script);
	for (int i = 0; i < NSOUGHT; i++) {
		ck_assert_int_eq(tt_reader_skim_generation(r, &g), 0);
		offsets[i] = tt_generation_offset(g);
		offsets[i + 1] = tt_generation_end(g);
	}
	ck_assert_int_eq(tt_reader_skim_generation(r, &g), TT_END);
	return r;
}

/* The index of the generation that a search from this offset leads to, or NSOUGHT. */
static size_t seek(struct tt_reader *r, uint64_t offset, const uint64_t offsets[NSOUGHT + 1])
{
	const struct tt_generation *g;
	const struct tt_event *ev;
	size_t i = 0;

	if (tt_reader_seek_generation(r, offset) != 0) {
		ck_assert_int_eq(tt_reader_next(r, &ev), TT_END);
		return NSOUGHT;
	}
	ck_assert_int_eq(tt_reader_skim_generation(r, &g), 0);
	while (offsets[i] != tt_generation_offset(g))
		ck_assert_uint_lt(++i, NSOUGHT);
	ck_assert_uint_eq(tt_generation_number(g), i + 1);
	ck_assert_uint_eq(tt_generation_ordinal(g), i + 1);
	ck_assert_uint_eq(tt_reader_progress(r).generations, i + 1);
	return i;
}

/* What is found of one batch from this offset on is so of the generation that it is in; and the
 * reader stays where it is. */
static void check_batch_found(struct tt_reader *r, uint64_t offset,
			      const uint64_t offsets[NSOUGHT + 1])
{
	struct tt_batch_place place;
	const struct tt_generation *g;
	size_t i = 0;

	ck_assert_int_eq(tt_reader_go_to_generation(r, offsets[1], 2), 0);
	if (tt_reader_find_batch(r, offset, &place) != 0) {
		/* (the last batches are too few to be told from other bytes) */
		ck_assert_uint_gt(offset, offsets[NSOUGHT - 2]);
		ck_assert_uint_eq(place.generation, 0);
	} else {
		ck_assert_uint_ge(place.offset, offset);
		while (offsets[i + 1] <= place.offset)
			ck_assert_uint_lt(++i, NSOUGHT);
		ck_assert_uint_eq(place.generation, i + 1);
	}
	ck_assert_int_eq(tt_reader_skim_generation(r, &g), 0);
	ck_assert_uint_eq(tt_generation_number(g), 2);
	if (place.generation == 2)
		ck_assert_int_ge(tt_generation_ns(g, place.ticks), tt_generation_start_ns(g));
}

START_TEST(a_generation_is_found_from_any_place_before_it)
{
	uint64_t offsets[NSOUGHT + 1];
	struct build b;
	struct tt_reader *r = open_sought(&b, test_versions[_i], offsets);
	struct tt_batch_place place;
	size_t found, missed = 0;

	/* (at 0, the header is one of another trace) */
	for (uint64_t at = b.len; --at > 0;) {
		size_t next = 0;

		while (next < NSOUGHT && offsets[next] <= at)
			next++;
		found = seek(r, at, offsets);
		ck_assert_uint_ge(found, next);
		/* (there may be no batch between) */
		ck_assert_uint_le(found, next + 1);
		missed += found > next && next < NSOUGHT;
	}
	ck_assert_uint_lt(missed, b.len / 2);
	for (uint64_t at = b.len; --at > 0;)
		check_batch_found(r, at, offsets);
	ck_assert_int_eq(tt_reader_find_batch(r, b.len, &place), TT_END);
	/* where a generation begins, its first batch is the next one */
	for (size_t i = 0; i + 1 < NSOUGHT; i++)
		ck_assert_uint_eq(seek(r, offsets[i], offsets), i + 1);
	ck_assert_int_eq(tt_reader_seek_generation(r, b.len), TT_END);
	ck_assert_int_eq(tt_reader_seek_generation(r, UINT64_MAX), TT_END);
	ck_assert_int_eq(tt_reader_go_to_generation(r, offsets[2], 3), 0);
	ck_assert_uint_eq(seek(r, offsets[3], offsets), 4);
	close_script(r, &b);
}
END_TEST

/* Bytes of events that can be read as batches of a generation 77, long before the trace began. */
static void build_lookalikes(struct build *b, uint64_t generation)
{
	static const uint8_t one[] = {TT_EV_EVENT_BATCH, 77, 1, 3, 2, TT_EV_GO_DESTROY, 1};
	uint8_t bytes[20 * sizeof(one)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = one[i % sizeof(one)];
	build_raw(b, generation, 7, generation * 100, bytes, sizeof(bytes));
}

START_TEST(events_that_look_like_batches_are_not_found)
{
	const struct tt_generation *g;
	struct tt_batch_place place;
	struct tt_reader *r;
	struct build b;

	build_init(&b, 26);
	for (uint64_t i = 1; i <= NSOUGHT; i++) {
		build_clock(&b, i, i * 100, 1000000000);
		build_lookalikes(&b, i);
		build_lookalikes(&b, i);
		build_mark(&b);
	}
	r = test_open(b.data, b.len, TT_OPEN_TABLES);
	ck_assert_int_eq(tt_reader_skim_generation(r, &g), 0);
	for (uint64_t at = 16; at < b.len; at++)
		if (tt_reader_find_batch(r, at, &place) == 0)
			ck_assert_uint_le(place.generation, NSOUGHT);
	close_script(r, &b);
}
END_TEST

START_TEST(nothing_is_sought_before_a_generation_was_read)
{
	struct build packed;
	uint64_t begin = build_packed(&packed, test_versions[_i]);
	struct tt_reader *r = test_open(packed.data, packed.len, TT_OPEN_SKIM);
	struct tt_batch_place place;
	const struct tt_generation *g;

	/* and never in a packed trace */
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_int_eq(tt_reader_seek_generation(r, begin), TT_END);
	ck_assert_int_eq(tt_reader_find_batch(r, begin, &place), TT_END);
	close_script(r, &packed);
	r = open_script(&packed, test_versions[_i], "7@100: Span 1 1 1\ngen 2\n7@200: Span 2 1 1");
	ck_assert_int_eq(tt_reader_seek_generation(r, 16), TT_END);
	close_script(r, &packed);
}
END_TEST

/* ---- trouble of the machine */

/* What a reader with so much memory makes of the trace. */
static int read_within(uint64_t nbytes, const struct build *b, uint64_t *nevents)
{
	struct tt_options opt = test_options(0);
	struct tt_reader *r;
	const struct tt_event *ev;
	struct tt_error err;
	int rc;

	opt.max_memory_nbytes = nbytes;
	*nevents = 0;
	rc = tt_reader_open_memory(&r, b->data, b->len, &opt, &err);
	if (rc < 0) {
		ck_assert(err.system);
		ck_assert_ptr_null(r);
		return rc;
	}
	while ((rc = tt_reader_next(r, &ev)) == 0)
		++*nevents;
	if (rc < 0) {
		ck_assert_int_eq(tt_reader_error(r)->code, -rc);
		ck_assert(tt_reader_error(r)->system);
		ck_assert_int_eq(tt_reader_next(r, &ev), rc);
		/* nothing to go on from: there is no more memory behind it */
		ck_assert_int_eq(tt_reader_resync(r, NULL), rc);
		ck_assert_int_eq(tt_reader_next(r, &ev), rc);
	}
	tt_reader_close(r);
	return rc;
}

START_TEST(memory_has_a_limit_with_a_code_of_its_own)
{
	uint64_t all, some, least = 0;
	struct build b;

	script_build(&b, 26, RICH_SCRIPT);
	ck_assert_int_eq(read_within(0, &b, &all), TT_END);
	ck_assert_int_eq(read_within(1, &b, &some), -TT_E_LIMIT);
	for (uint64_t nbytes = 16; least == 0; nbytes += 16) {
		int rc = read_within(nbytes, &b, &some);

		ck_assert_int_eq(rc == TT_END ? TT_END : -TT_E_LIMIT, rc);
		if (rc == TT_END)
			least = nbytes;
		ck_assert_uint_lt(nbytes, 1 << 20);
	}
	ck_assert_uint_eq(some, all);
	ck_assert_uint_gt(least, 1000);
	build_release(&b);
}
END_TEST

START_TEST(an_input_that_cannot_be_read_says_why)
{
	struct tt_reader *r;
	struct tt_error err;
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	ck_assert_int_eq(tt_reader_open_fd(&r, fd, NULL, &err), -TT_E_IO);
	ck_assert_ptr_null(r);
	ck_assert(err.system);
	ck_assert_int_ne(err.system_errno, 0);
	close(fd);
	ck_assert_int_eq(tt_reader_open(&r, "no/such/file", NULL, &err), -TT_E_IO);
	ck_assert_ptr_null(r);
	tt_reader_close(NULL);
}
END_TEST

/* A trace that ends with its last event, at the end of the memory that there is. */
START_TEST(nothing_is_read_behind_the_end)
{
	static const unsigned char body[] = {
		/* a frequency; ProcStatus, GoStatus and HeapAlloc of thread 7 */
		0x01, 0x05, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01,
		0xe8, 0x07, 0x05, 0x08, 0xa8, 0xd6, 0xb9, 0x07, 0x01, 0x05, 0x07, 0xe8,
		0x07, 0x0c, 0x0d, 0x01, 0x00, 0x01, 0x19, 0x01, 0x01, 0x07, 0x02, 0x25,
		0x01, 0x05,
	};
	const size_t page = (size_t)sysconf(_SC_PAGESIZE), nbytes = 16 + sizeof(body);
	char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *trace = pages + page - nbytes;
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;

	ck_assert_ptr_ne(pages, MAP_FAILED);
	memcpy(trace, "go 1.23 trace\0\0\0", 16);
	memcpy(trace + 16, body, sizeof(body));
	ck_assert_int_eq(mprotect(pages + page, page, PROT_NONE), 0);
	ck_assert_int_eq(tt_reader_open_memory(&r, trace, nbytes, NULL, &err), 0);
	while (tt_reader_next_sync(r, &ev) == 0)
		continue;
	ck_assert_uint_eq(tt_reader_progress(r).events, 5);
	tt_reader_close(r);
	munmap(pages, 2 * page);
}
END_TEST

/* Zeros beyond what this library knows are a later one's defaults; all else it cannot do. */
START_TEST(options_of_a_later_library_must_be_zero)
{
	struct {
		struct tt_options opt;
		uint64_t later;
	} with = {{.size = sizeof(with), .threads = UINT_MAX}, 0};
	struct tt_reader *r;
	struct tt_error err;
	struct build b;

	script_build(&b, 26, "7@100: ProcStatus 0 1");
	ck_assert_int_eq(tt_reader_open_memory(&r, b.data, b.len, &with.opt, &err), 0);
	tt_reader_close(r);
	with.later = 1;
	ck_assert_int_eq(tt_reader_open_memory(&r, b.data, b.len, &with.opt, &err),
			 -TT_E_ARGUMENT);
	ck_assert_ptr_null(r);
	build_release(&b);
}
END_TEST

/* Whatever the first has read: the other begins at the beginning, and neither notices. */
START_TEST(opened_again_it_reads_the_same)
{
	struct build b;
	struct tt_reader *r = open_script(&b, 26, RICH_SCRIPT), *again;
	const struct tt_event *ev, *same;
	struct tt_error err;
	uint64_t n = 0;

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(tt_reader_next(r, &ev), TT_OK);
	ck_assert_int_eq(tt_reader_open_again(&again, r, &err), TT_OK);
	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(tt_reader_next(again, &same), TT_OK);
	while (tt_reader_next(r, &ev) == TT_OK) {
		ck_assert_int_eq(tt_reader_next(again, &same), TT_OK);
		ck_assert_uint_eq(ev->offset, same->offset);
		ck_assert_int_eq(ev->time_ns, same->time_ns);
		n++;
	}
	ck_assert_uint_gt(n, 10);
	ck_assert_int_eq(tt_reader_next(again, &same), TT_END);
	tt_reader_close(again);
	close_script(r, &b);
}
END_TEST

static int64_t give_header(void *arg, void *buf, size_t room)
{
	static const char header[16] = "go 1.26 trace";
	size_t n = *(size_t *)arg < room ? *(size_t *)arg : room;

	memcpy(buf, header + sizeof(header) - *(size_t *)arg, n);
	*(size_t *)arg -= n;
	return (int64_t)n;
}

START_TEST(a_stream_is_not_opened_again)
{
	size_t left = 16;
	struct tt_input input = {.read = give_header, .arg = &left};
	struct tt_reader *r, *again;
	struct tt_error err;

	ck_assert_int_eq(tt_reader_open_input(&r, &input, NULL, &err), TT_OK);
	ck_assert_int_eq(tt_reader_open_again(&again, r, &err), TT_END);
	ck_assert_ptr_null(again);
	tt_reader_close(r);
}
END_TEST

START_TEST(a_turn_to_the_next_generation_is_told)
{
	struct build b;
	struct tt_reader *r = open_script(&b, 26, "7@100: ProcStatus 0 1\ngen 2\n7@200: ProcStatus 0 1");
	const struct tt_event *ev;

	ck_assert(tt_reader_at_generation_end(r));
	ck_assert_int_eq(tt_reader_next(r, &ev), TT_OK);
	ck_assert(!tt_reader_at_generation_end(r));
	ck_assert_int_eq(tt_reader_next(r, &ev), TT_OK);
	ck_assert(tt_reader_at_generation_end(r));
	ck_assert_int_eq(tt_reader_next(r, &ev), TT_OK);
	ck_assert_int_eq(ev->kind, TT_KIND_SYNC);
	ck_assert(!tt_reader_at_generation_end(r));
	close_script(r, &b);
}
END_TEST

START_TEST(progress_counts)
{
	struct build b;
	struct tt_reader *r = open_script(&b, 26, "7@100: Span 1 1 1\ngen 2");
	struct tt_progress p = tt_reader_progress(r);

	ck_assert_uint_eq(tt_reader_version(r), 26);
	ck_assert_uint_eq(p.events, 0);
	ck_assert_uint_eq(p.generations, 0);
	read_all(r);
	p = tt_reader_progress(r);
	ck_assert_uint_eq(p.events, 4);
	ck_assert_uint_eq(p.generations, 2);
	ck_assert_uint_eq(p.nbytes, b.len);
	ck_assert_uint_eq(p.in_nbytes, b.len);
	ck_assert_uint_eq(p.in_total, b.len);
	close_script(r, &b);
}
END_TEST

static TCase *ends(void)
{
	TCase *tc = tcase_create("ends and errors");

	tcase_add_test(tc, a_generation_that_cannot_be_loaded_is_a_sync_and_an_error);
	tcase_add_test(tc, a_record_that_lacks_a_number_ends_the_trace_as_in_go_if_asked);
	tcase_add_test(tc, a_file_cut_before_its_first_thread_ends_as_in_go_if_asked);
	tcase_add_test(tc, a_lone_byte_of_a_batch_ends_the_trace_as_in_go_if_asked);
	tcase_add_test(tc, damage_behind_a_generation_lets_it_be_read_before_1_26);
	tcase_add_test(tc, a_thread_that_begins_with_nonsense_takes_the_sync_away);
	tcase_add_loop_test(tc, an_event_that_cannot_be_decoded_swallows_the_one_before, 0,
			    COUNT(event_cases));
	tcase_add_test(tc, times_grow_and_raw_times_are_kept);
	tcase_add_loop_test(tc, steps_in_time_may_be_padded, 0, 2);
	tcase_add_test(tc, samples_come_before_later_events_only);
	return tc;
}

static TCase *contract(void)
{
	TCase *tc = tcase_create("contract");

	tcase_add_loop_test(tc, findings_tell_what_go_passes_over, 0, COUNT(finding_cases));
	tcase_add_test(tc, findings_have_a_place);
	tcase_add_test(tc, a_range_whose_kind_is_gone_is_found);
	tcase_add_loop_test(tc, a_trace_of_a_header_alone_is_cut_off, 0, 4);
	tcase_add_test(tc, a_trace_whose_first_generation_is_damaged_is_not_empty);
	tcase_add_test(tc, a_stuck_trace_says_who_waits_for_what);
	tcase_add_test(tc, a_stuck_trace_without_strings_is_cut_off);
	tcase_add_test(tc, resync_goes_on_as_if_the_trace_began_there);
	tcase_add_test(tc, resync_behind_the_last_generation_finds_none);
	tcase_add_test(tc, events_go_on_with_the_generation_that_was_taken);
	tcase_add_test(tc, an_event_that_made_three_may_be_left_in_the_middle);
	tcase_add_loop_test(tc, unwanted_generations_are_not_unpacked, 0, 2 * TEST_NVERSIONS);
	tcase_add_loop_test(tc, a_wrong_table_of_frames_is_none, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, a_generation_that_was_found_is_reached_at_once, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, a_packed_trace_has_no_generation_to_go_to, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, a_generation_is_found_from_any_place_before_it, 0, TEST_NVERSIONS);
	tcase_add_test(tc, events_that_look_like_batches_are_not_found);
	tcase_add_loop_test(tc, nothing_is_sought_before_a_generation_was_read, 0, TEST_NVERSIONS);
	tcase_add_test(tc, memory_has_a_limit_with_a_code_of_its_own);
	tcase_add_test(tc, an_input_that_cannot_be_read_says_why);
	tcase_add_test(tc, options_of_a_later_library_must_be_zero);
	tcase_add_test(tc, nothing_is_read_behind_the_end);
	tcase_add_test(tc, opened_again_it_reads_the_same);
	tcase_add_test(tc, a_stream_is_not_opened_again);
	tcase_add_test(tc, a_turn_to_the_next_generation_is_told);
	tcase_add_test(tc, progress_counts);
	return tc;
}

Suite *reader_suite(void)
{
	Suite *suite = suite_create("reader");

	suite_add_tcase(suite, ends());
	suite_add_tcase(suite, contract());
	return suite;
}
