/* SPDX-License-Identifier: MIT */
/*
 * heap.h - types of heap objects: where they were allocated, and of which size class.
 * Inside the preloaded library for --heap. Stands on preload.h.
 */
#ifndef CMD_PRELOAD_HEAP_H
#define CMD_PRELOAD_HEAP_H

#include "preload.h"

/*
 * The number of a type in the section's generation, in whose types batch it stands from
 * the first time that it is asked for; 0 if there is no room for it. Any time.
 */
uint64_t heap_type(struct tt_emit *e, uintptr_t site, size_t size);

/* Objects that were there before tracing began, as far as they are few. */
void heap_early_add(void *p, size_t size, uintptr_t site);
void heap_early_remove(const void *p);
/* Tracing begins: hands each out once. */
void heap_early_end(void (*object)(void *p, size_t size, uintptr_t site));
/* Tracing has not begun yet. */
extern _Atomic bool heap_is_early;

#endif
