/* SPDX-License-Identifier: MIT */
/*
 * tracetool_emit.h - writing Go execution traces from inside a native program.
 *
 * This is the public interface of libtracetool's writing side; the man page
 * libtracetool_emit(3) tells the same story with an example. There is one tracer in
 * a process. Each thread of the program shows in the trace as a thread (M) with a
 * goroutine and a processor (P) of its own, from its first event, or its
 * announcement, to its exit.
 *
 * The protocol: a thread acquires the tracer, does an operation and writes the
 * events that tell of it, then releases. Between the two no generation can end, so
 * that the events and the operation are one.
 *
 *	if (tt_emit_on()) {
 *		struct tt_emit *e = tt_emit_acquire();
 *
 *		if (e != NULL) {
 *			tt_emit_log(e, 0, "cache", "miss", tt_emit_stack_here(e, 0));
 *			tt_emit_release(e);
 *		}
 *	}
 *
 * What may be written when is the library's care: it keeps what the trace claims of
 * each thread, and a function that asks for something writes the legal way from
 * there, or nothing. No sequence of calls makes a trace that Go's reader rejects.
 *
 * Conventions, besides those of tracetool.h:
 *
 * - A `struct tt_emit` is the calling thread's, between acquire and release, and is
 *   handed to no other thread. Sections nest: each acquire takes one release.
 * - Numbers of strings and stacks are those of one generation: they hold until the
 *   outermost release and not beyond.
 * - Nothing here blocks for the sake of the trace: with no memory left for events a
 *   thread goes mute until there is some, its state stays what it last claimed, and
 *   what it did not write is counted.
 * - Functions marked "any time" may be called from a signal handler once their thread
 *   has written an event. A handler that interrupts the tracer itself acquires NULL.
 */
#ifndef TRACETOOL_EMIT_H
#define TRACETOOL_EMIT_H

#include "tracetool.h"

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
/* Functions named as the structs they give. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#endif

struct tt_emit;

/* ------------------------------------------------------------ start and stop */

/* Where a program counter lies. Texts need to live until the next call. */
struct tt_emit_symbol {
	const char *func;
	const char *file;
	uint64_t line;
};

/*
 * Begin with `size = sizeof(struct tt_emit_options)`, zero the rest. NULL: defaults.
 * Callbacks run on the tracer's own thread, one at a time.
 */
struct tt_emit_options {
	size_t size;
	uint64_t period_ns;             /* of a generation; 0: a second */
	uint64_t generation_nbytes;     /* ends it earlier; 0: 32 MiB */
	uint64_t memory_nbytes;         /* for all that is not written yet; 0: 256 MiB, at
	                                   least 1 MiB */
	uint64_t flight_ns;             /* flight recorder: how long back; 0: 10 seconds */
	uint64_t flight_nbytes;         /* flight recorder: how much; 0: 64 MiB */
	const struct tt_specs *specs;   /* of experimental events; NULL: the built-in ones.
	                                   Must outlive the trace, whose generations each
	                                   hold the text of those that are not built in */
	const char *shared_path;        /* a file to hold the memory of the tracer, so that
	                                   another process can recover the trace; made or
	                                   cut to nothing, removed at stop.
	                                   /proc/self/fd/N is a descriptor that is there */
	/*
	 * Names the code of a return address; false: not known. Without it, and for what
	 * it does not know, func is OBJECT+0xOFFSET, file the object's path and line
	 * the offset in that file, so that names can be found after the fact.
	 */
	bool (*symbol)(void *arg, uintptr_t pc, struct tt_emit_symbol *out);
	/* Called inside a section of each new generation, to write what each shall hold. */
	void (*generation)(void *arg, struct tt_emit *e);
	void *arg;                      /* of both */
	unsigned flags;                 /* TT_EMIT_... */
};

/*
 * Events that Go's reader does not know stand among the others, which makes it reject
 * the trace; batches of other experiments than 1 are as they are, which makes it crash.
 * Without this they travel in private batches of experiment 1, which Go's tools pass
 * over and this library's reader merges and unwraps (tracetool-format(5)).
 */
#define TT_EMIT_INLINE 1u

/*
 * Starts tracing: to a file, which is made or cut to nothing if nothing else fails (the
 * process may trace to it: that is refused first); to a descriptor, which
 * stays the caller's and open; to a function, which returns 0 or an errno.
 * TT_E_ARGUMENT (a bad option, or tracing is on), TT_E_IO, TT_E_MEMORY, TT_E_SPEC
 * (specs that lack an event the writer needs).
 */
