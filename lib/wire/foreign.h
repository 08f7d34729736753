/* SPDX-License-Identifier: MIT */
/*
 * foreign.h - bytes in a file that are not a trace's: text, and what stands in front of a
 * trace. Stands on row.h.
 */
#ifndef TT_WIRE_FOREIGN_H
#define TT_WIRE_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of the character at p if a text may have it, in UTF-8; 0: it may not. */
size_t tt_text_char(const uint8_t *p, const uint8_t *end);
/* Whether bytes that are characters, or 0x80 and more, are a text in another encoding than UTF-8:
 * it begins with a character, and has as many ASCII letters, or more, as odd bytes. */
bool tt_text_odd_is_rare(const uint8_t *p, const uint8_t *end);
/*
 * Whether a text between two batches is one that a program prints, and not the end of a batch to
 * which bytes were added: that is short, and its last event often is a ProcStop, whose type is a
 * vertical tab. Without a line end, one character is text only if progress is shown with it.
 */
bool tt_text_is_print(const uint8_t *p, const uint8_t *end);
/* Whether all are such characters. */
bool tt_is_text(const uint8_t *p, const uint8_t *end);
/* Whether all are printable in ASCII, or blanks. */
bool tt_is_printable(const uint8_t *p, const uint8_t *end);
/* Whether none is a control byte that no text has. */
bool tt_is_like_text(const uint8_t *p, const uint8_t *end);
/* Whether a row of batches at p is made of letters: lines that begin with a 1, for example. The
 * last of them may go on into a real batch; but no real time is a letter, as it is in the first. */
bool tt_row_is_text(const uint8_t *p, const uint8_t *end);
/* How many blanks and line ends there are at p. */
size_t tt_blank_len(const uint8_t *p, const uint8_t *end);
/* How many zeros. */
size_t tt_zeros_len(const uint8_t *p, const uint8_t *end);

/* Enough for every answer of tt_name_text(). */
#define TT_TEXT_SIZE 128
/*
 * `text "..."` with the first line of a text that says something, at most 80 bytes of it, as
 * they are; or `a line end`, or `blanks`. False: it is no text.
 */
bool tt_name_text(const uint8_t *p, const uint8_t *end, char out[TT_TEXT_SIZE]);

/* ---- in front of a trace */

/* What is looked through for a trace. */
#define TT_FRONT_MAX ((size_t)16 << 20)

/* Where a trace begins that does not begin at p, with a header as Go writes it; NULL: nowhere
 * before `end`. */
const uint8_t *tt_front_end(const uint8_t *p, const uint8_t *end);

/* Enough for every answer of tt_front_name(). */
#define TT_FRONT_SIZE (TT_TEXT_SIZE + 80)
/*
 * What stands in front of a trace: `text "hello"`, `the header of an HTTP answer: text "HTTP/1.1
 * 200 OK"`, `a byte order mark`...
 */
void tt_front_name(const uint8_t *p, const uint8_t *end, char out[TT_FRONT_SIZE]);
/*
 * Whether chunks of HTTP begin at the end of these bytes: after a line with the size of the
 * first one, at *size_line.
 */
bool tt_front_is_chunked(const uint8_t *p, const uint8_t *end, const uint8_t **size_line);

#endif
