/* SPDX-License-Identifier: MIT */
/*
 * scan.c - the runs of a trace in format v2. At each border between batches it is known what
 * comes next before the batch in front of it is handed out: a batch that does not lead to
 * another one may contain the header of another trace, where the trace was cut off.
 */
#include "pieces/scan.h"

#include <string.h>

#include "pieces/inside.h"
#include "wire/foreign.h"
#include "wire/signature.h"

/* After a mark a generation's number is at most so much larger, where nothing else shows that
 * it is one. */
#define MOST_LEFT_OUT 16

void tt_scan_begin(struct tt_scan *s, struct tt_source *src, unsigned version,
		   const struct tt_decode_plan *plan, const struct tt_v1_shapes *shapes)
{
	*s = (struct tt_scan){
		.src = src,
		.plan = plan,
		.shapes = shapes,
		.version = version,
		.v1 = tt_version_is_v1(version),
		.rules = {.has_end_marks = tt_version_has_end_marks(version), .last = 2},
		.foreign = true,
	};
}

/* ---- bytes that are looked at */

struct look {
	const uint8_t *data, *end;
	bool all;               /* the input ends at `end` */
};

/* What follows the position: TT_SCAN_LOOK bytes, and room for a row of batches after them. */
static int look(struct tt_scan *s, struct look *l, struct tt_error *err)
{
	size_t want = TT_SCAN_LOOK + TT_ROW_NBYTES, avail;
	int rc = tt_source_peek(s->src, want, &l->data, &avail, err);

	l->all = avail < want;
	l->end = l->data + (l->all ? avail : want);
	return rc;
}

/* ---- where a batch may begin */

/* Reads the header of the batch at p, nbytes long. False: it is none, or is made of letters: the
 * type of an experimental batch is a digit, and all its numbers may be letters. */
static bool read_batch(const uint8_t *p, const uint8_t *end, struct tt_raw_batch *b,
		       uint64_t *nbytes)
{
	return tt_batch_plausible(p, end, b, nbytes) && b->kind != TT_RAW_BATCH_END &&
	       !tt_is_printable(p, p + (*nbytes - b->size));
}

/* Whether a batch fits to those before it, by its header. */
static bool follows(const struct tt_scan *s, const struct tt_raw_batch *b)
{
	if (s->generation == 0)
		return true;
	/* (inside of a batch most numbers are small) */
	if (b->time < s->first_time / 2)
		return false;
	if (s->open && b->generation == s->generation)
		return true;
	return (!s->open || !s->rules.has_end_marks) && b->generation == s->generation + 1;
}

/* Whether the batch at p fits to those before it, whatever comes after it. */
static bool fits(const struct tt_scan *s, const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_batch b;
	uint64_t nbytes;

	return read_batch(p, end, &b, &nbytes) && follows(s, &b);
}

/* The same of one after an end mark, whose number may be any. */
static bool fits_after_mark(const struct tt_scan *s, const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_batch b;
	uint64_t nbytes;

	return *p == TT_EV_EVENT_BATCH && tt_batch_plausible(p, end, &b, &nbytes) &&
	       b.time >= s->first_time / 2;
}

/* Whether the batch at p, with which the input ends, is one of the trace that was cut off. */
static bool fits_at_end(const struct tt_scan *s, const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_batch b;
	uint64_t nbytes;

	if (fits(s, p, end))
		return true;
	return read_batch(p, end, &b, &nbytes) && !s->open && b.time >= s->first_time &&
	       b.generation > s->generation && b.generation - s->generation <= MOST_LEFT_OUT;
}

/* Whether a batch begins at p, by what follows it. */
static bool batch_begins(const struct tt_scan *s, const uint8_t *p, const struct look *l)
{
	struct tt_row_rules few = s->rules;

	if (tt_raw_batch_kind(*p) == TT_RAW_BATCH_BAD || tt_raw_batch_kind(*p) == TT_RAW_BATCH_END)
		return false;
	if (*p == TT_EV_EXPERIMENTAL_BATCH && tt_row_is_text(p, l->end))
		return false;
	if (tt_row_begins(&s->rules, p, l->end))
		return true;
	few.last = 1;
	return l->all && tt_row_begins(&few, p, l->end) && fits_at_end(s, p, l->end);
}

static uint64_t generation_at(const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_batch b;
	uint64_t nbytes;

	return tt_batch_plausible(p, end, &b, &nbytes) ? b.generation : 0;
}

