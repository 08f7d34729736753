/* SPDX-License-Identifier: MIT */
/*
 * repair_test.c - what comes of damaged traces: a small one that has a little of
 * everything is cut at each byte and changed in each; and breaks before states of
 * every sort. What is repaired is read again from its first byte to its last.
 */
#include <stdlib.h>
#include <time.h>

#include "spec/types.h"
#include "tests/embedded.h"
#include "tests/reader_support.h"
#include "tests/rich.h"
#include "tests/sanitized.h"
#include "tests/script.h"
#include "tests/suites.h"
#include "tracetool_write.h"

/* What a repair gave. */
struct repaired {
	struct build bytes;
	unsigned generations, whole;
	uint64_t made_events, lost_events, lost_nbytes, unread_nbytes, doubted_events;
	bool lost_more;         /* than was counted */
	int unknown_type;       /* of the generation that was handed out last */
	char made[2048];        /* names of what was made up */
};

static void note_made(struct repaired *to, const struct tt_repair *r)
{
	struct tt_made_event ev;

	for (size_t i = 0; tt_repair_made(r, i, &ev); i++) {
		size_t used = strlen(to->made);

		snprintf(to->made + used, sizeof(to->made) - used, "%s%s", used == 0 ? "" : " ",
			 ev.spec->name);
	}
}

static void repair(struct repaired *to, const void *data, size_t n)
{
	struct tt_reader *reader = test_open(data, n, 0);
	struct tt_repaired g;
	struct tt_repair *r;
	struct tt_error err;
	struct tt_str header;
	int rc;

	memset(to, 0, sizeof(*to));
	ck_assert_int_eq(tt_repair_new(&r, reader, &err), 0);
	header = tt_repair_header(r);
	build_bytes(&to->bytes, header.data, header.len);
	while ((rc = tt_repair_next(r, &g)) == 0) {
		build_bytes(&to->bytes, g.front.data, g.front.len);
		build_bytes(&to->bytes, g.bytes.data, g.bytes.len);
		to->generations++;
		to->whole += g.whole;
		to->made_events += g.made_events;
		to->lost_events += g.lost_events;
		to->lost_nbytes += g.lost_nbytes;
		to->unread_nbytes += g.unread_nbytes;
		to->doubted_events += g.doubted_events;
		to->lost_more |= (g.flags & TT_REPAIRED_LOST_MORE) != 0;
		to->unknown_type = g.unknown_type;
		note_made(to, r);
	}
	ck_assert_int_eq(rc, 1);
	to->lost_nbytes += g.lost_nbytes;
	to->lost_more |= (g.flags & TT_REPAIRED_LOST_MORE) != 0;
	ck_assert_int_eq(tt_repair_next(r, &g), 1);
	tt_repair_free(r);
	tt_reader_close(reader);
}

/* Fails the test unless all of the trace can be read. */
static void expect_good(const struct repaired *r, const char *what, size_t at)
{
	struct tt_reader *reader = test_open(r->bytes.data, r->bytes.len, 0);
	const struct tt_event *ev;
	int rc;

	do
		rc = tt_reader_next(reader, &ev);
	while (rc == 0);
	ck_assert_msg(rc == 1, "%s %zu: %s", what, at, tt_reader_error(reader)->message);
	tt_reader_close(reader);
}

