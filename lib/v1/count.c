/* SPDX-License-Identifier: MIT */
/*
 * count.c - how many events of v2 there are after the first Gomaxprocs and when the last one
 * is, so that who only counts them need not convert them. Stands on gen.
 */
#include "v1/check.h"

/* Notes an id, once, of which it is known only at the end whether it is there. */
static bool note_name(struct tt_v1 *v, struct tt_v1_names *names, uint64_t id)
{
	if (id == 0 || tt_idmap_find(&names->seen, id) != TT_IDMAP_NONE)
		return true;
	if (!TT_ARRAY_ROOM(v->mem, &names->ids) || !tt_idmap_add(&names->seen, id, 1))
		return false;
	names->ids.at[names->ids.n++] = id;
	return true;
}

static bool are_there(const struct tt_v1_names *names, const struct tt_idmap *ids)
{
	for (size_t i = 0; i < names->ids.n; i++)
		if (tt_idmap_find(ids, names->ids.at[i]) == TT_IDMAP_NONE)
			return false;
	return true;
}

int tt_v1_count_special(struct tt_v1_check *c, bool moved)
{
	struct tt_v1 *v = c->v;
	struct tt_v1_rest *rest = &v->rest;
	int8_t id_arg = c->e->layout->id_arg;

	rest->unsure |= c->e->type == TT_V1_FUTILE_WAKEUP || c->place < rest->begin ||
			(moved && (int64_t)c->e->args[2] <= rest->begin_time);
	if (id_arg < 0 ||
	    note_name(v, c->e->type == TT_V1_GO_CREATE ? &v->named_stacks : &v->named_strings,
		      c->e->args[id_arg]))
		return TT_OK;
	return tt_v1_no_memory(v, c->err);
}

static void finish_samples(struct tt_v1 *v)
{
	for (size_t i = 0; i < v->gen->samples.n; i++) {
		struct tt_sample *s = &v->gen->samples.at[i];

		s->time_ns = tt_v1_ticks_to_ns(v, s->time_ns);
		if (tt_idmap_find(&v->gen->stack_ids, s->stack) == TT_IDMAP_NONE)
			s->stack = 0;
	}
}

/*
 * Each event is at least a nanosecond after the one before it. If it was so for all of them
 * even were a tick only a nanosecond, and each syscall two events, the last one is when it
 * says it is.
 */
void tt_v1_finish_check(struct tt_v1 *v)
{
	struct tt_v1_rest *rest = &v->rest;

	finish_samples(v);
	v->gen->v1_last_ns = v->nevents > 0 ? tt_v1_ticks_to_ns(v, v->last_time) : 0;
	rest->last_ns = v->gen->v1_last_ns;
	rest->unsure |= rest->chain != v->last_time || v->gen->ns_per_tick < 1 ||
			!are_there(&v->named_stacks, &v->gen->stack_ids) ||
			!are_there(&v->named_strings, &v->gen->string_ids);
}

void tt_v1_count(struct tt_v1 *v, uint64_t *nevents, int64_t *last_ns)
{
	const struct tt_v1_rest *rest = &v->rest;
	int64_t last;

	if (!v->started || v->next_unstarted != TT_V1_NONE || rest->unsure || v->bad_frames ||
	    v->lacks_texts)
		return;
	/* (each is at least a nanosecond after the one before it) */
	last = tt_ns_add(*last_ns, (int64_t)(rest->nevents - rest->nhanded));
	*last_ns = last > rest->last_ns ? last : rest->last_ns;
	*nevents += rest->nevents - rest->nhanded;
	v->rest.nhanded = rest->nevents;
	v->pending = 0;
	v->plain = true;
	v->nread = v->next = v->nevents;
	v->next_moved = v->moved.n;
	v->ahead = NULL;
}
