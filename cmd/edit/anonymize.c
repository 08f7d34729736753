/* SPDX-License-Identifier: MIT */
/*
 * anonymize.c - `tracetool anonymize`: a trace with other names, which may be given to strangers.
 * Command layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/traceout.h"

/* A shorter key might be guessed, and no key is longer. */
#define KEY_MIN_NBYTES 16
#define KEY_MAX_NBYTES 65536

struct anonymize_options {
	struct cmd_common common;
	const char *output, *key, *map;
	struct opt_list keep;
	bool pcs, lines, clock, keep_batches;
};

#define AT(field) .at = offsetof(struct anonymize_options, field)

static const struct opt table[] = {
	OPT_HEADING("Output"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "OUT",
	  .help = "write the trace to OUT, compressed if its name ends\n"
		  "in .zst; '-' is standard output", AT(output) },
	{ .kind = OPT_STRING, .name = "map", .meta = "FILE",
	  .help = "write which name stands for what to FILE, which must\n"
		  "not exist; keep it secret. dump --names reads it", AT(map) },
	OPT_HEADING("Names"),
	{ .kind = OPT_STRING, .name = "key", .meta = "FILE",
	  .help = "the secret that names are made of, 16 bytes or more:\n"
		  "with the same key, the same name in all traces\n"
		  "(default: a new one, which is forgotten)", AT(key) },
	{ .kind = OPT_LIST, .name = "keep", .meta = "PATTERN",
	  .help = "keep the names of packages like 'golang.org/x/*'\n"
		  "(may be repeated)", AT(keep) },
	OPT_HEADING("What else may tell something"),
	{ .kind = OPT_FLAG, .name = "pcs", .help = "replace addresses of code by 1, 2, 3...",
	  AT(pcs) },
	{ .kind = OPT_FLAG, .name = "lines", .help = "replace line numbers by 0", AT(lines) },
	{ .kind = OPT_FLAG, .name = "clock", .help = "let the wall clock begin at 2000-01-01",
	  AT(clock) },
	{ .kind = OPT_FLAG, .name = "keep-batches",
	  .help = "copy experimental batches that no spec describes,\n"
		  "instead of emptying them", AT(keep_batches) },
	CMD_COMMON_OPTIONS(struct anonymize_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "anonymize",
	.synopsis = "[OPTION...] -o OUT FILE",
	.summary = "Writes a trace with the same events and times, but other names: of functions,\n"
		   "files, packages, types, tasks, regions, log messages. Names of Go itself stay.",
	.notes = "Exit status: 0 fine, 1 a part of the trace cannot be read and is left out, 2 a\n"
		 "usage, I/O or resource error.",
	.table = table,
	.min_operands = 1,
	.max_operands = 1,
};

/* ---- the key */

/* The whole file, at most `room` bytes. -1 with errno. */
static ssize_t read_file(const char *path, uint8_t *buf, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && n < room) {
		do
			got = read(fd, buf + n, room - n);
		while (got < 0 && errno == EINTR);
		n += got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0)
		close(fd);
	return got < 0 ? -1 : (ssize_t)n;
}

static int read_key(const char *path, uint8_t *key, size_t *nkey)
{
	ssize_t n = read_file(path, key, KEY_MAX_NBYTES + 1);

	*nkey = n < 0 ? 0 : (size_t)n;
	if (n < 0)
		cmd_error(path, "the key cannot be read: %s", strerror(errno));
	else if (n < KEY_MIN_NBYTES)
		cmd_error(path, "a key has at least %d bytes, this one %zd; make one: "
				"head -c 32 /dev/urandom >KEY", KEY_MIN_NBYTES, n);
	else if (n > KEY_MAX_NBYTES)
		cmd_error(path, "a key has at most %d bytes", KEY_MAX_NBYTES);
	else
		return STATUS_FINE;
	return STATUS_TROUBLE;
}

static int make_names(struct tt_names **names, const struct anonymize_options *opt)
{
	uint8_t *key = malloc(KEY_MAX_NBYTES + 1);
	int status = STATUS_FINE;
	struct tt_error err;
	size_t nkey = 0;

	if (!key) {
		cmd_error(NULL, "no memory for a key");
		return STATUS_TROUBLE;
	}
	if (opt->key)
		status = read_key(opt->key, key, &nkey);
	if (status == STATUS_FINE &&
	    tt_names_new(names, key, nkey, opt->map ? TT_NAMES_KEEP : 0, &err) < 0) {
		cmd_report(NULL, &err);
		status = STATUS_TROUBLE;
	}
	explicit_bzero(key, KEY_MAX_NBYTES + 1);
	free(key);
	return status;
}

