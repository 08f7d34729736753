/* SPDX-License-Identifier: MIT */
/*
 * parse.h - a trace in format v1 while it is read: what the files of this folder share.
 * Stands on gen.
 */
#ifndef TT_V1_PARSE_H
#define TT_V1_PARSE_H

#include "base/compiler.h"
#include "base/sort.h"
#include "gen/clock.h"
#include "spec/types.h"
#include "v1/v1.h"
#include "wire/format.h"

/* ------------------------------------------------------------------ records */

/* How many types the six bits of a record's first byte can say. */
#define TT_V1_NTYPES 64
#define TT_V1_STACK_MAX_SIZE 1000
/* Of a record with a time; dt does not count. */
#define TT_V1_MAX_ARGS 4

/*
 * What the subject of an event must be before it may happen, and what it is then: see enum
 * tt_v1_status. Masks are 0 or -1 and stand where a branch would: of two Ps that run at a time,
 * nobody can guess what the next event is.
 */
struct tt_v1_rule {
	int8_t own, other;      /* masks: the subject is the goroutine on which it happens, or that */
	uint8_t fixed;          /* it is about; or always this one */
	uint8_t status, next;
	int8_t any_seq;         /* mask: its number may be any: so with what is local, or runs; */
	uint8_t seq_arg, seq;   /* else it is the sum of this argument and of this */
	uint8_t adds;           /* to the number */
};

static inline uint32_t tt_v1_mask(int8_t mask)
{
	return (uint32_t)(int32_t)mask;
}

/* Of what may happen at any time. */
extern const struct tt_v1_rule tt_v1_free_rule;

enum tt_v1_change_kind {
	TT_V1_CHANGE_OTHER,     /* more than struct tt_v1_change says, see check.c */
	TT_V1_CHANGE_NONE,
	TT_V1_CHANGE_THIS,
};

/* The same for the check of an event (check.h), which demands more. */
struct tt_v1_change {
	uint8_t kind;           /* enum tt_v1_change_kind */
	uint8_t state;          /* of its goroutine, */
	uint8_t least;          /* whose index is this at least, */
	int8_t runs;            /* mask: and it runs on the P; else none does */
	int8_t other;           /* mask: the one whose state changes is the one that it is about */
	uint8_t from, to, last;
	int8_t begins, goes_on; /* masks: its goroutine runs on the P now, or what ran there */
};

/* What an event becomes, if that is one event of v2 with what all events have, and no more than
 * this. */
struct tt_v1_form {
	const struct tt_event_spec *spec; /* NULL: more has to be done, see convert.c */
	uint64_t first, second; /* masks of the arguments that it takes over; */
	uint64_t text;          /* or the id of a text, instead of the first one */
	uint8_t kind;           /* enum tt_kind */
	int8_t stack_arg;       /* -1: none */
	bool may_be_elsewhere;  /* on a P that Go makes up */
};

/* One type of record, from specs/v1.spec, as far as this header version has it. */
struct tt_v1_layout {
	const struct tt_event_spec *spec; /* NULL: there is none */
	uint8_t nnumbers;       /* dt included */
	bool timed;
	bool usual;             /* timed, but for a UserLog, which has text, and a sample */
	/* masks, as above: */
	int8_t stops;           /* the P runs no goroutine from now on */
	int8_t names_g;         /* its first argument is a goroutine, */
	int8_t is_about_g;      /* on which it happens, */
	int8_t starts;          /* and which the P runs from now on, */
	int8_t names_other;     /* or not */
	int8_t goes_on;         /* the P runs the same goroutine as before */
	bool in_syscall;        /* a syscall blocks, was there, or its goroutine comes back */
	bool is_special;        /* counting needs more than its `nevents`: see count.c */
	uint8_t type;           /* enum tt_v1_type, none of the local ones */
	int8_t stack_arg;       /* of the executing stack; -1: none */
	uint8_t nevents;        /* of v2 that it becomes, as far as is known */
	int8_t id_arg;          /* of a string or stack that nothing has looked up; -1: none */
	struct tt_v1_rule rule;
	struct tt_v1_change change;
	struct tt_v1_form form;
	uint64_t numbers_mask;  /* of up to three numbers that take a byte each */
};

void tt_v1_layouts(struct tt_v1_layout layouts[TT_V1_NTYPES], const struct tt_specs *records,
		   unsigned version);
void tt_v1_usual(uint8_t usual[256], const struct tt_v1_layout layouts[TT_V1_NTYPES]);

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

