/* SPDX-License-Identifier: MIT */
/*
 * lexer.c - a line into words, and the words one by one for the clauses. Stands on
 * mistakes.c and nearest.c.
 */
#include "spec/parse.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void check_text(struct tt_spec_line *line, const char *text, size_t len)
{
	size_t i = 0;

	while (i < len) {
		size_t n = tt_spec_character(text + i, len - i);

		if (n == 0) {
			line->rule = "bad-byte";
			line->problem =
				(uint8_t)text[i] < 0x20 || text[i] == 0x7f
					? "a control character: only text is allowed"
					: "bytes that are not UTF-8: save the file as UTF-8";
			line->problem_column = (unsigned)i + 1;
			return;
		}
		i += n;
	}
}

/* ---------------------------------------------------------- a line into words */

static void add_word(struct tt_spec_line *line, struct tt_spec_word word)
{
	if (line->nwords == TT_SPEC_MAX_WORDS) {
		if (line->rule == NULL) {
			line->rule = "extra-word";
			line->problem = "more words than any clause has";
			line->problem_column = word.column;
		}
		return;
	}
	line->words[line->nwords++] = word;
}

/* text[at] is the quote; returns the position after the closing one. */
static size_t split_quoted(struct tt_spec_line *line, char *text, size_t len, size_t at)
{
	char *from = text + at + 1;
	char *end = memchr(from, '"', len - at - 1);

	if (end == NULL) {
		if (line->rule == NULL) {
			line->rule = "open-quote";
			line->problem = "the quoted text does not end: add another \" to this line";
			line->problem_column = (unsigned)at + 1;
		}
		return len;
	}
	*end = '\0';
	add_word(line, (struct tt_spec_word){from, (size_t)(end - from), (unsigned)at + 1, true});
	return (size_t)(end - text) + 1;
}

/* Returns the position after the word, and after a comma that follows it. */
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

/* ------------------------------------------------------------- the words one by one */

const struct tt_spec_word *tt_spec_peek(const struct tt_spec_parser *p)
{
	return p->next < p->line.nwords ? &p->line.words[p->next] : NULL;
}

struct tt_spec_position tt_spec_here(const struct tt_spec_parser *p)
{
	const struct tt_spec_word *word = tt_spec_peek(p);

	return (struct tt_spec_position){p->line.number,
					 word != NULL ? word->column : p->line.end_column};
}

/* "a, b, c" as far as it fits, then "..." */
static void join(char *out, size_t size, const char *const *words, size_t n)
{
	static const char more[] = ", ...";
	size_t used = 0, i;

	out[0] = '\0';
	for (i = 0; i < n; i++) {
		bool fits = used + strlen(words[i]) + 2 * sizeof(more) < size;

		used += (size_t)snprintf(out + used, size - used, "%s%s",
					 i == 0 || !fits ? "" : ", ", fits ? words[i] : more);
		if (!fits)
			return;
	}
}

void tt_spec_unknown(struct tt_spec_parser *p, const struct tt_spec_word *word, const char *what,
		     const char *const *candidates, size_t n)
{
	const char *nearest = NULL;
	char list[160];

	if (tt_spec_mistakes_has_room(p->mistakes))
		nearest = tt_spec_nearest(word->text, candidates, n);
	if (nearest != NULL && word->quoted && strcmp(nearest, word->text) == 0) {
		tt_spec_report(p, word->column, "unknown-word", "`%.40s` must not be in quotes",
			       word->text);
		return;
	}
	if (nearest != NULL) {
		tt_spec_report(p, word->column, "unknown-word",
			       "unknown %s `%.40s`; did you mean `%s`?", what, word->text, nearest);
		return;
	}
	join(list, sizeof(list), candidates, n);
	tt_spec_report(p, word->column, "unknown-word", "unknown %s `%.40s`; expected %s%s", what,
		       word->text, n == 1 ? "" : "one of ", list);
}

const struct tt_spec_word *tt_spec_take(struct tt_spec_parser *p, const char *what)
{
	const struct tt_spec_word *word = tt_spec_peek(p);

	if (word == NULL)
		tt_spec_report(p, p->line.end_column, "missing-word",
			       "expected %s, found the end of the line; write %s", what, p->usage);
	else
		p->next++;
	return word;
}

