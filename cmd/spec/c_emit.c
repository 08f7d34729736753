/* SPDX-License-Identifier: MIT */
/*
 * c_emit.c - C code from a spec: a function for each event and each kind of record,
 * that writes it. Command layer.
 */
#include <string.h>

#include "c.h"

/* ----------------------------------------------------------------- events */

/* The number that the trace has for a parameter. */
static void print_value(const struct c_code *c, const struct c_event *event, unsigned i)
{
	const char *name = event->args[i];

	switch (event->spec->args[i].type) {
	case TT_ARG_STRING:
		c_say(c->o, "tt_emit_string(e, %s.data, %s.len)", name, name);
		break;
	case TT_ARG_G:
	case TT_ARG_M:
	case TT_ARG_P:
		c_say(c->o, "(uint64_t)%s", name);
		break;
	default:
		c_say(c->o, "%s", name);
	}
}

static void print_short(const struct c_code *c, const struct c_event *event)
{
	unsigned nargs = event->spec->nargs;

	c_say(c->o, "\ttt_emit_event%s(e, %s", nargs == 0 ? "" : nargs == 1 ? "1" : "2", event->type);
	if (nargs == 0)
		c_say(c->o, ", NULL, 0");
	for (unsigned i = 0; i < nargs; i++) {
		c_say(c->o, ", ");
		print_value(c, event, i);
	}
	c_say(c->o, ");\n");
}

static void print_long(const struct c_code *c, const struct c_event *event)
{
	unsigned nargs = event->spec->nargs;

	c_say(c->o, "\tuint64_t args[%u];\n\n", nargs);
	for (unsigned i = 0; i < nargs; i++) {
		c_say(c->o, "\targs[%u] = ", i);
		print_value(c, event, i);
		c_say(c->o, ";\n");
	}
	c_say(c->o, "\ttt_emit_event(e, %s, args, %u);\n", event->type, nargs);
}

#define WIDTH 90

/* `, TYPE NAME`, on a new line if there is no room; returns the column after it. */
static size_t print_parameter(const struct c_code *c, const char *type, const char *name,
			      size_t column)
{
	size_t len = strlen(type) + strlen(name) + 2;

	if (column + len > WIDTH) {
		c_say(c->o, ",\n\t\t%s%s", type, name);
		return 16 + len - 2;
	}
	c_say(c->o, ", %s%s", type, name);
	return column + len;
}

static void print_event(const struct c_code *c, const struct c_event *event)
{
	static const char result[] = "static inline void ", first[] = "(struct tt_emit *e";
	size_t column = sizeof(result) + strlen(event->emit) + sizeof(first);
	struct out *o = c->o;

	c_say(o, "\n");
	c_comment(o, 0, "", event->spec->doc);
	c_say(o, "%s%s%s", result, event->emit, first);
	for (unsigned i = 0; i < event->spec->nargs; i++)
		column = print_parameter(c, c_arg_type(&event->spec->args[i]), event->args[i],
					 column);
	c_say(o, ")\n{\n");
	if (event->spec->nargs <= 2)
		print_short(c, event);
	else
		print_long(c, event);
	c_say(o, "}\n");
}

/* ----------------------------------------------------------------- records */

/* At most so many bytes come of the fields that are numbers, and of the lengths. */
static unsigned numbers_size(const struct tt_batch_spec *spec)
{
	unsigned size = 1;

	for (unsigned i = 0; i < spec->nfields; i++) {
		const struct tt_field_spec *field = &spec->fields[i];

		if (field->size == 0)
			size += 10;
		else if (c_is_number(field))
			size += field->size;
	}
	return size;
}

/* Numbers are collected; bytes stay where they are, after the numbers before them. */
static void print_field(const struct c_code *c, const struct c_batch *batch, unsigned i)
{
	const struct tt_field_spec *field = &batch->spec->fields[i];
	const char *name = batch->fields[i], *prefix = c->prefix;
	struct out *o = c->o;

	if (field->type == TT_FIELD_VARINT) {
		c_say(o, "\tp = %s_put_(p, (uint64_t)r->%s);\n", prefix, name);
		return;
	}
	if (c_is_number(field)) {
		c_say(o, "\tp = %s_put_fixed_(p, (uint64_t)r->%s, %u);\n", prefix, name, field->size);
		return;
	}
	if (field->size == 0)
		c_say(o, "\tp = %s_put_(p, r->%s.len);\n", prefix, name);
	c_say(o, "\tparts[n++] = %s_part_(from, (size_t)(p - from));\n\tfrom = p;\n", prefix);
	if (field->size == 0)
		c_say(o, "\tparts[n++] = r->%s;\n", name);
	else
		c_say(o, "\tparts[n++] = %s_part_(r->%s, %u);\n", c->prefix, name, field->size);
}

