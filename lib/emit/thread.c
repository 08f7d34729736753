/* SPDX-License-Identifier: MIT */
/*
 * thread.c - handles and lives: how a thread comes to the tracer, enters and leaves
 * sections, and goes. Stands on emit.h.
 *
 * Handles are never unmapped and each is one thread's until that thread is gone for
 * the kernel, so a thread may look at its own at any time, tracing or not.
 */
#include "emit/emit.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SLAB_NBYTES (64 * 1024)
/* Names in symbol.c: a thread with no announcement, and the process's first one. */
#define START_UNKNOWN 1
#define START_MAIN 3
/* The very last round belongs to those who must be later still (sanitizers). */
#define LAST_ROUND (PTHREAD_DESTRUCTOR_ITERATIONS - 1)

_Thread_local struct tt_emit *tt_self __attribute__((tls_model("initial-exec")));
/* Between asking for a handle and having it. */
static _Thread_local volatile int coming __attribute__((tls_model("initial-exec")));

static pthread_key_t key;
static atomic_bool have_key;

/* ------------------------------------------------------------------- handles */

static struct tt_emit *reuse_handle(void)
{
	struct tt_emit *e = atomic_load_explicit(&tt_tracer.handles, memory_order_acquire);

	for (; e != NULL; e = e->next) {
		if (atomic_load_explicit(&e->free, memory_order_acquire)) {
			atomic_store_explicit(&e->free, 0, memory_order_relaxed);
			return e;
		}
	}
	return NULL;
}

static struct tt_emit *slab_handle(void)
{
	static uint8_t *slab, *slab_end;
	struct tt_emit *e;
	void *map;

	if ((size_t)(slab_end - slab) < sizeof(*e)) {
		map = mmap(NULL, SLAB_NBYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
		if (map == MAP_FAILED)
			return NULL;
		slab = map;
		slab_end = slab + SLAB_NBYTES;
	}
	e = (struct tt_emit *)(void *)slab;
	slab += sizeof(*e);
	e->chunk = &tt_no_chunk;
	e->stamp = TT_NO_STAMP;
	e->next = atomic_load_explicit(&tt_tracer.handles, memory_order_relaxed);
	atomic_store_explicit(&tt_tracer.handles, e, memory_order_release);
	return e;
}

static struct tt_emit *new_handle(void)
{
	struct tt_emit *e;

	tt_lock(&tt_tracer.lock);
	e = reuse_handle();
	if (e == NULL)
		e = slab_handle();
	if (e != NULL)
		e->tid = (int)syscall(SYS_gettid);
	tt_unlock(&tt_tracer.lock);
	return e;
}

struct tt_emit *tt_handle(bool make)
{
	int saved = errno;

	if (tt_self == NULL && make && !coming) {
		coming = 1;
		atomic_signal_fence(memory_order_seq_cst);
		tt_self = new_handle();
		if (tt_self != NULL && have_key)
			pthread_setspecific(key, tt_self);
		atomic_signal_fence(memory_order_seq_cst);
		coming = 0;
	}
	errno = saved;
	return tt_self;
}

/* --------------------------------------------------------- lives and processors */

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
	l->start = START_UNKNOWN;
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

/* The life is this thread's. False: no processor left. The lock is held. */
static bool settle(struct tt_emit *e, struct tt_life *l)
{
	struct tt_trace *t = tt_trace();
	int tid = e->tid;

	l->p = tt_proc_take(e->gen);
	if (l->p == NULL)
		return false;
	l->m = (uint64_t)tid;
	/* the kernel gives numbers of threads again; the trace must not */
	if (tid >= 0 && tid < TT_NTIDS)
		l->m += (uint64_t)t->incarnations[tid]++ * TT_NTIDS;
	e->life = l;
	return true;
}

static bool come(struct tt_emit *e)
{
	struct tt_life *l;
	bool there = false;

	e->life = NULL;
	tt_lock(&tt_tracer.lock);
	l = tt_life_new(tt_trace());
	if (l != NULL) {
		if (e->tid == getpid())
			l->start = START_MAIN;
		there = settle(e, l);
		/* the flusher gives it back: nothing was written */
		if (!there)
			atomic_store_explicit(&l->detached, true, memory_order_relaxed);
	}
	tt_unlock(&tt_tracer.lock);
	return there;
}

/* ------------------------------------------------------------------- sections */

/* A generation, or a whole trace, that the thread has not seen yet. */
static bool turn(struct tt_emit *e, uint64_t stamp)
{
	bool same = e->stamp >> TT_EPOCH_SHIFT == stamp >> TT_EPOCH_SHIFT;

	e->gen = stamp & TT_GEN_MASK;
	e->chunk = &tt_no_chunk;
	if (!same || e->life == NULL) {
		e->waits = 0;
		if (!come(e)) {
			e->stamp = TT_NO_STAMP;
			tt_lost(e);
			return false;
		}
	}
	e->stamp = stamp;
	return true;
}

struct tt_emit *tt_section_begin(struct tt_emit *e)
{
	uint64_t stamp;

