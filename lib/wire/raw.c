/* SPDX-License-Identifier: MIT */
/*
 * raw.c - tt_wire of tracetool.h: the file as a flat sequence of events, read as
 * Go's internal/trace/raw Reader reads it. It knows no batches: an EventBatch is
 * an event with four arguments, its `size` is not looked at.
 *
 *	type                one byte
 *	arguments           varints, as many as the spec of the type says
 *	frames of a Stack   four varints each
 *	data                a varint of its length, then bytes
 *
 * In format v1 the type byte also says how many arguments there are, or that the number of
 * their bytes comes before them (specs/v1.spec).
 *
 * Events are decoded from a window of the source, which moves on only when too
 * few bytes for the largest plain event are left in it.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/options.h"
#include "input/source.h"
#include "spec/spec.h"
#include "wire/event.h"
#include "wire/header.h"
#include "wire/text.h"

/* How much of the source is looked at, and kept, at a time. */
#define WINDOW_NBYTES (UINT64_C(1) << 18)
#define FRAME_NUMBERS 4

enum form_kind {
	FORM_NONE, /* no event of this version */
	FORM_PLAIN, /* numbers only */
	FORM_TAIL, /* frames or data follow */
	FORM_V1, /* a record of format v1 */
};

/* How a type byte is read in this version. */
struct form {
	const struct tt_event_spec *spec;
	const struct tt_wire_piece *pieces;
	uint8_t kind; /* enum form_kind */
	uint8_t nargs; /* dt included */
};

struct tt_wire {
	struct tt_mem mem;
	struct tt_source *src;
	struct tt_specs *own_specs;
	bool like_go;
	unsigned version;
	int rc; /* of tt_wire_next(): stays what it is once it is not 0 */
	const uint8_t *window, *pos, *end;
	uint64_t window_offset;
	uint64_t nevents; /* handed out */
	struct tt_wire_event ev;
	TT_ARRAY(struct tt_wire_frame) frames;
	TT_ARRAY(struct tt_wire_piece) pieces;
	struct tt_error err;
	struct form forms[256];
};

/* ----------------------------------------------------------------- opening */

/*
 * Events of experiments are read in every version, though Go's raw reader takes
 * them from 26 on only. It also takes all types of its table from 26 on, where
 * those between the core events and the experiments have no name and no
 * arguments (version.go, Specs).
 */
static struct form form_of(const struct tt_specs *specs, unsigned type, unsigned version)
{
	const struct tt_event_spec *spec = tt_specs_event(specs, type);
	struct form form = {0};

	if (tt_version_is_v1(version) && spec != NULL && spec->since <= version) {
		form.kind = FORM_V1;
		form.spec = spec;
		form.nargs = (uint8_t)(spec->nargs + (spec->timed ? 1 : 0));
	} else if (spec != NULL && (spec->since <= version || spec->experiment != NULL)) {
		form.kind = spec->has_data || spec->has_frames ? FORM_TAIL : FORM_PLAIN;
		form.spec = spec;
		form.nargs = (uint8_t)(spec->nargs + (spec->timed ? 1 : 0));
	} else if (version >= 26 && type != 0 && type < tt_specs_ntypes(specs, version)) {
		form.kind = FORM_PLAIN;
	}
	return form;
}

/* Prepares the texts of all forms; false: tt_mem_code(). */
static bool make_pieces(struct tt_wire *w)
{
	struct tt_wire_piece pieces[TT_WIRE_MAX_PIECES];
	size_t at[256] = {0};

	for (unsigned type = 0; type < 256; type++) {
		size_t n = w->forms[type].spec == NULL
				   ? 0
				   : tt_wire_pieces(w->forms[type].spec, pieces);

		at[type] = w->pieces.n;
		for (size_t i = 0; i < n; i++) {
			if (!TT_ARRAY_ROOM(&w->mem, &w->pieces))
				return false;
			w->pieces.at[w->pieces.n++] = pieces[i];
		}
		if (n == 0)
			at[type] = SIZE_MAX;
	}
	for (unsigned type = 0; type < 256; type++)
		if (at[type] != SIZE_MAX)
			w->forms[type].pieces = w->pieces.at + at[type];
	return true;
}

