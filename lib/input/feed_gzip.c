/* SPDX-License-Identifier: MIT */
/*
 * feed_gzip.c - unpacks gzip, member after member, and checks the checksum and size of
 * each.
 *
 * Not through libarchive: that ignores the checksums, so that damage which still decodes
 * goes unseen, and drops what it decoded ahead when the file is cut off.
 */
#include "input/feed.h"

#include <zlib.h>

#define IN_NBYTES ((size_t)128 << 10)
/* Handed out at a time, so that it is still in the processor's cache. */
#define OUT_NBYTES ((size_t)256 << 10)
/* The largest window, and a gzip header around the deflate data. */
#define WINDOW_BITS (15 + 16)

struct gzip_feed {
	struct tt_feed feed;
	z_stream z;             /* its input is in buf */
	uint8_t *buf;           /* IN_NBYTES of what is below */
	bool dry;               /* there is no more below */
	bool inside;            /* of a member */
	bool padded;            /* zeros began after the last one */
};

static int refill(struct gzip_feed *f, struct tt_error *err)
{
	size_t got;
	int rc = tt_feed_read(f->feed.below, f->buf, IN_NBYTES, &got, err);

	f->z.next_in = f->buf;
	f->z.avail_in = rc == 0 ? (uInt)got : 0;
	f->dry = rc == 0 && got == 0;
	return rc;
}

static int decode(struct gzip_feed *f, struct tt_error *err)
{
	switch (inflate(&f->z, Z_NO_FLUSH)) {
	case Z_OK:
		return 0;
	case Z_STREAM_END:
		f->inside = false;
		return 0;
	case Z_BUF_ERROR:
		return f->dry ? tt_fail(err, TT_E_INPUT, "the gzip data is cut off") : refill(f, err);
	case Z_MEM_ERROR:
		return tt_fail(err, TT_E_MEMORY, "no memory to unpack gzip");
	default:
		return tt_fail(err, TT_E_INPUT, "damaged gzip data: %s",
			       f->z.msg != NULL ? f->z.msg : "zlib gives no reason");
	}
}

/* Behind a member: another one, or zeros, a tape's padding, up to the end. */
static int go_on(struct gzip_feed *f, struct tt_error *err)
{
	z_stream *z = &f->z;

	if (z->avail_in == 0)
		return refill(f, err);
	for (; z->avail_in != 0 && *z->next_in == 0; z->next_in++, z->avail_in--)
		f->padded = true;
	if (z->avail_in == 0)
		return 0;
	if (f->padded || *z->next_in != 0x1f)
		return tt_fail(err, TT_E_INPUT, "other bytes follow the compressed data");
	inflateReset(z);
	f->inside = true;
	return 0;
}

static int gzip_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		     struct tt_error *err)
{
	struct gzip_feed *f = (struct gzip_feed *)feed;
	uInt n = (uInt)(room < OUT_NBYTES ? room : OUT_NBYTES);
	int rc = 0;

	f->z.next_out = buf;
	f->z.avail_out = n;
	while (rc == 0 && f->z.avail_out == n && (f->inside || !f->dry))
		rc = f->inside ? decode(f, err) : go_on(f, err);
	*got = n - f->z.avail_out;
	return *got != 0 ? 0 : rc;
}

static void start(struct gzip_feed *f)
{
	f->z.avail_in = 0;
	f->dry = f->padded = false;
	f->inside = true;
}

static int gzip_seek(struct tt_feed *feed, uint64_t offset, struct tt_error *err)
{
	struct gzip_feed *f = (struct gzip_feed *)feed;

	inflateReset(&f->z);
	start(f);
	return tt_feed_seek(feed->below, offset, err);
}

static void gzip_close(struct tt_feed *feed)
{
	struct gzip_feed *f = (struct gzip_feed *)feed;

	inflateEnd(&f->z);
	tt_mem_free(feed->mem, f->buf, IN_NBYTES);
}

static const struct tt_feed_ops from_file = {
	sizeof(struct gzip_feed), gzip_read, gzip_seek, gzip_close, NULL,
};
static const struct tt_feed_ops from_pipe = {
	sizeof(struct gzip_feed), gzip_read, NULL, gzip_close, NULL,
};

int tt_feed_unpack_gzip(struct tt_feed **top, struct tt_error *err)
{
	struct tt_feed *below = *top;
	const struct tt_feed_ops *ops = below->ops->seek != NULL ? &from_file : &from_pipe;
	struct gzip_feed *f = (struct gzip_feed *)tt_feed_new(ops, below, below->mem, err);
	int rc = 0;

	if (f == NULL)
		return -err->code;
	start(f);
	f->feed.fixed_memory = true;
	f->buf = tt_mem_alloc(below->mem, IN_NBYTES);
	if (f->buf == NULL)
		rc = tt_fail(err, tt_mem_code(below->mem), "no memory to unpack gzip");
	else if (inflateInit2(&f->z, WINDOW_BITS) != Z_OK)
		rc = tt_fail(err, TT_E_MEMORY, "no memory to unpack gzip");
	return tt_feed_put(top, &f->feed, rc);
}
