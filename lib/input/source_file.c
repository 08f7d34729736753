/* SPDX-License-Identifier: MIT */
/*
 * source_file.c - bytes of a mapped file, read where that is cheaper than to access them
 * in the map: the first access to a page costs more than a copy of it, on virtual machines
 * up to ten times.
 */
#include "input/source_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

/* Headers of small batches are close to each other: one read is enough for some. Those of large
 * ones are not: only the header is read then. */
#define HEADERS_NBYTES 4096
#define HEADER_NBYTES 256
/* We skip most bytes, so the system does not read ahead by itself: where it has to wait for the
 * disk, we ask for so much at a time. */
#define EXPECT_NBYTES ((uint64_t)4 << 20)

/* n bytes that begin so far before the end of the view. */
static bool read_file(const struct tt_source *s, uint64_t before_end, void *to, size_t n)
{
	return pread(s->fd, to, n, (off_t)(s->fd_end - before_end)) == (ssize_t)n;
}

bool tt_source_in_file(const struct tt_source *s)
{
	return s->fd >= 0;
}

bool tt_source_reread(const struct tt_source *s, const uint8_t *data, size_t n, void *to)
{
	uintptr_t before_end = (uintptr_t)s->end - (uintptr_t)data;

	return tt_source_in_file(s) && before_end <= (uintptr_t)(s->end - s->base) &&
	       read_file(s, before_end, to, n);
}

static void expect(struct tt_source *s, uint64_t offset)
{
	if (offset + EXPECT_NBYTES / 2 < s->expected)
		return;
	if (s->expected < offset)
		s->expected = offset;
	posix_fadvise(s->fd, (off_t)(s->fd_end - (s->end_offset - s->expected)),
		      (off_t)EXPECT_NBYTES, POSIX_FADV_WILLNEED);
	s->expected += EXPECT_NBYTES;
}

/* How much is read at once, if the batch before this offset was as large as the next one is. */
static size_t refill_nbytes(const struct tt_source *s, uint64_t offset)
{
	bool is_near = offset >= s->headers_offset && offset - s->headers_offset < HEADERS_NBYTES;

	return is_near ? HEADERS_NBYTES : HEADER_NBYTES;
}

/* The same, if the system has them in memory. Some file systems cannot tell, tmpfs for one. */
static bool read_cached(struct tt_source *s, uint64_t before_end, void *to, size_t n)
{
#ifdef RWF_NOWAIT
	const struct iovec room = {to, n};
	ssize_t got;

	if (s->fd_waits)
		return false;
	got = preadv2(s->fd, &room, 1, (off_t)(s->fd_end - before_end), RWF_NOWAIT);
	s->fd_waits = got < 0 && errno == EOPNOTSUPP;
	return got == (ssize_t)n;
#else
	(void)s, (void)before_end, (void)to, (void)n;
	return false;
#endif
}

/* Reads what follows the position. */
static bool refill(struct tt_source *s, uint64_t offset)
{
	size_t left = (size_t)(s->end - s->pos), n = refill_nbytes(s, offset);

	if (n > left)
		n = left;
	if (s->headers == NULL)
		s->headers = tt_mem_alloc(s->mem, HEADERS_NBYTES);
	if (s->headers == NULL)
		return false;
	s->headers_nbytes = 0;
	if (!read_cached(s, left, s->headers, n)) {
		expect(s, offset);
		if (!read_file(s, left, s->headers, n))
			return false;
	}
	s->headers_nbytes = n;
	s->headers_offset = offset;
	return true;
}

bool tt_source_file_peek_header(struct tt_source *s, uint64_t offset, size_t want,
				const uint8_t **data, size_t *avail)
{
	size_t left = (size_t)(s->end - s->pos);

	if (want > left)
		want = left;
	if ((offset < s->headers_offset ||
	     offset + want > s->headers_offset + s->headers_nbytes) &&
	    !refill(s, offset))
		return false;
	*data = s->headers + (offset - s->headers_offset);
	*avail = s->headers_nbytes - (size_t)(offset - s->headers_offset);
	return true;
}

void tt_source_file_release(struct tt_source *s)
{
	tt_mem_free(s->mem, s->headers, HEADERS_NBYTES);
}
