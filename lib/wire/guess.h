/* SPDX-License-Identifier: MIT */
/* guess.h - what a file seems to be that has no header of a trace. Stands on base. */
#ifndef TT_WIRE_GUESS_H
#define TT_WIRE_GUESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Enough for every answer: of a text, 80 bytes are quoted. */
#define TT_GUESS_SIZE 512

/*
 * Looks at the first bytes of a file and writes what it seems to be, for "it seems to be
 * ...": "a pprof profile", or "text: " and the beginning of its first line in double quotes,
 * as it is but for tabs, which become blanks. False: there is no telling.
 */
bool tt_guess(const uint8_t *p, const uint8_t *end, char out[TT_GUESS_SIZE]);

/* How much of a line is quoted: at most so many bytes, and no part of a character. */
#define TT_GUESS_LINE 80
size_t tt_guess_line_len(const uint8_t *p, const uint8_t *end);

#endif
