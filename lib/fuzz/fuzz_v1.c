/* SPDX-License-Identifier: MIT */
/*
 * fuzz_v1.c - any bytes after a header of Go 1.11 to 1.21, as events and as a generation with
 * its tables. Beside not crashing: what walk.h holds the reader to, the same from a socket of
 * small packets now and then, and if it is asked for Syncs only. And they are repaired: what
 * comes of that can be read to its end, and a repair of it changes nothing.
 *
 * First byte: version (2 bits), the generation instead of events (1), from a socket too (1),
 * repair instead (1).
 */
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_write.h"
#include "wire/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Appends what a repair keeps. True: it is all there was. */
static bool repair(const struct build *b, struct build *out)
{
	const struct way way = {0};
	const struct tt_options opt = ways_options(&way);
	struct tt_reader *reader;
	struct tt_repaired g = {0};
	struct tt_repair *r;
	struct tt_error err;
	int rc;

	REQUIRE(tt_reader_open_memory(&reader, b->data, b->len, &opt, &err) == 0);
	REQUIRE(tt_repair_new(&r, reader, &err) == 0);
	rc = tt_repair_next(r, &g);
	REQUIRE(rc == 0 || rc == 1 || tt_repair_error(r)->system);
	if (rc == 0) {
		build_bytes(out, g.bytes.data, g.bytes.len);
		REQUIRE(g.lost_nbytes <= b->len);
	}
	tt_repair_free(r);
	tt_reader_close(reader);
	return rc == 0 && g.whole;
}

static void repair_twice(const struct build *b, unsigned version)
{
	const struct way way = {0};
	const struct tt_options opt = ways_options(&way);
	const struct tt_event *ev;
	struct tt_reader *reader;
	struct build once, twice;
	struct tt_error err;
	int rc;

	build_init(&once, version);
	build_init(&twice, version);
	repair(b, &once);
	if (once.len > TT_HEADER_SIZE) {
		REQUIRE(tt_reader_open_memory(&reader, once.data, once.len, &opt, &err) == 0);
		do
			rc = tt_reader_next(reader, &ev);
		while (rc == 0);
		REQUIRE(rc == 1 || tt_reader_error(reader)->system);
		tt_reader_close(reader);
		if (rc == 1 && repair(&once, &twice))
			REQUIRE(once.len == twice.len &&
				memcmp(once.data, twice.data, once.len) == 0);
	}
	build_release(&twice);
	build_release(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned versions[] = {21, 19, 11, 21};
	struct way way = {.threads = 2};
	struct build b;
	unsigned choice;

	if (size == 0)
		return 0;
	choice = data[0];
	way.generations = (choice & 4) != 0;
	way.socket = (choice & 8) != 0;
	build_init(&b, versions[choice % 4]);
	build_bytes(&b, data + 1, size - 1);
	if ((choice & 16) != 0)
		repair_twice(&b, versions[choice % 4]);
	else
		ways_read(&b, &way);
	build_release(&b);
	return 0;
}
