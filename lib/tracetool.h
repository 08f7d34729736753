/* SPDX-License-Identifier: MIT */
/*
 * tracetool.h - reading Go execution traces: input, specs, undecoded and decoded
 * events, the reader. tracetool_analyze.h has the answers that stand on it,
 * tracetool_write.h what writes traces, tracetool_emit.h the writer inside a traced
 * program. The man page libtracetool(3) shows how to use them.
 *
 * A trace is a sequence of *generations*. Each is a set of *batches*: what one
 * thread wrote, a table (strings, stacks, CPU samples, the clock), or the opaque
 * bytes of an experiment. Three layers are to be had; take the lowest that does:
 *
 *	tt_wire    the file's bytes as undecoded events, one after the other
 *	tt_reader_next_generation
 *	           one generation's batches and tables, nothing ordered
 *	tt_reader_next
 *	           the events of all threads in one order, checked
 *
 * Conventions, for all functions here:
 *
 * - Pull: `next` functions return 0 for an item, 1 for a well-formed end and a
 *   negative `enum tt_code` for an error. Errors are sticky: asking again gives
 *   the same error, until tt_reader_resync() is called.
 * - Handles are made by _open or _new and released by _close or _free, which
 *   take NULL. A failed _open leaves *out NULL and fills *err.
 * - Threads: a handle is used by one thread at a time; different handles are
 *   independent. tt_specs may be shared once no more specs are added.
 * - Strings from a trace are (pointer, length): any byte may stand in them, NUL
 *   and invalid UTF-8 included, and they are not terminated.
 * - Lifetimes: an event, and what its accessors give, lives until the next call
 *   on its reader; a generation and everything in it until the reader moves on to
 *   another generation.
 * - Misuse (a NULL handle, an index out of range) is a bug in the caller: it
 *   trips an assert where those are on. Bytes of the input never do.
 */
#ifndef TRACETOOL_H
#define TRACETOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
/* Functions named as the structs they give. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
#endif

#if defined(__GNUC__)
#define TT_API __attribute__((visibility("default")))
#else
#define TT_API
#endif

#define TT_VERSION_STRING "0.2.0"

/* The version of the library that runs; TT_VERSION_STRING is that of the header. */
TT_API const char *tt_version(void);

/* Bytes with a length. `data` may be NULL only if `len` is 0. */
struct tt_str {
	const char *data;
	size_t len;
};

/* The absence of a thread, processor or goroutine. */
#define TT_NONE INT64_C(-1)
/* The absence of a task: a task with no parent has this one. */
#define TT_NO_TASK UINT64_MAX

/* ------------------------------------------------------------------ errors */

/*
 * What can be wrong, as errors of the functions here and as findings of a
 * reader. Numbers and names never change their meaning. Errors are handed out
 * negated. tt_code_name() gives the stable word that users see (`cut-off`).
 */
enum tt_code {
	TT_OK = 0,
	TT_END = 1,

	/* the machine or the caller */
	TT_E_MEMORY = 2,        /* out of memory */
	TT_E_LIMIT = 3,         /* the memory limit of the options was reached */
	TT_E_IO = 4,            /* open, read, write, map failed: see system_errno */
	TT_E_INPUT = 5,         /* compressed or archived input is damaged or unknown */
	TT_E_MEMBER = 6,        /* the archive has no such member, or several to choose from */
	TT_E_SPEC = 7,          /* an event spec is wrong */
	TT_E_ARGUMENT = 8,      /* an option value that cannot be */

	/* the file as a whole */
	TT_E_NOT_A_TRACE = 10,
	TT_E_VERSION = 11,      /* a header of a version nobody here knows */
	TT_E_V1 = 12,           /* format v1 (Go 1.11 to 1.21) */
	TT_E_CUT_OFF = 13,      /* the file ends inside a batch or a generation */

	/* batches */
	TT_E_BATCH_TYPE = 20,   /* a byte that begins no batch */
	TT_E_BATCH_HEADER = 21, /* a number of a batch header overflows */
	TT_E_BATCH_SIZE = 22,   /* a batch larger than 64 KiB */
	TT_E_GENERATION_ZERO = 23,
	TT_E_GENERATION_MIXED = 24, /* another generation begins before this one ended */
	TT_E_GENERATION_ORDER = 25, /* before 1.26: numbers that do not grow by one */
	TT_E_GENERATION_MARK = 26,  /* an end-of-generation mark where none may be */

	/* tables */
	TT_E_STRING_RECORD = 30,
	TT_E_STRING_SIZE = 31,
	TT_E_STRING_DUPLICATE = 32,
	TT_E_STACK_RECORD = 33,
	TT_E_STACK_SIZE = 34,
	TT_E_STACK_DUPLICATE = 35,
	TT_E_STACK_STRING = 36, /* a frame names a string that is not there */
	TT_E_SAMPLE_RECORD = 37,
	TT_E_SYNC_RECORD = 38,
	TT_E_SYNC_DUPLICATE = 39,
	TT_E_NO_FREQUENCY = 40,
	TT_E_NO_CLOCK = 41,
	TT_E_TABLE_CUT = 42,    /* a record lacks a number at its batch's end */

