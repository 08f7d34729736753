/* SPDX-License-Identifier: MIT */
/*
 * archive.c - the members of an archive as one source after the other. Each byte of the
 * archive is read once, however many members there are.
 */
#include "input/archive.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/idmap.h"
#include "base/options.h"
#include "input/feed.h"
#include "input/source_impl.h"

struct tt_archive {
	struct tt_mem mem;
	struct tt_feed *top;    /* the layer of its members, or all bytes of what is none */
	struct tt_layer layers[TT_MAX_LAYERS]; /* what was unpacked to get there */
	unsigned nlayers;
	bool is_archive;
	bool only;              /* one member counts */
	bool at_member;         /* that was not opened yet */
	bool in_use;            /* a source reads from `top` */
	bool over;
	struct tt_idmap names;  /* hash of a name: how many members had it */
	struct tt_error err;
};

/* ---- opening */

static int archive_new(struct tt_archive **out, const struct tt_options *opt,
		       struct tt_error *err)
{
	struct tt_options options;
	struct tt_archive *a;
	int rc = tt_options_read(&options, opt, err);

	*out = NULL;
	if (rc < 0)
		return rc;
	a = calloc(1, sizeof(*a));
	if (a == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for an archive");
	a->mem.limit_nbytes = options.max_memory_nbytes;
	tt_idmap_init(&a->names, &a->mem, tt_random_seed());
	tt_error_clear(&a->err);
	*out = a;
	return 0;
}

/* Unpacks what is around the archive, and enters it. */
static int enter(struct tt_archive *a, struct tt_error *err)
{
	enum tt_packing packing;
	int rc = tt_feed_packing(a->top, &packing, err);

	while (rc == 0 && packing != TT_PACKING_NONE) {
		if (a->nlayers == TT_MAX_LAYERS)
			return tt_fail(err, TT_E_INPUT, "more than %d layers of compression",
				       TT_MAX_LAYERS);
		a->layers[a->nlayers++].name = tt_feed_packing_name(a->top);
		if (packing == TT_PACKING_ARCHIVE) {
			a->is_archive = true;
			return tt_feed_members(&a->top, &a->only, err);
		}
		rc = tt_feed_unpack_layer(&a->top, &packing, err);
	}
	a->only = true;
	return rc;
}

static int archive_open(struct tt_archive **out, int fd, bool owned, const struct tt_options *opt,
			struct tt_error *err)
{
	int rc;

	tt_error_clear(err);
	rc = archive_new(out, opt, err);
	if (rc == 0)
		rc = tt_feed_open_fd(&(*out)->top, fd, owned, &(*out)->mem, err);
	else if (owned)
		close(fd);
	if (rc == 0)
		rc = enter(*out, err);
	if (rc == 0)
		return 0;
	tt_archive_close(*out);
	*out = NULL;
	return rc;
}

int tt_archive_open(struct tt_archive **out, const char *path, const struct tt_options *opt,
		    struct tt_error *err)
{
	int fd = tt_open_input_file(path);

	*out = NULL;
	if (fd >= 0)
		return archive_open(out, fd, true, opt, err);
	tt_error_clear(err);
	return tt_fail_errno(err, errno, "cannot open");
}

int tt_archive_open_fd(struct tt_archive **out, int fd, const struct tt_options *opt,
		       struct tt_error *err)
{
	return archive_open(out, fd, false, opt, err);
}

void tt_archive_close(struct tt_archive *a)
{
	if (a == NULL)
		return;
	assert(!a->in_use);
	tt_feed_close(a->top);
	tt_idmap_release(&a->names);
	free(a);
}

/* ---- going through it */

/* How many members had this name, with this one; 0: no memory. */
static uint32_t count_name(struct tt_archive *a, const char *name)
{
	uint64_t id = tt_idmap_id_of(a->names.seed, name, strlen(name));
	uint32_t before = tt_idmap_find(&a->names, id);
	uint32_t n = before == TT_IDMAP_NONE ? 1 : before + 1;

	if (n == TT_IDMAP_NONE)
		return before;
	if (before != TT_IDMAP_NONE)
		tt_idmap_remove(&a->names, id);
	return tt_idmap_add(&a->names, id, n) ? n : 0;
}

static int next_member(struct tt_archive *a, struct tt_member *m)
{
	int rc = tt_feed_next_member(a->top, &m->name, &a->err);

	if (rc != 0)
		return rc;
	m->number = count_name(a, m->name);
	if (m->number == 0)
		return tt_fail(&a->err, tt_mem_code(&a->mem), "no memory for names of members");
	return 0;
}

int tt_archive_next(struct tt_archive *a, struct tt_member *m)
{
	int rc = 0;

	assert(!a->in_use);
	*m = (struct tt_member){.number = 1, .only = a->only};
	if (a->over)
		return a->err.code == TT_OK ? TT_END : -a->err.code;
	if (a->is_archive)
		rc = next_member(a, m);
	a->over = rc != 0 || !a->is_archive;
	a->at_member = rc == 0;
	return rc;
}

const struct tt_error *tt_archive_error(const struct tt_archive *a)
{
	return &a->err;
}

bool tt_archive_in_use(const struct tt_archive *a)
{
	return a->in_use;
}

/* ---- the member as a source */

/* What was read of a member before it showed that it is too large to be held, and the rest. */
struct archived_feed {
	struct tt_feed feed;
	struct tt_archive *a;
	uint8_t *first;
	size_t nfirst, capacity, at;
};

static int archived_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
			 struct tt_error *err)
{
	struct archived_feed *f = (struct archived_feed *)feed;
	size_t n = f->nfirst - f->at;

