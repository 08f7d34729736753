/* SPDX-License-Identifier: MIT */
/*
 * records_v1.c - framing of format v1. Sources: specs/v1.spec; Go 1.21's runtime/trace.go,
 * which writes a batch or the clock's frequency at the beginning of each write.
 */
#include "pieces/records_v1.h"

#include "spec/spec.h"
#include "v1/parse.h"
#include "wire/row.h"
#include "wire/signature.h"

/* So many records in a row do not come by chance. */
#define ROW_RECORDS 6
/* Nor does a stack up to the last byte that is so long: one of one frame or more. */
#define STACK_NBYTES 10
/* The least time of a batch, and frequency: a text has smaller numbers. */
#define MIN_TICKS (UINT64_C(1) << 20)
#define MIN_FREQUENCY 1000

static uint8_t shape_of(const struct tt_v1_layout *layout, unsigned type, unsigned n)
{
	if (layout->spec == NULL)
		return 0;
	switch (type) {
	case TT_V1_STRING:
		return 1 | TT_V1_SHAPE_TEXT;
	case TT_V1_STACK:
		return (uint8_t)n;
	case TT_V1_USER_LOG:
		return n == 4 ? 4 | TT_V1_SHAPE_TEXT : 0;
	case TT_V1_FREQUENCY:
		return n == 1 ? 1 | TT_V1_SHAPE_LAST : 0;
	default:
		/* (Go says how long they are only where there are many) */
		return n == layout->nnumbers || (n == 4 && layout->nnumbers > 3) ? (uint8_t)n : 0;
	}
}

int tt_v1_shapes_init(struct tt_v1_shapes *shapes, struct tt_error *err)
{
	struct tt_v1_layout layouts[TT_V1_NTYPES];
	struct tt_specs *records;
	int rc;

	if (shapes->ready)
		return TT_OK;
	rc = tt_specs_new_v1(&records, err);
	if (rc < 0)
		return rc;
	shapes->ready = true;
	/* (a header that says an older version has fewer types: of no matter here) */
	tt_v1_layouts(layouts, records, 21);
	for (unsigned byte = 0; byte < 256; byte++) {
		unsigned type = byte % TT_V1_NTYPES;

		shapes->of[byte] = shape_of(&layouts[type], type, byte / TT_V1_NTYPES + 1);
	}
	tt_specs_free(records);
	return TT_OK;
}

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

static bool skip_numbers(const uint8_t **p, const uint8_t *end, unsigned n)
{
	uint64_t value;

	if (end - *p >= 8 && skip_short_numbers(p, n))
		return true;
	for (unsigned i = 0; i < n; i++)
		if (!skip_number(p, end, &value))
			return false;
	return true;
}

uint64_t tt_v1_record_nbytes(const struct tt_v1_shapes *shapes, const uint8_t *p,
			     const uint8_t *end)
{
	unsigned shape = shapes->of[*p], n = shape & TT_V1_SHAPE_NUMBERS;
	const uint8_t *q = p + 1;
	uint64_t nbytes, text = 0;

	if (shape == 0)
		return 0;
	if (n == 4) {
		if (!skip_number(&q, end, &nbytes) || nbytes > TT_V1_MAX_NUMBERS_NBYTES)
			return 0;
		if (nbytes > (uint64_t)(end - q))
			return (uint64_t)(q - p) + nbytes;
		q += nbytes;
	} else if (!skip_numbers(&q, end, n)) {
		return 0;
	}
	if ((shape & TT_V1_SHAPE_TEXT) != 0 &&
	    (!skip_number(&q, end, &text) || text > TT_V1_STRING_MAX_SIZE))
		return 0;
	return (uint64_t)(q - p) + text;
}

const uint8_t *tt_v1_pass_short(const struct tt_v1_shapes *shapes, const uint8_t *p,
				const uint8_t *end)
{
	while (end - p > 8) {
		const uint8_t *numbers = p + 1;

		/* (one comparison: nearly no record begins so) */
		if (shapes->of[*p] - 1u >= 3 || ((p[0] ^ 'g') | (p[1] ^ 'o')) == 0 ||
		    !tt_v1_pass_short_numbers(&numbers, (*p >> 6) + 1u))
			break;
		p = numbers;
	}
	return p;
}

/* ---- after the last event */

/* Whether the numbers of the stack at p fill it: its own, how many frames, and four of each. Where
 * the input ends inside of it, that is not known. */
static bool stack_is_full(const uint8_t *p, const uint8_t *end)
{
	uint64_t nbytes, number, nframes;

	if (!skip_number(&p, end, &nbytes) || nbytes > (uint64_t)(end - p))
		return true;
	end = p + nbytes;
	if (!skip_number(&p, end, &number) || !skip_number(&p, end, &nframes) || nframes > nbytes)
		return false;
	for (uint64_t i = 0; i < 4 * nframes; i++)
		if (!skip_number(&p, end, &number))
			return false;
	return p == end;
}

/* The number that follows the type, or UINT64_MAX. */
static uint64_t first_number(const uint8_t *p, const uint8_t *end)
{
	uint64_t number;

	return tt_varint(p + 1, end, &number) > 0 ? number : UINT64_MAX;
}

static bool is_like(uint64_t ticks, uint64_t like)
{
	return like != 0 ? ticks >= like / 2 && ticks / 2 <= like : ticks >= MIN_TICKS;
}

