/* SPDX-License-Identifier: MIT */
/*
 * replay.c - all events in their order, as often as it takes: that of order.c, but for the
 * syscall exits that are earlier than their records, which come where their time belongs.
 * Of equal times the record that comes first in order.c's order comes first. Stands on gen.
 */
#include "v1/parse.h"

void tt_v1_replay(struct tt_v1 *v)
{
	tt_v1_rewind(v);
	v->next = v->next_moved = v->nread = 0;
	v->exits.loaded = false;
	v->source = &v->exits;
}

static struct tt_v1_proc *proc_at(struct tt_v1 *v, size_t i)
{
	size_t proc;

	if (v->width == 1)
		proc = ((const uint8_t *)v->order)[i];
	else if (v->width == 2)
		proc = ((const uint16_t *)v->order)[i];
	else
		proc = ((const uint32_t *)v->order)[i];
	return proc < v->procs.n ? &v->procs.at[proc] : &v->sampler;
}

/* Whether a record is an exit that is among `moved`. */
static inline bool is_moved(const struct tt_v1_event *e)
{
	return e->type == TT_V1_GO_SYS_EXIT && e->args[2] != 0 && (int64_t)e->args[2] != e->time;
}

/* The next record that says when it happened; NULL: there is none. */
static struct tt_v1_proc *next_in_place(struct tt_v1 *v)
{
	while (v->next < v->nevents) {
		struct tt_v1_proc *proc = proc_at(v, v->next);

		if (proc->loaded)
			return proc;
		/* it was read before, and needs no memory that it did not need then */
		tt_v1_read(v, proc, NULL);
		if (tt_likely(!is_moved(&proc->head))) {
			proc->loaded = true;
			return proc;
		}
		v->next++;
	}
	return NULL;
}

/* The next exit that is moved. */
static struct tt_v1_proc *next_exit(struct tt_v1 *v)
{
	const struct tt_v1_moved *m = &v->moved.at[v->next_moved++];

	v->exits.head = (struct tt_v1_event){
		.time = m->time,
		.offset = m->offset,
		.g = m->g,
		.other = m->g,
		.proc = m->proc,
		.type = TT_V1_GO_SYS_EXIT,
		.record_type = TT_V1_GO_SYS_EXIT,
	};
	tt_v1_args(v, m->offset, v->exits.head.args);
	v->exits.loaded = true;
	return &v->exits;
}

const struct tt_v1_event *tt_v1_peek(struct tt_v1 *v)
{
	struct tt_v1_proc *proc = v->source;

	if (!proc->loaded) {
		const struct tt_v1_moved *m = NULL;

		if (v->next_moved < v->moved.n)
			m = &v->moved.at[v->next_moved];
		proc = next_in_place(v);
		if (tt_unlikely(m != NULL) &&
		    (proc == NULL || m->time < proc->head.time ||
		     (m->time == proc->head.time && m->index < v->next)))
			proc = next_exit(v);
		else if (proc == NULL)
			return NULL;
		else
			v->next++;
		v->source = proc;
	}
	return &proc->head;
}
