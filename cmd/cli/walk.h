/* SPDX-License-Identifier: MIT */
/*
 * walk.h - the files in folders and the folders below them, in the order of their names'
 * bytes. Command layer.
 *
 * Links to files are followed, links to folders are not: they could make a walk endless.
 * What macOS adds to folders (tt_is_litter()) is left out, and so are links to nothing, and
 * what is neither a file nor a folder.
 */
#ifndef CMD_CLI_WALK_H
#define CMD_CLI_WALK_H

#include <stddef.h>

struct walk_level;

/* Zero is a walk that has ended. */
struct walk {
	struct walk_level *levels; /* the folders entered, the innermost last */
	size_t n, capacity;
	char *path;             /* what was returned last */
};

/* Begins with this folder, after the end of the walk before. 0, or an errno. */
int walk_begin(struct walk *w, const char *folder);
/*
 * The next file: 0 and its path, which lives until the next call; 1 at the end; or an errno,
 * negated, with the path of what cannot be read, or without a path if there is no memory.
 * After an error it goes on.
 */
int walk_next(struct walk *w, const char **path);
void walk_release(struct walk *w);

#endif
