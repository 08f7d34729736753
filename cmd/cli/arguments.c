/* SPDX-License-Identifier: MIT */
/*
 * arguments.c - arguments of an experiment's events with what they mean (a string, a stack,
 * the record that one is the key of, the address that it is an offset to), and names of
 * ranges. Command layer.
 */
#include "describe.h"
#include "fields.h"
#include "meaning.h"

char *out_range_name(struct out *o, char *p, const struct tt_range *range)
{
	p = out_escaped(o, p, str_of(range->name));
	if (!range->kind.data && range->kind_known)
		return p;
	p = put_lit(p, " (");
	if (range->kind_known)
		p = out_escaped(o, p, range->kind);
	else
		p = put_char(p, '?');
	return put_char(p, ')');
}

/* The value of a field for people: a string, or one that it is the number of, in quotes. */
static char *put_value(struct out *o, char *p, const struct tt_event *ev,
		       const struct tt_field_spec *field, const struct tt_value *value)
{
	struct tt_str s;
	struct meant m;

	if (!field_is_number(field))
		return out_room(o, out_quoted(o, p, value->bytes));
	if (field->meaning == TT_ARG_STRING &&
	    tt_generation_string(ev->generation, value->number, &s))
		return out_room(o, out_quoted(o, p, s));
	m = meant_by_field(field, value, ev->generation);
	return text_meant(o, p, &m);
}

static char *out_record(struct out *o, char *p, const struct tt_event *ev,
			const struct tt_record *record)
{
	for (unsigned i = 0; i < record->spec->nshown; i++) {
		unsigned at = record->spec->shown[i];
		const struct tt_field_spec *field = &record->spec->fields[at];

		if (record->values[at].absent)
			continue;
		p = put_char(out_room(o, p), ' ');
		p = put_value(o, p, ev, field, &record->values[at]);
		if (field->unit[0] != '\0')
			p = out_cstr(o, put_char(p, ' '), field->unit);
	}
	return p;
}

char *out_meaning(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev,
		  unsigned arg)
{
	struct tt_record record;
	uint64_t place;

	if (tt_event_address(ev, arg, &place)) {
		p = put_hex(put_lit(p, " (0x"), place);
		return put_char(p, ')');
	}
	if (event_has_other_stack(ev, arg))
		return out_str(o, put_char(p, ' '),
			       stack_cache_get(tops, ev->generation, ev->args[arg]));
	return tt_event_record(ev, arg, &record) == 0 ? out_record(o, p, ev, &record) : p;
}

char *out_argument(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev,
		   unsigned arg)
{
	struct meant number = meant_by_arg(&ev->spec->args[arg], ev->args[arg], ev->generation);
	struct tt_str s;

	p = out_cstr(o, p, ev->spec->args[arg].name);
	p = put_char(out_room(o, p), '=');
	if (event_string(ev, arg, &s))
		p = out_quoted(o, p, s);
	else
		p = out_meaning(tops, o, text_meant(o, p, &number), ev, arg);
	return out_room(o, p);
}
