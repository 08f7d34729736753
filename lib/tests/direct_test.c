/* SPDX-License-Identifier: MIT */
/*
 * direct_test.c - events that are counted straight from their bytes, held against the same
 * events handed out one by one: mutants of busy traces must give the same counts, errors,
 * findings and waiting threads, however they are read.
 */
#include "order/direct.h"

#include "event/reader.h"
#include "fuzz/mutate.h"
#include "fuzz/ways.h"
#include "spec/types.h"
#include "tests/reader_support.h"
#include "tests/sanitized.h"
#include "tests/suites.h"

#define NTRACES 16
#define NMUTANTS (4000 / NTRACES / TT_EVERY)
#define MAX_SIZE (1 << 17)
#define HEADER_NBYTES 16
#define NGENERATIONS 2

enum {
	MAX_THREADS = 40,
	NSTEPS = 2000,          /* about as many events in a generation */
	OPEN = 200,             /* of ways_orders(), as is the next one */
	USE,
	NLINKS = 5,
};

/* ---- a busy program: threads that hand on goroutines */

enum status { RUNNABLE = 1, RUNNING, SYSCALL, WAITING };

struct thread {
	struct build events;
	uint64_t start, now;    /* its clock is not that of the others */
	unsigned g;             /* that it runs; 0: none */
	bool in_syscall;
	uint64_t p_seq;
};

struct busy {
	uint32_t random;
	unsigned nthreads, ngs, skew;
	uint64_t now, unit;
	struct thread threads[MAX_THREADS];
	uint8_t status[3 * MAX_THREADS + 1]; /* of goroutines, from 1 */
	uint64_t seq[3 * MAX_THREADS + 1];
	bool opened[NLINKS];
	uint64_t links[NLINKS]; /* their numbers in the generation */
};

static unsigned draw(struct busy *s, unsigned n)
{
	s->random = s->random * 1664525 + 1013904223;
	return (s->random >> 8) % n;
}

static void put(struct busy *s, struct thread *t, unsigned type, unsigned n, const uint64_t *args)
{
	uint64_t at = s->now + draw(s, s->skew + 1), dt = at > t->now ? at - t->now : 1;

	build_byte(&t->events, type);
	build_number(&t->events, dt);
	t->now += dt;
	for (unsigned i = 0; i < n; i++)
		build_number(&t->events, args[i]);
}

#define PUT(s, t, type, ...)                                                                       \
	put(s, t, type, sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), (uint64_t[]){__VA_ARGS__})

/* A goroutine that has this status, or 0. */
static unsigned find(struct busy *s, enum status status)
{
	unsigned first = draw(s, s->ngs);

	for (unsigned i = 0; i < s->ngs; i++) {
		unsigned g = (first + i) % s->ngs + 1;

		if (s->status[g] == status)
			return g;
	}
	return 0;
}

static void leave(struct busy *s, struct thread *t, unsigned type, enum status status)
{
	PUT(s, t, type, draw(s, 4), draw(s, 2));
	s->status[t->g] = (uint8_t)status;
	t->g = 0;
}

static void unblock(struct busy *s, struct thread *t)
{
	unsigned g = find(s, WAITING);

	if (g == 0)
		return;
	PUT(s, t, TT_EV_GO_UNBLOCK, g, ++s->seq[g], draw(s, 2));
	s->status[g] = RUNNABLE;
}

static void experiment(struct busy *s, struct thread *t)
{
	unsigned link = draw(s, NLINKS);

	switch (draw(s, 4)) {
	case 0:
		PUT(s, t, TT_EV_HEAP_OBJECT_ALLOC, draw(s, 1000), draw(s, 3));
		break;
	case 1:
		PUT(s, t, TT_EV_HEAP_OBJECT_FREE, draw(s, 1000));
		break;
	default:
		PUT(s, t, s->opened[link] ? USE : OPEN, link, ++s->links[link]);
		s->opened[link] = true;
		break;
	}
}

static void run(struct busy *s, struct thread *t)
{
	switch (draw(s, 12)) {
	case 0:
	case 1:
		leave(s, t, TT_EV_GO_BLOCK, WAITING);
		break;
	case 2:
		leave(s, t, TT_EV_GO_STOP, RUNNABLE);
		break;
	case 3:
		PUT(s, t, TT_EV_GO_SYSCALL_BEGIN, ++t->p_seq, draw(s, 2));
		t->in_syscall = true;
		break;
	case 4:
		PUT(s, t, TT_EV_HEAP_ALLOC, draw(s, 1u << 24));
		break;
	case 5:
	case 6:
		experiment(s, t);
		break;
	case 7:
		/* a task without a parent: its number has ten bytes */
		PUT(s, t, TT_EV_USER_LOG, draw(s, 9) == 0 ? UINT64_MAX : 0, 1, 2, 1);
		break;
	default:
		unblock(s, t);
		break;
	}
}

