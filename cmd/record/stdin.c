/* SPDX-License-Identifier: MIT */
/* stdin.c - a trace from standard input. Command layer. */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "record.h"

static int64_t read_standard(struct record_source *s, void *buf, size_t room)
{
	for (;;) {
		struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
		ssize_t n;

		if (record_cancelled())
			return -1;
		if (poll(&ready, 1, 0) == 0) {
			record_wait(s->record, STDIN_FILENO, 100);
			continue;
		}
		n = read(STDIN_FILENO, buf, room);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n;
	}
}

int record_standard_input(struct record *r)
{
	struct record_source s = { .name = "standard input", .read = read_standard };

	return record_run(r, &s);
}
