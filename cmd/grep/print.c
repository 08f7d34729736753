/* SPDX-License-Identifier: MIT */
/* print.c - lines of `tracetool grep`. Command layer. */
#include "cli/json.h"
#include "cli/units.h"
#include "grep.h"

/* ---- text */

/* "FILE:3:1.234567890: "; of an event that is no hit, with `-`. */
static char *put_place(struct search *s, struct out *o, char *p, int64_t ns, bool hit)
{
	char separator = hit ? ':' : '-';

	p = out_room(o, out_escaped(o, p, str_of(s->file)));
	p = put_u64(put_char(p, separator), s->generation);
	p = put_seconds(put_char(p, separator), (int64_t)((uint64_t)ns - (uint64_t)s->start_ns));
	return put_char(put_char(p, separator), ' ');
}

static char *put_where(struct search *s, struct out *o, char *p, const struct tt_event *ev)
{
	uint64_t stack = tt_event_stack(ev, NULL);
	struct tt_str top;

	if (stack == 0)
		return p;
	top = stack_cache_get(&s->tops, ev->generation, stack);
	return top.len == 0 ? p : out_str(o, put_lit(out_room(o, p), "  "), top);
}

static char *event_text(struct search *s, struct out *o, char *p, const struct tt_event *ev, bool hit)
{
	p = put_place(s, o, p, ev->time_ns, hit);
	if (!ev->spec)
		return put_lit(p, "Sync");
	p = put_char(text_id(p, "M", ev->thread), ' ');
	p = put_char(text_id(p, "P", ev->proc), ' ');
	p = put_char(text_id(p, "G", ev->goroutine), ' ');
	p = put_char(out_cstr(o, p, ev->spec->name), ' ');
	p = out_description(&s->tops, o, out_room(o, p), ev);
	return put_where(s, o, p, ev);
}

/* What it is of. */
static char *span_subject(struct search *s, struct out *o, char *p, const struct tt_span *span)
{
	struct tt_str name = tt_spans_name(s->spans, span->name);
	struct tt_str detail = tt_spans_name(s->spans, span->detail);

	switch (span->kind) {
	case TT_SPAN_GOROUTINE:
		p = put_char(text_id(p, "G", span->id), ' ');
		return put_cstr(p, tt_state_name(span->state));
	case TT_SPAN_REGION:
		p = put_lit(text_id(p, "G", span->id), " region ");
		return out_quoted(o, p, name);
	case TT_SPAN_TASK:
		p = put_char(put_u64(put_lit(p, "task "), (uint64_t)span->id), ' ');
		return out_quoted(o, p, name);
	default:
		if (span->scope != TT_RESOURCE_NONE)
			p = put_char(text_resource(p, span->scope, span->id), ' ');
		p = out_room(o, out_escaped(o, p, name));
		if (detail.len != 0)
			p = put_char(out_escaped(o, put_lit(p, " ("), detail), ')');
		return p;
	}
}

/* The length, and whether that is all of it. */
static char *put_length(char *p, const struct tt_span *span, int64_t start_ns, int64_t end_ns)
{
	bool before = (span->flags & (TT_SPAN_BEGAN_BEFORE | TT_SPAN_END_ALONE)) ||
		      start_ns != span->start_ns;
	bool after = (span->flags & TT_SPAN_NOT_ENDED) || end_ns != span->end_ns;

	p = put_cstr(p, before || after ? " for at least " : " for ");
	p = put_duration(p, end_ns - start_ns);
	p = put_cstr(p, before ? ", began before" : "");
	return put_cstr(p, after ? ", did not end" : "");
}

static char *span_where(struct search *s, struct out *o, char *p, const struct tt_span *span)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	uint32_t stack = span->stack ? span->stack : span->start_stack;
	int n = stack ? tt_spans_stack(s->spans, stack, frames) : 0;

	return n > 0 ? text_top(o, put_lit(out_room(o, p), "  "), frames, n) : p;
}

static char *span_text(struct search *s, struct out *o, char *p, const struct tt_span *span,
		       int64_t start_ns, int64_t end_ns)
{
	p = put_place(s, o, p, start_ns, true);
	p = out_room(o, span_subject(s, o, p, span));
	p = put_length(p, span, start_ns, end_ns);
	if (span->kind == TT_SPAN_GOROUTINE && span->name != 0)
		p = out_escaped(o, put_lit(p, ": "), tt_spans_name(s->spans, span->name));
	return span_where(s, o, p, span);
}

/* ---- JSON */

static char *put_front(struct search *s, struct out *o, char *p, int64_t ns)
{
	p = out_room(o, out_json(o, put_lit(p, "{\"file\":"), str_of(s->file)));
	p = json_u64(p, "generation", s->generation);
	p = json_i64(p, "time_ns", ns);
	return json_i64(p, "since_start_ns", (int64_t)((uint64_t)ns - (uint64_t)s->start_ns));
}

/* What text says, as a member. */
static char *put_text(struct search *s, struct out *o, char *p, const struct tt_event *ev)
{
	struct out text;
	char *end;

	out_init_memory(&text);
	end = out_description(&s->tops, &text, out_begin(&text), ev);
	if (text.error == 0)
		p = json_str(o, p, "text", (struct tt_str){ text.buffer, (size_t)(end - text.buffer) });
	else
		s->tops.text.error = text.error;
	out_release_memory(&text);
	return out_room(o, p);
}

