/* SPDX-License-Identifier: MIT */
/*
 * verbs.h - the verbs, in the order in which `tracetool help` lists them, a line
 * each: VERB(name, function, summary). Included plainly it declares the functions;
 * main.c includes it once more with its own VERB to build its table. A summary is
 * at most 60 characters and has no full stop.
 */
#ifndef VERB
#define VERB(name, function, summary) int function(int argc, char **argv);
#endif

VERB("dump", cmd_dump, "print the events of a trace in order")
VERB("validate", cmd_validate, "say whether traces are good and what is wrong")
VERB("extract-batches", cmd_extract, "write experimental batches to files")
VERB("heap", cmd_heap, "show what lives on the heap at a moment")
VERB("record", cmd_record, "store a trace while it comes, and check it")
VERB("repair", cmd_repair, "make a readable trace of a damaged one")
VERB("assemble", cmd_assemble, "make a trace of its text")
VERB("spec", cmd_spec, "list the events there are, check event specs")

#undef VERB
