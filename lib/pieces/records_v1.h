/* SPDX-License-Identifier: MIT */
/*
 * records_v1.h - the records of format v1 by their first byte, as far as framing goes: format
 * v1 has no batches that say how long they are, and a record is recognized only by the records
 * after it. Stricter than Go's reader: a record has as many numbers as Go writes, so that text
 * is soon found to be none. Stands on v1.
 */
#ifndef TT_PIECES_RECORDS_V1_H
#define TT_PIECES_RECORDS_V1_H

#include "base/error.h"
#include "wire/varint.h"

/* Of each first byte: how many numbers follow (4: their length in bytes comes first), and flags;
 * 0: no record begins with it. */
struct tt_v1_shapes {
	bool ready;
	uint8_t of[256];
};
#define TT_V1_SHAPE_NUMBERS 7
#define TT_V1_SHAPE_TEXT 8      /* then a text */
#define TT_V1_SHAPE_LAST 16     /* only tables follow: the clock's frequency */

/* Makes them ready, unless they are. TT_E_MEMORY. */
int tt_v1_shapes_init(struct tt_v1_shapes *shapes, struct tt_error *err);
/* The length of the record at p, which may go on past `end`; 0: none begins here. */
uint64_t tt_v1_record_nbytes(const struct tt_v1_shapes *shapes, const uint8_t *p,
			     const uint8_t *end);
/* Moves past records of up to three numbers that end within 8 bytes each, and are no other trace:
 * those that nearly all are. May stop earlier. */
const uint8_t *tt_v1_pass_short(const struct tt_v1_shapes *shapes, const uint8_t *p,
				const uint8_t *end);
/*
 * The same of a record as Go writes it after the clock's frequency: the goroutines of timers, batches
 * of the processor 0, and tables, whose strings are numbered one after the other. `like`: the ticks
 * of another batch, or 0. *string: the number of the last string, or 0 if none came yet. Those that
 * are not like that are damaged, or no records.
 */
uint64_t tt_v1_table_nbytes(const struct tt_v1_shapes *shapes, const uint8_t *p,
			    const uint8_t *end, uint64_t like, uint64_t *string);
/* Whether the input ends inside the first numbers of such a record at p. */
bool tt_v1_table_is_cut(const uint8_t *p, const uint8_t *end, uint64_t string);
/* Whether a string or stack is at p, damaged but as long as it says: only such records follow. */
bool tt_v1_table_is_damaged(const struct tt_v1_shapes *shapes, const uint8_t *p,
			    const uint8_t *end, uint64_t like);
/* Whether such a batch begins at p, or several tables, or some that go up to the end. */
bool tt_v1_tables_begin(const struct tt_v1_shapes *shapes, const uint8_t *p, const uint8_t *end,
			uint64_t like);
/* How far record follows record; `end` if the last one goes up to there or on past it. */
const uint8_t *tt_v1_records_end(const struct tt_v1_shapes *shapes, const uint8_t *p,
				 const uint8_t *end);
/*
 * Whether a batch begins at p, or what Go writes after the last event. `like`: the ticks of another
 * batch of the same trace; 0: none is known, and what follows counts.
 */
bool tt_v1_batch_begins(const struct tt_v1_shapes *shapes, const uint8_t *p, const uint8_t *end,
			uint64_t like);
/* The ticks of the batch at p; 0: there is none. */
uint64_t tt_v1_batch_ticks(const uint8_t *p, const uint8_t *end);


/* Whether a trace of any version begins at p, where the bytes may be those of a record: its first
 * batch is looked at, too. */
bool tt_begins_as_trace(const uint8_t *p, const uint8_t *end);

#endif