bool tt_spec_accept(struct tt_spec_parser *p, const char *text)
{
	const struct tt_spec_word *word = tt_spec_peek(p);

	if (word == NULL || word->quoted || strcmp(word->text, text) != 0)
		return false;
	p->next++;
	return true;
}

bool tt_spec_done(struct tt_spec_parser *p)
{
	const struct tt_spec_word *word = tt_spec_peek(p);

	if (word == NULL)
		return true;
	tt_spec_report(p, word->column, "extra-word",
		       "expected the end of the line, found `%.40s`; write %s", word->text,
		       p->usage);
	return false;
}

const char *tt_spec_take_quoted(struct tt_spec_parser *p, const char *what)
{
	const struct tt_spec_word *word = tt_spec_take(p, what);

	if (word == NULL)
		return NULL;
	if (word->quoted && word->len > 0)
		return word->text;
	tt_spec_report(p, word->column, "bad-name", "expected %s in double quotes, found `%.40s`",
		       what, word->text);
	return NULL;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Names of events and experiments become parts of paths, of JSON and of C. */
static bool is_name(const struct tt_spec_word *word)
{
	size_t i;

	if (word->quoted || word->len > TT_SPEC_MAX_NAME || !tt_spec_is_letter(word->text[0]))
		return false;
	for (i = 1; i < word->len; i++)
		if (!tt_spec_is_letter(word->text[i]) && !is_digit(word->text[i]) &&
		    word->text[i] != '_')
			return false;
	return true;
}

const char *tt_spec_take_name(struct tt_spec_parser *p, const char *what)
{
	const struct tt_spec_word *word = tt_spec_take(p, what);

	if (word == NULL || is_name(word))
		return word != NULL ? word->text : NULL;
	tt_spec_report(p, word->column, "bad-name",
		       "expected %s, found `%.40s`; a name is a letter, then letters, digits and "
		       "underscores, at most %d in all",
		       what, word->text, TT_SPEC_MAX_NAME);
	return NULL;
}

bool tt_spec_number(const char *text, unsigned max, unsigned *value)
{
	unsigned n = 0;

	if (*text == '\0')
		return false;
	for (; is_digit(*text); text++) {
		n = n * 10 + (unsigned)(*text - '0');
		if (n > max)
			return false;
	}
	*value = n;
	return *text == '\0';
}

int tt_spec_take_number(struct tt_spec_parser *p, const char *what, unsigned min, unsigned max)
{
	const struct tt_spec_word *word = tt_spec_take(p, what);
	unsigned value;

	if (word == NULL)
		return -1;
	if (!word->quoted && tt_spec_number(word->text, max, &value) && value >= min)
		return (int)value;
	tt_spec_report(p, word->column, "bad-number",
		       "expected %s, a number from %u to %u, found `%.40s`", what, min, max,
		       word->text);
	return -1;
}

/* The value of a digit, or 16 for what is none. */
static unsigned digit_of(char c)
{
	if (is_digit(c))
		return (unsigned)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned)(c - 'a') + 10;
	return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

/* Whether a text is a number of up to 64 bits. */
static bool read_u64(const char *text, uint64_t *value)
{
	unsigned base = text[0] == '0' && text[1] == 'x' ? 16 : 10;

	*value = 0;
	if (base == 16)
		text += 2;
	if (*text == '\0')
		return false;
	for (; digit_of(*text) < base; text++) {
		if (*value > (UINT64_MAX - digit_of(*text)) / base)
			return false;
		*value = *value * base + digit_of(*text);
	}
	return *text == '\0';
}

bool tt_spec_take_u64(struct tt_spec_parser *p, const char *what, uint64_t min, uint64_t max,
		      uint64_t *value)
{
	const struct tt_spec_word *word = tt_spec_take(p, what);

	if (word == NULL)
		return false;
	if (!word->quoted && read_u64(word->text, value) && *value >= min && *value <= max)
		return true;
	tt_spec_report(p, word->column, "bad-number",
		       "expected %s, a number from %" PRIu64 " to %" PRIu64 " (or 0x and digits of "
		       "base 16), found `%.40s`",
		       what, min, max, word->text);
	return false;
}
