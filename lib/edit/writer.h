/* SPDX-License-Identifier: MIT */
/*
 * writer.h - the inside of struct tt_writer: events in their total order in, a trace out.
 * The generation at hand is kept in memory, each thread's events in a stream of their own,
 * and goes to the sink when it is complete. Every event is tried on the state that a reader
 * of the result will have, so nothing is written that cannot be read. Stands on order.
 *
 *	writer.c             the public calls: batches, generations, the end; and events,
 *	writer_fast.c        nearly all of which are done here
 *	writer_event.c       one event: its arguments and its numbers
 *	writer_before.c      what has to be stated before it
 *	writer_state.c       what is restated: goroutines, processors, tasks, metrics,
 *	writer_ranges.[ch]   and ranges
 *	writer_restated.c    the list of that
 *	writer_moment.[ch]   on which threads, and goroutines that run for a moment for it
 *	writer_past.c        what is known of the events before the first one that is written
 *	writer_heap.c        the heap of AllocFree there
 *	writer_declared.c    resources and ranges of experiments there
 *	writer_kept.c        the events that created or began those
 *	writer_emit.c        an event is tried on the state, and written
 *	writer_run.[ch]      events of a pass that are followed many at once,
 *	writer_copy.c        and written so
 *	writer_alone.[ch]    a window's generation beside those before it,
 *	writer_join.[ch]     and these, and both together
 *	writer_same.c        whether two orders know the same
 *	writer_generation.c  where a generation begins and ends
 *	made.h               ids of threads and goroutines that are made up
 *	writer_stream.c      the bytes of each thread, and the ticks of their times
 *	writer_tables.c      strings, stacks, CPU samples and experimental batches
 */
#ifndef TT_EDIT_WRITER_H
#define TT_EDIT_WRITER_H

#include "base/bytes.h"
#include "base/error.h"
#include "edit/made.h"
#include "gen/clock.h"
#include "gen/encode.h"
#include "order/order.h"
#include "spec/types.h"
#include "tracetool_write.h"

/* Types up to this are Go's: other readers know them, so they need not be embedded. */
#define TT_LAST_TYPE_OF_GO 136

#define TT_NS_PER_S UINT64_C(1000000000)
/* A generation's reading of its clocks is off by some nanoseconds, and by no more than this. */
#define TT_CLOCK_ERROR_NS 1000

/* Where a batch of a stream begins, and the time in its header. */
struct tt_writer_chunk {
	size_t offset;
	uint64_t ticks;
};

/* The events of one thread in the generation at hand. */
struct tt_writer_stream {
	int64_t thread;
	bool embedded;          /* in batches that Go's tools skip */
	uint32_t m;             /* the thread's slot in the order, or TT_NO_SLOT */
	int64_t p_stated, g_stated; /* were stated in this generation; or TT_NONE */
	struct tt_bytes body;
	TT_ARRAY(struct tt_writer_chunk) chunks;
	uint64_t last_ticks;
	size_t room_end;        /* below this, there is room in the batch at hand for any event */
};

/* Memory for the texts and frames of one generation, freed as a whole. */
struct tt_writer_arena {
	TT_ARRAY(struct tt_bytes) blocks;
};

/* An experimental batch, with a copy of its bytes. */
struct tt_kept_batch {
	unsigned experiment;
	int64_t thread;
	int64_t time_ns;
	const uint8_t *data;
	size_t size;
};

/* The tables of the generation at hand. */
struct tt_writer_tables {
	uint64_t serial;        /* no two generations have the same */
	struct tt_generation gen; /* strings and stacks, as order needs them */
	uint64_t next_string, next_stack; /* where free ids are looked for */
	struct tt_idmap texts;  /* hash of a text to the index of its string */
	TT_ARRAY(struct tt_sample) samples; /* with ids of `gen` */
	TT_ARRAY(struct tt_kept_batch) batches;
	struct tt_writer_arena arena;
	/* where the ids of the generation that events come from lead; 0: not asked for yet */
	const struct tt_generation *source;
	uint64_t source_ordinal, source_reader;
	TT_ARRAY(uint64_t) string_of;
	TT_ARRAY(uint64_t) stack_of;
};

