/* SPDX-License-Identifier: MIT */
/*
 * clauses.c - what a spec says of an event or an experiment, in the words of
 * tracetool-spec(5), so that the reader of a list has one language to learn. Command layer.
 */
#include <inttypes.h>

#include "c.h"
#include "list.h"

/* ------------------------------------------------------------------- words */

const char *spec_form(enum tt_form form, const struct tt_values_spec *values)
{
	static const char *const words[] = {
		[TT_FORM_PLAIN] = "",
		[TT_FORM_NS] = "ns",
		[TT_FORM_US] = "us",
		[TT_FORM_MS] = "ms",
		[TT_FORM_S] = "s",
		[TT_FORM_TICKS] = "ticks",
		[TT_FORM_BYTES] = "bytes",
		[TT_FORM_PERCENT] = "percent",
		[TT_FORM_HEX] = "hex",
		[TT_FORM_SIGNED] = "signed",
		[TT_FORM_ZIGZAG] = "zigzag",
		[TT_FORM_F64] = "f64",
		[TT_FORM_F32] = "f32",
		[TT_FORM_BOOL] = "bool",
	};

	if (values)
		return values->name;
	return (size_t)form < ARRAY_SIZE(words) ? words[form] : "";
}

const char *spec_role(enum tt_role role)
{
	static const char *const words[] = {
		[TT_ROLE_USE] = "uses",
		[TT_ROLE_CREATE] = "creates",
		[TT_ROLE_DESTROY] = "destroys",
		[TT_ROLE_RESTATE] = "restates",
	};

	return words[role];
}

const char *spec_range_role(enum tt_range_role role)
{
	static const char *const words[] = {
		[TT_RANGE_NONE] = "",
		[TT_RANGE_BEGIN] = "begin",
		[TT_RANGE_ACTIVE] = "active",
		[TT_RANGE_END] = "end",
	};

	return words[role];
}

const char *spec_order_of(enum tt_order_of of)
{
	static const char *const words[] = {
		[TT_ORDER_RESOURCE] = "resource",
		[TT_ORDER_GLOBAL] = "global",
		[TT_ORDER_THREAD] = "thread",
		[TT_ORDER_PROC] = "proc",
		[TT_ORDER_GOROUTINE] = "goroutine",
	};

	return words[of];
}

const char *spec_scope(enum tt_resource scope)
{
	static const char *const words[] = {
		[TT_RESOURCE_NONE] = "global",
		[TT_RESOURCE_THREAD] = "thread",
		[TT_RESOURCE_PROC] = "proc",
		[TT_RESOURCE_GOROUTINE] = "goroutine",
	};

	return words[scope];
}

const char *spec_breach(enum tt_breach breach)
{
	static const char *const words[] = {
		[TT_BREACH_DEFAULT] = "default",
		[TT_BREACH_NOTHING] = "nothing",
		[TT_BREACH_WARNING] = "warning",
		[TT_BREACH_ERROR] = "error",
	};

	return words[breach];
}

/* ------------------------------------------------------------------- an event */

#define INDENT "      "

static void print_need(struct out *o, const struct tt_event_spec *spec, const char *word, int8_t need,
		       int8_t arg, const char **before)
{
	if (need == 0)
		return;
	c_say(o, "%s%s%s", *before, need < 0 ? "no " : "", word);
	if (arg >= 0)
		c_say(o, " %s", spec->args[arg].name);
	*before = ", ";
}

static void print_needs(struct out *o, const struct tt_event_spec *spec)
{
	struct tt_needs needs = tt_event_needs(spec);
	const char *before = INDENT "needs  ";

	if (!spec->timed)
		return;
	print_need(o, spec, "thread", needs.thread, needs.thread_arg, &before);
	print_need(o, spec, "proc", needs.proc, needs.proc_arg, &before);
	print_need(o, spec, "goroutine", needs.goroutine, needs.goroutine_arg, &before);
	c_say(o, "%s\n", *before == ',' ? "" : INDENT "needs  nothing");
}

/* `goroutine self`, `proc new_p`, `global`. */
static void print_scope(struct out *o, const struct tt_event_spec *spec, const char *word, int8_t arg)
{
	c_say(o, "%s", word);
	if (strcmp(word, "global") != 0)
		c_say(o, " %s", arg >= 0 ? spec->args[arg].name : "self");
}

static void print_number(struct out *o, const struct tt_event_spec *spec,
			 const struct tt_order_spec *order)
{
	c_say(o, INDENT "orders ");
	if (order->of == TT_ORDER_RESOURCE)
		c_say(o, "%s", spec->args[order->arg].name);
	else
		print_scope(o, spec, spec_order_of(order->of), order->arg);
	c_say(o, " %s%s\n", spec->args[order->seq_arg].name, order->continues ? " continues" : "");
}

