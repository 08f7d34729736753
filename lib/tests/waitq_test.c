/* SPDX-License-Identifier: MIT */
/*
 * waitq_test.c - many threads whose heads wait, for goroutines, for resources, for two
 * numbers at once and for the collector: what comes out is what trying all of them at each
 * event gives, whether times differ, are equal now and then, or often; and so is an error.
 */
#include "event/reader.h"
#include "fuzz/ways.h"
#include "tests/digest.h"
#include "tests/reader_support.h"
#include "tests/suites.h"

#define NTHREADS 60
#define NEVENTS 8               /* of each thread */
#define NGOROUTINES (NTHREADS * NEVENTS)
#define NLINKS 7                /* resources of ways_orders() */

enum flaw { FLAW_NONE, FLAW_STUCK, FLAW_BROKEN, FLAW_BAD_EVENT, NFLAWS };

static uint32_t random_below(uint32_t *state, uint32_t n)
{
	*state = *state * 1664525 + 1013904223;
	return (*state >> 8) % n;
}

/* Some order of 0..n-1. */
static void shuffle(uint32_t *state, uint32_t *order, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint32_t j = random_below(state, i + 1);

		order[i] = order[j];
		order[j] = i;
	}
}

static void put(struct build *b, unsigned type, uint64_t dt, uint64_t id, uint64_t second)
{
	build_byte(b, type);
	build_number(b, dt);
	build_number(b, id);
	build_number(b, second);
	build_number(b, 0);
}

struct use {
	uint32_t link, seq;
	uint32_t all_seq;       /* in the whole program, or 0 */
};

/* Who uses which link when, one after the other. */
static void draw_uses(uint32_t *state, struct use uses[NTHREADS][NEVENTS])
{
	uint32_t order[NTHREADS * NEVENTS], nused[NTHREADS] = {0}, seqs[NLINKS] = {0};
	uint32_t all_seq = 0;

	shuffle(state, order, NTHREADS * NEVENTS);
	for (unsigned i = 0; i < NTHREADS * NEVENTS; i++) {
		uint32_t thread = order[i] % NTHREADS, link = random_below(state, NLINKS);

		uses[thread][nused[thread]++] =
			(struct use){link, ++seqs[link], i % 3 == 0 ? ++all_seq : 0};
	}
}

/* A thread that unblocks goroutines, each an event that waits until they are there, and
 * uses links when its turn comes. */
static void unblocker(struct build *b, uint32_t *state, const uint32_t *which,
		      const struct use *uses, unsigned i, uint32_t span, enum flaw flaw)
{
	build_batch(b, 1, 100 + i, 1000 + random_below(state, span));
	for (unsigned k = 0; k < NEVENTS; k++) {
		put(b, 0x15, random_below(state, span / NEVENTS + 1), 1000 + which[k],
		    flaw == FLAW_STUCK && i == 5 && k == 4 ? 2 : 1);
		build_byte(b, uses[k].all_seq == 0 ? 201 : 208);
		build_number(b, random_below(state, span / NEVENTS + 1));
		build_number(b, uses[k].link);
		build_number(b, uses[k].seq);
		if (uses[k].all_seq != 0)
			build_number(b, uses[k].all_seq);
	}
	if (flaw == FLAW_BAD_EVENT && i == 9)
		build_bytes(b, "\x15\x01\x80", 3);
	build_close(b);
}

/* Two threads, each with a P: one begins each garbage collection, the other ends it. */
static void collectors(struct build *b, uint32_t *state, uint32_t span)
{
	build_batch(b, 1, 8, 200);
	build_bytes(b, "\x0d\x01\x01\x01\x19\x01\x02\x08\x02\x1d\x01\x01\x00", 13);
	for (unsigned k = 1; k < 10; k++) {
		build_byte(b, 0x1d);
		build_number(b, random_below(state, span));
		build_number(b, 2 * k + 1);
		build_byte(b, 0);
	}
	build_close(b);
	build_batch(b, 1, 9, 300);
	build_bytes(b, "\x0d\x01\x02\x01\x19\x01\x03\x09\x02", 9);
	for (unsigned k = 1; k < 10; k++) {
		build_byte(b, 0x1e);
		build_number(b, random_below(state, span));
		build_number(b, 2 * k);
	}
	build_close(b);
}

/*
 * One thread that creates goroutines, blocked, and many that unblock them, in
 * some other order; times lie within `span` nanoseconds.
 */
