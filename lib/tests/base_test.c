/* SPDX-License-Identifier: MIT */
/*
 * base_test.c - the base layer (memory account, id map, errors and their codes, threads)
 * and the varint, which stands on nothing either.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/idmap.h"
#include "base/mem.h"
#include "base/thread.h"
#include "tests/suites.h"
#include "wire/varint.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ------------------------------------------------------------------ memory */

START_TEST(mem_accounts_for_what_is_held)
{
	struct tt_mem mem = {0};
	char *p = tt_mem_alloc(&mem, 100);
	char *q;

	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(mem.used_nbytes, 100);
	memset(p, 'x', 100);
	q = tt_mem_realloc(&mem, p, 100, 5000);
	ck_assert_ptr_nonnull(q);
	ck_assert_uint_eq(mem.used_nbytes, 5000);
	ck_assert_int_eq(q[99], 'x');
	p = tt_mem_realloc(&mem, q, 5000, 10);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(mem.used_nbytes, 10);
	tt_mem_free(&mem, p, 10);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}
END_TEST

START_TEST(mem_limit_is_reached_exactly)
{
	struct tt_mem mem = {.limit_nbytes = 64};
	void *p = tt_mem_alloc(&mem, 64);

	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(tt_mem_alloc(&mem, 1));
	ck_assert_int_eq(tt_mem_code(&mem), TT_E_LIMIT);
	ck_assert_uint_eq(mem.used_nbytes, 64);
	ck_assert_ptr_null(tt_mem_realloc(&mem, p, 64, 65));
	ck_assert_int_eq(tt_mem_code(&mem), TT_E_LIMIT);
	tt_mem_free(&mem, p, 64);
	p = tt_mem_alloc(&mem, 1);
	ck_assert_ptr_nonnull(p);
	tt_mem_free(&mem, p, 1);
}
END_TEST

/* Keeps one block of the account for later use. */
struct kept_block {
	struct tt_mem *mem;
	void *block;            /* of 40 bytes, or NULL */
};

static bool reclaim(void *arg)
{
	struct kept_block *k = arg;
	bool any = k->block != NULL;

	tt_mem_free(k->mem, k->block, 40);
	k->block = NULL;
	return any;
}

START_TEST(mem_kept_for_later_is_reclaimed_first)
{
	struct tt_mem mem = {.limit_nbytes = 64};
	struct kept_block k = {&mem, tt_mem_alloc(&mem, 40)};
	volatile size_t huge = SIZE_MAX / 2 + 4096;
	void *p;

	mem.reclaim = reclaim;
	mem.reclaim_arg = &k;
	p = tt_mem_alloc(&mem, 24);
	ck_assert_ptr_nonnull(k.block);
	p = tt_mem_realloc(&mem, p, 24, 60);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_null(k.block);
	ck_assert_uint_eq(mem.used_nbytes, 60);
	ck_assert_ptr_null(tt_mem_alloc(&mem, 5));
	ck_assert_int_eq(tt_mem_code(&mem), TT_E_LIMIT);
	tt_mem_free(&mem, p, 60);
	/* the machine's refusal */
	mem.limit_nbytes = 0;
	k.block = tt_mem_alloc(&mem, 40);
	ck_assert_ptr_null(tt_mem_alloc(&mem, huge));
	ck_assert_int_eq(tt_mem_code(&mem), TT_E_MEMORY);
	ck_assert_ptr_null(k.block);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}
END_TEST

START_TEST(mem_refusal_of_the_machine_is_not_the_limits)
{
	struct tt_mem mem = {0};
	volatile size_t huge = SIZE_MAX / 2 + 4096;

	ck_assert_ptr_null(tt_mem_alloc(&mem, huge));
	ck_assert_int_eq(tt_mem_code(&mem), TT_E_MEMORY);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}
END_TEST

START_TEST(mem_of_size_zero_is_null)
{
	struct tt_mem mem = {0};

	ck_assert_ptr_null(tt_mem_alloc(&mem, 0));
	ck_assert_ptr_null(tt_mem_zalloc(&mem, 0, 8));
	ck_assert_ptr_null(tt_mem_zalloc(&mem, 8, 0));
	tt_mem_free(&mem, NULL, 8);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}
END_TEST

