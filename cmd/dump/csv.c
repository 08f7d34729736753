/* SPDX-License-Identifier: MIT */
/*
 * csv.c - events as comma-separated values (RFC 4180, but for the line feed
 * that ends a line), in fixed columns. Command layer.
 *
 * Texts of the trace are escaped as in the text format, so that a record is always
 * one line.
 */
#include <stdio.h>

#include "cli/csv.h"
#include "dump.h"

/* The columns after those of every event; a NULL or empty text is an empty cell. */
struct cells {
	const char *resource;
	int64_t resource_id;
	const char *from, *to;
	struct tt_str name, text;
	uint64_t task;
	bool has_resource, has_task, has_value;
	uint64_t value;
};

static char *render_top(struct out *o, char *p, const struct tt_frame *frames, int n)
{
	return n > 0 ? out_escaped(o, p, frames[0].func) : p;
}

/*
 * What is the same for all events of a type: its kind and name, and ` name=` of each
 * argument. Made once, then read by all threads. A text that is too long for its array
 * has length 0, as those of types that come with the trace.
 */
static struct type_text {
	uint8_t front_len;
	uint8_t arg_len[TT_MAX_ARGS];
	char front[62];
	char args[TT_MAX_ARGS][32];
} type_texts[256];

static void make_type_text(struct type_text *t, const struct tt_event_spec *spec)
{
	int n = snprintf(t->front, sizeof(t->front), ",%s,%s", tt_kind_name(spec->kind),
			 spec->name);

	t->front_len = n < (int)sizeof(t->front) ? (uint8_t)n : 0;
	for (unsigned i = 0; i < spec->nargs; i++) {
		n = snprintf(t->args[i], sizeof(t->args[i]), " %s=", spec->args[i].name);
		t->arg_len[i] = n < (int)sizeof(t->args[i]) ? (uint8_t)n : 0;
	}
}

static void header(struct dump *d)
{
	const struct tt_specs *specs = tt_reader_specs(d->reader);
	struct out *o = d->out;
	char *p = out_begin(o);

	for (unsigned type = 0; type < ARRAY_SIZE(type_texts); type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		type_texts[type] = (struct type_text){ 0 };
		if (spec)
			make_type_text(&type_texts[type], spec);
	}
	d->tops.render = render_top;
	p = put_lit(p, "time_ns,since_start_ns,kind,event,generation,offset,"
		       "thread,proc,goroutine,resource,resource_id,from,to,"
		       "name,text,task,value,args,stack_id,function");
	if (d->spans)
		p = put_lit(p, ",dur_ns,dur_reason,dur_partial");
	p = put_char(p, '\n');
	out_end(o, p);
}

/* A text cell, with the comma before it. */
static char *put_cell(struct out *o, char *p, struct tt_str s)
{
	return csv_text(o, put_char(p, ','), s);
}

/* The same of a text of ours, or NULL. */
static char *put_own_cell(char *p, const char *s)
{
	p = put_char(p, ',');
	return s ? put_cstr(p, s) : p;
}

static char *put_id_cell(char *p, int64_t id)
{
	p = put_char(p, ',');
	return id == TT_NONE ? p : put_i64(p, id);
}

static char *put_number_cell(char *p, bool has, uint64_t v)
{
	p = put_char(p, ',');
	return has ? put_u64(p, v) : p;
}

/* ---- cells */

static void set_resource(struct cells *c, enum tt_resource resource, int64_t id)
{
	if (resource == TT_RESOURCE_NONE)
		return;
	c->has_resource = true;
	c->resource = resource == TT_RESOURCE_GOROUTINE ? "goroutine" :
		      resource == TT_RESOURCE_PROC ? "proc" : "thread";
	c->resource_id = id;
}

static void set_task(struct cells *c, uint64_t task)
{
	c->task = task;
	c->has_task = true;
}

static void set_transition(struct cells *c, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	set_resource(c, t.resource, t.id);
	c->from = tt_state_name(t.from);
	c->to = tt_state_name(t.to);
	c->text = t.reason;
}

static void set_range(struct cells *c, const struct tt_event *ev)
{
	struct tt_range r = tt_event_range(ev);

	set_resource(c, r.scope, r.id);
	c->name = str_of(r.name);
	c->text = r.kind;
}

static void set_task_event(struct cells *c, const struct tt_event *ev)
{
	struct tt_task t = tt_event_task(ev);

	set_task(c, t.id);
	c->name = t.type;
	c->has_value = t.parent != TT_NO_TASK;
	c->value = t.parent;
}

static void set_region(struct cells *c, const struct tt_event *ev)
{
	struct tt_region r = tt_event_region(ev);

	set_task(c, r.task);
	c->name = r.type;
}

static void set_log(struct cells *c, const struct tt_event *ev)
{
	struct tt_log l = tt_event_log(ev);

	set_task(c, l.task);
	c->name = l.category;
	c->text = l.message;
}

static void set_metric(struct cells *c, const struct tt_event *ev)
{
	struct tt_metric m = tt_event_metric(ev);

	c->name = str_of(m.name);
	c->has_value = true;
	c->value = m.value;
}

