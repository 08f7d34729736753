/* SPDX-License-Identifier: MIT */
/*
 * v1_test.c - traces of Go 1.11 to 1.21: order, checks with Go's words, conversion, and
 * files whose every number may be a lie. A trace is written as its records, by the names of
 * specs/v1.spec: `Batch 0 100; GoCreate 0 5 0 0; String 1 "text"`.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "spec/spec.h"
#include "tests/build.h"
#include "tests/reader_support.h"
#include "tests/sanitized.h"
#include "tests/suites.h"
#include "tracetool_write.h"
#include "wire/assemble.h"
#include "wire/format.h"

static struct tt_specs *records;

static void setup(void)
{
	struct tt_error err;

	if (tt_specs_new_v1(&records, &err) < 0)
		ck_abort_msg("%s", err.message);
}

static void teardown(void)
{
	tt_specs_free(records);
}

/* ---- building */

/* "text" after a length; p is at the first quote. */
static const char *build_text(struct build *b, const char *p)
{
	const char *end = strchr(p + 1, '"');

	ck_assert_ptr_nonnull(end);
	build_number(b, (uint64_t)(end - p - 1));
	build_bytes(b, p + 1, (size_t)(end - p - 1));
	return end + 1;
}

/* The numbers of one record, encoded; *n says how many. */
static struct build take_numbers(const char **p, unsigned *n)
{
	struct build numbers = {0};

	for (*n = 0;; ++*n) {
		char *end;

		*p += strspn(*p, " \n");
		if (**p != '-' && (**p < '0' || **p > '9'))
			return numbers;
		build_number(&numbers, **p == '-' ? (uint64_t)strtoll(*p, &end, 10)
						  : strtoull(*p, &end, 10));
		*p = end;
	}
}

static const char *build_record(struct build *b, const char *p)
{
	size_t len = strcspn(p, " ;");
	const struct tt_event_spec *spec = tt_specs_event_of(records, (struct tt_str){p, len});
	struct build numbers;
	unsigned n;

	ck_assert_msg(spec != NULL, "no record %.20s", p);
	p += len;
	numbers = take_numbers(&p, &n);
	if (spec->has_data && !spec->timed) {
		build_byte(b, spec->type);
	} else if (n >= 1 && n <= 3) {
		build_byte(b, spec->type | (n - 1) << 6);
	} else {
		build_byte(b, spec->type | 0xc0u);
		build_number(b, numbers.len);
	}
	build_bytes(b, numbers.data, numbers.len);
	build_release(&numbers);
	return *p == '"' ? build_text(b, p) : p;
}

static void build_records(struct build *b, const char *p)
{
	for (p += strspn(p, " ;\n"); *p != '\0'; p += strspn(p, " ;\n"))
		p = build_record(b, p);
}

static struct build build_trace(unsigned version, const char *text)
{
	struct build b;

	build_init(&b, version);
	build_records(&b, text);
	return b;
}

/* What each trace begins with: goroutine 1 runs on P 0 and thread 7. */
#define BEGIN "Batch 0 1000; GoCreate 0 1 0 0; ProcStart 0 7; GoStart 0 1 1; Gomaxprocs 0 2 0; "
#define END "; Frequency 1000000000"

/* ---- reading */

/* The events of a trace, a word for each, and its outcome. */
struct reading {
	char events[2048];
	struct tt_error err;
};

