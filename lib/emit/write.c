/* SPDX-License-Identifier: MIT */
/*
 * write.c - one generation to bytes, in this order: the clock, all that threads
 * wrote, statuses of those that wrote nothing, stacks, strings, the end mark. Stands
 * on flush.h.
 */
#include "emit/flush.h"

#include "wire/format.h"

#define NOBODY UINT64_MAX
/* No record of a table is larger; also room for two events and their like. */
#define MAX_STRING_RECORD (2 * TT_VARINT_MAX + 1 + 1024)
#define MAX_STACK_RECORD (1 + 2 * TT_VARINT_MAX + TT_MAX_FRAMES * 4 * TT_VARINT_MAX)

static const char header[16] = "go 1.26 trace";

void tt_em_write_header(struct tt_em_sink *s)
{
	tt_em_sink_put(s, header, sizeof(header));
}

static struct tt_em_tables tables(const struct tt_em_writer *w)
{
	return (struct tt_em_tables){w->trace, w->life, (unsigned)(w->gen & 1)};
}

/* ------------------------------------------------------------------ batches */

/* Type, generation, thread, time, size. */
static void put_batch(struct tt_em_writer *w, uint64_t m, uint64_t time, struct tt_str body)
{
	uint8_t head[TT_BATCH_MAX_HEADER], *p = head;

	*p++ = TT_EV_EVENT_BATCH;
	p = tt_varint_put(p, w->gen);
	p = tt_varint_put(p, m);
	p = tt_varint_put(p, time);
	p = tt_varint_put(p, body.len);
	tt_em_sink_put(w->sink, head, (size_t)(p - head));
	tt_em_sink_put(w->sink, body.data, body.len);
}

static void put_chunk(struct tt_em_writer *w, struct tt_em_chunk *c)
{
	const uint8_t *end = atomic_load_explicit(&c->pos, memory_order_acquire);
	uint8_t head[TT_BATCH_MAX_HEADER], *p = head;
	size_t len = (size_t)(end - c->data);

	if (c->experiment == 0) {
		put_batch(w, c->m, c->start, (struct tt_str){(const char *)c->data, len});
		return;
	}
	*p++ = TT_EV_EXPERIMENTAL_BATCH;
	*p++ = c->experiment;
	p = tt_varint_put(p, w->gen);
	p = tt_varint_put(p, c->m);
	p = tt_varint_put(p, c->start);
	p = tt_varint_put(p, len);
	tt_em_sink_put(w->sink, head, (size_t)(p - head));
	tt_em_sink_put(w->sink, c->data, len);
}

static void put_chunks(struct tt_em_writer *w, const struct tt_em_chunks *list)
{
	for (struct tt_em_chunk *c = list->first; c != NULL; c = c->next)
		put_chunk(w, c);
}

/* ------------------------------------------------------------- w->payload */

static void payload_begin(struct tt_em_writer *w)
{
	w->used = 0;
}

static void payload_byte(struct tt_em_writer *w, unsigned byte)
{
	w->payload[w->used++] = (uint8_t)byte;
}

static void payload_number(struct tt_em_writer *w, uint64_t v)
{
	w->used = (size_t)(tt_varint_put(w->payload + w->used, v) - w->payload);
}

static bool payload_room(const struct tt_em_writer *w, size_t nbytes)
{
	return sizeof(w->payload) - w->used >= nbytes;
}

static void payload_write(struct tt_em_writer *w, uint64_t m)
{
	if (w->used > 0)
		put_batch(w, m, w->end_ticks,
			  (struct tt_str){(const char *)w->payload, w->used});
	w->used = 0;
}

/* ------------------------------------------------------------------- clock */

