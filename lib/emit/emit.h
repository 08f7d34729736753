/* SPDX-License-Identifier: MIT */
/*
 * emit.h - what the parts of the writer share. Stands on base, spec and wire/varint.h.
 *
 * A handle (struct tt_emit) is a thread's for as long as the thread lives. A life
 * (struct tt_life) is what one trace claims of a thread: its goroutine, its processor
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

#include "emit/clock.h"
#include "emit/lock.h"
#include "spec/spec.h"
#include "tracetool_emit.h"
#include "wire/varint.h"

#define tt_likely(x) __builtin_expect(!!(x), 1)
#define tt_unlikely(x) __builtin_expect(!!(x), 0)

/* ---------------------------------------------------------------- event types */

/* Every type that the writer names. The numbers come from the specs. */
#define TT_EV_LIST(X) \
	X(EventBatch) X(ExperimentalBatch) X(EndOfGeneration) \
	X(Sync) X(Frequency) X(ClockSnapshot) \
	X(Strings) X(String) X(Stacks) X(Stack) \
	X(ProcsChange) X(ProcStart) X(ProcStop) X(ProcStatus) \
	X(GoCreate) X(GoStart) X(GoDestroy) X(GoStop) X(GoBlock) X(GoUnblock) \
	X(GoSyscallBegin) X(GoSyscallEnd) X(GoStatus) X(GoStatusStack) \
	X(STWBegin) X(STWEnd) X(GCActive) X(GCBegin) X(GCEnd) \
	X(GCSweepActive) X(GCSweepBegin) X(GCSweepEnd) \
	X(GCMarkAssistActive) X(GCMarkAssistBegin) X(GCMarkAssistEnd) \
	X(HeapAlloc) X(HeapGoal) X(GoLabel) \
	X(UserTaskBegin) X(UserTaskEnd) X(UserRegionBegin) X(UserRegionEnd) X(UserLog)

enum tt_ev {
#define TT_EV_ENUM(name) TT_EV_##name,
	TT_EV_LIST(TT_EV_ENUM)
#undef TT_EV_ENUM
	TT_EV_COUNT
};

/* ---------------------------------------------------------------------- chunks */

#define TT_CHUNK_SMALL 4096
#define TT_CHUNK_LARGE 65536
/*
 * Before any operation a chunk has this much room: for statuses, the way to the state
 * asked for, and one event with TT_MAX_ARGS arguments.
 */
#define TT_ROOM 512
#define TT_EVENT_MAX (1 + TT_VARINT_MAX * (TT_MAX_ARGS + 1))
_Static_assert(TT_EVENT_MAX + 6 * (1 + 5 * TT_VARINT_MAX) + sizeof(uint64_t) <= TT_ROOM, "TT_ROOM");

/* One batch. `pos` moves behind each whole event, so that a cut never splits one. */
struct tt_chunk {
	struct tt_chunk *next;
	_Atomic(uint8_t *) pos;
	uint8_t *end;
	uint64_t last;          /* time of the last event */
	uint64_t floor;         /* the next one is later than this, if not than `last` */
	uint64_t start;         /* time of the batch */
	uint64_t gen;
	uint64_t m;
	uint32_t nbytes;        /* of all of it */
	uint8_t experiment;     /* 0: events */
	uint8_t nhead;          /* of an experimental batch: bytes it begins with */
	bool closed;            /* holds what it shall: nothing is added */
	_Alignas(8) uint8_t data[]; /* table entries lie here too */
};

/* Chunks in the order in which they were filled. */
struct tt_chunks {
	struct tt_chunk *first, *last;
};

/* ---------------------------------------------------------------------- tables */

#define TT_NBUCKETS (1 << 14)

/* An entry: a string's bytes, or a stack's addresses. */
struct tt_node {
	struct tt_node *next;
	uint64_t hash;
	uint32_t id;
	uint32_t n;             /* bytes, or addresses */
	union {
		char text[1];
		uint64_t pcs[1];
	};
};

