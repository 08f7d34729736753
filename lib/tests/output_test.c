/* SPDX-License-Identifier: MIT */
/*
 * output_test.c - sets of files written to folders, archives and stdout: they read
 * back, appear only when they are complete, and never lie outside.
 */
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fault.h"
#include "tests/io_support.h"
#include "tests/suites.h"
#include "tracetool_write.h"

static char folder[TEMP_PATH_SIZE]; /* of the test that runs */
static struct tt_error error;

static void make_folder(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	temp_folder_new(folder);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* One of several, for two names at a time. */
static const char *in_folder(const char *name)
{
	static char paths[4][2 * TEMP_PATH_SIZE];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static struct bytes slurp(const char *path)
{
	struct bytes b = {malloc(1 << 20), 0};
	FILE *f = fopen(path, "rb");

	ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
	b.n = fread(b.data, 1, 1 << 20, f);
	fclose(f);
	return b;
}

static void expect_content(const char *path, const void *data, size_t n)
{
	struct bytes b = slurp(path);

	ck_assert_uint_eq(b.n, n);
	ck_assert(n == 0 || memcmp(b.data, data, n) == 0);
	free(b.data);
}

static size_t count_entries(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

static struct tt_output *open_output(const char *path)
{
	struct tt_output *o;

	if (tt_output_open(&o, path, &error) != 0)
		ck_abort_msg("%s", error.message);
	return o;
}

static void add(struct tt_output *o, const char *name, const void *data, size_t n)
{
	if (tt_output_add(o, name, data, n, &error) != 0)
		ck_abort_msg("%s", error.message);
}

static void finish(struct tt_output *o)
{
	if (tt_output_finish(o, &error) != 0)
		ck_abort_msg("%s", error.message);
	tt_output_close(o);
}

/* ------------------------------------------------------------------ folders */

START_TEST(folder_holds_the_files)
{
	const char *out = in_folder("new");
	struct bytes large = trace_bytes(300000);
	struct tt_output *o = open_output(out);

	add(o, "manifest.json", "{}", 2);
	add(o, "gen-000001/AllocFree/000.bin", "one", 3);
	add(o, "gen-000001/AllocFree/001.bin", large.data, large.n);
	add(o, "gen-000001/empty", NULL, 0);
	add(o, "gen-000002/..x/.y", "two", 3);
	finish(o);
	expect_content(in_folder("new/manifest.json"), "{}", 2);
	expect_content(in_folder("new/gen-000001/AllocFree/000.bin"), "one", 3);
	expect_content(in_folder("new/gen-000001/AllocFree/001.bin"), large.data, large.n);
	expect_content(in_folder("new/gen-000001/empty"), NULL, 0);
	expect_content(in_folder("new/gen-000002/..x/.y"), "two", 3);
	ck_assert_uint_eq(count_entries(in_folder("new")), 3);
	ck_assert_uint_eq(count_entries(in_folder("new/gen-000001")), 2);
	ck_assert_uint_eq(count_entries(in_folder("new/gen-000001/AllocFree")), 2);
	free(large.data);
}
END_TEST

START_TEST(folder_replaces_a_file_at_once)
{
	struct tt_output *o = open_output(folder);
	int fd;
	char was[4] = "";

	add(o, "f", "old", 3);
	fd = open(in_folder("f"), O_RDONLY | O_CLOEXEC);
	add(o, "f", "new one", 7);
	expect_content(in_folder("f"), "new one", 7);
	ck_assert_int_eq(read(fd, was, 4), 3); /* who has it open sees it whole */
	ck_assert_str_eq(was, "old");
	close(fd);
	finish(o);
	ck_assert_uint_eq(count_entries(folder), 1);
}
END_TEST

static const char *const bad_names[] = {
	"", "/", "/x", "//x", ".", "..", "x/", "x//y", "./x", "x/.", "../x", "x/..", "x/../y",
	"x/./y", "x/../../y",
};

static const char *const outputs[] = {"dir", "a.tar", "a.tar.zst", "a.tar.gz", "a.tgz", "a.zip"};
#define NOUTPUTS (int)COUNT(outputs)

START_TEST(names_that_lead_out_are_refused)
{
	struct tt_output *o = open_output(in_folder(outputs[_i]));

	for (size_t i = 0; i < COUNT(bad_names); i++) {
		ck_assert_int_eq(tt_output_add(o, bad_names[i], "x", 1, &error), -TT_E_ARGUMENT);
		ck_assert_int_eq(error.code, TT_E_ARGUMENT);
	}
	add(o, "good", "x", 1); /* a bad name spoils nothing */
	finish(o);
	ck_assert_uint_eq(count_entries(folder), 1);
}
END_TEST

START_TEST(links_in_a_folder_are_not_followed)
{
	struct tt_output *o = open_output(in_folder("out"));
	int rc;

	ck_assert_int_eq(mkdir(in_folder("away"), 0777), 0);
	ck_assert_int_eq(symlink("../away", in_folder("out/link")), 0);
	ck_assert_int_eq(symlink("../away/file", in_folder("out/file")), 0);
	rc = tt_output_add(o, "link/x", "x", 1, &error);
	ck_assert_int_eq(rc, -TT_E_IO);
	ck_assert(error.system_errno == ELOOP || error.system_errno == ENOTDIR);
	ck_assert_int_eq(tt_output_add(o, "link/x/y", "x", 1, &error), -TT_E_IO);
	add(o, "file", "here", 4); /* takes the link's place */
	finish(o);
	expect_content(in_folder("out/file"), "here", 4);
	ck_assert_uint_eq(count_entries(in_folder("away")), 0);
}
END_TEST

START_TEST(folder_in_the_way_of_a_file_is_an_error)
{
	struct tt_output *o = open_output(folder);

	add(o, "d/x", "x", 1);
	ck_assert_int_eq(tt_output_add(o, "d", "x", 1, &error), -TT_E_IO);
	ck_assert_int_eq(tt_output_add(o, "d/x/y", "x", 1, &error), -TT_E_IO);
	ck_assert_uint_eq(count_entries(folder), 1);
	ck_assert_uint_eq(count_entries(in_folder("d")), 1);
	finish(o);
}
END_TEST

START_TEST(outputs_that_cannot_be_are_errors)
{
	struct tt_output *o = (struct tt_output *)&error;

	ck_assert_int_eq(tt_output_open(&o, in_folder("no/such/place"), &error), -TT_E_IO);
	ck_assert_ptr_null(o);
	ck_assert_int_eq(error.system_errno, ENOENT);
	ck_assert_int_eq(tt_output_open(&o, in_folder("no/a.zip"), &error), -TT_E_IO);
	ck_assert_int_eq(error.system_errno, ENOENT);
	ck_assert_int_eq(tt_output_open(&o, in_folder("a.tar.xz"), &error), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_output_open(&o, in_folder("a.7z"), &error), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_output_open(&o, in_folder("a.zst"), &error), -TT_E_ARGUMENT);
	ck_assert_int_eq(tt_output_open(&o, "/dev/null", &error), -TT_E_IO);
	ck_assert_int_eq(error.system_errno, ENOTDIR);
	ck_assert_int_eq(tt_output_open(&o, "", &error), -TT_E_IO);
	ck_assert_uint_eq(count_entries(folder), 0);
	tt_output_close(NULL);
}
END_TEST

/* ----------------------------------------------------------------- archives */

static void read_entry(struct archive *a, const char *name, const void *data, size_t n)
{
	struct archive_entry *entry;
	char *content = malloc(n + 1);

	ck_assert_int_eq(archive_read_next_header(a, &entry), ARCHIVE_OK);
	ck_assert_str_eq(archive_entry_pathname(entry), name);
	ck_assert_int_eq(archive_entry_mtime(entry), 0);
	ck_assert_uint_eq(archive_entry_perm(entry), 0644);
	ck_assert_int_eq(archive_entry_filetype(entry), AE_IFREG);
	ck_assert_int_eq(archive_read_data(a, content, n + 1), (la_ssize_t)n);
	ck_assert(n == 0 || memcmp(content, data, n) == 0);
	free(content);
}

static struct archive *open_archive(const char *path)
{
	struct archive *a = archive_read_new();

	archive_read_support_filter_all(a);
	archive_read_support_format_all(a);
	ck_assert_int_eq(archive_read_open_filename(a, path, 65536), ARCHIVE_OK);
	return a;
}

static void close_archive(struct archive *a)
{
	struct archive_entry *entry;

	ck_assert_int_eq(archive_read_next_header(a, &entry), ARCHIVE_EOF);
	archive_read_free(a);
}

/* Longer than a tar header's fields. */
static const char long_name[] =
	"a-folder-whose-name-is-rather-long-so-that-two-of-it-fit-into-no-field-of-a-tar-header-at-all/"
	"a-folder-whose-name-is-rather-long-so-that-two-of-it-fit-into-no-field-of-a-tar-header-at-all/"
	"a-file-whose-name-is-rather-long-so-that-two-of-it-fit-into-no-field-of-a-tar-header-at-all";

static void write_samples(struct tt_output *o, struct bytes large)
{
	add(o, "manifest.json", "{}", 2);
	add(o, "gen-000001/x.bin", large.data, large.n);
	add(o, "empty", NULL, 0);
	add(o, long_name, "long", 4);
	finish(o);
}

START_TEST(archive_holds_the_files)
{
	struct bytes large = trace_bytes(400000);
	const char *path = in_folder(outputs[_i]);
	struct archive *a;

	write_samples(open_output(path), large);
	ck_assert_uint_eq(count_entries(folder), 1);
	a = open_archive(path);
	read_entry(a, "manifest.json", "{}", 2);
	read_entry(a, "gen-000001/x.bin", large.data, large.n);
	read_entry(a, "empty", NULL, 0);
	read_entry(a, long_name, "long", 4);
	close_archive(a);
	free(large.data);
}
END_TEST

START_TEST(archives_of_the_same_files_are_the_same_bytes)
{
	struct bytes large = trace_bytes(100000), one, two;
	const char *path = in_folder(outputs[_i]);

	ck_assert_int_eq(setenv("TZ", "UTC", 1), 0);
	write_samples(open_output(path), large);
	one = slurp(path);
	ck_assert_int_eq(setenv("TZ", "JST-9", 1), 0);
	usleep(_i == 1 ? 1100000 : 0); /* a clock's second later */
	write_samples(open_output(path), large);
	two = slurp(path);
	ck_assert_uint_eq(one.n, two.n);
	ck_assert(memcmp(one.data, two.data, one.n) == 0);
	ck_assert_int_eq(unsetenv("TZ"), 0);
	free(large.data);
	free(one.data);
	free(two.data);
}
END_TEST

/* Where the file system has files without a name. */
START_TEST(writer_that_dies_leaves_nothing)
{
	struct bytes large = trace_bytes(300000);
	int fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666), status;
	pid_t child;

	if (fd < 0 || access("/proc/self/fd", X_OK) != 0)
		return;
	close(fd);
	child = fork();
	if (child == 0) {
		add(open_output(in_folder(outputs[_i])), "x", large.data, large.n);
		raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status));
	ck_assert_uint_eq(count_entries(folder), _i == 0 ? 1 : 0); /* the whole file of a folder */
	free(large.data);
}
END_TEST

START_TEST(archive_appears_when_it_is_complete)
{
	const char *path = in_folder(outputs[_i]);
	struct tt_output *o = open_output(path);

	add(o, "f", "one", 3);
	ck_assert_int_ne(access(path, F_OK), 0);
	finish(o);
	ck_assert_int_eq(access(path, F_OK), 0);
	ck_assert_uint_eq(count_entries(folder), 1);
}
END_TEST

START_TEST(archive_given_up_leaves_what_was_there)
{
	const char *path = in_folder(outputs[_i]);
	struct tt_output *o = open_output(path);
	struct bytes before, after;

	add(o, "f", "one", 3);
	finish(o);
	before = slurp(path);
	o = open_output(path);
	add(o, "f", "another", 7);
	tt_output_close(o);
	after = slurp(path);
	ck_assert_uint_eq(before.n, after.n);
	ck_assert(memcmp(before.data, after.data, before.n) == 0);
	ck_assert_uint_eq(count_entries(folder), 1);
	free(before.data);
	free(after.data);
}
END_TEST

/* On NFS, overlays and others, a temporary name does what no name does elsewhere. */
START_TEST(file_systems_without_nameless_files_do)
{
	const char *path = in_folder(outputs[_i]);
	struct tt_output *o;

	fault_begin(FAULT_NAMELESS, 1, true);
	for (int i = 0; i < 2; i++) {
		o = open_output(path);
		add(o, "f", "one", 3);
		if (_i != 0) /* the one of the first round, and the temporary one */
			ck_assert_uint_eq(count_entries(folder), (size_t)i + 1);
		finish(o);
		ck_assert_int_eq(access(path, F_OK), 0);
		ck_assert_uint_eq(count_entries(_i == 0 ? path : folder), 1);
	}
	if (_i == 0)
		expect_content(in_folder("dir/f"), "one", 3);
	/* given up */
	o = open_output(path);
	if (_i != 0)
		add(o, "g", "another", 7);
	tt_output_close(o);
	ck_assert_uint_eq(count_entries(folder), 1);
	ck_assert_uint_ge(fault_count(), 2);
	fault_end();
}
END_TEST

/* The first file of a name needs no temporary one where the system has nameless files;
 * replacing it does. */
START_TEST(the_longest_name_has_a_temporary_one)
{
	char name[NAME_MAX + 1];
	struct tt_output *o;

	memset(name, 'x', NAME_MAX);
	name[NAME_MAX] = '\0';
	if (_i != 0)
		fault_begin(FAULT_NAMELESS, 1, true);
	o = open_output(in_folder("dir"));
	add(o, name, "one", 3);
	add(o, name, "another", 7);
	finish(o);
	ck_assert_uint_eq(count_entries(in_folder("dir")), 1);
	if (_i != 0)
		fault_end();
}
END_TEST

START_TEST(archive_of_nothing_is_an_archive)
{
	const char *path = in_folder(outputs[_i]);

	finish(open_output(path));
	close_archive(open_archive(path));
}
END_TEST

START_TEST(folder_named_like_an_archive_is_a_folder)
{
	ck_assert_int_eq(mkdir(in_folder("x.tar"), 0777), 0);
	write_samples(open_output(in_folder("x.tar")), (struct bytes){NULL, 0});
	expect_content(in_folder("x.tar/manifest.json"), "{}", 2);
}
END_TEST

START_TEST(names_of_any_bytes_are_written)
{
	static const char name[] = "b\303\244tch/\xff\x01";
	const char *path = in_folder(outputs[_i]);
	struct tt_output *o = open_output(path);
	struct bytes three = {(uint8_t *)strdup("abc"), 3};
	struct tt_mem mem = {0};
	struct tt_source *s;

	add(o, name, three.data, three.n);
	finish(o);
	if (_i == 0) {
		expect_content(in_folder("dir/b\303\244tch/\xff\x01"), "abc", 3);
	} else {
		ck_assert_int_eq(tt_source_open_path(&s, path, name, &mem, &error), 0);
		expect_all(s, 1, three);
		tt_source_close(s);
	}
	free(three.data);
}
END_TEST

/* ------------------------------------------------------- disks and pipes end */

/* A disk that is full after so many bytes of a file. Returns what was the limit. */
static rlim_t limit_file_size(rlim_t nbytes)
{
	struct rlimit limit;
	rlim_t was;

	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	was = limit.rlim_cur;
	limit.rlim_cur = nbytes;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	return was;
}

START_TEST(full_disk_leaves_nothing)
{
	struct bytes large = trace_bytes(400000);
	const char *path = in_folder(outputs[_i]);
	struct tt_output *o = open_output(path);
	rlim_t limit = limit_file_size(50000);
	int rc, again = 0;

	rc = tt_output_add(o, "a/large", large.data, large.n, &error);
	if (_i != 0) {
		if (rc == 0)
			rc = tt_output_finish(o, &error);
		else /* the error stays: what was written is no archive */
			again = tt_output_add(o, "small", "x", 1, &error);
		ck_assert(again == 0 || again == rc);
		ck_assert_int_eq(tt_output_finish(o, &error), rc);
	}
	limit_file_size(limit);
	ck_assert_int_eq(rc, -TT_E_IO);
	ck_assert_int_eq(error.system_errno, EFBIG);
	ck_assert_ptr_nonnull(strstr(error.message, strerror(EFBIG)));
	tt_output_close(o);
	ck_assert_uint_eq(count_entries(_i == 0 ? in_folder("dir/a") : folder), 0);
	free(large.data);
}
END_TEST

/* Runs with another stdout, closed behind; returns the code, in `error` too. */
static int write_to_stdout(int fd, struct bytes large)
{
	int was = dup(STDOUT_FILENO);
	struct tt_output *o;
	int rc;

	fflush(stdout);
	ck_assert_int_ge(dup2(fd, STDOUT_FILENO), 0);
	close(fd);
	o = open_output("-");
	rc = tt_output_add(o, "large", large.data, large.n, &error);
	if (rc == 0)
		rc = tt_output_add(o, "small", "x", 1, &error);
	if (rc == 0)
		rc = tt_output_finish(o, &error);
	tt_output_close(o);
	ck_assert_int_ge(dup2(was, STDOUT_FILENO), 0);
	close(was);
	return rc;
}

START_TEST(stdout_gets_a_tar)
{
	struct bytes large = trace_bytes(100000);
	const char *path = in_folder("got");
	struct archive *a;

	ck_assert_int_eq(write_to_stdout(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666), large), 0);
	a = open_archive(path);
	ck_assert_int_eq(archive_filter_code(a, 0), ARCHIVE_FILTER_NONE);
	read_entry(a, "large", large.data, large.n);
	read_entry(a, "small", "x", 1);
	ck_assert_int_eq(archive_format(a) & ARCHIVE_FORMAT_BASE_MASK, ARCHIVE_FORMAT_TAR);
	close_archive(a);
	free(large.data);
}
END_TEST