/*
 * Moves past n numbers, 1 to 3. False: they do not end within 8 bytes. Records repeat: the
 * processor guesses right most times where a length has a branch of its own, and then what follows
 * need not wait for these bytes.
 */
static TT_ALWAYS_INLINE bool tt_v1_pass_short_numbers(const uint8_t **p, unsigned n)
{
	uint64_t ends = ~tt_load_le64(*p) & UINT64_C(0x8080808080808080);
	unsigned nbytes;

	ends &= ends - (n > 1);
	ends &= ends - (n > 2);
	if (tt_unlikely(ends == 0))
		return false;
	nbytes = (unsigned)__builtin_ctzll(ends) / 8 + 1;
	if (nbytes == 2) {
		tt_keep_branch();
		*p += 2;
	} else if (nbytes == 3) {
		tt_keep_branch();
		*p += 3;
	} else if (nbytes == 4) {
		tt_keep_branch();
		*p += 4;
	} else if (nbytes == 5) {
		tt_keep_branch();
		*p += 5;
	} else {
		tt_keep_branch();
		*p += nbytes;
	}
	return true;
}

/* ------------------------------------------------------------------- events */

/* An event, as it is read from its record. Few are in memory at a time. */
struct tt_v1_event {
	int64_t time;           /* ticks */
	uint64_t offset;        /* of its record in the data */
	uint32_t g;             /* goroutine on which it happened: index in `goroutines` */
	uint32_t other;         /* goroutine that it is about; of a UserLog: index in `messages` */
	uint32_t proc;          /* index in `procs`; of a sample: the number of the P */
	uint8_t type;           /* enum tt_v1_type, none of the local ones */
	const struct tt_v1_layout *layout; /* of the record, which may be local */
	uint64_t args[TT_V1_MAX_ARGS]; /* dt left out; those that the record does not have are 0 */
};

/* A GoSysExit that was earlier than its record. */
struct tt_v1_moved {
	int64_t time;
	size_t index;           /* of its record in the order that tt_v1_order() finds */
	uint64_t offset;        /* as in struct tt_v1_event */
	uint32_t g;
	uint32_t proc;
};

/* An event to which later ones go back. */
struct tt_v1_place {
	int64_t time;           /* ticks */
	uint64_t offset;
	uint32_t g;
	uint32_t proc;
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
#define TT_V1_FREE 3            /* without an id: the subject of what may happen at any time */
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
	int64_t since;          /* it does not run; ticks */
	uint32_t region;        /* innermost: index in `regions`, or TT_V1_NONE */
	size_t syscall;         /* 1 + number of its last event, if that is a GoSysCall */
	/* conversion: */
	bool unstarted;         /* made before the first Gomaxprocs, and not seen since */
};

/* A goroutine that was found by its id. */
struct tt_v1_recent {
	uint64_t id;
	uint32_t index;
};
#define TT_V1_NRECENT 64

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
	/* where reading is: */
	uint32_t batch;         /* the next one */
	uint32_t g;             /* it runs */
	const uint8_t *pos;
	uint64_t left;          /* events of the batch at hand */
	struct tt_v1_event head; /* the last event that was read */
	/* ordering: */
	bool loaded;            /* head has not happened yet */
	bool ended;
	const struct tt_v1_rule *rule; /* of head, */
	uint32_t subject;       /* the goroutine that must be ready for it, */
	uint64_t seq;           /* and the number that this must have */
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
	struct tt_v1_place begin;
	uint32_t outer;         /* or TT_V1_NONE */
};

/* What the events after the first Gomaxprocs become, so that nobody has to convert them to
 * count them. */
struct tt_v1_rest {
	bool begun;
	bool unsure;            /* an event may not become one, or the last not be at last_ns */
	size_t begin;           /* place of the first one in the order */
	int64_t begin_time;     /* of the Gomaxprocs */
	uint64_t nevents;       /* of v2, */
	uint64_t nhanded;       /* and how many of them were handed out */
	int64_t chain;          /* time of the last one at the latest, see tt_v1_finish_check() */
	int64_t last_ns;        /* time of the last one */
};

/* Ids of what events name, each once. */
struct tt_v1_names {
	struct tt_idmap seen;
	TT_ARRAY(uint64_t) ids;
};

/* ---------------------------------------------------------------- the trace */

