/* SPDX-License-Identifier: MIT */
/*
 * native.h - what the parts of recording native programs share: the programs that can
 * be recorded, their images as they announce themselves, and names for their code.
 * Command layer, inside record only.
 */
#ifndef CMD_RECORD_NATIVE_NATIVE_H
#define CMD_RECORD_NATIVE_NATIVE_H

#include <sys/types.h>

#include "preload/shared.h"
#include "record/record.h"
#include "tracetool_write.h"

/* ---- native_program.c */

/*
 * Whether the library can be loaded into the program that the shell would find under
 * this name. False: why says why not, in words that stand behind the program's name.
 */
bool native_program_fits(const char *name, char *why, size_t size);
/* Where our own library for this lies, with or without the heap; false after a message. */
bool native_library(bool heap, char path[PATH_MAX]);

/* ---- native_image.c */

/* One program in one process, from its beginning to its end or the next program. */
struct native_image {
	struct native_image *next;
	pid_t pid;
	int pid_fd;             /* readable when the process is gone; -1: it is already */
	int region_fd;
	bool forked;
	bool dropped;           /* a child on its way to another program */
	struct native_shared *shared;
	pid_t worker;           /* that records it; 0: this process */
};

/*
 * The next image that announced itself at the socket; NULL: none is waiting. A process
 * that could not be traced says so in *why, if it is `pid`.
 */
struct native_image *native_image_accept(int listener, pid_t pid, char *why, size_t size);
void native_image_free(struct native_image *image);
/* Gives its memory and its descriptors back. */
void native_image_forget(struct native_image *image);
/* The process is gone, or another program runs in it. */
bool native_image_over(const struct native_image *image);
/* Another program runs in it; false: the image is not worth a trace. */
bool native_image_replace(struct native_image *image);
/* Waits until there is something to read; false: the image is not worth a trace. */
bool native_image_begin(struct native_image *image, int pause_ms);

/*
 * The bytes of an image's trace: whole generations as they come, and when it is over
 * the rest, which its emitter may have left in its memory.
 */
struct native_stream {
	struct native_image *image;
	uint8_t *data;          /* taken from the ring and not given yet */
	size_t n, cap, at;
	uint64_t taken;         /* of all bytes */
	uint64_t whole;         /* of these may be given */
	bool over;
};

void native_stream_init(struct native_stream *s, struct native_image *image);
void native_stream_release(struct native_stream *s);
/* Bytes; 0: the end; -1: errno, EAGAIN when there are none now. */
int64_t native_stream_read(struct native_stream *s, void *buf, size_t room);

/* ---- native_names.c */

struct native_names;

/* NULL: no memory. */
struct native_names *native_names_new(struct native_shared *shared);
void native_names_free(struct native_names *names);
/* A function for tt_recorder_options.symbol, with a struct native_names. */
bool native_names_find(void *names, uint64_t pc, struct tt_symbol *out);

#endif
