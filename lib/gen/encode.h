/* SPDX-License-Identifier: MIT */
/*
 * encode.h - the tables of a generation out: strings, stacks, CPU samples and the clock, in
 * batches with the header of tt_encode_begin(). A table may be written in any number of
 * pieces; records of two tables never share a batch.
 */
#ifndef TT_GEN_ENCODE_H
#define TT_GEN_ENCODE_H

#include <string.h>

#include "wire/encode.h"

/* At most TT_STRING_MAX_SIZE bytes. */
void tt_encode_string(struct tt_encoder *e, uint64_t id, struct tt_str text);
/* At most TT_V2_MAX_FRAMES frames, innermost first; func and file are ids of strings. */
void tt_encode_stack(struct tt_encoder *e, uint64_t id, const struct tt_wire_frame *frames,
		     size_t nframes);
/* Of *sample all but time_ns. */
void tt_encode_sample(struct tt_encoder *e, uint64_t time_ticks, const struct tt_sample *sample);
/*
 * A batch of its own for the generation at hand, of no thread, at clock->trace_ticks:
 * the frequency in ticks a second, and since version 1.25 the snapshot of the clocks.
 */
void tt_encode_sync(struct tt_encoder *e, unsigned version, uint64_t frequency,
		    const struct tt_clock *clock);
/* The same at an earlier time than that of the clock. */
void tt_encode_sync_at(struct tt_encoder *e, unsigned version, uint64_t frequency,
		       const struct tt_clock *clock, uint64_t time);

/* The name of a function or a file; of one that is too long, the last bytes, as in Go. */
static inline struct tt_str tt_name_that_fits(const char *name)
{
	size_t len = strlen(name), over = 0;

	if (len > TT_STRING_MAX_SIZE)
		over = len - TT_STRING_MAX_SIZE;
	return (struct tt_str){name + over, len - over};
}

#endif
