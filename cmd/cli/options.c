/* SPDX-License-Identifier: MIT */
/* options.c - parsing options and printing --help from one table. Command layer. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "out.h"

/* ---- nearest name */

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours from a to b. */
static size_t edit_distance(const char *a, const char *b)
{
	size_t na = strlen(a), nb = strlen(b);
	size_t rows[3][WORD_MAX + 1];

	if (na > WORD_MAX || nb > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *top = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = least(row[j], least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = least(row[j], top[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

void nearest_try(struct nearest *n, const char *candidate)
{
	size_t len = strlen(n->word);
	size_t distance = edit_distance(n->word, candidate);
	/* A word half of which is replaced is another word; an abbreviation is similar. */
	bool near = distance <= 1 + len / 3 && distance < strlen(candidate);

	if (len >= 2 && strncmp(n->word, candidate, len) == 0) {
		near = true;
		distance = 0;
	}
	if (near && (!n->best || distance < n->distance)) {
		n->best = candidate;
		n->distance = distance;
	}
}

/* ---- values */

int opt_mistake(struct opt_mistake *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why->text, sizeof(why->text), format, args);
	va_end(args);
	return -1;
}

int opt_take_u64(const char **text, uint64_t *out)
{
	bool hex = (*text)[0] == '0' && ((*text)[1] == 'x' || (*text)[1] == 'X');
	char *end;
	unsigned long long v;

	errno = 0;
	if (!isdigit((unsigned char)(*text)[0]) || (hex && !isxdigit((unsigned char)(*text)[2])))
		return -1;
	v = strtoull(*text, &end, hex ? 16 : 10);
	*text = end;
	*out = v;
	return errno == 0 ? 0 : -1;
}

int opt_u64(const char *text, uint64_t *out)
{
	uint64_t v;
	int rc = opt_take_u64(&text, &v);

	if (*text != '\0') {
		errno = 0;
		return -1;
	}
	if (rc == 0)
		*out = v;
	return rc;
}

static int parse_number(const struct opt *o, const char *value, uint64_t *out,
			struct opt_mistake *why)
{
	uint64_t max = o->max ? o->max : UINT64_MAX;
	uint64_t v = 0;

	if (opt_u64(value, &v) < 0)
		return errno == ERANGE ? opt_mistake(why, "is more than %" PRIu64, max)
				       : opt_mistake(why, "is not a number");
	if (v < o->min)
		return opt_mistake(why, "is less than %" PRIu64, o->min);
	if (v > max)
		return opt_mistake(why, "is more than %" PRIu64, max);
	*out = v;
	return 0;
}

static int parse_size(const struct opt *o, const char *value, uint64_t *out,
		      struct opt_mistake *why)
{
	static const char units[] = "KMGT";
	const char *rest = value;
	uint64_t v, max = o->max ? o->max : UINT64_MAX;
	const char *unit;
	unsigned shift = 0;

	if (opt_take_u64(&rest, &v) < 0)
		return errno == ERANGE
			       ? opt_mistake(why, "is too large")
			       : opt_mistake(why, "is not a size (examples: 4096, 64K, 512M, 2G)");
	unit = *rest != '\0' ? strchr(units, toupper((unsigned char)*rest)) : NULL;
	if (unit) {
		shift = 10 * (unsigned)(unit - units + 1);
		rest++;
		rest += strncmp(rest, "iB", 2) == 0 ? 2 : 0;
	}
	rest += *rest == 'B';
	if (*rest != '\0')
		return opt_mistake(why, "is not a size (examples: 4096, 64K, 512M, 2G)");
	if (v > max >> shift)
		return opt_mistake(why, "is too large");
	if (v << shift < o->min)
		return opt_mistake(why, "is less than %" PRIu64 " bytes", o->min);
	*out = v << shift;
	return 0;
}

/* Nanoseconds in a unit; 0 if there is no such unit. */
static uint64_t unit_ns(const char *unit)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {
		{ "ns", 1 },
		{ "us", 1000 },
		{ "\xc2\xb5s", 1000 },
		{ "ms", 1000000 },
		{ "s", 1000000000 },
		{ "m", UINT64_C(60000000000) },
		{ "h", UINT64_C(3600000000000) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name) == 0)
			return units[i].ns;
	}
	return 0;
}

int opt_duration(const char *text, int64_t *ns)
{
	const char *fraction = "";
	uint64_t whole, unit, part = 0;
	size_t digits = 0;

	if ((text[0] == '0' && (text[1] | 32) == 'x') || opt_take_u64(&text, &whole) < 0)
		return -1;
	if (*text == '.') {
		fraction = ++text;
		digits = strspn(fraction, "0123456789");
		text += digits;
		if (digits == 0)
			return -1;
	}
	if (whole == 0 && digits == 0 && *text == '\0') {
		*ns = 0;
		return 0;
	}
	unit = unit_ns(text);
	if (unit == 0 || whole > (uint64_t)INT64_MAX / unit - 1)
		return -1;
	for (uint64_t i = 0, scale = unit / 10; i < digits && scale > 0; i++, scale /= 10)
		part += (uint64_t)(fraction[i] - '0') * scale;
	*ns = (int64_t)(whole * unit + part);
	return 0;
}

static int parse_choice(const struct opt *o, const char *value, int *out, struct opt_mistake *why)
{
	struct nearest near = { .word = value };
	char all[200] = "";
	size_t length = 0;

	for (int i = 0; o->choices[i]; i++) {
		if (strcmp(value, o->choices[i]) == 0) {
			*out = i;
			return 0;
		}
		nearest_try(&near, o->choices[i]);
		if (length < sizeof(all))
			length += (size_t)snprintf(all + length, sizeof(all) - length, "%s%s",
						   i ? ", " : "", o->choices[i]);
	}
	if (near.best)
		return opt_mistake(why, "is not one of %s; did you mean '%s'?", all, near.best);
	return opt_mistake(why, "is not one of %s", all);
}

static int append_value(struct opt_list *list, const char *value, struct opt_mistake *why)
{
	const char **items = realloc(list->items, (list->n + 1) * sizeof(*items));

	if (!items)
		return opt_mistake(why, "does not fit in memory");
	list->items = items;
	list->items[list->n++] = value;
	return 0;
}

void opt_list_release(struct opt_list *list)
{
	free(list->items);
	list->items = NULL;
	list->n = 0;
}

static int store_value(const struct opt *o, void *at, const char *value, struct opt_mistake *why)
{
	switch (o->kind) {
	case OPT_FLAG:
		*(bool *)at = true;
		return 0;
	case OPT_STRING:
		*(const char **)at = value;
		return 0;
	case OPT_LIST:
		return append_value(at, value, why);
	case OPT_CHOICE:
		return parse_choice(o, value, at, why);
	case OPT_NUMBER:
		return parse_number(o, value, at, why);
	case OPT_SIZE:
		return parse_size(o, value, at, why);
	case OPT_DURATION:
		if (opt_duration(value, at) < 0)
			return opt_mistake(why, "is not a duration (examples: 1.5s, 20ms, 300us)");
		return 0;
	case OPT_OWN:
		return o->parse(at, value, why);
	default:
		return 0;
	}
}

/* ---- help */

static bool takes_value(const struct opt *o)
{
	return o->kind != OPT_FLAG && o->kind != OPT_KIND_HELP;
}

/* Names come from our own tables and are short: no check for room is needed. */
static char *put_option_names(char *p, const struct opt *opt)
{
	if (opt->letter) {
		p = put_lit(p, "-");
		p = put_char(p, opt->letter);
	} else {
		p = put_lit(p, "  ");
	}
	if (opt->name) {
		p = put_cstr(p, opt->letter ? ", --" : "  --");
		p = put_cstr(p, opt->name);
	}
	if (takes_value(opt)) {
		p = put_char(p, opt->name ? '=' : ' ');
		p = put_cstr(p, opt->meta);
	}
	return p;
}

enum { HELP_COLUMN = 28 };

/* Text of several lines, the first of which begins at column `used`. */
static char *put_help_lines(struct out *o, char *p, const char *text, size_t used)
{
	if (used + 2 > HELP_COLUMN) {
		p = put_char(p, '\n');
		used = 0;
	}
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		p = out_room(o, p);
		p = put_column(p, p, HELP_COLUMN - used, 0);
		p = out_text(o, p, text, n);
		p = put_char(p, '\n');
		text += n + (text[n] == '\n');
		used = 0;
	}
	return p;
}

static char *put_help_row(struct out *o, char *p, const struct opt *opt)
{
	const char *start = p;

	if (opt->kind == OPT_KIND_HEADING) {
		p = put_char(p, '\n');
		p = put_cstr(p, opt->help);
		return put_char(p, '\n');
	}
	p = put_lit(p, "  ");
	p = put_option_names(p, opt);
	return put_help_lines(o, p, opt->help, (size_t)(p - start));
}

static void print_help(const struct opt_command *c)
{
	struct out *o = &out_stdout;
	char *p = out_begin(o);

	p = put_lit(p, "Usage: tracetool ");
	p = put_cstr(p, c->verb);
	p = put_char(p, ' ');
	p = out_cstr(o, p, c->synopsis);
	p = put_char(out_room(o, p), '\n');
	p = out_cstr(o, p, c->summary);
	p = put_char(out_room(o, p), '\n');
	for (const struct opt *opt = c->table; opt->kind != OPT_KIND_END; opt++) {
		if (opt->help)
			p = put_help_row(o, out_room(o, p), opt);
	}
	if (c->notes) {
		p = put_char(out_room(o, p), '\n');
		p = out_cstr(o, p, c->notes);
		p = put_char(out_room(o, p), '\n');
	}
	out_end(o, p);
}

/* ---- parsing */

struct parse {
	const struct opt_command *command;
	char **argv;
	int argc;
	int at;
	char *target;
};

int opt_usage(const struct opt_command *command, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cmd_error(NULL, "%s (see 'tracetool %s --help')", text, command->verb);
	return STATUS_TROUBLE;
}

static const struct opt *find_long(const struct opt_command *c, const char *name, size_t len)
{
	for (const struct opt *o = c->table; o->kind != OPT_KIND_END; o++) {
		if (o->name && strlen(o->name) == len && memcmp(o->name, name, len) == 0)
			return o;
	}
	return NULL;
}

static const struct opt *find_short(const struct opt_command *c, char letter)
{
	for (const struct opt *o = c->table; o->kind != OPT_KIND_END; o++) {
		if (o->letter == letter && o->kind != OPT_KIND_HEADING)
			return o;
	}
	return NULL;
}

static int unknown_option(const struct opt_command *c, const char *name, size_t len)
{
	char word[WORD_MAX + 1];
	struct nearest near = { .word = word };

	snprintf(word, sizeof(word), "%.*s", (int)least(len, WORD_MAX), name);
	for (const struct opt *o = c->table; o->kind != OPT_KIND_END; o++) {
		if (o->name && o->help)
			nearest_try(&near, o->name);
	}
	if (near.best)
		return opt_usage(c, "unknown option --%s; did you mean --%s?", word, near.best);
	return opt_usage(c, "unknown option --%s", word);
}

/* `spelled` is the option as the user wrote it, for messages. */
static int apply_option(struct parse *p, const struct opt *o, const char *value,
			const char *spelled)
{
	struct opt_mistake why;

	if (o->kind == OPT_KIND_HELP) {
		print_help(p->command);
		return STATUS_FINE;
	}
	if (store_value(o, p->target + o->at, value, &why) == 0)
		return OPT_RUN;
	return opt_usage(p->command, "%s: '%.100s' %s", spelled, value, why.text);
}

/* The next argument as an option's value, or NULL. */
static const char *next_value(struct parse *p)
{
	return p->at < p->argc ? p->argv[p->at++] : NULL;
}

static int parse_long(struct parse *p, const char *arg)
{
	size_t len = strcspn(arg, "=");
	const char *value = arg[len] == '=' ? arg + len + 1 : NULL;
	const struct opt *o = find_long(p->command, arg, len);
	char spelled[WORD_MAX + 3];

	if (!o)
		return unknown_option(p->command, arg, len);
	snprintf(spelled, sizeof(spelled), "--%s", o->name);
	if (!takes_value(o) && value)
		return opt_usage(p->command, "%s takes no value", spelled);
	if (takes_value(o) && !value)
		value = next_value(p);
	if (takes_value(o) && !value)
		return opt_usage(p->command, "%s needs a value, %s", spelled, o->meta);
	return apply_option(p, o, value, spelled);
}

static int parse_short(struct parse *p, const char *arg)
{
	int rc = OPT_RUN;

	while (*arg != '\0' && rc == OPT_RUN) {
		const struct opt *o = find_short(p->command, *arg);
		char spelled[] = { '-', *arg++, '\0' };
		const char *value = NULL;

		if (!o)
			return opt_usage(p->command, "unknown option %s", spelled);
		if (takes_value(o)) {
			value = *arg != '\0' ? arg : next_value(p);
			arg = "";
			if (!value)
				return opt_usage(p->command, "%s needs a value, %s", spelled,
						 o->meta);
		}
		rc = apply_option(p, o, value, spelled);
	}
	return rc;
}

static int check_operands(const struct opt_command *c, const struct opt_operands *operands)
{
	if (operands->n < c->min_operands)
		return opt_usage(c, "no file given; usage: tracetool %s %s", c->verb, c->synopsis);
	if (c->max_operands != 0 && operands->n > c->max_operands)
		return opt_usage(c, "'%s' is one file too many", operands->items[c->max_operands]);
	return OPT_RUN;
}

int opt_parse(const struct opt_command *command, int argc, char **argv, void *target,
	      struct opt_operands *operands)
{
	struct parse p = { .command = command, .argv = argv, .argc = argc, .at = 1,
			   .target = target };
	bool options = true;
	int rc = OPT_RUN;

	*operands = (struct opt_operands){ .items = argv + 1 };
	while (p.at < argc && rc == OPT_RUN) {
		char *arg = argv[p.at++];

		if (!options || arg[0] != '-' || arg[1] == '\0')
			operands->items[operands->n++] = arg;
		else if (strcmp(arg, "--") == 0)
			options = false;
		else if (arg[1] == '-')
			rc = parse_long(&p, arg + 2);
		else
			rc = parse_short(&p, arg + 1);
	}
	return rc == OPT_RUN ? check_operands(command, operands) : rc;
}
