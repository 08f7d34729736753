/* SPDX-License-Identifier: MIT */
/*
 * encode.h - batches out: records or events one after the other, in as many batches as they
 * take. gen/encode.h knows the records of the tables. Nothing is allocated: finished
 * batches go to a function of the caller's, so that the writer inside a traced program
 * can use this, too.
 *
 *	begin(generation, thread, time)     what the batches from here on say
 *	    record, record, ...             of one table, or events: batches as they fill up
 *	end                                 the last one
 */
#ifndef TT_WIRE_ENCODE_H
#define TT_WIRE_ENCODE_H

#include "base/bytes.h"
#include "wire/format.h"

/* What the header of a batch says, but for the size. */
struct tt_batch_head {
	bool experimental;      /* else events, or a table */
	uint8_t experiment;
	uint64_t generation;
	int64_t thread;         /* TT_NONE: of no thread */
	uint64_t time;
};

/* The header of a trace. `version` is one that there is. */
void tt_put_header(uint8_t out[TT_HEADER_SIZE], unsigned version);
/* The header of a batch whose body has `size` bytes. Returns the byte after it. */
uint8_t *tt_put_batch_head(uint8_t out[TT_BATCH_MAX_HEADER], const struct tt_batch_head *head,
			   size_t size);

/* Of struct tt_encoder: its batches do not begin with a byte of their own. */
#define TT_NO_TABLE (-1)

struct tt_encoder {
	bool (*put)(void *arg, const void *data, size_t nbytes);
	void *arg;
	bool failed;            /* put() returned false: nothing more is written */
	size_t full;            /* a batch that has as many bytes is ended; TT_BATCH_MAX_SIZE
	                           unless the caller sets less */
	struct tt_batch_head head; /* of tt_encode_begin() */
	/* the batch at hand */
	int table;              /* the byte it begins with, or TT_NO_TABLE */
	uint64_t time;          /* that of `head`, or of its first event */
	uint64_t last_time;     /* of its last event */
	size_t used;
	/* twice as much: a record is written before it is known whether it fits */
	uint8_t body[2 * TT_BATCH_MAX_SIZE + TT_VARINT_MAX];
};

/* put() appends what it is given. False: it cannot, and will not be called again. */
void tt_encoder_init(struct tt_encoder *e, bool (*put)(void *arg, const void *data, size_t nbytes),
		     void *arg);
/* As above, to the end of `out`. */
void tt_encoder_init_bytes(struct tt_encoder *e, struct tt_bytes *out);

/* Ends what went before; batches from here on have this header. */
void tt_encode_begin(struct tt_encoder *e, const struct tt_batch_head *head);
/* Ends the batch at hand. One with nothing in it is not written. */
void tt_encode_end(struct tt_encoder *e);
/* Forgets the batch at hand. */
void tt_encode_drop(struct tt_encoder *e);

/*
 * Where a record may be written, fewer than TT_BATCH_MAX_SIZE bytes, in a batch that begins
 * with the byte `table` (or TT_NO_TABLE). tt_encode_record_end() takes the end of the
 * record, and begins a new batch with it if it does not fit into the one at hand. Without
 * that call nothing is written.
 */
uint8_t *tt_encode_record(struct tt_encoder *e, int table);
void tt_encode_record_end(struct tt_encoder *e, const uint8_t *end);

/*
 * A timed event of the batch's thread, with all arguments but dt: `time` is in ticks, no
 * earlier than that of the event before. The batch gets the time of its first event.
 */
void tt_encode_event(struct tt_encoder *e, uint8_t type, uint64_t time, const uint64_t *args,
		     unsigned nargs);

/* A batch whose body is there already, at most TT_BATCH_MAX_SIZE bytes. */
void tt_encode_batch(struct tt_encoder *e, const struct tt_batch_head *head, const void *body,
		     size_t size);
/* Bytes as they are: whole batches of another trace, say. */
void tt_encode_bytes(struct tt_encoder *e, const void *data, size_t nbytes);
/* The mark that ends a generation, for versions that have it. */
void tt_encode_end_mark(struct tt_encoder *e, unsigned version);

#endif
