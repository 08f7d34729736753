/* SPDX-License-Identifier: MIT */
/*
 * bridge_pass.c - orders a broken generation, and makes a bridge where an event waits for what is
 * lost. Stands on bridge_needs.c.
 */
#include "repair/bridge_impl.h"

#include <stdlib.h>

#include "gen/clock.h"

/* So many times at most a generation is ordered for this; fewer where that would order more bytes,
 * in all, than TT_BRIDGING_FREE_NBYTES and the input up to there. */
#define MAX_PASSES 64
/* So many made-up events at most. */
#define MAX_MADE (1u << 16)

/* So many steps it takes to try one thread's event. */
#define NTRY 8

/* Instead of TT_OK: orders it again. */
#define AGAIN 3

/* ---- one bridge */

/* Adds one of no events, before the head of a thread. NULL: no memory. */
static struct tt_bridge *add_bridge(struct tt_bridging *at, int64_t thread)
{
	const struct tt_cursor *c = tt_bridging_cursor_at(at, tt_bridging_place_of(at, thread));
	struct tt_bridge *bridge;

	if (!TT_ARRAY_ROOM(at->b->mem, &at->b->all))
		return NULL;
	bridge = &at->b->all.at[at->b->all.n++];
	*bridge = (struct tt_bridge){.thread = thread, .batch = TT_NO_BATCH, .to_batch = TT_NO_BATCH};
	if (c != NULL) {
		bridge->batch = bridge->to_batch = c->head->batch;
		bridge->at = bridge->to_at = tt_bridging_head_at(at, c);
	}
	return bridge;
}

/* The time of events that are made up for the head of a cursor: right before it, but no earlier
 * than what was ordered so far. */
static uint64_t ticks_for(const struct tt_bridging *at, const struct tt_cursor *c)
{
	const struct tt_generation *g = &at->s->gen;
	uint64_t before, ticks;

	tt_bridging_spend(at, tt_bridging_head_at(at, c));
	ticks = tt_bridge_ticks_at(at->s, &g->batches.at[c->head->batch],
				   tt_bridging_head_at(at, c), &before);
	if (ticks > before && tt_ticks_to_ns(ticks - 1, g->ns_per_tick) >= at->s->last_ns)
		return ticks - 1;
	if (c->head->time_ns >= at->s->last_ns)
		return ticks;
	return (uint64_t)((double)at->s->last_ns / g->ns_per_tick);
}

/* The events that were made up since `n` get their places. */
static bool place_events(struct tt_bridging *at, size_t n, uint64_t ticks)
{
	const struct tt_synth *synth = &at->b->synth;
	struct tt_bridge *bridge = NULL;

	for (size_t i = n; i < synth->events.n; i++) {
		struct tt_synth_event *ev = &synth->events.at[i];

		if (bridge == NULL || bridge->thread != ev->thread) {
			bridge = add_bridge(at, ev->thread);
			if (bridge == NULL)
				return false;
			bridge->ticks = ticks;
			bridge->first = i;
		}
		ev->ticks = ticks;
		bridge->n++;
	}
	return true;
}

/* Whether it may be no event that was written. */
static bool is_doubted(const struct tt_bridging *at, const struct tt_cursor *c)
{
	const struct tt_salvage *s = at->s;

	return s->doubt.batch != TT_NO_BATCH && tt_salvage_doubt_has(&s->doubt, c->head->offset);
}

/* Lets the head of a cursor happen, if that is possible. */
static int bridge_to(struct tt_bridging *at, const struct tt_cursor *c, bool *can)
{
	struct tt_synth *synth = &at->b->synth;
	size_t n = synth->events.n;
	uint64_t ticks = ticks_for(at, c);
	struct tt_raw_event head = *c->head;

	*can = false;
	if (n > MAX_MADE || (at->settled && is_doubted(at, c)) ||
	    tt_idmap_find(&at->b->done, c->head->offset) != TT_IDMAP_NONE)
		return TT_OK;
	if (!tt_idmap_add(&at->b->done, c->head->offset, 0) || !TT_ARRAY_ROOM(at->b->mem, &at->b->heads))
		return tt_bridging_no_memory(at);
	at->b->heads.at[at->b->heads.n++] = c->head->offset;
	synth->start.last_ns = at->s->last_ns;
	/* (it looks for threads that have something) */
	tt_bridging_spend(at, at->order->ms.n);
	*can = tt_synth_bridge(synth, c->thread, &head);
	if (synth->no_memory || (*can && !tt_bridging_renumber(at, c, &head, can)) ||
	    !place_events(at, n, ticks))
		return tt_bridging_no_memory(at);
	return TT_OK;
}

