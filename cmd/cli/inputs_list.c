/* SPDX-License-Identifier: MIT */
/* inputs_list.c - what an operand stands for, or a name in a list of names. Command layer. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inputs_from.h"

enum { LIST_NAME_NBYTES = 64 << 10 };

static struct trace *from_stdin(struct cmd_inputs *in)
{
	struct trace *t = NULL;
	struct tt_error err;

	if (in->input->options.member) {
		t = inputs_trace_new(in, "-", NULL, NULL);
		if (t)
			inputs_open_path(in, t, "-", true);
		return t;
	}
	if (tt_archive_open_fd(&in->archive, STDIN_FILENO, &in->input->options, &err) == 0) {
		inputs_enter_archive(in, "-", NULL);
		return NULL;
	}
	t = inputs_trace_new(in, "-", NULL, NULL);
	if (t)
		t->public.error = err;
	return t;
}

/* The first trace of what was named, or NULL if it needs more steps. */
struct trace *inputs_from_operand(struct cmd_inputs *in, const char *path, bool listed)
{
	const char *colon;
	struct stat st;

	if (strcmp(path, "-") == 0)
		return from_stdin(in);
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return inputs_enter_folder(in, path);
		if (listed && inputs_is_output(in, path, &st))
			return inputs_from_output(in, path, &st);
		return inputs_from_path(in, path, true);
	}
	colon = in->input->options.member ? NULL : inputs_find_pattern(path);
	return colon ? inputs_from_pattern(in, path, colon) : inputs_open_file(in, path, true);
}

static void close_list(struct cmd_inputs *in)
{
	if (in->list && in->list != stdin)
		fclose(in->list);
	in->list = NULL;
	in->list_at++;
}

static struct trace *open_list(struct cmd_inputs *in, const char *path)
{
	struct trace *t = NULL;

	in->list_names = 0;
	in->list = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	if (!in->list) {
		t = inputs_trace_failed(in, path, TT_E_IO, errno, "cannot open: %s", strerror(errno));
		close_list(in);
	}
	return t;
}

/* Reads the next name into list_name. 0, 1 at the end, or an errno, negated. */
static int read_name(struct cmd_inputs *in)
{
	int end = in->o->nul ? '\0' : '\n';
	size_t n = 0;
	int c;

	if (!in->list_name)
		in->list_name = malloc(LIST_NAME_NBYTES);
	if (!in->list_name)
		return -ENOMEM;
	while ((c = getc(in->list)) != EOF) {
		if (c == end && n > 0)
			break;
		if (c == end)
			continue;
		if (n == LIST_NAME_NBYTES - 1)
			return -ENAMETOOLONG;
		in->list_name[n++] = (char)c;
	}
	in->list_name[n] = '\0';
	if (n == 0 && ferror(in->list))
		return -EIO;
	return n == 0;
}

struct trace *inputs_from_list(struct cmd_inputs *in)
{
	const char *list = in->o->lists.items[in->list_at];
	struct trace *t = NULL;
	int rc;

	if (!in->list)
		return open_list(in, list);
	rc = read_name(in);
	if (rc == -ENOMEM) {
		inputs_out_of_memory(in);
		return NULL;
	}
	if (rc == 0) {
		in->list_names++;
		if (strcmp(in->list_name, "-") == 0 && in->list == stdin)
			return inputs_trace_failed(in, "-", TT_E_ARGUMENT, 0,
					    "standard input can be read only once");
		return inputs_from_operand(in, in->list_name, true);
	}
	if (rc < 0)
		t = inputs_trace_failed(in, list, TT_E_IO, -rc, "cannot read the list of files: %s",
				 strerror(-rc));
	else if (in->list_names == 0)
		t = inputs_trace_failed(in, list, TT_E_ARGUMENT, 0, "the list names no files");
	close_list(in);
	return t;
}
