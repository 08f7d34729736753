/* SPDX-License-Identifier: MIT */
/* inputs_folder.c - the traces of a folder. Command layer. */
#include <stdlib.h>
#include <string.h>

#include "inputs_from.h"

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_mode != 0 && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * A file that was not named on the command line and is the output, or the temporary file of
 * it. If it is a trace, it is an error, since writing would destroy it.
 */
struct trace *inputs_from_output(struct cmd_inputs *in, const char *path, const struct stat *st)
{
	struct tt_reader *reader;
	struct tt_error err;
	int rc = -1;

	if (same_file(&in->output, st))
		rc = cmd_open_reader(&reader, in->input, path, &err);
	if (rc < 0)
		return NULL;
	tt_reader_close(reader);
	in->clash = true;
	return inputs_trace_failed(in, path, TT_E_ARGUMENT, 0,
			    "the output is also an input: use another one with -o");
}

bool inputs_is_output(const struct cmd_inputs *in, const char *path, struct stat *st)
{
	return (in->output.st_mode != 0 || in->temporary.st_mode != 0) && stat(path, st) == 0 &&
	       (same_file(&in->output, st) || same_file(&in->temporary, st));
}

/* NULL: none, the folder has ended, or a file was left out. */
struct trace *inputs_from_folder(struct cmd_inputs *in)
{
	const char *path;
	struct stat st;
	struct trace *t = NULL;
	int rc = walk_next(&in->walk, &path);

	if (rc == 0)
		return inputs_is_output(in, path, &st) ? inputs_from_output(in, path, &st)
						: inputs_from_path(in, path, false);
	if (rc < 0 && !path) {
		inputs_out_of_memory(in);
	} else if (rc < 0) {
		in->folder.found++;
		return inputs_trace_failed(in, path, TT_E_IO, -rc, "cannot open: %s", strerror(-rc));
	} else if (in->folder.found == 0) {
		t = inputs_no_trace_in(in, &in->folder, "folder");
	}
	inputs_end_group(in, &in->folder);
	return t;
}

struct trace *inputs_enter_folder(struct cmd_inputs *in, const char *path)
{
	int failure;

	if (in->input->options.member)
		return inputs_trace_failed(in, path, TT_E_ARGUMENT, 0,
				    "--member requires archives, and this is a folder");
	failure = walk_begin(&in->walk, path);
	if (failure != 0)
		return inputs_trace_failed(in, path, TT_E_IO, failure, "cannot open: %s",
				    strerror(failure));
	in->folder = (struct group){ .name = strdup(path) };
	if (!in->folder.name)
		inputs_out_of_memory(in);
	return NULL;
}
