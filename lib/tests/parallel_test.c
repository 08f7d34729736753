/* SPDX-License-Identifier: MIT */
/*
 * parallel_test.c - generations ordered side by side: which joins hold, that those which
 * do not are ordered in sequence, and that nobody can tell from what comes out, of
 * good traces and of damaged ones.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "event/parallel.h"
#include "fuzz/ways.h"
#include "tests/embedded.h"
#include "tests/reader_support.h"
#include "tests/rich.h"
#include "tests/sanitized.h"
#include "tests/script.h"
#include "tests/suites.h"

#define LOG_SIZE 16384

/* All that can be told of a trace without its events. */
struct log {
	char text[LOG_SIZE];
	size_t n;
	uint64_t njoined;
};

static void say(struct log *log, const char *what, int rc, const struct tt_error *err)
{
	size_t room = LOG_SIZE - log->n;
	int n = snprintf(log->text + log->n, room, "%s %d: %d at %llx/%llx gen %llx thread %lld "
			 "event %lld type %d: %.200s\n", what, rc, err->code,
			 (unsigned long long)err->offset, (unsigned long long)err->batch_offset,
			 (unsigned long long)err->generation, (long long)err->thread,
			 (long long)err->event_index, err->event_type, err->message);

	log->n += n > 0 && (size_t)n < room ? (size_t)n : room - 1;
}

static void say_waiting(struct log *log, struct tt_reader *r)
{
	struct tt_waiting w;

	for (size_t i = 0; i < 20 && tt_reader_waiting(r, i, &w); i++) {
		struct tt_error err = {.thread = w.thread, .offset = w.offset};

		snprintf(err.message, sizeof(err.message), "%s", w.why);
		say(log, "waits", 0, &err);
	}
}

/* After each call all that lies ahead is known: the reader takes what it can get. */
static void read_log(struct log *log, const struct build *b, unsigned threads, unsigned flags)
{
	struct tt_options opt = test_options(flags);
	const struct tt_event *ev;
	struct tt_error err;
	struct tt_reader *r;
	int rc;

	log->n = 0;
	log->njoined = 0;
	opt.threads = threads;
	opt.specs = ways_orders();
	rc = tt_reader_open_memory(&r, b->data, b->len, &opt, &err);
	say(log, "open", rc, &err);
	for (unsigned i = 0; rc == 0 && i < 100; i++) {
		struct tt_error place = {.code = 0};

		rc = tt_reader_next_sync(r, &ev);
		place = *tt_reader_error(r);
		place.event_index = tt_reader_progress(r).events;
		place.thread = rc == 0 ? ev->time_ns : 0;
		say(log, "next", rc, &place);
		while (tt_reader_finding(r, &err) == 0)
			say(log, "finding", 0, &err);
		if (rc < 0)
			say_waiting(log, r);
		if (rc < 0)
			rc = tt_reader_resync(r, NULL);
		else
			tt_parallel_settle(r);
	}
	log->njoined = rc < 0 ? 0 : r->ncommitted;
	tt_reader_close(r);
}

/* Returns how many generations joined. */
static uint64_t expect_the_same(const struct build *b, unsigned flags)
{
	static struct log one, many;
	static const unsigned counts[] = {2, 3, 7};

	read_log(&one, b, 1, flags);
	ck_assert_uint_eq(one.njoined, 0);
	for (size_t i = 0; i < COUNT(counts); i++) {
		read_log(&many, b, counts[i], flags);
		ck_assert_str_eq(many.text, one.text);
	}
	return many.njoined;
}

/* ---- joins */

#define FIRST "7@100: ProcStatus 0 1, GoStatus 1 7 2, "
#define AGAIN "gen 2\n7@200: ProcStatus 0 1, GoStatus 1 7 2, "

