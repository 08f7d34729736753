/* SPDX-License-Identifier: MIT */
/*
 * row.h - batches in a row: what shows that a place in damaged or mixed bytes is one where a
 * batch begins. By chance one byte in a hundred looks like a batch; several, each of which
 * leads to the next, do not come by chance. Stands on batch.h.
 */
#ifndef TT_WIRE_ROW_H
#define TT_WIRE_ROW_H

#include "wire/batch.h"

/* So many batches in a row must make sense. */
#define TT_ROW_BATCHES 4
/* What they take at most. */
#define TT_ROW_NBYTES (TT_ROW_BATCHES * (TT_BATCH_MAX_HEADER + TT_BATCH_MAX_SIZE))

struct tt_row_rules {
	bool has_end_marks;     /* of the version */
	uint64_t min_time;      /* the first batch is not earlier */
	int last;               /* so many batches will do where the bytes end */
	int most;               /* so many are looked at; 0: TT_ROW_BATCHES */
};

/* Whether a row begins at data. Its first batch is as one after a mark. */
bool tt_row_begins(const struct tt_row_rules *rules, const uint8_t *data, const uint8_t *end);
/*
 * Whether a trace begins at data, where the bytes may be anything: a header as Go writes it, and
 * after it the first byte of a batch, or nothing. *version is then what the header says.
 */
bool tt_trace_begins(const uint8_t *data, const uint8_t *end, unsigned *version);

#endif
