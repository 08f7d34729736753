/* SPDX-License-Identifier: MIT */
/*
 * emit_recover_test.c - the ends of traces whose process died: all that was written
 * comes out, as a trace without an error or a finding; what is no memory of a tracer,
 * or is damaged, gives an error or less of the trace.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/emit_churn.h"
#include "tests/emit_support.h"
#include "tests/fault.h"
#include "tests/input.h"
#include "tests/suites.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LONG_NS UINT64_C(3600000000000)
#define KILL_THREADS 4
#define KILL_TRIALS 24

/* A trace whose memory is at fd; /proc/self/fd/N has a name. */
struct region {
	int fd;
	char path[64];
};

static struct region region_new(void)
{
	struct region r = {.fd = memfd_create("region", MFD_CLOEXEC)};

	ck_assert_int_ge(r.fd, 0);
	snprintf(r.path, sizeof(r.path), "/proc/self/fd/%d", r.fd);
	return r;
}

static void begin(struct made *m, const struct region *r, uint64_t period_ns)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .period_ns = period_ns,
				      .memory_nbytes = 4 << 20, .shared_path = r->path};
	struct tt_error err;

	ck_assert_msg(tt_emit_start_callback(made_write, m, &opt, &err) == 0, "%s", err.message);
}

/* What the sink got, cut, with what is recovered behind it. Returns its generations. */
static unsigned complete(struct made *m, int region_fd)
{
	struct tt_emit_recovery *r;
	struct tt_error err;
	unsigned n;

	ck_assert_msg(tt_emit_recovery_open(&r, region_fd, NULL, &err) == 0, "%s", err.message);
	ck_assert_uint_le(tt_emit_recovery_offset(r), m->len);
	ck_assert_uint_eq(tt_emit_recovery_damaged(r), 0);
	m->len = tt_emit_recovery_offset(r);
	n = tt_emit_recovery_generations(r);
	ck_assert_int_eq(tt_emit_recovery_write(r, made_write, m, &err), 0);
	tt_emit_recovery_close(r);
	return n;
}

/* The trace as it would be if the process died here. */
static void see_if_dead_now(const struct made *m, const struct region *r, struct seen *seen)
{
	struct made copy = {0};

	made_write(&copy, m->data, m->len);
	ck_assert_uint_eq(complete(&copy, r->fd), 1);
	see_all_cuts(&copy, 3, seen);
	made_release(&copy);
}

/* ---- one thread, quiet */

START_TEST(what_was_written_comes_out)
{
	struct region r = region_new();
	struct made m = {0};
	struct seen seen;
	struct tt_emit *e;

	begin(&m, &r, LONG_NS);
	for (uint64_t i = 1; i <= 5; i++) {
		e = tt_emit_acquire();
		for (int k = 0; k < 3000; k++)
			tt_emit_event2(e, OBJECT_ALLOC, i, 0);
		tt_emit_log(e, 0, "category", "a message that is too long to be looked up",
			    tt_emit_stack_here(e, 0));
		ck_assert(tt_emit_batch(e, 1, "bytes", 5));
		tt_emit_release(e);
		see_if_dead_now(&m, &r, &seen);
		ck_assert_uint_eq(seen.by_type[OBJECT_ALLOC], 3000 * i);
		ck_assert_uint_eq(seen.logs, i);
		ck_assert_uint_eq(seen.batches, i);
		ck_assert_uint_eq(seen.generations, i);
		ck_assert_int_eq(tt_emit_advance(), 0);
	}
	emit_end();
	close(r.fd);
	made_release(&m);
}
END_TEST

/* Each operation once, and what is open stays open for some generations. */
static void step(unsigned i, uint64_t *token)
{
	struct tt_emit *e = i == 3 || i == 7 ? NULL : tt_emit_acquire();

	switch (i) {
	case 0:
		tt_emit_syscall_begin(e, tt_emit_stack_here(e, 0));
		break;
	case 1:
		tt_emit_syscall_end(e);
		break;
	case 2:
		tt_emit_block(e, "sync", tt_emit_stack_here(e, 0));
		break;
	case 3:
		tt_emit_unblock();
		break;
	case 4:
		tt_emit_range_begin(e, TT_EMIT_RANGE_SWEEP, NULL, 0);
		tt_emit_range_begin(e, TT_EMIT_RANGE_ASSIST, NULL, 0);
		break;
	case 5:
		tt_emit_region_begin(e, tt_emit_task_begin(e, 0, "task", 0), "region", 0);
		break;
	case 6:
		*token = tt_emit_thread_create(e, (uintptr_t)short_life, 0);
		break;
	case 7:
		do_gc(true);
		break;
	case 8:
		tt_emit_pause(e, "yield", 0);
		break;
	case 9:
		tt_emit_resume(e);
		break;
	default:
		tt_emit_region_end(e, 0);
	}
	if (e != NULL)
		tt_emit_release(e);
}

