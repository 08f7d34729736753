/* SPDX-License-Identifier: MIT */
/*
 * outfile.h - a verb's output file, which appears whole or not at all. Command layer:
 * stands on out.h.
 */
#ifndef CMD_CLI_OUTFILE_H
#define CMD_CLI_OUTFILE_H

#include <limits.h>

#include "out.h"

#define OUTFILE_PATH_ROOM PATH_MAX

struct outfile {
	struct out *out;        /* to write to, while it is open */
	struct out own;
	char *buffer;
	const char *path;       /* as it was given, for messages */
	char *target;           /* NULL: the standard output */
	char *temporary;        /* name of the file until it is whole; NULL: written in place */
	bool nameless;          /* it has not even that until then */
	bool secret;            /* see outfile_open_secret() */
};

/*
 * NULL and "-" are standard output. A regular file is written without a name, or where that
 * cannot be, under a temporary one in its folder; a device or a FIFO is written in place. *f
 * must not move, and the path has to live, until it is finished. 0, or STATUS_TROUBLE after a
 * message.
 */
int outfile_open(struct outfile *f, const char *path);
/* A file that only the user may read, and that takes the place of no other: there must be none
 * of this name, and "-" is a name. The same statuses. */
int outfile_open_secret(struct outfile *f, const char *path);
/* Whether nothing is left of what was written to `path` once that is discarded: it is a file, or
 * /dev/null. */
bool outfile_can_be_written_again(const char *path);
/* Where what was written so far can be read, of a file that is not written in place. */
void outfile_path_so_far(const struct outfile *f, char room[OUTFILE_PATH_ROOM]);
/* Writes what is left, syncs, renames. The same statuses. */
int outfile_finish(struct outfile *f);
/* Instead of finishing: removes what was written. What went to a device, a FIFO or
 * standard output stays there, but nothing more goes to it. */
void outfile_discard(struct outfile *f);
/* From the handler of a signal that ends the program: removes the temporary files that
 * exist. SIGHUP, SIGINT and SIGTERM do so by themselves if the program leaves them alone. */
void outfile_remove_unfinished(void);

#endif