static void print_add(const struct c_code *c, const struct c_batch *batch)
{
	const struct tt_batch_spec *spec = batch->spec;
	struct out *o = c->o;

	c_say(o, "\n");
	c_comment(o, 0, "As tt_emit_batch_add_parts().",
		  spec->once ? "A batch has one, so a thread writes one a generation at most." : "");
	c_say(o, "static inline bool %s(struct tt_emit *e, const struct %s *r)\n{\n", batch->add,
	      batch->tag);
	if (batch->byte)
		c_say(o, "\tconst char tag = (char)%s;\n", batch->byte);
	c_say(o, "\tuint8_t numbers[%u], *p = numbers, *from = numbers;\n"
		 "\tstruct tt_str parts[%u];\n\tsize_t n = 0;\n\n",
	      numbers_size(spec), 2u * spec->nfields + 1);
	for (unsigned i = 0; i < spec->nfields; i++)
		print_field(c, batch, i);
	c_say(o, "\tparts[n++] = %s_part_(from, (size_t)(p - from));\n", c->prefix);
	c_say(o, "\treturn tt_emit_batch_add_parts(e, %s_EXPERIMENT, %s_part_(%s, %d), parts, n);\n}\n",
	      c->upper, c->prefix, batch->byte ? "&tag" : "NULL", batch->byte != NULL);
}

/* ----------------------------------------------------------------- helpers */

static const char text_helper[] =
	"\n/* The text up to its NUL. */\n"
	"static inline struct tt_str %s_text(const char *text)\n"
	"{\n"
	"\tstruct tt_str s;\n"
	"\n"
	"\ts.data = text;\n"
	"\ts.len = strlen(text);\n"
	"\treturn s;\n"
	"}\n";

static const char part_helper[] =
	"\nstatic inline struct tt_str %s_part_(const void *data, size_t nbytes)\n"
	"{\n"
	"\tstruct tt_str s;\n"
	"\n"
	"\ts.data = (const char *)data;\n"
	"\ts.len = nbytes;\n"
	"\treturn s;\n"
	"}\n";

static const char put_helper[] =
	"\nstatic inline uint8_t *%s_put_(uint8_t *p, uint64_t v)\n"
	"{\n"
	"\tfor (; v >= 0x80; v >>= 7)\n"
	"\t\t*p++ = (uint8_t)(v | 0x80);\n"
	"\t*p++ = (uint8_t)v;\n"
	"\treturn p;\n"
	"}\n";

static const char fixed_helper[] =
	"\nstatic inline uint8_t *%s_put_fixed_(uint8_t *p, uint64_t v, unsigned nbytes)\n"
	"{\n"
	"\tfor (; nbytes > 0; nbytes--, v >>= 8)\n"
	"\t\t*p++ = (uint8_t)v;\n"
	"\treturn p;\n"
	"}\n";

static void print_helper(const struct c_code *c, const char *text)
{
	const char *at = strstr(text, "%s");

	c_say(c->o, "%.*s%s%s", (int)(at - text), text, c->prefix, at + 2);
}

void c_emit(const struct c_code *c)
{
	struct out *o = c->o;

	c_say(o, "\n#ifndef %s_EMIT_H_\n#define %s_EMIT_H_\n\n#include <string.h>\n"
		 "#include <tracetool_emit.h>\n",
	      c->upper, c->upper);
	c_say(o, "\n/*\n * Each function is to be called between tt_emit_acquire() and "
		 "tt_emit_release(); stacks are\n * those of tt_emit_stack() and "
		 "tt_emit_stack_here().\n */\n");
	print_helper(c, text_helper);
	if (c->nbatches > 0) {
		print_helper(c, part_helper);
		print_helper(c, put_helper);
		print_helper(c, fixed_helper);
	}
	for (size_t i = 0; i < c->nevents; i++)
		print_event(c, &c->events[i]);
	for (size_t i = 0; i < c->nbatches; i++)
		print_add(c, &c->batches[i]);
	c_say(o, "\n#endif\n");
}
