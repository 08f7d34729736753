/* SPDX-License-Identifier: MIT */
/*
 * tracer.c - the one tracer of the process: start and stop, the flusher's thread that
 * ends generations, fork and exit. This is the emitter's global state; everything of
 * one trace lies in its region and in struct tt_flush. Stands on flush.h.
 *
 * How a generation ends (EMIT.md 3.4): the flusher stores the next number, then waits
 * until it has seen each thread outside of a section once. From then on nobody writes
 * for the old one. A thread reads the number after it has said that it is inside;
 * that these two are seen in this order takes a barrier, which the flusher makes all
 * threads execute (membarrier), so that they need none of their own.
 */
#include "emit/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

#define SECOND_NS UINT64_C(1000000000)
#define MIB (UINT64_C(1) << 20)
#define DEFAULT_PERIOD_NS SECOND_NS
#define DEFAULT_GENERATION_NBYTES (32 * MIB)
#define DEFAULT_MEMORY_NBYTES (256 * MIB)
#define DEFAULT_FLIGHT_NS (10 * SECOND_NS)
#define DEFAULT_FLIGHT_NBYTES (64 * MIB)
#define MIN_MEMORY_NBYTES MIB
#define FLUSHER_START 2         /* a name in symbol.c */
/* At exit nobody waits longer for a thread that is inside a section. */
#define EXIT_WAIT_NS (10 * SECOND_NS / 1000)
#define SPINS 200

/* With the barrier in every section, until it is known that they need none. */
struct tt_tracer tt_tracer = {.fence = true};
uint32_t tt_emit_on_;

/* What the flusher has, and how others talk to it. */
struct tt_flush {
	struct tt_writer writer;
	struct tt_sink sink;
	void (*generation)(void *arg, struct tt_emit *e);
	void *arg;
	const struct tt_specs *specs;
	uint64_t period_ns;
	void *region;
	size_t region_nbytes;
	bool shared;
	char shared_path[PATH_MAX];
	pthread_t thread;
	_Atomic uint32_t bell;          /* changes when there is something to do */
	_Atomic uint32_t asked, done;   /* generations to end on request */
	_Atomic uint32_t ready;         /* 1: the first generation has begun, 2: it could not */
	_Atomic bool stop, exiting, full;
	bool stuck;                     /* a thread was left inside a section */
	uint64_t gen, generations;
	int snapshot_fd;                /* -1: none asked for */
	int snapshot_errno;
	uint64_t told_lost;             /* in the trace itself */
	uint16_t incarnations[TT_NTIDS];
};

static struct tt_flush *flush;
/* Of start, stop and snapshot: one at a time. */
static struct tt_lock control;
static uint64_t epoch;
static struct tt_emit_counts counts;
static struct tt_lock counts_lock;

static void set_on(bool on)
{
	__atomic_store_n(&tt_emit_on_, on ? 1 : 0, __ATOMIC_RELAXED);
}

/* ------------------------------------------------------------------- barriers */

