/* SPDX-License-Identifier: MIT */
/*
 * signature.h - the 16 bytes that every writer puts in front of a trace, where they are looked
 * for among other bytes. header.h reads a header as leniently as Go does. Stands on base.
 */
#ifndef TT_WIRE_SIGNATURE_H
#define TT_WIRE_SIGNATURE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether a header is at p as every writer writes it, of any version: the only spelling that
 * is recognized inside a file. *version is what it says.
 */
bool tt_signature_is_here(const uint8_t *p, const uint8_t *end, unsigned *version);
/* Whether the input, which ends at `end`, is cut off inside of such a header, after `go 1.` */
bool tt_signature_is_cut(const uint8_t *p, const uint8_t *end);

#endif
