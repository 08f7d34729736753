/* SPDX-License-Identifier: MIT */
/*
 * record.c - `tracetool record`: what comes from a source into files, checked
 * while it comes. Command layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/progress.h"
#include "record.h"
#include "tracetool_write.h"
#include "cli/units.h"

#define NBYTES_TEXT_SIZE 32

/* ------------------------------------------------------------------ options */

/* "5", "2.5", or a time with its unit. */
static int parse_seconds(void *target, const char *value, struct opt_mistake *why)
{
	char text[64];
	int64_t *ns = target;
	int n = snprintf(text, sizeof(text), "%ss", value);

	if (n > 0 && (size_t)n < sizeof(text) && opt_duration(text, ns) == 0 && *ns > 0)
		return 0;
	if (opt_duration(value, ns) == 0 && *ns > 0)
		return 0;
	return opt_mistake(why, "is no time; times read 5, 2.5, 300ms, 10m, 1h");
}

static const struct opt table[] = {
	OPT_HEADING("Where the trace comes from"),
	{ .kind = OPT_STRING, .name = "url", .meta = "URL",
	  .help = "a Go server, http://HOST:PORT; its path is\n/debug/pprof/trace unless URL has one",
	  .at = offsetof(struct record_options, url) },
	{ .kind = OPT_OWN, .name = "seconds", .meta = "TIME", .parse = parse_seconds,
	  .help = "for how long the server shall trace (default: 5)",
	  .at = offsetof(struct record_options, seconds_ns) },
	{ .kind = OPT_OWN, .name = "timeout", .meta = "TIME", .parse = parse_seconds,
	  .help = "and how much longer it may take until all of it\nis here (default: 30)",
	  .at = offsetof(struct record_options, timeout_ns) },
	OPT_HEADING("Of a native program"),
	{ .kind = OPT_FLAG, .name = "heap",
	  .help = "every object that malloc and its kin give and take,\nas the experiment AllocFree",
	  .at = offsetof(struct record_options, heap) },
	{ .kind = OPT_FLAG, .name = "stacks",
	  .help = "whole call stacks, not only callers",
	  .at = offsetof(struct record_options, stacks) },
	{ .kind = OPT_FLAG, .name = "follow",
	  .help = "its children too, each into a file of its own:\nFILE's name with the process's number in it",
	  .at = offsetof(struct record_options, follow) },
	OPT_HEADING("Where it goes"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "FILE",
	  .help = "write FILE (default: record.trace), compressed if it\n"
		  "ends with .zst; '-' is the standard output",
	  .at = offsetof(struct record_options, output) },
	{ .kind = OPT_SIZE, .name = "rotate-size", .meta = "SIZE", .min = 1,
	  .help = "begin a new file when one has SIZE bytes (64M, 1G):\n"
		  "FILE's name with -000001, -000002, ... in it",
	  .at = offsetof(struct record_options, rotate_nbytes) },
	{ .kind = OPT_OWN, .name = "rotate-seconds", .meta = "TIME", .parse = parse_seconds,
	  .help = "begin a new file when one is so old",
	  .at = offsetof(struct record_options, rotate_ns) },
	{ .kind = OPT_NUMBER, .name = "keep", .meta = "N", .min = 1, .max = 1000000,
	  .help = "remove the oldest of these files when there are\nmore than N",
	  .at = offsetof(struct record_options, keep) },
	OPT_HEADING("Common options"),
	{ .kind = OPT_LIST, .name = "spec", .meta = "FILE",
	  .help = "read event specs from FILE too (may be repeated)",
	  .at = offsetof(struct record_options, specs) },
	{ .kind = OPT_SIZE, .name = "max-memory", .meta = "SIZE", .min = 1 << 20,
	  .help = "do not check generations that need more (512M, 2G);\n"
		  "default: a quarter of the machine's memory",
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
	.summary = "Stores a trace while it comes and checks it: from a Go server, from the standard\n"
		   "input, from a native program, or from a command in whose arguments {} stands\n"
		   "for the file that it shall write its trace to. Ctrl-C ends it with what came\n"
		   "so far.",
	.notes = "Exit status: 0 fine, 1 the trace is broken or cut off (what is whole is kept),\n"
		 "2 trouble; if it is fine but COMMAND failed, COMMAND's status.",
	.table = table,
};

/* ------------------------------------------------------------------ stopping */

static struct {
	volatile sig_atomic_t stops, alone;
	int wake[2];
} signals = { .wake = { -1, -1 } };

static void on_signal(int number, siginfo_t *info, void *context)
{
	int before = errno;

	(void)context;
	if (number != SIGCHLD) {
		signals.stops++;
		/* A terminal's own goes to its whole foreground; another reaches us only. */
		signals.alone = info->si_code == SI_KERNEL ? 0 : number;
	}
	if (write(signals.wake[1], "", 1) < 0)
		errno = before; /* full: it is readable all the same */
	errno = before;
}

static int catch_signals(void)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_RESTART };

	if (pipe2(signals.wake, O_CLOEXEC | O_NONBLOCK) < 0) {
		cmd_error(NULL, "cannot make a pipe: %s", strerror(errno));
		return STATUS_TROUBLE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++) {
		struct sigaction old;

		/* One that nohup ignores stays ignored. */
		sigaction(caught[i], NULL, &old);
		if (old.sa_handler != SIG_IGN || caught[i] == SIGCHLD)
			sigaction(caught[i], &action, NULL);
	}
	/* a file that may not grow is a full disk */
	signal(SIGXFSZ, SIG_IGN);
	return STATUS_FINE;
}