START_TEST(good_traces_stay_as_they_are)
{
	struct repaired r;
	struct build b;

	script_build(&b, test_versions[_i], RICH_SCRIPT);
	repair(&r, b.data, b.len);
	ck_assert_uint_eq(r.generations, 2);
	ck_assert_uint_eq(r.whole, 2);
	ck_assert_uint_eq(r.made_events, 0);
	ck_assert_uint_eq(r.lost_nbytes, 0);
	ck_assert_int_eq(r.unknown_type, -1);
	ck_assert_uint_eq(r.bytes.len, b.len);
	ck_assert_mem_eq(r.bytes.data, b.data, b.len);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

START_TEST(what_is_cut_off_can_be_read)
{
	struct repaired r;
	struct build b;
	size_t kept = 0;

	script_build(&b, test_versions[_i], RICH_SCRIPT);
	for (size_t at = 16; at < b.len; at++) {
		repair(&r, b.data, at);
		if (r.generations != 0)
			expect_good(&r, "cut at", at);
		ck_assert_uint_le(r.lost_nbytes, at);
		kept = r.generations;
		build_release(&r.bytes);
	}
	ck_assert_uint_eq(kept, 2);
	build_release(&b);
}
END_TEST

START_TEST(what_is_changed_can_be_read)
{
	struct repaired r;
	struct build b;

	script_build(&b, test_versions[_i], RICH_SCRIPT "\ngen 3\n7@300: ProcStatus 0 2");
	/* (under sanitizers every 11th bit, others in each version) */
	for (size_t bit = 16 * 8 + (size_t)_i % TT_EVERY; bit < b.len * 8; bit += TT_EVERY) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		repair(&r, b.data, b.len);
		if (r.generations != 0)
			expect_good(&r, "changed at", bit / 8);
		build_release(&r.bytes);
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	build_release(&b);
}
END_TEST

/* ---- from every state to every other */

/* Goroutine 77 never comes to be. */
#define BROKEN ", GoStart 77 1, GoBlock 0 0\n"

static const struct {
	const char *before;     /* generation 1; its end is broken */
	const char *after;      /* generation 2 */
	const char *made;
} bridges[] = {
	/* nothing has to be done where all is as it was */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2", "7@200: ProcStatus 0 1, GoStatus 1 7 2", ""},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2", "7@200: ProcStatus 0 2, GoStatus 1 7 4",
	 "GoBlock ProcStop"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2", "7@200: ProcStatus 0 2, GoStatus 1 7 1",
	 "GoStop ProcStop"},
	/* a goroutine that is not known before, and one that is made anew */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2", "7@200: ProcStatus 0 2, GoStatus 5 7 4",
	 "GoStop ProcStop ProcStatus ProcStart GoCreateBlocked ProcStop"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GoCreate 2 0 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, GoCreate 2 0 0",
	 "ProcStatus ProcStart GoStatus GoStart GoDestroy ProcStop"},
	/* another thread, another goroutine */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GoCreate 2 0 0",
	 "8@200: ProcStatus 0 1, GoStatus 2 8 2, GoStatus 1 -1 1",
	 "GoStop ProcStop ProcStatus ProcStart GoStatus GoStart"},
	/* into a syscall and out of it, with its P and without */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2", "7@200: ProcStatus 0 3, GoStatus 1 7 3",
	 "GoStop ProcStop ProcStatus ProcStart GoStatus GoStart GoSyscallBegin"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2", "8@200: GoStatus 1 7 3, ProcStatus 0 2",
	 "GoStop ProcStop ProcStatus ProcStart GoStatus GoStart GoSyscallBegin ProcStop"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GoSyscallBegin 1 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2",
	 "ProcStop GoSyscallEndBlocked ProcStatus ProcStart GoStatus GoStart"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GoSyscallBegin 1 0",
	 "7@200: ProcStatus 0 4, GoStatus 1 7 3",
	 ""},
	/* ranges */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, STWBegin 3 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, STWBegin 3 0",
	 "STWEnd"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GCMarkAssistBegin 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, GCMarkAssistBegin 0",
	 "GCMarkAssistEnd GoStop ProcStop ProcStatus ProcStart GoStatus GoStart"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, GCMarkAssistActive 1, GCMarkAssistEnd",
	 "GCMarkAssistBegin GoStop ProcStop ProcStatus ProcStart GoStatus GoStart"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GCSweepBegin 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, GCSweepBegin 0",
	 "GoStop ProcStop ProcStatus ProcStart GCSweepEnd ProcStop ProcStart GoStatus GoStart"},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, GCSweepActive 0",
	 "GoStop ProcStop ProcStatus ProcStart GCSweepBegin ProcStop ProcStart GoStatus GoStart"},
	/* of a P that is not known before */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2",
	 "7@200: ProcStatus 3 2, GCSweepActive 3, ProcStatus 0 1, GoStatus 1 7 2", NULL},
	/* the collector's sequence */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GCBegin 1 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, GCBegin 5 0, GCEnd 6",
	 "ProcStatus ProcStart GoCreate GoStart GCEnd GCBegin GCEnd GoDestroy ProcStop"},
	/* tasks and regions */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, UserTaskBegin 5 0 1 0",
	 "7@200: ProcStatus 0 2, GoStatus 1 7 4\n8@205: ProcStatus 1 1, GoStatus 2 8 2, "
	 "UserTaskBegin 5 0 1 0",
	 NULL},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, UserRegionBegin 0 1 0, UserRegionBegin 0 2 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, UserRegionEnd 0 2 0, UserRegionEnd 0 1 0", ""},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, UserRegionBegin 0 1 0, UserRegionBegin 0 2 0",
	 "7@200: ProcStatus 0 2, GoStatus 1 7 4\n8@201: ProcStatus 1 2, ProcStart 1 1, "
	 "GoUnblock 1 1 0, GoStart 1 2, UserRegionEnd 0 1 0",
	 "ProcStatus UserRegionEnd UserRegionEnd GoBlock ProcStop"},
	/* one that begins there is not one that was open, and the other way round */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, UserRegionBegin 0 1 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, UserRegionBegin 0 2 0, UserRegionEnd 0 2 0, "
	 "UserRegionEnd 0 1 0", ""},
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, UserRegionEnd 0 1 0", ""},
	/* of a goroutine that only comes to be */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, GoCreate 5 0 0, GoBlock 0 0, GoStart 5 1, "
	 "UserRegionBegin 0 1 0, UserRegionEnd 0 1 0", ""},
	/* a collector that nobody knew of */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, GCActive 5, GCEnd 6",
	 "ProcStatus ProcStart GoCreate GoStart GCBegin GoDestroy ProcStop"},
	/* a task that begins twice */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, UserTaskBegin 5 0 1 0",
	 "7@200: ProcStatus 0 1, GoStatus 1 7 2, UserTaskEnd 5 0, UserTaskBegin 5 0 1 0", ""},
};

