/* SPDX-License-Identifier: MIT */
/*
 * stream.c - chunks of a feed's bytes.
 *
 * Bytes are read into the last chunk. If a caller wants more bytes in one piece
 * than fit into it, a new chunk begins with a copy of what is wanted so far; the
 * old one is kept, since callers have pointers into it. So chunks overlap;
 * they are kept in the order of their ends, and all bytes from the release mark to
 * the last one read are in one or more of them.
 *
 * A read-ahead thread fills chunks before they are part of the stream, so each has a gap
 * for that copy before the bytes that the thread fills in.
 */
#include "input/stream.h"

#include <assert.h>
#include <string.h>

#include "input/readahead.h"

/* Small inputs need only the first chunk. */
#define FIRST_NBYTES ((size_t)64 << 10)
/* A large page with its header; less where each allocation is marked byte by byte. */
#ifdef TT_MEM_WATCHED
#define CHUNK_NBYTES ((size_t)256 << 10)
#else
#define CHUNK_NBYTES (((size_t)2 << 20) - sizeof(struct chunk))
#endif

/* The gap: a batch with its header fits in. */
#define GAP_NBYTES ((size_t)68 << 10)
/* How far to read ahead in any case, and the smallest memory limit with which it is worth it. */
#define AHEAD_NBYTES (2 * (uint64_t)(sizeof(struct chunk) + CHUNK_NBYTES))
#define AHEAD_MIN_LIMIT (8 * AHEAD_NBYTES)

/* Whether chunks are kept to be used again, until memory is short. Not where a sanitizer
 * looks for pointers into released ones. */
#ifdef TT_MEM_WATCHED
static const bool keeps_chunks = false;
#else
static const bool keeps_chunks = true;
#endif

struct chunk {
	struct chunk *older, *newer;
	struct tt_mem *account; /* which it is on */
	uint64_t start;         /* offset of *base */
	uint8_t *base;
	size_t len, cap;        /* len is counted from base, cap from data */
	struct tt_readahead_buffer ahead; /* of the thread: what follows the gap */
	uint8_t data[];
};

struct tt_stream {
	struct tt_mem *mem;
	struct tt_feed *feed;
	struct chunk *oldest, *tail;
	struct chunk *spare;    /* all of CHUNK_NBYTES, linked by `older` */
	size_t cap_next;        /* of the next chunk to be made */
	uint64_t mark, total;
	bool ended;
	bool reads_ahead;       /* a thread was asked for */

	/* Chunks that the thread has to fill, linked by `newer`: not yet part of the stream. They
	 * are on an account of their own, since what was read ahead belongs to no generation. */
	struct tt_readahead *readahead; /* NULL: nobody reads ahead */
	struct tt_mem ahead_mem;
	struct chunk *ahead_first, *ahead_last;
	struct chunk *filling;  /* the tail, while the thread may still fill it */
	size_t known;           /* bytes of its `ahead` that are part of the stream */
};

/* Those of the usual size are on large pages. */
static struct chunk *alloc_memory(struct tt_mem *mem, size_t cap)
{
	size_t nbytes = sizeof(struct chunk) + cap;
	struct chunk *c = cap == CHUNK_NBYTES ? tt_mem_alloc_pages(mem, nbytes)
					      : tt_mem_alloc(mem, nbytes);

	if (c == NULL)
		return NULL;
	c->account = mem;
	c->cap = cap;
	return c;
}

static void free_memory(struct chunk *c)
{
	size_t nbytes = sizeof(*c) + c->cap;

	if (c->cap == CHUNK_NBYTES)
		tt_mem_free_pages(c->account, c, nbytes);
	else
		tt_mem_free(c->account, c, nbytes);
}

/* False: that account has no room. */
static bool move_to(struct chunk *c, struct tt_mem *account)
{
	if (c->account != account &&
	    !tt_mem_move(account, c->account, sizeof(*c) + c->cap))
		return false;
	c->account = account;
	return true;
}

static uint64_t end_of(const struct chunk *c)
{
	return c->start + c->len;
}

/* ---- chunks */

static void free_chunk(struct tt_stream *st, struct chunk *c)
{
	if (c->cap == CHUNK_NBYTES && keeps_chunks && st->mem->reclaim_arg == st) {
		c->older = st->spare;
		st->spare = c;
		return;
	}
	free_memory(c);
}

