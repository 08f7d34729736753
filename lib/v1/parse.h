/* SPDX-License-Identifier: MIT */
/*
 * parse.h - a trace in format v1 while it is read: what the files of this folder share.
 * Stands on gen.
 */
#ifndef TT_V1_PARSE_H
#define TT_V1_PARSE_H

#include "base/compiler.h"
#include "base/sort.h"
#include "spec/types.h"
#include "v1/v1.h"
#include "wire/format.h"

/* ------------------------------------------------------------------ records */

/* How many types the six bits of a record's first byte can say. */
#define TT_V1_NTYPES 64
#define TT_V1_STACK_MAX_SIZE 1000
/* Of a record with a time; dt does not count. */
#define TT_V1_MAX_ARGS 4

/* What ordering does with an event. */
enum tt_v1_step {
	TT_V1_FREE,             /* nothing */
	TT_V1_CREATE,
	TT_V1_APPEAR,           /* it was there before the trace, and does not run */
	TT_V1_START,
	TT_V1_START_LOCAL,
	TT_V1_WAIT,
	TT_V1_YIELD,
	TT_V1_READY,
	TT_V1_READY_LOCAL,
	TT_V1_GC,
};

/* One type of record, from specs/v1.spec, as far as this header version has it. */
struct tt_v1_layout {
	const struct tt_event_spec *spec; /* NULL: there is none */
	uint8_t nnumbers;       /* dt included */
	bool timed;
	bool stops;             /* the P runs no goroutine from now on */
	uint8_t step;           /* enum tt_v1_step */
	int8_t stack_arg;       /* of the executing stack; -1: none */
};

void tt_v1_layouts(struct tt_v1_layout layouts[TT_V1_NTYPES], const struct tt_specs *records,
		   unsigned version);

static inline unsigned tt_v1_record_type(const uint8_t *record)
{
	return *record & 0x3f;
}

/* How many numbers the first byte announces; 0: their length in bytes comes before them. */
static inline unsigned tt_v1_announced(const uint8_t *record)
{
	return *record < 0xc0 ? (*record >> 6) + 1u : 0;
}

/* The numbers of a record that was found good. */
static inline const uint8_t *tt_v1_numbers(const uint8_t *record)
{
	const uint8_t *p = record + 1;

	if (tt_v1_announced(record) == 0)
		tt_varint_trusted(&p);
	return p;
}

/* ------------------------------------------------------------------- events */

enum tt_v1_flag {
	TT_V1_BLOCKS = 1 << 0,  /* a GoSysCall: a GoSysBlock is the goroutine's next event */
	TT_V1_TIMER = 1 << 1,   /* a GoUnblock on the P of timers */
	TT_V1_NETPOLL = 1 << 2, /* or on that of the network */
	TT_V1_MOVED = 1 << 3,   /* a GoSysExit that was earlier than its record */
};

/* One event in the order of all. What else it says is read from its record anew. */
struct tt_v1_event {
	int64_t time;           /* ticks; once checked, nanoseconds from the first event */
	uint64_t offset;        /* of its record in the data */
	uint32_t g;             /* goroutine on which it happened: index in `goroutines` */
	uint32_t other;         /* goroutine that it is about; of a UserLog: index in `messages` */
	uint32_t proc;          /* index in `procs`; of a sample: the number of the P */
	uint8_t type;           /* enum tt_v1_type, none of the local ones */
	uint8_t flags;
};

/* Where ordering has a goroutine; the numbers are also those of the checks. */
enum tt_v1_status {
	TT_V1_DEAD,
	TT_V1_RUNNABLE,
	TT_V1_RUNNING,
	TT_V1_WAITING,
};

/* Indices of goroutines that are always there. */
#define TT_V1_NO_G 0            /* id 0: no goroutine */
#define TT_V1_COLLECTOR 1       /* orders the starts of the garbage collector */
#define TT_V1_ANY_G 2           /* the id whose events Go does not order */
#define TT_V1_NONE UINT32_MAX

struct tt_v1_goroutine {
	uint64_t id;
	/* ordering: */
	uint64_t seq;
	int64_t blocked;        /* time of its last GoSysBlock or GoInSyscall; 0: none */
	uint32_t nwaiting;      /* Ps whose next event waits for it */
	uint8_t status;
	bool timer;             /* it runs timers */
	/* checks: */
	uint8_t state;
	uint8_t last;           /* type of what it did or was done to it last, or 0 */
	bool exists;
	bool assists;           /* helps to mark */
	uint32_t region;        /* innermost: index in `regions`, or TT_V1_NONE */
	size_t syscall;         /* 1 + index of its last event, if that is a GoSysCall */
	/* conversion: */
	bool unstarted;         /* made before the first Gomaxprocs, and not seen since */
};

/* ---------------------------------------------------------------------- Ps */

struct tt_v1_batch {
	uint64_t offset;        /* of its Batch record */
	uint64_t nevents;       /* with a time, samples left out */
	uint32_t next;          /* of the same P, or TT_V1_NONE */
	bool tables;            /* it has tables, or is wrong: see tables.c */
};

struct tt_v1_proc {
	int64_t number;
	uint32_t first, last;   /* batches */
	/* ordering: where it is, */
	const uint8_t *pos;
	uint64_t left;          /* events of the batch at hand */
	int64_t time;
	uint32_t g;             /* it runs */
	bool loaded, ended;
	/* its next event if it is loaded, */
	struct tt_v1_event head;
	uint8_t step;
	uint64_t seq;           /* that its goroutine must have */
	int64_t exit_time;      /* of a GoSysExit; 0: not known */
	/* and what it waits for. */
	size_t place;           /* among those that are not in the heap */
	struct tt_v1_proc *next_waiting;
	/* checks: */
	bool running, sweeping;
	uint32_t running_g;
	/* conversion: */
	bool seen, has_thread;
	uint64_t thread;
};

