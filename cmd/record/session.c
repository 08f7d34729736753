/* SPDX-License-Identifier: MIT */
/*
 * session.c - one recording: what a source gives is written to files and checked
 * meanwhile, until the source ends or the user stops it. Command layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/units.h"
#include "record.h"

/* ---- stopping */

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
		/* A terminal sends it to its whole foreground; others send it to us alone. */
		signals.alone = info->si_code == SI_KERNEL ? 0 : number;
	}
	if (write(signals.wake[1], "", 1) < 0)
		errno = before; /* the pipe is full, so it is readable already */
	errno = before;
}

int record_catch_signals(void)
{
	static const int caught[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	struct sigaction action = { .sa_sigaction = on_signal,
				    .sa_flags = SA_SIGINFO | SA_RESTART };

	if (pipe2(signals.wake, O_CLOEXEC | O_NONBLOCK) < 0) {
		cmd_error(NULL, "cannot create a pipe: %s", strerror(errno));
		return STATUS_TROUBLE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(caught); i++) {
		struct sigaction old;

		/* A signal that nohup ignores stays ignored. */
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

void record_forward_stop(pid_t pid, int *seen)
{
	if (*seen != signals.stops && signals.alone != 0)
		kill(pid, signals.alone);
	*seen = signals.stops;
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

/* ---- waiting */

static void report_findings(struct record *r)
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

	report_findings(r);
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

/* ---- one recording */

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

/* A program that has read enough closes the pipe: that is no failure. */
static int report_output(const struct record *r, struct tt_error err)
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

static int report_broken(const struct record_source *s, const struct tt_error *err)
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
static int report_end(struct record *r, const struct record_source *s)
{
	const struct tt_error *err = tt_recorder_error(r->recorder);

	if (err->code == TT_OK)
		return STATUS_FINE;
	if (s->broken)
		return report_broken(s, err);
	if (output_failed(r, s))
		return report_output(r, *err);
	if (s->started || err->system)
		cmd_report(s->name, err);
	else
		cmd_error(s->name, "no data received");
	return cmd_status(err);
}

static void print_summary(const struct record *r)
{
	struct tt_recorder_progress p = tt_recorder_progress(r->recorder);
	struct record_checked c = { 0 };
	char nbytes[NBYTES_TEXT_SIZE], packed[NBYTES_TEXT_SIZE];
	char files[48] = "", events[64] = "", compressed[48] = "";
	int64_t ms = (now_ns() - r->start_ns) / (NS_PER_SECOND / 1000);

	if (r->check)
		c = record_check_progress(r->check);
	if (p.files > 1)
		snprintf(files, sizeof(files), " in %" PRIu64 " files", p.files);
	/* each file is a trace, which ends with a Sync of its own; one of them is counted */
	if (c.events > 0 && p.files > 1)
		c.events += p.files - 1;
	if (c.events > 0)
		snprintf(events, sizeof(events), ", %" PRIu64 " event%s", c.events,
			 plural(c.events));
	if (p.out_nbytes != p.nbytes && ends_with(r->opt->output, ".zst"))
		snprintf(compressed, sizeof(compressed), " (%s compressed)",
			 nbytes_text(packed, p.out_nbytes));
	cmd_error(p.path ? p.path : "standard output",
		  "%" PRIu64 " generation%s%s%s, %s%s in %" PRId64 ".%u s%s", p.generations,
		  plural(p.generations), files, events, nbytes_text(nbytes, p.nbytes), compressed,
		  ms / 1000, (unsigned)(ms / 100 % 10), record_stops() > 0 ? ", stopped" : "");
}

/* Completes the files, or reports that there are none. */
static int finish_files(struct record *r, const struct record_source *s, int status)
{
	struct tt_recorder_progress p = tt_recorder_progress(r->recorder);
	struct tt_error err;

	if (tt_recorder_finish(r->recorder, &err) < 0) {
		cmd_report(NULL, &err);
		status = STATUS_TROUBLE;
	}
	if (p.generations != 0 || status == STATUS_TROUBLE || output_failed(r, s) ||
	    (status == STATUS_BAD && !s->started))
		return status; /* that is reported already */
	if (status == STATUS_BAD)
		cmd_error(s->name, "no complete generation arrived: nothing is stored");
	else
		cmd_error(s->name, "%s: nothing is stored",
			  record_stops() > 0 ? "stopped before a generation was complete" :
					       "no generation arrived");
	return STATUS_BAD;
}

/* Waits until the check has read all, and reports what it found. */
static int finish_check(struct record *r, int status)
{
	struct tt_error none;
	uint64_t more = 0;

	if (!r->check)
		return STATUS_TROUBLE;
	record_check_end(r->check);
	report_findings(r);
	(void)record_check_finding(r->check, &none, &more);
	if (more > 0)
		cmd_error(r->source->name,
			  "%" PRIu64 " more finding%s; 'tracetool validate' shows all",
			  more, plural(more));
	if (!record_check_progress(r->check).complete)
		cmd_error(r->source->name,
			  "the trace was not checked to its end: it arrived too fast, or a "
			  "generation needed more than --max-memory; "
			  "run 'tracetool validate' on the stored file");
	return worse(record_check_status(r->check), status);
}

int record_run(struct record *r, struct record_source *s)
{
	int status = open_recorder(r, s), other = STATUS_FINE;

	if (status != STATUS_FINE)
		return status;
	s->record = r;
	r->source = s;
	r->start_ns = now_ns();
	r->check = record_check_start(r->in);
	progress_start(s->name, r->opt->quiet || r->symbol);
	store_all(r);
	progress_hide();
	status = report_end(r, s);
	status = finish_files(r, s, status);
	if (s->finish)
		other = s->finish(s);
	status = finish_check(r, status);
	progress_stop();
	if (!r->opt->quiet && tt_recorder_progress(r->recorder).generations > 0)
		print_summary(r);
	record_check_free(r->check);
	tt_recorder_close(r->recorder);
	/* of a command that failed before it wrote a byte, its own status says more */
	return status == STATUS_FINE || (!s->started && other != STATUS_FINE) ? other : status;
}
