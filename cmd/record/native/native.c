/* SPDX-License-Identifier: MIT */
/*
 * native.c - the trace of a native program, from the library that is loaded
 * into it. Command layer, inside record only.
 *
 * The program's images (the program, those that replace it by exec, and with --follow
 * those of its children) announce themselves at a socket. The first one is recorded by
 * this process, each other one by a worker: a fork of this process.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/units.h"
#include "native.h"
#include "tracetool_write.h"

extern char **environ;

#define POLL_MS 10
/* PID,FLAGS,READER,SOCKET */
#define VARIABLE_NBYTES (sizeof(((struct sockaddr_un *)NULL)->sun_path) + 64)

struct native_source {
	struct record_source base;
	char **argv;
	char folder[PATH_MAX];
	char library[PATH_MAX];
	struct sockaddr_un address;
	int listener;
	pid_t pid;              /* 0: not started */
	bool exited;
	int wait_status;
	int stops_seen;
	struct native_image *images;    /* the newest first */
	struct native_stream stream;    /* of the first one */
	struct native_symbols *symbols;
	void (*quit)(int);      /* what SIGQUIT did; it is for the program alone */
	size_t nworkers;        /* running */
	size_t nfollowed;       /* images recorded by workers */
	int worker_status;      /* the worst */
};

/* ---- the socket */

static bool make_socket_folder(struct native_source *c)
{
	const char *temp = getenv("TMPDIR");

	if (!temp || temp[0] == '\0' || strlen(temp) > 64)
		temp = "/tmp";
	snprintf(c->folder, sizeof(c->folder), "%s/tracetool-XXXXXX", temp);
	if (!mkdtemp(c->folder)) {
		c->folder[0] = '\0';
		return false;
	}
	c->address.sun_family = AF_UNIX;
	snprintf(c->address.sun_path, sizeof(c->address.sun_path), "%.90s/socket", c->folder);
	return true;
}

static bool listen_on_socket(struct native_source *c)
{
	c->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	return c->listener >= 0 &&
	       bind(c->listener, (struct sockaddr *)&c->address, sizeof(c->address)) == 0 &&
	       listen(c->listener, SOMAXCONN) == 0;
}

/* For the loader, blanks and colons end a name: a path with any gets a link. */
static bool link_library(struct native_source *c)
{
	char link[PATH_MAX + 16];

	if (!strpbrk(c->library, " :"))
		return true;
	snprintf(link, sizeof(link), "%s/library.so", c->folder);
	if (symlink(c->library, link) != 0)
		return false;
	memcpy(c->library, link, strlen(link) + 1);
	return true;
}

static void remove_folder(struct native_source *c)
{
	char link[PATH_MAX + 16];

	if (c->listener >= 0)
		close(c->listener);
	if (c->folder[0] == '\0')
		return;
	unlink(c->address.sun_path);
	snprintf(link, sizeof(link), "%s/library.so", c->folder);
	unlink(link);
	rmdir(c->folder);
}

/* ---- starting */

/* The program's environment. */
struct environment {
	char **texts;           /* of our own environment, or one of the following */
	char variable[VARIABLE_NBYTES + sizeof(NATIVE_VARIABLE)];
	char *preload;
};

static bool make_environment(struct native_source *c, struct environment *e)
{
	const char *before = getenv("LD_PRELOAD");
	size_t n = 0, m = 0;

	while (environ[n])
		n++;
	e->texts = calloc(n + 3, sizeof(*e->texts));
	if (!e->texts || asprintf(&e->preload, "LD_PRELOAD=%s%s%s", c->library, before ? ":" : "",
				  before ? before : "") < 0)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0)
			e->texts[m++] = environ[i];
	}
	e->texts[m++] = e->variable;
	e->texts[m] = e->preload;
	return true;
}

