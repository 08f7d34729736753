/* SPDX-License-Identifier: MIT */
/*
 * image.c - the recorder's end of the memory that it shares with a recorded
 * program: images announce themselves, their traces are read, and what one left in
 * its emitter's memory is recovered. Command layer, inside record only.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "native.h"
#include "tracetool_emit.h"

#define HEADER_NBYTES 16
/* How long a program on a busy machine may take between connecting and sending. */
#define LETTER_MS 10000

/* ---- announcement */

struct letter {
	struct native_hello hello;
	int fds[2];
	struct ucred from;
};

static void take_fds(struct letter *l, struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		size_t nbytes = c->cmsg_len >= CMSG_LEN(0) ? c->cmsg_len - CMSG_LEN(0) : 0;

		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    nbytes / sizeof(int) == 2 && l->fds[0] < 0)
			memcpy(l->fds, CMSG_DATA(c), sizeof(l->fds));
	}
}

/* The program sends as soon as it has connected; a signal must not end the wait. */
static bool wait_for_letter(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	int n;

	do {
		n = poll(&ready, 1, LETTER_MS);
	} while (n < 0 && errno == EINTR);
	return n == 1;
}

static bool receive(int fd, struct letter *l)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(2 * sizeof(int))];
	} control;
	struct iovec data = { &l->hello, sizeof(l->hello) };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = control.bytes,
			    .msg_controllen = sizeof(control.bytes) };
	socklen_t len = sizeof(l->from);

	if (!wait_for_letter(fd) ||
	    recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT) != (ssize_t)sizeof(l->hello) ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &l->from, &len) != 0)
		return false;
	take_fds(l, &m);
	l->hello.error[sizeof(l->hello.error) - 1] = '\0';
	return memcmp(l->hello.magic, NATIVE_MAGIC, sizeof(l->hello.magic)) == 0;
}

static struct native_shared *map_shared(int fd)
{
	struct stat st;
	struct native_shared *s;

	if (fstat(fd, &st) != 0)
		return NULL;
	errno = EBADMSG;
	if ((uint64_t)st.st_size < sizeof(*s))
		return NULL;
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s == MAP_FAILED)
		return NULL;
	if (memcmp(s->magic, NATIVE_MAGIC, sizeof(s->magic)) == 0 && s->nbytes_low == sizeof(*s))
		return s;
	munmap(s, sizeof(*s));
	errno = EBADMSG;
	return NULL;
}

/* Takes the region's descriptor out of the letter. NULL and errno. */
static struct native_image *new_image(struct letter *l)
{
	struct native_image *image = calloc(1, sizeof(*image));

	if (!image)
		return NULL;
	errno = EBADMSG;
	image->shared = l->fds[0] >= 0 ? map_shared(l->fds[0]) : NULL;
	if (!image->shared) {
		free(image);
		return NULL;
	}
	image->pid = l->from.pid;
	image->pid_fd = (int)syscall(SYS_pidfd_open, image->pid, 0);
	image->region_fd = l->fds[1];
	image->forked = l->hello.forked != 0;
	l->fds[1] = -1;
	return image;
}

static struct native_image *take_letter(int fd, pid_t pid, char *why, size_t size)
{
	struct letter l = { .fds = { -1, -1 } };
	struct native_image *image = NULL;

	if (receive(fd, &l) && l.hello.error[0] == '\0')
		image = new_image(&l);
	if (!image && l.from.pid == pid && l.hello.error[0] == '\0')
		snprintf(why, size, "cannot read its events: %s", strerror(errno));
	else if (l.from.pid == pid && l.hello.error[0] != '\0')
		snprintf(why, size, "%s", l.hello.error);
	for (int i = 0; i < 2; i++) {
		if (l.fds[i] >= 0)
			close(l.fds[i]);
	}
	return image;
}

struct native_image *native_image_accept(int listener, pid_t pid, char *why, size_t size)
{
	struct native_image *image = NULL;
	int fd;

	/* after one that is not an image there may be others */
	while (!image) {
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0)
			return NULL;
		image = take_letter(fd, pid, why, size);
		close(fd);
	}
	return image;
}

void native_image_close(struct native_image *image)
{
	if (image->shared)
		munmap(image->shared, sizeof(*image->shared));
	if (image->pid_fd >= 0)
		close(image->pid_fd);
	if (image->region_fd >= 0)
		close(image->region_fd);
	image->shared = NULL;
	image->pid_fd = image->region_fd = -1;
}

void native_image_free(struct native_image *image)
{
	if (image)
		native_image_close(image);
	free(image);
}

/* Whether the process has ended, or another program runs in it. */
static bool is_over(const struct native_image *image)
{
	struct pollfd gone = { .fd = image->pid_fd, .events = POLLIN };

	if (atomic_load(&image->shared->replaced))
		return true;
	/* kernels before 5.3 have no such descriptors */
	if (image->pid_fd < 0)
		return kill(image->pid, 0) != 0 && errno == ESRCH;
	return poll(&gone, 1, 0) != 0;
}

