/* SPDX-License-Identifier: MIT */
/*
 * batch.h - framing: what follows the header of a file is a plain sequence of batches.
 *
 *	EventBatch         type, gen, thread, time, size, then size bytes
 *	ExperimentalBatch  type, experiment (one raw byte), then the same
 *	EndOfGeneration    type
 *
 * Source: Go's internal/trace/batch.go, readBatch.
 */
#ifndef TT_WIRE_BATCH_H
#define TT_WIRE_BATCH_H

#include "input/source.h"
#include "spec/types.h"
#include "wire/encode.h"

enum tt_raw_batch_kind {
	TT_RAW_BATCH_BAD, /* no batch begins with this byte */
	TT_RAW_BATCH_EVENTS,
	TT_RAW_BATCH_EXPERIMENT,
	TT_RAW_BATCH_END,
};

/* What differs between readers. */
struct tt_framing {
	bool like_go;           /* a file that ends right after the first byte of an
	                           experimental batch ends well (TT_OPEN_LIKE_GO) */
	bool live;              /* input may stall after an end mark: what follows it is not
	                           waited for */
};

/* One batch as it is in the file, not looked into. */
struct tt_raw_batch {
	enum tt_raw_batch_kind kind;
	unsigned experiment;
	uint64_t generation; /* 0 for TT_RAW_BATCH_END */
	int64_t thread;
	uint64_t time;
	uint64_t offset;
	uint64_t data_offset;
	const uint8_t *data;    /* in the source, until released there */
	uint32_t size;
	uint8_t first;          /* data[0], known without looking there; 0 if there is none */
};

/* To write it again, maybe with other numbers. */
static inline struct tt_batch_head tt_raw_batch_head(const struct tt_raw_batch *b)
{
	return (struct tt_batch_head){
		.experimental = b->kind == TT_RAW_BATCH_EXPERIMENT,
		.experiment = (uint8_t)b->experiment,
		.generation = b->generation,
		.thread = b->thread,
		.time = b->time,
	};
}

/* What begins with this byte. */
static inline enum tt_raw_batch_kind tt_raw_batch_kind(uint8_t type)
{
	switch (type) {
	case TT_EV_EVENT_BATCH:
		return TT_RAW_BATCH_EVENTS;
	case TT_EV_EXPERIMENTAL_BATCH:
		return TT_RAW_BATCH_EXPERIMENT;
	case TT_EV_END_OF_GENERATION:
		return TT_RAW_BATCH_END;
	default:
		return TT_RAW_BATCH_BAD;
	}
}

/*
 * The next batch; moves past it on success only. 0; 1 at the end of the file
 * between two batches; TT_E_BATCH_TYPE, TT_E_ANOTHER_TRACE, TT_E_BATCH_HEADER,
 * TT_E_BATCH_SIZE,
 * TT_E_CUT_OFF with Go's texts, or the source's errors.
 */
int tt_batch_read(struct tt_source *src, const struct tt_framing *framing,
		  struct tt_raw_batch *batch, struct tt_error *err);

/*
 * Whether a plausible batch begins at data: a good header whose batch is whole or
 * runs past `end`. *nbytes is then its length, header included, and *batch what
 * its header says; its data is not filled in.
 */
bool tt_batch_plausible(const uint8_t *data, const uint8_t *end, struct tt_raw_batch *batch,
			uint64_t *nbytes);

#endif
