/* SPDX-License-Identifier: MIT */
/*
 * feed.h - bytes in one direction: at the bottom a file, a pipe, memory or a callback, and
 * on top of it layers that each unpack one thing: compressed data or a member of an
 * archive. Private to lib/input.
 *
 * A feed copies its bytes in pieces into the caller's buffer. Errors are sticky, and
 * come after all bytes that were good.
 */
#ifndef TT_INPUT_FEED_H
#define TT_INPUT_FEED_H

#include "base/error.h"
#include "base/mem.h"

/* So much of a member's path is kept, with a NUL. */
#define TT_MEMBER_NAME_NBYTES 256

struct tt_feed;
struct tt_source_filter;

struct tt_feed_ops {
	size_t nbytes;          /* of the struct that begins with struct tt_feed */
	/*
	 * Gives at least one and at most `room` bytes; *got 0 is the end. If an error follows
	 * good bytes: gives these and returns 0, with *err filled in, which is kept for the
	 * next call. Not called again after an end or an error.
	 */
	int (*read)(struct tt_feed *f, uint8_t *buf, size_t room, size_t *got,
		    struct tt_error *err);
	/* Goes to an offset: to any if the feed is `random`, else to 0, or to one that
	 * tt_feed_frame_end() knows. NULL: cannot. */
	int (*seek)(struct tt_feed *f, uint64_t offset, struct tt_error *err);
	void (*close)(struct tt_feed *f); /* NULL: there is nothing to close */
	/* Copies n bytes from an offset, and moves nothing: any thread may call it. False: they
	 * are not there. NULL: cannot. */
	bool (*read_at)(struct tt_feed *f, uint64_t offset, uint8_t *buf, size_t n);
};

/* Enough to see what the bytes are: a tar block, and more than any magic. */
#define TT_FEED_HEAD 1024

struct tt_feed {
	const struct tt_feed_ops *ops;
	struct tt_mem *mem;
	struct tt_feed *below;  /* what this layer unpacks, owned; NULL at the bottom */
	struct tt_feed *bottom; /* itself there, or another one that it reads from */
	uint64_t at;            /* bytes that `read` gave, counted from the start */
	uint64_t size;          /* of all bytes, or 0 if that is not known */
	bool random;            /* seeks to any offset */
	bool fixed_memory;      /* a layer that allocates nothing once it is made */
	bool ended;
	struct tt_error error;
	uint8_t head[TT_FEED_HEAD]; /* examined, not yet handed out: pos..len */
	size_t head_pos, head_len;
};

/* Reads from the descriptor's position on. Of a regular file the position does not
 * change. `owned`: closed with the feed, or on failure. */
int tt_feed_open_fd(struct tt_feed **out, int fd, bool owned, struct tt_mem *mem,
		    struct tt_error *err);
int tt_feed_open_memory(struct tt_feed **out, const void *data, size_t nbytes, struct tt_mem *mem,
			struct tt_error *err);
/* What the caller's function gives, packed or not. */
int tt_feed_open_callback(struct tt_feed **out, const struct tt_input *input, struct tt_mem *mem,
		       struct tt_error *err);
/* What a filter gives. */
int tt_feed_open_filter(struct tt_feed **out, const struct tt_source_filter *filter, struct tt_mem *mem,
			struct tt_error *err);
/* If the bottom is a regular file: its descriptor, and where it began there. */
bool tt_feed_file(const struct tt_feed *f, int *fd, uint64_t *offset);

enum tt_packing {
	TT_PACKING_NONE,
	TT_PACKING_ZSTD,
	TT_PACKING_GZIP,
	TT_PACKING_OTHER,       /* bzip2, xz, lzip, lz4, compress */
	TT_PACKING_ARCHIVE,     /* tar, zip */
};

/*
 * Puts a layer on *top, which becomes that layer; on failure *top stays as it
 * is. The first two unpack zstd and gzip, the third any other compression that
 * libarchive knows, the last gives the member of a tar or zip: the one named, or,
 * if `member` is NULL, the only one (TT_E_MEMBER).
 */
int tt_feed_unpack_zstd(struct tt_feed **top, struct tt_error *err);
/*
 * If the feed unpacks the zstd of a file or of memory, and one of its frames begins at this
 * offset of what it gives: where the next one does. tt_feed_seek() goes to both.
 */
bool tt_feed_frame_end(struct tt_feed *f, uint64_t offset, uint64_t *end);
int tt_feed_unpack_gzip(struct tt_feed **top, struct tt_error *err);
int tt_feed_unpack(struct tt_feed **top, struct tt_error *err);
int tt_feed_member(struct tt_feed **top, const char *member, struct tt_error *err);
/* The path of the member that such a layer gives. */
const char *tt_feed_member_name(const struct tt_feed *f);
/*
 * Puts a layer on a tar or zip that goes through all its members that count, in the order
 * of the archive: tt_feed_next_member() moves to the next one, whose bytes tt_feed_read()
 * then gives. 0, 1 after the last one, or an error. *name lives until the next call. *only:
 * it is known that there is one such member.
 */
int tt_feed_members(struct tt_feed **top, bool *only, struct tt_error *err);
int tt_feed_next_member(struct tt_feed *members, const char **name, struct tt_error *err);
/* Unpacks the compressed data that *packing says *top is, and says what is inside. */
int tt_feed_unpack_layer(struct tt_feed **top, enum tt_packing *packing, struct tt_error *err);

/* For the layers: a zeroed feed of ops->nbytes on `below`, or on nothing. */
struct tt_feed *tt_feed_new(const struct tt_feed_ops *ops, struct tt_feed *below,
			    struct tt_mem *mem, struct tt_error *err);

/* For them too: the layer goes on *top if rc is 0, else it is freed without the
 * layers below. Returns rc. */
int tt_feed_put(struct tt_feed **top, struct tt_feed *layer, int rc);

int tt_feed_read(struct tt_feed *f, uint8_t *buf, size_t room, size_t *got, struct tt_error *err);
/* Forgets what was looked at and any end or error. */
int tt_feed_seek(struct tt_feed *f, uint64_t offset, struct tt_error *err);
/* Closes and frees it and all below. NULL is a no-op. */
void tt_feed_close(struct tt_feed *f);

/*
 * What a feed's first bytes say it is. Reads no more of it than that takes;
 * they are handed out all the same. An error, if there are no bytes before it.
 */
int tt_feed_packing(struct tt_feed *f, enum tt_packing *packing, struct tt_error *err);
/* What it is called, once tt_feed_packing() has found one. */
const char *tt_feed_packing_name(const struct tt_feed *f);
/* The same as tt_feed_packing() of bytes. */
enum tt_packing tt_packing_of(const uint8_t *head, size_t n);

#endif
