/* SPDX-License-Identifier: MIT */
/*
 * tracer.c - the one tracer of the process: start, stop and snapshots, fork and exit. Stands
 * on flusher.h.
 */
#include "emit/flusher.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/thread.h"

/* The flusher that runs; NULL: tracing is off. Changes under `control`. */
static struct tt_em_flusher *flusher;
/* Of start, stop and snapshot: one at a time. */
static struct tt_em_lock control;

/* ---------------------------------------------------------------------- fork */

static bool is_flusher(void)
{
	return tt_em_self != NULL && tt_em_self->flusher;
}

/* A callback that forks holds the first two already. */
static void before_fork(void)
{
	if (!is_flusher()) {
		tt_em_lock_take(&control);
		tt_em_lock_take(&tt_em_tracer.gc);
	}
	tt_em_lock_take(&tt_em_tracer.lock);
	tt_em_lock_take(&tt_em_tracer.counts_lock);
}

static void after_fork(void)
{
	tt_em_lock_give(&tt_em_tracer.counts_lock);
	tt_em_lock_give(&tt_em_tracer.lock);
	if (!is_flusher()) {
		tt_em_lock_give(&tt_em_tracer.gc);
		tt_em_lock_give(&control);
	}
}

/* The child does not trace; what it inherited it neither writes nor keeps. */
static void in_child(void)
{
	struct tt_em_flusher *f = flusher;

	atomic_store(&tt_em_tracer.counts_lock.word, 0);
	atomic_store(&tt_em_tracer.lock.word, 0);
	atomic_store(&tt_em_tracer.gc.word, 0);
	atomic_store(&control.word, 0);
	tt_em_set_on(false);
	atomic_store(&tt_em_tracer.epoch_gen, 0);
	tt_em_handles_forked();
	flusher = NULL;
	tt_em_tracer.trace = NULL;
	if (f == NULL)
		return;
	f->shared_path[0] = '\0';
	tt_em_setup_release(f);
}

/* What a process needs once. `control` is held. */
static void init_process(void)
{
	static bool done;

	if (done)
		return;
	done = true;
	atomic_store(&tt_em_tracer.fence, !tt_em_membarrier_init());
	pthread_atfork(before_fork, after_fork, in_child);
}

/* --------------------------------------------------------------------- start */

static int launch(struct tt_em_flusher *f, struct tt_error *err)
{
	static uint64_t epoch;
	int failed;

	tt_em_tracer.trace = f->region;
	atomic_store(&tt_em_tracer.lost, 0);
	atomic_store(&tt_em_tracer.refused, 0);
	atomic_store(&tt_em_tracer.gen_full, false);
	if (!f->sink.to.flight)
		tt_em_write_header(&f->sink);
	f->gen = 1;
	flusher = f;
	atomic_store(&tt_em_tracer.epoch_gen, ++epoch << TT_EM_EPOCH_SHIFT | 1);
	failed = tt_thread_start(&f->thread, tt_em_flusher_run, f);
	while (failed == 0 && atomic_load(&f->ready) == 0)
		tt_em_futex_wait(&f->ready, 0, 0);
	if (failed == 0 && atomic_load(&f->ready) == 1) {
		tt_em_set_on(true);
		return 0;
	}
	atomic_store(&tt_em_tracer.epoch_gen, 0);
	if (failed == 0)
		pthread_join(f->thread, NULL);
	f->stuck = true;
	flusher = NULL;
	return tt_fail(err, TT_E_MEMORY, "cannot start the tracer's thread");
}

static int make_file(const char *path, int *fd, struct tt_error *err)
{
	*fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return *fd < 0 ? tt_fail_errno(err, errno, "cannot make %s", path) : 0;
}

static int start(const struct tt_em_target *to, const struct tt_emit_options *opt,
		 struct tt_error *err)
{
	static const struct tt_emit_options defaults = {.size = sizeof(defaults)};
	struct tt_em_flusher *f;
	struct tt_error ignored;
	int code;

	err = err != NULL ? err : &ignored;
	opt = opt != NULL ? opt : &defaults;
	tt_error_clear(err);
	if (opt->size < sizeof(*opt))
		return tt_fail(err, TT_E_ARGUMENT, "the options' size is not set");
	if (flusher != NULL)
		return tt_fail(err, TT_E_ARGUMENT, "tracing is already on");
	f = tt_em_map_zeros(sizeof(*f));
	if (f == NULL)
		return tt_fail(err, TT_E_MEMORY, "out of memory");
	f->sink.to = *to;
	/* on failure the descriptor stays the caller's */
	f->sink.to.own_fd = false;
	f->sink.to.path = NULL;
	f->snapshot_fd = -1;
	tt_error_clear(&f->sink.error);
	init_process();
	code = tt_em_setup(f, opt, err);
	if (code == 0 && to->path != NULL)
		code = make_file(to->path, &f->sink.to.fd, err);
	if (code == 0)
		code = launch(f, err);
	if (code != 0) {
		if (to->path != NULL && f->sink.to.fd >= 0)
			close(f->sink.to.fd);
		tt_em_setup_release(f);
		return code;
	}
	f->sink.to.own_fd = to->own_fd;
	return 0;
}

static int start_locked(const struct tt_em_target *to, const struct tt_emit_options *opt,
			struct tt_error *err)
{
	int code;

	tt_em_lock_take(&control);
	code = start(to, opt, err);
	tt_em_lock_give(&control);
	return code;
}

