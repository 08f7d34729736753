/* SPDX-License-Identifier: MIT */
/*
 * tracetool_emit.h - writing Go execution traces from inside a native program.
 *
 * This is the public interface of the writing side of libtracetool. The man page
 * libtracetool_emit(3) explains the same with an example. A process has one tracer. In
 * the trace each thread of the program appears as a thread (M) with a goroutine and a
 * processor (P) of its own, from its first event, or its announcement, to its exit.
 *
 * The protocol: a thread acquires the tracer, performs an operation, writes the events
 * that describe it, and releases the tracer. No generation can end in between, so the
 * events and the operation belong together.
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
 * The library ensures that events follow each other legally. It keeps the state of each
 * thread as the trace has recorded it. A function that asks for something writes the
 * events that legally lead there from that state, or nothing. No sequence of calls makes
 * a trace that Go's reader rejects.
 *
 * Conventions, besides those of tracetool.h:
 *
 * - A `struct tt_emit` belongs to the calling thread, between acquire and release, and
 *   must not be passed to another thread. Sections nest: each acquire needs one release.
 * - The numbers of strings and stacks belong to one generation: they are valid until the
 *   outermost release and no longer.
 * - Nothing here blocks for the sake of the trace. If there is no memory for events, a
 *   thread stops writing until memory is available again; its recorded state does not
 *   change, and the dropped events are counted.
 * - Functions marked "any time" may be called from a signal handler once their thread has
 *   written an event. In a handler that interrupts the tracer itself, tt_emit_acquire()
 *   returns NULL.
 */
#ifndef TRACETOOL_EMIT_H
#define TRACETOOL_EMIT_H

#include "tracetool.h"

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
/* Some functions have the name of the struct that they return. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#endif

struct tt_emit;

/* ------------------------------------------------------------ start and stop */

/* The position of a program counter. Texts must stay valid until the next call. */
struct tt_emit_symbol {
	const char *func;
	const char *file;
	uint64_t line;
};

/*
 * Set `size = sizeof(struct tt_emit_options)` and zero the rest. NULL: defaults.
 * Callbacks run on the tracer's own thread, one at a time.
 */
struct tt_emit_options {
	size_t size;
	uint64_t period_ns;             /* of a generation; 0: a second */
	uint64_t generation_nbytes;     /* ends it earlier; 0: 32 MiB */
	uint64_t memory_nbytes;         /* for all that is not written yet; 0: 256 MiB;
	                                   at least 1 MiB */
	uint64_t flight_ns;             /* flight recorder: how much time to keep; 0: 10 seconds */
	uint64_t flight_nbytes;         /* flight recorder: how many bytes to keep; 0: 64 MiB */
	const struct tt_specs *specs;   /* of experimental events; NULL: the built-in ones.
	                                   Must outlive the trace. Each generation contains
	                                   the texts of those that are not built in */
	const char *shared_path;        /* a file for the memory of the tracer, so that
	                                   another process can recover the trace. It is
	                                   created or truncated, and removed at stop.
	                                   /proc/self/fd/N is an open descriptor */
	/*
	 * Names the code at a return address; false: not known. Without this callback, or
	 * if it returns false, func is OBJECT+0xOFFSET, file is the path of the object and
	 * line is the offset in that file, so that names can be found later.
	 */
	bool (*symbol)(void *arg, uintptr_t pc, struct tt_emit_symbol *out);
	/* Called inside a section of each new generation, to write what every one must contain. */
	void (*generation)(void *arg, struct tt_emit *e);
	void *arg;                      /* for both callbacks */
	unsigned flags;                 /* TT_EMIT_... */
};

/*
 * With this flag, events that Go's reader does not know are written among the others, so
 * Go's reader rejects the trace. Batches of experiments other than 1 are written as they
 * are, so Go's reader crashes. Without the flag, both are embedded in private batches of
 * experiment 1. Go's tools skip these; this library's reader merges the events with the
 * others and returns the batches as those of their experiment (tracetool-format(5)).
 */
#define TT_EMIT_INLINE 1u

/*
 * Starts tracing: to a file, to a descriptor, or to a function. The file is created or
 * truncated only if nothing else fails; if the process already traces, maybe to this file,
 * that is refused first. The descriptor stays open and remains the caller's. The function
 * returns 0 or an errno.
 * TT_E_ARGUMENT (a bad option, or tracing is on), TT_E_IO, TT_E_MEMORY, TT_E_SPEC
 * (specs that lack an event that the writer needs).
 */
