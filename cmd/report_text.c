/* SPDX-License-Identifier: MIT */
/* report_text.c - verdicts for people: a line a file, findings below. Command layer. */
#include "report.h"

static char *text(struct out *o, char *p, const char *s)
{
	return out_room(o, out_cstr(o, p, s));
}

static const struct dress dress = { .text = text, .newline = "\n", .indent = "      " };

static char *put_coloured(char *p, const struct report *r, const char *colour, const char *word)
{
	if (r->colour)
		p = put_cstr(p, colour);
	p = put_cstr(p, word);
	return r->colour ? put_lit(p, "\033[0m") : p;
}

static char *put_verdict_word(char *p, const struct report *r, const struct verdict *v)
{
	static const char *const colours[] = { "\033[32m", "\033[31m", "\033[35m" };

	return put_coloured(p, r, colours[v->status], verdict_word(v));
}

static char *put_verdict(struct out *o, char *p, const struct report *r, const struct verdict *v)
{
	const char *start;

	p = put_lit(text(o, p, report_name(v)), ": ");
	p = put_verdict_word(p, r, v);
	p = put_lit(p, ": ");
	start = p;
	p = report_counts(p, v);
	if (r->strict && v->nerrors == 0 && v->nwarnings > 0)
		p = put_lit(p, " (--strict)");
	if (p != start && v->opened)
		p = put_lit(p, "; ");
	p = report_measure(p, v);
	return put_char(p, '\n');
}

static char *put_finding(struct out *o, char *p, const struct report *r, const struct finding *f)
{
	const char *colour = f->severity == TT_SEVERITY_ERROR ? "\033[31m" : "\033[33m";

	p = put_coloured(put_lit(p, "  "), r, colour, report_severity(f->severity));
	p = put_lit(p, " [");
	p = put_cstr(p, tt_code_name(f->code));
	p = put_lit(p, "] ");
	p = report_headline(o, p, f, &dress);
	p = report_details(o, p, f, &dress);
	return out_room(o, put_char(p, '\n'));
}

static char *put_dropped(char *p, const struct verdict *v)
{
	if (verdict_ndropped(v) == 0)
		return p;
	p = report_dropped(put_lit(p, "  "), v);
	return put_char(p, '\n');
}

static void begin(struct report *r)
{
	(void)r;
}

static void file(struct report *r, const struct verdict *v)
{
	struct out *o = r->out;
	char *p = out_begin(o);

	if (r->quiet && v->status == STATUS_FINE)
		return;
	p = put_verdict(o, p, r, v);
	for (size_t i = 0; i < v->nfindings; i++)
		p = put_finding(o, p, r, &v->findings[i]);
	out_end(o, put_dropped(out_room(o, p), v));
}

static void end(struct report *r)
{
	(void)r;
}

const struct report_ops report_text = { begin, file, end };
