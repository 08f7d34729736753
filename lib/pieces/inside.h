/* SPDX-License-Identifier: MIT */
/* inside.h - what is inside of a batch: records that fill it, or another trace. Stands on gen. */
#ifndef TT_PIECES_INSIDE_H
#define TT_PIECES_INSIDE_H

#include "pieces/scan.h"

/* Whether a batch of events or a table is at p, with all of its records. */
bool tt_scan_is_whole_batch(const struct tt_scan *s, const uint8_t *p, const uint8_t *end);
/* Whether the records of a batch fill it; `end` is where it ends. */
bool tt_scan_is_whole(const struct tt_scan *s, const struct tt_raw_batch *b, const uint8_t *end);
/*
 * Whether the foreign run that comes next, after a whole batch that ends at `end`, is the end of
 * that batch's last record, into which bytes were added: its string is no text, and the run no
 * line; or it is a table, and the run is a short text without a line end.
 */
bool tt_scan_tears_record(const struct tt_scan *s, const struct tt_raw_batch *b, const uint8_t *end,
			  const uint8_t *more);
/* Whether another trace begins inside of these bytes; where. */
const uint8_t *tt_scan_trace_inside(const uint8_t *p, const uint8_t *end, const uint8_t *more);
/* Whether another trace begins in the last part of a batch. */
bool tt_scan_hides_trace(const struct tt_scan *s, const uint8_t *batch, uint64_t nbytes,
			 size_t avail);
/* Whether the batch, which may be of an experiment and then have anything in it, has a trace in
 * it that goes on with batches. */
bool tt_scan_has_row_inside(const struct tt_raw_batch *b, const uint8_t *inside, const uint8_t *more);

#endif
