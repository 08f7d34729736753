/* SPDX-License-Identifier: MIT */
/*
 * c_types.c - what both parts of the code need: types of arguments and fields, numbers,
 * structs of records, the spec itself. Command layer.
 */
#include <string.h>

#include "c.h"

/* ----------------------------------------------------------------- types in C */

const char *c_arg_type(const struct tt_arg_spec *arg)
{
	switch (arg->type) {
	case TT_ARG_STRING:
		return "struct tt_str ";
	case TT_ARG_G:
	case TT_ARG_M:
	case TT_ARG_P:
		return "int64_t ";
	default:
		return "uint64_t ";
	}
}

bool c_is_number(const struct tt_field_spec *field)
{
	return field->type != TT_FIELD_BYTES && field->type != TT_FIELD_STRING;
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

const char *c_field_type(const struct tt_field_spec *field)
{
	if (field->type == TT_FIELD_UINT || field->type == TT_FIELD_INT)
		return fixed_type(field);
	if (field->type == TT_FIELD_BYTES && field->size > 0)
		return "const uint8_t *";
	if (!c_is_number(field))
		return "struct tt_str ";
	if (field->meaning == TT_ARG_G || field->meaning == TT_ARG_M || field->meaning == TT_ARG_P)
		return "int64_t ";
	return "uint64_t ";
}

const struct c_batch *c_batch_of(const struct c_code *c, const struct tt_batch_spec *spec)
{
	for (size_t i = 0; i < c->nbatches; i++)
		if (c->batches[i].spec == spec)
			return &c->batches[i];
	return NULL;
}

/* ----------------------------------------------------------------- the common part */

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

static void print_record(const struct c_code *c, const struct c_batch *batch)
{
	const struct tt_batch_spec *spec = batch->spec;
	struct out *o = c->o;

	c_say(o, "\n");
	c_comment(o, 0, "", spec->doc);
	c_say(o, "struct %s {\n", batch->tag);
	for (unsigned i = 0; i < spec->nfields; i++) {
		const struct tt_field_spec *field = &spec->fields[i];

		c_say(o, "\t%s%s;", c_field_type(field), batch->fields[i]);
		if (field->type == TT_FIELD_BYTES && field->size > 0)
			c_say(o, " /* %u bytes */", field->size);
		c_say(o, "%s%s\n", meaning_of(field), i == (unsigned)spec->key ? " /* the key */" : "");
	}
	c_say(o, "};\n");
}

static void print_specs(const struct c_code *c, struct tt_str text)
{
	struct out *o = c->o;
	bool ends;

	c_say(o, "\n/*\n * The built-in specs and this one, for the options of tt_emit_start() "
		 "and tt_reader_open().\n * They must outlive what is opened with them. As "
		 "tt_specs_new() and tt_specs_add().\n */\n");
	c_say(o, "static inline int %s_specs(struct tt_specs **out, struct tt_error *err)\n{\n"
		 "\tstatic const char text[] =",
	      c->prefix);
	ends = c_string(o, text);
	c_say(o, ";\n\tint rc = tt_specs_new(out, err);\n\n\tif (rc == 0)\n"
		 "\t\trc = tt_specs_add(*out, ");
	c_quoted(o, c->file);
	c_say(o, ", text, sizeof(text)%s, err);\n\tif (rc != 0) {\n\t\ttt_specs_free(*out);\n"
		 "\t\t*out = NULL;\n\t}\n\treturn rc;\n}\n",
	      ends ? " - 1" : "");
}

void c_types(const struct c_code *c, struct tt_str text)
{
	struct out *o = c->o;

	c_say(o, "#ifndef %s_TYPES_H_\n#define %s_TYPES_H_\n\n#include <tracetool.h>\n\n", c->upper,
	      c->upper);
	c_comment(o, 0, "", c->experiment->doc);
	print_numbers(c);
	for (size_t i = 0; i < c->nbatches; i++)
		print_record(c, &c->batches[i]);
	if (!c->opt->no_text)
		print_specs(c, text);
	c_say(o, "\n#endif\n");
}
