/* SPDX-License-Identifier: MIT */
/*
 * emit.h - what the parts of the writer share. Stands on base, spec and wire/format.h.
 *
 * A handle (struct tt_emit) is a thread's for as long as the thread lives. A life
 * (struct tt_em_thread) is what one trace claims of a thread: its goroutine, its processor
 * and the chunks it filled. Lives, chunks and tables lie in the region, one mapping
 * that a trace gets at its start and gives back at its stop; handles lie outside and
 * are never unmapped, since threads hold them in thread-local storage.
 *
 * Who may touch what: a thread its own handle, and its own life inside a section. The
 * flusher those parts of a life that belong to an ended generation, once it saw the
 * thread outside of a section. Whatever both look at is atomic.
 */
#ifndef TT_EMIT_EMIT_H
#define TT_EMIT_EMIT_H

#include <stdatomic.h>
#include <string.h>

#include "base/compiler.h"
#include "emit/lock.h"
#include "emit/region.h"
#include "spec/spec.h"
#include "spec/types.h"
#include "tracetool_emit.h"
#include "wire/format.h"

/* ---------------------------------------------------------------------- handle */

struct tt_emit {
	_Alignas(64) _Atomic uint32_t writing; /* inside a section */
	uint32_t depth;
	volatile uint8_t busy;          /* inside the tracer: signal handlers keep out */
	bool stw;                       /* the range is open, until the section's end */
	bool flusher;
	uint8_t rounds;                 /* of destructors that came by */
	_Atomic uint8_t exited;
	_Atomic uint8_t free;
	uint32_t waits;                 /* nested calls that wait */
	uint64_t epoch_gen; /* epoch and generation, as in struct tt_em_tracer */
	uint64_t gen;
	struct tt_em_chunk *chunk; /* of this generation; tt_em_no_chunk */
	struct tt_em_thread *thread;
	_Atomic uint64_t lost, refused;
	uintptr_t stack_low, stack_end; /* 0: not asked yet; both 1: not known */
	_Atomic int tid;
	struct tt_emit *next; /* all of them */
};

/* --------------------------------------------------------------------- tracer */

#define TT_EM_NTIDS (1 << 22)
#define TT_EM_EPOCH_SHIFT 40
#define TT_EM_GEN_MASK ((UINT64_C(1) << TT_EM_EPOCH_SHIFT) - 1)
/* Of a handle that has seen no generation. */
#define TT_EM_NO_EPOCH_GEN UINT64_MAX

/* Types that Go's reader has. */
#define TT_EM_GO_LAST_TYPE TT_EV_GOROUTINE_STACK_FREE
/* Of a rule: its events travel in private batches. */
#define TT_EM_RULE_EMBEDDED 0x80

struct tt_em_event_rule {
	uint8_t nargs_plus1; /* 0: no experimental event of this type; may have
	                                   TT_EM_RULE_EMBEDDED */
	bool goroutine;                 /* needs more than a thread */
};

/* The one tracer of the process: the exception to "no global state" (tracer.c). */
struct tt_em_tracer {
	_Atomic uint64_t epoch_gen; /* epoch << TT_EM_EPOCH_SHIFT | generation; 0: off */
	atomic_bool fence;              /* no membarrier: sections begin with a full one */
	struct tt_em_event_rule rules[256];
	bool all_inline;                /* TT_EMIT_INLINE: own batches are not wrapped either */
	struct tt_em_trace *trace;
	struct tt_em_lock lock; /* chunks, lives, Ps, handles */
	struct tt_em_lock gc; /* of the GC range; held while the stamp changes */
	_Atomic(struct tt_emit *) handles;
	_Atomic uint32_t serial;
	_Atomic uint64_t lost, refused; /* by threads that are gone, and summed up */
};
extern struct tt_em_tracer tt_em_tracer;

/* The calling thread's handle; NULL: it has none yet. */
extern _Thread_local struct tt_emit *tt_em_self __attribute__((tls_model("initial-exec")));

extern struct tt_em_chunk tt_em_no_chunk;

/* ---------------------------------------------------------------- pool.c */

/* NULL: none left. Takes the lock. The chunk is empty, its `end` set. */
struct tt_em_chunk *tt_em_pool_get(struct tt_em_trace *t, uint32_t nbytes);
/* Gives a list back. Takes the lock. */
void tt_em_pool_put(struct tt_em_trace *t, struct tt_em_chunks *chunks);
/* Memory that is never given back. The lock is held. */
void *tt_em_pool_forever(struct tt_em_trace *t, size_t nbytes);
void tt_em_chunks_add(struct tt_em_chunks *list, struct tt_em_chunk *c);

/* ------------------------------------------------------------------ life.c */

