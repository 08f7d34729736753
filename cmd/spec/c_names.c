/* SPDX-License-Identifier: MIT */
/*
 * c_names.c - the names in code that is made of a spec: spelt as C names are, all
 * different, none with a meaning in C or C++. Command layer.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "c.h"

/* Longer than one name of a spec, each letter of which may begin a word. */
#define WORD_SIZE 160

/*
 * Names of members and parameters have no prefix, so these would mean something else:
 * keywords of C and C++, what headers make macros or variables of, and what the code
 * itself calls its parameters. All others have the prefix, and a word of ours inside.
 */
static const char *const reserved[] = {
	"alignas", "alignof", "and", "and_eq", "args", "asm", "assert", "atomic_cancel", "auto",
	"bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "co_await",
	"co_return", "co_yield", "compl", "complex", "concept", "const", "const_cast", "consteval",
	"constexpr", "constinit", "continue", "daylight", "decltype", "default", "delete", "do",
	"double", "dynamic_cast", "e", "else", "enum", "environ", "errno", "explicit", "export",
	"extern", "false", "final", "float", "for", "friend", "goto", "h_addr", "h_errno", "if",
	"imaginary", "import", "inline", "int", "linux", "long", "module", "mutable", "namespace",
	"new", "noexcept", "noreturn", "not", "not_eq", "nullptr", "operator", "optarg", "opterr",
	"optind", "optopt", "or", "or_eq", "override", "private", "program_invocation_name",
	"protected", "public", "reflexpr", "register", "reinterpret_cast", "requires", "restrict",
	"return", "s_addr", "sa_handler", "sa_sigaction", "short", "si_addr", "si_fd", "si_int",
	"si_pid", "si_ptr", "si_status", "si_uid", "si_value", "signed", "signgam", "sizeof",
	"st_atime", "st_ctime", "st_mtime", "static", "static_assert", "static_cast", "stderr",
	"stdin", "stdout", "struct", "switch", "synchronized", "template", "this",
	"thread_local", "throw", "timezone", "true", "try", "typedef", "typeid", "typename",
	"typeof", "union", "unix", "unsigned", "using", "virtual", "void", "volatile", "wchar_t",
	"while", "xor", "xor_eq",
};

static bool is_reserved(const char *name)
{
	size_t len = strlen(name);

	/* types of C and of the library, which the code uses too */
	if ((len > 2 && strcmp(name + len - 2, "_t") == 0) || strncmp(name, "tt_", 3) == 0)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(reserved[i], name) == 0)
			return true;
	return false;
}

/* ----------------------------------------------------------------- a set of names */

static bool is_taken(const struct c_names *names, const char *name)
{
	for (size_t i = 0; i < names->n; i++)
		if (strcmp(names->items[i], name) == 0)
			return true;
	return false;
}

static const char *keep(struct c_names *names, const char *name)
{
	if (names->n == names->cap) {
		size_t cap = names->cap * 2 + 64;
		char **items = realloc(names->items, cap * sizeof(*items));

		if (!items)
			goto no_memory;
		names->items = items;
		names->cap = cap;
	}
	names->items[names->n] = strdup(name);
	if (names->items[names->n])
		return names->items[names->n++];
no_memory:
	names->no_memory = true;
	return "";
}

/* The name, or if it is taken the first of NAME_2, NAME_3, ... that is not. */
static const char *give(struct c_names *names, const char *name)
{
	char other[C_NAME_SIZE + 16];

	if (!is_taken(names, name))
		return keep(names, name);
	for (unsigned i = 2;; i++) {
		snprintf(other, sizeof(other), "%s_%u", name, i);
		if (!is_taken(names, other))
			return keep(names, other);
	}
}

void c_names_release(struct c_names *names)
{
	for (size_t i = 0; i < names->n; i++)
		free(names->items[i]);
	free(names->items);
	*names = (struct c_names){ 0 };
}

/* ----------------------------------------------------------------- one name */

/* Whether a new word of a name begins here: "ConnOpen", "HTTPServer", "Http2Open". */
static bool begins_word(const char *name, size_t i)
{
	if (i == 0 || !isupper((unsigned char)name[i]) || name[i - 1] == '_')
		return false;
	return !isupper((unsigned char)name[i - 1]) || islower((unsigned char)name[i + 1]);
}

