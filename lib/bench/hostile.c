/* SPDX-License-Identifier: MIT */
/*
 * hostile.c - traces with very many of one thing, or damage at every step, read once
 * with so many and once with ten times as many: a ratio far above 10 is a cost
 * that grows faster than the file. A program of its own; tells, and judges nothing.
 *
 * usage: hostile [CASE [COUNT [FILE]]]; with FILE the trace goes there and is not read
 */
#include <time.h>

#include "tests/build.h"
#include "tests/walk.h"

struct scene {
	const char *name;
	size_t n;               /* how many, the first time */
	void (*build)(struct build *b, size_t n);
	bool generations;       /* read by generation */
};

/* ---- scenes */

#define HERE "\x0d\x01\x00\x01\x19\x01\x01\x07\x02" /* P 0 and goroutine 1 run on thread 7 */

static void begin(struct build *b, uint64_t generation)
{
	build_clock(b, generation, generation, 1000000000);
}

/* One thread's events, as many batches as it takes. */
struct events {
	struct build *b;
	bool open;
};

static void put(struct events *e, const void *event, size_t n)
{
	if (e->open && e->b->len - e->b->body + n > 65536) {
		build_close(e->b);
		e->open = false;
	}
	if (!e->open) {
		build_batch(e->b, 1, 7, 1000);
		e->open = true;
	}
	build_bytes(e->b, event, n);
}

/* An event of these bytes, an id, and zeros. */
static void put_id(struct events *e, const char *type_dt, uint64_t id, size_t nzeros)
{
	uint8_t event[2 + TT_VARINT_MAX + 4] = {(uint8_t)type_dt[0], (uint8_t)type_dt[1]};
	size_t n = (size_t)(tt_varint_put(event + 2, id) - event);

	memset(event + n, 0, nzeros);
	put(e, event, n + nzeros);
}

static void end(struct events *e)
{
	if (e->open)
		build_close(e->b);
	build_mark(e->b);
}

static void threads(struct build *b, size_t n)
{
	begin(b, 1);
	for (size_t i = 0; i < n; i++)
		build_raw(b, 1, i, 1000 + i % 100, "\x82\x01\x05", 3);
	build_mark(b);
}

/* All but the last thread wait for what the last one does, the latest first. */
static void waiting(struct build *b, size_t n)
{
	begin(b, 1);
	build_batch(b, 1, 7, 100);
	build_bytes(b, HERE, sizeof(HERE) - 1);
	build_close(b);
	for (size_t i = 0; i < n; i++) {
		build_batch(b, 1, 100 + i, 1000 + i);
		build_bytes(b, "\x15\x01", 2);
		build_number(b, 1000 + n - i);
		build_bytes(b, "\x01\x00", 2);
		build_close(b);
	}
	for (size_t i = 0; i < n; i++) {
		build_batch(b, 1, 7, 1000000 + i);
		build_bytes(b, "\x2f\x01", 2);
		build_number(b, 1001 + i);
		build_bytes(b, "\x00\x00", 2);
		build_close(b);
	}
	build_mark(b);
}

static void strings(struct build *b, size_t n)
{
	begin(b, 1);
	for (size_t i = 1; i <= n;) {
		build_batch(b, 1, 7, 1000);
		build_byte(b, 0x04);
		for (; i <= n && b->len - b->body < 65000; i++)
			build_string(b, i, "x", 1);
		build_close(b);
	}
	build_mark(b);
}

static void stacks(struct build *b, size_t n)
{
	begin(b, 1);
	for (size_t i = 1; i <= n;) {
		build_batch(b, 1, 7, 1000);
		build_byte(b, 0x02);
		for (; i <= n && b->len - b->body < 65000; i++)
			build_stack(b, i * 3, 1, (const uint64_t[4]){i * 7, 0, 0, i});
		build_close(b);
	}
	build_mark(b);
}

static void samples(struct build *b, size_t n)
{
	begin(b, 1);
	for (size_t i = 0; i < n;) {
		build_batch(b, 1, 7, 1000);
		build_byte(b, 0x06);
		for (; i < n && b->len - b->body < 65000; i++) {
			build_byte(b, 0x07);
			build_number(b, i * 7919 % 1000);
			build_bytes(b, "\x01\x01\x01\x00", 4);
		}
		build_close(b);
	}
	build_mark(b);
}

static void many(struct build *b, size_t n, const char *type_dt, uint64_t first, size_t nzeros)
{
	struct events e = {b, false};

	begin(b, 1);
	put(&e, HERE, sizeof(HERE) - 1);
	for (size_t i = 0; i < n; i++)
		put_id(&e, type_dt, first + i, nzeros);
	end(&e);
}

/* Of ten bytes each, that leave nothing behind: HeapAlloc. */
static void events(struct build *b, size_t n)
{
	many(b, n, "\x25\x01", UINT64_C(1) << 49, 0);
}

static void goroutines(struct build *b, size_t n)
{
	many(b, n, "\x0e\x01", 2, 2);
}

static void tasks(struct build *b, size_t n)
{
	many(b, n, "\x28\x01", 2, 3);
}

static void regions(struct build *b, size_t n)
{
	many(b, n, "\x2a\x01", 2, 2);
}

static void procs(struct build *b, size_t n)
{
	struct events e = {b, false};

	begin(b, 1);
	for (size_t i = 0; i < n; i++)
		put_id(&e, "\x0d\x01", i, 1);
	end(&e);
}

static void experiments(struct build *b, size_t n)
{
	begin(b, 1);
	for (size_t i = 0; i < n; i++) {
		build_experiment(b, (unsigned)(1 + i % 255), 1, 7, 1000);
		build_close(b);
	}
	build_mark(b);
}

