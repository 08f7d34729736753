/* SPDX-License-Identifier: MIT */
/* text.c - verdicts for people: a line per file, findings below. Command layer. */
#include "cli/units.h"
#include "report.h"

static char *text(struct out *o, char *p, const char *s)
{
	return out_room(o, out_cstr(o, p, s));
}

static const struct text_style style = { .text = text, .newline = "\n", .indent = "      " };

/* Of one code in one file, unless --verbose asks for more. */
enum { SHOWN_OF_CODE = 5 };

static char *put_verdict(struct out *o, char *p, const struct report *r, const struct verdict *v)
{
	static const char *const colours[] = { "\033[32m", "\033[31m", "\033[35m" };
	const char *start;

	p = put_lit(text(o, p, report_name(v)), ": ");
	p = report_coloured(p, r->colour, colours[v->status], verdict_word(v));
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

/* "  salvage: 1200 events, 3 generations, 2 of them whole; 4500 of 4600 bytes (97.8 %)" */
static char *put_salvage(char *p, const struct salvage_report *s)
{
	double share = s->nbytes == 0 ? 0 : (double)s->kept_nbytes / (double)s->nbytes;
	unsigned tenths = (unsigned)(share * 1000);

	p = put_count(put_lit(p, "  salvage: "), s->events, "event");
	if (s->doubted_events != 0)
		p = put_char(put_u64(put_lit(p, " (in doubt: "), s->doubted_events), ')');
	p = put_count(put_lit(p, ", "), s->generations, "generation");
	p = put_u64(put_lit(p, ", "), s->whole);
	p = put_u64(put_lit(p, " of them whole; "), s->kept_nbytes);
	p = put_u64(put_lit(p, " of "), s->nbytes);
	p = put_u64(put_lit(p, " bytes ("), tenths / 10);
	p = put_u64(put_char(p, '.'), tenths % 10);
	return put_lit(p, " %)\n");
}

static void file(struct report *r, const struct verdict *v)
{
	struct listing list = {
		.style = &style,
		.limit = r->verbose ? UINT64_MAX : SHOWN_OF_CODE,
		.colour = r->colour,
	};
	struct out *o = r->out;
	char *p = out_begin(o);

	if (r->quiet && v->status == STATUS_FINE)
		return;
	p = put_verdict(o, p, r, v);
	if (v->salvage.known)
		p = out_room(o, put_salvage(p, &v->salvage));
	out_end(o, report_list(o, p, v, &list));
}

const struct report_ops report_text = { .file = file };
