/* SPDX-License-Identifier: MIT */
/*
 * life.c - lives and processors: what a trace has of each thread, from its first event
 * until its end is written. Stands on emit.h.
 */
#include "emit/emit.h"

static void reset_life(struct tt_life *l, uint32_t index)
{
	const size_t kept = offsetof(struct tt_life, next);

	atomic_store_explicit(&l->wait, TT_WAIT_NONE, memory_order_relaxed);
	memset((uint8_t *)l + kept, 0, sizeof(*l) - kept);
	l->index = index;
}

static bool populate_life(struct tt_trace *t, const struct tt_life *l)
{
	uint8_t *to = (uint8_t *)t->life_area + ((size_t)(l - t->life_area) + 1) * sizeof(*l);

	if (t->populated_lives == NULL || to <= t->populated_lives)
		return true;
	if (!tt_region_populate(t->populated_lives, to))
		return false;
	t->populated_lives = to;
	return true;
}

struct tt_life *tt_life_new(struct tt_trace *t)
{
	struct tt_life *l = t->free_lives;

	if (l != NULL)
		t->free_lives = l->next;
	else if (t->nlives < t->max_lives && populate_life(t, &t->life_area[t->nlives]))
		l = &t->life_area[t->nlives++];
	else
		return NULL;
	reset_life(l, (uint32_t)(l - t->life_area));
	l->serial = atomic_fetch_add_explicit(&tt_tracer.serial, 1, memory_order_relaxed) + 1;
	l->g.id = ++t->goroutines;
	l->start = TT_START_UNKNOWN;
	l->next = t->lives;
	t->lives = l;
	return l;
}

static struct tt_proc *new_proc(void)
{
	struct tt_trace *t = tt_trace();
	struct tt_proc *p = tt_pool_forever(t, sizeof(*p));

	if (p == NULL)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->claim.id = atomic_fetch_add_explicit(&t->nprocs, 1, memory_order_relaxed);
	tt_claim_set(&p->claim, TT_P_IDLE);
	p->unseen = true;
	p->next = t->procs;
	t->procs = p;
	return p;
}

/*
 * One that was given back in a later generation than the caller writes for is not
 * to be had: its ProcStart would stand before the ProcStop that freed it.
 */
struct tt_proc *tt_proc_take(uint64_t gen)
{
	struct tt_trace *t = tt_trace();
	struct tt_proc **at = &t->free_procs, *p;

	for (int tries = 0; *at != NULL && tries < 8; tries++, at = &(*at)->next_free) {
		p = *at;
		if (p->freed_gen <= gen) {
			*at = p->next_free;
			return p;
		}
	}
	return new_proc();
}

void tt_proc_give(struct tt_proc *p, uint64_t gen)
{
	p->freed_gen = gen;
	p->next_free = tt_trace()->free_procs;
	tt_trace()->free_procs = p;
}

static bool slot_empty(const struct tt_slot *slot)
{
	return slot->chunks.first == NULL && slot->batches.first == NULL &&
	       slot->blocks.first == NULL;
}

static bool life_over(const struct tt_life *l)
{
	return atomic_load_explicit(&l->detached, memory_order_relaxed) &&
	       tt_g_cur(l) == TT_G_NONE && slot_empty(&l->slots[0]) && slot_empty(&l->slots[1]);
}

/*
 * Only once the generation is with the sink: until then another process may have to
 * write it again.
 */
void tt_lives_bury(struct tt_life *lives, uint64_t gen)
{
	for (struct tt_life *l = lives; l != NULL; l = l->next) {
		if (l->buried != gen)
			continue;
		/* mentioned, and so: no status of this generation for the processor either */
		tt_claim_first(&l->g, gen);
		tt_claim_first(&l->p->claim, gen);
		atomic_store_explicit(&l->g.cur, TT_G_NONE, memory_order_release);
		atomic_store_explicit(&l->p->claim.cur, TT_P_IDLE, memory_order_release);
		atomic_store_explicit(&l->dead, true, memory_order_relaxed);
		tt_lock(&tt_tracer.lock);
		tt_proc_give(l->p, gen);
		tt_unlock(&tt_tracer.lock);
	}
}

void tt_lives_free(struct tt_trace *t)
{
	struct tt_life **at, *l;

	tt_lock(&tt_tracer.lock);
	for (at = &t->lives; (l = *at) != NULL;) {
		if (!life_over(l)) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		/* it came and never wrote */
		if (l->p != NULL && !atomic_load_explicit(&l->dead, memory_order_relaxed))
			tt_proc_give(l->p, l->p->freed_gen);
		l->serial = 0;
		l->next = t->free_lives;
		t->free_lives = l;
	}
	tt_unlock(&tt_tracer.lock);
}
