/* SPDX-License-Identifier: MIT */
/*
 * heap.c - the heap of a Go program, replayed.
 *
 * Objects are known by the slot of their span. Go's tracer reports an object with a
 * header at 8 bytes into its slot when it is allocated, and at the slot otherwise;
 * several tiny objects share a slot, which is freed once. Source:
 * Go 1.27, src/runtime/traceallocfree.go and src/runtime/malloc.go.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/heap.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/options.h"
#include "event/reader.h"
#include "experiment/alloc_free.h"
#include "tracetool_analyze.h"

/* What Go uses on all common machines; taken if no batch says. */
#define DEFAULT_PAGE_NBYTES 8192
#define DEFAULT_UNIT_NBYTES 8
/* Spans of more slots than any Go makes keep no list of them. */
#define MAX_SLOTS (UINT64_C(1) << 13)

/* ---- a new heap */

static const struct {
	enum tt_event_type event;
	enum tt_heap_act act;
	uint8_t nargs;          /* that it must have */
} acts[] = {
	{TT_EV_SPAN, TT_HEAP_ACT_SPAN, 3},
	{TT_EV_SPAN_ALLOC, TT_HEAP_ACT_SPAN, 3},
	{TT_EV_SPAN_FREE, TT_HEAP_ACT_SPAN_FREE, 1},
	{TT_EV_HEAP_OBJECT, TT_HEAP_ACT_FOUND, 2},
	{TT_EV_HEAP_OBJECT_ALLOC, TT_HEAP_ACT_ALLOC, 2},
	{TT_EV_HEAP_OBJECT_FREE, TT_HEAP_ACT_FREE, 1},
};

static void bind(struct tt_heap *h)
{
	for (size_t i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		const struct tt_event_def *def =
			tt_alloc_free_event(h->specs, acts[i].event, acts[i].nargs);

		if (def != NULL)
			h->acts[def->spec.type] = (uint8_t)acts[i].act;
	}
}

