/* SPDX-License-Identifier: MIT */
/*
 * c.h - `tracetool spec c`: C code from a spec. Command layer: stands on tracetool.h
 * and out.h. Its files, lower ones first:
 *
 *	c_text.c   comments and strings of C
 *	c_names.c  names for all that the code has
 *	c_shared.c  what is the same in the code of every spec
 *	c_types.c  prints types, numbers and the spec: what both parts need
 *	c_emit.c   prints the part that writes events
 *	c_read.c   prints the part that reads them
 *	c.c        all of it
 */
#ifndef CMD_SPEC_C_H
#define CMD_SPEC_C_H

#include "cli/cli.h"
#include "cli/out.h"

enum spec_c_part {
	SPEC_C_ALL,
	SPEC_C_EMIT,
	SPEC_C_READ,
};

struct spec_c_options {
	int part;               /* enum spec_c_part */
	const char *prefix;     /* of all names; NULL: made of the experiment's */
	bool no_text;           /* the code does not bring the spec along */
};

/*
 * Prints code for the spec `text`, which has no mistakes; `name` is its file's. 0, or a
 * status after a message.
 */
int spec_c(struct out *o, const struct spec_c_options *opt, const char *name, struct tt_str text);

/* ------------------------------------------------- what its files share, no contract */

/* Longer than a prefix and three names of a spec. */
#define C_NAME_SIZE 768

/* The names given so far, all different. Release with c_names_release(). */
struct c_names {
	char **items;
	size_t n, cap;
	bool no_memory;         /* sticky; names are "" then */
};

/* An event and what it is called. Arguments' names are those of members and parameters. */
struct c_event {
	const struct tt_event_spec *spec;
	const char *type;       /* the enumerator of its type */
	const char *tag;        /* of the struct */
	const char *emit, *read;
	const char *args[TT_MAX_ARGS];
	const char *meaning[TT_MAX_ARGS]; /* the function for what it refers to; NULL: nothing */
};

/* At most so many in one block. */
#define C_MAX_VALUES 64

/* The values of an `enum` or `flags` block, or the states of a resource. */
struct c_values {
	const struct tt_values_spec *spec; /* NULL: it is a resource's */
	const struct tt_resource_spec *resource;
	const char *tag;        /* of the enum */
	const char *name;       /* the function that names a value */
	const char *values[C_MAX_VALUES];
};

struct c_batch {
	const struct tt_batch_spec *spec;
	const char *byte;       /* the enumerator of its tag; NULL: it has none */
	const char *tag;        /* of the struct of a record */
	const char *add, *begin, *next;
	const char *is, *fill, *put, *write; /* not for people */
	const char *fields[TT_MAX_FIELDS];
	const char *items[TT_MAX_FIELDS]; /* the function for the next one of a list; NULL: none */
};

#define C_MAX_EVENTS 256

struct c_code {
	struct out *o;
	const struct spec_c_options *opt;
	const struct tt_specs *specs;
	const struct tt_experiment_spec *experiment;
	const char *file;       /* of the spec, without folders */
	char prefix[162], upper[162];
	struct c_names names, locals;
	struct c_event events[C_MAX_EVENTS];
	size_t nevents;
	struct c_batch *batches;
	size_t nbatches;
	struct c_values *values; /* and states */
	size_t nvalues;
};

/* A format as printf's, of names only: what comes of it has room in OUT_ROOM. */
void c_say(struct out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A comment at this depth of tabs: `before`, then `text`, wherever that comes from. */
void c_comment(struct out *o, unsigned depth, const char *before, const char *text);
/* An initializer for an array of char; true if it ends with a NUL of its own. */
bool c_string(struct out *o, struct tt_str text);
/* A short string in its quotes. */
void c_quoted(struct out *o, const char *text);

/* Fills prefix and upper. False after a message. */
bool c_prefix(struct c_code *c);
/* Gives every name there will be. */
void c_name_all(struct c_code *c);
void c_names_release(struct c_names *names);

/* The C type of an argument, of a parameter for it, and of a field or an element of one. */
const char *c_arg_type(const struct tt_arg_spec *arg);
const char *c_parameter_type(const struct c_code *c, const struct tt_arg_spec *arg);
const char *c_field_type(const struct c_code *c, const struct tt_field_spec *field);
bool c_is_number(const struct tt_field_spec *field);
/* Two texts around a value of C that make the number which is written of it. */
struct c_around {
	const char *before, *after;
};
struct c_around c_arg_number(const struct tt_arg_spec *arg);
struct c_around c_field_number(const struct tt_field_spec *field);
/* Two texts around a number that make the value of C. */
struct c_around c_arg_value(const struct tt_arg_spec *arg);
/* Says in a comment what a number means, if its type does not. */
void c_note(const struct c_code *c, enum tt_form form, const struct tt_values_spec *values);
const struct c_batch *c_batch_of(const struct c_code *c, const struct tt_batch_spec *spec);
/* Prints the condition of a field as one of C about `who`, such as "r->". */
void c_condition(const struct c_code *c, const struct c_batch *batch, unsigned i, const char *who);

/* What is the same in all headers: of both parts, of one. */
void c_shared_types(struct out *o);
void c_shared_emit(struct out *o);
void c_shared_read(struct out *o);

void c_types(const struct c_code *c, struct tt_str text);
void c_emit(const struct c_code *c);
void c_read(const struct c_code *c);

#endif
