/* SPDX-License-Identifier: MIT */
/*
 * stream.c - shared memory: the ring of the trace's bytes, the texts of maps. Stands on
 * stream.h.
 */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LINE_NBYTES (PATH_MAX + 128)
#define PAUSE_NS 200000

/* ---------------------------------------------------------------------- making */

/* A file that grew beyond the limit would end the program by a signal. */
static bool may_be_so_large(uint64_t nbytes)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur >= nbytes;
}

struct native_shared *stream_new(int *fd, const char **why)
{
	struct native_shared *s = MAP_FAILED;
	ssize_t n;

	*fd = -1;
	*why = "cannot make shared memory";
	if (!may_be_so_large(UINT64_C(1) << 30)) {
		*why = "its file size limit (ulimit -f) is too low for shared memory";
		errno = EFBIG;
		return NULL;
	}
	*fd = (int)syscall(SYS_memfd_create, "tracetool-record", 1U /* close on exec */);
	if (*fd >= 0 && ftruncate(*fd, sizeof(*s)) == 0)
		s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	if (s == MAP_FAILED)
		return NULL;
	memcpy(s->magic, NATIVE_MAGIC, sizeof(s->magic));
	s->nbytes_low = (uint32_t)sizeof(*s);
	s->pid = getpid();
	n = readlink("/proc/self/exe", s->program, sizeof(s->program) - 1);
	s->program[n > 0 ? n : 0] = '\0';
	s->state = NATIVE_RUNS;
	return s;
}

void stream_free(struct native_shared *s)
{
	if (s != NULL)
		munmap(s, sizeof(*s));
}

/* ------------------------------------------------------------------------ ring */

static bool has_reader(struct native_shared *s)
{
	pid_t reader = atomic_load(&s->reader);

	return !atomic_load(&s->reader_left) &&
	       (syscall(SYS_kill, reader, 0) == 0 || errno != ESRCH);
}

static size_t room(struct native_shared *s)
{
	return NATIVE_RING_NBYTES - (size_t)(atomic_load(&s->written) - atomic_load(&s->read));
}

/* False: nobody reads any more. */
static bool wait_for_room(struct native_shared *s)
{
	for (unsigned i = 0; room(s) == 0; i++) {
		struct timespec pause = { 0, PAUSE_NS };

		if (i % 64 == 63 && !has_reader(s))
			return false;
		syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	return true;
}

int stream_write(void *stream, const void *data, size_t nbytes)
{
	struct native_shared *s = stream;
	const uint8_t *from = data;

	while (nbytes > 0) {
		uint64_t written = atomic_load_explicit(&s->written, memory_order_relaxed);
		size_t at = written % NATIVE_RING_NBYTES, n = NATIVE_RING_NBYTES - at;

		if (atomic_load(&s->reader_left) || !wait_for_room(s))
			return EPIPE;
		n = n < nbytes ? n : nbytes;
		n = n < room(s) ? n : room(s);
		memcpy(s->ring + at, from, n);
		atomic_store_explicit(&s->written, written + n, memory_order_release);
		from += n;
		nbytes -= n;
	}
	return 0;
}

void stream_mark(struct native_shared *s)
{
	atomic_store_explicit(&s->whole, atomic_load(&s->written), memory_order_release);
}

/* ------------------------------------------------------------------------ maps */

/* Lines of /proc/self/maps that have a file: of the form `... PATH` with a slash. */
struct maps_text {
	char *out;
	uint32_t len;
	char line[LINE_NBYTES];
	size_t nline;
};

static void end_line(struct maps_text *t)
{
	if (t->nline < sizeof(t->line) && memchr(t->line, '/', t->nline) != NULL &&
	    t->nline <= NATIVE_MAPS_NBYTES - t->len) {
		memcpy(t->out + t->len, t->line, t->nline);
		t->len += (uint32_t)t->nline;
	}
	t->nline = 0;
}

static void add_text(struct maps_text *t, const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (t->nline < sizeof(t->line))
			t->line[t->nline++] = data[i];
		if (data[i] == '\n')
			end_line(t);
	}
}

void stream_maps(struct native_shared *s)
{
	uint32_t number = atomic_load(&s->nmaps);
	static struct maps_text t; /* one at a time: the emitter's thread, or at start */
	char buffer[4096];
	ssize_t n;
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/maps", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	t.out = s->maps[(number + 1) % 2];
	t.len = 0;
	t.nline = 0;
	while ((n = syscall(SYS_read, fd, buffer, sizeof(buffer))) > 0)
		add_text(&t, buffer, (size_t)n);
	syscall(SYS_close, fd);
	s->maps_nbytes[(number + 1) % 2] = t.len;
	atomic_store_explicit(&s->nmaps, number + 1, memory_order_release);
}