uint64_t tt_v1_table_nbytes(const struct tt_v1_shapes *shapes, const uint8_t *p,
			    const uint8_t *end, uint64_t like, uint64_t *string)
{
	uint64_t nbytes = tt_v1_record_nbytes(shapes, p, end), number;

	if (nbytes == 0)
		return 0;
	number = first_number(p, end);
	switch (tt_v1_record_type(p)) {
	case TT_V1_BATCH:
		return number == 0 && is_like(tt_v1_batch_ticks(p, end), like) ? nbytes : 0;
	case TT_V1_STRING:
		if (number == UINT64_MAX || (*string != 0 && number != *string + 1))
			return 0;
		*string = number;
		return nbytes;
	case TT_V1_STACK:
		return tt_v1_announced(p) == 0 && stack_is_full(p + 1, end) ? nbytes : 0;
	default:
		return tt_v1_record_type(p) == TT_V1_TIMER_GOROUTINE && *string == 0 ? nbytes : 0;
	}
}

bool tt_v1_table_is_cut(const uint8_t *p, const uint8_t *end, uint64_t string)
{
	unsigned announced = tt_v1_announced(p);
	uint64_t number;
	int n = tt_varint(p + 1, end, &number);
	bool next = true;

	switch (tt_v1_record_type(p)) {
	case TT_V1_BATCH:
		next = announced == 2 && (n <= 0 || number == 0);
		break;
	case TT_V1_STRING:
		next = announced == 1 && (n <= 0 || string == 0 || number == string + 1);
		break;
	case TT_V1_STACK:
		next = announced == 0 && n <= 0;
		break;
	default:
		return false;
	}
	if (next && n > 0)
		n = tt_varint(p + 1 + n, end, &number);
	return next && n <= 0 && n != TT_VARINT_OVERFLOW;
}

bool tt_v1_tables_begin(const struct tt_v1_shapes *shapes, const uint8_t *p, const uint8_t *end,
			uint64_t like)
{
	const uint8_t *last = NULL;
	uint64_t string = 0;
	unsigned i;

	for (i = 0; i < ROW_RECORDS && p < end; i++) {
		uint64_t n = tt_v1_table_nbytes(shapes, p, end, like, &string);

		if (n == 0 || n > (uint64_t)(end - p) ||
		    tt_v1_record_type(p) == TT_V1_TIMER_GOROUTINE)
			return false;
		/* (no other number is like a time) */
		if (tt_v1_record_type(p) == TT_V1_BATCH)
			return true;
		last = p;
		p += n;
	}
	/* (a trace ends with a stack, never with a string) */
	return i > 1 || (last != NULL && tt_v1_record_type(last) == TT_V1_STACK &&
			 p - last >= STACK_NBYTES);
}

bool tt_v1_table_is_damaged(const struct tt_v1_shapes *shapes, const uint8_t *p,
			    const uint8_t *end, uint64_t like)
{
	uint64_t n = tt_v1_record_nbytes(shapes, p, end), string = 0;

	if (*p != (TT_V1_STACK | 3 << 6) && *p != TT_V1_STRING)
		return false;
	for (; n != 0 && n < (uint64_t)(end - p);
	     n = tt_v1_table_nbytes(shapes, p, end, like, &string))
		p += n;
	return n == (uint64_t)(end - p);
}

const uint8_t *tt_v1_records_end(const struct tt_v1_shapes *shapes, const uint8_t *p,
				 const uint8_t *end)
{
	while ((p = tt_v1_pass_short(shapes, p, end)) < end) {
		uint64_t n = tt_v1_record_nbytes(shapes, p, end);

		if (n == 0)
			break;
		p = n < (uint64_t)(end - p) ? p + n : end;
	}
	return p;
}

/* Whether records are at p, or the end. */
static bool row_begins(const struct tt_v1_shapes *shapes, const uint8_t *p, const uint8_t *end)
{
	for (unsigned i = 0; i < ROW_RECORDS && p < end; i++) {
		uint64_t n = tt_v1_record_nbytes(shapes, p, end);

		if (n == 0)
			return false;
		p = n < (uint64_t)(end - p) ? p + n : end;
	}
	return true;
}

uint64_t tt_v1_batch_ticks(const uint8_t *p, const uint8_t *end)
{
	uint64_t number, ticks;

	if (p == end || tt_v1_record_type(p) != TT_V1_BATCH || tt_v1_announced(p) != 2)
		return 0;
	p++;
	if (!skip_number(&p, end, &number) || (number > INT32_MAX && number != UINT64_MAX) ||
	    !skip_number(&p, end, &ticks))
		return 0;
	return ticks;
}

static bool frequency_begins(const uint8_t *p, const uint8_t *end)
{
	uint64_t number;

	if (tt_v1_record_type(p) != TT_V1_FREQUENCY || tt_v1_announced(p) != 1)
		return false;
	p++;
	return skip_number(&p, end, &number) && number >= MIN_FREQUENCY;
}

bool tt_v1_batch_begins(const struct tt_v1_shapes *shapes, const uint8_t *p, const uint8_t *end,
			uint64_t like)
{
	uint64_t ticks = tt_v1_batch_ticks(p, end);

	if (ticks == 0)
		return frequency_begins(p, end);
	return is_like(ticks, like) && (like != 0 || row_begins(shapes, p, end));
}

/* ---- traces among records */

bool tt_begins_as_trace(const uint8_t *p, const uint8_t *end)
{
	const struct tt_row_rules rules = {.last = 1, .most = 1};
	const uint8_t *body = p + TT_HEADER_SIZE;
	unsigned version;

	if (!tt_trace_begins(p, end, &version))
		return false;
	if (body == end)
		return true;
	if (!tt_version_is_v1(version))
		return tt_row_begins(&rules, body, end);
	return tt_v1_batch_ticks(body, end) != 0;
}
