/* SPDX-License-Identifier: MIT */
/*
 * generation.c - a generation's life, the checks when all its batches are in, and
 * its tables for the public.
 */
#include "gen/generation.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/sort.h"
#include "gen/clock.h"
#include "wire/varint.h"

void tt_generation_init(struct tt_generation *g, struct tt_mem *mem, const struct tt_specs *specs)
{
	uint64_t seed = tt_random_seed();

	memset(g, 0, sizeof(*g));
	g->mem = mem;
	g->reader = seed;
	g->specs = specs;
	g->frame_conflict_offset = TT_UNKNOWN;
	tt_idmap_init(&g->string_ids, mem, seed);
	tt_idmap_init(&g->stack_ids, mem, seed);
	tt_idmap_init(&g->pcs, mem, seed);
	tt_idmap_init(&g->thread_ids, mem, seed);
}

void tt_generation_clear(struct tt_generation *g)
{
	tt_idmap_clear(&g->string_ids);
	tt_idmap_clear(&g->stack_ids);
	tt_idmap_clear(&g->pcs);
	tt_idmap_clear(&g->thread_ids);
	g->strings.n = g->stacks.n = g->frames.n = g->samples.n = 0;
	g->experimental.n = g->threads.n = g->batches.n = 0;
	g->number = g->offset = g->end = g->min_time = g->max_time = g->batches_read = 0;
	g->nother_times = 0;
	g->v1_last_ns = 0;
	g->ns_per_tick = 0;
	g->whole = false;
	g->has_frequency = g->has_clock = g->lacks_tables = g->v1 = false;
	g->frequency = g->first_ticks = 0;
	g->frame_conflict_offset = TT_UNKNOWN;
}

void tt_generation_release(struct tt_generation *g)
{
	tt_idmap_release(&g->string_ids);
	tt_idmap_release(&g->stack_ids);
	tt_idmap_release(&g->pcs);
	tt_idmap_release(&g->thread_ids);
	TT_ARRAY_RELEASE(g->mem, &g->strings);
	TT_ARRAY_RELEASE(g->mem, &g->stacks);
	TT_ARRAY_RELEASE(g->mem, &g->frames);
	TT_ARRAY_RELEASE(g->mem, &g->samples);
	TT_ARRAY_RELEASE(g->mem, &g->experimental);
	TT_ARRAY_RELEASE(g->mem, &g->threads);
	TT_ARRAY_RELEASE(g->mem, &g->batches);
}

/* ---- sealing */

static bool has_string(const struct tt_generation *g, uint64_t id)
{
	return id == 0 || tt_idmap_find(&g->string_ids, id) != TT_IDMAP_NONE;
}

/* The next pc of a stack's frames. */
static uint64_t next_pc(const uint8_t **frames)
{
	uint64_t pc = tt_varint_trusted(frames);

	for (int field = 1; field < 4; field++)
		tt_varint_trusted(frames);
	return pc;
}

static const struct tt_wire_frame *frame_of(const struct tt_generation *g, uint64_t pc)
{
	return &g->frames.at[tt_idmap_find(&g->pcs, pc)];
}

/* The error of the first frame of a stack that names a missing string. */
int tt_generation_check_stack(const struct tt_generation *g, const struct tt_stack_entry *stack,
			      struct tt_error *err)
{
	const uint8_t *p = stack->frames;

	for (uint32_t i = 0; i < stack->nframes; i++) {
		const struct tt_wire_frame *frame = frame_of(g, next_pc(&p));
		bool func = has_string(g, frame->func);

		if (!func || !has_string(g, frame->file))
			return tt_fail(err, TT_E_STACK_STRING,
				       "found invalid %s string ID %" PRIu64 " for stack %" PRIu64,
				       func ? "file" : "func", func ? frame->file : frame->func,
				       stack->id);
	}
	return TT_OK;
}

/*
 * All frames first: they are few, and good in nearly every trace. Only if one is
 * not, the stacks are searched for the one that Go names: that with the lowest id.
 */