	/* events of a thread */
	TT_E_EVENT_TYPE = 50,
	TT_E_EVENT_UNTIMED = 51,
	TT_E_EVENT_NUMBER = 52, /* an argument is cut off or overflows */
	TT_E_EVENT_STACK = 53,  /* an argument names a stack that is not there */
	TT_E_EVENT_STRING = 54,
	TT_E_EVENT_UNORDERED = 55, /* a timed event that may not stand among events */

	/* order */
	TT_E_STUCK = 60,        /* no thread's next event can happen now */
	TT_E_CONTEXT = 61,      /* a thread, P or goroutine is missing or too many */
	TT_E_STATUS = 62,       /* a status that cannot be, or contradicts the events */
	TT_E_GOROUTINE = 63,
	TT_E_PROC = 64,
	TT_E_SEQUENCE = 65,
	TT_E_GC = 66,
	TT_E_RANGE = 67,
	TT_E_TASK = 68,
	TT_E_REGION = 69,

	/* findings that Go's reader passes over in silence */
	TT_W_NO_GENERATION = 80,    /* a header and nothing more */
	TT_W_VERSION_EVENT = 81,    /* an event that the header's version may not hold */
	TT_W_EXPERIMENT_EMPTY = 82, /* events of an experiment that has no batches */
	TT_W_EXPERIMENT_UNKNOWN = 83, /* batches of an experiment that no spec names */
	TT_W_GENERATION_NUMBER = 85, /* numbers that repeat, go back or jump */
	TT_W_SAMPLE_STACK = 86,     /* a CPU sample names a stack that is not there */
	TT_W_STATUS_WIDE = 87,      /* a status beyond one byte */
	TT_W_RANGE_KIND = 88,       /* a range ends whose kind is no string any more */
	TT_W_FRAME_CONFLICT = 89,   /* one pc, two different frames */
	TT_W_CLOCK = 90,            /* clock snapshots that stand still or go back */
	TT_W_RECORD = 91,           /* a record of an experimental batch is no record of its spec */
	TT_W_RECORD_KEY = 92,       /* two records of a generation have the same key */

	TT_W_PRIVATE = 100,         /* a private batch of experiment 1 that cannot be read */
	TT_W_RESOURCE_UNKNOWN = 101, /* an event of a resource that was not created */
	TT_W_RESOURCE_GONE = 102,   /* an event of a resource that was destroyed */
	TT_W_RESOURCE_TWICE = 103,  /* a resource is created that is there */

	/* findings about a heap, of tt_heap_finding() */
	TT_W_HEAP_ALLOC = 93,       /* an object is allocated where one lives */
	TT_W_HEAP_FREE = 94,        /* an object or span is freed where there is none */
	TT_W_HEAP_SPAN = 95,        /* an object outside any span of the heap */
	TT_W_HEAP_TYPE = 96,        /* a type that is not in the generation's table */
	TT_W_HEAP_OVERLAP = 97,     /* spans or objects that overlap */
	TT_W_HEAP_INFO = 98,        /* no batch says what identifiers are counted from */
	TT_W_HEAP_ADDRESS = 99,     /* that batch makes no addresses */
};

/* How bad a code is. Errors make a trace bad, warnings do only with --strict. */
enum tt_severity {
	TT_SEVERITY_WARNING,
	TT_SEVERITY_ERROR,
};

/* All codes take their negated form too. Unknown numbers give "unknown". */
TT_API const char *tt_code_name(int code);
/* One sentence for people: what to do about it. Never NULL. */
TT_API const char *tt_code_advice(int code);
TT_API enum tt_severity tt_code_severity(int code);
/* The i-th code there is, counted from 0, in growing order; 0 past the last. */
TT_API int tt_code_at(size_t i);

#define TT_ERROR_MESSAGE_SIZE 2304
/* A number in struct tt_error that is not known. */
#define TT_UNKNOWN UINT64_MAX

/*
 * An error or a finding, with its place. Numbers that are not known, or make no
 * sense for this error, are TT_UNKNOWN. The message is one line (its first;
 * control bytes of the trace may stand in it) and is always terminated.
 */
struct tt_error {
	int code;               /* an enum tt_code, positive */
	int system_errno;       /* of TT_E_IO, or 0 */
	uint64_t offset;        /* of the byte at fault, from the start of the (unpacked) trace;
	                           never past its end */
	uint64_t batch_offset;  /* of the batch around it */
	uint64_t generation;    /* the number the file gives it */
	int64_t thread;         /* TT_NONE if there is none or it is not known */
	uint64_t event_index;   /* events handed out before */
	int event_type;         /* type byte of the event at fault, or -1 */
	bool system;            /* the machine or the caller is at fault, not the trace */
	char message[TT_ERROR_MESSAGE_SIZE];
};

