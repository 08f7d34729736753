/* SPDX-License-Identifier: MIT */
/*
 * restore.c - a trace built anew from the copy of a dead process's region. Each number and
 * each pointer is checked against the layout before it is used, and what does not fit is left
 * out. Stands on recover.h.
 */
#include "recover/recover.h"

#include "base/error.h"

#define CHUNK_ALIGNMENT 64
/* For names of code, and because some things take more room here. */
#define SLACK_NBYTES (UINT64_C(64) << 20)

/* ------------------------------------------------------------------ what is left */

/* What the dead process had at this address; NULL: not in its region, or not aligned. */
static void *find(const struct tt_emit_recovery *r, const void *address, size_t nbytes,
		  size_t alignment)
{
	uint64_t at = (uint64_t)(uintptr_t)address - r->dead->head.base;

	if (at % alignment != 0 || at > r->plan.nbytes || r->plan.nbytes - at < nbytes)
		return NULL;
	return (uint8_t *)r->dead + at;
}

static bool spend(struct tt_emit_recovery *r, uint64_t nbytes)
{
	if (nbytes > r->budget)
		return false;
	r->budget -= nbytes;
	return true;
}

/* The bytes of a chunk up to its last whole event; NULL: there is no chunk. */
static struct tt_em_chunk *find_chunk(const struct tt_emit_recovery *r,
				      const struct tt_em_chunk *address, size_t *len)
{
	struct tt_em_chunk *c = find(r, address, sizeof(*c), CHUNK_ALIGNMENT);
	uint64_t start = (uint64_t)(uintptr_t)address, pos;

	if (c == NULL || (c->nbytes != TT_EM_CHUNK_SMALL && c->nbytes != TT_EM_CHUNK_LARGE) ||
	    find(r, address, c->nbytes, CHUNK_ALIGNMENT) == NULL)
		return NULL;
	pos = (uint64_t)(uintptr_t)atomic_load_explicit(&c->pos, memory_order_relaxed) - start;
	if (pos < offsetof(struct tt_em_chunk, data) || pos > c->nbytes)
		return NULL;
	*len = (size_t)pos - offsetof(struct tt_em_chunk, data);
	return c;
}

static void restore_chunk(struct tt_emit_recovery *r, struct tt_em_chunks *to,
			  const struct tt_em_chunk *c, size_t len)
{
	struct tt_em_chunk *copy;

	/* of another generation, or with nothing in it yet */
	if (c->gen < r->first || c->gen > r->last || len <= c->nhead)
		return;
	copy = tt_em_pool_get(r->trace, c->nbytes);
	if (copy == NULL)
		return;
	memcpy(copy->data, c->data, len);
	atomic_store_explicit(&copy->pos, copy->data + len, memory_order_relaxed);
	copy->last = c->last;
	copy->start = c->start;
	copy->gen = c->gen;
	copy->m = c->m;
	copy->experiment = c->experiment;
	tt_em_chunks_add(to, copy);
}

static void restore_chunks(struct tt_emit_recovery *r, struct tt_em_chunks *to,
			   const struct tt_em_chunks *from, bool experimental)
{
	const struct tt_em_chunk *address = from->first;
	struct tt_em_chunk *c;
	size_t len;

	while (address != NULL) {
		c = find_chunk(r, address, &len);
		if (c == NULL || (c->experiment != 0) != experimental || !spend(r, c->nbytes))
			return;
		restore_chunk(r, to, c, len);
		address = c->next;
	}
}

/* -------------------------------------------------------------- claims and threads */

static void restore_claim(struct tt_em_claim *to, struct tt_em_claim *from)
{
	to->id = from->id;
	to->seq = from->seq;
	atomic_store(&to->cur, atomic_load(&from->cur));
	for (int i = 0; i < 2; i++) {
		atomic_store(&to->gen[i], atomic_load(&from->gen[i]));
		atomic_store(&to->before[i], atomic_load(&from->before[i]));
	}
}

/*
 * If a thread died between an event and its claim, the claim gets no status from that
 * generation on: it would contradict the event, and nothing follows that needs one.
 */
