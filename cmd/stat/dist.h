/* SPDX-License-Identifier: MIT */
/*
 * dist.h - durations as a distribution: how many, their sum, the shortest, the longest and
 * where it was, and percentiles. Two of them can be merged, and the result is that of all
 * durations added to one. Command layer, inside stat only.
 *
 * A few durations are kept as they are. More are counted in buckets, 64 for each power of
 * two: a percentile is then at most 1.6 % too high, and never above the longest.
 */
#ifndef CMD_STAT_DIST_H
#define CMD_STAT_DIST_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DIST_FEW = 16,          /* so many are kept as they are */
	DIST_STEP_BITS = 6,
	DIST_STEPS = 1 << DIST_STEP_BITS,
	DIST_NBUCKETS = (64 - DIST_STEP_BITS) * DIST_STEPS,
};

struct dist {
	uint64_t n;
	uint64_t sum_ns;
	int64_t min_ns, max_ns; /* 0 if n is 0 */
	int64_t max_at_ns;      /* when the longest began, on the trace's clock */
	int64_t max_id;         /* whose it was: a goroutine, a processor; or -1 */
	/* n <= DIST_FEW: the durations in any order; else the counts of buckets `first` on */
	uint64_t *at;
	uint32_t first, nbuckets;
};

/* The bucket of a duration: durations of less than two steps have one each, and of longer ones
 * the bits after the first count. */
static inline uint32_t dist_bucket(int64_t ns)
{
	uint64_t v = ns < 0 ? 0 : (uint64_t)ns;
	/* (63 ^ n is 63 - n in one instruction less) */
	unsigned shift = (63 ^ (unsigned)__builtin_clzll(v | DIST_STEPS)) - DIST_STEP_BITS;

	return (uint32_t)(shift * DIST_STEPS + (v >> shift));
}

struct dist_item {
	int64_t ns, at_ns, id;
};

/* False: no memory. */
bool dist_add(struct dist *d, const struct dist_item *item);
bool dist_add_elsewhere(struct dist *d, int64_t ns, int64_t at_ns, int64_t id);
/* The same for callers with very many; ns is not negative. */
static inline bool dist_add_at(struct dist *d, int64_t ns, int64_t at_ns, int64_t id)
{
	uint32_t place = dist_bucket(ns) - d->first;

	/* nearly all are of buckets that are counted already, and none is the longest */
	if (place >= d->nbuckets || ns >= d->max_ns)
		return dist_add_elsewhere(d, ns, at_ns, id);
	d->at[place]++;
	d->n++;
	d->sum_ns += (uint64_t)ns;
	if (ns < d->min_ns)
		d->min_ns = ns;
	return true;
}
/* Adds those of `from`. False: no memory. */
bool dist_merge(struct dist *d, const struct dist *from);
/* The shortest duration such that this part of all (0 to 1) is not longer; 0 if there is none. */
int64_t dist_quantile(const struct dist *d, double part);
static inline int64_t dist_mean(const struct dist *d)
{
	return d->n == 0 ? 0 : (int64_t)(d->sum_ns / d->n);
}
void dist_release(struct dist *d);

/* ---- buckets, for histograms and for files */

/* The shortest duration of a bucket. */
int64_t dist_bucket_start(uint32_t bucket);
/* How many durations of d are in a bucket, which may be one of few. */
uint64_t dist_bucket_count(const struct dist *d, uint32_t bucket);
/* Adds durations of a bucket to the counts alone. False: no memory. */
bool dist_add_bucket(struct dist *d, uint32_t bucket, uint64_t count);

#endif
