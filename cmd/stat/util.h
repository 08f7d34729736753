/* SPDX-License-Identifier: MIT */
/*
 * util.h - mutator utilization: which part of the processors is left to the program while
 * the collector works, as a function of time, and its minimum over all windows of a length.
 * Command layer, inside stat only. Source: Go 1.27, internal/trace/gc.go.
 */
#ifndef CMD_STAT_UTIL_H
#define CMD_STAT_UTIL_H

#include "cli/numbers.h"
#include "tracetool_analyze.h"

/* What counts as work of the collector. */
enum util_flags {
	UTIL_STW = 1 << 0,      /* pauses for the collector: no processor is left */
	UTIL_BACKGROUND = 1 << 1, /* mark workers */
	UTIL_ASSIST = 1 << 2,
	UTIL_SWEEP = 1 << 3,
	UTIL_LIKE_GO = 1 << 8,  /* with Go's quirks: see tracetool-stat(1) */
	UTIL_ENDS = 1 << 9,     /* what util_ends.h needs is kept */
};

struct util_point {
	int64_t time_ns;
	double util;            /* from now on */
};

/* A place in the function, and its integral up to there. */
struct util_place {
	size_t i;               /* the last point that is not later */
	double sum;             /* of the integral up to that point */
};

/* A search for the minimum over all windows of a length, which can go on as points come. */
struct util_search {
	int64_t window_ns;
	struct util_place left, right;
	int64_t time_ns;        /* the start of the next window */
	double minimum;
	int64_t at_ns;          /* the start of the one with the minimum */
	bool begun;
};

enum { UTIL_NSEARCHES = 3, UTIL_NMARKS = 64 };

struct util {
	unsigned flags;
	struct tt_spans *spans; /* unless UTIL_LIKE_GO; outlives this up to util_finish() */
	/* With a length: minima that are searched for while points come, so that those before
	 * can go; then util_minimum() knows these windows alone. */
	struct util_search searches[UTIL_NSEARCHES];
	struct util_sums {      /* of points that are gone */
		double busy_ns, known_ns;       /* of all processors: the collector's time, and all */
		size_t change;                  /* the latest of `changes` up to their end */
	} sums;
	/* With UTIL_ENDS: the first points, if some of them are gone. */
	struct util_point *head;
	size_t nhead, head_cap;
	bool no_memory;
	bool broken;            /* Go panics: there is no result */
	struct util_point *points;
	size_t n, cap;
	/* the processors: how many reasons each has to work for the collector */
	int *ps;
	size_t nps, ps_cap;
	size_t nbusy;           /* of them have any */
	/* how their number changed */
	struct util_change {
		int64_t time_ns;
		size_t n;
	} *changes;
	size_t nchanges, changes_cap;
	int64_t stw;            /* pauses at the moment */
	struct id_map goroutines; /* those that were seen: enum of util.c */
	uint32_t nmarked[UTIL_NMARKS]; /* of them work for the collector, by the low bits of the id */
	uint64_t nsyncs;
};

/*
 * With UTIL_LIKE_GO: pass every event to util_event(). Otherwise every one but transitions, and
 * states of goroutines to util_span(), once the event that ends them was passed to `spans`. Those
 * of goroutines that matter are watched (tt_spans_watch()), and none needs to be a brief. That costs
 * less.
 */
void util_span(struct util *u, const struct tt_span *ended);
/* Begins with zeros and `flags`. */
void util_event(struct util *u, const struct tt_event *ev);
/* An event that is not to change the function any more, but may tell how it began. */
void util_event_after(struct util *u, const struct tt_event *ev);
/* Forgets what was before this time, not later than that of the next event. */
void util_begin_at(struct util *u, int64_t time_ns);
/* There are no more events; the last one was at this time. */
void util_finish(struct util *u, int64_t end_ns);
void util_release(struct util *u);

/* Minima that differ by less than this are the same, but for rounding: the first of them counts. */
#define UTIL_SAME 1e-9
/* The longest window of `searches`. */
int64_t util_longest(const struct util *u);
/* The parts of the time for which the function is known, in nanoseconds of all processors
 * together: the collector's, and all. */
void util_sums(const struct util *u, double *collector_ns, double *all_ns);
/*
 * The minimum of the mean utilization over all windows of this length, from 0 to 1; 1 if the
 * trace does not say how many processors there are. A longer window than the trace is one
 * as long as it. NAN: there is none, Go panics.
 * *at (may be NULL) is the start of such a window.
 */
double util_minimum(struct util *u, int64_t window_ns, int64_t *at);

#endif