static void suppress_statuses(const struct tt_emit_recovery *r, struct tt_em_claim *c,
			      uint64_t from)
{
	for (uint64_t gen = from > r->first ? from : r->first; gen <= r->last; gen++)
		tt_em_claim_first(c, gen);
}

static struct tt_em_proc *restore_proc(struct tt_emit_recovery *r, const struct tt_em_proc *address)
{
	struct tt_em_proc *p = find(r, address, sizeof(*p), CHUNK_ALIGNMENT), *copy;

	if (p == NULL)
		return NULL;
	copy = tt_em_pool_forever(r->trace, sizeof(*copy));
	if (copy == NULL)
		return NULL;
	restore_claim(&copy->claim, &p->claim);
	copy->in_update = p->in_update;
	copy->next = p->next;
	if (copy->in_update != 0)
		suppress_statuses(r, &copy->claim, copy->in_update);
	return copy;
}

static void restore_procs(struct tt_emit_recovery *r)
{
	const struct tt_em_proc *address = r->dead->procs;
	struct tt_em_proc *p;

	for (uint32_t i = 0; address != NULL && i < r->plan.max_threads; i++) {
		p = restore_proc(r, address);
		if (p == NULL)
			return;
		address = p->next;
		p->next = r->trace->procs;
		r->trace->procs = p;
	}
}

static bool is_bound(const struct tt_em_thread *th)
{
	unsigned status = tt_em_claim_status(&th->g);

	return status == TT_G_RUNNING || status == TT_G_SYSCALL;
}

static void restore_stack(struct tt_em_thread *to, struct tt_em_thread *from)
{
	uint32_t n = atomic_load(&from->nsaved);

	atomic_store(&to->nsaved, n <= TT_EM_SAVED_FRAMES ? n : 0);
	for (int i = 0; i < TT_EM_SAVED_FRAMES; i++)
		atomic_store(&to->saved[i], atomic_load(&from->saved[i]));
}

/* Makes the claims of a dead thread say what can be written. */
static void settle_claims(const struct tt_emit_recovery *r, struct tt_em_thread *th,
			  const struct tt_em_thread *from)
{
	/* its end was written, but not yet claimed */
	if (from->retired_gen != 0 && from->retired_gen < r->first)
		atomic_store(&th->g.cur, TT_EM_G_NONE);
	/* a bound thread has a processor */
	if (tt_em_claim_status(&th->g) > TT_G_WAITING || (is_bound(th) && th->p == NULL))
		atomic_store(&th->g.cur, TT_EM_G_NONE);
	if (th->p != NULL && th->p->in_update != 0)
		suppress_statuses(r, &th->g, th->p->in_update);
	if (from->in_wake != 0)
		suppress_statuses(r, &th->g, from->in_wake);
	/* nor can a thread without one have been bound when a generation began */
	for (int i = 0; th->p == NULL && i < 2; i++) {
		unsigned before = atomic_load(&th->g.before[i]) & TT_EM_STATUS_MASK;

		if (before == TT_G_RUNNING || before == TT_G_SYSCALL)
			atomic_store(&th->g.before[i], TT_EM_G_NONE);
	}
}

static bool restore_thread(struct tt_emit_recovery *r, struct tt_em_thread *from)
{
	struct tt_em_thread *th = tt_em_thread_new(r->trace);

	if (th == NULL)
		return false;
	restore_claim(&th->g, &from->g);
	th->m = from->m;
	th->flusher = from->flusher;
	restore_stack(th, from);
	if (from->p != NULL)
		th->p = restore_proc(r, from->p);
	settle_claims(r, th, from);
	for (int i = 0; i < 2; i++) {
		restore_chunks(r, &th->slots[i].chunks, &from->slots[i].chunks, false);
		restore_chunks(r, &th->slots[i].batches, &from->slots[i].batches, true);
	}
	return true;
}

static void restore_threads(struct tt_emit_recovery *r)
{
	uint64_t area = r->dead->head.base + r->plan.threads, at;
	struct tt_em_thread *address = r->dead->threads, *th;

	for (uint32_t i = 0; address != NULL && i < r->plan.max_threads; i++) {
		at = (uint64_t)(uintptr_t)address - area;
		if (at % sizeof(*th) != 0 || at / sizeof(*th) >= r->plan.max_threads)
			return;
		th = find(r, address, sizeof(*th), _Alignof(struct tt_em_thread));
		if (th == NULL || !restore_thread(r, th))
			return;
		address = th->next;
	}
}

