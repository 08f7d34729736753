/* SPDX-License-Identifier: MIT */
/* seektable.c - the table of zstd's seekable format. */
#include "output/seektable.h"

#include <string.h>

#include "base/seekable.h"

#define FIRST_NBYTES 2048

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
	uint8_t entry[TT_SEEKABLE_ENTRY_NBYTES];

	t->given_up |= nbytes > TT_SEEKABLE_MAX_FRAME_NBYTES || npacked > UINT32_MAX ||
		       t->nframes == TT_SEEKABLE_MAX_FRAMES;
	if (t->given_up)
		return;
	tt_put_le32(entry, npacked);
	tt_put_le32(entry + 4, nbytes);
	/* (the head of the table comes before its entries) */
	t->given_up = (t->nframes++ == 0 &&
		       !tt_bytes_put(&t->entries, (const uint8_t[TT_SEEKABLE_HEAD_NBYTES]){0}, TT_SEEKABLE_HEAD_NBYTES)) ||
		      !tt_bytes_put(&t->entries, entry, sizeof(entry));
}

void tt_seektable_finish(struct tt_seektable *t, const uint8_t **out, size_t *nbytes)
{
	uint8_t footer[TT_SEEKABLE_FOOTER_NBYTES];

	*out = NULL;
	*nbytes = 0;
	if (t->given_up || t->nframes == 0)
		return;
	tt_put_le32(footer, t->nframes);
	footer[4] = 0; /* no checksums in the table: the frames have their own */
	tt_put_le32(footer + 5, TT_SEEKABLE_MAGIC);
	if (!t->finished && !tt_bytes_put(&t->entries, footer, sizeof(footer)))
		return;
	t->finished = true;
	tt_put_le32(t->entries.data, TT_SEEKABLE_HEAD_MAGIC);
	tt_put_le32(t->entries.data + 4, t->entries.len - TT_SEEKABLE_HEAD_NBYTES);
	*out = t->entries.data;
	*nbytes = t->entries.len;
}
