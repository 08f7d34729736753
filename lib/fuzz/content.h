/* SPDX-License-Identifier: MIT */
/* content.h - what a trace says, as sums, so that two can be compared: for fuzz targets. */
#ifndef TT_FUZZ_CONTENT_H
#define TT_FUZZ_CONTENT_H

#include "fuzz/edit.h"

/* Its frames; ids may be others. */
static inline uint64_t digest_frames(uint64_t h, const struct tt_generation *g, uint64_t id)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = tt_generation_stack(g, id, frames);

	for (int i = 0; i < n; i++) {
		h = digest_number(digest_number(h, frames[i].pc), frames[i].line);
		h = digest_text(digest_text(h, frames[i].func), frames[i].file);
	}
	return digest_number(h, (uint64_t)(int64_t)n);
}

static inline uint64_t digest_change(uint64_t h, const struct tt_event *ev)
{
	struct tt_transition t = tt_event_transition(ev);

	h = digest_number(digest_number(h, t.resource), (uint64_t)t.id);
	h = digest_text(digest_number(digest_number(h, t.from), t.to), t.reason);
	return t.has_stack ? digest_frames(h, ev->generation, t.stack) : h;
}

/* (the id of its kind may be another) */
static inline uint64_t digest_span(uint64_t h, const struct tt_event *ev)
{
	struct tt_range range = tt_event_range(ev);

	h = digest_text(digest_cstr(h, range.name), range.kind);
	h = digest_number(digest_number(h, range.scope), (uint64_t)range.id);
	for (unsigned i = 0; i < range.nattributes; i++)
		h = digest_number(h, range.attributes[i].value);
	return h;
}

/* All but its time. */
static inline uint64_t digest_meaning(uint64_t h, const struct tt_event *ev)
{
	bool has;
	uint64_t stack = tt_event_stack(ev, &has);

	h = digest_number(digest_number(h, (uint64_t)ev->thread), (uint64_t)ev->proc);
	h = digest_number(h, (uint64_t)ev->goroutine);
	h = digest_cstr(h, ev->spec == NULL ? "" : ev->spec->name);
	if (has)
		h = digest_frames(h, ev->generation, stack);
	switch (ev->kind) {
	case TT_KIND_TRANSITION:
		return digest_change(h, ev);
	case TT_KIND_RANGE_BEGIN:
	case TT_KIND_RANGE_ACTIVE:
	case TT_KIND_RANGE_END:
		return digest_span(h, ev);
	default:
		return digest_kind(h, ev);
	}
}

static inline bool is_status(const struct tt_event *ev)
{
	return ev->kind == TT_KIND_SYNC || strstr(ev->spec->name, "Status") != NULL;
}

/* What a result says. */
struct content {
	uint64_t meanings;      /* of all events but statuses, in any order */
	uint64_t statuses;      /* the same of these */
	uint64_t all;           /* of all events, in their order, with their times */
	size_t nstatuses;
};

static inline struct content read_content(const struct build *b)
{
	struct content c = {.all = DIGEST_START};
	struct tt_reader *r = edit_open(b, ways_specs());
	const struct tt_event *ev;
	int rc;

	while ((rc = tt_reader_next(r, &ev)) == 0) {
		uint64_t meaning = digest_meaning(DIGEST_START, ev);

		c.all = digest_number(digest_number(c.all, meaning), (uint64_t)ev->time_ns);
		c.nstatuses += is_status(ev);
		c.meanings += is_status(ev) ? 0 : meaning;
		c.statuses += is_status(ev) ? meaning : 0;
	}
	if (rc < 0)
		fprintf(stderr, "%s\n", tt_reader_error(r)->message);
	REQUIRE(rc == 1);
	tt_reader_close(r);
	return c;
}

#endif
