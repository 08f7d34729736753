/* SPDX-License-Identifier: MIT */
/*
 * pprof.c - a profile in the format of google/pprof (profile.proto), compressed by gzip.
 * Command layer.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "export.h"
#include "proto.h"

/* Numbers of fields: of Profile, */
enum {
	SAMPLE_TYPE = 1, SAMPLE = 2, MAPPING = 3, LOCATION = 4, FUNCTION = 5, STRING_TABLE = 6,
	TIME_NANOS = 9, DURATION_NANOS = 10, PERIOD_TYPE = 11, PERIOD = 12, COMMENT = 13,
	DEFAULT_SAMPLE_TYPE = 14,
};
/* and of what is in it. */
enum { VALUE_TYPE = 1, VALUE_UNIT = 2 };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2, SAMPLE_LABEL = 3 };
enum { LABEL_KEY = 1, LABEL_STR = 2, LABEL_NUM = 3 };
enum { MAPPING_ID = 1, MAPPING_HAS_FUNCTIONS = 7, MAPPING_HAS_FILENAMES = 8,
       MAPPING_HAS_LINE_NUMBERS = 9 };
enum { LOCATION_ID = 1, LOCATION_MAPPING = 2, LOCATION_ADDRESS = 3, LOCATION_LINE = 4 };
enum { LINE_FUNCTION = 1, LINE_LINE = 2 };
enum { FUNCTION_ID = 1, FUNCTION_NAME = 2, FUNCTION_SYSTEM_NAME = 3, FUNCTION_FILENAME = 4 };

struct writer {
	const struct profile *profile;
	struct proto all, inside, part, list;
	struct texts strings;
	/* functions by the numbers of their names; locations by their function, line and pc */
	struct texts functions, locations;
	bool no_memory;
};

static uint32_t number_of(struct writer *w, struct tt_str text)
{
	struct out clean;
	uint32_t number = NUMBER_NONE;

	/* readers reject a profile with anything but UTF-8; what Go writes may have it */
	if (w->profile->opt->like_go || out_is_utf8(text))
		return texts_number(&w->strings, text);
	out_init_memory(&clean);
	out_end(&clean, out_utf8(&clean, out_begin(&clean), text));
	if (!out_failed(&clean))
		number = texts_number(&w->strings, (struct tt_str){ clean.buffer,
								    (size_t)(clean.pos - clean.buffer) });
	out_release_memory(&clean);
	return number;
}

static uint64_t string_of(struct writer *w, struct tt_str text)
{
	uint32_t number = number_of(w, text);

	w->no_memory |= number == NUMBER_NONE;
	return number == NUMBER_NONE ? 0 : number;
}

static uint64_t word(struct writer *w, const char *text)
{
	return string_of(w, str_of(text));
}

/* The number of a record of fixed size; *new: it was not there. */
static uint32_t record_of(struct writer *w, struct texts *records, const void *data, size_t nbytes,
			  bool *new)
{
	size_t n = records->n;
	uint32_t number = texts_number(records, (struct tt_str){ data, nbytes });

	*new = records->n > n;
	w->no_memory |= number == NUMBER_NONE;
	return number;
}

static uint32_t function_of(struct writer *w, const struct tt_frame *frame)
{
	const uint64_t key[2] = { string_of(w, frame->func), string_of(w, frame->file) };
	bool new;
	uint32_t number = record_of(w, &w->functions, key, sizeof(key), &new);

	if (!new)
		return number;
	proto_number(&w->inside, FUNCTION_ID, number);
	proto_number(&w->inside, FUNCTION_NAME, key[0]);
	proto_number(&w->inside, FUNCTION_SYSTEM_NAME, key[0]);
	proto_number(&w->inside, FUNCTION_FILENAME, key[1]);
	proto_message(&w->all, FUNCTION, &w->inside);
	return number;
}

static uint32_t location_of(struct writer *w, const struct tt_frame *frame)
{
	const uint64_t key[3] = { function_of(w, frame), frame->line, frame->pc };
	bool new;
	uint32_t number = record_of(w, &w->locations, key, sizeof(key), &new);

	if (!new)
		return number;
	proto_number(&w->part, LINE_FUNCTION, key[0]);
	proto_number(&w->part, LINE_LINE, frame->line);
	proto_number(&w->inside, LOCATION_ID, number);
	proto_number(&w->inside, LOCATION_MAPPING, 1);
	proto_number(&w->inside, LOCATION_ADDRESS, frame->pc);
	proto_message(&w->inside, LOCATION_LINE, &w->part);
	proto_message(&w->all, LOCATION, &w->inside);
	return number;
}

static void put_labels(struct writer *w, const struct profile_sample *s)
{
	for (unsigned label = 0; label < NLABELS; label++) {
		struct tt_str text;
		int64_t number;

		if (!profile_label(w->profile, s, (enum profile_label)label, &text, &number))
			continue;
		proto_number(&w->part, LABEL_KEY, word(w, label_names[label]));
		if (text.data)
			proto_number(&w->part, LABEL_STR, string_of(w, text));
		else
			proto_number(&w->part, LABEL_NUM, (uint64_t)number);
		proto_message(&w->inside, SAMPLE_LABEL, &w->part);
	}
}

