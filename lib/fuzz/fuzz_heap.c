/* SPDX-License-Identifier: MIT */
/*
 * fuzz_heap.c - the heap replayed from a trace that bytes choose. Beside not crashing:
 * what begins and does not end lives, is walked over and has a slot; two heaps, of which
 * one keeps its objects, say the same; findings have a place in the trace.
 *
 * First byte: with a batch of information (1), which is not right (2), with memory for
 * little (4). Then each byte says what comes: an event, on one of two threads, with a
 * byte for each argument, or one of the deeds below.
 */
#include <string.h>

#include "fuzz/require.h"
#include "tests/build.h"
#include "tracetool_analyze.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SPAN = 128, NEVENTS = 9, DEED_GENERATION = 250, DEED_TYPES, DEED_BATCH };

struct choices {
	const uint8_t *at, *end;
	unsigned how;
	struct build b, events[2];
	uint64_t generation;
};

static unsigned choose(struct choices *c)
{
	return c->at < c->end ? *c->at++ : 0;
}

/* Mostly small; some anywhere. */
static uint64_t number(struct choices *c)
{
	unsigned n = choose(c);

	return n < 224 ? n : UINT64_MAX >> (n - 224) * 2;
}

static void put_info(struct choices *c)
{
	static const uint8_t right[] = {1, 0x80, 0x80, 1, 0x80, 0x40, 8, 0x80, 0x10};

	build_experiment(&c->b, 1, c->generation, BUILD_NOBODY, 1);
	if ((c->how & 2) == 0) {
		build_bytes(&c->b, right, sizeof(right));
	} else {
		build_byte(&c->b, 1);
		for (int i = 0; i < 4; i++)
			build_number(&c->b, number(c));
	}
	build_close(&c->b);
}

static void put_types(struct choices *c)
{
	unsigned n = choose(c) % 4;

	build_experiment(&c->b, 1, c->generation, BUILD_NOBODY, 1);
	build_byte(&c->b, 0);
	for (unsigned i = 0; i < n; i++) {
		for (int k = 0; k < 4; k++)
			build_number(&c->b, number(c));
		build_number(&c->b, i);
		build_bytes(&c->b, "m.N", i);
	}
	build_close(&c->b);
}

/* Any bytes. */
static void put_batch(struct choices *c)
{
	unsigned n = choose(c) % 32;

	build_experiment(&c->b, 1, c->generation, BUILD_NOBODY, 1);
	while (n-- > 0)
		build_byte(&c->b, choose(c));
	build_close(&c->b);
}

static void begin_generation(struct choices *c)
{
	c->generation++;
	build_clock(&c->b, c->generation, c->generation * 1000, 1000000000);
	if ((c->how & 1) != 0 && c->generation == 1)
		put_info(c);
}

static void end_generation(struct choices *c)
{
	for (unsigned i = 0; i < 2; i++) {
		build_raw(&c->b, c->generation, 7 + i, c->generation * 1000, c->events[i].data,
			  c->events[i].len);
		c->events[i].len = 0;
	}
	build_mark(&c->b);
}

static void put_event(struct choices *c, unsigned what)
{
	static const uint8_t nargs[NEVENTS] = {3, 3, 1, 2, 2, 1, 2, 2, 1};
	unsigned type = what % NEVENTS;
	struct build *to = &c->events[what / NEVENTS % 2];

	if (to->len > 60000)
		return;
	build_byte(to, SPAN + type);
	build_number(to, what / (2 * NEVENTS));
	for (unsigned i = 0; i < nargs[type]; i++)
		build_number(to, number(c));
}

static void make_trace(struct choices *c)
{
	build_init(&c->b, 26);
	begin_generation(c);
	while (c->at < c->end) {
		unsigned what = choose(c);

		if (what < DEED_GENERATION) {
			put_event(c, what);
		} else if (what == DEED_GENERATION) {
			end_generation(c);
			begin_generation(c);
		} else if (what == DEED_TYPES) {
			put_types(c);
		} else {
			put_batch(c);
		}
	}
	end_generation(c);
}

/* ---- reading it */

struct counts {
	uint64_t nlive, nwalked, nbytes, nfindings, codes;
	bool failed;
};

