/* SPDX-License-Identifier: MIT */
/* trace.c - a trace in format v1: its life, its goroutines and tasks by id. Stands on gen. */
#include "base/error.h"
#include "spec/spec.h"
#include "v1/parse.h"

struct tt_v1 *tt_v1_new(struct tt_generation *gen, const struct tt_specs *specs, unsigned version)
{
	struct tt_v1 *v = tt_mem_zalloc(gen->mem, 1, sizeof(*v));
	uint64_t seed = tt_random_seed();

	if (v == NULL)
		return NULL;
	v->mem = gen->mem;
	v->gen = gen;
	v->specs = specs;
	v->version = version;
	tt_idmap_init(&v->proc_ids, v->mem, seed);
	tt_idmap_init(&v->goroutine_ids, v->mem, seed);
	tt_idmap_init(&v->message_ids, v->mem, seed);
	tt_idmap_init(&v->task_ids, v->mem, seed);
	tt_idmap_init(&v->named_stacks.seen, v->mem, seed);
	tt_idmap_init(&v->named_strings.seen, v->mem, seed);
	return v;
}

void tt_v1_free(struct tt_v1 *v)
{
	if (v == NULL)
		return;
	tt_mem_free(v->mem, v->verdicts, v->cap / 8 + 1);
	tt_mem_free(v->mem, v->order, (v->cap + 1) * v->width);
	tt_mem_free(v->mem, v->copy, v->copy_cap);
	tt_idmap_release(&v->named_strings.seen);
	tt_idmap_release(&v->named_stacks.seen);
	tt_idmap_release(&v->task_ids);
	tt_idmap_release(&v->message_ids);
	tt_idmap_release(&v->goroutine_ids);
	tt_idmap_release(&v->proc_ids);
	TT_ARRAY_RELEASE(v->mem, &v->named_strings.ids);
	TT_ARRAY_RELEASE(v->mem, &v->named_stacks.ids);
	TT_ARRAY_RELEASE(v->mem, &v->tasks);
	TT_ARRAY_RELEASE(v->mem, &v->regions);
	TT_ARRAY_RELEASE(v->mem, &v->messages);
	TT_ARRAY_RELEASE(v->mem, &v->goroutines);
	TT_ARRAY_RELEASE(v->mem, &v->moved);
	TT_ARRAY_RELEASE(v->mem, &v->samples);
	TT_ARRAY_RELEASE(v->mem, &v->procs);
	TT_ARRAY_RELEASE(v->mem, &v->batches);
	tt_specs_free(v->records);
	tt_mem_free(v->mem, v, sizeof(*v));
}

int tt_v1_no_memory(const struct tt_v1 *v, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(v->mem), "the trace needs more memory than there is");
}

int tt_v1_time_order(struct tt_error *err)
{
	return tt_fail(err, TT_E_TIME_ORDER, "time stamps out of order");
}

bool tt_v1_add_goroutine(struct tt_v1 *v, uint64_t id, uint32_t *index)
{
	*index = (uint32_t)v->goroutines.n;
	if (*index == TT_V1_NONE || !TT_ARRAY_ROOM(v->mem, &v->goroutines) ||
	    !tt_idmap_add(&v->goroutine_ids, id, *index))
		return false;
	v->goroutines.at[v->goroutines.n++] =
		(struct tt_v1_goroutine){.id = id, .region = TT_V1_NONE};
	return true;
}

bool tt_v1_recall_goroutine(struct tt_v1 *v, uint64_t id, uint32_t *index)
{
	*index = tt_idmap_find(&v->goroutine_ids, id);
	if (*index == TT_IDMAP_NONE && !tt_v1_add_goroutine(v, id, index))
		return false;
	v->recent[id % TT_V1_NRECENT] = (struct tt_v1_recent){id, *index};
	return true;
}

int tt_v1_add_task(struct tt_v1 *v, uint64_t id, const struct tt_v1_place *begin,
		   struct tt_error *err)
{
	if (v->tasks.n == TT_V1_NONE || !TT_ARRAY_ROOM(v->mem, &v->tasks) ||
	    !tt_idmap_add(&v->task_ids, id, (uint32_t)v->tasks.n))
		return tt_v1_no_memory(v, err);
	v->tasks.at[v->tasks.n++] = *begin;
	return TT_OK;
}
