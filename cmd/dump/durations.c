/* SPDX-License-Identifier: MIT */
/*
 * durations.c - how long what an event ends has lasted, for --durations: a wait, a syscall,
 * a range or a region. Command layer, on tracetool_analyze.h.
 */
#include "cli/units.h"
#include "dump.h"

int dump_durations_init(struct dump *d, struct tt_error *err)
{
	struct tt_spans_options opt = {
		.size = sizeof(opt),
		.specs = tt_reader_specs(d->reader),
		.max_memory_nbytes = d->opt->common.max_memory,
	};

	return d->opt->durations ? tt_spans_new(&d->spans, &opt, err) : 0;
}

static bool has_duration(const struct tt_span *span)
{
	if (span->flags & TT_SPAN_NOT_ENDED)
		return false;
	switch (span->kind) {
	case TT_SPAN_GOROUTINE:
		return span->state == TT_STATE_WAITING || span->state == TT_STATE_SYSCALL;
	case TT_SPAN_RANGE:
	case TT_SPAN_REGION:
		return true;
	default:
		return false;
	}
}

static void set_duration(struct dump *d, const struct tt_span *span)
{
	int64_t start = span->start_ns, end = span->end_ns;
	bool inside = selector_clip(&d->selector, &start, &end);

	d->duration = (struct dump_duration){
		.given = inside,
		.partial = start != span->start_ns ||
			   (span->flags & (TT_SPAN_BEGAN_BEFORE | TT_SPAN_END_ALONE)) != 0,
		.ns = end - start,
	};
	if (span->kind == TT_SPAN_GOROUTINE)
		d->duration.reason = tt_spans_name(d->spans, span->name);
}

void dump_durations_take(struct dump *d, const struct tt_event *ev)
{
	const struct tt_span *span;

	d->duration.given = false;
	if (tt_spans_event(d->spans, ev) < 0) {
		d->no_spans = true;
		return;
	}
	/* an event ends one of these at most */
	while (!d->duration.given && tt_spans_next(d->spans, &span) == 0) {
		if (has_duration(span))
			set_duration(d, span);
	}
}

char *out_duration(struct dump *d, struct out *o, char *p)
{
	if (!d->duration.given)
		return p;
	p = put_cstr(out_room(o, p), d->duration.partial ? ", after at least " : ", after ");
	p = put_duration(p, d->duration.ns);
	if (d->duration.reason.len == 0)
		return p;
	return put_char(out_escaped(o, put_lit(p, " ("), d->duration.reason), ')');
}
