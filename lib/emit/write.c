/* SPDX-License-Identifier: MIT */
/*
 * write.c - one generation to bytes, in this order: the clock, all that threads wrote,
 * statuses of threads that wrote nothing, stacks, strings, the end mark. Stands on write.h.
 */
#include "emit/write.h"

#include "base/hash.h"

void tt_em_write_header(struct tt_em_sink *s)
{
	uint8_t header[TT_HEADER_SIZE];

	tt_put_header(header, TT_EM_VERSION);
	tt_em_sink_put(s, header, sizeof(header));
}

static bool to_sink(void *sink, const void *data, size_t nbytes)
{
	tt_em_sink_put(sink, data, nbytes);
	return true;
}

static struct tt_em_tables tables(const struct tt_em_writer *w)
{
	return (struct tt_em_tables){w->trace, w->thread, (unsigned)(w->gen & 1)};
}

/* Batches of this thread, or TT_NONE, at the moment when the generation ended. */
static void begin_batch(struct tt_em_writer *w, int64_t m)
{
	const struct tt_batch_head head = {
		.generation = w->gen,
		.thread = m,
		.time = w->end_ticks,
	};

	tt_encode_begin(&w->enc, &head);
}

static void put_chunks(struct tt_em_writer *w, const struct tt_em_chunks *list)
{
	for (struct tt_em_chunk *c = list->first; c != NULL; c = c->next) {
		const uint8_t *end = atomic_load_explicit(&c->pos, memory_order_acquire);
		const struct tt_batch_head head = {
			.experimental = c->experiment != 0,
			.experiment = c->experiment,
			.generation = w->gen,
			.thread = (int64_t)c->m,
			.time = c->start,
		};

		tt_encode_batch(&w->enc, &head, c->data, (size_t)(end - c->data));
	}
}

static void put_sync(struct tt_em_writer *w)
{
	const struct tt_em_sync_point *sync = &w->trace->syncs[w->gen & 1];
	const struct tt_clock clock = {
		.trace_ticks = sync->ticks,
		.mono_ns = sync->mono_ns,
		.wall_sec = sync->wall_sec,
		.wall_nsec = sync->wall_nsec,
	};

	begin_batch(w, TT_NONE);
	tt_encode_sync(&w->enc, TT_EM_VERSION, w->trace->rate.frequency, &clock);
}

/* ------------------------------------------------------------------- silence */

/* An event at the moment when the generation ended. */
static void put_event(struct tt_em_writer *w, enum tt_event_type ev, const uint64_t *args,
		      unsigned nargs)
{
	tt_encode_event(&w->enc, (uint8_t)ev, w->end_ticks, args, nargs);
}

/* What the thread waits with, unless it went on in the next generation meanwhile. */
static uint64_t saved_stack(struct tt_em_writer *w, struct tt_em_thread *th)
{
	uint32_t n = atomic_load_explicit(&th->nsaved, memory_order_relaxed);
	uint64_t pcs[TT_EM_SAVED_FRAMES];

	if (n > TT_EM_SAVED_FRAMES)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		pcs[i] = atomic_load_explicit(&th->saved[i], memory_order_acquire);
	if (atomic_load_explicit(&th->g.gen[(w->gen + 1) & 1], memory_order_acquire) == w->gen + 1)
		return 0;
	return tt_em_intern_stack(tables(w), pcs, n);
}

static void put_go_status(struct tt_em_writer *w, struct tt_em_thread *th, unsigned claim)
{
	unsigned status = claim & TT_EM_STATUS_MASK;
	bool bound = status == TT_G_RUNNING || status == TT_G_SYSCALL;
	uint64_t stack = status == TT_G_RUNNING ? 0 : saved_stack(w, th);
	uint64_t args[] = {th->g.id, bound ? th->m : (uint64_t)TT_NONE, status, stack};

	put_event(w, stack != 0 ? TT_EV_GO_STATUS_STACK : TT_EV_GO_STATUS, args,
		  stack != 0 ? 4 : 3);
	if (claim & TT_EM_RANGE_OPEN)
		put_event(w, TT_EV_GC_MARK_ASSIST_ACTIVE, &th->g.id, 1);
}

static bool has_range(const struct tt_em_claim *c)
{
	return (atomic_load_explicit(&c->cur, memory_order_relaxed) & TT_EM_RANGE_OPEN) != 0;
}

