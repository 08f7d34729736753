/* SPDX-License-Identifier: MIT */
/*
 * prepare.c - makes what is left of a generation one that can be ordered: a
 * clock, events that all decode, tables with an entry for each id; and cuts it to
 * what orders. Stands on order.
 */
#include <string.h>

#include "base/error.h"
#include "gen/clock.h"
#include "repair/salvage.h"

static int no_memory(const struct tt_salvage *s, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(s->mem), "no memory for what is left of a generation");
}

/* ---- table entries that are missing */

static bool add_string(struct tt_salvage *s, uint64_t id, const char *data, size_t len)
{
	struct tt_generation *g = &s->gen;

	if (!TT_ARRAY_ROOM(s->mem, &g->strings) ||
	    !tt_idmap_add(&g->string_ids, id, (uint32_t)g->strings.n))
		return false;
	g->strings.at[g->strings.n++] = (struct tt_string_entry){id, data, len};
	return true;
}

static bool need_string(struct tt_salvage *s, uint64_t id)
{
	return id == 0 || tt_idmap_find(&s->gen.string_ids, id) != TT_IDMAP_NONE ||
	       add_string(s, id, "", 0);
}

static bool need_stack(struct tt_salvage *s, uint64_t id)
{
	struct tt_generation *g = &s->gen;

	if (id == 0 || tt_idmap_find(&g->stack_ids, id) != TT_IDMAP_NONE)
		return true;
	if (!TT_ARRAY_ROOM(s->mem, &g->stacks) ||
	    !tt_idmap_add(&g->stack_ids, id, (uint32_t)g->stacks.n))
		return false;
	g->stacks.at[g->stacks.n++] = (struct tt_stack_entry){id, (const uint8_t *)"", 0};
	return true;
}

static bool define_string(void *salvage, uint64_t id)
{
	return need_string(salvage, id);
}

static bool string_id_of(void *salvage, struct tt_str text, uint64_t *id)
{
	struct tt_salvage *s = salvage;
	struct tt_generation *g = &s->gen;
	struct tt_str copy = {NULL, text.len};
	char *data;

	for (size_t i = 0; i < g->strings.n; i++) {
		*id = g->strings.at[i].id;
		if (g->strings.at[i].len == text.len &&
		    memcmp(g->strings.at[i].data, text.data, text.len) == 0)
			return true;
	}
	*id = 0;
	if (text.len == 0)
		return true;
	data = tt_mem_alloc(s->mem, text.len);
	if (data == NULL || !TT_ARRAY_ROOM(s->mem, &s->texts)) {
		tt_mem_free(s->mem, data, text.len);
		return false;
	}
	memcpy(data, text.data, text.len);
	copy.data = data;
	s->texts.at[s->texts.n++] = copy;
	do
		++*id;
	while (tt_idmap_find(&g->string_ids, *id) != TT_IDMAP_NONE);
	return add_string(s, *id, data, text.len);
}

struct tt_synth_strings tt_salvage_strings(struct tt_salvage *s)
{
	return (struct tt_synth_strings){s, string_id_of, define_string};
}

/* ---- events */

static bool need_ids_of(struct tt_salvage *s, const struct tt_raw_event *ev)
{
	const struct tt_event_def *def = tt_specs_def(s->gen.specs, ev->type);

	for (unsigned i = 0; i < def->nstacks; i++)
		if (!need_stack(s, ev->args[def->stack_args[i]]))
			return false;
	for (unsigned i = 0; i < def->nstrings; i++)
		if (!need_string(s, ev->args[def->string_args[i]]))
			return false;
	return true;
}

/*
 * Walks the events of a batch: cuts it before the first that cannot be decoded,
 * and says whether it is whole. With `ids` it makes sure of their table entries.
 */
