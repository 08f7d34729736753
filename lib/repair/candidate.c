/* SPDX-License-Identifier: MIT */
/*
 * candidate.c - the next generation of a repair: whole, or, if it cannot be loaded or does
 * not order, what can be collected of it. Stands on event.
 */
#include "base/error.h"
#include "repair/repair.h"

static int collect(struct tt_repair *r, uint64_t end)
{
	struct tt_candidate *c = r->next;

	c->whole = false;
	tt_salvage_release(&c->salvage);
	tt_salvage_init(&c->salvage, r->mem, r->specs, &r->loader->rules);
	return tt_salvage_collect(&c->salvage, r->loader, c->offset, end, &r->err);
}

/* From the broken generation to the next: its tables after the damage are kept. */
static int step_over(struct tt_repair *r)
{
	struct tt_loader *l = r->loader;
	/* before 1.26 a generation may be broken and the framing after it too */
	struct tt_error broken =
		l->framer.has_lookahead_error ? l->framer.lookahead_error : r->next->why;
	uint64_t skipped;
	int rc;

	if (broken.code == TT_E_INPUT) {
		r->at_end = true;
		return TT_OK;
	}
	l->on_skipped_batch = tt_salvage_on_skipped_batch;
	l->on_skipped_arg = &r->next->salvage;
	rc = tt_loader_resync(l, &broken, &skipped, &r->err);
	l->on_skipped_batch = NULL;
	if (rc < 0 && tt_repair_is_fatal(&r->err))
		return rc;
	r->at_end |= rc != TT_OK;
	return TT_OK;
}

static int load_damaged(struct tt_repair *r)
{
	struct tt_candidate *c = r->next;
	int rc = collect(r, UINT64_MAX);

	if (rc == TT_OK)
		rc = step_over(r);
	c->end = tt_source_offset(r->loader->src);
	if (c->end < c->salvage.end_offset)
		c->end = c->salvage.end_offset;
	return rc;
}

static int take_embedded(struct tt_repair *r, struct tt_generation *gen)
{
	bool changed;
	int rc = tt_reader_take_embedded(r->reader, &r->pass, gen, &changed, &r->err);

	if (changed)
		tt_pass_specs_changed(&r->probe);
	return rc;
}

int tt_candidate_load(struct tt_repair *r)
{
	const struct tt_framer *framer = &r->loader->framer;
	struct tt_candidate *c = r->next;
	int rc;

	c->loaded = true;
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
		return take_embedded(r, &r->whole);
	if (rc == TT_OK)
		c->why = framer->lookahead_error;
	return load_damaged(r);
}

int tt_candidate_break_up(struct tt_repair *r, const struct tt_error *why)
{
	int rc = collect(r, r->next->end);

	r->next->why = *why;
	return rc;
}

/* The clock that a generation has if its own is lost. */
static const struct tt_generation *known_clock(const struct tt_repair *r)
{
	if (r->pending->loaded)
		return &r->pending->salvage.gen;
	return r->any ? &r->clock : NULL;
}

int tt_candidate_prepare(struct tt_repair *r)
{
	struct tt_salvage *s = &r->next->salvage;
	struct tt_error err;
	int rc = take_embedded(r, &s->gen);

	if (rc < 0)
		return rc;
	tt_salvage_mark_embedded(s);
	rc = tt_salvage_prepare(s, known_clock(r), &r->pass.merge.cursors.plan, &err);
	if (rc == TT_OK)
		return rc;
	if (err.system) {
		r->err = err;
		return rc;
	}
	tt_candidate_give_up(r);
	return TT_REPAIR_GO_ON;
}

void tt_candidate_give_up(struct tt_repair *r)
{
	struct tt_candidate *c = r->next;

	r->lost_nbytes += c->end - c->offset;
	if (!c->whole) {
		r->lost_events += c->salvage.nevents;
		r->unread_nbytes += c->salvage.unread_nbytes;
		if (r->unknown_type < 0)
			r->unknown_type = c->salvage.unknown_type;
	}
	if (r->lost_why.code == TT_OK)
		r->lost_why = c->why;
	if (r->lost_why.code == TT_OK)
		tt_fail(&r->lost_why, TT_E_STATUS, "no events can lead to this generation");
	tt_salvage_release(&c->salvage);
	c->loaded = false;
}
