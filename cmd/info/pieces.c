/* SPDX-License-Identifier: MIT */
/*
 * pieces.c - what a file holds besides the trace that it begins with: other traces, text, bytes
 * in front or after. Only a damaged file can, so that good ones are read once. Command layer.
 */
#include "info.h"

void info_take_apart(struct info *f, const struct cmd_trace *t)
{
	struct tt_pieces *pieces;
	struct tt_reader *reader;
	struct tt_piece second;
	struct tt_error err;
	int rc = cmd_trace_open_pieces_again(&pieces, t, &err);

	/* (what is wrong with the traces was said before) */
	while (rc == 0 && (rc = tt_pieces_next(pieces, &reader, &err)) != 1) {
		tt_reader_close(reader);
		if (rc < 0 && err.system)
			break;
		rc = 0;
	}
	if (rc == 1 && tt_pieces_at(pieces, 1, &second))
		f->pieces = pieces;
	else
		tt_pieces_close(pieces);
}
