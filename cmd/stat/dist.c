/* SPDX-License-Identifier: MIT */
/* dist.c - durations as a distribution. Command layer. */
#include "dist.h"

#include <stdlib.h>
#include <string.h>

int64_t dist_bucket_start(uint32_t bucket)
{
	unsigned shift;

	if (bucket < 2 * DIST_STEPS)
		return bucket;
	shift = bucket / DIST_STEPS - 1;
	return (int64_t)((uint64_t)(bucket % DIST_STEPS + DIST_STEPS) << shift);
}

/* The longest duration of a bucket. */
static int64_t bucket_end(uint32_t bucket)
{
	return bucket + 1 < DIST_NBUCKETS ? dist_bucket_start(bucket + 1) - 1 : INT64_MAX;
}

/* Makes `bucket` one of those that are counted. */
static bool widen(struct dist *d, uint32_t bucket)
{
	uint32_t first = d->nbuckets == 0 || bucket < d->first ? bucket : d->first;
	uint32_t end = d->first + d->nbuckets, n;
	uint64_t *grown;

	if (d->nbuckets == 0 || bucket >= end)
		end = bucket + 1;
	/* by whole powers of two, or it would grow all the time */
	first -= first % DIST_STEPS;
	end += (DIST_STEPS - end % DIST_STEPS) % DIST_STEPS;
	n = end - first;
	grown = calloc(n, sizeof(*grown));
	if (!grown)
		return false;
	if (d->nbuckets > 0)
		memcpy(grown + (d->first - first), d->at, d->nbuckets * sizeof(*grown));
	free(d->at);
	d->at = grown;
	d->first = first;
	d->nbuckets = n;
	return true;
}

bool dist_add_bucket(struct dist *d, uint32_t bucket, uint64_t count)
{
	if (bucket - d->first >= d->nbuckets && !widen(d, bucket))
		return false;
	d->at[bucket - d->first] += count;
	return true;
}

/* From durations that are kept to buckets that are counted. */
static bool begin_buckets(struct dist *d)
{
	uint64_t *few = d->at;

	d->at = NULL;
	for (uint64_t i = 0; i < d->n; i++) {
		if (!dist_add_bucket(d, dist_bucket((int64_t)few[i]), 1)) {
			free(d->at);
			d->at = few;
			d->nbuckets = 0;
			return false;
		}
	}
	free(few);
	return true;
}

static bool add_value(struct dist *d, int64_t ns)
{
	if (d->n < DIST_FEW && d->nbuckets == 0) {
		if (!d->at)
			d->at = calloc(DIST_FEW, sizeof(*d->at));
		if (d->at)
			d->at[d->n] = (uint64_t)ns;
		return d->at != NULL;
	}
	if (d->nbuckets == 0 && !begin_buckets(d))
		return false;
	return dist_add_bucket(d, dist_bucket(ns), 1);
}

/* Of equally long ones the first counts, whatever the order is in which they are added. */
static bool is_longer(const struct dist_item *item, const struct dist *d)
{
	if (d->n == 0 || item->ns != d->max_ns)
		return d->n == 0 || item->ns > d->max_ns;
	return item->at_ns != d->max_at_ns ? item->at_ns < d->max_at_ns : item->id < d->max_id;
}

static void set_extremes(struct dist *d, int64_t min_ns, const struct dist_item *longest)
{
	if (d->n == 0 || min_ns < d->min_ns)
		d->min_ns = min_ns;
	if (is_longer(longest, d)) {
		d->max_ns = longest->ns;
		d->max_at_ns = longest->at_ns;
		d->max_id = longest->id;
	}
}

bool dist_add(struct dist *d, const struct dist_item *item)
{
	const struct dist_item of = { item->ns < 0 ? 0 : item->ns, item->at_ns, item->id };
	uint32_t place = dist_bucket(of.ns) - d->first;

	if (place < d->nbuckets)
		d->at[place]++;
	else if (!add_value(d, of.ns))
		return false;
	set_extremes(d, of.ns, &of);
	d->n++;
	d->sum_ns += (uint64_t)of.ns;
	return true;
}

bool dist_add_elsewhere(struct dist *d, int64_t ns, int64_t at_ns, int64_t id)
{
	return dist_add(d, &(struct dist_item){ ns, at_ns, id });
}

static bool merge_buckets(struct dist *d, const struct dist *from)
{
	if (d->nbuckets == 0 && !begin_buckets(d))
		return false;
	for (uint32_t i = 0; i < from->nbuckets; i++) {
		if (from->at[i] > 0 && !dist_add_bucket(d, from->first + i, from->at[i]))
			return false;
	}
	return true;
}

bool dist_merge(struct dist *d, const struct dist *from)
{
	const struct dist_item longest = { from->max_ns, from->max_at_ns, from->max_id };
	struct dist values = *d;
	bool fine = true;

	if (from->n == 0)
		return true;
	if (from->nbuckets > 0) {
		fine = merge_buckets(d, from);
	} else {
		for (uint64_t i = 0; fine && i < from->n; i++) {
			fine = add_value(&values, (int64_t)from->at[i]);
			values.n++;
		}
		values.n = d->n;
		*d = values;
	}
	if (!fine)
		return false;
	set_extremes(d, from->min_ns, &longest);
	d->n += from->n;
	d->sum_ns += from->sum_ns;
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The rank-th of all, from 1, where few are kept. */
static int64_t few_at(const struct dist *d, uint64_t rank)
{
	uint64_t sorted[DIST_FEW];

	memcpy(sorted, d->at, d->n * sizeof(*sorted));
	qsort(sorted, d->n, sizeof(*sorted), by_value);
	return (int64_t)sorted[rank - 1];
}

int64_t dist_quantile(const struct dist *d, double part)
{
	double exact = part * (double)d->n;
	uint64_t rank = (uint64_t)exact, seen = 0;
	int64_t ns;
	uint32_t i = 0;

	if (d->n == 0)
		return 0;
	rank += (double)rank < exact;
	rank = rank < 1 ? 1 : rank > d->n ? d->n : rank;
	if (d->nbuckets == 0)
		return few_at(d, rank);
	for (; i < d->nbuckets; i++) {
		seen += d->at[i];
		if (seen >= rank)
			break;
	}
	ns = bucket_end(d->first + i);
	return ns < d->min_ns ? d->min_ns : ns > d->max_ns ? d->max_ns : ns;
}

uint64_t dist_bucket_count(const struct dist *d, uint32_t bucket)
{
	uint64_t n = 0;

	if (d->nbuckets > 0)
		return bucket - d->first < d->nbuckets ? d->at[bucket - d->first] : 0;
	for (uint64_t i = 0; i < d->n; i++)
		n += dist_bucket((int64_t)d->at[i]) == bucket;
	return n;
}

void dist_release(struct dist *d)
{
	free(d->at);
	*d = (struct dist){ 0 };
}
