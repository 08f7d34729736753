/* SPDX-License-Identifier: MIT */
/* batch.c - framing. */
#include "wire/batch.h"

#include <string.h>

#include "wire/signature.h"
#include "wire/varint.h"

/* The numbers of a header, in their order, as Go's messages name them. */
enum { GEN, THREAD, TIME, SIZE, NFIELDS };
static const char *const field_names[NFIELDS] = {"gen", "M ID", "timestamp", "size"};

struct header {
	const uint8_t *pos, *end;
	unsigned experiment;
	uint64_t field[NFIELDS];
};

/* All of them, where their bytes are there whatever they are. False: one is bad. */
static bool read_fields_unchecked(struct header *h)
{
	const uint8_t *p = h->pos;

	for (int i = 0; i < NFIELDS; i++) {
		int n = 0;

		if (!tt_varint_unchecked(&p, &h->field[i]))
			n = tt_varint_slow(p, h->end, &h->field[i]);
		if (n < 0)
			return false;
		p += n;
	}
	h->pos = p;
	return true;
}

/* NFIELDS if all of them could be read, else the one that could not; *why says why. */
static int read_fields(struct header *h, int *why)
{
	if (h->end - h->pos >= NFIELDS * TT_VARINT_MAX && read_fields_unchecked(h))
		return NFIELDS;
	for (int i = 0; i < NFIELDS; i++) {
		int n = tt_varint(h->pos, h->end, &h->field[i]);

		if (n <= 0) {
			*why = n;
			return i;
		}
		h->pos += n;
	}
	return NFIELDS;
}

static int bad_field(int field, int why, struct tt_error *err)
{
	const char *text = why == TT_VARINT_EMPTY ? "EOF"
			   : why == TT_VARINT_CUT ? "unexpected EOF"
						  : "binary: varint overflows a 64-bit integer";

	return tt_fail(err, why == TT_VARINT_OVERFLOW ? TT_E_BATCH_HEADER : TT_E_CUT_OFF,
		       "error reading batch %s: %s", field_names[field], text);
}

/*
 * The header at data into *b; *length is how long it is. After an error it is
 * how far the header can be read.
 */
static int read_header(const uint8_t *data, size_t avail, struct tt_raw_batch *b, size_t *length,
		       struct tt_error *err)
{
	struct header h = {data + 1, data + avail, 0, {0}};
	int field, why = 0;

	*length = 1;
	if (b->kind == TT_RAW_BATCH_EXPERIMENT) {
		if (h.pos == h.end)
			return tt_fail(err, TT_E_CUT_OFF, "the file ends inside a batch header");
		b->experiment = *h.pos++;
	}
	field = read_fields(&h, &why);
	*length = (size_t)(h.pos - data);
	b->generation = h.field[GEN];
	b->thread = field > THREAD ? (int64_t)h.field[THREAD] : TT_NONE;
	b->time = h.field[TIME];
	if (field < NFIELDS) {
		if (why != TT_VARINT_OVERFLOW)
			*length = avail;
		return bad_field(field, why, err);
	}
	if (h.field[SIZE] > TT_BATCH_MAX_SIZE)
		return tt_fail(err, TT_E_BATCH_SIZE, "invalid batch size %llu, maximum is %d",
			       (unsigned long long)h.field[SIZE], TT_BATCH_MAX_SIZE);
	b->size = (uint32_t)h.field[SIZE];
	return TT_OK;
}

/* No batch begins with this byte. The words of the first line are Go's. */
static int bad_type(struct tt_source *src, uint8_t type, struct tt_error *err)
{
	struct tt_error ignored;
	const uint8_t *data;
	unsigned version;
	size_t avail = 0;

	/* (only then: live input may have no more) */
	if (type == 'g')
		tt_source_peek(src, TT_HEADER_SIZE, &data, &avail, &ignored);
	if (avail != 0 && tt_signature_is_here(data, data + avail, &version))
		tt_fail(err, TT_E_ANOTHER_TRACE,
			"expected batch event, got event %d\nanother trace (go 1.%u) begins here",
			type, version);
	else
		tt_fail(err, TT_E_BATCH_TYPE, "expected batch event, got event %d", type);
	err->offset = tt_source_offset(src);
	return -err->code;
}

