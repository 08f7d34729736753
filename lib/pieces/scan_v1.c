/* SPDX-License-Identifier: MIT */
/*
 * scan_v1.c - the runs of a trace in format v1, which is one record after the other without
 * batches that say how long they are. Text is looked for only where no record begins: by then
 * some of its letters may have been taken for records, and so may the header of another trace.
 * Source of the records: Go's internal/trace/internal/oldtrace/parser.go.
 */
#include <string.h>

#include "pieces/records_v1.h"
#include "pieces/scan.h"
#include "v1/parse.h"
#include "wire/foreign.h"
#include "wire/signature.h"

/* Records in one run. */
#define STEP_NBYTES 65536
/* Where a text begins is looked for so far before the place where no record begins. */
#define BACK_NBYTES 512
/* So many records in a row do not come by chance, up to the last byte. */
#define SEVERAL_RECORDS 16
/* What follows the type of a record is no longer. */
#define LOOK_NBYTES (STEP_NBYTES + BACK_NBYTES + 2 * (TT_V1_MAX_NUMBERS_NBYTES + TT_VARINT_MAX))

struct view {
	const uint8_t *data, *end;
	bool all;               /* the input ends at `end` */
};

static int look(struct tt_scan *s, size_t want, struct view *v, struct tt_error *err)
{
	size_t avail;
	int rc = tt_source_peek(s->src, want, &v->data, &avail, err);

	v->all = avail < want;
	v->end = v->data + (v->all ? avail : want);
	return rc;
}

static bool is_text_byte(uint8_t c)
{
	return (c >= 0x20 && c < 0x7f) || (c >= '\t' && c <= '\r');
}

/* Whether only tables come from here on, in the way that Go writes them. */
static bool in_tables(const struct tt_scan *s)
{
	return s->closing && !s->loose;
}

/* ---- another trace */

/* The first trace that begins from p on, before `stop`; NULL: none. */
static const uint8_t *trace_inside(const uint8_t *p, const uint8_t *stop, const uint8_t *end)
{
	while (p < stop && (p = memchr(p, 'g', (size_t)(stop - p))) != NULL) {
		if (tt_begins_as_trace(p, end))
			return p;
		p++;
	}
	return NULL;
}

/* ---- text */

/*
 * Whether what ends at p may be a text without the end of a line. The end of a damaged record is
 * none; after the tables, random bytes are none, among which a batch seems to begin.
 */
static bool may_lack_line(const struct tt_scan *s, const uint8_t *p, const struct view *v)
{
	unsigned version;

	if (p == v->end)
		return in_tables(s);
	return !in_tables(s) || tt_signature_is_here(p, v->end, &version);
}

/* Where the text at p ends: at a batch, the clock's frequency, a header, or the end of the
 * input. NULL: it is none. */
static const uint8_t *text_end(const struct tt_scan *s, const uint8_t *p, const struct view *v)
{
	const uint8_t *stop = v->all ? v->end : v->data + TT_SCAN_LOOK;
	const uint8_t *begin = p;
	unsigned version;
	bool line = false;

	for (size_t n; p < stop; p += n == 0 ? 1 : n) {
		if (p != begin && (tt_signature_is_here(p, v->end, &version) ||
				   tt_v1_batch_begins(s->shapes, p, v->end,
						      s->first_time)))
			break;
		n = tt_text_char(p, v->end);
		if (n == 0 && *p < 0x80)
			return NULL;
		line |= *p == '\n';
	}
	if (!line && !may_lack_line(s, p, v))
		return NULL;
	return tt_text_odd_is_rare(begin, p) ? p : NULL;
}

/* Where the characters of a text that go on at p may begin, at `begin` or later. */
static const uint8_t *text_begin(const uint8_t *begin, const uint8_t *p, const uint8_t *end)
{
	while (p > begin) {
		const uint8_t *q = p - 1;

		while (q > begin && p - q < 4 && (*q & 0xc0) == 0x80)
			q--;
		if (tt_text_char(q, end) != (size_t)(p - q))
			break;
		p = q;
	}
	return p;
}

/*
 * The text in which no record begins, at p: where it begins, which is where a record seemed to
 * begin. NULL: it is none. The end goes to *to.
 */
static const uint8_t *find_text(const struct tt_scan *s, const uint8_t *p, const struct view *v,
				const uint8_t **to)
{
	const uint8_t *back = p - v->data < BACK_NBYTES ? v->data : p - BACK_NBYTES;
	const uint8_t *from = v->data;

	*to = text_end(s, p, v);
	if (*to == NULL)
		return NULL;
	if (in_tables(s))
		return p;
	back = text_begin(back, p, *to);
	while (from < back)
		from += tt_v1_record_nbytes(s->shapes, from, v->end);
	return from;
}

