/* SPDX-License-Identifier: MIT */
/* count.c - what `tracetool info --count` counts, from event to event. Command layer. */
#include "info.h"

/*
 * A goroutine or processor that the trace has not shown before comes from no state or from
 * an unknown one, and that only once: later generations restate what is known.
 */
static void count_transition(struct info_count *c, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	if (t.from != TT_STATE_NOT_EXIST && t.from != TT_STATE_UNDETERMINED)
		return;
	if (t.resource == TT_RESOURCE_GOROUTINE)
		c->goroutines++;
	else if (t.resource == TT_RESOURCE_PROC)
		c->procs++;
}

void info_count_event(struct info *f, const struct tt_event *ev)
{
	struct info_count *c = &f->count;

	c->nevents++;
	c->kinds[ev->kind]++;
	if (f->in_generation) {
		f->now.nevents++;
		f->now.summary.last_ns = ev->time_ns;
	}
	if (f->total.summary.last_ns < ev->time_ns)
		f->total.summary.last_ns = ev->time_ns;
	if (ev->kind == TT_KIND_TRANSITION)
		count_transition(c, ev);
	else if (ev->kind == TT_KIND_EXPERIMENTAL && ev->spec->experiment_id < 256)
		f->experiments[ev->spec->experiment_id].nevents++;
}
