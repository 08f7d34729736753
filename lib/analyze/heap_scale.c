/* SPDX-License-Identifier: MIT */
/*
 * heap_scale.c - what addresses in the events of a heap are counted from, and their units. Stands
 * on experiment.
 */
#include "analyze/heap.h"
#include "experiment/tables.h"
#include "spec/types.h"

static bool is_power(uint64_t v)
{
	return v != 0 && (v & (v - 1)) == 0;
}

static unsigned log2_of(uint64_t power)
{
	unsigned n = 0;

	while (power >> n != 1)
		n++;
	return n;
}

/*
 * Base and units come with the first event of each sort. They are taken before any object
 * is live, and do not change then: live objects are known by their addresses.
 */
static void learn_scale(struct tt_heap *h, const struct tt_event *ev, bool is_span)
{
	uint64_t base, unit;

	if (!tt_event_scale(ev, 0, &base, &unit)) {
		tt_heap_report(h, TT_W_HEAP_INFO, ev, 0, 0);
		h->gap = true;
		return;
	}
	if (!is_power(unit) || unit > UINT64_C(1) << 40 || (is_span && base % unit != 0)) {
		tt_heap_report(h, TT_W_HEAP_ADDRESS, ev, 0, 0);
		return;
	}
	if (h->spans.root != NULL || h->nlive != 0)
		return;
	h->base = base;
	if (is_span) {
		h->page_nbytes = unit;
		h->page_shift = log2_of(unit);
	} else {
		h->unit_nbytes = unit;
	}
}

void tt_heap_learn_scale(struct tt_heap *h, const struct tt_event *ev, enum tt_heap_act act)
{
	bool is_span = act == TT_HEAP_ACT_SPAN || act == TT_HEAP_ACT_SPAN_FREE;
	/* a span comes first; both units are learnt with it if there is a HeapObject spec */
	const struct tt_event_def *object = tt_specs_builtin(h->specs, TT_EV_HEAP_OBJECT);
	struct tt_event of_object = *ev;

	h->informed = true;
	learn_scale(h, ev, is_span);
	if (!is_span || object == NULL || h->acts[object->spec.type] != TT_HEAP_ACT_FOUND)
		return;
	of_object.spec = &object->spec;
	learn_scale(h, &of_object, false);
}
