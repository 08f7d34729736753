/* SPDX-License-Identifier: MIT */
/*
 * gen_support.h - for the tests of generations: small ones, built and read again
 * through tt_reader_next_generation(), with the input ending against a page that
 * may not be touched. Test code only.
 */
#ifndef TT_TESTS_GEN_SUPPORT_H
#define TT_TESTS_GEN_SUPPORT_H

#include "tests/build.h"
#include "tests/input.h"
#include "tests/reader_support.h"

#define BYTES(text) text, sizeof(text) - 1
/* A number of 2^64 and more, and one of more than ten bytes. */
#define TOO_LARGE "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"
#define TOO_LONG "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"

/* A thread that says nothing new: P 3 is idle. */
void gen_build_thread(struct build *b, uint64_t generation, uint64_t thread, uint64_t time);
/* A generation as small as can be: a clock at 100, and that. */
void gen_build(struct build *b, uint64_t generation);

struct gen_input {
	struct guarded bytes;
	struct tt_reader *r;
};

/* Opens what was built and releases the build. */
void gen_open(struct gen_input *t, struct build *b, unsigned flags);
void gen_close(struct gen_input *t);

/* These fail the test if there is no other generation; if there is no end; and
 * unless loading fails so, again and again. */
const struct tt_generation *gen_next(struct gen_input *t);
void gen_expect_end(struct gen_input *t);
const struct tt_error *gen_expect_error(struct gen_input *t, int code, uint64_t offset,
					const char *message);

#endif
