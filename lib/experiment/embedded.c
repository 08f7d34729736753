/* SPDX-License-Identifier: MIT */
/* embedded.c - specs and batches that are embedded in batches. */
#include "experiment/embedded.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "spec/spec.h"
#include "wire/embedded.h"

/* No spec has a longer text. */
#define MAX_TEXT (UINT64_C(1) << 20)
/* The parts of a text may be in the wrong order so many times. */
#define MAX_PASSES 64

void tt_embedded_init(struct tt_embedded *p, struct tt_mem *mem)
{
	*p = (struct tt_embedded){.mem = mem};
}

void tt_embedded_fault(struct tt_embedded *p, const struct tt_batch *batch, const char *fault)
{
	if (p->fault != NULL)
		return;
	p->fault = fault;
	p->fault_offset = batch->offset;
	p->fault_thread = batch->thread;
}

/* ---- batches */

void tt_embedded_unwrap(struct tt_embedded *p, struct tt_generation *gen)
{
	p->fault = NULL;
	/* the next generation may have all parts */
	for (unsigned i = 0; i < 4; i++) {
		p->tried[i] &= ~p->missing[i];
		p->missing[i] = 0;
	}
	for (size_t i = 0; i < gen->experimental.n; i++) {
		struct tt_batch *batch = &gen->experimental.at[i];
		const uint8_t *at = tt_embedded_body(batch, TT_EMBEDDED_BATCH);
		const uint8_t *end = batch->data + batch->size;
		uint64_t experiment;

		if (at == NULL)
			continue;
		if (!tt_embedded_number(&at, end, &experiment) || experiment < 2 ||
		    experiment > 255) {
			tt_embedded_fault(p, batch, "a batch with an invalid experiment number");
			continue;
		}
		batch->experiment = (unsigned)experiment;
		batch->data_offset += (uint64_t)(at - batch->data);
		batch->size = (size_t)(end - at);
		batch->data = at;
	}
}

bool tt_embedded_has_events(const struct tt_batch *batch)
{
	return tt_embedded_body(batch, TT_EMBEDDED_EVENTS) != NULL;
}

/* ---- specs */

struct part {
	uint64_t experiment, offset, total;
	const uint8_t *data;
	uint64_t size;
};

/* False: the batch is of another kind, or bad. */
static bool read_part(struct tt_embedded *p, const struct tt_batch *batch, struct part *out)
{
	const uint8_t *at = tt_embedded_body(batch, TT_EMBEDDED_SPEC);
	const uint8_t *end = batch->data + batch->size;

	if (at == NULL)
		return false;
	if (!tt_embedded_number(&at, end, &out->experiment) ||
	    !tt_embedded_number(&at, end, &out->offset) ||
	    !tt_embedded_number(&at, end, &out->total) || out->experiment == 0 ||
	    out->experiment > 255 || out->total == 0 || out->total > MAX_TEXT ||
	    out->offset > out->total || (uint64_t)(end - at) > out->total - out->offset) {
		tt_embedded_fault(p, batch, "a spec with invalid numbers");
		return false;
	}
	out->data = at;
	out->size = (uint64_t)(end - at);
	return true;
}

/* One pass over the batches: how much of the text is complete after it. */
static uint64_t collect(struct tt_embedded *p, const struct tt_generation *gen,
			const struct part *first, char *text, uint64_t have)
{
	for (size_t i = 0; i < gen->experimental.n && have < first->total; i++) {
		struct part part;

		if (!read_part(p, &gen->experimental.at[i], &part) ||
		    part.experiment != first->experiment || part.total != first->total ||
		    part.offset > have || part.offset + part.size <= have)
			continue;
		memcpy(text + have, part.data + (have - part.offset),
		       (size_t)(part.offset + part.size - have));
		have = part.offset + part.size;
	}
	return have;
}

static int add_spec(struct tt_embedded *p, struct tt_specs *specs, const struct tt_batch *batch,
		    const struct part *part, const char *text, bool *added)
{
	struct tt_error wrong;
	int rc = tt_specs_add_from_trace(specs, (unsigned)part->experiment, text,
					 (size_t)part->total, &wrong);

	if (rc == 0) {
		*added = true;
		return TT_OK;
	}
	if (rc == -TT_E_MEMORY)
		return rc;
	snprintf(p->text, sizeof(p->text), "%.150s", wrong.message);
	tt_embedded_fault(p, batch, p->text);
	return TT_OK;
}

static int read_spec(struct tt_embedded *p, const struct tt_generation *gen,
		     struct tt_specs *specs, size_t i, const struct part *part, bool *added)
{
	char *text = tt_mem_alloc(p->mem, (size_t)part->total);
	uint64_t have = 0, before;
	int rc = TT_OK;

	if (text == NULL)
		return -tt_mem_code(p->mem);
	for (int pass = 0; pass < MAX_PASSES && have < part->total; pass++) {
		before = have;
		have = collect(p, gen, part, text, have);
		if (have == before)
			break;
	}
	if (have == part->total) {
		rc = add_spec(p, specs, &gen->experimental.at[i], part, text, added);
	} else {
		p->missing[part->experiment / 64] |= UINT64_C(1) << (part->experiment % 64);
		tt_embedded_fault(p, &gen->experimental.at[i], "parts of a spec are missing");
	}
	tt_mem_free(p->mem, text, (size_t)part->total);
	return rc;
}

int tt_embedded_add_specs(struct tt_embedded *p, const struct tt_generation *gen,
			  struct tt_specs *specs, bool *added, struct tt_error *err)
{
	*added = false;
	for (size_t i = 0; i < gen->experimental.n; i++) {
		struct part part;
		int rc;

		if (!read_part(p, &gen->experimental.at[i], &part) ||
		    (p->tried[part.experiment / 64] >> (part.experiment % 64) & 1) != 0)
			continue;
		p->tried[part.experiment / 64] |= UINT64_C(1) << (part.experiment % 64);
		if (tt_specs_experiment_id(specs, (unsigned)part.experiment) != NULL)
			continue;
		rc = read_spec(p, gen, specs, i, &part, added);
		if (rc < 0)
			return tt_fail(err, -rc, "no memory for the spec of experiment %u",
				       (unsigned)part.experiment);
	}
	return TT_OK;
}
