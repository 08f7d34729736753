/* SPDX-License-Identifier: MIT */
/*
 * recorder.c - a stream into files, generation by generation. It writes each batch as it
 * arrives, and needs to find only the ends of generations (gen/framer.h). Its contract
 * is tracetool_write.h.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/options.h"
#include "gen/framer.h"
#include "output/partfile.h"
#include "output/rotation.h"
#include "record/symbolize.h"
#include "tracetool_write.h"
#include "wire/header.h"

struct tt_recorder {
	struct tt_recorder_options options;
	struct tt_specs *own_specs;
	struct tt_input input;
	struct tt_mem mem;
	struct tt_source *src;          /* NULL before the first byte is asked for */
	struct tt_framer framer;
	bool over;                      /* the end, or `failed` */
	struct tt_error failed;
	struct tt_bytes header;
	bool v1;                        /* the stream is in format v1, one piece, */
	struct tt_error interrupted;    /* and this ended it, once it is stored */

	/* the output */
	char *path;                     /* of the file at hand; NULL: stdout */
	char *stored;                   /* of the last file that is complete; NULL: none */
	struct tt_rotation rotation;    /* its stem is NULL: one file only */
	struct tt_partfile *file;       /* NULL: the next generation begins a file */
	bool has_header;                /* the file at hand */
	int64_t began_ns;               /* the file at hand */

	/* the generation at hand */
	uint64_t nbatches, offset;
	struct tt_bytes held;
	bool too_large;                 /* to be held */
	struct tt_symbolizer symbolizer; /* its symbol is NULL: not used */

	struct tt_recorder_progress done;
	struct tt_recorder_progress before_file; /* what was done before the file at hand */
};

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000000) + ts.tv_nsec;
}

/* ---- opening */

static int read_options(struct tt_recorder *r, const struct tt_recorder_options *opt,
			struct tt_error *err)
{
	struct tt_options defaults;
	int rc = tt_options_read(&defaults, NULL, err);

	if (rc == 0 && opt != NULL && opt->size != sizeof(*opt))
		rc = tt_fail(err, TT_E_ARGUMENT, "options of an invalid size %zu", opt->size);
	if (rc != 0)
		return rc;
	if (opt != NULL)
		r->options = *opt;
	if ((r->options.flags & ~(unsigned)(TT_RECORD_ZSTD | TT_RECORD_HOLD)) != 0)
		return tt_fail(err, TT_E_ARGUMENT, "unknown recorder flags 0x%x", r->options.flags);
	r->mem.limit_nbytes = r->options.max_memory_nbytes != 0 ? r->options.max_memory_nbytes :
								  defaults.max_memory_nbytes;
	if (r->options.specs == NULL) {
		rc = tt_specs_new(&r->own_specs, err);
		r->options.specs = r->own_specs;
	}
	if (rc == 0 && r->options.symbol != NULL) {
		tt_symbolizer_init(&r->symbolizer, r->options.specs, &r->mem);
		r->symbolizer.symbol = r->options.symbol;
		r->symbolizer.arg = r->options.symbol_arg;
	}
	return rc;
}

static bool rotates(const struct tt_recorder *r)
{
	return r->rotation.stem != NULL;
}

/* Begins the file at hand, or the next one. */
static int begin_file(struct tt_recorder *r, struct tt_error *err)
{
	if (rotates(r)) {
		free(r->path);
		r->path = tt_rotation_next(&r->rotation);
		if (r->path == NULL)
			return tt_fail(err, TT_E_MEMORY, "no memory for the output");
	}
	r->has_header = false;
	r->before_file = r->done;
	r->began_ns = now_ns();
	return tt_partfile_open(&r->file, r->path, (r->options.flags & TT_RECORD_ZSTD) != 0, err);
}

static int open_output(struct tt_recorder *r, const char *path, struct tt_error *err)
{
	bool rotate = r->options.rotate_nbytes != 0 || r->options.rotate_ns != 0;
	int rc = 0;

	if (path == NULL && rotate)
		return tt_fail(err, TT_E_ARGUMENT, "standard output cannot be rotated");
	if (rotate) {
		rc = tt_rotation_init(&r->rotation, path, err);
	} else if (path != NULL) {
		r->path = strdup(path);
		if (r->path == NULL)
			rc = tt_fail(err, TT_E_MEMORY, "no memory for the output");
	}
	return rc != 0 ? rc : begin_file(r, err);
}