static void put_sync(struct tt_em_writer *w)
{
	const struct tt_em_sync_point *sync = &w->trace->syncs[w->gen & 1];

	payload_begin(w);
	payload_byte(w, TT_EV_SYNC);
	payload_byte(w, TT_EV_FREQUENCY);
	payload_number(w, w->trace->rate.frequency);
	payload_byte(w, TT_EV_CLOCK_SNAPSHOT);
	payload_number(w, 0);
	payload_number(w, sync->mono_ns);
	payload_number(w, sync->wall_sec);
	payload_number(w, sync->wall_nsec);
	put_batch(w, NOBODY, sync->ticks, (struct tt_str){(const char *)w->payload, w->used});
}

/* ------------------------------------------------------------------- silence */

/* An event at the moment when the generation ended. */
static void say(struct tt_em_writer *w, enum tt_event_type ev, const uint64_t *args, unsigned nargs)
{
	payload_byte(w, ev);
	payload_number(w, 0);
	for (unsigned i = 0; i < nargs; i++)
		payload_number(w, args[i]);
}

/* What the thread waits with, unless it went on in the next generation meanwhile. */
static uint64_t kept_stack(struct tt_em_writer *w, struct tt_em_thread *l)
{
	uint32_t n = atomic_load_explicit(&l->nkept, memory_order_relaxed);
	uint64_t pcs[TT_EM_SAVED_FRAMES];

	if (n > TT_EM_SAVED_FRAMES)
		return 0;
	for (uint32_t i = 0; i < n; i++)
		pcs[i] = atomic_load_explicit(&l->kept[i], memory_order_acquire);
	if (atomic_load_explicit(&l->g.gen[(w->gen + 1) & 1], memory_order_acquire) == w->gen + 1)
		return 0;
	return tt_em_intern_stack(tables(w), pcs, n);
}

static void say_go_status(struct tt_em_writer *w, struct tt_em_thread *l, unsigned claim)
{
	unsigned status = claim & TT_EM_STATUS_MASK;
	bool bound = status == TT_G_RUNNING || status == TT_G_SYSCALL;
	uint64_t stack = status == TT_G_RUNNING ? 0 : kept_stack(w, l);
	uint64_t args[] = {l->g.id, bound ? l->m : NOBODY, status, stack};

	say(w, stack != 0 ? TT_EV_GO_STATUS_STACK : TT_EV_GO_STATUS, args, stack != 0 ? 4 : 3);
	if (claim & TT_EM_RANGE_OPEN)
		say(w, TT_EV_GC_MARK_ASSIST_ACTIVE, &l->g.id, 1);
}

static bool has_range(const struct tt_em_claim *c)
{
	return (atomic_load_explicit(&c->cur, memory_order_relaxed) & TT_EM_RANGE_OPEN) != 0;
}

/*
 * The thread is gone and said nothing: its goroutine ends here (tt_em_threads_retire() ends
 * the claims). Not if it did write in the generation that has begun; then at the end
 * of that one, or a later one.
 */
static void say_gone(struct tt_em_writer *w, struct tt_em_thread *l, unsigned status)
{
	if (!atomic_load_explicit(&l->detached, memory_order_relaxed) ||
	    atomic_load_explicit(&l->g.gen[(w->gen + 1) & 1], memory_order_acquire) == w->gen + 1)
		return;
	if (status == TT_G_SYSCALL)
		say(w, TT_EV_GO_SYSCALL_END, NULL, 0);
	if (has_range(&l->p->claim))
		say(w, TT_EV_GC_SWEEP_END, (uint64_t[]){0, 0}, 2);
	if (has_range(&l->g))
		say(w, TT_EV_GC_MARK_ASSIST_END, NULL, 0);
	say(w, TT_EV_GO_DESTROY, NULL, 0);
	say(w, TT_EV_PROC_STOP, NULL, 0);
	l->buried = w->gen;
}

static void say_proc_status(struct tt_em_writer *w, struct tt_em_proc *p, unsigned claim)
{
	say(w, TT_EV_PROC_STATUS, (uint64_t[]){p->claim.id, claim & TT_EM_STATUS_MASK}, 2);
	if (claim & TT_EM_RANGE_OPEN)
		say(w, TT_EV_GC_SWEEP_ACTIVE, &p->claim.id, 1);
}

