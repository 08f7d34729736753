/* SPDX-License-Identifier: MIT */
/*
 * c_types.c - what both parts of the code need: types of arguments and fields, numbers,
 * structs of records, the spec itself. Command layer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "c.h"

/* ----------------------------------------------------------------- types in C */

/* What the form of a number makes of its type; NULL: nothing. */
static const char *form_type(enum tt_form form)
{
	switch (form) {
	case TT_FORM_SIGNED:
	case TT_FORM_ZIGZAG:
		return "int64_t ";
	case TT_FORM_F64:
		return "double ";
	case TT_FORM_F32:
		return "float ";
	case TT_FORM_BOOL:
		return "bool ";
	default:
		return NULL;
	}
}

static bool is_id(enum tt_arg_type type)
{
	return type == TT_ARG_G || type == TT_ARG_M || type == TT_ARG_P;
}

const char *c_arg_type(const struct tt_arg_spec *arg)
{
	if (form_type(arg->form))
		return form_type(arg->form);
	if (arg->type == TT_ARG_STRING)
		return "struct tt_str ";
	return is_id(arg->type) ? "int64_t " : "uint64_t ";
}

/* Constants of an enum are of type int in C. */
static bool is_enum(const struct tt_values_spec *spec)
{
	for (unsigned i = 0; spec && i < spec->nvalues; i++)
		if (spec->values[i].value > INT32_MAX)
			return false;
	return spec && !spec->flags;
}

static const struct c_values *values_of(const struct c_code *c, const struct tt_values_spec *spec)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (c->values[i].spec == spec)
			return &c->values[i];
	return NULL;
}

const char *c_parameter_type(const struct c_code *c, const struct tt_arg_spec *arg)
{
	static char type[C_NAME_SIZE];

	if (!is_enum(arg->values))
		return c_arg_type(arg);
	snprintf(type, sizeof(type), "enum %s ", values_of(c, arg->values)->tag);
	return type;
}

bool c_is_number(const struct tt_field_spec *field)
{
	switch (field->type) {
	case TT_FIELD_BYTES:
	case TT_FIELD_STRING:
	case TT_FIELD_CSTRING:
	case TT_FIELD_RECORD:
		return false;
	default:
		return true;
	}
}

static const char *fixed_type(const struct tt_field_spec *field)
{
	static const char *const types[2][4] = {
		{ "uint8_t ", "uint16_t ", "uint32_t ", "uint64_t " },
		{ "int8_t ", "int16_t ", "int32_t ", "int64_t " },
	};
	const char *const *row = types[field->type == TT_FIELD_INT];

	return row[field->size == 1 ? 0 : field->size == 2 ? 1 : field->size == 4 ? 2 : 3];
}

const char *c_field_type(const struct c_code *c, const struct tt_field_spec *field)
{
	static char type[C_NAME_SIZE];

	if (c_is_number(field) && form_type(field->form))
		return form_type(field->form);
	switch (field->type) {
	case TT_FIELD_UINT:
	case TT_FIELD_INT:
		return fixed_type(field);
	case TT_FIELD_ZIGZAG:
		return "int64_t ";
	case TT_FIELD_FLOAT:
		return field->size == 4 ? "float " : "double ";
	case TT_FIELD_BOOL:
		return "bool ";
	case TT_FIELD_BYTES:
		return field->size > 0 ? "const uint8_t *" : "struct tt_str ";
	case TT_FIELD_STRING:
	case TT_FIELD_CSTRING:
		return "struct tt_str ";
	case TT_FIELD_RECORD:
		snprintf(type, sizeof(type), "struct %s ", c_batch_of(c, field->record)->tag);
		return type;
	default:
		return is_id(field->meaning) ? "int64_t " : "uint64_t ";
	}
}

const struct c_batch *c_batch_of(const struct c_code *c, const struct tt_batch_spec *spec)
{
	for (size_t i = 0; i < c->nbatches; i++)
		if (c->batches[i].spec == spec)
			return &c->batches[i];
	return NULL;
}

/* ----------------------------------------------------------------- values as numbers */

static struct c_around form_number(enum tt_form form)
{
	switch (form) {
	case TT_FORM_ZIGZAG:
		return (struct c_around){ "tt_c1_zigzag(", ")" };
	case TT_FORM_F64:
		return (struct c_around){ "tt_c1_bits64(", ")" };
	case TT_FORM_F32:
		return (struct c_around){ "tt_c1_bits32(", ")" };
	default:
		return (struct c_around){ "(uint64_t)", "" };
	}
}

struct c_around c_arg_number(const struct tt_arg_spec *arg)
{
	bool is_typed = is_id(arg->type) || form_type(arg->form) || is_enum(arg->values);

	return is_typed ? form_number(arg->form) : (struct c_around){ "", "" };
}

