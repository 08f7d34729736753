/* SPDX-License-Identifier: MIT */
/* output_temp.c - write beside, sync, rename. Stands on base. */
#include "io/output_impl.h"

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

int tt_temp_create(struct tt_temp *t, int folder, const char *title, struct tt_error *err)
{
	t->folder = folder;
	for (int i = 0; i < MAX_TRIES; i++) {
		snprintf(t->name, sizeof(t->name), ".tt-%016jx.tmp", (uintmax_t)tt_random_seed());
		t->fd = openat(folder, t->name,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (t->fd >= 0)
			return 0;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	return tt_fail_errno(err, errno, "cannot write %s", title);
}

int tt_temp_commit(struct tt_temp *t, const char *name, const char *title, struct tt_error *err)
{
	int fd = t->fd;

	/* Some file systems have nothing to sync. */
	if (fdatasync(fd) != 0 && errno != EINVAL && errno != EROFS)
		goto fail;
	t->fd = -1;
	if (close(fd) != 0 && errno != EINTR)
		goto fail;
	if (renameat(t->folder, t->name, t->folder, name) == 0)
		return 0;
fail:
	tt_fail_errno(err, errno, "cannot write %s", title);
	if (t->fd < 0)
		unlinkat(t->folder, t->name, 0);
	tt_temp_drop(t);
	return -err->code;
}

void tt_temp_drop(struct tt_temp *t)
{
	if (t->fd < 0)
		return;
	close(t->fd);
	t->fd = -1;
	unlinkat(t->folder, t->name, 0);
}
