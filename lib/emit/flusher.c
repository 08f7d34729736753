/* SPDX-License-Identifier: MIT */
/*
 * flusher.c - the tracer's own thread, which ends generations and writes them. Stands
 * on flusher.h.
 *
 * How a generation ends (EMIT.md 3.4): the flusher stores the next number, then waits
 * until it has seen each thread outside of a section once. From then on nobody writes
 * for the old one. A thread first says that it is inside, then reads the number. Others
 * see the two in this order only with a barrier in between. The flusher makes all threads
 * execute one (membarrier), so that they need none of their own.
 */
#include "emit/flusher.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* At exit a thread that is inside a section is waited for no longer than this. */
#define EXIT_WAIT_NS UINT64_C(10000000)
#define SPINS 200

/* ------------------------------------------------------------------- barriers */

bool tt_em_membarrier_init(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

static void barrier_everywhere(void)
{
	if (!atomic_load_explicit(&tt_em_tracer.fence, memory_order_relaxed))
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/* ---------------------------------------------------------------- the flusher */

struct tt_em_sync_point tt_em_sync_now(void)
{
	struct timespec wall;
	struct tt_em_sync_point s;

	s.ticks = tt_em_clock_now();
	s.mono_ns = tt_em_clock_mono_ns();
	clock_gettime(CLOCK_REALTIME, &wall);
	s.wall_sec = (uint64_t)wall.tv_sec;
	s.wall_nsec = (uint64_t)wall.tv_nsec;
	return s;
}

/*
 * Until the thread was seen outside of a section. Gives up if the thread is gone, and at
 * exit if it takes too long.
 */
static void wait_outside(struct tt_em_flusher *f, struct tt_emit *e)
{
	uint64_t start = 0, now;

	for (unsigned i = 0; atomic_load_explicit(&e->writing, memory_order_seq_cst) != 0; i++) {
		if (i < SPINS) {
			sched_yield();
			continue;
		}
		now = tt_em_clock_mono_ns();
		if (start == 0)
			start = now;
		if (tt_em_tid_gone(e->tid))
			return;
		if (atomic_load(&f->exiting) && now - start > EXIT_WAIT_NS) {
			f->stuck = true;
			return;
		}
		nanosleep(&(struct timespec){0, 50000}, NULL);
	}
}

static void wait_all_outside(struct tt_em_flusher *f)
{
	struct tt_emit *e = atomic_load_explicit(&tt_em_tracer.handles, memory_order_acquire);

	for (; e != NULL; e = e->next)
		wait_outside(f, e);
}

/* How many events are missing, as a log in the trace. */
static void write_losses(struct tt_em_flusher *f, struct tt_emit *e)
{
	uint64_t lost = atomic_load(&tt_em_tracer.lost);
	char message[64];

	if (lost == f->reported_lost)
		return;
	snprintf(message, sizeof(message), "%llu events lost for lack of memory",
		 (unsigned long long)(lost - f->reported_lost));
	tt_emit_log(e, 0, "tracetool", message, 0);
	f->reported_lost = lost;
}

/* What a generation begins with: the flusher writes it, and sleeps again. */
static void begin_generation(struct tt_em_flusher *f)
{
	struct tt_emit *e = tt_em_handle();
	struct tt_em_trace *t = tt_em_trace();

	e->busy = 0;
	e->waits = 0;
	if (tt_em_section_begin(e) != NULL) {
		f->writer.thread = e->thread;
		tt_em_busy_begin(e);
		if (tt_em_room(e) && tt_em_to_running(e)) {
			tt_em_write2(e, TT_EV_PROCS_CHANGE,
				     atomic_load_explicit(&t->nprocs, memory_order_relaxed), 0);
			/* others may have begun it in the first generation */
			if (t->gc_runs && e->gen > 1) {
				tt_em_write1(e, TT_EV_GC_ACTIVE, ++t->gc_seq);
				t->gc_gen = e->gen;
			}
		}
		tt_em_busy_end(e);
		write_losses(f, e);
		tt_em_embed_specs(e, f->specs);
		if (f->generation != NULL)
			f->generation(f->arg, e);
		tt_emit_syscall_begin(e, 0);
		tt_em_section_end(e);
	}
	e->busy = 1;
}

/* The flusher's goroutine has a name of its own, before its first event. */
static bool flusher_start(struct tt_em_flusher *f)
{
	struct tt_emit *e = tt_em_handle();

	if (e == NULL || tt_em_section_begin(e) == NULL)
		return false;
	e->flusher = true;
	e->thread->flusher = 1;
	e->thread->start = TT_EM_START_FLUSHER;
	f->writer.thread = e->thread;
	tt_em_section_end(e);
	return true;
}

/* From here on the generation need not be recovered. */
static void publish_progress(struct tt_em_flusher *f)
{
	struct tt_em_trace *t = tt_em_trace();

	if (f->sink.error.code != TT_OK) {
		atomic_store(&t->failed, 1);
		return;
	}
	/* what the flight recorder keeps goes with the process */
	t->done_nbytes[f->gen & 1] = f->sink.to.flight ? 0 : f->sink.nbytes;
	atomic_store(&t->done_gen, f->gen);
}

static void publish_counts(const struct tt_em_flusher *f)
{
	tt_em_lock_take(&tt_em_tracer.counts_lock);
	tt_em_tracer.counts = (struct tt_emit_counts){
		.generations = f->generations,
		.nbytes = f->sink.nbytes,
		.lost = atomic_load(&tt_em_tracer.lost),
		.refused = atomic_load(&tt_em_tracer.refused),
	};
	tt_em_lock_give(&tt_em_tracer.counts_lock);
}

/* Ends the generation; `next` is the epoch_gen of the one to come, 0 for none. */
static void advance(struct tt_em_flusher *f, uint64_t next)
{
	struct tt_em_trace *t = tt_em_trace();

	tt_em_lock_take(&tt_em_tracer.gc);
	t->syncs[(f->gen + 1) & 1] = tt_em_sync_now();
	f->writer.gen = f->gen;
	f->writer.end_ticks = t->syncs[(f->gen + 1) & 1].ticks;
	if (next == 0)
		tt_em_set_on(false);
	atomic_store_explicit(&t->gen_nbytes, 0, memory_order_relaxed);
	atomic_store_explicit(&t->flusher_woken, false, memory_order_relaxed);
	if (next != 0)
		atomic_store(&t->gen, f->gen + 1);
	atomic_store(&tt_em_tracer.epoch_gen, next);
	barrier_everywhere();
	if (next != 0)
		begin_generation(f);
	tt_em_lock_give(&tt_em_tracer.gc);
	if (f->shared_path[0] != '\0')
		tt_em_symbols_read(&f->writer.symbols);
	wait_all_outside(f);
	tt_em_handles_reap();
	tt_em_write_generation(&f->writer);
	publish_progress(f);
	tt_em_release_generation(&f->writer);
	f->gen++;
	f->generations++;
	publish_counts(f);
}

static void take_snapshot(struct tt_em_flusher *f)
{
	uint8_t header[TT_HEADER_SIZE];
	int failed;

	tt_put_header(header, TT_EM_VERSION);
	failed = tt_em_sink_write_all(f->snapshot_fd, header, sizeof(header));
	for (struct tt_em_saved *k = f->sink.first; k != NULL && failed == 0; k = k->next)
		failed = tt_em_sink_write_all(f->snapshot_fd, k->data, k->len);
	f->snapshot_errno = failed;
	f->snapshot_fd = -1;
}

static void advance_once(struct tt_em_flusher *f)
{
	uint32_t asked = atomic_load(&f->asked);

	atomic_store_explicit(&tt_em_tracer.gen_full, false, memory_order_relaxed);
	advance(f, atomic_load(&tt_em_tracer.epoch_gen) + 1);
	if (f->snapshot_fd >= 0)
		take_snapshot(f);
	atomic_store(&f->done, asked);
	tt_em_futex_wake_all(&f->done);
}

/* Sleeps until the generation is old or large enough, or somebody asks. */
static void wait_for_work(struct tt_em_flusher *f, uint64_t deadline)
{
	for (;;) {
		uint32_t wakes = atomic_load(&tt_em_tracer.wakes);
		uint64_t now = tt_em_clock_mono_ns();

		if (now >= deadline || atomic_load(&f->stop) ||
		    atomic_load(&tt_em_tracer.gen_full) ||
		    atomic_load(&f->asked) != atomic_load(&f->done))
			return;
		tt_em_futex_wait(&tt_em_tracer.wakes, wakes, deadline - now);
	}
}

void *tt_em_flusher_run(void *arg)
{
	struct tt_em_flusher *f = arg;
	bool started = flusher_start(f);

	if (started) {
		tt_em_symbols_read(&f->writer.symbols);
		tt_em_lock_take(&tt_em_tracer.gc);
		begin_generation(f);
		tt_em_lock_give(&tt_em_tracer.gc);
	}
	atomic_store(&f->ready, started ? 1 : 2);
	tt_em_futex_wake_all(&f->ready);
	while (started && !atomic_load(&f->stop)) {
		wait_for_work(f, tt_em_clock_mono_ns() + f->period_ns);
		if (!atomic_load(&f->stop))
			advance_once(f);
	}
	if (started)
		advance(f, 0);
	/* for requests that came meanwhile */
	atomic_store(&f->done, atomic_load(&f->asked));
	tt_em_futex_wake_all(&f->done);
	return NULL;
}
