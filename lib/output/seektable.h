/* SPDX-License-Identifier: MIT */
/*
 * seektable.h - writes the table of zstd's seekable format (seekable.h), by which a reader finds
 * a frame without unpacking those before.
 */
#ifndef TT_OUTPUT_SEEKTABLE_H
#define TT_OUTPUT_SEEKTABLE_H

#include "base/bytes.h"

struct tt_seektable {
	struct tt_mem mem;
	struct tt_bytes entries; /* of each frame: its size packed and unpacked, 4 bytes each */
	uint64_t nframes;
	bool given_up;          /* it cannot hold what was added, or there is no memory */
	bool finished;
};

/* With room for as many frames as most files have. False: no memory; release it all the same. */
bool tt_seektable_init(struct tt_seektable *t);
void tt_seektable_release(struct tt_seektable *t);
void tt_seektable_add(struct tt_seektable *t, uint64_t npacked, uint64_t nbytes);
/*
 * Puts what a file ends with into *out, whose bytes belong to the table; nothing if no table can
 * say it, or there is no memory: all can still be read from its start. Nothing is added after
 * it, but it may be asked for again.
 */
void tt_seektable_finish(struct tt_seektable *t, const uint8_t **out, size_t *nbytes);

#endif
