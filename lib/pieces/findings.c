/* SPDX-License-Identifier: MIT */
/* findings.c - the pieces of an input for the public, and what is to be said about them. */
#include <inttypes.h>
#include <string.h>

#include "pieces/pieces.h"

/* ---- pieces */

uint64_t tt_pieces_nbytes(const struct tt_pieces *p)
{
	return tt_source_offset(p->raw);
}

/* Where the i-th part begins in the input; past the last: where they end. */
static uint64_t begin_of(const struct tt_pieces *p, size_t i)
{
	const struct tt_part *part;

	if (i == 0)
		return 0;
	if (i < p->parts.n)
		return tt_pieces_raw_offset(p, p->parts.at[i].offset);
	if (p->ended)
		return tt_pieces_nbytes(p);
	part = &p->parts.at[p->parts.n - 1];
	return tt_pieces_raw_offset(p, part->offset + part->nbytes);
}

bool tt_pieces_at(const struct tt_pieces *p, size_t i, struct tt_piece *out)
{
	const struct tt_part *part;
	const char *text;

	if (i >= p->parts.n)
		return false;
	part = &p->parts.at[i];
	text = part->text != NULL ? part->text : "";
	*out = (struct tt_piece){
		.kind = part->kind,
		.trace = part->trace,
		.version = part->version,
		.offset = begin_of(p, i),
		.text = {text, strlen(text)},
		.unfinished = part->unfinished,
	};
	out->nbytes = begin_of(p, i + 1) - out->offset;
	return true;
}

/* ---- findings */

void tt_pieces_say_coding(const struct tt_pieces *p, struct tt_error *err)
{
	static const char *const words[] = {
		[TT_CODING_CRLF] = "a text-mode copy: every line feed has a carriage return in "
				   "front",
		[TT_CODING_LATIN1] = "a copy as text: each byte was taken for a character of "
				     "Latin-1 or Windows-1252, and is there in UTF-8",
		[TT_CODING_REPLACED] = "a copy as text: what is no text was replaced by U+FFFD, "
				       "which cannot be undone",
		[TT_CODING_BASE64] = "a trace in base64",
		[TT_CODING_CHUNKED] = "the body of an HTTP answer in chunks, whose sizes are among "
				      "the bytes of the trace",
		[TT_CODING_HTTP2] = "frames of HTTP/2, whose headers are among the bytes of the "
				    "trace",
	};

	tt_fail(err, TT_E_REENCODED, "%s", words[p->coding]);
	err->offset = p->coding_begin;
}

/* Whether a text is what says how a program ended. */
static bool says_end(const char *text)
{
	static const char *const words[] = {"signal: ", "exit status ", "panic", "fatal error",
					    "SIG", "Killed", "Terminated", "Interrupt"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(text, words[i]) != NULL)
			return true;
	return false;
}

static void say_text(const struct tt_piece *piece, struct tt_error *err)
{
	const char *text = piece->text.len != 0 ? piece->text.data : "text";

	tt_fail(err, TT_E_FOREIGN, "%s at 0x%" PRIx64 "%s", text, piece->offset,
		!piece->unfinished ? ""
		: says_end(text)   ? "\nthe program ended before trace.Stop"
				   : "\nthe trace has no end before it");
}

/* 0, or 1 if there is nothing to be said. */
static int say_piece(const struct tt_pieces *p, size_t i, struct tt_error *err)
{
	struct tt_piece piece;

	tt_pieces_at(p, i, &piece);
	switch (piece.kind) {
	case TT_PIECE_TRACE:
		if (p->parts.at[i].trace < 2 || (i != 0 && p->parts.at[i - 1].trace == piece.trace))
			return TT_END;
		if (piece.version != 0)
			tt_fail(err, TT_E_ANOTHER_TRACE,
				"another trace (go 1.%u) begins at 0x%" PRIx64, piece.version,
				piece.offset);
		else
			tt_fail(err, TT_E_ANOTHER_TRACE, "another trace begins at 0x%" PRIx64,
				piece.offset);
		break;
	case TT_PIECE_FRONT:
		tt_fail(err, TT_E_FOREIGN, "the trace begins at byte %" PRIu64 ", after %s",
			piece.offset + piece.nbytes, piece.text.data);
		break;
	case TT_PIECE_TEXT:
		say_text(&piece, err);
		break;
	case TT_PIECE_ZEROS:
		tt_fail(err, TT_E_FOREIGN, "zero bytes after the trace, from 0x%" PRIx64
			" on: %" PRIu64, piece.offset, piece.nbytes);
		break;
	case TT_PIECE_OTHER:
		tt_fail(err, TT_E_FOREIGN, "bytes after the trace, from 0x%" PRIx64
			" on: %" PRIu64, piece.offset, piece.nbytes);
		break;
	}
	err->offset = piece.offset;
	return TT_OK;
}

int tt_pieces_finding(struct tt_pieces *p, struct tt_error *out)
{
	/* (a part may still grow, and the next one may be of the same trace) */
	size_t n = p->ended ? p->parts.n : p->ntraces == 0 ? 0 : p->first_part + 1;

	if (p->src != p->raw && !p->said_coding) {
		p->said_coding = true;
		tt_pieces_say_coding(p, out);
		return TT_OK;
	}
	while (p->nsaid < n)
		if (say_piece(p, p->nsaid++, out) == TT_OK)
			return TT_OK;
	return TT_END;
}
