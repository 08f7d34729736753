/* SPDX-License-Identifier: MIT */
/*
 * io_test.c - sources of plain bytes: every way to open them gives the same, and
 * pointers live until they are released.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/feed.h"
#include "tests/fault.h"
#include "tests/io_support.h"
#include "tests/sanitized.h"
#include "tests/suites.h"

#define MB ((size_t)1 << 20)

static void ignore_broken_pipes(void)
{
	signal(SIGPIPE, SIG_IGN);
}

/* --------------------------------------------------------- the same bytes */

static const size_t wants[] = {1, 2, 3, 4, 5, 6, 7, 8, 100, 65536, MB, 3 * MB};

START_TEST(source_gives_the_same_bytes_every_way)
{
	enum way way = (enum way)(_i / (int)COUNT(wants));
	size_t want = wants[_i % (int)COUNT(wants)];
	size_t size = want <= 8 ? 100001 : 5 * MB + 12345;
	struct bytes bytes = trace_bytes(way == WAY_PIPE_DRIPS ? size / 4 : size);
	struct opened o = {0};

	ck_assert_int_eq(open_way(&o, way, bytes, NULL), 0);
	expect_all(o.source, want, bytes);
	close_way(&o);
	free(bytes.data);
}
END_TEST

START_TEST(source_takes_small_inputs_every_way)
{
	static const size_t sizes[] = {0, 1, 2, 4, 5, 6, 16, 511, 512, 1023, 1024, 1025, 4096};

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct bytes bytes = trace_bytes(sizes[i]);
		struct opened o = {0};

		ck_assert_int_eq(open_way(&o, (enum way)_i, bytes, NULL), 0);
		expect_all(o.source, 7, bytes);
		close_way(&o);
		free(bytes.data);
	}
}
END_TEST

START_TEST(source_passes_through_what_is_no_packing)
{
	static const struct {
		const char *text;
		size_t n;
	} plain[] = {
		{"hello, world\n", 13},
		{"\x7f" "ELF\2\1\1", 7},
		{"\x28\xb5\x2f", 3},
		{"\x1f\x8b", 2},
		{"PK\3\5xxxx", 8},
		{"BZh9 no block", 13},
		{"{\"json\": true}", 14},
	};

	for (size_t i = 0; i < COUNT(plain); i++) {
		struct bytes bytes = {malloc(plain[i].n), plain[i].n};
		struct opened o = {0};

		memcpy(bytes.data, plain[i].text, plain[i].n);
		ck_assert_int_eq(open_way(&o, (enum way)_i, bytes, NULL), 0);
		expect_all(o.source, 1, bytes);
		close_way(&o);
		free(bytes.data);
	}
}
END_TEST

START_TEST(source_passes_through_a_block_of_zeros)
{
	struct bytes bytes = {calloc(1, 10240), 10240};
	struct opened o = {0};

	ck_assert_int_eq(open_way(&o, (enum way)_i, bytes, NULL), 0);
	expect_all(o.source, 1000, bytes);
	close_way(&o);
	free(bytes.data);
}
END_TEST

START_TEST(source_of_memory_and_files_is_not_copied)
{
	struct bytes bytes = trace_bytes(3 * MB);
	const uint8_t *data;
	struct opened o = {0};
	size_t avail;

	for (enum way way = WAY_MEMORY; way <= WAY_FD_MIDDLE; way++) {
		ck_assert_int_eq(open_way(&o, way, bytes, NULL), 0);
		ck_assert_int_eq(tt_source_peek(o.source, 1, &data, &avail, &o.error), 0);
		ck_assert_uint_eq(avail, bytes.n);
		ck_assert(way != WAY_MEMORY || data == bytes.data);
		ck_assert_uint_lt(o.mem.used_nbytes, 1024);
		close_way(&o);
	}
	free(bytes.data);
}
END_TEST

/* ---------------------------------------------------- pointers and moving */

struct seen {
	const uint8_t *data;
	size_t n;
	uint64_t at;
};

