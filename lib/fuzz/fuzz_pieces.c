/* SPDX-License-Identifier: MIT */
/*
 * fuzz_pieces.c - files that are taken apart: any bytes; or a trace that bytes choose
 * (generate.h), whole or cut, with other bytes in front, in the middle, or after it, and maybe
 * a second time; then all or the second one copied as text. The pieces cover each byte once, a pipe gives the same ones as memory,
 * offsets of traces are those of bytes in the file, and of a trace that has no error nothing is
 * left out.
 *
 * First byte: version (2 bits), generated (1), twice (1), line ends of Windows (1). If it is
 * generated, three bytes: where it is cut (of 255 parts; 255: nowhere), where other bytes are
 * put in, and how many of them, which come next.
 */
#include "fuzz/generate.h"
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a pipe holds without a reader. */
#define PIPE_NBYTES 65536
#define MOST_PIECES 4096

struct taken {
	struct tt_piece pieces[MOST_PIECES];
	size_t n;
	unsigned ntraces, nfindings;
};

static void read_trace(const struct tt_pieces *p, struct tt_reader *r, size_t size)
{
	const struct tt_generation *g;
	uint64_t last = 0;

	while (tt_reader_next_generation(r, &g) == 0) {
		uint64_t at = tt_pieces_offset(p, tt_generation_offset(g));

		REQUIRE(at <= size && at >= last);
		last = at;
	}
	REQUIRE(tt_pieces_offset(p, TT_UNKNOWN) == TT_UNKNOWN);
	tt_reader_close(r);
}

static void take_apart(struct taken *to, struct tt_pieces *p, size_t size)
{
	struct tt_reader *r;
	struct tt_error err;
	struct tt_piece piece;
	uint64_t end = 0;
	int rc;

	to->n = to->ntraces = to->nfindings = 0;
	while ((rc = tt_pieces_next(p, &r, &err)) != 1) {
		REQUIRE((r != NULL) == (rc == 0));
		REQUIRE(rc == 0 || err.offset == TT_UNKNOWN || err.offset <= size);
		to->ntraces++;
		if (rc == 0)
			read_trace(p, r, size);
	}
	while (tt_pieces_finding(p, &err) == 0) {
		REQUIRE(err.offset <= size);
		to->nfindings++;
	}
	for (size_t i = 0; tt_pieces_at(p, i, &piece); i++) {
		REQUIRE(piece.offset == end);
		end += piece.nbytes;
		piece.text.data = NULL;
		if (to->n < MOST_PIECES)
			to->pieces[to->n++] = piece;
	}
	REQUIRE(to->n == 0 || end == size);
	tt_pieces_close(p);
}

static void from_memory(struct taken *to, const struct build *b)
{
	const struct way way = {0};
	const struct tt_options opt = ways_options(&way);
	struct tt_pieces *p;
	struct tt_error err;

	REQUIRE(tt_pieces_open_memory(&p, b->data, b->len, &opt, &err) == 0);
	take_apart(to, p, b->len);
}

static void from_pipe(struct taken *to, const struct build *b)
{
	const struct way way = {0};
	const struct tt_options opt = ways_options(&way);
	struct tt_pieces *p;
	struct tt_error err;
	int ends[2];

	REQUIRE(pipe(ends) == 0);
	REQUIRE(write(ends[1], b->data, b->len) == (ssize_t)b->len);
	close(ends[1]);
	REQUIRE(tt_pieces_open_fd(&p, ends[0], &opt, &err) == 0);
	take_apart(to, p, b->len);
	close(ends[0]);
}

/* Whether the bytes are one trace without an error. */
static bool is_good(const struct build *b)
{
	const struct way way = {0};
	const struct tt_options opt = ways_options(&way);
	const struct tt_generation *g;
	struct tt_reader *r;
	struct tt_error err;
	int rc;

	if (tt_reader_open_memory(&r, b->data, b->len, &opt, &err) < 0)
		return false;
	do
		rc = tt_reader_next_generation(r, &g);
	while (rc == 0);
	tt_reader_close(r);
	return rc == 1;
}

