/* SPDX-License-Identifier: MIT */
/*
 * emit_test.c - traces written from inside a program: what threads do, in one
 * generation and across several, comes out as a trace without an error or a finding,
 * whole or with its first generations removed; nothing is lost, and what is against
 * the rules is refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/emit_churn.h"
#include "tests/emit_support.h"
#include "tests/input.h"
#include "tests/sanitized.h"
#include "tests/suites.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LONG_NS UINT64_C(3600000000000)
#define ALL_CUTS SIZE_MAX

static struct tt_emit *enter(void)
{
	struct tt_emit *e = tt_emit_acquire();

	ck_assert_ptr_nonnull(e);
	return e;
}

static void next_generation(void)
{
	ck_assert_int_eq(tt_emit_advance(), 0);
}

static void wait_for_generation(uint64_t number)
{
	uint64_t now = 0;

	while (now < number) {
		struct tt_emit *e = enter();

		now = tt_emit_generation(e);
		tt_emit_release(e);
		sleep_ns(500000);
	}
}

/* Ends the trace and looks at it, whole and cut. */
static void finish(struct made *m, struct seen *seen)
{
	emit_end();
	see_all_cuts(m, ALL_CUTS, seen);
	made_release(m);
}

/* ---- one thread */

START_TEST(empty_trace_is_valid)
{
	struct made m = {0};
	struct seen seen;

	emit_begin(&m, LONG_NS);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.generations, 1);
}
END_TEST

START_TEST(generations_end_on_request)
{
	struct made m = {0};
	struct seen seen;

	emit_begin(&m, LONG_NS);
	for (int i = 0; i < 20; i++)
		next_generation();
	finish(&m, &seen);
	ck_assert_uint_eq(seen.generations, 21);
	ck_assert_uint_eq(tt_emit_counts().generations, 21);
}
END_TEST

START_TEST(annotations_come_out)
{
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;
	uint64_t task;

	emit_begin(&m, LONG_NS);
	e = enter();
	task = tt_emit_task_begin(e, 0, "request", tt_emit_stack_here(e, 0));
	tt_emit_region_begin(e, task, "outer", 0);
	tt_emit_region_begin(e, task, "inner", 0);
	tt_emit_release(e);
	next_generation();
	e = enter();
	tt_emit_label(e, "worker");
	tt_emit_log(e, task, "category", "a message that is too long to be looked up", 0);
	tt_emit_heap(e, 4096);
	tt_emit_heap_goal(e, 0);
	tt_emit_region_end(e, 0);
	tt_emit_region_end(e, 0);
	tt_emit_region_end(e, 0);
	tt_emit_task_end(e, task, 0);
	tt_emit_release(e);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.begun_tasks, 1);
	ck_assert_uint_eq(seen.ended_tasks, 1);
	ck_assert_uint_eq(seen.begun_regions, 2);
	ck_assert_uint_eq(seen.ended_regions, 2);
	ck_assert_uint_eq(seen.logs, 1);
}
END_TEST

START_TEST(regions_too_deep_are_refused_and_still_pair)
{
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;

	emit_begin(&m, LONG_NS);
	e = enter();
	for (int i = 0; i < 200; i++)
		tt_emit_region_begin(e, 0, i % 2 != 0 ? "odd" : "even", 0);
	for (int i = 0; i < 200; i++)
		tt_emit_region_end(e, 0);
	tt_emit_release(e);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.begun_regions, 64);
	ck_assert_uint_eq(seen.ended_regions, 64);
	ck_assert_uint_eq(tt_emit_counts().refused, 136);
}
END_TEST

/* What may be open when a generation ends, and how it is closed. */
static void do_syscall(bool begin)
{
	struct tt_emit *e = enter();

	if (begin)
		tt_emit_syscall_begin(e, tt_emit_stack_here(e, 0));
	else
		tt_emit_syscall_end(e);
	tt_emit_release(e);
}

static void do_block(bool begin)
{
	struct tt_emit *e;

	if (!begin) {
		tt_emit_unblock();
		return;
	}
	e = enter();
	tt_emit_block(e, "sync mutex", tt_emit_stack_here(e, 0));
	tt_emit_release(e);
}

static void do_pause(bool begin)
{
	struct tt_emit *e = enter();

	if (begin)
		tt_emit_pause(e, "yield", 0);
	else
		tt_emit_resume(e);
	tt_emit_release(e);
}

static void do_sweep(bool begin)
{
	struct tt_emit *e = enter();

	if (begin)
		tt_emit_range_begin(e, TT_EMIT_RANGE_SWEEP, NULL, 0);
	else
		tt_emit_range_end(e, TT_EMIT_RANGE_SWEEP, 7, 8);
	tt_emit_release(e);
}

static void do_assist(bool begin)
{
	struct tt_emit *e = enter();

	if (begin)
		tt_emit_range_begin(e, TT_EMIT_RANGE_ASSIST, NULL, 0);
	else
		tt_emit_range_end(e, TT_EMIT_RANGE_ASSIST, 0, 0);
	tt_emit_release(e);
}

static void (*const spans[])(bool begin) = {
	do_syscall, do_block, do_pause, do_sweep, do_assist, do_gc,
};

/* Two of them, one inside the other, with 0 to 3 ends of a generation at each place. */
START_TEST(spans_cross_generations)
{
	void (*outer)(bool) = spans[(size_t)_i % COUNT(spans)];
	void (*inner)(bool) = spans[(size_t)_i / COUNT(spans)];
	struct made m = {0};
	struct seen seen;

	emit_begin(&m, LONG_NS);
	for (int k = 0; k < 64; k++) {
		outer(true);
		for (int i = 0; i < (k & 3); i++)
			next_generation();
		inner(true);
		for (int i = 0; i < (k >> 2 & 3); i++)
			next_generation();
		inner(false);
		for (int i = 0; i < (k >> 4 & 3); i++)
			next_generation();
		outer(false);
	}
	emit_end();
	see_all_cuts(&m, 6, &seen);
	made_release(&m);
	ck_assert_uint_eq(tt_emit_counts().lost, 0);
}
END_TEST

START_TEST(labels_are_in_each_generation)
{
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;

	emit_begin(&m, LONG_NS);
	e = enter();
	tt_emit_label(e, "worker");
	tt_emit_release(e);
	for (int i = 0; i < 4; i++) {
		next_generation();
		if (i == 2)
			do_block(true);
		e = enter();
		tt_emit_heap(e, 1);
		tt_emit_heap(e, 2);
		tt_emit_release(e);
	}
	e = enter();
	tt_emit_label(e, "");
	tt_emit_release(e);
	next_generation();
	e = enter();
	tt_emit_heap(e, 1);
	tt_emit_release(e);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.by_type[39], 5);
}
END_TEST