	if (e->busy)
		return NULL;
	if (e->depth != 0) {
		e->depth++;
		return e;
	}
	tt_busy_begin(e);
	if (tt_unlikely(atomic_load_explicit(&tt_tracer.fence, memory_order_relaxed))) {
		atomic_exchange(&e->writing, 1);
	} else {
		/* the flusher's membarrier is the other half of this fence */
		atomic_store_explicit(&e->writing, 1, memory_order_relaxed);
		atomic_signal_fence(memory_order_seq_cst);
	}
	stamp = atomic_load_explicit(&tt_tracer.stamp, memory_order_seq_cst);
	if (tt_unlikely(stamp != e->stamp) && (stamp == 0 || !turn(e, stamp))) {
		atomic_store_explicit(&e->writing, 0, memory_order_release);
		tt_busy_end(e);
		return NULL;
	}
	e->depth = 1;
	tt_busy_end(e);
	return e;
}

void tt_section_end(struct tt_emit *e)
{
	if (e->depth > 1) {
		e->depth--;
		return;
	}
	if (tt_unlikely(e->stw))
		tt_emit_range_end(e, TT_EMIT_RANGE_STW, 0, 0);
	e->depth = 0;
	atomic_signal_fence(memory_order_seq_cst);
	atomic_store_explicit(&e->writing, 0, memory_order_release);
}

struct tt_emit *tt_emit_acquire(void)
{
	struct tt_emit *e = tt_self;

	if (tt_unlikely(e == NULL)) {
		if (atomic_load_explicit(&tt_tracer.stamp, memory_order_relaxed) == 0)
			return NULL;
		e = tt_handle(true);
		if (e == NULL)
			return NULL;
	}
	return tt_section_begin(e);
}

void tt_emit_release(struct tt_emit *e)
{
	tt_section_end(e);
}

uint64_t tt_emit_generation(const struct tt_emit *e)
{
	return e->gen;
}

/* ------------------------------------------------------------------ announced */

/* The life that a token names, if it waits for its thread still. The lock is held. */
static struct tt_life *announced(uint64_t token)
{
	struct tt_trace *t = tt_trace();
	uint64_t index = (token & UINT32_MAX) - 1;
	struct tt_life *l;

