/* SPDX-License-Identifier: MIT */
/*
 * resync_test.c - the way on behind damage: whatever happens to one generation, the
 * others are found and whole.
 */
#include <inttypes.h>

#include "tests/gen_support.h"
#include "tests/suites.h"

#define NGENERATIONS 6
#define DAMAGED 3       /* the generation that is hurt */

/* A trace with tables, several batches a thread, and an experiment. */
struct healthy {
	struct build b;
	uint64_t begin[NGENERATIONS + 2]; /* of generation i, counted from 1 */
	uint64_t second[NGENERATIONS + 2]; /* of its second batch */
	uint64_t tables[NGENERATIONS + 2]; /* of its string table */
	uint64_t bodies[16];    /* of the batches with events of the damaged one */
	size_t nbodies;
};

static void healthy_generation(struct healthy *h, uint64_t n)
{
	struct build *b = &h->b;
	static const uint64_t frame[1][4] = {{16, 1, 2, 3}};

	h->begin[n] = b->len;
	build_clock(b, n, 1000 * n, 1000000000);
	h->second[n] = b->len;
	build_experiment(b, 1, n, BUILD_NOBODY, 1000 * n);
	build_bytes(b, "\x01\x02\x03\x04\x05", 5);
	build_close(b);
	for (unsigned i = 0; i < 8; i++) {
		build_batch(b, n, 100 + i % 3, 1000 * n + 10 * i);
		if (n == DAMAGED)
			h->bodies[h->nbodies++] = b->body;
		for (unsigned k = 0; k < 20; k++)
			build_bytes(b, "\x82\x01\x05", 3);
		build_close(b);
	}
	build_batch(b, n, BUILD_NOBODY, 1000 * n);
	build_byte(b, 0x02);
	build_stack(b, 1, 1, frame);
	build_close(b);
	h->tables[n] = b->len;
	build_batch(b, n, BUILD_NOBODY, 1000 * n);
	build_byte(b, 0x04);
	build_string(b, 1, "function", 8);
	build_string(b, 2, "file", 4);
	build_close(b);
	if (b->version >= 26)
		build_mark(b);
}

static void healthy_init(struct healthy *h, unsigned version)
{
	build_init(&h->b, version);
	h->nbodies = 0;
	for (uint64_t n = 1; n <= NGENERATIONS; n++)
		healthy_generation(h, n);
	h->begin[NGENERATIONS + 1] = h->b.len;
}

/* Reads on behind every error; bit n of the result: generation n was whole. */
static unsigned read_through(struct build *b, unsigned *nerrors)
{
	struct gen_input t;
	unsigned whole = 0;

	*nerrors = 0;
	gen_open(&t, b, 0);
	for (;;) {
		const struct tt_generation *g;
		uint64_t skipped;
		int rc = tt_reader_next_generation(t.r, &g);

		if (rc == TT_OK && tt_generation_nexperimental(g) == 1 &&
		    tt_generation_nstrings(g) == 2 && tt_generation_nstacks(g) == 1 &&
		    tt_generation_number(g) <= NGENERATIONS)
			whole |= 1u << tt_generation_number(g);
		if (rc == TT_END)
			break;
		if (rc < 0) {
			ck_assert_uint_le(tt_reader_error(t.r)->offset, t.bytes.len);
			ck_assert_uint_lt(++*nerrors, 100);
			rc = tt_reader_resync(t.r, &skipped);
			ck_assert_uint_le(skipped, t.bytes.len);
			ck_assert_int_ge(rc, 0);
		}
	}
	gen_close(&t);
	return whole;
}

/* All generations but the one from `from` to `to` must have come. */
static void expect_others(unsigned whole, unsigned from, unsigned to, const char *what, uint64_t at)
{
	for (unsigned n = 1; n <= NGENERATIONS; n++)
		ck_assert_msg((n >= from && n <= to) || (whole >> n & 1) != 0,
			      "generation %u lost to %s at %" PRIu64, n, what, at);
}

static void remove_bytes(struct build *b, uint64_t at, size_t n)
{
	memmove(b->data + at, b->data + at + n, b->len - at - n);
	b->len -= n;
}

static void insert_bytes(struct build *b, uint64_t at, const void *bytes, size_t n)
{
	build_bytes(b, bytes, n); /* makes room */
	memmove(b->data + at + n, b->data + at, b->len - n - at);
	memcpy(b->data + at, bytes, n);
}

enum damage { LOST_1, LOST_7, LOST_100, INSERTED_1, INSERTED_50, ZEROED, SET, FLIPPED, NDAMAGES };
static const char *const damage_names[] = {"a lost byte", "7 lost bytes", "100 lost bytes",
					   "an inserted byte", "50 inserted bytes", "16 zeroes",
					   "8 ones", "a flipped bit"};

static void hurt(struct build *b, enum damage damage, uint64_t at)
{
	static const char junk[50] = "\x01\x31\x34 not batches \xff\xff\xff\x01\x01\x01";

	switch (damage) {
	case LOST_1:
		remove_bytes(b, at, 1);
		break;
	case LOST_7:
		remove_bytes(b, at, 7);
		break;
	case LOST_100:
		remove_bytes(b, at, 100);
		break;
	case INSERTED_1:
		insert_bytes(b, at, "\x80", 1);
		break;
	case INSERTED_50:
		insert_bytes(b, at, junk, sizeof(junk));
		break;
	case ZEROED:
		memset(b->data + at, 0, 16);
		break;
	case SET:
		memset(b->data + at, 0xff, 8);
		break;
	default:
		b->data[at] ^= (uint8_t)(1u << at % 8);
		break;
	}
}