int tt_emit_start(const char *path, const struct tt_emit_options *opt, struct tt_error *err)
{
	return start_locked(&(struct tt_em_target){.fd = -1, .own_fd = true, .path = path}, opt,
			    err);
}

int tt_emit_start_fd(int fd, const struct tt_emit_options *opt, struct tt_error *err)
{
	return start_locked(&(struct tt_em_target){.fd = fd}, opt, err);
}

int tt_emit_start_callback(tt_emit_write *write, void *arg, const struct tt_emit_options *opt,
			   struct tt_error *err)
{
	return start_locked(&(struct tt_em_target){.fd = -1, .write = write, .arg = arg}, opt, err);
}

int tt_emit_start_flight(const struct tt_emit_options *opt, struct tt_error *err)
{
	return start_locked(&(struct tt_em_target){.fd = -1, .flight = true}, opt, err);
}

/* ------------------------------------------------------------- while it runs */

/* The flusher cannot wait for itself, nor for a section that waits for it. */
static bool may_wait(void)
{
	return tt_em_self == NULL || (tt_em_self->depth == 0 && !tt_em_self->flusher);
}

/* Ends the generation. `control` is held. */
static void advance_and_wait(struct tt_em_flusher *f)
{
	uint32_t ticket = atomic_fetch_add(&f->asked, 1) + 1, done;

	tt_em_flusher_wake();
	for (;;) {
		done = atomic_load(&f->done);
		if ((int32_t)(done - ticket) >= 0)
			return;
		tt_em_futex_wait(&f->done, done, 0);
	}
}

int tt_emit_advance(void)
{
	int code = -TT_E_ARGUMENT;

	if (!may_wait())
		return code;
	tt_em_lock_take(&control);
	if (flusher != NULL) {
		advance_and_wait(flusher);
		code = -flusher->sink.error.code;
	}
	tt_em_lock_give(&control);
	return code;
}

/* The flight recorder runs. */
static int write_snapshot(int fd, struct tt_error *err)
{
	flusher->snapshot_fd = fd;
	advance_and_wait(flusher);
	if (flusher->snapshot_errno != 0)
		return tt_fail_errno(err, flusher->snapshot_errno, "cannot write the snapshot");
	if (flusher->sink.error.code != TT_OK) {
		*err = flusher->sink.error;
		return -err->code;
	}
	return 0;
}

static int make_snapshot(const char *path, struct tt_error *err)
{
	int fd, code = make_file(path, &fd, err);

	if (code != 0)
		return code;
	code = write_snapshot(fd, err);
	if (close(fd) != 0 && code == 0)
		code = tt_fail_errno(err, errno, "cannot write %s", path);
	return code;
}

/* To a file, made only if nothing is refused; path NULL: to the descriptor. */
static int snapshot(const char *path, int fd, struct tt_error *err)
{
	struct tt_error ignored;
	int code;

	err = err != NULL ? err : &ignored;
	tt_error_clear(err);
	if (!may_wait())
		return tt_fail(err, TT_E_ARGUMENT, "a snapshot cannot be taken inside a section");
	tt_em_lock_take(&control);
	if (flusher == NULL || !flusher->sink.to.flight)
		code = tt_fail(err, TT_E_ARGUMENT, "no flight recorder runs");
	else
		code = path != NULL ? make_snapshot(path, err) : write_snapshot(fd, err);
	tt_em_lock_give(&control);
	return code;
}

int tt_flight_snapshot_fd(int fd, struct tt_error *err)
{
	return snapshot(NULL, fd, err);
}

int tt_flight_snapshot(const char *path, struct tt_error *err)
{
	return snapshot(path, -1, err);
}

struct tt_emit_counts tt_emit_counts(void)
{
	struct tt_emit_counts c;

	tt_em_lock_take(&tt_em_tracer.counts_lock);
	c = tt_em_tracer.counts;
	tt_em_lock_give(&tt_em_tracer.counts_lock);
	return c;
}

/* ---------------------------------------------------------------------- stop */

static int stop(bool exiting, struct tt_error *err)
{
	struct tt_em_flusher *f = flusher;
	int code;

	if (f == NULL)
		return tt_fail(err, TT_E_ARGUMENT, "tracing is off");
	atomic_store(&f->exiting, exiting);
	atomic_store(&f->stop, true);
	tt_em_flusher_wake();
	pthread_join(f->thread, NULL);
	flusher = NULL;
	*err = f->sink.error;
	code = -err->code;
	if (f->sink.to.own_fd && close(f->sink.to.fd) != 0 && code == 0)
		code = tt_fail_errno(err, errno, "cannot write the trace");
	f->sink.to.own_fd = false;
	tt_em_tracer.trace = NULL;
	tt_em_setup_release(f);
	return code;
}

int tt_emit_stop(struct tt_error *err)
{
	struct tt_error ignored;
	int code;

	err = err != NULL ? err : &ignored;
	tt_error_clear(err);
	if (!may_wait())
		return tt_fail(err, TT_E_ARGUMENT, "tracing cannot be stopped inside a section");
	tt_em_lock_take(&control);
	code = stop(false, err);
	tt_em_lock_give(&control);
	return code;
}

/* exit() with tracing on, maybe from inside a section. */
__attribute__((destructor)) static void stop_at_exit(void)
{
	struct tt_error err;

	if (flusher == NULL || is_flusher())
		return;
	tt_em_lock_take(&control);
	stop(true, &err);
	tt_em_lock_give(&control);
}