static const struct {
	const char *what, *script;
	unsigned njoin;         /* of the generations behind the first */
} joins[] = {
	{"statuses as they were", FIRST "GoCreate 5 1 1\n" AGAIN "GoStop 1 1\n-1@210: GoStatus 5 -1 1",
	 1},
	{"a status that was another", FIRST "GoCreate 5 1 1\n" AGAIN "GoStop 1 1\n-1@210: GoStatus 5 -1 4",
	 0},
	{"a goroutine that was not there", FIRST "GoStop 1 1\ngen 2\n7@200: ProcStatus 0 1\n"
	 "-1@205: GoStatus 9 -1 4", 0},
	{"a goroutine made where one is", FIRST "GoCreate 5 1 1\n" AGAIN "GoCreate 5 1 1", 0},
	{"one made, ended and made again", FIRST "GoCreate 5 1 1\n" AGAIN
	 "GoCreate 6 1 1, GoStop 1 1, GoStart 6 1, GoDestroy", 1},
	{"a status behind the end", FIRST "GoCreate 5 1 1\n" AGAIN
	 "GoDestroy\n-1@210: GoStatus 1 -1 4", 0},
	{"what is mentioned no more stays", FIRST "GoCreate 5 1 1\n" AGAIN "GoStop 1 1\n"
	 "gen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 1, GoCreate 5 1 1", 1},
	{"a P in other hands", FIRST "GoStop 1 1, ProcStop\ngen 2\n8@200: ProcStatus 0 2, "
	 "ProcStart 0 1, GoStatus 1 7 1, GoStart 1 1", 1},
	{"a P that still runs", FIRST "GoStop 1 1\ngen 2\n7@200: ProcStatus 0 2, ProcStart 0 1", 0},
	{"a thread that has a P already", FIRST "GoStop 1 1\n-1@150: ProcStatus 1 2\n"
	 "gen 2\n7@200: ProcStatus 1 2, ProcStart 1 1", 0},
	{"a goroutine on the thread already", FIRST "GoCreate 5 1 1\ngen 2\n"
	 "7@200: ProcStatus 0 1, GoStatus 5 -1 1, GoStart 5 1", 0},
	{"a P stolen from a syscall", FIRST "GoSyscallBegin 1 1\n-1@150: ProcStatus 1 2\ngen 2\n"
	 "8@200: ProcStatus 1 2, ProcStart 1 1, ProcStatus 0 4, ProcSteal 0 1 7\n"
	 "7@210: GoStatus 1 7 3, GoSyscallEndBlocked", 1},
	{"a P stolen from another thread", FIRST "GoSyscallBegin 1 1\n-1@150: ProcStatus 1 2\ngen 2\n"
	 "8@200: ProcStatus 1 2, ProcStart 1 1, ProcStatus 0 4, ProcSteal 0 1 6", 0},
	{"a P left behind and not stolen", FIRST "GoSyscallBegin 1 1\n-1@150: ProcStatus 1 2\ngen 2\n"
	 "8@200: ProcStatus 1 2, ProcStart 1 1, ProcStatus 0 4", 0},
	{"a syscall without its P yet", FIRST "GoSyscallBegin 1 1\n-1@150: ProcStatus 1 2\ngen 2\n"
	 "8@220: ProcStatus 1 2, ProcStart 1 1, ProcStatus 0 4, ProcSteal 0 1 7\n"
	 "7@210: GoStatus 1 7 3, GoSyscallEndBlocked", 0},
	{"a syscall that lasts", FIRST "GoSyscallBegin 1 1\ngen 2\n8@200: ProcStatus 1 2, ProcStart 1 1, "
	 "GoStatus 1 7 3", 1},
	{"a syscall on another thread", FIRST "GoSyscallBegin 1 1\n8@150: ProcStatus 1 2\ngen 2\n"
	 "9@200: ProcStatus 1 2, GoStatus 1 8 3", 0},
	{"a syscall on a thread just seen", "-1@90: GoStatus 1 7 3\ngen 2\n8@200: ProcStatus 1 2\n"
	 "7@210: GoStatus 1 7 3, GoSyscallEndBlocked", 1},
	{"a syscall on a thread that is new", "-1@90: GoStatus 1 7 3\ngen 2\n9@200: ProcStatus 1 2\n"
	 "8@210: GoStatus 1 8 3", 0},
	{"the collector goes on", FIRST "GCBegin 1 1\n" AGAIN "GCActive 2, GCEnd 3", 1},
	{"the collector begins", FIRST "GCBegin 1 1, GCEnd 2\n" AGAIN "GCBegin 3 1", 1},
	{"the collector begins at last", FIRST "GoCreate 5 1 1\n" AGAIN "GCBegin 3 1", 1},
	{"the collector jumps", FIRST "GCBegin 1 1, GCEnd 2\n" AGAIN "GCBegin 4 1", 0},
	{"the collector ends twice", FIRST "GCBegin 1 1, GCEnd 2\n" AGAIN "GCEnd 3", 0},
	{"a range that lasts", FIRST "GCMarkAssistBegin 0\n" AGAIN "GCMarkAssistActive 1, GCMarkAssistEnd",
	 1},
	{"a sweep that lasts", FIRST "GCSweepBegin 0\n" AGAIN "GCSweepActive 0, GCSweepEnd 1 2", 1},
	{"a range that nobody began", FIRST "GoCreate 5 1 1\n" AGAIN "GCMarkAssistActive 1", 0},
	{"a range begun twice", FIRST "GCMarkAssistBegin 0\n" AGAIN "GCMarkAssistBegin 0", 0},
	{"a range of a new goroutine", FIRST "GCMarkAssistBegin 0\n" AGAIN
	 "GCMarkAssistActive 1, GoCreate 5 1 1, GCMarkAssistActive 5", 0},
	{"a region that lasts", FIRST "UserRegionBegin 0 1 0\n" AGAIN "UserRegionEnd 0 1 0, "
	 "UserRegionBegin 0 2 0\ngen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 2, UserRegionEnd 0 2 0", 2},
	{"a region of another name", FIRST "UserRegionBegin 0 1 0\n" AGAIN "UserRegionEnd 0 2 0", 0},
	{"a region of another task", FIRST "UserRegionBegin 0 1 0\n" AGAIN "UserRegionEnd 4 1 0", 0},
	{"a region from before the trace", FIRST "UserLog 0 1 1 0\n" AGAIN "UserRegionEnd 0 2 0", 1},
	{"a task that lasts", FIRST "UserTaskBegin 5 0 1 0\n" AGAIN "UserTaskEnd 5 0, "
	 "UserTaskBegin 5 0 2 0\ngen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 2, UserTaskEnd 5 0", 2},
	{"a task begun twice", FIRST "UserTaskBegin 5 0 1 0\n" AGAIN "UserTaskBegin 5 0 1 0", 0},
	{"a task from before the trace", FIRST "UserLog 0 1 1 0\n" AGAIN "UserTaskEnd 8 0", 1},
	{"numbers that begin anew", FIRST "Mine 1, Move 5 1\n8@150: Yours 1 2\n" AGAIN
	 "Mine 2, Move 5 1\n8@250: Yours 1 1", 1},
	{"a resource that lives", FIRST "Open 5 1\n" AGAIN "Use 5 1", 0},
	{"a resource used that lives no more", FIRST "Open 5 1, Close 5 2\n" AGAIN "Use 5 1", 0},
	{"numbers that continue", FIRST "Arm 5 1\n" AGAIN "Fire 5 2 0", 0},
	{"a declared range in a generation", FIRST "Wait, Woken\n" AGAIN "Wait, Woken", 1},
	{"a declared range begun twice", FIRST "Wait\n" AGAIN "Wait", 0},
	{"a declared range that lasts", FIRST "Wait\n" AGAIN "Woken", 0},
	{"a range by key that is left open", FIRST "Lock 5, Unlock 5\n" AGAIN "Lock 5\n"
	 "gen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 2, Unlock 5", 1},
	{"a range by key begun twice", FIRST "Lock 5\n" AGAIN "Lock 5", 0},
	{"a range by key beside an open one", FIRST "Lock 5\n" AGAIN "Lock 6", 0},
	{"a range by key that is let be", FIRST "Lock 5\n" AGAIN "GoStop 1 1\n"
	 "gen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 1, Unlock 5", 1},
	{"a range with a kind that lasts", FIRST "GoCreate 5 1 1\n" AGAIN "Job 2\n"
	 "gen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 2, Done", 1},
	{"a nested range", FIRST "Call, Call\n" AGAIN "GoStop 1 1\n"
	 "gen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 1, Call", 1},
	{"events out of time", FIRST "GoCreate 5 1 1\ngen 2\n8@190: ProcStatus 1 2, ProcStart 1 1, "
	 "GoStatus 5 -1 1, GoStart 5 3\n7@200: ProcStatus 0 1, GoStatus 1 7 2, GoStop 1 1, GoStart 1 1", 0},
};

