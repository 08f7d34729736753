/* SPDX-License-Identifier: MIT */
/*
 * source.h - where bytes come from: a mapped file, memory, a pipe, or anything
 * that libarchive unpacks. The folder needs only base:
 *
 *	source.c         opens a source, and moves its view (source_impl.h)
 *	source_map.c     a view of a whole file that is mapped
 *	source_file.c    bytes of such a file, read instead of looked at in the map
 *	stream.c         a view of bytes that arrive, kept in chunks
 *	readahead.c      a thread that fills such chunks
 *	feed.c           bytes in one direction, in layers:
 *	feed_file.c      the lowest one, a file, a pipe or memory
 *	feed_callback.c  or a function of the caller
 *	feed_filter.c    bytes that the library makes of those of another source
 *	feed_gzip.c      on top of it gzip,
 *	feed_zstd.c      zstd,
 *	frames.c         and the table of its frames,
 *	feed_archive.c   a handle of libarchive, for
 *	feed_unpack.c    other compressions, and
 *	feed_member.c    members of archives
 *	archive.c        the members of an archive as one source after the other
 *
 * A source hands out pointers to its bytes, without copying where it can. All
 * bytes from the release mark on keep their addresses: pointers into them live
 * until tt_source_release() moves the mark past them.
 *
 * An archive in a pipe can be read only once: whether there are members after the first
 * shows only then, so TT_E_MEMBER comes after the first one's bytes. Input that unpacks to
 * far more than traces do (feed.c) is TT_E_INPUT. Of damaged zstd data all bytes before the
 * damage are handed out; of what libarchive unpacks, up to 64 KiB before it are lost (zip:
 * 256 KiB, lz4 and bzip2: a block). What the unpackers need themselves does not count
 * in `mem`: at most 128 MiB for zstd, 1 GiB for xz.
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
/* Reads from the descriptor's position on and does not close it. A plain regular file is
 * mapped. */
int tt_source_open_fd(struct tt_source **out, int fd, const char *member, struct tt_mem *mem,
		      struct tt_error *err);
/* Not copied: the bytes outlive the source. Compressed or archived bytes are
 * unpacked, as for files. */
int tt_source_open_memory(struct tt_source **out, const void *data, size_t nbytes,
			  const char *member, struct tt_mem *mem, struct tt_error *err);
/* Streams what the caller's function gives. */
int tt_source_open_input(struct tt_source **out, const struct tt_input *input, const char *member,
			 struct tt_mem *mem, struct tt_error *err);
/*
 * Opens the same bytes once more, at this offset: only where all of them are in memory or
 * mapped, otherwise *out is NULL. `of` outlives it. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_source_open_again(struct tt_source **out, const struct tt_source *of, uint64_t offset,
			 struct tt_mem *mem, struct tt_error *err);
/*
 * Opens nbytes of it from `offset` on, as a source that begins at 0: under the same condition,
 * and the bytes must be there.
 */
int tt_source_open_range(struct tt_source **out, const struct tt_source *of, uint64_t offset,
			 uint64_t nbytes, struct tt_mem *mem, struct tt_error *err);

/*
 * Makes bytes of others: `read` gives 1 to `room` bytes, or *got 0 at the end, or returns an
 * error, after which it is not called again.
 */
struct tt_source_filter {
	int (*read)(void *arg, uint8_t *buf, size_t room, size_t *got, struct tt_error *err);
	void *arg;
	uint64_t offset;        /* of the first byte that it gives */
};
/* Streams what a filter gives, as it is. The filter's arg outlives the source. TT_E_MEMORY,
 * TT_E_LIMIT. */
int tt_source_open_filter(struct tt_source **out, const struct tt_source_filter *filter,
			  struct tt_mem *mem, struct tt_error *err);
/* Whether all bytes are in memory or mapped, so that it can be opened again. */
bool tt_source_is_whole(const struct tt_source *s);
/* Lets a thread unpack ahead where that helps; the bytes are the same. */
void tt_source_read_ahead(struct tt_source *s);
void tt_source_close(struct tt_source *s);

/*
 * Shows what follows the position: *data points to *avail contiguous bytes, at
 * least `want`, fewer only at the end of the input. Does not move. 0, or
 * TT_E_IO, TT_E_INPUT, TT_E_MEMORY, TT_E_LIMIT: then what came before the error is
 * in *data and *avail all the same. The error comes only if there are fewer than `want`
 * bytes before it.
 */
int tt_source_peek(struct tt_source *s, size_t want, const uint8_t **data, size_t *avail,
		   struct tt_error *err);
/*
 * A peek at no more than TT_PEEK_HEADER_MAX bytes, for a caller that may then skip what
 * follows them: of a mapped file, pages that are skipped this way are never read in. What
 * *data points to lives until the next such call, and *avail may be no more than `want`.
 */
#define TT_PEEK_HEADER_MAX 64
int tt_source_peek_header(struct tt_source *s, size_t want, const uint8_t **data, size_t *avail,
		     struct tt_error *err);
/* Moves on by n bytes, which a peek has shown. */
void tt_source_skip(struct tt_source *s, size_t n);
/* Offset of the position from the start of the (unpacked) input. */
uint64_t tt_source_offset(const struct tt_source *s);
/*
 * Whether a frame of a zstd file begins at the position, and ends where the table of zstd's
 * seekable format says: *end is that offset.
 */
bool tt_source_frame_end(const struct tt_source *s, uint64_t *end);
/*
 * Moves to that offset, or back from there, without what is between; if it was not unpacked yet,
 * it never is. What comes before is released. TT_E_IO, TT_E_MEMORY. A source that is whole can
 * move to any offset that it has, and this does not fail.
 */
int tt_source_jump(struct tt_source *s, uint64_t offset, struct tt_error *err);
/* Moves the position to any offset from the release mark to what was peeked so far. */
void tt_source_seek(struct tt_source *s, uint64_t offset);
/* Bytes before `offset` (at most the position) are no longer needed. */
void tt_source_release(struct tt_source *s, uint64_t offset);
/* Whether its bytes are those of a plain file, so that tt_source_reread() can work. */
bool tt_source_in_file(const struct tt_source *s);
/*
 * Reads bytes that a peek has shown from their file once more, into the caller's memory:
 * for where the first access to a mapped page costs more than a copy, as it does on many
 * virtual machines. False: they are not in a file, or cannot be read now. Any thread may
 * call it.
 */
bool tt_source_reread(const struct tt_source *s, const uint8_t *data, size_t n, void *to);
/* Of the input before it is unpacked: bytes read, and its size or 0 if unknown. */
void tt_source_progress(const struct tt_source *s, uint64_t *in_nbytes, uint64_t *in_total);
/* What was unpacked, as tt_reader_container(). */
bool tt_source_container(const struct tt_source *s, size_t i, struct tt_container *out);

#endif
