/* SPDX-License-Identifier: MIT */
/*
 * layers.c - what each layer of reading costs by itself, in nanoseconds an event:
 * the raw sequence, loading generations, decoding their events, and all of it with
 * the order. A program of its own; stands on the library, private headers too.
 *
 * usage: layers TRACE             all layers, each the best of some passes
 *        layers TRACE LAYER       one pass over one layer, for a profiler
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "gen/generation.h"
#include "wire/event.h"

/* Passes go on until so much time has gone by. */
#define ENOUGH_NS INT64_C(1000000000)

struct input {
	uint8_t *data;
	size_t size;
};

/* Processor time: what else the machine does is not counted. */
static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static bool read_file(struct input *in, const char *path)
{
	FILE *f = fopen(path, "rb");
	long size = -1;

	if (f && fseek(f, 0, SEEK_END) == 0)
		size = ftell(f);
	if (size > 0 && fseek(f, 0, SEEK_SET) == 0)
		in->data = malloc((size_t)size);
	if (in->data)
		in->size = fread(in->data, 1, (size_t)size, f);
	if (f)
		fclose(f);
	return in->data && in->size == (size_t)size;
}

static struct tt_reader *open_reader(const struct input *in)
{
	struct tt_error err;
	struct tt_reader *r;

	if (tt_reader_open_memory(&r, in->data, in->size, NULL, &err) < 0) {
		fprintf(stderr, "layers: %s\n", err.message);
		exit(2);
	}
	return r;
}

/* -------------------------------------------------------------------- layers */

/* Each goes once over the trace and returns how many events it saw. */

static uint64_t pass_raw(const struct input *in)
{
	const struct tt_wire_event *ev;
	struct tt_error err;
	struct tt_wire *w;
	uint64_t n = 0;

	if (tt_wire_open_memory(&w, in->data, in->size, NULL, &err) < 0)
		return 0;
	while (tt_wire_next(w, &ev) == 0)
		n++;
	tt_wire_close(w);
	return n;
}

static uint64_t pass_load(const struct input *in)
{
	struct tt_reader *r = open_reader(in);
	const struct tt_generation *g;
	uint64_t n = 0;

	while (tt_reader_next_generation(r, &g) == 0)
		n += g->batches.n;
	tt_reader_close(r);
	return n;
}

static uint64_t decode(const struct tt_generation *g, const struct tt_decode_plan *plan)
{
	uint64_t n = 0, sum = 0;

	for (size_t i = 0; i < g->batches.n; i++) {
		const uint8_t *p = g->batches.at[i].data;
		const uint8_t *end = p + g->batches.at[i].size;
		struct tt_raw_event ev = {0};
		uint64_t dt;

		for (; p && p < end; n++) {
			p = tt_raw_event_decode(plan, p, end, &ev, &dt);
			sum += p ? dt + ev.args[0] : 0;
		}
	}
	/* So that the numbers are wanted. */
	return sum == 1 ? n + 1 : n;
}

static uint64_t pass_decode(const struct input *in)
{
	struct tt_reader *r = open_reader(in);
	const struct tt_generation *g;
	struct tt_decode_plan plan;
	uint64_t n = 0;

	tt_decode_plan_init(&plan, tt_reader_specs(r));
	while (tt_reader_next_generation(r, &g) == 0)
		n += decode(g, &plan);
	tt_reader_close(r);
	return n;
}

static uint64_t pass_order(const struct input *in)
{
	struct tt_reader *r = open_reader(in);
	const struct tt_event *ev;
	uint64_t n = 0;

	while (tt_reader_next(r, &ev) == 0)
		n++;
	tt_reader_close(r);
	return n;
}

static uint64_t pass_check(const struct input *in)
{
	struct tt_reader *r = open_reader(in);
	const struct tt_event *ev;
	uint64_t n;

	while (tt_reader_next_sync(r, &ev) == 0)
		continue;
	n = tt_reader_progress(r).events;
	tt_reader_close(r);
	return n;
}

static const struct layer {
	const char *name, *item, *what;
	uint64_t (*pass)(const struct input *in);
} layers[] = {
	{ "raw", "event", "undecoded events, tables included (tt_wire_next)", pass_raw },
	{ "load", "batch", "generations and tables (tt_reader_next_generation)", pass_load },
	{ "decode", "event", "load, and each event's numbers", pass_decode },
	{ "check", "event", "events ordered, none handed out (tt_reader_next_sync)", pass_check },
	{ "order", "event", "all of it: events in order (tt_reader_next)", pass_order },
};

enum { NLAYERS = sizeof(layers) / sizeof(layers[0]) };

/* ---------------------------------------------------------------------- runs */

static void measure(const struct layer *l, const struct input *in)
{
	int64_t best = INT64_MAX, begin = now_ns();
	uint64_t n = 0;

	do {
		int64_t start = now_ns(), took;

		n = l->pass(in);
		took = now_ns() - start;
		if (took < best)
			best = took;
	} while (now_ns() - begin < ENOUGH_NS);
	printf("%-8s %8.1f ms %10" PRIu64 " %s%s %9.2f ns each %8.0f MB/s  %s\n", l->name,
	       (double)best / 1e6, n, l->item, strcmp(l->item, "batch") == 0 ? "es" : "s ",
	       n ? (double)best / (double)n : 0.0, (double)in->size * 1e3 / (double)best, l->what);
}

int main(int argc, char **argv)
{
	struct input in = { 0 };
	bool known = argc == 2;

	if (argc < 2 || argc > 3 || !read_file(&in, argv[1])) {
		fprintf(stderr, "usage: layers TRACE [LAYER]\n");
		return 2;
	}
	for (size_t i = 0; i < NLAYERS; i++) {
		if (argc == 2) {
			measure(&layers[i], &in);
		} else if (strcmp(layers[i].name, argv[2]) == 0) {
			printf("%" PRIu64 "\n", layers[i].pass(&in));
			known = true;
		}
	}
	free(in.data);
	return known ? 0 : 2;
}
