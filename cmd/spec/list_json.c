/* SPDX-License-Identifier: MIT */
/* list_json.c - events and experiments of specs as JSON objects, one a line. Command layer. */
#include "cli/cli.h"
#include "cli/json.h"
#include "list.h"

/* An argument's name; null: it is that of the context, or there is none. */
static char *put_arg(char *p, const char *key, const struct tt_event_spec *spec, int8_t arg)
{
	return arg < 0 ? json_null(p, key) : json_word(p, key, spec->args[arg].name);
}

static char *put_form(char *p, enum tt_form form, const struct tt_values_spec *values)
{
	if (values)
		return json_word(p, values->flags ? "flags" : "enum", values->name);
	return form == TT_FORM_PLAIN ? p : json_word(p, "means", spec_form(form, NULL));
}

/* ------------------------------------------------------------------- an event */

/* A base or a unit: a field, or a number. */
static char *put_measure(char *p, const char *key, const struct tt_arg_spec *arg, int8_t field,
			 uint64_t number)
{
	return field < 0 ? json_u64(p, key, number)
			 : json_word(p, key, arg->batch->fields[field].name);
}

static char *put_args(struct out *o, char *p, const struct tt_event_spec *spec)
{
	p = put_char(json_key(p, "args"), '[');
	for (unsigned i = 0; i < spec->nargs; i++) {
		const struct tt_arg_spec *arg = &spec->args[i];

		p = json_open(put_cstr(out_room(o, p), i == 0 ? "" : ","), "name", arg->name);
		p = json_word(p, "type", arg->type == TT_ARG_NUMBER ? "number"
								    : tt_arg_type_name(arg->type));
		p = put_form(p, arg->form, arg->values);
		if (arg->batch)
			p = json_word(p, arg->scaled ? "batch" : "refers", arg->batch->name);
		if (arg->scaled) {
			p = put_measure(p, "base", arg, arg->base_field, arg->base);
			p = put_measure(p, "unit", arg, arg->unit_field, arg->unit);
		}
		p = put_char(p, '}');
	}
	return put_char(p, ']');
}

/* True, false, or the argument that it must be; nothing if it does not matter. */
static char *put_need(char *p, const char *key, const struct tt_event_spec *spec, int8_t need,
		      int8_t arg)
{
	if (need == 0)
		return p;
	return arg >= 0 ? put_arg(p, key, spec, arg) : json_bool(p, key, need > 0);
}

/* Ends an object whose members each begin with a comma. */
static char *put_object(char *p, const char *members, size_t len)
{
	p = put_char(p, '{');
	if (len > 0)
		p = put_mem(p, members + 1, len - 1);
	return put_char(p, '}');
}

static char *put_needs(char *p, const struct tt_event_spec *spec)
{
	struct tt_needs needs = tt_event_needs(spec);
	char members[3 * 100], *m = members;

	if (!spec->timed)
		return p;
	m = put_need(m, "thread", spec, needs.thread, needs.thread_arg);
	m = put_need(m, "proc", spec, needs.proc, needs.proc_arg);
	m = put_need(m, "goroutine", spec, needs.goroutine, needs.goroutine_arg);
	return put_object(json_key(p, "needs"), members, (size_t)(m - members));
}

/* The first number of a resource, as it was before events could have several. */
static char *put_orders(char *p, const struct tt_event_spec *spec)
{
	for (unsigned i = 0; i < spec->norders; i++) {
		const struct tt_order_spec *order = &spec->orders[i];

		if (order->of != TT_ORDER_RESOURCE || order->seq_arg < 0)
			continue;
		p = json_open(json_key(p, "orders"), "argument", spec->args[order->arg].name);
		p = json_word(p, "seq", spec->args[order->seq_arg].name);
		return put_char(json_word(p, "role", spec_role(order->role)), '}');
	}
	return p;
}

static char *put_numbers(struct out *o, char *p, const struct tt_event_spec *spec)
{
	const char *before = "[";

	for (unsigned i = 0; i < spec->norders; i++) {
		const struct tt_order_spec *order = &spec->orders[i];

		if (order->seq_arg < 0)
			continue;
		p = out_room(o, p);
		p = *before == '[' ? json_key(p, "numbers") : p;
		p = json_open(put_cstr(p, before), "of", spec_order_of(order->of));
		p = put_arg(p, "argument", spec, order->arg);
		p = put_arg(p, "seq", spec, order->seq_arg);
		p = put_char(json_bool(p, "continues", order->continues), '}');
		before = ",";
	}
	return *before == '[' ? p : put_char(p, ']');
}

