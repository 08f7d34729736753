/* SPDX-License-Identifier: MIT */
/* options.h - struct tt_options as a caller of any size fills it in. Base layer. */
#ifndef TT_BASE_OPTIONS_H
#define TT_BASE_OPTIONS_H

#include "tracetool.h"

/*
 * Copies what the caller's struct holds (NULL: nothing), zeroes the rest, and
 * puts the default in the place of max_memory_nbytes 0. TT_E_ARGUMENT for a size
 * that cannot be, for flags of no meaning and for members beyond ours that are
 * set. `specs` stays NULL if the caller gives none.
 */
int tt_options_read(struct tt_options *out, const struct tt_options *in, struct tt_error *err);

#endif
