/* SPDX-License-Identifier: MIT */
/* printable.h - texts that may hold any byte, for a report. Command layer. */
#ifndef CMD_VALIDATE_PRINTABLE_H
#define CMD_VALIDATE_PRINTABLE_H

/* A printable copy, to be freed; NULL without memory. */
char *printable_copy(const char *s);
/* The same of the lines of a message, as one. */
char *printable_message(const char *message);

#endif
