/* SPDX-License-Identifier: MIT */
/*
 * packer.c - a trace as zstd, a frame for each generation, with a table of the frames at its
 * end (seektable.h).
 */
#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/error.h"
#include "base/seekable.h"
#include "output/seektable.h"
#include "tracetool_write.h"

/* What ZSTD_CStreamOutSize() gives: room for any block. */
#define PACKED_NBYTES ((size_t)(128 << 10) + 1024)

/* A frame that says its size is one that our reader can pass over, by the table. */
#define HELD_NBYTES ((size_t)128 << 20)

struct tt_packer {
	struct tt_sink to;
	ZSTD_CCtx *zstd;
	struct tt_seektable table;
	uint64_t nbytes, npacked; /* of the frame at hand */
	struct tt_mem mem;
	struct tt_bytes held;   /* all of it so far, unless `begun` */
	bool begun;             /* to be packed: it is too large to be held */
	bool failed;
	uint8_t packed[PACKED_NBYTES];
};

int tt_packer_new(struct tt_packer **out, const struct tt_sink *to, struct tt_error *err)
{
	struct tt_packer *p = calloc(1, sizeof(*p));

	*out = NULL;
	if (p != NULL)
		p->zstd = ZSTD_createCCtx();
	if (p == NULL || p->zstd == NULL || !tt_seektable_init(&p->table)) {
		tt_packer_free(p);
		return tt_fail(err, TT_E_MEMORY, "no memory to compress");
	}
	(void)ZSTD_CCtx_setParameter(p->zstd, ZSTD_c_checksumFlag, 1);
	p->held.mem = &p->mem;
	p->to = *to;
	*out = p;
	return TT_OK;
}

void tt_packer_free(struct tt_packer *p)
{
	if (p == NULL)
		return;
	ZSTD_freeCCtx(p->zstd);
	tt_bytes_release(&p->held);
	tt_seektable_release(&p->table);
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

bool tt_packer_end_frame(struct tt_packer *p)
{
	if (p->failed || p->nbytes + p->held.len == 0)
		return !p->failed;
	if (!p->begun)
		(void)ZSTD_CCtx_setPledgedSrcSize(p->zstd, p->held.len);
	if (!pack(p, p->held.data, p->held.len, ZSTD_e_end))
		return false;
	p->held.len = 0;
	p->begun = false;
	tt_seektable_add(&p->table, p->npacked, p->nbytes);
	p->nbytes = p->npacked = 0;
	return true;
}

/* False: failed. */
static bool hold(struct tt_packer *p, const void *data, size_t nbytes)
{
	return tt_bytes_put(&p->held, data, nbytes) || fail(p, ENOMEM);
}

/* What is held, too, goes into a frame that does not say its size. */
static bool begin(struct tt_packer *p)
{
	size_t n = p->held.len;

	p->begun = true;
	p->held.len = 0;
	return pack(p, p->held.data, n, ZSTD_e_continue);
}

bool tt_packer_write(struct tt_packer *p, const void *data, size_t nbytes)
{
	const uint8_t *at = data;

	if (!p->failed && !p->begun && nbytes <= HELD_NBYTES - p->held.len)
		return hold(p, data, nbytes);
	if (!p->failed && !p->begun && !begin(p))
		return false;
	while (!p->failed && nbytes != 0) {
		uint64_t room = TT_SEEKABLE_MAX_FRAME_NBYTES - p->nbytes;
		size_t n = nbytes < room ? nbytes : (size_t)room;

		if (!pack(p, at, n, ZSTD_e_continue))
			break;
		at += n;
		nbytes -= n;
		if (p->nbytes == TT_SEEKABLE_MAX_FRAME_NBYTES)
			tt_packer_end_frame(p);
	}
	return !p->failed;
}

bool tt_packer_finish(struct tt_packer *p)
{
	const uint8_t *table;
	size_t nbytes;

	if (!tt_packer_end_frame(p))
		return false;
	tt_seektable_finish(&p->table, &table, &nbytes);
	return put(p, table, nbytes);
}
