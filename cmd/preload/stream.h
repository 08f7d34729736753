/* SPDX-License-Identifier: MIT */
/*
 * stream.h - the program's end of the memory that it shares with the recorder. Inside
 * the preloaded library. Stands on shared.h.
 */
#ifndef CMD_PRELOAD_STREAM_H
#define CMD_PRELOAD_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "shared.h"

/*
 * Makes the shared memory; its descriptor is in *fd. NULL: it failed; *why says what, errno
 * why.
 */
struct native_shared *stream_new(int *fd, const char **why);
void stream_free(struct native_shared *s);
/* A tt_emit_write(): waits while the ring is full, fails when nobody reads it. */
int stream_write(void *stream, const void *data, size_t nbytes);
/* A generation ends with what was written so far. */
void stream_mark(struct native_shared *s);
/* Writes where the program's files are mapped now. */
void stream_maps(struct native_shared *s);

#endif
