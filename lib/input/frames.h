/* SPDX-License-Identifier: MIT */
/*
 * frames.h - where the frames of a zstd file begin, by the table that it may end with
 * (seekable.h). Private to lib/input. The table is input like any other: it is of use only where
 * it agrees with the frames themselves.
 */
#ifndef TT_INPUT_FRAMES_H
#define TT_INPUT_FRAMES_H

#include "input/feed.h"

/* Offsets in the file, and in what is unpacked. */
struct tt_frame_start {
	uint64_t packed, plain;
};

struct tt_frames {
	struct tt_frame_start *starts; /* n, and one for the end of the last */
	size_t n;
	bool sought;            /* for a table */
};

/* Looks for the table of a file or of memory, once. Without one, or without memory, n is 0. */
void tt_frames_find(struct tt_frames *f, struct tt_feed *file);
/* The frame that begins at this offset of what is unpacked, or the end of the last, by the
 * table; or NULL. */
const struct tt_frame_start *tt_frames_start(const struct tt_frames *f, uint64_t plain);
/*
 * The same of a frame whose own headers say that it is as large as the table does. After its
 * start comes that of the next one.
 */
const struct tt_frame_start *tt_frames_at(const struct tt_frames *f, struct tt_feed *file,
					  uint64_t plain);
void tt_frames_release(struct tt_frames *f, struct tt_mem *mem);

#endif
