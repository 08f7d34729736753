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
	d->tops.render = text_top;
	p = put_lit(p, "           time  thread  P    G      event");
	p = put_column(p, start, TIME_WIDTH + 2 + THREAD_WIDTH + PROC_WIDTH + GOROUTINE_WIDTH +
				 NAME_WIDTH, 1);
	start = p;
	p = put_column(put_lit(p, "what"), start, TEXT_WIDTH, 2);
	out_end(o, put_lit(p, "where\n"));
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

	return put_column(text_id(p, prefix, id), start, width, 1);
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
	p = out_description(&d->tops, o, p, ev);
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
