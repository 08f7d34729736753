/* SPDX-License-Identifier: MIT */
/* input.c - opening what a verb reads, with the common options. Command layer. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "url.h"

int cmd_input_init(struct cmd_input *in, const struct cmd_common *common)
{
	struct tt_error err;

	*in = (struct cmd_input){
		.options = {
			.size = sizeof(struct tt_options),
			.member = common->member,
			.max_memory_nbytes = common->max_memory,
		},
	};
	if (tt_specs_new(&in->specs, &err) < 0) {
		cmd_report(NULL, &err);
		return STATUS_TROUBLE;
	}
	for (size_t i = 0; i < common->specs.n; i++) {
		if (tt_specs_add_file(in->specs, common->specs.items[i], &err) < 0) {
			cmd_report(NULL, &err);
			return STATUS_TROUBLE;
		}
	}
	in->options.specs = in->specs;
	return STATUS_FINE;
}

void cmd_input_release(struct cmd_input *in)
{
	tt_specs_free(in->specs);
	in->specs = NULL;
}

const char *cmd_input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

bool cmd_can_be_read_again(const char *path)
{
	struct stat st;

	return strcmp(path, "-") != 0 && (stat(path, &st) != 0 || S_ISREG(st.st_mode));
}

const char *cmd_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/*
 * The archive's path if `path` is ARCHIVE:MEMBER, to be freed, and *member set;
 * NULL if it is a plain path. A file with the whole name takes precedence, and so
 * does --member.
 */
static char *split_member(const char *path, const struct tt_options *opt, const char **member)
{
	struct stat st;

	if (opt->member || stat(path, &st) == 0)
		return NULL;
	for (const char *colon = strchr(path, ':'); colon; colon = strchr(colon + 1, ':')) {
		char *archive = strndup(path, (size_t)(colon - path));

		if (!archive)
			return NULL;
		if (colon[1] != '\0' && stat(archive, &st) == 0 && !S_ISDIR(st.st_mode)) {
			*member = colon + 1;
			return archive;
		}
		free(archive);
	}
	return NULL;
}

/* Whether the output at `path` is the file, or the archive, that `in` names. */
static bool comes_from(const char *path, const char *in)
{
	const struct tt_options any = { 0 };
	const char *ignored;
	char *archive = split_member(in, &any, &ignored);
	struct stat a, b;
	bool known = strcmp(in, "-") == 0 ? fstat(STDIN_FILENO, &a) == 0
					  : stat(archive ? archive : in, &a) == 0;

	free(archive);
	if (strcmp(path, "-") == 0)
		known = known && fstat(STDOUT_FILENO, &b) == 0;
	else
		known = known && stat(path, &b) == 0;
	return known && S_ISREG(b.st_mode) && a.st_dev == b.st_dev &&
	       a.st_ino == b.st_ino;
}

int cmd_check_output_of(const struct opt_command *command, const char *path,
			const struct opt_list *read, const char *what)
{
	for (size_t i = 0; path && i < read->n; i++) {
		if (comes_from(path, read->items[i]))
			return opt_usage(command, "%s%s is also %s: use another one with -o",
					 strcmp(path, "-") == 0 ? "" : "the output ",
					 strcmp(path, "-") == 0 ? "standard output" : path, what);
	}
	return OPT_RUN;
}

int cmd_check_output(const struct opt_command *command, const char *path, char *const *files,
		     size_t n, const struct opt_list *specs)
{
	for (size_t i = 0; i < n; i++) {
		const char *items[] = { files[i] };
		const struct opt_list file = { .items = items, .n = 1 };
		int status = cmd_check_output_of(command, path, &file, "an input");

		if (status != OPT_RUN)
			return status;
	}
	return cmd_check_output_of(command, path, specs, "a spec");
}

bool cmd_reads_stdin_twice(char *const *files, size_t n)
{
	size_t times = 0;

	for (size_t i = 0; i < n; i++)
		times += strcmp(files[i], "-") == 0;
	return times > 1;
}

/* Whether it is a folder: then *err says what to type. */
static bool is_folder(const char *path, struct tt_error *err)
{
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		return false;
	*err = (struct tt_error){
		.code = TT_E_MEMBER, .system = true, .offset = TT_UNKNOWN,
		.batch_offset = TT_UNKNOWN, .generation = TT_UNKNOWN, .thread = TT_NONE,
		.event_index = TT_UNKNOWN, .event_type = -1,
	};
	snprintf(err->message, sizeof(err->message),
		 "this is a folder: name one of its files; 'tracetool info FOLDER' lists the traces "
		 "in it");
	return true;
}

/* Of what could not be opened as a file: what to do if it is a URL. Returns rc. */
static int suggest_url(const char *path, int rc, struct tt_error *err)
{
	if (rc < 0 && err->code == TT_E_IO && url_is(path))
		snprintf(err->message, sizeof(err->message),
			 "cannot open: this is a URL, not a file; record it first: "
			 "'tracetool record --url URL'");
	return rc;
}

int cmd_open_reader(struct tt_reader **out, const struct cmd_input *in, const char *path,
		    struct tt_error *err)
{
	struct tt_options opt = in->options;
	char *archive;
	int rc;

	if (strcmp(path, "-") == 0)
		return tt_reader_open_fd(out, STDIN_FILENO, &opt, err);
	if (is_folder(path, err)) {
		*out = NULL;
		return -err->code;
	}
	archive = split_member(path, &opt, &opt.member);
	rc = tt_reader_open(out, archive ? archive : path, &opt, err);
	free(archive);
	return suggest_url(path, rc, err);
}

int cmd_open_wire(struct tt_wire **out, const struct cmd_input *in, const char *path,
		  struct tt_error *err)
{
	struct tt_options opt = in->options;
	char *archive;
	int rc;

	if (strcmp(path, "-") == 0)
		return tt_wire_open_fd(out, STDIN_FILENO, &opt, err);
	if (is_folder(path, err)) {
		*out = NULL;
		return -err->code;
	}
	archive = split_member(path, &opt, &opt.member);
	rc = tt_wire_open(out, archive ? archive : path, &opt, err);
	free(archive);
	return suggest_url(path, rc, err);
}

int cmd_open_pieces(struct tt_pieces **out, const struct cmd_input *in, const char *path,
		    struct tt_error *err)
{
	struct tt_options opt = in->options;
	char *archive;
	int rc;

	if (strcmp(path, "-") == 0)
		return tt_pieces_open_fd(out, STDIN_FILENO, &opt, err);
	if (is_folder(path, err)) {
		*out = NULL;
		return -err->code;
	}
	archive = split_member(path, &opt, &opt.member);
	rc = tt_pieces_open(out, archive ? archive : path, &opt, err);
	free(archive);
	return suggest_url(path, rc, err);
}

void cmd_place_in_input(const struct tt_pieces *p, struct tt_error *err)
{
	err->offset = tt_pieces_offset(p, err->offset);
	err->batch_offset = tt_pieces_offset(p, err->batch_offset);
}

unsigned cmd_processors(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return 1;
	return (unsigned)CPU_COUNT(&set);
}
