/* SPDX-License-Identifier: MIT */
/*
 * inputs.c - all traces that the operands of a verb stand for. Command layer: stands on
 * walk.h for folders, and on tracetool.h for archives.
 */
#include <errno.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inputs.h"
#include "units.h"
#include "walk.h"

/* What a folder or an archive gave. */
struct group {
	char *name;
	uint64_t found, left_out;
	char seems[160];        /* what the first that was left out seems to be, or "" */
};

struct cmd_inputs {
	pthread_mutex_t lock;   /* guards all that follows */
	pthread_cond_t closed;  /* a trace that streamed was closed */
	const struct cmd_inputs_options *o;
	const struct cmd_input *input;
	const struct opt_operands *operands;
	size_t at;              /* the next operand */
	size_t list_at;         /* the next list of names, */
	FILE *list;             /* and the one that is being read, or NULL */
	uint64_t list_names;    /* names read from it */
	char *list_name;        /* the name read last */
	struct walk walk;
	struct group folder;    /* without a name: not in a folder */
	struct tt_archive *archive; /* NULL: not in an archive */
	struct group members;
	char *pattern;          /* that members are to match, or NULL */
	struct tt_member member; /* the one that `archive` is at, if it is `ahead` */
	bool ahead;
	struct group *notes;    /* those from which files were left out */
	size_t nnotes;
	size_t index;           /* of the next trace */
	bool ended;
	bool no_memory;
	bool clash;
	struct stat output, temporary; /* st_mode is 0: there is none */
};

struct trace {
	struct cmd_trace public;
	struct cmd_inputs *from;
	char *name;
	char *path;             /* of the file; NULL: it can be read only once */
	char *member;           /* in it; NULL: `path` says it all */
	bool streams;           /* from the archive */
};

enum { LIST_NAME_NBYTES = 64 << 10 };

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

/* ---- traces */

static bool out_of_memory(struct cmd_inputs *in)
{
	in->no_memory = in->ended = true;
	return false;
}

static void clear_error(struct tt_error *err)
{
	*err = (struct tt_error){
		.offset = TT_UNKNOWN, .batch_offset = TT_UNKNOWN, .generation = TT_UNKNOWN,
		.thread = TT_NONE, .event_index = TT_UNKNOWN, .event_type = -1,
	};
}

static void trace_free(struct trace *t)
{
	free(t->name);
	free(t->path);
	free(t->member);
	free(t);
}

/* A trace without a reader, yet. `path` and `member` may be NULL. */
static struct trace *trace_new(struct cmd_inputs *in, const char *name, const char *path,
			       const char *member)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t) {
		out_of_memory(in);
		return NULL;
	}
	t->from = in;
	t->name = strdup(name);
	t->path = path ? strdup(path) : NULL;
	t->member = member ? strdup(member) : NULL;
	clear_error(&t->public.error);
	if (t->name && (!path || t->path) && (!member || t->member))
		return t;
	trace_free(t);
	out_of_memory(in);
	return NULL;
}

/* One that cannot be read, for a reason of the machine or the command line. */
static struct trace *trace_failed(struct cmd_inputs *in, const char *name, int code, int failure,
				  const char *format, ...) __attribute__((format(printf, 5, 6)));