/* ---- what cannot be bridged */

/* Whether a thread can go on with such an event, whatever it did before. */
static bool begins_anew(const struct tt_raw_event *ev)
{
	return ev->type == TT_EV_PROC_START;
}

/* The head of a cursor cannot happen: its thread goes on with a later event, or ends. */
static int leap(struct tt_bridging *at, size_t i)
{
	struct tt_cursor *c = tt_bridging_cursor_at(at, i);
	struct tt_bridge *bridge = add_bridge(at, c->thread);
	int rc;

	if (bridge == NULL)
		return tt_bridging_no_memory(at);
	do {
		rc = tt_cursor_next(&at->merge->cursors, c, &at->r->pass.err);
	} while (rc == TT_OK && !begins_anew(c->head));
	if (rc != TT_OK) {
		bridge->to_batch = TT_NO_BATCH;
		tt_cursor_heap_remove(&at->merge->heap, i);
		return TT_OK;
	}
	bridge->to_batch = c->head->batch;
	bridge->to_at = tt_bridging_head_at(at, c);
	at->merge->heap.at[i].key = c->head->time_ns;
	tt_cursor_heap_sort(&at->merge->heap);
	return TT_OK;
}

static int bridge_or_leap(struct tt_bridging *at, size_t i)
{
	bool can;
	int rc = bridge_to(at, tt_bridging_cursor_at(at, i), &can);

	return rc != TT_OK || can ? rc : leap(at, i);
}

/* ---- passes */

/* Bridges what is due. */
static int bridge_due(struct tt_bridging *at)
{
	struct tt_bridges *b = at->b;
	size_t kept = 0, i;

	while (at->merge->heap.n != 0 && at->next_need < b->needs.n &&
	       (b->needs.at[at->next_need].time_ns <= at->s->last_ns ||
		b->needs.at[at->next_need].time_ns <= at->merge->heap.at[0].key)) {
		if (!TT_ARRAY_ROOM(b->mem, &b->due))
			return tt_bridging_no_memory(at);
		b->due.at[b->due.n++] = (uint32_t)at->next_need++;
	}
	for (size_t k = 0; k < b->due.n && !tt_bridging_is_spent(at); k++) {
		const struct tt_bridge_need *need = &b->needs.at[b->due.at[k]];
		const struct tt_cursor *c;
		int rc = TT_OK;

		if (tt_bridging_is_due(at, need, &i))
			rc = bridge_or_leap(at, i);
		if (rc != TT_OK)
			return rc;
		c = tt_bridging_cursor_at(at, tt_bridging_place_of(at, need->thread));
		if (c != NULL && c->head->offset <= need->offset &&
		    tt_idmap_find(&b->done, need->offset) == TT_IDMAP_NONE)
			b->due.at[kept++] = b->due.at[k];
	}
	b->due.n = kept;
	return TT_OK;
}

/* All threads wait. */
static int on_stuck(struct tt_bridging *at)
{
	size_t n = at->b->needs.n, i = tt_bridging_find_culprit(at);
	const struct tt_cursor *c = tt_bridging_cursor_at(at, i);
	const struct tt_bridge_need need = {c->head->time_ns, c->head->offset, c->thread,
					    TT_IDMAP_NONE};

	if (at->nleft == 0)
		return bridge_or_leap(at, i);
	if (!tt_bridging_add_need(at, &need))
		return tt_bridging_no_memory(at);
	return at->b->needs.n != n ? AGAIN : bridge_or_leap(at, i);
}

/* Decides which of the events in doubt stay. */
static int confirm(struct tt_bridging *at)
{
	const struct tt_salvage_stop stop = {.stuck = false, .lacks_others = true};

	at->confirmed = true;
	/* (times say nothing where bridges were made later than they should) */
	at->s->doubt.floor = 0;
	at->s->doubt.late_offset = TT_UNKNOWN;
	if (!tt_salvage_confirm(at->s, at->merge, &stop))
		return tt_bridging_no_memory(at);
	tt_salvage_recount_doubted(at->s);
	return at->nleft != 0 ? AGAIN : TT_OK;
}

