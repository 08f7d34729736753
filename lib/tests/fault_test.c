/* SPDX-License-Identifier: MIT */
/*
 * fault_test.c - reading while the machine fails: the Nth allocation or read, once
 * and for good, for each N until nothing fails any more. Either all is as if
 * nothing had happened, or the error is exactly the one that did; nothing leaks.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fault.h"
#include "tests/input.h"
#include "tests/rich.h"
#include "tests/script.h"
#include "tests/suites.h"
#include "tests/walk.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- what is done while something fails: the digest, or a negative code */

static struct build input;      /* the trace that is read */

struct outcome {
	int code;               /* negative: of the failure; TT_END: none */
	uint64_t digest;
};

static struct outcome walk_opened(struct tt_reader *r, int rc, bool generations)
{
	struct walk w;

	if (rc < 0)
		return (struct outcome){rc, 0};
	walk(&w, r, input.len, generations);
	/* closed while it fails, too */
	tt_reader_close(r);
	if (w.outcome < 0 && w.outcome > -TT_E_NOT_A_TRACE)
		return (struct outcome){w.outcome, 0};
	return (struct outcome){TT_END, w.digest};
}

static struct outcome read_memory(bool generations)
{
	struct tt_reader *r;
	struct tt_error err;
	int rc = tt_reader_open_memory(&r, input.data, input.len, NULL, &err);

	return walk_opened(r, rc, generations);
}

static struct outcome read_events(void)
{
	return read_memory(false);
}

static struct outcome read_generations(void)
{
	return read_memory(true);
}

static int input_fd;            /* of a file with the input, at its start */

static struct outcome read_file(void)
{
	struct tt_reader *r;
	struct tt_error err;
	int rc;

	lseek(input_fd, 0, SEEK_SET);
	rc = tt_reader_open_fd(&r, input_fd, NULL, &err);
	return walk_opened(r, rc, false);
}

/* A socket holds all of it, in packets, so nobody has to write while it is read. */
static struct outcome read_packets(void)
{
	const size_t chunk = input.len / 50 + 1;
	struct tt_reader *r;
	struct tt_error err;
	struct outcome out;
	int fds[2], rc;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) != 0)
		abort();
	for (size_t at = 0; at < input.len; at += chunk) {
		size_t n = input.len - at < chunk ? input.len - at : chunk;

		if (send(fds[1], input.data + at, n, 0) != (ssize_t)n)
			abort();
	}
	close(fds[1]);
	rc = tt_reader_open_fd(&r, fds[0], NULL, &err);
	out = walk_opened(r, rc, false);
	close(fds[0]);
	return out;
}

static struct outcome read_compressed(void)
{
	struct tt_reader *r;
	struct tt_error err;
	struct walk w;
	int rc = tt_reader_open(&r, "testdata/go1.22-annotations.trace.zst", NULL, &err);

	if (rc < 0)
		return (struct outcome){rc, 0};
	walk(&w, r, TT_UNKNOWN, false);
	tt_reader_close(r);
	return (struct outcome){w.outcome, w.outcome < 0 ? 0 : w.digest};
}

static struct outcome read_wire(void)
{
	const struct tt_wire_event *ev;
	struct outcome out = {0, DIGEST_START};
	struct tt_wire *w;
	struct tt_error err;

	out.code = tt_wire_open_memory(&w, input.data, input.len, NULL, &err);
	if (out.code < 0)
		return out;
	while ((out.code = tt_wire_next(w, &ev)) == 0) {
		out.digest = digest_number(digest_number(out.digest, ev->offset), ev->type);
		out.digest = digest_text(digest_number(out.digest, ev->nframes), ev->data);
	}
	tt_wire_close(w);
	return out;
}

static struct outcome make_specs(void)
{
	static const char text[] = "experiment Mine 9\nevent Mine 150 since 1.26\n"
				   "\targs dt id name_string\n\tneeds thread\n";
	struct tt_specs *specs;
	struct tt_error err;
	uint64_t digest = 0;
	int rc = tt_specs_new(&specs, &err);

	if (rc < 0)
		return (struct outcome){rc, 0};
	rc = tt_specs_add(specs, "mine", text, sizeof(text) - 1, &err);
	if (rc == 0)
		digest = digest_cstr(DIGEST_START, tt_specs_event(specs, 150)->name);
	tt_specs_free(specs);
	return (struct outcome){rc < 0 ? rc : TT_END, digest};
}

/* ---- failing */

typedef struct outcome action(void);

