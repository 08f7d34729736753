/* SPDX-License-Identifier: MIT */
/*
 * tempfile.h - a file that appears under its name only when it is complete. Private to
 * lib/output.
 *
 * Until then it has no name, so that it is gone if the process dies, or it is called
 * NAME.xxxxxxxx.tmp, beside its place: where the system has no nameless files, where it
 * replaces a file, or where the caller wants what was written to survive.
 */
#ifndef TT_OUTPUT_TEMPFILE_H
#define TT_OUTPUT_TEMPFILE_H

#include <sys/stat.h>

#include "base/error.h"

struct tt_tempfile {
	int folder;             /* not owned; AT_FDCWD: names are paths */
	int fd;                 /* -1: none */
	char *name;             /* the temporary one; NULL: none */
};

/*
 * Creates it beside `name` of the folder, without a name of its own if the system can.
 * `title` names it in messages. TT_E_IO.
 */
int tt_tempfile_create(struct tt_tempfile *t, int folder, const char *name, const char *title,
		       struct tt_error *err);
/* The same, under a temporary name from the start. */
int tt_tempfile_create_named(struct tt_tempfile *t, int folder, const char *name,
			     const char *title, struct tt_error *err);
/* Gives it the permissions of that file, if it is a regular one, and its owner, if that is
 * allowed. */
void tt_tempfile_inherit(const struct tt_tempfile *t, const struct stat *st);
/* Syncs it and gives it its name. A file that is replaced leaves its permissions. False and errno: then it is as it was, or closed. */
bool tt_tempfile_commit(struct tt_tempfile *t, const char *name);
/* The same, but nothing is replaced: errno is EEXIST if the name is taken, and then it can be
 * committed under another one. */
bool tt_tempfile_commit_new(struct tt_tempfile *t, const char *name);
/* Removes and closes it; after a commit a no-op. */
void tt_tempfile_drop(struct tt_tempfile *t);
/* Closes it, and leaves it under its temporary name. */
void tt_tempfile_leave(struct tt_tempfile *t);

/* The new name itself is on disk only with its folder. Errors do not matter. */
void tt_sync_folder_of(const char *path);
/* Writes all bytes, or returns false and sets errno. */
bool tt_write_all(int fd, const void *data, size_t nbytes);

#endif