struct tt_v1 {
	struct tt_mem *mem;
	struct tt_generation *gen;
	const struct tt_specs *specs; /* of v2, */
	const struct tt_event_spec *v2[TT_V1_NTYPES]; /* and those of its events by type */
	struct tt_specs *records;
	struct tt_v1_layout layouts[TT_V1_NTYPES];
	/* by the first byte of a usual record: how many numbers it announces, or 4: their length
	 * comes before them; 0: the record is none, or has a wrong number */
	uint8_t usual[256];
	unsigned version;
	bool for_repair;        /* what is no event in v2 is wrong */

	const uint8_t *data, *end; /* all that follows the header */
	const uint8_t *good_end; /* of the last record that was found good */
	uint64_t base;          /* offset of data in the trace */
	uint8_t *copy;          /* of a stream, or NULL */
	size_t copy_cap;

	TT_ARRAY(struct tt_v1_batch) batches;
	TT_ARRAY(struct tt_v1_proc) procs; /* in the order of their first batch */
	struct tt_idmap proc_ids;
	TT_ARRAY(struct tt_keyed) samples; /* by ticks; index: offset in data */
	TT_ARRAY(struct tt_v1_goroutine) goroutines;
	struct tt_idmap goroutine_ids;
	/* by the low bits of their ids: a program that has run for long has few goroutines, with
	 * high ids, and those are in no plain array; at first all are goroutine 0 */
	struct tt_v1_recent recent[TT_V1_NRECENT];
	TT_ARRAY(struct tt_str) messages; /* of UserLog, each once */
	struct tt_idmap message_ids;
	uint64_t first_message; /* its id among the strings, */
	uint64_t first_text;    /* and that of texts.c's first one */
	bool lacks_messages;    /* the file's ids are so high that none is left for these, */
	bool lacks_texts;       /* or for those */
	bool bad_frames;        /* a frame names a string that does not exist */

	/* the order: whose event comes next, as the index of a P, nprocs for a sample */
	void *order;
	unsigned width;         /* bytes of an index: 1, 2 or 4 */
	size_t nevents, cap;
	size_t ngood;           /* the first ones: none of them is what ordering failed for */
	TT_ARRAY(struct tt_v1_moved) moved; /* once ordered: by time */
	/* replay: */
	size_t next;            /* place in the order, of what will be read */
	size_t next_moved;
	int64_t next_exit;      /* time of that one; INT64_MAX: there may be none */
	size_t place;           /* in the order, of the event at hand */
	size_t nread;           /* events up to the one at hand */
	struct tt_v1_proc *ahead; /* its head was read, and is the next in place; or NULL */
	struct tt_v1_event exit; /* the last one of `moved` */
	struct tt_v1_proc sampler; /* stands for the P of all samples */
	size_t next_sample;
	/* checks: */
	bool checked;           /* all is good: tt_v1_order() found that on the way */
	/* a bit for each place in the order: a GoSysCall whose goroutine's next event is a
	 * GoSysBlock; a GoUnblock on the P of the network */
	uint8_t *verdicts;      /* cap / 8 + 1 bytes */
	int64_t last_time;      /* ticks */
	struct tt_v1_rest rest;
	struct tt_v1_names named_stacks, named_strings; /* where nothing has looked them up */

	TT_ARRAY(struct tt_v1_region) regions;
	uint32_t free_region;   /* the first of a list, or TT_V1_NONE */
	TT_ARRAY(struct tt_v1_place) tasks; /* where they begin, by task_ids */
	struct tt_idmap task_ids;