TT_API int tt_emit_start(const char *path, const struct tt_emit_options *opt, struct tt_error *err);
TT_API int tt_emit_start_fd(int fd, const struct tt_emit_options *opt, struct tt_error *err);
typedef int tt_emit_write(void *arg, const void *data, size_t nbytes);
TT_API int tt_emit_start_callback(tt_emit_write *write, void *arg,
				  const struct tt_emit_options *opt, struct tt_error *err);
/* Starts the flight recorder: the most recent generations stay in memory. */
TT_API int tt_emit_start_flight(const struct tt_emit_options *opt, struct tt_error *err);

/*
 * Ends the last generation and the trace. Returns the first error of all that was written
 * since the start: TT_E_IO, TT_E_MEMORY. TT_E_ARGUMENT if tracing is off, or if called
 * inside a section or a callback. At exit() the library does this by itself.
 */
TT_API int tt_emit_stop(struct tt_error *err);

/*
 * Ends the generation and waits until it is written. TT_E_ARGUMENT as above, TT_E_IO.
 */
TT_API int tt_emit_advance(void);

/*
 * Ends the generation and writes all that the flight recorder holds as a complete trace;
 * recording continues. TT_E_ARGUMENT (no flight recorder runs, or as above), TT_E_IO,
 * TT_E_MEMORY.
 */
TT_API int tt_flight_snapshot(const char *path, struct tt_error *err);
TT_API int tt_flight_snapshot_fd(int fd, struct tt_error *err);

struct tt_emit_counts {
	uint64_t generations;   /* ended */
	uint64_t nbytes;        /* of the trace, written or kept */
	uint64_t lost;          /* events that were dropped for lack of memory */
	uint64_t refused;       /* events that did not match their spec or their context */
};
/* Counts of the current or the last trace, as of its last generation. */
TT_API struct tt_emit_counts tt_emit_counts(void);

/* ------------------------------------------------------------------ sections */

/* Private: read by tt_emit_on(). */
extern TT_API uint32_t tt_emit_on_;

/* True if tracing is on. Costs a load and a branch. Any time. */
static inline bool tt_emit_on(void)
{
#if defined(__GNUC__)
	return __builtin_expect(__atomic_load_n(&tt_emit_on_, __ATOMIC_RELAXED) != 0, 0);
#else
	return *(volatile uint32_t *)&tt_emit_on_ != 0;
#endif
}

/* NULL if tracing is off, or if the thread is inside the tracer. Any time. */
TT_API struct tt_emit *tt_emit_acquire(void);
/* Any time. */
TT_API void tt_emit_release(struct tt_emit *e);

/* The generation to which events written here belong, counted from 1. Any time. */
TT_API uint64_t tt_emit_generation(const struct tt_emit *e);

/* -------------------------------------------------------------------- tables */

/* The number of a text in this generation. Only its first 1024 bytes are used. Any time. */
TT_API uint64_t tt_emit_string(struct tt_emit *e, const char *data, size_t len);
/*
 * The number of a stack: return addresses, innermost first, at most TT_V2_MAX_FRAMES
 * of them. 0 is no stack. Any time.
 */
TT_API uint64_t tt_emit_stack(struct tt_emit *e, const uintptr_t *pcs, size_t n);
/*
 * The number of the caller's stack, found by frame pointers, without its `skip` innermost
 * frames. It never reads outside the thread's own stack. Any time, once the thread has
 * called it.
 */
TT_API uint64_t tt_emit_stack_here(struct tt_emit *e, unsigned skip);

/* ------------------------------------------------------------------- threads */

/*
 * A thread need not be announced: it appears with its first event and ends when its
 * thread-local storage does. If it is announced, the trace shows which thread created it
 * and where it starts.
 *
 * Call tt_emit_thread_create() before the thread is created, with the function that the
 * thread will run as `start`. Pass the token to the new thread, which calls
 * tt_emit_thread_begin() with it before its first event. If no thread was created, call
 * tt_emit_thread_cancel(). Token 0 means none.
 */
TT_API uint64_t tt_emit_thread_create(struct tt_emit *e, uintptr_t start, uint64_t stack);
TT_API void tt_emit_thread_begin(uint64_t token);
TT_API void tt_emit_thread_cancel(uint64_t token);
/* The calling thread ends. It may still write events that need no goroutine. */
TT_API void tt_emit_thread_end(void);

/* -------------------------------------------------------------------- states */

/*
 * Calls that wait may nest (a wrapper in a wrapper): the outermost one counts.
 *
 * tt_emit_block(): the thread waits for another part of the program. `reason` says why:
 * "sync mutex", "sync cond", "sync join", "select", "network", "sleep". It returns a
 * token. The thread that will wake this one passes the token to tt_emit_wake() before it
 * does so; true if it was the first to wake it. tt_emit_unblock(): the thread runs again;
 * must not be called inside a section.
 */
