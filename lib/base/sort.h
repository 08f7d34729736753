/* SPDX-License-Identifier: MIT */
/*
 * sort.h - Go's slices.SortFunc, step by step. Up to 12 elements it is stable, from
 * 13 on it is not, and which of two equal elements comes first decides the
 * order of events: any other sort would give another output. Base layer.
 */
#ifndef TT_BASE_SORT_H
#define TT_BASE_SORT_H

#include <stddef.h>
#include <stdint.h>

struct tt_keyed {
	int64_t key;
	union {
		void *item;
		size_t index;
	} of;
};

/* Sorts by growing key, in place, in O(n log n). Source: slices/zsortanyfunc.go. */
void tt_sort_like_go(struct tt_keyed *a, size_t n);

#endif
