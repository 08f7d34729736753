/* SPDX-License-Identifier: MIT */
/*
 * fuzz_spans.c - intervals from any bytes behind a good header, or from a trace that bytes
 * choose (generate.h). Beside not crashing: an interval does not end before it begins; the
 * states of a goroutine follow each other without a gap, and all of them together are as long
 * as its life; numbers of names and stacks are those of texts that there are; whether stacks
 * are kept changes no time; both ways to take spans have the same ones.
 *
 * First byte: version (2 bits), with memory for little (4), generated (16), events that
 * order resources (32).
 */
#include <string.h>

#include "fuzz/generate.h"
#include "fuzz/mutate.h"
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_analyze.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* More goroutines than that are not followed. */
enum { NGOROUTINES = 64 };

struct replay {
	struct tt_spans *spans;
	bool failed;            /* there was no memory */
	uint64_t n, digest;
	struct life {
		int64_t id, start_ns, end_ns;
		uint64_t states_ns;
		bool known;
	} lives[NGOROUTINES];
};

static uint64_t mix(uint64_t digest, uint64_t value)
{
	return (digest ^ value) * UINT64_C(0x100000001b3);
}

static struct life *life_of(struct replay *r, int64_t id)
{
	struct life *life = &r->lives[(uint64_t)id % NGOROUTINES];

	return !life->known || life->id == id ? life : NULL;
}

static void take_state(struct replay *r, const struct tt_span *span)
{
	struct life *life = life_of(r, span->id);

	if (life == NULL)
		return;
	REQUIRE(!life->known || span->start_ns == life->end_ns);
	if (!life->known)
		*life = (struct life){.id = span->id, .start_ns = span->start_ns, .known = true};
	life->end_ns = span->end_ns;
	life->states_ns += (uint64_t)(span->end_ns - span->start_ns);
}

static void take_life(struct replay *r, const struct tt_span *span)
{
	struct life *life = life_of(r, span->id);

	if (life == NULL || !life->known)
		return;
	/* (one in whose place another was at first is not followed from its start) */
	REQUIRE(life->start_ns != span->start_ns ||
		life->states_ns == (uint64_t)(span->end_ns - span->start_ns));
	life->known = false;
}

static void take_span(struct replay *r, const struct tt_span *span)
{
	const uint32_t names[] = {span->name, span->detail, span->func};
	const uint32_t stacks[] = {span->stack, span->start_stack, span->end_stack};
	struct tt_frame frames[TT_MAX_FRAMES];

	REQUIRE(span->kind < TT_SPAN_KIND_COUNT && span->end_ns >= span->start_ns);
	for (size_t i = 0; i < 3; i++) {
		REQUIRE(names[i] < tt_spans_nnames(r->spans));
		REQUIRE(stacks[i] < tt_spans_nstacks(r->spans));
		REQUIRE((tt_spans_name(r->spans, names[i]).len > 0) == (names[i] > 0));
		REQUIRE((tt_spans_stack(r->spans, stacks[i], frames) > 0) == (stacks[i] > 0));
	}
	if (span->kind == TT_SPAN_GOROUTINE)
		take_state(r, span);
	else if (span->kind == TT_SPAN_LIFE)
		take_life(r, span);
	r->n++;
	r->digest = mix(mix(r->digest, span->kind), (uint64_t)span->id);
	r->digest = mix(mix(r->digest, (uint64_t)span->start_ns), (uint64_t)span->end_ns);
}

static void take_spans(struct replay *r, bool ended)
{
	const struct tt_span *span, *all;
	size_t n;

	all = tt_spans_ended(r->spans, &n);
	for (size_t i = 0; i < n && ended; i++)
		take_span(r, &all[i]);
	while (tt_spans_next(r->spans, &span) == 0) {
		if (!ended)
			take_span(r, span);
	}
}

static void replay(struct replay *r, const struct build *b, const struct tt_specs *specs,
		   unsigned flags, uint64_t limit)
{
	const struct tt_options reading = {.size = sizeof(reading), .specs = specs};
	struct tt_spans_options opt = {.size = sizeof(opt), .flags = flags,
				       .max_memory_nbytes = limit};
	const struct tt_event *ev;
	struct tt_reader *reader;
	struct tt_error err;
	int rc;

	memset(r, 0, sizeof(*r));
	REQUIRE(tt_reader_open_memory(&reader, b->data, b->len, &reading, &err) == 0);
	opt.specs = tt_reader_specs(reader);
	REQUIRE(tt_spans_new(&r->spans, &opt, &err) == 0);
	while (!r->failed && tt_reader_next(reader, &ev) == 0) {
		rc = tt_spans_event(r->spans, ev);
		REQUIRE(rc == 0 || rc == -TT_E_LIMIT || rc == -TT_E_MEMORY);
		r->failed = rc != 0;
		if (!r->failed)
			take_spans(r, flags == 0);
	}
	tt_spans_finish(r->spans);
	if (!r->failed)
		take_spans(r, false);
	tt_spans_free(r->spans);
	tt_reader_close(reader);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	/* choices have no batches */
	if (size > 0 && (data[0] & 16) != 0)
		return LLVMFuzzerMutate(data, size, max_size);
	return mutate(data, size, max_size, seed, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct replay plain, with;
	const struct tt_specs *specs;
	struct build b;
	uint64_t limit;

	if (size == 0)
		return 0;
	specs = (data[0] & 32) != 0 ? ways_orders() : ways_specs();
	limit = (data[0] & 4) != 0 ? 20000 : 64 << 20;
	if ((data[0] & 16) != 0) {
		generate(&b, ways_version(data[0]), specs, data + 1, size - 1);
	} else {
		build_init(&b, ways_version(data[0]));
		build_bytes(&b, data + 1, size - 1);
	}
	replay(&plain, &b, specs, 0, limit);
	replay(&with, &b, specs, TT_SPANS_STACKS, limit);
	if (!plain.failed && !with.failed)
		REQUIRE(plain.n == with.n && plain.digest == with.digest);
	build_release(&b);
	return 0;
}
