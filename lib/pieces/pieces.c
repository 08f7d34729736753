/* SPDX-License-Identifier: MIT */
/*
 * pieces.c - the traces of an input. Where the input lies in memory or is mapped, a trace is
 * gone over first, and if nothing foreign is in it, its reader gets the bytes as they are. Else
 * a filter leaves out what is foreign while the reader reads.
 */
#include "pieces/pieces.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "event/reader.h"
#include "input/archive.h"
#include "wire/foreign.h"
#include "wire/header.h"
#include "wire/signature.h"

/* Of so many pieces the text is kept. */
#define MOST_TEXTS 1000

/* ---- parts */

static int no_memory(struct tt_pieces *p, struct tt_error *err)
{
	return tt_fail(err, tt_mem_code(&p->mem), "no memory for the pieces of the input");
}

static bool keep_text(struct tt_pieces *p, struct tt_part *part, const char *text)
{
	size_t size = strlen(text) + 1;

	if (p->ntexts == MOST_TEXTS)
		return true;
	part->text = tt_mem_alloc(&p->mem, size);
	if (part->text == NULL)
		return false;
	memcpy(part->text, text, size);
	p->ntexts++;
	return true;
}

/* Another part, or more of the last one. */
static struct tt_part *add_part(struct tt_pieces *p, enum tt_piece_kind kind, uint64_t nbytes,
				bool new_trace)
{
	struct tt_part *last = p->parts.n == 0 ? NULL : &p->parts.at[p->parts.n - 1];
	uint64_t offset = last == NULL ? 0 : last->offset + last->nbytes;

	if (last != NULL && last->kind == kind && !new_trace) {
		last->nbytes += nbytes;
		return last;
	}
	if (!TT_ARRAY_ROOM(&p->mem, &p->parts))
		return NULL;
	last = &p->parts.at[p->parts.n++];
	*last = (struct tt_part){
		.kind = kind, .trace = p->ntraces, .offset = offset, .nbytes = nbytes};
	return last;
}

static enum tt_piece_kind kind_of_run(const struct tt_run *run)
{
	return run->kind == TT_RUN_TRACE   ? TT_PIECE_TRACE
	       : run->kind == TT_RUN_TEXT  ? TT_PIECE_TEXT
	       : run->kind == TT_RUN_ZEROS ? TT_PIECE_ZEROS
					   : TT_PIECE_OTHER;
}

/* The run that begins at src's position. */
static bool add_run(struct tt_pieces *p, const struct tt_run *run)
{
	struct tt_part *part = add_part(p, kind_of_run(run), run->nbytes, false);
	struct tt_error ignored;
	char text[TT_TEXT_SIZE];
	const uint8_t *data;
	size_t avail;

	if (part == NULL)
		return false;
	part->unfinished = run->unfinished;
	if (run->kind != TT_RUN_TEXT || part->text != NULL)
		return true;
	tt_source_peek(p->src, 1, &data, &avail, &ignored);
	if (!tt_name_text(data, data + (avail < run->nbytes ? avail : run->nbytes), text))
		return true;
	return keep_text(p, part, text);
}

/* ---- the bytes of the current trace */

/* Where the reader's bytes come from, from now on. */
static bool note_place(struct tt_pieces *p)
{
	return tt_offsets_add(&p->offsets, p->nbytes, tt_source_offset(p->src));
}

/* Skips what is foreign, up to more bytes of the trace: then `left` is not 0. */
static int next_run(struct tt_pieces *p, struct tt_error *err)
{
	struct tt_run run = {.kind = TT_RUN_TRACE};
	bool skipped = false;

	while (p->left == 0) {
		int rc = tt_scan_next(&p->scan, &run, err);

		if (rc < 0)
			return rc;
		if (run.kind == TT_RUN_HEADER || run.kind == TT_RUN_END)
			return TT_OK;
		if (!p->scanned && !add_run(p, &run))
			return no_memory(p, err);
		if (run.kind == TT_RUN_TRACE) {
			p->left = run.nbytes;
			continue;
		}
		tt_source_skip(p->src, (size_t)run.nbytes);
		skipped = true;
	}
	return skipped && !note_place(p) ? no_memory(p, err) : TT_OK;
}

