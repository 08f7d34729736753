/* SPDX-License-Identifier: MIT */
/*
 * parse.h - from the text of a spec file to definitions: what the files of this
 * folder share while they read one. Stands on base. Lower files first:
 *
 *	status.h   the statuses of goroutines and processors, which specs have no words for
 *	versions.h the versions of traces
 *	spec.h     what is known of an event
 *	nearest.c  the known word that a misspelt one is most like
 *	mistakes.c mistakes, until all are known
 *	lexer.c    lines into words, and the words one by one
 *	table.c    the specs there are; answers from them (table.h)
 *	names.c    the names of batches, records, values and fields
 *	forms.c    the words for what a number means, a table
 *	args.c     the arguments of an event
 *	needs.c    the context of an event
 *	resource.c resources: their names, their states
 *	orders.c   what an event is numbered among, and what it does to resources
 *	range.c    what a range belongs to, and ranges that are checked
 *	shows.c    the forms of `shows` and `gives`, a table
 *	values.c   blocks with the names of numbers
 *	means.c    what numbers mean
 *	field.c    the fields of batches and records
 *	batch.c    batches, records, and arguments that refer to them
 *	check.c    rules about a whole event, pairs, and the specs there are
 *	parse.c    the clauses of a text, a table again
 *	add.c      texts and files into the table
 *	embed.awk  writes types.h, a constant for each built-in event, and builtin.c, the
 *	           built-in specs, when the library is built
 *
 * A mistake never stops the reading: it is kept, the clause is dropped, and reading goes
 * on with the next line.
 */
#ifndef TT_SPEC_PARSE_H
#define TT_SPEC_PARSE_H

#include "base/mem.h"
#include "base/quote.h"
#include "spec/spec.h"
#include "spec/versions.h"

/* Longest name of an event, an argument or an experiment. */
#define TT_SPEC_MAX_NAME 64
/* No clause has so many words; more are a mistake. */
#define TT_SPEC_MAX_WORDS 64
/* As many types as there are: a file with more events repeats some. */
#define TT_SPEC_MAX_EVENTS 256
/* The first type that experiments may have, and the last one. */
#define TT_SPEC_MIN_EXPERIMENTAL 127
#define TT_SPEC_MAX_TYPE 255

/* A place in the text, both from 1; columns count bytes. */
struct tt_spec_position {
	unsigned line, column;
};

/* ------------------------------------------------------------------- words */

/* A word of a line, terminated, in the file's copy of the text. */
struct tt_spec_word {
	const char *text;
	size_t len;
	unsigned column;
	bool quoted;            /* was in double quotes */
};

struct tt_spec_line {
	unsigned number;
	unsigned nwords;
	unsigned end_column;    /* where a missing word would be */
	const char *rule;       /* why the line cannot be read, or NULL */
	const char *problem;
	unsigned problem_column;
	struct tt_spec_word words[TT_SPEC_MAX_WORDS];
};

/* ---------------------------------------------------------------- mistakes */

/* At most so many mistakes are handed out. */
#define TT_SPEC_MAX_MISTAKES 100

struct tt_spec_kept_mistake {
	struct tt_spec_position at;
	size_t ordinal;
	const char *rule;
	bool warning;
	char message[256];
};

struct tt_spec_mistakes {
	struct tt_mem *mem;
	struct tt_spec_kept_mistake *kept;
	size_t n, cap;
	size_t nwarnings;       /* among the kept ones */
	size_t total;           /* those that were not kept included, warnings not */
	bool out_of_memory;
};

/* ----------------------------------------------------------------- results */

/* A `refers` or `scales` that is not resolved yet. */
struct tt_spec_ref {
	int8_t arg;
	bool scales;
	const char *batch;      /* NULL: a base and a unit that are constants need none */
	struct tt_spec_position batch_at;
	struct tt_spec_factor {
		const char *field;      /* NULL: it is a constant */
		uint64_t number;
		struct tt_spec_position at;
	} base, unit;
};
#define TT_SPEC_MAX_REFS TT_MAX_ARGS

