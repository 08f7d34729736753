/* SPDX-License-Identifier: MIT */
/*
 * json.c - events as JSON, an object a line. tracetool-dump(1) documents the
 * members; they are a contract with scripts. Command layer.
 */
#include "cli/fields.h"
#include "cli/json.h"
#include "cli/meaning.h"
#include "dump.h"

char *dump_json_frames(struct out *o, char *p, const struct tt_frame *frames, int n)
{
	p = put_char(p, '[');
	for (int i = 0; i < n; i++) {
		p = put_cstr(p, i == 0 ? "{\"pc\":" : ",{\"pc\":");
		p = put_u64(p, frames[i].pc);
		p = json_str(o, p, "function", frames[i].func);
		p = json_str(o, p, "file", frames[i].file);
		p = json_u64(p, "line", frames[i].line);
		p = put_char(p, '}');
	}
	return put_char(p, ']');
}

/* The innermost function as a member, or nothing. */
char *dump_json_top(struct out *o, char *p, const struct tt_frame *frames, int n)
{
	return n > 0 ? json_str(o, p, "function", frames[0].func) : p;
}

static const char *resource_name(enum tt_resource resource)
{
	switch (resource) {
	case TT_RESOURCE_GOROUTINE:
		return "goroutine";
	case TT_RESOURCE_PROC:
		return "proc";
	case TT_RESOURCE_THREAD:
		return "thread";
	default:
		return NULL;
	}
}

static char *put_resource(char *p, enum tt_resource resource, int64_t id)
{
	const char *name = resource_name(resource);

	if (name)
		p = json_word(p, "resource", name);
	else
		p = json_null(p, "resource");
	return json_id(p, "resource_id", resource == TT_RESOURCE_NONE ? TT_NONE : id);
}

static char *put_range(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_range r = tt_event_range(ev);

	p = json_cstr(o, p, "name", r.name);
	if (r.kind.data)
		p = json_str(o, p, "reason", r.kind);
	else
		p = json_null(p, "reason");
	p = put_resource(p, r.scope, r.id);
	if (r.nattributes == 0)
		return p;
	p = put_char(json_key(p, "attributes"), '{');
	for (unsigned i = 0; i < r.nattributes; i++) {
		if (i != 0)
			p = put_char(p, ',');
		p = out_json(o, p, str_of(r.attributes[i].name));
		p = put_char(p, ':');
		p = put_u64(p, r.attributes[i].value);
	}
	return put_char(p, '}');
}

static char *put_task_id(char *p, const char *key, uint64_t id)
{
	return id == TT_NO_TASK ? json_null(p, key) : json_u64(p, key, id);
}

static char *put_task(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_task t = tt_event_task(ev);

	p = put_task_id(p, "task", t.id);
	p = put_task_id(p, "parent", t.parent);
	return json_str(o, p, "name", t.type);
}

static char *put_region(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_region r = tt_event_region(ev);

	p = put_task_id(p, "task", r.task);
	return json_str(o, p, "name", r.type);
}

static char *put_log(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_log l = tt_event_log(ev);

	p = put_task_id(p, "task", l.task);
	p = json_str(o, p, "category", l.category);
	return json_str(o, p, "message", l.message);
}

static char *put_transition(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	p = put_resource(p, t.resource, t.id);
	p = json_word(p, "from", tt_state_name(t.from));
	p = json_word(p, "to", tt_state_name(t.to));
	return json_str(o, p, "reason", t.reason);
}

static char *put_metric(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_metric m = tt_event_metric(ev);

	p = json_cstr(o, p, "name", m.name);
	return json_u64(p, "value", m.value);
}

static char *put_fields(struct out *o, char *p, const struct tt_event *ev)
{
	switch (ev->kind) {
	case TT_KIND_METRIC:
		return put_metric(o, p, ev);
	case TT_KIND_LABEL:
		return json_str(o, p, "label", tt_event_label(ev));
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		return put_range(o, p, ev);
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		return put_task(o, p, ev);
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		return put_region(o, p, ev);
	case TT_KIND_LOG:
		return put_log(o, p, ev);
	case TT_KIND_TRANSITION:
		return put_transition(o, p, ev);
	case TT_KIND_EXPERIMENTAL:
		return json_cstr(o, p, "experiment", ev->spec->experiment);
	default:
		return p;
	}
}

/*
 * What is the same for all events of a type: the object up to its first number, and
 * `,"name":` of each argument. Made once, then read by all threads. A text that is too
 * long for its array has length 0.
 */
static struct type_text {
	uint8_t front_len;
	uint8_t arg_len[TT_MAX_ARGS];
	char front[118];
	char args[TT_MAX_ARGS][40];
} type_texts[256];

