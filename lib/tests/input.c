/* SPDX-License-Identifier: MIT */
/* input.c - ways to hand bytes to the code under test. Test code only. */
#include "tests/input.h"

#include <check.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

void guarded_init(struct guarded *g, const void *data, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t room = (len + page - 1) / page * page;

	g->map_len = room + page;
	g->map = mmap(NULL, g->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(g->map, MAP_FAILED);
	g->data = (uint8_t *)g->map + room - len;
	g->len = len;
	if (len != 0)
		memcpy(g->data, data, len);
	ck_assert_int_eq(mprotect((uint8_t *)g->map + room, page, PROT_NONE), 0);
}

void guarded_release(struct guarded *g)
{
	munmap(g->map, g->map_len);
}

static void temp_pattern(char path[TEMP_PATH_SIZE], const char *otherwise)
{
	const char *folder = getenv("TMPDIR");
	int n = snprintf(path, TEMP_PATH_SIZE, "%s/tracetool-XXXXXX", folder ? folder : otherwise);

	ck_assert_int_lt(n, TEMP_PATH_SIZE);
}

int temp_file_new(char path[TEMP_PATH_SIZE])
{
	int fd;

	temp_pattern(path, "/tmp");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	return fd;
}

void temp_folder_new(char path[TEMP_PATH_SIZE])
{
	temp_pattern(path, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(path));
}

int input_file(const void *data, size_t len)
{
	FILE *f = tmpfile();
	int fd;

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(data, 1, len, f), len);
	ck_assert_int_eq(fflush(f), 0);
	rewind(f);
	fd = dup(fileno(f));
	ck_assert_int_ge(fd, 0);
	fclose(f);
	return fd;
}

/*
 * Writes a piece only when the reader has taken the one before. Ends early,
 * without a signal, when it is stopped or nobody reads any more.
 */
static void *trickle_write(void *arg)
{
	struct trickle *t = arg;
	size_t pos = 0;
	int unread = 0;

	while (pos < t->len && !atomic_load(&t->stop)) {
		size_t n = t->len - pos < t->chunk ? t->len - pos : t->chunk;
		ssize_t sent;

		if (ioctl(t->fd, FIONREAD, &unread) == 0 && unread != 0) {
			sched_yield();
			continue;
		}
		sent = send(t->writer, t->data + pos, n, MSG_NOSIGNAL);
		if (sent <= 0)
			break;
		pos += (size_t)sent;
	}
	close(t->writer);
	return NULL;
}

void trickle_start(struct trickle *t, const void *data, size_t len, size_t chunk)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	*t = (struct trickle){.fd = fds[0], .writer = fds[1], .data = data, .len = len, .chunk = chunk};
	ck_assert_int_eq(pthread_create(&t->thread, NULL, trickle_write, t), 0);
}

void trickle_stop(struct trickle *t)
{
	atomic_store(&t->stop, true);
	shutdown(t->fd, SHUT_RDWR);
	pthread_join(t->thread, NULL);
	close(t->fd);
}
