/* SPDX-License-Identifier: MIT */
/*
 * pattern.h - patterns of names and of stacks. In a pattern, `*` is any text and `?` any
 * byte. Command layer.
 */
#ifndef CMD_CLI_PATTERN_H
#define CMD_CLI_PATTERN_H

#include "options.h"
#include "tracetool.h"

/* The pattern is all of the text, or occurs anywhere in it. Time is at most the product of
 * their lengths. */
bool pattern_is(const char *pattern, struct tt_str text);
bool pattern_occurs(const char *pattern, struct tt_str text);

/*
 * Functions that follow each other in a stack, outermost first: `main.main;**;chanrecv`.
 * Each element is a pattern that occurs in the name of a function, or `**`, any number of
 * frames. Other frames may come before and after.
 */
struct stack_pattern {
	char *text;             /* of the elements, each with its NUL */
	const char **elements;  /* NULL for `**` */
	size_t n;               /* 0: none was given */
};

/* An OPT_OWN row's parser. */
opt_parse_fn stack_pattern_parse;
void stack_pattern_release(struct stack_pattern *p);
/* `n` frames, innermost first. */
bool stack_pattern_matches(const struct stack_pattern *p, const struct tt_frame *frames, int n);
/*
 * False if no stack of the generation can match, because a function that the pattern needs
 * is not among its strings or no stack fits.
 */
bool stack_pattern_in_generation(const struct stack_pattern *p, const struct tt_generation *g);

#endif