START_TEST(mem_zalloc_zeroes_and_checks_its_product)
{
	struct tt_mem mem = {0};
	unsigned char *p = tt_mem_zalloc(&mem, 300, 3);

	ck_assert_ptr_nonnull(p);
	for (size_t i = 0; i < 900; i++)
		ck_assert_int_eq(p[i], 0);
	ck_assert_uint_eq(mem.used_nbytes, 900);
	tt_mem_free(&mem, p, 900);
	ck_assert_ptr_null(tt_mem_zalloc(&mem, SIZE_MAX / 2 + 1, 2));
	ck_assert_int_eq(tt_mem_code(&mem), TT_E_LIMIT);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}
END_TEST

START_TEST(mem_grow_keeps_content_and_grows_by_half)
{
	struct tt_mem mem = {0};
	uint32_t *a = NULL;
	void *p = NULL;
	size_t cap = 0, moves = 0;

	for (uint32_t i = 0; i < 10000; i++) {
		size_t before = cap;

		ck_assert(tt_mem_grow(&mem, &p, &cap, (size_t)i + 1, sizeof(*a)));
		moves += cap != before;
		a = p;
		a[i] = i;
	}
	for (uint32_t i = 0; i < 10000; i++)
		ck_assert_uint_eq(a[i], i);
	ck_assert_uint_lt(moves, 20);
	ck_assert_uint_eq(mem.used_nbytes, cap * sizeof(*a));
	tt_mem_free(&mem, p, cap * sizeof(*a));
}
END_TEST

START_TEST(mem_grow_that_fails_changes_nothing)
{
	static const size_t wants[] = {101, SIZE_MAX / 4, SIZE_MAX};
	struct tt_mem mem = {.limit_nbytes = 400};
	void *p = NULL, *before;
	size_t cap = 0;

	ck_assert(tt_mem_grow(&mem, &p, &cap, 40, 4));
	ck_assert_uint_eq(cap, 40);
	before = p;
	for (size_t i = 0; i < COUNT(wants); i++) {
		ck_assert(!tt_mem_grow(&mem, &p, &cap, wants[i], 4));
		ck_assert_int_eq(tt_mem_code(&mem), TT_E_LIMIT);
		ck_assert_ptr_eq(p, before);
		ck_assert_uint_eq(cap, 40);
		ck_assert_uint_eq(mem.used_nbytes, 160);
	}
	tt_mem_free(&mem, p, 160);
}
END_TEST

/* ------------------------------------------------------------------ id map */

/* Ids as real traces have them, and as an enemy would choose them. */
static uint64_t id_of(int pattern, uint64_t i)
{
	switch (pattern) {
	case 0:
		return i;
	case 1:
		return 999 - i;
	case 2:
		return i * 3;
	case 3:
		return i << 32;
	case 4:
		return UINT64_MAX - i;
	default:
		return i * UINT64_C(0x9e3779b97f4a7c15);
	}
}

START_TEST(idmap_finds_what_was_added_and_nothing_else)
{
	struct tt_mem mem = {0};
	struct tt_idmap map;

	tt_idmap_init(&map, &mem, tt_random_seed());
	ck_assert_uint_eq(tt_idmap_find(&map, 0), TT_IDMAP_NONE);
	ck_assert_uint_eq(tt_idmap_find(&map, UINT64_MAX), TT_IDMAP_NONE);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert(tt_idmap_add(&map, id_of(_i, i), (uint32_t)i));
	ck_assert_uint_eq(map.count, 1000);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(tt_idmap_find(&map, id_of(_i, i)), i);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(tt_idmap_find(&map, id_of(_i, i) ^ (UINT64_C(1) << 24)),
				  TT_IDMAP_NONE);
	tt_idmap_release(&map);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}
END_TEST

START_TEST(idmap_forgets_what_was_removed_only)
{
	struct tt_mem mem = {0};
	struct tt_idmap map;

	tt_idmap_init(&map, &mem, 1);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert(tt_idmap_add(&map, id_of(_i, i), (uint32_t)i));
	for (uint64_t i = 0; i < 1000; i += 2) {
		tt_idmap_remove(&map, id_of(_i, i));
		tt_idmap_remove(&map, id_of(_i, i));
	}
	ck_assert_uint_eq(map.count, 500);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(tt_idmap_find(&map, id_of(_i, i)), i % 2 == 0 ? TT_IDMAP_NONE : i);
	for (uint64_t i = 0; i < 1000; i += 2)
		ck_assert(tt_idmap_add(&map, id_of(_i, i), (uint32_t)(i + 1000)));
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(tt_idmap_find(&map, id_of(_i, i)), i % 2 == 0 ? i + 1000 : i);
	tt_idmap_release(&map);
}
END_TEST