/* Hops as over batches: each header is what a peek shows. */
START_TEST(headers_are_what_peeks_show)
{
	struct bytes bytes = trace_bytes(50000);
	struct opened o = {0};
	const uint8_t *data;
	size_t avail, at = 0;

	ck_assert_int_eq(open_way(&o, (enum way)_i, bytes, NULL), 0);
	for (unsigned hop = 1; at < bytes.n; at += hop, hop = (hop * 7 + 5) % 6001) {
		size_t left = bytes.n - at;

		hop = hop < left ? hop : (unsigned)left;
		ck_assert_int_eq(tt_source_peek_header(o.source, TT_PEEK_HEADER_MAX, &data, &avail,
						       &o.error), 0);
		ck_assert_uint_ge(avail, left < TT_PEEK_HEADER_MAX ? left : TT_PEEK_HEADER_MAX);
		ck_assert_uint_le(avail, left);
		ck_assert(memcmp(data, bytes.data + at, avail) == 0);
		ck_assert_uint_eq(tt_source_offset(o.source), at);
		ck_assert_int_eq(tt_source_peek(o.source, hop, &data, &avail, &o.error), 0);
		ck_assert(memcmp(data, bytes.data + at, hop) == 0);
		tt_source_skip(o.source, hop);
	}
	ck_assert_int_eq(tt_source_peek_header(o.source, 1, &data, &avail, &o.error), 0);
	ck_assert_uint_eq(avail, 0);
	close_way(&o);
	free(bytes.data);
}
END_TEST

START_TEST(a_file_is_read_again_while_it_can_be)
{
	struct bytes bytes = trace_bytes(50000);
	struct opened o = {0};
	const uint8_t *data;
	uint8_t again[1000];
	size_t avail;

	ck_assert_int_eq(open_way(&o, WAY_FD_MIDDLE, bytes, NULL), 0);
	ck_assert(tt_source_in_file(o.source));
	ck_assert_int_eq(tt_source_peek(o.source, bytes.n, &data, &avail, &o.error), 0);
	ck_assert(tt_source_reread(o.source, data + 20000, sizeof(again), again));
	ck_assert(memcmp(again, bytes.data + 20000, sizeof(again)) == 0);
	/* not of the file, and not of the view */
	ck_assert(!tt_source_reread(o.source, again, sizeof(again), again));
	ck_assert(!tt_source_reread(o.source, data - 1, 1, again));
	fault_begin(FAULT_READ, 1, true);
	ck_assert(!tt_source_reread(o.source, data, 1, again));
	ck_assert_int_eq(tt_source_peek_header(o.source, 16, &data, &avail, &o.error), 0);
	ck_assert_uint_gt(fault_count(), 1);
	fault_end();
	/* then it is looked at where it is mapped */
	ck_assert_uint_eq(avail, bytes.n);
	close_way(&o);
	free(bytes.data);
}
END_TEST

START_TEST(peeked_bytes_stay_where_they_are)
{
	struct bytes bytes = trace_bytes(2 * MB + 1);
	struct seen seen[4000];
	size_t nseen = 0, want = 1;
	struct opened o = {0};

	ck_assert_int_eq(open_way(&o, (enum way)_i, bytes, NULL), 0);
	for (;;) {
		struct seen *s = &seen[nseen];

		want = want * 31 % 65521 + 1;
		s->at = tt_source_offset(o.source);
		ck_assert_int_eq(tt_source_peek(o.source, want, &s->data, &s->n, &o.error), 0);
		s->n = s->n < want ? s->n : want;
		if (s->n == 0)
			break;
		ck_assert_uint_lt(++nseen, COUNT(seen));
		tt_source_skip(o.source, s->n < want ? s->n : want / 2 + want % 2);
	}
	for (size_t i = 0; i < nseen; i++)
		ck_assert(memcmp(seen[i].data, bytes.data + seen[i].at, seen[i].n) == 0);
	close_way(&o);
	free(bytes.data);
}
END_TEST

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

