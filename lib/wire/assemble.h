/* SPDX-License-Identifier: MIT */
/*
 * assemble.h - the raw text form back to bytes: a whole text at once, or line by line. The
 * assembler of tracetool_write.h takes it in pieces of any size.
 *
 * The text is what tt_wire_format() writes, after a line `Trace Go1.NN`; NN is a
 * version of format v2 or v1. tracetool-format(5) describes it. A person who writes a trace by
 * hand may also
 *
 * - put blanks at both ends of a line and between its parts, empty lines, and
 *   comments from a `#` to the end of the line;
 * - write numbers as 0x1f, and -1 for 2^64 - 1;
 * - leave out the `size` of an EventBatch: then it holds all events up to the next
 *   batch or end mark. A `size` that is given is written as it is, true or not;
 * - leave out the `nframes` of a Stack. One that is given must be true.
 *
 * In format v1 the count of numbers, or the length that comes before four and more, is made
 * here; the word `padded` at the end of a line says that the length takes 10 bytes.
 *
 * Numbers are written in their shortest form, but for the size of a batch: that
 * takes 10 bytes, as in the traces that Go programs write, so that these come
 * out of their own text byte for byte. An event that the version does not have
 * is written all the same.
 */
#ifndef TT_WIRE_ASSEMBLE_H
#define TT_WIRE_ASSEMBLE_H

#include "base/bytes.h"
#include "base/error.h"
#include "tracetool.h"
#include "wire/line.h"

/* Of a place in the bytes: there is none. */
#define TT_NO_PLACE SIZE_MAX

/* A text that is being turned back. */
struct tt_assembly {
	const struct tt_specs *specs;
	struct tt_specs *v1;        /* the records of format v1, or NULL: it is v2 */
	struct tt_bytes *out;
	size_t done;                /* bytes of *out that nothing will change any more */
	struct tt_line line;        /* the one at hand */
	bool has_header;
	size_t size_at;             /* where the open batch's size goes, or TT_NO_PLACE */
	/* the event that lines with frames or data may follow */
	const struct tt_event_spec *event;
	size_t count_at;            /* where its count goes, or TT_NO_PLACE: it is there */
	uint64_t want, nframes;     /* frames that it says, and that came */
	size_t type_at;             /* of format v1: its first byte, which is to say how many
	                               numbers follow; or TT_NO_PLACE: it does */
	bool has_data;
	bool padded;                /* of format v1: the length of its numbers takes 10 bytes */
};

void tt_assembly_init(struct tt_assembly *a, const struct tt_specs *specs, struct tt_bytes *out,
		      struct tt_error *err);
void tt_assembly_release(struct tt_assembly *a);
/* One line, without its newline. Errors as of tt_assemble(). */
int tt_assembly_line(struct tt_assembly *a, struct tt_str line);
/* The whole lines of a text. *rest is what follows the last newline. */
int tt_assembly_lines(struct tt_assembly *a, struct tt_str text, struct tt_str *rest);
/* The text ends. `rest` is a line without a newline, or empty. */
int tt_assembly_finish(struct tt_assembly *a, struct tt_str rest);
/* Drops the first `n` bytes of *out, which are done. */
void tt_assembly_forget(struct tt_assembly *a, size_t n);

/*
 * Appends the trace to *out. An error's message is "LINE:COLUMN: reason", both
 * counted from 1, columns in bytes. TT_E_SPEC for mistakes in the text,
 * TT_E_MEMORY, TT_E_LIMIT; then *out holds what came before.
 */
int tt_assemble(const struct tt_specs *specs, const char *text, size_t len, struct tt_bytes *out,
		struct tt_error *err);

#endif
