/* SPDX-License-Identifier: MIT */
/*
 * spans_groups.c - what sets groups of states apart, and their numbers; the briefs of a run
 * (spans_run.c). Stands on base.
 */
#include <string.h>

#include "analyze/spans.h"
#include "base/error.h"

int tt_span_groups_new(struct tt_spans *s, struct tt_error *err)
{
	struct tt_span_groups *groups = tt_mem_zalloc(&s->mem, 1, sizeof(*groups));

	if (groups == NULL)
		return tt_fail(err, tt_mem_code(&s->mem), "no memory for spans");
	tt_idmap_init(&groups->hashes, &s->mem, s->seed);
	groups->stack_masks[TT_STATE_WAITING] = groups->stack_masks[TT_STATE_SYSCALL] = UINT32_MAX;
	if (s->flags & TT_SPANS_BRIEF_STACKS)
		memset(groups->stack_masks, 0xff, sizeof(groups->stack_masks));
	s->groups = groups;
	return TT_OK;
}

void tt_span_groups_free(struct tt_spans *s)
{
	if (s->groups == NULL)
		return;
	TT_ARRAY_RELEASE(&s->mem, &s->groups->at);
	tt_idmap_release(&s->groups->hashes);
	tt_mem_free(&s->mem, s->groups, sizeof(*s->groups));
	s->groups = NULL;
}

uint32_t tt_span_groups_find(struct tt_spans *s, const struct tt_span_group_key *key)
{
	struct tt_span_groups *groups = s->groups;
	uint64_t hash = tt_idmap_id_of(s->seed, key, sizeof(*key));
	uint32_t group;

	for (;; hash++) {
		group = tt_idmap_find(&groups->hashes, hash);
		if (group == TT_IDMAP_NONE)
			break;
		if (tt_span_same_key(&groups->at.at[group].key, key))
			return groups->at.at[group].watched ? TT_IDMAP_NONE : group;
	}
	group = (uint32_t)groups->at.n;
	if (group != TT_IDMAP_NONE && TT_ARRAY_ROOM(&s->mem, &groups->at) &&
	    tt_idmap_add(&groups->hashes, hash, group))
		groups->at.at[groups->at.n++] = (struct tt_span_group){*key, false};
	return TT_IDMAP_NONE;
}

void tt_spans_watch_group(struct tt_spans *s, uint32_t group)
{
	s->groups->at.at[group].watched = true;
	memset(s->groups->last, 0, sizeof(s->groups->last));
}

void tt_spans_unwatch_group(struct tt_spans *s, uint32_t group)
{
	s->groups->at.at[group].watched = false;
}

void tt_spans_group(const struct tt_spans *s, uint32_t group, struct tt_span *out)
{
	const struct tt_span_group_key *key = &s->groups->at.at[group].key;
	uint32_t numbers[2];

	memset(out, 0, sizeof(*out));
	out->kind = TT_SPAN_GOROUTINE;
	out->scope = TT_RESOURCE_GOROUTINE;
	out->state = (enum tt_state)(key->stack_state >> 32);
	out->stack = (uint32_t)key->stack_state;
	memcpy(numbers, &key->func_name, sizeof(numbers));
	out->func = numbers[0];
	out->name = numbers[1];
	out->taken_ns = TT_NOT_TAKEN;
	out->id = out->goroutine = out->proc = out->thread = TT_NONE;
	out->end_goroutine = out->end_proc = out->end_thread = TT_NONE;
}

uint32_t tt_spans_ngroups(const struct tt_spans *s)
{
	return s->groups == NULL ? 0 : (uint32_t)s->groups->at.n;
}

const struct tt_span_brief *tt_spans_briefs(const struct tt_spans *s, size_t *n)
{
	*n = s->groups == NULL ? 0 : s->groups->nbriefs;
	return s->groups == NULL ? NULL : s->groups->briefs;
}

void tt_spans_watch(struct tt_spans *s, int64_t goroutine, bool watch)
{
	struct tt_span_goroutine *g = tt_spans_goroutine(s, goroutine);

	if (g == NULL)
		return;
	g->flags &= (uint8_t)~TT_SPAN_WATCHED;
	g->flags |= watch ? TT_SPAN_WATCHED : 0;
	tt_span_set_plain(g);
}
