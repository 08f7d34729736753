/* SPDX-License-Identifier: MIT */
/*
 * c_text.c - texts of others inside C: in a comment that they cannot close, in a
 * string that they cannot end. Command layer.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "c.h"

#define WIDTH 90

void c_say(struct out *o, const char *format, ...)
{
	char *p = out_begin(o);
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(p, OUT_ROOM, format, args);
	va_end(args);
	out_end(o, p + (n > 0 && n < OUT_ROOM ? n : 0));
}

/* ----------------------------------------------------------------- comments */

/*
 * How many bytes here would turn what follows around on the screen, so that the code
 * would not be what it looks like: U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to
 * U+2069. Compilers warn of them.
 */
static size_t direction(const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] == 0xd8 && s[1] == 0x9c)
		return 2;
	if (s[0] != 0xe2 || (s[1] != 0x80 && s[1] != 0x81))
		return 0;
	if (s[1] == 0x80)
		return (s[2] >= 0xaa && s[2] <= 0xae) || s[2] == 0x8e || s[2] == 0x8f ? 3 : 0;
	return s[2] >= 0xa6 && s[2] <= 0xa9 ? 3 : 0;
}

/* With a blank between two characters that mean something together. */
static bool belongs_apart(char before, char c)
{
	return (before == '*' && c == '/') || (before == '/' && c == '*') ||
	       (before == '?' && c == '?');
}

/* One word up to a blank; returns the columns it takes. */
static size_t comment_word(struct out *o, const char *text, size_t len)
{
	size_t width = 0;
	char before = ' ';

	for (size_t i = 0; i < len; i++) {
		size_t skip = direction(text + i);
		char c = text[i];
		char *p = out_begin(o);

		if (skip > 0 || (unsigned char)c < ' ' || c == 0x7f)
			c = '?';
		if (belongs_apart(before, c)) {
			p = put_char(p, ' ');
			width++;
		}
		out_end(o, put_char(p, c));
		width += ((unsigned char)c & 0xc0) != 0x80;
		i += skip > 0 ? skip - 1 : 0;
		before = c;
	}
	return width;
}

static void indent(struct out *o, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		c_say(o, "\t");
}

/* Appends words, each after a blank, to a comment in this column; returns where it ends. */
static size_t comment_words(struct out *o, unsigned depth, size_t column, const char *text)
{
	while (*text != '\0') {
		size_t len = strcspn(text, " \t");

		if (len > 0 && column + len + 1 > WIDTH) {
			c_say(o, "\n");
			indent(o, depth);
			c_say(o, " *");
			column = 8 * depth + 2;
		}
		if (len > 0) {
			c_say(o, " ");
			column += 1 + comment_word(o, text, len);
		}
		text += len + (text[len] != '\0');
	}
	return column;
}

void c_comment(struct out *o, unsigned depth, const char *before, const char *text)
{
	size_t column = 8 * depth + 2;

	if (*before == '\0' && *text == '\0')
		return;
	indent(o, depth);
	c_say(o, "/*");
	column = comment_words(o, depth, column, before);
	comment_words(o, depth, column, text);
	c_say(o, " */\n");
}

/* ----------------------------------------------------------------- strings */

/* A compiler need not take a longer string, and says so. */
#define STRING_MAX 4000

/* One byte within either kind of quotes. A `?` begins trigraphs. */
static char *put_byte(char *p, unsigned char c)
{
	static const char named[] = "\n\t\r\"'\\?", letters[] = "ntr\"'\\?";
	const char *at = c == '\0' ? NULL : strchr(named, c);

	if (at) {
		p = put_char(p, '\\');
		return put_char(p, letters[at - named]);
	}
	if (c >= ' ' && c < 0x7f)
		return put_char(p, (char)c);
	p = put_char(p, '\\');
	p = put_char(p, (char)('0' + (c >> 6)));
	p = put_char(p, (char)('0' + (c >> 3 & 7)));
	return put_char(p, (char)('0' + (c & 7)));
}

void c_quoted(struct out *o, const char *text)
{
	c_say(o, "\"");
	for (; *text != '\0'; text++)
		out_end(o, put_byte(out_begin(o), (unsigned char)*text));
	c_say(o, "\"");
}

static void string_lines(struct out *o, struct tt_str text)
{
	bool open = false;

	for (size_t i = 0; i < text.len; i++) {
		char *p = out_begin(o);

		if (!open)
			p = put_lit(p, "\n\t\t\"");
		p = put_byte(p, (unsigned char)text.data[i]);
		open = text.data[i] != '\n';
		if (!open)
			p = put_char(p, '"');
		out_end(o, p);
	}
	if (open)
		c_say(o, "\"");
	else if (text.len == 0)
		c_say(o, " \"\"");
}

static void string_bytes(struct out *o, struct tt_str text)
{
	c_say(o, " {");
	for (size_t i = 0; i < text.len; i++) {
		char *p = put_cstr(out_begin(o), i % 12 == 0 ? "\n\t\t'" : " '");

		out_end(o, put_lit(put_byte(p, (unsigned char)text.data[i]), "',"));
	}
	c_say(o, "\n\t}");
}

bool c_string(struct out *o, struct tt_str text)
{
	if (text.len <= STRING_MAX)
		string_lines(o, text);
	else
		string_bytes(o, text);
	return text.len <= STRING_MAX;
}
