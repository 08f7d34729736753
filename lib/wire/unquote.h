/* SPDX-License-Identifier: MIT */
/* unquote.h - back from what tt_quote() writes. */
#ifndef TT_WIRE_UNQUOTE_H
#define TT_WIRE_UNQUOTE_H

#include <stddef.h>
#include <stdint.h>

/* Most bytes that one step of tt_unquote() gives. */
#define TT_UNQUOTE_MAX 4

/*
 * Takes one character or escape of a quoted text, before `end`: writes its bytes
 * (UTF-8 for \u and \U, one byte for \x and octal), sets *n, and returns the
 * place after it. NULL for an escape that Go does not have, that is cut short, or
 * that names no code point. Bytes that are no escape stand for themselves, valid
 * UTF-8 or not.
 */
const char *tt_unquote(const char *p, const char *end, uint8_t out[TT_UNQUOTE_MAX], size_t *n);

#endif