/* conn_open of ConnOpen: small letters, single underscores between them. */
static void snake(char *to, size_t size, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; name[i] != '\0' && n + 2 < size; i++) {
		if (begins_word(name, i) && n > 0 && to[n - 1] != '_')
			to[n++] = '_';
		if (name[i] != '_' || (n > 0 && to[n - 1] != '_'))
			to[n++] = (char)tolower((unsigned char)name[i]);
	}
	while (n > 1 && to[n - 1] == '_')
		n--;
	to[n] = '\0';
}

static void raise(char *to, const char *name)
{
	for (; *name != '\0'; name++)
		*to++ = (char)toupper((unsigned char)*name);
	*to = '\0';
}

/* PREFIX_, and the name in small letters between two texts. */
static const char *give_small(struct c_code *c, const char *before, const char *name,
			      const char *after)
{
	char word[WORD_SIZE], all[C_NAME_SIZE];

	snake(word, sizeof(word), name);
	snprintf(all, sizeof(all), "%s_%s%s%s", c->prefix, before, word, after);
	return give(&c->names, all);
}

static const char *give_large(struct c_code *c, const char *word, const char *name)
{
	char small[WORD_SIZE], large[WORD_SIZE], all[C_NAME_SIZE];

	snake(small, sizeof(small), name);
	raise(large, small);
	snprintf(all, sizeof(all), "%s_%s_%s", c->upper, word, large);
	return give(&c->names, all);
}