static void set_cells(struct cells *c, const struct tt_event *ev)
{
	switch (ev->kind) {
	case TT_KIND_METRIC:
		set_metric(c, ev);
		break;
	case TT_KIND_LABEL:
		c->text = tt_event_label(ev);
		break;
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		set_range(c, ev);
		break;
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		set_task_event(c, ev);
		break;
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		set_region(c, ev);
		break;
	case TT_KIND_LOG:
		set_log(c, ev);
		break;
	case TT_KIND_TRANSITION:
		set_transition(c, ev);
		break;
	case TT_KIND_EXPERIMENTAL:
		c->name = str_of(ev->spec->experiment);
		break;
	default:
		break;
	}
}

/* ---- records */

/* The cells of its kind and its name. */
static char *put_type(char *p, const struct tt_event *ev)
{
	const struct type_text *t = ev->spec ? &type_texts[ev->spec->type] : NULL;

	if (!t || t->front_len == 0) {
		p = put_own_cell(p, tt_kind_name(ev->kind));
		return put_own_cell(p, ev->spec ? ev->spec->name : NULL);
	}
	memcpy(p, t->front, sizeof(t->front));
	return p + t->front_len;
}

static char *put_front(struct dump *d, char *p, const struct tt_event *ev)
{
	const struct tt_generation *g = ev->generation;

	p = put_i64(p, ev->time_ns);
	p = put_char(p, ',');
	p = put_i64(p, ev->time_ns - d->start_ns);
	p = put_type(p, ev);
	p = put_number_cell(p, g != NULL, g ? tt_generation_number(g) : 0);
	p = put_number_cell(p, true, ev->offset);
	p = put_id_cell(p, ev->thread);
	p = put_id_cell(p, ev->proc);
	return put_id_cell(p, ev->goroutine);
}

static char *put_cells(struct out *o, char *p, const struct cells *c)
{
	p = put_own_cell(p, c->resource);
	p = put_char(p, ',');
	if (c->has_resource)
		p = put_i64(p, c->resource_id);
	p = put_own_cell(p, c->from);
	p = put_own_cell(p, c->to);
	p = put_cell(o, p, c->name);
	p = put_cell(o, p, c->text);
	p = put_number_cell(p, c->has_task, c->task);
	return put_number_cell(p, c->has_value, c->value);
}

/* Of a core event: there is room for all of its arguments. */
static char *put_numbers(char *p, const struct tt_event *ev)
{
	const struct type_text *t;

	if (!ev->spec)
		return p;
	t = &type_texts[ev->spec->type];
	for (unsigned i = 0; i < ev->spec->nargs; i++) {
		unsigned skip = i == 0; /* its blank */

		memcpy(p, t->args[i] + skip, sizeof(t->args[i]) - 1);
		p = put_u64(p + t->arg_len[i] - skip, ev->args[i]);
	}
	return p;
}

/* The arguments of an experiment with what they mean, which may need quotes. */
static char *put_meanings(struct dump *d, char *p, const struct tt_event *ev)
{
	struct out *text = &d->scratch;
	char *at = dump_scratch(d);

	for (unsigned i = 0; i < ev->spec->nargs; i++) {
		if (i != 0)
			at = put_char(at, ' ');
		at = out_argument(&d->tops, text, at, ev, i);
	}
	return csv_escaped(d->out, p,
			   (struct tt_str){ text->buffer, (size_t)(at - text->buffer) });
}

static char *put_duration_cells(struct dump *d, char *p)
{
	const struct dump_duration *duration = &d->duration;

	if (!duration->given)
		return put_lit(p, ",,,");
	p = put_i64(put_char(p, ','), duration->ns);
	p = put_cell(d->out, p, duration->reason);
	return put_cstr(p, duration->partial ? ",true" : ",");
}

static void print(struct dump *d, const struct tt_event *ev, uint64_t stack)
{
	struct out *o = d->out;
	struct cells cells = { .resource_id = TT_NONE };
	char *p = put_front(d, out_begin(o), ev);
	struct tt_str top = { NULL, 0 };

	set_cells(&cells, ev);
	p = put_char(put_cells(o, p, &cells), ',');
	p = ev->spec && ev->spec->experiment ? put_meanings(d, p, ev)
					      : put_numbers(out_room(o, p), ev);
	p = put_number_cell(p, stack != 0, stack);
	if (stack != 0)
		top = stack_cache_get(&d->tops, ev->generation, stack);
	p = csv_escaped(o, put_char(p, ','), top);
	if (d->spans)
		p = put_duration_cells(d, out_room(o, p));
	out_end(o, put_char(p, '\n'));
}

static void event(struct dump *d, const struct tt_event *ev)
{
	print(d, ev, tt_event_stack(ev, NULL));
}

static void sync(struct dump *d, const struct tt_event *ev, bool matched)
{
	if (matched)
		print(d, ev, 0);
}

const struct dump_format dump_csv = {
	.header = header,
	.event = event,
	.sync = sync,
};
