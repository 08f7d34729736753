/* SPDX-License-Identifier: MIT */
/*
 * record.c - `tracetool record`: its options, and which source they name. Command
 * layer.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/units.h"
#include "record.h"

/* ---- options */

/* "5", "2.5", or a duration with its unit. */
static int parse_seconds(void *target, const char *value, struct opt_mistake *why)
{
	char text[64];
	int64_t *ns = target;
	int n = snprintf(text, sizeof(text), "%ss", value);

	bool known = (n > 0 && (size_t)n < sizeof(text) && opt_duration(text, ns) == 0) ||
		     opt_duration(value, ns) == 0;

	/* 30 years: sums of such times do not overflow */
	if (known && *ns > RECORD_MAX_SECONDS * NS_PER_SECOND)
		return opt_mistake(why, "is more than %" PRIu64 " seconds",
				   (uint64_t)RECORD_MAX_SECONDS);
	if (known && *ns > 0)
		return 0;
	return opt_mistake(why, "is not a duration (examples: 5, 2.5, 300ms, 10m, 1h)");
}

static const struct opt table[] = {
	OPT_HEADING("Where the trace comes from"),
	{ .kind = OPT_STRING, .name = "url", .meta = "URL",
	  .help = "a Go server, http://HOST:PORT; its path is\n"
		  "/debug/pprof/trace unless URL has one",
	  .at = offsetof(struct record_options, url) },
	{ .kind = OPT_OWN, .name = "seconds", .meta = "TIME", .parse = parse_seconds,
	  .help = "how long the server traces (default: 5)",
	  .at = offsetof(struct record_options, seconds_ns) },
	{ .kind = OPT_OWN, .name = "timeout", .meta = "TIME", .parse = parse_seconds,
	  .help = "how much longer to wait for the end of the trace\n(default: 30)",
	  .at = offsetof(struct record_options, timeout_ns) },
	OPT_HEADING("For a native program"),
	{ .kind = OPT_FLAG, .name = "heap",
	  .help = "record every object that malloc and similar\n"
		  "functions allocate and free, as experiment AllocFree",
	  .at = offsetof(struct record_options, heap) },
	{ .kind = OPT_FLAG, .name = "stacks",
	  .help = "record whole call stacks, not only callers",
	  .at = offsetof(struct record_options, stacks) },
	{ .kind = OPT_FLAG, .name = "follow",
	  .help = "record its child processes too, each to its own\n"
		  "file: FILE's name with the process ID in it",
	  .at = offsetof(struct record_options, follow) },
	OPT_HEADING("Where it goes"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "FILE",
	  .help = "write FILE (default: record.trace), compressed if\n"
		  "its name ends with .zst; '-' is standard output",
	  .at = offsetof(struct record_options, output) },
	{ .kind = OPT_SIZE, .name = "rotate-size", .meta = "SIZE", .min = 1,
	  .help = "start a new file when one has SIZE bytes (64M, 1G):\n"
		  "FILE's name with -000001, -000002, ... in it",
	  .at = offsetof(struct record_options, rotate_nbytes) },
	{ .kind = OPT_OWN, .name = "rotate-seconds", .meta = "TIME", .parse = parse_seconds,
	  .help = "start a new file when one is TIME old",
	  .at = offsetof(struct record_options, rotate_ns) },
	{ .kind = OPT_NUMBER, .name = "keep", .meta = "N", .min = 1, .max = 1000000,
	  .help = "keep only the newest N of these files",
	  .at = offsetof(struct record_options, keep) },
	OPT_HEADING("Common options"),
	CMD_SPEC_OPTION(struct record_options, specs),
	{ .kind = OPT_SIZE, .name = "max-memory", .meta = "SIZE", .min = 1 << 20,
	  .help = "stop the check at a generation that needs more\n"
		  "(512M, 2G); default: a quarter of the machine's\nmemory",
	  .at = offsetof(struct record_options, max_memory) },
	{ .kind = OPT_FLAG, .letter = 'q', .name = "quiet",
	  .help = "no warnings, no progress, no summary",
	  .at = offsetof(struct record_options, quiet) },
	OPT_HELP,
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "record",
	.synopsis = "[OPTION...] --url=URL | - | -- COMMAND...",
	.summary = "Records a trace and checks it as it arrives: from a Go server, from standard\n"
		   "input, from a native program, or from a command that writes its trace to a\n"
		   "file, whose name replaces {} in the arguments. Ctrl-C ends the recording and\n"
		   "keeps what has arrived.",
	.notes = "Exit status: 0 fine, 1 the trace is broken or cut off (whole generations are\n"
		 "kept), 2 a usage, I/O or resource error; if only COMMAND failed, its status.",
	.table = table,
};

