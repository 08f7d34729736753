/* SPDX-License-Identifier: MIT */
/* feed_file.c - the feeds of a file descriptor and of memory: they unpack nothing. */
#include "input/feed.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct fd_feed {
	struct tt_feed feed;
	int fd;
	bool owned;
	bool regular;
	uint64_t start;         /* the descriptor's position when opened */
};

static ssize_t read_fd(const struct fd_feed *f, uint8_t *buf, size_t room)
{
	if (f->regular)
		return pread(f->fd, buf, room, (off_t)(f->start + f->feed.at));
	return read(f->fd, buf, room);
}

/* Somebody made the descriptor non-blocking: we are in no hurry. */
static void wait_fd(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	(void)poll(&p, 1, -1);
}

static int fd_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		   struct tt_error *err)
{
	struct fd_feed *f = (struct fd_feed *)feed;

	for (;;) {
		ssize_t n = read_fd(f, buf, room);

		if (n >= 0) {
			*got = (size_t)n;
			return 0;
		}
		if (errno == EAGAIN || errno == EWOULDBLOCK)
			wait_fd(f->fd);
		else if (errno != EINTR)
			return tt_fail_errno(err, errno, "cannot read");
	}
}

static bool fd_read_at(struct tt_feed *feed, uint64_t offset, uint8_t *buf, size_t n)
{
	const struct fd_feed *f = (const struct fd_feed *)feed;

	return pread(f->fd, buf, n, (off_t)(f->start + offset)) == (ssize_t)n;
}

/* Reads go by `at`, which tt_feed_seek() sets. */
static int bottom_seek(struct tt_feed *feed, uint64_t offset, struct tt_error *err)
{
	(void)feed;
	(void)offset;
	(void)err;
	return 0;
}

static void fd_close(struct tt_feed *feed)
{
	struct fd_feed *f = (struct fd_feed *)feed;

	if (f->owned)
		close(f->fd);
}

static const struct tt_feed_ops regular_ops = {
	sizeof(struct fd_feed), fd_read, bottom_seek, fd_close, fd_read_at,
};
static const struct tt_feed_ops pipe_ops = {
	sizeof(struct fd_feed), fd_read, NULL, fd_close, NULL,
};

/* Fills in what fstat and lseek say. */
static int open_fd(struct fd_feed *f, struct tt_error *err)
{
	struct stat st;
	off_t at;

	if (fstat(f->fd, &st) != 0)
		return tt_fail_errno(err, errno, "cannot read");
	if (S_ISDIR(st.st_mode))
		return tt_fail_errno(err, EISDIR, "cannot read");
	at = lseek(f->fd, 0, SEEK_CUR);
	/* Files of /proc are regular, and empty for all that fstat knows. */
	if (!S_ISREG(st.st_mode) || at < 0 || st.st_size <= at)
		return 0;
	f->regular = true;
	f->start = (uint64_t)at;
	f->feed.size = (uint64_t)(st.st_size - at);
	f->feed.random = true;
	f->feed.ops = &regular_ops;
	return 0;
}

int tt_feed_open_fd(struct tt_feed **out, int fd, bool owned, struct tt_mem *mem,
		    struct tt_error *err)
{
	struct fd_feed *f = (struct fd_feed *)tt_feed_new(&pipe_ops, NULL, mem, err);
	int rc;

	*out = NULL;
	if (f == NULL) {
		if (owned)
			close(fd);
		return -err->code;
	}
	f->fd = fd;
	f->owned = owned;
	rc = open_fd(f, err);
	if (rc != 0)
		tt_feed_close(&f->feed);
	else
		*out = &f->feed;
	return rc;
}

bool tt_feed_file(const struct tt_feed *f, int *fd, uint64_t *offset)
{
	const struct fd_feed *file = (const struct fd_feed *)f->bottom;

	if (f->bottom->ops != &regular_ops)
		return false;
	*fd = file->fd;
	*offset = file->start;
	return true;
}

/* ---- memory */

struct memory_feed {
	struct tt_feed feed;
	const uint8_t *data;
};

static int memory_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		       struct tt_error *err)
{
	struct memory_feed *f = (struct memory_feed *)feed;
	size_t n = (size_t)(feed->size - feed->at);

	(void)err;
	*got = n < room ? n : room;
	if (*got != 0)
		memcpy(buf, f->data + feed->at, *got);
	return 0;
}

static bool memory_read_at(struct tt_feed *feed, uint64_t offset, uint8_t *buf, size_t n)
{
	const struct memory_feed *f = (const struct memory_feed *)feed;

	if (offset > feed->size || n > feed->size - offset)
		return false;
	memcpy(buf, f->data + offset, n);
	return true;
}

static const struct tt_feed_ops memory_ops = {
	sizeof(struct memory_feed), memory_read, bottom_seek, NULL, memory_read_at,
};

int tt_feed_open_memory(struct tt_feed **out, const void *data, size_t nbytes, struct tt_mem *mem,
			struct tt_error *err)
{
	struct memory_feed *f = (struct memory_feed *)tt_feed_new(&memory_ops, NULL, mem, err);

	*out = NULL;
	if (f == NULL)
		return -err->code;
	f->data = data;
	f->feed.size = nbytes;
	f->feed.random = true;
	*out = &f->feed;
	return 0;
}