TT_API int tt_emit_start(const char *path, const struct tt_emit_options *opt, struct tt_error *err);
TT_API int tt_emit_start_fd(int fd, const struct tt_emit_options *opt, struct tt_error *err);
typedef int tt_emit_write(void *arg, const void *data, size_t nbytes);
TT_API int tt_emit_start_callback(tt_emit_write *write, void *arg,
				  const struct tt_emit_options *opt, struct tt_error *err);
/* Starts the flight recorder: the last generations stay in memory. */
TT_API int tt_emit_start_flight(const struct tt_emit_options *opt, struct tt_error *err);

/*
 * Ends the last generation and the trace. The first error of all that was written
 * since the start: TT_E_IO, TT_E_MEMORY; TT_E_ARGUMENT if tracing is off, or from
 * inside a section or a callback. At exit() the library does this by itself.
 */
TT_API int tt_emit_stop(struct tt_error *err);

/*
 * Ends the generation and waits until it is written. TT_E_ARGUMENT as above, TT_E_IO.
 */
TT_API int tt_emit_advance(void);

/*
 * Ends the generation and writes all that the flight recorder holds, as a trace of its
 * own; recording goes on. TT_E_ARGUMENT (no flight recorder runs, or as above),
 * TT_E_IO, TT_E_MEMORY.
 */
TT_API int tt_flight_snapshot(const char *path, struct tt_error *err);
TT_API int tt_flight_snapshot_fd(int fd, struct tt_error *err);

struct tt_emit_counts {
	uint64_t generations;   /* ended */
	uint64_t nbytes;        /* of the trace, written or kept */
	uint64_t lost;          /* events that were dropped for want of memory */
	uint64_t refused;       /* events that were against their spec or their context */
};
/* Of the trace that runs or ran last, as of its last generation. */
TT_API struct tt_emit_counts tt_emit_counts(void);

/* ------------------------------------------------------------------ sections */

/* No contract: what tt_emit_on() reads. */
extern TT_API uint32_t tt_emit_on_;

/* Tracing is on: one load and a branch. Any time. */
static inline bool tt_emit_on(void)
{
#if defined(__GNUC__)
	return __builtin_expect(__atomic_load_n(&tt_emit_on_, __ATOMIC_RELAXED) != 0, 0);
#else
	return *(volatile uint32_t *)&tt_emit_on_ != 0;
#endif
}

/* NULL: tracing is off, or the thread is inside the tracer. Any time. */
TT_API struct tt_emit *tt_emit_acquire(void);
/* Any time. */
TT_API void tt_emit_release(struct tt_emit *e);

/* Counted from 1: the generation that what is written here belongs to. Any time. */
TT_API uint64_t tt_emit_generation(const struct tt_emit *e);

/* -------------------------------------------------------------------- tables */

/* The number of a text in this generation; its first 1024 bytes count. Any time. */
TT_API uint64_t tt_emit_string(struct tt_emit *e, const char *data, size_t len);
/*
 * The number of a stack: return addresses, innermost first, at most TT_MAX_FRAMES
 * of them. 0 is no stack. Any time.
 */
TT_API uint64_t tt_emit_stack(struct tt_emit *e, const uintptr_t *pcs, size_t n);
/*
 * The caller's stack by frame pointers, without its `skip` innermost frames. It
 * never leaves the thread's own stack. Any time, once the thread has called it.
 */
TT_API uint64_t tt_emit_stack_here(struct tt_emit *e, unsigned skip);

/* ------------------------------------------------------------------- threads */

/*
 * A thread need not be announced: it appears with its first event and ends when its
 * thread-local storage does. Announced, it shows who made it and where it starts.
 *
 * tt_emit_thread_create() before the thread is made; its token goes to the new
 * thread, which hands it to tt_emit_thread_begin() before its first event, or to
 * tt_emit_thread_cancel() if no thread came to be. `start` is the function it will
 * run. Token 0 is none.
 */
TT_API uint64_t tt_emit_thread_create(struct tt_emit *e, uintptr_t start, uint64_t stack);
TT_API void tt_emit_thread_begin(uint64_t token);
TT_API void tt_emit_thread_cancel(uint64_t token);
/* The calling thread ends; it may yet write events that need no goroutine. */
TT_API void tt_emit_thread_end(void);

