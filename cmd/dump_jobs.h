/* SPDX-License-Identifier: MIT */
/*
 * dump_jobs.h - events printed on several threads, written in their order. Command
 * layer, inside dump only.
 *
 * The thread that reads copies events into blocks. Whoever is free prints a block
 * into memory, the reading thread too when it has nothing better to do; it alone
 * writes them out. Blocks and their texts take some megabytes, however long the
 * trace is. What comes out is the same, to the byte, for any number of threads.
 */
#ifndef CMD_DUMP_JOBS_H
#define CMD_DUMP_JOBS_H

#include "dump.h"

struct dump_jobs;

/*
 * Makes ready to print with `format` on so many threads, the caller's included.
 * NULL: print without; there is one thread only, or no memory. Threads begin when
 * there is work for them; with those that cannot be had the others do it all.
 */
struct dump_jobs *dump_jobs_new(struct dump *d, const struct dump_format *format, unsigned threads);
/* Everything added must be printed or dropped by now. NULL is a no-op. */
void dump_jobs_free(struct dump_jobs *j);
/* Prints the event some time. It may be gone when this returns, its generation not. */
void dump_jobs_add(struct dump_jobs *j, const struct tt_event *ev);
/* All that was added is written, or d->status says why not; caches are empty. To be
 * called before the generation goes. */
void dump_jobs_finish(struct dump_jobs *j);

#endif
