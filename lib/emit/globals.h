/* SPDX-License-Identifier: MIT */
/*
 * globals.h - what the process has of the emitter outside of a trace's region: its one
 * tracer, a handle for each thread that ever wrote an event, and the calling thread's own.
 * This is the exception to "no global mutable state". Stands on lock.h and region.h.
 *
 * Handles are never unmapped, since threads hold them in thread-local storage: a thread may
 * look at its own at any time, whether it is traced or not.
 */
#ifndef TT_EMIT_GLOBALS_H
#define TT_EMIT_GLOBALS_H

#include <stdatomic.h>

#include "emit/lock.h"
#include "emit/region.h"
#include "tracetool_emit.h"

/* ---------------------------------------------------------------------- handle */

/*
 * Only its thread writes to a handle, but for the two counts, which the flusher resets, and
 * except when the thread is gone.
 */
struct tt_emit {
	_Alignas(64) _Atomic uint32_t writing; /* inside a section */
	uint32_t depth;                 /* of nested sections */
	volatile uint8_t busy;          /* inside the tracer: signal handlers keep out */
	bool stw;                       /* that range is open, until the section's end */
	bool flusher;                   /* this is the flusher's */
	uint8_t rounds;                 /* calls of the key's destructor so far */
	_Atomic uint8_t exited;
	_Atomic uint8_t free;           /* no thread has it */
	uint32_t waits;                 /* nested calls that wait */
	uint64_t epoch_gen;             /* as in struct tt_em_tracer: the last it entered */
	uint64_t gen;
	struct tt_em_chunk *chunk;      /* of this generation; or tt_em_no_chunk */
	struct tt_em_thread *thread;    /* its part in the trace */
	_Atomic uint64_t lost, refused; /* events, since the flusher summed up last */
	uintptr_t stack_low, stack_end; /* 0: not asked for yet; both 1: not known */
	_Atomic int tid;
	struct tt_emit *next;           /* of all handles */
};

/* The calling thread's handle; NULL: it has none yet. */
extern _Thread_local struct tt_emit *tt_em_self __attribute__((tls_model("initial-exec")));

/* The chunk of a thread that has none: it is full. */
extern struct tt_em_chunk tt_em_no_chunk;

/* ---------------------------------------------------------------------- tracer */

/* Traces of this process, counted from 1, and the generation in one word. */
#define TT_EM_EPOCH_SHIFT 40
#define TT_EM_GEN_MASK ((UINT64_C(1) << TT_EM_EPOCH_SHIFT) - 1)
/* Of a handle that has seen no generation. */
#define TT_EM_NO_EPOCH_GEN UINT64_MAX

static inline uint64_t tt_em_epoch_of(uint64_t epoch_gen)
{
	return epoch_gen >> TT_EM_EPOCH_SHIFT;
}

/* Of a rule: its events are embedded in batches (embed.c). */
#define TT_EM_RULE_EMBEDDED 0x80

/* What the writer needs to know of an event's spec. */
/* What an event needs besides its thread, which has a processor and a goroutine or neither. */
enum tt_em_context {
	TT_EM_ANY,
	TT_EM_PRESENT,                  /* both */
	TT_EM_ABSENT,                   /* neither */
	TT_EM_NEVER,                    /* what no thread of a native program has */
};

struct tt_em_event_rule {
	uint8_t nargs_plus1;            /* 0: no experimental event of this type; may have
	                                   TT_EM_RULE_EMBEDDED */
	uint8_t context;                /* enum tt_em_context */
};

struct tt_em_tracer {
	_Atomic uint64_t epoch_gen;     /* epoch << TT_EM_EPOCH_SHIFT | generation; 0: off */
	atomic_bool fence;              /* no membarrier: sections begin with a full one */
	struct tt_em_event_rule rules[256];
	bool all_inline;                /* TT_EMIT_INLINE: own batches are not wrapped either */
	struct tt_em_trace *trace;
	struct tt_em_lock lock;         /* of chunks, threads, processors, handles */
	struct tt_em_lock gc;           /* of the GC range; held while epoch_gen changes */
	_Atomic(struct tt_emit *) handles;
	_Atomic uint32_t serial;        /* the last of an announced thread */
	_Atomic uint64_t lost, refused; /* of the trace, as last summed up */
	_Atomic uint32_t wakes;         /* changes when the flusher has something to do */
	_Atomic bool gen_full;          /* the generation is large enough to end */
	struct tt_em_lock counts_lock;
	struct tt_emit_counts counts;   /* as of the last generation that ended */
};
extern struct tt_em_tracer tt_em_tracer;

static inline struct tt_em_trace *tt_em_trace(void)
{
	return tt_em_tracer.trace;
}

/* What tt_emit_on() says. */
void tt_em_set_on(bool on);
/* Counts an event for which there was no memory. */
void tt_em_lost(struct tt_emit *e);
/* Counts an event that did not match its spec or its context. */
void tt_em_refused(struct tt_emit *e);
/* Any thread: the flusher looks what there is to do. */
void tt_em_flusher_wake(void);

#endif
