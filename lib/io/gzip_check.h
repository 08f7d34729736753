/* SPDX-License-Identifier: MIT */
/*
 * gzip_check.h - holds unpacked gzip data against their trailers, which
 * libarchive reads over: damage that still decodes would go unseen. Private to
 * io; stands on base.
 */
#ifndef TT_IO_GZIP_CHECK_H
#define TT_IO_GZIP_CHECK_H

#include "base/mem.h"

struct tt_gzip_check;

/* NULL: tt_mem_code(). */
struct tt_gzip_check *tt_gzip_check_new(struct tt_mem *mem);
/* NULL is a no-op. */
void tt_gzip_check_free(struct tt_mem *mem, struct tt_gzip_check *g);

/* Compressed bytes, and unpacked ones, as they come. */
void tt_gzip_check_in(struct tt_gzip_check *g, const uint8_t *data, size_t nbytes);
void tt_gzip_check_out(struct tt_gzip_check *g, const uint8_t *data, size_t nbytes);

/* At the end of both, nothing following the last trailer: does all fit? */
bool tt_gzip_check_passed(const struct tt_gzip_check *g);

#endif