/* ---- where no record begins */

static void set_run(struct tt_run *run, enum tt_run_kind kind, const uint8_t *from,
		    const uint8_t *to)
{
	*run = (struct tt_run){.kind = kind, .nbytes = (uint64_t)(to - from)};
}

/* Damage: up to another trace. */
static void find_place(struct tt_scan *s, const uint8_t *p, const struct view *v,
		       struct tt_run *run)
{
	const uint8_t *stop = v->all ? v->end : v->end - TT_HEADER_SIZE;
	const uint8_t *inside = trace_inside(p, stop, v->end);

	set_run(run, TT_RUN_TRACE, v->data, inside != NULL ? inside : stop);
	s->foreign = false;
}

/*
 * Where other bytes at p end, after the tables of a trace: at another trace, or the end of the
 * input. NULL: the trace goes on after them, so that they are damage, or that is not known.
 */
static const uint8_t *other_end(const struct tt_scan *s, const uint8_t *p, const struct view *v)
{
	unsigned version;

	if (!in_tables(s) || (v->all && tt_v1_table_is_damaged(s->shapes, p, v->end,
							       s->first_time)))
		return NULL;
	for (p++; p < v->end; p++) {
		if (tt_signature_is_here(p, v->end, &version))
			return p;
		if (tt_v1_tables_begin(s->shapes, p, v->end, s->first_time))
			return NULL;
	}
	return v->all ? p : NULL;
}

/* Text, zeros up to the end, or other bytes after the tables: or, if records come first, those. */
static bool find_foreign(struct tt_scan *s, const uint8_t *p, const struct view *v,
			 struct tt_run *run)
{
	const uint8_t *to, *from = find_text(s, p, v, &to);
	enum tt_run_kind kind = TT_RUN_TEXT;

	if (from == NULL && v->all && s->open && p + tt_zeros_len(p, v->end) == v->end) {
		from = p;
		to = v->end;
		kind = TT_RUN_ZEROS;
	}
	if (from == NULL) {
		to = other_end(s, p, v);
		if (to == NULL)
			return false;
		from = p;
		kind = p + tt_zeros_len(p, to) == to ? TT_RUN_ZEROS : TT_RUN_OTHER;
	}
	if (from != v->data) {
		set_run(run, TT_RUN_TRACE, v->data, from);
		return true;
	}
	set_run(run, kind, from, to);
	run->unfinished = v->all && to == v->end && !s->closing;
	return true;
}

/* The run at the position, if records that make sense follow each other only up to `offset` bytes
 * after it. */
static int look_closer(struct tt_scan *s, size_t offset, struct tt_run *run, struct tt_error *err)
{
	const uint8_t *p, *inside;
	unsigned version;
	struct view v;
	uint64_t n;
	int rc = look(s, TT_SCAN_LOOK + LOOK_NBYTES, &v, err);

	if (v.data == v.end)
		return rc;
	p = v.data + offset;
	n = in_tables(s) ? 0 : tt_v1_record_nbytes(s->shapes, p, v.end);
	if (n == 0)
		n = 1;
	if (n > (uint64_t)(v.end - p))
		n = (uint64_t)(v.end - p);
	inside = trace_inside(v.data, p + n, v.end);
	if (inside != NULL || (s->foreign && tt_signature_is_here(p, v.end, &version)))
		set_run(run, TT_RUN_TRACE, v.data, inside != NULL ? inside : p);
	else if (!s->foreign || !find_foreign(s, p, &v, run))
		find_place(s, offset == 0 ? p + 1 : p, &v, run);
	if (run->kind == TT_RUN_TRACE && run->nbytes == 0)
		run->kind = TT_RUN_HEADER;
	return TT_OK;
}

/* ---- from record to record */

/* Whether another trace begins inside of this record: one that was cut off. */
static bool hides_trace(const uint8_t *p, uint64_t nbytes, const struct view *v)
{
	const uint8_t *stop = nbytes < (uint64_t)(v->end - p) ? p + nbytes : v->end;

	return trace_inside(p, stop, v->end) != NULL;
}

static const uint8_t *step_end(const struct view *v)
{
	return v->end - v->data > STEP_NBYTES ? v->data + STEP_NBYTES : v->end;
}

/* Whether records of any kind go on up to another trace or where the bytes end: after a table, which
 * is where a trace may end, several. */
