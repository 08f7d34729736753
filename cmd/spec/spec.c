/* SPDX-License-Identifier: MIT */
/*
 * spec.c - `tracetool spec`: the table of events, mistakes in a spec file, C code from one.
 * Command layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/json.h"
#include "cli/out.h"
#include "cli/outfile.h"
#include "c.h"
#include "list.h"

enum { FORMAT_TEXT, FORMAT_JSON };

struct spec_options {
	struct opt_list specs;
	int format;
	struct spec_c_options c;
	const char *output;
	bool alone, quiet, strict, verbose;
};

static const char *const formats[] = { "text", "json", NULL };
static const char *const parts[] = { "all", "emit", "read", NULL };

static const struct opt table[] = {
	OPT_HEADING("Output"),
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = formats,
	  .help = "text (default), or json: an object for each\nevent of list, for each file of check",
	  .at = offsetof(struct spec_options, format) },
	OPT_HEADING("C code"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "OUT",
	  .help = "write the code to OUT, not to standard output",
	  .at = offsetof(struct spec_options, output) },
	{ .kind = OPT_CHOICE, .name = "part", .meta = "PART", .choices = parts,
	  .help = "all (default), or only the code to emit or to read",
	  .at = offsetof(struct spec_options, c.part) },
	{ .kind = OPT_STRING, .name = "prefix", .meta = "NAME",
	  .help = "what all names begin with; default: the\nexperiment's name",
	  .at = offsetof(struct spec_options, c.prefix) },
	OPT_HEADING("Checking"),
	{ .kind = OPT_FLAG, .name = "alone",
	  .help = "check files against the rules only, not against\nother specs",
	  .at = offsetof(struct spec_options, alone) },
	{ .kind = OPT_FLAG, .name = "strict", .help = "exit with 1 if there are warnings",
	  .at = offsetof(struct spec_options, strict) },
	OPT_HEADING("Common options"),
	{ .kind = OPT_LIST, .name = "spec", .meta = "FILE",
	  .help = "read event specs from FILE first (may be repeated)",
	  .at = offsetof(struct spec_options, specs) },
	{ .kind = OPT_FLAG, .letter = 'q', .name = "quiet", .help = "do not say that a file is fine",
	  .at = offsetof(struct spec_options, quiet) },
	{ .kind = OPT_FLAG, .letter = 'v', .name = "verbose",
	  .help = "list all that the specs say", .at = offsetof(struct spec_options, verbose) },
	OPT_HELP,
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "spec",
	.synopsis = "[OPTION...] [list [FILE...] | check FILE... | c FILE]",
	.summary = "Lists the events that traces may hold, including those of spec files, checks\n"
		   "spec files, or generates C code from one.",
	.notes = "Exit status: 0 fine, 1 a file has mistakes, 2 a file could not be read.\n"
		 "tracetool-spec(5) explains the language of the files.",
	.table = table,
};

/* What an action works with. */
struct run {
	const struct spec_options *opt;
	struct tt_specs *specs;
	char **files;
	size_t nfiles;
};

/* ---------------------------------------------------------------------- list */

static int list(const struct run *run)
{
	unsigned flags = (run->opt->format == FORMAT_JSON ? SPEC_LIST_JSON : 0u) |
			 (run->opt->verbose ? SPEC_LIST_ALL : 0u);
	struct tt_error err;

	for (size_t i = 0; i < run->nfiles; i++) {
		if (tt_specs_add_file(run->specs, run->files[i], &err) < 0) {
			cmd_report(NULL, &err);
			return STATUS_TROUBLE;
		}
	}
	spec_list(&out_stdout, run->specs, flags);
	return STATUS_FINE;
}

/* --------------------------------------------------------------------- check */

/* Nobody writes a larger spec, nor does the library read one. */
#define MAX_NBYTES (UINT32_C(16) << 20)

struct text {
	char *data;
	size_t len, cap;
};

