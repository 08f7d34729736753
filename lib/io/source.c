/* SPDX-License-Identifier: MIT */
/*
 * source.c - opening a source, and moving about in its view. Stands on base.
 */
#include "io/source_impl.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What an empty view points to. */
static const uint8_t nothing[1];

static struct tt_source *new_source(struct tt_mem *mem, struct tt_error *err)
{
	struct tt_source *s = tt_mem_zalloc(mem, 1, sizeof(*s));

	if (s == NULL) {
		tt_fail(err, tt_mem_code(mem), "no memory for the input");
		return NULL;
	}
	s->mem = mem;
	s->base = s->pos = s->end = nothing;
	return s;
}

int tt_source_open_memory(struct tt_source **out, const void *data, size_t nbytes,
			  const char *member, struct tt_mem *mem, struct tt_error *err)
{
	struct tt_source *s = new_source(mem, err);

	(void)member;
	*out = s;
	if (s == NULL)
		return -err->code;
	if (nbytes != 0) {
		s->base = s->pos = data;
		s->end = s->base + nbytes;
		s->end_offset = nbytes;
	}
	return 0;
}

int tt_source_open_fd(struct tt_source **out, int fd, const char *member, struct tt_mem *mem,
		      struct tt_error *err)
{
	struct stat st;
	off_t at;

	*out = NULL;
	(void)member;
	if (fstat(fd, &st) != 0)
		return tt_fail_errno(err, errno, "cannot read");
	if (S_ISDIR(st.st_mode))
		return tt_fail_errno(err, EISDIR, "cannot read");
	at = lseek(fd, 0, SEEK_CUR);
	*out = new_source(mem, err);
	if (*out == NULL)
		return -err->code;
	if (at >= 0 && S_ISREG(st.st_mode) && st.st_size > at &&
	    !tt_source_map(*out, fd, (uint64_t)at, (uint64_t)(st.st_size - at))) {
		int code = tt_fail_errno(err, errno, "cannot map");

		tt_source_close(*out);
		*out = NULL;
		return code;
	}
	return 0;
}

int tt_source_open_path(struct tt_source **out, const char *path, const char *member,
			struct tt_mem *mem, struct tt_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc;

	*out = NULL;
	if (fd < 0)
		return tt_fail_errno(err, errno, "cannot open");
	rc = tt_source_open_fd(out, fd, member, mem, err);
	close(fd);
	return rc;
}

void tt_source_close(struct tt_source *s)
{
	if (s == NULL)
		return;
	tt_source_unmap(s);
	tt_mem_free(s->mem, s, sizeof(*s));
}

int tt_source_peek(struct tt_source *s, size_t want, const uint8_t **data, size_t *avail,
		   struct tt_error *err)
{
	(void)want;
	(void)err;
	*data = s->pos;
	*avail = (size_t)(s->end - s->pos);
	return 0;
}

void tt_source_skip(struct tt_source *s, size_t n)
{
	assert(n <= (size_t)(s->end - s->pos));
	s->pos += n;
}

uint64_t tt_source_offset(const struct tt_source *s)
{
	return s->end_offset - (uint64_t)(s->end - s->pos);
}

void tt_source_seek(struct tt_source *s, uint64_t offset)
{
	assert(offset >= s->mark);
	assert(offset <= s->end_offset);
	s->pos = s->end - (s->end_offset - offset);
}

void tt_source_release(struct tt_source *s, uint64_t offset)
{
	assert(offset <= tt_source_offset(s));
	if (offset > s->mark)
		s->mark = offset;
	if (s->map != NULL)
		tt_source_map_release(s);
}

void tt_source_progress(const struct tt_source *s, uint64_t *in_nbytes, uint64_t *in_total)
{
	*in_nbytes = tt_source_offset(s);
	*in_total = s->end_offset;
}
