/* SPDX-License-Identifier: MIT */
/* header.h - the file header, "go 1.NN trace" and three NULs. */
#ifndef TT_WIRE_HEADER_H
#define TT_WIRE_HEADER_H

#include "input/source.h"

/*
 * Reads the header of a trace and moves past it; *version is 22, 23, 25 or 26, or of
 * format v1, 11, 19 or 21. As lenient with blanks and leading zeros as Go's ReadHeader (format
 * reference, section 1), but a header of more than 4 KiB is none.
 * TT_E_NOT_A_TRACE, TT_E_VERSION, TT_E_CUT_OFF (a header cut short), and those of the source; err->offset is that of the first byte that fits no
 * header.
 *
 * The message's first line is Go's, word for word: `bad file format: not a Go
 * execution trace?` for TT_E_NOT_A_TRACE and TT_E_CUT_OFF, `unknown or unsupported
 * trace version go 1.N` for TT_E_VERSION. Of the former two a second line, after
 * a newline, says where in the first 4 KiB a trace begins, or what the file seems to be (empty,
 * cut short, text, HTML, JSON,
 * an ELF program, a pprof profile...).
 */
int tt_header_read(struct tt_source *src, unsigned *version, struct tt_error *err);

#endif
