/* SPDX-License-Identifier: MIT */
/*
 * input.h - ways to hand bytes to the code under test: memory that ends against a
 * page that may not be touched, a file, and a descriptor whose reads give so many
 * bytes at a time; and places for files. Test code only.
 */
#ifndef TT_TESTS_INPUT_H
#define TT_TESTS_INPUT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A copy of bytes; reading one more is a crash. */
struct guarded {
	uint8_t *data;
	size_t len;
	void *map;
	size_t map_len;
};
void guarded_init(struct guarded *g, const void *data, size_t len);
void guarded_release(struct guarded *g);

/*
 * A new file, open and empty, and a new folder, in $TMPDIR or /tmp, under names that were
 * free. The test removes them. Without TMPDIR a folder is in memory if that can be: files
 * in it are synced thousands of times, which takes minutes on a disk at work.
 */
#define TEMP_PATH_SIZE 512
int temp_file_new(char path[TEMP_PATH_SIZE]);
void temp_folder_new(char path[TEMP_PATH_SIZE]);

/* A file without a name that holds the bytes, read from its start on. */
int input_file(const void *data, size_t len);

/*
 * A descriptor that gives the bytes in reads of at most `chunk`, as a pipe with a
 * slow writer would. Stop it when the reader is closed, read to the end or not.
 */
struct trickle {
	int fd;
	int writer;
	const uint8_t *data;
	size_t len, chunk;
	atomic_bool stop;
	pthread_t thread;
};
void trickle_start(struct trickle *t, const void *data, size_t len, size_t chunk);
void trickle_stop(struct trickle *t);

#endif
