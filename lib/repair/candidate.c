/* SPDX-License-Identifier: MIT */
/*
 * candidate.c - the next generation of a repair: whole, or, if it cannot be loaded or does
 * not order, what can be collected of it. Stands on event.
 */
#include "base/error.h"
#include "repair/repair.h"

static int collect(struct tt_repair *r, struct tt_candidate *c, uint64_t end)
{
	c->whole = false;
	tt_salvage_release(&c->salvage);
	tt_salvage_init(&c->salvage, r->mem, r->specs, r->loader);
	c->salvage.lost_framing = c->leads_nowhere || tt_loader_lost_framing(c->why.code) ||
				  r->loader->framer.has_lookahead_error;
	c->salvage.uncounted = c->why.code == TT_E_CUT_OFF;
	c->salvage.no_events = c->is_doubtful;
	return tt_salvage_collect(&c->salvage, r->loader, c->offset, end, &r->err);
}

/* From the broken generation to the next: its tables after the damage are kept. */
static int step_over(struct tt_repair *r, struct tt_candidate *c)
{
	struct tt_loader *l = r->loader;
	/* before 1.26 a generation may be broken and the framing after it too */
	struct tt_error broken =
		l->framer.has_lookahead_error ? l->framer.lookahead_error : c->why;
	uint64_t skipped;
	int rc;

	if (c->leads_nowhere) {
		tt_fail(&broken, TT_E_BATCH_TYPE, "no batch follows");
		tt_source_seek(l->src, l->resume);
		l->at_next = l->at_end = false;
	}
	if (broken.code == TT_E_INPUT) {
		r->at_end = true;
		return TT_OK;
	}
	l->on_skipped_batch = tt_salvage_on_skipped_batch;
	l->on_skipped_arg = &c->salvage;
	rc = tt_loader_resync(l, &broken, &skipped, &r->err);
	l->on_skipped_batch = NULL;
	if (rc < 0 && tt_repair_is_fatal(&r->err))
		return rc;
	r->at_end |= rc != TT_OK;
	return TT_OK;
}

/*
 * Whether a broken generation, other than the first of all, begins with batches: before 1.26 a
 * number in damaged bytes may look like that of the next one. 1, 0, or an error.
 */
static int begins_well(struct tt_repair *r, const struct tt_candidate *c)
{
	struct tt_source *src = r->loader->src;
	uint64_t at = tt_source_offset(src);
	int rc;

	if (r->loader->ordinal == 1)
		return 1;
	tt_source_seek(src, c->offset);
	rc = tt_loader_is_at_batches(r->loader, 2, &r->err);
	tt_source_seek(src, at);
	return rc;
}

static int load_damaged(struct tt_repair *r, struct tt_candidate *c)
{
	int rc = begins_well(r, c);

	/* (where the input cannot be read on, the little that was read is collected) */
	c->is_doubtful = rc <= 0;
	if (rc < 0 && tt_repair_is_fatal(&r->err))
		return rc;
	rc = collect(r, c, UINT64_MAX);

	if (rc == TT_OK)
		rc = step_over(r, c);
	c->end = tt_source_offset(r->loader->src);
	if (rc == TT_OK)
		rc = tt_salvage_settle(&c->salvage, r->at_end ? TT_UNKNOWN : c->end, &r->err);
	if (rc == TT_OK)
		rc = tt_salvage_file_skipped(&c->salvage, c->end, &r->err);
	if (c->end < c->salvage.end_offset)
		c->end = c->salvage.end_offset;
	return rc;
}

int tt_candidate_unwrap(struct tt_repair *r, struct tt_candidate *c)
{
	bool changed;
	int rc;

	if (c->unwrapped)
		return TT_OK;
	c->unwrapped = true;
	rc = tt_reader_take_embedded(r->reader, &r->pass, tt_candidate_gen(r, c), &changed,
				     &r->err);
	if (changed)
		tt_pass_specs_changed(&r->probe);
	return rc;
}

int tt_candidate_load(struct tt_repair *r, struct tt_candidate *c)
{
	const struct tt_framer *framer = &r->loader->framer;
	int rc;

	c->loaded = true;
	c->unwrapped = c->prepared = c->whole = c->is_doubtful = c->leads_nowhere = false;
	c->none = r->at_end;
	tt_error_clear(&c->why);
	if (r->at_end)
		return TT_OK;
	rc = tt_loader_next(r->loader, &r->whole, &c->why);
	if (rc == TT_END) {
		c->none = true;
		return TT_OK;
	}
	if (rc < 0 && tt_repair_is_fatal(&c->why)) {
		r->err = c->why;
		return rc;
	}
	c->offset = r->whole.offset;
	c->end = r->whole.end;
	c->whole = rc == TT_OK && !framer->has_lookahead_error;
	if (c->whole)
		return TT_OK;
	if (rc == TT_OK)
		c->why = framer->lookahead_error;
	return load_damaged(r, c);
}

/* Whether the next batch is of this generation. */
static bool is_before_batch_of(struct tt_repair *r, uint64_t number)
{
	const uint8_t *data;
	struct tt_raw_batch b;
	struct tt_error ignored;
	uint64_t nbytes;
	size_t avail;

	if (r->at_end ||
	    tt_source_peek(r->loader->src, TT_BATCH_MAX_HEADER, &data, &avail, &ignored) < 0)
		return false;
	return tt_batch_plausible(data, data + avail, &b, &nbytes) && b.generation == number;
}