START_TEST(source_seeks_between_the_mark_and_what_was_peeked)
{
	struct bytes bytes = trace_bytes(4 * MB + 77);
	uint64_t mark = 0, at = 0, peeked = 0;
	uint32_t seed = (uint32_t)_i;
	struct opened o = {0};

	ck_assert_int_eq(open_way(&o, (enum way)_i, bytes, NULL), 0);
	for (int step = 0; step < 3000; step++) {
		size_t want = next_random(&seed) % (step % 16 == 0 ? 1500000 : 9000);
		const uint8_t *data;
		size_t avail, n;

		ck_assert_int_eq(tt_source_peek(o.source, want, &data, &avail, &o.error), 0);
		ck_assert(avail >= want || at + avail == bytes.n);
		n = want < avail ? want : avail;
		ck_assert(memcmp(data, bytes.data + at, n) == 0);
		peeked = at + n > peeked ? at + n : peeked;
		tt_source_skip(o.source, n / 2);
		at += n / 2;
		ck_assert_uint_eq(tt_source_offset(o.source), at);
		if (next_random(&seed) % 8 == 0) {
			at = mark + next_random(&seed) % (peeked - mark + 1);
			tt_source_seek(o.source, at);
			ck_assert_uint_eq(tt_source_offset(o.source), at);
		}
		if (next_random(&seed) % 32 == 0) {
			mark = at - next_random(&seed) % (at - mark + 1);
			tt_source_release(o.source, mark);
		}
	}
	ck_assert_uint_gt(peeked, MB);
	close_way(&o);
	free(bytes.data);
}
END_TEST

/* Whoever searches for the next good byte after damage goes back and on, step by
 * step, across a chunk's end. */
START_TEST(search_across_chunks_needs_little_memory)
{
	struct bytes bytes = trace_bytes(3 * MB);
	const uint8_t *data;
	struct opened o = {0};
	size_t avail;

	ck_assert_int_eq(open_way(&o, WAY_PIPE, bytes, NULL), 0);
	for (size_t at = 0; at < bytes.n - 10; at += 50000) {
		tt_source_seek(o.source, at);
		ck_assert_int_eq(tt_source_peek(o.source, 50010, &data, &avail, &o.error), 0);
	}
	for (size_t at = MB / 2; at < 2 * MB; at += 101) {
		tt_source_seek(o.source, at);
		ck_assert_int_eq(tt_source_peek(o.source, 60000, &data, &avail, &o.error), 0);
		ck_assert(memcmp(data, bytes.data + at, 60000) == 0);
	}
	ck_assert_uint_lt(o.mem.used_nbytes, 10 * MB);
	close_way(&o);
	free(bytes.data);
}
END_TEST

/* ------------------------------------------------------------------ memory */

START_TEST(released_chunks_are_used_again)
{
	struct bytes bytes = trace_bytes(24 * MB);
	struct opened o = {0};

	o.mem.limit_nbytes = 4 * MB;
	ck_assert_int_eq(open_way(&o, WAY_PIPE, bytes, NULL), 0);
	expect_all(o.source, 65536, bytes);
	close_way(&o);
	free(bytes.data);
}
END_TEST

START_TEST(memory_limit_comes_after_the_bytes_before_it)
{
	struct bytes bytes = trace_bytes(8 * MB);
	const uint8_t *data;
	struct opened o = {0};
	size_t avail, want = 1000;
	int rc;

	o.mem.limit_nbytes = 3 * MB;
	ck_assert_int_eq(open_way(&o, WAY_PIPE, bytes, NULL), 0);
	for (;;) {
		rc = tt_source_peek(o.source, want, &data, &avail, &o.error);
		if (rc != 0)
			break;
		tt_source_skip(o.source, want);
	}
	ck_assert_int_eq(rc, -TT_E_LIMIT);
	ck_assert_int_eq(o.error.code, TT_E_LIMIT);
	ck_assert(o.error.system);
	ck_assert_uint_lt(avail, want);
	ck_assert_uint_gt(tt_source_offset(o.source) + avail, MB);
	ck_assert(memcmp(data, bytes.data + tt_source_offset(o.source), avail) == 0);
	/* The limit is no damage: what is released makes room. */
	tt_source_release(o.source, tt_source_offset(o.source));
	expect_all(o.source, 5000, bytes);
	close_way(&o);
	free(bytes.data);
}
END_TEST

