/* SPDX-License-Identifier: MIT */
/*
 * traceout.h - a trace that a verb writes: a file that appears whole or not at all, or standard
 * output. Command layer: stands on outfile.h.
 */
#ifndef CMD_CLI_TRACEOUT_H
#define CMD_CLI_TRACEOUT_H

#include "cli.h"
#include "outfile.h"
#include "tracetool_write.h"

struct trace_output {
	struct outfile file;
	struct tt_packer *packer; /* NULL: it is not compressed */
	struct tt_sink sink;    /* for a writer; valid as long as this struct does not move */
};

/* What a verb that writes a trace checks first: OPT_RUN, or the answer of opt_usage(). */
int trace_output_check(const struct opt_command *command, const char *path, char *const *files,
		       size_t nfiles, const struct opt_list *specs);
/* Compressed if the name ends in .zst. 0, or STATUS_TROUBLE after a message. */
int trace_output_open(struct trace_output *o, const char *path);
/* Bytes of a trace, and where a generation of it ends. False: it cannot be written, which
 * trace_output_finish() reports. */
bool trace_output_write(struct trace_output *o, struct tt_str bytes);
bool trace_output_end_generation(struct trace_output *o);
/* The file gets its name. The same statuses. */
int trace_output_finish(struct trace_output *o);
/* Instead of finishing: nothing of it stays. */
void trace_output_discard(struct trace_output *o);

#endif
