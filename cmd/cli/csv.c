/* SPDX-License-Identifier: MIT */
/* csv.c - cells of comma-separated values. Command layer. */
#include "csv.h"

static bool needs_quotes(struct tt_str s)
{
	return s.len != 0 && (memchr(s.data, ',', s.len) || memchr(s.data, '"', s.len));
}

typedef char *put_text_fn(struct out *o, char *p, struct tt_str s);

static char *put_cell(struct out *o, char *p, struct tt_str s, put_text_fn *put)
{
	if (!needs_quotes(s))
		return put(o, p, s);
	p = put_char(p, '"');
	while (s.len != 0) {
		const char *quote = memchr(s.data, '"', s.len);
		size_t n = quote ? (size_t)(quote - s.data) : s.len;

		p = out_room(o, put(o, p, (struct tt_str){ s.data, n }));
		if (quote) {
			p = put_lit(p, "\"\"");
			n++;
		}
		s.data += n;
		s.len -= n;
	}
	return put_char(p, '"');
}

char *csv_any_text(struct out *o, char *p, struct tt_str s)
{
	return put_cell(o, p, s, out_escaped);
}

char *csv_escaped(struct out *o, char *p, struct tt_str s)
{
	return put_cell(o, p, s, out_str);
}