/* What a life's first frame is called if nobody says (symbol.c). */
enum {
	TT_EM_START_UNKNOWN = 1,
	TT_EM_START_FLUSHER,
	TT_EM_START_MAIN,
};
/* A new life; NULL: no memory. The lock is held. */
struct tt_em_thread *tt_em_thread_new(struct tt_em_trace *t);
/* A processor that was free in this generation, or a new one. The lock is held. */
struct tt_em_proc *tt_em_proc_take(uint64_t gen);
void tt_em_proc_give(struct tt_em_proc *p, uint64_t gen);
/* Ends what the generation told to have ended. */
void tt_em_threads_retire(struct tt_em_thread *threads, uint64_t gen);
/* Takes back the lives that are over and written. */
void tt_em_threads_free(struct tt_em_trace *t);

/* ---------------------------------------------------------------- handle.c */

/* The calling thread's handle; NULL if it has none and `make` is false. */
struct tt_emit *tt_em_handle(bool make);
/* The thread with this tid is no more. */
bool tt_em_tid_gone(int tid);
/* Takes the handles of threads that are gone back, and sums up what was lost. */
void tt_em_handles_reap(void);
/* In a child: forgets all threads but this one. */
void tt_em_handles_forked(void);
/* Makes the key whose destructor sees threads end. False: no key. */
bool tt_em_handles_init(void);
/* The thread ends: writes that. */
void tt_em_on_thread_exit(struct tt_emit *e);

/* ---------------------------------------------------------------- thread.c */

/* What acquire and release do, for the handle at hand. */
struct tt_emit *tt_em_section_begin(struct tt_emit *e);
void tt_em_section_end(struct tt_emit *e);

/* ---------------------------------------------------------------- state.c */

/*
 * True the first time in this generation; then the status in `before` is to be
 * written ahead of anything else about it.
 */
bool tt_em_claim_first(struct tt_em_claim *c, uint64_t gen);
/* What the claim was at the end of `gen`, and whether that generation mentions it. */
unsigned tt_em_claim_end(struct tt_em_claim *c, uint64_t gen, bool *silent);

/* Opens a chunk: tt_em_room() has the details. */
bool tt_em_room_slow(struct tt_emit *e);
/* The goroutine runs, by whatever way it takes. There is room. False: not now. */
bool tt_em_to_running(struct tt_emit *e);
/* The goroutine runs, or is in a syscall. */
bool tt_em_to_present(struct tt_emit *e);
/* Ends goroutine and processor, if they live. Inside a section. */
void tt_em_state_exit(struct tt_emit *e);
/* Counts an event that memory has not been there for. */
void tt_em_lost(struct tt_emit *e);
void tt_em_refused(struct tt_emit *e);

/* ---------------------------------------------------------------- table.c */

/* The tables of a generation, by its parity, and the life whose blocks take what is new. */
struct tt_em_tables {
	struct tt_em_trace *trace;
	struct tt_em_thread *thread;
	unsigned parity;
};
/* Numbers from the tables; 0: no memory. */
uint64_t tt_em_intern_string(struct tt_em_tables at, const char *data, size_t len);
/* As above, for a text that won't come again. */
uint64_t tt_em_unindexed_string(struct tt_em_tables at, const char *data, size_t len);
uint64_t tt_em_intern_stack(struct tt_em_tables at, const uint64_t *pcs, size_t n);
/* Enters what has its number already. False: no memory. */
bool tt_em_table_restore(struct tt_em_tables at, struct tt_em_table *t, uint32_t id,
			 struct tt_str text);
void tt_em_table_clear(struct tt_em_table *t);
/* Keeps the stack for generations without an event. */
void tt_em_save_stack(struct tt_emit *e, uint64_t stack);

/* ---------------------------------------------------------------- carry.c */

/* An event whose rule says so; there is room, and the context that it needs. */
void tt_em_embed_event(struct tt_emit *e, unsigned type, const uint64_t *args, unsigned nargs);
/* The bytes that batches of an experiment begin with: 0, as they go by themselves. */
#define TT_EM_EMBED_HEAD_MAX 8
uint8_t tt_em_embed_batch_head(unsigned experiment, uint8_t head[TT_EM_EMBED_HEAD_MAX]);
/* The specs that are not built in, for the generation; `scratch` has room for a batch. */
void tt_em_embed_specs(struct tt_emit *e, const struct tt_specs *specs, uint8_t *scratch);

/* ---------------------------------------------------------------- tracer.c */

/* Wakes the flusher: the generation is large enough. Any thread. */
void tt_em_flusher_wake(void);

/* ---------------------------------------------------------------- inlines */

static inline uint64_t tt_em_epoch_of(uint64_t epoch_gen)
{
	return epoch_gen >> TT_EM_EPOCH_SHIFT;
}

