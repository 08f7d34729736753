/* SPDX-License-Identifier: MIT */
/*
 * resync.c - finds the next generation after damage. Where the framing still
 * holds it walks batch by batch to where another generation begins; where it
 * does not, it first looks byte by byte for a place where a row of batches begins, whose data
 * makes sense. It never goes past the header of another trace. It also finds a generation
 * that is somewhere in a sound trace.
 */
#include "gen/content.h"
#include "gen/generation.h"
#include "wire/row.h"

/* Of a row so many batches will do where the input ends: where framing holds, and does not. */
#define LAST_WALKED 1
#define LAST_SCANNED 2
/* A single one there has at least so much data. */
#define LAST_NBYTES 32
/* Of a batch's data so much is looked at; what may be cut off then is not held against it. */
#define SEEN_EVENTS_NBYTES (2 * TT_EVENT_MAX_SIZE)
#define SEEN_TABLE_NBYTES 4096
#define SEEN_RECORD_NBYTES 3072
/* Bytes looked through before they are given back. */
#define SCAN_STEP 65536
/* A search goes back a quarter of the way at most, and these: else damage that
 * is made for it could send it over the same bytes again and again. */
#define REWIND_FREE (1u << 20)

/* ---- batches in a row */

/* No row begins earlier than the last generation that was whole, or, if none was, much earlier
 * than the one that broke. */
static struct tt_row_rules row_rules(const struct tt_loader *l, int last)
{
	return (struct tt_row_rules){
		.has_end_marks = l->framer.has_end_marks,
		.min_time = l->min_time != 0 ? l->min_time : l->broken_time / 2,
		.last = last,
	};
}

/* Whether the data of a batch, of which `avail` bytes are there, begins with what it should. */
static bool makes_sense(const struct tt_loader *l, const struct tt_decode_plan *plan,
			struct tt_raw_batch *b, const uint8_t *data, size_t avail)
{
	enum tt_content content;
	size_t seen = avail < b->size ? avail : b->size, slack, limit;

	if (b->kind == TT_RAW_BATCH_END || seen == 0)
		return true;
	b->first = data[0];
	content = tt_content_of(b, l->version);
	limit = tt_content_is_table(content) ? SEEN_TABLE_NBYTES : SEEN_EVENTS_NBYTES;
	if (seen > limit)
		seen = limit;
	slack = tt_content_is_table(content) ? SEEN_RECORD_NBYTES : TT_EVENT_MAX_SIZE;
	if (seen == b->size)
		slack = 0;
	return seen - tt_content_reach(content, plan, data, seen) <= slack;
}

/*
 * Whether the data of the batches in a row makes sense: of the first one, and of all others but
 * one, which may be damaged. The row was looked at already.
 */
static bool row_makes_sense(const struct tt_loader *l, const struct tt_decode_plan *plan,
			    const uint8_t *data, const uint8_t *end, int n)
{
	struct tt_raw_batch b;
	uint64_t nbytes;
	int nbad = 0;

	for (int i = 0; i < n && data < end; i++) {
		const uint8_t *content;

		if (!tt_batch_plausible(data, end, &b, &nbytes))
			return false;
		content = data + (nbytes - b.size);
		if (content <= end &&
		    !makes_sense(l, plan, &b, content, (size_t)(end - content)) &&
		    (i == 0 || ++nbad > 1))
			return false;
		if (nbytes > (uint64_t)(end - data))
			break;
		data += nbytes;
	}
	return true;
}

/* Whether the headers of a row are where the source is: 1, 0 or an error. */
static int run_is_here(struct tt_loader *l, struct tt_error *err)
{
	struct tt_row_rules rules = row_rules(l, LAST_WALKED);
	const uint8_t *data;
	size_t avail;
	int rc = tt_source_peek(l->src, TT_ROW_NBYTES, &data, &avail, err);

	return rc < 0 ? rc : tt_row_begins(&rules, data, data + avail);
}

