/* SPDX-License-Identifier: MIT */
/*
 * fuzz_v1.c - any bytes after a header of Go 1.11 to 1.21, as events and as a generation with
 * its tables. Beside not crashing: what walk.h holds the reader to, the same from a socket of
 * small packets now and then, and if it is asked for Syncs only.
 *
 * First byte: version (2 bits), the generation instead of events (1), from a socket too (1).
 */
#include "fuzz/ways.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
	ways_read(&b, &way);
	build_release(&b);
	return 0;
}
