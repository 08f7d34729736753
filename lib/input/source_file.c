/* SPDX-License-Identifier: MIT */
/*
 * source_file.c - bytes of a mapped file read once more where that is cheaper than to
 * look at them in the map: the first look at a page costs more than a copy of it, on
 * virtual machines up to ten times. Stands on base.
 */
#include "input/source_impl.h"

#include <fcntl.h>
#include <unistd.h>

/* Headers of small batches lie side by side: one read for some. */
#define GLANCE_NBYTES 4096
/* The system is told of so much at a time, so that it reads ahead although we hop. */
#define EXPECT_NBYTES ((uint64_t)4 << 20)

/* n bytes that begin so far before the end of the file. */
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

/* Reads what lies from the position on. */
static bool refill(struct tt_source *s, uint64_t offset)
{
	size_t left = (size_t)(s->end - s->pos);
	size_t n = left < GLANCE_NBYTES ? left : GLANCE_NBYTES;

	if (s->glance == NULL)
		s->glance = tt_mem_alloc(s->mem, GLANCE_NBYTES);
	if (s->glance == NULL)
		return false;
	expect(s, offset);
	s->glance_nbytes = 0;
	if (!read_file(s, left, s->glance, n))
		return false;
	s->glance_nbytes = n;
	s->glance_offset = offset;
	return true;
}

bool tt_source_glance_file(struct tt_source *s, size_t want, const uint8_t **data, size_t *avail)
{
	uint64_t offset = tt_source_offset(s);
	size_t left = (size_t)(s->end - s->pos);

	if (want > left)
		want = left;
	if ((offset < s->glance_offset ||
	     offset + want > s->glance_offset + s->glance_nbytes) &&
	    !refill(s, offset))
		return false;
	*data = s->glance + (offset - s->glance_offset);
	*avail = s->glance_nbytes - (size_t)(offset - s->glance_offset);
	return true;
}

void tt_source_file_release(struct tt_source *s)
{
	tt_mem_free(s->mem, s->glance, GLANCE_NBYTES);
}
