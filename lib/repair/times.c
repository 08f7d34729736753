/* SPDX-License-Identifier: MIT */
/*
 * times.c - batches whose header says a time that is far from those of the others: with a byte
 * more or less, a number is about 128 times as large, or as small. Stands on gen.
 */
#include "repair/salvage_impl.h"

/* A generation lasts about a second: no time in it is so many times another, or longer ago. */
#define FAR 64
/* Of fewer batches nobody knows which one is wrong. */
#define MIN_BATCHES 3

static bool is_near(uint64_t a, uint64_t b)
{
	return a / FAR <= b && b / FAR <= a;
}

/* A time that most batches are near to; 0: there is none. */
static uint64_t usual_time(const struct tt_generation *g)
{
	uint64_t time = 0;
	size_t n = 0;

	for (size_t i = 0; i < g->batches.n; i++) {
		if (n == 0)
			time = g->batches.at[i].time;
		n = n == 0 || is_near(time, g->batches.at[i].time) ? n + 1 : n - 1;
	}
	return n == 0 || g->batches.n < MIN_BATCHES ? 0 : time;
}

bool tt_times_are_wrong(const struct tt_generation *g, uint64_t *offset)
{
	uint64_t usual = usual_time(g);

	for (size_t i = 0; i < g->batches.n && usual != 0; i++) {
		const struct tt_event_batch *b = &g->batches.at[i];

		*offset = b->data_offset - b->header_nbytes;
		if (b->size != 0 && !is_near(usual, b->time))
			return true;
	}
	return false;
}

void tt_salvage_drop_wrong_times(struct tt_salvage *s)
{
	struct tt_generation *g = &s->gen;
	uint64_t usual = usual_time(g);

	if (usual == 0)
		return;
	for (size_t i = 0; i < g->threads.n; i++) {
		struct tt_thread_batches *t = &g->threads.at[i];
		uint32_t k = t->first;

		while (k != TT_NO_BATCH && is_near(usual, g->batches.at[k].time))
			k = g->batches.at[k].next;
		if (k == TT_NO_BATCH)
			continue;
		s->uncounted = true;
		tt_salvage_cut(s, t, k, 0);
	}
	if (!is_near(usual, g->min_time))
		g->min_time = usual;
	for (size_t i = 0; i < s->list.n; i++)
		if (is_near(usual, s->list.at[i].head.time) && s->list.at[i].head.time < g->min_time)
			g->min_time = s->list.at[i].head.time;
}
