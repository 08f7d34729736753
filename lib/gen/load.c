/* SPDX-License-Identifier: MIT */
/*
 * load.c - reads one generation: batch after batch until the framer finds its end. What
 * ends a generation well and what does not follows Go's internal/trace/generation.go
 * (readGeneration, readGenerationWithSpill).
 */
#include <string.h>

#include "gen/generation.h"

void tt_loader_init(struct tt_loader *l, struct tt_source *src, unsigned version, bool like_go)
{
	memset(l, 0, sizeof(*l));
	l->src = src;
	l->version = version;
	tt_framer_init(&l->framer, version, like_go);
	tt_batch_rules_init(&l->rules, version);
}

static bool reads_like_go(const struct tt_loader *l)
{
	return l->framer.framing.like_go;
}

/* As tt_framer_next(). A batch that cannot be read is one of the generation being read. */
static int next_batch(struct tt_loader *l, struct tt_generation *g, struct tt_raw_batch *b,
		      struct tt_error *err)
{
	int rc = tt_framer_next(&l->framer, l->src, b, err);

	g->number = l->framer.number;
	if (rc < 0 && g->number != 0)
		tt_error_in_batch(err, TT_UNKNOWN, g->number, TT_NONE);
	return rc;
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
	else if (reads_like_go(l))
		return TT_END;
	else
		tt_fail(err, TT_E_CUT_OFF,
			"the trace ends inside a generation, before any thread's events");
	err->offset = tt_source_offset(l->src);
	tt_error_in_batch(err, TT_UNKNOWN, g->number, TT_NONE);
	return -TT_E_CUT_OFF;
}

static int file_batch(struct tt_loader *l, struct tt_generation *g, const struct tt_raw_batch *b,
		      struct tt_error *err)
{
	l->resume = b->offset + 1;
	l->strings_last = b->experiment == 0 && b->first == TT_EV_STRINGS &&
			  b->size + TT_STRING_MAX_SIZE + 3 * TT_VARINT_MAX < TT_BATCH_MAX_SIZE;
	return tt_generation_add(g, &l->rules, b, err);
}

/* If the input ends right after the type of an experimental batch, Go's reader behaves as if
 * it ended just before it. */
static bool ends_after_type(const struct tt_raw_batch *b, const struct tt_error *err)
{
	return err->code == TT_E_CUT_OFF && b->kind == TT_RAW_BATCH_EXPERIMENT &&
	       err->offset == b->offset + 1;
}

