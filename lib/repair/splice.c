/* SPDX-License-Identifier: MIT */
/*
 * splice.c - other ways to read a batch in doubt: more of its events stay, or it goes on after
 * damage in it. Stands on gen.
 */
#include <string.h>

#include "repair/salvage_impl.h"

bool tt_salvage_find_ends(struct tt_salvage *s)
{
	const struct tt_salvage_doubt *d = &s->doubt;
	const struct tt_event_batch *b = &s->gen.batches.at[d->batch];
	const uint8_t *p = b->data, *end = p + d->nordered;
	struct tt_raw_event ev;
	uint64_t dt;

	s->ends.n = 0;
	while (p < end && (p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL) {
		if (p <= b->data + d->nkept)
			continue;
		if (!TT_ARRAY_ROOM(s->mem, &s->ends))
			return false;
		s->ends.at[s->ends.n++] = (uint32_t)(p - b->data);
	}
	return true;
}

void tt_salvage_find_resumes(struct tt_salvage *s)
{
	struct tt_salvage_doubt *d = &s->doubt;
	const struct tt_event_batch *b = &s->gen.batches.at[d->batch];
	const uint8_t *p = b->data + d->nordered, *end = b->data + b->size;
	struct tt_raw_event ev;
	uint64_t dt;

	/* right after that event, and after the next */
	for (unsigned i = 0; i < 2 && p < end && d->nresumes < TT_NRESUMES; i++) {
		p = tt_raw_event_decode(&s->plan, p, end, &ev, &dt);
		if (p == NULL || p == end)
			break;
		d->resumes[d->nresumes++] = (uint32_t)(p - b->data);
	}
}

/* The batch of the list that is in doubt. */
static struct tt_salvaged_batch *doubted(struct tt_salvage *s)
{
	size_t i = s->list.n;

	while (s->list.at[--i].head.data_offset != s->doubt.offset)
		;
	return &s->list.at[i];
}

/* How much of the batch can be read. */
static uint32_t nbytes_read(const struct tt_salvage *s, const uint8_t *data, uint32_t nbytes)
{
	const uint8_t *p = data, *end = data + nbytes, *next;
	struct tt_raw_event ev;
	uint64_t dt;

	while (p < end && (next = tt_raw_event_decode(&s->plan, p, end, &ev, &dt)) != NULL &&
	       !tt_salvage_cannot_be(s, s->doubt.thread, &ev))
		p = next;
	return (uint32_t)(p - data);
}

bool tt_salvage_splice(struct tt_salvage *s, uint32_t cut, uint32_t resume)
{
	struct tt_salvage_doubt *d = &s->doubt;
	struct tt_event_batch *run = &s->gen.batches.at[d->batch];
	struct tt_salvaged_batch *b = doubted(s);
	uint8_t *data = (uint8_t *)(uintptr_t)b->head.data;

	if (s->written == NULL) {
		if (resume == 0)
			return true;
		s->written = tt_mem_alloc(s->mem, d->nbytes);
		if (s->written == NULL)
			return false;
		d->nwritten = d->nbytes;
		memcpy(s->written, data, d->nwritten);
	}
	if (resume == 0)
		cut = 0;
	memcpy(data, s->written, d->nwritten);
	memmove(data + cut, data + resume, d->nwritten - resume);
	d->nbytes = b->nown = d->nwritten - (resume - cut);
	run->size = nbytes_read(s, data, d->nbytes) & 0xffffff;
	s->runs.at[d->batch].size = run->size;
	return true;
}
