/* SPDX-License-Identifier: MIT */
/*
 * go.c - events as Go 1.27's `go tool trace -d=parsed` prints them, byte for
 * byte, with its exit status. Command layer.
 *
 * Format reference: section 8 (the text), 10 (quoting), 11 (failures). Function
 * and file names are not quoted, as in Go: this format is not for a terminal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dump.h"

static void memo_keep(struct memo *m, const char *start, const char *end)
{
	size_t len = end >= start ? (size_t)(end - start) : 0;

	m->len = len <= MEMO_SIZE ? (unsigned)len : 0;
	memcpy(m->text, start, m->len);
}

static inline char *memo_copy(char *p, const struct memo *m)
{
	memcpy(p, m->text, MEMO_SIZE / 2);
	if (m->len > MEMO_SIZE / 2)
		memcpy(p + MEMO_SIZE / 2, m->text + MEMO_SIZE / 2, MEMO_SIZE / 2);
	return p + m->len;
}

/* internal/trace/event.go, printStack. */
static char *render_frames(struct out *o, char *p, const struct tt_frame *frames, int n)
{
	for (int i = 0; i < n; i++) {
		p = put_char(out_room(o, p), '\t');
		p = out_str(o, p, frames[i].func);
		p = put_lit(out_room(o, p), " @ 0x");
		p = put_hex(p, frames[i].pc);
		p = put_lit(p, "\n\t\t");
		p = out_str(o, p, frames[i].file);
		p = put_char(out_room(o, p), ':');
		p = put_u64(p, frames[i].line);
		p = put_char(p, '\n');
	}
	return p;
}

static void header(struct dump *d)
{
	d->stacks.render = render_frames;
}

/*
 * Ends the walk with what Go's runtime prints first when it dies; its dump of the
 * goroutines is left out.
 */
static char *panic_now(struct dump *d, const char *before, uint64_t number, const char *after)
{
	dump_stop(d, STATUS_TROUBLE);
	if (d->prints_ahead)
		return NULL;
	out_flush(d->out);
	fprintf(stderr, "panic: %s%" PRIu64 "%s\n", before, number, after);
	return NULL;
}

static char *put_value(char *p, uint64_t v)
{
	p = put_lit(p, "Value{Uint64(");
	p = put_u64(p, v);
	return put_lit(p, ")}");
}

static char *put_resource(char *p, enum tt_resource resource, int64_t id)
{
	switch (resource) {
	case TT_RESOURCE_GOROUTINE:
		p = put_lit(p, "Goroutine(");
		break;
	case TT_RESOURCE_PROC:
		p = put_lit(p, "Proc(");
		break;
	case TT_RESOURCE_THREAD:
		p = put_lit(p, "Thread(");
		break;
	default:
		return put_lit(p, "None");
	}
	p = put_i64(p, id);
	return put_char(p, ')');
}

static char *put_stack(struct dump *d, char *p, const struct tt_event *ev, uint64_t id)
{
	p = put_lit(p, "Stack=\n");
	p = out_str(d->out, p, stack_cache_get(&d->stacks, ev->generation, id));
	return out_room(d->out, p);
}

/* ---- fields by kind */

/*
 * Each prints what only its kind has, after what all events have. Where Go panics
 * while it prints an event (format reference, 11.3: damaged traces that its reader
 * accepts), the result is NULL and nothing is printed.
 */
typedef char *put_fields_fn(struct dump *d, char *p, const struct tt_event *ev);

static char *put_metric(struct dump *d, char *p, const struct tt_event *ev)
{
	struct tt_metric m = tt_event_metric(ev);

	p = put_lit(p, " Name=");
	p = out_quoted(d->out, p, str_of(m.name));
	p = put_lit(p, " Value=");
	return put_value(p, m.value);
}

static char *put_label(struct dump *d, char *p, const struct tt_event *ev)
{
	p = put_lit(p, " Label=");
	p = out_quoted(d->out, p, tt_event_label(ev));
	p = put_lit(p, " Resource=");
	return put_resource(p, TT_RESOURCE_GOROUTINE, ev->goroutine);
}

static char *put_sample(struct dump *d, char *p, const struct tt_event *ev)
{
	uint64_t id = tt_event_stack(ev, NULL);

	if (stack_known(ev->generation, id))
		return p;
	return panic_now(d, "expected id ", id, " in trace.stack table");
}

static char *put_attributes(struct out *o, char *p, const struct tt_range *r)
{
	p = put_lit(p, " Attributes=[");
	for (unsigned i = 0; i < r->nattributes; i++) {
		if (i != 0)
			p = put_char(p, ' ');
		p = out_quoted(o, p, str_of(r->attributes[i].name));
		p = put_char(p, '=');
		p = put_value(p, r->attributes[i].value);
	}
	return put_char(p, ']');
}