static void take_event(struct tt_heap *h, const struct tt_event *ev, struct counts *n)
{
	struct tt_heap_change change;
	int rc = tt_heap_event(h, ev, 3, &change);

	REQUIRE(rc == 0 || rc == -TT_E_LIMIT || rc == -TT_E_MEMORY);
	n->failed |= rc != 0;
	if (rc != 0)
		return;
	n->nlive += change.began;
	n->nlive -= change.ended;
	REQUIRE(n->nlive == tt_heap_nlive(h));
}

static void take_findings(struct tt_heap *h, size_t nbytes, struct counts *n)
{
	struct tt_error err;

	while (tt_heap_finding(h, &err) == 0) {
		REQUIRE(err.message[0] != '\0' && err.code >= TT_W_HEAP_ALLOC &&
			err.code <= TT_W_HEAP_ADDRESS);
		REQUIRE(err.offset == TT_UNKNOWN || err.offset <= nbytes);
		n->nfindings++;
		n->codes = n->codes * 31 + (uint64_t)err.code;
	}
}

static void count(struct tt_heap *h, bool objects, struct counts *n)
{
	struct tt_heap_walk walk = {NULL, 0, false};
	struct tt_heap_object o;

	while (tt_heap_live(h, &walk, &o) == 0) {
		n->nwalked++;
		n->nbytes += o.nbytes;
		REQUIRE(!objects || o.mark == 3);
		REQUIRE(o.type <= tt_heap_ntypes(h));
		(void)tt_heap_type(h, o.type);
	}
	REQUIRE(n->nwalked == n->nlive);
}

/* Takes the events one by one, or up to Syncs. */
static void take_all(struct tt_heap *h, struct tt_reader *r, bool by_syncs, struct counts *n)
{
	const struct tt_event *ev;
	int rc;

	if (!by_syncs) {
		while (!n->failed && tt_reader_next(r, &ev) == 0)
			take_event(h, ev, n);
		return;
	}
	do {
		rc = tt_heap_next_sync(h, r, &ev);
		REQUIRE(rc != 0 || ev->kind == TT_KIND_SYNC);
	} while (rc == 0);
	n->failed = rc < 0 && tt_reader_error(r)->code == 0;
	n->nlive = tt_heap_nlive(h);
}

static struct counts replay(const struct build *b, bool by_syncs, unsigned flags, uint64_t limit)
{
	const struct tt_options how = {.size = sizeof(how),
				       .flags = by_syncs ? TT_OPEN_EXPERIMENTAL : 0};
	struct tt_heap_options opt = {.size = sizeof(opt), .flags = flags,
				      .max_memory_nbytes = limit};
	struct counts n = {0};
	struct tt_reader *r;
	struct tt_error err;
	struct tt_heap *h;

	REQUIRE(tt_reader_open_memory(&r, b->data, b->len, &how, &err) == 0);
	opt.specs = tt_reader_specs(r);
	REQUIRE(tt_heap_new(&h, &opt, &err) == 0);
	take_all(h, r, by_syncs, &n);
	tt_heap_finish(h);
	if (!n.failed) {
		take_findings(h, b->len, &n);
		count(h, (flags & TT_HEAP_OBJECTS) != 0, &n);
	}
	tt_heap_free(h);
	tt_reader_close(r);
	return n;
}

static void require_same(const struct counts *a, const struct counts *b)
{
	REQUIRE(a->failed || b->failed ||
		(a->nlive == b->nlive && a->nbytes == b->nbytes && a->nfindings == b->nfindings &&
		 a->codes == b->codes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices c = {.at = data + 1, .end = data + size};
	struct counts with, without, by_syncs;
	uint64_t limit;

	if (size == 0)
		return 0;
	c.how = data[0];
	limit = (c.how & 4) != 0 ? 200000 : 64 << 20;
	make_trace(&c);
	with = replay(&c.b, false, TT_HEAP_OBJECTS, limit);
	without = replay(&c.b, false, 0, limit);
	by_syncs = replay(&c.b, true, 0, limit);
	require_same(&with, &without);
	require_same(&without, &by_syncs);
	build_release(&c.b);
	build_release(&c.events[0]);
	build_release(&c.events[1]);
	return 0;
}