START_TEST(full_device_is_an_error)
{
	static const size_t sizes[] = {0, 10, 400000};
	struct bytes content = trace_bytes(sizes[_i]);

	ck_assert_int_eq(write_to_stdout(open("/dev/full", O_WRONLY | O_CLOEXEC), content), -TT_E_IO);
	ck_assert_int_eq(error.system_errno, ENOSPC);
	free(content.data);
}
END_TEST

START_TEST(broken_pipe_is_an_error)
{
	struct bytes content = trace_bytes(400000);
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	close(fds[0]);
	ck_assert_int_eq(write_to_stdout(fds[1], content), -TT_E_IO);
	ck_assert_int_eq(error.system_errno, EPIPE);
	free(content.data);
}
END_TEST

static void *drain(void *arg)
{
	char buf[777];
	size_t *total = arg, fd = *total;
	ssize_t n;

	*total = 0;
	while ((n = read((int)fd, buf, sizeof(buf))) > 0) {
		*total += (size_t)n;
		if (*total % 16 == 0)
			usleep(50);
	}
	return NULL;
}

START_TEST(slow_nonblocking_pipe_gets_all)
{
	struct bytes content = trace_bytes(400000);
	size_t total;
	pthread_t thread;
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	total = (size_t)fds[0];
	ck_assert_int_eq(pthread_create(&thread, NULL, drain, &total), 0);
	ck_assert_int_eq(write_to_stdout(fds[1], content), 0);
	pthread_join(thread, NULL);
	/* two headers, the file filled up to blocks, a block, two of zeros */
	ck_assert_uint_eq(total, 512 + (400000 + 511) / 512 * 512 + 512 + 512 + 1024);
	close(fds[0]);
	free(content.data);
}
END_TEST