START_TEST(large_want_at_a_small_input_is_no_large_chunk)
{
	struct bytes bytes = trace_bytes(100000);
	const uint8_t *data;
	struct opened o = {0};
	size_t avail;

	o.mem.limit_nbytes = 2 * MB;
	ck_assert_int_eq(open_way(&o, WAY_PIPE_DRIPS, bytes, NULL), 0);
	ck_assert_int_eq(tt_source_peek(o.source, SIZE_MAX, &data, &avail, &o.error), 0);
	ck_assert_uint_eq(avail, bytes.n);
	ck_assert(memcmp(data, bytes.data, avail) == 0);
	close_way(&o);
	free(bytes.data);
}
END_TEST

/* Every limit there is: success or that code, and nothing leaks. */
START_TEST(any_memory_limit_fails_cleanly)
{
	struct bytes bytes = trace_bytes(150000);
	bool failed = false, passed = false;

	for (uint64_t limit = 1; limit < 300000; limit += limit / 16 + 1) {
		struct opened o = {.mem.limit_nbytes = limit};
		int rc = open_way(&o, (enum way)_i, bytes, NULL);

		if (rc == 0)
			read_all(o.source, 3000, bytes, &o.error, &rc);
		ck_assert(rc == 0 || rc == TT_E_LIMIT);
		failed |= rc != 0;
		passed |= rc == 0;
		close_way(&o);
	}
	ck_assert(failed && passed);
	free(bytes.data);
}
END_TEST

static size_t resident_nbytes(void)
{
	unsigned long total = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%lu %lu", &total, &resident), 2);
	fclose(f);
	return resident * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST(mapped_pages_are_given_back)
{
	struct bytes none = {NULL, 0};
	struct tt_mem mem = {0};
	struct tt_source *s;
	struct tt_error err;
	const uint8_t *data;
	char path[TEMP_PATH_SIZE];
	size_t avail, before, most = 0;
	unsigned sum = 0;

	temp_file(path, none);
	ck_assert_int_eq(truncate(path, (off_t)(128 * MB)), 0);
	ck_assert_int_eq(tt_source_open_path(&s, path, NULL, &mem, &err), 0);
	before = resident_nbytes();
	for (size_t at = 0; at < 128 * MB; at += 65536) {
		ck_assert_int_eq(tt_source_peek(s, 65536, &data, &avail, &err), 0);
		for (size_t i = 0; i < 65536; i += 512)
			sum += data[i];
		tt_source_skip(s, 65536);
		tt_source_release(s, at);
		if (at % MB == 0 && resident_nbytes() > most)
			most = resident_nbytes();
	}
	ck_assert_uint_eq(sum, 0);
#ifndef TT_SANITIZED_THREADS /* its shadow of pages that were looked at stays */
	ck_assert_uint_lt(most, before + 32 * MB);
#endif
	tt_source_close(s);
	unlink(path);
}
END_TEST

/* ---------------------------------------------------------- pipes that live */

START_TEST(pipe_is_not_waited_on_for_more_than_wanted)
{
	struct tt_mem mem = {0};
	struct tt_source *s;
	struct tt_error err;
	const uint8_t *data;
	size_t avail;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(write(fds[1], "go 1.26 trace\0\0\0", 16), 16);
	ck_assert_int_eq(tt_source_open_fd(&s, fds[0], NULL, &mem, &err), 0);
	ck_assert_int_eq(tt_source_peek(s, 16, &data, &avail, &err), 0);
	ck_assert_uint_eq(avail, 16);
	ck_assert_int_eq(write(fds[1], "more", 4), 4);
	tt_source_skip(s, 16);
	ck_assert_int_eq(tt_source_peek(s, 2, &data, &avail, &err), 0);
	ck_assert_uint_eq(avail, 4);
	ck_assert_mem_eq(data, "more", 4);
	close(fds[1]);
	ck_assert_int_eq(tt_source_peek(s, 5, &data, &avail, &err), 0);
	ck_assert_uint_eq(avail, 4);
	tt_source_close(s);
	close(fds[0]);
}
END_TEST

static void on_signal(int number)
{
	(void)number;
}

struct nuisance {
	pthread_t victim;
	atomic_bool stop;
};

static void *send_signals(void *arg)
{
	struct nuisance *n = arg;

	while (!n->stop) {
		pthread_kill(n->victim, SIGUSR1);
		usleep(50);
	}
	return NULL;
}

START_TEST(signals_and_nonblocking_pipes_do_not_end_a_source)
{
	struct sigaction action = {.sa_handler = on_signal};
	struct nuisance nuisance = {.victim = pthread_self()};
	struct bytes bytes = trace_bytes(300000);
	struct opened o = {0};
	pthread_t thread;

	ck_assert_int_eq(sigaction(SIGUSR1, &action, NULL), 0);
	ck_assert_int_eq(pthread_create(&thread, NULL, send_signals, &nuisance), 0);
	ck_assert_int_eq(open_way(&o, WAY_PIPE_DRIPS, bytes, NULL), 0);
	ck_assert_int_eq(fcntl(o.read_fd, F_SETFL, O_NONBLOCK), 0);
	expect_all(o.source, 4000, bytes);
	nuisance.stop = true;
	pthread_join(thread, NULL);
	close_way(&o);
	free(bytes.data);
}
END_TEST

/* ------------------------------------------------------------------ errors */

static void expect_path_error(const char *path, int system_errno)
{
	struct tt_mem mem = {0};
	struct tt_source *s = (struct tt_source *)&mem;
	struct tt_error err;

	ck_assert_int_eq(tt_source_open_path(&s, path, NULL, &mem, &err), -TT_E_IO);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.code, TT_E_IO);
	ck_assert_int_eq(err.system_errno, system_errno);
	ck_assert(err.system);
	ck_assert_ptr_nonnull(strstr(err.message, strerror(system_errno)));
	ck_assert_uint_eq(mem.used_nbytes, 0);
}