START_TEST(a_generation_joins_if_it_goes_on_where_the_one_before_ended)
{
	for (size_t i = 0; i < COUNT(joins); i++) {
		struct build b;
		uint64_t njoined;

		script_build(&b, 26, joins[i].script);
		njoined = expect_the_same(&b, 0);
		ck_assert_msg(njoined == joins[i].njoin, "%s: %d joined", joins[i].what,
			      (int)njoined);
		build_release(&b);
	}
}
END_TEST

START_TEST(numbers_that_do_not_grow_never_join)
{
	struct build b;

	script_build(&b, 26, FIRST "GoCreate 5 1 1\ngen 3\n7@200: ProcStatus 0 1, GoStatus 1 7 2\n"
		     "gen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 2");
	ck_assert_uint_eq(expect_the_same(&b, 0), 1);
	build_release(&b);
}
END_TEST

START_TEST(traces_of_all_versions_read_the_same)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		for (unsigned flags = 0; flags <= TT_OPEN_LIKE_GO; flags += TT_OPEN_LIKE_GO) {
			struct build b;

			script_build(&b, test_versions[v], RICH_SCRIPT);
			ck_assert_uint_eq(expect_the_same(&b, flags), 1);
			build_release(&b);
		}
	}
}
END_TEST

/* ---- damage */

