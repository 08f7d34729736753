/* SPDX-License-Identifier: MIT */
/*
 * emit.h - the writer inside a traced program: what the files of this folder share. Code
 * that runs in the program's threads uses this header alone, the rest also write.h and
 * flusher.h. A file uses only files above it in this list.
 *
 *	lock.[ch]     a lock on a futex
 *	clock.[ch]    the trace clock
 *	region.[ch]   the memory of one trace: its layout
 *	claim.[ch]    what the trace claims of a goroutine or a processor
 *	globals.[ch]  what the process has besides: the tracer, the handles of threads
 *
 *	pool.c        chunks of the region
 *	table.c       the strings and stacks of a generation
 *	handle.c      handles: made and taken back
 *	thread.c      a thread's part in one trace; processors
 *
 *	state.c       the legal way from what the trace claims to where the program is
 *	embed.c       what Go's format has no place for
 *
 *	section.c     acquire and release
 *	intern.c      numbers for strings and stacks; stacks by frame pointers
 *	user.c        tasks, regions, logs, labels, heap metrics, ranges
 *	experiment.c  events and batches of experiments
 *
 *	wait.c        threads that wait, and how they are woken
 *	announce.c    threads that are announced, begin and end
 *	once.c        a section of one event, fast
 *
 *	write.h       what the next three share
 *	sink.c        where the trace goes
 *	symbol.c      names for addresses of code
 *	write.c       one generation to bytes
 *
 *	flusher.h     what the next three share
 *	flusher.c     the tracer's own thread, which ends generations
 *	setup.c       what a trace has before it begins
 *	tracer.c      start, stop, snapshots, fork, exit
 *
 * A handle (struct tt_emit) belongs to a thread for as long as the thread lives. Its part in
 * one trace (struct tt_em_thread) is its goroutine, its processor and the chunks that it
 * filled. Parts, chunks and tables lie in the region, one mapping that a trace gets at its
 * start and gives back at its stop.
 *
 * Who may touch what: a thread its own handle, and its own part inside a section. The
 * flusher those slots of a part that belong to an ended generation, once it saw the thread
 * outside of a section. Whatever both look at is atomic. Stands on base, spec and
 * wire/varint.h.
 */
#ifndef TT_EMIT_EMIT_H
#define TT_EMIT_EMIT_H

#include <string.h>

#include "base/compiler.h"
#include "emit/claim.h"
#include "emit/globals.h"
#include "spec/spec.h"
#include "spec/types.h"

/* ---------------------------------------------------------------- pool.c */

/* NULL: none left. Takes the lock. The chunk is empty, its `end` set. */
struct tt_em_chunk *tt_em_pool_get(struct tt_em_trace *t, uint32_t nbytes);
/* Gives a list back. Takes the lock. */
void tt_em_pool_put(struct tt_em_trace *t, struct tt_em_chunks *chunks);
/* Memory that is never given back. The lock is held. */
void *tt_em_pool_forever(struct tt_em_trace *t, size_t nbytes);
void tt_em_chunks_add(struct tt_em_chunks *list, struct tt_em_chunk *c);

/* ---------------------------------------------------------------- table.c */

/* The tables of a generation, by its parity, and the thread whose blocks take what is new. */
struct tt_em_tables {
	struct tt_em_trace *trace;
	struct tt_em_thread *thread;
	unsigned parity;
};
/* Numbers from the tables; 0: no memory. */
uint64_t tt_em_intern_string(struct tt_em_tables at, const char *data, size_t len);
/* The same for a text that will not come again. */
uint64_t tt_em_unindexed_string(struct tt_em_tables at, const char *data, size_t len);
uint64_t tt_em_intern_stack(struct tt_em_tables at, const uint64_t *pcs, size_t n);
/* Enters what has its number already. False: no memory. */
bool tt_em_table_restore(struct tt_em_tables at, struct tt_em_table *t, uint32_t id,
			 struct tt_str text);
void tt_em_table_clear(struct tt_em_table *t);
/* Keeps the stack for generations in which the thread writes nothing. */
void tt_em_save_stack(struct tt_emit *e, uint64_t stack);

/* ---------------------------------------------------------------- handle.c */

/* The calling thread's handle, made if it has none; NULL: no memory. */
struct tt_emit *tt_em_handle(void);
/* The thread with this tid is gone. */
bool tt_em_tid_gone(int tid);
/* Takes back the handles of threads that are gone, and sums up what was lost. */
void tt_em_handles_reap(void);
/* In a child: forgets all threads but this one. */
void tt_em_handles_forked(void);
/* Makes the key whose destructor calls `on_exit` when a thread ends. False: no key. */
bool tt_em_handles_init(void (*on_exit)(struct tt_emit *e));

/* ---------------------------------------------------------------- thread.c */

/* What a goroutine's first frame is called if nobody says (symbol.c). */
enum {
	TT_EM_START_UNKNOWN = 1,
	TT_EM_START_FLUSHER,
	TT_EM_START_MAIN,
};
/* A new part in the trace; NULL: no memory. The lock is held. */
struct tt_em_thread *tt_em_thread_new(struct tt_em_trace *t);
/* From here on it is that of the handle's thread. False: no processor. The lock is held. */
bool tt_em_thread_attach(struct tt_emit *e, struct tt_em_thread *th);
/* An empty chunk of the thread's for its generation, in no list; NULL: counted as lost. */
struct tt_em_chunk *tt_em_thread_chunk(struct tt_emit *e, uint32_t nbytes);
/* Ends what the generation's last events say has ended. */
void tt_em_threads_retire(struct tt_em_thread *threads, uint64_t gen);
/* Takes back the parts that are over and written. */
void tt_em_threads_free(struct tt_em_trace *t);

