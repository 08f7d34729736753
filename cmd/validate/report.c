/* SPDX-License-Identifier: MIT */
/* report.c - what the formats of `validate` say in the same words. Command layer. */
#include "cli/units.h"
#include "report.h"

const char *report_name(const struct verdict *v)
{
	return v->name ? v->name : "?";
}

const char *report_severity(enum tt_severity severity)
{
	return severity == TT_SEVERITY_ERROR ? "error" : "warning";
}

char *report_measure(char *p, const struct verdict *v)
{
	if (!v->opened)
		return p;
	p = put_count(p, v->progress.events, "event");
	p = put_lit(p, ", ");
	p = put_count(p, v->progress.generations, "generation");
	p = put_lit(p, ", Go 1.");
	p = put_u64(p, v->version);
	p = put_lit(p, " header, ");
	return put_nbytes(p, v->progress.nbytes);
}

char *report_counts(char *p, const struct verdict *v)
{
	if (v->nerrors > 0)
		p = put_count(p, v->nerrors, "error");
	if (v->nerrors > 0 && v->nwarnings > 0)
		p = put_lit(p, ", ");
	return v->nwarnings > 0 ? put_count(p, v->nwarnings, "warning") : p;
}

/* The place and a colon, or nothing if it is not known. */
static char *put_place(struct out *o, char *p, const struct finding *f)
{
	const char *between = "";

	if (f->offset != TT_UNKNOWN) {
		p = put_lit(p, "offset 0x");
		p = put_hex(p, f->offset);
		between = ", ";
	}
	if (f->generation != TT_UNKNOWN) {
		p = put_lit(put_cstr(p, between), "generation ");
		p = put_u64(p, f->generation);
		between = ", ";
	}
	if (f->thread != TT_NONE) {
		p = put_lit(put_cstr(p, between), "thread ");
		p = put_i64(p, f->thread);
		between = ", ";
	}
	if (f->event_type >= 0) {
		p = put_cstr(p, between);
		p = f->event ? out_room(o, out_cstr(o, p, f->event))
			     : put_u64(put_lit(p, "event type "), (unsigned)f->event_type);
		between = ", ";
	}
	return between[0] == '\0' ? p : put_lit(p, ": ");
}

char *report_headline(struct out *o, char *p, const struct finding *f,
		      const struct text_style *style)
{
	return out_room(o, style->text(o, put_place(o, p, f), f->message));
}

static char *new_line(char *p, const struct text_style *style)
{
	p = put_cstr(p, style->newline);
	return put_cstr(p, style->indent);
}

static char *put_waiting(struct out *o, char *p, const struct finding *f,
			 const struct text_style *style)
{
	for (size_t i = 0; i < f->nwaiting; i++) {
		const struct waiting *w = &f->waiting[i];

		p = put_lit(new_line(p, style), "thread ");
		p = put_i64(p, w->thread);
		p = put_lit(p, " waits with ");
		p = style->text(o, p, w->event);
		p = put_lit(p, " at 0x");
		p = put_hex(p, w->offset);
		p = put_lit(p, ": ");
		p = out_room(o, style->text(o, p, w->why));
	}
	if (f->more_waiting == 0)
		return p;
	p = put_lit(new_line(p, style), "and ");
	p = put_count(p, f->more_waiting, "more thread");
	return put_cstr(p, f->more_waiting == 1 ? " waits" : " wait");
}

static char *put_resumed(char *p, const struct finding *f, const struct text_style *style)
{
	p = put_lit(new_line(p, style), "continued with generation ");
	p = put_u64(p, f->resumed_generation);
	p = put_lit(p, " at 0x");
	p = put_hex(p, f->resumed_offset);
	if (f->skipped_nbytes == 0)
		return p;
	p = put_lit(p, ", ");
	p = put_nbytes(p, f->skipped_nbytes);
	return put_lit(p, " skipped");
}

char *report_details(struct out *o, char *p, const struct finding *f,
		     const struct text_style *style, unsigned flags)
{
	p = out_room(o, put_waiting(o, p, f, style));
	if (flags & REPORT_ADVICE)
		p = out_room(o, style->text(o, new_line(p, style), tt_code_advice(f->code)));
	return f->resumed ? out_room(o, put_resumed(p, f, style)) : p;
}

char *report_dropped(char *p, const struct verdict *v)
{
	uint64_t n = verdict_ndropped(v);

	if (n == 0)
		return p;
	p = put_count(p, n, "more finding");
	return put_cstr(p, n == 1 ? " was counted and is not shown" :
				    " were counted and are not shown");
}

/* ---- lists */

char *report_coloured(char *p, bool colour, const char *code, const char *word)
{
	if (colour)
		p = put_cstr(p, code);
	p = put_cstr(p, word);
	return colour ? put_lit(p, "\033[0m") : p;
}

static char *put_finding(struct out *o, char *p, const struct finding *f, const struct listing *l,
			 unsigned flags)
{
	const char *colour = f->severity == TT_SEVERITY_ERROR ? "\033[31m" : "\033[33m";

	p = report_coloured(put_lit(p, "  "), l->colour, colour, report_severity(f->severity));
	p = put_lit(p, " [");
	p = put_cstr(p, tt_code_name(f->code));
	p = put_lit(p, "] ");
	p = report_headline(o, p, f, l->style);
	p = report_details(o, p, f, l->style, flags);
	return out_room(o, put_cstr(p, l->style->newline));
}

/* A line for each code of which more was found than is shown. */
static char *put_rest(struct out *o, char *p, const struct verdict *v, const uint64_t *shown,
		      const struct text_style *style)
{
	for (size_t i = 0; i < VERDICT_MAX_CODE; i++) {
		if (v->count[i] == shown[i])
			continue;
		p = put_u64(put_lit(p, "  "), v->count[i] - shown[i]);
		p = put_lit(p, " more [");
		p = put_cstr(p, tt_code_name((int)i));
		p = put_char(p, ']');
		p = out_room(o, put_cstr(p, style->newline));
	}
	return p;
}

char *report_list(struct out *o, char *p, const struct verdict *v, const struct listing *l)
{
	uint64_t shown[VERDICT_MAX_CODE] = { 0 };

	for (size_t i = 0; i < v->nfindings; i++) {
		const struct finding *f = &v->findings[i];
		uint64_t *n = &shown[f->code];

		if (*n == l->limit)
			continue;
		p = put_finding(o, p, f, l, *n == 0 ? REPORT_ADVICE : 0);
		*n += 1;
	}
	return put_rest(o, p, v, shown, l->style);
}
