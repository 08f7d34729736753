/* SPDX-License-Identifier: MIT */
/*
 * region.c - the layout of a trace's region, the same for who writes a trace and who
 * recovers one. Stands on emit.h.
 */
#include "emit/emit.h"

#define LINE 64

static size_t multiple(size_t n, size_t of)
{
	return (n + of - 1) & ~(of - 1);
}

/* One life for each smallest chunk is more than can ever write. */
struct tt_region_plan tt_region_plan(uint64_t memory_nbytes)
{
	struct tt_region_plan p;

	p.max_lives = (uint32_t)(memory_nbytes / TT_CHUNK_SMALL);
	p.lives = multiple(sizeof(struct tt_trace), LINE);
	p.incarnations = multiple(p.lives + p.max_lives * sizeof(struct tt_life), LINE);
	p.chunks = multiple(p.incarnations + TT_NTIDS * sizeof(uint16_t), TT_CHUNK_LARGE);
	p.nbytes = p.chunks + memory_nbytes;
	return p;
}

struct tt_trace *tt_region_init(void *region, uint64_t memory_nbytes)
{
	struct tt_region_plan plan = tt_region_plan(memory_nbytes);
	struct tt_trace *t = region;
	uint8_t *base = region;

	t->head.layout = TT_REGION_LAYOUT;
	t->head.base = (uint64_t)(uintptr_t)base;
	t->head.memory_nbytes = memory_nbytes;
	t->max_lives = plan.max_lives;
	t->life_area = (struct tt_life *)(void *)(base + plan.lives);
	t->incarnations = (uint16_t *)(void *)(base + plan.incarnations);
	t->fresh = base + plan.chunks;
	t->fresh_end = t->fresh + memory_nbytes;
	t->free_nbytes = memory_nbytes;
	return t;
}
