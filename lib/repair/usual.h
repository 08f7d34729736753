/* SPDX-License-Identifier: MIT */
/*
 * usual.h - how usual an event is: how well its type and its numbers go with those of all other
 * events of the generation. Bytes that are read from a wrong place on give events that are
 * not: of a type that seldom follows the one before, with a stack that such an event never has,
 * after a time that is far too long. Stands on gen.
 */
#ifndef TT_REPAIR_USUAL_H
#define TT_REPAIR_USUAL_H

#include "repair/salvage.h"

/* What was counted of some events. */
struct tt_usual {
	struct tt_mem *mem;
	const struct tt_specs *specs;
	uint16_t *counts;       /* of what is said of events, by its hash */
	unsigned own;           /* 1: the event that is looked at was counted itself */
	unsigned type;          /* of the event before; TT_USUAL_NONE: there is none */
	uint64_t last[256][TT_MAX_ARGS]; /* the numbers of the last event of each type */
};
#define TT_USUAL_NONE 256

/* False: no memory. */
bool tt_usual_init(struct tt_usual *u, struct tt_mem *mem, const struct tt_specs *specs);
void tt_usual_release(struct tt_usual *u);
/* A batch begins. */
void tt_usual_begin(struct tt_usual *u);
/* Counts the next event. */
void tt_usual_count(struct tt_usual *u, const struct tt_raw_event *ev, uint64_t dt);
/* Below 0, more so the more usual it is; above if any bytes would be as likely. In eighths of a
 * bit. */
struct tt_usual_score {
	int all;                /* of the event */
	bool proved;            /* its last number is one that such events have */
};
/* The next event of a batch that was counted. */
struct tt_usual_score tt_usual_score(struct tt_usual *u, const struct tt_raw_event *ev,
				     uint64_t dt, size_t nbytes);

#endif