/* Whether what was loaded after a broken generation is a part of it: what has its number, if only
 * one of them has a clock; or bytes that merely look like another one among its batches. */
static bool is_piece_of(struct tt_repair *r, const struct tt_salvage *s,
			const struct tt_candidate *piece)
{
	const struct tt_generation *g = &piece->salvage.gen;

	if (s->gen.number == 0 || piece->none || piece->whole)
		return false;
	if (g->number == s->gen.number)
		return !g->has_frequency || !s->gen.has_frequency;
	return piece->is_doubtful && is_before_batch_of(r, s->gen.number);
}

/* Whether that is the rest of it, which is whole but for what is missing before. */
static bool is_rest_of(const struct tt_repair *r, const struct tt_salvage *s,
		       const struct tt_candidate *piece)
{
	return piece->whole && !piece->none && r->whole.number == s->gen.number &&
	       !s->gen.has_frequency;
}

int tt_candidate_join(struct tt_repair *r)
{
	struct tt_candidate *c = r->cur, *piece = r->next;
	int rc;

	if (!c->prepared && is_rest_of(r, &c->salvage, piece)) {
		rc = tt_candidate_break_up(r, piece, &c->why);
		if (rc < 0)
			return rc;
	}
	if (c->prepared || !is_piece_of(r, &c->salvage, piece))
		return TT_OK;
	if (piece->salvage.gen.number == c->salvage.gen.number)
		rc = tt_salvage_join(&c->salvage, &piece->salvage, &r->err);
	else
		rc = tt_salvage_doubt_filed(&c->salvage, &r->err);
	tt_salvage_release(&piece->salvage);
	piece->loaded = false;
	c->end = piece->end;
	return rc;
}

/* Events of a damaged batch cannot be read beyond this, and others may lie in it. */
#define UNREAD_NBYTES 32

/* Whether a batch of the generation that was read is one whose size may be wrong: where the events
 * end it may hold others. */
static bool has_bad_batch(const struct tt_repair *r)
{
	const struct tt_generation *g = &r->whole;
	struct tt_decode_plan plan;

	tt_decode_plan_init(&plan, g->specs);
	for (size_t i = 0; i < g->batches.n; i++) {
		const struct tt_event_batch *b = &g->batches.at[i];

		if (b->size - tt_content_reach_on(TT_CONTENT_EVENTS, &plan, b->data, b->size) >
		    UNREAD_NBYTES)
			return true;
	}
	return false;
}

int tt_candidate_break_up(struct tt_repair *r, struct tt_candidate *c, const struct tt_error *why)
{
	int ends = tt_salvage_may_end_here(r->loader, &r->err);

	c->why = *why;
	c->unwrapped = false;
	if (ends < 0 && tt_repair_is_fatal(&r->err))
		return ends;
	/* the size of a damaged batch may lead to what looks like its end */
	c->leads_nowhere = ends == 0 || has_bad_batch(r);
	return c->leads_nowhere ? load_damaged(r, c) : collect(r, c, c->end);
}

/* Its clock, if the input has one: it may not be that of what is written. */
static const struct tt_generation *with_clock(struct tt_repair *r, struct tt_candidate *c)
{
	struct tt_generation *g = tt_candidate_gen(r, c);

	if (!c->loaded || c->none || !g->has_frequency)
		return NULL;
	return c->whole || !c->salvage.sync_damaged ? g : NULL;
}

int tt_candidate_prepare(struct tt_repair *r)
{
	struct tt_candidate *c = r->cur;
	const struct tt_neighbours neighbours = {
		.before = r->any ? &r->clock : NULL,
		.after = with_clock(r, r->next),
	};
	struct tt_error err;
	int rc = tt_candidate_unwrap(r, c);

	if (rc < 0 || c->prepared)
		return rc;
	c->prepared = true;
	tt_salvage_mark_embedded(&c->salvage);
	rc = tt_salvage_prepare(&c->salvage, &neighbours, &err);
	if (rc == TT_OK)
		return rc;
	if (err.system) {
		r->err = err;
		return rc;
	}
	if (c->why.code == TT_OK)
		c->why = err;
	tt_candidate_give_up(r);
	return TT_REPAIR_GO_ON;
}

void tt_candidate_go_on(struct tt_repair *r)
{
	struct tt_candidate *c = r->cur;

	tt_salvage_release(&c->salvage);
	c->loaded = false;
	r->cur = r->next;
	r->next = c;
}

void tt_candidate_give_up(struct tt_repair *r)
{
	struct tt_candidate *c = r->cur;
	struct tt_repair_lost *lost = &r->lost;

	bool uncounted = c->whole || c->salvage.uncounted || c->why.code != TT_E_GENERATION_ORDER;

	lost->nbytes += c->end - c->offset;
	/* what contradicts all else lacks something; what has no number does not */
	lost->uncounted |= uncounted;
	if (!c->whole) {
		lost->events += c->salvage.nevents;
		/* a generation begins with a Sync; damaged bytes without an event may be none */
		if (c->salvage.nevents != 0 || !uncounted)
			lost->events += c->salvage.list.n != 0;
		lost->unread_nbytes += c->salvage.unread_nbytes;
		if (lost->unknown_type < 0)
			lost->unknown_type = c->salvage.unknown_type;
	}
	if (lost->why.code == TT_OK)
		lost->why = c->why;
	if (lost->why.code == TT_OK)
		tt_fail(&lost->why, TT_E_STATUS, "no events can lead to this generation");
	tt_candidate_go_on(r);
}
