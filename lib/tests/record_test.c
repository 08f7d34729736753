/* SPDX-License-Identifier: MIT */
/*
 * record_test.c - the recorder: streams that come in pieces of any size, end
 * anywhere or break, into files of which only whole generations may be seen; and
 * the reader of a function's bytes.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zstd.h>

#include "tests/fault.h"
#include "tests/input.h"
#include "tests/suites.h"
#include "tracetool_write.h"
#include "wire/assemble.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define NGENERATIONS 4

static struct tt_mem mem;
static struct tt_error err;
static char folder[TEMP_PATH_SIZE];
static int top_folder;

/* ------------------------------------------------------------------- traces */

/* A trace of NGENERATIONS, and where its header and each of them end. */
struct trace {
	uint8_t *data;
	size_t n, cap;
	size_t ends[NGENERATIONS + 1];
};

static const unsigned versions[] = {22, 23, 25, 26};

static void put(struct trace *t, const void *data, size_t n)
{
	ck_assert_uint_le(n, t->cap - t->n);
	if (n != 0)
		memcpy(t->data + t->n, data, n);
	t->n += n;
}

static int generation_text(char *text, size_t size, unsigned version, unsigned gen)
{
	int n = snprintf(text, size,
			 "EventBatch gen=%u m=-1 time=%u\n%s"
			 "EventBatch gen=%u m=7 time=%u\nProcStatus dt=1 p=0 pstatus=1\n"
			 "GoStatus dt=1 g=1 m=7 gstatus=2\n"
			 "EventBatch gen=%u m=-1 time=%u\nStrings\nString id=1\n\tdata=\"%0*u\"\n%s",
			 gen, gen * 1000,
			 version < 25 ? "Frequency freq=1000000000\n"
				      : "Sync\nFrequency freq=1000000000\n"
					"ClockSnapshot dt=0 mono=1 sec=1700000000 nsec=1\n",
			 gen, gen * 1000, gen, gen * 1000, 120, gen,
			 version < 26 ? "" : "EndOfGeneration\n");

	ck_assert(n > 0 && (size_t)n < size);
	return n;
}

static void take(struct trace *t, struct tt_assembler *a, const char *text, size_t len)
{
	struct tt_str s;

	ck_assert_msg(tt_assembler_add(a, text, len, &err) == 0, "%s", err.message);
	s = tt_assembler_take(a);
	put(t, s.data, s.len);
}

/* An assembler of its own for each generation, so that it is known where each ends. */
static struct trace trace_of(unsigned version)
{
	struct trace t = {.cap = 1 << 16};
	size_t header;

	t.data = malloc(t.cap);
	ck_assert_ptr_nonnull(t.data);
	for (unsigned gen = 0; gen <= NGENERATIONS; gen++) {
		struct tt_assembler *a;
		struct tt_str s;
		char text[1024];

		ck_assert_int_eq(tt_assembler_new(&a, NULL, &err), 0);
		header = t.n;
		take(&t, a, text, (size_t)snprintf(text, sizeof(text), "Trace Go1.%u\n", version));
		if (gen != 0)
			take(&t, a, text, (size_t)generation_text(text, sizeof(text), version, gen));
		ck_assert_int_eq(tt_assembler_finish(a, &err), 0);
		s = tt_assembler_take(a);
		put(&t, s.data, s.len);
		tt_assembler_free(a);
		if (gen != 0) {
			memmove(t.data + header, t.data + header + 16, t.n - header - 16);
			t.n -= 16;
		}
		t.ends[gen] = t.n;
	}
	ck_assert_uint_eq(t.ends[0], 16);
	return t;
}

/* Before 1.26 the type and the number of the next batch tell that a generation is whole. */
#define NUMBER_OF_NEXT 2

/* Generations of which n bytes of the trace show that they are whole. */
static size_t whole_in(const struct trace *t, unsigned version, size_t n)
{
	size_t more = version < 26 ? NUMBER_OF_NEXT : 0, whole = 0;

	while (whole < NGENERATIONS && t->ends[whole + 1] + more <= n)
		whole++;
	return whole;
}

/* ------------------------------------------------------------------- inputs */

/* Bytes in reads of at most `chunk`, then an end or a failure. */
struct stream {
	const uint8_t *data;
	size_t n, at, chunk;
	int failure;            /* errno of the read behind them; 0: they end */
	bool over;
	bool pauses;            /* some time passes before each generation's first byte */
	const struct trace *trace;
};

static int64_t stream_read(void *arg, void *buf, size_t room)
{
	struct stream *s = arg;
	size_t n = s->n - s->at;

	/* no ck_assert: it allocates, and that may be failing */
	if (s->over || room == 0)
		abort();
	n = n < room ? n : room;
	n = n < s->chunk ? n : s->chunk;
	if (n == 0) {
		s->over = true;
		errno = s->failure;
		return s->failure != 0 ? -1 : 0;
	}
	for (size_t i = 0; s->pauses && i < NGENERATIONS; i++)
		if (s->trace->ends[i] == s->at)
			nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
	memcpy(buf, s->data + s->at, n);
	s->at += n;
	return (int64_t)n;
}

