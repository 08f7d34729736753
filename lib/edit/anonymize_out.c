/* SPDX-License-Identifier: MIT */
/* anonymize_out.c - what is written: batches as they are or made up; and what could not be read. */
#include "edit/anonymize.h"

#include "base/error.h"

/* ---- errors */

int tt_anon_no_memory(struct tt_anonymizer *a)
{
	const struct tt_mem *mem = a->names->mem.over ? &a->names->mem : &a->mem;

	return tt_fail(&a->err, tt_mem_code(mem), "a generation or its names need more memory "
						  "than there is");
}

void tt_anon_damaged(struct tt_anonymizer *a, const struct tt_error *err, uint64_t nbytes)
{
	if (a->progress.damaged++ == 0)
		a->damage = *err;
	a->progress.lost_nbytes += nbytes;
}

void tt_anon_batch_damaged(struct tt_anonymizer *a, const struct tt_anon_batch *b)
{
	struct tt_error err;

	uint8_t type = b->raw.data[b->reach];

	tt_error_clear(&err);
	if (tt_content_of(&b->raw, a->version) == TT_CONTENT_EVENTS &&
	    a->plan.nargs[type] > TT_MAX_ARGS)
		tt_fail(&err, TT_E_EVENT_TYPE, "found invalid event type: %d", type);
	else
		tt_fail(&err, TT_E_EVENT_NUMBER, "the rest of a batch cannot be read");
	err.offset = b->raw.data_offset + b->reach;
	tt_error_in_batch(&err, b->raw.offset, b->raw.generation, b->raw.thread);
	tt_anon_damaged(a, &err, b->raw.size - b->reach);
}

/* ---- batches that are made up */

void tt_anon_copy_batch(struct tt_anonymizer *a, const struct tt_raw_batch *b)
{
	uint64_t nhead = b->data_offset - b->offset;

	tt_encode_bytes(a->enc, b->data - nhead, (size_t)nhead + b->size);
}

void tt_anon_body_begin(struct tt_anonymizer *a, const void *front, size_t nfront)
{
	a->body.len = 0;
	a->front = nfront;
	if (nfront != 0)
		tt_anon_body_put(a, front, nfront);
}

bool tt_anon_body_put(struct tt_anonymizer *a, const void *data, size_t nbytes)
{
	if (nbytes > TT_BATCH_MAX_SIZE - a->body.len)
		return false;
	if (nbytes != 0 && !tt_bytes_put(&a->body, data, nbytes))
		a->failed = true;
	return true;
}

void tt_anon_body_put_damage(struct tt_anonymizer *a)
{
	static const uint8_t nothing = 0xff;

	tt_anon_body_put(a, &nothing, 1);
}

void tt_anon_body_write(struct tt_anonymizer *a, const struct tt_batch_head *head, bool even_empty)
{
	if (!a->failed && (even_empty || a->body.len > a->front))
		tt_encode_batch(a->enc, head, a->body.data, a->body.len);
}

uint64_t tt_anon_pc(struct tt_anonymizer *a, uint64_t pc)
{
	uint32_t i;

	if ((a->flags & TT_ANONYMIZE_PCS) == 0 || pc == 0)
		return pc;
	i = tt_idmap_find(&a->pcs, pc);
	if (i == TT_IDMAP_NONE) {
		i = (uint32_t)++a->npcs;
		if (i == TT_IDMAP_NONE || !tt_idmap_add(&a->pcs, pc, i))
			a->failed = true;
	}
	return i;
}
