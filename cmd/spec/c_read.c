/* SPDX-License-Identifier: MIT */
/*
 * c_read.c - C code from a spec: a struct for each event and each kind of record,
 * and functions that fill it. They hold what a trace's own spec says against this one,
 * for that is not to be trusted. Command layer.
 */
#include <string.h>

#include "c.h"

/* ----------------------------------------------------------------- events */

static const char *note_of(const struct tt_arg_spec *arg)
{
	switch (arg->type) {
	case TT_ARG_STACK:
		return " /* for tt_generation_stack() */";
	case TT_ARG_GSTATUS:
	case TT_ARG_PSTATUS:
		return " /* as the trace has it: tracetool-format(5) */";
	default:
		return "";
	}
}

static void print_struct(const struct c_code *c, const struct c_event *event)
{
	struct out *o = c->o;

	c_comment(o, 0, "", event->spec->doc);
	c_say(o, "struct %s {\n", event->tag);
	for (unsigned i = 0; i < event->spec->nargs; i++) {
		const struct tt_arg_spec *arg = &event->spec->args[i];

		c_say(o, "\t%s%s;%s\n", c_arg_type(arg), event->args[i], note_of(arg));
	}
	c_say(o, "};\n\n");
}

static void print_is(const struct c_code *c, const struct c_event *event)
{
	c_say(c->o, "%s_is_(ev, %s, \"%s\", %u)", c->prefix, event->type, event->spec->name,
	      event->spec->nargs);
}

static void print_member(const struct c_code *c, const struct c_event *event, unsigned i)
{
	const struct tt_arg_spec *arg = &event->spec->args[i];
	bool is_id = arg->type == TT_ARG_G || arg->type == TT_ARG_M || arg->type == TT_ARG_P;

	if (arg->type == TT_ARG_STRING)
		c_say(c->o, "\tout->%s = %s_string_(ev, ev->args[%u]);\n", event->args[i], c->prefix, i);
	else
		c_say(c->o, "\tout->%s = %sev->args[%u];\n", event->args[i],
		      is_id ? "(int64_t)" : "", i);
}

static void print_read(const struct c_code *c, const struct c_event *event)
{
	struct out *o = c->o;

	if (event->spec->nargs == 0) {
		c_comment(o, 0, "False: it is another event.", event->spec->doc);
		c_say(o, "static inline bool %s(const struct tt_event *ev)\n{\n\treturn ", event->read);
		print_is(c, event);
		c_say(o, ";\n}\n");
		return;
	}
	print_struct(c, event);
	c_say(o, "/* False: it is another event. */\n"
		 "static inline bool %s(const struct tt_event *ev, struct %s *out)\n{\n\tif (!",
	      event->read, event->tag);
	print_is(c, event);
	c_say(o, ")\n\t\treturn false;\n");
	for (unsigned i = 0; i < event->spec->nargs; i++)
		print_member(c, event, i);
	c_say(o, "\treturn true;\n}\n");
}

/* The record that an argument is the key of, or the number it is a distance to. */
static void print_meaning(const struct c_code *c, const struct c_event *event, unsigned i)
{
	const struct tt_arg_spec *arg = &event->spec->args[i];
	const struct c_batch *batch = c_batch_of(c, arg->batch);
	struct out *o = c->o;

	if (arg->scaled) {
		c_say(o, "\n/* The number that %s is a distance to; false: it is not known. */\n"
			 "static inline bool %s(const struct tt_event *ev, uint64_t *out)\n{\n\treturn ",
		      event->args[i], event->meaning[i]);
		print_is(c, event);
		c_say(o, " &&\n\t       tt_event_address(ev, %u, out);\n}\n", i);
		return;
	}
	c_say(o, "\n/* The record that %s is the key of; false: there is none. */\n"
		 "static inline bool %s(const struct tt_event *ev, struct %s *out)\n{\n"
		 "\tstruct tt_record record;\n\n\tif (!",
	      event->args[i], event->meaning[i], batch->tag);
	print_is(c, event);
	c_say(o, " ||\n\t    tt_event_record(ev, %u, &record) != 0 || !%s(record.spec))\n"
		 "\t\treturn false;\n\t%s(&record, out);\n\treturn true;\n}\n",
	      i, batch->is, batch->fill);
}

static void print_event(const struct c_code *c, const struct c_event *event)
{
	c_say(c->o, "\n");
	print_read(c, event);
	for (unsigned i = 0; i < event->spec->nargs; i++)
		if (event->meaning[i])
			print_meaning(c, event, i);
}

/* ----------------------------------------------------------------- records */

static const char *const field_types[] = {
	[TT_FIELD_VARINT] = "TT_FIELD_VARINT", [TT_FIELD_UINT] = "TT_FIELD_UINT",
	[TT_FIELD_INT] = "TT_FIELD_INT",       [TT_FIELD_BYTES] = "TT_FIELD_BYTES",
	[TT_FIELD_STRING] = "TT_FIELD_STRING",
};

