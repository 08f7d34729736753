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
VERB("info", cmd_info, "show what a trace file holds, in milliseconds")
VERB("validate", cmd_validate, "check traces and report what is wrong")
VERB("grep", cmd_grep, "find events and intervals in many traces")
VERB("extract-batches", cmd_extract, "write experimental batches to files")
VERB("stat", cmd_stat, "answer questions about traces")
VERB("export", cmd_export, "write profiles for other tools")
VERB("heap", cmd_heap, "show the live heap objects at a given time")
VERB("record", cmd_record, "record a trace and check it as it arrives")
VERB("filter", cmd_filter, "write a smaller trace of the events that are wanted")
VERB("split", cmd_split, "divide a trace into pieces")
VERB("cat", cmd_cat, "join pieces of one recording")
VERB("anonymize", cmd_anonymize, "replace the names in a trace, to share it")
VERB("repair", cmd_repair, "turn a damaged trace into a readable one")
VERB("assemble", cmd_assemble, "turn a text dump back into a trace")
VERB("spec", cmd_spec, "list events, check event specs, generate C code")

#undef VERB
