/* SPDX-License-Identifier: MIT */
/* feed_callback.c - the feed whose bytes come from a function of the caller. Stands
 * on base. */
#include <assert.h>
#include <errno.h>

#include "input/feed.h"

struct input_feed {
	struct tt_feed feed;
	struct tt_input input;
};

static int input_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		      struct tt_error *err)
{
	struct input_feed *f = (struct input_feed *)feed;
	int64_t n = f->input.read(f->input.arg, buf, room);

	if (n < 0)
		return tt_fail_errno(err, errno, "cannot read");
	assert((uint64_t)n <= room);
	*got = (size_t)n;
	return 0;
}

static void input_close(struct tt_feed *feed)
{
	(void)feed;
}

static const struct tt_feed_ops input_ops = {
	sizeof(struct input_feed), input_read, NULL, input_close,
};

int tt_feed_open_input(struct tt_feed **out, const struct tt_input *input, struct tt_mem *mem,
		       struct tt_error *err)
{
	struct input_feed *f = (struct input_feed *)tt_feed_new(&input_ops, NULL, mem, err);

	*out = NULL;
	if (f == NULL)
		return -err->code;
	f->input = *input;
	*out = &f->feed;
	return 0;
}
