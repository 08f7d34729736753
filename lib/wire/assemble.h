/* SPDX-License-Identifier: MIT */
/*
 * assemble.h - the raw text form back to bytes. Stands on spec and the framing of
 * wire. This is the whole text at once; tracetool.h has the same piece by piece.
 *
 * The text is what tt_wire_format() writes, behind a line `Trace Go1.NN`; NN is a
 * version of format v2. tracetool-format(5) describes it. What a person who
 * writes a trace by hand may do besides:
 *
 * - blanks at both ends of a line and between its parts, empty lines, and
 *   comments from a `#` to the end of the line;
 * - numbers as 0x1f, and as -1 for 2^64 - 1;
 * - leave out the `size` of an EventBatch: then it holds all events up to the next
 *   batch or end mark. A `size` that is given is written as it is, true or not;
 * - leave out the `nframes` of a Stack. One that is given must be true.
 *
 * Numbers are written in their shortest form, but for the size of a batch: that
 * takes 10 bytes, as in the traces that Go programs write, so that these come
 * out of their own text byte for byte. An event that the version does not have
 * is written all the same.
 */
#ifndef TT_WIRE_ASSEMBLE_H
#define TT_WIRE_ASSEMBLE_H

#include "base/bytes.h"
#include "base/error.h"
#include "tracetool.h"

/*
 * Appends the trace to *out. An error's message is "LINE:COLUMN: reason", both
 * counted from 1, columns in bytes. TT_E_SPEC for mistakes in the text,
 * TT_E_MEMORY, TT_E_LIMIT; then *out holds what came before.
 */
int tt_assemble(const struct tt_specs *specs, const char *text, size_t len, struct tt_bytes *out,
		struct tt_error *err);

#endif