static int walk_batch(struct tt_salvage *s, struct tt_event_batch *b,
		      const struct tt_decode_plan *plan, uint64_t *n)
{
	const uint8_t *p = b->data, *end = p + b->size;
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end) {
		const uint8_t *next = tt_raw_event_decode(plan, p, end, &ev, &dt);

		if (next == NULL)
			break;
		if (!need_ids_of(s, &ev))
			return -1;
		++*n;
		p = next;
	}
	s->unread_nbytes += (uint64_t)(end - p);
	if (p < end && s->unknown_type < 0 && tt_specs_def(s->gen.specs, *p) == NULL)
		s->unknown_type = *p;
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

/* Takes batch `i` and what follows it out of a thread's list. */
static void end_thread(struct tt_salvage *s, struct tt_thread_batches *t, uint32_t before,
		       uint32_t i)
{
	for (uint32_t next; i != TT_NO_BATCH; i = next) {
		next = s->gen.batches.at[i].next;
		s->gen.batches.at[i].size = 0;
		s->gen.batches.at[i].next = TT_NO_BATCH;
	}
	if (before == TT_NO_BATCH)
		t->first = TT_NO_BATCH;
	else
		s->gen.batches.at[before].next = TT_NO_BATCH;
	t->last = before;
}

/* Keeps the thread's batches up to `i`, which stays if it is not empty. */
static void end_thread_in(struct tt_salvage *s, struct tt_thread_batches *t, uint32_t before,
			  uint32_t i)
{
	if (s->gen.batches.at[i].size == 0)
		end_thread(s, t, before, i);
	else
		end_thread(s, t, i, s->gen.batches.at[i].next);
}

static bool walk_thread(struct tt_salvage *s, struct tt_thread_batches *t,
			const struct tt_decode_plan *plan)
{
	uint32_t before = TT_NO_BATCH;

	for (uint32_t i = t->first; i != TT_NO_BATCH; i = s->gen.batches.at[i].next) {
		int whole = walk_batch(s, &s->gen.batches.at[i], plan, &s->nevents);

		if (whole < 0)
			return false;
		if (whole == 0) {
			s->unread_nbytes += event_nbytes(s, s->gen.batches.at[i].next);
			end_thread_in(s, t, before, i);
			break;
		}
		before = i;
	}
	return true;
}

/* ---- the clock */

/* The clock of a generation, moved to this one's time. */
static void borrow_clock(struct tt_generation *g, const struct tt_generation *other)
{
	uint64_t from = other->clock.trace_ticks;
	uint64_t moved = g->min_time >= from
				 ? (uint64_t)tt_ticks_to_ns(g->min_time - from, g->ns_per_tick)
				 : -(uint64_t)tt_ticks_to_ns(from - g->min_time, g->ns_per_tick);
	uint64_t nsec = other->clock.wall_nsec + moved;

	g->clock = other->clock;
	g->clock.trace_ticks = g->min_time;
	g->clock.mono_ns += moved;
	g->clock.wall_sec += (uint64_t)((int64_t)nsec / 1000000000);
	if ((int64_t)nsec % 1000000000 < 0) {
		g->clock.wall_sec--;
		nsec += 1000000000;
	}
	g->clock.wall_nsec = (uint64_t)((int64_t)nsec % 1000000000);
	g->has_clock = true;
}

static int make_clock(struct tt_salvage *s, const struct tt_generation *other, struct tt_error *err)
{
	struct tt_generation *g = &s->gen;
	bool lacks_clock = s->rules->needs_clock && !g->has_clock;

	if (!g->has_frequency || lacks_clock)
		s->sync_damaged = true;
	if (!g->has_frequency) {
		if (other == NULL || !other->has_frequency)
			return tt_fail(err, TT_E_NO_FREQUENCY, "no frequency event found");
		g->has_frequency = true;
		g->frequency = other->frequency;
		g->ns_per_tick = other->ns_per_tick;
	}
	if (!s->has_time && other != NULL)
		g->min_time = other->min_time;
	if (!lacks_clock)
		return TT_OK;
	if (other == NULL || !other->has_clock)
		return tt_fail(err, TT_E_NO_CLOCK, "no clock snapshot event found");
	borrow_clock(g, other);
	return TT_OK;
}

/* ---- all of it */

