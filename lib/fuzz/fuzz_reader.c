/* SPDX-License-Identifier: MIT */
/*
 * fuzz_reader.c - events in order, from any bytes behind a good header or from a
 * trace that bytes choose (generate.h), and on behind each error. Beside not
 * crashing: what walk.h holds the reader to, the same from a socket of small
 * packets now and then, and generations and events may be taken in turn.
 *
 * First byte: version (2 bits), like Go (1), from a socket too (1), generated (1),
 * generations in between (1); 10 in the highest two: events that order resources, 01:
 * Syncs from generations that are ordered side by side.
 */
#include "fuzz/generate.h"
#include "fuzz/mutate.h"
#include "fuzz/ways.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every so many events the generation is dropped for the next one. */
static void read_in_turn(const struct build *b, const struct way *way, unsigned every)
{
	const struct tt_options opt = ways_options(way);
	const struct tt_generation *g;
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	uint64_t digest = DIGEST_START;
	int rc = tt_reader_open_memory(&r, b->data, b->len, &opt, &err);

	for (unsigned n = 0; rc == 0; n++) {
		rc = n % every == 0 ? tt_reader_next_generation(r, &g) : tt_reader_next(r, &ev);
		if (rc == 0 && n % every != 0)
			digest = digest_event(digest, ev);
		if (rc < 0 && n < 1000)
			rc = tt_reader_resync(r, NULL);
	}
	tt_reader_close(r);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	/* choices have no batches */
	if (size > 0 && (data[0] & 16) != 0)
		return LLVMFuzzerMutate(data, size, max_size);
	return mutate(data, size, max_size, seed, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct way way = {0};
	struct build b;
	unsigned choice;

	if (size == 0)
		return 0;
	choice = data[0];
	way.flags = choice & 4 ? TT_OPEN_LIKE_GO : 0;
	way.socket = (choice & 8) != 0;
	way.orders = choice >> 6 == 2;
	way.threads = choice >> 6 == 1 ? 3 : 1;
	if ((choice & 16) != 0) {
		generate(&b, ways_version(choice), way.orders ? ways_orders() : ways_specs(),
			 data + 1, size - 1);
	} else {
		build_init(&b, ways_version(choice));
		build_bytes(&b, data + 1, size - 1);
	}
	ways_read(&b, &way);
	if ((choice & 32) != 0)
		read_in_turn(&b, &way, (choice >> 6) * 7 + 3);
	build_release(&b);
	return 0;
}