START_TEST(ends_without_a_begin_are_nothing)
{
	struct made m = {0};
	struct seen seen;

	emit_begin(&m, LONG_NS);
	for (size_t i = 0; i < COUNT(spans); i++)
		spans[i](false);
	for (size_t i = 0; i < COUNT(spans); i++) {
		spans[i](true);
		spans[i](true);
	}
	finish(&m, &seen);
}
END_TEST

START_TEST(stopped_world_ends_with_its_section)
{
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;

	emit_begin(&m, LONG_NS);
	e = enter();
	tt_emit_range_begin(e, TT_EMIT_RANGE_STW, "a reason", 0);
	ck_assert_uint_eq(tt_emit_block(e, "sync mutex", 0), 0);
	tt_emit_release(e);
	tt_emit_unblock();
	next_generation();
	e = enter();
	tt_emit_range_begin(e, TT_EMIT_RANGE_STW, "a reason", 0);
	tt_emit_range_end(e, TT_EMIT_RANGE_STW, 0, 0);
	tt_emit_release(e);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.by_type[26], 2);
	ck_assert_uint_eq(seen.by_type[27], 2);
}
END_TEST

/* ---- tables */

START_TEST(texts_and_stacks_are_written_once)
{
	const uintptr_t pcs[] = {0x401000, 0x402000, 0x403000};
	const struct tt_generation *g;
	struct made m = {0};
	struct tt_reader *r;
	struct tt_error err;
	struct tt_frame frames[TT_MAX_FRAMES];
	struct tt_emit *e;
	uint64_t id;

	emit_begin(&m, LONG_NS);
	e = enter();
	id = tt_emit_stack(e, pcs, COUNT(pcs));
	for (int i = 0; i < 100; i++) {
		ck_assert_uint_eq(tt_emit_stack(e, pcs, COUNT(pcs)), id);
		ck_assert_uint_eq(tt_emit_string(e, "text", 4), tt_emit_string(e, "text", 4));
		ck_assert_uint_ne(tt_emit_stack(e, pcs, 2), id);
	}
	ck_assert_uint_eq(tt_emit_stack(e, pcs, 0), 0);
	ck_assert_uint_eq(tt_emit_string(e, "", 0), 0);
	tt_emit_release(e);
	emit_end();
	ck_assert_int_eq(tt_reader_open_memory(&r, m.data, m.len, NULL, &err), 0);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	/* the two above, this thread's start, the flusher's */
	ck_assert_uint_eq(tt_generation_nstacks(g), 4);
	ck_assert_int_eq(tt_generation_stack(g, id, frames), 3);
	ck_assert_uint_eq(frames[0].pc, 0x401000);
	ck_assert_uint_eq(frames[2].pc, 0x403000);
	tt_reader_close(r);
	made_release(&m);
}
END_TEST

START_TEST(large_texts_and_stacks_are_cut)
{
	static char text[5000];
	static uintptr_t pcs[500];
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;

	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < COUNT(pcs); i++)
		pcs[i] = 0x400000 + i;
	emit_begin(&m, LONG_NS);
	for (int i = 0; i < 200; i++) {
		e = enter();
		text[0] = (char)('a' + i % 20);
		pcs[0] = (uintptr_t)i + 1;
		tt_emit_log(e, 0, text, text, tt_emit_stack(e, pcs, COUNT(pcs)));
		tt_emit_release(e);
	}
	finish(&m, &seen);
	ck_assert_uint_eq(seen.logs, 200);
}
END_TEST

static bool name_it(void *arg, uintptr_t pc, struct tt_emit_symbol *out)
{
	(void)arg;
	*out = (struct tt_emit_symbol){"some_function", "some/file.c", 17};
	return pc == 0x401000;
}

START_TEST(names_come_from_the_callback_or_the_map)
{
	const uintptr_t pcs[] = {0x401000, (uintptr_t)name_it};
	struct tt_emit_options opt = {.size = sizeof(opt), .symbol = name_it};
	struct tt_frame frames[TT_MAX_FRAMES];
	const struct tt_generation *g;
	struct made m = {0};
	struct tt_reader *r;
	struct tt_error err;
	struct tt_emit *e;
	uint64_t id;

	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	e = enter();
	id = tt_emit_stack(e, pcs, COUNT(pcs));
	tt_emit_release(e);
	emit_end();
	ck_assert_int_eq(tt_reader_open_memory(&r, m.data, m.len, NULL, &err), 0);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_int_eq(tt_generation_stack(g, id, frames), 2);
	ck_assert_mem_eq(frames[0].func.data, "some_function", frames[0].func.len);
	ck_assert_mem_eq(frames[0].file.data, "some/file.c", frames[0].file.len);
	ck_assert_uint_eq(frames[0].line, 17);
	ck_assert_ptr_nonnull(memmem(frames[1].file.data, frames[1].file.len, "unit-tests", 10));
	ck_assert_ptr_nonnull(memmem(frames[1].func.data, frames[1].func.len, "unit-tests+0x", 13));
	tt_reader_close(r);
	made_release(&m);
}
END_TEST

/* ---- threads */

/* Generations of a millisecond; all that was written comes out. */
START_TEST(threads_churn)
{
	static const size_t nthreads[] = {1, 2, 4, 8, 16};
	struct shared s = SHARED_INIT;
	struct made m = {0};
	struct seen seen;

	emit_begin(&m, 1000000);
	run_churn(&s, nthreads[_i], 100);
	wait_for_generation(3);
	emit_end();
	see_all_cuts(&m, 5, &seen);
	made_release(&m);
	ck_assert_uint_gt(seen.generations, 1);
	ck_assert_uint_eq(tt_emit_counts().lost, 0);
	ck_assert_uint_eq(seen.by_type[OBJECT_ALLOC], (uint64_t)atomic_load(&s.events));
	ck_assert_uint_eq(seen.by_type[OBJECT_FREE], (uint64_t)atomic_load(&s.events));
	ck_assert_uint_ge(seen.batches, (uint64_t)atomic_load(&s.batches));
}
END_TEST

/* Threads that go on while tracing stops, and starts again. */
START_TEST(tracing_starts_and_stops_under_running_threads)
{
	struct shared s = SHARED_INIT;
	pthread_t threads[4];
	struct made m = {0};
	struct seen seen;

	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, &s), 0);
	for (int i = 0; i < 10; i++) {
		emit_begin(&m, 1000000);
		sleep_ns(8000000);
		emit_end();
		see_all_cuts(&m, 3, &seen);
		made_release(&m);
	}
	atomic_store(&s.stop, true);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
}
END_TEST