/* One large generation, and as many small ones. */
static void generations(struct build *b, size_t n)
{
	strings(b, n);
	for (size_t i = 2; i < n / 4; i++) {
		begin(b, i);
		build_raw(b, i, 7, 1000, "\x82\x01\x05", 3);
		build_mark(b);
	}
}

/* Each generation has an error, and is stepped over. */
static void broken(struct build *b, size_t n)
{
	strings(b, n);
	for (size_t i = 2; i < n / 4; i++) {
		begin(b, i);
		build_raw(b, i, 7, 1000, "\x82", 1);
		build_mark(b);
	}
}

static void interleaved(struct build *b, size_t n)
{
	begin(b, 1);
	for (size_t i = 0; i < n; i++)
		build_raw(b, 1 + i % 3, 7, 1000, "\x82\x01\x05", 3);
	build_mark(b);
}

/* Four batches that make sense and a byte that does not, again and again. */
static void scattered(struct build *b, size_t n)
{
	begin(b, 1);
	for (size_t i = 0; i < n; i++) {
		for (int k = 0; k < 4; k++)
			build_raw(b, 1 + i, 7, 1000, "", 0);
		build_byte(b, 0x77);
	}
}

/*
 * Batches inside one another, as text of the outer one's first string; they share
 * the rest to their ends, behind which the framing breaks. So each is found when
 * the one around it is searched, and the rest is read again and again.
 */
static void nested(struct build *b, size_t n)
{
	enum { DEPTH = 20, PREFIX = 49 };

	begin(b, 1);
	for (size_t i = 0; i < n; i++) {
		size_t bodies[DEPTH], begins[DEPTH];

		for (size_t level = 0; level < DEPTH; level++) {
			/* numbers of four bytes: prefixes are all of one length */
			uint64_t generation = 10000000 + i * DEPTH + level;

			for (int k = 0; k < 3; k++)
				build_raw(b, generation, 7, 1000, "", 0);
			begins[level] = b->len;
			build_batch(b, generation, 7, 1000);
			bodies[level] = b->body;
			build_bytes(b, "\x04\x05\x01", 3);
			build_byte(b, (PREFIX * (DEPTH - 1 - level) & 0x7f) | 0x80);
			build_byte(b, (unsigned)(PREFIX * (DEPTH - 1 - level) >> 7));
		}
		for (size_t k = 2; b->len - begins[0] < 60000; k++)
			build_string(b, k, "", 0);
		for (size_t level = 0; level < DEPTH; level++) {
			b->body = bodies[level];
			build_close(b);
		}
		build_byte(b, 0x77);
	}
}

static const struct scene scenes[] = {
	{"threads", 10000, threads, false},
	{"waiting", 300, waiting, false},
	{"strings", 100000, strings, false},
	{"stacks", 100000, stacks, false},
	{"samples", 100000, samples, false},
	{"events", 100000, events, false},
	{"goroutines", 100000, goroutines, false},
	{"procs", 100000, procs, false},
	{"tasks", 100000, tasks, false},
	{"regions", 100000, regions, false},
	{"experiments", 100000, experiments, true},
	{"generations", 40000, generations, false},
	{"broken", 40000, broken, false},
	{"interleaved", 20000, interleaved, false},
	{"scattered", 20000, scattered, false},
	{"nested", 20, nested, true},
};

/* ---- reading */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* All of it, on behind every error; how many errors there were. */
static unsigned long read_all(struct tt_reader *r, bool by_generation)
{
	const struct tt_generation *g;
	const struct tt_event *ev;
	unsigned long nerrors = 0;
	int rc = 0;

	while (rc == 0) {
		rc = by_generation ? tt_reader_next_generation(r, &g) : tt_reader_next(r, &ev);
		if (rc < 0) {
			nerrors++;
			rc = tt_reader_resync(r, NULL);
		}
	}
	return nerrors;
}

static double measure(const struct scene *s, size_t n, size_t *nbytes, unsigned long *nerrors)
{
	struct tt_reader *r;
	struct tt_error err;
	struct build b;
	double start;

	build_init(&b, 26);
	s->build(&b, n);
	*nbytes = b.len;
	start = now();
	if (tt_reader_open_memory(&r, b.data, b.len, NULL, &err) == 0) {
		*nerrors = read_all(r, s->generations);
		tt_reader_close(r);
	}
	start = now() - start;
	build_release(&b);
	return start;
}

static void run(const struct scene *s, size_t n)
{
	size_t small, large;
	unsigned long few = 0, more = 0;
	double one = measure(s, n, &small, &few), ten = measure(s, n * 10, &large, &more);

	printf("%-12s %8zu %9zu B %9.1f ms   x10: %9zu B %9.1f ms   ratio %5.1f   errors %lu, %lu\n",
	       s->name, n, small, one * 1e3, large, ten * 1e3, ten / one, few, more);
	fflush(stdout);
}

static int write_trace(const struct scene *s, size_t n, const char *path)
{
	FILE *f = fopen(path, "wb");
	struct build b;
	bool good;

	build_init(&b, 26);
	s->build(&b, n);
	good = f != NULL && fwrite(b.data, 1, b.len, f) == b.len;
	if (f != NULL && fclose(f) != 0)
		good = false;
	if (!good)
		perror(path);
	build_release(&b);
	return good ? 0 : 2;
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++)
		if (argc > 3 && strcmp(argv[1], scenes[i].name) == 0)
			return write_trace(&scenes[i], strtoul(argv[2], NULL, 10), argv[3]);
		else if (argc < 2 || strcmp(argv[1], scenes[i].name) == 0)
			run(&scenes[i], argc > 2 ? strtoul(argv[2], NULL, 10) : scenes[i].n);
	return 0;
}
