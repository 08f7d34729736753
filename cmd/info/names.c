/* SPDX-License-Identifier: MIT */
/* names.c - words that all formats of `tracetool info` use. Command layer. */
#include "info.h"

const char *info_format_name(unsigned version)
{
	return version < 22 ? "v1" : "v2";
}

const char *info_go_versions(unsigned version)
{
	switch (version) {
	case 11:
		return "1.11 to 1.18";
	case 19:
		return "1.19 or 1.20";
	case 23:
		return "1.23 or 1.24";
	case 26:
		return "1.26 or later";
	case 21:
		return "1.21";
	case 22:
		return "1.22";
	case 25:
		return "1.25";
	default:
		return "unknown";
	}
}

char *info_container(const struct info *f, struct out *o, char *p)
{
	struct tt_container c;

	if (!tt_reader_container(f->reader, 0, &c))
		return put_lit(p, "plain");
	for (size_t i = 0; tt_reader_container(f->reader, i, &c); i++) {
		if (i != 0)
			p = put_lit(p, ", ");
		p = put_cstr(p, c.name);
		if (c.member)
			p = out_room(o, out_escaped(o, put_lit(p, " member "), str_of(c.member)));
	}
	return p;
}

const char *info_experiment_name(const struct info *f, unsigned id)
{
	const struct tt_experiment_spec *e =
		tt_specs_experiment_id(tt_reader_specs(f->reader), id);

	return e ? e->name : NULL;
}

const char *info_spec_origin(const struct info *f, unsigned id)
{
	if (f->builtin && tt_specs_experiment_id(f->builtin, id))
		return "built-in";
	if (tt_specs_experiment_id(f->specs, id))
		return "option";
	return info_experiment_name(f, id) ? "trace" : "none";
}

bool info_has_experiment(const struct info *f, unsigned id)
{
	return f->experiments[id].nbatches != 0 || f->experiments[id].nevents != 0;
}

unsigned info_nexperiments(const struct info *f)
{
	unsigned n = 0;

	for (unsigned id = 0; id < ARRAY_SIZE(f->experiments); id++)
		n += info_has_experiment(f, id);
	return n;
}

size_t info_ndamages_kept(const struct info *f)
{
	return f->ndamages < INFO_MAX_DAMAGES ? f->ndamages : INFO_MAX_DAMAGES;
}

const char *info_piece_kind(const struct tt_piece *piece)
{
	static const char *const kinds[] = {
		[TT_PIECE_TRACE] = "trace", [TT_PIECE_FRONT] = "front", [TT_PIECE_TEXT] = "text",
		[TT_PIECE_ZEROS] = "zeros", [TT_PIECE_OTHER] = "other",
	};

	return kinds[piece->kind];
}
