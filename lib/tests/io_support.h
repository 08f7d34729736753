/* SPDX-License-Identifier: MIT */
/*
 * io_support.h - for the tests of the io layer: bytes like a trace's, packed in
 * any way, and opened in any way. All fail the test on trouble of their own.
 */
#ifndef TT_TESTS_IO_SUPPORT_H
#define TT_TESTS_IO_SUPPORT_H

#include <check.h>
#include <pthread.h>

#include "input/source.h"
#include "tests/input.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct bytes {
	uint8_t *data;          /* to be freed */
	size_t n;
};

/* A trace's header and n - 16 bytes that compress about as well as a trace. */
struct bytes trace_bytes(size_t n);
struct bytes join_bytes(struct bytes a, struct bytes b);

/* zstd, gzip, ... as archive_write_add_filter_by_name() calls them. */
struct bytes compressed(const char *filter, struct bytes in);

struct file {
	const char *name;
	struct bytes content;
};

/* `format` as archive_write_set_format_by_name() calls it: ustar, pax, zip, ... A name
 * that ends with `/` makes a folder. */
struct bytes archived(const char *format, const struct file *files, size_t nfiles);

/* Ways to open the same bytes. */
enum way {
	WAY_MEMORY,
	WAY_PATH,
	WAY_FD,
	WAY_FD_MIDDLE,  /* of a file whose start was read already */
	WAY_PIPE,
	WAY_PIPE_DRIPS, /* in writes of a few bytes, with pauses */
	WAY_FIFO,
	WAY_COUNT
};

struct opened {
	struct tt_source *source; /* NULL if it could not be opened */
	struct tt_mem mem;
	struct tt_error error;
	struct bytes bytes;
	bool drips;
	int write_fd;           /* -1, or of the thread that feeds a pipe */
	int read_fd;
	pthread_t feeder;
	char path[TEMP_PATH_SIZE]; /* "" or of the temporary file */
};

/* 0 or the code of the error. close_way() in both cases. */
int open_way(struct opened *o, enum way way, struct bytes bytes, const char *member);
/* Fails the test if memory of the account is left. */
void close_way(struct opened *o);

/*
 * Reads all by peeks of `want` bytes, holding each against `expected`, released
 * as it goes. Returns how many there were; *rc is 0 or the error's code.
 */
size_t read_all(struct tt_source *s, size_t want, struct bytes expected, struct tt_error *err,
		int *rc);
/* Fails the test unless this is all there is. */
void expect_all(struct tt_source *s, size_t want, struct bytes expected);

/* A temporary file, unlinked by the caller. */
void temp_file(char path[TEMP_PATH_SIZE], struct bytes content);

#endif