/* Append-only until its generation is written. */
struct tt_table {
	_Atomic(struct tt_node *) buckets[TT_NBUCKETS];
	_Atomic(struct tt_node *) loose; /* entries that nobody looks up */
	_Atomic uint32_t last_id;
};

/* ---------------------------------------------------------------- lives and Ps */

enum {
	TT_G_NONE = 0,
	TT_G_RUNNABLE = 1,
	TT_G_RUNNING = 2,
	TT_G_SYSCALL = 3,
	TT_G_WAITING = 4,
	TT_P_RUNNING = 1,
	TT_P_IDLE = 2,
	TT_P_SYSCALL = 3,
	TT_STATUS_MASK = 7,
	/* beside a status: a range of its own is open (assist, sweep) */
	TT_RANGE_OPEN = 0x80,
};

/*
 * What the trace claims of a goroutine or a processor. At its first mention in a
 * generation its status is written, and `before` tells that status to the flusher,
 * which may ask when the thread is in the next generation already.
 */
struct tt_claim {
	uint64_t id;
	uint64_t seq;                   /* its counter in this generation */
	_Atomic uint64_t gen[2];        /* last generation that mentions it, by parity */
	_Atomic uint8_t cur;
	_Atomic uint8_t before[2];
};

struct tt_proc {
	struct tt_claim claim;
	/*
	 * The generation in which its thread is between an event and the claim that
	 * goes with it; 0: it is not. Only who recovers a dead process's trace looks.
	 */
	volatile uint64_t acting;
	struct tt_proc *next;           /* all of them */
	struct tt_proc *next_free;
	uint64_t freed_gen;
	bool unseen;                    /* ProcsChange does not count it yet */
};

#define TT_KEPT_FRAMES 32
#define TT_MAX_REGIONS 64
#define TT_MAX_LABEL 128

struct tt_open_region {
	uint64_t task;
	const char *name;
	bool written;           /* its begin is in the trace, */
	bool ended;             /* and the program has left it */
};

/* What a life has in one of two generations. */
struct tt_slot {
	struct tt_chunks chunks;
	struct tt_chunks batches;       /* experimental */
	struct tt_chunks blocks;        /* of table entries */
	struct tt_node *last_stack;
	struct tt_chunk *carried;       /* of `batches`: the one of private events */
};

/* A wait word: nobody may wake it, or somebody is at it. Else a token. */
#define TT_WAIT_NONE UINT64_C(0)
#define TT_WAIT_TAKEN UINT64_C(1)

struct tt_life {
	/* waiting; these two outlast the thread, for tokens that come late */
	_Atomic uint64_t wait;
	uint32_t wait_serial;
	struct tt_life *next;           /* all of them, newest first */
	uint32_t serial;                /* of its announcement; 0: none pending */
	uint32_t index;
	struct tt_claim g;
	struct tt_proc *p;
	uint64_t m;
	_Atomic bool dead;              /* GoDestroy was written */
	_Atomic bool detached;          /* no thread refers to it */
	uint8_t flusher;                /* the tracer's own thread; a byte, for recovery */
	uint64_t buried;                /* the generation that tells of its end: the thread
	                                   was gone */
	uintptr_t start;
	uint64_t task_next, task_end;   /* numbers for tasks, taken in advance */
	uint64_t block_gen, wake_gen;
	volatile uint64_t waking;       /* as its processor's `acting`, for who wakes it */
	/* the stack it waits with, for generations in which it is silent */
	_Atomic uint32_t nkept;
	_Atomic uint64_t kept[TT_KEPT_FRAMES];
	struct tt_slot slots[2];
	uint64_t label_gen;             /* the last that has the label */
	uint32_t nlabel;
	char label[TT_MAX_LABEL];
	uint32_t nregions;
	uint32_t nregions_over;         /* too deep to be kept */
	struct tt_open_region regions[TT_MAX_REGIONS];
};

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
	uint64_t stamp;                 /* epoch and generation, as in struct tt_tracer */
	uint64_t gen;
	struct tt_chunk *chunk;         /* of this generation; tt_no_chunk */
	struct tt_life *life;
	_Atomic uint64_t lost, refused;
	uintptr_t stack_low, stack_end; /* 0: not asked yet; both 1: not known */
	_Atomic int tid;
	struct tt_emit *next;           /* all of them */
};

