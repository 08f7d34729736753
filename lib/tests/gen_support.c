/* SPDX-License-Identifier: MIT */
/* gen_support.c - small generations, built and read again. Test code only. */
#include "tests/gen_support.h"

#include <check.h>

/* ---- building */

void gen_build_thread(struct build *b, uint64_t generation, uint64_t thread, uint64_t time)
{
	build_raw(b, generation, thread, time, "\x0d\x01\x03\x02", 4);
}

void gen_build(struct build *b, uint64_t generation)
{
	build_clock(b, generation, 100, 1000000000);
	gen_build_thread(b, generation, 7, 101);
	if (b->version >= 26)
		build_mark(b);
}

/* ---- reading */

void gen_open(struct gen_input *t, struct build *b, unsigned flags)
{
	guarded_init(&t->bytes, b->data, b->len);
	build_release(b);
	t->r = test_open(t->bytes.data, t->bytes.len, flags);
}

void gen_close(struct gen_input *t)
{
	tt_reader_close(t->r);
	guarded_release(&t->bytes);
}

const struct tt_generation *gen_next(struct gen_input *t)
{
	const struct tt_generation *g;
	int rc = tt_reader_next_generation(t->r, &g);

	ck_assert_msg(rc == 0, "%d: %s", rc, tt_reader_error(t->r)->message);
	ck_assert_ptr_nonnull(g);
	return g;
}

void gen_expect_end(struct gen_input *t)
{
	const struct tt_generation *g;

	ck_assert_int_eq(tt_reader_next_generation(t->r, &g), TT_END);
	ck_assert_ptr_null(g);
	ck_assert_int_eq(tt_reader_error(t->r)->code, TT_OK);
	ck_assert_int_eq(tt_reader_next_generation(t->r, &g), TT_END);
}

const struct tt_error *gen_expect_error(struct gen_input *t, int code, uint64_t offset,
					   const char *message)
{
	const struct tt_generation *g;
	const struct tt_error *err;

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(tt_reader_next_generation(t->r, &g), -code);
		ck_assert_ptr_null(g);
	}
	err = tt_reader_error(t->r);
	ck_assert_int_eq(err->code, code);
	ck_assert_str_eq(err->message, message);
	ck_assert_uint_eq(err->offset, offset);
	ck_assert_uint_le(err->offset, t->bytes.len);
	ck_assert(!err->system);
	return err;
}
