/* SPDX-License-Identifier: MIT */
/*
 * c_read.c - C code from a spec: a struct for each event and each kind of record,
 * and functions that fill it. They hold what a trace's own spec says against this one,
 * for that is not to be trusted. Command layer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "c.h"

/* A member in C. */
#define WORD_ROOM 200

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

/* Forms that say how the number is to be read, not only what it is of. */
static bool is_read_so(enum tt_form form)
{
	return form == TT_FORM_SIGNED || form == TT_FORM_ZIGZAG || form == TT_FORM_F64 ||
	       form == TT_FORM_F32 || form == TT_FORM_BOOL;
}

static const char *const forms[] = {
	[TT_FORM_SIGNED] = "TT_FORM_SIGNED", [TT_FORM_ZIGZAG] = "TT_FORM_ZIGZAG",
	[TT_FORM_F64] = "TT_FORM_F64",	     [TT_FORM_F32] = "TT_FORM_F32",
	[TT_FORM_BOOL] = "TT_FORM_BOOL",
};

static void print_struct(const struct c_code *c, const struct c_event *event)
{
	struct out *o = c->o;

	c_comment(o, 0, "", event->spec->doc);
	c_say(o, "struct %s {\n", event->tag);
	for (unsigned i = 0; i < event->spec->nargs; i++) {
		const struct tt_arg_spec *arg = &event->spec->args[i];

		c_say(o, "\t%s%s;%s", c_arg_type(arg), event->args[i], note_of(arg));
		c_note(c, arg->form, arg->values);
		c_say(o, "\n");
	}
	c_say(o, "};\n\n");
}

static void print_is(const struct c_code *c, const struct c_event *event)
{
	const struct tt_event_spec *spec = event->spec;

	c_say(c->o, "tt_c1_is(ev, %s_EXPERIMENT, %s, \"%s\", %u)", c->upper, event->type, spec->name,
	      spec->nargs);
}

/* Returns false where a number is to be read otherwise than here. */
static void print_forms(const struct c_code *c, const struct c_event *event)
{
	const char *before = "\tif (", *after = "";

	for (unsigned i = 0; i < event->spec->nargs; i++) {
		if (!is_read_so(event->spec->args[i].form))
			continue;
		c_say(c->o, "%sev->spec->args[%u].form != %s", before, i,
		      forms[event->spec->args[i].form]);
		before = " ||\n\t    ";
		after = ")\n\t\treturn false;\n";
	}
	c_say(c->o, "%s", after);
}

static void print_member(const struct c_code *c, const struct c_event *event, unsigned i)
{
	const struct tt_arg_spec *arg = &event->spec->args[i];
	struct c_around around = c_arg_value(arg);

	if (arg->type == TT_ARG_STRING)
		c_say(c->o, "\tout->%s = tt_c1_text(ev, ev->args[%u]);\n", event->args[i], i);
	else
		c_say(c->o, "\tout->%s = %sev->args[%u]%s;\n", event->args[i], around.before, i,
		      around.after);
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
	print_forms(c, event);
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
		 "\t\treturn false;\n\t%s(NULL, &record, out);\n\treturn true;\n}\n",
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
	[TT_FIELD_VARINT] = "TT_FIELD_VARINT",	 [TT_FIELD_UINT] = "TT_FIELD_UINT",
	[TT_FIELD_INT] = "TT_FIELD_INT",	 [TT_FIELD_BYTES] = "TT_FIELD_BYTES",
	[TT_FIELD_STRING] = "TT_FIELD_STRING",	 [TT_FIELD_ZIGZAG] = "TT_FIELD_ZIGZAG",
	[TT_FIELD_FLOAT] = "TT_FIELD_FLOAT",	 [TT_FIELD_BOOL] = "TT_FIELD_BOOL",
	[TT_FIELD_CSTRING] = "TT_FIELD_CSTRING", [TT_FIELD_RECORD] = "TT_FIELD_RECORD",
};

static const char *const conditions[] = {
	[TT_IF_ALWAYS] = "TT_IF_ALWAYS",
	[TT_IF_SET] = "TT_IF_SET",
	[TT_IF_HAS] = "TT_IF_HAS",
	[TT_IF_IS] = "TT_IF_IS",
};

static void print_is_field(const struct c_code *c, const struct tt_field_spec *field, unsigned i)
{
	bool simple = !field->list && field->condition == TT_IF_ALWAYS;
	struct out *o = c->o;

	c_say(o, " &&\n\t       tt_c1_%s(&spec->fields[%u], %s, %u, %s, %s)", simple ? "simple" : "field",
	      i, field_types[field->type], field->size, field->big_endian ? "true" : "false",
	      is_read_so(field->form) ? forms[field->form] : "TT_FORM_PLAIN");
	if (!simple)
		c_say(o, " &&\n\t       tt_c1_list(&spec->fields[%u], %s, %u, %d) &&\n"
			 "\t       tt_c1_if(&spec->fields[%u], %s, %d, UINT64_C(%" PRIu64 "))",
		      i, field->list ? "true" : "false", field->count, field->list ? field->count_field : -1,
		      i, conditions[field->condition],
		      field->condition == TT_IF_ALWAYS ? -1 : field->if_field, field->if_value);
	if (field->type == TT_FIELD_RECORD)
		c_say(o, " &&\n\t       %s(spec->fields[%u].record)", c_batch_of(c, field->record)->is, i);
}

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
		print_is_field(c, &spec->fields[i], i);
	c_say(o, ";\n}\n");
}

