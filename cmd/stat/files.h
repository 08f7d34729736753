/* SPDX-License-Identifier: MIT */
/* files.h - answers of many files, and their sum. Command layer, inside stat only. */
#ifndef CMD_STAT_FILES_H
#define CMD_STAT_FILES_H

#include "stat.h"

struct stat_files {
	struct stat_answer *answers;    /* of each, in the order of the command line */
	size_t n;
	struct stat_answer sum;         /* of all */
};

/*
 * Reads all of them, opt->jobs at a time, reports what is wrong with them, and adds them up.
 * The worst status; release in any case.
 */
int files_collect(struct stat_files *f, const struct stat_options *opt, const struct cmd_input *in,
		  char *const *paths, size_t n);
void files_release(struct stat_files *f);

#endif
