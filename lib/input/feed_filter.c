/* SPDX-License-Identifier: MIT */
/* feed_filter.c - the feed whose bytes a filter (source.h) gives. */
#include "input/feed.h"
#include "input/source.h"

struct filter_feed {
	struct tt_feed feed;
	struct tt_source_filter filter;
};

static int filter_read(struct tt_feed *feed, uint8_t *buf, size_t room, size_t *got,
		       struct tt_error *err)
{
	struct filter_feed *f = (struct filter_feed *)feed;

	return f->filter.read(f->filter.arg, buf, room, got, err);
}

static const struct tt_feed_ops filter_ops = {
	sizeof(struct filter_feed), filter_read, NULL, NULL, NULL,
};

int tt_feed_open_filter(struct tt_feed **out, const struct tt_source_filter *filter, struct tt_mem *mem,
			struct tt_error *err)
{
	struct filter_feed *f = (struct filter_feed *)tt_feed_new(&filter_ops, NULL, mem, err);

	*out = NULL;
	if (f == NULL)
		return -err->code;
	f->filter = *filter;
	*out = &f->feed;
	return 0;
}
