/* SPDX-License-Identifier: MIT */
/*
 * packer.c - a trace as zstd, a frame for each generation, with a table of the frames at its
 * end by which readers of the seekable format find one without unpacking those before. The
 * table is a frame that other readers skip. Source: zstd's contrib/seekable_format,
 * zstd_seekable_compression_format.md.
 */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/bytes.h"
#include "base/error.h"
#include "tracetool_write.h"

/* What ZSTD_CStreamOutSize() gives: room for any block. */
#define PACKED_NBYTES ((size_t)(128 << 10) + 1024)
/* Readers of the table take no larger frame. */
#define MAX_FRAME_NBYTES (UINT64_C(1) << 29)
/* Nor so many. */
#define MAX_FRAMES (UINT64_C(1) << 27)

#define SKIPPABLE_MAGIC UINT32_C(0x184d2a5e)
#define TABLE_MAGIC UINT32_C(0x8f92eab1)
#define TABLE_FOOTER_NBYTES 9

struct tt_packer {
	struct tt_sink to;
	ZSTD_CCtx *zstd;
	struct tt_mem mem;
	struct tt_bytes table;  /* of each frame: its size packed and unpacked, 4 bytes each */
	uint64_t nframes;
	uint64_t nbytes, npacked; /* of the frame at hand */
	bool failed;
	uint8_t packed[PACKED_NBYTES];
};

int tt_packer_new(struct tt_packer **out, const struct tt_sink *to, struct tt_error *err)
{
	struct tt_packer *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (p != NULL)
		p->zstd = ZSTD_createCCtx();
	if (p == NULL || p->zstd == NULL) {
		free(p);
		return tt_fail(err, TT_E_MEMORY, "no memory to compress");
	}
	(void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	p->to = *to;
	p->table.mem = &p->mem;
	*out = p;
	return TT_OK;
}

void tt_packer_free(struct tt_packer *p)
{
	if (p == NULL)
		return;
	ZSTD_freeCCtx(p->zstd);
	tt_bytes_release(&p->table);
	free(p);
}

static bool fail(struct tt_packer *p, int why)
{
	p->failed = true;
	errno = why;
	return false;
}

static bool put(struct tt_packer *p, const void *data, size_t nbytes)
{
	if (nbytes != 0 && !p->to.write(p->to.arg, data, nbytes))
		return fail(p, errno);
	p->npacked += nbytes;
	return true;
}

static bool pack(struct tt_packer *p, const void *data, size_t nbytes, ZSTD_EndDirective how)
{
	ZSTD_inBuffer in = {data, nbytes, 0};
	size_t left;

	do {
		ZSTD_outBuffer out = {p->packed, sizeof(p->packed), 0};

		left = ZSTD_compressStream2(p->zstd, &out, &in, how);
		if (ZSTD_isError(left))
			return fail(p, ENOMEM);
		if (!put(p, p->packed, out.pos))
			return false;
	} while (how == ZSTD_e_end ? left != 0 : in.pos < in.size);
	p->nbytes += nbytes;
	return true;
}

static void put_le32(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

bool tt_packer_end_frame(struct tt_packer *p)
{
	uint8_t entry[8];

	if (p->failed || p->nbytes == 0)
		return !p->failed;
	if (!pack(p, "", 0, ZSTD_e_end))
		return false;
	put_le32(entry, p->npacked);
	put_le32(entry + 4, p->nbytes);
	if (!tt_bytes_put(&p->table, entry, sizeof(entry)))
		return fail(p, ENOMEM);
	p->nframes++;
	p->nbytes = p->npacked = 0;
	return true;
}

bool tt_packer_write(struct tt_packer *p, const void *data, size_t nbytes)
{
	const uint8_t *at = data;

	while (!p->failed && nbytes != 0) {
		uint64_t room = MAX_FRAME_NBYTES - p->nbytes;
		size_t n = nbytes < room ? nbytes : (size_t)room;

		if (!pack(p, at, n, ZSTD_e_continue))
			break;
		at += n;
		nbytes -= n;
		if (p->nbytes == MAX_FRAME_NBYTES)
			tt_packer_end_frame(p);
	}
	return !p->failed;
}

bool tt_packer_finish(struct tt_packer *p)
{
	uint8_t head[8], footer[TABLE_FOOTER_NBYTES];

	if (!tt_packer_end_frame(p))
		return false;
	/* (without a table, all can still be read from its start) */
	if (p->nframes == 0 || p->nframes > MAX_FRAMES)
		return true;
	put_le32(head, SKIPPABLE_MAGIC);
	put_le32(head + 4, p->table.len + sizeof(footer));
	put_le32(footer, p->nframes);
	footer[4] = 0; /* no checksums in the table: the frames have their own */
	put_le32(footer + 5, TABLE_MAGIC);
	return put(p, head, sizeof(head)) && put(p, p->table.data, p->table.len) &&
	       put(p, footer, sizeof(footer));
}