/* The filter's read. */
static int read_trace(void *arg, uint8_t *buf, size_t room, size_t *got, struct tt_error *err)
{
	struct tt_pieces *p = arg;
	const uint8_t *data;
	size_t avail = 0;
	int rc = next_run(p, err);

	*got = 0;
	if (rc == TT_OK && p->left == 0)
		return TT_OK;
	if (rc == TT_OK)
		rc = tt_source_peek(p->src, 1, &data, &avail, err);
	if (rc < 0 && (p->left == 0 || avail == 0)) {
		p->failed = true;
		return rc;
	}
	*got = p->left < room ? (size_t)p->left : room;
	*got = *got < avail ? *got : avail;
	if (*got != 0)
		memcpy(buf, data, *got);
	tt_source_skip(p->src, *got);
	p->left -= *got;
	p->nbytes += *got;
	if (p->left == 0)
		tt_source_release(p->src, tt_source_offset(p->src));
	return TT_OK;
}

static int make_source(void *arg, struct tt_source **src, struct tt_mem *mem, struct tt_error *err)
{
	struct tt_pieces *p = arg;
	const struct tt_source_filter filter = {.read = read_trace, .arg = p};

	if (p->contiguous)
		return tt_source_open_range(src, p->src, p->begin, p->end - p->begin, mem, err);
	return tt_source_open_filter(src, &filter, mem, err);
}

/* ---- from trace to trace */

/* From here on, src is what the decoder makes. */
static int open_decoder(struct tt_pieces *p, struct tt_error *err)
{
	int rc = tt_decoder_open(&p->src, &p->decoder, p->raw, p->coding, p->coding_begin, &p->mem,
				 err);

	if (rc < 0)
		p->src = p->raw;
	return rc;
}

/* A trace after the first one, at src's position, may have been copied in another way. */
static int undo_later_coding(struct tt_pieces *p, struct tt_error *err)
{
	int rc;

	if (p->ntraces == 0 || p->src != p->raw)
		return TT_OK;
	rc = tt_coding_find_later(p->raw, &p->mem, &p->shapes, &p->coding, &p->coding_begin, err);
	if (rc < 0 || p->coding == TT_CODING_NONE)
		return rc;
	if (p->coding != TT_CODING_REPLACED)
		return open_decoder(p, err);
	tt_pieces_say_coding(p, err);
	return -err->code;
}

/*
 * The trace that begins at src's position. Its header may be none that can be read, or its bytes
 * may be replaced: then all that is known of its bytes is where another trace begins.
 */
static int begin_trace(struct tt_pieces *p, struct tt_error *err)
{
	uint64_t at = tt_source_offset(p->src);
	struct tt_error ignored;
	const uint8_t *data;
	unsigned version = 0;
	struct tt_part *part;
	size_t avail;
	int rc = undo_later_coding(p, err);

	if (rc == TT_OK)
		rc = tt_header_read(p->src, &version, err);
	if (rc < 0) {
		tt_source_peek(p->src, TT_HEADER_SIZE, &data, &avail, &ignored);
		tt_signature_is_here(data, data + avail, &version);
		tt_source_skip(p->src, avail < TT_HEADER_SIZE ? avail : TT_HEADER_SIZE);
	}
	p->ntraces++;
	part = add_part(p, TT_PIECE_TRACE, tt_source_offset(p->src) - at, true);
	if (part == NULL)
		return no_memory(p, err);
	part->version = version;
	p->first_part = p->parts.n - 1;
	p->begin = at;
	p->nbytes = 0;
	p->scanned = p->contiguous = false;
	if (tt_version_is_v1(version) && tt_v1_shapes_init(&p->shapes, &ignored) < 0)
		return no_memory(p, err);
	tt_scan_begin(&p->scan, p->src, version, &p->plan, &p->shapes);
	p->scan.foreign = rc == TT_OK;
	if (rc < 0)
		tt_error_at(err, at);
	if (rc < 0 && err->offset != TT_UNKNOWN)
		err->offset = tt_pieces_raw_offset(p, err->offset);
	return rc;
}

