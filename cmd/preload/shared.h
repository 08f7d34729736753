/* SPDX-License-Identifier: MIT */
/*
 * shared.h - what `tracetool record` and the library that it loads into a program share: how
 * the program finds its recorder, and the memory through which its trace flows. Command
 * layer; stands on nothing.
 *
 * The recorder listens on a socket of the local machine. Each program image that is
 * to be recorded makes two files in memory, this one and the emitter's region, maps
 * both, sends their descriptors through that socket and closes everything: it then has
 * no descriptor that it would not have otherwise. Both files outlive it.
 *
 * The recorder treats this memory as hostile: the program may overwrite it.
 */
#ifndef CMD_PRELOAD_SHARED_H
#define CMD_PRELOAD_SHARED_H

#include <limits.h>
#include <stdatomic.h>
#include <stdint.h>

/*
 * PID,FLAGS,READER,SOCKET: the process to be traced, the letters of options, the recorder's
 * process, and the path of its socket, up to the end.
 */
#define NATIVE_VARIABLE "TRACETOOL_RECORD"
#define NATIVE_FLAG_HEAP 'h'
#define NATIVE_FLAG_STACKS 's'
#define NATIVE_FLAG_FOLLOW 'f'

#define NATIVE_MAGIC "tracetool native"
#define NATIVE_RING_NBYTES (UINT64_C(8) << 20)
#define NATIVE_MAPS_NBYTES (UINT32_C(512) << 10)

enum native_state {
	NATIVE_RUNS = 1,
	NATIVE_ENDED,           /* all of the trace is in the ring */
};

/* By another program in the same process. The recorder writes it. */
enum native_replaced {
	NATIVE_REPLACED = 1,
	NATIVE_DROPPED,         /* and there was nothing in it */
};

struct native_shared {
	char magic[16];
	uint32_t nbytes_low;            /* of this struct: both sides are of one version */
	int32_t pid;
	_Atomic uint32_t state;         /* enum native_state */
	_Atomic int32_t reader;         /* process that reads the ring */
	_Atomic uint32_t reader_left;   /* and has stopped reading */
	_Atomic uint32_t replaced;      /* enum native_replaced */
	/*
	 * The trace's bytes: how many were written, how many were read, and how many belong to
	 * generations that were written to their end. `written` % NATIVE_RING_NBYTES is where
	 * the next goes.
	 */
	_Atomic uint64_t written, read, whole;
	_Atomic uint64_t lost;          /* events for which the program had no memory */
	/* Mapped files as in /proc/self/maps. nmaps texts were written; the newest is in
	   maps[nmaps % 2]. */
	_Atomic uint32_t nmaps;
	uint32_t maps_nbytes[2];
	char program[PATH_MAX];         /* the executable */
	char maps[2][NATIVE_MAPS_NBYTES];
	uint8_t ring[NATIVE_RING_NBYTES];
};

/*
 * What comes through the socket, with the descriptors of shared memory and region; or, if
 * the program cannot be traced, without descriptors, with the reason.
 */
struct native_hello {
	char magic[16];
	int32_t pid;
	int32_t forked;                 /* a child that runs its parent's program */
	char error[256];
};

#endif
