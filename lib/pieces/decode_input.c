/* SPDX-License-Identifier: MIT */
/* decode_input.c - what each decoder does with its input. */
#include <string.h>

#include "pieces/decode.h"

int tt_decoder_no_memory(struct tt_decoder *d, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(d->offsets.mem), "no memory for the places of the input");
}

bool tt_decoder_note_place(struct tt_decoder *d, uint64_t made)
{
	return tt_offsets_add(&d->offsets, made, tt_source_offset(d->raw));
}

int tt_decoder_damaged(const struct tt_decoder *d, const char *what, struct tt_error *err)
{
	tt_fail(err, TT_E_INPUT, "%s at byte %llu of the file", what,
		(unsigned long long)tt_source_offset(d->raw));
	return -err->code;
}

void tt_decoder_move_on(struct tt_decoder *d, size_t n)
{
	tt_source_skip(d->raw, n);
	tt_source_release(d->raw, tt_source_offset(d->raw));
}

int tt_decoder_copy(struct tt_decoder *d, uint8_t *buf, size_t n, size_t *got,
		    struct tt_error *err)
{
	const uint8_t *data;
	size_t avail;
	int rc = tt_source_peek(d->raw, 1, &data, &avail, err);

	if (rc < 0 && avail == 0)
		return rc;
	*got = avail < n ? avail : n;
	if (*got != 0)
		memcpy(buf, data, *got);
	tt_decoder_move_on(d, *got);
	return 0;
}