/* Goes over the whole trace: what is foreign in it, and where it ends. */
static int scan_trace(struct tt_pieces *p, struct tt_error *err)
{
	uint64_t body = tt_source_offset(p->src);
	struct tt_scan begin = p->scan;
	int rc;

	p->contiguous = true;
	p->end = body;
	while ((rc = next_run(p, err)) == TT_OK && p->left != 0) {
		p->contiguous &= tt_source_offset(p->src) == p->end;
		tt_source_skip(p->src, (size_t)p->left);
		p->end = tt_source_offset(p->src);
		p->nbytes += p->left;
		p->left = 0;
	}
	p->scanned = true;
	if (!p->contiguous) {
		p->scan = begin;
		tt_source_seek(p->src, body);
	}
	return rc;
}

/* Moves to the end of the current trace. */
static int leave_trace(struct tt_pieces *p, struct tt_error *err)
{
	int rc;

	while ((rc = next_run(p, err)) == TT_OK && p->left != 0) {
		const uint8_t *data;
		size_t avail;

		rc = tt_source_peek(p->src, 1, &data, &avail, err);
		if (avail == 0)
			break;
		avail = avail < p->left ? avail : (size_t)p->left;
		tt_source_skip(p->src, avail);
		tt_source_release(p->src, tt_source_offset(p->src));
		p->left -= avail;
	}
	tt_offsets_release(&p->offsets);
	return rc;
}

/* The reader of the trace that was begun. */
static int open_trace(struct tt_pieces *p, struct tt_reader **r, struct tt_error *err)
{
	uint64_t body = tt_source_offset(p->src);
	int rc = tt_source_is_whole(p->src) ? scan_trace(p, err) : TT_OK;

	if (rc < 0)
		return rc;
	tt_offsets_release(&p->offsets);
	p->nbytes = 0;
	if (!tt_offsets_add(&p->offsets, 0, p->begin))
		return no_memory(p, err);
	if (!p->contiguous) {
		tt_source_seek(p->src, p->begin);
		p->left = body - p->begin;
	}
	return tt_reader_open_made(r, &p->options, make_source, p, err);
}

/* ---- the first trace */

static int undo_coding(struct tt_pieces *p, struct tt_error *err)
{
	int rc = tt_coding_find(p->raw, &p->mem, &p->shapes, &p->coding,
				&p->coding_begin, err);

	if (rc < 0 || p->coding == TT_CODING_NONE)
		return rc;
	if (p->coding == TT_CODING_REPLACED) {
		p->ended = p->said_coding = true;
		tt_pieces_say_coding(p, err);
		return -err->code;
	}
	return open_decoder(p, err);
}

/* Whether the first trace is what a decoder makes from `coding_begin` on. */
static bool is_wrapped(const struct tt_pieces *p)
{
	return p->coding == TT_CODING_CHUNKED || p->coding == TT_CODING_HTTP2;
}

/* Where the first trace begins, from src's beginning; SIZE_MAX: there is none. */
static size_t find_first(struct tt_pieces *p)
{
	const uint8_t *data, *at;
	struct tt_error err;
	unsigned version;
	size_t avail;
	int rc = tt_header_read(p->src, &version, &err);

	tt_source_seek(p->src, 0);
	if (rc == TT_OK || err.code == TT_E_VERSION)
		return 0;
	tt_source_peek(p->src, TT_FRONT_MAX, &data, &avail, &err);
	if (is_wrapped(p) && p->coding_begin < avail)
		return (size_t)p->coding_begin;
	at = tt_front_end(data, data + (avail < TT_FRONT_MAX ? avail : TT_FRONT_MAX));
	return at == NULL ? SIZE_MAX : (size_t)(at - data);
}

