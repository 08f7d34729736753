/* SPDX-License-Identifier: MIT */
/* json.c - the long members of JSON objects. Command layer. */
#include "json.h"

char *json_str(struct out *o, char *p, const char *key, struct tt_str s)
{
	char *plain = out_json_plain(o, json_key(p, key), s);

	if (plain)
		return plain;
	p = out_json(o, json_key(p, key), s);
	if (out_is_utf8(s))
		return p;
	p = put_lit(p, ",\"");
	p = put_cstr(p, key);
	p = put_lit(p, "_hex\":\"");
	p = out_hex(o, p, s);
	return put_char(out_room(o, p), '"');
}

char *json_field(struct out *o, char *p, const struct tt_field_spec *field,
		 const struct tt_value *value)
{
	p = out_room(o, p);
	if (field->type == TT_FIELD_INT)
		return json_i64(p, field->name, (int64_t)value->number);
	if (field_is_number(field))
		return json_u64(p, field->name, value->number);
	if (field->type == TT_FIELD_STRING)
		return json_str(o, p, field->name, value->bytes);
	p = put_char(json_key(p, field->name), '"');
	return put_char(out_hex(o, p, value->bytes), '"');
}