/* ------------------------------------------------------------------- specs */

/* At most so many arguments follow an event's type, dt not counted. */
#define TT_MAX_ARGS 16

/* What an argument means; spelled as its suffix in the spec. */
enum tt_arg_type {
	TT_ARG_NUMBER,  /* any other name: a plain number */
	TT_ARG_SEQ,
	TT_ARG_PSTATUS,
	TT_ARG_GSTATUS,
	TT_ARG_G,
	TT_ARG_M,
	TT_ARG_P,
	TT_ARG_STRING,
	TT_ARG_STACK,
	TT_ARG_VALUE,
	TT_ARG_TASK,
};

/* The public kinds of event, numbered as Go's trace.EventKind prints them. */
enum tt_kind {
	TT_KIND_BAD,            /* structural: never handed out */
	TT_KIND_SYNC,
	TT_KIND_METRIC,
	TT_KIND_LABEL,
	TT_KIND_STACK_SAMPLE,
	TT_KIND_RANGE_BEGIN,
	TT_KIND_RANGE_ACTIVE,
	TT_KIND_RANGE_END,
	TT_KIND_TASK_BEGIN,
	TT_KIND_TASK_END,
	TT_KIND_REGION_BEGIN,
	TT_KIND_REGION_END,
	TT_KIND_LOG,
	TT_KIND_TRANSITION,
	TT_KIND_EXPERIMENTAL,
	TT_KIND_COUNT
};

/* "Sync", "Metric", ... "StateTransition", "Experimental". */
TT_API const char *tt_kind_name(enum tt_kind kind);

/* What an event or a range is about. */
enum tt_resource {
	TT_RESOURCE_NONE,
	TT_RESOURCE_THREAD,
	TT_RESOURCE_PROC,
	TT_RESOURCE_GOROUTINE,
};

struct tt_batch_spec;

/*
 * An argument may refer to a batch of its experiment: its value is the key of a record
 * there, or a distance, in units that a field of the batch's one record gives, from a
 * base that another field gives.
 */
struct tt_arg_spec {
	const char *name;
	enum tt_arg_type type;
	const struct tt_batch_spec *batch; /* what it refers to; NULL: nothing */
	int8_t base_field, unit_field;  /* of a distance; -1: the value is a key */
};

/* What an event does to the resource that it `orders`. */
enum tt_role {
	TT_ROLE_USE,
	TT_ROLE_CREATE,
	TT_ROLE_DESTROY,
	TT_ROLE_RESTATE,        /* says that it is there */
};

/* What a spec says of an event. Lives as long as its tt_specs. */
struct tt_event_spec {
	const char *name;
	const char *doc;        /* "" if the spec has none */
	const char *experiment; /* name, or NULL for a core event */
	unsigned experiment_id; /* 0 for a core event */
	unsigned since;         /* 22 for Go 1.22 */
	uint8_t type;           /* the byte on the wire */
	uint8_t nargs;          /* without dt */
	bool timed;             /* begins with dt and stands among a thread's events */
	bool has_data;          /* a length and bytes follow the arguments */
	bool has_frames;        /* the last argument counts frames (pc func file line) */
	int8_t stack_arg;       /* the executing stack's argument, or -1 */
	int8_t order_arg;       /* names a resource whose events are ordered, or -1 */
	int8_t seq_arg;         /* if so: the event's number among them, from 1 */
	enum tt_role role;
	enum tt_kind kind;
	struct tt_arg_spec args[TT_MAX_ARGS];
};

/* How a field of a record is written. */
enum tt_field_type {
	TT_FIELD_VARINT,        /* LEB128 */
	TT_FIELD_UINT,          /* `size` bytes, least significant first */
	TT_FIELD_INT,           /* the same, two's complement */
	TT_FIELD_BYTES,         /* `size` bytes, or if that is 0 as many as a LEB128 says */
	TT_FIELD_STRING,        /* as many bytes as a LEB128 says: text */
};

struct tt_field_spec {
	const char *name;
	enum tt_field_type type;
	uint32_t size;          /* bytes, where they are fixed; else 0 */
	enum tt_arg_type meaning; /* of a TT_FIELD_VARINT, by its name; else TT_ARG_NUMBER */
	const char *unit;       /* if it is shown for a key: what stands behind it, or "" */
};

#define TT_MAX_FIELDS 16

