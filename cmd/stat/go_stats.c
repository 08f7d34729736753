/* SPDX-License-Identifier: MIT */
/* go_stats.c - the sums of a goroutine or region, as Go's GoroutineExecStats. Command layer. */
#include <stdlib.h>
#include <string.h>

#include "go.h"

struct go_sum *go_sums_find(const struct go_sums *sums, uint32_t name)
{
	for (size_t i = 0; i < sums->n; i++) {
		if (sums->at[i].name == name)
			return &sums->at[i];
	}
	return NULL;
}

bool go_sums_add(struct go_sums *sums, uint32_t name, int64_t ns)
{
	struct go_sum *sum = go_sums_find(sums, name);

	if (!sum) {
		if (!array_room(&sums->at, &sums->cap, sums->n + 1, sizeof(*sums->at)))
			return false;
		sum = &sums->at[sums->n++];
		*sum = (struct go_sum){ name, 0 };
	}
	sum->ns += ns;
	return true;
}

static bool copy_sums(struct go_sums *out, const struct go_sums *in)
{
	*out = (struct go_sums){ 0 };
	if (in->n == 0)
		return true;
	if (!array_room(&out->at, &out->cap, in->n, sizeof(*out->at)))
		return false;
	memcpy(out->at, in->at, in->n * sizeof(*in->at));
	out->n = in->n;
	return true;
}

bool go_stats_snapshot(const struct go_goroutine *g, int64_t now, struct go_stats *out)
{
	bool fine;

	*out = g->stats;
	fine = copy_sums(&out->blocks, &g->stats.blocks);
	fine = copy_sums(&out->ranges, &g->stats.ranges) && fine;
	if (!fine)
		return false;
	if (out->total == 0)
		out->total = now - g->creation;
	if (g->last_start != 0)
		out->exec += now - g->last_start;
	if (g->last_runnable != 0)
		out->sched += now - g->last_runnable;
	if (g->last_block != 0)
		fine = go_sums_add(&out->blocks, g->last_reason, now - g->last_block);
	if (g->last_syscall != 0)
		out->syscall += now - g->last_syscall;
	/* (Go counts this time twice, and under this name) */
	if (g->last_syscall_block != 0)
		out->sched += now - g->last_syscall_block;
	for (size_t i = 0; fine && i < g->last_ranges.n; i++)
		fine = go_sums_add(&out->ranges, g->last_ranges.at[i].name,
				   now - g->last_ranges.at[i].ns);
	return fine;
}

static void subtract_sums(struct go_sums *sums, const struct go_sums *base)
{
	for (size_t i = 0; i < sums->n; i++) {
		const struct go_sum *of = go_sums_find(base, sums->at[i].name);

		sums->at[i].ns -= of ? of->ns : 0;
	}
}

void go_stats_subtract(struct go_stats *stats, const struct go_stats *base)
{
	stats->exec -= base->exec;
	stats->sched -= base->sched;
	stats->syscall -= base->syscall;
	stats->syscall_block -= base->syscall_block;
	stats->total -= base->total;
	subtract_sums(&stats->blocks, &base->blocks);
	subtract_sums(&stats->ranges, &base->ranges);
}

int64_t go_stats_unknown(const struct go_stats *stats)
{
	int64_t sum = stats->exec + stats->sched + stats->syscall + stats->syscall_block;

	for (size_t i = 0; i < stats->blocks.n; i++)
		sum += stats->blocks.at[i].ns;
	return sum < stats->total ? stats->total - sum : 0;
}

void go_stats_release(struct go_stats *stats)
{
	free(stats->blocks.at);
	free(stats->ranges.at);
	memset(stats, 0, sizeof(*stats));
}

/* ---- of a summary */

uint32_t go_number_of(struct go_summary *s, struct tt_str text)
{
	uint32_t number = texts_number(&s->texts, text);

	if (number == NUMBER_NONE) {
		s->no_memory = true;
		return 0;
	}
	return number;
}

struct go_goroutine *go_goroutine_of(const struct go_summary *s, int64_t id)
{
	uint32_t i = id_map_find(&s->goroutine_ids, (uint64_t)id);

	return i == NUMBER_NONE ? NULL : &s->goroutines[i];
}

void go_add_sum(struct go_summary *s, struct go_sums *sums, uint32_t name, int64_t ns)
{
	s->no_memory |= !go_sums_add(sums, name, ns);
}