/* A child that was forked only to run another program has none. */
static bool has_generation(const struct native_image *image)
{
	return atomic_load(&image->shared->whole) > HEADER_NBYTES;
}

bool native_image_replace(struct native_image *image)
{
	bool kept = !image->forked || has_generation(image);

	atomic_store(&image->shared->replaced, kept ? NATIVE_REPLACED : NATIVE_DROPPED);
	return kept;
}

bool native_image_wait(struct native_image *image, int pause_ms)
{
	while (image->forked && !has_generation(image) && !is_over(image) &&
	       atomic_load(&image->shared->state) != NATIVE_ENDED)
		poll(NULL, 0, pause_ms);
	return atomic_load(&image->shared->replaced) != NATIVE_DROPPED;
}

/* ---- stream */

void native_stream_init(struct native_stream *s, struct native_image *image)
{
	*s = (struct native_stream){ .image = image };
}

void native_stream_release(struct native_stream *s)
{
	if (s->image)
		atomic_store(&s->image->shared->reader_left, 1);
	free(s->data);
	s->data = NULL;
}

static bool make_room(struct native_stream *s, size_t n)
{
	uint8_t *data;

	if (s->at > 0)
		memmove(s->data, s->data + s->at, s->n - s->at);
	s->n -= s->at;
	s->at = 0;
	if (n <= s->cap - s->n)
		return true;
	data = realloc(s->data, s->n + n + (s->n + n) / 2);
	if (!data)
		return false;
	s->data = data;
	s->cap = s->n + n + (s->n + n) / 2;
	return true;
}

static bool append(struct native_stream *s, const void *data, size_t n)
{
	if (n > s->cap - s->n && !make_room(s, n)) {
		errno = ENOMEM;
		return false;
	}
	memcpy(s->data + s->n, data, n);
	s->n += n;
	return true;
}

/* All that the ring holds. If its counts are impossible, it counts as empty. */
static bool take_ring(struct native_stream *s)
{
	struct native_shared *shared = s->image->shared;
	uint64_t whole = atomic_load_explicit(&shared->whole, memory_order_acquire);
	uint64_t written = atomic_load_explicit(&shared->written, memory_order_acquire);
	uint64_t read = s->taken;

	if (written - read > NATIVE_RING_NBYTES)
		written = read;
	while (read != written) {
		size_t at = read % NATIVE_RING_NBYTES, n = NATIVE_RING_NBYTES - at;

		n = n < written - read ? n : (size_t)(written - read);
		if (!append(s, shared->ring + at, n))
			return false;
		read += n;
		atomic_store_explicit(&shared->read, read, memory_order_release);
	}
	s->taken = read;
	if (whole > s->whole && whole <= read)
		s->whole = whole;
	return true;
}

static int append_recovered(void *arg, const void *data, size_t nbytes)
{
	return append(arg, data, nbytes) ? 0 : ENOMEM;
}

/* Drops from s->data what follows the byte `whole` of the trace. */
static void cut_after(struct native_stream *s, uint64_t whole)
{
	uint64_t first = s->taken - (s->n - s->at);

	if (whole >= s->whole && whole >= first && whole <= s->taken)
		s->whole = whole;
	s->n = s->at + (size_t)(s->whole - first);
}

/* The last bytes: from the emitter, or recovered from its memory. */
static bool take_rest(struct native_stream *s)
{
	struct tt_emit_recovery *r;
	struct tt_error err;
	bool done;

	if (atomic_load(&s->image->shared->state) == NATIVE_ENDED) {
		s->whole = s->taken;
		return true;
	}
	if (tt_emit_recovery_open(&r, s->image->region_fd, NULL, &err) < 0) {
		cut_after(s, s->whole);
		if (err.system)
			errno = err.system_errno != 0 ? err.system_errno : ENOMEM;
		return !err.system;
	}
	cut_after(s, tt_emit_recovery_offset(r));
	done = tt_emit_recovery_write(r, append_recovered, s, &err) == 0;
	tt_emit_recovery_close(r);
	if (!done)
		errno = err.system_errno;
	return done;
}

/* How many bytes may be read now. */
static size_t nbytes_ready(const struct native_stream *s)
{
	uint64_t first = s->taken - (s->n - s->at);

	if (s->over)
		return s->n - s->at;
	return s->whole > first ? (size_t)(s->whole - first) : 0;
}

int64_t native_stream_read(struct native_stream *s, void *buf, size_t room)
{
	size_t n;

	if (!s->over) {
		bool over = atomic_load(&s->image->shared->state) == NATIVE_ENDED ||
			    is_over(s->image);

		if (!take_ring(s) || (over && !take_rest(s)))
			return -1;
		s->over = over;
	}
	n = nbytes_ready(s);
	if (n == 0 && s->over)
		return 0;
	if (n == 0) {
		errno = EAGAIN;
		return -1;
	}
	n = n < room ? n : room;
	memcpy(buf, s->data + s->at, n);
	s->at += n;
	return (int64_t)n;
}
