/* SPDX-License-Identifier: MIT */
/*
 * c_emit.c - C code from a spec: a function for each event and each kind of record,
 * that writes it. Command layer.
 */
#include <stdio.h>
#include <string.h>

#include "c.h"

/* An element of a member in C. */
#define WORD_ROOM 200

/* ----------------------------------------------------------------- events */

/* The number that the trace has for a parameter. */
static void print_value(const struct c_code *c, const struct c_event *event, unsigned i)
{
	const struct tt_arg_spec *arg = &event->spec->args[i];
	struct c_around around = c_arg_number(arg);
	const char *name = event->args[i];

	if (arg->type == TT_ARG_STRING)
		c_say(c->o, "tt_emit_string(e, %s.data, %s.len)", name, name);
	else
		c_say(c->o, "%s%s%s", around.before, name, around.after);
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

/* Which numbers these are that have to be counted. */
static void print_seq(const struct c_code *c, const struct c_event *event, unsigned i)
{
	static const char *const whose[] = {
		[TT_ORDER_GLOBAL] = "all events with a number of this name",
		[TT_ORDER_THREAD] = "the thread",
		[TT_ORDER_PROC] = "the processor",
		[TT_ORDER_GOROUTINE] = "the goroutine",
	};
	const struct tt_order_spec *order = &event->spec->orders[i];
	char text[500];

	if (order->of == TT_ORDER_RESOURCE)
		snprintf(text, sizeof(text), "%s of this %s.",
			 order->continues ? "a number that continues over generations,"
					  : "tt_emit_seq_next()",
			 event->args[order->arg]);
	else
		snprintf(text, sizeof(text), "%s of %s%s%s.",
			 order->continues ? "a number that continues over generations,"
					  : "tt_emit_seq_next()",
			 whose[order->of], order->arg < 0 ? "" : " ",
			 order->arg < 0 ? "" : event->args[order->arg]);
	c_say(c->o, " * - %s: %s\n", event->args[order->seq_arg], text);
}

/* What it writes, and what its numbers are to be. */
static void print_about(const struct c_code *c, const struct c_event *event)
{
	bool any = false;

	c_comment(c->o, 0, "", event->spec->doc);
	for (unsigned i = 0; i < event->spec->norders; i++) {
		if (event->spec->orders[i].seq_arg < 0)
			continue;
		c_say(c->o, "%s", any ? "" : "/*\n");
		print_seq(c, event, i);
		any = true;
	}
	c_say(c->o, "%s", any ? " */\n" : "");
}

static void print_event(const struct c_code *c, const struct c_event *event)
{
	static const char result[] = "static inline void ", first[] = "(struct tt_emit *e";
	size_t column = sizeof(result) + strlen(event->emit) + sizeof(first);
	struct out *o = c->o;

	c_say(o, "\n");
	print_about(c, event);
	c_say(o, "%s%s%s", result, event->emit, first);
	for (unsigned i = 0; i < event->spec->nargs; i++)
		column = print_parameter(c, c_parameter_type(c, &event->spec->args[i]),
					 event->args[i], column);
	c_say(o, ")\n{\n");
	if (event->spec->nargs <= 2)
		print_short(c, event);
	else
		print_long(c, event);
	c_say(o, "}\n");
}

/* ----------------------------------------------------------------- records */

/* Writes a field, or an element of a list, that C calls `value`. */
static void print_put(const struct c_code *c, const struct tt_field_spec *field, const char *value)
{
	struct c_around around = c_field_number(field);
	struct out *o = c->o;

	switch (field->type) {
	case TT_FIELD_VARINT:
	case TT_FIELD_ZIGZAG:
		c_say(o, "tt_c1_varint(to, %s%s%s);\n", around.before, value, around.after);
		return;
	case TT_FIELD_UINT:
	case TT_FIELD_INT:
	case TT_FIELD_FLOAT:
		c_say(o, "tt_c1_fixed(to, %s%s%s, %u, %s);\n", around.before, value, around.after,
		      field->size, field->big_endian ? "true" : "false");
		return;
	case TT_FIELD_BOOL:
		c_say(o, "tt_c1_byte(to, %s);\n", value);
		return;
	case TT_FIELD_BYTES:
		if (field->size > 0)
			c_say(o, "tt_c1_bytes(to, %s, %u);\n", value, field->size);
		else
			c_say(o, "tt_c1_string(to, %s);\n", value);
		return;
	case TT_FIELD_STRING:
		if (field->size > 0)
			c_say(o, "tt_c1_padded(to, %s, %u);\n", value, field->size);
		else
			c_say(o, "tt_c1_string(to, %s);\n", value);
		return;
	case TT_FIELD_CSTRING:
		c_say(o, "tt_c1_cstring(to, %s);\n", value);
		return;
	case TT_FIELD_RECORD:
		c_say(o, "if (!%s(to, &%s))\n", c_batch_of(c, field->record)->put, value);
		return;
	}
}

/* The elements, after what says how many there are; they must be so many. */
static void print_put_list(const struct c_code *c, const struct c_batch *batch, unsigned i,
			   const char *tabs)
{
	const struct tt_field_spec *field = &batch->spec->fields[i];
	const char *name = batch->fields[i];
	char item[WORD_ROOM];
	struct out *o = c->o;

	if (field->count_field >= 0)
		c_say(o, "%sif ((uint64_t)r->%s != r->%s.n)\n%s\treturn false;\n", tabs,
		      batch->fields[field->count_field], name, tabs);
	else if (field->count > 0)
		c_say(o, "%sif (r->%s.n != %u)\n%s\treturn false;\n", tabs, name, field->count, tabs);
	else
		c_say(o, "%stt_c1_varint(to, r->%s.n);\n", tabs, name);
	c_say(o, "%sfor (size_t i = 0; i < r->%s.n; i++)\n%s\t", tabs, name, tabs);
	snprintf(item, sizeof(item), "r->%s.items[i]", name);
	print_put(c, field, item);
	if (field->type == TT_FIELD_RECORD)
		c_say(o, "%s\t\treturn false;\n", tabs);
}

static void print_put_field(const struct c_code *c, const struct c_batch *batch, unsigned i)
{
	const struct tt_field_spec *field = &batch->spec->fields[i];
	bool conditional = field->condition != TT_IF_ALWAYS;
	const char *tabs = conditional ? "\t\t" : "\t";
	char value[WORD_ROOM];
	struct out *o = c->o;

	if (conditional) {
		c_say(o, "\tif (");
		c_condition(c, batch, i, "r->");
		c_say(o, ") {\n");
	}
	if (field->list) {
		print_put_list(c, batch, i, tabs);
	} else {
		snprintf(value, sizeof(value), "r->%s", batch->fields[i]);
		c_say(o, "%s", tabs);
		print_put(c, field, value);
		if (field->type == TT_FIELD_RECORD)
			c_say(o, "%s\treturn false;\n", tabs);
	}
	if (conditional)
		c_say(o, "\t}\n");
}

/* False: a list does not have the number of elements that it must have. */
static void print_put_record(const struct c_code *c, const struct c_batch *batch)
{
	struct out *o = c->o;

	c_say(o, "\nstatic inline bool %s(struct tt_c1_to *to, const struct %s *r)\n{\n", batch->put,
	      batch->tag);
	for (unsigned i = 0; i < batch->spec->nfields; i++)
		print_put_field(c, batch, i);
	c_say(o, "\treturn true;\n}\n");
}

static bool has_counts(const struct c_code *c, const struct tt_batch_spec *spec)
{
	bool found = false;

	for (unsigned i = 0; i < spec->nfields; i++) {
		const struct tt_field_spec *field = &spec->fields[i];

		found |= field->list && (field->count > 0 || field->count_field >= 0);
		/* (a record is inside those after it only) */
		if (field->type == TT_FIELD_RECORD)
			found |= has_counts(c, field->record);
	}
	return found;
}

static void print_add(const struct c_code *c, const struct c_batch *batch)
{
	struct out *o = c->o;

	c_say(o, "\nstatic inline void %s(const void *r, uint8_t *at, size_t nbytes)\n{\n"
		 "\tstruct tt_c1_to to = { at, 0, nbytes };\n\n\t%s(&to, (const struct %s *)r);\n}\n\n",
	      batch->write, batch->put, batch->tag);
	c_comment(o, 0, "As tt_emit_batch_add().",
		  has_counts(c, batch->spec)
			  ? "False, too, if a list does not have as many elements as it must have."
			  : "");
	if (batch->spec->once)
		c_comment(o, 0, "A batch has one, so a thread writes one a generation at most.", "");
	c_say(o, "static inline bool %s(struct tt_emit *e, const struct %s *r)\n{\n", batch->add,
	      batch->tag);
	if (batch->byte)
		c_say(o, "\tconst char tag = (char)%s;\n", batch->byte);
	c_say(o, "\tstruct tt_c1_to size = { NULL, 0, 0 };\n\n"
		 "\treturn %s(&size, r) &&\n"
		 "\t       tt_emit_batch_add_written(e, %s_EXPERIMENT, tt_c1_str(%s, %d), size.n, %s, r);"
		 "\n}\n",
	      batch->put, c->upper, batch->byte ? "&tag" : "NULL", batch->byte != NULL, batch->write);
}

/* ----------------------------------------------------------------- helpers */

static const char text_helper[] =
	"\n/* The text up to its NUL. */\n"
	"static inline struct tt_str %s_text(const char *text)\n"
	"{\n"
	"\treturn tt_c1_str(text, strlen(text));\n"
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
	c_shared_emit(o);
	c_say(o, "\n/*\n * Each function is to be called between tt_emit_acquire() and "
		 "tt_emit_release(); stacks are\n * those of tt_emit_stack() and "
		 "tt_emit_stack_here().\n */\n");
	print_helper(c, text_helper);
	for (size_t i = 0; i < c->nevents; i++)
		print_event(c, &c->events[i]);
	for (size_t i = 0; i < c->nbatches; i++)
		print_put_record(c, &c->batches[i]);
	for (size_t i = 0; i < c->nbatches; i++)
		if (!c->batches[i].spec->part)
			print_add(c, &c->batches[i]);
	c_say(o, "\n#endif\n");
}
