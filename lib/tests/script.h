/* SPDX-License-Identifier: MIT */
/*
 * script.h - traces as a few words of text, and what the reader makes of them as a
 * few more. Test code only.
 *
 *	7@100: ProcStatus 0 1, GoStatus 1 7 2
 *	-1@105: +3 GoUnblock 2 1 0
 *	gen 2
 *
 * is a batch of thread 7 at time 100 with two events, one of nobody, whose event
 * comes 3 units later (1 if there is no `+`), and the end of a generation and the
 * start of another, whose number is 2. The first is number 1. One unit is one
 * nanosecond. Each generation has a clock, which reads 1, 2, 3, ...; the strings
 * 1 "one", 2 "two", 3 "three"; and stack 1. Negative numbers wrap. Events are those of
 * ways_orders(), see fuzz/ways.h. There are also
 *
 *	samples: 105 7 0 1 1, 120 8 1 2 0
 *	experiment 1 7@110: any text to the end of the line
 *
 * for CPU samples (time, thread, P, goroutine, stack) and an experimental batch.
 */
#ifndef TT_TESTS_SCRIPT_H
#define TT_TESTS_SCRIPT_H

#include "tests/build.h"
#include "tracetool.h"

/* Builds the trace; the caller releases it. */
void script_build(struct build *b, unsigned version, const char *text);

#define SCRIPT_OUT_SIZE 8192
/*
 * Reads a trace and writes a line for each event that its thread recorded at
 * `from` nanoseconds or later, Sync events aside:
 *
 *	7/0/1 GoBlock 1 0 Running->Waiting
 *
 * is thread, P and goroutine, the event with its arguments, and the change it
 * shows; tasks that end show parent and name instead, ranges their kind. The last
 * line is "end", or the code and the message of the error.
 */
void script_run(const struct build *b, int64_t from, char out[SCRIPT_OUT_SIZE]);

/* Fails the test unless script_run() gives this. */
void script_expect(unsigned version, const char *text, int64_t from, const char *expected);

#endif
