/* SPDX-License-Identifier: MIT */
/*
 * join_said.c - what the events of a source say that are not written, since the pieces before
 * have them or since they restate: whether the collector runs, and who assists it or sweeps.
 * The generation in which the source is entered need not say that again. Stands on join.h.
 */
#include "edit/join.h"

#include "spec/types.h"

void tt_join_said_init(struct tt_join *j)
{
	tt_idmap_init(&j->said.assists, j->mem, tt_random_seed());
	tt_idmap_init(&j->said.sweeps, j->mem, tt_random_seed());
}

void tt_join_said_release(struct tt_join *j)
{
	tt_idmap_release(&j->said.assists);
	tt_idmap_release(&j->said.sweeps);
}

void tt_join_said_begin_source(struct tt_join *j)
{
	j->said.has_gc = false;
	tt_idmap_clear(&j->said.assists);
	tt_idmap_clear(&j->said.sweeps);
}

static bool set(struct tt_idmap *open, uint64_t id, bool is_open)
{
	if (!is_open)
		tt_idmap_remove(open, id);
	return !is_open || tt_idmap_find(open, id) != TT_IDMAP_NONE || tt_idmap_add(open, id, 0);
}

bool tt_join_said_see(struct tt_join *j, const struct tt_event *ev)
{
	struct tt_join_said *said = &j->said;
	bool ran;

	if (ev->spec == NULL || j->nsources == 1 || j->entered)
		return true;
	if (tt_entry_says_gc(ev, &ran)) {
		said->has_gc = true;
		said->gc_runs = ev->spec->type != TT_EV_GC_END;
		said->gc_seq = ev->args[0];
		return true;
	}
	switch (ev->spec->type) {
	case TT_EV_GC_MARK_ASSIST_ACTIVE:
		return set(&said->assists, ev->args[0], true);
	case TT_EV_GC_MARK_ASSIST_BEGIN:
	case TT_EV_GC_MARK_ASSIST_END:
		return set(&said->assists, (uint64_t)ev->goroutine,
			   ev->spec->type == TT_EV_GC_MARK_ASSIST_BEGIN);
	case TT_EV_GC_SWEEP_ACTIVE:
		return set(&said->sweeps, ev->args[0], true);
	case TT_EV_GC_SWEEP_BEGIN:
	case TT_EV_GC_SWEEP_END:
		return set(&said->sweeps, (uint64_t)ev->proc,
			   ev->spec->type == TT_EV_GC_SWEEP_BEGIN);
	default:
		return true;
	}
}

void tt_join_said_complete(struct tt_join *j)
{
	struct tt_entry *e = &j->entry;

	if (!e->has_gc && j->said.has_gc) {
		e->has_gc = true;
		e->gc_running = j->said.gc_runs;
		e->gc_seq = j->said.gc_seq;
	}
	for (size_t i = 0; i < e->gs.n; i++)
		if (!e->gs.at[i].says_assist && e->gs.at[i].status != TT_ENTRY_ABSENT)
			e->gs.at[i].assist = tt_idmap_find(&j->said.assists,
							   (uint64_t)e->gs.at[i].id) != TT_IDMAP_NONE;
	for (size_t i = 0; i < e->ps.n; i++)
		if (!e->ps.at[i].says_sweep)
			e->ps.at[i].sweep = tt_idmap_find(&j->said.sweeps,
							  (uint64_t)e->ps.at[i].id) != TT_IDMAP_NONE;
}
