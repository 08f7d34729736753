/* SPDX-License-Identifier: MIT */
/*
 * source.h - where bytes come from: a mapped file, memory, a pipe, or anything
 * that libarchive unpacks. Stands on base.
 *
 * A source hands out pointers to its bytes without copying where it can. All
 * bytes from the release mark on stay where they are: pointers into them live
 * until tt_source_release() moves the mark past them.
 *
 * Of an archive that can be read only once, a pipe, it shows behind the first file
 * whether there are others: then TT_E_MEMBER comes after its bytes. Input that
 * unfolds without measure is TT_E_INPUT. Bytes in front of damage are all handed out,
 * of zstd; of what libarchive unpacks up to 64 KiB (zip: 256 KiB, lz4 and bzip2: a
 * block) are lost with it. What the unpackers themselves need is not in `mem`: at
 * most 128 MiB for zstd, 1 GiB for xz.
 */
#ifndef TT_INPUT_SOURCE_H
#define TT_INPUT_SOURCE_H

#include "base/error.h"
#include "base/mem.h"

struct tt_source;

/*
 * Opens a path: a regular file that holds neither compressed data nor an archive is
 * mapped; all else streams. "archive.tar:member" opens that member if no file
 * has this name; `member` (may be NULL) names it outright. Codes: TT_E_IO,
 * TT_E_INPUT, TT_E_MEMBER, TT_E_MEMORY, TT_E_LIMIT. `mem` outlives the source.
 */
int tt_source_open_path(struct tt_source **out, const char *path, const char *member,
			struct tt_mem *mem, struct tt_error *err);
/* From the descriptor's position on; not closed. A plain regular file is mapped. */
int tt_source_open_fd(struct tt_source **out, int fd, const char *member, struct tt_mem *mem,
		      struct tt_error *err);
/* Not copied: the bytes outlive the source. Compressed or archived bytes are
 * unpacked, as for files. */
int tt_source_open_memory(struct tt_source **out, const void *data, size_t nbytes,
			  const char *member, struct tt_mem *mem, struct tt_error *err);
/* Streams what the function gives. */
int tt_source_open_input(struct tt_source **out, const struct tt_input *input, const char *member,
			 struct tt_mem *mem, struct tt_error *err);
/*
 * Opens the same bytes once more, at this offset. Where all of them lie in
 * memory only: else *out is NULL. `of` outlives it. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_source_open_again(struct tt_source **out, const struct tt_source *of, uint64_t offset,
			 struct tt_mem *mem, struct tt_error *err);
/* Lets a thread unpack ahead where that is of use; what comes out is the same. */
void tt_source_read_ahead(struct tt_source *s);
void tt_source_close(struct tt_source *s);

/*
 * Looks ahead from the position: *data points to *avail contiguous bytes, at
 * least `want`, fewer only at the end of the input. Does not move. 0, or
 * TT_E_IO, TT_E_INPUT, TT_E_MEMORY, TT_E_LIMIT: then what came before the error is
 * in *data and *avail all the same, and the error comes only when `want` cannot
 * be had.
 */
int tt_source_peek(struct tt_source *s, size_t want, const uint8_t **data, size_t *avail,
		   struct tt_error *err);
/*
 * As a peek for at most TT_GLANCE_MAX bytes, by a caller who may well pass over those
 * behind them: of a mapped file these need not become part of the memory. What *data
 * points to lives until the next glance, and *avail may stop short behind `want`.
 */
#define TT_GLANCE_MAX 64
int tt_source_glance(struct tt_source *s, size_t want, const uint8_t **data, size_t *avail,
		     struct tt_error *err);
/* Moves on by n bytes, which a peek has seen. */
void tt_source_skip(struct tt_source *s, size_t n);
/* Offset of the position from the start of the (unpacked) input. */
uint64_t tt_source_offset(const struct tt_source *s);
/* Moves the position to any offset from the release mark to what was peeked so far. */
void tt_source_seek(struct tt_source *s, uint64_t offset);
/* Bytes before `offset` (at most the position) are not needed any more. */
void tt_source_release(struct tt_source *s, uint64_t offset);
/* Whether its bytes are those of a plain file, which tt_source_reread() reads. */
bool tt_source_in_file(const struct tt_source *s);
/*
 * Bytes that a peek has seen, read from their file once more, to memory of the caller:
 * where looking at mapped pages costs more than a copy, as it does on many virtual
 * machines. False: they do not lie in a file, or cannot be read now. For any thread.
 */
bool tt_source_reread(const struct tt_source *s, const uint8_t *data, size_t n, void *to);
/* Of the input as it lies there: bytes read, and its size or 0 if unknown. */
void tt_source_progress(const struct tt_source *s, uint64_t *in_nbytes, uint64_t *in_total);

#endif