struct c_around c_field_number(const struct tt_field_spec *field)
{
	if (field->type == TT_FIELD_ZIGZAG)
		return form_number(TT_FORM_ZIGZAG);
	if (field->type == TT_FIELD_FLOAT)
		return form_number(field->size == 4 ? TT_FORM_F32 : TT_FORM_F64);
	return form_number(field->form);
}

struct c_around c_arg_value(const struct tt_arg_spec *arg)
{
	switch (arg->form) {
	case TT_FORM_SIGNED:
		return (struct c_around){ "(int64_t)", "" };
	case TT_FORM_ZIGZAG:
		return (struct c_around){ "tt_c1_unzigzag(", ")" };
	case TT_FORM_F64:
		return (struct c_around){ "tt_c1_double(", ")" };
	case TT_FORM_F32:
		return (struct c_around){ "tt_c1_float((uint32_t)", ")" };
	case TT_FORM_BOOL:
		return (struct c_around){ "", " != 0" };
	default:
		return (struct c_around){ is_id(arg->type) ? "(int64_t)" : "", "" };
	}
}

void c_condition(const struct c_code *c, const struct c_batch *batch, unsigned i, const char *who)
{
	const struct tt_field_spec *field = &batch->spec->fields[i];
	struct c_around around = c_field_number(&batch->spec->fields[field->if_field]);
	const char *name = batch->fields[field->if_field];
	uint64_t value = field->if_value;
	struct out *o = c->o;

	/* conditions are about the number meant, not about how it is written */
	if (batch->spec->fields[field->if_field].type == TT_FIELD_ZIGZAG)
		around = form_number(TT_FORM_PLAIN);
	if (field->condition == TT_IF_HAS)
		c_say(o, "(%s%s%s%s & UINT64_C(%" PRIu64 ")) == UINT64_C(%" PRIu64 ")",
		      around.before, who, name, around.after, value, value);
	else
		c_say(o, "%s%s%s%s %s UINT64_C(%" PRIu64 ")", around.before, who, name, around.after,
		      field->condition == TT_IF_IS ? "==" : "!=", value);
}

/* ----------------------------------------------------------------- the common part */

void c_note(const struct c_code *c, enum tt_form form, const struct tt_values_spec *values)
{
	static const char *const notes[] = {
		[TT_FORM_NS] = "ns",
		[TT_FORM_US] = "us",
		[TT_FORM_MS] = "ms",
		[TT_FORM_S] = "s",
		[TT_FORM_TICKS] = "units of the trace clock",
		[TT_FORM_BYTES] = "bytes",
		[TT_FORM_PERCENT] = "percent",
		[TT_FORM_HEX] = "hexadecimal",
	};

	if (values)
		c_say(c->o, " /* %s %s */", values->flags ? "bits of" : "of",
		      values_of(c, values)->tag);
	else if ((size_t)form < ARRAY_SIZE(notes) && notes[form])
		c_say(c->o, " /* %s */", notes[form]);
}

static void print_numbers(const struct c_code *c)
{
	struct out *o = c->o;

	c_say(o, "enum {\n\t%s_EXPERIMENT = %u,\n", c->upper, c->experiment->id);
	for (size_t i = 0; i < c->nevents; i++)
		c_say(o, "\t%s = %u,\n", c->events[i].type, c->events[i].spec->type);
	for (size_t i = 0; i < c->nbatches; i++)
		if (c->batches[i].byte)
			c_say(o, "\t%s = %d,\n", c->batches[i].byte, c->batches[i].spec->tag);
	c_say(o, "};\n");
}

/* States are numbered from 0, in the order of the spec, as in struct tt_order_spec. */
static void print_states(const struct c_code *c, const struct c_values *values)
{
	struct out *o = c->o;

	c_say(o, "\n");
	c_comment(o, 0, "States of a resource.", values->resource->doc);
	c_say(o, "enum %s {\n", values->tag);
	for (unsigned i = 0; i < values->resource->nstates; i++)
		c_say(o, "\t%s = %u,\n", values->values[i], i);
	c_say(o, "};\n");
}

static void print_name_function(const struct c_code *c, const struct c_values *values)
{
	const struct tt_values_spec *spec = values->spec;
	struct out *o = c->o;

	c_say(o, "\n/* The name in the spec, or NULL. */\nstatic inline const char *%s(uint64_t value)\n{\n",
	      values->name);
	for (unsigned i = 0; i < spec->nvalues; i++)
		c_say(o, "\tif (value == UINT64_C(%" PRIu64 "))\n\t\treturn \"%s\";\n",
		      spec->values[i].value, spec->values[i].name);
	c_say(o, "\treturn NULL;\n}\n");
}