/* ---- the list of names */

static bool write_name(struct out *o, const struct tt_name *name)
{
	size_t need = tt_name_format(name, NULL, 0);
	char *line = malloc(need);

	if (!line)
		return false;
	tt_name_format(name, line, need);
	out_end(o, out_text(o, out_begin(o), line, need));
	free(line);
	return true;
}

static int write_map(struct outfile *f, const struct tt_names *names)
{
	static const char head[] =
		"# tracetool names 1\n"
		"# Secret: this list gives back the names of an anonymized trace.\n";
	struct tt_name name;

	out_end(f->out, out_text(f->out, out_begin(f->out), head, sizeof(head) - 1));
	for (size_t i = 0; tt_names_at(names, i, &name); i++) {
		if (write_name(f->out, &name))
			continue;
		cmd_error(f->target, "no memory for a name");
		outfile_discard(f);
		return STATUS_TROUBLE;
	}
	return outfile_finish(f);
}

/* ---- the trace */

struct run {
	const struct anonymize_options *opt;
	const struct cmd_input *input;
	const char *path, *name; /* of the input; for messages */
	struct tt_reader *reader;
	struct tt_names *names;
	struct tt_anonymizer *anonymizer;
	struct trace_output output;
	struct outfile map;
};

/* (another trace before the damage does not explain it: it gets new names, too) */
static void report_damage(const struct run *run, const struct tt_error *damage)
{
	struct tt_error cause = *damage;

	cmd_find_cause(run->input, run->path, &cause);
	if (cause.code == TT_E_ANOTHER_TRACE && cause.offset != damage->offset)
		cause = *damage;
	cmd_report(run->name, &cause);
}

static void report(const struct run *run, const struct tt_anonymizer_progress *p)
{
	const struct cmd_common *common = &run->opt->common;

	if (p->damage) {
		report_damage(run, p->damage);
		cmd_error(run->name, "could not be read and left out: %" PRIu64 " bytes in %" PRIu64
				     " place%s", p->lost_nbytes, p->damaged,
			  p->damaged == 1 ? "" : "s");
	}
	if (p->traces > 1 && !common->quiet)
		cmd_error(run->name, "the input holds %" PRIu64 " traces, one after the other: all of "
				     "them have new names; 'tracetool repair --all' writes each to a "
				     "file of its own", p->traces);
	if (p->emptied != 0 && !common->quiet)
		cmd_error(run->name, "experimental batches that no spec describes, and that are empty "
				     "now: %" PRIu64 " (--spec says what is in them, --keep-batches "
				     "copies them)", p->emptied);
	if (common->verbose)
		cmd_error(run->name, "generations: %" PRIu64 ", strings: %" PRIu64 ", of which as "
				     "they were: %" PRIu64, p->generations, p->strings, p->kept);
}

static int write_all(struct run *run)
{
	struct tt_anonymizer_progress p;
	int rc;

	progress_start(run->name, run->opt->common.quiet);
	while ((rc = tt_anonymizer_next(run->anonymizer)) == 0)
		progress_show_reader(run->reader);
	progress_stop();
	if (rc < 0) {
		const struct tt_error *err = tt_anonymizer_error(run->anonymizer);

		/* (what fails in the file is reported when it is closed) */
		if (out_failed(run->output.file.out)) {
			(void)trace_output_finish(&run->output);
		} else {
			cmd_report(run->name, err);
			trace_output_discard(&run->output);
		}
		return STATUS_TROUBLE;
	}
	p = tt_anonymizer_progress(run->anonymizer);
	report(run, &p);
	return p.damage ? STATUS_BAD : STATUS_FINE;
}

/* The list comes first: a trace whose names nobody can read any more would be of no use. */
static int finish(struct run *run, int status)
{
	int written;

	if (run->opt->map && write_map(&run->map, run->names) != STATUS_FINE) {
		trace_output_discard(&run->output);
		return STATUS_TROUBLE;
	}
	written = trace_output_finish(&run->output);
	if (written != STATUS_FINE && run->opt->map)
		unlink(run->opt->map);
	return worse(status, written);
}