START_TEST(want_of_memory_drops_events_and_keeps_the_trace)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .period_ns = 20000000,
				      .memory_nbytes = 1 << 20};
	struct shared s = SHARED_INIT;
	struct made m = {0};
	struct tt_error err;
	struct seen seen;

	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	run_churn(&s, 6, 200);
	emit_end();
	see_all_cuts(&m, 10, &seen);
	made_release(&m);
	ck_assert_uint_le(seen.by_type[OBJECT_ALLOC], (uint64_t)atomic_load(&s.events));
	if (seen.by_type[OBJECT_ALLOC] < (uint64_t)atomic_load(&s.events))
		ck_assert_uint_gt(tt_emit_counts().lost, 0);
}
END_TEST

START_TEST(announced_thread_may_start_in_a_later_generation)
{
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;
	pthread_t thread;
	uint64_t token;

	emit_begin(&m, LONG_NS);
	for (int gap = 0; gap < 4; gap++) {
		e = enter();
		token = tt_emit_thread_create(e, (uintptr_t)short_life, 0);
		tt_emit_release(e);
		ck_assert_uint_ne(token, 0);
		for (int i = 0; i < gap; i++)
			next_generation();
		if (gap == 3) {
			tt_emit_thread_cancel(token);
			continue;
		}
		pthread_create(&thread, NULL, short_life, &token);
		pthread_join(thread, NULL);
		/* a token is good once */
		tt_emit_thread_cancel(token);
	}
	finish(&m, &seen);
	ck_assert_uint_eq(seen.logs, 3);
	/* this thread and the flusher made themselves */
	ck_assert_uint_eq(seen.by_type[14], 6);
	ck_assert_uint_eq(seen.by_type[17], 4);
}
END_TEST

struct sleeper {
	_Atomic uint64_t token;
	atomic_bool awake;
};

static void *sleep_until_told(void *arg)
{
	struct sleeper *s = arg;
	struct tt_emit *e = tt_emit_acquire();
	uint64_t token = tt_emit_block(e, "sync cond", 0);

	tt_emit_release(e);
	atomic_store(&s->token, token);
	while (!atomic_load(&s->awake))
		sched_yield();
	tt_emit_unblock();
	return NULL;
}

START_TEST(waking_and_running_again_may_lie_generations_apart)
{
	struct sleeper s = {0};
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;
	pthread_t thread;

	emit_begin(&m, LONG_NS);
	pthread_create(&thread, NULL, sleep_until_told, &s);
	while (atomic_load(&s.token) == 0)
		sched_yield();
	for (int i = 0; i < (_i & 3); i++)
		next_generation();
	e = enter();
	ck_assert(tt_emit_wake(e, atomic_load(&s.token), 0));
	ck_assert(!tt_emit_wake(e, atomic_load(&s.token), 0));
	tt_emit_release(e);
	for (int i = 0; i < _i >> 2; i++)
		next_generation();
	atomic_store(&s.awake, true);
	pthread_join(thread, NULL);
	e = enter();
	ck_assert(!tt_emit_wake(e, atomic_load(&s.token), 0));
	tt_emit_release(e);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.wakes_by_others, 1);
}
END_TEST

/*
 * Under a sanitizer a thread must not end by the bare system call: TSan's
 * pthread_join() never learns of it and ASan finds the stack of the dead in its way.
 */
#ifndef TT_SANITIZED
static void *vanish(void *arg)
{
	struct tt_emit *e = tt_emit_acquire();

	if (arg != NULL)
		tt_emit_syscall_begin(e, 0);
	tt_emit_range_begin(e, TT_EMIT_RANGE_ASSIST, NULL, 0);
	tt_emit_release(e);
	syscall(SYS_exit, 0);
	return NULL;
}

/* Threads that end by the bare system call end in the trace a generation later. */
START_TEST(vanished_threads_end)
{
	static int in_a_syscall;
	struct made m = {0};
	struct seen seen;
	pthread_t threads[2];

	emit_begin(&m, LONG_NS);
	pthread_create(&threads[0], NULL, vanish, NULL);
	pthread_create(&threads[1], NULL, vanish, &in_a_syscall);
	pthread_join(threads[0], NULL);
	pthread_join(threads[1], NULL);
	for (int i = 0; i < 3; i++)
		next_generation();
	finish(&m, &seen);
	ck_assert_uint_eq(seen.by_type[17], 2);
}
END_TEST
#endif

/* ---- sections */

static atomic_bool advances, advanced;

static void *advance_now(void *arg)
{
	(void)arg;
	atomic_store(&advances, true);
	tt_emit_advance();
	atomic_store(&advanced, true);
	return NULL;
}

START_TEST(generation_does_not_end_inside_a_section)
{
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e, *again;
	pthread_t thread;
	uint64_t gen;

	emit_begin(&m, LONG_NS);
	e = enter();
	gen = tt_emit_generation(e);
	pthread_create(&thread, NULL, advance_now, NULL);
	while (!atomic_load(&advances))
		sched_yield();
	sleep_ns(20000000);
	ck_assert(!atomic_load(&advanced));
	again = enter();
	ck_assert_ptr_eq(again, e);
	ck_assert_uint_eq(tt_emit_generation(again), gen);
	tt_emit_event2(e, OBJECT_ALLOC, 1, 2);
	ck_assert(tt_emit_batch(again, 1, "x", 1));
	tt_emit_release(again);
	ck_assert_int_eq(tt_emit_advance(), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_emit_stop(NULL), -TT_E_ARGUMENT);
	ck_assert(!atomic_load(&advanced));
	tt_emit_release(e);
	pthread_join(thread, NULL);
	ck_assert(atomic_load(&advanced));
	e = enter();
	ck_assert_uint_eq(tt_emit_generation(e), gen + 1);
	tt_emit_release(e);
	finish(&m, &seen);
}
END_TEST

static atomic_long from_handler;

static void emit_in_handler(int sig)
{
	struct tt_emit *e = tt_emit_acquire();

	(void)sig;
	if (e == NULL)
		return;
	tt_emit_event2(e, OBJECT_ALLOC, 77, 1);
	tt_emit_log(e, 0, "signal", "came", 0);
	tt_emit_release(e);
	atomic_fetch_add(&from_handler, 1);
}

START_TEST(signal_handlers_may_emit)
{
	struct itimerval often = {{0, 50}, {0, 50}}, never = {{0, 0}, {0, 0}};
	struct sigaction act = {.sa_handler = emit_in_handler, .sa_flags = SA_RESTART}, old;
	struct shared s = SHARED_INIT;
	struct made m = {0};
	struct seen seen;
	unsigned state = 1;

	emit_begin(&m, 1000000);
	write_objects(&s, &state);
	sigaction(SIGALRM, &act, &old);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 2000 || atomic_load(&from_handler) < 20; i++)
		write_objects(&s, &state);
	setitimer(ITIMER_REAL, &never, NULL);
	emit_end();
	sigaction(SIGALRM, &old, NULL);
	see_all_cuts(&m, 5, &seen);
	made_release(&m);
	ck_assert_uint_eq(seen.by_type[OBJECT_ALLOC],
			  (uint64_t)(atomic_load(&s.events) + atomic_load(&from_handler)));
	ck_assert_uint_eq(seen.logs, (uint64_t)atomic_load(&from_handler));
}
END_TEST