/* Header and body of a batch whose first bytes are in data. */
static int read_framed(struct tt_source *src, const uint8_t *data, size_t avail,
		       struct tt_raw_batch *b, struct tt_error *err)
{
	size_t length;
	int rc = read_header(data, avail, b, &length, err);
	uint8_t first = rc == TT_OK && b->size != 0 && length < avail ? data[length] : 0;

	if (rc < 0) {
		tt_error_at(err, b->offset + (rc == -TT_E_BATCH_SIZE ? 0 : length));
		/* not the end of the file but a failure of the input cuts it off? */
		if (rc == -TT_E_CUT_OFF && tt_source_peek(src, avail + 1, &data, &avail, err) < 0)
			return -err->code;
		return rc;
	}
	rc = tt_source_peek(src, length + b->size, &data, &avail, err);
	if (rc < 0)
		return rc;
	if (avail < length + b->size) {
		rc = tt_fail(err, TT_E_CUT_OFF, "failed to read full batch: read %zu but wanted %u",
			     avail - length, b->size);
		err->offset = b->offset + avail;
		return rc;
	}
	b->data = data + length;
	b->first = first;
	b->data_offset = b->offset + length;
	tt_source_skip(src, length + b->size);
	return TT_OK;
}

int tt_batch_read(struct tt_source *src, const struct tt_framing *framing, struct tt_raw_batch *b,
		  struct tt_error *err)
{
	const uint8_t *data;
	size_t avail;
	int rc = TT_OK;

	if (framing->live)
		rc = tt_source_peek(src, 1, &data, &avail, err);
	if (!framing->live || (avail != 0 && tt_raw_batch_kind(data[0]) != TT_RAW_BATCH_END))
		rc = tt_source_peek_header(src, TT_BATCH_MAX_HEADER + 1, &data, &avail, err);
	if (rc < 0 && avail == 0)
		return rc;
	if (avail == 0)
		return TT_END;
	*b = (struct tt_raw_batch){
		.kind = tt_raw_batch_kind(data[0]),
		.thread = TT_NONE,
		.offset = tt_source_offset(src),
	};
	switch (b->kind) {
	case TT_RAW_BATCH_BAD:
		return bad_type(src, data[0], err);
	case TT_RAW_BATCH_END:
		rc = tt_source_peek(src, 1, &b->data, &avail, err);
		if (rc < 0)
			return rc;
		b->first = data[0];
		b->data_offset = b->offset;
		b->size = 1;
		tt_source_skip(src, 1);
		return TT_OK;
	case TT_RAW_BATCH_EXPERIMENT:
		if (avail == 1 && rc == 0 && framing->like_go)
			return TT_END;
		break;
	case TT_RAW_BATCH_EVENTS:
		break;
	}
	rc = read_framed(src, data, avail, b, err);
	if (rc < 0)
		tt_error_in_batch(err, b->offset, b->generation != 0 ? b->generation : TT_UNKNOWN,
				  b->thread);
	return rc;
}

bool tt_batch_plausible(const uint8_t *data, const uint8_t *end, struct tt_raw_batch *b,
			uint64_t *nbytes)
{
	struct header h = {data + 1, end, 0, {0}};
	int why;

	*b = (struct tt_raw_batch){.kind = tt_raw_batch_kind(data[0]), .thread = TT_NONE};
	*nbytes = 1;
	if (b->kind == TT_RAW_BATCH_END)
		return true;
	if (b->kind == TT_RAW_BATCH_BAD)
		return false;
	if (b->kind == TT_RAW_BATCH_EXPERIMENT && h.pos++ == end)
		return false;
	if (read_fields(&h, &why) < NFIELDS || h.field[GEN] == 0 ||
	    h.field[SIZE] > TT_BATCH_MAX_SIZE)
		return false;
	b->generation = h.field[GEN];
	b->thread = (int64_t)h.field[THREAD];
	b->time = h.field[TIME];
	b->size = (uint32_t)h.field[SIZE];
	*nbytes = (uint64_t)(h.pos - data) + b->size;
	return true;
}
