/* SPDX-License-Identifier: MIT */
/*
 * text.c - events for people: a line each, in columns, times from the start
 * of the trace, and where the goroutine was. Command layer.
 *
 *	    0.000040576  M5492  P1   G1     GoCreate         G18 NotExist -> Runnable  main.main
 */
#include "cli/units.h"
#include "dump.h"

/* Widths with the blanks after them; what is wider shifts its own line only. */
enum {
	TIME_WIDTH = 15,
	THREAD_WIDTH = 8,
	PROC_WIDTH = 5,
	GOROUTINE_WIDTH = 7,
	NAME_WIDTH = 20,
	TEXT_WIDTH = 48,
};

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
char *dump_text_top(struct out *o, char *p, const struct tt_frame *frames, int n)
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

/* A line of common length is in one piece, so that its width can be measured wherever
 * the buffer ends. */
enum { LINE_ROOM = 2048 };

static char *begin_line(struct out *o, char *p)
{
	p = out_room(o, p);
	return o->end - p < LINE_ROOM ? out_drain(o, p) : p;
}

char *dump_text_frames(struct out *o, char *p, const struct tt_frame *frames, int n)
{
	for (int i = 0; i < n; i++) {
		const char *start = p = begin_line(o, p);

		p = put_lit(p, "                  ");
		p = out_escaped(o, p, frames[i].func);
		if ((size_t)(p - start) < OUT_ROOM / 2)
			p = put_column(p, start, 64, 2);
		else
			p = put_lit(p, "  ");
		p = out_escaped(o, p, frames[i].file);
		p = put_char(p, ':');
		p = put_u64(p, frames[i].line);
		p = put_char(p, '\n');
	}
	return p;
}

static void header(struct dump *d)
{
	struct out *o = d->out;
	char *p = out_begin(o);
	char *start = p;

	d->stacks.render = dump_text_frames;
	d->tops.render = dump_text_top;
	p = put_lit(p, "           time  thread  P    G      event");
	p = put_column(p, start, TIME_WIDTH + 2 + THREAD_WIDTH + PROC_WIDTH + GOROUTINE_WIDTH +
				 NAME_WIDTH, 1);
	start = p;
	p = put_column(put_lit(p, "what"), start, TEXT_WIDTH, 2);
	out_end(o, put_lit(p, "where\n"));
}

static char *put_id(char *p, const char *prefix, int64_t id)
{
	if (id == TT_NONE)
		return put_char(p, '-');
	p = put_cstr(p, prefix);
	return put_i64(p, id);
}

static char *put_resource(char *p, enum tt_resource resource, int64_t id)
{
	if (resource == TT_RESOURCE_NONE)
		return p;
	return put_id(p, resource == TT_RESOURCE_GOROUTINE ? "G" :
			 resource == TT_RESOURCE_PROC ? "P" : "M", id);
}

/* ---- descriptions */