/* What stands in front of the first trace: nfront bytes of src, or what a decoder left out. */
static int add_front(struct tt_pieces *p, size_t nfront, struct tt_error *err)
{
	char text[TT_FRONT_SIZE] = "the size of an HTTP chunk";
	bool frames = p->coding == TT_CODING_HTTP2;
	struct tt_error ignored;
	const uint8_t *data;
	struct tt_part *part;
	size_t avail;

	tt_source_peek(p->src, nfront + 1, &data, &avail, &ignored);
	if (nfront == 0 && !is_wrapped(p))
		return TT_OK;
	part = add_part(p, TT_PIECE_FRONT, nfront, false);
	if (part == NULL)
		return no_memory(p, err);
	if (frames)
		snprintf(text, sizeof(text), "frames of HTTP/2");
	else if (nfront != 0)
		tt_front_name(data, data + nfront, text);
	tt_source_skip(p->src, nfront);
	return keep_text(p, part, text) ? TT_OK : no_memory(p, err);
}

/* Moves to the first trace. */
static int begin_input(struct tt_pieces *p, struct tt_error *err)
{
	unsigned version;
	int rc = undo_coding(p, err);
	size_t nfront;

	if (rc < 0)
		return rc;
	nfront = find_first(p);
	if (nfront != SIZE_MAX)
		return add_front(p, nfront, err);
	p->ended = true;
	rc = tt_header_read(p->src, &version, err);
	assert(rc < 0);
	return rc;
}

/* What follows all that the decoder made, if it is more than blanks. */
static int add_rest(struct tt_pieces *p, struct tt_error *err)
{
	char text[TT_TEXT_SIZE];
	struct tt_part *part;
	const uint8_t *data;
	size_t avail;
	bool rest, is_text;

	if (p->src == p->raw)
		return TT_OK;
	if (!tt_decoder_rest(&p->decoder, &rest))
		return no_memory(p, err);
	if (!rest || tt_source_peek(p->raw, TT_SCAN_LOOK, &data, &avail, err) < 0)
		return TT_OK;
	avail = avail < TT_SCAN_LOOK ? avail : TT_SCAN_LOOK;
	is_text = tt_is_text(data, data + avail) && tt_name_text(data, data + avail, text);
	part = add_part(p, is_text ? TT_PIECE_TEXT : TT_PIECE_OTHER, 1, true);
	return part == NULL || (is_text && !keep_text(p, part, text)) ? no_memory(p, err) : TT_OK;
}

/* Reads the input to its end, after what could be made of it. */
static int end_input(struct tt_pieces *p, struct tt_error *err)
{
	struct tt_error ignored;
	const uint8_t *data;
	size_t avail;
	int rc = add_rest(p, err);

	p->ended = true;
	while (tt_source_peek(p->raw, 1, &data, &avail, &ignored) == TT_OK && avail != 0) {
		tt_source_skip(p->raw, avail);
		tt_source_release(p->raw, tt_source_offset(p->raw));
	}
	return rc < 0 ? rc : TT_END;
}

int tt_pieces_check_header(struct tt_pieces *p, struct tt_error *err)
{
	unsigned version;
	int rc = tt_header_read(p->raw, &version, err);

	tt_source_seek(p->raw, 0);
	return rc;
}

int tt_pieces_next(struct tt_pieces *p, struct tt_reader **r, struct tt_error *err)
{
	const uint8_t *data;
	size_t avail;
	int rc;

	*r = NULL;
	tt_error_clear(err);
	if (p->ended)
		return TT_END;
	rc = p->begun ? leave_trace(p, err) : begin_input(p, err);
	p->begun = true;
	if (rc == TT_OK)
		rc = tt_source_peek(p->src, 1, &data, &avail, err);
	if (rc == TT_OK && avail == 0 && p->ntraces != 0)
		return end_input(p, err);
	if (rc < 0) {
		p->ended = true;
		return p->failed ? TT_END : rc;
	}
	rc = begin_trace(p, err);
	if (rc == TT_OK)
		rc = open_trace(p, r, err);
	p->ended |= rc < 0 && err->system;
	return rc;
}

