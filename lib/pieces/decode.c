/* SPDX-License-Identifier: MIT */
/* decode.c - undoes what a copy did, as a filter between two sources. */
#include "pieces/decode.h"
#include "wire/foreign.h"

/* More than that after the coding is no white space, whatever it is. */
#define REST_NBYTES 128

static int decode(void *arg, uint8_t *buf, size_t room, size_t *got, struct tt_error *err)
{
	struct tt_decoder *d = arg;
	int rc = 0;

	*got = 0;
	switch (d->coding) {
	case TT_CODING_CRLF:
		rc = tt_crlf_read(d, buf, room, got, err);
		break;
	case TT_CODING_LATIN1:
		rc = tt_latin1_read(d, buf, room, got, err);
		break;
	case TT_CODING_BASE64:
		rc = tt_base64_read(d, buf, room, got, err);
		break;
	case TT_CODING_CHUNKED:
		rc = d->ended ? 0 : tt_chunks_read(d, buf, room, got, err);
		break;
	case TT_CODING_HTTP2:
		rc = d->ended ? 0 : tt_frames_read(d, buf, room, got, err);
		break;
	case TT_CODING_NONE:
	case TT_CODING_REPLACED:
		break;
	}
	d->nbytes += *got;
	return rc;
}

int tt_decoder_open(struct tt_source **out, struct tt_decoder *d, struct tt_source *raw,
		    enum tt_coding coding, uint64_t begin, struct tt_mem *mem,
		    struct tt_error *err)
{
	const struct tt_source_filter filter = {
		.read = decode, .arg = d, .offset = tt_source_offset(raw)};

	*d = (struct tt_decoder){
		.coding = coding, .raw = raw, .begin = begin, .nbytes = filter.offset};
	tt_offsets_init(&d->offsets, mem);
	/* what comes before the first change is where it was */
	if (!tt_decoder_note_place(d, d->nbytes))
		return tt_decoder_no_memory(d, err);
	if (coding == TT_CODING_BASE64) {
		d->nmade = begin;
		if (!tt_base64_begin(d))
			return tt_decoder_no_memory(d, err);
	}
	return tt_source_open_filter(out, &filter, mem, err);
}

bool tt_decoder_rest(struct tt_decoder *d, bool *rest)
{
	struct tt_error ignored;
	const uint8_t *p;
	size_t avail;

	*rest = false;
	if (!d->ended || d->coding == TT_CODING_HTTP2)
		return true;
	tt_source_peek(d->raw, REST_NBYTES, &p, &avail, &ignored);
	*rest = avail != 0 && (avail >= REST_NBYTES || tt_blank_len(p, p + avail) != avail);
	return !*rest || d->coding == TT_CODING_BASE64 || tt_decoder_note_place(d, d->nbytes);
}

void tt_decoder_release(struct tt_decoder *d)
{
	if (d->coding == TT_CODING_NONE)
		return;
	TT_ARRAY_RELEASE(d->offsets.mem, &d->texts);
	tt_offsets_release(&d->offsets);
}

uint64_t tt_decoder_offset(const struct tt_decoder *d, uint64_t offset)
{
	return d->coding == TT_CODING_BASE64 ? tt_base64_offset(d, offset)
					     : tt_offsets_find(&d->offsets, offset);
}
