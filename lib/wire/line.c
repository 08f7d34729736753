/* SPDX-License-Identifier: MIT */
/* line.c - a line of the raw text form, part by part. */
#include "wire/line.h"

#include <stdarg.h>
#include <stdio.h>

int tt_line_mistake(const struct tt_line *l, const char *at, const char *format, ...)
{
	char reason[256];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	return tt_fail(l->err, TT_E_SPEC, "%zu:%zu: %s", l->number, (size_t)(at - l->text) + 1,
		       reason);
}

int tt_line_need_end(struct tt_line *l)
{
	if (tt_line_at_end(l))
		return 0;
	return tt_line_mistake(l, l->p, "unexpected text at the end of the line");
}

bool tt_line_accept_name(struct tt_line *l, const char *name)
{
	const char *before = l->p;

	if (tt_line_accept(l, name) && tt_line_accept(l, "="))
		return true;
	l->p = before;
	return false;
}

struct tt_str tt_line_word(struct tt_line *l)
{
	const char *begin = l->p;

	while (l->p < l->end && !tt_line_is_blank(*l->p) && *l->p != '=' && *l->p != '"' &&
	       *l->p != '#')
		l->p++;
	return (struct tt_str){begin, (size_t)(l->p - begin)};
}

/* Digits of a base; false: no digit, another character, or more than 64 bits. */
static bool digits_value(struct tt_str s, unsigned base, uint64_t *value)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.len; i++) {
		char c = s.data[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
				 : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;

		if (digit >= base || __builtin_mul_overflow(v, (uint64_t)base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit, &v))
			return false;
	}
	*value = v;
	return s.len != 0;
}

int tt_line_number(struct tt_line *l, uint64_t *value)
{
	struct tt_str word = tt_line_word(l), digits = word;
	bool negative = word.len > 1 && word.data[0] == '-';
	bool hex = word.len > 2 && word.data[0] == '0' && word.data[1] == 'x';
	size_t skip = negative ? 1 : hex ? 2 : 0;

	digits.data += skip;
	digits.len -= skip;
	if (!digits_value(digits, hex ? 16 : 10, value) || (negative && *value > INT64_MAX))
		return tt_line_mistake(l, word.data,
				       "expected a number of at most 64 bits, not '%.*s'",
				       TT_LINE_SHOWN(word));
	if (negative)
		*value = -*value;
	return 0;
}