	/* conversion: */
	struct tt_v1_event last; /* that was converted */
	uint32_t next_unstarted; /* goroutine that may have to be handed out; TT_V1_NONE */
	bool started;           /* the first Gomaxprocs is over; */
	bool plain;             /* nothing is pending either, and each name has an id */
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

/* The stack that an event names among its arguments; 0 if it has none or the trace has no
 * such stack. Go cuts the number to 32 bits. */
static inline uint64_t tt_v1_stack(const struct tt_v1 *v, const struct tt_v1_event *e)
{
	int8_t arg = e->layout->stack_arg;
	uint32_t id;

	if (arg < 0)
		return 0;
	id = (uint32_t)e->args[arg];
	return tt_idmap_find(&v->gen->stack_ids, id) == TT_IDMAP_NONE ? 0 : id;
}

/* Nanoseconds from the first event. */
static inline int64_t tt_v1_ticks_to_ns(const struct tt_v1 *v, int64_t ticks)
{
	return tt_signed_ticks_to_ns((int64_t)((uint64_t)ticks - v->gen->first_ticks),
				     v->gen->ns_per_tick);
}

static inline int64_t tt_v1_time_ns(const struct tt_v1 *v, const struct tt_v1_event *e)
{
	return tt_v1_ticks_to_ns(v, e->time);
}

/* NULL: no memory. */
struct tt_v1 *tt_v1_new(struct tt_generation *gen, const struct tt_specs *specs, unsigned version);
/* The task of this id begins here. It is none that is known. */
int tt_v1_add_task(struct tt_v1 *v, uint64_t id, const struct tt_v1_place *begin,
		   struct tt_error *err);
/* Makes a goroutine that there is not. False: no memory. */
bool tt_v1_add_goroutine(struct tt_v1 *v, uint64_t id, uint32_t *index);
/* As tt_v1_goroutine_index(); then the goroutine is among the `recent` ones. */
bool tt_v1_recall_goroutine(struct tt_v1 *v, uint64_t id, uint32_t *index);
/* The index of a goroutine, which is made if it is new. False: no memory. */
static inline bool tt_v1_goroutine_index(struct tt_v1 *v, uint64_t id, uint32_t *index)
{
	const struct tt_v1_recent *recent = &v->recent[id % TT_V1_NRECENT];

	*index = tt_idmap_find_dense(&v->goroutine_ids, id);
	if (tt_likely(*index != TT_IDMAP_NONE))
		return true;
	*index = recent->index;
	return tt_likely(recent->id == id) || tt_v1_recall_goroutine(v, id, index);
}
int tt_v1_no_memory(const struct tt_v1 *v, struct tt_error *err);
int tt_v1_time_order(struct tt_error *err);

/* ------------------------------------------------------------- reading events */

/* The arguments of the record at an offset, as struct tt_v1_event has them. */
void tt_v1_args(const struct tt_v1 *v, uint64_t offset, uint64_t args[TT_V1_MAX_ARGS]);
/* All Ps are at their first event. */
void tt_v1_rewind(struct tt_v1 *v);

/* All events in their order will be read from the first one on (replay.h). */
void tt_v1_replay(struct tt_v1 *v);

/* What was found about the event at hand; see `verdicts`. */
static inline bool tt_v1_verdict(const struct tt_v1 *v)
{
	return (v->verdicts[v->place / 8] >> v->place % 8 & 1) != 0;
}

/* ----------------------------------------------------------- one after another */

/* All bytes that are left in the source; if that fails, those that came before. */
int tt_v1_read_bytes(struct tt_v1 *v, struct tt_source *src, struct tt_error *err);
/* Index.c, after making the layouts. */
int tt_v1_read_records(struct tt_v1 *v, struct tt_error *err);

/* TT_E_EVENT_TYPE, TT_E_EVENT_NUMBER, TT_E_CUT_OFF, TT_E_BATCH_HEADER, TT_E_BATCH_TYPE. */
int tt_v1_index(struct tt_v1 *v, struct tt_error *err);
/* Moves past records of a batch as long as they are those that nearly all are: short, timed, no
 * sample, no text, with as many numbers as there have to be; and counts them. */
const uint8_t *tt_v1_pass_usual(const struct tt_v1 *v, const uint8_t *p, uint64_t *nrecords);
/* What index.c left of a batch with `tables`: files its strings, stacks, frequency. */
int tt_v1_read_tables(struct tt_v1 *v, const struct tt_v1_batch *batch, struct tt_error *err);
/* Gives an id to each message and to those of texts.c if there are enough, and looks
 * whether frames have their strings. */
int tt_v1_seal_tables(struct tt_v1 *v, const char *const *texts, size_t ntexts,
		      struct tt_error *err);
/* Fills in the order and `moved`; and checks the events on the way, see `checked`. */
int tt_v1_order(struct tt_v1 *v, struct tt_error *err);
/* Forgets the order, so that it can be made again. */
void tt_v1_unorder(struct tt_v1 *v);
int tt_v1_times(struct tt_v1 *v, struct tt_error *err);
int tt_v1_check_events(struct tt_v1 *v, struct tt_error *err);
/* What Go's reader does not ask for, but a repair: see threads.c. After tt_v1_check_events().
 * *other: the place in the data of an earlier event that is the wrong one instead, as its P never
 * stopped; or UINT64_MAX. */
int tt_v1_check_threads(struct tt_v1 *v, uint64_t *other, struct tt_error *err);
/* All were checked, and the clock is known. */
void tt_v1_finish_check(struct tt_v1 *v);
/* Forgets what tt_v1_check_events() found, so that it can be done again. */
void tt_v1_uncheck(struct tt_v1 *v);
int tt_v1_begin_conversion(struct tt_v1 *v, struct tt_error *err);

#endif