static struct trace *trace_failed(struct cmd_inputs *in, const char *name, int code, int failure,
				  const char *format, ...)
{
	struct trace *t = trace_new(in, name, NULL, NULL);
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
static bool is_left_out(const struct cmd_inputs *in, const struct tt_error *err)
{
	return !in->o->all_files && (err->code == TT_E_NOT_A_TRACE || err->code == TT_E_MEMBER);
}

/* Closes a file that is left out: counts it, and keeps what the first one seems to be. */
static void leave_out(struct group *g, struct trace *t)
{
	const char *seems = strstr(t->public.error.message, "\nit seems to be ");

	if (g->left_out++ == 0 && seems)
		snprintf(g->seems, sizeof(g->seems), "; the first one seems to be %.*s",
			 (int)strcspn(seems + 16, ":\n"), seems + 16);
	tt_pieces_close(t->public.pieces);
	trace_free(t);
}

/* Opens what `rc` says was opened or not, as pieces, where no header was looked at yet. */
static int check_begin(struct trace *t, int rc, bool chosen)
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
static int open_path(struct cmd_inputs *in, struct trace *t, const char *path, bool chosen)
{
	if (!in->o->take_apart)
		return cmd_open_reader(&t->public.reader, in->input, path, &t->public.error);
	return check_begin(t, cmd_open_pieces(&t->public.pieces, in->input, path, &t->public.error),
			   chosen);
}

/* `chosen`: the user named it. NULL: it was left out. */
static struct trace *open_file(struct cmd_inputs *in, const char *path, bool chosen)
{
	struct trace *t = trace_new(in, path, path, NULL);

	if (!t)
		return NULL;
	if (open_path(in, t, path, chosen) < 0 && !chosen && is_left_out(in, &t->public.error)) {
		leave_out(&in->folder, t);
		return NULL;
	}
	in->folder.found++;
	return t;
}

/* ---- archives */

/* Files that are left out are mentioned at the end. The name becomes the note's. */
static void end_group(struct cmd_inputs *in, struct group *g)
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

static void end_archive(struct cmd_inputs *in)
{
	tt_archive_close(in->archive);
	in->archive = NULL;
	free(in->pattern);
	in->pattern = NULL;
	in->ahead = false;
	end_group(in, &in->members);
}

/* What to say of a folder or an archive in which no trace was found. */
static struct trace *no_trace_in(struct cmd_inputs *in, const struct group *g, const char *what)
{
	if (g->left_out == 0)
		return trace_failed(in, g->name, TT_E_MEMBER, 0, "the %s holds no files%s", what,
				    in->pattern ? " that match" : "");
	return trace_failed(in, g->name, TT_E_MEMBER, 0,
			    "the %s holds no traces: none of its %" PRIu64 " file%s begins as one "
			    "(--all-files reads them all the same)%s", what, g->left_out,
			    g->left_out == 1 ? "" : "s", g->seems);
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
		return trace_new(in, in->members.name, NULL, NULL);
	if (m->only && !in->pattern)
		return trace_new(in, in->members.name, from_stdin ? NULL : in->members.name, NULL);
	if (m->number == 1)
		n = asprintf(&name, "%s:%s", in->members.name, m->name);
	else
		n = asprintf(&name, "%s:%s#%" PRIu64, in->members.name, m->name, m->number);
	if (n < 0 || asprintf(&member, "%s#%" PRIu64, m->name, m->number) < 0)
		out_of_memory(in);
	else
		t = trace_new(in, name, from_stdin ? NULL : in->members.name, member);
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
		rc = check_begin(t,
				 tt_pieces_open_member(&t->public.pieces, in->archive,
						       &in->input->options, &t->public.error),
				 m->only);
	else
		rc = tt_reader_open_member(&t->public.reader, in->archive, &in->input->options,
					   &t->public.error);
	if (rc < 0 && !m->only && is_left_out(in, &t->public.error)) {
		leave_out(&in->members, t);
		return NULL;
	}
	t->streams = tt_archive_in_use(in->archive);
	in->members.found++;
	in->folder.found++;
	return t;
}

/* The next trace of the archive. NULL: none, the archive has ended, or one was left out. */
static struct trace *from_archive(struct cmd_inputs *in)
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
		t = trace_new(in, in->members.name, NULL, NULL);
		if (t)
			t->public.error = *tt_archive_error(in->archive);
	} else if (in->members.found == 0) {
		t = no_trace_in(in, &in->members, "archive");
	}
	end_archive(in);
	return t;
}

