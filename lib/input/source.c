/* SPDX-License-Identifier: MIT */
/*
 * source.c - opens a source: finds out what the bytes are, adds a layer for each
 * packing, and moves about in the view.
 */
#include "input/source_impl.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "input/feed.h"
#include "input/stream.h"

/* What an empty view points to. */
static const uint8_t nothing[1];

/* ---- opening */

#define MOST_LAYERS (2 * TT_MAX_LAYERS)

static bool have_layers(struct tt_source *s)
{
	if (s->layers == NULL)
		s->layers = tt_mem_zalloc(s->mem, MOST_LAYERS, sizeof(*s->layers));
	return s->layers != NULL;
}

/* Notes what the bytes of a feed are before they are unpacked. False: no memory. */
static bool add_layer(struct tt_source *s, const struct tt_feed *packed)
{
	if (!have_layers(s))
		return false;
	s->layers[s->nlayers++].name = tt_feed_packing_name(packed);
	return true;
}

bool tt_source_add_outer(struct tt_source *s, const struct tt_layer *layers, unsigned n)
{
	if (n == 0)
		return true;
	if (!have_layers(s))
		return false;
	memmove(s->layers + n, s->layers, s->nlayers * sizeof(*layers));
	memcpy(s->layers, layers, n * sizeof(*layers));
	s->nlayers += n;
	return true;
}

static void name_member(struct tt_layer *layer, const char *name)
{
	layer->has_member = true;
	snprintf(layer->member, sizeof(layer->member), "%s", name);
}

int tt_feed_unpack_layer(struct tt_feed **top, enum tt_packing *packing, struct tt_error *err)
{
	int rc;

	if (*packing == TT_PACKING_ZSTD)
		rc = tt_feed_unpack_zstd(top, err);
	else if (*packing == TT_PACKING_GZIP)
		rc = tt_feed_unpack_gzip(top, err);
	else
		rc = tt_feed_unpack(top, err);
	return rc == 0 ? tt_feed_packing(*top, packing, err) : rc;
}

static int unpack_all(struct tt_source *s, struct tt_feed **top, const char *member,
		      enum tt_packing packing, struct tt_error *err)
{
	bool chosen = false;
	int rc = 0;

	while (rc == 0 && packing != TT_PACKING_NONE) {
		if (s->nlayers == TT_MAX_LAYERS)
			return tt_fail(err, TT_E_INPUT,
				       "more than %d layers of compression or archives",
				       TT_MAX_LAYERS);
		if (!add_layer(s, *top))
			return tt_fail(err, tt_mem_code(s->mem), "no memory for the input");
		if (packing != TT_PACKING_ARCHIVE) {
			rc = tt_feed_unpack_layer(top, &packing, err);
			continue;
		}
		rc = tt_feed_member(top, chosen ? NULL : member, err);
		chosen = true;
		if (rc != 0)
			break;
		name_member(&s->layers[s->nlayers - 1], tt_feed_member_name(*top));
		rc = tt_feed_packing(*top, &packing, err);
	}
	if (rc == 0 && member != NULL && !chosen)
		return tt_fail(err, TT_E_MEMBER, "not a tar or zip archive: it has no members");
	return rc;
}

static int open_stream(struct tt_source *s, struct tt_feed **feed, const char *member,
		       enum tt_packing packing, struct tt_error *err)
{
	int rc = unpack_all(s, feed, member, packing, err);

	if (rc == 0)
		rc = tt_stream_new(&s->stream, *feed, s->mem, err);
	if (rc == 0)
		*feed = NULL;
	return rc;
}

/* Plain bytes that lie in memory (`memory`, or NULL) or can be mapped: the view is
 * all of them, and the feed was needed only to see that. */
static bool view_whole(struct tt_source *s, const struct tt_feed *feed, const uint8_t *memory)
{
	uint64_t at;
	int fd;

	if (memory == NULL)
		return feed == feed->bottom && tt_feed_file(feed, &fd, &at) &&
		       tt_source_map(s, fd, at, feed->size);
	s->base = s->pos = memory;
	s->end = memory + feed->size;
	s->end_offset = feed->size;
	return true;
}

int tt_source_open_feed(struct tt_source **out, struct tt_feed *feed, const uint8_t *memory,
		     const char *member, struct tt_error *err)
{
	struct tt_mem *mem = feed->mem;
	struct tt_source *s = tt_mem_zalloc(mem, 1, sizeof(*s));
	enum tt_packing packing;
	int rc;

	if (s == NULL) {
		tt_feed_close(feed);
		return tt_fail(err, tt_mem_code(mem), "no memory for the input");
	}
	s->mem = mem;
	s->fd = -1;
	s->base = s->pos = s->end = nothing;
	rc = tt_feed_packing(feed, &packing, err);
	if (rc == 0 && (packing != TT_PACKING_NONE || member != NULL || !view_whole(s, feed, memory)))
		rc = open_stream(s, &feed, member, packing, err);
	tt_feed_close(feed);
	if (rc == 0)
		*out = s;
	else
		tt_source_close(s);
	return rc;
}