static void make_type_text(struct type_text *t, const struct tt_event_spec *spec)
{
	char room[2 * OUT_ROOM];
	struct out o;
	char *p;

	out_init(&o, -1, room, OUT_ROOM);
	p = json_open(room, "kind", tt_kind_name(spec->kind));
	p = json_cstr(&o, p, "event", spec->name);
	p = json_key(p, "time_ns");
	if ((size_t)(p - room) <= sizeof(t->front)) {
		t->front_len = (uint8_t)(p - room);
		memcpy(t->front, room, t->front_len);
	}
	for (unsigned i = 0; i < spec->nargs; i++) {
		p = out_json(&o, put_char(room, ','), str_of(spec->args[i].name));
		p = put_char(p, ':');
		if ((size_t)(p - room) > sizeof(t->args[i]))
			continue;
		t->arg_len[i] = (uint8_t)(p - room);
		memcpy(t->args[i], room, t->arg_len[i]);
	}
}

static void header(struct dump *d)
{
	const struct tt_specs *specs = tt_reader_specs(d->reader);

	d->stacks.render = dump_json_frames;
	d->tops.render = dump_json_top;
	for (unsigned type = 0; type < ARRAY_SIZE(type_texts); type++) {
		const struct tt_event_spec *spec = tt_specs_event(specs, type);

		type_texts[type] = (struct type_text){ 0 };
		/* no real name is longer, and the room for it is limited */
		if (spec && strlen(spec->name) < 256)
			make_type_text(&type_texts[type], spec);
	}
}

static char *put_argument_name(struct out *o, char *p, const struct tt_event_spec *spec, unsigned i)
{
	const struct type_text *t = &type_texts[spec->type];
	unsigned skip = i == 0; /* its comma */

	if (t->arg_len[i] != 0) {
		memcpy(p, t->args[i] + skip, sizeof(t->args[i]) - 1);
		return p + t->arg_len[i] - skip;
	}
	if (i != 0)
		p = put_char(p, ',');
	p = out_json(o, p, str_of(spec->args[i].name));
	return put_char(p, ':');
}

static char *put_arguments(struct out *o, char *p, const struct tt_event *ev)
{
	p = put_char(json_key(p, "args"), '{');
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		p = put_u64(put_argument_name(o, p, ev->spec, i), ev->args[i]);
	return put_char(p, '}');
}

/* stack_id, function and with --stacks stack; no comma before them. */
static char *put_stack(struct dump *d, struct out *o, char *p, const struct tt_event *ev,
		       uint64_t id)
{
	p = put_lit(p, "\"stack_id\":");
	p = put_u64(p, id);
	p = out_room(o, out_str(o, p, stack_cache_get(&d->tops, ev->generation, id)));
	if (!d->opt->stacks)
		return p;
	p = json_key(p, "stack");
	return out_room(o, out_str(o, p, stack_cache_get(&d->stacks, ev->generation, id)));
}

static char *put_record(struct out *o, char *p, const struct tt_record *record,
			const struct tt_generation *g)
{
	p = json_open(p, "batch", record->spec->name);
	return put_char(json_fields(o, p, record, g), '}');
}

/* Whether the integer on the wire stands for a value of another kind. */
static bool stands_for_another(enum tt_form form)
{
	switch (form) {
	case TT_FORM_SIGNED:
	case TT_FORM_ZIGZAG:
	case TT_FORM_F64:
	case TT_FORM_F32:
	case TT_FORM_BOOL:
	case TT_FORM_ENUM:
	case TT_FORM_FLAGS:
		return true;
	default:
		return false;
	}
}

/* `,"type":{"batch":"Types","id":12,"name":"main.Node"}`, `,"place":824633795584` (an
 * address), `,"op_string":"start"`, `,"made_stack":{"stack_id":2}`, `,"mode":["write"]`, or
 * nothing. */
static char *put_meaning(struct dump *d, struct out *o, char *p, const struct tt_event *ev,
			 unsigned i)
{
	const struct tt_arg_spec *arg = &ev->spec->args[i];
	const char *name = arg->name;
	struct tt_record record;
	struct tt_str s;
	uint64_t place;

	if (stands_for_another(arg->form)) {
		struct meant m = meant_by_arg(arg, ev->args[i], ev->generation);

		return json_meant(o, json_key(p, name), &m);
	}
	if (tt_event_address(ev, i, &place))
		return json_u64(p, name, place);
	if (event_string(ev, i, &s))
		return json_str(o, p, name, s);
	if (event_has_other_stack(ev, i)) {
		p = put_char(json_key(p, name), '{');
		return put_char(put_stack(d, o, p, ev, ev->args[i]), '}');
	}
	if (tt_event_record(ev, i, &record) != 0)
		return p;
	return put_record(o, json_key(p, name), &record, ev->generation);
}

/* Whether an argument can mean anything. */
static bool means_something(const struct tt_event_spec *spec)
{
	for (unsigned i = 0; i < spec->nargs; i++) {
		const struct tt_arg_spec *arg = &spec->args[i];

		if (arg->batch || arg->scaled || stands_for_another(arg->form) ||
		    arg->type == TT_ARG_STRING ||
		    (arg->type == TT_ARG_STACK && (int)i != spec->stack_arg))
			return true;
	}
	return false;
}