/* What an event does beside its bytes, by type. */
struct tt_writer_plan {
	const struct tt_event_spec *spec; /* it was made for; NULL: not yet */
	uint64_t ordinal;       /* generation in which `embedded` was found */
	bool embedded;
	/* for writer_fast.c */
	uint8_t rule;           /* enum tt_fast_rule; TT_FAST_NONE: always the long way */
	bool has_string, has_stack;
	uint8_t nargs, string_arg, stack_arg;
};

/* The generation of a source whose events writer_fast.c may write at the moment. */
struct tt_writer_quick {
	const struct tt_generation *source; /* NULL: none */
	uint64_t ordinal, reader;
};

/* Streams are found by the low bits of their threads' ids, of which most are near each other. */
#define TT_NEAR_STREAMS 256

/* A frame of a stack that outlives its generation. */
struct tt_kept_frame {
	uint64_t pc, line;
	struct tt_shared_string *func, *file;
};

struct tt_kept_stack {
	uint32_t references;
	uint32_t nframes;
	uint64_t id, serial;    /* in the tables of this serial number */
	struct tt_kept_frame frames[];
};

/* A goroutine's label, by which the collector's workers are known. */
struct tt_kept_label {
	struct tt_shared_string *text; /* NULL: it has none */
	struct tt_seq seq;      /* of the goroutine, which began to run with that */
	bool goes_on;           /* it ran into another generation */
};

/* What is known of the part of the trace that is not written. */
struct tt_writer_past {
	struct tt_order order;
	bool any;               /* there is such a part */
	bool stays;             /* it grows with what is written: another trace may follow */
	int64_t last_ns;        /* of its last event, or INT64_MIN */
	uint64_t ngenerations;  /* that it has begun */
	const struct tt_generation *source; /* the last of them, which is gone at the next one */
	uint64_t number;        /* of the last */
	const struct tt_writer_past *later; /* of another writer, which knows what came after it; or
					       NULL */
	bool has_clock, had_clock; /* it has one, and the one before it had: */
	struct tt_clock clock, old_clock;
	struct tt_idmap g_ids;  /* goroutines to `stacks`: order does not know their stacks */
	TT_ARRAY(struct tt_kept_stack *) stacks; /* or NULL */
	TT_ARRAY(uint32_t) free; /* places in `stacks` */
	TT_ARRAY(struct tt_kept_label) labels; /* by the same places, as far as any was given */
	TT_ARRAY(struct tt_kept_stack *) cached; /* by index of the source's stacks, or NULL */
	TT_ARRAY(struct tt_kept_batch) lasting; /* batches that later generations need */
	struct tt_writer_heap *heap; /* NULL: nothing was seen of one */
	struct tt_writer_declared *declared; /* likewise */
};

/* An event that restates something, before it has a time. */
struct tt_restated {
	int64_t thread;
	int64_t goroutine;      /* that it must happen on, if its place is TT_PLACE_OWN */
	size_t args;            /* where they begin in those of the list */
	uint8_t type, nargs;
	uint8_t place;          /* enum tt_declared_place, of those of experiments */
	bool declared, embedded; /* it is such a one; it goes to a batch that Go skips */
	uint64_t *count;        /* of what it restates, if it is written; or NULL */
};

struct tt_restatement {
	TT_ARRAY(struct tt_restated) events;
	TT_ARRAY(struct tt_restated) declared; /* of experiments, until they have a thread */
	TT_ARRAY(uint64_t) args;
	int64_t runner;         /* a thread on which a goroutine runs, or TT_NONE */
	bool with_pauses;       /* open ones begin, as no event says that they go on */
	bool own_generation;    /* in one that has nothing of the source */
};

/* A coroutine switch of which the events that it adds are still to come. */
struct tt_writer_switch {
	bool any;
	unsigned nadded;        /* that came */
	struct tt_event ev;
	uint64_t args[TT_MAX_ARGS];
};

struct tt_writer_run;
struct tt_writer_alone;
struct tt_writer_ended;

struct tt_writer {
	struct tt_mem mem;
	struct tt_specs *own_specs; /* if the caller gave none */
	struct tt_specs *learned; /* specs that traces bring, over the others; NULL: see specs */
	const struct tt_specs *specs;
	struct tt_writer_options options;
	unsigned version;
	struct tt_sink sink;
	struct tt_encoder *enc;
	struct tt_decode_plan decode; /* for a change of ticks */