START_TEST(idmap_clear_forgets_all_and_keeps_the_room)
{
	struct tt_mem mem = {0};
	struct tt_idmap map;
	uint64_t held;

	tt_idmap_init(&map, &mem, 1);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert(tt_idmap_add(&map, id_of(_i, i), (uint32_t)i));
	held = mem.used_nbytes;
	tt_idmap_clear(&map);
	ck_assert_uint_eq(map.count, 0);
	ck_assert_uint_eq(mem.used_nbytes, held);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert_uint_eq(tt_idmap_find(&map, id_of(_i, i)), TT_IDMAP_NONE);
	for (uint64_t i = 0; i < 1000; i++)
		ck_assert(tt_idmap_add(&map, id_of(_i, i), 7));
	ck_assert_uint_eq(mem.used_nbytes, held);
	tt_idmap_release(&map);
}
END_TEST

/* A hostile id must not make the plain array as long as itself. */
START_TEST(idmap_memory_follows_the_count_not_the_ids)
{
	struct tt_mem mem = {0};
	struct tt_idmap map;

	tt_idmap_init(&map, &mem, 1);
	for (uint64_t i = 0; i < 64; i++)
		ck_assert(tt_idmap_add(&map, UINT64_MAX >> i, 1));
	ck_assert_uint_lt(mem.used_nbytes, 16384);
	tt_idmap_release(&map);
}
END_TEST

START_TEST(idmap_add_reports_the_limit_and_keeps_the_rest)
{
	struct tt_mem mem = {.limit_nbytes = 8192};
	struct tt_idmap map;
	uint32_t n = 0;

	tt_idmap_init(&map, &mem, 1);
	while (tt_idmap_add(&map, id_of(_i, n), n))
		n++;
	ck_assert_int_eq(tt_mem_code(&mem), TT_E_LIMIT);
	ck_assert_uint_eq(map.count, n);
	ck_assert_uint_gt(n, 50);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_uint_eq(tt_idmap_find(&map, id_of(_i, i)), i);
	ck_assert_uint_eq(tt_idmap_find(&map, id_of(_i, n)), TT_IDMAP_NONE);
	tt_idmap_release(&map);
	ck_assert_uint_eq(mem.used_nbytes, 0);
}
END_TEST

/* ------------------------------------------------------------------ errors */

START_TEST(error_clear_knows_no_place)
{
	struct tt_error err;

	memset(&err, 0x55, sizeof(err));
	tt_error_clear(&err);
	ck_assert_int_eq(err.code, TT_OK);
	ck_assert_int_eq(err.system_errno, 0);
	ck_assert_uint_eq(err.offset, TT_UNKNOWN);
	ck_assert_uint_eq(err.batch_offset, TT_UNKNOWN);
	ck_assert_uint_eq(err.generation, TT_UNKNOWN);
	ck_assert_int_eq(err.thread, TT_NONE);
	ck_assert_uint_eq(err.event_index, TT_UNKNOWN);
	ck_assert_int_eq(err.event_type, -1);
	ck_assert(!err.system);
	ck_assert_str_eq(err.message, "");
}
END_TEST

START_TEST(error_of_the_machine_differs_from_one_of_the_trace)
{
	struct tt_error err;

	ck_assert_int_eq(tt_fail(&err, TT_E_ARGUMENT, "x"), -TT_E_ARGUMENT);
	ck_assert(err.system);
	ck_assert_int_eq(tt_fail(&err, TT_E_NOT_A_TRACE, "%d %s", 5, "five"), -TT_E_NOT_A_TRACE);
	ck_assert(!err.system);
	ck_assert_int_eq(err.code, TT_E_NOT_A_TRACE);
	ck_assert_str_eq(err.message, "5 five");
}
END_TEST