static char *put_state(char *p, const char *key, const struct tt_order_spec *order, int8_t state)
{
	return state < 0 ? json_null(p, key) : json_word(p, key, order->resource->states[state]);
}

static char *put_from(struct out *o, char *p, const struct tt_order_spec *order)
{
	const char *before = "";

	p = put_char(json_key(p, "from"), '[');
	for (unsigned i = 0; i < order->resource->nstates; i++) {
		if ((order->from & 1u << i) == 0)
			continue;
		p = put_cstr(out_room(o, p), before);
		p = out_json(o, p, str_of(order->resource->states[i]));
		before = ",";
	}
	return put_char(p, ']');
}

static char *put_life(struct out *o, char *p, const struct tt_event_spec *spec)
{
	const char *before = "[";

	for (unsigned i = 0; i < spec->norders; i++) {
		const struct tt_order_spec *order = &spec->orders[i];

		if (!spec_has_life(order))
			continue;
		p = out_room(o, p);
		p = *before == '[' ? json_key(p, "life") : p;
		p = json_open(put_cstr(p, before), "role", spec_role(order->role));
		p = put_arg(p, "argument", spec, order->arg);
		p = json_word(p, "resource", order->resource->name);
		p = json_word(p, "experiment", order->resource->experiment);
		p = put_from(o, p, order);
		p = put_state(p, "to", order, order->to);
		p = put_arg(p, "if", spec, order->if_arg);
		p = put_state(p, "else", order, order->otherwise);
		p = put_char(put_arg(p, "to_argument", spec, order->to_arg), '}');
		before = ",";
	}
	return *before == '[' ? p : put_char(p, ']');
}

static char *put_range(char *p, const struct tt_specs *specs, const struct tt_event_spec *spec)
{
	const struct tt_range_spec *range = &spec->range;
	const struct tt_event_spec *begin = tt_specs_event(specs, range->begin);

	if (range->role == TT_RANGE_NONE)
		return p;
	p = json_open(json_key(p, "range"), "role", spec_range_role(range->role));
	p = json_word(p, "scope", spec_scope(range->scope));
	p = put_arg(p, "argument", spec, range->id_arg);
	p = put_arg(p, "by", spec, range->key_arg);
	p = json_bool(p, "nested", range->nested);
	return put_char(json_word(p, "begin", begin ? begin->name : ""), '}');
}

void spec_list_json_event(struct out *o, const struct tt_specs *specs,
			  const struct tt_event_spec *spec)
{
	char *p = out_begin(o);

	p = put_u64(put_lit(p, "{\"type\":"), spec->type);
	p = json_word(p, "name", spec->name);
	p = put_u64(put_lit(json_key(p, "since"), "\"1."), spec->since);
	p = put_char(p, '"');
	p = spec->experiment ? json_word(p, "experiment", spec->experiment)
			     : json_null(p, "experiment");
	p = json_word(p, "kind", spec->kind == TT_KIND_BAD ? "" : tt_kind_name(spec->kind));
	p = json_bool(p, "timed", spec->timed);
	p = out_room(o, put_args(o, p, spec));
	p = put_needs(p, spec);
	p = put_orders(p, spec);
	p = put_numbers(o, p, spec);
	p = out_room(o, put_life(o, p, spec));
	p = put_range(p, specs, spec);
	p = json_bool(p, "data", spec->has_data);
	p = json_bool(p, "frames", spec->has_frames);
	p = json_cstr(o, p, "doc", spec->doc);
	out_end(o, put_lit(p, "}\n"));
}

/* ------------------------------------------------------------------- an experiment */

static char *put_resource(struct out *o, char *p, const struct tt_specs *specs, unsigned experiment,
			  const struct tt_resource_spec *resource)
{
	const char *name;

	p = json_open(p, "name", resource->name);
	p = json_word(p, "experiment", resource->experiment);
	p = put_char(json_key(p, "names"), '[');
	for (size_t i = 0; (name = spec_resource_arg(specs, experiment, resource, i)); i++)
		p = out_json(o, put_cstr(p, i == 0 ? "" : ","), str_of(name));
	p = put_lit(p, "],\"states\":[");
	for (unsigned i = 0; i < resource->nstates; i++)
		p = out_json(o, put_cstr(p, i == 0 ? "" : ","), str_of(resource->states[i]));
	p = put_char(p, ']');
	p = json_word(p, "unknown", spec_breach(resource->unknown));
	p = json_word(p, "misuse", spec_breach(resource->misuse));
	p = json_bool(p, "reused", resource->reused);
	return put_char(json_cstr(o, p, "doc", resource->doc), '}');
}

