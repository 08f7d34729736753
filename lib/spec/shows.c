/* SPDX-License-Identifier: MIT */
/*
 * shows.c - what an event shows to people and programs: the forms of `shows` and
 * `gives`. A form is a row of a table: its words, its kind and the arguments it
 * takes. Stands on base.
 */
#include "spec/parse.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define BIT(type) (1u << (type))
#define NUMBERS (BIT(TT_ARG_NUMBER) | BIT(TT_ARG_VALUE))
#define TASK BIT(TT_ARG_TASK)
#define STRING BIT(TT_ARG_STRING)

/* ------------------------------------------------------------------ ranges */

static bool read_range(struct tt_spec_parser *p)
{
	struct tt_event_view *view = &p->event->def.view;
	const struct tt_spec_scope *scope = tt_spec_take_scope(p, TT_SPEC_NSCOPES);

	if (scope == NULL || !tt_spec_take_scope_id(p, scope, &view->id_arg))
		return false;
	view->resource = scope->resource;
	view->name = tt_spec_take_quoted(p, "the range's name");
	if (view->name == NULL)
		return false;
	if (tt_spec_peek(p) != NULL)
		view->kind_arg = tt_spec_take_arg(p, STRING);
	view->has_kind = view->kind_arg >= 0;
	return true;
}

/* ------------------------------------------------------------- transitions */

static const struct state {
	const char *word;
	enum tt_state state;
	bool of_proc, of_goroutine;
} states[] = {
	{"Undetermined", TT_STATE_UNDETERMINED, true, true},
	{"NotExist", TT_STATE_NOT_EXIST, true, true},
	{"Runnable", TT_STATE_RUNNABLE, false, true},
	{"Running", TT_STATE_RUNNING, true, true},
	{"Waiting", TT_STATE_WAITING, false, true},
	{"Syscall", TT_STATE_SYSCALL, false, true},
	{"Idle", TT_STATE_IDLE, true, false},
};

static bool may_be(const struct state *state, enum tt_resource resource)
{
	return resource == TT_RESOURCE_PROC ? state->of_proc : state->of_goroutine;
}

/* The state that a word names for this resource, or NULL. */
static const struct state *find_state(const struct tt_spec_word *word, enum tt_resource resource)
{
	size_t i;

	for (i = 0; i < COUNT(states) && !word->quoted; i++)
		if (may_be(&states[i], resource) && strcmp(states[i].word, word->text) == 0)
			return &states[i];
	return NULL;
}

/* `also`: one more word that is allowed here, or NULL. */
static void unknown_state(struct tt_spec_parser *p, const struct tt_spec_word *word,
			  const char *also)
{
	enum tt_resource resource = p->event->def.view.resource;
	const char *words[COUNT(states) + 1];
	size_t n = 0, i;

	for (i = 0; i < COUNT(states); i++)
		if (may_be(&states[i], resource))
			words[n++] = states[i].word;
	if (also != NULL)
		words[n++] = also;
	tt_spec_unknown(p, word,
			resource == TT_RESOURCE_PROC ? "proc state" : "goroutine state",
			words, n);
}

static bool take_from(struct tt_spec_parser *p)
{
	struct tt_event_view *view = &p->event->def.view;
	const struct tt_spec_word *word;
	const struct state *state;

	view->from = TT_STATE_FROM_ORDER;
	if (tt_spec_accept(p, "was"))
		return true;
	word = tt_spec_take(p, "a state or `was`");
	if (word == NULL)
		return false;
	state = find_state(word, view->resource);
	if (state == NULL) {
		unknown_state(p, word, "was");
		return false;
	}
	view->from = (uint8_t)state->state;
	return true;
}

static bool take_arrow(struct tt_spec_parser *p)
{
	const struct tt_spec_word *word;

	if (tt_spec_accept(p, "->"))
		return true;
	word = tt_spec_take(p, "`->`");
	if (word != NULL)
		tt_spec_report(p, word->column, "unknown-word",
			       "expected `->` between two states, found `%.40s`", word->text);
	return false;
}