static bool membarrier_init(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

static void barrier_everywhere(void)
{
	if (!atomic_load_explicit(&tt_tracer.fence, memory_order_relaxed))
		syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/* ---------------------------------------------------------------- the flusher */

void tt_flusher_poke(void)
{
	atomic_store_explicit(&flush->full, true, memory_order_relaxed);
	atomic_fetch_add(&flush->bell, 1);
	tt_futex_wake_all(&flush->bell);
}

static struct tt_sync_point sync_now(void)
{
	struct timespec wall;
	struct tt_sync_point s;

	s.ticks = tt_clock_now();
	s.mono_ns = tt_clock_mono_ns();
	clock_gettime(CLOCK_REALTIME, &wall);
	s.wall_sec = (uint64_t)wall.tv_sec;
	s.wall_nsec = (uint64_t)wall.tv_nsec;
	return s;
}

/*
 * Until the thread was seen outside of a section. One that is gone stays where it
 * was; at exit so does one that takes too long.
 */
static void wait_outside(struct tt_flush *f, struct tt_emit *e)
{
	uint64_t start = 0, now;

	for (unsigned i = 0; atomic_load_explicit(&e->writing, memory_order_seq_cst) != 0; i++) {
		if (i < SPINS) {
			sched_yield();
			continue;
		}
		now = tt_clock_mono_ns();
		if (start == 0)
			start = now;
		if (tt_tid_gone(e->tid))
			return;
		if (atomic_load(&f->exiting) && now - start > EXIT_WAIT_NS) {
			f->stuck = true;
			return;
		}
		nanosleep(&(struct timespec){0, 50000}, NULL);
	}
}

static void wait_all_outside(struct tt_flush *f)
{
	struct tt_emit *e = atomic_load_explicit(&tt_tracer.handles, memory_order_acquire);

	for (; e != NULL; e = e->next)
		wait_outside(f, e);
}

/* What did not come into the trace, in the trace. */
static void tell_losses(struct tt_flush *f, struct tt_emit *e)
{
	uint64_t lost = atomic_load(&tt_tracer.lost);
	char message[64];

	if (lost == f->told_lost)
		return;
	snprintf(message, sizeof(message), "%llu events lost for want of memory",
		 (unsigned long long)(lost - f->told_lost));
	tt_emit_log(e, 0, "tracetool", message, 0);
	f->told_lost = lost;
}

/* The first things of a generation: it is the flusher who says them, and sleeps on. */
static void begin_generation(struct tt_flush *f)
{
	struct tt_emit *e = tt_handle(true);
	struct tt_trace *t = tt_trace();

	e->busy = 0;
	e->waits = 0;
	if (tt_section_begin(e) != NULL) {
		f->writer.life = e->life;
		tt_busy_begin(e);
		if (tt_room(e) && tt_to_running(e)) {
			tt_write2(e, TT_EV_ProcsChange,
				  atomic_load_explicit(&t->nprocs, memory_order_relaxed), 0);
			/* others may have begun it in the first generation */
			if (t->gc_runs && e->gen > 1) {
				tt_write1(e, TT_EV_GCActive, ++t->gc_seq);
				t->gc_gen = e->gen;
			}
		}
		tt_busy_end(e);
		tell_losses(f, e);
		tt_carry_specs(e, f->specs, f->writer.payload);
		if (f->generation != NULL)
			f->generation(f->arg, e);
		tt_emit_syscall_begin(e, 0);
		tt_section_end(e);
	}
	e->busy = 1;
}

/* The flusher's goroutine has a name of its own, before its first event. */
static bool come_in(struct tt_flush *f)
{
	struct tt_emit *e = tt_handle(true);

	if (e == NULL || tt_section_begin(e) == NULL)
		return false;
	e->flusher = true;
	e->life->flusher = 1;
	e->life->start = FLUSHER_START;
	f->writer.life = e->life;
	tt_section_end(e);
	return true;
}

/* From here on the generation is no more to be recovered. */
static void tell_progress(struct tt_flush *f)
{
	struct tt_trace *t = tt_trace();

	if (f->sink.error.code != TT_OK) {
		atomic_store(&t->failed, 1);
		return;
	}
	/* what the flight recorder keeps goes with the process */
	t->done_nbytes[f->gen & 1] = f->sink.to.keeps ? 0 : f->sink.nbytes;
	atomic_store(&t->done_gen, f->gen);
}

/* Ends the generation; `next` is the stamp of the one to come, 0 for none. */
static void advance(struct tt_flush *f, uint64_t next)
{
	struct tt_trace *t = tt_trace();

	tt_lock(&tt_tracer.gc);
	t->syncs[(f->gen + 1) & 1] = sync_now();
	f->writer.gen = f->gen;
	f->writer.end_ticks = t->syncs[(f->gen + 1) & 1].ticks;
	if (next == 0)
		set_on(false);
	atomic_store_explicit(&t->gen_nbytes, 0, memory_order_relaxed);
	atomic_store_explicit(&t->poked, false, memory_order_relaxed);
	if (next != 0)
		atomic_store(&t->gen, f->gen + 1);
	atomic_store(&tt_tracer.stamp, next);
	barrier_everywhere();
	if (next != 0)
		begin_generation(f);
	tt_unlock(&tt_tracer.gc);
	if (f->shared_path[0] != '\0')
		tt_symbols_read(&f->writer.symbols);
	wait_all_outside(f);
	tt_threads_reap();
	tt_write_generation(&f->writer);
	tell_progress(f);
	tt_release_generation(&f->writer);
	f->gen++;
	f->generations++;
	tt_lock(&counts_lock);
	counts.generations = f->generations;
	counts.nbytes = f->sink.nbytes;
	counts.lost = atomic_load(&tt_tracer.lost);
	counts.refused = atomic_load(&tt_tracer.refused);
	tt_unlock(&counts_lock);
}

static void take_snapshot(struct tt_flush *f)
{
	int failed = tt_sink_write_all(f->snapshot_fd, "go 1.26 trace\0\0", 16);

	for (struct tt_kept *k = f->sink.first; k != NULL && failed == 0; k = k->next)
		failed = tt_sink_write_all(f->snapshot_fd, k->data, k->len);
	f->snapshot_errno = failed;
	f->snapshot_fd = -1;
}

static void advance_once(struct tt_flush *f)
{
	uint32_t asked = atomic_load(&f->asked);

	atomic_store_explicit(&f->full, false, memory_order_relaxed);
	advance(f, epoch << TT_EPOCH_SHIFT | (f->gen + 1));
	if (f->snapshot_fd >= 0)
		take_snapshot(f);
	atomic_store(&f->done, asked);
	tt_futex_wake_all(&f->done);
}

/* Sleeps until the generation is old or large enough, or somebody asks. */
static void wait_for_work(struct tt_flush *f, uint64_t deadline)
{
	for (;;) {
		uint32_t bell = atomic_load(&f->bell);
		uint64_t now = tt_clock_mono_ns();

		if (now >= deadline || atomic_load(&f->stop) || atomic_load(&f->full) ||
		    atomic_load(&f->asked) != atomic_load(&f->done))
			return;
		tt_futex_wait(&f->bell, bell, deadline - now);
	}
}

static void *run_flusher(void *arg)
{
	struct tt_flush *f = arg;
	bool came = come_in(f);

	if (came) {
		tt_symbols_read(&f->writer.symbols);
		tt_lock(&tt_tracer.gc);
		begin_generation(f);
		tt_unlock(&tt_tracer.gc);
	}
	atomic_store(&f->ready, came ? 1 : 2);
	tt_futex_wake_all(&f->ready);
	while (came && !atomic_load(&f->stop)) {
		wait_for_work(f, tt_clock_mono_ns() + f->period_ns);
		if (!atomic_load(&f->stop))
			advance_once(f);
	}
	if (came)
		advance(f, 0);
	/* whoever asked meanwhile */
	atomic_store(&f->done, atomic_load(&f->asked));
	tt_futex_wake_all(&f->done);
	return NULL;
}

/* --------------------------------------------------------------------- start */

static int fill_types(const struct tt_specs *specs, struct tt_error *err)
{
	static const char *const names[] = {
#define TT_EV_NAME(name) #name,
		TT_EV_LIST(TT_EV_NAME)
#undef TT_EV_NAME
	};
	const struct tt_event_spec *spec;

	for (unsigned i = 0; i < TT_EV_COUNT; i++) {
		spec = tt_specs_event_named(specs, names[i]);
		if (spec == NULL)
			return tt_fail(err, TT_E_SPEC, "the specs have no event %s", names[i]);
		tt_tracer.ev[i] = spec->type;
	}
	return 0;
}

static int fill_rules(const struct tt_specs *specs, bool all_inline, struct tt_error *err)
{
	const struct tt_event_def *def;
	int code = fill_types(specs, err);

	if (code != 0)
		return code;
	for (unsigned type = 0; type < 256; type++) {
		tt_tracer.rules[type] = (struct tt_event_rule){0};
		def = tt_specs_def(specs, type);
		if (def == NULL || def->spec.experiment == NULL || !def->spec.timed)
			continue;
		tt_tracer.rules[type].nargs_plus1 = (uint8_t)(def->spec.nargs + 1);
		if (!all_inline && (def->spec.experiment_id != 1 || type > TT_GO_LAST_TYPE))
			tt_tracer.rules[type].nargs_plus1 |= TT_RULE_CARRIED;
		tt_tracer.rules[type].goroutine = (def->needs & (TT_NEED_PROC | TT_NEED_GOROUTINE)) != 0;
	}
	return 0;
}

static int load_specs(const struct tt_emit_options *opt, struct tt_error *err)
{
	bool all_inline = (opt->flags & TT_EMIT_INLINE) != 0;
	struct tt_specs *own = NULL;
	int code = 0;

	if (opt->specs != NULL)
		return fill_rules(opt->specs, all_inline, err);
	code = tt_specs_new(&own, err);
	if (code == 0)
		code = fill_rules(own, all_inline, err);
	tt_specs_free(own);
	return code;
}

int tt_types_init(struct tt_error *err)
{
	struct tt_specs *specs = NULL;
	int code = 0;

	tt_lock(&control);
	if (tt_tracer.ev[0] == 0) {
		code = tt_specs_new(&specs, err);
		if (code == 0)
			code = fill_types(specs, err);
		tt_specs_free(specs);
	}
	tt_unlock(&control);
	return code;
}

static void *map_region(struct tt_flush *f, const char *shared_path, struct tt_error *err)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, fd = -1;
	void *map;

	if (shared_path != NULL) {
		flags = MAP_SHARED | MAP_NORESERVE;
		fd = open(shared_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		if (fd < 0 || ftruncate(fd, (off_t)f->region_nbytes) != 0) {
			tt_fail_errno(err, errno, "cannot make %s", shared_path);
			if (fd >= 0)
				close(fd);
			return NULL;
		}
	}
	map = mmap(NULL, f->region_nbytes, PROT_READ | PROT_WRITE, flags, fd, 0);
	if (map == MAP_FAILED)
		tt_fail_errno(err, errno, "cannot map %zu bytes for the trace", f->region_nbytes);
	if (fd >= 0)
		close(fd);
	return map == MAP_FAILED ? NULL : map;
}

static int lay_out(struct tt_flush *f, uint64_t memory_nbytes, uint64_t generation_nbytes,
		   struct tt_error *err)
{
	uint8_t *base = f->region;
	struct tt_trace *t;

	if (f->shared_path[0] != '\0' && !tt_region_populate(base, base + sizeof(*t)))
		return tt_fail_errno(err, ENOSPC, "no room for the trace's memory");
	t = tt_region_init(f->region, memory_nbytes);
	if (f->shared_path[0] != '\0') {
		t->populated = t->fresh;
		t->populated_lives = (uint8_t *)t->life_area;
	}
	t->incarnations = f->incarnations;

	t->reserve_nbytes = memory_nbytes / 8;
	t->gen_limit = generation_nbytes;
	t->rate = tt_clock_measure();
	t->syncs[1] = sync_now();
	atomic_store(&t->gen, 1);
	/* what was made so far is what is needed to recover it */
	memcpy(t->head.magic, TT_REGION_MAGIC, sizeof(t->head.magic));
	return 0;
}

static void release_flush(struct tt_flush *f)
{
	tt_sink_release(&f->sink);
	tt_symbols_release(&f->writer.symbols);
	if (f->shared_path[0] != '\0')
		unlink(f->shared_path);
	/* a thread that was left inside a section may write there yet */
	if (f->region != NULL && !f->stuck)
		munmap(f->region, f->region_nbytes);
	munmap(f, sizeof(*f));
}

static uint64_t or_default(uint64_t value, uint64_t otherwise)
{
	return value != 0 ? value : otherwise;
}

static int prepare(struct tt_flush *f, const struct tt_emit_options *opt, struct tt_error *err)
{
	uint64_t memory = or_default(opt->memory_nbytes, DEFAULT_MEMORY_NBYTES);
	int code;

	if (memory < MIN_MEMORY_NBYTES || memory > UINT64_C(1) << 40)
		return tt_fail(err, TT_E_ARGUMENT, "memory_nbytes must be 1 MiB to 1 TiB");
	if (opt->shared_path != NULL && strlen(opt->shared_path) >= sizeof(f->shared_path))
		return tt_fail(err, TT_E_ARGUMENT, "the path is too long");
	if (!tt_threads_init())
		return tt_fail(err, TT_E_MEMORY, "no key for thread-local storage is left");
	code = load_specs(opt, err);
	if (code != 0)
		return code;
	memory &= ~(uint64_t)(TT_CHUNK_LARGE - 1);
	f->region_nbytes = tt_region_plan(memory).nbytes;
	f->region = map_region(f, opt->shared_path, err);
	if (f->region == NULL)
		return -err->code;
	if (opt->shared_path != NULL)
		memcpy(f->shared_path, opt->shared_path, strlen(opt->shared_path) + 1);
	code = lay_out(f, memory, or_default(opt->generation_nbytes, DEFAULT_GENERATION_NBYTES),
		       err);
	if (code != 0)
		return code;
	f->period_ns = or_default(opt->period_ns, DEFAULT_PERIOD_NS);
	f->generation = opt->generation;
	f->specs = opt->specs;
	f->arg = opt->arg;
	f->writer.trace = f->writer.symbols.trace = f->region;
	f->writer.symbols.symbol = opt->symbol;
	f->writer.symbols.arg = opt->arg;
	f->sink.max_ns = or_default(opt->flight_ns, DEFAULT_FLIGHT_NS);
	f->sink.max_nbytes = or_default(opt->flight_nbytes, DEFAULT_FLIGHT_NBYTES);
	f->writer.sink = &f->sink;
	return 0;
}

/* The flusher takes no signals. */
static int make_thread(struct tt_flush *f)
{
	sigset_t all, old;
	int failed;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	failed = pthread_create(&f->thread, NULL, run_flusher, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return failed;
}

static int launch(struct tt_flush *f, struct tt_error *err)
{
	int failed;

	tt_tracer.trace = f->region;
	atomic_store(&tt_tracer.lost, 0);
	atomic_store(&tt_tracer.refused, 0);
	if (!f->sink.to.keeps)
		tt_write_header(&f->sink);
	f->gen = 1;
	flush = f;
	epoch++;
	atomic_store(&tt_tracer.stamp, epoch << TT_EPOCH_SHIFT | 1);
	failed = make_thread(f);
	while (failed == 0 && atomic_load(&f->ready) == 0)
		tt_futex_wait(&f->ready, 0, 0);
	if (failed == 0 && atomic_load(&f->ready) == 1) {
		set_on(true);
		return 0;
	}
	atomic_store(&tt_tracer.stamp, 0);
	if (failed == 0)
		pthread_join(f->thread, NULL);
	f->stuck = true;
	flush = NULL;
	return tt_fail(err, TT_E_MEMORY, "cannot start the tracer's thread");
}

static void init_process(void);

static int start(const struct tt_target *to, const struct tt_emit_options *opt, struct tt_error *err)
{
	static const struct tt_emit_options defaults = {.size = sizeof(defaults)};
	struct tt_flush *f;
	struct tt_error ignored;
	int code;

	err = err != NULL ? err : &ignored;
	opt = opt != NULL ? opt : &defaults;
	tt_error_clear(err);
	if (opt->size < sizeof(*opt))
		return tt_fail(err, TT_E_ARGUMENT, "the options' size is not set");
	if (flush != NULL)
		return tt_fail(err, TT_E_ARGUMENT, "tracing is on");
	f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (f == MAP_FAILED)
		return tt_fail(err, TT_E_MEMORY, "out of memory");
	f->sink.to = *to;
	/* on failure the descriptor stays the caller's */
	f->sink.to.own_fd = false;
	f->snapshot_fd = -1;
	tt_error_clear(&f->sink.error);
	init_process();
	code = prepare(f, opt, err);
	if (code == 0)
		code = launch(f, err);
	if (code != 0) {
		release_flush(f);
		return code;
	}
	f->sink.to.own_fd = to->own_fd;
	return 0;
}

static int start_locked(const struct tt_target *to, const struct tt_emit_options *opt,
			struct tt_error *err)
{
	int code;

	tt_lock(&control);
	code = start(to, opt, err);
	tt_unlock(&control);
	return code;
}

int tt_emit_start(const char *path, const struct tt_emit_options *opt, struct tt_error *err)
{
	struct tt_target to = {.own_fd = true};
	struct tt_error ignored;
	int code;

	err = err != NULL ? err : &ignored;
	to.fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (to.fd < 0)
		return tt_fail_errno(err, errno, "cannot make %s", path);
	code = start_locked(&to, opt, err);
	if (code != 0)
		close(to.fd);
	return code;
}

int tt_emit_start_fd(int fd, const struct tt_emit_options *opt, struct tt_error *err)
{
	return start_locked(&(struct tt_target){.fd = fd}, opt, err);
}

int tt_emit_start_callback(tt_emit_write *write, void *arg, const struct tt_emit_options *opt,
			   struct tt_error *err)
{
	return start_locked(&(struct tt_target){.fd = -1, .write = write, .arg = arg}, opt, err);
}

int tt_emit_start_flight(const struct tt_emit_options *opt, struct tt_error *err)
{
	return start_locked(&(struct tt_target){.fd = -1, .keeps = true}, opt, err);
}

/* ------------------------------------------------------------- while it runs */

/* The flusher cannot wait for itself, nor for a section that waits for it. */
static bool may_wait(void)
{
	const struct tt_emit *e = tt_handle(false);

	return e == NULL || (e->depth == 0 && !e->flusher);
}

static void ring(struct tt_flush *f)
{
	atomic_fetch_add(&f->bell, 1);
	tt_futex_wake_all(&f->bell);
}

/* Ends the generation. `control` is held. */
static void advance_and_wait(struct tt_flush *f)
{
	uint32_t ticket = atomic_fetch_add(&f->asked, 1) + 1, done;

	ring(f);
	for (;;) {
		done = atomic_load(&f->done);
		if ((int32_t)(done - ticket) >= 0)
			return;
		tt_futex_wait(&f->done, done, 0);
	}
}

int tt_emit_advance(void)
{
	int code = -TT_E_ARGUMENT;

	if (!may_wait())
		return code;
	tt_lock(&control);
	if (flush != NULL) {
		advance_and_wait(flush);
		code = -flush->sink.error.code;
	}
	tt_unlock(&control);
	return code;
}

int tt_flight_snapshot_fd(int fd, struct tt_error *err)
{
	struct tt_error ignored;
	int code = 0;

	err = err != NULL ? err : &ignored;
	tt_error_clear(err);
	if (!may_wait())
		return tt_fail(err, TT_E_ARGUMENT, "a snapshot from inside a section");
	tt_lock(&control);
	if (flush == NULL || !flush->sink.to.keeps) {
		code = tt_fail(err, TT_E_ARGUMENT, "no flight recorder runs");
	} else {
		flush->snapshot_fd = fd;
		advance_and_wait(flush);
		if (flush->snapshot_errno != 0)
			code = tt_fail_errno(err, flush->snapshot_errno, "cannot write the snapshot");
		else if (flush->sink.error.code != TT_OK)
			*err = flush->sink.error, code = -err->code;
	}
	tt_unlock(&control);
	return code;
}

int tt_flight_snapshot(const char *path, struct tt_error *err)
{
	struct tt_error ignored;
	int fd, code;

	err = err != NULL ? err : &ignored;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return tt_fail_errno(err, errno, "cannot make %s", path);
	code = tt_flight_snapshot_fd(fd, err);
	if (close(fd) != 0 && code == 0)
		code = tt_fail_errno(err, errno, "cannot write %s", path);
	return code;
}

struct tt_emit_counts tt_emit_counts(void)
{
	struct tt_emit_counts c;

	tt_lock(&counts_lock);
	c = counts;
	tt_unlock(&counts_lock);
	return c;
}

/* ---------------------------------------------------------------------- stop */

static int stop(bool exiting, struct tt_error *err)
{
	struct tt_flush *f = flush;
	int code;

	if (f == NULL)
		return tt_fail(err, TT_E_ARGUMENT, "tracing is off");
	atomic_store(&f->exiting, exiting);
	atomic_store(&f->stop, true);
	ring(f);
	pthread_join(f->thread, NULL);
	flush = NULL;
	*err = f->sink.error;
	code = -err->code;
	if (f->sink.to.own_fd && close(f->sink.to.fd) != 0 && code == 0)
		code = tt_fail_errno(err, errno, "cannot write the trace");
	f->sink.to.own_fd = false;
	tt_tracer.trace = NULL;
	release_flush(f);
	return code;
}

int tt_emit_stop(struct tt_error *err)
{
	struct tt_error ignored;
	int code;

	err = err != NULL ? err : &ignored;
	tt_error_clear(err);
	if (!may_wait())
		return tt_fail(err, TT_E_ARGUMENT, "a stop from inside a section");
	tt_lock(&control);
	code = stop(false, err);
	tt_unlock(&control);
	return code;
}

/* exit() with tracing on, maybe from inside a section. */
__attribute__((destructor)) static void stop_at_exit(void)
{
	const struct tt_emit *e = tt_handle(false);
	struct tt_error err;

	if (flush == NULL || (e != NULL && e->flusher))
		return;
	tt_lock(&control);
	stop(true, &err);
	tt_unlock(&control);
}

/* ---------------------------------------------------------------------- fork */

static bool is_flusher(void)
{
	const struct tt_emit *e = tt_handle(false);

	return e != NULL && e->flusher;
}

/* A callback that forks runs under the first two already. */
static void before_fork(void)
{
	if (!is_flusher()) {
		tt_lock(&control);
		tt_lock(&tt_tracer.gc);
	}
	tt_lock(&tt_tracer.lock);
	tt_lock(&counts_lock);
}

static void after_fork(void)
{
	tt_unlock(&counts_lock);
	tt_unlock(&tt_tracer.lock);
	if (!is_flusher()) {
		tt_unlock(&tt_tracer.gc);
		tt_unlock(&control);
	}
}

/* The child does not trace; what it inherited it neither writes nor keeps. */
static void in_child(void)
{
	struct tt_flush *f = flush;

	atomic_store(&counts_lock.word, 0);
	atomic_store(&tt_tracer.lock.word, 0);
	atomic_store(&tt_tracer.gc.word, 0);
	atomic_store(&control.word, 0);
	set_on(false);
	atomic_store(&tt_tracer.stamp, 0);
	tt_threads_forked();
	flush = NULL;
	tt_tracer.trace = NULL;
	if (f == NULL)
		return;
	f->shared_path[0] = '\0';
	release_flush(f);
}

/* What a process needs once. `control` is held. */
static void init_process(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	atomic_store(&tt_tracer.fence, !membarrier_init());
	pthread_atfork(before_fork, after_fork, in_child);
}