static struct stream stream_of(const struct trace *t, size_t n, size_t chunk)
{
	return (struct stream){.data = t->data, .n = n, .chunk = chunk, .trace = t};
}

/* -------------------------------------------------------------------- files */

static void setup(void)
{
	temp_folder_new(folder);
	/* Back to it at the end: under a sanitizer all tests share one process. */
	ck_assert_int_ge(top_folder = open(".", O_RDONLY | O_DIRECTORY), 0);
	ck_assert_int_eq(chdir(folder), 0);
}

static size_t count_files(void)
{
	DIR *dir = opendir(".");
	size_t n = 0;

	ck_assert_ptr_nonnull(dir);
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
	closedir(dir);
	return n;
}

static void remove_files(void)
{
	DIR *dir = opendir(".");

	ck_assert_ptr_nonnull(dir);
	for (const struct dirent *e; (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.')
			unlink(e->d_name);
	closedir(dir);
}

static void teardown(void)
{
	remove_files();
	ck_assert_int_eq(fchdir(top_folder), 0);
	close(top_folder);
	ck_assert_int_eq(rmdir(folder), 0);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}

static void expect_file(const char *name, const void *data, size_t n)
{
	static uint8_t content[1 << 17];
	int fd = open(name, O_RDONLY);
	ssize_t got;

	ck_assert_msg(fd >= 0, "%s: %s", name, strerror(errno));
	got = read(fd, content, sizeof(content));
	close(fd);
	ck_assert_int_eq(got, (ssize_t)n);
	ck_assert_mem_eq(content, data, n);
}

static void expect_no_file(const char *name)
{
	struct stat st;

	ck_assert(stat(name, &st) != 0 && errno == ENOENT);
}

/* ---------------------------------------------------------------- recording */

static struct tt_recorder_options options_with(unsigned flags)
{
	return (struct tt_recorder_options){.size = sizeof(struct tt_recorder_options),
					    .flags = flags};
}

static struct tt_recorder *open_recorder(struct stream *s, const char *path,
					 const struct tt_recorder_options *opt)
{
	struct tt_input input = {stream_read, s};
	struct tt_recorder *r;

	ck_assert_msg(tt_recorder_open(&r, &input, path, opt, &err) == 0, "%s", err.message);
	return r;
}

/* Records all there is; the code of the end, *n generations. */
static int record_all(struct tt_recorder *r, const struct trace *t, size_t *n)
{
	struct tt_recorded g;
	int rc;

	for (*n = 0; (rc = tt_recorder_next(r, &g)) == 0; ++*n) {
		ck_assert_uint_lt(*n, NGENERATIONS);
		ck_assert_uint_eq(g.ordinal, *n + 1);
		ck_assert_uint_eq(g.number, *n + 1);
		ck_assert_uint_eq(g.offset, *n == 0 ? 0 : t->ends[*n]);
		ck_assert_uint_eq(g.end, t->ends[*n + 1]);
		if (g.data != NULL)
			ck_assert_mem_eq(g.data, t->data + g.offset, g.end - g.offset);
	}
	ck_assert_int_eq(tt_recorder_next(r, &g), rc);
	return rc;
}

START_TEST(a_stream_is_stored_as_it_is_however_it_comes)
{
	struct trace t = trace_of(versions[_i]);

	for (size_t chunk = 1; chunk <= 64; chunk += chunk < 8 ? 1 : 28) {
		struct tt_recorder_options opt = options_with(TT_RECORD_HOLD);
		struct stream s = stream_of(&t, t.n, chunk);
		struct tt_recorder *r = open_recorder(&s, "a.trace", &opt);
		struct tt_recorder_progress p;
		size_t n;

		ck_assert_int_eq(record_all(r, &t, &n), TT_END);
		ck_assert_uint_eq(n, NGENERATIONS);
		expect_no_file("a.trace");
		ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
		expect_file("a.trace", t.data, t.n);
		ck_assert_uint_eq(count_files(), 1);
		remove_files();
		p = tt_recorder_progress(r);
		ck_assert_uint_eq(p.in_nbytes, t.n);
		ck_assert_uint_eq(p.nbytes, t.n);
		ck_assert_uint_eq(p.out_nbytes, t.n);
		ck_assert_uint_eq(p.generations, NGENERATIONS);
		ck_assert_uint_eq(p.files, 1);
		ck_assert_str_eq(p.path, "a.trace");
		tt_recorder_close(r);
	}
	free(t.data);
}
END_TEST

/* A stream that ends, or fails, behind its first n bytes. */
static void record_cut(const struct trace *t, unsigned version, size_t n, int failure)
{
	struct tt_recorder_options opt = options_with(0);
	struct stream s = stream_of(t, n, 1000);
	size_t whole = whole_in(t, version, n), got = 0, want_nbytes = t->ends[whole];
	struct tt_recorder *r;
	struct tt_recorded g;
	int rc;

	s.failure = failure;
	r = open_recorder(&s, "a.trace", &opt);
	while ((rc = tt_recorder_next(r, &g)) == 0)
		got++;
	/* a stream that ends between two batches ends well if it has no marks */
	if (rc == TT_END && version < 26 && n > 16) {
		whole++;
		want_nbytes = n;
	}
	ck_assert_uint_eq(got, whole);
	if (failure != 0)
		ck_assert_int_eq(rc, -TT_E_IO);
	else if (n == 0)
		ck_assert_int_eq(rc, -TT_E_NOT_A_TRACE);
	else
		ck_assert(rc == -TT_E_CUT_OFF || rc == TT_END);
	for (size_t i = 0; failure == 0 && i <= NGENERATIONS; i++)
		ck_assert(n != t->ends[i] || rc == TT_END);
	if (rc == -TT_E_CUT_OFF)
		ck_assert_uint_eq(tt_recorder_error(r)->offset, n);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	ck_assert_uint_eq(count_files(), whole != 0);
	if (whole != 0)
		expect_file("a.trace", t->data, want_nbytes);
	remove_files();
}

START_TEST(a_stream_cut_at_any_byte_keeps_what_is_whole)
{
	struct trace t = trace_of(versions[_i]);

	for (size_t n = 0; n <= t.n; n++)
		record_cut(&t, versions[_i], n, 0);
	free(t.data);
}
END_TEST

START_TEST(a_stream_that_fails_at_any_byte_keeps_what_is_whole)
{
	struct trace t = trace_of(versions[_i]);

	for (size_t n = 0; n <= t.n; n++)
		record_cut(&t, versions[_i], n, ECONNRESET);
	free(t.data);
}
END_TEST

START_TEST(a_mark_is_seen_before_anything_comes_behind_it)
{
	struct trace t = trace_of(26);
	struct stream s = stream_of(&t, t.n, 1);
	struct tt_recorder *r = open_recorder(&s, "a.trace", NULL);
	struct tt_recorded g;

	for (size_t i = 1; i <= NGENERATIONS; i++) {
		ck_assert_int_eq(tt_recorder_next(r, &g), 0);
		ck_assert_uint_eq(s.at, t.ends[i]);
	}
	tt_recorder_close(r);
	ck_assert_uint_eq(count_files(), 0);
	free(t.data);
}
END_TEST

START_TEST(what_comes_is_on_disk_before_it_is_whole)
{
	struct trace t = trace_of(26);
	struct stream s = stream_of(&t, t.ends[2], 1000);
	struct tt_recorder *r = open_recorder(&s, "a.trace", NULL);
	struct tt_recorded g;
	DIR *dir;
	size_t found = 0;

	ck_assert_int_eq(tt_recorder_next(r, &g), 0);
	ck_assert_int_eq(tt_recorder_next(r, &g), 0);
	dir = opendir(".");
	ck_assert_ptr_nonnull(dir);
	for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
		if (strncmp(e->d_name, "a.trace.", 8) != 0)
			continue;
		expect_file(e->d_name, t.data, t.ends[2]);
		found++;
	}
	closedir(dir);
	ck_assert_uint_eq(found, 1);
	tt_recorder_close(r);
	ck_assert_uint_eq(count_files(), 0);
	free(t.data);
}
END_TEST

START_TEST(each_generation_is_a_zstd_frame)
{
	struct trace t = trace_of(versions[_i]);
	struct tt_recorder_options opt = options_with(TT_RECORD_ZSTD);
	struct stream s = stream_of(&t, t.n, 7);
	struct tt_recorder *r = open_recorder(&s, "a.trace.zst", &opt);
	static uint8_t packed[1 << 16], plain[1 << 16];
	size_t n, len, at = 0;
	int fd;

	ck_assert_int_eq(record_all(r, &t, &n), TT_END);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	fd = open("a.trace.zst", O_RDONLY);
	len = (size_t)read(fd, packed, sizeof(packed));
	close(fd);
	ck_assert_uint_eq(tt_recorder_progress(r).out_nbytes, len);
	for (size_t i = 0; i < NGENERATIONS; i++) {
		size_t frame = ZSTD_findFrameCompressedSize(packed + at, len - at);
		size_t begin = i == 0 ? 0 : t.ends[i];

		ck_assert(!ZSTD_isError(frame));
		ck_assert_uint_eq(ZSTD_decompress(plain, sizeof(plain), packed + at, frame),
				  t.ends[i + 1] - begin);
		ck_assert_mem_eq(plain, t.data + begin, t.ends[i + 1] - begin);
		at += frame;
	}
	/* a frame that readers skip: 8 bytes, 8 for each frame, 9 */
	ck_assert_uint_eq(at + 8 + 8 * NGENERATIONS + 9, len);
	ck_assert(memcmp(packed + at, "\x5e\x2a\x4d\x18", 4) == 0);
	ck_assert(memcmp(packed + len - 4, "\xb1\xea\x92\x8f", 4) == 0);
	tt_recorder_close(r);
	free(t.data);
}
END_TEST

START_TEST(a_compressed_file_ends_with_a_whole_frame)
{
	struct trace t = trace_of(26);

	for (size_t n = t.ends[2]; n < t.ends[3]; n += 11) {
		struct tt_recorder_options opt = options_with(TT_RECORD_ZSTD);
		struct stream s = stream_of(&t, n, 50);
		struct tt_recorder *r = open_recorder(&s, "a.trace.zst", &opt);
		struct tt_reader *reader;
		const struct tt_generation *g;
		size_t got;

		ck_assert_int_eq(record_all(r, &t, &got), n == t.ends[2] ? TT_END : -TT_E_CUT_OFF);
		ck_assert_uint_eq(got, 2);
		ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
		tt_recorder_close(r);
		ck_assert_int_eq(tt_reader_open(&reader, "a.trace.zst", NULL, &err), 0);
		ck_assert_int_eq(tt_reader_next_generation(reader, &g), 0);
		ck_assert_int_eq(tt_reader_next_generation(reader, &g), 0);
		ck_assert_int_eq(tt_reader_next_generation(reader, &g), TT_END);
		tt_reader_close(reader);
	}
	free(t.data);
}
END_TEST

/* ------------------------------------------------------------------- errors */

static const struct {
	const char *bytes;
	size_t n;
	int code;
	uint64_t offset;
} broken[] = {
	{"", 0, TT_E_NOT_A_TRACE, 0},
	{"no trace", 8, TT_E_NOT_A_TRACE, 0},
	{"go 1.99 trace\0\0\0", 16, TT_E_VERSION, TT_UNKNOWN},
	{"go 1.26 trace\0\0\0\xff", 17, TT_E_BATCH_TYPE, 16},
	{"go 1.26 trace\0\0\0\1\1\1\1\xff\xff\x7f", 23, TT_E_BATCH_SIZE, 16},
	{"go 1.26 trace\0\0\0\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 28, TT_E_BATCH_HEADER,
	 TT_UNKNOWN},
	{"go 1.26 trace\0\0\0\1\1\1\1\0", 21, TT_E_CUT_OFF, 21},
	{"go 1.26 trace\0\0\0\1\1\1\1\5\2", 22, TT_E_CUT_OFF, 22},
	{"go 1.26 trace\0\0\0\61", 17, TT_E_CUT_OFF, 17},
};

START_TEST(a_broken_stream_has_its_place)
{
	struct stream s = {.data = (const uint8_t *)broken[_i].bytes, .n = broken[_i].n, .chunk = 3};
	struct tt_recorder *r = open_recorder(&s, "a.trace", NULL);
	const struct tt_error *e = tt_recorder_error(r);
	struct tt_recorded g;

	ck_assert_int_eq(tt_recorder_next(r, &g), -broken[_i].code);
	ck_assert_int_eq(e->code, broken[_i].code);
	ck_assert(!e->system);
	ck_assert_str_ne(e->message, "");
	if (broken[_i].offset != TT_UNKNOWN)
		ck_assert_uint_eq(e->offset, broken[_i].offset);
	ck_assert_int_eq(tt_recorder_next(r, &g), -broken[_i].code);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(a_header_alone_is_no_recording)
{
	struct trace t = trace_of(versions[_i]);
	struct stream s = stream_of(&t, 16, 16);
	struct tt_recorder *r = open_recorder(&s, "a.trace", NULL);
	struct tt_recorded g;

	ck_assert_int_eq(tt_recorder_next(r, &g), TT_END);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	ck_assert_uint_eq(tt_recorder_progress(r).generations, 0);
	ck_assert_uint_eq(tt_recorder_progress(r).files, 0);
	tt_recorder_close(r);
	ck_assert_uint_eq(count_files(), 0);
	free(t.data);
}
END_TEST

START_TEST(a_file_that_was_there_stays_until_a_better_one_is_complete)
{
	struct trace t = trace_of(26);
	struct stream s = stream_of(&t, 20, 20);
	struct tt_recorder *r;
	size_t n;
	int fd = open("a.trace", O_WRONLY | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, "old", 3), 3);
	close(fd);
	r = open_recorder(&s, "a.trace", NULL);
	ck_assert_int_lt(record_all(r, &t, &n), 0);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	expect_file("a.trace", "old", 3);
	s = stream_of(&t, t.n, 20);
	r = open_recorder(&s, "a.trace", NULL);
	ck_assert_int_eq(record_all(r, &t, &n), TT_END);
	expect_file("a.trace", "old", 3);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	expect_file("a.trace", t.data, t.n);
	free(t.data);
}
END_TEST

START_TEST(a_link_stays_a_link)
{
	struct trace t = trace_of(26);
	struct stream s = stream_of(&t, t.n, 1000);
	struct tt_recorder *r;
	struct stat st;
	size_t n;
	int fd = open("real", O_WRONLY | O_CREAT, 0600);

	close(fd);
	ck_assert_int_eq(symlink("real", "a.trace"), 0);
	r = open_recorder(&s, "a.trace", NULL);
	ck_assert_int_eq(record_all(r, &t, &n), TT_END);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	ck_assert(lstat("a.trace", &st) == 0 && S_ISLNK(st.st_mode));
	expect_file("real", t.data, t.n);
	free(t.data);
}
END_TEST

START_TEST(a_device_gets_whole_generations_only)
{
	struct trace t = trace_of(26);
	struct stream s = stream_of(&t, t.ends[3] - 1, 100);
	struct tt_recorder *r;
	uint8_t content[1 << 15];
	int fds[2];
	char path[64];
	size_t n;

	ck_assert_int_eq(pipe(fds), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[1]);
	r = open_recorder(&s, path, NULL);
	ck_assert_int_eq(record_all(r, &t, &n), -TT_E_CUT_OFF);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], content, sizeof(content)), (ssize_t)t.ends[2]);
	ck_assert_mem_eq(content, t.data, t.ends[2]);
	close(fds[0]);
	free(t.data);
}
END_TEST