static int prepare(struct tt_wire **out, struct tt_options *opt, const struct tt_options *given,
		   struct tt_error *err)
{
	struct tt_wire *w;
	int rc = tt_options_read(opt, given, err);

	*out = NULL;
	if (rc != 0)
		return rc;
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return tt_fail(err, TT_E_MEMORY, "out of memory");
	w->mem.limit_nbytes = opt->max_memory_nbytes;
	w->like_go = (opt->flags & TT_OPEN_LIKE_GO) != 0;
	tt_error_clear(&w->err);
	*out = w;
	return 0;
}

static int begin(struct tt_wire *w, const struct tt_specs *specs, struct tt_error *err)
{
	int rc = tt_header_read(w->src, &w->version, err);
	bool v1 = tt_version_is_v1(w->version);

	if (rc == 0 && (specs == NULL || v1)) {
		rc = v1 ? tt_specs_new_v1(&w->own_specs, err) : tt_specs_new(&w->own_specs, err);
		specs = w->own_specs;
	}
	if (rc != 0)
		return rc;
	for (unsigned type = 0; type < 256; type++)
		w->forms[type] = form_of(specs, type, w->version);
	if (!make_pieces(w))
		return tt_fail(err, tt_mem_code(&w->mem), "no memory for the event table");
	w->window_offset = tt_source_offset(w->src);
	return 0;
}

/* What all ways to open have in common, from the source on. */
static int finish(struct tt_wire **out, struct tt_wire *w, const struct tt_options *opt, int rc,
		  struct tt_error *err)
{
	if (rc == 0)
		rc = begin(w, opt->specs, err);
	if (rc != 0) {
		tt_wire_close(w);
		w = NULL;
	}
	*out = w;
	return rc;
}

int tt_wire_open(struct tt_wire **out, const char *path, const struct tt_options *opt,
		 struct tt_error *err)
{
	struct tt_options o;
	struct tt_wire *w;
	int rc = prepare(&w, &o, opt, err);

	if (rc == 0)
		rc = tt_source_open_path(&w->src, path, o.member, &w->mem, err);
	return finish(out, w, &o, rc, err);
}

int tt_wire_open_memory(struct tt_wire **out, const void *data, size_t nbytes,
			const struct tt_options *opt, struct tt_error *err)
{
	struct tt_options o;
	struct tt_wire *w;
	int rc = prepare(&w, &o, opt, err);

	if (rc == 0)
		rc = tt_source_open_memory(&w->src, data, nbytes, o.member, &w->mem, err);
	return finish(out, w, &o, rc, err);
}

int tt_wire_open_fd(struct tt_wire **out, int fd, const struct tt_options *opt,
		    struct tt_error *err)
{
	struct tt_options o;
	struct tt_wire *w;
	int rc = prepare(&w, &o, opt, err);

	if (rc == 0)
		rc = tt_source_open_fd(&w->src, fd, o.member, &w->mem, err);
	return finish(out, w, &o, rc, err);
}

int tt_wire_open_input(struct tt_wire **out, const struct tt_input *input,
		       const struct tt_options *opt, struct tt_error *err)
{
	struct tt_options o;
	struct tt_wire *w;
	int rc = prepare(&w, &o, opt, err);

	if (rc == 0)
		rc = tt_source_open_input(&w->src, input, o.member, &w->mem, err);
	return finish(out, w, &o, rc, err);
}

void tt_wire_close(struct tt_wire *w)
{
	if (w == NULL)
		return;
	tt_source_close(w->src);
	tt_specs_free(w->own_specs);
	TT_ARRAY_RELEASE(&w->mem, &w->frames);
	TT_ARRAY_RELEASE(&w->mem, &w->pieces);
	assert(w->mem.used_nbytes == 0);
	free(w);
}

