/* SPDX-License-Identifier: MIT */
/* inputs_archive.c - the traces of an archive. Command layer. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inputs_from.h"

void inputs_end_archive(struct cmd_inputs *in)
{
	tt_archive_close(in->archive);
	in->archive = NULL;
	free(in->pattern);
	in->pattern = NULL;
	in->ahead = false;
	inputs_end_group(in, &in->members);
}

static bool matches(const char *pattern, const char *name)
{
	if (strncmp(name, "./", 2) == 0 && strncmp(pattern, "./", 2) != 0)
		name += 2;
	return strcmp(pattern, name) == 0 || fnmatch(pattern, name, 0) == 0;
}

/* ARCHIVE:MEMBER for people, and what --member would say, which is unambiguous. */
static struct trace *new_member(struct cmd_inputs *in, const struct tt_member *m)
{
	bool from_stdin = strcmp(in->members.name, "-") == 0;
	char *name = NULL, *member = NULL;
	struct trace *t = NULL;
	int n;

	if (!m->name)
		return inputs_trace_new(in, in->members.name, NULL, NULL);
	if (m->only && !in->pattern)
		return inputs_trace_new(in, in->members.name, from_stdin ? NULL : in->members.name, NULL);
	if (m->number == 1)
		n = asprintf(&name, "%s:%s", in->members.name, m->name);
	else
		n = asprintf(&name, "%s:%s#%" PRIu64, in->members.name, m->name, m->number);
	if (n < 0 || asprintf(&member, "%s#%" PRIu64, m->name, m->number) < 0)
		inputs_out_of_memory(in);
	else
		t = inputs_trace_new(in, name, from_stdin ? NULL : in->members.name, member);
	free(name);
	free(member);
	return t;
}

/* The member that the archive is at. NULL: it was left out. */
static struct trace *open_member(struct cmd_inputs *in, const struct tt_member *m)
{
	struct trace *t;
	int rc;

	if (in->pattern && m->name && !matches(in->pattern, m->name))
		return NULL;
	t = new_member(in, m);
	if (!t)
		return NULL;
	if (in->o->take_apart)
		rc = inputs_check_begin(t,
				 tt_pieces_open_member(&t->public.pieces, in->archive,
						       &in->input->options, &t->public.error),
				 m->only);
	else
		rc = tt_reader_open_member(&t->public.reader, in->archive, &in->input->options,
					   &t->public.error);
	if (rc < 0 && !m->only && inputs_is_left_out(in, &t->public.error)) {
		inputs_leave_out(&in->members, t);
		return NULL;
	}
	t->streams = tt_archive_in_use(in->archive);
	in->members.found++;
	in->folder.found++;
	return t;
}

/* The next trace of the archive. NULL: none, the archive has ended, or one was left out. */
struct trace *inputs_from_archive(struct cmd_inputs *in)
{
	struct tt_member m = in->member;
	struct trace *t = NULL;
	int rc = 0;

	if (!in->ahead)
		rc = tt_archive_next(in->archive, &m);
	in->ahead = false;
	if (rc == 0)
		return open_member(in, &m);
	if (rc < 0) {
		t = inputs_trace_new(in, in->members.name, NULL, NULL);
		if (t)
			t->public.error = *tt_archive_error(in->archive);
	} else if (in->members.found == 0) {
		t = inputs_no_trace_in(in, &in->members, "archive");
	}
	inputs_end_archive(in);
	return t;
}

/* Enters the archive that was opened. `pattern` may be NULL; `name` is copied. */
void inputs_enter_archive(struct cmd_inputs *in, const char *name, const char *pattern)
{
	in->members = (struct group){ .name = strdup(name) };
	in->pattern = pattern ? strdup(pattern) : NULL;
	if (!in->members.name || (pattern && !in->pattern))
		inputs_out_of_memory(in);
}

/*
 * Opens what may be an archive and looks at its first member. False: it is a plain file,
 * or cannot be opened.
 */
static bool open_archive(struct cmd_inputs *in, const char *path)
{
	struct tt_error ignored;
	struct stat st;
	int rc;

	if (in->input->options.member ||
	    tt_archive_open(&in->archive, path, &in->input->options, &ignored) < 0)
		return false;
	rc = tt_archive_next(in->archive, &in->member);
	in->ahead = rc == 0;
	/* what comes through a FIFO cannot be opened once more */
	if (rc == 0 && !in->member.name && (stat(path, &st) != 0 || S_ISREG(st.st_mode))) {
		tt_archive_close(in->archive);
		in->archive = NULL;
		in->ahead = false;
		return false;
	}
	return true;
}

/* An archive with a file for each of its errors opens too. */
struct trace *inputs_from_path(struct cmd_inputs *in, const char *path, bool chosen)
{
	if (!open_archive(in, path))
		return inputs_open_file(in, path, chosen);
	if (!chosen && !in->o->all_files) {
		in->folder.left_out++;
		tt_archive_close(in->archive);
		in->archive = NULL;
		in->ahead = false;
		return NULL;
	}
	inputs_enter_archive(in, path, NULL);
	return NULL;
}

/* ---- ARCHIVE:PATTERN */

/* The colon before a pattern, if what is before it is a file; NULL: there is none. */
const char *inputs_find_pattern(const char *path)
{
	struct stat st;

	for (const char *colon = strchr(path, ':'); colon; colon = strchr(colon + 1, ':')) {
		char *archive = strndup(path, (size_t)(colon - path));
		bool found = archive && strpbrk(colon + 1, "*?[") && stat(archive, &st) == 0 &&
			     !S_ISDIR(st.st_mode);

		free(archive);
		if (found)
			return colon;
	}
	return NULL;
}

struct trace *inputs_from_pattern(struct cmd_inputs *in, const char *path, const char *colon)
{
	char *archive = strndup(path, (size_t)(colon - path));
	struct trace *t = NULL;
	struct tt_error err;

	if (!archive) {
		inputs_out_of_memory(in);
	} else if (tt_archive_open(&in->archive, archive, &in->input->options, &err) < 0) {
		t = inputs_trace_new(in, archive, archive, NULL);
		if (t)
			t->public.error = err;
	} else {
		inputs_enter_archive(in, archive, colon + 1);
	}
	free(archive);
	return t;
}
