/* SPDX-License-Identifier: MIT */
/* inputs_file.c - one trace in a file, and what all groups of them share. Command layer. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inputs_from.h"

/* ---- traces */

bool inputs_out_of_memory(struct cmd_inputs *in)
{
	in->no_memory = in->ended = true;
	return false;
}

void inputs_clear_error(struct tt_error *err)
{
	*err = (struct tt_error){
		.offset = TT_UNKNOWN, .batch_offset = TT_UNKNOWN, .generation = TT_UNKNOWN,
		.thread = TT_NONE, .event_index = TT_UNKNOWN, .event_type = -1,
	};
}

void inputs_trace_free(struct trace *t)
{
	free(t->name);
	free(t->path);
	free(t->member);
	free(t);
}

/* A trace without a reader, yet. `path` and `member` may be NULL. */
struct trace *inputs_trace_new(struct cmd_inputs *in, const char *name, const char *path,
			       const char *member)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t) {
		inputs_out_of_memory(in);
		return NULL;
	}
	t->from = in;
	t->name = strdup(name);
	t->path = path ? strdup(path) : NULL;
	t->member = member ? strdup(member) : NULL;
	inputs_clear_error(&t->public.error);
	if (t->name && (!path || t->path) && (!member || t->member))
		return t;
	inputs_trace_free(t);
	inputs_out_of_memory(in);
	return NULL;
}

struct trace *inputs_trace_failed(struct cmd_inputs *in, const char *name, int code, int failure,
				  const char *format, ...)
{
	struct trace *t = inputs_trace_new(in, name, NULL, NULL);
	struct tt_error *err;
	va_list args;

	if (!t)
		return NULL;
	err = &t->public.error;
	err->code = code;
	err->system_errno = failure;
	err->system = true;
	va_start(args, format);
	vsnprintf(err->message, sizeof(err->message), format, args);
	va_end(args);
	return t;
}

/* ---- files that are not archives, or of which one member is named */

/* Whether what a folder or archive holds is left out: what does not begin as a trace. */
bool inputs_is_left_out(const struct cmd_inputs *in, const struct tt_error *err)
{
	return !in->o->all_files && (err->code == TT_E_NOT_A_TRACE || err->code == TT_E_MEMBER);
}

/* Closes a file that is left out: counts it, and keeps what the first one seems to be. */
void inputs_leave_out(struct group *g, struct trace *t)
{
	const char *seems = strstr(t->public.error.message, "\nit seems to be ");

	if (g->left_out++ == 0 && seems)
		snprintf(g->seems, sizeof(g->seems), "; the first one seems to be %.*s",
			 (int)strcspn(seems + 16, ":\n"), seems + 16);
	tt_pieces_close(t->public.pieces);
	inputs_trace_free(t);
}

/* Opens what `rc` says was opened or not, as pieces, where no header was looked at yet. */
int inputs_check_begin(struct trace *t, int rc, bool chosen)
{
	struct tt_error err;

	if (rc < 0 || chosen)
		return rc;
	rc = tt_pieces_check_header(t->public.pieces, &err);
	if (rc < 0)
		t->public.error = err;
	return rc;
}

/* The reader or the pieces of a path. An error about the header of a file that the user named
 * is left to those who read the pieces. */
int inputs_open_path(struct cmd_inputs *in, struct trace *t, const char *path, bool chosen)
{
	if (!in->o->take_apart)
		return cmd_open_reader(&t->public.reader, in->input, path, &t->public.error);
	return inputs_check_begin(t, cmd_open_pieces(&t->public.pieces, in->input, path, &t->public.error),
			   chosen);
}

/* `chosen`: the user named it. NULL: it was left out. */
struct trace *inputs_open_file(struct cmd_inputs *in, const char *path, bool chosen)
{
	struct trace *t = inputs_trace_new(in, path, path, NULL);

	if (!t)
		return NULL;
	if (inputs_open_path(in, t, path, chosen) < 0 && !chosen && inputs_is_left_out(in, &t->public.error)) {
		inputs_leave_out(&in->folder, t);
		return NULL;
	}
	in->folder.found++;
	return t;
}

/* ---- folders and archives */

/* Files that are left out are mentioned at the end. The name becomes the note's. */
void inputs_end_group(struct cmd_inputs *in, struct group *g)
{
	struct group *grown = NULL;

	if (g->left_out > 0)
		grown = realloc(in->notes, (in->nnotes + 1) * sizeof(*grown));
	if (grown) {
		in->notes = grown;
		in->notes[in->nnotes++] = *g;
	} else {
		free(g->name);
	}
	*g = (struct group){ 0 };
}

/* What to say of a folder or an archive in which no trace was found. */
struct trace *inputs_no_trace_in(struct cmd_inputs *in, const struct group *g, const char *what)
{
	if (g->left_out == 0)
		return inputs_trace_failed(in, g->name, TT_E_MEMBER, 0, "the %s holds no files%s", what,
				    in->pattern ? " that match" : "");
	return inputs_trace_failed(in, g->name, TT_E_MEMBER, 0,
			    "the %s holds no traces: none of its %" PRIu64 " file%s begins as one "
			    "(--all-files reads them all the same)%s", what, g->left_out,
			    g->left_out == 1 ? "" : "s", g->seems);
}