/* Another layout under the same name would fill the struct with what it does not mean. */
static void print_is_batch(const struct c_code *c, const struct c_batch *batch)
{
	const struct tt_batch_spec *spec = batch->spec;
	struct out *o = c->o;

	c_say(o, "\nstatic inline bool %s(const struct tt_batch_spec *spec)\n{\n"
		 "\treturn spec != NULL && spec->experiment_id == %s_EXPERIMENT &&\n"
		 "\t       strcmp(spec->name, \"%s\") == 0 && spec->nfields == %u",
	      batch->is, c->upper, spec->name, spec->nfields);
	for (unsigned i = 0; i < spec->nfields; i++)
		c_say(o, " &&\n\t       spec->fields[%u].type == %s && spec->fields[%u].size == %u", i,
		      field_types[spec->fields[i].type], i, spec->fields[i].size);
	c_say(o, ";\n}\n");
}

static void print_fill_field(const struct c_code *c, const struct c_batch *batch, unsigned i)
{
	const struct tt_field_spec *field = &batch->spec->fields[i];
	const char *type = c_field_type(field), *name = batch->fields[i];
	struct out *o = c->o;

	if (c_is_number(field))
		c_say(o, "\tout->%s = (%.*s)record->values[%u].number;\n", name, (int)strlen(type) - 1,
		      type, i);
	else if (field->size > 0)
		c_say(o, "\tout->%s = (const uint8_t *)record->values[%u].bytes.data;\n", name, i);
	else
		c_say(o, "\tout->%s = record->values[%u].bytes;\n", name, i);
}

static void print_fill(const struct c_code *c, const struct c_batch *batch)
{
	c_say(c->o, "\nstatic inline void %s(const struct tt_record *record, struct %s *out)\n{\n",
	      batch->fill, batch->tag);
	for (unsigned i = 0; i < batch->spec->nfields; i++)
		print_fill_field(c, batch, i);
	c_say(c->o, "}\n");
}

static void print_walk(const struct c_code *c, const struct c_batch *batch)
{
	struct out *o = c->o;

	c_say(o, "\n/* False: it is another batch. As tt_records_begin(). */\n"
		 "static inline bool %s(struct tt_records *r, const struct tt_specs *specs,\n"
		 "\t\tconst struct tt_batch *batch)\n{\n"
		 "\treturn tt_records_begin(r, specs, batch) && %s(r->spec);\n}\n",
	      batch->begin, batch->is);
	c_say(o, "\n/* The next record: 0, 1, or an error, as tt_records_next(). */\n"
		 "static inline int %s(struct tt_records *r, struct %s *out, struct tt_error *err)\n{\n"
		 "\tstruct tt_record record;\n\tint rc = tt_records_next(r, &record, err);\n\n"
		 "\tif (rc == 0)\n\t\t%s(&record, out);\n\treturn rc;\n}\n",
	      batch->next, batch->tag, batch->fill);
}

/* ----------------------------------------------------------------- all of it */

static void print_helpers(const struct c_code *c)
{
	c_say(c->o,
	      "\nstatic inline bool %s_is_(const struct tt_event *ev, unsigned type, const char *name,\n"
	      "\t\tunsigned nargs)\n{\n"
	      "\treturn ev->spec != NULL && ev->spec->type == type && ev->spec->nargs == nargs &&\n"
	      "\t       ev->spec->experiment_id == %s_EXPERIMENT && strcmp(ev->spec->name, name) == 0;\n"
	      "}\n",
	      c->prefix, c->upper);
	c_say(c->o,
	      "\nstatic inline struct tt_str %s_string_(const struct tt_event *ev, uint64_t id)\n{\n"
	      "\tstruct tt_str s;\n\n"
	      "\tif (ev->generation == NULL || !tt_generation_string(ev->generation, id, &s)) {\n"
	      "\t\ts.data = \"\";\n\t\ts.len = 0;\n\t}\n\treturn s;\n}\n",
	      c->prefix);
}

void c_read(const struct c_code *c)
{
	struct out *o = c->o;

	c_say(o, "\n#ifndef %s_READ_H_\n#define %s_READ_H_\n\n#include <string.h>\n"
		 "#include <tracetool.h>\n",
	      c->upper, c->upper);
	print_helpers(c);
	for (size_t i = 0; i < c->nbatches; i++) {
		print_is_batch(c, &c->batches[i]);
		print_fill(c, &c->batches[i]);
		print_walk(c, &c->batches[i]);
	}
	for (size_t i = 0; i < c->nevents; i++)
		print_event(c, &c->events[i]);
	c_say(o, "\n#endif\n");
}
