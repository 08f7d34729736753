/* SPDX-License-Identifier: MIT */
/*
 * archive.h - the member that a tt_archive is at, as a source. Stands on source.h.
 */
#ifndef TT_INPUT_ARCHIVE_H
#define TT_INPUT_ARCHIVE_H

#include "input/source.h"

/*
 * Once for each member. A member of up to TT_MEMBER_HELD_NBYTES is read into memory of the
 * source, if its account has room; a larger one streams, and the archive is in use until the
 * source is closed. TT_E_IO, TT_E_INPUT, TT_E_MEMBER, TT_E_MEMORY, TT_E_LIMIT.
 */
#define TT_MEMBER_HELD_NBYTES ((size_t)16 << 20)
int tt_source_open_archived(struct tt_source **out, struct tt_archive *a, struct tt_mem *mem,
			    struct tt_error *err);

#endif