static char *put_meanings(struct dump *d, char *p, const struct tt_event *ev)
{
	struct out *o = d->out, *members = &d->scratch;
	char *at;

	if (!means_something(ev->spec))
		return p;
	at = dump_scratch(d);
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		at = out_room(members, put_meaning(d, members, at, ev, i));
	p = put_char(json_key(p, "means"), '{');
	/* without the first comma */
	if (at != members->buffer)
		p = out_text(o, p, members->buffer + 1, (size_t)(at - members->buffer) - 1);
	return put_char(out_room(o, p), '}');
}

/* Of the event, and of the goroutine it is about, where that is another one. */
static char *put_stacks(struct dump *d, char *p, const struct tt_event *ev)
{
	uint64_t stack = tt_event_stack(ev, NULL);

	if (stack != 0)
		p = put_stack(d, d->out, put_char(p, ','), ev, stack);
	if (ev->kind == TT_KIND_TRANSITION) {
		struct tt_transition t = tt_event_transition(ev);

		if (t.has_stack && t.stack != 0 && t.stack != stack) {
			p = put_char(json_key(p, "starts"), '{');
			p = put_char(put_stack(d, d->out, p, ev, t.stack), '}');
		}
	}
	return p;
}

static char *put_front(struct dump *d, char *p, const struct tt_event *ev)
{
	struct out *o = d->out;
	const struct type_text *t = ev->spec ? &type_texts[ev->spec->type] : NULL;
	char *time;
	size_t digits;

	if (t && t->front_len != 0) {
		memcpy(p, t->front, sizeof(t->front));
		p += t->front_len;
	} else {
		p = json_open(p, "kind", tt_kind_name(ev->kind));
		if (ev->spec)
			p = json_cstr(o, p, "event", ev->spec->name);
		p = json_key(p, "time_ns");
	}
	time = p;
	p = put_i64(p, ev->time_ns);
	digits = (size_t)(p - time);
	p = json_i64(p, "since_start_ns", ev->time_ns - d->start_ns);
	p = json_key(p, "raw_time_ns");
	/* nearly always the same */
	p = ev->raw_time_ns == ev->time_ns ? put_mem(p, time, digits) : put_i64(p, ev->raw_time_ns);
	if (ev->generation)
		p = json_u64(p, "generation", tt_generation_number(ev->generation));
	else
		p = json_null(p, "generation");
	return json_u64(p, "offset", ev->offset);
}

static char *put_duration_members(struct dump *d, char *p)
{
	p = json_i64(p, "dur_ns", d->duration.ns);
	if (d->duration.reason.len != 0)
		p = out_room(d->out, json_str(d->out, p, "dur_reason", d->duration.reason));
	return d->duration.partial ? json_bool(p, "dur_partial", true) : p;
}

static void event(struct dump *d, const struct tt_event *ev)
{
	struct out *o = d->out;
	char *p = put_front(d, out_begin(o), ev);

	p = json_id(p, "thread", ev->thread);
	p = json_id(p, "proc", ev->proc);
	p = json_id(p, "goroutine", ev->goroutine);
	p = put_fields(o, p, ev);
	p = put_arguments(o, p, ev);
	if (ev->spec->experiment)
		p = put_meanings(d, p, ev);
	p = put_stacks(d, p, ev);
	if (d->duration.given)
		p = put_duration_members(d, p);
	out_end(o, put_lit(p, "}\n"));
}

char *dump_json_clock(char *p, const struct tt_clock *clock)
{
	if (!clock)
		return json_null(p, "clock");
	p = put_lit(json_key(p, "clock"), "{\"trace_ns\":");
	p = put_i64(p, clock->trace_ns);
	p = json_u64(p, "mono_ns", clock->mono_ns);
	p = json_u64(p, "wall_sec", clock->wall_sec);
	p = json_u64(p, "wall_nsec", clock->wall_nsec);
	p = put_char(json_key(p, "wall"), '"');
	p = put_wall(p, clock, true);
	return put_lit(p, "\"}");
}

static void sync(struct dump *d, const struct tt_event *ev, bool matched)
{
	struct tt_sync s = tt_event_sync(ev);
	char *p;

	if (!matched)
		return;
	p = put_front(d, out_begin(d->out), ev);
	p = json_u64(p, "n", s.n);
	p = dump_json_clock(p, s.clock);
	out_end(d->out, put_lit(p, "}\n"));
}

/* The last line of a bad trace, for programs that read only standard output. */
static int error(struct dump *d, const struct tt_error *err)
{
	struct out *o = d->out;
	char *p = json_open(out_begin(o), "kind", "Error");

	p = json_cstr(o, p, "code", tt_code_name(err->code));
	p = json_str(o, p, "message", str_of(err->message));
	p = json_known(p, "offset", err->offset);
	p = json_known(p, "generation", err->generation);
	p = json_id(p, "thread", err->thread);
	out_end(o, put_lit(p, "}\n"));
	return dump_error(d, err);
}

const struct dump_format dump_json = {
	.header = header,
	.event = event,
	.sync = sync,
	.error = error,
};
