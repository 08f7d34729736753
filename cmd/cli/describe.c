/* SPDX-License-Identifier: MIT */
/* describe.c - what happened in an event, and where, for people. Command layer. */
#include "describe.h"

static bool in_runtime(struct tt_str func)
{
	static const char package[] = "runtime.";
	size_t len = sizeof(package) - 1;

	return func.len > len && memcmp(func.data, package, len) == 0;
}

/*
 * The innermost function, and if that is the runtime's, the function outside the
 * runtime that called it: "which function waits in runtime.chanrecv1?" is what people
 * want to know.
 */
char *text_top(struct out *o, char *p, const struct tt_frame *frames, int n)
{
	int caller = 0;

	if (n == 0)
		return p;
	p = out_escaped(o, p, frames[0].func);
	while (caller < n && in_runtime(frames[caller].func))
		caller++;
	if (caller == 0 || caller == n)
		return p;
	return out_escaped(o, put_lit(p, " < "), frames[caller].func);
}

char *text_id(char *p, const char *prefix, int64_t id)
{
	if (id == TT_NONE)
		return put_char(p, '-');
	p = put_cstr(p, prefix);
	return put_i64(p, id);
}

char *text_resource(char *p, enum tt_resource resource, int64_t id)
{
	if (resource == TT_RESOURCE_NONE)
		return p;
	return text_id(p, resource == TT_RESOURCE_GOROUTINE ? "G" :
			 resource == TT_RESOURCE_PROC ? "P" : "M", id);
}

/* ---- events */

/* An argument of an experiment; what it names is written as in the columns. */
static char *put_argument(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev, unsigned i)
{
	enum tt_resource resource = event_names(ev, i);
	int64_t id = (int64_t)ev->args[i];

	if (resource == TT_RESOURCE_NONE && ev->spec->args[i].type != TT_ARG_TASK)
		return out_argument(tops, o, p, ev, i);
	p = out_cstr(o, p, ev->spec->args[i].name);
	p = put_char(out_room(o, p), '=');
	if (resource != TT_RESOURCE_NONE)
		p = text_resource(p, resource, id);
	else
		p = text_id(p, "", id);
	return out_meaning(tops, o, p, ev, i);
}

/*
 * Whether the text of an experiment's range says already what an argument says, or it is
 * a number that only orders events.
 */
static bool is_said(const struct tt_event *ev, const struct tt_range *r, unsigned i)
{
	struct tt_str s;

	switch (ev->spec->args[i].type) {
	case TT_ARG_STRING:
		return r->kind.data && event_string(ev, i, &s) && s.data == r->kind.data;
	case TT_ARG_G:
	case TT_ARG_P:
	case TT_ARG_M:
		return event_names(ev, i) == r->scope && (int64_t)ev->args[i] == r->id;
	case TT_ARG_STACK:
		return !event_has_other_stack(ev, i);
	case TT_ARG_VALUE:
		return r->nattributes != 0;
	default:
		return ev->spec->args[i].type == TT_ARG_SEQ;
	}
}

static char *put_range(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev)
{
	static const char *const verbs[] = { "begin ", "active ", "end " };
	struct tt_range r = tt_event_range(ev);

	p = put_cstr(p, verbs[ev->kind - TT_KIND_RANGE_BEGIN]);
	p = out_range_name(o, p, &r);
	if (r.scope != TT_RESOURCE_NONE && r.id != event_context(ev, r.scope)) {
		p = put_lit(p, " of ");
		p = text_resource(p, r.scope, r.id);
	}
	for (unsigned i = 0; ev->spec->experiment && i < ev->spec->nargs; i++) {
		if (!is_said(ev, &r, i))
			p = put_argument(tops, o, put_lit(p, ", "), ev, i);
	}
	for (unsigned i = 0; i < r.nattributes; i++) {
		p = put_lit(p, ", ");
		p = out_cstr(o, p, r.attributes[i].name);
		p = put_char(out_room(o, p), ' ');
		p = put_u64(p, r.attributes[i].value);
	}
	return p;
}

static char *put_task_id(char *p, uint64_t id)
{
	p = put_lit(p, "task ");
	return put_u64(p, id);
}

static char *put_task(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_task t = tt_event_task(ev);

	p = put_cstr(p, ev->kind == TT_KIND_TASK_BEGIN ? "begin " : "end ");
	p = put_task_id(p, t.id);
	p = put_char(p, ' ');
	p = out_quoted(o, p, t.type);
	if (t.parent != TT_NO_TASK) {
		p = put_lit(p, " in ");
		p = put_task_id(p, t.parent);
	}
	return p;
}

static char *put_region(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_region r = tt_event_region(ev);

	p = put_cstr(p, ev->kind == TT_KIND_REGION_BEGIN ? "begin region " : "end region ");
	p = out_quoted(o, p, r.type);
	if (r.task != 0) {
		p = put_lit(p, " of ");
		p = put_task_id(p, r.task);
	}
	return p;
}

static char *put_log(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_log l = tt_event_log(ev);

	if (l.task != 0) {
		p = put_task_id(p, l.task);
		p = put_lit(p, ", ");
	}
	p = out_escaped(o, p, l.category);
	p = put_lit(p, ": ");
	return out_escaped(o, p, l.message);
}

static char *put_transition(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	p = text_resource(p, t.resource, t.id);
	p = put_char(p, ' ');
	if (t.from != t.to && t.from != TT_STATE_UNDETERMINED) {
		p = put_cstr(p, tt_state_name(t.from));
		p = put_lit(p, " -> ");
	} else {
		p = put_lit(p, "is ");
	}
	p = put_cstr(p, tt_state_name(t.to));
	if (t.reason.len != 0) {
		p = put_lit(p, ": ");
		p = out_escaped(o, p, t.reason);
	}
	return p;
}

static char *put_metric(struct out *o, char *p, const struct tt_event *ev)
{
	struct tt_metric m = tt_event_metric(ev);

	p = out_cstr(o, p, m.name);
	p = put_lit(out_room(o, p), " = ");
	return put_u64(p, m.value);
}

static char *put_arguments(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev)
{
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		p = put_argument(tops, o, put_cstr(p, i == 0 ? "" : " "), ev, i);
	return p;
}

char *out_description(struct stack_cache *tops, struct out *o, char *p, const struct tt_event *ev)
{

	switch (ev->kind) {
	case TT_KIND_METRIC:
		return put_metric(o, p, ev);
	case TT_KIND_LABEL:
		return out_escaped(o, p, tt_event_label(ev));
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		return put_range(tops, o, p, ev);
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
		return put_arguments(tops, o, p, ev);
	default:
		return p;
	}
}