bool spec_has_life(const struct tt_order_spec *order)
{
	return order->of == TT_ORDER_RESOURCE &&
	       (order->seq_arg < 0 || order->role != TT_ROLE_USE || order->from != 0 ||
		order->to >= 0 || order->to_arg >= 0);
}

static void print_life(struct out *o, const struct tt_event_spec *spec,
		       const struct tt_order_spec *order)
{
	const char *const *states = order->resource->states, *before = " ";

	c_say(o, INDENT "%-6s %s", spec_role(order->role), spec->args[order->arg].name);
	for (unsigned i = 0; i < order->resource->nstates; i++) {
		if ((order->from & 1u << i) == 0)
			continue;
		c_say(o, "%s%s", before, states[i]);
		before = ", ";
	}
	if (order->to_arg >= 0)
		c_say(o, " -> %s", spec->args[order->to_arg].name);
	else if (order->to >= 0)
		c_say(o, " -> %s", states[order->to]);
	if (order->if_arg >= 0)
		c_say(o, " if %s else %s", spec->args[order->if_arg].name, states[order->otherwise]);
	c_say(o, "\n");
}

static void print_range(struct out *o, const struct tt_specs *specs,
			const struct tt_event_spec *spec)
{
	const struct tt_range_spec *range = &spec->range;
	const struct tt_event_spec *begin = tt_specs_event(specs, range->begin);

	if (range->role == TT_RANGE_NONE)
		return;
	c_say(o, INDENT "range  %s ", spec_range_role(range->role));
	print_scope(o, spec, spec_scope(range->scope), range->id_arg);
	if (range->key_arg >= 0)
		c_say(o, " by %s", spec->args[range->key_arg].name);
	c_say(o, "%s\n", range->role == TT_RANGE_BEGIN && range->nested ? " nested" : "");
	if (range->role != TT_RANGE_BEGIN && begin)
		c_say(o, INDENT "pair   %s\n", begin->name);
}

static void print_scaled(struct out *o, const struct tt_arg_spec *arg)
{
	c_say(o, INDENT "scales %s", arg->name);
	if (arg->batch)
		c_say(o, " %s", arg->batch->name);
	if (arg->base_field >= 0)
		c_say(o, " %s", arg->batch->fields[arg->base_field].name);
	else
		c_say(o, " %" PRIu64, arg->base);
	if (arg->unit_field >= 0)
		c_say(o, " %s\n", arg->batch->fields[arg->unit_field].name);
	else
		c_say(o, " %" PRIu64 "\n", arg->unit);
}

/* The clause `means`, unless the end of the name says it. */
static void print_means(struct out *o, const char *name, enum tt_form form,
			const struct tt_values_spec *values)
{
	const char *end = strchr(name, '_');

	if (form == TT_FORM_PLAIN || (end && !values && strcmp(end + 1, spec_form(form, NULL)) == 0))
		return;
	c_say(o, INDENT "means  %s %s\n", name, spec_form(form, values));
}

static void print_arg(struct out *o, const struct tt_arg_spec *arg)
{
	if (arg->scaled)
		print_scaled(o, arg);
	else if (arg->batch)
		c_say(o, INDENT "refers %s %s\n", arg->name, arg->batch->name);
	print_means(o, arg->name, arg->form, arg->values);
}

void spec_clauses_event(struct out *o, const struct tt_specs *specs,
			const struct tt_event_spec *spec)
{
	for (unsigned i = 0; i < spec->nargs; i++)
		print_arg(o, &spec->args[i]);
	print_needs(o, spec);
	for (unsigned i = 0; i < spec->norders; i++) {
		if (spec->orders[i].seq_arg >= 0)
			print_number(o, spec, &spec->orders[i]);
		if (spec_has_life(&spec->orders[i]))
			print_life(o, spec, &spec->orders[i]);
	}
	print_range(o, specs, spec);
}

/* ------------------------------------------------------------------- an experiment */

static void print_doc(struct out *o, const char *doc)
{
	if (*doc != '\0') {
		c_say(o, INDENT "doc    ");
		out_end(o, out_cstr(o, out_begin(o), doc));
		c_say(o, "\n");
	}
}

const char *spec_resource_arg(const struct tt_specs *specs, unsigned experiment,
			      const struct tt_resource_spec *resource, size_t i)
{
	const char *found[SPEC_NTYPES * TT_MAX_ORDERS];
	size_t n = 0, k;

	for (unsigned type = 0; type < SPEC_NTYPES; type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		for (unsigned at = 0; spec && at < spec->norders; at++) {
			const char *name;

			if (spec->orders[at].resource != resource || spec->experiment_id != experiment)
				continue;
			name = spec->args[spec->orders[at].arg].name;
			for (k = 0; k < n && strcmp(found[k], name) != 0;)
				k++;
			if (k == n && n == i)
				return name;
			if (k == n)
				found[n++] = name;
		}
	}
	return NULL;
}