/* ---- the run */

static int check_native(const struct record_options *opt, char **argv)
{
	if (argv && !argv[0])
		return opt_usage(&command, "no command after '--'");
	if ((!argv || record_has_placeholder(argv)) && (opt->heap || opt->stacks || opt->follow))
		return opt_usage(&command,
				 "--heap, --stacks and --follow require a native program, "
				 "a COMMAND without {}");
	return OPT_RUN;
}

/* Whether the command line names one source. */
static int check_sources(const struct record_options *opt, const struct opt_operands *operands,
			 char **argv)
{
	int n = (opt->url != NULL) + (operands->n > 0) + (argv != NULL);

	for (size_t i = 0; i < operands->n; i++) {
		if (strcmp(operands->items[i], "-") != 0)
			return opt_usage(&command,
					 "unexpected argument '%s': put a command after '--', "
					 "or use --url", operands->items[i]);
	}
	if (n != 1 || operands->n > 1)
		return opt_usage(&command, "name one source: --url=URL, '-' for standard input, "
					   "or '-- COMMAND'");
	if (!opt->url && (opt->seconds_ns >= 0 || opt->timeout_ns >= 0))
		return opt_usage(&command, "--seconds and --timeout require --url");
	return OPT_RUN;
}

/* `sources`: files that are read, of which there is one at most. */
static int check_output(const struct record_options *opt, char **argv, char *const *sources,
			size_t n)
{
	bool standard = strcmp(opt->output, "-") == 0;
	bool rotate = opt->rotate_nbytes != 0 || opt->rotate_ns != 0;

	if (opt->keep != 0 && !rotate)
		return opt_usage(&command,
				 "--keep requires --rotate-size or --rotate-seconds");
	if (standard && rotate)
		return opt_usage(&command, "standard output cannot be rotated: use -o FILE");
	if (standard && argv)
		return opt_usage(&command, "COMMAND may write to standard output: use -o FILE");
	if (standard && isatty(STDOUT_FILENO))
		return opt_usage(&command,
				 "refusing to write a binary trace to a terminal: use -o FILE");
	return cmd_check_output(&command, opt->output, sources, n, &opt->specs);
}

static int run(const struct record_options *opt, char **argv)
{
	struct cmd_common common = { .specs = opt->specs, .max_memory = opt->max_memory };
	struct cmd_input in;
	struct record r = { .opt = opt, .in = &in };
	int status = cmd_input_init(&in, &common);

	if (status == STATUS_FINE)
		status = record_catch_signals();
	if (status == STATUS_FINE && opt->url)
		status = record_url(&r, &command);
	else if (status == STATUS_FINE && argv && record_has_placeholder(argv))
		status = record_command(&r, argv);
	else if (status == STATUS_FINE && argv)
		status = record_native(&r, argv);
	else if (status == STATUS_FINE)
		status = record_standard_input(&r);
	cmd_input_release(&in);
	return status;
}

int cmd_record(int argc, char **argv)
{
	struct record_options opt = {
		.output = "record.trace", .seconds_ns = -1, .timeout_ns = -1,
	};
	struct opt_operands operands;
	char **program = NULL;
	int n = 1, status;

	while (n < argc && strcmp(argv[n], "--") != 0)
		n++;
	if (n < argc)
		program = argv + n + 1;
	status = opt_parse(&command, n, argv, &opt, &operands);
	if (status == OPT_RUN)
		status = check_sources(&opt, &operands, program);
	if (status == OPT_RUN)
		status = check_native(&opt, program);
	if (status == OPT_RUN)
		status = check_output(&opt, program, operands.items, operands.n);
	if (status == OPT_RUN)
		status = run(&opt, program);
	opt_list_release(&opt.specs);
	return status;
}
