/* SPDX-License-Identifier: MIT */
/* tempfile.c - write without a name or beside, sync, name. Stands on base. */
#include "output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/idmap.h"

#define MAX_TRIES 100

bool tt_write_all(int fd, const void *data, size_t nbytes)
{
	const char *p = data;

	while (nbytes != 0) {
		struct pollfd ready = {.fd = fd, .events = POLLOUT};
		ssize_t n = write(fd, p, nbytes);

		if (n >= 0) {
			p += n;
			nbytes -= (size_t)n;
		} else if (errno == EAGAIN || errno == EWOULDBLOCK) {
			(void)poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			return false;
		}
	}
	return true;
}

static void invent_name(struct tt_temp *t)
{
	snprintf(t->name, sizeof(t->name), ".tt-%016jx.tmp", (uintmax_t)tt_random_seed());
}

/*
 * A file without a name, which is gone if the process dies. It is named through
 * /proc: where that is missing, or the file system has no such files, the
 * temporary name must do.
 */
static bool open_nameless(struct tt_temp *t)
{
	if (access("/proc/self/fd", X_OK) != 0)
		return false;
	t->fd = openat(t->folder, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
	t->name[0] = '\0';
	return t->fd >= 0;
}

int tt_temp_create(struct tt_temp *t, int folder, const char *title, struct tt_error *err)
{
	t->folder = folder;
	if (open_nameless(t))
		return 0;
	for (int i = 0; i < MAX_TRIES; i++) {
		invent_name(t);
		t->fd = openat(folder, t->name,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (t->fd >= 0)
			return 0;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	return tt_fail_errno(err, errno, "cannot write %s", title);
}

static bool link_as(const struct tt_temp *t, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	return linkat(AT_FDCWD, path, t->folder, name, AT_SYMLINK_FOLLOW) == 0;
}

/* Gives it a name that nobody has: a link cannot replace the file that it shall. */
static bool give_name(struct tt_temp *t)
{
	for (int i = 0; i < MAX_TRIES; i++) {
		invent_name(t);
		if (link_as(t, t->name))
			return true;
		if (errno != EEXIST)
			break;
	}
	t->name[0] = '\0';
	return false;
}

static bool close_written(struct tt_temp *t)
{
	int fd = t->fd;

	t->fd = -1;
	return close(fd) == 0 || errno == EINTR;
}

static bool appear(struct tt_temp *t, const char *name)
{
	if (t->name[0] == '\0') {
		if (link_as(t, name))
			return close_written(t);
		if (errno != EEXIST || !give_name(t))
			return false;
	}
	if (!close_written(t) || renameat(t->folder, t->name, t->folder, name) != 0)
		return false;
	t->name[0] = '\0';
	return true;
}

int tt_temp_commit(struct tt_temp *t, const char *name, const char *title, struct tt_error *err)
{
	/* Some file systems have nothing to sync. */
	bool synced = fdatasync(t->fd) == 0 || errno == EINVAL || errno == EROFS;

	if (synced && appear(t, name))
		return 0;
	tt_fail_errno(err, errno, "cannot write %s", title);
	tt_temp_drop(t);
	return -err->code;
}

void tt_temp_drop(struct tt_temp *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	if (t->name[0] != '\0')
		unlinkat(t->folder, t->name, 0);
	t->name[0] = '\0';
}
