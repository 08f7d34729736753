/* SPDX-License-Identifier: MIT */
/* io_support.c - bytes, packed and opened in any way, for the io layer's tests. */
#include "tests/io_support.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------- bytes */

struct bytes trace_bytes(size_t n)
{
	static const char header[16] = "go 1.26 trace";
	struct bytes b = {malloc(n + 1), n};
	uint32_t seed = 12345;

	ck_assert_ptr_nonnull(b.data);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		b.data[i] = (uint8_t)(seed >> 30 ? i / 7 : seed >> 24);
	}
	memcpy(b.data, header, n < sizeof(header) ? n : sizeof(header));
	return b;
}

struct bytes join_bytes(struct bytes a, struct bytes b)
{
	struct bytes both = {malloc(a.n + b.n + 1), a.n + b.n};

	ck_assert_ptr_nonnull(both.data);
	if (a.n != 0)
		memcpy(both.data, a.data, a.n);
	if (b.n != 0)
		memcpy(both.data + a.n, b.data, b.n);
	return both;
}

static struct archive *start_writing(struct bytes *out, size_t room)
{
	struct archive *a = archive_write_new();

	out->data = malloc(room);
	out->n = 0;
	ck_assert(a != NULL && out->data != NULL);
	archive_write_set_bytes_in_last_block(a, 1);
	return a;
}

static void write_entry(struct archive *a, const struct file *file)
{
	struct archive_entry *entry = archive_entry_new();
	size_t len = strlen(file->name);
	bool folder = len != 0 && file->name[len - 1] == '/';

	archive_entry_set_pathname(entry, file->name);
	archive_entry_set_filetype(entry, folder ? AE_IFDIR : AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)file->content.n);
	ck_assert_int_ge(archive_write_header(a, entry), ARCHIVE_WARN);
	if (file->content.n != 0)
		ck_assert_int_eq(archive_write_data(a, file->content.data, file->content.n),
				 (la_ssize_t)file->content.n);
	archive_entry_free(entry);
}

struct bytes compressed(const char *filter, struct bytes in)
{
	const struct file file = {"data", in};
	size_t room = in.n * 2 + 65536;
	struct bytes out;
	struct archive *a = start_writing(&out, room);

	archive_write_set_format_raw(a);
	ck_assert_int_eq(archive_write_add_filter_by_name(a, filter), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_memory(a, out.data, room, &out.n), ARCHIVE_OK);
	write_entry(a, &file);
	ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return out;
}

struct bytes archived(const char *format, const struct file *files, size_t nfiles)
{
	size_t room = 65536;
	struct bytes out;
	struct archive *a;

	for (size_t i = 0; i < nfiles; i++)
		room += files[i].content.n * 2 + 4096;
	a = start_writing(&out, room);
	ck_assert_int_eq(archive_write_set_format_by_name(a, format), ARCHIVE_OK);
	ck_assert_int_eq(archive_write_open_memory(a, out.data, room, &out.n), ARCHIVE_OK);
	for (size_t i = 0; i < nfiles; i++)
		write_entry(a, &files[i]);
	ck_assert_int_eq(archive_write_close(a), ARCHIVE_OK);
	archive_write_free(a);
	return out;
}

void temp_file(char path[TEMP_PATH_SIZE], struct bytes content)
{
	int fd = temp_file_new(path);

	for (size_t n = 0; n < content.n;) {
		ssize_t part = write(fd, content.data + n, content.n - n);

		ck_assert_int_gt(part, 0);
		n += (size_t)part;
	}
	ck_assert_int_eq(close(fd), 0);
}

/* ----------------------------------------------------------------- opening */

/* Ends early if nobody reads any more. */
static void *feed(void *arg)
{
	struct opened *o = arg;
	size_t step = 1;

	if (o->write_fd < 0)
		o->write_fd = open(o->path, O_WRONLY | O_CLOEXEC);
	for (size_t n = 0; n < o->bytes.n;) {
		size_t part = o->bytes.n - n;
		ssize_t done;

		if (o->drips) {
			step = step * 7 % 1009 + 1;
			part = part < step ? part : step;
			if (step % 64 == 0)
				usleep(100);
		}
		done = write(o->write_fd, o->bytes.data + n, part);
		if (done < 0)
			break;
		n += (size_t)done;
	}
	close(o->write_fd);
	return NULL;
}