START_TEST(error_place_is_filled_in_once)
{
	struct tt_error err;

	tt_fail(&err, TT_E_EVENT_TYPE, "x");
	tt_error_at(&err, 0);
	tt_error_at(&err, 99);
	ck_assert_uint_eq(err.offset, 0);
	tt_error_in_batch(&err, 10, 1, 0);
	tt_error_in_batch(&err, 20, 2, 7);
	ck_assert_uint_eq(err.batch_offset, 10);
	ck_assert_uint_eq(err.generation, 1);
	ck_assert_int_eq(err.thread, 0);
	tt_fail(&err, TT_E_EVENT_TYPE, "y");
	ck_assert_uint_eq(err.offset, TT_UNKNOWN);
	ck_assert_int_eq(err.thread, TT_NONE);
}
END_TEST

START_TEST(error_message_is_cut_not_overrun)
{
	static char text[2 * TT_ERROR_MESSAGE_SIZE];
	struct tt_error err;

	memset(text, 'm', sizeof(text) - 1);
	tt_fail(&err, TT_E_SPEC, "%s", text);
	ck_assert_uint_eq(strlen(err.message), TT_ERROR_MESSAGE_SIZE - 1);
	tt_fail_errno(&err, ENOENT, "%s", text);
	ck_assert_uint_eq(strlen(err.message), TT_ERROR_MESSAGE_SIZE - 1);
}
END_TEST

START_TEST(error_of_errno_names_its_reason)
{
	struct tt_error err;

	ck_assert_int_eq(tt_fail_errno(&err, ENOENT, "open"), -TT_E_IO);
	ck_assert_int_eq(err.system_errno, ENOENT);
	ck_assert(err.system);
	ck_assert_str_eq(err.message, "open: No such file or directory");
	tt_fail_errno(&err, 99999, "open");
	ck_assert_msg(strstr(err.message, "99999") != NULL, "%s", err.message);
}
END_TEST

/* ----------------------------------------------------------------- varints */

/* A varint that ends at the last byte of an allocation, so that ASan and
 * valgrind see a read behind it. */
static int varint_at_the_edge(const uint8_t *bytes, size_t n, uint64_t *value)
{
	uint8_t *copy = malloc(n + 1);
	int got;

	ck_assert_ptr_nonnull(copy);
	if (n != 0)
		memcpy(copy + 1, bytes, n);
	got = tt_varint(copy + 1, copy + 1 + n, value);
	free(copy);
	return got;
}

START_TEST(varint_puts_and_takes_every_length)
{
	for (int bit = 0; bit <= 64; bit++) {
		uint64_t value = bit == 64 ? UINT64_MAX : UINT64_C(1) << bit;

		for (int step = -1; step <= 0; step++) {
			uint64_t want = value + (uint64_t)step, got = ~want;
			uint8_t bytes[TT_VARINT_MAX];
			size_t n = (size_t)(tt_varint_put(bytes, want) - bytes);

			ck_assert_int_eq(varint_at_the_edge(bytes, n, &got), (int)n);
			ck_assert_uint_eq(got, want);
		}
	}
}
END_TEST

