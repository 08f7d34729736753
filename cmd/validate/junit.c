/* SPDX-License-Identifier: MIT */
/*
 * junit.c - verdicts as the JUnit XML that CI servers read: a test case per file.
 * Command layer.
 *
 * All text that arrives here is printable, so that only XML's own five characters
 * have to be escaped.
 */
#include "report.h"

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&apos;";
	default:
		return NULL;
	}
}

static char *xml(struct out *o, char *p, const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "&<>\"'");

		p = out_room(o, out_text(o, p, s, n));
		s += n;
		if (*s != '\0')
			p = put_cstr(p, entity(*s++));
	}
	return out_room(o, p);
}

static const struct text_style style = { .text = xml, .newline = "\n", .indent = "      " };

static char *put_findings(struct out *o, char *p, const struct verdict *v)
{
	static const struct listing list = { .style = &style, .limit = UINT64_MAX };

	return report_list(o, put_char(p, '\n'), v, &list);
}

/* The first error, or if there is none (--strict), the first warning. */
static const struct finding *main_finding(const struct verdict *v)
{
	for (size_t i = 0; i < v->nfindings; i++) {
		if (v->findings[i].severity == TT_SEVERITY_ERROR)
			return &v->findings[i];
	}
	return v->nfindings > 0 ? &v->findings[0] : NULL;
}

static char *put_failure(struct out *o, char *p, const struct verdict *v)
{
	const char *element = v->status == STATUS_BAD ? "failure" : "error";
	const struct finding *f = main_finding(v);

	p = put_lit(p, "      <");
	p = put_cstr(p, element);
	p = put_lit(p, " type=\"");
	p = put_cstr(p, f ? tt_code_name(f->code) : tt_code_name(TT_E_MEMORY));
	p = put_lit(p, "\" message=\"");
	p = f ? report_headline(o, p, f, &style) : p;
	p = put_lit(p, "\">");
	p = put_findings(o, p, v);
	p = put_lit(p, "</");
	p = put_cstr(p, element);
	return put_lit(p, ">\n");
}

static char *put_case(struct out *o, char *p, const struct verdict *v)
{
	p = put_lit(p, "    <testcase classname=\"tracetool.validate\" name=\"");
	p = xml(o, p, report_name(v));
	p = put_lit(p, "\">\n");
	if (v->status != STATUS_FINE)
		p = put_failure(o, p, v);
	p = put_lit(p, "      <system-out>");
	p = report_measure(p, v);
	if (v->status == STATUS_FINE && v->nfindings > 0)
		p = put_findings(o, p, v);
	return out_room(o, put_lit(p, "</system-out>\n    </testcase>\n"));
}

static char *put_totals(char *p, const struct report *r)
{
	uint64_t broken = 0, unreadable = 0;

	for (size_t i = 0; i < r->n; i++) {
		broken += r->verdicts[i]->status == STATUS_BAD;
		unreadable += r->verdicts[i]->status == STATUS_TROUBLE;
	}
	p = put_lit(p, " tests=\"");
	p = put_u64(p, r->n);
	p = put_lit(p, "\" failures=\"");
	p = put_u64(p, broken);
	p = put_lit(p, "\" errors=\"");
	p = put_u64(p, unreadable);
	return put_lit(p, "\">\n");
}

/* In this format the totals come first, so that all is printed at the end. */
static void end(struct report *r)
{
	struct out *o = r->out;
	char *p = out_begin(o);

	p = put_lit(p, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	p = put_totals(p, r);
	p = put_totals(put_lit(p, "  <testsuite name=\"tracetool validate\""), r);
	for (size_t i = 0; i < r->n; i++)
		p = put_case(o, p, r->verdicts[i]);
	out_end(o, put_lit(p, "  </testsuite>\n</testsuites>\n"));
}

const struct report_ops report_junit = { .end = end };