START_TEST(a_full_device_is_an_error_of_the_machine)
{
	struct trace t = trace_of(26);
	struct tt_recorder_options opt = options_with(_i == 0 ? 0 : TT_RECORD_ZSTD);
	struct stream s = stream_of(&t, t.n, 100);
	struct tt_recorder *r = open_recorder(&s, "/dev/full", &opt);
	struct tt_recorded g;

	ck_assert_int_eq(tt_recorder_next(r, &g), -TT_E_IO);
	ck_assert_int_eq(tt_recorder_error(r)->system_errno, ENOSPC);
	ck_assert(tt_recorder_error(r)->system);
	ck_assert_int_eq(tt_recorder_next(r, &g), -TT_E_IO);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	free(t.data);
}
END_TEST

START_TEST(a_generation_too_large_to_hold_is_stored_all_the_same)
{
	/* the header, then one generation of 40 batches of 60000 bytes */
	static uint8_t data[16 + 40 * 60010 + 1];
	struct stream s = {.data = data, .chunk = 1 << 16};
	struct tt_recorder_options opt = options_with(TT_RECORD_HOLD);
	struct tt_recorder *r;
	struct tt_recorded g;
	struct stat st;

	memcpy(data, "go 1.26 trace\0\0\0", 16);
	s.n = 16;
	for (int i = 0; i < 40; i++) {
		memcpy(data + s.n, "\1\1\7\1\xe0\xd4\3\2", 8);
		s.n += 7 + 60000;
	}
	data[s.n++] = 52;
	opt.max_memory_nbytes = 2 << 20;
	r = open_recorder(&s, "a.trace", &opt);
	ck_assert_msg(tt_recorder_next(r, &g) == 0, "%s", tt_recorder_error(r)->message);
	ck_assert_ptr_null(g.data);
	ck_assert_uint_eq(g.end, s.n);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	ck_assert(stat("a.trace", &st) == 0 && (size_t)st.st_size == s.n);
	/* where it must be held it is an error */
	s.at = 0;
	s.over = false;
	r = open_recorder(&s, "/dev/null", &opt);
	ck_assert_int_eq(tt_recorder_next(r, &g), -TT_E_LIMIT);
	tt_recorder_close(r);
}
END_TEST