/* ---------------------------------------------------------------------- trace */

struct tt_sync_point {
	uint64_t ticks;
	uint64_t mono_ns, wall_sec, wall_nsec;
};

#define TT_MAX_CODE_MAPS 4096
#define TT_CODE_TEXT_NBYTES (256 << 10)

/* Executable mappings of the process in order, with the paths of their files. */
struct tt_code_map {
	uint64_t start, end, offset;
	uint64_t path;          /* in `text`; at 0 is "" for memory of no file */
};
struct tt_code_table {
	uint32_t n;
	struct tt_code_map maps[TT_MAX_CODE_MAPS];
	char text[TT_CODE_TEXT_NBYTES];
};

/* What a region begins with, whatever its layout. */
struct tt_region_head {
	char magic[16];                 /* TT_REGION_MAGIC */
	uint64_t layout;                /* TT_REGION_LAYOUT */
	uint64_t base;                  /* its address in the process that traces */
	uint64_t memory_nbytes;         /* of the chunks */
};

/* All that one trace has; the first thing in its region. */
struct tt_trace {
	struct tt_region_head head;
	/*
	 * How far the trace is: generations up to done_gen are with the program's sink,
	 * whole, and end at done_nbytes[done_gen & 1] of what it got. `gen` is the one
	 * that threads write to; there is at most one between.
	 */
	_Atomic uint64_t gen, done_gen;
	uint64_t done_nbytes[2];
	_Atomic uint8_t failed;         /* the sink took no more than those */
	struct tt_clock_rate rate;
	struct tt_life *lives;
	struct tt_life *free_lives;
	struct tt_life *life_area;
	uint32_t nlives, max_lives;
	struct tt_proc *procs, *free_procs;
	_Atomic uint32_t nprocs;
	uint64_t goroutines;            /* last number given */
	_Atomic uint64_t tasks;
	uint8_t *fresh, *fresh_end;     /* memory never used */
	struct tt_chunk *free_small, *free_large;
	uint64_t free_nbytes, reserve_nbytes; /* the latter is the flusher's alone */
	_Atomic uint64_t gen_nbytes;    /* of chunks taken in this generation */
	uint64_t gen_limit;
	_Atomic bool full;              /* no chunk was left */
	_Atomic bool poked;             /* the flusher was told that gen_limit is passed */
	struct tt_sync_point syncs[2];
	uint64_t gc_seq;
	uint64_t gc_gen;                /* the last generation that knows of the range */
	bool gc_runs;
	struct tt_table strings[2], stacks[2];
	uint16_t *incarnations;         /* how many threads had a tid; not in the region */
	/*
	 * The region is a file, which may find no room on its disk: memory is asked for
	 * before it is touched, since a fault would kill the program. Up to here it was.
	 */
	uint8_t *populated, *populated_lives;   /* NULL: no need to */
	_Atomic uint32_t code_at;       /* which of them holds */
	struct tt_code_table code[2];
};

/* Changes with what lies in the region and where. */
#define TT_REGION_MAGIC "tracetool region"
#define TT_REGION_LAYOUT \
	(UINT64_C(1) << 48 | (uint64_t)sizeof(struct tt_life) << 32 | sizeof(struct tt_trace))

#define TT_NTIDS (1 << 22)
#define TT_EPOCH_SHIFT 40
#define TT_GEN_MASK ((UINT64_C(1) << TT_EPOCH_SHIFT) - 1)
/* Of a handle that has seen no generation. */
#define TT_NO_STAMP UINT64_MAX

/* Types that Go's reader has. */
#define TT_GO_LAST_TYPE 136
/* Of a rule: its events travel in private batches. */
#define TT_RULE_CARRIED 0x80

