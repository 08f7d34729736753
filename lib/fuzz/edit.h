/* SPDX-License-Identifier: MIT */
/* edit.h - a trace in and a trace out, for the fuzz targets of lib/edit. */
#ifndef TT_FUZZ_EDIT_H
#define TT_FUZZ_EDIT_H

#include "fuzz/generate.h"
#include "fuzz/require.h"
#include "fuzz/ways.h"
#include "tracetool_write.h"

/* What a writer's sink does with a struct build. */
static inline bool edit_append(void *arg, const void *data, size_t nbytes)
{
	build_bytes(arg, data, nbytes);
	return true;
}

static inline struct tt_reader *edit_open(const struct build *b, const struct tt_specs *specs)
{
	const struct tt_options opt = {
		.size = sizeof(opt), .specs = specs, .max_memory_nbytes = 4 * WAYS_LIMIT_NBYTES};
	struct tt_reader *r;
	struct tt_error err;

	REQUIRE(tt_reader_open_memory(&r, b->data, b->len, &opt, &err) == 0);
	return r;
}

/* The trace that bytes choose: of a version (2 bits), generated or as the bytes are (1 bit). */
static inline void edit_trace(struct build *to, unsigned choice, const struct tt_specs *specs,
			      const uint8_t *data, size_t size)
{
	if ((choice & 4) != 0) {
		generate(to, ways_version(choice), specs, data, size);
	} else {
		build_init(to, ways_version(choice));
		build_bytes(to, data, size);
	}
}

static inline struct tt_writer *edit_writer(const struct tt_sink *sink, const struct tt_specs *specs,
					    unsigned version)
{
	const struct tt_writer_options opt = {
		.size = sizeof(opt),
		.specs = specs,
		.version = version,
		.max_memory_nbytes = WAYS_LIMIT_NBYTES,
	};
	struct tt_writer *w;
	struct tt_error err;

	REQUIRE(tt_writer_new(&w, sink, &opt, &err) == 0);
	return w;
}

#endif