int tt_loader_is_at_batches(struct tt_loader *l, int n, struct tt_error *err)
{
	struct tt_row_rules rules = row_rules(l, LAST_WALKED);
	struct tt_decode_plan plan;
	const uint8_t *data;
	size_t avail;
	int rc = tt_source_peek(l->src, TT_ROW_NBYTES, &data, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	tt_decode_plan_init(&plan, l->specs);
	rules.most = n;
	return tt_row_begins(&rules, data, data + avail) &&
	       row_makes_sense(l, &plan, data, data + avail, n);
}

/* Whether a row begins that is long enough, or the last batch of all, with enough in it. */
static bool row_begins(const struct tt_loader *l, const struct tt_decode_plan *plan,
		       const uint8_t *data, const uint8_t *end)
{
	struct tt_row_rules rules = row_rules(l, LAST_WALKED);
	struct tt_raw_batch b;
	uint64_t nbytes;

	if (!tt_row_begins(&rules, data, end) ||
	    !row_makes_sense(l, plan, data, end, TT_ROW_BATCHES))
		return false;
	rules.last = LAST_SCANNED;
	return tt_row_begins(&rules, data, end) ||
	       (tt_batch_plausible(data, end, &b, &nbytes) &&
		b.kind == TT_RAW_BATCH_EVENTS && b.size >= LAST_NBYTES);
}

int tt_loader_scan(struct tt_loader *l, struct tt_error *err)
{
	struct tt_decode_plan plan;

	tt_decode_plan_init(&plan, l->specs);
	for (;;) {
		const uint8_t *data;
		unsigned version;
		size_t avail, n;
		int rc = tt_source_peek(l->src, SCAN_STEP + TT_ROW_NBYTES, &data, &avail, err);
		bool last = avail < SCAN_STEP + TT_ROW_NBYTES;

		n = last ? avail : SCAN_STEP;
		for (size_t i = 0; i < n; i++) {
			bool row = row_begins(l, &plan, data + i, data + avail);

			if (row || tt_trace_begins(data + i, data + avail, &version)) {
				tt_source_skip(l->src, i);
				l->resume = tt_source_offset(l->src);
				return row ? TT_OK : TT_END;
			}
		}
		tt_source_skip(l->src, n);
		l->resume = tt_source_offset(l->src);
		tt_source_release(l->src, l->resume);
		if (last)
			return rc < 0 ? rc : TT_END;
	}
}

/* ---- from batch to batch */

/* Whether a row begins with the batch that was just read: 1, 0 or an error. */
static int run_begins_with(struct tt_loader *l, const struct tt_raw_batch *b, struct tt_error *err)
{
	uint64_t end_offset = tt_source_offset(l->src);
	int begins;

	tt_source_seek(l->src, b->offset);
	begins = run_is_here(l, err);
	tt_source_seek(l->src, end_offset);
	return begins;
}

/*
 * Walks to the first batch of another generation than the broken one, and stops in front
 * of it. If the number of the broken one is not known it is the one met first, unless
 * that begins here, with its clock.
 */
static int walk(struct tt_loader *l, struct tt_error *err)
{
	struct tt_raw_batch b;
	bool begins_with_clock;

	for (;;) {
		int rc = tt_batch_read(l->src, &l->framer.framing, &b, err);

		if (rc != TT_OK)
			return rc;
		l->resume = b.offset + 1;
		tt_source_release(l->src, b.offset);
		if (tt_framer_is_mark(&l->framer, &b))
			return TT_OK;
		if (b.generation != 0 && b.generation == l->number && l->on_skipped_batch != NULL)
			rc = l->on_skipped_batch(l->on_skipped_arg, &b, err);
		if (rc < 0)
			return rc;
		if (b.generation == 0 || b.generation == l->number)
			continue;
		rc = run_begins_with(l, &b, err);
		if (rc < 0)
			return rc;
		if (rc == 0)
			continue;
		begins_with_clock = b.experiment == 0 && b.size != 0 && b.first == l->rules.sync;
		if (l->number != 0 || begins_with_clock) {
			tt_source_seek(l->src, b.offset);
			return TT_OK;
		}
		l->number = b.generation;
	}
}

/* ---- after an error */

static bool is_framing_error(int code)
{
	return code == TT_E_BATCH_TYPE || code == TT_E_BATCH_HEADER || code == TT_E_BATCH_SIZE ||
	       code == TT_E_CUT_OFF;
}

/* An error of a generation that was read to its end, which may be one of its events. */
static bool was_read_whole(int code)
{
	return code == TT_E_STACK_STRING || code == TT_E_NO_FREQUENCY || code == TT_E_NO_CLOCK ||
	       code >= TT_E_EVENT_TYPE;
}

/* A number that may be a new generation's, or damage. */
static bool is_other_number(int code)
{
	return code == TT_E_GENERATION_MIXED || code == TT_E_GENERATION_ORDER;
}

bool tt_loader_lost_framing(int code)
{
	return is_framing_error(code) || is_other_number(code) || code == TT_E_GENERATION_ZERO;
}

/* To where the search for batches begins. */
static void back_up(struct tt_loader *l)
{
	uint64_t at = tt_source_offset(l->src);
	uint64_t back = l->resume < at ? at - l->resume : 0;

	if (l->rewound + back > at / 4 + REWIND_FREE)
		return;
	l->rewound += back;
	tt_source_seek(l->src, at - back);
}

/* From where the framing broke to where it holds again, and another generation begins. */
static int search(struct tt_loader *l, bool lost, struct tt_error *err)
{
	int rc = TT_OK;

	do {
		if (lost) {
			back_up(l);
			rc = tt_loader_scan(l, err);
		}
		if (rc == TT_OK)
			rc = walk(l, err);
		lost = rc < 0 && is_framing_error(err->code);
	} while (lost);
	return rc == -TT_E_ANOTHER_TRACE ? TT_END : rc;
}

int tt_loader_resync(struct tt_loader *l, const struct tt_error *broken, uint64_t *skipped,
		     struct tt_error *err)
{
	uint64_t begin = tt_source_offset(l->src);
	const uint8_t *data;
	size_t avail;
	int rc, here = 0;

	*skipped = 0;
	if (l->at_next)
		return TT_OK;
	rc = tt_source_peek(l->src, 1, &data, &avail, err);
	if (rc < 0)
		return rc;
	if (l->at_end || avail == 0 || broken->code == TT_E_ANOTHER_TRACE)
		return TT_END;
	if (was_read_whole(broken->code))
		return TT_OK;
	l->framer.has_lookahead_error = false;
	if (is_other_number(broken->code))
		here = tt_loader_is_at_batches(l, TT_ROW_BATCHES, err);
	if (here != 0)
		return here < 0 ? here : TT_OK;
	rc = search(l, is_framing_error(broken->code) || is_other_number(broken->code), err);
	if (tt_source_offset(l->src) > begin)
		*skipped = tt_source_offset(l->src) - begin;
	return rc;
}

/* ---- without damage */

/* A batch that is sought may be one of any generation. */
static void expect_any_time(struct tt_loader *l)
{
	l->min_time = 0;
	l->broken_time = l->first_time;
}

/* Moves to the first batch from here on, which is no farther than a batch is long. */
static bool go_to_batch(struct tt_loader *l, struct tt_error *err)
{
	struct tt_decode_plan plan;
	const uint8_t *data;
	unsigned version;
	size_t avail;

	tt_decode_plan_init(&plan, l->specs);
	if (tt_source_peek(l->src, TT_ROW_NBYTES + TT_ROW_NBYTES / TT_ROW_BATCHES, &data, &avail,
			   err) < 0)
		return false;
	for (size_t i = 0; i < avail && i <= TT_BATCH_MAX_HEADER + TT_BATCH_MAX_SIZE; i++) {
		if (data[i] == 'g' && tt_trace_begins(data + i, data + avail, &version))
			return false;
		if (tt_raw_batch_kind(data[i]) != TT_RAW_BATCH_BAD &&
		    row_begins(l, &plan, data + i, data + avail)) {
			tt_source_skip(l->src, i);
			return true;
		}
	}
	return false;
}

/* The header of the batch at the source's position; where that is the mark at the end of a
 * generation, of the one after it. */
static bool read_header(struct tt_loader *l, struct tt_raw_batch *b, struct tt_error *err)
{
	bool ended;

	if (!tt_loader_header_here(l, b, &ended, err))
		return false;
	if (b->kind != TT_RAW_BATCH_END)
		return true;
	tt_source_skip(l->src, 1);
	return tt_loader_header_here(l, b, &ended, err) && b->kind != TT_RAW_BATCH_END;
}

int tt_loader_find_batch(struct tt_loader *l, uint64_t offset, struct tt_raw_batch *b)
{
	const uint64_t begin = tt_source_offset(l->src), min_time = l->min_time,
		       broken_time = l->broken_time;
	struct tt_error ignored;
	bool found;

	if (!tt_loader_can_jump(l, offset))
		return TT_END;
	tt_source_jump(l->src, offset, &ignored);
	expect_any_time(l);
	found = go_to_batch(l, &ignored) && read_header(l, b, &ignored);
	l->min_time = min_time;
	l->broken_time = broken_time;
	tt_source_jump(l->src, begin, &ignored);
	return found ? TT_OK : TT_END;
}

int tt_loader_seek(struct tt_loader *l, uint64_t offset)
{
	struct tt_error ignored;
	uint64_t number;
	bool ended;

	if (l->whole_ordinal == 0 || !tt_loader_can_jump(l, offset))
		return TT_END;
	tt_source_jump(l->src, offset, &ignored);
	expect_any_time(l);
	if (!go_to_batch(l, &ignored))
		return TT_END;
	/* (a generation that begins right here would not be known from one that goes on) */
	l->number = tt_loader_number_here(l, &ended, &ignored);
	if (walk(l, &ignored) != TT_OK)
		return TT_END;
	number = tt_loader_number_here(l, &ended, &ignored);
	/* (a number may be anything) */
	if (number < l->whole_number ? l->whole_number - number >= l->whole_ordinal
				     : number - l->whole_number > UINT64_MAX - l->whole_ordinal)
		return TT_END;
	return tt_loader_begin_at(l, l->whole_ordinal + number - l->whole_number, &ignored);
}
