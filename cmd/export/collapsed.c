/* SPDX-License-Identifier: MIT */
/* collapsed.c - a profile as lines `outer;inner VALUE`, for flame graphs. Command layer. */
#include "export.h"

/* A `;` in a name would separate frames. */
static char *put_frame(struct out *o, char *p, struct tt_str name)
{
	char *start;

	out_end(o, p);
	p = start = out_begin(o);
	p = out_escaped(o, p, name.len > 0 ? name : str_of("?"));
	for (char *c = start; p - start < OUT_ROOM && c < p; c++)
		*c = *c == ';' ? ':' : *c;
	return out_room(o, p);
}

bool print_collapsed(const struct profile *p, struct out *o)
{
	struct tt_frame frames[TT_MAX_FRAMES];

	for (size_t i = 0; i < p->n; i++) {
		const struct profile_sample *s = &p->samples[i];
		int n = profile_frames(p, s, frames);
		char *at = out_begin(o);
		bool first = true;

		for (unsigned label = 0; label < NLABELS; label++) {
			struct tt_str text;
			int64_t number;

			if (!profile_label(p, s, (enum profile_label)label, &text, &number))
				continue;
			if (!first)
				at = put_char(at, ';');
			first = false;
			at = put_char(put_cstr(at, label_names[label]), '=');
			at = text.data ? put_frame(o, at, text) : put_i64(at, number);
		}
		while (n-- > 0) {
			if (!first)
				at = put_char(at, ';');
			first = false;
			at = put_frame(o, at, frames[n].func);
		}
		if (first)
			at = put_lit(at, "(no stack)");
		at = put_i64(put_char(at, ' '), s->value);
		out_end(o, put_char(at, '\n'));
	}
	return true;
}
