/* SPDX-License-Identifier: MIT */
/*
 * prepare.c - makes what is left of a generation one that can be ordered: a
 * clock, events that all decode, tables with an entry for each id. Stands on gen.
 */
#include "repair/clock.h"
#include "repair/salvage_impl.h"

/* ---- events */

/* Whether the batch is one that the end of the input cuts off. */
static bool is_cut(const struct tt_salvage *s, const struct tt_event_batch *b)
{
	const struct tt_salvaged_batch *last = &s->list.at[s->list.n - 1];

	return last->cut && b->data_offset >= last->head.data_offset;
}

/*
 * Walks the events of a batch: cuts it before the first that cannot be decoded, and says
 * whether it is whole. Makes sure of their table entries. Where bytes were changed the numbers
 * of the event before may be others, too: it is not kept, unless what follows it is only of
 * an experiment that no spec defines.
 */
static int walk_batch(struct tt_salvage *s, struct tt_event_batch *b)
{
	const uint8_t *p = b->data, *before = p, *end = p + b->size;
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end) {
		const uint8_t *next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);

		if (next == NULL)
			break;
		if (!tt_salvage_need_ids(s, &ev))
			return -1;
		s->nevents += tt_salvage_nevents_of(ev.type);
		before = p;
		p = next;
	}
	if (p < end && p[0] < TT_FIRST_EXPERIMENTAL && !is_cut(s, b)) {
		tt_salvage_note_damaged(s, b);
		if (p > before)
			s->nevents -= tt_salvage_nevents_of(*before);
		p = before;
	}
	s->unread_nbytes += (uint64_t)(end - p);
	if (p < end && s->unknown_type < 0 && tt_specs_def(s->gen.specs, *p) == NULL)
		s->unknown_type = *p;
	b->size = (uint32_t)(p - b->data) & 0xffffff;
	return p == end;
}

/* The same of a batch in doubt: which of its events count is not known yet. */
static bool walk_doubted(struct tt_salvage *s, struct tt_event_batch *b)
{
	const uint8_t *p = b->data, *end = p + b->size, *next;
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end && (next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL &&
	       !tt_salvage_cannot_be(s, s->doubt.thread, &ev))
		p = next;
	b->size = (uint32_t)(p - b->data) & 0xffffff;
	return p == end;
}

/* The events of a thread from batch `i` on. */
static uint64_t event_nbytes(const struct tt_salvage *s, uint32_t i)
{
	uint64_t nbytes = 0;

	for (; i != TT_NO_BATCH; i = s->gen.batches.at[i].next)
		nbytes += s->gen.batches.at[i].size;
	return nbytes;
}

static bool walk_thread(struct tt_salvage *s, struct tt_thread_batches *t)
{
	uint32_t before = TT_NO_BATCH;

	for (uint32_t i = t->first; i != TT_NO_BATCH; i = s->gen.batches.at[i].next) {
		int whole = i == s->doubt.batch ? walk_doubted(s, &s->gen.batches.at[i])
					      : walk_batch(s, &s->gen.batches.at[i]);

		if (whole < 0)
			return false;
		if (whole == 0) {
			s->unread_nbytes += event_nbytes(s, s->gen.batches.at[i].next);
			tt_salvage_end_thread_in(s, t, before, i);
			break;
		}
		before = i;
	}
	return true;
}

/* ---- the clock */

/* Its own, or that of a neighbour, or the one that all platforms but one have. */
static void find_frequency(struct tt_salvage *s, const struct tt_neighbours *n)
{
	struct tt_generation *g = &s->gen;

	if (g->has_frequency)
		return;
	s->sync_damaged = true;
	if (n->before != NULL && n->before->has_frequency) {
		tt_clock_take_frequency(g, n->before->frequency);
	} else if (n->after != NULL && n->after->has_frequency) {
		tt_clock_take_frequency(g, n->after->frequency);
	} else {
		tt_clock_take_frequency(g, TT_USUAL_FREQUENCY);
		s->assumed_frequency = true;
	}
}

static int find_clock(struct tt_salvage *s, const struct tt_neighbours *n, struct tt_error *err)
{
	struct tt_generation *g = &s->gen;
	const struct tt_clock *before = n->before != NULL ? tt_generation_clock(n->before) : NULL;
	const struct tt_clock *after = n->after != NULL ? tt_generation_clock(n->after) : NULL;

	find_frequency(s, n);
	if (!s->has_time && n->before != NULL)
		g->min_time = n->before->min_time;
	if (!s->rules->needs_clock || (g->has_clock && !s->sync_damaged &&
				       (before == NULL || tt_clock_is_later(before, &g->clock)) &&
				       (after == NULL || tt_clock_is_later(&g->clock, after))))
		return TT_OK;
	s->sync_damaged = s->made_clock = true;
	if (tt_clock_make(g, before, after))
		return TT_OK;
	return tt_fail(err, TT_E_NO_CLOCK,
		       "the clock is lost, and those of the neighbours leave no room for one");
}

/* ---- all of it */

static bool need_frames_and_samples(struct tt_salvage *s)
{
	struct tt_generation *g = &s->gen;

	for (size_t i = 0; i < g->frames.n; i++)
		if (!tt_made_entries_need_string(&s->made, g->frames.at[i].func) ||
		    !tt_made_entries_need_string(&s->made, g->frames.at[i].file))
			return false;
	for (size_t i = 0; i < g->samples.n; i++)
		if (!tt_made_entries_need_stack(&s->made, g->samples.at[i].stack))
			return false;
	return true;
}

int tt_salvage_prepare(struct tt_salvage *s, const struct tt_neighbours *neighbours,
		       struct tt_error *err)
{
	int rc = find_clock(s, neighbours, err);

	if (rc < 0)
		return rc;
	tt_decode_plan_init(&s->plan, s->gen.specs);
	tt_made_entries_begin(&s->made, &s->gen);
	tt_salvage_drop_wrong_headers(s);
	tt_salvage_find_doubted(s);
	for (size_t i = 0; i < s->gen.threads.n; i++)
		if (!walk_thread(s, &s->gen.threads.at[i]))
			return tt_salvage_no_memory(s, err);
	s->nsamples = s->gen.samples.n;
	s->uncounted |= s->unread_nbytes != 0;
	if (!need_frames_and_samples(s))
		return tt_salvage_no_memory(s, err);
	return tt_generation_seal(&s->gen, s->rules, err);
}