TT_API uint64_t tt_emit_block(struct tt_emit *e, const char *reason, uint64_t stack);
TT_API bool tt_emit_wake(struct tt_emit *e, uint64_t token, uint64_t stack);
TT_API void tt_emit_unblock(void);

/* The thread waits in the kernel. */
TT_API void tt_emit_syscall_begin(struct tt_emit *e, uint64_t stack);
TT_API void tt_emit_syscall_end(struct tt_emit *e);

/* The thread yields and stays ready to run; tt_emit_resume(): it runs again. */
TT_API void tt_emit_pause(struct tt_emit *e, const char *reason, uint64_t stack);
TT_API void tt_emit_resume(struct tt_emit *e);

/* --------------------------------------------------------------- annotations */

/* Begins a task; parent 0: none. Its number, which is never reused; 0 if it was dropped. */
TT_API uint64_t tt_emit_task_begin(struct tt_emit *e, uint64_t parent, const char *name,
				   uint64_t stack);
/* May be called by any thread. */
TT_API void tt_emit_task_end(struct tt_emit *e, uint64_t task, uint64_t stack);
/*
 * A region of the calling thread; task 0: none. Regions nest. `name` must stay valid until
 * the end of the region. The end also ends all regions inside it that are still open.
 */
TT_API void tt_emit_region_begin(struct tt_emit *e, uint64_t task, const char *name, uint64_t stack);
TT_API void tt_emit_region_end(struct tt_emit *e, uint64_t stack);
TT_API void tt_emit_log(struct tt_emit *e, uint64_t task, const char *category, const char *message,
			uint64_t stack);
/* The thread's purpose, in this generation and later ones. Only the first 128 bytes are used. */
TT_API void tt_emit_label(struct tt_emit *e, const char *label);
/* The bytes of live heap objects, and their limit, or 0. */
TT_API void tt_emit_heap(struct tt_emit *e, uint64_t nbytes);
TT_API void tt_emit_heap_goal(struct tt_emit *e, uint64_t nbytes);

enum tt_emit_range {
	TT_EMIT_RANGE_STW,      /* this thread stops the world; the range ends with the section
	                           at the latest */
	TT_EMIT_RANGE_GC,       /* a collection runs; one per process, begun and ended by any
	                           thread, outside of a section (`e` is NULL) */
	TT_EMIT_RANGE_SWEEP,    /* this thread's processor sweeps */
	TT_EMIT_RANGE_ASSIST,   /* this thread helps to mark */
};
/* `reason` is used for TT_EMIT_RANGE_STW only. There is one range of a kind at a time. */
TT_API void tt_emit_range_begin(struct tt_emit *e, enum tt_emit_range range, const char *reason,
				uint64_t stack);
/* `a` and `b` are used for TT_EMIT_RANGE_SWEEP only: bytes swept and reclaimed. */
TT_API void tt_emit_range_end(struct tt_emit *e, enum tt_emit_range range, uint64_t a, uint64_t b);

/* --------------------------------------------------------------- experiments */

/*
 * Writes an event of an experiment, by its type in the specs, with all its arguments in
 * the order of its spec, without dt. An event that the specs do not have, or with another
 * number of arguments, is refused; also one that `needs no proc` or `no goroutine` unless the
 * thread waits (tt_emit_block(), tt_emit_pause()), and one that `needs no thread`. Any time.
 * Go's reader knows types up to 136.
 */
TT_API void tt_emit_event(struct tt_emit *e, unsigned type, const uint64_t *args, unsigned nargs);
/* The same with one or two arguments, faster. */
TT_API void tt_emit_event1(struct tt_emit *e, unsigned type, uint64_t a);
TT_API void tt_emit_event2(struct tt_emit *e, unsigned type, uint64_t a, uint64_t b);
/*
 * A section with one such event, in half the time. If `gen` is not 0, the event is written
 * only in that generation. False if another generation is the current one, or if no section
 * could be opened; else true. Any time.
 */
TT_API bool tt_emit_once1(uint64_t gen, unsigned type, uint64_t a);
TT_API bool tt_emit_once2(uint64_t gen, unsigned type, uint64_t a, uint64_t b);

/*
 * The next number of a sequence that begins anew in each generation (`orders` in
 * tracetool-spec(5)): 1, 2, 3, ... The program keeps one *seq for each sequence, that is for
 * each resource, each thread, or for the whole program, initialized to zeros. Any number of
 * threads may count at a time. Each takes a number right before it writes the event; it must
 * then write the event, in the same section. Any time. Numbers that `continues` are the
 * program's own to count; a number must not be in an earlier generation than the one before
 * it, so a lock around all of the section is needed.
 */