Suite *output_suite(void)
{
	Suite *suite = suite_create("output");
	TCase *all = tcase_create("output");

	tcase_add_checked_fixture(all, make_folder, remove_folder);
	tcase_set_timeout(all, 60);
	tcase_add_test(all, folder_holds_the_files);
	tcase_add_test(all, folder_replaces_a_file_at_once);
	tcase_add_loop_test(all, names_that_lead_out_are_refused, 0, NOUTPUTS);
	tcase_add_test(all, links_in_a_folder_are_not_followed);
	tcase_add_test(all, folder_in_the_way_of_a_file_is_an_error);
	tcase_add_test(all, outputs_that_cannot_be_are_errors);
	tcase_add_loop_test(all, archive_holds_the_files, 1, NOUTPUTS);
	tcase_add_loop_test(all, archives_of_the_same_files_are_the_same_bytes, 1, NOUTPUTS);
	tcase_add_loop_test(all, writer_that_dies_leaves_nothing, 0, NOUTPUTS);
	tcase_add_loop_test(all, archive_appears_when_it_is_complete, 1, NOUTPUTS);
	tcase_add_loop_test(all, archive_given_up_leaves_what_was_there, 1, NOUTPUTS);
	tcase_add_loop_test(all, file_systems_without_nameless_files_do, 0, NOUTPUTS);
	tcase_add_loop_test(all, the_longest_name_has_a_temporary_one, 0, 2);
	tcase_add_loop_test(all, archive_of_nothing_is_an_archive, 1, NOUTPUTS);
	tcase_add_test(all, folder_named_like_an_archive_is_a_folder);
	tcase_add_loop_test(all, names_of_any_bytes_are_written, 0, NOUTPUTS);
	tcase_add_loop_test(all, full_disk_leaves_nothing, 0, NOUTPUTS);
	tcase_add_test(all, stdout_gets_a_tar);
	tcase_add_loop_test(all, full_device_is_an_error, 0, 3);
	tcase_add_test(all, broken_pipe_is_an_error);
	tcase_add_test(all, slow_nonblocking_pipe_gets_all);
	suite_add_tcase(suite, all);
	return suite;
}
