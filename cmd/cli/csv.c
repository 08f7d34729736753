/* SPDX-License-Identifier: MIT */
/* csv.c - cells of comma-separated values. Command layer. */
#include "csv.h"

static bool needs_quotes(struct tt_str s)
{
	return s.len != 0 && (memchr(s.data, ',', s.len) || memchr(s.data, '"', s.len));
}

char *csv_text(struct out *o, char *p, struct tt_str s)
{
	if (!needs_quotes(s))
		return out_escaped(o, p, s);
	p = put_char(p, '"');
	while (s.len != 0) {
		const char *quote = memchr(s.data, '"', s.len);
		size_t n = quote ? (size_t)(quote - s.data) : s.len;

		p = out_escaped(o, p, (struct tt_str){ s.data, n });
		if (quote) {
			p = put_lit(p, "\"\"");
			n++;
		}
		s.data += n;
		s.len -= n;
	}
	return put_char(p, '"');
}
