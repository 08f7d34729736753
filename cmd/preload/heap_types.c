/* SPDX-License-Identifier: MIT */
/*
 * heap_types.c - the types of heap objects and those objects that are older than the
 * trace. Types take no lock, since any malloc may ask for one. Stands on heap_types.h.
 *
 * A types batch has, for each type: number, address of the site, size, pointer bytes,
 * length of the name, name. The name is left to the recorder, outside the program.
 */
#include "heap_types.h"

#include <stdatomic.h>
#include <string.h>

#include "spec/types.h"

#define MAX_TYPES (1 << 16)
#define NSLOTS (1 << 17)

struct type {
	_Atomic uint64_t key;
	_Atomic uint64_t gen[2];        /* generations that have it, by parity */
};

static struct type types[MAX_TYPES + 1];
static _Atomic uint32_t slots[NSLOTS];
static _Atomic uint32_t last_type;

/* -------------------------------------------------------------------- classes */

/*
 * Eight to each power of two, at least 8 bytes apart: the number of the class, and in
 * *top its largest size.
 */
static unsigned size_class(size_t size, uint64_t *top)
{
	uint64_t n = size <= 8 ? 1 : (size + 7) / 8;
	unsigned shift = 0;

	if (n > 16)
		shift = 60 - (unsigned)__builtin_clzll(n - 1);
	n = (n + (UINT64_C(1) << shift) - 1) >> shift;
	*top = n << shift << 3;
	return shift * 16 + (unsigned)n;
}

/* --------------------------------------------------------------------- tables */

/* Writes the type into this generation's batch. */
static bool define(struct tt_emit *e, uint32_t id, uintptr_t site, uint64_t size)
{
	static const char tag[1] = { TT_TAG_ALLOC_FREE_TYPES };
	uint8_t record[5 * HEAP_NUMBER_MAX], *p = heap_put_number(record, id);

	p = heap_put_number(p, site);
	p = heap_put_number(p, size);
	p = heap_put_number(p, 0);
	p = heap_put_number(p, 0);
	return tt_emit_batch_add(e, TT_EXPERIMENT_ALLOC_FREE, (struct tt_str){ tag, 1 }, record,
				 (size_t)(p - record));
}

/* The type with this key, or a new one; 0: the table is full. */
static uint32_t find(uint64_t key)
{
	uint32_t at = (uint32_t)(heap_hash(key) >> 47), id, mine = 0;

	for (unsigned i = 0; i < 64; i++, at++) {
		id = atomic_load_explicit(&slots[at % NSLOTS], memory_order_acquire);
		if (id == 0) {
			if (mine == 0) {
				mine = atomic_fetch_add(&last_type, 1) + 1;
				if (mine > MAX_TYPES) {
					atomic_store(&last_type, MAX_TYPES);
					return 0;
				}
				atomic_store_explicit(&types[mine].key, key, memory_order_relaxed);
			}
			if (atomic_compare_exchange_strong(&slots[at % NSLOTS], &id, mine))
				return mine;
		}
		if (atomic_load_explicit(&types[id].key, memory_order_relaxed) == key)
			return id;
	}
	return 0;
}

static uint64_t look_up(struct tt_emit *e, uint64_t key, uintptr_t site, uint64_t top)
{
	uint64_t gen = tt_emit_generation(e), known;
	uint32_t id = find(key);
	_Atomic uint64_t *mark = &types[id].gen[gen & 1];

	if (unlikely(id == 0))
		return 0;
	known = atomic_load_explicit(mark, memory_order_relaxed);
	if (likely(known == gen) || !atomic_compare_exchange_strong(mark, &known, gen))
		return id;
	if (define(e, id, site, top))
		return id;
	atomic_store(mark, 0);
	return 0;
}

TLS struct heap_cell heap_cells[HEAP_NCELLS];

uint64_t heap_type(struct tt_emit *e, uintptr_t site, size_t size)
{
	uint64_t tag = heap_tag(site, size), gen = tt_emit_generation(e), key, top, id;
	struct heap_cell *cell = heap_cell(tag);

	/* a signal handler in between sees no half of it */
	cell->gen = 0;
	atomic_signal_fence(memory_order_seq_cst);
	key = (uint64_t)site << 10 | size_class(size, &top);
	id = look_up(e, key, site, top);
	if ((tag & 0xffff) == 0xffff)
		return id;
	cell->tag = tag;
	cell->id = id;
	atomic_signal_fence(memory_order_seq_cst);
	cell->gen = gen;
	return id;
}

/*
 * Its generations have the numbers that its parent's had. Of the threads' cells only this
 * one's are still used.
 */
void heap_types_forked(void)
{
	uint32_t n = atomic_load(&last_type);

	for (uint32_t id = 0; id <= n && id <= MAX_TYPES; id++) {
		atomic_store_explicit(&types[id].gen[0], 0, memory_order_relaxed);
		atomic_store_explicit(&types[id].gen[1], 0, memory_order_relaxed);
	}
	memset(heap_cells, 0, sizeof(heap_cells));
}

/* --------------------------------------------------------- before the trace */

#define MAX_PREEXISTING 4096

struct preexisting {
	void *p;
	size_t size;
	uintptr_t site;
};

_Atomic bool heap_before_trace = true;
static struct preexisting preexisting[MAX_PREEXISTING];
static size_t npreexisting;
static atomic_flag preexisting_lock = ATOMIC_FLAG_INIT;

static void lock(void)
{
	while (atomic_flag_test_and_set_explicit(&preexisting_lock, memory_order_acquire))
		;
}

static void unlock(void)
{
	atomic_flag_clear_explicit(&preexisting_lock, memory_order_release);
}

void heap_preexisting_add(void *p, size_t size, uintptr_t site)
{
	lock();
	if (npreexisting < MAX_PREEXISTING)
		preexisting[npreexisting++] = (struct preexisting){ p, size, site };
	unlock();
}

void heap_preexisting_remove(const void *p)
{
	lock();
	for (size_t i = npreexisting; i > 0; i--) {
		if (preexisting[i - 1].p == p) {
			preexisting[i - 1] = preexisting[--npreexisting];
			break;
		}
	}
	unlock();
}

void heap_preexisting_end(void (*object)(void *p, size_t size, uintptr_t site))
{
	lock();
	heap_before_trace = false;
	unlock();
	for (size_t i = 0; i < npreexisting && object != NULL; i++)
		object(preexisting[i].p, preexisting[i].size, preexisting[i].site);
	npreexisting = 0;
}
