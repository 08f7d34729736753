/* SPDX-License-Identifier: MIT */
/* row.c - batches in a row, and the beginning of a trace. */
#include "wire/row.h"

#include "wire/signature.h"

/* The first byte of a trace in format v1 after its header: an EvBatch with two numbers. */
#define V1_BATCH 0x41

/* Whether a batch may follow another: in its generation, or the next. */
static bool may_follow(const struct tt_row_rules *rules, const struct tt_raw_batch *b,
		       const struct tt_raw_batch *before)
{
	bool after_mark = before->kind == TT_RAW_BATCH_END;

	if (b->kind == TT_RAW_BATCH_END)
		return rules->has_end_marks && !after_mark; /* no generation is empty */
	return after_mark || b->generation == before->generation ||
	       (!rules->has_end_marks && b->generation == before->generation + 1);
}

bool tt_row_begins(const struct tt_row_rules *rules, const uint8_t *data, const uint8_t *end)
{
	struct tt_raw_batch b, before = {.kind = TT_RAW_BATCH_END};
	uint64_t nbytes;
	int most = rules->most != 0 ? rules->most : TT_ROW_BATCHES;

	for (int i = 0; i < most; i++) {
		if (data == end)
			return i >= rules->last;
		if (!tt_batch_plausible(data, end, &b, &nbytes) ||
		    !may_follow(rules, &b, &before) || (i == 0 && b.time < rules->min_time))
			return false;
		if (nbytes > (uint64_t)(end - data))
			return i >= rules->last;
		data += nbytes;
		before = b;
	}
	return true;
}

bool tt_trace_begins(const uint8_t *data, const uint8_t *end, unsigned *version)
{
	const uint8_t *p = data + TT_HEADER_SIZE;

	if (!tt_signature_is_here(data, end, version))
		return false;
	if (p == end)
		return true;
	if (tt_version_is_v1(*version))
		return *p == V1_BATCH;
	return *p == TT_EV_EVENT_BATCH || *p == TT_EV_EXPERIMENTAL_BATCH;
}
