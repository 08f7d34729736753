/* SPDX-License-Identifier: MIT */
/* reader_support.c - readers of bytes in memory. Test code only. */
#include "tests/reader_support.h"

#include <check.h>

const unsigned test_versions[TEST_NVERSIONS] = {22, 23, 25, 26};

struct tt_options test_options(unsigned flags)
{
	static struct tt_specs *specs;
	struct tt_error err;

	if (specs == NULL)
		ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	return (struct tt_options){.size = sizeof(struct tt_options), .flags = flags, .specs = specs};
}

struct tt_reader *test_open_as(const void *data, size_t n, const struct tt_options *opt)
{
	struct tt_reader *r;
	struct tt_error err;

	ck_assert_msg(tt_reader_open_memory(&r, data, n, opt, &err) == 0, "%s", err.message);
	return r;
}

struct tt_reader *test_open(const void *data, size_t n, unsigned flags)
{
	const struct tt_options opt = test_options(flags);

	return test_open_as(data, n, &opt);
}