struct tt_emit_seq {
	uint64_t counts_[2];    /* private */
};
TT_API uint64_t tt_emit_seq_next(struct tt_emit *e, struct tt_emit_seq *seq);

#define TT_EMIT_BATCH_MAX 65000
/*
 * Writes one experimental batch of this generation, with these bytes. False if it is larger
 * than TT_EMIT_BATCH_MAX or there is no memory for it. Any time.
 */
TT_API bool tt_emit_batch(struct tt_emit *e, unsigned experiment, const void *data, size_t nbytes);
/*
 * Adds a record to the thread's open batch of this generation and experiment, which begins
 * with the bytes of `head`. A new batch is begun if that one is full or the head differs.
 * Records are never split. A record has at most TT_EMIT_BATCH_MAX bytes, including the
 * head. Any time.
 */
TT_API bool tt_emit_batch_add(struct tt_emit *e, unsigned experiment, struct tt_str head,
			      const void *record, size_t nbytes);
/* The same with a record in several places: `n` parts, one after the other. */
TT_API bool tt_emit_batch_add_parts(struct tt_emit *e, unsigned experiment, struct tt_str head,
				    const struct tt_str *parts, size_t n);
/*
 * The same with a record of `nbytes` bytes that a function writes to `at`, all of them. The
 * function is called at most once, with `record`; it must not call the tracer.
 */
typedef void tt_emit_write_record(const void *record, uint8_t *at, size_t nbytes);
TT_API bool tt_emit_batch_add_written(struct tt_emit *e, unsigned experiment, struct tt_str head,
				      size_t nbytes, tt_emit_write_record *write,
				      const void *record);

/* ------------------------------------------------------------------ recovery */

/*
 * Recovers the end of a trace whose process died without tt_emit_stop(): it was killed, it
 * crashed, it called _exit() or became another program. Another process calls this with
 * the dead one's `shared_path` file, once all threads of the dead process are gone. (Before
 * that, the result is safe but may lack what is still to come.) All events that were
 * written before come out; an event that a thread was writing is left out.
 *
 * The file is treated as hostile: whatever it contains, the result is a trace that this
 * library's reader accepts, or a part of it. Any number of recoveries may run at a time,
 * one thread for each.
 *
 *	if (tt_emit_recovery_open(&r, region_fd, NULL, &err) == 0) {
 *		cut_received_trace_to(tt_emit_recovery_offset(r));
 *		tt_emit_recovery_write(r, append_to_received_trace, arg, &err);
 *		tt_emit_recovery_close(r);
 *	}
 */
struct tt_emit_recovery;

/* Set `size = sizeof(struct tt_emit_recovery_options)` and zero the rest. */
struct tt_emit_recovery_options {
	size_t size;
	/* As in tt_emit_options; without it, names are as if the process were alive. */
	bool (*symbol)(void *arg, uintptr_t pc, struct tt_emit_symbol *out);
	void *arg;
	const struct tt_specs *specs;   /* those with which the trace was started */
};

/*
 * Reads all of the file, which remains the caller's, and prepares what is to be written.
 * TT_E_IO, TT_E_MEMORY, TT_E_ARGUMENT (a bad option), TT_E_NOT_A_TRACE (not the memory of
 * a tracer), TT_E_VERSION (from another version of this library).
 */
TT_API int tt_emit_recovery_open(struct tt_emit_recovery **out, int region_fd,
				 const struct tt_emit_recovery_options *opt, struct tt_error *err);
TT_API void tt_emit_recovery_close(struct tt_emit_recovery *r);
/*
 * How many bytes of what the trace's file, descriptor or callback received are complete
 * generations, including the header of the trace. What follows is the beginning of a
 * generation that tt_emit_recovery_write() writes again. 0: the header is incomplete; it is
 * written again, too.
 */
TT_API uint64_t tt_emit_recovery_offset(const struct tt_emit_recovery *r);
/*
 * How many generations there are to write: 0 to 2. 0 after tt_emit_stop(), and if the trace
 * could not be written; in that case the offset is where it stops.
 */
TT_API unsigned tt_emit_recovery_generations(const struct tt_emit_recovery *r);
/* How many generations were too damaged to be recovered. */
TT_API unsigned tt_emit_recovery_damaged(const struct tt_emit_recovery *r);
/*
 * Writes what comes after tt_emit_recovery_offset(). For a flight recorder this is the last
 * generation only, as a complete trace. TT_E_IO with the errno that `write` returned.
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
