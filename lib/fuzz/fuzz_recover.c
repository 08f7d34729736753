/* SPDX-License-Identifier: MIT */
/*
 * fuzz_recover.c - the memory that a killed program left, with words of it replaced: a
 * good region of two open generations is made once, the input says which of its words
 * become what. Beside not crashing: what is recovered is read by our reader to its end,
 * and with nothing replaced all of it comes out.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz/require.h"
#include "tracetool_emit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_PLACES (1 << 16)
#define MAX_CHANGES 16
#define NEVENTS 400
#define OBJECT_ALLOC 132

/* Where the region has words that are not 0. */
static off_t places[MAX_PLACES];
static size_t nplaces;
static int region = -1;

struct trace {
	uint8_t *data;
	size_t len, cap;
};

static int append(void *arg, const void *data, size_t nbytes)
{
	struct trace *t = arg;

	if (nbytes > t->cap - t->len) {
		t->cap = (t->len + nbytes) * 2;
		t->data = realloc(t->data, t->cap);
		REQUIRE(t->data != NULL);
	}
	memcpy(t->data + t->len, data, nbytes);
	t->len += nbytes;
	return 0;
}

/* By the tracer's own thread, in each generation. */
static void write_objects(void *arg, struct tt_emit *e)
{
	(void)arg;
	for (uint64_t i = 0; i < NEVENTS; i++)
		tt_emit_event2(e, OBJECT_ALLOC, i, i & 7);
	tt_emit_batch(e, 1, "batch", 5);
}

static void write_events(void)
{
	struct tt_emit *e = tt_emit_acquire();
	uint64_t token, stack;

	REQUIRE(e != NULL);
	stack = tt_emit_stack(e, (uintptr_t[]){4096, 8192, 12288}, 3);
	write_objects(NULL, e);
	token = tt_emit_thread_create(e, 5000, stack);
	tt_emit_log(e, tt_emit_task_begin(e, 0, "task", stack), "category", "message", stack);
	tt_emit_log(e, 0, "category", "a message that is too long to be looked up again", 0);
	tt_emit_region_begin(e, 0, "region", stack);
	tt_emit_range_begin(e, TT_EMIT_RANGE_SWEEP, NULL, 0);
	tt_emit_range_begin(e, TT_EMIT_RANGE_ASSIST, NULL, 0);
	tt_emit_batch_add(e, 1, (struct tt_str){"head", 4}, "record", 6);
	tt_emit_syscall_begin(e, stack);
	tt_emit_release(e);
	tt_emit_thread_cancel(token);
}

static int copy_of(int fd)
{
	int copy = memfd_create("copy", MFD_CLOEXEC);
	uint8_t page[4096];
	off_t from = 0;

	REQUIRE(copy >= 0 && ftruncate(copy, lseek(fd, 0, SEEK_END)) == 0);
	while ((from = lseek(fd, from, SEEK_DATA)) >= 0) {
		REQUIRE(pread(fd, page, sizeof(page), from) == (ssize_t)sizeof(page));
		REQUIRE(pwrite(copy, page, sizeof(page), from) == (ssize_t)sizeof(page));
		from += (off_t)sizeof(page);
	}
	return copy;
}

/*
 * The first generation is written, the second has begun: the region as it is now,
 * since the trace itself goes on and ends.
 */
static int keep_region(void *arg, const void *data, size_t nbytes)
{
	(void)data;
	(void)nbytes;
	if (region < 0)
		region = copy_of(*(const int *)arg);
	return 0;
}

static void find_places(void)
{
	uint64_t words[512];
	off_t from = 0;

	while ((from = lseek(region, from, SEEK_DATA)) >= 0) {
		REQUIRE(pread(region, words, sizeof(words), from) == (ssize_t)sizeof(words));
		for (size_t i = 0; i < 512 && nplaces < MAX_PLACES; i++) {
			if (words[i] != 0)
				places[nplaces++] = from + (off_t)(i * 8);
		}
		from += (off_t)sizeof(words);
	}
}

static void make_region(void)
{
	struct tt_emit_options opt = {.size = sizeof(opt), .memory_nbytes = 1 << 20,
				      .period_ns = UINT64_C(3600000000000)};
	int fd = memfd_create("region", MFD_CLOEXEC);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	opt.shared_path = path;
	opt.generation = write_objects;
	REQUIRE(fd >= 0 && tt_emit_start_callback(keep_region, &fd, &opt, NULL) == 0);
	write_events();
	REQUIRE(tt_emit_advance() == 0 && tt_emit_stop(NULL) == 0);
	close(fd);
	find_places();
	REQUIRE(nplaces > 100);
}

/* Small numbers, bits that flip, neighbours, or the word of another place. */
static uint64_t changed(uint64_t was, const uint8_t *how)
{
	uint64_t other;

	switch (how[0] & 7) {
	case 0:
		return how[1];
	case 1:
		return was ^ UINT64_C(1) << (how[1] & 63);
	case 2:
		return was + (uint64_t)(int64_t)(int8_t)how[1] * 8;
	case 3:
		return was + (uint64_t)(int64_t)(int8_t)how[1] * 4096;
	case 4:
		return UINT64_MAX - how[1];
	case 5:
		return (was & ~(uint64_t)UINT8_MAX) | how[1];
	default:
		REQUIRE(pread(region, &other, 8,
			      places[(how[1] | (size_t)how[0] << 8) % nplaces]) == 8);
		return other;
	}
}

/* `empty`: no generation could be restored, so the trace may be a header alone. */
static void read_all(const struct trace *t, bool all, bool empty)
{
	const struct tt_event *ev;
	struct tt_reader *r;
	struct tt_error err;
	uint64_t objects = 0;
	int code;

	REQUIRE(tt_reader_open_memory(&r, t->data, t->len, NULL, &err) == 0);
	while ((code = tt_reader_next(r, &ev)) == 0)
		objects += ev->spec != NULL && ev->spec->type == OBJECT_ALLOC;
	REQUIRE(code == TT_END || (empty && code == -TT_E_CUT_OFF));
	REQUIRE(!all || objects == 3 * NEVENTS);
	tt_reader_close(r);
}

static void recover(bool all)
{
	struct tt_emit_recovery *r;
	struct trace t = {0};
	struct tt_error err;
	bool empty;
	int code = tt_emit_recovery_open(&r, region, NULL, &err);

	REQUIRE(code == 0 || !all);
	if (code != 0)
		return;
	REQUIRE(tt_emit_recovery_generations(r) + tt_emit_recovery_damaged(r) <= 2);
	empty = tt_emit_recovery_generations(r) == 0;
	if (tt_emit_recovery_offset(r) != 0)
		append(&t, "go 1.26 trace\0\0", 16);
	REQUIRE(tt_emit_recovery_write(r, append, &t, &err) == 0);
	tt_emit_recovery_close(r);
	read_all(&t, all, empty);
	free(t.data);
}

/* Four bytes a change: a place, and what becomes of it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t was[MAX_CHANGES], now;
	off_t at[MAX_CHANGES];
	size_t n;

	if (region < 0)
		make_region();
	for (n = 0; n < MAX_CHANGES && size - n * 4 >= 4; n++) {
		const uint8_t *in = data + n * 4;

		at[n] = places[(in[0] | (size_t)in[1] << 8) % nplaces];
		REQUIRE(pread(region, &was[n], 8, at[n]) == 8);
		now = changed(was[n], in + 2);
		REQUIRE(pwrite(region, &now, 8, at[n]) == 8);
	}
	recover(n == 0);
	while (n-- > 0)
		REQUIRE(pwrite(region, &was[n], 8, at[n]) == 8);
	return 0;
}
