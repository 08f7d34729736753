/* SPDX-License-Identifier: MIT */
/*
 * verbs.h - the verbs, in the order in which `tracetool help` lists them, a line
 * each: VERB(name, function, summary). Included by whoever defines VERB. A
 * summary is at most 60 characters and has no full stop.
 */
VERB("dump", cmd_dump, "print the events of a trace in order")
