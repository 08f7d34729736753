/* SPDX-License-Identifier: MIT */
/*
 * synth.h - the way from one state to another: made-up events that lead from the state
 * before a generation to the one that its own events require. They become the generation's
 * first events. Each is tried on the state before it is taken, so what comes out can
 * happen. Stands on entry.h, which lists the files.
 */
#ifndef TT_EDIT_SYNTH_H
#define TT_EDIT_SYNTH_H

#include "edit/entry.h"

#define TT_SYNTH_MAX_ARGS 4

struct tt_synth_event {
	int64_t thread;
	uint64_t ticks;
	uint64_t args[TT_SYNTH_MAX_ARGS]; /* after dt */
	uint8_t type, nargs;
};

/* The strings of the generation that gets the events. False: no memory. */
struct tt_synth_strings {
	void *arg;
	/* The id of one with this text, added if there is none. */
	bool (*id_of)(void *arg, struct tt_str text, uint64_t *id);
	/* Makes sure that an id is that of a string. */
	bool (*define)(void *arg, uint64_t id);
};

/* Where the way begins. */
struct tt_synth_start {
	struct tt_order *order; /* the generation that gets the events has begun */
	int64_t last_ns;        /* raw time of the latest event before it */
	struct tt_synth_strings strings;
	bool goes_on;           /* threads that the entry does not speak of go on as they are */
};

/* What bridges need to know. */
struct tt_synth_bridges {
	const struct tt_entry *nothing; /* requires nothing of the generation */
	int64_t made_p;         /* an id that no P has */
	void *arg;
	/* Whether a goroutine that stops has to wait for the next event that it is in. */
	bool (*waits_next)(void *arg, int64_t g);
	/* Whether the event after the next one of a thread ends a syscall. */
	bool (*ends_syscall)(void *arg, int64_t thread);
};

struct tt_synth {
	struct tt_mem *mem;
	struct tt_synth_start start;
	struct tt_order *order; /* start.order */
	const struct tt_entry *entry;
	TT_ARRAY(struct tt_synth_event) events;
	TT_ARRAY(bool) kept;    /* by slot in order->ms: the thread goes on as it is */
	int64_t spare;          /* thread on which things happen that none did; TT_NONE: none yet */
	struct tt_synth_bridges bridges; /* made_p is the P of `spare` */
	int64_t new_m, new_g;   /* where ids are looked for that nobody has */
	bool shared_done;       /* the collector and the tasks are as required */
	bool failed, no_memory;
};

void tt_synth_init(struct tt_synth *s, struct tt_mem *mem);
void tt_synth_release(struct tt_synth *s);
/*
 * Leads *start->order to what `entry` requires, by s->events. Each has a time of its own,
 * later than those before, and earlier than each event of the generation. False: there is
 * no way, or no memory (s->no_memory); the order is then of no use.
 */
bool tt_synth_build(struct tt_synth *s, const struct tt_synth_start *start,
		    const struct tt_entry *entry);
/*
 * What a generation needs at its end so that another one can follow. Each pause of the world
 * that is open ends: its name is a string of this generation, and the id may be that of another
 * text in the next one. The Ps, n of them, are idle if the state has none of these ids. The events
 * are later than all others. False: no memory.
 */
bool tt_synth_close(struct tt_synth *s, const struct tt_synth_start *start, const int64_t *ps,
		    size_t n);

/*
 * Bridges over events that are lost (synth_bridge.c). tt_synth_bridge() lets `head`, the next event
 * of a thread, happen if that is possible: the events that do so come after those of the bridges
 * before, since tt_synth_begin_bridges(), and have no times yet. Where `head` has a number of a
 * sequence, it becomes the next one: those between are lost. False: there are none, or no
 * memory (s->no_memory); some may have happened all the same, and stay.
 */
void tt_synth_begin_bridges(struct tt_synth *s, const struct tt_synth_start *start,
			    const struct tt_synth_bridges *bridges);
bool tt_synth_bridge(struct tt_synth *s, int64_t thread, struct tt_raw_event *head);

#endif