/* What is not resolved yet of a field. */
struct tt_spec_field {
	struct tt_spec_position name_at;
	const char *values;     /* the name of a block that `means` gives, or NULL */
	struct tt_spec_position values_at;
	const char *value;      /* the name of the number in its condition, or NULL */
	struct tt_spec_position value_at;
	int record;             /* index in the file's batches; -1: it is no record, nor a list
	                           of them */
	int element;            /* index in the file's elements; -1: it is no list of others */
};

/* A kind of batches, or of records inside others. */
struct tt_spec_batch {
	struct tt_batch_spec spec;
	struct tt_spec_position name_at, tag_at;
	unsigned clauses;
	unsigned depth;         /* of records inside its own */
	bool broken;
	struct tt_spec_field fields[TT_MAX_FIELDS];
};
/* One for each tag, and more than anybody needs. */
#define TT_SPEC_MAX_BATCHES 256
/* Batches are found by their tags; the last one is that of a batch without. */
#define TT_SPEC_NTAGS 257
/* As many records of others, and as many lists that are not of records. */
#define TT_SPEC_MAX_RECORDS 256
/* Records in records. */
#define TT_SPEC_MAX_DEPTH 8

/* A block `enum` or `flags`. */
struct tt_spec_values {
	struct tt_values_spec spec;
	struct tt_spec_position name_at;
	unsigned clauses;
	bool broken;
	size_t first;           /* index of its first value in the file's */
};
/* Of blocks, and of values in one. */
#define TT_SPEC_MAX_VALUES 64

/* A kind of resources; one that no `resource` describes is made when an event names it. */
struct tt_spec_resource {
	struct tt_resource_spec spec;
	struct tt_spec_position name_at;
	unsigned clauses;
	bool declared;
	const char *names[TT_MAX_ARGS]; /* of the arguments that name one; none: its own name */
	unsigned nnames;
};
/* An event names a few, and a file has so many events. */
#define TT_SPEC_MAX_RESOURCES (TT_SPEC_MAX_EVENTS * TT_MAX_ORDERS)

struct tt_spec_event {
	struct tt_event_def def;
	struct tt_spec_position name_at, type_at;
	unsigned clauses;       /* a bit for each clause that was seen */
	bool replaces;
	bool broken;            /* a clause of it has a mistake */
	bool args_broken;       /* `args` has: names that are not known may be its */
	bool builtin;
	/* What `pair` says, until it is resolved. */
	const char *pair_name;
	struct tt_spec_position pair_at;
	struct tt_spec_position range_at;
	bool range_stated;      /* `range` is there; else the range is that of `shows` */
	/* Of each of def.spec.orders: */
	struct tt_spec_order {
		struct tt_spec_position at;
		unsigned resource; /* index in the file's resources */
		bool numbered;  /* an `orders` line is there, */
		bool lived;     /* a clause for its life is */
		struct tt_spec_position to_at; /* of the argument that names a state */
	} orders[TT_MAX_ORDERS];
	uint8_t nrefs;
	struct tt_spec_ref refs[TT_SPEC_MAX_REFS];
	/* Of each argument: the name of the block that `means` gives, or NULL. */
	struct {
		const char *values;
		struct tt_spec_position at;
	} means[TT_MAX_ARGS];
};

