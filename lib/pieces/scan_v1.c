/* SPDX-License-Identifier: MIT */
/*
 * scan_v1.c - the runs of a trace in format v1, which is one record after the other without
 * batches that say how long they are. Where a record may begin, the header of another trace
 * is one; and after the last record, blanks or zeros up to the end are foreign. Source of the
 * records: Go's internal/trace/internal/oldtrace/parser.go.
 */
#include "pieces/scan.h"
#include "wire/foreign.h"
#include "wire/signature.h"

/* Records in one run. */
#define STEP_NBYTES 65536
/* What follows the type of a record is no longer. */
#define LOOK_NBYTES (STEP_NBYTES + 2 * (TT_V1_MAX_NUMBERS_NBYTES + TT_VARINT_MAX))
/* Types with a text: EvString, whose count says nothing, and EvUserLog. */
#define STRING 37
#define USER_LOG 48
#define TYPES_END 50

/* Moves past a number. False: there is none. */
static bool skip_number(const uint8_t **p, const uint8_t *end, uint64_t *value)
{
	int n = tt_varint(*p, end, value);

	if (n <= 0)
		return false;
	*p += n;
	return true;
}

/* Moves past n numbers, at least one, that end within 8 bytes. False: they do not. */
static bool skip_short_numbers(const uint8_t **p, unsigned n)
{
	uint64_t ends = ~tt_load_le64(*p) & UINT64_C(0x8080808080808080);

	while (--n > 0)
		ends &= ends - 1;
	if (ends == 0)
		return false;
	*p += (unsigned)__builtin_ctzll(ends) / 8 + 1;
	return true;
}

/* The numbers of a record, whose first byte says how many there are. */
static bool skip_numbers(const uint8_t **p, const uint8_t *end, uint8_t first)
{
	unsigned n = (first & 0x3f) == STRING ? 1 : (first >> 6) + 1u;
	uint64_t value;

	if (n != 4 && end - *p >= 8 && skip_short_numbers(p, n))
		return true;
	if (n == 4) {
		if (!skip_number(p, end, &value) || value > (uint64_t)(end - *p))
			return false;
		*p += value;
		return true;
	}
	for (unsigned i = 0; i < n; i++)
		if (!skip_number(p, end, &value))
			return false;
	return true;
}

/* The length of the record at p, which may go on past `end`; 0: none begins here. */
static uint64_t record_nbytes(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *q = p + 1;
	unsigned type = *p & 0x3f;
	uint64_t text = 0;

	if (type == 0 || type >= TYPES_END || !skip_numbers(&q, end, *p))
		return 0;
	if ((type == STRING || type == USER_LOG) &&
	    (!skip_number(&q, end, &text) || text > TT_V1_STRING_MAX_SIZE))
		return 0;
	return (uint64_t)(q - p) + text;
}

/* No record begins at p. */
static void find_end(struct tt_scan *s, const uint8_t *p, const uint8_t *end, bool all,
		     struct tt_run *run)
{
	const uint8_t *begin = p;
	unsigned version;

	if (all && s->open && tt_zeros_len(p, end) == (size_t)(end - p))
		*run = (struct tt_run){.kind = TT_RUN_ZEROS, .nbytes = (uint64_t)(end - p)};
	else if (all && s->open && tt_blank_len(p, end) == (size_t)(end - p))
		*run = (struct tt_run){.kind = TT_RUN_TEXT, .nbytes = (uint64_t)(end - p)};
	else {
		for (p++; p < end && !tt_trace_begins(p, end, &version);)
			p++;
		/* (a header may be cut by where we look) */
		if (p == end && !all)
			p -= TT_HEADER_SIZE;
		*run = (struct tt_run){.kind = TT_RUN_TRACE, .nbytes = (uint64_t)(p - begin)};
		s->foreign = false;
	}
}

int tt_scan_next_v1(struct tt_scan *s, struct tt_run *run, struct tt_error *err)
{
	const uint8_t *data, *p, *end;
	unsigned version;
	size_t avail;
	int rc = tt_source_peek(s->src, LOOK_NBYTES, &data, &avail, err);
	bool all = avail < LOOK_NBYTES;

	if (rc < 0 && avail == 0)
		return rc;
	end = data + (all ? avail : LOOK_NBYTES);
	*run = (struct tt_run){.kind = avail == 0 ? TT_RUN_END : TT_RUN_TRACE};
	if (s->next.nbytes != 0) {
		/* the rest of a record */
		run->nbytes = s->next.nbytes < (uint64_t)(end - data) ? s->next.nbytes
								      : (uint64_t)(end - data);
		s->next.nbytes = avail == 0 ? 0 : s->next.nbytes - run->nbytes;
		return TT_OK;
	}
	for (p = data; p < end && p - data < STEP_NBYTES;) {
		uint64_t n;

		if (*p == 'g' && (s->foreign ? tt_signature_is_here(p, end, &version)
					     : tt_trace_begins(p, end, &version))) {
			run->kind = p == data ? TT_RUN_HEADER : TT_RUN_TRACE;
			break;
		}
		n = s->foreign ? record_nbytes(p, end) : 0;
		if (n == 0 && p == data)
			find_end(s, p, end, all, run);
		if (n == 0)
			break;
		if (n > (uint64_t)(end - p)) {
			s->next.nbytes = n - (uint64_t)(end - p);
			p = end;
			break;
		}
		p += n;
		s->open = true;
	}
	if (p != data)
		run->nbytes = (uint64_t)(p - data);
	return TT_OK;
}
