/* SPDX-License-Identifier: MIT */
/*
 * github.c - findings as the workflow commands that GitHub Actions turns
 * into annotations. Command layer.
 *
 * A line is `::error file=F,title=T::TEXT`. Percent signs and line ends are
 * escaped everywhere, colons and commas too in the properties before the text. As
 * every line begins with our command, text of a trace or a file name cannot be one.
 */
#include "report.h"

static char *escape(struct out *o, char *p, const char *s, const char *special)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		p = out_room(o, p);
		if (strchr(special, c)) {
			*p++ = '%';
			*p++ = "0123456789ABCDEF"[c >> 4];
			*p++ = "0123456789ABCDEF"[c & 15];
		} else {
			*p++ = c < 0x20 || c == 0x7f ? '?' : (char)c;
		}
	}
	return out_room(o, p);
}

static char *escape_text(struct out *o, char *p, const char *s)
{
	return escape(o, p, s, "%\r\n");
}

static const struct text_style style = { .text = escape_text, .newline = "%0A", .indent = "" };

static char *put_command(struct out *o, char *p, const struct verdict *v, const char *level)
{
	p = put_lit(p, "::");
	p = put_cstr(p, level);
	p = put_lit(p, " file=");
	p = escape(o, p, v->file, "%\r\n:,");
	return put_lit(p, ",title=");
}

static char *put_finding(struct report *r, char *p, const struct verdict *v,
			 const struct finding *f)
{
	struct out *o = r->out;

	p = put_command(o, p, v, r->strict ? "error" : report_severity(f->severity));
	p = put_lit(p, "tracetool ");
	p = put_cstr(p, tt_code_name(f->code));
	p = put_lit(p, "::");
	p = report_headline(o, p, f, &style);
	p = report_details(o, p, f, &style, REPORT_ADVICE);
	return out_room(o, put_char(p, '\n'));
}

static void file(struct report *r, const struct verdict *v)
{
	struct out *o = r->out;
	char *p = out_begin(o);

	if (r->quiet && v->status == STATUS_FINE)
		return;
	for (size_t i = 0; i < v->nfindings; i++)
		p = put_finding(r, p, v, &v->findings[i]);
	if (verdict_ndropped(v) > 0) {
		p = put_command(o, p, v, "notice");
		p = report_dropped(put_lit(p, "tracetool::"), v);
		p = put_char(p, '\n');
	}
	out_end(o, p);
}

const struct report_ops report_github = { .file = file };