static void step(struct busy *s)
{
	struct thread *t = &s->threads[draw(s, s->nthreads)];
	unsigned g;

	s->now += draw(s, 12);
	if (t->in_syscall) {
		put(s, t, TT_EV_GO_SYSCALL_END, 0, NULL);
		t->in_syscall = false;
	} else if (t->g != 0) {
		run(s, t);
	} else {
		g = find(s, RUNNABLE);
		if (g == 0)
			return;
		PUT(s, t, TT_EV_GO_START, g, ++s->seq[g]);
		s->status[g] = RUNNING;
		t->g = g;
	}
}

/* What a generation begins with: where all goroutines are. */
static void say_statuses(struct busy *s)
{
	struct thread *t = s->threads;

	for (unsigned i = 0; i < s->nthreads; i++, t++) {
		t->events.len = 0;
		t->start = t->now = s->now;
		t->p_seq = 0;
		PUT(s, t, TT_EV_PROC_STATUS, i, t->in_syscall ? 3 : 1);
		if (t->g != 0)
			PUT(s, t, TT_EV_GO_STATUS, t->g, 100 + i, t->in_syscall ? SYSCALL : RUNNING);
	}
	for (unsigned g = 1; g <= s->ngs; g++) {
		s->seq[g] = 0;
		if (s->status[g] != RUNNING)
			PUT(s, &s->threads[g % s->nthreads], TT_EV_GO_STATUS, g, UINT64_MAX,
			    s->status[g]);
	}
	memset(s->links, 0, sizeof(s->links));
}

static void tables(struct build *b, const struct busy *s, uint64_t gen)
{
	static const uint8_t types[] = {0, 1, 0, 24, 8, 1, 'a', 2, 0, 16, 0, 1, 'b'};
	static const uint64_t frame[] = {1, 1, 2, 3};

	build_clock(b, gen, s->threads[0].start, UINT64_C(1000000000) / s->unit);
	build_batch(b, gen, BUILD_NOBODY, 1);
	build_byte(b, 0x02);
	build_stack(b, 1, 1, frame);
	build_close(b);
	build_batch(b, gen, BUILD_NOBODY, 1);
	build_byte(b, 0x04);
	for (unsigned i = 1; i <= 3; i++)
		build_string(b, i, "abc", i);
	build_close(b);
	build_experiment(b, 1, gen, BUILD_NOBODY, 1);
	build_bytes(b, types, sizeof(types));
	build_close(b);
}

static void generation(struct build *b, struct busy *s, uint64_t gen)
{
	say_statuses(s);
	for (unsigned i = 0; i < NSTEPS; i++)
		step(s);
	tables(b, s, gen);
	for (unsigned i = 0; i < s->nthreads; i++)
		build_raw(b, gen, 100 + i, s->threads[i].start, s->threads[i].events.data,
			  s->threads[i].events.len);
	build_mark(b);
}

/* Few threads or as many as sleep while they wait; clocks that agree, or do not; ticks of
 * one nanosecond, 64, or 41 and a fraction. */
static void busy_trace(struct build *b, unsigned seed)
{
	static const unsigned skews[] = {0, 15, 200, 3000};
	static struct busy s;

	memset(&s, 0, sizeof(s));
	s.random = seed + 1;
	s.nthreads = seed % 2 == 0 ? 4 : MAX_THREADS;
	s.skew = skews[seed / 2 % 4];
	s.unit = seed % 3 == 0 ? 1 : seed % 3 == 1 ? 64 : 41;
	s.ngs = 3 * s.nthreads;
	s.now = 1000;
	for (unsigned g = 1; g <= s.ngs; g++)
		s.status[g] = g % 2 == 0 ? WAITING : RUNNABLE;
	for (unsigned i = 0; i < s.nthreads / 2; i++) {
		s.threads[i].g = 2 * i + 1;
		s.status[2 * i + 1] = RUNNING;
	}
	build_init(b, 26);
	for (uint64_t gen = 1; gen <= NGENERATIONS; gen++)
		generation(b, &s, gen);
	for (unsigned i = 0; i < s.nthreads; i++)
		build_release(&s.threads[i].events);
}

/* ---- mutants */

