/* SPDX-License-Identifier: MIT */
/* numbered.h - names of output files that are counted: a pattern with one %d. Command layer. */
#ifndef CMD_CLI_NUMBERED_H
#define CMD_CLI_NUMBERED_H

#include <stdbool.h>

/* Whether it has one %d, or %03d with any number of digits up to 9, and no other %. */
bool numbered_is_pattern(const char *pattern);
/* The name with this number, to be freed; NULL: no memory. */
char *numbered_name(const char *pattern, unsigned number);

#endif