/* Reads all of it, or one byte more than a spec may have. 0 or an errno. */
static int slurp(int fd, struct text *text)
{
	while (text->len <= MAX_NBYTES) {
		ssize_t n;

		if (text->len == text->cap) {
			size_t cap = text->cap + text->cap / 2 + 16384;
			char *data = realloc(text->data, cap);

			if (!data)
				return ENOMEM;
			text->data = data;
			text->cap = cap;
		}
		n = read(fd, text->data + text->len, text->cap - text->len);
		if (n < 0 && errno != EINTR)
			return errno;
		if (n == 0)
			return 0;
		text->len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* False after a message. text->data is to be freed in both cases. */
static bool load(const char *path, struct text *text)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int failure = fd < 0 ? errno : slurp(fd, text);

	if (fd >= 0 && !standard)
		close(fd);
	if (failure != 0)
		cmd_error(cmd_input_name(path), "cannot be read: %s", strerror(failure));
	else if (text->len > MAX_NBYTES)
		cmd_error(cmd_input_name(path), "larger than 16 MiB: not an event spec");
	return failure == 0 && text->len <= MAX_NBYTES;
}

/* Where the mistakes of one file go. */
struct report {
	struct out *out;
	const char *name;
	unsigned n, nwarnings;
};

static void mistake_text(void *arg, const struct tt_spec_mistake *m)
{
	struct report *r = arg;
	char *p = out_begin(r->out);

	p = out_escaped(r->out, p, (struct tt_str){ r->name, strlen(r->name) });
	p = put_u64(put_char(p, ':'), m->line);
	p = put_u64(put_char(p, ':'), m->column);
	p = put_cstr(p, m->warning ? ": warning: " : ": ");
	p = out_escaped(r->out, p, (struct tt_str){ m->message, strlen(m->message) });
	p = put_lit(p, " [");
	p = out_cstr(r->out, p, m->rule);
	out_end(r->out, put_lit(p, "]\n"));
	r->nwarnings += m->warning;
}

static void mistake_json(void *arg, const struct tt_spec_mistake *m)
{
	struct report *r = arg;
	char *p = out_begin(r->out);

	if (r->n++ > 0)
		p = put_char(p, ',');
	p = put_u64(put_lit(p, "{\"line\":"), m->line);
	p = json_u64(p, "column", m->column);
	p = json_cstr(r->out, p, "rule", m->rule);
	p = json_cstr(r->out, p, "message", m->message);
	if (m->warning)
		p = json_bool(p, "warning", true);
	out_end(r->out, put_char(p, '}'));
	r->nwarnings += m->warning;
}

/* Adds a text without mistakes, so that the next file is checked against it; how many events
 * it has, or -1. */
static int count_added(const struct run *run, const char *name, const struct text *text)
{
	const struct tt_event_spec *before[SPEC_NTYPES];
	struct tt_error err;
	int n = 0;

	for (unsigned type = 0; type < SPEC_NTYPES; type++)
		before[type] = tt_specs_event(run->specs, type);
	if (tt_specs_add(run->specs, name, text->data, text->len, &err) < 0) {
		cmd_report(NULL, &err);
		return -1;
	}
	for (unsigned type = 0; type < SPEC_NTYPES; type++)
		n += tt_specs_event(run->specs, type) != before[type] &&
		     tt_specs_event(run->specs, type) != NULL;
	return n;
}

static int checked(int mistakes)
{
	if (mistakes < 0)
		cmd_error(NULL, "out of memory");
	return mistakes < 0 ? STATUS_TROUBLE : mistakes > 0 ? STATUS_BAD : STATUS_FINE;
}

/* As tt_specs_check(). */
static int check_text(const struct run *run, const char *name, const struct text *text,
		      unsigned *nwarnings)
{
	char buffer[OUT_SIZE / 16 + OUT_ROOM];
	struct out errors;
	struct report r = { .out = &errors, .name = name };
	int n;

	out_flush(&out_stdout);
	out_init(&errors, STDERR_FILENO, buffer, OUT_SIZE / 16);
	n = tt_specs_check(run->opt->alone ? NULL : run->specs, text->data, text->len, mistake_text,
			   &r);
	out_flush(&errors);
	*nwarnings = r.nwarnings;
	if (n > 100)
		cmd_error(name, "%d mistakes; only the first 100 are shown", n);
	return n;
}

static int check_json(const struct run *run, const char *name, const struct text *text,
		      unsigned *nwarnings)
{
	struct report r = { .out = &out_stdout, .name = name };
	char *p = out_begin(r.out);
	int n;

	p = put_lit(p, "{\"file\":");
	p = out_json(r.out, p, (struct tt_str){ name, strlen(name) });
	out_end(r.out, put_char(json_key(p, "mistakes"), '['));
	n = tt_specs_check(run->opt->alone ? NULL : run->specs, text->data, text->len, mistake_json,
			   &r);
	p = json_u64(put_char(out_begin(r.out), ']'), "count", n < 0 ? 0 : (uint64_t)n);
	if (r.nwarnings > 0)
		p = json_u64(p, "warnings", r.nwarnings);
	out_end(r.out, put_lit(p, "}\n"));
	*nwarnings = r.nwarnings;
	return n;
}

static int praise(const struct run *run, const char *name, const struct text *text,
		  unsigned nwarnings)
{
	struct out *o = &out_stdout;
	char *p;
	int n = run->opt->alone ? 0 : count_added(run, name, text);

	if (n < 0)
		return STATUS_TROUBLE;
	if (run->opt->quiet || run->opt->format != FORMAT_TEXT)
		return STATUS_FINE;
	p = out_escaped(o, out_begin(o), (struct tt_str){ name, strlen(name) });
	p = put_lit(p, ": ");
	if (!run->opt->alone) {
		p = put_u64(p, (uint64_t)n);
		p = put_cstr(p, n == 1 ? " event, " : " events, ");
	}
	if (nwarnings > 0)
		p = put_cstr(put_u64(p, nwarnings), nwarnings == 1 ? " warning\n" : " warnings\n");
	else
		p = put_lit(p, "fine\n");
	out_end(o, p);
	return STATUS_FINE;
}

static int check_file(const struct run *run, const char *path)
{
	const char *name = cmd_input_name(path);
	struct text text = { NULL, 0, 0 };
	int status = STATUS_TROUBLE;
	unsigned nwarnings;

	if (load(path, &text)) {
		status = checked(run->opt->format == FORMAT_JSON
					 ? check_json(run, name, &text, &nwarnings)
					 : check_text(run, name, &text, &nwarnings));
		if (status == STATUS_FINE)
			status = praise(run, name, &text, nwarnings);
		if (status == STATUS_FINE && run->opt->strict && nwarnings > 0)
			status = STATUS_BAD;
	}
	free(text.data);
	return status;
}

static int check(const struct run *run)
{
	int worst = STATUS_FINE;

	if (run->nfiles == 0)
		return opt_usage(&command, "no file to check");
	for (size_t i = 0; i < run->nfiles && !out_failed(&out_stdout); i++) {
		int status = check_file(run, run->files[i]);

		if (worst < status)
			worst = status;
	}
	return worst;
}

/* ------------------------------------------------------------------------- c */

static int write_code(const struct run *run, const char *name, const struct text *text)
{
	struct spec_c_options opt = run->opt->c;
	struct outfile file;
	int status = outfile_open(&file, run->opt->output ? run->opt->output : "-");

	if (status != STATUS_FINE)
		return status;
	/* such a text may be one of the built-in specs: these could not be added again */
	opt.no_text = run->opt->alone;
	status = spec_c(file.out, &opt, name, (struct tt_str){ text->data, text->len });
	if (status == STATUS_FINE)
		return outfile_finish(&file);
	outfile_discard(&file);
	return status;
}

static int code(const struct run *run)
{
	struct text text = { NULL, 0, 0 };
	const char *name;
	unsigned nwarnings;
	int status;

	if (run->nfiles != 1)
		return opt_usage(&command, "c takes one file");
	status = cmd_check_output(&command, run->opt->output, run->files, 1, &run->opt->specs);
	if (status != OPT_RUN)
		return status;
	status = STATUS_TROUBLE;
	name = cmd_input_name(run->files[0]);
	if (load(run->files[0], &text))
		status = checked(check_text(run, name, &text, &nwarnings));
	if (status == STATUS_FINE)
		status = write_code(run, name, &text);
	free(text.data);
	return status;
}

/* ----------------------------------------------------------------------- run */

static const struct action {
	const char *name;
	int (*run)(const struct run *run);
} actions[] = {
	{ "list", list },
	{ "check", check },
	{ "c", code },
};

static const struct action *find_action(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	}
	return NULL;
}

