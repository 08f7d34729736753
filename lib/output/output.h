/* SPDX-License-Identifier: MIT */
/*
 * output.h - the inside of a tt_output: the operations of each kind. The folder needs
 * only base:
 *
 *	output.c    opens an output by its name: a folder or an archive of files
 *	folder.c    files into a folder
 *	archive.c   files into a tar or zip
 *	partfile.c  one file written in parts, of which only whole ones are kept
 *	rotation.c  the names of numbered files
 *	packer.c    a trace as zstd, with a table of its frames,
 *	seektable.c which is made there and in partfile.c
 *	tempfile.c  a file that appears under its name only when it is complete
 */
#ifndef TT_OUTPUT_OUTPUT_H
#define TT_OUTPUT_OUTPUT_H

#include "base/error.h"
#include "tracetool_write.h"

/* `name` was checked; an error of add or finish is final for an archive. */
struct tt_output_ops {
	int (*add)(struct tt_output *o, const char *name, struct tt_str data, struct tt_error *err);
	int (*remove)(struct tt_output *o, const char *name, struct tt_error *err); /* or NULL */
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

#endif
