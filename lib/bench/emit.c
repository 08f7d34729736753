/* SPDX-License-Identifier: MIT */
/*
 * emit.c - what writing events costs: beside the bare clock and malloc of the same
 * run, an event with two arguments, one with a stack of 8 frames by frame pointers,
 * the same on two threads, and with tracing off; and how many bytes an event takes.
 * A program of its own; stands on the public header. Each figure is the best of some
 * passes. With an argument it measures malloc and free alone and prints the figure
 * behind it: for `record --heap`, and without.
 *
 * usage: emit [TEXT]
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "tracetool_emit.h"

#define PASSES 7
#define ROUNDS 1000000
#define MAX_THREADS 2

static unsigned object_alloc, object_free;

/* Of this thread alone, so that other work on the machine counts little. */
static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ---------------------------------------------------------- what is measured */

static void nothing(void)
{
	for (int i = 0; i < ROUNDS; i++)
		__asm__ volatile("" ::: "memory");
}

static void bare_clock(void)
{
	for (int i = 0; i < ROUNDS; i++) {
#if defined(__x86_64__)
		uint64_t t = __rdtsc();
#else
		struct timespec t;

		clock_gettime(CLOCK_MONOTONIC, &t);
#endif
		__asm__ volatile("" ::"r"(&t) : "memory");
	}
}

static void malloc_and_free(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		void *p = malloc(48);

		__asm__ volatile("" ::"r"(p) : "memory");
		free(p);
	}
}

/* Not so many that a trace of them is large. */
#define PAIRS (ROUNDS / 4)

static void pairs(void)
{
	for (int i = 0; i < PAIRS; i++) {
		void *p = malloc(48);

		__asm__ volatile("" ::"r"(p) : "memory");
		free(p);
	}
}

static void off(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		__asm__ volatile("" ::: "memory");
		if (tt_emit_on())
			tt_emit_acquire();
	}
}

/* The events alone, with one section for some of them. */
static void two_arguments(void)
{
	for (int i = 0; i < ROUNDS; i += 100) {
		struct tt_emit *e = tt_emit_acquire();

		for (int k = 0; k < 100; k++)
			tt_emit_event2(e, object_alloc, (uint64_t)k, 5);
		tt_emit_release(e);
	}
}

static void with_section(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		struct tt_emit *e;

		if (!tt_emit_on())
			abort();
		e = tt_emit_acquire();
		tt_emit_event2(e, object_alloc, (uint64_t)(i & 127), 5);
		tt_emit_release(e);
	}
}

static void once(void)
{
	for (int i = 0; i < ROUNDS; i++)
		tt_emit_once2(0, object_alloc, (uint64_t)(i & 127), 5);
}

/*
 * As a malloc tracer has them: numbers of objects by address, from a base that lies
 * where the heap does (the info batch tells of it), 16 bytes to a number.
 */
#define HEAP_NBYTES (UINT64_C(16) << 20)

static void objects(void)
{
	for (int i = 0; i < ROUNDS; i += 2) {
		uint64_t id = (uint64_t)i * 37 % (HEAP_NBYTES / 16);

		tt_emit_once2(0, object_alloc, id, (uint64_t)(i & 127));
		tt_emit_once1(0, object_free, id);
	}
}

static void stacks_at_depth(int depth);
static void (*volatile deeper)(int) = stacks_at_depth;

static void log_here(void)
{
	struct tt_emit *e = tt_emit_acquire();

	tt_emit_event2(e, object_alloc, 1, tt_emit_stack_here(e, 0));
	tt_emit_release(e);
}

/* Calls itself, so that there are 8 frames from here to the thread's start. */
__attribute__((noinline)) static void stacks_at_depth(int depth)
{
	if (depth > 0) {
		deeper(depth - 1);
		__asm__ volatile("" ::: "memory");
		return;
	}
	for (int i = 0; i < ROUNDS; i++)
		log_here();
}

static void eight_frames(void)
{
	deeper(1);
	__asm__ volatile("" ::: "memory");
}

/* ---------------------------------------------------------------- measuring */

struct job {
	void (*run)(void);
	pthread_barrier_t *barrier;
	double ns;
};