static bool need_frames_and_samples(struct tt_salvage *s)
{
	struct tt_generation *g = &s->gen;

	for (size_t i = 0; i < g->frames.n; i++)
		if (!need_string(s, g->frames.at[i].func) ||
		    !need_string(s, g->frames.at[i].file))
			return false;
	for (size_t i = 0; i < g->samples.n; i++)
		if (!need_stack(s, g->samples.at[i].stack))
			return false;
	return true;
}

int tt_salvage_prepare(struct tt_salvage *s, const struct tt_generation *other,
		       const struct tt_decode_plan *plan, struct tt_error *err)
{
	int rc = make_clock(s, other, err);

	if (rc < 0)
		return rc;
	s->first_lost_string = s->gen.strings.n;
	s->first_lost_stack = s->gen.stacks.n;
	for (size_t i = 0; i < s->gen.threads.n; i++)
		if (!walk_thread(s, &s->gen.threads.at[i], plan))
			return no_memory(s, err);
	if (!need_frames_and_samples(s))
		return no_memory(s, err);
	return tt_generation_seal(&s->gen, s->rules, err);
}

/* ---- what of it orders */

/* Orders all events, or as far as they go. 0, or the code that they stopped for. */
static int order_all(struct tt_salvage *s, struct tt_pass *pass)
{
	const struct tt_event *evs;
	unsigned n;
	int rc;

	s->last_ns = INT64_MIN;
	s->nkept = 0;
	tt_pass_take(pass, &s->gen);
	rc = tt_pass_begin(pass);
	while (rc == TT_OK) {
		rc = tt_pass_advance(pass, &evs, &n);
		s->nkept += rc == TT_OK;
		if (rc == TT_OK && evs[0].raw_time_ns > s->last_ns)
			s->last_ns = evs[0].raw_time_ns;
	}
	return rc == TT_END ? TT_OK : rc;
}

/* Drops what the merge did not get to. */
static void cut_at_heads(struct tt_salvage *s, const struct tt_merge *merge)
{
	for (size_t i = 0; i < merge->heap.n; i++) {
		const struct tt_cursor *c = merge->heap.at[i].of.item;
		uint32_t t = tt_idmap_find(&s->gen.thread_ids, (uint64_t)c->thread);
		struct tt_event_batch *b = &s->gen.batches.at[c->head->batch];
		uint32_t before = TT_NO_BATCH;

		for (uint32_t k = s->gen.threads.at[t].first; k != c->head->batch;
		     k = s->gen.batches.at[k].next)
			before = k;
		b->size = (c->head->offset - b->data_offset) & 0xffffff;
		end_thread_in(s, &s->gen.threads.at[t], before, c->head->batch);
	}
}

/* Nothing at all: it orders always. */
static void drop_events(struct tt_salvage *s)
{
	for (size_t i = 0; i < s->gen.threads.n; i++)
		end_thread(s, &s->gen.threads.at[i], TT_NO_BATCH, s->gen.threads.at[i].first);
}

/* Among equal times it may go another way without what was cut off: then more is. */
#define MAX_TRIALS 16
/* In so many threads embedded events may lack what they need, and nothing else is cut. */
#define MAX_EMBEDDED 64

int tt_salvage_trim(struct tt_salvage *s, struct tt_pass *pass, const struct tt_order *start,
		    struct tt_error *why)
{
	const struct tt_error *err = &pass->err;
	int nembedded = 0;

	for (int trial = 0; ; trial++) {
		int rc;

		if (!tt_order_copy(&pass->order, start))
			return no_memory(s, why);
		rc = order_all(s, pass);
		if (rc == TT_OK)
			break;
		if ((trial == 0 && nembedded == 0) || err->system)
			*why = *err;
		if (err->system)
			return rc;
		if (nembedded < MAX_EMBEDDED && tt_salvage_end_embedded(s, &pass->merge, err)) {
			nembedded++;
			trial--;
			continue;
		}
		cut_at_heads(s, &pass->merge);
		if (trial == MAX_TRIALS)
			drop_events(s);
	}
	tt_salvage_measure(s);
	return TT_OK;
}
