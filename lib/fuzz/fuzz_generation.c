/* SPDX-License-Identifier: MIT */
/*
 * fuzz_generation.c - any bytes behind a good header, read generation by generation
 * with all tables, and on behind each error. Beside not crashing: what walk.h holds
 * the reader to, and the same from a socket of small packets now and then.
 *
 * First byte: version (2 bits), like Go (1), from a socket too (1).
 */
#include "fuzz/mutate.h"
#include "fuzz/ways.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate(data, size, max_size, seed, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct way way = {.generations = true};
	struct build b;
	unsigned choice;

	if (size == 0)
		return 0;
	choice = data[0];
	way.flags = choice & 4 ? TT_OPEN_LIKE_GO : 0;
	way.socket = (choice & 8) != 0;
	build_init(&b, ways_version(choice));
	build_bytes(&b, data + 1, size - 1);
	ways_read(&b, &way);
	build_release(&b);
	return 0;
}
