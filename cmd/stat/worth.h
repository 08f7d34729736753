/* SPDX-License-Identifier: MIT */
/* worth.h - what a summary says is worth a look. Command layer, inside stat only. */
#ifndef CMD_STAT_WORTH_H
#define CMD_STAT_WORTH_H

#include "findings.h"
#include "lines.h"

/* Findings, each with the time and commands that show it, to s->o; sentences in lines of this
 * width. After many no more are printed, but how many. */
void worth_text(const struct summary *s, const struct findings *f, size_t width);
/* The member "findings" of a summary: an array of objects. Of several traces, each has "file". */
char *worth_json(struct out *o, char *p, const struct findings *f, bool of_files);
/* The cells "findings" and "finding": how many, and the first one's sentence. */
char *worth_csv(struct out *o, char *p, const struct findings *f);

#endif