int record_stops(void)
{
	return signals.stops;
}

int record_stop_signal(void)
{
	return signals.alone;
}

int record_wake_fd(void)
{
	return signals.wake[0];
}

void record_wake_clear(void)
{
	char bytes[64];

	while (read(signals.wake[0], bytes, sizeof(bytes)) > 0)
		;
}

bool record_cancelled(void)
{
	if (signals.stops == 0)
		return false;
	errno = ECANCELED;
	return true;
}

/* ------------------------------------------------------------------- waiting */

static void tell_findings(struct record *r)
{
	struct tt_error err;
	uint64_t more;

	while (r->check && record_check_finding(r->check, &err, &more)) {
		if (!r->opt->quiet || tt_code_severity(err.code) != TT_SEVERITY_WARNING)
			cmd_report(r->source->name, &err);
	}
}

void record_tick(struct record *r)
{
	struct tt_recorder_progress p = tt_recorder_progress(r->recorder);
	struct tt_progress now = { .nbytes = p.in_nbytes, .generations = p.generations };

	tell_findings(r);
	if (r->check)
		now.events = record_check_progress(r->check).events;
	progress_show(&now);
}

void record_wait(struct record *r, int fd, int timeout_ms)
{
	struct pollfd fds[] = {
		{ .fd = record_wake_fd(), .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};

	record_tick(r);
	(void)poll(fds, ARRAY_SIZE(fds), timeout_ms);
	if (fds[0].revents != 0)
		record_wake_clear();
}

/* ------------------------------------------------------------- one recording */

static int64_t read_source(void *arg, void *buf, size_t room)
{
	struct record_source *s = arg;
	int64_t n = s->read(s, buf, room);

	s->started = s->started || n > 0;
	s->broken = n < 0;
	return n;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), len = strlen(end);

	return n >= len && strcmp(text + n - len, end) == 0;
}

static int open_recorder(struct record *r, struct record_source *s)
{
	const struct record_options *opt = r->opt;
	bool standard = strcmp(opt->output, "-") == 0;
	struct tt_input input = { .read = read_source, .arg = s };
	struct tt_recorder_options options = {
		.size = sizeof(options),
		.flags = TT_RECORD_HOLD | (ends_with(opt->output, ".zst") ? TT_RECORD_ZSTD : 0),
		.specs = r->in->specs,
		.max_memory_nbytes = opt->max_memory,
		.rotate_nbytes = opt->rotate_nbytes,
		.rotate_ns = (uint64_t)opt->rotate_ns,
		.keep = opt->keep,
		.symbol = r->symbol,
		.symbol_arg = r->symbol_arg,
	};
	struct tt_error err;

	if (tt_recorder_open(&r->recorder, &input, standard ? NULL : opt->output, &options,
			     &err) == 0)
		return STATUS_FINE;
	cmd_report(NULL, &err);
	return STATUS_TROUBLE;
}

static void store_all(struct record *r)
{
	struct tt_recorded g;

	while (tt_recorder_next(r->recorder, &g) == 0) {
		if (r->check)
			record_check_add(r->check, g.data, g.nbytes);
		record_tick(r);
	}
}