static void put_sample(struct writer *w, const struct profile_sample *s)
{
	struct tt_frame frames[TT_MAX_FRAMES];
	int n = profile_frames(w->profile, s, frames);

	for (int i = 0; i < n; i++)
		proto_packed(&w->list, location_of(w, &frames[i]));
	if (n > 0)
		proto_message(&w->inside, SAMPLE_LOCATIONS, &w->list);
	proto_packed(&w->list, (uint64_t)s->count);
	proto_packed(&w->list, (uint64_t)s->value);
	proto_message(&w->inside, SAMPLE_VALUES, &w->list);
	put_labels(w, s);
	proto_message(&w->all, SAMPLE, &w->inside);
}

static void put_value_type(struct writer *w, unsigned field, const char *type, const char *unit)
{
	proto_number(&w->inside, VALUE_TYPE, word(w, type));
	proto_number(&w->inside, VALUE_UNIT, word(w, unit));
	proto_message(&w->all, field, &w->inside);
}

static void put_mapping(struct writer *w)
{
	proto_number(&w->inside, MAPPING_ID, 1);
	proto_number(&w->inside, MAPPING_HAS_FUNCTIONS, 1);
	proto_number(&w->inside, MAPPING_HAS_FILENAMES, 1);
	proto_number(&w->inside, MAPPING_HAS_LINE_NUMBERS, 1);
	proto_message(&w->all, MAPPING, &w->inside);
}

static const struct {
	const char *count, *value, *unit, *period, *period_unit;
} types[] = {
	[PROFILE_NET] = { "contentions", "delay", "nanoseconds", "trace", "count" },
	[PROFILE_SYNC] = { "contentions", "delay", "nanoseconds", "trace", "count" },
	[PROFILE_SYSCALL] = { "contentions", "delay", "nanoseconds", "trace", "count" },
	[PROFILE_SCHED] = { "contentions", "delay", "nanoseconds", "trace", "count" },
	[PROFILE_OFFCPU] = { "contentions", "delay", "nanoseconds", "trace", "count" },
	[PROFILE_WALL] = { "intervals", "wall", "nanoseconds", "trace", "count" },
	[PROFILE_CPU] = { "samples", "cpu", "nanoseconds", "cpu", "nanoseconds" },
	[PROFILE_ALLOC] = { "alloc_objects", "alloc_space", "bytes", "space", "bytes" },
	[PROFILE_INUSE] = { "inuse_objects", "inuse_space", "bytes", "space", "bytes" },
};

static void put_profile(struct writer *w)
{
	const struct profile *p = w->profile;
	int type = p->opt->type;

	put_value_type(w, SAMPLE_TYPE, types[type].count, "count");
	put_value_type(w, SAMPLE_TYPE, types[type].value, types[type].unit);
	put_mapping(w);
	for (size_t i = 0; i < p->n; i++)
		put_sample(w, &p->samples[i]);
	put_value_type(w, PERIOD_TYPE, types[type].period, types[type].period_unit);
	proto_number(&w->all, PERIOD, (uint64_t)p->period);
	proto_number(&w->all, TIME_NANOS, (uint64_t)p->wall_ns);
	proto_number(&w->all, DURATION_NANOS, (uint64_t)(p->end_ns - p->start_ns));
	proto_number(&w->all, DEFAULT_SAMPLE_TYPE, word(w, types[type].value));
	/* the strings last: all are known by now */
	proto_bytes(&w->all, STRING_TABLE, "", 0);
	for (size_t i = 0; i < w->strings.n; i++)
		proto_bytes(&w->all, STRING_TABLE, w->strings.at[i].data, w->strings.at[i].len);
}

/* A gzip member without a time or name in its header, so that equal profiles are equal. */
static bool compress_to(struct out *o, const struct proto *all)
{
	z_stream z = { .next_in = all->at };
	size_t left = all->n;
	int rc;

	if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return false;
	do {
		char *p = out_begin(o);
		uInt piece = left < 1 << 20 ? (uInt)left : 1 << 20;

		if (z.avail_in == 0) {
			z.avail_in = piece;
			left -= piece;
		}
		z.next_out = (Bytef *)p;
		z.avail_out = OUT_ROOM;
		rc = deflate(&z, left == 0 ? Z_FINISH : Z_NO_FLUSH);
		out_end(o, p + (OUT_ROOM - z.avail_out));
	} while (rc == Z_OK || rc == Z_BUF_ERROR);
	deflateEnd(&z);
	return rc == Z_STREAM_END;
}

bool print_pprof(const struct profile *p, struct out *o)
{
	struct writer w = { .profile = p };
	bool fine;

	put_profile(&w);
	fine = !w.no_memory && !w.all.no_memory && !w.inside.no_memory && !w.part.no_memory &&
	       !w.list.no_memory && compress_to(o, &w.all);
	proto_release(&w.all);
	proto_release(&w.inside);
	proto_release(&w.part);
	proto_release(&w.list);
	texts_release(&w.strings);
	texts_release(&w.functions);
	texts_release(&w.locations);
	return fine;
}