/* A number of an event is written in this many bytes: up to 10 can be one. */
static void lengthen(struct mutate *m, struct mutate_batch *b)
{
	size_t at = mutate_choice(m, b->n), nbytes = 7 + mutate_choice(m, 5);

	memcpy(m->body, b->data, at);
	memset(m->body + at, 0x80, nbytes);
	m->body[at + nbytes - 1] = (uint8_t)mutate_choice(m, 3);
	memcpy(m->body + at + nbytes, b->data + at, b->n - at);
	b->data = m->body;
	b->n += nbytes;
}

/* Changes a batch of events where mutate() does not: within events. */
static size_t mutate_inside(uint8_t *data, size_t size, unsigned seed)
{
	static struct mutate m;
	struct mutate_batch *b;
	struct build out = {0};

	m.seed = seed;
	m.n = 0;
	mutate_apart(&m, data + HEADER_NBYTES, size - HEADER_NBYTES);
	do {
		b = &m.batches[mutate_choice(&m, m.n)];
	} while (b->experiment != NULL || b->header[1] == BUILD_NOBODY || b->n == 0);
	switch (mutate_choice(&m, 4)) {
	case 0:
		b->n = mutate_choice(&m, b->n);
		break;
	case 1:
		memcpy(m.body, b->data, b->n);
		m.body[mutate_choice(&m, b->n)] = (uint8_t)mutate_choice(&m, 256);
		b->data = m.body;
		break;
	default:
		lengthen(&m, b);
		break;
	}
	build_bytes(&out, data, HEADER_NBYTES);
	for (size_t i = 0; i < m.n; i++)
		mutate_put(&out, &m.batches[i]);
	ck_assert_uint_le(out.len, MAX_SIZE);
	memcpy(data, out.data, out.len);
	size = out.len;
	build_release(&out);
	return size;
}

static struct tt_reader *open_trace(const uint8_t *data, size_t size, unsigned flags)
{
	const struct tt_options opt = {.size = sizeof(opt), .flags = flags, .specs = ways_orders()};

	return test_open_as(data, size, &opt);
}

/* With events in runs, that another thread orders ahead if there are two. */
static struct tt_reader *open_runs(const uint8_t *data, size_t size, unsigned threads)
{
	const struct tt_options opt = {.size = sizeof(opt), .specs = ways_orders(), .threads = threads};
	struct tt_reader *r = test_open_as(data, size, &opt);

	tt_reader_begin_runs(r);
	ck_assert_ptr_nonnull(r->run);
	r->run->ahead_nbytes = 0;
	return r;
}

/* All that events up to the first error are; findings, which may come earlier, left out. */
static uint64_t digest_events(struct tt_reader *r)
{
	const struct tt_event *ev;
	uint64_t digest = 0, n = 0;

	while (tt_reader_next(r, &ev) == 0) {
		ck_assert_uint_eq(tt_reader_progress(r).events, ++n);
		ck_assert_int_eq(tt_reader_last_ns(r), ev->time_ns);
		digest = digest_event(digest, ev);
	}
	tt_reader_close(r);
	return digest;
}

/* In runs all events are the same, and with them the verdict. */
static void read_in_runs(const uint8_t *data, size_t size, const struct walk *plain, unsigned seed)
{
	uint64_t digest = digest_events(open_trace(data, size, 0));

	for (unsigned threads = 1; threads <= 2; threads++) {
		struct tt_reader *r = open_runs(data, size, threads);
		struct walk runs;

		walk(&runs, r, size, false);
		tt_reader_close(r);
		ck_assert_msg(walk_agrees(&runs, plain),
			      "mutant %u, %u threads: %llu events, error %d; not in runs %llu, error %d", seed,
			      threads, (unsigned long long)runs.events, runs.first_error,
			      (unsigned long long)plain->events, plain->first_error);
		ck_assert_uint_eq(digest_events(open_runs(data, size, threads)), digest);
	}
}

/* Fails the test if they differ. Returns the first error, or 0. */
static int read_all_ways(const uint8_t *data, size_t size, unsigned trace, unsigned seed)
{
	struct walk plain, fewer[2];
	struct tt_reader *r = open_trace(data, size, 0);

	walk(&plain, r, size, false);
	tt_reader_close(r);
	r = open_trace(data, size, 0);
	walk_syncs(&fewer[0], r, size);
	tt_reader_close(r);
	r = open_trace(data, size, TT_OPEN_EXPERIMENTAL);
	walk_experiments(&fewer[1], r, size);
	tt_reader_close(r);
	for (unsigned i = 0; i < 2; i++)
		ck_assert_msg(walk_agrees(&fewer[i], &plain),
			      "mutant %u of trace %u: %llu events, error %d; handed out %llu, error %d",
			      seed, trace, (unsigned long long)fewer[i].events, fewer[i].first_error,
			      (unsigned long long)plain.events, plain.first_error);
	if (seed % 4 == 0)
		read_in_runs(data, size, &plain, seed);
	return plain.first_error;
}