/* One text, parsed. Strings of the definitions point into `text`. */
struct tt_spec_file {
	struct tt_spec_file *next;
	char *text;             /* cut into words */
	size_t text_size;       /* of it and what follows it: */
	struct tt_str source;   /* the text as it was */
	struct tt_spec_event *events;
	size_t nevents, cap;
	struct tt_spec_batch *batches; /* and records of others */
	size_t nbatches, batch_cap;
	size_t nrecords;        /* of them, records of others */
	uint16_t by_tag[TT_SPEC_NTAGS]; /* one past the index of the batch with it; 0: none */
	struct tt_batch_spec *elements; /* of lists that are not of records */
	size_t nelements, element_cap;
	struct tt_spec_values *values;
	size_t nvalues, values_cap;
	struct tt_named_value *named; /* of all blocks, one block after the other */
	size_t nnamed, named_cap;
	struct tt_spec_resource *resources;
	size_t nresources, resource_cap;
	struct tt_experiment_spec experiment; /* id 0: none */
	bool replaces;          /* the experiment does */
	unsigned renewed;       /* the experiment whose place it takes besides, or 0 */
};

/*
 * Parses a text into *file, which the caller has zeroed and releases with
 * tt_spec_file_release(), after an error too. `specs` is what there is already;
 * NULL: nothing, so that the text may be the core's. Mistakes go to `mistakes`; with
 * any, the file's contents are not to be used. If `renewed` is not 0, the text may take the
 * place of that experiment, and reading stops at the first mistake. 0 or -TT_E_MEMORY.
 */
int tt_spec_parse(struct tt_spec_file *file, const struct tt_specs *specs, struct tt_str text,
		  unsigned renewed, struct tt_spec_mistakes *mistakes);
void tt_spec_file_release(struct tt_spec_file *file, struct tt_mem *mem);

/* ------------------------------------------------------------------ parser */

struct tt_spec_parser {
	struct tt_mem *mem;
	const struct tt_specs *specs;
	struct tt_spec_file *file;
	struct tt_spec_mistakes *mistakes;
	struct tt_spec_event *event;  /* the one that clauses belong to, or NULL */
	struct tt_spec_batch *batch;  /* likewise */
	struct tt_spec_resource *resource; /* likewise */
	struct tt_spec_values *values; /* likewise */
	bool in_experiment;     /* clauses belong to the experiment */
	unsigned clauses;       /* of the experiment, a bit for each that was seen */
	bool has_experiment;    /* there was an `experiment` line, good or not */
	bool out_of_memory;     /* for events or batches */
	bool stop;              /* reading on makes no sense */
	unsigned renewed;       /* the experiment whose place the text may take, or 0 */
	const char *usage;      /* of the clause being read */
	struct tt_spec_line line;
	unsigned next;          /* index of the next word */
};

/* Clauses with a bit in `clauses`; parse.c has the table. */
enum tt_spec_clause {
	TT_CLAUSE_EXPERIMENT,
	TT_CLAUSE_EVENT,
	TT_CLAUSE_DOC,
	TT_CLAUSE_ARGS,
	TT_CLAUSE_NEEDS,
	TT_CLAUSE_PAIR,
	TT_CLAUSE_SHOWS,
	TT_CLAUSE_GIVES,
	TT_CLAUSE_REFERS,
	TT_CLAUSE_SCALES,
	TT_CLAUSE_BATCH,
	TT_CLAUSE_FIELD,
	TT_CLAUSE_ORDERS,
	TT_CLAUSE_RESOURCE,
	TT_CLAUSE_NAMES,
	TT_CLAUSE_STATES,
	TT_CLAUSE_UNKNOWN,
	TT_CLAUSE_MISUSE,
	TT_CLAUSE_REUSED,
	TT_CLAUSE_CREATES,
	TT_CLAUSE_USES,
	TT_CLAUSE_DESTROYS,
	TT_CLAUSE_RESTATES,
	TT_CLAUSE_RANGE,
	TT_CLAUSE_RECORD,
	TT_CLAUSE_ENUM,
	TT_CLAUSE_FLAGS,
	TT_CLAUSE_VALUE,
	TT_CLAUSE_MEANS,
	TT_CLAUSE_COUNT
};

/* ---------------------------------------------------------------- files */

/* nearest.c */

/* The candidate most like `word`, or NULL if none is like it. */
const char *tt_spec_nearest(const char *word, const char *const *candidates, size_t n);