static bool goes_on_loosely(const struct tt_scan *s, const uint8_t *p, const struct view *v)
{
	const uint8_t *next = trace_inside(p, v->end, v->end), *end = next != NULL ? next : v->end;
	unsigned count = 0;

	for (; p < end; count++) {
		uint64_t n = tt_v1_record_nbytes(s->shapes, p, v->end);

		if (n == 0)
			return false;
		if (n > (uint64_t)(end - p))
			return next == NULL && !v->all;
		p += n;
	}
	return !s->table || count >= SEVERAL_RECORDS;
}

/* The length of the record at p, or 0: none begins there. */
static uint64_t record_nbytes(struct tt_scan *s, const uint8_t *p, const struct view *v)
{
	uint64_t n;

	if (in_tables(s)) {
		n = tt_v1_table_nbytes(s->shapes, p, v->end, s->first_time, &s->string);
		if (n == 0 && v->all && tt_v1_table_is_cut(p, v->end, s->string))
			n = (uint64_t)(v->end - p);
		/* (whoever else wrote it, it is one trace) */
		s->loose = n == 0 && !s->checked && goes_on_loosely(s, p, v);
		s->checked |= n == 0;
		if (n != 0 && tt_v1_record_type(p) != TT_V1_TIMER_GOROUTINE)
			s->table = tt_v1_record_type(p) != TT_V1_BATCH;
		if (!s->loose)
			return n;
	}
	return tt_v1_record_nbytes(s->shapes, p, v->end);
}

/* Moves past records, enough for a run; stops before that, with *odd, where none begins or a
 * trace does. */
static const uint8_t *pass_records(struct tt_scan *s, const struct view *v, bool *odd)
{
	const uint8_t *p = v->data;

	while (p < v->end) {
		size_t done = (size_t)(p - v->data);
		const uint8_t *begin = p;
		uint64_t n;

		if (done < STEP_NBYTES && !in_tables(s)) {
			p = tt_v1_pass_short(s->shapes, p, step_end(v));
			s->open |= p != begin;
			done = (size_t)(p - v->data);
			if (p == v->end)
				break;
		}
		/* (the letters of a text, at the end of a run, are not yet known to be that) */
		if (done >= STEP_NBYTES &&
		    (done >= STEP_NBYTES + BACK_NBYTES || !is_text_byte(p[-1])))
			break;
		n = record_nbytes(s, p, v);
		*odd = n == 0 || (*p == 'g' && tt_begins_as_trace(p, v->end)) ||
		       (n >= TT_HEADER_SIZE && hides_trace(p, n, v));
		if (*odd)
			break;
		s->open = true;
		s->closing |= (s->shapes->of[*p] & TT_V1_SHAPE_LAST) != 0;
		if (n > (uint64_t)(v->end - p)) {
			s->next.nbytes = n - (uint64_t)(v->end - p);
			return v->end;
		}
		p += n;
	}
	return p;
}

/* The rest of a record, or as much of it as there is. */
static void pass_rest(struct tt_scan *s, const struct view *v, struct tt_run *run)
{
	uint64_t left = (uint64_t)(v->end - v->data);
	const uint8_t *inside;

	run->nbytes = s->next.nbytes < left ? s->next.nbytes : left;
	s->next.nbytes -= run->nbytes;
	inside = trace_inside(v->data, v->data + run->nbytes, v->end);
	if (inside == NULL)
		return;
	run->nbytes = (uint64_t)(inside - v->data);
	s->next.nbytes = 0;
	if (run->nbytes == 0)
		run->kind = TT_RUN_HEADER;
}

int tt_scan_next_v1(struct tt_scan *s, struct tt_run *run, struct tt_error *err)
{
	const uint8_t *p;
	struct view v;
	int rc = look(s, LOOK_NBYTES, &v, err);
	bool odd;

	if (rc < 0 && v.data == v.end)
		return rc;
	*run = (struct tt_run){.kind = v.data == v.end ? TT_RUN_END : TT_RUN_TRACE};
	if (v.data == v.end)
		return TT_OK;
	if (s->next.nbytes != 0) {
		pass_rest(s, &v, run);
		return TT_OK;
	}
	if (s->first_time == 0 && s->foreign)
		s->first_time = tt_v1_batch_ticks(v.data, v.end);
	odd = !s->foreign;
	p = odd ? v.data : pass_records(s, &v, &odd);
	if (odd)
		return look_closer(s, (size_t)(p - v.data), run, err);
	run->nbytes = (uint64_t)(p - v.data);
	return TT_OK;
}
