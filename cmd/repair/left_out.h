/* SPDX-License-Identifier: MIT */
/*
 * left_out.h - what `tracetool repair` says of how a file was taken apart, and of the bytes in
 * it that are not a trace's. Command layer. The files of this folder:
 *
 *	repair.c    the verb: its options, its outputs, what it says of generations
 *	left_out.c  the pieces of the file
 */
#ifndef CMD_REPAIR_LEFT_OUT_H
#define CMD_REPAIR_LEFT_OUT_H

#include "cli/cli.h"

struct left_out {
	uint64_t text, zeros, other; /* bytes of each kind */
};

/* Sums, once all of the input was read. Quiet: that is all. Verbose: lists every piece. Otherwise
 * the first few that are not of the first trace. */
struct left_out report_pieces(const char *name, struct tt_pieces *pieces,
			      const struct cmd_common *common);

#endif