/* Whether the input ends inside the header of a batch at p that fits so far. */
static bool is_cut_header(const struct tt_scan *s, const uint8_t *p, const uint8_t *end)
{
	uint64_t value = 0;

	if (*p++ != TT_EV_EVENT_BATCH)
		return false;
	for (int i = 0; i < 4; i++) {
		int n = tt_varint(p, end, &value);

		if (n <= 0)
			return n != TT_VARINT_OVERFLOW;
		if (i == 0 && (value < s->generation || value - s->generation > MOST_LEFT_OUT))
			return false;
		p += n;
	}
	return false;
}

/* ---- text */

/*
 * Whether the byte 4 at p, inside of a text, is the mark that ends a generation, and no digit:
 * one of another generation follows, or nothing, and it begins a line.
 */
static bool mark_ends_text(const struct tt_scan *s, const uint8_t *p, const struct look *l)
{
	const uint8_t *q = p + 1;
	unsigned version;

	if (!s->rules.has_end_marks || !s->open)
		return false;
	if (q < l->end && !tt_signature_is_here(q, l->end, &version))
		return batch_begins(s, q, l) && generation_at(q, l->end) != s->generation;
	return (q < l->end || l->all) && s->closing && p[-1] == '\n';
}

/*
 * Whether the text in front of p ends there. A 1 at the end of a text and an event batch after
 * it look like a batch of experiment 1: what is in it decides.
 */
static bool ends_text(const struct tt_scan *s, const uint8_t *p, const struct look *l)
{
	unsigned version;

	switch (*p) {
	case TT_EV_EXPERIMENTAL_BATCH:
		if (p + 1 == l->end || tt_scan_is_whole_batch(s, p + 1, l->end))
			return false;
		return fits(s, p, l->end) || batch_begins(s, p, l);
	case TT_EV_EVENT_BATCH:
		return fits(s, p, l->end) || batch_begins(s, p, l);
	case TT_EV_END_OF_GENERATION:
		return mark_ends_text(s, p, l);
	default:
		return tt_signature_is_here(p, l->end, &version);
	}
}

/*
 * Where the text at p ends: at a batch, a mark, a header of a trace, at the end of the input, or
 * where all was looked at. NULL: it is none, since other bytes come first.
 */
static const uint8_t *text_end(const struct tt_scan *s, const uint8_t *p, const struct look *l)
{
	const uint8_t *stop = l->all ? l->end : l->data + TT_SCAN_LOOK;
	const uint8_t *begin = p;

	while (p < stop && (p == begin || !ends_text(s, p, l))) {
		size_t n = tt_text_char(p, l->end);

		if (n == 0 && *p < 0x80)
			return NULL;
		/* (a letter in an encoding that is not UTF-8) */
		p += n == 0 ? 1 : n;
	}
	return tt_text_odd_is_rare(begin, p) ? p : NULL;
}

/* Whether the generation has ended before q, where text ends. */
static bool ended_before(const struct tt_scan *s, const uint8_t *q, const struct look *l)
{
	unsigned version;

	if (!s->rules.has_end_marks || !s->open)
		return false;
	if (q == l->end || tt_signature_is_here(q, l->end, &version))
		return s->closing;
	return *q != TT_EV_END_OF_GENERATION && generation_at(q, l->end) != s->generation;
}

/* Whether text that begins with a 4 hardly does: a letter comes next, no digit and no blank. */
static bool letter_follows(const uint8_t *p, const uint8_t *end)
{
	return p + 1 < end && (p[1] >= 'A' || p[1] == '[' || p[1] == '=');
}

/*
 * Whether the byte 4 at the position, which ends a generation and is also a digit, is such a
 * mark. If text comes after it, it is one if the generation does not go on after that text.
 */
static bool is_mark(const struct tt_scan *s, const struct look *l)
{
	const uint8_t *p = l->data, *q;
	unsigned version;

	if (*p != TT_EV_END_OF_GENERATION || !s->rules.has_end_marks || !s->open)
		return false;
	if (p + 1 == l->end || batch_begins(s, p + 1, l) ||
	    tt_signature_is_here(p + 1, l->end, &version))
		return true;
	if (!s->foreign)
		return false;
	q = text_end(s, p + 1, l);
	if (q == NULL)
		return s->closing;
	return ended_before(s, q, l) || (q == l->end && letter_follows(p, l->end));
}

/*
 * The text up to `end` has the mark of the generation in it: text was written before and after
 * it. A line that begins with a 4 and goes on with a letter begins with that mark, rather than
 * one that goes on with a digit or a blank. A 4 with which the input ends is that mark, after
 * text without a line end.
 */
