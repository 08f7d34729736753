/* SPDX-License-Identifier: MIT */
/*
 * times.c - syscall exits go to where their own time belongs, if there are so many that
 * order.c left it; and what the clock needs is there. Stands on gen.
 */
#include <string.h>

#include "base/error.h"
#include "v1/parse.h"

/* A run of so many is sorted by insertion. */
#define RUN 16

/* One that moves, taken out of the list. */
struct moved {
	struct tt_v1_event event;
	size_t nstaying;        /* how many that stay come before it by order of the file */
};

/* ---- a stable sort, in O(n log n), and O(n) if they are nearly sorted */

static void sort_run(struct tt_keyed *a, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct tt_keyed x = a[i];
		size_t j = i;

		for (; j > 0 && a[j - 1].key > x.key; j--)
			a[j] = a[j - 1];
		a[j] = x;
	}
}

/* Two sorted neighbours into one; `room` is for the first. */
static void merge(struct tt_keyed *a, size_t middle, size_t n, struct tt_keyed *room)
{
	size_t i = 0, j = middle, to = 0;

	if (a[middle - 1].key <= a[middle].key)
		return;
	memcpy(room, a, middle * sizeof(*a));
	while (i < middle && j < n)
		a[to++] = room[i].key <= a[j].key ? room[i++] : a[j++];
	memcpy(a + to, room + i, (middle - i) * sizeof(*a));
}

static void sort(struct tt_keyed *a, size_t n, struct tt_keyed *room)
{
	for (size_t i = 0; i < n; i += RUN)
		sort_run(a + i, n - i < RUN ? n - i : RUN);
	for (size_t size = RUN; size < n; size *= 2)
		for (size_t i = 0; i + size < n; i += 2 * size)
			merge(a + i, size, n - i < 2 * size ? n - i : 2 * size, room);
}

/* ---- moving */

/* Takes those that move out; those that stay close up. */
static void take_out(struct tt_v1 *v, struct moved *moved, struct tt_keyed *keys)
{
	size_t n = 0, stay = 0;

	for (size_t i = 0; i < v->nevents; i++) {
		const struct tt_v1_event *e = &v->events[i];

		if ((e->flags & TT_V1_MOVED) == 0) {
			v->events[stay++] = *e;
			continue;
		}
		moved[n] = (struct moved){*e, stay};
		keys[n] = (struct tt_keyed){e->time, {.index = n}};
		n++;
	}
}

/* Puts them in again, from the end: of equal times the one that came first stays first. */
static void put_in(struct tt_v1 *v, const struct moved *moved, const struct tt_keyed *keys)
{
	size_t to = v->nevents, n = v->nmoved, stay = to - n;

	while (n > 0) {
		const struct moved *m = &moved[keys[n - 1].of.index];
		const struct tt_v1_event *e = stay > 0 ? &v->events[stay - 1] : NULL;

		if (e == NULL || e->time < m->event.time ||
		    (e->time == m->event.time && stay - 1 < m->nstaying)) {
			v->events[--to] = m->event;
			n--;
		} else {
			v->events[--to] = *e;
			stay--;
		}
	}
}

static int move_exits(struct tt_v1 *v, struct tt_error *err)
{
	size_t n = v->nmoved;
	struct moved *moved;
	struct tt_keyed *keys;
	int rc = TT_OK;

	if (!v->scrambled)
		return TT_OK;
	moved = tt_mem_zalloc(v->mem, n, sizeof(*moved));
	keys = tt_mem_zalloc(v->mem, n, 2 * sizeof(*keys));
	if (moved != NULL && keys != NULL) {
		take_out(v, moved, keys);
		sort(keys, n, keys + n);
		put_in(v, moved, keys);
	} else {
		rc = tt_v1_no_memory(v, err);
	}
	tt_mem_free(v->mem, keys, n * 2 * sizeof(*keys));
	tt_mem_free(v->mem, moved, n * sizeof(*moved));
	return rc;
}

/* ---- the clock */

int tt_v1_times(struct tt_v1 *v, struct tt_error *err)
{
	struct tt_generation *g = v->gen;
	int rc = move_exits(v, err);

	if (rc < 0)
		return rc;
	if (!g->has_frequency) {
		tt_fail(err, TT_E_NO_FREQUENCY, "no EvFrequency event");
		err->offset = g->end;
		return -TT_E_NO_FREQUENCY;
	}
	g->ns_per_tick = 1e9 / (double)(int64_t)g->frequency;
	g->first_ticks = v->nevents > 0 ? (uint64_t)v->events[0].time : 0;
	return TT_OK;
}