static int anonymize_opened(struct run *run)
{
	const struct anonymize_options *opt = run->opt;
	const struct tt_anonymizer_options how = {
		.size = sizeof(how),
		.flags = (opt->pcs ? TT_ANONYMIZE_PCS : 0u) |
			 (opt->lines ? TT_ANONYMIZE_LINES : 0u) |
			 (opt->clock ? TT_ANONYMIZE_CLOCK : 0u) |
			 (opt->keep_batches ? TT_ANONYMIZE_KEEP_BATCHES : 0u),
		.names = run->names,
		.keep = opt->keep.items,
	};
	struct tt_error err;
	int status = trace_output_open(&run->output, opt->output);

	if (status != STATUS_FINE)
		return status;
	if (opt->map)
		status = outfile_open_secret(&run->map, opt->map);
	if (status == STATUS_FINE && tt_anonymizer_new(&run->anonymizer, run->reader,
						       &run->output.sink, &how, &err) < 0) {
		cmd_report(run->name, &err);
		status = STATUS_TROUBLE;
	}
	if (status != STATUS_FINE) {
		trace_output_discard(&run->output);
	} else {
		status = write_all(run);
		if (status != STATUS_TROUBLE)
			return finish(run, status);
	}
	if (run->map.out)
		outfile_discard(&run->map);
	return status;
}

static int anonymize(struct run *run)
{
	struct tt_error err;
	int status;

	if (cmd_open_reader(&run->reader, run->input, run->path, &err) < 0)
		return cmd_report_cause(run->input, run->path, NULL, &err);
	status = make_names(&run->names, run->opt);
	if (status == STATUS_FINE)
		status = anonymize_opened(run);
	tt_anonymizer_free(run->anonymizer);
	tt_names_free(run->names);
	tt_reader_close(run->reader);
	return status;
}

/* The list of patterns gets an end. */
static int end_patterns(struct opt_list *list)
{
	const char **items = realloc(list->items, (list->n + 1) * sizeof(*items));

	if (!items) {
		cmd_error(NULL, "no memory for patterns");
		return STATUS_TROUBLE;
	}
	list->items = items;
	items[list->n] = NULL;
	return OPT_RUN;
}

/* Whether two paths name the same file, which may not exist yet. */
static bool same_place(const char *a, const char *b)
{
	const char *base_a = cmd_base_name(a), *base_b = cmd_base_name(b);
	char dir_a[4096], dir_b[4096];
	struct stat x, y;

	snprintf(dir_a, sizeof(dir_a), "%.*s.", (int)(base_a - a), a);
	snprintf(dir_b, sizeof(dir_b), "%.*s.", (int)(base_b - b), b);
	return strcmp(base_a, base_b) == 0 && stat(dir_a, &x) == 0 && stat(dir_b, &y) == 0 &&
	       x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

/* No file takes the place of another one that is still needed. */
static int check_usage(const struct anonymize_options *opt, const struct opt_operands *files)
{
	const struct opt_list none = { 0 };
	char *key = (char *)(uintptr_t)opt->key;
	int status = trace_output_check(&command, opt->output, files->items, files->n,
					&opt->common.specs);

	if (status == OPT_RUN && key && strcmp(opt->output, "-") != 0)
		status = cmd_check_output(&command, opt->output, &key, 1, &none);
	if (status == OPT_RUN && opt->map && same_place(opt->map, opt->output))
		return opt_usage(&command, "-o and --map name the same file");
	return status;
}

int cmd_anonymize(int argc, char **argv)
{
	struct anonymize_options opt = { 0 };
	struct opt_operands files;
	struct cmd_input input;
	struct run run = { .opt = &opt };
	int status = opt_parse(&command, argc, argv, &opt, &files);

	if (status == OPT_RUN)
		status = check_usage(&opt, &files);
	if (status == OPT_RUN)
		status = end_patterns(&opt.keep);
	if (status == OPT_RUN) {
		run.input = &input;
		run.path = files.items[0];
		run.name = cmd_input_name(run.path);
		status = cmd_input_init(&input, &opt.common);
		if (status == STATUS_FINE)
			status = anonymize(&run);
		cmd_input_release(&input);
	}
	opt_list_release(&opt.common.specs);
	opt_list_release(&opt.keep);
	return status;
}
