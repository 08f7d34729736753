/* SPDX-License-Identifier: MIT */
/* seektable.c - the table of zstd's seekable format. */
#include "output/seektable.h"

#include <string.h>

/* Readers of the table take no more. */
#define MAX_FRAMES (UINT64_C(1) << 27)

#define SKIPPABLE_MAGIC UINT32_C(0x184d2a5e)
#define TABLE_MAGIC UINT32_C(0x8f92eab1)
#define HEAD_NBYTES 8
#define FOOTER_NBYTES 9
#define FIRST_NBYTES 2048

static void put_le32(uint8_t *to, uint64_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> 8 * i);
}

bool tt_seektable_init(struct tt_seektable *t)
{
	memset(t, 0, sizeof(*t));
	t->entries.mem = &t->mem;
	return tt_bytes_room(&t->entries, FIRST_NBYTES);
}

void tt_seektable_release(struct tt_seektable *t)
{
	tt_bytes_release(&t->entries);
}

void tt_seektable_add(struct tt_seektable *t, uint64_t npacked, uint64_t nbytes)
{
	uint8_t entry[8];

	t->given_up |= nbytes > TT_SEEKTABLE_MAX_FRAME || npacked > UINT32_MAX ||
		       t->nframes == MAX_FRAMES;
	if (t->given_up)
		return;
	put_le32(entry, npacked);
	put_le32(entry + 4, nbytes);
	/* (the head of the table comes before its entries) */
	t->given_up = (t->nframes++ == 0 &&
		       !tt_bytes_put(&t->entries, (const uint8_t[HEAD_NBYTES]){0}, HEAD_NBYTES)) ||
		      !tt_bytes_put(&t->entries, entry, sizeof(entry));
}

void tt_seektable_finish(struct tt_seektable *t, const uint8_t **out, size_t *nbytes)
{
	uint8_t footer[FOOTER_NBYTES];

	*out = NULL;
	*nbytes = 0;
	if (t->given_up || t->nframes == 0)
		return;
	put_le32(footer, t->nframes);
	footer[4] = 0; /* no checksums in the table: the frames have their own */
	put_le32(footer + 5, TABLE_MAGIC);
	if (!t->finished && !tt_bytes_put(&t->entries, footer, sizeof(footer)))
		return;
	t->finished = true;
	put_le32(t->entries.data, SKIPPABLE_MAGIC);
	put_le32(t->entries.data + 4, t->entries.len - HEAD_NBYTES);
	*out = t->entries.data;
	*nbytes = t->entries.len;
}