/* A reader that has seen enough closes the pipe: that is no failure. */
static int tell_output(const struct record *r, struct tt_error err)
{
	if (err.system_errno == EPIPE && strcmp(r->opt->output, "-") == 0)
		return STATUS_FINE;
	err.offset = err.generation = TT_UNKNOWN;
	err.thread = TT_NONE;
	cmd_report(NULL, &err);
	return STATUS_TROUBLE;
}

static bool output_failed(const struct record *r, const struct record_source *s)
{
	return tt_recorder_error(r->recorder)->code == TT_E_IO && !s->broken;
}

static int tell_broken(const struct record_source *s, const struct tt_error *err)
{
	char place[128];

	if (record_stops() > 0)
		return STATUS_FINE;
	if (s->why[0] == '\0')
		cmd_report(s->name, err);
	else if (s->started)
		cmd_error(s->name, "%s: %s", cmd_location(err, place, sizeof(place)), s->why);
	else
		cmd_error(s->name, "%s", s->why);
	return s->started ? STATUS_BAD : STATUS_TROUBLE;
}

/* Says why the stream ended before its time; returns the status. */
static int tell_end(struct record *r, const struct record_source *s)
{
	const struct tt_error *err = tt_recorder_error(r->recorder);

	if (err->code == TT_OK)
		return STATUS_FINE;
	if (s->broken)
		return tell_broken(s, err);
	if (output_failed(r, s))
		return tell_output(r, *err);
	if (s->started || err->system)
		cmd_report(s->name, err);
	else
		cmd_error(s->name, "not a byte of a trace came");
	return cmd_status(err);
}

static int64_t elapsed_ms(const struct record *r)
{
	return (now_ns() - r->start_ns) / (NS_PER_SECOND / 1000);
}

static void summary(const struct record *r)
{
	struct tt_recorder_progress p = tt_recorder_progress(r->recorder);
	struct record_checked c = { 0 };
	char nbytes[NBYTES_TEXT_SIZE], packed[NBYTES_TEXT_SIZE], files[48] = "", events[64] = "",
								 compressed[48] = "";
	int64_t ms = elapsed_ms(r);

	if (r->check)
		c = record_check_progress(r->check);
	if (p.files > 1)
		snprintf(files, sizeof(files), " in %" PRIu64 " files", p.files);
	if (c.events > 0)
		snprintf(events, sizeof(events), ", %" PRIu64 " event%s", c.events, plural(c.events));
	if (p.out_nbytes != p.nbytes && ends_with(r->opt->output, ".zst"))
		snprintf(compressed, sizeof(compressed), " (%s compressed)",
			 nbytes_text(packed, p.out_nbytes));
	cmd_error(p.path ? p.path : "standard output",
		  "%" PRIu64 " generation%s%s%s, %s%s in %" PRId64 ".%u s%s", p.generations,
		  plural(p.generations), files, events, nbytes_text(nbytes, p.nbytes), compressed,
		  ms / 1000, (unsigned)(ms / 100 % 10), record_stops() > 0 ? ", stopped" : "");
}

/* Completes the files; says what there is of the trace. */
static int complete(struct record *r, const struct record_source *s, int status)
{
	struct tt_recorder_progress p = tt_recorder_progress(r->recorder);
	struct tt_error err;

	if (tt_recorder_finish(r->recorder, &err) < 0) {
		cmd_report(NULL, &err);
		status = STATUS_TROUBLE;
	}
	if (p.generations != 0 || status == STATUS_TROUBLE || output_failed(r, s) ||
	    (status == STATUS_BAD && !s->started))
		return status; /* nothing more to be said */
	if (status == STATUS_BAD)
		cmd_error(s->name, "no generation is whole: nothing is stored");
	else
		cmd_error(s->name, "%s: nothing is stored",
			  record_stops() > 0 ? "stopped before a generation was whole" :
					       "no generation came");
	return STATUS_BAD;
}

/* What is to be said when the check has read all. */
static int checked(struct record *r, int status)
{
	struct tt_error none;
	uint64_t more = 0;

	if (!r->check)
		return STATUS_TROUBLE;
	record_check_end(r->check);
	tell_findings(r);
	(void)record_check_finding(r->check, &none, &more);
	if (more > 0)
		cmd_error(r->source->name, "%" PRIu64 " more finding%s; 'tracetool validate' tells all",
			  more, plural(more));
	if (!record_check_progress(r->check).complete)
		cmd_error(r->source->name, "came faster than it could be checked, or in a generation "
					   "larger than --max-memory: use 'tracetool validate' on "
					   "what is stored");
	return record_check_status(r->check) > status ? record_check_status(r->check) : status;
}