/* Bound to a thread: in that thread's name, the processor first (EMIT.md 3.5). */
static void silent_thread(struct tt_em_writer *w, struct tt_em_thread *l, unsigned claim)
{
	bool silent;
	unsigned p = tt_em_claim_end(&l->p->claim, w->gen, &silent);

	payload_begin(w);
	if (silent)
		say_proc_status(w, l->p, p);
	say_go_status(w, l, claim);
	/* it is silent only if it died before it began the generation with this */
	if (l->flusher)
		say(w, TT_EV_PROCS_CHANGE,
		    (uint64_t[]){atomic_load_explicit(&w->trace->nprocs, memory_order_relaxed), 0}, 2);
	say_gone(w, l, claim & TT_EM_STATUS_MASK);
	payload_write(w, l->m);
}

static bool is_bound(unsigned claim)
{
	return (claim & TT_EM_STATUS_MASK) == TT_G_RUNNING ||
	       (claim & TT_EM_STATUS_MASK) == TT_G_SYSCALL;
}

static void payload_keep_room(struct tt_em_writer *w)
{
	if (!payload_room(w, TT_EM_ROOM))
		payload_write(w, NOBODY);
}

static void silent_procs(struct tt_em_writer *w, struct tt_em_proc *procs)
{
	unsigned claim;
	bool silent;

	for (struct tt_em_proc *p = procs; p != NULL; p = p->next) {
		claim = tt_em_claim_end(&p->claim, w->gen, &silent);
		if (!silent || (claim & TT_EM_STATUS_MASK) != TT_P_IDLE)
			continue;
		payload_keep_room(w);
		say_proc_status(w, p, claim);
	}
}

static void silent_waiting(struct tt_em_writer *w, struct tt_em_thread *lives)
{
	unsigned claim;
	bool silent;

	for (struct tt_em_thread *l = lives; l != NULL; l = l->next) {
		claim = tt_em_claim_end(&l->g, w->gen, &silent);
		if (!silent || is_bound(claim) || (claim & TT_EM_STATUS_MASK) == TT_G_NONE)
			continue;
		payload_keep_room(w);
		say_go_status(w, l, claim);
	}
}

static void put_silent(struct tt_em_writer *w, struct tt_em_thread *lives, struct tt_em_proc *procs)
{
	unsigned claim;
	bool silent;

	/* a thread that is gone frees its processor: the others first */
	payload_begin(w);
	silent_procs(w, procs);
	silent_waiting(w, lives);
	payload_write(w, NOBODY);
	for (struct tt_em_thread *l = lives; l != NULL; l = l->next) {
		claim = tt_em_claim_end(&l->g, w->gen, &silent);
		if (silent && is_bound(claim))
			silent_thread(w, l, claim);
	}
}

/* -------------------------------------------------------------------- tables */

/* Names keep their last bytes, as Go's do. Never 0 for a text: Go's tools expect names. */
static uint64_t name(struct tt_em_writer *w, const char *s)
{
	size_t len = strlen(s);
	uint64_t id;

	if (len > 1024) {
		s += len - 1024;
		len = 1024;
	}
	id = tt_em_intern_string(tables(w), s, len);
	return id != 0 || len == 0 ? id : w->unknown;
}

static struct tt_em_named_frame frame_of(struct tt_em_writer *w, uint64_t pc)
{
	struct tt_em_named_frame *slot =
		&w->frames[(pc ^ pc >> 14) * UINT64_C(0x9e3779b97f4a7c15) >> 50 &
			   (TT_EM_NFRAMES - 1)];
	struct tt_emit_symbol symbol;

	if (slot->pc == pc && slot->gen == w->gen)
		return *slot;
	tt_em_symbol_find(&w->symbols, w->gen, pc, &symbol);
	*slot = (struct tt_em_named_frame){pc, w->gen, name(w, symbol.func), name(w, symbol.file),
					   symbol.line};
	return *slot;
}

