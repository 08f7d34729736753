/* SPDX-License-Identifier: MIT */
/*
 * range.c - the clause `range`: what begins with one event and ends with another, and
 * what it belongs to. What an event shows as a range is checked in the same way. Stands
 * on base.
 */
#include "spec/parse.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(type) (1u << (type))
#define NUMBERS (BIT(TT_ARG_NUMBER) | BIT(TT_ARG_VALUE))

/* ------------------------------------------------------------------ scopes */

/* Those with states that are shown come first. */
static const struct tt_spec_scope scopes[TT_SPEC_NSCOPES] = {
	{"goroutine", TT_RESOURCE_GOROUTINE, BIT(TT_ARG_G)},
	{"proc", TT_RESOURCE_PROC, BIT(TT_ARG_P)},
	{"thread", TT_RESOURCE_THREAD, BIT(TT_ARG_M)},
	{"global", TT_RESOURCE_NONE, 0},
};

const struct tt_spec_scope *tt_spec_take_scope(struct tt_spec_parser *p, size_t n)
{
	const struct tt_spec_word *word = tt_spec_take(p, "what it is about");
	const char *words[COUNT(scopes)];
	size_t i;

	for (i = 0; word != NULL && i < n; i++) {
		words[i] = scopes[i].word;
		if (!word->quoted && strcmp(word->text, scopes[i].word) == 0)
			return &scopes[i];
	}
	if (word != NULL)
		tt_spec_unknown(p, word, "scope", words, n);
	return NULL;
}

bool tt_spec_take_scope_id(struct tt_spec_parser *p, const struct tt_spec_scope *scope,
			   int8_t *arg)
{
	*arg = -1;
	if (scope->types == 0 || tt_spec_accept(p, "self"))
		return true;
	*arg = tt_spec_take_arg(p, scope->types);
	return *arg >= 0;
}

/* ------------------------------------------------------------------ the clause */

static enum tt_range_role take_role(struct tt_spec_parser *p)
{
	static const char *const words[] = {"begin", "active", "end"};
	static const enum tt_range_role roles[] = {TT_RANGE_BEGIN, TT_RANGE_ACTIVE, TT_RANGE_END};
	const struct tt_spec_word *word = tt_spec_take(p, "`begin`, `active` or `end`");

	for (size_t i = 0; word != NULL && i < COUNT(words); i++)
		if (!word->quoted && strcmp(word->text, words[i]) == 0)
			return roles[i];
	if (word != NULL)
		tt_spec_unknown(p, word, "word", words, COUNT(words));
	return TT_RANGE_NONE;
}

void tt_spec_read_range(struct tt_spec_parser *p)
{
	struct tt_range_spec range = {.id_arg = -1, .key_arg = -1};
	const struct tt_spec_scope *scope;

	p->event->range_at = (struct tt_spec_position){p->line.number, 1};
	range.role = take_role(p);
	if (range.role == TT_RANGE_NONE)
		return;
	scope = tt_spec_take_scope(p, COUNT(scopes));
	if (scope == NULL || !tt_spec_take_scope_id(p, scope, &range.id_arg))
		return;
	range.scope = scope->resource;
	if (tt_spec_accept(p, "by")) {
		range.key_arg = tt_spec_take_arg(p, NUMBERS);
		if (range.key_arg < 0)
			return;
	}
	range.nested = range.role == TT_RANGE_BEGIN && tt_spec_accept(p, "nested");
	if (!tt_spec_done(p))
		return;
	p->event->def.spec.range = range;
	p->event->range_stated = true;
}

/* ------------------------------------------------------------------ the whole */

static enum tt_range_role role_of(enum tt_kind kind)
{
	switch (kind) {
	case TT_KIND_RANGE_BEGIN:
		return TT_RANGE_BEGIN;
	case TT_KIND_RANGE_ACTIVE:
		return TT_RANGE_ACTIVE;
	case TT_KIND_RANGE_END:
		return TT_RANGE_END;
	default:
		return TT_RANGE_NONE;
	}
}

void tt_spec_range_of_view(struct tt_spec_parser *p, struct tt_spec_event *event)
{
	struct tt_event_spec *spec = &event->def.spec;
	const struct tt_event_view *view = &event->def.view;
	enum tt_range_role shown = role_of(spec->kind);

	if (shown == TT_RANGE_NONE)
		return;
	if (!event->range_stated) {
		spec->range = (struct tt_range_spec){
			.role = shown,
			.scope = view->resource,
			.id_arg = view->id_arg,
			.key_arg = -1,
		};
		return;
	}
	if (spec->range.role == shown && spec->range.scope == view->resource &&
	    spec->range.id_arg == view->id_arg)
		return;
	event->broken = true;
	tt_spec_report_at(p, event->range_at, "contradiction",
			  "`range` and `shows` of `%s` are not about the same: write the same words "
			  "after them",
			  spec->name);
}

const char *tt_spec_range_mismatch(const struct tt_event_def *def,
				   const struct tt_event_def *begin)
{
	const struct tt_range_spec *range = &def->spec.range, *of = &begin->spec.range;

	if (range->role == TT_RANGE_NONE)
		return of->role != TT_RANGE_NONE ? "it begins a range, so this event must be its `end`"
						 : NULL;
	if (range->role == TT_RANGE_BEGIN)
		return "this event is a `begin` itself: remove `pair`";
	if (of->role != TT_RANGE_BEGIN)
		return "it is not the `begin` of a range";
	if (of->scope != range->scope)
		return "their scopes differ: both must be `goroutine`, `proc`, `thread` or `global`";
	if ((of->key_arg < 0) != (range->key_arg < 0))
		return "only one of them has a key: write `by` and an argument in both";
	return NULL;
}