/* ----------------------------------------------------------------- reading */

static uint64_t here(const struct tt_wire *w)
{
	return w->window_offset + (uint64_t)(w->pos - w->window);
}

static int fail(struct tt_wire *w, int code, const char *text)
{
	return tt_fail(&w->err, code, "%s", text);
}

/*
 * Moves the window to the position, so that it holds at least `want` bytes. 0; 1
 * if the input ends before; or the source's error. Bytes of the event being read
 * stay where they are.
 */
static int more(struct tt_wire *w, size_t want)
{
	uint64_t offset = here(w);
	size_t most = want > WINDOW_NBYTES ? want : WINDOW_NBYTES;
	const uint8_t *data;
	size_t avail;
	int rc;

	if (w->pos != w->window)
		tt_source_skip(w->src, (size_t)(w->pos - w->window));
	tt_source_release(w->src, w->ev.offset);
	rc = tt_source_peek(w->src, want, &data, &avail, &w->err);
	if (rc != 0)
		return rc;
	w->window = w->pos = data;
	w->window_offset = offset;
	w->end = data + (avail < most ? avail : most);
	return avail < want;
}

/*
 * The input ends inside an event. Go's reader takes an end between two numbers,
 * or inside data, for the end of the trace.
 */
static int cut_off(struct tt_wire *w, bool inside_number)
{
	if (inside_number)
		return fail(w, TT_E_CUT_OFF, "unexpected EOF");
	if (w->like_go && tt_version_is_v2(w->version))
		return TT_END;
	return fail(w, TT_E_CUT_OFF, "the file ends inside an event");
}

static int number(struct tt_wire *w, uint64_t *value)
{
	for (;;) {
		int n = tt_varint(w->pos, w->end, value), rc;

		if (n > 0) {
			w->pos += n;
			return 0;
		}
		if (n == TT_VARINT_OVERFLOW)
			return fail(w, TT_E_EVENT_NUMBER,
				    "binary: varint overflows a 64-bit integer");
		rc = more(w, (size_t)(w->end - w->pos) + 1);
		if (rc < 0)
			return rc;
		if (rc != 0) {
			w->pos = w->end;
			return cut_off(w, n == TT_VARINT_CUT);
		}
	}
}

static int read_frame(struct tt_wire *w, struct tt_wire_frame *frame)
{
	uint64_t numbers[FRAME_NUMBERS];

	for (int i = 0; i < FRAME_NUMBERS; i++) {
		int rc = number(w, &numbers[i]);

		if (rc != 0)
			return rc;
	}
	*frame = (struct tt_wire_frame){numbers[0], numbers[1], numbers[2], numbers[3]};
	return 0;
}

/* The count may lie: room grows with what has been read. */
static int read_frames(struct tt_wire *w, uint64_t count)
{
	w->frames.n = 0;
	if ((int64_t)count < 0)
		count = 0;
	for (uint64_t i = 0; i < count; i++) {
		int rc;

		if (!TT_ARRAY_ROOM(&w->mem, &w->frames))
			return fail(w, tt_mem_code(&w->mem), "no memory for the frames of a stack");
		rc = read_frame(w, &w->frames.at[w->frames.n]);
		if (rc != 0)
			return rc;
		w->frames.n++;
	}
	w->ev.frames = w->frames.at;
	w->ev.nframes = w->frames.n;
	return 0;
}

/* Nor is the whole length asked for at once. */
static int read_bytes(struct tt_wire *w, uint64_t len)
{
	uint64_t want = WINDOW_NBYTES;

	while ((uint64_t)(w->end - w->pos) < len) {
		int rc = more(w, (size_t)(want < len ? want : len));
		if (rc < 0)
			return rc;
		if (rc != 0) {
			w->pos = w->end;
			return cut_off(w, false);
		}
		want = 2 * (uint64_t)(w->end - w->pos);
	}
	w->ev.data.data = (const char *)w->pos;
	w->ev.data.len = (size_t)len;
	w->pos += len;
	return 0;
}