START_TEST(counted_and_handed_out_are_the_same)
{
	static uint8_t data[MAX_SIZE];
	unsigned trace = (unsigned)_i;
	struct build b;

	busy_trace(&b, trace);
	ck_assert_uint_le(b.len, MAX_SIZE - 16);
	ck_assert_int_eq(read_all_ways(b.data, b.len, trace, 0), TT_OK);
	for (unsigned seed = 1; seed <= NMUTANTS; seed++) {
		size_t size = b.len;

		memcpy(data, b.data, b.len);
		for (unsigned i = 0; i < 1 + seed % 2; i++)
			size = seed % 3 == 0 ? mutate(data, size, MAX_SIZE, seed * 7919 + i,
						      HEADER_NBYTES)
					     : mutate_inside(data, size, seed * 7919 + i);
		read_all_ways(data, size, trace, seed);
	}
	build_release(&b);
}
END_TEST

/* Otherwise the test above would show nothing. */
START_TEST(most_events_are_counted_from_their_bytes)
{
	struct build b;
	struct tt_reader *r;
	const struct tt_event *ev;
	struct tt_tally tally = {0};
	struct tt_error err;
	uint64_t nplain = 0;

	busy_trace(&b, (unsigned)_i);
	r = open_trace(b.data, b.len, 0);
	ck_assert_int_eq(tt_reader_next_sync(r, &ev), TT_OK);
	while (r->pass.merge.heap.n != 0) {
		ck_assert_int_eq(tt_direct_run(&tally, &r->pass.merge, &r->pass.order, &err), TT_OK);
		if (r->pass.merge.heap.n == 0)
			break;
		ck_assert_int_eq(tt_merge_advance(&r->pass.merge, &r->pass.order, &err), TT_OK);
		r->pass.order.head = r->pass.order.count = 0;
		nplain++;
	}
	ck_assert_uint_gt(tally.nevents, 0);
	if (_i == 0)
		ck_assert_uint_gt(tally.nevents, nplain);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

/* A caller may change its mind within a generation, be it that the thread has filled all blocks. */
START_TEST(runs_can_be_left_anywhere)
{
	struct build b;
	struct tt_reader *r;
	const struct tt_generation *gen;
	const struct tt_event *ev;

	busy_trace(&b, 0);
	for (unsigned threads = 1; threads <= 2; threads++) {
		for (unsigned n = 0; n < 1500; n += 97) {
			r = open_runs(b.data, b.len, threads);
			for (unsigned i = 0; i < n; i++)
				ck_assert_int_eq(tt_reader_next(r, &ev), TT_OK);
			if (n % 3 == 0) {
				ck_assert_int_eq(tt_reader_next_generation(r, &gen), TT_OK);
				ck_assert_int_eq(tt_reader_next(r, &ev), TT_OK);
				ck_assert_int_eq(ev->kind, TT_KIND_SYNC);
			} else if (n % 3 == 1) {
				ck_assert_int_eq(tt_reader_next_sync(r, &ev), TT_OK);
				ck_assert_int_eq(ev->kind, TT_KIND_SYNC);
			}
			tt_reader_close(r);
		}
	}
	build_release(&b);
}
END_TEST

START_TEST(most_events_of_a_run_are_briefs)
{
	struct build b;
	struct tt_reader *r;
	const struct tt_event *ev;
	unsigned nbriefs = 0, nothers = 0;

	busy_trace(&b, 0);
	r = open_runs(b.data, b.len, 1);
	while (tt_reader_next(r, &ev) == 0) {
		nbriefs += ev == &r->run->made;
		nothers += ev != &r->run->made;
	}
	ck_assert_uint_gt(nbriefs, nothers);
	tt_reader_close(r);
	build_release(&b);
}
END_TEST

Suite *direct_suite(void)
{
	Suite *suite = suite_create("direct");
	TCase *tc = tcase_create("direct");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, counted_and_handed_out_are_the_same, 0, NTRACES);
	tcase_add_loop_test(tc, most_events_are_counted_from_their_bytes, 0, 2);
	tcase_add_test(tc, runs_can_be_left_anywhere);
	tcase_add_test(tc, most_events_of_a_run_are_briefs);
	suite_add_tcase(suite, tc);
	return suite;
}
