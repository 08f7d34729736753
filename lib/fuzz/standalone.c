/* SPDX-License-Identifier: MIT */
/*
 * standalone.c - runs a fuzz target over the files and folders given, without a
 * fuzzer: to replay a corpus in `make check` and to look at a crash in a debugger.
 * Each input lies in memory of its own size, so that a sanitizer sees a read past
 * its end. Prints each name before it is run only with -v.
 */
#include <errno.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* nftw() hands its callback no argument of ours. */
static bool verbose;
static unsigned long ninputs;

static int fail(const char *path)
{
	fprintf(stderr, "%s: %s\n", path, strerror(errno));
	return 1;
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
		LLVMFuzzerTestOneInput(data, size);
		ninputs++;
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
	i += verbose;
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
