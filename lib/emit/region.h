/* SPDX-License-Identifier: MIT */
/*
 * region.h - what lies in a trace's region, the one mapping that a trace gets at its start
 * and gives back at its stop: its state, threads, processors, chunks and tables. It may be a
 * file; then another process can read it when this one is dead (lib/recover). So all that is
 * needed to write the trace lies here, and a cut between any two stores leaves it readable.
 * Stands on clock.h.
 *
 * `tt_em_tracer.lock` protects the lists of a trace, its threads and its memory. A thread's
 * part in the trace belongs to that thread inside a section, and its slot of an ended
 * generation to the flusher. All of it lives as long as the mapping.
 */
#ifndef TT_EMIT_REGION_H
#define TT_EMIT_REGION_H

#include <stdatomic.h>
#include <stddef.h>

#include "emit/clock.h"
#include "spec/status.h"
#include "tracetool.h"
#include "wire/format.h"

/* ---------------------------------------------------------------------- chunks */

#define TT_EM_CHUNK_SMALL 4096
#define TT_EM_CHUNK_LARGE 65536
/*
 * Before any operation a chunk has this much room: for statuses, the way to the state
 * asked for, and one event with TT_MAX_ARGS arguments.
 */
#define TT_EM_ROOM 512
_Static_assert(TT_EVENT_MAX_SIZE + 6 * (1 + 5 * TT_VARINT_MAX) + sizeof(uint64_t) <= TT_EM_ROOM,
	       "TT_EM_ROOM");

/*
 * The bytes of one batch, or a block of table entries. `pos` moves past each whole event at
 * once, so that a cut never splits one. One thread fills it; then it is the flusher's.
 */
struct tt_em_chunk {
	struct tt_em_chunk *next;
	_Atomic(uint8_t *) pos;         /* where the next byte goes */
	uint8_t *end;
	uint64_t last;                  /* time of the last event */
	uint64_t floor;                 /* the next one is later than this, if not than `last` */
	uint64_t start;                 /* time of the batch */
	uint64_t gen;
	uint64_t m;                     /* the thread's number */
	uint32_t nbytes;                /* of all of it, with this head */
	uint8_t experiment;             /* 0: events */
	uint8_t nhead;                  /* of an experimental batch: bytes it begins with */
	bool closed;                    /* complete: nothing is added */
	_Alignas(8) uint8_t data[];
};

/* Chunks in the order in which they were filled. */
struct tt_em_chunks {
	struct tt_em_chunk *first, *last;
};

/* ---------------------------------------------------------------------- tables */

#define TT_EM_NBUCKETS (1 << 14)

/* An entry: a string's bytes, or a stack's addresses. */
struct tt_em_node {
	struct tt_em_node *next;
	uint64_t hash;
	uint32_t id;
	uint32_t n;                     /* bytes, of both */
	union {
		char text[1];
		uint64_t pcs[1];
	};
};

/* Append-only until its generation is written. Any thread adds, without a lock. */
struct tt_em_table {
	_Atomic(struct tt_em_node *) buckets[TT_EM_NBUCKETS];
	_Atomic(struct tt_em_node *) unindexed; /* entries that nobody looks up */
	_Atomic uint32_t last_id;
};

/* ------------------------------------------------------- threads and processors */

enum {
	/* beside the statuses of goroutines: it has not begun, or has ended */
	TT_EM_G_NONE = 0,
	TT_EM_STATUS_MASK = 7,
	/* beside a status: a range of its own is open (assist, sweep) */
	TT_EM_RANGE_OPEN = 0x80,
};

/*
 * What the trace claims of a goroutine or a processor. At its first mention in a
 * generation its status is written. `before` keeps that status for the flusher, which may
 * ask when the thread is already in the next generation. See claim.h.
 */
struct tt_em_claim {
	uint64_t id;
	uint64_t seq;                   /* of its last event in this generation */
	_Atomic uint64_t gen[2];        /* last generation that mentions it, by parity */
	_Atomic uint8_t cur;            /* status | range, now */
	_Atomic uint8_t before[2];      /* and before the first mention, by parity */
};

