/* SPDX-License-Identifier: MIT */
/*
 * error.h - filling in a struct tt_error. The layer that detects an error sets
 * the code, the message and what it knows of the place; callers fill in only what is
 * still unknown.
 *
 * This folder is the base layer: it needs only the C library.
 *
 *	error.c       errors: code, message, place
 *	codes.c       the table of codes: name, advice, severity; the library's version
 *	options.c     struct tt_options of any size, checked, with its defaults
 *	mem.c         memory that counts against a limit, and growing arrays
 *	bytes.c       bytes that are appended to
 *	idmap.c       a map from 64-bit ids to small numbers
 *	hash.h        hashes for tables whose keys no trace chooses
 *	sort.c        Go's sort, step by step
 *	quote.c       quoted text as Go prints it; printable.h is its table
 *	thread.c      threads that the library starts
 *	libarchive.c  libarchive, loaded when it is first needed
 *	compiler.h    hints to the compiler
 */
#ifndef TT_BASE_ERROR_H
#define TT_BASE_ERROR_H

#include <stdarg.h>

#include "tracetool.h"

/* No error, and no place known. */
void tt_error_clear(struct tt_error *err);

/*
 * tt_fail(err, code, format, ...) sets code and message and forgets any place;
 * returns -code, so that callers can `return tt_fail(...)`. Sets `system` for the
 * codes of the machine and the caller (below 10). tt_fail_errno(err, errno, ...)
 * is TT_E_IO with errno's text after the message.
 */
#define tt_fail(err, ...) tt_failed(tt_error_set((err), __VA_ARGS__))
#define tt_fail_errno(err, ...) tt_failed(tt_error_set_errno((err), __VA_ARGS__))

int tt_error_set(struct tt_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int tt_error_set_errno(struct tt_error *err, int system_errno, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Tells compilers and analyzers that a failure is never 0. */
static inline int tt_failed(int rc)
{
	if (rc >= 0)
		__builtin_unreachable();
	return rc;
}

/* Fills what is still unknown. */
void tt_error_at(struct tt_error *err, uint64_t offset);
void tt_error_in_batch(struct tt_error *err, uint64_t batch_offset, uint64_t generation,
		       int64_t thread);

#endif
