/* SPDX-License-Identifier: MIT */
/*
 * records.c - the records of a table in a broken generation: those that are good stay. Stands
 * on gen.
 */
#include <string.h>

#include "repair/salvage_impl.h"
#include "wire/varint.h"

/* So many records after one show that its length is right. */
#define PROOF 3

/* The record from p to `next`, which stays if it is good. */
static int add_record(struct tt_salvage *s, struct tt_salvaged_batch *b, const uint8_t *p,
		      const uint8_t *next, struct tt_error *err)
{
	struct tt_raw_batch one = b->head;
	int rc;

	/* a table's handler passes over the batch's first byte unseen */
	one.data = p - 1;
	one.data_offset += (uint64_t)(p - 1 - b->head.data);
	one.size = (uint32_t)(next - p + 1);
	rc = s->rules->add[b->head.data[0]](&s->gen, &one, err);
	if (rc == TT_OK) {
		memcpy(b->clean + b->nclean, p, (size_t)(next - p));
		b->nclean += (uint32_t)(next - p);
	}
	return rc;
}

/* Whether n records are at p. */
static bool has_records(enum tt_content table, const uint8_t *p, const uint8_t *end, unsigned n)
{
	for (; n > 0 && p != NULL && p < end; n--)
		p = tt_content_record_end(table, p, end);
	return n == 0 && p != NULL;
}

/* So many pairs of ids in order show that all are: Go's runtime counts them. */
#define IN_ORDER 4

/* Whether the string at p is followed by one that has the next id, or by none. */
static bool is_next_in_order(const uint8_t *p, const uint8_t *next, const uint8_t *end)
{
	uint64_t id = 0, next_id = 0;

	tt_varint(p + 1, end, &id);
	return next == end || *next != TT_EV_STRING || tt_varint(next + 1, end, &next_id) <= 0 ||
	       next_id == id + 1;
}

/*
 * Whether the ids of a damaged table of strings are in order. Where a string is then not followed
 * by the next one, what lay between the two is lost, and with it maybe an end of the one and the
 * beginning of the other.
 */
static bool is_ordered(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *next;
	unsigned nin_order = 0;

	for (; p < end && nin_order <= IN_ORDER; p = next) {
		next = tt_content_record_end(TT_CONTENT_STRINGS, p, end);
		if (next == NULL || next == end)
			break;
		nin_order += is_next_in_order(p, next, end);
	}
	return nin_order >= IN_ORDER;
}

/* Whether the record that ends at `next` may be another than was written: the last one before
 * damage may go on with bytes that are not its own. */
static bool is_at_damage(const struct tt_salvaged_batch *b, const uint8_t *next)
{
	return b->doubted && next == b->head.data + b->nown;
}

/*
 * Files a table record by record and keeps those that are good. Of a table in doubt a record
 * is good if others follow it: one whose length is wrong ends where none begins.
 */
int tt_salvage_file_records(struct tt_salvage *s, struct tt_salvaged_batch *b, bool in_doubt,
		       struct tt_error *err)
{
	enum tt_content content = tt_content_of(&b->head, s->version);
	const uint8_t *p = b->head.data + 1, *end = b->head.data + b->nown, *next;
	bool ordered = content == TT_CONTENT_STRINGS && (in_doubt || b->cut || b->doubted) &&
		       is_ordered(p, end);

	b->clean = tt_mem_alloc(s->mem, b->head.size);
	if (b->clean == NULL)
		return tt_salvage_no_memory(s, err);
	b->clean[b->nclean++] = b->head.data[0];
	for (; p < end && (next = tt_content_record_end(content, p, end)) != NULL; p = next) {
		int rc;

		if (in_doubt && !has_records(content, next, end, PROOF))
			break;
		if (is_at_damage(b, next) || (ordered && !is_next_in_order(p, next, end)))
			continue;
		rc = add_record(s, b, p, next, err);
		if (rc < 0 && tt_salvage_is_machine(-rc))
			return rc;
		if (rc < 0 && rc != -TT_E_STRING_DUPLICATE && rc != -TT_E_STACK_DUPLICATE)
			break;
	}
	s->uncounted |= content == TT_CONTENT_SAMPLES && b->nclean != b->head.size;
	if (b->nclean == b->head.size) {
		tt_mem_free(s->mem, b->clean, b->head.size);
		b->clean = NULL;
	}
	return TT_OK;
}