static int read_data(struct tt_wire *w)
{
	uint64_t len;
	int rc = number(w, &len);

	if (rc == 0)
		rc = read_bytes(w, (int64_t)len < 0 ? 0 : len);
	return rc;
}

static void start_event(struct tt_wire *w, const struct form *form, uint8_t type)
{
	w->ev.type = type;
	w->ev.spec = form->spec;
	w->ev.text_ = form->pieces;
	w->ev.nargs = form->nargs;
	w->ev.frames = NULL;
	w->ev.nframes = 0;
	w->ev.data = (struct tt_str){NULL, 0};
	w->ev.padded = false;
}

/* ---- format v1 */

/* As Go's reader says it when it takes a record apart. */
static int wrong_count(struct tt_wire *w, uint64_t got)
{
	uint64_t want = w->ev.nargs;

	if (w->ev.spec->has_frames && got >= want)
		want += FRAME_NUMBERS * w->ev.args[want - 1];
	return tt_fail(&w->err, TT_E_EVENT_NUMBER,
		       "%s has wrong number of arguments: want %" PRIu64 ", got %" PRIu64,
		       w->ev.spec->name, want, got);
}

/* The i-th number of all frames. False: no memory. */
static bool take_frame_number(struct tt_wire *w, uint64_t i, uint64_t value)
{
	struct tt_wire_frame *frame;

	if (i == 0)
		w->frames.n = 0;
	if (i % FRAME_NUMBERS == 0) {
		if (!TT_ARRAY_ROOM(&w->mem, &w->frames))
			return false;
		w->frames.n++;
	}
	frame = &w->frames.at[w->frames.n - 1];
	*(uint64_t *[]){&frame->pc, &frame->func, &frame->file, &frame->line}[i % FRAME_NUMBERS] =
		value;
	w->ev.frames = w->frames.at;
	w->ev.nframes = w->frames.n;
	return true;
}

/* Arguments, and frames, whose number of bytes comes first. */
static int read_measured(struct tt_wire *w)
{
	uint64_t nargs = w->ev.nargs, nbytes, end, value, got, begin = here(w);
	int rc = number(w, &nbytes);

	w->ev.padded = here(w) - begin == TT_VARINT_MAX;
	if (rc == 0 && nbytes > TT_V1_MAX_NUMBERS_NBYTES)
		return tt_fail(&w->err, TT_E_EVENT_NUMBER,
			       "failed to read event %u argument: length-prefixed argument too "
			       "big: %" PRIu64 " bytes, limit is %d",
			       w->ev.type, nbytes, TT_V1_MAX_NUMBERS_NBYTES);
	end = here(w) + nbytes;
	for (got = 0; rc == 0 && here(w) < end; got++) {
		rc = number(w, &value);
		if (rc == 0 && got < nargs)
			w->ev.args[got] = value;
		else if (rc == 0 && w->ev.spec->has_frames &&
			 !take_frame_number(w, got - nargs, value))
			return fail(w, tt_mem_code(&w->mem), "no memory for the frames of a stack");
	}
	if (rc == 0 && (got < nargs || here(w) != end ||
			got != nargs + (w->ev.spec->has_frames
						? FRAME_NUMBERS * w->ev.args[nargs - 1]
						: 0)))
		return wrong_count(w, got);
	return rc;
}

static int read_announced(struct tt_wire *w, unsigned n)
{
	int rc = 0;

	for (unsigned i = 0; rc == 0 && i < w->ev.nargs; i++)
		rc = n < w->ev.nargs ? wrong_count(w, n) : number(w, &w->ev.args[i]);
	if (rc == 0 && (n != w->ev.nargs ||
			(w->ev.spec->has_frames && w->ev.args[w->ev.nargs - 1] != 0)))
		return wrong_count(w, n);
	return rc;
}