int record_run(struct record *r, struct record_source *s)
{
	int status = open_recorder(r, s), other;

	if (status != STATUS_FINE)
		return status;
	s->record = r;
	r->source = s;
	r->start_ns = now_ns();
	r->check = record_check_start(r->in);
	progress_start(s->name, r->opt->quiet || r->symbol);
	store_all(r);
	progress_hide();
	status = tell_end(r, s);
	status = complete(r, s, status);
	other = s->finish(s);
	status = checked(r, status);
	progress_stop();
	if (!r->opt->quiet && tt_recorder_progress(r->recorder).generations > 0)
		summary(r);
	record_check_free(r->check);
	tt_recorder_close(r->recorder);
	/* a command that failed before it wrote a byte says more than we do */
	return status == STATUS_FINE || (!s->started && other != STATUS_FINE) ? other : status;
}

/* ------------------------------------------------------------- standard input */

static int64_t read_standard(struct record_source *s, void *buf, size_t room)
{
	for (;;) {
		struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
		ssize_t n;

		if (record_cancelled())
			return -1;
		if (poll(&ready, 1, 0) == 0) {
			record_wait(s->record, STDIN_FILENO, 100);
			continue;
		}
		n = read(STDIN_FILENO, buf, room);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n;
	}
}

static int finish_standard(struct record_source *s)
{
	(void)s;
	return STATUS_FINE;
}

int record_standard_input(struct record *r)
{
	struct record_source s = {
		.name = "standard input",
		.read = read_standard,
		.finish = finish_standard,
	};

	return record_run(r, &s);
}

/* ------------------------------------------------------------------------ run */

static int check_native(const struct record_options *opt, char **argv)
{
	if (argv && !argv[0])
		return opt_usage(&command, "no command behind '--'");
	if ((!argv || record_has_place(argv)) && (opt->heap || opt->stacks || opt->follow))
		return opt_usage(&command, "--heap, --stacks and --follow go with a native program, "
					   "which has no {}");
	return OPT_RUN;
}

/* How many sources the command line names. */
static int check_sources(const struct record_options *opt, const struct opt_operands *operands,
			 char **argv)
{
	int n = (opt->url != NULL) + (operands->n > 0) + (argv != NULL);

	for (size_t i = 0; i < operands->n; i++) {
		if (strcmp(operands->items[i], "-") != 0)
			return opt_usage(&command, "'%s': a command stands behind '--', a server "
						   "behind --url", operands->items[i]);
	}
	if (n != 1 || operands->n > 1)
		return opt_usage(&command, "one of --url=URL, '-' and '-- COMMAND' says where the trace "
					   "comes from");
	if (!opt->url && (opt->seconds_ns >= 0 || opt->timeout_ns >= 0))
		return opt_usage(&command, "--seconds and --timeout go with --url only");
	return OPT_RUN;
}

static int check_output(const struct record_options *opt, char **argv)
{
	bool standard = strcmp(opt->output, "-") == 0;
	bool rotate = opt->rotate_nbytes != 0 || opt->rotate_ns != 0;

	if (opt->keep != 0 && !rotate)
		return opt_usage(&command, "--keep goes with --rotate-size or --rotate-seconds");
	if (standard && rotate)
		return opt_usage(&command, "the standard output cannot be rotated");
	if (standard && argv)
		return opt_usage(&command, "the standard output is the command's: say -o FILE");
	if (standard && isatty(STDOUT_FILENO))
		return opt_usage(&command, "a trace is nothing for a terminal: say -o FILE");
	return OPT_RUN;
}

static int run(const struct record_options *opt, char **argv)
{
	struct cmd_common common = { .specs = opt->specs, .max_memory = opt->max_memory };
	struct cmd_input in;
	struct record r = { .opt = opt, .in = &in };
	int status = cmd_input_init(&in, &common);

	if (status == STATUS_FINE)
		status = catch_signals();
	if (status == STATUS_FINE && opt->url)
		status = record_url(&r, &command);
	else if (status == STATUS_FINE && argv && record_has_place(argv))
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
	struct record_options opt = { .output = "record.trace", .seconds_ns = -1, .timeout_ns = -1 };
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
		status = check_output(&opt, program);
	if (status == OPT_RUN)
		status = run(&opt, program);
	opt_list_release(&opt.specs);
	return status;
}
