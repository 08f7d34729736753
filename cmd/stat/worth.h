/* SPDX-License-Identifier: MIT */
/* worth.h - what a summary says is worth a look. Command layer, inside stat only. */
#ifndef CMD_STAT_WORTH_H
#define CMD_STAT_WORTH_H

#include "lines.h"

/* What is worth a look in a trace, each with the time and a command that shows it. *n is how
 * many there were before, of other traces. After many no more are printed: how many. */
size_t print_worth(const struct summary *s, size_t *n);
void print_worth_rest(struct out *o, size_t nhidden);

#endif