/* The index of an argument that holds a wire status of this resource, or -1. */
static int8_t find_status(const struct tt_event_def *def, const char *name)
{
	enum tt_arg_type type =
		def->view.resource == TT_RESOURCE_PROC ? TT_ARG_PSTATUS : TT_ARG_GSTATUS;
	int8_t i;

	for (i = 0; i < (int8_t)def->spec.nargs; i++)
		if (def->spec.args[i].type == type && strcmp(def->spec.args[i].name, name) == 0)
			return i;
	return -1;
}

static bool take_to(struct tt_spec_parser *p)
{
	struct tt_event_view *view = &p->event->def.view;
	const struct tt_spec_word *word = tt_spec_take(p, "a state or a status argument");
	const struct state *state;

	if (word == NULL)
		return false;
	state = find_state(word, view->resource);
	if (state != NULL) {
		view->to = (uint8_t)state->state;
		return true;
	}
	view->to = TT_STATE_FROM_ARG;
	view->to_arg = word->quoted ? -1 : find_status(&p->event->def, word->text);
	if (view->to_arg >= 0)
		return true;
	unknown_state(p, word,
		      view->resource == TT_RESOURCE_PROC ? "a pstatus argument"
							 : "a gstatus argument");
	return false;
}

static bool read_transition(struct tt_spec_parser *p)
{
	struct tt_event_view *view = &p->event->def.view;
	const struct tt_spec_scope *scope = tt_spec_take_scope(p, TT_SPEC_NSTATE_SCOPES);

	if (scope == NULL || !tt_spec_take_scope_id(p, scope, &view->id_arg))
		return false;
	view->resource = scope->resource;
	if (!take_from(p) || !take_arrow(p) || !take_to(p))
		return false;
	if (tt_spec_accept(p, "reason")) {
		view->reason_arg = tt_spec_take_arg(p, STRING);
		if (view->reason_arg < 0)
			return false;
	}
	if (tt_spec_accept(p, "with")) {
		view->stack_arg = tt_spec_take_arg(p, BIT(TT_ARG_STACK));
		return view->stack_arg >= 0;
	}
	return true;
}

/* ------------------------------------------------------------------- forms */

enum form_flags {
	NAMED = 1 << 0,     /* a quoted name comes first */
	CORE_ONLY = 1 << 1, /* the library's own rules follow it through the trace */
};

static const struct form {
	const char *word, *second; /* second may be NULL */
	enum tt_kind kind;
	unsigned flags;
	uint8_t nargs;
	unsigned types[3];                      /* bits of enum tt_arg_type */
	bool (*read)(struct tt_spec_parser *p); /* instead of name and arguments */
	const char *usage;
} forms[] = {
	{"metric", NULL, TT_KIND_METRIC, NAMED, 1, {NUMBERS}, NULL,
	 "`shows metric \"NAME\" VALUE`"},
	{"label", NULL, TT_KIND_LABEL, 0, 1, {STRING}, NULL, "`shows label STRING`"},
	{"log", NULL, TT_KIND_LOG, 0, 3, {TASK, STRING, STRING}, NULL,
	 "`shows log TASK KEY VALUE`"},
	{"begin", NULL, TT_KIND_RANGE_BEGIN, 0, 0, {0}, read_range,
	 "`shows begin SCOPE WHICH \"NAME\" [KIND]`"},
	{"active", NULL, TT_KIND_RANGE_ACTIVE, 0, 0, {0}, read_range,
	 "`shows active SCOPE WHICH \"NAME\" [KIND]`"},
	{"end", NULL, TT_KIND_RANGE_END, 0, 0, {0}, read_range,
	 "`shows end SCOPE WHICH \"NAME\" [KIND]`"},
	{"sample", NULL, TT_KIND_STACK_SAMPLE, CORE_ONLY, 0, {0}, NULL, "`shows sample`"},
	{"task", "begin", TT_KIND_TASK_BEGIN, CORE_ONLY, 3, {TASK, TASK, STRING}, NULL,
	 "`shows task begin ID PARENT NAME`"},
	{"task", "end", TT_KIND_TASK_END, CORE_ONLY, 1, {TASK}, NULL, "`shows task end ID`"},
	{"region", "begin", TT_KIND_REGION_BEGIN, CORE_ONLY, 2, {TASK, STRING}, NULL,
	 "`shows region begin TASK NAME`"},
	{"region", "end", TT_KIND_REGION_END, CORE_ONLY, 2, {TASK, STRING}, NULL,
	 "`shows region end TASK NAME`"},
	{"transition", NULL, TT_KIND_TRANSITION, CORE_ONLY, 0, {0}, read_transition,
	 "`shows transition proc|goroutine WHICH FROM -> TO [reason STRING] [with STACK]`"},
};

