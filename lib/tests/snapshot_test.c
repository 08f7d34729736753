/* SPDX-License-Identifier: MIT */
/*
 * snapshot_test.c - the list of the heap with which AllocFree begins, as a check of damaged
 * batches: what may follow what in it, and how much of it is confirmed.
 */
#include "repair/snapshot.h"
#include "spec/types.h"
#include "tests/suites.h"

/* Base 0, pages of 8192 bytes, objects at multiples of 8: 1024 of them fit in a page. */
static const uint8_t info[] = {TT_TAG_ALLOC_FREE_INFO, 0, 0x80, 0x40, 8, 0x80, 0x10};
/* Pages of 0 bytes, which is what damage may say. */
static const uint8_t no_pages[] = {TT_TAG_ALLOC_FREE_INFO, 0, 0, 8, 0x80, 0x10};

struct item {
	uint8_t type;
	uint64_t args[2];
};

#define SPAN(id, npages) {TT_EV_SPAN, {id, npages}}
#define OBJECT(id) {TT_EV_HEAP_OBJECT, {id, 0}}
#define STACK(id) {TT_EV_GOROUTINE_STACK, {id, 12}}
#define STOPPED {TT_EV_STW_BEGIN, {0, 0}}
#define OTHER {TT_EV_HEAP_GOAL, {5, 0}}
#define LIST SPAN(2, 1), OBJECT(2048), OBJECT(2050), OBJECT(3071), SPAN(0, 2), OBJECT(2047)

static const struct {
	struct item items[16];
	unsigned n;
	unsigned nfollow;       /* so many follow from each other */
	uint32_t nconfirmed;
} lists[] = {
	{{STOPPED, LIST, STACK(7), OTHER}, 9, 9, 4},
	/* it may begin with the batch, or before it */
	{{LIST, STACK(7)}, 7, 7, 3},
	{{OBJECT(5), OBJECT(4), LIST}, 8, 8, 4},
	/* what is listed after other events lacks its beginning */
	{{OTHER, LIST, OTHER}, 8, 8, 0},
	{{OTHER, OBJECT(2048)}, 2, 1, 0},
	/* an object stands in no span before it, or twice, or after the stacks */
	{{STOPPED, LIST, OBJECT(2048)}, 8, 7, 3},
	{{STOPPED, LIST, OBJECT(2047)}, 8, 7, 3},
	{{STOPPED, LIST, STACK(7), OBJECT(2047)}, 9, 8, 4},
	{{STOPPED, LIST, STACK(7), SPAN(9, 1)}, 9, 8, 4},
	{{STOPPED, LIST, OTHER, OBJECT(2048)}, 9, 8, 3},
	/* spans that cannot be */
	{{STOPPED, LIST, SPAN(9, 0)}, 8, 7, 3},
	{{STOPPED, LIST, SPAN(UINT64_MAX, 1)}, 8, 7, 3},
	{{STOPPED, LIST, SPAN(1, UINT64_MAX)}, 8, 7, 3},
	/* too short to confirm anything */
	{{STOPPED, SPAN(2, 1), OBJECT(2048), OTHER}, 4, 4, 0},
};

/* Gives the items one by one, each as long as a byte: how many follow. */
static unsigned give(struct tt_snapshot *sn, const struct item *items, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct tt_raw_event ev = {
			.type = items[i].type,
			.args = {items[i].args[0], items[i].args[1]},
		};

		if (!tt_snapshot_follows(sn, &ev, i))
			return i;
	}
	return n;
}

static void give_all(struct tt_generation *g, bool known)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct tt_snapshot sn;
		unsigned n;

		ck_assert(tt_snapshot_begin(&sn, g));
		n = give(&sn, lists[i].items, lists[i].n);
		ck_assert_msg(n == (known ? lists[i].nfollow : lists[i].n), "list %zu: %u", i, n);
		n = tt_snapshot_nbytes(&sn);
		ck_assert_msg(n == (known ? lists[i].nconfirmed : 0), "list %zu: %u", i, n);
	}
}

START_TEST(objects_follow_their_spans)
{
	struct tt_batch batch = {
		.kind = TT_BATCH_EXPERIMENT,
		.experiment = TT_EXPERIMENT_ALLOC_FREE,
		.data = info,
		.size = sizeof(info),
	};
	struct tt_mem mem = {0};
	struct tt_generation g;
	struct tt_specs *specs;
	struct tt_error err;

	ck_assert_int_eq(tt_specs_new(&specs, &err), 0);
	tt_generation_init(&g, &mem, specs);
	/* without its units nothing is said */
	give_all(&g, false);
	g.experimental.at = &batch;
	g.experimental.n = 1;
	give_all(&g, true);
	for (batch.size = 1; batch.size < sizeof(info); batch.size++)
		give_all(&g, false);
	batch.data = no_pages;
	batch.size = sizeof(no_pages);
	give_all(&g, false);
	g.experimental.at = NULL;
	g.experimental.n = 0;
	tt_generation_release(&g);
	tt_specs_free(specs);
}
END_TEST

Suite *snapshot_suite(void)
{
	Suite *s = suite_create("snapshot");
	TCase *tc = tcase_create("snapshot");

	tcase_add_test(tc, objects_follow_their_spans);
	suite_add_tcase(s, tc);
	return s;
}
