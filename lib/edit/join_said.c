/* SPDX-License-Identifier: MIT */
/*
 * join_said.c - what the events of a source say that are not written, since the pieces before
 * have them or since they restate: whether the collector runs, who assists it or sweeps, and who
 * has stopped the world.
 * The generation in which the source is entered need not say that again. Stands on join.h.
 */
#include "edit/join.h"

#include "spec/types.h"

void tt_join_said_init(struct tt_join *j)
{
	tt_idmap_init(&j->said.assists, j->mem, tt_random_seed());
	tt_idmap_init(&j->said.sweeps, j->mem, tt_random_seed());
	tt_idmap_init(&j->said.pauses, j->mem, tt_random_seed());
}

void tt_join_said_release(struct tt_join *j)
{
	tt_idmap_release(&j->said.assists);
	tt_idmap_release(&j->said.sweeps);
	tt_idmap_release(&j->said.pauses);
}

void tt_join_said_begin_source(struct tt_join *j)
{
	j->said.has_gc = false;
	tt_idmap_clear(&j->said.assists);
	tt_idmap_clear(&j->said.sweeps);
	tt_idmap_clear(&j->said.pauses);
}

static bool set_open(struct tt_idmap *all, uint64_t id, bool open)
{
	tt_idmap_remove(all, id);
	return tt_idmap_add(all, id, open);
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
		return set_open(&said->assists, ev->args[0], true);
	case TT_EV_GC_MARK_ASSIST_BEGIN:
	case TT_EV_GC_MARK_ASSIST_END:
		return set_open(&said->assists, (uint64_t)ev->goroutine,
			   ev->spec->type == TT_EV_GC_MARK_ASSIST_BEGIN);
	case TT_EV_GC_SWEEP_ACTIVE:
		return set_open(&said->sweeps, ev->args[0], true);
	case TT_EV_GC_SWEEP_BEGIN:
	case TT_EV_GC_SWEEP_END:
		return set_open(&said->sweeps, (uint64_t)ev->proc,
			   ev->spec->type == TT_EV_GC_SWEEP_BEGIN);
	case TT_EV_STW_BEGIN:
	case TT_EV_STW_END:
		return set_open(&said->pauses, (uint64_t)ev->goroutine,
			   ev->spec->type == TT_EV_STW_BEGIN);
	default:
		return true;
	}
}

static bool is_open(const struct tt_idmap *all, int64_t id)
{
	return tt_idmap_find(all, (uint64_t)id) == true;
}

/* Whether what was said is later than what the generation requires where it begins. */
static bool is_newer(const struct tt_idmap *all, int64_t id, bool overlaps)
{
	return overlaps && tt_idmap_find(all, (uint64_t)id) != TT_IDMAP_NONE;
}

void tt_join_said_complete(struct tt_join *j, bool overlaps)
{
	struct tt_entry *e = &j->entry;

	if ((overlaps || !e->has_gc) && j->said.has_gc) {
		e->has_gc = true;
		e->gc_running = j->said.gc_runs;
		e->gc_seq = j->said.gc_seq;
	}
	for (size_t i = 0; i < e->gs.n; i++) {
		struct tt_entry_g *g = &e->gs.at[i];

		if (g->status == TT_ENTRY_ABSENT)
			continue;
		if (!g->says_assist || is_newer(&j->said.assists, g->id, overlaps))
			g->assist = is_open(&j->said.assists, g->id);
		g->pause = is_open(&j->said.pauses, g->id);
	}
	for (size_t i = 0; i < e->ps.n; i++) {
		struct tt_entry_p *p = &e->ps.at[i];

		if (!p->says_sweep || is_newer(&j->said.sweeps, p->id, overlaps))
			p->sweep = is_open(&j->said.sweeps, p->id);
	}
}