static char *put_values(struct out *o, char *p, const struct tt_values_spec *values)
{
	p = json_open(p, "name", values->name);
	p = json_bool(p, "flags", values->flags);
	p = put_char(json_key(p, "values"), '[');
	for (unsigned i = 0; i < values->nvalues; i++) {
		p = put_cstr(out_room(o, p), i == 0 ? "" : ",");
		p = json_open(p, "name", values->values[i].name);
		p = put_char(json_u64(p, "value", values->values[i].value), '}');
	}
	return put_char(json_cstr(o, put_char(p, ']'), "doc", values->doc), '}');
}

static char *put_condition(char *p, const struct tt_batch_spec *batch,
			   const struct tt_field_spec *field)
{
	static const char *const words[] = {
		[TT_IF_ALWAYS] = "",
		[TT_IF_SET] = "set",
		[TT_IF_HAS] = "has",
		[TT_IF_IS] = "is",
	};

	if (field->condition == TT_IF_ALWAYS)
		return p;
	p = json_open(json_key(p, "if"), "field", batch->fields[field->if_field].name);
	p = json_word(p, "test", words[field->condition]);
	return put_char(json_u64(p, "value", field->if_value), '}');
}

/* How many elements: a field, a number, or null: a number in front. */
static char *put_count(char *p, const struct tt_batch_spec *batch, const struct tt_field_spec *field)
{
	if (!field->list)
		return p;
	if (field->count_field >= 0)
		return json_word(p, "count", batch->fields[field->count_field].name);
	return field->count > 0 ? json_u64(p, "count", field->count) : json_null(p, "count");
}

static char *put_field(struct out *o, char *p, const struct tt_batch_spec *batch, unsigned i)
{
	const struct tt_field_spec *field = &batch->fields[i];

	p = json_open(p, "name", field->name);
	p = json_word(p, "type", tt_field_type_name(field));
	if (field->size > 0)
		p = json_u64(p, "size", field->size);
	p = put_form(p, field->form, field->values);
	p = json_bool(p, "list", field->list);
	p = put_count(p, batch, field);
	p = put_condition(p, batch, field);
	return put_char(json_cstr(o, p, "unit", field->unit), '}');
}

static char *put_batch(struct out *o, char *p, const struct tt_batch_spec *batch)
{
	p = json_open(p, "name", batch->name);
	p = json_bool(p, "record", batch->part);
	p = batch->tag < 0 ? json_null(p, "tag") : json_u64(p, "tag", (uint64_t)batch->tag);
	p = json_bool(p, "once", batch->once);
	p = json_bool(p, "lasts", batch->lasts);
	p = batch->key < 0 ? json_null(p, "key")
			   : json_word(p, "key", batch->fields[batch->key].name);
	p = put_char(json_key(p, "fields"), '[');
	for (unsigned i = 0; i < batch->nfields; i++)
		p = put_field(o, put_cstr(out_room(o, p), i == 0 ? "" : ","), batch, i);
	p = put_lit(out_room(o, p), "],\"shows\":[");
	for (unsigned i = 0; i < batch->nshown; i++)
		p = out_json(o, put_cstr(p, i == 0 ? "" : ","),
			     str_of(batch->fields[batch->shown[i]].name));
	return put_char(json_cstr(o, put_char(p, ']'), "doc", batch->doc), '}');
}

void spec_list_json_experiment(struct out *o, const struct tt_specs *specs,
			       const struct tt_experiment_spec *experiment)
{
	const struct tt_resource_spec *resource;
	const struct tt_values_spec *values;
	const struct tt_batch_spec *batch;
	char *p = json_open(out_begin(o), "experiment", experiment->name);

	p = json_u64(p, "id", experiment->id);
	p = json_cstr(o, p, "doc", experiment->doc);
	p = put_char(json_key(p, "resources"), '[');
	for (size_t i = 0; (resource = tt_specs_resource(specs, experiment->id, i)); i++)
		p = put_resource(o, put_cstr(out_room(o, p), i == 0 ? "" : ","), specs,
				 experiment->id, resource);
	p = put_lit(out_room(o, p), "],\"values\":[");
	for (size_t i = 0; (values = tt_specs_values(specs, experiment->id, i)); i++)
		p = put_values(o, put_cstr(out_room(o, p), i == 0 ? "" : ","), values);
	p = put_lit(out_room(o, p), "],\"batches\":[");
	for (size_t i = 0; (batch = tt_specs_batch(specs, experiment->id, i)); i++)
		p = put_batch(o, put_cstr(out_room(o, p), i == 0 ? "" : ","), batch);
	out_end(o, put_lit(out_room(o, p), "]}\n"));
}
