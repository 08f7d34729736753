/* SPDX-License-Identifier: MIT */
/*
 * csv.h - cells of comma-separated values (RFC 4180) onto an out's cursor. Texts of the
 * trace are escaped as in text output, so that a record is always one line. Command
 * layer, on out.h.
 */
#ifndef CMD_CLI_CSV_H
#define CMD_CLI_CSV_H

#include "out.h"

/* A cell of text, escaped, in quotes if need be. */
char *csv_text(struct out *o, char *p, struct tt_str s);
/* The same of a text that is escaped already. */
char *csv_escaped(struct out *o, char *p, struct tt_str s);

#endif
