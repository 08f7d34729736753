/* SPDX-License-Identifier: MIT */
/* unquote.c - the escapes of Go's quoted strings. */
#include "wire/unquote.h"

#include <string.h>

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
}

/* Exactly n digits; NULL if there are fewer. */
static const char *take_digits(const char *p, const char *end, unsigned n, unsigned base,
			       uint32_t *value)
{
	uint32_t v = 0;

	if ((size_t)(end - p) < n)
		return NULL;
	for (unsigned i = 0; i < n; i++, p++) {
		unsigned digit = (unsigned)digit_value(*p);

		if (digit >= base)
			return NULL;
		v = v * base + digit;
	}
	*value = v;
	return p;
}

/* Returns 0 for what is no code point. */
static size_t put_utf8(uint32_t c, uint8_t out[TT_UNQUOTE_MAX])
{
	if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* \a and its like: what the letter stands for, or -1. */
static int letter_value(char c)
{
	static const char letters[] = "abfnrtv\\\"";
	static const char values[] = "\a\b\f\n\r\t\v\\\"";
	const char *at = c == '\0' ? NULL : strchr(letters, c);

	return at == NULL ? -1 : values[at - letters];
}

static const char *take_code_point(const char *p, const char *end, unsigned ndigits,
				   uint8_t out[TT_UNQUOTE_MAX], size_t *n)
{
	uint32_t code = 0;

	p = take_digits(p, end, ndigits, 16, &code);
	*n = p == NULL ? 0 : put_utf8(code, out);
	return *n == 0 ? NULL : p;
}

static const char *take_byte(const char *p, const char *end, unsigned base, uint8_t *out)
{
	uint32_t value = 0;

	p = take_digits(p, end, base == 8 ? 3 : 2, base, &value);
	*out = (uint8_t)value;
	return value > 0xff ? NULL : p;
}

const char *tt_unquote(const char *p, const char *end, uint8_t out[TT_UNQUOTE_MAX], size_t *n)
{
	int letter;

	*n = 1;
	out[0] = (uint8_t)*p;
	if (*p++ != '\\')
		return p;
	if (p == end)
		return NULL;
	switch (*p) {
	case 'x':
		return take_byte(p + 1, end, 16, out);
	case 'u':
		return take_code_point(p + 1, end, 4, out, n);
	case 'U':
		return take_code_point(p + 1, end, 8, out, n);
	default:
		if (*p >= '0' && *p <= '7')
			return take_byte(p, end, 8, out);
		letter = letter_value(*p);
		out[0] = (uint8_t)letter;
		return letter < 0 ? NULL : p + 1;
	}
}
