/* SPDX-License-Identifier: MIT */
/*
 * fuzz_record.c - any bytes as a stream that is recorded, in reads of sizes that
 * the first byte chooses. Beside not crashing: the generations handed out follow
 * each other without a gap and are the stream's own bytes, their places do not
 * depend on the reads, and an error lies within the stream. With names for its code
 * there are as many generations and the same end.
 */
#include <errno.h>
#include <string.h>

#include "fuzz/mutate.h"
#include "fuzz/require.h"
#include "tracetool_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct stream {
	const uint8_t *data;
	size_t n, at, chunk;
};

static int64_t stream_read(void *arg, void *buf, size_t room)
{
	struct stream *s = arg;
	size_t n = s->n - s->at;

	n = n < room ? n : room;
	n = n < s->chunk ? n : s->chunk;
	if (n != 0)
		memcpy(buf, s->data + s->at, n);
	s->at += n;
	return (int64_t)n;
}

struct outcome {
	int code;
	uint64_t generations, nbytes, offset;
};

/* Of most code; what it says needs not be true. */
static bool symbol(void *arg, uint64_t pc, struct tt_symbol *out)
{
	(void)arg;
	*out = (struct tt_symbol){"function", pc % 3 == 0 ? NULL : "folder/file.c", pc % 1000};
	return pc % 4 != 0;
}

static struct outcome record(const uint8_t *data, size_t n, size_t chunk, bool named)
{
	struct stream s = {.data = data, .n = n, .chunk = chunk};
	struct tt_input input = {stream_read, &s};
	struct tt_recorder_options opt = {.size = sizeof(opt), .flags = TT_RECORD_HOLD,
					  .max_memory_nbytes = 64 << 20};
	struct outcome out = {.code = 0};
	struct tt_recorder *r;
	struct tt_recorded g;
	struct tt_error err;
	bool plain = n >= 2 && memcmp(data, "go", 2) == 0;

	if (named)
		opt.symbol = symbol;
	REQUIRE(tt_recorder_open(&r, &input, "/dev/null", &opt, &err) == 0);
	while ((out.code = tt_recorder_next(r, &g)) == 0) {
		REQUIRE(g.offset == out.nbytes && g.end > g.offset);
		REQUIRE(g.ordinal == ++out.generations);
		REQUIRE(!plain || named ||
			(g.end <= n && memcmp(g.data, data + g.offset, g.end - g.offset) == 0));
		out.nbytes = g.end;
	}
	REQUIRE(tt_recorder_next(r, &g) == out.code);
	out.offset = tt_recorder_error(r)->offset;
	REQUIRE(out.code == TT_END || tt_recorder_error(r)->code == -out.code);
	REQUIRE(out.code == TT_END || !plain || out.offset == TT_UNKNOWN || out.offset <= n);
	REQUIRE(out.code != TT_END || !plain || tt_recorder_progress(r).in_nbytes == n);
	REQUIRE(tt_recorder_progress(r).generations == out.generations);
	REQUIRE(tt_recorder_finish(r, &err) == 0);
	tt_recorder_close(r);
	return out;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate(data, size, max_size, seed, 1 + 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces, named;

	if (size == 0)
		return 0;
	whole = record(data + 1, size - 1, SIZE_MAX, false);
	pieces = record(data + 1, size - 1, 1 + data[0], false);
	named = record(data + 1, size - 1, SIZE_MAX, true);
	REQUIRE(whole.code == pieces.code && whole.generations == pieces.generations);
	REQUIRE(whole.nbytes == pieces.nbytes && whole.offset == pieces.offset);
	REQUIRE(whole.code == named.code && whole.generations == named.generations);
	return 0;
}
