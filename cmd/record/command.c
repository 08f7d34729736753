/* SPDX-License-Identifier: MIT */
/*
 * command.c - the trace that a command writes to a file, which is a FIFO
 * here. Command layer, inside record only.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"

extern char **environ;

/* What a pipe may hold, if the system allows it. */
#define PIPE_NBYTES (1 << 20)

struct command_source {
	struct record_source base;
	char **argv;            /* with the FIFO's path in it; owned, as its texts are */
	char folder[PATH_MAX];
	char path[PATH_MAX + 16];
	int fd;                 /* of the FIFO, -1: none */
	pid_t pid;              /* 0: not started */
	bool exited;
	int wait_status;
	int stops_seen;
};

/* ---- starting */

bool record_has_placeholder(char **argv)
{
	for (; *argv; argv++) {
		if (strstr(*argv, "{}"))
			return true;
	}
	return false;
}

/* The text with each {} replaced, to be freed. */
static char *replaced(const char *text, const char *path)
{
	const size_t length = strlen(path);
	size_t n = 0;
	const char *at;
	char *out, *p;

	for (at = text; (at = strstr(at, "{}")); at += 2)
		n++;
	out = p = malloc(strlen(text) + n * length + 1);
	while (p && (at = strstr(text, "{}"))) {
		p = mempcpy(p, text, (size_t)(at - text));
		p = mempcpy(p, path, length);
		text = at + 2;
	}
	if (p)
		memcpy(p, text, strlen(text) + 1);
	return out;
}

static bool replace_all(struct command_source *c, char **argv)
{
	size_t n = 0;

	while (argv[n])
		n++;
	c->argv = calloc(n + 1, sizeof(*c->argv));
	for (size_t i = 0; c->argv && i < n; i++) {
		c->argv[i] = replaced(argv[i], c->path);
		if (!c->argv[i])
			return false;
	}
	return c->argv != NULL;
}

static bool make_fifo(struct command_source *c)
{
	const char *temp = getenv("TMPDIR");
	int n = snprintf(c->folder, sizeof(c->folder), "%s/tracetool-XXXXXX",
			 temp && temp[0] != '\0' ? temp : "/tmp");

	if (n < 0 || (size_t)n >= sizeof(c->folder)) {
		errno = ENAMETOOLONG;
		c->folder[0] = '\0';
		return false;
	}
	if (!mkdtemp(c->folder)) {
		c->folder[0] = '\0';
		return false;
	}
	snprintf(c->path, sizeof(c->path), "%s/trace", c->folder);
	if (mkfifo(c->path, 0600) < 0)
		return false;
	c->fd = open(c->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (c->fd >= 0)
		(void)fcntl(c->fd, F_SETPIPE_SZ, PIPE_NBYTES);
	return c->fd >= 0;
}

/* 0 or an errno. Signals that we ignore have their defaults in the command. */
static int start_command(struct command_source *c)
{
	posix_spawnattr_t attr;
	sigset_t defaults;
	int failure = posix_spawnattr_init(&attr);

	if (failure != 0)
		return failure;
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	sigaddset(&defaults, SIGXFSZ);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	failure = posix_spawnp(&c->pid, c->argv[0], NULL, &attr, c->argv, environ);
	posix_spawnattr_destroy(&attr);
	if (failure != 0)
		c->pid = 0;
	return failure;
}

/* ---- reading */

static void reap(struct command_source *c, int flags)
{
	while (!c->exited) {
		pid_t pid = waitpid(c->pid, &c->wait_status, flags);

		if (pid < 0 && errno == EINTR)
			continue;
		c->exited = pid != 0;
		return;
	}
}

/*
 * Bytes of the FIFO; 0 when the command has ended and no process has the FIFO open. After
 * a first stop the command may end in its own way; a second one does not wait for it.
 */
static int64_t read_fifo(struct command_source *c, void *buf, size_t room)
{
	for (;;) {
		ssize_t n;

		reap(c, WNOHANG);
		if (!c->exited)
			record_forward_stop(c->pid, &c->stops_seen);
		if (record_stops() > 1 && record_cancelled())
			return -1;
		n = read(c->fd, buf, room);
		if (n > 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return n;
		if (n == 0 && c->exited)
			return 0;
		/* Without a writer it would be readable all the time. */
		record_wait(c->base.record, n == 0 ? -1 : c->fd, n == 0 ? 20 : 100);
	}
}

static int64_t read_command(struct record_source *s, void *buf, size_t room)
{
	struct command_source *c = (struct command_source *)s;
	int failure;

	if (c->pid == 0) {
		failure = start_command(c);
		if (failure != 0) {
			snprintf(s->why, sizeof(s->why), "%s", strerror(failure));
			errno = failure;
			return -1;
		}
	}
	return read_fifo(c, buf, room);
}

/* Lets the command run to its end, also if its trace is broken. */
static int finish_command(struct record_source *s)
{
	struct command_source *c = (struct command_source *)s;
	static char rest[64 * 1024];

	if (c->pid == 0)
		return STATUS_FINE;
	while (read_fifo(c, rest, sizeof(rest)) > 0)
		;
	if (!c->exited && record_stops() > 1)
		kill(c->pid, SIGTERM);
	reap(c, 0);
	if (WIFSIGNALED(c->wait_status)) {
		cmd_error(s->name, "killed by signal %d (%s)", WTERMSIG(c->wait_status),
			  strsignal(WTERMSIG(c->wait_status)));
		return 128 + WTERMSIG(c->wait_status);
	}
	return WIFEXITED(c->wait_status) ? WEXITSTATUS(c->wait_status) : STATUS_FINE;
}

static void release(struct command_source *c)
{
	if (c->fd >= 0)
		close(c->fd);
	if (c->folder[0] != '\0') {
		unlink(c->path);
		rmdir(c->folder);
	}
	for (size_t i = 0; c->argv && c->argv[i]; i++)
		free(c->argv[i]);
	free(c->argv);
}

int record_command(struct record *r, char **argv)
{
	struct command_source c = {
		.base = { .read = read_command, .finish = finish_command },
		.fd = -1,
	};
	int status = STATUS_TROUBLE;

	c.base.name = argv[0];
	if (!make_fifo(&c) || !replace_all(&c, argv))
		cmd_error(NULL, "cannot create a FIFO: %s", strerror(errno));
	else
		status = record_run(r, &c.base);
	release(&c);
	return status;
}