static void crowd(struct build *b, uint32_t seed, uint32_t span, enum flaw flaw)
{
	uint32_t state = seed, created[NGOROUTINES], unblocked[NGOROUTINES];
	struct use uses[NTHREADS][NEVENTS];

	draw_uses(&state, uses);
	shuffle(&state, created, NGOROUTINES);
	shuffle(&state, unblocked, NGOROUTINES);
	build_init(b, 26);
	build_clock(b, 1, 1, 1000000000);
	build_batch(b, 1, 7, 100);
	build_bytes(b, "\x0d\x01\x00\x01\x19\x01\x01\x07\x02", 9);
	build_close(b);
	for (unsigned i = 0; i < NTHREADS; i++)
		unblocker(b, &state, unblocked + i * NEVENTS, uses[i], i, span, flaw);
	collectors(b, &state, span);
	build_batch(b, 1, 7, 1000);
	for (unsigned i = 0; i < NGOROUTINES; i++)
		put(b, 0x2f, random_below(&state, span / 100 + 1),
		    1000 + created[flaw == FLAW_BROKEN && i == 300 ? 299 : i], 0);
	build_close(b);
	build_mark(b);
}

static char said[TT_ERROR_MESSAGE_SIZE]; /* by the reader that was closed last */

static struct tt_reader *open_crowd(const struct build *b)
{
	const struct tt_options opt = {.size = sizeof(opt), .specs = ways_orders()};

	return test_open_as(b->data, b->len, &opt);
}

/* All that a reader says of it, with the threads that wait when it is stuck. */
static uint64_t digest_of(const struct build *b, size_t least, int *rc)
{
	struct tt_reader *r = open_crowd(b);
	const struct tt_event *ev;
	struct tt_waiting waiting;
	uint64_t h = DIGEST_START;

	r->pass.merge.waits.least = least;
	while ((*rc = tt_reader_next(r, &ev)) == TT_OK)
		h = digest_event(h, ev);
	h = digest_cstr(digest_number(h, tt_reader_error(r)->offset), tt_reader_error(r)->message);
	for (size_t i = 0; tt_reader_waiting(r, i, &waiting); i++)
		h = digest_cstr(digest_number(h, (uint64_t)waiting.thread), waiting.why);
	snprintf(said, sizeof(said), "%s", tt_reader_error(r)->message);
	tt_reader_close(r);
	return h;
}

/* How many events it is until heads sleep, or SIZE_MAX. */
static size_t events_awake(const struct build *b)
{
	struct tt_reader *r = open_crowd(b);
	const struct tt_event *ev;
	size_t n = 0;

	while (!r->pass.merge.waits.on && tt_reader_next(r, &ev) == TT_OK)
		n++;
	if (!r->pass.merge.waits.on)
		n = SIZE_MAX;
	tt_reader_close(r);
	return n;
}

static const uint32_t spans[] = {1, 10, 100, 1000, 10000, 1000000};
static const int codes[NFLAWS] = {
	[FLAW_NONE] = TT_END,
	[FLAW_STUCK] = -TT_E_STUCK,
	[FLAW_BROKEN] = -TT_E_GOROUTINE,
	[FLAW_BAD_EVENT] = -TT_E_EVENT_NUMBER,
};

START_TEST(who_sleeps_misses_nothing)
{
	enum flaw flaw = (enum flaw)(_i % NFLAWS);
	uint32_t span = spans[(unsigned)_i / NFLAWS % COUNT(spans)];
	struct build b;
	uint64_t all;
	int rc;

	for (uint32_t seed = 0; seed < 10; seed++) {
		crowd(&b, seed, span, flaw);
		all = digest_of(&b, SIZE_MAX, &rc);
		/* (of equal times Go's reader may pass over the one that could advance) */
		if (span == spans[COUNT(spans) - 1])
			ck_assert_msg(rc == codes[flaw], "%d: %s", rc, said);
		ck_assert_uint_eq(digest_of(&b, 0, &rc), all);
		ck_assert_uint_eq(digest_of(&b, 32, &rc), all);
		build_release(&b);
	}
}
END_TEST

START_TEST(heads_sleep_where_times_differ)
{
	struct build b;

	crowd(&b, 1, 1000000, FLAW_NONE);
	ck_assert_uint_lt(events_awake(&b), 100);
	build_release(&b);
	crowd(&b, 1, 1, FLAW_NONE);
	ck_assert_uint_gt(events_awake(&b), 100);
	build_release(&b);
}
END_TEST

Suite *waits_suite(void)
{
	Suite *suite = suite_create("waits");
	TCase *tc = tcase_create("waits");

	tcase_add_loop_test(tc, who_sleeps_misses_nothing, 0, NFLAWS * COUNT(spans));
	tcase_add_test(tc, heads_sleep_where_times_differ);
	suite_add_tcase(suite, tc);
	return suite;
}