struct tt_event_rule {
	uint8_t nargs_plus1;            /* 0: no experimental event of this type; may have
	                                   TT_RULE_CARRIED */
	bool goroutine;                 /* needs more than a thread */
};

/* The one tracer of the process: the exception to "no global state" (tracer.c). */
struct tt_tracer {
	_Atomic uint64_t stamp;         /* epoch << TT_EPOCH_SHIFT | generation; 0: off */
	atomic_bool fence;              /* no membarrier: sections begin with a full one */
	uint8_t ev[TT_EV_COUNT];
	struct tt_event_rule rules[256];
	struct tt_trace *trace;
	struct tt_lock lock;            /* chunks, lives, Ps, handles */
	struct tt_lock gc;              /* of the GC range; held while the stamp changes */
	_Atomic(struct tt_emit *) handles;
	_Atomic uint32_t serial;
	_Atomic uint64_t lost, refused; /* by threads that are gone, and summed up */
};
extern struct tt_tracer tt_tracer;

/* The calling thread's handle; NULL: it has none yet. */
extern _Thread_local struct tt_emit *tt_self __attribute__((tls_model("initial-exec")));

extern struct tt_chunk tt_no_chunk;

/* -------------------------------------------------------------- region.c */

/* Where things lie in a region: bytes from its start. */
struct tt_region_plan {
	size_t lives, chunks, nbytes;
	uint32_t max_lives;
};
struct tt_region_plan tt_region_plan(uint64_t memory_nbytes);
/* Makes sure of the memory between; false: there is none. */
bool tt_region_populate(const uint8_t *from, const uint8_t *to);
/* Lays out an empty trace in memory of zeros. */
struct tt_trace *tt_region_init(void *region, uint64_t memory_nbytes);

/* ---------------------------------------------------------------- pool.c */

/* NULL: none left. Takes the lock. The chunk is empty, its `end` set. */
struct tt_chunk *tt_pool_get(struct tt_trace *t, uint32_t nbytes);
/* Gives a list back. Takes the lock. */
void tt_pool_put(struct tt_trace *t, struct tt_chunks *chunks);
/* Memory that is never given back. The lock is held. */
void *tt_pool_forever(struct tt_trace *t, size_t nbytes);
void tt_chunks_add(struct tt_chunks *list, struct tt_chunk *c);

/* ---------------------------------------------------------------- thread.c */

/* What acquire and release do, for the handle at hand. */
struct tt_emit *tt_section_begin(struct tt_emit *e);
void tt_section_end(struct tt_emit *e);
/* The calling thread's handle; NULL if it has none and `make` is false. */
struct tt_emit *tt_handle(bool make);
/* A new life; NULL: no memory. The lock is held. */
struct tt_life *tt_life_new(struct tt_trace *t);
/* A processor that was free in this generation, or a new one. The lock is held. */
struct tt_proc *tt_proc_take(uint64_t gen);
void tt_proc_give(struct tt_proc *p, uint64_t gen);
/* The thread with this tid is no more. */
bool tt_tid_gone(int tid);
/* Takes the handles of threads that are gone back, and sums up what was lost. */
void tt_threads_reap(void);
/* Ends what the generation told to have ended. */
void tt_lives_bury(struct tt_life *lives, uint64_t gen);
/* Takes back the lives that are over and written. */
void tt_lives_free(struct tt_trace *t);
/* In a child: forgets all threads but this one. */
void tt_threads_forked(void);
/* Makes the key whose destructor sees threads end. False: no key. */
bool tt_threads_init(void);

/* ---------------------------------------------------------------- state.c */

/*
 * True the first time in this generation; then the status in `before` is to be
 * written ahead of anything else about it.
 */
bool tt_claim_first(struct tt_claim *c, uint64_t gen);
/* What the claim was at the end of `gen`, and whether that generation mentions it. */
unsigned tt_claim_end(struct tt_claim *c, uint64_t gen, bool *silent);

