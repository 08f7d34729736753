/* SPDX-License-Identifier: MIT */
/*
 * stream.h - the bytes of a feed by their offset, kept in chunks from the
 * release mark on. Private to lib/input.
 */
#ifndef TT_INPUT_STREAM_H
#define TT_INPUT_STREAM_H

#include "input/feed.h"

struct tt_stream;

/* The feed is the stream's from then on; on failure it stays the caller's. */
int tt_stream_new(struct tt_stream **out, struct tt_feed *feed, struct tt_mem *mem,
		  struct tt_error *err);
/* Before the first view: the first byte has this offset, not 0. */
void tt_stream_begin_at(struct tt_stream *st, uint64_t offset);
/*
 * From now on a thread reads ahead where it can (readahead.h), by some megabytes, or by as
 * much as is held. What it has read may take, besides, half as much memory as `mem` may.
 */
void tt_stream_read_ahead(struct tt_stream *st);
/* NULL is a no-op. */
void tt_stream_free(struct tt_stream *st);

/*
 * *data is the byte at `offset` (from the release mark to the end of what was read so
 * far), *avail how many bytes are there in one piece: at least `want`, fewer only at
 * the end. They live until released. On an error both are set all the same.
 */
int tt_stream_view(struct tt_stream *st, uint64_t offset, size_t want, const uint8_t **data,
		   size_t *avail, struct tt_error *err);
/*
 * Whether a frame of a zstd file begins at `offset`, whose bytes need not be unpacked: where the
 * next one does.
 */
bool tt_stream_frame_end(const struct tt_stream *st, uint64_t offset, uint64_t *end);
/* Goes to one of these two without what is between. No byte is known before it from then on. */
int tt_stream_jump(struct tt_stream *st, uint64_t offset, struct tt_error *err);
/* Bytes before `mark` are no longer needed. */
void tt_stream_release(struct tt_stream *st, uint64_t mark);
/* How many bytes were read. */
uint64_t tt_stream_total(const struct tt_stream *st);
/* At the bottom of the feed: bytes read, and its size or 0. */
void tt_stream_progress(const struct tt_stream *st, uint64_t *in_nbytes, uint64_t *in_total);

#endif