START_TEST(traces_cut_anywhere_read_the_same)
{
	struct build b;
	size_t whole;

	script_build(&b, 26, RICH_SCRIPT);
	whole = b.len;
	for (b.len = whole - 1; b.len > whole / 2; b.len--)
		expect_the_same(&b, 0);
	build_release(&b);
}
END_TEST

START_TEST(traces_with_a_changed_byte_read_the_same)
{
	struct build b;

	script_build(&b, 26, RICH_SCRIPT);
	for (size_t i = 16; i < b.len; i += TT_EVERY) {
		uint8_t was = b.data[i];

		b.data[i] = (uint8_t)(was + 1);
		expect_the_same(&b, 0);
		b.data[i] = (uint8_t)(was ^ 0x80);
		expect_the_same(&b, 0);
		b.data[i] = was;
	}
	build_release(&b);
}
END_TEST

/* ---- unpacked ahead */

/* In two frames, as a recording has one for each generation. */
static void pack(struct build *packed, const struct build *plain)
{
	uint8_t out[16384];
	size_t half = plain->len / 2;
	size_t n = ZSTD_compress(out, sizeof(out), plain->data, half, 3);
	size_t m;

	ck_assert(!ZSTD_isError(n));
	m = ZSTD_compress(out + n, sizeof(out) - n, plain->data + half, plain->len - half, 3);
	ck_assert(!ZSTD_isError(m));
	packed->data = NULL;
	packed->len = packed->cap = 0;
	build_bytes(packed, out, n + m);
}

START_TEST(packed_traces_read_the_same)
{
	struct build b, packed;
	size_t whole;

	script_build(&b, 26, RICH_SCRIPT);
	pack(&packed, &b);
	whole = packed.len;
	ck_assert_uint_eq(expect_the_same(&packed, 0), 0);
	for (packed.len = 0; packed.len < whole; packed.len += 11)
		expect_the_same(&packed, 0);
	for (size_t i = 0; i < whole; i += 11) {
		packed.data[i] ^= 4;
		expect_the_same(&packed, 0);
		packed.data[i] ^= 4;
	}
	build_release(&packed);
	build_release(&b);
}
END_TEST

/* ---- memory */

static void small_generation(struct build *b, uint64_t number)
{
	build_clock(b, number, number * 100, 1000000000);
	build_raw(b, number, 7, number * 100 + 1, "\x0d\x01\x00\x01\x19\x01\x01\x07\x02", 9);
	build_mark(b);
}

/* It wants more memory than whoever looks ahead has, and not more than there is. */
static void large_generation(struct build *b, uint64_t number)
{
	build_clock(b, number, number * 100, 1000000000);
	for (uint64_t id = 1; id <= 40000;) {
		build_batch(b, number, 7, number * 100 + 1);
		build_byte(b, 0x04);
		for (; id <= 40000 && b->len - b->body < 65000; id++)
			build_string(b, id, "x", 1);
		build_close(b);
	}
	build_raw(b, number, 7, number * 100 + 1, "\x0d\x01\x00\x01\x19\x01\x01\x07\x02", 9);
	build_mark(b);
}