/* Opens a chunk: tt_room() has the details. */
bool tt_room_slow(struct tt_emit *e);
/* The goroutine runs, by whatever way it takes. There is room. False: not now. */
bool tt_to_running(struct tt_emit *e);
/* The goroutine runs, or is in a syscall. */
bool tt_to_present(struct tt_emit *e);
/* Ends goroutine and processor, if they live. Inside a section. */
void tt_state_exit(struct tt_emit *e);
/* Counts an event that memory has not been there for. */
void tt_lost(struct tt_emit *e);
void tt_refused(struct tt_emit *e);

/* ---------------------------------------------------------------- table.c */

/* The tables of a generation, by its parity, and the life whose blocks take what is new. */
struct tt_tables {
	struct tt_trace *trace;
	struct tt_life *life;
	unsigned parity;
};
/* Numbers from the tables; 0: no memory. */
uint64_t tt_intern_string(struct tt_tables at, const char *data, size_t len);
/* As above, for a text that won't come again. */
uint64_t tt_loose_string(struct tt_tables at, const char *data, size_t len);
uint64_t tt_intern_stack(struct tt_tables at, const uint64_t *pcs, size_t n);
/* Enters what has its number already. False: no memory. */
bool tt_table_restore(struct tt_tables at, struct tt_table *t, uint32_t id, struct tt_str text);
void tt_table_clear(struct tt_table *t);
/* Keeps the stack for generations without an event. */
void tt_keep_stack(struct tt_emit *e, uint64_t stack);

/* ---------------------------------------------------------------- carry.c */

/* An event whose rule says so; there is room, and the context that it needs. */
void tt_carry_event(struct tt_emit *e, unsigned type, const uint64_t *args, unsigned nargs);
/* The specs that are not built in, for the generation; `scratch` has room for a batch. */
void tt_carry_specs(struct tt_emit *e, const struct tt_specs *specs, uint8_t *scratch);

/* ---------------------------------------------------------------- tracer.c */

/* Makes tt_tracer.ev known, if no trace was ever begun. TT_E_SPEC, TT_E_MEMORY. */
int tt_types_init(struct tt_error *err);
/* Wakes the flusher: the generation is large enough. Any thread. */
void tt_flusher_poke(void);

/* ---------------------------------------------------------------- inlines */

/* Room for any one operation, and statuses written. There is a life then. */
static inline bool tt_room(struct tt_emit *e)
{
	const struct tt_chunk *c = e->chunk;

	if (tt_likely(c->end - atomic_load_explicit(&c->pos, memory_order_relaxed) >= TT_ROOM))
		return true;
	return tt_room_slow(e);
}