/* Lets it fail at 1, 2, ... until it does not come to that call any more. */
static void fail_everywhere(action *act, enum fault_kind kind, bool for_good, int code)
{
	struct outcome clean, out;
	unsigned long failed;

	fault_begin(FAULT_NONE, 0, false);
	clean = act();
	ck_assert_uint_eq(fault_end(), 0);
	ck_assert_int_eq(clean.code, TT_END);
	for (unsigned long at = 1;; at++) {
		size_t left;

		fault_begin(kind, at, for_good);
		out = act();
		failed = fault_count();
		left = fault_end();
		ck_assert_msg(left == 0, "%zu blocks leak when call %lu fails", left, at);
		if (out.code != TT_END)
			ck_assert_msg(out.code == -code && failed != 0, "%d when call %lu fails",
				      out.code, at);
		else
			ck_assert_msg(out.digest == clean.digest,
				      "something else is read when call %lu fails", at);
		if (failed == 0)
			break;
		ck_assert_uint_lt(at, 5000);
	}
}

/* Calls of this kind that it makes when nothing fails. */
static unsigned long count_calls(action *act, enum fault_kind kind)
{
	unsigned long n;

	fault_begin(kind, 0, false);
	act();
	n = fault_calls();
	fault_end();
	return n;
}

static void set_up(void)
{
	/* with a generation that cannot be ordered, and damage between two */
	script_build(&input, 26, RICH_SCRIPT "\ngen 3\n7@300: GoDestroy\ngen 4\n7@400: Span 1 1 1");
	build_byte(&input, 0x77);
	for (uint64_t n = 5; n < 8; n++) {
		build_clock(&input, n, n * 1000, 1000000000);
		build_raw(&input, n, 7, n * 1000, "\x82\x01\x05", 3);
		build_mark(&input);
	}
	input_fd = input_file(input.data, input.len);
}

static void tear_down(void)
{
	close(input_fd);
	build_release(&input);
}

static action *const actions[] = {read_events, read_generations, read_file, read_packets,
				  read_compressed, read_wire, make_specs};

/* Or all tests here would pass and show nothing. */
START_TEST(the_tests_are_linked_so_that_calls_can_fail)
{
	ck_assert_uint_gt(count_calls(read_events, FAULT_ALLOC), 20);
	ck_assert_uint_gt(count_calls(make_specs, FAULT_ALLOC), 5);
	ck_assert_uint_gt(count_calls(read_packets, FAULT_READ), 40);
	ck_assert_uint_gt(count_calls(read_compressed, FAULT_READ), 1);
	ck_assert_uint_gt(count_calls(read_file, FAULT_MAP), 0);
}
END_TEST

START_TEST(no_memory_once_is_an_error_and_no_leak)
{
	fail_everywhere(actions[_i], FAULT_ALLOC, false, TT_E_MEMORY);
}
END_TEST

START_TEST(no_memory_for_good_is_an_error_and_no_leak)
{
	fail_everywhere(actions[_i], FAULT_ALLOC, true, TT_E_MEMORY);
}
END_TEST

START_TEST(a_read_that_fails_is_an_error_and_no_leak)
{
	fail_everywhere(actions[_i], FAULT_READ, false, TT_E_IO);
	fail_everywhere(actions[_i], FAULT_READ, true, TT_E_IO);
}
END_TEST

START_TEST(a_read_that_is_interrupted_is_made_again)
{
	fail_everywhere(actions[_i], FAULT_INTERRUPT, false, 0);
}
END_TEST

START_TEST(a_file_that_cannot_be_mapped_is_read)
{
	fail_everywhere(actions[_i], FAULT_MAP, true, 0);
}
END_TEST

Suite *fault_suite(void)
{
	Suite *suite = suite_create("fault");
	TCase *tc = tcase_create("the machine fails");
	const int n = (int)COUNT(actions);

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, the_tests_are_linked_so_that_calls_can_fail);
	tcase_add_loop_test(tc, no_memory_once_is_an_error_and_no_leak, 0, n);
	tcase_add_loop_test(tc, no_memory_for_good_is_an_error_and_no_leak, 0, n);
	tcase_add_loop_test(tc, a_read_that_fails_is_an_error_and_no_leak, 0, n);
	tcase_add_loop_test(tc, a_read_that_is_interrupted_is_made_again, 0, n);
	tcase_add_loop_test(tc, a_file_that_cannot_be_mapped_is_read, 0, n);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	return suite;
}