static int unknown_action(const char *name)
{
	struct nearest near = { .word = name };

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		nearest_try(&near, actions[i].name);
	if (near.best)
		return opt_usage(&command, "no action '%s'; did you mean '%s'?", name, near.best);
	return opt_usage(&command, "no action '%s'; expected 'list', 'check' or 'c'", name);
}

/* The option that was given and means nothing to the action, or NULL. */
static const char *idle_option(const struct spec_options *opt, const struct action *action)
{
	bool is_code = action->run == code;

	if (!is_code && opt->output)
		return "-o";
	if (!is_code && opt->c.part != 0)
		return "--part";
	if (!is_code && opt->c.prefix)
		return "--prefix";
	if (is_code && opt->format != FORMAT_TEXT)
		return "--format";
	if (action->run == list && opt->alone)
		return "--alone";
	if (action->run != check && opt->strict)
		return "--strict";
	return NULL;
}

static int run_action(const struct spec_options *opt, const struct opt_operands *operands)
{
	struct cmd_common common = { .specs = opt->specs };
	struct cmd_input in;
	struct run run = { .opt = opt };
	const struct action *action = &actions[0];
	const char *idle;
	int status;

	if (operands->n > 0) {
		action = find_action(operands->items[0]);
		if (!action)
			return unknown_action(operands->items[0]);
		run.files = operands->items + 1;
		run.nfiles = operands->n - 1;
	}
	idle = idle_option(opt, action);
	if (idle)
		return opt_usage(&command, "%s does not apply to '%s'", idle, action->name);
	status = cmd_input_init(&in, &common);
	run.specs = in.specs;
	if (status == STATUS_FINE)
		status = action->run(&run);
	cmd_input_release(&in);
	return status;
}

int cmd_spec(int argc, char **argv)
{
	struct spec_options opt = { .format = FORMAT_TEXT };
	struct opt_operands operands;
	int status = opt_parse(&command, argc, argv, &opt, &operands);

	if (status == OPT_RUN)
		status = run_action(&opt, &operands);
	opt_list_release(&opt.specs);
	return status;
}
