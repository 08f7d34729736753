/* SPDX-License-Identifier: MIT */
/*
 * sort_test.c - the sort that must leave equal keys where Go's leaves them. The
 * hashes were made by a Go 1.27 program that gave the same keys to
 * slices.SortFunc.
 */
#include <stdlib.h>

#include "base/sort.h"
#include "tests/suites.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define MAX_N 5000

/* ---- a few orders as the format's description lists them */

static const struct vector {
	size_t n;
	int64_t modulus;        /* key[i] is 7i modulo this */
	uint8_t order[60];
} vectors[] = {
	{14, 3, {6, 12, 9, 3, 0, 4, 1, 10, 7, 13, 8, 5, 2, 11}},
	{20, 4, {0, 16, 4, 12, 8, 19, 3, 15, 7, 11, 10, 6, 14, 2, 18, 9, 13, 5, 17, 1}},
	{60, 5, {40, 25, 55, 30, 20, 5,	 0,  10, 15, 45, 35, 50, 58, 13, 38, 8,	 48, 33, 18, 43,
		 53, 3,	 28, 23, 31, 36, 26, 1,	 56, 51, 21, 6,	 46, 11, 41, 16, 49, 24, 14, 39,
		 59, 34, 54, 4,	 44, 9,	 29, 19, 47, 7,	 37, 32, 52, 17, 42, 2,	 22, 57, 27, 12}},
};

START_TEST(sort_leaves_equal_keys_where_go_leaves_them)
{
	const struct vector *v = &vectors[_i];
	struct tt_keyed a[60];

	for (size_t i = 0; i < v->n; i++)
		a[i] = (struct tt_keyed){(int64_t)i * 7 % v->modulus, {.index = i}};
	tt_sort_like_go(a, v->n);
	for (size_t i = 0; i < v->n; i++)
		ck_assert_uint_eq(a[i].of.index, v->order[i]);
}
END_TEST

/* ---- many orders, as hashes */

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

enum pattern { FEW_TIES, MANY_TIES, SORTED, REVERSED, STEPS, SAW, ORGAN_PIPE, NEARLY_SORTED, NPATTERNS };

static int64_t key_of(enum pattern pattern, size_t i, size_t n, uint32_t *state)
{
	switch (pattern) {
	case FEW_TIES:
		return next_random(state) % (uint32_t)(n + 1);
	case MANY_TIES:
		return next_random(state) % 4;
	case SORTED:
		return (int64_t)i;
	case REVERSED:
		return -(int64_t)i;
	case STEPS:
		return (int64_t)i / 3;
	case SAW:
		return (int64_t)i % 7;
	case ORGAN_PIPE:
		return (int64_t)(i < n - i ? i : n - i);
	default:
		if (next_random(state) % 16 == 0)
			return next_random(state) % (uint32_t)n;
		return (int64_t)i;
	}
}

#define HASH_START UINT64_C(14695981039346656037)

static uint64_t hash_order(uint64_t hash, const struct tt_keyed *a, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (int byte = 0; byte < 4; byte++)
			hash = (hash ^ (a[i].of.index >> (8 * byte) & 0xff)) * UINT64_C(1099511628211);
	return hash;
}

/* Sorts n keys of a pattern, and fails unless they come out sorted and complete. */
static uint64_t sort_pattern(enum pattern pattern, size_t n, uint32_t *state, uint64_t hash)
{
	static struct tt_keyed a[MAX_N];
	static int64_t keys[MAX_N];
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		keys[i] = key_of(pattern, i, n, state);
		a[i] = (struct tt_keyed){keys[i], {.index = i}};
	}
	tt_sort_like_go(a, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_lt(a[i].of.index, n);
		ck_assert_int_eq(a[i].key, keys[a[i].of.index]);
		ck_assert(i == 0 || a[i - 1].key <= a[i].key);
		sum += a[i].of.index;
	}
	ck_assert_uint_eq(sum, (uint64_t)n * (n - (n != 0)) / 2);
	return hash_order(hash, a, n);
}

START_TEST(sort_orders_402_arrays_of_a_pattern_as_go_does)
{
	static const uint64_t expected[NPATTERNS] = {
		UINT64_C(0x624b07659f149965), UINT64_C(0xf823d6b77092a6e5),
		UINT64_C(0x24582004ac4e0c45), UINT64_C(0xad456ec27b4d47b5),
		UINT64_C(0x24582004ac4e0c45), UINT64_C(0xc2e0ff090a48a7c1),
		UINT64_C(0xeaca9623e557f60d), UINT64_C(0xfb40e104ad56a331),
	};
	uint32_t state = (uint32_t)_i + 1;
	uint64_t hash = HASH_START;

	for (size_t n = 0; n <= 400; n++)
		hash = sort_pattern((enum pattern)_i, n, &state, hash);
	hash = sort_pattern((enum pattern)_i, 1000, &state, hash);
	hash = sort_pattern((enum pattern)_i, MAX_N, &state, hash);
	ck_assert_uint_eq(hash, expected[_i]);
}
END_TEST