static void print_resource(struct out *o, const struct tt_specs *specs,
			   const struct tt_experiment_spec *experiment,
			   const struct tt_resource_spec *resource)
{
	const char *name;

	c_say(o, "resource %s", resource->name);
	if (strcmp(resource->experiment, experiment->name) != 0)
		c_say(o, " of %s", resource->experiment);
	c_say(o, "\n");
	print_doc(o, resource->doc);
	c_say(o, INDENT "names ");
	for (size_t i = 0; (name = spec_resource_arg(specs, experiment->id, resource, i)); i++)
		c_say(o, " %s", name);
	c_say(o, "\n");
	if (resource->nstates > 0)
		c_say(o, INDENT "states");
	for (unsigned i = 0; i < resource->nstates; i++)
		c_say(o, " %s", resource->states[i]);
	if (resource->nstates > 0)
		c_say(o, "\n");
	if (resource->unknown != TT_BREACH_DEFAULT)
		c_say(o, INDENT "unknown %s\n", spec_breach(resource->unknown));
	if (resource->misuse != TT_BREACH_DEFAULT)
		c_say(o, INDENT "misuse %s\n", spec_breach(resource->misuse));
	if (resource->reused)
		c_say(o, INDENT "reused\n");
}

static void print_values(struct out *o, const struct tt_values_spec *values)
{
	c_say(o, "%s %s\n", values->flags ? "flags" : "enum", values->name);
	print_doc(o, values->doc);
	for (unsigned i = 0; i < values->nvalues; i++)
		c_say(o, INDENT "value  %s %" PRIu64 "\n", values->values[i].name,
		      values->values[i].value);
}

/* `list count of`, where a field is a list. */
static void print_list(struct out *o, const struct tt_batch_spec *batch,
		       const struct tt_field_spec *field)
{
	c_say(o, "list ");
	if (field->count_field >= 0)
		c_say(o, "%s ", batch->fields[field->count_field].name);
	else if (field->count > 0)
		c_say(o, "%" PRIu32 " ", field->count);
	c_say(o, "of ");
}

static void print_condition(struct out *o, const struct tt_batch_spec *batch,
			    const struct tt_field_spec *field)
{
	if (field->condition == TT_IF_ALWAYS)
		return;
	c_say(o, " if %s", batch->fields[field->if_field].name);
	if (field->condition != TT_IF_SET)
		c_say(o, " %s %" PRIu64, field->condition == TT_IF_HAS ? "has" : "is",
		      field->if_value);
}

static void print_field(struct out *o, const struct tt_batch_spec *batch, unsigned i)
{
	const struct tt_field_spec *field = &batch->fields[i];

	c_say(o, INDENT "field  %s ", field->name);
	if (field->list)
		print_list(o, batch, field);
	c_say(o, "%s", tt_field_type_name(field));
	if (field->size > 0 && (field->type == TT_FIELD_BYTES || field->type == TT_FIELD_STRING))
		c_say(o, " %" PRIu32, field->size);
	print_condition(o, batch, field);
	c_say(o, "%s\n", i == (unsigned)batch->key ? " key" : "");
	print_means(o, field->name, field->form, field->values);
}

static void print_batch(struct out *o, const struct tt_batch_spec *batch)
{
	c_say(o, "%s %s", batch->part ? "record" : "batch", batch->name);
	if (!batch->part && batch->tag >= 0)
		c_say(o, " tag %d", batch->tag);
	else if (!batch->part)
		c_say(o, " only");
	c_say(o, "%s%s\n", batch->once ? " once" : "", batch->lasts ? " lasts" : "");
	print_doc(o, batch->doc);
	for (unsigned i = 0; i < batch->nfields; i++)
		print_field(o, batch, i);
	if (batch->nshown > 0)
		c_say(o, INDENT "shows ");
	for (unsigned i = 0; i < batch->nshown; i++) {
		const struct tt_field_spec *field = &batch->fields[batch->shown[i]];

		c_say(o, " %s", field->name);
		if (field->unit[0] == '\0')
			continue;
		c_say(o, " \"");
		out_end(o, out_cstr(o, out_begin(o), field->unit));
		c_say(o, "\"");
	}
	if (batch->nshown > 0)
		c_say(o, "\n");
}

void spec_clauses_experiment(struct out *o, const struct tt_specs *specs,
			     const struct tt_experiment_spec *experiment)
{
	const struct tt_resource_spec *resource;
	const struct tt_values_spec *values;
	const struct tt_batch_spec *batch;

	c_say(o, "\nexperiment %s %u\n", experiment->name, experiment->id);
	print_doc(o, experiment->doc);
	for (size_t i = 0; (resource = tt_specs_resource(specs, experiment->id, i)); i++)
		print_resource(o, specs, experiment, resource);
	for (size_t i = 0; (values = tt_specs_values(specs, experiment->id, i)); i++)
		print_values(o, values);
	for (size_t i = 0; (batch = tt_specs_batch(specs, experiment->id, i)); i++)
		print_batch(o, batch);
}
