/* SPDX-License-Identifier: MIT */
/*
 * options.h - command line options from a table that drives both parsing and
 * --help. Command layer.
 *
 * Understood: --name VALUE, --name=VALUE, -n VALUE, -nVALUE, flags bundled as in
 * -qv, options after operands, `--` as the end of options, `-` as an operand. A
 * later option overrides an earlier one, except in lists.
 *
 *	struct dump_options {
 *		int format;
 *		uint64_t limit;
 *	};
 *	static const struct opt table[] = {
 *		OPT_HEADING("Output"),
 *		{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = formats,
 *		  .help = "...", .at = offsetof(struct dump_options, format) },
 *		{ .kind = OPT_NUMBER, .letter = 'n', .meta = "N", .max = 100,
 *		  .help = "...", .at = offsetof(struct dump_options, limit) },
 *		OPT_HELP,
 *		OPT_TABLE_END,
 *	};
 */
#ifndef CMD_CLI_OPTIONS_H
#define CMD_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an option takes, and the type of what is at `at`. */
enum opt_kind {
	OPT_KIND_END,
	OPT_KIND_HEADING,
	OPT_KIND_HELP,
	OPT_FLAG,     /* nothing; bool, set to true */
	OPT_STRING,   /* any text; const char * */
	OPT_LIST,     /* any text, again and again; struct opt_list */
	OPT_CHOICE,   /* a word of `choices`; int, its index */
	OPT_NUMBER,   /* decimal or 0x..., within min..max; uint64_t */
	OPT_SIZE,     /* bytes, with K, M, G, T (powers of 1024); uint64_t */
	OPT_DURATION, /* 1.5s, 20ms, 300us, 40ns, 2m, 1h; int64_t, nanoseconds */
	OPT_OWN,      /* what `parse` accepts; any type */
};

/* Why a value is wrong: what follows "--name: 'value' ". */
struct opt_mistake {
	char text[256];
};

/* Stores the value at `target`; 0, or -1 and *why. */
typedef int opt_parse_fn(void *target, const char *value, struct opt_mistake *why);

struct opt {
	enum opt_kind kind;
	char letter;                /* 0: none */
	const char *name;           /* without dashes; NULL: none */
	const char *meta;           /* what --help calls the value */
	const char *help;           /* lines; NULL: not listed (an alias) */
	size_t at;                  /* offset in the verb's struct */
	uint64_t min, max;          /* of OPT_NUMBER, OPT_SIZE; max 0: no limit */
	const char *const *choices; /* of OPT_CHOICE, ends with NULL */
	opt_parse_fn *parse;        /* of OPT_OWN */
};

#define OPT_HEADING(text) { .kind = OPT_KIND_HEADING, .help = (text) }
#define OPT_HELP                                                                                \
	{ .kind = OPT_KIND_HELP, .letter = 'h', .name = "help", .help = "show this text" }
#define OPT_TABLE_END { .kind = OPT_KIND_END }

/* Values in the order given. Release with opt_list_release(). */
struct opt_list {
	const char **items;
	size_t n;
};

void opt_list_release(struct opt_list *list);

struct opt_command {
	const char *verb;
	const char *synopsis;       /* after "tracetool VERB " */
	const char *summary;        /* lines below the synopsis */
	const char *notes;          /* lines at the end; may be NULL */
	const struct opt *table;
	size_t min_operands;
	size_t max_operands;        /* 0: no limit */
};

struct opt_operands {
	char **items;               /* within argv, which is reordered */
	size_t n;
};

/*
 * Fills *target, which holds the defaults. OPT_RUN, or the exit status with which
 * the verb has to end at once: 0 after --help, 2 after a mistake, which is printed
 * with the most similar name there is.
 */
#define OPT_RUN (-1)
int opt_parse(const struct opt_command *command, int argc, char **argv, void *target,
	      struct opt_operands *operands);

/* A usage mistake found later: prints it with a pointer to --help, returns 2. */
int opt_usage(const struct opt_command *command, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- the same, for a verb's own parsers */

int opt_mistake(struct opt_mistake *why, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The number at *text, decimal or 0x..., which moves past it: 0; or -1, with ERANGE in errno if it
 * is too large. */
int opt_take_u64(const char **text, uint64_t *out);
/* The same of the whole text. */
int opt_u64(const char *text, uint64_t *out);
/* Nanoseconds of 1.5s, 20ms, 300us, 40ns, 2m, 1h, or 0 without a unit. */
int opt_duration(const char *text, int64_t *ns);

/* The name that a mistyped word is most similar to: begin with { .word = ... }. */
struct nearest {
	const char *word;
	const char *best;           /* NULL: none is similar */
	size_t distance;
};

void nearest_try(struct nearest *n, const char *candidate);

#endif