/*
 * Keys that an adversary chose while Go's sort ran, so that each partition is
 * lopsided and the sort falls back on heap sort (in two parts of this array).
 */
START_TEST(sort_falls_back_on_heap_sort_as_go_does)
{
	static const uint8_t keys[] = {
		3, 57, 77, 78, 57, 36, 10, 56, 77, 77, 55, 4, 7, 75, 75, 80, 8, 8, 74, 54, 54, 55,
		55, 73, 74, 53, 35, 36, 53, 72, 71, 70, 14, 34, 53, 52, 51, 52, 52, 8, 69, 50, 34,
		34, 50, 6, 67, 83, 82, 82, 81, 82, 81, 81, 80, 80, 79, 6, 79, 79, 78, 0, 0, 78, 2,
		2, 76, 76, 76, 4, 3, 75, 5, 6, 73, 7, 7, 73, 72, 72, 9, 2, 71, 56, 11, 11, 70, 12,
		12, 69, 68, 68, 14, 14, 67, 13, 66, 66, 65, 66, 65, 65, 64, 64, 63, 51, 63, 63, 62,
		62, 61, 62, 61, 61, 60, 60, 59, 60, 59, 59, 58, 58, 58, 1, 0, 57, 9, 71, 56, 36,
		29, 68, 42, 69, 70, 54, 15, 41, 27, 11, 74, 67, 64, 51, 37, 23, 48, 49, 49, 49, 48,
		48, 47, 50, 47, 47, 46, 46, 45, 46, 45, 45, 44, 44, 43, 44, 43, 43, 42, 12, 9, 42,
		41, 41, 40, 40, 40, 39, 39, 39, 38, 38, 38, 37, 37, 1, 1, 3, 35, 5, 5, 35, 10, 10,
		13, 33, 16, 15, 33, 33, 32, 32, 32, 31, 31, 31, 30, 30, 30, 29, 4, 29, 28, 28, 27,
		28, 27, 13, 26, 26, 26, 25, 25, 25, 24, 24, 15, 24, 23, 23, 22, 22, 21, 22, 21, 21,
		20, 20, 19, 20, 19, 19, 18, 18, 18, 17, 17, 17, 16, 16,
	};
	struct tt_keyed a[COUNT(keys)];

	for (size_t i = 0; i < COUNT(keys); i++)
		a[i] = (struct tt_keyed){keys[i], {.index = i}};
	tt_sort_like_go(a, COUNT(keys));
	ck_assert_uint_eq(hash_order(HASH_START, a, COUNT(keys)), UINT64_C(0x6ff153dfff19b1f4));
}
END_TEST

START_TEST(sort_of_up_to_12_is_stable)
{
	for (size_t n = 0; n <= 12; n++) {
		struct tt_keyed a[12];

		for (size_t i = 0; i < n; i++)
			a[i] = (struct tt_keyed){(int64_t)(i * 5 % 3), {.index = i}};
		tt_sort_like_go(a, n);
		for (size_t i = 1; i < n; i++)
			ck_assert(a[i - 1].key < a[i].key ||
				  (a[i - 1].key == a[i].key && a[i - 1].of.index < a[i].of.index));
	}
}
END_TEST

START_TEST(sort_takes_the_whole_range_of_keys)
{
	static const int64_t keys[] = {INT64_MAX, INT64_MIN, 0, -1, INT64_MIN, INT64_MAX, 1,
				       INT64_MIN, INT64_MAX, 2, -2, 3, -3, INT64_MIN, INT64_MAX};
	struct tt_keyed a[COUNT(keys)];

	for (size_t i = 0; i < COUNT(keys); i++)
		a[i] = (struct tt_keyed){keys[i], {.index = i}};
	tt_sort_like_go(a, COUNT(keys));
	for (size_t i = 1; i < COUNT(keys); i++)
		ck_assert_int_le(a[i - 1].key, a[i].key);
}
END_TEST

Suite *sort_suite(void)
{
	Suite *suite = suite_create("sort");
	TCase *tc = tcase_create("order of equal keys");

	tcase_add_loop_test(tc, sort_leaves_equal_keys_where_go_leaves_them, 0, COUNT(vectors));
	tcase_add_loop_test(tc, sort_orders_402_arrays_of_a_pattern_as_go_does, 0, NPATTERNS);
	tcase_add_test(tc, sort_falls_back_on_heap_sort_as_go_does);
	tcase_add_test(tc, sort_of_up_to_12_is_stable);
	tcase_add_test(tc, sort_takes_the_whole_range_of_keys);
	suite_add_tcase(suite, tc);
	return suite;
}
