/* SPDX-License-Identifier: MIT */
/* left_out.c - the pieces of a file, and sums of them. Command layer. */
#include <inttypes.h>
#include <string.h>

#include "cli/units.h"
#include "left_out.h"

/* So many are named unless all are. */
enum { MOST_NAMED = 10 };

static bool is_text(const struct tt_piece *piece)
{
	return piece->kind == TT_PIECE_TEXT ||
	       (piece->kind == TT_PIECE_FRONT && strstr(piece->text.data, "text \"") != NULL);
}

static void add(struct left_out *sum, const struct tt_piece *piece)
{
	if (piece->kind == TT_PIECE_TRACE)
		return;
	if (is_text(piece))
		sum->text += piece->nbytes;
	else if (piece->kind == TT_PIECE_ZEROS)
		sum->zeros += piece->nbytes;
	else
		sum->other += piece->nbytes;
}

static const char *word(const struct tt_piece *piece)
{
	if (piece->text.len != 0)
		return piece->text.data;
	return piece->kind == TT_PIECE_TEXT	? "text"
	       : piece->kind == TT_PIECE_ZEROS ? "zeros"
					       : "other bytes";
}

static void list_piece(const char *name, const struct tt_piece *piece)
{
	if (piece->kind != TT_PIECE_TRACE)
		cmd_error(name, "0x%" PRIx64 ": %" PRIu64 " byte%s: %s: left out", piece->offset,
			  piece->nbytes, plural(piece->nbytes), word(piece));
	else if (piece->version != 0)
		cmd_error(name, "0x%" PRIx64 ": %" PRIu64 " byte%s: trace %u (go 1.%u)",
			  piece->offset, piece->nbytes, plural(piece->nbytes), piece->trace,
			  piece->version);
	else
		cmd_error(name, "0x%" PRIx64 ": %" PRIu64 " byte%s: more of trace %u",
			  piece->offset, piece->nbytes, plural(piece->nbytes), piece->trace);
}

/* The lines of a message as one. */
static void say(const char *name, struct tt_error *err)
{
	char *end = strchr(err->message, '\n');

	if (end)
		*end = '\0';
	cmd_error(name, "%s%s%s", err->message, end ? "; " : "", end ? end + 1 : "");
}

/* What is to be said about them; with `verbose` the list says more. */
static void name_pieces(const char *name, struct tt_pieces *pieces, bool verbose)
{
	struct tt_error err;
	unsigned n = 0;

	while (tt_pieces_finding(pieces, &err) == 0) {
		if (err.code != TT_E_REENCODED && verbose)
			continue;
		if (n++ < MOST_NAMED)
			say(name, &err);
	}
	if (n > MOST_NAMED)
		cmd_error(name, "%u more pieces are not named; -v lists all", n - MOST_NAMED);
}

struct left_out report_pieces(const char *name, struct tt_pieces *pieces,
			      const struct cmd_common *common)
{
	struct left_out sum = { 0 };
	struct tt_piece piece;
	size_t n = 0;

	while (tt_pieces_at(pieces, n, &piece)) {
		add(&sum, &piece);
		n++;
	}
	if (common->quiet)
		return sum;
	name_pieces(name, pieces, common->verbose);
	for (size_t i = 0; common->verbose && n > 1 && tt_pieces_at(pieces, i, &piece); i++)
		list_piece(name, &piece);
	if (sum.text != 0)
		cmd_error(name, "%" PRIu64 " byte%s of text left out", sum.text, plural(sum.text));
	if (sum.zeros != 0)
		cmd_error(name, "%" PRIu64 " zero byte%s left out", sum.zeros, plural(sum.zeros));
	if (sum.other != 0)
		cmd_error(name, "%" PRIu64 " other byte%s left out", sum.other, plural(sum.other));
	return sum;
}