/* ---- experiments */

START_TEST(events_against_their_spec_are_refused)
{
	const uint64_t args[TT_MAX_ARGS + 1] = {1};
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;

	emit_begin(&m, LONG_NS);
	e = enter();
	tt_emit_event(e, OBJECT_ALLOC, args, 1);
	tt_emit_event(e, OBJECT_ALLOC, args, 3);
	tt_emit_event(e, 16, args, 2);
	tt_emit_event(e, 200, args, 2);
	tt_emit_event(e, 1000, args, 2);
	tt_emit_event(e, OBJECT_ALLOC, args, TT_MAX_ARGS + 1);
	tt_emit_event1(e, OBJECT_ALLOC, 1);
	tt_emit_event1(e, OBJECT_FREE, 1);      /* the only one that is right */
	tt_emit_event2(e, OBJECT_FREE, 1, 1);
	ck_assert(!tt_emit_batch(e, 0, "x", 1));
	ck_assert(!tt_emit_batch(e, 128, "x", 1));
	ck_assert(!tt_emit_batch(e, 1, "x", TT_EMIT_BATCH_MAX + 1));
	tt_emit_release(e);
	next_generation();
	ck_assert_uint_eq(tt_emit_counts().refused, 11);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.by_type[OBJECT_ALLOC], 0);
	ck_assert_uint_eq(seen.by_type[OBJECT_FREE], 1);
	ck_assert_uint_eq(seen.batches, 0);
}
END_TEST

START_TEST(single_events_need_no_section)
{
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;
	uint64_t gen;

	ck_assert(!tt_emit_once2(0, OBJECT_ALLOC, 1, 1));
	emit_begin(&m, LONG_NS);
	ck_assert(tt_emit_once2(0, OBJECT_ALLOC, 1, 1));
	e = enter();
	gen = tt_emit_generation(e);
	ck_assert(tt_emit_once1(gen, OBJECT_FREE, 1));
	tt_emit_release(e);
	errno = 77;
	ck_assert(tt_emit_once2(gen, OBJECT_ALLOC, UINT64_MAX, 2));
	ck_assert(tt_emit_once1(gen, OBJECT_FREE, 7));
	next_generation();
	ck_assert(!tt_emit_once2(gen, OBJECT_ALLOC, 3, 1));
	ck_assert(!tt_emit_once2(gen, OBJECT_ALLOC, 3, 1));
	ck_assert(tt_emit_once1(gen + 1, OBJECT_FREE, UINT64_MAX));
	ck_assert(!tt_emit_once1(gen + 2, OBJECT_FREE, 5));
	ck_assert_int_eq(errno, 77);
	/* refused, as in a section */
	ck_assert(tt_emit_once1(0, OBJECT_ALLOC, 1));
	ck_assert(tt_emit_once2(0, 1000, 1, 2));
	next_generation();
	ck_assert_uint_eq(tt_emit_counts().refused, 2);
	finish(&m, &seen);
	ck_assert(!tt_emit_once1(0, OBJECT_FREE, 1));
	ck_assert_uint_eq(seen.by_type[OBJECT_ALLOC], 2);
	ck_assert_uint_eq(seen.by_type[OBJECT_FREE], 3);
}
END_TEST

/* Of AllocFree, of another experiment, and of that one as it is for those who want it so. */
static const struct batches_case {
	unsigned experiment;
	uint64_t flags;
	const char *wrap;       /* what Go's reader sees before the bytes */
	size_t nwrap;
} batches_cases[] = {
	{1, 0, "", 0},
	{100, 0, "\xd2TTEB\x01\x64", 7},
	{100, TT_EMIT_INLINE, "", 0},
};

/* The bytes of a batch behind what it is wrapped in, as seen by a reader with these flags. */
static struct tt_str unwrapped(const struct batches_case *c, uint64_t flags, struct tt_batch b)
{
	size_t nwrap = flags == 0 ? 0 : c->nwrap;

	ck_assert_uint_eq(b.experiment, nwrap != 0 ? 1 : c->experiment);
	ck_assert_uint_ge(b.size, nwrap);
	ck_assert(memcmp(b.data, c->wrap, nwrap) == 0);
	return (struct tt_str){(const char *)b.data + nwrap, b.size - nwrap};
}

static void check_batches(const struct batches_case *c, uint64_t flags, const struct made *m,
			  struct tt_str large)
{
	struct tt_options opt = {.size = sizeof(opt), .flags = flags};
	const struct tt_generation *g;
	struct tt_reader *r;
	struct tt_error err;
	size_t records = 0;

	ck_assert_int_eq(tt_reader_open_memory(&r, m->data, m->len, &opt, &err), 0);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_uint_ge(tt_generation_nexperimental(g), 4);
	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch b = tt_generation_experimental_at(g, i);
		struct tt_str bytes = unwrapped(c, flags, b);

		ck_assert(memcmp(m->data + b.data_offset, b.data, b.size) == 0);
		if (i == 0) {
			ck_assert_uint_eq(bytes.len, large.len);
			ck_assert_mem_eq(bytes.data, large.data, large.len);
			continue;
		}
		ck_assert_mem_eq(bytes.data, "headrecord", 10);
		ck_assert_uint_eq((bytes.len - 4) % 6, 0);
		records += (bytes.len - 4) / 6;
	}
	ck_assert_uint_eq(records, 30000);
	tt_reader_close(r);
}

/* As many bytes of the text `record` as are asked for. */
static void write_text(const void *record, uint8_t *at, size_t nbytes)
{
	memcpy(at, record, nbytes);
}

