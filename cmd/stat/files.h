/* SPDX-License-Identifier: MIT */
/* files.h - answers of many files, and their sum. Command layer, inside stat only. */
#ifndef CMD_STAT_FILES_H
#define CMD_STAT_FILES_H

#include "stat.h"

struct stat_files {
	struct stat_answer **answers;   /* of each, in the order of the inputs */
	size_t n, cap;
	struct stat_answer sum;         /* of all */
};

void files_init(struct stat_files *f, const struct stat_options *opt);
/* An empty answer, the last one. NULL after a message: no memory. */
struct stat_answer *files_add(struct stat_files *f, const struct stat_options *opt, const char *file);
/* Adds them up. The worst status. */
int files_sum(struct stat_files *f);
/*
 * Reads all traces, opt->jobs at a time, reports what is wrong with them, and adds them up.
 * The worst status.
 */
int files_collect(struct stat_files *f, const struct stat_options *opt, struct cmd_inputs *inputs);
/* After files_init(), whatever happened. */
void files_release(struct stat_files *f);

#endif