static const struct {
	uint8_t bytes[12];
	uint8_t nbytes;
	int result;
	uint64_t value;
} varints[] = {
	{{0x00}, 1, 1, 0},
	{{0x7f, 0xff}, 2, 1, 127},
	{{0x80, 0x00}, 2, 2, 0},
	{{0xff, 0x80, 0x00}, 3, 3, 127},
	{{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, 10, 10, 0},
	{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, 10, 10, UINT64_MAX},
	{{0}, 0, TT_VARINT_EMPTY, 0},
	{{0x80}, 1, TT_VARINT_CUT, 0},
	{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9, TT_VARINT_CUT, 0},
	{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 10, TT_VARINT_OVERFLOW, 0},
	{{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80}, 10, TT_VARINT_OVERFLOW, 0},
	{{0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00}, 11, TT_VARINT_OVERFLOW, 0},
};

START_TEST(varint_takes_or_refuses_each_form)
{
	uint64_t value = 42;

	ck_assert_int_eq(varint_at_the_edge(varints[_i].bytes, varints[_i].nbytes, &value),
			 varints[_i].result);
	ck_assert_uint_eq(value, varints[_i].result > 0 ? varints[_i].value : 42);
}
END_TEST

/* ----------------------------------------------------------------- threads */

struct stage {
	pthread_mutex_t started; /* is held until the thread may look around */
	cpu_set_t processors;
};

static void *look_around(void *arg)
{
	struct stage *stage = arg;

	pthread_mutex_lock(&stage->started);
	sched_getaffinity(0, sizeof(stage->processors), &stage->processors);
	pthread_mutex_unlock(&stage->started);
	return NULL;
}

/* A thread that was started apart may run wherever its maker may. */
static void goes_where_its_maker_goes(void)
{
	struct stage stage = {.started = PTHREAD_MUTEX_INITIALIZER};
	cpu_set_t own;
	pthread_t thread;

	pthread_mutex_lock(&stage.started);
	ck_assert_int_eq(tt_thread_start_apart(&thread, look_around, &stage), 0);
	pthread_mutex_unlock(&stage.started);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	ck_assert_int_eq(sched_getaffinity(0, sizeof(own), &own), 0);
	ck_assert(CPU_EQUAL(&own, &stage.processors));
}

START_TEST(thread_apart_may_go_anywhere)
{
	goes_where_its_maker_goes();
}
END_TEST

/* There is no other processor for it. */
START_TEST(thread_apart_of_one_processor_stays_there)
{
	cpu_set_t all, one;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	CPU_ZERO(&one);
	CPU_SET((size_t)sched_getcpu(), &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	goes_where_its_maker_goes();
	ck_assert_int_eq(sched_setaffinity(0, sizeof(all), &all), 0);
}
END_TEST

static TCase *mem_tests(void)
{
	TCase *tc = tcase_create("mem");

	tcase_add_test(tc, mem_accounts_for_what_is_held);
	tcase_add_test(tc, mem_limit_is_reached_exactly);
	tcase_add_test(tc, mem_kept_for_later_is_reclaimed_first);
	tcase_add_test(tc, mem_refusal_of_the_machine_is_not_the_limits);
	tcase_add_test(tc, mem_of_size_zero_is_null);
	tcase_add_test(tc, mem_zalloc_zeroes_and_checks_its_product);
	tcase_add_test(tc, mem_grow_keeps_content_and_grows_by_half);
	tcase_add_test(tc, mem_grow_that_fails_changes_nothing);
	return tc;
}

static TCase *idmap_tests(void)
{
	TCase *tc = tcase_create("idmap");

	tcase_add_loop_test(tc, idmap_finds_what_was_added_and_nothing_else, 0, 6);
	tcase_add_loop_test(tc, idmap_forgets_what_was_removed_only, 0, 6);
	tcase_add_loop_test(tc, idmap_clear_forgets_all_and_keeps_the_room, 0, 6);
	tcase_add_test(tc, idmap_memory_follows_the_count_not_the_ids);
	tcase_add_loop_test(tc, idmap_add_reports_the_limit_and_keeps_the_rest, 0, 6);
	return tc;
}

static TCase *error_tests(void)
{
	TCase *tc = tcase_create("error");

	tcase_add_test(tc, error_clear_knows_no_place);
	tcase_add_test(tc, error_of_the_machine_differs_from_one_of_the_trace);
	tcase_add_test(tc, error_place_is_filled_in_once);
	tcase_add_test(tc, error_message_is_cut_not_overrun);
	tcase_add_test(tc, error_of_errno_names_its_reason);
	return tc;
}

static TCase *thread_tests(void)
{
	TCase *tc = tcase_create("thread");

	tcase_add_test(tc, thread_apart_may_go_anywhere);
	tcase_add_test(tc, thread_apart_of_one_processor_stays_there);
	return tc;
}

static TCase *varint_tests(void)
{
	TCase *tc = tcase_create("varint");

	tcase_add_test(tc, varint_puts_and_takes_every_length);
	tcase_add_loop_test(tc, varint_takes_or_refuses_each_form, 0, (int)COUNT(varints));
	return tc;
}

Suite *base_suite(void)
{
	Suite *s = suite_create("base");

	suite_add_tcase(s, mem_tests());
	suite_add_tcase(s, idmap_tests());
	suite_add_tcase(s, error_tests());
	suite_add_tcase(s, thread_tests());
	suite_add_tcase(s, varint_tests());
	return s;
}