/* In the child, whose process ID is in the variable. */
static void exec_program(struct native_source *c, struct environment *e, int failed)
{
	const struct record_options *opt = c->base.record->opt;
	char flags[4] = "";
	size_t n = 0;
	int error;

	if (opt->heap)
		flags[n++] = NATIVE_FLAG_HEAP;
	if (opt->stacks)
		flags[n++] = NATIVE_FLAG_STACKS;
	if (opt->follow)
		flags[n++] = NATIVE_FLAG_FOLLOW;
	snprintf(e->variable, sizeof(e->variable), NATIVE_VARIABLE "=%d,-%s,%d,%s",
		 (int)getpid(), flags, (int)getppid(), c->address.sun_path);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	signal(SIGQUIT, c->quit);
	execvpe(c->argv[0], c->argv, e->texts);
	error = errno;
	if (write(failed, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* The errno that exec_program() sends, or 0 when the program runs. */
static int wait_for_exec(int fd)
{
	int error = 0;
	ssize_t n;

	do
		n = read(fd, &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	return n < 0 ? errno : n > 0 ? error : 0;
}

/* 0 or an errno. */
static int start_program(struct native_source *c)
{
	struct environment e = { .texts = NULL };
	int failed[2], error = 0;

	if (!make_environment(c, &e) || pipe2(failed, O_CLOEXEC) < 0) {
		error = errno;
		goto out;
	}
	c->quit = signal(SIGQUIT, SIG_IGN);
	c->pid = fork();
	if (c->pid == 0)
		exec_program(c, &e, failed[1]);
	close(failed[1]);
	if (c->pid < 0)
		error = errno;
	else
		error = wait_for_exec(failed[0]);
	while (error != 0 && c->pid > 0 && waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (error != 0)
		c->pid = 0;
	close(failed[0]);
out:
	free(e.texts);
	free(e.preload);
	return error;
}

/* ---- workers */

/* For server.trace and process 7: server-7.trace, then server-7-2.trace. */
static bool name_output(const struct native_source *c, const struct native_image *image,
			char name[PATH_MAX])
{
	const char *output = c->base.record->opt->output, *base = cmd_base_name(output);
	const char *dot = strchr(base[0] == '.' ? base + 1 : base, '.');
	unsigned number = 1;
	char suffix[16] = "";
	int n;

	dot = dot ? dot : base + strlen(base);
	for (const struct native_image *i = image->next; i; i = i->next)
		number += i->pid == image->pid && i->worker != 0 && !i->dropped;
	if (number > 1)
		snprintf(suffix, sizeof(suffix), "-%u", number);
	n = snprintf(name, PATH_MAX, "%.*s-%d%s%s", (int)(dot - output), output, (int)image->pid,
		     suffix, dot);
	return n > 0 && n < PATH_MAX;
}

static void report_lost(const char *name, const struct native_image *image)
{
	uint64_t lost = atomic_load(&image->shared->lost);

	if (lost != 0)
		cmd_error(name, "events lost because the program had no memory for them: %" PRIu64,
			  lost);
}

struct worker {
	struct record_source base;
	struct native_stream stream;
};

static int64_t read_image(struct record_source *s, void *buf, size_t room)
{
	struct worker *w = (struct worker *)s;
	int64_t n;

	while ((n = native_stream_read(&w->stream, buf, room)) < 0 && errno == EAGAIN) {
		if (record_stops() > 1 && record_cancelled())
			return -1;
		record_wait(s->record, -1, POLL_MS);
	}
	return n;
}

/* In the worker, which prints errors only. */
static int record_image(struct native_source *c, struct native_image *image)
{
	struct record_options opt = *c->base.record->opt;
	struct worker w = { .base = { .read = read_image } };
	struct native_symbols *symbols = native_symbols_new(image->shared);
	struct record r = { .opt = &opt, .in = c->base.record->in, .symbol = native_symbols_find,
			    .symbol_arg = symbols };
	char output[PATH_MAX];
	int status = STATUS_TROUBLE;

	opt.quiet = true;
	opt.output = output;
	w.base.name = output;
	native_stream_init(&w.stream, image);
	atomic_store(&image->shared->reader, getpid());
	if (!native_image_wait(image, POLL_MS))
		status = STATUS_FINE;
	else if (symbols && name_output(c, image, output)) {
		status = record_run(&r, &w.base);
		if (!c->base.record->opt->quiet)
			report_lost(output, image);
	}
	native_stream_release(&w.stream);
	native_symbols_free(symbols);
	return status;
}

static void start_worker(struct native_source *c, struct native_image *image)
{
	image->worker = fork();
	if (image->worker == 0) {
		close(c->listener);
		image->worker = 1; /* it counts as one in name_output() */
		_exit(record_image(c, image));
	}
	if (image->worker < 0) {
		cmd_error(c->base.name, "cannot start a process to record process %d: %s",
			  (int)image->pid, strerror(errno));
		atomic_store(&image->shared->reader_left, 1);
		c->worker_status = STATUS_TROUBLE;
		return;
	}
	c->nworkers++;
	c->nfollowed++;
	/* if the worker has the only descriptor, the memory is released when it ends */
	close(image->region_fd);
	image->region_fd = -1;
}

/* ---- events */

/* A process runs one program at a time: a new image replaces earlier ones. */
static void replace_images(struct native_source *c, const struct native_image *image)
{
	for (struct native_image *i = c->images; i; i = i->next) {
		if (i->pid != image->pid || !i->shared || native_image_replace(i) || i->dropped)
			continue;
		i->dropped = true;
		c->nfollowed--;
	}
}

/* The recorder may ask before there is an image. */
static bool find_symbol(void *arg, uint64_t pc, struct tt_symbol *out)
{
	struct native_source *c = arg;

	return c->symbols && native_symbols_find(c->symbols, pc, out);
}

static void accept_images(struct native_source *c)
{
	struct native_image *image;

	while ((image = native_image_accept(c->listener, c->pid, c->base.why,
					    sizeof(c->base.why)))) {
		replace_images(c, image);
		image->next = c->images;
		c->images = image;
		if (c->stream.image) {
			start_worker(c, image);
		} else {
			native_stream_init(&c->stream, image);
			c->symbols = native_symbols_new(image->shared);
		}
	}
}

static void worker_ended(struct native_source *c, pid_t pid, int wait_status)
{
	int status = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : STATUS_TROUBLE;

	for (struct native_image *i = c->images; i; i = i->next) {
		if (i->worker != pid)
			continue;
		c->nworkers--;
		native_image_close(i);
		c->worker_status = worse(c->worker_status, status);
	}
}

static void reap(struct native_source *c)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != c->pid) {
			worker_ended(c, pid, status);
			continue;
		}
		c->exited = true;
		c->wait_status = status;
	}
}

/* In this order: a process that has ended announced its images before. */
static void handle_events(struct native_source *c)
{
	reap(c);
	accept_images(c);
	if (!c->exited)
		record_forward_stop(c->pid, &c->stops_seen);
}

/* ---- reading */

static int64_t read_native(struct record_source *s, void *buf, size_t room)
{
	struct native_source *c = (struct native_source *)s;
	int failure = c->pid == 0 ? start_program(c) : 0;
	int64_t n = -1;

	if (failure != 0) {
		snprintf(s->why, sizeof(s->why), "%s", strerror(failure));
		errno = failure;
		return -1;
	}
	for (;;) {
		handle_events(c);
		if (record_stops() > 1 && record_cancelled())
			return -1;
		if (!c->stream.image && c->exited) {
			if (s->why[0] == '\0')
				snprintf(s->why, sizeof(s->why), "it ended before the recording "
								 "library started in it");
			errno = ECHILD;
			return -1;
		}
		if (c->stream.image) {
			n = native_stream_read(&c->stream, buf, room);
			if (n >= 0 || errno != EAGAIN)
				return n;
		}
		record_wait(s->record, c->listener, POLL_MS);
	}
}

/* Says how many traces workers wrote, and which one the program's own continues in. */
static void report_other_traces(const struct native_source *c)
{
	const struct native_image *last = c->images;
	char output[PATH_MAX];
	bool own;

	if (c->nfollowed == 0 || c->base.record->opt->quiet)
		return;
	while (last && (last->pid != c->pid || last->dropped))
		last = last->next;
	own = last && last->worker != 0 && name_output(c, last, output);
	cmd_error(c->base.name, "%zu more trace%s written%s%s", c->nfollowed,
		  plural(c->nfollowed), own ? "; after exec, the program is traced in " : "",
		  own ? output : "");
}

/* The program and its children run to their ends, also if its trace is broken. */
static int finish_native(struct record_source *s)
{
	struct native_source *c = (struct native_source *)s;

	if (c->pid == 0)
		return STATUS_FINE;
	if (c->stream.image)
		atomic_store(&c->stream.image->shared->reader_left, 1);
	while ((!c->exited || c->nworkers > 0) && record_stops() < 2) {
		handle_events(c);
		if (!c->exited || c->nworkers > 0)
			record_wait(s->record, c->listener, POLL_MS);
	}
	if (!c->exited) {
		kill(c->pid, SIGTERM);
		waitpid(c->pid, &c->wait_status, 0);
	}
	report_other_traces(c);
	if (c->stream.image && !c->base.record->opt->quiet)
		report_lost(c->base.name, c->stream.image);
	if (WIFSIGNALED(c->wait_status))
		return 128 + WTERMSIG(c->wait_status);
	if (WEXITSTATUS(c->wait_status) == 0)
		return c->worker_status;
	return WEXITSTATUS(c->wait_status);
}

static void release(struct native_source *c)
{
	struct native_image *image;

	native_stream_release(&c->stream);
	native_symbols_free(c->symbols);
	while ((image = c->images)) {
		c->images = image->next;
		native_image_free(image);
	}
	remove_folder(c);
}

/* Ends this process by the signal that killed the program, for the process that waits for
 * it. */
static void end_as(int wait_status)
{
	struct rlimit none = { 0, 0 };

	if (!WIFSIGNALED(wait_status))
		return;
	setrlimit(RLIMIT_CORE, &none);
	signal(WTERMSIG(wait_status), SIG_DFL);
	raise(WTERMSIG(wait_status));
}

int record_native(struct record *r, char **argv)
{
	struct native_source c = {
		.base = { .name = argv[0], .read = read_native, .finish = finish_native },
		.argv = argv,
		.listener = -1,
	};
	int status = STATUS_TROUBLE;
	bool go, fits = native_program_fits(argv[0], &go, c.base.why, sizeof(c.base.why));

	r->symbol = find_symbol;
	r->symbol_arg = &c;
	if (fits && go && !r->opt->quiet)
		cmd_error(argv[0], "this is a Go program: only what its C code does is recorded. "
				   "For its goroutines, put {} where it takes the name of a trace "
				   "file, or use --url");
	if (!fits)
		cmd_error(argv[0], "%s", c.base.why);
	else if (!native_library(r->opt->heap, c.library))
		;
	else if (!make_socket_folder(&c) || !listen_on_socket(&c) || !link_library(&c))
		cmd_error(NULL, "cannot create a socket: %s", strerror(errno));
	else
		status = record_run(r, &c.base);
	release(&c);
	if (c.exited && status == 128 + WTERMSIG(c.wait_status))
		end_as(c.wait_status);
	return status;
}
