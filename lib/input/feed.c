/* SPDX-License-Identifier: MIT */
/* feed.c - what all feeds share, and how packed bytes are recognized. */
#include "input/feed.h"

#include <string.h>

#include "base/seekable.h"

/*
 * Real traces unpack to some tens of times their size. What unpacks to more than
 * this is made to fill memory or to waste time.
 */
#define MAX_RATIO 1024
#define RATIO_FREE_NBYTES (UINT64_C(64) << 20)

struct tt_feed *tt_feed_new(const struct tt_feed_ops *ops, struct tt_feed *below,
			    struct tt_mem *mem, struct tt_error *err)
{
	struct tt_feed *f = tt_mem_zalloc(mem, 1, ops->nbytes);

	if (f == NULL) {
		tt_fail(err, tt_mem_code(mem), "no memory for the input");
		return NULL;
	}
	f->ops = ops;
	f->mem = mem;
	f->below = below;
	f->bottom = below == NULL ? f : below->bottom;
	tt_error_clear(&f->error);
	return f;
}

int tt_feed_put(struct tt_feed **top, struct tt_feed *layer, int rc)
{
	if (rc == 0) {
		*top = layer;
		return 0;
	}
	layer->below = NULL;
	tt_feed_close(layer);
	return rc;
}

static bool unpacks_too_far(const struct tt_feed *f)
{
	return f->bottom != f && f->at > RATIO_FREE_NBYTES && f->at / MAX_RATIO > f->bottom->at;
}

/* As ops->read, but an end and an error stay. */
static int read_on(struct tt_feed *f, uint8_t *buf, size_t room, size_t *got)
{
	int rc;

	*got = 0;
	if (f->error.code != TT_OK || f->ended)
		return -f->error.code;
	if (unpacks_too_far(f))
		return tt_fail(&f->error, TT_E_INPUT,
			       "the input unpacks to more than %d times its size", MAX_RATIO);
	rc = f->ops->read(f, buf, room, got, &f->error);
	f->ended = rc == 0 && *got == 0;
	f->at += *got;
	return rc;
}

int tt_feed_read(struct tt_feed *f, uint8_t *buf, size_t room, size_t *got, struct tt_error *err)
{
	size_t n = f->head_len - f->head_pos;
	int rc;

	if (n != 0) {
		*got = n < room ? n : room;
		memcpy(buf, f->head + f->head_pos, *got);
		f->head_pos += *got;
		return 0;
	}
	rc = read_on(f, buf, room, got);
	if (rc != 0)
		*err = f->error;
	return rc;
}

int tt_feed_seek(struct tt_feed *f, uint64_t offset, struct tt_error *err)
{
	int rc = f->ops->seek(f, offset, err);

	if (rc != 0)
		return rc;
	f->head_pos = f->head_len = 0;
	f->ended = false;
	f->at = offset;
	tt_error_clear(&f->error);
	return 0;
}

void tt_feed_close(struct tt_feed *f)
{
	while (f != NULL) {
		struct tt_feed *below = f->below;

		if (f->ops->close != NULL)
			f->ops->close(f);
		tt_mem_free(f->mem, f, f->ops->nbytes);
		f = below;
	}
}

/* ---- what the bytes are */

static const struct {
	uint8_t magic[6];
	uint8_t n;
	enum tt_packing packing;
	const char *name;
} magics[] = {
	{{0x28, 0xb5, 0x2f, 0xfd}, 4, TT_PACKING_ZSTD, "zstd"},
	{{0x1f, 0x8b, 8}, 3, TT_PACKING_GZIP, "gzip"}, /* of deflate, the one there is */
	{{0x1f, 0x9d}, 2, TT_PACKING_OTHER, "compress"},
	{{0xfd, '7', 'z', 'X', 'Z', 0}, 6, TT_PACKING_OTHER, "xz"},
	{{0x04, 0x22, 0x4d, 0x18}, 4, TT_PACKING_OTHER, "lz4"},
	{{0x02, 0x21, 0x4c, 0x18}, 4, TT_PACKING_OTHER, "lz4"}, /* legacy */
	{{'L', 'Z', 'I', 'P', 1}, 5, TT_PACKING_OTHER, "lzip"},
	{{'P', 'K', 3, 4}, 4, TT_PACKING_ARCHIVE, "zip"},
	{{'P', 'K', 5, 6}, 4, TT_PACKING_ARCHIVE, "zip"}, /* an empty one */
	{{'P', 'K', 7, 8}, 4, TT_PACKING_ARCHIVE, "zip"}, /* the first of a split one */
};

