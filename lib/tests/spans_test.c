/* SPDX-License-Identifier: MIT */
/*
 * spans_test.c - events turned into intervals. Each case is a trace as a script and the
 * spans that come of it, a line each, those that are still open at the end last.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuzz/ways.h"
#include "tests/reader_support.h"
#include "tests/script.h"
#include "tests/suites.h"
#include "tracetool_analyze.h"

/* Thread 7 has P 0 and runs goroutine 1; goroutine 2 waits and 3 is runnable; P 1 is idle. */
#define BEGIN "7@100: +1 ProcStatus 0 1, +1 GoStatus 1 7 2\n" \
	      "-1@101: +1 GoStatus 2 -1 4, +1 GoStatus 3 -1 1, +1 ProcStatus 1 2\n"

struct text {
	char at[SCRIPT_OUT_SIZE];
	size_t n;
};

static void __attribute__((format(printf, 2, 3))) say(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at + t->n, sizeof(t->at) - t->n, format, args);
	va_end(args);
	ck_assert_int_ge(n, 0);
	t->n += (size_t)n;
	ck_assert_uint_lt(t->n, sizeof(t->at));
}

static void say_name(struct text *t, const struct tt_spans *s, uint32_t name)
{
	struct tt_str text = tt_spans_name(s, name);

	if (text.len > 0)
		say(t, " \"%.*s\"", (int)text.len, text.data);
}

/* "goroutine 1 Waiting 1..200 "one" by 0/7/3 to 1/8/2 (flags)", contexts as P/M/G. */
static void say_span(struct text *t, const struct tt_spans *s, const struct tt_span *span)
{
	static const char *const kinds[] = {"goroutine", "life", "proc", "range",
					    "region", "task", "resource"};

	say(t, "%s %" PRId64, kinds[span->kind], span->id);
	if (span->kind == TT_SPAN_GOROUTINE || span->kind == TT_SPAN_PROC)
		say(t, " %s", tt_state_name(span->state));
	say(t, " %" PRId64 "..%" PRId64, span->start_ns, span->end_ns);
	say_name(t, s, span->name);
	say_name(t, s, span->detail);
	if (span->taken_ns != TT_NOT_TAKEN)
		say(t, " taken %" PRId64, span->taken_ns);
	if (span->key != 0)
		say(t, " key %" PRIu64, span->key);
	if (span->task != 0)
		say(t, " task %" PRIu64, span->task);
	if (span->goroutine != TT_NONE)
		say(t, " by %" PRId64, span->goroutine);
	if (span->end_goroutine != TT_NONE && span->end_goroutine != span->id)
		say(t, " to %" PRId64, span->end_goroutine);
	say(t, "%s%s%s\n", span->flags & TT_SPAN_BEGAN_BEFORE ? " before" : "",
	    span->flags & TT_SPAN_NOT_ENDED ? " open" : "",
	    span->flags & TT_SPAN_END_ALONE ? " alone" : "");
}

static struct tt_spans *new_spans(unsigned flags)
{
	const struct tt_spans_options opt = {
		.size = sizeof(opt), .flags = flags, .specs = ways_orders()};
	struct tt_spans *s;
	struct tt_error err;

	ck_assert_int_eq(tt_spans_new(&s, &opt, &err), 0);
	return s;
}

static struct tt_reader *open_script(struct build *b, const char *script)
{
	const struct tt_options opt = {.size = sizeof(opt), .specs = ways_orders()};

	script_build(b, 26, script);
	return test_open_as(b->data, b->len, &opt);
}

/* What ends; then if `open` is set what is open. */
static void spans_of(const char *script, bool open, struct text *out)
{
	struct tt_spans *s = new_spans(0);
	const struct tt_span *span;
	const struct tt_event *ev;
	struct build b;
	struct tt_reader *r = open_script(&b, script);
	int rc;

	out->n = 0;
	out->at[0] = '\0';
	while ((rc = tt_reader_next(r, &ev)) == 0) {
		ck_assert_int_eq(tt_spans_event(s, ev), 0);
		while (tt_spans_next(s, &span) == 0)
			say_span(out, s, span);
	}
	ck_assert_msg(rc == 1, "%s", tt_reader_error(r)->message);
	tt_spans_finish(s);
	while (open && tt_spans_next(s, &span) == 0)
		say_span(out, s, span);
	tt_spans_free(s);
	tt_reader_close(r);
	build_release(&b);
}

