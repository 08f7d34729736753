/* SPDX-License-Identifier: MIT */
/* replay.c - events in their order: what few of them need. Stands on replay.h. */
#include "v1/replay.h"

static void find_exit(struct tt_v1 *v)
{
	v->next_exit = v->next_moved < v->moved.n ? v->moved.at[v->next_moved].time : INT64_MAX;
}

void tt_v1_replay(struct tt_v1 *v)
{
	tt_v1_rewind(v);
	v->next = v->next_moved = v->nread = 0;
	v->ahead = NULL;
	find_exit(v);
}

/* Whether the next one that is moved comes before the head of a P, which may be NULL. */
static inline bool exit_is_first(const struct tt_v1 *v, const struct tt_v1_proc *proc)
{
	const struct tt_v1_moved *m = &v->moved.at[v->next_moved];

	return proc == NULL || m->time < proc->head.time ||
	       (m->time == proc->head.time && m->index < v->next);
}

static const struct tt_v1_event *read_exit(struct tt_v1 *v)
{
	const struct tt_v1_moved *m = &v->moved.at[v->next_moved++];

	v->exit = (struct tt_v1_event){
		.time = m->time,
		.offset = m->offset,
		.g = m->g,
		.other = m->g,
		.proc = m->proc,
		.type = TT_V1_GO_SYS_EXIT,
		.layout = &v->layouts[TT_V1_GO_SYS_EXIT],
	};
	tt_v1_args(v, m->offset, v->exit.args);
	find_exit(v);
	v->place = m->index;
	return &v->exit;
}

const struct tt_v1_event *tt_v1_replay_moved(struct tt_v1 *v, struct tt_v1_proc *proc)
{
	bool exits = v->next_moved < v->moved.n && exit_is_first(v, proc);

	if (!exits && proc == NULL)
		return NULL;
	v->nread++;
	if (exits) {
		v->ahead = proc;
		return read_exit(v);
	}
	v->ahead = NULL;
	v->place = v->next++;
	return &proc->head;
}
