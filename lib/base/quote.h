/* SPDX-License-Identifier: MIT */
/*
 * quote.h - UTF-8 as Go reads it, and which code points Go prints as they are.
 * For tt_quote() of tracetool.h. Base layer.
 */
#ifndef TT_BASE_QUOTE_H
#define TT_BASE_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The code point at p: returns its bytes, 1 to 4, or 0 if p begins no valid
 * sequence (stray, overlong, surrogate, above U+10FFFF, cut off); then Go takes
 * one byte by itself and goes on after it. p < end.
 */
size_t tt_utf8_next(const uint8_t *p, const uint8_t *end, uint32_t *code);

/* Go's strconv.IsPrint (Unicode 17). */
bool tt_printable(uint32_t code);

#endif
