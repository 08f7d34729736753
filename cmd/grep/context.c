/* SPDX-License-Identifier: MIT */
/*
 * context.c - the time around hits. An interval is known when it ends, and its context
 * begins before it began: so a first pass collects these windows, and a second one prints
 * what is in them. Command layer.
 */
#include <stdlib.h>

#include "grep.h"

/* More than anybody reads, and few megabytes. */
enum { MAX_WINDOWS = 1 << 18 };

static int compare(const void *a, const void *b)
{
	const struct grep_window *x = a, *y = b;

	return x->start_ns < y->start_ns ? -1 : x->start_ns > y->start_ns;
}

/* Sorts them, and makes one of those that touch. */
static void merge(struct grep_windows *w)
{
	size_t n = 0;

	if (w->n == 0)
		return;
	qsort(w->at, w->n, sizeof(*w->at), compare);
	for (size_t i = 1; i < w->n; i++) {
		if (w->at[i].start_ns > w->at[n].end_ns)
			w->at[++n] = w->at[i];
		else if (w->at[i].end_ns > w->at[n].end_ns)
			w->at[n].end_ns = w->at[i].end_ns;
	}
	w->n = n + 1;
}

static bool make_room(struct grep_windows *w)
{
	size_t cap = w->cap ? 2 * w->cap : 64;
	struct grep_window *larger;

	if (w->n < w->cap)
		return true;
	if (w->cap >= MAX_WINDOWS) {
		merge(w);
		return w->n <= MAX_WINDOWS / 2;
	}
	larger = realloc(w->at, cap * sizeof(*larger));
	if (!larger)
		return false;
	w->at = larger;
	w->cap = cap;
	return true;
}

static void add(struct grep_windows *w, int64_t start_ns, int64_t end_ns)
{
	if (w->n > 0 && start_ns >= w->at[w->n - 1].start_ns && start_ns <= w->at[w->n - 1].end_ns) {
		if (end_ns > w->at[w->n - 1].end_ns)
			w->at[w->n - 1].end_ns = end_ns;
		return;
	}
	if (!make_room(w)) {
		w->failed = true;
		return;
	}
	w->at[w->n++] = (struct grep_window){ start_ns, end_ns };
}

static int64_t plus(int64_t a, int64_t b)
{
	int64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

void grep_windows_add(struct grep_windows *w, const struct grep_options *opt, int64_t start_ns,
		      int64_t end_ns)
{
	int64_t from = plus(start_ns, -opt->before_ns), to = plus(end_ns, opt->after_ns);

	/* what lies within a long interval is not around it */
	if (end_ns != start_ns) {
		add(w, from, start_ns);
		add(w, end_ns, to);
	} else {
		add(w, from, to);
	}
}

void grep_windows_complete(struct grep_windows *w)
{
	merge(w);
	w->next = 0;
}

bool grep_windows_have(struct grep_windows *w, int64_t ns)
{
	while (w->next < w->n && w->at[w->next].end_ns < ns)
		w->next++;
	return w->next < w->n && w->at[w->next].start_ns <= ns;
}

bool grep_windows_over(const struct grep_windows *w)
{
	return w->next == w->n;
}