static char *put_range(struct dump *d, char *p, const struct tt_event *ev)
{
	struct out *o = d->out;
	struct tt_range r = tt_event_range(ev);

	if (!r.kind_known)
		return panic_now(d, "expected id ", r.kind_id, " in string table");
	p = put_lit(p, " Name=\"");
	p = out_quoted_inside(o, p, str_of(r.name));
	if (r.kind.data) {
		p = put_lit(p, " (");
		p = out_quoted_inside(o, p, r.kind);
		p = put_char(p, ')');
	}
	p = put_lit(p, "\" Scope=");
	p = put_resource(p, r.scope, r.id);
	return ev->kind == TT_KIND_RANGE_END ? put_attributes(o, p, &r) : p;
}

static char *put_task(struct dump *d, char *p, const struct tt_event *ev)
{
	struct tt_task t = tt_event_task(ev);

	p = put_lit(p, " ID=");
	p = put_u64(p, t.id);
	p = put_lit(p, " Parent=");
	p = put_u64(p, t.parent);
	p = put_lit(p, " Type=");
	return out_quoted(d->out, p, t.type);
}

static char *put_region(struct dump *d, char *p, const struct tt_event *ev)
{
	struct tt_region r = tt_event_region(ev);

	p = put_lit(p, " Task=");
	p = put_u64(p, r.task);
	p = put_lit(p, " Type=");
	return out_quoted(d->out, p, r.type);
}

static char *put_log(struct dump *d, char *p, const struct tt_event *ev)
{
	struct out *o = d->out;
	struct tt_log l = tt_event_log(ev);

	p = put_lit(p, " Task=");
	p = put_u64(p, l.task);
	p = put_lit(p, " Category=");
	p = out_quoted(o, p, l.category);
	p = put_lit(p, " Message=");
	return out_quoted(o, p, l.message);
}

/* " Runnable->Running Reason=\"\"": what follows the id. */
static char *put_states(struct dump *d, char *p, const struct tt_transition *t)
{
	p = put_char(p, ' ');
	p = put_cstr(p, tt_state_name(t->from));
	p = put_lit(p, "->");
	p = put_cstr(p, tt_state_name(t->to));
	p = put_lit(p, " Reason=");
	return out_quoted(d->out, p, t->reason);
}

static char *put_states_again(struct dump *d, char *p, const struct tt_transition *t)
{
	/* reasons lie near each other: all bits of their addresses have to count */
	uint64_t key = ((uint64_t)(uintptr_t)t->reason.data * 8 + t->from) * 8 + t->to;
	uint64_t slot = key * UINT64_C(0x9e3779b97f4a7c15) >> 40;
	struct go_states *again = &d->go.states[slot % ARRAY_SIZE(d->go.states)];
	const char *start = p;

	if (again->reason == t->reason.data && again->from == t->from && again->to == t->to &&
	    again->memo.len != 0)
		return memo_copy(p, &again->memo);
	p = put_states(d, p, t);
	if (t->reason.len > MEMO_SIZE / 2)
		return p;
	again->reason = t->reason.data;
	again->from = t->from;
	again->to = t->to;
	memo_keep(&again->memo, start, p);
	return p;
}

static char *put_transition(struct dump *d, char *p, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	if (t.to == TT_STATE_BAD)
		return panic_now(d, "runtime error: index out of range [", ev->args[1],
				 "] with length 5");
	if (t.resource == TT_RESOURCE_GOROUTINE)
		p = put_lit(p, " GoID=");
	else
		p = put_lit(p, " ProcID=");
	p = put_i64(p, t.id);
	p = put_states_again(d, p, &t);
	if (t.has_stack)
		p = put_stack(d, put_lit(p, "\nTransition"), ev, t.stack);
	return p;
}

/* internal/trace/event.go, ExperimentalEvent.ArgValue: a string is printed as it is. */
static char *put_argument(struct out *o, char *p, const struct tt_event *ev, unsigned i)
{
	struct tt_str s;

	if (ev->spec->args[i].type == TT_ARG_STRING &&
	    tt_generation_string(ev->generation, ev->args[i], &s))
		return out_room(o, out_str(o, p, s));
	return put_value(p, ev->args[i]);
}

static char *put_experimental(struct dump *d, char *p, const struct tt_event *ev)
{
	struct out *o = d->out;

	p = put_lit(p, " Name=");
	p = out_cstr(o, p, ev->spec->name);
	p = put_lit(out_room(o, p), " Args=[");
	for (unsigned i = 0; i < ev->spec->nargs; i++) {
		if (i != 0)
			p = put_lit(p, ", ");
		p = out_cstr(o, p, ev->spec->args[i].name);
		p = put_argument(o, put_char(out_room(o, p), '='), ev, i);
	}
	return put_char(p, ']');
}

static put_fields_fn *const fields[TT_KIND_COUNT] = {
	[TT_KIND_METRIC] = put_metric,
	[TT_KIND_LABEL] = put_label,
	[TT_KIND_STACK_SAMPLE] = put_sample,
	[TT_KIND_RANGE_BEGIN] = put_range,
	[TT_KIND_RANGE_ACTIVE] = put_range,
	[TT_KIND_RANGE_END] = put_range,
	[TT_KIND_TASK_BEGIN] = put_task,
	[TT_KIND_TASK_END] = put_task,
	[TT_KIND_REGION_BEGIN] = put_region,
	[TT_KIND_REGION_END] = put_region,
	[TT_KIND_LOG] = put_log,
	[TT_KIND_TRANSITION] = put_transition,
	[TT_KIND_EXPERIMENTAL] = put_experimental,
};