START_TEST(unreadable_paths_are_told_apart)
{
	expect_path_error("/nonexistent/file", ENOENT);
	expect_path_error("/nonexistent:member", ENOENT);
	expect_path_error("/:member", ENOENT);
	expect_path_error("", ENOENT);
	expect_path_error(":", ENOENT);
	expect_path_error("/", EISDIR);
	expect_path_error("/dev/null/x", ENOTDIR);
	expect_path_error("/proc/self/mem", EIO); /* opens, and then cannot be read */
}
END_TEST

START_TEST(forbidden_file_is_an_error)
{
	struct bytes none = {NULL, 0};
	char path[TEMP_PATH_SIZE];
	uid_t self = geteuid();

	temp_file(path, none);
	ck_assert_int_eq(chmod(path, 0), 0);
	/* root is forbidden nothing, and becomes somebody else, where there is one */
	if (self != 0 || seteuid(65534) == 0)
		expect_path_error(path, EACCES);
	ck_assert_int_eq(seteuid(self), 0);
	unlink(path);
}
END_TEST

static void expect_fd_error(int fd, int system_errno)
{
	struct tt_mem mem = {0};
	struct tt_source *s;
	struct tt_error err;

	ck_assert_int_eq(tt_source_open_fd(&s, fd, NULL, &mem, &err), -TT_E_IO);
	ck_assert_ptr_null(s);
	ck_assert_int_eq(err.system_errno, system_errno);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}

/* Where words have 32 bits, places in files must not. */
START_TEST(input_begins_behind_4_gib)
{
	const off_t start = ((off_t)1 << 32) + 5;
	struct tt_mem mem = {0};
	FILE *file = tmpfile();
	struct tt_feed *feed;
	struct tt_error err;
	uint8_t bytes[8];
	size_t got;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fseeko(file, start, SEEK_SET), 0);
	ck_assert_uint_eq(fwrite("far out", 1, 7, file), 7);
	ck_assert_int_eq(fflush(file), 0);
	ck_assert_int_eq(lseek(fileno(file), start + 4, SEEK_SET), start + 4);
	ck_assert_int_eq(tt_feed_open_fd(&feed, fileno(file), false, &mem, &err), 0);
	ck_assert_int_eq(tt_feed_read(feed, bytes, sizeof(bytes), &got, &err), 0);
	ck_assert_uint_eq(got, 3);
	ck_assert_mem_eq(bytes, "out", 3);
	tt_feed_close(feed);
	fclose(file);
}
END_TEST

START_TEST(unreadable_descriptors_are_errors)
{
	int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int write_only = open("/dev/null", O_WRONLY | O_CLOEXEC);

	expect_fd_error(folder, EISDIR);
	expect_fd_error(write_only, EBADF);
	expect_fd_error(-1, EBADF);
	close(folder);
	close(write_only);
}
END_TEST

