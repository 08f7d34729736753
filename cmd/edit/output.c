/* SPDX-License-Identifier: MIT */
/* output.c - where traces go. Command layer. */
#include "output.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int trace_output_check(const struct opt_command *command, const char *path, char *const *files,
		       size_t nfiles, const struct opt_list *specs)
{
	if (!path)
		return opt_usage(command, "no output given: use -o OUT");
	if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO))
		return opt_usage(command,
				 "refusing to write a binary trace to a terminal: use -o OUT");
	return cmd_check_output(command, path, files, nfiles, specs);
}

static bool put(void *arg, const void *data, size_t nbytes)
{
	struct out *o = ((struct trace_output *)arg)->file.out;

	out_end(o, out_text(o, out_begin(o), data, nbytes));
	errno = o->error;
	return !out_failed(o);
}

int trace_output_open(struct trace_output *o, const char *path)
{
	o->sink = (struct tt_sink){ put, o };
	return outfile_open(&o->file, path);
}

int trace_output_finish(struct trace_output *o)
{
	return outfile_finish(&o->file);
}

void trace_output_discard(struct trace_output *o)
{
	outfile_discard(&o->file);
}
