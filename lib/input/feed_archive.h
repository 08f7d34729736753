/* SPDX-License-Identifier: MIT */
/*
 * feed_archive.h - a handle of libarchive as a layer of a feed, which feed_unpack.c makes
 * unpack compressed data and feed_member.c members of archives. Private to lib/input.
 */
#ifndef TT_INPUT_FEED_ARCHIVE_H
#define TT_INPUT_FEED_ARCHIVE_H

#include "base/libarchive.h"
#include "input/feed.h"

#define TT_ARCHIVE_IN_NBYTES ((size_t)128 << 10)

/* Names of members, for a message. */
struct tt_member_list {
	char text[1700];
	size_t nbytes;
	uint64_t count;
};

struct tt_archive_feed {
	struct tt_feed feed;
	struct archive *a;
	uint8_t *in;            /* TT_ARCHIVE_IN_NBYTES of what is below */
	bool in_dry;            /* there was no more below */
	uint64_t in_nbytes;     /* of what is below, read so far */
	uint64_t in_zeros;      /* at the end of that */
	uint64_t in_max;        /* reads as an end from here on */
	bool in_cut;            /* and has done so */
	const uint8_t *block;   /* unpacked and not yet taken */
	size_t block_nbytes;
	uint64_t out_nbytes;    /* handed out in blocks */
	bool flawed;            /* libarchive gave a block and complained */
	bool compressed;        /* compressed data, not an archive */
	bool no_data;           /* there is nothing inside */
	bool more_unknown;      /* of a member: there may be others */
	char name[TT_MEMBER_NAME_NBYTES]; /* the path of the last member seen, cut to fit */
	char *wanted;           /* of a member chosen by name: others may have the same one */
	struct tt_member_list list;
};

/* A layer on `below`, not yet started. NULL: *err. */
struct tt_archive_feed *tt_archive_feed_new(const struct tt_feed_ops *ops, struct tt_feed *below,
					    struct tt_error *err);
void tt_archive_feed_close(struct tt_feed *feed);
/* From the start of what is below, or, if that is a pipe, from where it is: then
 * this is called once only. */
int tt_archive_feed_start(struct tt_archive_feed *f, struct tt_error *err);
/* Bytes of the file that libarchive is at: 0, or 1 at its end. */
int tt_archive_feed_read(struct tt_archive_feed *f, uint8_t *buf, size_t room, size_t *got,
			 struct tt_error *err);
/* What libarchive says is wrong, or what the feed below it said. Returns the code, negated. */
int tt_archive_feed_fail(struct tt_archive_feed *f, struct tt_error *err);
/* How many of the bytes at the end are 0. */
size_t tt_zeros_at_end(const uint8_t *p, size_t n);

#endif
