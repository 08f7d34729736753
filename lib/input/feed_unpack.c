/* SPDX-License-Identifier: MIT */
/* feed_unpack.c - the layer that unpacks any compression that libarchive knows. */
#include "input/feed_archive.h"

/* libarchive ends in silence where no further compressed data begin. Zeros are
 * a tape's padding; anything else is damage, or the header of more data cut short. */
static int check_rest(struct tt_archive_feed *f, struct tt_error *err)
{
	uint64_t left = f->in_nbytes - (uint64_t)tt_la.archive_filter_bytes(f->a, -1);
	/* what is left may have come in many pieces, all but the last are libarchive's */
	bool zero = left <= f->in_zeros;

	while (zero && !f->in_dry) {
		size_t got;

		if (tt_feed_read(f->feed.below, f->in, TT_ARCHIVE_IN_NBYTES, &got, err) != 0)
			return -err->code;
		f->in_dry = got == 0;
		zero = tt_zeros_at_end(f->in, got) == got;
	}
	if (!zero)
		return tt_fail(err, TT_E_INPUT, "other bytes follow the compressed data");
	return 0;
}

static int compressed_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
			   struct tt_error *err)
{
	struct tt_archive_feed *f = (struct tt_archive_feed *)feed;
	int rc = tt_archive_feed_read(f, buf, room, got, err);

	return rc == 1 ? check_rest(f, err) : rc;
}

static int start_compressed(struct tt_archive_feed *f, struct tt_error *err)
{
	struct archive_entry *entry;
	int r;

	if (tt_archive_feed_start(f, err) != 0)
		return -err->code;
	r = tt_la.archive_read_next_header(f->a, &entry);
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN && r != ARCHIVE_EOF)
		return tt_archive_feed_fail(f, err);
	/* Nobody knew the header: then raw data are just what they are. */
	if (tt_la.archive_filter_count(f->a) < 2 && f->in_dry)
		return tt_fail(err, TT_E_INPUT, "the compressed data is cut off in its header");
	if (tt_la.archive_filter_count(f->a) < 2)
		return tt_fail(err, TT_E_INPUT, "damaged compressed data: unknown header");
	f->no_data = r == ARCHIVE_EOF;
	return 0;
}

static int compressed_seek(struct tt_feed *feed, uint64_t offset, struct tt_error *err)
{
	(void)offset;
	return start_compressed((struct tt_archive_feed *)feed, err);
}

static const struct tt_feed_ops compressed_in_file = {
	sizeof(struct tt_archive_feed), compressed_read, compressed_seek, tt_archive_feed_close, NULL,
};
static const struct tt_feed_ops compressed_in_pipe = {
	sizeof(struct tt_archive_feed), compressed_read, NULL, tt_archive_feed_close, NULL,
};

int tt_feed_unpack(struct tt_feed **top, struct tt_error *err)
{
	struct tt_feed *below = *top;
	struct tt_archive_feed *f = tt_archive_feed_new(
		below->ops->seek != NULL ? &compressed_in_file : &compressed_in_pipe, below, err);

	if (f == NULL)
		return -err->code;
	f->compressed = true;
	return tt_feed_put(top, &f->feed, start_compressed(f, err));
}
