/* SPDX-License-Identifier: MIT */
/*
 * partfile.h - one file that is written in parts: what is under its name at the end
 * is whole parts and nothing else. Private to the library.
 *
 * A regular file is written beside its place under a temporary name (tempfile.h). On
 * standard output, a device or a FIFO, bytes cannot be taken back: there the caller must
 * hold a part until it is whole.
 */
#ifndef TT_OUTPUT_PARTFILE_H
#define TT_OUTPUT_PARTFILE_H

#include "base/error.h"

struct tt_partfile;

/* `path` NULL: the standard output. `zstd`: each part is a frame of its own.
 * TT_E_IO, TT_E_MEMORY. */
int tt_partfile_open(struct tt_partfile **out, const char *path, bool zstd, struct tt_error *err);
/* Whether a part that is not whole can be written, and is not seen at the end. */
bool tt_partfile_takes_back(const struct tt_partfile *s);
/* TT_E_IO, TT_E_MEMORY; nothing can be written after it. */
int tt_partfile_write(struct tt_partfile *s, const void *data, size_t nbytes, struct tt_error *err);
/* The part is whole. The same codes. */
int tt_partfile_mark(struct tt_partfile *s, struct tt_error *err);
/* Of the file up to the last mark, and of what was written to it before it was packed. */
uint64_t tt_partfile_nbytes(const struct tt_partfile *s);
uint64_t tt_partfile_unpacked_nbytes(const struct tt_partfile *s);
/*
 * Drops what came after the last mark, syncs and renames; without a mark nothing is
 * left. Works after an error of writing too. TT_E_IO: what came is still under the
 * temporary name, which the message gives.
 */
int tt_partfile_finish(struct tt_partfile *s, struct tt_error *err);
/* The same as `path`, in the same folder, and nothing is replaced: TT_END if the name is
 * taken; then call it with another one. */
int tt_partfile_finish_new(struct tt_partfile *s, const char *path, struct tt_error *err);
/* Without tt_partfile_finish() nothing is left. NULL is a no-op. */
void tt_partfile_close(struct tt_partfile *s);

#endif