static bool free_spare(void *arg)
{
	struct tt_stream *st = arg;
	bool any = st->spare != NULL;

	while (st->spare != NULL) {
		struct chunk *c = st->spare;

		st->spare = c->older;
		free_memory(c);
	}
	return any;
}

static struct chunk *alloc_chunk(struct tt_stream *st, size_t cap)
{
	struct chunk *c = st->spare;

	if (c != NULL && cap <= CHUNK_NBYTES) {
		st->spare = c->older;
		return c;
	}
	if (cap > SIZE_MAX - sizeof(*c)) {
		st->mem->over = true;
		return NULL;
	}
	return alloc_memory(st->mem, cap);
}

/* Room for `least` bytes, rather for `cap` if memory allows. */
static struct chunk *new_chunk(struct tt_stream *st, size_t least, size_t cap, struct tt_error *err)
{
	struct chunk *c = alloc_chunk(st, cap < least ? least : cap);

	if (c == NULL && least < cap)
		c = alloc_chunk(st, least);
	if (c == NULL)
		tt_fail(err, tt_mem_code(st->mem), "no memory to hold %zu bytes of input", least);
	return c;
}

/* After `older`, or first if that is NULL. */
static void link_chunk(struct tt_stream *st, struct chunk *c, struct chunk *older)
{
	c->older = older;
	c->newer = older != NULL ? older->newer : st->oldest;
	if (c->newer != NULL)
		c->newer->older = c;
	else
		st->tail = c;
	if (older != NULL)
		older->newer = c;
	else
		st->oldest = c;
}

static void unlink_chunk(struct tt_stream *st, struct chunk *c)
{
	if (c->older != NULL)
		c->older->newer = c->newer;
	else
		st->oldest = c->newer;
	if (c->newer != NULL)
		c->newer->older = c->older;
	else
		st->tail = c->older;
}

/* The chunk that holds most of what follows `offset`; NULL at the end. */
static struct chunk *find(const struct tt_stream *st, uint64_t offset)
{
	for (struct chunk *c = st->tail; c != NULL && offset < end_of(c); c = c->older)
		if (offset >= c->start)
			return c;
	return NULL;
}

static void copy_out(const struct tt_stream *st, uint64_t offset, uint8_t *out, size_t n)
{
	while (n != 0) {
		const struct chunk *c = find(st, offset);
		size_t at = (size_t)(offset - c->start);
		size_t part = c->len - at < n ? c->len - at : n;

		memcpy(out, c->base + at, part);
		out += part;
		offset += part;
		n -= part;
	}
}

/* ---- reading on */

/* A new tail that begins with what is known from `offset` on, and has room. */
static struct chunk *add_tail(struct tt_stream *st, uint64_t offset, size_t want,
			      struct tt_error *err)
{
	size_t known = (size_t)(st->total - offset);
	size_t least = known < FIRST_NBYTES / 2 ? FIRST_NBYTES : 2 * known;
	struct chunk *c;

	if (least > want)
		least = want;
	c = new_chunk(st, least, least < st->cap_next ? st->cap_next : least, err);
	if (c == NULL)
		return NULL;
	st->cap_next = CHUNK_NBYTES;
	copy_out(st, offset, c->data, known);
	c->base = c->data;
	c->start = offset;
	c->len = known;
	link_chunk(st, c, st->tail);
	return c;
}

/* One read into the tail, which has room. */
static int fill(struct tt_stream *st, struct tt_error *err)
{
	struct chunk *c = st->tail;
	size_t got;
	int rc = tt_feed_read(st->feed, c->base + c->len, c->cap - c->len, &got, err);

	if (rc != 0) {
		tt_error_at(err, st->total);
		return rc;
	}
	c->len += got;
	st->total += got;
	st->ended = got == 0;
	return 0;
}

/* ---- reading ahead */

static void add_ahead(struct tt_stream *st, struct chunk *c)
{
	c->base = c->data + GAP_NBYTES;
	c->ahead = (struct tt_readahead_buffer){.data = c->base, .nbytes = c->cap - GAP_NBYTES};
	c->newer = NULL;
	if (st->ahead_first == NULL)
		st->ahead_first = c;
	else
		st->ahead_last->newer = c;
	st->ahead_last = c;
	tt_readahead_add(st->readahead, &c->ahead);
}