static void unknown_form(struct tt_spec_parser *p, const struct tt_spec_word *word)
{
	static const char *const words[] = {"metric", "label", "sample", "begin", "active",
					    "end",    "task",  "region", "log",	  "transition"};
	static const char *const seconds[] = {"begin", "end"};

	if (p->next == 2)
		tt_spec_unknown(p, word, "kind of event", words, COUNT(words));
	else
		tt_spec_unknown(p, word, "word", seconds, COUNT(seconds));
}

static const struct form *take_form(struct tt_spec_parser *p)
{
	const struct tt_spec_word *word = tt_spec_take(p, "a kind");
	const struct form *form;
	bool first = false;

	if (word == NULL)
		return NULL;
	for (form = forms; form < forms + COUNT(forms); form++) {
		if (word->quoted || strcmp(form->word, word->text) != 0)
			continue;
		if (form->second == NULL || tt_spec_accept(p, form->second))
			return form;
		first = true;
	}
	if (first)
		word = tt_spec_take(p, "`begin` or `end`");
	if (word != NULL)
		unknown_form(p, word);
	return NULL;
}

/* The name and the arguments that the form's row asks for. */
static bool read_slots(struct tt_spec_parser *p, const struct form *form)
{
	struct tt_event_view *view = &p->event->def.view;
	unsigned i;

	if ((form->flags & NAMED) != 0) {
		view->name = tt_spec_take_quoted(p, "the metric's name");
		if (view->name == NULL)
			return false;
	}
	for (i = 0; i < form->nargs; i++) {
		view->args[i] = tt_spec_take_arg(p, form->types[i]);
		if (view->args[i] < 0)
			return false;
	}
	return true;
}

void tt_spec_read_shows(struct tt_spec_parser *p)
{
	unsigned column = p->line.words[0].column;
	const struct form *form = take_form(p);

	if (form == NULL)
		return;
	p->usage = form->usage;
	if ((form->flags & CORE_ONLY) != 0 && p->has_experiment) {
		tt_spec_report(p, column, "core-only",
			       "only core events show `%s`; use metric, label, log, begin, active "
			       "or end, or leave `shows` out",
			       form->word);
		return;
	}
	p->event->def.spec.kind = form->kind;
	if (form->read != NULL ? form->read(p) : read_slots(p, form))
		tt_spec_done(p);
}

void tt_spec_read_gives(struct tt_spec_parser *p)
{
	struct tt_event_view *view = &p->event->def.view;
	unsigned column = p->line.words[0].column;
	const char *name;
	int8_t arg;

	if (p->event->def.spec.kind != TT_KIND_RANGE_END) {
		tt_spec_report(
			p, column, "out-of-place",
			"`gives` belongs to the end of a range; write `shows end ...` before it");
		return;
	}
	if (view->nattributes == TT_MAX_ATTRIBUTES) {
		tt_spec_report(p, column, "too-many",
			       "more than %d `gives`: an event cannot have so many",
			       TT_MAX_ATTRIBUTES);
		return;
	}
	name = tt_spec_take_quoted(p, "a text");
	arg = name != NULL ? tt_spec_take_arg(p, NUMBERS) : -1;
	if (arg < 0 || !tt_spec_done(p))
		return;
	view->attributes[view->nattributes].name = name;
	view->attributes[view->nattributes++].arg = arg;
}
