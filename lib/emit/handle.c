/* SPDX-License-Identifier: MIT */
/*
 * handle.c - the handles of threads: made at a thread's first event, taken back when the
 * kernel says that the thread is gone. Stands on emit.h.
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
/* The very last round is left to what must be later still (sanitizers). */
#define LAST_ROUND (PTHREAD_DESTRUCTOR_ITERATIONS - 1)

/* Between asking for a handle and having it. */
static _Thread_local volatile int in_making __attribute__((tls_model("initial-exec")));

static pthread_key_t key;
static atomic_bool have_key;
static void (*on_thread_exit)(struct tt_emit *e);

/* -------------------------------------------------------------------- making */

static struct tt_emit *reuse_handle(void)
{
	struct tt_emit *e = atomic_load_explicit(&tt_em_tracer.handles, memory_order_acquire);

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
	e->chunk = &tt_em_no_chunk;
	e->epoch_gen = TT_EM_NO_EPOCH_GEN;
	e->next = atomic_load_explicit(&tt_em_tracer.handles, memory_order_relaxed);
	atomic_store_explicit(&tt_em_tracer.handles, e, memory_order_release);
	return e;
}

static struct tt_emit *new_handle(void)
{
	struct tt_emit *e;

	tt_em_lock_take(&tt_em_tracer.lock);
	e = reuse_handle();
	if (e == NULL)
		e = slab_handle();
	if (e != NULL)
		e->tid = (int)syscall(SYS_gettid);
	else
		atomic_fetch_add(&tt_em_tracer.lost, 1);
	tt_em_lock_give(&tt_em_tracer.lock);
	return e;
}

struct tt_emit *tt_em_handle(void)
{
	int saved = errno;

	if (tt_em_self == NULL && !in_making) {
		in_making = 1;
		atomic_signal_fence(memory_order_seq_cst);
		tt_em_self = new_handle();
		if (tt_em_self != NULL && have_key)
			pthread_setspecific(key, tt_em_self);
		atomic_signal_fence(memory_order_seq_cst);
		in_making = 0;
	}
	errno = saved;
	return tt_em_self;
}

/* --------------------------------------------------------------- taking back */

/* Asks to be called again for some rounds, so that other destructors' events have a goroutine. */
static void thread_exits(void *arg)
{
	struct tt_emit *e = arg;

	if (++e->rounds < LAST_ROUND) {
		pthread_setspecific(key, e);
		return;
	}
	on_thread_exit(e);
	atomic_store_explicit(&e->exited, 1, memory_order_release);
}

bool tt_em_handles_init(void (*on_exit)(struct tt_emit *e))
{
	on_thread_exit = on_exit;
	if (!have_key)
		have_key = pthread_key_create(&key, thread_exits) == 0;
	return have_key;
}

bool tt_em_tid_gone(int tid)
{
	int saved = errno;
	bool gone = syscall(SYS_tgkill, getpid(), tid, 0) != 0 && errno == ESRCH;

	errno = saved;
	return gone;
}

/* No thread has this handle any more. */
static void free_handle(struct tt_emit *e)
{
	uint64_t epoch_gen = atomic_load_explicit(&tt_em_tracer.epoch_gen, memory_order_relaxed);

	if (e->thread != NULL && tt_em_epoch_of(e->epoch_gen) == tt_em_epoch_of(epoch_gen))
		atomic_store_explicit(&e->thread->detached, true, memory_order_relaxed);
	e->thread = NULL;
	e->epoch_gen = TT_EM_NO_EPOCH_GEN;
	e->chunk = &tt_em_no_chunk;
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

void tt_em_handles_reap(void)
{
	struct tt_emit *e;

	tt_em_lock_take(&tt_em_tracer.lock);
	for (e = atomic_load(&tt_em_tracer.handles); e != NULL; e = e->next) {
		if (atomic_load_explicit(&e->free, memory_order_acquire))
			continue;
		atomic_fetch_add(&tt_em_tracer.lost, atomic_exchange(&e->lost, 0));
		atomic_fetch_add(&tt_em_tracer.refused, atomic_exchange(&e->refused, 0));
		if (!tt_em_tid_gone(e->tid))
			continue;
		/* all that the thread did comes before this, for this thread too */
		atomic_load_explicit(&e->exited, memory_order_acquire);
		atomic_exchange_explicit(&e->writing, 0, memory_order_acquire);
		free_handle(e);
	}
	tt_em_lock_give(&tt_em_tracer.lock);
}

void tt_em_handles_forked(void)
{
	struct tt_emit *e;

	for (e = atomic_load(&tt_em_tracer.handles); e != NULL; e = e->next) {
		uint32_t depth = e->depth;
		bool own = e == tt_em_self;

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
