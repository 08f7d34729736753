/* SPDX-License-Identifier: MIT */
/*
 * sarif.c - findings as SARIF 2.1.0, which code scanning services read:
 * the codes are the rules, a finding is a result with a byte offset. Command
 * layer.
 */
#include "report.h"

static char *json(struct out *o, char *p, const char *s)
{
	return out_room(o, out_json(o, p, str_of(s)));
}

/*
 * A message is one JSON string made of several texts. They are printable, so that only
 * quotes and backslashes have to be escaped; and braces, which are written twice in
 * SARIF messages, because `{0}` stands for an argument there.
 */
static char *escape_message(struct out *o, char *p, const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "\"\\{}");

		p = out_room(o, out_text(o, p, s, n));
		s += n;
		if (*s != '\0') {
			*p++ = *s == '"' ? '\\' : *s;
			*p++ = *s++;
		}
	}
	return p;
}

static const struct text_style style = { .text = escape_message, .newline = "\\n", .indent = "" };

static size_t rule_index(int code)
{
	size_t i = 0;

	while (tt_code_at(i) != 0 && tt_code_at(i) != code)
		i++;
	return i;
}

static char *put_rule(struct out *o, char *p, int code)
{
	p = put_lit(p, "          {\"id\": \"");
	p = put_cstr(p, tt_code_name(code));
	p = put_lit(p, "\", \"shortDescription\": {\"text\": \"");
	for (const char *c = tt_code_name(code); *c != '\0'; c++)
		p = put_char(p, *c == '-' ? ' ' : *c);
	p = put_lit(p, "\"}, \"help\": {\"text\": ");
	p = json(o, p, tt_code_advice(code));
	p = put_lit(p, "}, \"defaultConfiguration\": {\"level\": \"");
	p = put_cstr(p, report_severity(tt_code_severity(code)));
	return out_room(o, put_lit(p, "\"}}"));
}

static char *put_rules(struct out *o, char *p)
{
	for (size_t i = 0; tt_code_at(i) != 0; i++) {
		p = put_cstr(p, i == 0 ? "\n" : ",\n");
		p = put_rule(o, p, tt_code_at(i));
	}
	return p;
}

/* A URI reference: relative for a relative path. */
static char *put_uri(struct out *o, char *p, const char *file)
{
	static const char kept[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789-._~/";

	if (strcmp(file, "-") == 0)
		return put_lit(p, "\"stdin\"");
	p = put_cstr(p, file[0] == '/' ? "\"file://" : "\"");
	for (; *file != '\0'; file++) {
		unsigned char c = (unsigned char)*file;

		p = out_room(o, p);
		if (strchr(kept, c)) {
			*p++ = (char)c;
			continue;
		}
		*p++ = '%';
		*p++ = "0123456789ABCDEF"[c >> 4];
		*p++ = "0123456789ABCDEF"[c & 15];
	}
	return put_char(out_room(o, p), '"');
}

static char *put_location(struct out *o, char *p, const struct verdict *v, const struct finding *f)
{
	p = put_lit(p, "\"locations\": [{\"physicalLocation\": {\"artifactLocation\": {\"uri\": ");
	p = put_uri(o, p, v->file);
	p = put_char(p, '}');
	if (f->offset != TT_UNKNOWN) {
		p = put_lit(p, ", \"region\": {\"byteOffset\": ");
		p = put_u64(p, f->offset);
		p = put_char(p, '}');
	}
	return put_lit(p, "}}]");
}

static char *put_properties(char *p, const struct finding *f)
{
	p = put_lit(p, "\"properties\": {\"severity\": \"");
	p = put_cstr(p, report_severity(f->severity));
	p = put_char(p, '"');
	if (f->batch_offset != TT_UNKNOWN)
		p = put_u64(put_lit(p, ", \"batchOffset\": "), f->batch_offset);
	if (f->generation != TT_UNKNOWN)
		p = put_u64(put_lit(p, ", \"generation\": "), f->generation);
	if (f->thread != TT_NONE)
		p = put_i64(put_lit(p, ", \"thread\": "), f->thread);
	if (f->event_index != TT_UNKNOWN)
		p = put_u64(put_lit(p, ", \"eventsBefore\": "), f->event_index);
	if (f->event_type >= 0)
		p = put_u64(put_lit(p, ", \"eventType\": "), (unsigned)f->event_type);
	return put_char(p, '}');
}

static char *put_result(const struct report *r, char *p, const struct verdict *v,
			const struct finding *f)
{
	struct out *o = r->out;

	p = put_lit(p, "{\"ruleId\": \"");
	p = put_cstr(p, tt_code_name(f->code));
	p = put_lit(p, "\", \"ruleIndex\": ");
	p = put_u64(p, rule_index(f->code));
	p = put_lit(p, ", \"level\": \"");
	p = put_cstr(p, r->strict ? "error" : report_severity(f->severity));
	p = put_lit(p, "\",\n         \"message\": {\"text\": \"");
	p = report_headline(o, p, f, &style);
	p = report_details(o, p, f, &style, REPORT_ADVICE);
	p = put_lit(p, "\"},\n         ");
	p = put_location(o, p, v, f);
	p = put_lit(p, ",\n         ");
	return out_room(o, put_char(put_properties(p, f), '}'));
}

static char *put_results(char *p, const struct report *r)
{
	const char *between = "\n        ";

	for (size_t i = 0; i < r->n; i++) {
		const struct verdict *v = r->verdicts[i];

		for (size_t k = 0; k < v->nfindings; k++) {
			p = put_cstr(p, between);
			p = put_result(r, p, v, &v->findings[k]);
			between = ",\n        ";
		}
	}
	return p;
}

static char *put_artifacts(struct out *o, char *p, const struct report *r)
{
	for (size_t i = 0; i < r->n; i++) {
		p = put_cstr(p, i == 0 ? "\n        " : ",\n        ");
		p = put_lit(p, "{\"location\": {\"uri\": ");
		p = put_uri(o, p, r->verdicts[i]->file);
		p = put_lit(p, "}, \"description\": {\"text\": \"");
		p = put_cstr(p, verdict_word(r->verdicts[i]));
		p = put_lit(p, "\"}}");
	}
	return out_room(o, p);
}

static void end(struct report *r)
{
	struct out *o = r->out;
	char *p = out_begin(o);

	p = put_lit(p, "{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n"
		       " \"version\": \"2.1.0\",\n"
		       " \"runs\": [\n"
		       "    {\"tool\": {\"driver\": {\"name\": \"tracetool\", \"version\": ");
	p = json(o, p, tt_version());
	p = put_lit(p, ", \"semanticVersion\": ");
	p = json(o, p, tt_version());
	p = put_lit(p, ",\n        \"rules\": [");
	p = put_rules(o, p);
	p = put_lit(p, "]}},\n     \"invocations\": [{\"executionSuccessful\": ");
	p = put_cstr(p, r->status != STATUS_TROUBLE ? "true" : "false");
	p = put_lit(p, ", \"exitCode\": ");
	p = put_u64(p, (unsigned)r->status);
	p = put_lit(p, "}],\n     \"artifacts\": [");
	p = put_artifacts(o, p, r);
	p = put_lit(p, "],\n     \"results\": [");
	p = put_results(p, r);
	out_end(o, put_lit(p, "]}]}\n"));
}

const struct report_ops report_sarif = { .end = end };