int tt_source_open_memory(struct tt_source **out, const void *data, size_t nbytes,
			  const char *member, struct tt_mem *mem, struct tt_error *err)
{
	struct tt_feed *feed;
	int rc = tt_feed_open_memory(&feed, data, nbytes, mem, err);

	*out = NULL;
	return rc != 0 ? rc : tt_source_open_feed(out, feed, nbytes != 0 ? data : nothing, member, err);
}

int tt_source_open_input(struct tt_source **out, const struct tt_input *input, const char *member,
			 struct tt_mem *mem, struct tt_error *err)
{
	struct tt_feed *feed;
	int rc = tt_feed_open_callback(&feed, input, mem, err);

	*out = NULL;
	return rc != 0 ? rc : tt_source_open_feed(out, feed, NULL, member, err);
}

static int open_fd(struct tt_source **out, int fd, bool owned, const char *member,
		   struct tt_mem *mem, struct tt_error *err)
{
	struct tt_feed *feed;
	int rc = tt_feed_open_fd(&feed, fd, owned, mem, err);

	return rc != 0 ? rc : tt_source_open_feed(out, feed, NULL, member, err);
}

int tt_source_open_fd(struct tt_source **out, int fd, const char *member, struct tt_mem *mem,
		      struct tt_error *err)
{
	*out = NULL;
	return open_fd(out, fd, false, member, mem, err);
}

int tt_open_input_file(const char *path)
{
	int fd;

	do {
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/*
 * There is no file `path`: an archive before a colon, the longest name first.
 * *member then points after the colon. errno is as the caller left it if there
 * is none.
 */
static int open_before_colon(const char *path, const char **member)
{
	int reason = errno;
	char *name = strdup(path);
	char *colon;
	int fd = -1;

	while (name != NULL && fd < 0 && (colon = strrchr(name, ':')) != NULL) {
		*colon = '\0';
		*member = path + (colon - name) + 1;
		if (colon != name && **member != '\0' && !is_folder(name))
			fd = tt_open_input_file(name);
	}
	free(name);
	errno = reason;
	return fd;
}

int tt_source_open_path(struct tt_source **out, const char *path, const char *member,
			struct tt_mem *mem, struct tt_error *err)
{
	int fd = tt_open_input_file(path);

	*out = NULL;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG) &&
	    member == NULL)
		fd = open_before_colon(path, &member);
	if (fd < 0)
		return tt_fail_errno(err, errno, "cannot open");
	return open_fd(out, fd, true, member, mem, err);
}

int tt_source_open_again(struct tt_source **out, const struct tt_source *of, uint64_t offset,
			 struct tt_mem *mem, struct tt_error *err)
{
	struct tt_source *s;

	*out = NULL;
	if (of->stream != NULL)
		return 0;
	s = tt_mem_zalloc(mem, 1, sizeof(*s));
	if (s == NULL)
		return tt_fail(err, tt_mem_code(mem), "no memory for the input");
	s->mem = mem;
	s->base = of->base;
	s->end = of->end;
	s->pos = of->end - (of->end_offset - offset);
	s->end_offset = of->end_offset;
	s->mark = offset;
	s->fd = of->fd;
	s->fd_end = of->fd_end;
	*out = s;
	return 0;
}

bool tt_source_is_whole(const struct tt_source *s)
{
	return s->stream == NULL;
}

int tt_source_open_range(struct tt_source **out, const struct tt_source *of, uint64_t offset,
			 uint64_t nbytes, struct tt_mem *mem, struct tt_error *err)
{
	struct tt_source *s;
	int rc = tt_source_open_again(&s, of, offset, mem, err);

	*out = s;
	if (rc != 0 || s == NULL)
		return rc;
	assert(nbytes <= (uint64_t)(s->end - s->pos));
	s->fd_end -= (uint64_t)(s->end - s->pos) - nbytes;
	s->base = s->pos;
	s->end = s->pos + nbytes;
	s->end_offset = nbytes;
	s->mark = 0;
	/* unlike a source that is opened again, it is read alone, and may give pages back */
	s->map = of->map;
	s->map_nbytes = of->map_nbytes;
	s->borrowed = true;
	return 0;
}

int tt_source_open_filter(struct tt_source **out, const struct tt_source_filter *filter,
			  struct tt_mem *mem, struct tt_error *err)
{
	struct tt_source *s;
	struct tt_feed *feed;
	int rc = tt_feed_open_filter(&feed, filter, mem, err);

