/* SPDX-License-Identifier: MIT */
/* gzip_check.c - CRC-32 of gzip, eight bytes a step. Stands on base. */
#include "io/gzip_check.h"

#include <string.h>

#define TRAILER_NBYTES 8
#define POLYNOMIAL 0xedb88320u

struct tt_gzip_check {
	uint32_t table[8][256]; /* [k][b]: the CRC of byte b and k zero bytes */
	uint32_t crc;
	uint32_t size;          /* modulo 2^32, as in the trailer */
	uint8_t last[TRAILER_NBYTES];
};

static void make_table(struct tt_gzip_check *g)
{
	for (uint32_t b = 0; b < 256; b++) {
		uint32_t crc = b;

		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		g->table[0][b] = crc;
	}
	for (size_t k = 1; k < 8; k++)
		for (size_t b = 0; b < 256; b++) {
			uint32_t crc = g->table[k - 1][b];

			g->table[k][b] = crc >> 8 ^ g->table[0][crc & 0xff];
		}
}

struct tt_gzip_check *tt_gzip_check_new(struct tt_mem *mem)
{
	struct tt_gzip_check *g = tt_mem_zalloc(mem, 1, sizeof(*g));

	if (g == NULL)
		return NULL;
	make_table(g);
	g->crc = UINT32_MAX;
	return g;
}

void tt_gzip_check_free(struct tt_mem *mem, struct tt_gzip_check *g)
{
	tt_mem_free(mem, g, sizeof(*g));
}

void tt_gzip_check_in(struct tt_gzip_check *g, const uint8_t *data, size_t nbytes)
{
	size_t n = nbytes < TRAILER_NBYTES ? nbytes : TRAILER_NBYTES;

	memmove(g->last, g->last + n, TRAILER_NBYTES - n);
	memcpy(g->last + TRAILER_NBYTES - n, data + nbytes - n, n);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

void tt_gzip_check_out(struct tt_gzip_check *g, const uint8_t *data, size_t nbytes)
{
	const uint8_t *p = data, *end = data + nbytes;
	uint32_t crc = g->crc;

	for (; end - p >= 8; p += 8) {
		uint32_t a = crc ^ le32(p), b = le32(p + 4);

		crc = g->table[7][a & 0xff] ^ g->table[6][a >> 8 & 0xff] ^
		      g->table[5][a >> 16 & 0xff] ^ g->table[4][a >> 24] ^
		      g->table[3][b & 0xff] ^ g->table[2][b >> 8 & 0xff] ^
		      g->table[1][b >> 16 & 0xff] ^ g->table[0][b >> 24];
	}
	for (; p < end; p++)
		crc = crc >> 8 ^ g->table[0][(crc ^ *p) & 0xff];
	g->crc = crc;
	g->size += (uint32_t)nbytes;
}

bool tt_gzip_check_passed(const struct tt_gzip_check *g)
{
	return le32(g->last + 4) != g->size || le32(g->last) == (g->crc ^ UINT32_MAX);
}