static void start_pipe(struct opened *o)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	o->read_fd = fds[0];
	o->write_fd = fds[1];
	ck_assert_int_eq(pthread_create(&o->feeder, NULL, feed, o), 0);
}

static int open_file(struct opened *o, enum way way, const char *member)
{
	static uint8_t lead[777] = "\x1f\x8b\x08 what was read before";
	struct bytes before = {lead, way == WAY_FD_MIDDLE ? sizeof(lead) : 0};
	struct bytes both = join_bytes(before, o->bytes);

	temp_file(o->path, both);
	free(both.data);
	if (way == WAY_PATH)
		return tt_source_open_path(&o->source, o->path, member, &o->mem, &o->error);
	o->read_fd = open(o->path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(o->read_fd, 0);
	ck_assert_int_eq(lseek(o->read_fd, (off_t)before.n, SEEK_SET), (off_t)before.n);
	return tt_source_open_fd(&o->source, o->read_fd, member, &o->mem, &o->error);
}

static int open_fifo(struct opened *o, const char *member)
{
	struct bytes none = {NULL, 0};

	temp_file(o->path, none);
	ck_assert_int_eq(unlink(o->path), 0);
	ck_assert_int_eq(mkfifo(o->path, 0600), 0);
	ck_assert_int_eq(pthread_create(&o->feeder, NULL, feed, o), 0);
	return tt_source_open_path(&o->source, o->path, member, &o->mem, &o->error);
}

static int open_any(struct opened *o, enum way way, const char *member)
{
	switch (way) {
	case WAY_MEMORY:
		return tt_source_open_memory(&o->source, o->bytes.data, o->bytes.n, member,
					     &o->mem, &o->error);
	case WAY_PATH:
	case WAY_FD:
	case WAY_FD_MIDDLE:
		return open_file(o, way, member);
	case WAY_FIFO:
		return open_fifo(o, member);
	default:
		start_pipe(o);
		return tt_source_open_fd(&o->source, o->read_fd, member, &o->mem, &o->error);
	}
}

int open_way(struct opened *o, enum way way, struct bytes bytes, const char *member)
{
	int rc;

	o->source = NULL;
	o->mem.used_nbytes = 0;
	o->bytes = bytes;
	o->drips = way == WAY_PIPE_DRIPS;
	o->write_fd = o->read_fd = -1;
	o->feeder = 0;
	o->path[0] = '\0';
	tt_error_clear(&o->error);
	rc = open_any(o, way, member);
	ck_assert_int_eq(rc, -o->error.code);
	ck_assert((rc == 0) == (o->source != NULL));
	return -rc;
}

void close_way(struct opened *o)
{
	tt_source_close(o->source);
	ck_assert_uint_eq(o->mem.used_nbytes, 0);
	if (o->read_fd >= 0)
		ck_assert_int_eq(close(o->read_fd), 0);
	if (o->feeder != 0)
		pthread_join(o->feeder, NULL);
	if (o->path[0] != '\0')
		ck_assert_int_eq(unlink(o->path), 0);
}

/* ----------------------------------------------------------------- reading */

size_t read_all(struct tt_source *s, size_t want, struct bytes expected, struct tt_error *err,
		int *rc)
{
	size_t at = (size_t)tt_source_offset(s);
	const uint8_t *data;
	size_t avail, n;

	for (;;) {
		*rc = -tt_source_peek(s, want, &data, &avail, err);
		n = avail < want ? avail : want; /* all that is mapped would take long */
		/* Check's asserts, each time, would take longer than the test. */
		if (tt_source_offset(s) != at || avail > expected.n - at ||
		    (*rc != 0 && avail >= want) ||
		    (n != 0 && memcmp(data, expected.data + at, n) != 0))
			ck_abort_msg("peek of %zu at %zu: %zu bytes, code %d", want, at, avail, *rc);
		if (avail < want)
			return at + avail;
		tt_source_skip(s, want);
		at += want;
		tt_source_release(s, at);
	}
}

void expect_all(struct tt_source *s, size_t want, struct bytes expected)
{
	struct tt_error err;
	int rc;

	ck_assert_uint_eq(read_all(s, want, expected, &err, &rc), expected.n);
	ck_assert_int_eq(rc, 0);
}