/* Not compressed, and no archive: then the library sees the bytes that we see. */
static bool is_plain(const struct build *b)
{
	struct tt_pieces *p;
	struct tt_reader *r;
	struct tt_error err;
	bool plain;

	if (tt_pieces_open_memory(&p, b->data, b->len, NULL, &err) < 0)
		return false;
	while (tt_pieces_next(p, &r, &err) != 1)
		tt_reader_close(r);
	plain = tt_pieces_nbytes(p) == b->len;
	tt_pieces_close(p);
	return plain;
}

/* The generated trace, changed as three bytes say, and with n others put in. */
static void change(struct build *b, const uint8_t *choices, const uint8_t *other, size_t n)
{
	size_t body = b->len - 16, at;
	uint8_t *tail;

	if (choices[0] != 255)
		b->len = 16 + body * choices[0] / 255;
	at = b->len * choices[1] / 255;
	n = n < choices[2] ? n : choices[2];
	tail = malloc(b->len - at + 1);
	REQUIRE(tail != NULL);
	memcpy(tail, b->data + at, b->len - at);
	body = b->len - at;
	b->len = at;
	build_bytes(b, other, n);
	build_bytes(b, tail, body);
	free(tail);
}

/* Changes all bytes from `from` on as a copy does: line ends, or bytes as characters in UTF-8. */
static void recode(struct build *b, size_t from, bool returns, bool characters)
{
	struct build out = {.version = b->version};

	build_bytes(&out, b->data, from);
	for (size_t i = from; i < b->len; i++) {
		uint8_t byte = b->data[i];

		if (returns && byte == '\n')
			build_byte(&out, '\r');
		if (characters && byte >= 0x80)
			build_byte(&out, 0xc0 | byte >> 6);
		build_byte(&out, characters && byte >= 0x80 ? 0x80 | (byte & 0x3f) : byte);
	}
	build_release(b);
	*b = out;
}

static void make(struct build *b, const uint8_t *data, size_t size)
{
	const uint8_t *choices = data + 1;
	size_t from = 0;

	if ((data[0] & 4) == 0) {
		*b = (struct build){.version = 26};
		build_bytes(b, data + 1, size - 1);
	} else {
		generate(b, ways_version(data[0]), ways_specs(), data + 4, size - 4);
		change(b, choices, data + 4, size - 4);
	}
	if ((data[0] & 8) != 0) {
		size_t n = b->len;
		uint8_t *copy = malloc(n + 1);

		REQUIRE(copy != NULL);
		memcpy(copy, b->data, n);
		build_bytes(b, copy, n);
		free(copy);
		from = (data[0] & 64) != 0 ? n : 0;
	}
	if ((data[0] & 48) != 0)
		recode(b, from, (data[0] & 16) != 0, (data[0] & 32) != 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct taken whole, piped;
	struct build b;

	if (size < 4)
		return 0;
	make(&b, data, size);
	if (b.len == 0 || !is_plain(&b)) {
		build_release(&b);
		return 0;
	}
	from_memory(&whole, &b);
	if (is_good(&b))
		REQUIRE(whole.n == 1 && whole.nfindings == 0 &&
			whole.pieces[0].kind == TT_PIECE_TRACE);
	if (b.len <= PIPE_NBYTES) {
		from_pipe(&piped, &b);
		REQUIRE(piped.ntraces == whole.ntraces && piped.n == whole.n);
		REQUIRE(piped.nfindings == whole.nfindings);
		for (size_t i = 0; i < whole.n; i++)
			REQUIRE(piped.pieces[i].kind == whole.pieces[i].kind &&
				piped.pieces[i].trace == whole.pieces[i].trace &&
				piped.pieces[i].offset == whole.pieces[i].offset);
	}
	build_release(&b);
	return 0;
}