/* ---------------------------------------------------------------------- tables */

/* Returns the next entry's address. */
static const struct tt_em_node *restore_node(struct tt_emit_recovery *r, struct tt_em_tables to,
					     struct tt_em_table *table,
					     const struct tt_em_node *address)
{
	size_t head = offsetof(struct tt_em_node, text);
	struct tt_em_node *node = find(r, address, sizeof(*node), sizeof(uint64_t));
	bool stacks = table == &to.trace->stacks[to.parity];

	if (node == NULL || node->id == 0 ||
	    node->n > (stacks ? TT_V2_MAX_FRAMES * 8 : TT_STRING_MAX_SIZE) ||
	    (stacks && node->n % 8 != 0) || !spend(r, head + node->n) ||
	    find(r, address, head + node->n, sizeof(uint64_t)) == NULL ||
	    !tt_em_table_restore(to, table, node->id, (struct tt_str){node->text, node->n}))
		return NULL;
	return node->next;
}

static void restore_table(struct tt_emit_recovery *r, struct tt_em_tables to,
			  struct tt_em_table *table, struct tt_em_table *from)
{
	uint32_t last = atomic_load(&from->last_id);
	const struct tt_em_node *address;

	for (size_t i = 0; i < TT_EM_NBUCKETS; i++) {
		address = atomic_load(&from->buckets[i]);
		while (address != NULL)
			address = restore_node(r, to, table, address);
	}
	address = atomic_load(&from->unindexed);
	while (address != NULL)
		address = restore_node(r, to, table, address);
	/* entries that were not linked yet keep their numbers */
	if (last > atomic_load(&table->last_id) && last < UINT32_MAX / 2)
		atomic_store(&table->last_id, last);
}

static void restore_tables(struct tt_emit_recovery *r)
{
	struct tt_em_trace *t = r->trace;

	for (uint64_t gen = r->first; gen <= r->last; gen++) {
		unsigned i = (unsigned)(gen & 1);
		struct tt_em_tables to = {t, r->writer.thread, i};

		restore_table(r, to, &t->strings[i], &r->dead->strings[i]);
		restore_table(r, to, &t->stacks[i], &r->dead->stacks[i]);
	}
}

static void restore_code(struct tt_emit_recovery *r)
{
	const struct tt_em_code_table *from = &r->dead->code[atomic_load(&r->dead->code_at) & 1];
	struct tt_em_code_table *to = &r->trace->code[0];

	if (from->n > TT_EM_MAX_CODE_MAPS)
		return;
	memcpy(to->text, from->text, sizeof(to->text) - 1);
	for (; to->n < from->n; to->n++) {
		to->maps[to->n] = from->maps[to->n];
		if (to->maps[to->n].path >= sizeof(to->text))
			to->maps[to->n].path = 0;
	}
}

/* ------------------------------------------------------------------------- all */

int tt_em_restore(struct tt_emit_recovery *r, struct tt_error *err)
{
	uint64_t memory = r->dead->head.memory_nbytes + SLACK_NBYTES;
	struct tt_em_trace *t;

	r->trace_nbytes = tt_em_region_plan(memory).nbytes;
	t = tt_em_map_zeros(r->trace_nbytes);
	if (t == NULL)
		return tt_fail(err, TT_E_MEMORY, "out of memory");
	r->trace = tt_em_region_init(t, memory);
	/* there is no flusher to wake */
	t->gen_limit = UINT64_MAX;
	atomic_store(&t->flusher_woken, true);
	t->rate = r->dead->rate;
	t->syncs[0] = r->dead->syncs[0];
	t->syncs[1] = r->dead->syncs[1];
	atomic_store(&t->nprocs, atomic_load(&r->dead->nprocs));
	r->writer.trace = r->writer.symbols.trace = t;
	r->writer.thread = tt_em_thread_new(t);
	restore_code(r);
	restore_procs(r);
	restore_threads(r);
	restore_tables(r);
	return 0;
}