static int read_text(struct tt_wire *w)
{
	uint64_t len;
	int rc = number(w, &len);

	if (rc == 0 && len > TT_V1_STRING_MAX_SIZE)
		return tt_fail(&w->err, TT_E_STRING_SIZE, "string is too large (len=%" PRIu64 ")",
			       len);
	return rc == 0 ? read_bytes(w, len) : rc;
}

static int read_record(struct tt_wire *w)
{
	uint8_t first = *w->pos, type = first & 0x3f;
	const struct form *form = &w->forms[type];
	int rc;

	if (form->kind == FORM_NONE)
		return tt_fail(&w->err, TT_E_EVENT_TYPE, "unknown event type %u", type);
	start_event(w, form, type);
	w->pos++;
	/* of a String the count says nothing */
	if (form->spec->has_data && !form->spec->timed)
		rc = read_announced(w, form->nargs);
	else if (first < 0xc0)
		rc = read_announced(w, (first >> 6) + 1u);
	else
		rc = read_measured(w);
	return rc == 0 && form->spec->has_data ? read_text(w) : rc;
}

/* Any event, each byte checked. Inside one the source's end is an error. */
static int read_event(struct tt_wire *w)
{
	const struct form *form = &w->forms[*w->pos];
	int rc = 0;

	if (tt_version_is_v1(w->version))
		return read_record(w);
	start_event(w, form, *w->pos);
	if (form->kind == FORM_NONE)
		return tt_fail(&w->err, TT_E_EVENT_TYPE, "invalid event type: %u", w->ev.type);
	w->pos++;
	for (unsigned i = 0; rc == 0 && i < form->nargs; i++)
		rc = number(w, &w->ev.args[i]);
	if (rc == 0 && form->kind == FORM_TAIL && form->spec->has_frames)
		rc = read_frames(w, w->ev.args[form->nargs - 1]);
	if (rc == 0 && form->kind == FORM_TAIL && form->spec->has_data)
		rc = read_data(w);
	return rc;
}

/* A plain event of which TT_EVENT_MAX_SIZE bytes can be read. False: look closer. */
static bool decode_plain(struct tt_wire *w)
{
	const uint8_t *p = w->pos;
	const struct form *form = &w->forms[*p];

	if (form->kind != FORM_PLAIN)
		return false;
	p++;
	for (unsigned i = 0; i < form->nargs; i++)
		if (!tt_varint_unchecked(&p, &w->ev.args[i]))
			return false;
	start_event(w, form, *w->pos);
	w->pos = p;
	return true;
}

static int next(struct tt_wire *w)
{
	w->ev.offset = here(w);
	if ((size_t)(w->end - w->pos) >= TT_EVENT_MAX_SIZE && decode_plain(w))
		return 0;
	if (w->pos == w->end) {
		int rc = more(w, 1);

		if (rc != 0)
			return rc;
	}
	return read_event(w);
}

int tt_wire_next(struct tt_wire *w, const struct tt_wire_event **ev)
{
	if (w->rc == 0) {
		w->rc = next(w);
		if (w->rc < 0) {
			tt_error_at(&w->err, here(w));
			w->err.event_index = w->nevents;
			/* a type of v1 would be taken for one of v2 */
			if (tt_version_is_v2(w->version) &&
			    (here(w) != w->ev.offset || w->err.code == TT_E_EVENT_TYPE))
				w->err.event_type = w->ev.type;
		}
	}
	*ev = w->rc == 0 ? &w->ev : NULL;
	w->nevents += w->rc == 0;
	return w->rc;
}

unsigned tt_wire_version(const struct tt_wire *w)
{
	return w->version;
}

const struct tt_error *tt_wire_error(const struct tt_wire *w)
{
	return &w->err;
}
