/* SPDX-License-Identifier: MIT */
/*
 * walk.h - reads a trace to its end, behind errors too, and holds what the
 * interface promises of any bytes at all; aborts if a promise is broken. What came
 * is told as a digest. For tests and fuzz targets, which include it.
 */
#ifndef TT_TESTS_WALK_H
#define TT_TESTS_WALK_H

#include <stdio.h>
#include <stdlib.h>

#include "tests/digest.h"

#define WALK_REQUIRE(x)                                                                            \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			fprintf(stderr, "%s:%d: broken promise: %s\n", __FILE__, __LINE__, #x);    \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Errors behind which a walk goes on. */
#define WALK_MAX_ERRORS 64

struct walk {
	struct tt_reader *r;
	uint64_t size;          /* of the (unpacked) trace, or TT_UNKNOWN */
	bool generations;       /* by generation, not by event */
	bool syncs;             /* by Sync, not by event */
	bool experimental;      /* by Sync and event of an experiment: TT_OPEN_EXPERIMENTAL */
	uint64_t digest;
	uint64_t experiments;   /* a digest of events of experiments */
	uint64_t verdict;       /* a digest without the events but Syncs */
	uint64_t items;         /* events or generations */
	uint64_t events;        /* handed out by the reader, ever */
	int64_t last_ns;        /* time of the last of them */
	unsigned nerrors;
	int outcome;            /* TT_END, or the error at which the walk gave up */
	int first_error;        /* code of the first, negated, or 0 */
};

static inline bool walk_is_placed(const struct walk *w, uint64_t offset)
{
	return offset == TT_UNKNOWN || w->size == TT_UNKNOWN || offset <= w->size;
}

static inline void walk_event(struct walk *w, const struct tt_event *ev)
{
	WALK_REQUIRE(w->events == 0 || ev->time_ns > w->last_ns);
	WALK_REQUIRE(walk_is_placed(w, ev->offset));
	WALK_REQUIRE(ev->kind > TT_KIND_BAD && ev->kind < TT_KIND_COUNT);
	WALK_REQUIRE((ev->spec == NULL) == (ev->kind == TT_KIND_SYNC));
	WALK_REQUIRE(ev->spec == NULL || ev->spec->kind == ev->kind);
	WALK_REQUIRE(ev->generation != NULL || ev->kind == TT_KIND_SYNC);
	w->last_ns = ev->time_ns;
	w->events++;
	w->digest = digest_event(w->digest, ev);
	if (ev->kind == TT_KIND_EXPERIMENTAL)
		w->experiments = digest_event(w->experiments, ev);
	if (ev->kind == TT_KIND_SYNC)
		w->verdict = digest_event(w->verdict, ev);
}

/* What both digests hold. */
static inline void walk_told(struct walk *w, uint64_t number)
{
	w->digest = digest_number(w->digest, number);
	w->verdict = digest_number(w->verdict, number);
}

/* Also of a generation that could not be read whole. */
static inline void walk_summary(struct walk *w, const struct tt_generation *g)
{
	struct tt_generation_summary s = tt_generation_summary(g);

	WALK_REQUIRE(s.nthreads <= s.nbatches);
	for (size_t i = 0; i < s.nthreads; i++)
		w->digest = digest_number(w->digest, (uint64_t)tt_generation_thread_at(g, i));
}

static inline void walk_generation(struct walk *w, const struct tt_generation *g)
{
	walk_summary(w, g);
	WALK_REQUIRE(tt_generation_offset(g) <= tt_generation_end(g));
	WALK_REQUIRE(walk_is_placed(w, tt_generation_end(g)));
	WALK_REQUIRE(tt_generation_number(g) != 0);
	w->digest = digest_generation(w->digest, g);
}

static inline void walk_findings(struct walk *w)
{
	struct tt_error found;

	while (tt_reader_finding(w->r, &found) == 0) {
		WALK_REQUIRE(tt_code_severity(found.code) == TT_SEVERITY_WARNING);
		WALK_REQUIRE(!found.system);
		WALK_REQUIRE(found.offset != TT_UNKNOWN && walk_is_placed(w, found.offset));
		WALK_REQUIRE(found.message[0] != '\0');
		walk_told(w, digest_error(0, &found));
	}
	WALK_REQUIRE(tt_reader_finding(w->r, &found) == TT_END);
}

/* Only a reader that is stuck knows threads that wait. */
static inline void walk_waiting(struct walk *w, bool stuck)
{
	struct tt_waiting t;
	size_t n = 0;

	for (; tt_reader_waiting(w->r, n, &t); n++) {
		WALK_REQUIRE(walk_is_placed(w, t.offset));
		WALK_REQUIRE(t.spec != NULL && t.why[0] != '\0');
		walk_told(w, digest_bytes(0, t.args, t.spec->nargs * sizeof(t.args[0])));
		walk_told(w, digest_cstr((uint64_t)t.thread, t.why));
	}
	WALK_REQUIRE((n != 0) == (stuck && tt_reader_version(w->r) >= 22));
}