START_TEST(impossible_options_and_places_are_refused)
{
	struct tt_input input = {stream_read, NULL};
	struct tt_recorder_options opt = options_with(1 << 7);
	struct tt_recorder *r;

	ck_assert_int_eq(tt_recorder_open(&r, &input, "a", &opt, &err), -TT_E_ARGUMENT);
	ck_assert_ptr_null(r);
	opt = options_with(0);
	opt.size = 3;
	ck_assert_int_eq(tt_recorder_open(&r, &input, "a", &opt, &err), -TT_E_ARGUMENT);
	opt = options_with(0);
	opt.rotate_nbytes = 1;
	ck_assert_int_eq(tt_recorder_open(&r, &input, NULL, &opt, &err), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_recorder_open(&r, &input, "none/a", NULL, &err), -TT_E_IO);
	ck_assert_int_eq(err.system_errno, ENOENT);
	ck_assert_int_eq(tt_recorder_open(&r, &input, "none/a", &opt, &err), -TT_E_IO);
	ck_assert_int_eq(tt_recorder_open(&r, &input, ".", NULL, &err), -TT_E_IO);
	ck_assert_int_eq(err.system_errno, EISDIR);
	tt_recorder_close(NULL);
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

/* ----------------------------------------------------------------- rotation */

static void expect_generations(const char *name, const struct trace *t, size_t first, size_t n)
{
	static uint8_t want[1 << 16];
	size_t len = t->ends[first + n] - t->ends[first];

	memcpy(want, t->data, 16);
	memcpy(want + 16, t->data + t->ends[first], len);
	expect_file(name, want, 16 + len);
}

static void record_rotated(const struct trace *t, const char *path,
			   const struct tt_recorder_options *opt, bool pauses)
{
	struct stream s = stream_of(t, t->n, pauses ? 1 : 33);
	struct tt_recorder *r = open_recorder(&s, path, opt);
	size_t n;

	s.pauses = pauses;
	ck_assert_int_eq(record_all(r, t, &n), TT_END);
	ck_assert_uint_eq(n, NGENERATIONS);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
}

static const char *const names[][3] = {
	{"x.trace", "x-000001.trace", "x-000004.trace"},
	{"x.trace.zst", "x-000001.trace.zst", "x-000004.trace.zst"},
	{"x", "x-000001", "x-000004"},
	{".x", ".x-000001", ".x-000004"},
	{"a.b.trace", "a.b-000001.trace", "a.b-000004.trace"},
	{".zst", ".zst-000001", ".zst-000004"},
	{"./x.zst", "x-000001.zst", "x-000004.zst"},
};

START_TEST(files_follow_each_other_by_number)
{
	struct trace t = trace_of(26);
	struct tt_recorder_options opt = options_with(TT_RECORD_HOLD);

	opt.rotate_nbytes = 1;
	record_rotated(&t, names[_i][0], &opt, false);
	expect_generations(names[_i][1], &t, 0, 1);
	expect_generations(names[_i][2], &t, 3, 1);
	ck_assert_uint_eq(count_files(), NGENERATIONS);
	for (unsigned i = 1; i <= NGENERATIONS; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%s", names[_i][1]);
		*(strstr(name, "000001") + 5) = (char)('0' + i);
		ck_assert_int_eq(unlink(name), 0);
	}
	free(t.data);
}
END_TEST

START_TEST(a_file_is_as_large_as_it_was_asked_for)
{
	struct trace t = trace_of(versions[_i]);
	struct tt_recorder_options opt = options_with(0);

	opt.rotate_nbytes = t.ends[1] + 1;
	record_rotated(&t, "x.trace", &opt, false);
	expect_generations("x-000001.trace", &t, 0, 2);
	expect_generations("x-000002.trace", &t, 2, 2);
	ck_assert_uint_eq(count_files(), 2);
	free(t.data);
}
END_TEST

START_TEST(a_file_is_as_old_as_it_was_asked_for)
{
	struct trace t = trace_of(26);
	struct tt_recorder_options opt = options_with(0);

	opt.rotate_ns = 10 * 1000 * 1000;
	record_rotated(&t, "x.trace", &opt, true);
	expect_generations("x-000001.trace", &t, 0, 1);
	expect_generations("x-000004.trace", &t, 3, 1);
	ck_assert_uint_eq(count_files(), 4);
	free(t.data);
}
END_TEST

static void touch(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0600);

	ck_assert_int_ge(fd, 0);
	close(fd);
}