static int on_error(struct tt_bridging *at, const struct tt_error *err)
{
	size_t i;

	if (err->code == TT_E_STUCK)
		return on_stuck(at);
	if (!at->confirmed && err->thread == at->s->doubt.thread)
		return confirm(at);
	i = tt_bridging_place_of(at, err->thread);
	if (i == at->merge->heap.n)
		return TT_END;
	if (at->nleft != 0 && tt_salvage_cut_resumed(at->s, at->merge, err->thread))
		return AGAIN;
	return bridge_or_leap(at, i);
}

static int compare_needs(const void *a, const void *b)
{
	const struct tt_bridge_need *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Whether the event after the head of a thread ends a syscall, which took its P. */
static bool ends_syscall(void *bridging, int64_t thread)
{
	const struct tt_bridging *at = bridging;
	const struct tt_cursor *c = tt_bridging_cursor_at(at, tt_bridging_place_of(at, thread));
	const struct tt_event_batch *b;
	const uint8_t *p, *end;
	struct tt_raw_event ev;
	uint64_t dt;

	if (c == NULL)
		return false;
	b = &at->s->gen.batches.at[c->head->batch];
	p = b->data + tt_bridging_head_at(at, c);
	end = b->data + b->size;
	p = tt_raw_event_decode(&at->s->plan, p, end, &ev, &dt);
	return p != NULL && p < end && *p == TT_EV_GO_SYSCALL_END_BLOCKED;
}

static int begin_pass(struct tt_bridging *at)
{
	struct tt_bridges *b = at->b;
	const struct tt_synth_start start = {at->order, INT64_MIN,
					     tt_made_entries_strings(&at->s->made), true};
	const struct tt_synth_bridges bridges = {&b->nothing, b->made_p, at, tt_bridging_waits_next,
						 ends_syscall};

	tt_bridging_restore_numbers(b);
	tt_bridging_spend(at, at->start->gs.n + at->start->ps.n + at->start->ms.n);
	if (!tt_order_copy(at->order, at->start))
		return tt_bridging_no_memory(at);
	if (b->needs.n != 0)
		qsort(b->needs.at, b->needs.n, sizeof(*b->needs.at), compare_needs);
	b->all.n = b->due.n = b->heads.n = 0;
	tt_idmap_clear(&b->done);
	at->next_need = 0;
	tt_salvage_begin_times(at->s);
	tt_pass_take(&at->r->pass, &at->s->gen);
	tt_synth_begin_bridges(&b->synth, &start, &bridges);
	return tt_pass_begin(&at->r->pass);
}

static int pass(struct tt_bridging *at)
{
	const struct tt_error *err = &at->r->pass.err;
	const struct tt_event *evs;
	uint64_t latest = TT_UNKNOWN;
	const struct tt_cursor *first;
	int rc = begin_pass(at);
	unsigned n;

	while (rc == TT_OK && !tt_bridging_is_spent(at)) {
		rc = bridge_due(at);
		if (rc == TT_OK && at->merge->heap.n == 0 && !at->confirmed)
			rc = confirm(at);
		if (rc != TT_OK || at->merge->heap.n == 0)
			break;
		first = at->merge->heap.at[0].of.item;
		rc = tt_pass_advance(&at->r->pass, &evs, &n);
		/* (others were sorted, and tried) */
		if (rc < 0 || evs[0].thread != first->thread)
			tt_bridging_spend(at, NTRY * at->merge->heap.n);
		if (rc < 0 && !err->system)
			rc = on_error(at, err);
		else if (rc == TT_OK)
			tt_salvage_check_time(at->s, &evs[0], &latest);
	}
	if (rc < 0 && err->system)
		at->r->err = *err;
	return rc == TT_END ? TT_OK : rc;
}

unsigned tt_bridging_npasses(const struct tt_repair *r)
{
	uint64_t nbytes = r->cur->end - r->cur->offset, most = r->cur->end + TT_BRIDGING_FREE_NBYTES;
	uint64_t tried = r->bridges.ntried_nbytes;
	uint64_t n = most > tried ? (most - tried) / (nbytes + 1) : 0;

	return n < MAX_PASSES ? (unsigned)n : MAX_PASSES;
}

int tt_bridging_order(struct tt_bridging *at)
{
	size_t least = at->merge->waits.least;
	unsigned n = tt_bridging_npasses(at->r);
	int rc;

	/* those that wait are tried again after each event, made up or not */
	at->merge->waits.least = SIZE_MAX;
	at->nleft = n;
	do {
		at->nleft--;
		rc = pass(at);
	} while (rc == AGAIN);
	at->merge->waits.least = least;
	at->b->ntried_nbytes += (n - at->nleft) * (at->r->cur->end - at->r->cur->offset);
	return rc;
}
