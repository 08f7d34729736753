/* SPDX-License-Identifier: MIT */
/*
 * reader.h - the pull reader, top of the library's reading side; its contract is
 * tracetool.h. Stands on order, experiment and v1. The files of this folder:
 *
 *	event.c    what an event says, by its spec's `shows` line
 *	states.h   the states of a transition, inline
 *	pass.c     one generation being ordered, from event to event
 *	findings.c what a pass goes past, though it is not as it should be
 *	parallel.c workers, each with a pass: later generations beside the reader's
 *	block.[ch] some events, most of them in few bytes; ahead.[ch] a thread that orders
 *	           them ahead, block by block; run.[ch] how the reader goes through them
 *	reader_open.c  opens a trace: its source and header; closes it
 *	reader.c   a trace: one generation after another, the Syncs
 */
#ifndef TT_EVENT_READER_H
#define TT_EVENT_READER_H

#include "base/options.h"
#include "event/run.h"
#include "order/speculate.h"
#include "v1/v1.h"

enum tt_reader_phase {
	TT_PHASE_LOAD,          /* the next generation is to be loaded */
	TT_PHASE_LOADED,        /* it is loaded, its Sync not handed out */
	TT_PHASE_EVENTS,        /* its events are */
	TT_PHASE_RUN,           /* the same, in runs */
	TT_PHASE_V1,            /* the same of format v1 */
	TT_PHASE_FINAL,         /* the last Sync was handed out: r->outcome is next */
	TT_PHASE_OVER,          /* r->outcome, for good */
};

struct tt_reader {
	struct tt_mem mem;
	struct tt_options options;
	struct tt_specs *own_specs; /* if the caller gave none */
	struct tt_specs *specs; /* on top of those of the caller: what the trace brings */
	struct tt_embedded embedded;
	struct tt_source *src;
	unsigned version;

	struct tt_v1 *v1;       /* a trace in format v1, once it is loaded; or NULL */
	struct tt_loader loader;
	struct tt_generation own_gen;
	struct tt_generation *gen; /* own_gen, or a worker's (parallel.h) */
	struct tt_tables tables; /* of gen's experimental batches */
	struct tt_pass pass;
	struct tt_batch_buffers buffers; /* the pass's */
	struct tt_kept *kept;   /* the same, with TT_OPEN_EXPERIMENTAL */
	struct tt_event_run *run;     /* events come in runs, from the next generation on; or NULL */
	bool no_run;            /* there was no memory for it */

	enum tt_reader_phase phase;
	int outcome;            /* TT_END, or a negative code with r->err */
	struct tt_error err;
	bool skipped_any;       /* a generation was not ordered: states are unknown */
	bool alone;             /* the next one that is ordered is ordered alone */
	struct tt_assumptions assumptions; /* meanwhile */
	uint64_t nsyncs, ngenerations;
	struct tt_event sync;   /* handed out */

	struct tt_parallel *parallel; /* workers are at later generations; or NULL */
	bool no_workers;        /* there will be none any more */
	uint64_t nevents_begun; /* when the generation's Sync was handed out, that included */
	uint64_t ncommitted;    /* generations whose events workers ordered */
};

/*
 * Opens a trace whose source a function makes, on the reader's account. Codes of
 * tt_reader_open(), and those of `make`.
 */
int tt_reader_open_made(struct tt_reader **out, const struct tt_options *opt,
			int (*make)(void *arg, struct tt_source **src, struct tt_mem *mem,
				    struct tt_error *err),
			void *arg, struct tt_error *err);
/*
 * Takes in what is embedded in a generation for readers like us, and not for Go's. If the
 * specs change by it, *p follows; *changed says so, since all else that was made of them is
 * to be made anew. TT_E_MEMORY, TT_E_LIMIT.
 */
int tt_reader_take_embedded(struct tt_reader *r, struct tt_pass *p, struct tt_generation *gen,
			    bool *changed, struct tt_error *err);

/* The events, *n of them, that tt_reader_next() would return next without reading on: they
 * count as returned. They live until the next call. */
static inline const struct tt_event *tt_reader_take_kept(struct tt_reader *r, unsigned *n)
{
	struct tt_kept *kept = r->kept;
	unsigned next;

	*n = 0;
	if (kept == NULL)
		return NULL;
	next = kept->next;
	*n = kept->n - next;
	kept->next = kept->n;
	return &kept->events[next];
}

/*
 * The next generation, before which others were passed over, is ordered alone, by the reader's own
 * pass (order/speculate.h), and so are those after it, until the caller has joined them to what was
 * before.
 */
void tt_reader_begin_alone(struct tt_reader *r);
/* From the next generation on events come in runs, if they can. */
void tt_reader_begin_runs(struct tt_reader *r);

/* tt_reader_next() where the pass has no event to hand out: for an error, or none is left. */
int tt_reader_next_without_pass(struct tt_reader *r, const struct tt_event **ev);

/* tt_reader_next() for a loop over all events. */
static inline int tt_reader_next_inline(struct tt_reader *r, const struct tt_event **ev)
{
	if (r->kept != NULL)
		return tt_reader_next(r, ev);
	if (r->phase == TT_PHASE_EVENTS && tt_pass_next(&r->pass, ev) == TT_OK)
		return TT_OK;
	return tt_reader_next_without_pass(r, ev);
}

#endif
