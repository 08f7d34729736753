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
	return json_hex(o, p, key, s);
}

char *json_hex(struct out *o, char *p, const char *key, struct tt_str s)
{
	p = put_lit(p, ",\"");
	p = put_cstr(p, key);
	p = put_lit(p, "_hex\":\"");
	p = out_hex(o, p, s);
	return put_char(out_room(o, p), '"');
}
