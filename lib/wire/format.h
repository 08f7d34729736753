/* SPDX-License-Identifier: MIT */
/*
 * format.h - what every reader and writer of a trace must agree on: how large its parts
 * may be. TT_V2_MAX_FRAMES and TT_MAX_ARGS of tracetool.h belong to it, and spec/versions.h.
 * Source: Go's internal/trace/tracev2/spec.go.
 *
 * This folder is the bytes of a trace, as batches, as single events and as raw text; it
 * needs base, input and spec:
 *
 *	varint.[ch]  LEB128, the only kind of number
 *	header.c     the header of a file
 *	signature.c  its bytes, where they are looked for among others
 *	guess.c      what a file seems to be that has none
 *	batch.c      framing: batches one after the other
 *	row.c        where a batch begins in damaged bytes
 *	foreign.c    text and other bytes that are not a trace's
 *	embedded.h   how batches begin that hold events or batches of other experiments
 *	event.c      the bytes of a timed event to a struct
 *	encode.c     batches out
 *	raw.c        a file as a flat sequence of raw events
 *	text.c       raw events to text
 *	assemble.c   that text back to bytes: line.c takes a line apart, unquote.c a quoted text
 *	assembler.c  the same piece by piece
 */
#ifndef TT_WIRE_FORMAT_H
#define TT_WIRE_FORMAT_H

#include "spec/versions.h"
#include "tracetool.h"
#include "wire/varint.h"

/* "go 1.NN trace" and three NULs, as every writer puts them. */
#define TT_HEADER_SIZE 16
/* What follows a batch's header. */
#define TT_BATCH_MAX_SIZE 65536
/* Type, experiment and four numbers. */
#define TT_BATCH_MAX_HEADER (2 + 4 * TT_VARINT_MAX)
/* Type, time and the arguments of a timed event. */
#define TT_EVENT_MAX_SIZE (1 + (1 + TT_MAX_ARGS) * TT_VARINT_MAX)
/* The first type of an event that an experiment may have. */
#define TT_FIRST_EXPERIMENTAL 128
/* The text of a string. */
#define TT_STRING_MAX_SIZE 1024
/* Of format v1: most bytes of numbers that come with their length, and of a text. */
#define TT_V1_MAX_NUMBERS_NBYTES 2048
#define TT_V1_STRING_MAX_SIZE 1000000

#endif
