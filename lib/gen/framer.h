/* SPDX-License-Identifier: MIT */
/*
 * framer.h - which batches make up a generation, and what ends it: since version 26 a
 * mark, before that the first batch of another generation, or the end of the input.
 * All code that reads a trace by generations uses this.
 */
#ifndef TT_GEN_FRAMER_H
#define TT_GEN_FRAMER_H

#include "wire/batch.h"

struct tt_framer {
	struct tt_framing framing;
	bool has_end_marks;     /* since 1.26 */
	bool begun;             /* a batch of the generation was read */
	uint64_t number;        /* of its first batch that has one; 0: none yet */
	/* before 1.26: why what follows a whole generation cannot be read */
	bool has_lookahead_error;
	struct tt_error lookahead_error;
};

/* What tt_framer_next() found. */
enum tt_framed {
	TT_FRAMED_BATCH = TT_OK, /* one more batch of the generation */
	TT_FRAMED_INPUT_END = TT_END,
	TT_FRAMED_MARK,         /* the batch that ends the generation, and is part of it */
	TT_FRAMED_NEXT,         /* a batch of another one: the source is in front of it */
};

void tt_framer_init(struct tt_framer *f, unsigned version, bool like_go);

/* The batches that follow belong to another generation. */
void tt_framer_begin(struct tt_framer *f);

/*
 * An enum tt_framed, or an error of tt_batch_read(), with as much of *batch as could be
 * read. Numbers are not checked: since 1.26 a batch of another number is handed out as one
 * of this generation, and so is one of number 0 in any version.
 */
int tt_framer_next(struct tt_framer *f, struct tt_source *src, struct tt_raw_batch *batch,
		   struct tt_error *err);

/* Whether this batch ends its generation. */
static inline bool tt_framer_is_mark(const struct tt_framer *f, const struct tt_raw_batch *b)
{
	/* Go looks at the body's first byte, so an event batch may pose as a mark */
	return f->has_end_marks && b->experiment == 0 && b->size != 0 &&
	       b->first == TT_EV_END_OF_GENERATION;
}

/* Whether this batch, of which maybe no more than the header could be read, is one of the
 * generation that has to come next. */
static inline bool tt_framer_is_next(const struct tt_framer *f, const struct tt_raw_batch *b)
{
	return !f->has_end_marks && f->begun && b->generation != 0 &&
	       b->generation == f->number + 1;
}

/* The generation is whole, and this error is that of what follows it. */
static inline void tt_framer_keep_error(struct tt_framer *f, const struct tt_error *err)
{
	f->has_lookahead_error = true;
	f->lookahead_error = *err;
}

#endif
