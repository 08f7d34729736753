/* SPDX-License-Identifier: MIT */
/*
 * assemble.c - `tracetool assemble`: the text of a trace back to bytes, piece by piece.
 * Command layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/traceout.h"
#include "tracetool_write.h"

struct assemble_options {
	struct opt_list specs;
	const char *output;
};

static const struct opt table[] = {
	OPT_HEADING("Output"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "OUT",
	  .help = "write the trace to OUT, compressed if its name ends\n"
		  "in .zst; '-' (default) is standard output",
	  .at = offsetof(struct assemble_options, output) },
	OPT_HEADING("Common options"),
	CMD_SPEC_OPTION(struct assemble_options, specs),
	OPT_HELP,
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "assemble",
	.synopsis = "[-o OUT] [--spec=FILE] FILE",
	.summary = "Turns text, as 'tracetool dump --format=wire --header' prints it, back into a\n"
		   "trace. FILE '-' is standard input.",
	.notes = "Exit status: 0 fine, 1 the text has a mistake, 2 a usage, I/O or resource error.",
	.table = table,
	.min_operands = 1,
	.max_operands = 1,
};

struct run {
	const char *name;       /* of the text, for messages */
	int fd;
	struct tt_assembler *assembler;
	struct trace_output output;
};

/* Reports a mistake in the text, or that there is no memory. A STATUS_*. */
static int report_mistake(const struct run *run, const struct tt_error *err)
{
	if (err->code != TT_E_SPEC) {
		cmd_report(run->name, err);
		return STATUS_TROUBLE;
	}
	cmd_error(NULL, "%s:%s", run->name, err->message);
	cmd_advise("Write each line as 'tracetool dump --format=wire --header' prints it: see "
		   "tracetool-assemble(1).");
	return STATUS_BAD;
}

/* False: it cannot be written, which is reported when the file is complete. */
static bool write_assembled(struct run *run)
{
	struct tt_str bytes;
	bool ends, written = true;

	do {
		bytes = tt_assembler_take_generation(run->assembler, &ends);
		written = trace_output_write(&run->output, bytes) &&
			  (!ends || trace_output_end_generation(&run->output));
	} while (written && (ends || bytes.len != 0));
	return written;
}

/* Reads the text to its end. A STATUS_*. */
static int assemble(struct run *run)
{
	static char text[64 * 1024];
	struct tt_error err;
	bool written = true;
	ssize_t n;

	do {
		n = read(run->fd, text, sizeof(text));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			cmd_error(run->name, "cannot be read: %s", strerror(errno));
			return STATUS_TROUBLE;
		}
		if (n > 0 && tt_assembler_add(run->assembler, text, (size_t)n, &err) < 0)
			return report_mistake(run, &err);
		written = write_assembled(run);
	} while (n != 0 && written);
	if (n == 0 && tt_assembler_finish(run->assembler, &err) < 0)
		return report_mistake(run, &err);
	write_assembled(run);
	return STATUS_FINE;
}

static int assemble_to(struct run *run, const char *output)
{
	int status = trace_output_open(&run->output, output ? output : "-");

	if (status != STATUS_FINE)
		return status;
	status = assemble(run);
	if (status == STATUS_FINE)
		return trace_output_finish(&run->output);
	trace_output_discard(&run->output);
	return status;
}

static int assemble_opened(struct run *run, const struct assemble_options *opt)
{
	struct cmd_common common = { .specs = opt->specs };
	struct cmd_input in;
	struct tt_error err;
	int status = cmd_input_init(&in, &common);

	if (status == STATUS_FINE && tt_assembler_new(&run->assembler, in.specs, &err) < 0)
		status = report_mistake(run, &err);
	if (status == STATUS_FINE)
		status = assemble_to(run, opt->output);
	tt_assembler_free(run->assembler);
	cmd_input_release(&in);
	return status;
}

static int assemble_path(const struct assemble_options *opt, const char *path)
{
	struct run run = { .name = cmd_input_name(path), .fd = STDIN_FILENO };
	bool standard = strcmp(path, "-") == 0;
	int status;

	if ((!opt->output || strcmp(opt->output, "-") == 0) && isatty(STDOUT_FILENO))
		return opt_usage(&command,
				 "refusing to write a binary trace to a terminal: use -o OUT");
	if (!standard)
		run.fd = open(path, O_RDONLY | O_CLOEXEC);
	if (run.fd < 0) {
		cmd_error(run.name, "cannot be read: %s", strerror(errno));
		return STATUS_TROUBLE;
	}
	status = assemble_opened(&run, opt);
	if (!standard)
		close(run.fd);
	return status;
}

int cmd_assemble(int argc, char **argv)
{
	struct assemble_options opt = { 0 };
	struct opt_operands operands;
	int status = opt_parse(&command, argc, argv, &opt, &operands);

	if (status == OPT_RUN)
		status = cmd_check_output(&command, opt.output, operands.items, 1, &opt.specs);
	if (status == OPT_RUN)
		status = assemble_path(&opt, operands.items[0]);
	opt_list_release(&opt.specs);
	return status;
}