/* The layout of one kind of an experiment's batches. Lives as long as its tt_specs. */
struct tt_batch_spec {
	const char *name;
	const char *doc;        /* "" if the spec has none */
	const char *experiment;
	unsigned experiment_id;
	int tag;                /* the byte that such a batch begins with; -1: none, all are */
	bool once;              /* one record, not records up to the end */
	bool lasts;             /* holds for later generations too, until there is another */
	int8_t key;             /* index of the field that arguments refer to, or -1 */
	uint8_t nfields;
	uint8_t nshown;         /* fields that say what a key means, in this order */
	uint8_t shown[TT_MAX_FIELDS];
	struct tt_field_spec fields[TT_MAX_FIELDS];
};

struct tt_experiment_spec {
	unsigned id;
	const char *name;
	const char *doc;
};

struct tt_specs;

/* The built-in specs. TT_E_MEMORY. */
TT_API int tt_specs_new(struct tt_specs **out, struct tt_error *err);
/*
 * The specs of one text, without the built-in ones and not held against them: to walk
 * over, not to read a trace with. TT_E_SPEC as of tt_specs_add(), TT_E_MEMORY.
 */
TT_API int tt_specs_new_standalone(struct tt_specs **out, const char *name, const char *text,
				   size_t len, struct tt_error *err);
/*
 * Adds the text of one spec file; `name` stands in messages. On a mistake
 * (TT_E_SPEC) nothing is added and the message is "NAME:LINE:COLUMN: reason";
 * all mistakes of a text come from tt_specs_check(). TT_E_MEMORY.
 */
TT_API int tt_specs_add(struct tt_specs *specs, const char *name, const char *text, size_t len,
			struct tt_error *err);
/* Reads a file and adds it. TT_E_IO, TT_E_SPEC, TT_E_MEMORY. */
TT_API int tt_specs_add_file(struct tt_specs *specs, const char *path, struct tt_error *err);
TT_API void tt_specs_free(struct tt_specs *specs);

/* One mistake of a spec text. Lines and columns count from 1. */
struct tt_spec_mistake {
	unsigned line, column;
	const char *rule;       /* a stable word: `unknown-word`, `id-taken` */
	const char *message;
};
/*
 * Holds a text against the rules and against `specs`, adds nothing. NULL: against
 * the rules alone, as a file of the library's own, which may hold core events.
 * Calls `mistake` for each mistake in the order of the lines, at most 100 times.
 * Returns how many there were, or a negative code (TT_E_MEMORY).
 */
TT_API int tt_specs_check(const struct tt_specs *specs, const char *text, size_t len,
			  void (*mistake)(void *arg, const struct tt_spec_mistake *m), void *arg);

/* The event of a type byte, or NULL. */
TT_API const struct tt_event_spec *tt_specs_event(const struct tt_specs *specs, unsigned type);
/* The event of a name, or NULL. */
TT_API const struct tt_event_spec *tt_specs_event_named(const struct tt_specs *specs, const char *name);
/* The i-th experiment, in the order of their ids, or NULL past the last. */
TT_API const struct tt_experiment_spec *tt_specs_experiment(const struct tt_specs *specs, size_t i);
/* By id or by name; NULL if no spec has it. */
TT_API const struct tt_experiment_spec *tt_specs_experiment_id(const struct tt_specs *specs, unsigned id);
TT_API const struct tt_experiment_spec *tt_specs_experiment_named(const struct tt_specs *specs,
								  const char *name);
/* The i-th kind of an experiment's batches, in the order of its spec, or NULL past the last. */
TT_API const struct tt_batch_spec *tt_specs_batch(const struct tt_specs *specs, unsigned experiment,
						  size_t i);
/* "varint", "u8" ... "i64", "bytes", "string". */
TT_API const char *tt_field_type_name(const struct tt_field_spec *field);
/* "seq", "pstatus", ...; "" for a plain number. */
TT_API const char *tt_arg_type_name(enum tt_arg_type type);

/* ------------------------------------------------------------------- input */

enum tt_open_flags {
	/*
	 * Pass over in silence what Go's reader passes over in silence, so that
	 * the same events come out and the same end: a table record that lacks a
	 * number at its batch's end ends the trace (TT_E_TABLE_CUT otherwise), and
	 * so does a file that breaks off before a generation's first thread batch
	 * (TT_E_CUT_OFF otherwise).
	 */
	TT_OPEN_LIKE_GO = 1 << 0,
};

/* Begin with `size = sizeof(struct tt_options)`, zero the rest. NULL: defaults. */
struct tt_options {
	size_t size;
	unsigned flags;                 /* enum tt_open_flags */
	const struct tt_specs *specs;   /* NULL: the built-in ones. Must outlive the reader */
	const char *member;             /* of an archive; NULL: the only one */
	uint64_t max_memory_nbytes;     /* for one generation and its tables; 0: a quarter of
	                                   the machine's memory */
	unsigned threads;               /* that a reader may use, the caller's included, to
	                                   unpack zstd and gzip files ahead and in
	                                   tt_reader_next_sync(); 0 or 1: no others. What lies
	                                   ahead takes memory besides, at most half as much */
};