uint64_t tt_pieces_offset(const struct tt_pieces *p, uint64_t offset)
{
	if (offset == TT_UNKNOWN)
		return offset;
	return tt_pieces_raw_offset(p, tt_offsets_find(&p->offsets, offset));
}

/* ---- opening and closing */

static int pieces_new(struct tt_pieces **out, const struct tt_options *opt, struct tt_error *err)
{
	struct tt_pieces *p = calloc(1, sizeof(*p));
	int rc;

	*out = NULL;
	tt_error_clear(err);
	if (p == NULL)
		return tt_fail(err, TT_E_MEMORY, "no memory for the input");
	rc = tt_options_read(&p->options, opt, err);
	if (rc == TT_OK && p->options.specs == NULL)
		rc = tt_specs_new(&p->own_specs, err);
	if (rc < 0) {
		free(p);
		return rc;
	}
	if (p->options.specs == NULL)
		p->options.specs = p->own_specs;
	tt_decode_plan_init(&p->plan, p->options.specs);
	p->mem.limit_nbytes = p->options.max_memory_nbytes;
	tt_offsets_init(&p->offsets, &p->mem);
	*out = p;
	return TT_OK;
}

/* After the source was opened, or was not. */
static int pieces_start(struct tt_pieces **out, int rc)
{
	struct tt_pieces *p = *out;

	if (rc < 0) {
		tt_pieces_close(p);
		*out = NULL;
		return rc;
	}
	p->src = p->raw;
	p->options.member = NULL;
	if (p->options.threads > 1)
		tt_source_read_ahead(p->raw);
	return TT_OK;
}

int tt_pieces_open(struct tt_pieces **out, const char *path, const struct tt_options *opt,
		   struct tt_error *err)
{
	int rc = pieces_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_path(&(*out)->raw, path, (*out)->options.member, &(*out)->mem, err);
	return pieces_start(out, rc);
}

int tt_pieces_open_fd(struct tt_pieces **out, int fd, const struct tt_options *opt,
		      struct tt_error *err)
{
	int rc = pieces_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_fd(&(*out)->raw, fd, (*out)->options.member, &(*out)->mem, err);
	return pieces_start(out, rc);
}

int tt_pieces_open_memory(struct tt_pieces **out, const void *data, size_t nbytes,
			  const struct tt_options *opt, struct tt_error *err)
{
	int rc = pieces_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_memory(&(*out)->raw, data, nbytes, (*out)->options.member,
				   &(*out)->mem, err);
	return pieces_start(out, rc);
}

int tt_pieces_open_member(struct tt_pieces **out, struct tt_archive *archive,
			  const struct tt_options *opt, struct tt_error *err)
{
	int rc = pieces_new(out, opt, err);

	if (rc < 0)
		return rc;
	rc = tt_source_open_archived(&(*out)->raw, archive, &(*out)->mem, err);
	return pieces_start(out, rc);
}

void tt_pieces_close(struct tt_pieces *p)
{
	if (p == NULL)
		return;
	if (p->src != p->raw)
		tt_source_close(p->src);
	tt_decoder_release(&p->decoder);
	tt_source_close(p->raw);
	tt_offsets_release(&p->offsets);
	for (size_t i = 0; i < p->parts.n; i++)
		if (p->parts.at[i].text != NULL)
			tt_mem_free(&p->mem, p->parts.at[i].text, strlen(p->parts.at[i].text) + 1);
	TT_ARRAY_RELEASE(&p->mem, &p->parts);
	tt_specs_free(p->own_specs);
	assert(p->mem.used_nbytes == 0);
	free(p);
}
