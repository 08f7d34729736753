/* SPDX-License-Identifier: MIT */
/* feed_callback.c - the feed whose bytes a function of the caller gives. */
#include <assert.h>
#include <errno.h>

#include "input/feed.h"

struct callback_feed {
	struct tt_feed feed;
	struct tt_input input;
};

static int callback_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		      struct tt_error *err)
{
	struct callback_feed *f = (struct callback_feed *)feed;
	int64_t n = f->input.read(f->input.arg, buf, room);

	if (n < 0)
		return tt_fail_errno(err, errno, "cannot read");
	assert((uint64_t)n <= room);
	*got = (size_t)n;
	return 0;
}

static const struct tt_feed_ops callback_ops = {
	sizeof(struct callback_feed), callback_read, NULL, NULL, NULL,
};

int tt_feed_open_callback(struct tt_feed **out, const struct tt_input *input, struct tt_mem *mem,
		       struct tt_error *err)
{
	struct callback_feed *f =
		(struct callback_feed *)tt_feed_new(&callback_ops, NULL, mem, err);

	*out = NULL;
	if (f == NULL)
		return -err->code;
	f->input = *input;
	*out = &f->feed;
	return 0;
}
