/* SPDX-License-Identifier: MIT */
/*
 * args.c - the clause `args`, and arguments as other clauses name them. Stands on
 * base.
 */
#include "spec/parse.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* MaxTimedEventArgs, which counts dt: Go 1.27, src/internal/trace/tracev2. */
#define MAX_GO_ARGS 4

static const char *const arg_types[] = {
	[TT_ARG_NUMBER] = "",
	[TT_ARG_SEQ] = "seq",
	[TT_ARG_PSTATUS] = "pstatus",
	[TT_ARG_GSTATUS] = "gstatus",
	[TT_ARG_G] = "g",
	[TT_ARG_M] = "m",
	[TT_ARG_P] = "p",
	[TT_ARG_STRING] = "string",
	[TT_ARG_STACK] = "stack",
	[TT_ARG_VALUE] = "value",
	[TT_ARG_TASK] = "task",
};

const char *tt_arg_type_name(enum tt_arg_type type)
{
	return (size_t)type < COUNT(arg_types) ? arg_types[type] : "";
}

static bool is_arg_name(const struct tt_spec_word *word)
{
	const char *c = word->text;
	unsigned parts;

	if (word->quoted || word->len > TT_SPEC_MAX_NAME)
		return false;
	for (parts = 0; parts < 2; parts++, c++) {
		if (!tt_spec_is_letter(*c))
			return false;
		while (tt_spec_is_letter(*c))
			c++;
		if (*c != '_')
			return *c == '\0';
	}
	return false;
}

/* Words that would mean something else where arguments are named. */
static bool is_reserved(const char *name)
{
	static const char *const reserved[] = {"dt", "data", "frames", "self", "was"};
	size_t i;

	for (i = 0; i < COUNT(reserved); i++)
		if (strcmp(name, reserved[i]) == 0)
			return true;
	return false;
}

/* As Go's reader, which looks at nothing else in a name: `whystring` is a string. */
static bool ends_in_string(const char *name)
{
	size_t len = strlen(name), n = strlen("string");

	return len >= n && strcmp(name + len - n, "string") == 0;
}

enum tt_arg_type tt_spec_arg_type(const char *name)
{
	const char *suffix = strchr(name, '_');
	unsigned type;

	if (ends_in_string(name))
		return TT_ARG_STRING;
	suffix = suffix != NULL ? suffix + 1 : name;
	for (type = TT_ARG_NUMBER + 1; type <= TT_ARG_TASK; type++)
		if (suffix[0] == arg_types[type][0] && strcmp(suffix, arg_types[type]) == 0)
			return (enum tt_arg_type)type;
	return TT_ARG_NUMBER;
}

static int find_arg(const struct tt_event_spec *spec, const char *name)
{
	int i;

	for (i = 0; i < spec->nargs; i++)
		if (strcmp(spec->args[i].name, name) == 0)
			return i;
	return -1;
}

int tt_spec_find_arg(const struct tt_spec_parser *p, const struct tt_spec_word *word)
{
	return word->quoted ? -1 : find_arg(&p->event->def.spec, word->text);
}

bool tt_spec_check_name(struct tt_spec_parser *p, const struct tt_spec_word *word,
			const char *what)
{
	if (is_arg_name(word))
		return true;
	tt_spec_report(p, word->column, "bad-name",
		       "expected %s, found `%.40s`; write letters, or letters, an underscore and "
		       "the type, with blanks between them",
		       what, word->text);
	return false;
}

bool tt_spec_check_arg_name(struct tt_spec_parser *p, const struct tt_spec_word *word,
			    const char *what)
{
	if (!tt_spec_check_name(p, word, what))
		return false;
	if (!is_reserved(word->text))
		return true;
	tt_spec_report(p, word->column, "reserved-word",
		       "`%s` is not allowed here: `dt` comes first, `data` and `frames` come last, "
		       "`self` and `was` are not arguments",
		       word->text);
	return false;
}

void tt_spec_warn_suffix(struct tt_spec_parser *p, const char *name, struct tt_spec_position at)
{
	static const char *const ends[] = {"seq", "pstatus", "gstatus", "stack", "value", "task"};
	size_t len = strlen(name);

	for (size_t i = 0; i < COUNT(ends); i++) {
		size_t n = strlen(ends[i]);

		if (len <= n || name[len - n] != ends[i][0] ||
		    strcmp(name + len - n, ends[i]) != 0 || name[len - n - 1] == '_')
			continue;
		tt_spec_warn_at(p, at, "suffix",
				"`%s` is a plain number; if it is a %s, write an underscore before "
				"`%s`",
				name, ends[i], ends[i]);
		return;
	}
}