/* Since 1.26. What is read until the mark is all of one generation, or wrong. */
static int load_to_mark(struct tt_loader *l, struct tt_generation *g, struct tt_error *err)
{
	for (;;) {
		struct tt_raw_batch b;
		int rc = next_batch(l, g, &b, err);

		if (rc == TT_FRAMED_MARK)
			return TT_OK;
		if (rc == TT_FRAMED_INPUT_END ||
		    (rc < 0 && g->threads.n != 0 && ends_after_type(&b, err)))
			return ended_inside(l, g, err);
		if (rc < 0)
			return rc;
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

/* Before 1.26. */
static int load_to_next_number(struct tt_loader *l, struct tt_generation *g, struct tt_error *err)
{
	for (;;) {
		struct tt_raw_batch b;
		int rc = next_batch(l, g, &b, err);

		if (rc == TT_FRAMED_INPUT_END) {
			l->at_end = true;
			return TT_OK;
		}
		if (rc < 0 && g->number == 0)
			return rc;
		if (rc < 0) {
			tt_framer_keep_error(&l->framer, err);
			return TT_OK;
		}
		if (b.generation == 0)
			return bad_generation(&b, TT_E_GENERATION_ZERO, "invalid generation number 0",
					      err);
		if (rc == TT_FRAMED_NEXT && !tt_framer_is_next(&l->framer, &b))
			return bad_generation(&b, TT_E_GENERATION_ORDER, "generations out of order",
					      err);
		if (rc == TT_FRAMED_NEXT) {
			l->at_next = true;
			return TT_OK;
		}
		rc = file_batch(l, g, &b, err);
		if (rc < 0)
			return rc;
	}
}

/* Go's reader makes one Sync event of it since 1.26, and misses a frequency before. */
static int reject_header_alone(struct tt_loader *l, struct tt_error *err)
{
	const uint8_t *data;
	size_t avail;
	int rc;

	/* (of any header: blanks make some longer than others) */
	if (l->ordinal != 1 || reads_like_go(l))
		return TT_OK;
	rc = tt_source_peek(l->src, 1, &data, &avail, err);
	if (rc < 0 || avail != 0)
		return rc;
	tt_fail(err, TT_E_CUT_OFF, "the trace ends after its header");
	err->offset = tt_source_offset(l->src);
	return -TT_E_CUT_OFF;
}

/*
 * Before 1.26 a generation has no mark at its end: a program that was killed leaves one that
 * lacks its clock or tables. Go's runtime writes strings last.
 */
static bool ends_before_tables(const struct tt_loader *l)
{
	const struct tt_framer *f = &l->framer;

	return !f->has_end_marks && !l->strings_last &&
	       (l->at_end || (f->has_lookahead_error && f->lookahead_error.code == TT_E_CUT_OFF));
}

void tt_generation_blame_cut(const struct tt_generation *g, uint64_t end, struct tt_error *err)
{
	struct tt_error cause = *err;

	/* (some versions of Go write the clock first) */
	tt_fail(err, TT_E_CUT_OFF, "the trace ends before %s of its last generation: %.*s",
		g->has_frequency && cause.code != TT_E_NO_CLOCK ? "all tables"
								: "the clock and the tables",
		(int)(sizeof(err->message) - 80), cause.message);
	err->offset = end;
	err->event_index = cause.event_index;
	tt_error_in_batch(err, TT_UNKNOWN, g->number, TT_NONE);
}

/* Since the tables are missing: what Go's reader complains of then. */
static bool is_lack_of_tables(int code)
{
	return code == TT_E_NO_FREQUENCY || code == TT_E_NO_CLOCK || code == TT_E_STACK_STRING;
}

static int seal(struct tt_loader *l, struct tt_generation *g, struct tt_error *err)
{
	int rc = tt_generation_seal(g, &l->rules, err);

	g->lacks_tables = ends_before_tables(l);
	if (rc == TT_OK || !g->lacks_tables || !is_lack_of_tables(-rc) || reads_like_go(l))
		return rc;
	tt_generation_blame_cut(g, tt_source_offset(l->src), err);
	return -TT_E_CUT_OFF;
}

bool tt_loader_header_here(struct tt_loader *l, struct tt_raw_batch *b, bool *ended,
			   struct tt_error *err)
{
	const uint8_t *data;
	uint64_t nbytes;
	size_t avail;

	*ended = false;
	if (tt_source_peek(l->src, TT_BATCH_MAX_HEADER + 1, &data, &avail, err) < 0)
		return false;
	*ended = avail == 0;
	if (*ended || !tt_batch_plausible(data, data + avail, b, &nbytes))
		return false;
	b->offset = tt_source_offset(l->src);
	return true;
}

uint64_t tt_loader_number_here(struct tt_loader *l, bool *ended, struct tt_error *err)
{
	struct tt_raw_batch b;

	return tt_loader_header_here(l, &b, ended, err) && b.kind != TT_RAW_BATCH_END
		       ? b.generation
		       : 0;
}

int tt_loader_pass(struct tt_loader *l, uint64_t first, uint64_t last, struct tt_error *err)
{
	uint64_t begin = tt_source_offset(l->src), end, number, next;
	bool ended;
	int rc;

	if (l->ordinal == 0 || l->at_end || l->framer.has_lookahead_error ||
	    !tt_source_frame_end(l->src, &end))
		return TT_END;
	number = tt_loader_number_here(l, &ended, err);
	if (number == 0 || (number >= first && number <= last))
		return TT_END;
	rc = tt_source_jump(l->src, end, err);
	if (rc < 0)
		return rc;
	next = tt_loader_number_here(l, &ended, err);
	if (!ended && next != number + 1) {
		rc = tt_source_jump(l->src, begin, err);
		return rc < 0 ? rc : TT_END;
	}
	l->ordinal++;
	l->number = number;
	l->resume = end;
	l->at_next = !l->framer.has_end_marks && !ended;
	l->at_end = !l->framer.has_end_marks && ended;
	return TT_OK;
}

bool tt_loader_can_jump(const struct tt_loader *l, uint64_t offset)
{
	uint64_t ignored, nbytes;

	if (!tt_source_is_whole(l->src))
		return false;
	tt_source_progress(l->src, &ignored, &nbytes);
	return offset < nbytes;
}

int tt_loader_begin_at(struct tt_loader *l, uint64_t ordinal, struct tt_error *err)
{
	bool ended;
	uint64_t number = tt_loader_number_here(l, &ended, err);

	if (number == 0 || ordinal == 0)
		return TT_END;
	l->ordinal = ordinal - 1;
	l->number = number - 1;
	l->resume = tt_source_offset(l->src);
	l->min_time = l->broken_time = 0;
	l->at_next = !l->framer.has_end_marks;
	l->at_end = l->framer.has_lookahead_error = false;
	return TT_OK;
}

int tt_loader_go_to(struct tt_loader *l, uint64_t offset, uint64_t ordinal)
{
	uint64_t begin = tt_source_offset(l->src);
	struct tt_error ignored;

	if (!tt_loader_can_jump(l, offset))
		return TT_END;
	tt_source_jump(l->src, offset, &ignored);
	if (tt_loader_begin_at(l, ordinal, &ignored) == TT_OK)
		return TT_OK;
	tt_source_jump(l->src, begin, &ignored);
	return TT_END;
}

int tt_loader_next(struct tt_loader *l, struct tt_generation *g, struct tt_error *err)
{
	uint64_t begin = tt_source_offset(l->src);
	int rc;

	if (l->framer.has_lookahead_error) {
		*err = l->framer.lookahead_error;
		return -err->code;
	}
	if (l->at_end)
		return TT_END;
	tt_generation_clear(g);
	l->specs = g->specs;
	tt_source_release(l->src, begin);
	g->src = tt_source_in_file(l->src) ? l->src : NULL;
	g->offset = begin;
	g->ordinal = ++l->ordinal;
	l->resume = begin;
	l->at_next = l->strings_last = false;
	tt_framer_begin(&l->framer);
	rc = reject_header_alone(l, err);
	if (rc < 0)
		return rc;
	rc = l->framer.has_end_marks ? load_to_mark(l, g, err) : load_to_next_number(l, g, err);
	if (rc == TT_OK)
		rc = seal(l, g, err);
	l->number = g->number;
	if (rc == TT_OK) {
		if (l->whole_ordinal == 0)
			l->first_time = g->min_time;
		l->whole_ordinal = g->ordinal;
		l->whole_number = g->number;
	}
	if (rc == TT_OK && !l->framer.has_lookahead_error)
		l->min_time = g->min_time;
	else
		l->broken_time = g->min_time;
	if (rc == -TT_E_TABLE_CUT && reads_like_go(l))
		return TT_END;
	g->end = tt_source_offset(l->src);
	return rc;
}