/* Bytes from a function of the caller. */
struct tt_input {
	/* At least one and at most `room` bytes, 0 at the end, -1 with errno for a failure.
	   It may wait; it is not called again after an end or a failure. */
	int64_t (*read)(void *arg, void *buf, size_t room);
	void *arg;
};

/* ------------------------------------------------------------------- wire */

/*
 * The lowest layer: the file's bytes as a flat sequence of events, as
 * `go tool trace -d=wire` shows them. Nothing is grouped or checked beyond each
 * event's own bytes. Experimental events of every version are understood.
 */
struct tt_wire;

struct tt_wire_frame {
	uint64_t pc, func, file, line; /* func and file are string ids */
};

/* One undecoded event. Pointers live until the next call. */
struct tt_wire_event {
	uint64_t offset;        /* of its type byte */
	const struct tt_event_spec *spec; /* NULL: a type with no name and no arguments */
	uint8_t type;
	uint8_t nargs;          /* dt included, as args[0], for timed events */
	uint64_t args[TT_MAX_ARGS + 1];
	const struct tt_wire_frame *frames; /* of a Stack */
	size_t nframes;
	struct tt_str data;     /* of a String or ExperimentalBatch */
	const void *text_;      /* for tt_wire_format(): no contract, NULL in one's own */
};

/* As tt_reader_open(), tt_reader_open_memory() and tt_reader_open_fd(), with their codes, what
 * must live, and whose the descriptor is. *out is NULL on failure. */
TT_API int tt_wire_open(struct tt_wire **out, const char *path, const struct tt_options *opt,
			struct tt_error *err);
TT_API int tt_wire_open_memory(struct tt_wire **out, const void *data, size_t nbytes,
			       const struct tt_options *opt, struct tt_error *err);
TT_API int tt_wire_open_fd(struct tt_wire **out, int fd, const struct tt_options *opt,
			   struct tt_error *err);
/* 22, 23, 25 or 26. */
TT_API unsigned tt_wire_version(const struct tt_wire *w);
/*
 * 0, 1, or an error: TT_E_EVENT_TYPE, TT_E_EVENT_NUMBER, TT_E_CUT_OFF, TT_E_IO,
 * TT_E_INPUT, TT_E_MEMORY, TT_E_LIMIT. With TT_OPEN_LIKE_GO a file that ends between two numbers of an
 * event ends the sequence as Go's raw reader does.
 */
TT_API int tt_wire_next(struct tt_wire *w, const struct tt_wire_event **ev);
TT_API const struct tt_error *tt_wire_error(const struct tt_wire *w);
TT_API void tt_wire_close(struct tt_wire *w);

/*
 * One event as text, newline included, without a terminating NUL. Appends at
 * most `size` bytes to `out` and returns how many the text needs; call again
 * with that size if it is larger. The same text as `go tool trace -d=wire`.
 */
TT_API size_t tt_wire_format(const struct tt_wire_event *ev, char *out, size_t size);

/*
 * Quotes as Go's strconv.Quote does (Unicode 17), the quotes included. Writes
 * at most `size` bytes, returns how many are needed; no terminating NUL.
 * 4 * len + 2 always suffices.
 */
TT_API size_t tt_quote(struct tt_str s, char *out, size_t size);

/* ------------------------------------------------------------- generations */

struct tt_generation;

enum tt_batch_kind {
	TT_BATCH_EVENTS,
	TT_BATCH_STRINGS,
	TT_BATCH_STACKS,
	TT_BATCH_SAMPLES,
	TT_BATCH_SYNC,
	TT_BATCH_EXPERIMENT,
};

struct tt_batch {
	enum tt_batch_kind kind;
	unsigned experiment;    /* number; 0 unless kind is TT_BATCH_EXPERIMENT */
	int64_t thread;         /* TT_NONE: nobody's */
	uint64_t generation;
	uint64_t time_ticks;    /* trace clock units */
	uint64_t offset;        /* of the batch's first byte in the (unpacked) trace */
	uint64_t data_offset;   /* of data[0] there */
	const uint8_t *data;
	size_t size;
};

struct tt_clock {
	uint64_t trace_ticks;   /* trace clock */
	int64_t trace_ns;
	uint64_t mono_ns;       /* monotonic clock */
	uint64_t wall_sec;      /* Unix time */
	uint32_t reserved;
	uint64_t wall_nsec;     /* may be out of range in a damaged trace */
};

struct tt_frame {
	uint64_t pc;
	struct tt_str func, file;
	uint64_t line;
};

/* At most so many frames are in a stack: a limit of the format. */
#define TT_MAX_FRAMES 128

struct tt_sample {
	int64_t time_ns;
	int64_t thread, proc, goroutine;
	uint64_t stack;
};