static void print_values(const struct c_code *c, const struct c_values *values)
{
	const struct tt_values_spec *spec = values->spec;
	bool as_enum = is_enum(spec);
	struct out *o = c->o;

	c_say(o, "\n");
	c_comment(o, 0, "", spec->doc);
	if (as_enum)
		c_say(o, "enum %s {\n", values->tag);
	for (unsigned i = 0; i < spec->nvalues; i++)
		c_say(o, as_enum ? "\t%s = %" PRIu64 ",\n" : "#define %s UINT64_C(%" PRIu64 ")\n",
		      values->values[i], spec->values[i].value);
	if (as_enum)
		c_say(o, "};\n");
	print_name_function(c, values);
}

static const char *meaning_of(const struct tt_field_spec *field)
{
	if (field->type != TT_FIELD_VARINT)
		return "";
	if (field->meaning == TT_ARG_STRING)
		return " /* as tt_emit_string() and tt_generation_string() have it */";
	if (field->meaning == TT_ARG_STACK)
		return " /* as tt_emit_stack() and tt_generation_stack() have it */";
	return "";
}

static void print_member(const struct c_code *c, const struct c_batch *batch, unsigned i)
{
	const struct tt_field_spec *field = &batch->spec->fields[i];
	const char *type = c_field_type(c, field);
	bool is_pointer = type[strlen(type) - 1] == '*';
	struct out *o = c->o;

	if (field->list)
		c_say(o, "\tstruct {\n\t\t%s%s*items; /* to write; to read: %s() */\n\t\tsize_t n;\n"
			 "\t\tstruct tt_records records_; /* private */\n\t} %s;",
		      is_pointer ? type : "const ", is_pointer ? "const " : type, batch->items[i],
		      batch->fields[i]);
	else
		c_say(o, "\t%s%s;", type, batch->fields[i]);
	if (field->type == TT_FIELD_BYTES && field->size > 0)
		c_say(o, " /* %u bytes */", field->size);
	else if (field->type == TT_FIELD_STRING && field->size > 0)
		c_say(o, " /* at most %u bytes */", field->size);
	c_note(c, field->form, field->values);
	c_say(o, "%s", meaning_of(field));
	if (field->condition == TT_IF_SET)
		c_say(o, " /* if %s is not 0 */", batch->fields[field->if_field]);
	else if (field->condition != TT_IF_ALWAYS)
		c_say(o, " /* if %s %s %" PRIu64 " */", batch->fields[field->if_field],
		      field->condition == TT_IF_IS ? "is" : "has", field->if_value);
	c_say(o, "%s\n", i == (unsigned)batch->spec->key ? " /* the key */" : "");
}

static void print_record(const struct c_code *c, const struct c_batch *batch)
{
	c_say(c->o, "\n");
	c_comment(c->o, 0, "", batch->spec->doc);
	c_say(c->o, "struct %s {\n", batch->tag);
	for (unsigned i = 0; i < batch->spec->nfields; i++)
		print_member(c, batch, i);
	c_say(c->o, "};\n");
}

static void print_specs(const struct c_code *c, struct tt_str text)
{
	struct out *o = c->o;
	bool ends;

	c_say(o, "\n/* Adds this spec to others, as tt_specs_add(). */\n"
		 "static inline int %s_specs_add(struct tt_specs *specs, struct tt_error *err)\n{\n"
		 "\tstatic const char text[] =",
	      c->prefix);
	ends = c_string(o, text);
	c_say(o, ";\n\n\treturn tt_specs_add(specs, ");
	c_quoted(o, c->file);
	c_say(o, ", text, sizeof(text)%s, err);\n}\n", ends ? " - 1" : "");
	c_say(o, "\n/*\n * The built-in specs and this one, for the options of tt_emit_start() "
		 "and tt_reader_open().\n * They must outlive what is opened with them. As "
		 "tt_specs_new() and tt_specs_add().\n */\n"
		 "static inline int %s_specs(struct tt_specs **out, struct tt_error *err)\n{\n"
		 "\tint rc = tt_specs_new(out, err);\n\n\tif (rc == 0)\n"
		 "\t\trc = %s_specs_add(*out, err);\n\tif (rc != 0) {\n\t\ttt_specs_free(*out);\n"
		 "\t\t*out = NULL;\n\t}\n\treturn rc;\n}\n",
	      c->prefix, c->prefix);
}

void c_types(const struct c_code *c, struct tt_str text)
{
	struct out *o = c->o;

	c_say(o, "#ifndef %s_TYPES_H_\n#define %s_TYPES_H_\n\n#include <string.h>\n#include <tracetool.h>\n", c->upper,
	      c->upper);
	c_shared_types(o);
	c_say(o, "\n");
	c_comment(o, 0, "", c->experiment->doc);
	print_numbers(c);
	for (size_t i = 0; i < c->nvalues; i++) {
		if (c->values[i].spec)
			print_values(c, &c->values[i]);
		else
			print_states(c, &c->values[i]);
	}
	for (size_t i = 0; i < c->nbatches; i++)
		print_record(c, &c->batches[i]);
	if (!c->opt->no_text)
		print_specs(c, text);
	c_say(o, "\n#endif\n");
}
