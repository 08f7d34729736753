/* SPDX-License-Identifier: MIT */
/*
 * generation.h - one generation as pure data: its batches by thread, strings,
 * stacks, CPU samples, clock and experimental batches. Nothing in here is
 * ordered. Nothing is copied either: strings, stacks and batches point into the source,
 * which keeps the generation's bytes until the next one is loaded.
 *
 * This folder is what a trace is made of, generation by generation; it needs wire and what
 * is below:
 *
 *	framer.c      which batches make up a generation, and what ends it
 *	load.c        reads a generation from a source
 *	tables.c      files its batches: each kind of table has a handler
 *	generation.c  its life, the checks when all batches are in, its tables for the public
 *	clock.h       trace clock units to nanoseconds
 *	resync.c      finds the next generation after damage
 *	content.c     how far the data of a batch makes sense
 *	encode.c      the tables of a generation out
 */
#ifndef TT_GEN_GENERATION_H
#define TT_GEN_GENERATION_H

#include "base/idmap.h"
#include "gen/framer.h"

struct tt_string_entry {
	uint64_t id;
	const char *data;
	size_t len;
};

struct tt_stack_entry {
	uint64_t id;
	const uint8_t *frames;  /* nframes times pc func file line, as varints */
	uint32_t nframes;
};

/* One batch of events, in its thread's list. */
struct tt_event_batch {
	const uint8_t *data;
	uint64_t data_offset;
	uint64_t time;
	int64_t start_ns;       /* of what is cut off a batch: when it begins; 0: at `time` */
	uint32_t size : 24;     /* at most TT_BATCH_MAX_SIZE */
	uint32_t header_nbytes : 8; /* the batch begins so long before data_offset */
	uint32_t next;          /* index of the thread's next batch, or TT_NO_BATCH */
};
#define TT_NO_BATCH UINT32_MAX

/* The batches of one thread, in the order of the file. */
struct tt_thread_batches {
	int64_t thread;
	uint32_t first, last;   /* TT_NO_BATCH: only empty batches so far */
};

#define TT_OTHER_TIMES 8

struct tt_generation {
	struct tt_mem *mem;
	const struct tt_specs *specs;
	const struct tt_source *src; /* where its bytes can be read anew, or NULL */

	/* random: another reader may have a generation of this ordinal at this place in memory */
	uint64_t reader;
	uint64_t number, ordinal;
	uint64_t offset, end;
	uint64_t min_time;      /* of all batches; 0: none yet */
	uint64_t max_time;      /* the same, of the latest */
	bool v1;                /* made up for a trace in format v1: times are counted from */
	uint64_t first_ticks;   /* that of the first event */
	int64_t v1_last_ns;     /* the time of its last event */
	uint64_t batches_read;  /* of any kind */
	/* times of the first batches without events, if they have one: they show whether that of a
	   batch with events is wrong */
	uint64_t other_times[TT_OTHER_TIMES];
	size_t nother_times;
	bool whole;             /* all of them were read, and the checks passed */

	/* before 1.26, where the tables are written when a generation ends: the input ends in
	   this one, and before its last table, as far as can be seen */
	bool lacks_tables;
	bool has_frequency, has_clock;
	uint64_t frequency;
	double ns_per_tick;
	struct tt_clock clock;

	struct tt_idmap string_ids, stack_ids, pcs, thread_ids;
	TT_ARRAY(struct tt_string_entry) strings;
	TT_ARRAY(struct tt_stack_entry) stacks;
	TT_ARRAY(struct tt_wire_frame) frames; /* by pc; Go, too, keeps the first it reads */
	TT_ARRAY(struct tt_sample) samples;
	TT_ARRAY(struct tt_batch) experimental;
	TT_ARRAY(struct tt_thread_batches) threads; /* in order of their first batch */
	TT_ARRAY(struct tt_event_batch) batches;

	uint64_t frame_conflict_offset; /* of the first, or TT_UNKNOWN */

