/* SPDX-License-Identifier: MIT */
/*
 * once.c - a section of one event, for those that programs write by the million: does what
 * acquire, event and release do in the ordinary case, and calls them in all others. Nothing
 * in the ordinary case calls a function, so that no register needs to be saved. Stands on
 * emit.h.
 */
#include "emit/emit.h"

#include <errno.h>

/*
 * As tt_em_section_begin(), but only in the generation that the thread has entered, and
 * without a depth: only one event follows. The handle is busy until once_end().
 */
static inline bool once_begin(struct tt_emit *e)
{
	if (tt_unlikely(e == NULL) || tt_unlikely(e->busy) || tt_unlikely(e->depth != 0) ||
	    tt_unlikely(atomic_load_explicit(&tt_em_tracer.fence, memory_order_relaxed)) ||
	    tt_unlikely(!tt_em_clock_counter))
		return false;
	tt_em_busy_begin(e);
	atomic_store_explicit(&e->writing, 1, memory_order_relaxed);
	/* the flusher's membarrier is the other half of this fence */
	atomic_signal_fence(memory_order_seq_cst);
	return true;
}

static inline void once_end(struct tt_emit *e)
{
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&e->writing, 0, memory_order_release);
	tt_em_busy_end(e);
}

/* The generation is the thread's, there is a chunk with room, and no more is needed. */
static inline bool may_write(const struct tt_emit *e, unsigned type, unsigned nargs)
{
	const struct tt_em_event_rule *rule = &tt_em_tracer.rules[type & UINT8_MAX];
	const struct tt_em_chunk *c = e->chunk;

	return tt_likely(atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_seq_cst) ==
			 e->epoch_gen) &&
	       tt_likely(type <= UINT8_MAX) &&
	       tt_likely(rule->nargs_plus1 == nargs + 1 && rule->context == TT_EM_ANY) &&
	       tt_likely(c->end - atomic_load_explicit(&c->pos, memory_order_relaxed) >=
			 TT_EM_ROOM);
}

static __attribute__((noinline)) bool long_way(uint64_t gen, unsigned type, const uint64_t *args,
					       unsigned nargs)
{
	int saved = errno;
	struct tt_emit *e = tt_emit_acquire();
	bool same = e != NULL && (gen == 0 || gen == e->gen);

	if (same)
		tt_emit_event(e, type, args, nargs);
	if (e != NULL)
		tt_emit_release(e);
	errno = saved;
	return same;
}

static __attribute__((noinline)) bool long_way1(uint64_t gen, unsigned type, uint64_t a)
{
	return long_way(gen, type, &a, 1);
}

static __attribute__((noinline)) bool long_way2(uint64_t gen, unsigned type, uint64_t a, uint64_t b)
{
	return long_way(gen, type, (uint64_t[]){a, b}, 2);
}

/* As tt_em_put_time(), with the counter. */
static inline uint8_t *put_time(struct tt_em_chunk *c, unsigned type)
{
	return tt_em_put_time_at(c, type, tt_em_clock_count());
}

bool tt_emit_once1(uint64_t gen, unsigned type, uint64_t a)
{
	struct tt_emit *e = tt_em_self;
	bool quick;

	if (!once_begin(e))
		return long_way1(gen, type, a);
	quick = may_write(e, type, 1) && tt_likely(gen == 0 || gen == e->gen);
	if (quick)
		tt_em_put_done(e->chunk, tt_varint_put(put_time(e->chunk, type), a));
	once_end(e);
	return tt_likely(quick) || long_way1(gen, type, a);
}

bool tt_emit_once2(uint64_t gen, unsigned type, uint64_t a, uint64_t b)
{
	struct tt_emit *e = tt_em_self;
	bool quick;

	if (!once_begin(e))
		return long_way2(gen, type, a, b);
	quick = may_write(e, type, 2) && tt_likely(gen == 0 || gen == e->gen);
	if (quick)
		tt_em_put_done(e->chunk,
			       tt_varint_put(tt_varint_put(put_time(e->chunk, type), a), b));
	once_end(e);
	return tt_likely(quick) || long_way2(gen, type, a, b);
}