/*
 * Whatever happens to generation 3 behind its first batch and before its last
 * (before 1.26 the first batch of the next one says where it ends), the others
 * come, whole.
 */
START_TEST(generations_beside_a_damaged_one_are_read)
{
	unsigned version = test_versions[_i];
	struct healthy h;
	unsigned nerrors, total = 0;

	healthy_init(&h, version);
	ck_assert_uint_eq(read_through(&h.b, &nerrors), 0x7e);
	ck_assert_uint_eq(nerrors, 0);
	for (int damage = 0; damage < NDAMAGES; damage++) {
		for (uint64_t at = h.second[DAMAGED]; at + 100 < h.tables[DAMAGED]; at++) {
			unsigned whole;

			healthy_init(&h, version);
			hurt(&h.b, (enum damage)damage, at);
			whole = read_through(&h.b, &nerrors);
			expect_others(whole, DAMAGED, DAMAGED, damage_names[damage], at);
			total += nerrors;
		}
	}
	ck_assert_uint_gt(total, 0);
}
END_TEST

/* Damage across the border takes the two beside it and no more. */
START_TEST(damage_between_generations_costs_those_two)
{
	unsigned version = test_versions[_i];
	struct healthy h;
	unsigned nerrors;

	healthy_init(&h, version);
	build_release(&h.b);
	for (int damage = 0; damage < NDAMAGES; damage++) {
		for (uint64_t at = h.tables[DAMAGED]; at < h.second[DAMAGED + 1]; at++) {
			healthy_init(&h, version);
			hurt(&h.b, (enum damage)damage, at);
			expect_others(read_through(&h.b, &nerrors), DAMAGED, DAMAGED + 1,
				      damage_names[damage], at);
		}
	}
}
END_TEST

/* A size that lies swallows what follows, other generations too: that is found again. */
START_TEST(a_batch_that_claims_too_much_costs_its_generation_alone)
{
	static const size_t more[] = {1, 2, 60, 700, 1400, 2200, 65536 - 60};
	unsigned version = test_versions[_i];
	struct healthy h;
	unsigned nerrors, whole;

	for (size_t i = 0; i < COUNT(h.bodies); i++) {
		for (size_t k = 0; k < COUNT(more); k++) {
			healthy_init(&h, version);
			if (i < h.nbodies) {
				h.b.body = h.bodies[i];
				build_size(&h.b, 60 + more[k]);
			}
			whole = read_through(&h.b, &nerrors);
			expect_others(whole, DAMAGED, i < h.nbodies ? DAMAGED : 0,
				      "a size that lies", more[k]);
			ck_assert((nerrors == 0) == (i >= h.nbodies));
		}
	}
}
END_TEST

/* What cannot be read is said once and not again and again. */
START_TEST(one_damage_is_one_error)
{
	static const struct {
		int code;
		const char *bytes;
		size_t n;
	} cases[] = {
		{TT_E_STRING_RECORD, BYTES("\x01\x03\x09\x05\x02\x04\x00")},
		{TT_E_TABLE_CUT, BYTES("\x01\x03\x09\x05\x02\x04\x05")},
		{TT_E_SYNC_DUPLICATE, BYTES("\x01\x03\x09\x05\x03\x32\x08\x01")},
		{TT_E_GENERATION_ZERO, BYTES("\x01\x00\x09\x05\x00")},
		{TT_E_BATCH_TYPE, BYTES("\x77")},
		{TT_E_BATCH_HEADER, BYTES("\x01\x03" TOO_LARGE)},
		{TT_E_BATCH_SIZE, BYTES("\x01\x03\x01\x01\xff\xff\x7f")},
	};
	struct healthy h;
	unsigned nerrors;

	for (size_t i = 0; i < COUNT(cases); i++) {
		for (int last = 0; last < 2; last++) {
			healthy_init(&h, 26);
			insert_bytes(&h.b, last ? h.begin[DAMAGED + 1] - 1 : h.second[DAMAGED],
				     cases[i].bytes, cases[i].n);
			expect_others(read_through(&h.b, &nerrors), DAMAGED, DAMAGED, "a batch",
				      cases[i].code);
			ck_assert_msg(nerrors == 1, "%s (%d): %u errors", tt_code_name(cases[i].code),
				      last, nerrors);
		}
	}
}
END_TEST

Suite *resync_suite(void)
{
	Suite *suite = suite_create("resync");
	TCase *damage = tcase_create("damage");

	tcase_add_loop_test(damage, generations_beside_a_damaged_one_are_read, 0, TEST_NVERSIONS);
	tcase_add_loop_test(damage, damage_between_generations_costs_those_two, 0, TEST_NVERSIONS);
	tcase_add_loop_test(damage, a_batch_that_claims_too_much_costs_its_generation_alone, 0,
			    TEST_NVERSIONS);
	tcase_add_test(damage, one_damage_is_one_error);
	tcase_set_timeout(damage, 60);
	suite_add_tcase(suite, damage);
	return suite;
}
