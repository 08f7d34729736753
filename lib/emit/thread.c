/* SPDX-License-Identifier: MIT */
/*
 * thread.c - the parts of threads in a trace (struct tt_em_thread) and the processors that
 * they take: made, attached to a thread, ended and used again. Stands on emit.h.
 */
#include "emit/emit.h"

/* ------------------------------------------------------------------- processors */

static struct tt_em_proc *new_proc(void)
{
	struct tt_em_trace *t = tt_em_trace();
	struct tt_em_proc *p = tt_em_pool_forever(t, sizeof(*p));

	if (p == NULL)
		return NULL;
	memset(p, 0, sizeof(*p));
	p->claim.id = atomic_fetch_add_explicit(&t->nprocs, 1, memory_order_relaxed);
	tt_em_claim_set(&p->claim, TT_P_IDLE);
	p->uncounted = true;
	p->next = t->procs;
	t->procs = p;
	return p;
}

/*
 * Not one that was given back in a later generation than the caller writes for: its
 * ProcStart would come before the ProcStop that freed it.
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

/* ------------------------------------------------------------------------ begin */

static bool populate_thread(struct tt_em_trace *t, const struct tt_em_thread *th)
{
	uint8_t *to = (uint8_t *)t->thread_area + ((size_t)(th - t->thread_area) + 1) * sizeof(*th);

	if (t->populated_threads == NULL || to <= t->populated_threads)
		return true;
	if (!tt_em_region_populate(t->populated_threads, to))
		return false;
	t->populated_threads = to;
	return true;
}

struct tt_em_thread *tt_em_thread_new(struct tt_em_trace *t)
{
	const size_t kept = offsetof(struct tt_em_thread, next);
	struct tt_em_thread *th = t->free_threads;

	if (th != NULL)
		t->free_threads = th->next;
	else if (t->nthreads < t->max_threads && populate_thread(t, &t->thread_area[t->nthreads]))
		th = &t->thread_area[t->nthreads++];
	else
		return NULL;
	/* all but the two that outlast the thread */
	atomic_store_explicit(&th->wait, TT_EM_WAIT_NONE, memory_order_relaxed);
	memset((uint8_t *)th + kept, 0, sizeof(*th) - kept);
	th->index = (uint32_t)(th - t->thread_area);
	th->serial = atomic_fetch_add_explicit(&tt_em_tracer.serial, 1, memory_order_relaxed) + 1;
	th->g.id = ++t->goroutines;
	th->start = TT_EM_START_UNKNOWN;
	th->next = t->threads;
	t->threads = th;
	return th;
}

bool tt_em_thread_attach(struct tt_emit *e, struct tt_em_thread *th)
{
	struct tt_em_trace *t = tt_em_trace();
	int tid = e->tid;

	th->p = tt_em_proc_take(e->gen);
	if (th->p == NULL)
		return false;
	th->m = (uint64_t)tid;
	/* the kernel gives numbers of threads again; the trace must not */
	if (tid >= 0 && tid < TT_EM_NTIDS)
		th->m += (uint64_t)t->incarnations[tid]++ * TT_EM_NTIDS;
	e->thread = th;
	return true;
}

struct tt_em_chunk *tt_em_thread_chunk(struct tt_emit *e, uint32_t nbytes)
{
	struct tt_em_chunk *c = tt_em_pool_get(tt_em_trace(), nbytes);

	if (c == NULL) {
		tt_em_lost(e);
		return NULL;
	}
	c->gen = e->gen;
	c->m = e->thread->m;
	c->start = tt_em_clock_now();
	return c;
}

/* -------------------------------------------------------------------------- end */

static bool slot_empty(const struct tt_em_slot *slot)
{
	return slot->chunks.first == NULL && slot->batches.first == NULL &&
	       slot->blocks.first == NULL;
}

static bool is_over(const struct tt_em_thread *th)
{
	return atomic_load_explicit(&th->detached, memory_order_relaxed) &&
	       tt_em_claim_status(&th->g) == TT_EM_G_NONE && slot_empty(&th->slots[0]) &&
	       slot_empty(&th->slots[1]);
}

/*
 * Only once the generation is with the sink: until then another process may have to
 * write it again.
 */
void tt_em_threads_retire(struct tt_em_thread *threads, uint64_t gen)
{
	for (struct tt_em_thread *th = threads; th != NULL; th = th->next) {
		if (th->retired_gen != gen)
			continue;
		/* mentioned, and so: no status of this generation for the processor either */
		tt_em_claim_first(&th->g, gen);
		tt_em_claim_first(&th->p->claim, gen);
		atomic_store_explicit(&th->g.cur, TT_EM_G_NONE, memory_order_release);
		atomic_store_explicit(&th->p->claim.cur, TT_P_IDLE, memory_order_release);
		atomic_store_explicit(&th->destroyed, true, memory_order_relaxed);
		tt_em_lock_take(&tt_em_tracer.lock);
		tt_em_proc_give(th->p, gen);
		tt_em_lock_give(&tt_em_tracer.lock);
	}
}

void tt_em_threads_free(struct tt_em_trace *t)
{
	struct tt_em_thread **at, *th;

	tt_em_lock_take(&tt_em_tracer.lock);
	for (at = &t->threads; (th = *at) != NULL;) {
		if (!is_over(th)) {
			at = &th->next;
			continue;
		}
		*at = th->next;
		/* it came and never wrote */
		if (th->p != NULL && !atomic_load_explicit(&th->destroyed, memory_order_relaxed))
			tt_em_proc_give(th->p, th->p->freed_gen);
		th->serial = 0;
		th->next = t->free_threads;
		t->free_threads = th;
	}
	tt_em_lock_give(&tt_em_tracer.lock);
}