/* -------------------------------------------------------------------- states */

/*
 * Calls that wait may nest (a wrapper in a wrapper): the outermost counts.
 *
 * tt_emit_block(): the thread waits for another part of the program, say why:
 * "sync mutex", "sync cond", "sync join", "select", "network", "sleep". The token
 * lets the one who wakes it tell so with tt_emit_wake(), before it does; true if
 * that was the first to wake it. tt_emit_unblock(): the thread runs again; not
 * inside a section.
 */
TT_API uint64_t tt_emit_block(struct tt_emit *e, const char *reason, uint64_t stack);
TT_API bool tt_emit_wake(struct tt_emit *e, uint64_t token, uint64_t stack);
TT_API void tt_emit_unblock(void);

/* The thread waits in the kernel. */
TT_API void tt_emit_syscall_begin(struct tt_emit *e, uint64_t stack);
TT_API void tt_emit_syscall_end(struct tt_emit *e);

/* The thread gives way and stays ready to run; tt_emit_resume(): it runs again. */
TT_API void tt_emit_pause(struct tt_emit *e, const char *reason, uint64_t stack);
TT_API void tt_emit_resume(struct tt_emit *e);

/* --------------------------------------------------------------- annotations */

/* A new task; parent 0: none. Its number, never used again; 0 if it was lost. */
TT_API uint64_t tt_emit_task_begin(struct tt_emit *e, uint64_t parent, const char *name,
				   uint64_t stack);
/* By any thread. */
TT_API void tt_emit_task_end(struct tt_emit *e, uint64_t task, uint64_t stack);
/*
 * A region of the calling thread; task 0: none. They nest. `name` must live until
 * the region's end, which ends regions inside it that are open still.
 */
TT_API void tt_emit_region_begin(struct tt_emit *e, uint64_t task, const char *name, uint64_t stack);
TT_API void tt_emit_region_end(struct tt_emit *e, uint64_t stack);
TT_API void tt_emit_log(struct tt_emit *e, uint64_t task, const char *category, const char *message,
			uint64_t stack);
/* What the thread is for, in this generation and later ones; its first 128 bytes count. */
TT_API void tt_emit_label(struct tt_emit *e, const char *label);
/* Bytes of live heap objects; the limit, or 0. */
TT_API void tt_emit_heap(struct tt_emit *e, uint64_t nbytes);
TT_API void tt_emit_heap_goal(struct tt_emit *e, uint64_t nbytes);

enum tt_emit_range {
	TT_EMIT_RANGE_STW,      /* the world is stopped, by this thread; it ends with its
	                           section at the latest */
	TT_EMIT_RANGE_GC,       /* a collection runs; one in the process, begun and ended
	                           by any thread, outside of a section (`e` is NULL) */
	TT_EMIT_RANGE_SWEEP,    /* this thread's processor sweeps */
	TT_EMIT_RANGE_ASSIST,   /* this thread helps to mark */
};
/* `reason` is told of TT_EMIT_RANGE_STW alone. One of a kind at a time. */
TT_API void tt_emit_range_begin(struct tt_emit *e, enum tt_emit_range range, const char *reason,
				uint64_t stack);
/* `a` and `b` are told of TT_EMIT_RANGE_SWEEP alone: bytes swept and reclaimed. */
TT_API void tt_emit_range_end(struct tt_emit *e, enum tt_emit_range range, uint64_t a, uint64_t b);

/* --------------------------------------------------------------- experiments */

/*
 * An event of an experiment, by its type in the specs, with all its arguments in the
 * order of its spec without dt. One that the specs don't have, or with another
 * number of arguments, is refused. Any time. Go's reader knows types up to 136.
 */
TT_API void tt_emit_event(struct tt_emit *e, unsigned type, const uint64_t *args, unsigned nargs);
/* The same with one or two arguments, faster. */
TT_API void tt_emit_event1(struct tt_emit *e, unsigned type, uint64_t a);
TT_API void tt_emit_event2(struct tt_emit *e, unsigned type, uint64_t a, uint64_t b);
/*
 * A section with one such event in it, in half the time. With a generation other than
 * 0 only in that one; true if so. False too if there is no section to be had. Any time.
 */
TT_API bool tt_emit_once1(uint64_t gen, unsigned type, uint64_t a);
TT_API bool tt_emit_once2(uint64_t gen, unsigned type, uint64_t a, uint64_t b);

