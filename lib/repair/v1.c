/* SPDX-License-Identifier: MIT */
/* v1.c - a trace in format v1 is one generation, and lib/v1 says what can be kept of it. */
#include "base/error.h"
#include "repair/repair.h"

/* How many events a reader hands out of a trace, but for the last Sync. */
static uint64_t count_events(const struct tt_repair *r, const struct tt_bytes *trace)
{
	const struct tt_event *ev;
	struct tt_reader *reader;
	struct tt_error ignored;
	uint64_t n;

	if (tt_reader_open_memory(&reader, trace->data, trace->len, &r->reader->options,
				  &ignored) < 0)
		return 0;
	while (tt_reader_next_sync(reader, &ev) == TT_OK)
		continue;
	n = tt_reader_progress(reader).events;
	tt_reader_close(reader);
	return n > 0 ? n - 1 : 0;
}

int tt_repair_next_v1(struct tt_repair *r, struct tt_repaired *out)
{
	struct tt_bytes *bytes = &r->writer.out;
	struct tt_source *src = r->loader->src;
	struct tt_v1_kept kept;
	int rc;

	if (r->any)
		return TT_END;
	out->offset = tt_source_offset(src);
	if (!tt_bytes_put(bytes, r->header, sizeof(r->header)))
		return tt_fail(&r->err, tt_mem_code(r->mem), "no memory to repair a trace");
	rc = tt_v1_salvage(src, &r->whole, r->specs, r->writer.version, bytes, &kept, &r->err);
	if (rc < 0)
		return rc;
	r->any = bytes->len > sizeof(r->header);
	out->number = 1;
	out->end = out->offset + kept.nbytes + kept.lost_nbytes;
	out->whole = kept.whole;
	out->bytes = (struct tt_str){(const char *)bytes->data + sizeof(r->header),
				     bytes->len - sizeof(r->header)};
	out->events = r->any ? count_events(r, bytes) : 0;
	out->lost_events = kept.lost_nevents;
	out->lost_nbytes = kept.lost_nbytes;
	out->unread_nbytes = kept.unread_nbytes;
	out->lost_names = kept.lost_names;
	/* (the frequency comes after the last event: without it, there may have been more) */
	if (kept.why.code != TT_OK || kept.made_clock)
		out->flags |= TT_REPAIRED_LOST_MORE;
	if (kept.made_clock)
		out->flags |= TT_REPAIRED_TICKS;
	out->why = kept.why;
	return r->any ? TT_OK : TT_END;
}
