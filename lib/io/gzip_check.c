/* SPDX-License-Identifier: MIT */
/*
 * gzip_check.c - the checksums of gzip. Stands on base.
 *
 * A gzip file is one member or several. A member is a header (10 bytes and
 * more), deflate data, and a trailer: the CRC-32 and the size of what it unpacks to,
 * 4 bytes each. Where one member ends libarchive does not say; but the next one's
 * header gives itself away, and the trailer is what precedes it. So the trailers
 * of all members are put together to the checksum and size that all unpacked
 * bytes must have.
 */
#include "io/gzip_check.h"

#include <string.h>

#define TRAILER_NBYTES 8
#define HEADER_NBYTES 10
#define SEAM_NBYTES (TRAILER_NBYTES + HEADER_NBYTES - 1)
#define POLYNOMIAL 0xedb88320u /* bit 31 is x^0 */

struct tt_gzip_check {
	uint32_t table[8][256]; /* [k][b]: the CRC of byte b and k zero bytes */
	uint32_t crc;           /* of what was unpacked, inverted */
	uint64_t size;
	uint32_t stated_crc;    /* of the trailers so far, put together */
	uint32_t stated_size;   /* modulo 2^32 */
	uint64_t nmembers;
	uint8_t last[SEAM_NBYTES]; /* of the input; zeros before its start */
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

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ------------------------------------------------------------ the unpacked */

/* Eight bytes a step. */
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
	g->size += nbytes;
}

/* ------------------------------------------------------------ the trailers */

/* a * b modulo the polynomial. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;

	for (uint32_t bit = UINT32_C(1) << 31; bit != 0; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = b >> 1 ^ (b & 1 ? POLYNOMIAL : 0);
	}
	return product;
}

/* x^(8 * nbytes): what so many bytes behind it do to a checksum. */
static uint32_t shift_by(uint32_t nbytes)
{
	uint32_t result = UINT32_C(1) << 31, power = UINT32_C(1) << 23;

	for (; nbytes != 0; nbytes >>= 1) {
		if (nbytes & 1)
			result = multiply(result, power);
		power = multiply(power, power);
	}
	return result;
}

static void add_trailer(const uint8_t *p, uint32_t *crc, uint32_t *size)
{
	*crc = multiply(*crc, shift_by(le32(p + 4))) ^ le32(p);
	*size += le32(p + 4);
}

/* 1f 8b, deflate, no reserved flag, a time, a level as compressors write it, a
 * system that there is. By chance this comes once in some 2^37 bytes. */
static bool is_header(const uint8_t *p)
{
	return p[0] == 0x1f && p[1] == 0x8b && p[2] == 8 && p[3] < 0x20 &&
	       (p[8] == 0 || p[8] == 2 || p[8] == 4) && (p[9] <= 13 || p[9] == 255);
}

/* The first header counts too: with the zeros before it, an empty member. */
static void find_headers(struct tt_gzip_check *g, const uint8_t *p, size_t n)
{
	const uint8_t *end = p + n;

	if (n < SEAM_NBYTES + 1)
		return;
	p += TRAILER_NBYTES;
	while (end - p >= HEADER_NBYTES) {
		p = memchr(p, 0x1f, (size_t)(end - p) - HEADER_NBYTES + 1);
		if (p == NULL)
			return;
		if (is_header(p)) {
			add_trailer(p - TRAILER_NBYTES, &g->stated_crc, &g->stated_size);
			g->nmembers++;
		}
		p++;
	}
}

void tt_gzip_check_in(struct tt_gzip_check *g, const uint8_t *data, size_t nbytes)
{
	uint8_t seam[2 * SEAM_NBYTES];
	size_t n = nbytes < SEAM_NBYTES ? nbytes : SEAM_NBYTES;

	memcpy(seam, g->last, SEAM_NBYTES);
	memcpy(seam + SEAM_NBYTES, data, n);
	find_headers(g, seam, SEAM_NBYTES + n);
	find_headers(g, data, nbytes);
	memcpy(seam + SEAM_NBYTES, data + nbytes - n, n);
	memcpy(g->last, seam + n, SEAM_NBYTES);
}

bool tt_gzip_check_passed(const struct tt_gzip_check *g)
{
	uint32_t crc = g->stated_crc, size = g->stated_size;

	add_trailer(g->last + SEAM_NBYTES - TRAILER_NBYTES, &crc, &size);
	/* Trailers do not say by how many times 4 GiB a member is larger. */
	if (g->nmembers > 1 && g->size > UINT32_MAX)
		return true;
	return size == (uint32_t)g->size && crc == (g->crc ^ UINT32_MAX);
}