/* While a generation is ordered, another one of its size can be unpacked. */
static void add_more_ahead(struct tt_stream *st)
{
	uint64_t held = st->total - st->mark, room = held > AHEAD_NBYTES ? held : AHEAD_NBYTES;

	while (st->ahead_mem.used_nbytes + CHUNK_NBYTES <= room) {
		struct chunk *c = st->spare;

		if (c != NULL && move_to(c, &st->ahead_mem))
			st->spare = c->older;
		else
			c = alloc_memory(&st->ahead_mem, CHUNK_NBYTES);
		if (c == NULL)
			return;
		add_ahead(st, c);
	}
}

/* The chunk that the thread fills becomes the tail; what is known from `offset` on goes into
 * its gap if there is room. */
static int take_tail(struct tt_stream *st, uint64_t offset, struct tt_error *err)
{
	struct chunk *c = st->ahead_first;
	size_t before = st->total - offset <= GAP_NBYTES ? (size_t)(st->total - offset) : 0;

	if (c == NULL) {
		c = new_chunk(st, CHUNK_NBYTES, CHUNK_NBYTES, err);
		if (c == NULL)
			return -err->code;
		add_ahead(st, c);
	}
	if (!move_to(c, st->mem))
		return tt_fail(err, tt_mem_code(st->mem), "no memory to hold %zu bytes of input",
			       c->cap);
	st->ahead_first = c->newer;
	c->base -= before;
	c->start = st->total - before;
	c->len = before;
	copy_out(st, c->start, c->base, before);
	link_chunk(st, c, st->tail);
	st->filling = c;
	st->known = 0;
	add_more_ahead(st);
	return 0;
}

/* Some more of what the thread has filled. */
static int take_filled(struct tt_stream *st, struct tt_error *err)
{
	struct chunk *c = st->filling;
	int rc;
	size_t filled = tt_readahead_wait(st->readahead, &c->ahead, st->known, &rc, err);

	if (rc != 0) {
		tt_error_at(err, st->total);
		return rc;
	}
	st->ended = filled == st->known;
	c->len += filled - st->known;
	st->total += filled - st->known;
	st->known = filled;
	if (filled == c->ahead.nbytes)
		st->filling = NULL;
	return 0;
}

/* As extend(), of what the thread reads. */
static int extend_ahead(struct tt_stream *st, uint64_t offset, size_t want, struct tt_error *err)
{
	int rc = 0;

	while (rc == 0 && !st->ended && st->total - offset < want)
		rc = st->filling != NULL ? take_filled(st, err) : take_tail(st, offset, err);
	return rc;
}

/* Reads until `want` bytes from `offset` on are in the tail, or no more come. */
static int extend(struct tt_stream *st, uint64_t offset, size_t want, struct tt_error *err)
{
	struct chunk *mine = NULL; /* made here: nobody has pointers into it */
	int rc = 0;

	while (rc == 0 && !st->ended && st->total - offset < want) {
		struct chunk *c = st->tail;

		if (c != NULL && c->start <= offset && c->len < c->cap &&
		    (c == mine || want <= c->cap - (size_t)(offset - c->start))) {
			rc = fill(st, err);
			continue;
		}
		c = add_tail(st, offset, want, err);
		if (c == NULL)
			return -err->code;
		if (mine != NULL) {
			unlink_chunk(st, mine);
			free_chunk(st, mine);
		}
		mine = c;
	}
	return rc;
}

/*
 * A new chunk of what was read already, for a caller that went back to where one chunk
 * ends: a large one, since a caller that searches step by step comes again.
 */
static int join(struct tt_stream *st, uint64_t offset, size_t want, struct tt_error *err)
{
	uint64_t known = st->total - offset;
	size_t cap = known < CHUNK_NBYTES ? (size_t)known : CHUNK_NBYTES;
	struct chunk *older = st->tail;
	struct chunk *c = new_chunk(st, want, cap, err);

	if (c == NULL)
		return -err->code;
	c->base = c->data;
	c->start = offset;
	c->len = known < c->cap ? (size_t)known : c->cap;
	copy_out(st, offset, c->data, c->len);
	while (older != NULL && end_of(older) >= end_of(c))
		older = older->older;
	link_chunk(st, c, older);
	return 0;
}

/* ---- contract */