/* fstat says of these that they are regular and empty. */
START_TEST(files_of_proc_are_read)
{
	struct tt_mem mem = {0};
	struct tt_source *s;
	struct tt_error err;
	const uint8_t *data;
	size_t avail;

	ck_assert_int_eq(tt_source_open_path(&s, "/proc/self/stat", NULL, &mem, &err), 0);
	ck_assert_int_eq(tt_source_peek(s, 10, &data, &avail, &err), 0);
	ck_assert_uint_ge(avail, 10);
	ck_assert(data[0] >= '1' && data[0] <= '9');
	tt_source_close(s);
}
END_TEST

START_TEST(progress_counts_the_input)
{
	struct bytes bytes = trace_bytes(2 * MB);
	struct bytes packed = compressed("zstd", bytes);
	uint64_t done, total;
	struct opened o = {0};

	ck_assert_int_eq(open_way(&o, (enum way)_i, packed, NULL), 0);
	tt_source_progress(o.source, &done, &total);
	ck_assert_uint_lt(done, packed.n);
	expect_all(o.source, 1000, bytes);
	tt_source_progress(o.source, &done, &total);
	ck_assert_uint_eq(done, packed.n);
	ck_assert_uint_eq(total, _i <= WAY_FD_MIDDLE ? packed.n : 0);
	close_way(&o);
	free(packed.data);
	free(bytes.data);
}
END_TEST

Suite *io_suite(void)
{
	Suite *suite = suite_create("io");
	TCase *ways = tcase_create("ways");
	TCase *rest = tcase_create("rest");

	tcase_add_unchecked_fixture(ways, ignore_broken_pipes, NULL);
	tcase_add_unchecked_fixture(rest, ignore_broken_pipes, NULL);
	tcase_set_timeout(ways, 60);
	tcase_set_timeout(rest, 60);
	tcase_add_loop_test(ways, source_gives_the_same_bytes_every_way, 0,
			    (int)(WAY_COUNT * COUNT(wants)));
	tcase_add_loop_test(ways, source_takes_small_inputs_every_way, 0, WAY_COUNT);
	tcase_add_loop_test(ways, source_passes_through_what_is_no_packing, 0, WAY_COUNT);
	tcase_add_loop_test(ways, source_passes_through_a_block_of_zeros, 0, WAY_COUNT);
	tcase_add_loop_test(ways, peeked_bytes_stay_where_they_are, 0, WAY_COUNT);
	tcase_add_loop_test(ways, source_seeks_between_the_mark_and_what_was_peeked, 0, WAY_COUNT);
	tcase_add_loop_test(ways, any_memory_limit_fails_cleanly, 0, WAY_COUNT);
	tcase_add_loop_test(ways, progress_counts_the_input, 0, WAY_COUNT);
	suite_add_tcase(suite, ways);
	tcase_add_test(rest, source_of_memory_and_files_is_not_copied);
	tcase_add_test(rest, search_across_chunks_needs_little_memory);
	tcase_add_test(rest, released_chunks_are_used_again);
	tcase_add_test(rest, memory_limit_comes_after_the_bytes_before_it);
	tcase_add_test(rest, large_want_at_a_small_input_is_no_large_chunk);
	tcase_add_test(rest, mapped_pages_are_given_back);
	tcase_add_test(rest, pipe_is_not_waited_on_for_more_than_wanted);
	tcase_add_test(rest, signals_and_nonblocking_pipes_do_not_end_a_source);
	tcase_add_test(rest, unreadable_paths_are_told_apart);
	tcase_add_test(rest, forbidden_file_is_an_error);
	tcase_add_test(rest, input_begins_behind_4_gib);
	tcase_add_test(rest, unreadable_descriptors_are_errors);
	tcase_add_test(rest, files_of_proc_are_read);
	tcase_add_loop_test(rest, headers_are_what_peeks_show, 0, WAY_COUNT);
	tcase_add_test(rest, a_file_is_read_again_while_it_can_be);
	suite_add_tcase(suite, rest);
	return suite;
}
