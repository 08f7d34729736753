/* SPDX-License-Identifier: MIT */
/*
 * records.c - arguments of events, what one of an experiment means (the record that
 * it is the key of, or the address that it is an offset to), and names of ranges.
 * Command layer.
 */
#include "cli/json.h"
#include "dump.h"

char *out_arguments(struct out *o, char *p, const struct tt_event *ev)
{
	for (unsigned i = 0; ev->spec && i < ev->spec->nargs; i++) {
		if (i != 0)
			p = put_char(p, ' ');
		p = out_cstr(o, p, ev->spec->args[i].name);
		p = put_char(out_room(o, p), '=');
		p = put_u64(p, ev->args[i]);
	}
	return p;
}

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

	if (!field_is_number(field))
		return out_room(o, out_quoted(o, p, value->bytes));
	if (field->meaning == TT_ARG_STRING &&
	    tt_generation_string(ev->generation, value->number, &s))
		return out_room(o, out_quoted(o, p, s));
	return field->type == TT_FIELD_INT ? put_i64(p, (int64_t)value->number)
					   : put_u64(p, value->number);
}

char *out_meaning(struct out *o, char *p, const struct tt_event *ev, unsigned arg)
{
	struct tt_record record;
	uint64_t place;

	if (tt_event_address(ev, arg, &place)) {
		p = put_hex(put_lit(out_room(o, p), " (0x"), place);
		return put_char(p, ')');
	}
	if (tt_event_record(ev, arg, &record) != 0)
		return p;
	for (unsigned i = 0; i < record.spec->nshown; i++) {
		unsigned at = record.spec->shown[i];
		const struct tt_field_spec *field = &record.spec->fields[at];

		p = put_char(out_room(o, p), ' ');
		p = put_value(o, p, ev, field, &record.values[at]);
		if (field->unit[0] != '\0')
			p = out_cstr(o, put_char(p, ' '), field->unit);
	}
	return out_room(o, p);
}

static bool means_something(const struct tt_event *ev)
{
	for (unsigned i = 0; i < ev->spec->nargs; i++) {
		if (ev->spec->args[i].batch)
			return true;
	}
	return false;
}

/* "type":{"batch":"Types","id":12,"name":"main.Node","size":64}, or "id":824633795584: an
 * address. */
static char *json_meaning(struct out *o, char *p, const struct tt_event *ev, unsigned arg,
			  bool *first)
{
	struct tt_record record;
	uint64_t place;
	bool is_place = tt_event_address(ev, arg, &place);

	if (!is_place && tt_event_record(ev, arg, &record) != 0)
		return p;
	p = put_cstr(out_room(o, p), *first ? "" : ",");
	*first = false;
	p = out_json(o, p, str_of(ev->spec->args[arg].name));
	p = put_char(p, ':');
	if (is_place)
		return put_u64(p, place);
	p = json_open(p, "batch", record.spec->name);
	for (unsigned i = 0; i < record.spec->nfields; i++)
		p = json_field(o, p, &record.spec->fields[i], &record.values[i]);
	return put_char(p, '}');
}

char *json_meanings(struct out *o, char *p, const struct tt_event *ev)
{
	bool first = true;

	if (!means_something(ev))
		return p;
	p = put_char(json_key(p, "means"), '{');
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		p = json_meaning(o, p, ev, i, &first);
	return put_char(p, '}');
}