struct tt_v1_region {
	size_t event;           /* that began it */
	uint32_t outer;         /* or TT_V1_NONE */
};

/* ---------------------------------------------------------------- the trace */

struct tt_v1 {
	struct tt_mem *mem;
	struct tt_generation *gen;
	const struct tt_specs *specs; /* of v2, */
	const struct tt_event_spec *v2[TT_V1_NTYPES]; /* and those of its events by type */
	struct tt_specs *records;
	struct tt_v1_layout layouts[TT_V1_NTYPES];
	unsigned version;

	const uint8_t *data, *end; /* all that follows the header */
	uint64_t base;          /* offset of data in the trace */
	uint8_t *copy;          /* of a stream, or NULL */
	size_t copy_cap;

	TT_ARRAY(struct tt_v1_batch) batches;
	TT_ARRAY(struct tt_v1_proc) procs; /* in the order of their first batch */
	struct tt_idmap proc_ids;
	TT_ARRAY(struct tt_keyed) samples; /* by ticks; index: offset in data */
	TT_ARRAY(struct tt_v1_goroutine) goroutines;
	struct tt_idmap goroutine_ids;
	TT_ARRAY(struct tt_str) messages; /* of UserLog, each once */
	struct tt_idmap message_ids;
	uint64_t first_message; /* its id among the strings, */
	uint64_t first_text;    /* and that of convert.c's first text */
	bool bad_frames;        /* a frame names a string that does not exist */

	struct tt_v1_event *events;
	size_t nevents, cap;
	uint64_t unsorted;      /* offset in the trace of the first event whose time goes back; 0 */
	size_t nmoved;          /* with TT_V1_MOVED */
	bool scrambled;         /* so much that not all are where their times belong */

	TT_ARRAY(struct tt_v1_region) regions;
	uint32_t free_region;   /* the first of a list, or TT_V1_NONE */
	TT_ARRAY(size_t) tasks; /* the events that create them, by task_ids */
	struct tt_idmap task_ids;

	/* conversion: */
	size_t next;            /* event to be converted */
	uint32_t next_unstarted; /* goroutine that may have to be handed out; TT_V1_NONE */
	bool started;           /* the first Gomaxprocs is over */
	unsigned pending;       /* v2 event that follows, or 0 */
	uint64_t stw_reason;
	uint32_t fake_procs[4]; /* indices of real Ps with the numbers of those that are not */
	struct tt_event out;
	uint64_t out_args[TT_V1_MAX_ARGS + 1];
};

/* Offset in the trace. */
static inline uint64_t tt_v1_offset(const struct tt_v1 *v, const uint8_t *p)
{
	return v->base + (uint64_t)(p - v->data);
}

/* The record of an event, */
static inline const uint8_t *tt_v1_record(const struct tt_v1 *v, const struct tt_v1_event *e)
{
	return v->data + e->offset;
}

/* and its layout, which for a local one differs from that of its type. */
static inline const struct tt_v1_layout *tt_v1_layout(const struct tt_v1 *v,
						      const struct tt_v1_event *e)
{
	return &v->layouts[tt_v1_record_type(tt_v1_record(v, e))];
}

/* The arguments of an event, dt left out; those that its record does not have are 0. */
void tt_v1_args(const struct tt_v1 *v, const struct tt_v1_event *e, uint64_t args[TT_V1_MAX_ARGS]);
/* The stack that an event of this layout names among its arguments; 0 if it has none or the
 * trace has no such stack. Go cuts the number to 32 bits. */
static inline uint64_t tt_v1_stack(const struct tt_v1 *v, const struct tt_v1_layout *layout,
				   const uint64_t args[TT_V1_MAX_ARGS])
{
	uint32_t id;

	if (layout->stack_arg < 0)
		return 0;
	id = (uint32_t)args[layout->stack_arg];
	return tt_idmap_find(&v->gen->stack_ids, id) == TT_IDMAP_NONE ? 0 : id;
}

/* NULL: no memory. */
struct tt_v1 *tt_v1_new(struct tt_generation *gen, const struct tt_specs *specs, unsigned version);
/* The task of this id begins with an event. It is none that is known. */
int tt_v1_add_task(struct tt_v1 *v, uint64_t id, size_t event, struct tt_error *err);
/* The index of a goroutine, which is made if it is new. False: no memory. */
bool tt_v1_goroutine_index(struct tt_v1 *v, uint64_t id, uint32_t *index);
int tt_v1_no_memory(const struct tt_v1 *v, struct tt_error *err);
int tt_v1_time_order(struct tt_error *err);

/* ----------------------------------------------------------- one after another */

/* TT_E_EVENT_TYPE, TT_E_EVENT_NUMBER, TT_E_CUT_OFF, TT_E_BATCH_HEADER, TT_E_BATCH_TYPE. */
int tt_v1_index(struct tt_v1 *v, struct tt_error *err);
/* What index.c left of a batch with `tables`: files its strings, stacks, frequency. */
int tt_v1_take_tables(struct tt_v1 *v, const struct tt_v1_batch *batch, struct tt_error *err);
/* Gives an id to each message and to the texts of convert.c, and checks that frames have
 * their strings. */
int tt_v1_seal_tables(struct tt_v1 *v, const char *const *texts, size_t ntexts,
		      struct tt_error *err);
int tt_v1_order(struct tt_v1 *v, struct tt_error *err);
int tt_v1_times(struct tt_v1 *v, struct tt_error *err);
int tt_v1_check(struct tt_v1 *v, struct tt_error *err);
int tt_v1_begin_conversion(struct tt_v1 *v, struct tt_error *err);

#endif