/* Go 1.22 has no event for a goroutine that is created waiting. */
static const char *made_in(unsigned version, const char *made)
{
	bool waits = version < 23 && strstr(made, "GoCreateBlocked") != NULL;

	return waits ? "GoStop ProcStop ProcStatus ProcStart GoCreate GoStart GoBlock ProcStop"
		     : made;
}

/* Generation 1 breaks behind `before`, in each version; then comes `after`. */
static void bridge(unsigned version, int i)
{
	char script[1024], message[64];
	struct repaired r;
	struct build b;

	snprintf(script, sizeof(script), "%s" BROKEN "gen 2\n%s", bridges[i].before,
		 bridges[i].after);
	script_build(&b, version, script);
	repair(&r, b.data, b.len);
	snprintf(message, sizeof(message), "bridge %d, version", i);
	expect_good(&r, message, version);
	ck_assert_uint_eq(r.generations, 2);
	ck_assert_uint_eq(r.whole, 1);
	if (bridges[i].made != NULL)
		ck_assert_str_eq(r.made, made_in(version, bridges[i].made));
	build_release(&r.bytes);
	build_release(&b);
}

START_TEST(broken_generations_lead_to_the_next)
{
	for (size_t v = 0; v < TEST_NVERSIONS; v++)
		bridge(test_versions[v], _i);
}
END_TEST

/* ---- what is missing */

START_TEST(a_number_that_is_missing_is_filled_in)
{
	struct repaired r;
	struct build b;

	script_build(&b, 22, "7@100: ProcStatus 0 2\ngen 4\n7@200: ProcStatus 0 2");
	repair(&r, b.data, b.len);
	ck_assert_uint_eq(r.generations, 2);
	expect_good(&r, "number", 4);
	build_release(&r.bytes);
	build_release(&b);
	/* too many: what follows gets the next number */
	script_build(&b, 22, "7@100: ProcStatus 0 2\ngen 4000\n7@200: ProcStatus 0 2");
	repair(&r, b.data, b.len);
	ck_assert_uint_eq(r.generations, 2);
	expect_good(&r, "number", 4000);
	ck_assert_uint_lt(r.bytes.len, b.len + 64);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

/* The collector runs in generation 1 and not in generation 3, whose count shows that
 * a generation began in between while it ran. */
START_TEST(the_collector_is_led_on_whatever_its_count)
{
	struct repaired r;
	struct build b;

	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		script_build(&b, test_versions[v],
			     "7@100: ProcStatus 0 1, GoStatus 1 7 2, GCBegin 1 0" BROKEN
			     "gen 3\n7@200: ProcStatus 0 1, GoStatus 1 7 2, GCBegin 4 0");
		repair(&r, b.data, b.len);
		ck_assert_uint_eq(r.generations, 2);
		ck_assert_str_eq(r.made, "ProcStatus ProcStart GoCreate GoStart GCActive GCEnd "
				 "GoDestroy ProcStop");
		expect_good(&r, "put in", v);
		build_release(&r.bytes);
		build_release(&b);
	}
}
END_TEST

