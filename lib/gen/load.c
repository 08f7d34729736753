/* SPDX-License-Identifier: MIT */
/*
 * load.c - reads one generation: batch after batch until something ends it. Since
 * version 26 that is a mark; before, it is the first batch with the next number,
 * which is one batch too far and is kept for the next call. What ends a
 * generation well and what does not follows Go's internal/trace/generation.go
 * (readGeneration, readGenerationWithSpill). Stands on wire.
 */
#include <string.h>

#include "gen/generation.h"

#define FIRST_VERSION_WITH_END_MARKS 26

void tt_loader_init(struct tt_loader *l, struct tt_source *src, const struct tt_specs *specs,
		    unsigned version, bool like_go)
{
	memset(l, 0, sizeof(*l));
	l->src = src;
	l->like_go = like_go;
	l->has_end_marks = version >= FIRST_VERSION_WITH_END_MARKS;
	tt_framing_init(&l->framing, specs, like_go);
	tt_batch_rules_init(&l->rules, specs, version);
}

static int bad_generation(const struct tt_raw_batch *b, int code, const char *message,
			  struct tt_error *err)
{
	tt_fail(err, code, "%s", message);
	err->offset = b->offset;
	tt_error_in_batch(err, b->offset, b->generation, b->thread);
	return -code;
}

/* The file ends although a generation was begun. */
static int ended_inside(struct tt_loader *l, const struct tt_generation *g, struct tt_error *err)
{
	if (g->batches_read == 0)
		return TT_END;
	if (g->threads.n != 0)
		tt_fail(err, TT_E_CUT_OFF, "incomplete generation found; trace likely truncated");
	else if (l->like_go)
		return TT_END;
	else
		tt_fail(err, TT_E_CUT_OFF,
			"the trace ends inside a generation, before any thread's events");
	err->offset = tt_source_offset(l->src);
	tt_error_in_batch(err, TT_UNKNOWN, g->number, TT_NONE);
	return -TT_E_CUT_OFF;
}

/* The next batch. One that cannot be read stands in the generation being read. */
static int read_batch(struct tt_loader *l, const struct tt_generation *g, struct tt_raw_batch *b,
		      struct tt_error *err)
{
	int rc = tt_batch_read(l->src, &l->framing, b, err);

	if (rc < 0 && g->number != 0)
		tt_error_in_batch(err, TT_UNKNOWN, g->number, TT_NONE);
	return rc;
}

static int file_batch(struct tt_loader *l, struct tt_generation *g, const struct tt_raw_batch *b,
		      struct tt_error *err)
{
	l->resume = b->offset + 1;
	return tt_generation_add(g, &l->rules, b, err);
}

/* To Go's reader, the file's end right behind the type of an experimental batch is its
 * end in front of that. */
static bool ends_behind_type(const struct tt_raw_batch *b, const struct tt_error *err)
{
	return err->code == TT_E_CUT_OFF && b->kind == TT_RAW_BATCH_EXPERIMENT &&
	       err->offset == b->offset + 1;
}

static int load_to_mark(struct tt_loader *l, struct tt_generation *g, struct tt_error *err)
{
	for (;;) {
		struct tt_raw_batch b = {.kind = TT_RAW_BATCH_BAD};
		int rc = read_batch(l, g, &b, err);

		if (rc == TT_END || (rc < 0 && g->threads.n != 0 && ends_behind_type(&b, err)))
			return ended_inside(l, g, err);
		if (rc < 0)
			return rc;
		if (g->number == 0)
			g->number = b.generation;
		if (b.experiment == 0 && b.size != 0 && b.first == l->framing.end_type)
			return TT_OK;
		if (b.generation == 0)
			return bad_generation(&b, TT_E_GENERATION_ZERO, "invalid generation number 0",
					      err);
		if (b.generation != g->number) {
			/* it may be good if one begins here: leave it to a resync */
			tt_source_seek(l->src, b.offset);
			return bad_generation(&b, TT_E_GENERATION_MIXED,
					      "broken trace: missing end-of-generation event, or "
					      "generations are interleaved",
					      err);
		}
		rc = file_batch(l, g, &b, err);
		if (rc < 0)
			return rc;
	}
}

/* Files the batch that the generation before left over. */
static int add_spill(struct tt_loader *l, struct tt_generation *g, struct tt_error *err)
{
	if (!l->spilled)
		return TT_OK;
	l->spilled = false;
	g->number = l->spill.generation;
	return file_batch(l, g, &l->spill, err);
}

/* Keeps for later what stands behind the generation. */
static int failed_behind(struct tt_loader *l, const struct tt_error *err)
{
	l->failed_behind = true;
	l->behind = *err;
	return TT_OK;
}

static int load_to_next_number(struct tt_loader *l, struct tt_generation *g, struct tt_error *err)
{
	struct tt_raw_batch b;
	int rc = add_spill(l, g, err);

	while (rc == TT_OK) {
		rc = read_batch(l, g, &b, err);
		if (rc == TT_END) {
			l->at_end = true;
			return TT_OK;
		}
		if (rc < 0)
			return g->number != 0 ? failed_behind(l, err) : rc;
		if (b.generation == 0)
			return bad_generation(&b, TT_E_GENERATION_ZERO, "invalid generation number 0",
					      err);
		if (g->number == 0)
			g->number = b.generation;
		if (b.generation == g->number + 1) {
			l->spilled = true;
			l->spill = b;
			return TT_OK;
		}
		if (b.generation != g->number) {
			tt_source_seek(l->src, b.offset);
			return bad_generation(&b, TT_E_GENERATION_ORDER, "generations out of order",
					      err);
		}
		rc = file_batch(l, g, &b, err);
	}
	return rc;
}

uint64_t tt_loader_offset(const struct tt_loader *l)
{
	return l->spilled ? l->spill.offset : tt_source_offset(l->src);
}

int tt_loader_next(struct tt_loader *l, struct tt_generation *g, struct tt_error *err)
{
	uint64_t begin = tt_loader_offset(l);
	int rc;

	if (l->failed_behind) {
		*err = l->behind;
		return -err->code;
	}
	if (l->at_end)
		return TT_END;
	tt_generation_clear(g);
	tt_source_release(l->src, begin);
	g->src = tt_source_in_file(l->src) ? l->src : NULL;
	g->offset = begin;
	g->ordinal = ++l->ordinal;
	l->resume = begin;
	rc = l->has_end_marks ? load_to_mark(l, g, err) : load_to_next_number(l, g, err);
	if (rc == TT_OK)
		rc = tt_generation_seal(g, &l->rules, err);
	l->number = g->number;
	if (rc == TT_OK)
		l->min_time = g->min_time;
	if (rc == -TT_E_TABLE_CUT && l->like_go)
		return TT_END;
	g->end = l->spilled ? l->spill.offset : tt_source_offset(l->src);
	return rc;
}
