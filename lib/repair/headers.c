/* SPDX-License-Identifier: MIT */
/*
 * headers.c - batches whose header says what cannot be: a time that is far from those of the
 * others, or a thread that there cannot be. With a byte more or less, a number is about 128 times
 * as large, or as small. Stands on gen.
 */
#include "repair/clock.h"
#include "repair/salvage_impl.h"

/* A generation lasts about a second: no time in it is so many times another, unless they are near:
 * a clock may count from the start of the program. */
#define FAR 64
#define NEAR_SECONDS 60
/* Of fewer batches nobody knows which one is wrong. */
#define MIN_BATCHES 3

/* Ids of threads are small numbers or addresses, and on no system both. In bits: */
#define SMALL_THREAD 22
#define LONGEST_THREAD 48

static bool is_far_above(uint64_t a, uint64_t b)
{
	return a / FAR > b || (a / FAR == b && a % FAR != 0);
}

static bool is_near(uint64_t a, uint64_t b, uint64_t near_ticks)
{
	return (a > b ? a - b : b - a) <= near_ticks || (!is_far_above(a, b) && !is_far_above(b, a));
}

static uint64_t near_ticks_of(const struct tt_generation *g)
{
	uint64_t frequency = g->has_frequency ? g->frequency : TT_USUAL_FREQUENCY;

	return frequency > UINT64_MAX / NEAR_SECONDS ? UINT64_MAX : NEAR_SECONDS * frequency;
}

static size_t count_near(const struct tt_generation *g, uint64_t time, uint64_t near_ticks)
{
	size_t n = 0;

	for (size_t i = 0; i < g->batches.n; i++)
		n += is_near(time, g->batches.at[i].time, near_ticks);
	return n;
}

/* A time that most batches are near to; 0: there is none. */
static uint64_t usual_time(const struct tt_generation *g)
{
	uint64_t time = 0, near_ticks = near_ticks_of(g);
	size_t n = 0;

	/* if there is one, the vote finds it */
	for (size_t i = 0; i < g->batches.n; i++) {
		if (n == 0)
			time = g->batches.at[i].time;
		n = n == 0 || is_near(time, g->batches.at[i].time, near_ticks) ? n + 1 : n - 1;
	}
	return g->batches.n >= MIN_BATCHES && count_near(g, time, near_ticks) > g->batches.n / 2
		       ? time
		       : 0;
}

static bool is_longer(int64_t id, unsigned nbits)
{
	return id != TT_NONE && (uint64_t)id >> nbits != 0;
}

/* What is usual in a generation. */
struct usual {
	uint64_t time, near_ticks; /* usual_time(), and what is near to it */
	unsigned thread_bits;   /* of the longest id that a thread can have */
};

static struct usual usual_of(const struct tt_generation *g)
{
	struct usual u = {usual_time(g), near_ticks_of(g), LONGEST_THREAD};
	size_t nsmall = 0, nlong = 0;

	for (size_t i = 0; i < g->threads.n; i++) {
		int64_t id = g->threads.at[i].thread;

		/* (where a thread has no id yet, Go writes 0) */
		nlong += is_longer(id, SMALL_THREAD);
		nsmall += id != TT_NONE && id != 0 && !is_longer(id, SMALL_THREAD);
	}
	if (nsmall > nlong)
		u.thread_bits = SMALL_THREAD;
	return u;
}

static bool is_wrong(const struct tt_thread_batches *t, const struct tt_event_batch *b,
		     const struct usual *u)
{
	return is_longer(t->thread, u->thread_bits) ||
	       (u->time != 0 && !is_near(u->time, b->time, u->near_ticks));
}

bool tt_headers_are_wrong(const struct tt_generation *g, uint64_t *offset)
{
	const struct usual usual = usual_of(g);

	for (size_t i = 0; i < g->threads.n; i++) {
		const struct tt_thread_batches *t = &g->threads.at[i];

		for (uint32_t k = t->first; k != TT_NO_BATCH; k = g->batches.at[k].next) {
			const struct tt_event_batch *b = &g->batches.at[k];

			*offset = b->data_offset - b->header_nbytes;
			if (b->size != 0 && is_wrong(t, b, &usual))
				return true;
		}
	}
	return false;
}

void tt_salvage_drop_wrong_headers(struct tt_salvage *s)
{
	struct tt_generation *g = &s->gen;
	const struct usual usual = usual_of(g);

	for (size_t i = 0; i < g->threads.n; i++) {
		struct tt_thread_batches *t = &g->threads.at[i];
		uint32_t k = t->first;

		while (k != TT_NO_BATCH && !is_wrong(t, &g->batches.at[k], &usual))
			k = g->batches.at[k].next;
		if (k == TT_NO_BATCH)
			continue;
		s->uncounted = true;
		tt_salvage_cut(s, t, k, 0);
	}
	if (usual.time == 0)
		return;
	if (!is_near(usual.time, g->min_time, usual.near_ticks))
		g->min_time = usual.time;
	for (size_t i = 0; i < s->list.n; i++) {
		uint64_t time = s->list.at[i].head.time;

		if (is_near(usual.time, time, usual.near_ticks) && time < g->min_time)
			g->min_time = time;
	}
}