static const struct {
	const char *script;
	const char *expected;   /* after a `+` also what is open at the end */
} cases[] = {
	/* what was before the trace is known since its start */
	{BEGIN, "+goroutine 1 Running 1..106 before open\nlife 1 1..106 before open\n"
		"goroutine 2 Waiting 1..106 before open\nlife 2 1..106 before open\n"
		"goroutine 3 Runnable 1..106 before open\nlife 3 1..106 before open\n"
		"proc 0 Running 1..106 before open\nproc 1 Idle 1..106 before open\n"},
	/* a wait ends by another goroutine; who wakes it is who made it runnable */
	{BEGIN "7@200: +1 GoUnblock 2 1 0, +9 GoBlock 1 0, +1 GoStart 2 2, +5 GoDestroy\n",
	 "goroutine 2 Waiting 1..201 to 1 before\n"
	 "goroutine 1 Running 1..210 before\n"
	 "goroutine 2 Runnable 201..211 by 1\n"
	 "goroutine 2 Running 211..216\n"
	 "life 2 1..216 before\n"},
	/* a life from its creation; the reason of a wait */
	{BEGIN "7@200: +1 GoCreate 4 0 0, +1 GoBlock 2 0, +4 GoStart 4 1, +2 GoDestroy\n",
	 "goroutine 1 Running 1..202 before\n"
	 "goroutine 4 Runnable 201..206 by 1\n"
	 "goroutine 4 Running 206..208\n"
	 "life 4 201..208 by 1\n"},
	{BEGIN "7@200: +1 GoBlock 2 0\n-1@300: +1 GoUnblock 1 1 0\n",
	 "goroutine 1 Running 1..201 before\ngoroutine 1 Waiting 201..301 \"two\" by 1\n"},
	/* a syscall: its processor is kept, */
	{BEGIN "7@200: +1 GoSyscallBegin 1 0, +8 GoSyscallEnd\n",
	 "goroutine 1 Running 1..201 before\ngoroutine 1 Syscall 201..209 by 1\n"},
	/* or taken */
	{BEGIN "7@200: +1 GoSyscallBegin 1 0\n8@203: +1 ProcSteal 0 2 7\n7@210: +1 GoSyscallEndBlocked\n",
	 "goroutine 1 Running 1..201 before\n"
	 "proc 0 Running 1..204 before\n"
	 "goroutine 1 Syscall 201..211 taken 204 by 1\n"},
	/* a status in the middle of something ends nothing */
	{BEGIN "7@200: +1 GoBlock 1 0\ngen 2\n7@300: +1 ProcStatus 0 1\n-1@300: +1 GoStatus 1 -1 4\n"
	 "-1@400: +1 GoUnblock 1 1 0\n",
	 "goroutine 1 Running 1..201 before\ngoroutine 1 Waiting 201..401 \"one\" by 1\n"},
	/* regions: nested, with their task; one ends with its goroutine, one is open */
	{BEGIN "7@200: +1 UserTaskBegin 5 0 1 0, +1 UserRegionBegin 5 2 0, +1 UserRegionBegin 5 3 0,"
	 " +1 UserRegionEnd 5 3 0, +1 GoDestroy\n",
	 "region 1 203..204 \"three\" task 5 by 1\n"
	 "goroutine 1 Running 1..205 task 5 before\n"
	 "region 1 202..205 \"two\" task 5 by 1 open\n"
	 "life 1 1..205 before\n"},
	/* ends alone */
	{BEGIN "7@200: +1 UserRegionEnd 0 3 0, +1 UserTaskEnd 9 0\n",
	 "region 1 1..201 \"three\" before alone\ntask 9 1..202 task 9 to 1 before alone\n"},
	{BEGIN "7@200: +1 UserTaskBegin 5 0 1 0, +5 UserTaskEnd 5 0\n",
	 "task 5 201..206 \"one\" task 5 by 1 to 1\n"},
	/* pauses and the collector */
	{BEGIN "7@200: +1 STWBegin 2 0, +3 STWEnd, +1 GCBegin 1 0, +9 GCEnd 2\n",
	 "range 1 201..204 \"stop-the-world\" \"two\" by 1\n"
	 "range -1 205..214 \"GC concurrent mark phase\" by 1 to 1\n"},
	{"7@100: +1 ProcStatus 0 1, +1 GoStatus 1 7 2, +1 GCMarkAssistActive 1\n7@200: +1 GCMarkAssistEnd\n",
	 "range 1 1..201 \"GC mark assist\" before\n"},
	/* ranges of experiments: by a key, nested, not shown; with a kind */
	{BEGIN "7@200: +1 Lock 5, +1 Lock 6, +1 Unlock 5, +1 Wait, +1 Job 2, +1 Done, +1 Woken, +1 Unlock 6\n",
	 "range -1 201..203 \"Lock\" key 5 by 1 to 1\n"
	 "range 1 205..206 \"job\" \"two\" by 1\n"
	 "range 1 204..207 \"Wait\" by 1\n"
	 "range -1 202..208 \"Lock\" key 6 by 1 to 1\n"},
	/* a resource's life and states */
	{BEGIN "7@200: +1 Arm 4 1, +5 Fire 4 2 1, +5 Fire 4 3 0, +1 Open 3 1, +2 Use 3 2, +2 Close 3 3\n",
	 "resource 4 201..211 \"timer\" \"armed\" by 1 to 1\n"
	 "resource 3 212..216 \"link\" by 1 to 1\n"},
};

