/* SPDX-License-Identifier: MIT */
/*
 * json.c - verdicts as one JSON object; tracetool-validate(1) describes
 * it. Command layer.
 *
 * Indented by file and finding, so that it can be read and compared by line.
 */
#include "cli/json.h"
#include "report.h"

/* On a line of its own. */
static char *put_array(char *p, const char *indent, const char *key)
{
	p = put_lit(p, ",\n");
	p = put_cstr(p, indent);
	p = put_char(p, '"');
	p = put_cstr(p, key);
	return put_lit(p, "\":[");
}

static char *put_waiting(struct out *o, char *p, const struct finding *f)
{
	p = put_array(p, "       ", "waiting");
	for (size_t i = 0; i < f->nwaiting; i++) {
		const struct waiting *w = &f->waiting[i];

		p = put_cstr(p, i == 0 ? "\n        " : ",\n        ");
		p = put_lit(p, "{\"offset\":");
		p = put_u64(p, w->offset);
		p = json_id(p, "thread", w->thread);
		p = json_cstr(o, p, "event", w->event);
		p = json_cstr(o, p, "why", w->why);
		p = put_char(p, '}');
	}
	p = put_char(p, ']');
	return json_u64(p, "waiting_more", f->more_waiting);
}

static char *put_resumed(char *p, const struct finding *f)
{
	p = put_lit(p, ",\n       \"resumed\":{\"offset\":");
	p = put_u64(p, f->resumed_offset);
	p = json_u64(p, "generation", f->resumed_generation);
	p = json_u64(p, "skipped_nbytes", f->skipped_nbytes);
	return put_char(p, '}');
}

static char *put_finding(struct out *o, char *p, const struct finding *f)
{
	p = json_open(p, "code", tt_code_name(f->code));
	p = json_cstr(o, p, "severity", report_severity(f->severity));
	p = json_known(p, "offset", f->offset);
	p = json_known(p, "batch_offset", f->batch_offset);
	p = json_known(p, "generation", f->generation);
	p = json_id(p, "thread", f->thread);
	p = json_known(p, "events_before", f->event_index);
	p = json_known(p, "event_type", f->event_type < 0 ? TT_UNKNOWN : (unsigned)f->event_type);
	p = f->event ? json_cstr(o, p, "event", f->event) : json_null(p, "event");
	p = json_cstr(o, p, "message", f->message);
	if (f->raw)
		p = json_hex(o, p, "message", str_of(f->raw));
	p = json_cstr(o, p, "advice", tt_code_advice(f->code));
	if (f->nwaiting > 0)
		p = put_waiting(o, p, f);
	if (f->resumed)
		p = put_resumed(p, f);
	return out_room(o, put_char(p, '}'));
}

static char *put_findings(struct out *o, char *p, const struct verdict *v)
{
	p = put_array(p, "     ", "findings");
	for (size_t i = 0; i < v->nfindings; i++) {
		p = put_cstr(p, i == 0 ? "\n      " : ",\n      ");
		p = put_finding(o, p, &v->findings[i]);
	}
	return put_char(p, ']');
}

/* How often each code was found, including findings that were not kept. */
static char *put_code_counts(struct out *o, char *p, const struct verdict *v)
{
	const char *between = "";

	p = put_lit(p, ",\n     \"counts\":{");
	for (size_t i = 0; i < VERDICT_MAX_CODE; i++) {
		if (v->count[i] == 0)
			continue;
		p = put_cstr(p, between);
		p = put_char(p, '"');
		p = put_cstr(p, tt_code_name((int)i));
		p = put_lit(p, "\":");
		p = put_u64(p, v->count[i]);
		p = out_room(o, p);
		between = ",";
	}
	return put_char(p, '}');
}

static char *put_salvage(char *p, const struct salvage_report *s)
{
	p = put_lit(p, ",\n     \"salvage\":{\"generations\":");
	p = put_u64(p, s->generations);
	p = json_u64(p, "whole", s->whole);
	p = json_u64(p, "events", s->events);
	p = json_u64(p, "doubted_events", s->doubted_events);
	p = json_u64(p, "lost_events", s->lost_events);
	p = s->lost_more ? put_lit(p, ",\"lost_more\":true") : put_lit(p, ",\"lost_more\":false");
	p = json_u64(p, "nbytes", s->nbytes);
	p = json_u64(p, "kept_nbytes", s->kept_nbytes);
	return put_char(p, '}');
}

static void begin(struct report *r)
{
	struct out *o = r->out;
	char *p = out_begin(o);

	p = json_open(p, "tool", "tracetool");
	p = json_cstr(o, p, "version", tt_version());
	p = json_bool(p, "strict", r->strict);
	out_end(o, put_lit(p, ",\n   \"files\":["));
}

static void file(struct report *r, const struct verdict *v)
{
	struct out *o = r->out;
	char *p = out_begin(o);

	p = put_cstr(p, r->nprinted == 0 ? "\n    " : ",\n    ");
	p = json_open(p, "verdict", verdict_word(v));
	p = json_u64(p, "exit", (unsigned)v->status);
	p = json_str(o, p, "file", str_of(v->file));
	p = json_known(p, "header", v->opened ? v->version : TT_UNKNOWN);
	p = json_known(p, "nbytes", v->opened ? v->progress.nbytes : TT_UNKNOWN);
	p = json_u64(p, "events", v->progress.events);
	p = json_u64(p, "generations", v->progress.generations);
	p = json_u64(p, "errors", v->nerrors);
	p = json_u64(p, "warnings", v->nwarnings);
	p = json_u64(p, "not_shown", verdict_ndropped(v));
	if (v->salvage.known)
		p = put_salvage(p, &v->salvage);
	p = put_code_counts(o, p, v);
	p = put_findings(o, p, v);
	out_end(o, put_char(p, '}'));
}

static void end(struct report *r)
{
	char *p = out_begin(r->out);

	p = put_lit(p, "]");
	p = json_u64(p, "exit", (unsigned)r->status);
	out_end(r->out, put_lit(p, "}\n"));
}

const struct report_ops report_json = { begin, file, end };
