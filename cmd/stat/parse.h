/* SPDX-License-Identifier: MIT */
/*
 * parse.h - reads JSON value by value, for --merge. Command layer, inside stat only.
 *
 *	parse_begin(&p, '{');
 *	while (parse_member(&p)) {
 *		if (parse_key_is(&p, "n"))
 *			n = parse_u64(&p);
 *		else
 *			parse_skip(&p);
 *	}
 *	if (p.wrong) ...
 *
 * Mistakes are sticky: after one, nothing moves any more.
 */
#ifndef CMD_STAT_PARSE_H
#define CMD_STAT_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tracetool.h"

enum { PARSE_KEY_SIZE = 64 };

struct parse {
	const char *at, *end;
	bool wrong;             /* it is not JSON, or not the value that was asked for */
	bool no_memory;
	bool fresh;             /* an object or array has just begun */
	char key[PARSE_KEY_SIZE]; /* of the member at hand, cut to fit */
	/* the text read last */
	char *text;
	size_t len, cap;
};

/* Begins with `at` and `end`, the rest zeros. */
void parse_release(struct parse *p);
/* `{` or `[`. */
void parse_begin(struct parse *p, char open);
/* The next member of an object, whose value is to be read; false at its end. */
bool parse_member(struct parse *p);
bool parse_key_is(const struct parse *p, const char *key);
/* The next element of an array; false at its end. */
bool parse_element(struct parse *p);
uint64_t parse_u64(struct parse *p);
int64_t parse_i64(struct parse *p);
double parse_double(struct parse *p);
/* A string, valid until the next one is read. */
struct tt_str parse_text(struct parse *p);
/* Any value. */
void parse_skip(struct parse *p);
/* Whether only blanks are left. */
bool parse_at_end(struct parse *p);

#endif
