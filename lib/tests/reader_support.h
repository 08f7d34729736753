/* SPDX-License-Identifier: MIT */
/*
 * reader_support.h - readers of bytes in memory, with specs that are read once: they
 * cost more than most of what tests read. Test code only.
 */
#ifndef TT_TESTS_READER_SUPPORT_H
#define TT_TESTS_READER_SUPPORT_H

#include "tracetool.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* The header versions there are, growing. */
#define TEST_NVERSIONS 4
extern const unsigned test_versions[TEST_NVERSIONS];

/* `flags`: enum tt_open_flags. */
struct tt_options test_options(unsigned flags);
/* The same with other options than test_options(). */
struct tt_reader *test_open_as(const void *data, size_t n, const struct tt_options *opt);
/* Fails the test if the bytes cannot be opened. They outlive the reader. */
struct tt_reader *test_open(const void *data, size_t n, unsigned flags);

#endif
