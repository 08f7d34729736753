/* SPDX-License-Identifier: MIT */
/*
 * init.c - how tracing begins in a process, before the program's main(), and in forked
 * children if these are followed; how it ends; and the environment. Stands on preload.h and
 * stream.h.
 */
#include "preload.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "stream.h"

/* Our library comes first in it. */
#define PRELOAD_VARIABLE "LD_PRELOAD"

static struct {
	int pid;                /* the process that is recorded; others only if followed */
	int reader;
	bool heap, stacks, follow;
	char socket[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	/* the two variables as the program found them, NAME=VALUE; NULL: not set */
	char variable[256], *preload;
	char preload_text[4096];
} config;

static struct native_shared *shared;
static bool traced;

/* --------------------------------------------------------------- configuration */

static bool read_config(void)
{
	const char *text = getenv(NATIVE_VARIABLE), *preload = getenv(PRELOAD_VARIABLE);
	char flags[8] = "";
	int at = 0;

	if (text == NULL || strlen(text) + sizeof(NATIVE_VARIABLE) >= sizeof(config.variable) ||
	    sscanf(text, "%d,%7[a-z-],%d,%n", &config.pid, flags, &config.reader, &at) != 3 ||
	    at == 0 || strlen(text + at) >= sizeof(config.socket))
		return false;
	memcpy(config.socket, text + at, strlen(text + at) + 1);
	snprintf(config.variable, sizeof(config.variable), NATIVE_VARIABLE "=%s", text);
	config.heap = strchr(flags, NATIVE_FLAG_HEAP) != NULL;
	config.stacks = strchr(flags, NATIVE_FLAG_STACKS) != NULL;
	config.follow = strchr(flags, NATIVE_FLAG_FOLLOW) != NULL;
	if (preload != NULL &&
	    strlen(preload) + sizeof(PRELOAD_VARIABLE) < sizeof(config.preload_text)) {
		snprintf(config.preload_text, sizeof(config.preload_text), PRELOAD_VARIABLE "=%s",
			 preload);
		config.preload = config.preload_text;
	}
	return true;
}

/* ----------------------------------------------------------------- environment */

extern char **environ;

static bool is_variable(const char *entry, const char *name)
{
	size_t n = strlen(name);

	return strncmp(entry, name, n) == 0 && entry[n] == '=';
}

/* LD_PRELOAD without its first name, which is ours; NULL: nothing is left. */
static char *without_ours(char *entry)
{
	char *value = strchr(entry, '=') + 1, *rest = value + strcspn(value, ": ");

	if (*rest == '\0')
		return NULL;
	memmove(value, rest + 1, strlen(rest + 1) + 1);
	return entry;
}

/* Makes the environment what the program would have without us. */
static void clean_environment(void)
{
	char **from = environ, **to = environ;

	for (; from != NULL && *from != NULL; from++) {
		if (is_variable(*from, NATIVE_VARIABLE))
			continue;
		if (config.preload != NULL && is_variable(*from, PRELOAD_VARIABLE) &&
		    without_ours(*from) == NULL)
			continue;
		*to++ = *from;
	}
	if (to != NULL)
		*to = NULL;
}

/*
 * The process stays recorded when it becomes another program, its children do not. They
 * have a process number of their own, also between vfork and exec.
 */
char **preload_environment(char *const *envp)
{
	size_t n = 0, m = 0;
	char **made;

	if (!traced || config.follow || config.preload == NULL ||
	    (int)syscall(SYS_getpid) != config.pid)
		return (char **)(uintptr_t)envp;
	while (envp != NULL && envp[n] != NULL)
		n++;
	made = preload_alloc((n + 3) * sizeof(*made));
	if (made == NULL)
		return (char **)(uintptr_t)envp;
	for (size_t i = 0; i < n; i++) {
		if (!is_variable(envp[i], PRELOAD_VARIABLE))
			made[m++] = envp[i];
	}
	made[m++] = config.variable;
	made[m++] = config.preload;
	made[m] = NULL;
	return made;
}

void preload_environment_free(char **made, char *const *envp)
{
	if (made != envp)
		preload_free(made);
}

/* --------------------------------------------------------------------- hello */

/* Sends the descriptors to the recorder; false: there is none. */
static bool send_hello(const struct native_hello *hello, const int fds[2])
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control = { .head = { .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
				.cmsg_len = CMSG_LEN(2 * sizeof(int)) } };
	struct iovec data = { (void *)(uintptr_t)hello, sizeof(*hello) };
	struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	bool sent;