static void *run_job(void *arg)
{
	struct job *job = arg;
	double start;

	/* the first round takes the thread's name and memory */
	job->run();
	pthread_barrier_wait(job->barrier);
	start = now_ns();
	job->run();
	job->ns = now_ns() - start;
	return NULL;
}

/* Nanoseconds a round, of the slowest thread; the best pass. */
static double measure(void (*run)(void), unsigned nthreads)
{
	double best = 1e18, worst;
	pthread_t threads[MAX_THREADS];
	struct job jobs[MAX_THREADS];
	pthread_barrier_t barrier;

	for (int pass = 0; pass < PASSES; pass++) {
		pthread_barrier_init(&barrier, NULL, nthreads);
		for (unsigned i = 0; i < nthreads; i++) {
			jobs[i] = (struct job){run, &barrier, 0};
			if (pthread_create(&threads[i], NULL, run_job, &jobs[i]) != 0)
				abort();
		}
		worst = 0;
		for (unsigned i = 0; i < nthreads; i++) {
			pthread_join(threads[i], NULL);
			worst = jobs[i].ns > worst ? jobs[i].ns : worst;
		}
		pthread_barrier_destroy(&barrier);
		best = worst < best ? worst : best;
	}
	return best / ROUNDS;
}

static int throw_away(void *arg, const void *data, size_t nbytes)
{
	*(uint64_t *)arg += nbytes;
	(void)data;
	return 0;
}

static uint64_t nbytes_written;

static void start(void)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .memory_nbytes = UINT64_C(1) << 30};
	struct tt_error err;

	nbytes_written = 0;
	if (tt_emit_start_callback(throw_away, &nbytes_written, &opt, &err) != 0) {
		fprintf(stderr, "emit: %s\n", err.message);
		exit(2);
	}
}

static void stop(void)
{
	struct tt_error err;

	if (tt_emit_stop(&err) != 0) {
		fprintf(stderr, "emit: %s\n", err.message);
		exit(2);
	}
}

/* Of one pass: two runs of ROUNDS in each. */
static double bytes_an_event(void (*run)(void))
{
	start();
	measure(run, 1);
	stop();
	return (double)nbytes_written / PASSES / (2.0 * ROUNDS);
}

static void show(const char *what, double value, const char *unit)
{
	printf("%-48s %8.2f %s\n", what, value, unit);
}

static void find_types(void)
{
	struct tt_specs *specs;
	struct tt_error err;

	if (tt_specs_new(&specs, &err) != 0)
		exit(2);
	object_alloc = tt_specs_event_named(specs, "HeapObjectAlloc")->type;
	object_free = tt_specs_event_named(specs, "HeapObjectFree")->type;
	tt_specs_free(specs);
}

int main(int argc, char **argv)
{
	double clock, one, two, stacks;

	if (argc > 1) {
		show(argv[1], measure(pairs, 1) * (ROUNDS / PAIRS), "ns");
		return 0;
	}
	clock = measure(bare_clock, 1);
	find_types();

	show("the clock alone", clock, "ns");
	show("malloc and free alone", measure(malloc_and_free, 1), "ns");
	show("an empty loop", measure(nothing, 1), "ns");
	show("tracing off", measure(off, 1), "ns");
	start();
	one = measure(two_arguments, 1);
	show("event, two arguments", one, "ns");
	show("  beyond the clock", one - clock, "ns");
	one = measure(with_section, 1);
	show("event, two arguments, a section each", one, "ns");
	show("  beyond the clock", one - clock, "ns");
	one = measure(once, 1);
	show("event, two arguments, section and all at once", one, "ns");
	show("  beyond the clock", one - clock, "ns");
	stacks = measure(eight_frames, 1);
	show("event with a stack by frame pointers, and section", stacks, "ns");
	show("object allocated or freed, at once", measure(objects, 1), "ns");
	two = measure(with_section, 2);
	show("two threads write, times one", 2 * one / two, "");
	stop();
	show("lost", (double)tt_emit_counts().lost, "events");
	show("two small arguments", bytes_an_event(with_section), "bytes an event");
	show("objects", bytes_an_event(objects), "bytes an event");
	return tt_emit_counts().lost != 0;
}