	struct tt_order order;  /* what a reader of the result knows */
	struct tt_writer_past past;
	bool following;         /* nothing was written yet: `past` is what events change */
	bool begun;             /* the header is written */
	int64_t cut_ns;         /* where the result begins; INT64_MAX: at its first event */
	bool drops_batches;     /* experimental batches of the source are not wanted */

	uint64_t first_ordinal; /* of the first generation of the source that was given; 0: none */

	/* the generation at hand */
	bool open;
	uint64_t number;        /* of this generation, or of the next one */
	bool numbered;          /* of the next one */
	bool has_written_clock; /* its clock, and maybe some of its batches */
	bool aligned;           /* it is one of the source: it ends where that does */
	uint64_t frequency;
	uint64_t ns_per_tick;   /* 1: times are exact; else all so far are multiples of it */
	unsigned tick_shift;    /* it is 1 << tick_shift; 0: see there */
	uint64_t inexact_bits;  /* a time with one of these is no multiple of it, or may be none */
	uint64_t moved_bits;    /* nor is one that differs from the raw time in one of these */
	int64_t base_ns;        /* the time of its Sync */
	struct tt_clock clock;  /* trace_ns is that of the snapshot */
	bool has_last_clock;
	struct tt_clock last_clock; /* of the generation before, as it was written */
	struct tt_idmap thread_ids, embedded_ids;
	TT_ARRAY(struct tt_writer_stream) streams;
	size_t nstreams_made;   /* places in `streams` that own memory, also past its end */
	uint32_t near[TT_NEAR_STREAMS]; /* the stream used last of such threads; check it */
	uint64_t nbytes;        /* of all streams; from so many on, more than an event has to be */
	uint64_t full_nbytes;   /* done: 0 if that is so after each one */
	struct tt_writer_tables tables;

	int64_t last_ns;        /* of the event written last, as a reader will have it */
	int64_t given_ns;       /* of the event given last */
	uint64_t procs;         /* GOMAXPROCS; 0: not known */
	struct tt_writer_switch held;
	bool has_theft;         /* of the P of a goroutine that ends in a syscall: it is next */
	int64_t theft_ns, theft_thread;

	struct tt_writer_run *run; /* NULL: no events came many at once so far */
	struct tt_writer_alone *alone; /* NULL: what is before the window comes to this writer */
	struct tt_writer_ended *ended; /* of one that did what is before for another; or NULL */
	struct tt_writer_quick quick;
	struct tt_writer_plan plans[256];
	char why[256];          /* what an event has to wait for */
	struct tt_writer_progress progress;
	struct tt_error err;
};

/* Sets w->err; returns it negated. */
static inline int tt_writer_no_memory(struct tt_writer *w)
{
	if (w->err.code != TT_OK)
		return -w->err.code;
	return tt_fail(&w->err, tt_mem_code(&w->mem), "no memory for a generation");
}

/* ---- writer_generation.c */

/* The next generation gets this number if it is higher than those before, and if numbers may
 * be left out. */
void tt_writer_number(struct tt_writer *w, uint64_t number);
/* Writes the header, once. */
void tt_writer_begin_trace(struct tt_writer *w);
/* Begins a generation whose Sync is at `base_ns`, with the clock of `like`, or a made-up one
 * if that is NULL or has none. */
int tt_writer_open_generation(struct tt_writer *w, int64_t base_ns,
			      const struct tt_generation *like);
/* The clock of the generation at hand is this one, at its moment. */
void tt_writer_use_clock(struct tt_writer *w, const struct tt_clock *clock);
/* The Sync batch, whose header has the time at which the generation begins; once. */
void tt_writer_encode_clock(struct tt_writer *w);
/* Whether the generation at hand is the first one, and still without events. */
bool tt_writer_has_no_event(const struct tt_writer *w);
/* Writes the generation at hand, or what of it was not written yet, to the sink. */
int tt_writer_close_generation(struct tt_writer *w);

/* ---- writer_emit.c */

/* The state that events change now. */
static inline struct tt_order *tt_writer_order(struct tt_writer *w)
{
	return w->following ? &w->past.order : &w->order;
}
static inline bool tt_writer_is_status(uint8_t type)
{
	return type == TT_EV_PROC_STATUS || type == TT_EV_GO_STATUS ||
	       type == TT_EV_GO_STATUS_STACK;
}
/* What the thread has: of a stream, its slot says so at once. */
static inline const struct tt_m_state *
tt_writer_m_of(const struct tt_order *o, const struct tt_writer_stream *s, int64_t thread)
{
	if (s != NULL && s->m != TT_NO_SLOT)
		return &o->ms.at[s->m];
	return tt_order_m(o, thread);
}
/*
 * Lets an event happen, and adds it to the stream of its thread unless that is NULL: args after
 * dt, with ids of the result's tables. An error if it cannot happen.
 */