/* As the file gives it; numbers start anywhere. */
TT_API uint64_t tt_generation_number(const struct tt_generation *g);
/* Counted from 1 in the order of the file. */
TT_API uint64_t tt_generation_ordinal(const struct tt_generation *g);
/* First byte, and the byte after the last. */
TT_API uint64_t tt_generation_offset(const struct tt_generation *g);
TT_API uint64_t tt_generation_end(const struct tt_generation *g);
/* Time of its Sync: that of its earliest batch. */
TT_API int64_t tt_generation_start_ns(const struct tt_generation *g);
/* Trace clock units a second. */
TT_API uint64_t tt_generation_frequency(const struct tt_generation *g);
/* Nanoseconds of a trace clock reading, with Go's arithmetic. */
TT_API int64_t tt_generation_ns(const struct tt_generation *g, uint64_t ticks);
/* NULL before 1.25. */
TT_API const struct tt_clock *tt_generation_clock(const struct tt_generation *g);

/* False if no such string; id 0 is the empty string. */
TT_API bool tt_generation_string(const struct tt_generation *g, uint64_t id, struct tt_str *out);
/*
 * The frames of a stack, innermost first. Returns how many there are (at most
 * TT_MAX_FRAMES), or -1 if no such stack; id 0 is the empty stack. `out` has
 * room for TT_MAX_FRAMES.
 */
TT_API int tt_generation_stack(const struct tt_generation *g, uint64_t id, struct tt_frame *out);
/*
 * A small number for a stack of this generation, in 0..tt_generation_nstacks(),
 * for a caller's own table; 0 for id 0 and for unknown ids.
 */
TT_API size_t tt_generation_stack_index(const struct tt_generation *g, uint64_t id);

/* The tables by position, from 0, in the order of the file. */
TT_API size_t tt_generation_nstrings(const struct tt_generation *g);
TT_API struct tt_str tt_generation_string_at(const struct tt_generation *g, size_t i, uint64_t *id);
TT_API size_t tt_generation_nstacks(const struct tt_generation *g);
/* The id of the i-th stack. */
TT_API uint64_t tt_generation_stack_at(const struct tt_generation *g, size_t i);
/* Samples come in the order in which the reader hands them out. */
TT_API size_t tt_generation_nsamples(const struct tt_generation *g);
TT_API struct tt_sample tt_generation_sample_at(const struct tt_generation *g, size_t i);
/* Experimental batches, all experiments together, in the order of the file. */
TT_API size_t tt_generation_nexperimental(const struct tt_generation *g);
TT_API struct tt_batch tt_generation_experimental_at(const struct tt_generation *g, size_t i);

/* ------------------------------------------------------------------ events */

/*
 * One event, in its place in the order of the whole trace. `thread`, `proc` and
 * `goroutine` are the context it happened in, as it was before the event.
 */
struct tt_event {
	int64_t time_ns;        /* strictly growing from event to event, as Go's reader
	                           hands it out */
	int64_t raw_time_ns;    /* as the thread recorded it: may be equal or earlier */
	int64_t thread, proc, goroutine;
	uint64_t offset;        /* of the event's bytes in the trace; of the generation's for Sync;
	                           of what it stems from for an event that Go's rules add */
	const struct tt_generation *generation; /* NULL for a Sync that ends the trace */
	const struct tt_event_spec *spec;       /* NULL for Sync */
	const uint64_t *args;   /* spec->nargs of them, without dt */
	enum tt_kind kind;
	/* For the accessors below; no contract. */
	uint8_t was_;
	uint64_t extra_;
	struct tt_str text_;
};

/*
 * The executing goroutine's stack at the event: its id, 0 if there is none.
 * *has (may be NULL) tells whether Go's API would give a stack: for a CPU
 * sample it does even with id 0.
 */
TT_API uint64_t tt_event_stack(const struct tt_event *ev, bool *has);

/* TT_KIND_SYNC */
struct tt_sync {
	uint64_t n;             /* counts all Syncs from 1 */
	const struct tt_clock *clock; /* NULL if the generation has none, and at an end */
};
TT_API struct tt_sync tt_event_sync(const struct tt_event *ev);

/* TT_KIND_METRIC */
struct tt_metric {
	const char *name;       /* as runtime/metrics names it */
	uint64_t value;
};
TT_API struct tt_metric tt_event_metric(const struct tt_event *ev);

/* TT_KIND_LABEL: of the goroutine of the context. */
TT_API struct tt_str tt_event_label(const struct tt_event *ev);

/* TT_KIND_RANGE_* */
#define TT_MAX_ATTRIBUTES 4
struct tt_range {
	const char *name;       /* without its kind: "stop-the-world" */
	struct tt_str kind;     /* why: "GC mark termination"; NULL data where ranges of this
	                           name have no kind */
	bool kind_known;        /* false: the kind is no string of this generation */
	uint64_t kind_id;       /* the kind's string id; 0 without a kind */
	enum tt_resource scope; /* TT_RESOURCE_NONE: the whole program */
	int64_t id;
	unsigned nattributes;
	struct {
		const char *name;
		uint64_t value;
	} attributes[TT_MAX_ATTRIBUTES];
};
TT_API struct tt_range tt_event_range(const struct tt_event *ev);

