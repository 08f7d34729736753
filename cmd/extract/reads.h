/* SPDX-License-Identifier: MIT */
/*
 * reads.h - the files that a run reads, by their numbers: none of them is replaced by a file of
 * the output folder. Command layer, inside extract only.
 */
#ifndef CMD_EXTRACT_READS_H
#define CMD_EXTRACT_READS_H

#include "cli/options.h"

struct read_file;

struct reads {
	struct read_file *files;
	size_t n, room;
};

/* Adds what a path names, ARCHIVE:MEMBER too; a path that names no file is none. False: no memory. */
bool reads_add(struct reads *r, const char *path);
bool reads_add_list(struct reads *r, const struct opt_list *paths);
/* After the last one was added. */
void reads_sort(struct reads *r);
/* Whether the file `name` of a folder is one of them. */
bool reads_have(const struct reads *r, const char *folder, const char *name);
void reads_release(struct reads *r);

#endif
