/* SPDX-License-Identifier: MIT */
/*
 * bridge.h - made-up events in the middle of a broken generation, so that threads go on which wait
 * for what is lost. Stands on salvage.h.
 */
#ifndef TT_REPAIR_BRIDGE_H
#define TT_REPAIR_BRIDGE_H

#include "base/bytes.h"
#include "edit/synth.h"
#include "repair/salvage.h"

/* What is made up has no place in the input: its events are said to be from here on. */
#define TT_BRIDGED_OFFSET (UINT64_C(1) << 62)

/* A thread's events, at one place. */
struct tt_bridge {
	int64_t thread;
	uint32_t batch, at;     /* before this event of the thread; TT_NO_BATCH: after its last */
	uint32_t to_batch, to_at; /* it goes on here, mostly the same; TT_NO_BATCH: it ends */
	uint64_t ticks;         /* of all of them */
	size_t first, n;        /* of the events of tt_bridges's synth */
};

/* An event that waits for what is lost. */
struct tt_bridge_need {
	int64_t time_ns;
	uint64_t offset;
	int64_t thread;
	uint32_t number;        /* index of its number, or TT_IDMAP_NONE: none is missing before it */
};

/* What a sequence is of. */
enum tt_bridge_sequence { TT_BRIDGE_G, TT_BRIDGE_P, TT_BRIDGE_GC };

/* The number of a sequence in an event. */
struct tt_bridge_number {
	uint64_t offset;        /* of the event */
	int64_t thread, time_ns;
	int64_t id;             /* of a goroutine or P */
	uint8_t of;             /* enum tt_bridge_sequence */
	uint8_t type;           /* of the event */
	uint8_t nbytes;         /* of the number, which is here: */
	uint8_t *at;            /* NULL: it stays as it is */
	uint64_t was, now;      /* in the input, 0 if the event begins a sequence; after numbers
	                           before it turned out to be lost */
};

/* A batch of a thread, and how much of it there is. */
struct tt_bridge_link {
	uint32_t batch, size;
};

struct tt_bridges {
	struct tt_mem *mem;
	struct tt_synth synth;
	struct tt_entry nothing;
	int64_t made_p;         /* TT_NONE: none yet */
	uint64_t ntried_nbytes; /* of generations, by all passes */
	uint64_t nsteps;        /* of work within these */
	TT_ARRAY(struct tt_bridge) all; /* in the order in which they were made */
	TT_ARRAY(struct tt_bridge_need) needs; /* by time, once a pass has begun */
	TT_ARRAY(struct tt_bridge_number) numbers; /* by sequence and number */
	TT_ARRAY(struct tt_bridge_number) others; /* of which the sequence was not known before */
	struct tt_idmap number_of; /* by the offsets of events */
	TT_ARRAY(struct tt_bridge_link) chain; /* the batches of a thread */
	TT_ARRAY(uint32_t) due; /* needs whose time has come */
	struct tt_idmap known;  /* their offsets */
	struct tt_idmap done;   /* of those events for which bridges were made in this pass */
	TT_ARRAY(uint64_t) heads; /* their offsets */
	struct tt_bytes bytes;  /* of made-up batches */
};

void tt_bridges_init(struct tt_bridges *b, struct tt_mem *mem);
void tt_bridges_release(struct tt_bridges *b);

/* Puts the bridges, and leaps, into the generation. False: no memory. (bridged.c) */
bool tt_bridges_put(struct tt_bridges *b, struct tt_salvage *s);
/* The time of the event of a batch at `at`, and of the one before it, in ticks. (bridged.c) */
uint64_t tt_bridge_ticks_at(const struct tt_salvage *s, const struct tt_event_batch *run,
			    uint32_t at, uint64_t *before);

#endif
