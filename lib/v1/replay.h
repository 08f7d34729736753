/* SPDX-License-Identifier: MIT */
/*
 * replay.h - all events in their order, as often as it takes: that of order.c, but for the
 * syscall exits that are earlier than their records, which come where their time belongs. Of
 * equal times the record that comes first in order.c's order comes first. Stands on cursor.h.
 */
#ifndef TT_V1_REPLAY_H
#define TT_V1_REPLAY_H

#include "v1/cursor.h"

static inline struct tt_v1_proc *tt_v1_proc_at(struct tt_v1 *v, size_t i)
{
	size_t proc;

	if (v->width == 1)
		proc = ((const uint8_t *)v->order)[i];
	else if (v->width == 2)
		proc = ((const uint16_t *)v->order)[i];
	else
		proc = ((const uint32_t *)v->order)[i];
	return tt_likely(proc < v->procs.n) ? &v->procs.at[proc] : &v->sampler;
}

/* Whether a record is an exit that is among `moved`. */
static inline bool tt_v1_is_moved(const struct tt_v1_event *e)
{
	return e->type == TT_V1_GO_SYS_EXIT && e->args[2] != 0 && (int64_t)e->args[2] != e->time;
}

/* The P whose head is the next event that is in its place; NULL: there is none. */
static TT_ALWAYS_INLINE struct tt_v1_proc *tt_v1_read_in_place(struct tt_v1 *v)
{
	while (v->next < v->nevents) {
		struct tt_v1_proc *proc = tt_v1_proc_at(v, v->next);

		/* it was read before, and needs no memory that it did not need then */
		tt_v1_read(v, proc, NULL);
		if (tt_likely(!tt_v1_is_moved(&proc->head)))
			return proc;
		v->next++;
	}
	return NULL;
}

/* As tt_v1_replay_next(), after the head of `proc` was read, which is the next one in place or NULL. */
const struct tt_v1_event *tt_v1_replay_moved(struct tt_v1 *v, struct tt_v1_proc *proc);

/* The next event, valid until the next call; NULL: there is none. The first call after
 * tt_v1_replay() gives the first one. */
static TT_ALWAYS_INLINE const struct tt_v1_event *tt_v1_replay_next(struct tt_v1 *v)
{
	struct tt_v1_proc *proc = v->ahead;

	if (tt_likely(proc == NULL))
		proc = tt_v1_read_in_place(v);
	if (tt_unlikely(proc == NULL) || tt_unlikely(proc->head.time >= v->next_exit))
		return tt_v1_replay_moved(v, proc);
	v->ahead = NULL;
	v->nread++;
	v->place = v->next++;
	return &proc->head;
}

#endif
