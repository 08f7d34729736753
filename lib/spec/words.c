/* SPDX-License-Identifier: MIT */
/* words.c - the words of a line, and which known word one is most like. Base only. */
#include "spec/parse.h"

#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* ------------------------------------------------------------------- UTF-8 */

/* What may follow each first byte: Unicode 17, table 3-7. */
static const struct utf8_row {
	uint8_t first, last; /* first bytes of this row */
	uint8_t min, max; /* of the second byte */
	uint8_t nmore; /* bytes after the first */
} utf8_rows[] = {
	{0x20, 0x7e, 0, 0, 0},
	{0x09, 0x09, 0, 0, 0},
	{0xc2, 0xc2, 0xa0, 0xbf, 1}, /* 0x80 to 0x9f are control characters */
	{0xc3, 0xdf, 0x80, 0xbf, 1},
	{0xe0, 0xe0, 0xa0, 0xbf, 2},
	{0xe1, 0xec, 0x80, 0xbf, 2},
	{0xed, 0xed, 0x80, 0x9f, 2},
	{0xee, 0xef, 0x80, 0xbf, 2},
	{0xf0, 0xf0, 0x90, 0xbf, 3},
	{0xf1, 0xf3, 0x80, 0xbf, 3},
	{0xf4, 0xf4, 0x80, 0x8f, 3},
};

/* The length of the character at text, or 0 if it may not stand in a spec. */
static size_t character(const char *text, size_t len)
{
	uint8_t c = (uint8_t)text[0];
	const struct utf8_row *row = utf8_rows;
	const struct utf8_row *end = row + sizeof(utf8_rows) / sizeof(utf8_rows[0]);
	size_t i;

	while (row < end && (c < row->first || c > row->last))
		row++;
	if (row == end || row->nmore >= len)
		return 0;
	for (i = 1; i <= row->nmore; i++) {
		uint8_t more = (uint8_t)text[i];

		if (more < (i == 1 ? row->min : 0x80) || more > (i == 1 ? row->max : 0xbf))
			return 0;
	}
	return 1u + row->nmore;
}

void tt_spec_clean(char *text)
{
	size_t len = strlen(text), i, n;

	for (i = 0; i < len; i += n) {
		n = character(text + i, len - i);
		if (n == 0) {
			text[i] = '?';
			n = 1;
		}
	}
}

static void check_text(struct tt_spec_line *line, const char *text, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = character(text + i, len - i);

		if (n == 0) {
			line->rule = "bad-byte";
			line->problem =
				(uint8_t)text[i] < 0x20 || text[i] == 0x7f
					? "a control byte: expected text"
					: "bytes that are not UTF-8: save the file as UTF-8";
			line->problem_column = (unsigned)i + 1;
			return;
		}
		i += n;
	}
}

/* ------------------------------------------------------------------- words */

static void add_word(struct tt_spec_line *line, struct tt_spec_word word)
{
	if (line->nwords == TT_SPEC_MAX_WORDS) {
		if (line->rule == NULL) {
			line->rule = "extra-word";
			line->problem = "no clause has so many words";
			line->problem_column = word.column;
		}
		return;
	}
	line->words[line->nwords++] = word;
}

/* text[at] is the quote; returns the position behind the closing one. */
static size_t split_quoted(struct tt_spec_line *line, char *text, size_t len, size_t at)
{
	char *from = text + at + 1;
	char *end = memchr(from, '"', len - at - 1);

	if (end == NULL) {
		if (line->rule == NULL) {
			line->rule = "open-quote";
			line->problem = "no closing quote: expected another \" in this line";
			line->problem_column = (unsigned)at + 1;
		}
		return len;
	}
	*end = '\0';
	add_word(line, (struct tt_spec_word){from, (size_t)(end - from), (unsigned)at + 1, true});
	return (size_t)(end - text) + 1;
}

/* Returns the position behind the word, and behind a comma that follows it. */
static size_t split_bare(struct tt_spec_line *line, char *text, size_t len, size_t at)
{
	size_t end = at;
	bool comma;

	while (end < len && !is_blank(text[end]) && text[end] != ',')
		end++;
	comma = end < len && text[end] == ',';
	text[end] = '\0';
	if (end > at)
		add_word(line, (struct tt_spec_word){text + at, end - at, (unsigned)at + 1, false});
	if (comma)
		add_word(line, (struct tt_spec_word){",", 1, (unsigned)end + 1, false});
	return end + 1;
}

static size_t skip_blanks(const char *text, size_t len, size_t at)
{
	while (at < len && is_blank(text[at]))
		at++;
	return at;
}

/* The rest of the line as one word. */
static void split_plain(struct tt_spec_line *line, char *text, size_t len, size_t at)
{
	at = skip_blanks(text, len, at < len ? at : len);
	if (at < len)
		add_word(line, (struct tt_spec_word){text + at, len - at, (unsigned)at + 1, false});
}

void tt_spec_split(struct tt_spec_line *line, char *text, size_t len, const char *plain)
{
	size_t at;

	while (len > 0 && (is_blank(text[len - 1]) || text[len - 1] == '\r'))
		len--;
	line->nwords = 0;
	line->rule = NULL;
	line->end_column = (unsigned)len + 1;
	at = skip_blanks(text, len, 0);
	if (at == len || text[at] == '#')
		return;
	text[len] = '\0';
	check_text(line, text, len);
	while (at < len && text[at] != '#') {
		if (text[at] == '"')
			at = split_quoted(line, text, len, at);
		else
			at = split_bare(line, text, len, at);
		if (line->nwords == 1 && strcmp(line->words[0].text, plain) == 0) {
			split_plain(line, text, len, at);
			return;
		}
		at = skip_blanks(text, len, at);
	}
}

/* ----------------------------------------------------------------- nearest */

/* Words longer than this are like no other. */
#define MAX_LIKE 40
/* No more changes than this are taken for a slip. */
#define MAX_SLIPS 3

static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned min_of(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/*
 * Letters to insert, drop, replace or swap with their neighbour to make one
 * word of the other (optimal string alignment); case does not count.
 */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned rows[3][MAX_LIKE + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2], *spare;
	size_t i, j;

	for (j = 0; j <= nb; j++)
		above[j] = (unsigned)j;
	for (i = 1; i <= na; i++) {
		row[0] = (unsigned)i;
		for (j = 1; j <= nb; j++) {
			bool same = fold(a[i - 1]) == fold(b[j - 1]);

			row[j] = min_of(above[j - 1] + !same, 1 + min_of(above[j], row[j - 1]));
			if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2]) &&
			    fold(a[i - 2]) == fold(b[j - 1]))
				row[j] = min_of(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = above;
		above = row;
		row = spare;
	}
	return above[nb];
}

const char *tt_spec_nearest(const char *word, const char *const *candidates, size_t n)
{
	size_t len = strnlen(word, MAX_LIKE + 1);
	unsigned best = min_of((unsigned)(len + 2) / 3, MAX_SLIPS) + 1;
	const char *nearest = NULL;
	size_t i;

	if (len > MAX_LIKE)
		return NULL;
	best = min_of(best, (unsigned)len);
	for (i = 0; i < n; i++) {
		size_t clen = strlen(candidates[i]);
		unsigned d;

		if (clen > len + MAX_SLIPS || len > clen + MAX_SLIPS || clen > MAX_LIKE)
			continue;
		d = distance(word, len, candidates[i], clen);
		if (d < best) {
			best = d;
			nearest = candidates[i];
		}
	}
	return nearest;
}