/* Enters the archive that was opened. `pattern` may be NULL; `name` is copied. */
static void enter_archive(struct cmd_inputs *in, const char *name, const char *pattern)
{
	in->members = (struct group){ .name = strdup(name) };
	in->pattern = pattern ? strdup(pattern) : NULL;
	if (!in->members.name || (pattern && !in->pattern))
		out_of_memory(in);
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
static struct trace *from_path(struct cmd_inputs *in, const char *path, bool chosen)
{
	if (!open_archive(in, path))
		return open_file(in, path, chosen);
	if (!chosen && !in->o->all_files) {
		in->folder.left_out++;
		tt_archive_close(in->archive);
		in->archive = NULL;
		in->ahead = false;
		return NULL;
	}
	enter_archive(in, path, NULL);
	return NULL;
}

/* ---- ARCHIVE:PATTERN */

/* The colon before a pattern, if what is before it is a file; NULL: there is none. */
static const char *find_pattern(const char *path)
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

static struct trace *from_pattern(struct cmd_inputs *in, const char *path, const char *colon)
{
	char *archive = strndup(path, (size_t)(colon - path));
	struct trace *t = NULL;
	struct tt_error err;

	if (!archive) {
		out_of_memory(in);
	} else if (tt_archive_open(&in->archive, archive, &in->input->options, &err) < 0) {
		t = trace_new(in, archive, archive, NULL);
		if (t)
			t->public.error = err;
	} else {
		enter_archive(in, archive, colon + 1);
	}
	free(archive);
	return t;
}

/* ---- folders */

static bool same_file(const struct stat *a, const struct stat *b)
{
	return a->st_mode != 0 && a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/*
 * A file that was not named on the command line and is the output, or the temporary file of
 * it. If it is a trace, it is an error, since writing would destroy it.
 */
static struct trace *from_output(struct cmd_inputs *in, const char *path, const struct stat *st)
{
	struct tt_reader *reader;
	struct tt_error err;
	int rc = -1;

	if (same_file(&in->output, st))
		rc = cmd_open_reader(&reader, in->input, path, &err);
	if (rc < 0)
		return NULL;
	tt_reader_close(reader);
	in->clash = true;
	return trace_failed(in, path, TT_E_ARGUMENT, 0,
			    "the output is also an input: use another one with -o");
}

static bool is_output(const struct cmd_inputs *in, const char *path, struct stat *st)
{
	return (in->output.st_mode != 0 || in->temporary.st_mode != 0) && stat(path, st) == 0 &&
	       (same_file(&in->output, st) || same_file(&in->temporary, st));
}

/* NULL: none, the folder has ended, or a file was left out. */
static struct trace *from_folder(struct cmd_inputs *in)
{
	const char *path;
	struct stat st;
	struct trace *t = NULL;
	int rc = walk_next(&in->walk, &path);

	if (rc == 0)
		return is_output(in, path, &st) ? from_output(in, path, &st)
						: from_path(in, path, false);
	if (rc < 0 && !path) {
		out_of_memory(in);
	} else if (rc < 0) {
		in->folder.found++;
		return trace_failed(in, path, TT_E_IO, -rc, "cannot open: %s", strerror(-rc));
	} else if (in->folder.found == 0) {
		t = no_trace_in(in, &in->folder, "folder");
	}
	end_group(in, &in->folder);
	return t;
}

static struct trace *enter_folder(struct cmd_inputs *in, const char *path)
{
	int failure;

	if (in->input->options.member)
		return trace_failed(in, path, TT_E_ARGUMENT, 0,
				    "--member requires archives, and this is a folder");
	failure = walk_begin(&in->walk, path);
	if (failure != 0)
		return trace_failed(in, path, TT_E_IO, failure, "cannot open: %s",
				    strerror(failure));
	in->folder = (struct group){ .name = strdup(path) };
	if (!in->folder.name)
		out_of_memory(in);
	return NULL;
}

/* ---- operands and lists */

static struct trace *from_stdin(struct cmd_inputs *in)
{
	struct trace *t = NULL;
	struct tt_error err;
	int rc = -1;

	if (in->input->options.member) {
		t = trace_new(in, "-", NULL, NULL);
		rc = t ? open_path(in, t, "-", true) : 0;
		return t;
	}
	rc = tt_archive_open_fd(&in->archive, STDIN_FILENO, &in->input->options, &err);
	if (rc == 0) {
		enter_archive(in, "-", NULL);
		return NULL;
	}
	t = trace_new(in, "-", NULL, NULL);
	if (t)
		t->public.error = err;
	return t;
}

/* The first trace of what was named, or NULL if it needs more steps. */
static struct trace *from_operand(struct cmd_inputs *in, const char *path, bool listed)
{
	const char *colon;
	struct stat st;

	if (strcmp(path, "-") == 0)
		return from_stdin(in);
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return enter_folder(in, path);
		if (listed && is_output(in, path, &st))
			return from_output(in, path, &st);
		return from_path(in, path, true);
	}
	colon = in->input->options.member ? NULL : find_pattern(path);
	return colon ? from_pattern(in, path, colon) : open_file(in, path, true);
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
		t = trace_failed(in, path, TT_E_IO, errno, "cannot open: %s", strerror(errno));
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

static struct trace *from_list(struct cmd_inputs *in)
{
	const char *list = in->o->lists.items[in->list_at];
	struct trace *t = NULL;
	int rc;

	if (!in->list)
		return open_list(in, list);
	rc = read_name(in);
	if (rc == -ENOMEM) {
		out_of_memory(in);
		return NULL;
	}
	if (rc == 0) {
		in->list_names++;
		if (strcmp(in->list_name, "-") == 0 && in->list == stdin)
			return trace_failed(in, "-", TT_E_ARGUMENT, 0,
					    "standard input can be read only once");
		return from_operand(in, in->list_name, true);
	}
	if (rc < 0)
		t = trace_failed(in, list, TT_E_IO, -rc, "cannot read the list of files: %s",
				 strerror(-rc));
	else if (in->list_names == 0)
		t = trace_failed(in, list, TT_E_ARGUMENT, 0, "the list names no files");
	close_list(in);
	return t;
}

/* One step towards the next trace: NULL if it needs more. */
static struct trace *step(struct cmd_inputs *in)
{
	if (in->archive)
		return from_archive(in);
	if (in->folder.name)
		return from_folder(in);
	if (in->at < in->operands->n)
		return from_operand(in, in->operands->items[in->at++], false);
	if (in->list_at < in->o->lists.n)
		return from_list(in);
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
		return !find_pattern(in->operands->items[0]);
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
	clear_error(err);
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
	trace_free(t);
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
		end_archive(in);
	end_group(in, &in->folder);
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