	struct tt_tables *tables; /* of experiment/tables.h, whose it is; NULL: not read */
};

void tt_generation_init(struct tt_generation *g, struct tt_mem *mem, const struct tt_specs *specs);
/* Forgets the content, keeps the room for the next one. */
void tt_generation_clear(struct tt_generation *g);
void tt_generation_release(struct tt_generation *g);

/* ---- filling one (tables.c) */

/* The list of a thread's batches, begun if this is its first. NULL: no memory. */
struct tt_thread_batches *tt_generation_thread(struct tt_generation *g, int64_t thread);

/* Adds a string or a stack whose id no other one has yet; what it points to must stay. False: no
 * memory. */
bool tt_generation_add_string(struct tt_generation *g, uint64_t id, struct tt_str text);
bool tt_generation_add_stack(struct tt_generation *g, const struct tt_stack_entry *stack);
/* Keeps a frame unless its pc has one: the first definition wins. `offset` is that of its
 * stack's record. False: no memory. */
bool tt_generation_add_frame(struct tt_generation *g, const struct tt_wire_frame *frame,
			     uint64_t offset);
/* The id of this text, 0 for an empty one; false: it has none, and *id is the first that is free.
 * It looks at all strings, one after another. */
bool tt_generation_find_text(const struct tt_generation *g, struct tt_str text, uint64_t *id);
/* Whether all frames of a stack have their strings. TT_E_STACK_STRING. */
int tt_generation_check_stack(const struct tt_generation *g, const struct tt_stack_entry *stack,
			      struct tt_error *err);

/* Which first byte of a batch makes it which table, in this version. */
struct tt_batch_rules {
	int (*add[256])(struct tt_generation *g, const struct tt_raw_batch *batch,
			struct tt_error *err);
	uint8_t sync;           /* the first byte of a batch with the clock */
	bool needs_clock;       /* since 1.25: a Sync batch with a clock snapshot */
};
void tt_batch_rules_init(struct tt_batch_rules *rules, unsigned version);
/* From now on strings, stacks and CPU samples are not read; or they are again. */
void tt_batch_rules_pass_tables(struct tt_batch_rules *rules, bool pass);

/*
 * Files one batch. Codes of tables (30 to 42), TT_E_GENERATION_MARK,
 * TT_E_MEMORY, TT_E_LIMIT; messages are Go's.
 */
int tt_generation_add(struct tt_generation *g, const struct tt_batch_rules *rules,
		      const struct tt_raw_batch *batch, struct tt_error *err);
/* The checks when all batches are in. TT_E_STACK_STRING, TT_E_NO_FREQUENCY, TT_E_NO_CLOCK. */
int tt_generation_seal(struct tt_generation *g, const struct tt_batch_rules *rules,
		       struct tt_error *err);

/* ---- reading one (load.c) */

/* *err, which is that of a generation with lacks_tables, becomes TT_E_CUT_OFF at `end`, and
 * says what it was. */
void tt_generation_blame_cut(const struct tt_generation *g, uint64_t end, struct tt_error *err);

struct tt_loader {
	struct tt_source *src;
	unsigned version;
	const struct tt_specs *specs; /* of the generation loaded last */
	struct tt_framer framer;
	struct tt_batch_rules rules;
	uint64_t ordinal;       /* generations loaded or tried */
	uint64_t whole_ordinal, whole_number; /* of the last one that was whole, or 0 */
	uint64_t first_time;    /* of the first one that was */
	/* before 1.26, where no mark ends a generation: */
	bool at_next;           /* the source is where the next one begins */
	bool at_end;            /* the input ended after this one */
	bool strings_last;      /* its last batch is one of strings that is not full */
	/* for a search after damage */
	uint64_t number;        /* of the generation that was tried last; 0: not known */
	uint64_t min_time;      /* of the last one that was whole: no later one is earlier */
	uint64_t broken_time;   /* of the earliest batch of the one that broke, while none was whole */
	uint64_t resume;        /* it begins here: inside the last batch, whose size may be wrong, */
	uint64_t rewound;       /* but has not gone back further than this in all */
	/* Gets each batch of the broken generation that a search passes over; may be NULL.
	   A negative code ends the search. */
	int (*on_skipped_batch)(void *arg, const struct tt_raw_batch *batch, struct tt_error *err);
	void *on_skipped_arg;
};

