/* SPDX-License-Identifier: MIT */
/*
 * emit_fault_test.c - the emitter when the system refuses: each call that it makes
 * fails, once and from then on. It says so with a code of its contract, or it writes a
 * whole trace in which nothing is missing that was not counted.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/emit_churn.h"
#include "tests/emit_support.h"
#include "tests/fault.h"
#include "tests/suites.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define LONG_NS UINT64_C(3600000000000)
#define GENERATIONS 3
/* Of each in a generation: more than a chunk and a buffer of the kernel's can hold. */
#define OBJECTS 40000
#define MAX_CALLS 2000

/* Where the trace goes; an open file under a name that every process has. */
struct place {
	int fd, region;
	char path[64], region_path[64];
};

static int file_new(char path[64])
{
	int fd = memfd_create("trace", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static struct place place_new(void)
{
	struct place p;

	p.fd = file_new(p.path);
	p.region = file_new(p.region_path);
	return p;
}

static void place_close(struct place *p)
{
	close(p->fd);
	close(p->region);
}

/* -------------------------------------------------------------- what is done */

static struct tt_emit_options options(void)
{
	return (struct tt_emit_options){.size = sizeof(struct tt_emit_options), .period_ns = LONG_NS,
					.memory_nbytes = 8 << 20};
}

static int to_path(struct place *p, struct tt_error *err)
{
	struct tt_emit_options opt = options();

	return tt_emit_start(p->path, &opt, err);
}

static int to_fd(struct place *p, struct tt_error *err)
{
	struct tt_emit_options opt = options();

	opt.shared_path = p->region_path;
	return tt_emit_start_fd(p->fd, &opt, err);
}

static int to_memory(struct place *p, struct tt_error *err)
{
	struct tt_emit_options opt = options();

	(void)p;
	return tt_emit_start_flight(&opt, err);
}

static int just_stop(struct place *p, struct tt_error *err)
{
	(void)p;
	return tt_emit_stop(err);
}

static int snapshot_and_stop(struct place *p, struct tt_error *err)
{
	int code = tt_flight_snapshot(p->path, err);

	tt_emit_stop(NULL);
	return code;
}

static const struct mode {
	int (*start)(struct place *p, struct tt_error *err);
	int (*stop)(struct place *p, struct tt_error *err);
} modes[] = {{to_path, just_stop}, {to_fd, just_stop}, {to_memory, snapshot_and_stop}};

/* Returns how many objects it wrote. */
static uint64_t write_some(void)
{
	uint64_t written = 0;
	struct tt_emit *e;

	for (int g = 0; g < GENERATIONS; g++) {
		for (uint64_t i = 0; i < OBJECTS; i++)
			written += tt_emit_once2(0, OBJECT_ALLOC, i << 20, i);
		e = tt_emit_acquire();
		if (e != NULL) {
			tt_emit_log(e, 0, "a", "text", tt_emit_stack_here(e, 0));
			tt_emit_batch(e, 1, "\x80", 1);
			tt_emit_syscall_begin(e, 0);
			tt_emit_release(e);
		}
		tt_emit_advance();
		tt_emit_unblock();
	}
	return written;
}

/* ------------------------------------------------------------------- outcomes */

static void expect_code(int code, const struct tt_error *err)
{
	if (code == 0)
		return;
	ck_assert_msg(code == -TT_E_IO || code == -TT_E_MEMORY, "%d: %s", code, err->message);
	ck_assert_int_eq(err->code, -code);
	ck_assert_str_ne(err->message, "");
}

/* Whole, and with what is missing counted. */
static void expect_trace(const struct place *p, uint64_t written)
{
	/* what is lost may be all batches */
	int but = tt_emit_counts().lost != 0 ? TT_W_EXPERIMENT_EMPTY : TT_OK;
	off_t len = lseek(p->fd, 0, SEEK_END);
	struct seen seen = {0};
	uint8_t *data = malloc((size_t)len + 1);

	ck_assert_ptr_nonnull(data);
	ck_assert_int_eq(pread(p->fd, data, (size_t)len, 0), len);
	see(data, (size_t)len, but, &seen);
	ck_assert_uint_ge(seen.by_type[OBJECT_ALLOC] + tt_emit_counts().lost, written);
	ck_assert_uint_ge(seen.generations, GENERATIONS + 1);
	free(data);
}

/* With call number `at` failing; false: there was no such call. */
static bool run(const struct mode *mode, unsigned long at, bool for_good)
{
	struct place p = place_new();
	struct tt_error err;
	uint64_t written = 0;
	bool failed;
	int code;

	fault_begin(FAULT_SYSTEM, at, for_good);
	code = mode->start(&p, &err);
	if (code == 0) {
		written = write_some();
		code = mode->stop(&p, &err);
	}
	failed = fault_count() != 0;
	fault_end();
	ck_assert(!tt_emit_on());
	ck_assert_ptr_null(tt_emit_acquire());
	expect_code(code, &err);
	ck_assert(failed || code == 0);
	if (code == 0)
		expect_trace(&p, written);
	if (!failed)
		ck_assert_uint_eq(tt_emit_counts().lost, 0);
	place_close(&p);
	return failed;
}

START_TEST(each_call_may_fail)
{
	const struct mode *mode = &modes[_i / 2];
	unsigned long at = 1;

	/* what is asked for once in a process was asked for */
	ck_assert(!run(mode, 0, false));
	while (run(mode, at, _i % 2 != 0))
		ck_assert_uint_lt(++at, MAX_CALLS);
	ck_assert_uint_gt(at, 5);
}
END_TEST

Suite *emit_fault_suite(void)
{
	Suite *s = suite_create("emit_fault");
	TCase *tc = tcase_create("system");

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, each_call_may_fail, 0, 2 * COUNT(modes));
	suite_add_tcase(s, tc);
	return s;
}
