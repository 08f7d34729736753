/* SPDX-License-Identifier: MIT */
/*
 * heap.c - malloc and its kin, each object an event of the experiment AllocFree. Only
 * in the library for --heap. Stands on heap.h.
 *
 * An allocation is told when it is done and a free before it is done: so the next
 * owner of an address comes later in time.
 */
#include "heap_types.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/types.h"

/* Addresses are told in units of this: no allocator gives less. */
#define ALIGNMENT_SHIFT 3
/* They count from so far below the end of the data segment, whose objects then have
 * short numbers. What lies lower still has a number too, modulo 2^64. */
#define BELOW_BREAK ((uintptr_t)16 << 20)
#define LOWEST_STACK 2048

static uintptr_t base;

static inline uint64_t number_of(const void *p)
{
	return ((uintptr_t)p - base) >> ALIGNMENT_SHIFT;
}

/* ------------------------------------------------------------- real functions */

static void *(*real_malloc)(size_t);
static void (*real_free)(void *);
static void *(*real_calloc)(size_t, size_t);
static void *(*real_realloc)(void *, size_t);
static void *(*real_reallocarray)(void *, size_t, size_t);
static void *(*real_memalign)(size_t, size_t);
static void *(*real_aligned_alloc)(size_t, size_t);
static int (*real_posix_memalign)(void **, size_t, size_t);
static void *(*real_valloc)(size_t);
static void *(*real_pvalloc)(size_t);

/*
 * For whoever allocates while the functions above are looked up: memory that is never
 * given back.
 */
static _Alignas(16) uint8_t first_memory[64 * 1024];
static atomic_size_t first_used;
static _Atomic bool looking;

static bool is_first(const void *p)
{
	return unlikely((uintptr_t)p - (uintptr_t)first_memory < sizeof(first_memory));
}

static void *first_alloc(size_t size)
{
	size_t want = (size + 31) & ~(size_t)15, at;

	if (want < size)
		return NULL;
	at = atomic_fetch_add(&first_used, want);
	if (at > sizeof(first_memory) || sizeof(first_memory) - at < want)
		return NULL;
	/* its size in front, for realloc */
	memcpy(first_memory + at, &size, sizeof(size));
	return first_memory + at + 16;
}

static size_t first_size(const void *p)
{
	size_t size;

	memcpy(&size, (const uint8_t *)p - 16, sizeof(size));
	return size;
}

/* False: inside of this already. */
static bool look(void)
{
	if (atomic_exchange(&looking, true))
		return false;
	preload_find("free", &real_free);
	preload_find("calloc", &real_calloc);
	preload_find("realloc", &real_realloc);
	preload_find("memalign", &real_memalign);
	preload_find("malloc", &real_malloc);
	atomic_store(&looking, false);
	return real_malloc != NULL;
}

static bool ready(void)
{
	return likely(real_malloc != NULL) || look();
}

void *preload_alloc(size_t size)
{
	return ready() ? real_malloc(size) : NULL;
}

void preload_free(void *p)
{
	real_free(p);
}

/* --------------------------------------------------------------------- telling */

static __attribute__((noinline)) void tell_alloc_slowly(void *p, size_t size, uintptr_t site)
{
	int saved = errno;
	struct tt_emit *e;

	if (p != NULL && heap_is_early)
		heap_early_add(p, size, site);
	e = p != NULL && preload_on() ? tt_emit_acquire() : NULL;
	if (e != NULL) {
		tt_emit_event2(e, TT_EV_HEAP_OBJECT_ALLOC, number_of(p), heap_type(e, site, size));
		tt_emit_release(e);
	}
	errno = saved;
}

/* Of a type that the thread's cells have: nothing here touches errno. */
static inline bool tell_alloc_again(void *p, size_t size, uintptr_t site)
{
	uint64_t tag = heap_tag(site, size);
	const struct heap_cell *cell = heap_cell(tag);

	return likely(cell->tag == tag) && likely(cell->gen != 0) &&
	       tt_emit_once2(cell->gen, TT_EV_HEAP_OBJECT_ALLOC, number_of(p), cell->id);
}

static inline void tell_alloc(void *p, size_t size, uintptr_t site)
{
	if (unlikely(p == NULL) || unlikely(heap_is_early) || !tell_alloc_again(p, size, site))
		tell_alloc_slowly(p, size, site);
}

static inline void tell_free(void *p)
{
	if (unlikely(heap_is_early))
		heap_early_remove(p);
	if (preload_on())
		tt_emit_once1(0, TT_EV_HEAP_OBJECT_FREE, number_of(p));
}