START_TEST(what_contradicts_all_is_left_out)
{
	struct repaired r;
	struct build b;

	/* status 0 can only be stated in the first generation */
	script_build(&b, 26,
		     "7@100: ProcStatus 0 1, GoStatus 1 7 2" BROKEN
		     "gen 2\n7@200: ProcStatus 0 1, GoStatus 5 7 0\n"
		     "gen 3\n7@300: ProcStatus 0 1, GoStatus 1 7 2");
	repair(&r, b.data, b.len);
	ck_assert_uint_eq(r.generations, 3);
	ck_assert_uint_eq(r.whole, 1);
	ck_assert_uint_eq(r.lost_events, 3);
	expect_good(&r, "left out", 2);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

START_TEST(says_how_much_follows_an_unknown_event)
{
	struct repaired r;
	struct build b;
	uint8_t *last;

	/* thread 7 continues in a second batch, and thread 8 waits for its goroutine */
	script_build(&b, 26,
		     "7@100: ProcStatus 0 1, GoStatus 1 7 2, HeapGoal 123, HeapAlloc 5\n"
		     "7@120: HeapAlloc 6\n"
		     "8@130: ProcStart 0 9, HeapAlloc 5");
	last = memchr(b.data, 123, b.len);
	last[-2] = 200;
	repair(&r, b.data, b.len);
	ck_assert_uint_eq(r.generations, 1);
	ck_assert_int_eq(r.unknown_type, 200);
	ck_assert_uint_eq(r.unread_nbytes, 3 + 3 + 3);
	ck_assert_uint_eq(r.lost_events, 2);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

/* ---- events that are embedded in batches of an experiment */

/* Reads all of it, and counts the events named `name`. */
static unsigned count_events(const struct repaired *r, const char *name)
{
	struct tt_reader *reader = test_open(r->bytes.data, r->bytes.len, 0);
	const struct tt_event *ev;
	unsigned n = 0;
	int rc;

	while ((rc = tt_reader_next(reader, &ev)) == 0)
		n += ev->spec != NULL && strcmp(ev->spec->name, name) == 0;
	ck_assert_msg(rc == 1, "%s", tt_reader_error(reader)->message);
	tt_reader_close(reader);
	return n;
}

START_TEST(embedded_events_stay_as_they_are)
{
	struct repaired r;
	struct build b;

	embedded_build(&b);
	repair(&r, b.data, b.len);
	ck_assert_uint_eq(r.whole, 2);
	ck_assert_uint_eq(r.bytes.len, b.len);
	ck_assert_mem_eq(r.bytes.data, b.data, b.len);
	ck_assert_uint_eq(count_events(&r, "Take"), 4);
	ck_assert_uint_eq(count_events(&r, "Give"), 8);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

/* The tables come last: when they are gone, the events stay. */
START_TEST(embedded_events_outlive_their_stacks)
{
	struct repaired r;
	struct build b;

	embedded_build(&b);
	repair(&r, b.data, b.len - 20);
	ck_assert_uint_eq(r.generations, 2);
	ck_assert_uint_eq(count_events(&r, "Take"), 4);
	ck_assert_uint_eq(count_events(&r, "Give"), 8);
	ck_assert_uint_eq(count_events(&r, "HeapAlloc"), 12);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

/* Thread 8 has no events of its own in generation 1: Take lacks its goroutine there. */
START_TEST(embedded_events_without_their_thread_go_alone)
{
	struct repaired r;
	struct build b;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	embedded_spec(&b, 1, 0, 0);
	embedded_head(&b, 1, 8, "\xd1TTEV");
	build_number(&b, 8);
	build_number(&b, 100);
	build_bytes(&b, "\xc9\1\5\xc8\1\5\1\1\0\xc9\1\6", 12);
	build_close(&b);
	embedded_thread(&b, 1, 7, 33);
	embedded_tables(&b, 1);
	repair(&r, b.data, b.len);
	ck_assert_uint_eq(r.generations, 1);
	ck_assert_uint_eq(r.whole, 0);
	ck_assert_uint_eq(count_events(&r, "Take"), 1);
	ck_assert_uint_eq(count_events(&r, "Give"), 3);
	ck_assert_uint_eq(count_events(&r, "HeapAlloc"), 3);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

/* What no spec tells of is not judged; that of a generation behind it is. */
START_TEST(embedded_events_without_their_spec_stay)
{
	struct repaired r;
	struct build b;

	build_init(&b, 26);
	build_clock(&b, 1, 100, 1000000000);
	embedded_thread(&b, 1, 7, 33);
	build_mark(&b);
	build_clock(&b, 2, 200, 1000000000);
	embedded_spec(&b, 2, 0, 0);
	embedded_thread(&b, 2, 7, 33);
	embedded_tables(&b, 2);
	repair(&r, b.data, b.len);
	ck_assert_uint_eq(r.generations, 2);
	ck_assert_uint_eq(r.lost_nbytes, 0);
	ck_assert_uint_eq(count_events(&r, "Take"), 1);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

START_TEST(embedded_events_cut_and_changed_can_be_read)
{
	struct repaired r;
	struct build b;

	embedded_build(&b);
	for (size_t at = 16; at < b.len; at++) {
		repair(&r, b.data, at);
		if (r.generations != 0)
			expect_good(&r, "embedded, cut at", at);
		build_release(&r.bytes);
	}
	/* (under sanitizers every 11th bit) */
	for (size_t bit = 16 * 8; bit < b.len * 8; bit += TT_EVERY) {
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		repair(&r, b.data, b.len);
		if (r.generations != 0)
			expect_good(&r, "embedded, changed at", bit / 8);
		build_release(&r.bytes);
		b.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	build_release(&b);
}
END_TEST

/* ---- a batch that lost bytes */

/* Thread 7 runs a goroutine again and again in generation 1. Batches come before that and after. */
static void build_among(struct build *b, unsigned version, const char *before, const char *after)
{
	char script[4096];
	size_t used = (size_t)snprintf(script, sizeof(script),
				       "%s7@100: ProcStatus 0 1, GoStatus 1 7 2, GoCreate 2 0 0, "
				       "GoBlock 0 0",
				       before);

	for (int i = 1; i <= 50; i++)
		used += (size_t)snprintf(script + used, sizeof(script) - used,
					 ", GoStart 2 %d, GoStop 0 0", i);
	snprintf(script + used, sizeof(script) - used, "\n%s", after);
	script_build(b, version, script);
}

/* Thread 8 begins earlier, in a later batch. */
static void build_two_threads(struct build *b, unsigned version)
{
	build_among(b, version, "", "8@90: ProcStatus 1 1, GoStatus 3 8 2, GoStop 0 0, GoStart 3 1, "
				    "GoBlock 0 0");
}

struct thread_event {
	const struct tt_event_spec *spec;
	int64_t time_ns;
	uint64_t first_arg;
};

/* The events of a thread, at most n; how many. */
static size_t events_of(struct thread_event *to, size_t n, const struct build *b, int64_t thread)
{
	struct tt_reader *reader = test_open(b->data, b->len, 0);
	const struct tt_event *ev;
	size_t count = 0;

	while (tt_reader_next(reader, &ev) == 0)
		if (ev->thread == thread && ev->spec != NULL && count < n)
			to[count++] = (struct thread_event){ev->spec, ev->raw_time_ns, ev->args[0]};
	tt_reader_close(reader);
	return count;
}

/* Where so many bytes are, or the end. */
static size_t find(const struct build *b, const char *bytes, size_t n)
{
	size_t at = 0;

	while (at + n <= b->len && memcmp(b->data + at, bytes, n) != 0)
		at++;
	return at;
}

/* How far thread 7 agrees with what it was. */
static size_t expect_prefix(const struct build *now, const struct thread_event *was, size_t n,
			    size_t at)
{
	struct thread_event is[256];
	size_t kept = events_of(is, COUNT(is), now, 7);

	ck_assert_uint_le(kept, n);
	for (size_t i = 0; i < kept; i++)
		ck_assert_msg(is[i].time_ns == was[i].time_ns &&
				      is[i].first_arg == was[i].first_arg &&
				      strcmp(is[i].spec->name, was[i].spec->name) == 0,
			      "bytes lost at %zu: event %zu never was", at, i);
	return kept;
}

START_TEST(a_batch_that_lost_bytes_keeps_what_is_confirmed)
{
	static const char start[] = {TT_EV_GO_START, 1, 2}; /* the first of them */
	struct thread_event was[256], ignored[16];
	struct build b, cut;
	struct repaired r;
	size_t n, first, most = 0;

	build_two_threads(&b, test_versions[_i]);
	n = events_of(was, COUNT(was), &b, 7);
	first = find(&b, start, sizeof(start));
	for (size_t at = first; at < first + 300; at++) {
		size_t kept;

		memset(&cut, 0, sizeof(cut));
		build_bytes(&cut, b.data, at);
		build_bytes(&cut, b.data + at + 40, b.len - at - 40);
		repair(&r, cut.data, cut.len);
		expect_good(&r, "bytes lost at", at);
		kept = expect_prefix(&r.bytes, was, n, at);
		if (kept > most)
			most = kept;
		/* the other thread lacks nothing */
		ck_assert_uint_eq(events_of(ignored, COUNT(ignored), &r.bytes, 8), 5);
		build_release(&r.bytes);
		build_release(&cut);
	}
	/* some of it stays */
	ck_assert_uint_gt(most, n / 3);
	build_release(&b);
}
END_TEST

/* The batch of thread 7 that wakes goroutine 2, and stops goroutine 1, is lost: thread 8 needs both. */
START_TEST(events_go_on_over_a_lost_batch)
{
	struct thread_event ignored[16];
	struct repaired r;
	struct build b;

	script_build(&b, test_versions[_i],
		     "gen 1\n"
		     "7@100: ProcStatus 0 1, GoStatus 1 7 2, GoStatus 2 -1 4\n"
		     "8@100: ProcStatus 1 1\n"
		     "8@300: GoStart 2 2, HeapAlloc 5, HeapAlloc 6, HeapAlloc 7, HeapAlloc 8,"
		     " GoBlock 0 0, GoStart 1 2, HeapAlloc 9, HeapAlloc 10, HeapAlloc 11");
	repair(&r, b.data, b.len);
	expect_good(&r, "a batch is lost", 0);
	ck_assert_uint_eq(events_of(ignored, COUNT(ignored), &r.bytes, 8), 11);
	ck_assert_uint_gt(r.made_events, 0);
	ck_assert(r.lost_more);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

/* Many threads wait for each other, with a number lost before each of their events: what it would
 * take to bridge all of that grows faster than their number. */
START_TEST(bridges_take_no_longer_than_reading)
{
	enum { NTHREADS = 4000, LINE = 64 };
	char *script = malloc(NTHREADS * LINE);
	size_t n = (size_t)sprintf(script, "gen 1\n");
	clock_t begin = clock();
	struct repaired r;
	struct build b;

	for (int i = 0; i < NTHREADS; i++)
		n += (size_t)snprintf(script + n, LINE, "%d@%d: ProcStatus %d 1, GoUnblock 7 %d 0\n",
				      100 + i, 100 + i, i, 3 * i + 3);
	script_build(&b, test_versions[TEST_NVERSIONS - 1], script);
	repair(&r, b.data, b.len);
	expect_good(&r, "many wait", 0);
	ck_assert_int_lt((clock() - begin) / CLOCKS_PER_SEC, 30);
	build_release(&r.bytes);
	build_release(&b);
	free(script);
}
END_TEST

/* What is lost is made up as what comes next requires it. */
static const struct {
	const char *script;     /* of generation 1 */
	size_t nothers;         /* events of thread 8, with those that are made up */
	uint64_t made;          /* on all threads */
} required[] = {
	/* a thread lost its P in a syscall: its goroutine is in that until the thread has another */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, ProcStatus 2 2\n"
	 "8@100: ProcStatus 1 1, GoStatus 3 8 2, GoSyscallBegin 1 0\n"
	 "8@300: ProcStart 2 1, GoSyscallEndBlocked, GoStart 3 1, HeapAlloc 6, HeapAlloc 7,"
	 " HeapAlloc 8, HeapAlloc 9, HeapAlloc 10, HeapAlloc 11, HeapAlloc 12",
	 13, 4},
	/* a goroutine that is woken later has to wait, and needs no number for that */
	{"7@100: ProcStatus 0 1, GoStatus 1 7 2, GoStatus 4 -1 1\n"
	 "8@100: ProcStatus 1 1, GoStatus 3 8 2\n"
	 "8@300: GoStart 4 1, GoUnblock 3 1 0, GoBlock 0 0, GoStart 3 2, HeapAlloc 8",
	 8, 1},
};

START_TEST(bridges_are_what_comes_next_requires)
{
	struct thread_event ignored[32];
	struct repaired r;
	struct build b;

	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		char script[512];

		snprintf(script, sizeof(script), "gen 1\n%s", required[_i].script);
		script_build(&b, test_versions[v], script);
		repair(&r, b.data, b.len);
		expect_good(&r, "events are lost", (size_t)_i);
		ck_assert_uint_eq(events_of(ignored, COUNT(ignored), &r.bytes, 8),
				  required[_i].nothers);
		ck_assert_uint_eq(r.made_events, required[_i].made);
		build_release(&r.bytes);
		build_release(&b);
	}
}
END_TEST

/* A reader begins with the threads that it met first, among events of the same time. */
START_TEST(a_thread_that_begins_with_a_bridge_stays_in_its_place)
{
	static const char eighth[] = {TT_EV_EVENT_BATCH, 1, 8}, ninth[] = {TT_EV_EVENT_BATCH, 1, 9};
	struct thread_event ignored[32];
	struct repaired r;
	struct build b;

	script_build(&b, test_versions[_i],
		     "gen 1\n"
		     "7@100: ProcStatus 0 1, GoStatus 1 7 2, ProcStatus 2 2\n"
		     "8@300: ProcStart 2 1, HeapAlloc 5\n"
		     "9@100: ProcStatus 3 1, GoStatus 3 9 2, HeapAlloc 6\n"
		     "7@200: ProcSteal 1 3 8, HeapAlloc 7, HeapAlloc 8, HeapAlloc 9, HeapAlloc 10,"
		     " HeapAlloc 11, HeapAlloc 12, HeapAlloc 13, HeapAlloc 14\n");
	repair(&r, b.data, b.len);
	expect_good(&r, "thread 8", 0);
	ck_assert_uint_gt(events_of(ignored, COUNT(ignored), &r.bytes, 8), 2);
	ck_assert_uint_lt(find(&r.bytes, eighth, sizeof(eighth)),
			  find(&r.bytes, ninth, sizeof(ninth)));
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

/* Thread 8 has four events before the damaged batch of thread 7, and these after it. What is lost of
 * it is bridged. */
static const struct {
	const char *after;
	size_t kept;            /* of thread 8, with those that are made up */
} resumed[] = {
	{"8@120: GoStop 0 0, GoStart 3 2, GoBlock 0 0", 7},
	{"8@120: GoStop 0 0, GoStart 3 2\n8@130: GoBlock 0 0", 7},
	/* a batch of its own is missing: it runs a goroutine still, which a made-up event stops */
	{"8@120: GoStart 3 3, GoBlock 0 0", 7},
	{"8@120: ProcStatus 1 1, GoStop 0 0, GoBlock 0 0", 4},
	/* or it waits for an event that is not there; nothing speaks against those before */
	{"8@120: HeapAlloc 5, GoStart 3 3, GoBlock 0 0\n8@130: HeapAlloc 6", 9},
	{"8@120: GoStop 0 0, GoStart 3 4, GoBlock 0 0", 7},
};

START_TEST(threads_go_on_after_a_gap_unless_they_lack_a_batch)
{
	static const char start[] = {TT_EV_GO_START, 1, 2};
	struct thread_event ignored[16];
	struct build b, cut;
	struct repaired r;
	size_t at;

	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		build_among(&b, test_versions[v],
			    "8@100: ProcStatus 1 1, GoStatus 3 8 2, GoStop 0 0, GoStart 3 1\n",
			    resumed[_i].after);
		at = find(&b, start, sizeof(start)) + 200;
		memset(&cut, 0, sizeof(cut));
		build_bytes(&cut, b.data, at);
		build_bytes(&cut, b.data + at + 40, b.len - at - 40);
		repair(&r, cut.data, cut.len);
		expect_good(&r, "gap at", at);
		ck_assert_uint_eq(events_of(ignored, COUNT(ignored), &r.bytes, 8), resumed[_i].kept);
		build_release(&r.bytes);
		build_release(&cut);
		build_release(&b);
	}
}
END_TEST

/* A clock may count from the start of the program: then times that are far from each other are
 * good, and so they are where no time is that of most batches. */
START_TEST(times_of_a_young_clock_are_good)
{
	static const char *const scripts[] = {
		"7@1: ProcStatus 0 1, GoStatus 1 7 2\n"
		"8@128000: ProcStatus 1 1, GoStatus 3 8 2\n"
		"8@128100: HeapAlloc 6\n8@128200: HeapAlloc 8\n",
		"7@1: ProcStatus 0 1, GoStatus 1 7 2\n"
		"7@100000000000: HeapAlloc 6\n"
		"8@10000000000000: ProcStatus 1 1, GoStatus 3 8 2\n",
	};
	struct repaired r;
	struct build b;

	for (size_t i = 0; i < COUNT(scripts); i++) {
		script_build(&b, test_versions[_i], scripts[i]);
		repair(&r, b.data, b.len);
		expect_good(&r, "young clock", i);
		ck_assert_uint_eq(r.whole, 1);
		build_release(&r.bytes);
		build_release(&b);
	}
}
END_TEST

/* With a byte less in its header, a batch is 128 times as early: nothing else shows it. */
START_TEST(a_batch_of_another_time_is_left_out)
{
	struct thread_event ignored[16];
	struct repaired r;
	struct build b;

	script_build(&b, test_versions[_i],
		     "7@12800000000000: ProcStatus 0 1, GoStatus 1 7 2, HeapAlloc 5\n"
		     "8@12800000000100: ProcStatus 1 1, GoStatus 3 8 2, HeapAlloc 6\n"
		     "9@100000000001: ProcStatus 2 1, GoStatus 4 9 2, HeapAlloc 7\n"
		     "8@12800000000200: HeapAlloc 8\n");
	repair(&r, b.data, b.len);
	expect_good(&r, "another time", 0);
	ck_assert_uint_eq(r.whole, 0);
	ck_assert_uint_eq(events_of(ignored, COUNT(ignored), &r.bytes, 7), 3);
	ck_assert_uint_eq(events_of(ignored, COUNT(ignored), &r.bytes, 8), 4);
	ck_assert_uint_eq(events_of(ignored, COUNT(ignored), &r.bytes, 9), 0);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

START_TEST(bytes_between_batches_cost_nothing)
{
	static const char batch[] = {TT_EV_EVENT_BATCH, 1, 8, 120};
	struct thread_event was[256], is[256];
	uint8_t junk[90];
	struct build b, odd;
	struct repaired r;
	size_t at, n;

	memset(junk, 0xfd, sizeof(junk));
	for (size_t v = 0; v < TEST_NVERSIONS; v++) {
		build_among(&b, test_versions[v],
			    "8@100: ProcStatus 1 1, GoStatus 3 8 2, GoStop 0 0, GoStart 3 1\n",
			    resumed[0].after);
		n = events_of(was, COUNT(was), &b, 7);
		at = find(&b, batch, sizeof(batch));
		memset(&odd, 0, sizeof(odd));
		build_bytes(&odd, b.data, at);
		build_bytes(&odd, junk, sizeof(junk));
		build_bytes(&odd, b.data + at, b.len - at);
		repair(&r, odd.data, odd.len);
		expect_good(&r, "bytes added at", at);
		/* (the mark that ends the generation is written anew) */
		ck_assert_uint_le(r.lost_nbytes, sizeof(junk) + 1);
		ck_assert_uint_eq(events_of(is, COUNT(is), &r.bytes, 7), n);
		ck_assert_uint_eq(events_of(is, COUNT(is), &r.bytes, 8), resumed[0].kept);
		build_release(&r.bytes);
		build_release(&odd);
		build_release(&b);
	}
}
END_TEST

/* ---- the rest of a generation, after bytes that looked like its end */

/* Thread 7 has two batches: the first one and the last one of all. The bytes are added after the
 * first one. */
static const char in_parts[] =
	"7@100: ProcStatus 0 1, GoStatus 1 7 2, GoCreate 2 0 0, GoBlock 0 0, GoStart 2 1, "
	"GoStop 0 0, GoStart 2 2, GoStop 0 0, GoStart 2 3, GoStop 0 0, GoStart 2 4, GoStop 0 0, "
	"GoStart 2 5, GoStop 0 0, GoStart 2 6, GoStop 0 0, GoStart 2 7, GoStop 0 0, GoStart 2 8\n"
	"8@200: ProcStatus 1 1, GoStatus 3 8 2, HeapAlloc 5\n"
	"9@300: ProcStatus 2 1, GoStatus 4 9 2, HeapAlloc 6, HeapAlloc 7\n"
	"7@400: HeapAlloc 8, HeapAlloc 9\n";

static const char like_another[] = {TT_EV_EVENT_BATCH, 2, 9, 100, 1, 0};

static const struct parts {
	unsigned version;
	const char *between;    /* before thread 8's batch */
	size_t n;
	size_t nlacking;        /* bytes at the end of thread 9's batch */
	bool early_clock;       /* the clock is before all events; else it is after them */
	const char *kept;       /* generations; events of each thread; bytes lost, events in doubt */
} parts[] = {
	{26, "\x34", 1, 0, false, "1: 0 3 4; 100 0 and more"},
	{22, like_another, sizeof(like_another), 0, false, "1: 1 3 4; 94 1 and more"},
	/* what was in doubt in a piece is so for good */
	{26, "\x34", 1, 3, false, "1: 1 3 0; 109 1 and more"},
	/* two whole clocks are two generations */
	{26, "\x34", 1, 3, true, "2: 21 1 0; 29 1 and more"},
};

static void build_parts(struct build *to, const struct parts *p)
{
	static const char last[] = {TT_EV_HEAP_ALLOC, 1, 9};
	size_t first, second, fourth, tables;
	struct build b;

	script_build(&b, p->version, in_parts);
	first = find(&b, "\1\1\7\x64", 4);
	second = find(&b, "\1\1\x8\xc8", 4);
	fourth = find(&b, "\1\1\7\x90", 4);
	tables = find(&b, last, sizeof(last)) + sizeof(last);
	*to = (struct build){.version = p->version};
	build_bytes(to, b.data, p->early_clock ? first : 16);
	build_bytes(to, b.data + first, second - first);
	build_bytes(to, p->between, p->n);
	build_bytes(to, b.data + second, fourth - second - p->nlacking);
	build_bytes(to, b.data + fourth, tables - fourth);
	if (!p->early_clock)
		build_bytes(to, b.data + 16, first - 16);
	build_bytes(to, b.data + tables, b.len - tables);
	build_release(&b);
}

START_TEST(the_rest_of_a_generation_is_joined)
{
	struct thread_event ignored[64];
	size_t kept[3];
	struct repaired r;
	struct build b;
	char text[64];

	build_parts(&b, &parts[_i]);
	repair(&r, b.data, b.len);
	expect_good(&r, "joined", (size_t)_i);
	for (int i = 0; i < 3; i++)
		kept[i] = events_of(ignored, COUNT(ignored), &r.bytes, 7 + i);
	snprintf(text, sizeof(text), "%u: %zu %zu %zu; %llu %llu%s", r.generations, kept[0], kept[1],
		 kept[2], (unsigned long long)r.lost_nbytes, (unsigned long long)r.doubted_events,
		 r.lost_more ? " and more" : "");
	ck_assert_str_eq(text, parts[_i].kept);
	build_release(&r.bytes);
	build_release(&b);
}
END_TEST

Suite *repair_suite(void)
{
	Suite *s = suite_create("repair");
	TCase *tc = tcase_create("repair");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, good_traces_stay_as_they_are, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, what_is_cut_off_can_be_read, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, what_is_changed_can_be_read, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, broken_generations_lead_to_the_next, 0, COUNT(bridges));
	tcase_add_test(tc, a_number_that_is_missing_is_filled_in);
	tcase_add_test(tc, the_collector_is_led_on_whatever_its_count);
	tcase_add_test(tc, what_contradicts_all_is_left_out);
	tcase_add_test(tc, says_how_much_follows_an_unknown_event);
	tcase_add_test(tc, embedded_events_stay_as_they_are);
	tcase_add_test(tc, embedded_events_outlive_their_stacks);
	tcase_add_test(tc, embedded_events_without_their_thread_go_alone);
	tcase_add_test(tc, embedded_events_without_their_spec_stay);
	tcase_add_test(tc, embedded_events_cut_and_changed_can_be_read);
	tcase_add_loop_test(tc, a_batch_that_lost_bytes_keeps_what_is_confirmed, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, times_of_a_young_clock_are_good, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, a_batch_of_another_time_is_left_out, 0, TEST_NVERSIONS);
	tcase_add_loop_test(tc, events_go_on_over_a_lost_batch, 0, TEST_NVERSIONS);
	tcase_add_test(tc, bridges_take_no_longer_than_reading);
	tcase_add_loop_test(tc, bridges_are_what_comes_next_requires, 0, COUNT(required));
	tcase_add_loop_test(tc, a_thread_that_begins_with_a_bridge_stays_in_its_place, 0,
			    TEST_NVERSIONS);
	tcase_add_loop_test(tc, threads_go_on_after_a_gap_unless_they_lack_a_batch, 0,
			    COUNT(resumed));
	tcase_add_test(tc, bytes_between_batches_cost_nothing);
	tcase_add_loop_test(tc, the_rest_of_a_generation_is_joined, 0, COUNT(parts));
	suite_add_tcase(s, tc);
	return s;
}
