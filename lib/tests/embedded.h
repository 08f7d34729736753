/* SPDX-License-Identifier: MIT */
/*
 * embedded.h - two generations as our emitter writes them, with all that travels in
 * batches of experiment 1: the spec of an experiment in two parts, events between those
 * of two threads, one of which needs a stack and a string, a wrapped table, and the two
 * of AllocFree. For tests and fuzz targets, which include it.
 */
#ifndef TT_TESTS_EMBEDDED_H
#define TT_TESTS_EMBEDDED_H

#include "tests/build.h"

#define EMBEDDED_SPEC                                                                               \
	"experiment Pool 9\n"                                                                      \
	"batch Ends tag 1\n field id varint key\n field host string\n"                             \
	"event Take 200 since 1.26\n args dt conn end why_string stack\n"                          \
	"needs thread, proc, goroutine\n refers end Ends\n"                                        \
	"event Give 201 since 1.26\n args dt conn\n needs thread\n"

static inline void embedded_head(struct build *b, uint64_t generation, uint64_t thread,
				   const char *kind)
{
	build_experiment(b, 1, generation, thread, generation * 100 + 5);
	build_bytes(b, kind, 5);
	build_byte(b, 1);
}

static inline void embedded_spec(struct build *b, uint64_t generation, size_t from, size_t to)
{
	static const char text[] = EMBEDDED_SPEC;

	embedded_head(b, generation, 7, "\xd0TTSP");
	build_number(b, 9);
	build_number(b, from);
	build_number(b, sizeof(text) - 1);
	build_bytes(b, text + from, (to == 0 ? sizeof(text) - 1 : to) - from);
	build_close(b);
}

/* A thread's own events at 1, 2, 20, 30 and 40, others at 10, 25 and 35. */
static inline void embedded_thread(struct build *b, uint64_t generation, uint64_t thread,
				  unsigned stack)
{
	const uint8_t m = (uint8_t)thread, p = (uint8_t)(thread - 7);
	const uint8_t statuses[] = {0x0d, 1, p, 1, 0x19, 1, m, m, 2};
	const uint8_t own[] = {0x25, 18, 1, 0x25, 10, 2, 0x25, 10, 3};
	const uint8_t others[] = {200, 10, 5, 1, 1, (uint8_t)stack, 201, 15, 5, 201, 10, 6};

	build_batch(b, generation, thread, generation * 100);
	build_bytes(b, statuses, sizeof(statuses));
	build_bytes(b, own, sizeof(own));
	build_close(b);
	embedded_head(b, generation, thread, "\xd1TTEV");
	build_number(b, thread);
	build_number(b, generation * 100);
	build_bytes(b, others, sizeof(others));
	build_close(b);
}

static inline void embedded_tables(struct build *b, uint64_t generation)
{
	static const uint64_t frame[] = {0x1000, 1, 1, 12};

	embedded_head(b, generation, 7, "\xd2TTEB");
	build_number(b, 9);
	build_bytes(b, "\1\1\4host", 7);
	build_close(b);
	build_experiment(b, 1, generation, BUILD_NOBODY, generation * 100);
	build_bytes(b, "\0\1\0\30\10\4m.No\2\0\20\0\1b", 16);
	build_close(b);
	build_experiment(b, 1, generation, BUILD_NOBODY, generation * 100);
	build_bytes(b, "\1\x80\x80\1\x80\x40\10\x80\x10", 9);
	build_close(b);
	build_batch(b, generation, BUILD_NOBODY, generation * 100);
	build_byte(b, 0x02);
	build_stack(b, 33, 1, frame);
	build_close(b);
	build_batch(b, generation, BUILD_NOBODY, generation * 100);
	build_byte(b, 0x04);
	build_string(b, 1, "one", 3);
	build_close(b);
	build_mark(b);
}

static inline void embedded_build(struct build *b)
{
	build_init(b, 26);
	for (uint64_t g = 1; g <= 2; g++) {
		build_clock(b, g, g * 100, 1000000000);
		embedded_spec(b, g, 40, 0);
		embedded_spec(b, g, 0, 40);
		embedded_thread(b, g, 7, 33);
		embedded_thread(b, g, 8, 0);
		embedded_tables(b, g);
	}
}

#endif
