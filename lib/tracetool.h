/* SPDX-License-Identifier: MIT */
/*
 * tracetool.h - reading Go execution traces: input, specs, undecoded and decoded
 * events, the reader. tracetool_analyze.h declares what is computed from events,
 * tracetool_write.h what writes traces, tracetool_emit.h the writer inside a traced
 * program. The man page libtracetool(3) shows how to use them.
 *
 * A trace is a sequence of *generations*. A generation is a set of *batches*. A batch
 * holds what one thread wrote, a table (strings, stacks, CPU samples, the clock), or
 * the opaque bytes of an experiment. There are three layers; use the lowest one that
 * meets your needs:
 *
 *	tt_wire    the bytes of the file as undecoded events, one after the other
 *	tt_reader_next_generation
 *	           the batches and tables of one generation, nothing ordered
 *	tt_reader_next
 *	           the events of all threads in one order, checked
 *
 * Conventions for all functions here:
 *
 * - Pull: `next` functions return 0 for an item, 1 for a well-formed end and a
 *   negative `enum tt_code` for an error. Errors are sticky: calling again returns
 *   the same error, until tt_reader_resync() is called.
 * - Handles: _open or _new creates a handle; _close or _free releases it, and accepts
 *   NULL. A failed _open or _new sets *out to NULL and fills *err.
 * - Threads: a handle is used by one thread at a time; different handles are
 *   independent. A tt_specs may be shared once no more specs are added to it.
 * - Strings from a trace are (pointer, length): they may contain any bytes, including
 *   NUL and invalid UTF-8, and they are not terminated.
 * - Lifetimes: an event, and what its accessors return, is valid until the next call
 *   on its reader. A generation and everything in it is valid until the reader moves
 *   on to another generation.
 * - Misuse (a NULL handle, an index out of range) is a bug in the caller: it trips an
 *   assertion if assertions are enabled. Bytes of the input never do.
 */
#ifndef TRACETOOL_H
#define TRACETOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#if defined(__GNUC__)
/* Some functions have the name of the struct that they return. */
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

/* The version of the library in use; TT_VERSION_STRING is the version of this header. */
TT_API const char *tt_version(void);

/* Bytes with a length. `data` may be NULL only if `len` is 0. */
struct tt_str {
	const char *data;
	size_t len;
};

/* No thread, processor or goroutine. */
#define TT_NONE INT64_C(-1)
/* No task: the parent of a task that has none. */
#define TT_NO_TASK UINT64_MAX

/* ------------------------------------------------------------------ errors */

/*
 * What can be wrong: errors of the functions here, and findings of a reader or a heap.
 * Numbers and names never change their meaning. Functions return errors negated.
 * tt_code_name() returns the stable word that users see (`cut-off`). Comments on
 * functions name the codes that they return, or groups of codes: machine, file, batch,
 * table, event and order codes.
 */
enum tt_code {
	TT_OK = 0,
	TT_END = 1,

	/* machine codes: the machine or the caller is at fault */
	TT_E_MEMORY = 2,        /* out of memory */
	TT_E_LIMIT = 3,         /* the memory limit of the options was reached */
	TT_E_IO = 4,            /* open, read, write, map failed: see system_errno */
	TT_E_INPUT = 5,         /* compressed or archived input is damaged or unknown */
	TT_E_MEMBER = 6,        /* the archive has no such member, or several to choose from */
	TT_E_SPEC = 7,          /* an event spec is wrong */
	TT_E_ARGUMENT = 8,      /* an invalid option value */

	/* file codes: the file as a whole */
	TT_E_NOT_A_TRACE = 10,
	TT_E_VERSION = 11,      /* a header version that this library does not know */
	TT_E_V1 = 12,           /* format v1 (Go 1.11 to 1.21), where only v2 is understood */
	TT_E_CUT_OFF = 13,      /* the file ends inside a batch or a generation, or after
	                           its header */
	TT_E_ANOTHER_TRACE = 14, /* the header of another trace begins after this one */
	TT_E_FOREIGN = 15,      /* bytes that are not the trace's: in front of it, between its
	                           batches or after them */
	TT_E_REENCODED = 16,    /* a copy that changed the bytes: as text, or as base64 */

	/* batch codes */
	TT_E_BATCH_TYPE = 20,   /* a byte that cannot begin a batch */
	TT_E_BATCH_HEADER = 21, /* a number in a batch header overflows */
	TT_E_BATCH_SIZE = 22,   /* a batch larger than 64 KiB */
	TT_E_GENERATION_ZERO = 23,
	TT_E_GENERATION_MIXED = 24, /* another generation begins before this one ended */
	TT_E_GENERATION_ORDER = 25, /* before 1.26: numbers that do not increase by one */
	TT_E_GENERATION_MARK = 26,  /* an end-of-generation mark where none is allowed */

	/* table codes */
	TT_E_STRING_RECORD = 30,
	TT_E_STRING_SIZE = 31,
	TT_E_STRING_DUPLICATE = 32,
	TT_E_STACK_RECORD = 33,
	TT_E_STACK_SIZE = 34,
	TT_E_STACK_DUPLICATE = 35,
	TT_E_STACK_STRING = 36, /* a frame names a string that does not exist */
	TT_E_SAMPLE_RECORD = 37,
	TT_E_SYNC_RECORD = 38,
	TT_E_SYNC_DUPLICATE = 39,
	TT_E_NO_FREQUENCY = 40,
	TT_E_NO_CLOCK = 41,
	TT_E_TABLE_CUT = 42,    /* a batch ends inside a record, before one of its numbers */

	/* event codes: the events of one thread */
	TT_E_EVENT_TYPE = 50,
	TT_E_EVENT_UNTIMED = 51,
	TT_E_EVENT_NUMBER = 52, /* an argument is cut off or overflows */
	TT_E_EVENT_STACK = 53,  /* an argument names a stack that does not exist */
	TT_E_EVENT_STRING = 54,
	TT_E_EVENT_UNORDERED = 55, /* a timed event that is not allowed among events */

	/* order codes: the events of all threads together */
	TT_E_STUCK = 60,        /* no thread's next event can happen now */
	TT_E_CONTEXT = 61,      /* a thread, P or goroutine is missing, or must not be there */
	TT_E_STATUS = 62,       /* a status that is invalid or contradicts the events */
	TT_E_GOROUTINE = 63,
	TT_E_PROC = 64,
	TT_E_SEQUENCE = 65,
	TT_E_GC = 66,
	TT_E_RANGE = 67,
	TT_E_TASK = 68,
	TT_E_REGION = 69,
	TT_E_RESOURCE = 70,     /* a resource of an experiment is used as its spec forbids */
	TT_E_TIME_ORDER = 71,   /* format v1: times that contradict the order of events */