START_TEST(batches_hold_their_bytes)
{
	static uint8_t large[TT_EMIT_BATCH_MAX];
	const struct batches_case *c = &batches_cases[_i];
	struct tt_emit_options opt = {.size = sizeof(opt), .flags = c->flags, .period_ns = LONG_NS};
	struct made m = {0};
	struct tt_error err;
	struct tt_emit *e;
	const struct tt_str head = {"head", 4};
	const struct tt_str parts[] = {{"rec", 3}, {NULL, 0}, {"ord", 3}};
	struct tt_str huge[] = {{(const char *)large, sizeof(large)}, {"x", 1}, {"", SIZE_MAX}};

	memset(large, 0x5a, sizeof(large));
	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	e = enter();
	ck_assert(tt_emit_batch(e, c->experiment, large, sizeof(large)));
	for (int i = 0; i < 10000; i++) {
		ck_assert(tt_emit_batch_add(e, c->experiment, head, "record", 6));
		ck_assert(tt_emit_batch_add_written(e, c->experiment, head, 6, write_text, "record"));
		ck_assert(tt_emit_batch_add_parts(e, c->experiment, head, parts, 3));
	}
	ck_assert(!tt_emit_batch_add_written(e, c->experiment, head, sizeof(large), write_text, large));
	ck_assert(!tt_emit_batch_add_written(e, c->experiment, head, SIZE_MAX, write_text, large));
	ck_assert(!tt_emit_batch_add_parts(e, c->experiment, head, huge, 1));
	ck_assert(!tt_emit_batch_add_parts(e, c->experiment, (struct tt_str){NULL, 0}, huge, 2));
	ck_assert(!tt_emit_batch_add_parts(e, c->experiment, (struct tt_str){NULL, 0}, huge + 1, 2));
	tt_emit_release(e);
	emit_end();
	check_batches(c, 0, &m, huge[0]);
	check_batches(c, TT_OPEN_LIKE_GO, &m, huge[0]);
	made_release(&m);
}
END_TEST

static const char own_spec[] = "experiment Own 2\n\tdoc x\n"
			       "event OwnThing 140 since 1.26\n\tdoc x\n\targs dt a b_string c_stack\n"
			       "\tneeds thread, proc, goroutine\n";

START_TEST(events_of_an_own_spec_come_out)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .flags = TT_EMIT_INLINE};
	struct tt_options read = {.size = sizeof(read)};
	const struct tt_event *ev;
	struct made m = {0};
	struct tt_specs *specs;
	struct tt_reader *r;
	struct tt_error err;
	struct tt_emit *e;
	unsigned count = 0;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	ck_assert_msg(tt_specs_add(specs, "own", own_spec, strlen(own_spec), &err) == 0, "%s",
		      err.message);
	opt.specs = read.specs = specs;
	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	e = enter();
	tt_emit_event(e, 140,
		      (uint64_t[]){5, tt_emit_string(e, "five", 4), tt_emit_stack_here(e, 0)}, 3);
	tt_emit_release(e);
	do_block(true);
	/* not while the thread is said to wait: it runs, then */
	e = enter();
	tt_emit_event(e, 140, (uint64_t[]){6, 0, 0}, 3);
	tt_emit_release(e);
	emit_end();
	ck_assert_int_eq(tt_reader_open_memory(&r, m.data, m.len, &read, &err), 0);
	while (tt_reader_next(r, &ev) == 0)
		count += ev->spec != NULL && ev->spec->type == 140;
	ck_assert_int_eq(tt_reader_error(r)->code, TT_OK);
	ck_assert_uint_eq(count, 2);
	tt_reader_close(r);
	tt_specs_free(specs);
	made_release(&m);
}
END_TEST

static const char context_spec[] = "experiment Ctx 2\n"
				   "event Any 140 since 1.26\n\targs dt a\n\tneeds thread\n"
				   "event NoProc 141 since 1.26\n\targs dt a\n\tneeds thread, no proc\n"
				   "event NoGo 142 since 1.26\n\targs dt a\n\tneeds no goroutine\n"
				   "event None 143 since 1.26\n\targs dt a\n\tneeds no thread\n"
				   "event Half 144 since 1.26\n\targs dt a\n\tneeds proc, no goroutine\n";

/* A thread that runs has a processor and a goroutine, one that waits has neither. */
START_TEST(events_that_need_no_context_are_refused_where_there_is_one)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .flags = _i == 0 ? 0 : TT_EMIT_INLINE};
	struct tt_options read = {.size = sizeof(read)};
	unsigned counts[256] = {0};
	const struct tt_event *ev;
	struct made m = {0};
	struct tt_specs *specs;
	struct tt_reader *r;
	struct tt_error err;
	struct tt_emit *e;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	ck_assert_msg(tt_specs_add(specs, "ctx", context_spec, strlen(context_spec), &err) == 0,
		      "%s", err.message);
	opt.specs = read.specs = specs;
	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	e = enter();
	for (unsigned type = 140; type <= 144; type++)
		tt_emit_event1(e, type, 1);
	tt_emit_block(e, "sync mutex", 0);
	for (unsigned type = 140; type <= 144; type++)
		tt_emit_event1(e, type, 2);
	tt_emit_release(e);
	tt_emit_unblock();
	emit_end();
	ck_assert_uint_eq(tt_emit_counts().refused, 6);
	ck_assert_int_eq(tt_reader_open_memory(&r, m.data, m.len, &read, &err), 0);
	while (tt_reader_next(r, &ev) == 0)
		counts[ev->spec != NULL ? ev->spec->type : 0]++;
	ck_assert_msg(tt_reader_error(r)->code == TT_OK, "%s", tt_reader_error(r)->message);
	ck_assert_uint_eq(counts[140], 2);
	ck_assert_uint_eq(counts[141], 1);
	ck_assert_uint_eq(counts[142], 1);
	ck_assert_uint_eq(counts[143] + counts[144], 0);
	tt_reader_close(r);
	tt_specs_free(specs);
	made_release(&m);
}
END_TEST

struct embedded {
	uint64_t events, specs, last;
	uint64_t of_thread;             /* the trace's number for it */
};

static uint64_t number(const uint8_t **at, const uint8_t *end)
{
	uint64_t v = 0;

	for (unsigned shift = 0; *at < end; shift += 7) {
		v |= (uint64_t)(**at & 0x7f) << shift;
		if (*(*at)++ < 0x80)
			return v;
	}
	ck_abort_msg("a number is cut off");
	return 0;
}

/* As tracetool-format(5) has them. */
static void see_embedded(struct tt_batch b, struct embedded *out)
{
	const uint8_t *at = b.data, *end = at + b.size;
	uint64_t time;

	ck_assert_uint_gt(b.size, 6);
	if (memcmp(at, "\xd0TTSP\1", 6) == 0) {
		at += 6;
		ck_assert_uint_eq(number(&at, end), 2);
		ck_assert_uint_eq(number(&at, end), 0);
		ck_assert_uint_eq(number(&at, end), strlen(own_spec));
		ck_assert_uint_eq((size_t)(end - at), strlen(own_spec));
		ck_assert_mem_eq(at, own_spec, strlen(own_spec));
		out->specs++;
		return;
	}
	ck_assert_mem_eq(at, "\xd1TTEV\1", 6);
	at += 6;
	ck_assert_uint_eq(number(&at, end), out->of_thread);
	time = number(&at, end);
	ck_assert_uint_ge(time, out->last);
	out->last = time;
	while (at < end) {
		ck_assert_uint_eq(*at++, 140);
		out->last += number(&at, end);
		ck_assert_uint_eq(number(&at, end), out->events++);
		number(&at, end);
		number(&at, end);
	}
}