static bool is_bzip2(const uint8_t *p, size_t n)
{
	static const uint8_t block[6] = {0x31, 0x41, 0x59, 0x26, 0x53, 0x59};
	static const uint8_t end[6] = {0x17, 0x72, 0x45, 0x38, 0x50, 0x90};

	return n >= 10 && memcmp(p, "BZh", 3) == 0 && p[3] >= '1' && p[3] <= '9' &&
	       (memcmp(p + 4, block, 6) == 0 || memcmp(p + 4, end, 6) == 0);
}

/* Bytes of the skippable frames (zstd and lz4 share them) that come first:
 * magic 0x184d2a50 to ..5f, a 32-bit size, that many bytes. */
static size_t skippable(const uint8_t *p, size_t n)
{
	size_t at = 0;

	while (n - at >= 8 && (tt_le32(p + at) & 0xfffffff0) == 0x184d2a50) {
		uint32_t size = tt_le32(p + at + 4);

		if (size >= n - at - 8)
			return n;
		at += 8 + size;
	}
	return at;
}

/* A number of a tar header: blanks, octal digits, then a blank or NUL. */
static bool octal(const uint8_t *p, size_t n, uint32_t *value)
{
	size_t i = 0;

	while (i < n && p[i] == ' ')
		i++;
	if (i == n || p[i] < '0' || p[i] > '7')
		return false;
	for (*value = 0; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		*value = *value * 8 + (uint32_t)(p[i] - '0');
	return i == n || p[i] == ' ' || p[i] == '\0';
}

/* The checksum at 148 is the sum of the header's 512 bytes, itself taken as
 * blanks; old writers added signed chars. It is all that a tar of v7 has. */
static bool is_tar(const uint8_t *p, size_t n)
{
	uint32_t sum = 8 * ' ', stated;
	int32_t signed_sum = 8 * ' ';

	if (n < 512 || p[0] == '\0')
		return false;
	if (memcmp(p + 257, "ustar", 5) == 0)
		return true;
	if (!octal(p + 148, 8, &stated))
		return false;
	for (size_t i = 0; i < 512; i++) {
		if (i >= 148 && i < 156)
			continue;
		sum += p[i];
		signed_sum += (int8_t)p[i];
	}
	return stated == sum || (int32_t)stated == signed_sum;
}

static enum tt_packing recognize(const uint8_t *p, size_t n, const char **name)
{
	size_t skip = skippable(p, n);

	*name = "zstd";
	if (skip != 0 && skip == n)
		return TT_PACKING_ZSTD;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
		if (n - skip < magics[i].n || memcmp(p + skip, magics[i].magic, magics[i].n) != 0)
			continue;
		*name = magics[i].name;
		return magics[i].packing;
	}
	if (skip != 0)
		return TT_PACKING_ZSTD;
	*name = "bzip2";
	if (is_bzip2(p, n))
		return TT_PACKING_OTHER;
	*name = "tar";
	return is_tar(p, n) ? TT_PACKING_ARCHIVE : TT_PACKING_NONE;
}

enum tt_packing tt_packing_of(const uint8_t *p, size_t n)
{
	const char *name;

	return recognize(p, n, &name);
}

const char *tt_feed_packing_name(const struct tt_feed *f)
{
	const char *name;

	recognize(f->head, f->head_len, &name);
	return name;
}

/* A trace's own first bytes settle it: a pipe may not have more yet. */
static bool is_trace(const uint8_t *p, size_t n)
{
	return n >= 5 && memcmp(p, "go 1.", 5) == 0;
}

int tt_feed_packing(struct tt_feed *f, enum tt_packing *packing, struct tt_error *err)
{
	int rc = 0;

	*packing = TT_PACKING_NONE;
	for (;;) {
		size_t got;

		if (f->head_len == sizeof(f->head) || is_trace(f->head, f->head_len))
			break;
		*packing = tt_packing_of(f->head, f->head_len);
		if (*packing != TT_PACKING_NONE)
			return 0;
		rc = read_on(f, f->head + f->head_len, sizeof(f->head) - f->head_len, &got);
		if (got == 0)
			break;
		f->head_len += got;
	}
	if (rc != 0 && f->head_len == 0)
		*err = f->error;
	else
		rc = 0;
	if (rc == 0 && !is_trace(f->head, f->head_len))
		*packing = tt_packing_of(f->head, f->head_len);
	return rc;
}
