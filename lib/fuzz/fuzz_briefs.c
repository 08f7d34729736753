/* SPDX-License-Identifier: MIT */
/*
 * fuzz_briefs.c - states of goroutines in few bytes from a trace that bytes choose (generate.h), or from any bytes after
 * a good header. Beside not crashing: no span ends before it starts, names and stacks have
 * numbers, the times of a goroutine's states add up to its life, and briefs with the spans
 * beside them are the states that spans are by themselves.
 *
 * First byte: version (2 bits), briefs by stack (1), memory for little (1), generated (1); 10 in
 * the highest two: events that order resources.
 */
#include "base/hash.h"
#include "fuzz/generate.h"
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_analyze.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of all goroutines: what is the same in any order. */
struct sums {
	uint64_t n[TT_STATE_BAD + 1], ns[TT_STATE_BAD + 1], digests[TT_STATE_BAD + 1];
	uint64_t life_ns, peak;
	bool failed;
};

/* (the numbers of names depend on what else has one) */
static uint64_t digest_of(const struct tt_spans *s, uint32_t name, uint64_t seed)
{
	struct tt_str text = tt_spans_name(s, name);

	return tt_hash_bytes(seed, text.data, text.len);
}

static void add_state(struct sums *sums, const struct tt_spans *s, const struct tt_span *span,
		      const struct tt_span *of)
{
	REQUIRE(span->end_ns >= span->start_ns);
	sums->n[of->state]++;
	sums->ns[of->state] += (uint64_t)span->end_ns - (uint64_t)span->start_ns;
	sums->digests[of->state] += digest_of(s, of->func, digest_of(s, of->name, (uint64_t)span->id));
}

static void add_span(struct sums *sums, const struct tt_spans *s, const struct tt_span *span)
{
	struct tt_frame frames[TT_MAX_FRAMES];

	REQUIRE(span->kind < TT_SPAN_KIND_COUNT && span->end_ns >= span->start_ns);
	REQUIRE(span->name < tt_spans_nnames(s) && span->detail < tt_spans_nnames(s));
	REQUIRE(span->func < tt_spans_nnames(s) && span->stack < tt_spans_nstacks(s));
	(void)tt_spans_stack(s, span->stack, frames);
	if (span->kind == TT_SPAN_GOROUTINE)
		add_state(sums, s, span, span);
	else if (span->kind == TT_SPAN_LIFE)
		sums->life_ns += (uint64_t)span->end_ns - (uint64_t)span->start_ns;
}

static void add_briefs(struct sums *sums, const struct tt_spans *s)
{
	size_t n;
	const struct tt_span_brief *briefs = tt_spans_briefs(s, &n);

	for (size_t i = 0; i < n; i++) {
		struct tt_span group, span = {.id = briefs[i].id, .start_ns = briefs[i].start_ns,
					      .end_ns = briefs[i].end_ns};

		REQUIRE(briefs[i].group < tt_spans_ngroups(s));
		tt_spans_group(s, briefs[i].group, &group);
		add_state(sums, s, &span, &group);
	}
}

static int next(struct tt_spans *s, struct tt_reader *r, struct sums *sums, bool briefs)
{
	const struct tt_event *ev;
	int rc;

	if (briefs) {
		rc = tt_spans_run(s, r, &ev);
		add_briefs(sums, s);
		return rc;
	}
	rc = tt_reader_next(r, &ev);
	return rc == 0 ? tt_spans_event(s, ev) : rc;
}

/* Up to the end, or the first error. */
static struct sums read_spans(const struct build *b, const struct tt_specs *specs, unsigned flags,
			      uint64_t limit)
{
	const struct tt_options opt = {.size = sizeof(opt), .specs = specs};
	struct tt_spans_options spans_opt = {
		.size = sizeof(spans_opt), .flags = flags, .max_memory_nbytes = limit};
	const struct tt_span *span;
	struct sums sums = {.failed = true};
	struct tt_reader *r;
	struct tt_error err;
	struct tt_spans *s;
	int rc;

	if (tt_reader_open_memory(&r, b->data, b->len, &opt, &err) != 0)
		return sums;
	spans_opt.specs = tt_reader_specs(r);
	rc = tt_spans_new(&s, &spans_opt, &err);
	REQUIRE(rc == 0 || rc == -TT_E_LIMIT || rc == -TT_E_MEMORY);
	while (rc == 0) {
		rc = next(s, r, &sums, (flags & TT_SPANS_BRIEF) != 0);
		while (tt_spans_next(s, &span) == 0)
			add_span(&sums, s, span);
	}
	if (s != NULL) {
		sums.failed = rc != 1 && tt_reader_error(r)->code == 0;
		tt_spans_finish(s);
		while (tt_spans_next(s, &span) == 0)
			add_span(&sums, s, span);
		sums.peak = tt_spans_peak(s);
	}
	tt_spans_free(s);
	tt_reader_close(r);
	return sums;
}

static void compare(const struct sums *a, const struct sums *b)
{
	uint64_t ns = 0;

	if (a->failed || b->failed)
		return;
	REQUIRE(memcmp(a->n, b->n, sizeof(a->n)) == 0);
	REQUIRE(memcmp(a->ns, b->ns, sizeof(a->ns)) == 0);
	REQUIRE(memcmp(a->digests, b->digests, sizeof(a->digests)) == 0);
	REQUIRE(a->life_ns == b->life_ns && a->peak == b->peak);
	for (size_t i = 0; i <= TT_STATE_BAD; i++)
		ns += a->ns[i];
	REQUIRE(ns == a->life_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct tt_specs *specs;
	unsigned choice, brief = TT_SPANS_OWN_STACKS | TT_SPANS_BRIEF;
	struct sums all, some;
	struct build b;
	uint64_t limit;

	if (size == 0)
		return 0;
	choice = data[0];
	specs = choice >> 6 == 2 ? ways_orders() : ways_specs();
	limit = choice & 8 ? 200000 : WAYS_LIMIT_NBYTES;
	brief |= choice & 4 ? TT_SPANS_BRIEF_STACKS : 0;
	if ((choice & 16) != 0) {
		generate(&b, ways_version(choice), specs, data + 1, size - 1);
	} else {
		build_init(&b, ways_version(choice));
		build_bytes(&b, data + 1, size - 1);
	}
	all = read_spans(&b, specs, TT_SPANS_STACKS, limit);
	some = read_spans(&b, specs, brief, limit);
	compare(&all, &some);
	build_release(&b);
	return 0;
}
