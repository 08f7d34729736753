/* SPDX-License-Identifier: MIT */
/* rotation.c - the names of numbered files, and which of them are there. */
#include "output/rotation.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MIN_DIGITS 6

/* Where the ending begins: `.trace.zst`, `.trace`, or none. A name may begin with a dot. */
static size_t ending_at(const char *name)
{
	const char *from = name + (name[0] == '.');
	size_t len = strlen(from);
	const char *dot = NULL;

	if (len > 4 && strcmp(from + len - 4, ".zst") == 0)
		len -= 4;
	for (size_t i = len; i-- > 0 && dot == NULL;)
		dot = from[i] == '.' && i != 0 ? from + i : NULL;
	return (size_t)((dot != NULL ? dot : from + len) - name);
}

void tt_rotation_release(struct tt_rotation *r)
{
	free(r->folder);
	free(r->stem);
	free(r->ending);
	*r = (struct tt_rotation){0};
}

static bool split(struct tt_rotation *r, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash != NULL ? slash + 1 : path;
	size_t stem = ending_at(name);

	r->folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
	r->stem = strndup(name, stem);
	r->ending = strdup(name + stem);
	return r->folder != NULL && r->stem != NULL && r->ending != NULL;
}

/* The number of a file of ours, 0 for any other name. */
static uint64_t number_of(const struct tt_rotation *r, const char *name)
{
	size_t stem = strlen(r->stem), digits;
	uint64_t number = 0;

	if (strncmp(name, r->stem, stem) != 0 || name[stem] != '-')
		return 0;
	name += stem + 1;
	digits = strspn(name, "0123456789");
	if (digits < MIN_DIGITS || digits > 18 || strcmp(name + digits, r->ending) != 0 ||
	    (digits > MIN_DIGITS && name[0] == '0'))
		return 0;
	for (size_t i = 0; i < digits; i++)
		number = number * 10 + (uint64_t)(name[i] - '0');
	return number;
}

struct numbers {
	uint64_t *at;
	size_t n, cap;
};

static bool add(struct numbers *list, uint64_t number)
{
	if (list->n == list->cap) {
		size_t cap = list->cap + list->cap / 2 + 16;
		uint64_t *at = realloc(list->at, cap * sizeof(*at));

		if (at == NULL)
			return false;
		list->at = at;
		list->cap = cap;
	}
	list->at[list->n++] = number;
	return true;
}

/* All numbers that are there. list->at is to be freed in any case. */
static int scan(const struct tt_rotation *r, struct numbers *list, struct tt_error *err)
{
	DIR *dir = opendir(r->folder);
	const struct dirent *entry;

	if (dir == NULL)
		return tt_fail_errno(err, errno, "cannot read the folder %s", r->folder);
	while ((entry = readdir(dir)) != NULL) {
		uint64_t number = number_of(r, entry->d_name);

		if (number != 0 && !add(list, number)) {
			closedir(dir);
			return tt_fail(err, TT_E_MEMORY, "no memory for the names of files");
		}
	}
	closedir(dir);
	return 0;
}

int tt_rotation_init(struct tt_rotation *r, const char *path, struct tt_error *err)
{
	struct numbers list = {NULL, 0, 0};
	int rc;

	*r = (struct tt_rotation){0};
	rc = split(r, path) ? scan(r, &list, err) :
			      tt_fail(err, TT_E_MEMORY, "no memory for the output");
	for (size_t i = 0; i < list.n; i++)
		r->number = list.at[i] > r->number ? list.at[i] : r->number;
	free(list.at);
	if (rc != 0)
		tt_rotation_release(r);
	return rc;
}

static char *path_of(const struct tt_rotation *r, uint64_t number)
{
	bool here = strcmp(r->folder, ".") == 0;
	char *path;

	if (asprintf(&path, "%s%s-%0*" PRIu64 "%s", here ? "" : r->folder, r->stem, MIN_DIGITS,
		     number, r->ending) < 0)
		return NULL;
	return path;
}

char *tt_rotation_next(struct tt_rotation *r)
{
	return path_of(r, ++r->number);
}

static int compare(const void *a, const void *b)
{
	uint64_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return x < y ? -1 : x > y;
}

int tt_rotation_prune(const struct tt_rotation *r, size_t keep, struct tt_error *err)
{
	struct numbers list = {NULL, 0, 0};
	int rc = scan(r, &list, err);

	if (list.n > 1)
		qsort(list.at, list.n, sizeof(*list.at), compare);
	for (size_t i = 0; rc == 0 && i + keep < list.n; i++) {
		char *path = path_of(r, list.at[i]);

		if (path == NULL)
			rc = tt_fail(err, TT_E_MEMORY, "no memory for the name of a file");
		else if (unlink(path) != 0 && errno != ENOENT)
			rc = tt_fail_errno(err, errno, "cannot remove %s", path);
		free(path);
	}
	free(list.at);
	return rc;
}
