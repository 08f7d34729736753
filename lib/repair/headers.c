/* SPDX-License-Identifier: MIT */
/*
 * headers.c - batches whose header says what cannot be: a time that is far from those of the
 * others, or a thread that there cannot be; or hardly can be. With a byte more or less, a number
 * is about 128 times as large, or as small. Stands on gen.
 */
#include "edit/made.h"
#include "repair/clock.h"
#include "repair/salvage_impl.h"
#include "tracetool_write.h"

/* A generation lasts about a second: no time in it is so many times another, unless they are near:
 * a clock may count from the start of the program. */
#define FAR 64
#define NEAR_SECONDS 60
/* Of fewer times nobody knows which one is wrong. */
#define MIN_TIMES 3

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

/* Those of batches of events come first, and then a few others. */
static uint64_t time_of(const struct tt_generation *g, size_t i)
{
	return i < g->batches.n ? g->batches.at[i].time : g->other_times[i - g->batches.n];
}

/* A time that most of the first n are near to; 0: there is none. */
static uint64_t usual_among(const struct tt_generation *g, size_t n)
{
	uint64_t time = 0, near_ticks = near_ticks_of(g);
	size_t vote = 0, nnear = 0;

	/* if there is one, the vote finds it */
	for (size_t i = 0; i < n; i++) {
		if (vote == 0)
			time = time_of(g, i);
		vote = vote == 0 || is_near(time, time_of(g, i), near_ticks) ? vote + 1 : vote - 1;
	}
	for (size_t i = 0; i < n; i++)
		nnear += is_near(time, time_of(g, i), near_ticks);
	return n >= MIN_TIMES && nnear > n / 2 ? time : 0;
}

/* A time that most batches are near to: those of events, or of any kind; 0: there is none. */
static uint64_t usual_time(const struct tt_generation *g)
{
	uint64_t time = usual_among(g, g->batches.n);

	return time != 0 ? time : usual_among(g, g->batches.n + g->nother_times);
}

/* What is left of the number that says that there is no thread, if bytes of it are missing. */
static bool is_rest_of_none(int64_t id)
{
	return id > INT64_C(1) << SMALL_THREAD && (id & (id + 1)) == 0;
}

/* A thread that was made up, where the trace was cut or repaired: no trace has more of these. */
#define MOST_MADE (INT64_C(1) << 16)
static bool is_made(int64_t id)
{
	return id >= TT_FIRST_MADE_M && id < TT_FIRST_MADE_M + MOST_MADE;
}

static bool is_longer(int64_t id, unsigned nbits)
{
	return id != TT_NONE && !is_made(id) && ((uint64_t)id >> nbits != 0 || is_rest_of_none(id));
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

/* Most threads of a process begin soon after each other, and their ids are so near. */
#define NEAR_ID 16
/* Where ids of threads are below this, a new one is often far from those of the others. */
#define FEW_IDS (UINT64_C(1) << 15)

/* Whether an id is that of `other`, or of one near it, without its last byte or the one before. */
static bool lacks_byte(uint64_t id, uint64_t other)
{
	uint64_t rest = other >> 7;

	return (rest + 1 >= id && rest <= id + 1) || (id >> 7 != 0 && id >> 7 == other >> 14);
}

static bool is_near_id(uint64_t a, uint64_t b)
{
	return (a > b ? a - b : b - a) <= NEAR_ID;
}

/* The same with one byte more. */
static bool has_another_byte(uint64_t id, uint64_t other)
{
	return id >= FEW_IDS && (is_near_id(id >> 7, other) ||
				 is_near_id(id >> 14 << 7 | (id & 0x7f), other));
}

/* Whether the id is far from all others, in one direction, and one of these shows that a byte of it
 * is missing or was added. (The first process of a container is 1, and may be much older.) */
static bool is_odd(const struct tt_generation *g, uint64_t id, bool low)
{
	bool found = false;

	for (size_t i = 0; i < g->threads.n; i++) {
		uint64_t other = (uint64_t)g->threads.at[i].thread;

		if (other == id || other <= 1 || g->threads.at[i].thread == TT_NONE ||
		    is_made(g->threads.at[i].thread))
			continue;
		if (low ? !is_far_above(other, id) : !is_far_above(id, other))
			return false;
		found |= low ? lacks_byte(id, other) : has_another_byte(id, other);
	}
	return found;
}

static bool find_odd_thread(const struct tt_generation *g, int64_t *thread)
{
	uint64_t lowest = UINT64_MAX, highest = 0;

	for (size_t i = 0; i < g->threads.n; i++) {
		uint64_t id = (uint64_t)g->threads.at[i].thread;

		if (g->threads.at[i].thread == TT_NONE || id <= 1)
			continue;
		lowest = id < lowest ? id : lowest;
		highest = id > highest ? id : highest;
	}
	*thread = (int64_t)(is_odd(g, lowest, true) ? lowest : highest);
	return is_odd(g, (uint64_t)*thread, (uint64_t)*thread == lowest);
}

void tt_headers_count_odd(const struct tt_generation *g, struct tt_repaired *out)
{
	const struct tt_thread_batches *t;
	struct tt_decode_plan plan;
	struct tt_raw_event ev;
	int64_t thread;
	uint64_t dt;

	if (!find_odd_thread(g, &thread))
		return;
	out->flags |= TT_REPAIRED_ODD_THREAD;
	tt_decode_plan_init(&plan, g->specs);
	t = &g->threads.at[tt_idmap_find(&g->thread_ids, (uint64_t)thread)];
	for (uint32_t i = t->first; i != TT_NO_BATCH; i = g->batches.at[i].next) {
		const struct tt_event_batch *b = &g->batches.at[i];
		const uint8_t *p = b->data, *end = p + b->size;

		if (out->doubted_batches++ == 0)
			out->doubted_offset = b->data_offset - b->header_nbytes;
		while (p < end && (p = tt_raw_event_decode(&plan, p, end, &ev, &dt)) != NULL)
			out->doubted_events += tt_salvage_nevents_of(ev.type);
	}
}

/* The events of a thread that may be another are in doubt. */
static void suspect_odd_thread(struct tt_salvage *s)
{
	int64_t thread;

	s->odd_thread = find_odd_thread(&s->gen, &thread);
	for (size_t i = 0; i < s->list.n && s->odd_thread; i++)
		s->list.at[i].suspect |= s->list.at[i].events && s->list.at[i].head.thread == thread;
}

void tt_salvage_drop_wrong_headers(struct tt_salvage *s)
{
	struct tt_generation *g = &s->gen;
	const struct usual usual = usual_of(g);

	suspect_odd_thread(s);
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
