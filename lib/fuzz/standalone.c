/* SPDX-License-Identifier: MIT */
/*
 * standalone.c - runs a fuzz target over the files and folders given, without a
 * fuzzer: to replay a corpus in `make check` and to look at a crash in a debugger.
 * Each input lies in memory of its own size, so that a sanitizer sees a read past
 * its end. With -v it prints each name before it is run; with -t, in its place, how many
 * microseconds of the processor it took, its size and its name: `sort -n` shows the slowest.
 */
#include <errno.h>
#include <ftw.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* The fuzzer's, which targets with a mutator of their own ask for: nothing mutates here. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size)
{
	(void)data;
	(void)max_size;
	return size;
}

/* nftw() hands its callback no argument of ours. */
static bool verbose, timed;
static unsigned long ninputs;

static int fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return 1;
}

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The best of a few: the first one makes what is kept, and others share the processor. */
static void run(const char *path, const uint8_t *data, size_t size)
{
	double best = HUGE_VAL;

	for (int i = 0; i < (timed ? 5 : 1); i++) {
		double start = now_us(), took;

		LLVMFuzzerTestOneInput(data, size);
		took = now_us() - start;
		best = took < best ? took : best;
	}
	if (timed)
		printf("%8.0f %7zu %s\n", best, size, path);
	ninputs++;
}

static int run_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = malloc(size + (size == 0));
	int status = 0;

	if (verbose)
		printf("%s\n", path);
	if (f == NULL || data == NULL || fread(data, 1, size, f) != size) {
		status = fail(path);
	} else {
		run(path, data, size);
	}
	if (f != NULL)
		fclose(f);
	free(data);
	return status;
}

static int visit(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)ftw;
	if (kind == FTW_F)
		return run_file(path, (size_t)st->st_size);
	if (kind == FTW_NS || kind == FTW_DNR)
		return fail(path);
	return 0;
}

int main(int argc, char **argv)
{
	int i = 1;

	setvbuf(stdout, NULL, _IOLBF, 0);
	verbose = i < argc && strcmp(argv[i], "-v") == 0;
	timed = i < argc && strcmp(argv[i], "-t") == 0;
	i += verbose || timed;
	for (; i < argc; i++) {
		int status = nftw(argv[i], visit, 16, FTW_PHYS);

		if (status < 0)
			return fail(argv[i]);
		if (status > 0)
			return status;
	}
	printf("%lu inputs\n", ninputs);
	return 0;
}
