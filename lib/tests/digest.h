/* SPDX-License-Identifier: MIT */
/*
 * digest.h - everything that a reader says, as one number: two ways of reading the
 * same bytes must give the same. Calls each accessor that an event's kind has. For
 * tests and fuzz targets, which include it.
 */
#ifndef TT_TESTS_DIGEST_H
#define TT_TESTS_DIGEST_H

#include <string.h>

#include "tracetool.h"

#define DIGEST_START UINT64_C(14695981039346656037)

static inline uint64_t digest_bytes(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h;
}

static inline uint64_t digest_number(uint64_t h, uint64_t v)
{
	uint8_t bytes[8];

	/* the same number on every machine */
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(v >> 8 * i);
	return digest_bytes(h, bytes, sizeof(bytes));
}

static inline uint64_t digest_text(uint64_t h, struct tt_str s)
{
	return digest_bytes(digest_number(h, s.len), s.data, s.len);
}

static inline uint64_t digest_cstr(uint64_t h, const char *s)
{
	return digest_text(h, (struct tt_str){s, strlen(s)});
}

static inline uint64_t digest_clock(uint64_t h, const struct tt_clock *c)
{
	if (c == NULL)
		return digest_number(h, 0);
	h = digest_number(digest_number(h, c->trace_ticks), (uint64_t)c->trace_ns);
	h = digest_number(digest_number(h, c->mono_ns), c->wall_sec);
	return digest_number(h, c->wall_nsec);
}

static inline uint64_t digest_stack(uint64_t h, const struct tt_generation *g, uint64_t id)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_generation_stack(g, id, frames);

	h = digest_number(digest_number(h, id), (uint64_t)(int64_t)n);
	for (int i = 0; i < n; i++) {
		h = digest_number(digest_number(h, frames[i].pc), frames[i].line);
		h = digest_text(digest_text(h, frames[i].func), frames[i].file);
	}
	return digest_number(h, tt_generation_stack_index(g, id));
}

static inline uint64_t digest_range(uint64_t h, const struct tt_event *ev)
{
	struct tt_range r = tt_event_range(ev);

	h = digest_number(digest_cstr(h, r.name), r.kind_known);
	h = digest_number(digest_text(h, r.kind), r.kind_id);
	h = digest_number(digest_number(h, r.scope), (uint64_t)r.id);
	for (unsigned i = 0; i < r.nattributes; i++)
		h = digest_number(digest_cstr(h, r.attributes[i].name), r.attributes[i].value);
	return h;
}

static inline uint64_t digest_transition(uint64_t h, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	h = digest_number(digest_number(h, t.resource), (uint64_t)t.id);
	h = digest_cstr(digest_cstr(h, tt_state_name(t.from)), tt_state_name(t.to));
	h = digest_number(digest_text(h, t.reason), t.has_stack);
	return t.has_stack ? digest_stack(h, ev->generation, t.stack) : h;
}

/* What only events of this kind have. */
static inline uint64_t digest_kind(uint64_t h, const struct tt_event *ev)
{
	struct tt_metric metric;
	struct tt_task task;
	struct tt_region region;
	struct tt_log log;
	struct tt_sync sync;

	switch (ev->kind) {
	case TT_KIND_SYNC:
		sync = tt_event_sync(ev);
		return digest_clock(digest_number(h, sync.n), sync.clock);
	case TT_KIND_METRIC:
		metric = tt_event_metric(ev);
		return digest_number(digest_cstr(h, metric.name), metric.value);
	case TT_KIND_LABEL:
		return digest_text(h, tt_event_label(ev));
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		return digest_range(h, ev);
	case TT_KIND_TASK_BEGIN:
	case TT_KIND_TASK_END:
		task = tt_event_task(ev);
		h = digest_number(digest_number(h, task.id), task.parent);
		return digest_text(h, task.type);
	case TT_KIND_REGION_BEGIN:
	case TT_KIND_REGION_END:
		region = tt_event_region(ev);
		return digest_text(digest_number(h, region.task), region.type);
	case TT_KIND_LOG:
		log = tt_event_log(ev);
		return digest_text(digest_text(digest_number(h, log.task), log.category),
				   log.message);
	case TT_KIND_TRANSITION:
		return digest_transition(h, ev);
	default:
		return h;
	}
}

static inline uint64_t digest_event(uint64_t h, const struct tt_event *ev)
{
	bool has;
	uint64_t stack = tt_event_stack(ev, &has);

	h = digest_number(digest_number(h, (uint64_t)ev->time_ns), (uint64_t)ev->raw_time_ns);
	h = digest_number(digest_number(h, (uint64_t)ev->thread), (uint64_t)ev->proc);
	h = digest_number(digest_number(h, (uint64_t)ev->goroutine), ev->offset);
	h = digest_cstr(h, tt_kind_name(ev->kind));
	if (ev->spec != NULL) {
		h = digest_cstr(h, ev->spec->name);
		h = digest_bytes(h, ev->args, ev->spec->nargs * sizeof(ev->args[0]));
	}
	if (has)
		h = digest_stack(h, ev->generation, stack);
	return digest_kind(h, ev);
}

static inline uint64_t digest_error(uint64_t h, const struct tt_error *e)
{
	h = digest_number(digest_number(h, (uint64_t)e->code), e->offset);
	h = digest_number(digest_number(h, e->batch_offset), e->generation);
	h = digest_number(digest_number(h, (uint64_t)e->thread), e->event_index);
	return digest_cstr(digest_number(h, (uint64_t)(int64_t)e->event_type), e->message);
}

static inline uint64_t digest_batch(uint64_t h, const struct tt_batch *b)
{
	h = digest_number(digest_number(h, b->experiment), (uint64_t)b->thread);
	h = digest_number(digest_number(h, b->time_ticks), b->offset);
	return digest_bytes(digest_number(h, b->data_offset), b->data, b->size);
}

/* A generation with all its tables. */
static inline uint64_t digest_generation(uint64_t h, const struct tt_generation *g)
{
	h = digest_number(digest_number(h, tt_generation_number(g)), tt_generation_ordinal(g));
	h = digest_number(digest_number(h, tt_generation_offset(g)), tt_generation_end(g));
	h = digest_number(h, (uint64_t)tt_generation_start_ns(g));
	h = digest_number(h, tt_generation_frequency(g));
	h = digest_clock(h, tt_generation_clock(g));
	for (size_t i = 0; i < tt_generation_nstrings(g); i++) {
		uint64_t id;
		struct tt_str s = tt_generation_string_at(g, i, &id);

		h = digest_text(digest_number(h, id), s);
	}
	for (size_t i = 0; i < tt_generation_nstacks(g); i++)
		h = digest_stack(h, g, tt_generation_stack_at(g, i));
	for (size_t i = 0; i < tt_generation_nsamples(g); i++) {
		struct tt_sample s = tt_generation_sample_at(g, i);

		h = digest_number(digest_number(h, (uint64_t)s.time_ns), (uint64_t)s.thread);
		h = digest_number(digest_number(h, (uint64_t)s.proc), (uint64_t)s.goroutine);
		h = digest_number(h, s.stack);
	}
	for (size_t i = 0; i < tt_generation_nexperimental(g); i++) {
		struct tt_batch b = tt_generation_experimental_at(g, i);

		h = digest_batch(h, &b);
	}
	return h;
}

#endif