static int check_frames(const struct tt_generation *g, struct tt_error *err)
{
	uint64_t lowest = UINT64_MAX;
	size_t i = 0;
	int rc = TT_OK;

	while (i < g->frames.n && has_string(g, g->frames.at[i].func) &&
	       has_string(g, g->frames.at[i].file))
		i++;
	if (i == g->frames.n)
		return TT_OK;
	for (size_t s = 0; s < g->stacks.n; s++) {
		const struct tt_stack_entry *stack = &g->stacks.at[s];

		if (stack->id <= lowest && tt_generation_check_stack(g, stack, err) < 0) {
			lowest = stack->id;
			rc = -TT_E_STACK_STRING;
		}
	}
	return rc;
}

static int sort_samples(struct tt_generation *g, struct tt_error *err)
{
	size_t n = g->samples.n;
	struct tt_keyed *keys;
	struct tt_sample *sorted;

	if (n == 0)
		return TT_OK;
	keys = tt_mem_zalloc(g->mem, n, sizeof(*keys));
	sorted = tt_mem_zalloc(g->mem, n, sizeof(*sorted));
	if (keys != NULL && sorted != NULL) {
		for (size_t i = 0; i < n; i++) {
			struct tt_sample *s = &g->samples.at[i];

			s->time_ns = tt_ticks_to_ns((uint64_t)s->time_ns, g->ns_per_tick);
			keys[i] = (struct tt_keyed){s->time_ns, {.index = i}};
		}
		tt_sort_like_go(keys, n);
		for (size_t i = 0; i < n; i++)
			sorted[i] = g->samples.at[keys[i].of.index];
		memcpy(g->samples.at, sorted, n * sizeof(*sorted));
	} else {
		tt_fail(err, tt_mem_code(g->mem), "no memory for %zu CPU samples", n);
	}
	tt_mem_free(g->mem, sorted, n * sizeof(*sorted));
	tt_mem_free(g->mem, keys, n * sizeof(*keys));
	return keys != NULL && sorted != NULL ? TT_OK : -err->code;
}

int tt_generation_seal(struct tt_generation *g, const struct tt_batch_rules *rules,
		       struct tt_error *err)
{
	int rc = TT_OK;

	if (!g->has_frequency)
		rc = tt_fail(err, TT_E_NO_FREQUENCY, "no frequency event found");
	else if (rules->needs_clock && !g->has_clock)
		rc = tt_fail(err, TT_E_NO_CLOCK, "no clock snapshot event found");
	else
		rc = check_frames(g, err);
	if (rc == TT_OK)
		rc = sort_samples(g, err);
	if (rc < 0) {
		tt_error_at(err, g->offset);
		tt_error_in_batch(err, TT_UNKNOWN, g->number != 0 ? g->number : TT_UNKNOWN, TT_NONE);
		return rc;
	}
	g->clock.trace_ns = tt_ticks_to_ns(g->clock.trace_ticks, g->ns_per_tick);
	g->whole = true;
	return TT_OK;
}

/* ---- for the public */

uint64_t tt_generation_number(const struct tt_generation *g)
{
	return g->number;
}

uint64_t tt_generation_ordinal(const struct tt_generation *g)
{
	return g->ordinal;
}

uint64_t tt_generation_offset(const struct tt_generation *g)
{
	return g->offset;
}

uint64_t tt_generation_end(const struct tt_generation *g)
{
	return g->end;
}

int64_t tt_generation_start_ns(const struct tt_generation *g)
{
	return g->v1 ? -1 : tt_ticks_to_ns(g->min_time, g->ns_per_tick);
}

/* In v1 there is no batch to take the times from: all events are known by now. */
struct tt_generation_summary tt_generation_summary(const struct tt_generation *g)
{
	struct tt_generation_summary s = {
		.nbatches = g->batches_read,
		.nthreads = g->threads.n,
		.first_ns = tt_generation_start_ns(g),
		.last_ns = g->v1 ? g->v1_last_ns : tt_ticks_to_ns(g->max_time, g->ns_per_tick),
	};

