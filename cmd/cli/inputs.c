/* SPDX-License-Identifier: MIT */
/*
 * inputs.c - all traces that the operands of a verb stand for, one after the other. Command
 * layer: stands on inputs_from.h.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inputs_from.h"
#include "units.h"

/* ---- options */

void cmd_inputs_options_release(struct cmd_inputs_options *o)
{
	opt_list_release(&o->lists);
}

static size_t count_stdin(const char *const *names, size_t n)
{
	size_t times = 0;

	for (size_t i = 0; i < n; i++)
		times += strcmp(names[i], "-") == 0;
	return times;
}

int cmd_inputs_check(const struct opt_command *command, const struct cmd_inputs_options *o,
		     const struct cmd_common *common, const struct opt_operands *operands)
{
	size_t times = count_stdin((const char *const *)operands->items, operands->n) +
		       count_stdin(o->lists.items, o->lists.n) +
		       count_stdin(common->specs.items, common->specs.n);

	if (operands->n == 0 && o->lists.n == 0)
		return opt_usage(command, "no file given; usage: tracetool %s %s", command->verb,
				 command->synopsis);
	if (o->nul && o->lists.n == 0)
		return opt_usage(command, "-0 requires --files-from");
	if (times > 1)
		return opt_usage(command, "standard input can be read only once");
	return OPT_RUN;
}

int cmd_inputs_check_output(const struct opt_command *command, const char *path,
			    const struct cmd_inputs_options *o, const struct opt_operands *operands,
			    const struct opt_list *specs)
{
	int status = cmd_check_output(command, path, operands->items, operands->n, specs);

	return status == OPT_RUN ? cmd_check_output_of(command, path, &o->lists, "an input")
				 : status;
}

/* One step towards the next trace: NULL if it needs more. */
static struct trace *step(struct cmd_inputs *in)
{
	if (in->archive)
		return inputs_from_archive(in);
	if (in->folder.name)
		return inputs_from_folder(in);
	if (in->at < in->operands->n)
		return inputs_from_operand(in, in->operands->items[in->at++], false);
	if (in->list_at < in->o->lists.n)
		return inputs_from_list(in);
	in->ended = true;
	return NULL;
}

/* ---- the interface */

int cmd_inputs_open(struct cmd_inputs **out, const struct cmd_inputs_options *o,
		    const struct cmd_input *input, const struct opt_operands *operands)
{
	struct cmd_inputs *in = calloc(1, sizeof(*in));

	*out = in;
	if (!in) {
		cmd_error(NULL, "%s", strerror(ENOMEM));
		return STATUS_TROUBLE;
	}
	in->o = o;
	in->input = input;
	in->operands = operands;
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->closed, NULL);
	return STATUS_FINE;
}

void cmd_inputs_output(struct cmd_inputs *in, const char *path, int fd)
{
	if (!path || stat(path, &in->output) != 0 || !S_ISREG(in->output.st_mode))
		in->output.st_mode = 0;
	if (fd < 0 || fstat(fd, &in->temporary) != 0 || !S_ISREG(in->temporary.st_mode))
		in->temporary.st_mode = 0;
}

bool cmd_inputs_clash(const struct cmd_inputs *in)
{
	return in->clash;
}

bool cmd_inputs_single(const struct cmd_inputs *in)
{
	struct tt_archive *archive;
	struct tt_member m;
	struct tt_error ignored;
	struct stat st;
	bool single;

	if (in->operands->n != 1 || in->o->lists.n > 0)
		return false;
	if (in->input->options.member || stat(in->operands->items[0], &st) != 0)
		return !inputs_find_pattern(in->operands->items[0]);
	if (!S_ISREG(st.st_mode))
		return !S_ISDIR(st.st_mode);
	if (tt_archive_open(&archive, in->operands->items[0], &in->input->options, &ignored) < 0)
		return true;
	single = tt_archive_next(archive, &m) != 0 || m.only;
	tt_archive_close(archive);
	return single;
}