START_TEST(events_become_spans)
{
	struct text text;

	bool open = cases[_i].expected[0] == '+';

	spans_of(cases[_i].script, open, &text);
	ck_assert_str_eq(text.at, cases[_i].expected + open);
}
END_TEST

START_TEST(pull_returns_what_events_give)
{
	struct tt_spans *s = new_spans(TT_SPANS_STACKS);
	const struct tt_span *span;
	struct build b;
	struct tt_reader *r = open_script(&b, BEGIN "7@200: +1 GoBlock 1 1\n");
	struct tt_frame frames[TT_MAX_FRAMES];
	uint32_t name = 0;
	unsigned n = 0;
	int rc;

	while ((rc = tt_spans_pull(s, r, &span)) == 0) {
		n++;
		name = span->func > name ? span->func : name;
		if (span->kind != TT_SPAN_GOROUTINE || span->id != 1 ||
		    span->state != TT_STATE_WAITING)
			continue;
		ck_assert_uint_ne(span->stack, 0);
		ck_assert_uint_eq(span->stack, span->start_stack);
		ck_assert_uint_lt(span->stack, tt_spans_nstacks(s));
		ck_assert_int_gt(tt_spans_stack(s, span->stack, frames), 0);
	}
	ck_assert_int_eq(rc, 1);
	ck_assert_uint_eq(n, 9);
	ck_assert_int_eq(tt_spans_pull(s, r, &span), 1);
	ck_assert_uint_gt(tt_spans_name(s, name).len, 0);
	ck_assert_uint_lt(name, tt_spans_nnames(s));
	ck_assert_uint_eq(tt_spans_name(s, tt_spans_nnames(s)).len, 0);
	ck_assert_int_eq(tt_spans_stack(s, 0, frames), 0);
	ck_assert_int_eq(tt_spans_start_ns(s), 1);
	ck_assert_int_eq(tt_spans_end_ns(s), 202);
	tt_spans_free(s);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

START_TEST(ended_spans_are_those_that_next_returns)
{
	struct tt_spans *s = new_spans(TT_SPANS_OWN_STACKS);
	const struct tt_span *span, *all;
	const struct tt_event *ev;
	struct build b;
	struct tt_reader *r = open_script(&b, BEGIN "7@200: +1 UserRegionBegin 5 2 0, +1 GoBlock 1 1\n"
						    "-1@300: +1 GoUnblock 1 1 1\n");
	unsigned nwaits = 0;
	size_t n;

	while (tt_reader_next(r, &ev) == 0) {
		ck_assert_int_eq(tt_spans_event(s, ev), 0);
		all = tt_spans_ended(s, &n);
		for (size_t i = 0; i < n; i++) {
			ck_assert_int_eq(tt_spans_next(s, &span), 0);
			ck_assert_ptr_eq(span, &all[i]);
			/* its own stack alone is kept */
			ck_assert_uint_eq(span->start_stack, 0);
			ck_assert_uint_eq(span->end_stack, 0);
			if (span->state != TT_STATE_WAITING)
				continue;
			ck_assert_uint_ne(span->stack, 0);
			nwaits++;
		}
		ck_assert_int_eq(tt_spans_next(s, &span), 1);
	}
	ck_assert_uint_eq(nwaits, 1);
	tt_spans_finish(s);
	tt_spans_ended(s, &n);
	ck_assert_uint_eq(n, 0);
	tt_spans_free(s);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

/* The states of goroutines that ended, of whose span the start's context is left out. */
static void say_state(struct text *t, const struct tt_spans *s, const struct tt_span *span)
{
	struct tt_span known = *span;

	if (span->kind != TT_SPAN_GOROUTINE)
		return;
	known.goroutine = known.end_goroutine = TT_NONE;
	known.task = 0;
	say_span(t, s, &known);
	say(t, "%" PRIu32 " %" PRIu32 "\n", span->func, span->stack);
}

static void states_of(struct tt_reader *r, struct text *out)
{
	struct tt_spans *s = new_spans(TT_SPANS_OWN_STACKS);
	const struct tt_span *span;
	const struct tt_event *ev;

	while (tt_reader_next(r, &ev) == 0) {
		ck_assert_int_eq(tt_spans_event(s, ev), 0);
		while (tt_spans_next(s, &span) == 0)
			say_state(out, s, span);
	}
	tt_spans_finish(s);
	while (tt_spans_next(s, &span) == 0)
		say_state(out, s, span);
	say(out, "peak %" PRIu64 "\n", tt_spans_peak(s));
	tt_spans_free(s);
}

/* Watches all groups; or does so for a moment, which changes nothing. */
static void watch_groups(struct tt_spans *s, bool watch)
{
	for (uint32_t group = 0; group < tt_spans_ngroups(s); group++) {
		tt_spans_watch_group(s, group);
		if (!watch)
			tt_spans_unwatch_group(s, group);
	}
}

/* The same, with briefs where there may be some: *n. Goroutine `watched` has none, and with
 * `groups` nobody has. */
static void states_of_run(struct tt_reader *r, int64_t watched, bool groups, struct text *out,
			  size_t *n)
{
	struct tt_spans *s = new_spans(TT_SPANS_OWN_STACKS | TT_SPANS_BRIEF | TT_SPANS_BRIEF_STACKS);
	const struct tt_span_brief *briefs;
	const struct tt_span *span;
	const struct tt_event *ev;
	struct tt_span state;
	size_t nbriefs;
	int rc;

	*n = 0;
	do {
		rc = tt_spans_run(s, r, &ev);
		briefs = tt_spans_briefs(s, &nbriefs);
		*n += nbriefs;
		for (size_t i = 0; i < nbriefs; i++) {
			ck_assert_uint_lt(briefs[i].group, tt_spans_ngroups(s));
			ck_assert_int_ne(briefs[i].id, watched);
			tt_spans_group(s, briefs[i].group, &state);
			state.id = briefs[i].id;
			state.start_ns = briefs[i].start_ns;
			state.end_ns = briefs[i].end_ns;
			say_state(out, s, &state);
		}
		while (tt_spans_next(s, &span) == 0)
			say_state(out, s, span);
		tt_spans_watch(s, watched, true);
		watch_groups(s, groups);
	} while (rc == 0);
	ck_assert_msg(rc == 1, "%s", tt_reader_error(r)->message);
	tt_spans_finish(s);
	while (tt_spans_next(s, &span) == 0)
		say_state(out, s, span);
	say(out, "peak %" PRIu64 "\n", tt_spans_peak(s));
	tt_spans_free(s);
}

#define SWITCHES "7@200: +1 GoBlock 1 1, +1 GoStart 3 1, +1 GoStop 2 1, +1 GoStart 3 2," \
		 " +1 GoStop 2 1, +1 GoStart 3 3, +1 GoStop 2 1, +1 GoStart 3 4," \
		 " +1 GoSyscallBegin 1 1, +2 GoSyscallEnd, +1 GoSyscallBegin 2 0\n" \
		 "8@210: +1 ProcSteal 0 3 7\n7@220: +1 GoSyscallEndBlocked\n"

START_TEST(briefs_and_spans_are_the_states_that_spans_are)
{
	static const int64_t watched[] = {TT_NONE, 3, TT_NONE};
	static const bool groups[] = {false, false, true};
	static struct text spans, run;
	struct build b;
	struct tt_reader *r;
	size_t n;

	for (size_t i = 0; i < COUNT(watched); i++) {
		spans.n = run.n = 0;
		r = open_script(&b, BEGIN SWITCHES);
		states_of(r, &spans);
		tt_reader_close(r);
		r = test_open_as(b.data, b.len, &(struct tt_options){.size = sizeof(struct tt_options),
								       .specs = ways_orders()});
		states_of_run(r, watched[i], groups[i], &run, &n);
		ck_assert_str_eq(run.at, spans.at);
		/* the first states of a group are spans, and the first that a type of event ends */
		ck_assert_uint_eq(n, watched[i] == TT_NONE && !groups[i] ? 4 : 0);
		tt_reader_close(r);
		build_release(&b);
	}
}
END_TEST

START_TEST(what_is_open_can_be_asked_for)
{
	struct tt_spans *s = new_spans(0);
	const struct tt_event *ev;
	struct tt_span span;
	struct build b;
	struct tt_reader *r = open_script(
		&b, BEGIN "7@200: +1 UserTaskBegin 5 0 1 0, +1 UserRegionBegin 5 2 0,"
			  " +1 UserRegionBegin 6 3 0, +1 GoBlock 1 0\n");

	while (tt_reader_next(r, &ev) == 0)
		ck_assert_int_eq(tt_spans_event(s, ev), 0);
	ck_assert(tt_spans_open(s, TT_SPAN_GOROUTINE, 1, 0, &span));
	ck_assert_int_eq(span.state, TT_STATE_WAITING);
	ck_assert_uint_eq(span.task, 6);
	ck_assert(tt_spans_open(s, TT_SPAN_LIFE, 1, 0, &span));
	ck_assert(tt_spans_open(s, TT_SPAN_REGION, 1, 0, &span));
	ck_assert_uint_eq(span.task, 6);
	ck_assert(tt_spans_open(s, TT_SPAN_REGION, 1, 1, &span));
	ck_assert_uint_eq(span.task, 5);
	ck_assert(!tt_spans_open(s, TT_SPAN_REGION, 1, 2, &span));
	ck_assert(!tt_spans_open(s, TT_SPAN_REGION, 9, 0, &span));
	ck_assert(tt_spans_open(s, TT_SPAN_TASK, 5, 0, &span));
	ck_assert(!tt_spans_open(s, TT_SPAN_TASK, 6, 0, &span));
	ck_assert(tt_spans_open(s, TT_SPAN_PROC, 1, 0, &span));
	ck_assert_int_eq(span.state, TT_STATE_IDLE);
	ck_assert(!tt_spans_open(s, TT_SPAN_GOROUTINE, 9, 0, &span));
	tt_spans_free(s);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

START_TEST(options_are_checked_and_memory_is_limited)
{
	struct tt_spans_options opt = {.size = sizeof(opt)};
	struct tt_spans *s;
	struct tt_error err;
	const struct tt_event *ev;
	struct build b;
	struct tt_reader *r;
	int rc = 0;

	ck_assert_int_eq(tt_spans_new(&s, &opt, &err), -TT_E_ARGUMENT);
	ck_assert_ptr_null(s);
	opt.specs = ways_orders();
	opt.max_memory_nbytes = 64;
	ck_assert_int_eq(tt_spans_new(&s, &opt, &err), 0);
	r = open_script(&b, BEGIN);
	while (rc == 0 && tt_reader_next(r, &ev) == 0)
		rc = tt_spans_event(s, ev);
	ck_assert_int_eq(rc, -TT_E_LIMIT);
	tt_spans_free(s);
	tt_spans_free(NULL);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

Suite *spans_suite(void)
{
	Suite *s = suite_create("spans");
	TCase *tc = tcase_create("spans");

	tcase_add_loop_test(tc, events_become_spans, 0, (int)COUNT(cases));
	tcase_add_test(tc, pull_returns_what_events_give);
	tcase_add_test(tc, ended_spans_are_those_that_next_returns);
	tcase_add_test(tc, briefs_and_spans_are_the_states_that_spans_are);
	tcase_add_test(tc, what_is_open_can_be_asked_for);
	tcase_add_test(tc, options_are_checked_and_memory_is_limited);
	suite_add_tcase(s, tc);
	return s;
}
