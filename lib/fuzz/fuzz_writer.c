/* SPDX-License-Identifier: MIT */
/*
 * fuzz_writer.c - a writer that gets what bytes choose: the events of a trace (generate.h), each
 * of which is followed, written, left out or given a second time; or events with types,
 * threads and arguments at random. Each is written or refused, and what comes out must be
 * read to its end, with all events that were written in it.
 *
 * First byte: version (2 bits), generated (1), own events (1), short generations (1). A trace:
 * two bytes, how many of its first events are followed, and of how many others one is
 * treated otherwise.
 */
#include "fuzz/generate.h"
#include "fuzz/mutate.h"
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool append(void *arg, const void *data, size_t nbytes)
{
	build_bytes(arg, data, nbytes);
	return true;
}

static struct tt_writer *new_writer(struct build *out, unsigned choice, const struct tt_specs *specs)
{
	const struct tt_sink sink = {.write = append, .arg = out};
	const struct tt_writer_options opt = {
		.size = sizeof(opt),
		.specs = specs,
		.version = ways_version(choice),
		.max_memory_nbytes = WAYS_LIMIT_NBYTES,
		.max_generation_nbytes = (choice & 16) != 0 ? 100 : 0,
	};
	struct tt_writer *w;
	struct tt_error err;

	memset(out, 0, sizeof(*out));
	REQUIRE(tt_writer_new(&w, &sink, &opt, &err) == 0);
	return w;
}

/* ---- a trace's events */

static void copy(struct tt_writer *w, struct tt_reader *r, const uint8_t *choices)
{
	const struct tt_event *ev;
	unsigned n = 0, every = choices[1];
	int rc = 0;

	while (rc == 0 && tt_reader_next(r, &ev) == 0) {
		unsigned odd = every != 0 && ++n % every == 0 ? 1 + n / every % 2 : 0;

		if (n < choices[0] && every != 0)
			rc = tt_writer_follow(w, ev);
		else if (odd != 1)
			rc = tt_writer_event(w, ev);
		if (rc == 0 && odd == 2)
			rc = tt_writer_event(w, ev);
	}
}

/* ---- events of no trace */

static const struct tt_event_spec *choose_spec(unsigned choice)
{
	const struct tt_event_spec *spec;

	do {
		spec = tt_specs_event(ways_specs(), choice++ % 140);
	} while (spec == NULL || !spec->timed);
	return spec;
}

static int own_event(struct tt_writer *w, const uint8_t *c, int64_t *time_ns, uint64_t string,
		     uint64_t stack)
{
	uint64_t args[TT_MAX_ARGS] = {0};
	struct tt_event ev = {
		.time_ns = *time_ns += 1 + c[1] % 32,
		.spec = choose_spec(c[0]),
		.args = args,
		.thread = c[1] / 32 == 7 ? TT_NONE : c[1] / 32,
		.proc = c[2] % 4 == 3 ? TT_NONE : c[2] % 4,
		.goroutine = c[2] / 4 % 8 == 7 ? TT_NONE : c[2] / 4 % 8,
	};

	ev.kind = ev.spec->kind;
	for (unsigned i = 0; i < ev.spec->nargs; i++) {
		unsigned choice = c[3 + i % 2] >> 2 * (i / 2) & 15;

		args[i] = ev.spec->args[i].type == TT_ARG_STRING  ? choice % 4 == 3 ? 0 : string
			  : ev.spec->args[i].type == TT_ARG_STACK ? choice % 4 == 3 ? 0 : stack
								  : choice;
	}
	return tt_writer_event(w, &ev);
}

static void make_up(struct tt_writer *w, const uint8_t *data, size_t size)
{
	const struct tt_frame frame = {1, {"f", 1}, {"f.go", 4}, 1};
	int64_t time_ns = 1000;
	uint64_t string, stack;
	int rc = 0;

	for (; size >= 5 && rc == 0; data += 5, size -= 5) {
		const struct tt_batch batch = {
			.experiment = data[1], .thread = data[2], .data = data, .size = 5};

		if (data[0] == 255)
			rc = tt_writer_next_generation(w);
		else if (data[0] == 254)
			rc = tt_writer_batch(w, &batch);
		if (data[0] >= 254 || rc < 0)
			continue;
		REQUIRE(tt_writer_string(w, (struct tt_str){"text", 4}, &string) == 0);
		REQUIRE(tt_writer_stack(w, &frame, 1, &stack) == 0);
		rc = own_event(w, data, &time_ns, string, stack);
	}
}

/* ---- what comes out */

static void read_all(const struct build *b, const struct tt_specs *specs, uint64_t nevents)
{
	const struct tt_options opt = {
		.size = sizeof(opt), .specs = specs, .max_memory_nbytes = 4 * WAYS_LIMIT_NBYTES};
	struct tt_reader *reader;
	const struct tt_event *ev;
	struct tt_error err;
	uint64_t n = 0;
	int rc;

	if (b->len <= 16)
		return;
	REQUIRE(tt_reader_open_memory(&reader, b->data, b->len, &opt, &err) == 0);
	while ((rc = tt_reader_next(reader, &ev)) == 0)
		n += ev->kind != TT_KIND_SYNC;
	if (rc != 1)
		fprintf(stderr, "%s\n", tt_reader_error(reader)->message);
	REQUIRE(rc == 1);
	REQUIRE(n >= nevents);
	tt_reader_close(reader);
}

static void finish(struct tt_writer *w, struct build *out, const struct tt_specs *specs)
{
	struct tt_writer_progress progress;
	int rc = tt_writer_finish(w);

	progress = tt_writer_progress(w);
	if (rc == 0)
		read_all(out, specs, progress.events);
	else
		REQUIRE(tt_writer_error(w)->system);
	tt_writer_free(w);
	build_release(out);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	/* choices have no batches */
	if (size > 0 && (data[0] & 12) != 0)
		return LLVMFuzzerMutate(data, size, max_size);
	return mutate(data, size, max_size, seed, 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_options opt = {
		.size = sizeof(opt), .specs = ways_specs(), .max_memory_nbytes = WAYS_LIMIT_NBYTES};
	struct build in, out;
	struct tt_reader *r;
	struct tt_writer *w;
	struct tt_error err;

	if (size < 3)
		return 0;
	if ((data[0] & 8) != 0) {
		w = new_writer(&out, data[0], ways_specs());
		make_up(w, data + 1, size - 1);
		finish(w, &out, ways_specs());
		return 0;
	}
	if ((data[0] & 4) != 0) {
		generate(&in, ways_version(data[0]), ways_specs(), data + 3, size - 3);
	} else {
		build_init(&in, ways_version(data[0]));
		build_bytes(&in, data + 3, size - 3);
	}
	REQUIRE(tt_reader_open_memory(&r, in.data, in.len, &opt, &err) == 0);
	w = new_writer(&out, data[0], tt_reader_specs(r));
	copy(w, r, data + 1);
	finish(w, &out, tt_reader_specs(r));
	tt_reader_close(r);
	build_release(&in);
	return 0;
}