/* A processor that was free in this generation, or a new one. The lock is held. */
struct tt_em_proc *tt_em_proc_take(uint64_t gen);
void tt_em_proc_give(struct tt_em_proc *p, uint64_t gen);

/* ---------------------------------------------------------------- state.c */

/* Opens a chunk: tt_em_room() has the details. */
bool tt_em_room_slow(struct tt_emit *e);
/* For all of these there is room, and `false` is: not now. */
/* The goroutine runs, whatever events lead there. */
bool tt_em_to_running(struct tt_emit *e);
/* The goroutine runs, or is in a syscall. */
bool tt_em_to_present(struct tt_emit *e);
/* Whether it has a goroutine and a processor now. */
bool tt_em_is_present(const struct tt_emit *e);
/* From running to waiting (by a GoBlock) or runnable (by a GoStop). */
void tt_em_to_waiting(struct tt_emit *e, enum tt_event_type type, const char *reason,
		      uint64_t stack);
/* From running into a syscall. */
void tt_em_to_syscall(struct tt_emit *e, uint64_t stack);
/* Ends goroutine and processor, if they live. Inside a section; looks for room itself. */
void tt_em_to_gone(struct tt_emit *e);
/* The status of a goroutine that is not running, if this generation does not mention it. */
void tt_em_put_go_status(struct tt_emit *e, struct tt_em_thread *th);
/* Ends that range, if memory and state allow. */
void tt_em_end_stw(struct tt_emit *e);

/* ---------------------------------------------------------------- embed.c */

/* An event whose rule says so; there is room, and the context that it needs. */
void tt_em_embed_event(struct tt_emit *e, unsigned type, const uint64_t *args, unsigned nargs);
/* The bytes that batches of an experiment begin with; 0 if they are not wrapped. */
#define TT_EM_EMBED_HEAD_MAX 8
uint8_t tt_em_embed_batch_head(unsigned experiment, uint8_t head[TT_EM_EMBED_HEAD_MAX]);
/* The specs that are not built in, for the generation. */
void tt_em_embed_specs(struct tt_emit *e, const struct tt_specs *specs);

/* ---------------------------------------------------------------- section.c */

/* What acquire and release do, for the handle at hand. */
struct tt_emit *tt_em_section_begin(struct tt_emit *e);
void tt_em_section_end(struct tt_emit *e);

/* ---------------------------------------------------------------- announce.c */

/* The handle's thread ends: writes that. */
void tt_em_on_thread_exit(struct tt_emit *e);

/* ---------------------------------------------------------------- inlines */

/* Room for any one operation, and statuses written. The handle has a thread then. */
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

static inline unsigned tt_em_parity(const struct tt_emit *e)
{
	return (unsigned)(e->gen & 1);
}

/* What the handle's thread has in its generation. */
static inline struct tt_em_slot *tt_em_slot(const struct tt_emit *e)
{
	return &e->thread->slots[tt_em_parity(e)];
}

static inline struct tt_em_tables tt_em_tables(const struct tt_emit *e)
{
	return (struct tt_em_tables){tt_em_trace(), e->thread, tt_em_parity(e)};
}

/* The number of a text, 0 if there is no memory. */
static inline uint64_t tt_em_text(const struct tt_emit *e, const char *text)
{
	return tt_em_intern_string(tt_em_tables(e), text, strlen(text));
}

/* Type and time of an event. */
static inline uint8_t *tt_em_put_time_at(struct tt_em_chunk *c, unsigned type, uint64_t now)
{
	uint8_t *p = atomic_load_explicit(&c->pos, memory_order_relaxed);
	uint64_t dt;

	/* another core's counter may be a little late */
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
static inline void tt_em_write0(struct tt_emit *e, enum tt_event_type type)
{
	tt_em_put_done(e->chunk, tt_em_put_time(e->chunk, type));
}

static inline void tt_em_write1(struct tt_emit *e, enum tt_event_type type, uint64_t a)
{
	tt_em_put_done(e->chunk, tt_varint_put(tt_em_put_time(e->chunk, type), a));
}

static inline void tt_em_write2(struct tt_emit *e, enum tt_event_type type, uint64_t a, uint64_t b)
{
	tt_em_put_done(e->chunk,
		       tt_varint_put(tt_varint_put(tt_em_put_time(e->chunk, type), a), b));
}

static inline void tt_em_write3(struct tt_emit *e, enum tt_event_type type, const uint64_t a[3])
{
	uint8_t *p = tt_em_put_time(e->chunk, type);

	for (int i = 0; i < 3; i++)
		p = tt_varint_put(p, a[i]);
	tt_em_put_done(e->chunk, p);
}

static inline void tt_em_write4(struct tt_emit *e, enum tt_event_type type, const uint64_t a[4])
{
	uint8_t *p = tt_em_put_time(e->chunk, type);

	for (int i = 0; i < 4; i++)
		p = tt_varint_put(p, a[i]);
	tt_em_put_done(e->chunk, p);
}

#endif