	/* findings: what Go's reader ignores silently */
	/* (80 was that of a header alone, which is TT_E_CUT_OFF now) */
	TT_W_VERSION_EVENT = 81,    /* an event that the header's version does not have */
	TT_W_EXPERIMENT_EMPTY = 82, /* events of an experiment that has no batches */
	TT_W_EXPERIMENT_UNKNOWN = 83, /* batches of an experiment that no spec names */
	TT_W_GENERATION_NUMBER = 85, /* numbers that repeat, go back or jump */
	TT_W_SAMPLE_STACK = 86,     /* a CPU sample names a stack that does not exist */
	TT_W_STATUS_WIDE = 87,      /* a status that does not fit into one byte */
	TT_W_RANGE_KIND = 88,       /* a range ends, and the string of its kind no longer exists */
	TT_W_FRAME_CONFLICT = 89,   /* one pc with two different frames */
	TT_W_CLOCK = 90,            /* clock snapshots that do not advance, or go back */
	TT_W_RECORD = 91,           /* a record of an experimental batch does not match its spec */
	TT_W_RECORD_KEY = 92,       /* two records of a generation have the same key */

	TT_W_PRIVATE = 100,         /* a private batch of experiment 1, with embedded data, that
	                               cannot be read */
	TT_W_RESOURCE_UNKNOWN = 101, /* an event of a resource that was not created */
	TT_W_RESOURCE_GONE = 102,   /* an event of a resource that was destroyed */
	TT_W_RESOURCE_TWICE = 103,  /* a resource is created that exists already */
	TT_W_RESOURCE_STATE = 104,  /* a resource is in a state in which this cannot happen */
	TT_W_REFERENCE = 105,       /* an event refers to a record that does not exist */

	/* findings of tt_heap_finding() about a heap */
	TT_W_HEAP_ALLOC = 93,       /* an object is allocated where another one is live */
	TT_W_HEAP_FREE = 94,        /* an object or span is freed where there is none */
	TT_W_HEAP_SPAN = 95,        /* an object outside every span of the heap */
	TT_W_HEAP_TYPE = 96,        /* a type that is not in the generation's table */
	TT_W_HEAP_OVERLAP = 97,     /* spans or objects that overlap */
	TT_W_HEAP_INFO = 98,        /* no batch gives the base and units of identifiers */
	TT_W_HEAP_ADDRESS = 99,     /* addresses cannot be computed from that batch */
};

/* How severe a code is. Errors make a trace bad; warnings do so only with --strict. */
enum tt_severity {
	TT_SEVERITY_WARNING,
	TT_SEVERITY_ERROR,
};

/* The functions that take a code accept it negated, too. An unknown number is "unknown". */
TT_API const char *tt_code_name(int code);
/* What to do about it: one sentence, for people. Never NULL. */
TT_API const char *tt_code_advice(int code);
TT_API enum tt_severity tt_code_severity(int code);
/* The i-th of all codes in ascending order, counted from 0; 0 past the last. */
TT_API int tt_code_at(size_t i);

#define TT_ERROR_MESSAGE_SIZE 2304
/* A number in struct tt_error that is not known. */
#define TT_UNKNOWN UINT64_MAX

/*
 * An error or a finding, with its position. A number that is not known, or makes no
 * sense for this error, is TT_UNKNOWN. The first line of the message says what is wrong;
 * more lines may follow. The message may contain control bytes of the trace, and is
 * always terminated.
 */
struct tt_error {
	int code;               /* an enum tt_code, positive */
	int system_errno;       /* for TT_E_IO; else 0 */
	uint64_t offset;        /* of the byte at fault, from the start of the (unpacked) trace;
	                           never past its end */
	uint64_t batch_offset;  /* of the batch around it */
	uint64_t generation;    /* the number the file gives it */
	int64_t thread;         /* TT_NONE if there is none or it is not known */
	uint64_t event_index;   /* number of events returned before */
	int event_type;         /* type byte of the event at fault, or -1 */
	bool system;            /* the machine or the caller is at fault, not the trace */
	char message[TT_ERROR_MESSAGE_SIZE];
};

/* ------------------------------------------------------------------- specs */

/* Maximum number of arguments of an event, without dt. */
#define TT_MAX_ARGS 16

/* What an argument means. The suffix in the spec has the same name. */
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