int tt_writer_emit_to(struct tt_writer *w, struct tt_writer_stream *s, int64_t thread, uint8_t type,
		      const uint64_t *args, unsigned nargs, int64_t time_ns);
/* The same with the thread's stream, unless the writer follows. */
int tt_writer_emit(struct tt_writer *w, int64_t thread, uint8_t type, const uint64_t *args,
		   unsigned nargs, int64_t time_ns);

/* ---- writer_before.c */

/* States what an event `needs` (a set of TT_NEED_) and is about; it happens on `thread`, whose
 * stream may be NULL. */
int tt_writer_state_before(struct tt_writer *w, const struct tt_writer_stream *s,
			   const struct tt_event *ev, int64_t thread, uint8_t needs);
/* The thread's P and goroutine were stated: they are for the rest of the generation. */
void tt_writer_remember_stated(struct tt_writer *w, struct tt_writer_stream *s);

/* ---- writer_event.c */

/* One event of the caller. */
int tt_writer_take(struct tt_writer *w, const struct tt_event *ev);
/* Counts the sequence numbers among the arguments of an event that restates something. */
void tt_writer_renumber(struct tt_writer *w, int64_t thread, uint8_t type, uint64_t *args);
/* A switch that is held is written as far as it came. */
int tt_writer_release_held(struct tt_writer *w);
/* The same, and of a theft that is held: nothing follows. */
int tt_writer_release_all(struct tt_writer *w);

/* The same for `past` alone, of one that was written. */
int tt_writer_take_past(struct tt_writer *w, const struct tt_event *ev);
/* An event without a time, at the next moment that is free. */
int tt_writer_insert(struct tt_writer *w, const struct tt_event *ev);

/* ---- writer.c */

/* From now on w->learned is there for the specs that traces bring, before the first event. */
int tt_writer_learn(struct tt_writer *w, struct tt_error *err);

/* What is left of tt_writer_event(), which begins in writer_fast.c: all if rc is TT_END, else
 * what follows an event that was written, or not, for that reason. */
int tt_writer_event_slowly(struct tt_writer *w, const struct tt_event *ev, int rc);
/* All of tt_writer_follow(). */
int tt_writer_follow_slowly(struct tt_writer *w, const struct tt_event *ev);
/* Restates and begins what has to be before an event, which is to be written or followed. */
int tt_writer_prepare(struct tt_writer *w, const struct tt_event *ev, bool inside);

/* ---- writer_past.c */

void tt_writer_past_init(struct tt_writer *w);
void tt_writer_past_release(struct tt_writer *w);
/* The event was followed: keeps what order does not. */
int tt_writer_past_event(struct tt_writer *w, const struct tt_event *ev);
/* The last stack of a goroutine, which is one of the source's generation; and there is none. */
int tt_writer_past_remember(struct tt_writer *w, int64_t g, uint64_t stack);
void tt_writer_past_forget(struct tt_writer *w, int64_t g);
/* A goroutine that runs, as *o says, got a label; and the one of a goroutine, or NULL, unless it
 * stopped since. */
int tt_writer_past_label(struct tt_writer *w, const struct tt_order *o, const struct tt_event *ev);
const struct tt_shared_string *tt_writer_past_label_of(const struct tt_writer *w,
						       const struct tt_g_state *g);
/* The next generation is followed. */
int tt_writer_past_generation(struct tt_writer *w, const struct tt_generation *gen);
/* The id of a goroutine's last stack in the tables of the result; 0: none. False: no
 * memory. */
bool tt_writer_past_stack(struct tt_writer *w, int64_t g, uint64_t *out);
/* The batches that later generations need go to the generation at hand. */
bool tt_writer_past_batches(struct tt_writer *w);

/* ---- writer_restated.c */

/* Adds an event to a list, and its arguments. False: no memory. */
bool tt_writer_restate(struct tt_writer *w, struct tt_restatement *list, int64_t thread,
		       uint8_t type, unsigned nargs, const uint64_t *args);
