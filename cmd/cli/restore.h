/* SPDX-License-Identifier: MIT */
/*
 * restore.h - an anonymized trace with its old names, by the list that anonymize --map wrote.
 * Command layer: stands on cli.h and tracetool_write.h.
 */
#ifndef CMD_CLI_RESTORE_H
#define CMD_CLI_RESTORE_H

#include "cli.h"
#include "tracetool_write.h"

struct cmd_restored {
	struct tt_input input;  /* the trace with its old names; as long as this does not move */
	/* the rest is private */
	struct tt_reader *reader;
	struct tt_names *names;
	struct tt_anonymizer *anonymizer;
	char *data;             /* written, and not yet read from `at` on */
	size_t at, len, cap;
};

/*
 * Opens a trace as cmd_open_reader() does, and the list. 0, or a status after a message. Release
 * in both cases, after what reads the input.
 */
int cmd_restored_open(struct cmd_restored *r, const struct cmd_input *in, const char *path,
		      const char *list);
void cmd_restored_release(struct cmd_restored *r);

#endif
