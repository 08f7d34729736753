/* SPDX-License-Identifier: MIT */
/* tempfile.c - write without a name or beside the place, sync, give the name. */
#include "output/tempfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/idmap.h"

#define MAX_TRIES 100
/* What ".xxxxxxxx.tmp" leaves of the longest name. */
#define MAX_STEM (NAME_MAX - 13)

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

/* Length of a path up to the name, with the slash. */
static size_t folder_length(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash - path) + 1 : 0;
}

/* The folder of a path; NULL if there is no memory. */
static char *folder_of(const char *path)
{
	size_t n = folder_length(path);

	return n != 0 ? strndup(path, n) : strdup(".");
}

/* A new one each time. False: there is no memory. */
static bool invent_name(struct tt_tempfile *t, const char *name)
{
	size_t before = folder_length(name), stem = strlen(name + before);

	free(t->name);
	if (stem > MAX_STEM)
		stem = MAX_STEM;
	if (asprintf(&t->name, "%.*s.%08x.tmp", (int)(before + stem), name,
		     (unsigned)(uint32_t)tt_random_seed()) >= 0)
		return true;
	t->name = NULL;
	errno = ENOMEM;
	return false;
}

static void forget_name(struct tt_tempfile *t)
{
	free(t->name);
	t->name = NULL;
}

int tt_tempfile_create_named(struct tt_tempfile *t, int folder, const char *name,
			     const char *title, struct tt_error *err)
{
	*t = (struct tt_tempfile){.folder = folder, .fd = -1};
	/* (the temporary name is cut to fit: only the file's own name would fail, at the end) */
	if (strlen(name + folder_length(name)) > NAME_MAX)
		return tt_fail_errno(err, ENAMETOOLONG, "cannot write %s", title);
	for (int i = 0; i < MAX_TRIES && invent_name(t, name); i++) {
		t->fd = openat(folder, t->name,
			       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (t->fd >= 0)
			return 0;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	tt_fail_errno(err, errno, "cannot write %s", title);
	forget_name(t);
	return -err->code;
}

/*
 * A file without a name is named through /proc: where that is missing, or the file system
 * has no such files, it cannot be used.
 */
static bool open_nameless(struct tt_tempfile *t, int folder, const char *name)
{
	char *where;

	if (access("/proc/self/fd", X_OK) != 0)
		return false;
	where = folder_of(name);
	if (where == NULL)
		return false;
	*t = (struct tt_tempfile){.folder = folder};
	t->fd = openat(folder, where, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666);
	free(where);
	return t->fd >= 0;
}

int tt_tempfile_create(struct tt_tempfile *t, int folder, const char *name, const char *title,
		       struct tt_error *err)
{
	if (open_nameless(t, folder, name))
		return 0;
	return tt_tempfile_create_named(t, folder, name, title, err);
}

static bool link_as(const struct tt_tempfile *t, const char *name)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", t->fd);
	return linkat(AT_FDCWD, path, t->folder, name, AT_SYMLINK_FOLLOW) == 0;
}

/* A link cannot replace a file, a rename can: for that it needs a name of its own. */
static bool link_beside(struct tt_tempfile *t, const char *name)
{
	for (int i = 0; i < MAX_TRIES && invent_name(t, name); i++) {
		if (link_as(t, t->name))
			return true;
		if (errno != EEXIST)
			break;
	}
	forget_name(t);
	return false;
}

static bool close_written(struct tt_tempfile *t)
{
	int fd = t->fd;

	t->fd = -1;
	return close(fd) == 0 || errno == EINTR;
}

/* Some file systems have nothing to sync. */
static bool sync_data(const struct tt_tempfile *t)
{
	return fdatasync(t->fd) == 0 || errno == EINVAL || errno == EROFS;
}

void tt_tempfile_inherit(const struct tt_tempfile *t, const struct stat *st)
{
	mode_t mode = st->st_mode & 07777;

	if (!S_ISREG(st->st_mode))
		return;
	if (fchown(t->fd, st->st_uid, st->st_gid) != 0 &&
	    fchown(t->fd, (uid_t)-1, st->st_gid) != 0)
		mode &= (mode_t)~(S_ISUID | S_ISGID);
	(void)fchmod(t->fd, mode);
}

static void inherit(const struct tt_tempfile *t, const char *name)
{
	struct stat st;

	if (fstatat(t->folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		tt_tempfile_inherit(t, &st);
}

/* A rename that replaces nothing. */
static bool rename_new(const struct tt_tempfile *t, const char *name)
{
#ifdef RENAME_NOREPLACE
	if (renameat2(t->folder, t->name, t->folder, name, RENAME_NOREPLACE) == 0)
		return true;
	if (errno != EINVAL && errno != ENOSYS)
		return false;
#endif
	/* a file system or a C library without that: a link replaces nothing either */
	return linkat(t->folder, t->name, t->folder, name, 0) == 0 &&
	       unlinkat(t->folder, t->name, 0) == 0;
}

bool tt_tempfile_commit_new(struct tt_tempfile *t, const char *name)
{
	if (!sync_data(t) || !rename_new(t, name))
		return false;
	forget_name(t);
	return close_written(t);
}

bool tt_tempfile_commit(struct tt_tempfile *t, const char *name)
{
	if (!sync_data(t))
		return false;
	inherit(t, name);
	if (t->name == NULL) {
		if (link_as(t, name))
			return close_written(t);
		if (errno != EEXIST || !link_beside(t, name))
			return false;
	}
	if (!close_written(t) || renameat(t->folder, t->name, t->folder, name) != 0)
		return false;
	forget_name(t);
	return true;
}

void tt_tempfile_leave(struct tt_tempfile *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	forget_name(t);
}

void tt_tempfile_drop(struct tt_tempfile *t)
{
	if (t->name != NULL)
		unlinkat(t->folder, t->name, 0);
	tt_tempfile_leave(t);
}

void tt_sync_folder_of(const char *path)
{
	char *folder = folder_of(path);
	int fd = folder != NULL ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
	free(folder);
}
