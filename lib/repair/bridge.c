/* SPDX-License-Identifier: MIT */
/*
 * bridge.c - where threads of a broken generation wait for what is lost, made-up events let them go
 * on. The generation is ordered as far as it goes; what then waits shows which numbers of the
 * sequences of goroutines and Ps are missing. It is ordered again, with bridges over these where
 * their time has come, until all is ordered or cannot be. Stands on bridge_pass.c.
 */
#include "repair/bridge_impl.h"

#include <string.h>

void tt_bridges_init(struct tt_bridges *b, struct tt_mem *mem)
{
	memset(b, 0, sizeof(*b));
	b->mem = b->bytes.mem = mem;
	b->made_p = TT_NONE;
	tt_synth_init(&b->synth, mem);
	tt_entry_init(&b->nothing, mem);
	tt_idmap_init(&b->known, mem, tt_random_seed());
	tt_idmap_init(&b->done, mem, tt_random_seed());
	tt_idmap_init(&b->number_of, mem, tt_random_seed());
}

void tt_bridges_release(struct tt_bridges *b)
{
	tt_synth_release(&b->synth);
	tt_entry_release(&b->nothing);
	tt_idmap_release(&b->known);
	tt_idmap_release(&b->done);
	tt_idmap_release(&b->number_of);
	TT_ARRAY_RELEASE(b->mem, &b->all);
	TT_ARRAY_RELEASE(b->mem, &b->needs);
	TT_ARRAY_RELEASE(b->mem, &b->numbers);
	TT_ARRAY_RELEASE(b->mem, &b->others);
	TT_ARRAY_RELEASE(b->mem, &b->chain);
	TT_ARRAY_RELEASE(b->mem, &b->due);
	TT_ARRAY_RELEASE(b->mem, &b->heads);
	tt_bytes_release(&b->bytes);
}

/* An id that no P has. */
static int64_t free_p(const struct tt_order *start, const struct tt_salvage *s)
{
	int64_t id = 0;

	for (size_t i = 0; i < start->ps.n; i++)
		if (start->ps.at[i].id >= id && start->ps.at[i].id < INT32_MAX)
			id = start->ps.at[i].id + 1;
	for (size_t i = 0; i < s->gen.batches.n; i++) {
		const struct tt_event_batch *b = &s->gen.batches.at[i];
		const uint8_t *p = b->data, *end = p + b->size;
		struct tt_raw_event ev;
		uint64_t dt;

		while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL)
			if ((ev.type == TT_EV_PROC_STATUS || ev.type == TT_EV_PROC_START) &&
			    (int64_t)ev.args[0] >= id && ev.args[0] < INT32_MAX)
				id = (int64_t)ev.args[0] + 1;
	}
	return id;
}

/* What is embedded stands in other batches. */
static bool has_embedded(const struct tt_salvage *s)
{
	for (size_t i = 0; i < s->list.n; i++)
		if (s->list.at[i].embedded != 0)
			return true;
	return false;
}

/* Whether nothing shows where something is missing: it may be within any batch. */
static bool hides_damage(const struct tt_salvage *s)
{
	return s->doubt.batch == TT_NO_BATCH && !s->has_gap && s->gapped.count == 0 &&
	       s->list.n != 0 && !s->list.at[s->list.n - 1].cut;
}

/* Batches with an event that bridges were made for are in doubt, but for those that begin so. */
static void doubt_bridged(struct tt_bridging *at)
{
	struct tt_salvage *s = at->s;

	for (size_t i = 0; i < at->b->heads.n; i++) {
		uint64_t offset = at->b->heads.at[i];

		for (size_t k = 0; k < s->list.n; k++) {
			struct tt_salvaged_batch *b = &s->list.at[k];

			if (offset <= b->head.data_offset || offset - b->head.data_offset >= b->head.size)
				continue;
			b->bridged = !b->suspect;
			b->suspect = true;
		}
	}
}

static void undoubt(struct tt_salvage *s)
{
	for (size_t i = 0; i < s->list.n; i++) {
		s->list.at[i].suspect &= !s->list.at[i].bridged;
		s->list.at[i].bridged = false;
	}
}

/* One way to do it: the events in doubt are those that stayed so far, or are settled now. 0, also
 * if it does not order then, *nmade being SIZE_MAX; or an error. */
static int try_bridges(struct tt_bridging *at, bool settled, size_t *nmade)
{
	struct tt_repair *r = at->r;
	struct tt_salvage *s = at->s;
	int rc;

	*nmade = SIZE_MAX;
	tt_bridging_restore_numbers(at->b);
	tt_salvage_recall(s);
	at->settled = at->confirmed = s->doubt.batch == TT_NO_BATCH || settled;
	if (at->confirmed)
		tt_salvage_cut_doubted(s);
	at->b->needs.n = 0;
	tt_idmap_clear(&at->b->known);
	if (at->b->made_p == TT_NONE || tt_order_p(at->start, at->b->made_p) == NULL)
		at->b->made_p = free_p(at->start, s);
	if (!tt_bridging_find_numbers(at) || !tt_bridging_find_gaps(at))
		return tt_repair_no_memory(r);
	rc = tt_bridging_order(at);
	/* each bridge is looked at for each thread, and each head for each batch */
	tt_bridging_spend(at, s->gen.threads.n * at->b->all.n);
	if (hides_damage(s))
		tt_bridging_spend(at, at->b->heads.n * (s->list.n + s->gen.batches.n));
	if (rc != TT_OK || tt_bridging_is_spent(at))
		return rc;
	if (!tt_bridges_put(at->b, s))
		return tt_repair_no_memory(r);
	if (hides_damage(s))
		doubt_bridged(at);
	rc = tt_salvage_order(s, &r->pass, at->start, at->b->synth.events.n);
	undoubt(s);
	if (rc == TT_OK)
		*nmade = at->b->synth.events.n;
	else if (r->pass.err.system)
		r->err = r->pass.err;
	return rc != TT_OK && r->pass.err.system ? rc : TT_OK;
}

int tt_repair_bridge(struct tt_repair *r, const struct tt_order *start, bool settled, bool *bridged)
{
	struct tt_salvage *s = &r->cur->salvage;
	struct tt_bridging at = {.r = r, .s = s, .b = &r->bridges, .merge = &r->pass.merge,
			      .order = &r->pass.order, .start = start};
	uint64_t nbefore = s->nkept;
	uint32_t ndoubted = s->doubt.nkept;
	size_t nmade;
	int rc;

	*bridged = false;
	if (tt_bridging_npasses(r) == 0 || tt_bridging_is_spent(&at) || has_embedded(s))
		return TT_OK;
	r->bridges.nothing.gen = &s->gen;
	/* (those of the generation before stay as they are) */
	r->bridges.numbers.n = r->bridges.others.n = 0;
	rc = try_bridges(&at, settled, &nmade);
	if (rc == TT_OK && !settled && (nmade == SIZE_MAX || s->nkept <= nbefore + nmade)) {
		s->doubt.nkept = ndoubted;
		rc = try_bridges(&at, true, &nmade);
	}
	if (rc != TT_OK)
		return rc;
	*bridged = nmade != SIZE_MAX && s->nkept > nbefore + nmade;
	s->bridged = *bridged;
	if (!*bridged) {
		tt_bridging_restore_numbers(at.b);
		s->doubt.nkept = ndoubted;
	}
	return TT_OK;
}