int tt_recorder_open(struct tt_recorder **out, const struct tt_input *input, const char *path,
		     const struct tt_recorder_options *opt, struct tt_error *err)
{
	struct tt_recorder *r = calloc(1, sizeof(*r));
	int rc;

	*out = NULL;
	tt_error_clear(err);
	if (r == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for a recorder");
	r->input = *input;
	r->header.mem = r->held.mem = &r->mem;
	tt_error_clear(&r->failed);
	tt_error_clear(&r->interrupted);
	rc = read_options(r, opt, err);
	if (rc == 0)
		rc = open_output(r, path, err);
	if (rc != 0) {
		tt_recorder_close(r);
		return rc;
	}
	*out = r;
	return 0;
}

void tt_recorder_close(struct tt_recorder *r)
{
	if (r == NULL)
		return;
	tt_partfile_close(r->file);
	tt_rotation_release(&r->rotation);
	tt_bytes_release(&r->header);
	tt_bytes_release(&r->held);
	tt_symbolizer_release(&r->symbolizer);
	tt_source_close(r->src);
	tt_specs_free(r->own_specs);
	free(r->path);
	free(r->stored);
	free(r);
}

/* ---- header */

/* Reads the header, and keeps its bytes: each file begins with them. */
static int read_header(struct tt_recorder *r)
{
	struct tt_error *err = &r->failed;
	const uint8_t *data;
	unsigned version;
	size_t n, avail;
	int rc = tt_source_open_input(&r->src, &r->input, NULL, &r->mem, err);

	if (rc == 0)
		rc = tt_header_read(r->src, &version, err);
	if (rc == 0 && tt_version_is_v1(version) && rotates(r))
		rc = tt_fail(err, TT_E_ARGUMENT,
			     "a trace of Go 1.11 to 1.21 (format v1) is one piece: it cannot be "
			     "divided among files");
	if (rc != 0)
		return rc;
	r->v1 = tt_version_is_v1(version);
	n = (size_t)tt_source_offset(r->src);
	tt_source_seek(r->src, 0);
	rc = tt_source_peek(r->src, n, &data, &avail, err);
	if (rc != 0)
		return rc;
	if (!tt_bytes_put(&r->header, data, n))
		return tt_fail(err, tt_mem_code(&r->mem), "no memory for a header");
	tt_source_skip(r->src, n);
	tt_framer_init(&r->framer, version, false);
	r->framer.framing.live = true;
	r->done.in_nbytes = n;
	return 0;
}

/* ---- storing */

/* Nothing of a generation is written before its end: it could not be taken back, or changes. */
static bool must_hold(const struct tt_recorder *r)
{
	return r->options.symbol != NULL || !tt_partfile_takes_back(r->file);
}

/* Bytes of the generation at hand, to be handed out or written when it is whole. */
static int hold(struct tt_recorder *r, const uint8_t *data, size_t nbytes)
{
	bool must = must_hold(r);

	if ((!must && (r->options.flags & TT_RECORD_HOLD) == 0) || r->too_large)
		return 0;
	if (tt_bytes_put(&r->held, data, nbytes))
		return 0;
	if (must)
		return tt_fail(&r->failed, tt_mem_code(&r->mem),
			       "no memory to hold a generation until it is whole");
	tt_bytes_release(&r->held);
	r->too_large = true;
	return 0;
}

static int store(struct tt_recorder *r, const uint8_t *data, size_t nbytes)
{
	int rc = hold(r, data, nbytes);

	if (rc == 0 && !must_hold(r))
		rc = tt_partfile_write(r->file, data, nbytes, &r->failed);
	return rc;
}

/* The header of the file at hand; what is held has it once, at the very beginning. */
static int store_header(struct tt_recorder *r)
{
	r->has_header = true;
	if (r->done.generations == 0)
		return store(r, r->header.data, r->header.len);
	if (!tt_partfile_takes_back(r->file))
		return 0;
	return tt_partfile_write(r->file, r->header.data, r->header.len, &r->failed);
}

static bool rotation_is_due(const struct tt_recorder *r)
{
	const struct tt_recorder_options *o = &r->options;

	return (o->rotate_nbytes != 0 && tt_partfile_nbytes(r->file) >= o->rotate_nbytes) ||
	       (o->rotate_ns != 0 && (uint64_t)(now_ns() - r->began_ns) >= o->rotate_ns);
}

/* A numbered file gets the next number that nobody has taken meanwhile. */
static int finish_numbered(struct tt_recorder *r, struct tt_error *err)
{
	int rc;

	while ((rc = tt_partfile_finish_new(r->file, r->path, err)) == TT_END) {
		char *path = tt_rotation_next(&r->rotation);

		if (path == NULL)
			return tt_fail(err, TT_E_MEMORY, "no memory for the name of a file");
		free(r->path);
		r->path = path;
	}
	return rc;
}

/* Remembers the name of the file, which is complete, or forgets what was counted of it. */
static void note_file(struct tt_recorder *r, bool complete)
{
	uint64_t received = r->done.in_nbytes;

	if (!complete) {
		r->done = r->before_file;
		r->done.in_nbytes = received;
	} else if (tt_partfile_nbytes(r->file) > 0 && r->path != NULL) {
		free(r->stored);
		r->stored = strdup(r->path);
	}
}

static int end_file(struct tt_recorder *r, struct tt_error *err)
{
	uint64_t before = tt_partfile_nbytes(r->file);
	int rc = rotates(r) ? finish_numbered(r, err) : tt_partfile_finish(r->file, err);

	/* (a table of frames may have come to it) */
	r->done.out_nbytes += tt_partfile_nbytes(r->file) - before;
	note_file(r, rc == 0);
	tt_partfile_close(r->file);
	r->file = NULL;
	if (rc == 0 && rotates(r) && r->options.keep != 0)
		rc = tt_rotation_prune(&r->rotation, (size_t)r->options.keep, err);
	return rc;
}

static int begin_generation(struct tt_recorder *r, const struct tt_raw_batch *b)
{
	int rc = 0;

	r->held.len = 0;
	r->too_large = false;
	r->offset = r->done.generations == 0 ? 0 : b->offset;
	if (rotates(r) && r->has_header && rotation_is_due(r))
		rc = end_file(r, &r->failed);
	if (rc == 0 && r->file == NULL)
		rc = begin_file(r, &r->failed);
	return rc == 0 && !r->has_header ? store_header(r) : rc;
}

/* Names the code of the generation that is held, after the header if that is held, too. */
static int symbolize(struct tt_recorder *r)
{
	size_t header = r->done.generations == 0 ? r->header.len : 0;
	const struct tt_bytes *named = &r->symbolizer.out;

	if (!tt_symbolizer_apply(&r->symbolizer, r->held.data + header, r->held.len - header))
		return tt_fail(&r->failed, tt_mem_code(&r->mem),
			       "no memory to symbolize a generation");
	r->held.len = header;
	if (!tt_bytes_put(&r->held, named->data, named->len))
		return tt_fail(&r->failed, tt_mem_code(&r->mem), "no memory to hold a generation");
	return 0;
}

/* The generation at hand is whole, and ends at the position of the source. */
static int end_generation(struct tt_recorder *r, struct tt_recorded *g)
{
	uint64_t before = tt_partfile_nbytes(r->file);
	uint64_t unpacked_before = tt_partfile_unpacked_nbytes(r->file);
	bool held = (r->options.flags & TT_RECORD_HOLD) != 0 && !r->too_large;
	int rc = r->options.symbol != NULL ? symbolize(r) : 0;

	if (rc == 0 && must_hold(r))
		rc = tt_partfile_write(r->file, r->held.data, r->held.len, &r->failed);
	if (rc == 0)
		rc = tt_partfile_mark(r->file, &r->failed);
	if (rc != 0)
		return rc;
	r->done.files += before == 0;
	r->done.generations++;
	r->done.nbytes += tt_partfile_unpacked_nbytes(r->file) - unpacked_before;
	r->done.out_nbytes += tt_partfile_nbytes(r->file) - before;
	r->nbatches = 0;
	*g = (struct tt_recorded){
		.number = r->framer.number,
		.ordinal = r->done.generations,
		.offset = r->offset,
		.end = tt_source_offset(r->src),
		.data = held ? r->held.data : NULL,
		.nbytes = held ? r->held.len : 0,
	};
	return 0;
}

/* ---- reading */

static int cut_off(struct tt_recorder *r)
{
	tt_fail(&r->failed, TT_E_CUT_OFF, "the stream ends inside a generation");
	r->failed.offset = tt_source_offset(r->src);
	tt_error_in_batch(&r->failed, TT_UNKNOWN, r->framer.number, TT_NONE);
	return -TT_E_CUT_OFF;
}

static int take_batch(struct tt_recorder *r, const struct tt_raw_batch *b)
{
	size_t header = (size_t)(b->data_offset - b->offset);
	int rc = r->nbatches == 0 ? begin_generation(r, b) : 0;

	if (rc == 0)
		rc = store(r, b->data - header, header + b->size);
	r->nbatches++;
	r->done.in_nbytes = tt_source_offset(r->src);
	tt_source_release(r->src, r->done.in_nbytes);
	return rc;
}

/*
 * Format v1 has no generations: all of it is one, up to the end of the stream. What came
 * before an interruption is stored, too; the error comes with the next call.
 */
static int next_v1(struct tt_recorder *r, struct tt_recorded *g)
{
	const struct tt_raw_batch all = {.offset = 0};
	const uint8_t *data;
	size_t avail = 0;
	int rc;

	r->failed = r->interrupted;
	if (r->done.generations != 0)
		return r->failed.code != TT_OK ? -r->failed.code : TT_END;
	rc = begin_generation(r, &all);
	while (rc == 0 && tt_source_peek(r->src, 1, &data, &avail, &r->interrupted) == 0 &&
	       avail != 0) {
		rc = store(r, data, avail);
		tt_source_skip(r->src, avail);
		r->done.in_nbytes = tt_source_offset(r->src);
		tt_source_release(r->src, r->done.in_nbytes);
	}
	if (rc < 0)
		return rc;
	if (r->done.in_nbytes == r->header.len) {
		r->failed = r->interrupted;
		return r->failed.code != TT_OK ? -r->failed.code : TT_END;
	}
	r->framer.number = 1;
	return end_generation(r, g);
}

/* There is no further batch of the generation at hand; is it whole? */
static int stop(struct tt_recorder *r, int rc, const struct tt_raw_batch *b, struct tt_recorded *g)
{
	if (rc == TT_FRAMED_INPUT_END && r->nbatches == 0)
		return TT_END;
	if (rc == TT_FRAMED_INPUT_END && r->framer.has_end_marks)
		return cut_off(r);
	if (rc < 0) {
		if (!tt_framer_is_next(&r->framer, b))
			return rc;
		tt_framer_keep_error(&r->framer, &r->failed);
		tt_error_clear(&r->failed);
	}
	return end_generation(r, g);
}

static int next(struct tt_recorder *r, struct tt_recorded *g)
{
	int rc = r->src == NULL ? read_header(r) : 0;

	if (rc == 0 && r->v1)
		return next_v1(r, g);
	if (r->framer.has_lookahead_error) {
		r->failed = r->framer.lookahead_error;
		return -r->failed.code;
	}
	tt_framer_begin(&r->framer);
	while (rc == 0) {
		struct tt_raw_batch b;
		int framed = tt_framer_next(&r->framer, r->src, &b, &r->failed);

		if (framed != TT_FRAMED_BATCH && framed != TT_FRAMED_MARK)
			return stop(r, framed, &b, g);
		rc = take_batch(r, &b);
		if (rc == 0 && framed == TT_FRAMED_MARK)
			return end_generation(r, g);
	}
	return rc;
}

int tt_recorder_next(struct tt_recorder *r, struct tt_recorded *g)
{
	int rc;

	if (r->over)
		return r->failed.code != TT_OK ? -r->failed.code : TT_END;
	rc = next(r, g);
	r->over = rc != 0;
	if (rc < 0 && r->src != NULL)
		tt_error_at(&r->failed, tt_source_offset(r->src));
	return rc;
}

const struct tt_error *tt_recorder_error(const struct tt_recorder *r)
{
	return &r->failed;
}

int tt_recorder_finish(struct tt_recorder *r, struct tt_error *err)
{
	r->over = true;
	return r->file != NULL ? end_file(r, err) : 0;
}

struct tt_recorder_progress tt_recorder_progress(const struct tt_recorder *r)
{
	struct tt_recorder_progress p = r->done;

	p.path = r->over && r->stored != NULL ? r->stored : r->path;
	return p;
}