START_TEST(only_files_of_that_name_count_and_go)
{
	static const char *const others[] = {
		"x.trace",	   "x-1.trace",	       "x-00007.trace",	     "x-000009.trace.zst",
		"y-000009.trace",  "x-000009trace",    "xx-000009.trace",    "x-00000a.trace",
		"x-0000010.trace", "x-000000.trace",   "x--000009.trace",    "x-000009.trace.tmp",
	};
	struct trace t = trace_of(26);
	struct tt_recorder_options opt = options_with(0);

	for (size_t i = 0; i < COUNT(others); i++)
		touch(others[i]);
	touch("x-000041.trace");
	touch("x-000007.trace");
	opt.rotate_nbytes = 1;
	opt.keep = 2;
	record_rotated(&t, "x.trace", &opt, false);
	for (size_t i = 0; i < COUNT(others); i++)
		expect_file(others[i], "", 0);
	expect_generations("x-000044.trace", &t, 2, 1);
	expect_generations("x-000045.trace", &t, 3, 1);
	ck_assert_uint_eq(count_files(), COUNT(others) + 2);
	free(t.data);
}
END_TEST

/* ------------------------------------------------------------------- faults */

/* Records all, with whatever fails; the code of the first failure, or 0. */
static int record_faulty(const struct trace *t, const struct tt_recorder_options *opt, size_t *n)
{
	struct stream s = stream_of(t, t->n, 100);
	struct tt_input input = {stream_read, &s};
	struct tt_recorder *r;
	struct tt_recorded g;
	int rc = tt_recorder_open(&r, &input, "x.trace", opt, &err), finished;

	*n = 0;
	if (rc < 0)
		return rc;
	while ((rc = tt_recorder_next(r, &g)) == 0)
		++*n;
	finished = tt_recorder_finish(r, &err);
	tt_recorder_close(r);
	return rc < 0 ? rc : finished;
}

