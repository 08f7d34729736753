/* SPDX-License-Identifier: MIT */
/*
 * feed_archive.c - a handle of libarchive as a layer of a feed.
 *
 * Each layer unpacks either compressed data or an archive, so that a compressed archive, or
 * compressed data in an archive, is two layers, and each layer enables only the formats of
 * libarchive that it needs.
 */
#include "input/feed_archive.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- what libarchive calls */

size_t tt_zeros_at_end(const uint8_t *p, size_t n)
{
	size_t at = n;

	while (at > 0 && p[at - 1] == 0)
		at--;
	return n - at;
}

static la_ssize_t on_read(struct archive *a, void *arg, const void **data)
{
	struct tt_archive_feed *f = arg;
	struct tt_error err;
	size_t got, zeros;

	if (f->in_nbytes >= f->in_max) {
		f->in_cut = true;
		return 0;
	}
	if (tt_feed_read(f->feed.below, f->in, TT_ARCHIVE_IN_NBYTES, &got, &err) != 0) {
		tt_la.archive_set_error(a, err.system_errno, "%s", err.message);
		return -1;
	}
	f->in_dry = got == 0;
	if (f->in_dry)
		return 0;
	f->in_nbytes += got;
	zeros = tt_zeros_at_end(f->in, got);
	f->in_zeros = zeros == got ? f->in_zeros + got : zeros;
	*data = f->in;
	return (la_ssize_t)got;
}

/* Of a feed that is `random` only. */
static la_int64_t go_to(struct tt_archive_feed *f, uint64_t offset)
{
	struct tt_error err;

	if (offset > f->feed.below->size)
		offset = f->feed.below->size;
	if (tt_feed_seek(f->feed.below, offset, &err) != 0)
		return ARCHIVE_FATAL;
	return (la_int64_t)offset;
}

static la_int64_t on_skip(struct archive *a, void *arg, la_int64_t request)
{
	struct tt_archive_feed *f = arg;
	uint64_t was = f->feed.below->at;
	la_int64_t now;

	(void)a;
	if (request <= 0)
		return 0;
	now = go_to(f, was + (uint64_t)request);
	return now < 0 ? now : now - (la_int64_t)was;
}

static la_int64_t on_seek(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct tt_archive_feed *f = arg;
	la_int64_t from = 0;

	(void)a;
	if (whence == SEEK_CUR)
		from = (la_int64_t)f->feed.below->at;
	else if (whence == SEEK_END)
		from = (la_int64_t)f->feed.below->size;
	if (__builtin_add_overflow(from, offset, &from) || from < 0)
		return ARCHIVE_FATAL;
	return go_to(f, (uint64_t)from);
}

/* ---- one archive handle */

/* libarchive's text may end in a newline, or quote the archive. */
static void one_line(char *out, size_t size, const char *text)
{
	size_t n = strlen(text);

	while (n != 0 && text[n - 1] == '\n')
		n--;
	if (n > size - 1)
		n = size - 1;
	for (size_t i = 0; i < n; i++)
		out[i] = (unsigned char)text[i] < ' ' || text[i] == 0x7f ? '?' : text[i];
	out[n] = '\0';
}

int tt_archive_feed_fail(struct tt_archive_feed *f, struct tt_error *err)
{
	const char *text = f->a != NULL ? tt_la.archive_error_string(f->a) : NULL;
	const char *what = f->compressed ? "compressed data" : "archive";
	char reason[256];

	if (f->feed.below->error.code != TT_OK) {
		*err = f->feed.below->error;
		return -err->code;
	}
	if (f->a == NULL || tt_la.archive_errno(f->a) == ENOMEM)
		return tt_fail(err, TT_E_MEMORY, "no memory to unpack");
	one_line(reason, sizeof(reason), text != NULL ? text : "libarchive gives no reason");
	if (f->in_dry)
		return tt_fail(err, TT_E_INPUT, "the %s is cut off (%s)", what, reason);
	return tt_fail(err, TT_E_INPUT, "damaged %s: %s", what, reason);
}