/* The public kinds of event, numbered like Go's trace.EventKind. */
enum tt_kind {
	TT_KIND_BAD,            /* structural: never returned */
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

/* How the number of an argument or a field is to be understood (`means`). */
enum tt_form {
	TT_FORM_PLAIN,
	TT_FORM_NS,             /* a length of time, in this unit */
	TT_FORM_US,
	TT_FORM_MS,
	TT_FORM_S,
	TT_FORM_TICKS,          /* a length of time, in units of the trace clock */
	TT_FORM_BYTES,          /* an amount of memory or data */
	TT_FORM_PERCENT,
	TT_FORM_HEX,            /* an address: printed in base 16 */
	TT_FORM_SIGNED,         /* two's complement */
	TT_FORM_ZIGZAG,         /* 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
	TT_FORM_F64,            /* the bits of a floating-point number */
	TT_FORM_F32,
	TT_FORM_BOOL,           /* 0: false */
	TT_FORM_ENUM,           /* one of the values of `values` */
	TT_FORM_FLAGS,          /* a sum of values of `values` */
};

struct tt_named_value {
	const char *name;
	uint64_t value;
};

/* Names of numbers: a block `enum` or `flags` of a spec. */
struct tt_values_spec {
	const char *name;
	const char *doc;        /* "" if the spec has none */
	bool flags;
	uint8_t nvalues;
	const struct tt_named_value *values; /* in the order of the spec */
};

/*
 * An argument may refer to a batch of its experiment: its value is then the key of a
 * record there. Or it is a distance, in a unit and from a base, each of which is a constant
 * or a field of a batch's only record.
 */
struct tt_arg_spec {
	const char *name;
	enum tt_arg_type type;
	enum tt_form form;
	const struct tt_values_spec *values; /* of TT_FORM_ENUM and TT_FORM_FLAGS; else NULL */
	const struct tt_batch_spec *batch; /* the batch it refers to; NULL: none */
	bool scaled;            /* the value is a distance, not a key */
	int8_t base_field, unit_field;  /* of a distance; -1: the constants that follow */
	uint64_t base, unit;
};

#define TT_MAX_STATES 16

/* How bad it is if a trace breaks a rule of its spec. */
enum tt_breach {
	TT_BREACH_DEFAULT,      /* as tracetool-spec(5) says */
	TT_BREACH_NOTHING,
	TT_BREACH_WARNING,
	TT_BREACH_ERROR,
};

/* A kind of things whose events are ordered, or whose life and states are followed. */
struct tt_resource_spec {
	const char *name;
	const char *doc;        /* "" if the spec has none */
	const char *experiment; /* whose it is: with the name, this says which resource it is */
	bool lives;             /* an event creates or restates one: its life is followed */
	bool restated;          /* an event restates one */
	bool reused;            /* once destroyed, it may be created with numbers from 1 again */
	bool continues;         /* numbers go on from generation to generation */
	enum tt_breach unknown; /* an event of one that was not created */
	enum tt_breach misuse;  /* created twice, used after its end, in a wrong state */
	uint8_t nstates;
	const char *states[TT_MAX_STATES];
};

/* What an event does to a resource. */
enum tt_role {
	TT_ROLE_USE,
	TT_ROLE_CREATE,
	TT_ROLE_DESTROY,
	TT_ROLE_RESTATE,        /* says that it exists */
};

/* What an event is numbered among the events of. */
enum tt_order_of {
	TT_ORDER_RESOURCE,
	TT_ORDER_GLOBAL,        /* all events with a number of this name */
	TT_ORDER_THREAD,        /* those of a thread, and so on */
	TT_ORDER_PROC,
	TT_ORDER_GOROUTINE,
};

/* An event has to do with at most so many. */
#define TT_MAX_ORDERS 4

/* Of what an event is one: it waits for its number, and its resource has a life and states. */
struct tt_order_spec {
	enum tt_order_of of;
	int8_t arg;             /* says which one; -1: that of the context, or the only one */
	int8_t seq_arg;         /* the event's number; -1: none */
	bool continues;         /* numbers go on from generation to generation */
	const struct tt_resource_spec *resource; /* NULL unless it is TT_ORDER_RESOURCE */
	enum tt_role role;
	uint16_t from;          /* a bit for each state that it may be in; 0: any */
	int8_t to;              /* the state that it has from now on; -1: the one that it had */
	int8_t otherwise;       /* the same if the argument `if_arg` is 0 */
	int8_t if_arg;          /* -1: none */
	int8_t to_arg;          /* the argument whose value has the name of the state; -1: none */
};

enum tt_range_role {
	TT_RANGE_NONE,
	TT_RANGE_BEGIN,
	TT_RANGE_ACTIVE,        /* it began before the trace */
	TT_RANGE_END,
};

/* A range of time that an event begins or ends: that is checked. */
struct tt_range_spec {
	enum tt_range_role role;
	enum tt_resource scope; /* TT_RESOURCE_NONE: the whole program */
	int8_t id_arg;          /* which one; -1: that of the context, or the only one */
	int8_t key_arg;         /* what sets several of them apart; -1: nothing */
	bool nested;            /* it may begin again before it ends */
	uint8_t begin;          /* the type of the event that begins it */
};

/* The spec of an event. Valid as long as its tt_specs. */
struct tt_event_spec {
	const char *name;
	const char *doc;        /* "" if the spec has none */
	const char *experiment; /* name, or NULL for a core event */
	unsigned experiment_id; /* 0 for a core event */
	unsigned since;         /* 22 for Go 1.22 */
	uint8_t type;           /* the byte on the wire */
	uint8_t nargs;          /* without dt */
	bool timed;             /* begins with dt and is one of a thread's events */
	bool has_data;          /* a length and bytes follow the arguments */
	bool has_frames;        /* the last argument counts frames (pc func file line) */
	int8_t stack_arg;       /* the executing stack's argument, or -1 */
	uint8_t norders;
	struct tt_order_spec orders[TT_MAX_ORDERS];
	struct tt_range_spec range;
	enum tt_kind kind;
	struct tt_arg_spec args[TT_MAX_ARGS];
};

/* How a field of a record is written. */
enum tt_field_type {
	TT_FIELD_VARINT,        /* LEB128 */
	TT_FIELD_UINT,          /* `size` bytes, least significant first */
	TT_FIELD_INT,           /* the same, two's complement */
	TT_FIELD_BYTES,         /* `size` bytes; if that is 0, a LEB128 gives how many */
	TT_FIELD_STRING,        /* text, the same; if `size` is not 0, without NULs at its end */
	TT_FIELD_ZIGZAG,        /* LEB128 of 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
	TT_FIELD_FLOAT,         /* IEEE 754, 4 or 8 bytes */
	TT_FIELD_BOOL,          /* a byte, 0 or 1 */
	TT_FIELD_CSTRING,       /* text up to a NUL */
	TT_FIELD_RECORD,        /* the fields of another layout */
};

/* When a field is there. */
enum tt_condition {
	TT_IF_ALWAYS,
	TT_IF_SET,              /* another field is not 0 */
	TT_IF_HAS,              /* it has all bits of a number */
	TT_IF_IS,               /* it is a number */
};

struct tt_field_spec {
	const char *name;
	enum tt_field_type type;
	uint32_t size;          /* number of bytes if it is fixed; else 0 */
	bool big_endian;
	enum tt_arg_type meaning; /* of a TT_FIELD_VARINT, by its name; else TT_ARG_NUMBER */
	const char *unit;       /* printed after the field where it is shown for a key, or "" */
	enum tt_form form;
	const struct tt_values_spec *values; /* of TT_FORM_ENUM and TT_FORM_FLAGS; else NULL */
	bool list;              /* there are several, each of this type */
	uint32_t count;         /* of a list: how many; 0: the field or a LEB128 says it */
	int8_t count_field;     /* of a list: the field that says how many; -1: none */
	const struct tt_batch_spec *record; /* the layout of a TT_FIELD_RECORD and of a list's
	                           elements, which for other types have one field; else NULL */
	enum tt_condition condition;
	int8_t if_field;        /* the field that the condition is about; -1: none */
	uint64_t if_value;
};

#define TT_MAX_FIELDS 16

/* The layout of one kind of an experiment's batches. Valid as long as its tt_specs. */
struct tt_batch_spec {
	const char *name;
	const char *doc;        /* "" if the spec has none */
	const char *experiment;
	unsigned experiment_id;
	bool part;              /* records inside others: never of a batch as a whole */
	int tag;                /* first byte of such a batch; -1: none, all batches are of this
	                           kind */
	uint32_t min_size;      /* no record takes fewer bytes (UINT32_MAX: that many or more) */
	bool once;              /* there is one record, not records up to the end */
	bool lasts;             /* applies to later generations, too, until there is another */
	int8_t key;             /* index of the field that arguments refer to, or -1 */
	uint8_t nfields;
	uint8_t nshown;         /* fields that are shown for a key, in this order */
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
 * The specs of one text alone, without the built-in ones and not checked against them.
 * They are for listing, not for reading a trace. TT_E_SPEC as for tt_specs_add(),
 * TT_E_MEMORY.
 */
TT_API int tt_specs_new_standalone(struct tt_specs **out, const char *name, const char *text,
				   size_t len, struct tt_error *err);
/*
 * Adds the text of one spec file; messages use `name`. If the text has a mistake
 * (TT_E_SPEC), nothing is added and the message is "NAME:LINE:COLUMN: reason".
 * tt_specs_check() reports all mistakes of a text. TT_E_MEMORY.
 */
TT_API int tt_specs_add(struct tt_specs *specs, const char *name, const char *text, size_t len,
			struct tt_error *err);
/* Reads a file and adds it. TT_E_IO, TT_E_SPEC, TT_E_MEMORY. */
TT_API int tt_specs_add_file(struct tt_specs *specs, const char *path, struct tt_error *err);
TT_API void tt_specs_free(struct tt_specs *specs);

/* One mistake in a spec text. Lines and columns are counted from 1. */
struct tt_spec_mistake {
	unsigned line, column;
	const char *rule;       /* a stable word: `unknown-word`, `id-taken` */
	const char *message;
	bool warning;           /* the spec can be used: this is odd, or Go's reader differs */
};
/*
 * Checks a text against the rules and against `specs`, and adds nothing. If `specs` is
 * NULL, the text is checked against the rules alone, like the library's own specs, and
 * may define core events. Calls `mistake` in the order of the lines, for at most 100 mistakes
 * and 100 warnings. Returns the number of mistakes, warnings left out, or a negative code
 * (TT_E_MEMORY).
 */
TT_API int tt_specs_check(const struct tt_specs *specs, const char *text, size_t len,
			  void (*mistake)(void *arg, const struct tt_spec_mistake *m), void *arg);

/* The event with this type byte, or NULL. */
TT_API const struct tt_event_spec *tt_specs_event(const struct tt_specs *specs, unsigned type);
/* The event with this name, or NULL. */
TT_API const struct tt_event_spec *tt_specs_event_named(const struct tt_specs *specs, const char *name);
/* The i-th experiment in the order of ids, or NULL past the last. */
TT_API const struct tt_experiment_spec *tt_specs_experiment(const struct tt_specs *specs, size_t i);
/* By id or by name; NULL if no spec has it. */
TT_API const struct tt_experiment_spec *tt_specs_experiment_id(const struct tt_specs *specs, unsigned id);
TT_API const struct tt_experiment_spec *tt_specs_experiment_named(const struct tt_specs *specs,
								  const char *name);
/*
 * The i-th kind of an experiment's batches in the order of its spec, or NULL past the last.
 * The layouts of records that are `part` of others are among them.
 */
TT_API const struct tt_batch_spec *tt_specs_batch(const struct tt_specs *specs, unsigned experiment,
						  size_t i);
/* The resources and the named values of an experiment, in the order of its spec; NULL past
   the last. */
TT_API const struct tt_resource_spec *tt_specs_resource(const struct tt_specs *specs,
							unsigned experiment, size_t i);
TT_API const struct tt_values_spec *tt_specs_values(const struct tt_specs *specs,
						    unsigned experiment, size_t i);

/*
 * What the thread of an event must have when it happens (1), must not have (-1), or may have
 * (0), and which argument must be that one; -1: none has to.
 */
struct tt_needs {
	int8_t thread, proc, goroutine;
	int8_t thread_arg, proc_arg, goroutine_arg;
};
/* Of a spec that tt_specs_event() or tt_specs_event_named() returned, not of a copy. */
TT_API struct tt_needs tt_event_needs(const struct tt_event_spec *spec);

/* "varint", "u8" ... "i64be", "bytes", "string", ..., the name of a record's layout; of a
   list: of its elements. */
TT_API const char *tt_field_type_name(const struct tt_field_spec *field);
/* "seq", "pstatus", ...; "" for a plain number. */
TT_API const char *tt_arg_type_name(enum tt_arg_type type);

/* ------------------------------------------------------------------- input */

enum tt_open_flags {
	/*
	 * Ignore silently what Go's reader ignores silently, so that the reader returns
	 * the same events and the same end. The trace then ends at a table record that
	 * lacks a number at the end of its batch (otherwise TT_E_TABLE_CUT), and where
	 * the file breaks off before a generation's first thread batch (otherwise
	 * TT_E_CUT_OFF).
	 */
	TT_OPEN_LIKE_GO = 1 << 0,
	/*
	 * Only generations are asked for, and of them only the tables: no byte of a thread's
	 * events is read, so that this takes milliseconds for a gigabyte. tt_reader_next() and
	 * tt_reader_next_sync() must not be called, and tt_reader_next_generation() does not
	 * find TT_W_EXPERIMENT_EMPTY. A trace in format v1 is read as a whole all the same.
	 */
	TT_OPEN_TABLES = 1 << 1,
	/*
	 * Generations will be skipped: tt_reader_next_generation() does not read their events
	 * either, and does not find TT_W_EXPERIMENT_EMPTY, but tt_reader_next() may follow.
	 */
	TT_OPEN_SKIM = 1 << 2,
	/*
	 * tt_reader_next() returns only Syncs and events of the kind Experimental. All others
	 * are ordered, checked and counted all the same, at less cost; tt_reader_progress()
	 * may be a few events ahead of what was returned.
	 */
	TT_OPEN_EXPERIMENTAL = 1 << 3,
};

/* Set `size = sizeof(struct tt_options)` and zero the rest. NULL: defaults. */
struct tt_options {
	size_t size;
	unsigned flags;                 /* enum tt_open_flags */
	const struct tt_specs *specs;   /* NULL: the built-in ones. Must outlive the reader */
	const char *member;             /* of an archive; NAME#2 is the second one of that
	                                   name; NULL: the only one */
	uint64_t max_memory_nbytes;     /* for one generation and its tables; 0: a quarter of
	                                   the machine's memory */
	unsigned threads;               /* threads that a reader may use, including the
	                                   caller's, to unpack zstd and gzip files ahead
	                                   and in tt_reader_next_sync() and
	                                   tt_spans_run(); 0 or 1: only the caller's. What
	                                   is read ahead takes additional memory, at most
	                                   half of the limit */
};

/* Bytes from a function of the caller. */
struct tt_input {
	/* Returns how many bytes it stored, from 1 to `room`; 0 at the end; -1 with errno
	   for a failure. It may block. It is not called again after the end or a failure. */
	int64_t (*read)(void *arg, void *buf, size_t room);
	void *arg;
};

/* ---------------------------------------------------------------- archives */

/*
 * The files of a tar or zip archive, one after the other, in any compression: each byte of
 * the archive is read once, however many files there are. What macOS adds (tt_is_litter())
 * does not count, nor do links and folders. Input that is no archive has one member without
 * a name: all of it.
 *
 *	while ((rc = tt_archive_next(a, &member)) == 0) {
 *		if (tt_reader_open_member(&reader, a, &options, &err) == 0)
 *			...
 *		tt_reader_close(reader);
 *	}
 */
struct tt_archive;

struct tt_member {
	const char *name;       /* any bytes; valid until the next call. NULL: no archive */
	uint64_t number;        /* 1, or 2 if it is the second of this name, and so on: NAME#2
	                           in struct tt_options' `member` means that one */
	bool only;              /* it is known that the archive has no other */
};

/* Of the options, max_memory_nbytes is used, for the names of members. TT_E_IO, TT_E_INPUT,
 * TT_E_ARGUMENT, TT_E_MEMORY, TT_E_LIMIT. */
TT_API int tt_archive_open(struct tt_archive **out, const char *path, const struct tt_options *opt,
			   struct tt_error *err);
/* Reads from the descriptor's position on; it stays open and remains the caller's. */
TT_API int tt_archive_open_fd(struct tt_archive **out, int fd, const struct tt_options *opt,
			      struct tt_error *err);
/* Moves to the next member: 0, 1 or an error, as for opening. Not while it is in use. */
TT_API int tt_archive_next(struct tt_archive *a, struct tt_member *member);
TT_API const struct tt_error *tt_archive_error(const struct tt_archive *a);
/*
 * Whether an open reader still reads from the archive: that of a member larger than 16 MiB
 * does. Then close that reader before anything else is done with the archive. Other readers
 * hold their member in memory, and may be used side by side.
 */
TT_API bool tt_archive_in_use(const struct tt_archive *a);
/* Not while it is in use. */
TT_API void tt_archive_close(struct tt_archive *a);

/* Whether a path is one that macOS adds to archives and folders beside the user's own files:
 * in a folder __MACOSX, or ._NAME, or .DS_Store. */
TT_API bool tt_is_litter(const char *path);

/* ------------------------------------------------------------------- wire */

/*
 * The lowest layer: the bytes of the file as a flat sequence of events, as
 * `go tool trace -d=wire` shows them. Nothing is grouped, and nothing is checked beyond
 * the bytes of each event. Experimental events are understood in every version. The records
 * of format v1, for which Go has no such dump, are read by specs/v1.spec.
 */
struct tt_wire;

struct tt_wire_frame {
	uint64_t pc, func, file, line; /* func and file are string ids */
};

/* One undecoded event. Pointers are valid until the next call. */
struct tt_wire_event {
	uint64_t offset;        /* of its type byte */
	const struct tt_event_spec *spec; /* NULL: a type with no name and no arguments */
	uint8_t type;           /* of format v1: without the bits that count numbers */
	uint8_t nargs;          /* dt included, as args[0], for timed events */
	uint64_t args[TT_MAX_ARGS + 1];
	const struct tt_wire_frame *frames; /* of a Stack */
	size_t nframes;
	struct tt_str data;     /* of a String or ExperimentalBatch, and of a UserLog of v1 */
	bool padded;            /* of format v1: the length before its numbers takes 10 bytes, as Go
	                           1.20 and 1.21 write that of a stack */
	const void *text_;      /* private to tt_wire_format(); NULL in an event of your own */
};

/*
 * Like tt_reader_open() and the others: memory must stay valid as long as the handle, and a
 * descriptor stays open and remains the caller's.
 * TT_E_IO, TT_E_INPUT, TT_E_MEMBER, TT_E_NOT_A_TRACE, TT_E_VERSION, TT_E_CUT_OFF,
 * TT_E_MEMORY, TT_E_LIMIT, TT_E_ARGUMENT.
 */
TT_API int tt_wire_open(struct tt_wire **out, const char *path, const struct tt_options *opt,
			struct tt_error *err);
TT_API int tt_wire_open_memory(struct tt_wire **out, const void *data, size_t nbytes,
			       const struct tt_options *opt, struct tt_error *err);
TT_API int tt_wire_open_fd(struct tt_wire **out, int fd, const struct tt_options *opt,
			   struct tt_error *err);
TT_API int tt_wire_open_input(struct tt_wire **out, const struct tt_input *input,
			      const struct tt_options *opt, struct tt_error *err);
/* Header version: 22, 23, 25 or 26, or of format v1, 11, 19 or 21. */
TT_API unsigned tt_wire_version(const struct tt_wire *w);
/*
 * 0, 1, or an error: TT_E_EVENT_TYPE, TT_E_EVENT_NUMBER, TT_E_STRING_SIZE, TT_E_CUT_OFF, TT_E_IO,
 * TT_E_INPUT, TT_E_MEMORY, TT_E_LIMIT. With TT_OPEN_LIKE_GO, if the file ends between two
 * numbers of an event, the sequence ends there, as with Go's raw reader.
 */
TT_API int tt_wire_next(struct tt_wire *w, const struct tt_wire_event **ev);
TT_API const struct tt_error *tt_wire_error(const struct tt_wire *w);
TT_API void tt_wire_close(struct tt_wire *w);

/*
 * One event as text, the same text as `go tool trace -d=wire`. It includes the newline
 * and has no terminating NUL. Writes at most `size` bytes to `out` and returns how many
 * bytes the text needs; if that is more than `size`, call again with more room.
 */
TT_API size_t tt_wire_format(const struct tt_wire_event *ev, char *out, size_t size);

/*
 * Quotes like Go's strconv.Quote (Unicode 17), including the quotes. Writes at most
 * `size` bytes, without a terminating NUL, and returns how many are needed.
 * 4 * len + 2 is always enough.
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
	int64_t thread;         /* TT_NONE: of no thread */
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

/* Maximum number of frames of a stack: format v1 has room for so many, v2 allows 128. */
#define TT_MAX_FRAMES 512
#define TT_V2_MAX_FRAMES 128

struct tt_sample {
	int64_t time_ns;
	int64_t thread, proc, goroutine;
	uint64_t stack;
};

/* The number that the file gives it; a trace may begin with any number. */
TT_API uint64_t tt_generation_number(const struct tt_generation *g);
/* Counted from 1 in the order of the file. */
TT_API uint64_t tt_generation_ordinal(const struct tt_generation *g);
/* The offset of its first byte, and of the byte after its last. */
TT_API uint64_t tt_generation_offset(const struct tt_generation *g);
TT_API uint64_t tt_generation_end(const struct tt_generation *g);
/* The time of its Sync, which is that of its earliest batch. */
TT_API int64_t tt_generation_start_ns(const struct tt_generation *g);
/*
 * What the headers of a generation's batches say. Of format v1: the earliest and the latest
 * event, and no threads.
 */
struct tt_generation_summary {
	uint64_t nbatches;      /* of all kinds: events, tables, experiments */
	uint64_t event_nbytes;  /* of the batches that hold events, without their headers */
	size_t nthreads;        /* for tt_generation_thread_at() */
	int64_t first_ns;       /* when its first batch begins, as tt_generation_start_ns() */
	int64_t last_ns;        /* when its last one begins: a few events may be later */
};
TT_API struct tt_generation_summary tt_generation_summary(const struct tt_generation *g);
/* The threads that wrote events, in the order of their first batch. */
TT_API int64_t tt_generation_thread_at(const struct tt_generation *g, size_t i);
/* Trace clock units per second. */
TT_API uint64_t tt_generation_frequency(const struct tt_generation *g);
/* Converts a trace clock reading to nanoseconds, with Go's arithmetic. */
TT_API int64_t tt_generation_ns(const struct tt_generation *g, uint64_t ticks);
/* NULL before 1.25. */
TT_API const struct tt_clock *tt_generation_clock(const struct tt_generation *g);

/* False if there is no such string; id 0 is the empty string. */
TT_API bool tt_generation_string(const struct tt_generation *g, uint64_t id, struct tt_str *out);
/*
 * The frames of a stack, innermost first. Returns their number (at most TT_MAX_FRAMES),
 * or -1 if there is no such stack; id 0 is the empty stack. `out` must have room for
 * TT_MAX_FRAMES.
 */
TT_API int tt_generation_stack(const struct tt_generation *g, uint64_t id, struct tt_frame *out);
/*
 * A small number for a stack of this generation, from 0 to tt_generation_nstacks(), for
 * use in a table of the caller's own; 0 for id 0 and for unknown ids.
 */
TT_API size_t tt_generation_stack_index(const struct tt_generation *g, uint64_t id);

/* The tables by position, from 0, in the order of the file. */
TT_API size_t tt_generation_nstrings(const struct tt_generation *g);
TT_API struct tt_str tt_generation_string_at(const struct tt_generation *g, size_t i, uint64_t *id);
TT_API size_t tt_generation_nstacks(const struct tt_generation *g);
/* The id of the i-th stack. */
TT_API uint64_t tt_generation_stack_at(const struct tt_generation *g, size_t i);
/* Samples are in the order in which the reader returns them. */
TT_API size_t tt_generation_nsamples(const struct tt_generation *g);
TT_API struct tt_sample tt_generation_sample_at(const struct tt_generation *g, size_t i);
/* Experimental batches, all experiments together, in the order of the file. */
TT_API size_t tt_generation_nexperimental(const struct tt_generation *g);
TT_API struct tt_batch tt_generation_experimental_at(const struct tt_generation *g, size_t i);

/* ------------------------------------------------------------------ events */

/*
 * One event, in the order of the whole trace. `thread`, `proc` and `goroutine` are the
 * context in which it happened, as it was before the event.
 */
struct tt_event {
	int64_t time_ns;        /* strictly increasing from event to event, as Go's reader
	                           returns it */
	int64_t raw_time_ns;    /* as the thread recorded it: may be equal or earlier */
	int64_t thread, proc, goroutine;
	uint64_t offset;        /* of the event's bytes in the trace; for a Sync, of the
	                           generation's; for an event that Go's rules add, of the event
	                           that it results from */
	const struct tt_generation *generation; /* NULL for a Sync that ends the trace */
	const struct tt_event_spec *spec;       /* NULL for Sync */
	const uint64_t *args;   /* spec->nargs of them, without dt */
	enum tt_kind kind;
	/* Private to the accessors below. */
	uint8_t was_;
	uint64_t extra_;
	struct tt_str text_;
};

/*
 * The id of the executing goroutine's stack at the event; 0 if there is none. *has (may
 * be NULL) says whether Go's API would return a stack: for a CPU sample it does so even
 * with id 0.
 */
TT_API uint64_t tt_event_stack(const struct tt_event *ev, bool *has);

/* TT_KIND_SYNC */
struct tt_sync {
	uint64_t n;             /* counts all Syncs from 1 */
	const struct tt_clock *clock; /* NULL if the generation has none, and at the end */
};
TT_API struct tt_sync tt_event_sync(const struct tt_event *ev);

/* TT_KIND_METRIC */
struct tt_metric {
	const char *name;       /* as runtime/metrics names it */
	uint64_t value;
};
TT_API struct tt_metric tt_event_metric(const struct tt_event *ev);

/* TT_KIND_LABEL: a label of the goroutine of the context. */
TT_API struct tt_str tt_event_label(const struct tt_event *ev);

/* TT_KIND_RANGE_* */
#define TT_MAX_ATTRIBUTES 4
struct tt_range {
	const char *name;       /* without its kind: "stop-the-world" */
	struct tt_str kind;     /* why: "GC mark termination"; data is NULL if ranges of this
	                           name have no kind */
	bool kind_known;        /* false: this generation does not have the string of the kind */
	uint64_t kind_id;       /* the kind's string id; 0 without a kind. An end of an
	                           experiment's range has that of the generation it began in */
	enum tt_resource scope; /* TT_RESOURCE_NONE: the whole program */
	int64_t id;
	unsigned nattributes;
	struct {
		const char *name;
		uint64_t value;
	} attributes[TT_MAX_ATTRIBUTES];
};
TT_API struct tt_range tt_event_range(const struct tt_event *ev);

/* TT_KIND_TASK_*: an end has the type and parent of its begin, if they are known. */
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
	TT_STATE_BAD,           /* a number that is not a state, in a damaged trace */
};
/* "Undetermined", "NotExist", ... */
TT_API const char *tt_state_name(enum tt_state state);

struct tt_transition {
	enum tt_resource resource; /* TT_RESOURCE_GOROUTINE or _PROC */
	int64_t id;
	enum tt_state from, to;
	struct tt_str reason;   /* why a goroutine stopped; else empty */
	bool has_stack;         /* the resource's own stack is known (it may be id 0) */
	uint64_t stack;         /* for a new goroutine: where it will start */
};
TT_API struct tt_transition tt_event_transition(const struct tt_event *ev);

/* ----------------------------------------------------------------- records */

/*
 * The records of experimental batches, typed as their spec says. Call tt_records_begin(),
 * then tt_records_next() until it returns something other than 0. The struct owns
 * nothing: the bytes of the batch and the specs must stay valid.
 */
struct tt_records {
	const struct tt_batch_spec *spec; /* NULL: no spec describes such a batch */
	struct tt_batch batch;
	size_t pos;             /* in the batch's data, of the next record */
	uint64_t index;         /* of the next record, from 0 */
};

/*
 * The value of a field: a number (a signed integer in two's complement, the bits of a
 * double for both sizes of floating-point numbers), bytes, or records inside this one.
 */
struct tt_value {
	uint64_t number;        /* for bytes, and of a list: how many */
	struct tt_str bytes;    /* of a list or a record: all of it as it is written, a count left
	                           out */
	bool absent;            /* its condition is not met */
};

struct tt_record {
	const struct tt_batch_spec *spec;
	uint64_t index;         /* in its batch, from 0 */
	uint64_t offset;        /* of its first byte, in the trace */
	const uint8_t *data;    /* its first byte */
	struct tt_value values[TT_MAX_FIELDS]; /* spec->nfields of them */
};

/* False if no spec says how to read the batch. */
TT_API bool tt_records_begin(struct tt_records *r, const struct tt_specs *specs,
			     const struct tt_batch *batch);
/*
 * 0, 1 at the end of the batch, or -TT_W_RECORD with the position of the field at fault.
 * In that case the rest of the batch is lost, and calling again returns the same.
 */
TT_API int tt_records_next(struct tt_records *r, struct tt_record *out, struct tt_error *err);

/*
 * The records of a list, or the record that a field is (a list of one): for tt_records_next().
 * False if the field is neither, or absent. `record` came from `r`, and is not used afterwards;
 * NULL: from tt_event_record(), and then inside->batch says no thread and no generation.
 */
TT_API bool tt_records_inside(struct tt_records *inside, const struct tt_records *r,
			      const struct tt_record *record, unsigned field);
/*
 * The record whose key is the value of an argument: 0, or 1 if there is none (the argument
 * refers to no batch, or the generation has no such record). If two records have the same
 * key, the first one counts.
 */
TT_API int tt_event_record(const struct tt_event *ev, unsigned arg, struct tt_record *out);
/*
 * The address that an argument gives as a distance from a base; false if the argument is not a
 * distance, or the base is not known.
 */
TT_API bool tt_event_address(const struct tt_event *ev, unsigned arg, uint64_t *out);

/* ------------------------------------------------------------------ reader */

struct tt_reader;

/*
 * Opens a trace. A regular file that is not compressed is mapped, not copied, and must
 * not shrink while it is read; everything else is streamed. Compression (zstd, gzip, xz,
 * lz4, bzip2) and archives (tar, zip) are recognized by their content; the first archive,
 * xz, lz4 or bzip2 file loads libarchive (TT_E_IO if it is missing). "-" has no special
 * meaning: use tt_reader_open_fd(0).
 * TT_E_IO, TT_E_INPUT, TT_E_MEMBER, TT_E_NOT_A_TRACE, TT_E_VERSION, TT_E_CUT_OFF,
 * TT_E_MEMORY, TT_E_LIMIT, TT_E_ARGUMENT; the functions below that open a trace return the
 * same.
 *
 * A trace of Go 1.11 to 1.21 (format v1) is read as a whole before its first event, and is
 * one generation with events of v2; tracetool-format(5) says how. If anything is wrong with
 * it, there is the error and nothing before it, not even a Sync, as in Go.
 */
TT_API int tt_reader_open(struct tt_reader **out, const char *path, const struct tt_options *opt,
			  struct tt_error *err);
/* Reads from the descriptor's position on; it stays open and remains the caller's. */
TT_API int tt_reader_open_fd(struct tt_reader **out, int fd, const struct tt_options *opt,
			     struct tt_error *err);
/* Streams what a function returns. Each generation is read as a whole before its events. */
TT_API int tt_reader_open_input(struct tt_reader **out, const struct tt_input *input,
				const struct tt_options *opt, struct tt_error *err);
/* The bytes are not copied: they must stay valid as long as the reader. */
TT_API int tt_reader_open_memory(struct tt_reader **out, const void *data, size_t nbytes,
				 const struct tt_options *opt, struct tt_error *err);
/* Reads the member that the archive is at, once for each. */
TT_API int tt_reader_open_member(struct tt_reader **out, struct tt_archive *archive,
				 const struct tt_options *opt, struct tt_error *err);
/*
 * Opens another reader of the same trace with the same options, at the beginning, wherever
 * `r` is, so that several threads can each do a part of the work on one trace. `r` is used
 * during this call only, but must stay open until the other reader is closed. Returns 0, or
 * 1 with *out NULL if the input cannot be read twice: only mapped files and memory can; or
 * if it is in format v1, where there is one generation. TT_E_MEMORY, TT_E_LIMIT; if the file
 * has changed, TT_E_NOT_A_TRACE, TT_E_VERSION, TT_E_CUT_OFF.
 */
TT_API int tt_reader_open_again(struct tt_reader **out, const struct tt_reader *r,
				struct tt_error *err);
TT_API void tt_reader_close(struct tt_reader *r);

/*
 * What the trace was packed in: the i-th layer, from the outermost one on, counted from 0.
 * False past the last; a plain trace has none. Valid as long as the reader.
 */
struct tt_container {
	const char *name;       /* "zstd", "gzip", "xz", "lz4", "bzip2", "lzip", "compress",
	                           "tar" or "zip" */
	const char *member;     /* of an archive: the path of the trace in it, cut to 255 bytes,
	                           which may be any; else NULL */
};
TT_API bool tt_reader_container(const struct tt_reader *r, size_t i, struct tt_container *out);

/* Header version: 22, 23, 25 or 26, or of format v1, 11, 19 or 21. */
TT_API unsigned tt_reader_version(const struct tt_reader *r);
/* The specs in use. */
TT_API const struct tt_specs *tt_reader_specs(const struct tt_reader *r);

/*
 * The next event in order: 0, 1 at the end, or an error: any TT_E_ code, negated. Before
 * an error it returns all events that Go's reader returns. As in Go, a Sync event comes at
 * the start of each generation and at the end; a trace in format v1 without an event has
 * only the latter.
 */
TT_API int tt_reader_next(struct tt_reader *r, const struct tt_event **ev);

/*
 * The next Sync, as if tt_reader_next() were called until it returns one: the events on
 * the way are ordered, checked and counted, but not returned. Codes, findings and
 * progress are the same.
 *
 * If `threads` in the options is above 1 and the trace is mapped or in memory, workers
 * order the following generations meanwhile. Each generation restates the scheduler's
 * state, so it can be ordered alone; if that does not fit what came before, it is ordered
 * once more in sequence. The result is the same for any number of threads, except that a
 * generation close to the memory limit may pass or fail it depending on the number of
 * threads (by a few percent). Besides the reader's own, the tables of up to `threads` + 1
 * generations are then in memory, all of them within half of the memory limit; a
 * generation for which there is no room is ordered in sequence only. The threads run
 * during calls and between them, until the trace ends or fails, or tt_reader_next() has
 * used up the generation. They block all signals except those of faults of their own.
 */
TT_API int tt_reader_next_sync(struct tt_reader *r, const struct tt_event **ev);

/*
 * True if the next call leaves the current generation: all its events have been returned,
 * and what is valid as long as the generation is about to become invalid.
 */
TT_API bool tt_reader_at_generation_end(const struct tt_reader *r);

/*
 * The next generation with its tables, nothing ordered: 0, 1, or a machine, file, batch
 * or table code, negated. The rest of the generation before is skipped. Calls may be mixed
 * with those of tt_reader_next(), which continues with the first event of this generation.
 */
TT_API int tt_reader_next_generation(struct tt_reader *r, const struct tt_generation **g);
/*
 * Passes over the next generation without unpacking it, if its number is not one from `first` to
 * `last`: 0; or 1 if that cannot be done, and tt_reader_next_generation() is due; or TT_E_IO,
 * TT_E_MEMORY or TT_E_LIMIT, negated. It can be done in a file of zstd that has a frame for each
 * generation and the table of zstd's seekable format, but for the first generation, which may
 * have what is needed later. Nothing of it is found then: no damage, no warning.
 */
TT_API int tt_reader_pass_generation(struct tt_reader *r, uint64_t first, uint64_t last);
/*
 * Goes to the generation that begins at `offset` and is the `ordinal`-th of the trace, as another
 * reader of it has found (tt_generation_offset(), tt_generation_ordinal()): 0, and it is the next
 * one. 1: that cannot be done, and nothing has changed. It can be done in a file that is not
 * compressed, or in memory, also after the end or damage, but not in format v1, or after an
 * error of the machine. What is before it is not looked at: nothing is found there.
 */
TT_API int tt_reader_go_to_generation(struct tt_reader *r, uint64_t offset, uint64_t ordinal);
/*
 * Goes to the first generation that begins after a batch which begins at `offset` or later: 0,
 * and it is the next one. The offset may be any in the file. 1: there is none, or no generation
 * was read before; the reader is at its end then, but may still seek and go to generations. Also
 * 1 where that cannot be done, as above. The ordinal is counted by the numbers of the
 * generations, from the one that was read last. Only bytes from `offset` on are looked at, so a
 * file that was made to mislead this can do so.
 */
TT_API int tt_reader_seek_generation(struct tt_reader *r, uint64_t offset);
/* Where a batch begins, and what its header says. */
struct tt_batch_place {
	uint64_t offset;
	uint64_t generation;    /* its number */
	uint64_t ticks;         /* see tt_generation_ns() */
};
/*
 * Looks for the first batch that begins at `offset` or later, but not by more than a batch is long:
 * 0, and *place. 1: none is found, or that cannot be done, as above. The reader stays where it
 * is, and what it finds is not checked any further.
 */
TT_API int tt_reader_find_batch(struct tt_reader *r, uint64_t offset, struct tt_batch_place *place);
/*
 * The same as tt_reader_next_generation(), but reads no strings, stacks and CPU samples, and so
 * takes no time; the latest batch of tt_generation_summary() is none of these. tt_reader_next()
 * continues with the generation after it.
 */
TT_API int tt_reader_skim_generation(struct tt_reader *r, const struct tt_generation **g);

/*
 * After an error: continues with the first readable generation after the position of the
 * error, as if the trace began there. 0; 1 if there is none (tt_reader_next() then returns
 * 1, too); or a machine code, negated. *skipped (may be NULL) is the number of bytes
 * skipped in the search.
 */
TT_API int tt_reader_resync(struct tt_reader *r, uint64_t *skipped);

/* The error that stopped the reader; its code is TT_OK if none did. */
TT_API const struct tt_error *tt_reader_error(const struct tt_reader *r);
/*
 * After an error, the generation that it kept from being read whole, as far as it was read,
 * until tt_reader_resync(); NULL if there is none, and in format v1. It may be asked for its
 * number, offsets, summary, experimental batches and the sizes of its tables; and its times are
 * 0 if its frequency (0 then, too) was not read.
 */
TT_API const struct tt_generation *tt_reader_broken_generation(const struct tt_reader *r);

/*
 * What the reader noticed and ignored so far (TT_W_ codes), oldest first: 0 and *out, or 1
 * if there is none left. Each code comes once per generation. Findings about events come
 * only where events are ordered; those about a generation as a whole come after its last
 * event. TT_W_EXPERIMENT_EMPTY also comes with a generation from
 * tt_reader_next_generation(), which looks at the types of the events for that.
 */
TT_API int tt_reader_finding(struct tt_reader *r, struct tt_error *out);

/*
 * After TT_E_STUCK: the i-th waiting thread, earliest first, with its next event; false
 * past the last. `why` says what the thread waits for. There is none of format v1.
 */
struct tt_waiting {
	int64_t thread;
	int64_t time_ns;
	uint64_t offset;
	const struct tt_event_spec *spec;
	const uint64_t *args;
	const char *why;        /* valid until the next call */
};
TT_API bool tt_reader_waiting(struct tt_reader *r, size_t i, struct tt_waiting *out);

/*
 * After TT_E_STUCK: the state of the next goroutine, P or thread, as ordering had it then, in
 * no order; with TT_RESOURCE_NONE that of the garbage collector, which is one. *at is 0 before
 * the first call. False past the last. There is none of format v1.
 */
struct tt_resource_state {
	int64_t id;
	const char *status;     /* static; Go's name of it; NULL: of a thread */
	uint64_t seq;           /* the last number in the sequence of its events */
	uint64_t seq_generation; /* the generation that it was counted in; 0: of the collector */
	int64_t goroutine, proc; /* that a thread has, or TT_NONE */
};
TT_API bool tt_reader_resource_state(const struct tt_reader *r, enum tt_resource resource,
				     size_t *at, struct tt_resource_state *out);

struct tt_progress {
	uint64_t events;        /* returned, or passed by tt_reader_next_sync() */
	uint64_t generations;   /* begun */
	uint64_t nbytes;        /* read of the (unpacked) trace */
	uint64_t in_nbytes;     /* read of the input as it is */
	uint64_t in_total;      /* size of the input, or 0 if it is not known */
};
TT_API struct tt_progress tt_reader_progress(const struct tt_reader *r);
/* The time_ns of the last event that was returned or counted; undefined before the first. */
TT_API int64_t tt_reader_last_ns(const struct tt_reader *r);

/* ------------------------------------------------------------------ pieces */

/*
 * An input taken apart: people's files contain more than one trace, text that a program
 * printed among the batches, headers of HTTP in front of a trace, or were changed by a copy.
 * This finds the traces, leaves out what is not theirs, and undoes what a copy did as far as
 * that is possible. Of an input that is one good trace it changes nothing. tracetool-format(5)
 * describes what is recognized.
 *
 * Offsets that a reader from here reports are those of the trace, from 0;
 * tt_pieces_offset() turns them into offsets in the input. An input that cannot be read twice
 * is read once, in bounded memory.
 */
struct tt_pieces;

/* As tt_reader_open() and the others, but nothing is read yet, so that there is no error about
 * a header. */
TT_API int tt_pieces_open(struct tt_pieces **out, const char *path, const struct tt_options *opt,
			  struct tt_error *err);
TT_API int tt_pieces_open_fd(struct tt_pieces **out, int fd, const struct tt_options *opt,
			     struct tt_error *err);
TT_API int tt_pieces_open_memory(struct tt_pieces **out, const void *data, size_t nbytes,
				 const struct tt_options *opt, struct tt_error *err);
/* Takes the member apart that the archive is at, once for each. */
TT_API int tt_pieces_open_member(struct tt_pieces **out, struct tt_archive *archive,
				 const struct tt_options *opt, struct tt_error *err);
TT_API void tt_pieces_close(struct tt_pieces *p);

/* Before the first tt_pieces_next(): whether the input begins as a trace. 0, or what
 * tt_reader_open() says about the header. */
TT_API int tt_pieces_check_header(struct tt_pieces *p, struct tt_error *err);

/*
 * Opens the next trace: 0 and *r; 1 if there are no more; or what tt_reader_open() returns, with
 * offsets in the input. If there is no trace at all, that is the error about the header. If a
 * copy has destroyed the trace, it is TT_E_REENCODED. After an error the next call goes on
 * with the next trace, but there is none after codes of the machine. The reader of the trace
 * before must be closed.
 */
TT_API int tt_pieces_next(struct tt_pieces *p, struct tt_reader **r, struct tt_error *err);
/* Where the byte at an offset of the current trace is in the (unpacked) input. TT_UNKNOWN stays
 * what it is. */
TT_API uint64_t tt_pieces_offset(const struct tt_pieces *p, uint64_t offset);

enum tt_piece_kind {
	TT_PIECE_TRACE,         /* bytes of a trace */
	TT_PIECE_FRONT,         /* what stands in front of the first trace */
	TT_PIECE_TEXT,          /* text between or after batches */
	TT_PIECE_ZEROS,         /* zeros after a trace */
	TT_PIECE_OTHER,         /* other bytes after a trace */
};

struct tt_piece {
	enum tt_piece_kind kind;
	unsigned trace;         /* the trace that it is of, or stands in or after, from 1; 0: none */
	unsigned version;       /* of its header, if a trace begins with this piece; else 0 */
	uint64_t offset, nbytes; /* in the (unpacked) input */
	struct tt_str text;     /* what it is, in words or quoted; of the first some hundred pieces */
	bool unfinished;        /* the input ends with it, inside of a generation */
};

/*
 * The i-th piece of the input as far as it was read, from 0; false past the last. One after
 * the other, they cover each byte once; after tt_pieces_next() has returned 1 they cover
 * all of it. Valid until the next call of tt_pieces_next() or of a reader.
 */
TT_API bool tt_pieces_at(const struct tt_pieces *p, size_t i, struct tt_piece *out);
/*
 * What is to be said about the pieces, oldest first: 0 and *out, or 1 if there is nothing left.
 * TT_E_FOREIGN, TT_E_REENCODED, and with each trace after the first TT_E_ANOTHER_TRACE; of what
 * stands in or after a trace, once tt_pieces_next() has left that trace.
 */
TT_API int tt_pieces_finding(struct tt_pieces *p, struct tt_error *out);
/* The bytes of the (unpacked) input; complete after tt_pieces_next() has returned 1. */
TT_API uint64_t tt_pieces_nbytes(const struct tt_pieces *p);

#ifdef __cplusplus
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
}
#endif
#endif
