/* SPDX-License-Identifier: MIT */
/*
 * order.h - puts the events of all threads into one order, by replaying the scheduler's
 * state: whether an event can happen now, and what it changes. This header and merge.h
 * are what other folders use; speculate.h, to order generations side by side. Stands on gen.
 *
 * Each thread's events are in order; between threads, time is only a hint. An
 * event *advances* if the state allows it, must *wait* if an event of another
 * thread has to come first, or shows that the trace is *broken*. Source: Go's
 * internal/trace/order.go, from which the names of states and handlers are.
 *
 *	cursor.[ch]   the events of each thread, decoded one by one
 *	heap.[ch]     the threads by time, the earliest first
 *	merge.[ch]    which of them is tried next
 *	direct.[ch]   the same where events are only counted, straight from the bytes, or copied
 *	direct_run.h  its loop
 *	waitq.[ch]    many threads that wait for others
 *
 *	order.c       takes an event to its handler; begins generations, resets, releases
 *	dispatch.c    which handler and which rule a type of events has
 *	fast.h        the rules of the commonest events, to be inlined
 *	goroutine.c, proc.c, syscall.c, range.c, annotation.c
 *	              the handlers, by what their events are about
 *	declared.[ch] the handler of events whose spec says how to order them
 *	subject.[ch]  what such events are about: resources and numbers
 *	life.[ch]     the life and the states of resources
 *	keyed.[ch]    open ranges of experiments, by key
 *	handlers.h    what the handlers share
 *	state.c       the records of goroutines, Ps, threads and tasks; errors
 *	gone.c        a goroutine ends
 *	shared_string.[ch]  names that outlive their generation
 *
 *	speculate.h   a generation ordered alone: assume.[ch], commit.c, clone.c
 */
#ifndef TT_ORDER_ORDER_H
#define TT_ORDER_ORDER_H

#include "gen/generation.h"
#include "order/shared_string.h"
#include "spec/status.h"
#include "wire/event.h"

enum tt_advance {
	TT_ADVANCED,
	TT_NOT_YET,
	TT_BROKEN,
};

struct tt_context {
	int64_t thread, proc, goroutine;
};

/* Beside the statuses of a goroutine: it has ended. */
#define TT_G_GONE 0xff

/* A place in the sequence of a resource's events; numbers start anew in each generation. */
struct tt_seq {
	uint64_t generation, n;
};

/* A range that is open: its begin event, and its kind's string id where it has one. */
struct tt_open_range {
	uint8_t type;
	uint64_t kind;
};

struct tt_open_region {
	uint64_t task;
	struct tt_shared_string *name;
};

/* What few resources have: open ranges and regions. */
struct tt_open_scopes {
	TT_ARRAY(struct tt_open_range) ranges;
	TT_ARRAY(struct tt_open_region) regions;
	uint32_t keyed;         /* the first of the ranges in keyed.c, counted from 1; 0: none */
	uint32_t next_free;
};

/* What an event waits for; waitq.h tries it again then. */
struct tt_wait {
	bool any;               /* not for one thing only */
	uint64_t id;            /* of a goroutine, P or resource */
	uint64_t seq;           /* for its turn in the sequence of these events, or: */
};
#define TT_WAIT_NO_SEQ 0        /* for anything that happens to it */

#define TT_NO_SLOT UINT32_MAX

struct tt_g_state {
	int64_t id;
	struct tt_seq seq;
	uint32_t scopes;        /* slot, or TT_NO_SLOT; of a free record: the next free one */
	uint8_t status;         /* enum tt_g_status, or TT_G_GONE: the record is free */
	bool assumed;           /* it is from before the generation that is ordered alone */
};

struct tt_p_state {
	int64_t id;
	struct tt_seq seq;
	uint32_t scopes;
	uint8_t status;         /* enum tt_p_status */
	bool awaited;           /* for commit.c */
};

struct tt_m_state {
	int64_t id;
	int64_t p, g;           /* bound to it, or TT_NONE */
	uint32_t g_slot;        /* where g was found last; check the id */
	uint8_t has;            /* enum tt_need: what of it p and g meet. With neither bit of a
	                           pair, it is not known whether the thread has one: assume.c */
};

struct tt_task_state {
	uint64_t id, parent;
	struct tt_shared_string *name;
	uint32_t next_free;
};

enum tt_gc_state { TT_GC_UNDETERMINED, TT_GC_NOT_RUNNING, TT_GC_RUNNING };

struct tt_order;
struct tt_step;
struct tt_assumptions;
struct tt_assume_hooks;
/* Lets one event advance, or says why not. */
typedef enum tt_advance tt_handler(struct tt_order *o, struct tt_step *s);

/* How the events of a type are ordered. handler NULL: they are not. */
struct tt_rule {
	tt_handler *handler;
	const struct tt_event_def *def;
	uint8_t needs;          /* of def, TT_NEED_STATED left out */
};

/* What the fast path has to know of a type: apart from the rest, since it is read for each
 * event. */
struct tt_fast_type {
	uint8_t rule;           /* enum tt_fast_rule (fast.h) */
	uint8_t direct;         /* the same where tt_direct_run() may count its events: the
	                           owner of the order says so for each generation */
	uint8_t may_lack;       /* all bits of enum tt_need except those that it needs */
	uint8_t nargs;
	uint8_t stack, string;  /* the first argument of each sort, or TT_ARG_ZERO */
	bool more_ids;          /* there are further ones */
	bool few_ids;           /* there are none, and the event is about no resources */
	uint8_t refers;         /* if this argument is not less than the next number, the event */
	uint64_t refers_end;    /* is to be looked at by the owner of the order */
};

/* An event makes at most three (a coroutine switch). */
#define TT_QUEUE_MAX 3

