/* SPDX-License-Identifier: MIT */
/* embedded.c - specs and batches that are embedded in batches. */
#include "experiment/embedded.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "spec/spec.h"
#include "wire/embedded.h"

/* No spec has a longer text. */
#define MAX_TEXT (UINT64_C(1) << 20)

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

/* A part of a spec's text, as a batch has it. */
struct part {
	uint32_t batch;         /* index among the generation's */
	unsigned experiment;
	uint64_t offset, total;
	const uint8_t *data;
	uint64_t size;
};

struct parts {
	TT_ARRAY(struct part) all;
};

/* False: the batch is of another kind, or bad. */
static bool read_part(struct tt_embedded *p, const struct tt_batch *batch, struct part *out)
{
	const uint8_t *at = tt_embedded_body(batch, TT_EMBEDDED_SPEC);
	const uint8_t *end = batch->data + batch->size;
	uint64_t experiment;

	if (at == NULL)
		return false;
	if (!tt_embedded_number(&at, end, &experiment) ||
	    !tt_embedded_number(&at, end, &out->offset) ||
	    !tt_embedded_number(&at, end, &out->total) || experiment == 0 || experiment > 255 ||
	    out->total == 0 || out->total > MAX_TEXT || out->offset > out->total ||
	    (uint64_t)(end - at) > out->total - out->offset) {
		tt_embedded_fault(p, batch, "a spec with invalid numbers");
		return false;
	}
	out->experiment = (unsigned)experiment;
	out->data = at;
	out->size = (uint64_t)(end - at);
	return true;
}

static bool find_parts(struct tt_embedded *p, const struct tt_generation *gen,
		       struct parts *parts)
{
	for (size_t i = 0; i < gen->experimental.n; i++) {
		struct part part;

		if (!read_part(p, &gen->experimental.at[i], &part))
			continue;
		part.batch = (uint32_t)i;
		if (!TT_ARRAY_ROOM(p->mem, &parts->all))
			return false;
		parts->all.at[parts->all.n++] = part;
	}
	return true;
}

/* By experiment and place in the text; of two with the same place, as in the file. */
static int compare_parts(const void *x, const void *y)
{
	const struct part *a = x, *b = y;

	if (a->experiment != b->experiment)
		return a->experiment < b->experiment ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	return (a->batch > b->batch) - (a->batch < b->batch);
}

/* The parts of one experiment, sorted, and the text that they make. */
struct spec_text {
	struct tt_embedded *p;
	const struct tt_generation *gen;
	const struct part *parts;
	size_t n;
	const struct part *first; /* in the file: it says how long the text is */
	char *text;
	uint64_t have;          /* of it is complete */
};

static const struct tt_batch *batch_of(const struct spec_text *t, const struct part *part)
{
	return &t->gen->experimental.at[part->batch];
}

/* Puts a part where it belongs. False: it is not of this text, but of another one. */
static bool put_part(struct spec_text *t, const struct part *part)
{
	uint64_t end = part->offset + part->size, common;

	if (part->total != t->first->total)
		return false;
	if (part->offset > t->have)
		return true;
	common = end < t->have ? part->size : t->have - part->offset;
	if (memcmp(t->text + part->offset, part->data, (size_t)common) != 0)
		return false;
	memcpy(t->text + part->offset, part->data, (size_t)part->size);
	if (end > t->have)
		t->have = end;
	return true;
}

static void put_parts(struct spec_text *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (!put_part(t, &t->parts[i]))
			tt_embedded_fault(t->p, batch_of(t, &t->parts[i]),
					  "another spec of an experiment than before it in this "
					  "generation, which is used");
	if (t->have < t->first->total)
		tt_embedded_fault(t->p, batch_of(t, t->first), "parts of a spec are missing");
}

/* Takes a complete text for the spec of its experiment. 0, or a machine code. */
static int take_text(struct spec_text *t, struct tt_specs *specs, bool *changed,
		     struct tt_error *err)
{
	unsigned experiment = t->first->experiment;
	bool renews = tt_specs_is_from_trace(specs, experiment);
	struct tt_str known;
	struct tt_error wrong;
	int rc;

	if (renews && tt_specs_source(specs, experiment, &known) &&
	    known.len == t->first->total && memcmp(known.data, t->text, known.len) == 0)
		return TT_OK;
	rc = tt_specs_add_from_trace(specs, experiment, t->text, (size_t)t->first->total, &wrong);
	if (rc == -TT_E_MEMORY || rc == -TT_E_LIMIT) {
		*err = wrong;
		return rc;
	}
	if (rc != TT_OK) {
		snprintf(t->p->text, sizeof(t->p->text), "%.150s", wrong.message);
		tt_embedded_fault(t->p, batch_of(t, t->first), t->p->text);
		return TT_OK;
	}
	*changed = true;
	if (renews)
		tt_embedded_fault(t->p, batch_of(t, t->first),
				  "another spec of an experiment than in an earlier generation; each is "
				  "read by its own");
	return TT_OK;
}

static int read_text(struct spec_text *t, struct tt_specs *specs, bool *changed,
		     struct tt_error *err)
{
	size_t total;
	int rc = TT_OK;

	t->first = t->parts;
	for (size_t i = 1; i < t->n; i++)
		if (t->parts[i].batch < t->first->batch)
			t->first = &t->parts[i];
	/* what is built in, or what the user gave, is not for the trace to say */
	if (tt_specs_experiment_id(specs, t->first->experiment) != NULL &&
	    !tt_specs_is_from_trace(specs, t->first->experiment))
		return TT_OK;
	total = (size_t)t->first->total;
	t->text = tt_mem_alloc(t->p->mem, total);
	if (t->text == NULL)
		return tt_fail(err, tt_mem_code(t->p->mem),
			       "no memory for the spec of experiment %u", t->first->experiment);
	put_parts(t);
	if (t->have == total)
		rc = take_text(t, specs, changed, err);
	tt_mem_free(t->p->mem, t->text, total);
	return rc;
}

int tt_embedded_add_specs(struct tt_embedded *p, const struct tt_generation *gen,
			  struct tt_specs *specs, bool *changed, struct tt_error *err)
{
	struct parts parts = {0};
	int rc = TT_OK;

	*changed = false;
	if (!find_parts(p, gen, &parts))
		rc = tt_fail(err, tt_mem_code(p->mem), "no memory for the specs of a generation");
	else if (parts.all.n > 1)
		qsort(parts.all.at, parts.all.n, sizeof(*parts.all.at), compare_parts);
	for (size_t i = 0, n; rc == TT_OK && i < parts.all.n; i += n) {
		struct spec_text t = {.p = p, .gen = gen, .parts = &parts.all.at[i]};

		for (n = 1; i + n < parts.all.n; n++)
			if (parts.all.at[i + n].experiment != t.parts->experiment)
				break;
		t.n = n;
		rc = read_text(&t, specs, changed, err);
	}
	TT_ARRAY_RELEASE(p->mem, &parts.all);
	return rc;
}