static inline void tt_busy_begin(struct tt_emit *e)
{
	e->busy = 1;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void tt_busy_end(struct tt_emit *e)
{
	atomic_signal_fence(memory_order_seq_cst);
	e->busy = 0;
}

/* Writes up to 8 bytes behind what it returns, all of them within TT_ROOM. */
static inline uint8_t *tt_put(uint8_t *p, uint64_t v)
{
	unsigned n;

	if (tt_likely(v < 0x80)) {
		*p = (uint8_t)v;
		return p + 1;
	}
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	if (tt_likely(v < UINT64_C(1) << 56)) {
		n = (unsigned)(70 - __builtin_clzll(v)) / 7;
		/* 7 bits a byte, by halves */
		v = (v & 0x0fffffff) | (v & 0xfffffff0000000) << 4;
		v = (v & 0x00003fff00003fff) | (v & 0x0fffc0000fffc000) << 2;
		v = (v & 0x007f007f007f007f) | (v & 0x3f803f803f803f80) << 1;
		v |= UINT64_C(0x8080808080808080) & ((UINT64_C(1) << 8 * (n - 1)) - 1);
		memcpy(p, &v, sizeof(v));
		return p + n;
	}
#endif
	return p + tt_varint_put(p, v);
}

/* Type and time of an event. */
static inline uint8_t *tt_put_time_at(struct tt_chunk *c, unsigned type, uint64_t now)
{
	uint8_t *p = atomic_load_explicit(&c->pos, memory_order_relaxed);
	uint64_t dt;

	/* another core's counter may be a little behind */
	if (tt_unlikely(now <= c->floor))
		now = c->floor > c->last ? c->floor + 1 : c->last;
	dt = now - c->last;
	c->last = c->floor = now;
	*p = (uint8_t)type;
	return tt_put(p + 1, dt);
}

static inline uint8_t *tt_put_time(struct tt_chunk *c, unsigned type)
{
	return tt_put_time_at(c, type, tt_clock_now());
}

static inline void tt_put_done(struct tt_chunk *c, uint8_t *p)
{
	atomic_store_explicit(&c->pos, p, memory_order_release);
}

/* Events with 0 to 4 arguments, in the room that there is. */
static inline void tt_write0(struct tt_emit *e, enum tt_ev ev)
{
	tt_put_done(e->chunk, tt_put_time(e->chunk, tt_tracer.ev[ev]));
}

static inline void tt_write1(struct tt_emit *e, enum tt_ev ev, uint64_t a)
{
	tt_put_done(e->chunk, tt_put(tt_put_time(e->chunk, tt_tracer.ev[ev]), a));
}

static inline void tt_write2(struct tt_emit *e, enum tt_ev ev, uint64_t a, uint64_t b)
{
	tt_put_done(e->chunk, tt_put(tt_put(tt_put_time(e->chunk, tt_tracer.ev[ev]), a), b));
}

static inline void tt_write3(struct tt_emit *e, enum tt_ev ev, const uint64_t a[3])
{
	uint8_t *p = tt_put_time(e->chunk, tt_tracer.ev[ev]);

	for (int i = 0; i < 3; i++)
		p = tt_put(p, a[i]);
	tt_put_done(e->chunk, p);
}

static inline void tt_write4(struct tt_emit *e, enum tt_ev ev, const uint64_t a[4])
{
	uint8_t *p = tt_put_time(e->chunk, tt_tracer.ev[ev]);

	for (int i = 0; i < 4; i++)
		p = tt_put(p, a[i]);
	tt_put_done(e->chunk, p);
}

static inline struct tt_trace *tt_trace(void)
{
	return tt_tracer.trace;
}

static inline unsigned tt_parity(const struct tt_emit *e)
{
	return (unsigned)(e->gen & 1);
}

static inline struct tt_tables tt_tables(const struct tt_emit *e)
{
	return (struct tt_tables){tt_trace(), e->life, tt_parity(e)};
}

/* Around each event with a claim that goes with it. */
static inline void tt_act_begin(volatile uint64_t *acting, uint64_t gen)
{
	*acting = gen;
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void tt_act_end(volatile uint64_t *acting)
{
	atomic_signal_fence(memory_order_seq_cst);
	*acting = 0;
}

static inline unsigned tt_g_cur(const struct tt_life *l)
{
	return atomic_load_explicit(&l->g.cur, memory_order_relaxed) & TT_STATUS_MASK;
}

/*
 * The range stays as it is. Release: who sees the new claim also sees that its
 * generation was entered.
 */
static inline void tt_claim_set(struct tt_claim *c, unsigned status)
{
	unsigned range = atomic_load_explicit(&c->cur, memory_order_relaxed) & TT_RANGE_OPEN;

	atomic_store_explicit(&c->cur, (uint8_t)(status | range), memory_order_release);
}

/* Opens or closes the range; false if it is as asked already. */
static inline bool tt_claim_range(struct tt_claim *c, bool open)
{
	unsigned cur = atomic_load_explicit(&c->cur, memory_order_relaxed);

	if (((cur & TT_RANGE_OPEN) != 0) == open)
		return false;
	atomic_store_explicit(&c->cur, (uint8_t)(cur ^ TT_RANGE_OPEN), memory_order_release);
	return true;
}

#endif
