/* SPDX-License-Identifier: MIT */
/*
 * resync.c - finds the next generation behind damage. Where the framing still
 * holds it walks batch by batch to where another generation begins; where it
 * does not, it first looks byte by byte for a place from which several batches
 * in a row make sense. Stands on wire.
 */
#include "gen/generation.h"

/* So many batches in a row must make sense: by chance one byte in a hundred
 * looks like a batch. */
#define PLAUSIBLE_RUN 4
/* What a run of them takes at most. */
#define PLAUSIBLE_NBYTES (PLAUSIBLE_RUN * (TT_BATCH_MAX_HEADER + TT_BATCH_MAX_SIZE))
/* Bytes looked through before they are given back. */
#define SCAN_STEP 65536

/*
 * Whether batches follow one another from data on. `whole`: the input ends at
 * `end`, so that a batch must not run past it.
 */
static bool run_begins(const struct tt_framing *framing, const uint8_t *data, const uint8_t *end,
		       bool whole)
{
	uint64_t nbytes, generation;
	unsigned marks = 0;

	for (int i = 0; i < PLAUSIBLE_RUN; i++) {
		if (data == end)
			return i > 0 && whole;
		if (!tt_batch_plausible(framing, data, end, &nbytes, &generation))
			return false;
		marks = generation == 0 ? marks + 1 : 0;
		/* no generation is empty: marks never follow one another */
		if (marks > 1 || (i == 0 && generation == 0))
			return false;
		if (nbytes > (uint64_t)(end - data))
			return !whole && i > 0;
		data += nbytes;
	}
	return true;
}

/* Moves to the next place where batches follow one another. 0, 1 or an error. */
static int scan(struct tt_loader *l, struct tt_error *err)
{
	for (;;) {
		const uint8_t *data;
		size_t avail, n;
		int rc = tt_source_peek(l->src, SCAN_STEP + PLAUSIBLE_NBYTES, &data, &avail, err);
		bool whole = avail < SCAN_STEP + PLAUSIBLE_NBYTES;

		if (rc < 0 && avail == 0)
			return rc;
		n = whole ? avail : SCAN_STEP;
		for (size_t i = 0; i < n; i++) {
			if (run_begins(&l->framing, data + i, data + avail, whole)) {
				tt_source_skip(l->src, i);
				return TT_OK;
			}
		}
		tt_source_skip(l->src, n);
		tt_source_release(l->src, tt_source_offset(l->src));
		if (whole)
			return TT_END;
	}
}

static bool is_framing_error(int code)
{
	return code == TT_E_BATCH_TYPE || code == TT_E_BATCH_HEADER || code == TT_E_BATCH_SIZE ||
	       code == TT_E_CUT_OFF;
}

/* A batch that stands first in its generation: the one with the clock. */
static bool is_first_of_generation(const struct tt_loader *l, const struct tt_frame_batch *b)
{
	return l->has_end_marks && b->experiment == 0 && b->size != 0 &&
	       b->data[0] == l->rules.sync;
}

/*
 * Walks to the first batch of another generation than number *skip, and stands
 * before it; TT_UNKNOWN: other than that of the first batch it meets.
 */
static int walk(struct tt_loader *l, uint64_t skip, struct tt_error *err)
{
	struct tt_frame_batch b;

	for (;;) {
		int rc = tt_batch_read(l->src, &l->framing, &b, err);

		if (rc != TT_OK)
			return rc;
		tt_source_release(l->src, b.offset);
		if (l->has_end_marks && b.experiment == 0 && b.size != 0 &&
		    b.data[0] == l->framing.end_type)
			return TT_OK;
		if (b.generation == 0)
			continue;
		if ((skip != TT_UNKNOWN && b.generation != skip) ||
		    (skip == TT_UNKNOWN && is_first_of_generation(l, &b))) {
			tt_source_seek(l->src, b.offset);
			return TT_OK;
		}
		skip = b.generation;
	}
}

/* Steps over the byte at fault, so that a search cannot find it again. */
static void step(struct tt_loader *l)
{
	const uint8_t *data;
	size_t avail;
	struct tt_error ignored;

	if (tt_source_peek(l->src, 1, &data, &avail, &ignored) == TT_OK && avail != 0)
		tt_source_skip(l->src, 1);
}

int tt_loader_resync(struct tt_loader *l, const struct tt_error *broken, uint64_t *skipped,
		     struct tt_error *err)
{
	uint64_t begin = tt_source_offset(l->src);
	int code = broken->code;
	int rc = TT_OK;

	*skipped = 0;
	l->failed_behind = false;
	if (l->spilled || l->at_end) /* the next generation, or the end, is at hand */
		return l->spilled ? TT_OK : TT_END;
	if (code == TT_E_STACK_STRING || code == TT_E_NO_FREQUENCY || code == TT_E_NO_CLOCK ||
	    code == TT_E_GENERATION_MIXED || code == TT_E_GENERATION_ORDER)
		return TT_OK; /* it stands where another generation begins */
	do {
		if (is_framing_error(code)) {
			step(l);
			rc = scan(l, err);
		}
		if (rc == TT_OK)
			rc = walk(l, broken->generation, err);
		code = rc < 0 ? err->code : TT_OK;
	} while (rc < 0 && is_framing_error(code));
	*skipped = tt_source_offset(l->src) - begin;
	return rc;
}