START_TEST(open_states_are_told)
{
	struct region r = region_new();
	struct made m = {0};
	struct seen seen;
	uint64_t token = 0;

	begin(&m, &r, LONG_NS);
	for (unsigned i = 0; i < 11; i++) {
		step(i, &token);
		for (int k = 0; k <= _i; k++) {
			see_if_dead_now(&m, &r, &seen);
			if (_i > 0)
				ck_assert_int_eq(tt_emit_advance(), 0);
		}
	}
	tt_emit_thread_cancel(token);
	emit_end();
	close(r.fd);
	made_release(&m);
}
END_TEST

START_TEST(names_of_code_survive)
{
	const uintptr_t pcs[] = {(uintptr_t)short_life};
	struct region r = region_new();
	struct tt_frame frames[TT_MAX_FRAMES];
	const struct tt_generation *g;
	struct made m = {0};
	struct tt_reader *reader;
	struct tt_error err;
	struct tt_emit *e;
	uint64_t id;

	begin(&m, &r, LONG_NS);
	e = tt_emit_acquire();
	id = tt_emit_stack(e, pcs, 1);
	tt_emit_release(e);
	complete(&m, r.fd);
	ck_assert_int_eq(tt_reader_open_memory(&reader, m.data, m.len, NULL, &err), 0);
	ck_assert_int_eq(tt_reader_next_generation(reader, &g), 0);
	ck_assert_int_eq(tt_generation_stack(g, id, frames), 1);
	ck_assert_ptr_nonnull(memmem(frames[0].func.data, frames[0].func.len, "unit-tests+0x", 13));
	tt_reader_close(reader);
	emit_end();
	close(r.fd);
	made_release(&m);
}
END_TEST

START_TEST(nothing_is_left_behind_a_stop)
{
	struct region r = region_new();
	struct made m = {0};
	struct seen seen;
	size_t len;

	begin(&m, &r, LONG_NS);
	ck_assert_int_eq(tt_emit_advance(), 0);
	emit_end();
	len = m.len;
	ck_assert_uint_eq(complete(&m, r.fd), 0);
	ck_assert_uint_eq(m.len, len);
	see(m.data, m.len, 0, &seen);
	close(r.fd);
	made_release(&m);
}
END_TEST

START_TEST(trace_that_could_not_be_written_ends_where_it_stopped)
{
	struct region r = region_new();
	struct made m = {.fail_at = 3};
	struct seen seen;

	begin(&m, &r, LONG_NS);
	for (int i = 0; i < 4; i++)
		tt_emit_advance();
	m.fail_at = 0;
	ck_assert_uint_eq(complete(&m, r.fd), 0);
	ck_assert_int_eq(tt_emit_stop(NULL), -TT_E_IO);
	see(m.data, m.len, 0, &seen);
	ck_assert_uint_eq(seen.generations, 2);
	close(r.fd);
	made_release(&m);
}
END_TEST

START_TEST(flight_recorder_leaves_its_last_generation)
{
	struct region r = region_new();
	struct tt_emit_options opt = {.size = sizeof(opt), .period_ns = LONG_NS,
				      .shared_path = r.path};
	struct made m = {0};
	struct tt_error err;
	struct seen seen;
	struct tt_emit *e;

	ck_assert_int_eq(tt_emit_start_flight(&opt, &err), 0);
	for (int i = 0; i < 4; i++) {
		e = tt_emit_acquire();
		tt_emit_log(e, 0, "a", "b", 0);
		tt_emit_release(e);
		if (i < 3)
			tt_emit_advance();
	}
	ck_assert_uint_eq(complete(&m, r.fd), 1);
	see(m.data, m.len, 0, &seen);
	ck_assert_uint_eq(seen.logs, 1);
	ck_assert_int_eq(tt_emit_stop(&err), 0);
	close(r.fd);
	made_release(&m);
}
END_TEST

/* ---- killed */

static void read_file(const char *path, struct made *m)
{
	char part[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	ck_assert_int_ge(fd, 0);
	while ((n = read(fd, part, sizeof(part))) > 0)
		made_write(m, part, (size_t)n);
	close(fd);
	unlink(path);
}

static struct shared *shared_new(void)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
				-1, 0);

	ck_assert_ptr_ne(s, MAP_FAILED);
	*s = (struct shared)SHARED_INIT;
	return s;
}