static char *event_json(struct search *s, struct out *o, char *p, const struct tt_event *ev, bool hit)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	uint64_t stack = tt_event_stack(ev, NULL);

	p = put_front(s, o, p, ev->time_ns);
	p = json_bool(p, "hit", hit);
	p = json_word(p, "kind", tt_kind_name(ev->kind));
	if (ev->spec) {
		p = out_room(o, json_cstr(o, p, "event", ev->spec->name));
		p = json_id(p, "thread", ev->thread);
		p = json_id(p, "proc", ev->proc);
		p = json_id(p, "goroutine", ev->goroutine);
		p = put_text(s, o, p, ev);
	}
	if (stack != 0 && tt_generation_stack(ev->generation, stack, frames) > 0)
		p = json_str(o, p, "function", frames[0].func);
	return put_char(out_room(o, p), '}');
}

static const char *span_kind(const struct tt_span *span)
{
	switch (span->kind) {
	case TT_SPAN_GOROUTINE:
		return "goroutine";
	case TT_SPAN_REGION:
		return "region";
	case TT_SPAN_TASK:
		return "task";
	default:
		return "range";
	}
}

static char *span_members(struct search *s, struct out *o, char *p, const struct tt_span *span)
{
	const struct tt_spans *spans = s->spans;

	switch (span->kind) {
	case TT_SPAN_GOROUTINE:
		p = json_word(json_i64(p, "goroutine", span->id), "state", tt_state_name(span->state));
		return out_room(o, json_str(o, p, "reason", tt_spans_name(spans, span->name)));
	case TT_SPAN_REGION:
		p = json_u64(json_i64(p, "goroutine", span->id), "task", span->task);
		return out_room(o, json_str(o, p, "name", tt_spans_name(spans, span->name)));
	case TT_SPAN_TASK:
		p = json_u64(p, "task", (uint64_t)span->id);
		return out_room(o, json_str(o, p, "name", tt_spans_name(spans, span->name)));
	default:
		p = out_room(o, json_str(o, p, "name", tt_spans_name(spans, span->name)));
		p = out_room(o, json_str(o, p, "reason", tt_spans_name(spans, span->detail)));
		p = json_id(p, "goroutine", span->scope == TT_RESOURCE_GOROUTINE ? span->id
										 : span->goroutine);
		return json_id(p, "proc", span->scope == TT_RESOURCE_PROC ? span->id : span->proc);
	}
}

static char *span_json(struct search *s, struct out *o, char *p, const struct tt_span *span,
		       int64_t start_ns, int64_t end_ns)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	uint32_t stack = span->stack ? span->stack : span->start_stack;

	p = put_front(s, o, p, start_ns);
	p = json_bool(p, "hit", true);
	p = json_word(p, "span", span_kind(span));
	p = json_i64(p, "dur_ns", end_ns - start_ns);
	p = span_members(s, o, p, span);
	if (span->flags & (TT_SPAN_BEGAN_BEFORE | TT_SPAN_END_ALONE) || start_ns != span->start_ns)
		p = json_bool(p, "began_before", true);
	if (span->flags & TT_SPAN_NOT_ENDED || end_ns != span->end_ns)
		p = json_bool(p, "not_ended", true);
	if (stack && tt_spans_stack(s->spans, stack, frames) > 0)
		p = json_str(o, p, "function", frames[0].func);
	return put_char(out_room(o, p), '}');
}

/* ---- lines */

static void end_line(struct search *s, struct out *o, char *p)
{
	out_end(o, put_char(out_room(o, p), '\n'));
	s->printed = true;
	if (stack_cache_failed(&s->tops)) {
		grep_wait_turn(s->output);
		cmd_error(s->file, "out of memory for the text of an event");
		s->status = STATUS_TROUBLE;
	}
	grep_written(s->output);
}

void grep_print_event(struct search *s, const struct tt_event *ev, bool hit)
{
	struct out *o = s->output->out;
	char *p = out_begin(o);

	/* as grep does it where lines were left out */
	if (grep_wants_context(s->opt) && s->opt->format == GREP_TEXT && s->printed &&
	    s->windows.next < s->windows.n &&
	    s->printed_ns < s->windows.at[s->windows.next].start_ns)
		p = put_lit(p, "--\n");
	s->printed_ns = ev->time_ns;
	p = s->opt->format == GREP_JSON ? event_json(s, o, p, ev, hit)
					 : event_text(s, o, p, ev, hit);
	end_line(s, o, p);
}

void grep_print_span(struct search *s, const struct tt_span *span, int64_t start_ns,
		     int64_t end_ns)
{
	struct out *o = s->output->out;
	char *p = out_begin(o);

	p = s->opt->format == GREP_JSON ? span_json(s, o, p, span, start_ns, end_ns)
					 : span_text(s, o, p, span, start_ns, end_ns);
	end_line(s, o, p);
}

void grep_print_file(const struct search *s)
{
	const struct grep_options *opt = s->opt;
	struct out *o = s->output->out;
	bool json = opt->format == GREP_JSON;
	char *p = out_begin(o);

	if (!opt->count && !(opt->with && s->nhits != 0) &&
	    !(opt->without && s->nhits == 0 && s->status == STATUS_FINE))
		return;
	if (json)
		p = json_u64(out_json(o, put_lit(p, "{\"file\":"), str_of(s->file)), "hits", s->nhits);
	else
		p = out_escaped(o, p, str_of(s->file));
	if (!json && opt->count)
		p = put_u64(put_char(out_room(o, p), ':'), s->nhits);
	out_end(o, put_cstr(out_room(o, p), json ? "}\n" : "\n"));
}
