/* SPDX-License-Identifier: MIT */
/*
 * fuzz_source.c - any bytes as a source: plain, compressed, an archive, some of
 * each in another. Beside not crashing: small peeks, seeks and releases give what one
 * large peek gives, and the same end; a pipe gives what memory does, plain or
 * zstd; reading ahead changes nothing; errors stay and lie at the end of the good bytes;
 * memory stays under its limit and is all given back.
 *
 * The first byte seeds the moves, the rest is the input.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/require.h"
#include "input/feed.h"
#include "input/source.h"

#define LIMIT_NBYTES (UINT64_C(64) << 20)
#define WHOLE_NBYTES ((size_t)4 << 20) /* more than this is not looked at */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct whole {
	const uint8_t *data;
	size_t n;
	int rc;                 /* of a peek beyond n */
};

static void require_code(int rc, const struct tt_error *err)
{
	REQUIRE(rc == -TT_E_INPUT || rc == -TT_E_MEMBER || rc == -TT_E_MEMORY || rc == -TT_E_LIMIT);
	REQUIRE(err->code == -rc && err->message[0] != '\0');
	REQUIRE(strchr(err->message, '\n') == NULL);
}

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

/* A peek of `want` bytes at `at` gives what is there. */
static size_t peek(struct tt_source *s, size_t want, size_t at, const struct whole *whole)
{
	struct tt_error err;
	const uint8_t *data;
	size_t n;
	int rc = tt_source_peek(s, want, &data, &n, &err);

	REQUIRE(tt_source_offset(s) == at);
	if (n < want && whole->n < WHOLE_NBYTES) {
		REQUIRE(n == whole->n - at && rc == whole->rc);
	} else {
		REQUIRE(n >= want && rc == 0);
	}
	if (n > whole->n - at)
		n = whole->n - at;
	REQUIRE(n == 0 || memcmp(data, whole->data + at, n) == 0);
	return n < want ? n : want;
}

/* Up to the end, with some steps back. */
static void move_about(struct tt_source *s, const struct whole *whole, uint32_t seed)
{
	size_t at = 0, mark = 0, peeked = 0;

	for (int step = 0; step < 2000 && at < whole->n; step++) {
		size_t want = next_random(&seed) % (step % 8 == 0 ? 200000 : 300);
		size_t left = whole->n - at;

		if (whole->n == WHOLE_NBYTES && want > left)
			want = left;
		want = peek(s, want, at, whole);
		if (peeked < at + want)
			peeked = at + want;
		tt_source_skip(s, want);
		at += want;
		if (next_random(&seed) % 16 == 0) {
			at = mark + next_random(&seed) % (peeked - mark + 1);
			tt_source_seek(s, at);
		}
		if (next_random(&seed) % 16 == 0) {
			mark = at - next_random(&seed) % (at - mark + 1);
			tt_source_release(s, mark);
		}
	}
}

static void try_memory(const uint8_t *data, size_t size, const struct whole *whole, uint32_t seed)
{
	struct tt_mem mem = {.limit_nbytes = LIMIT_NBYTES};
	struct tt_source *s;
	struct tt_error err;

	REQUIRE(tt_source_open_memory(&s, data, size, NULL, &mem, &err) == 0);
	if (seed % 2 == 1)
		tt_source_read_ahead(s);
	move_about(s, whole, seed);
	tt_source_close(s);
	REQUIRE(mem.used_nbytes == 0);
}

/* A pipe that holds all of it, or -1. */
static int full_pipe(const uint8_t *data, size_t size)
{
	int fds[2];
	bool full;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
		return -1;
	full = size == 0 || write(fds[1], data, size) == (ssize_t)size;
	close(fds[1]);
	if (full)
		return fds[0];
	close(fds[0]);
	return -1;
}

/* What cannot be read twice may be read otherwise if it is an archive. */
static void try_pipe(const uint8_t *data, size_t size, const struct whole *whole, uint32_t seed)
{
	struct tt_mem mem = {.limit_nbytes = LIMIT_NBYTES};
	enum tt_packing packing = tt_packing_of(data, size);
	int fd = full_pipe(data, size), rc;
	const uint8_t *bytes;
	struct tt_source *s;
	struct tt_error err;
	size_t n;

	if (fd < 0)
		return;
	rc = tt_source_open_fd(&s, fd, NULL, &mem, &err);
	if (rc == 0 && whole != NULL && whole->rc != -TT_E_MEMBER && packing <= TT_PACKING_ZSTD)
		move_about(s, whole, seed);
	else if (rc == 0)
		rc = tt_source_peek(s, WHOLE_NBYTES, &bytes, &n, &err);
	if (rc != 0)
		require_code(rc, &err);
	tt_source_close(s);
	close(fd);
	REQUIRE(mem.used_nbytes == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_mem mem = {.limit_nbytes = LIMIT_NBYTES};
	uint32_t seed = size != 0 ? *data++ : 0;
	struct tt_source *s;
	struct tt_error err;
	struct whole whole;

	size -= size != 0;
	if (tt_source_open_memory(&s, data, size, NULL, &mem, &err) != 0) {
		require_code(-err.code, &err);
		REQUIRE(s == NULL && mem.used_nbytes == 0);
		try_pipe(data, size, NULL, seed);
		return 0;
	}
	whole.rc = tt_source_peek(s, WHOLE_NBYTES, &whole.data, &whole.n, &err);
	if (whole.rc != 0) {
		require_code(whole.rc, &err);
		REQUIRE(err.offset == whole.n);
	}
	if (whole.n > WHOLE_NBYTES)
		whole.n = WHOLE_NBYTES;
	try_memory(data, size, &whole, seed);
	try_pipe(data, size, &whole, seed);
	REQUIRE(mem.used_nbytes <= LIMIT_NBYTES);
	tt_source_close(s);
	REQUIRE(mem.used_nbytes == 0);
	return 0;
}
