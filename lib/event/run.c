/* SPDX-License-Identifier: MIT */
/* run.c - the events of a generation in runs, from block to block. Stands on ahead.h. */
#include "event/run.h"

/* For less, waking a thread takes longer than it saves. */
enum { AHEAD_NBYTES = 1 << 16 };

struct tt_event_run *tt_event_run_new(struct tt_mem *mem, struct tt_pass *pass)
{
	struct tt_event_run *run = tt_mem_zalloc(mem, 1, sizeof(*run));

	if (run == NULL)
		return NULL;
	run->mem = mem;
	run->pass = pass;
	run->ahead_nbytes = AHEAD_NBYTES;
	return run;
}

void tt_event_run_free(struct tt_event_run *run)
{
	if (run == NULL)
		return;
	tt_event_run_stop(run);
	tt_ahead_free(run->ahead);
	tt_mem_free(run->mem, run, sizeof(*run));
}

/* Whether the generation has so many bytes of events. */
static bool is_large(const struct tt_generation *gen, uint64_t nbytes)
{
	uint64_t n = 0;

	for (size_t i = 0; i < gen->batches.n && n < nbytes; i++)
		n += gen->batches.at[i].size;
	return n >= nbytes;
}

void tt_event_run_begin(struct tt_event_run *run, bool ahead)
{
	run->next = run->end = NULL;
	run->block = NULL;
	run->nothers = 0;
	run->last_ns = run->pass->last_ns;
	run->nevents_begun = run->pass->nevents;
	run->is_ahead = ahead && is_large(run->pass->gen, run->ahead_nbytes) &&
			tt_ahead_begin(&run->ahead, run->pass);
}

/* The briefs at hand are those before the next of the others. */
static void set_end(struct tt_event_run *run)
{
	const struct tt_event_block *block = run->block;

	run->end = block->briefs + (run->nothers < block->nothers ? block->nbefore[run->nothers]
								    : block->nbriefs);
}

/* Turns to the next block. */
static void next_block(struct tt_event_run *run)
{
	bool other;

	if (run->is_ahead) {
		run->block = tt_ahead_next(run->ahead);
		run->is_ahead = run->block->rc == TT_OK;
	} else {
		tt_event_block_clear(&run->own);
		tt_event_block_add(&run->own, run->pass, &other);
		run->block = &run->own;
	}
	run->next = run->block->briefs;
	run->nothers = 0;
	set_end(run);
}

/* No event of the block at hand is left. */
static bool is_block_done(const struct tt_event_run *run)
{
	return run->next == run->end && (run->block == NULL || run->nothers == run->block->nothers);
}

/* A brief as tt_pass_next() would hand it out. */
static const struct tt_event *make_event(struct tt_event_run *run, const struct tt_brief_event *brief)
{
	const struct tt_event_def *def = run->pass->order.rules[tt_brief_event_type(brief)].def;

	run->last_ns = tt_event_run_time_of(brief, run->last_ns);
	run->made = (struct tt_event){
		.time_ns = run->last_ns,
		.raw_time_ns = brief->raw_time_ns,
		.thread = brief->thread,
		.proc = brief->proc,
		.goroutine = brief->goroutine,
		.offset = tt_brief_event_offset(brief),
		.generation = run->pass->gen,
		.spec = &def->spec,
		.args = brief->args,
		.kind = def->spec.kind,
	};
	return &run->made;
}

int tt_event_run_next(struct tt_event_run *run, const struct tt_event **ev)
{
	*ev = NULL;
	if (tt_event_run_done(run))
		return run->block->rc;
	if (run->next < run->end) {
		*ev = make_event(run, run->next++);
		return TT_OK;
	}
	*ev = run->block->others[run->nothers++];
	run->last_ns = (*ev)->time_ns;
	set_end(run);
	return TT_OK;
}

void tt_event_run_stop(struct tt_event_run *run)
{
	if (run->is_ahead)
		tt_ahead_stop(run->ahead);
	run->is_ahead = false;
}

bool tt_event_run_done(struct tt_event_run *run)
{
	while (is_block_done(run) && (run->block == NULL || run->block->rc == TT_OK))
		next_block(run);
	return is_block_done(run);
}

uint64_t tt_event_run_nevents(const struct tt_event_run *run)
{
	const struct tt_event_block *block = run->block;

	if (block == NULL)
		return run->nevents_begun;
	return block->nevents - (uint64_t)(block->briefs + block->nbriefs - run->next) -
	       (block->nothers - run->nothers);
}
