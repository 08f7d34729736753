/* SPDX-License-Identifier: MIT */
/*
 * cause.c - why a trace is broken, where the whole file shows it. A reader knows only where it
 * stopped: not that a copy changed all bytes, or that another trace begins right before that
 * place. Command layer.
 */
#include <string.h>

#include "cli.h"

/* Whether something that was found explains an error: it is that from its own place on. What a copy
 * did to the first trace is, wherever the record begins that shows it. */
static bool explains(const struct tt_error *found, const struct tt_error *err, bool first)
{
	return err->offset == TT_UNKNOWN || found->offset <= err->offset ||
	       (first && found->code == TT_E_REENCODED);
}

/* What was found so far, up to the first that explains it. `first`: in the first trace. */
static bool take_findings(struct tt_pieces *pieces, bool first, struct tt_error *err)
{
	struct tt_error found;

	while (tt_pieces_finding(pieces, &found) == 0) {
		if (!explains(&found, err, first))
			continue;
		*err = found;
		return true;
	}
	return false;
}

void cmd_take_cause(struct tt_pieces *pieces, struct tt_error *err)
{
	struct tt_reader *reader;
	struct tt_error why;
	bool first = true;
	int rc;

	do {
		rc = tt_pieces_next(pieces, &reader, &why);
		tt_reader_close(reader);
		if (rc < 0 && why.code == TT_E_REENCODED && explains(&why, err, first)) {
			*err = why;
			return;
		}
		if (take_findings(pieces, first, err))
			return;
		first = false;
	} while (rc == 0 || (rc < 0 && !why.system));
}

bool cmd_may_have_cause(const struct tt_error *err)
{
	return !err->system && err->code != TT_OK && err->code != TT_E_REENCODED;
}

void cmd_find_cause(const struct cmd_input *in, const char *path, struct tt_error *err)
{
	struct tt_pieces *pieces;
	struct tt_error ignored;

	if (!cmd_may_have_cause(err) || !cmd_can_be_read_again(path) ||
	    cmd_open_pieces(&pieces, in, path, &ignored) < 0)
		return;
	cmd_take_cause(pieces, err);
	tt_pieces_close(pieces);
}

int cmd_report_cause(const struct cmd_input *in, const char *path, struct tt_reader *r,
		     const struct tt_error *err)
{
	struct tt_error cause = *err;

	cmd_find_cause(in, path, &cause);
	return cmd_report_end(cmd_input_name(path), r, &cause);
}
