/* SPDX-License-Identifier: MIT */
/*
 * seekable.h - the table of zstd's seekable format: how large each frame of a file is, packed
 * and not. It is a frame that readers of zstd skip: a head, an entry for each frame, a footer;
 * numbers are little-endian. Source: zstd's contrib/seekable_format,
 * zstd_seekable_compression_format.md.
 */
#ifndef TT_BASE_SEEKABLE_H
#define TT_BASE_SEEKABLE_H

#include <stdint.h>

/* The head: this, and the size of what follows it, 4 bytes each. */
#define TT_SEEKABLE_HEAD_MAGIC UINT32_C(0x184d2a5e)
#define TT_SEEKABLE_HEAD_NBYTES 8
/* An entry: sizes packed and unpacked, and maybe a checksum, 4 bytes each. */
#define TT_SEEKABLE_ENTRY_NBYTES 8
#define TT_SEEKABLE_CHECKSUM_NBYTES 4
/* The footer: how many frames, 4 bytes; flags, 1 byte; this. */
#define TT_SEEKABLE_MAGIC UINT32_C(0x8f92eab1)
#define TT_SEEKABLE_FOOTER_NBYTES 9
#define TT_SEEKABLE_HAS_CHECKSUMS 0x80
#define TT_SEEKABLE_RESERVED 0x7c

/* Readers of the table take no more frames, and no larger ones. */
#define TT_SEEKABLE_MAX_FRAMES (UINT64_C(1) << 27)
#define TT_SEEKABLE_MAX_FRAME_NBYTES (UINT64_C(1) << 29)

static inline uint32_t tt_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void tt_put_le32(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

#endif