START_TEST(events_go_does_not_know_travel_in_batches)
{
	struct tt_emit_options opt = {.size = sizeof(opt)};
	const struct tt_generation *g;
	struct embedded seen = {.of_thread = (uint64_t)syscall(SYS_gettid)};
	struct made m = {0};
	struct tt_specs *specs;
	struct tt_reader *r;
	struct tt_error err;
	struct tt_emit *e;
	struct seen all;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	ck_assert_int_eq(tt_specs_add(specs, "own", own_spec, strlen(own_spec), &err), 0);
	opt.specs = specs;
	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	for (uint64_t i = 0; i < 20000; i++) {
		e = enter();
		tt_emit_event2(e, OBJECT_ALLOC, i, 1);
		tt_emit_event(e, 140, (uint64_t[]){i, 0, 0}, 3);
		tt_emit_event(e, 140, (uint64_t[]){i, 0, 0}, 2);
		tt_emit_release(e);
		if (i == 5000)
			next_generation();
	}
	next_generation();
	emit_end();
	ck_assert_uint_eq(tt_emit_counts().refused, 20000);
	/* with no word of the specs: as Go's tools see it */
	see(m.data, m.len, 0, &all);
	ck_assert_uint_eq(all.by_type[OBJECT_ALLOC], 20000);
	ck_assert_int_eq(tt_reader_open_memory(&r, m.data, m.len, NULL, &err), 0);
	while (tt_reader_next_generation(r, &g) == 0) {
		for (size_t i = 0; i < tt_generation_nexperimental(g); i++)
			see_embedded(tt_generation_experimental_at(g, i), &seen);
	}
	tt_reader_close(r);
	ck_assert_uint_eq(seen.events, 20000);
	ck_assert_uint_eq(seen.specs, 3);
	tt_specs_free(specs);
	made_release(&m);
}
END_TEST

static void *emit_three(void *arg)
{
	struct tt_emit *e = enter();

	for (uint64_t i = 0; i < 3; i++)
		tt_emit_event(e, 140, (uint64_t[]){*(uint64_t *)arg, 0, 0}, 3);
	tt_emit_release(e);
	return NULL;
}

/* Also where a thread goes on after its last, and those of others follow in the file. */
START_TEST(embedded_events_come_once_and_on_their_own_thread)
{
	struct tt_emit_options opt = {.size = sizeof(opt)};
	uint64_t first = 1, second = 2, n = 0;
	const struct tt_event *ev;
	int64_t threads[2] = {TT_NONE, TT_NONE};
	struct made m = {0};
	struct tt_specs *specs;
	struct tt_reader *r;
	struct tt_error err;
	struct tt_emit *e;
	pthread_t other;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	ck_assert_int_eq(tt_specs_add(specs, "own", own_spec, strlen(own_spec), &err), 0);
	opt.specs = specs;
	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	emit_three(&first);
	pthread_create(&other, NULL, emit_three, &second);
	pthread_join(other, NULL);
	e = enter();
	tt_emit_log(e, 0, "key", "value", 0);
	tt_emit_release(e);
	emit_end();
	ck_assert_int_eq(tt_reader_open_memory(&r, m.data, m.len, NULL, &err), 0);
	while (tt_reader_next(r, &ev) == 0) {
		if (ev->spec == NULL || ev->spec->type != 140)
			continue;
		ck_assert(ev->args[0] == 1 || ev->args[0] == 2);
		if (threads[ev->args[0] - 1] == TT_NONE)
			threads[ev->args[0] - 1] = ev->thread;
		ck_assert_int_eq(threads[ev->args[0] - 1], ev->thread);
		n++;
	}
	ck_assert_int_eq(tt_reader_error(r)->code, 0);
	ck_assert_uint_eq(n, 6);
	ck_assert_int_ne(threads[0], threads[1]);
	tt_reader_close(r);
	tt_specs_free(specs);
	made_release(&m);
}
END_TEST

/* Links that threads share, and that are made anew with each trace. */
#define LINKS 3
#define LINK_USES 4000
static const char link_spec[] = "experiment Link 3\n"
				"event Open 200 since 1.26\nargs dt link seq\nneeds thread\n"
				"orders link seq creates\n"
				"event Use 201 since 1.26\nargs dt link seq\nneeds thread\n"
				"orders link seq\n"
				"event Close 202 since 1.26\nargs dt link seq\nneeds thread\n"
				"orders link seq destroys\n";
static struct tt_emit_seq link_seqs[LINKS];

static void touch_link(unsigned type, unsigned link)
{
	struct tt_emit *e = enter();

	tt_emit_event2(e, type, link, tt_emit_seq_next(e, &link_seqs[link]));
	tt_emit_release(e);
}

static void *use_links(void *arg)
{
	unsigned state = (unsigned)(uintptr_t)arg;

	for (int i = 0; i < LINK_USES; i++) {
		state = state * 1103515245 + 12345;
		touch_link(201, state >> 16 & 1);
	}
	return NULL;
}

/* Order, lives and numbers fit: else see() fails. */
static void trace_links(const struct tt_specs *specs)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .period_ns = 2000000, .specs = specs};
	struct made m = {0};
	pthread_t threads[4];
	struct tt_error err;
	struct seen seen;

	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	for (unsigned i = 0; i < LINKS; i++)
		touch_link(200, i);
	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, use_links, (void *)i), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < LINKS; i++)
		touch_link(202, i);
	emit_end();
	see(m.data, m.len, 0, &seen);
	made_release(&m);
	ck_assert_uint_eq(seen.by_type[200], LINKS);
	ck_assert_uint_eq(seen.by_type[201], COUNT(threads) * LINK_USES);
	ck_assert_uint_eq(seen.by_type[202], LINKS);
}

START_TEST(numbers_order_events_of_many_threads)
{
	struct tt_specs *specs;
	struct tt_error err;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	ck_assert_msg(tt_specs_add(specs, "link", link_spec, strlen(link_spec), &err) == 0, "%s",
		      err.message);
	for (int i = 0; i < 3; i++)
		trace_links(specs);
	tt_specs_free(specs);
}
END_TEST

static void write_batch(void *arg, struct tt_emit *e)
{
	*(uint64_t *)arg = tt_emit_generation(e);
	tt_emit_batch(e, 1, "table", 5);
}

START_TEST(each_generation_begins_with_the_callback)
{
	uint64_t gen = 0;
	struct tt_emit_options opt = {.size = sizeof(opt), .generation = write_batch, .arg = &gen};
	struct made m = {0};
	struct tt_error err;
	struct seen seen;

	ck_assert_int_eq(tt_emit_start_callback(made_write, &m, &opt, &err), 0);
	ck_assert_uint_eq(gen, 1);
	for (int i = 0; i < 5; i++)
		next_generation();
	ck_assert_uint_eq(gen, 6);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.batches, 6);
}
END_TEST