static const uint8_t *mark_inside(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *begin = p, *found = NULL;
	bool sure = false;

	if (end - p > 1 && end[-1] == TT_EV_END_OF_GENERATION)
		return end - 1;
	for (; p < end; p++) {
		bool letter = letter_follows(p, end);

		if (*p != TT_EV_END_OF_GENERATION || p == begin || p[-1] != '\n' ||
		    (sure && !letter))
			continue;
		found = p;
		sure = letter;
	}
	return found;
}

/* ---- what stands at the position */

static void found(struct tt_scan *s, enum tt_scan_state state, enum tt_run_kind kind, size_t nbytes)
{
	s->state = state;
	s->next = (struct tt_run){.kind = kind, .nbytes = nbytes};
}

/* Foreign bytes, which go on up to p. */
static void found_foreign(struct tt_scan *s, enum tt_run_kind kind, const struct look *l,
			  const uint8_t *p)
{
	found(s, TT_SCAN_RUN, kind, (size_t)(p - l->data));
	s->next.unfinished = l->all && p == l->end && s->open &&
			     (s->rules.has_end_marks || !s->closing);
}

/* Whether the trace may end here. */
static bool may_end(const struct tt_scan *s)
{
	return s->rules.has_end_marks ? !s->open && s->generation != 0
				      : s->closing && !s->lacks_strings;
}

/* Whether the text that ends at q comes after the trace: nothing goes on in the middle of it. */
static bool is_after_trace(const struct tt_scan *s, const uint8_t *q, const struct look *l)
{
	unsigned version;

	return (!s->open && s->generation != 0) || tt_signature_is_here(q, l->end, &version);
}

/* Text, or zeros, or after the trace anything at all. */
static bool find_foreign(struct tt_scan *s, const struct look *l)
{
	const uint8_t *q = text_end(s, l->data, l);
	size_t nzeros = tt_zeros_len(l->data, l->end);

	if (q != NULL && (is_after_trace(s, q, l) || tt_text_is_print(l->data, q))) {
		const uint8_t *mark =
			ended_before(s, q, l) && l->all ? mark_inside(l->data, q) : NULL;

		found_foreign(s, TT_RUN_TEXT, l, mark != NULL ? mark : q);
		return true;
	}
	if (l->data + nzeros == l->end || nzeros >= TT_SCAN_LOOK) {
		found_foreign(s, TT_RUN_ZEROS, l, l->data + nzeros);
		return true;
	}
	return false;
}

/* Whether a batch of the trace is among the bytes up to the end. */
static bool goes_on(const struct tt_scan *s, const struct look *l)
{
	const uint8_t *p = l->data + 1;

	while (p < l->end && !fits(s, p, l->end))
		p++;
	return p < l->end;
}

/* Where a batch or a trace begins after damage. */
static void find_place(struct tt_scan *s, const struct look *l)
{
	const uint8_t *stop = l->all ? l->end : l->data + TT_SCAN_LOOK;
	const uint8_t *p = l->data + 1;
	bool foreign = s->foreign && may_end(s);
	unsigned version;

	while (p < stop && !tt_row_begins(&s->rules, p, l->end) &&
	       !tt_trace_begins(p, l->end, &version))
		p++;
	foreign = foreign && (p == stop ? l->all && !goes_on(s, l)
					: tt_signature_is_here(p, l->end, &version) &&
						  !is_cut_header(s, l->data, p));
	if (foreign) {
		bool zeros = p != stop && tt_zeros_len(l->data, p) == (size_t)(p - l->data);

		found_foreign(s, zeros ? TT_RUN_ZEROS : TT_RUN_OTHER, l, p);
		return;
	}
	found(s, TT_SCAN_DAMAGE, TT_RUN_TRACE, (size_t)(p - l->data));
	s->foreign = false;
}

static bool is_header(const struct tt_scan *s, const struct look *l)
{
	unsigned version;

	if (!s->foreign)
		return tt_trace_begins(l->data, l->end, &version);
	return tt_signature_is_here(l->data, l->end, &version) ||
	       (l->all && tt_signature_is_cut(l->data, l->end));
}

