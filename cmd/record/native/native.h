/* SPDX-License-Identifier: MIT */
/*
 * native.h - recording native programs: by a library that is loaded into them
 * (cmd/preload), which shares memory with this process. Command layer, inside record
 * only.
 *
 *	native.c        the source: starts the program, and workers for its children
 *	program.c       which programs can be recorded; where the library is
 *	image.c         program images, and the bytes of their traces
 *	symbols.c       names for addresses of a program's code
 *	elf.c           the same for one ELF file, by libdw
 */
#ifndef CMD_RECORD_NATIVE_NATIVE_H
#define CMD_RECORD_NATIVE_NATIVE_H

#include <sys/types.h>

#include "preload/shared.h"
#include "record/record.h"
#include "tracetool_write.h"

/* ---- program.c */

/*
 * Whether the library can be loaded into the program that the shell would find under
 * this name, and whether it is a Go program. False: *why says why not, in words that follow the program's name.
 */
bool native_program_fits(const char *name, bool *go, char *why, size_t size);
/* The path of our library, that with or without the heap; false after a message. */
bool native_library(bool heap, char path[PATH_MAX]);

/* ---- image.c */

/* One program in one process, until it ends or another program replaces it. */
struct native_image {
	struct native_image *next;
	pid_t pid;
	int pid_fd;             /* readable when the process has ended; -1: none */
	int region_fd;
	bool forked;
	bool dropped;           /* a child that was forked only to run another program */
	struct native_shared *shared;
	pid_t worker;           /* the process that records it; 0: this one */
};

/*
 * The next image that announced itself at the socket; NULL: none is waiting. If it is
 * that of process `pid` and cannot be traced, *why says why.
 */
struct native_image *native_image_accept(int listener, pid_t pid, char *why, size_t size);
void native_image_free(struct native_image *image);
/* Releases its memory and its descriptors, but not the struct. */
void native_image_close(struct native_image *image);
/* Another program runs in its process now. False: its trace is empty and not kept. */
bool native_image_replace(struct native_image *image);
/* Waits until there is something to read. False: its trace is empty and not kept. */
bool native_image_wait(struct native_image *image, int pause_ms);

/*
 * The bytes of an image's trace: whole generations as they are written, and when the image
 * is over the rest, which its emitter may have left in its memory.
 */
struct native_stream {
	struct native_image *image;
	uint8_t *data;          /* taken from the ring and not read yet */
	size_t n, cap, at;
	uint64_t taken;         /* bytes taken from the ring, all in all */
	uint64_t whole;         /* so many of these belong to whole generations */
	bool over;
};

void native_stream_init(struct native_stream *s, struct native_image *image);
void native_stream_release(struct native_stream *s);
/* Bytes; 0: the end; -1: errno, EAGAIN when there are none now. */
int64_t native_stream_read(struct native_stream *s, void *buf, size_t room);

/* ---- symbols.c */

struct native_symbols;

/* NULL: no memory. */
struct native_symbols *native_symbols_new(struct native_shared *shared);
void native_symbols_free(struct native_symbols *n);
/* A function for tt_recorder_options.symbol; arg is a struct native_symbols. */
bool native_symbols_find(void *arg, uint64_t pc, struct tt_symbol *out);

#endif