/* Room for any one operation, and statuses written. There is a life then. */
static inline bool tt_em_room(struct tt_emit *e)
{
	const struct tt_em_chunk *c = e->chunk;

	if (tt_likely(c->end - atomic_load_explicit(&c->pos, memory_order_relaxed) >= TT_EM_ROOM))
		return true;
	return tt_em_room_slow(e);
}

static inline void tt_em_busy_begin(struct tt_emit *e)
{
	e->busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void tt_em_busy_end(struct tt_emit *e)
{
	atomic_signal_fence(memory_order_seq_cst);
	e->busy = 0;
}

/* Type and time of an event. */
static inline uint8_t *tt_em_put_time_at(struct tt_em_chunk *c, unsigned type, uint64_t now)
{
	uint8_t *p = atomic_load_explicit(&c->pos, memory_order_relaxed);
	uint64_t dt;

	/* another core's counter may be a little behind */
	if (tt_unlikely(now <= c->floor))
		now = c->floor > c->last ? c->floor + 1 : c->last;
	dt = now - c->last;
	c->last = c->floor = now;
	*p = (uint8_t)type;
	return tt_varint_put(p + 1, dt);
}

static inline uint8_t *tt_em_put_time(struct tt_em_chunk *c, unsigned type)
{
	return tt_em_put_time_at(c, type, tt_em_clock_now());
}

static inline void tt_em_put_done(struct tt_em_chunk *c, uint8_t *p)
{
	atomic_store_explicit(&c->pos, p, memory_order_release);
}

/* Events with 0 to 4 arguments, in the room that there is. */
static inline void tt_em_write0(struct tt_emit *e, enum tt_event_type ev)
{
	tt_em_put_done(e->chunk, tt_em_put_time(e->chunk, ev));
}

static inline void tt_em_write1(struct tt_emit *e, enum tt_event_type ev, uint64_t a)
{
	tt_em_put_done(e->chunk, tt_varint_put(tt_em_put_time(e->chunk, ev), a));
}

static inline void tt_em_write2(struct tt_emit *e, enum tt_event_type ev, uint64_t a, uint64_t b)
{
	tt_em_put_done(e->chunk,
		       tt_varint_put(tt_varint_put(tt_em_put_time(e->chunk, ev), a), b));
}

static inline void tt_em_write3(struct tt_emit *e, enum tt_event_type ev, const uint64_t a[3])
{
	uint8_t *p = tt_em_put_time(e->chunk, ev);

	for (int i = 0; i < 3; i++)
		p = tt_varint_put(p, a[i]);
	tt_em_put_done(e->chunk, p);
}

static inline void tt_em_write4(struct tt_emit *e, enum tt_event_type ev, const uint64_t a[4])
{
	uint8_t *p = tt_em_put_time(e->chunk, ev);

	for (int i = 0; i < 4; i++)
		p = tt_varint_put(p, a[i]);
	tt_em_put_done(e->chunk, p);
}

static inline struct tt_em_trace *tt_em_trace(void)
{
	return tt_em_tracer.trace;
}

static inline unsigned tt_em_parity(const struct tt_emit *e)
{
	return (unsigned)(e->gen & 1);
}

static inline struct tt_em_tables tt_em_tables(const struct tt_emit *e)
{
	return (struct tt_em_tables){tt_em_trace(), e->thread, tt_em_parity(e)};
}

/* Around each event with a claim that goes with it. */
static inline void tt_em_update_begin(volatile uint64_t *in_update, uint64_t gen)
{
	*in_update = gen;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void tt_em_update_end(volatile uint64_t *in_update)
{
	atomic_signal_fence(memory_order_seq_cst);
	*in_update = 0;
}

static inline unsigned tt_em_g_cur(const struct tt_em_thread *th)
{
	return atomic_load_explicit(&th->g.cur, memory_order_relaxed) & TT_EM_STATUS_MASK;
}

/*
 * The range stays as it is. Release: who sees the new claim also sees that its
 * generation was entered.
 */
static inline void tt_em_claim_set(struct tt_em_claim *c, unsigned status)
{
	unsigned range = atomic_load_explicit(&c->cur, memory_order_relaxed) & TT_EM_RANGE_OPEN;

	atomic_store_explicit(&c->cur, (uint8_t)(status | range), memory_order_release);
}

/* Opens or closes the range; false if it is as asked already. */
static inline bool tt_em_claim_range(struct tt_em_claim *c, bool open)
{
	unsigned cur = atomic_load_explicit(&c->cur, memory_order_relaxed);

	if (((cur & TT_EM_RANGE_OPEN) != 0) == open)
		return false;
	atomic_store_explicit(&c->cur, (uint8_t)(cur ^ TT_EM_RANGE_OPEN), memory_order_release);
	return true;
}

#endif