/*
 * If the thread is gone without having written its end: its goroutine ends here, and
 * tt_em_threads_retire() ends the claims. Not if it wrote in the generation that has begun;
 * then at the end of that one, or a later one.
 */
static void put_end_of_thread(struct tt_em_writer *w, struct tt_em_thread *th, unsigned status)
{
	if (!atomic_load_explicit(&th->detached, memory_order_relaxed) ||
	    atomic_load_explicit(&th->g.gen[(w->gen + 1) & 1], memory_order_acquire) == w->gen + 1)
		return;
	if (status == TT_G_SYSCALL)
		put_event(w, TT_EV_GO_SYSCALL_END, NULL, 0);
	if (has_range(&th->p->claim))
		put_event(w, TT_EV_GC_SWEEP_END, (uint64_t[]){0, 0}, 2);
	if (has_range(&th->g))
		put_event(w, TT_EV_GC_MARK_ASSIST_END, NULL, 0);
	put_event(w, TT_EV_GO_DESTROY, NULL, 0);
	put_event(w, TT_EV_PROC_STOP, NULL, 0);
	th->retired_gen = w->gen;
}

static void put_proc_status(struct tt_em_writer *w, struct tt_em_proc *p, unsigned claim)
{
	put_event(w, TT_EV_PROC_STATUS, (uint64_t[]){p->claim.id, claim & TT_EM_STATUS_MASK}, 2);
	if (claim & TT_EM_RANGE_OPEN)
		put_event(w, TT_EV_GC_SWEEP_ACTIVE, &p->claim.id, 1);
}

/* Bound to a thread: in a batch of that thread, the processor first (EMIT.md 3.5). */
static void silent_thread(struct tt_em_writer *w, struct tt_em_thread *th, unsigned claim)
{
	bool silent;
	unsigned p = tt_em_claim_end(&th->p->claim, w->gen, &silent);
	uint32_t nprocs = atomic_load_explicit(&w->trace->nprocs, memory_order_relaxed);

	begin_batch(w, (int64_t)th->m);
	if (silent)
		put_proc_status(w, th->p, p);
	put_go_status(w, th, claim);
	/* the flusher is silent only if the process died before it wrote this */
	if (th->flusher)
		put_event(w, TT_EV_PROCS_CHANGE, (uint64_t[]){nprocs, 0}, 2);
	put_end_of_thread(w, th, claim & TT_EM_STATUS_MASK);
	tt_encode_end(&w->enc);
}

static bool is_bound(unsigned claim)
{
	return (claim & TT_EM_STATUS_MASK) == TT_G_RUNNING ||
	       (claim & TT_EM_STATUS_MASK) == TT_G_SYSCALL;
}

static void silent_procs(struct tt_em_writer *w, struct tt_em_proc *procs)
{
	unsigned claim;
	bool silent;

	for (struct tt_em_proc *p = procs; p != NULL; p = p->next) {
		claim = tt_em_claim_end(&p->claim, w->gen, &silent);
		if (!silent || (claim & TT_EM_STATUS_MASK) != TT_P_IDLE)
			continue;
		put_proc_status(w, p, claim);
	}
}

static void silent_waiting(struct tt_em_writer *w, struct tt_em_thread *threads)
{
	unsigned claim;
	bool silent;

	for (struct tt_em_thread *th = threads; th != NULL; th = th->next) {
		claim = tt_em_claim_end(&th->g, w->gen, &silent);
		if (!silent || is_bound(claim) || (claim & TT_EM_STATUS_MASK) == TT_EM_G_NONE)
			continue;
		put_go_status(w, th, claim);
	}
}

static void put_silent(struct tt_em_writer *w, struct tt_em_thread *threads,
		       struct tt_em_proc *procs)
{
	unsigned claim;
	bool silent;

	/* a thread that is gone frees its processor, so the idle ones come first */
	begin_batch(w, TT_NONE);
	silent_procs(w, procs);
	silent_waiting(w, threads);
	for (struct tt_em_thread *th = threads; th != NULL; th = th->next) {
		claim = tt_em_claim_end(&th->g, w->gen, &silent);
		if (silent && is_bound(claim))
			silent_thread(w, th, claim);
	}
}

/* -------------------------------------------------------------------- tables */