static void choose_formats(const struct tt_archive_feed *f)
{
	if (!f->compressed) {
		tt_la.archive_read_support_format_tar(f->a);
		tt_la.archive_read_support_format_zip(f->a);
		return;
	}
	tt_la.archive_read_support_format_raw(f->a);
	tt_la.archive_read_support_format_empty(f->a);
	tt_la.archive_read_support_filter_bzip2(f->a);
	tt_la.archive_read_support_filter_xz(f->a);
	tt_la.archive_read_support_filter_lzip(f->a);
	tt_la.archive_read_support_filter_lz4(f->a);
	tt_la.archive_read_support_filter_compress(f->a);
}

static void set_callbacks(struct tt_archive_feed *f)
{
	tt_la.archive_read_set_callback_data(f->a, f);
	tt_la.archive_read_set_read_callback(f->a, on_read);
	if (f->feed.below->random) {
		tt_la.archive_read_set_skip_callback(f->a, on_skip);
		tt_la.archive_read_set_seek_callback(f->a, on_seek);
	}
}

int tt_archive_feed_start(struct tt_archive_feed *f, struct tt_error *err)
{
	if (f->feed.below->ops->seek != NULL && tt_feed_seek(f->feed.below, 0, err) != 0)
		return -err->code;
	tt_la.archive_read_free(f->a);
	f->in_nbytes = f->in_zeros = f->out_nbytes = 0;
	f->block_nbytes = 0;
	f->in_max = UINT64_MAX;
	f->in_dry = f->in_cut = f->flawed = false;
	f->a = tt_la.archive_read_new();
	if (f->a == NULL)
		return tt_archive_feed_fail(f, err);
	choose_formats(f);
	set_callbacks(f);
	return tt_la.archive_read_open1(f->a) < ARCHIVE_WARN ? tt_archive_feed_fail(f, err) : 0;
}

/* 0, or 1 at the end. */
static int next_block(struct tt_archive_feed *f, struct tt_error *err)
{
	const void *data = NULL;
	size_t n = 0;
	la_int64_t at = (la_int64_t)f->out_nbytes;
	int r = ARCHIVE_OK;

	if (f->flawed)
		return tt_archive_feed_fail(f, err);
	if (f->no_data)
		return 1;
	while (r == ARCHIVE_OK && n == 0)
		r = tt_la.archive_read_data_block(f->a, &data, &n, &at);
	if (r != ARCHIVE_OK && r != ARCHIVE_EOF && r != ARCHIVE_WARN)
		return tt_archive_feed_fail(f, err);
	/* No trace has holes; one that grows from nothing to any size is a trap. */
	if (at != (la_int64_t)f->out_nbytes)
		return tt_fail(err, TT_E_INPUT,
			       "the archive's member is a sparse file (has holes)");
	if (r == ARCHIVE_EOF)
		return 1;
	f->flawed = r == ARCHIVE_WARN;
	if (n == 0)
		return tt_archive_feed_fail(f, err);
	f->block = data;
	f->block_nbytes = n;
	f->out_nbytes += n;
	return 0;
}

int tt_archive_feed_read(struct tt_archive_feed *f, uint8_t *buf, size_t room, size_t *got,
		       struct tt_error *err)
{
	if (f->block_nbytes == 0) {
		int rc = next_block(f, err);

		if (rc != 0)
			return rc;
	}
	*got = f->block_nbytes < room ? f->block_nbytes : room;
	memcpy(buf, f->block, *got);
	f->block += *got;
	f->block_nbytes -= *got;
	return 0;
}

void tt_archive_feed_close(struct tt_feed *feed)
{
	struct tt_archive_feed *f = (struct tt_archive_feed *)feed;

	tt_la.archive_read_free(f->a);
	tt_mem_free(feed->mem, f->in, TT_ARCHIVE_IN_NBYTES);
	if (f->wanted != NULL)
		tt_mem_free(feed->mem, f->wanted, strlen(f->wanted) + 1);
}

struct tt_archive_feed *tt_archive_feed_new(const struct tt_feed_ops *ops, struct tt_feed *below,
				     struct tt_error *err)
{
	struct tt_archive_feed *f;

	if (tt_la_need(err) < 0)
		return NULL;
	f = (struct tt_archive_feed *)tt_feed_new(ops, below, below->mem, err);
	if (f == NULL)
		return NULL;
	f->in = tt_mem_alloc(below->mem, TT_ARCHIVE_IN_NBYTES);
	if (f->in != NULL)
		return f;
	tt_feed_put(NULL, &f->feed, tt_fail(err, tt_mem_code(below->mem), "no memory to unpack"));
	return NULL;
}