/* Something else than what usually follows. */
static int look_closer(struct tt_scan *s, struct tt_error *err)
{
	struct look l;
	int rc = look(s, &l, err);

	if (l.data == l.end)
		return rc;
	s->sure = false;
	if (is_mark(s, &l))
		found(s, TT_SCAN_MARK, TT_RUN_TRACE, 1);
	else if (batch_begins(s, l.data, &l))
		found(s, TT_SCAN_BATCH, TT_RUN_TRACE, 0);
	else if (is_header(s, &l))
		found(s, TT_SCAN_RUN, TT_RUN_HEADER, 0);
	else if (l.all && is_cut_header(s, l.data, l.end))
		found(s, TT_SCAN_DAMAGE, TT_RUN_TRACE, (size_t)(l.end - l.data));
	else if (!s->foreign || !find_foreign(s, &l))
		find_place(s, &l);
	return TT_OK;
}

/* Sets s->state, unless the source fails. */
static int find_next(struct tt_scan *s, struct tt_error *err)
{
	const uint8_t *p;
	size_t avail;
	int rc = tt_source_peek_header(s->src, TT_BATCH_MAX_HEADER + 1, &p, &avail, err);

	s->state = TT_SCAN_NOT_KNOWN;
	if (rc < 0 && avail == 0)
		return rc;
	if (avail == 0)
		found(s, TT_SCAN_RUN, TT_RUN_END, 0);
	else if (fits(s, p, p + avail))
		found(s, TT_SCAN_BATCH, TT_RUN_TRACE, 0);
	else if (*p == TT_EV_END_OF_GENERATION && s->rules.has_end_marks && s->open && avail > 1 &&
		 fits_after_mark(s, p + 1, p + avail)) {
		found(s, TT_SCAN_MARK, TT_RUN_TRACE, 1);
		s->sure = true;
	}
	else
		return look_closer(s, err);
	return TT_OK;
}

/* ---- from batch to batch */

static bool is_table(uint8_t first)
{
	return first == TT_EV_STACKS || first == TT_EV_STRINGS || first == TT_EV_CPU_SAMPLES ||
	       first == TT_EV_FREQUENCY || first == TT_EV_SYNC;
}

static void note_batch(struct tt_scan *s, const struct tt_raw_batch *b)
{
	if (s->generation == 0 || b->time < s->first_time)
		s->first_time = b->time;
	if (b->generation != s->generation)
		s->lacks_strings = s->has_strings = false;
	if (b->kind == TT_RAW_BATCH_EVENTS) {
		s->has_strings |= b->first == TT_EV_STRINGS;
		s->lacks_strings |= b->first == TT_EV_STACKS;
		s->lacks_strings &= !s->has_strings;
	}
	s->generation = b->generation;
	s->open = true;
	s->closing = b->kind == TT_RAW_BATCH_EVENTS && is_table(b->first);
	s->foreign = true;
}

/*
 * The batch at the position, nbytes long, does not lead to another one, or has broken contents. If
 * its contents are not whole, what follows is damage; and where the trace was cut off, another
 * one may begin inside of it.
 */
static int suspect(struct tt_scan *s, const struct tt_raw_batch *b, uint64_t nbytes,
		   struct tt_run *run, struct tt_error *err)
{
	size_t avail, want = (size_t)nbytes + TT_ROW_NBYTES;
	const uint8_t *data, *end, *inside;
	int rc = tt_source_peek(s->src, want, &data, &avail, err);
	bool whole;

	if (avail == 0)
		return rc;
	end = data + (avail < nbytes ? avail : nbytes);
	run->nbytes = (uint64_t)(end - data);
	whole = avail >= nbytes && tt_scan_is_whole(s, b, end);
	inside = tt_scan_trace_inside(data + 1, end, data + avail);
	whole &= inside == NULL || !tt_scan_has_row_inside(b, inside, data + avail);
	whole &= inside != NULL || !tt_scan_tears_record(s, b, end, data + avail);
	/* (a string may be like a header, but does not go on after its batch) */
	if (whole && (inside == NULL || end - inside >= TT_HEADER_SIZE) &&
	    s->state != TT_SCAN_DAMAGE)
		return TT_OK;
	if (!whole) {
		s->foreign = false;
		s->state = TT_SCAN_NOT_KNOWN;
	}
	if (inside != NULL) {
		run->nbytes = (uint64_t)(inside - data);
		found(s, TT_SCAN_RUN, TT_RUN_HEADER, 0);
	}
	return TT_OK;
}

/*
 * Whether the batch at p is broken although another one follows it; all up to `more` is in
 * memory. Tables are few, and end a generation: where it was cut off, in a table most often, the
 * next trace may go on with a batch that fits.
 */
static bool is_cut(const struct tt_scan *s, const struct tt_raw_batch *b, const uint8_t *p,
		   uint64_t nbytes, const uint8_t *more)
{
	return (s->closing || tt_scan_hides_trace(s, p, nbytes, (size_t)(more - p))) &&
	       (b->kind != TT_RAW_BATCH_EVENTS || !tt_scan_is_whole(s, b, p + nbytes));
}

