/* SPDX-License-Identifier: MIT */
/*
 * content.h - how far the data of a batch makes sense: event after event, or record after
 * record of a table. Where bytes were lost or added, this tells a batch from bytes that look
 * like the header of one. Stands on wire.
 */
#ifndef TT_GEN_CONTENT_H
#define TT_GEN_CONTENT_H

#include "wire/batch.h"
#include "wire/event.h"

/* What the data of a batch consists of. */
enum tt_content {
	TT_CONTENT_EVENTS,
	TT_CONTENT_STRINGS,
	TT_CONTENT_STACKS,
	TT_CONTENT_SAMPLES,
	TT_CONTENT_CLOCK,
	TT_CONTENT_ANY,         /* of an experiment: nothing is known */
};

enum tt_content tt_content_of(const struct tt_raw_batch *b, unsigned version);

static inline bool tt_content_is_table(enum tt_content content)
{
	return content == TT_CONTENT_STRINGS || content == TT_CONTENT_STACKS ||
	       content == TT_CONTENT_SAMPLES;
}

/* The byte after the record of a table at p; NULL if it is not whole or not one. p < end. */
const uint8_t *tt_content_record_end(enum tt_content table, const uint8_t *p, const uint8_t *end);

/*
 * Whether the data of a batch breaks off at its end and makes sense before that: nothing in it
 * but its last event or record is not whole, and that one only lacks its end.
 */
bool tt_content_breaks_off(enum tt_content content, const struct tt_decode_plan *plan,
			   const uint8_t *data, size_t nbytes);

/* As tt_content_reach(), from the beginning of any event or record on. */
size_t tt_content_reach_on(enum tt_content content, const struct tt_decode_plan *plan,
			   const uint8_t *data, size_t nbytes);

/*
 * How many bytes from data on are whole events or records, a table's first byte included.
 * An event of type 128 or more that no spec defines has an unknown length: the rest is
 * counted as if it made sense.
 */
size_t tt_content_reach(enum tt_content content, const struct tt_decode_plan *plan,
			const uint8_t *data, size_t nbytes);

#endif