/* The Nth allocation fails, once or for good: what is whole is there, or nothing. */
static unsigned long record_without_memory(const struct trace *t, unsigned long at, bool for_good)
{
	struct tt_recorder_options opt = options_with(TT_RECORD_HOLD);
	unsigned long failed;
	size_t n;
	int rc;

	fault_begin(FAULT_ALLOC, at, for_good);
	rc = record_faulty(t, &opt, &n);
	failed = fault_count();
	ck_assert_uint_eq(fault_end(), 0);
	ck_assert(rc == 0 || rc == -TT_E_MEMORY || (rc == -TT_E_IO && err.system_errno == ENOMEM));
	if (rc == 0)
		ck_assert_uint_eq(n, NGENERATIONS);
	ck_assert_uint_eq(count_files(), n != 0);
	if (n != 0)
		expect_file("x.trace", t->data, t->ends[n]);
	remove_files();
	return failed;
}

START_TEST(any_allocation_may_fail)
{
	struct trace t = trace_of(26);
	unsigned long at = 0;

	while (record_without_memory(&t, ++at, _i != 0) != 0)
		ck_assert_uint_lt(at, 1000);
	ck_assert_uint_gt(at, 5);
	free(t.data);
}
END_TEST

START_TEST(any_allocation_of_an_assembler_may_fail)
{
	char text[1024];
	int len = snprintf(text, sizeof(text), "Trace Go1.26\n");
	unsigned long failed = 1;

	len += generation_text(text + len, sizeof(text) - (size_t)len, 26, 1);
	for (unsigned long at = 1; failed != 0; at++) {
		struct tt_assembler *a;
		int rc;

		ck_assert_uint_lt(at, 1000);
		fault_begin(FAULT_ALLOC, at, _i != 0);
		rc = tt_assembler_new(&a, NULL, &err);
		for (int i = 0; rc == 0 && i < len; i++)
			rc = tt_assembler_add(a, text + i, 1, &err);
		if (rc == 0)
			rc = tt_assembler_finish(a, &err);
		tt_assembler_free(a);
		failed = fault_count();
		ck_assert_uint_eq(fault_end(), 0);
		ck_assert_int_eq(rc, failed != 0 ? -TT_E_MEMORY : 0);
	}
}
END_TEST