static bool is_c_name(const char *name)
{
	if (!isalpha((unsigned char)name[0]) || strlen(name) > 64)
		return false;
	for (; *name != '\0'; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return false;
	return true;
}

/* Names that begin with tt_ are the library's. */
bool c_prefix(struct c_code *c)
{
	const char *given = c->opt->prefix;
	char word[WORD_SIZE];

	if (given && !is_c_name(given)) {
		cmd_error(NULL, "--prefix: '%s' is not a name in C: use a letter, then letters, "
				"digits and underscores, at most 64 in all",
			  given);
		return false;
	}
	snake(word, sizeof(word), c->experiment->name);
	if (given)
		snprintf(word, sizeof(word), "%s", given);
	snprintf(c->prefix, sizeof(c->prefix), "%s%s",
		 strcmp(word, "tt") == 0 || strncmp(word, "tt_", 3) == 0 ? "x" : "", word);
	raise(c->upper, c->prefix);
	return true;
}

/* -------------------------------------------------------- members and parameters */

/* "endpoint" of endpoint_string: the C type says that already. */
static void without_type(char *to, size_t size, const struct tt_arg_spec *arg)
{
	const char *end = strchr(arg->name, '_');
	char word[WORD_SIZE];
	bool said = arg->type == TT_ARG_STRING || arg->type == TT_ARG_VALUE;

	snprintf(word, sizeof(word), "%.*s",
		 said && end ? (int)(end - arg->name) : (int)strlen(arg->name), arg->name);
	snake(to, size, word);
}

static const char *give_local(struct c_code *c, const char *name)
{
	char word[WORD_SIZE + 1];

	snprintf(word, sizeof(word), "%s%s", name, is_reserved(name) ? "_" : "");
	return give(&c->locals, word);
}

/* Whether another argument has this as its whole name. */
static bool is_name_of_other(const struct tt_event_spec *spec, unsigned arg, const char *name)
{
	char other[WORD_SIZE];

	for (unsigned i = 0; i < spec->nargs; i++) {
		snake(other, sizeof(other), spec->args[i].name);
		if (i != arg && strcmp(other, name) == 0)
			return true;
	}
	return false;
}

static void name_args(struct c_code *c, struct c_event *event)
{
	const struct tt_event_spec *spec = event->spec;
	char name[WORD_SIZE];

	c_names_release(&c->locals);
	for (unsigned i = 0; i < spec->nargs; i++) {
		without_type(name, sizeof(name), &spec->args[i]);
		if (is_taken(&c->locals, name) || is_name_of_other(spec, i, name))
			snake(name, sizeof(name), spec->args[i].name);
		/* the set of locals is the event's; its names live with the others */
		event->args[i] = keep(&c->names, give_local(c, name));
	}
}

static void name_fields(struct c_code *c, struct c_batch *batch)
{
	char name[WORD_SIZE];

	c_names_release(&c->locals);
	for (unsigned i = 0; i < batch->spec->nfields; i++) {
		snake(name, sizeof(name), batch->spec->fields[i].name);
		batch->fields[i] = keep(&c->names, give_local(c, name));
	}
}

/* ----------------------------------------------------------------- all of them */

static void name_event(struct c_code *c, struct c_event *event)
{
	const struct tt_event_spec *spec = event->spec;

	event->type = give_large(c, "TYPE", spec->name);
	event->tag = give_small(c, "", spec->name, "_event");
	event->emit = give_small(c, "emit_", spec->name, "");
	event->read = give_small(c, "read_", spec->name, "");
}

static void name_meanings(struct c_code *c, struct c_event *event)
{
	for (unsigned i = 0; i < event->spec->nargs; i++) {
		const struct tt_arg_spec *arg = &event->spec->args[i];
		char after[WORD_SIZE + 16];

		if (!arg->batch && !arg->scaled)
			continue;
		snprintf(after, sizeof(after), "_%s_%s", event->args[i],
			 arg->scaled ? "address" : "record");
		event->meaning[i] = give_small(c, "", event->spec->name, after);
	}
}

static void name_batch(struct c_code *c, struct c_batch *batch)
{
	const char *name = batch->spec->name;

	if (batch->spec->tag >= 0)
		batch->byte = give_large(c, "TAG", name);
	batch->tag = give_small(c, "", name, "_record");
	batch->add = give_small(c, "add_", name, "");
	batch->begin = give_small(c, "begin_", name, "");
	batch->next = give_small(c, "next_", name, "");
	/* no name of people ends so */
	batch->is = give_small(c, "is_", name, "_");
	batch->fill = give_small(c, "fill_", name, "_");
	batch->put = give_small(c, "put_", name, "_");
	batch->write = give_small(c, "write_", name, "_");
}

static void name_items(struct c_code *c, struct c_batch *batch)
{
	for (unsigned i = 0; i < batch->spec->nfields; i++) {
		char after[WORD_SIZE + 2];

		if (!batch->spec->fields[i].list)
			continue;
		snprintf(after, sizeof(after), "_%s", batch->fields[i]);
		batch->items[i] = give_small(c, "next_", batch->spec->name, after);
	}
}

static void name_values(struct c_code *c, struct c_values *values)
{
	const char *name = values->spec ? values->spec->name : values->resource->name;
	const char *after = values->spec ? "" : "_state";
	unsigned n = values->spec ? values->spec->nvalues : values->resource->nstates;
	char small[WORD_SIZE], large[WORD_SIZE + 8], all[WORD_SIZE + 16];

	values->tag = give_small(c, "", name, after);
	snprintf(all, sizeof(all), "%s_name", after);
	values->name = give_small(c, "", name, all);
	snake(small, sizeof(small), name);
	snprintf(all, sizeof(all), "%s%s", small, after);
	raise(large, all);
	for (unsigned i = 0; i < n; i++)
		values->values[i] = give_large(c, large, values->spec ? values->spec->values[i].name
								      : values->resource->states[i]);
}

void c_name_all(struct c_code *c)
{
	give_small(c, "", "specs", "");
	give_small(c, "", "specs_add", "");
	give_small(c, "", "text", "");
	for (size_t i = 0; i < c->nevents; i++)
		name_event(c, &c->events[i]);
	for (size_t i = 0; i < c->nbatches; i++)
		name_batch(c, &c->batches[i]);
	for (size_t i = 0; i < c->nevents; i++)
		name_args(c, &c->events[i]);
	for (size_t i = 0; i < c->nbatches; i++)
		name_fields(c, &c->batches[i]);
	for (size_t i = 0; i < c->nevents; i++)
		name_meanings(c, &c->events[i]);
	for (size_t i = 0; i < c->nbatches; i++)
		name_items(c, &c->batches[i]);
	for (size_t i = 0; i < c->nvalues; i++)
		name_values(c, &c->values[i]);
}