	if (token == 0 || index >= t->nlives)
		return NULL;
	l = &t->life_area[index];
	return l->serial == token >> 32 && l->p == NULL && l->g.id != 0 ? l : NULL;
}

/* True: the thread is in a section, with the life that was announced. */
static bool adopt(struct tt_emit *e, uint64_t token)
{
	struct tt_life *l;
	bool done = false;

	tt_lock(&tt_tracer.lock);
	l = announced(token);
	if (l != NULL)
		done = settle(e, l);
	tt_unlock(&tt_tracer.lock);
	return done;
}

/* As a section's begin, but the thread gets no life of its own. */
static bool begin_announced(struct tt_emit *e, uint64_t token)
{
	uint64_t stamp;
	bool done = false;

	tt_busy_begin(e);
	atomic_exchange(&e->writing, 1);
	stamp = atomic_load(&tt_tracer.stamp);
	if (stamp != 0 && stamp >> TT_EPOCH_SHIFT != e->stamp >> TT_EPOCH_SHIFT) {
		e->gen = stamp & TT_GEN_MASK;
		e->chunk = &tt_no_chunk;
		e->waits = 0;
		done = adopt(e, token);
		e->stamp = done ? stamp : TT_NO_STAMP;
	}
	if (done && tt_room(e))
		tt_to_running(e);
	atomic_store_explicit(&e->writing, 0, memory_order_release);
	tt_busy_end(e);
	return done;
}

void tt_emit_thread_begin(uint64_t token)
{
	struct tt_emit *e;

	if (atomic_load_explicit(&tt_tracer.stamp, memory_order_relaxed) == 0)
		return;
	e = tt_handle(true);
	if (e == NULL || e->busy || e->depth != 0)
		return;
	if (token == 0 || !begin_announced(e, token)) {
		e = tt_section_begin(e);
		if (e == NULL)
			return;
		tt_busy_begin(e);
		if (tt_room(e))
			tt_to_running(e);
		tt_busy_end(e);
		tt_section_end(e);
	}
}

/*
 * A goroutine that nobody will run ends on a thread made up for it, whose number no
 * real thread has.
 */
static void bury(struct tt_emit *e, struct tt_life *l)
{
	struct tt_life *own = e->life;
	struct tt_chunk *chunk = e->chunk;

	l->m = (UINT64_C(1) << 40) + l->g.id;
	e->life = l;
	e->chunk = &tt_no_chunk;
	tt_state_exit(e);
	atomic_store_explicit(&l->detached, true, memory_order_relaxed);
	e->life = own;
	e->chunk = chunk;
}

void tt_emit_thread_cancel(uint64_t token)
{
	struct tt_emit *e = token != 0 ? tt_emit_acquire() : NULL;
	struct tt_life *l;

	if (e == NULL)
		return;
	tt_busy_begin(e);
	tt_lock(&tt_tracer.lock);
	l = announced(token);
	if (l != NULL && l->wake_gen <= e->gen)
		l->p = tt_proc_take(e->gen);
	else
		l = NULL;
	tt_unlock(&tt_tracer.lock);
	if (l != NULL && l->p != NULL)
		bury(e, l);
	tt_busy_end(e);
	tt_emit_release(e);
}

/* ------------------------------------------------------------------ departure */

/* Of the trace that the thread knows; into another one it never came. */
static void depart(struct tt_emit *e)
{
	uint64_t stamp = atomic_load_explicit(&tt_tracer.stamp, memory_order_acquire);

	if (stamp >> TT_EPOCH_SHIFT != e->stamp >> TT_EPOCH_SHIFT || tt_section_begin(e) == NULL)
		return;
	tt_busy_begin(e);
	tt_state_exit(e);
	tt_busy_end(e);
	tt_section_end(e);
}

void tt_emit_thread_end(void)
{
	if (tt_self != NULL)
		depart(tt_self);
}

/* Comes back for some rounds, so that other destructors' events have a goroutine. */
static void thread_exits(void *arg)
{
	struct tt_emit *e = arg;

	if (++e->rounds < LAST_ROUND) {
		pthread_setspecific(key, e);
		return;
	}
	depart(e);
	atomic_store_explicit(&e->exited, 1, memory_order_release);
}

bool tt_threads_init(void)
{
	if (!have_key)
		have_key = pthread_key_create(&key, thread_exits) == 0;
	return have_key;
}

bool tt_tid_gone(int tid)
{
	int saved = errno;
	bool gone = syscall(SYS_tgkill, getpid(), tid, 0) != 0 && errno == ESRCH;

	errno = saved;
	return gone;
}

/* The thread is gone: nobody has this handle any more. */
static void free_handle(struct tt_emit *e)
{
	uint64_t stamp = atomic_load_explicit(&tt_tracer.stamp, memory_order_relaxed);

	if (e->life != NULL && e->stamp >> TT_EPOCH_SHIFT == stamp >> TT_EPOCH_SHIFT)
		atomic_store_explicit(&e->life->detached, true, memory_order_relaxed);
	e->life = NULL;
	e->stamp = TT_NO_STAMP;
	e->chunk = &tt_no_chunk;
	e->depth = 0;
	e->busy = 0;
	e->stw = false;
	e->flusher = false;
	e->rounds = 0;
	e->waits = 0;
	e->stack_low = e->stack_end = 0;
	e->tid = 0;
	atomic_store_explicit(&e->exited, 0, memory_order_relaxed);
	atomic_store_explicit(&e->free, 1, memory_order_release);
}

static void sum_up(struct tt_emit *e)
{
	atomic_fetch_add(&tt_tracer.lost, atomic_exchange(&e->lost, 0));
	atomic_fetch_add(&tt_tracer.refused, atomic_exchange(&e->refused, 0));
}

void tt_threads_reap(void)
{
	struct tt_emit *e;

	tt_lock(&tt_tracer.lock);
	for (e = atomic_load(&tt_tracer.handles); e != NULL; e = e->next) {
		if (atomic_load_explicit(&e->free, memory_order_acquire))
			continue;
		sum_up(e);
		if (!tt_tid_gone(e->tid))
			continue;
		/* what the thread did is behind it, for this one too */
		atomic_load_explicit(&e->exited, memory_order_acquire);
		atomic_exchange_explicit(&e->writing, 0, memory_order_acquire);
		free_handle(e);
	}
	tt_unlock(&tt_tracer.lock);
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

void tt_threads_forked(void)
{
	struct tt_emit *e;

	for (e = atomic_load(&tt_tracer.handles); e != NULL; e = e->next) {
		uint32_t depth = e->depth;
		bool own = e == tt_self;

		if (atomic_load(&e->free))
			continue;
		free_handle(e);
		atomic_store(&e->writing, 0);
		if (own) {
			/* it may be inside a section, and release it yet */
			e->depth = depth;
			e->tid = (int)syscall(SYS_gettid);
			atomic_store(&e->free, 0);
		}
	}
}