START_TEST(one_that_finds_no_room_ahead_is_the_only_one)
{
	struct tt_options opt = test_options(0);
	const struct tt_event *ev;
	struct tt_error err;
	struct tt_reader *r;
	struct build b;

	build_init(&b, 26);
	for (uint64_t number = 1; number <= 12; number++) {
		if (number == 4)
			large_generation(&b, number);
		else
			small_generation(&b, number);
	}
	opt.threads = 3;
	opt.max_memory_nbytes = 8 << 20;
	ck_assert_int_eq(tt_reader_open_memory(&r, b.data, b.len, &opt, &err), 0);
	while (tt_reader_next_sync(r, &ev) == 0)
		if (ev->generation != NULL)
			tt_parallel_settle(r);
	ck_assert_int_eq(tt_reader_error(r)->code, 0);
	/* neither the first nor that one */
	ck_assert_uint_eq(r->ncommitted, 10);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

/* The memory for embedded events is the reader's, not that of whoever loaded them ahead:
 * it takes little to load these, and much to put each between two of the thread's own. */
START_TEST(what_is_embedded_has_all_of_the_memory)
{
	static const unsigned counts[] = {1, 2, 60};
	struct build b;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	build_raw(&b, 1, 7, 101, "\x0d\x01\x00\x01\x19\x01\x07\x07\x02", 9);
	build_mark(&b);
	build_clock(&b, 2, 200, 1000000000);
	embedded_spec(&b, 2, 0, 0);
	build_batch(&b, 2, 7, 200);
	build_bytes(&b, "\x0d\x01\x00\x01\x19\x01\x07\x07\x02", 9);
	for (unsigned i = 0; i < 4000; i++)
		build_bytes(&b, "\x25\x02\x01", 3);
	build_close(&b);
	embedded_head(&b, 2, 7, "\xd1TTEV");
	build_number(&b, 7);
	build_number(&b, 201);
	for (unsigned i = 0; i < 4000; i++)
		build_bytes(&b, "\xc9\x02\x05", 3);
	build_close(&b);
	embedded_tables(&b, 2);
	for (size_t i = 0; i < COUNT(counts); i++) {
		struct tt_options opt = test_options(0);
		const struct tt_event *ev;
		struct tt_error err;
		struct tt_reader *r;

		opt.threads = counts[i];
		opt.max_memory_nbytes = 4 << 20;
		ck_assert_int_eq(tt_reader_open_memory(&r, b.data, b.len, &opt, &err), 0);
		while (tt_reader_next_sync(r, &ev) == 0)
			if (ev->generation != NULL)
				tt_parallel_settle(r);
		ck_assert_msg(tt_reader_error(r)->code == 0, "%u threads: %s", counts[i],
			      tt_reader_error(r)->message);
		tt_reader_close(r);
	}
	build_release(&b);
}
END_TEST

/* ---- mixed with other ways to read */

START_TEST(other_ways_to_read_may_come_between)
{
	struct tt_options opt = test_options(0);
	const struct tt_generation *g;
	const struct tt_event *ev;
	struct tt_error err;
	struct tt_reader *r;
	struct build b;

	script_build(&b, 26, FIRST "GoStop 1 1\n" "gen 2\n7@200: ProcStatus 0 1\ngen 3\n7@300: ProcStatus 0 1\n"
		     "gen 4\n7@400: ProcStatus 0 1, ProcStop\ngen 5\n7@500: ProcStatus 0 2");
	opt.threads = 2;
	ck_assert_int_eq(tt_reader_open_memory(&r, b.data, b.len, &opt, &err), 0);
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), 0);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0); /* an event of the first */
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), 0);
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), 0);
	tt_parallel_settle(r);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_uint_eq(tt_generation_number(g), 4);
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), 0);
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), 0);
	ck_assert_uint_eq(tt_generation_number(ev->generation), 5);
	tt_parallel_settle(r);
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), 0);
	ck_assert_ptr_null(ev->generation);
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), TT_END);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

Suite *ahead_suite(void)
{
	Suite *s = suite_create("ahead");
	TCase *tc = tcase_create("side by side");

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, a_generation_joins_if_it_goes_on_where_the_one_before_ended);
	tcase_add_test(tc, numbers_that_do_not_grow_never_join);
	tcase_add_test(tc, traces_of_all_versions_read_the_same);
	tcase_add_test(tc, traces_cut_anywhere_read_the_same);
	tcase_add_test(tc, traces_with_a_changed_byte_read_the_same);
	tcase_add_test(tc, packed_traces_read_the_same);
	tcase_add_test(tc, one_that_finds_no_room_ahead_is_the_only_one);
	tcase_add_test(tc, what_is_embedded_has_all_of_the_memory);
	tcase_add_test(tc, other_ways_to_read_may_come_between);
	suite_add_tcase(s, tc);
	return s;
}