void tt_loader_init(struct tt_loader *l, struct tt_source *src, unsigned version, bool like_go);

/*
 * Loads the next generation into *g, which it clears first, and lets the source
 * release what came before. 0, and the source is where the next one begins; 1 at the
 * end of the trace; or codes 2 to 42, and the source is at the batch at fault or
 * after it.
 */
int tt_loader_next(struct tt_loader *l, struct tt_generation *g, struct tt_error *err);

/*
 * Passes over the next generation without unpacking it, where it is a frame of zstd, and the next
 * one begins with the next frame; but not over one from `first` to `last`. l->number is its
 * number then. 0; 1: that cannot be done, nothing has changed, and tt_loader_next() is due; or an
 * error of the source. What the generation contains, and whether it is whole, is not looked at.
 */
int tt_loader_pass(struct tt_loader *l, uint64_t first, uint64_t last, struct tt_error *err);

/*
 * Goes to the generation that begins at `offset` and is the `ordinal`-th: 0, and l->number is that
 * of the one before it; or 1: that cannot be done, nothing has changed. No byte before it is
 * looked at.
 */
int tt_loader_go_to(struct tt_loader *l, uint64_t offset, uint64_t ordinal);
/*
 * The same with the first generation that begins after the first batch at or after `offset`, as
 * far as batches can be told from other bytes there. Its ordinal is counted by numbers, from that
 * of the last generation that was whole. 1: there is none, or that cannot be done; the source may
 * be anywhere then. (resync.c)
 */
int tt_loader_seek(struct tt_loader *l, uint64_t offset);
/* That batch alone: 0, and *b is its header. 1, as above. The source stays where it is.
 * (resync.c) */
int tt_loader_find_batch(struct tt_loader *l, uint64_t offset, struct tt_raw_batch *b);

/* Whether the source has this offset, and can be moved there. */
bool tt_loader_can_jump(const struct tt_loader *l, uint64_t offset);
/* The header of the batch at the source's position. False: none begins there, as far as can be
 * seen. *ended: the input ends there. */
bool tt_loader_header_here(struct tt_loader *l, struct tt_raw_batch *b, bool *ended,
			   struct tt_error *err);
/* The generation of that batch; 0: there is none. */
uint64_t tt_loader_number_here(struct tt_loader *l, bool *ended, struct tt_error *err);
/* The source is where the ordinal-th generation begins: 0; or 1, no batch is there. */
int tt_loader_begin_at(struct tt_loader *l, uint64_t ordinal, struct tt_error *err);

/* Whether an error may be that bytes were lost or added, and a batch begins elsewhere. */
bool tt_loader_lost_framing(int code);
/* Whether n batches in a row, or as many as there are, begin where the source is, and make
 * sense: 1, 0, or an error of the source. */
int tt_loader_is_at_batches(struct tt_loader *l, int n, struct tt_error *err);

/*
 * Moves to the next place where a row of batches begins that makes sense, 0; or to the end of the
 * trace, which may be where another one begins, 1; or an error. The source releases what it
 * passes. l->specs is to be set.
 */
int tt_loader_scan(struct tt_loader *l, struct tt_error *err);
/*
 * After an error: moves to the place from which another generation than the
 * broken one may be tried. 0, 1 if there is none, or an error of the source.
 * *skipped: bytes passed over in search.
 */
int tt_loader_resync(struct tt_loader *l, const struct tt_error *broken, uint64_t *skipped,
		     struct tt_error *err);

#endif