/* TT_KIND_TASK_*: type and parent of an end are those of its begin, if known. */
struct tt_task {
	uint64_t id;
	uint64_t parent;        /* TT_NO_TASK: none */
	struct tt_str type;
};
TT_API struct tt_task tt_event_task(const struct tt_event *ev);

/* TT_KIND_REGION_* */
struct tt_region {
	uint64_t task;          /* 0: the background task */
	struct tt_str type;
};
TT_API struct tt_region tt_event_region(const struct tt_event *ev);

/* TT_KIND_LOG */
struct tt_log {
	uint64_t task;
	struct tt_str category, message;
};
TT_API struct tt_log tt_event_log(const struct tt_event *ev);

/* TT_KIND_TRANSITION */
enum tt_state {
	TT_STATE_UNDETERMINED,
	TT_STATE_NOT_EXIST,
	TT_STATE_RUNNABLE,
	TT_STATE_RUNNING,
	TT_STATE_WAITING,
	TT_STATE_SYSCALL,
	TT_STATE_IDLE,          /* processors only */
	TT_STATE_BAD,           /* a number that is no state, in a damaged trace */
};
/* "Undetermined", "NotExist", ... */
TT_API const char *tt_state_name(enum tt_state state);

struct tt_transition {
	enum tt_resource resource; /* TT_RESOURCE_GOROUTINE or _PROC */
	int64_t id;
	enum tt_state from, to;
	struct tt_str reason;   /* why a goroutine stops; else empty */
	bool has_stack;         /* the resource's own stack is known (it may be id 0) */
	uint64_t stack;         /* for a new goroutine: where it will start */
};
TT_API struct tt_transition tt_event_transition(const struct tt_event *ev);

/* ----------------------------------------------------------------- records */

/*
 * Experimental batches as typed records, by their spec. Begin with
 * tt_records_begin(), then call tt_records_next() until it does not return 0. It
 * owns nothing: the batch's bytes and the specs must live meanwhile.
 */
struct tt_records {
	const struct tt_batch_spec *spec; /* NULL: no spec tells of such a batch */
	struct tt_batch batch;
	size_t pos;             /* in the batch's data, of the next record */
	uint64_t index;         /* of the next record, from 0 */
};

/* The value of a field: a number (integers with a sign as their two's complement) or bytes. */
struct tt_value {
	uint64_t number;        /* of bytes: how many */
	struct tt_str bytes;
};

struct tt_record {
	const struct tt_batch_spec *spec;
	uint64_t index;         /* in its batch, from 0 */
	uint64_t offset;        /* of its first byte, in the trace */
	struct tt_value values[TT_MAX_FIELDS]; /* spec->nfields of them */
};

/* False if no spec tells how to read the batch. */
TT_API bool tt_records_begin(struct tt_records *r, const struct tt_specs *specs,
			     const struct tt_batch *batch);
/*
 * 0, 1 at the batch's end, or -TT_W_RECORD with the place of the field at fault: the
 * rest of the batch is lost then, and asking again says the same.
 */
TT_API int tt_records_next(struct tt_records *r, struct tt_record *out, struct tt_error *err);

/*
 * The record that an argument's value is the key of: 0, or 1 if there is none (the
 * argument refers to none, the generation has no such record). Of two records with
 * one key the first counts.
 */
TT_API int tt_event_record(const struct tt_event *ev, unsigned arg, struct tt_record *out);
/* The number that an argument is a distance to; false if it is none, or the base is not known. */
TT_API bool tt_event_address(const struct tt_event *ev, unsigned arg, uint64_t *out);

/* ------------------------------------------------------------------ reader */

struct tt_reader;

/*
 * Opens a trace. A regular file that is not compressed is mapped, not copied,
 * and must not shrink meanwhile; everything else streams. Compression (zstd,
 * gzip, xz, lz4, bzip2) and archives (tar, zip) are seen by their content; the
 * first archive, xz, lz4 or bzip2 loads libarchive (TT_E_IO if it is missing). "-"
 * is not special: use tt_reader_open_fd(0).
 * TT_E_IO, TT_E_INPUT, TT_E_MEMBER, TT_E_NOT_A_TRACE, TT_E_VERSION, TT_E_V1,
 * TT_E_CUT_OFF, TT_E_MEMORY, TT_E_LIMIT, TT_E_ARGUMENT; all ways of opening have these.
 */
TT_API int tt_reader_open(struct tt_reader **out, const char *path, const struct tt_options *opt,
			  struct tt_error *err);
/* Reads from the descriptor's position on; it stays the caller's and open. */
TT_API int tt_reader_open_fd(struct tt_reader **out, int fd, const struct tt_options *opt,
			     struct tt_error *err);