/* Of what is allowed, but is not what was meant, or cannot be read by Go's reader. */
static void warn_of_arg(struct tt_spec_parser *p, const struct tt_spec_word *word)
{
	const struct tt_event_spec *spec = &p->event->def.spec;
	struct tt_spec_position at = {p->line.number, word->column};

	if (tt_spec_arg_type(word->text) == TT_ARG_NUMBER)
		tt_spec_warn_suffix(p, word->text, at);
	if (spec->timed && spec->nargs == MAX_GO_ARGS)
		tt_spec_warn_at(p, at, "go-limit",
				"more than %d arguments after `dt`: Go's own reader cannot read "
				"the event",
				MAX_GO_ARGS);
}

static bool add_arg(struct tt_spec_parser *p, const struct tt_spec_word *word)
{
	struct tt_event_spec *spec = &p->event->def.spec;

	if (!tt_spec_check_arg_name(p, word, "an argument"))
		return false;
	if (find_arg(spec, word->text) >= 0)
		tt_spec_report(p, word->column, "name-taken",
			       "a second argument `%.40s`: give it another name", word->text);
	else if (spec->nargs == TT_MAX_ARGS)
		tt_spec_report(p, word->column, "too-many",
			       "more than %d arguments: an event cannot have so many", TT_MAX_ARGS);
	else {
		spec->args[spec->nargs] = (struct tt_arg_spec){
			.name = word->text,
			.type = tt_spec_arg_type(word->text),
			.form = tt_spec_form_of_name(word->text),
			.base_field = -1,
			.unit_field = -1,
		};
		warn_of_arg(p, word);
		spec->nargs++;
		return true;
	}
	return false;
}

/* `data` or `frames` at the end. False: it is neither, so an argument. */
static bool read_trailer(struct tt_spec_parser *p, const struct tt_spec_word *word)
{
	struct tt_event_spec *spec = &p->event->def.spec;

	if (tt_spec_peek(p) != NULL || word->quoted)
		return false;
	if (strcmp(word->text, "data") == 0)
		spec->has_data = true;
	else if (strcmp(word->text, "frames") == 0)
		spec->has_frames = true;
	else
		return false;
	if (spec->timed && !tt_version_is_v1(spec->since))
		tt_spec_report(p, word->column, "timed-data",
			       "a timed event cannot have `%s`: remove `dt`, or put the bytes into "
			       "a batch",
			       word->text);
	else if (spec->has_frames &&
		 (spec->nargs == 0 || strcmp(spec->args[spec->nargs - 1].name, "nframes") != 0))
		tt_spec_report(p, word->column, "missing-word",
			       "expected the count `nframes` before `frames`");
	return true;
}

void tt_spec_read_args(struct tt_spec_parser *p)
{
	const struct tt_spec_word *word;

	if (tt_spec_peek(p) == NULL)
		tt_spec_take(p, "`dt` or an argument");
	p->event->def.spec.timed = tt_spec_accept(p, "dt");
	while (tt_spec_peek(p) != NULL) {
		word = tt_spec_take(p, "an argument");
		if (!read_trailer(p, word) && !add_arg(p, word))
			p->event->args_broken = true;
	}
}

/* "value or plain number" */
static void describe_types(unsigned types, char *out, size_t size)
{
	const char *between = "";
	size_t used = 0;
	unsigned type;

	for (type = TT_ARG_TASK + 1; type-- > 0 && used < size;) {
		if ((types & 1u << type) == 0)
			continue;
		used += (size_t)snprintf(out + used, size - used, "%s%s", between,
					 type == TT_ARG_NUMBER
						 ? "plain number"
						 : tt_arg_type_name((enum tt_arg_type)type));
		between = " or ";
	}
}

static void unknown_arg(struct tt_spec_parser *p, const struct tt_spec_word *word)
{
	const struct tt_event_spec *spec = &p->event->def.spec;
	const char *names[TT_MAX_ARGS];
	size_t i;

	for (i = 0; i < spec->nargs; i++)
		names[i] = spec->args[i].name;
	if (p->event->args_broken)
		p->event->broken = true;
	else if (spec->nargs == 0)
		tt_spec_report(p, word->column, "unknown-word",
			       "unknown argument `%.40s`; name the event's arguments with `args` "
			       "before this line",
			       word->text);
	else
		tt_spec_unknown(p, word, "argument", names, spec->nargs);
}

int8_t tt_spec_take_arg(struct tt_spec_parser *p, unsigned types)
{
	const struct tt_event_spec *spec = &p->event->def.spec;
	const struct tt_spec_word *word = tt_spec_take(p, "an argument of this event");
	char wanted[80];
	int arg;

	if (word == NULL)
		return -1;
	arg = tt_spec_find_arg(p, word);
	if (arg < 0) {
		unknown_arg(p, word);
		return -1;
	}
	if ((types & 1u << spec->args[arg].type) != 0)
		return (int8_t)arg;
	describe_types(types, wanted, sizeof(wanted));
	tt_spec_report(p, word->column, "wrong-type",
		       "expected an argument of type %s, found `%.40s`; write %s", wanted,
		       word->text, p->usage);
	return -1;
}
