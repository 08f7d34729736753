/* SPDX-License-Identifier: MIT */
/*
 * noheap.c - in place of heap.c where the heap is not traced: the program's calls of malloc
 * go straight to the C library. Stands on preload.h.
 */
#include "preload.h"

#include <stdlib.h>

void preload_heap_start(void)
{
}

void preload_heap_started(bool traced)
{
	(void)traced;
}

void preload_heap_forked(void)
{
}

void preload_heap_generation(struct tt_emit *e)
{
	(void)e;
}

void *preload_alloc(size_t size)
{
	return malloc(size);
}

void preload_free(void *p)
{
	free(p);
}