/*
 * The next number of a resource that the event to be written orders (`orders` in
 * tracetool-spec(5)): 1, 2, 3, ... in each generation. The program keeps one *seq for
 * each resource, zeroed; any number of threads may count at a time, each right before
 * it writes the event, which it then must write, in the same section. Any time.
 */
struct tt_emit_seq {
	uint64_t counts_[2];    /* no contract */
};
TT_API uint64_t tt_emit_seq(struct tt_emit *e, struct tt_emit_seq *seq);

#define TT_EMIT_BATCH_MAX 65000
/*
 * One experimental batch of this generation, with these bytes. False if it is larger
 * than TT_EMIT_BATCH_MAX or there is no memory for it. Any time.
 */
TT_API bool tt_emit_batch(struct tt_emit *e, unsigned experiment, const void *data, size_t nbytes);
/*
 * Adds a record to the thread's open batch of this generation and experiment, which
 * begins with the `head` bytes; a new batch is begun when it is full or the head
 * is another. Records are never split. At most TT_EMIT_BATCH_MAX bytes with the
 * head. Any time.
 */
TT_API bool tt_emit_batch_add(struct tt_emit *e, unsigned experiment, struct tt_str head,
			      const void *record, size_t nbytes);
/* The same with a record that lies in several places: `n` parts, one after the other. */
TT_API bool tt_emit_batch_add_parts(struct tt_emit *e, unsigned experiment, struct tt_str head,
				    const struct tt_str *parts, size_t n);

/* ------------------------------------------------------------------ recovery */

/*
 * The end of a trace whose process died without tt_emit_stop(): it was killed, it
 * crashed, it called _exit() or became another program. Another process calls this,
 * with what the dead one's `shared_path` was, once all its threads are gone (until
 * then the result is safe but may lack what comes). All events come out that were
 * written before; what somebody was in the middle of is left out.
 *
 * The file is taken for hostile: whatever lies in it, what comes out is a trace that
 * our reader accepts, or less of it. Any number of recoveries at a time; one thread
 * for each.
 *
 *	if (tt_emit_recovery_open(&r, region_fd, NULL, &err) == 0) {
 *		cut_received_trace_to(tt_emit_recovery_offset(r));
 *		tt_emit_recovery_write(r, append_to_received_trace, arg, &err);
 *		tt_emit_recovery_close(r);
 *	}
 */
struct tt_emit_recovery;

/* Begin with `size = sizeof(struct tt_emit_recovery_options)`, zero the rest. */
struct tt_emit_recovery_options {
	size_t size;
	/* As in tt_emit_options; without it names are as if the process lived. */
	bool (*symbol)(void *arg, uintptr_t pc, struct tt_emit_symbol *out);
	void *arg;
	const struct tt_specs *specs;   /* those that the trace was begun with */
};

/*
 * Reads all of the file, which stays the caller's, and makes what is to be written.
 * TT_E_IO, TT_E_MEMORY, TT_E_ARGUMENT (a bad option), TT_E_NOT_A_TRACE (no memory of
 * a tracer), TT_E_VERSION (of another version of this library).
 */
TT_API int tt_emit_recovery_open(struct tt_emit_recovery **out, int region_fd,
				 const struct tt_emit_recovery_options *opt, struct tt_error *err);
TT_API void tt_emit_recovery_close(struct tt_emit_recovery *r);
/*
 * How much of what the trace's file, descriptor or callback was given is whole
 * generations, the trace's header included: what lies behind is the beginning of a
 * generation that tt_emit_recovery_write() writes again. 0: not even the header; that
 * is written again, too.
 */
TT_API uint64_t tt_emit_recovery_offset(const struct tt_emit_recovery *r);
/*
 * How many generations there are to write: 0 to 2; 0 after tt_emit_stop(), and if the
 * trace could not be written: then the offset is where it stops.
 */
TT_API unsigned tt_emit_recovery_generations(const struct tt_emit_recovery *r);
/* The generations that were so damaged that they cannot be told. */
TT_API unsigned tt_emit_recovery_damaged(const struct tt_emit_recovery *r);
/*
 * Writes what belongs behind tt_emit_recovery_offset(). Of a flight recorder that is
 * the last generation alone, as a trace. TT_E_IO with the errno that `write` returned.
 */
TT_API int tt_emit_recovery_write(const struct tt_emit_recovery *r, tt_emit_write *write, void *arg,
				  struct tt_error *err);

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif
#endif
