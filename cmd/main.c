/* SPDX-License-Identifier: MIT */
/*
 * main.c - finds the verb, runs it, and checks that all it printed was written.
 * Command layer.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/out.h"
#include "cli/outfile.h"
#include "cli/url.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary;
};

static const struct verb verbs[] = {
#define VERB(name, function, summary) { name, function, summary },
#include "verbs.h"
};

static void print_usage(struct out *o)
{
	char *p = out_begin(o);

	p = put_lit(p, "Usage: tracetool VERB [OPTION...] FILE...\n"
		       "Reads Go execution traces.\n\nVerbs\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		const char *start = p;

		p = put_lit(p, "  ");
		p = put_cstr(p, verbs[i].name);
		p = put_column(p, start, 20, 2);
		p = put_cstr(p, verbs[i].summary);
		p = put_char(p, '\n');
	}
	p = put_lit(p, "\n'tracetool VERB --help' shows the options of a verb,\n"
		       "'tracetool --version' the version.\n");
	out_end(o, p);
}

static int print_version(void)
{
	char *p = out_begin(&out_stdout);

	p = put_lit(p, "tracetool ");
	p = put_cstr(p, tt_version());
	p = put_char(p, '\n');
	out_end(&out_stdout, p);
	return STATUS_FINE;
}

static int unknown_verb(const char *name)
{
	struct nearest near = { .word = name };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		nearest_try(&near, verbs[i].name);
	nearest_try(&near, "help");
	if (near.best)
		cmd_error(NULL, "unknown verb '%s'; did you mean '%s'?", name, near.best);
	else
		cmd_error(NULL, "unknown verb '%s'; 'tracetool help' lists them", name);
	return STATUS_TROUBLE;
}

static int run_verb(const char *name, int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, name) == 0) {
			cmd_set_verb(verbs[i].name);
			return verbs[i].run(argc, argv);
		}
	}
	return unknown_verb(name);
}

static int help(int argc, char **argv)
{
	char name[] = "help", option[] = "--help";
	char *args[] = { name, option, NULL };

	if (argc < 2) {
		print_usage(&out_stdout);
		return STATUS_FINE;
	}
	return run_verb(argv[1], 2, args);
}

static int dispatch(int argc, char **argv)
{
	const char *word;

	if (argc < 2) {
		cmd_error(NULL, "no verb given; 'tracetool help' lists them");
		return STATUS_TROUBLE;
	}
	word = argv[1];
	if (strcmp(word, "help") == 0 || strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
		return help(argc - 1, argv + 1);
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return print_version();
	return run_verb(word, argc - 1, argv + 1);
}

/* A program that has read enough closes the pipe: that is no failure. */
static int flush_output(int status)
{
	int failure = out_flush(&out_stdout);

	if (failure == 0 || failure == EPIPE)
		return status;
	cmd_error(NULL, "standard output: %s", strerror(failure));
	return STATUS_TROUBLE;
}

/*
 * If a standard descriptor is closed, the next file to be opened gets its number, and
 * messages or data would be written into that file. So a descriptor is opened in its
 * place whose use fails, as that of a closed one does.
 */
static void occupy_standard_descriptors(void)
{
	static const int useless[] = { O_WRONLY, O_RDONLY, O_RDONLY };

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", useless[fd]) != fd)
			_exit(STATUS_TROUBLE);
	}
}

/*
 * SIGBUS: a file that is mapped was truncated, or its disk failed. Output may have
 * ended in the middle of an event, so that nothing can be completed here.
 */
static void input_gone(int signal)
{
	static const char text[] = "tracetool: an input was truncated while it was read, or its "
				   "disk failed: read a copy of it\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)signal;
	(void)written;
	outfile_remove_unfinished();
	_exit(STATUS_TROUBLE);
}

int main(int argc, char **argv)
{
	static char buffer[OUT_SIZE + OUT_ROOM];

	occupy_standard_descriptors();
	if (!url_hide_passwords(argc, argv))
		return STATUS_TROUBLE;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGBUS, input_gone);
	out_init(&out_stdout, STDOUT_FILENO, buffer, OUT_SIZE);
	return flush_output(dispatch(argc, argv));
}
