/* SPDX-License-Identifier: MIT */
/*
 * assemble.h - the raw text form back to bytes. Stands on spec.
 *
 * The text is what tt_wire_format() writes, behind a line "Trace Go1.NN". Numbers
 * are written minimal, but for batch sizes if `size` is left out (see
 * tracetool-format(5)).
 */
#ifndef TT_WIRE_ASSEMBLE_H
#define TT_WIRE_ASSEMBLE_H

#include "base/error.h"
#include "base/mem.h"
#include "tracetool.h"

struct tt_bytes {
	struct tt_mem *mem;
	uint8_t *data;
	size_t len, cap;
};

/* Appends the trace to *out. An error's message is "LINE:COLUMN: reason".
 * TT_E_SPEC for mistakes in the text, TT_E_MEMORY, TT_E_LIMIT. */
int tt_assemble(const struct tt_specs *specs, const char *text, size_t len, struct tt_bytes *out,
		struct tt_error *err);

#endif
