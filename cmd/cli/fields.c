/* SPDX-License-Identifier: MIT */
/* fields.c - the fields of a record. Command layer. */
#include "fields.h"

#include "csv.h"
#include "json.h"

static bool is_text(const struct tt_field_spec *field)
{
	return field->type == TT_FIELD_STRING || field->type == TT_FIELD_CSTRING;
}

bool field_is_number(const struct tt_field_spec *field)
{
	return !field->record && !is_text(field) && field->type != TT_FIELD_BYTES;
}

/* ---- JSON */

/* What is written, and what it needs. */
struct json {
	struct out *out;
	const struct tt_generation *g;
};

static char *put_hex_text(struct out *o, char *p, struct tt_str s)
{
	p = out_hex(o, put_char(out_room(o, p), '"'), s);
	return put_char(out_room(o, p), '"');
}

/* One value that is no record. */
static char *put_single(const struct json *j, char *p, const struct tt_field_spec *field,
			const struct tt_value *value)
{
	struct meant m;

	if (is_text(field))
		return out_json(j->out, p, value->bytes);
	if (field->type == TT_FIELD_BYTES)
		return put_hex_text(j->out, p, value->bytes);
	m = meant_by_field(field, value, j->g);
	return json_meant(j->out, p, &m);
}

static char *put_object(const struct json *j, char *p, const struct tt_record *record);

/* The elements of a list, or the one record that a field is. */
static char *put_elements(const struct json *j, char *p, const struct tt_record *record,
			  unsigned field, bool as_hex)
{
	bool records = record->spec->fields[field].type == TT_FIELD_RECORD;
	struct tt_records inside;
	struct tt_record element;
	struct tt_error err;

	tt_records_inside(&inside, NULL, record, field);
	for (bool first = true; tt_records_next(&inside, &element, &err) == 0; first = false) {
		p = out_room(j->out, p);
		if (!first)
			p = put_char(p, ',');
		if (records)
			p = put_object(j, p, &element);
		else if (as_hex)
			p = put_hex_text(j->out, p, element.values[0].bytes);
		else
			p = put_single(j, p, &element.spec->fields[0], &element.values[0]);
	}
	return out_room(j->out, p);
}

static char *put_value(const struct json *j, char *p, const struct tt_record *record,
		       unsigned field)
{
	const struct tt_field_spec *spec = &record->spec->fields[field];

	if (!spec->record)
		return put_single(j, p, spec, &record->values[field]);
	if (!spec->list)
		return put_elements(j, p, record, field, false);
	p = put_elements(j, put_char(p, '['), record, field, false);
	return put_char(p, ']');
}

/* Whether all texts of a field are valid UTF-8; what is no text is. */
static bool is_utf8(const struct tt_record *record, unsigned field)
{
	const struct tt_field_spec *spec = &record->spec->fields[field];
	struct tt_records inside;
	struct tt_record element;
	struct tt_error err;

	if (!is_text(spec))
		return true;
	if (!spec->list)
		return out_is_utf8(record->values[field].bytes);
	tt_records_inside(&inside, NULL, record, field);
	while (tt_records_next(&inside, &element, &err) == 0)
		if (!out_is_utf8(element.values[0].bytes))
			return false;
	return true;
}

/* The bytes of texts that are not valid UTF-8. */
static char *put_hex_value(const struct json *j, char *p, const struct tt_record *record,
			   unsigned field)
{
	if (!record->spec->fields[field].list)
		return put_hex_text(j->out, p, record->values[field].bytes);
	p = put_elements(j, put_char(p, '['), record, field, true);
	return put_char(p, ']');
}

static char *put_key(char *p, const char *name, const char *end, bool *first)
{
	if (!*first)
		p = put_char(p, ',');
	*first = false;
	p = put_cstr(put_char(p, '"'), name);
	return put_lit(put_cstr(p, end), "\":");
}

/* A text that is written as it is, as most are; NULL: it is another, or no text. */
static char *put_plain_text(const struct json *j, char *p, const struct tt_record *record,
			    unsigned field)
{
	const struct tt_field_spec *spec = &record->spec->fields[field];

	return is_text(spec) && !spec->list
		       ? out_json_plain(j->out, p, record->values[field].bytes)
		       : NULL;
}

static char *put_members(const struct json *j, char *p, const struct tt_record *record, bool first)
{
	for (unsigned i = 0; i < record->spec->nfields; i++) {
		const char *name = record->spec->fields[i].name;
		char *plain;

		if (record->values[i].absent)
			continue;
		p = put_key(out_room(j->out, p), name, "", &first);
		plain = put_plain_text(j, p, record, i);
		if (plain) {
			p = plain;
			continue;
		}
		p = out_room(j->out, put_value(j, p, record, i));
		if (!is_utf8(record, i))
			p = put_hex_value(j, put_key(p, name, "_hex", &first), record, i);
	}
	return out_room(j->out, p);
}

static char *put_object(const struct json *j, char *p, const struct tt_record *record)
{
	return put_char(put_members(j, put_char(p, '{'), record, true), '}');
}

char *json_fields(struct out *o, char *p, const struct tt_record *record,
		  const struct tt_generation *g)
{
	return put_members(&(struct json){ o, g }, p, record, false);
}

/* ---- CSV */

/* JSON has no control characters, so its quotes are all that needs care. */
static char *csv_json(struct out *o, char *p, struct tt_str s)
{
	p = put_char(p, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '"')
			p = put_char(p, '"');
		p = out_room(o, put_char(p, s.data[i]));
	}
	return put_char(p, '"');
}

/* A list, or a record in the record. */
static char *csv_record(struct out *o, char *p, const struct tt_record *record, unsigned field,
			const struct tt_generation *g)
{
	struct out text;

	out_init_memory(&text);
	out_end(&text, put_value(&(struct json){ &text, g }, out_begin(&text), record, field));
	if (out_failed(&text))
		o->error = text.error;
	else
		p = csv_json(o, p, (struct tt_str){ text.buffer, (size_t)(text.pos - text.buffer) });
	out_release_memory(&text);
	return p;
}

char *csv_field(struct out *o, char *p, const struct tt_record *record, unsigned field,
		const struct tt_generation *g)
{
	const struct tt_field_spec *spec = &record->spec->fields[field];
	const struct tt_value *value = &record->values[field];
	struct meant m;

	p = out_room(o, p);
	if (value->absent)
		return p;
	if (spec->record)
		return csv_record(o, p, record, field, g);
	if (is_text(spec))
		return csv_text(o, p, value->bytes);
	if (spec->type == TT_FIELD_BYTES)
		return out_hex(o, p, value->bytes);
	m = meant_by_field(spec, value, g);
	return csv_meant(o, p, &m);
}
