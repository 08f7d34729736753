/* SPDX-License-Identifier: MIT */
/* parse.c - reads JSON value by value. Command layer. */
#include "parse.h"

#include <stdlib.h>
#include <string.h>

#include "cli/numbers.h"

void parse_release(struct parse *p)
{
	free(p->text);
	p->text = NULL;
}

static void wrong(struct parse *p)
{
	p->wrong = true;
	p->at = p->end;
}

static void skip_blanks(struct parse *p)
{
	while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
		p->at++;
}

bool parse_at_end(struct parse *p)
{
	skip_blanks(p);
	return p->at == p->end;
}

/* The next character that is no blank; 0 at the end. */
static char peek(struct parse *p)
{
	skip_blanks(p);
	return p->at < p->end ? *p->at : '\0';
}

static void take(struct parse *p, char c)
{
	if (peek(p) == c && c != '\0')
		p->at++;
	else
		wrong(p);
}

void parse_begin(struct parse *p, char open)
{
	take(p, open);
	p->fresh = true;
}

/* Whether another member or element follows. */
static bool goes_on(struct parse *p, char close)
{
	bool fresh = p->fresh;

	p->fresh = false;
	if (p->wrong)
		return false;
	if (peek(p) == close) {
		p->at++;
		return false;
	}
	if (!fresh)
		take(p, ',');
	return !p->wrong;
}

bool parse_member(struct parse *p)
{
	struct tt_str key;
	size_t n;

	if (!goes_on(p, '}'))
		return false;
	key = parse_text(p);
	n = key.len < sizeof(p->key) - 1 ? key.len : sizeof(p->key) - 1;
	if (n > 0)
		memcpy(p->key, key.data, n);
	p->key[n] = '\0';
	take(p, ':');
	return !p->wrong;
}

bool parse_key_is(const struct parse *p, const char *key)
{
	return strcmp(p->key, key) == 0;
}

bool parse_element(struct parse *p)
{
	return goes_on(p, ']');
}

/* ---- numbers */

/* The characters of a number, terminated. */
static void read_number(struct parse *p, char text[48])
{
	size_t n = 0;

	skip_blanks(p);
	while (p->at < p->end && n < 47 && strchr("+-.0123456789eE", *p->at) && *p->at != '\0')
		text[n++] = *p->at++;
	text[n] = '\0';
	if (n == 0 || n == 47)
		wrong(p);
}

uint64_t parse_u64(struct parse *p)
{
	char text[48], *end;
	uint64_t value;

	read_number(p, text);
	value = strtoull(text, &end, 10);
	if (*end != '\0' || text[0] == '-')
		wrong(p);
	return value;
}

int64_t parse_i64(struct parse *p)
{
	char text[48], *end;
	int64_t value;

	read_number(p, text);
	value = strtoll(text, &end, 10);
	if (*end != '\0')
		wrong(p);
	return value;
}

double parse_double(struct parse *p)
{
	char text[48], *end;
	double value;

	read_number(p, text);
	value = strtod(text, &end);
	if (*end != '\0')
		wrong(p);
	return value;
}

/* ---- texts */

static void add_byte(struct parse *p, unsigned byte)
{
	if (!array_room(&p->text, &p->cap, p->len + 1, 1)) {
		p->no_memory = true;
		wrong(p);
		return;
	}
	p->text[p->len++] = (char)byte;
}

static void add_rune(struct parse *p, unsigned rune)
{
	if (rune < 0x80) {
		add_byte(p, rune);
	} else if (rune < 0x800) {
		add_byte(p, 0xc0 | rune >> 6);
		add_byte(p, 0x80 | (rune & 0x3f));
	} else if (rune < 0x10000) {
		add_byte(p, 0xe0 | rune >> 12);
		add_byte(p, 0x80 | (rune >> 6 & 0x3f));
		add_byte(p, 0x80 | (rune & 0x3f));
	} else {
		add_byte(p, 0xf0 | rune >> 18);
		add_byte(p, 0x80 | (rune >> 12 & 0x3f));
		add_byte(p, 0x80 | (rune >> 6 & 0x3f));
		add_byte(p, 0x80 | (rune & 0x3f));
	}
}

static unsigned read_hex(struct parse *p)
{
	unsigned value = 0;

	for (int i = 0; i < 4; i++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = p->at < p->end && *p->at != '\0' ? strchr(digits, *p->at | 0x20) : NULL;

		if (!digit) {
			wrong(p);
			return 0;
		}
		value = value << 4 | (unsigned)(digit - digits);
		p->at++;
	}
	return value;
}

static void read_escape(struct parse *p)
{
	static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
	const char *letter = p->at < p->end && *p->at != '\0' ? strchr(letters, *p->at) : NULL;
	unsigned rune, low;

	if (letter) {
		p->at++;
		add_byte(p, (unsigned char)bytes[letter - letters]);
		return;
	}
	take(p, 'u');
	rune = read_hex(p);
	if (rune >= 0xd800 && rune < 0xdc00 && p->end - p->at >= 2 && p->at[0] == '\\' && p->at[1] == 'u') {
		p->at += 2;
		low = read_hex(p);
		rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
		if (low < 0xdc00 || low >= 0xe000)
			wrong(p);
	}
	if (!p->wrong)
		add_rune(p, rune);
}

struct tt_str parse_text(struct parse *p)
{
	p->len = 0;
	take(p, '"');
	while (p->at < p->end && *p->at != '"') {
		if (*p->at == '\\') {
			p->at++;
			read_escape(p);
		} else {
			add_byte(p, (unsigned char)*p->at);
			if (p->at < p->end)
				p->at++;
		}
	}
	if (!p->wrong)
		take(p, '"');
	return p->wrong ? (struct tt_str){ "", 0 } : (struct tt_str){ p->text, p->len };
}

/* ---- what is not known */

void parse_skip(struct parse *p)
{
	size_t depth = 0;

	do {
		char c = peek(p);

		if (c == '"') {
			parse_text(p);
		} else if (c == '{' || c == '[') {
			depth++;
			p->at++;
		} else if (c == '}' || c == ']') {
			if (depth == 0)
				wrong(p);
			else
				depth--;
			p->at += p->at < p->end;
		} else if (c == '\0') {
			wrong(p);
		} else if (c == ',' || c == ':') {
			p->at++;
		} else {
			while (p->at < p->end && !strchr(",:]} \t\r\n", *p->at))
				p->at++;
		}
	} while (depth > 0 && !p->wrong);
	p->fresh = false;
}