/* Never 0 for a text: Go's tools expect names. */
static uint64_t name(struct tt_em_writer *w, const char *s)
{
	struct tt_str text = tt_name_that_fits(s);
	uint64_t id = tt_em_intern_string(tables(w), text.data, text.len);

	return id != 0 || text.len == 0 ? id : w->unknown;
}

static struct tt_wire_frame frame_of(struct tt_em_writer *w, uint64_t pc)
{
	struct tt_em_named_frame *slot =
		&w->frames[tt_hash_number(pc ^ pc >> 14) >> 50 & (TT_EM_NFRAMES - 1)];
	struct tt_emit_symbol symbol;

	if (slot->gen == w->gen && slot->frame.pc == pc)
		return slot->frame;
	tt_em_symbol_find(&w->symbols, w->gen, pc, &symbol);
	slot->gen = w->gen;
	slot->frame = (struct tt_wire_frame){pc, name(w, symbol.func), name(w, symbol.file),
					     symbol.line};
	return slot->frame;
}

static void put_stack(struct tt_em_writer *w, const struct tt_em_node *node)
{
	struct tt_wire_frame frames[TT_V2_MAX_FRAMES];
	size_t n = node->n / sizeof(*node->pcs);

	for (size_t i = 0; i < n; i++)
		frames[i] = frame_of(w, node->pcs[i]);
	tt_encode_stack(&w->enc, node->id, frames, n);
}

static void put_string(struct tt_em_writer *w, const struct tt_em_node *node)
{
	tt_encode_string(&w->enc, node->id, (struct tt_str){node->text, node->n});
}

static void put_table(struct tt_em_writer *w, struct tt_em_table *t,
		      void (*put)(struct tt_em_writer *, const struct tt_em_node *))
{
	const struct tt_em_node *node;

	if (atomic_load_explicit(&t->last_id, memory_order_relaxed) == 0)
		return;
	for (size_t i = 0; i < TT_EM_NBUCKETS; i++) {
		node = atomic_load_explicit(&t->buckets[i], memory_order_acquire);
		for (; node != NULL; node = node->next)
			put(w, node);
	}
	node = atomic_load_explicit(&t->unindexed, memory_order_acquire);
	for (; node != NULL; node = node->next)
		put(w, node);
}

/* ---------------------------------------------------------------- generations */

static void release_slots(struct tt_em_trace *t, struct tt_em_thread *threads, unsigned parity)
{
	struct tt_em_slot *slot;

	for (struct tt_em_thread *th = threads; th != NULL; th = th->next) {
		slot = &th->slots[parity];
		tt_em_pool_put(t, &slot->chunks);
		tt_em_pool_put(t, &slot->batches);
		tt_em_pool_put(t, &slot->blocks);
		slot->last_stack = NULL;
		slot->embedded = NULL;
	}
}

void tt_em_write_generation(struct tt_em_writer *w)
{
	struct tt_em_trace *t = w->trace;
	unsigned parity = (unsigned)(w->gen & 1);
	struct tt_em_thread *threads;
	struct tt_em_proc *procs;

	tt_em_lock_take(&tt_em_tracer.lock);
	threads = t->threads;
	procs = t->procs;
	tt_em_lock_give(&tt_em_tracer.lock);
	tt_encoder_init(&w->enc, to_sink, w->sink);
	put_sync(w);
	for (struct tt_em_thread *th = threads; th != NULL; th = th->next) {
		put_chunks(w, &th->slots[parity].chunks);
		put_chunks(w, &th->slots[parity].batches);
	}
	put_silent(w, threads, procs);
	w->unknown = name(w, "?");
	begin_batch(w, TT_NONE);
	/* naming frames adds strings: these come last */
	put_table(w, &t->stacks[parity], put_stack);
	put_table(w, &t->strings[parity], put_string);
	tt_encode_end_mark(&w->enc, TT_EM_VERSION);
	tt_em_sink_commit(w->sink);
}

void tt_em_release_generation(struct tt_em_writer *w)
{
	struct tt_em_trace *t = w->trace;
	unsigned parity = (unsigned)(w->gen & 1);
	struct tt_em_thread *threads;

	tt_em_lock_take(&tt_em_tracer.lock);
	threads = t->threads;
	tt_em_lock_give(&tt_em_tracer.lock);
	tt_em_threads_retire(threads, w->gen);
	tt_em_table_clear(&t->stacks[parity]);
	tt_em_table_clear(&t->strings[parity]);
	release_slots(t, threads, parity);
	tt_em_threads_free(t);
}