/* Sets `to`, a member or a pointer's target, to one value of the field. */
static void print_fill_value(const struct c_code *c, const struct tt_field_spec *field,
			     const char *to, const char *value)
{
	const char *type = c_field_type(c, field);
	int len = (int)strlen(type) - 1;
	struct out *o = c->o;

	if (field->type == TT_FIELD_BYTES && field->size > 0)
		c_say(o, "%s = (const uint8_t *)%s.bytes.data;\n", to, value);
	else if (!c_is_number(field))
		c_say(o, "%s = %s.bytes;\n", to, value);
	else if (field->type == TT_FIELD_BOOL || field->form == TT_FORM_BOOL)
		c_say(o, "%s = %s.number != 0;\n", to, value);
	else if (field->type == TT_FIELD_FLOAT)
		c_say(o, "%s = (%.*s)tt_c1_double(%s.number);\n", to, len, type, value);
	else if (field->form == TT_FORM_F64)
		c_say(o, "%s = tt_c1_double(%s.number);\n", to, value);
	else if (field->form == TT_FORM_F32)
		c_say(o, "%s = tt_c1_float((uint32_t)%s.number);\n", to, value);
	else
		c_say(o, "%s = (%.*s)%s.number;\n", to, len, type, value);
}

static void print_fill_field(const struct c_code *c, const struct c_batch *batch, unsigned i)
{
	const struct tt_field_spec *field = &batch->spec->fields[i];
	const char *name = batch->fields[i];
	char to[WORD_ROOM], value[40];
	struct out *o = c->o;

	if (field->list) {
		c_say(o, "\tif (tt_records_inside(&out->%s.records_, in, record, %u))\n"
			 "\t\tout->%s.n = (size_t)record->values[%u].number;\n",
		      name, i, name, i);
	} else if (field->type == TT_FIELD_RECORD) {
		c_say(o, "\tif (tt_c1_inside(in, record, %u, &records, &inside))\n\t\t%s(&records, &inside, "
			 "&out->%s);\n",
		      i, c_batch_of(c, field->record)->fill, name);
	} else {
		snprintf(to, sizeof(to), "\tout->%s", name);
		snprintf(value, sizeof(value), "record->values[%u]", i);
		if (field->condition != TT_IF_ALWAYS)
			c_say(o, "\tif (!%s.absent)\n\t", value);
		print_fill_value(c, field, to, value);
	}
}

/* Whether a record has other records inside; they may be absent, as other fields may. */
static bool has_inside(const struct tt_batch_spec *spec, bool lists)
{
	bool found = false;

	for (unsigned i = 0; i < spec->nfields; i++)
		found |= spec->fields[i].list ? lists : spec->fields[i].type == TT_FIELD_RECORD;
	return found;
}

static bool may_lack(const struct tt_batch_spec *spec)
{
	bool found = has_inside(spec, true);

	for (unsigned i = 0; i < spec->nfields; i++)
		found |= spec->fields[i].condition != TT_IF_ALWAYS;
	return found;
}

static void print_fill(const struct c_code *c, const struct c_batch *batch)
{
	struct out *o = c->o;

	c_say(o, "\nstatic inline void %s(const struct tt_records *in, const struct tt_record *record,\n"
		 "\t\tstruct %s *out)\n{\n",
	      batch->fill, batch->tag);
	if (has_inside(batch->spec, false))
		c_say(o, "\tstruct tt_records records;\n\tstruct tt_record inside;\n\n");
	if (may_lack(batch->spec))
		c_say(o, "\tmemset(out, 0, sizeof(*out));\n");
	if (!has_inside(batch->spec, true))
		c_say(o, "\t(void)in;\n");
	for (unsigned i = 0; i < batch->spec->nfields; i++)
		print_fill_field(c, batch, i);
	c_say(o, "}\n");
}

static void print_items(const struct c_code *c, const struct c_batch *batch, unsigned i)
{
	const struct tt_field_spec *field = &batch->spec->fields[i];
	const char *type = c_field_type(c, field);
	struct out *o = c->o;

	c_say(o, "\n/* The next of %s, of a record that was read; false: there are no more. */\n"
		 "static inline bool %s(struct %s *r, %s*out)\n{\n"
		 "\tstruct tt_record record;\n\n\tif (!tt_c1_next(&r->%s.records_, &record))\n"
		 "\t\treturn false;\n",
	      batch->fields[i], batch->items[i], batch->tag, type,
	      batch->fields[i]);
	if (field->type == TT_FIELD_RECORD) {
		c_say(o, "\t%s(&r->%s.records_, &record, out);\n", c_batch_of(c, field->record)->fill,
		      batch->fields[i]);
	} else {
		print_fill_value(c, field, "\t*out", "record.values[0]");
	}
	c_say(o, "\treturn true;\n}\n");
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
		 "\tif (rc == 0)\n\t\t%s(r, &record, out);\n\treturn rc;\n}\n",
	      batch->next, batch->tag, batch->fill);
}

/* ----------------------------------------------------------------- all of it */

static void print_batch(const struct c_code *c, const struct c_batch *batch)
{
	print_is_batch(c, batch);
	print_fill(c, batch);
	for (unsigned i = 0; i < batch->spec->nfields; i++)
		if (batch->spec->fields[i].list)
			print_items(c, batch, i);
	if (!batch->spec->part)
		print_walk(c, batch);
}

void c_read(const struct c_code *c)
{
	struct out *o = c->o;

	c_say(o, "\n#ifndef %s_READ_H_\n#define %s_READ_H_\n\n#include <string.h>\n"
		 "#include <tracetool.h>\n",
	      c->upper, c->upper);
	c_shared_read(o);
	for (size_t i = 0; i < c->nbatches; i++)
		print_batch(c, &c->batches[i]);
	for (size_t i = 0; i < c->nevents; i++)
		print_event(c, &c->events[i]);
	c_say(o, "\n#endif\n");
}
