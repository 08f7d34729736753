/* SPDX-License-Identifier: MIT */
/*
 * woken.h - goroutines that waited: when each was woken last, and at which place it had waited.
 * Command layer, inside stat only.
 */
#ifndef CMD_STAT_WOKEN_H
#define CMD_STAT_WOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/numbers.h"
#include "tracetool_analyze.h"

struct woken {
	struct id_map numbers;          /* of goroutines, in `at` */
	struct woken_goroutine {
		int64_t id, ns;
		uint32_t place;
	} *at;
	size_t n, cap, prune_at;
};

/* False: no memory. Those that ended are forgotten from time to time. */
bool woken_set(struct woken *w, const struct tt_spans *spans, const struct woken_goroutine *one);
/* NULL: it did not wait. */
const struct woken_goroutine *woken_find(const struct woken *w, int64_t goroutine);
/* Nobody waited. */
void woken_clear(struct woken *w);
void woken_release(struct woken *w);

#endif
