/* SPDX-License-Identifier: MIT */
/*
 * synth.c - leads from one state of the scheduler to another: first every thread that has
 * to change leaves its goroutine and its P, then what has to happen to goroutines and Ps
 * that no thread has happens on one thread, then threads take up what the next generation
 * says they have. Stands on entry.h.
 */
#include <string.h>

#include "edit/made.h"
#include "edit/synth_impl.h"

void tt_synth_init(struct tt_synth *s, struct tt_mem *mem)
{
	memset(s, 0, sizeof(*s));
	s->mem = mem;
}

void tt_synth_release(struct tt_synth *s)
{
	TT_ARRAY_RELEASE(s->mem, &s->events);
	TT_ARRAY_RELEASE(s->mem, &s->kept);
}

/* Whether all is as required. */
static bool has_arrived(const struct tt_synth *s)
{
	for (size_t i = 0; i < s->entry->gs.n; i++) {
		const struct tt_entry_g *e = &s->entry->gs.at[i];
		const struct tt_g_state *g = tt_order_g(s->order, e->id);

		if ((g == NULL) != (e->status == TT_ENTRY_ABSENT) ||
		    (g != NULL && g->status != e->status))
			return false;
	}
	for (size_t i = 0; i < s->entry->ps.n; i++) {
		const struct tt_entry_p *e = &s->entry->ps.at[i];
		const struct tt_p_state *p = tt_order_p(s->order, e->id);

		if (p != NULL && p->status != e->status)
			return false;
	}
	return true;
}

/* ---- times */

/* No event of the generation is earlier. */
static uint64_t first_ticks(const struct tt_generation *g)
{
	uint64_t first = UINT64_MAX;

	for (size_t i = 0; i < g->batches.n; i++)
		if (g->batches.at[i].size != 0 && g->batches.at[i].time < first)
			first = g->batches.at[i].time;
	return first;
}

/* The time of the latest event before, in the ticks of the generation. */
static uint64_t last_ticks(const struct tt_synth *s, const struct tt_generation *g)
{
	double last = (double)s->start.last_ns / g->ns_per_tick;

	return last >= 0 && last < 9223372036854775808.0 /* 2^63 */ ? (uint64_t)last : 0;
}

/*
 * Between the latest event before and the first one after, evenly, if there is room; in any
 * case before the first one after. False: the clock has no times before that.
 */
static bool set_times(struct tt_synth *s)
{
	const struct tt_generation *g = s->entry->gen;
	uint64_t first = first_ticks(g), last = last_ticks(s, g), n = s->events.n;
	uint64_t step = g->frequency / 500000000 + 1;

	if (n == 0)
		return true;
	if (first <= n)
		return false;
	if (first > last && (first - last) / (n + 1) < step)
		step = (first - last) / (n + 1);
	if (step > (first - 1) / n)
		step = (first - 1) / n;
	if (step == 0)
		step = 1;
	for (size_t i = 0; i < n; i++)
		s->events.at[i].ticks = first - (n - i) * step;
	return true;
}

static void begin(struct tt_synth *s, const struct tt_synth_start *start,
		  const struct tt_entry *entry)
{
	s->start = *start;
	s->order = start->order;
	s->entry = entry;
	s->events.n = s->kept.n = 0;
	s->failed = s->no_memory = s->shared_done = false;
}

bool tt_synth_close(struct tt_synth *s, const struct tt_synth_start *start, const int64_t *ps,
		    size_t n)
{
	uint64_t last;

	begin(s, start, NULL);
	last = last_ticks(s, s->order->gen);
	for (size_t i = 0; i < s->order->ms.n; i++) {
		const struct tt_m_state *m = &s->order->ms.at[i];

		if (m->g != TT_NONE && tt_order_g(s->order, m->g) != NULL)
			tt_synth_end_pauses_of(s, m->id, m->g);
	}
	for (size_t i = 0; i < n; i++)
		if (tt_order_p(s->order, ps[i]) == NULL)
			tt_synth_add(s, TT_NONE, TT_EV_PROC_STATUS, 2, (uint64_t)ps[i],
				     (uint64_t)TT_P_IDLE);
	for (size_t i = 0; i < s->events.n; i++)
		s->events.at[i].ticks = last + 1 + i;
	return !s->no_memory;
}

bool tt_synth_build(struct tt_synth *s, const struct tt_synth_start *start,
		    const struct tt_entry *entry)
{
	begin(s, start, entry);
	s->spare = TT_NONE;
	s->new_m = TT_FIRST_MADE_M;
	s->new_g = TT_FIRST_MADE_G;
	tt_synth_leave_all(s);
	if (s->failed)
		return false;
	tt_synth_move_idle(s);
	tt_synth_take_up_all(s);
	return !s->failed && has_arrived(s) && set_times(s);
}