int tt_heap_new(struct tt_heap **out, const struct tt_heap_options *opt, struct tt_error *err)
{
	struct tt_options limits = {.size = sizeof(limits)}, read;
	struct tt_heap *h;
	int rc;

	*out = NULL;
	tt_error_clear(err);
	if (opt == NULL || opt->size < sizeof(*opt) || opt->specs == NULL)
		return tt_fail(err, TT_E_ARGUMENT, "heap options without size or specs");
	limits.max_memory_nbytes = opt->max_memory_nbytes;
	rc = tt_options_read(&read, &limits, err);
	if (rc < 0)
		return rc;
	h = calloc(1, sizeof(*h));
	if (h == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a heap");
	h->mem.limit_nbytes = read.max_memory_nbytes;
	h->specs = opt->specs;
	h->flags = opt->flags;
	h->seed = tt_random_seed();
	h->page_nbytes = DEFAULT_PAGE_NBYTES;
	h->page_shift = 13;
	h->unit_nbytes = DEFAULT_UNIT_NBYTES;
	h->free_loose = UINT32_MAX;
	tt_heap_spans_init(&h->spans, &h->mem, (opt->flags & TT_HEAP_OBJECTS) != 0);
	tt_idmap_init(&h->loose_ids, &h->mem, h->seed);
	tt_idmap_init(&h->type_hashes, &h->mem, h->seed);
	tt_idmap_init(&h->type_ids, &h->mem, h->seed);
	bind(h);
	*out = h;
	return TT_OK;
}

void tt_heap_free(struct tt_heap *h)
{
	if (h == NULL)
		return;
	tt_heap_spans_release(&h->spans);
	tt_idmap_release(&h->loose_ids);
	TT_ARRAY_RELEASE(&h->mem, &h->loose);
	TT_ARRAY_RELEASE(&h->mem, &h->problems);
	tt_heap_types_release(h);
	free(h);
}

void tt_heap_gap(struct tt_heap *h)
{
	h->gap = true;
	h->npending = 0;
}

bool tt_heap_lacks_events(const struct tt_heap *h)
{
	return h->lost;
}

void tt_heap_finish(struct tt_heap *h)
{
	tt_heap_report_pending(h, INT64_MAX);
}

/* ---- a new generation */

static int no_memory(const struct tt_heap *h)
{
	return -tt_mem_code(&h->mem);
}

static __attribute__((noinline)) int begin_generation(struct tt_heap *h, const struct tt_event *ev)
{
	uint64_t ordinal = tt_generation_ordinal(ev->generation);

	tt_heap_report_pending(h, ev->time_ns);
	if (!tt_heap_finding_room(h))
		return no_memory(h);
	if (h->generation != 0 && ordinal != h->generation + 1)
		tt_heap_gap(h);
	if (!h->lost && tt_alloc_free_lost_events(h->specs, ev->generation)) {
		tt_heap_gap(h);
		h->lost = true;
	}
	h->generation = ordinal;
	h->number = tt_generation_number(ev->generation);
	h->codes_found = 0;
	tt_idmap_clear(&h->type_ids);
	h->informed = false;
	return TT_OK;
}

/* ---- objects */

/* The place that an event names. */
struct spot {
	struct tt_heap_span *span;   /* NULL: none of the heap */
	uint64_t slot;
	uint64_t address;       /* of the slot, or as the event has it */
	uint64_t nbytes;
};

static bool is_listed(const struct spot *s)
{
	return s->span != NULL && s->span->nslots <= MAX_SLOTS;
}

/* The slot that a byte of a span is in. */
static inline uint64_t slot_at(const struct tt_heap_span *span, uint64_t offset)
{
	if (tt_likely(offset < TT_HEAP_INVERSE_END))
		return offset * span->class.inverse >> 32;
	return span->class.slot_nbytes == 0 ? 0 : offset / span->class.slot_nbytes;
}

static TT_ALWAYS_INLINE struct spot find_spot(struct tt_heap *h, uint64_t address)
{
	struct spot s = {.address = address};
	uint64_t start, offset;

	s.span = tt_heap_spans_at(&h->spans, address >> h->page_shift);
	if (s.span == NULL)
		return s;
	if (!s.span->class.heap) {
		s.span = NULL;
		return s;
	}
	start = s.span->first << h->page_shift;
	offset = address - start;
	s.nbytes = s.span->slot_nbytes;
	s.slot = slot_at(s.span, offset);
	/* what is left after the last slot belongs to it */
	if (s.slot >= s.span->nslots)
		s.slot = s.span->nslots - 1;
	s.address = start + s.slot * s.nbytes;
	return s;
}

/*
 * No batch gives the size of a word. Go puts the heap of a program of 64 bits above 4 GiB;
 * WebAssembly has it below, where this only means that we find less.
 */
static uint64_t header_above_nbytes(const struct tt_heap *h)
{
	return h->base <= UINT32_MAX ? TT_HEAP_HEADER_ABOVE_NBYTES_32 : TT_HEAP_HEADER_ABOVE_NBYTES;
}

/* An object may begin after a header, or anywhere in a slot that several share. */
static bool may_begin(const struct tt_heap *h, const struct spot *s, uint64_t address)
{
	uint64_t offset = address - s->address;

	return offset == 0 || s->span->class.tiny ||
	       (offset == 8 && s->span->class.pointers && s->nbytes > header_above_nbytes(h));
}

static struct tt_heap_loose *find_loose(struct tt_heap *h, uint64_t address)
{
	uint32_t i = tt_idmap_find(&h->loose_ids, address);

	return i == TT_IDMAP_NONE ? NULL : &h->loose.at[i];
}

static struct tt_heap_loose *add_loose(struct tt_heap *h, uint64_t address)
{
	uint32_t i = h->free_loose;

	if (i == UINT32_MAX) {
		if (!TT_ARRAY_ROOM(&h->mem, &h->loose))
			return NULL;
		i = (uint32_t)h->loose.n;
	}
	if (!tt_idmap_add(&h->loose_ids, address, i))
		return NULL;
	if (i == h->loose.n)
		h->loose.n++;
	else
		h->free_loose = h->loose.at[i].next_free;
	h->loose.at[i] = (struct tt_heap_loose){.live = true};
	return &h->loose.at[i];
}

static void remove_loose(struct tt_heap *h, struct tt_heap_loose *l)
{
	tt_idmap_remove(&h->loose_ids, l->object.address);
	l->live = false;
	l->next_free = h->free_loose;
	h->free_loose = (uint32_t)(l - h->loose.at);
}

static void put_in(struct tt_heap_span *span, uint64_t slot, const struct tt_heap_object *o)
{
	if (span->slots == NULL)
		return;
	span->slots[slot] = (struct tt_heap_slot){
		.since_ns = o->since_ns,
		.type = o->type | (o->found ? TT_HEAP_FOUND_TYPE : 0),
		.mark = o->mark,
	};
}

/* An object takes the place of a live one, whose free may come late. */
static void report_live(struct tt_heap *h, const struct tt_event *ev, uint64_t address, bool twice)
{
	if (twice)
		tt_heap_report(h, TT_W_HEAP_ALLOC, ev, address, 0);
	else
		tt_heap_add_pending(h, TT_W_HEAP_ALLOC, ev, address);
}

/* One that outlived its span, at the place of an object that begins: it gets a slot. */
static void enlist(struct tt_heap *h, const struct spot *s)
{
	struct tt_heap_loose *l = find_loose(h, s->address);

	if (l == NULL)
		return;
	tt_heap_span_flip(s->span, s->slot, TT_HEAP_SLOT_LIVE);
	if (l->twice)
		tt_heap_span_flip(s->span, s->slot, TT_HEAP_SLOT_TWICE);
	put_in(s->span, s->slot, &l->object);
	s->span->nlive++;
	remove_loose(h, l);
}

static int begin_listed(struct tt_heap *h, const struct tt_event *ev, const struct spot *s,
			struct tt_heap_change *change)
{
	struct tt_heap_span *span = s->span;
	bool live;

	if (!tt_heap_span_room(&h->spans, span))
		return no_memory(h);
	if (h->loose_ids.count != 0)
		enlist(h, s);
	live = tt_heap_span_bit(span, s->slot, TT_HEAP_SLOT_LIVE);
	if (live && span->class.tiny)
		return TT_OK;
	if (live) {
		change->ended = true;
		change->gone = tt_heap_object_in(h, span, s->slot);
		report_live(h, ev, s->address, tt_heap_span_bit(span, s->slot, TT_HEAP_SLOT_TWICE));
		if (!tt_heap_span_bit(span, s->slot, TT_HEAP_SLOT_TWICE))
			tt_heap_span_flip(span, s->slot, TT_HEAP_SLOT_TWICE);
	} else {
		tt_heap_span_flip(span, s->slot, TT_HEAP_SLOT_LIVE);
		span->nlive++;
		h->nlive++;
	}
	put_in(span, s->slot, &change->object);
	change->began = true;
	return TT_OK;
}

static int begin_loose(struct tt_heap *h, const struct tt_event *ev, struct tt_heap_change *change)
{
	struct tt_heap_loose *l = find_loose(h, change->object.address);

	if (l != NULL) {
		change->ended = true;
		change->gone = l->object;
		report_live(h, ev, change->object.address, l->twice);
		l->twice = true;
	} else {
		l = add_loose(h, change->object.address);
		if (l == NULL)
			return no_memory(h);
		h->nlive++;
	}
	l->object = change->object;
	change->began = true;
	return TT_OK;
}

static TT_ALWAYS_INLINE int begin(struct tt_heap *h, const struct tt_event *ev, uint32_t mark,
		 struct tt_heap_change *change)
{
	uint64_t address = h->base + ev->args[0] * h->unit_nbytes;
	struct spot s = find_spot(h, address);
	uint32_t type = tt_heap_type_of(h, ev, 1);

	if (type == TT_HEAP_NO_TYPE)
		return no_memory(h);
	if (s.span == NULL) {
		s.nbytes = tt_heap_type(h, type).nbytes;
		if (h->spanned)
			tt_heap_report(h, TT_W_HEAP_SPAN, ev, address, 0);
	} else if (!may_begin(h, &s, address)) {
		tt_heap_report(h, TT_W_HEAP_OVERLAP, ev, address, s.address);
	}
	change->object = (struct tt_heap_object){
		.address = s.address,
		.nbytes = s.nbytes,
		.type = type,
		.mark = mark,
		.since_ns = ev->time_ns,
		.found = h->acts[ev->spec->type] == TT_HEAP_ACT_FOUND,
	};
	return is_listed(&s) ? begin_listed(h, ev, &s, change) : begin_loose(h, ev, change);
}

static void end_listed(struct tt_heap *h, const struct spot *s, struct tt_heap_change *change)
{
	struct tt_heap_span *span = s->span;

	if (tt_heap_span_bit(span, s->slot, TT_HEAP_SLOT_TWICE)) {
		/* that of the object before this one */
		tt_heap_span_flip(span, s->slot, TT_HEAP_SLOT_TWICE);
		tt_heap_drop_pending(h, s->address);
		return;
	}
	change->ended = true;
	change->gone = tt_heap_object_in(h, span, s->slot);
	tt_heap_span_flip(span, s->slot, TT_HEAP_SLOT_LIVE);
	span->nlive--;
	h->nlive--;
}

static void end_loose(struct tt_heap *h, struct tt_heap_loose *l, struct tt_heap_change *change)
{
	if (l->twice) {
		l->twice = false;
		tt_heap_drop_pending(h, l->object.address);
		return;
	}
	change->ended = true;
	change->gone = l->object;
	remove_loose(h, l);
	h->nlive--;
}

static TT_ALWAYS_INLINE int end(struct tt_heap *h, const struct tt_event *ev, struct tt_heap_change *change)
{
	uint64_t address = h->base + ev->args[0] * h->unit_nbytes;
	struct spot s = find_spot(h, address);
	struct tt_heap_loose *l;

	if (is_listed(&s) && s.span->bits != NULL &&
	    tt_heap_span_bit(s.span, s.slot, TT_HEAP_SLOT_LIVE)) {
		end_listed(h, &s, change);
		return TT_OK;
	}
	l = find_loose(h, s.address);
	if (l != NULL)
		end_loose(h, l, change);
	else if (s.span == NULL && h->spanned)
		tt_heap_report(h, TT_W_HEAP_SPAN, ev, address, 0);
	else
		tt_heap_report(h, TT_W_HEAP_FREE, ev, address, 0);
	return TT_OK;
}

/* ---- spans */

/* Its objects live on without it: their frees may come late. */
static int orphan(struct tt_heap *h, struct tt_heap_span *span)
{
	struct tt_heap_loose *l;

	for (uint64_t slot = 0; span->nlive > 0 && slot < span->nslots; slot++) {
		if (!tt_heap_span_bit(span, slot, TT_HEAP_SLOT_LIVE))
			continue;
		struct tt_heap_object o = tt_heap_object_in(h, span, slot);

		span->nlive--;
		l = add_loose(h, o.address);
		if (l == NULL)
			return no_memory(h);
		l->object = o;
		l->twice = tt_heap_span_bit(span, slot, TT_HEAP_SLOT_TWICE);
	}
	return TT_OK;
}

static int drop_span(struct tt_heap *h, struct tt_heap_span *span)
{
	int rc = span->nlive > 0 ? orphan(h, span) : TT_OK;

	if (rc == TT_OK)
		tt_heap_spans_remove(&h->spans, span);
	return rc;
}

/* Those in the way go; the end of one that begins at the same page may come late. */
static int make_way(struct tt_heap *h, const struct tt_event *ev, uint64_t first, uint64_t npages,
		    bool *twice)
{
	struct tt_heap_span *old;
	int rc;

	while ((old = tt_heap_spans_overlap(&h->spans, first, npages)) != NULL) {
		if (old->first == first && !old->twice) {
			*twice = true;
			tt_heap_add_pending(h, TT_W_HEAP_OVERLAP, ev, first << h->page_shift);
		} else {
			tt_heap_report(h, TT_W_HEAP_OVERLAP, ev, first << h->page_shift,
				     old->first << h->page_shift);
		}
		rc = drop_span(h, old);
		if (rc < 0)
			return rc;
	}
	return TT_OK;
}

static uint64_t first_page(const struct tt_heap *h, const struct tt_event *ev)
{
	return (h->base + (ev->args[0] << h->page_shift)) >> h->page_shift;
}

static __attribute__((noinline)) int begin_span(struct tt_heap *h, const struct tt_event *ev)
{
	uint64_t first = first_page(h, ev), npages = ev->args[1];
	/* the last page of all is nobody's, so that ends can be counted */
	uint64_t room = (UINT64_MAX >> h->page_shift) - first, nbytes;
	struct tt_heap_span *span;
	bool twice = false;
	int rc;

	h->spanned = true;
	if (npages > room)
		npages = room;
	if (npages == 0)
		return TT_OK;
	rc = make_way(h, ev, first, npages, &twice);
	if (rc < 0)
		return rc;
	span = tt_heap_spans_add(&h->spans, first, npages);
	if (span == NULL)
		return no_memory(h);
	nbytes = npages << h->page_shift;
	span->twice = twice;
	span->kindclass = ev->args[2];
	span->class = tt_heap_span_class(ev->args[2]);
	span->slot_nbytes = span->class.slot_nbytes == 0 ? nbytes : span->class.slot_nbytes;
	span->nslots = nbytes < span->slot_nbytes ? 1 : nbytes / span->slot_nbytes;
	if (span->class.slot_nbytes == 0)
		span->nslots = 1;
	return TT_OK;
}

static __attribute__((noinline)) int end_span(struct tt_heap *h, const struct tt_event *ev)
{
	uint64_t first = first_page(h, ev);
	struct tt_heap_span *span = tt_heap_spans_at(&h->spans, first);

	if (span == NULL || span->first != first) {
		tt_heap_report(h, TT_W_HEAP_FREE, ev, first << h->page_shift, 0);
		return TT_OK;
	}
	if (span->twice) {
		span->twice = false;
		tt_heap_drop_pending(h, first << h->page_shift);
		return TT_OK;
	}
	return drop_span(h, span);
}

/* ---- events */

static TT_ALWAYS_INLINE int replay(struct tt_heap *h, const struct tt_event *ev, uint32_t mark,
				   struct tt_heap_change *change)
{
	enum tt_heap_act act;
	int rc = TT_OK;

	change->began = change->ended = false;
	if (ev->generation != NULL && ev->generation->ordinal != h->generation)
		rc = begin_generation(h, ev);
	if (rc < 0)
		return rc;
	if (ev->spec == NULL)
		return TT_OK;
	act = (enum tt_heap_act)h->acts[ev->spec->type];
	if (act == TT_HEAP_ACT_NONE)
		return TT_OK;
	if (!h->informed)
		tt_heap_learn_scale(h, ev, act);
	switch (act) {
	case TT_HEAP_ACT_SPAN:
		return begin_span(h, ev);
	case TT_HEAP_ACT_SPAN_FREE:
		return end_span(h, ev);
	case TT_HEAP_ACT_FOUND:
	case TT_HEAP_ACT_ALLOC:
		return begin(h, ev, mark, change);
	case TT_HEAP_ACT_FREE:
		return end(h, ev, change);
	case TT_HEAP_ACT_NONE:
		break;
	}
	return TT_OK;
}

int tt_heap_event(struct tt_heap *h, const struct tt_event *ev, uint32_t mark,
		  struct tt_heap_change *change)
{
	return replay(h, ev, mark, change);
}

/* The events that were read already. */
static int replay_kept(struct tt_heap *h, struct tt_reader *r)
{
	struct tt_heap_change ignored;
	unsigned n;
	const struct tt_event *evs = tt_reader_take_kept(r, &n);
	int rc = TT_OK;

	for (unsigned i = 0; i < n && rc == TT_OK; i++)
		rc = replay(h, &evs[i], 0, &ignored);
	return rc;
}

int tt_heap_next_sync(struct tt_heap *h, struct tt_reader *r, const struct tt_event **ev)
{
	struct tt_heap_change ignored;
	int rc;

	do {
		*ev = NULL;
		rc = replay_kept(h, r);
		if (rc == TT_OK)
			rc = tt_reader_next(r, ev);
		if (rc == TT_OK)
			rc = replay(h, *ev, 0, &ignored);
	} while (rc == TT_OK && (*ev)->kind != TT_KIND_SYNC);
	if (*ev != NULL && (*ev)->kind != TT_KIND_SYNC)
		*ev = NULL;
	return rc;
}
