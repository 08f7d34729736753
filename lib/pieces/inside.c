/* SPDX-License-Identifier: MIT */
/*
 * inside.c - what is inside of a batch: records that fill it, or another trace.
 */
#include <string.h>

#include "gen/content.h"
#include "pieces/inside.h"
#include "wire/foreign.h"
#include "wire/signature.h"
#include "wire/varint.h"

/* How far before the end of a batch another trace may have begun, whose own batches follow. */
#define HIDDEN_NBYTES 4096
/* Batches from this size on are read from the file, not where it is mapped. */
#define UNTOUCHED_NBYTES (2 * HIDDEN_NBYTES)
/* Of so many bytes that are text, a damaged table does not end. */
#define SURE_TEXT_NBYTES 8

/* Whether each event has a type that a spec defines: in damaged bytes others are soon found. */
static bool has_known_types(const struct tt_scan *s, const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end && p != NULL)
		p = tt_raw_event_decode(s->plan, p, end, &ev, &dt);
	return p != NULL;
}

bool tt_scan_is_whole(const struct tt_scan *s, const struct tt_raw_batch *b, const uint8_t *end)
{
	if (tt_content_of(b, s->version) == TT_CONTENT_EVENTS)
		return has_known_types(s, end - b->size, end);
	return tt_content_reach(tt_content_of(b, s->version), s->plan, end - b->size, b->size) ==
	       b->size;
}

bool tt_scan_is_whole_batch(const struct tt_scan *s, const uint8_t *p, const uint8_t *end)
{
	struct tt_raw_batch b;
	uint64_t nbytes;

	if (*p != TT_EV_EVENT_BATCH || !tt_batch_plausible(p, end, &b, &nbytes) ||
	    nbytes > (uint64_t)(end - p) || b.size == 0)
		return false;
	b.first = p[nbytes - b.size];
	return tt_scan_is_whole(s, &b, p + nbytes);
}

/* Whether the last record of a table of strings is no text. */
static bool ends_in_no_text(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *next = p;
	uint64_t id, nbytes;

	for (; next != end; p = next == end ? p : next) {
		next = tt_content_record_end(TT_CONTENT_STRINGS, p, end);
		if (next == NULL)
			return false;
	}
	p += 1;
	p += tt_varint(p, end, &id);
	p += tt_varint(p, end, &nbytes);
	return !tt_is_text(p, end);
}

bool tt_scan_tears_record(const struct tt_scan *s, const struct tt_raw_batch *b, const uint8_t *end,
			  const uint8_t *more)
{
	const struct tt_run *next = &s->next;
	bool text = next->kind == TT_RUN_TEXT;

	if (s->state != TT_SCAN_RUN || !(text || next->kind == TT_RUN_OTHER) || next->nbytes == 0 ||
	    next->nbytes > (uint64_t)(more - end) || end[next->nbytes - 1] == '\n')
		return false;
	if (text && next->nbytes < SURE_TEXT_NBYTES &&
	    (s->closing || b->kind == TT_RAW_BATCH_EXPERIMENT))
		return true;
	/* a record of an experiment's batch may end in a name, which has no line end in it: a part
	 * of it follows, or all of it, after its length */
	if (b->kind == TT_RAW_BATCH_EXPERIMENT)
		return text && b->size != 0 &&
		       ((end[-1] >= ' ' && end[-1] < 0x7f) || end[-1] == next->nbytes) &&
		       memchr(end, '\n', (size_t)next->nbytes) == NULL;
	return b->kind == TT_RAW_BATCH_EVENTS && b->first == TT_EV_STRINGS && b->size > 1 &&
	       ends_in_no_text(end - b->size + 1, end);
}

const uint8_t *tt_scan_trace_inside(const uint8_t *p, const uint8_t *end, const uint8_t *more)
{
	unsigned version;

	while (p < end && (p = memchr(p, 'g', (size_t)(end - p))) != NULL) {
		if (tt_trace_begins(p, more, &version))
			return p;
		p++;
	}
	return NULL;
}

/* Whether a header of a trace may begin among these bytes: it may go on after them. */
static bool may_have_signature(const uint8_t *p, const uint8_t *end)
{
	static const char begin[] = "go 1.";

	for (; p < end && (p = memchr(p, begin[0], (size_t)(end - p))) != NULL; p++) {
		size_t left = (size_t)(end - p);

		if (memcmp(p, begin, left < sizeof(begin) - 1 ? left : sizeof(begin) - 1) == 0)
			return true;
	}
	return false;
}

/* A large batch is not touched where it is mapped: its pages would stay in memory, and so the
 * whole file. */
bool tt_scan_hides_trace(const struct tt_scan *s, const uint8_t *batch, uint64_t nbytes,
			 size_t avail)
{
	const uint8_t *end = batch + nbytes;
	const uint8_t *from = nbytes > HIDDEN_NBYTES ? end - HIDDEN_NBYTES : batch;
	uint8_t last[HIDDEN_NBYTES];

	if (nbytes >= UNTOUCHED_NBYTES && tt_source_reread(s->src, from, sizeof(last), last) &&
	    !may_have_signature(last, last + sizeof(last)))
		return false;
	return tt_scan_trace_inside(from, end, batch + avail) != NULL;
}

bool tt_scan_has_row_inside(const struct tt_raw_batch *b, const uint8_t *inside, const uint8_t *more)
{
	const struct tt_row_rules rules = {.last = 1, .most = 2};
	const uint8_t *body = inside + TT_HEADER_SIZE;

	return b->kind != TT_RAW_BATCH_EVENTS && body < more && tt_row_begins(&rules, body, more);
}