	*out = NULL;
	if (rc != 0)
		return rc;
	s = tt_mem_zalloc(mem, 1, sizeof(*s));
	if (s == NULL) {
		tt_feed_close(feed);
		return tt_fail(err, tt_mem_code(mem), "no memory for the input");
	}
	s->mem = mem;
	s->fd = -1;
	s->base = s->pos = s->end = nothing;
	rc = tt_stream_new(&s->stream, feed, mem, err);
	if (rc != 0) {
		tt_feed_close(feed);
		tt_source_close(s);
		return rc;
	}
	tt_stream_begin_at(s->stream, filter->offset);
	s->end_offset = s->mark = filter->offset;
	*out = s;
	return 0;
}

void tt_source_read_ahead(struct tt_source *s)
{
	if (s->stream != NULL)
		tt_stream_read_ahead(s->stream);
}

void tt_source_close(struct tt_source *s)
{
	if (s == NULL)
		return;
	tt_source_file_release(s);
	tt_source_unmap(s);
	tt_stream_free(s->stream);
	tt_mem_free(s->mem, s->layers, MOST_LAYERS * sizeof(*s->layers));
	tt_mem_free(s->mem, s->held, s->held_nbytes);
	tt_mem_free(s->mem, s, sizeof(*s));
}

/* ---- the view */

static int view_more(struct tt_source *s, size_t want, struct tt_error *err)
{
	uint64_t at = tt_source_offset(s);
	size_t n;
	int rc = tt_stream_view(s->stream, at, want, &s->base, &n, err);

	s->pos = s->base;
	s->end = s->base + n;
	s->end_offset = at + n;
	return rc;
}

int tt_source_peek(struct tt_source *s, size_t want, const uint8_t **data, size_t *avail,
		   struct tt_error *err)
{
	int rc = 0;

	if ((size_t)(s->end - s->pos) < want && s->stream != NULL)
		rc = view_more(s, want, err);
	*data = s->pos;
	*avail = (size_t)(s->end - s->pos);
	return rc;
}

int tt_source_peek_header(struct tt_source *s, size_t want, const uint8_t **data, size_t *avail,
		     struct tt_error *err)
{
	assert(want <= TT_PEEK_HEADER_MAX);
	if (tt_source_in_file(s) &&
	    tt_source_file_peek_header(s, tt_source_offset(s), want, data, avail))
		return TT_OK;
	return tt_source_peek(s, want, data, avail, err);
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

/* An empty view: the next peek finds the bytes. */
static void set_view(struct tt_source *s, uint64_t offset)
{
	s->base = s->pos = s->end = nothing;
	s->end_offset = offset;
}

void tt_source_seek(struct tt_source *s, uint64_t offset)
{
	assert(offset >= s->mark);
	if (offset <= s->end_offset && s->end_offset - offset <= (uint64_t)(s->end - s->base)) {
		s->pos = s->end - (s->end_offset - offset);
		return;
	}
	assert(s->stream != NULL && offset <= tt_stream_total(s->stream));
	set_view(s, offset);
}

bool tt_source_frame_end(const struct tt_source *s, uint64_t *end)
{
	return s->stream != NULL && tt_stream_frame_end(s->stream, tt_source_offset(s), end);
}

int tt_source_jump(struct tt_source *s, uint64_t offset, struct tt_error *err)
{
	int rc;

	s->mark = offset;
	if (s->stream == NULL) {
		s->pos = s->end - (s->end_offset - offset);
		tt_source_map_jump(s);
		return TT_OK;
	}
	rc = tt_stream_jump(s->stream, offset, err);
	set_view(s, offset);
	return rc;
}

void tt_source_release(struct tt_source *s, uint64_t offset)
{
	assert(offset <= tt_source_offset(s));
	if (offset <= s->mark)
		return;
	s->mark = offset;
	if (s->map != NULL)
		tt_source_map_release(s);
	if (s->stream == NULL)
		return;
	if (s->pos == s->end)
		set_view(s, s->end_offset);
	tt_stream_release(s->stream, offset);
}

bool tt_source_container(const struct tt_source *s, size_t i, struct tt_container *out)
{
	if (i >= s->nlayers)
		return false;
	*out = (struct tt_container){
		.name = s->layers[i].name,
		.member = s->layers[i].has_member ? s->layers[i].member : NULL,
	};
	return true;
}

void tt_source_progress(const struct tt_source *s, uint64_t *in_nbytes, uint64_t *in_total)
{
	*in_nbytes = tt_source_offset(s);
	*in_total = s->end_offset;
	if (s->stream != NULL)
		tt_stream_progress(s->stream, in_nbytes, in_total);
}