int tt_stream_new(struct tt_stream **out, struct tt_feed *feed, struct tt_mem *mem,
		  struct tt_error *err)
{
	struct tt_stream *st = tt_mem_zalloc(mem, 1, sizeof(*st));

	*out = st;
	if (st == NULL)
		return tt_fail(err, tt_mem_code(mem), "no memory for the input");
	st->mem = mem;
	st->feed = feed;
	st->cap_next = FIRST_NBYTES;
	if (mem->reclaim == NULL) {
		mem->reclaim = free_spare;
		mem->reclaim_arg = st;
	}
	return 0;
}

void tt_stream_begin_at(struct tt_stream *st, uint64_t offset)
{
	st->mark = st->total = offset;
}

void tt_stream_read_ahead(struct tt_stream *st)
{
	uint64_t limit = st->mem->limit_nbytes;

	if (limit != 0 && limit < AHEAD_MIN_LIMIT)
		return;
	st->reads_ahead = true;
	st->ahead_mem.limit_nbytes = limit / 2;
	st->readahead = tt_readahead_new(st->feed);
	if (st->readahead != NULL)
		add_more_ahead(st);
}

static void stop_reading_ahead(struct tt_stream *st)
{
	tt_readahead_free(st->readahead);
	st->readahead = NULL;
	st->filling = NULL;
	while (st->ahead_first != NULL) {
		struct chunk *c = st->ahead_first;

		st->ahead_first = c->newer;
		free_memory(c);
	}
}

bool tt_stream_frame_end(const struct tt_stream *st, uint64_t offset, uint64_t *end)
{
	return tt_feed_frame_end(st->feed, offset, end);
}

int tt_stream_jump(struct tt_stream *st, uint64_t offset, struct tt_error *err)
{
	int rc;

	stop_reading_ahead(st);
	tt_stream_release(st, st->total);
	rc = tt_feed_seek(st->feed, offset, err);
	st->mark = st->total = offset;
	st->ended = false;
	if (rc == 0 && st->reads_ahead)
		tt_stream_read_ahead(st);
	return rc;
}

void tt_stream_free(struct tt_stream *st)
{
	if (st == NULL)
		return;
	stop_reading_ahead(st);
	tt_stream_release(st, st->total);
	free_spare(st);
	if (st->mem->reclaim_arg == st) {
		st->mem->reclaim = NULL;
		st->mem->reclaim_arg = NULL;
	}
	tt_feed_close(st->feed);
	tt_mem_free(st->mem, st, sizeof(*st));
}

int tt_stream_view(struct tt_stream *st, uint64_t offset, size_t want, const uint8_t **data,
		   size_t *avail, struct tt_error *err)
{
	static const uint8_t nothing[1];
	const struct chunk *c = find(st, offset);
	int rc = 0;

	assert(offset >= st->mark && offset <= st->total);
	if (c == NULL || end_of(c) - offset < want) {
		if (st->total - offset < want)
			rc = st->readahead != NULL ? extend_ahead(st, offset, want, err)
					      : extend(st, offset, want, err);
		/* At the end or at an error there may be less than wanted, and still
		 * not in one piece. */
		want = want < st->total - offset ? want : (size_t)(st->total - offset);
		c = find(st, offset);
		if (c != NULL && end_of(c) - offset < want && join(st, offset, want, err) != 0)
			rc = -err->code;
		c = find(st, offset);
	}
	*data = c != NULL ? c->base + (offset - c->start) : nothing;
	*avail = c != NULL ? (size_t)(end_of(c) - offset) : 0;
	return rc;
}

void tt_stream_release(struct tt_stream *st, uint64_t mark)
{
	struct chunk *c = st->oldest;

	assert(mark <= st->total);
	if (mark > st->mark)
		st->mark = mark;
	while (c != NULL && c != st->filling && end_of(c) <= st->mark) {
		unlink_chunk(st, c);
		free_chunk(st, c);
		c = st->oldest;
	}
}

uint64_t tt_stream_total(const struct tt_stream *st)
{
	return st->total;
}

void tt_stream_progress(const struct tt_stream *st, uint64_t *in_nbytes, uint64_t *in_total)
{
	const struct tt_feed *bottom = st->feed->bottom;

	*in_nbytes = st->readahead != NULL ? tt_readahead_bottom_at(st->readahead) : bottom->at;
	*in_total = bottom->size;
}
