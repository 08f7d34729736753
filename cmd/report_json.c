/* SPDX-License-Identifier: MIT */
/*
 * report_json.c - verdicts as one JSON object; tracetool-validate(1) describes
 * it. Command layer.
 *
 * Indented by file and finding, so that it can be read and compared by line.
 */
#include "report.h"

static char *put_key(char *p, const char *key)
{
	p = put_lit(p, ", \"");
	p = put_cstr(p, key);
	return put_lit(p, "\": ");
}

static char *put_number(char *p, const char *key, uint64_t value)
{
	p = put_key(p, key);
	return value == TT_UNKNOWN ? put_lit(p, "null") : put_u64(p, value);
}

static char *put_thread(char *p, int64_t thread)
{
	p = put_key(p, "thread");
	return thread == TT_NONE ? put_lit(p, "null") : put_i64(p, thread);
}

static char *put_text(struct out *o, char *p, const char *key, const char *value)
{
	p = put_key(p, key);
	if (!value)
		return put_lit(p, "null");
	return out_json(o, p, (struct tt_str){ value, strlen(value) });
}

static char *put_waiting(struct out *o, char *p, const struct finding *f)
{
	p = put_lit(p, ",\n       \"waiting\": [");
	for (size_t i = 0; i < f->nwaiting; i++) {
		const struct waiting *w = &f->waiting[i];

		p = put_cstr(p, i == 0 ? "\n        " : ",\n        ");
		p = put_lit(p, "{\"offset\": ");
		p = put_u64(p, w->offset);
		p = put_thread(p, w->thread);
		p = put_text(o, p, "event", w->event);
		p = put_text(o, p, "why", w->why);
		p = put_char(p, '}');
	}
	p = put_char(p, ']');
	return put_number(p, "waiting_more", f->more_waiting);
}

static char *put_resumed(char *p, const struct finding *f)
{
	p = put_lit(p, ",\n       \"resumed\": {\"offset\": ");
	p = put_u64(p, f->resumed_offset);
	p = put_number(p, "generation", f->resumed_generation);
	p = put_number(p, "skipped_nbytes", f->skipped_nbytes);
	return put_char(p, '}');
}

static char *put_finding(struct out *o, char *p, const struct finding *f)
{
	p = put_lit(p, "{\"code\": \"");
	p = put_cstr(p, tt_code_name(f->code));
	p = put_lit(p, "\"");
	p = put_text(o, p, "severity", report_severity(f->severity));
	p = put_number(p, "offset", f->offset);
	p = put_number(p, "batch_offset", f->batch_offset);
	p = put_number(p, "generation", f->generation);
	p = put_thread(p, f->thread);
	p = put_number(p, "events_before", f->event_index);
	p = put_number(p, "event_type", f->event_type < 0 ? TT_UNKNOWN : (unsigned)f->event_type);
	p = put_text(o, p, "event", f->event);
	p = put_text(o, p, "message", f->message);
	p = put_text(o, p, "advice", tt_code_advice(f->code));
	if (f->nwaiting > 0)
		p = put_waiting(o, p, f);
	if (f->resumed)
		p = put_resumed(p, f);
	return out_room(o, put_char(p, '}'));
}

static char *put_findings(struct out *o, char *p, const struct verdict *v)
{
	p = put_lit(p, ",\n     \"findings\": [");
	for (size_t i = 0; i < v->nfindings; i++) {
		p = put_cstr(p, i == 0 ? "\n      " : ",\n      ");
		p = put_finding(o, p, &v->findings[i]);
	}
	return put_char(p, ']');
}

/* How often each code came up, those that were not kept included. */
static char *put_code_counts(struct out *o, char *p, const struct verdict *v)
{
	const char *between = "";

	p = put_lit(p, ",\n     \"counts\": {");
	for (size_t i = 0; i < VERDICT_MAX_CODE; i++) {
		if (v->count[i] == 0)
			continue;
		p = put_cstr(p, between);
		p = put_char(p, '"');
		p = put_cstr(p, tt_code_name((int)i));
		p = put_lit(p, "\": ");
		p = put_u64(p, v->count[i]);
		p = out_room(o, p);
		between = ", ";
	}
	return put_char(p, '}');
}

static void begin(struct report *r)
{
	struct out *o = r->out;
	char *p = out_begin(o);

	p = put_lit(p, "{\"tool\": \"tracetool\"");
	p = put_text(o, p, "version", tt_version());
	p = put_key(p, "strict");
	p = put_cstr(p, r->strict ? "true" : "false");
	p = put_key(p, "files");
	out_end(o, put_char(p, '['));
}

static void file(struct report *r, const struct verdict *v)
{
	struct out *o = r->out;
	char *p = out_begin(o);

	p = put_cstr(p, v == r->verdicts ? "\n    " : ",\n    ");
	p = put_lit(p, "{\"file\": ");
	p = out_json(o, p, (struct tt_str){ v->file, strlen(v->file) });
	p = put_text(o, p, "verdict", verdict_word(v));
	p = put_number(p, "exit", (unsigned)v->status);
	p = put_number(p, "header", v->opened ? v->version : TT_UNKNOWN);
	p = put_number(p, "nbytes", v->opened ? v->progress.nbytes : TT_UNKNOWN);
	p = put_number(p, "events", v->progress.events);
	p = put_number(p, "generations", v->progress.generations);
	p = put_number(p, "errors", v->nerrors);
	p = put_number(p, "warnings", v->nwarnings);
	p = put_number(p, "not_shown", verdict_ndropped(v));
	p = put_code_counts(o, p, v);
	p = put_findings(o, p, v);
	out_end(o, put_char(p, '}'));
}

static void end(struct report *r)
{
	char *p = out_begin(r->out);

	p = put_cstr(p, r->n > 0 ? "\n  ]" : "]");
	p = put_number(p, "exit", (unsigned)r->status);
	out_end(r->out, put_lit(p, "}\n"));
}

const struct report_ops report_json = { begin, file, end };