	for (size_t i = 0; i < g->batches.n; i++)
		s.event_nbytes += g->batches.at[i].size;
	return s;
}

int64_t tt_generation_thread_at(const struct tt_generation *g, size_t i)
{
	assert(i < g->threads.n);
	return g->threads.at[i].thread;
}

uint64_t tt_generation_frequency(const struct tt_generation *g)
{
	return g->frequency;
}

int64_t tt_generation_ns(const struct tt_generation *g, uint64_t ticks)
{
	if (g->v1)
		return tt_signed_ticks_to_ns((int64_t)(ticks - g->first_ticks), g->ns_per_tick);
	return tt_ticks_to_ns(ticks, g->ns_per_tick);
}

const struct tt_clock *tt_generation_clock(const struct tt_generation *g)
{
	return g->has_clock ? &g->clock : NULL;
}

bool tt_generation_string(const struct tt_generation *g, uint64_t id, struct tt_str *out)
{
	uint32_t i = tt_idmap_find(&g->string_ids, id);

	if (i == TT_IDMAP_NONE) {
		*out = (struct tt_str){"", 0};
		return id == 0;
	}
	*out = (struct tt_str){g->strings.at[i].data, g->strings.at[i].len};
	return true;
}

int tt_generation_stack(const struct tt_generation *g, uint64_t id, struct tt_frame *out)
{
	uint32_t i = tt_idmap_find(&g->stack_ids, id);
	const uint8_t *p;

	if (i == TT_IDMAP_NONE)
		return id == 0 ? 0 : -1;
	p = g->stacks.at[i].frames;
	for (uint32_t f = 0; f < g->stacks.at[i].nframes; f++) {
		const struct tt_wire_frame *frame = frame_of(g, next_pc(&p));

		out[f].pc = frame->pc;
		out[f].line = frame->line;
		tt_generation_string(g, frame->func, &out[f].func);
		tt_generation_string(g, frame->file, &out[f].file);
	}
	return (int)g->stacks.at[i].nframes;
}

size_t tt_generation_stack_index(const struct tt_generation *g, uint64_t id)
{
	uint32_t i = tt_idmap_find(&g->stack_ids, id);

	return i == TT_IDMAP_NONE ? 0 : (size_t)i + 1;
}

bool tt_generation_find_text(const struct tt_generation *g, struct tt_str text, uint64_t *id)
{
	for (size_t i = 0; i < g->strings.n; i++) {
		*id = g->strings.at[i].id;
		if (g->strings.at[i].len == text.len &&
		    memcmp(g->strings.at[i].data, text.data, text.len) == 0)
			return true;
	}
	*id = 0;
	if (text.len == 0)
		return true;
	do
		++*id;
	while (tt_idmap_find(&g->string_ids, *id) != TT_IDMAP_NONE);
	return false;
}

size_t tt_generation_nstrings(const struct tt_generation *g)
{
	return g->strings.n;
}

struct tt_str tt_generation_string_at(const struct tt_generation *g, size_t i, uint64_t *id)
{
	assert(i < g->strings.n);
	if (id != NULL)
		*id = g->strings.at[i].id;
	return (struct tt_str){g->strings.at[i].data, g->strings.at[i].len};
}

size_t tt_generation_nstacks(const struct tt_generation *g)
{
	return g->stacks.n;
}

uint64_t tt_generation_stack_at(const struct tt_generation *g, size_t i)
{
	assert(i < g->stacks.n);
	return g->stacks.at[i].id;
}

size_t tt_generation_nsamples(const struct tt_generation *g)
{
	return g->samples.n;
}

struct tt_sample tt_generation_sample_at(const struct tt_generation *g, size_t i)
{
	assert(i < g->samples.n);
	return g->samples.at[i];
}

size_t tt_generation_nexperimental(const struct tt_generation *g)
{
	return g->experimental.n;
}

struct tt_batch tt_generation_experimental_at(const struct tt_generation *g, size_t i)
{
	assert(i < g->experimental.n);
	return g->experimental.at[i];
}
