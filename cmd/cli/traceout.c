/* SPDX-License-Identifier: MIT */
/* traceout.c - where traces go. Command layer. */
#include "traceout.h"

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

static bool pack(void *arg, const void *data, size_t nbytes)
{
	return tt_packer_write(((struct trace_output *)arg)->packer, data, nbytes);
}

static bool end_frame(void *arg)
{
	return tt_packer_end_frame(((struct trace_output *)arg)->packer);
}

static bool is_packed(const char *path)
{
	size_t len = strlen(path);

	return len > 4 && strcmp(path + len - 4, ".zst") == 0;
}

int trace_output_open(struct trace_output *o, const char *path)
{
	const struct tt_sink plain = { .write = put, .arg = o };
	struct tt_error err;
	int status;

	*o = (struct trace_output){ .sink = plain };
	status = outfile_open(&o->file, path);
	if (status != STATUS_FINE || !is_packed(path))
		return status;
	if (tt_packer_new(&o->packer, &plain, &err) < 0) {
		cmd_report(path, &err);
		outfile_discard(&o->file);
		return STATUS_TROUBLE;
	}
	o->sink = (struct tt_sink){ .write = pack, .arg = o, .end_generation = end_frame };
	return STATUS_FINE;
}

bool trace_output_write(struct trace_output *o, struct tt_str bytes)
{
	return o->sink.write(o, bytes.data, bytes.len);
}

bool trace_output_end_generation(struct trace_output *o)
{
	return !o->packer || end_frame(o);
}

int trace_output_finish(struct trace_output *o)
{
	/* (what fails there fails in the file, too) */
	bool packed = !o->packer || tt_packer_finish(o->packer) || out_failed(o->file.out);

	tt_packer_free(o->packer);
	o->packer = NULL;
	if (packed)
		return outfile_finish(&o->file);
	cmd_error(o->file.path, "cannot be written: %s", strerror(errno));
	outfile_discard(&o->file);
	return STATUS_TROUBLE;
}

void trace_output_discard(struct trace_output *o)
{
	tt_packer_free(o->packer);
	o->packer = NULL;
	outfile_discard(&o->file);
}