int cmd_inputs_next(struct cmd_inputs *in, struct cmd_trace **out)
{
	struct trace *t = NULL;

	*out = NULL;
	pthread_mutex_lock(&in->lock);
	while (in->archive && tt_archive_in_use(in->archive))
		pthread_cond_wait(&in->closed, &in->lock);
	while (!t && !in->ended)
		t = step(in);
	if (t) {
		t->public.name = t->name;
		t->public.index = in->index++;
		*out = &t->public;
	}
	pthread_mutex_unlock(&in->lock);
	return t == NULL;
}

static int check_twice(const struct trace *t, struct tt_error *err)
{
	if (t->path)
		return 0;
	inputs_clear_error(err);
	err->code = TT_E_ARGUMENT;
	err->system = true;
	snprintf(err->message, sizeof(err->message), "the input can be read only once");
	return -TT_E_ARGUMENT;
}

int cmd_trace_open_again(struct tt_reader **out, const struct cmd_trace *public,
			 struct tt_error *err)
{
	const struct trace *t = (const struct trace *)public;
	struct tt_options options = t->from->input->options;
	int rc = check_twice(t, err);

	*out = NULL;
	if (rc < 0 || !t->member)
		return rc < 0 ? rc : cmd_open_reader(out, t->from->input, t->path, err);
	options.member = t->member;
	return tt_reader_open(out, t->path, &options, err);
}

int cmd_trace_open_pieces_again(struct tt_pieces **out, const struct cmd_trace *public,
				struct tt_error *err)
{
	const struct trace *t = (const struct trace *)public;
	struct tt_options options = t->from->input->options;
	int rc = check_twice(t, err);

	*out = NULL;
	if (rc < 0 || !t->member)
		return rc < 0 ? rc : cmd_open_pieces(out, t->from->input, t->path, err);
	options.member = t->member;
	return tt_pieces_open(out, t->path, &options, err);
}

void cmd_trace_find_cause(const struct cmd_trace *t, struct tt_error *err)
{
	struct tt_pieces *pieces;
	struct tt_error ignored;

	if (!cmd_may_have_cause(err) || cmd_trace_open_pieces_again(&pieces, t, &ignored) < 0)
		return;
	cmd_take_cause(pieces, err);
	tt_pieces_close(pieces);
}

int cmd_trace_report_cause(const struct cmd_trace *t, struct tt_reader *r,
			   const struct tt_error *err)
{
	struct tt_error cause = *err;

	cmd_trace_find_cause(t, &cause);
	return cmd_report_end(cmd_input_name(t->name), r, &cause);
}

void cmd_trace_close(struct cmd_trace *public)
{
	struct trace *t = (struct trace *)public;
	struct cmd_inputs *in = t->from;

	if (t->streams)
		pthread_mutex_lock(&in->lock);
	tt_reader_close(t->public.reader);
	tt_pieces_close(t->public.pieces);
	if (t->streams) {
		pthread_cond_broadcast(&in->closed);
		pthread_mutex_unlock(&in->lock);
	}
	inputs_trace_free(t);
}

static void say_left_out(const struct cmd_inputs *in)
{
	for (size_t i = 0; i < in->nnotes; i++)
		cmd_error(cmd_input_name(in->notes[i].name),
			  "%" PRIu64 " file%s that do%s not begin as a trace %s left out",
			  in->notes[i].left_out, in->notes[i].left_out == 1 ? "" : "s",
			  in->notes[i].left_out == 1 ? "es" : "",
			  in->notes[i].left_out == 1 ? "was" : "were");
}

int cmd_inputs_close(struct cmd_inputs *in, bool verbose)
{
	int status = STATUS_FINE;

	if (!in)
		return STATUS_FINE;
	if (in->archive)
		inputs_end_archive(in);
	inputs_end_group(in, &in->folder);
	if (verbose)
		say_left_out(in);
	if (in->no_memory) {
		cmd_error(NULL, "%s", strerror(ENOMEM));
		status = STATUS_TROUBLE;
	}
	for (size_t i = 0; i < in->nnotes; i++)
		free(in->notes[i].name);
	free(in->notes);
	free(in->list_name);
	if (in->list && in->list != stdin)
		fclose(in->list);
	walk_release(&in->walk);
	pthread_cond_destroy(&in->closed);
	pthread_mutex_destroy(&in->lock);
	free(in);
	return status;
}
