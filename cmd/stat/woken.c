/* SPDX-License-Identifier: MIT */
/* woken.c - goroutines that waited, and when they were woken. Command layer. */
#include "woken.h"

#include <stdlib.h>
#include <string.h>

/* Forgets those that ended. */
static bool prune(struct woken *w, const struct tt_spans *spans)
{
	struct tt_span life;
	size_t n = 0;
	bool fine = true;

	id_map_release(&w->numbers);
	for (size_t i = 0; i < w->n; i++) {
		if (!tt_spans_open(spans, TT_SPAN_LIFE, w->at[i].id, 0, &life))
			continue;
		w->at[n] = w->at[i];
		fine &= id_map_set(&w->numbers, (uint64_t)w->at[n].id, (uint32_t)n);
		n++;
	}
	w->n = n;
	w->prune_at = 2 * n + 1024;
	return fine;
}

bool woken_set(struct woken *w, const struct tt_spans *spans, const struct woken_goroutine *one)
{
	uint32_t i = id_map_find(&w->numbers, (uint64_t)one->id);

	if (i == NUMBER_NONE) {
		if (w->n >= w->prune_at && !prune(w, spans))
			return false;
		i = (uint32_t)w->n;
		if (!array_room(&w->at, &w->cap, w->n + 1, sizeof(*w->at)) ||
		    !id_map_set(&w->numbers, (uint64_t)one->id, i))
			return false;
		w->n++;
	}
	w->at[i] = *one;
	return true;
}

const struct woken_goroutine *woken_find(const struct woken *w, int64_t goroutine)
{
	uint32_t i = id_map_find(&w->numbers, (uint64_t)goroutine);

	return i == NUMBER_NONE ? NULL : &w->at[i];
}

void woken_clear(struct woken *w)
{
	id_map_release(&w->numbers);
	w->n = 0;
}

void woken_release(struct woken *w)
{
	id_map_release(&w->numbers);
	free(w->at);
	memset(w, 0, sizeof(*w));
}
