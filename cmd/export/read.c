/* SPDX-License-Identifier: MIT */
/* read.c - a trace into a profile, by the sampler of its type. Command layer. */
#include "export.h"

static const struct sampler_ops *const samplers[] = {
	[PROFILE_NET] = &interval_sampler, [PROFILE_SYNC] = &interval_sampler,
	[PROFILE_SYSCALL] = &interval_sampler, [PROFILE_SCHED] = &interval_sampler,
	[PROFILE_OFFCPU] = &interval_sampler, [PROFILE_WALL] = &interval_sampler,
	[PROFILE_CPU] = &cpu_sampler, [PROFILE_ALLOC] = &object_sampler,
	[PROFILE_INUSE] = &object_sampler,
};

static void begin(struct sampler *s, const struct tt_event *ev)
{
	const struct tt_clock *clock =
		ev->kind == TT_KIND_SYNC ? tt_event_sync(ev).clock : NULL;
	struct profile *p = s->profile;

	p->start_ns = ev->time_ns;
	span_window_begin(&s->window, &p->opt->selection, ev->time_ns);
	/* a clock that is far off, in a damaged trace, says nothing */
	if (clock && clock->wall_sec < UINT64_C(1) << 33 && clock->wall_nsec < 1000000000)
		p->wall_ns = (int64_t)(clock->wall_sec * 1000000000 + clock->wall_nsec) -
			     (clock->trace_ns - ev->time_ns);
}

static void take_spans(struct sampler *s)
{
	const struct tt_span *span;

	while (tt_spans_next(s->spans, &span) == 0) {
		struct tt_span clipped = *span;

		if (s->ops->span && choose(&s->chooser, span) &&
		    span_window_clip(&s->window, &clipped))
			s->ops->span(s, &clipped);
	}
}

static bool take_event(struct sampler *s, const struct tt_event *ev)
{
	struct profile *p = s->profile;

	if (tt_spans_event(s->spans, ev) < 0)
		return false;
	if (ev->kind == TT_KIND_SYNC)
		span_window_sync(&s->window, ev);
	choose_event(&s->chooser, ev);
	if (s->ops->event)
		s->ops->event(s, ev);
	take_spans(s);
	p->end_ns = ev->time_ns;
	return !p->no_memory && !s->chooser.no_memory;
}

int profile_read(struct profile *p, struct tt_reader *r, struct tt_spans *spans,
		 struct tt_heap *heap)
{
	struct sampler s = {
		.ops = p->opt->like_go ? &go_sampler : samplers[p->opt->type],
		.profile = p,
		.spans = spans,
		.heap = heap,
		.chooser = { .selection = &p->opt->selection, .spans = spans },
	};
	const struct tt_event *ev;
	bool first = true;
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0) {
		if (first)
			begin(&s, ev);
		first = false;
		if (!take_event(&s, ev)) {
			p->no_memory = true;
			break;
		}
	}
	tt_spans_finish(spans);
	if (!p->no_memory)
		take_spans(&s);
	if (s.ops->finish && !p->no_memory)
		s.ops->finish(&s);
	if (s.ops->release)
		s.ops->release(&s);
	chooser_release(&s.chooser);
	id_map_release(&s.ids);
	return rc;
}
