/* SPDX-License-Identifier: MIT */
/*
 * progress.h - a line on stderr that says how far a long run is. Command layer.
 *
 * Shown only on a terminal, after the first second, at most ten times a second, and
 * removed before any message. There is one line, for one thread.
 */
#ifndef CMD_CLI_PROGRESS_H
#define CMD_CLI_PROGRESS_H

#include "tracetool.h"

/* Whether the line will be shown. */
bool progress_wanted(bool quiet);
/* `file` must live until progress_stop(). */
void progress_start(const char *file, bool quiet);
/* Cheap, but not free: call it for every event n for which n & PROGRESS_MASK is 0. */
void progress_show(const struct tt_progress *now);
void progress_show_reader(struct tt_reader *r);
enum { PROGRESS_MASK = 0xffff };
/* Removes the line until the next progress_show(); messages do this themselves. */
void progress_hide(void);
void progress_stop(void);

#endif