/* ---- start and stop */

START_TEST(nothing_happens_while_tracing_is_off)
{
	ck_assert(!tt_emit_on());
	ck_assert_ptr_null(tt_emit_acquire());
	ck_assert_int_eq(tt_emit_advance(), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_emit_stop(NULL), -TT_E_ARGUMENT);
	tt_emit_unblock();
	tt_emit_thread_begin(5);
	tt_emit_thread_cancel(5);
	tt_emit_thread_end();
	do_gc(true);
}
END_TEST

START_TEST(start_refuses_what_cannot_be)
{
	static const char pool[] = "experiment Pool 7\n";
	struct tt_emit_options opt = {.size = sizeof(opt)};
	struct tt_specs *specs;
	struct made m = {0};
	struct tt_error err;

	ck_assert_int_eq(tt_emit_start("/no/such/folder/x", &opt, &err), -TT_E_IO);
	opt.size = 4;
	ck_assert_int_eq(tt_emit_start_fd(1, &opt, &err), -TT_E_ARGUMENT);
	opt.size = sizeof(opt);
	opt.memory_nbytes = 1000;
	ck_assert_int_eq(tt_emit_start_fd(1, &opt, &err), -TT_E_ARGUMENT);
	if (sizeof(void *) == 4) {
		opt.memory_nbytes = UINT64_C(1) << 32;
		ck_assert_int_eq(tt_emit_start_fd(1, &opt, &err), -TT_E_MEMORY);
	}
	opt.memory_nbytes = 0;
	opt.shared_path = "/no/such/folder/x";
	ck_assert_int_eq(tt_emit_start_fd(1, &opt, &err), -TT_E_IO);
	opt.shared_path = NULL;
	ck_assert_int_eq(tt_specs_new_standalone(&specs, "x", pool, sizeof(pool) - 1, &err), 0);
	opt.specs = specs;
	ck_assert_int_eq(tt_emit_start_fd(1, &opt, &err), -TT_E_SPEC);
	tt_specs_free(specs);
	ck_assert(!tt_emit_on());
	emit_begin(&m, LONG_NS);
	ck_assert(tt_emit_on());
	ck_assert_int_eq(tt_emit_start_fd(1, NULL, &err), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_flight_snapshot_fd(1, &err), -TT_E_ARGUMENT);
	emit_end();
	ck_assert(!tt_emit_on());
	made_release(&m);
}
END_TEST

START_TEST(failing_writes_are_told)
{
	struct made m = {.fail_at = 2};
	struct tt_error err;

	emit_begin(&m, LONG_NS);
	next_generation();
	tt_emit_advance();
	ck_assert_int_eq(tt_emit_advance(), -TT_E_IO);
	ck_assert_int_eq(tt_emit_stop(&err), -TT_E_IO);
	ck_assert_int_eq(err.system_errno, ENOSPC);
	made_release(&m);
}
END_TEST

/* A name for a test's file that is not there yet. */
static void scratch(char path[TEMP_PATH_SIZE])
{
	close(temp_file_new(path));
	unlink(path);
}

static void see_file(const char *path, struct seen *seen)
{
	struct made m = {0};
	char part[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	ck_assert_ptr_nonnull(f);
	while ((n = fread(part, 1, sizeof(part), f)) > 0)
		made_write(&m, part, n);
	fclose(f);
	unlink(path);
	see_all_cuts(&m, 20, seen);
	made_release(&m);
}

START_TEST(files_and_shared_memory)
{
	char path[TEMP_PATH_SIZE], region[TEMP_PATH_SIZE + 8];
	struct tt_emit_options opt = {.size = sizeof(opt), .shared_path = region};
	struct tt_error err;
	struct seen seen;

	scratch(path);
	snprintf(region, sizeof(region), "%s.region", path);
	ck_assert_msg(tt_emit_start(path, &opt, &err) == 0, "%s", err.message);
	ck_assert_int_eq(access(region, F_OK), 0);
	make_child(true, false);
	ck_assert_int_eq(tt_emit_stop(&err), 0);
	ck_assert_int_ne(access(region, F_OK), 0);
	see_file(path, &seen);
	ck_assert_uint_eq(seen.logs, 1);
}
END_TEST

START_TEST(flight_recorder_keeps_the_last_generations)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .period_ns = LONG_NS,
				      .flight_nbytes = 100000, .generation = write_batch};
	char path[TEMP_PATH_SIZE];
	struct shared s = SHARED_INIT;
	struct tt_error err;
	struct tt_emit *e;
	struct seen seen;
	unsigned state = 1;
	uint64_t gen;

	opt.arg = &gen;
	scratch(path);
	ck_assert_int_eq(tt_emit_start_flight(&opt, &err), 0);
	for (int i = 0; i < 200; i++) {
		write_objects(&s, &state);
		next_generation();
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(tt_flight_snapshot(path, &err) == 0, "%s", err.message);
		see_file(path, &seen);
		ck_assert_uint_ge(seen.generations, 20);
		ck_assert_uint_lt(seen.generations, 199);
		ck_assert_uint_eq(seen.batches, seen.generations);
	}
	/* the generation could not end while this thread is inside */
	e = enter();
	ck_assert_int_eq(tt_flight_snapshot(path, &err), -TT_E_ARGUMENT);
	unlink(path);
	tt_emit_release(e);
	ck_assert_int_eq(tt_emit_stop(&err), 0);
	ck_assert_int_eq(tt_flight_snapshot(path, &err), -TT_E_ARGUMENT);
	unlink(path);
}
END_TEST

static uint64_t size_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return (uint64_t)st.st_size;
}

START_TEST(what_is_refused_touches_no_file)
{
	struct tt_emit_options wrong = {.size = 4};
	char path[TEMP_PATH_SIZE];
	struct tt_error err;
	uint64_t before;

	scratch(path);
	ck_assert_int_eq(tt_emit_start(path, &wrong, &err), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_flight_snapshot(path, &err), -TT_E_ARGUMENT);
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(tt_emit_start(path, NULL, &err), 0);
	ck_assert_int_eq(tt_emit_advance(), 0);
	before = size_of(path);
	ck_assert_uint_gt(before, 16);
	ck_assert_int_eq(tt_emit_start(path, NULL, &err), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_flight_snapshot(path, &err), -TT_E_ARGUMENT);
	ck_assert_uint_ge(size_of(path), before);
	ck_assert_int_eq(tt_emit_stop(&err), 0);
	unlink(path);
}
END_TEST

/* ---- processes */