struct tt_em_proc {
	struct tt_em_claim claim;
	/*
	 * The generation in which its thread is between an event and the claim that
	 * goes with it; 0: it is not. Only the recovery of a dead process's trace looks.
	 */
	volatile uint64_t in_update;
	struct tt_em_proc *next;        /* of all */
	struct tt_em_proc *next_free;
	uint64_t freed_gen;             /* that writes the ProcStop which freed it */
	bool uncounted;                 /* ProcsChange does not count it yet */
};

#define TT_EM_SAVED_FRAMES 32
#define TT_EM_MAX_REGIONS 64
#define TT_EM_MAX_LABEL 128

struct tt_em_open_region {
	uint64_t task;
	const char *name;
	bool written;                   /* its begin is in the trace, */
	bool ended;                     /* and the program has left it */
};

/* What a thread has in one of two generations. */
struct tt_em_slot {
	struct tt_em_chunks chunks;     /* of events */
	struct tt_em_chunks batches;    /* of experiments */
	struct tt_em_chunks blocks;     /* of table entries */
	struct tt_em_node *last_stack;
	struct tt_em_chunk *embedded;   /* the one of `batches` that takes embedded events */
};

/* A wait word: nobody may wake the thread, or somebody is at it. Else a token. */
#define TT_EM_WAIT_NONE UINT64_C(0)
#define TT_EM_WAIT_TAKEN UINT64_C(1)

/* A thread's part in the trace: from its first event, or its announcement, until its end is
 * written. */
struct tt_em_thread {
	/* these two outlast the thread, for tokens that come late */
	_Atomic uint64_t wait;          /* TT_EM_WAIT_..., or a token */
	uint32_t wait_serial;
	struct tt_em_thread *next;      /* of all, newest first */
	uint32_t serial;                /* tells announcements apart; 0: not in use */
	uint32_t index;                 /* in thread_area */
	struct tt_em_claim g;
	struct tt_em_proc *p;           /* NULL: announced, and not begun */
	uint64_t m;                     /* its number in the trace */
	_Atomic bool destroyed;         /* GoDestroy was written */
	_Atomic bool detached;          /* no thread refers to it */
	uint8_t flusher;                /* the tracer's own thread; a byte, for recovery */
	uint64_t retired_gen;           /* of a thread that was gone: the generation at whose end
	                                   the flusher wrote its end */
	uintptr_t start;                /* address of its first frame, or TT_EM_START_... */
	uint64_t task_next, task_end;   /* numbers for tasks, taken in advance */
	uint64_t block_gen, wake_gen;   /* of the last wait */
	volatile uint64_t in_wake;      /* as its processor's in_update, for the waking thread */
	/* the stack it waits with, for generations in which it is silent */
	_Atomic uint32_t nsaved;
	_Atomic uint64_t saved[TT_EM_SAVED_FRAMES];
	struct tt_em_slot slots[2];     /* by the generation's parity */
	uint64_t label_gen;             /* the last that has the label */
	uint32_t nlabel;
	char label[TT_EM_MAX_LABEL];
	uint32_t nregions;
	uint32_t nregions_over;         /* nested too deep to be kept */
	struct tt_em_open_region regions[TT_EM_MAX_REGIONS];
};

/* ---------------------------------------------------------------------- trace */

/* All clocks at one moment. */
struct tt_em_sync_point {
	uint64_t ticks;
	uint64_t mono_ns, wall_sec, wall_nsec;
};

#define TT_EM_MAX_CODE_MAPS 4096
#define TT_EM_CODE_TEXT_NBYTES (256 << 10)

/* Executable mappings of the process in order, with the paths of their files. */
struct tt_em_code_map {
	uint64_t start, end, offset;
	uint64_t path;                  /* in `text`; at 0 is "" for memory of no file */
};
struct tt_em_code_table {
	uint32_t n;
	struct tt_em_code_map maps[TT_EM_MAX_CODE_MAPS];
	char text[TT_EM_CODE_TEXT_NBYTES];
};

