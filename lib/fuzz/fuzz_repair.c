/* SPDX-License-Identifier: MIT */
/*
 * fuzz_repair.c - repair of a trace that bytes choose (generate.h), cut and changed
 * where other bytes say, or of any bytes behind a good header. What is repaired must
 * load to its end, and repairing it must not crash; whole generations must be bytes
 * of the input.
 *
 * First byte: version (2 bits), generated (1). Then three bytes: where it is cut (of
 * 255 parts; 255: nowhere), where a byte is changed, and into what.
 */
#include "fuzz/generate.h"
#include "fuzz/mutate.h"
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void repair(const struct build *b, struct build *out)
{
	const struct way way = {0};
	const struct tt_options opt = ways_options(&way);
	struct tt_reader *reader;
	struct tt_repaired g;
	struct tt_repair *r;
	struct tt_error err;
	int rc;

	REQUIRE(tt_reader_open_memory(&reader, b->data, b->len, &opt, &err) == 0);
	REQUIRE(tt_repair_new(&r, reader, &err) == 0);
	while ((rc = tt_repair_next(r, &g)) == 0) {
		REQUIRE(g.end <= b->len && g.offset <= g.end);
		if (g.whole)
			REQUIRE(g.bytes.len <= g.end - g.offset || g.lost_nbytes == 0);
		build_bytes(out, g.front.data, g.front.len);
		build_bytes(out, g.bytes.data, g.bytes.len);
	}
	REQUIRE(rc == 1 || tt_repair_error(r)->system);
	tt_repair_free(r);
	tt_reader_close(reader);
}

/* All generations load; and events order, unless equal times went another way. */
static void read_again(const struct build *b)
{
	const struct way way = {0};
	const struct tt_options opt = ways_options(&way);
	const struct tt_generation *g;
	struct tt_reader *reader;
	struct tt_error err;
	int rc;

	if (b->len <= 16)
		return;
	REQUIRE(tt_reader_open_memory(&reader, b->data, b->len, &opt, &err) == 0);
	do
		rc = tt_reader_next_generation(reader, &g);
	while (rc == 0);
	REQUIRE(rc == 1 || tt_reader_error(reader)->system);
	tt_reader_close(reader);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate_damaged(data, size, max_size, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct build b, out;

	if (size < 4)
		return 0;
	if ((data[0] & 4) != 0) {
		generate(&b, ways_version(data[0]), ways_specs(), data + 4, size - 4);
		mutate_damage(&b, data + 1);
	} else {
		build_init(&b, ways_version(data[0]));
		build_bytes(&b, data + 4, size - 4);
	}
	build_init(&out, b.version);
	repair(&b, &out);
	read_again(&out);
	build_release(&out);
	build_release(&b);
	return 0;
}
