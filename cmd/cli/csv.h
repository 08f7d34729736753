/* SPDX-License-Identifier: MIT */
/*
 * csv.h - cells of comma-separated values (RFC 4180) onto an out's cursor. Texts of the
 * trace are escaped as in text output, so that a record is always one line. Command
 * layer, on out.h.
 */
#ifndef CMD_CLI_CSV_H
#define CMD_CLI_CSV_H

#include "out.h"

/*
 * Whether a text of up to 256 bytes is printable ASCII that needs neither quotes nor
 * escapes: eight bytes at a time, since nearly all texts are.
 */
static inline bool csv_is_plain(struct tt_str s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t odd = 0;
	size_t i = 0;

	if (s.len > 256)
		return false;
	for (; i + 8 <= s.len; i += 8) {
		uint64_t w, comma, quote, backslash;

		memcpy(&w, s.data + i, 8);
		comma = w ^ ones * ',';
		quote = w ^ ones * '"';
		backslash = w ^ ones * '\\';
		/* not ASCII, DEL, below the blank, or 0 after the exclusive or; it may also say so
		   of a byte above such a one */
		odd |= w | (w + ones) | (w - ones * ' ') | (comma - ones) | (quote - ones) |
		       (backslash - ones);
	}
	for (; i < s.len; i++) {
		char c = s.data[i];

		if (c < ' ' || c > '~' || c == ',' || c == '"' || c == '\\')
			return false;
	}
	return (odd & tops) == 0;
}

/* A cell of text, escaped, in quotes if need be. */
char *csv_any_text(struct out *o, char *p, struct tt_str s);
static inline char *csv_text(struct out *o, char *p, struct tt_str s)
{
	if (s.len == 0)
		return p;
	if (csv_is_plain(s))
		return put_mem(out_room(o, p), s.data, s.len);
	return csv_any_text(o, p, s);
}
/* The same of a text that is escaped already. */
char *csv_escaped(struct out *o, char *p, struct tt_str s);

#endif