	if (n == 0)
		return tt_feed_read(f->a->top, buf, room, got, err);
	*got = n < room ? n : room;
	memcpy(buf, f->first + f->at, *got);
	f->at += *got;
	return 0;
}

static void archived_close(struct tt_feed *feed)
{
	struct archived_feed *f = (struct archived_feed *)feed;

	tt_mem_free(feed->mem, f->first, f->capacity);
	f->a->in_use = false;
}

static const struct tt_feed_ops archived_ops = {
	sizeof(struct archived_feed), archived_read, NULL, archived_close, NULL,
};

static bool grow(struct archived_feed *f)
{
	size_t capacity = f->capacity == 0 ? (size_t)64 << 10 : f->capacity * 2;
	uint8_t *grown;

	if (capacity > TT_MEMBER_HELD_NBYTES)
		return false;
	grown = tt_mem_realloc(f->feed.mem, f->first, f->capacity, capacity);
	if (grown == NULL)
		return false;
	f->first = grown;
	f->capacity = capacity;
	return true;
}

/* Reads as much of the member as may be held. True: that is all of it. An error shows again
 * when the feed is read to there. */
static bool read_whole(struct archived_feed *f)
{
	struct tt_error again;

	for (;;) {
		size_t got;

		if (f->nfirst == f->capacity && !grow(f))
			return false;
		if (tt_feed_read(f->a->top, f->first + f->nfirst, f->capacity - f->nfirst, &got,
				 &again) != 0)
			return false;
		if (got == 0)
			return true;
		f->nfirst += got;
	}
}

static int open_held(struct tt_source **out, struct archived_feed *f, struct tt_error *err)
{
	static const uint8_t none[1];
	struct tt_mem *mem = f->feed.mem;
	uint8_t *held = f->first;
	size_t capacity = f->capacity;
	struct tt_feed *memory;
	int rc = tt_feed_open_memory(&memory, held, f->nfirst, mem, err);

	if (rc == 0)
		rc = tt_source_open_feed(out, memory, held != NULL ? held : none, NULL, err);
	if (rc != 0)
		return rc;
	(*out)->held = held;
	(*out)->held_nbytes = capacity;
	f->first = NULL;
	f->capacity = f->nfirst = 0;
	return 0;
}

static int open_archived(struct tt_source **out, struct tt_archive *a, struct tt_mem *mem,
			 struct tt_error *err)
{
	struct archived_feed *f = (struct archived_feed *)tt_feed_new(&archived_ops, NULL, mem,
								      err);
	int rc;

	*out = NULL;
	assert(a->at_member && !a->in_use);
	if (f == NULL)
		return -err->code;
	f->a = a;
	a->at_member = false;
	a->in_use = true;
	/* what is no archive is read from the first byte to the last: its packed bytes count */
	if (!a->is_archive)
		f->feed.bottom = a->top->bottom;
	/* a pipe that brings one trace may be slow: its events are not held back */
	if (!a->is_archive || !read_whole(f))
		return tt_source_open_feed(out, &f->feed, NULL, NULL, err);
	rc = open_held(out, f, err);
	tt_feed_close(&f->feed);
	return rc;
}

int tt_source_open_archived(struct tt_source **out, struct tt_archive *a, struct tt_mem *mem,
			    struct tt_error *err)
{
	int rc = open_archived(out, a, mem, err);

	if (rc != 0)
		return rc;
	if (a->is_archive) {
		struct tt_layer *archive = &a->layers[a->nlayers - 1];

		archive->has_member = true;
		snprintf(archive->member, sizeof(archive->member), "%s",
			 tt_feed_member_name(a->top));
	}
	if (tt_source_add_outer(*out, a->layers, a->nlayers))
		return 0;
	tt_source_close(*out);
	*out = NULL;
	return tt_fail(err, tt_mem_code(mem), "no memory for the input");
}
