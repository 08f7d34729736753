/* SPDX-License-Identifier: MIT */
/* url.h - URLs among the arguments: recognized, and without their passwords. Command layer. */
#ifndef CMD_CLI_URL_H
#define CMD_CLI_URL_H

#include <stdbool.h>

/* Whether it begins as http://HOST or https://HOST does. */
bool url_is(const char *text);

/*
 * Overwrites user names and passwords of URLs in the process's arguments, which every user of
 * the machine can read in /proc. What needs them, the value of --url and what follows `--`,
 * points to a copy then; any other argument is left without them, so that no message has them.
 * False: there is no memory.
 */
bool url_hide_passwords(int argc, char **argv);

#endif