static void say(struct reading *r, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(struct reading *r, const char *format, ...)
{
	size_t used = strlen(r->events);
	va_list args;

	va_start(args, format);
	vsnprintf(r->events + used, sizeof(r->events) - used, format, args);
	va_end(args);
}

static void say_event(struct reading *r, const struct tt_event *ev)
{
	if (ev->kind == TT_KIND_SYNC) {
		say(r, "Sync@%" PRId64 "\n", ev->time_ns);
		return;
	}
	say(r, "%s@%" PRId64 " M%" PRId64 " P%" PRId64 " G%" PRId64, ev->spec->name, ev->time_ns,
	    ev->thread, ev->proc, ev->goroutine);
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		say(r, " %" PRId64, (int64_t)ev->args[i]);
	say(r, "\n");
}

static struct reading read_bytes(const void *data, size_t n)
{
	struct tt_reader *reader = test_open(data, n, 0);
	struct reading r = {.events = ""};
	const struct tt_event *ev;
	int rc;

	while ((rc = tt_reader_next(reader, &ev)) == 0)
		say_event(&r, ev);
	r.err = *tt_reader_error(reader);
	ck_assert_int_eq(rc, r.err.code == TT_OK ? 1 : -r.err.code);
	tt_reader_close(reader);
	return r;
}

static struct reading read_trace(unsigned version, const char *text)
{
	struct build b = build_trace(version, text);
	struct reading r = read_bytes(b.data, b.len);

	build_release(&b);
	return r;
}

static void expect_events(unsigned version, const char *text, const char *events)
{
	struct reading r = read_trace(version, text);

	ck_assert_msg(r.err.code == TT_OK, "%s", r.err.message);
	ck_assert_str_eq(r.events, events);
}

/* ---- conversion */

#define BEGUN "Sync@-1\nProcStatus@0 M7 P0 G-1 0 1\nGoStatus@1 M7 P0 G1 1 -1 2\n"

START_TEST(what_there_was_is_stated_and_then_events_begin)
{
	expect_events(21,
		      "Batch 0 1000; GoCreate 0 1 0 0; GoCreate 0 2 0 0; GoWaiting 0 2;"
		      "GoCreate 0 3 0 0; GoInSyscall 0 3; GoCreate 0 4 0 0; ProcStart 0 7;"
		      "GoStart 0 1 1; Gomaxprocs 5 2 0; Gomaxprocs 5 3 0;"
		      "GoCreate 1 9 0 0; GoEnd 1" END,
		      "Sync@-1\n"
		      "GoStatus@0 M-1 P0 G2 2 -1 4\n"
		      "GoStatus@1 M-1 P0 G3 3 -1 3\n"
		      "ProcStatus@2 M7 P0 G-1 0 1\n"
		      "GoStatus@3 M7 P0 G1 1 -1 2\n"
		      "GoStatus@5 M-1 P-1 G-1 4 -1 1\n"
		      "ProcsChange@10 M7 P0 G1 3 0\n"
		      "GoCreate@11 M7 P0 G1 9 0 0\n"
		      "GoDestroy@12 M7 P0 G1\n"
		      "Sync@13\n");
}
END_TEST

START_TEST(a_syscall_blocks_if_that_is_what_its_goroutine_does_next)
{
	expect_events(19,
		      BEGIN "GoSysCall 10 0; HeapAlloc 10 5; GoSysCall 10 0; GoSysBlock 10;"
		      "ProcStop 1; Batch 1 1100; GoSysExit 0 1 2 1060; ProcStart 1 8;"
		      "GoStart 1 1 3" END,
		      BEGUN "GoSyscallBegin@10 M7 P0 G1 0 0\n"
		      "GoSyscallEnd@11 M7 P0 G1\n"
		      "HeapAlloc@20 M7 P0 G1 5\n"
		      "GoSyscallBegin@30 M7 P0 G1 0 0\n"
		      "ProcStop@41 M7 P0 G-1\n"
		      "GoSyscallEndBlocked@60 M-1 P1000003 G1\n"
		      "ProcStatus@101 M8 P1 G-1 1 1\n"
		      "GoStart@102 M8 P1 G1 1 3\n"
		      "Sync@103\n");
}
END_TEST

START_TEST(timers_and_the_network_wake_on_ps_of_their_own)
{
	expect_events(11,
		      BEGIN "GoCreate 1 2 0 0; GoCreate 1 3 0 0; GoBlockNet 1 0; GoStartLocal 1 2;"
		      "GoSleep 1 0; GoStartLocal 1 3; GoUnblockLocal 1 1 0; GoUnblockLocal 1 2 0;"
		      "TimerGoroutine 3" END,
		      BEGUN "GoCreate@2 M7 P0 G1 2 0 0\nGoCreate@3 M7 P0 G1 3 0 0\n"
		      "GoBlock@4 M7 P0 G1 7 0\nGoStart@5 M7 P0 G2 2 0\nGoBlock@6 M7 P0 G2 4 0\n"
		      "GoStart@7 M7 P0 G3 3 0\nGoUnblock@8 M-1 P1000002 G3 1 0 0\n"
		      "GoUnblock@9 M-1 P1000001 G3 2 0 0\nSync@10\n");
}
END_TEST

START_TEST(annotations_keep_their_texts)
{
	struct build b = build_trace(21,
				     BEGIN "String 5 \"job\"; String 6 \"key\";"
				     "UserTaskCreate 1 4 0 5 0; UserRegion 1 4 0 5 0;"
				     "UserLog 1 4 6 0 \"hello\"; UserLog 1 4 6 0 \"hello\";"
				     "UserRegion 1 4 1 5 0; UserTaskEnd 1 4 0; UserTaskEnd 1 9 0" END);
	struct tt_reader *r = test_open(b.data, b.len, 0);
	const struct tt_event *ev;
	struct tt_task task = {0};
	unsigned nlogs = 0;
	uint64_t message = 0;

	while (tt_reader_next(r, &ev) == 0) {
		if (ev->kind == TT_KIND_TASK_BEGIN)
			ck_assert_uint_eq(tt_event_task(ev).parent, TT_NO_TASK);
		if (ev->kind == TT_KIND_TASK_END)
			task = tt_event_task(ev);
		if (ev->kind == TT_KIND_TASK_END && task.id == 4) {
			ck_assert_uint_eq(task.parent, 0);
			ck_assert_uint_eq(task.type.len, 3);
		}
		if (ev->kind != TT_KIND_LOG)
			continue;
		ck_assert_mem_eq(tt_event_log(ev).category.data, "key", 3);
		ck_assert_mem_eq(tt_event_log(ev).message.data, "hello", 5);
		ck_assert(nlogs++ == 0 || message == ev->args[2]);
		message = ev->args[2];
	}
	ck_assert_int_eq(tt_reader_error(r)->code, TT_OK);
	ck_assert_uint_eq(nlogs, 2);
	ck_assert_uint_eq(task.parent, TT_NO_TASK);
	ck_assert_uint_eq(task.type.len, 0);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

START_TEST(samples_have_a_time_of_their_own_and_no_thread)
{
	expect_events(19, BEGIN "GoSched 50 0; CPUSample 9 1020 3 1 0; CPUSample 9 1010 -1 0 0" END,
		      BEGUN "CPUSample@10 M-1 P-1 G-1 10 -1 -1 -1 0\n"
		      "CPUSample@20 M-1 P3 G1 20 -1 3 1 0\nGoStop@50 M7 P0 G1 3 0\nSync@51\n");
}
END_TEST

START_TEST(a_stack_that_is_defined_again_is_the_later_one)
{
	struct build b = build_trace(21, BEGIN "GoSched 1 8; String 1 \"f\"; String 2 \"g\";"
					       "Stack 8 1 100 1 2 5; Stack 8 2 200 2 1 6 100 9 9 9" END);
	struct tt_reader *r = test_open(b.data, b.len, 0);
	struct tt_frame frames[TT_MAX_FRAMES];
	const struct tt_generation *g;

	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_uint_eq(tt_generation_nstacks(g), 1);
	ck_assert_int_eq(tt_generation_stack(g, 8, frames), 2);
	ck_assert_uint_eq(frames[0].pc, 200);
	/* the first definition of a pc counts */
	ck_assert_uint_eq(frames[1].line, 5);
	ck_assert_uint_eq(tt_generation_frequency(g), 1000000000);
	ck_assert_int_eq(tt_generation_ns(g, 1007), 7);
	ck_assert_ptr_null(tt_generation_clock(g));
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

START_TEST(a_stack_may_have_more_frames_than_in_v2)
{
	struct build b = build_trace(21, BEGIN);
	struct tt_frame frames[TT_MAX_FRAMES];
	const struct tt_generation *g;
	struct tt_reader *r;
	struct build numbers = {0};

	build_number(&numbers, 3);
	build_number(&numbers, 500);
	for (unsigned i = 0; i < 500 * 4; i++)
		build_number(&numbers, i % 4 == 0 ? 1 : 0);
	build_byte(&b, 0xc3);
	build_number(&b, numbers.len);
	build_bytes(&b, numbers.data, numbers.len);
	build_release(&numbers);
	build_records(&b, END);
	r = test_open(b.data, b.len, 0);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_int_eq(tt_generation_stack(g, 3, frames), 500);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

/* Of equal times the one that came first in the file stays first, whichever moves. */
START_TEST(a_syscall_exit_goes_to_its_own_time)
{
	expect_events(21,
		      "Batch 0 1000; GoCreate 0 1 0 0; GoInSyscall 0 1; GoCreate 0 2 0 0;"
		      "GoInSyscall 0 2; Gomaxprocs 0 2 0; HeapAlloc 10 1; HeapAlloc 10 2;"
		      "GoSysExit 10 1 2 1020; HeapAlloc 0 3; GoSysExit 10 2 2 1010; HeapAlloc 0 4" END,
		      "Sync@-1\nGoStatus@0 M-1 P0 G1 1 -1 3\nGoStatus@1 M-1 P0 G2 2 -1 3\n"
		      "HeapAlloc@10 M-1 P0 G-1 1\nGoSyscallEndBlocked@11 M-1 P1000003 G2\n"
		      "HeapAlloc@20 M-1 P0 G-1 2\nGoSyscallEndBlocked@21 M-1 P1000003 G1\n"
		      "HeapAlloc@30 M-1 P0 G-1 3\nHeapAlloc@40 M-1 P0 G-1 4\nSync@41\n");
}
END_TEST

START_TEST(many_syscall_exits_are_sorted)
{
	struct build b = build_trace(21, "Batch 0 1000");
	struct tt_reader *r;
	const struct tt_event *ev;
	char text[128];
	int64_t last = INT64_MIN;
	unsigned n = 0;

	for (unsigned i = 1; i <= 500; i++) {
		snprintf(text, sizeof(text), "GoCreate 0 %u 0 0; GoInSyscall 0 %u", i, i);
		build_records(&b, text);
	}
	for (unsigned i = 1; i <= 500; i++) {
		snprintf(text, sizeof(text), "GoSysExit 10 %u 2 %u; HeapAlloc 0 1", i,
			 1000 + i * 7919 % 5000);
		build_records(&b, text);
	}
	build_records(&b, "Gomaxprocs 0 2 0" END);
	r = test_open(b.data, b.len, 0);
	while (tt_reader_next(r, &ev) == 0) {
		ck_assert(ev->raw_time_ns >= last || ev->kind == TT_KIND_SYNC);
		last = ev->raw_time_ns;
		n += ev->spec != NULL && strcmp(ev->spec->name, "GoSyscallEndBlocked") == 0;
	}
	ck_assert_uint_eq(n, 500);
	ck_assert_int_eq(tt_reader_error(r)->code, TT_OK);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

START_TEST(reasons_of_stops_depend_on_the_version)
{
	static const struct {
		unsigned version, kind;
		const char *reason;
	} stops[] = {
		{19, 0, "GC mark termination"}, {19, 1, "GC sweep termination"}, {19, 2, ""},
		{21, 0, ""}, {21, 1, "GC mark termination"}, {21, 9, "GOMAXPROCS"},
		{21, 16, "ResetDebugLog (test)"}, {21, 17, ""},
	};

	for (size_t i = 0; i < COUNT(stops); i++) {
		char text[256];
		struct build b;
		struct tt_reader *r;
		const struct tt_event *ev;
		unsigned n = 0;

		snprintf(text, sizeof(text), BEGIN "GCSTWStart 1 %u; GCSTWDone 1" END, stops[i].kind);
		b = build_trace(stops[i].version, text);
		r = test_open(b.data, b.len, 0);
		while (tt_reader_next(r, &ev) == 0) {
			struct tt_range range;

			if (ev->kind != TT_KIND_RANGE_BEGIN && ev->kind != TT_KIND_RANGE_END)
				continue;
			range = tt_event_range(ev);
			ck_assert(range.kind_known);
			ck_assert_uint_eq(range.kind.len, strlen(stops[i].reason));
			ck_assert_mem_eq(range.kind.data, stops[i].reason, range.kind.len);
			n++;
		}
		ck_assert_uint_eq(n, 2);
		tt_reader_close(r);
		build_release(&b);
	}
}
END_TEST

/* ---- errors in Go's words, with nothing before them */

static const struct {
	const char *text;
	int code;
	const char *message;
} bad[] = {
	{"Batch 0 1", TT_E_CUT_OFF, "no EvFrequency event"},
	{"", TT_E_CUT_OFF, "no EvFrequency event"},
	{"ProcStop 0", TT_E_BATCH_TYPE,
	 "read event 6 with current P of 0, but P has no batches yet"},
	{"Batch 0 1 2", TT_E_BATCH_HEADER, "EvBatch has wrong number of arguments: got 3, want 2"},
	{"Batch 2147483648 1", TT_E_BATCH_HEADER,
	 "processor ID 2147483648 is larger than maximum of 18446744073709551615"},
	{BEGIN "GoStart 0 1", TT_E_EVENT_NUMBER,
	 "GoStart has wrong number of arguments: want 3, got 2"},
	{BEGIN "GoUnblock 0 1 2 3 4", TT_E_EVENT_NUMBER,
	 "GoUnblock has wrong number of arguments: want 4, got 5"},
	{BEGIN "CPUSample 0 1 2 3 4 5", TT_E_EVENT_NUMBER,
	 "CPU sample has wrong number of arguments: want 5, got 6"},
	{BEGIN "CPUSample 0 1", TT_E_EVENT_NUMBER,
	 "CPU sample has wrong number of arguments: want 5, got 0"},
	{BEGIN "UserLog 0 1", TT_E_EVENT_NUMBER,
	 "UserLog has wrong number of arguments: want 4, got 2"},
	{BEGIN "Frequency 0", TT_E_TIME_ORDER, "time stamps out of order"},
	{BEGIN "Frequency 1 2", TT_E_EVENT_NUMBER,
	 "Frequency has wrong number of arguments: want 1, got 2"},
	{BEGIN "String 0 \"x\"" END, TT_E_STRING_RECORD, "string has invalid id 0"},
	{BEGIN "String 1 \"\"" END, TT_E_STRING_RECORD, "string has invalid length 0"},
	{BEGIN "String 1 \"a\"; String 1 \"b\"" END, TT_E_STRING_DUPLICATE,
	 "string has duplicate id 1"},
	{BEGIN "Stack 1" END, TT_E_STACK_RECORD,
	 "EvStack has wrong number of arguments: want at least 2, got 1"},
	{BEGIN "Stack 1 1001" END, TT_E_STACK_SIZE, "EvStack has bad number of frames: 1001"},
	{BEGIN "Stack 1 1 2 3 4" END, TT_E_STACK_RECORD,
	 "EvStack has wrong number of arguments: want 6, got 5"},
	{BEGIN "GoStart 0 2 1" END, TT_E_STUCK, "no consistent ordering of events possible"},
	{BEGIN "GoSched 0 0; Batch 1 999; GoStart 0 1 2" END, TT_E_TIME_ORDER,
	 "time stamps out of order"},
	/* both Ps find the goroutine ready, and only one can have it */
	{BEGIN "GoSched 0 0; Batch 1 1001; GoStartLocal 0 1; Batch 2 1001; GoStartLocal 0 1" END,
	 TT_E_GOROUTINE, "encountered impossible goroutine state transition"},
	{BEGIN "GoBlock 0 0; GoSysExit 1 1 2 1" END, TT_E_GOROUTINE, "stray syscall exit"},
	{BEGIN "GoSysBlock 5; GoSysExit 1 1 2 1001" END, TT_E_TIME_ORDER,
	 "time stamps out of order"},
	{BEGIN "ProcStart 1 7" END, TT_E_PROC, "p 0 is running before start (time 1)"},
	{"Batch 0 1; ProcStop 0" END, TT_E_PROC, "p 0 is not running before stop (time 0)"},
	{BEGIN "ProcStop 1" END, TT_E_PROC, "p 0 is running a goroutine 1 during stop (time 1)"},
	{BEGIN "GCDone 1" END, TT_E_GC, "bogus GC end (time 1)"},
	{BEGIN "GCStart 1 0 0; GCStart 1 1 0" END, TT_E_GC,
	 "previous GC is not ended before a new one (time 2)"},
	{BEGIN "GCSTWDone 1" END, TT_E_RANGE, "bogus STW end (time 1)"},
	{BEGIN "GCSTWStart 1 0; GCSTWStart 1 0" END, TT_E_RANGE,
	 "previous STW is not ended before a new one (time 2)"},
	{BEGIN "GCSweepDone 1 0 0" END, TT_E_RANGE, "bogus sweeping end (time 1)"},
	{BEGIN "GCSweepStart 1 0; GCSweepStart 1 0" END, TT_E_RANGE,
	 "previous sweeping is not ended before a new one (time 2)"},
	{BEGIN "GCMarkAssistStart 1 0; GCMarkAssistStart 1 0" END, TT_E_RANGE,
	 "previous mark assist is not ended before a new one (time 2)"},
	{BEGIN "GoEnd 1; GoEnd 1" END, TT_E_GOROUTINE, "g 0 did GoEnd (time 2)"},
	{BEGIN "GoEnd 1; GoSysCall 1 0" END, TT_E_GOROUTINE, "g 0 did GoSysCall (time 2)"},
	{BEGIN "GoSched 1 0; Batch 1 1005; GoSysCall 0 0; GoStart 0 1 2; GoSysCall 0 0; Batch 0 1010;"
	 "GoCreate 0 5 0 0; GoStart 0 5 1" END,
	 TT_E_GOROUTINE, "g 0 did GoSysCall (time 5)"},
	{BEGIN "GoCreate 1 2 0 0; GoStart 1 2 1" END, TT_E_PROC,
	 "p 0 is already running g 1 while start g 2 (time 2)"},
	{BEGIN "GCMarkAssistStart 1 0; GoEnd 1; GoUnblock 1 1 2 0" END, TT_E_STUCK,
	 "no consistent ordering of events possible"},
	/* as Go reads it, the exit is one of the goroutine that runs */
	{BEGIN "GoCreate 1 2 0 0; GoInSyscall 1 2; GoSysExitLocal 1 2 5" END, TT_E_GOROUTINE,
	 "g 1 is not waiting during syscall exit (time 3)"},
	{BEGIN "UserRegion 1 4 2 0 0" END, TT_E_REGION,
	 "invalid user region mode: \"1 UserRegion p=0 g=1 stk=0 taskid=4 mode=2 typeid=0\""},
	{BEGIN "UserRegion 1 4 0 0 9; UserRegion 1 5 1 0 8" END, TT_E_REGION,
	 "misuse of region in goroutine 1: span end \"2 UserRegion p=0 g=1 stk=8 taskid=5 mode=1 "
	 "typeid=0\" when the inner-most active span start event is \"1 UserRegion p=0 g=1 stk=0 "
	 "taskid=4 mode=0 typeid=0\""},
	{BEGIN "UserTaskCreate 1 4 0 0 0; UserTaskCreate 1 4 0 0 0" END, TT_E_TASK,
	 "task id conflicts (id:4), \"2 UserTaskCreate p=0 g=1 stk=0 taskid=4 pid=0 typeid=0\" vs "
	 "\"1 UserTaskCreate p=0 g=1 stk=0 taskid=4 pid=0 typeid=0\""},
};

START_TEST(errors_are_go_s_and_come_alone)
{
	struct reading r = read_trace(21, bad[_i].text);

	ck_assert_msg(r.err.code == bad[_i].code, "%s: %s", bad[_i].text, r.err.message);
	/* a second line is ours */
	r.err.message[strcspn(r.err.message, "\n")] = '\0';
	ck_assert_str_eq(r.err.message, bad[_i].message);
	ck_assert_str_eq(r.events, "");
}
END_TEST

START_TEST(who_waits_for_what_is_said)
{
	struct reading r = read_trace(21, BEGIN "GoSched 5 0; GoStart 0 1 7" END);

	ck_assert_str_eq(r.err.message, "no consistent ordering of events possible\n"
					"GoStart on P 0 waits until goroutine 1 is runnable with number 7; "
					"it is runnable with number 2");
	r = read_trace(21, BEGIN "GoSched 5 0; GoBlock 0 0" END);
	ck_assert_str_eq(r.err.message, "no consistent ordering of events possible\n"
					"GoBlock on P 0 waits until goroutine 0 is running; "
					"it is not there with number 0");
}
END_TEST

START_TEST(records_may_be_too_new_or_no_type_at_all)
{
	struct build b = build_trace(11, BEGIN "CPUSample 0 1 2 3 4");
	struct reading r = read_bytes(b.data, b.len);

	ck_assert_str_eq(r.err.message, "unknown event type 49");
	build_release(&b);
	b = build_trace(21, BEGIN);
	build_byte(&b, 0);
	r = read_bytes(b.data, b.len);
	ck_assert_str_eq(r.err.message, "unknown event type 0");
	ck_assert_uint_eq(r.err.offset, b.len - 1);
	build_release(&b);
}
END_TEST

/* A record that v2 has nothing for comes after the events before it; so do missing texts. */
START_TEST(what_cannot_be_converted_ends_the_trace)
{
	struct reading r = read_trace(21, BEGIN "FutileWakeup 1" END);

	ck_assert_int_eq(r.err.code, TT_E_EVENT_UNORDERED);
	ck_assert_str_eq(r.err.message, "unexpected event type 36");
	ck_assert_str_eq(r.events, BEGUN);
	r = read_trace(21, BEGIN "UserTaskCreate 1 4 0 77 0" END);
	ck_assert_int_eq(r.err.code, TT_E_EVENT_STRING);
	ck_assert_str_eq(r.events, BEGUN);
	r = read_trace(21, BEGIN "GoCreate 1 4 77 0" END);
	ck_assert_int_eq(r.err.code, TT_E_EVENT_STACK);
	ck_assert_str_eq(r.events, BEGUN);
	r = read_trace(21, BEGIN "GoSched 1 3; Stack 3 1 1 66 0 0" END);
	ck_assert_int_eq(r.err.code, TT_E_STACK_STRING);
	ck_assert_str_eq(r.events, BEGUN);
}
END_TEST

/* Go goes on until it needs an id that is not left. */
START_TEST(ids_may_be_so_high_that_none_is_left)
{
	struct reading r = read_trace(
		21, BEGIN "String -1 \"s\"; UserRegion 1 0 0 -1 0; GoSched 1 0" END);

	ck_assert_int_eq(r.err.code, TT_E_STRING_RECORD);
	ck_assert_str_eq(r.err.message, "trace contains too many strings");
	ck_assert_ptr_nonnull(strstr(r.events, "UserRegionBegin"));
	r = read_trace(21, BEGIN "String -1 \"s\"; UserLog 1 0 0 0 \"text\"" END);
	ck_assert_int_eq(r.err.code, TT_E_STRING_RECORD);
	r = read_trace(21, BEGIN "String -1 \"s\"; HeapAlloc 1 5" END);
	ck_assert_int_eq(r.err.code, TT_OK);
}
END_TEST

START_TEST(a_trace_without_events_is_one_sync)
{
	expect_events(19, "Batch 0 1" END, "Sync@0\n");
}
END_TEST

/* ---- cuts, lies, hostile shapes */

#define RICH BEGIN "String 1 \"f\"; Stack 2 1 5 1 1 9; GoCreate 3 2 2 2; GoSysCall 1 2;" \
	"UserTaskCreate 1 4 0 1 0; UserLog 1 4 1 0 \"text\"; CPUSample 1 1003 0 1 2;" \
	"GoBlockRecv 1 2; Batch 1 1100; ProcStart 0 8; GoStart 0 2 1; GoUnblock 1 1 2 0" END

START_TEST(a_cut_trace_is_an_error_or_a_trace)
{
	struct build b = build_trace(21, RICH);

	for (size_t n = 16; n < b.len; n++) {
		/* a block of its own, so that a sanitizer sees each read past its end */
		uint8_t *cut = malloc(n);
		struct reading r;

		memcpy(cut, b.data, n);
		r = read_bytes(cut, n);
		ck_assert_int_ne(r.err.code, TT_OK);
		free(cut);
	}
	build_release(&b);
}
END_TEST

START_TEST(any_byte_may_be_wrong)
{
	struct build b = build_trace(21, RICH);

	for (size_t i = 16; i < b.len; i++) {
		uint8_t was = b.data[i];

		/* under sanitizers every 11th value, others at the next byte */
		for (unsigned value = i % TT_EVERY; value < 256; value += TT_EVERY) {
			b.data[i] = (uint8_t)value;
			read_bytes(b.data, b.len);
		}
		b.data[i] = was;
	}
	build_release(&b);
}
END_TEST

START_TEST(a_message_that_is_cut_is_found_when_its_batch_is_ordered)
{
	struct build b = build_trace(21, BEGIN);
	struct reading r;

	build_bytes(&b, "\xf0\x04\x00\x04\x01\x00\x64zzz", 10);
	r = read_bytes(b.data, b.len);
	ck_assert_int_eq(r.err.code, TT_E_CUT_OFF);
	ck_assert_str_eq(r.err.message, "failed to read trace: unexpected EOF");
	build_release(&b);
}
END_TEST

/* ---- repair */

/* What a repair says; its bytes go to *out. */
static struct tt_repaired repair(struct build *out, const void *data, size_t n)
{
	struct tt_reader *reader = test_open(data, n, 0);
	struct tt_repaired g = {0}, none;
	struct tt_repair *r;
	struct tt_error err;
	struct tt_str header;
	int rc;

	*out = (struct build){0};
	ck_assert_int_eq(tt_repair_new(&r, reader, &err), 0);
	header = tt_repair_header(r);
	build_bytes(out, header.data, header.len);
	rc = tt_repair_next(r, &g);
	if (rc == 0) {
		build_bytes(out, g.bytes.data, g.bytes.len);
		ck_assert_uint_eq(g.front.len, 0);
		rc = tt_repair_next(r, &none);
	}
	ck_assert_int_eq(rc, 1);
	tt_repair_free(r);
	tt_reader_close(reader);
	return g;
}

/* What was repaired can be read, and has nothing to be repaired. */
static void expect_repaired(const struct build *b)
{
	struct reading r = read_bytes(b->data, b->len);
	struct build again;

	if (b->len == TT_HEADER_SIZE)
		return;
	ck_assert_str_eq(r.err.message, "");
	ck_assert(repair(&again, b->data, b->len).whole);
	ck_assert_uint_eq(again.len, b->len);
	ck_assert_mem_eq(again.data, b->data, b->len);
	build_release(&again);
}

START_TEST(what_is_cut_off_is_repaired)
{
	struct build b = build_trace(21, RICH), repaired;
	uint64_t kept = 0;

	for (size_t n = TT_HEADER_SIZE; n <= b.len; n++) {
		struct tt_repaired g = repair(&repaired, b.data, n);

		expect_repaired(&repaired);
		ck_assert_int_eq(g.whole, n == b.len);
		ck_assert_uint_ge(g.events, kept);
		kept = g.events;
		build_release(&repaired);
	}
	ck_assert_uint_gt(kept, 10);
	build_release(&b);
}
END_TEST

START_TEST(whatever_byte_is_wrong_a_repair_can_be_read)
{
	struct build b = build_trace(21, RICH), repaired;

	for (size_t i = TT_HEADER_SIZE; i < b.len; i++) {
		uint8_t was = b.data[i];

		for (unsigned value = i % TT_EVERY; value < 256; value += 5 * TT_EVERY) {
			b.data[i] = (uint8_t)value;
			repair(&repaired, b.data, b.len);
			expect_repaired(&repaired);
			build_release(&repaired);
		}
		b.data[i] = was;
	}
	build_release(&b);
}
END_TEST

/* What a repair of these records says. */
static const struct repair_case {
	const char *records;
	uint64_t kept, lost, names; /* kept: with the first Sync, without Gomaxprocs */
	bool made_clock;
	int why;
} repairs[] = {
	{BEGIN "GoSched 5 0; GoStart 0 1 7; GoSched 5 0" END, 4, 2, 0, false, TT_E_STUCK},
	{BEGIN "UserTaskCreate 1 4 0 77 0" END, 4, 0, 1, false, TT_OK},
	{BEGIN "GoCreate 1 4 77 66" END, 4, 0, 2, false, TT_OK},
	{BEGIN "GoSched 1 3; Stack 3 1 1 66 0 0" END, 4, 0, 1, false, TT_OK},
	{BEGIN "GoSched 1 0; FutileWakeup 1; HeapAlloc 1 5" END, 4, 2, 0, false, TT_E_EVENT_UNORDERED},
	{BEGIN "GoSched 1 0; String 1 \"a\"; String 1 \"b\"; HeapAlloc 1 5" END, 4, 0, 0, true,
	 TT_E_STRING_DUPLICATE},
	{BEGIN "GCDone 1; HeapAlloc 1 5" END, 3, 2, 0, false, TT_E_GC},
	{BEGIN "GoSysExit 1 9 1 5; HeapAlloc 1 5" END, 3, 2, 0, false, TT_E_STUCK},
	{BEGIN "HeapAlloc 1 5; Batch 1 1100; GoStart 0 9 1" END, 4, 1, 0, false, TT_E_STUCK},
	/* events that P 0 lost: it stopped, or a goroutine came back from a syscall */
	{BEGIN "HeapAlloc 1 5; Batch 1 1100; ProcStart 0 7; HeapAlloc 1 6" END, 4, 2, 0, false,
	 TT_E_PROC},
	{BEGIN "HeapAlloc 200 5; Batch 1 1100; ProcStart 0 7; HeapAlloc 1 6" END, 4, 2, 0, false,
	 TT_E_PROC},
	{BEGIN "GoCreate 1 2 0 0; GoSysCall 1 0; GoSysBlock 1; ProcStop 1; Batch 1 1100;"
	 "ProcStart 0 7; GoStart 0 2 1" END, 7, 1, 0, false, TT_E_GOROUTINE},
	{BEGIN "GoSched 1 0; ProcStop 1; Batch 1 1100; GoStart 0 1 2" END, 5, 1, 0, false, TT_E_PROC},
	/* P 1 did not stop, and to end it earlier keeps more than to end P 0 */
	{BEGIN "GoSched 1 0; ProcStop 1; Batch 1 1100; ProcStart 0 9; Batch 0 1200; ProcStart 0 9;"
	 "HeapAlloc 1 5; HeapAlloc 1 6" END, 8, 1, 0, false, TT_E_PROC},
	/* the first Gomaxprocs is lost */
	{"Batch 0 1000; GoCreate 0 1 0 0; ProcStart 0 7; GoStart 0 1 1; GoSched 5 0; GoStart 5 1 2;"
	 "GoSched 5 0" END, 4, 2, 0, false, TT_E_GOROUTINE},
	{"Batch 0 1000; GoCreate 0 1 0 0; ProcStart 0 7; GoStart 0 1 1; GoCreate 1 2 0 0; GoSched 1 0;"
	 "GoStartLabel 5 2 1 1" END, 4, 1, 0, false, TT_E_GOROUTINE},
	/* a label is lost: the start stays */
	{BEGIN "GoCreate 1 4 0 0; GoSched 1 0; GoStartLabel 1 4 1 77; GoSched 1 0" END, 7, 0, 1, false,
	 TT_OK},
};

START_TEST(a_repair_says_what_is_lost)
{
	const struct repair_case *c = &repairs[_i];
	struct build b = build_trace(21, c->records), repaired;
	struct tt_repaired g = repair(&repaired, b.data, b.len);

	expect_repaired(&repaired);
	ck_assert_uint_eq(g.events, c->kept);
	ck_assert_uint_eq(g.lost_events, c->lost);
	ck_assert_uint_eq(g.lost_names, c->names);
	ck_assert_int_eq((g.flags & TT_REPAIRED_TICKS) != 0, c->made_clock);
	ck_assert_int_eq(g.why.code, c->why);
	build_release(&repaired);
	build_release(&b);
}
END_TEST

/* ---- hostile shapes */

/* Each P waits for another number of one goroutine, which changes all the time. */
START_TEST(many_waiting_ps_take_no_quadratic_time)
{
	enum { N = 40000 };
	struct build b = build_trace(21, BEGIN);
	char text[64];
	struct reading r;

	for (unsigned i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "GoSched 0 0; GoStart 0 1 %u", i + 2);
		build_records(&b, text);
	}
	for (unsigned i = 0; i < N; i++) {
		snprintf(text, sizeof(text), "Batch %u 1; GoStart 0 1 %u", i + 1, N + i + 10);
		build_records(&b, text);
	}
	build_records(&b, END);
	r = read_bytes(b.data, b.len);
	ck_assert_int_eq(r.err.code, TT_E_STUCK);
	build_release(&b);
}
END_TEST

START_TEST(many_batches_keep_to_the_memory_limit)
{
	struct tt_options opt = test_options(0);
	struct build b = build_trace(21, "");
	struct tt_reader *r;
	const struct tt_event *ev;

	for (unsigned i = 0; i < 300000; i++)
		build_bytes(&b, "\x41\x01\x01", 3);
	opt.max_memory_nbytes = 4 << 20;
	r = test_open_as(b.data, b.len, &opt);
	ck_assert_int_eq(tt_reader_next(r, &ev), -TT_E_LIMIT);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

/* ---- records as text, and back */

static void expect_again(const struct build *b)
{
	struct tt_mem mem = {0};
	struct tt_bytes again = {.mem = &mem};
	struct tt_wire *w;
	const struct tt_wire_event *ev;
	struct tt_error err;
	char *text = malloc(1 << 20);
	size_t n = (size_t)sprintf(text, "Trace Go1.%u\n", b->version);
	int rc = tt_wire_open_memory(&w, b->data, b->len, NULL, &err);

	ck_assert_msg(rc == 0, "%s", err.message);
	ck_assert_uint_eq(tt_wire_version(w), b->version);
	while ((rc = tt_wire_next(w, &ev)) == 0)
		n += tt_wire_format(ev, text + n, (1 << 20) - n);
	ck_assert_msg(rc == 1, "%s", tt_wire_error(w)->message);
	tt_wire_close(w);
	rc = tt_assemble(NULL, text, n, &again, &err);
	ck_assert_msg(rc == 0, "%s", err.message);
	ck_assert_uint_eq(again.len, b->len);
	ck_assert_mem_eq(again.data, b->data, b->len);
	tt_bytes_release(&again);
	free(text);
}

START_TEST(records_become_text_and_records_again)
{
	struct build b = build_trace(21, RICH "; String 7 \"\"; UserLog 1 4 1 0 \"\"; Stack 9 0");

	/* a stack whose length takes 10 bytes */
	build_bytes(&b, "\xc3\x86\x80\x80\x80\x80\x80\x80\x80\x80\x00\x05\x01\x01\x02\x03\x04", 17);
	build_records(&b, "GoEnd 1");
	expect_again(&b);
	build_release(&b);
}
END_TEST

static const struct {
	const char *bytes;
	size_t n;
	int code;
	const char *message;
} bad_records[] = {
	{"\x00", 1, TT_E_EVENT_TYPE, "unknown event type 0"},
	{"\x4e\x01\x02", 3, TT_E_EVENT_NUMBER, "GoStart has wrong number of arguments: want 3, got 2"},
	{"\xce\x04\x01\x02\x03\x04", 6, TT_E_EVENT_NUMBER,
	 "GoStart has wrong number of arguments: want 3, got 4"},
	{"\xce\x81\x10", 3, TT_E_EVENT_NUMBER,
	 "failed to read event 14 argument: length-prefixed argument too big: 2049 bytes, limit is 2048"},
	{"\xc3\x03\x01\x01\x05", 5, TT_E_EVENT_NUMBER,
	 "Stack has wrong number of arguments: want 6, got 3"},
	{"\x43\x01\x01", 3, TT_E_EVENT_NUMBER, "Stack has wrong number of arguments: want 6, got 2"},
	{"\x25\x01\xc1\x84\x3d", 5, TT_E_STRING_SIZE, "string is too large (len=1000001)"},
	{"\x25\x01\x05zz", 5, TT_E_CUT_OFF, "the file ends inside an event"},
	{"\xce\x03\x01\x02", 4, TT_E_CUT_OFF, "the file ends inside an event"},
	{"\xce\x02\x01\xff", 4, TT_E_CUT_OFF, "unexpected EOF"},
};

START_TEST(bad_records_end_the_text)
{
	for (unsigned flags = 0; flags <= TT_OPEN_LIKE_GO; flags++) {
		struct tt_options opt = {.size = sizeof(opt), .flags = flags};
		struct build b = build_trace(21, "Batch 0 1");
		struct tt_wire *w;
		const struct tt_wire_event *ev;
		struct tt_error err;

		build_bytes(&b, bad_records[_i].bytes, bad_records[_i].n);
		ck_assert_int_eq(tt_wire_open_memory(&w, b.data, b.len, &opt, &err), 0);
		ck_assert_int_eq(tt_wire_next(w, &ev), 0);
		ck_assert_int_eq(tt_wire_next(w, &ev), -bad_records[_i].code);
		ck_assert_str_eq(tt_wire_error(w)->message, bad_records[_i].message);
		ck_assert_int_eq(tt_wire_error(w)->event_type, -1);
		tt_wire_close(w);
		build_release(&b);
	}
}
END_TEST

/* ---- the reader */

struct pipe {
	const struct build *b;
	size_t pos;
};

static int64_t read_pipe(void *arg, void *buf, size_t room)
{
	struct pipe *p = arg;
	size_t n = p->b->len - p->pos;

	n = n < room ? n : room;
	memcpy(buf, p->b->data + p->pos, n);
	p->pos += n;
	return (int64_t)n;
}

/* More than one chunk of a stream, so that it is put together. */
START_TEST(a_long_stream_reads_like_memory)
{
	struct build b = build_trace(21, BEGIN);
	struct tt_options opt = test_options(0);
	struct pipe pipe = {&b, 0};
	struct tt_input input = {read_pipe, &pipe};
	struct tt_reader *r;
	const struct tt_event *ev;
	struct tt_error err;
	uint64_t n = 0;

	for (unsigned i = 0; i < 2000000; i++)
		build_bytes(&b, "\x61\x01\x05", 3);
	build_records(&b, END);
	ck_assert_int_eq(tt_reader_open_input(&r, &input, &opt, &err), 0);
	while (tt_reader_next(r, &ev) == 0)
		n++;
	ck_assert_int_eq(tt_reader_error(r)->code, TT_OK);
	ck_assert_uint_eq(n, 2000000 + 4);
	ck_assert_uint_eq(tt_reader_progress(r).nbytes, b.len);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

START_TEST(syncs_generations_and_other_readers)
{
	struct build b = build_trace(21, RICH);
	struct tt_reader *r = test_open(b.data, b.len, 0), *again;
	const struct tt_generation *g;
	const struct tt_event *ev;
	struct tt_error err;
	uint64_t nevents;

	ck_assert_uint_eq(tt_reader_version(r), 21);
	ck_assert_int_eq(tt_reader_open_again(&again, r, &err), 1);
	ck_assert_ptr_null(again);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_uint_eq(tt_generation_offset(g), 16);
	ck_assert_uint_eq(tt_generation_end(g), b.len);
	ck_assert_uint_eq(tt_generation_nsamples(g), 1);
	ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	ck_assert_int_eq(ev->kind, TT_KIND_SYNC);
	ck_assert(!tt_reader_at_generation_end(r));
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), 0);
	ck_assert_ptr_null(ev->generation);
	nevents = tt_reader_progress(r).events;
	ck_assert_int_eq(tt_reader_next(r, &ev), 1);
	tt_reader_close(r);

	r = test_open(b.data, b.len, 0);
	for (uint64_t i = 0; i < nevents; i++) {
		ck_assert_int_eq(tt_reader_at_generation_end(r), i == 0 || i + 1 >= nevents);
		ck_assert_int_eq(tt_reader_next(r, &ev), 0);
	}
	ck_assert_int_eq(tt_reader_next(r, &ev), 1);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 1);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

START_TEST(nothing_can_be_read_after_an_error)
{
	struct build b = build_trace(21, BEGIN "GCDone 1" END);
	struct tt_reader *r = test_open(b.data, b.len, 0);
	const struct tt_event *ev;
	uint64_t skipped = 1;

	ck_assert_int_eq(tt_reader_next(r, &ev), -TT_E_GC);
	ck_assert_int_eq(tt_reader_resync(r, &skipped), 1);
	ck_assert_uint_eq(skipped, 0);
	ck_assert_int_eq(tt_reader_next(r, &ev), 1);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

Suite *v1_suite(void)
{
	Suite *suite = suite_create("v1");
	TCase *conversion = tcase_create("conversion"), *errors = tcase_create("errors");
	TCase *hostile = tcase_create("hostile"), *reader = tcase_create("reader");
	TCase *text = tcase_create("text"), *repair_case = tcase_create("repair");

	tcase_add_unchecked_fixture(conversion, setup, teardown);
	tcase_add_test(conversion, what_there_was_is_stated_and_then_events_begin);
	tcase_add_test(conversion, a_syscall_blocks_if_that_is_what_its_goroutine_does_next);
	tcase_add_test(conversion, timers_and_the_network_wake_on_ps_of_their_own);
	tcase_add_test(conversion, annotations_keep_their_texts);
	tcase_add_test(conversion, samples_have_a_time_of_their_own_and_no_thread);
	tcase_add_test(conversion, a_stack_that_is_defined_again_is_the_later_one);
	tcase_add_test(conversion, a_stack_may_have_more_frames_than_in_v2);
	tcase_add_test(conversion, a_syscall_exit_goes_to_its_own_time);
	tcase_add_test(conversion, many_syscall_exits_are_sorted);
	tcase_add_test(conversion, reasons_of_stops_depend_on_the_version);
	tcase_add_test(conversion, a_trace_without_events_is_one_sync);
	suite_add_tcase(suite, conversion);
	tcase_add_unchecked_fixture(errors, setup, teardown);
	tcase_add_loop_test(errors, errors_are_go_s_and_come_alone, 0, (int)COUNT(bad));
	tcase_add_test(errors, who_waits_for_what_is_said);
	tcase_add_test(errors, records_may_be_too_new_or_no_type_at_all);
	tcase_add_test(errors, what_cannot_be_converted_ends_the_trace);
	tcase_add_test(errors, ids_may_be_so_high_that_none_is_left);
	suite_add_tcase(suite, errors);
	tcase_add_unchecked_fixture(hostile, setup, teardown);
	tcase_add_test(hostile, a_cut_trace_is_an_error_or_a_trace);
	tcase_add_test(hostile, any_byte_may_be_wrong);
	tcase_add_test(hostile, a_message_that_is_cut_is_found_when_its_batch_is_ordered);
	tcase_add_test(hostile, many_waiting_ps_take_no_quadratic_time);
	tcase_add_test(hostile, many_batches_keep_to_the_memory_limit);
	suite_add_tcase(suite, hostile);
	tcase_add_unchecked_fixture(repair_case, setup, teardown);
	tcase_add_test(repair_case, what_is_cut_off_is_repaired);
	tcase_add_test(repair_case, whatever_byte_is_wrong_a_repair_can_be_read);
	tcase_add_loop_test(repair_case, a_repair_says_what_is_lost, 0, (int)COUNT(repairs));
	suite_add_tcase(suite, repair_case);
	tcase_add_unchecked_fixture(text, setup, teardown);
	tcase_add_test(text, records_become_text_and_records_again);
	tcase_add_loop_test(text, bad_records_end_the_text, 0, (int)COUNT(bad_records));
	suite_add_tcase(suite, text);
	tcase_add_unchecked_fixture(reader, setup, teardown);
	tcase_add_test(reader, a_long_stream_reads_like_memory);
	tcase_add_test(reader, syncs_generations_and_other_readers);
	tcase_add_test(reader, nothing_can_be_read_after_an_error);
	suite_add_tcase(suite, reader);
	return suite;
}
