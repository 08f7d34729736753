/* SPDX-License-Identifier: MIT */
/* frames.c - reads the table of a zstd file's frames, and holds it against the frames. */
#include "input/frames.h"

#include "base/seekable.h"

#define ZSTD_MAGIC UINT32_C(0xfd2fb528)
#define ZSTD_MAX_HEADER 18
#define ENTRY_MAX (TT_SEEKABLE_ENTRY_NBYTES + TT_SEEKABLE_CHECKSUM_NBYTES)

/* ---- the table */

struct table {
	uint64_t begin;         /* of its entries, in the file */
	size_t n;
	size_t entry_nbytes;
};

static bool find_table(struct tt_feed *file, struct table *out)
{
	uint8_t footer[TT_SEEKABLE_FOOTER_NBYTES], head[TT_SEEKABLE_HEAD_NBYTES];
	uint64_t most = file->size, body;

	if (most < sizeof(head) + sizeof(footer) ||
	    !file->ops->read_at(file, most - sizeof(footer), footer, sizeof(footer)) ||
	    tt_le32(footer + 5) != TT_SEEKABLE_MAGIC || (footer[4] & TT_SEEKABLE_RESERVED) != 0)
		return false;
	out->n = tt_le32(footer);
	out->entry_nbytes = TT_SEEKABLE_ENTRY_NBYTES;
	if ((footer[4] & TT_SEEKABLE_HAS_CHECKSUMS) != 0)
		out->entry_nbytes += TT_SEEKABLE_CHECKSUM_NBYTES;
	body = out->n * (uint64_t)out->entry_nbytes + sizeof(footer);
	if (out->n > TT_SEEKABLE_MAX_FRAMES || body > most - sizeof(head))
		return false;
	out->begin = most - body;
	return file->ops->read_at(file, out->begin - sizeof(head), head, sizeof(head)) &&
	       tt_le32(head) == TT_SEEKABLE_HEAD_MAGIC && tt_le32(head + 4) == body;
}

/* False: the sizes are not those of all that comes before the table. */
static bool read_entries(struct tt_feed *file, const struct table *table,
			 struct tt_frame_start *starts)
{
	uint8_t entries[128 * ENTRY_MAX];
	struct tt_frame_start at = {0, 0};

	for (size_t i = 0; i < table->n; i++) {
		size_t k = i % 128;
		size_t n = table->n - i < 128 ? table->n - i : 128;

		if (k == 0 && !file->ops->read_at(file, table->begin + i * table->entry_nbytes,
						  entries, n * table->entry_nbytes))
			return false;
		starts[i] = at;
		at.packed += tt_le32(entries + k * table->entry_nbytes);
		at.plain += tt_le32(entries + k * table->entry_nbytes + 4);
	}
	starts[table->n] = at;
	return at.packed == table->begin - TT_SEEKABLE_HEAD_NBYTES;
}

void tt_frames_find(struct tt_frames *f, struct tt_feed *file)
{
	struct table table;

	if (f->sought)
		return;
	f->sought = true;
	if (file->ops->read_at == NULL || !find_table(file, &table))
		return;
	f->starts = tt_mem_alloc(file->mem, (table.n + 1) * sizeof(*f->starts));
	if (f->starts == NULL)
		return;
	f->n = table.n;
	if (!read_entries(file, &table, f->starts))
		tt_frames_release(f, file->mem);
}

void tt_frames_release(struct tt_frames *f, struct tt_mem *mem)
{
	if (f->starts != NULL)
		tt_mem_free(mem, f->starts, (f->n + 1) * sizeof(*f->starts));
	f->starts = NULL;
	f->n = 0;
}

/* ---- a frame */

/*
 * The header of a frame: magic, 4 bytes; a byte that says which of these follow: window, the
 * number of a dictionary, the size unpacked. False: it gives no size.
 */
static bool parse_header(const uint8_t *p, uint64_t *nbytes, uint64_t *plain, bool *checksum)
{
	static const uint8_t dictionaries[] = {0, 1, 2, 4}, sizes[] = {0, 2, 4, 8};
	bool single = (p[4] >> 5 & 1) != 0;
	unsigned n = p[4] >> 6 == 0 && single ? 1u : sizes[p[4] >> 6];
	unsigned at = (single ? 5u : 6u) + dictionaries[p[4] & 3];

	if (tt_le32(p) != ZSTD_MAGIC || n == 0)
		return false;
	*plain = n == 2 ? 256 : 0;
	for (unsigned i = 0; i < n; i++)
		*plain += (uint64_t)p[at + i] << 8 * i;
	*nbytes = at + n;
	*checksum = (p[4] >> 2 & 1) != 0;
	return true;
}

/* Goes from block to block: a header of 3 bytes has the size of each. */
static bool find_end(struct tt_feed *file, uint64_t at, uint64_t end, uint64_t *out)
{
	uint8_t head[3];
	bool last = false;

	while (!last) {
		uint32_t block;

		if (at > end || end - at < sizeof(head) ||
		    !file->ops->read_at(file, at, head, sizeof(head)))
			return false;
		block = (uint32_t)head[0] | (uint32_t)head[1] << 8 | (uint32_t)head[2] << 16;
		last = (block & 1) != 0;
		/* (one kind is a byte that is repeated) */
		at += sizeof(head) + ((block >> 1 & 3) == 1 ? 1 : block >> 3);
	}
	*out = at;
	return true;
}

static bool is_true(struct tt_feed *file, const struct tt_frame_start *frame)
{
	uint8_t header[ZSTD_MAX_HEADER];
	uint64_t nbytes, plain, end;
	bool checksum;

	/* (a table comes after it, so there are so many bytes) */
	return frame[1].packed - frame[0].packed > sizeof(header) &&
	       file->ops->read_at(file, frame[0].packed, header, sizeof(header)) &&
	       parse_header(header, &nbytes, &plain, &checksum) &&
	       plain == frame[1].plain - frame[0].plain &&
	       find_end(file, frame[0].packed + nbytes, frame[1].packed, &end) &&
	       end + (checksum ? 4 : 0) == frame[1].packed;
}

const struct tt_frame_start *tt_frames_start(const struct tt_frames *f, uint64_t plain)
{
	size_t low = 0, high = f->n == 0 ? 0 : f->n + 1;

	/* the last that begins there: empty ones may come first */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (f->starts[middle].plain <= plain)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 || f->starts[low - 1].plain != plain ? NULL : &f->starts[low - 1];
}

const struct tt_frame_start *tt_frames_at(const struct tt_frames *f, struct tt_feed *file,
					  uint64_t plain)
{
	const struct tt_frame_start *start = tt_frames_start(f, plain);

	return start == NULL || start == &f->starts[f->n] || !is_true(file, start) ? NULL : start;
}