/* mistakes.c */

void tt_spec_mistakes_init(struct tt_spec_mistakes *mistakes, struct tt_mem *mem);
void tt_spec_mistakes_release(struct tt_spec_mistakes *mistakes);
/* Whether one more would be kept. */
bool tt_spec_mistakes_has_room(const struct tt_spec_mistakes *mistakes);
/* Puts them in the order of their places. */
void tt_spec_mistakes_sort(struct tt_spec_mistakes *mistakes);
/* Keeps a mistake in the line being read; the event or batch it belongs to is broken. */
void tt_spec_report(struct tt_spec_parser *p, unsigned column, const char *rule,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Keeps a mistake anywhere. */
void tt_spec_report_at(struct tt_spec_parser *p, struct tt_spec_position at, const char *rule,
		       const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Keeps a warning: the spec can be used. */
void tt_spec_warn_at(struct tt_spec_parser *p, struct tt_spec_position at, const char *rule,
		     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* lexer.c */

/*
 * Splits text[0..len] in place; text[len] may be overwritten. A comma is a word
 * of its own, `#` where a word could begin starts a comment. A line that begins
 * with the word `plain` has that word and the rest as it is. Sets rule and
 * problem of a line that is no text or has no end to a quote.
 */
void tt_spec_split(struct tt_spec_line *line, char *text, size_t len, const char *plain);
/* The next word, or NULL at the line's end. */
const struct tt_spec_word *tt_spec_peek(const struct tt_spec_parser *p);
/* Where the next word is, or the line's end. */
struct tt_spec_position tt_spec_here(const struct tt_spec_parser *p);
/* Takes the next word; a mistake and NULL if there is none. `what` says what it should be. */
const struct tt_spec_word *tt_spec_take(struct tt_spec_parser *p, const char *what);
/* Takes the next word if it is this one. */
bool tt_spec_accept(struct tt_spec_parser *p, const char *word);
/* A mistake and false if words are left. */
bool tt_spec_done(struct tt_spec_parser *p);
/* Reports that a word is none of the candidates. `what`: "clause", "proc state". */
void tt_spec_unknown(struct tt_spec_parser *p, const struct tt_spec_word *word, const char *what,
		     const char *const *candidates, size_t n);
/* Takes a quoted text; NULL with a mistake. */
const char *tt_spec_take_quoted(struct tt_spec_parser *p, const char *what);
/* Takes a name of an event, batch or experiment; NULL with a mistake. */
const char *tt_spec_take_name(struct tt_spec_parser *p, const char *what);
/* Takes a number from min to max; -1 with a mistake. */
int tt_spec_take_number(struct tt_spec_parser *p, const char *what, unsigned min, unsigned max);
/* The same for 64 bits, in base 10, or 16 after `0x`. False with a mistake. */
bool tt_spec_take_u64(struct tt_spec_parser *p, const char *what, uint64_t min, uint64_t max,
		      uint64_t *value);
/* Decimal digits up to the end of text; false: anything else, or more than `max`. */
bool tt_spec_number(const char *text, unsigned max, unsigned *value);

/* The length of the character at text, or 0 if it may not be in a spec. */
static inline size_t tt_spec_character(const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;
	uint32_t code = 0;
	size_t n = tt_utf8_next(p, p + len, &code);
	bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);

	return is_control && code != '\t' ? 0 : n;
}

static inline bool tt_spec_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* names.c */

/* Whether no batch, record or block of values has the name; a mistake if one has. */
bool tt_spec_is_free_name(struct tt_spec_parser *p, const char *name, struct tt_spec_position at);
/* The index of the field of this name, or -1. */
int tt_spec_find_field(const struct tt_batch_spec *spec, const char *name);
/* Takes the name of a field of this batch: its index, or -1 with a mistake. */
int tt_spec_take_field(struct tt_spec_parser *p, const char *what);

/* forms.c */

struct tt_spec_form {
	const char *word;
	enum tt_form form;
	bool is_suffix;         /* it may be the end of a name */
	unsigned fields;        /* types of fields that may have it, a bit for each */
	const char *instead;    /* the types that whole numbers of other types need */
};
#define TT_SPEC_NFORMS 13
/* The types of whole numbers, a bit for each. */
#define TT_SPEC_WHOLE_NUMBERS                                                                 \
	(1u << TT_FIELD_UINT | 1u << TT_FIELD_INT | 1u << TT_FIELD_VARINT | 1u << TT_FIELD_ZIGZAG)
/* NULL: no word for a form. */
const struct tt_spec_form *tt_spec_find_form(const char *word);
/* The i-th of TT_SPEC_NFORMS words. */
const char *tt_spec_form_word(size_t i);
/* What the end of a name says, or TT_FORM_PLAIN. */
enum tt_form tt_spec_form_of_name(const char *name);

/* args.c */

void tt_spec_read_args(struct tt_spec_parser *p);
/* Whether a word may name a field; if not, with a mistake. */
bool tt_spec_check_name(struct tt_spec_parser *p, const struct tt_spec_word *word,
			const char *what);
/* Whether it may name an argument: fewer may. */
bool tt_spec_check_arg_name(struct tt_spec_parser *p, const struct tt_spec_word *word,
			    const char *what);
/* The index of the argument of the event that a word names, or -1. */
int tt_spec_find_arg(const struct tt_spec_parser *p, const struct tt_spec_word *word);
/* The type that a name has by the naming rule. */
enum tt_arg_type tt_spec_arg_type(const char *name);
/*
 * Takes the name of an argument of the event whose type is one of `types` (bits
 * 1 << enum tt_arg_type): its index, or -1 with a mistake.
 */
int8_t tt_spec_take_arg(struct tt_spec_parser *p, unsigned types);

/* Warns of a name that ends as a type does, but without the underscore. */
void tt_spec_warn_suffix(struct tt_spec_parser *p, const char *name, struct tt_spec_position at);

/* values.c */

/* Begins a block of values, whatever its line says; false if there is no room for it. */
bool tt_spec_begin_values(struct tt_spec_parser *p);
void tt_spec_end_values(struct tt_spec_parser *p);
void tt_spec_read_enum(struct tt_spec_parser *p);
void tt_spec_read_flags(struct tt_spec_parser *p);
void tt_spec_read_value(struct tt_spec_parser *p);
/* Gives the blocks their values, when all are known. */
void tt_spec_settle_values(struct tt_spec_parser *p);
/* The block of this name, and its form; NULL with a mistake. */
const struct tt_values_spec *tt_spec_resolve_values(struct tt_spec_parser *p, const char *name,
						    struct tt_spec_position at, enum tt_form *form);
/* The value of this name, or NULL. */
const struct tt_named_value *tt_spec_find_value(const struct tt_values_spec *values,
						const char *name);

/* means.c */

/* `means` of an event, */
void tt_spec_read_means(struct tt_spec_parser *p);
/* and of a batch or a record. */
void tt_spec_read_field_means(struct tt_spec_parser *p);
/* Binds what an event's arguments mean to the blocks. */
void tt_spec_resolve_means(struct tt_spec_parser *p, struct tt_spec_event *event);

/* field.c */

void tt_spec_read_field(struct tt_spec_parser *p);
/* Whether a word is a type of fields, or begins one. */
bool tt_spec_is_field_type(const char *word);
/* Whether there is one whole number. */
bool tt_spec_is_integer(const struct tt_field_spec *field);
/* Binds fields to the records and values that they name, when all are known. */
void tt_spec_resolve_fields(struct tt_spec_parser *p);

/* batch.c */

/* Begins a batch or a record, whatever its line says; false if there is no room for it. */
bool tt_spec_begin_batch(struct tt_spec_parser *p, bool record);
void tt_spec_end_batch(struct tt_spec_parser *p);
void tt_spec_read_batch(struct tt_spec_parser *p);
void tt_spec_read_record(struct tt_spec_parser *p);
void tt_spec_read_shown(struct tt_spec_parser *p);
void tt_spec_read_refers(struct tt_spec_parser *p);
void tt_spec_read_scales(struct tt_spec_parser *p);
/* Binds what an event's arguments refer to, when all batches are known. */
void tt_spec_resolve_refs(struct tt_spec_parser *p, struct tt_spec_event *event);

/* needs.c */

void tt_spec_read_needs(struct tt_spec_parser *p);

/* resource.c */

/* Begins a resource, whatever its line says; false if there is no room for it. */
bool tt_spec_begin_resource(struct tt_spec_parser *p);
void tt_spec_read_resource(struct tt_spec_parser *p);
void tt_spec_read_names(struct tt_spec_parser *p);
void tt_spec_read_states(struct tt_spec_parser *p);
void tt_spec_read_unknown(struct tt_spec_parser *p);
void tt_spec_read_misuse(struct tt_spec_parser *p);
void tt_spec_read_reused(struct tt_spec_parser *p);
/* The index of the resource that arguments of this name are of; -1: no memory. */
int tt_spec_find_resource(struct tt_spec_parser *p, const char *arg);
/* The index of a state, or -1 with a mistake. */
int8_t tt_spec_find_state(struct tt_spec_parser *p, const struct tt_resource_spec *resource,
			  const struct tt_spec_word *word);

/* orders.c */

void tt_spec_read_orders(struct tt_spec_parser *p);
void tt_spec_read_creates(struct tt_spec_parser *p);
void tt_spec_read_uses(struct tt_spec_parser *p);
void tt_spec_read_destroys(struct tt_spec_parser *p);
void tt_spec_read_restates(struct tt_spec_parser *p);
/* Binds what events order to the resources, when all are known, and checks how they fit. */
void tt_spec_resolve_orders(struct tt_spec_parser *p);

/* range.c */

/* What events are about: a goroutine, a P, a thread, all. */
struct tt_spec_scope {
	const char *word;
	enum tt_resource resource;
	unsigned types;         /* of the argument that says which one; 0: there is only one */
};
/* Takes one of the first `n` scopes; NULL with a mistake. */
const struct tt_spec_scope *tt_spec_take_scope(struct tt_spec_parser *p, size_t n);
enum { TT_SPEC_NSCOPES = 4, TT_SPEC_NSTATE_SCOPES = 2 /* those with states that are shown */ };
/* Which one: `self` or an argument: its index, or -1 for `self`. False with a mistake. */
bool tt_spec_take_scope_id(struct tt_spec_parser *p, const struct tt_spec_scope *scope,
			   int8_t *arg);
void tt_spec_read_range(struct tt_spec_parser *p);
/* The range that an event shows is also checked. */
void tt_spec_range_of_view(struct tt_spec_parser *p, struct tt_spec_event *event);
/* Why the range of an event does not fit that of its pair, or NULL. */
const char *tt_spec_range_mismatch(const struct tt_event_def *def,
				   const struct tt_event_def *begin);

/* shows.c */

void tt_spec_read_shows(struct tt_spec_parser *p);
void tt_spec_read_gives(struct tt_spec_parser *p);

/* check.c */

/* The event as a whole, when all its clauses are read. */
void tt_spec_check_event(struct tt_spec_parser *p, struct tt_spec_event *event);
/* Whether its name and type are free. */
void tt_spec_check_clash(struct tt_spec_parser *p, struct tt_spec_event *event);
/* Whether the experiment's name and id are free. */
void tt_spec_check_experiment(struct tt_spec_parser *p, struct tt_spec_position name_at,
			      struct tt_spec_position id_at);
/* The file as a whole: pairs. Fills in what an event has from its pair. */
void tt_spec_check_file(struct tt_spec_parser *p);

#endif