static inline bool telling(void)
{
	return preload_on() || unlikely(heap_is_early);
}

/* ------------------------------------------------------------------- functions */

EXPORT void *malloc(size_t size)
{
	void *p;

	if (!ready())
		return first_alloc(size);
	p = real_malloc(size);
	if (telling())
		tell_alloc(p, size, CALLER);
	return p;
}

EXPORT void free(void *p)
{
	if (p == NULL || is_first(p) || !ready())
		return;
	if (telling())
		tell_free(p);
	real_free(p);
}

EXPORT void *calloc(size_t n, size_t size)
{
	size_t nbytes;
	void *p;

	if (!ready())
		return __builtin_mul_overflow(n, size, &nbytes) ? NULL : first_alloc(nbytes);
	p = real_calloc(n, size);
	if (telling())
		tell_alloc(p, n * size, CALLER);
	return p;
}

static void *first_realloc(void *p, size_t size, uintptr_t site)
{
	size_t old = first_size(p);
	void *moved = ready() ? real_malloc(size) : first_alloc(size);

	if (moved != NULL)
		memcpy(moved, p, old < size ? old : size);
	if (telling() && !is_first(moved))
		tell_alloc(moved, size, site);
	return moved;
}

/*
 * The old object is told to be free before another thread can get its place. A size
 * of 0 frees it, here as in the C library; if there was no memory it lives on.
 */
static void *reallocate(void *p, size_t size, uintptr_t site)
{
	void *moved;

	if (is_first(p))
		return first_realloc(p, size, site);
	if (!ready())
		return first_alloc(size);
	if (!telling())
		return real_realloc(p, size);
	if (p != NULL)
		tell_free(p);
	moved = real_realloc(p, size);
	if (moved != NULL)
		tell_alloc(moved, size, site);
	else if (p != NULL && size != 0)
		tell_alloc(p, malloc_usable_size(p), site);
	return moved;
}

EXPORT void *realloc(void *p, size_t size)
{
	return reallocate(p, size, CALLER);
}

EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
	size_t nbytes;

	/* the real one says why not */
	if (__builtin_mul_overflow(n, size, &nbytes))
		return REAL(reallocarray)(p, n, size);
	return reallocate(p, nbytes, CALLER);
}

/* Those that are asked for an alignment: never while `looking`. */
#define ALIGNED(name, params, args, size) \
	EXPORT void *name params; \
	EXPORT void *name params \
	{ \
		void *p = REAL(name) args; \
\
		if (telling()) \
			tell_alloc(p, size, CALLER); \
		return p; \
	}

ALIGNED(memalign, (size_t alignment, size_t size), (alignment, size), size)
ALIGNED(aligned_alloc, (size_t alignment, size_t size), (alignment, size), size)
ALIGNED(valloc, (size_t size), (size), size)
ALIGNED(pvalloc, (size_t size), (size), size)

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
	int failed = REAL(posix_memalign)(p, alignment, size);

	if (failed == 0 && telling())
		tell_alloc(*p, size, CALLER);
	return failed;
}

/* -------------------------------------------------------------- the experiment */

static void tell_early(void *p, size_t size, uintptr_t site)
{
	struct tt_emit *e = tt_emit_acquire();

	if (e == NULL)
		return;
	tt_emit_event2(e, TT_EV_HEAP_OBJECT, number_of(p), heap_type(e, site, size));
	tt_emit_release(e);
}

/* The generation's callback comes before any object's event. */
void preload_heap_start(void)
{
	base = ((uintptr_t)sbrk(0) & ~(uintptr_t)4095) - BELOW_BREAK;
}

void preload_heap_started(bool traced)
{
	heap_early_end(traced ? tell_early : NULL);
}

void preload_heap_forked(void)
{
	heap_types_forked();
}

/* Each generation says how addresses are told: base, page size, alignments. */
void preload_heap_generation(struct tt_emit *e)
{
	uint8_t info[1 + 4 * HEAP_NUMBER_MAX] = { TT_TAG_ALLOC_FREE_INFO }, *p = info + 1;

	p = heap_put_number(p, base);
	p = heap_put_number(p, (uint64_t)sysconf(_SC_PAGESIZE));
	p = heap_put_number(p, UINT64_C(1) << ALIGNMENT_SHIFT);
	p = heap_put_number(p, LOWEST_STACK);
	tt_emit_batch(e, TT_EXPERIMENT_ALLOC_FREE, info, (size_t)(p - info));
}