START_TEST(forked_child_does_not_trace)
{
	struct shared s = SHARED_INIT;
	pthread_t threads[4];
	struct made m = {0};
	struct seen seen;
	int status;

	emit_begin(&m, 1000000);
	for (size_t i = 0; i < COUNT(threads); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, churn, &s), 0);
	for (int i = 0; i < 10; i++) {
		pid_t child = fork();

		if (child == 0)
			child_exit(tt_emit_on() || tt_emit_acquire() != NULL);
		ck_assert_int_eq(waitpid(child, &status, 0), child);
		ck_assert_int_eq(status, 0);
	}
	atomic_store(&s.stop, true);
	for (size_t i = 0; i < COUNT(threads); i++)
		pthread_join(threads[i], NULL);
	emit_end();
	see_all_cuts(&m, 5, &seen);
	made_release(&m);
}
END_TEST

#ifndef TT_SANITIZED_THREADS
/*
 * With no other threads but the tracer's: a sanitizer's allocator may be locked in the
 * child for good. TSan lets no such child make threads at all.
 */
START_TEST(forked_child_may_write_a_trace_of_its_own)
{
	struct made m = {0};
	struct seen seen;
	pid_t child;
	int status;

	emit_begin(&m, LONG_NS);
	child = fork();
	if (child == 0) {
		struct made own = {0};
		struct tt_error err;

		if (tt_emit_start_callback(made_write, &own, NULL, &err) != 0)
			child_exit(2);
		do_syscall(true);
		do_syscall(false);
		if (tt_emit_stop(&err) != 0 || own.len < 100)
			child_exit(3);
		child_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	finish(&m, &seen);
}
END_TEST
#endif

/* The child's end of a section that its parent began. */
START_TEST(fork_inside_a_section)
{
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;
	pid_t child;
	int status;

	emit_begin(&m, LONG_NS);
	e = enter();
	tt_emit_event2(e, OBJECT_ALLOC, 1, 1);
	child = fork();
	if (child == 0) {
		tt_emit_event2(e, OBJECT_ALLOC, 2, 2);
		tt_emit_log(e, 0, "a", "b", tt_emit_stack_here(e, 0));
		tt_emit_region_begin(e, 0, "a", 0);
		tt_emit_batch(e, 1, "a", 1);
		tt_emit_syscall_begin(e, 0);
		tt_emit_release(e);
		child_exit(tt_emit_acquire() == NULL ? 0 : 1);
	}
	tt_emit_release(e);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	finish(&m, &seen);
	ck_assert_uint_eq(seen.by_type[OBJECT_ALLOC], 1);
}
END_TEST

#ifndef TT_SANITIZED_THREADS
/*
 * exit() with threads at work, one of them inside a section for good; which TSan calls
 * leaked.
 */
START_TEST(exit_without_stop_leaves_a_whole_trace)
{
	char path[TEMP_PATH_SIZE];
	struct seen seen;
	pid_t child;
	int status;

	scratch(path);
	child = fork();
	if (child == 0) {
		struct shared *s = calloc(1, sizeof(*s));
		struct tt_emit *e;
		pthread_t thread;

		pthread_mutex_init(&s->lock, NULL);
		pthread_cond_init(&s->cond, NULL);
		if (tt_emit_start(path, NULL, NULL) != 0)
			child_exit(9);
		for (int i = 0; i < 4; i++)
			pthread_create(&thread, NULL, churn, s);
		sleep_ns(30000000);
		e = tt_emit_acquire();
		tt_emit_log(e, 0, "last", "words", 0);
		exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	see_file(path, &seen);
	ck_assert_uint_ge(seen.logs, 1);
}
END_TEST
#endif

Suite *emit_suite(void)
{
	Suite *s = suite_create("emit");
	TCase *one = tcase_create("one thread"), *many = tcase_create("threads");
	TCase *rest = tcase_create("start, stop, processes");

	tcase_add_test(one, empty_trace_is_valid);
	tcase_add_test(one, generations_end_on_request);
	tcase_add_test(one, annotations_come_out);
	tcase_add_test(one, labels_are_in_each_generation);
	tcase_add_test(one, regions_too_deep_are_refused_and_still_pair);
	tcase_add_loop_test(one, spans_cross_generations, 0, COUNT(spans) * COUNT(spans));
	tcase_add_test(one, ends_without_a_begin_are_nothing);
	tcase_add_test(one, stopped_world_ends_with_its_section);
	tcase_add_test(one, texts_and_stacks_are_written_once);
	tcase_add_test(one, large_texts_and_stacks_are_cut);
	tcase_add_test(one, names_come_from_the_callback_or_the_map);
	tcase_add_test(one, events_against_their_spec_are_refused);
	tcase_add_test(one, single_events_need_no_section);
	tcase_add_loop_test(one, batches_hold_their_bytes, 0, 3);
	tcase_add_test(one, events_of_an_own_spec_come_out);
	tcase_add_loop_test(one, events_that_need_no_context_are_refused_where_there_is_one, 0,
			    2);
	tcase_add_test(one, embedded_events_come_once_and_on_their_own_thread);
	tcase_add_test(one, events_go_does_not_know_travel_in_batches);
	tcase_add_test(one, numbers_order_events_of_many_threads);
	tcase_add_test(one, each_generation_begins_with_the_callback);
	tcase_add_loop_test(many, threads_churn, 0, 5);
	tcase_add_test(many, tracing_starts_and_stops_under_running_threads);
	tcase_add_test(many, want_of_memory_drops_events_and_keeps_the_trace);
	tcase_add_test(many, announced_thread_may_start_in_a_later_generation);
	tcase_add_loop_test(many, waking_and_running_again_may_lie_generations_apart, 0, 16);
#ifndef TT_SANITIZED
	tcase_add_test(many, vanished_threads_end);
#endif
	tcase_add_test(many, generation_does_not_end_inside_a_section);
	tcase_add_test(many, signal_handlers_may_emit);
	tcase_add_test(rest, nothing_happens_while_tracing_is_off);
	tcase_add_test(rest, start_refuses_what_cannot_be);
	tcase_add_test(rest, failing_writes_are_told);
	tcase_add_test(rest, files_and_shared_memory);
	tcase_add_test(rest, flight_recorder_keeps_the_last_generations);
	tcase_add_test(rest, what_is_refused_touches_no_file);
	tcase_add_test(rest, forked_child_does_not_trace);
#ifndef TT_SANITIZED_THREADS
	tcase_add_test(rest, forked_child_may_write_a_trace_of_its_own);
#endif
	tcase_add_test(rest, fork_inside_a_section);
#ifndef TT_SANITIZED_THREADS
	tcase_add_test(rest, exit_without_stop_leaves_a_whole_trace);
#endif
	suite_add_tcase(s, one);
	suite_add_tcase(s, many);
	suite_add_tcase(s, rest);
	return s;
}