/* ----------------------------------------------------- reading from a function */

START_TEST(a_reader_of_a_function_sees_what_a_reader_of_memory_sees)
{
	struct trace t = trace_of(versions[_i]);

	for (size_t chunk = 1; chunk <= 8; chunk++) {
		struct stream s = stream_of(&t, t.n, chunk);
		struct tt_input input = {stream_read, &s};
		struct tt_reader *a, *b;
		const struct tt_event *x, *y;
		int rc;

		ck_assert_int_eq(tt_reader_open_input(&a, &input, NULL, &err), 0);
		ck_assert_int_eq(tt_reader_open_memory(&b, t.data, t.n, NULL, &err), 0);
		do {
			rc = tt_reader_next(a, &x);
			ck_assert_int_eq(tt_reader_next(b, &y), rc);
			if (rc == 0) {
				ck_assert_uint_eq(x->offset, y->offset);
				ck_assert_int_eq(x->time_ns, y->time_ns);
				ck_assert_int_eq(x->kind, y->kind);
			}
		} while (rc == 0);
		ck_assert_int_eq(rc, TT_END);
		tt_reader_close(a);
		tt_reader_close(b);
	}
	free(t.data);
}
END_TEST

START_TEST(a_function_that_fails_is_an_error_of_reading)
{
	struct trace t = trace_of(26);
	struct stream s = stream_of(&t, t.ends[2] - 1, 100);
	struct tt_input input = {stream_read, &s};
	struct tt_reader *r;
	const struct tt_generation *g;

	s.failure = EIO;
	ck_assert_int_eq(tt_reader_open_input(&r, &input, NULL, &err), 0);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), 0);
	ck_assert_int_eq(tt_reader_next_generation(r, &g), -TT_E_IO);
	ck_assert_int_eq(tt_reader_error(r)->system_errno, EIO);
	tt_reader_close(r);
	s = stream_of(&t, 0, 1);
	s.failure = EIO;
	ck_assert_int_eq(tt_reader_open_input(&r, &input, NULL, &err), -TT_E_IO);
	ck_assert_ptr_null(r);
	free(t.data);
}
END_TEST

/* ---------------------------------------------------------------- format v1 */

