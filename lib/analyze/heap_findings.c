/* SPDX-License-Identifier: MIT */
/* heap_findings.c - what is wrong with a heap's events, each code once per generation. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "analyze/heap.h"
#include "base/error.h"
#include "tracetool_analyze.h"

/* If nobody asks for them, further findings are dropped. */
#define MAX_PROBLEMS 4096
/* Each code is found once. */
#define MAX_PER_GENERATION (TT_W_HEAP_ADDRESS - TT_W_HEAP_ALLOC + 1)
/*
 * A thread's clock may run ahead of the others': Go counts a unit for each event of a
 * burst, however short. For so long, what two threads say of one place may be in the wrong
 * order.
 */
#define PENDING_NS 10000000

bool tt_heap_finding_room(struct tt_heap *h)
{
	return tt_mem_grow(&h->mem, &h->problems.at, &h->problems.cap,
			   h->problems.n + MAX_PER_GENERATION, sizeof(*h->problems.at));
}

static void keep(struct tt_heap *h, const struct tt_heap_problem *p)
{
	uint32_t bit = UINT32_C(1) << (p->code - TT_W_HEAP_ALLOC);

	if ((h->codes_found & bit) != 0 || h->problems.n - h->next_problem >= MAX_PROBLEMS)
		return;
	assert(h->problems.n < h->problems.cap);
	h->codes_found |= bit;
	h->problems.at[h->problems.n++] = *p;
}

static struct tt_heap_problem problem_at(const struct tt_heap *h, int code,
					 const struct tt_event *ev)
{
	return (struct tt_heap_problem){
		.code = code,
		.event_type = ev->spec == NULL ? -1 : ev->spec->type,
		.offset = ev->offset,
		.generation = h->number,
		.thread = ev->thread,
	};
}

void tt_heap_report(struct tt_heap *h, int code, const struct tt_event *ev, uint64_t number,
		  uint64_t other)
{
	struct tt_heap_problem p = problem_at(h, code, ev);

	if (h->gap && (h->lost || code != TT_W_HEAP_INFO) && code != TT_W_HEAP_ADDRESS)
		return;
	p.number = number;
	p.other = other;
	keep(h, &p);
}

void tt_heap_add_pending(struct tt_heap *h, int code, const struct tt_event *ev, uint64_t address)
{
	struct tt_heap_pending *p;

	if (h->gap)
		return;
	tt_heap_report_pending(h, ev->time_ns);
	if (h->npending == TT_HEAP_PENDING_MAX) {
		keep(h, &h->pending[0].problem);
		memmove(&h->pending[0], &h->pending[1],
			(TT_HEAP_PENDING_MAX - 1) * sizeof(h->pending[0]));
		h->npending--;
	}
	p = &h->pending[h->npending++];
	p->problem = problem_at(h, code, ev);
	p->problem.number = p->problem.other = address;
	p->time_ns = ev->time_ns;
}

void tt_heap_drop_pending(struct tt_heap *h, uint64_t address)
{
	for (unsigned i = h->npending; i-- > 0;) {
		if (h->pending[i].problem.number != address)
			continue;
		memmove(&h->pending[i], &h->pending[i + 1],
			(h->npending - i - 1) * sizeof(h->pending[0]));
		h->npending--;
		return;
	}
}

void tt_heap_report_pending(struct tt_heap *h, int64_t now_ns)
{
	unsigned n = 0;

	while (n < h->npending &&
	       (now_ns == INT64_MAX || now_ns - h->pending[n].time_ns > PENDING_NS))
		keep(h, &h->pending[n++].problem);
	memmove(&h->pending[0], &h->pending[n], (h->npending - n) * sizeof(h->pending[0]));
	h->npending -= n;
}

/* ---- asking for them */

static void write_message(const struct tt_heap *h, const struct tt_heap_problem *n,
			  struct tt_error *out)
{
	const struct tt_event_spec *spec =
		n->event_type < 0 ? NULL : tt_specs_event(h->specs, (unsigned)n->event_type);
	const char *event = spec == NULL ? "" : spec->name;
	char *text = out->message;
	size_t size = sizeof(out->message);

	switch (n->code) {
	case TT_W_HEAP_ALLOC:
		snprintf(text, size, "%s at 0x%" PRIx64 ", where an object is live", event, n->number);
		break;
	case TT_W_HEAP_FREE:
		snprintf(text, size, "%s at 0x%" PRIx64 ", where nothing is live", event,
			 n->number);
		break;
	case TT_W_HEAP_SPAN:
		snprintf(text, size, "%s at 0x%" PRIx64 ", outside any span of the heap", event,
			 n->number);
		break;
	case TT_W_HEAP_TYPE:
		snprintf(text, size, "%s of type %" PRIu64 ", which is in no batch of this generation",
			 event, n->number);
		break;
	case TT_W_HEAP_OVERLAP:
		snprintf(text, size, "%s at 0x%" PRIx64 " overlaps what is at 0x%" PRIx64, event,
			 n->number, n->other);
		break;
	case TT_W_HEAP_INFO:
		snprintf(text, size, "%s, but no batch before it gives the heap's base and units",
			 event);
		break;
	case TT_W_HEAP_ADDRESS:
		snprintf(text, size, "the heap's base and units give no valid addresses");
		break;
	default:
		break;
	}
}

int tt_heap_finding(struct tt_heap *h, struct tt_error *out)
{
	const struct tt_heap_problem *n;

	if (h->next_problem == h->problems.n) {
		h->next_problem = h->problems.n = 0;
		return TT_END;
	}
	n = &h->problems.at[h->next_problem++];
	tt_error_clear(out);
	out->code = n->code;
	out->offset = n->offset;
	out->generation = n->generation;
	out->thread = n->thread;
	out->event_type = n->event_type;
	write_message(h, n, out);
	return TT_OK;
}
