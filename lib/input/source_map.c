/* SPDX-License-Identifier: MIT */
/* source_map.c - plain regular files, mapped and not copied. */
#include "input/source_impl.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

/* Pages go back to the system in pieces of this size: one call for many. */
#define DROP_NBYTES ((size_t)8 << 20)

bool tt_source_map(struct tt_source *s, int fd, uint64_t offset, uint64_t nbytes)
{
	uint64_t lead = offset % (uint64_t)sysconf(_SC_PAGESIZE);
	void *map;

	if (nbytes == 0 || nbytes > (uint64_t)PTRDIFF_MAX - lead)
		return false;
	map = mmap(NULL, (size_t)(nbytes + lead), PROT_READ, MAP_PRIVATE, fd,
		   (off_t)(offset - lead));
	if (map == MAP_FAILED)
		return false;
	s->map = map;
	s->map_nbytes = (size_t)(nbytes + lead);
	madvise(map, s->map_nbytes, MADV_SEQUENTIAL);
	s->base = (const uint8_t *)map + lead;
	s->pos = s->base;
	s->end = s->base + nbytes;
	s->end_offset = nbytes;
	s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	s->fd_end = offset + nbytes;
	return true;
}

/* How much of the mapping is before the release mark, in such pieces. */
static size_t unused_nbytes(const struct tt_source *s)
{
	size_t lead = (size_t)(s->base - (const uint8_t *)s->map);

	return ((size_t)s->mark + lead) / DROP_NBYTES * DROP_NBYTES;
}

/* The kernel keeps the pages cached; only this process lets go of them. */
void tt_source_map_release(struct tt_source *s)
{
	size_t unused = unused_nbytes(s);

	if (unused <= s->map_dropped)
		return;
	madvise((uint8_t *)s->map + s->map_dropped, unused - s->map_dropped, MADV_DONTNEED);
	s->map_dropped = unused;
}

void tt_source_map_jump(struct tt_source *s)
{
	s->expected = s->mark;
	if (s->map != NULL && unused_nbytes(s) < s->map_dropped)
		s->map_dropped = unused_nbytes(s);
}

void tt_source_unmap(struct tt_source *s)
{
	if (s->map == NULL || s->borrowed)
		return;
	munmap(s->map, s->map_nbytes);
	if (s->fd >= 0)
		close(s->fd);
}