/* An argument of an experiment; what it names is written as in the columns. */
static char *put_argument(struct dump *d, char *p, const struct tt_event *ev, unsigned i)
{
	struct out *o = d->out;
	enum tt_resource resource = event_names(ev, i);
	int64_t id = (int64_t)ev->args[i];

	if (resource == TT_RESOURCE_NONE && ev->spec->args[i].type != TT_ARG_TASK)
		return out_argument(d, o, p, ev, i);
	p = out_cstr(o, p, ev->spec->args[i].name);
	p = put_char(out_room(o, p), '=');
	if (resource != TT_RESOURCE_NONE)
		p = put_resource(p, resource, id);
	else
		p = put_id(p, "", id);
	return out_meaning(d, o, p, ev, i);
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

static char *put_range(struct dump *d, char *p, const struct tt_event *ev)
{
	static const char *const verbs[] = { "begin ", "active ", "end " };
	struct out *o = d->out;
	struct tt_range r = tt_event_range(ev);

	p = put_cstr(p, verbs[ev->kind - TT_KIND_RANGE_BEGIN]);
	p = out_range_name(o, p, &r);
	if (r.scope != TT_RESOURCE_NONE && r.id != event_context(ev, r.scope)) {
		p = put_lit(p, " of ");
		p = put_resource(p, r.scope, r.id);
	}
	for (unsigned i = 0; ev->spec->experiment && i < ev->spec->nargs; i++) {
		if (!is_said(ev, &r, i))
			p = put_argument(d, put_lit(p, ", "), ev, i);
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

	p = put_resource(p, t.resource, t.id);
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

static char *put_arguments(struct dump *d, char *p, const struct tt_event *ev)
{
	for (unsigned i = 0; i < ev->spec->nargs; i++)
		p = put_argument(d, put_cstr(p, i == 0 ? "" : " "), ev, i);
	return p;
}

static char *put_description(struct dump *d, char *p, const struct tt_event *ev)
{
	struct out *o = d->out;

	switch (ev->kind) {
	case TT_KIND_METRIC:
		return put_metric(o, p, ev);
	case TT_KIND_LABEL:
		return out_escaped(o, p, tt_event_label(ev));
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		return put_range(d, p, ev);
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
		return put_arguments(d, p, ev);
	default:
		return p;
	}
}

/* ---- columns */

static char *put_time(char *p, int64_t ns)
{
	char digits[24];
	size_t n = (size_t)(put_seconds(digits, ns) - digits);

	if (n < TIME_WIDTH) {
		memset(p, ' ', TIME_WIDTH - n);
		p += TIME_WIDTH - n;
	}
	p = put_mem(p, digits, n);
	return put_lit(p, "  ");
}

static char *put_id_column(char *p, const char *prefix, int64_t id, size_t width)
{
	const char *start = p;

	return put_column(put_id(p, prefix, id), start, width, 1);
}

static char *put_front(struct dump *d, char *p, const struct tt_event *ev)
{
	const char *start;

	p = put_time(p, ev->time_ns - d->start_ns);
	p = put_id_column(p, "M", ev->thread, THREAD_WIDTH);
	p = put_id_column(p, "P", ev->proc, PROC_WIDTH);
	p = put_id_column(p, "G", ev->goroutine, GOROUTINE_WIDTH);
	start = p;
	p = put_mem(p, ev->spec->name, strnlen(ev->spec->name, 256));
	return put_column(p, start, NAME_WIDTH, 1);
}

/*
 * Where it happened: the executing stack's innermost function, and for a new
 * goroutine the one it starts with.
 */
static char *put_tops(struct dump *d, char *p, const struct tt_event *ev, size_t used)
{
	struct out *o = d->out;
	uint64_t stack = tt_event_stack(ev, NULL);
	uint64_t own = 0;
	struct tt_str top;

	if (ev->kind == TT_KIND_TRANSITION) {
		struct tt_transition t = tt_event_transition(ev);

		own = t.has_stack && t.stack != stack ? t.stack : 0;
	}
	if (stack == 0 && own == 0)
		return p;
	p = put_column(p, p, used < TEXT_WIDTH ? TEXT_WIDTH - used : 0, 2);
	if (d->colour)
		p = put_lit(p, "\033[2m");
	top = stack_cache_get(&d->tops, ev->generation, stack);
	p = out_room(o, out_str(o, p, top));
	if (own != 0) {
		p = put_cstr(p, top.len ? ", starts " : "starts ");
		p = out_room(o, out_str(o, p, stack_cache_get(&d->tops, ev->generation, own)));
	}
	return d->colour ? put_lit(p, "\033[0m") : p;
}

/* All frames of another stack, under a line that says which one it is. */
static char *put_other_frames(struct dump *d, char *p, const struct tt_event *ev, const char *title,
			      uint64_t stack)
{
	struct out *o = d->out;

	p = out_cstr(o, put_lit(out_room(o, p), "                "), title);
	p = put_char(out_room(o, p), '\n');
	return out_str(o, p, stack_cache_get(&d->stacks, ev->generation, stack));
}

static char *put_frames(struct dump *d, char *p, const struct tt_event *ev)
{
	struct out *o = d->out;
	uint64_t stack = tt_event_stack(ev, NULL);

	p = out_str(o, p, stack_cache_get(&d->stacks, ev->generation, stack));
	if (ev->kind == TT_KIND_TRANSITION) {
		struct tt_transition t = tt_event_transition(ev);

		if (t.has_stack && t.stack != 0 && t.stack != stack)
			p = put_other_frames(d, p, ev, "starts", t.stack);
	}
	for (unsigned i = 0; ev->spec->experiment && i < ev->spec->nargs; i++) {
		if (event_has_other_stack(ev, i))
			p = put_other_frames(d, p, ev, ev->spec->args[i].name, ev->args[i]);
	}
	return out_room(o, p);
}

/* ---- events */

static char *put_generation(struct dump *d, char *p, const struct tt_generation *g)
{
	const struct tt_clock *clock = tt_generation_clock(g);

	if (d->colour)
		p = put_lit(p, "\033[1m");
	p = put_lit(p, "-- generation ");
	p = put_u64(p, tt_generation_number(g));
	if (clock) {
		p = put_lit(p, ", ");
		p = put_wall(p, clock, false);
	}
	p = put_lit(p, ", offset 0x");
	p = put_hex(p, tt_generation_offset(g));
	if (d->colour)
		p = put_lit(p, "\033[0m");
	return put_char(p, '\n');
}

static void event(struct dump *d, const struct tt_event *ev)
{
	struct out *o = d->out;
	char *p = begin_line(o, out_begin(o));
	const char *start, *buffer;

	if (d->pending) {
		p = out_room(o, put_generation(d, p, ev->generation));
		d->pending = false;
	}
	p = put_front(d, p, ev);
	start = p;
	buffer = o->buffer;
	p = put_description(d, p, ev);
	if (d->duration.given)
		p = out_duration(d, o, p);
	p = put_tops(d, p, ev,
		     p >= start && o->buffer == buffer ? (size_t)(p - start) : TEXT_WIDTH);
	p = put_char(p, '\n');
	if (d->opt->stacks)
		p = put_frames(d, p, ev);
	out_end(o, p);
}

static void sync(struct dump *d, const struct tt_event *ev, bool matched)
{
	char *p;

	d->pending = ev->generation && selector_has_generation(&d->selector, ev->generation);
	if (!d->pending || !matched)
		return;
	p = put_generation(d, out_begin(d->out), ev->generation);
	out_end(d->out, p);
	d->pending = false;
}

/* Syncs are events too, as validate counts them. */
static void footer(struct dump *d)
{
	char *p = out_begin(d->out);

	if (d->colour)
		p = put_lit(p, "\033[1m");
	p = put_cstr(p, d->ended ? "-- end, " : "-- stopped at ");
	p = put_seconds(p, d->last_ns - d->start_ns);
	p = put_lit(p, " s, ");
	p = put_u64(p, d->events);
	p = put_cstr(p, d->ended ? " events" : " events read");
	if (d->selector.active) {
		p = put_lit(p, ", ");
		p = put_u64(p, d->printed);
		p = put_lit(p, " printed");
	}
	if (d->colour)
		p = put_lit(p, "\033[0m");
	out_end(d->out, put_char(p, '\n'));
}

const struct dump_format dump_text = {
	.sync_is_no_line = true,
	.header = header,
	.event = event,
	.sync = sync,
	.footer = footer,
};
