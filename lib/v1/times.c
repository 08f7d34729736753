/* SPDX-License-Identifier: MIT */
/*
 * times.c - the syscall exits that are earlier than their records, by time; and what the
 * clock needs is there. Stands on gen.
 */
#include <string.h>

#include "base/error.h"
#include "v1/replay.h"

/* ---- a stable sort, in O(n log n), and O(n) if they are nearly sorted */

/* A run of so many is sorted by insertion. */
#define RUN 16

static void sort_run(struct tt_v1_moved *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct tt_v1_moved x = a[i];
		size_t j = i;

		for (; j > 0 && a[j - 1].time > x.time; j--)
			a[j] = a[j - 1];
		a[j] = x;
	}
}

/* Two sorted neighbours into one; `room` is for the first. */
static void merge(struct tt_v1_moved *a, size_t middle, size_t n, struct tt_v1_moved *room)
{
	size_t i = 0, j = middle, to = 0;

	if (a[middle - 1].time <= a[middle].time)
		return;
	memcpy(room, a, middle * sizeof(*a));
	while (i < middle && j < n)
		a[to++] = room[i].time <= a[j].time ? room[i++] : a[j++];
	memcpy(a + to, room + i, (middle - i) * sizeof(*a));
}

static int sort_moved(struct tt_v1 *v, struct tt_error *err)
{
	struct tt_v1_moved *a = v->moved.at, *room;
	size_t n = v->moved.n;

	for (size_t i = 0; i < n; i += RUN)
		sort_run(a + i, n - i < RUN ? n - i : RUN);
	if (n <= RUN)
		return TT_OK;
	room = tt_mem_zalloc(v->mem, n, sizeof(*room));
	if (room == NULL)
		return tt_v1_no_memory(v, err);
	for (size_t size = RUN; size < n; size *= 2)
		for (size_t i = 0; i + size < n; i += 2 * size)
			merge(a + i, size, n - i < 2 * size ? n - i : 2 * size, room);
	tt_mem_free(v->mem, room, n * sizeof(*room));
	return TT_OK;
}

/* ---- the clock */

int tt_v1_times(struct tt_v1 *v, struct tt_error *err)
{
	struct tt_generation *g = v->gen;
	const struct tt_v1_event *first;
	int rc = sort_moved(v, err);

	if (rc < 0)
		return rc;
	if (!g->has_frequency) {
		/* (Go writes it after the last event) */
		tt_fail(err, TT_E_CUT_OFF, "no EvFrequency event\n"
			"the trace ends before the clock's frequency and the stacks");
		err->offset = g->end;
		return -err->code;
	}
	g->ns_per_tick = 1e9 / (double)(int64_t)g->frequency;
	tt_v1_replay(v);
	first = tt_v1_replay_next(v);
	g->first_ticks = first != NULL ? (uint64_t)first->time : 0;
	return TT_OK;
}
