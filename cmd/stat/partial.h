/* SPDX-License-Identifier: MIT */
/* partial.h - answers as JSON that can be merged. Command layer, inside stat only. */
#ifndef CMD_STAT_PARTIAL_H
#define CMD_STAT_PARTIAL_H

#include "files.h"

/* The members of `facts`, and where they are in a struct stat_facts; all are uint64_t. */
struct fact_name {
	const char *name;
	size_t at;
};
extern const struct fact_name fact_names[];

/* One answer as a line. */
void print_partial(const struct stat_answer *a, const struct stat_options *opt);
/*
 * Reads files of such lines, of the view and keys that the options name, and adds them up.
 * The worst status that the lines have, or STATUS_TROUBLE after a message.
 */
int merge_files(struct stat_files *f, const struct stat_options *opt, char *const *paths, size_t n);

#endif
