/* SPDX-License-Identifier: MIT */
/*
 * extract.c - `tracetool extract-batches`: the bytes of each experimental batch as
 * a file, with a manifest. Command layer, in this folder on set.h, which names and
 * writes the files of one trace, and decode.h, which adds the records in them.
 *
 * Only generations are read, and events are not ordered: the batches of a trace can be
 * extracted even if its events make no sense.
 */
#include <errno.h>
#include <inttypes.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/inputs.h"
#include "cli/progress.h"
#include "cli/units.h"
#include "decode.h"

struct extract_options {
	struct cmd_common common;
	struct cmd_inputs_options inputs;
	const char *output;
	struct batch_choice choice;
	bool decode;
	int format;
};

static const struct opt table[] = {
	OPT_HEADING("Selection"),
	{ .kind = OPT_LIST, .letter = 'e', .name = "experiment", .meta = "EXPERIMENT",
	  .help = "only this one, by name or number (may be repeated)",
	  .at = offsetof(struct extract_options, choice.experiments) },
	{ .kind = OPT_OWN, .letter = 'g', .name = "generation", .meta = "N[-[M]]",
	  .help = "only these generations (3, 3-5; 3-: from 3 on)",
	  .at = offsetof(struct extract_options, choice.generations),
	  .parse = selection_parse_generations },
	OPT_HEADING("Output"),
	{ .kind = OPT_STRING, .letter = 'o', .name = "output", .meta = "DIR|ARCHIVE|-",
	  .help = "a folder, or NAME.tar, NAME.tar.zst, NAME.tar.gz or\n"
		  "NAME.zip, or - for a tar on standard output;\n"
		  "default: for each FILE a folder FILE.batches here",
	  .at = offsetof(struct extract_options, output) },
	{ .kind = OPT_FLAG, .name = "decode",
	  .help = "also write the records of batches that a spec\n"
		  "describes, as in gen-000001/AllocFree/Types.jsonl",
	  .at = offsetof(struct extract_options, decode) },
	{ .kind = OPT_CHOICE, .name = "format", .meta = "FORMAT", .choices = batch_formats,
	  .help = "of these records: jsonl (one object per line,\ndefault) or csv",
	  .at = offsetof(struct extract_options, format) },
	CMD_INPUTS_OPTIONS(struct extract_options, inputs),
	CMD_COMMON_OPTIONS(struct extract_options, common),
	OPT_TABLE_END,
};

static const struct opt_command command = {
	.verb = "extract-batches",
	.synopsis = "[OPTION...] FILE...",
	.summary = "Writes the bytes of each experimental batch to a file of its own,\n"
		   "gen-000001/AllocFree/000-thread-none.bin, and a list of them to manifest.json.",
	.notes = "Exit status: 0 fine, 1 a trace is broken or lacks what was asked for (what can\n"
		 "be read is written), 2 a usage, I/O or resource error.",
	.table = table,
};

/* ---- names */

