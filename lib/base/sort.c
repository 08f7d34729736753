/* SPDX-License-Identifier: MIT */
/*
 * sort.c - pattern-defeating quicksort as Go 1.27 does it (slices/zsortanyfunc.go):
 * pdqsort, its helpers and constants. Where a step looks odd it is Go's: the
 * order of equal keys must come out the same. Base layer.
 */
#include "base/sort.h"

#include <stdbool.h>

#define INSERTION_MAX 12        /* up to so many: plain insertion sort */
#define NINTHER_MIN 50          /* from so many: medians of medians, and shifts */
#define PARTIAL_STEPS 5         /* repairs that partial insertion sort tries */
#define MAX_SWAPS 12            /* of choose_pivot: all comparisons said "greater" */

enum hint { HINT_UNKNOWN, HINT_INCREASING, HINT_DECREASING };

static void swap(struct tt_keyed *a, size_t i, size_t j)
{
	struct tt_keyed t = a[i];

	a[i] = a[j];
	a[j] = t;
}

static unsigned bit_length(size_t n)
{
	unsigned bits = 0;

	for (; n != 0; n >>= 1)
		bits++;
	return bits;
}

static void insertion_sort(struct tt_keyed *a, size_t lo, size_t hi)
{
	for (size_t i = lo + 1; i < hi; i++)
		for (size_t j = i; j > lo && a[j].key < a[j - 1].key; j--)
			swap(a, j, j - 1);
}

static void sift_down(struct tt_keyed *a, size_t root, size_t n)
{
	for (;;) {
		size_t child = 2 * root + 1;

		if (child >= n)
			return;
		if (child + 1 < n && a[child].key < a[child + 1].key)
			child++;
		if (a[root].key >= a[child].key)
			return;
		swap(a, root, child);
		root = child;
	}
}

static void heap_sort(struct tt_keyed *a, size_t n)
{
	for (size_t i = (n - 1) / 2 + 1; i-- > 0;)
		sift_down(a, i, n);
	for (size_t i = n; i-- > 0;) {
		swap(a, 0, i);
		sift_down(a, 0, i);
	}
}

/* Scatters three elements so that a pattern cannot keep making bad pivots. */
static void break_patterns(struct tt_keyed *a, size_t lo, size_t hi)
{
	size_t n = hi - lo;
	uint64_t random = n;
	size_t mask = ((size_t)1 << bit_length(n)) - 1;
	size_t first = lo + (n / 4) * 2 - 1;

	for (size_t i = 0; i < 3; i++) {
		size_t other;

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		other = (size_t)random & mask;
		if (other >= n)
			other -= n;
		swap(a, first + i, lo + other);
	}
}

/* The index of the median of three; counts how often it found them in reverse. */
static size_t median(const struct tt_keyed *a, size_t x, size_t y, size_t z, unsigned *swaps)
{
	size_t t;

	if (a[y].key < a[x].key) {
		t = x, x = y, y = t;
		++*swaps;
	}
	if (a[z].key < a[y].key) {
		y = z;
		++*swaps;
	}
	if (a[y].key < a[x].key) {
		y = x;
		++*swaps;
	}
	return y;
}

static size_t choose_pivot(const struct tt_keyed *a, size_t lo, size_t hi, enum hint *hint)
{
	size_t n = hi - lo;
	size_t i = lo + n / 4, j = lo + n / 4 * 2, k = lo + n / 4 * 3;
	unsigned swaps = 0;

	if (n >= NINTHER_MIN) {
		i = median(a, i - 1, i, i + 1, &swaps);
		j = median(a, j - 1, j, j + 1, &swaps);
		k = median(a, k - 1, k, k + 1, &swaps);
	}
	j = median(a, i, j, k, &swaps);
	*hint = swaps == 0 ? HINT_INCREASING : swaps == MAX_SWAPS ? HINT_DECREASING : HINT_UNKNOWN;
	return j;
}

static void reverse(struct tt_keyed *a, size_t lo, size_t hi)
{
	for (size_t i = lo, j = hi - 1; i < j; i++, j--)
		swap(a, i, j);
}

/* Tries to finish an almost sorted range with a few repairs; true if it did. */
static bool partial_insertion_sort(struct tt_keyed *a, size_t lo, size_t hi)
{
	size_t i = lo + 1;

	for (int step = 0; step < PARTIAL_STEPS; step++) {
		while (i < hi && a[i].key >= a[i - 1].key)
			i++;
		if (i == hi)
			return true;
		if (hi - lo < NINTHER_MIN)
			return false;
		swap(a, i, i - 1);
		if (i - lo >= 2)
			/* down to 1, not to lo + 1 */
			for (size_t j = i - 1; j >= 1 && a[j].key < a[j - 1].key; j--)
				swap(a, j, j - 1);
		if (hi - i >= 2)
			for (size_t j = i + 1; j < hi && a[j].key < a[j - 1].key; j++)
				swap(a, j, j - 1);
	}
	return false;
}

/* For a pivot equal to the element before lo: separates equal ones from greater ones. */
static size_t partition_equal(struct tt_keyed *a, size_t lo, size_t hi, size_t pivot)
{
	size_t i = lo + 1, j = hi - 1;

	swap(a, lo, pivot);
	for (;;) {
		while (i <= j && a[lo].key >= a[i].key)
			i++;
		while (i <= j && a[lo].key < a[j].key)
			j--;
		if (i > j)
			return i;
		swap(a, i, j);
		i++;
		j--;
	}
}

/* Parts less from not less; returns where the pivot came to lie. */
static size_t partition(struct tt_keyed *a, size_t lo, size_t hi, size_t pivot, bool *was_parted)
{
	size_t i = lo + 1, j = hi - 1;

	*was_parted = true;
	swap(a, lo, pivot);
	for (;;) {
		while (i <= j && a[i].key < a[lo].key)
			i++;
		while (i <= j && a[j].key >= a[lo].key)
			j--;
		if (i > j)
			break;
		*was_parted = false;
		swap(a, i, j);
		i++;
		j--;
	}
	swap(a, j, lo);
	return j;
}

static void pdqsort(struct tt_keyed *a, size_t lo, size_t hi, unsigned limit)
{
	bool balanced = true, parted = true;

	for (;;) {
		size_t n = hi - lo, pivot, mid;
		enum hint hint;

		if (n <= INSERTION_MAX) {
			insertion_sort(a, lo, hi);
			return;
		}
		if (limit == 0) {
			heap_sort(a + lo, n);
			return;
		}
		if (!balanced) {
			break_patterns(a, lo, hi);
			limit--;
		}
		pivot = choose_pivot(a, lo, hi, &hint);
		if (hint == HINT_DECREASING) {
			reverse(a, lo, hi);
			pivot = (hi - 1) - (pivot - lo);
			hint = HINT_INCREASING;
		}
		if (balanced && parted && hint == HINT_INCREASING && partial_insertion_sort(a, lo, hi))
			return;
		if (lo > 0 && a[lo - 1].key >= a[pivot].key) {
			lo = partition_equal(a, lo, hi, pivot);
			continue;
		}
		mid = partition(a, lo, hi, pivot, &parted);
		/* the smaller side by recursion, so that its depth is bounded */
		if (mid - lo < hi - mid) {
			balanced = mid - lo >= n / 8;
			pdqsort(a, lo, mid, limit);
			lo = mid + 1;
		} else {
			balanced = hi - mid >= n / 8;
			pdqsort(a, mid + 1, hi, limit);
			hi = mid;
		}
	}
}

void tt_sort_like_go(struct tt_keyed *a, size_t n)
{
	pdqsort(a, 0, n, bit_length(n));
}
