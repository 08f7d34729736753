/* SPDX-License-Identifier: MIT */
/* content.c - how far the data of a batch makes sense. Stands on wire. */
#include "gen/content.h"

enum tt_content tt_content_of(const struct tt_raw_batch *b, unsigned version)
{
	bool has_clock = tt_version_has_clock(version);

	if (b->experiment != 0 || b->kind != TT_RAW_BATCH_EVENTS)
		return TT_CONTENT_ANY;
	if (b->size == 0)
		return TT_CONTENT_EVENTS;
	switch (b->first) {
	case TT_EV_STRINGS:
		return TT_CONTENT_STRINGS;
	case TT_EV_STACKS:
		return TT_CONTENT_STACKS;
	case TT_EV_CPU_SAMPLES:
		return TT_CONTENT_SAMPLES;
	case TT_EV_SYNC:
		return has_clock ? TT_CONTENT_CLOCK : TT_CONTENT_EVENTS;
	case TT_EV_FREQUENCY:
		return has_clock ? TT_CONTENT_EVENTS : TT_CONTENT_CLOCK;
	default:
		return TT_CONTENT_EVENTS;
	}
}

/* ---- records of a table */

static const uint8_t *skip_numbers(const uint8_t *p, const uint8_t *end, uint64_t n,
				   uint64_t *last)
{
	for (; n > 0; n--) {
		int length = tt_varint(p, end, last);

		if (length <= 0)
			return NULL;
		p += length;
	}
	return p;
}

const uint8_t *tt_content_record_end(enum tt_content table, const uint8_t *p, const uint8_t *end)
{
	uint8_t type = *p++;
	uint64_t n;

	switch (table) {
	case TT_CONTENT_STRINGS:
		p = type == TT_EV_STRING ? skip_numbers(p, end, 2, &n) : NULL;
		if (p == NULL || n > TT_STRING_MAX_SIZE || n > (uint64_t)(end - p))
			return NULL;
		return p + n;
	case TT_CONTENT_STACKS:
		p = type == TT_EV_STACK ? skip_numbers(p, end, 2, &n) : NULL;
		if (p == NULL || n > TT_V2_MAX_FRAMES)
			return NULL;
		return skip_numbers(p, end, 4 * n, &n);
	case TT_CONTENT_SAMPLES:
		return type == TT_EV_CPU_SAMPLE ? skip_numbers(p, end, 5, &n) : NULL;
	case TT_CONTENT_CLOCK:
		if (type == TT_EV_FREQUENCY)
			return skip_numbers(p, end, 1, &n);
		return type == TT_EV_CLOCK_SNAPSHOT ? skip_numbers(p, end, 4, &n) : NULL;
	default:
		return NULL;
	}
}

/* ---- all of it */

static size_t events_reach(const struct tt_decode_plan *plan, const uint8_t *data, size_t nbytes)
{
	const uint8_t *p = data, *end = data + nbytes;

	while (p < end) {
		const uint8_t *next = tt_raw_event_skip(plan, p, end);

		if (next == NULL && *p >= TT_FIRST_EXPERIMENTAL && plan->nargs[*p] > TT_MAX_ARGS)
			return nbytes;
		if (next == NULL)
			break;
		p = next;
	}
	return (size_t)(p - data);
}

static size_t records_reach(enum tt_content content, const uint8_t *data, size_t nbytes)
{
	const uint8_t *p = data, *end = data + nbytes;

	while (p < end) {
		const uint8_t *next = tt_content_record_end(content, p, end);

		if (next == NULL)
			break;
		p = next;
	}
	return (size_t)(p - data);
}

size_t tt_content_reach_on(enum tt_content content, const struct tt_decode_plan *plan,
			   const uint8_t *data, size_t nbytes)
{
	if (content == TT_CONTENT_ANY || nbytes == 0)
		return nbytes;
	if (content == TT_CONTENT_EVENTS)
		return events_reach(plan, data, nbytes);
	return records_reach(content, data, nbytes);
}

size_t tt_content_reach(enum tt_content content, const struct tt_decode_plan *plan,
			const uint8_t *data, size_t nbytes)
{
	/* a clock without a byte of its own begins with its record */
	bool has_first = tt_content_is_table(content) ||
			 (content == TT_CONTENT_CLOCK && nbytes != 0 && data[0] == TT_EV_SYNC);

	if (!has_first || nbytes == 0)
		return tt_content_reach_on(content, plan, data, nbytes);
	return 1 + tt_content_reach_on(content, plan, data + 1, nbytes - 1);
}

/* Whether n numbers from p on run into the end; else *p is after them, or NULL if one is bad. */
static bool numbers_break_off(const uint8_t **p, const uint8_t *end, uint64_t n, uint64_t *last)
{
	for (; n > 0; n--) {
		int length = tt_varint(*p, end, last);

		if (length == TT_VARINT_EMPTY || length == TT_VARINT_CUT)
			return true;
		*p = length > 0 ? *p + length : NULL;
		if (*p == NULL)
			return false;
	}
	return false;
}

/* Whether the record at p only lacks its end. */
static bool record_breaks_off(enum tt_content table, const uint8_t *p, const uint8_t *end)
{
	uint8_t type = *p++;
	uint64_t n = 0;

	switch (table) {
	case TT_CONTENT_STRINGS:
		if (type != TT_EV_STRING)
			return false;
		return numbers_break_off(&p, end, 2, &n) || (p != NULL && n <= TT_STRING_MAX_SIZE);
	case TT_CONTENT_STACKS:
		if (type != TT_EV_STACK)
			return false;
		return numbers_break_off(&p, end, 2, &n) ||
		       (p != NULL && n <= TT_V2_MAX_FRAMES &&
			numbers_break_off(&p, end, 4 * n, &n));
	case TT_CONTENT_SAMPLES:
		return type == TT_EV_CPU_SAMPLE && numbers_break_off(&p, end, 5, &n);
	default:
		return false;
	}
}

bool tt_content_breaks_off(enum tt_content content, const struct tt_decode_plan *plan,
			   const uint8_t *data, size_t nbytes)
{
	size_t reach = tt_content_reach(content, plan, data, nbytes);
	const uint8_t *p = data + reach, *end = data + nbytes;
	uint64_t ignored;

	if (reach == nbytes)
		return true;
	if (content != TT_CONTENT_EVENTS)
		return record_breaks_off(content, p, end);
	if (plan->nargs[*p] > TT_MAX_ARGS)
		return false;
	p++;
	return numbers_break_off(&p, end, 1u + plan->nargs[p[-1]], &ignored);
}