	/* a forked child has the program's signal handlers */
	memcpy(to.sun_path, config.socket, sizeof(to.sun_path));
	if (fds != NULL) {
		memcpy(CMSG_DATA(&control.head), fds, 2 * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.bytes);
	}
	sent = fd >= 0 &&
	       TEMP_FAILURE_RETRY(connect(fd, (struct sockaddr *)&to, sizeof(to))) == 0 &&
	       TEMP_FAILURE_RETRY(sendmsg(fd, &message, MSG_NOSIGNAL)) == (ssize_t)sizeof(*hello);
	if (fd >= 0)
		close(fd);
	return sent;
}

static void send_trouble(struct native_hello *hello, const char *what, const char *why)
{
	snprintf(hello->error, sizeof(hello->error), "%.90s: %.150s", what, why);
	(void)send_hello(hello, NULL);
}

/* --------------------------------------------------------------------- tracing */

/* The recorder finds the names; here there only must be some. */
static bool no_name(void *arg, uintptr_t pc, struct tt_emit_symbol *out)
{
	(void)arg;
	(void)pc;
	*out = (struct tt_emit_symbol){ "?", "?", 1 };
	return true;
}

/* A generation begins. The last one is not written yet; those before it are. */
static void new_generation(void *arg, struct tt_emit *e)
{
	stream_mark(shared);
	stream_maps(shared);
	atomic_store(&shared->lost, tt_emit_counts().lost);
	if (config.heap)
		preload_heap_generation(e);
	(void)arg;
}

static bool start_emitter(int region, struct tt_error *err)
{
	char path[32];
	struct tt_emit_options options = {
		.size = sizeof(options),
		.shared_path = path,
		.symbol = no_name,
		.generation = new_generation,
	};

	snprintf(path, sizeof(path), "/proc/self/fd/%d", region);
	if (config.heap)
		preload_heap_start();
	return tt_emit_start_callback(stream_write, shared, &options, err) == 0;
}

/* Makes memory, starts the emitter and sends both to the recorder. */
static bool begin_with(int fds[2], struct native_hello *hello)
{
	struct tt_error err;
	const char *why;

	shared = stream_new(&fds[0], &why);
	fds[1] = (int)syscall(SYS_memfd_create, "tracetool-region", 1U);
	if (shared == NULL || fds[1] < 0) {
		send_trouble(hello, shared == NULL ? why : "cannot make shared memory",
			     strerror(errno));
		return false;
	}
	shared->reader = config.reader;
	stream_maps(shared);
	if (!preload_threads_init() || !start_emitter(fds[1], &err)) {
		send_trouble(hello, "cannot start the tracer", err.message);
		return false;
	}
	if (send_hello(hello, fds))
		return true;
	atomic_store(&shared->reader_left, 1);
	tt_emit_stop(&err);
	return false;
}

static void begin(bool forked)
{
	struct native_hello hello = { .magic = NATIVE_MAGIC, .pid = getpid(), .forked = forked };
	int fds[2] = { -1, -1 };

	preload_self.quiet = true;
	traced = begin_with(fds, &hello);
	for (int i = 0; i < 2; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	if (!traced) {
		stream_free(shared);
		shared = NULL;
	} else {
		preload_full_stacks = config.stacks;
		preload_thread_expected();
		preload_thread_begin();
		tt_emit_thread_begin(0);
	}
	preload_self.quiet = false;
}

/* The emitter's own handler ran before: it has forgotten the parent's trace. */
static void in_child(void)
{
	int saved = errno;

	traced = false;
	stream_free(shared);
	shared = NULL;
	preload_threads_forked();
	if (config.follow) {
		preload_heap_forked();
		begin(true);
	}
	errno = saved;
}

__attribute__((constructor(101))) static void program_begins(void)
{
	int saved = errno;

	if (read_config()) {
		if (config.follow || getpid() == config.pid)
			begin(false);
		if (!config.follow)
			clean_environment();
		if (traced)
			pthread_atfork(NULL, NULL, in_child);
	}
	preload_heap_started(traced);
	errno = saved;
}

/*
 * Before the emitter's own destructor: this file is linked last. Without either the
 * recorder takes the end of the trace from the emitter's memory.
 */
__attribute__((destructor)) static void program_ends(void)
{
	if (!traced || shared == NULL || (int)syscall(SYS_getpid) != shared->pid)
		return;
	preload_self.quiet = true;
	if (tt_emit_stop(NULL) == 0) {
		stream_maps(shared);
		atomic_store(&shared->lost, tt_emit_counts().lost);
		atomic_store(&shared->state, NATIVE_ENDED);
	}
}