/* In the child: does not return. */
static void run_until_killed(const char *path, const struct region *r, struct shared *s)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .period_ns = 3000000,
				      .shared_path = r->path};
	pthread_t thread;

	if (tt_emit_start(path, &opt, NULL) != 0)
		_exit(9);
	for (int i = 0; i < KILL_THREADS; i++) {
		if (pthread_create(&thread, NULL, churn, s) != 0)
			_exit(9);
	}
	for (;;)
		pause();
}

START_TEST(killed_program_leaves_all_it_did)
{
	struct region r = region_new();
	struct shared *s = shared_new();
	struct made m = {0};
	struct seen seen;
	char path[TEMP_PATH_SIZE];
	long counted;
	pid_t child;
	int status;

	close(temp_file_new(path));
	child = fork();
	if (child == 0)
		run_until_killed(path, &r, s);
	ck_assert_int_gt(child, 0); /* to kill -1 is to kill all there are */
	while (atomic_load(&s->events) == 0 && waitpid(child, &status, WNOHANG) == 0)
		sleep_ns(100000);
	sleep_ns((long)(_i * 733331 % 30000000));
	kill(child, SIGKILL);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	read_file(path, &m);
	ck_assert_uint_ge(complete(&m, r.fd), 1);
	see_all_cuts(&m, 3, &seen);
	counted = atomic_load(&s->events);
	ck_assert_uint_ge(seen.by_type[OBJECT_FREE], (uint64_t)counted);
	ck_assert_uint_le(seen.by_type[OBJECT_FREE], (uint64_t)counted + KILL_THREADS);
	ck_assert_uint_ge(seen.by_type[OBJECT_ALLOC], seen.by_type[OBJECT_FREE]);
	ck_assert_uint_le(seen.by_type[OBJECT_ALLOC], (uint64_t)counted + KILL_THREADS);
	ck_assert_uint_ge(seen.batches, (uint64_t)atomic_load(&s->batches));
	munmap(s, sizeof(*s));
	close(r.fd);
	made_release(&m);
}
END_TEST

/* ---- what is no region, or a damaged one */

static int try_open(int fd, struct tt_error *err)
{
	struct tt_emit_recovery *r;
	int code = tt_emit_recovery_open(&r, fd, NULL, err);

	ck_assert(code == 0 || r == NULL);
	tt_emit_recovery_close(r);
	return code;
}

START_TEST(what_is_no_region_is_refused)
{
	struct tt_emit_recovery_options opt = {.size = 3};
	struct tt_emit_recovery *no;
	struct region r = region_new();
	struct made m = {0};
	struct tt_error err;
	int ends[2];
	off_t size;

	ck_assert_int_eq(try_open(-1, &err), -TT_E_IO);
	ck_assert_int_eq(try_open(r.fd, &err), -TT_E_NOT_A_TRACE);
	ck_assert_int_eq(ftruncate(r.fd, 100 << 20), 0);
	ck_assert_int_eq(try_open(r.fd, &err), -TT_E_NOT_A_TRACE);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(try_open(ends[0], &err), -TT_E_NOT_A_TRACE);
	close(ends[0]);
	close(ends[1]);
	begin(&m, &r, LONG_NS);
	emit_end();
	ck_assert_int_eq(try_open(r.fd, &err), 0);
	ck_assert_int_eq(tt_emit_recovery_open(&no, r.fd, &opt, &err), -TT_E_ARGUMENT);
	ck_assert_int_eq(pwrite(r.fd, "x", 1, 16), 1);
	ck_assert_int_eq(try_open(r.fd, &err), -TT_E_VERSION);
	ck_assert_int_eq(pwrite(r.fd, "x", 1, 3), 1);
	ck_assert_int_eq(try_open(r.fd, &err), -TT_E_NOT_A_TRACE);
	size = lseek(r.fd, 0, SEEK_END);
	ck_assert_int_eq(ftruncate(r.fd, size / 2), 0);
	ck_assert_int_eq(try_open(r.fd, &err), -TT_E_NOT_A_TRACE);
	close(r.fd);
	made_release(&m);
}
END_TEST

/* A region with something of everything in it, from a trace that is over. */
static void fill(struct region *r)
{
	struct shared s = SHARED_INIT;
	struct made m = {0};
	unsigned state = 1;
	int copy;
	uint8_t part[4096];
	off_t from = 0, size;
	ssize_t n;

	*r = region_new();
	begin(&m, r, LONG_NS);
	write_objects(&s, &state);
	make_child(true, false);
	tt_emit_advance();
	write_objects(&s, &state);
	make_child(true, false);
	run_churn(&s, 2, 5);
	size = lseek(r->fd, 0, SEEK_END);
	copy = memfd_create("copy", MFD_CLOEXEC);
	ck_assert_int_ge(copy, 0);
	ck_assert_int_eq(ftruncate(copy, size), 0);
	while ((from = lseek(r->fd, from, SEEK_DATA)) >= 0) {
		n = pread(r->fd, part, sizeof(part), from);
		ck_assert_int_gt(n, 0);
		ck_assert_int_eq(pwrite(copy, part, (size_t)n, from), n);
		from += n;
	}
	emit_end();
	close(r->fd);
	r->fd = copy;
	made_release(&m);
}

