/* SPDX-License-Identifier: MIT */
/*
 * region.c - the layout of a trace's region, the same for writing a trace and for
 * recovering one. Stands on region.h.
 */
#include "emit/region.h"

#include <errno.h>
#include <sys/mman.h>

/* Of Linux 5.14. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
#define PAGE 4096
#define CACHE_LINE 64

static uint64_t multiple(uint64_t n, uint64_t of)
{
	return (n + of - 1) & ~(of - 1);
}

/* One thread for each smallest chunk is more than can ever write. */
struct tt_em_region_plan tt_em_region_plan(uint64_t memory_nbytes)
{
	struct tt_em_region_plan p;

	p.max_threads = (uint32_t)(memory_nbytes / TT_EM_CHUNK_SMALL);
	p.threads = multiple(sizeof(struct tt_em_trace), CACHE_LINE);
	p.chunks = multiple(p.threads + (uint64_t)p.max_threads * sizeof(struct tt_em_thread),
			    TT_EM_CHUNK_LARGE);
	p.nbytes = p.chunks + memory_nbytes;
	return p;
}

void *tt_em_map_zeros(uint64_t nbytes)
{
	void *map;

	if (nbytes > PTRDIFF_MAX)
		return NULL;
	map = mmap(NULL, (size_t)nbytes, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return map != MAP_FAILED ? map : NULL;
}

bool tt_em_region_populate(const uint8_t *from, const uint8_t *to)
{
	uintptr_t start = (uintptr_t)from & ~(uintptr_t)(PAGE - 1);
	int saved = errno, failed;

	do {
		failed = madvise((void *)start, (uintptr_t)to - start, MADV_POPULATE_WRITE) != 0
				 ? errno
				 : 0;
	} while (failed == EINTR || failed == EAGAIN);
	errno = saved;
	/* an older kernel cannot say */
	return failed == 0 || failed == EINVAL;
}

struct tt_em_trace *tt_em_region_init(void *region, uint64_t memory_nbytes)
{
	struct tt_em_region_plan plan = tt_em_region_plan(memory_nbytes);
	struct tt_em_trace *t = region;
	uint8_t *base = region;

	t->head.layout = TT_EM_REGION_LAYOUT;
	t->head.base = (uint64_t)(uintptr_t)base;
	t->head.memory_nbytes = memory_nbytes;
	t->max_threads = plan.max_threads;
	t->thread_area = (struct tt_em_thread *)(void *)(base + plan.threads);
	t->fresh = base + plan.chunks;
	t->fresh_end = t->fresh + memory_nbytes;
	t->free_nbytes = memory_nbytes;
	return t;
}