/* The arguments alone. */
bool tt_writer_restated_args(struct tt_writer *w, struct tt_restatement *list, unsigned nargs,
			     const uint64_t *args);

/* ---- writer_state.c */

/* Begins the result with what is restated before the first event that is written. */
int tt_writer_restate_past(struct tt_writer *w, const struct tt_event *first);
/* Writes a generation of what is known before the first event that is written, and nothing else,
 * which ends by that time. */
int tt_writer_restate_before(struct tt_writer *w, int64_t time_ns, const struct tt_event *first);
/* What the writer's own new generation restates. */
int tt_writer_restate_all(struct tt_writer *w);

/* ---- writer_stream.c */

/* The stream of a thread that has one without embedded events. NULL: it has none. */
struct tt_writer_stream *tt_writer_find_stream(struct tt_writer *w, int64_t thread);
/* The stream of a thread. NULL: no memory. */
struct tt_writer_stream *tt_writer_stream(struct tt_writer *w, int64_t thread, bool embedded);
/* Adds an event, no earlier than those before. */
int tt_writer_put(struct tt_writer *w, struct tt_writer_stream *s, uint8_t type,
		  const uint64_t *args, unsigned nargs, int64_t time_ns);
void tt_writer_set_ticks(struct tt_writer *w, uint64_t ns_per_tick, uint64_t frequency);
/* From now on ticks are nanoseconds, also of what the generation has already. */
int tt_writer_use_ns(struct tt_writer *w);
/* Writes those batches of a stream to which nothing is added any more. The clock was written, and
 * ticks are nanoseconds: they are final. */
int tt_writer_encode_full(struct tt_writer *w, struct tt_writer_stream *s);
/* Writes all batches that were not written yet. */
void tt_writer_encode_streams(struct tt_writer *w);
void tt_writer_clear_streams(struct tt_writer *w);
void tt_writer_release_streams(struct tt_writer *w);
static inline uint64_t tt_writer_ticks(const struct tt_writer *w, int64_t time_ns)
{
	return (uint64_t)time_ns / w->ns_per_tick;
}

/* ---- writer_tables.c */

void tt_writer_tables_init(struct tt_writer *w);
void tt_writer_tables_clear(struct tt_writer *w);
void tt_writer_tables_release(struct tt_writer *w);
/* The ids that a string and a stack of a source's generation have in the result; false: no
 * memory, or there is none: w->err. */
bool tt_writer_map_string(struct tt_writer *w, const struct tt_generation *from, uint64_t id,
			  uint64_t *out);
bool tt_writer_map_stack(struct tt_writer *w, const struct tt_generation *from, uint64_t id,
			 uint64_t *out);
/* Whether all ids of the source's generation can be kept: those that are in the result have the
 * same string or stack there, or none. False, too: no memory. */
bool tt_writer_can_keep_ids(struct tt_writer *w, const struct tt_generation *from);
/* Entries of the result's own get other ids than the source's generation has, from now on. */
void tt_writer_leave_ids(struct tt_writer *w, const struct tt_generation *from);
/* So many strings follow. False: no memory. */
bool tt_writer_expect_strings(struct tt_writer *w, size_t n);
/* If so: the result has this one. False: w->err. */
bool tt_writer_keep_string(struct tt_writer *w, const struct tt_generation *from, uint64_t id);
bool tt_writer_keep_stack(struct tt_writer *w, const struct tt_generation *from, uint64_t id);
/* The id of a text, and of a stack whose frames have ids of the result. */
bool tt_writer_add_text(struct tt_writer *w, struct tt_str text, uint64_t *out);
bool tt_writer_add_frames(struct tt_writer *w, const struct tt_wire_frame *frames, size_t nframes,
			  uint64_t *out);
bool tt_writer_add_sample(struct tt_writer *w, const struct tt_event *ev);
/* A copy of the bytes is kept until the generation is written. */
bool tt_writer_add_batch(struct tt_writer *w, const struct tt_kept_batch *batch);
/* The same for one of any experiment: those that Go does not know are embedded. False: w->err. */
bool tt_writer_embed_batch(struct tt_writer *w, const struct tt_kept_batch *batch);
/* All batches that a generation of the source has, except embedded events. */
bool tt_writer_copy_batches(struct tt_writer *w, const struct tt_generation *from);
void tt_writer_encode_tables(struct tt_writer *w);

#endif