/* Where there are bytes that are not 0, for who damages them. */
static size_t used_places(int fd, off_t *places, size_t max)
{
	uint64_t words[512];
	off_t from = 0;
	size_t n = 0;

	while (n < max && (from = lseek(fd, from, SEEK_DATA)) >= 0) {
		if (pread(fd, words, sizeof(words), from) != (ssize_t)sizeof(words))
			break;
		for (size_t i = 0; i < COUNT(words) && n < max; i++) {
			if (words[i] != 0)
				places[n++] = from + (off_t)(i * 8);
		}
		from += (off_t)sizeof(words);
	}
	return n;
}

static uint64_t damage(uint64_t was, unsigned *state)
{
	static const uint64_t values[] = {0, 1, UINT64_MAX, UINT32_MAX, 0x1000, 0x8000000000000000};
	unsigned how = *state = *state * 1664525u + 1013904223u;

	switch (how >> 29) {
	case 0:
		return values[(how >> 8) % COUNT(values)];
	case 1:
		return was + 64;
	case 2:
		return was - 64;
	case 3:
		return was + 0x10000;
	default:
		return was ^ UINT64_C(1) << (how >> 8) % 64;
	}
}

/* Whatever lies there: an error, or what our reader accepts (the library looks). */
START_TEST(damaged_region_is_safe)
{
	enum { MAX_PLACES = 1 << 16, TRIALS = 150 };
	static off_t places[MAX_PLACES];
	struct region r;
	unsigned state = 7, good = 0;
	uint64_t was, now;
	struct tt_error err;
	size_t n;

	fill(&r);
	n = used_places(r.fd, places, MAX_PLACES);
	ck_assert_uint_gt(n, 100);
	for (int i = 0; i < TRIALS; i++) {
		off_t at = places[(state >> 4) % (i % 2 != 0 && n > 2000 ? 2000 : n)];

		ck_assert_int_eq(pread(r.fd, &was, 8, at), 8);
		now = damage(was, &state);
		ck_assert_int_eq(pwrite(r.fd, &now, 8, at), 8);
		good += try_open(r.fd, &err) == 0;
		ck_assert_int_eq(pwrite(r.fd, &was, 8, at), 8);
	}
	ck_assert_uint_gt(good, 0);
	ck_assert_int_eq(try_open(r.fd, &err), 0);
	close(r.fd);
}
END_TEST

static void fail_each(int fd, enum fault_kind kind, int code)
{
	struct tt_error err;
	struct tt_emit_recovery *r;
	int result = -1;
	size_t left;

	for (unsigned long at = 1; result != 0; at++) {
		fault_begin(kind, at, true);
		result = tt_emit_recovery_open(&r, fd, NULL, &err);
		tt_emit_recovery_close(r);
		left = fault_end();
		ck_assert_uint_eq(left, 0);
		ck_assert(result == 0 || result == -code);
		if (at == 1)
			ck_assert_int_ne(result, 0);
		ck_assert_uint_lt(at, 100000);
	}
}

START_TEST(want_of_memory_and_failing_reads_are_told)
{
	struct region r;

	fill(&r);
	fail_each(r.fd, FAULT_READ, TT_E_IO);
	fail_each(r.fd, FAULT_ALLOC, TT_E_MEMORY);
	close(r.fd);
}
END_TEST

Suite *emit_recover_suite(void)
{
	Suite *s = suite_create("emit_recover");
	TCase *quiet = tcase_create("quiet"), *killed = tcase_create("killed");
	TCase *damaged = tcase_create("damaged");

	tcase_add_test(quiet, what_was_written_comes_out);
	tcase_add_loop_test(quiet, open_states_are_told, 0, 3);
	tcase_add_test(quiet, names_of_code_survive);
	tcase_add_test(quiet, nothing_is_left_behind_a_stop);
	tcase_add_test(quiet, trace_that_could_not_be_written_ends_where_it_stopped);
	tcase_add_test(quiet, flight_recorder_leaves_its_last_generation);
	tcase_add_loop_test(killed, killed_program_leaves_all_it_did, 0, KILL_TRIALS);
	tcase_add_test(damaged, what_is_no_region_is_refused);
	tcase_add_test(damaged, damaged_region_is_safe);
	tcase_add_test(damaged, want_of_memory_and_failing_reads_are_told);
	suite_add_tcase(s, quiet);
	suite_add_tcase(s, killed);
	suite_add_tcase(s, damaged);
	return s;
}
