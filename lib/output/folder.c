/* SPDX-License-Identifier: MIT */
/*
 * folder.c - files into a folder.
 *
 * Every step goes from a folder's descriptor to an entry of it and follows no
 * symbolic link, so that no name leads out of it, whoever writes to it meanwhile.
 */
#include "output/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output/tempfile.h"
#include "tracetool_write.h"

struct folder {
	struct tt_output output;
	int top;
	/* The folder that the last file went to: many go to the same. */
	int last;               /* -1: none */
	char *last_name;        /* without the `/` at its end; NULL: none */
	/* The file that was removed last: one of its name gets its permissions. */
	char *removed_name;     /* NULL: none */
	struct stat removed;
};

static int make_and_open(int at, const char *name, int flags)
{
	if (mkdirat(at, name, 0777) != 0 && errno != EEXIST)
		return -1;
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
}

static void leave(struct folder *f)
{
	if (f->last >= 0)
		close(f->last);
	free(f->last_name);
	f->last = -1;
	f->last_name = NULL;
}

/* Part by part from the top; `name` is cut at its slashes meanwhile. */
static int walk(const struct folder *f, char *name)
{
	int fd = f->top;

	for (char *part = name; part != NULL && fd >= 0;) {
		char *slash = strchr(part, '/');
		int next;

		if (slash != NULL)
			*slash = '\0';
		next = make_and_open(fd, part, O_NOFOLLOW);
		if (fd != f->top)
			close(fd);
		fd = next;
		if (slash != NULL)
			*slash = '/';
		part = slash != NULL ? slash + 1 : NULL;
	}
	return fd;
}

/* The folder of a file; stays open until another is entered. -1: *err. */
static int enter(struct folder *f, const char *name, size_t nbytes, struct tt_error *err)
{
	if (nbytes == 0)
		return f->top;
	if (f->last_name != NULL && strlen(f->last_name) == nbytes &&
	    memcmp(f->last_name, name, nbytes) == 0)
		return f->last;
	leave(f);
	f->last_name = strndup(name, nbytes);
	if (f->last_name == NULL) {
		tt_fail(err, TT_E_MEMORY, "no memory for a name");
		return -1;
	}
	f->last = walk(f, f->last_name);
	if (f->last < 0) {
		tt_fail_errno(err, errno, "cannot make the folder %s", f->last_name);
		leave(f);
	}
	return f->last;
}

static int folder_add(struct tt_output *o, const char *name, struct tt_str data,
		      struct tt_error *err)
{
	struct folder *f = (struct folder *)o;
	const char *slash = strrchr(name, '/');
	const char *last = slash != NULL ? slash + 1 : name;
	int at = enter(f, name, slash != NULL ? (size_t)(slash - name) : 0, err);
	struct tt_tempfile temp;

	if (at < 0 || tt_tempfile_create(&temp, at, last, name, err) != 0)
		return -err->code;
	if (f->removed_name != NULL && strcmp(f->removed_name, name) == 0)
		tt_tempfile_inherit(&temp, &f->removed);
	if (tt_write_all(temp.fd, data.data, data.len) && tt_tempfile_commit(&temp, last))
		return 0;
	tt_fail_errno(err, errno, "cannot write %s", name);
	tt_tempfile_drop(&temp);
	return -err->code;
}

/* That it is gone is on disk before anything else is written. */
static int folder_remove(struct tt_output *o, const char *name, struct tt_error *err)
{
	struct folder *f = (struct folder *)o;
	const char *slash = strrchr(name, '/');
	const char *last = slash != NULL ? slash + 1 : name;
	int at = enter(f, name, slash != NULL ? (size_t)(slash - name) : 0, err);

	if (at < 0)
		return -err->code;
	free(f->removed_name);
	f->removed_name = fstatat(at, last, &f->removed, AT_SYMLINK_NOFOLLOW) == 0 ? strdup(name)
										  : NULL;
	if (unlinkat(at, last, 0) == 0) {
		(void)fsync(at);
		return 0;
	}
	return errno == ENOENT ? 0 : tt_fail_errno(err, errno, "cannot remove the old %s", name);
}

static int folder_finish(struct tt_output *o, struct tt_error *err)
{
	struct folder *f = (struct folder *)o;

	(void)err;
	leave(f);
	/* The files are on disk, now their names too, as far as the file system
	 * lets us: once for all folders, of which there may be many. */
	(void)syncfs(f->top);
	return 0;
}

static void folder_close(struct tt_output *o)
{
	struct folder *f = (struct folder *)o;

	leave(f);
	if (f->top >= 0)
		close(f->top);
	free(f->removed_name);
	free(f);
}

static const struct tt_output_ops folder_ops = {
	folder_add, folder_remove, folder_finish, folder_close,
};

int tt_output_open_folder(struct tt_output **out, const char *path, struct tt_error *err)
{
	struct folder *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for the output");
	f->output.ops = &folder_ops;
	f->last = -1;
	f->top = make_and_open(AT_FDCWD, path, 0);
	if (f->top < 0) {
		tt_fail_errno(err, errno, "cannot make the folder %s", path);
		folder_close(&f->output);
		return -err->code;
	}
	/* Only one process at a time writes to it: their files and lists would be mixed. The
	 * lock goes with the process. File systems without locks are used all the same. */
	if (flock(f->top, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
		folder_close(&f->output);
		return tt_fail(err, TT_E_IO, "another process writes to the folder %s now", path);
	}
	*out = &f->output;
	return 0;
}