/* What a region begins with, whatever its layout. */
struct tt_em_region_head {
	char magic[16];                 /* TT_EM_REGION_MAGIC */
	uint64_t layout;                /* TT_EM_REGION_LAYOUT */
	uint64_t base;                  /* its address in the process that traces */
	uint64_t memory_nbytes;         /* of the chunks */
};

/* Numbers that the kernel gives threads are below this. */
#define TT_EM_NTIDS (1 << 22)

/* The state of one trace, first in its region. */
struct tt_em_trace {
	struct tt_em_region_head head;
	/*
	 * How far the trace is. The program's sink has generations up to done_gen, complete;
	 * they end at done_nbytes[done_gen & 1] of what it received. Threads write to `gen`;
	 * there is at most one between the two.
	 */
	_Atomic uint64_t gen, done_gen;
	uint64_t done_nbytes[2];
	_Atomic uint8_t failed;         /* the sink took no more than those */
	struct tt_em_clock_rate rate;
	struct tt_em_thread *threads;   /* in use */
	struct tt_em_thread *free_threads;
	struct tt_em_thread *thread_area; /* an array; nthreads of it were ever used */
	uint32_t nthreads, max_threads;
	struct tt_em_proc *procs, *free_procs;
	_Atomic uint32_t nprocs;
	uint64_t goroutines;            /* last number given */
	_Atomic uint64_t tasks;         /* last number given */
	uint8_t *fresh, *fresh_end;     /* memory never used */
	struct tt_em_chunk *free_small, *free_large;
	uint64_t free_nbytes, reserve_nbytes; /* the latter is the flusher's alone */
	_Atomic uint64_t gen_nbytes;    /* of chunks taken in this generation */
	uint64_t gen_limit;
	_Atomic bool full;              /* no chunk was left */
	_Atomic bool flusher_woken;     /* since it is, or gen_nbytes reached gen_limit */
	struct tt_em_sync_point syncs[2]; /* where generations begin, by parity */
	uint64_t gc_seq;                /* of the last GC event */
	uint64_t gc_gen;                /* the last generation that knows of the range */
	bool gc_runs;
	struct tt_em_table strings[2], stacks[2]; /* by the generation's parity */
	uint16_t *incarnations;         /* how many threads had a tid; TT_EM_NTIDS of them, not in
	                                   the region */
	/*
	 * The region is a file, whose disk may be full: memory is asked for before it is
	 * touched, since a fault would kill the program. Up to here it was. NULL: no need to.
	 */
	uint8_t *populated, *populated_threads;
	_Atomic uint32_t code_at;       /* which of the two holds */
	struct tt_em_code_table code[2];
};

/* Changes with what lies in the region and where. */
#define TT_EM_REGION_MAGIC "tracetool region"
#define TT_EM_REGION_LAYOUT                                                                        \
	(UINT64_C(1) << 48 | (uint64_t)sizeof(struct tt_em_thread) << 32 |                         \
	 sizeof(struct tt_em_trace))

/* -------------------------------------------------------------- region.c */

/* Where things lie in a region: bytes from its start. It may need more addresses than this
 * machine has. */
struct tt_em_region_plan {
	uint64_t threads, chunks, nbytes;
	uint32_t max_threads;
};
struct tt_em_region_plan tt_em_region_plan(uint64_t memory_nbytes);
/* Memory of zeros, private to the process, for munmap(); NULL: there is none. */
void *tt_em_map_zeros(uint64_t nbytes);
/* Makes sure of the memory between; false: there is none. */
bool tt_em_region_populate(const uint8_t *from, const uint8_t *to);
/* Lays out an empty trace in memory of zeros. */
struct tt_em_trace *tt_em_region_init(void *region, uint64_t memory_nbytes);

#endif