/* The byte after the header of the batch at p, or 0. */
static uint8_t first_of(const struct tt_raw_batch *b, const uint8_t *p, uint64_t nbytes,
			size_t avail)
{
	return b->size != 0 && nbytes - b->size < avail ? p[nbytes - b->size] : 0;
}

/* Moves *p on past the mark that may stand there, and reads the header of the batch after it.
 * False: that does not fit. */
static bool read_next(struct tt_scan *s, const uint8_t **p, const uint8_t *end,
		      struct tt_raw_batch *b, uint64_t *nbytes)
{
	if (**p == TT_EV_END_OF_GENERATION && s->rules.has_end_marks) {
		s->open = false;
		++*p;
		if (**p != TT_EV_EVENT_BATCH)
			return false;
	}
	return read_batch(*p, end, b, nbytes) && follows(s, b);
}

/*
 * Passes the batches at p that are as usual: each leads to another one that fits, and is not cut.
 * Goes as far as the batch and the next header are before `end`. How many bytes they have.
 */
static size_t pass_row(struct tt_scan *s, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *begin = p, *after;
	struct tt_raw_batch b, next;
	uint64_t nbytes, next_nbytes;

	if (!tt_batch_plausible(p, end, &b, &nbytes))
		return 0;
	while (nbytes + 1 + TT_BATCH_MAX_HEADER < (uint64_t)(end - p)) {
		b.first = first_of(&b, p, nbytes, (size_t)(end - p));
		note_batch(s, &b);
		after = p + nbytes;
		if (!read_next(s, &after, end, &next, &next_nbytes) || is_cut(s, &b, p, nbytes, end))
			break;
		p = after;
		b = next;
		nbytes = next_nbytes;
	}
	return (size_t)(p - begin);
}

/* The batch at the position, whose header is at p. What follows it is looked at, too. */
static int pass_batch(struct tt_scan *s, const uint8_t *p, size_t avail, struct tt_run *run)
{
	uint64_t at = tt_source_offset(s->src), nbytes;
	struct tt_error ignored;
	struct tt_raw_batch b;
	int rc;

	s->state = TT_SCAN_NOT_KNOWN;
	tt_batch_plausible(p, p + avail, &b, &nbytes);
	b.first = first_of(&b, p, nbytes, avail);
	note_batch(s, &b);
	tt_source_peek(s->src, (size_t)nbytes, &p, &avail, &ignored);
	*run = (struct tt_run){.kind = TT_RUN_TRACE, .nbytes = nbytes};
	if (avail < nbytes)
		return suspect(s, &b, nbytes, run, &ignored);
	tt_source_seek(s->src, at + nbytes);
	rc = find_next(s, &ignored);
	tt_source_seek(s->src, at);
	/* (an error comes when the source gets there) */
	if (rc < 0)
		return TT_OK;
	if (!is_cut(s, &b, p, nbytes, p + avail) &&
	    (s->state == TT_SCAN_BATCH || (s->state == TT_SCAN_MARK && s->sure) ||
	     s->next.kind == TT_RUN_END || s->next.kind == TT_RUN_HEADER))
		return TT_OK;
	return suspect(s, &b, nbytes, run, &ignored);
}

/* The batches at the position. */
static int pass_batches(struct tt_scan *s, struct tt_run *run, struct tt_error *err)
{
	const uint8_t *p;
	size_t avail;
	int rc = tt_source_peek_header(s->src, TT_BATCH_MAX_HEADER + 1, &p, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	*run = (struct tt_run){.kind = TT_RUN_TRACE, .nbytes = pass_row(s, p, p + avail)};
	return run->nbytes != 0 ? TT_OK : pass_batch(s, p, avail, run);
}

int tt_scan_next(struct tt_scan *s, struct tt_run *run, struct tt_error *err)
{
	int rc = TT_OK;

	if (s->v1)
		return tt_scan_next_v1(s, run, err);
	if (s->state == TT_SCAN_NOT_KNOWN)
		rc = find_next(s, err);
	if (rc < 0)
		return rc;
	if (s->state == TT_SCAN_BATCH)
		return pass_batches(s, run, err);
	if (s->state == TT_SCAN_MARK)
		s->open = false;
	*run = s->next;
	if (run->kind != TT_RUN_HEADER && run->kind != TT_RUN_END)
		s->state = TT_SCAN_NOT_KNOWN;
	return TT_OK;
}