static inline int walk_step(struct walk *w)
{
	const struct tt_generation *g;
	const struct tt_event *ev;
	int rc;

	if (w->generations) {
		rc = tt_reader_next_generation(w->r, &g);
		WALK_REQUIRE((rc == 0) == (g != NULL));
		if (rc == 0)
			walk_generation(w, g);
	} else {
		rc = w->syncs ? tt_reader_next_sync(w->r, &ev) : tt_reader_next(w->r, &ev);
		WALK_REQUIRE((rc == 0) == (ev != NULL));
		if (rc == 0)
			walk_event(w, ev);
		if (w->syncs || w->experimental)
			w->events = tt_reader_progress(w->r).events;
	}
	w->items += rc == 0;
	g = tt_reader_broken_generation(w->r);
	WALK_REQUIRE(rc < 0 || g == NULL);
	if (g != NULL)
		walk_summary(w, g);
	return rc;
}

/* Reads to an end or an error, which must stay. */
static inline int walk_on(struct walk *w)
{
	const struct tt_error *err = tt_reader_error(w->r);
	int rc;

	WALK_REQUIRE(err->code == TT_OK && err->offset == TT_UNKNOWN);
	while ((rc = walk_step(w)) == 0)
		WALK_REQUIRE(tt_reader_error(w->r)->code == TT_OK);
	walk_findings(w);
	err = tt_reader_error(w->r);
	WALK_REQUIRE(rc == TT_END ? err->code == TT_OK : err->code == -rc);
	walk_waiting(w, rc == -TT_E_STUCK);
	WALK_REQUIRE(walk_step(w) == rc);
	if (rc == TT_END)
		return rc;
	WALK_REQUIRE(err->code >= TT_E_MEMORY && err->code <= TT_E_TIME_ORDER);
	WALK_REQUIRE(err->system == (err->code < TT_E_NOT_A_TRACE));
	WALK_REQUIRE(err->message[0] != '\0');
	WALK_REQUIRE(err->event_index == w->events);
	WALK_REQUIRE(err->system || err->offset != TT_UNKNOWN);
	WALK_REQUIRE(walk_is_placed(w, err->offset));
	WALK_REQUIRE(err->batch_offset == TT_UNKNOWN || err->offset == TT_UNKNOWN ||
		     err->batch_offset <= err->offset);
	walk_told(w, digest_error(0, err));
	return rc;
}

/* Walks an open reader from where it stands, as `w` says. */
static inline void walk_as_told(struct walk *w, struct tt_reader *r, uint64_t size)
{
	uint64_t skipped;
	int rc;

	w->r = r;
	w->size = size;
	w->digest = w->verdict = w->experiments = DIGEST_START;
	for (;;) {
		w->outcome = walk_on(w);
		if (w->outcome == TT_END)
			break;
		if (w->nerrors++ == 0)
			w->first_error = w->outcome;
		if (w->nerrors == WALK_MAX_ERRORS)
			break;
		rc = tt_reader_resync(r, &skipped);
		WALK_REQUIRE(skipped <= size);
		WALK_REQUIRE(!(rc < 0) || tt_reader_error(r)->system);
		walk_told(w, skipped);
		if (rc == 0)
			continue;
		if (rc < 0)
			w->outcome = rc;
		WALK_REQUIRE(walk_step(w) == rc);
		break;
	}
	if (!w->generations)
		WALK_REQUIRE(tt_reader_progress(r).events == w->events);
	WALK_REQUIRE(walk_is_placed(w, tt_reader_progress(r).nbytes));
}

static inline void walk(struct walk *w, struct tt_reader *r, uint64_t size, bool generations)
{
	*w = (struct walk){.generations = generations};
	walk_as_told(w, r, size);
}

/* The same, by Syncs: other events are not handed out. */
static inline void walk_syncs(struct walk *w, struct tt_reader *r, uint64_t size)
{
	*w = (struct walk){.syncs = true};
	walk_as_told(w, r, size);
}

/* The same, of a reader with TT_OPEN_EXPERIMENTAL. */
static inline void walk_experiments(struct walk *w, struct tt_reader *r, uint64_t size)
{
	*w = (struct walk){.experimental = true};
	walk_as_told(w, r, size);
}

/* Whether a walk that leaves out events came to what one by events did. */
static inline bool walk_agrees(const struct walk *some, const struct walk *all)
{
	return some->outcome == all->outcome && some->nerrors == all->nerrors &&
	       some->first_error == all->first_error && some->events == all->events &&
	       some->last_ns <= all->last_ns && some->verdict == all->verdict &&
	       (some->syncs || some->experiments == all->experiments);
}

/* Walks that leave out events: they must come to what that by events did. */
static inline void walk_again_by_fewer(const struct walk *events, const void *data, size_t len,
				       const struct tt_options *opt)
{
	struct tt_options experimental = *opt;
	struct walk fewer;
	struct tt_reader *r;
	struct tt_error err;

	WALK_REQUIRE(tt_reader_open_memory(&r, data, len, opt, &err) == 0);
	walk_syncs(&fewer, r, len);
	tt_reader_close(r);
	WALK_REQUIRE(walk_agrees(&fewer, events));
	experimental.flags |= TT_OPEN_EXPERIMENTAL;
	WALK_REQUIRE(tt_reader_open_memory(&r, data, len, &experimental, &err) == 0);
	walk_experiments(&fewer, r, len);
	tt_reader_close(r);
	WALK_REQUIRE(walk_agrees(&fewer, events));
}

#endif