/* A file's name in the output: the last part of its path, without bytes that are unsafe. */
static char *safe_name(const char *path)
{
	const char *base = cmd_base_name(path);
	bool text = out_is_utf8(str_of(base));
	char *name;

	if (strcmp(path, "-") == 0)
		base = "stdin";
	name = strdup(base[0] == '\0' ? "trace" : base);
	for (char *c = name; c && *c != '\0'; c++) {
		unsigned char byte = (unsigned char)*c;

		if (byte < 0x20 || byte == 0x7f || *c == '\\' || (byte >= 0x80 && !text))
			*c = '_';
	}
	/* a name of ours is neither hidden nor `.` or `..` */
	if (name && name[0] == '.')
		name[0] = '_';
	return name;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Adds a name to the set of those that are taken, which owns it then. False: it is taken. */
static bool take_name(void **names, char *name, bool *no_memory)
{
	char **there = tsearch(name, names, compare_names);

	*no_memory = !there;
	return there && *there == name;
}

/* A name for the output of a trace, different from those before it; NULL without memory. */
static const char *unique_name(void **names, const char *path)
{
	char *plain = safe_name(path);
	char *name = plain ? strdup(plain) : NULL;
	bool no_memory = false;

	for (unsigned i = 2; name && !take_name(names, name, &no_memory); i++) {
		free(name);
		if (no_memory || asprintf(&name, "%s-%u", plain, i) < 0)
			name = NULL;
	}
	free(plain);
	return name;
}

/* ---- reading */

/* Errors of one file that are reported; each of its generations may have one. */
enum { ERRORS_REPORTED = 10 };

/* What was reported about a file so far. An experiment without batches is found again in
 * each generation, and reported once. */
struct notes {
	const struct extract_options *o;
	const struct cmd_trace *trace;
	const char *file;
	const struct tt_specs *specs;
	uint64_t errors;
	uint64_t empty;         /* generations with events of experiments without batches */
};

static bool is_chosen(const struct notes *n, const struct tt_error *finding)
{
	const struct tt_event_spec *event = NULL;

	if (finding->event_type >= 0)
		event = tt_specs_event(n->specs, (unsigned)finding->event_type);
	return !event || batch_choice_experiment(&n->o->choice, event->experiment_id, n->specs);
}

static bool is_to_report(struct notes *n, const struct tt_error *finding)
{
	if (finding->code != TT_W_EXPERIMENT_EMPTY)
		return n->o->common.verbose;
	if (!generation_range_has(n->o->choice.generations, finding->generation) ||
	    !is_chosen(n, finding))
		return false;
	return n->empty++ == 0 || n->o->common.verbose;
}

static void report_findings(struct notes *n, struct tt_reader *r)
{
	struct tt_error finding;

	while (tt_reader_finding(r, &finding) == 0) {
		if (is_to_report(n, &finding) && !n->o->common.quiet)
			cmd_report(n->file, &finding);
	}
}

/* (what explains the first error is no news with the others) */
static void report_error(struct notes *n, const struct tt_error *err)
{
	if (n->errors++ == 0)
		cmd_trace_report_cause(n->trace, NULL, err);
	else if (n->errors <= ERRORS_REPORTED || n->o->common.verbose)
		cmd_report(n->file, err);
}

/* How much was not reported. */
static void report_repeated(const struct notes *n)
{
	if (n->o->common.verbose)
		return;
	if (n->empty > 1 && !n->o->common.quiet)
		cmd_error(n->file, "warning: the same in %" PRIu64 " more generation%s",
			  n->empty - 1, plural(n->empty - 1));
	if (n->errors > ERRORS_REPORTED)
		cmd_error(n->file, "and %" PRIu64 " more error%s (use --verbose to see them)",
			  n->errors - ERRORS_REPORTED, plural(n->errors - ERRORS_REPORTED));
}

/*
 * Continues after an error, if it is the trace's. True if there is more to read.
 * *status becomes that of the error if that is worse.
 */
static bool skip_error(struct tt_reader *r, struct notes *notes, int *status)
{
	const struct tt_error *err = tt_reader_error(r);
	uint64_t skipped;
	int rc;

	report_error(notes, err);
	*status = worse(*status, cmd_status(err));
	if (err->system)
		return false;
	rc = tt_reader_resync(r, &skipped);
	if (rc < 0) {
		report_error(notes, tt_reader_error(r));
		*status = worse(*status, cmd_status(tt_reader_error(r)));
	}
	return rc == 0;
}

/* All generations; a status. An output that fails ends it at once. */
static int read_all(struct batch_set *set, struct batch_decoder *decoder, struct tt_reader *r,
		    struct notes *notes)
{
	const struct tt_generation *g;
	int status = STATUS_FINE;

	for (;;) {
		const struct generation_range range = notes->o->choice.generations;
		int rc = tt_reader_pass_generation(r, range.first, range.last);

		if (rc == 0)
			continue;
		if (rc > 0)
			rc = tt_reader_next_generation(r, &g);
		report_findings(notes, r);
		if (rc == 1)
			return status;
		if (rc < 0) {
			set->damaged = true;
			g = tt_reader_broken_generation(r);
			if (g && batch_set_add(set, g) != STATUS_FINE)
				return STATUS_TROUBLE;
			if (!skip_error(r, notes, &status))
				return status;
			continue;
		}
		if (batch_set_add(set, g) != STATUS_FINE ||
		    (decoder && batch_decode(decoder, set, g) != STATUS_FINE))
			return STATUS_TROUBLE;
		progress_show_reader(r);
	}
}

/* ---- one file */

struct extraction {
	const struct extract_options *o;
	struct batch_output output;
	bool separate;          /* an output for each file */
	bool single;            /* there is one trace only */
	void *names;            /* of outputs, for tsearch() */
};

/* The output's path if each file has one of its own. */
static int choose_output(struct extraction *x, const char *name)
{
	if (!x->separate)
		return STATUS_FINE;
	if (asprintf(&x->output.path, "%s.batches", name) < 0) {
		x->output.path = NULL;
		cmd_error(NULL, "%s", strerror(ENOMEM));
		return STATUS_TROUBLE;
	}
	return STATUS_FINE;
}

static int finish_output(struct extraction *x, bool keep)
{
	int status = keep ? batch_output_finish(&x->output) : STATUS_FINE;

	batch_output_release(&x->output);
	return status;
}

static void report_sum(const struct batch_set *set, const char *file, const struct extraction *x)
{
	if (x->o->common.quiet)
		return;
	if (set->nbatches == 0 && set->asked_found)
		cmd_error(file, "no experimental batches found");
	if (set->nbatches > 0)
		cmd_error(file,
			  "%" PRIu64 " batch%s, %" PRIu64 " bytes, %" PRIu64
			  " generation%s written to %s",
			  set->nbatches, plural_es(set->nbatches), set->nbytes, set->ngenerations,
			  plural(set->ngenerations),
			  strcmp(x->output.path, "-") == 0 ? "standard output" : x->output.path);
}

/* With --decode, a trace is broken if a batch cannot be decoded, but not if it has no spec. */
static int report_faults(const struct batch_decoder *d)
{
	uint64_t more = d->nfaults - BATCH_FAULTS_REPORTED;

	if (d->nunknown != 0 && !d->quiet)
		cmd_error(d->file, "warning: not decoded for want of a spec: %" PRIu64 " batch%s",
			  d->nunknown, plural_es(d->nunknown));
	if (d->nfaults == 0)
		return STATUS_FINE;
	if (d->nfaults > BATCH_FAULTS_REPORTED)
		cmd_error(d->file,
			  "and %" PRIu64 " more batch%s that could not be decoded to the end",
			  more, plural_es(more));
	return STATUS_BAD;
}

/*
 * Reads one file into the output. All batches that can be read are written; a file that
 * gave only errors gets no manifest.
 */
static int read_into(struct extraction *x, const struct cmd_trace *trace, const char *name)
{
	const char *file = cmd_input_name(trace->name);
	struct tt_reader *r = trace->reader;
	/* with those that the trace brings, which are added while it is read */
	const struct tt_specs *specs = tt_reader_specs(r);
	struct notes notes = { .o = x->o, .trace = trace, .file = file, .specs = specs };
	struct batch_decoder decoder = { .format = x->o->format, .file = file,
					  .quiet = x->o->common.quiet };
	struct batch_set set;
	int status;

	batch_set_init(&set, &x->o->choice, &x->output);
	batch_set_name(&set, name, x->separate || x->single ? "" : name);
	set.specs = specs;
	status = read_all(&set, x->o->decode ? &decoder : NULL, r, &notes);
	report_repeated(&notes);
	status = worse(status, report_faults(&decoder));
	if (!set.failed)
		status = worse(status, batch_set_check(&set, file));
	if (!set.failed && (set.nbatches > 0 || status == STATUS_FINE))
		status = worse(status, batch_set_finish(&set));
	if (!set.failed)
		report_sum(&set, file, x);
	batch_set_release(&set);
	return set.failed ? STATUS_TROUBLE : status;
}

static int extract_trace(struct extraction *x, const struct cmd_trace *trace, const char *name)
{
	int status;

	if (!trace->reader)
		return cmd_trace_report_cause(trace, NULL, &trace->error);
	progress_start(cmd_input_name(trace->name), x->o->common.quiet);
	status = read_into(x, trace, name);
	progress_stop();
	return status;
}

/* Into an output of its own, or into the one for all. */
static int extract_into(struct extraction *x, const struct cmd_trace *trace)
{
	const char *name = unique_name(&x->names, trace->name);
	int status;

	if (!name) {
		cmd_error(NULL, "%s", strerror(ENOMEM));
		x->output.failed = true;
		return STATUS_TROUBLE;
	}
	if (choose_output(x, name) != STATUS_FINE) {
		x->output.failed = true;
		return STATUS_TROUBLE;
	}
	status = extract_trace(x, trace, name);
	return x->separate ? worse(status, finish_output(x, !x->output.failed)) : status;
}

static int extract_all(struct extraction *x, struct cmd_inputs *inputs)
{
	int status = STATUS_FINE;
	struct cmd_trace *trace;

	while (!x->output.failed && cmd_inputs_next(inputs, &trace) == 0) {
		status = worse(status, extract_into(x, trace));
		cmd_trace_close(trace);
	}
	if (!x->separate)
		status = worse(status, finish_output(x, !x->output.failed));
	return status;
}

static int extract(const struct extract_options *o, const struct reads *reads,
		   struct cmd_inputs *inputs)
{
	struct extraction x = {
		.o = o, .separate = !o->output, .single = cmd_inputs_single(inputs),
		.output.reads = reads,
	};
	int status;

	if (o->output)
		x.output.path = strdup(o->output);
	if (o->output && !x.output.path) {
		cmd_error(NULL, "%s", strerror(ENOMEM));
		status = STATUS_TROUBLE;
	} else {
		status = extract_all(&x, inputs);
		if (x.output.unread)
			status = STATUS_FINE;
	}
	tdestroy(x.names, free);
	batch_output_release(&x.output);
	return status;
}

/* Whether the options and files go together. OPT_RUN, or a status after a message. */
static int check_usage(const struct extract_options *o, const struct opt_operands *files)
{
	int status = cmd_inputs_check(&command, &o->inputs, &o->common, files);

	if (status != OPT_RUN)
		return status;
	if (o->format != BATCH_JSONL && !o->decode)
		return opt_usage(&command, "--format requires --decode");
	if (o->output && strcmp(o->output, "-") == 0 && isatty(STDOUT_FILENO))
		return opt_usage(&command, "refusing to write a tar to a terminal: use -o OUT");
	return cmd_inputs_check_output(&command, o->output, &o->inputs, files, &o->common.specs);
}

/* All that is named on the command line. */
static int list_reads(struct reads *reads, const struct extract_options *o,
		      const struct opt_operands *files)
{
	bool known = reads_add_list(reads, &o->common.specs) &&
		     reads_add_list(reads, &o->inputs.lists);

	for (size_t i = 0; i < files->n; i++)
		known = known && reads_add(reads, files->items[i]);
	reads_sort(reads);
	if (known)
		return STATUS_FINE;
	cmd_error(NULL, "%s", strerror(ENOMEM));
	return STATUS_TROUBLE;
}

static int run(const struct extract_options *o, const struct opt_operands *files)
{
	struct cmd_inputs *inputs = NULL;
	struct reads reads = { 0 };
	struct cmd_input input;
	int status = cmd_input_init(&input, &o->common);

	if (status == STATUS_FINE)
		status = list_reads(&reads, o, files);
	if (status == STATUS_FINE)
		status = cmd_inputs_open(&inputs, &o->inputs, &input, files);
	if (status == STATUS_FINE) {
		cmd_inputs_output(inputs, o->output, -1);
		status = extract(o, &reads, inputs);
	}
	status = worse(status, cmd_inputs_close(inputs, o->common.verbose));
	reads_release(&reads);
	cmd_input_release(&input);
	return status;
}

int cmd_extract(int argc, char **argv)
{
	struct extract_options o = { .choice.generations = ALL_GENERATIONS };
	struct opt_operands files;
	int status = opt_parse(&command, argc, argv, &o, &files);

	if (status == OPT_RUN)
		status = check_usage(&o, &files);
	if (status == OPT_RUN)
		status = run(&o, &files);
	cmd_inputs_options_release(&o.inputs);
	opt_list_release(&o.common.specs);
	opt_list_release(&o.choice.experiments);
	return status;
}
