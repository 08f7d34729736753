/* SPDX-License-Identifier: MIT */
/*
 * needs.c - the clause `needs`: what a thread must have, or must not have, when the event
 * happens, and which argument must be that one. Stands on base.
 */
#include "spec/parse.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NUMBERS (1u << TT_ARG_NUMBER | 1u << TT_ARG_VALUE)

static const struct need {
	const char *word;
	bool no; /* the word comes after `no` */
	uint8_t bits, not_with;
	unsigned types; /* of an argument that may follow; 0: none may */
} needs[] = {
	{"thread", false, TT_NEED_THREAD, TT_NEED_NO_THREAD, NUMBERS | 1u << TT_ARG_M},
	{"proc", false, TT_NEED_PROC, TT_NEED_NO_PROC, NUMBERS | 1u << TT_ARG_P},
	{"goroutine", false, TT_NEED_GOROUTINE, TT_NEED_NO_GOROUTINE, NUMBERS | 1u << TT_ARG_G},
	{"nothing", false, TT_NEED_STATED, 0, 0},
	{"thread", true, TT_NEED_NO_THREAD, TT_NEED_THREAD, 0},
	{"proc", true, TT_NEED_NO_PROC, TT_NEED_PROC, 0},
	{"goroutine", true, TT_NEED_NO_GOROUTINE, TT_NEED_GOROUTINE, 0},
};

static const struct need *take_need(struct tt_spec_parser *p)
{
	static const char *const words[] = {"thread",	 "proc",    "goroutine",   "nothing",
					    "no thread", "no proc", "no goroutine"};
	bool no = tt_spec_accept(p, "no");
	const struct tt_spec_word *word = tt_spec_take(p, "what the event needs");
	size_t i;

	if (word == NULL)
		return NULL;
	for (i = 0; i < COUNT(needs); i++)
		if (needs[i].no == no && !word->quoted && strcmp(needs[i].word, word->text) == 0)
			return &needs[i];
	tt_spec_unknown(p, word, "scheduling context", words, COUNT(words));
	return NULL;
}

/* Whether a need cannot go with those before it; nothing goes with `nothing`. */
static bool contradicts(const struct need *need, unsigned bits)
{
	return (bits & need->not_with) != 0 ||
	       (bits != 0 && ((bits | need->bits) & TT_NEED_STATED) != 0);
}

/* Whether a word is meant to be another need: there is a comma missing. */
static bool is_need(const struct tt_spec_word *word)
{
	size_t i;

	for (i = 0; i < COUNT(needs); i++)
		if (strcmp(word->text, needs[i].word) == 0)
			return true;
	return strcmp(word->text, "no") == 0;
}

/* An argument may follow: the one that the context must have. False with a mistake. */
static bool take_same(struct tt_spec_parser *p, const struct need *need)
{
	const struct tt_spec_word *word = tt_spec_peek(p);
	struct tt_event_def *def = &p->event->def;
	int8_t arg;

	if (need->types == 0 || word == NULL || (!word->quoted && strcmp(word->text, ",") == 0) ||
	    (tt_spec_find_arg(p, word) < 0 && is_need(word)))
		return true;
	arg = tt_spec_take_arg(p, need->types);
	if (need->bits == TT_NEED_THREAD)
		def->thread_arg = arg;
	else if (need->bits == TT_NEED_PROC)
		def->proc_arg = arg;
	else
		def->goroutine_arg = arg;
	return arg >= 0;
}

void tt_spec_read_needs(struct tt_spec_parser *p)
{
	const struct need *need;
	unsigned bits = 0, column;

	do {
		column = tt_spec_here(p).column;
		need = take_need(p);
		if (need == NULL)
			return;
		if (contradicts(need, bits)) {
			tt_spec_report(
				p, column, "contradiction",
				"`%s%s` contradicts what comes before it: keep one of them",
				need->no ? "no " : "", need->word);
			return;
		}
		bits |= need->bits;
		if (!take_same(p, need))
			return;
	} while (tt_spec_accept(p, ","));
	if (tt_spec_done(p))
		p->event->def.needs = (uint8_t)(bits | TT_NEED_STATED);
}