static void put_stack(struct tt_em_writer *w, const struct tt_em_node *node)
{
	struct tt_em_named_frame f;

	if (!payload_room(w, MAX_STACK_RECORD))
		payload_write(w, NOBODY);
	if (w->used == 0)
		payload_byte(w, TT_EV_STACKS);
	payload_byte(w, TT_EV_STACK);
	payload_number(w, node->id);
	payload_number(w, node->n / 8);
	for (uint32_t i = 0; i < node->n / 8; i++) {
		f = frame_of(w, node->pcs[i]);
		payload_number(w, f.pc);
		payload_number(w, f.func);
		payload_number(w, f.file);
		payload_number(w, f.line);
	}
}

static void put_string(struct tt_em_writer *w, const struct tt_em_node *node)
{
	if (!payload_room(w, MAX_STRING_RECORD))
		payload_write(w, NOBODY);
	if (w->used == 0)
		payload_byte(w, TT_EV_STRINGS);
	payload_byte(w, TT_EV_STRING);
	payload_number(w, node->id);
	payload_number(w, node->n);
	memcpy(w->payload + w->used, node->text, node->n);
	w->used += node->n;
}

static void put_table(struct tt_em_writer *w, struct tt_em_table *t,
		      void (*put)(struct tt_em_writer *, const struct tt_em_node *))
{
	const struct tt_em_node *node;

	if (atomic_load_explicit(&t->last_id, memory_order_relaxed) == 0)
		return;
	payload_begin(w);
	for (size_t i = 0; i < TT_EM_NBUCKETS; i++) {
		node = atomic_load_explicit(&t->buckets[i], memory_order_acquire);
		for (; node != NULL; node = node->next)
			put(w, node);
	}
	node = atomic_load_explicit(&t->loose, memory_order_acquire);
	for (; node != NULL; node = node->next)
		put(w, node);
	payload_write(w, NOBODY);
}

/* ---------------------------------------------------------------- generations */

static void release_slots(struct tt_em_trace *t, struct tt_em_thread *lives, unsigned parity)
{
	struct tt_em_slot *slot;

	for (struct tt_em_thread *l = lives; l != NULL; l = l->next) {
		slot = &l->slots[parity];
		tt_em_pool_put(t, &slot->chunks);
		tt_em_pool_put(t, &slot->batches);
		tt_em_pool_put(t, &slot->blocks);
		slot->last_stack = NULL;
		slot->carried = NULL;
	}
}

void tt_em_write_generation(struct tt_em_writer *w)
{
	struct tt_em_trace *t = w->trace;
	unsigned parity = (unsigned)(w->gen & 1);
	uint8_t end = TT_EV_END_OF_GENERATION;
	struct tt_em_thread *lives;
	struct tt_em_proc *procs;

	tt_em_lock(&tt_em_tracer.lock);
	lives = t->lives;
	procs = t->procs;
	tt_em_unlock(&tt_em_tracer.lock);
	put_sync(w);
	for (struct tt_em_thread *l = lives; l != NULL; l = l->next) {
		put_chunks(w, &l->slots[parity].chunks);
		put_chunks(w, &l->slots[parity].batches);
	}
	put_silent(w, lives, procs);
	w->unknown = name(w, "?");
	/* naming frames adds strings: these come last */
	put_table(w, &t->stacks[parity], put_stack);
	put_table(w, &t->strings[parity], put_string);
	tt_em_sink_put(w->sink, &end, 1);
	tt_em_sink_commit(w->sink);
}

void tt_em_release_generation(struct tt_em_writer *w)
{
	struct tt_em_trace *t = w->trace;
	unsigned parity = (unsigned)(w->gen & 1);
	struct tt_em_thread *lives;

	tt_em_lock(&tt_em_tracer.lock);
	lives = t->lives;
	tt_em_unlock(&tt_em_tracer.lock);
	tt_em_threads_retire(lives, w->gen);
	tt_em_table_clear(&t->stacks[parity]);
	tt_em_table_clear(&t->strings[parity]);
	release_slots(t, lives, parity);
	tt_em_threads_free(t);
}
