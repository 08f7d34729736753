/* SPDX-License-Identifier: MIT */
/*
 * heap.c - malloc and its kin, each object an event of the experiment AllocFree. Only
 * in the library for --heap. Stands on heap_types.h.
 *
 * Allocations are reported after they happen and frees before, so that an address's next
 * owner always has a later timestamp.
 */
#include "heap_types.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/types.h"

/* The unit of addresses in events, 2^3 bytes: no allocator gives less. */
#define ALIGNMENT_SHIFT 3
/*
 * They are counted from this far below the end of the data segment, so that its objects have
 * short numbers. What lies even lower has a number too, modulo 2^64.
 */
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

/* For allocations while the functions above are looked up; never given back. */
static _Alignas(16) uint8_t bootstrap_memory[64 * 1024];
static atomic_size_t bootstrap_used;
static _Atomic bool finding;

static bool is_bootstrap(const void *p)
{
	return unlikely((uintptr_t)p - (uintptr_t)bootstrap_memory < sizeof(bootstrap_memory));
}

static void *bootstrap_alloc(size_t size)
{
	size_t want = (size + 31) & ~(size_t)15, at;

	if (want < size)
		return NULL;
	at = atomic_fetch_add(&bootstrap_used, want);
	if (at > sizeof(bootstrap_memory) || sizeof(bootstrap_memory) - at < want)
		return NULL;
	/* its size in front, for realloc */
	memcpy(bootstrap_memory + at, &size, sizeof(size));
	return bootstrap_memory + at + 16;
}

/* False: called while it runs, or nothing found. */
static bool find_real(void)
{
	if (atomic_exchange(&finding, true))
		return false;
	preload_find("free", &real_free);
	preload_find("calloc", &real_calloc);
	preload_find("realloc", &real_realloc);
	preload_find("memalign", &real_memalign);
	preload_find("malloc", &real_malloc);
	atomic_store(&finding, false);
	return real_malloc != NULL;
}

static bool ready(void)
{
	return likely(real_malloc != NULL) || find_real();
}

void *preload_alloc(size_t size)
{
	return ready() ? real_malloc(size) : NULL;
}

void preload_free(void *p)
{
	real_free(p);
}

/* ------------------------------------------------------------------- reporting */

static __attribute__((noinline)) void report_alloc_slowly(void *p, size_t size, uintptr_t site)
{
	int saved = errno;
	struct tt_emit *e;

	if (p != NULL && heap_before_trace)
		heap_preexisting_add(p, size, site);
	e = p != NULL && preload_on() ? tt_emit_acquire() : NULL;
	if (e != NULL) {
		tt_emit_event2(e, TT_EV_HEAP_OBJECT_ALLOC, number_of(p), heap_type(e, site, size));
		tt_emit_release(e);
	}
	errno = saved;
}

/* False: the type is in none of the thread's cells. Nothing here touches errno. */
static inline bool report_known_alloc(void *p, size_t size, uintptr_t site)
{
	uint64_t tag = heap_tag(site, size);
	const struct heap_cell *cell = heap_cell(tag);

	return likely(cell->tag == tag) && likely(cell->gen != 0) &&
	       tt_emit_once2(cell->gen, TT_EV_HEAP_OBJECT_ALLOC, number_of(p), cell->id);
}

static inline void report_alloc(void *p, size_t size, uintptr_t site)
{
	if (unlikely(p == NULL) || unlikely(heap_before_trace) ||
	    !report_known_alloc(p, size, site))
		report_alloc_slowly(p, size, site);
}

static inline void report_free(void *p)
{
	if (unlikely(heap_before_trace))
		heap_preexisting_remove(p);
	if (preload_on())
		tt_emit_once1(0, TT_EV_HEAP_OBJECT_FREE, number_of(p));
}

static inline bool reporting(void)
{
	return preload_on() || unlikely(heap_before_trace);
}

/* ------------------------------------------------------------------- functions */

EXPORT void *malloc(size_t size)
{
	void *p;

	if (!ready())
		return bootstrap_alloc(size);
	p = real_malloc(size);
	if (reporting())
		report_alloc(p, size, CALLER);
	return p;
}

EXPORT void free(void *p)
{
	if (p == NULL || is_bootstrap(p) || !ready())
		return;
	if (reporting())
		report_free(p);
	real_free(p);
}

EXPORT void *calloc(size_t n, size_t size)
{
	size_t nbytes;
	void *p;

	if (!ready())
		return __builtin_mul_overflow(n, size, &nbytes) ? NULL : bootstrap_alloc(nbytes);
	p = real_calloc(n, size);
	if (reporting())
		report_alloc(p, n * size, CALLER);
	return p;
}

static void *bootstrap_realloc(void *p, size_t size, uintptr_t site)
{
	void *moved = ready() ? real_malloc(size) : bootstrap_alloc(size);
	size_t old;

	memcpy(&old, (const uint8_t *)p - 16, sizeof(old));
	if (moved != NULL)
		memcpy(moved, p, old < size ? old : size);
	if (reporting() && !is_bootstrap(moved))
		report_alloc(moved, size, site);
	return moved;
}

/*
 * The old object is reported as free before another thread can get its place. A size of 0
 * frees it, here as in the C library; if there was no memory it stays allocated.
 */
static void *reallocate(void *p, size_t size, uintptr_t site)
{
	void *moved;

	if (is_bootstrap(p))
		return bootstrap_realloc(p, size, site);
	if (!ready())
		return bootstrap_alloc(size);
	if (!reporting())
		return real_realloc(p, size);
	if (p != NULL)
		report_free(p);
	moved = real_realloc(p, size);
	if (moved != NULL)
		report_alloc(moved, size, site);
	else if (p != NULL && size != 0)
		report_alloc(p, malloc_usable_size(p), site);
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

/* Functions with an alignment: never called while `finding`. */
#define ALIGNED(name, params, args, size) \
	EXPORT void *name params; \
	EXPORT void *name params \
	{ \
		void *p = REAL(name) args; \
\
		if (reporting()) \
			report_alloc(p, size, CALLER); \
		return p; \
	}

ALIGNED(memalign, (size_t alignment, size_t size), (alignment, size), size)
ALIGNED(aligned_alloc, (size_t alignment, size_t size), (alignment, size), size)
ALIGNED(valloc, (size_t size), (size), size)
ALIGNED(pvalloc, (size_t size), (size), size)

EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
	int failed = REAL(posix_memalign)(p, alignment, size);

	if (failed == 0 && reporting())
		report_alloc(*p, size, CALLER);
	return failed;
}

/* -------------------------------------------------------------- the experiment */

static void report_preexisting(void *p, size_t size, uintptr_t site)
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
	heap_preexisting_end(traced ? report_preexisting : NULL);
}

void preload_heap_forked(void)
{
	heap_types_forked();
}

/* What a reader needs to turn numbers into addresses: base, page size, alignments. */
void preload_heap_generation(struct tt_emit *e)
{
	uint8_t info[1 + 4 * HEAP_NUMBER_MAX] = { TT_TAG_ALLOC_FREE_INFO }, *p = info + 1;

	p = heap_put_number(p, base);
	p = heap_put_number(p, (uint64_t)sysconf(_SC_PAGESIZE));
	p = heap_put_number(p, UINT64_C(1) << ALIGNMENT_SHIFT);
	p = heap_put_number(p, LOWEST_STACK);
	tt_emit_batch(e, TT_EXPERIMENT_ALLOC_FREE, info, (size_t)(p - info));
}