/* 64 KiB of records of Go 1.19, and what no recorder looks at. */
static const uint8_t *old_trace(size_t *n)
{
	static uint8_t data[1 << 16] = "go 1.19 trace";

	for (size_t i = 16; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	*n = sizeof(data);
	return data;
}

START_TEST(format_v1_is_one_piece_however_it_ends)
{
	const int failures[] = {0, EIO};
	struct tt_recorder_options opt = options_with(TT_RECORD_HOLD);
	struct stream s = {.chunk = 1000, .failure = failures[_i]};
	struct tt_recorder *r;
	struct tt_recorded g;

	s.data = old_trace(&s.n);
	r = open_recorder(&s, "a.trace", &opt);
	ck_assert_int_eq(tt_recorder_next(r, &g), 0);
	ck_assert_uint_eq(g.number, 1);
	ck_assert_uint_eq(g.end, s.n);
	ck_assert_uint_eq(g.nbytes, s.n);
	ck_assert_mem_eq(g.data, s.data, s.n);
	ck_assert_int_eq(tt_recorder_next(r, &g), failures[_i] == 0 ? TT_END : -TT_E_IO);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	expect_file("a.trace", s.data, s.n);
}
END_TEST

START_TEST(format_v1_cannot_be_rotated)
{
	struct tt_recorder_options opt = options_with(0);
	struct stream s = {.chunk = 1000};
	struct tt_recorder *r;
	struct tt_recorded g;

	opt.rotate_nbytes = 1000;
	s.data = old_trace(&s.n);
	r = open_recorder(&s, "a.trace", &opt);
	ck_assert_int_eq(tt_recorder_next(r, &g), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(a_header_of_v1_alone_is_no_recording)
{
	struct stream s = {.chunk = 5};
	struct tt_recorder *r;
	struct tt_recorded g;

	s.data = old_trace(&s.n);
	s.n = 16;
	r = open_recorder(&s, "a.trace", NULL);
	ck_assert_int_eq(tt_recorder_next(r, &g), TT_END);
	ck_assert_int_eq(tt_recorder_finish(r, &err), 0);
	tt_recorder_close(r);
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

static TCase *storing(void)
{
	TCase *tc = tcase_create("storing");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_stream_is_stored_as_it_is_however_it_comes, 0, COUNT(versions));
	tcase_add_loop_test(tc, a_stream_cut_at_any_byte_keeps_what_is_whole, 0, COUNT(versions));
	tcase_add_loop_test(tc, a_stream_that_fails_at_any_byte_keeps_what_is_whole, 0,
			    COUNT(versions));
	tcase_add_test(tc, a_mark_is_seen_before_anything_comes_behind_it);
	tcase_add_test(tc, what_comes_is_on_disk_before_it_is_whole);
	tcase_add_loop_test(tc, each_generation_is_a_zstd_frame, 0, COUNT(versions));
	tcase_add_test(tc, a_compressed_file_ends_with_a_whole_frame);
	tcase_add_loop_test(tc, format_v1_is_one_piece_however_it_ends, 0, 2);
	tcase_add_test(tc, format_v1_cannot_be_rotated);
	tcase_add_test(tc, a_header_of_v1_alone_is_no_recording);
	return tc;
}

static TCase *errors(void)
{
	TCase *tc = tcase_create("errors");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_broken_stream_has_its_place, 0, COUNT(broken));
	tcase_add_loop_test(tc, a_header_alone_is_no_recording, 0, COUNT(versions));
	tcase_add_test(tc, a_file_that_was_there_stays_until_a_better_one_is_complete);
	tcase_add_test(tc, a_link_stays_a_link);
	tcase_add_test(tc, a_device_gets_whole_generations_only);
	tcase_add_loop_test(tc, a_full_device_is_an_error_of_the_machine, 0, 2);
	tcase_add_test(tc, a_generation_too_large_to_hold_is_stored_all_the_same);
	tcase_add_test(tc, impossible_options_and_places_are_refused);
	return tc;
}

static TCase *rotation(void)
{
	TCase *tc = tcase_create("rotation");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, files_follow_each_other_by_number, 0, COUNT(names));
	tcase_add_loop_test(tc, a_file_is_as_large_as_it_was_asked_for, 0, COUNT(versions));
	tcase_add_test(tc, a_file_is_as_old_as_it_was_asked_for);
	tcase_add_test(tc, only_files_of_that_name_count_and_go);
	return tc;
}

static TCase *faults(void)
{
	TCase *tc = tcase_create("faults");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, any_allocation_may_fail, 0, 2);
	tcase_add_loop_test(tc, any_allocation_of_an_assembler_may_fail, 0, 2);
	return tc;
}

Suite *record_suite(void)
{
	Suite *s = suite_create("record");
	TCase *tc = tcase_create("reading");

	suite_add_tcase(s, storing());
	suite_add_tcase(s, errors());
	suite_add_tcase(s, rotation());
	suite_add_tcase(s, faults());
	tcase_add_loop_test(tc, a_reader_of_a_function_sees_what_a_reader_of_memory_sees, 0,
			    COUNT(versions));
	tcase_add_test(tc, a_function_that_fails_is_an_error_of_reading);
	suite_add_tcase(s, tc);
	return s;
}