/* Streams what a function gives, a generation ahead of what it hands out. */
TT_API int tt_reader_open_input(struct tt_reader **out, const struct tt_input *input,
				const struct tt_options *opt, struct tt_error *err);
/* The bytes are not copied: they must live as long as the reader. */
TT_API int tt_reader_open_memory(struct tt_reader **out, const void *data, size_t nbytes,
				 const struct tt_options *opt, struct tt_error *err);
/*
 * Another reader of the same trace with the same options, at its beginning wherever `r` is:
 * several threads can so each do a part of the work on one trace. `r` is used in this call
 * alone, but must live until the other is closed. 0, or 1 with *out NULL: the input cannot be
 * read twice, only mapped files and memory can. TT_E_MEMORY, TT_E_LIMIT, and those of
 * a header if the file was changed.
 */
TT_API int tt_reader_open_again(struct tt_reader **out, const struct tt_reader *r,
				struct tt_error *err);
TT_API void tt_reader_close(struct tt_reader *r);

/* Header version: 22, 23, 25 or 26. */
TT_API unsigned tt_reader_version(const struct tt_reader *r);
/* The specs in use. */
TT_API const struct tt_specs *tt_reader_specs(const struct tt_reader *r);

/*
 * The next event in order: 0, 1 at the end, or any code from 2 to 69, negated.
 * Before an error all events that Go's reader hands out have come. Go's Sync
 * events stand at the start of each generation and at the end.
 */
TT_API int tt_reader_next(struct tt_reader *r, const struct tt_event **ev);

/*
 * The next Sync: as tt_reader_next() until it gives one, but the events on the way
 * are ordered, checked and counted, not handed out. The same codes, findings and
 * progress.
 *
 * With `threads` > 1 in the options, of a trace that is mapped or in memory, the
 * generations that follow are looked at meanwhile: each restates the scheduler's
 * state, so it can be ordered alone, and is ordered once more in sequence where
 * that does not join with what came before. What comes out is the same for any
 * number of threads, but that a generation that needs nearly all of the memory limit may
 * find a few hundredths more or less of it. Up to `threads` + 1 generations' tables are in
 * memory then beside the reader's own, all of them within half of the memory limit: one that
 * finds no room there is ordered in sequence alone. The threads run within calls and between
 * them, until the trace ends, fails, or tt_reader_next() has used up the generation; they
 * block all signals.
 */
TT_API int tt_reader_next_sync(struct tt_reader *r, const struct tt_event **ev);

/*
 * Whether the next call leaves the current generation: all its events were handed
 * out, and what lives as long as it is about to go.
 */
TT_API bool tt_reader_at_generation_end(const struct tt_reader *r);

/*
 * The next generation with its tables, nothing ordered: 0, 1, or a code from 2
 * to 42, negated. What is left of the generation before is dropped. Mixing with
 * tt_reader_next() is allowed: that goes on with the first event of this one.
 */
TT_API int tt_reader_next_generation(struct tt_reader *r, const struct tt_generation **g);

/*
 * After an error: goes on with the first generation that can be read behind the
 * place of the error, as if the trace began there. 0, 1 if there is none (then
 * tt_reader_next() returns 1, too), or an error of the machine. *skipped (may be
 * NULL) is how many bytes were passed over in search of it.
 */
TT_API int tt_reader_resync(struct tt_reader *r, uint64_t *skipped);

/* The error that stopped the reader; code TT_OK before. */
TT_API const struct tt_error *tt_reader_error(const struct tt_reader *r);

/*
 * What the reader saw and passed over so far (codes from 80 on), oldest first:
 * 0 and *out, or 1 if there is none left. Each code comes once a generation. Those
 * about events come from tt_reader_next() alone, those about a generation as a
 * whole behind its last event; but TT_W_EXPERIMENT_EMPTY comes with a generation
 * from tt_reader_next_generation() too, which looks at its events' types for it.
 */
TT_API int tt_reader_finding(struct tt_reader *r, struct tt_error *out);

/*
 * After TT_E_STUCK: the i-th thread that waits, earliest first, with its next
 * event; false past the last. `why` says what it waits for.
 */
struct tt_waiting {
	int64_t thread;
	int64_t time_ns;
	uint64_t offset;
	const struct tt_event_spec *spec;
	const uint64_t *args;
	const char *why;        /* lives until the next call */
};
TT_API bool tt_reader_waiting(struct tt_reader *r, size_t i, struct tt_waiting *out);

struct tt_progress {
	uint64_t events;        /* handed out */
	uint64_t generations;   /* begun */
	uint64_t nbytes;        /* of the (unpacked) trace, read */
	uint64_t in_nbytes;     /* of the input as it is, read */
	uint64_t in_total;      /* size of the input, or 0 if it is not known */
};
TT_API struct tt_progress tt_reader_progress(const struct tt_reader *r);

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif
#endif
