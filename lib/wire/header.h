/* SPDX-License-Identifier: MIT */
/* header.h - the file header, "go 1.NN trace" and three NULs. Stands on io. */
#ifndef TT_WIRE_HEADER_H
#define TT_WIRE_HEADER_H

#include "io/source.h"

/*
 * Reads the header of a format v2 trace and moves behind it; *version is 22, 23,
 * 25 or 26. As lenient with blanks and leading zeros as Go's ReadHeader (format
 * reference, section 1). The error of something else says what it seems to be
 * (text, HTML, JSON, an ELF program, a pprof profile, an empty file...).
 * TT_E_NOT_A_TRACE, TT_E_VERSION, TT_E_V1, TT_E_CUT_OFF (a header cut short), and
 * those of the source.
 */
int tt_header_read(struct tt_source *src, unsigned *version, struct tt_error *err);

#endif