/* What declared orders are about (subject.h), and ranges by key (keyed.h). */
struct tt_subjects;
struct tt_keyed_ranges;

/* A wrong use of a resource that the spec takes for a finding. */
struct tt_misuse {
	int code;               /* TT_W_RESOURCE_... */
	uint8_t order;          /* of the event: index in its spec's orders */
	uint8_t state;          /* that it was in, or TT_STATE_UNKNOWN (subject.h) */
	uint64_t id;
	uint64_t value;         /* that names no state, if `state` is unknown */
};

struct tt_order {
	struct tt_mem *mem;
	const struct tt_specs *specs;
	unsigned version;
	struct tt_rule rules[256];
	struct tt_fast_type fast[256];
	/* what the rules add to the events of the trace */
	const struct tt_event_def *go_block, *go_start, *go_destroy, *proc_steal;

	const struct tt_generation *gen;
	uint64_t stacks_end, strings_end; /* all ids below these are known, 0 included */
	bool begun;             /* initial_generation is known */
	uint64_t initial_generation;
	bool initial;           /* gen is it: statuses may introduce resources */
	uint64_t newest;        /* the highest number of a generation so far */
	bool renewed;           /* gen's is higher than those before */
	/* if it orders a generation alone: see speculate.h */
	struct tt_assumptions *assumptions; /* or NULL */
	const struct tt_assume_hooks *on_assume; /* or NULL, too */

	struct tt_idmap g_ids, p_ids, m_ids, task_ids;
	TT_ARRAY(struct tt_g_state) gs;
	TT_ARRAY(struct tt_p_state) ps;
	TT_ARRAY(struct tt_m_state) ms;
	TT_ARRAY(struct tt_task_state) tasks;
	TT_ARRAY(struct tt_open_scopes) open_scopes;
	uint32_t free_g, free_task, free_scopes;
	struct tt_shared_strings names; /* of tasks and regions */
	struct tt_shared_string *handed_out; /* of the event handed out last: it must live on */
	enum tt_gc_state gc_state;
	uint64_t gc_seq;
	struct tt_subjects *subjects; /* NULL: there was none so far */
	struct tt_keyed_ranges *keyed; /* likewise */
	bool gap;               /* something before `initial_generation` was not ordered */
	bool probes;            /* only the needs of a generation are looked for: a collection or
	                           another range may end that nothing said to be open; Go's reader
	                           refuses that */
	/* of the event that advanced last, if its spec has orders: */
	unsigned nmisuses;
	struct tt_misuse misuses[TT_MAX_ORDERS];

	/* events that advanced and were not handed out yet */
	struct tt_event queue[TT_QUEUE_MAX];
	unsigned head, count;
	uint64_t added_args[TT_QUEUE_MAX][TT_MAX_ARGS + 1];

	struct tt_wait awaits;  /* of the last try that was TT_NOT_YET */
	char *why;              /* if set: where a handler writes what it waits for */
	size_t why_size;
	struct tt_error err;    /* of TT_BROKEN */
};

static inline bool tt_is_speculative(const struct tt_order *o)
{
	return o->assumptions != NULL;
}

void tt_order_init(struct tt_order *o, struct tt_mem *mem, const struct tt_specs *specs,
		   unsigned version);
void tt_order_release(struct tt_order *o);
/* The specs are not what they were. */
void tt_order_specs_changed(struct tt_order *o);
/* Forgets all state: the next generation is an initial one. */
void tt_order_reset(struct tt_order *o);
/*
 * Makes *to, which was initialized alike, know what *from knows between two
 * generations. False: no memory; *to can then only be reset or released. Both must
 * have the same `mem`: they share the names.
 */
bool tt_order_copy(struct tt_order *to, const struct tt_order *from);
/*
 * Makes *to, which is at a generation of the same number, know what *from knows, but for which
 * generations there were. No spec of *from has a declared order. Each has an account of its
 * own: names are copied. False as above. If both are speculative, so is what was assumed.
 */
bool tt_order_adopt(struct tt_order *to, const struct tt_order *from);
/* Turns to a generation; the one before may be gone by now. */
void tt_order_begin_generation(struct tt_order *o, const struct tt_generation *gen);
/*
 * Tries the event of a thread. `*m` is the thread's slot, TT_NO_SLOT before its
 * first try: a try makes the thread known even if the event then has to wait, as
 * in Go. On TT_ADVANCED the events are in o->queue; on TT_BROKEN o->err has code
 * and message. May change ev->args, as Go does.
 */
enum tt_advance tt_order_try(struct tt_order *o, int64_t thread, uint32_t *m,
			     struct tt_raw_event *ev);

/* The generation at hand has more strings than when it was begun. */
void tt_order_strings_grew(struct tt_order *o);

/* ---- reading the state: what is returned lives until the next try (state.c) */

/* A goroutine, a P, a thread; NULL: it is not known. */
const struct tt_g_state *tt_order_g(const struct tt_order *o, int64_t id);
const struct tt_p_state *tt_order_p(const struct tt_order *o, int64_t id);
const struct tt_m_state *tt_order_m(const struct tt_order *o, int64_t id);
/* The open ranges and regions of a goroutine or P, by its `scopes`; NULL: none. */
const struct tt_open_scopes *tt_order_scopes(const struct tt_order *o, uint32_t slot);
/* Whether one of these ranges began with an event of the type `begin`. */
bool tt_order_is_range_open(const struct tt_order *o, uint32_t slot, uint8_t begin);
/* The next of all goroutines, Ps or threads, as tt_reader_resource_state(). */
bool tt_order_next_state(const struct tt_order *o, enum tt_resource resource, size_t *at,
			 struct tt_resource_state *out);
bool tt_order_is_task_open(const struct tt_order *o, uint64_t id);

#endif
