/* SPDX-License-Identifier: MIT */
/*
 * pieces.h - an input taken apart; its contract is tracetool.h. Stands on event. The files of
 * this folder:
 *
 *	pieces.c    the traces of an input, one after the other, each as a source of its own
 *	findings.c  what is said about its pieces
 *	scan.c      which bytes are a trace's and which are foreign
 *	scan_v1.c   the same of format v1
 *	inside.c    whether a batch is whole, or another trace begins in it
 *	records_v1.c  the length of a record of format v1, as Go writes it
 *	coding.c    how a copy has changed all bytes
 *	decode.c    undoes that (decode_text.c, decode_http.c, decode_input.c; decode.h)
 *	offsets.c   where bytes were before others were left out
 */
#ifndef TT_PIECES_PIECES_H
#define TT_PIECES_PIECES_H

#include "pieces/coding.h"
#include "pieces/scan.h"

/* As struct tt_piece, but its place is in what the decoder makes. */
struct tt_part {
	enum tt_piece_kind kind;
	unsigned trace, version;
	uint64_t offset, nbytes;
	char *text;             /* owned, or NULL */
	bool unfinished;
};

struct tt_pieces {
	struct tt_mem mem;
	struct tt_options options;
	struct tt_specs *own_specs; /* if the caller gave none */
	struct tt_decode_plan plan;
	struct tt_v1_shapes shapes; /* ready once a trace in format v1 was begun */
	struct tt_source *raw;  /* the input */
	struct tt_source *src;  /* the same, or what `decoder` makes of it */
	struct tt_decoder decoder;
	enum tt_coding coding;
	uint64_t coding_begin;
	bool begun, ended;
	bool failed;            /* the current trace's reader got the error of the input */
	unsigned ntraces;

	/* the current trace */
	struct tt_scan scan;
	uint64_t begin;         /* in src */
	uint64_t left;          /* of the run at src's position */
	uint64_t nbytes;        /* of the trace, handed out */
	struct tt_offsets offsets; /* from those of the trace to those in src */
	bool scanned;           /* its parts are known */
	bool contiguous;        /* nothing foreign is in it: */
	uint64_t end;           /* it ends here in src */

	TT_ARRAY(struct tt_part) parts;
	size_t ntexts;          /* of them that have a text */
	size_t first_part;      /* of the current trace */
	bool said_coding;
	size_t nsaid;           /* parts about which all was said */
};

/* Offset in the input of one in src. */
static inline uint64_t tt_pieces_raw_offset(const struct tt_pieces *p, uint64_t offset)
{
	return p->src == p->raw ? offset : tt_decoder_offset(&p->decoder, offset);
}

/* What a copy did, as an error with its place. */
void tt_pieces_say_coding(const struct tt_pieces *p, struct tt_error *err);

#endif