/* ---- events */

static char *put_context(char *p, const struct tt_event *ev)
{
	p = put_lit(p, "M=");
	p = put_i64(p, ev->thread);
	p = put_lit(p, " P=");
	p = put_i64(p, ev->proc);
	p = put_lit(p, " G=");
	p = put_i64(p, ev->goroutine);
	p = put_char(p, ' ');
	p = put_cstr(p, tt_kind_name(ev->kind));
	return put_lit(p, " Time=");
}

static char *put_front(struct dump *d, char *p, const struct tt_event *ev)
{
	uint64_t i = (uint64_t)ev->goroutine * 31 + (uint64_t)ev->thread * 7 + ev->kind;
	struct go_context *again = &d->go.contexts[i % ARRAY_SIZE(d->go.contexts)];
	const char *start = p;

	if (again->goroutine == ev->goroutine && again->thread == ev->thread &&
	    again->proc == ev->proc && again->kind == ev->kind && again->memo.len != 0) {
		p = memo_copy(p, &again->memo);
		return put_i64(p, ev->time_ns);
	}
	p = put_context(p, ev);
	again->thread = ev->thread;
	again->proc = ev->proc;
	again->goroutine = ev->goroutine;
	again->kind = ev->kind;
	memo_keep(&again->memo, start, p);
	return put_i64(p, ev->time_ns);
}

static void event(struct dump *d, const struct tt_event *ev)
{
	struct out *o = d->out;
	char *p = put_front(d, out_begin(o), ev);
	uint64_t stack;
	bool has;

	p = fields[ev->kind](d, p, ev);
	if (!p)
		return;
	stack = tt_event_stack(ev, &has);
	if (has)
		p = put_stack(d, put_char(p, '\n'), ev, stack);
	out_end(o, put_char(p, '\n'));
}

static void begin_generation(struct dump *d)
{
	for (size_t i = 0; i < ARRAY_SIZE(d->go.states); i++)
		d->go.states[i].memo.len = 0;
}

/*
 * How many entries Go's table of experiments would have if it had those that the specs
 * name: it begins with one for no experiment, and its index is an experiment's number.
 */
static unsigned experiments_of_go(const struct tt_specs *specs)
{
	const struct tt_experiment_spec *e;
	unsigned n = 1;

	for (size_t i = 0; (e = tt_specs_experiment(specs, i)) != NULL; i++)
		n = e->id + 1;
	return n;
}

/* internal/trace/event.go, Event.Sync, looks up the experiment of each batch. */
static bool sync_panics(struct dump *d, const struct tt_generation *g)
{
	size_t n = g ? tt_generation_nexperimental(g) : 0;
	unsigned known = n ? experiments_of_go(tt_reader_specs(d->reader)) : 0;
	char after[32];

	for (size_t i = 0; i < n; i++) {
		struct tt_batch batch = tt_generation_experimental_at(g, i);

		if (batch.experiment < known)
			continue;
		snprintf(after, sizeof(after), "] with length %u", known);
		panic_now(d, "runtime error: index out of range [", batch.experiment, after);
		if (!d->prints_ahead && !d->opt->common.quiet)
			cmd_report_no_spec(d->file, &batch, &(struct cmd_numbers){ { 0 } });
		return true;
	}
	return false;
}

static void sync(struct dump *d, const struct tt_event *ev, bool matched)
{
	struct tt_sync s = tt_event_sync(ev);
	char *p;

	if (!matched || sync_panics(d, ev->generation))
		return;
	p = put_front(d, out_begin(d->out), ev);
	p = put_lit(p, " N=");
	p = put_u64(p, s.n);
	if (s.clock) {
		p = put_lit(p, " Trace=");
		p = put_i64(p, s.clock->trace_ns);
		p = put_lit(p, " Mono=");
		p = put_u64(p, s.clock->mono_ns);
		p = put_lit(p, " Wall=");
		p = put_wall(p, s.clock, false);
	}
	out_end(d->out, put_char(p, '\n'));
}

/* ---- errors */

static int error(struct dump *d, const struct tt_error *err)
{
	if (err->system) {
		cmd_report(d->file, err);
		return cmd_status(err);
	}
	dump_like_go(err);
	/* a trace in format v1 has no generation that the file numbers */
	if (err->code == TT_E_STUCK && err->generation != TT_UNKNOWN)
		go_print_stuck(d->reader, err->generation);
	return STATUS_BAD;
}

const struct dump_format dump_go = {
	.open_flags = TT_OPEN_LIKE_GO,
	.header = header,
	.event = event,
	.begin_generation = begin_generation,
	.sync = sync,
	.error = error,
};
