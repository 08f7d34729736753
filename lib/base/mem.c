/* SPDX-License-Identifier: MIT */
/* mem.c - memory that counts against a limit. Base layer. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tracetool.h"

static bool reclaim(struct tt_mem *mem)
{
	return mem->reclaim != NULL && mem->reclaim(mem->reclaim_arg);
}

static bool charge(struct tt_mem *mem, size_t size)
{
	do {
		mem->over = mem->limit_nbytes != 0 && size > mem->limit_nbytes - mem->used_nbytes;
	} while (mem->over && reclaim(mem));
	if (mem->over)
		return false;
	mem->used_nbytes += size;
	return true;
}

void *tt_mem_alloc(struct tt_mem *mem, size_t size)
{
	return tt_mem_realloc(mem, NULL, 0, size);
}

void *tt_mem_zalloc(struct tt_mem *mem, size_t n, size_t size)
{
	size_t nbytes;
	void *p;

	if (__builtin_mul_overflow(n, size, &nbytes)) {
		mem->over = true;
		return NULL;
	}
	p = tt_mem_alloc(mem, nbytes);
	if (p != NULL)
		memset(p, 0, nbytes);
	return p;
}

void *tt_mem_realloc(struct tt_mem *mem, void *p, size_t old_size, size_t new_size)
{
	void *q;

	if (new_size == 0 || (new_size > old_size && !charge(mem, new_size - old_size)))
		return NULL;
	do {
		q = realloc(p, new_size);
	} while (q == NULL && reclaim(mem));
	if (q == NULL) {
		if (new_size > old_size)
			mem->used_nbytes -= new_size - old_size;
		return NULL;
	}
	if (new_size < old_size)
		mem->used_nbytes -= old_size - new_size;
	return q;
}

bool tt_mem_move(struct tt_mem *to, struct tt_mem *from, size_t size)
{
	if (!charge(to, size))
		return false;
	from->used_nbytes -= size;
	return true;
}

void tt_mem_free(struct tt_mem *mem, void *p, size_t size)
{
	if (p == NULL)
		return;
	mem->used_nbytes -= size;
	free(p);
}

#ifdef TT_MEM_WATCHED
void *tt_mem_alloc_pages(struct tt_mem *mem, size_t size)
{
	return tt_mem_alloc(mem, size);
}

void tt_mem_free_pages(struct tt_mem *mem, void *p, size_t size)
{
	tt_mem_free(mem, p, size);
}
#else
/* Of the usual large pages; elsewhere it only costs address space. */
#define LARGE_PAGE ((size_t)2 << 20)

static size_t round_up(size_t size)
{
	return (size + LARGE_PAGE - 1) & ~(LARGE_PAGE - 1);
}

/* A mapping that begins at a large page: one that is too long, cut at both ends. */
static void *map_large(size_t size)
{
	size_t nbytes = size + LARGE_PAGE;
	uint8_t *p = mmap(NULL, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t lead;

	if (p == MAP_FAILED)
		return NULL;
	lead = -(uintptr_t)p & (LARGE_PAGE - 1);
	if (lead != 0)
		munmap(p, lead);
	if (lead != LARGE_PAGE)
		munmap(p + lead + size, LARGE_PAGE - lead);
	madvise(p + lead, size, MADV_HUGEPAGE);
	return p + lead;
}

void *tt_mem_alloc_pages(struct tt_mem *mem, size_t size)
{
	void *p;

	if (size == 0 || size > SIZE_MAX / 2 || !charge(mem, size))
		return NULL;
	do {
		p = map_large(round_up(size));
	} while (p == NULL && reclaim(mem));
	if (p == NULL)
		mem->used_nbytes -= size;
	return p;
}

void tt_mem_free_pages(struct tt_mem *mem, void *p, size_t size)
{
	if (p == NULL)
		return;
	mem->used_nbytes -= size;
	munmap(p, round_up(size));
}
#endif

bool tt_mem_grow(struct tt_mem *mem, void *array, size_t *cap, size_t want, size_t elem_size)
{
	size_t room = *cap + *cap / 2 + 16;
	size_t nbytes;
	void *old, *p;

	if (want <= *cap)
		return true;
	if (room < want)
		room = want;
	if (__builtin_mul_overflow(room, elem_size, &nbytes)) {
		mem->over = true;
		return false;
	}
	/* by memcpy: the pointer at `array` is not a void pointer */
	memcpy(&old, array, sizeof(old));
	p = tt_mem_realloc(mem, old, *cap * elem_size, nbytes);
	if (p == NULL)
		return false;
	memcpy(array, &p, sizeof(p));
	*cap = room;
	return true;
}

int tt_mem_code(const struct tt_mem *mem)
{
	return mem->over ? TT_E_LIMIT : TT_E_MEMORY;
}
