/* SPDX-License-Identifier: MIT */
/*
 * fuzz_wire.c - any bytes that begin as a trace does. Beside not crashing: from memory and
 * from a pipe come the same events and the same end; an error lies inside the
 * file; reading like Go gives the same events and may end where we fail, no more;
 * and the text of a whole trace assembles to a trace of the same text.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/mutate.h"
#include "fuzz/require.h"
#include "input/feed.h"
#include "wire/assemble.h"

/* A pipe takes so much at once. */
#define PIPE_NBYTES 60000
#define LIMIT_NBYTES (UINT64_C(64) << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once; lives as long as the program. */
static struct tt_specs *specs;

struct text {
	char *at;
	size_t len, cap;
	int rc;
	bool nameless; /* an event with no name is among them */
	struct tt_error err;
};

static void add(struct text *t, const struct tt_wire_event *ev)
{
	size_t need = tt_wire_format(ev, t->at + t->len, t->cap - t->len);

	if (need > t->cap - t->len) {
		t->cap = t->cap * 2 + need;
		t->at = realloc(t->at, t->cap);
		REQUIRE(t->at != NULL);
		REQUIRE(tt_wire_format(ev, t->at + t->len, t->cap - t->len) == need);
	}
	REQUIRE(need > 0 && t->at[t->len + need - 1] == '\n');
	t->len += need;
	t->nameless |= ev->spec == NULL;
}

/* Behind a line with the version; closes the reader. */
static void read_all(struct text *t, struct tt_wire *w)
{
	const struct tt_wire_event *ev;
	uint64_t n = 0;

	t->cap = 4096;
	t->at = malloc(t->cap);
	REQUIRE(t->at != NULL);
	t->len = (size_t)snprintf(t->at, t->cap, "Trace Go1.%u\n", tt_wire_version(w));
	while ((t->rc = tt_wire_next(w, &ev)) == 0) {
		add(t, ev);
		n++;
	}
	t->err = *tt_wire_error(w);
	REQUIRE(tt_wire_next(w, &ev) == t->rc && ev == NULL);
	REQUIRE(t->rc == TT_END || (t->err.code == -t->rc && t->err.event_index == n));
	tt_wire_close(w);
}

static struct tt_options options(unsigned flags)
{
	return (struct tt_options){
		.size = sizeof(struct tt_options),
		.flags = flags,
		.specs = specs,
		.max_memory_nbytes = LIMIT_NBYTES,
	};
}

static struct text from_memory(const uint8_t *data, size_t size, unsigned flags)
{
	struct tt_options opt = options(flags);
	struct text t = {0};
	struct tt_wire *w;

	t.rc = tt_wire_open_memory(&w, data, size, &opt, &t.err);
	if (t.rc == 0)
		read_all(&t, w);
	else
		REQUIRE(w == NULL && t.err.code == -t.rc && t.err.message[0] != '\0');
	return t;
}

static struct text from_pipe(const uint8_t *data, size_t size)
{
	struct tt_options opt = options(0);
	struct text t = {0};
	struct tt_wire *w;
	int fds[2];

	REQUIRE(pipe(fds) == 0);
	REQUIRE(write(fds[1], data, size) == (ssize_t)size);
	close(fds[1]);
	t.rc = tt_wire_open_fd(&w, fds[0], &opt, &t.err);
	if (t.rc == 0)
		read_all(&t, w);
	close(fds[0]);
	return t;
}

static void require_same(const struct text *a, const struct text *b)
{
	REQUIRE(a->rc == b->rc && a->len == b->len);
	REQUIRE(a->len == 0 || memcmp(a->at, b->at, a->len) == 0);
	if (a->rc < 0)
		REQUIRE(a->err.offset == b->err.offset &&
			strcmp(a->err.message, b->err.message) == 0);
}

/* What Go passes over is an end in its place. */
static void require_like_go(const struct text *strict, const struct text *like_go)
{
	REQUIRE(strict->len == like_go->len);
	REQUIRE(strict->len == 0 || memcmp(strict->at, like_go->at, strict->len) == 0);
	REQUIRE(like_go->rc == strict->rc ||
		(like_go->rc == TT_END && strict->rc == -TT_E_CUT_OFF));
}

static void require_assembles(const struct text *t)
{
	struct tt_mem mem = {0};
	struct tt_bytes bytes = {.mem = &mem};
	struct tt_error err;
	struct text again;

	REQUIRE(tt_assemble(specs, t->at, t->len, &bytes, &err) == 0);
	again = from_memory(bytes.data, bytes.len, 0);
	require_same(t, &again);
	free(again.at);
	tt_mem_free(&mem, bytes.data, bytes.cap);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	return mutate(data, size, max_size, seed, 16);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text strict, like_go;
	struct tt_error err;

	/* else the input may be packed, and that is another layer */
	if (size < 2 || memcmp(data, "go", 2) != 0 || tt_packing_of(data, size) != TT_PACKING_NONE)
		return -1;
	if (specs == NULL)
		REQUIRE(tt_specs_new(&specs, &err) == 0);
	strict = from_memory(data, size, 0);
	like_go = from_memory(data, size, TT_OPEN_LIKE_GO);
	require_like_go(&strict, &like_go);
	if (size <= PIPE_NBYTES) {
		struct text streamed = from_pipe(data, size);

		require_same(&strict, &streamed);
		free(streamed.at);
	}
	if (strict.rc < 0)
		REQUIRE(strict.err.offset <= size);
	if (strict.rc == TT_END && !strict.nameless)
		require_assembles(&strict);
	free(strict.at);
	free(like_go.at);
	return 0;
}
