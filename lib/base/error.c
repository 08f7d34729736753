/* SPDX-License-Identifier: MIT */
/* error.c - errors with their place. Base layer. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

void tt_error_clear(struct tt_error *err)
{
	err->code = TT_OK;
	err->system_errno = 0;
	err->offset = TT_UNKNOWN;
	err->batch_offset = TT_UNKNOWN;
	err->generation = TT_UNKNOWN;
	err->thread = TT_NONE;
	err->event_index = TT_UNKNOWN;
	err->event_type = -1;
	err->system = false;
	err->message[0] = '\0';
}

__attribute__((format(printf, 3, 0)))
static void set(struct tt_error *err, int code, const char *format, va_list args)
{
	tt_error_clear(err);
	err->code = code;
	err->system = code < TT_E_NOT_A_TRACE;
	vsnprintf(err->message, sizeof(err->message), format, args);
}

int tt_error_set(struct tt_error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	set(err, code, format, args);
	va_end(args);
	return -code;
}

/* glibc's gives the text, wherever that is; that of POSIX writes it, or fails. */
static const char *reason_of(int system_errno, char *room, size_t size)
{
#ifdef __GLIBC__
	return strerror_r(system_errno, room, size);
#else
	return strerror_r(system_errno, room, size) == 0 ? room : "unknown error";
#endif
}

int tt_error_set_errno(struct tt_error *err, int system_errno, const char *format, ...)
{
	char room[128];
	const char *reason = reason_of(system_errno, room, sizeof(room));
	size_t used;
	va_list args;

	va_start(args, format);
	set(err, TT_E_IO, format, args);
	va_end(args);
	err->system_errno = system_errno;
	used = strlen(err->message);
	snprintf(err->message + used, sizeof(err->message) - used, ": %s", reason);
	return -TT_E_IO;
}

void tt_error_at(struct tt_error *err, uint64_t offset)
{
	if (err->offset == TT_UNKNOWN)
		err->offset = offset;
}

void tt_error_in_batch(struct tt_error *err, uint64_t batch_offset, uint64_t generation,
		       int64_t thread)
{
	if (err->batch_offset == TT_UNKNOWN)
		err->batch_offset = batch_offset;
	if (err->generation == TT_UNKNOWN)
		err->generation = generation;
	if (err->thread == TT_NONE)
		err->thread = thread;
}
