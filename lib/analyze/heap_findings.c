/* SPDX-License-Identifier: MIT */
/* heap_findings.c - what a heap finds wrong, each code once a generation. Stands on heap.h. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "analyze/heap.h"
#include "tracetool_analyze.h"

/* Findings that nobody asks for are dropped from here on. */
#define MAX_NOTES 4096
/* Each code comes once a generation. */
#define NOTES_A_GENERATION (TT_W_HEAP_ADDRESS - TT_W_HEAP_ALLOC + 1)
/*
 * A thread's clock may run ahead of the others': Go counts a unit for each event of a
 * burst, however short. What two threads say of one place is in doubt for so long.
 */
#define DOUBT_NS 10000000

bool tt_heap_note_room(struct tt_heap *h)
{
	return tt_mem_grow(&h->mem, &h->notes.at, &h->notes.cap, h->notes.n + NOTES_A_GENERATION,
			   sizeof(*h->notes.at));
}

static void keep(struct tt_heap *h, const struct tt_heap_note *note)
{
	uint32_t bit = UINT32_C(1) << (note->code - TT_W_HEAP_ALLOC);

	if ((h->codes_noted & bit) != 0 || h->notes.n - h->next_note >= MAX_NOTES)
		return;
	assert(h->notes.n < h->notes.cap);
	h->codes_noted |= bit;
	h->notes.at[h->notes.n++] = *note;
}

static struct tt_heap_note note_at(const struct tt_heap *h, int code, const struct tt_event *ev)
{
	return (struct tt_heap_note){
		.code = code,
		.event_type = ev->spec == NULL ? -1 : ev->spec->type,
		.offset = ev->offset,
		.generation = h->number,
		.thread = ev->thread,
	};
}

void tt_heap_note(struct tt_heap *h, int code, const struct tt_event *ev, uint64_t number,
		  uint64_t other)
{
	struct tt_heap_note note = note_at(h, code, ev);

	if (h->gap && code != TT_W_HEAP_INFO && code != TT_W_HEAP_ADDRESS)
		return;
	note.number = number;
	note.other = other;
	keep(h, &note);
}

void tt_heap_doubt(struct tt_heap *h, int code, const struct tt_event *ev, uint64_t address)
{
	struct tt_doubt *d;

	if (h->gap)
		return;
	tt_heap_doubts_until(h, ev->time_ns);
	if (h->ndoubts == TT_DOUBTS) {
		keep(h, &h->doubts[0].note);
		memmove(&h->doubts[0], &h->doubts[1], (TT_DOUBTS - 1) * sizeof(h->doubts[0]));
		h->ndoubts--;
	}
	d = &h->doubts[h->ndoubts++];
	d->note = note_at(h, code, ev);
	d->note.number = d->note.other = address;
	d->time_ns = ev->time_ns;
}

void tt_heap_settle(struct tt_heap *h, uint64_t address)
{
	for (unsigned i = h->ndoubts; i-- > 0;) {
		if (h->doubts[i].note.number != address)
			continue;
		memmove(&h->doubts[i], &h->doubts[i + 1],
			(h->ndoubts - i - 1) * sizeof(h->doubts[0]));
		h->ndoubts--;
		return;
	}
}

void tt_heap_doubts_until(struct tt_heap *h, int64_t now_ns)
{
	unsigned n = 0;

	while (n < h->ndoubts &&
	       (now_ns == INT64_MAX || now_ns - h->doubts[n].time_ns > DOUBT_NS))
		keep(h, &h->doubts[n++].note);
	memmove(&h->doubts[0], &h->doubts[n], (h->ndoubts - n) * sizeof(h->doubts[0]));
	h->ndoubts -= n;
}

/* ---- asking for them */

static void write_message(const struct tt_heap *h, const struct tt_heap_note *n,
			  struct tt_error *out)
{
	const struct tt_event_spec *spec =
		n->event_type < 0 ? NULL : tt_specs_event(h->specs, (unsigned)n->event_type);
	const char *event = spec == NULL ? "" : spec->name;
	char *text = out->message;
	size_t size = sizeof(out->message);

	switch (n->code) {
	case TT_W_HEAP_ALLOC:
		snprintf(text, size, "%s at 0x%" PRIx64 ", where an object lives", event, n->number);
		break;
	case TT_W_HEAP_FREE:
		snprintf(text, size, "%s at 0x%" PRIx64 ", where there is none", event, n->number);
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
		snprintf(text, size, "%s, but no batch with the heap's base and units came before",
			 event);
		break;
	case TT_W_HEAP_ADDRESS:
		snprintf(text, size, "no addresses can be made of the heap's base and units");
		break;
	default:
		break;
	}
}

int tt_heap_finding(struct tt_heap *h, struct tt_error *out)
{
	const struct tt_heap_note *n;

	if (h->next_note == h->notes.n) {
		h->next_note = h->notes.n = 0;
		return TT_END;
	}
	n = &h->notes.at[h->next_note++];
	tt_error_clear(out);
	out->code = n->code;
	out->offset = n->offset;
	out->generation = n->generation;
	out->thread = n->thread;
	out->event_type = n->event_type;
	write_message(h, n, out);
	return TT_OK;
}
