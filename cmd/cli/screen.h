/* SPDX-License-Identifier: MIT */
/* screen.h - how wide a line of text for people may be, and breaking longer ones. Command layer. */
#ifndef CMD_CLI_SCREEN_H
#define CMD_CLI_SCREEN_H

#include "out.h"

/* What a line has room for where nothing says it. */
enum { SCREEN_USUAL_WIDTH = 80 };

/* The columns of the terminal that standard output is, or $COLUMNS; 0: it is neither known. */
size_t screen_width(void);
/* How many bytes of a text go on a line of this width: up to a blank, which is the last of
 * them and best follows a comma; more than the width if there is no blank before. */
size_t screen_break(struct tt_str text, size_t width);
/* The same for names: after a `/` or `.` if there is no blank, or too early. */
size_t screen_break_name(struct tt_str text, size_t width);
/*
 * A text at the end of a line, of which `used` columns are taken: after two blanks if the width
 * has room for it (0: it has), else in lines of its own, with this indent and more for those
 * that go on. Names without a blank are broken after `/` or `.`.
 */
char *screen_put_last(struct out *o, char *p, struct tt_str text, size_t used, size_t width,
		      size_t indent);
/* Lines of text: those that are wider and do not begin with a blank are broken, and go on after
 * `indent` blanks. */
void screen_print(struct out *o, struct tt_str lines, size_t width, size_t indent);

#endif
