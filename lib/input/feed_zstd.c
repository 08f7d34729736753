/* SPDX-License-Identifier: MIT */
/*
 * feed_zstd.c - unpacks zstd, frame after frame.
 *
 * Not through libarchive: that decodes 128 KiB ahead and drops them when the
 * file is cut off, and in a recording that was cut short it is the last events that
 * matter.
 */
#include "input/frames.h"

#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#define IN_NBYTES ((size_t)128 << 10)
/* Handed out at a time, so that it is still in the processor's cache. */
#define OUT_NBYTES ((size_t)256 << 10)
#define BLOCK_HEADER_NBYTES 3

struct zstd_feed {
	struct tt_feed feed;
	ZSTD_DCtx *decoder;
	uint8_t *buf;           /* IN_NBYTES of what is below */
	size_t pos, len;
	bool dry;               /* there is no more below */
	bool full;              /* the decoder may hold bytes for which there was no room */
	size_t hint;            /* bytes the decoder asks for next; 0 between frames */
	struct tt_frames frames; /* of what is below, if that is a file or memory */
};

/*
 * How much to give the decoder: no more than it takes to the end of a block. Then
 * a call that fails has no good bytes of an earlier block in it, which it would
 * drop. The hint includes the next block's header.
 */
static size_t portion(const struct zstd_feed *f)
{
	size_t n = f->hint > BLOCK_HEADER_NBYTES ? f->hint - BLOCK_HEADER_NBYTES : f->hint;

	if (n == 0)
		n = BLOCK_HEADER_NBYTES;
	return n < f->len - f->pos ? n : f->len - f->pos;
}

/*
 * One portion; or what is left of the block before, for which there was no room: alone,
 * since zstd does not count bytes that it gave in front of an error in the same call.
 */
static int decode(struct zstd_feed *f, ZSTD_outBuffer *out, struct tt_error *err)
{
	bool rest = f->full;
	ZSTD_inBuffer in = {f->buf + f->pos, rest ? 0 : portion(f), 0};
	size_t was = out->pos;
	size_t left = ZSTD_decompressStream(f->decoder, out, &in);

	if (ZSTD_isError(left) && ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation)
		return tt_fail(err, TT_E_MEMORY, "no memory to unpack zstd");
	if (ZSTD_isError(left))
		return tt_fail(err, TT_E_INPUT, "damaged zstd data: %s", ZSTD_getErrorName(left));
	if (in.pos != 0 || out->pos != was)
		f->hint = left;
	f->pos += in.pos;
	f->full = out->pos == out->size;
	if (!rest && f->dry && f->pos == f->len && f->hint != 0 && out->pos == was)
		return tt_fail(err, TT_E_INPUT, "the zstd data is cut off inside a frame");
	return 0;
}

static int refill(struct zstd_feed *f, struct tt_error *err)
{
	int rc;

	f->pos = f->len = 0;
	rc = tt_feed_read(f->feed.below, f->buf, IN_NBYTES, &f->len, err);
	f->dry = rc == 0 && f->len == 0;
	return rc;
}

/* Decodes until the room is full or the input would have to be waited for. */
static int zstd_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		     struct tt_error *err)
{
	struct zstd_feed *f = (struct zstd_feed *)feed;
	ZSTD_outBuffer out = {buf, room < OUT_NBYTES ? room : OUT_NBYTES, 0};
	int rc = 0;

	while (rc == 0 && out.pos < out.size) {
		bool empty = f->pos == f->len;

		if (empty && !f->dry && out.pos != 0)
			break;
		if (empty && f->dry && f->hint == 0)
			break;
		rc = empty && !f->dry && !f->full ? refill(f, err) : decode(f, &out, err);
	}
	*got = out.pos;
	return out.pos != 0 ? 0 : rc;
}

/* To the start, or where a frame begins. */
static int zstd_seek(struct tt_feed *feed, uint64_t offset, struct tt_error *err)
{
	struct zstd_feed *f = (struct zstd_feed *)feed;
	const struct tt_frame_start *frame =
		offset == 0 ? NULL : tt_frames_start(&f->frames, offset);

	ZSTD_DCtx_reset(f->decoder, ZSTD_reset_session_only);
	f->pos = f->len = f->hint = 0;
	f->dry = f->full = false;
	return tt_feed_seek(feed->below, frame == NULL ? 0 : frame->packed, err);
}

static void zstd_close(struct tt_feed *feed)
{
	struct zstd_feed *f = (struct zstd_feed *)feed;

	ZSTD_freeDCtx(f->decoder);
	tt_frames_release(&f->frames, feed->mem);
	tt_mem_free(feed->mem, f->buf, IN_NBYTES);
}

static const struct tt_feed_ops from_file = {
	sizeof(struct zstd_feed), zstd_read, zstd_seek, zstd_close, NULL,
};
static const struct tt_feed_ops from_pipe = {
	sizeof(struct zstd_feed), zstd_read, NULL, zstd_close, NULL,
};

bool tt_feed_frame_end(struct tt_feed *feed, uint64_t offset, uint64_t *end)
{
	struct zstd_feed *f = (struct zstd_feed *)feed;
	const struct tt_frame_start *frame;

	if (feed->ops != &from_file || feed->below != feed->bottom)
		return false;
	tt_frames_find(&f->frames, feed->below);
	frame = tt_frames_at(&f->frames, feed->below, offset);
	if (frame == NULL)
		return false;
	*end = frame[1].plain;
	return true;
}

int tt_feed_unpack_zstd(struct tt_feed **top, struct tt_error *err)
{
	struct tt_feed *below = *top;
	const struct tt_feed_ops *ops = below->ops->seek != NULL ? &from_file : &from_pipe;
	struct zstd_feed *f = (struct zstd_feed *)tt_feed_new(ops, below, below->mem, err);
	int rc = 0;

	if (f == NULL)
		return -err->code;
	f->decoder = ZSTD_createDCtx();
	f->feed.fixed_memory = true;
	f->buf = tt_mem_alloc(below->mem, IN_NBYTES);
	if (f->buf == NULL)
		rc = tt_fail(err, tt_mem_code(below->mem), "no memory to unpack zstd");
	else if (f->decoder == NULL)
		rc = tt_fail(err, TT_E_MEMORY, "no memory to unpack zstd");
	return tt_feed_put(top, &f->feed, rc);
}
