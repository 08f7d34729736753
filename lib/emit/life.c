/* SPDX-License-Identifier: MIT */
/*
 * life.c - lives and processors: what a trace has of each thread, from its first event
 * until its end is written. Stands on emit.h.
 */
#include "emit/emit.h"

static void reset_life(struct tt_em_thread *l, uint32_t index)
{
	const size_t kept = offsetof(struct tt_em_thread, next);

	atomic_store_explicit(&l->wait, TT_EM_WAIT_NONE, memory_order_relaxed);
	memset((uint8_t *)l + kept, 0, sizeof(*l) - kept);
	l->index = index;
}

static bool populate_life(struct tt_em_trace *t, const struct tt_em_thread *l)
{
	uint8_t *to = (uint8_t *)t->life_area + ((size_t)(l - t->life_area) + 1) * sizeof(*l);

	if (t->populated_lives == NULL || to <= t->populated_lives)
		return true;
	if (!tt_em_region_populate(t->populated_lives, to))
		return false;
	t->populated_lives = to;
	return true;
}

struct tt_em_thread *tt_em_thread_new(struct tt_em_trace *t)
{
	struct tt_em_thread *l = t->free_lives;

	if (l != NULL)
		t->free_lives = l->next;
	else if (t->nlives < t->max_lives && populate_life(t, &t->life_area[t->nlives]))
		l = &t->life_area[t->nlives++];
	else
		return NULL;
	reset_life(l, (uint32_t)(l - t->life_area));
	l->serial = atomic_fetch_add_explicit(&tt_em_tracer.serial, 1, memory_order_relaxed) + 1;
	l->g.id = ++t->goroutines;
	l->start = TT_EM_START_UNKNOWN;
	l->next = t->lives;
	t->lives = l;
	return l;
}

static struct tt_em_proc *new_proc(void)
{
	struct tt_em_trace *t = tt_em_trace();
	struct tt_em_proc *p = tt_em_pool_forever(t, sizeof(*p));

	if (p == NULL)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->claim.id = atomic_fetch_add_explicit(&t->nprocs, 1, memory_order_relaxed);
	tt_em_claim_set(&p->claim, TT_P_IDLE);
	p->unseen = true;
	p->next = t->procs;
	t->procs = p;
	return p;
}

/*
 * One that was given back in a later generation than the caller writes for is not
 * to be had: its ProcStart would stand before the ProcStop that freed it.
 */
struct tt_em_proc *tt_em_proc_take(uint64_t gen)
{
	struct tt_em_trace *t = tt_em_trace();
	struct tt_em_proc **at = &t->free_procs, *p;

	for (int tries = 0; *at != NULL && tries < 8; tries++, at = &(*at)->next_free) {
		p = *at;
		if (p->freed_gen <= gen) {
			*at = p->next_free;
			return p;
		}
	}
	return new_proc();
}

void tt_em_proc_give(struct tt_em_proc *p, uint64_t gen)
{
	p->freed_gen = gen;
	p->next_free = tt_em_trace()->free_procs;
	tt_em_trace()->free_procs = p;
}

static bool slot_empty(const struct tt_em_slot *slot)
{
	return slot->chunks.first == NULL && slot->batches.first == NULL &&
	       slot->blocks.first == NULL;
}

static bool life_over(const struct tt_em_thread *l)
{
	return atomic_load_explicit(&l->detached, memory_order_relaxed) &&
	       tt_em_g_cur(l) == TT_G_NONE && slot_empty(&l->slots[0]) && slot_empty(&l->slots[1]);
}

/*
 * Only once the generation is with the sink: until then another process may have to
 * write it again.
 */
void tt_em_threads_retire(struct tt_em_thread *lives, uint64_t gen)
{
	for (struct tt_em_thread *l = lives; l != NULL; l = l->next) {
		if (l->buried != gen)
			continue;
		/* mentioned, and so: no status of this generation for the processor either */
		tt_em_claim_first(&l->g, gen);
		tt_em_claim_first(&l->p->claim, gen);
		atomic_store_explicit(&l->g.cur, TT_G_NONE, memory_order_release);
		atomic_store_explicit(&l->p->claim.cur, TT_P_IDLE, memory_order_release);
		atomic_store_explicit(&l->dead, true, memory_order_relaxed);
		tt_em_lock(&tt_em_tracer.lock);
		tt_em_proc_give(l->p, gen);
		tt_em_unlock(&tt_em_tracer.lock);
	}
}

void tt_em_threads_free(struct tt_em_trace *t)
{
	struct tt_em_thread **at, *l;

	tt_em_lock(&tt_em_tracer.lock);
	for (at = &t->lives; (l = *at) != NULL;) {
		if (!life_over(l)) {
			at = &l->next;
			continue;
		}
		*at = l->next;
		/* it came and never wrote */
		if (l->p != NULL && !atomic_load_explicit(&l->dead, memory_order_relaxed))
			tt_em_proc_give(l->p, l->p->freed_gen);
		l->serial = 0;
		l->next = t->free_lives;
		t->free_lives = l;
	}
	tt_em_unlock(&tt_em_tracer.lock);
}
