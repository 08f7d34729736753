/* SPDX-License-Identifier: MIT */
/*
 * sink.c - where generations go: a descriptor or a function, through a buffer, or the
 * flight recorder's memory. Stands on write.h.
 */
#include "emit/write.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

#define FIRST_NBYTES (64 * 1024)

int tt_em_sink_write_all(int fd, const void *data, size_t len)
{
	const uint8_t *p = data;
	ssize_t n;

	while (len > 0) {
		n = write(fd, p, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static void write_out(struct tt_em_sink *s, const void *data, size_t len)
{
	int failed;

	if (s->error.code != TT_OK || len == 0)
		return;
	failed = s->to.write != NULL ? s->to.write(s->to.arg, data, len)
				     : tt_em_sink_write_all(s->to.fd, data, len);
	if (failed != 0)
		tt_fail_errno(&s->error, failed, "cannot write the trace");
}

/* ------------------------------------------------------- the flight recorder */

static size_t page_multiple(size_t n)
{
	return (n + 4095) & ~(size_t)4095;
}

static bool make_room(struct tt_em_sink *s, size_t len)
{
	struct tt_em_saved *k = s->open;
	size_t cap = page_multiple(k == NULL ? sizeof(*k) + len : (k->cap + len) * 2);
	void *map;

	if (k == NULL && cap < FIRST_NBYTES)
		cap = FIRST_NBYTES;
	if (k != NULL && k->cap - sizeof(*k) - k->len >= len)
		return true;
	if (k == NULL)
		map = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		map = mremap(k, k->cap, cap, MREMAP_MAYMOVE);
	if (map == MAP_FAILED) {
		tt_fail(&s->error, TT_E_MEMORY, "no memory to keep a generation");
		return false;
	}
	s->open = map;
	s->open->cap = cap;
	return true;
}

static void save(struct tt_em_sink *s, const void *data, size_t len)
{
	if (s->error.code != TT_OK || len == 0 || !make_room(s, len))
		return;
	memcpy(s->open->data + s->open->len, data, len);
	s->open->len += len;
}

static void drop_first(struct tt_em_sink *s)
{
	struct tt_em_saved *k = s->first;

	s->first = k->next;
	if (s->first == NULL)
		s->last = NULL;
	s->saved_nbytes -= k->len;
	munmap(k, k->cap);
}

static bool over_limit(const struct tt_em_sink *s, uint64_t now_ns)
{
	if (s->first == s->last)
		return false;
	/* without the oldest, the others reach back far enough */
	return s->saved_nbytes > s->max_nbytes || now_ns - s->first->end_ns > s->max_ns;
}

static void end_saved(struct tt_em_sink *s)
{
	struct tt_em_saved *k = s->open;
	size_t cap;

	if (k == NULL)
		return;
	s->open = NULL;
	/* it is incomplete */
	if (s->error.code != TT_OK) {
		munmap(k, k->cap);
		return;
	}
	cap = page_multiple(sizeof(*k) + k->len);
	if (cap < k->cap && munmap((uint8_t *)k + cap, k->cap - cap) == 0)
		k->cap = cap;
	k->end_ns = tt_em_clock_mono_ns();
	if (s->last != NULL)
		s->last->next = k;
	else
		s->first = k;
	s->last = k;
	s->saved_nbytes += k->len;
	while (over_limit(s, k->end_ns))
		drop_first(s);
}

/* -------------------------------------------------------------------- both */

static void flush_buffer(struct tt_em_sink *s)
{
	if (s->to.flight)
		save(s, s->buffer, s->used);
	else
		write_out(s, s->buffer, s->used);
	s->used = 0;
}

void tt_em_sink_put(struct tt_em_sink *s, const void *data, size_t len)
{
	s->nbytes += len;
	if (len > sizeof(s->buffer) - s->used)
		flush_buffer(s);
	if (len > sizeof(s->buffer)) {
		if (s->to.flight)
			save(s, data, len);
		else
			write_out(s, data, len);
		return;
	}
	memcpy(s->buffer + s->used, data, len);
	s->used += len;
}

void tt_em_sink_commit(struct tt_em_sink *s)
{
	flush_buffer(s);
	if (s->to.flight)
		end_saved(s);
}

void tt_em_sink_release(struct tt_em_sink *s)
{
	if (s->open != NULL)
		munmap(s->open, s->open->cap);
	s->open = NULL;
	while (s->first != NULL)
		drop_first(s);
	if (s->to.own_fd && s->to.fd >= 0)
		close(s->to.fd);
	s->to.fd = -1;
}
