/* SPDX-License-Identifier: MIT */
/*
 * line.h - a line of the raw text form, part by part: words, numbers, `name=`. Stands on
 * base.
 */
#ifndef TT_WIRE_LINE_H
#define TT_WIRE_LINE_H

#include <string.h>

#include "base/error.h"
#include "tracetool.h"

struct tt_line {
	const char *text, *p, *end; /* p: what was taken ends there */
	size_t number;              /* of the line, from 1 */
	struct tt_error *err;       /* of the first mistake */
};

/* Begins the next line. */
static inline void tt_line_begin(struct tt_line *l, struct tt_str text)
{
	l->text = l->p = text.data;
	l->end = text.len == 0 ? text.data : text.data + text.len;
	l->number++;
}

/* Sets the error, for the column at `at`: -TT_E_SPEC. */
int tt_line_mistake(const struct tt_line *l, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static inline bool tt_line_is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline void tt_line_skip_blanks(struct tt_line *l)
{
	while (l->p < l->end && tt_line_is_blank(*l->p))
		l->p++;
}

/* Whether nothing but a comment is left of the line. */
static inline bool tt_line_at_end(struct tt_line *l)
{
	tt_line_skip_blanks(l);
	return l->p == l->end || *l->p == '#';
}

/* 0, or a mistake: there is more. */
int tt_line_need_end(struct tt_line *l);

/* Takes this text if it comes next. */
static inline bool tt_line_accept(struct tt_line *l, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(l->end - l->p) < len || memcmp(l->p, text, len) != 0)
		return false;
	l->p += len;
	return true;
}

/* Takes "name=". */
bool tt_line_accept_name(struct tt_line *l, const char *name);

/* Takes a word: it ends at a blank, at `=`, a quote or a comment, and may be empty. */
struct tt_str tt_line_word(struct tt_line *l);

/* How much of a word is shown in a message, for `%.*s`. */
#define TT_LINE_SHOWN(word) (int)((word).len < 40 ? (word).len : 40), (word).data

/* Takes a number: 12, 0x1f, or -1 for 2^64 - 1. 0, or a mistake. */
int tt_line_number(struct tt_line *l, uint64_t *value);

#endif
