/* SPDX-License-Identifier: MIT */
/*
 * output.h - the inside of a tt_output: the operations of each kind, and
 * files that appear under their name only when they are complete. Private to io;
 * stands on base.
 */
#ifndef TT_OUTPUT_OUTPUT_H
#define TT_OUTPUT_OUTPUT_H

#include "base/error.h"
#include "tracetool_write.h"

/* `name` was checked; an error of add or finish is final for an archive. */
struct tt_output_ops {
	int (*add)(struct tt_output *o, const char *name, struct tt_str data, struct tt_error *err);
	int (*finish)(struct tt_output *o, struct tt_error *err);
	void (*close)(struct tt_output *o);
};

struct tt_output {
	const struct tt_output_ops *ops;
};

enum tt_archive_kind {
	TT_ARCHIVE_TAR,
	TT_ARCHIVE_TAR_ZSTD,
	TT_ARCHIVE_TAR_GZIP,
	TT_ARCHIVE_ZIP,
};

int tt_output_open_folder(struct tt_output **out, const char *path, struct tt_error *err);
/* `path` NULL: to stdout. */
int tt_output_open_archive(struct tt_output **out, const char *path, enum tt_archive_kind kind,
			   struct tt_error *err);

/* A file being written in the folder of its place, where nobody else finds it. */
struct tt_temp {
	int folder;             /* not owned */
	int fd;                 /* -1: none */
	char name[32];          /* a temporary one; "": none, it dies with the process */
};

/* TT_E_IO. `title` stands in messages. */
int tt_temp_create(struct tt_temp *t, int folder, const char *title, struct tt_error *err);
/* All of it on disk and under its name, or an error and nothing left. */
int tt_temp_commit(struct tt_temp *t, const char *name, const char *title, struct tt_error *err);
/* Leaves nothing; a no-op after a commit. */
void tt_temp_drop(struct tt_temp *t);

/* All bytes, or false and errno. */
bool tt_write_all(int fd, const void *data, size_t nbytes);

#endif
